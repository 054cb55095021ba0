//! What Entra does about each answer (entra.md 3.2, 8.1).

use serde_json::{Value, json};

use super::{
    Change, Failure, Mapping, Play, ProfileId, Target, ava, directory, group, key, list, plain,
    user,
};
use crate::finding::Authority;
use crate::idp::entra::failure;
use crate::idp::{Did, Escrow, Memory, Outcome, Status};

fn play() -> Play {
    Play::new(
        ProfileId::EntraLegacy,
        directory(&[("ava", ava()), ("min", plain("min"))], &[]),
    )
}

fn switched(switches: &[(&str, &str)]) -> Play {
    Play::with(
        ProfileId::EntraLegacy,
        directory(&[("ava", ava()), ("min", plain("min"))], &[]),
        switches,
        None,
    )
}

fn did(outcomes: &[Outcome]) -> Vec<Result<Did, String>> {
    outcomes.iter().map(|outcome| outcome.did.clone()).collect()
}

fn assign(play: &mut Play) -> Vec<Result<Did, String>> {
    did(&play.cause(Change::Assign(key("min"))))
}

/// What `plain("min")` is at a target that knows it already.
fn known(target: &mut Target) {
    target.holds(
        "x-1",
        json!({"userName": "min", "displayName": "min", "externalId": "min", "active": true}),
    );
}

const EMPTY: &str =
    r#"{"schemas":["urn:ietf:params:scim:api:messages:2.0:ListResponse"],"totalResults":0}"#;

#[test]
fn one_match_is_linked_and_only_differences_are_sent() {
    let mut play = play();
    known(&mut play.target);
    assert_eq!(assign(&mut play), [Ok(Did::Linked)]);
    assert_eq!(play.target.writes(), Vec::<String>::new());
    assert_eq!(play.memory().id(&user("min")), Some("x-1"));
}

#[test]
fn an_inactive_match_is_made_active() {
    let mut play = play();
    known(&mut play.target);
    play.target.users["x-1"].get("active").expect("it is there");
    play.target.holds(
        "x-1",
        json!({"userName": "min", "displayName": "Min", "externalId": "min", "active": false}),
    );
    assert_eq!(assign(&mut play), [Ok(Did::Linked)]);
    assert_eq!(
        play.target.writes(),
        [
            r#"PATCH /Users/x-1 {"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{"op":"Replace","path":"active","value":"True"},{"op":"Replace","path":"displayName","value":"min"}]}"#
        ]
    );
}

#[test]
fn several_matches_are_not_unique() {
    let mut play = play();
    known(&mut play.target);
    play.target
        .holds("x-2", json!({"userName": "min", "active": true}));
    let outcome = assign(&mut play).remove(0).expect_err("it fails");
    assert!(outcome.contains("not uniquely matched"), "{outcome}");
    assert_eq!(play.target.writes(), Vec::<String>::new());
    let escrow = play.memory().escrow(&user("min")).expect("it waits");
    assert_eq!(escrow.attempts, 1);
}

#[test]
fn a_link_that_is_gone_is_matched_again_and_created() {
    let mut play = play();
    assign(&mut play);
    play.target.users.clear();
    play.log();
    play.cause(Change::Update(key("min"), serde_json::Map::new()));
    let log = play.log();
    assert_eq!(log[0], "GET /Users/u-1");
    assert_eq!(log[1], r#"GET /Users?filter=userName eq "min""#);
    assert!(log[2].starts_with("POST /Users"), "{log:?}");
    assert_eq!(play.memory().id(&user("min")), Some("u-2"));
}

#[test]
fn a_conflict_waits_for_the_next_cycle() {
    let mut play = play();
    play.target
        .once("POST", "/Users", 409, r#"{"detail":"min is taken"}"#);
    let outcome = assign(&mut play).remove(0).expect_err("it fails");
    assert_eq!(outcome, "POST /Users was answered with 409: min is taken");
    play.log();
    let outcomes = play.cause(Change::IncrementalCycle);
    assert!(did(&outcomes).contains(&Ok(Did::Created)), "{outcomes:?}");
    assert_eq!(play.memory().escrowed(), 0);
}

#[test]
fn a_conflict_can_be_matched_and_patched_at_once() {
    let mut play = switched(&[("entra.after-conflict", "patch")]);
    play.target.once("GET", "/Users", 200, EMPTY);
    known(&mut play.target);
    play.target.once("POST", "/Users", 409, "");
    assert_eq!(assign(&mut play), [Ok(Did::Linked)]);
    let methods: Vec<String> = play.log().iter().map(|line| line[..4].to_owned()).collect();
    assert_eq!(methods, ["GET ", "POST", "GET "]);
}

#[test]
fn a_conflict_with_nobody_fails_even_then() {
    let mut play = switched(&[("entra.after-conflict", "patch")]);
    play.target.instead("POST", "/Users", 409, "");
    let outcome = assign(&mut play).remove(0).expect_err("it fails");
    assert!(outcome.contains("nobody is found"), "{outcome}");
}

#[test]
fn refused_credentials_stop_everything() {
    for status in [401, 403] {
        let mut play = play();
        play.target.instead("GET", "/Users", status, "");
        let outcomes = play.cause(Change::InitialCycle);
        assert!(outcomes.iter().all(|outcome| outcome.did.is_err()));
        let quarantine = play
            .memory()
            .quarantine
            .clone()
            .expect("it is in quarantine");
        assert_eq!(quarantine.reason, "EncounteredQuarantineException");
        assert_eq!(play.memory().cycles, 0);
        assert_eq!(play.memory().escrowed(), 0);
    }
}

#[test]
fn quarantine_is_left_by_a_cycle_that_works() {
    let mut play = play();
    play.target.once("GET", "/Users", 401, "");
    play.cause(Change::Assign(key("min")));
    let since = play.memory().now;
    play.target.once("GET", "/Users", 401, "");
    play.log();
    play.cause(Change::IncrementalCycle);
    assert_eq!(play.log().len(), 1, "one attempt");
    assert_eq!((play.memory().now - since).as_secs(), 6 * 3600);
    assert!(play.memory().quarantine.is_some());
    play.cause(Change::IncrementalCycle);
    assert_eq!((play.memory().now - since).as_secs(), 12 * 3600);
    assert_eq!(play.memory().quarantine, None);
    assert_eq!(play.memory().users().count(), 2);
}

#[test]
fn quarantine_ends_in_disabling_after_28_days() {
    let mut play = play();
    play.target.instead("GET", "/Users", 401, "");
    play.cause(Change::Assign(key("min")));
    let mut cycles = 0;
    let why = loop {
        match play.provisioner.cause(&Change::IncrementalCycle) {
            Ok(()) => play.work(),
            Err(why) => break why,
        };
        cycles += 1;
    };
    assert!(why.contains("disabled"), "{why}");
    // After 6, 12 and 24 hours, then daily up to the 27th day.
    assert_eq!(cycles, 29);
}

#[test]
fn answers_that_break_the_contract_stop_everything() {
    let user = |more: Value| {
        let mut user = json!({"id": "x-1", "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": "min"});
        for (name, value) in more.as_object().expect("it has members") {
            user[name] = value.clone();
        }
        user
    };
    let enterprise = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
    let answers = [
        (404, String::new()),
        (400, String::new()),
        (200, "<html>".to_owned()),
        (200, user(json!({})).to_string()),
        (200, list(vec![json!({"userName": "min"})]).to_string()),
        (200, list(vec![user(json!({"active": "True"}))]).to_string()),
        (200, list(vec![user(json!({enterprise: {"manager": "u-1"}}))]).to_string()),
        (200, list(vec![user(json!({"roles": [{"primary": "True"}]}))]).to_string()),
        (200, r#"{"schemas":["urn:ietf:params:scim:api:messages:2.0:ListResponse"],"totalResults":"0"}"#.to_owned()),
    ];
    for (status, body) in answers {
        let mut play = play();
        play.target.instead("GET", "/Users", status, &body);
        let outcome = assign(&mut play).remove(0).expect_err("it fails");
        assert!(
            outcome.starts_with("SystemForCrossDomainIdentityManagementServiceIncompatible"),
            "{status} {body}: {outcome}"
        );
        assert!(play.memory().quarantine.is_some(), "{status} {body}");
    }
}

#[test]
fn other_failures_concern_one_object_and_are_tried_again() {
    for status in [400, 404, 409, 429, 500, 503, 301] {
        let mut play = play();
        play.target.once("POST", "/Users", status, "");
        let outcomes = play.cause(Change::InitialCycle);
        let failed = outcomes.iter().filter(|outcome| outcome.did.is_err());
        assert_eq!(failed.count(), 1, "{status}");
        assert_eq!(play.memory().users().count(), 1);
        assert_eq!(play.memory().cycles, 1);
        play.cause(Change::IncrementalCycle);
        assert_eq!(play.memory().users().count(), 2);
        assert_eq!(play.memory().escrowed(), 0);
    }
}

#[test]
fn a_connection_that_fails_concerns_one_object() {
    let mut play = play();
    play.target.once("POST", "/Users", 500, "");
    play.target.instead[0].outcome = Err(Failure::Timeout(1000));
    let outcome = assign(&mut play).remove(0).expect_err("it fails");
    assert_eq!(outcome, "POST /Users: no answer within 1000 ms");
    assert_eq!(play.memory().escrowed(), 1);
}

#[test]
fn what_goes_on_failing_is_tried_at_a_decreasing_rate() {
    let mut play = play();
    play.target.instead("POST", "/Users", 500, "");
    let mut tried = Vec::new();
    for _ in 0..12 {
        play.cause(Change::IncrementalCycle);
        tried.push(!play.log().is_empty());
    }
    let cycles: Vec<usize> = (0..12).filter(|cycle| tried[*cycle]).collect();
    assert_eq!(cycles, [0, 1, 3, 7]);
}

#[test]
fn too_many_requests_are_a_failure_unless_the_wait_is_honoured() {
    let throttled = |play: &mut Play| {
        play.target.once("POST", "/Users", 429, "");
        if let Ok((_, headers, _)) = &mut play.target.instead[0].outcome {
            headers.push(("Retry-After".to_owned(), "7".to_owned()));
        }
        assign(play)
    };
    let mut ignoring = play();
    assert!(throttled(&mut ignoring)[0].is_err());
    assert_eq!(ignoring.memory().escrowed(), 1);
    let mut honouring = switched(&[("entra.retry-after", "honour")]);
    assert_eq!(throttled(&mut honouring), [Ok(Did::Created)]);
    assert_eq!(honouring.memory().now.as_secs(), 7);
    assert_eq!(honouring.target.writes().len(), 2);
}

#[test]
fn a_wait_beyond_all_counting_is_waited_for_and_over() {
    let mut play = switched(&[("entra.retry-after", "honour")]);
    play.target.instead("POST", "/Users", 429, "");
    if let Ok((_, headers, _)) = &mut play.target.instead[0].outcome {
        headers.push(("Retry-After".to_owned(), u64::MAX.to_string()));
    }
    assert!(assign(&mut play)[0].is_err());
    assert_eq!(play.memory().escrowed(), 1);
}

#[test]
fn people_who_are_disabled_are_never_created() {
    let mut blocked = plain("min");
    blocked.status = Status::Suspended;
    let mut play = Play::new(ProfileId::EntraLegacy, directory(&[("min", blocked)], &[]));
    play.cause(Change::InitialCycle);
    assert_eq!(play.log(), [r#"GET /Users?filter=userName eq "min""#]);
    known(&mut play.target);
    play.cause(Change::InitialCycle);
    assert_eq!(play.target.users["x-1"]["active"], json!(false));
    let mapped = play.provisioner.mapped(&user("min")).expect("it is there");
    assert_eq!(mapped["active"], json!(false));
}

#[test]
fn an_account_that_is_gone_is_not_disabled_or_deleted_again() {
    let mut play = play();
    assign(&mut play);
    play.target.users.clear();
    assert_eq!(
        did(&play.cause(Change::Unassign(key("min")))),
        [Ok(Did::Nothing)]
    );
    let mut play = self::play();
    assign(&mut play);
    play.target.users.clear();
    assert_eq!(
        did(&play.cause(Change::Purge(key("min")))),
        [Ok(Did::Deleted)]
    );
    assert_eq!(play.provisioner.mapped(&user("min")), None);
}

#[test]
fn whoever_was_unassigned_is_not_managed_any_more() {
    let mut play = play();
    assign(&mut play);
    play.cause(Change::Unassign(key("min")));
    play.log();
    assert_eq!(
        did(&play.cause(Change::Purge(key("min")))),
        [Ok(Did::Nothing)]
    );
    assert_eq!(play.log(), Vec::<String>::new());
}

#[test]
fn deletions_can_be_switched_off() {
    let mut play = switched(&[("entra.skip-out-of-scope-deletions", "on")]);
    assign(&mut play);
    play.log();
    play.cause(Change::Unassign(key("min")));
    play.cause(Change::Reassign(key("min")));
    play.log();
    play.cause(Change::Purge(key("min")));
    assert_eq!(play.log(), Vec::<String>::new());
    assert_eq!(play.target.users.len(), 1);
}

#[test]
fn what_entra_cannot_do_is_said_in_words() {
    let mut play = Play::new(
        ProfileId::EntraLegacy,
        directory(
            &[("min", plain("min"))],
            &[("six", group("Six", &["1", "2", "3", "4", "5", "6"]))],
        ),
    );
    for change in [
        Change::SyncPassword(key("min"), key("secret")),
        Change::PushNow(key("six")),
        Change::UnlinkGroup {
            group: key("six"),
            delete: false,
        },
        Change::AssignRoles(key("min"), vec![key("editor")]),
        Change::WithdrawRoles(key("min"), vec![key("editor")]),
        Change::OnDemand(crate::idp::Subject::Group(key("six"))),
    ] {
        assert!(play.provisioner.cause(&change).is_err(), "{change:?}");
    }
    play.cause(Change::Delete(key("min")));
    let deleted = Change::OnDemand(user("min"));
    assert!(play.provisioner.cause(&deleted).is_err());
}

#[test]
fn a_connection_test_fails_without_quarantine() {
    let mut play = play();
    play.target.instead("GET", "/Users", 404, "");
    let outcomes = play.cause(Change::TestConnection);
    assert!(outcomes[0].did.is_err());
    assert_eq!(play.memory().quarantine, None);
}

#[test]
fn account_discovery_walks_through_all_pages() {
    let mut play = switched(&[("entra.page-size", "2")]);
    let page = |ids: &[&str]| {
        let users: Vec<Value> = ids
            .iter()
            .map(|id| json!({"id": id, "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": id, "active": *id != "b"}))
            .collect();
        let mut page = list(users);
        page["totalResults"] = json!(3);
        page.to_string()
    };
    play.target.once("GET", "/Users", 200, &page(&["a", "b"]));
    play.target.once("GET", "/Users", 200, &page(&["c"]));
    assert_eq!(
        did(&play.cause(Change::Import)),
        [Ok(Did::Imported {
            users: 2,
            groups: 0
        })]
    );
    assert_eq!(
        play.log(),
        [
            "GET /Users?startIndex=1&count=2",
            "GET /Users?startIndex=3&count=2"
        ]
    );
}

#[test]
fn too_many_failures_put_the_job_into_quarantine() {
    let cycle = |failed: usize, of: usize| {
        let mut memory = Memory::default();
        for number in 0..failed {
            let subject = user(&number.to_string());
            memory.set_escrow(&subject, Some(Escrow::default()));
        }
        let closed = failure::close(&mut memory, of);
        assert_eq!(closed.is_err(), memory.quarantine.is_some());
        memory.quarantine.map(|quarantine| quarantine.reason)
    };
    let proportion = Some("EncounteredEscrowProportionThreshold".to_owned());
    assert_eq!(cycle(4_999, 5_000), None);
    assert_eq!(cycle(5_000, 12_500), None);
    assert_eq!(cycle(5_000, 12_499), proportion);
    assert_eq!(cycle(40_001, 1_000_000), proportion);
}

#[test]
fn matching_attributes_are_asked_for_in_their_order() {
    let mut mapping = Mapping::default_of(Authority::Entra).clone();
    for row in &mut mapping.users {
        row.matching = match row.to.as_str() {
            r#"emails[type eq "work"].value"# => Some(1),
            "userName" => Some(3),
            "externalId" => Some(2),
            _ => None,
        };
    }
    let people = [("ava", ava()), ("min", plain("min"))];
    let mut play = Play::with(
        ProfileId::EntraLegacy,
        directory(&people, &[]),
        &[],
        Some(mapping),
    );
    play.target.holds(
        "x-1",
        json!({"externalId": "ava.lindqvist", "userName": "other"}),
    );
    play.cause(Change::Assign(key("ava")));
    // Somebody without an e-mail is not asked for by e-mail.
    play.cause(Change::Assign(key("min")));
    let asked: Vec<String> = play
        .log()
        .into_iter()
        .filter(|line| line.contains("filter"))
        .collect();
    assert_eq!(
        asked,
        [
            r#"GET /Users?filter=emails[type eq "work"].value eq "ava.lindqvist@corp.example""#,
            r#"GET /Users?filter=externalId eq "ava.lindqvist""#,
            r#"GET /Users?filter=externalId eq "min""#,
            r#"GET /Users?filter=userName eq "min""#,
        ]
    );
    assert_eq!(play.memory().id(&user("ava")), Some("x-1"));
}

#[test]
fn members_can_be_asked_for_before_they_are_added() {
    let mut play = Play::with(
        ProfileId::EntraLegacy,
        directory(
            &[("ava", ava()), ("min", plain("min"))],
            &[("all", group("All", &["ava", "min"]))],
        ),
        &[("entra.check-reference", "on")],
        None,
    );
    for who in ["ava", "min"] {
        play.cause(Change::Assign(key(who)));
    }
    // As if ava were a member already; the lookup of the group comes first.
    let empty = list(Vec::new()).to_string();
    let there = list(vec![json!({"id": "g-3", "schemas": []})]).to_string();
    for body in [&empty, &there, &empty] {
        play.target.once("GET", "/Groups", 200, body);
    }
    play.log();
    play.cause(Change::PushGroup(key("all")));
    let log = play.log();
    assert_eq!(
        log[2..],
        [
            r#"GET /Groups?filter=id eq "g-3" and members eq "u-1""#,
            r#"GET /Groups?filter=id eq "g-3" and members eq "u-2""#,
            r#"PATCH /Groups/g-3 {"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{"op":"Add","path":"members","value":[{"value":"u-2"}]}]}"#,
        ]
    );
}
