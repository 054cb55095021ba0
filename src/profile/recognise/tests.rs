use std::time::Duration;

use super::{Recognised, Recogniser};
use crate::exchange::{Api, Body, Exchange, Request, Response, Sender};
use crate::profile::ProfileId;

const PATCH: &str = r#"{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":"#;

struct Sent {
    method: &'static str,
    target: &'static str,
    body: String,
    answer: &'static str,
}

fn sent(method: &'static str, target: &'static str, body: &str) -> Sent {
    Sent {
        method,
        target,
        body: body.to_owned(),
        answer: "",
    }
}

fn patch(target: &'static str, operations: &str) -> Sent {
    sent("PATCH", target, &format!("{PATCH}{operations}}}"))
}

fn exchange(sent: &Sent, headers: &[(&str, &str)]) -> Exchange {
    Exchange {
        sender: Sender::Client("unknown".to_owned()),
        request: Request {
            api: Api::Scim,
            method: sent.method.to_owned(),
            origin: "http://127.0.0.1:1".to_owned(),
            target: sent.target.to_owned(),
            headers: headers
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect(),
            body: Body::new(sent.body.clone()),
        },
        outcome: Ok(Response::new(200, Vec::new(), Body::new(sent.answer), None)),
        started: "2026-01-05T09:00:00Z".to_owned(),
        elapsed: Duration::ZERO,
    }
}

fn recognised(headers: &[(&str, &str)], requests: &[Sent]) -> Recognised {
    let mut recogniser = Recogniser::new();
    for sent in requests {
        recogniser.see(&exchange(sent, headers));
    }
    recogniser.recognised()
}

fn as_client(client: ProfileId, requests: &[Sent]) -> Recognised {
    recognised(client.profile().headers, requests)
}

#[test]
fn the_default_job_is_known_by_how_it_removes_members() {
    let found = recognised(
        &[],
        &[patch(
            "/scim/Groups/g-1",
            r#"[{"op":"Remove","path":"members","value":[{"value":"u-1"}]}]"#,
        )],
    );
    assert_eq!(found.client, Some(ProfileId::EntraLegacy));
    assert!(
        found.because.contains(
            &"member removal by value list: Entra as it is by default (PATCH /Groups/…)".to_owned()
        ),
        "{:?}",
        found.because
    );
}

#[test]
fn a_flag_in_the_tenant_url_shows_in_the_bodies() {
    let found = as_client(
        ProfileId::EntraCompliant,
        &[
            sent("GET", "/Users?filter=userName+eq+%22ada%22", ""),
            patch(
                "/Users/u-1",
                r#"[{"op":"replace","value":{"name.givenName":"Ava"}}]"#,
            ),
        ],
    );
    assert_eq!(found.client, Some(ProfileId::EntraCompliant));
    // Provisioned on demand, the same job sends the other bodies in between.
    let both = as_client(
        ProfileId::EntraCompliant,
        &[
            patch(
                "/Users/u-1",
                r#"[{"op":"replace","value":{"name.givenName":"Ava"}}]"#,
            ),
            patch(
                "/Users/u-1",
                r#"[{"op":"Replace","path":"active","value":"False"}]"#,
            ),
        ],
    );
    assert_eq!(both.client, Some(ProfileId::EntraCompliant));
    assert!(
        both.because
            .iter()
            .any(|words| words.starts_with("although: "))
    );
}

#[test]
fn each_client_of_okta_writes_in_its_own_way() {
    let user = r#"{"id":"u-1","schemas":[],"active":true}"#;
    let read = || Sent {
        answer: user,
        ..sent("GET", "/Users/u-1", "")
    };
    let of = |requests: &[Sent]| as_client(ProfileId::OktaOin, requests).client;
    assert_eq!(
        of(&[
            read(),
            sent("PUT", "/Users/u-1", r#"{"id":"u-1","active":false}"#)
        ]),
        Some(ProfileId::OktaAiw)
    );
    assert_eq!(
        of(&[sent("PUT", "/Groups/g-1", r#"{"members":[]}"#)]),
        Some(ProfileId::OktaAiw)
    );
    assert_eq!(
        of(&[patch(
            "/Users/u-1",
            r#"[{"op":"replace","value":{"title":"Lead"}}]"#
        )]),
        Some(ProfileId::OktaOinUserpatch)
    );
    assert_eq!(
        of(&[sent("GET", "/ResourceTypes", "")]),
        Some(ProfileId::OktaGov)
    );
    let created = Sent {
        answer: user,
        ..sent("POST", "/Users", r#"{"groups":[],"password":"x"}"#)
    };
    assert_eq!(
        of(&[
            created,
            read(),
            sent("PUT", "/Users/u-1", r#"{"id":"u-1","active":true}"#),
            patch(
                "/Users/u-1",
                r#"[{"op":"replace","value":{"active":false}}]"#
            ),
            patch(
                "/Groups/g-1",
                r#"[{"op":"replace","value":{"id":"g-1","displayName":"x"}}]"#
            ),
        ]),
        Some(ProfileId::OktaOin)
    );
}

#[test]
fn what_cannot_be_told_apart_is_said() {
    let found = as_client(
        ProfileId::OktaAiw,
        &[sent("GET", "/Users?startIndex=1&count=2", "")],
    );
    assert_eq!((found.client, found.name()), (None, "unknown"));
    assert_eq!(
        found.possible,
        [
            ProfileId::OktaOin,
            ProfileId::OktaAiw,
            ProfileId::OktaOinUserpatch,
            ProfileId::OktaGov
        ]
    );
    assert_eq!(found.likely(), Some(ProfileId::OktaOin));
    let last = found.because.last().expect("it says why");
    assert!(last.starts_with("cannot tell which of okta-oin, okta-aiw"));
}

#[test]
fn somebody_else_is_nobody_that_we_know() {
    let found = recognised(
        &[("User-Agent", "python-httpx/0.28"), ("Accept", "*/*")],
        &[
            sent("GET", "/Users?filter=userName%20eq%20%22ada%22", ""),
            patch(
                "/Users/u-1",
                r#"[{"op":"replace","path":"active","value":false}]"#,
            ),
        ],
    );
    assert_eq!((found.client, found.possible.len()), (None, 0));
    assert_eq!(Recogniser::new().recognised().client, None);
}

#[test]
fn our_own_requests_are_no_provider() {
    let own = as_client(ProfileId::Scimulate, &[sent("GET", "/Users", "")]);
    assert_eq!(own.client, Some(ProfileId::Scimulate));
    let mut recogniser = Recogniser::new();
    recogniser.see(&Exchange {
        sender: Sender::Harness,
        ..exchange(&sent("PUT", "/Users/u-1", "{}"), &[])
    });
    assert_eq!(recogniser.requests(), 0);
}
