//! Attribute definitions: what an attribute holds, who may change it, when it is shown (RFC 7643 section 7).

use serde_json::{Value, json};

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

pub(super) fn wrong(of: &str, member: &'static str, wanted: &'static str) -> SchemaFault {
    SchemaFault::WrongMember {
        of: of.to_owned(),
        member,
        wanted,
    }
}

pub(super) fn text(document: &Value, member: &str) -> Option<String> {
    document
        .get(member)
        .and_then(Value::as_str)
        .map(str::to_owned)
}

pub(super) fn texts(document: &Value, member: &str) -> Vec<String> {
    list(document, member)
        .iter()
        .filter_map(|item| item.as_str().map(str::to_owned))
        .collect()
}

pub(super) fn list<'a>(document: &'a Value, member: &str) -> &'a [Value] {
    document
        .get(member)
        .and_then(Value::as_array)
        .map_or(&[], Vec::as_slice)
}
