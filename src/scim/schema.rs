//! Schemas: what each attribute is (RFC 7643 section 7), the ones that RFC 7643 defines, and looking them up by path.
//!
//! The built-in definitions follow section 8.7 with its verified errata: a group's `displayName` is required (5368),
//! `referenceTypes` and `schemaExtensions` are lists (5607, 7522), `groups.$ref` leads to groups (8471), service schemas
//! carry `schemas` and `meta` (8417). Where the listing lacks what the prose uses (`addresses.primary`, `members.display`,
//! the `etag` and `type` of the configuration) it is added.

use std::sync::LazyLock;

use serde_json::{Value, json};

pub use super::attribute::{Attribute, Mutability, Returned, SchemaFault, Type, Uniqueness};
use super::attribute::{list, text, wrong};
use super::path::AttributePath;
use super::urn;

/// A schema.
#[derive(Debug, Clone, PartialEq)]
pub struct Schema {
    /// URN.
    pub id: String,
    /// Name for people.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// Its attributes, without the common ones (`id`, `externalId`, `meta`, `schemas`).
    pub attributes: Vec<Attribute>,
}

impl Schema {
    /// An attribute by name in any case.
    pub fn attribute(&self, name: &str) -> Option<&Attribute> {
        self.attributes
            .iter()
            .find(|attribute| attribute.name.eq_ignore_ascii_case(name))
    }

    /// Reads a definition as `/Schemas` shows it.
    pub fn from_json(document: &Value) -> Result<Schema, SchemaFault> {
        let id = text(document, "id").ok_or(wrong("schema", "id", "a text"))?;
        let attributes = list(document, "attributes")
            .iter()
            .map(Attribute::from_json)
            .collect::<Result<_, _>>()?;
        let name = text(document, "name").unwrap_or_else(|| id.clone());
        Ok(Schema {
            name,
            description: text(document, "description").unwrap_or_default(),
            attributes,
            id,
        })
    }

    /// The definition as `/Schemas` shows it, without `meta`, which depends on the server's address.
    pub fn to_json(&self) -> Value {
        json!({
            "schemas": [urn::SCHEMA],
            "id": self.id,
            "name": self.name,
            "description": self.description,
            "attributes": self.attributes.iter().map(Attribute::to_json).collect::<Vec<_>>(),
        })
    }
}

/// A kind of resource that a server offers (RFC 7643 section 6).
#[derive(Debug, Clone, PartialEq)]
pub struct ResourceType {
    /// Name, which is also `meta.resourceType` and its id.
    pub name: String,
    /// Path below the base, with its leading slash.
    pub endpoint: String,
    /// What it is for.
    pub description: String,
    /// URN of the main schema.
    pub schema: String,
    /// URNs of extensions, and whether a resource must have them.
    pub extensions: Vec<(String, bool)>,
}

impl ResourceType {
    /// Reads a definition as `/ResourceTypes` shows it.
    pub fn from_json(document: &Value) -> Result<ResourceType, SchemaFault> {
        let name = text(document, "name").ok_or(wrong("resource type", "name", "a text"))?;
        let endpoint =
            text(document, "endpoint").ok_or_else(|| wrong(&name, "endpoint", "a text"))?;
        let schema = text(document, "schema").ok_or_else(|| wrong(&name, "schema", "a text"))?;
        let extensions = list(document, "schemaExtensions")
            .iter()
            .map(|extension| {
                let schema = text(extension, "schema")
                    .ok_or_else(|| wrong(&name, "schemaExtensions.schema", "a text"))?;
                Ok((
                    schema,
                    extension
                        .get("required")
                        .and_then(Value::as_bool)
                        .unwrap_or(false),
                ))
            })
            .collect::<Result<_, SchemaFault>>()?;
        let description = text(document, "description").unwrap_or_default();
        Ok(ResourceType {
            endpoint: format!("/{}", endpoint.trim_matches('/')),
            description,
            schema,
            extensions,
            name,
        })
    }

    /// The definition as `/ResourceTypes` shows it, without `meta`.
    pub fn to_json(&self) -> Value {
        let extensions: Vec<Value> = self
            .extensions
            .iter()
            .map(|(schema, required)| json!({"schema": schema, "required": required}))
            .collect();
        json!({
            "schemas": [urn::RESOURCE_TYPE],
            "id": self.name,
            "name": self.name,
            "endpoint": self.endpoint,
            "description": self.description,
            "schema": self.schema,
            "schemaExtensions": extensions,
        })
    }
}

/// What a path means in a resource type.
#[derive(Debug, Clone, Copy)]
pub struct Resolved<'a> {
    /// The extension that holds the attribute; `None` for the main schema and the common attributes.
    pub extension: Option<&'a Schema>,
    /// The attribute; `None` when the path is a bare schema URN.
    pub attribute: Option<&'a Attribute>,
    /// The sub-attribute.
    pub sub: Option<&'a Attribute>,
}

impl<'a> Resolved<'a> {
    /// The innermost definition that the path names.
    pub fn target(&self) -> Option<&'a Attribute> {
        self.sub.or(self.attribute)
    }
}

/// All schemas and resource types that are known.
#[derive(Debug, Clone)]
pub struct Schemas {
    schemas: Vec<Schema>,
    types: Vec<ResourceType>,
}

static COMMON: LazyLock<Vec<Attribute>> =
    LazyLock::new(|| built_in_schema(include_str!("schemas/common.json")).attributes);

static CORE: LazyLock<Schemas> = LazyLock::new(|| {
    let schemas = [
        include_str!("schemas/user.json"),
        include_str!("schemas/group.json"),
        include_str!("schemas/enterprise_user.json"),
        include_str!("schemas/service_provider_config.json"),
        include_str!("schemas/resource_type.json"),
        include_str!("schemas/schema.json"),
    ]
    .map(built_in_schema)
    .to_vec();
    let types = vec![
        ResourceType {
            name: "User".to_owned(),
            endpoint: "/Users".to_owned(),
            description: "User account".to_owned(),
            schema: urn::USER.to_owned(),
            extensions: vec![(urn::ENTERPRISE_USER.to_owned(), false)],
        },
        ResourceType {
            name: "Group".to_owned(),
            endpoint: "/Groups".to_owned(),
            description: "Group of users and groups".to_owned(),
            schema: urn::GROUP.to_owned(),
            extensions: Vec::new(),
        },
    ];
    Schemas { schemas, types }
});

fn built_in_schema(text: &str) -> Schema {
    let document = serde_json::from_str(text).expect("built-in schemas are JSON");
    Schema::from_json(&document).expect("built-in schemas are schemas")
}

/// The attributes that every resource has: `schemas`, `id`, `externalId`, `meta` (RFC 7643 3.1).
pub fn common_attributes() -> &'static [Attribute] {
    &COMMON
}

impl Schemas {
    /// The schemas of RFC 7643 with users, groups and the enterprise extension.
    pub fn core() -> &'static Schemas {
        &CORE
    }

    /// Adds a schema, or puts it in the place of the one with the same URN.
    pub fn add_schema(&mut self, schema: Schema) {
        match self
            .schemas
            .iter_mut()
            .find(|known| urn::same(&known.id, &schema.id))
        {
            Some(known) => *known = schema,
            None => self.schemas.push(schema),
        }
    }

    /// Adds a resource type, or puts it in the place of the one with the same name. Its schemas must be known.
    pub fn add_type(&mut self, resource_type: ResourceType) -> Result<(), SchemaFault> {
        let named = std::iter::once(&resource_type.schema)
            .chain(resource_type.extensions.iter().map(|(schema, _)| schema));
        for schema in named {
            if self.schema(schema).is_none() {
                let resource_type = resource_type.name.clone();
                return Err(SchemaFault::UnknownSchema {
                    resource_type,
                    schema: schema.clone(),
                });
            }
        }
        match self
            .types
            .iter_mut()
            .find(|known| known.name.eq_ignore_ascii_case(&resource_type.name))
        {
            Some(known) => *known = resource_type,
            None => self.types.push(resource_type),
        }
        Ok(())
    }

    /// Adds everything of a document: one schema or resource type, a list of them, a `ListResponse`, or an object with the
    /// members `schemas` and `resourceTypes` that hold definitions.
    pub fn extend(&mut self, document: &Value) -> Result<(), SchemaFault> {
        if let Value::Array(items) = document {
            return items.iter().try_for_each(|item| self.extend(item));
        }
        if let Some(resources) = document.get("Resources") {
            return self.extend(resources);
        }
        if document.get("endpoint").is_some() {
            return self.add_type(ResourceType::from_json(document)?);
        }
        if document.get("attributes").is_some() {
            self.add_schema(Schema::from_json(document)?);
            return Ok(());
        }
        let schemas = list(document, "schemas")
            .iter()
            .filter(|item| item.is_object());
        let types = list(document, "resourceTypes");
        if schemas.clone().next().is_none() && types.is_empty() {
            return Err(wrong(
                "document",
                "attributes",
                "a list (a schema), or `endpoint` a text (a resource type)",
            ));
        }
        schemas
            .into_iter()
            .chain(types)
            .try_for_each(|item| self.extend(item))
    }

    /// Gives a schema another description.
    pub fn describe(&mut self, id: &str, description: &str) {
        let schema = self
            .schemas
            .iter_mut()
            .find(|known| urn::same(&known.id, id));
        if let Some(schema) = schema {
            description.clone_into(&mut schema.description);
        }
    }

    /// Leaves a resource type only these attributes, and those that SCIM sets itself or cannot do without: the required
    /// ones, `active`, and what clients cannot write. A path with a part leaves that part; of a list, all parts.
    /// Extensions of which nothing is left go.
    pub fn keep_attributes(&mut self, resource_type: &str, paths: &[AttributePath]) {
        let Some(kept) = self.resource_type(resource_type).cloned() else {
            return;
        };
        let named = std::iter::once(&kept.schema).chain(kept.extensions.iter().map(|(id, _)| id));
        for id in named {
            let own = urn::same(id, &kept.schema);
            let of_schema: Vec<&AttributePath> = paths
                .iter()
                .filter(|path| path.urn.as_ref().map_or(own, |named| urn::same(named, id)))
                .collect();
            let Some(schema) = self
                .schemas
                .iter_mut()
                .find(|known| urn::same(&known.id, id))
            else {
                continue;
            };
            schema.attributes.retain_mut(|attribute| {
                let same = |path: &&&AttributePath| path.name.eq_ignore_ascii_case(&attribute.name);
                let named: Vec<&&AttributePath> = of_schema.iter().filter(same).collect();
                let whole = attribute.multi_valued || named.iter().any(|path| path.sub.is_none());
                if !named.is_empty() && !whole {
                    attribute.sub_attributes.retain(|part| {
                        let mut parts = named.iter().filter_map(|path| path.sub.as_ref());
                        parts.any(|name| name.eq_ignore_ascii_case(&part.name))
                    });
                }
                let indispensable = own
                    && (attribute.required
                        || attribute.name == "active"
                        || attribute.mutability == Mutability::ReadOnly);
                !named.is_empty() || indispensable
            });
        }
        let empty = |id: &str| {
            self.schema(id)
                .is_none_or(|schema| schema.attributes.is_empty())
        };
        let gone: Vec<String> = kept
            .extensions
            .iter()
            .map(|(id, _)| id.clone())
            .filter(|id| empty(id))
            .collect();
        self.schemas
            .retain(|schema| !gone.iter().any(|id| urn::same(id, &schema.id)));
        for known in &mut self.types {
            known
                .extensions
                .retain(|(id, _)| !gone.iter().any(|other| urn::same(other, id)));
        }
    }

    /// A schema by URN in any case.
    pub fn schema(&self, id: &str) -> Option<&Schema> {
        self.schemas.iter().find(|schema| urn::same(&schema.id, id))
    }

    /// All schemas in the order in which they were added.
    pub fn schemas(&self) -> &[Schema] {
        &self.schemas
    }

    /// A resource type by name.
    pub fn resource_type(&self, name: &str) -> Option<&ResourceType> {
        self.types
            .iter()
            .find(|known| known.name.eq_ignore_ascii_case(name))
    }

    /// All resource types in the order in which they were added.
    pub fn types(&self) -> &[ResourceType] {
        &self.types
    }

    /// What `path` names in resources of a type, or `None` when the schemas do not define it.
    pub fn resolve<'a>(
        &'a self,
        resource_type: &ResourceType,
        path: &AttributePath,
    ) -> Option<Resolved<'a>> {
        if let Some(whole) = path.whole_urn() {
            let named = std::iter::once(&resource_type.schema)
                .chain(resource_type.extensions.iter().map(|(id, _)| id));
            if let Some(id) = named.into_iter().find(|id| urn::same(id, &whole)) {
                let extension = if urn::same(id, &resource_type.schema) {
                    None
                } else {
                    self.schema(id)
                };
                return Some(Resolved {
                    extension,
                    attribute: None,
                    sub: None,
                });
            }
        }
        let (extension, attribute) = match &path.urn {
            Some(id) if !urn::same(id, &resource_type.schema) => {
                let (id, _) = resource_type
                    .extensions
                    .iter()
                    .find(|(known, _)| urn::same(known, id))?;
                let schema = self.schema(id)?;
                (Some(schema), schema.attribute(&path.name)?)
            }
            _ => {
                let common = COMMON
                    .iter()
                    .find(|attribute| attribute.name.eq_ignore_ascii_case(&path.name));
                let own = || {
                    self.schema(&resource_type.schema)
                        .and_then(|schema| schema.attribute(&path.name))
                };
                (None, common.or_else(own)?)
            }
        };
        let sub = match &path.sub {
            Some(name) => Some(attribute.sub(name)?),
            None => None,
        };
        Some(Resolved {
            extension,
            attribute: Some(attribute),
            sub,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{Attribute, Schema, Schemas, Type, common_attributes};
    use crate::scim::urn;
    use serde_json::json;

    #[test]
    fn core_definitions_follow_the_errata() {
        let core = Schemas::core();
        let group = core.schema(urn::GROUP).expect("core");
        assert!(group.attribute("displayName").expect("defined").required);
        let user = core.schema(&urn::USER.to_uppercase()).expect("core");
        assert_eq!(
            user.attribute("groups")
                .and_then(|groups| groups.sub("$ref"))
                .expect("defined")
                .reference_types,
            ["Group"]
        );
        assert!(
            user.attribute("addresses")
                .and_then(|addresses| addresses.sub("primary"))
                .is_some()
        );
        assert_eq!(core.schemas().len(), 6);
        assert_eq!(common_attributes().len(), 4);
    }

    #[test]
    fn definitions_read_back_as_they_are_shown() {
        for schema in Schemas::core().schemas() {
            assert_eq!(Schema::from_json(&schema.to_json()).as_ref(), Ok(schema));
            assert!(!schema.to_json().to_string().contains("null"));
            for attribute in &schema.attributes {
                assert_eq!(
                    attribute.kind == Type::Complex,
                    !attribute.sub_attributes.is_empty(),
                    "{}",
                    attribute.name
                );
            }
        }
    }

    #[test]
    fn paths_are_resolved_without_case() {
        let core = Schemas::core();
        let user = core.resource_type("User").expect("core");
        let target = |path: &str| {
            core.resolve(user, &path.parse().expect("path"))
                .map(|found| {
                    found
                        .target()
                        .map_or_else(|| "schema".to_owned(), |attribute| attribute.name.clone())
                })
        };
        assert_eq!(target("USERNAME").as_deref(), Some("userName"));
        assert_eq!(target("meta.lastmodified").as_deref(), Some("lastModified"));
        assert_eq!(
            target(&format!("{}:emails.value", urn::USER)).as_deref(),
            Some("value")
        );
        assert_eq!(
            target(&format!("{}:manager", urn::ENTERPRISE_USER.to_lowercase())).as_deref(),
            Some("manager")
        );
        assert_eq!(target(urn::ENTERPRISE_USER).as_deref(), Some("schema"));
        assert_eq!(target(urn::USER).as_deref(), Some("schema"));
        assert_eq!(target("department"), None);
        assert_eq!(target("name.nope"), None);
        assert_eq!(target("urn:example:other:1.0:x"), None);
    }

    #[test]
    fn mistakes_in_definitions_are_named() {
        let fault = Attribute::from_json(&json!({"name": "x", "type": "text"})).expect_err("type");
        assert!(fault.to_string().contains("`text` is no `type`"), "{fault}");
        let mut schemas = Schemas::core().clone();
        let fault = schemas
            .extend(&json!({"name": "Role", "endpoint": "Roles", "schema": "urn:x:y"}))
            .expect_err("schema");
        assert!(fault.to_string().contains("not defined"), "{fault}");
        schemas
            .extend(&json!({"schemas": [{"id": "urn:x:y", "attributes": [{"name": "rank", "type": "integer"}]}],
                "resourceTypes": [{"name": "Role", "endpoint": "Roles", "schema": "urn:x:y"}]}))
            .expect("valid");
        assert_eq!(
            schemas.resource_type("role").expect("added").endpoint,
            "/Roles"
        );
    }
}
