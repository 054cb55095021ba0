//! Operations: changes of a resource, and the PATCH body that each dialect makes of them (entra.md 5.1 to 5.3).

use serde_json::{Map, Value, json};

use super::dialect::Dialect;
use crate::idp::Payload;

/// One attribute that differs.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Operation {
    /// Missing in the answer that was compared: `Add`; else `Replace` (entra.md 3.2).
    pub(super) missing: bool,
    /// As the mapping writes it.
    pub(super) path: String,
    /// The new value.
    pub(super) value: Value,
}

impl Operation {
    /// Multi-valued attributes keep an operation of their own in the compliant dialect.
    fn stands_alone(&self) -> bool {
        self.path.contains('[') || self.value.is_array() || self.value.is_object()
    }

    fn word(&self, dialect: Dialect) -> &'static str {
        if self.missing {
            dialect.add()
        } else {
            dialect.replace()
        }
    }
}

/// The body of a PATCH. What is replaced goes before what is added, each in the order of the mapping: that is the order of
/// the recorded bodies (entra.md 5.2). `texts`: a legacy job writes booleans as `"True"` and `"False"`.
pub(super) fn message(dialect: Dialect, texts: bool, operations: Vec<Operation>) -> Payload {
    let (added, replaced): (Vec<Operation>, Vec<Operation>) = operations
        .into_iter()
        .partition(|operation| operation.missing);
    Payload::patch(match dialect {
        Dialect::Legacy => replaced
            .into_iter()
            .chain(added)
            .map(|operation| one(dialect, as_text(operation, texts)))
            .collect(),
        Dialect::Compliant => {
            let (alone_replaced, replaced): (Vec<_>, Vec<_>) =
                replaced.into_iter().partition(Operation::stands_alone);
            let (alone_added, added): (Vec<_>, Vec<_>) =
                added.into_iter().partition(Operation::stands_alone);
            alone_replaced
                .into_iter()
                .chain(alone_added)
                .map(|operation| one(dialect, operation))
                .chain(merged(dialect, replaced))
                .chain(merged(dialect, added))
                .collect()
        }
    })
}

/// Single values in one operation without a path. A lone `active` and a lone added value keep their path
/// (entra.md 5.1, 2 and 3); a lone userName or displayName has been recorded without one (entra.md 7, 10).
fn merged(dialect: Dialect, mut operations: Vec<Operation>) -> Option<Value> {
    let first = operations.first()?;
    if operations.len() == 1 && (first.missing || first.path == "active") {
        return Some(one(dialect, operations.remove(0)));
    }
    let word = first.word(dialect);
    let values: Map<String, Value> = operations
        .into_iter()
        .map(|operation| (operation.path, operation.value))
        .collect();
    Some(json!({"op": word, "value": values}))
}

fn one(dialect: Dialect, operation: Operation) -> Value {
    let word = operation.word(dialect);
    json!({"op": word, "path": operation.path, "value": operation.value})
}

fn as_text(mut operation: Operation, texts: bool) -> Operation {
    if let (Value::Bool(flag), true) = (&operation.value, texts) {
        operation.value = Value::from(boolean_text(*flag));
    }
    operation
}

/// As the mapping's expressions write booleans (entra.md 4.1).
pub(super) fn boolean_text(flag: bool) -> &'static str {
    if flag { "True" } else { "False" }
}
