//! Whole cycles: order, convergence, what is left out, what survives being killed (entra.md 3.1, 5.6, 7, 14).

use serde_json::json;

use super::{
    Change, Memory, Play, ProfileId, Subject, ava, directory, group, key, plain, update, user,
};
use crate::idp::{Provisioner, Switches};

const LEGACY: ProfileId = ProfileId::EntraLegacy;
const COMPLIANT: ProfileId = ProfileId::EntraCompliant;

/// Two people, one the other's manager, and a group of both.
fn office(client: ProfileId) -> Play {
    let mut min = plain("min");
    min.manager = Some(key("ava"));
    Play::new(
        client,
        directory(
            &[("ava", ava()), ("min", min)],
            &[("all", group("All", &["ava", "min"]))],
        ),
    )
}

fn requests(log: &[String]) -> Vec<String> {
    log.iter()
        .map(|line| {
            line.split(['?', '{'])
                .next()
                .unwrap_or_default()
                .trim()
                .to_owned()
        })
        .collect()
}

#[test]
fn an_initial_cycle_has_its_order() {
    let mut play = office(LEGACY);
    play.cause(Change::InitialCycle);
    assert_eq!(
        requests(&play.log()),
        [
            "GET /Users",
            "POST /Users",
            "GET /Users",
            "POST /Users",
            "GET /Users/u-2",
            "PATCH /Users/u-2",
            "GET /Groups",
            "POST /Groups",
            "PATCH /Groups/g-3",
        ]
    );
    assert_eq!(play.memory().cycles, 1);
    let mapped = play.provisioner.mapped(&user("min")).expect("it is there");
    assert_eq!(
        mapped,
        json!({
            "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User", "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"],
            "externalId": "min", "userName": "min", "active": true, "displayName": "min", "roles": [],
            "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": {"manager": {"value": "u-1"}},
        })
    );
    let mapped = play.provisioner.mapped(&Subject::Group(key("all")));
    assert_eq!(
        mapped.expect("it is there"),
        json!({
            "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"],
            "externalId": "5c0f0a34-7d8e-4f5e-9a53-2a7be2c1d0f1", "displayName": "All",
            "members": [{"value": "u-1"}, {"value": "u-2"}],
        })
    );
}

#[test]
fn identical_cycles_send_no_write() {
    for client in [LEGACY, COMPLIANT] {
        let mut play = office(client);
        play.cause(Change::InitialCycle);
        play.log();
        play.cause(Change::IncrementalCycle);
        assert_eq!(play.log(), Vec::<String>::new());
        play.cause(Change::InitialCycle);
        // After a restart members are added again (entra.md 7); nothing else is sent.
        let writes = play.target.writes();
        assert_eq!(requests(&writes), ["PATCH /Groups/g-3"]);
    }
}

/// entra.md 14, Q29.
#[test]
fn what_is_not_echoed_is_sent_again_on_every_cycle() {
    let mut play = Play::new(LEGACY, directory(&[("min", plain("min"))], &[]));
    play.target.drops.push("externalId");
    play.cause(Change::InitialCycle);
    for _ in 0..2 {
        play.log();
        play.cause(Change::InitialCycle);
        assert_eq!(
            play.target.writes(),
            [
                r#"PATCH /Users/u-1 {"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{"op":"Add","path":"externalId","value":"min"}]}"#
            ]
        );
    }
}

#[test]
fn a_phone_number_in_another_form_is_replaced_on_every_cycle() {
    let mut play = Play::new(LEGACY, directory(&[("ava", ava())], &[]));
    play.target.reformats_phones = true;
    play.cause(Change::InitialCycle);
    play.log();
    play.cause(Change::InitialCycle);
    let writes = play.target.writes();
    let phone = r#"{"op":"Replace","path":"phoneNumbers[type eq \"work\"].value","value":"+46 46 555 0101"}"#;
    assert!(writes[0].contains(phone), "{writes:?}");
}

#[test]
fn a_null_source_is_skipped() {
    let mut play = Play::new(LEGACY, directory(&[("ava", ava())], &[]));
    play.cause(Change::InitialCycle);
    play.log();
    play.cause(update("ava", json!({"title": null})));
    assert_eq!(play.target.writes(), Vec::<String>::new());
    let mapped = play.provisioner.mapped(&user("ava")).expect("it is there");
    assert_eq!(mapped["title"], json!("Site Engineer"));
}

#[test]
fn a_manager_who_was_out_of_scope_is_not_repaired_until_a_restart() {
    let mut play = office(LEGACY);
    play.provisioner = {
        let mut directory = play.provisioner.directory().clone();
        directory
            .people
            .get_mut("ava")
            .expect("there is one")
            .assigned = false;
        Provisioner::new(
            LEGACY,
            directory,
            None,
            Switches::default(),
            Memory::default(),
        )
        .expect("it is a provider")
    };
    play.cause(Change::InitialCycle);
    play.cause(Change::Assign(key("ava")));
    play.log();
    play.cause(Change::IncrementalCycle);
    assert_eq!(play.log(), Vec::<String>::new());
    let enterprise = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
    let mapped = play.provisioner.mapped(&user("min")).expect("it is there");
    assert_eq!(mapped[enterprise]["manager"], json!(null));
    assert_eq!(
        play.target.groups.values().next().expect("one")["members"],
        json!([{"value": "u-1"}])
    );
    play.cause(Change::InitialCycle);
    let mapped = play.provisioner.mapped(&user("min")).expect("it is there");
    assert_eq!(mapped[enterprise]["manager"], json!({"value": "u-3"}));
}

#[test]
fn a_manager_who_failed_is_set_as_soon_as_there_is_one() {
    let mut play = office(LEGACY);
    play.target.once("POST", "/Users", 500, "");
    play.cause(Change::InitialCycle);
    assert_eq!(play.memory().users().count(), 1);
    play.cause(Change::IncrementalCycle);
    let id = play
        .memory()
        .id(&user("ava"))
        .expect("it is there")
        .to_owned();
    let mapped = play.provisioner.mapped(&user("min")).expect("it is there");
    let enterprise = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
    assert_eq!(mapped[enterprise]["manager"], json!({"value": id}));
    let group = play.provisioner.mapped(&Subject::Group(key("all")));
    assert_eq!(
        group.expect("it is there")["members"]
            .as_array()
            .map(Vec::len),
        Some(2)
    );
}

#[test]
fn whoever_is_deleted_leaves_the_groups_without_a_request() {
    let mut play = office(LEGACY);
    play.cause(Change::InitialCycle);
    play.log();
    play.cause(Change::Purge(key("min")));
    play.cause(Change::IncrementalCycle);
    assert_eq!(play.target.writes(), ["DELETE /Users/u-2"]);
}

#[test]
fn on_demand_is_legacy_and_tests_the_connection_first() {
    let mut play = office(COMPLIANT);
    play.cause(Change::OnDemand(user("ava")));
    play.target
        .users
        .values_mut()
        .for_each(|user| user["title"] = json!("Lead"));
    play.log();
    play.cause(Change::OnDemand(user("ava")));
    let log = play.log();
    assert_eq!(
        requests(&log)[..3],
        ["GET /Users", "GET /Groups", "GET /Users/u-1"]
    );
    assert!(
        log[3].ends_with(r#"[{"op":"Replace","path":"title","value":"Site Engineer"}]}"#),
        "{log:?}"
    );
    play.cause(Change::OnDemand(user("min")));
    play.log();
    play.cause(Change::OnDemand(Subject::Group(key("all"))));
    assert_eq!(
        requests(&play.log())[2..],
        ["GET /Groups", "POST /Groups", "PATCH /Groups/g-3"]
    );
    play.target.instead("GET", "/Groups", 500, "");
    play.log();
    play.cause(Change::OnDemand(user("min")));
    assert_eq!(play.log().len(), 2, "nothing follows a test that fails");
}

#[test]
fn catching_up_sends_what_differs_and_removes_what_is_missing() {
    let mut play = office(LEGACY);
    play.provisioner.catch_up();
    play.work();
    assert_eq!(play.memory().cycles, 1);
    let mut directory = play.provisioner.directory().clone();
    directory.people.remove("min");
    directory.groups.clear();
    directory.people.insert(key("max"), plain("max"));
    let memory = play.memory().clone();
    play.provisioner = Provisioner::new(LEGACY, directory, None, Switches::default(), memory)
        .expect("it is a provider");
    play.log();
    play.provisioner.catch_up();
    play.work();
    let writes = play.target.writes();
    assert_eq!(
        requests(&writes),
        ["POST /Users", "PATCH /Users/u-2", "DELETE /Groups/g-3"]
    );
    play.provisioner.catch_up();
    play.work();
    assert_eq!(play.log(), Vec::<String>::new());
}

/// Whenever a run is killed, what was remembered last is what the next one begins with.
#[test]
fn a_run_that_is_killed_converges_and_creates_nothing_twice() {
    let mut whole = office(LEGACY);
    whole.provisioner.catch_up();
    whole.work();
    let requests = whole.log().len();
    for killed_after in 0..requests {
        let mut play = office(LEGACY);
        play.provisioner.catch_up();
        let mut sent = 0;
        let mut remembered = Memory::default();
        'run: while let Some((ticket, call)) = play.provisioner.begin() {
            let mut call = Some(call);
            while let Some(next) = call {
                let exchange = play.target.answer(&next);
                if sent == killed_after {
                    break 'run;
                }
                sent += 1;
                call = play.provisioner.answered(ticket, &exchange);
                remembered = play.provisioner.memory().clone();
            }
        }
        let directory = play.provisioner.directory().clone();
        play.provisioner =
            Provisioner::new(LEGACY, directory, None, Switches::default(), remembered)
                .expect("it is a provider");
        play.provisioner.catch_up();
        play.work();
        assert_eq!((play.target.users.len(), play.target.groups.len()), (2, 1));
        for resource in play.target.groups.values() {
            let members = resource["members"].as_array().expect("it has members");
            assert!(members.len() >= 2, "killed after {killed_after}");
        }
        play.log();
        play.provisioner.catch_up();
        play.work();
        assert_eq!(
            play.log(),
            Vec::<String>::new(),
            "killed after {killed_after}"
        );
    }
}

#[test]
fn stand_in_texts_go_through_untouched() {
    let name = "\u{E000}ada.userName\u{E001}";
    let mut play = Play::new(LEGACY, directory(&[("ada", plain(name))], &[]));
    play.cause(Change::Assign(key("ada")));
    let log = play.log();
    assert_eq!(log[0], format!("GET /Users?filter=userName eq \"{name}\""));
    assert!(log[1].contains(&format!("\"userName\":\"{name}\"")));
}

/// What a call needs is in words, has a source, and names only requirements that there are.
#[test]
fn calls_say_what_they_need() {
    let known = include_str!("../../../../fixtures/rfc-requirements.jsonl");
    let mut play = office(LEGACY);
    for change in [
        Change::TestConnection,
        Change::Import,
        Change::InitialCycle,
        update("ava", json!({"title": "Lead"})),
        Change::Unassign(key("ava")),
        Change::Reassign(key("ava")),
        Change::RenameGroup(key("all"), key("Everybody")),
        Change::RemoveMembers(key("all"), vec![key("ava")]),
        Change::UnlinkGroup {
            group: key("all"),
            delete: true,
        },
        Change::SetManager(key("min"), None),
        Change::Purge(key("min")),
    ] {
        play.provisioner.cause(&change).expect("it can be caused");
        while let Some((ticket, call)) = play.provisioner.begin() {
            let mut call = Some(call);
            while let Some(next) = call {
                assert!(next.source.starts_with("entra.md "), "{next:?}");
                assert!(!next.needs.is_empty(), "{next:?}");
                let needed = next.needs.iter().flat_map(|need| need.covers);
                for id in next.covers.iter().chain(needed) {
                    assert!(known.contains(&format!("\"{id}\"")), "{id}");
                }
                for need in &next.needs {
                    assert!(!need.because.is_empty() || need.by.is_some(), "{next:?}");
                }
                let exchange = play.target.answer(&next);
                call = play.provisioner.answered(ticket, &exchange);
            }
        }
    }
}
