//! Answers of the recorder itself, where there is no endpoint that could answer.

use serde_json::json;

use crate::scim::urn;

/// Why a request is not passed on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refusal {
    status: u16,
    reason: &'static str,
    pub(crate) detail: String,
}

impl Refusal {
    /// The request cannot be read, or not passed on.
    pub(crate) fn bad_request(detail: impl Into<String>) -> Self {
        Self::new(400, "Bad Request", detail)
    }

    /// It is meant for another host.
    pub(crate) fn misdirected(detail: impl Into<String>) -> Self {
        Self::new(421, "Misdirected Request", detail)
    }

    /// The endpoint cannot be reached.
    pub(crate) fn bad_gateway(detail: impl Into<String>) -> Self {
        Self::new(502, "Bad Gateway", detail)
    }

    /// There was no connection to the endpoint in time.
    pub(crate) fn gateway_timeout(detail: impl Into<String>) -> Self {
        Self::new(504, "Gateway Timeout", detail)
    }

    fn new(status: u16, reason: &'static str, detail: impl Into<String>) -> Self {
        Self {
            status,
            reason,
            detail: detail.into(),
        }
    }

    /// The answer, whose body says that it is not the endpoint's.
    pub(crate) fn answer(&self, is_head: bool, goes_on: bool) -> Vec<u8> {
        let body = json!({
            "schemas": [urn::ERROR],
            "status": self.status.to_string(),
            "detail": format!("answered by scimulate record, not by the endpoint: {}", self.detail),
        })
        .to_string();
        let mut answer = format!(
            "HTTP/1.1 {} {}\r\nContent-Type: application/scim+json\r\nContent-Length: {}\r\nServer: scimulate-record/{}\r\n",
            self.status,
            self.reason,
            body.len(),
            env!("CARGO_PKG_VERSION"),
        );
        if !goes_on {
            answer.push_str("Connection: close\r\n");
        }
        answer.push_str("\r\n");
        if !is_head {
            answer.push_str(&body);
        }
        answer.into_bytes()
    }
}
