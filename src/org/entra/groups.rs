//! Groups.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::fault::Fault;
use super::property::{self, GROUP};
use super::query::Options;
use super::users::{instant, with_context};
use super::{Answer, Call, Entra, last_segment};
use crate::idp::{Change, Provisioner};
use crate::org::{Reply, Said};

/// What Graph demands of a new group.
const REQUIRED: [&str; 4] = [
    "displayName",
    "mailEnabled",
    "mailNickname",
    "securityEnabled",
];
/// The annotation that adds members by their addresses.
const BIND: &str = "members@odata.bind";
/// Most members that one call may add by it.
const BOUND: usize = 20;

/// A group.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Group {
    /// A GUID.
    pub(super) id: String,
    /// By Graph's names; nothing is `null`.
    pub(super) properties: Map<String, Value>,
    /// Ids of its direct members, in the order in which they came.
    pub(super) members: Vec<String>,
    /// Deleted softly.
    pub(super) is_deleted: bool,
}

impl Group {
    pub(super) fn text(&self, name: &str) -> &str {
        self.properties
            .get(name)
            .and_then(Value::as_str)
            .unwrap_or_default()
    }

    /// A Microsoft 365 group, which can be restored; of other groups nothing is kept.
    fn is_unified(&self) -> bool {
        let types = self.properties.get("groupTypes").and_then(Value::as_array);
        types.is_some_and(|types| types.iter().any(|kind| kind == "Unified"))
    }

    /// As Graph shows it.
    pub(super) fn shown(&self) -> Value {
        Value::Object(property::shown(&GROUP, &self.properties))
    }
}

impl Entra {
    /// `GET` and `POST /groups`.
    pub(super) fn all_groups(&mut self, call: Call<'_>, provisioner: &mut Provisioner) -> Answer {
        let options = Options::read(call.ask, &property::names(&GROUP), &[])?;
        match call.method() {
            "GET" => {
                let groups = self.groups.iter().filter(|group| !group.is_deleted);
                let groups = groups.map(Group::shown).collect();
                let list = options.list(call.ask, &call.context("groups"), groups, None);
                Ok(Said::Reply(Reply::json(200, list)))
            }
            "POST" => {
                let mut body = call.body()?;
                let members = self.bound(&mut body)?;
                let mut properties = Map::new();
                property::write(&GROUP, "group", &body, &mut properties)?;
                property::require(&REQUIRED, "group", &properties)?;
                let id = self.ids.uuid();
                properties.insert("id".to_owned(), Value::from(id.as_str()));
                properties.insert("createdDateTime".to_owned(), instant(call.ask.at));
                let group = Group {
                    id: id.clone(),
                    properties,
                    members,
                    is_deleted: false,
                };
                let shown = with_context(call, "groups/$entity", group.shown());
                self.groups.push(group);
                // No new group is assigned, so nothing follows from it.
                self.put_group(&id, provisioner);
                Ok(Said::Reply(Reply::json(201, shown)))
            }
            _ => Err(call.no_method("GET, POST")),
        }
    }

    /// `/groups/{id}`.
    pub(super) fn one_group(
        &mut self,
        call: Call<'_>,
        id: &str,
        provisioner: &mut Provisioner,
    ) -> Answer {
        let options = Options::read(call.ask, &property::names(&GROUP), &[])?;
        let place = self.group_place(id)?;
        match call.method() {
            "GET" => {
                let group = options.shown(self.groups[place].shown(), None);
                let group = with_context(call, "groups/$entity", group);
                Ok(Said::Reply(Reply::json(200, group)))
            }
            "PATCH" => {
                let mut body = call.body()?;
                let joining = self.bound(&mut body)?;
                let mut properties = self.groups[place].properties.clone();
                property::write(&GROUP, "group", &body, &mut properties)?;
                property::require(&REQUIRED, "group", &properties)?;
                self.groups[place].properties = properties;
                if self.put_group(id, provisioner) && self.provisions() {
                    let name = self.groups[place].text("displayName").to_owned();
                    self.changes.push(Change::RenameGroup(id.to_owned(), name));
                }
                if !joining.is_empty() {
                    self.join(place, joining, provisioner)?;
                }
                Ok(self.after(call, Reply::empty(204)))
            }
            "DELETE" => {
                let members: BTreeSet<String> =
                    self.groups[place].members.iter().cloned().collect();
                self.groups[place].is_deleted = true;
                self.groups[place]
                    .properties
                    .insert("deletedDateTime".to_owned(), instant(call.ask.at));
                let change = Change::UnlinkGroup {
                    group: id.to_owned(),
                    delete: true,
                };
                self.provision_scope(&members, change, provisioner);
                if !self.groups[place].is_unified() {
                    self.groups.remove(place);
                    self.assignments
                        .retain(|assignment| assignment.principal.id() != id);
                }
                Ok(self.after(call, Reply::empty(204)))
            }
            _ => Err(call.no_method("GET, PATCH, DELETE")),
        }
    }

    /// Where a group is that has not been deleted.
    pub(super) fn group_place(&self, id: &str) -> Result<usize, Fault> {
        self.groups
            .iter()
            .position(|group| !group.is_deleted && group.id == id)
            .ok_or_else(|| Fault::missing("group", id))
    }

    /// Takes `members@odata.bind` out of a body: the ids of users.
    fn bound(&self, body: &mut Map<String, Value>) -> Result<Vec<String>, Fault> {
        let Some(bound) = body.shift_remove(BIND) else {
            return Ok(Vec::new());
        };
        let wrong = || {
            Fault::invalid(
                "members",
                format!("`{BIND}` must be a list of 1 to {BOUND} addresses of users"),
            )
        };
        let addresses = bound.as_array().ok_or_else(wrong)?;
        if addresses.is_empty() || addresses.len() > BOUND {
            return Err(wrong());
        }
        addresses
            .iter()
            .map(|address| {
                let id = last_segment(address.as_str().ok_or_else(wrong)?);
                Ok(self.users[self.user_place(&id)?].id.clone())
            })
            .collect()
    }
}
