//! Tests 1 to 7 of the gallery's template: users.

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::desk::{Desk, MANAGER};

const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";

#[test]
fn the_initialization_finds_a_job_its_schema_and_the_roles() {
    let desk = Desk::new();
    let principal = desk.principal();
    let jobs = desk.get(&format!(
        "/servicePrincipals/{principal}/synchronization/jobs"
    ));
    assert_eq!(jobs.body["value"][0]["id"], desk.job());
    assert_eq!(desk.job_shown()["status"]["code"], "Active");
    let schema = desk.get(&desk.at_job("/schema")).body;
    let directories = schema["directories"].as_array().unwrap();
    let source = directories
        .iter()
        .find(|directory| directory["name"] == "Microsoft Entra ID")
        .unwrap();
    assert_eq!(source["objects"][0]["name"], "User");
    let mappings = schema["synchronizationRules"][0]["objectMappings"]
        .as_array()
        .unwrap();
    let users = mappings
        .iter()
        .find(|mapping| mapping["targetObjectName"] == ENTERPRISE)
        .unwrap();
    let mapped = |target: &str| {
        users["attributeMappings"]
            .as_array()
            .unwrap()
            .iter()
            .find(|row| row["targetAttributeName"] == target)
            .unwrap()["source"]
            .clone()
    };
    assert_eq!(mapped("userName")["name"], "userPrincipalName");
    assert_eq!(mapped("active")["type"], "Function");
    let join = mapped("name.formatted");
    assert_eq!(join["name"], "Join");
    assert_eq!(join["parameters"][1]["value"]["name"], "givenName");
    let beta = format!("/servicePrincipals/{principal}/synchronization/connectivityParameters");
    let parameters = desk.graph_of("beta", "GET", &beta, Value::Null);
    assert_eq!(parameters.body["value"][0]["value"], desk.shown("target"));
    let roles = desk.get(&format!("/servicePrincipals/{principal}?$select=appRoles"));
    assert_eq!(roles.body["appRoles"][0]["displayName"], "User");
    assert!(roles.body.get("appId").is_none());
}

#[test]
fn test_1_create_user() {
    let desk = Desk::new();
    let name = "lacreate@example.test";
    assert_eq!(desk.account(name), None);
    let id = desk.assigned_user(name);
    let account = desk
        .account(name)
        .expect("it was created before the answer");
    assert_eq!(account["active"], true);
    let entry = desk.success(&id, "Create");
    assert_eq!(entry["targetIdentity"]["id"], account["id"]);
    let names: Vec<&str> = entry["modifiedProperties"]
        .as_array()
        .unwrap()
        .iter()
        .map(|property| property["displayName"].as_str().unwrap())
        .collect();
    assert_eq!(
        names,
        [
            "externalId",
            "userName",
            "active",
            "displayName",
            "emails[type eq \"work\"].value"
        ]
    );
}

#[test]
fn test_2_update_user() {
    let desk = Desk::new();
    let id = desk.assigned_user("laupdate@example.test");
    let before = desk.account("laupdate@example.test").unwrap();
    let name = "updated@example.test";
    let change = json!({
        "userPrincipalName": name,
        "displayName": "Updated1a2b3c",
        "givenName": "Ada",
        "surname": "Berg",
        "jobTitle": "Engineer",
        "department": "Field Ops",
        "city": "Lund",
        "businessPhones": ["+46 46 555 0101"],
        "mobilePhone": "+46 70 555 0102",
        "employeeId": "10442",
    });
    assert_eq!(
        desk.graph("PATCH", &format!("/users/{id}"), change).status,
        204
    );
    let account = desk.account(name).expect("its name has changed");
    assert_eq!(account["id"], before["id"]);
    assert_eq!(account["title"], "Engineer");
    assert_eq!(account["name"]["formatted"], "Ada Berg");
    assert_eq!(account[ENTERPRISE]["department"], "Field Ops");
    assert_eq!(account[ENTERPRISE]["employeeNumber"], "10442");
    assert_eq!(account["addresses"][0]["locality"], "Lund");
    assert_eq!(account["phoneNumbers"].as_array().unwrap().len(), 2);
    let entry = desk.success(&id, "Update");
    let renamed = &entry["modifiedProperties"][0];
    assert_eq!(renamed["displayName"], "userName");
    assert_eq!(renamed["oldValue"], "laupdate@example.test");
    assert_eq!(renamed["newValue"], name);
}

#[test]
fn test_3_disable_user() {
    let desk = Desk::new();
    let name = "ladis@example.test";
    let id = desk.assigned_user(name);
    let change = json!({"accountEnabled": false});
    assert_eq!(
        desk.graph("PATCH", &format!("/users/{id}"), change).status,
        204
    );
    assert_eq!(desk.account(name).unwrap()["active"], false);
    let entry = desk.success(&id, "Disable");
    assert_eq!(
        entry["modifiedProperties"],
        json!([{"displayName": "active", "oldValue": "True", "newValue": "False"}])
    );
    let change = json!({"accountEnabled": true});
    assert_eq!(
        desk.graph("PATCH", &format!("/users/{id}"), change).status,
        204
    );
    assert_eq!(desk.account(name).unwrap()["active"], true);
    assert_eq!(
        desk.success(&id, "Update")["modifiedProperties"][0]["newValue"],
        "True"
    );
}

#[test]
fn test_4_delete_user() {
    let desk = Desk::new();
    let name = "ladel@example.test";
    let id = desk.assigned_user(name);
    let account = desk.account(name).unwrap();
    let path = format!("/Users/{}", account["id"].as_str().unwrap());
    assert_eq!(desk.delete(&format!("/users/{id}")).status, 204);
    assert_eq!(
        desk.scim(&path).body["active"],
        false,
        "a soft delete disables"
    );
    desk.success(&id, "Disable");
    assert_eq!(desk.get(&format!("/users/{id}")).status, 404);
    let deleted = format!("/directory/deletedItems/{id}");
    assert_eq!(desk.get(&deleted).body["userPrincipalName"], name);
    assert_eq!(desk.delete(&deleted).status, 204);
    assert_eq!(desk.scim(&path).status, 404);
    let entry = desk.success(&id, "Delete");
    assert_eq!(entry["targetIdentity"]["id"], account["id"]);
    assert_eq!(desk.get(&deleted).status, 404);
}

#[test]
fn a_user_that_was_deleted_softly_can_be_restored() {
    let desk = Desk::new();
    let name = "back@example.test";
    let id = desk.assigned_user(name);
    let before = desk.account(name).unwrap();
    assert_eq!(desk.delete(&format!("/users/{id}")).status, 204);
    let list = desk.get("/directory/deletedItems/microsoft.graph.user?$select=id");
    assert_eq!(list.body["value"], json!([{"id": id}]));
    let restore = format!("/directory/deletedItems/{id}/restore");
    assert_eq!(desk.graph("POST", &restore, Value::Null).status, 200);
    let account = desk.account(name).unwrap();
    assert_eq!(account["active"], true);
    assert_eq!(account["id"], before["id"]);
    assert_eq!(desk.get(&format!("/users/{name}")).id(), id);
}

#[test]
fn test_5_update_manager() {
    let desk = Desk::new();
    let [first, second] = ["lamgrinit@example.test", "lamgrnew@example.test"];
    let (initial, new) = (desk.assigned_user(first), desk.assigned_user(second));
    let name = "lamgr@example.test";
    let id = desk.assigned_user(name);
    let path = format!("/users/{id}/manager/$ref");
    let mut before = Value::Null;
    for (manager, user) in [(first, &initial), (second, &new)] {
        let account = desk.account(manager).unwrap()["id"].clone();
        let start = Timestamp::now();
        let body = json!({"@odata.id": format!("https://graph.microsoft.com/v1.0/users/{user}")});
        assert_eq!(desk.graph("PUT", &path, body).status, 204);
        assert_eq!(
            desk.account(name).unwrap()[ENTERPRISE]["manager"]["value"],
            account
        );
        let changed = manager_changed(&desk, &id, start);
        assert_eq!(changed["newValue"], account);
        assert_eq!(changed["oldValue"], before);
        let shown = desk.get(&format!("/users/{id}/manager"));
        assert_eq!(shown.body["id"].as_str(), Some(user.as_str()));
        before = account;
    }
    let start = Timestamp::now();
    assert_eq!(desk.delete(&path).status, 204);
    assert!(desk.account(name).unwrap()[ENTERPRISE]["manager"]["value"].is_null());
    assert!(manager_changed(&desk, &id, start)["newValue"].is_null());
    assert_eq!(desk.delete(&path).status, 404);
}

/// The first property of the update of the manager since then, asked for as the template asks.
fn manager_changed(desk: &Desk, id: &str, since: Timestamp) -> Value {
    let more = format!(
        " and provisioningAction eq 'Update' and activityDateTime ge {since} and modifiedProperties/any(p: p/displayName eq 'manager' or p/displayName eq '{MANAGER}')"
    );
    let entry = desk.entry(id, &more).expect("the change is in the log");
    assert_eq!(entry["provisioningStatusInfo"]["status"], "success");
    entry["modifiedProperties"][0].clone()
}

#[test]
fn test_6_restore_user() {
    let desk = Desk::new();
    let name = "larestore@example.test";
    let id = desk.user(name);
    let assignment = desk.assign("users", &id);
    desk.success(&id, "Create");
    let before = desk.account(name).unwrap();
    let assigned = format!("/servicePrincipals/{}/appRoleAssignedTo", desk.principal());
    assert_eq!(
        desk.get(&assigned).body["value"][0]["principalId"].as_str(),
        Some(id.as_str())
    );
    assert_eq!(desk.delete(&format!("{assigned}/{assignment}")).status, 204);
    assert_eq!(desk.account(name).unwrap()["active"], false);
    let more = " and (provisioningAction eq 'Disable')";
    assert!(desk.entry(&id, more).is_some());
    desk.assign("users", &id);
    let account = desk.account(name).unwrap();
    assert_eq!(account["active"], true);
    assert_eq!(account["id"], before["id"]);
    let entry = desk.entry(&id, "").unwrap();
    assert_eq!(entry["provisioningStatusInfo"]["status"], "success");
}

#[test]
fn test_7_user_on_demand() {
    let desk = Desk::with("--eager off");
    let name = "lapod@example.test";
    let id = desk.assigned_user(name);
    assert_eq!(
        desk.account(name),
        None,
        "the job has not been started again"
    );
    let answer = desk.on_demand("User", &id);
    assert_eq!(answer.status, 200, "{answer:?}");
    let key: Value = serde_json::from_str(answer.body["key"].as_str().unwrap()).unwrap();
    assert_eq!(key, json!({"result": "Success", "details": {}}));
    let value: Value = serde_json::from_str(answer.body["value"].as_str().unwrap()).unwrap();
    assert_eq!(value["action"], "Create");
    let steps: Vec<&str> = value["provisioningSteps"]
        .as_array()
        .unwrap()
        .iter()
        .map(|step| step["type"].as_str().unwrap())
        .collect();
    let whole = ["Import", "Matching", "Scoping", "Processing", "Export"];
    assert_eq!(steps[..5], whole);
    assert!(desk.account(name).is_some());
    desk.success(&id, "create");
    let again = desk.on_demand("User", &id);
    let key: Value = serde_json::from_str(again.body["key"].as_str().unwrap()).unwrap();
    assert_eq!(key["result"], "Skipped");
    assert_eq!(key["details"]["errorCode"], "RedundantExport");
}

#[test]
fn beta_shows_what_v1_shows_only_when_asked() {
    let desk = Desk::new();
    let id = desk.user("ada@example.test");
    let path = format!("/users/{id}");
    assert!(desk.get(&path).body.get("accountEnabled").is_none());
    let selected = desk.get(&format!("{path}?$select=accountEnabled,id")).body;
    assert_eq!(selected["accountEnabled"], true);
    assert!(selected.get("displayName").is_none());
    let beta = desk.graph_of("beta", "GET", &path, Value::Null).body;
    assert_eq!(beta["accountEnabled"], true);
    assert_eq!(beta["faxNumber"], Value::Null);
    assert!(beta.get("passwordProfile").is_none());
}

#[test]
fn users_are_listed_by_filter_order_and_page() {
    let desk = Desk::new();
    for name in ["cleo", "ada", "bob"] {
        desk.user(&format!("{name}@example.test"));
    }
    let names = |body: &Value| -> Vec<String> {
        body["value"]
            .as_array()
            .unwrap()
            .iter()
            .map(|user| user["mailNickname"].as_str().unwrap().to_owned())
            .collect()
    };
    let list = |query: &str| {
        desk.get(&format!("/users?$select=mailNickname&{query}"))
            .body
    };
    assert_eq!(
        names(&list("$orderby=mailNickname")),
        ["ada", "bob", "cleo"]
    );
    assert_eq!(names(&list("$filter=startswith(mail,'B')")), ["bob"]);
    let page = list("$orderby=mailNickname desc&$top=2&$count=true");
    assert_eq!(names(&page), ["cleo", "bob"]);
    assert_eq!(page["@odata.count"], 3);
    let next = page["@odata.nextLink"].as_str().unwrap();
    let next = next.split_once("/v1.0").expect("the same service").1;
    let page = desk.get(next).body;
    assert_eq!(names(&page), ["ada"]);
    assert!(page.get("@odata.nextLink").is_none());
}
