//! The body of a create, in the documented order of members (entra.md 1.4, 4.2, 4.3, 7).

use serde_json::{Map, Value, json};

use super::mapped::{Entry, Given};
use super::operations::boolean_text;
use super::roles;
use crate::idp::mapping::{Expression, Row};
use crate::idp::{Payload, World, overlay};
use crate::scim::path::Path;
use crate::scim::urn;

/// Second schema of groups in an old sample of the documentation.
const ADSCIM_GROUP: &str =
    "http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group";
/// Extensions in the order of the library's data contract; what is not here follows.
const ENTERPRISE: [&str; 6] = [
    "costCenter",
    "department",
    "division",
    "employeeNumber",
    "organization",
    "manager",
];
/// Multi-valued attributes that carry `primary`.
const TYPED: [&str; 7] = [
    "addresses",
    "emails",
    "phoneNumbers",
    "ims",
    "photos",
    "entitlements",
    "x509Certificates",
];

/// The body of a user's create, and what the target holds once it accepted it.
pub(super) fn user(entries: &[Entry<'_>], world: &World<'_>) -> Value {
    let mut written = Value::Object(Map::new());
    let nulls = world.switches.get("entra.empty-values") == "null";
    if nulls {
        for row in &world.mapping.users {
            let is_empty = !entries.iter().any(|entry| entry.path == row.to);
            if is_empty && !matches!(row.from, Expression::Manager | Expression::Roles(_)) {
                write_null(&mut written, row, entries);
            }
        }
    }
    for entry in entries {
        match &entry.given {
            Given::Value(value) => write(&mut written, entry.path, value),
            Given::Roles(form, held) => written["roles"] = roles::in_create(*form, held),
        }
    }
    if written.get("roles").is_none() {
        written["roles"] = json!([]);
    }
    written["meta"] = json!({"resourceType": "User"});
    let typed = world.switches.get("entra.primary") == "all";
    if let Some(members) = written.as_object_mut() {
        for name in TYPED {
            if typed || name == "emails" {
                mark_primary(name, members.get_mut(name));
            }
        }
    }
    // Both, even with nothing to say in the second; never an extension of one's own (entra.md 4.2, 4.3).
    ordered(json!([urn::USER, urn::ENTERPRISE_USER]), written)
}

/// The document as it is sent: `active` may be a text.
pub(super) fn user_payload(document: &Value, world: &World<'_>) -> Payload {
    let mut document = document.clone();
    if world.switches.get("entra.active-in-create") == "string"
        && let Some(Value::Bool(active)) = document.get("active")
    {
        document["active"] = Value::from(boolean_text(*active));
    }
    Payload::Document(document)
}

/// The body of a group's create. Members are added afterwards.
pub(super) fn group(entries: &[Entry<'_>], world: &World<'_>) -> Value {
    let mut written = Value::Object(Map::new());
    for entry in entries {
        if let Given::Value(value) = &entry.given {
            write(&mut written, entry.path, value);
        }
    }
    written["meta"] = json!({"resourceType": "Group"});
    if world.switches.is_on("entra.members-in-create") {
        written["members"] = json!([]);
    }
    let schemas = match world.switches.get("entra.group-urn") {
        "adscim" => json!([urn::GROUP, ADSCIM_GROUP]),
        _ => json!([urn::GROUP]),
    };
    ordered(schemas, written)
}

/// A path that cannot be written into a new document is left out; the next cycle finds it missing and adds it by PATCH.
fn write(document: &mut Value, path: &str, value: &Value) {
    let _ = overlay::write(document, path, Some(value.clone()));
}

/// A whole attribute without any value is null; parts of an attribute that has others are null inside it.
fn write_null(document: &mut Value, row: &Row, entries: &[Entry<'_>]) {
    let Ok(path) = row.to.parse::<Path>() else {
        return;
    };
    let same_home = |entry: &&Entry<'_>| {
        entry.path.parse::<Path>().is_ok_and(|other| {
            other.urn == path.urn && (path.urn.is_some() || other.name == path.name)
        })
    };
    let has_company = entries.iter().any(|entry| same_home(&entry));
    match &path.filter {
        _ if !has_company && path.urn.is_none() => document[path.name.as_str()] = Value::Null,
        // An element of which nothing is known is left out; so is an extension's container.
        Some(_) => {
            let stem = row
                .to
                .rsplit_once('.')
                .map_or(row.to.as_str(), |(stem, _)| stem);
            if entries.iter().any(|entry| entry.path.starts_with(stem)) {
                write(document, &row.to, &Value::Null);
            }
        }
        None if has_company => write(document, &row.to, &Value::Null),
        None => {}
    }
}

/// The work e-mail and the work phone are primary; nothing else is (entra.md 4.2).
fn mark_primary(name: &str, value: Option<&mut Value>) {
    let Some(Value::Array(elements)) = value else {
        return;
    };
    for element in elements.iter_mut().filter_map(Value::as_object_mut) {
        let work = element.get("type").is_some_and(|kind| kind == "work");
        element
            .entry("primary")
            .and_modify(|primary| {
                // The filter of a path quotes its boolean.
                if let Some(text) = primary.as_str() {
                    *primary = Value::Bool(text.eq_ignore_ascii_case("true"));
                }
            })
            .or_insert(Value::Bool(work && name != "addresses"));
    }
}

/// Schemas, externalId and userName first, then all others by name, extensions last.
fn ordered(schemas: Value, written: Value) -> Value {
    let Value::Object(members) = written else {
        return written;
    };
    let mut members: Vec<(String, Value)> = members.into_iter().collect();
    members.sort_by_cached_key(|(name, _)| {
        let rank = match name.as_str() {
            "externalId" => 0,
            "userName" => 1,
            name if urn::is_urn(name) => 3,
            _ => 2,
        };
        (rank, name.clone())
    });
    let mut document = Map::new();
    document.insert("schemas".to_owned(), schemas);
    for (name, value) in members {
        let value = match (name.as_str(), value) {
            ("name", Value::Object(parts)) => inner(parts, &["formatted"]),
            (_, Value::Object(parts)) if urn::same(&name, urn::ENTERPRISE_USER) => {
                inner(parts, &ENTERPRISE)
            }
            (_, Value::Array(elements)) => elements
                .into_iter()
                .map(|element| match element {
                    Value::Object(parts) => inner(parts, &["primary", "type"]),
                    other => other,
                })
                .collect(),
            (_, other) => other,
        };
        document.insert(name, value);
    }
    Value::Object(document)
}

/// These first, the others by name; `value` goes last in every element that has one.
fn inner(parts: Map<String, Value>, first: &[&str]) -> Value {
    let mut parts: Vec<(String, Value)> = parts.into_iter().collect();
    parts.sort_by_cached_key(|(name, _)| {
        let rank = first.iter().position(|known| known == name);
        (rank.unwrap_or(first.len()), name == "value", name.clone())
    });
    Value::Object(parts.into_iter().collect())
}
