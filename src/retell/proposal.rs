//! Proposals: what a read-back after a write could look at.

use serde_json::{Map, Value};

use super::attribute::{Attribute, Owner};
use super::people::text;

/// What a PATCH says of a resource that a read-back can look for, as attribute and value. `None` where an operation is not
/// understood.
pub(super) fn told(owner: Owner, body: &Value) -> Option<Map<String, Value>> {
    let mut told = Map::new();
    for operation in body.get("Operations")?.as_array()? {
        let op = text(operation, "op")?.to_ascii_lowercase();
        let value = operation.get("value");
        match (op.as_str(), text(operation, "path"), value) {
            ("add" | "replace", None, Some(Value::Object(members))) => {
                for (name, value) in members {
                    note(&mut told, owner, name, value)?;
                }
            }
            ("add" | "replace", Some(path), Some(value)) => note(&mut told, owner, path, value)?,
            _ => return None,
        }
    }
    (!told.is_empty()).then_some(told)
}

/// Only single values of attributes with a plain name: they must be there as they were sent.
fn note(told: &mut Map<String, Value>, owner: Owner, path: &str, value: &Value) -> Option<()> {
    if owner == Owner::Group && path == "id" {
        return Some(());
    }
    let attribute = Attribute::of_path(owner, path);
    // References are written in more than one way.
    let refers = ["members", "manager", "groups", "roles"].contains(&attribute.name.as_str());
    let plain = !refers
        && attribute.sub.is_empty()
        && path.chars().all(|letter| letter.is_ascii_alphanumeric());
    if !plain {
        return None;
    }
    let value = match value {
        // The default job of Entra writes booleans as texts (entra.md 5.1).
        Value::String(text) if path == "active" => Value::Bool(text.eq_ignore_ascii_case("true")),
        Value::Bool(_) | Value::Number(_) => value.clone(),
        Value::String(text) if !text.is_empty() && path != "password" => value.clone(),
        _ => return None,
    };
    told.insert(path.to_owned(), value);
    Some(())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::told;
    use crate::retell::attribute::Owner;

    #[test]
    fn a_change_of_single_values_can_be_read_back() {
        let patch = |operations: Value| json!({ "Operations": operations });
        let of = |operations| told(Owner::User, &patch(operations)).map(Value::Object);
        assert_eq!(
            of(json!([{"op": "Replace", "path": "active", "value": "False"}])),
            Some(json!({"active": false}))
        );
        assert_eq!(
            of(json!([{"op": "replace", "value": {"active": true, "title": "x"}}])),
            Some(json!({"active": true, "title": "x"}))
        );
        assert_eq!(of(json!([{"op": "remove", "path": "title"}])), None);
        assert_eq!(
            of(json!([{"op": "add", "path": "emails[type eq \"work\"].value", "value": "x"}])),
            None
        );
    }
}
