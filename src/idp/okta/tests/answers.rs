//! Reactions: waits, refusals, silence, lists that cannot be read, and what a killed run leaves.

use std::time::Duration;

use serde_json::{Value, json};

use super::{
    ADA, BOB, Desk, FINANCE, accepting, answered, assigned, directory, exchange, list, refused,
    stored, throttled, update,
};
use crate::exchange::{Body, Failure, Response};
use crate::idp::{Call, Change, Did, Subject};
use crate::profile::ProfileId;

/// okta.md 7.3: exactly `Retry-After`, else 300 s, twice as long each time, ten attempts.
#[test]
fn throttling_is_waited_out() {
    let assign = Change::Assign("ada".into());
    for (header, first) in [
        (Some("7"), 7),
        (None, 300),
        (Some("Wed, 21 Oct 2026 07:28:00 GMT"), 300),
        (Some("1.5"), 300),
        (Some("null"), 300),
    ] {
        let mut desk = Desk::new(ProfileId::OktaOin, directory(), &[]);
        let mut left = 3;
        let outcomes = desk.cause(&assign, &mut |call| {
            if left > 0 {
                left -= 1;
                return throttled(header);
            }
            accepting(call)
        });
        assert_eq!(outcomes, [Ok(Did::Created)]);
        let waits: Vec<u64> = desk.calls.iter().map(|call| call.after.as_secs()).collect();
        assert_eq!(waits, [0, first, 2 * first, 4 * first, 0]);
        assert_eq!(
            desk.provisioner.memory().now,
            Duration::from_secs(7 * first)
        );
    }
    let mut desk = Desk::new(ProfileId::OktaOin, directory(), &[]);
    let outcomes = desk.cause(&assign, &mut |_| throttled(Some("1")));
    assert_eq!(desk.lines.len(), 10);
    assert_eq!(
        outcomes,
        [Err("Error while verifying if user ada.lovell@example.test exists: Too Many Requests. Errors reported by remote server: slow down".to_owned())]
    );
    let outcomes = desk.cause(&assign, &mut |_| throttled(Some("99999999999999999999")));
    assert!(outcomes[0].is_err());
}

fn text(status: u16, body: &str) -> crate::exchange::Exchange {
    exchange(Ok(Response::new(status, Vec::new(), Body::new(body), None)))
}

/// okta.md 1.3, 2.1, 2.4, 7.1, 7.2: what the administrator reads when a creation fails.
#[test]
fn refused_creations_have_their_message() {
    let creating = "Automatic provisioning of user ada.lovell@example.test to app okta-oin failed: Error while creating user Ada Lovell: ";
    for (answer, expected) in [
        (
            refused(409, "userName is already taken"),
            "Push new user to external application FAILURE: Conflict. Errors reported by remote server: userName is already taken".to_owned(),
        ),
        (
            text(201, ""),
            format!("{creating}Create new user returned empty user."),
        ),
        (
            refused(400, "no"),
            format!("{creating}Bad Request. Errors reported by remote server: no"),
        ),
        (
            text(502, "error code: 502"),
            format!("{creating}Bad Gateway. Errors reported by remote server: Invalid JSON: Unrecognized token 'error' ... line: 1, column: 6"),
        ),
        (
            exchange(Err(Failure::Timeout(60_000))),
            format!("{creating}no answer within 60000 ms"),
        ),
        (
            refused(403, "not yours"),
            format!("{creating}HTTP 403 Forbidden. Errors reported by remote server: not yours"),
        ),
    ] {
        let mut desk = Desk::new(ProfileId::OktaOin, directory(), &[]);
        let outcomes = desk.cause(&Change::Assign("ada".into()), &mut |call| {
            match call.method {
                "POST" => answer.clone(),
                _ => accepting(call),
            }
        });
        assert_eq!(outcomes, [Err(expected)]);
        // No fall-back to a PUT, and nobody is linked.
        assert_eq!(desk.lines.len(), 2);
        assert_eq!(desk.provisioner.mapped(&Subject::User("ada".into())), None);
    }
}

/// okta.md 2.1: counters that are texts.
#[test]
fn a_list_with_counters_as_texts_stops_the_job() {
    let mut desk = Desk::new(ProfileId::OktaOin, directory(), &[]);
    let outcomes = desk.cause(&Change::Assign("ada".into()), &mut |_| {
        answered(
            200,
            json!({"totalResults": 0, "startIndex": "1", "Resources": []}),
        )
    });
    assert!(outcomes[0].as_ref().unwrap_err().ends_with("reason: null"));
    assert_eq!(desk.lines.len(), 1);
}

/// okta.md 1.1, 1.3, 8.1.
#[test]
fn the_connection_is_tested() {
    let test = |client, switches: &[(&str, &str)], answer: &mut dyn FnMut(&Call) -> _| {
        let mut desk = Desk::new(client, directory(), switches);
        let outcomes = desk.cause(&Change::TestConnection, answer);
        (desk.lines, outcomes)
    };
    let users = "GET /Users?startIndex=1&count=2";
    let groups = "GET /Groups?startIndex=1&count=100";
    let (lines, outcomes) = test(ProfileId::OktaOin, &[], &mut accepting);
    assert_eq!(
        (lines, outcomes),
        (
            vec![users.to_owned(), groups.to_owned()],
            vec![Ok(Did::Tested)]
        )
    );
    let (lines, _) = test(ProfileId::OktaAiw, &[], &mut accepting);
    assert_eq!(lines, [users]);
    let (lines, _) = test(
        ProfileId::OktaAiw,
        &[("okta.import-groups", "on")],
        &mut accepting,
    );
    assert_eq!(lines, [users, groups]);
    let (lines, _) = test(
        ProfileId::OktaGov,
        &[],
        &mut |call: &Call| match call.path[0].as_str() {
            "ResourceTypes" => list(
                2,
                &[
                    json!({"name": "User", "endpoint": "/Users", "schema": "urn:ietf:params:scim:schemas:core:2.0:User"}),
                    json!({"name": "Role", "endpoint": "/Roles", "schema": "urn:okta:scim:schemas:core:1.0:Role"}),
                ],
            ),
            _ => list(0, &[]),
        },
    );
    assert_eq!(
        lines,
        [
            users,
            "GET /ResourceTypes",
            "GET /Schemas",
            "GET /Roles?startIndex=1&count=100"
        ]
    );
    let (_, outcomes) = test(ProfileId::OktaOin, &[], &mut |_: &Call| refused(401, "no"));
    assert!(
        outcomes[0]
            .as_ref()
            .unwrap_err()
            .starts_with("Error authenticating: Unauthorized. ")
    );
    for body in ["", "null", "[]", "<html>", "{}"] {
        let (_, outcomes) = test(ProfileId::OktaOin, &[], &mut |_: &Call| text(200, body));
        assert_eq!(
            outcomes,
            [Err("No results for users returned".to_owned())],
            "{body}"
        );
    }
    let (_, outcomes) = test(ProfileId::OktaOin, &[], &mut |_: &Call| {
        exchange(Err(Failure::Connect("refused".into())))
    });
    assert_eq!(
        outcomes,
        [Err(
            "Error authenticating: Connect to scim.example.test:443 failed: Connect timed out"
                .to_owned()
        )]
    );
}

/// okta.md 5.1, 5.2: pages by a fixed 100, driven by totalResults, also when pages are cut.
#[test]
fn an_import_walks_by_a_hundred() {
    let user = |n: usize| json!({"id": n.to_string(), "userName": n.to_string(), "active": !n.is_multiple_of(50)});
    for (page, seen) in [(100, 245), (40, 120)] {
        let mut desk = Desk::new(ProfileId::OktaOin, directory(), &[]);
        let outcomes = desk.cause(&Change::Import, &mut |call| {
            let start: usize = call.query[0].1.parse().unwrap();
            if call.path[0] == "Groups" {
                return list(0, &[]);
            }
            let users: Vec<Value> = (start..=250).take(page).map(user).collect();
            list(250, &users)
        });
        assert_eq!(
            desk.lines,
            [
                "GET /Users?startIndex=1&count=100",
                "GET /Users?startIndex=101&count=100",
                "GET /Users?startIndex=201&count=100",
                "GET /Groups?startIndex=1&count=100",
            ]
        );
        assert_eq!(
            outcomes,
            [Ok(Did::Imported {
                users: seen,
                groups: 0
            })]
        );
    }
}

/// okta.md 7.2: with refused credentials nothing that waits is tried.
#[test]
fn refused_credentials_stop_everything() {
    let mut directory = directory();
    for person in directory.people.values_mut() {
        person.assigned = true;
    }
    let mut desk = Desk::new(ProfileId::OktaOin, directory, &[]);
    let outcomes = desk.catch_up(&mut |_| refused(401, "bad token"));
    assert_eq!((outcomes.len(), desk.lines.len()), (1, 1));
}

/// okta.md gap G3: a linked account that is gone is not created again.
#[test]
fn a_lost_account_stays_lost() {
    let mut desk = assigned(ProfileId::OktaOin, &[]);
    let outcomes = desk.cause(&update("title", json!("Analyst")), &mut |_| {
        refused(404, "gone")
    });
    assert_eq!(
        outcomes,
        [Err(
            "Not Found. Errors reported by remote server: gone".to_owned()
        )]
    );
    desk.catch_up(&mut |_| refused(404, "gone"));
    assert_eq!(desk.lines, [format!("GET /Users/{ADA}")]);
}

/// A run that is killed behind any of its requests, or whose answer is lost, is caught up with, and creates nothing twice.
#[test]
fn a_killed_run_converges() {
    for client in [
        ProfileId::OktaOin,
        ProfileId::OktaAiw,
        ProfileId::OktaOinUserpatch,
    ] {
        for lost in [false, true] {
            for killed in 0..12 {
                let mut directory = directory();
                for person in directory.people.values_mut() {
                    person.assigned = true;
                }
                directory.groups.get_mut("finance").unwrap().pushed = true;
                let mut target = Target::default();
                let mut sent = 0;
                let mut desk = Desk::new(client, directory.clone(), &[]);
                desk.catch_up(&mut |call| {
                    sent += 1;
                    if sent <= killed {
                        return target.answer(call);
                    }
                    if sent == killed + 1 && lost {
                        target.answer(call);
                    }
                    exchange(Err(Failure::Protocol("killed".into())))
                });
                let memory = desk.provisioner.memory().clone();
                let mut desk = Desk::remembering(client, directory, &[], memory);
                let outcomes = desk.catch_up(&mut |call| target.answer(call));
                assert!(outcomes.iter().all(Result::is_ok), "{outcomes:?}");
                assert_eq!((target.users, target.groups), (2, 1), "{client:?} {killed}");
                desk.catch_up(&mut |call| target.answer(call));
                assert!(desk.lines.is_empty(), "{:?}", desk.lines);
                let finance = desk.provisioner.mapped(&Subject::Group("finance".into()));
                assert_eq!(finance.unwrap()["members"], json!([{"value": ADA}]));
            }
        }
    }
}

/// A target that remembers who has been created.
#[derive(Default)]
struct Target {
    known: Vec<String>,
    users: usize,
    groups: usize,
}

impl Target {
    fn answer(&mut self, call: &Call) -> crate::exchange::Exchange {
        let key = call.subject.as_ref().map_or("", Subject::key).to_owned();
        let id = match key.as_str() {
            "bob" => BOB,
            "finance" => FINANCE,
            _ => ADA,
        };
        if call.method == "POST" {
            *(if key == "finance" {
                &mut self.groups
            } else {
                &mut self.users
            }) += 1;
            self.known.push(key);
        } else if !call.query.is_empty() && self.known.contains(&key) {
            let mut found = stored();
            found["id"] = id.into();
            return list(1, &[found]);
        }
        accepting(call)
    }
}
