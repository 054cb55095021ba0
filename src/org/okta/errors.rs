//! Errors of Okta's management API: `{errorCode, errorSummary, errorLink, errorId, errorCauses[]}`.
//!
//! Codes, statuses and summaries as on developer.okta.com/docs/reference/error-codes.

use serde_json::{Value, json};

use crate::org::Reply;
use crate::org::ids::Ids;

/// Why a call is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// E0000001: what is wrong, by the name of the object or field, each cause in words.
    Invalid(String, Vec<String>),
    /// E0000003: the body is no JSON object.
    Malformed,
    /// E0000007: what was asked for, and its kind: `00u…`, `User`.
    Missing(String, &'static str),
    /// E0000008: no such path.
    NoPath,
    /// E0000011: no token, or a wrong one.
    Token,
    /// E0000016: it is active already.
    Active,
    /// E0000022: the path is there, the method is not.
    Method,
    /// E0000031: a filter that cannot be read.
    Filter,
    /// E0000038: not in the user's status.
    Status,
    /// E0000021: the body is no JSON by its media type.
    Media,
    /// The body is too large. Okta's own words for that are not documented.
    Large(usize),
}

impl Refusal {
    /// One thing wrong with a field.
    pub(crate) fn invalid(field: &str, cause: impl Into<String>) -> Self {
        Self::Invalid(field.to_owned(), vec![format!("{field}: {}", cause.into())])
    }

    /// A precondition that is not met, in words.
    pub(crate) fn precondition(object: &str, cause: impl Into<String>) -> Self {
        Self::Invalid(object.to_owned(), vec![cause.into()])
    }

    fn status(&self) -> u16 {
        match self {
            Self::Invalid(..) | Self::Malformed | Self::Filter => 400,
            Self::Token => 401,
            Self::Active | Self::Status => 403,
            Self::Missing(..) | Self::NoPath => 404,
            Self::Method => 405,
            Self::Large(_) => 413,
            Self::Media => 415,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Invalid(..) | Self::Large(_) => "E0000001",
            Self::Malformed => "E0000003",
            Self::Missing(..) => "E0000007",
            Self::NoPath => "E0000008",
            Self::Token => "E0000011",
            Self::Active => "E0000016",
            Self::Media => "E0000021",
            Self::Method => "E0000022",
            Self::Filter => "E0000031",
            Self::Status => "E0000038",
        }
    }

    /// As the API says it, and as the System Log gives it for a reason.
    pub(crate) fn summary(&self) -> String {
        match self {
            Self::Invalid(object, _) => format!("Api validation failed: {object}"),
            Self::Large(_) => "Api validation failed: body".to_owned(),
            Self::Malformed => "The request body was not well-formed.".to_owned(),
            Self::Missing(id, kind) => format!("Not found: Resource not found: {id} ({kind})"),
            Self::NoPath => "The requested path was not found".to_owned(),
            Self::Token => "Invalid token provided".to_owned(),
            Self::Active => "Activation failed because the user is already active".to_owned(),
            Self::Media => {
                "Bad request.  Accept and/or Content-Type headers likely do not match supported values."
                    .to_owned()
            }
            Self::Filter => "Invalid search criteria.".to_owned(),
            Self::Method => "The endpoint does not support the provided HTTP method".to_owned(),
            Self::Status => {
                "This operation is not allowed in the user's current status.".to_owned()
            }
        }
    }

    /// The answer.
    pub(crate) fn reply(&self, ids: &mut Ids) -> Reply {
        let causes: Vec<Value> = match self {
            Self::Invalid(_, causes) => causes
                .iter()
                .map(|cause| json!({"errorSummary": cause}))
                .collect(),
            Self::Large(limit) => {
                vec![
                    json!({"errorSummary": format!("body: The body is larger than {limit} bytes")}),
                ]
            }
            _ => Vec::new(),
        };
        Reply::json(
            self.status(),
            json!({
                "errorCode": self.code(),
                "errorSummary": self.summary(),
                "errorLink": self.code(),
                "errorId": ids.okta("oae"),
                "errorCauses": causes,
            }),
        )
    }
}
