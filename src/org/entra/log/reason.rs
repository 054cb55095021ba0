//! Reasons: why an object could not be provisioned, as Graph's `provisioningErrorInfo`.
//!
//! The codes are those of Microsoft's page on how to analyze the provisioning logs [doc], and the two that carry the name of
//! SCIM have been recorded (entra.md 3.3, 8.1). Which answer leads to which code is documented for 409 by an example of
//! Graph; for the others it follows from the page's descriptions and is inferred. So is the category of all but 409.

use serde_json::{Value, json};

use super::Done;
use crate::exchange::{Exchange, Failure};

/// What the names of two codes begin with.
const SCIM: &str = "SystemForCrossDomainIdentityManagement";

/// What an administrator can do about a code.
const ACTIONS: [(&str, &str); 15] = [
    (
        "EntryConflict",
        "Correct the value that is taken already, in the directory or in the application; if the account that has it should have been matched, change the matching attribute.",
    ),
    (
        "TooManyRequests",
        "Nothing is to be done: the object is tried again with the next cycle. The application should take 25 requests a second.",
    ),
    (
        "InternalServerError",
        "Look into the application's log; the object is tried again with the next cycle.",
    ),
    (
        "Unauthorized",
        "Renew the credentials of the application, then start the job again.",
    ),
    (
        "InsufficientRights",
        "Let the credentials of the application manage users and groups, then start the job again.",
    ),
    (
        "MethodNotAllowed",
        "The application does not know this kind of request; it must support it to be provisioned.",
    ),
    (
        "UnprocessableEntity",
        "Compare the values of the request with what the application takes.",
    ),
    (
        "NotImplemented",
        "The application does not know this kind of request; it must support it to be provisioned.",
    ),
    (
        "WebExceptionProtocolError",
        "See whether the application can be reached; the object is tried again with the next cycle.",
    ),
    (
        "Timeout",
        "See why the application takes so long; the object is tried again with the next cycle.",
    ),
    (
        "InvalidAnchor",
        "What was created or matched before is gone. It is matched or created anew with the next cycle; a restart does so for all.",
    ),
    (
        "DuplicateTargetEntries",
        "Remove all but one of the resources that match, or match by an attribute that is unique.",
    ),
    (
        "ImportSkipped",
        "Give the object a value for a matching attribute.",
    ),
    (
        "SystemForCrossDomainIdentityManagementServiceIncompatible",
        "The answer breaks the SCIM contract; the application must answer as Entra's SCIM client needs it.",
    ),
    (
        "SystemForCrossDomainIdentityManagementBadRequest",
        "The application refuses the request as wrong; compare its body with what the application takes.",
    ),
];

/// Why it failed. `message` is what the administrator reads.
pub(super) fn information(work: &Done<'_>, message: &str) -> Value {
    let code = code(work, message);
    let action = ACTIONS
        .iter()
        .find(|(known, _)| *known == code)
        .map(|(_, action)| *action);
    json!({
        "errorCode": code,
        "reason": message,
        "additionalDetails": work.exchanges.last().and_then(details),
        "errorCategory": category(code),
        "recommendedAction": action,
    })
}

/// The code for what the last answer was.
pub(super) fn code(work: &Done<'_>, message: &str) -> &'static str {
    for (known, _) in ACTIONS {
        if known.starts_with(SCIM) && message.contains(known) {
            return known;
        }
    }
    let Some(last) = work.exchanges.last() else {
        return "ImportSkipped";
    };
    match &last.outcome {
        Err(Failure::Timeout(_)) => "Timeout",
        Err(_) => "WebExceptionProtocolError",
        Ok(answer) => match answer.status {
            200..=299 if last.request.method == "GET" => "DuplicateTargetEntries",
            401 => "Unauthorized",
            403 => "InsufficientRights",
            404 if work.read().is_some() => "InvalidAnchor",
            405 => "MethodNotAllowed",
            409 => "EntryConflict",
            422 => "UnprocessableEntity",
            429 => "TooManyRequests",
            501 => "NotImplemented",
            500..=599 => "InternalServerError",
            _ => "WebExceptionProtocolError",
        },
    }
}

/// Whether the application or the way to it failed, or the object could not be taken as it is.
fn category(code: &str) -> &'static str {
    match code {
        "InternalServerError" | "WebExceptionProtocolError" | "Timeout" | "TooManyRequests" => {
            "failure"
        }
        _ => "nonServiceFailure",
    }
}

/// What the application says about it.
fn details(exchange: &Exchange) -> Option<Value> {
    let detail = exchange.response()?.json()?.get("detail")?;
    detail.is_string().then(|| detail.clone())
}
