//! The steps of a scenario.

use std::fmt;
use std::time::Duration;

use jiff::tz::Offset;

use crate::finding::{Authority, Strength};
use crate::profile::ProfileId;
use crate::scenario::act::{Act, ActExpect};
use crate::scenario::matcher::Matcher;
use crate::scenario::template::{Text, Tree};
use crate::scenario::{Feature, Limits, Place, Source};

/// One step.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    /// Unique in its scenario, `cleanup` included.
    pub name: String,
    /// Where it begins in its file (inside the fragment's file, if it came from one).
    pub place: Place,
    /// Another client than the scenario's.
    pub client: Option<ProfileId>,
    /// A tenant of the target by name.
    pub tenant: Option<String>,
    /// The column of the grid that this step fills, if not the scenario's.
    pub feature: Option<Feature>,
    /// Where this step is documented, if not where the scenario is.
    pub source: Option<Source>,
    /// Requirement ids of this step alone.
    pub covers: Vec<String>,
    /// Ids in `fixtures/gates` that this step alone speaks of.
    pub certifies: Vec<String>,
    /// What this step needs of the target.
    pub needs: Vec<String>,
    /// Limits of this step.
    pub limits: Limits,
    /// Else the step is skipped. Conditions of enclosing blocks come first.
    pub when: Vec<Condition>,
    /// Chance decides what is answered, so it is not compared with last time.
    pub is_chance: bool,
    /// Variables of the row of `cases` that this step belongs to.
    pub row: Vec<(String, Tree)>,
    /// What it does.
    pub action: Action,
}

/// A condition on what was captured.
#[derive(Debug, Clone, PartialEq)]
pub struct Condition {
    /// What is looked at.
    pub that: Tree,
    /// What it must look like.
    pub is: Matcher<Tree>,
}

/// What a step does.
#[derive(Debug, Clone, PartialEq)]
pub enum Action {
    /// Sends one request, or one several times.
    Request(Box<RequestStep>),
    /// Sends several at once; each is an [`Action::Request`] without `repeat`.
    Parallel(Vec<Step>),
    /// Reads a resource back, as ourselves.
    Verify(Box<Verify>),
    /// Sends nothing: a claim about what was captured.
    Claim(Condition),
    /// An administrator does something, and the provider sends what follows.
    Act(Box<(Act, ActExpect)>),
    /// Reads back all that the provider has provisioned, as ourselves: it must be as the directory says.
    VerifyMapped(Option<String>),
}

/// A request and what is done with its answer.
#[derive(Debug, Clone, PartialEq)]
pub struct RequestStep {
    /// Upper case.
    pub method: String,
    /// Path and query.
    pub target: RequestTarget,
    /// Headers to set, or (`None`) to take away, over those of the client.
    pub headers: Vec<(String, Option<Text>)>,
    /// The body.
    pub body: Body,
    /// Each judged on its own.
    pub expect: Vec<Expect>,
    /// Captures.
    pub keep: Vec<Capture>,
    /// Captures that append to a list.
    pub collect: Vec<Capture>,
    /// How often it is sent, if not once.
    pub repeat: Option<Repeat>,
    /// Wait before it is sent, in real time.
    pub wait: Duration,
}

/// Where a request goes, relative to the target's base URL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RequestTarget {
    /// Decoded: each path segment (the text between slashes, the first after the leading slash) and each query
    /// parameter is encoded by itself, as the client does it.
    Decoded {
        /// Path segments.
        path: Vec<Text>,
        /// Parameter names and values in the order written; a parameter without `=` has no value.
        query: Vec<(String, Option<Text>)>,
    },
    /// As it stands.
    Raw(Text),
}

/// A request's body.
#[derive(Debug, Clone, PartialEq)]
pub enum Body {
    /// None.
    None,
    /// JSON text, sent byte for byte; variables are escaped inside quotes, and become JSON values outside.
    Json(Text),
    /// Any text.
    Text(Text),
    /// Serialised compactly.
    Tree(Tree),
    /// An earlier body with members written over it.
    Overlay {
        /// The earlier body: usually one variable.
        over: Tree,
        /// Member name or SCIM path, and the value; `None` takes the member away.
        with: Vec<(Text, Option<Tree>)>,
    },
}

/// An expectation, judged on its own.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Expect {
    /// Accepted statuses; empty: any.
    pub status: Vec<StatusSet>,
    /// Header names in lower case, and what their value must look like.
    pub headers: Vec<(String, Matcher<Tree>)>,
    /// What the body must look like.
    pub body: Option<Matcher<Tree>>,
    /// What the body must look like as text, whatever its form.
    pub text: Option<Matcher<Tree>>,
    /// What its number of bytes must be.
    pub size: Option<Matcher<Tree>>,
    /// Longest time for the answer.
    pub within: Option<Duration>,
    /// What is to be judged here and is not, in words.
    pub untested: Option<String>,
    /// On whose authority; empty: by the client and `covers`.
    pub by: Vec<Authority>,
    /// How much it binds; not given: must, or what the evidence allows.
    pub strength: Option<Strength>,
    /// Requirement ids.
    pub covers: Vec<String>,
    /// Why the client needs it.
    pub because: Option<String>,
}

/// One status, or a class of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StatusSet {
    /// This one.
    One(u16),
    /// `2xx` is `Class(2)`.
    Class(u16),
}

impl StatusSet {
    /// Whether the status is meant.
    pub fn has(self, status: u16) -> bool {
        match self {
            Self::One(one) => one == status,
            Self::Class(class) => status / 100 == class,
        }
    }
}

/// Takes something from an answer and gives it a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Capture {
    /// Dotted name.
    pub name: String,
    /// Where it is found.
    pub from: Selector,
}

/// Where in an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Selector {
    /// JSONPath over the body, begins with `$`.
    JsonPath(String),
    /// SCIM path over the body.
    ScimPath(String),
    /// A header by its name in lower case.
    Header(String),
    /// The part of the `ETag` header between and with the quotes, without `W/` (RFC 9110 8.8.3).
    OpaqueTag,
    /// The status as a number.
    Status,
    /// The instant that a JSONPath leads to, written as in another zone.
    Instant {
        /// That zone.
        offset: Offset,
        /// JSONPath over the body.
        path: String,
    },
}

/// How often a request is sent.
#[derive(Debug, Clone, PartialEq)]
pub enum Repeat {
    /// For each value of a variable.
    For {
        /// Its name.
        variable: String,
        /// First value.
        from: Tree,
        /// Added each time; never zero.
        by: i64,
        /// Not beyond this one.
        to: Tree,
        /// Most requests.
        at_most: u32,
    },
    /// Until the answer fits.
    Until {
        /// What it must look like: only `status`, `headers` and `body` are used.
        until: Box<Expect>,
        /// Wait between two requests.
        every: Duration,
        /// Most requests.
        at_most: u32,
    },
    /// Until so many were accepted, several at once: how fast the target can be asked.
    Load {
        /// How many must be accepted.
        accepted: u32,
        /// How many are under way at once.
        at_once: u32,
        /// How many must be accepted each second.
        per_second: u32,
    },
}

/// Reads a resource back.
#[derive(Debug, Clone, PartialEq)]
pub struct Verify {
    /// Which resource.
    pub subject: Subject,
    /// What it must look like.
    pub is: Option<Matcher<Tree>>,
    /// Name of an earlier request step whose body must have been stored.
    pub sent: Option<String>,
    /// What must have been stored, as far as the target's schemas have it.
    pub stored: Option<Tree>,
    /// It must be gone.
    pub gone: bool,
    /// What is not named must be as it was.
    pub rest_unchanged: bool,
    /// Must be untouched.
    pub neighbours: Vec<Subject>,
    /// Read by id.
    pub by_id: bool,
    /// Read by filter.
    pub by_filter: bool,
    /// On whose authority; empty: by the client and `covers`.
    pub authority: Vec<Authority>,
    /// Why the client needs it.
    pub because: Option<String>,
}

/// A resource that a `verify` is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subject {
    /// A person's alias: `${alias.id}`, `${alias.userName}`.
    User(String),
    /// A group's alias: `${alias.id}`, `${alias.displayName}`.
    Group(String),
    /// Any address; only read by id.
    At(RequestTarget),
}

impl Subject {
    /// The person or group, unless it is an address.
    pub fn alias(&self) -> Option<&str> {
        match self {
            Self::User(alias) | Self::Group(alias) => Some(alias),
            Self::At(_) => None,
        }
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::User(alias) => write!(formatter, "user {alias}"),
            Self::Group(alias) => write!(formatter, "group {alias}"),
            Self::At(_) => formatter.write_str("resource"),
        }
    }
}
