//! What of a sent body a service provider must have stored, and which paths a scenario speaks of.

use serde_json::{Map, Value};

use crate::plan::Known;
use crate::scenario::matcher::Matcher;
use crate::scenario::matching::join;
use crate::scim::path::AttributePath;
use crate::scim::schema::{Mutability, ResourceType, Returned, Schemas, Type};
use crate::scim::urn;

/// The part of a sent body that must come back: what a schema declares, the client may write and the server returns.
///
/// Left out is what `is` speaks of itself, and what the target's own `/Schemas` do not list.
pub(crate) fn storable(body: &Value, is: Option<&Matcher<Value>>, known: &Known) -> Value {
    let Some(members) = body.as_object() else {
        return Value::Object(Map::new());
    };
    let mut overridden = Vec::new();
    if let Some(is) = is {
        touched_by_matcher(is, "", &mut overridden);
    }
    let spoken_of = |path: &str| overridden.iter().any(|known| within(path, known));
    let Some(resource_type) = resource_type(members) else {
        return Value::Object(Map::new());
    };
    let mut kept = Map::new();
    for (name, value) in members {
        if is_nothing(value) || name.eq_ignore_ascii_case("schemas") {
            continue;
        }
        let extension = resource_type
            .extensions
            .iter()
            .find(|(id, _)| urn::same(id, name));
        match (extension, value) {
            (Some((id, _)), Value::Object(inner)) => {
                let inner: Map<String, Value> = inner
                    .iter()
                    .filter_map(|(sub, value)| {
                        let path = format!("{id}:{sub}");
                        Some((
                            sub.clone(),
                            attribute(resource_type, &path, value, &spoken_of, known)?,
                        ))
                    })
                    .collect();
                if !inner.is_empty() {
                    kept.insert(id.clone(), Value::Object(inner));
                }
            }
            _ => {
                if let Some(value) = attribute(resource_type, name, value, &spoken_of, known) {
                    kept.insert(name.clone(), value);
                }
            }
        }
    }
    Value::Object(kept)
}

/// One attribute's value as it must come back, if it must.
fn attribute(
    resource_type: &ResourceType,
    path: &str,
    value: &Value,
    spoken_of: &impl Fn(&str) -> bool,
    known: &Known,
) -> Option<Value> {
    if is_nothing(value) || spoken_of(path) {
        return None;
    }
    let parsed: AttributePath = path.parse().ok()?;
    let schemas = Schemas::core();
    let definition = schemas.resolve(resource_type, &parsed)?.target()?;
    let declared = declares(known, resource_type, path);
    if definition.mutability != Mutability::ReadWrite
        && definition.mutability != Mutability::Immutable
        || definition.returned == Returned::Never
        || !declared
    {
        return None;
    }
    if definition.kind != Type::Complex {
        return Some(as_declared(definition.kind, value));
    }
    let complex = |value: &Value| -> Option<Value> {
        let Value::Object(members) = value else {
            return Some(value.clone());
        };
        let kept: Map<String, Value> = members
            .iter()
            .filter(|(name, value)| {
                let path = format!("{path}.{name}");
                !is_nothing(value) && !spoken_of(&path) && declares(known, resource_type, &path)
            })
            .filter_map(|(name, value)| {
                let sub = definition.sub(name)?;
                // `display` is a label that servers fill themselves, `$ref` an address of theirs.
                let writable = !matches!(sub.mutability, Mutability::ReadOnly)
                    && !name.eq_ignore_ascii_case("display")
                    && !name.eq_ignore_ascii_case("$ref");
                writable.then(|| (name.clone(), as_declared(sub.kind, value)))
            })
            .collect();
        (!kept.is_empty()).then_some(Value::Object(kept))
    };
    match value {
        Value::Array(items) => {
            let items: Vec<Value> = items.iter().filter_map(complex).collect();
            (!items.is_empty()).then_some(Value::Array(items))
        }
        other => complex(other),
    }
}

/// Entra sends booleans as texts (entra.md 4.3); what is stored is a boolean.
fn as_declared(kind: Type, value: &Value) -> Value {
    match (kind, value) {
        (Type::Boolean, Value::String(text)) if text.eq_ignore_ascii_case("true") => {
            Value::Bool(true)
        }
        (Type::Boolean, Value::String(text)) if text.eq_ignore_ascii_case("false") => {
            Value::Bool(false)
        }
        _ => value.clone(),
    }
}

/// Whether the target's own schemas list the attribute, as far as they are known.
fn declares(known: &Known, resource_type: &ResourceType, path: &str) -> bool {
    let Some(attributes) = &known.attributes else {
        return true;
    };
    let qualified = if urn::is_urn(path) {
        path.to_owned()
    } else {
        format!("{}:{path}", resource_type.schema)
    };
    // The common attributes need not be listed (RFC 7643 3.1).
    let common = ["id", "externalid", "meta", "schemas"];
    let first = path.split('.').next().unwrap_or(path).to_ascii_lowercase();
    common.contains(&first.as_str()) || attributes.contains(&qualified.to_ascii_lowercase())
}

fn resource_type(members: &Map<String, Value>) -> Option<&'static ResourceType> {
    let schemas = members.get("schemas")?.as_array()?;
    Schemas::core().types().iter().find(|known| {
        schemas
            .iter()
            .any(|id| id.as_str().is_some_and(|id| urn::same(id, &known.schema)))
    })
}

/// The paths that a matcher speaks of.
pub(crate) fn touched_by_matcher(matcher: &Matcher<Value>, path: &str, touched: &mut Vec<String>) {
    match matcher {
        Matcher::Members(members) => {
            for (name, member) in members {
                touched_by_matcher(member, &join(path, name), touched);
            }
        }
        Matcher::AllOf(all) => all
            .iter()
            .for_each(|one| touched_by_matcher(one, path, touched)),
        _ if path.is_empty() => {}
        _ => touched.push(path.to_owned()),
    }
}

/// The paths that a sent resource speaks of.
pub(crate) fn touched_by_body(body: &Value, touched: &mut Vec<String>) {
    let Some(members) = body.as_object() else {
        return;
    };
    for (name, value) in members {
        match value {
            Value::Object(inner) => touched.extend(inner.keys().map(|sub| join(name, sub))),
            _ => touched.push(name.clone()),
        }
    }
}

/// Whether a path is the other one, or inside it: `emails[type eq "work"].value` is within `emails`.
pub(crate) fn within(path: &str, outer: &str) -> bool {
    let (path, outer) = (path.to_ascii_lowercase(), outer.to_ascii_lowercase());
    path.strip_prefix(&outer)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[', ':']))
}

/// The text that a matcher demands of an attribute, if it demands one.
pub(crate) fn wanted(matcher: &Matcher<Value>, attribute: &str) -> Option<String> {
    match matcher {
        Matcher::Members(members) => members
            .iter()
            .find(|(name, _)| name.eq_ignore_ascii_case(attribute))
            .and_then(|(_, member)| match member {
                Matcher::Equals(Value::String(text)) | Matcher::Exactly(Value::String(text)) => {
                    Some(text.clone())
                }
                _ => None,
            }),
        _ => None,
    }
}

fn is_nothing(value: &Value) -> bool {
    value.is_null() || value.as_array().is_some_and(Vec::is_empty)
}
