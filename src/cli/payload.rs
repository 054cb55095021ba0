//! A lone JSON payload, held against the schemas of RFC 7643.

use crate::scenario::Place;
use crate::scenario::error::{Problem, ScenarioError};
use crate::scenario::load::Loaded;
use crate::scenario::nearest::nearest;
use crate::scenario::yaml::{self, Entry, Kind, Node};
use crate::scim::json;
use crate::scim::schema::{Attribute, Mutability, Schemas, Type, common_attributes};
use crate::scim::urn;

/// What is wrong with a payload: its JSON first, then its attributes. Of messages (PATCH, bulk, lists) only the JSON is
/// looked at.
pub(crate) fn examine(shown: &str, bytes: &[u8]) -> Loaded {
    let mut loaded = Loaded::default();
    if let Err(fault) = json::parse(bytes, json::Limits::default()) {
        let position = fault.position();
        let place = Place {
            file: shown.to_owned(),
            line: position.map_or(1, |position| position.line),
            column: position.map_or(1, |position| position.column),
        };
        let whole = fault.to_string();
        let message = whole.split(" at line ").next().unwrap_or_default();
        say(
            &mut loaded.errors,
            &place,
            format!("not JSON: {message}"),
            None,
        );
        return loaded;
    }
    // JSON is YAML, too, and this reader knows where everything stands.
    match yaml::parse(shown, bytes) {
        Ok(root) => resource(&root, &mut loaded),
        Err(errors) => loaded.errors = errors,
    }
    loaded
}

fn say(list: &mut Vec<ScenarioError>, place: &Place, message: String, repair: Option<String>) {
    list.push(Problem::Payload { message, repair }.at(place.clone()));
}

fn resource(root: &Node, loaded: &mut Loaded) {
    let Kind::Map(members) = &root.kind else {
        let message = "a resource is a JSON object".to_owned();
        return say(&mut loaded.errors, &root.place, message, None);
    };
    let declared = schemas_of(members);
    if declared.is_empty() {
        let message = "the resource has no `schemas`".to_owned();
        let repair = format!("add `\"schemas\": [\"{}\"]`", urn::USER);
        return say(&mut loaded.errors, &root.place, message, Some(repair));
    }
    let is_message = |id: &&str| id.to_ascii_lowercase().starts_with(urn::MESSAGE_PREFIX);
    if declared.iter().any(is_message) {
        return;
    }
    let known = Schemas::core();
    let main = declared.iter().find_map(|id| {
        let is_extension = known.types().iter().any(|resource_type| {
            let mut extensions = resource_type.extensions.iter();
            extensions.any(|(extension, _)| urn::same(extension, id))
        });
        known.schema(id).filter(|_| !is_extension)
    });
    let Some(main) = main else {
        let message = format!("`{}` is no schema of RFC 7643", declared.join("`, `"));
        return say(&mut loaded.warnings, &root.place, message, None);
    };
    let attributes: Vec<&Attribute> = common_attributes()
        .iter()
        .filter(|common| main.attribute(&common.name).is_none())
        .chain(&main.attributes)
        .collect();
    let (extensions, own): (Vec<&Entry>, Vec<&Entry>) =
        members.iter().partition(|member| urn::is_urn(&member.key));
    check_members(&own, &attributes, &root.place, "", loaded);
    for extension in extensions {
        if !declared.iter().any(|id| urn::same(id, &extension.key)) {
            let message = format!("`{}` is not in `schemas`", extension.key);
            let repair = Some("add it there".to_owned());
            say(&mut loaded.errors, &extension.place, message, repair);
        }
        match (known.schema(&extension.key), &extension.value.kind) {
            (Some(schema), Kind::Map(members)) => {
                let members: Vec<&Entry> = members.iter().collect();
                let attributes: Vec<&Attribute> = schema.attributes.iter().collect();
                let prefix = format!("{}:", extension.key);
                check_members(&members, &attributes, &extension.place, &prefix, loaded);
            }
            (_, Kind::Map(_) | Kind::Null) => {}
            _ => {
                let message = format!("`{}` must be an object", extension.key);
                say(&mut loaded.errors, &extension.value.place, message, None);
            }
        }
    }
}

fn schemas_of(members: &[Entry]) -> Vec<&str> {
    let found = members
        .iter()
        .find(|member| member.key.eq_ignore_ascii_case("schemas"));
    let Some(Kind::List(items)) = found.map(|member| &member.value.kind) else {
        return Vec::new();
    };
    items
        .iter()
        .filter_map(|item| match &item.kind {
            Kind::Text(scalar) => Some(scalar.text.as_str()),
            _ => None,
        })
        .collect()
}

fn check_members(
    members: &[&Entry],
    attributes: &[&Attribute],
    place: &Place,
    prefix: &str,
    loaded: &mut Loaded,
) {
    for member in members {
        let path = format!("{prefix}{}", member.key);
        let attribute = attributes
            .iter()
            .find(|attribute| attribute.name.eq_ignore_ascii_case(&member.key));
        match attribute {
            Some(attribute) => check_value(&member.value, attribute, &path, loaded),
            None => {
                let names = attributes.iter().map(|attribute| attribute.name.as_str());
                let near = nearest(&member.key, names);
                let repair = near.map(|near| format!("did you mean `{near}`?"));
                let message = format!("no schema defines `{path}`");
                say(&mut loaded.errors, &member.place, message, repair);
            }
        }
    }
    for attribute in attributes {
        // What is read-only is the server's to add.
        let wanted = attribute.required && attribute.mutability != Mutability::ReadOnly;
        let there = members.iter().any(|member| {
            member.key.eq_ignore_ascii_case(&attribute.name) && member.value.kind != Kind::Null
        });
        if wanted && !there {
            let message = format!("`{prefix}{}` is required", attribute.name);
            say(&mut loaded.errors, place, message, None);
        }
    }
}

fn check_value(value: &Node, attribute: &Attribute, path: &str, loaded: &mut Loaded) {
    match (&value.kind, attribute.multi_valued) {
        (Kind::Null, _) => {}
        (Kind::List(items), true) => {
            for item in items {
                check_single(item, attribute, path, loaded);
            }
        }
        (Kind::List(_), false) => {
            let message = format!("`{path}` has one value, this is a list");
            say(&mut loaded.errors, &value.place, message, None);
        }
        (_, true) => {
            let message = format!("`{path}` has several values: a list is missing around this one");
            say(&mut loaded.errors, &value.place, message, None);
        }
        (_, false) => check_single(value, attribute, path, loaded),
    }
}

fn check_single(value: &Node, attribute: &Attribute, path: &str, loaded: &mut Loaded) {
    if let (Type::Complex, Kind::Map(members)) = (attribute.kind, &value.kind) {
        let members: Vec<&Entry> = members.iter().collect();
        let subs: Vec<&Attribute> = attribute.sub_attributes.iter().collect();
        return check_members(&members, &subs, &value.place, &format!("{path}."), loaded);
    }
    let fits = match (attribute.kind, &value.kind) {
        (Type::DateTime, Kind::Text(scalar)) => scalar.text.parse::<jiff::Timestamp>().is_ok(),
        (Type::String | Type::Binary | Type::Reference, Kind::Text(_))
        | (Type::Boolean, Kind::Bool(_))
        | (Type::Decimal, Kind::Number { .. }) => true,
        (Type::Integer, Kind::Number { value, .. }) => value.is_i64() || value.is_u64(),
        _ => false,
    };
    if !fits {
        let message = format!(
            "`{path}` is of type {}, this is {}",
            attribute.kind.keyword(),
            value.describe()
        );
        say(&mut loaded.errors, &value.place, message, None);
    }
}
