//! Resources as clients see them.

use std::sync::LazyLock;

use serde_json::{Map, Value, json};

use super::projection::Projection;
use super::store::{Place, Resource, Store};
use crate::scim::schema::{Attribute, common_attributes};
use crate::scim::urn;

static META: LazyLock<&'static Attribute> = LazyLock::new(|| common("meta"));
static EXTERNAL_ID: LazyLock<&'static Attribute> = LazyLock::new(|| common("externalId"));

fn common(name: &str) -> &'static Attribute {
    common_attributes()
        .iter()
        .find(|attribute| attribute.name == name)
        .expect("common attributes are built in")
}

impl Store {
    /// The address of a resource.
    pub(crate) fn location(&self, place: Place, base: &str) -> String {
        self.get(place)
            .map(|resource| format!("{base}{}", self.relative_location(place, &resource.id)))
            .unwrap_or_default()
    }

    /// A resource with the attributes that the projection shows. Members and groups are only made when they are shown.
    pub(crate) fn represent(&self, place: Place, base: &str, projection: &Projection) -> Value {
        let Some(resource) = self.get(place) else {
            return Value::Null;
        };
        let shelf = &self.shelves[place.shelf];
        let mut shown = Map::new();
        let mut schemas = vec![Value::from(shelf.resource_type.schema.as_str())];
        schemas.extend(
            resource
                .extensions
                .iter()
                .map(|urn| Value::from(urn.as_str())),
        );
        shown.insert("schemas".to_owned(), Value::Array(schemas));
        shown.insert("id".to_owned(), Value::from(resource.id.as_str()));
        if let Some(value) = resource.attributes.get("externalId")
            && projection.shows(None, &EXTERNAL_ID)
        {
            shown.insert("externalId".to_owned(), value.clone());
        }

        let schema = self.schemas.schema(&shelf.resource_type.schema);
        let definition = |name: &str| schema.and_then(|schema| schema.attribute(name));
        for (name, value) in &resource.attributes {
            if let Some(attribute) = definition(name)
                && projection.shows(None, attribute)
                && let Some(value) = part_of(None, attribute, value, projection)
            {
                shown.insert(name.clone(), value);
            }
        }
        self.represent_members(
            resource,
            shelf.has_members.then(|| definition("members")).flatten(),
            base,
            projection,
            &mut shown,
        );
        if let Some(attribute) = definition("groups")
            .filter(|attribute| shelf.has_groups && projection.shows(None, attribute))
        {
            let groups = Value::Array(self.group_elements(&resource.id, base));
            if groups != json!([])
                && let Some(value) = part_of(None, attribute, &groups, projection)
            {
                shown.insert("groups".to_owned(), value);
            }
        }
        for urn in &resource.extensions {
            if let Some(container) = self.represent_extension(resource, urn, base, projection) {
                shown.insert(urn.clone(), container);
            }
        }
        if projection.shows(None, &META) {
            let meta = json!({
                "resourceType": shelf.resource_type.name,
                "created": resource.created.text,
                "lastModified": resource.modified.text,
                "location": self.location(place, base),
                "version": resource.etag(),
            });
            if let Some(meta) = part_of(None, &META, &meta, projection) {
                shown.insert("meta".to_owned(), meta);
            }
        }
        Value::Object(shown)
    }

    fn represent_members(
        &self,
        resource: &Resource,
        attribute: Option<&Attribute>,
        base: &str,
        projection: &Projection,
        shown: &mut Map<String, Value>,
    ) {
        let Some(attribute) = attribute else { return };
        if resource.members.is_empty() || !projection.shows(None, attribute) {
            return;
        }
        let elements = resource
            .members
            .iter()
            .map(|member| self.member_element(member, base));
        let elements: Vec<Value> = if projection.shows_whole(attribute) {
            elements.collect()
        } else {
            elements
                .filter_map(|element| part_of(None, attribute, &element, projection))
                .collect()
        };
        if !elements.is_empty() {
            shown.insert("members".to_owned(), Value::Array(elements));
        }
    }

    fn represent_extension(
        &self,
        resource: &Resource,
        urn: &str,
        base: &str,
        projection: &Projection,
    ) -> Option<Value> {
        let schema = self.schemas.schema(urn)?;
        let stored = resource.attributes.get(urn)?.as_object()?;
        let mut container = Map::new();
        for (name, value) in stored {
            let Some(attribute) = schema
                .attribute(name)
                .filter(|attribute| projection.shows(Some(urn), attribute))
            else {
                continue;
            };
            let manager;
            let value = if urn::same(urn, urn::ENTERPRISE_USER) && name == "manager" {
                manager = self.manager(value, base);
                &manager
            } else {
                value
            };
            if let Some(value) = part_of(Some(urn), attribute, value, projection) {
                container.insert(name.clone(), value);
            }
        }
        if container.is_empty() {
            None
        } else {
            Some(Value::Object(container))
        }
    }

    /// A manager with the address and name that the server knows for it.
    fn manager(&self, stored: &Value, base: &str) -> Value {
        let mut manager = stored.clone();
        let known = stored
            .get("value")
            .and_then(Value::as_str)
            .and_then(|id| Some((self.place(id)?, id)));
        if let (Some((place, id)), Some(members)) = (known, manager.as_object_mut()) {
            members.insert(
                "$ref".to_owned(),
                Value::from(format!("{base}{}", self.relative_location(place, id))),
            );
            if let Some(display) = self.display_of(id) {
                members.insert("displayName".to_owned(), Value::from(display));
            }
        }
        manager
    }
}

/// The shown sub-attributes of a value, or nothing when none is left.
fn part_of(
    extension: Option<&str>,
    attribute: &Attribute,
    value: &Value,
    projection: &Projection,
) -> Option<Value> {
    if attribute.sub_attributes.is_empty() || projection.shows_whole(attribute) {
        return Some(value.clone());
    }
    match value {
        Value::Array(items) => {
            let parts: Vec<Value> = items
                .iter()
                .filter_map(|item| part_of(extension, attribute, item, projection))
                .collect();
            if parts.is_empty() {
                None
            } else {
                Some(Value::Array(parts))
            }
        }
        Value::Object(members) => {
            let shown = |name: &String| {
                attribute
                    .sub(name)
                    .is_some_and(|sub| projection.shows_sub(extension, attribute, sub))
            };
            let parts: Map<String, Value> = members
                .iter()
                .filter(|(name, _)| shown(name))
                .map(|(name, value)| (name.clone(), value.clone()))
                .collect();
            if parts.is_empty() {
                None
            } else {
                Some(Value::Object(parts))
            }
        }
        other => Some(other.clone()),
    }
}
