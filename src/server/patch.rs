//! Applying partial changes: finding out what each operation aims at (RFC 7644 3.5.2).

use serde_json::{Map, Value};

use super::coerce::Coerce;
use super::error::{Refusal, ScimType};
use super::filtering::dialect;
use super::patch_members::change_members;
use super::patch_message::{Op, Operation};
use super::patch_target::{Target, change_target};
use super::policy::Policy;
use super::store::{Draft, Place, Store};
use crate::scim::path::{AttributePath, Path};
use crate::scim::schema::{Attribute, Mutability, Schema, Schemas};
use crate::scim::urn;

/// Applies operations to a draft, in order. After a refusal the draft must be rolled back.
pub(crate) fn apply(
    store: &Store,
    place: Place,
    draft: &mut Draft,
    operations: Vec<Operation>,
) -> Result<(), Refusal> {
    let patch = Patch { store, place };
    for operation in operations {
        match operation.path {
            Some(path) => patch.at_path(draft, operation.op, path, operation.value)?,
            None => patch.without_path(draft, operation.op, operation.value)?,
        }
    }
    store.check_required(place.shelf, draft)
}

/// One PATCH on one resource.
pub(crate) struct Patch<'a> {
    pub(crate) store: &'a Store,
    pub(crate) place: Place,
}

impl<'a> Patch<'a> {
    pub(crate) fn coerce(&self) -> Coerce<'a> {
        Coerce {
            policies: &self.store.policies,
        }
    }

    fn without_path(&self, draft: &mut Draft, op: Op, value: Option<Value>) -> Result<(), Refusal> {
        if op == Op::Remove {
            return Err(Refusal::no_target("`remove` needs a `path`"));
        }
        let Some(Value::Object(members)) = value else {
            return Err(Refusal::value(
                "without `path`, `value` must be an object of attributes",
            ));
        };
        for (name, value) in members {
            self.member(draft, op, &name, value)?;
        }
        Ok(())
    }

    /// One member of a path-less value: an attribute, an extension's container, or a name that stands for a path.
    fn member(&self, draft: &mut Draft, op: Op, name: &str, value: Value) -> Result<(), Refusal> {
        let policies = &self.store.policies;
        let unknown = || {
            if policies.first(Policy::UnknownAttributes) {
                return Ok(());
            }
            Err(Refusal::bad(
                ScimType::InvalidPath,
                format!("there is no attribute `{name}`"),
            ))
        };
        let Ok(path) = Path::parse(name, dialect(policies)) else {
            return unknown();
        };
        let Some((extension, attribute, sub)) = self.resolve(&path) else {
            return unknown();
        };
        let Some(attribute) = attribute else {
            return self.container(draft, op, extension, value);
        };
        if path.urn.is_some() && !policies.first(Policy::QualifiedKeys) {
            return Err(Refusal::bad(
                ScimType::InvalidPath,
                format!("`{name}` is a path, not the name of an attribute"),
            ));
        }
        if (sub.is_some() || path.filter.is_some()) && !policies.first(Policy::DottedKeys) {
            return Err(Refusal::bad(
                ScimType::InvalidPath,
                format!("`{name}` is a path, not the name of an attribute"),
            ));
        }
        if attribute.mutability == Mutability::ReadOnly && sub.is_none() {
            return self.read_only(attribute, &value);
        }
        self.change(draft, op, &path, extension, attribute, sub, Some(value))
    }

    /// Okta repeats the group's id in the value of a rename (okta.md 6.3): what is already so may be said.
    fn read_only(&self, attribute: &Attribute, value: &Value) -> Result<(), Refusal> {
        let resource = self.store.get(self.place);
        let unchanged = match attribute.name.as_str() {
            "id" => resource.is_some_and(|resource| value.as_str() == Some(&resource.id)),
            "groups" => {
                let listed = value.as_array().into_iter().flatten();
                let mut named: Vec<&str> = listed
                    .filter_map(|group| group.get("value")?.as_str())
                    .collect();
                let own = resource
                    .map(|resource| self.store.groups_of(&resource.id))
                    .unwrap_or_default();
                let mut ids: Vec<&str> = own
                    .iter()
                    .filter_map(|(group, _)| Some(self.store.get(*group)?.id.as_str()))
                    .collect();
                named.sort_unstable();
                ids.sort_unstable();
                named == ids || value.as_array().is_some_and(Vec::is_empty)
            }
            "meta" => {
                let kind = value.get("resourceType").and_then(Value::as_str);
                let only_kind = value.as_object().is_some_and(|members| members.len() == 1);
                only_kind && kind == Some(&self.store.shelves[self.place.shelf].resource_type.name)
            }
            _ => false,
        };
        if unchanged && self.store.policies.first(Policy::UnchangedReadOnly) {
            return Ok(());
        }
        Err(Refusal::mutability(format!(
            "`{}` is readOnly",
            attribute.name
        )))
    }

    fn at_path(
        &self,
        draft: &mut Draft,
        op: Op,
        path: Path,
        value: Option<Value>,
    ) -> Result<(), Refusal> {
        let Some((extension, attribute, sub)) = self.resolve(&path) else {
            if self.is_dropped(&path) {
                return Ok(());
            }
            return Err(Refusal::bad(
                ScimType::InvalidPath,
                format!("path `{path}` names nothing that the schemas define"),
            ));
        };
        match attribute {
            Some(attribute) => self.change(draft, op, &path, extension, attribute, sub, value),
            None => self.container(draft, op, extension, value.unwrap_or(Value::Null)),
        }
    }

    /// Whether a path names what RFC 7643 has and this server does not keep: as in whole resources, that is read and dropped.
    fn is_dropped(&self, path: &Path) -> bool {
        let core = Schemas::core();
        let name = &self.store.shelves[self.place.shelf].resource_type.name;
        let known = core
            .resource_type(name)
            .and_then(|known| core.resolve(known, &path.attribute()));
        known.is_some() && self.store.policies.first(Policy::UnknownAttributes)
    }

    /// A whole schema: the extension's container, or the resource itself.
    fn container(
        &self,
        draft: &mut Draft,
        op: Op,
        extension: Option<&Schema>,
        value: Value,
    ) -> Result<(), Refusal> {
        if op == Op::Remove {
            let Some(schema) = extension else {
                return Err(Refusal::no_target("a resource cannot be removed by PATCH"));
            };
            draft.attributes.shift_remove(&schema.id);
            draft.extensions.retain(|urn| *urn != schema.id);
            return Ok(());
        }
        let Value::Object(members) = value else {
            return Err(Refusal::value(
                "a schema's `value` must be an object of its attributes",
            ));
        };
        for (name, value) in members {
            let prefix = extension.map_or(String::new(), |schema| format!("{}:", schema.id));
            self.member_of_container(draft, op, &format!("{prefix}{name}"), value)?;
        }
        Ok(())
    }

    fn member_of_container(
        &self,
        draft: &mut Draft,
        op: Op,
        name: &str,
        value: Value,
    ) -> Result<(), Refusal> {
        let path = Path::parse(name, dialect(&self.store.policies)).ok();
        match path
            .as_ref()
            .and_then(|path| Some((path, self.resolve(path)?)))
        {
            Some((path, (extension, Some(attribute), sub))) => {
                self.change(draft, op, path, extension, attribute, sub, Some(value))
            }
            _ if self.store.policies.first(Policy::UnknownAttributes) => Ok(()),
            _ => Err(Refusal::bad(
                ScimType::InvalidPath,
                format!("there is no attribute `{name}`"),
            )),
        }
    }

    fn resolve(
        &self,
        path: &Path,
    ) -> Option<(
        Option<&'a Schema>,
        Option<&'a Attribute>,
        Option<&'a Attribute>,
    )> {
        let resource_type = &self.store.shelves[self.place.shelf].resource_type;
        let attribute = path.attribute();
        // With a filter the path cannot be a bare URN.
        let attribute =
            if path.filter.is_some() && attribute.sub.is_none() && attribute.urn.is_some() {
                AttributePath {
                    sub: None,
                    ..attribute
                }
            } else {
                attribute
            };
        let found = self
            .store
            .schemas
            .resolve(resource_type, &attribute)
            .or_else(|| {
                let bare =
                    attribute.urn.is_none() && self.store.policies.first(Policy::ExtensionAtTop);
                let extensions = if bare {
                    resource_type.extensions.as_slice()
                } else {
                    &[]
                };
                extensions.iter().find_map(|(urn, _)| {
                    let qualified = AttributePath {
                        urn: Some(urn.clone()),
                        ..attribute.clone()
                    };
                    self.store.schemas.resolve(resource_type, &qualified)
                })
            });
        let found = found?;
        Some((found.extension, found.attribute, found.sub))
    }

    #[expect(
        clippy::too_many_arguments,
        reason = "an operation with its target taken apart"
    )]
    fn change(
        &self,
        draft: &mut Draft,
        op: Op,
        path: &Path,
        extension: Option<&Schema>,
        attribute: &Attribute,
        sub: Option<&Attribute>,
        value: Option<Value>,
    ) -> Result<(), Refusal> {
        if attribute.name == "schemas" && extension.is_none() {
            return self.change_schemas(draft, op, path, value);
        }
        let read_only = |attribute: &Attribute| attribute.mutability == Mutability::ReadOnly;
        if read_only(attribute) || sub.is_some_and(read_only) {
            return Err(Refusal::mutability(format!("`{path}` is readOnly")));
        }
        if extension.is_none()
            && attribute.name == "members"
            && self.store.shelves[self.place.shelf].has_members
        {
            return change_members(self, draft, op, path, attribute, value);
        }
        let home = match extension {
            Some(schema) => {
                let entry = draft
                    .attributes
                    .entry(schema.id.clone())
                    .or_insert_with(|| Value::Object(Map::new()));
                match entry.as_object_mut() {
                    Some(home) => home,
                    None => {
                        return Err(Refusal::new(500, "an extension is stored in a wrong form"));
                    }
                }
            }
            None => &mut draft.attributes,
        };
        let target = Target {
            attribute,
            sub,
            filter: path.filter.as_deref(),
            path,
        };
        change_target(self, home, op, &target, value)?;
        if let Some(schema) = extension {
            let is_empty = draft
                .attributes
                .get(&schema.id)
                .and_then(Value::as_object)
                .is_none_or(Map::is_empty);
            if is_empty {
                draft.attributes.shift_remove(&schema.id);
            } else if !draft.extensions.contains(&schema.id) {
                draft.extensions.push(schema.id.clone());
            }
        }
        Ok(())
    }

    fn change_schemas(
        &self,
        draft: &mut Draft,
        op: Op,
        path: &Path,
        value: Option<Value>,
    ) -> Result<(), Refusal> {
        let value = value.ok_or_else(|| Refusal::mutability("`schemas` is required"))?;
        let value = if value.is_string() {
            Value::Array(vec![value])
        } else {
            value
        };
        let urns = self.store.read_schemas(self.place.shelf, value)?;
        let main = &self.store.shelves[self.place.shelf].resource_type.schema;
        if path.filter.is_some() || op == Op::Remove {
            return Err(Refusal::mutability(
                "`schemas` follows the extensions; remove an extension by its URN",
            ));
        }
        if op == Op::Replace {
            draft
                .extensions
                .retain(|urn| draft.attributes.contains_key(urn));
        }
        for urn in urns {
            if !urn::same(&urn, main) && !draft.extensions.contains(&urn) {
                draft.extensions.push(urn);
            }
        }
        Ok(())
    }
}
