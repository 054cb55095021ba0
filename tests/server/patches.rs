//! PATCH: each operation on each shape of path, kind of attribute and state.

use serde_json::{Value, json};

use crate::client::{Client, ENTERPRISE};

/// What the resource must look like afterwards; `null` for absent. Or why it was refused, and then nothing changed.
enum Wanted {
    Is(Value),
    Refused(u16, &'static str),
}

fn is(value: Value) -> Wanted {
    Wanted::Is(value)
}

fn refused(scim_type: &'static str) -> Wanted {
    Wanted::Refused(400, scim_type)
}

fn start(client: &Client) -> String {
    let boss = client.user("boss", json!({"displayName": "The Boss"}));
    client.user("second", json!({}));
    let id = client.user(
        "ada",
        json!({
            "externalId": "E1",
            "title": "T",
            "displayName": "Ada",
            "name": {"givenName": "A", "familyName": "L", "middleName": "M"},
            "emails": [
                {"type": "work", "value": "w@example.com", "primary": true, "display": "W"},
                {"type": "home", "value": "h@example.org"}
            ],
            "addresses": [{"type": "work", "locality": "Old", "region": "R"}, {"type": "home", "locality": "Home"}],
            "roles": [{"value": "user", "primary": true}],
            ENTERPRISE: {"employeeNumber": "7", "department": "D", "manager": {"value": boss}}
        }),
    );
    assert_eq!(id, "id-3");
    id
}

fn path_of(resource: &Value, path: &str) -> Value {
    let mut found = resource;
    for part in path.split('/') {
        found = match part.parse::<usize>() {
            Ok(index) => &found[index],
            Err(_) => &found[part],
        };
    }
    found.clone()
}

fn check(client: fn() -> Client, operations: Value, wanted: Wanted) {
    let client = client();
    let id = start(&client);
    let before = client.get(&format!("/Users/{id}"));
    client.wait(5);
    let (status, answer) = client.patch(&format!("/Users/{id}"), &operations);
    let after = client.get(&format!("/Users/{id}"));
    match wanted {
        Wanted::Is(members) => {
            assert_eq!(status, 200, "{operations}: {answer}");
            assert_eq!(answer, after, "{operations}: the answer is the resource");
            for (path, value) in members.as_object().expect("an object") {
                assert_eq!(
                    path_of(&after, path),
                    *value,
                    "{operations}: {path} in {after}"
                );
            }
        }
        Wanted::Refused(wanted, scim_type) => {
            assert_eq!(
                (status, answer["scimType"].as_str()),
                (wanted, Some(scim_type)),
                "{operations}: {answer}"
            );
            assert_eq!(before, after, "{operations}: nothing may change");
        }
    }
}

fn ext(name: &str) -> String {
    format!("{ENTERPRISE}:{name}")
}

#[test]
fn add() {
    let rows = vec![
        (
            json!([{"op": "add", "value": {"nickName": "B"}}]),
            is(json!({"nickName": "B"})),
        ),
        (
            json!([{"op": "add", "value": {"title": "C"}}]),
            is(json!({"title": "C"})),
        ),
        (
            json!([{"op": "add", "value": {"name": {"middleName": "X"}}}]),
            is(json!({"name/middleName": "X", "name/givenName": "A"})),
        ),
        (
            json!([{"op": "add", "value": {"emails": [{"value": "n@x", "type": "other"}]}}]),
            is(json!({"emails/2/value": "n@x", "emails/0/value": "w@example.com"})),
        ),
        (
            json!([{"op": "add", "value": {ENTERPRISE: {"costCenter": "1"}}}]),
            is(
                json!({format!("{ENTERPRISE}/costCenter"): "1", format!("{ENTERPRISE}/department"): "D"}),
            ),
        ),
        (
            json!([{"op": "add", "value": {ext("employeeNumber"): "8"}}]),
            is(json!({format!("{ENTERPRISE}/employeeNumber"): "8", ext("employeeNumber"): null})),
        ),
        (
            json!([{"op": "add", "value": {"name.givenName": "G"}}]),
            is(json!({"name/givenName": "G", "name.givenName": null, "name/familyName": "L"})),
        ),
        (
            json!([{"op": "add", "value": {"title": "X", "id": "other"}}]),
            refused("mutability"),
        ),
        (
            json!([{"op": "add", "value": "x"}]),
            refused("invalidValue"),
        ),
        (
            json!([{"op": "add", "path": "nickName", "value": "B"}]),
            is(json!({"nickName": "B"})),
        ),
        (
            json!([{"op": "add", "path": "name", "value": {"middleName": "X"}}]),
            is(json!({"name/middleName": "X", "name/familyName": "L"})),
        ),
        (
            json!([{"op": "add", "path": "name", "value": "Joe"}]),
            refused("invalidValue"),
        ),
        (
            json!([{"op": "add", "path": "name.honorificPrefix", "value": "Dr"}]),
            is(json!({"name/honorificPrefix": "Dr", "name/familyName": "L"})),
        ),
        (
            json!([{"op": "add", "path": "emails", "value": {"value": "n@x", "type": "other"}}]),
            is(json!({"emails/2/value": "n@x"})),
        ),
        (
            json!([{"op": "add", "path": "phoneNumbers", "value": [{"value": "1", "type": "work"}]}]),
            is(json!({"phoneNumbers": [{"value": "1", "type": "work"}]})),
        ),
        (
            json!([{"op": "add", "path": "emails", "value": [{"value": "n@x", "primary": true}]}]),
            is(json!({"emails/2/primary": true, "emails/0/primary": false})),
        ),
        (
            json!([{"op": "add", "path": "addresses[type eq \"work\"]", "value": {"locality": "L"}}]),
            is(json!({"addresses/0": {"type": "work", "locality": "L", "region": "R"}})),
        ),
        (
            json!([{"op": "add", "path": "addresses[type eq \"other\"]", "value": {"locality": "L"}}]),
            is(json!({"addresses/2": {"type": "other", "locality": "L"}})),
        ),
        (
            json!([{"op": "add", "path": "emails[type eq \"work\"].value", "value": "n@x"}]),
            is(
                json!({"emails/0": {"type": "work", "value": "n@x", "primary": true, "display": "W"}}),
            ),
        ),
        (
            json!([{"op": "Add", "path": "phoneNumbers[type eq \"mobile\"].value", "value": "1"}]),
            is(json!({"phoneNumbers": [{"type": "mobile", "value": "1"}]})),
        ),
        (
            json!([{"op": "add", "path": "addresses[type eq \"other\"].locality", "value": "L"}, {"op": "add", "path": "addresses[type eq \"other\"].country", "value": "SE"}]),
            is(json!({"addresses/2": {"type": "other", "locality": "L", "country": "SE"}})),
        ),
        (
            json!([{"op": "add", "path": ext("costCenter"), "value": "1"}]),
            is(json!({format!("{ENTERPRISE}/costCenter"): "1"})),
        ),
        (
            json!([{"op": "add", "path": ext("manager"), "value": "id-2"}]),
            is(
                json!({format!("{ENTERPRISE}/manager/value"): "id-2", format!("{ENTERPRISE}/manager/$ref"): "http://test.example/scim/v2/Users/id-2"}),
            ),
        ),
        (
            json!([{"op": "add", "path": ext("manager.value"), "value": "id-2"}]),
            is(json!({format!("{ENTERPRISE}/manager/value"): "id-2"})),
        ),
        (
            json!([{"op": "Add", "path": "manager", "value": [{"$ref": "http://x/Users/id-2", "value": "id-2"}]}]),
            is(json!({format!("{ENTERPRISE}/manager/value"): "id-2", "manager": null})),
        ),
        (
            json!([{"op": "add", "path": ENTERPRISE, "value": {"costCenter": "1"}}]),
            is(
                json!({format!("{ENTERPRISE}/costCenter"): "1", format!("{ENTERPRISE}/department"): "D"}),
            ),
        ),
        (
            json!([{"op": "add", "path": "urn:ietf:params:scim:schemas:core:2.0:User:title", "value": "X"}]),
            is(json!({"title": "X"})),
        ),
        (
            json!([{"op": "add", "path": "groups", "value": [{"value": "g"}]}]),
            refused("mutability"),
        ),
        (
            json!([{"op": "add", "path": "password", "value": "S3cret!x"}]),
            is(json!({"password": null})),
        ),
        (
            json!([{"op": "add", "path": "title"}]),
            refused("invalidValue"),
        ),
        (
            json!([{"op": "Add", "path": "roles", "value": [{"value": "{\"id\":\"1\",\"value\":\"editor\",\"displayName\":\"Editor\"}"}]}]),
            is(json!({"roles/1": {"value": "editor", "display": "Editor"}})),
        ),
        (
            json!([{"op": "add", "path": "roles[primary eq \"True\"].value", "value": "admin"}]),
            is(json!({"roles": [{"value": "admin", "primary": true}]})),
        ),
        (
            json!([{"op": "add", "path": "schemas", "value": [ENTERPRISE]}]),
            is(json!({"schemas/1": ENTERPRISE, "schemas/2": null})),
        ),
    ];
    for (operations, wanted) in rows {
        check(Client::tolerant, operations, wanted);
    }
}

#[test]
fn remove() {
    let rows = vec![
        (json!([{"op": "remove"}]), refused("noTarget")),
        (
            json!([{"op": "remove", "value": {"title": "x"}}]),
            refused("noTarget"),
        ),
        (
            json!([{"op": "remove", "path": "title"}]),
            is(json!({"title": null})),
        ),
        (
            json!([{"op": "remove", "path": "nickName"}]),
            is(json!({"nickName": null})),
        ),
        (
            json!([{"op": "remove", "path": "name"}]),
            is(json!({"name": null})),
        ),
        (
            json!([{"op": "remove", "path": "name.middleName"}]),
            is(json!({"name": {"givenName": "A", "familyName": "L"}})),
        ),
        (
            json!([{"op": "remove", "path": "name.givenName"}, {"op": "remove", "path": "name.familyName"}, {"op": "remove", "path": "name.middleName"}]),
            is(json!({"name": null})),
        ),
        (
            json!([{"op": "remove", "path": "emails"}]),
            is(json!({"emails": null})),
        ),
        (
            json!([{"op": "remove", "path": "ims"}]),
            is(json!({"ims": null})),
        ),
        (
            json!([{"op": "remove", "path": "emails[type eq \"home\"]"}]),
            is(json!({"emails/0/type": "work", "emails/1": null})),
        ),
        (
            json!([{"op": "remove", "path": "emails[value ew \"example.com\"]"}]),
            is(json!({"emails/0/type": "home", "emails/1": null})),
        ),
        (
            json!([{"op": "remove", "path": "emails[type pr]"}]),
            is(json!({"emails": null})),
        ),
        (
            json!([{"op": "remove", "path": "emails[type eq \"work\" and value ew \"example.org\"]"}]),
            is(json!({"emails/1/type": "home"})),
        ),
        (
            json!([{"op": "remove", "path": "emails[type eq \"none\"]"}]),
            is(json!({"emails/1/type": "home"})),
        ),
        (
            json!([{"op": "remove", "path": "emails[type eq \"work\"].display"}]),
            is(json!({"emails/0": {"type": "work", "value": "w@example.com", "primary": true}})),
        ),
        (
            json!([{"op": "remove", "path": "emails", "value": [{"type": "home", "value": "h@example.org"}]}]),
            is(json!({"emails/0/type": "work", "emails/1": null})),
        ),
        (
            json!([{"op": "remove", "path": ext("department")}]),
            is(
                json!({format!("{ENTERPRISE}/department"): null, format!("{ENTERPRISE}/employeeNumber"): "7"}),
            ),
        ),
        (
            json!([{"op": "remove", "path": ext("manager")}]),
            is(json!({format!("{ENTERPRISE}/manager"): null})),
        ),
        (
            json!([{"op": "remove", "path": ENTERPRISE}]),
            is(json!({ENTERPRISE: null, "schemas/1": null})),
        ),
        (
            json!([{"op": "remove", "path": "userName"}]),
            refused("mutability"),
        ),
        (
            json!([{"op": "remove", "path": "id"}]),
            refused("mutability"),
        ),
        (
            json!([{"op": "remove", "path": "meta.created"}]),
            refused("mutability"),
        ),
        (
            json!([{"op": "remove", "path": "emails[primary eq true]"}]),
            is(json!({"emails/0/type": "home", "emails/1": null})),
        ),
    ];
    for (operations, wanted) in rows {
        check(Client::tolerant, operations, wanted);
    }
}

#[test]
fn replace() {
    let rows = vec![
        (
            json!([{"op": "replace", "value": {"title": "T2", "nickName": "N"}}]),
            is(json!({"title": "T2", "nickName": "N", "displayName": "Ada"})),
        ),
        (
            json!([{"op": "replace", "value": {"name": {"givenName": "G2"}}}]),
            is(json!({"name/givenName": "G2", "name/familyName": "L"})),
        ),
        (
            json!([{"op": "replace", "value": {"emails": [{"value": "n@x", "type": "work"}]}}]),
            is(json!({"emails": [{"value": "n@x", "type": "work"}]})),
        ),
        (
            json!([{"op": "replace", "value": {ENTERPRISE: {"department": "E"}}}]),
            is(
                json!({format!("{ENTERPRISE}/department"): "E", format!("{ENTERPRISE}/employeeNumber"): "7"}),
            ),
        ),
        (
            // The manager's name is the server's own: nothing else of the manager goes with it.
            json!([{"op": "replace", "value": {"title": "T2", ENTERPRISE: {"manager": {"displayName": "X"}}}}]),
            is(json!({"title": "T2", format!("{ENTERPRISE}/manager/value"): "id-1"})),
        ),
        (
            json!([{"op": "replace", "value": {"displayName": "D", "name.givenName": "G", ext("employeeNumber"): "9"}}]),
            is(
                json!({"displayName": "D", "name/givenName": "G", format!("{ENTERPRISE}/employeeNumber"): "9"}),
            ),
        ),
        (
            json!([{"op": "replace", "value": {"id": "id-3", "displayName": "New", "groups": [], "meta": {"resourceType": "User"}}}]),
            is(json!({"displayName": "New"})),
        ),
        (
            json!([{"op": "replace", "value": {"id": "other"}}]),
            refused("mutability"),
        ),
        (
            json!([{"op": "replace", "value": {"active": false}}]),
            is(json!({"active": false, "title": "T"})),
        ),
        (
            json!([{"op": "Replace", "path": "active", "value": "False"}]),
            is(json!({"active": false})),
        ),
        (
            json!([{"op": "replace", "path": "active", "value": "banana"}]),
            refused("invalidValue"),
        ),
        (
            json!([{"op": "replace", "path": "emails", "value": "x"}]),
            refused("invalidValue"),
        ),
        (
            json!([{"op": "replace", "path": "title", "value": null}]),
            is(json!({"title": null})),
        ),
        (
            json!([{"op": "replace", "path": "title", "value": ""}]),
            is(json!({"title": null})),
        ),
        (
            json!([{"op": "replace", "path": "name", "value": {"familyName": "F2"}}]),
            is(json!({"name/familyName": "F2", "name/givenName": "A"})),
        ),
        (
            json!([{"op": "replace", "path": "NAME.FAMILYNAME", "value": "F3"}]),
            is(json!({"name/familyName": "F3"})),
        ),
        (
            json!([{"op": "replace", "path": "emails", "value": []}]),
            is(json!({"emails": null})),
        ),
        (
            json!([{"op": "replace", "path": "addresses[type eq \"work\"]", "value": {"type": "work", "locality": "H", "country": "US"}}]),
            is(
                json!({"addresses/0": {"type": "work", "locality": "H", "country": "US"}, "addresses/1/locality": "Home"}),
            ),
        ),
        (
            json!([{"op": "replace", "path": "addresses[type eq \"none\"]", "value": {"locality": "L"}}]),
            refused("noTarget"),
        ),
        (
            json!([{"op": "replace", "path": "emails[type eq \"WORK\"].Value", "value": "n@x"}]),
            is(json!({"emails/0/value": "n@x", "emails/0/primary": true})),
        ),
        (
            json!([{"op": "replace", "path": "emails[type pr].display", "value": "D"}]),
            is(json!({"emails/0/display": "D", "emails/1/display": "D"})),
        ),
        (
            json!([{"op": "replace", "path": "displayName", "value": "X"}, {"op": "replace", "path": "emails[type eq \"none\"].value", "value": "x"}]),
            refused("noTarget"),
        ),
        (
            json!([{"op": "replace", "path": "emails[type eq \"home\"].primary", "value": true}]),
            is(json!({"emails/1/primary": true, "emails/0/primary": false})),
        ),
        (
            json!([{"op": "replace", "path": "emails", "value": [{"value": "a@x", "primary": true}, {"value": "b@x", "primary": true}]}]),
            refused("invalidValue"),
        ),
        (
            json!([{"op": "replace", "path": ext("manager"), "value": {"value": "id-2"}}]),
            is(
                json!({format!("{ENTERPRISE}/manager"): {"value": "id-2", "$ref": "http://test.example/scim/v2/Users/id-2"}}),
            ),
        ),
        (
            json!([{"op": "replace", "path": ext("manager"), "value": ""}]),
            is(json!({format!("{ENTERPRISE}/manager"): null})),
        ),
        (
            json!([{"op": "replace", "path": ext("manager"), "value": {"value": ""}}]),
            is(json!({format!("{ENTERPRISE}/manager"): null})),
        ),
        (
            json!([{"op": "replace", "path": ext("manager.displayName"), "value": "Boss"}]),
            refused("mutability"),
        ),
        (
            json!([{"op": "replace", "path": "id", "value": "x"}]),
            refused("mutability"),
        ),
        (
            json!([{"op": "replace", "path": "userName", "value": null}]),
            refused("invalidValue"),
        ),
        (
            json!([{"op": "replace", "path": "userName", "value": "SECOND"}]),
            Wanted::Refused(409, "uniqueness"),
        ),
        (
            json!([{"op": "replace", "path": "userName", "value": "ada2"}]),
            is(json!({"userName": "ada2", "id": "id-3"})),
        ),
        (
            json!([{"op": "replace", "path": "externalId", "value": "eX"}]),
            is(json!({"externalId": "eX"})),
        ),
        (
            json!([{"op": "replace", "path": "title"}]),
            refused("invalidValue"),
        ),
        (
            json!([{"op": "replace", "path": "nonsenseAttr", "value": 1}]),
            refused("invalidPath"),
        ),
        (
            json!([{"op": "replace", "path": "urn:example:unknown:2.0:User:x", "value": 1}]),
            refused("invalidPath"),
        ),
        (
            json!([{"op": "replace", "path": "emails[type eq", "value": 1}]),
            refused("invalidPath"),
        ),
        (
            json!([{"op": "replace", "path": "name..givenName", "value": 1}]),
            refused("invalidPath"),
        ),
        (
            json!([{"op": "replace", "path": "emails[0]", "value": 1}]),
            refused("invalidPath"),
        ),
        (
            json!([{"op": "replace", "path": ".userName", "value": 1}]),
            refused("invalidPath"),
        ),
        (
            json!([{"op": "replace", "path": "emails[type xx \"work\"].value", "value": 1}]),
            refused("invalidFilter"),
        ),
        (
            json!([{"op": "move", "path": "title", "value": 1}]),
            refused("invalidSyntax"),
        ),
        (
            json!([{"path": "title", "value": 1}]),
            refused("invalidSyntax"),
        ),
        (
            json!([{"op": "replace", "path": "title", "value": "A"}, {"op": "replace", "path": "title", "value": "B"}]),
            is(json!({"title": "B"})),
        ),
        (
            json!([{"op": "replace", "path": "title", "value": "new"}, {"op": "replace", "path": "id", "value": "x"}]),
            refused("mutability"),
        ),
        (json!([]), is(json!({"title": "T"}))),
    ];
    for (operations, wanted) in rows {
        check(Client::tolerant, operations, wanted);
    }
}

#[test]
fn strictly_habits_are_refused() {
    for (operations, scim_type) in [
        (
            json!([{"op": "Replace", "path": "title", "value": "x"}]),
            "invalidSyntax",
        ),
        (
            json!([{"op": "replace", "path": "active", "value": "False"}]),
            "invalidValue",
        ),
        (
            json!([{"op": "replace", "value": {"name.givenName": "G"}}]),
            "invalidPath",
        ),
        (
            json!([{"op": "replace", "value": {ext("department"): "G"}}]),
            "invalidPath",
        ),
        (
            json!([{"op": "add", "path": "phoneNumbers[type eq \"mobile\"].value", "value": "1"}]),
            "noTarget",
        ),
        (
            json!([{"op": "replace", "path": ext("manager"), "value": "id-2"}]),
            "invalidValue",
        ),
        (
            json!([{"op": "replace", "path": "roles[primary eq \"True\"].value", "value": "x"}]),
            "invalidFilter",
        ),
        (
            json!([{"op": "replace", "value": {"id": "id-3", "title": "x"}}]),
            "mutability",
        ),
        (
            json!([{"op": "remove", "path": "emails", "value": [{"value": "h@example.org"}]}]),
            "invalidValue",
        ),
        (
            json!([{"op": "remove", "path": "emails[type eq \"none\"]"}]),
            "noTarget",
        ),
        (
            json!([{"op": "add", "path": "emails", "value": {"value": "n@x"}}]),
            "invalidValue",
        ),
        (json!([]), "invalidSyntax"),
    ] {
        check(Client::strict, operations, refused(scim_type));
    }
}

#[test]
fn a_change_moves_the_version_and_no_change_does_not() {
    let client = Client::tolerant();
    let id = start(&client);
    let meta = || client.get(&format!("/Users/{id}"))["meta"].clone();
    let before = meta();
    client.wait(5);
    for operations in [
        json!([{"op": "add", "path": "title", "value": "T"}]),
        json!([{"op": "add", "path": "emails", "value": [{"value": "h@example.org", "type": "home"}]}]),
        json!([{"op": "replace", "value": {"title": "T"}}]),
    ] {
        assert_eq!(client.patch(&format!("/Users/{id}"), &operations).0, 200);
        assert_eq!(meta(), before, "{operations}");
    }
    client.patch(
        &format!("/Users/{id}"),
        &json!([{"op": "replace", "path": "title", "value": "X"}]),
    );
    let after = meta();
    assert_eq!(after["created"], before["created"]);
    assert_ne!(after["lastModified"], before["lastModified"]);
    assert_ne!(after["version"], before["version"]);
}

#[test]
fn immutable_attributes_are_set_once() {
    let schemas = vec![
        json!({"schemas": [{"id": "urn:example:badge:1.0", "attributes": [
            {"name": "code", "mutability": "immutable"}, {"name": "rank", "type": "integer"}, {"name": "secret", "returned": "request"}]}],
        "resourceTypes": [{"name": "User", "endpoint": "/Users", "schema": "urn:ietf:params:scim:schemas:core:2.0:User",
            "schemaExtensions": [{"schema": "urn:example:badge:1.0", "required": false}]}]}),
    ];
    let client = Client::new(scimulate::server::Settings {
        schemas,
        ..Default::default()
    });
    let id = client.user("ada", json!({}));
    let set = |value: &str| {
        client.patch(
            &format!("/Users/{id}"),
            &json!([{"op": "add", "path": "urn:example:badge:1.0:code", "value": value}]),
        )
    };
    assert_eq!(set("v").0, 200);
    assert_eq!(set("v").0, 200);
    let (status, refusal) = set("w");
    assert_eq!(
        (status, refusal["scimType"].as_str()),
        (400, Some("mutability"))
    );
    let body = json!({"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": "ada", "urn:example:badge:1.0": {"code": "w"}});
    assert_eq!(client.call("PUT", &format!("/Users/{id}"), &body).0, 400);
    let body = json!({"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": "ada", "urn:example:badge:1.0": {"rank": 9, "secret": "s"}});
    let (status, answer) = client.call("PUT", &format!("/Users/{id}"), &body);
    assert_eq!(
        (status, &answer["urn:example:badge:1.0"]),
        (200, &json!({"rank": 9, "secret": "s", "code": "v"}))
    );
    assert_eq!(
        client.get(&format!("/Users/{id}"))["urn:example:badge:1.0"]["secret"],
        json!(null)
    );
    let asked = client.get(&format!(
        "/Users/{id}?attributes=urn:example:badge:1.0:secret"
    ));
    assert_eq!(asked["urn:example:badge:1.0"], json!({"secret": "s"}));
    client.user("bob", json!({"urn:example:badge:1.0": {"rank": 10}}));
    for (filter, wanted) in [
        ("gt 9", "bob"),
        ("le 9", "ada"),
        ("eq 9", "ada"),
        ("ne 9", "bob"),
    ] {
        assert_eq!(
            client.found("/Users", &format!("urn:example:badge:1.0:rank {filter}")),
            Ok(vec![wanted.to_owned()])
        );
    }
}
