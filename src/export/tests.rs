use std::time::Duration;

use super::{Options, curl, http, postman};
use crate::capture::UNRECORDED;
use crate::exchange::{Api, Body, Exchange, Failure, Request, Response, Sender};

const BASE: &str = "https://scim.example.com/scim/v2";

fn exchange(method: &str, below: &str, body: &str, answer: (u16, &str)) -> Exchange {
    let headers = [
        ("Host", "scim.example.com"),
        ("Accept", "application/scim+json"),
        ("Authorization", "Bearer [secret]"),
    ];
    let content = [("Content-Type", "application/scim+json")];
    let headers = headers
        .iter()
        .chain(content.iter().filter(|_| !body.is_empty()));
    Exchange {
        sender: Sender::Client("okta-oin".to_owned()),
        request: Request {
            api: Api::Scim,
            method: method.to_owned(),
            origin: "https://scim.example.com".to_owned(),
            target: format!("/scim/v2{below}"),
            headers: headers
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect(),
            body: Body::new(body),
        },
        outcome: Ok(Response::new(
            answer.0,
            Vec::new(),
            Body::new(answer.1),
            None,
        )),
        started: "2026-11-22T12:00:00Z".to_owned(),
        elapsed: Duration::ZERO,
    }
}

/// A user who is created, found, put into a group and read back by ourselves.
fn story() -> Vec<Exchange> {
    let mut own = exchange("GET", "/Users/2819c223-7f76", "", (200, "{}"));
    own.sender = Sender::Harness;
    let mut unsent = exchange("GET", "/Users/x", "", (200, "{}"));
    unsent.outcome = Err(Failure::NotSent("it would leave the target".to_owned()));
    let mut unanswered = exchange("DELETE", "/Groups/7", "", (200, ""));
    unanswered.outcome = Err(Failure::NotSent(UNRECORDED.to_owned()));
    vec![
        exchange(
            "POST",
            "/Users",
            "{\"userName\":\"it's ada k3x9q000\",\"password\":\"[secret]\"}",
            (201, "{\"id\":\"2819c223-7f76\"}"),
        ),
        exchange(
            "GET",
            "/Groups?filter=displayName%20eq%20%22k3x9q000%22",
            "",
            (200, "{\"Resources\":[{\"id\":\"8\"},{\"id\":\"7\"}]}"),
        ),
        exchange(
            "PATCH",
            "/Groups/7",
            "{\"Operations\":[{\"op\":\"add\",\"path\":\"members\",\"value\":[{\"value\":\"2819c223-7f76\",\"$ref\":\"https://scim.example.com/scim/v2/Users/2819c223-7f76\",\"n\":\"7\"}]}]}",
            (204, ""),
        ),
        own,
        unsent,
        unanswered,
    ]
}

fn options() -> Options {
    Options {
        title: "A story".to_owned(),
        runs: vec!["k3x9q000".to_owned()],
        ..Options::default()
    }
}

#[test]
fn a_script_takes_ids_from_answers() {
    let script = curl::script(&story(), &options()).expect("there is something to send");
    let calls = script
        .split_once("send 1 ")
        .map(|(_, calls)| format!("send 1 {calls}"));
    insta::assert_snapshot!(calls.unwrap_or_default());
}

#[test]
fn a_collection_takes_ids_from_answers() {
    let collection = postman::collection(&story(), &options());
    insta::assert_snapshot!(collection.expect("there is something to send"));
}

#[test]
fn a_file_for_editors_refers_to_answers() {
    let file = http::file(&story(), &options()).expect("there is something to send");
    insta::assert_snapshot!(file);
}

#[test]
fn what_was_not_sent_is_not_exported() {
    let story = story();
    assert_eq!(curl::script(&story[3..5], &options()), None);
    let own = Options {
        own: true,
        ..options()
    };
    let script = curl::script(&story[3..5], &own).expect("our own is sent");
    assert!(
        script.contains("send 1 'GET /Users/{id} (200)'"),
        "{script}"
    );
    assert!(!script.contains("send 2"), "{script}");
}

#[test]
fn another_base_url_takes_the_place_of_the_recorded_one() {
    let elsewhere = Options {
        base: Some("http://127.0.0.1:9/v2".to_owned()),
        ..options()
    };
    for text in [
        curl::script(&story(), &elsewhere),
        postman::collection(&story(), &elsewhere),
        http::file(&story(), &elsewhere),
    ] {
        let text = text.expect("there is something to send");
        assert!(text.contains("http://127.0.0.1:9/v2"), "{text}");
        assert!(!text.contains(BASE), "{text}");
    }
}
