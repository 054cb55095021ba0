//! Whole resources as clients send them, by POST and PUT (RFC 7644 3.3, 3.5.1).

use serde_json::{Map, Value};

use super::coerce::Coerce;
use super::error::Refusal;
use super::members::Member;
use super::policy::Policy;
use super::store::{Draft, Store};
use crate::scim::path::AttributePath;
use crate::scim::schema::{Attribute, Mutability, Schema};
use crate::scim::urn;

/// A resource that was read, without what only the server sets.
pub(crate) struct Intake {
    pub(crate) extensions: Vec<String>,
    pub(crate) attributes: Map<String, Value>,
    /// `None` when the body does not speak of members.
    pub(crate) members: Option<Vec<Member>>,
    /// Names of all attributes in the body, also of those set to nothing.
    pub(crate) named: Vec<String>,
}

impl Store {
    fn coerce(&self) -> Coerce<'_> {
        Coerce {
            policies: &self.policies,
        }
    }

    /// Reads a body as a resource of a shelf.
    pub(crate) fn read_resource(&self, shelf: usize, body: Value) -> Result<Intake, Refusal> {
        let Value::Object(body) = body else {
            return Err(Refusal::syntax("the body must be a JSON object"));
        };
        let resource_type = &self.shelves[shelf].resource_type;
        let mut intake = Intake {
            extensions: Vec::new(),
            attributes: Map::new(),
            members: None,
            named: Vec::new(),
        };
        let mut declared = None;
        for (name, value) in body {
            if name.eq_ignore_ascii_case("schemas") {
                declared = Some(self.read_schemas(shelf, value)?);
            } else if let Some((urn, _)) = resource_type
                .extensions
                .iter()
                .find(|(urn, _)| urn::same(urn, &name))
            {
                self.read_extension(urn, value, &mut intake)?;
            } else {
                self.read_member(shelf, &name, value, &mut intake)?;
            }
        }
        let Some(declared) = declared else {
            if self.policies.first(Policy::MissingSchemas) {
                return Err(Refusal::syntax(format!(
                    "`schemas` is missing; it must name `{}`",
                    resource_type.schema
                )));
            }
            self.list_extensions(shelf, &[], &mut intake)?;
            return Ok(intake);
        };
        if !declared
            .iter()
            .any(|urn| urn::same(urn, &resource_type.schema))
        {
            return Err(Refusal::value(format!(
                "`schemas` must name `{}`",
                resource_type.schema
            )));
        }
        self.list_extensions(shelf, &declared, &mut intake)?;
        Ok(intake)
    }

    /// The URNs in `schemas` that the type has; others are never stored.
    pub(crate) fn read_schemas(&self, shelf: usize, value: Value) -> Result<Vec<String>, Refusal> {
        let resource_type = &self.shelves[shelf].resource_type;
        let Value::Array(items) = value else {
            return Err(Refusal::value("`schemas` must be a list of URNs"));
        };
        let mut known = Vec::new();
        for item in items {
            let Value::String(text) = item else {
                return Err(Refusal::value("`schemas` must be a list of URNs"));
            };
            let mut urns = std::iter::once(&resource_type.schema)
                .chain(resource_type.extensions.iter().map(|(urn, _)| urn));
            match urns.find(|urn| urn::same(urn, &text)) {
                Some(urn) => known.push(urn.clone()),
                None if self.policies.first(Policy::UnknownSchemas) => {}
                None => {
                    return Err(Refusal::value(format!(
                        "{} has no schema `{text}`",
                        resource_type.name
                    )));
                }
            }
        }
        Ok(known)
    }

    fn list_extensions(
        &self,
        shelf: usize,
        declared: &[String],
        intake: &mut Intake,
    ) -> Result<(), Refusal> {
        for (urn, required) in &self.shelves[shelf].resource_type.extensions {
            let is_declared = declared.iter().any(|known| urn::same(known, urn));
            let has_values = intake.attributes.contains_key(urn);
            if has_values && !is_declared && !self.policies.first(Policy::UnlistedExtension) {
                return Err(Refusal::value(format!(
                    "`schemas` does not name `{urn}`, though the body has its attributes"
                )));
            }
            if *required && !has_values {
                return Err(Refusal::value(format!("the extension `{urn}` is required")));
            }
            if is_declared || has_values {
                intake.extensions.push(urn.clone());
            }
        }
        Ok(())
    }

    fn read_extension(&self, urn: &str, value: Value, intake: &mut Intake) -> Result<(), Refusal> {
        let members = match value {
            Value::Object(members) => members,
            Value::Null => return Ok(()),
            _ => return Err(Refusal::value(format!("`{urn}` must be an object"))),
        };
        let Some(schema) = self.schemas.schema(urn) else {
            return Ok(());
        };
        for (name, value) in members {
            match schema.attribute(&name) {
                Some(attribute) => self.set(Some(schema), attribute, value, intake)?,
                None => self.unknown(&name)?,
            }
        }
        Ok(())
    }

    fn read_member(
        &self,
        shelf: usize,
        name: &str,
        value: Value,
        intake: &mut Intake,
    ) -> Result<(), Refusal> {
        let resource_type = &self.shelves[shelf].resource_type;
        let top = AttributePath::named(name);
        let resolved = self.schemas.resolve(resource_type, &top);
        if let Some(attribute) = resolved.and_then(|resolved| resolved.attribute) {
            if self.shelves[shelf].has_members && attribute.name == "members" {
                intake.members = Some(self.read_members(value)?);
                return Ok(());
            }
            return self.set(None, attribute, value, intake);
        }
        // Names that stand for an extension's attribute: with its URN in front, or without.
        let qualified: Option<AttributePath> = if self.policies.first(Policy::QualifiedKeys) {
            name.parse()
                .ok()
                .filter(|path: &AttributePath| path.urn.is_some())
        } else {
            None
        };
        let found = qualified
            .and_then(|path| self.schemas.resolve(resource_type, &path))
            .or_else(|| {
                let extensions = if self.policies.first(Policy::ExtensionAtTop) {
                    resource_type.extensions.as_slice()
                } else {
                    &[]
                };
                extensions.iter().find_map(|(urn, _)| {
                    self.schemas.resolve(
                        resource_type,
                        &AttributePath {
                            urn: Some(urn.clone()),
                            ..AttributePath::named(name)
                        },
                    )
                })
            });
        match found.and_then(|found| {
            Some((found.extension, found.attribute?)).filter(|_| found.sub.is_none())
        }) {
            Some((extension, attribute)) => self.set(extension, attribute, value, intake),
            None => self.unknown(name),
        }
    }

    fn unknown(&self, name: &str) -> Result<(), Refusal> {
        if self.policies.first(Policy::UnknownAttributes) {
            return Ok(());
        }
        Err(Refusal::value(format!("there is no attribute `{name}`")))
    }

    fn set(
        &self,
        extension: Option<&Schema>,
        attribute: &Attribute,
        value: Value,
        intake: &mut Intake,
    ) -> Result<(), Refusal> {
        intake.named.push(attribute.name.clone());
        if attribute.mutability == Mutability::ReadOnly {
            return Ok(());
        }
        let Some(value) = self.coerce().attribute(attribute, value)? else {
            return Ok(());
        };
        let home = match extension {
            Some(schema) => {
                let container = intake
                    .attributes
                    .entry(schema.id.clone())
                    .or_insert_with(|| Value::Object(Map::new()));
                container.as_object_mut()
            }
            None => Some(&mut intake.attributes),
        };
        if let Some(home) = home {
            home.insert(attribute.name.clone(), value);
        }
        Ok(())
    }

    /// Reads a list of members: objects with `value`, or bare ids.
    pub(crate) fn read_members(&self, value: Value) -> Result<Vec<Member>, Refusal> {
        let tolerant = self.policies.first(Policy::SingleForList);
        let items = match value {
            Value::Null => Vec::new(),
            Value::Array(items) => items,
            single @ Value::Object(_) if tolerant => vec![single],
            single @ Value::String(_)
                if tolerant && self.policies.first(Policy::ScalarForComplex) =>
            {
                vec![single]
            }
            _ => return Err(Refusal::value("`members` must be a list")),
        };
        items
            .into_iter()
            .map(|item| self.read_one_member(item))
            .collect()
    }

    fn read_one_member(&self, item: Value) -> Result<Member, Refusal> {
        let text = |members: &Map<String, Value>, wanted: &str| {
            let found = members
                .iter()
                .find(|(name, _)| name.eq_ignore_ascii_case(wanted));
            match found.map(|(_, value)| value) {
                Some(Value::String(text)) if !text.is_empty() => Ok(Some(text.clone())),
                None | Some(Value::Null | Value::String(_)) => Ok(None),
                Some(_) => Err(Refusal::value(format!("`members.{wanted}` must be a text"))),
            }
        };
        let member = match item {
            Value::String(id) if self.policies.first(Policy::ScalarForComplex) => Member {
                value: id,
                display: None,
                kind: None,
            },
            Value::Object(members) => {
                // `value` may be left out when `$ref` names the member.
                let reference = text(&members, "$ref")?;
                let id = text(&members, "value")?
                    .or_else(|| reference?.rsplit('/').next().map(str::to_owned));
                let Some(value) = id else {
                    return Err(Refusal::value("each member needs a `value`"));
                };
                Member {
                    value,
                    display: match text(&members, "display")? {
                        None if !self.policies.first(Policy::Sample) => {
                            text(&members, "displayName")?
                        }
                        display => display,
                    },
                    kind: text(&members, "type")?,
                }
            }
            _ => return Err(Refusal::value("each member must be an object with `value`")),
        };
        if self.place(&member.value).is_none() && self.policies.first(Policy::UnknownMembers) {
            return Err(Refusal::value(format!(
                "member `{}` does not exist",
                member.value
            )));
        }
        Ok(member)
    }

    /// Whether everything required is there.
    pub(crate) fn check_required(&self, shelf: usize, draft: &Draft) -> Result<(), Refusal> {
        let resource_type = &self.shelves[shelf].resource_type;
        let homes = std::iter::once((&resource_type.schema, Some(&draft.attributes))).chain(
            draft
                .extensions
                .iter()
                .map(|urn| (urn, draft.attributes.get(urn).and_then(Value::as_object))),
        );
        for (urn, home) in homes {
            let Some((schema, home)) = self.schemas.schema(urn).zip(home) else {
                continue;
            };
            for attribute in schema
                .attributes
                .iter()
                .filter(|attribute| attribute.required)
            {
                let is_blank =
                    |value: &Value| value.as_str().is_some_and(|text| text.trim().is_empty());
                let missing = home.get(&attribute.name).is_none_or(is_blank);
                if missing && attribute.mutability != Mutability::ReadOnly {
                    return Err(Refusal::value(format!("`{}` is required", attribute.name)));
                }
            }
        }
        Ok(())
    }

    /// A new resource. `active` is true unless the client says otherwise.
    pub(crate) fn draft_of(&self, shelf: usize, intake: Intake) -> Result<Draft, Refusal> {
        let mut draft = Draft {
            extensions: intake.extensions,
            attributes: intake.attributes,
            ..Draft::default()
        };
        for member in intake.members.unwrap_or_default() {
            draft.members.join(member, &mut draft.steps);
        }
        let resource_type = &self.shelves[shelf].resource_type;
        if urn::same(&resource_type.schema, urn::USER) && !draft.attributes.contains_key("active") {
            draft
                .attributes
                .insert("active".to_owned(), Value::Bool(true));
        }
        self.check_required(shelf, &draft)?;
        draft.steps.clear();
        Ok(draft)
    }

    /// Replaces a draft's content by what a PUT says.
    pub(crate) fn overwrite(
        &self,
        shelf: usize,
        draft: &mut Draft,
        intake: Intake,
    ) -> Result<(), Refusal> {
        let keep_all = !self.policies.first(Policy::OmittedOnPut);
        let mut attributes = intake.attributes;
        let mut extensions = intake.extensions;
        let resource_type = &self.shelves[shelf].resource_type;
        for (name, before) in &draft.attributes {
            if let Some((urn, _)) = resource_type.extensions.iter().find(|(urn, _)| urn == name) {
                let schema = self.schemas.schema(urn);
                for (name, before) in before.as_object().into_iter().flatten() {
                    let attribute = schema.and_then(|schema| schema.attribute(name));
                    let named = intake.named.iter().any(|known| known == name);
                    let home = attributes
                        .entry(urn.clone())
                        .or_insert_with(|| Value::Object(Map::new()));
                    if let (Some(attribute), Some(home)) = (attribute, home.as_object_mut()) {
                        keep(attribute, before, named, keep_all, home)?;
                    }
                }
                if attributes
                    .get(urn)
                    .and_then(Value::as_object)
                    .is_some_and(Map::is_empty)
                {
                    attributes.shift_remove(urn);
                } else if !extensions.contains(urn) {
                    extensions.push(urn.clone());
                }
                continue;
            }
            let resolved = self
                .schemas
                .resolve(resource_type, &AttributePath::named(name));
            if let Some(attribute) = resolved.and_then(|resolved| resolved.attribute) {
                let named = intake.named.iter().any(|known| known == name);
                keep(attribute, before, named, keep_all, &mut attributes)?;
            }
        }
        draft.attributes = attributes;
        draft.extensions = extensions;
        if let Some(members) = intake.members {
            draft.members.become_only(members, &mut draft.steps);
        } else if !keep_all {
            draft.members.clear(&mut draft.steps);
        }
        self.check_required(shelf, draft)
    }
}

/// What a PUT does not speak of: passwords, immutable values and the account state stay, all else goes unless told to stay.
fn keep(
    attribute: &Attribute,
    before: &Value,
    named: bool,
    keep_all: bool,
    home: &mut Map<String, Value>,
) -> Result<(), Refusal> {
    let after = home.get(&attribute.name);
    match attribute.mutability {
        Mutability::Immutable if after.is_some_and(|after| after != before) => {
            return Err(Refusal::mutability(format!(
                "`{}` is immutable and has another value",
                attribute.name
            )));
        }
        Mutability::Immutable | Mutability::WriteOnly if after.is_none() && !named => {}
        _ if after.is_none() && !named && (keep_all || attribute.name == "active") => {}
        _ => return Ok(()),
    }
    if after.is_none() {
        home.insert(attribute.name.clone(), before.clone());
    }
    Ok(())
}
