//! PatchOp messages as they were sent (RFC 7644 3.5.2).

use serde_json::Value;

use super::error::{Refusal, ScimType};
use super::filtering::dialect;
use super::policy::Policy;
use super::store::Store;
use crate::scim::path::Path;
use crate::scim::urn;

/// What an operation does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Op {
    Add,
    Replace,
    Remove,
}

/// One operation as it was sent.
#[derive(Debug)]
pub(crate) struct Operation {
    pub(crate) op: Op,
    pub(crate) path: Option<Path>,
    pub(crate) value: Option<Value>,
}

/// Reads a PatchOp message.
pub(crate) fn read_operations(store: &Store, body: Value) -> Result<Vec<Operation>, Refusal> {
    let Value::Object(body) = body else {
        return Err(Refusal::syntax("the body must be a JSON object"));
    };
    let mut operations = None;
    let mut schemas = None;
    for (name, value) in body {
        match name {
            name if name.eq_ignore_ascii_case("Operations") => operations = Some(value),
            name if name.eq_ignore_ascii_case("schemas") => schemas = Some(value),
            _ => {}
        }
    }
    check_message(store, schemas.as_ref(), urn::PATCH_OP)?;
    let Some(Value::Array(operations)) = operations else {
        return Err(Refusal::syntax("`Operations` must be a list"));
    };
    if operations.is_empty() && !store.policies.first(Policy::EmptyOperations) {
        return Err(Refusal::syntax("`Operations` is empty"));
    }
    operations
        .into_iter()
        .map(|operation| read_operation(store, operation))
        .collect()
}

/// Whether a message says in `schemas` what it is.
pub(crate) fn check_message(
    store: &Store,
    schemas: Option<&Value>,
    wanted: &str,
) -> Result<(), Refusal> {
    let named = match schemas {
        Some(Value::Array(items)) => items
            .iter()
            .filter_map(Value::as_str)
            .any(|text| urn::same(text, wanted)),
        None => !store.policies.first(Policy::MissingSchemas),
        Some(_) => false,
    };
    if named {
        Ok(())
    } else {
        Err(Refusal::syntax(format!("`schemas` must name `{wanted}`")))
    }
}

fn read_operation(store: &Store, operation: Value) -> Result<Operation, Refusal> {
    let Value::Object(members) = operation else {
        return Err(Refusal::syntax("each operation must be an object"));
    };
    let (mut op, mut path, mut value) = (None, None, None);
    for (name, member) in members {
        match name {
            name if name.eq_ignore_ascii_case("op") => op = Some(member),
            name if name.eq_ignore_ascii_case("path") => path = Some(member),
            name if name.eq_ignore_ascii_case("value") => value = Some(member),
            _ => {}
        }
    }
    let Some(Value::String(word)) = op else {
        return Err(Refusal::syntax("each operation needs an `op`"));
    };
    let known = [
        ("add", Op::Add),
        ("replace", Op::Replace),
        ("remove", Op::Remove),
    ];
    let any_case = store.policies.first(Policy::OperationCase);
    let found = known
        .into_iter()
        .find(|(name, _)| word == *name || (any_case && word.eq_ignore_ascii_case(name)));
    let Some((_, op)) = found else {
        return Err(Refusal::syntax(format!(
            "`op` is add, replace or remove, not `{word}`"
        )));
    };
    let path = match path {
        None | Some(Value::Null) => None,
        Some(Value::String(text)) if text.is_empty() => None,
        Some(Value::String(text)) => Some(read_path(store, &text)?),
        Some(_) => return Err(Refusal::bad(ScimType::InvalidPath, "`path` must be a text")),
    };
    if value.is_none() && op != Op::Remove {
        return Err(Refusal::value(format!("`{word}` needs a `value`")));
    }
    Ok(Operation { op, path, value })
}

fn read_path(store: &Store, text: &str) -> Result<Path, Refusal> {
    Path::parse(text, dialect(&store.policies)).map_err(|fault| {
        let hint = fault
            .hint
            .as_ref()
            .map(|hint| format!("; {hint}"))
            .unwrap_or_default();
        // A fault between the brackets is a fault of a filter (RFC 7644 table 9); an index is none, SCIM has no indexes.
        let inside = text
            .split_once('[')
            .and_then(|(_, rest)| rest.split_once(']'))
            .map(|(inside, _)| inside);
        let is_filter =
            inside.is_some_and(|inside| !inside.bytes().all(|byte| byte.is_ascii_digit()));
        let in_filter = is_filter && text.find('[').is_some_and(|bracket| fault.offset > bracket);
        let kind = if in_filter {
            ScimType::InvalidFilter
        } else {
            ScimType::InvalidPath
        };
        Refusal::bad(kind, format!("path `{text}`: {fault}{hint}"))
    })
}

/// The names of all attributes that the operations speak of.
pub(crate) fn names_in(operations: &[Operation]) -> Vec<String> {
    let mut names = Vec::new();
    for operation in operations {
        match (&operation.path, &operation.value) {
            (Some(path), _) => names.push(path.name.clone()),
            (None, Some(Value::Object(members))) => names.extend(members.keys().cloned()),
            _ => {}
        }
    }
    names
}
