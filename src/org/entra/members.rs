//! Members of groups. Only users are members here: what is nested in a group is not provisioned (entra.md 3.2).

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::fault::Fault;
use super::property::{self, USER};
use super::query::Options;
use super::users::{User, unasked};
use super::{Answer, Call, Entra, referred};
use crate::idp::{Change, Provisioner};
use crate::org::{Reply, Said};

impl Entra {
    /// `GET /groups/{id}/members`.
    pub(super) fn members(&self, call: Call<'_>, id: &str) -> Answer {
        if call.method() != "GET" {
            return Err(call.no_method("GET"));
        }
        let options = Options::read(call.ask, &property::names(&USER), &[])?;
        let members = self
            .users_in(id)?
            .into_iter()
            .map(|user| {
                let mut shown = user.shown();
                shown["@odata.type"] = Value::from("#microsoft.graph.user");
                shown
            })
            .collect();
        let context = call.context("directoryObjects");
        let usual = unasked(call);
        let list = options.list(call.ask, &context, members, usual.as_deref());
        Ok(Said::Reply(Reply::json(200, list)))
    }

    /// `GET` and `POST /groups/{id}/members/$ref`.
    pub(super) fn member_references(
        &mut self,
        call: Call<'_>,
        id: &str,
        provisioner: &mut Provisioner,
    ) -> Answer {
        match call.method() {
            "GET" => {
                let base = format!("{}/{}", call.ask.base, call.version);
                let references: Vec<Value> = self
                    .users_in(id)?
                    .into_iter()
                    .map(|user| json!({ "@odata.id": format!("{base}/directoryObjects/{}", user.id) }))
                    .collect();
                let body = json!({
                    "@odata.context": call.context("Collection($ref)"),
                    "value": references,
                });
                Ok(Said::Reply(Reply::json(200, body)))
            }
            "POST" => {
                let place = self.group_place(id)?;
                let wanted = referred(&call.body()?)?;
                if self.groups.iter().any(|group| group.id == wanted) {
                    return Err(Fault::bad(format!(
                        "`{wanted}` is a group; groups in groups are not emulated, as they are not provisioned"
                    )));
                }
                let user = self.users[self.user_place(&wanted)?].id.clone();
                self.join(place, vec![user], provisioner)?;
                Ok(self.after(call, Reply::empty(204)))
            }
            _ => Err(call.no_method("GET, POST")),
        }
    }

    /// `DELETE /groups/{id}/members/{member}/$ref`.
    pub(super) fn member_reference(
        &mut self,
        call: Call<'_>,
        id: &str,
        member: &str,
        provisioner: &mut Provisioner,
    ) -> Answer {
        if call.method() != "DELETE" {
            return Err(call.no_method("DELETE"));
        }
        let place = self.group_place(id)?;
        let before = self.groups[place].members.len();
        self.groups[place].members.retain(|known| known != member);
        if self.groups[place].members.len() == before {
            return Err(Fault::missing("member of this group", member));
        }
        let change = Change::RemoveMembers(id.to_owned(), Vec::new());
        let left = BTreeSet::from([member.to_owned()]);
        self.provision_scope(&left, change, provisioner);
        Ok(self.after(call, Reply::empty(204)))
    }

    /// Users become members of a group.
    ///
    /// # Errors
    /// One of them is a member already; then nobody joins.
    pub(super) fn join(
        &mut self,
        place: usize,
        users: Vec<String>,
        provisioner: &mut Provisioner,
    ) -> Result<(), Fault> {
        let group = &mut self.groups[place];
        if let Some(user) = users.iter().find(|user| group.members.contains(user)) {
            return Err(Fault::bad(format!(
                "one or more added object references already exist for property `members`: `{user}`"
            )));
        }
        group.members.extend(users.iter().cloned());
        let change = Change::AddMembers(group.id.clone(), Vec::new());
        self.provision_scope(&users.into_iter().collect(), change, provisioner);
        Ok(())
    }

    fn users_in(&self, id: &str) -> Result<Vec<&User>, Fault> {
        let group = &self.groups[self.group_place(id)?];
        Ok(group
            .members
            .iter()
            .filter_map(|member| {
                self.users
                    .iter()
                    .find(|user| user.id == *member && !user.is_deleted)
            })
            .collect())
    }
}
