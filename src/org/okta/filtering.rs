//! Filters of the management API, which has the operators of SCIM.

use serde_json::Value;

use crate::scim::filter::{Dialect, Filter, Limits, Literal, Node, Operator};
use crate::scim::path::AttributePath;

/// Reads a filter. `None`: it is none.
pub(crate) fn read(text: &str) -> Option<Filter> {
    Filter::parse(text, Dialect::STRICT, Limits::default())
        .ok()
        .map(|parsed| parsed.filter)
}

/// Whether an object of the API meets a filter. Texts are compared without case; of a list any element will do.
pub(crate) fn meets(object: &Value, filter: &Filter) -> bool {
    match &filter.node {
        Node::And(parts) => parts.iter().all(|part| meets(object, part)),
        Node::Or(parts) => parts.iter().any(|part| meets(object, part)),
        Node::Not(part) => !meets(object, part),
        Node::Present(path) => values(object, path).iter().any(|value| !value.is_null()),
        Node::Compare {
            path,
            operator,
            value,
        } => {
            let found = values(object, path);
            match operator {
                Operator::Ne => !found.iter().any(|one| compares(one, Operator::Eq, value)),
                operator => found.iter().any(|one| compares(one, *operator, value)),
            }
        }
        Node::Within { path, filter } => values(object, path).iter().any(|one| meets(one, filter)),
    }
}

fn values<'a>(object: &'a Value, path: &AttributePath) -> Vec<&'a Value> {
    let mut found = vec![object];
    for name in [Some(path.name.as_str()), path.sub.as_deref()]
        .into_iter()
        .flatten()
    {
        found = found
            .into_iter()
            .filter_map(|value| value.get(name))
            .flat_map(|value| match value {
                Value::Array(elements) => elements.iter().collect(),
                value => vec![value],
            })
            .collect();
    }
    found
}

fn compares(value: &Value, operator: Operator, literal: &Literal) -> bool {
    match (value, literal) {
        (Value::String(text), Literal::String(wanted)) => {
            let (text, wanted) = (text.to_lowercase(), wanted.to_lowercase());
            match operator {
                Operator::Eq => text == wanted,
                Operator::Ne => text != wanted,
                Operator::Co => text.contains(&wanted),
                Operator::Sw => text.starts_with(&wanted),
                Operator::Ew => text.ends_with(&wanted),
                // Instants are compared, too: all of them are in UTC and written alike.
                Operator::Gt => text > wanted,
                Operator::Ge => text >= wanted,
                Operator::Lt => text < wanted,
                Operator::Le => text <= wanted,
            }
        }
        (Value::Bool(value), Literal::Boolean(wanted)) => {
            operator == Operator::Eq && value == wanted
        }
        (Value::Number(value), Literal::Number(wanted)) => {
            operator == Operator::Eq && value == wanted
        }
        (Value::Null, Literal::Null) => operator == Operator::Eq,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{meets, read};

    #[test]
    fn filters_of_the_documentation_are_read() {
        let event = json!({"eventType": "user.lifecycle.create", "published": "2026-11-22T10:00:00.000Z",
            "outcome": {"result": "SUCCESS"}, "target": [{"id": "00u1"}, {"id": "0oa1"}]});
        for (filter, meets_it) in [
            (r#"eventType eq "user.lifecycle.create""#, true),
            (
                r#"eventType sw "user." and outcome.result eq "failure""#,
                false,
            ),
            (r#"target.id eq "0oa1""#, true),
            (r#"not (target.id eq "0oa1")"#, false),
            (r#"published gt "2026-11-22T09:59:59.999Z""#, true),
            (r#"severity pr"#, false),
            (r#"eventType ne "user.lifecycle.delete""#, true),
        ] {
            let read = read(filter).unwrap_or_else(|| panic!("{filter}"));
            assert_eq!(meets(&event, &read), meets_it, "{filter}");
        }
        assert!(read("eventType is").is_none());
    }
}
