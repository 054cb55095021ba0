//! All resources of a server as one JSON document, to be written to a file and read back.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::members::{Member, Members};
use super::store::{Moment, Place, Resource, Store};
use crate::scim::path::AttributePath;
use crate::scim::schema::Mutability;

/// Why a document is not a state.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the state is not one that this server wrote: {problem}")]
pub struct StateFault {
    pub(crate) problem: String,
}

fn fault(problem: impl Into<String>) -> StateFault {
    StateFault {
        problem: problem.into(),
    }
}

impl Store {
    /// Everything, without passwords, which nobody can read back anyway.
    pub(crate) fn dump(&self) -> Value {
        let mut resources = Vec::new();
        for shelf in &self.shelves {
            let hidden = |name: &str| {
                let resolved = self
                    .schemas
                    .resolve(&shelf.resource_type, &AttributePath::named(name));
                resolved
                    .and_then(|resolved| resolved.attribute)
                    .is_some_and(|found| found.mutability == Mutability::WriteOnly)
            };
            for (row, resource) in &shelf.rows {
                let attributes: Map<String, Value> = resource
                    .attributes
                    .iter()
                    .filter(|(name, _)| !hidden(name))
                    .map(|(name, value)| (name.clone(), value.clone()))
                    .collect();
                let members: Vec<Value> = resource
                    .members
                    .iter()
                    .map(|member| json!([member.value, member.display, member.kind]))
                    .collect();
                resources.push(json!({
                    "type": shelf.resource_type.name,
                    "row": row,
                    "id": resource.id,
                    "extensions": resource.extensions,
                    "attributes": attributes,
                    "members": members,
                    "created": resource.created.text,
                    "lastModified": resource.modified.text,
                    "version": resource.version,
                }));
            }
        }
        Value::Array(resources)
    }

    /// Fills an empty store with what [`Store::dump`] gave.
    pub(crate) fn load(&mut self, document: &Value) -> Result<(), StateFault> {
        let resources = document
            .as_array()
            .ok_or_else(|| fault("a tenant must be a list of resources"))?;
        for resource in resources {
            let text = |name: &str| {
                resource
                    .get(name)
                    .and_then(Value::as_str)
                    .ok_or_else(|| fault(format!("a resource lacks `{name}`")))
            };
            let number = |name: &str| {
                resource
                    .get(name)
                    .and_then(Value::as_u64)
                    .ok_or_else(|| fault(format!("a resource lacks `{name}`")))
            };
            let moment = |name: &str| {
                text(name)?
                    .parse::<Timestamp>()
                    .map(Moment::new)
                    .map_err(|_| fault(format!("`{name}` is no moment")))
            };
            let kind = text("type")?;
            let shelf = self
                .shelves
                .iter()
                .position(|shelf| shelf.resource_type.name == kind);
            let shelf =
                shelf.ok_or_else(|| fault(format!("there is no resource type `{kind}`")))?;
            let mut members = Members::default();
            for member in resource
                .get("members")
                .and_then(Value::as_array)
                .into_iter()
                .flatten()
            {
                let part =
                    |index: usize| member.get(index).and_then(Value::as_str).map(str::to_owned);
                let value = part(0).ok_or_else(|| fault("a member has no id"))?;
                members.join(
                    Member {
                        value,
                        display: part(1),
                        kind: part(2),
                    },
                    &mut Vec::new(),
                );
            }
            let extensions = resource
                .get("extensions")
                .and_then(Value::as_array)
                .into_iter()
                .flatten();
            let restored = Resource {
                id: text("id")?.to_owned(),
                extensions: extensions
                    .filter_map(|urn| urn.as_str().map(str::to_owned))
                    .collect(),
                attributes: resource
                    .get("attributes")
                    .and_then(Value::as_object)
                    .cloned()
                    .unwrap_or_default(),
                members,
                created: moment("created")?,
                modified: moment("lastModified")?,
                version: number("version")?,
            };
            self.restore(
                Place {
                    shelf,
                    row: number("row")?,
                },
                restored,
            );
        }
        Ok(())
    }
}
