//! Deleted items: users and Microsoft 365 groups that were deleted softly; they can be restored, or deleted for good.

use std::collections::BTreeSet;

use serde_json::Value;

use super::fault::Fault;
use super::property::{self, GROUP, USER};
use super::query::Options;
use super::users::with_context;
use super::{Answer, Call, Entra};
use crate::idp::{Change, Provisioner, Status};
use crate::org::{Reply, Said};

/// A place among the users, or among the groups.
enum Item {
    User(usize),
    Group(usize),
}

impl Entra {
    /// `/directory/deletedItems…`.
    pub(super) fn deleted_items(
        &mut self,
        call: Call<'_>,
        path: &[&str],
        provisioner: &mut Provisioner,
    ) -> Answer {
        match path {
            ["microsoft.graph.user"] => {
                let users = self.users.iter().filter(|user| user.is_deleted);
                let users = users.map(|user| user.shown()).collect();
                listed(call, "user", users, &property::names(&USER))
            }
            ["microsoft.graph.group"] => {
                let groups = self.groups.iter().filter(|group| group.is_deleted);
                let groups = groups.map(|group| group.shown()).collect();
                listed(call, "group", groups, &property::names(&GROUP))
            }
            [id] => {
                let item = self.deleted_item(id)?;
                match call.method() {
                    "GET" => {
                        let shown = self.deleted_shown(&item);
                        let shown = with_context(call, "directoryObjects/$entity", shown);
                        Ok(Said::Reply(Reply::json(200, shown)))
                    }
                    "DELETE" => {
                        self.purge(item, provisioner);
                        Ok(self.after(call, Reply::empty(204)))
                    }
                    _ => Err(call.no_method("GET, DELETE")),
                }
            }
            [id, "restore"] => {
                let item = self.deleted_item(id)?;
                if call.method() != "POST" {
                    return Err(call.no_method("POST"));
                }
                self.restore(&item, provisioner);
                let shown = self.deleted_shown(&item);
                let shown = with_context(call, "directoryObjects/$entity", shown);
                Ok(self.after(call, Reply::json(200, shown)))
            }
            _ => Err(Fault::unknown_path(&call.path())),
        }
    }

    fn deleted_item(&self, id: &str) -> Result<Item, Fault> {
        let user = self
            .users
            .iter()
            .position(|user| user.is_deleted && user.id == id);
        let group = self
            .groups
            .iter()
            .position(|group| group.is_deleted && group.id == id);
        match (user, group) {
            (Some(place), _) => Ok(Item::User(place)),
            (None, Some(place)) => Ok(Item::Group(place)),
            (None, None) => Err(Fault::missing("deleted item", id)),
        }
    }

    fn deleted_shown(&self, item: &Item) -> Value {
        let (mut shown, kind) = match item {
            Item::User(place) => (self.users[*place].shown(), "user"),
            Item::Group(place) => (self.groups[*place].shown(), "group"),
        };
        shown["@odata.type"] = Value::from(format!("#microsoft.graph.{kind}"));
        shown
    }

    fn restore(&mut self, item: &Item, provisioner: &mut Provisioner) {
        match item {
            Item::User(place) => {
                let user = &mut self.users[*place];
                user.is_deleted = false;
                user.properties.shift_remove("deletedDateTime");
                let id = user.id.clone();
                self.provision_user(&id, provisioner);
            }
            Item::Group(place) => {
                let group = &mut self.groups[*place];
                group.is_deleted = false;
                group.properties.shift_remove("deletedDateTime");
                let id = group.id.clone();
                let members: BTreeSet<String> = group.members.iter().cloned().collect();
                let change = Change::PushGroup(id.clone());
                let is_assigned = self
                    .assignments
                    .iter()
                    .any(|assignment| assignment.principal.id() == id);
                if is_assigned {
                    self.provision_scope(&members, change, provisioner);
                } else {
                    self.put_group(&id, provisioner);
                }
            }
        }
    }

    /// Deletes for good. Nobody has them as manager or member any more, and they lose their assignments.
    fn purge(&mut self, item: Item, provisioner: &mut Provisioner) {
        let id = match item {
            Item::Group(place) => {
                let group = self.groups.remove(place);
                self.assignments
                    .retain(|assignment| assignment.principal.id() != group.id);
                return;
            }
            Item::User(place) => self.users[place].id.clone(),
        };
        let managed: Vec<String> = self
            .users
            .iter()
            .filter(|user| user.manager.as_ref() == Some(&id))
            .map(|user| user.id.clone())
            .collect();
        for user in managed {
            self.set_manager(&user, None, provisioner);
        }
        for group in &mut self.groups {
            group.members.retain(|member| *member != id);
        }
        let directory = provisioner.directory_mut();
        for group in directory.groups.values_mut() {
            group.members.remove(&id);
        }
        if let Some(person) = directory.people.get_mut(&id) {
            person.status = Status::Purged;
        }
        if self.provisions() {
            self.changes.push(Change::Purge(id.clone()));
        }
        self.users.retain(|user| user.id != id);
        self.assignments
            .retain(|assignment| assignment.principal.id() != id);
    }
}

fn listed(call: Call<'_>, kind: &str, items: Vec<Value>, names: &[&str]) -> Answer {
    if call.method() != "GET" {
        return Err(call.no_method("GET"));
    }
    let options = Options::read(call.ask, names, &[])?;
    let context = call.context(&format!("directory/deletedItems/microsoft.graph.{kind}"));
    let list = options.list(call.ask, &context, items, None);
    Ok(Said::Reply(Reply::json(200, list)))
}
