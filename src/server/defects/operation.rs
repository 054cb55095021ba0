//! An operation of a PATCH message as a defect looks at it.

use serde_json::{Map, Value, json};

use crate::scim::filter::{Dialect, Filter, Literal, Node, Operator};
use crate::scim::path::Path;
use crate::scim::schema::{Attribute, Schemas};
use crate::scim::urn;

/// Its members: `op`, `path`, `value`.
pub(super) type Operation = Map<String, Value>;

/// Whether it is to do this, in any letter case.
pub(super) fn does(operation: &Operation, word: &str) -> bool {
    let op = operation.get("op").and_then(Value::as_str);
    op.is_some_and(|op| op.eq_ignore_ascii_case(word))
}

/// Its path as text; `None` when it has none or an empty one.
pub(super) fn path_text(operation: &Operation) -> Option<&str> {
    let path = operation.get("path").and_then(Value::as_str);
    path.filter(|path| !path.is_empty())
}

/// Its path, without the URN of a resource's own schema.
pub(super) fn path_of(operation: &Operation) -> Option<Path> {
    let mut path = Path::parse(path_text(operation)?, Dialect::LENIENT).ok()?;
    let own = |urn: &String| urn::same(urn, urn::USER) || urn::same(urn, urn::GROUP);
    path.urn = path.urn.filter(|urn| !own(urn));
    Some(path)
}

/// Whether its path is this attribute and no part of it.
pub(super) fn is_at(operation: &Operation, name: &str) -> bool {
    path_of(operation).is_some_and(|path| path.filter.is_none() && path.attribute().is(name))
}

/// The filter in its path, when it chooses elements of this attribute.
pub(super) fn filter_at(operation: &Operation, name: &str) -> Option<Filter> {
    let path = path_of(operation)?;
    let is_here = path.urn.is_none() && path.name.eq_ignore_ascii_case(name);
    path.filter.filter(|_| is_here).map(|filter| *filter)
}

/// The attributes of an operation without path.
pub(super) fn named_without_path(operation: &mut Operation) -> Option<&mut Map<String, Value>> {
    if path_text(operation).is_some() {
        return None;
    }
    operation.get_mut("value").and_then(Value::as_object_mut)
}

/// What it says of a whole attribute: the value at that path, or without path the member of that name.
pub(super) fn value_for<'o>(operation: &'o mut Operation, name: &str) -> Option<&'o mut Value> {
    if is_at(operation, name) {
        return operation.get_mut("value");
    }
    named(named_without_path(operation)?, name)
}

/// The member of an object by its name in any letter case.
pub(super) fn named<'o>(object: &'o mut Map<String, Value>, name: &str) -> Option<&'o mut Value> {
    object
        .iter_mut()
        .find(|(known, _)| known.eq_ignore_ascii_case(name))
        .map(|(_, value)| value)
}

/// The ids that a value lists: elements with a `value`, texts, or one of them alone.
pub(super) fn ids_in(value: &Value) -> Vec<String> {
    let elements = match value {
        Value::Array(elements) => elements.as_slice(),
        other => std::slice::from_ref(other),
    };
    let id = |element: &Value| {
        let id = element.get("value").unwrap_or(element).as_str();
        id.map(str::to_owned)
    };
    elements.iter().filter_map(id).collect()
}

/// What a filter asks of an element when it asks for nothing but equal values.
pub(super) fn equalities(filter: &Filter) -> Option<Map<String, Value>> {
    match &filter.node {
        Node::And(parts) => {
            let each: Option<Vec<_>> = parts.iter().map(equalities).collect();
            Some(each?.into_iter().flatten().collect())
        }
        Node::Compare {
            path,
            operator: Operator::Eq,
            value,
        } => {
            let value = match value {
                Literal::String(text) => json!(text),
                Literal::Number(number) => json!(number),
                Literal::Boolean(truth) => json!(truth),
                Literal::Null => Value::Null,
            };
            Some(Map::from_iter([(path.name.clone(), value)]))
        }
        _ => None,
    }
}

/// What the RFC's schemas say of the attribute that a path begins with, in resources of an endpoint.
pub(super) fn attribute_at(endpoint: &str, path: &Path) -> Option<&'static Attribute> {
    let schemas = Schemas::core();
    let kind = endpoint.strip_suffix('s')?;
    let mut attribute = path.attribute();
    attribute.sub = None;
    schemas
        .resolve(schemas.resource_type(kind)?, &attribute)?
        .attribute
}
