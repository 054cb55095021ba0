//! Scope: what the provisioning service sees of the tenant. Who is assigned, by themselves or as a direct member of an
//! assigned group, is in scope (entra.md 3.2); members of nested groups are not.

use std::collections::BTreeSet;

use serde_json::Map;

use super::Entra;
use super::property::{self, GROUP, USER};
use crate::idp;
use crate::idp::{Change, Person, Provisioner, Status};

impl Entra {
    /// Brings the directory's entry of a user up to date. Whether it has changed.
    pub(super) fn put_user(&self, id: &str, provisioner: &mut Provisioner) -> bool {
        let Some(user) = self.users.iter().find(|user| user.id == id) else {
            return false;
        };
        let person = Person {
            attributes: property::attributes(&USER, id, &user.properties),
            status: match (user.is_deleted, user.is_enabled()) {
                (true, _) => Status::Deleted,
                (false, false) => Status::Deactivated,
                (false, true) => Status::Active,
            },
            assigned: self.is_assigned(id),
            manager: user.manager.clone(),
            roles: self.roles_of(id),
        };
        let people = &mut provisioner.directory_mut().people;
        if people.get(id) == Some(&person) {
            return false;
        }
        people.insert(id.to_owned(), person);
        true
    }

    /// Brings a user up to date in the directory, and at the target if it is provisioned at once.
    pub(super) fn provision_user(&mut self, id: &str, provisioner: &mut Provisioner) {
        if self.put_user(id, provisioner) && self.provisions() {
            self.changes.push(Change::Update(id.to_owned(), Map::new()));
        }
    }

    /// Brings the directory's entry of a group up to date. Whether it has changed.
    pub(super) fn put_group(&self, id: &str, provisioner: &mut Provisioner) -> bool {
        let found = self.groups.iter().find(|group| group.id == id);
        let Some(group) = found.filter(|group| !group.is_deleted) else {
            // What is linked must still be deleted at the target, so a group stays in the directory when it is gone.
            let entry = provisioner.directory_mut().groups.get_mut(id);
            return entry.is_some_and(|entry| {
                let was_there = entry.pushed || !entry.members.is_empty();
                entry.pushed = false;
                entry.members.clear();
                was_there
            });
        };
        let entry = idp::Group {
            attributes: property::attributes(&GROUP, id, &group.properties),
            members: group
                .members
                .iter()
                .filter(|member| self.users.iter().any(|user| user.id == **member))
                .cloned()
                .collect(),
            pushed: self
                .assignments
                .iter()
                .any(|assignment| assignment.principal.id() == id),
        };
        let groups = &mut provisioner.directory_mut().groups;
        if groups.get(id) == Some(&entry) {
            return false;
        }
        groups.insert(id.to_owned(), entry);
        true
    }

    /// Follows up on a change of a group or of an assignment: who comes into scope first, then the group, then who leaves.
    /// `users` are those whose scope may have changed.
    pub(super) fn provision_scope(
        &mut self,
        users: &BTreeSet<String>,
        change: Change,
        provisioner: &mut Provisioner,
    ) {
        let (joining, leaving): (Vec<&String>, Vec<&String>) =
            users.iter().partition(|id| self.is_assigned(id));
        for id in joining {
            self.provision_user(id, provisioner);
        }
        let group = change.changes().map(|subject| subject.key().to_owned());
        let changed = group.is_some_and(|id| self.put_group(&id, provisioner));
        if changed && self.provisions() {
            self.changes.push(change);
        }
        for id in leaving {
            self.provision_user(id, provisioner);
        }
    }

    /// Whether a user is assigned, by themselves or through a group.
    pub(super) fn is_assigned(&self, id: &str) -> bool {
        self.assignments.iter().any(|assignment| {
            let principal = assignment.principal.id();
            principal == id
                || self.groups.iter().any(|group| {
                    group.id == principal
                        && !group.is_deleted
                        && group.members.iter().any(|member| member == id)
                })
        })
    }

    /// The roles that a user was assigned to directly.
    fn roles_of(&self, id: &str) -> Vec<String> {
        self.assignments
            .iter()
            .filter(|assignment| {
                assignment.principal.id() == id && assignment.role != super::application::NO_ROLE
            })
            .map(|assignment| assignment.role.clone())
            .collect()
    }
}
