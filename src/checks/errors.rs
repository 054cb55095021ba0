//! Checks of error bodies: that there is one, and that it is a SCIM error.

use serde_json::{Map, Value};

use crate::checks::seen::{Seen, differs};
use crate::checks::{Check, Judged, Stake, texts};
use crate::finding::{Difference, Strength};
use crate::scim::locate::member;
use crate::scim::urn;

pub(super) const CHECKS: &[Check] = &[
    Check {
        id: "error-is-scim-error",
        rule: "an error comes with a SCIM error as its body",
        stakes: &[
            Stake::must("RFC 7644 3.12"),
            Stake::okta(Strength::Must, "okta.md 7.1, 9.1 [doc]"),
        ],
        requirements: &["rfc7644-3.12-error-body-json"],
        texts: texts!("error-is-scim-error"),
        judge: error_is_scim_error,
    },
    Check {
        id: "unserved-is-scim-error",
        rule: "an endpoint or method that is not offered answers with a SCIM error, too",
        stakes: &[Stake::should("RFC 7644 3.12")],
        requirements: &["rfc7644-3.12-404-unknown-endpoint"],
        texts: texts!("unserved-is-scim-error"),
        judge: unserved_is_scim_error,
    },
    Check {
        id: "error-repeats-status",
        rule: "the `status` of a SCIM error is the HTTP status, as a text",
        stakes: &[Stake::must("RFC 7644 3.12")],
        requirements: &["rfc7644-3.12-status-string"],
        texts: texts!("error-repeats-status"),
        judge: error_repeats_status,
    },
    Check {
        id: "error-detail-is-text",
        rule: "the `detail` of a SCIM error is one text",
        stakes: &[
            Stake::must("RFC 7644 3.12"),
            Stake::okta(Strength::Should, "okta.md 7.1 [doc]"),
        ],
        requirements: &[],
        texts: texts!("error-detail-is-text"),
        judge: error_detail_is_text,
    },
    Check {
        id: "error-has-detail",
        rule: "401 and 404 say in `detail` what is wrong",
        stakes: &[Stake::okta(Strength::Must, "okta.md 9.1 [doc]")],
        requirements: &[],
        texts: texts!("error-has-detail"),
        judge: error_has_detail,
    },
    Check {
        id: "error-hides-internals",
        rule: "an error shows nothing of the server's inside",
        stakes: &[Stake::should("RFC 7644 3.12, 7")],
        requirements: &["rfc7644-3.12-error-no-stacktrace"],
        texts: texts!("error-hides-internals"),
        judge: error_hides_internals,
    },
];

/// An error that the server itself gives, and whether it says that something is not there at all.
fn error_of(seen: &Seen<'_>) -> Option<bool> {
    let address = &seen.address;
    address.endpoint?;
    if seen.is("HEAD") {
        return None;
    }
    match seen.status() {
        // What web servers and gateways in front of the application say by themselves.
        408 | 411 | 414 | 417 | 421 | 426 | 431 | 502 | 503 | 504 => None,
        405 | 501 => Some(true),
        // A collection that is not there is an endpoint that is not offered.
        404 => Some(!address.is_resource() || !seen.history.is_served(address)),
        400.. => Some(false),
        _ => None,
    }
}

/// The body of a SCIM error.
fn body_of<'a>(seen: &Seen<'a>) -> Option<&'a Map<String, Value>> {
    let is_error = seen.status() >= 400 && seen.is_error();
    seen.object().filter(|_| is_error)
}

fn error_is_scim_error(seen: &Seen<'_>) -> Judged {
    match error_of(seen) {
        Some(false) => envelope(seen),
        _ => Judged::Silent,
    }
}

fn unserved_is_scim_error(seen: &Seen<'_>) -> Judged {
    match error_of(seen) {
        Some(true) => envelope(seen),
        _ => Judged::Silent,
    }
}

fn envelope(seen: &Seen<'_>) -> Judged {
    let status = seen.status();
    let whole = |received: Option<&Value>| differs("", "a SCIM error", received);
    let text = || Value::from(start_of(&seen.response.body.text()));
    let (message, difference) = match seen.json() {
        None if seen.response.body.is_empty() => (format!("{status} has no body"), whole(None)),
        None => match start_of(&seen.response.body.text()).starts_with('<') {
            true => (
                format!("the body of {status} is a web page, not a SCIM error"),
                whole(Some(&text())),
            ),
            false => (
                format!("the body of {status} is not JSON"),
                whole(Some(&text())),
            ),
        },
        Some(Value::Object(body)) => match wrong_envelope(seen, body) {
            None => return Judged::Holds,
            Some((message, difference)) => (message, difference),
        },
        Some(other) => (
            format!("the body of {status} is not one JSON object"),
            whole(Some(other)),
        ),
    };
    Judged::broken(message, difference)
}

fn wrong_envelope(seen: &Seen<'_>, body: &Map<String, Value>) -> Option<(String, Difference)> {
    if seen.is_error() {
        return None;
    }
    let status = seen.status();
    let expected = vec![urn::ERROR];
    let is_scim = |inner: &Value| {
        let schemas = inner.get("schemas").and_then(Value::as_array);
        let mut schemas = schemas.into_iter().flatten().filter_map(Value::as_str);
        schemas.any(|schema| urn::same(schema, urn::ERROR))
    };
    let wrapped = body.iter().find(|(_, inner)| match inner {
        Value::String(text) => text.contains(urn::ERROR),
        Value::Array(items) => items.first().is_some_and(is_scim),
        other => is_scim(other),
    });
    if let Some((name, inner)) = wrapped.filter(|(name, _)| *name != "schemas") {
        return Some((
            format!("the SCIM error of {status} is wrapped in `{name}`"),
            differs(
                name.as_str(),
                "nothing: its members stand at the top",
                Some(inner),
            ),
        ));
    }
    let schemas = member(body, "schemas");
    let message = match schemas {
        None => format!("the body of {status} is no SCIM error: it has no `schemas`"),
        Some(Value::Array(_)) => {
            format!(
                "the body of {status} is no SCIM error: `schemas` does not name the error schema"
            )
        }
        Some(_) => format!("the body of {status} is no SCIM error: `schemas` is not an array"),
    };
    Some((message, differs("schemas", expected, schemas)))
}

/// So much of a text that one recognises it.
fn start_of(text: &str) -> String {
    text.trim_start().chars().take(120).collect()
}

fn error_repeats_status(seen: &Seen<'_>) -> Judged {
    let Some(body) = body_of(seen) else {
        return Judged::Silent;
    };
    let status = seen.status().to_string();
    let said = member(body, "status");
    let message = match said {
        Some(Value::String(said)) if *said == status => return Judged::Holds,
        Some(Value::String(said)) => {
            format!("the error says `status` \"{said}\", but the HTTP status is {status}")
        }
        Some(Value::Number(_)) => "the error's `status` is a number, not a text".to_owned(),
        None | Some(Value::Null) => "the error has no `status`".to_owned(),
        Some(_) => "the error's `status` is not a text".to_owned(),
    };
    Judged::broken(message, differs("status", status, said))
}

fn error_detail_is_text(seen: &Seen<'_>) -> Judged {
    let Some(body) = body_of(seen) else {
        return Judged::Silent;
    };
    match member(body, "detail") {
        None | Some(Value::Null) => Judged::Silent,
        Some(Value::String(_)) => Judged::Holds,
        other => Judged::broken(
            "the error's `detail` is not a text",
            differs("detail", "a text for people", other),
        ),
    }
}

fn error_has_detail(seen: &Seen<'_>) -> Judged {
    if !matches!(seen.status(), 401 | 404) {
        return Judged::Silent;
    }
    let Some(body) = body_of(seen) else {
        return Judged::Silent;
    };
    match member(body, "detail") {
        None | Some(Value::Null) => {}
        Some(Value::String(text)) if text.trim().is_empty() => {}
        Some(_) => return Judged::Holds,
    }
    Judged::broken(
        format!("{} does not say in `detail` what is wrong", seen.status()),
        differs("detail", "a text for people", member(body, "detail")),
    )
}

/// What stands in stack traces and messages of databases and frameworks, and nowhere else.
const INTERNALS: [(&str, &str); 22] = [
    ("Traceback (most recent call last)", "a Python stack trace"),
    ("\", line ", "a Python stack trace"),
    ("\tat java.", "a Java stack trace"),
    ("\tat org.", "a Java stack trace"),
    ("\tat com.", "a Java stack trace"),
    ("java.lang.", "a Java exception"),
    ("org.hibernate.", "an exception of Hibernate"),
    ("org.springframework.", "an exception of Spring"),
    ("   at System.", "a .NET stack trace"),
    ("   at Microsoft.", "a .NET stack trace"),
    ("System.NullReferenceException", "a .NET exception"),
    (
        "Microsoft.EntityFrameworkCore",
        "an exception of Entity Framework",
    ),
    ("/node_modules/", "a Node.js stack trace"),
    ("PrismaClient", "an error of Prisma"),
    ("goroutine 1 [", "a Go stack trace"),
    ("panicked at", "a Rust panic"),
    ("SQLSTATE", "an error of the database"),
    ("UNIQUE constraint failed", "an error of the database"),
    (
        "duplicate key value violates unique constraint",
        "an error of the database",
    ),
    ("ER_DUP_ENTRY", "an error of the database"),
    ("E11000 duplicate key", "an error of the database"),
    ("ORA-0", "an error of the database"),
];

fn error_hides_internals(seen: &Seen<'_>) -> Judged {
    if seen.status() < 400 || seen.address.endpoint.is_none() || seen.response.body.is_empty() {
        return Judged::Silent;
    }
    let text = seen.response.body.text();
    // Escapes of JSON undone as far as the patterns need it.
    let plain = text.replace("\\t", "\t").replace("\\\"", "\"");
    let found = INTERNALS
        .iter()
        .find(|(pattern, _)| plain.contains(pattern));
    // A server may repeat what it was sent.
    let sent = || seen.request().body.text();
    match found.filter(|(pattern, _)| !sent().contains(pattern)) {
        None => Judged::Holds,
        Some((pattern, what)) => Judged::broken(
            format!("the error shows {what}"),
            differs(
                "detail",
                "what the client can do about it",
                Some(&Value::from(excerpt(&plain, pattern))),
            ),
        ),
    }
}

/// The place of a text in which a pattern stands.
fn excerpt(text: &str, pattern: &str) -> String {
    let place = text.find(pattern).unwrap_or_default();
    let before = text[..place].chars().rev().take(40).count();
    let start: usize = text[..place]
        .char_indices()
        .rev()
        .take(before)
        .last()
        .map_or(place, |(index, _)| index);
    text[start..].chars().take(120).collect()
}
