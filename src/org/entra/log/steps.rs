//! Steps: how the work on an object went, from the directory to the target.
//!
//! Import, matching, processing and export, with the names that Graph's examples show [doc]; a name for an action that no
//! example shows is inferred from theirs.

use serde_json::{Map, Value, json};

use super::{Action, Done, SOURCE, Status, modified, reason};
use crate::exchange::Exchange;
use crate::idp::{Did, Status as Standing, Subject};
use crate::org::entra::schema::entras;

/// All steps, in order.
pub(super) fn steps(work: &Done<'_>) -> Vec<Value> {
    let mut steps = vec![import(work)];
    let reads = work
        .exchanges
        .iter()
        .filter(|exchange| exchange.request.method == "GET");
    steps.extend(reads.map(|read| matching(work, read)));
    steps.push(scoping(work));
    steps.push(processing(work));
    if let Some(write) = work.write() {
        steps.push(export(work, write));
    }
    steps
}

/// `Add`, `Update` or `Delete`: the ending of step names.
fn ending(action: Action) -> &'static str {
    match action {
        Action::Create => "Add",
        Action::Update | Action::Disable => "Update",
        Action::Delete => "Delete",
        Action::Other => "",
    }
}

fn step(name: String, kind: &str, status: Status, description: String, details: Value) -> Value {
    json!({
        "name": name,
        "provisioningStepType": kind,
        "status": status.word(),
        "description": description,
        "details": details,
    })
}

fn import(work: &Done<'_>) -> Value {
    let ending = ending(work.action());
    let description = match ending {
        "" => format!("read {} '{}' from {SOURCE}", work.kind(), work.name()),
        ending => format!(
            "received the {} '{}' from {SOURCE} as a change of type {ending}",
            work.kind(),
            work.name()
        ),
    };
    let details = match work.subject {
        Subject::User(key) => work
            .directory
            .people
            .get(key)
            .map(|person| texts(&person.attributes)),
        Subject::Group(key) => work
            .directory
            .groups
            .get(key)
            .map(|group| texts(&group.attributes)),
    };
    step(
        format!("EntryImport{ending}"),
        "import",
        Status::Success,
        description,
        details.unwrap_or_else(|| json!({})),
    )
}

/// Attributes of the directory as texts, by Entra's names. A password is none of the log's business.
fn texts(attributes: &Map<String, Value>) -> Value {
    let resource: Map<String, Value> = attributes
        .iter()
        .filter(|(name, _)| *name != "password")
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    modified::leaves(&Value::Object(resource))
        .into_iter()
        .map(|(name, value)| (entras(&name), value))
        .collect::<Map<String, Value>>()
        .into()
}

fn matching(work: &Done<'_>, read: &Exchange) -> Value {
    let answer = read.response().and_then(|response| response.json());
    let found = answer.and_then(|answer| match answer.get("Resources") {
        Some(found) => found.get(0),
        None => answer.get("id").map(|_| answer),
    });
    let (status, what) = match (read.status(), found) {
        (Some(200..=299), Some(_)) => (Status::Success, "was found".to_owned()),
        (Some(200..=299 | 404), None) => (Status::Success, "was not found".to_owned()),
        (Some(status), _) => (
            Status::Failure,
            format!("could not be read: the answer was {status}"),
        ),
        (None, _) => (
            Status::Failure,
            "could not be read: there was no answer".to_owned(),
        ),
    };
    let details: Map<String, Value> = found
        .map(modified::leaves)
        .unwrap_or_default()
        .into_iter()
        .collect();
    step(
        "EntryImport".to_owned(),
        "matching",
        status,
        format!(
            "{} '{}' {what} at the application",
            work.kind(),
            work.name()
        ),
        Value::Object(details),
    )
}

fn scoping(work: &Done<'_>) -> Value {
    let (active, assigned) = match work.subject {
        Subject::User(key) => work
            .directory
            .people
            .get(key)
            .map_or((false, false), |person| {
                (person.status == Standing::Active, person.assigned)
            }),
        Subject::Group(key) => work
            .directory
            .groups
            .get(key)
            .map_or((false, false), |group| (true, group.pushed)),
    };
    let text = |flag: bool| if flag { "True" } else { "False" };
    step(
        "EntrySynchronizationScoping".to_owned(),
        "scoping",
        Status::Success,
        format!(
            "{} '{}' is {} scope",
            work.kind(),
            work.name(),
            if assigned { "in" } else { "not in" }
        ),
        json!({
            "Active": text(active),
            "Assigned": text(assigned),
            "IsEffectivelyEntitledForProvisioning": text(active && assigned),
        }),
    )
}

fn processing(work: &Done<'_>) -> Value {
    let (kind, name) = (work.kind(), work.name());
    let action = work.action();
    let (ending, what, details) = match (work.write(), action) {
        (Some(_), Action::Create) => ("Add", "is to be created: nothing matches it", json!({})),
        (Some(_), Action::Disable) => ("Update", "is to be disabled", json!({})),
        (Some(_), Action::Delete) => ("Delete", "is to be deleted", json!({})),
        (Some(_), _) => ("Update", "is to be changed", json!({})),
        (None, _) if work.did.is_err() => ("Skip", "could not be compared", json!({})),
        (None, _) => {
            let why = skip_reason(work);
            ("Skip", "needs no change", json!({ "SkipReason": why }))
        }
    };
    let status = match (work.write(), work.did) {
        (Some(_), _) => Status::Success,
        (None, Ok(_)) => Status::Skipped,
        (None, Err(_)) => Status::Failure,
    };
    step(
        format!("EntrySynchronization{ending}"),
        "processing",
        status,
        format!("{kind} '{name}' {what}"),
        details,
    )
}

/// Why nothing was to be done: both sides agree, or the object is not entitled to an account [doc].
pub(super) fn skip_reason(work: &Done<'_>) -> &'static str {
    match work.did {
        Ok(Did::Nothing) => "NotEffectivelyEntitled",
        _ => "RedundantExport",
    }
}

fn export(work: &Done<'_>, write: &Exchange) -> Value {
    let ending = ending(work.action());
    let (kind, name) = (work.kind(), work.name());
    let (status, description) = match work.did {
        Ok(_) => (
            Status::Success,
            format!("{kind} '{name}' was written to the application"),
        ),
        Err(message) => (
            Status::Failure,
            format!(
                "{kind} '{name}' was not written to the application: {}",
                reason::code(work, message)
            ),
        ),
    };
    let mut details = json!({ "ReportableIdentifier": name });
    if let Some(status) = write.status() {
        details["HttpStatus"] = Value::from(status.to_string());
    }
    step(
        format!("EntryExport{ending}"),
        "export",
        status,
        description,
        details,
    )
}
