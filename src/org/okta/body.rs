//! Bodies of calls: JSON objects, read strictly.

use serde_json::{Map, Value};

use crate::org::Ask;
use crate::org::okta::errors::Refusal;

/// The body, which must be a JSON object.
pub(crate) fn object(ask: &Ask) -> Result<Map<String, Value>, Refusal> {
    let media = ask.header("content-type").unwrap_or("application/json");
    let essence = media.split(';').next().unwrap_or_default().trim();
    if !essence.eq_ignore_ascii_case("application/json") {
        return Err(Refusal::Media);
    }
    let bytes = ask.body.as_deref().unwrap_or_default();
    serde_json::from_slice(bytes).map_err(|_| Refusal::Malformed)
}

/// The body where it may be left out.
pub(crate) fn object_if_any(ask: &Ask) -> Result<Map<String, Value>, Refusal> {
    match ask.body.as_deref() {
        None | Some([]) => Ok(Map::new()),
        Some(_) => object(ask),
    }
}

/// A member that is an object; nothing if it is absent or `null`.
pub(crate) fn inner<'a>(
    body: &'a Map<String, Value>,
    name: &str,
) -> Result<Option<&'a Map<String, Value>>, Refusal> {
    match body.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Object(members)) => Ok(Some(members)),
        Some(_) => Err(Refusal::invalid(name, "The value must be an object")),
    }
}

/// A member that is a text; nothing if it is absent or `null`.
pub(crate) fn text<'a>(
    body: &'a Map<String, Value>,
    name: &str,
) -> Result<Option<&'a str>, Refusal> {
    match body.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(Refusal::invalid(name, "The value must be a string")),
    }
}

/// A member that is a text and must be there.
pub(crate) fn required<'a>(body: &'a Map<String, Value>, name: &str) -> Result<&'a str, Refusal> {
    match text(body, name)? {
        Some(text) if !text.trim().is_empty() => Ok(text),
        _ => Err(Refusal::invalid(name, "The field cannot be left blank")),
    }
}

/// A query parameter that is `true` or `false`.
pub(crate) fn flag(ask: &Ask, name: &str, otherwise: bool) -> Result<bool, Refusal> {
    match ask.parameter(name) {
        None => Ok(otherwise),
        Some(value) if value.eq_ignore_ascii_case("true") => Ok(true),
        Some(value) if value.eq_ignore_ascii_case("false") => Ok(false),
        Some(_) => Err(Refusal::invalid(name, "The value must be true or false")),
    }
}
