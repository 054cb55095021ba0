//! Look-up tables over attribute values, so that finding one resource costs the same among many as among few.

use std::collections::{BTreeSet, HashMap};

use serde_json::{Map, Value};

use super::policy::Policies;
use super::text::comparable;
use crate::scim::schema::{ResourceType, Schemas, Type, Uniqueness};

/// An attribute by its canonical names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Stored {
    /// URN of the extension that holds it.
    pub(crate) extension: Option<String>,
    pub(crate) name: String,
    pub(crate) sub: Option<String>,
}

impl Stored {
    pub(crate) fn named(name: &str) -> Stored {
        Stored {
            extension: None,
            name: name.to_owned(),
            sub: None,
        }
    }

    /// The values in a resource's attributes, elements of lists one by one.
    pub(crate) fn values<'a>(&self, attributes: &'a Map<String, Value>) -> Vec<&'a Value> {
        let home = match &self.extension {
            Some(urn) => attributes.get(urn).and_then(Value::as_object),
            None => Some(attributes),
        };
        let Some(value) = home.and_then(|home| home.get(&self.name)) else {
            return Vec::new();
        };
        let elements = match value {
            Value::Array(items) => items.as_slice(),
            single => std::slice::from_ref(single),
        };
        match &self.sub {
            Some(sub) => elements
                .iter()
                .filter_map(|element| element.get(sub))
                .collect(),
            None => elements.iter().collect(),
        }
    }
}

#[derive(Debug, Clone)]
pub(crate) struct Index {
    pub(crate) field: Stored,
    pub(crate) unique: bool,
    case_exact: bool,
    keys: HashMap<String, BTreeSet<u64>>,
}

impl Index {
    /// The indexes of a resource type: what clients match on, and what must be unique.
    pub(crate) fn all_for(resource_type: &ResourceType, schemas: &Schemas) -> Vec<Index> {
        let index = |field: Stored, case_exact: bool, unique: bool| Index {
            field,
            unique,
            case_exact,
            keys: HashMap::new(),
        };
        let mut indexes = vec![index(Stored::named("externalId"), true, false)];
        let homes = std::iter::once((None, &resource_type.schema)).chain(
            resource_type
                .extensions
                .iter()
                .map(|(urn, _)| (Some(urn.clone()), urn)),
        );
        for (extension, urn) in homes {
            for attribute in schemas
                .schema(urn)
                .map(|schema| schema.attributes.as_slice())
                .unwrap_or_default()
            {
                let field = Stored {
                    extension: extension.clone(),
                    name: attribute.name.clone(),
                    sub: None,
                };
                let unique = attribute.uniqueness != Uniqueness::None;
                let matched_on = extension.is_none() && attribute.name == "displayName";
                if attribute.kind == Type::String && (unique || matched_on) {
                    indexes.push(index(field, attribute.case_exact, unique));
                } else if extension.is_none()
                    && attribute.name == "emails"
                    && attribute.sub("value").is_some()
                {
                    indexes.push(index(
                        Stored {
                            sub: Some("value".to_owned()),
                            ..field
                        },
                        false,
                        false,
                    ));
                }
            }
        }
        indexes
    }

    fn texts(&self, attributes: &Map<String, Value>, policies: &Policies) -> BTreeSet<String> {
        let texts = self
            .field
            .values(attributes)
            .into_iter()
            .filter_map(Value::as_str);
        texts
            .map(|text| comparable(text, self.case_exact, policies).into_owned())
            .collect()
    }

    pub(crate) fn find(&self, text: &str, policies: &Policies) -> Option<&BTreeSet<u64>> {
        self.keys
            .get(comparable(text, self.case_exact, policies).as_ref())
    }

    /// Another resource that has a value of this one.
    pub(crate) fn conflict(
        &self,
        attributes: &Map<String, Value>,
        own: Option<u64>,
        policies: &Policies,
    ) -> Option<u64> {
        let texts = self.texts(attributes, policies);
        let mut holders = texts
            .iter()
            .filter_map(|text| self.keys.get(text))
            .flatten();
        holders.find(|key| Some(**key) != own).copied()
    }

    pub(crate) fn update(
        &mut self,
        key: u64,
        before: Option<&Map<String, Value>>,
        after: Option<&Map<String, Value>>,
        policies: &Policies,
    ) {
        let old = before
            .map(|attributes| self.texts(attributes, policies))
            .unwrap_or_default();
        let new = after
            .map(|attributes| self.texts(attributes, policies))
            .unwrap_or_default();
        for text in old.difference(&new) {
            if let Some(holders) = self.keys.get_mut(text) {
                holders.remove(&key);
                if holders.is_empty() {
                    self.keys.remove(text);
                }
            }
        }
        for text in new.difference(&old) {
            self.keys.entry(text.clone()).or_default().insert(key);
        }
    }
}
