//! What has passed through: both sides of an exchange as they went over the wire, secrets and all.

use std::time::Duration;

use jiff::Timestamp;

use crate::exchange::{Body, Broken, Exchange, Failure, Request, Response, Sender, decoded_body};
use crate::record::head::Head;
use crate::run::received::EVIDENCE;

/// A copy of a body, up to a limit.
#[derive(Debug, Clone, Default)]
pub(crate) struct Copied {
    bytes: Vec<u8>,
    /// How many there were, kept or not.
    pub(crate) length: u64,
    limit: u64,
}

impl Copied {
    pub(crate) fn new(limit: u64) -> Self {
        Self {
            bytes: Vec::new(),
            length: 0,
            limit,
        }
    }

    pub(crate) fn add(&mut self, bytes: &[u8]) {
        let room = usize::try_from(self.limit).unwrap_or(usize::MAX) - self.bytes.len();
        self.bytes
            .extend_from_slice(&bytes[..bytes.len().min(room)]);
        self.length += bytes.len() as u64;
    }

    /// The bytes, unless there were more than are kept.
    pub(crate) fn whole(&self) -> Option<&[u8]> {
        (self.length <= self.limit).then_some(&self.bytes)
    }

    /// The same with other bytes, of which there are as many as are kept or fewer.
    pub(crate) fn with(&self, bytes: Vec<u8>) -> Self {
        Self {
            length: bytes.len() as u64,
            limit: self.limit.max(bytes.len() as u64),
            bytes,
        }
    }

    /// Nothing is judged by the beginning of what was too large, and every report would carry it.
    fn evidence(mut self) -> Vec<u8> {
        if self.length > self.limit {
            self.bytes.truncate(EVIDENCE);
            self.bytes.shrink_to_fit();
        }
        self.bytes
    }
}

/// An answer as it came.
#[derive(Debug)]
pub(crate) struct Answered {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Copied,
    /// Why it is not whole, if it is not.
    pub(crate) cut: Option<String>,
}

/// A request and what came of it.
#[derive(Debug)]
pub(crate) struct Passed {
    pub(crate) method: String,
    pub(crate) origin: String,
    pub(crate) target: String,
    /// As the client sent them, except for the host.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Copied,
    pub(crate) outcome: Result<Answered, Failure>,
    pub(crate) started: Timestamp,
    pub(crate) elapsed: Duration,
    /// In which order it began among all, from 0.
    pub(crate) number: u64,
    /// Another one was under way at the same time.
    pub(crate) crowded: bool,
    /// What else is to be known of it.
    pub(crate) notices: Vec<String>,
}

impl Passed {
    /// Bytes that it holds, roughly.
    pub(crate) fn size(&self) -> usize {
        let answer = self
            .outcome
            .as_ref()
            .map_or(0, |answer| answer.body.bytes.len());
        self.body.bytes.len() + answer
    }

    /// Whose it is, by its own words.
    pub(crate) fn is_ours(&self) -> bool {
        let agent = |(name, value): &(String, String)| {
            name.eq_ignore_ascii_case("user-agent") && value.starts_with("scimulate/")
        };
        self.headers.iter().any(agent)
    }

    /// The exchange, still with its secrets: the body decoded from its content encoding.
    pub(crate) fn exchange(self, limit: u64) -> Exchange {
        let request = Request {
            api: Default::default(),
            method: self.method,
            origin: self.origin,
            target: self.target,
            headers: self.headers,
            body: Body::new(self.body.evidence()),
        };
        Exchange {
            sender: Sender::Harness,
            request,
            outcome: self.outcome.map(|answer| answer.response(limit)),
            started: self.started.to_string(),
            elapsed: self.elapsed,
        }
    }
}

impl Answered {
    /// An answer whose body is still to come.
    pub(crate) fn of(head: &Head, status: u16, limit: u64) -> Self {
        Self {
            status,
            headers: head.headers(),
            body: Copied::new(limit),
            cut: None,
        }
    }

    fn response(self, limit: u64) -> Response {
        let mut broken = self.cut.map(Broken::Cut);
        if self.body.length > limit {
            broken = Some(Broken::TooLarge(limit));
        }
        let evidence = self.body.evidence();
        let (mut bytes, broken) = decoded_body(&self.headers, evidence, broken, limit);
        if let Some(Broken::TooLarge(_)) = broken {
            bytes.truncate(EVIDENCE);
        }
        Response::new(self.status, self.headers, Body::new(bytes), broken)
    }
}
