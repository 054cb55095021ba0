//! The command itself: what it prints, and what it refuses.

use assert_cmd::Command;
use serde_json::{Value, json};

use crate::desk::Desk;

fn refused(options: &str) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_scimulate"))
        .args(["org", "entra", "--port", "0"])
        .args(options.split_whitespace())
        .output()
        .expect("it starts");
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    assert!(output.stdout.is_empty());
    String::from_utf8(output.stderr).expect("text")
}

#[test]
fn wrong_options_are_told() {
    assert_eq!(
        refused("--as okta-oin"),
        "error: `okta-oin` is no client of a tenant of Entra\nhint: there is entra-legacy, entra-compliant\n"
    );
    assert_eq!(
        refused("--app-id 0oa1gjh63g214q0Hq0g4"),
        "error: `--app-id 0oa1gjh63g214q0Hq0g4` is no GUID, and Microsoft Graph knows its objects by GUIDs\nhint: leave it out for a fresh one\n"
    );
    let eager = refused("--eager maybe");
    assert!(eager.contains("[possible values: on, off]"), "{eager}");
}

#[test]
fn the_id_of_the_application_can_be_chosen() {
    let id = "A75E1465-335F-4B02-B718-B6544F6BC222";
    let desk = Desk::with(&format!("--app-id {id}"));
    assert_eq!(desk.principal(), id.to_lowercase());
    let by_id = desk.get(&format!("/servicePrincipals/{id}?$select=appId"));
    let app = by_id.body["appId"].as_str().expect("an id").to_owned();
    let by_app = desk.get(&format!("/servicePrincipals(appId='{app}')?$select=id"));
    assert_eq!(by_app.body["id"], desk.principal());
    let other = desk.get("/servicePrincipals(appId='x')");
    assert_eq!(other.status, 404);
    let all = desk.get("/servicePrincipals?$filter=displayName eq 'scimulate'&$select=id");
    assert_eq!(all.body["value"], json!([{"id": desk.principal()}]));
}

#[test]
fn nothing_that_can_be_read_holds_a_secret() {
    let desk = Desk::new();
    let id = desk.assigned_user("ada@example.test");
    desk.on_demand("User", &id);
    let path = format!(
        "/servicePrincipals/{}/synchronization/secrets",
        desk.principal()
    );
    let secret = json!({"value": [{"key": "SecretToken", "value": "canary"}]});
    assert_eq!(desk.graph("PUT", &path, secret).status, 204);
    let mut read = String::new();
    for path in [
        "/auditLogs/provisioning".to_owned(),
        desk.at_job(""),
        desk.at_job("/schema"),
        format!(
            "/servicePrincipals/{}/synchronization/connectivityParameters",
            desk.principal()
        ),
        format!("/users/{id}"),
    ] {
        let answer = desk.graph_of("beta", "GET", &path, Value::Null);
        assert_eq!(answer.status, 200, "{path}");
        read.push_str(&answer.body.to_string());
    }
    for secret in [
        "canary",
        "Tmp!0a1b2c3d",
        desk.shown("client-secret"),
        desk.shown("target-token"),
    ] {
        assert!(!read.contains(secret), "{secret}");
    }
}
