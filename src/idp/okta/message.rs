//! Messages: what Okta's administrator reads when something fails (okta.md 1.3, 2.1, 2.4, 7.1, 7.2).

use serde_json::Value;

use crate::exchange::{Exchange, Failure, Response};
use crate::idp::okta::answer::Unreadable;
use crate::idp::{Next, World};
use crate::scim::locate::member;

/// The cause, in the pattern of okta.md 7.1: the status in words, and what the target's error body says.
pub(super) fn cause(exchange: &Exchange) -> String {
    match &exchange.outcome {
        Ok(response) => remote(response),
        Err(Failure::Connect(_)) => format!(
            "Connect to {} failed: Connect timed out",
            authority(exchange)
        ),
        // okta.md 7.4: after 60 s without any data the connection is closed.
        Err(failure) => failure.to_string(),
    }
}

fn remote(response: &Response) -> String {
    let phrase = phrase(response.status);
    match detail(response) {
        Some(detail) => format!("{phrase}. Errors reported by remote server: {detail}"),
        None => phrase,
    }
}

/// What the body says: the `detail` of an Error, or why it cannot be read.
fn detail(response: &Response) -> Option<String> {
    let text = response.body.text();
    let text = text.trim();
    if text.is_empty() {
        return None;
    }
    match response.json() {
        Some(Value::Object(body)) => member(body, "detail")
            .and_then(Value::as_str)
            .map(str::to_owned),
        Some(_) => None,
        None => Some(unparsed(text)),
    }
}

/// The parser's words of okta.md 7.1: a plain text hides the cause.
fn unparsed(text: &str) -> String {
    let token: String = text
        .chars()
        .take_while(|letter| letter.is_alphanumeric() || *letter == '_')
        .collect();
    if token.is_empty() {
        let first = text.chars().next().unwrap_or_default();
        return format!("Invalid JSON: Unexpected character '{first}' ... line: 1, column: 1");
    }
    let column = token.chars().count() + 1;
    format!("Invalid JSON: Unrecognized token '{token}' ... line: 1, column: {column}")
}

fn phrase(status: u16) -> String {
    let words = match status {
        200 => "OK",
        201 => "Created",
        204 => "No Content",
        301 => "Moved Permanently",
        302 => "Found",
        307 => "Temporary Redirect",
        308 => "Permanent Redirect",
        400 => "Bad Request",
        401 => "Unauthorized",
        // okta.md 7.2: the one status that is seen with its number.
        403 => "HTTP 403 Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        406 => "Not Acceptable",
        409 => "Conflict",
        412 => "Precondition Failed",
        413 => "Payload Too Large",
        415 => "Unsupported Media Type",
        422 => "Unprocessable Entity",
        429 => "Too Many Requests",
        500 => "Internal Server Error",
        501 => "Not Implemented",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        504 => "Gateway Timeout",
        other => return format!("HTTP {other}"),
    };
    words.to_owned()
}

fn authority(exchange: &Exchange) -> &str {
    let origin = exchange.request.origin.as_str();
    origin.split_once("://").map_or(origin, |(_, rest)| rest)
}

/// A task fails; with credentials that are refused, none that waits has a chance either (okta.md 7.2).
pub(super) fn failed(exchange: &Exchange, message: String) -> Next {
    match exchange.status() {
        Some(401) => Next::Stop(message),
        _ => Next::Failed(message),
    }
}

/// The connection test (okta.md 1.3).
pub(super) fn connecting(exchange: &Exchange) -> String {
    let hint = match exchange.status() {
        Some(_) => concat!(
            ". The connector configuration could not be tested. Make sure that the URL, Authentication Parameters are ",
            "correct and that there is an implementation available at the URL provided."
        ),
        None => "",
    };
    let cause = match exchange.response() {
        Some(response) => phrase(response.status),
        None => cause(exchange),
    };
    format!("Error authenticating: {cause}{hint}")
}

/// A list that cannot be read (okta.md 1.3, 2.1).
pub(super) fn listing(unreadable: Unreadable) -> String {
    match unreadable {
        Unreadable::NoResources => "No results for users returned".to_owned(),
        Unreadable::Counter => "application.provision.user.sync FAILURE, reason: null".to_owned(),
    }
}

/// A look-up of a user that failed (okta.md 7.1).
pub(super) fn verifying(user: &str, cause: &str) -> String {
    format!("Error while verifying if user {user} exists: {cause}")
}

/// A look-up that found too many (okta.md 2.1).
pub(super) fn several(what: &str, attribute: &str, found: u64) -> String {
    format!("Multiple {what} found by {attribute}. Expected 0 or 1 results but was {found}")
}

/// A creation that failed (okta.md 2.4).
pub(super) fn creating(key: &str, exchange: &Exchange, world: &World<'_>) -> String {
    match exchange.status() {
        Some(409) => format!(
            "Push new user to external application FAILURE: {}",
            cause(exchange)
        ),
        _ => not_created(key, &cause(exchange), world),
    }
}

/// A creation whose answer gives nothing to link to (okta.md 2.4).
pub(super) fn empty_user(key: &str, world: &World<'_>) -> String {
    not_created(key, "Create new user returned empty user.", world)
}

fn not_created(key: &str, cause: &str, world: &World<'_>) -> String {
    let person = world.directory.people.get(key);
    let text = |name| person.and_then(|person| person.text(name));
    let names = [text("name.givenName"), text("name.familyName")];
    let names: Vec<&str> = names.into_iter().flatten().collect();
    let display = match (text("displayName"), names.is_empty()) {
        (Some(display), _) => display.to_owned(),
        (None, false) => names.join(" "),
        (None, true) => key.to_owned(),
    };
    format!(
        "Automatic provisioning of user {} to app {} failed: Error while creating user {display}: {cause}",
        text("userName").unwrap_or(key),
        world.client.name(),
    )
}

/// A group push that failed (okta.md 7.1).
pub(super) fn group(name: &str, doing: &str, cause: &str) -> String {
    format!(
        "Unable to update Group Push mapping target App group {name}: Error while {doing} user group {name}: {cause}"
    )
}
