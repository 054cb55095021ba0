//! Faults: what Graph answers when it cannot do what it is asked, as OData error bodies with Graph's codes. The words are
//! ours.

use serde_json::{Value, json};

/// Why an ask cannot be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fault {
    /// HTTP status.
    pub(super) status: u16,
    /// Graph's code.
    pub(super) code: &'static str,
    /// What is wrong, and what to do.
    pub(super) message: String,
    /// The property it is about, with Graph's code for what is wrong with it.
    pub(super) detail: Option<(&'static str, String)>,
}

impl Fault {
    /// 400: the ask is wrong.
    pub(super) fn bad(message: impl Into<String>) -> Self {
        Self {
            status: 400,
            code: "Request_BadRequest",
            message: message.into(),
            detail: None,
        }
    }

    /// 400: a property has a value that it cannot have.
    pub(super) fn invalid(property: &str, message: impl Into<String>) -> Self {
        Self {
            detail: Some(("InvalidValue", property.to_owned())),
            ..Self::bad(message)
        }
    }

    /// 400: another object has that value already. Graph says so with 400, not with 409.
    pub(super) fn conflict(property: &str, value: &str) -> Self {
        Self {
            detail: Some(("ObjectConflict", property.to_owned())),
            ..Self::bad(format!(
                "another object has the same value for property `{property}`: `{value}`"
            ))
        }
    }

    /// 400: the query options cannot be read.
    pub(super) fn query(message: impl Into<String>) -> Self {
        Self {
            code: "BadRequest",
            ..Self::bad(message)
        }
    }

    /// 404: no object has that id.
    pub(super) fn missing(what: &str, id: &str) -> Self {
        Self {
            status: 404,
            code: "Request_ResourceNotFound",
            message: format!(
                "there is no {what} `{id}`, or one of the objects that it refers to is not there"
            ),
            detail: None,
        }
    }

    /// 404: what the synchronization service calls an object that is not there.
    pub(super) fn no_such(what: &str, id: &str) -> Self {
        Self {
            code: "ResourceNotFound",
            ..Self::missing(what, id)
        }
    }

    /// 400: Graph knows no such path, or this emulation of it does not.
    pub(super) fn unknown_path(path: &str) -> Self {
        Self {
            code: "BadRequest",
            ..Self::bad(format!(
                "`/{path}` is no resource that is emulated; `scimulate org --help` and the README name those that are"
            ))
        }
    }

    /// 405: the path is known, the method is not.
    pub(super) fn method(method: &str, path: &str, known: &str) -> Self {
        Self {
            status: 405,
            code: "Request_BadRequest",
            message: format!("`{method}` is not allowed for `/{path}`; {known} is"),
            detail: None,
        }
    }

    /// 401: no token, or a wrong one.
    pub(super) fn token(message: impl Into<String>) -> Self {
        Self {
            status: 401,
            code: "InvalidAuthenticationToken",
            message: message.into(),
            detail: None,
        }
    }

    /// The body. `request` identifies the ask, `date` says when it came.
    pub(super) fn body(&self, request: &str, date: &str) -> Value {
        let mut error = json!({
            "code": self.code,
            "message": self.message,
        });
        if let Some((code, target)) = &self.detail {
            error["details"] = json!([{ "code": code, "message": self.message, "target": target }]);
        }
        error["innerError"] = json!({
            "date": date,
            "request-id": request,
            "client-request-id": request,
        });
        json!({ "error": error })
    }
}
