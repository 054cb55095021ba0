//! Modified properties: what a write changes, by the target's names, with what was there before.

use serde_json::{Value, json};

use super::Done;
use crate::exchange::Exchange;
use crate::scim::locate::select;
use crate::scim::path::Path;
use crate::scim::urn;

/// One property.
struct Property {
    name: String,
    old: Value,
    new: Value,
}

/// What the write of a piece of work changes; nothing for a delete.
pub(super) fn properties(work: &Done<'_>) -> Value {
    let properties = match work.write() {
        Some(write) => of_write(write, work.read().unwrap_or(&Value::Null)),
        None => Vec::new(),
    };
    properties
        .into_iter()
        .map(|property| {
            json!({
                "displayName": property.name,
                "oldValue": property.old,
                "newValue": property.new,
            })
        })
        .collect()
}

/// Whether a PATCH makes the account inactive.
pub(super) fn disables(write: &Exchange) -> bool {
    of_write(write, &Value::Null).iter().any(|property| {
        property.name == "active"
            && property
                .new
                .as_str()
                .is_some_and(|value| value.eq_ignore_ascii_case("false"))
    })
}

fn of_write(write: &Exchange, before: &Value) -> Vec<Property> {
    let Ok(body) = serde_json::from_slice::<Value>(write.request.body.bytes()) else {
        return Vec::new();
    };
    match body.get("Operations").and_then(Value::as_array) {
        Some(operations) => operations
            .iter()
            .flat_map(|operation| of_operation(operation, before))
            .collect(),
        None => of_document(&body),
    }
}

fn of_operation(operation: &Value, before: &Value) -> Vec<Property> {
    let removes = operation
        .get("op")
        .and_then(Value::as_str)
        .is_some_and(|word| word.eq_ignore_ascii_case("remove"));
    let value = operation.get("value").unwrap_or(&Value::Null);
    let Some(path) = operation.get("path").and_then(Value::as_str) else {
        let members = value.as_object().into_iter().flatten();
        return members
            .map(|(name, value)| property(name, before, value))
            .collect();
    };
    if path == "members" || path.starts_with("members[") {
        return vec![of_members(path, removes, value)];
    }
    vec![match removes {
        true => property(path, before, &Value::Null),
        false => property(path, before, value),
    }]
}

/// Entra never reads members, so what was there before is not known: who joins has no old value, who leaves no new one.
fn of_members(path: &str, removes: bool, value: &Value) -> Property {
    let ids = match path.split('"').nth(1) {
        Some(id) => Value::from(id),
        None => text(value),
    };
    let (old, new) = match removes {
        true => (ids, Value::Null),
        false => (Value::Null, ids),
    };
    Property {
        name: "members".to_owned(),
        old,
        new,
    }
}

fn property(path: &str, before: &Value, value: &Value) -> Property {
    let old = path
        .parse::<Path>()
        .ok()
        .and_then(|path| select(before, &path).into_iter().next())
        .map_or(Value::Null, text);
    Property {
        name: path.to_owned(),
        old,
        new: match value {
            // An empty text clears.
            Value::String(empty) if empty.is_empty() => Value::Null,
            value => text(value),
        },
    }
}

/// Every value of a new resource, by its path.
fn of_document(document: &Value) -> Vec<Property> {
    leaves(document)
        .into_iter()
        .map(|(name, new)| Property {
            name,
            old: Value::Null,
            new,
        })
        .collect()
}

/// The values of a resource as texts, by the paths that a mapping writes.
pub(super) fn leaves(resource: &Value) -> Vec<(String, Value)> {
    let mut leaves = Vec::new();
    for (name, value) in resource.as_object().into_iter().flatten() {
        match value {
            _ if matches!(name.as_str(), "schemas" | "meta") => {}
            Value::Null => {}
            Value::Object(parts) => {
                let separator = if urn::is_urn(name) { ':' } else { '.' };
                for (part, value) in parts.iter().filter(|(_, value)| !value.is_null()) {
                    leaves.push((format!("{name}{separator}{part}"), text(value)));
                }
            }
            Value::Array(elements) => of_elements(name, elements, &mut leaves),
            value => leaves.push((name.clone(), text(value))),
        }
    }
    leaves
}

fn of_elements(name: &str, elements: &[Value], leaves: &mut Vec<(String, Value)>) {
    let is_typed = |element: &Value| element.get("type").is_some_and(Value::is_string);
    if !elements.iter().all(is_typed) {
        leaves.push((name.to_owned(), text(&Value::Array(elements.to_vec()))));
        return;
    }
    for element in elements {
        let kind = element["type"].as_str().unwrap_or_default();
        let parts = element.as_object().into_iter().flatten();
        for (part, value) in parts.filter(|(_, value)| !value.is_null()) {
            if !matches!(part.as_str(), "type" | "primary") {
                leaves.push((format!("{name}[type eq \"{kind}\"].{part}"), text(value)));
            }
        }
    }
}

/// A value as the log writes it: a text or `null`, booleans with a capital letter [doc], several joined by a comma.
fn text(value: &Value) -> Value {
    match value {
        Value::Null => Value::Null,
        Value::String(text) => Value::from(text.as_str()),
        Value::Bool(true) => Value::from("True"),
        Value::Bool(false) => Value::from("False"),
        Value::Object(parts) => match parts.get("value") {
            Some(value) => text(value),
            None => Value::from(value.to_string()),
        },
        Value::Array(elements) => {
            let texts: Vec<String> = elements
                .iter()
                .filter_map(|element| text(element).as_str().map(str::to_owned))
                .collect();
            match texts.is_empty() {
                true => Value::Null,
                false => Value::from(texts.join(",")),
            }
        }
        Value::Number(number) => Value::from(number.to_string()),
    }
}
