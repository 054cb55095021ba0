//! Scenarios: declarative stories in YAML, loaded strictly, sent by nobody here.
//!
//! `scenarios/README.md` is the language reference. This module holds what a file means once it was read; `load` turns
//! text into it and reports every mistake of a file at once.

pub mod act;
pub mod declaration;
pub mod error;
pub(crate) mod flow;
mod hint;
pub mod load;
pub mod matcher;
pub mod matching;
pub(crate) mod nearest;
pub(crate) mod scalar;
pub mod step;
pub mod template;
pub(crate) mod yaml;

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use crate::finding::Authority;
use crate::profile::ProfileId;
use crate::scenario::step::Step;
use crate::scenario::template::{Text, Tree};

/// Where something stands in a scenario file, for messages and reports.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Place {
    /// The file as the user named it.
    pub file: String,
    /// Line, counted from 1.
    pub line: usize,
    /// Column in characters, counted from 1.
    pub column: usize,
}

impl fmt::Display for Place {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:{}:{}", self.file, self.line, self.column)
    }
}

/// One story: a file, read and understood, with fragments and case tables already written out as steps.
#[derive(Debug, Clone, PartialEq)]
pub struct Scenario {
    /// The file as the user named it, with `/` between its parts; also the scenario's identity in reports and snapshots.
    pub path: String,
    /// One line for people.
    pub title: String,
    /// The clients it is told as; the scenario runs once for each. Never empty.
    pub clients: Vec<ProfileId>,
    /// The column of the provider-by-feature grid that it fills.
    pub feature: Option<Feature>,
    /// Where the sequence is documented.
    pub source: Option<Source>,
    /// Ids in `fixtures/rfc-requirements.jsonl` that it tests.
    pub covers: Vec<String>,
    /// Ids in `fixtures/gates` that it speaks of.
    pub certifies: Vec<String>,
    /// What the target must have, see [`NEEDS`].
    pub needs: Vec<String>,
    /// The published integration that it is about, one of [`declaration::PRESETS`]: no other target is asked.
    pub preset: Option<String>,
    /// Other services than the target that steps speak to, by the name that `on` has: the base URL of each.
    pub services: Vec<(String, Text)>,
    /// Choices of the embedded server, `NAME=CHOICE`: without a target the scenario has such a server for itself.
    pub policies: Vec<String>,
    /// The story that this was written out from, by its path.
    pub expands: Option<String>,
    /// Free words for selection.
    pub tags: Vec<String>,
    /// No other scenario may run beside it.
    pub alone: bool,
    /// People by alias, attributes as written in their fixture.
    pub people: Vec<(String, Tree)>,
    /// What a provider provisions from beside the people, for `act` steps.
    pub directory: DirectoryPart,
    /// Variables of the file, in the order written; a later one may use an earlier one.
    pub variables: Vec<(String, Tree)>,
    /// The `var.` and `env.` names that it uses, and whether it can do without a value.
    pub outside: BTreeMap<String, bool>,
    /// Limits of every step that has none of its own.
    pub limits: Limits,
    /// What happens, in order.
    pub steps: Vec<Step>,
    /// What happens at the end in any case.
    pub cleanup: Vec<Step>,
}

/// What of a provider's directory and settings a file gives, beside its people.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct DirectoryPart {
    /// Groups by alias: their attributes, `displayName` among them. Also variables of that name.
    pub groups: Vec<(String, Tree)>,
    /// Keys of each group's first members, by the group's alias.
    pub members: BTreeMap<String, Vec<String>>,
    /// Roles by key, each a mapping with `id`, `value`, `display`.
    pub roles: Vec<(String, Tree)>,
    /// People without a file: a name, and how many of them there are.
    pub crowds: Vec<(String, usize)>,
    /// Mapping rows over the provider's default, by the provider's name.
    pub mapping: Vec<(String, Vec<MappingRow>)>,
    /// Switches of the providers, by name.
    pub switches: Vec<(String, String, Place)>,
}

/// A row that a file adds to a provider's mapping, or takes away.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MappingRow {
    /// The provider's expression; `None` takes the row away.
    pub from: Option<String>,
    /// The provider's target.
    pub to: String,
    /// Precedence in matching.
    pub matching: Option<u32>,
    /// Where it stands.
    pub place: Place,
}

/// Words that `needs` may use beside those that a target declares, see [`declaration`].
pub const NEEDS: [&str; 13] = [
    "patch",
    "bulk",
    "filter",
    "sort",
    "etag",
    "change-password",
    "cursor",
    "credential",
    "disposable",
    "users",
    "groups",
    "enterprise",
    "entitlements",
];

/// Limits of one exchange; what is not given comes from the scenario, then from the command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Limits {
    /// Longest time from sending to the last byte of the answer.
    pub timeout: Option<Duration>,
    /// Most bytes of an answer's body that are read.
    pub body: Option<u64>,
}

/// Where a sequence or rule is documented and how well that is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// The whole text as written, marks included: `okta.md 4.1 [doc][recorded]`.
    pub text: String,
    /// The evidence marks in the text, in the order written. Never empty.
    pub evidence: Vec<Evidence>,
}

impl Source {
    /// Only concluded, not documented or recorded: never a reason to fail a target.
    pub fn only_inferred(&self) -> bool {
        self.evidence.iter().all(|mark| *mark == Evidence::Inferred)
    }

    /// What concerns a client of this authority: parts, divided by `;`, that name only the other provider are left out.
    pub fn of(&self, authority: Authority) -> String {
        let foreign = |part: &&str| match authority {
            Authority::Okta => part.starts_with("entra.md"),
            Authority::Entra => part.starts_with("okta.md"),
            Authority::Rfc | Authority::Snapshot => false,
        };
        let parts: Vec<&str> = self.text.split(';').map(str::trim).collect();
        let own: Vec<&str> = parts.into_iter().filter(|part| !foreign(part)).collect();
        match own.is_empty() {
            true => self.text.clone(),
            false => own.join("; "),
        }
    }
}

/// How a fact about a provider is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Evidence {
    /// Stated by the provider, or by an RFC.
    Doc,
    /// Seen in published traffic.
    Recorded,
    /// Our conclusion.
    Inferred,
}

/// A column of the provider-by-feature grid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Feature {
    /// Connection test.
    Connect,
    /// Reading users and groups in bulk.
    Import,
    /// Finding an existing user.
    Match,
    /// Creating a user.
    Create,
    /// Changing attributes.
    Update,
    /// Changing the userName.
    Rename,
    /// `active=false`.
    Deactivate,
    /// `active=true` on the same id.
    Reactivate,
    /// Removing a user for good.
    Delete,
    /// Password synchronisation.
    Password,
    /// The enterprise manager.
    Manager,
    /// Roles and entitlements.
    Roles,
    /// Creating a group.
    GroupCreate,
    /// Renaming a group.
    GroupRename,
    /// Adding, removing and replacing members.
    GroupMembers,
    /// Removing a group.
    GroupDelete,
}

impl Feature {
    /// All columns in the order the grid shows them.
    pub const ALL: [Feature; 16] = [
        Self::Connect,
        Self::Import,
        Self::Match,
        Self::Create,
        Self::Update,
        Self::Rename,
        Self::Deactivate,
        Self::Reactivate,
        Self::Delete,
        Self::Password,
        Self::Manager,
        Self::Roles,
        Self::GroupCreate,
        Self::GroupRename,
        Self::GroupMembers,
        Self::GroupDelete,
    ];

    /// The word used in scenario files and reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Connect => "connect",
            Self::Import => "import",
            Self::Match => "match",
            Self::Create => "create",
            Self::Update => "update",
            Self::Rename => "rename",
            Self::Deactivate => "deactivate",
            Self::Reactivate => "reactivate",
            Self::Delete => "delete",
            Self::Password => "password",
            Self::Manager => "manager",
            Self::Roles => "roles",
            Self::GroupCreate => "group-create",
            Self::GroupRename => "group-rename",
            Self::GroupMembers => "group-members",
            Self::GroupDelete => "group-delete",
        }
    }

    /// The feature of that name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|feature| feature.name() == name)
    }
}
