//! Reading a client's value as what the schema says it is, with the habits that the policies allow.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
use jiff::Timestamp;
use serde_json::{Map, Value};

use super::error::Refusal;
use super::policy::{Policies, Policy};
use crate::scim::schema::{Attribute, Mutability, Type};

/// Reads values of one server.
#[derive(Clone, Copy)]
pub(crate) struct Coerce<'a> {
    pub(crate) policies: &'a Policies,
}

impl Coerce<'_> {
    fn tolerates(&self, policy: Policy) -> bool {
        self.policies.first(policy)
    }

    /// A whole attribute; `None` when the value leaves it unassigned (RFC 7643 2.5: null and `[]` are the same as nothing).
    pub(crate) fn attribute(
        &self,
        attribute: &Attribute,
        value: Value,
    ) -> Result<Option<Value>, Refusal> {
        if !attribute.multi_valued {
            return self.single(attribute, value);
        }
        let items = match value {
            Value::Null => return Ok(None),
            Value::Array(items) => items,
            Value::String(text) if text.is_empty() && self.tolerates(Policy::EmptyTexts) => {
                return Ok(None);
            }
            single @ Value::Object(_) if self.tolerates(Policy::SingleForList) => vec![single],
            single if self.tolerates(Policy::SingleForList) && attribute.kind != Type::Complex => {
                vec![single]
            }
            other => return Err(wrong_type(attribute, "a list", &other)),
        };
        let mut elements = Vec::with_capacity(items.len());
        for item in items {
            if let Some(element) = self.element(attribute, item)?
                && !elements.iter().any(|known| same_element(known, &element))
            {
                elements.push(element);
            }
        }
        let primaries = elements
            .iter()
            .filter(|element| is_primary(element))
            .count();
        if primaries > 1 {
            return Err(Refusal::value(format!(
                "`{}` has {primaries} primary values; one is possible",
                attribute.name
            )));
        }
        Ok(if elements.is_empty() {
            None
        } else {
            Some(Value::Array(elements))
        })
    }

    /// One element of a multi-valued attribute.
    pub(crate) fn element(
        &self,
        attribute: &Attribute,
        value: Value,
    ) -> Result<Option<Value>, Refusal> {
        let value = match value {
            Value::Object(members) if self.tolerates(Policy::JsonInStrings) => {
                Value::Object(unpacked(members))
            }
            Value::String(text)
                if attribute.sub("value").is_some()
                    && text.trim_start().starts_with('{')
                    && self.tolerates(Policy::JsonInStrings)
                    && self.tolerates(Policy::ScalarForComplex) =>
            {
                Value::Object(unpacked(Map::from_iter([(
                    "value".to_owned(),
                    Value::String(text),
                )])))
            }
            other => other,
        };
        self.single(attribute, value)
    }

    fn single(&self, attribute: &Attribute, value: Value) -> Result<Option<Value>, Refusal> {
        let value = match (attribute.kind, value) {
            (_, Value::Null) => return Ok(None),
            (Type::Complex, value) => return self.complex(attribute, value),
            (_, Value::String(text)) if text.is_empty() && self.tolerates(Policy::EmptyTexts) => {
                return Ok(None);
            }
            (_, value) => value,
        };
        let read = match (attribute.kind, value) {
            (Type::Boolean, Value::Bool(value)) => Value::Bool(value),
            (Type::Boolean, Value::String(text)) if self.tolerates(Policy::StringBooleans) => {
                match boolean_of(&text) {
                    Some(value) => Value::Bool(value),
                    None => {
                        return Err(wrong_type(attribute, "true or false", &Value::String(text)));
                    }
                }
            }
            (Type::Boolean, other) => return Err(wrong_type(attribute, "true or false", &other)),
            (Type::Integer, Value::Number(number)) if number.is_i64() || number.is_u64() => {
                Value::Number(number)
            }
            (Type::Integer, other) => return Err(wrong_type(attribute, "a whole number", &other)),
            (Type::Decimal, Value::Number(number)) => Value::Number(number),
            (Type::Decimal, other) => return Err(wrong_type(attribute, "a number", &other)),
            (Type::DateTime, Value::String(text)) => {
                if text.parse::<Timestamp>().is_err() {
                    return Err(wrong_type(
                        attribute,
                        "a date with time and zone",
                        &Value::String(text),
                    ));
                }
                Value::String(text)
            }
            (Type::Binary, Value::String(text)) => {
                if !is_base64(&text) {
                    return Err(wrong_type(attribute, "base64", &Value::String(text)));
                }
                Value::String(text)
            }
            (_, Value::String(text)) => Value::String(self.text(attribute, text)?),
            (_, other) => return Err(wrong_type(attribute, "a text", &other)),
        };
        Ok(Some(read))
    }

    fn text(&self, attribute: &Attribute, text: String) -> Result<String, Refusal> {
        if attribute.name == "type"
            && let Some(canonical) = attribute
                .canonical_values
                .iter()
                .find(|known| known.eq_ignore_ascii_case(&text))
        {
            return Ok(canonical.clone());
        }
        if !self.tolerates(Policy::ValueSyntax) {
            let fits = match attribute.name.as_str() {
                "country" => text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_uppercase()),
                "locale" => text
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-'),
                "timezone" => text.contains('/') || text == "UTC",
                _ if attribute.kind == Type::Reference => !text.contains(char::is_whitespace),
                _ => true,
            };
            if !fits {
                return Err(wrong_type(
                    attribute,
                    "what its definition asks for",
                    &Value::String(text),
                ));
            }
        }
        Ok(text)
    }

    fn complex(&self, attribute: &Attribute, value: Value) -> Result<Option<Value>, Refusal> {
        let members = match value {
            Value::Object(members) => members,
            Value::Array(mut items)
                if items.len() == 1 && self.tolerates(Policy::ListForSingle) =>
            {
                return self.complex(attribute, items.remove(0));
            }
            Value::Array(items) if items.is_empty() => return Ok(None),
            Value::String(text)
                if attribute.sub("value").is_some() && self.tolerates(Policy::ScalarForComplex) =>
            {
                Map::from_iter([("value".to_owned(), Value::String(text))])
            }
            other => return Err(wrong_type(attribute, "an object", &other)),
        };
        let mut read = Map::new();
        for (name, value) in members {
            let Some(sub) = attribute.sub(&name) else {
                if let Some(sub) = alias_of(attribute, &name) {
                    if let Some(value) = self.attribute(sub, value)? {
                        read.entry(sub.name.clone()).or_insert(value);
                    }
                } else if !self.tolerates(Policy::UnknownAttributes) {
                    return Err(Refusal::value(format!(
                        "`{}` has no sub-attribute `{name}`",
                        attribute.name
                    )));
                }
                continue;
            };
            if sub.mutability == Mutability::ReadOnly {
                continue;
            }
            if let Some(value) = self.attribute(sub, value)? {
                read.insert(sub.name.clone(), value);
            }
        }
        if read.is_empty() {
            return Ok(None);
        }
        for sub in attribute
            .sub_attributes
            .iter()
            .filter(|sub| sub.required && sub.mutability != Mutability::ReadOnly)
        {
            if !read.contains_key(&sub.name) {
                return Err(Refusal::value(format!(
                    "`{}` needs `{}`",
                    attribute.name, sub.name
                )));
            }
        }
        Ok(Some(Value::Object(read)))
    }
}

/// Whether an element is marked as the preferred one.
pub(crate) fn is_primary(element: &Value) -> bool {
    element.get("primary") == Some(&Value::Bool(true))
}

/// Elements with the same `type` and `value` are one (RFC 7643 2.4); elements without `value` must be equal.
pub(crate) fn same_element(left: &Value, right: &Value) -> bool {
    match (left.get("value"), right.get("value")) {
        (Some(one), Some(other)) => one == other && left.get("type") == right.get("type"),
        _ => left == right,
    }
}

/// `true` and `false` in any case.
pub(crate) fn boolean_of(text: &str) -> Option<bool> {
    match text {
        _ if text.eq_ignore_ascii_case("true") => Some(true),
        _ if text.eq_ignore_ascii_case("false") => Some(false),
        _ => None,
    }
}

/// Entra's `AppRoleAssignmentsComplex` writes each role as a JSON document inside `value`, and calls `display` `displayName`.
fn unpacked(members: Map<String, Value>) -> Map<String, Value> {
    let inner = match members.get("value") {
        Some(Value::String(text)) if text.trim_start().starts_with('{') => {
            serde_json::from_str::<Map<String, Value>>(text).ok()
        }
        _ => None,
    };
    // Only what names a plain value; anything else stays the text that it is, also when it comes back by PUT.
    let is_plain = |inner: &Map<String, Value>| {
        let value = inner.get("value").and_then(Value::as_str);
        value.is_some_and(|value| !value.trim_start().starts_with('{'))
    };
    let Some(mut inner) = inner.filter(is_plain) else {
        return members;
    };
    inner.remove("id");
    for (name, value) in members {
        if name != "value" {
            inner.insert(name, value);
        }
    }
    inner
}

/// Entra calls a role's `display` `displayName` (entra.md 4.4).
fn alias_of<'a>(attribute: &'a Attribute, name: &str) -> Option<&'a Attribute> {
    if attribute.multi_valued && name.eq_ignore_ascii_case("displayName") {
        attribute.sub("display")
    } else {
        None
    }
}

fn is_base64(text: &str) -> bool {
    [&STANDARD, &STANDARD_NO_PAD, &URL_SAFE, &URL_SAFE_NO_PAD]
        .into_iter()
        .any(|engine| engine.decode(text).is_ok())
}

fn wrong_type(attribute: &Attribute, wanted: &str, found: &Value) -> Refusal {
    let secret = attribute.mutability == Mutability::WriteOnly;
    let mut shown = if secret {
        "another value".to_owned()
    } else {
        found.to_string()
    };
    if shown.len() > 80 {
        let cut = (0..=77)
            .rev()
            .find(|at| shown.is_char_boundary(*at))
            .unwrap_or(0);
        shown.truncate(cut);
        shown.push('…');
    }
    Refusal::value(format!(
        "`{}` must be {wanted}, not {shown}",
        attribute.name
    ))
}

#[cfg(test)]
mod tests {
    use super::Coerce;
    use crate::scim::schema::{Attribute, Schemas};
    use crate::scim::urn;
    use crate::server::policy::Policies;
    use serde_json::{Value, json};

    fn attribute(name: &str) -> &'static Attribute {
        let core = Schemas::core();
        let found = [urn::USER, urn::ENTERPRISE_USER]
            .into_iter()
            .find_map(|id| core.schema(id)?.attribute(name));
        found.expect("core attribute")
    }

    fn tolerant(name: &str, value: Value) -> Result<Option<Value>, String> {
        let coerce = Coerce {
            policies: &Policies::default(),
        };
        coerce
            .attribute(attribute(name), value)
            .map_err(|refusal| refusal.detail)
    }

    #[test]
    fn habits_are_read() {
        for (name, value, read) in [
            ("active", json!("False"), json!(false)),
            ("emails", json!({"value": "a@x"}), json!([{"value": "a@x"}])),
            (
                "emails",
                json!([{"Value": "a@x", "TYPE": "WORK", "primary": "True"}]),
                json!([{"value": "a@x", "type": "work", "primary": true}]),
            ),
            (
                "emails",
                json!([{"value": "a@x"}, {"value": "a@x"}, null, {}]),
                json!([{"value": "a@x"}]),
            ),
            ("manager", json!("m1"), json!({"value": "m1"})),
            (
                "manager",
                json!([{"$ref": null, "value": "m1"}]),
                json!({"value": "m1"}),
            ),
            (
                "manager",
                json!({"value": "m1", "displayName": "X"}),
                json!({"value": "m1"}),
            ),
            (
                "roles",
                json!([{"value": "{\"id\":\"1\",\"value\":\"editor\",\"displayName\":\"Editor\"}"}]),
                json!([{"value": "editor", "display": "Editor"}]),
            ),
        ] {
            assert_eq!(
                tolerant(name, value.clone()),
                Ok(Some(read)),
                "{name} {value}"
            );
        }
        for (name, value) in [
            ("title", json!("")),
            ("title", json!(null)),
            ("emails", json!([])),
            ("manager", json!("")),
            ("name", json!({"givenName": null})),
        ] {
            assert_eq!(tolerant(name, value.clone()), Ok(None), "{name} {value}");
        }
    }

    #[test]
    fn wrong_types_are_refused() {
        for (name, value) in [
            ("active", json!("banana")),
            ("active", json!({})),
            ("emails", json!("x")),
            ("name", json!("Joe")),
            ("title", json!(5)),
            (
                "emails",
                json!([{"value": "a", "primary": true}, {"value": "b", "primary": true}]),
            ),
            ("x509Certificates", json!([{"value": "***"}])),
        ] {
            assert!(tolerant(name, value.clone()).is_err(), "{name} {value}");
        }
        let strict = Policies::strict();
        for (name, value) in [
            ("active", json!("true")),
            ("manager", json!("m1")),
            ("emails", json!({"value": "a"})),
            ("name", json!({"x": 1})),
        ] {
            assert!(
                Coerce { policies: &strict }
                    .attribute(attribute(name), value.clone())
                    .is_err(),
                "{name} {value}"
            );
        }
    }
}
