//! Answers as Entra reads them: what it needs of each, and what it makes of the rest (entra.md 8.1, 8.2).

use serde_json::Value;

use crate::exchange::{Exchange, Response};
use crate::scim::urn;

/// Entra's name for answers that break the contract.
pub(super) const INCOMPATIBLE: &str = "SystemForCrossDomainIdentityManagementServiceIncompatible";
/// Entra's name for a 400.
const BAD_REQUEST: &str = "SystemForCrossDomainIdentityManagementBadRequest";
/// Attributes that must be lists where they are there at all.
const LISTS: [&str; 7] = [
    "addresses",
    "emails",
    "phoneNumbers",
    "ims",
    "photos",
    "roles",
    "members",
];

/// Why an answer is of no use. Each holds what the administrator reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Fault {
    /// 401 and 403.
    Credentials(String),
    /// The answer breaks the contract.
    Incompatible(String),
    /// Only this object is concerned.
    Object(String),
}

/// What a filter found.
pub(super) fn listed(exchange: &Exchange) -> Result<(u64, &[Value]), Fault> {
    if let Some(status @ (400 | 404)) = exchange.status() {
        return Err(incompatible(
            exchange,
            &format!("a filter was answered with {status} instead of 200 and a list"),
        ));
    }
    let list = json(exchange, accepted(exchange)?)?;
    let is_list = list
        .get("schemas")
        .and_then(Value::as_array)
        .is_some_and(|schemas| {
            schemas.iter().any(|schema| {
                schema
                    .as_str()
                    .is_some_and(|schema| urn::same(schema, urn::LIST_RESPONSE))
            })
        });
    if !is_list {
        return Err(incompatible(exchange, "the answer is no ListResponse"));
    }
    let total = list
        .get("totalResults")
        .and_then(Value::as_u64)
        .ok_or_else(|| incompatible(exchange, "`totalResults` is no number"))?;
    let found = match list.get("Resources") {
        None | Some(Value::Null) => &[],
        Some(Value::Array(items)) => items.as_slice(),
        Some(_) => return Err(incompatible(exchange, "`Resources` is no list")),
    };
    for resource in found {
        check(exchange, resource)?;
    }
    Ok((total, found))
}

/// What a filter for one resource found.
pub(super) enum Match<'a> {
    /// Nothing.
    Nobody,
    /// One.
    One(&'a Value),
    /// Several.
    Several(u64),
}

/// What a filter for one resource found.
pub(super) fn matched(exchange: &Exchange) -> Result<Match<'_>, Fault> {
    let (total, found) = listed(exchange)?;
    match (total, found) {
        (0, []) => Ok(Match::Nobody),
        (0 | 1, [one]) => Ok(Match::One(one)),
        (1, []) => Err(incompatible(
            exchange,
            "`totalResults` is 1, but there is no resource",
        )),
        (total, found) => Ok(Match::Several(total.max(found.len() as u64))),
    }
}

/// A resource read by its id; `None`: it is gone.
pub(super) fn read(exchange: &Exchange) -> Result<Option<&Value>, Fault> {
    if exchange.status() == Some(404) {
        return Ok(None);
    }
    let resource = json(exchange, accepted(exchange)?)?;
    check(exchange, resource)?;
    Ok(Some(resource))
}

/// The id of a created resource.
pub(super) fn created(exchange: &Exchange) -> Result<&str, Fault> {
    let resource = json(exchange, accepted(exchange)?)?;
    check(exchange, resource)?;
    id(resource).ok_or_else(|| incompatible(exchange, "the answer has no id"))
}

/// A change was taken. A body is not needed; if there is one, it must be JSON.
pub(super) fn changed(exchange: &Exchange) -> Result<(), Fault> {
    let response = accepted(exchange)?;
    if response.body.is_empty() {
        return Ok(());
    }
    let body = json(exchange, response)?;
    types(exchange, body)
}

/// A resource is gone, now or already.
pub(super) fn deleted(exchange: &Exchange) -> Result<(), Fault> {
    match exchange.status() {
        Some(404) => Ok(()),
        _ => accepted(exchange).map(|_| ()),
    }
}

/// The id of a resource.
pub(super) fn id(resource: &Value) -> Option<&str> {
    resource
        .get("id")
        .and_then(Value::as_str)
        .filter(|id| !id.is_empty())
}

/// Any 2xx.
pub(super) fn accepted(exchange: &Exchange) -> Result<&Response, Fault> {
    let request = format!("{} {}", exchange.request.method, exchange.request.target);
    let response = match &exchange.outcome {
        Ok(response) => response,
        Err(failure) => return Err(Fault::Object(format!("{request}: {failure}"))),
    };
    if let Some(broken) = &response.broken {
        return Err(Fault::Object(format!("{request}: {broken}")));
    }
    let status = response.status;
    let detail = response
        .json()
        .and_then(|body| body.get("detail"))
        .and_then(Value::as_str)
        .map(|detail| format!(": {detail}"))
        .unwrap_or_default();
    match status {
        200..=299 => Ok(response),
        401 | 403 => Err(Fault::Credentials(format!(
            "the credentials are not accepted: {request} was answered with {status}{detail}"
        ))),
        400 => Err(Fault::Object(format!(
            "{BAD_REQUEST}: {request} was answered with 400{detail}"
        ))),
        _ => Err(Fault::Object(format!(
            "{request} was answered with {status}{detail}"
        ))),
    }
}

fn json<'a>(exchange: &Exchange, response: &'a Response) -> Result<&'a Value, Fault> {
    response
        .document()
        .map(|document| &document.value)
        .map_err(|fault| incompatible(exchange, &format!("the body cannot be read: {fault}")))
}

/// Every resource has `id` and `schemas`, and the attributes have the types of their schema.
fn check(exchange: &Exchange, resource: &Value) -> Result<(), Fault> {
    if id(resource).is_none() {
        return Err(incompatible(exchange, "a resource has no `id`"));
    }
    if !resource.get("schemas").is_some_and(Value::is_array) {
        return Err(incompatible(exchange, "a resource has no `schemas`"));
    }
    types(exchange, resource)
}

/// The types that have been seen to break Entra's reader.
fn types(exchange: &Exchange, resource: &Value) -> Result<(), Fault> {
    let wrong = |what: &str| Err(incompatible(exchange, what));
    let is = |value: Option<&Value>, right: fn(&Value) -> bool| {
        value.is_none_or(|value| value.is_null() || right(value))
    };
    if !is(resource.get("active"), Value::is_boolean) {
        return wrong("`active` is no boolean");
    }
    if !is(resource.get("name"), Value::is_object) {
        return wrong("`name` is no object");
    }
    let extension = resource.get(urn::ENTERPRISE_USER);
    if !is(extension, Value::is_object) {
        return wrong("the enterprise extension is no object");
    }
    if !is(
        extension.and_then(|extension| extension.get("manager")),
        Value::is_object,
    ) {
        return wrong("`manager` is no object");
    }
    for name in LISTS {
        let list = resource.get(name);
        if !is(list, Value::is_array) {
            return wrong(&format!("`{name}` is no list"));
        }
        let elements = list.and_then(Value::as_array).into_iter().flatten();
        for element in elements {
            if !is(element.get("primary"), Value::is_boolean) {
                return wrong(&format!("`primary` of `{name}` is no boolean"));
            }
        }
    }
    Ok(())
}

fn incompatible(exchange: &Exchange, what: &str) -> Fault {
    Fault::Incompatible(format!(
        "{INCOMPATIBLE}: {} {}: {what}",
        exchange.request.method, exchange.request.target
    ))
}
