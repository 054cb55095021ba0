//! Jobs: one piece of a provider's work, as a state machine that sees one answer after the other.

use std::time::Duration;

use serde_json::Value;

use crate::exchange::Exchange;
use crate::idp::mapping::Mapping;
use crate::idp::{Call, Change, Directory, Memory, Subject, Switches, Ticket};
use crate::profile::ProfileId;

/// What a job decides from.
pub(crate) struct World<'a> {
    /// As whom.
    pub(crate) client: ProfileId,
    /// The directory as it is now.
    pub(crate) directory: &'a Directory,
    /// How attributes become SCIM.
    pub(crate) mapping: &'a Mapping,
    /// What is not known of the provider, and what an administrator can choose.
    pub(crate) switches: &'a Switches,
    /// What the provider remembers.
    pub(crate) memory: &'a mut Memory,
}

/// A piece of work about one subject, or about none.
pub(crate) trait Job: Send {
    /// Whom it is about.
    fn subject(&self) -> Option<Subject>;

    /// What comes next. `answer` is what the last call met; `None` at the beginning.
    fn next(&mut self, world: &mut World<'_>, answer: Option<&Exchange>) -> Next;
}

/// What a job wants next.
pub(crate) enum Next {
    /// Send this.
    Send(Box<Call>),
    /// It is done.
    Done(Did),
    /// It failed; what the administrator reads.
    Failed(String),
    /// It failed so that nothing that waits has a chance; what the administrator reads.
    Stop(String),
}

/// Jobs that may run beside each other; each phase begins when the one before is over.
pub(crate) type Phase = Vec<Box<dyn Job>>;

/// A provider: what it does about a change.
pub(crate) trait Provider: Send + Sync {
    /// The jobs that a change causes. The change is in the directory already.
    ///
    /// # Errors
    /// In words, why this provider cannot do that.
    fn jobs(&self, change: &Change, world: &mut World<'_>) -> Result<Vec<Phase>, String>;

    /// The jobs that make the target equal to the directory, from what is remembered.
    fn catch_up(&self, world: &mut World<'_>) -> Vec<Phase>;

    /// What an answer does to a call before its job sees it. `attempt` counts from 1.
    fn reaction(&self, attempt: u32, exchange: &Exchange, world: &World<'_>) -> Reaction;

    /// What the target must hold of a person by now, as a SCIM resource without `id`, `meta` and password; `None`: nothing.
    fn mapped_user(&self, key: &str, world: &World<'_>) -> Option<Value>;

    /// What the target must hold of a group by now.
    fn mapped_group(&self, key: &str, world: &World<'_>) -> Option<Value>;
}

/// What becomes of an answer.
pub(crate) enum Reaction {
    /// The job sees it.
    Pass,
    /// The same call again after this time.
    Again(Duration),
}

/// What came of a job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// Whose answers it comes of.
    pub ticket: Ticket,
    /// Whom it was about.
    pub subject: Option<Subject>,
    /// What was done; `Err`: what the administrator reads.
    pub did: Result<Did, String>,
}

/// What a job did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Did {
    /// The connection was tested.
    Tested,
    /// People and groups were read.
    Imported {
        /// How many users were listed and active.
        users: usize,
        /// How many groups.
        groups: usize,
    },
    /// A resource was created.
    Created,
    /// A resource that was there is linked now.
    Linked,
    /// It was changed.
    Updated,
    /// It was as it should be.
    Unchanged,
    /// It was made active again.
    Activated,
    /// It was made inactive.
    Deactivated,
    /// It was removed.
    Deleted,
    /// Nothing was to be done.
    Nothing,
}

impl Did {
    /// The word used in scenario files and reports.
    pub fn word(self) -> &'static str {
        match self {
            Self::Tested => "tested",
            Self::Imported { .. } => "imported",
            Self::Created => "created",
            Self::Linked => "linked",
            Self::Updated => "updated",
            Self::Unchanged => "unchanged",
            Self::Activated => "activated",
            Self::Deactivated => "deactivated",
            Self::Deleted => "deleted",
            Self::Nothing => "nothing",
        }
    }
}
