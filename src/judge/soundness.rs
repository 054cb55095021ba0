//! Whether an answer can be used at all: that there is one, that it is whole, and that its JSON can be read.

use crate::exchange::{Broken, Exchange, Response};
use crate::finding::{Authority, Finding, Strength, Verdict};
use crate::scim::json::JsonFault;

pub(super) fn findings(exchanges: &[Exchange], client: Authority) -> Vec<Finding> {
    exchanges
        .iter()
        .enumerate()
        .filter_map(|(index, exchange)| {
            let (id, problem) = problem(exchange)?;
            let request = format!("{} {}", exchange.request.method, exchange.request.target);
            let message = format!("{request}: {problem}");
            Some(Finding {
                exchange: Some(index),
                ..Finding::new(id, Verdict::Error, Strength::Must, client, message)
            })
        })
        .collect()
}

/// Why an exchange has no answer that can be used, if it has none.
fn problem(exchange: &Exchange) -> Option<(&'static str, String)> {
    let response = match &exchange.outcome {
        Ok(response) => response,
        Err(failure) => return Some(("answered", failure.to_string())),
    };
    if let Some(broken) = &response.broken {
        return Some(("whole-answer", in_words(broken)));
    }
    if response.body.is_empty() || !claims_json(response) {
        return None;
    }
    let fault = response.document().err()?;
    Some(("json-body", unreadable(response, fault)))
}

/// A success, or an answer that says it is JSON, must be JSON. An error page of a proxy is judged by its status.
fn claims_json(response: &Response) -> bool {
    response.status < 300
        || response
            .header("content-type")
            .is_some_and(|kind| kind.contains("json"))
}

fn in_words(broken: &Broken) -> String {
    match broken {
        Broken::TooLarge(_) => format!("{broken} (`limits: {{ body: … }}` allows more)"),
        _ => broken.to_string(),
    }
}

fn unreadable(response: &Response, fault: &JsonFault) -> String {
    let kind = response.header("content-type").unwrap_or("no content type");
    if response.body.text().trim_start().starts_with('<') {
        return format!("the body is a web page ({kind}), not JSON");
    }
    format!("the body is not JSON that can be read ({kind}): {fault}")
}
