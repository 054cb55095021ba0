//! Roles in their three forms (entra.md 4.4, 5.5).

use serde_json::{Value, json};

use super::dialect::Dialect;
use super::operations::Operation;
use crate::idp::Role;
use crate::idp::mapping::RolesForm;

/// The type of every role that Entra sends.
const TYPE: &str = "WindowsAzureActiveDirectoryRole";

/// `roles` of a create.
pub(super) fn in_create(form: RolesForm, roles: &[Role]) -> Value {
    match form {
        RolesForm::Single => roles
            .first()
            .map(|role| json!({"primary": true, "type": TYPE, "value": role.display}))
            .into_iter()
            .collect(),
        RolesForm::Complex => roles.iter().map(complex).collect(),
        RolesForm::Assertive => roles.iter().map(assertive).collect(),
    }
}

fn complex(role: &Role) -> Value {
    json!({"primary": false, "type": TYPE, "displayName": role.display, "value": role.value})
}

fn assertive(role: &Role) -> Value {
    json!({"primary": false, "type": TYPE, "display": role.display, "value": role.value})
}

/// A role as legacy jobs add it: a JSON document inside a text.
fn in_text(role: &Role) -> String {
    json!({"id": role.id, "value": role.value, "displayName": role.display}).to_string()
}

/// What must be sent for a person's roles, if anything.
pub(super) fn difference(
    resource: &Value,
    path: &str,
    form: RolesForm,
    roles: &[Role],
    dialect: Dialect,
) -> Option<Operation> {
    let held = elements(resource);
    let operation = |missing, path: &str, value| {
        Some(Operation {
            missing,
            path: path.to_owned(),
            value,
        })
    };
    match form {
        RolesForm::Single => {
            let wanted = roles.first()?;
            let primary = held
                .iter()
                .find(|role| role.get("primary") == Some(&Value::Bool(true)))
                .and_then(|role| role.get("value"));
            match primary {
                Some(value) if value == wanted.display.as_str() => None,
                primary => operation(
                    primary.is_none(),
                    path,
                    Value::from(wanted.display.as_str()),
                ),
            }
        }
        // Only ever added: whoever loses a role keeps it at the target (entra.md 5.5).
        RolesForm::Complex => {
            let missing: Vec<&Role> = roles.iter().filter(|role| !holds(held, role)).collect();
            if missing.is_empty() {
                return None;
            }
            let value = missing
                .into_iter()
                .map(|role| match dialect {
                    Dialect::Legacy => json!({"value": in_text(role)}),
                    Dialect::Compliant => complex(role),
                })
                .collect();
            operation(true, "roles", value)
        }
        RolesForm::Assertive => {
            let same = held.len() == roles.len() && roles.iter().all(|role| holds(held, role));
            if same {
                return None;
            }
            operation(false, "roles", roles.iter().map(assertive).collect())
        }
    }
}

/// Writes an accepted operation over the model of what the target holds.
pub(super) fn record(held: &mut Value, operation: &Operation) {
    let mut roles = elements(held).to_vec();
    match &operation.value {
        Value::Array(new) if operation.missing => roles.extend(new.iter().cloned()),
        Value::Array(new) => roles.clone_from(new),
        single => {
            let primary = roles
                .iter_mut()
                .find(|role| role.get("primary") == Some(&Value::Bool(true)));
            match primary {
                Some(role) => role["value"] = single.clone(),
                None => roles.push(json!({"primary": true, "value": single})),
            }
        }
    }
    held["roles"] = Value::Array(roles);
}

/// Whether a role was sent as a document in a text: some targets keep the text, others take it apart (entra.md 14, Q18).
pub(super) fn is_in_text(resource: &Value) -> bool {
    elements(resource)
        .iter()
        .filter_map(|role| role.get("value")?.as_str())
        .any(|value| value.starts_with('{'))
}

fn elements(resource: &Value) -> &[Value] {
    resource
        .get("roles")
        .and_then(Value::as_array)
        .map_or(&[], Vec::as_slice)
}

/// Whether one of these is the role, written as a value or as a document in a text.
fn holds(held: &[Value], role: &Role) -> bool {
    held.iter()
        .filter_map(|element| element.get("value")?.as_str())
        .any(|value| {
            value == role.value
                || serde_json::from_str::<Value>(value).is_ok_and(|document| {
                    document.get("value") == Some(&Value::from(role.value.as_str()))
                })
        })
}
