//! Captures: what a step takes from an answer and gives a name.

use serde_json::Value;
use serde_json_path::JsonPath;

use crate::exchange::{Exchange, Response};
use crate::scenario::step::Selector;
use crate::scim::locate::select;
use crate::scim::path::Path;

/// What the selector finds in the answer, all of it.
///
/// # Errors
/// In words, what is wrong with the answer: there is none, it is not JSON, or the selector does not fit it.
pub(crate) fn found(exchange: &Exchange, from: &Selector) -> Result<Vec<Value>, String> {
    let response = exchange.outcome.as_ref().map_err(ToString::to_string)?;
    match from {
        Selector::Status => Ok(vec![Value::from(response.status)]),
        Selector::Header(name) => match response.header(name) {
            Some(value) => Ok(vec![Value::from(value)]),
            None => Err(format!("the answer has no `{name}` header")),
        },
        Selector::OpaqueTag => match response.header("etag") {
            Some(tag) => Ok(vec![Value::from(tag.strip_prefix("W/").unwrap_or(tag))]),
            None => Err("the answer has no `etag` header".to_owned()),
        },
        Selector::JsonPath(path) if path == "$" => Ok(vec![json(response)?.clone()]),
        Selector::JsonPath(path) => {
            let path = JsonPath::parse(path).map_err(|problem| problem.to_string())?;
            Ok(path
                .query(json(response)?)
                .all()
                .into_iter()
                .cloned()
                .collect())
        }
        Selector::ScimPath(path) => {
            let path: Path = path.parse().map_err(|problem| format!("{problem}"))?;
            Ok(select(json(response)?, &path)
                .into_iter()
                .cloned()
                .collect())
        }
    }
}

/// The one value that a `keep` takes: the first that is found, and usable.
///
/// # Errors
/// In words, why there is none.
pub(crate) fn first(exchange: &Exchange, from: &Selector) -> Result<Value, String> {
    let value = found(exchange, from)?
        .into_iter()
        .find(|value| !value.is_null())
        .ok_or_else(|| format!("the answer has no {}", described(from)))?;
    // An empty or structured id, or dots, would make `/Users/${id}` address something else than one resource.
    let names_one = match &value {
        Value::String(text) => !matches!(text.trim(), "" | "." | ".."),
        other => other.is_number(),
    };
    if is_id(from) && !names_one {
        return Err(format!(
            "{} in the answer is {value}, which names no resource",
            described(from)
        ));
    }
    Ok(value)
}

/// How messages call it.
pub(crate) fn described(from: &Selector) -> String {
    match from {
        Selector::Status => "status".to_owned(),
        Selector::OpaqueTag => "entity tag".to_owned(),
        Selector::Header(name) => format!("`{name}` header"),
        Selector::JsonPath(path) => format!("`{}`", path.strip_prefix("$.").unwrap_or(path)),
        Selector::ScimPath(path) => format!("`{path}`"),
    }
}

fn is_id(from: &Selector) -> bool {
    match from {
        Selector::JsonPath(path) => path.ends_with(".id"),
        Selector::ScimPath(path) => path.eq_ignore_ascii_case("id"),
        _ => false,
    }
}

fn json(response: &Response) -> Result<&Value, String> {
    response.json().ok_or_else(|| {
        if response.body.is_empty() {
            "the answer has no body".to_owned()
        } else {
            "the body is not JSON".to_owned()
        }
    })
}
