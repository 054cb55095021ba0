//! Values that have another type than the schema says: one walk over the resources of an answer, for all checks of types.

use serde_json::{Map, Value};

use crate::checks::lists::kind_of;
use crate::checks::seen::{Resource, Seen};
use crate::scim::locate::member;
use crate::scim::schema::{Attribute, Schema, Schemas, Type, common_attributes};
use crate::scim::urn;

/// What a value should be and is not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Should {
    /// `true` or `false`.
    Boolean,
    /// A whole number, or one with a fraction.
    Number,
    /// A text.
    Text,
    /// An object.
    Object,
    /// An array.
    Array,
    /// One value, no array.
    Single,
    /// An element that says something.
    Element,
}

impl Should {
    /// In words.
    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::Boolean => "true or false",
            Self::Number => "a number",
            Self::Text => "a text",
            Self::Object => "an object",
            Self::Array => "an array",
            Self::Single => "one value",
            Self::Element => "an element that says something, or none",
        }
    }
}

/// A value of the wrong type.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Wrong {
    /// What it should be.
    pub(crate) should: Should,
    /// The attribute as the schema names it: `emails.primary`.
    pub(crate) attribute: String,
    /// What it is: `a text`.
    pub(crate) is: &'static str,
    /// Its place in the answer: `Resources[0].emails[1].primary`.
    pub(crate) path: String,
    /// The value.
    pub(crate) value: Value,
}

/// More of them tell nothing new.
const ENOUGH: usize = 50;

impl Wrong {
    /// All of an answer.
    pub(super) fn all_of(seen: &Seen<'_>) -> Vec<Self> {
        let mut walk = Walk {
            seen,
            found: Vec::new(),
        };
        for resource in seen.resources() {
            walk.resource(&resource);
        }
        walk.found
    }
}

struct Walk<'a> {
    seen: &'a Seen<'a>,
    found: Vec<Wrong>,
}

impl Walk<'_> {
    fn resource(&mut self, resource: &Resource<'_>) {
        let schema = self.main_schema(resource);
        for (name, value) in resource.body {
            if urn::is_urn(name) {
                self.container(resource, name, value);
                continue;
            }
            let mut common = common_attributes().iter();
            let known = common
                .find(|attribute| attribute.name.eq_ignore_ascii_case(name))
                .cloned()
                .or_else(|| self.attribute(schema.as_deref(), name));
            if let Some(attribute) = known {
                self.value(&attribute, &attribute.name, resource.path(name), value);
            }
        }
    }

    /// The main schema of a resource: that of its endpoint, or the first that it names.
    fn main_schema(&self, resource: &Resource<'_>) -> Option<String> {
        match self.seen.address.endpoint {
            Some("Users") => return Some(urn::USER.to_owned()),
            Some("Groups") => return Some(urn::GROUP.to_owned()),
            _ => {}
        }
        let schemas = resource.get("schemas")?.as_array()?;
        let mut names = schemas.iter().filter_map(Value::as_str);
        let first = names.find(|name| member(resource.body, name).is_none())?;
        Some(first.to_owned())
    }

    /// An attribute of a schema: as the RFC defines it, else as the target does.
    fn attribute(&self, schema: Option<&str>, name: &str) -> Option<Attribute> {
        let of = |schema: &Schema| schema.attribute(name).cloned();
        let schema = schema?;
        let own = || self.seen.history.definition(schema).and_then(of);
        Schemas::core().schema(schema).and_then(of).or_else(own)
    }

    /// The attributes of an extension.
    fn container(&mut self, resource: &Resource<'_>, schema: &str, value: &Value) {
        let Value::Object(members) = value else {
            return;
        };
        for (name, value) in members {
            if let Some(attribute) = self.attribute(Some(schema), name) {
                let path = format!("{}:{name}", resource.path(schema));
                self.value(&attribute, &attribute.name, path, value);
            }
        }
    }

    fn value(&mut self, attribute: &Attribute, label: &str, path: String, value: &Value) {
        match value {
            // RFC 7643 2.5: null is as good as nothing.
            Value::Null => {}
            Value::Array(items) if attribute.multi_valued => {
                for (index, item) in items.iter().enumerate() {
                    self.element(attribute, label, format!("{path}[{index}]"), item);
                }
            }
            _ if attribute.multi_valued => self.note(Should::Array, label, path, value),
            Value::Array(_) => self.note(Should::Single, label, path, value),
            _ => self.single(attribute, label, path, value),
        }
    }

    fn element(&mut self, attribute: &Attribute, label: &str, path: String, item: &Value) {
        if is_empty(item) {
            return self.note(Should::Element, label, path, item);
        }
        match item {
            Value::Array(_) => self.note(Should::Single, label, path, item),
            _ => self.single(attribute, label, path, item),
        }
    }

    fn single(&mut self, attribute: &Attribute, label: &str, path: String, value: &Value) {
        let should = match attribute.kind {
            Type::Boolean if !value.is_boolean() => Should::Boolean,
            Type::Integer if !(value.is_u64() || value.is_i64()) => Should::Number,
            Type::Decimal if !value.is_number() => Should::Number,
            // Instants are judged with what is in them.
            Type::String | Type::Binary | Type::Reference if !value.is_string() => Should::Text,
            Type::Complex => match value {
                Value::Object(members) => return self.parts(attribute, label, &path, members),
                _ => Should::Object,
            },
            _ => return,
        };
        self.note(should, label, path, value);
    }

    fn parts(
        &mut self,
        attribute: &Attribute,
        label: &str,
        path: &str,
        members: &Map<String, Value>,
    ) {
        for (name, value) in members {
            if let Some(part) = attribute.sub(name) {
                let label = format!("{label}.{}", part.name);
                self.value(part, &label, format!("{path}.{name}"), value);
            }
        }
    }

    fn note(&mut self, should: Should, attribute: &str, path: String, value: &Value) {
        if self.found.len() < ENOUGH {
            self.found.push(Wrong {
                should,
                attribute: attribute.to_owned(),
                is: kind_of(value),
                path,
                value: value.clone(),
            });
        }
    }
}

/// An element that says nothing: null, or an object of which every member is unassigned. One without its `value` may be
/// what a client asked for, by removing just that (RFC 7644 3.5.2.2).
fn is_empty(item: &Value) -> bool {
    let unassigned = |value: &Value| match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        _ => false,
    };
    match item {
        Value::Null => true,
        Value::Object(members) => members.values().all(unassigned),
        _ => false,
    }
}
