//! Changes: all that an administrator can cause.

use serde_json::{Map, Value};

use crate::idp::Subject;
use crate::idp::directory::{Directory, Status};

/// Something that an administrator does, or that a schedule does for them. People and groups by their keys.
#[derive(Debug, Clone, PartialEq)]
pub enum Change {
    /// Tests the connection.
    TestConnection,
    /// Imports users, and groups where that is switched on.
    Import,
    /// Assigns a person to the application.
    Assign(String),
    /// Changes attributes; a dotted name reaches inside, `null` clears.
    Update(String, Map<String, Value>),
    /// Changes the userName.
    Rename(String, String),
    /// Takes the person's assignment away.
    Unassign(String),
    /// Deactivates the account in the directory (Entra: blocks sign-in).
    Deactivate(String),
    /// Makes the account active and assigns it again.
    Reassign(String),
    /// Suspends the account in the directory.
    Suspend(String),
    /// Deletes the account; it can be restored.
    Delete(String),
    /// Deletes the account for good.
    Purge(String),
    /// Restores a deleted account.
    Restore(String),
    /// Synchronises a password.
    SyncPassword(String, String),
    /// Sets or changes the manager; `None` removes it.
    SetManager(String, Option<String>),
    /// Assigns roles, beside those that are there.
    AssignRoles(String, Vec<String>),
    /// Withdraws roles.
    WithdrawRoles(String, Vec<String>),
    /// Pushes a group (Entra: assigns it to the application).
    PushGroup(String),
    /// Links a group that the target has already.
    LinkGroup(String),
    /// Renames a group.
    RenameGroup(String, String),
    /// Adds members.
    AddMembers(String, Vec<String>),
    /// Removes members.
    RemoveMembers(String, Vec<String>),
    /// Pushes the whole membership now.
    PushNow(String),
    /// Unlinks a group, and deletes it at the target or leaves it there.
    UnlinkGroup {
        /// Which.
        group: String,
        /// Delete it at the target.
        delete: bool,
    },
    /// Provisions one person or group on demand.
    OnDemand(Subject),
    /// Everything from the beginning, as if nothing had ever been provisioned (Entra: restart).
    InitialCycle,
    /// What has changed since.
    IncrementalCycle,
}

impl Change {
    /// Whose entry in the directory it changes, if it changes one. A purge takes memberships away, too.
    pub(crate) fn changes(&self) -> Option<Subject> {
        match self {
            Self::TestConnection
            | Self::Import
            | Self::SyncPassword(..)
            | Self::PushNow(_)
            | Self::OnDemand(_)
            | Self::InitialCycle
            | Self::IncrementalCycle => None,
            Self::Assign(key)
            | Self::Update(key, _)
            | Self::Rename(key, _)
            | Self::Unassign(key)
            | Self::Deactivate(key)
            | Self::Reassign(key)
            | Self::Suspend(key)
            | Self::Delete(key)
            | Self::Purge(key)
            | Self::Restore(key)
            | Self::SetManager(key, _)
            | Self::AssignRoles(key, _)
            | Self::WithdrawRoles(key, _) => Some(Subject::User(key.clone())),
            Self::PushGroup(key)
            | Self::LinkGroup(key)
            | Self::RenameGroup(key, _)
            | Self::AddMembers(key, _)
            | Self::RemoveMembers(key, _)
            | Self::UnlinkGroup { group: key, .. } => Some(Subject::Group(key.clone())),
        }
    }

    /// Makes the change in the directory.
    ///
    /// # Errors
    /// In words, who or what is not there.
    pub fn apply(&self, directory: &mut Directory) -> Result<(), String> {
        match self {
            Self::TestConnection
            | Self::Import
            | Self::SyncPassword(..)
            | Self::PushNow(_)
            | Self::OnDemand(_)
            | Self::InitialCycle
            | Self::IncrementalCycle => {}
            Self::Assign(key) => person(directory, key)?.assigned = true,
            Self::Update(key, values) => {
                let attributes = &mut person(directory, key)?.attributes;
                for (name, value) in values {
                    set(attributes, name, value);
                }
            }
            Self::Rename(key, to) => {
                let attributes = &mut person(directory, key)?.attributes;
                attributes.insert("userName".to_owned(), Value::from(to.as_str()));
            }
            Self::Unassign(key) => person(directory, key)?.assigned = false,
            Self::Deactivate(key) => {
                // Deactivation takes the assignments away, too (okta.md 4.3).
                person(directory, key)?.status = Status::Deactivated;
            }
            Self::Reassign(key) | Self::Restore(key) => {
                let person = person(directory, key)?;
                person.status = Status::Active;
                person.assigned = true;
            }
            Self::Suspend(key) => person(directory, key)?.status = Status::Suspended,
            Self::Delete(key) => person(directory, key)?.status = Status::Deleted,
            Self::Purge(key) => {
                person(directory, key)?.status = Status::Purged;
                for group in directory.groups.values_mut() {
                    group.members.remove(key);
                }
            }
            Self::SetManager(key, manager) => {
                if let Some(manager) = manager {
                    person(directory, manager)?;
                }
                person(directory, key)?.manager = manager.clone();
            }
            Self::AssignRoles(key, roles) => {
                if let Some(unknown) = roles
                    .iter()
                    .find(|role| !directory.roles.contains_key(*role))
                {
                    return Err(format!("the directory has no role `{unknown}`"));
                }
                let held = &mut person(directory, key)?.roles;
                for role in roles {
                    if !held.contains(role) {
                        held.push(role.clone());
                    }
                }
            }
            Self::WithdrawRoles(key, roles) => {
                person(directory, key)?
                    .roles
                    .retain(|held| !roles.contains(held));
            }
            Self::PushGroup(key) | Self::LinkGroup(key) => group(directory, key)?.pushed = true,
            Self::UnlinkGroup { group: key, .. } => group(directory, key)?.pushed = false,
            Self::RenameGroup(key, to) => {
                let attributes = &mut group(directory, key)?.attributes;
                attributes.insert("displayName".to_owned(), Value::from(to.as_str()));
            }
            Self::AddMembers(key, people) => {
                for one in people {
                    person(directory, one)?;
                }
                group(directory, key)?
                    .members
                    .extend(people.iter().cloned());
            }
            Self::RemoveMembers(key, people) => {
                let members = &mut group(directory, key)?.members;
                people.iter().for_each(|one| {
                    members.remove(one);
                });
            }
        }
        Ok(())
    }
}

fn person<'a>(
    directory: &'a mut Directory,
    key: &str,
) -> Result<&'a mut crate::idp::Person, String> {
    directory
        .people
        .get_mut(key)
        .ok_or_else(|| format!("the directory has no person `{key}`"))
}

fn group<'a>(directory: &'a mut Directory, key: &str) -> Result<&'a mut crate::idp::Group, String> {
    directory
        .groups
        .get_mut(key)
        .ok_or_else(|| format!("the directory has no group `{key}`"))
}

fn set(attributes: &mut Map<String, Value>, name: &str, value: &Value) {
    match name.split_once('.') {
        None if value.is_null() => {
            attributes.shift_remove(name);
        }
        None => {
            attributes.insert(name.to_owned(), value.clone());
        }
        Some((outer, inner)) => {
            let entry = attributes
                .entry(outer)
                .or_insert_with(|| Value::Object(Map::new()));
            if let Value::Object(members) = entry {
                set(members, inner, value);
            }
        }
    }
}
