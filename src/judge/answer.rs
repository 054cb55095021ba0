//! Judges an answer against a scenario's `expect`.

use std::time::Duration;

use serde_json::Value;

use crate::exchange::{Exchange, Response};
use crate::finding::Difference;
use crate::judge::Judgement;
use crate::scenario::matcher::Matcher;
use crate::scenario::matching::mismatches;
use crate::scenario::step::StatusSet;

/// What is wanted of an answer.
pub(super) struct Wanted<'a> {
    pub(super) status: &'a [StatusSet],
    pub(super) headers: &'a [(String, Matcher<Value>)],
    pub(super) body: Option<&'a Matcher<Value>>,
    pub(super) text: Option<&'a Matcher<Value>>,
    pub(super) size: Option<&'a Matcher<Value>>,
    pub(super) within: Option<Duration>,
}

pub(super) fn judge(exchange: &Exchange, wanted: &Wanted<'_>) -> Vec<Judgement> {
    let &Wanted {
        status,
        headers,
        body,
        text,
        size,
        within,
    } = wanted;
    let Some(response) = exchange.response() else {
        return Vec::new();
    };
    let mut judgements = Vec::new();
    if !status.is_empty() {
        if !status.iter().any(|set| set.has(response.status)) {
            // With another status the rest of the answer speaks of something else.
            return vec![wrong_status(exchange, response, status)];
        }
        judgements.push(Judgement::pass("expected-status"));
    }
    for (name, matcher) in headers {
        let value = response.header(name).map(Value::from);
        let differences = mismatches(matcher, value.as_ref())
            .into_iter()
            .map(|difference| Difference {
                path: format!("header {name}"),
                ..difference
            })
            .collect();
        let message = format!("the `{name}` header is not as it must be");
        judgements.push(Judgement::of("expected-header", message, differences));
    }
    if let Some(matcher) = body {
        let message = if response.body.is_empty() {
            "the answer has no body"
        } else {
            "the body is not as it must be"
        };
        judgements.push(Judgement::of(
            "expected-body",
            message,
            mismatches(matcher, response.json()),
        ));
    }
    if let Some(matcher) = text {
        let value = Value::from(response.body.text());
        let differences = mismatches(matcher, Some(&value))
            .into_iter()
            .map(named("text"));
        let message = "the text of the body is not as it must be";
        judgements.push(Judgement::of(
            "expected-text",
            message,
            differences.collect(),
        ));
    }
    if let Some(matcher) = size {
        let value = Value::from(response.body.bytes().len());
        let differences = mismatches(matcher, Some(&value))
            .into_iter()
            .map(named("size"));
        let message = format!("the body has {value} bytes");
        judgements.push(Judgement::of(
            "expected-size",
            message,
            differences.collect(),
        ));
    }
    if let Some(within) = within {
        let (took, limit) = (exchange.elapsed.as_millis(), within.as_millis());
        judgements.push(match exchange.elapsed <= within {
            true => Judgement::pass("expected-time"),
            false => Judgement::fail(
                "expected-time",
                format!("the answer took {took} ms, more than {limit} ms"),
            ),
        });
    }
    judgements
}

/// A difference of what is no place in a resource.
fn named(path: &str) -> impl Fn(Difference) -> Difference {
    move |difference| Difference {
        path: path.to_owned(),
        ..difference
    }
}

pub(super) fn judge_capture(
    exchange: &Exchange,
    name: &str,
    from: &str,
    problem: &str,
) -> Judgement {
    // An answer that was refused was judged as such; that it has no `id` follows from it.
    if exchange.status().is_none_or(|status| status >= 400) {
        return Judgement::skip("captured", problem);
    }
    Judgement {
        differences: vec![Difference {
            path: from.trim_matches('`').to_owned(),
            expected: Some(Value::String(format!("a value, kept as {name}"))),
            received: None,
            only_case: false,
        }],
        ..Judgement::fail("captured", problem)
    }
}

/// That the status is none of those wanted.
pub(super) fn wrong_status(
    exchange: &Exchange,
    response: &Response,
    wanted: &[StatusSet],
) -> Judgement {
    let wanted = wanted
        .iter()
        .map(|set| match set {
            StatusSet::One(status) => status.to_string(),
            StatusSet::Class(class) => format!("{class}xx"),
        })
        .collect::<Vec<_>>()
        .join(" or ");
    let message = format!(
        "{} answered {}, not {wanted}",
        exchange.request.method, response.status
    );
    Judgement {
        differences: vec![Difference {
            path: "status".to_owned(),
            expected: Some(Value::String(wanted)),
            received: Some(Value::from(response.status)),
            only_case: false,
        }],
        ..Judgement::fail("expected-status", with_reason(message, response))
    }
}

/// The message, and what the server itself says about an error, as an admin would read it.
pub(super) fn with_reason(message: String, response: &Response) -> String {
    let reason = match response.status {
        300..=399 => {
            let to = response.header("location").unwrap_or("nowhere");
            Some(format!(
                "a redirect to {to}, which no provider is known to follow"
            ))
        }
        _ => response.json().and_then(|body| {
            let text = |name| {
                body.get(name)
                    .and_then(Value::as_str)
                    .filter(|text| !text.is_empty())
            };
            match (text("scimType"), text("detail")) {
                (Some(kind), Some(detail)) => Some(format!("{kind}, {detail}")),
                (kind, detail) => kind.or(detail).map(str::to_owned),
            }
        }),
    };
    match reason {
        Some(reason) => format!("{message}: {reason}"),
        None => message,
    }
}
