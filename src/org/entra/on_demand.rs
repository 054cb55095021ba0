//! Provisioning on demand: which object, and what is answered: a pair of texts that hold JSON, as Graph documents it.

use serde_json::{Map, Value, json};

use super::fault::Fault;
use crate::idp::Subject;
use crate::org::Reply;
use crate::org::work::Work;

/// What is to be provisioned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct OnDemand {
    pub(super) subject: Subject,
}

impl OnDemand {
    /// Reads the body. `rule` is the one rule of the schema.
    ///
    /// # Errors
    /// It names another rule, more than one object, or none.
    pub(super) fn read(body: &Map<String, Value>, rule: &str) -> Result<Self, Fault> {
        let list = |value: Option<&Value>, name: &str| {
            value
                .and_then(Value::as_array)
                .filter(|elements| elements.len() == 1)
                .map(|elements| elements[0].clone())
                .ok_or_else(|| Fault::query(format!("`{name}` must be a list with one object")))
        };
        let parameters = list(body.get("parameters"), "parameters")?;
        match parameters.get("ruleId").and_then(Value::as_str) {
            Some(given) if given == rule => {}
            Some(given) => {
                return Err(Fault::query(format!(
                    "the schema has no rule `{given}`; it has `{rule}`"
                )));
            }
            None => {
                return Err(Fault::query(
                    "`ruleId` is missing; the job's `schema` names it",
                ));
            }
        }
        let subject = list(parameters.get("subjects"), "subjects")?;
        let text = |name: &str| subject.get(name).and_then(Value::as_str);
        let id = text("objectId")
            .ok_or_else(|| Fault::query("the subject needs an `objectId`"))?
            .to_ascii_lowercase();
        let subject = match text("objectTypeName") {
            Some(kind) if kind.eq_ignore_ascii_case("User") => Subject::User(id),
            Some(kind) if kind.eq_ignore_ascii_case("Group") => Subject::Group(id),
            _ => {
                return Err(Fault::query(
                    "`objectTypeName` of the subject must be `User` or `Group`",
                ));
            }
        };
        Ok(Self { subject })
    }

    /// What was done, from the entries that the log has of it.
    ///
    /// # Errors
    /// In words, why the service does not provision this on demand.
    pub(super) fn reply(&self, entries: &[Value], works: &[Work]) -> Result<Reply, Fault> {
        if let [work] = works
            && let (None, Err(refusal), []) = (&work.subject, &work.did, work.exchanges.as_slice())
        {
            return Err(Fault::query(refusal.as_str()));
        }
        let is = |entry: &&Value, status: &str| {
            entry["provisioningStatusInfo"]["status"].as_str() == Some(status)
        };
        // What failed tells more than what went well, and that more than what needed nothing.
        let main = entries
            .iter()
            .find(|entry| is(entry, "failure"))
            .or_else(|| entries.iter().find(|entry| is(entry, "success")))
            .or_else(|| entries.first());
        let stopped = works
            .iter()
            .filter(|work| work.subject.is_none())
            .find_map(|work| work.did.as_ref().err());
        let (result, details) = match (main, stopped) {
            (Some(entry), None) => result(entry),
            (_, Some(message)) => (
                "Failure",
                json!({ "errorCode": "ConnectionTestFailed", "errorMessage": message }),
            ),
            (None, None) => ("Skipped", json!({})),
        };
        let key = json!({ "result": result, "details": details });
        let value = main.map_or_else(|| json!({}), |main| told(main, entries));
        Ok(Reply::json(
            200,
            json!({
                "@odata.type": "#microsoft.graph.stringKeyStringValuePair",
                "key": key.to_string(),
                "value": value.to_string(),
            }),
        ))
    }
}

/// The result, and why it is no success.
fn result(entry: &Value) -> (&'static str, Value) {
    let info = &entry["provisioningStatusInfo"];
    match info["status"].as_str() {
        Some("success") => ("Success", json!({})),
        Some("failure") => (
            "Failure",
            json!({
                "errorCode": info["errorInformation"]["errorCode"],
                "errorMessage": info["errorInformation"]["reason"],
            }),
        ),
        _ => {
            let steps = entry["provisioningSteps"].as_array();
            let skipped = steps
                .into_iter()
                .flatten()
                .find(|step| step["details"]["SkipReason"].is_string());
            let reason = skipped.map(|step| step["details"]["SkipReason"].clone());
            let words = skipped.map(|step| step["description"].clone());
            (
                "Skipped",
                json!({ "errorCode": reason, "errorMessage": words }),
            )
        }
    }
}

/// The entry as on-demand provisioning words it: other names, words with a capital letter, the steps of all that was done.
fn told(main: &Value, entries: &[Value]) -> Value {
    let steps: Vec<Value> = entries
        .iter()
        .flat_map(|entry| {
            let at = &entry["activityDateTime"];
            let steps = entry["provisioningSteps"].as_array();
            steps.into_iter().flatten().map(move |step| {
                json!({
                    "name": step["name"],
                    "type": capital(&step["provisioningStepType"]),
                    "status": capital(&step["status"]),
                    "description": step["description"],
                    "timestamp": at,
                    "details": step["details"],
                })
            })
        })
        .collect();
    let modified: Vec<&Value> = entries
        .iter()
        .filter_map(|entry| entry["modifiedProperties"].as_array())
        .flatten()
        .collect();
    let info = &main["provisioningStatusInfo"];
    let error = &info["errorInformation"];
    let identity = |entry: &Value| {
        json!({
            "id": entry["id"],
            "type": entry["identityType"],
            "displayName": entry["displayName"],
            "details": entry["details"],
        })
    };
    let system = |entry: &Value| json!({ "id": entry["id"], "name": entry["displayName"], "details": entry["details"] });
    json!({
        "action": capital(&main["provisioningAction"]),
        "changeId": main["changeId"],
        "endTime": main["activityDateTime"],
        "modifiedProperties": modified,
        "provisioningSteps": steps,
        "reportableIdentifier": main["sourceIdentity"]["displayName"],
        "statusInfo": {
            "status": capital(&info["status"]),
            "errorCode": error["errorCode"],
            "reason": error["reason"],
            "additionalDetails": error["additionalDetails"],
            "errorCategory": error["errorCategory"],
            "recommendedAction": error["recommendedAction"],
        },
        "sourceIdentity": identity(&main["sourceIdentity"]),
        "sourceSystem": system(&main["sourceSystem"]),
        "targetIdentity": identity(&main["targetIdentity"]),
        "targetSystem": system(&main["targetSystem"]),
    })
}

fn capital(word: &Value) -> String {
    let word = word.as_str().unwrap_or_default();
    let mut letters = word.chars();
    match letters.next() {
        Some(first) => first.to_uppercase().chain(letters).collect(),
        None => String::new(),
    }
}
