//! What the mapping gives for a person or a group, and what differs from a resource.

use serde_json::{Map, Value};

use super::dialect::Dialect;
use super::operations::Operation;
use super::roles;
use crate::idp::mapping::{Expression, Mapped, Mapping, RolesForm, Row};
use crate::idp::overlay;
use crate::idp::{Directory, Person, Role, Status};
use crate::scim::locate::select;
use crate::scim::path::Path;

/// Where a person stands, as Entra sees it (entra.md 6).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    /// Assigned and in use.
    InUse,
    /// Assigned, but not allowed to sign in.
    Blocked,
    /// Not assigned, deleted softly, or not in the directory.
    OutOfScope,
    /// Deleted for good while assigned.
    Purged,
}

/// Where a person stands. Whoever was unassigned before being deleted is no longer managed.
pub(super) fn standing(person: Option<&Person>) -> Standing {
    match person {
        Some(person) if person.assigned => match person.status {
            Status::Active => Standing::InUse,
            Status::Staged | Status::Suspended | Status::Deactivated => Standing::Blocked,
            Status::Deleted => Standing::OutOfScope,
            Status::Purged => Standing::Purged,
        },
        _ => Standing::OutOfScope,
    }
}

/// What a row gives.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Given {
    /// One value.
    Value(Value),
    /// Application roles.
    Roles(RolesForm, Vec<Role>),
}

/// A row of the mapping and what it gives. References are not here: they have a pass of their own.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Entry<'a> {
    /// Where it goes.
    pub(super) path: &'a str,
    /// What goes there.
    pub(super) given: Given,
}

/// All that the mapping gives for a person, in its order.
pub(super) fn of_person<'a>(
    key: &'a str,
    mapping: &'a Mapping,
    directory: &'a Directory,
) -> Vec<Entry<'a>> {
    let in_use = standing(directory.people.get(key)) == Standing::InUse;
    mapping
        .user(key, directory)
        .filter_map(|(row, mapped)| {
            let given = match mapped {
                _ if row.from == Expression::IsActive => Given::Value(Value::Bool(in_use)),
                Mapped::Value(value) => Given::Value(source_value(row, value)),
                Mapped::Roles(form, roles) => Given::Roles(form, roles),
                Mapped::Reference(_) => return None,
            };
            let path = row.to.as_str();
            Some(Entry { path, given })
        })
        .collect()
}

/// All that the mapping gives for a group, in its order.
pub(super) fn of_group<'a>(
    key: &'a str,
    mapping: &'a Mapping,
    directory: &'a Directory,
) -> Vec<Entry<'a>> {
    mapping
        .group(key, directory)
        .filter_map(|(row, mapped)| match mapped {
            Mapped::Value(value) => Some(Entry {
                path: row.to.as_str(),
                given: Given::Value(value),
            }),
            Mapped::Reference(_) | Mapped::Roles(..) => None,
        })
        .collect()
}

/// Guests' user principal names lose their `#EXT#` (entra.md 3.2).
fn source_value(row: &Row, value: Value) -> Value {
    match (&row.from, &value) {
        (Expression::Attribute(name), Value::String(text))
            if name == "userName" && text.contains("#EXT#") =>
        {
            Value::from(text.replace("#EXT#", ""))
        }
        _ => value,
    }
}

/// Whether `active` is mapped; where it is not, whoever leaves is deleted at once (entra.md 6).
pub(super) fn has_active(mapping: &Mapping) -> bool {
    mapping.users.iter().any(|row| row.to == "active")
}

/// Where the manager goes, if it is mapped.
pub(super) fn manager_path(mapping: &Mapping) -> Option<&str> {
    mapping
        .users
        .iter()
        .find(|row| row.from == Expression::Manager)
        .map(|row| row.to.as_str())
}

/// Whether roles are mapped.
pub(super) fn has_roles(mapping: &Mapping) -> bool {
    mapping
        .users
        .iter()
        .any(|row| matches!(row.from, Expression::Roles(_)))
}

/// The value of a path in a resource; what is empty is not there.
pub(super) fn value_at<'a>(resource: &'a Value, path: &str) -> Option<&'a Value> {
    let path: Path = path.parse().ok()?;
    select(resource, &path)
        .into_iter()
        .find(|value| !value.is_null() && value.as_array().is_none_or(|items| !items.is_empty()))
}

/// What differs between a resource and the mapping, value by value: another letter case or another way to write a phone
/// number is a difference.
pub(super) fn differences(
    resource: &Value,
    entries: &[Entry<'_>],
    dialect: Dialect,
) -> Vec<Operation> {
    entries
        .iter()
        .filter_map(|entry| match &entry.given {
            Given::Value(wanted) => {
                let found = value_at(resource, entry.path);
                (found != Some(wanted)).then(|| Operation {
                    missing: found.is_none(),
                    path: entry.path.to_owned(),
                    value: wanted.clone(),
                })
            }
            Given::Roles(form, held) => {
                roles::difference(resource, entry.path, *form, held, dialect)
            }
        })
        .collect()
}

/// Writes over `held`, a model of what the target holds, what operations that it accepted have put there.
pub(super) fn record(held: &mut Value, operations: &[Operation]) {
    if !held.is_object() {
        *held = Value::Object(Map::new());
    }
    for operation in operations {
        let is_roles = operation.path.split(['[', '.']).next() == Some("roles");
        if is_roles {
            roles::record(held, operation);
            continue;
        }
        // A path that cannot be written was sent all the same; then nothing is known of what it did.
        let _ = overlay::write(held, &operation.path, Some(operation.value.clone()));
    }
}

/// What an account that is taken over holds already, of the attributes that are mapped. Elements that the mapping does not
/// speak of stay there, and so does what has no value in the directory. The manager has a pass of its own.
pub(super) fn taken_over(resource: &Value, mapping: &Mapping) -> Value {
    let mut held = Map::new();
    for row in &mapping.users {
        let Ok(path) = row.to.parse::<Path>() else {
            continue;
        };
        if row.from == Expression::Manager {
            continue;
        }
        let home = match &path.urn {
            Some(extension) => resource.get(extension),
            None => Some(resource),
        };
        let found = home.and_then(|home| home.get(&path.name));
        if let Some(found) = found {
            match &path.urn {
                Some(extension) => {
                    let container = held
                        .entry(extension.as_str())
                        .or_insert_with(|| Value::Object(Map::new()));
                    container[path.name.as_str()] = found.clone();
                }
                None => {
                    held.insert(path.name.clone(), found.clone());
                }
            }
        }
    }
    Value::Object(held)
}
