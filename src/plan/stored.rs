//! What of a sent body a service provider must have stored, and which paths a scenario speaks of.

use serde_json::{Map, Value};

use crate::plan::Known;
use crate::scenario::matcher::Matcher;
use crate::scenario::matching::join;
use crate::scim::path::AttributePath;
use crate::scim::schema::{Attribute, Mutability, ResourceType, Returned, Schemas, Type};
use crate::scim::urn;

/// The part of a sent body that must come back, and what is left out of it because the target does not have it.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Storable {
    /// What a schema declares, the client may write and the server returns; without what `is` speaks of itself.
    pub(crate) value: Value,
    /// Paths that the target's own `/Schemas` do not list.
    pub(crate) undeclared: Vec<String>,
}

/// What of the body of a POST or PUT must be stored.
pub(crate) fn storable(body: &Value, is: Option<&Matcher<Value>>, known: &Known) -> Storable {
    let members = body.as_object();
    let Some((members, resource_type)) =
        members.and_then(|members| Some((members, resource_type(members)?)))
    else {
        return Storable::default();
    };
    let mut overridden = Vec::new();
    if let Some(is) = is {
        touched_by_matcher(is, "", &mut overridden);
    }
    let mut reading = Reading {
        resource_type,
        overridden,
        known,
        undeclared: Vec::new(),
    };
    let value = Value::Object(reading.resource(members));
    Storable {
        value,
        undeclared: reading.undeclared,
    }
}

/// Goes through a sent resource.
struct Reading<'a> {
    resource_type: &'static ResourceType,
    overridden: Vec<String>,
    known: &'a Known,
    undeclared: Vec<String>,
}

impl Reading<'_> {
    fn resource(&mut self, members: &Map<String, Value>) -> Map<String, Value> {
        let mut kept = Map::new();
        for (name, value) in members {
            let extensions = &self.resource_type.extensions;
            let extension = extensions.iter().find(|(id, _)| urn::same(id, name));
            let value = match (extension, value) {
                (Some((id, _)), Value::Object(inner)) => {
                    let mut container = Map::new();
                    for (sub, value) in inner {
                        if let Some(value) = self.attribute(&format!("{id}:{sub}"), value) {
                            container.insert(sub.clone(), value);
                        }
                    }
                    (!container.is_empty()).then_some(Value::Object(container))
                }
                _ if name.eq_ignore_ascii_case("schemas") => None,
                _ => self.attribute(name, value),
            };
            if let Some(value) = value {
                kept.insert(name.clone(), value);
            }
        }
        kept
    }

    /// One attribute's value as it must come back, if it must.
    fn attribute(&mut self, path: &str, value: &Value) -> Option<Value> {
        if is_nothing(value) || self.is_overridden(path) {
            return None;
        }
        let parsed: AttributePath = path.parse().ok()?;
        let resolved = Schemas::core().resolve(self.resource_type, &parsed)?;
        let definition = resolved.target()?;
        let written = matches!(
            definition.mutability,
            Mutability::ReadWrite | Mutability::Immutable
        );
        if !written || definition.returned == Returned::Never || !self.declares(path) {
            return None;
        }
        match (definition.kind, value) {
            (Type::Complex, Value::Array(items)) => {
                let items: Vec<Value> = items
                    .iter()
                    .filter_map(|item| self.complex(path, definition, item))
                    .collect();
                (!items.is_empty()).then_some(Value::Array(items))
            }
            (Type::Complex, value) => self.complex(path, definition, value),
            (kind, value) => Some(as_declared(kind, value)),
        }
    }

    fn complex(&mut self, path: &str, definition: &Attribute, value: &Value) -> Option<Value> {
        let Value::Object(members) = value else {
            return Some(value.clone());
        };
        let mut kept = Map::new();
        for (name, value) in members {
            let path = format!("{path}.{name}");
            let Some(sub) = definition.sub(name) else {
                continue;
            };
            // `display` is a label that servers fill themselves, `$ref` an address of theirs.
            let own = ["display", "$ref"]
                .iter()
                .any(|own| name.eq_ignore_ascii_case(own));
            let skipped = own
                || is_nothing(value)
                || sub.mutability == Mutability::ReadOnly
                || self.is_overridden(&path)
                || !self.declares(&path);
            if !skipped {
                kept.insert(name.clone(), as_declared(sub.kind, value));
            }
        }
        (!kept.is_empty()).then_some(Value::Object(kept))
    }

    fn is_overridden(&self, path: &str) -> bool {
        self.overridden.iter().any(|outer| within(path, outer))
    }

    /// Whether the target's own schemas list the attribute, as far as they are known; what they do not, is noted.
    fn declares(&mut self, path: &str) -> bool {
        let declared = self.known.declares(&self.resource_type.schema, path);
        if !declared && !self.undeclared.iter().any(|known| known == path) {
            self.undeclared.push(path.to_owned());
        }
        declared
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

/// The paths that a sent resource empties.
pub(crate) fn emptied_by_body(body: &Value, touched: &mut Vec<String>) {
    for (name, value) in body.as_object().into_iter().flatten() {
        match value {
            Value::Object(inner) => {
                let mut parts = Vec::new();
                emptied_by_body(value, &mut parts);
                // A part of a part, such as a manager's id, empties that part.
                let emptied = inner.keys().filter(|sub| {
                    let within_it = |part: &String| within(part, sub);
                    parts.iter().any(within_it)
                });
                touched.extend(emptied.map(|sub| join(name, sub)));
            }
            value if is_nothing(value) => touched.push(name.clone()),
            _ => {}
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
