//! What a provider remembers between two runs: links to the target's resources, what it pushed last, what failed.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::idp::Subject;

/// All that a provider remembers of one target.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Memory {
    /// People by key.
    #[serde(default)]
    users: BTreeMap<String, UserLink>,
    /// Groups by key.
    #[serde(default)]
    groups: BTreeMap<String, GroupLink>,
    /// What failed and waits for another attempt (entra.md 3.2).
    #[serde(default)]
    escrow: BTreeMap<String, Escrow>,
    /// The provider has given up for now (entra.md 3.3).
    #[serde(default)]
    pub quarantine: Option<Quarantine>,
    /// Virtual time since the beginning.
    #[serde(default)]
    pub now: Duration,
    /// How many cycles there were.
    #[serde(default)]
    pub cycles: u64,
    /// What was changed since it was last saved.
    #[serde(skip)]
    dirty: BTreeSet<Subject>,
}

/// A person's account at the target.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct UserLink {
    /// The target's id.
    pub id: String,
    /// The mapped document that was pushed last, without the password.
    pub pushed: Value,
    /// Whether the account was left active.
    pub active: bool,
    /// A change of `active` was sent and never answered: nobody knows whether it happened.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unsure: bool,
}

/// A group at the target.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct GroupLink {
    /// The target's id.
    pub id: String,
    /// The attributes that were pushed last.
    pub pushed: Value,
    /// Keys of the members that were pushed, with the ids by which they were.
    pub members: BTreeMap<String, String>,
}

/// An object that could not be provisioned.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Escrow {
    /// What the administrator reads.
    pub reason: String,
    /// How often it was tried.
    pub attempts: u32,
    /// Virtual time of the next attempt.
    pub due: Duration,
}

/// Why nothing is provisioned any more.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Quarantine {
    /// The provider's name for the reason.
    pub reason: String,
    /// What the administrator reads.
    pub message: String,
    /// Virtual time of the first failure.
    pub since: Duration,
}

impl Memory {
    /// The link of a person.
    pub fn user(&self, key: &str) -> Option<&UserLink> {
        self.users.get(key)
    }

    /// The link of a group.
    pub fn group(&self, key: &str) -> Option<&GroupLink> {
        self.groups.get(key)
    }

    /// All links of people, by key.
    pub fn users(&self) -> impl Iterator<Item = (&str, &UserLink)> {
        self.users.iter().map(|(key, link)| (key.as_str(), link))
    }

    /// All links of groups, by key.
    pub fn groups(&self) -> impl Iterator<Item = (&str, &GroupLink)> {
        self.groups.iter().map(|(key, link)| (key.as_str(), link))
    }

    /// The id at the target.
    pub fn id(&self, subject: &Subject) -> Option<&str> {
        match subject {
            Subject::User(key) => self.users.get(key).map(|link| link.id.as_str()),
            Subject::Group(key) => self.groups.get(key).map(|link| link.id.as_str()),
        }
    }

    /// Remembers a person; `None` forgets.
    pub fn set_user(&mut self, key: &str, link: Option<UserLink>) {
        match link {
            Some(link) => self.users.insert(key.to_owned(), link),
            None => self.users.remove(key),
        };
        self.dirty.insert(Subject::User(key.to_owned()));
    }

    /// Remembers a group; `None` forgets.
    pub fn set_group(&mut self, key: &str, link: Option<GroupLink>) {
        match link {
            Some(link) => self.groups.insert(key.to_owned(), link),
            None => self.groups.remove(key),
        };
        self.dirty.insert(Subject::Group(key.to_owned()));
    }

    /// Forgets a person whose account is gone: the target's groups have lost it, too.
    pub(crate) fn forget_user(&mut self, key: &str) {
        self.set_user(key, None);
        for (group, link) in &mut self.groups {
            if link.members.remove(key).is_some() {
                self.dirty.insert(Subject::Group(group.clone()));
            }
        }
    }

    /// Why and until when an object waits.
    pub fn escrow(&self, subject: &Subject) -> Option<&Escrow> {
        self.escrow.get(&subject.to_string())
    }

    /// Puts an object into escrow; `None` takes it out.
    pub fn set_escrow(&mut self, subject: &Subject, escrow: Option<Escrow>) {
        let name = subject.to_string();
        match escrow {
            Some(escrow) => self.escrow.insert(name, escrow),
            None => self.escrow.remove(&name),
        };
        self.dirty.insert(subject.clone());
    }

    /// All objects in escrow.
    pub(crate) fn in_escrow(&self) -> impl Iterator<Item = Subject> {
        self.escrow.keys().filter_map(|name| {
            let (kind, key) = name.split_once(' ')?;
            match kind {
                "user" => Some(Subject::User(key.to_owned())),
                "group" => Some(Subject::Group(key.to_owned())),
                _ => None,
            }
        })
    }

    /// How many objects are in escrow.
    pub fn escrowed(&self) -> usize {
        self.escrow.len()
    }

    /// Forgets everything but the time: a restart.
    pub fn restart(&mut self) {
        let now = self.now;
        *self = Self {
            now,
            ..Self::default()
        };
    }

    /// What has changed since this was last asked for.
    pub fn take_dirty(&mut self) -> BTreeSet<Subject> {
        std::mem::take(&mut self.dirty)
    }
}
