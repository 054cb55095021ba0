//! What tells resources apart, and what is only this run's.

use std::borrow::Cow;

use serde_json::{Map, Value};

/// An id as text.
pub(super) fn id_of(members: &Map<String, Value>, name: &str) -> Option<String> {
    match members.get(name)? {
        Value::String(id) if !id.is_empty() => Some(id.clone()),
        Value::Number(id) => Some(id.to_string()),
        _ => None,
    }
}

/// Schemas and resource types have ids that mean something (RFC 7643 6, 7).
pub(super) fn is_discovery(members: &Map<String, Value>) -> bool {
    let is_kind = |schema: &str| {
        let schema = schema.to_lowercase();
        schema.ends_with(":core:2.0:schema") || schema.ends_with(":core:2.0:resourcetype")
    };
    let schemas = members.get("schemas").and_then(Value::as_array);
    schemas.is_some_and(|schemas| schemas.iter().filter_map(Value::as_str).any(is_kind))
        || members
            .get("id")
            .and_then(Value::as_str)
            .is_some_and(|id| id.starts_with("urn:"))
        || (members.contains_key("endpoint") && members.contains_key("schema"))
}

/// The element without what only tells one run from another.
pub(super) fn blanked(value: &Value) -> Value {
    match value {
        Value::Object(members) => members
            .iter()
            .filter(|(name, _)| !["id", "meta", "$ref", "value"].contains(&name.as_str()))
            .map(|(name, value)| (name.clone(), blanked(value)))
            .collect(),
        Value::Array(items) => items.iter().map(blanked).collect(),
        other => other.clone(),
    }
}

/// Replaces a lower-case ASCII needle however it is written.
pub(super) fn without_case<'a>(text: &'a str, needle: &str, name: &str) -> Cow<'a, str> {
    // Lower case of ASCII letters only: positions stay those of the text.
    let lower = text.to_ascii_lowercase();
    if needle.is_empty() || !lower.contains(needle) {
        return Cow::Borrowed(text);
    }
    let mut replaced = String::with_capacity(text.len());
    let mut from = 0;
    for (position, _) in lower.match_indices(needle) {
        replaced.push_str(&text[from..position]);
        replaced.push_str(name);
        from = position + needle.len();
    }
    replaced.push_str(&text[from..]);
    Cow::Owned(replaced)
}
