//! Targets that speak HTTP, but not SCIM: exit 3, one message, one hint.

use std::time::Duration;

use serde_json::json;
use wiremock::matchers::{any, header, method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::project::{Project, assert_told};

/// The answer to every request.
type Answer = fn() -> ResponseTemplate;

const FLAVOURS: &[(&str, Answer)] = &[
    ("nothing is there", || ResponseTemplate::new(404)),
    ("a token is needed", || {
        ResponseTemplate::new(401).insert_header("www-authenticate", "Bearer")
    }),
    ("a page to sign in", || {
        ResponseTemplate::new(200)
            .set_body_raw("<!doctype html><title>Sign in</title>", "text/html")
    }),
    ("the way to a page to sign in", || {
        ResponseTemplate::new(302).insert_header("location", "/login")
    }),
    ("an error for everything", || {
        ResponseTemplate::new(500).set_body_json(json!({"error": "the database is gone"}))
    }),
    ("JSON that is no SCIM", || {
        ResponseTemplate::new(200).set_body_json(json!({"hello": "world"}))
    }),
    ("no time for anyone", || {
        ResponseTemplate::new(429).insert_header("retry-after", "1")
    }),
    ("no hurry", || {
        ResponseTemplate::new(200).set_delay(Duration::from_secs(20))
    }),
];

fn users() -> ResponseTemplate {
    let list = json!({
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:ListResponse"],
        "totalResults": 0,
        "Resources": []
    });
    ResponseTemplate::new(200).set_body_raw(list.to_string(), "application/scim+json")
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_scim_server_cannot_be_tested() {
    let project = Project::new();
    let mut told = String::new();
    for (name, answer) in FLAVOURS {
        let server = MockServer::start().await;
        Mock::given(any())
            .respond_with(answer())
            .mount(&server)
            .await;
        let said = project.scimulate(&format!(
            "run scenarios/badges.yaml --timeout 500ms --target {}/scim/v2",
            server.uri()
        ));
        told.push_str(&format!("# {name}\n{}\n", said.all()));
    }
    assert_told!("no_scim", told);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_comes_from_a_file_or_stdin_or_the_environment() {
    let server = MockServer::start().await;
    Mock::given(method("GET"))
        .and(path("/scim/v2/Users"))
        .and(header("authorization", "Bearer canary"))
        .respond_with(users())
        .mount(&server)
        .await;
    let project = Project::new();
    project.write("token.txt", "canary\n");
    let words = format!(
        "run scenarios/badges.yaml --target {}/scim/v2",
        server.uri()
    );
    let run = |more: &str, environment: &[(&str, &str)], stdin: &str| {
        let said = project.scimulate_with(&format!("{words} {more}"), environment, stdin);
        assert!(!said.all().contains("canary"), "{}", said.all());
        said.code
    };
    assert_eq!(run("--token -", &[], "canary\n"), Some(0));
    assert_eq!(run("--token-file token.txt", &[], ""), Some(0));
    assert_eq!(run("--token-env MINE", &[("MINE", "canary")], ""), Some(0));
    assert_eq!(run("--token -", &[], ""), Some(2));
    assert_eq!(run("--token-file nowhere.txt", &[], ""), Some(2));
    // Nothing is known here for whoever has no token.
    assert_eq!(run("", &[], ""), Some(3));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_throttled_step_fails() {
    let server = MockServer::start().await;
    Mock::given(method("POST"))
        .respond_with(ResponseTemplate::new(429).insert_header("retry-after", "30"))
        .mount(&server)
        .await;
    Mock::given(path("/scim/v2/Users"))
        .respond_with(users())
        .mount(&server)
        .await;
    let said = Project::new().scimulate(&format!(
        "run scenarios/create.yaml --as okta-oin --target {}/scim/v2",
        server.uri()
    ));
    assert_eq!(said.code, Some(1));
    assert_told!("throttled", said.all());
}
