//! Groups: creation, names, members, links.

use serde_json::{Value, json};

use super::{
    ADA, BOB, Desk, FINANCE, accepting, answered, assigned, directory, list, person, refused,
};
use crate::exchange::Exchange;
use crate::idp::{Call, Change, Did, Directory, Subject};
use crate::profile::ProfileId;

const LOOK_UP: &str = r#"GET /Groups?filter=displayName eq "Finance Staff"&startIndex=1&count=100"#;

fn group() -> String {
    format!("/Groups/{FINANCE}")
}

fn patch(operations: &str) -> String {
    format!(
        r#"{{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{operations}]}}"#
    )
}

fn name(name: &str) -> String {
    patch(&format!(
        r#"{{"op":"replace","value":{{"id":"{FINANCE}","displayName":"{name}"}}}}"#
    ))
}

fn pushed(client: ProfileId, switches: &[(&str, &str)]) -> Desk {
    let mut desk = assigned(client, switches);
    desk.cause(&Change::PushGroup("finance".into()), &mut accepting);
    desk
}

/// okta.md 6.2, 11: the sequences of both kinds of applications.
#[test]
fn a_group_is_created() {
    let desk = pushed(ProfileId::OktaOin, &[]);
    let patches = format!("PATCH {}", group());
    assert_eq!(desk.lines, [LOOK_UP, "POST /Groups", &patches, &patches]);
    assert_eq!(desk.written()[1], name("Finance Staff"));
    let mut desk = pushed(ProfileId::OktaOin, &[("okta.members-in-create", "on")]);
    assert_eq!(desk.lines, [LOOK_UP, "POST /Groups"]);
    assert!(
        desk.catch_up(&mut accepting)
            .iter()
            .all(|did| *did == Ok(Did::Unchanged))
    );
    assert!(desk.lines.is_empty());
    let desk = pushed(ProfileId::OktaAiw, &[]);
    let (read, put) = (format!("GET {}", group()), format!("PUT {}", group()));
    assert_eq!(desk.lines, [LOOK_UP, "POST /Groups", &read, &put]);
    let mut gov = assigned(ProfileId::OktaGov, &[]);
    let refused = gov.provisioner.cause(&Change::PushGroup("finance".into()));
    assert_eq!(
        refused.unwrap_err(),
        "okta-gov pushes no groups (okta.md 0.1)"
    );
}

/// okta.md 6.4, sample A: 285 bytes.
#[test]
fn members_change_by_removals_and_one_addition() {
    let mut desk = pushed(ProfileId::OktaOin, &[]);
    let group = desk.provisioner.directory().group("finance").cloned();
    assert!(group.is_some_and(|group| group.pushed));
    desk.cause(
        &Change::AddMembers("finance".into(), vec!["bob".into()]),
        &mut accepting,
    );
    assert_eq!(
        desk.written(),
        [
            name("Finance Staff"),
            patch(&format!(
                r#"{{"op":"add","path":"members","value":[{{"value":"{BOB}","display":"bob.stone@example.test"}}]}}"#
            ))
        ]
    );
    // Both at once, as a directory that was changed while nobody looked.
    let mut changed = desk.provisioner.directory().clone();
    let group = changed.groups.get_mut("finance").unwrap();
    group.members.remove("bob");
    let mut memory = desk.provisioner.memory().clone();
    let mut link = memory.group("finance").cloned().unwrap();
    link.members.remove("ada");
    memory.set_group("finance", Some(link));
    let mut desk = Desk::remembering(ProfileId::OktaOin, changed, &[], memory);
    desk.catch_up(&mut accepting);
    let expected = patch(&format!(
        r#"{{"op":"remove","path":"members[value eq \"{BOB}\"]"}},{{"op":"add","path":"members","value":[{{"value":"{ADA}","display":"ada.lovell@example.test"}}]}}"#
    ));
    assert_eq!(desk.written(), [name("Finance Staff"), expected.clone()]);
    assert_eq!(expected.len(), 285);
    let mapped = desk
        .provisioner
        .mapped(&Subject::Group("finance".into()))
        .unwrap();
    assert_eq!(mapped["members"], json!([{"value": ADA}]));
}

/// okta.md 6.4: shapes B, C and D.
#[test]
fn members_change_by_replacement() {
    for (shape, with_name, operation) in [
        (
            "replace",
            true,
            format!(
                r#"{{"op":"replace","path":"members","value":[{{"value":"{ADA}","display":"ada.lovell@example.test"}},{{"value":"{BOB}","display":"bob.stone@example.test"}}]}}"#
            ),
        ),
        (
            "replace-without-path",
            true,
            format!(
                r#"{{"op":"replace","value":{{"members":[{{"value":"{ADA}"}},{{"value":"{BOB}"}}]}}}}"#
            ),
        ),
        (
            "replace-with-id-and-name",
            false,
            format!(
                r#"{{"op":"replace","value":{{"members":[{{"value":"{ADA}"}},{{"value":"{BOB}"}}],"id":"{FINANCE}","displayName":"Finance Staff"}}}}"#
            ),
        ),
    ] {
        let mut desk = pushed(ProfileId::OktaOin, &[("okta.membership", shape)]);
        desk.cause(
            &Change::AddMembers("finance".into(), vec!["bob".into()]),
            &mut accepting,
        );
        let mut expected = vec![patch(&operation)];
        if with_name {
            expected.insert(0, name("Finance Staff"));
        }
        assert_eq!(desk.written(), expected, "{shape}");
    }
}

fn crowd(size: usize) -> Directory {
    let mut directory = Directory::default();
    let mut group = super::directory().groups["finance"].clone();
    group.members.clear();
    for n in 0..size {
        let key = format!("p{n:05}");
        let attributes = json!({"userName": format!("{key}@example.test"), "externalId": key});
        let mut person = person(attributes);
        person.assigned = true;
        directory.people.insert(key.clone(), person);
        group.members.insert(key);
    }
    group.pushed = true;
    directory.groups.insert("finance".into(), group);
    directory
}

fn by_key(call: &Call) -> Exchange {
    match (call.method, call.subject.as_ref().map(Subject::key)) {
        ("POST", Some(key)) if key != "finance" => {
            answered(201, json!({"id": format!("id-{key}")}))
        }
        _ => accepting(call),
    }
}

/// okta.md 6.4: the batch size.
#[test]
fn many_members_go_in_batches() {
    for (size, patches) in [(250, 3), (10_000, 100)] {
        let mut desk = Desk::new(ProfileId::OktaOin, crowd(size), &[]);
        let outcomes = desk.catch_up(&mut by_key);
        assert_eq!(outcomes.len(), size + 1);
        assert!(outcomes.iter().all(|did| *did == Ok(Did::Created)));
        let sizes: Vec<usize> = desk
            .written()
            .iter()
            .filter_map(|body| {
                let body: Value = serde_json::from_str(body).unwrap();
                let members = body["Operations"][0].get("value")?.as_array()?.len();
                Some(members)
            })
            .collect();
        assert_eq!(sizes.len(), patches);
        assert_eq!(sizes.iter().sum::<usize>(), size);
        assert!(sizes.iter().all(|size| *size <= 100));
        let again = desk.catch_up(&mut by_key);
        assert_eq!((again, desk.lines.len()), (vec![Ok(Did::Unchanged)], 0));
    }
}

/// okta.md 6.3, 9.6 C9313, C9314.
#[test]
fn a_group_is_renamed_if_that_is_switched_on() {
    let rename = Change::RenameGroup("finance".into(), "Finance Team".into());
    let mut desk = pushed(ProfileId::OktaOin, &[]);
    assert_eq!(desk.cause(&rename, &mut accepting), [Ok(Did::Updated)]);
    assert_eq!(desk.written(), [name("Finance Team")]);
    let mut desk = pushed(ProfileId::OktaOin, &[("okta.rename-groups", "off")]);
    assert_eq!(desk.cause(&rename, &mut accepting), [Ok(Did::Unchanged)]);
    desk.cause(
        &Change::AddMembers("finance".into(), vec!["bob".into()]),
        &mut accepting,
    );
    assert_eq!(desk.written()[0], name("Finance Staff"));
    let mut desk = pushed(ProfileId::OktaAiw, &[]);
    desk.cause(&rename, &mut accepting);
    assert_eq!(
        desk.lines,
        [format!("GET {}", group()), format!("PUT {}", group())]
    );
}

/// okta.md 6.5: who was in a linked group before, stays, until Push Now.
#[test]
fn a_linked_group_keeps_its_members() {
    let hit = json!({
        "id": FINANCE,
        "displayName": "Finance Staff",
        "members": [{"value": "stranger", "display": "s", "$ref": "/Users/stranger"}],
    });
    let mut finding = |call: &Call| match call.query.as_slice() {
        [] => accepting(call),
        _ => list(1, std::slice::from_ref(&hit)),
    };
    let finance = Subject::Group("finance".into());
    let mut desk = assigned(ProfileId::OktaOin, &[("okta.membership", "replace")]);
    let outcomes = desk.cause(&Change::LinkGroup("finance".into()), &mut finding);
    assert_eq!(outcomes, [Ok(Did::Linked)]);
    assert!(desk.written()[1].contains(r#"{"op":"add","path":"members""#));
    let mapped = desk.provisioner.mapped(&finance).unwrap();
    assert_eq!(
        mapped["members"],
        json!([{"value": ADA}, {"value": "stranger"}])
    );
    desk.cause(&Change::PushNow("finance".into()), &mut accepting);
    assert_eq!(desk.written().len(), 1);
    let mapped = desk.provisioner.mapped(&finance).unwrap();
    assert_eq!(mapped["members"], json!([{"value": ADA}]));

    let mut desk = assigned(ProfileId::OktaAiw, &[]);
    desk.cause(&Change::LinkGroup("finance".into()), &mut finding);
    let sent: Value = serde_json::from_str(desk.written()[0]).unwrap();
    assert_eq!(
        sent["members"],
        json!([
            {"value": "stranger", "display": "s"},
            {"value": ADA, "display": "ada.lovell@example.test"},
        ])
    );
    let mut desk = assigned(ProfileId::OktaOin, &[]);
    let outcomes = desk.cause(&Change::LinkGroup("finance".into()), &mut accepting);
    assert!(outcomes[0].as_ref().unwrap_err().contains("no such group"));
}

/// okta.md 6.5.
#[test]
fn a_group_is_unlinked() {
    let unlink = |delete| Change::UnlinkGroup {
        group: "finance".into(),
        delete,
    };
    let mut desk = pushed(ProfileId::OktaOin, &[]);
    assert_eq!(
        desk.cause(&unlink(true), &mut accepting),
        [Ok(Did::Deleted)]
    );
    assert_eq!(desk.lines, [format!("DELETE {}", group())]);
    let mut desk = pushed(ProfileId::OktaOin, &[]);
    assert_eq!(
        desk.cause(&unlink(false), &mut accepting),
        [Ok(Did::Nothing)]
    );
    assert!(desk.lines.is_empty());
    assert_eq!(
        desk.provisioner.mapped(&Subject::Group("finance".into())),
        None
    );
    let mut desk = pushed(ProfileId::OktaOin, &[]);
    let outcomes = desk.cause(&unlink(true), &mut |_| refused(404, "no such group"));
    assert_eq!(
        outcomes,
        [Err("Unable to update Group Push mapping target App group Finance Staff: Error while deleting user group Finance Staff: Not Found. Errors reported by remote server: no such group".to_owned())]
    );
    assert!(desk.catch_up(&mut accepting).is_empty());
}

/// okta.md 6.1: who is deactivated is left out of pushes and of removals; who comes later, is added.
#[test]
fn only_active_people_are_members() {
    let mut desk = Desk::new(ProfileId::OktaOin, directory(), &[]);
    desk.cause(&Change::PushGroup("finance".into()), &mut accepting);
    assert_eq!(desk.lines, [LOOK_UP, "POST /Groups"]);
    let outcomes = desk.cause(&Change::Assign("ada".into()), &mut accepting);
    assert_eq!(outcomes, [Ok(Did::Created), Ok(Did::Updated)]);
    assert_eq!(desk.lines.last(), Some(&format!("PATCH {}", group())));
    desk.cause(&Change::Deactivate("ada".into()), &mut accepting);
    let remove = Change::RemoveMembers("finance".into(), vec!["ada".into()]);
    assert_eq!(desk.cause(&remove, &mut accepting), [Ok(Did::Unchanged)]);
    let outcomes = desk.cause(&Change::Reassign("ada".into()), &mut |call| match call
        .query
        .as_slice()
    {
        [] => accepting(call),
        _ => list(1, &[json!({"id": ADA, "active": false})]),
    });
    assert_eq!(outcomes, [Ok(Did::Activated), Ok(Did::Updated)]);
    assert!(desk.written().last().unwrap().contains(r#""op":"remove""#));
}
