//! Errors as SCIM answers them (RFC 7644 3.12).

use serde_json::{Value, json};

use super::Answer;
use crate::scim::urn;

/// The error keyword of RFC 7644 table 9 and RFC 9865 2.1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ScimType {
    InvalidFilter,
    Uniqueness,
    Mutability,
    InvalidSyntax,
    InvalidPath,
    NoTarget,
    InvalidValue,
    InvalidVers,
    InvalidCursor,
    ExpiredCursor,
    InvalidCount,
}

impl ScimType {
    fn keyword(self) -> &'static str {
        match self {
            ScimType::InvalidFilter => "invalidFilter",
            ScimType::Uniqueness => "uniqueness",
            ScimType::Mutability => "mutability",
            ScimType::InvalidSyntax => "invalidSyntax",
            ScimType::InvalidPath => "invalidPath",
            ScimType::NoTarget => "noTarget",
            ScimType::InvalidValue => "invalidValue",
            ScimType::InvalidVers => "invalidVers",
            ScimType::InvalidCursor => "invalidCursor",
            ScimType::ExpiredCursor => "expiredCursor",
            ScimType::InvalidCount => "invalidCount",
        }
    }
}

/// A request that cannot be fulfilled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) status: u16,
    pub(crate) scim_type: Option<ScimType>,
    pub(crate) detail: String,
    pub(crate) headers: Vec<(&'static str, String)>,
}

impl Refusal {
    pub(crate) fn new(status: u16, detail: impl Into<String>) -> Refusal {
        Refusal {
            status,
            scim_type: None,
            detail: detail.into(),
            headers: Vec::new(),
        }
    }

    pub(crate) fn bad(scim_type: ScimType, detail: impl Into<String>) -> Refusal {
        Refusal {
            scim_type: Some(scim_type),
            ..Refusal::new(400, detail)
        }
    }

    pub(crate) fn value(detail: impl Into<String>) -> Refusal {
        Refusal::bad(ScimType::InvalidValue, detail)
    }

    pub(crate) fn syntax(detail: impl Into<String>) -> Refusal {
        Refusal::bad(ScimType::InvalidSyntax, detail)
    }

    pub(crate) fn mutability(detail: impl Into<String>) -> Refusal {
        Refusal::bad(ScimType::Mutability, detail)
    }

    pub(crate) fn no_target(detail: impl Into<String>) -> Refusal {
        Refusal::bad(ScimType::NoTarget, detail)
    }

    pub(crate) fn not_found(what: &str, id: &str) -> Refusal {
        Refusal::new(404, format!("{what} `{id}` does not exist"))
    }

    pub(crate) fn method(method: &str, allowed: &str) -> Refusal {
        let detail = format!("{method} is not possible here; possible are {allowed}");
        Refusal {
            headers: vec![("allow", allowed.to_owned())],
            ..Refusal::new(405, detail)
        }
    }

    pub(crate) fn with_header(mut self, name: &'static str, value: impl Into<String>) -> Refusal {
        self.headers.push((name, value.into()));
        self
    }

    pub(crate) fn body(&self) -> Value {
        let mut body = json!({"schemas": [urn::ERROR], "status": self.status.to_string()});
        if let (Some(scim_type), Some(members)) = (self.scim_type, body.as_object_mut()) {
            members.insert("scimType".to_owned(), json!(scim_type.keyword()));
        }
        if let Some(members) = body.as_object_mut() {
            members.insert("detail".to_owned(), json!(self.detail));
        }
        body
    }

    pub(crate) fn into_answer(self) -> Answer {
        let mut answer = Answer::json(self.status, &self.body());
        answer.headers.extend(self.headers);
        answer
    }
}
