//! What requests and answers say of resources: the names that a create gives, the paths that are written to, the ids that
//! are shown.

use std::collections::BTreeSet;

use percent_encoding::percent_decode_str;
use serde_json::Value;

use crate::plan::Outgoing;

pub(super) fn creates(outgoing: &Outgoing) -> bool {
    outgoing.method == "POST" && !path_of(&outgoing.target).ends_with("/.search")
}

pub(super) fn path_of(target: &str) -> String {
    target.split(['?', '#']).next().unwrap_or(target).to_owned()
}

/// What a create makes can be found again by this.
pub(super) struct Named {
    pub(super) endpoint: String,
    pub(super) attribute: &'static str,
    pub(super) name: String,
}

/// The names that a create gives, each operation of a bulk request its own.
pub(super) fn named(outgoing: &Outgoing) -> Vec<Named> {
    let body: Value =
        serde_json::from_slice(outgoing.body.as_deref().unwrap_or_default()).unwrap_or_default();
    let path = path_of(&outgoing.target);
    if path != "/Bulk" {
        return naming(&path, &body).into_iter().collect();
    }
    operations(&body)
        .filter(|operation| is_post(operation))
        .filter_map(|operation| naming(operation.get("path")?.as_str()?, operation.get("data")?))
        .collect()
}

fn naming(endpoint: &str, resource: &Value) -> Option<Named> {
    ["userName", "displayName"]
        .into_iter()
        .find_map(|attribute| {
            Some(Named {
                endpoint: endpoint.to_owned(),
                attribute,
                name: resource.get(attribute)?.as_str()?.to_owned(),
            })
        })
}

pub(super) fn operations(body: &Value) -> impl Iterator<Item = &Value> {
    body.get("Operations")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
}

pub(super) fn is_post(operation: &Value) -> bool {
    operation
        .get("method")
        .and_then(Value::as_str)
        .is_some_and(|method| method.eq_ignore_ascii_case("POST"))
}

/// What a request writes to, by method and path below the base URL; each operation of a bulk request its own.
pub(super) fn writes(outgoing: &Outgoing) -> Vec<(String, String)> {
    let path = path_of(&outgoing.target);
    if path != "/Bulk" {
        return vec![(outgoing.method.clone(), path)];
    }
    let body: Value =
        serde_json::from_slice(outgoing.body.as_deref().unwrap_or_default()).unwrap_or_default();
    operations(&body)
        .filter_map(|operation| {
            let method = operation.get("method")?.as_str()?.to_ascii_uppercase();
            Some((method, operation.get("path")?.as_str()?.to_owned()))
        })
        .collect()
}

/// The segments of a path, decoded.
pub(super) fn segments(path: &str) -> Vec<String> {
    path.split('/')
        .filter(|segment| !segment.is_empty())
        .map(|segment| percent_decode_str(segment).decode_utf8_lossy().into_owned())
        .collect()
}

/// Collects every id that an answer shows, those of members, managers and groups included.
pub(super) fn shown(value: &Value, depth: usize, ids: &mut BTreeSet<String>) {
    // Resource, attribute, element, and the list around it: what lies deeper is no reference.
    if depth > 5 {
        return;
    }
    match value {
        Value::Array(items) => items.iter().for_each(|item| shown(item, depth + 1, ids)),
        Value::Object(members) => {
            for (name, member) in members {
                match (name.as_str(), member) {
                    ("id" | "value", Value::String(_) | Value::Number(_)) => {
                        ids.extend(text_of(member).filter(|id| id.len() < 200));
                    }
                    ("$ref" | "location", Value::String(url)) => {
                        ids.extend(segments(&path_of(url)).pop().filter(|id| id.len() < 200));
                    }
                    _ => shown(member, depth + 1, ids),
                }
            }
        }
        _ => {}
    }
}

pub(super) fn text_of(id: &Value) -> Option<String> {
    match id {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}
