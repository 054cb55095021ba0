//! Every request shape that entra.md marks [recorded] or [doc], byte for byte.

use serde_json::json;

use super::{
    Change, Mapping, Play, ProfileId, RolesForm, ava, directory, group, key, mapping_with_roles,
    mapping_without, plain, update,
};

/// One shape: where it is documented, how it comes about, and what is sent.
struct Shape {
    source: &'static str,
    client: ProfileId,
    switches: &'static [(&'static str, &'static str)],
    mapping: Option<fn() -> Mapping>,
    play: fn(&mut Play),
    /// The last requests.
    sent: &'static [&'static str],
}

const LEGACY: ProfileId = ProfileId::EntraLegacy;
const COMPLIANT: ProfileId = ProfileId::EntraCompliant;

const SHAPE: Shape = Shape {
    source: "",
    client: LEGACY,
    switches: &[],
    mapping: None,
    play: create,
    sent: &[],
};

fn create(play: &mut Play) {
    play.cause(Change::Assign(key("ava")));
}

fn minimal(play: &mut Play) {
    play.cause(Change::Assign(key("min")));
}

fn disable(play: &mut Play) {
    create(play);
    play.cause(Change::Unassign(key("ava")));
}

fn restore(play: &mut Play) {
    disable(play);
    play.cause(Change::Reassign(key("ava")));
}

fn marry(play: &mut Play) {
    play.cause(update("ava", json!({"mobile": null, "department": null})));
    create(play);
    play.cause(update(
        "ava",
        json!({
            "displayName": "Ava Berg", "email": "ava.berg@corp.example", "name.familyName": "Berg",
            "office": "HQ 5-020", "mailNickname": "ava.berg", "mobile": "+46 70 555 0199", "department": "Field Ops",
        }),
    ));
}

fn rename(play: &mut Play) {
    create(play);
    play.cause(Change::Rename(key("ava"), key("ava.berg@corp.example")));
}

/// entra.md 5.3 on a person whose first name was another.
fn merge(play: &mut Play) {
    play.cause(update(
        "ava",
        json!({"name.givenName": "Eva", "employeeNumber": "1"}),
    ));
    create(play);
    // The sample has no name.formatted; here it stays as it is.
    let formatted = json!({"name.givenName": "Ava", "name.familyName": "Berg", "displayName": "Ava Berg",
        "email": "ava.berg@corp.example", "employeeNumber": "10442"});
    play.cause(update("ava", formatted));
}

fn add_one(play: &mut Play) {
    play.cause(update("min", json!({"title": null})));
    minimal(play);
    play.cause(update("min", json!({"title": "Site Engineer"})));
}

fn add_mobile(play: &mut Play) {
    minimal(play);
    play.cause(update("min", json!({"mobile": "+46 70 555 0102"})));
}

fn add_several(play: &mut Play) {
    minimal(play);
    play.cause(update(
        "min",
        json!({"title": "Site Engineer", "department": "Field Ops"}),
    ));
}

fn manager(play: &mut Play) {
    minimal(play);
    create(play);
    play.cause(Change::SetManager(key("min"), Some(key("ava"))));
}

fn other_manager(play: &mut Play) {
    manager(play);
    play.cause(Change::Assign(key("max")));
    play.cause(Change::SetManager(key("min"), Some(key("max"))));
}

fn no_manager(play: &mut Play) {
    manager(play);
    play.cause(Change::SetManager(key("min"), None));
}

fn purge(play: &mut Play) {
    create(play);
    play.cause(Change::Delete(key("ava")));
    play.cause(Change::Purge(key("ava")));
}

fn roles(play: &mut Play) {
    play.cause(Change::AssignRoles(key("min"), vec![key("editor")]));
}

fn later_role(play: &mut Play) {
    minimal(play);
    roles(play);
}

fn other_role(play: &mut Play) {
    play.cause(Change::AssignRoles(key("min"), vec![key("viewer")]));
    minimal(play);
    play.cause(Change::AssignRoles(key("min"), vec![key("editor")]));
    play.cause(Change::WithdrawRoles(key("min"), vec![key("viewer")]));
}

fn push(play: &mut Play) {
    play.cause(Change::PushGroup(key("platform")));
}

fn rename_group(play: &mut Play) {
    push(play);
    play.cause(Change::RenameGroup(
        key("platform"),
        key("Cloud Engineering"),
    ));
}

fn add_members(play: &mut Play) {
    minimal(play);
    create(play);
    push(play);
    play.cause(Change::AddMembers(
        key("platform"),
        vec![key("min"), key("ava")],
    ));
}

fn remove_member(play: &mut Play) {
    add_members(play);
    play.cause(Change::RemoveMembers(key("platform"), vec![key("min")]));
}

fn remove_members(play: &mut Play) {
    add_members(play);
    play.cause(Change::RemoveMembers(
        key("platform"),
        vec![key("min"), key("ava")],
    ));
}

fn unlink(play: &mut Play) {
    push(play);
    play.cause(Change::UnlinkGroup {
        group: key("platform"),
        delete: true,
    });
}

fn test(play: &mut Play) {
    play.cause(Change::TestConnection);
}

fn discover(play: &mut Play) {
    play.cause(Change::Import);
}

/// The table. Bodies are those of the reference with its own names and values.
fn shapes() -> Vec<Shape> {
    vec![
        Shape {
            source: "entra.md 2.1 [doc][recorded]",
            client: LEGACY,
            play: test,
            sent: &[
                r#"GET /Users?filter=userName eq "9c0c7f0e-5b0f-4d0e-9f53-2f6b5a0f4c11""#,
                r#"GET /Groups?excludedAttributes=members&filter=displayName eq "9c0c7f0e-5b0f-4d0e-9f53-2f6b5a0f4c11""#,
            ],
            ..SHAPE
        },
        Shape {
            source: "entra.md 2.1 [doc][recorded]",
            client: COMPLIANT,
            play: test,
            sent: &[
                r#"GET /Users?filter=userName eq "9c0c7f0e-5b0f-4d0e-9f53-2f6b5a0f4c11""#,
                r#"GET /Groups?excludedAttributes=members&filter=displayName eq "9c0c7f0e-5b0f-4d0e-9f53-2f6b5a0f4c11""#,
            ],
            ..SHAPE
        },
        Shape {
            source: "entra.md 2.4 [inferred]",
            client: LEGACY,
            switches: &[("entra.page-size", "50")],
            play: discover,
            sent: &[r#"GET /Users?startIndex=1&count=50"#],
            ..SHAPE
        },
        Shape {
            source: "entra.md 3.2, 4.2 [doc][recorded]",
            client: LEGACY,
            play: create,
            sent: &[
                r#"GET /Users?filter=userName eq "ava.lindqvist@corp.example""#,
                r#"POST /Users {"schemas":["urn:ietf:params:scim:schemas:core:2.0:User","urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"],"externalId":"ava.lindqvist","userName":"ava.lindqvist@corp.example","active":true,"addresses":[{"primary":false,"type":"work","country":"SE","formatted":"HQ 4-112","locality":"Lund","postalCode":"22350","region":"Skane","streetAddress":"Ridgatan 9"}],"displayName":"Ava Lindqvist","emails":[{"primary":true,"type":"work","value":"ava.lindqvist@corp.example"}],"meta":{"resourceType":"User"},"name":{"formatted":"Ava Lindqvist","familyName":"Lindqvist","givenName":"Ava"},"phoneNumbers":[{"primary":true,"type":"work","value":"+46 46 555 0101"},{"primary":false,"type":"mobile","value":"+46 70 555 0102"},{"primary":false,"type":"fax","value":"+46 46 555 0103"}],"preferredLanguage":"sv-SE","roles":[],"title":"Site Engineer","urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":{"department":"Field Ops","employeeNumber":"10442"}}"#,
            ],
            ..SHAPE
        },
        Shape {
            source: "entra.md 3.2, 4.2 [doc][recorded]",
            client: COMPLIANT,
            play: create,
            sent: &[
                r#"GET /Users?filter=userName eq "ava.lindqvist@corp.example""#,
                r#"POST /Users {"schemas":["urn:ietf:params:scim:schemas:core:2.0:User","urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"],"externalId":"ava.lindqvist","userName":"ava.lindqvist@corp.example","active":true,"addresses":[{"primary":false,"type":"work","country":"SE","formatted":"HQ 4-112","locality":"Lund","postalCode":"22350","region":"Skane","streetAddress":"Ridgatan 9"}],"displayName":"Ava Lindqvist","emails":[{"primary":true,"type":"work","value":"ava.lindqvist@corp.example"}],"meta":{"resourceType":"User"},"name":{"formatted":"Ava Lindqvist","familyName":"Lindqvist","givenName":"Ava"},"phoneNumbers":[{"primary":true,"type":"work","value":"+46 46 555 0101"},{"primary":false,"type":"mobile","value":"+46 70 555 0102"},{"primary":false,"type":"fax","value":"+46 46 555 0103"}],"preferredLanguage":"sv-SE","roles":[],"title":"Site Engineer","urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":{"department":"Field Ops","employeeNumber":"10442"}}"#,
            ],
            ..SHAPE
        },
        Shape {
            source: "entra.md 4.3 minimal [doc]",
            client: LEGACY,
            play: minimal,
            sent: &[
                r#"POST /Users {"schemas":["urn:ietf:params:scim:schemas:core:2.0:User","urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"],"externalId":"min","userName":"min","active":true,"displayName":"min","meta":{"resourceType":"User"},"roles":[]}"#,
            ],
            ..SHAPE
        },
        Shape {
            source: "entra.md 4.3 string-active [doc]",
            client: LEGACY,
            switches: &[("entra.active-in-create", "string")],
            play: minimal,
            sent: &[
                r#"POST /Users {"schemas":["urn:ietf:params:scim:schemas:core:2.0:User","urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"],"externalId":"min","userName":"min","active":"True","displayName":"min","meta":{"resourceType":"User"},"roles":[]}"#,
            ],
            ..SHAPE
        },
        Shape {
            source: "entra.md 4.3 nulls [doc][recorded]",
            client: LEGACY,
            switches: &[("entra.empty-values", "null")],
            play: minimal,
            sent: &[
                r#"POST /Users {"schemas":["urn:ietf:params:scim:schemas:core:2.0:User","urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"],"externalId":"min","userName":"min","active":true,"addresses":null,"displayName":"min","emails":null,"meta":{"resourceType":"User"},"name":null,"phoneNumbers":null,"preferredLanguage":null,"roles":[],"title":null}"#,
            ],
            ..SHAPE
        },
        Shape {
            source: "entra.md 4.4 [doc][recorded]",
            client: LEGACY,
            mapping: Some(|| mapping_with_roles(RolesForm::Single)),
            play: roles,
            sent: &[
                r#"POST /Users {"schemas":["urn:ietf:params:scim:schemas:core:2.0:User","urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"],"externalId":"min","userName":"min","active":true,"displayName":"min","meta":{"resourceType":"User"},"roles":[{"primary":true,"type":"WindowsAzureActiveDirectoryRole","value":"Editor"}]}"#,
            ],
            ..SHAPE
        },
        Shape {
            source: "entra.md 4.4 [doc]",
            client: LEGACY,
            mapping: Some(|| mapping_with_roles(RolesForm::Complex)),
            play: roles,
            sent: &[
                r#"POST /Users {"schemas":["urn:ietf:params:scim:schemas:core:2.0:User","urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"],"externalId":"min","userName":"min","active":true,"displayName":"min","meta":{"resourceType":"User"},"roles":[{"primary":false,"type":"WindowsAzureActiveDirectoryRole","displayName":"Editor","value":"editor"}]}"#,
            ],
            ..SHAPE
        },
        Shape {
            source: "entra.md 4.4 [doc]",
            client: LEGACY,
            mapping: Some(|| mapping_with_roles(RolesForm::Assertive)),
            play: roles,
            sent: &[
                r#"POST /Users {"schemas":["urn:ietf:params:scim:schemas:core:2.0:User","urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"],"externalId":"min","userName":"min","active":true,"displayName":"min","meta":{"resourceType":"User"},"roles":[{"primary":false,"type":"WindowsAzureActiveDirectoryRole","display":"Editor","value":"editor"}]}"#,
            ],
            ..SHAPE
        },
        Shape {
            source: "entra.md 5.1, 6 [doc][recorded]",
            client: LEGACY,
            play: disable,
            sent: &[
                r#"PATCH /Users/u-1 {"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{"op":"Replace","path":"active","value":"False"}]}"#,
            ],
            ..SHAPE
        },
        Shape {
            source: "entra.md 5.1, 6 [doc][recorded]",
            client: COMPLIANT,
            play: disable,
            sent: &[
                r#"PATCH /Users/u-1 {"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{"op":"replace","path":"active","value":false}]}"#,
            ],
            ..SHAPE
        },
        Shape {
            source: "entra.md 5.1 [doc]",
            client: LEGACY,
            switches: &[("entra.disable-value", "boolean")],
            play: disable,
            sent: &[
                r#"GET /Users/u-1"#,
                r#"PATCH /Users/u-1 {"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{"op":"Replace","path":"active","value":false}]}"#,
            ],
            ..SHAPE
        },
        Shape {
            source: "entra.md 6 [doc][inferred]",
            client: LEGACY,
            play: restore,
            sent: &[
                r#"PATCH /Users/u-1 {"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{"op":"Replace","path":"active","value":"True"}]}"#,
            ],
            ..SHAPE
        },
        Shape {
            source: "entra.md 6 [doc][inferred]",
            client: COMPLIANT,
            play: restore,
            sent: &[
                r#"PATCH /Users/u-1 {"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{"op":"replace","path":"active","value":true}]}"#,
            ],
            ..SHAPE
        },
        Shape {
            source: "entra.md 6 [doc]",
            client: LEGACY,
            play: purge,
            sent: &[r#"DELETE /Users/u-1"#],
            ..SHAPE
        },
        Shape {
            source: "entra.md 6 [doc][recorded]",
            client: LEGACY,
            mapping: Some(|| mapping_without("active")),
            play: disable,
            sent: &[r#"DELETE /Users/u-1"#],
            ..SHAPE
        },
        Shape {
            source: "entra.md 3.2, 5.2 [doc][recorded]",
            client: LEGACY,
            play: marry,
            sent: &[
                r#"GET /Users/u-1"#,
                r#"PATCH /Users/u-1 {"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{"op":"Replace","path":"displayName","value":"Ava Berg"},{"op":"Replace","path":"emails[type eq \"work\"].value","value":"ava.berg@corp.example"},{"op":"Replace","path":"name.familyName","value":"Berg"},{"op":"Replace","path":"name.formatted","value":"Ava Berg"},{"op":"Replace","path":"addresses[type eq \"work\"].formatted","value":"HQ 5-020"},{"op":"Replace","path":"externalId","value":"ava.berg"},{"op":"Add","path":"phoneNumbers[type eq \"mobile\"].value","value":"+46 70 555 0199"},{"op":"Add","path":"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department","value":"Field Ops"}]}"#,
            ],
            ..SHAPE
        },
        Shape {
            source: "entra.md 5.2 [doc]",
            client: LEGACY,
            play: rename,
            sent: &[
                r#"PATCH /Users/u-1 {"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{"op":"Replace","path":"userName","value":"ava.berg@corp.example"}]}"#,
            ],
            ..SHAPE
        },
        Shape {
            source: "entra.md 10 [recorded]",
            client: COMPLIANT,
            play: rename,
            sent: &[
                r#"PATCH /Users/u-1 {"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{"op":"replace","value":{"userName":"ava.berg@corp.example"}}]}"#,
            ],
            ..SHAPE
        },
        Shape {
            source: "entra.md 5.3 [doc][recorded]",
            client: COMPLIANT,
            mapping: Some(|| mapping_without("name.formatted")),
            play: merge,
            sent: &[
                r#"GET /Users/u-1"#,
                r#"PATCH /Users/u-1 {"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{"op":"replace","path":"emails[type eq \"work\"].value","value":"ava.berg@corp.example"},{"op":"replace","value":{"displayName":"Ava Berg","name.givenName":"Ava","name.familyName":"Berg","urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:employeeNumber":"10442"}}]}"#,
            ],
            ..SHAPE
        },
        Shape {
            source: "entra.md 5.1 [doc]",
            client: LEGACY,
            play: add_one,
            sent: &[
                r#"PATCH /Users/u-1 {"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{"op":"Add","path":"title","value":"Site Engineer"}]}"#,
            ],
            ..SHAPE
        },
        Shape {
            source: "entra.md 5.1 [doc]",
            client: COMPLIANT,
            play: add_one,
            sent: &[
                r#"PATCH /Users/u-1 {"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{"op":"add","path":"title","value":"Site Engineer"}]}"#,
            ],
            ..SHAPE
        },
        Shape {
            source: "entra.md 5.4 [recorded]",
            client: LEGACY,
            play: add_mobile,
            sent: &[
                r#"PATCH /Users/u-1 {"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{"op":"Add","path":"phoneNumbers[type eq \"mobile\"].value","value":"+46 70 555 0102"}]}"#,
            ],
            ..SHAPE
        },
        Shape {
            source: "entra.md 5.4 [recorded]",
            client: COMPLIANT,
            play: add_mobile,
            sent: &[
                r#"PATCH /Users/u-1 {"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{"op":"add","path":"phoneNumbers[type eq \"mobile\"].value","value":"+46 70 555 0102"}]}"#,
            ],
            ..SHAPE
        },
        Shape {
            source: "entra.md 5.3 [recorded]",
            client: COMPLIANT,
            play: add_several,
            sent: &[
                r#"PATCH /Users/u-1 {"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{"op":"add","value":{"title":"Site Engineer","urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department":"Field Ops"}}]}"#,
            ],
            ..SHAPE
        },
        Shape {
            source: "entra.md 5.5 [doc][recorded]",
            client: LEGACY,
            mapping: Some(|| mapping_with_roles(RolesForm::Single)),
            play: later_role,
            sent: &[
                r#"PATCH /Users/u-1 {"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{"op":"Add","path":"roles[primary eq \"True\"].value","value":"Editor"}]}"#,
            ],
            ..SHAPE
        },
        Shape {
            source: "entra.md 5.5 [doc][recorded]",
            client: COMPLIANT,
            mapping: Some(|| mapping_with_roles(RolesForm::Single)),
            play: later_role,
            sent: &[
                r#"PATCH /Users/u-1 {"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{"op":"add","path":"roles[primary eq \"True\"].value","value":"Editor"}]}"#,
            ],
            ..SHAPE
        },
        Shape {
            source: "entra.md 5.5 [doc][recorded]",
            client: LEGACY,
            mapping: Some(|| mapping_with_roles(RolesForm::Single)),
            play: other_role,
            sent: &[
                r#"PATCH /Users/u-1 {"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{"op":"Replace","path":"roles[primary eq \"True\"].value","value":"Editor"}]}"#,
            ],
            ..SHAPE
        },
        Shape {
            source: "entra.md 5.5 [doc][recorded]",
            client: COMPLIANT,
            mapping: Some(|| mapping_with_roles(RolesForm::Single)),
            play: other_role,
            sent: &[
                r#"PATCH /Users/u-1 {"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{"op":"replace","path":"roles[primary eq \"True\"].value","value":"Editor"}]}"#,
            ],
            ..SHAPE
        },
        Shape {
            source: "entra.md 5.5 [doc][recorded]",
            client: LEGACY,
            mapping: Some(|| mapping_with_roles(RolesForm::Complex)),
            play: later_role,
            sent: &[
                r#"PATCH /Users/u-1 {"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{"op":"Add","path":"roles","value":[{"value":"{\"id\":\"6f0e5a52-3a0c-4a55-9d6e-0f6d6b7f1a10\",\"value\":\"editor\",\"displayName\":\"Editor\"}"}]}]}"#,
            ],
            ..SHAPE
        },
        Shape {
            source: "entra.md 5.1 [doc]",
            client: COMPLIANT,
            mapping: Some(|| mapping_with_roles(RolesForm::Complex)),
            play: later_role,
            sent: &[
                r#"PATCH /Users/u-1 {"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{"op":"add","path":"roles","value":[{"primary":false,"type":"WindowsAzureActiveDirectoryRole","displayName":"Editor","value":"editor"}]}]}"#,
            ],
            ..SHAPE
        },
        Shape {
            source: "entra.md 5.5 [doc]",
            client: LEGACY,
            mapping: Some(|| mapping_with_roles(RolesForm::Assertive)),
            play: other_role,
            sent: &[
                r#"PATCH /Users/u-1 {"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{"op":"Replace","path":"roles","value":[{"primary":false,"type":"WindowsAzureActiveDirectoryRole","display":"Editor","value":"editor"}]}]}"#,
            ],
            ..SHAPE
        },
        Shape {
            source: "entra.md 5.5 [doc]",
            client: COMPLIANT,
            mapping: Some(|| mapping_with_roles(RolesForm::Assertive)),
            play: other_role,
            sent: &[
                r#"PATCH /Users/u-1 {"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{"op":"replace","path":"roles","value":[{"primary":false,"type":"WindowsAzureActiveDirectoryRole","display":"Editor","value":"editor"}]}]}"#,
            ],
            ..SHAPE
        },
        Shape {
            source: "entra.md 5.6 [recorded]",
            client: LEGACY,
            play: manager,
            sent: &[
                r#"PATCH /Users/u-1 {"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{"op":"Add","path":"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager","value":"u-2"}]}"#,
            ],
            ..SHAPE
        },
        Shape {
            source: "entra.md 5.6 [recorded]",
            client: COMPLIANT,
            play: manager,
            sent: &[
                r#"PATCH /Users/u-1 {"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{"op":"add","path":"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager","value":"u-2"}]}"#,
            ],
            ..SHAPE
        },
        Shape {
            source: "entra.md 5.6 [inferred]",
            client: LEGACY,
            play: other_manager,
            sent: &[
                r#"PATCH /Users/u-1 {"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{"op":"Replace","path":"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager","value":"u-3"}]}"#,
            ],
            ..SHAPE
        },
        Shape {
            source: "entra.md 5.6 [inferred]",
            client: COMPLIANT,
            play: other_manager,
            sent: &[
                r#"PATCH /Users/u-1 {"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{"op":"replace","path":"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager","value":"u-3"}]}"#,
            ],
            ..SHAPE
        },
        Shape {
            source: "entra.md 5.6 [recorded]",
            client: LEGACY,
            play: no_manager,
            sent: &[
                r#"PATCH /Users/u-1 {"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{"op":"Replace","path":"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager","value":""}]}"#,
            ],
            ..SHAPE
        },
        Shape {
            source: "entra.md 5.6 [recorded]",
            client: COMPLIANT,
            play: no_manager,
            sent: &[
                r#"PATCH /Users/u-1 {"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{"op":"replace","path":"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager","value":""}]}"#,
            ],
            ..SHAPE
        },
        Shape {
            source: "entra.md 5.6 [unknown]",
            client: LEGACY,
            switches: &[("entra.manager-removal", "remove")],
            play: no_manager,
            sent: &[
                r#"PATCH /Users/u-1 {"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{"op":"Remove","path":"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager"}]}"#,
            ],
            ..SHAPE
        },
        Shape {
            source: "entra.md 5.6 [inferred]",
            client: LEGACY,
            switches: &[("entra.check-reference", "on")],
            play: manager,
            sent: &[
                r#"GET /Users?attributes=id&filter=id eq "u-1" and manager eq "u-2""#,
                r#"GET /Users/u-1"#,
                r#"PATCH /Users/u-1 {"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{"op":"Add","path":"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager","value":"u-2"}]}"#,
            ],
            ..SHAPE
        },
        Shape {
            source: "entra.md 7 [doc]",
            client: LEGACY,
            play: push,
            sent: &[
                r#"GET /Groups?excludedAttributes=members&filter=displayName eq "Platform Engineering""#,
                r#"POST /Groups {"schemas":["urn:ietf:params:scim:schemas:core:2.0:Group"],"externalId":"5c0f0a34-7d8e-4f5e-9a53-2a7be2c1d0f1","displayName":"Platform Engineering","meta":{"resourceType":"Group"}}"#,
            ],
            ..SHAPE
        },
        Shape {
            source: "entra.md 7 [doc]",
            client: COMPLIANT,
            play: push,
            sent: &[
                r#"GET /Groups?excludedAttributes=members&filter=displayName eq "Platform Engineering""#,
                r#"POST /Groups {"schemas":["urn:ietf:params:scim:schemas:core:2.0:Group"],"externalId":"5c0f0a34-7d8e-4f5e-9a53-2a7be2c1d0f1","displayName":"Platform Engineering","meta":{"resourceType":"Group"}}"#,
            ],
            ..SHAPE
        },
        Shape {
            source: "entra.md 7 [doc]",
            client: LEGACY,
            switches: &[("entra.group-urn", "adscim")],
            play: push,
            sent: &[
                r#"POST /Groups {"schemas":["urn:ietf:params:scim:schemas:core:2.0:Group","http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group"],"externalId":"5c0f0a34-7d8e-4f5e-9a53-2a7be2c1d0f1","displayName":"Platform Engineering","meta":{"resourceType":"Group"}}"#,
            ],
            ..SHAPE
        },
        Shape {
            source: "entra.md 7 [doc]",
            client: LEGACY,
            switches: &[("entra.members-in-create", "on")],
            play: push,
            sent: &[
                r#"POST /Groups {"schemas":["urn:ietf:params:scim:schemas:core:2.0:Group"],"externalId":"5c0f0a34-7d8e-4f5e-9a53-2a7be2c1d0f1","displayName":"Platform Engineering","members":[],"meta":{"resourceType":"Group"}}"#,
            ],
            ..SHAPE
        },
        Shape {
            source: "entra.md 7 [doc]",
            client: LEGACY,
            play: rename_group,
            sent: &[
                r#"GET /Groups/g-1?excludedAttributes=members"#,
                r#"PATCH /Groups/g-1 {"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{"op":"Replace","path":"displayName","value":"Cloud Engineering"}]}"#,
            ],
            ..SHAPE
        },
        Shape {
            source: "entra.md 7 [recorded]",
            client: COMPLIANT,
            play: rename_group,
            sent: &[
                r#"PATCH /Groups/g-1 {"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{"op":"replace","value":{"displayName":"Cloud Engineering"}}]}"#,
            ],
            ..SHAPE
        },
        Shape {
            source: "entra.md 7 [doc][recorded]",
            client: LEGACY,
            play: add_members,
            sent: &[
                r#"PATCH /Groups/g-3 {"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{"op":"Add","path":"members","value":[{"value":"u-2"},{"value":"u-1"}]}]}"#,
            ],
            ..SHAPE
        },
        Shape {
            source: "entra.md 7 [doc][recorded]",
            client: COMPLIANT,
            play: add_members,
            sent: &[
                r#"PATCH /Groups/g-3 {"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{"op":"add","path":"members","value":[{"value":"u-2"},{"value":"u-1"}]}]}"#,
            ],
            ..SHAPE
        },
        Shape {
            source: "entra.md 7 [doc]",
            client: LEGACY,
            switches: &[("entra.null-ref", "on")],
            play: add_members,
            sent: &[
                r#"PATCH /Groups/g-3 {"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{"op":"Add","path":"members","value":[{"$ref":null,"value":"u-2"},{"$ref":null,"value":"u-1"}]}]}"#,
            ],
            ..SHAPE
        },
        Shape {
            source: "entra.md 7, 16 [unknown]",
            client: LEGACY,
            switches: &[("entra.member-batch", "1")],
            play: add_members,
            sent: &[
                r#"PATCH /Groups/g-3 {"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{"op":"Add","path":"members","value":[{"value":"u-2"}]}]}"#,
                r#"PATCH /Groups/g-3 {"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{"op":"Add","path":"members","value":[{"value":"u-1"}]}]}"#,
            ],
            ..SHAPE
        },
        Shape {
            source: "entra.md 7 [doc][recorded]",
            client: LEGACY,
            play: remove_member,
            sent: &[
                r#"PATCH /Groups/g-3 {"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{"op":"Remove","path":"members","value":[{"value":"u-1"}]}]}"#,
            ],
            ..SHAPE
        },
        Shape {
            source: "entra.md 7 [doc][recorded]",
            client: COMPLIANT,
            play: remove_member,
            sent: &[
                r#"PATCH /Groups/g-3 {"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{"op":"remove","path":"members[value eq \"u-1\"]"}]}"#,
            ],
            ..SHAPE
        },
        Shape {
            source: "entra.md 7 [inferred]",
            client: COMPLIANT,
            play: remove_members,
            sent: &[
                r#"PATCH /Groups/g-3 {"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{"op":"remove","path":"members[value eq \"u-2\"]"},{"op":"remove","path":"members[value eq \"u-1\"]"}]}"#,
            ],
            ..SHAPE
        },
        Shape {
            source: "entra.md 7 [doc]",
            client: LEGACY,
            play: unlink,
            sent: &[r#"DELETE /Groups/g-1"#],
            ..SHAPE
        },
    ]
}

#[test]
fn every_shape_goes_out_as_it_is_documented() {
    for shape in shapes() {
        let people = [("ava", ava()), ("min", plain("min")), ("max", plain("max"))];
        let mut platform = group("Platform Engineering", &[]);
        platform.pushed = false;
        let mut play = Play::with(
            shape.client,
            directory(&people, &[("platform", platform)]),
            shape.switches,
            shape.mapping.map(|mapping| mapping()),
        );
        (shape.play)(&mut play);
        let log = play.log();
        let sent = &log[log.len().saturating_sub(shape.sent.len())..];
        let (client, source) = (shape.client.name(), shape.source);
        assert_eq!(sent, shape.sent, "{client}, {source}: {log:#?}");
    }
}

#[test]
fn parts_of_an_address_that_are_empty_can_be_null() {
    let mut bob = plain("bob");
    bob.attributes.insert(
        "address".to_owned(),
        json!({"postalCode": "01002", "country": "GB"}),
    );
    let mut play = Play::with(
        LEGACY,
        directory(&[("bob", bob)], &[]),
        &[("entra.empty-values", "null")],
        None,
    );
    play.cause(Change::Assign(key("bob")));
    let sent = play.target.writes().remove(0);
    let address = r#""addresses":[{"primary":false,"type":"work","country":"GB","formatted":null,"locality":null,"postalCode":"01002","region":null,"streetAddress":null}]"#;
    assert!(sent.contains(address), "{sent}");
}
