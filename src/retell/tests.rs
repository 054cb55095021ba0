use std::time::Duration;

use proptest::prelude::{Strategy, any, prop, proptest};
use serde_json::{Value, json};

use super::{Options, People, Retold, retell};
use crate::exchange::{Api, Body, Exchange, Failure, Request, Response, Sender};
use crate::profile::ProfileId;

use crate::scenario::load::{Embedded, LoadOptions, examine_text};

const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
const BASE: &str = "/scim/v2";

fn sent(method: &str, target: &str, body: impl Into<Vec<u8>>) -> Exchange {
    let body = body.into();
    let headers = [
        ("Accept", "application/scim+json"),
        ("Authorization", "Bearer [secret]"),
        ("Content-Type", "application/scim+json; charset=utf-8"),
    ];
    Exchange {
        sender: Sender::Client("unknown".to_owned()),
        request: Request {
            api: Api::Scim,
            method: method.to_owned(),
            origin: "https://scim.corp.example".to_owned(),
            target: format!("{BASE}{target}"),
            headers: headers
                .into_iter()
                .filter(|(name, _)| *name != "Content-Type" || !body.is_empty())
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .collect(),
            body: Body::new(body),
        },
        outcome: Err(Failure::Timeout(5000)),
        started: "2026-01-05T09:00:00Z".to_owned(),
        elapsed: Duration::ZERO,
    }
}

impl Exchange {
    fn answered(self, status: u16, body: &Value) -> Self {
        let text = if body.is_null() {
            String::new()
        } else {
            body.to_string()
        };
        let headers = vec![(
            "content-type".to_owned(),
            "application/scim+json".to_owned(),
        )];
        let response = Response::new(status, headers, Body::new(text), None);
        Self {
            outcome: Ok(response),
            ..self
        }
    }

    fn at(self, started: &str) -> Self {
        Self {
            started: started.to_owned(),
            ..self
        }
    }
}

fn marie(id: &str) -> Value {
    json!({"schemas": [USER], "id": id, "userName": "marie.curie@corp.example", "active": true,
        "name": {"givenName": "Marie", "familyName": "Curie"}, "title": "Physicist"})
}

fn list(resources: &[Value]) -> Value {
    json!({"totalResults": resources.len(), "Resources": resources})
}

const LOOK_UP: &str = "/Users?filter=userName+eq+%22marie.curie%40corp.example%22";

fn patch(operations: Value) -> String {
    json!({"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": operations})
        .to_string()
}

/// The text, once the loader has found nothing wrong with it.
fn checked(retold: &Retold) -> &str {
    let loaded = examine_text(
        &retold.text,
        "retold.yaml",
        &Embedded(&[]),
        &LoadOptions::default(),
    );
    let problems: Vec<String> = loaded
        .errors
        .iter()
        .chain(&loaded.warnings)
        .map(|problem| format!("{problem} at line {}", problem.at.line))
        .collect();
    assert!(problems.is_empty(), "{problems:?}\n{}", retold.text);
    &retold.text
}

/// A ticket: Entra finds somebody, and cannot deactivate her.
fn ticket() -> Vec<Exchange> {
    let deactivate = patch(json!([{"op": "Replace", "path": "active", "value": "False"}]));
    vec![
        sent("GET", LOOK_UP, "").answered(200, &list(&[marie("u-77001")])),
        sent("PATCH", "/Users/u-77001", deactivate).answered(
            400,
            &json!({"status": "400", "scimType": "invalidValue", "detail": "active must be a boolean"}),
        ),
        sent("GET", "/Users/u-77001", "").answered(200, &marie("u-77001")),
    ]
}

#[test]
fn a_ticket_becomes_a_scenario_that_expects_what_is_right() {
    let retold = retell(&ticket(), &Options::default());
    assert_eq!(retold.client, Some(ProfileId::EntraLegacy));
    insta::assert_snapshot!(checked(&retold));
    assert_eq!(
        retold.notes,
        [
            "1 resource existed before the recording: created in front, as far as the recording shows what it was like",
            "people, passwords and what may tell who somebody is are replaced; names of groups stay"
        ]
    );
}

#[test]
fn nobody_of_the_recording_is_in_the_scenario() {
    let body = json!({
        "schemas": [USER, "urn:corp:params:scim:schemas:extension:hr:2.0:User"],
        "userName": "marie.curie@corp.example",
        "externalId": "marie.curie",
        "password": "Radium-226!",
        "name": {"givenName": "Marie", "familyName": "Curie", "formatted": "Marie Curie"},
        "displayName": "Marie Curie",
        "emails": [{"value": "Marie.Curie@corp.example", "type": "work"}],
        "phoneNumbers": [{"value": "+33 1 4427 6789", "type": "work"}],
        "addresses": [{"formatted": "11 Rue Pierre et Marie Curie\nParis", "type": "home"}],
        "photos": [{"value": "https://corp.example/photos/curie.jpg"}],
        "urn:corp:params:scim:schemas:extension:hr:2.0:User": {"note": "born Sklodowska", "badge": "18671107"},
    });
    let group = json!({"displayName": "Radiology", "members": [{"value": "u-77001", "display": "Marie Curie"}]});
    let exchanges = [
        sent("GET", LOOK_UP, "").answered(200, &list(&[])),
        sent("POST", "/Users", body.to_string()).answered(201, &marie("u-77001")),
        sent("POST", "/Groups", group.to_string()).answered(201, &json!({"id": "g-1"})),
        sent("GET", "/Users?filter=displayName+sw+%22marie%22", "").answered(200, &list(&[])),
        sent(
            "PATCH",
            "/Users/u-77001",
            patch(json!([{"op": "Replace", "path": "title", "value": "Professor"}])),
        )
        .answered(
            500,
            &json!({"detail": "Marie Curie (marie.curie@corp.example) has 18671107"}),
        ),
    ];
    let retold = retell(&exchanges, &Options::default());
    let text = checked(&retold).to_lowercase();
    let told = [
        "marie",
        "curie",
        "corp.example",
        "radium",
        "4427",
        "6789",
        "pierre",
        "sklodowska",
        "18671107",
    ];
    for word in told {
        assert!(!text.contains(word), "{word}\n{text}");
    }
    assert!(text.contains("radiology ${run}") && text.contains("filter=displayname sw \"bea\""));
    let kept = retell(
        &exchanges,
        &Options {
            people: People::Keep,
            ..Options::default()
        },
    );
    assert!(checked(&kept).contains("marie.curie@corp.example"));
    assert!(!kept.text.contains("Radium"));
}

#[test]
fn what_was_asked_again_is_told_once() {
    let body = patch(json!([{"op": "replace", "path": "title", "value": "x"}]));
    let ask = || sent("PATCH", "/Users/u-77001", body.clone());
    let exchanges = [
        ask().answered(429, &Value::Null),
        ask().answered(429, &Value::Null).at("2026-01-05T09:00:30Z"),
        ask().answered(204, &Value::Null).at("2026-01-05T09:01:00Z"),
    ];
    let retold = retell(&exchanges, &Options::default());
    assert_eq!(retold.requests, 1);
    assert!(!checked(&retold).contains("429"));
    assert!(
        retold.notes.contains(
            &"2 requests answered 429 or 503 and sent again later: told once, with the last answer"
                .to_owned()
        )
    );
}

#[test]
fn a_request_without_an_answer_expects_nothing() {
    let retold = retell(&[sent("GET", "/Users?count=1", "")], &Options::default());
    let text = checked(&retold);
    assert!(text.contains(
        "# the recording has no answer, so nothing is expected: no answer within 5000 ms"
    ));
    assert!(!text.contains("expect:"));
}

#[test]
fn hostile_bodies_are_sent_as_they_were() {
    let bodies: [&[u8]; 8] = [
        b"{\"a\":\"${b} $${c} $\"}",
        b"{\"a\":1,\"a\":2}",
        b"{\"a\":\t\"\xf0\x9f\x98\x80\"}\r\n",
        b"\x00\x01: - # {",
        b"\xff\xfe{}",
        b"%YAML 1.2\n---\n- a\n...\n",
        b"\n\n  {}",
        b"null",
    ];
    for bytes in bodies {
        let exchange = sent("POST", "/Users", bytes).answered(400, &json!({"status": "400"}));
        let retold = retell(&[exchange], &Options::default());
        checked(&retold);
    }
}

#[test]
fn an_empty_recording_is_a_scenario_that_looks() {
    let retold = retell(&[], &Options::default());
    assert!(checked(&retold).contains("get: /Users?count=1"));
    assert_eq!((retold.requests, retold.client), (0, None));
}

#[test]
fn a_long_recording_is_cut() {
    let page = || sent("GET", "/Users?startIndex=1&count=100", "").answered(200, &list(&[]));
    let exchanges: Vec<Exchange> = std::iter::repeat_with(page).take(30).collect();
    let retold = retell(
        &exchanges,
        &Options {
            most: 10,
            ..Options::default()
        },
    );
    checked(&retold);
    assert_eq!(retold.requests, 10);
    assert!(retold.notes[0].starts_with("only the first 10 of 30 requests are told"));
}

#[test]
fn a_thousand_requests_fit_in_one_file() {
    let mut exchanges = Vec::new();
    for number in 0..500 {
        let name = format!("p{number}x@corp.example");
        let body =
            json!({"schemas": [USER], "userName": name, "displayName": format!("Pe {number}x")});
        let answer = json!({"id": format!("u-{number:06}"), "userName": name});
        let look = format!("/Users?filter=userName+eq+%22p{number}x%40corp.example%22");
        exchanges.push(sent("GET", &look, "").answered(200, &list(&[])));
        exchanges.push(sent("POST", "/Users", body.to_string()).answered(201, &answer));
    }
    let retold = retell(&exchanges, &Options::default());
    checked(&retold);
    assert_eq!(retold.requests, 1000);
}

#[test]
fn two_recordings_tell_noise_from_meaning() {
    let story = |id: &str, key: &str, nick: &str| {
        let body = json!({"schemas": [USER], "userName": "marie.curie@corp.example", "active": true,
            "roles": [{"value": key}]});
        let mut answer = marie(id);
        answer["nickName"] = Value::from(nick);
        vec![
            sent("POST", "/Users", body.to_string()).answered(201, &answer),
            sent("GET", &format!("/Users/{id}"), "").answered(200, &answer),
        ]
    };
    let first = story("u-77001", "session-8c1f", "x-1");
    let mut second = story("u-88002", "session-9d2e", "x-2");
    second.push(sent("DELETE", "/Users/u-88002", "").answered(204, &Value::Null));
    let retold = retell(
        &first,
        &Options {
            again: Some(&second),
            ..Options::default()
        },
    );
    let text = checked(&retold);
    assert!(
        text.contains("\"roles\":[{\"value\":\"${noise.value}\"}]"),
        "{text}"
    );
    assert!(text.contains("title: \"Stone\""), "{text}");
    assert!(!text.contains("nickName"), "{text}");
    assert!(
        retold
            .notes
            .contains(&"`DELETE /Users/…` is in the second recording only".to_owned())
    );
}

fn word() -> impl Strategy<Value = String> {
    prop::sample::select(vec![
        "ada",
        "${x}",
        "$",
        "\"",
        "\\",
        "#",
        ": ",
        "'",
        "é😀",
        "\n",
        "\t",
        "\u{0}",
        "\u{2028}",
        "- ",
        "{",
        "}",
        "&",
        "=",
        "?",
        "/",
        "%zz",
        "yes",
        "[",
        "eq \"",
        "@corp.example",
        "u-77001",
        "u-77001-and-more",
        "members",
        "~",
    ])
    .prop_map(str::to_owned)
}

fn words() -> impl Strategy<Value = String> {
    prop::collection::vec(word(), 0..6).prop_map(|words| words.concat())
}

fn body() -> impl Strategy<Value = Vec<u8>> {
    let value = words().prop_map(Value::from).boxed();
    let value = value.prop_recursive(3, 12, 4, |inner| {
        let name = prop::sample::select(vec![
            "userName",
            "displayName",
            "id",
            "value",
            "members",
            "Operations",
            "op",
            "path",
            "active",
            "manager",
            "filter",
            "schemas",
            "password",
            "$ref",
            "externalId",
        ]);
        prop::collection::vec((name, inner.clone()), 0..4)
            .prop_map(|members| {
                members
                    .into_iter()
                    .map(|(name, value)| (name.to_owned(), value))
                    .collect::<Value>()
            })
            .boxed()
            .prop_union(
                prop::collection::vec(inner, 0..3)
                    .prop_map(Value::from)
                    .boxed(),
            )
    });
    value
        .prop_map(|value| value.to_string().into_bytes())
        .boxed()
        .prop_union(prop::collection::vec(any::<u8>(), 0..20).boxed())
}

proptest! {
    #[test]
    fn whatever_was_recorded_gives_a_scenario_that_loads(
        stories in prop::collection::vec(
            (
                prop::sample::select(vec!["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "PROPFIND"]),
                prop::sample::select(vec!["/Users", "/Groups", "/Users/u-77001", "/Bulk", "/Roles", "", "/Users/.search"]),
                words(),
                body(),
                prop::sample::select(vec![200_u16, 201, 204, 302, 400, 404, 409, 500]),
                body(),
            ),
            0..8,
        ),
        keep: bool,
    ) {
        let exchanges: Vec<Exchange> = stories
            .into_iter()
            .map(|(method, target, query, body, status, answer)| {
                let query = if query.is_empty() { String::new() } else { format!("?filter={query}") };
                let answer = serde_json::from_slice(&answer).unwrap_or_default();
                sent(method, &format!("{target}{query}"), body).answered(status, &answer)
            })
            .collect();
        let people = if keep { People::Keep } else { People::Invent };
        let retold = retell(&exchanges, &Options { people, ..Options::default() });
        let loaded = examine_text(&retold.text, "retold.yaml", &Embedded(&[]), &LoadOptions::default());
        assert!(loaded.errors.is_empty(), "{:?}\n{}", loaded.errors, retold.text);
    }
}
