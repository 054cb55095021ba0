//! Tests 8 to 14 of the gallery's template: groups.

use serde_json::{Value, json};

use crate::desk::Desk;

#[test]
fn test_8_create_group() {
    let desk = Desk::new();
    let name = "LACreateGroup-(1a2b3c4d)";
    assert_eq!(desk.team(name), None);
    let id = desk.group(name);
    let body = json!({
        "principalId": id,
        "resourceId": desk.principal(),
        "appRoleId": crate::desk::ROLE,
    });
    let path = format!("/servicePrincipals/{}/appRoleAssignedTo", desk.principal());
    assert_eq!(desk.graph("POST", &path, body).status, 201);
    let team = desk.team(name).expect("it was created");
    assert_eq!(team["externalId"].as_str(), Some(id.as_str()));
    let entry = desk.success(&id, "Create");
    assert_eq!(entry["sourceIdentity"]["identityType"], "Group");
    assert_eq!(entry["targetIdentity"]["id"], team["id"]);
}

#[test]
fn test_9_update_group() {
    let desk = Desk::new();
    let id = desk.group("LAUpdateGroup-1");
    desk.assign("groups", &id);
    let change = json!({"displayName": "LAUpdateGroup-2", "description": "another"});
    assert_eq!(
        desk.graph("PATCH", &format!("/groups/{id}"), change).status,
        204
    );
    assert!(desk.team("LAUpdateGroup-2").is_some());
    assert_eq!(desk.team("LAUpdateGroup-1"), None);
    let entry = desk.success(&id, "Update");
    assert_eq!(
        entry["modifiedProperties"],
        json!([{
            "displayName": "displayName",
            "oldValue": "LAUpdateGroup-1",
            "newValue": "LAUpdateGroup-2",
        }])
    );
}

#[test]
fn test_10_delete_group() {
    let desk = Desk::new();
    let name = "LADeleteGroup-1";
    let id = desk.group(name);
    desk.assign("groups", &id);
    assert!(desk.team(name).is_some());
    assert_eq!(desk.delete(&format!("/groups/{id}")).status, 204);
    assert_eq!(desk.team(name), None);
    desk.success(&id, "Delete");
    assert_eq!(desk.get(&format!("/groups/{id}")).status, 404);
    assert_eq!(
        desk.get(&format!("/directory/deletedItems/{id}")).status,
        404
    );
}

#[test]
fn tests_11_and_12_add_and_remove_a_member() {
    let desk = Desk::new();
    let (name, team) = ("lamem1@example.test", "LAMemberGroup-1");
    let group = desk.group(team);
    let user = desk.assigned_user(name);
    desk.assign("groups", &group);
    desk.success(&group, "Create");
    let account = desk.account(name).unwrap()["id"].clone();
    let more = " and provisioningAction eq 'Update' and modifiedProperties/any(p: p/displayName eq 'members')";
    assert_eq!(desk.entry(&group, more), None);

    let path = format!("/groups/{group}/members");
    let body =
        json!({"@odata.id": format!("https://graph.microsoft.com/v1.0/directoryObjects/{user}")});
    assert_eq!(
        desk.graph("POST", &format!("{path}/$ref"), body).status,
        204
    );
    assert_eq!(desk.team(team).unwrap()["members"][0]["value"], account);
    let changed = &desk.entry(&group, more).unwrap()["modifiedProperties"][0];
    assert_eq!(changed["newValue"], account);
    assert!(changed["oldValue"].is_null());
    let members = desk.get(&format!("{path}?$select=id"));
    let expected = json!([{"id": user, "@odata.type": "#microsoft.graph.user"}]);
    assert_eq!(members.body["value"], expected);

    assert_eq!(desk.delete(&format!("{path}/{user}/$ref")).status, 204);
    let left = desk.team(team).unwrap();
    assert!(left["members"].as_array().is_none_or(Vec::is_empty));
    let changed = &desk.entry(&group, more).unwrap()["modifiedProperties"][0];
    assert_eq!(changed["oldValue"], account);
    assert!(changed["newValue"].is_null());
    assert!(
        desk.account(name)
            .is_some_and(|user| user["active"] == true)
    );
}

#[test]
fn the_compliant_client_tells_the_same_of_members() {
    let desk = Desk::with("--as entra-compliant");
    let (group, user) = (desk.group("team"), desk.assigned_user("ada@example.test"));
    desk.assign("groups", &group);
    let account = desk.account("ada@example.test").unwrap()["id"].clone();
    let path = format!("/groups/{group}");
    let bind = json!({"members@odata.bind": [format!("{}/v1.0/users/{user}", desk.base())]});
    assert_eq!(desk.graph("PATCH", &path, bind).status, 204);
    assert_eq!(desk.team("team").unwrap()["members"][0]["value"], account);
    assert_eq!(
        desk.delete(&format!("{path}/members/{user}/$ref")).status,
        204
    );
    assert!(
        desk.team("team")
            .unwrap()
            .get("members")
            .is_none_or(|members| members == &json!([]))
    );
    let changed = &desk.success(&group, "Update")["modifiedProperties"];
    assert_eq!(
        *changed,
        json!([{"displayName": "members", "oldValue": account, "newValue": null}])
    );
    let disabled = json!({"accountEnabled": false});
    assert_eq!(
        desk.graph("PATCH", &format!("/users/{user}"), disabled)
            .status,
        204
    );
    desk.success(&user, "disable");
}

#[test]
fn test_13_group_on_demand() {
    let desk = Desk::with("--eager off");
    let team = "LAPodGroup-1";
    let group = desk.group(team);
    desk.assign("groups", &group);
    let answer = desk.on_demand("Group", &group);
    assert_eq!(answer.status, 200, "{answer:?}");
    assert!(desk.team(team).is_some());
    desk.success(&group, "create");
}

#[test]
fn test_14_restore_group() {
    let desk = Desk::new();
    let team = "RestoreGrp-1a2b3c4d";
    let group = desk.group(team);
    let assignment = desk.assign("groups", &group);
    let before = desk.team(team).unwrap();
    let path = format!("/groups/{group}/appRoleAssignments/{assignment}");
    assert_eq!(desk.delete(&path).status, 204);
    assert_eq!(desk.team(team), None);
    desk.success(&group, "Delete");
    desk.assign("groups", &group);
    let after = desk.team(team).expect("it is created again");
    assert_ne!(after["id"], before["id"]);
    assert_eq!(
        desk.success(&group, "Create")["targetIdentity"]["id"],
        after["id"]
    );
}

#[test]
fn members_of_an_assigned_group_are_in_scope() {
    let desk = Desk::new();
    let name = "ada@example.test";
    let user = desk.user(name);
    let group = desk.group("team");
    let members = format!("/groups/{group}/members");
    let body = json!({"@odata.id": format!("{}/v1.0/users/{user}", desk.base())});
    assert_eq!(
        desk.graph("POST", &format!("{members}/$ref"), body.clone())
            .status,
        204
    );
    assert_eq!(desk.account(name), None);
    let assignment = desk.assign("groups", &group);
    let account = desk.account(name).expect("the group brings its members")["id"].clone();
    assert_eq!(desk.team("team").unwrap()["members"][0]["value"], account);

    assert_eq!(desk.delete(&format!("{members}/{user}/$ref")).status, 204);
    assert_eq!(
        desk.account(name).unwrap()["active"],
        false,
        "who leaves is out of scope"
    );
    assert_eq!(
        desk.graph("POST", &format!("{members}/$ref"), body).status,
        204
    );
    assert_eq!(desk.account(name).unwrap()["active"], true);

    let path = format!("/groups/{group}/appRoleAssignments/{assignment}");
    assert_eq!(desk.delete(&path).status, 204);
    assert_eq!(desk.team("team"), None);
    assert_eq!(desk.account(name).unwrap()["active"], false);
}

#[test]
fn a_microsoft_365_group_can_be_restored() {
    let desk = Desk::new();
    let body = json!({
        "displayName": "unified",
        "mailEnabled": true,
        "mailNickname": "unified",
        "securityEnabled": false,
        "groupTypes": ["Unified"],
    });
    let group = desk.graph("POST", "/groups", body).id();
    desk.assign("groups", &group);
    assert_eq!(desk.delete(&format!("/groups/{group}")).status, 204);
    assert_eq!(desk.team("unified"), None);
    let item = format!("/directory/deletedItems/{group}");
    assert_eq!(desk.get(&item).body["displayName"], "unified");
    assert_eq!(
        desk.graph("POST", &format!("{item}/restore"), Value::Null)
            .status,
        200
    );
    assert!(desk.team("unified").is_some());
    assert_eq!(desk.delete(&format!("/groups/{group}")).status, 204);
    assert_eq!(desk.delete(&item).status, 204);
    assert_eq!(desk.get(&item).status, 404);
}
