//! Exchanges as text.

use serde_json::Value;

use super::clean::{one_line, shortened, visible};
use super::paint::Paint;
use crate::exchange::{Body, Broken, Exchange, Sender};

/// Bodies are shown up to this many bytes.
const LONGEST_BODY: usize = 2048;
/// Headers that say nothing about SCIM.
const DULL: [&str; 10] = [
    "host",
    "content-length",
    "connection",
    "accept-encoding",
    "transfer-encoding",
    "date",
    "server",
    "keep-alive",
    "vary",
    "user-agent",
];

/// Request line, telling headers and body, then the answer, or why there is none.
pub(super) fn exchange(exchange: &Exchange, paint: Paint) -> String {
    let request = &exchange.request;
    let sender = match &exchange.sender {
        Sender::Client(_) => String::new(),
        Sender::Harness => paint.faint("   (sent by scimulate itself)"),
    };
    let first = format!("{} {}", request.method, request.url());
    let mut lines = vec![format!("> {}{sender}", paint.bold(one_line(&first)))];
    lines.extend(headers(&request.headers, ">"));
    lines.extend(body(&request.body, ">"));
    match &exchange.outcome {
        Ok(response) => {
            lines.push(format!("< {}", paint.bold(response.status)));
            lines.extend(headers(&response.headers, "<"));
            lines.extend(body(&response.body, "<"));
            if let Some(broken) = &response.broken {
                lines.push(format!("< {}", paint.bad(visible(&broken_off(broken)))));
            }
        }
        Err(failure) => lines.push(format!("< {}", paint.bad(one_line(&failure.to_string())))),
    }
    lines.join("\n")
}

/// Why a body is not whole, in words.
pub(super) fn broken_off(broken: &Broken) -> String {
    match broken {
        Broken::TooLarge(limit) => {
            format!("the body is larger than {limit} bytes; the rest was not read")
        }
        Broken::Slow(limit) => format!("the body was not complete after {limit} ms"),
        Broken::Cut(reason) => format!("the body was cut off: {reason}"),
        Broken::Encoding(reason) => format!("the body could not be decoded: {reason}"),
    }
}

fn headers(headers: &[(String, String)], mark: &str) -> Vec<String> {
    telling(headers)
        .into_iter()
        .map(|header| format!("{mark}   {header}"))
        .collect()
}

/// The headers that say something about SCIM, each in one line.
pub(super) fn telling(headers: &[(String, String)]) -> Vec<String> {
    headers
        .iter()
        .filter(|(name, _)| !DULL.iter().any(|dull| name.eq_ignore_ascii_case(dull)))
        .map(|(name, value)| one_line(&format!("{name}: {}", shortened(value, 200))))
        .collect()
}

fn body(body: &Body, mark: &str) -> Vec<String> {
    if body.is_empty() {
        return Vec::new();
    }
    visible(&shortened(&text(body), LONGEST_BODY))
        .lines()
        .map(|line| format!("{mark}   {line}").trim_end().to_owned())
        .collect()
}

/// A body as text, indented if it is JSON.
pub(super) fn text(body: &Body) -> String {
    let pretty = serde_json::from_slice::<Value>(body.bytes())
        .ok()
        .filter(|value| value.is_object() || value.is_array())
        .and_then(|value| serde_json::to_string_pretty(&value).ok());
    pretty.unwrap_or_else(|| body.text().into_owned())
}
