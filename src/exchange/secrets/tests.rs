use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::Secrets;
use crate::exchange::{Api, Body, Broken, Exchange, Failure, Request, Response, Sender};

const CANARY: &str = "canary-4711-bird";

fn exchange() -> Exchange {
    Exchange {
        sender: Sender::Client("unknown".to_owned()),
        request: Request {
            api: Api::Scim,
            method: "GET".to_owned(),
            origin: "https://scim.example.test".to_owned(),
            target: "/Users?filter=userName%20eq%20%22ada%22".to_owned(),
            headers: Vec::new(),
            body: Body::default(),
        },
        outcome: Ok(Response::new(200, Vec::new(), Body::default(), None)),
        started: "2026-11-22T12:00:00Z".to_owned(),
        elapsed: Duration::from_millis(3),
    }
}

fn with_header(name: &str, value: &str) -> Exchange {
    let mut exchange = exchange();
    exchange
        .request
        .headers
        .push((name.to_owned(), value.to_owned()));
    exchange
}

fn with_body(body: &str) -> Exchange {
    let mut exchange = exchange();
    exchange.request.body = Body::new(body);
    exchange
}

fn with_answer(body: &str) -> Exchange {
    let mut exchange = exchange();
    exchange.outcome = Ok(Response::new(200, Vec::new(), Body::new(body), None));
    exchange
}

fn shown(exchange: &Exchange) -> String {
    serde_json::to_string(exchange).expect("an exchange can be written")
}

/// The header as it is afterwards.
fn header(name: &str, value: &str) -> String {
    let masked = Secrets::default().masked(with_header(name, value));
    masked.request.headers[0].1.clone()
}

fn body(text: &str) -> String {
    let masked = Secrets::default().masked(with_body(text));
    masked.request.body.text().into_owned()
}

#[test]
fn credentials_of_headers_go_and_their_scheme_stays() {
    for (name, value, masked) in [
        (
            "Authorization",
            "Bearer canary-4711-bird",
            "Bearer [secret]",
        ),
        (
            "authorization",
            "bearer  canary-4711-bird ",
            "bearer  [secret] ",
        ),
        ("Authorization", "Basic YWRhOmNhbmFyeQ==", "Basic [secret]"),
        (
            "Authorization",
            "Digest username=\"ada\", response=\"canary-4711-bird\"",
            "Digest [secret]",
        ),
        ("Authorization", "canary-4711-bird", "[secret]"),
        ("Authorization", "my canary-4711-bird", "[secret]"),
        ("Authorization", "", ""),
        ("Authorization", "Bearer", "Bearer"),
        (
            "Proxy-Authorization",
            "Negotiate canary-4711-bird",
            "Negotiate [secret]",
        ),
        ("X-Api-Key", "canary-4711-bird", "[secret]"),
        ("Ocp-Apim-Subscription-Key", "canary-4711-bird", "[secret]"),
        ("X-Auth-Token", "7", "[secret]"),
        (
            "Cookie",
            "sid=canary-4711-bird; lang=en",
            "sid=[secret]; lang=[secret]",
        ),
        (
            "Set-Cookie",
            "sid=canary-4711-bird; Path=/; HttpOnly",
            "sid=[secret]; Path=/; HttpOnly",
        ),
        (
            "Referer",
            "https://ada:canary@idp.test/a?access_token=canary&b=c",
            "https://[secret]@idp.test/a?access_token=[secret]&b=c",
        ),
        ("X-Continuation-Token", "bird", "bird"),
        ("Idempotency-Key", "bird", "bird"),
        (
            "User-Agent",
            "Okta SCIM Client 1.0.0",
            "Okta SCIM Client 1.0.0",
        ),
        (
            "WWW-Authenticate",
            "Bearer realm=\"scim\", error=\"invalid_token\"",
            "Bearer realm=\"scim\", error=\"invalid_token\"",
        ),
    ] {
        assert_eq!(header(name, value), masked, "{name}: {value}");
    }
}

#[test]
fn credentials_of_documents_go_and_every_other_byte_stays() {
    for (text, masked) in [
        (
            r#"{ "userName":"ada",  "password" : "canary" }"#,
            r#"{ "userName":"ada",  "password" : "[secret]" }"#,
        ),
        (
            r#"{"Operations":[{"op":"Replace","path":"password","value":"canary"}]}"#,
            r#"{"Operations":[{"op":"Replace","path":"password","value":"[secret]"}]}"#,
        ),
        (
            r#"[{"value":"canary","path":"urn:ietf:params:scim:schemas:core:2.0:User:password"}]"#,
            r#"[{"value":"[secret]","path":"urn:ietf:params:scim:schemas:core:2.0:User:password"}]"#,
        ),
        (
            r#"{"op":"replace","value":{"password":"canary","active":true}}"#,
            r#"{"op":"replace","value":{"password":"[secret]","active":true}}"#,
        ),
        (
            r#"{"access_token":"canary","token_type":"Bearer","expires_in":3600}"#,
            r#"{"access_token":"[secret]","token_type":"Bearer","expires_in":3600}"#,
        ),
        (
            r#"{"clientSecret":1234,"tokens":["a"],"token":["canary"]}"#,
            r#"{"clientSecret":"[secret]","tokens":["a"],"token":["[secret]"]}"#,
        ),
        (
            r#"{"pass\u0077ord":"canary"}"#,
            r#"{"pass\u0077ord":"[secret]"}"#,
        ),
        (
            r#"{"changePassword":{"supported":false},"nextPageToken":"bird","password":null}"#,
            r#"{"changePassword":{"supported":false},"nextPageToken":"bird","password":null}"#,
        ),
        // Cut off in the middle.
        (
            r#"{"Operations":[{"path":"password","value":"can"#,
            r#"{"Operations":[{"path":"password","value":"[secret]""#,
        ),
        (
            r#"{"name":"password","type":"string","returned":"never"}"#,
            r#"{"name":"password","type":"string","returned":"never"}"#,
        ),
    ] {
        assert_eq!(body(text), masked, "{text}");
    }
}

#[test]
fn credentials_of_forms_and_addresses_go() {
    let mut form = with_header("Content-Type", "application/x-www-form-urlencoded");
    form.request.body =
        Body::new("grant_type=client_credentials&client_id=ada&client_secret=canary%2D4711");
    form.request.target = "/token?api_key=canary&x=1&code=canary".to_owned();
    form.request.origin = "https://ada:canary@idp.test".to_owned();
    let masked = Secrets::default().masked(form);
    assert_eq!(
        masked.request.body.text(),
        "grant_type=client_credentials&client_id=ada&client_secret=[secret]"
    );
    assert_eq!(
        masked.request.url(),
        "https://[secret]@idp.test/token?api_key=[secret]&x=1&code=[secret]"
    );
}

#[test]
fn credentials_are_known_by_their_shape() {
    let token = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhZGEifQ.c2lnbmF0dXJl";
    for text in [
        format!("<p>bad request to /{token}/Users</p>"),
        format!(r#"{{"detail":"no such token {token}"}}"#),
        "the header was `Authorization: Bearer canary0123456789`".to_owned(),
    ] {
        let masked = body(&text);
        assert!(masked.contains("[secret]"), "{masked}");
        assert!(
            !masked.contains("eyJ") && !masked.contains("canary"),
            "{masked}"
        );
    }
    let harmless = "OAuth Bearer authentication-is-required, basic understanding";
    assert_eq!(body(harmless), harmless);
}

/// Each place teaches; each place that follows is covered.
#[test]
fn what_stood_in_one_place_is_covered_in_all() {
    let basic = format!("Basic {}", STANDARD.encode(format!("ada:{CANARY}")));
    let teachers = [
        with_header("Authorization", &format!("Bearer {CANARY}")),
        with_header("Authorization", &basic),
        with_header("X-Api-Key", CANARY),
        with_header("Cookie", &format!("sid={CANARY}")),
        with_header("Referer", &format!("/a?token={CANARY}")),
        with_body(&format!(r#"{{"password":"{CANARY}"}}"#)),
        with_answer(&format!(r#"{{"access_token":"{CANARY}"}}"#)),
    ];
    for teacher in teachers {
        let mut secrets = Secrets::default();
        let masked = secrets.masked(teacher);
        assert!(!shown(&masked).contains(CANARY), "{}", shown(&masked));

        let mut later = with_header("X-Debug", &format!("saw {CANARY}"));
        later.request.target = format!("/Users/{CANARY}");
        later.request.body = Body::new(format!("<b>{CANARY}</b>"));
        later.outcome = Ok(Response::new(
            400,
            vec![("Location".to_owned(), format!("/x/{CANARY}"))],
            Body::new(format!(r#"{{"detail":"{}"}}"#, STANDARD.encode(CANARY))),
            Some(Broken::Cut(format!("after {CANARY}"))),
        ));
        let text = shown(&secrets.masked(later));
        assert!(!text.contains(CANARY), "{text}");
        assert!(!text.contains(&STANDARD.encode(CANARY)), "{text}");
        assert_eq!(text.matches("[secret]").count(), 6, "{text}");

        let mut failed = exchange();
        failed.outcome = Err(Failure::Connect(format!("to {CANARY}")));
        assert!(!shown(&secrets.masked(failed)).contains(CANARY));
    }
}

/// A recording in which every person has a password must not get slower with each, nor forget the token.
#[test]
fn what_was_seen_last_is_remembered() {
    let mut secrets = Secrets::default();
    for number in 0..200 {
        let mut exchange = with_header("Authorization", &format!("Bearer {CANARY}"));
        exchange.request.body = Body::new(format!(r#"{{"password":"pass-number-{number}"}}"#));
        secrets.learn(&exchange);
    }
    assert_eq!(format!("{secrets:?}"), "Secrets(64 known)");
    assert_eq!(
        secrets
            .mask()
            .text("canary-4711-bird pass-number-199 pass-number-100"),
        "[secret] [secret] pass-number-100"
    );
}

#[test]
fn short_and_ordinary_words_are_covered_in_their_place_only() {
    let mut secrets = Secrets::default();
    secrets.learn(&with_header("Authorization", "Bearer test"));
    secrets.learn(&with_body(r#"{"password":"password"}"#));
    secrets.learn(&with_header("Cookie", "zone=Europe/Amsterdam"));
    // What our own scenarios send where a user name and a password belong.
    secrets.learn(&with_header(
        "Authorization",
        "Basic c2NpbXVsYXRlOnNjaW11bGF0ZQ==",
    ));
    let text = "test password Europe/Amsterdam scimulate/0.1.0";
    assert_eq!(secrets.mask().text(text), text);
}

#[test]
fn masking_twice_changes_nothing_more() {
    let mut once = with_header("Authorization", &format!("Bearer {CANARY}"));
    once.request.target = format!("/Users?access_token={CANARY}");
    once.request.body = Body::new(format!(r#"{{"password":"{CANARY}"}}"#));
    let once = Secrets::default().masked(once);
    assert_eq!(Secrets::default().masked(once.clone()), once);
}

#[test]
fn bytes_that_are_no_text_stay() {
    let mut binary = exchange();
    binary.request.body = Body::new(vec![0xff, 0x00, b'{', 0xfe]);
    assert_eq!(Secrets::default().masked(binary.clone()), binary);
    let deep = "[".repeat(100_000);
    assert_eq!(body(&deep), deep);
}
