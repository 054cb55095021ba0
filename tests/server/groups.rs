//! Groups and their members.

use serde_json::{Value, json};

use crate::client::Client;

struct Fixture {
    client: Client,
    group: String,
}

fn fixture(client: Client) -> Fixture {
    for name in ["u1", "u2", "u3"] {
        client.user(name, json!({}));
    }
    let group = client.group("g", &["id-1", "id-2"]);
    Fixture { client, group }
}

impl Fixture {
    fn path(&self) -> String {
        format!("/Groups/{}", self.group)
    }

    fn members(&self) -> Vec<String> {
        let group = self.client.get(&self.path());
        let members = group["members"].as_array().cloned().unwrap_or_default();
        members
            .iter()
            .map(|member| member["value"].as_str().expect("an id").to_owned())
            .collect()
    }

    fn groups_of(&self, user: &str) -> Value {
        self.client.get(&format!("/Users/{user}"))["groups"].clone()
    }
}

#[test]
fn members_and_groups_know_each_other() {
    let fixture = fixture(Client::tolerant());
    let group = fixture.client.get(&fixture.path());
    assert_eq!(
        group["members"][0],
        json!({"value": "id-1", "$ref": "http://test.example/scim/v2/Users/id-1", "type": "User"})
    );
    let groups = json!([{"value": "id-4", "$ref": "http://test.example/scim/v2/Groups/id-4", "display": "g", "type": "direct"}]);
    assert_eq!(fixture.groups_of("id-1"), groups);
    assert_eq!(fixture.groups_of("id-3"), Value::Null);
}

#[test]
fn operations_change_members() {
    let rows: Vec<(Value, &[&str])> = vec![
        (
            json!([{"op": "add", "path": "members", "value": [{"value": "id-3"}]}]),
            &["id-1", "id-2", "id-3"],
        ),
        (
            json!([{"op": "Add", "path": "members", "value": [{"$ref": null, "value": "id-3"}]}]),
            &["id-1", "id-2", "id-3"],
        ),
        (
            json!([{"op": "add", "value": {"members": [{"value": "id-3", "display": "x"}]}}]),
            &["id-1", "id-2", "id-3"],
        ),
        (
            json!([{"op": "add", "path": "members", "value": [{"value": "id-1"}]}]),
            &["id-1", "id-2"],
        ),
        (
            json!([{"op": "remove", "path": "members[value eq \"id-1\"]"}]),
            &["id-2"],
        ),
        (
            json!([{"op": "remove", "path": "members[value eq \"id-1\" or value eq \"id-2\"]"}]),
            &[],
        ),
        (
            json!([{"op": "remove", "path": "members[type eq \"User\" and value ne \"id-1\"]"}]),
            &["id-1"],
        ),
        (
            json!([{"op": "remove", "path": "members[value eq \"nobody\"]"}]),
            &["id-1", "id-2"],
        ),
        (
            json!([{"op": "Remove", "path": "members", "value": [{"$ref": null, "value": "id-1"}]}]),
            &["id-2"],
        ),
        (
            json!([{"op": "Remove", "path": "members", "value": [{"value": "id-3"}]}]),
            &["id-1", "id-2"],
        ),
        (json!([{"op": "remove", "path": "members"}]), &[]),
        (
            json!([{"op": "remove", "path": "members"}, {"op": "add", "path": "members", "value": [{"value": "id-2"}]}]),
            &["id-2"],
        ),
        (
            json!([{"op": "replace", "path": "members", "value": [{"value": "id-2", "display": "u2"}, {"value": "id-3"}]}]),
            &["id-2", "id-3"],
        ),
        (
            json!([{"op": "replace", "path": "members", "value": []}]),
            &[],
        ),
        (
            json!([{"op": "replace", "value": {"members": [{"value": "id-3"}], "id": "id-4", "displayName": "h"}}]),
            &["id-3"],
        ),
        (
            json!([{"op": "replace", "value": {"displayName": "h"}}]),
            &["id-1", "id-2"],
        ),
        (
            json!([{"op": "replace", "path": "members[value eq \"id-1\"].value", "value": "id-1"}]),
            &["id-1", "id-2"],
        ),
    ];
    for (operations, wanted) in rows {
        let fixture = fixture(Client::tolerant());
        let (status, answer) = fixture.client.patch(&fixture.path(), &operations);
        assert_eq!(status, 204, "{operations}: {answer}");
        assert_eq!(fixture.members(), wanted, "{operations}");
        for user in ["id-1", "id-2", "id-3"] {
            assert_eq!(
                fixture.groups_of(user).is_array(),
                wanted.contains(&user),
                "{operations}: groups of {user}"
            );
        }
    }
}

#[test]
fn refused_operations_change_nobody() {
    for (operations, scim_type) in [
        (
            json!([{"op": "replace", "path": "members[value eq \"id-1\"].value", "value": "id-2"}]),
            "mutability",
        ),
        (
            json!([{"op": "remove", "path": "members[value eq \"id-1\"].value"}]),
            "mutability",
        ),
        (
            json!([{"op": "remove", "path": "displayName"}]),
            "mutability",
        ),
        (
            json!([{"op": "add", "path": "members", "value": [{"value": "id-3"}, {"value": "nobody"}]}]),
            "invalidValue",
        ),
        (
            json!([{"op": "add", "path": "members", "value": [{"value": "id-3"}]}, {"op": "replace", "path": "id", "value": "x"}]),
            "mutability",
        ),
        (
            json!([{"op": "remove", "path": "members"}, {"op": "replace", "path": "nope", "value": "x"}]),
            "invalidPath",
        ),
        (
            json!([{"op": "replace", "path": "members", "value": [{"value": "id-3"}]}, {"op": "remove"}]),
            "noTarget",
        ),
    ] {
        let fixture = fixture(Client::tolerant());
        let before = fixture.client.get(&fixture.path());
        let (status, answer) = fixture.client.patch(&fixture.path(), &operations);
        assert_eq!(
            (status, answer["scimType"].as_str()),
            (400, Some(scim_type)),
            "{operations}: {answer}"
        );
        assert_eq!(fixture.client.get(&fixture.path()), before, "{operations}");
        assert!(
            fixture.groups_of("id-1").is_array() && fixture.groups_of("id-3").is_null(),
            "{operations}"
        );
    }
}

#[test]
fn a_patch_without_effect_moves_nothing() {
    let fixture = fixture(Client::tolerant());
    let before = fixture.client.get(&fixture.path());
    fixture.client.wait(9);
    fixture.client.patch(
        &fixture.path(),
        &json!([{"op": "add", "path": "members", "value": [{"value": "id-1"}]}]),
    );
    assert_eq!(fixture.client.get(&fixture.path()), before);
}

#[test]
fn deleted_users_leave_and_deleted_groups_vanish() {
    let fixture = fixture(Client::tolerant());
    assert_eq!(
        fixture.client.call("DELETE", "/Users/id-1", &Value::Null).0,
        204
    );
    assert_eq!(fixture.members(), ["id-2"]);
    assert_eq!(
        fixture
            .client
            .call("DELETE", &fixture.path(), &Value::Null)
            .0,
        204
    );
    assert_eq!(fixture.groups_of("id-2"), Value::Null);
}

#[test]
fn nested_groups_are_shown_as_indirect_and_circles_end() {
    let fixture = fixture(Client::tolerant());
    let outer = fixture.client.group("outer", &[&fixture.group]);
    fixture.client.patch(
        &fixture.path(),
        &json!([{"op": "add", "path": "members", "value": [{"value": outer}]}]),
    );
    let groups = fixture.groups_of("id-1");
    assert_eq!(
        (
            &groups[0]["type"],
            &groups[1]["type"],
            &groups[1]["display"]
        ),
        (&json!("direct"), &json!("indirect"), &json!("outer"))
    );
    assert_eq!(
        fixture.client.get(&format!("/Groups/{outer}"))["members"][0]["type"],
        "Group"
    );
}

#[test]
fn put_replaces_the_membership() {
    let fixture = fixture(Client::tolerant());
    let mut group = fixture.client.get(&fixture.path());
    group["members"] = json!([{"value": "id-3", "display": null}]);
    let (status, answer) = fixture.client.call("PUT", &fixture.path(), &group);
    assert_eq!(
        (status, answer["members"][0]["value"].as_str()),
        (200, Some("id-3"))
    );
    assert!(fixture.groups_of("id-1").is_null() && fixture.groups_of("id-3").is_array());
}

#[test]
fn groups_are_found_by_member_without_their_members() {
    let fixture = fixture(Client::tolerant());
    for filter in [
        "members.value eq \"id-1\"",
        "members[value eq \"id-1\"]",
        "members eq \"id-1\"",
        "id eq \"id-4\" and members eq \"id-1\"",
        "members eq \"id-1\" and id eq \"id-4\"",
        "displayName eq \"G\"",
        "members[type eq \"User\"]",
        "members pr",
    ] {
        assert_eq!(
            fixture.client.found("/Groups", filter),
            Ok(vec!["g".to_owned()]),
            "{filter}"
        );
    }
    assert_eq!(
        fixture
            .client
            .found("/Groups", "id eq \"id-4\" and members eq \"id-3\""),
        Ok(Vec::new())
    );
    assert_eq!(
        fixture.client.found("/Users", "groups.value eq \"id-4\""),
        Ok(vec!["u1".to_owned(), "u2".to_owned()])
    );
    let listed = fixture
        .client
        .get("/Groups?excludedAttributes=members&filter=displayName eq \"g\"");
    assert_eq!(listed["Resources"][0]["members"], Value::Null);
    assert_eq!(listed["Resources"][0]["displayName"], "g");
}

#[test]
fn the_extra_schema_of_entra_is_not_kept() {
    let client = Client::tolerant();
    let body = json!({"schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group", "http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group"],
        "externalId": "o1", "displayName": "P", "meta": {"resourceType": "Group"}});
    let (status, created) = client.call("POST", "/Groups", &body);
    assert_eq!(
        (status, &created["schemas"]),
        (201, &json!(["urn:ietf:params:scim:schemas:core:2.0:Group"]))
    );
    assert_eq!(Client::strict().call("POST", "/Groups", &body).0, 400);
}
