//! Creating, reading, replacing and deleting.

use serde_json::{Value, json};

use crate::client::{Client, ENTERPRISE, GROUP, USER, parsed};

#[test]
fn a_created_user_has_all_that_the_rfc_asks_for() {
    let client = Client::tolerant();
    let body = json!({"schemas": [ENTERPRISE, USER, USER], "id": "mine", "USERNAME": "Ada@Example", "Name": {"GivenName": "Müller 山田"},
        "externalId": "AbC", "password": "S3cret", "meta": {"created": "2000-01-01T00:00:00Z"}, "groups": [{"value": "x"}],
        "addresses": null, "roles": [], "nonsense": 1, "emails": [{"primary": true, "type": "WORK", "value": "a@x"}]});
    let answer = client.send("POST", "/Users", &[], &body);
    let created = parsed(&answer);
    assert_eq!(answer.status, 201);
    assert_eq!(
        answer.header("location"),
        Some("http://test.example/scim/v2/Users/id-1")
    );
    assert_eq!(answer.header("etag"), created["meta"]["version"].as_str());
    assert_eq!(
        created,
        json!({"schemas": [USER, ENTERPRISE], "id": "id-1", "externalId": "AbC", "userName": "Ada@Example",
            "name": {"givenName": "Müller 山田"}, "emails": [{"primary": true, "type": "work", "value": "a@x"}], "active": true,
            "meta": {"resourceType": "User", "created": "2027-01-15T08:00:00.000Z", "lastModified": "2027-01-15T08:00:00.000Z",
                "location": "http://test.example/scim/v2/Users/id-1", "version": "W/\"1\""}})
    );
    assert_eq!(client.get("/Users/id-1"), created);
    assert_eq!(
        client.get("/Users/id-1?attributes=password")["password"],
        Value::Null
    );
}

#[test]
fn bodies_that_are_no_user_are_refused() {
    let client = Client::tolerant();
    client.user("taken", json!({}));
    for (body, status, scim_type) in [
        (json!({"schemas": [USER]}), 400, "invalidValue"),
        (
            json!({"schemas": [USER], "userName": ""}),
            400,
            "invalidValue",
        ),
        (
            json!({"schemas": [USER], "userName": null}),
            400,
            "invalidValue",
        ),
        (json!({"userName": "x"}), 400, "invalidSyntax"),
        (json!({"schemas": [], "userName": "x"}), 400, "invalidValue"),
        (
            json!({"schemas": [GROUP], "userName": "x"}),
            400,
            "invalidValue",
        ),
        (json!([]), 400, "invalidSyntax"),
        (
            json!({"schemas": [USER], "userName": "x", "active": {}}),
            400,
            "invalidValue",
        ),
        (
            json!({"schemas": [USER], "userName": "x", "emails": "a@b.c"}),
            400,
            "invalidValue",
        ),
        (
            json!({"schemas": [USER], "userName": "x", "name": "Joe"}),
            400,
            "invalidValue",
        ),
        (
            json!({"schemas": [USER], "userName": "x", "Title": "a", "title": "b"}),
            400,
            "invalidSyntax",
        ),
        (
            json!({"schemas": [USER], "userName": "TAKEN"}),
            409,
            "uniqueness",
        ),
        (
            json!({"schemas": [USER], "userName": "\u{ff54}aken"}),
            409,
            "uniqueness",
        ),
    ] {
        let (found, answer) = client.call("POST", "/Users", &body);
        assert_eq!(
            (found, answer["scimType"].as_str()),
            (status, Some(scim_type)),
            "{body}: {answer}"
        );
        assert_eq!(
            answer["schemas"],
            json!(["urn:ietf:params:scim:api:messages:2.0:Error"])
        );
        assert_eq!(answer["status"], json!(status.to_string()));
        assert!(
            answer["detail"]
                .as_str()
                .is_some_and(|detail| !detail.is_empty())
        );
    }
    assert_eq!(client.get("/Users")["totalResults"], 1);
    assert_eq!(
        client
            .call("POST", "/Groups", &json!({"schemas": [GROUP]}))
            .0,
        400
    );
}

#[test]
fn put_replaces_what_it_names_and_clears_what_it_does_not() {
    let client = Client::tolerant();
    let id = client.user(
        "ada",
        json!({"title": "T", "password": "p", "active": false, "nickName": "N",
        "emails": [{"value": "a@x"}, {"value": "b@x"}], ENTERPRISE: {"department": "D"}}),
    );
    let body = json!({"schemas": [USER], "id": "other", "userName": "ada", "title": null, "emails": [{"value": "c@x"}],
        "meta": {"created": "2000-01-01T00:00:00Z"}, "groups": [{"value": "x"}]});
    client.wait(3);
    let answer = client.send("PUT", &format!("/Users/{id}"), &[], &body);
    let replaced = parsed(&answer);
    assert_eq!(answer.status, 200);
    assert_eq!(
        (&replaced["id"], &replaced["title"], &replaced["nickName"]),
        (&json!(id), &Value::Null, &Value::Null)
    );
    assert_eq!(
        (&replaced["emails"], &replaced["active"]),
        (&json!([{"value": "c@x"}]), &json!(false))
    );
    assert_eq!(
        (&replaced["schemas"], &replaced[ENTERPRISE]),
        (&json!([USER]), &Value::Null)
    );
    assert_eq!(replaced["meta"]["created"], "2027-01-15T08:00:00.000Z");
    assert_eq!(replaced["meta"]["lastModified"], "2027-01-15T08:00:03.000Z");

    let kept = Client::with_policy("omitted-on-put=keep");
    let id = kept.user(
        "ada",
        json!({"title": "T", ENTERPRISE: {"department": "D"}}),
    );
    let (_, replaced) = kept.call(
        "PUT",
        &format!("/Users/{id}"),
        &json!({"schemas": [USER], "userName": "ada"}),
    );
    assert_eq!(
        (&replaced["title"], &replaced[ENTERPRISE]["department"]),
        (&json!("T"), &json!("D"))
    );
}

#[test]
fn put_refuses_what_post_refuses_and_creates_nothing() {
    let client = Client::tolerant();
    let id = client.user("ada", json!({}));
    client.user("bob", json!({}));
    let path = format!("/Users/{id}");
    let before = client.get(&path);
    assert_eq!(
        client.call("PUT", &path, &json!({"schemas": [USER]})).0,
        400
    );
    assert_eq!(
        client
            .call("PUT", &path, &json!({"schemas": [USER], "userName": "BOB"}))
            .0,
        409
    );
    assert_eq!(
        client
            .call(
                "PUT",
                &path,
                &json!({"schemas": [USER], "userName": "ada", "active": {}})
            )
            .0,
        400
    );
    assert_eq!(
        client
            .call(
                "PUT",
                "/Users/none",
                &json!({"schemas": [USER], "userName": "new"})
            )
            .0,
        404
    );
    assert_eq!(client.get(&path), before);
    assert_eq!(client.get("/Users")["totalResults"], 2);
}

#[test]
fn what_okta_sends_back_is_accepted() {
    let client = Client::tolerant();
    let id = client.user("ada", json!({"name": {"givenName": "A"}}));
    let mut body = client.get(&format!("/Users/{id}"));
    let members = body.as_object_mut().expect("an object");
    members.insert("groups".to_owned(), json!([]));
    members.insert("displayName".to_owned(), json!("Ada"));
    members.insert("vendor".to_owned(), json!({"x": 1}));
    let (status, answer) = client.call("PUT", &format!("/Users/{id}"), &body);
    assert_eq!(
        (status, &answer["displayName"], &answer["vendor"]),
        (200, &json!("Ada"), &Value::Null)
    );
}

#[test]
fn deleted_means_gone_and_the_name_is_free() {
    let client = Client::tolerant();
    let id = client.user("ada", json!({}));
    let path = format!("/Users/{id}");
    let answer = client.send("DELETE", &path, &[], &Value::Null);
    assert_eq!((answer.status, answer.body.len()), (204, 0));
    for method in ["GET", "PUT", "PATCH", "DELETE"] {
        assert_eq!(
            client
                .call(
                    method,
                    &path,
                    &json!({"schemas": [USER], "userName": "ada"})
                )
                .0,
            404,
            "{method}"
        );
    }
    assert_eq!(
        client.found("/Users", "userName eq \"ada\""),
        Ok(Vec::new())
    );
    assert_ne!(client.user("ada", json!({})), id);
}

#[test]
fn disabled_users_stay() {
    let client = Client::tolerant();
    let id = client.user("ada", json!({"active": "False"}));
    assert_eq!(client.get(&format!("/Users/{id}"))["active"], json!(false));
    assert_eq!(
        client.found("/Users", "userName eq \"ada\""),
        Ok(vec!["ada".to_owned()])
    );
    assert_eq!(
        client.call("GET", &format!("/Groups/{id}"), &Value::Null).0,
        404
    );
}

#[test]
fn projections_show_what_was_asked_for() {
    let client = Client::tolerant();
    let id = client.user("ada", json!({"title": "T", "name": {"givenName": "A", "familyName": "L"},
        "emails": [{"type": "work", "value": "a@x"}], ENTERPRISE: {"department": "D", "costCenter": "1"}}));
    let get = |query: &str| {
        let mut shown = client.get(&format!("/Users/{id}?{query}"));
        let members = shown.as_object_mut().expect("an object");
        assert!(
            members.remove("schemas").is_some() && members.remove("id").is_some(),
            "{query}"
        );
        shown
    };
    let department = format!("attributes={ENTERPRISE}:department");
    let whole = format!("attributes={ENTERPRISE}");
    for (query, wanted) in [
        ("attributes=USERNAME", json!({"userName": "ada"})),
        (
            "attributes=userName,name.familyName,emails",
            json!({"userName": "ada", "name": {"familyName": "L"}, "emails": [{"type": "work", "value": "a@x"}]}),
        ),
        (
            "attributes=name",
            json!({"name": {"givenName": "A", "familyName": "L"}}),
        ),
        (
            "attributes=emails.value",
            json!({"emails": [{"value": "a@x"}]}),
        ),
        (
            "attributes=meta.resourceType",
            json!({"meta": {"resourceType": "User"}}),
        ),
        ("attributes=nonsense", json!({})),
        (
            department.as_str(),
            json!({ENTERPRISE: {"department": "D"}}),
        ),
        (
            whole.as_str(),
            json!({ENTERPRISE: {"department": "D", "costCenter": "1"}}),
        ),
    ] {
        assert_eq!(get(query), wanted, "{query}");
    }
    let without = get("excludedAttributes=emails,id,name.givenName,meta");
    assert_eq!(
        (&without["emails"], &without["name"], &without["title"]),
        (&Value::Null, &json!({"familyName": "L"}), &json!("T"))
    );
    assert_eq!(
        client
            .call(
                "GET",
                &format!("/Users/{id}?attributes=title&excludedAttributes=name"),
                &Value::Null
            )
            .0,
        400
    );
    let (_, created) = client.call(
        "POST",
        "/Users?attributes=userName",
        &json!({"schemas": [USER], "userName": "bob", "title": "B"}),
    );
    assert_eq!(
        (&created["userName"], &created["title"]),
        (&json!("bob"), &Value::Null)
    );
    let (status, patched) = client.call("PATCH", &format!("/Users/{id}?attributes=userName"),
        &json!({"schemas": [crate::client::PATCH], "Operations": [{"op": "add", "path": "title", "value": "X"}]}));
    assert_eq!(
        (status, &patched["userName"], &patched["title"]),
        (200, &json!("ada"), &Value::Null)
    );
}

#[test]
fn references_follow_the_host_by_which_the_server_is_reached() {
    let client = Client::tolerant();
    let id = client.user("ada", json!({}));
    let answer = client.raw("GET", &format!("/scim/v2/Users/{id}"), &[], b"");
    assert!(
        String::from_utf8_lossy(&answer.body).contains("http://test.example/scim/v2/Users/id-1")
    );
}
