//! People: what is sent about them, and when.

use serde_json::{Value, json};

use super::{
    ADA, Desk, FINANCE, accepting, answered, assigned, directory, list, refused, stored, update,
};
use crate::finding::{Authority, Strength};
use crate::idp::mapping::Mapping;
use crate::idp::{Change, Did, Directory, Memory, Provisioner, Subject, Switches};
use crate::profile::ProfileId;

const LOOK_UP: &str =
    r#"GET /Users?filter=userName eq "ada.lovell@example.test"&startIndex=1&count=100"#;

/// Source, client, what is caused, which body of the last change, its length, the body.
type Row = (&'static str, ProfileId, Vec<Change>, usize, usize, String);

/// Every body that the reference prints, with its length there: section, what is caused, the last body of it.
#[test]
fn bodies_of_the_reference() {
    let patch = |operation: &str| {
        format!(
            r#"{{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{operation}]}}"#
        )
    };
    let ada = format!(r#"{{"value":"{ADA}","display":"ada.lovell@example.test"}}"#);
    let add = format!(r#"{{"op":"add","path":"members","value":[{ada}]}}"#);
    let group = |rest: &str| {
        format!(r#"{{"schemas":["urn:ietf:params:scim:schemas:core:2.0:Group"],{rest}}}"#)
    };
    let finance = || Change::PushGroup("finance".into());
    let table: [Row; 9] = [
        (
            "2.2 [doc]",
            ProfileId::OktaOin,
            vec![Change::Assign("ada".into())],
            0,
            348,
            r#"{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":"ada.lovell@example.test","name":{"givenName":"Ada","familyName":"Lovell"},"emails":[{"primary":true,"value":"ada.lovell@example.test","type":"work"}],"displayName":"Ada Lovell","locale":"en-US","externalId":"00u1sampleuserid0001","groups":[],"password":"Zq7rT2mK","active":true}"#.into(),
        ),
        (
            "4.1 [doc][recorded]",
            ProfileId::OktaOin,
            vec![Change::Assign("ada".into()), Change::Unassign("ada".into())],
            0,
            118,
            patch(r#"{"op":"replace","value":{"active":false}}"#),
        ),
        (
            "6.2 [doc]",
            ProfileId::OktaOin,
            vec![Change::Assign("ada".into()), finance()],
            0,
            102,
            group(r#""displayName":"Finance Staff","members":[]"#),
        ),
        (
            "6.3 [doc][recorded]",
            ProfileId::OktaOin,
            vec![
                Change::Assign("ada".into()),
                finance(),
                Change::RenameGroup("finance".into(), "Finance Team".into()),
            ],
            0,
            176,
            patch(&format!(
                r#"{{"op":"replace","value":{{"id":"{FINANCE}","displayName":"Finance Team"}}}}"#
            )),
        ),
        (
            "6.4 [doc][recorded]",
            ProfileId::OktaOin,
            vec![Change::Assign("ada".into()), finance()],
            2,
            201,
            patch(&add),
        ),
        (
            "6.2 [recorded]",
            ProfileId::OktaAiw,
            vec![Change::Assign("ada".into()), finance()],
            0,
            186,
            group(&format!(r#""displayName":"Finance Staff","members":[{ada}]"#)),
        ),
        (
            "6.4 [recorded]",
            ProfileId::OktaAiw,
            vec![Change::Assign("ada".into()), finance()],
            1,
            230,
            group(&format!(
                r#""id":"{FINANCE}","displayName":"Finance Staff","members":[{ada}]"#
            )),
        ),
        (
            "6.5 [recorded]",
            ProfileId::OktaOin,
            vec![
                finance(),
                Change::PushNow("finance".into()),
            ],
            0,
            121,
            patch(r#"{"op":"replace","path":"members","value":[]}"#),
        ),
        (
            "3.6 [inferred]",
            ProfileId::OktaOin,
            vec![
                Change::Assign("ada".into()),
                Change::SyncPassword("ada".into(), "N3w-Secret-1".into()),
            ],
            0,
            129,
            patch(r#"{"op":"replace","value":{"password":"N3w-Secret-1"}}"#),
        ),
    ];
    for (source, client, changes, place, length, expected) in table {
        let mut desk = Desk::new(client, directory(), &[]);
        for change in &changes {
            let outcomes = desk.cause(change, &mut accepting);
            assert!(outcomes.iter().all(Result::is_ok), "{source}: {outcomes:?}");
        }
        assert_eq!(desk.written()[place], expected, "{source}");
        assert_eq!(expected.len(), length, "{source}");
    }
}

/// okta.md 2.2 [recorded]: an application of the wizard that maps no type and no name to show.
#[test]
fn the_smallest_user_is_290_bytes() {
    let mut mapping = Mapping::default_of(Authority::Okta).clone();
    mapping.users.retain(|row| !row.to.ends_with(".type"));
    let mut directory = directory();
    let ada = directory.people.get_mut("ada").unwrap();
    ada.attributes.shift_remove("displayName");
    ada.attributes.shift_remove("locale");
    let mut desk = Desk::new(ProfileId::OktaAiw, Directory::default(), &[]);
    desk.provisioner = Provisioner::new(
        ProfileId::OktaAiw,
        directory,
        Some(mapping),
        Switches::default(),
        Memory::default(),
    )
    .unwrap();
    desk.cause(&Change::Assign("ada".into()), &mut accepting);
    let expected = r#"{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":"ada.lovell@example.test","name":{"givenName":"Ada","familyName":"Lovell"},"emails":[{"primary":true,"value":"ada.lovell@example.test"}],"externalId":"00u1sampleuserid0001","groups":[],"password":"Zq7rT2mK","active":true}"#;
    assert_eq!(desk.written(), [expected]);
    assert_eq!(expected.len(), 290);
}

/// okta.md 2.3: the full-profile sample.
#[test]
fn an_extension_follows_the_core_attributes() {
    let mut directory = directory();
    directory.people.get_mut("ada").unwrap().attributes.extend(
        json!({
            "title": "Analyst", "phone": "555 0100", "employeeNumber": "1842", "costCenter": "CC-7",
            "organization": "Example Test Ltd", "department": "Research",
        })
        .as_object()
        .cloned()
        .unwrap(),
    );
    let mut desk = Desk::new(ProfileId::OktaOin, directory, &[]);
    desk.cause(&Change::Assign("ada".into()), &mut accepting);
    assert_eq!(
        desk.written(),
        [
            r#"{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User","urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"],"userName":"ada.lovell@example.test","name":{"givenName":"Ada","familyName":"Lovell"},"emails":[{"primary":true,"value":"ada.lovell@example.test","type":"work"}],"title":"Analyst","displayName":"Ada Lovell","phoneNumbers":[{"primary":true,"value":"555 0100","type":"work"}],"locale":"en-US","urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":{"employeeNumber":"1842","costCenter":"CC-7","organization":"Example Test Ltd","department":"Research"},"externalId":"00u1sampleuserid0001","groups":[],"password":"Zq7rT2mK","active":true}"#
        ]
    );
}

/// okta.md 3.2: the sample, 505 bytes.
#[test]
fn a_put_is_the_servers_document_with_the_attributes_over_it() {
    let mut desk = assigned(ProfileId::OktaOin, &[]);
    let values = json!({"name.givenName": "Adeline", "displayName": "Adeline Lovell"});
    let change = Change::Update("ada".into(), values.as_object().cloned().unwrap());
    assert_eq!(desk.cause(&change, &mut accepting), [Ok(Did::Updated)]);
    assert_eq!(
        desk.lines,
        [format!("GET /Users/{ADA}"), format!("PUT /Users/{ADA}")]
    );
    let expected = format!(
        r#"{{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"id":"{ADA}","userName":"ada.lovell@example.test","name":{{"formatted":"Ada Lovell","givenName":"Adeline","familyName":"Lovell"}},"emails":[{{"primary":true,"value":"ada.lovell@example.test","type":"work"}}],"active":true,"meta":{{"resourceType":"User","created":"2026-01-05T09:00:00Z","lastModified":"2026-01-05T09:00:00Z"}},"displayName":"Adeline Lovell","locale":"en-US","externalId":"00u1sampleuserid0001","groups":[]}}"#
    );
    assert_eq!(desk.written(), [expected.as_str()]);
    assert_eq!(expected.len(), 505);
    // Nothing has changed: nothing is sent.
    assert_eq!(desk.cause(&change, &mut accepting), [Ok(Did::Unchanged)]);
    assert!(desk.lines.is_empty());
    assert!(desk.catch_up(&mut accepting).is_empty());
    let mapped = desk
        .provisioner
        .mapped(&Subject::User("ada".into()))
        .unwrap();
    assert_eq!(mapped["displayName"], "Adeline Lovell");
    assert_eq!(mapped["active"], true);
    assert!(mapped.get("password").is_none() && mapped.get("groups").is_none());
}

/// okta.md 2.1: none, one, one that is inactive, several.
#[test]
fn the_look_up_decides() {
    let assign = Change::Assign("ada".into());
    let mut desk = Desk::new(ProfileId::OktaOin, directory(), &[]);
    let outcomes = desk.cause(&assign, &mut |call| match call.method {
        "GET" => refused(404, "nobody"),
        _ => accepting(call),
    });
    assert_eq!(outcomes, [Ok(Did::Created)]);
    assert_eq!(desk.lines, [LOOK_UP, "POST /Users"]);

    let mut desk = Desk::new(ProfileId::OktaOin, directory(), &[]);
    let outcomes = desk.cause(&assign, &mut |call| match call.query.as_slice() {
        [] => accepting(call),
        _ => list(1, &[stored()]),
    });
    assert_eq!(outcomes, [Ok(Did::Linked)]);
    let read = format!("GET /Users/{ADA}");
    let put = format!("PUT /Users/{ADA}");
    assert_eq!(desk.lines, [LOOK_UP, &read, &put]);

    let mut inactive = stored();
    inactive["active"] = json!(false);
    for (client, between) in [
        (ProfileId::OktaOin, vec![format!("PATCH /Users/{ADA}")]),
        (ProfileId::OktaAiw, vec![read.clone(), put.clone()]),
    ] {
        let mut desk = Desk::new(client, directory(), &[]);
        let outcomes = desk.cause(&assign, &mut |call| match call.query.as_slice() {
            [] => accepting(call),
            _ => list(1, std::slice::from_ref(&inactive)),
        });
        assert_eq!(outcomes, [Ok(Did::Activated)]);
        let mut expected = vec![LOOK_UP.to_owned()];
        expected.extend(between);
        expected.extend([read.clone(), put.clone()]);
        assert_eq!(desk.lines, expected);
    }

    let mut desk = Desk::new(ProfileId::OktaOin, directory(), &[]);
    let outcomes = desk.cause(&assign, &mut |_| list(2, &[stored(), stored()]));
    assert_eq!(
        outcomes,
        [Err(
            "Multiple users found by userName. Expected 0 or 1 results but was 2".to_owned()
        )]
    );
}

/// okta.md 4.1, 4.2, 4.4.
#[test]
fn deactivation_and_reactivation() {
    let mut desk = assigned(ProfileId::OktaOin, &[]);
    desk.cause(&Change::Deactivate("ada".into()), &mut accepting);
    let off = r#"{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{"op":"replace","value":{"active":false}}]}"#;
    assert_eq!(desk.written(), [off]);
    assert_eq!(
        desk.cause(&Change::Delete("ada".into()), &mut accepting),
        [Ok(Did::Nothing)]
    );
    assert_eq!(
        desk.cause(&Change::Purge("bob".into()), &mut accepting),
        [Ok(Did::Deactivated)]
    );
    let mapped = desk
        .provisioner
        .mapped(&Subject::User("ada".into()))
        .unwrap();
    assert_eq!(mapped["active"], false);
    let mut inactive = stored();
    inactive["active"] = json!(false);
    let outcomes = desk.cause(&Change::Reassign("ada".into()), &mut |call| match call
        .query
        .as_slice()
    {
        [] => accepting(call),
        _ => list(1, std::slice::from_ref(&inactive)),
    });
    assert_eq!(outcomes, [Ok(Did::Activated)]);
    let on = r#"{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{"op":"replace","value":{"active":true}}]}"#;
    assert_eq!(desk.written()[0], on);
    assert_eq!((off.len(), on.len()), (118, 117));
    assert_eq!(
        desk.cause(&Change::Suspend("ada".into()), &mut accepting),
        [Ok(Did::Nothing)]
    );

    let mut desk = assigned(ProfileId::OktaAiw, &[]);
    desk.cause(&Change::Unassign("ada".into()), &mut accepting);
    let mut flipped = stored();
    flipped["active"] = json!(false);
    assert_eq!(desk.written(), [flipped.to_string()]);

    let mut desk = assigned(
        ProfileId::OktaOin,
        &[("okta.granular-deprovisioning", "on")],
    );
    desk.cause(&Change::Purge("ada".into()), &mut accepting);
    let user = format!("/Users/{ADA}");
    assert_eq!(
        desk.lines,
        [format!("PATCH {user}"), format!("DELETE {user}")]
    );
    assert_eq!(desk.provisioner.mapped(&Subject::User("ada".into())), None);
}

/// okta.md 3.5: the three ways in which an emptied value may be sent.
#[test]
fn values_are_cleared() {
    for (clearing, expected) in [
        ("omit", None),
        ("null", Some(Value::Null)),
        ("empty", Some(json!(""))),
    ] {
        let mut desk = assigned(ProfileId::OktaOin, &[("okta.clear", clearing)]);
        desk.cause(&update("title", json!("Analyst")), &mut accepting);
        desk.cause(&update("title", Value::Null), &mut |call| {
            let mut stored = stored();
            stored["title"] = "Analyst".into();
            match call.method {
                "GET" => answered(200, stored),
                _ => accepting(call),
            }
        });
        let sent: Value = serde_json::from_str(desk.written()[0]).unwrap();
        assert_eq!(sent.get("title"), expected.as_ref(), "{clearing}");
    }
}

/// okta.md 3.3 [inferred].
#[test]
fn a_user_patch_has_what_has_changed() {
    let mut desk = assigned(ProfileId::OktaOinUserpatch, &[]);
    let values = json!({"name.givenName": "Adeline", "displayName": "Adeline Lovell"});
    let change = Change::Update("ada".into(), values.as_object().cloned().unwrap());
    desk.cause(&change, &mut accepting);
    assert_eq!(desk.lines, [format!("PATCH /Users/{ADA}")]);
    assert_eq!(
        desk.written(),
        [
            r#"{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{"op":"replace","value":{"name":{"givenName":"Adeline"},"displayName":"Adeline Lovell"}}]}"#
        ]
    );
    assert!(
        desk.calls[0]
            .needs
            .iter()
            .all(|need| need.strength < Strength::Must)
    );
}

/// okta.md 3.4.
#[test]
fn a_user_name_may_be_for_the_creation_only() {
    let rename = Change::Rename("ada".into(), "ada.stone@example.test".into());
    let mut desk = assigned(ProfileId::OktaOin, &[("okta.user-name", "create-only")]);
    assert_eq!(desk.cause(&rename, &mut accepting), [Ok(Did::Unchanged)]);
    let ada = Subject::User("ada".into());
    assert_eq!(
        desk.provisioner.mapped(&ada).unwrap()["userName"],
        "ada.lovell@example.test"
    );
    let mut desk = assigned(ProfileId::OktaOin, &[]);
    assert_eq!(desk.cause(&rename, &mut accepting), [Ok(Did::Updated)]);
    assert_eq!(
        desk.provisioner.mapped(&ada).unwrap()["userName"],
        "ada.stone@example.test"
    );
}

/// okta.md 2.3: a manager comes, and goes as a whole.
#[test]
fn a_manager_is_set_and_removed() {
    const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
    let mut desk = assigned(ProfileId::OktaOin, &[]);
    desk.cause(
        &Change::SetManager("ada".into(), Some("bob".into())),
        &mut accepting,
    );
    let sent: Value = serde_json::from_str(desk.written()[0]).unwrap();
    assert_eq!(sent["schemas"][1], ENTERPRISE);
    assert_eq!(
        sent[ENTERPRISE],
        json!({"manager": {"value": "00u1sampleuserid0002", "displayName": "Bob Stone"}})
    );
    desk.cause(&Change::SetManager("ada".into(), None), &mut |call| {
        let mut stored = stored();
        stored[ENTERPRISE] = json!({"manager": {"value": "x", "$ref": "/Users/x"}});
        match call.method {
            "GET" => answered(200, stored),
            _ => accepting(call),
        }
    });
    let sent: Value = serde_json::from_str(desk.written()[0]).unwrap();
    assert_eq!(sent[ENTERPRISE], json!({}));
}

/// okta.md 8.3.
#[test]
fn roles_travel_in_the_user() {
    let roles = || vec!["approver".to_owned()];
    let mut desk = assigned(ProfileId::OktaGov, &[]);
    desk.cause(&Change::AssignRoles("ada".into(), roles()), &mut accepting);
    let sent: Value = serde_json::from_str(desk.written()[0]).unwrap();
    assert_eq!(
        sent["roles"],
        json!([{"value": "role-7", "display": "Approver"}])
    );
    desk.cause(
        &Change::WithdrawRoles("ada".into(), roles()),
        &mut accepting,
    );
    let sent: Value = serde_json::from_str(desk.written()[0]).unwrap();
    assert_eq!(sent["roles"], json!([]));
    let mut desk = assigned(ProfileId::OktaOin, &[]);
    let refused = desk
        .provisioner
        .cause(&Change::AssignRoles("ada".into(), roles()));
    assert!(refused.unwrap_err().contains("only okta-gov"));
}

/// What others have put there stays (okta.md 3.2), and what has gone is known to have gone.
#[test]
fn what_the_target_holds_is_known() {
    let mut before = stored();
    let home = json!({"type": "home", "value": "ada@home.test"});
    before["emails"].as_array_mut().unwrap().push(home.clone());
    let mut desk = Desk::new(ProfileId::OktaOinUserpatch, directory(), &[]);
    desk.cause(
        &Change::Assign("ada".into()),
        &mut |call| match (call.method, call.query.is_empty()) {
            ("GET", true) => answered(200, before.clone()),
            ("GET", false) => list(1, std::slice::from_ref(&before)),
            _ => accepting(call),
        },
    );
    let ada = Subject::User("ada".into());
    assert_eq!(desk.provisioner.mapped(&ada).unwrap()["emails"][1], home);
    assert!(desk.catch_up(&mut accepting).is_empty());
    desk.cause(&update("email", json!("new@example.test")), &mut accepting);
    let sent: Value = serde_json::from_str(desk.written()[0]).unwrap();
    let emails = &sent["Operations"][0]["value"]["emails"];
    assert_eq!(emails[0]["value"], "new@example.test");
    assert_eq!(emails[1], home);
    desk.cause(&update("locale", Value::Null), &mut accepting);
    let mapped = desk.provisioner.mapped(&ada).unwrap();
    assert_eq!(mapped.get("locale"), Some(&Value::Null));
    assert!(desk.catch_up(&mut accepting).is_empty());
}

#[test]
fn what_a_provider_refuses_has_not_happened_in_its_directory() {
    let mut provisioner = Provisioner::new(
        ProfileId::OktaGov,
        directory(),
        None,
        Switches::default(),
        Memory::default(),
    )
    .unwrap();
    for refused in [
        Change::PushGroup("finance".into()),
        Change::RenameGroup("finance".into(), "Money".into()),
        Change::AddMembers("finance".into(), vec!["bob".into()]),
        Change::UnlinkGroup {
            group: "finance".into(),
            delete: true,
        },
        Change::AddMembers("finance".into(), vec!["zoe".into()]),
        Change::SetManager("ada".into(), Some("zoe".into())),
    ] {
        provisioner.cause(&refused).unwrap_err();
        assert_eq!(*provisioner.directory(), directory(), "{refused:?}");
    }
    provisioner
        .cause(&Change::AssignRoles("ada".into(), vec!["approver".into()]))
        .unwrap();
    assert_ne!(*provisioner.directory(), directory());
    assert!(!provisioner.is_idle());
    provisioner.abandon();
    assert!(provisioner.is_idle() && provisioner.begin().is_none());
}
