//! Schemas: what each attribute is (RFC 7643 section 7), the ones that RFC 7643 defines, and looking them up by path.
//!
//! The built-in definitions follow section 8.7 with its verified errata: a group's `displayName` is required (5368),
//! `referenceTypes` and `schemaExtensions` are lists (5607, 7522), `groups.$ref` leads to groups (8471), service schemas
//! carry `schemas` and `meta` (8417). Where the listing lacks what the prose uses (`addresses.primary`, `members.display`,
//! the `etag` and `type` of the configuration) it is added.

use std::sync::LazyLock;

use serde_json::{Value, json};

use super::path::AttributePath;
use super::urn;

/// Data type of an attribute (RFC 7643 2.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Type {
    /// Unicode text.
    String,
    /// `true` or `false`.
    Boolean,
    /// A number with a fraction.
    Decimal,
    /// A whole number.
    Integer,
    /// An `xsd:dateTime` text.
    DateTime,
    /// Base64 text.
    Binary,
    /// A URI text.
    Reference,
    /// An object with sub-attributes.
    Complex,
}

/// Who may change an attribute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mutability {
    /// Only the server.
    ReadOnly,
    /// Anyone.
    ReadWrite,
    /// Set once.
    Immutable,
    /// Anyone, and nobody sees it.
    WriteOnly,
}

/// When an attribute is in an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Returned {
    /// In every answer.
    Always,
    /// In no answer.
    Never,
    /// Unless excluded, or others were asked for.
    Default,
    /// When asked for.
    Request,
}

/// Within what a value is unique.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Uniqueness {
    /// Nothing.
    None,
    /// The server's resources of the type.
    Server,
    /// The world.
    Global,
}

macro_rules! keywords {
    ($type:ident, $what:literal, $($value:ident => $word:literal),+) => {
        impl $type {
            /// The keyword that schemas use.
            pub fn keyword(self) -> &'static str {
                match self { $($type::$value => $word),+ }
            }

            fn of(word: &str, attribute: &str) -> Result<Self, SchemaFault> {
                $(if word.eq_ignore_ascii_case($word) { return Ok($type::$value); })+
                Err(SchemaFault::UnknownKeyword {
                    attribute: attribute.to_owned(),
                    member: $what,
                    word: word.to_owned(),
                    known: [$($word),+].join(", "),
                })
            }
        }
    };
}

keywords!(Type, "type", String => "string", Boolean => "boolean", Decimal => "decimal", Integer => "integer",
    DateTime => "dateTime", Binary => "binary", Reference => "reference", Complex => "complex");
keywords!(Mutability, "mutability", ReadOnly => "readOnly", ReadWrite => "readWrite", Immutable => "immutable",
    WriteOnly => "writeOnly");
keywords!(Returned, "returned", Always => "always", Never => "never", Default => "default", Request => "request");
keywords!(Uniqueness, "uniqueness", None => "none", Server => "server", Global => "global");

/// Why a document is not a schema or a resource type.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SchemaFault {
    /// A member is missing or has another type.
    #[error("{of}: `{member}` must be {wanted}")]
    WrongMember {
        /// The schema or attribute.
        of: String,
        /// The member.
        member: &'static str,
        /// What it must be.
        wanted: &'static str,
    },
    /// A keyword that RFC 7643 section 7 does not know.
    #[error("attribute `{attribute}`: `{word}` is no `{member}`; known are {known}")]
    UnknownKeyword {
        /// The attribute.
        attribute: String,
        /// The characteristic.
        member: &'static str,
        /// What was found.
        word: String,
        /// What may stand there.
        known: String,
    },
    /// A resource type names a schema that nobody defined.
    #[error("resource type `{resource_type}` names the schema `{schema}`, which is not defined")]
    UnknownSchema {
        /// The resource type.
        resource_type: String,
        /// The schema.
        schema: String,
    },
}

/// One attribute or sub-attribute.
#[derive(Debug, Clone, PartialEq)]
pub struct Attribute {
    /// Name in its canonical case.
    pub name: String,
    /// Data type.
    pub kind: Type,
    /// Whether it holds an array.
    pub multi_valued: bool,
    /// What it is for.
    pub description: String,
    /// Whether a resource cannot be without it.
    pub required: bool,
    /// Whether case matters when values are compared.
    pub case_exact: bool,
    /// Who may change it.
    pub mutability: Mutability,
    /// When it is in an answer.
    pub returned: Returned,
    /// Within what its values are unique.
    pub uniqueness: Uniqueness,
    /// Suggested values.
    pub canonical_values: Vec<String>,
    /// For references: names of resource types, `external` or `uri`.
    pub reference_types: Vec<String>,
    /// Parts of a complex attribute.
    pub sub_attributes: Vec<Attribute>,
}

impl Attribute {
    /// A sub-attribute by name in any case.
    pub fn sub(&self, name: &str) -> Option<&Attribute> {
        self.sub_attributes
            .iter()
            .find(|sub| sub.name.eq_ignore_ascii_case(name))
    }

    /// Reads a definition; what is left out has the default of RFC 7643 2.2.
    pub fn from_json(document: &Value) -> Result<Attribute, SchemaFault> {
        let name = text(document, "name").ok_or(wrong("attribute", "name", "a text"))?;
        let word = |member: &'static str, default: &'static str| match document.get(member) {
            None | Some(Value::Null) => Ok(default.to_owned()),
            Some(Value::String(word)) => Ok(word.clone()),
            Some(_) => Err(wrong(&name, member, "a text")),
        };
        let flag = |member: &'static str| match document.get(member) {
            None | Some(Value::Null) => Ok(false),
            Some(Value::Bool(flag)) => Ok(*flag),
            Some(_) => Err(wrong(&name, member, "true or false")),
        };
        let kind = Type::of(&word("type", "string")?, &name)?;
        let exact_by_nature = matches!(kind, Type::Reference | Type::Binary);
        let case_exact = if document.get("caseExact").is_some() {
            flag("caseExact")?
        } else {
            exact_by_nature
        };
        Ok(Attribute {
            kind,
            multi_valued: flag("multiValued")?,
            description: word("description", "")?,
            required: flag("required")?,
            case_exact,
            mutability: Mutability::of(&word("mutability", "readWrite")?, &name)?,
            returned: Returned::of(&word("returned", "default")?, &name)?,
            uniqueness: Uniqueness::of(&word("uniqueness", "none")?, &name)?,
            canonical_values: texts(document, "canonicalValues"),
            reference_types: texts(document, "referenceTypes"),
            sub_attributes: list(document, "subAttributes")
                .iter()
                .map(Attribute::from_json)
                .collect::<Result<_, _>>()?,
            name,
        })
    }

    /// The definition as `/Schemas` shows it, without null-valued members (Entra refuses those).
    pub fn to_json(&self) -> Value {
        let mut document = json!({
            "name": self.name,
            "type": self.kind.keyword(),
            "multiValued": self.multi_valued,
            "description": self.description,
            "required": self.required,
        });
        let Some(members) = document.as_object_mut() else {
            return document;
        };
        if !self.canonical_values.is_empty() {
            members.insert("canonicalValues".to_owned(), json!(self.canonical_values));
        }
        if self.kind != Type::Complex {
            members.insert("caseExact".to_owned(), json!(self.case_exact));
        }
        members.insert("mutability".to_owned(), json!(self.mutability.keyword()));
        members.insert("returned".to_owned(), json!(self.returned.keyword()));
        if self.kind != Type::Complex {
            members.insert("uniqueness".to_owned(), json!(self.uniqueness.keyword()));
        }
        if !self.reference_types.is_empty() {
            members.insert("referenceTypes".to_owned(), json!(self.reference_types));
        }
        if !self.sub_attributes.is_empty() {
            let subs = self.sub_attributes.iter().map(Attribute::to_json).collect();
            members.insert("subAttributes".to_owned(), Value::Array(subs));
        }
        document
    }
}

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

fn wrong(of: &str, member: &'static str, wanted: &'static str) -> SchemaFault {
    SchemaFault::WrongMember {
        of: of.to_owned(),
        member,
        wanted,
    }
}

fn text(document: &Value, member: &str) -> Option<String> {
    document
        .get(member)
        .and_then(Value::as_str)
        .map(str::to_owned)
}

fn texts(document: &Value, member: &str) -> Vec<String> {
    list(document, member)
        .iter()
        .filter_map(|item| item.as_str().map(str::to_owned))
        .collect()
}

fn list<'a>(document: &'a Value, member: &str) -> &'a [Value] {
    document
        .get(member)
        .and_then(Value::as_array)
        .map_or(&[], Vec::as_slice)
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
