//! What the server says about itself.

use serde_json::{Value, json};

use crate::client::{Client, USER};

#[test]
fn documents_are_complete() {
    let client = Client::tolerant();
    let configuration = client.get("/ServiceProviderConfig");
    for feature in ["patch", "bulk", "filter", "changePassword", "sort", "etag"] {
        assert_eq!(
            configuration[feature]["supported"],
            json!(true),
            "{feature}"
        );
    }
    assert_eq!(
        configuration["pagination"]["defaultPaginationMethod"],
        "index"
    );
    assert!(configuration["authenticationSchemes"][0]["type"].is_string());
    let schemas = client.get("/Schemas?startIndex=2&count=1&sortBy=id");
    assert_eq!(schemas["totalResults"], 6);
    for schema in schemas["Resources"].as_array().expect("a list") {
        let id = schema["id"].as_str().expect("a URN");
        assert!(
            !id.starts_with("urn:ietf:params:scim:api:") && !schema.to_string().contains("null")
        );
        assert_eq!(client.get(&format!("/Schemas/{id}")), *schema);
        assert_eq!(
            schema["meta"]["location"],
            json!(format!("http://test.example/scim/v2/Schemas/{id}"))
        );
    }
    let types = client.get("/ResourceTypes");
    assert_eq!(types["totalResults"], 2);
    assert_eq!(client.get("/ResourceTypes/User"), types["Resources"][0]);
    let user = client.get(&format!("/Schemas/{USER}"));
    let password = user["attributes"]
        .as_array()
        .expect("a list")
        .iter()
        .find(|attribute| attribute["name"] == "password");
    assert_eq!(
        password.map(|found| (&found["mutability"], &found["returned"])),
        Some((&json!("writeOnly"), &json!("never")))
    );
}

#[test]
fn documents_cannot_be_filtered_or_changed() {
    let client = Client::tolerant();
    for path in [
        "/ServiceProviderConfig",
        "/Schemas",
        "/ResourceTypes",
        "/ResourceTypes/User",
    ] {
        assert_eq!(
            client
                .call(
                    "GET",
                    &format!("{path}?filter=name eq \"User\""),
                    &Value::Null
                )
                .0,
            403,
            "{path}"
        );
        for method in ["POST", "PUT", "PATCH", "DELETE"] {
            let answer = client.send(method, path, &[], &json!({}));
            assert_eq!(
                (answer.status, answer.header("allow")),
                (405, Some("GET")),
                "{method} {path}"
            );
        }
    }
    assert_eq!(client.call("GET", "/Schemas/urn:none", &Value::Null).0, 404);
    assert_eq!(
        client.call("GET", "/ResourceTypes/None", &Value::Null).0,
        404
    );
}

#[test]
fn own_resource_types_are_served() {
    let schemas = vec![json!({
        "schemas": [{"id": "urn:okta:scim:schemas:core:1.0:Role", "name": "Role",
            "attributes": [{"name": "displayName", "required": true, "uniqueness": "server"}, {"name": "description"}]}],
        "resourceTypes": [{"name": "Role", "endpoint": "/Roles", "schema": "urn:okta:scim:schemas:core:1.0:Role"}]
    })];
    let client = Client::new(scimulate::server::Settings {
        schemas,
        ..Default::default()
    });
    let body =
        json!({"schemas": ["urn:okta:scim:schemas:core:1.0:Role"], "displayName": "Approver"});
    let id = client.create("/Roles", &body);
    assert_eq!(
        client.get(&format!("/Roles/{id}"))["meta"]["resourceType"],
        "Role"
    );
    assert_eq!(client.call("POST", "/Roles", &body).0, 409);
    assert_eq!(
        client.found("/Roles", "displayName eq \"approver\""),
        Ok(vec!["Approver".to_owned()])
    );
    assert_eq!(client.get("/ResourceTypes")["totalResults"], 3);
    assert_eq!(
        client.get("/?filter=meta.resourceType eq \"Role\"")["totalResults"],
        1
    );
}
