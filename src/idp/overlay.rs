//! Writes members over an earlier answer, keeping its order: how Okta builds the body of a PUT (okta.md 3.2).

use serde_json::{Map, Value};

use crate::scim::filter::{Filter, Literal, Node, Operator};
use crate::scim::locate::matches;
use crate::scim::path::Path;
use crate::scim::urn;

/// Why a value cannot be written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Unwritable {
    #[error("`over` is not a JSON object, so `{0}` cannot be written over it")]
    NotAnObject(String),
    #[error("`{0}` is neither a member name nor a SCIM path")]
    Path(String),
    #[error("`{0}` has a filter that names no element to create: only `attribute eq value` can")]
    Filter(String),
}

/// Writes `value` at a member name or SCIM path; `None` takes the member away.
///
/// An existing member keeps its place; a new one is appended. A mapping is merged, all else replaces.
pub(crate) fn write(
    document: &mut Value,
    path: &str,
    value: Option<Value>,
) -> Result<(), Unwritable> {
    let object = document
        .as_object_mut()
        .ok_or_else(|| Unwritable::NotAnObject(path.to_owned()))?;
    if object.contains_key(path) || names_a_member(path, value.as_ref()) {
        put(object, path, value);
        return Ok(());
    }
    let parsed: Path = path
        .parse()
        .map_err(|_| Unwritable::Path(path.to_owned()))?;
    let object = match &parsed.urn {
        Some(container) if !is_core(container) => inner(object, container),
        _ => Some(object),
    }
    .ok_or_else(|| Unwritable::NotAnObject(path.to_owned()))?;
    match (&parsed.filter, &parsed.sub) {
        (None, None) => put(object, &parsed.name, value),
        (None, Some(sub)) => {
            let parent = inner(object, &parsed.name)
                .ok_or_else(|| Unwritable::NotAnObject(path.to_owned()))?;
            put(parent, sub, value);
        }
        (Some(filter), sub) => {
            write_element(object, path, &parsed.name, filter, sub.as_deref(), value)?
        }
    }
    Ok(())
}

fn write_element(
    object: &mut Map<String, Value>,
    path: &str,
    name: &str,
    filter: &Filter,
    sub: Option<&str>,
    value: Option<Value>,
) -> Result<(), Unwritable> {
    let name = known_name(object, name);
    let list = object
        .entry(name)
        .or_insert_with(|| Value::Array(Vec::new()));
    if list.is_null() {
        *list = Value::Array(Vec::new());
    }
    let items = list
        .as_array_mut()
        .ok_or_else(|| Unwritable::NotAnObject(path.to_owned()))?;
    let place = items.iter().position(|item| matches(item, filter));
    match (place, sub, value) {
        (Some(place), None, None) => {
            items.remove(place);
        }
        (Some(place), sub, value) => {
            let element = items[place]
                .as_object_mut()
                .ok_or_else(|| Unwritable::NotAnObject(path.to_owned()))?;
            match (sub, value) {
                (Some(sub), value) => put(element, sub, value),
                (None, Some(Value::Object(members))) => *element = members,
                (None, _) => return Err(Unwritable::NotAnObject(path.to_owned())),
            }
        }
        (None, _, None) => {}
        (None, sub, Some(value)) => {
            let mut element = Map::new();
            describe(filter, &mut element).ok_or_else(|| Unwritable::Filter(path.to_owned()))?;
            match (sub, value) {
                (Some(sub), value) => put(&mut element, sub, Some(value)),
                (None, Value::Object(members)) => element.extend(members),
                (None, _) => return Err(Unwritable::NotAnObject(path.to_owned())),
            }
            items.push(Value::Object(element));
        }
    }
    Ok(())
}

/// The members that an element must have to fit the filter: only `eq` and `and` say that.
fn describe(filter: &Filter, element: &mut Map<String, Value>) -> Option<()> {
    match &filter.node {
        Node::And(parts) => parts.iter().try_for_each(|part| describe(part, element)),
        Node::Compare {
            path,
            operator: Operator::Eq,
            value,
        } if path.sub.is_none() => {
            let value = match value {
                Literal::String(text) => Value::from(text.as_str()),
                Literal::Number(number) => Value::Number(number.clone()),
                Literal::Boolean(flag) => Value::Bool(*flag),
                Literal::Null => Value::Null,
            };
            element.insert(path.name.clone(), value);
            Some(())
        }
        _ => None,
    }
}

fn put(object: &mut Map<String, Value>, name: &str, value: Option<Value>) {
    let name = known_name(object, name);
    match (value, object.get_mut(&name)) {
        (None, _) => {
            object.shift_remove(&name);
        }
        (Some(Value::Object(new)), Some(Value::Object(old))) => {
            for (name, value) in new {
                put(old, &name, Some(value));
            }
        }
        (Some(value), Some(old)) => *old = value,
        (Some(value), None) => {
            object.insert(name, value);
        }
    }
}

/// The member object of that name, created when it is not there. `None` where something else stands.
fn inner<'a>(object: &'a mut Map<String, Value>, name: &str) -> Option<&'a mut Map<String, Value>> {
    let name = known_name(object, name);
    let member = object
        .entry(name)
        .or_insert_with(|| Value::Object(Map::new()));
    if member.is_null() {
        *member = Value::Object(Map::new());
    }
    member.as_object_mut()
}

/// The name as the object writes it, if it has it in another case.
fn known_name(object: &Map<String, Value>, name: &str) -> String {
    if object.contains_key(name) {
        return name.to_owned();
    }
    object
        .keys()
        .find(|known| known.eq_ignore_ascii_case(name))
        .cloned()
        .unwrap_or_else(|| name.to_owned())
}

/// A plain name, or a schema URN with its container as the value.
fn names_a_member(path: &str, value: Option<&Value>) -> bool {
    if !path.contains(['.', '[', ':']) {
        return true;
    }
    path.starts_with("urn:")
        && !path.contains('[')
        && matches!(value, Some(Value::Object(_)) | None)
        && path
            .rsplit(':')
            .next()
            .is_some_and(|last| last.starts_with(|first: char| first.is_ascii_uppercase()))
}

fn is_core(container: &str) -> bool {
    [urn::USER, urn::GROUP]
        .iter()
        .any(|core| core.eq_ignore_ascii_case(container))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::write;

    fn written(document: Value, path: &str, value: Value) -> String {
        let mut document = document;
        write(&mut document, path, Some(value)).expect("it can be written");
        document.to_string()
    }

    #[test]
    fn existing_members_keep_their_place_and_new_ones_follow() {
        let document =
            json!({"id": "1", "name": {"formatted": "A B", "givenName": "A"}, "active": true});
        assert_eq!(
            written(document.clone(), "name.givenName", json!("C")),
            r#"{"id":"1","name":{"formatted":"A B","givenName":"C"},"active":true}"#
        );
        assert_eq!(
            written(
                document.clone(),
                "name",
                json!({"givenName": "C", "familyName": "D"})
            ),
            r#"{"id":"1","name":{"formatted":"A B","givenName":"C","familyName":"D"},"active":true}"#
        );
        assert_eq!(
            written(document, "groups", json!([])),
            r#"{"id":"1","name":{"formatted":"A B","givenName":"A"},"active":true,"groups":[]}"#
        );
    }

    #[test]
    fn elements_are_found_or_created_by_their_filter() {
        let document =
            json!({"emails": [{"type": "work", "value": "a"}, {"type": "home", "value": "b"}]});
        assert_eq!(
            written(
                document.clone(),
                r#"emails[type eq "home"].value"#,
                json!("c")
            ),
            r#"{"emails":[{"type":"work","value":"a"},{"type":"home","value":"c"}]}"#
        );
        assert_eq!(
            written(
                document,
                r#"phoneNumbers[type eq "mobile"].value"#,
                json!("1")
            ),
            r#"{"emails":[{"type":"work","value":"a"},{"type":"home","value":"b"}],"phoneNumbers":[{"type":"mobile","value":"1"}]}"#
        );
    }

    #[test]
    fn extension_attributes_go_into_their_container() {
        const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
        assert_eq!(
            written(
                json!({"id": "1"}),
                &format!("{ENTERPRISE}:department"),
                json!("Ops")
            ),
            format!(r#"{{"id":"1","{ENTERPRISE}":{{"department":"Ops"}}}}"#)
        );
        assert_eq!(
            written(json!({"id": "1"}), ENTERPRISE, json!({"department": "Ops"})),
            format!(r#"{{"id":"1","{ENTERPRISE}":{{"department":"Ops"}}}}"#)
        );
    }

    #[test]
    fn members_are_taken_away() {
        let mut document = json!({"a": 1, "b": 2, "c": 3});
        write(&mut document, "b", None).expect("it can be written");
        assert_eq!(document.to_string(), r#"{"a":1,"c":3}"#);
    }
}
