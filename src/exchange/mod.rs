//! Exchanges: a request that was sent, with what came back or why nothing did.
//!
//! An exchange keeps what went over the wire: raw target, header order, body bytes. Secrets are masked by the one who
//! builds it ([`Mask`]), so nothing behind this point can print one.

mod body;
pub(crate) mod curl;
mod encoding;
mod mask;
mod secrets;
mod visible;

pub use body::Body;
pub(crate) use encoding::{decoded, decoded_body};
pub use mask::{MASKED, Mask};
pub use secrets::Secrets;
pub use visible::visible;

use std::sync::OnceLock;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::scim::json::{self, Document, JsonFault, Limits};

/// Who sent a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Sender {
    /// The client that is acted, by the profile's name.
    Client(String),
    /// Ourselves: read-back, cleanup, discovery.
    Harness,
}

/// What a request speaks to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Api {
    /// A SCIM endpoint.
    #[default]
    Scim,
    /// Another service, such as a provider's management API: nothing of SCIM holds there.
    Management,
}

impl Api {
    /// A SCIM endpoint, which goes without saying.
    pub fn is_scim(&self) -> bool {
        *self == Self::Scim
    }
}

/// A request as it was sent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Request {
    /// What it speaks to.
    #[serde(default, skip_serializing_if = "Api::is_scim")]
    pub api: Api,
    /// Upper case.
    pub method: String,
    /// Scheme and authority: `http://127.0.0.1:8080`.
    pub origin: String,
    /// Path and query as sent, encoded.
    pub target: String,
    /// As sent, in order; credentials masked.
    pub headers: Vec<(String, String)>,
    /// The bytes sent; empty for none.
    #[serde(default, skip_serializing_if = "Body::is_empty")]
    pub body: Body,
}

impl Request {
    /// The whole URL.
    pub fn url(&self) -> String {
        format!("{}{}", self.origin, self.target)
    }

    /// The first header of that name, in any case.
    pub fn header(&self, name: &str) -> Option<&str> {
        header(&self.headers, name)
    }
}

/// An answer, possibly broken off.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Response {
    /// HTTP status.
    pub status: u16,
    /// In order as received; bytes that are not text are replaced by U+FFFD.
    pub headers: Vec<(String, String)>,
    /// What was read of the body, decoded from its content encoding.
    #[serde(default, skip_serializing_if = "Body::is_empty")]
    pub body: Body,
    /// Why the body is not whole, if it is not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub broken: Option<Broken>,
    /// The body as JSON, read once.
    #[serde(skip)]
    json: ParsedBody,
}

/// Why a body is not whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Broken {
    /// More than this many bytes; reading was stopped.
    TooLarge(u64),
    /// No more came within the time limit, in milliseconds.
    Slow(u64),
    /// The connection ended or the framing was wrong, in the transport's words.
    Cut(String),
    /// The content encoding could not be undone.
    Encoding(String),
}

impl std::fmt::Display for Broken {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::TooLarge(limit) => write!(
                formatter,
                "the body is larger than {limit} bytes; reading stopped there"
            ),
            Self::Slow(limit) => write!(formatter, "the body did not end within {limit} ms"),
            Self::Cut(reason) => write!(formatter, "the body broke off: {reason}"),
            Self::Encoding(reason) => write!(
                formatter,
                "the body's content encoding cannot be undone: {reason}"
            ),
        }
    }
}

impl Response {
    /// An answer.
    pub fn new(
        status: u16,
        headers: Vec<(String, String)>,
        body: Body,
        broken: Option<Broken>,
    ) -> Self {
        Self {
            status,
            headers,
            body,
            broken,
            json: ParsedBody::default(),
        }
    }

    /// The first header of that name, in any case.
    pub fn header(&self, name: &str) -> Option<&str> {
        header(&self.headers, name)
    }

    /// The body read as JSON, with every name that an object has more than once.
    ///
    /// # Errors
    /// What keeps the body from being JSON.
    pub fn document(&self) -> Result<&Document, &JsonFault> {
        self.json
            .0
            .get_or_init(|| json::parse(self.body.bytes(), Limits::default()))
            .as_ref()
    }

    /// The body as JSON, if it is JSON. Of duplicate members the last one counts.
    pub fn json(&self) -> Option<&Value> {
        self.document().ok().map(|document| &document.value)
    }
}

/// The body's JSON, parsed at most once; not part of the answer's identity.
#[derive(Debug, Clone, Default)]
struct ParsedBody(OnceLock<Result<Document, JsonFault>>);

impl PartialEq for ParsedBody {
    fn eq(&self, _other: &Self) -> bool {
        true
    }
}

/// Why there is no answer at all.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "kebab-case")]
pub enum Failure {
    /// Nobody listens, or the name is not known.
    #[error("no connection: {0}")]
    Connect(String),
    /// TLS could not be agreed on.
    #[error("no TLS connection: {0}")]
    Tls(String),
    /// No answer within the time limit, in milliseconds.
    #[error("no answer within {0} ms")]
    Timeout(u64),
    /// The connection ended, or what came is not HTTP.
    #[error("no usable answer: {0}")]
    Protocol(String),
    /// The request was not sent: it could not be built, or it would have left the target.
    #[error("not sent: {0}")]
    NotSent(String),
}

/// A request and its outcome.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Exchange {
    /// Who sent it.
    pub sender: Sender,
    /// What was sent.
    pub request: Request,
    /// What came back.
    #[serde(with = "outcome")]
    pub outcome: Result<Response, Failure>,
    /// When it was sent, RFC 3339 in UTC.
    pub started: String,
    /// Until the last byte, or the failure.
    pub elapsed: Duration,
}

impl Exchange {
    /// The answer, if there is one.
    pub fn response(&self) -> Option<&Response> {
        self.outcome.as_ref().ok()
    }

    /// Answered, and not with a refusal or an error.
    pub fn is_accepted(&self) -> bool {
        self.status().is_some_and(|status| status < 400)
    }

    /// The answer's status, if there is one.
    pub fn status(&self) -> Option<u16> {
        self.response().map(|response| response.status)
    }
}

/// `{"response": …}` or `{"failure": …}` in the event format.
mod outcome {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use super::{Failure, Response};

    #[derive(Serialize)]
    #[serde(rename_all = "kebab-case")]
    enum Borrowed<'a> {
        Response(&'a Response),
        Failure(&'a Failure),
    }

    #[derive(Deserialize)]
    #[serde(rename_all = "kebab-case")]
    enum Owned {
        Response(Response),
        Failure(Failure),
    }

    pub(super) fn serialize<S: Serializer>(
        outcome: &Result<Response, Failure>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        match outcome {
            Ok(response) => Borrowed::Response(response),
            Err(failure) => Borrowed::Failure(failure),
        }
        .serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Result<Response, Failure>, D::Error> {
        Ok(match Owned::deserialize(deserializer)? {
            Owned::Response(response) => Ok(response),
            Owned::Failure(failure) => Err(failure),
        })
    }
}

fn header<'a>(headers: &'a [(String, String)], name: &str) -> Option<&'a str> {
    headers
        .iter()
        .find(|(key, _)| key.eq_ignore_ascii_case(name))
        .map(|(_, value)| value.as_str())
}
