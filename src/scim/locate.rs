//! Looking up a SCIM path in a resource: names without case, extension containers, value filters.
//!
//! This serves captures and assertions of the judging side. It knows no schemas, so a value filter compares texts without
//! case, which is right for every attribute by which elements are told apart (`type`, `value` of e-mails, ids). The server
//! matches resources with its own code.

use std::cmp::Ordering;

use serde_json::{Map, Value};

use super::filter::{Filter, Literal, Node, Operator};
use super::path::{AttributePath, Path};
use super::urn;

/// All values in `resource` that `path` names, in their order. A multi-valued attribute as last part gives its elements'
/// array as one value; in front of a sub-attribute or behind a filter it gives the elements one by one.
pub fn select<'a>(resource: &'a Value, path: &Path) -> Vec<&'a Value> {
    let Some(object) = resource.as_object() else {
        return Vec::new();
    };
    if let Some(container) = path.whole_urn().and_then(|whole| member(object, &whole)) {
        return vec![container];
    }
    let Some(found) = home(object, path.urn.as_deref()).and_then(|home| member(home, &path.name))
    else {
        return Vec::new();
    };
    let Some(filter) = &path.filter else {
        return match &path.sub {
            Some(sub) => elements(found)
                .filter_map(|element| member(element.as_object()?, sub))
                .collect(),
            None => vec![found],
        };
    };
    elements(found)
        .filter(|element| matches(element, filter))
        .filter_map(|element| match &path.sub {
            Some(sub) => member(element.as_object()?, sub),
            None => Some(element),
        })
        .collect()
}

/// The member of an object by its name in any case; the exact name goes first.
pub fn member<'a>(object: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    object.get(name).or_else(|| {
        object
            .iter()
            .find(|(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| value)
    })
}

/// The object that holds the attributes of a schema: the resource itself for core schemas, else the extension's container.
fn home<'a>(
    object: &'a Map<String, Value>,
    schema: Option<&str>,
) -> Option<&'a Map<String, Value>> {
    match schema {
        None => Some(object),
        Some(schema) => match member(object, schema) {
            Some(container) => container.as_object(),
            None if urn::same(schema, urn::ENTERPRISE_USER) => None,
            None => Some(object),
        },
    }
}

fn elements(value: &Value) -> std::slice::Iter<'_, Value> {
    match value {
        Value::Array(items) => items.iter(),
        other => std::slice::from_ref(other).iter(),
    }
}

/// Whether an element of a multi-valued attribute, or a whole resource, meets a filter.
pub fn matches(element: &Value, filter: &Filter) -> bool {
    match &filter.node {
        Node::And(parts) => parts.iter().all(|part| matches(element, part)),
        Node::Or(parts) => parts.iter().any(|part| matches(element, part)),
        Node::Not(inner) => !matches(element, inner),
        Node::Present(path) => values_at(element, path)
            .iter()
            .any(|value| is_present(value)),
        Node::Compare {
            path,
            operator,
            value,
        } => {
            let found = values_at(element, path);
            match operator {
                Operator::Ne if found.is_empty() => true,
                _ => found
                    .iter()
                    .any(|actual| compares(actual, *operator, value)),
            }
        }
        Node::Within { path, filter } => values_at(element, path)
            .iter()
            .any(|value| matches(value, filter)),
    }
}

/// The values of an attribute of an element; of an element without members its own value when `value` is asked for.
fn values_at<'a>(element: &'a Value, path: &AttributePath) -> Vec<&'a Value> {
    let Some(object) = element.as_object() else {
        return if path.is("value") {
            vec![element]
        } else {
            Vec::new()
        };
    };
    let Some(found) = home(object, path.urn.as_deref()).and_then(|home| member(home, &path.name))
    else {
        return Vec::new();
    };
    match &path.sub {
        Some(sub) => elements(found)
            .filter_map(|part| member(part.as_object()?, sub))
            .collect(),
        None => elements(found).collect(),
    }
}

fn is_present(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::String(text) => !text.is_empty(),
        Value::Array(items) => !items.is_empty(),
        Value::Object(members) => !members.is_empty(),
        Value::Bool(_) | Value::Number(_) => true,
    }
}

fn compares(actual: &Value, operator: Operator, wanted: &Literal) -> bool {
    let order = match (actual, wanted) {
        (Value::String(left), Literal::String(right)) => {
            let (left, right) = (left.to_lowercase(), right.to_lowercase());
            match operator {
                Operator::Co => return left.contains(&right),
                Operator::Sw => return left.starts_with(&right),
                Operator::Ew => return left.ends_with(&right),
                _ => left.cmp(&right),
            }
        }
        (Value::Bool(left), Literal::Boolean(right)) => left.cmp(right),
        // Entra quotes booleans inside filters: `roles[primary eq "True"]`.
        (Value::Bool(left), Literal::String(right))
            if right.eq_ignore_ascii_case(&left.to_string()) =>
        {
            Ordering::Equal
        }
        (Value::Number(left), Literal::Number(right)) => {
            match left.as_f64().partial_cmp(&right.as_f64()) {
                Some(order) => order,
                None => return false,
            }
        }
        (Value::Null, Literal::Null) => Ordering::Equal,
        _ => return operator == Operator::Ne,
    };
    match operator {
        Operator::Eq => order.is_eq(),
        Operator::Ne => order.is_ne(),
        Operator::Gt => order.is_gt(),
        Operator::Ge => order.is_ge(),
        Operator::Lt => order.is_lt(),
        Operator::Le => order.is_le(),
        Operator::Co | Operator::Sw | Operator::Ew => false,
    }
}

#[cfg(test)]
mod tests {
    use super::select;
    use serde_json::{Value, json};

    fn found(path: &str) -> Vec<Value> {
        let resource = json!({
            "userName": "ada",
            "name": {"givenName": "Ada"},
            "emails": [
                {"type": "work", "value": "ada@work.example", "primary": true},
                {"type": "home", "value": "ada@home.example"}
            ],
            "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": {"manager": {"value": "m1"}, "department": "D"}
        });
        select(
            &resource,
            &path
                .parse()
                .unwrap_or_else(|fault| panic!("{path}: {fault}")),
        )
        .into_iter()
        .cloned()
        .collect()
    }

    #[test]
    fn paths_find_their_values() {
        const EXTENSION: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
        for (path, values) in [
            ("username".to_owned(), json!(["ada"])),
            (
                "urn:ietf:params:scim:schemas:core:2.0:User:name.GIVENNAME".to_owned(),
                json!(["Ada"]),
            ),
            (
                "emails.value".to_owned(),
                json!(["ada@work.example", "ada@home.example"]),
            ),
            (
                "emails[type eq \"WORK\"].value".to_owned(),
                json!(["ada@work.example"]),
            ),
            (
                "emails[not (primary eq true)].value".to_owned(),
                json!(["ada@home.example"]),
            ),
            ("emails[type eq \"other\"]".to_owned(), json!([])),
            (format!("{EXTENSION}:department"), json!(["D"])),
            (format!("{EXTENSION}:manager.value"), json!(["m1"])),
            (
                EXTENSION.to_owned(),
                json!([{"manager": {"value": "m1"}, "department": "D"}]),
            ),
            ("department".to_owned(), json!([])),
        ] {
            assert_eq!(Value::from(found(&path)), values, "{path}");
        }
    }
}
