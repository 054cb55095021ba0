//! Each policy changes what it says it changes.

use serde_json::{Value, json};

use crate::client::{Client, GROUP, USER};

#[test]
fn choices_change_answers() {
    let status =
        |client: &Client, method: &str, path: &str, body: &Value| client.call(method, path, body).0;

    let client = Client::with_policy("uniqueness-on-change=400");
    client.user("a", json!({}));
    let id = client.user("b", json!({}));
    assert_eq!(
        status(
            &client,
            "PUT",
            &format!("/Users/{id}"),
            &json!({"schemas": [USER], "userName": "a"})
        ),
        400
    );
    assert_eq!(
        status(
            &client,
            "POST",
            "/Users",
            &json!({"schemas": [USER], "userName": "a"})
        ),
        409
    );

    for (client, answer) in [
        (Client::tolerant(), 409),
        (Client::with_policy("group-names=any"), 201),
    ] {
        client.group("g", &[]);
        let again = json!({"schemas": [GROUP], "displayName": "G"});
        assert_eq!(status(&client, "POST", "/Groups", &again), answer);
    }

    let client = Client::with_policy("unknown-members=store");
    let id = client.create("/Groups", &json!({"schemas": [GROUP], "displayName": "g", "members": [{"value": "ghost", "display": "Ghost"}]}));
    assert_eq!(
        client.get(&format!("/Groups/{id}"))["members"],
        json!([{"value": "ghost", "display": "Ghost"}])
    );

    let client = Client::with_policy("missing-schemas=infer");
    assert_eq!(
        status(&client, "POST", "/Users", &json!({"userName": "a"})),
        201
    );

    let client = Client::with_policy("discovery-filter=ignore");
    assert_eq!(
        status(&client, "GET", "/Schemas?filter=id pr", &Value::Null),
        200
    );

    let client = Client::with_policy("items-per-page=requested");
    assert_eq!(client.get("/Users?count=7")["itemsPerPage"], 7);

    let client = Client::with_policy("patch-answer=empty");
    let id = client.user("a", json!({}));
    assert_eq!(
        client
            .patch(
                &format!("/Users/{id}"),
                &json!([{"op": "add", "path": "title", "value": "T"}])
            )
            .0,
        204
    );

    let client = Client::with_policy("both-projections=attributes");
    assert_eq!(
        status(
            &client,
            "GET",
            "/Users?attributes=title&excludedAttributes=title",
            &Value::Null
        ),
        200
    );

    let client = Client::with_policy("replace-element=merge");
    let id = client.user(
        "a",
        json!({"emails": [{"type": "work", "value": "x", "display": "D"}]}),
    );
    client.patch(
        &format!("/Users/{id}"),
        &json!([{"op": "replace", "path": "emails[type eq \"work\"]", "value": {"value": "y"}}]),
    );
    assert_eq!(
        client.get(&format!("/Users/{id}"))["emails"],
        json!([{"type": "work", "value": "y", "display": "D"}])
    );

    let client = Client::with_policy("add-complex=replace");
    let id = client.user("a", json!({"name": {"givenName": "A"}}));
    client.patch(
        &format!("/Users/{id}"),
        &json!([{"op": "add", "path": "name", "value": {"familyName": "B"}}]),
    );
    assert_eq!(
        client.get(&format!("/Users/{id}"))["name"],
        json!({"familyName": "B"})
    );

    let client = Client::with_policy("repeated-names=last");
    let answer = client.raw("POST", "/scim/v2/Users", &[], br#"{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":"a","userName":"b"}"#);
    assert!(
        answer.status == 201
            && String::from_utf8_lossy(&answer.body).contains("\"userName\":\"b\"")
    );
}

#[test]
fn strict_refuses_what_departs_from_the_rfc() {
    let client = Client::strict();
    for body in [
        json!({"schemas": [USER], "userName": "a", "nonsense": 1}),
        json!({"schemas": [USER], "userName": "a", "active": "true"}),
        json!({"schemas": [USER, "urn:example:none"], "userName": "a"}),
        json!({"schemas": [USER], "userName": "a", crate::client::ENTERPRISE: {"department": "D"}}),
        json!({"schemas": [USER], "userName": "a", "department": "D"}),
        json!({"schemas": [USER], "userName": "a", "addresses": [{"country": "USA"}]}),
    ] {
        let (status, answer) = client.call("POST", "/Users", &body);
        assert_eq!(
            (status, answer["scimType"].as_str()),
            (400, Some("invalidValue")),
            "{body}"
        );
    }
    // What the RFC tells servers to ignore stays ignored.
    let body = json!({"schemas": [USER], "userName": "a", "id": "x", "meta": {}, "groups": [], "title": null});
    assert_eq!(client.call("POST", "/Users", &body).0, 201);
    assert_eq!(
        client
            .send("GET", "/Users", &[("accept", "text/csv")], &Value::Null)
            .status,
        406
    );
}

#[test]
fn somebody_is_there_from_the_beginning() {
    let client = Client::with_policy("first-user=present");
    let list = client.get("/Users?count=1&startIndex=1");
    assert_eq!(list["totalResults"], 1);
    let first = &list["Resources"][0];
    assert_eq!(first["active"], true);
    assert_eq!(first["name"]["familyName"], "User");
    assert_eq!(first["emails"][0]["value"], first["userName"]);
    assert_eq!(Client::tolerant().get("/Users")["totalResults"], 0);
}

#[test]
fn the_sample_of_microsoft_has_its_own_ways() {
    let client = Client::with_policy("sample=microsoft");
    let status = |path: &str| client.call("GET", path, &Value::Null).0;
    for path in ["/users", "/GROUPS", "/serviceConfiguration", "/Token"] {
        assert_eq!(status(path), 200, "{path}");
        assert_eq!(
            Client::tolerant().call("GET", path, &Value::Null).0,
            404,
            "{path}"
        );
    }
    assert_eq!(
        client.get("/serviceConfiguration")["patch"]["supported"],
        true
    );
    let schemas = client.get("/Schemas");
    assert_eq!(schemas["Resources"][0]["description"], "User Account");
    client.user(
        "a",
        json!({"emails": [{"value": "a@example.test", "type": "work"}]}),
    );
    let shown = client.get("/Users?attributes=emails[type eq \"work\"]");
    assert_eq!(
        shown["Resources"][0]["emails"][0]["value"],
        "a@example.test"
    );
    let group = client.group("g", &[]);
    let member = json!([{"op": "add", "path": "members", "value": [{"value": "ghost", "displayName": "New"}]}]);
    assert_eq!(client.patch(&format!("/Groups/{group}"), &member).0, 204);
    let members = &client.get(&format!("/Groups/{group}"))["members"];
    assert_eq!(members[0]["display"], "New");
}
