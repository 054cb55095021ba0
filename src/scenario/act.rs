//! `act`: what an administrator does, in words. A provider decides what to send for it.

use std::fmt;

use crate::scenario::Feature;
use crate::scenario::template::Tree;

/// Something that an administrator does.
#[derive(Debug, Clone, PartialEq)]
pub struct Act {
    /// What.
    pub verb: Verb,
    /// With whom: keys of people or groups, in the order written.
    pub who: Vec<String>,
    /// `to`: the new name, password or manager.
    pub to: Option<Tree>,
    /// `with`: attributes by name.
    pub with: Option<Tree>,
    /// `people` or `roles`: keys.
    pub others: Vec<String>,
    /// `then: leave`: the target keeps what is unlinked.
    pub leave: bool,
}

/// What the provider must have done, and how.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ActExpect {
    /// Exactly so many requests that write.
    pub writes: Option<u64>,
    /// Exactly so many requests.
    pub requests: Option<u64>,
    /// What came of it, for each subject in any order: one of [`OUTCOMES`].
    pub outcome: Option<String>,
    /// Why.
    pub because: Option<String>,
}

/// Words for what came of an act.
pub const OUTCOMES: [&str; 10] = [
    "tested",
    "imported",
    "created",
    "linked",
    "updated",
    "unchanged",
    "activated",
    "deactivated",
    "deleted",
    "failed",
];

/// What an act is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Object {
    /// Nobody in particular.
    Nobody,
    /// People.
    People,
    /// Groups.
    Groups,
    /// Either.
    Either,
}

/// What an act needs beside whom it is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Argument {
    /// Nothing.
    Nothing,
    /// `to:` a text.
    To,
    /// `to:` a person.
    ToPerson,
    /// `with:` attributes.
    With,
    /// `people:` a list of people.
    People,
    /// `roles:` a list of roles.
    Roles,
    /// `then: delete` (default) or `leave`.
    Then,
}

/// What can be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Verb {
    /// Tests the connection.
    TestConnection,
    /// Imports users and groups.
    Import,
    /// Assigns people to the application.
    Assign,
    /// Changes attributes.
    Update,
    /// Changes the userName.
    Rename,
    /// Takes the assignment away.
    Unassign,
    /// Deactivates the account in the directory.
    Deactivate,
    /// Activates and assigns again.
    Reassign,
    /// Suspends the account in the directory.
    Suspend,
    /// Deletes the account; it can be restored.
    Delete,
    /// Deletes the account for good.
    Purge,
    /// Restores a deleted account.
    Restore,
    /// Synchronises the password.
    SyncPassword,
    /// Sets or changes the manager.
    SetManager,
    /// Takes the manager away.
    RemoveManager,
    /// Assigns roles.
    AssignRoles,
    /// Withdraws roles.
    WithdrawRoles,
    /// Pushes a group.
    PushGroup,
    /// Links a group that the target has.
    LinkGroup,
    /// Renames a group.
    RenameGroup,
    /// Adds members.
    AddMembers,
    /// Removes members.
    RemoveMembers,
    /// Pushes the whole membership.
    PushNow,
    /// Unlinks a group.
    UnlinkGroup,
    /// Provisions somebody at once.
    OnDemand,
    /// Everything from the beginning.
    InitialCycle,
    /// What has changed.
    IncrementalCycle,
}

/// A verb with its word, object, argument and column of the grid.
type Row = (Verb, &'static str, Object, Argument, Option<Feature>);

const VERBS: [Row; 27] = {
    use Argument as A;
    use Feature as F;
    use Object as O;
    use Verb as V;
    [
        (
            V::TestConnection,
            "test-connection",
            O::Nobody,
            A::Nothing,
            Some(F::Connect),
        ),
        (V::Import, "import", O::Nobody, A::Nothing, Some(F::Import)),
        (V::Assign, "assign", O::People, A::Nothing, Some(F::Create)),
        (V::Update, "update", O::People, A::With, Some(F::Update)),
        (V::Rename, "rename", O::People, A::To, Some(F::Rename)),
        (
            V::Unassign,
            "unassign",
            O::People,
            A::Nothing,
            Some(F::Deactivate),
        ),
        (
            V::Deactivate,
            "deactivate",
            O::People,
            A::Nothing,
            Some(F::Deactivate),
        ),
        (
            V::Reassign,
            "reassign",
            O::People,
            A::Nothing,
            Some(F::Reactivate),
        ),
        (
            V::Suspend,
            "suspend",
            O::People,
            A::Nothing,
            Some(F::Deactivate),
        ),
        (
            V::Delete,
            "delete",
            O::People,
            A::Nothing,
            Some(F::Deactivate),
        ),
        (V::Purge, "purge", O::People, A::Nothing, Some(F::Delete)),
        (
            V::Restore,
            "restore",
            O::People,
            A::Nothing,
            Some(F::Reactivate),
        ),
        (
            V::SyncPassword,
            "sync-password",
            O::People,
            A::To,
            Some(F::Password),
        ),
        (
            V::SetManager,
            "set-manager",
            O::People,
            A::ToPerson,
            Some(F::Manager),
        ),
        (
            V::RemoveManager,
            "remove-manager",
            O::People,
            A::Nothing,
            Some(F::Manager),
        ),
        (
            V::AssignRoles,
            "assign-roles",
            O::People,
            A::Roles,
            Some(F::Roles),
        ),
        (
            V::WithdrawRoles,
            "withdraw-roles",
            O::People,
            A::Roles,
            Some(F::Roles),
        ),
        (
            V::PushGroup,
            "push-group",
            O::Groups,
            A::Nothing,
            Some(F::GroupCreate),
        ),
        (
            V::LinkGroup,
            "link-group",
            O::Groups,
            A::Nothing,
            Some(F::GroupCreate),
        ),
        (
            V::RenameGroup,
            "rename-group",
            O::Groups,
            A::To,
            Some(F::GroupRename),
        ),
        (
            V::AddMembers,
            "add-members",
            O::Groups,
            A::People,
            Some(F::GroupMembers),
        ),
        (
            V::RemoveMembers,
            "remove-members",
            O::Groups,
            A::People,
            Some(F::GroupMembers),
        ),
        (
            V::PushNow,
            "push-now",
            O::Groups,
            A::Nothing,
            Some(F::GroupMembers),
        ),
        (
            V::UnlinkGroup,
            "unlink-group",
            O::Groups,
            A::Then,
            Some(F::GroupDelete),
        ),
        (
            V::OnDemand,
            "on-demand",
            O::Either,
            A::Nothing,
            Some(F::Create),
        ),
        (
            V::InitialCycle,
            "initial-cycle",
            O::Nobody,
            A::Nothing,
            None,
        ),
        (
            V::IncrementalCycle,
            "incremental-cycle",
            O::Nobody,
            A::Nothing,
            None,
        ),
    ]
};

impl Verb {
    /// All words, in the order of the language reference.
    pub fn words() -> [&'static str; 27] {
        VERBS.map(|row| row.1)
    }

    /// The verb of that word.
    pub fn named(word: &str) -> Option<Self> {
        VERBS.iter().find(|row| row.1 == word).map(|row| row.0)
    }

    fn row(self) -> &'static Row {
        VERBS
            .iter()
            .find(|row| row.0 == self)
            .expect("every verb is in the table")
    }

    /// The word used in scenario files.
    pub fn word(self) -> &'static str {
        self.row().1
    }

    /// What it is about.
    pub fn object(self) -> Object {
        self.row().2
    }

    /// What else it needs.
    pub fn argument(self) -> Argument {
        self.row().3
    }

    /// The column of the grid that it fills, if it fills one by itself.
    pub fn feature(self) -> Option<Feature> {
        self.row().4
    }
}

impl Argument {
    /// Its key, if it has one, and whether it must be there.
    pub fn key(self) -> Option<(&'static str, bool)> {
        match self {
            Self::Nothing => None,
            Self::To | Self::ToPerson => Some(("to", true)),
            Self::With => Some(("with", true)),
            Self::People => Some(("people", true)),
            Self::Roles => Some(("roles", true)),
            Self::Then => Some(("then", false)),
        }
    }
}

impl fmt::Display for Act {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.verb.word().replace('-', " "))?;
        if !self.who.is_empty() {
            write!(formatter, " {}", self.who.join(", "))?;
        }
        if !self.others.is_empty() {
            write!(formatter, ": {}", self.others.join(", "))?;
        }
        Ok(())
    }
}
