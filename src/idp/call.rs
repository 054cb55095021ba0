//! Calls: what a provider sends next, still decoded, with what it needs of the answer.

use std::time::Duration;

use serde_json::{Map, Value};

use crate::finding::{Authority, Strength};
use crate::idp::Subject;
use crate::profile::ProfileId;
use crate::scenario::matcher::Matcher;
use crate::scenario::step::StatusSet;

/// One request of a provider.
#[derive(Debug, Clone, PartialEq)]
pub struct Call {
    /// What it is for, in words: `look ada up`. The step's name in an expanded scenario.
    pub title: String,
    /// As whom: what is provisioned on demand goes out in another dialect (entra.md 0).
    pub client: ProfileId,
    /// Upper case.
    pub method: &'static str,
    /// Decoded path segments: `["Users", id]`.
    pub path: Vec<String>,
    /// Decoded query parameters in the order of the provider.
    pub query: Vec<(&'static str, String)>,
    /// The body.
    pub payload: Option<Payload>,
    /// Whom it is about.
    pub subject: Option<Subject>,
    /// A 2xx answer holds the id by which the subject is known from now on.
    pub creates: bool,
    /// Where the request is documented, with its evidence: `okta.md 2.1 [doc][recorded]`.
    pub source: &'static str,
    /// Requirement ids of the RFCs that the answer's status fulfils or breaks.
    pub covers: &'static [&'static str],
    /// What the provider needs of the answer; see [`Call::judged_by`].
    pub needs: Vec<Need>,
    /// Virtual time that passes before it is sent.
    pub after: Duration,
    /// How often it was sent already and answered with a refusal for now.
    pub attempt: u32,
}

/// A body.
#[derive(Debug, Clone, PartialEq)]
pub enum Payload {
    /// The whole document, key order kept.
    Document(Value),
    /// An earlier answer with values written over it (okta.md 3.2).
    Overlay {
        /// The answer's body.
        over: Value,
        /// Member names or SCIM paths; `None` takes the member away.
        with: Vec<(String, Option<Value>)>,
        /// The result.
        document: Value,
    },
}

impl Payload {
    /// The document that is sent.
    pub fn document(&self) -> &Value {
        match self {
            Self::Document(document) | Self::Overlay { document, .. } => document,
        }
    }

    /// The bytes that are sent: compact, UTF-8 (okta.md 0.3, entra.md 1.4).
    pub fn bytes(&self) -> Vec<u8> {
        self.document().to_string().into_bytes()
    }

    /// A PATCH message with these operations.
    pub fn patch(operations: Vec<Value>) -> Self {
        let mut message = Map::new();
        message.insert(
            "schemas".to_owned(),
            Value::from(vec!["urn:ietf:params:scim:api:messages:2.0:PatchOp"]),
        );
        message.insert("Operations".to_owned(), Value::Array(operations));
        Self::Document(Value::Object(message))
    }
}

/// Something that a provider needs of an answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Need {
    /// Accepted statuses; empty: any.
    pub status: Vec<StatusSet>,
    /// What the body must look like.
    pub body: Option<Matcher<Value>>,
    /// On whose authority; `None`: the provider's.
    pub by: Option<Authority>,
    /// How much it binds. What is only inferred is at most [`Strength::Should`].
    pub strength: Strength,
    /// Requirement ids, where the RFC demands it, too.
    pub covers: &'static [&'static str],
    /// Why, in words for the server's maintainer.
    pub because: &'static str,
}

impl Need {
    /// One of these statuses.
    pub fn status(accepted: &[u16], because: &'static str) -> Self {
        Self {
            status: accepted.iter().copied().map(StatusSet::One).collect(),
            body: None,
            by: None,
            strength: Strength::Must,
            covers: &[],
            because,
        }
    }

    /// And a body like this.
    pub fn with_body(mut self, body: Matcher<Value>) -> Self {
        self.body = Some(body);
        self
    }

    /// It is only recommended.
    pub fn recommended(mut self) -> Self {
        self.strength = Strength::Should;
        self
    }

    /// The RFC demands it, too.
    pub fn covering(mut self, covers: &'static [&'static str]) -> Self {
        self.covers = covers;
        self
    }
}

impl Call {
    /// A request without a body.
    pub fn new(
        client: ProfileId,
        method: &'static str,
        path: &[&str],
        title: impl Into<String>,
        source: &'static str,
    ) -> Self {
        Self {
            title: title.into(),
            client,
            method,
            path: path.iter().map(|segment| (*segment).to_owned()).collect(),
            query: Vec::new(),
            payload: None,
            subject: None,
            creates: false,
            source,
            covers: &[],
            needs: Vec::new(),
            after: Duration::ZERO,
            attempt: 0,
        }
    }

    /// Whom it is about.
    pub fn about(mut self, subject: Subject) -> Self {
        self.subject = Some(subject);
        self
    }

    /// With a query parameter, decoded.
    pub fn query(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.query.push((name, value.into()));
        self
    }

    /// With a body.
    pub fn body(mut self, payload: Payload) -> Self {
        self.payload = Some(payload);
        self
    }

    /// Its answer must fulfil this.
    pub fn needing(mut self, need: Need) -> Self {
        self.needs.push(need);
        self
    }

    /// The RFC's requirements on the answer.
    pub fn covering(mut self, covers: &'static [&'static str]) -> Self {
        self.covers = covers;
        self
    }

    /// It creates its subject.
    pub fn creating(mut self) -> Self {
        self.creates = true;
        self
    }

    /// All that the answer is judged by: what the provider needs, and the status on the authority of the RFC, where
    /// [`covers`](Self::covers) says so.
    pub fn judged_by(&self) -> Vec<Need> {
        let mut needs = self.needs.clone();
        if !self.covers.is_empty() {
            let mut status: Vec<StatusSet> = Vec::new();
            for accepted in self.needs.iter().flat_map(|need| &need.status) {
                if !status.contains(accepted) {
                    status.push(*accepted);
                }
            }
            needs.push(Need {
                status,
                body: None,
                by: Some(Authority::Rfc),
                strength: Strength::Must,
                covers: self.covers,
                because: "",
            });
        }
        needs
    }

    /// Whether it changes something at the target.
    pub fn is_write(&self) -> bool {
        !matches!(self.method, "GET" | "HEAD" | "OPTIONS")
    }
}
