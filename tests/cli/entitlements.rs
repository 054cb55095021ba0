//! Okta's packs about roles and entitlements, against a server that has some.

use std::io::{Read, Write};
use std::net::TcpStream;

use crate::project::Project;

/// What `serve --schema` reads: a list of roles, and one of entitlements.
const SCHEMAS: &str = r#"{
  "schemas": [
    {"id": "urn:okta:scim:schemas:core:1.0:Role", "name": "Role", "attributes": [
      {"name": "displayName", "type": "string", "multiValued": false, "mutability": "readWrite", "returned": "default"}]},
    {"id": "urn:okta:scim:schemas:core:1.0:Entitlement", "name": "Entitlement", "attributes": [
      {"name": "displayName", "type": "string", "multiValued": false, "mutability": "readWrite", "returned": "default"},
      {"name": "type", "type": "string", "multiValued": false, "mutability": "readWrite", "returned": "default"}]}
  ],
  "resourceTypes": [
    {"id": "Role", "name": "Role", "endpoint": "/Roles", "schema": "urn:okta:scim:schemas:core:1.0:Role"},
    {"id": "License", "name": "License", "endpoint": "/Licenses", "schema": "urn:okta:scim:schemas:core:1.0:Entitlement"}
  ]
}"#;

/// Creates a resource at a server.
fn create(base: &str, endpoint: &str, body: &str) {
    let authority = base.split('/').nth(2).expect("it is a URL");
    let mut stream = TcpStream::connect(authority).expect("the server listens");
    let request = format!(
        "POST /scim/v2/{endpoint} HTTP/1.1\r\nHost: {authority}\r\nContent-Type: application/scim+json\r\n\
         Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    );
    stream
        .write_all(request.as_bytes())
        .expect("the server reads");
    let mut answer = String::new();
    stream
        .read_to_string(&mut answer)
        .expect("the server answers");
    assert!(answer.starts_with("HTTP/1.1 201"), "{answer}");
}

#[test]
fn roles_and_entitlements_are_found_and_granted() {
    let project = Project::new();
    project.write("entitlements.json", SCHEMAS);
    let mut serving = project.serve("--schema entitlements.json");
    let base = serving.line();
    let words =
        format!("run certify/okta/entitlements --as okta-oin --snapshots off --target {base}");

    let role = r#"{"schemas":["urn:okta:scim:schemas:core:1.0:Role"],"displayName":"Approver"}"#;
    create(&base, "Roles", role);
    let license = r#"{"schemas":["urn:okta:scim:schemas:core:1.0:Entitlement"],"displayName":"Gold","type":"License"}"#;
    create(&base, "Licenses", license);
    let said = project.scimulate(&words);
    assert_eq!(said.code, Some(0), "{}", said.all());
    assert!(
        said.stdout.contains("3 scenarios: 3 passed;"),
        "{}",
        said.stdout
    );
    assert!(
        !said.stdout.contains("name no roles"),
        "nothing is left out for the lack of them: {}",
        said.stdout
    );

    // An entitlement of another type than its list has.
    let strange = r#"{"schemas":["urn:okta:scim:schemas:core:1.0:Entitlement"],"displayName":"Silver","type":"Other"}"#;
    create(&base, "Licenses", strange);
    let said = project.scimulate(&words);
    assert_eq!(said.code, Some(1), "{}", said.all());
    assert!(
        said.stdout
            .contains("what Okta reads of entitlements [first]")
            && said.stdout.contains("breaks Okta"),
        "{}",
        said.stdout
    );
}

#[test]
fn what_has_no_entitlements_is_asked_for_none() {
    let project = Project::new();
    let said = project.scimulate(
        "run certify/okta/entitlements/lists --as okta-oin --snapshots off --report-json -",
    );
    assert_eq!(said.code, Some(0), "{}", said.all());
    assert!(
        said.stdout
            .contains("the target's `/ResourceTypes` name no roles or entitlements"),
        "{}",
        said.stdout
    );
    assert!(!said.stdout.contains("count=1&startIndex=1"));
}
