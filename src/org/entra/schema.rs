//! The synchronization schema: both directories and the attribute mappings between them, as Graph's `synchronizationSchema`.
//! The gallery's template reads it to learn which attributes it may set and what must come of them.

use serde_json::{Map, Value, json};

use super::log::SOURCE;
use crate::finding::Authority;
use crate::idp::mapping::{Expression, Mapping, RolesForm, Row};
use crate::scim::urn;

/// What the target is called in the schema of non-gallery applications.
const TARGET: &str = "customappsso";
/// Key of the count of users.
pub(super) const USERS: &str = "User to urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
/// Key of the count of groups.
pub(super) const GROUPS: &str = "Group to urn:ietf:params:scim:schemas:core:2.0:Group";

/// The id of the one rule.
pub(super) fn rule(job: &str) -> String {
    // It has to be the same every time; a job's id ends with a GUID.
    job.rsplit('.').next().unwrap_or(job).to_owned()
}

/// The schema of a job with this mapping.
pub(super) fn shown(mapping: &Mapping, job: &str) -> Value {
    let rule = rule(job);
    json!({
        "id": job,
        "version": "1",
        "directories": [
            {
                "id": format!("{rule}-source"),
                "name": SOURCE,
                "discoverabilities": "None",
                "objects": [
                    { "name": "User", "attributes": sources(&mapping.users) },
                    { "name": "Group", "attributes": sources(&mapping.groups) },
                ],
            },
            {
                "id": format!("{rule}-target"),
                "name": TARGET,
                "discoverabilities": "AttributeNames, AttributeDataTypes",
                "objects": [
                    { "name": urn::ENTERPRISE_USER, "attributes": targets(&mapping.users) },
                    { "name": urn::GROUP, "attributes": targets(&mapping.groups) },
                ],
            },
        ],
        "synchronizationRules": [{
            "id": rule,
            "name": "USER_OUTBOUND",
            "editable": true,
            "priority": 1,
            "sourceDirectoryName": SOURCE,
            "targetDirectoryName": TARGET,
            "objectMappings": [
                object("User", urn::ENTERPRISE_USER, &mapping.users),
                object("Group", urn::GROUP, &mapping.groups),
            ],
        }],
    })
}

fn object(source: &str, target: &str, rows: &[Row]) -> Value {
    json!({
        "enabled": true,
        "flowTypes": "Add, Update, Delete",
        "name": format!("Synchronize {source} to {target}"),
        "sourceObjectName": source,
        "targetObjectName": target,
        "scope": null,
        "attributeMappings": rows.iter().map(row_shown).collect::<Vec<_>>(),
    })
}

fn row_shown(row: &Row) -> Value {
    json!({
        "defaultValue": null,
        "exportMissingReferences": false,
        "flowBehavior": "FlowWhenChanged",
        "flowType": "Always",
        "matchingPriority": row.matching.unwrap_or(0),
        "source": source(&row.from),
        "targetAttributeName": row.to,
    })
}

/// A source: an attribute, a constant, or a function with its parameters.
fn source(expression: &Expression) -> Value {
    match expression {
        Expression::Attribute(name) => attribute(&entras(name)),
        Expression::Manager => attribute("manager"),
        Expression::ManagerId | Expression::ManagerName => attribute("manager"),
        Expression::Members => attribute("members"),
        Expression::Constant(text) => json!({
            "expression": format!("\"{text}\""),
            "name": text,
            "parameters": [],
            "type": "Constant",
        }),
        Expression::IfPresent(name, text) => function(
            "IIF",
            &format!("IIF(IsPresent([{0}]), \"{text}\", \"\")", entras(name)),
            &[("source", attribute(&entras(name)))],
        ),
        Expression::Join(separator, names) => {
            let shown: Vec<String> = names
                .iter()
                .map(|name| format!("[{}]", entras(name)))
                .collect();
            let mut parameters = vec![("separator", constant(separator))];
            parameters.extend(
                names
                    .iter()
                    .map(|name| ("source", attribute(&entras(name)))),
            );
            function(
                "Join",
                &format!("Join(\"{separator}\", {})", shown.join(", ")),
                &parameters,
            )
        }
        Expression::IsActive => function(
            "Switch",
            "Switch([IsSoftDeleted], , \"False\", \"True\", \"True\", \"False\")",
            &[
                ("source", attribute("IsSoftDeleted")),
                ("key", constant("False")),
                ("value", constant("True")),
                ("key", constant("True")),
                ("value", constant("False")),
            ],
        ),
        Expression::Roles(form) => {
            let name = match form {
                RolesForm::Single => "SingleAppRoleAssignment",
                RolesForm::Complex => "AppRoleAssignmentsComplex",
                RolesForm::Assertive => "AssertiveAppRoleAssignmentsComplex",
            };
            function(
                name,
                &format!("{name}([appRoleAssignments])"),
                &[("source", attribute("appRoleAssignments"))],
            )
        }
    }
}

fn attribute(name: &str) -> Value {
    json!({
        "expression": format!("[{name}]"),
        "name": name,
        "parameters": [],
        "type": "Attribute",
    })
}

fn constant(text: &str) -> Value {
    json!({
        "expression": format!("\"{text}\""),
        "name": text,
        "parameters": [],
        "type": "Constant",
    })
}

fn function(name: &str, expression: &str, parameters: &[(&str, Value)]) -> Value {
    let parameters: Vec<Value> = parameters
        .iter()
        .map(|(key, value)| json!({ "key": key, "value": value }))
        .collect();
    json!({
        "expression": expression,
        "name": name,
        "parameters": parameters,
        "type": "Function",
    })
}

/// Entra's name of an attribute of the directory.
pub(super) fn entras(name: &str) -> String {
    Mapping::attributes_of(Authority::Entra)
        .iter()
        .find(|(_, directory)| *directory == name)
        .map_or(name, |(entras, _)| entras)
        .to_owned()
}

/// The names that expressions read.
fn names_of(expression: &Expression) -> Vec<String> {
    match expression {
        Expression::Attribute(name) | Expression::IfPresent(name, _) => vec![entras(name)],
        Expression::Join(_, names) => names.iter().map(|name| entras(name)).collect(),
        Expression::IsActive => vec!["IsSoftDeleted".to_owned()],
        Expression::Manager | Expression::ManagerId | Expression::ManagerName => {
            vec!["manager".to_owned()]
        }
        Expression::Members => vec!["members".to_owned()],
        Expression::Roles(_) => vec!["appRoleAssignments".to_owned()],
        Expression::Constant(_) => Vec::new(),
    }
}

fn sources(rows: &[Row]) -> Vec<Value> {
    let mut seen: Map<String, Value> = Map::new();
    for row in rows {
        for name in names_of(&row.from) {
            let shown = described(&name, &row.from, row.matching.is_some());
            seen.entry(name).or_insert(shown);
        }
    }
    seen.into_values().collect()
}

fn targets(rows: &[Row]) -> Vec<Value> {
    let id = json!({
        "anchor": true,
        "caseExact": false,
        "multivalued": false,
        "mutability": "ReadOnly",
        "name": "id",
        "required": true,
        "type": "String",
    });
    let mapped = rows
        .iter()
        .map(|row| described(&row.to, &row.from, row.matching.is_some()));
    std::iter::once(id).chain(mapped).collect()
}

fn described(name: &str, from: &Expression, required: bool) -> Value {
    let kind = match from {
        Expression::Manager | Expression::Members => "Reference",
        Expression::IsActive => "Boolean",
        _ => "String",
    };
    json!({
        "anchor": false,
        "caseExact": false,
        "multivalued": *from == Expression::Members,
        "mutability": "ReadWrite",
        "name": name,
        "required": required,
        "type": kind,
    })
}
