//! Documents: what the mapping gives for a person, as JSON in Okta's key order (okta.md 0.3, 2.2, 2.3).

use serde_json::{Map, Value};

use crate::idp::mapping::{Mapped, Mapping};
use crate::idp::okta::entitlements;
use crate::idp::okta::place::{Place, element_filter};
use crate::idp::overlay::{self, Unwritable};
use crate::idp::{Person, World};
use crate::scim::urn;

/// The placeholder that every created account gets, as long as Okta's own (okta.md 2.2).
const PASSWORD: &str = "Zq7rT2mK";

/// How a value that has gone is sent; all three are only known from samples (okta.md 3.5 [inferred]).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Clearing {
    /// Not at all.
    Omit,
    /// As `null`.
    Null,
    /// As an empty text.
    Empty,
}

impl Clearing {
    /// What the switch says.
    pub(super) fn of(world: &World<'_>) -> Self {
        match world.switches.get("okta.clear") {
            "null" => Self::Null,
            "empty" => Self::Empty,
            _ => Self::Omit,
        }
    }

    fn value(self) -> Option<Value> {
        match self {
            Self::Omit => None,
            Self::Null => Some(Value::Null),
            Self::Empty => Some(Value::from("")),
        }
    }
}

/// A person's attributes as Okta maps them.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Document {
    /// Path and value, in the order in which they are sent: core attributes, roles, extensions, `externalId`.
    entries: Vec<(String, Value)>,
    /// URNs of the extensions that have a value.
    extensions: Vec<String>,
}

impl Document {
    /// The document of that person. `None`: the directory has no such person.
    pub(super) fn of(key: &str, world: &World<'_>) -> Option<Self> {
        let person = world.directory.people.get(key)?;
        let mut core: Vec<(String, Value)> = Vec::new();
        let mut extended: Vec<(String, Value)> = Vec::new();
        let mut extensions: Vec<String> = Vec::new();
        for (row, mapped) in world.mapping.user(key, world.directory) {
            let value = match mapped {
                Mapped::Value(value) => value,
                Mapped::Reference(to) => match world.memory.user(&to) {
                    Some(link) => Value::from(link.id.as_str()),
                    None => continue,
                },
                Mapped::Roles(_, roles) => entitlements::values(&roles),
            };
            let place = Place::parse(&row.to);
            let value = match kept_user_name(key, &place, world) {
                Some(kept) => kept,
                None => value,
            };
            let entries = match &place.extension {
                Some(urn) => {
                    if !extensions.contains(urn) {
                        extensions.push(urn.clone());
                    }
                    &mut extended
                }
                None => &mut core,
            };
            let path = place.path();
            let at = match entries.iter().position(|(known, _)| *known == path) {
                Some(at) => at,
                None => {
                    entries.push((path, Value::Null));
                    entries.len() - 1
                }
            };
            place.put(&mut entries[at].1, value);
        }
        core.extend(entitlements::of(key, world));
        core.extend(extended);
        if let Some(id) = person.text("externalId") {
            core.push(("externalId".to_owned(), Value::from(id)));
        }
        Some(Self {
            entries: core,
            extensions,
        })
    }

    /// The document as it is remembered: `schemas`, attributes, `externalId`.
    pub(super) fn pushed(&self) -> Value {
        let mut schemas = vec![urn::USER.to_owned()];
        schemas.extend(self.extensions.iter().cloned());
        let mut document = Value::Object(Map::from_iter([("schemas".to_owned(), schemas.into())]));
        for (path, value) in &self.entries {
            let written = overlay::write(&mut document, path, Some(value.clone()));
            debug_assert!(written.is_ok(), "{path} is a place in an empty document");
        }
        document
    }

    /// The body of a POST (okta.md 2.2): `groups` is always there and empty, `active` is no row of the mapping, and the
    /// placeholder is sent with password sync off, too.
    pub(super) fn created(&self) -> Value {
        let mut document = self.pushed();
        if let Value::Object(members) = &mut document {
            members.insert("groups".to_owned(), Value::Array(Vec::new()));
            members.insert("password".to_owned(), Value::from(PASSWORD));
            members.insert("active".to_owned(), Value::Bool(true));
        }
        document
    }

    /// What is written over the server's own document in a PUT (okta.md 3.2), given what was pushed before.
    pub(super) fn over(
        &self,
        read: &Value,
        before: &Value,
        clearing: Clearing,
    ) -> Vec<(String, Option<Value>)> {
        let mut with = Vec::new();
        if let Some(schemas) = self.extended_schemas(read) {
            with.push(("schemas".to_owned(), Some(schemas)));
        }
        let last = self.entries.len().saturating_sub(1);
        let ends_with_id = self
            .entries
            .last()
            .is_some_and(|(path, _)| path == "externalId");
        let (mapped, id) = self
            .entries
            .split_at(if ends_with_id { last } else { last + 1 }.min(self.entries.len()));
        let entry = |(path, value): &(String, Value)| (path.clone(), Some(value.clone()));
        with.extend(mapped.iter().map(entry));
        with.extend(self.cleared(before, clearing));
        with.extend(id.iter().map(entry));
        // okta.md 3.2: added where the server did not return it; a list that it did return is its own.
        if read.get("groups").is_none() {
            with.push(("groups".to_owned(), Some(Value::Array(Vec::new()))));
        }
        with
    }

    /// The server's `schemas` with the URNs that it lacks; `None`: it lacks none.
    fn extended_schemas(&self, read: &Value) -> Option<Value> {
        let mut schemas = match read.get("schemas") {
            Some(Value::Array(schemas)) => schemas.clone(),
            _ => vec![Value::from(urn::USER)],
        };
        let known = schemas.len();
        for extension in &self.extensions {
            let has = |schema: &Value| {
                schema
                    .as_str()
                    .is_some_and(|schema| urn::same(schema, extension))
            };
            if !schemas.iter().any(has) {
                schemas.push(Value::from(extension.as_str()));
            }
        }
        (schemas.len() > known).then_some(Value::Array(schemas))
    }

    /// What was pushed before and has no value any more.
    fn cleared(&self, before: &Value, clearing: Clearing) -> Vec<(String, Option<Value>)> {
        let now = self.pushed();
        let mut gone = Vec::new();
        for (name, old) in before.as_object().into_iter().flatten() {
            if matches!(name.as_str(), "schemas" | "externalId")
                || self.entries.iter().any(|(path, _)| path == name) && !old.is_object()
            {
                continue;
            }
            match old {
                Value::Object(members) if urn::is_urn(name) => {
                    for (attribute, old) in members {
                        let new = now.get(name).and_then(|extension| extension.get(attribute));
                        clear(
                            &format!("{name}:{attribute}"),
                            old,
                            new,
                            clearing,
                            &mut gone,
                        );
                    }
                }
                _ => clear(name, old, now.get(name), clearing, &mut gone),
            }
        }
        gone
    }

    /// The attributes that have changed since, as the value of a PATCH without a path (okta.md 3.3 [inferred]).
    ///
    /// A partial change that leaves out what has gone would say nothing about it, so it is `null` there, or empty.
    ///
    /// `held` is what the target holds: a list goes out as a whole, with the elements of others.
    pub(super) fn changes(
        &self,
        held: &Value,
        mapping: &Mapping,
        clearing: Clearing,
    ) -> Map<String, Value> {
        let before = &ours(held, mapping);
        let gone = match clearing {
            Clearing::Empty => Value::from(""),
            Clearing::Omit | Clearing::Null => Value::Null,
        };
        let mut changes = changed_members(before, &self.pushed(), &gone);
        changes.shift_remove("schemas");
        for (name, value) in &mut changes {
            let literals = literals(name, mapping);
            if let (Value::Array(elements), Some(Value::Array(known)), false) =
                (value, held.get(name), literals.is_empty())
            {
                let others = known.iter().filter(|known| !is_one_of(known, &literals));
                elements.extend(others.cloned());
            }
        }
        changes
    }
}

/// What was pushed before, told from what the target holds: without what has gone, and without elements of others.
pub(super) fn ours(held: &Value, mapping: &Mapping) -> Value {
    let Value::Object(members) = held else {
        return held.clone();
    };
    let mut ours = Map::new();
    for (name, value) in members {
        match value {
            Value::Null => {}
            Value::Array(elements) => {
                let literals = literals(name, mapping);
                let own = |element: &&Value| literals.is_empty() || is_one_of(element, &literals);
                let own: Vec<Value> = elements.iter().filter(own).cloned().collect();
                if !own.is_empty() || literals.is_empty() {
                    ours.insert(name.clone(), Value::Array(own));
                }
            }
            Value::Object(_) => {
                let inner = self::ours(value, mapping);
                if inner.as_object().is_some_and(|inner| !inner.is_empty()) {
                    ours.insert(name.clone(), inner);
                }
            }
            value => {
                ours.insert(name.clone(), value.clone());
            }
        }
    }
    Value::Object(ours)
}

/// What the target holds when `now` was pushed: what has gone as `null`, and the elements of others that were in what was
/// sent, or known before.
pub(super) fn held(now: &Value, before: &Value, sent: &Value, mapping: &Mapping) -> Value {
    let mut held = with_gone(now, before);
    let Value::Object(members) = &mut held else {
        return held;
    };
    let multi_valued: Vec<String> = mapping
        .users
        .iter()
        .map(|row| Place::parse(&row.to))
        .filter(|place| place.element.is_some() && place.extension.is_none())
        .map(|place| place.name)
        .collect();
    for name in multi_valued {
        let literals = literals(&name, mapping);
        let others: Vec<Value> = sent
            .get(&name)
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .filter(|element| !is_one_of(element, &literals))
            .cloned()
            .collect();
        match members.get_mut(&name) {
            Some(Value::Array(elements)) => {
                for other in others {
                    if !elements.contains(&other) {
                        elements.push(other);
                    }
                }
            }
            _ if others.is_empty() => {}
            _ => {
                members.insert(name, Value::Array(others));
            }
        }
    }
    held
}

/// The members of `now`, and a `null` for each that only `before` had.
fn with_gone(now: &Value, before: &Value) -> Value {
    let (Value::Object(now), Value::Object(before)) = (now, before) else {
        return now.clone();
    };
    let mut held = now.clone();
    for (name, old) in before {
        let value = match (now.get(name), old) {
            (Some(new), old) => with_gone(new, old),
            // Each part by itself: what reads back may hold others.
            (None, Value::Object(_)) => with_gone(&Value::Object(Map::new()), old),
            (None, _) => Value::Null,
        };
        held.insert(name.clone(), value);
    }
    Value::Object(held)
}

/// By which members the mapping tells the elements of an attribute apart.
fn literals(name: &str, mapping: &Mapping) -> Vec<(String, Value)> {
    mapping
        .users
        .iter()
        .filter(|row| row.to.starts_with(name))
        .map(|row| Place::parse(&row.to))
        .filter(|place| place.name == name)
        .filter_map(|place| place.element)
        .collect()
}

fn is_one_of(element: &Value, literals: &[(String, Value)]) -> bool {
    literals
        .iter()
        .any(|(key, literal)| element.get(key) == Some(literal))
}

/// The userName that stays because it is never pushed after the creation (okta.md 3.4).
fn kept_user_name(key: &str, place: &Place, world: &World<'_>) -> Option<Value> {
    if place.path() != "userName" || world.switches.get("okta.user-name") != "create-only" {
        return None;
    }
    let link = world.memory.user(key)?;
    link.pushed.get("userName").cloned()
}

fn clear(
    path: &str,
    old: &Value,
    new: Option<&Value>,
    clearing: Clearing,
    gone: &mut Vec<(String, Option<Value>)>,
) {
    match (old, new) {
        // An element has its literal first. Only of plain attributes there are samples with `null` or an empty text
        // (okta.md 3.5), so an element is taken out as a whole.
        (Value::Array(elements), new) => {
            let literal = |element: &Value| -> Option<(String, Value)> {
                let (key, literal) = element.as_object()?.iter().next()?;
                Some((key.clone(), literal.clone()))
            };
            let kept: Vec<_> = new
                .and_then(Value::as_array)
                .into_iter()
                .flatten()
                .filter_map(literal)
                .collect();
            for (key, literal) in elements.iter().filter_map(literal) {
                if !kept.contains(&(key.clone(), literal.clone())) {
                    gone.push((format!("{path}{}", element_filter(&key, &literal)), None));
                }
            }
        }
        (Value::Object(old), Some(Value::Object(new))) => {
            for name in old.keys().filter(|name| !new.contains_key(*name)) {
                gone.push((format!("{path}.{name}"), clearing.value()));
            }
        }
        // With only a stale `$ref` left, a manager would still be somebody.
        (Value::Object(_), None) if clearing != Clearing::Empty => {
            gone.push((path.to_owned(), clearing.value()));
        }
        (Value::Object(old), None) => {
            for name in old.keys() {
                gone.push((format!("{path}.{name}"), clearing.value()));
            }
        }
        (_, None) => gone.push((path.to_owned(), clearing.value())),
        (_, Some(_)) => {}
    }
}

fn changed_members(before: &Value, now: &Value, gone: &Value) -> Map<String, Value> {
    let empty = Map::new();
    let old = before.as_object().unwrap_or(&empty);
    let new = now.as_object().unwrap_or(&empty);
    let mut changed = Map::new();
    for (name, value) in new {
        match (old.get(name), value) {
            (Some(old), value) if old == value => {}
            (Some(old @ Value::Object(_)), Value::Object(_)) => {
                changed.insert(name.clone(), changed_members(old, value, gone).into());
            }
            _ => {
                changed.insert(name.clone(), value.clone());
            }
        }
    }
    for (name, value) in old.iter().filter(|(name, _)| !new.contains_key(*name)) {
        let value = match value {
            Value::Array(_) => Value::Array(Vec::new()),
            Value::Object(_) => changed_members(value, &Value::Object(Map::new()), gone).into(),
            _ => gone.clone(),
        };
        changed.insert(name.clone(), value);
    }
    changed
}

/// An earlier answer with values written over it.
pub(super) fn overlaid(
    over: &Value,
    with: &[(String, Option<Value>)],
) -> Result<Value, Unwritable> {
    let mut document = over.clone();
    for (path, value) in with {
        overlay::write(&mut document, path, value.clone())?;
    }
    Ok(document)
}

/// The attribute by which Okta looks a person up, and the person's value (okta.md 0.6: default `userName`).
pub(super) fn sought(key: &str, person: &Person, world: &World<'_>) -> Option<(String, Value)> {
    let rows = world.mapping.matching_users();
    let Some(row) = rows.first() else {
        let name = Value::from(person.text("userName")?);
        return Some(("userName".to_owned(), name));
    };
    let place = Place::parse(&row.to);
    let value = match kept_user_name(key, &place, world) {
        Some(kept) => kept,
        None => match row.from.of_person(person, world.directory)? {
            Mapped::Value(value) => value,
            Mapped::Reference(_) | Mapped::Roles(..) => return None,
        },
    };
    Some((place.searched(), value))
}
