//! Attribute paths of filters and sort keys, looked up once, and the values that they have in a resource.

use std::borrow::Cow;

use jiff::Timestamp;
use serde_json::Value;

use super::index::Stored;
use super::store::{Place, Store};
use crate::scim::path::AttributePath;
use crate::scim::schema::{Attribute, Mutability, Resolved, ResourceType, Schemas, Type};

/// What a path means for resources of one shelf.
#[derive(Debug, Clone)]
pub(crate) struct Field {
    pub(crate) source: Source,
    pub(crate) kind: Type,
    pub(crate) case_exact: bool,
    /// Whether a resource may have several values.
    pub(crate) many: bool,
    /// The path names a complex attribute as a whole.
    pub(crate) whole: bool,
    pub(crate) name: String,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Source {
    Id,
    Schemas,
    ResourceType,
    Created,
    LastModified,
    Version,
    Location,
    Meta,
    Members(Option<String>),
    Groups(Option<String>),
    Stored(Stored),
    /// Never seen by anyone, so it never matches.
    Hidden,
    /// Not defined for the type: has no value (RFC 7644 3.4.2.1).
    Unknown,
}

impl Source {
    /// Whether this is the id of a group's member, which groups find without looking at the others.
    pub(crate) fn is_member_id(&self) -> bool {
        matches!(self, Source::Members(sub) if sub.as_deref().is_none_or(|sub| sub == "value"))
    }
}

/// A value that can be compared.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Scalar<'a> {
    Text(Cow<'a, str>),
    Boolean(bool),
    Number(f64),
    Moment(Timestamp),
    Whole(&'a Value),
}

impl Field {
    /// Looks a path up; `emails` alone means `emails.value` when `default_value` says so.
    pub(crate) fn of(
        store: &Store,
        shelf: usize,
        path: &AttributePath,
        default_value: bool,
    ) -> Field {
        let resource_type = &store.shelves[shelf].resource_type;
        let unknown = Field {
            source: Source::Unknown,
            kind: Type::String,
            case_exact: false,
            many: false,
            whole: false,
            name: path.to_string(),
        };
        let resolved = resolve(&store.schemas, resource_type, path);
        let Some(resolved) = resolved else {
            return unknown;
        };
        let Some(attribute) = resolved.attribute else {
            return unknown;
        };
        let sub = resolved.sub.or_else(|| {
            if default_value {
                attribute.sub("value")
            } else {
                None
            }
        });
        let target = sub.unwrap_or(attribute);
        let shelf = &store.shelves[shelf];
        let sub_name = sub.map(|sub| sub.name.clone());
        let source = match (resolved.extension, attribute.name.as_str(), sub_name) {
            (None, "id", _) => Source::Id,
            (None, "schemas", _) => Source::Schemas,
            (None, "meta", None) => Source::Meta,
            (None, "meta", Some(sub)) => match sub.as_str() {
                "resourceType" => Source::ResourceType,
                "created" => Source::Created,
                "lastModified" => Source::LastModified,
                "version" => Source::Version,
                "location" => Source::Location,
                _ => Source::Hidden,
            },
            (None, "members", sub) if shelf.has_members => Source::Members(sub),
            (None, "groups", sub) if shelf.has_groups => Source::Groups(sub),
            _ if attribute.mutability == Mutability::WriteOnly => Source::Hidden,
            (extension, _, sub) => Source::Stored(Stored {
                extension: extension.map(|schema| schema.id.clone()),
                name: attribute.name.clone(),
                sub,
            }),
        };
        Field {
            source,
            kind: target.kind,
            case_exact: target.case_exact,
            many: attribute.multi_valued,
            whole: target.kind == Type::Complex,
            name: path.to_string(),
        }
    }

    /// Whether the values are addresses of this server, kept without its base.
    pub(crate) fn is_own_address(&self) -> bool {
        match &self.source {
            Source::Location => true,
            Source::Members(sub) | Source::Groups(sub) => sub.as_deref() == Some("$ref"),
            _ => self.name == "$ref",
        }
    }

    /// A sub-attribute of an element, inside brackets.
    pub(crate) fn of_element(attribute: &Attribute, path: &AttributePath) -> Option<Field> {
        let (kind, case_exact, name) = match attribute.sub(&path.name) {
            Some(sub) if path.sub.is_none() => (sub.kind, sub.case_exact, sub.name.clone()),
            None if attribute.kind != Type::Complex && path.is("value") => {
                (attribute.kind, attribute.case_exact, "value".to_owned())
            }
            _ => return None,
        };
        Some(Field {
            source: Source::Stored(Stored::named(&name)),
            kind,
            case_exact,
            many: false,
            whole: false,
            name,
        })
    }

    /// The values of a stored resource.
    pub(crate) fn values<'a>(&self, store: &'a Store, place: Place) -> Vec<Scalar<'a>> {
        let Some(resource) = store.get(place) else {
            return Vec::new();
        };
        let shelf = &store.shelves[place.shelf];
        let text = |text: &'a str| vec![Scalar::Text(Cow::Borrowed(text))];
        match &self.source {
            Source::Id => text(&resource.id),
            Source::ResourceType => text(&shelf.resource_type.name),
            Source::Created => vec![Scalar::Moment(resource.created.at)],
            Source::LastModified => vec![Scalar::Moment(resource.modified.at)],
            Source::Location => vec![Scalar::Text(Cow::Owned(
                store.relative_location(place, &resource.id),
            ))],
            Source::Version => vec![Scalar::Text(Cow::Owned(resource.etag()))],
            Source::Schemas => std::iter::once(&shelf.resource_type.schema)
                .chain(&resource.extensions)
                .map(|urn| Scalar::Text(Cow::Borrowed(urn.as_str())))
                .collect(),
            Source::Meta => vec![Scalar::Boolean(true)],
            Source::Members(sub) => resource
                .members
                .iter()
                .filter_map(|member| match sub.as_deref() {
                    None | Some("value") => Some(Cow::Borrowed(member.value.as_str())),
                    Some("display") => store
                        .display_of(&member.value)
                        .or(member.display.as_deref())
                        .map(Cow::Borrowed),
                    Some("type") => store
                        .type_of(&member.value)
                        .or(member.kind.as_deref())
                        .map(Cow::Borrowed),
                    Some(_) => store
                        .place(&member.value)
                        .map(|place| Cow::Owned(store.relative_location(place, &member.value))),
                })
                .map(Scalar::Text)
                .collect(),
            Source::Groups(sub) => store
                .groups_of(&resource.id)
                .into_iter()
                .filter_map(|(group, direct)| {
                    let group_resource = store.get(group)?;
                    Some(Scalar::Text(match sub.as_deref() {
                        None | Some("value") => Cow::Borrowed(group_resource.id.as_str()),
                        Some("display") => Cow::Borrowed(store.display_of(&group_resource.id)?),
                        Some("type") => Cow::Borrowed(if direct { "direct" } else { "indirect" }),
                        Some(_) => Cow::Owned(store.relative_location(group, &group_resource.id)),
                    }))
                })
                .collect(),
            Source::Stored(stored) => stored
                .values(&resource.attributes)
                .into_iter()
                .filter_map(|value| self.scalar(value))
                .collect(),
            Source::Hidden | Source::Unknown => Vec::new(),
        }
    }

    /// The value of one element of a multi-valued attribute.
    pub(crate) fn value_in<'a>(&self, element: &'a Value) -> Option<Scalar<'a>> {
        match (&self.source, element) {
            (Source::Stored(stored), Value::Object(members)) => members
                .get(&stored.name)
                .and_then(|value| self.scalar(value)),
            (Source::Stored(stored), simple) if stored.name == "value" => self.scalar(simple),
            _ => None,
        }
    }

    fn scalar<'a>(&self, value: &'a Value) -> Option<Scalar<'a>> {
        match value {
            Value::Null => None,
            Value::Bool(value) => Some(Scalar::Boolean(*value)),
            Value::Number(number) => number.as_f64().map(Scalar::Number),
            Value::String(text) if self.kind == Type::DateTime => {
                text.parse().ok().map(Scalar::Moment)
            }
            Value::String(text) => Some(Scalar::Text(Cow::Borrowed(text))),
            Value::Array(items) if items.is_empty() => None,
            Value::Object(members) if members.is_empty() => None,
            whole => Some(Scalar::Whole(whole)),
        }
    }
}

/// What a path names, also an extension's attribute without its URN, as in `manager eq "…"` (entra.md 5.6).
pub(super) fn resolve<'a>(
    schemas: &'a Schemas,
    resource_type: &ResourceType,
    path: &AttributePath,
) -> Option<Resolved<'a>> {
    schemas.resolve(resource_type, path).or_else(|| {
        let extensions = match path.urn {
            None => resource_type.extensions.as_slice(),
            Some(_) => &[],
        };
        extensions.iter().find_map(|(urn, _)| {
            let qualified = AttributePath {
                urn: Some(urn.clone()),
                ..path.clone()
            };
            schemas.resolve(resource_type, &qualified)
        })
    })
}
