//! No secret gets into any output, however a target sends it back.

use std::fs;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use walkdir::WalkDir;

use crate::outcome::{Outcome, Run};
use crate::server::{Received, Reply, Server};

const TOKEN: &str = "canary-T0ken+with/odd=signs&more\"";
const PASSWORD: &str = "canary-Passw0rd:<of>'someone";
const HEADER: &str = "canary-Header-0123456789";
const VARIABLE: &str = "canary-Variable-abcdefghij";

/// Everything that came, sent back in every form that servers write.
fn echo(received: &Received) -> String {
    let mut seen: Vec<String> = received
        .headers
        .iter()
        .filter(|(name, _)| {
            ["authorization", "x-api-key", "x-own"].contains(&name.to_lowercase().as_str())
        })
        .map(|(_, value)| value.clone())
        .collect();
    seen.push(VARIABLE.to_owned());
    let mut forms = Vec::new();
    for value in &seen {
        forms.push(value.clone());
        forms.push(STANDARD.encode(value));
        forms.push(URL_SAFE_NO_PAD.encode(format!("x{value}")));
        forms.push(utf8_percent_encode(value, NON_ALPHANUMERIC).to_string());
        forms.push(url::form_urlencoded::byte_serialize(value.as_bytes()).collect());
        if let Some((_, secret)) = value.split_once(' ') {
            forms.push(secret.to_owned());
            forms.push(STANDARD.encode(secret));
            forms.extend(
                STANDARD
                    .decode(secret)
                    .ok()
                    .and_then(|pair| String::from_utf8(pair).ok()),
            );
        }
    }
    forms.join(" | ")
}

/// A server that quotes what it was sent in bodies, headers and errors.
fn parrot() -> Server {
    Server::after_preflight(|received, all| {
        let plain = echo(received);
        let location = format!("X-Echo: {plain}");
        let echo = serde_json::Value::from(plain).to_string();
        let headers = [location.as_str(), "Content-Type: application/scim+json"];
        // As .NET writes JSON: https://learn.microsoft.com/dotnet/standard/serialization/system-text-json/character-encoding
        let dotnet = echo
            .replace('+', "\\u002B")
            .replace('&', "\\u0026")
            .replace('\'', "\\u0027")
            .replace('<', "\\u003C");
        match received.method.as_str() {
            "POST" if received.target.contains("x=") => Reply::with(
                400,
                &headers,
                format!(r#"{{"status":"400","detail":{dotnet},"scimType":{echo}}}"#).as_bytes(),
            ),
            "POST" => {
                let body = received.text();
                Reply::with(
                    201,
                    &headers,
                    format!(r#"{{"id":"42","echo":{echo},{}"#, &body[1..]).as_bytes(),
                )
            }
            "DELETE" => Reply::with(500, &headers, format!(r#"{{"detail":{echo}}}"#).as_bytes()),
            _ if received.target.ends_with("/Users/42") => {
                let post = all
                    .iter()
                    .find(|earlier| earlier.method == "POST")
                    .expect("it was created")
                    .text();
                Reply::with(
                    200,
                    &headers,
                    format!(r#"{{"id":"42","echo":{echo},{}"#, &post[1..]).as_bytes(),
                )
            }
            _ if received.target.contains('?') => Reply::with(
                200,
                &headers,
                format!(
                    r#"{{"schemas":["urn:ietf:params:scim:api:messages:2.0:ListResponse"],"totalResults":0,"Resources":[],"echo":{echo}}}"#
                )
                .as_bytes(),
            ),
            _ => Reply::with(404, &headers, echo.as_bytes()),
        }
    })
}

/// Every file that the run wrote, and all that it said.
fn outputs(outcome: &Outcome) -> Vec<(String, String)> {
    let mut outputs = vec![
        ("stdout".to_owned(), outcome.stdout.clone()),
        ("stderr".to_owned(), outcome.stderr.clone()),
    ];
    for entry in WalkDir::new(outcome.folder()).into_iter().flatten() {
        if entry.file_type().is_file() {
            let bytes = fs::read(entry.path()).expect("it can be read");
            outputs.push((
                entry.path().display().to_string(),
                String::from_utf8_lossy(&bytes).into_owned(),
            ));
        }
    }
    outputs
}

fn assert_silent(outcome: &Outcome) {
    let outputs = outputs(outcome);
    for wanted in ["events.jsonl", "junit.xml", "report.md", "journal"] {
        assert!(
            outputs.iter().any(|(name, _)| name.contains(wanted)),
            "no {wanted}: {}",
            outcome.said()
        );
    }
    // Any part of a secret that is long enough to be of use, in any form.
    let mut needles = vec!["canary".to_owned(), "Y2FuYXJ5".to_owned()];
    for secret in [TOKEN, PASSWORD, HEADER, VARIABLE] {
        let rest = &secret["canary-".len()..];
        needles.push(rest.chars().take(8).collect());
        needles.push(STANDARD.encode(&rest[2..11]));
        for before in ["", "x", "xx"] {
            let text = STANDARD.encode(format!("{before}{rest}"));
            needles.push(text[4..12].to_owned());
        }
    }
    for (name, text) in &outputs {
        for needle in &needles {
            if let Some(at) = text.find(needle.as_str()) {
                let around = &text.as_bytes()[at.saturating_sub(80)..(at + 80).min(text.len())];
                panic!(
                    "`{needle}` stands in {name}: … {} …",
                    String::from_utf8_lossy(around)
                );
            }
        }
    }
}

#[test]
fn a_bearer_token_and_a_header() {
    let server = parrot();
    let outcome = Run::new("secrets/everything.yaml", &server.url())
        .variable("SCIMULATE_REPORT_GITHUB", "always")
        .variable("MY_TOKEN", TOKEN)
        .variable("MY_HEADER", HEADER)
        .variable("CANARY_VARIABLE", VARIABLE)
        .arguments(&[
            "--token-env",
            "MY_TOKEN",
            "--header-env",
            "X-Api-Key=MY_HEADER",
        ])
        .arguments(&["--snapshot-dir", "snapshots", "--snapshots", "new"])
        .finish();
    assert_eq!(outcome.code, Some(1), "{}", outcome.said());
    // It was sent, so that the server could send it back.
    let sent = server.received();
    assert_eq!(
        sent[0].header("authorization"),
        Some(&*format!("Bearer {TOKEN}"))
    );
    assert_eq!(sent[0].header("x-api-key"), Some(HEADER));
    assert_silent(&outcome);
    // What was sent and came back is equal, although neither can be shown.
    let told = outcome.failures().join("\n");
    assert!(!told.contains("user ada is not"), "{told}");
}

#[test]
fn a_password_and_a_header_that_is_named_as_a_secret() {
    let server = parrot();
    let header = format!("X-Api-Key: {HEADER}");
    let outcome = Run::new("secrets/everything.yaml", &server.url())
        .variable("MY_PASSWORD", PASSWORD)
        .variable("CANARY_VARIABLE", VARIABLE)
        .arguments(&["--basic-user", "someone", "--password-env", "MY_PASSWORD"])
        .arguments(&["--header", &header])
        .finish();
    assert_eq!(outcome.code, Some(1), "{}", outcome.said());
    let pair = STANDARD.encode(format!("someone:{PASSWORD}"));
    assert_eq!(
        server.received()[0].header("authorization"),
        Some(&*format!("Basic {pair}"))
    );
    assert_silent(&outcome);
}

/// A header that is no secret stays readable, and does not eat the numbers of every answer.
#[test]
fn a_header_that_is_no_secret() {
    let server = Server::after_preflight(|received, _| match received.method.as_str() {
        "POST" => Reply::json(201, r#"{"id":"17"}"#),
        "GET" => Reply::empty_list(),
        _ => Reply::with(204, &[], b""),
    });
    let outcome = Run::new("hostile/create.yaml", &server.url())
        .arguments(&["--header", "X-Tenant: 1701"])
        .finish();
    assert_eq!(server.received()[0].header("x-tenant"), Some("1701"));
    let log = fs::read_to_string(outcome.folder().join("events.jsonl")).expect("there is a log");
    assert!(log.contains(r#"["X-Tenant","1701"]"#), "{log}");
}

/// The errors of the command line name where a secret should be, never what it is.
#[test]
fn a_secret_in_the_wrong_place() {
    for arguments in [
        ["--token-env", HEADER],
        ["--token", HEADER],
        ["--password-env", HEADER],
    ] {
        let outcome = Run::new("hostile/create.yaml", "http://127.0.0.1:1/scim")
            .arguments(
                &["--basic-user", "someone"][..if arguments[0] == "--password-env" {
                    2
                } else {
                    0
                }],
            )
            .arguments(&arguments)
            .finish();
        assert_eq!(outcome.code, Some(2), "{}", outcome.said());
        assert!(!outcome.said().contains("canary"), "{}", outcome.said());
    }
}
