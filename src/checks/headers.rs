//! Checks of HTTP itself: bodies where none belong, headers that a status needs, conditions, caches.

use serde_json::Value;

use crate::checks::seen::{Seen, differs};
use crate::checks::{Check, Fault, Judged, Stake, texts};
use crate::finding::Strength;

pub(super) const CHECKS: &[Check] = &[
    Check {
        id: "no-body-where-none-belongs",
        rule: "204, 304 and the answer to HEAD have no body",
        stakes: &[Stake::must("RFC 9110 6.4.1, 8.6")],
        requirements: &[],
        texts: texts!("no-body-where-none-belongs"),
        judge: no_body_where_none_belongs,
    },
    Check {
        id: "write-is-not-redirected",
        rule: "a write is not redirected by a status that turns it into a read",
        stakes: &[
            Stake::should("RFC 7644 3.12; RFC 9110 15.4"),
            Stake::entra(Strength::Should, "entra.md 1.5 [inferred]"),
        ],
        requirements: &[],
        texts: texts!("write-is-not-redirected"),
        judge: write_is_not_redirected,
    },
    Check {
        id: "not-allowed-names-methods",
        rule: "405 says in `Allow` which methods there are",
        stakes: &[Stake::must("RFC 9110 15.5.6")],
        requirements: &["rfc9110-15.5.6-405-allow"],
        texts: texts!("not-allowed-names-methods"),
        judge: not_allowed_names_methods,
    },
    Check {
        id: "throttling-says-when",
        rule: "429 and 503 say in `Retry-After` when to come back",
        stakes: &[
            Stake::should("RFC 6585 4; RFC 9110 10.2.3"),
            Stake::okta(Strength::Should, "okta.md 7.3 [doc]"),
        ],
        requirements: &["rfc6585-4-429-details"],
        texts: texts!("throttling-says-when"),
        judge: throttling_says_when,
    },
    Check {
        id: "condition-was-set",
        rule: "304 and 412 answer only requests that set a condition",
        stakes: &[Stake::must("RFC 9110 15.4.5, 15.5.13")],
        requirements: &["rfc7644-3.14-no-precondition-ok"],
        texts: texts!("condition-was-set"),
        judge: condition_was_set,
    },
    Check {
        id: "header-stands-once",
        rule: "headers that hold one value stand once",
        stakes: &[Stake::must("RFC 9110 5.3")],
        requirements: &[],
        texts: texts!("header-stands-once"),
        judge: header_stands_once,
    },
    Check {
        id: "encoding-was-accepted",
        rule: "the body has a content encoding that the client accepts",
        stakes: &[Stake::should("RFC 9110 12.5.3")],
        requirements: &[],
        texts: texts!("encoding-was-accepted"),
        judge: encoding_was_accepted,
    },
    Check {
        id: "resources-are-not-cached",
        rule: "no cache is told to keep people's data, or to hide changes",
        stakes: &[Stake::should("RFC 9111 3.5, 5.2.2")],
        requirements: &[],
        texts: texts!("resources-are-not-cached"),
        judge: resources_are_not_cached,
    },
];

fn no_body_where_none_belongs(seen: &Seen<'_>) -> Judged {
    let status = seen.status();
    let what = match status {
        204 | 304 => format!("{status} has a body"),
        _ if seen.is("HEAD") => "the answer to HEAD has a body".to_owned(),
        _ => return Judged::Silent,
    };
    if !seen.response.body.is_empty() {
        let body = Value::from(seen.response.body.text());
        return Judged::broken(what, differs("", "no body", Some(&body)));
    }
    // The next answer on the connection would be read as this one's body.
    let length = seen.header("content-length").filter(|_| status == 204);
    match length.filter(|length| length.trim() != "0") {
        None => Judged::Holds,
        Some(length) => Judged::broken(
            "204 announces a body by `Content-Length`",
            differs(
                "header Content-Length",
                "no such header",
                Some(&length.into()),
            ),
        ),
    }
}

fn write_is_not_redirected(seen: &Seen<'_>) -> Judged {
    let writes = ["POST", "PUT", "PATCH", "DELETE"].contains(&seen.request().method.as_str());
    if !writes || seen.address.endpoint.is_none() {
        return Judged::Silent;
    }
    match seen.status() {
        status @ 301..=303 => Judged::broken(
            format!(
                "{} is redirected by {status}, which clients follow with GET, so that nothing is written",
                seen.request().method
            ),
            differs(
                "status",
                "an answer, or 307 or 308",
                Some(&Value::from(status)),
            ),
        ),
        _ => Judged::Holds,
    }
}

fn not_allowed_names_methods(seen: &Seen<'_>) -> Judged {
    if seen.status() != 405 {
        return Judged::Silent;
    }
    let method = &seen.request().method;
    match seen.header("allow") {
        None => Judged::broken(
            "405 without an `Allow` header",
            differs("header Allow", "the methods that are allowed", None),
        ),
        Some(allowed) if allowed.split(',').any(|one| one.trim() == method) => Judged::broken(
            format!("405 to {method}, although `Allow` names it"),
            differs(
                "header Allow",
                format!("no {method}"),
                Some(&allowed.into()),
            ),
        ),
        Some(_) => Judged::Holds,
    }
}

/// Seconds, or a date as HTTP writes it: `Wed, 21 Oct 2026 07:28:00 GMT`.
fn is_delay(text: &str) -> bool {
    let text = text.trim();
    (!text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()))
        || (text.len() == 29 && text.ends_with(" GMT"))
}

fn throttling_says_when(seen: &Seen<'_>) -> Judged {
    let status = seen.status();
    if !matches!(status, 429 | 503) || seen.address.endpoint.is_none() {
        return Judged::Silent;
    }
    match seen.header("retry-after") {
        Some(delay) if is_delay(delay) => Judged::Holds,
        Some(delay) => Judged::broken(
            format!("{status} with a `Retry-After` that is neither seconds nor an HTTP date"),
            differs("header Retry-After", "whole seconds", Some(&delay.into())),
        ),
        None => Judged::broken(
            format!("{status} without `Retry-After`: clients guess when to come back"),
            differs("header Retry-After", "whole seconds", None),
        ),
    }
}

fn condition_was_set(seen: &Seen<'_>) -> Judged {
    let names: &[&str] = match seen.status() {
        304 => &["if-none-match", "if-modified-since"],
        412 => &["if-match", "if-none-match", "if-unmodified-since"],
        _ => return Judged::Silent,
    };
    match names
        .iter()
        .any(|name| seen.request().header(name).is_some())
    {
        true => Judged::Holds,
        false => Judged::broken(
            format!(
                "{} answered {} although the request sets no condition",
                seen.request().method,
                seen.status()
            ),
            differs(
                "status",
                "an answer to a request without conditions",
                Some(&Value::from(seen.status())),
            ),
        ),
    }
}

fn header_stands_once(seen: &Seen<'_>) -> Judged {
    const SINGLE: [&str; 5] = [
        "Content-Type",
        "Location",
        "ETag",
        "Retry-After",
        "Content-Length",
    ];
    let headers = &seen.response.headers;
    let mut faults = Vec::new();
    for name in SINGLE {
        let same = |(key, _): &&(String, String)| key.eq_ignore_ascii_case(name);
        if headers.iter().filter(same).nth(1).is_none() {
            continue;
        }
        let values: Vec<&str> = headers
            .iter()
            .filter(same)
            .map(|(_, value)| value.as_str())
            .collect();
        faults.push(Fault {
            message: format!("the `{name}` header stands there more than once"),
            differences: vec![differs(
                format!("header {name}"),
                "one value",
                Some(&Value::from(values)),
            )],
        });
    }
    Judged::of(faults)
}

fn encoding_was_accepted(seen: &Seen<'_>) -> Judged {
    let Some(encoding) = seen.header("content-encoding") else {
        return Judged::Silent;
    };
    // Without the header any encoding is accepted.
    let Some(accepted) = seen.request().header("accept-encoding") else {
        return Judged::Silent;
    };
    let offered = |coding: &str| {
        let mut items = accepted.split(',');
        items.any(|item| {
            let (name, weight) = item.split_once(';').unwrap_or((item, ""));
            let name = name.trim();
            let refused = matches!(weight.trim(), "q=0" | "q=0.0" | "q=0.00" | "q=0.000");
            !refused && (name == "*" || name.eq_ignore_ascii_case(coding))
        })
    };
    let coding = encoding.trim();
    // `x-gzip` is another name of `gzip` (RFC 9110 8.4.1.3).
    match coding.eq_ignore_ascii_case("identity")
        || offered(coding)
        || offered(coding.trim_start_matches("x-"))
    {
        true => Judged::Holds,
        false => Judged::broken(
            format!("the body is encoded as `{coding}`, which the request does not accept"),
            differs("header Content-Encoding", accepted, Some(&encoding.into())),
        ),
    }
}

fn resources_are_not_cached(seen: &Seen<'_>) -> Judged {
    if !seen.is("GET") || seen.status() != 200 || !seen.address.holds_resources() {
        return Judged::Silent;
    }
    let Some(control) = seen.header("cache-control") else {
        return Judged::Silent;
    };
    let lower = control.to_ascii_lowercase();
    let directives = || lower.split(',').map(str::trim);
    let keeps = |name: &str| {
        directives().any(|directive| {
            let age = directive.strip_prefix(name);
            age.and_then(|age| age.trim_matches('"').parse::<u64>().ok())
                .is_some_and(|age| age > 0)
        })
    };
    let is = |name: &str| directives().any(|directive| directive == name);
    let message = match () {
        () if is("no-store") => return Judged::Holds,
        () if is("public") || keeps("s-maxage=") => {
            "shared caches are told that they may keep the data of people"
        }
        () if keeps("max-age=") && !is("no-cache") => {
            "caches are told to show the old state for a while, also after a change"
        }
        () => return Judged::Holds,
    };
    Judged::broken(
        message,
        differs(
            "header Cache-Control",
            "no-store, or no-cache",
            Some(&control.into()),
        ),
    )
}
