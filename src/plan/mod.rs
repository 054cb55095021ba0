//! Plans: what to send next, given everything exchanged so far. Pure; only `run` sends.
//!
//! [`Script`] plays a scenario file. A plan yields [`Move`]s: a step begins, requests go out, the step ends with what is
//! to be judged.

mod capture;
mod known;
mod people;

mod readback;
pub mod rehearsal;
pub(crate) mod request;
mod script;
mod stored;
mod variables;

pub use known::Known;
pub use people::object_id;
pub use script::{Script, Settings};
pub use variables::Sources;

use std::time::Duration;

use serde_json::Value;

use crate::exchange::{Exchange, Sender};
use crate::finding::{Authority, Strength};
use crate::profile::ProfileId;
use crate::scenario::matcher::Matcher;
use crate::scenario::step::StatusSet;
use crate::scenario::{Feature, Limits, Place};

/// Says what to do next.
pub trait Plan {
    /// The next move. `seen` is what the current step has exchanged so far, in order.
    fn next(&mut self, seen: &[Exchange]) -> Option<Move>;
}

/// One move of a plan.
#[derive(Debug, Clone, PartialEq)]
pub enum Move {
    /// A step begins.
    Begin(Head),
    /// These go out, at once or one after the other.
    Send(Round),
    /// The step is over; judge what it exchanged.
    End(Vec<Expectation>),
    /// A step is left out, and why.
    Skip(Head, Reason),
}

/// Why a step is left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reason {
    /// The target says that it does not have what is needed, or does not declare it.
    NotSupported(String),
    /// Anything else: it could be tested, and is not.
    NotTested(String),
}

/// What a step is called and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// Unique in the scenario.
    pub name: String,
    /// In the file.
    pub place: Place,
    /// The column of the grid that it fills, if not the scenario's.
    pub feature: Option<Feature>,
    /// Where it is documented, if not where the scenario is.
    pub source: Option<String>,
    /// Requirements of gates that it speaks of, its scenario's among them.
    pub certifies: Vec<String>,
    /// Its requests go out at once.
    pub parallel: bool,
    /// Chance decides what is answered, so it is not compared with last time.
    pub is_chance: bool,
}

/// Requests that go out together.
#[derive(Debug, Clone, PartialEq)]
pub struct Round {
    /// Wait before, in real time.
    pub wait: Duration,
    /// What to send. More than one go out at once.
    pub requests: Vec<Outgoing>,
}

/// A request, ready to be sent but for base URL and credentials.
#[derive(Debug, Clone, PartialEq)]
pub struct Outgoing {
    /// As whom.
    pub sender: Sender,
    /// To which tenant of the target.
    pub tenant: Option<String>,
    /// Upper case.
    pub method: String,
    /// Path and query below the base URL, encoded, with a leading slash.
    pub target: String,
    /// Client headers, in order; credentials apart unless the scenario sets them.
    pub headers: Vec<(String, String)>,
    /// The scenario says itself what to send, or not to send, as `Authorization`.
    pub own_authorization: bool,
    /// Body bytes; `None`: no body at all.
    pub body: Option<Vec<u8>>,
    /// Limits.
    pub limits: Limits,
}

impl Outgoing {
    /// A request of ours, without a body.
    pub fn harness(method: &str, target: String, tenant: Option<String>) -> Self {
        let own = ProfileId::Scimulate.profile();
        let headers = own.headers.iter();
        Self {
            sender: Sender::Harness,
            tenant,
            method: method.to_owned(),
            target,
            headers: headers
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect(),
            own_authorization: false,
            body: None,
            limits: Limits::default(),
        }
    }
}

/// Something that an exchange of the step, or what was captured, must fulfil.
#[derive(Debug, Clone, PartialEq)]
pub struct Expectation {
    /// Which exchange of the step, from 0; `None`: none, a claim.
    pub exchange: Option<usize>,
    /// What.
    pub wants: Wants,
    /// On whose authority, and how much it binds. Never empty.
    pub duties: Vec<Duty>,
    /// Why the client needs it.
    pub because: Option<String>,
    /// Where it is documented.
    pub source: Option<String>,
}

/// Who requires something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Duty {
    /// Who.
    pub authority: Authority,
    /// How much it binds.
    pub strength: Strength,
    /// Requirement ids, for the RFC.
    pub requirements: Vec<String>,
}

/// What is wanted.
#[derive(Debug, Clone, PartialEq)]
pub enum Wants {
    /// An answer like this.
    Answer {
        /// Accepted statuses; empty: any.
        status: Vec<StatusSet>,
        /// Header names in lower case.
        headers: Vec<(String, Matcher<Value>)>,
        /// The body.
        body: Option<Matcher<Value>>,
        /// The body as text.
        text: Option<Box<Matcher<Value>>>,
        /// The number of its bytes.
        size: Option<Box<Matcher<Value>>>,
        /// Longest time.
        within: Option<Duration>,
    },
    /// So many requests a second were accepted, over all exchanges of the step.
    Rate {
        /// Requests a second.
        per_second: u32,
        /// How many had to be accepted.
        accepted: u32,
    },
    /// Something that nobody judges here, in words.
    Untested(String),
    /// A value that later steps need could be taken from the answer: its name and what it is called in the answer.
    Capture {
        /// The variable.
        name: String,
        /// Where it should have been.
        from: String,
        /// What is wrong with what was there.
        problem: String,
    },
    /// The resource itself, read by id.
    Resource(Box<State>),
    /// A list that holds exactly this resource.
    Found {
        /// The id that must be the only one.
        id: String,
        /// In the same step, the exchange that read the resource by id: both must agree.
        same_as: Option<usize>,
        /// What it must look like, where it was not read by id.
        state: Option<Box<State>>,
    },
    /// The resource is no longer there by id.
    GoneById {
        /// How the scenario calls it.
        subject: String,
    },
    /// The resource is no longer found.
    GoneByFilter {
        /// Its id.
        id: String,
    },
    /// A claim about what was captured.
    Claim {
        /// What is looked at.
        that: Value,
        /// What it must look like.
        is: Matcher<Value>,
    },
    /// What came of an act for one subject.
    Outcome {
        /// Whom it was about: `user ada`.
        subject: String,
        /// The word that is wanted.
        wanted: String,
        /// The word for what happened.
        found: String,
        /// What the administrator reads, if it failed.
        admin: Option<String>,
    },
    /// Only so many requests were needed.
    Traffic {
        /// How many.
        most: u64,
        /// What was sent: `PATCH /Users/42`.
        sent: Vec<String>,
    },
    /// Nothing was sent, and nothing is claimed about that; the reason.
    Nothing(String),
    /// A request could not be built from what was captured; the reason.
    Sendable(String),
}

/// A body that a step sent.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Sent {
    /// The step's name.
    pub step: String,
    /// Its method; a server may alter what is POSTed (RFC 7644 3.3).
    pub method: String,
    /// The body; in a [`State`], without read-only and unknown members.
    pub body: Value,
}

/// What a resource must look like.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct State {
    /// How the scenario calls it, for messages: `user ada`.
    pub subject: String,
    /// The step that wrote last, whatever it wrote to.
    pub after: Option<String>,
    /// As the scenario says.
    pub is: Option<Matcher<Value>>,
    /// What was sent and must have been stored.
    pub sent: Option<Sent>,
    /// What should have been stored already when it was seen last: what was wrong then was said then.
    pub sent_before: Option<Value>,
    /// What was sent and is not looked for, because the target's own schemas do not list it.
    pub undeclared: Vec<String>,
    /// As it was seen last.
    pub before: Option<Value>,
    /// Paths that may differ from `before`, because the scenario speaks of them.
    pub touched: Vec<String>,
    /// It is a bystander: nothing at all was asked of it.
    pub neighbour: bool,
}
