//! Answers: what Okta reads of them.

use serde_json::{Map, Value};

use crate::exchange::{Exchange, Response};
use crate::scim::locate::member;

/// Resources per page, whatever the target gives (okta.md 5.1).
pub(super) const PAGE: u64 = 100;

/// A list, as far as Okta reads it. Names without case, as it once did (okta.md 1.2).
pub(super) struct Listing<'a> {
    /// How many there are.
    pub(super) total: u64,
    /// Those of this page.
    pub(super) resources: &'a [Value],
}

/// Why a list cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unreadable {
    /// No JSON, no object, or no `Resources` (okta.md 1.3).
    NoResources,
    /// A counter that is no JSON number (okta.md 2.1).
    Counter,
}

impl<'a> Listing<'a> {
    /// Reads a list.
    pub(super) fn of(response: &'a Response) -> Result<Self, Unreadable> {
        let list = response
            .json()
            .and_then(Value::as_object)
            .ok_or(Unreadable::NoResources)?;
        for name in ["totalResults", "startIndex", "itemsPerPage"] {
            if member(list, name).is_some_and(|counter| !counter.is_number()) {
                return Err(Unreadable::Counter);
            }
        }
        let total = member(list, "totalResults").and_then(Value::as_u64);
        let resources = match member(list, "Resources").and_then(Value::as_array) {
            Some(resources) => resources.as_slice(),
            // RFC 7644 3.4.2: may be left out when nothing was found.
            None if total == Some(0) => &[],
            None => return Err(Unreadable::NoResources),
        };
        Ok(Self {
            total: total.unwrap_or(resources.len() as u64),
            resources,
        })
    }
}

/// The answer, if its status is a success.
pub(super) fn success(exchange: &Exchange) -> Option<&Response> {
    exchange
        .response()
        .filter(|response| (200..300).contains(&response.status))
}

/// The document of an answer, if it is an object.
pub(super) fn document(response: &Response) -> Option<&Map<String, Value>> {
    response.json().and_then(Value::as_object)
}

/// The id of a resource. Texts are never empty; a number is what it is written as.
pub(super) fn id_of(resource: &Map<String, Value>) -> Option<String> {
    match member(resource, "id")? {
        Value::String(id) if !id.is_empty() => Some(id.clone()),
        Value::Number(id) => Some(id.to_string()),
        _ => None,
    }
}

/// Whether a resource says of itself that it is not active.
pub(super) fn is_inactive(resource: &Map<String, Value>) -> bool {
    member(resource, "active") == Some(&Value::Bool(false))
}
