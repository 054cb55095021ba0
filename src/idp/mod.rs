//! Identity providers: Okta and Entra as provisioning clients, decided from what was answered. Pure: time is virtual,
//! and whoever holds a [`Provisioner`] sends its calls.
//!
//! ```text
//! Directory + Change ─► Provider ─► jobs ─► Call ─► (answer) ─► Call … ─► Outcome, Memory
//! ```
//!
//! A provider is one folder here: what it sends for each [`Change`], as small jobs that each see one answer after the
//! other. What both have, one after the other, at once, again after a wait, is [`Provisioner`].

mod call;
mod change;
mod directory;
pub mod directory_file;
mod entra;
mod generate;
mod job;
pub mod mapping;
mod memory;
mod okta;
pub(crate) mod overlay;
mod provisioner;
mod setting;
pub mod state;
mod switches;

pub use call::{Call, Need, Payload};
pub use change::Change;
pub use directory::{Directory, Group, Person, Role, Status};
pub use job::{Did, Outcome};
pub use memory::{Escrow, GroupLink, Memory, Quarantine, UserLink};
pub use provisioner::{Provisioner, Ticket};
pub use setting::{ProviderSettings, mistakes_of, settings_of};
pub use switches::{Switch, Switches};

pub(crate) use job::{Job, Next, Phase, Provider, Reaction, World};

use std::fmt;

use serde::{Deserialize, Serialize};

/// Somebody or something in the directory, by its key there.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Subject {
    /// A person.
    User(String),
    /// A group.
    Group(String),
}

impl Subject {
    /// The key in the directory.
    pub fn key(&self) -> &str {
        match self {
            Self::User(key) | Self::Group(key) => key,
        }
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::User(key) => write!(formatter, "user {key}"),
            Self::Group(key) => write!(formatter, "group {key}"),
        }
    }
}
