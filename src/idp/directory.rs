//! The directory: people and groups as the provider's administrator sees them, and who is assigned to the application.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

/// All that a provider provisions from. Keys are names of the story or of the directory file (`ada`, `finance`).
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Directory {
    /// By key.
    pub people: BTreeMap<String, Person>,
    /// By key.
    pub groups: BTreeMap<String, Group>,
    /// Application roles by key.
    pub roles: BTreeMap<String, Role>,
}

/// A person.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Person {
    /// Attributes as `fixtures/people/*.yaml` write them: `userName`, `name.givenName` as an object, `email`, `phone` …
    /// Each provider has its own names for them, see `mapping`.
    pub attributes: Map<String, Value>,
    /// Where in the life of an account.
    pub status: Status,
    /// Assigned to the application, by itself or through a group.
    pub assigned: bool,
    /// Key of the manager.
    pub manager: Option<String>,
    /// Keys of the application roles, in the order they were given.
    pub roles: Vec<String>,
}

/// Where in its life an account of the directory is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Status {
    /// Created, not active yet (Okta: staged).
    Staged,
    /// In use.
    #[default]
    Active,
    /// Okta: suspended, which no application hears of (okta.md 4.3). Entra: sign-in blocked (entra.md 6).
    Suspended,
    /// Okta: deactivated. Entra: sign-in blocked.
    Deactivated,
    /// Deleted, can be restored (Entra: 30 days).
    Deleted,
    /// Deleted for good.
    Purged,
}

impl Status {
    /// All of them.
    pub const ALL: [Status; 6] = [
        Self::Staged,
        Self::Active,
        Self::Suspended,
        Self::Deactivated,
        Self::Deleted,
        Self::Purged,
    ];

    /// The word used in directory files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Staged => "staged",
            Self::Active => "active",
            Self::Suspended => "suspended",
            Self::Deactivated => "deactivated",
            Self::Deleted => "deleted",
            Self::Purged => "purged",
        }
    }

    /// The status of that name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.name() == name)
    }
}

/// A group.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Group {
    /// `displayName`, `objectId`.
    pub attributes: Map<String, Value>,
    /// Keys of its direct members.
    pub members: BTreeSet<String>,
    /// Okta: pushed. Entra: assigned to the application.
    pub pushed: bool,
}

/// An application role.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Role {
    /// Its id in the directory.
    pub id: String,
    /// What applications get.
    pub value: String,
    /// What people read.
    pub display: String,
}

impl Directory {
    /// The person of that key, if it has not been deleted for good.
    pub fn person(&self, key: &str) -> Option<&Person> {
        self.people
            .get(key)
            .filter(|person| person.status != Status::Purged)
    }

    /// The group of that key.
    pub fn group(&self, key: &str) -> Option<&Group> {
        self.groups.get(key)
    }
}

impl Person {
    /// An attribute by its dotted name, as text. Empty texts and `null` are nothing.
    pub fn text(&self, name: &str) -> Option<&str> {
        let mut parts = name.split('.');
        let mut value = self.attributes.get(parts.next()?)?;
        for part in parts {
            value = value.get(part)?;
        }
        value.as_str().filter(|text| !text.is_empty())
    }

    /// Whether the target's account should be usable: assigned, and neither deactivated nor deleted.
    pub fn is_active(&self) -> bool {
        self.assigned
            && !matches!(
                self.status,
                Status::Deactivated | Status::Deleted | Status::Purged
            )
    }
}

impl Group {
    /// An attribute as text.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.attributes.get(name).and_then(Value::as_str)
    }
}
