//! An org, from plain values: who is let in, and what the System Log makes of provisioning.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::apps::App;
use super::provisioning::{Known, events};
use super::{Okta, Pending};
use crate::exchange::{Api, Body, Exchange, Failure, Request, Response, Sender};
use crate::idp::{
    Did, Directory, GroupLink, Memory, Person, Provisioner, Subject, Switches, UserLink,
};
use crate::org::ids::Ids;
use crate::org::work::Work;
use crate::org::{Ask, Org, Reply, Said};
use crate::profile::ProfileId;

fn app() -> App {
    App::new(
        "0oaapp".to_owned(),
        ProfileId::OktaOin,
        Timestamp::UNIX_EPOCH,
    )
}

fn ask(method: &str, path: &str, headers: &[(&str, &str)], body: Option<&str>) -> Ask {
    Ask {
        method: method.to_owned(),
        path: path.split('/').map(str::to_owned).collect(),
        query: Vec::new(),
        headers: headers
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect(),
        body: body.map(|body| body.as_bytes().to_vec()),
        at: Timestamp::UNIX_EPOCH,
        base: "http://org".to_owned(),
    }
}

fn reply(ask: &Ask) -> Reply {
    let mut okta = Okta::new(app(), "secret".to_owned(), Ids::new(1));
    let directory = Directory::default();
    let (switches, memory) = (Switches::default(), Memory::default());
    let provisioner = Provisioner::new(ProfileId::OktaOin, directory, None, switches, memory);
    match okta.asked(ask, &mut provisioner.unwrap()) {
        Said::Reply(reply) | Said::Provision(_, Pending::Reply(reply)) => reply,
        said @ Said::Provision(..) => panic!("{said:?}"),
    }
}

#[test]
fn only_the_token_lets_in() {
    for (authorization, status) in [
        ("SSWS secret", 200),
        ("ssws  secret", 200),
        ("Bearer secret", 401),
        ("SSWS secre", 401),
        ("secret", 401),
    ] {
        let headers = [("authorization", authorization)];
        let asked = ask("GET", "api/v1/apps", &headers, Some(""));
        assert_eq!(reply(&asked).status, status, "{authorization}");
    }
    assert_eq!(reply(&ask("GET", "api/v1/apps", &[], Some(""))).status, 401);
}

#[test]
fn bodies_that_cannot_be_read_are_refused() {
    let code = |media: &str, body: Option<&str>| {
        let headers = [("authorization", "SSWS secret"), ("content-type", media)];
        let refusal = reply(&ask("POST", "api/v1/groups", &headers, body));
        let body = refusal.body.unwrap_or_default();
        (
            refusal.status,
            body["errorCode"].as_str().map(str::to_owned),
        )
    };
    let told = |status, code: &str| (status, Some(code.to_owned()));
    let group = Some(r#"{"profile": {"name": "Staff"}}"#);
    assert_eq!(code("application/json; charset=utf-8", group), (200, None));
    assert_eq!(code("text/plain", group), told(415, "E0000021"));
    assert_eq!(code("application/json", Some("{")), told(400, "E0000003"));
    assert_eq!(code("application/json", None), told(413, "E0000001"));
}

fn exchange(method: &str, target: &str, body: Value, answer: Result<u16, Failure>) -> Exchange {
    Exchange {
        sender: Sender::Client("okta-oin".to_owned()),
        request: Request {
            api: Api::Scim,
            method: method.to_owned(),
            origin: "http://target".to_owned(),
            target: target.to_owned(),
            headers: Vec::new(),
            body: Body::new(body.to_string().into_bytes()),
        },
        outcome: answer.map(|status| Response::new(status, Vec::new(), Body::default(), None)),
        started: "2026-11-22T10:00:00.1234Z".to_owned(),
        elapsed: Duration::ZERO,
    }
}

/// Event types with what came of them, the common beginning left out.
fn told(subject: Option<Subject>, did: Result<Did, &str>, exchanges: Vec<Exchange>) -> Vec<String> {
    let mut directory = Directory::default();
    let mut person = Person {
        assigned: true,
        ..Person::default()
    };
    directory.people.insert("ada".to_owned(), person.clone());
    person.assigned = false;
    directory.people.insert("bob".to_owned(), person);
    let mut memory = Memory::default();
    memory.set_user("ada", Some(UserLink::default()));
    memory.set_group("staff", Some(GroupLink::default()));
    let work = Work {
        subject,
        did: did.map_err(str::to_owned),
        exchanges,
    };
    let known = Known {
        app: &app(),
        directory: &directory,
        memory: &memory,
        at: Timestamp::UNIX_EPOCH,
    };
    events(&work, known)
        .into_iter()
        .map(|event| {
            let kind = event.kind.trim_start_matches("application.");
            match event.outcome {
                Ok(()) => kind.to_owned(),
                Err(None) => format!("{kind} FAILURE"),
                Err(Some(reason)) => format!("{kind} FAILURE {reason}"),
            }
        })
        .collect()
}

fn ada() -> Option<Subject> {
    Some(Subject::User("ada".to_owned()))
}

fn staff() -> Option<Subject> {
    Some(Subject::Group("staff".to_owned()))
}

fn patch(operations: Value) -> Value {
    json!({"Operations": operations})
}

#[test]
fn each_write_of_a_user_is_an_event_and_reads_belong_to_it() {
    let look_up = || exchange("GET", "/Users?filter=x", Value::Null, Ok(200));
    let read = || exchange("GET", "/Users/1", Value::Null, Ok(200));
    let put = |body: Value| exchange("PUT", "/Users/1", body, Ok(200));
    let patched = |value: Value| {
        let body = patch(json!([{"op": "replace", "value": value}]));
        exchange("PATCH", "/Users/1", body, Ok(204))
    };
    for (exchanges, expected) in [
        (
            vec![
                look_up(),
                exchange("POST", "/Users", json!({"active": true}), Ok(201)),
            ],
            vec!["provision.user.verify_exists", "provision.user.push"],
        ),
        (
            vec![read(), put(json!({"active": true}))],
            vec!["provision.user.push_profile"],
        ),
        (
            vec![read(), put(json!({"active": false}))],
            vec!["provision.user.deactivate"],
        ),
        (
            vec![patched(json!({"active": true})), read(), put(json!({}))],
            vec!["provision.user.reactivate", "provision.user.push_profile"],
        ),
        (
            vec![patched(json!({"active": false}))],
            vec!["provision.user.deactivate"],
        ),
        (
            vec![patched(json!({"title": "x"}))],
            vec!["provision.user.push_profile"],
        ),
        (
            vec![patched(json!({"password": "[secret]"}))],
            vec!["provision.user.push_password"],
        ),
        (
            vec![exchange("DELETE", "/Users/1", Value::Null, Ok(204))],
            vec!["provision.user.delete"],
        ),
        (Vec::new(), Vec::new()),
    ] {
        assert_eq!(told(ada(), Ok(Did::Updated), exchanges), expected);
    }
}

#[test]
fn failures_have_the_reasons_that_administrators_read() {
    // okta.md 2.1: a counter that is a text gives no reason at all.
    let look_up = exchange("GET", "/Users?filter=x", Value::Null, Ok(200));
    let no_reason = "Error while verifying if user x exists: application.provision.user.sync FAILURE, reason: null";
    assert_eq!(
        told(ada(), Err(no_reason), vec![look_up]),
        ["provision.user.sync FAILURE"]
    );
    // okta.md 2.4: the beginning is the display message already.
    let conflict = "Push new user to external application FAILURE: Conflict. Errors reported by remote server: taken";
    let post = exchange("POST", "/Users", json!({}), Ok(409));
    assert_eq!(
        told(ada(), Err(conflict), vec![post]),
        ["provision.user.push FAILURE Conflict. Errors reported by remote server: taken"]
    );
    // A read that fails is told of as what it stands before.
    let read = || vec![exchange("GET", "/Users/1", Value::Null, Ok(404))];
    let bob = Some(Subject::User("bob".to_owned()));
    assert_eq!(
        told(ada(), Err("Not Found"), read()),
        ["provision.user.push_profile FAILURE Not Found"]
    );
    assert_eq!(
        told(bob, Err("Not Found"), read()),
        ["provision.user.deactivate FAILURE Not Found"]
    );
    assert_eq!(
        told(ada(), Err("no value"), Vec::new()),
        ["provision.user.sync FAILURE no value"]
    );
    let lost = exchange(
        "GET",
        "/Users?startIndex=1&count=2",
        Value::Null,
        Err(Failure::Timeout(1)),
    );
    assert_eq!(
        told(None, Err("no answer"), vec![lost]),
        ["provision.integration.call_api FAILURE no answer"]
    );
}

#[test]
fn a_throttled_call_is_told_of_once_it_has_gone_through() {
    let call = |status| exchange("POST", "/Users", json!({}), Ok(status));
    assert_eq!(
        told(ada(), Ok(Did::Created), vec![call(429), call(201)]),
        [
            "integration.rate_limit_exceeded FAILURE Too Many Requests",
            "provision.user.push"
        ]
    );
}

#[test]
fn group_pushes_are_told_of_by_request_and_as_a_whole() {
    let name = json!([{"op": "replace", "value": {"id": "7", "displayName": "Staff"}}]);
    let members = json!([{"op": "remove", "path": "members[value eq \"1\"]"},
        {"op": "add", "path": "members", "value": []}]);
    let all = json!([{"op": "replace", "path": "members", "value": []}]);
    let sent =
        |operations: Value, status| exchange("PATCH", "/Groups/7", patch(operations), Ok(status));
    assert_eq!(
        told(
            staff(),
            Ok(Did::Updated),
            vec![sent(name, 204), sent(members, 204), sent(all.clone(), 204)]
        ),
        [
            "provision.group.update",
            "provision.group_membership.remove",
            "provision.group_membership.add",
            "provision.group_membership.update",
            "provision.group_push.updated",
        ]
    );
    // okta.md 6.5: transient, for good, gone.
    for (status, kind) in [
        (503, "group_push.mapping.update.or.delete.failed"),
        (401, "group_push.mapping.update.or.delete.failed.with.error"),
        (404, "group.verify_exists"),
    ] {
        assert_eq!(
            told(staff(), Err("why"), vec![sent(all.clone(), status)]),
            [
                "provision.group_membership.update FAILURE why".to_owned(),
                format!("provision.{kind} FAILURE why")
            ]
        );
    }
    let delete = exchange("DELETE", "/Groups/7", Value::Null, Ok(204));
    assert_eq!(
        told(staff(), Ok(Did::Deleted), vec![delete]),
        ["provision.group.remove", "provision.group_push.removed"]
    );
}
