//! Lifecycles of users: activated, deactivated, suspended, deleted, and which of that is allowed when.

use serde_json::json;

use crate::idp::{Change, Provisioner};
use crate::org::okta::body::flag;
use crate::org::okta::errors::Refusal;
use crate::org::okta::event::{Event, instant};
use crate::org::okta::users::Status;
use crate::org::okta::{Okta, Pending};
use crate::org::{Ask, Reply, Said};

impl Okta {
    /// `POST /api/v1/users/{id}/lifecycle/{verb}`.
    pub(crate) fn lifecycle(
        &mut self,
        ask: &Ask,
        name: &str,
        verb: &str,
        provisioner: &mut Provisioner,
    ) -> Result<Said<Pending>, Refusal> {
        let user = self.user(name)?;
        let (id, status) = (user.id.clone(), user.status);
        let done = Reply::json(200, json!({}));
        let (changes, reply) = match (verb, status) {
            ("activate", Status::Staged | Status::Deprovisioned) => {
                let reply = self.invitation(ask)?;
                (self.activate(ask, &id, provisioner), reply)
            }
            ("activate", _) => return Err(Refusal::Active),
            // Only for those who have never finished their activation; the application hears of nothing.
            ("reactivate", Status::Provisioned) => (Vec::new(), self.invitation(ask)?),
            ("reactivate", _) => return Err(Refusal::Status),
            ("deactivate", Status::Deprovisioned) => return Err(Refusal::Status),
            ("deactivate", _) => (self.deactivate(ask, &id, provisioner), done),
            ("suspend", Status::Active) => {
                let change = Change::Suspend(id.clone());
                self.turned(ask, &id, Status::Suspended, "suspend");
                (vec![change], done)
            }
            ("suspend", _) => {
                return Err(Refusal::precondition(
                    "user",
                    "Cannot suspend a user that is not active",
                ));
            }
            ("unsuspend", Status::Suspended) => {
                self.turned(ask, &id, Status::Active, "unsuspend");
                // Nothing is sent (okta.md 4.3), so there is no change that would.
                self.place(&id, provisioner);
                (Vec::new(), done)
            }
            ("unsuspend", _) => {
                return Err(Refusal::precondition(
                    "user",
                    "Cannot unsuspend a user that is not suspended",
                ));
            }
            ("delete", Status::Deprovisioned) => {
                (self.delete(ask, &id, provisioner), Reply::empty(204))
            }
            ("delete", _) => return Err(Refusal::Status),
            _ => return Err(Refusal::NoPath),
        };
        Ok(Said::Provision(changes, Pending::Reply(reply)))
    }

    /// `DELETE /api/v1/users/{id}`: deactivates at first, and deletes who is deactivated already.
    pub(crate) fn delete_user(
        &mut self,
        ask: &Ask,
        name: &str,
        provisioner: &mut Provisioner,
    ) -> Result<Said<Pending>, Refusal> {
        let user = self.user(name)?;
        let id = user.id.clone();
        let changes = match user.status {
            Status::Deprovisioned => self.delete(ask, &id, provisioner),
            _ => self.deactivate(ask, &id, provisioner),
        };
        Ok(Said::Provision(changes, Pending::Reply(Reply::empty(204))))
    }

    /// The assignments are gone since the deactivation; only groups bring them back (okta.md 4.3).
    fn activate(&mut self, ask: &Ask, id: &str, provisioner: &mut Provisioner) -> Vec<Change> {
        let status = self.user_mut(id).awake();
        self.turned(ask, id, status, "activate");
        self.place(id, provisioner);
        let now = instant(ask.at);
        // Who was assigned while staged is provisioned now.
        let waiting = self
            .assignments
            .contains_key(id)
            .then(|| Change::Assign(id.to_owned()));
        let changes = match waiting {
            Some(change) => vec![change],
            None => self.reassigned(id, &now),
        };
        self.allowed(changes, provisioner)
    }

    fn deactivate(&mut self, ask: &Ask, id: &str, provisioner: &mut Provisioner) -> Vec<Change> {
        self.turned(ask, id, Status::Deprovisioned, "deactivate");
        let now = instant(ask.at);
        if self.assignments.remove(id).is_some() {
            self.log_membership("remove", id, &now);
        }
        if let Some(person) = provisioner.directory_mut().people.get_mut(id) {
            person.assigned = false;
        }
        self.allowed(vec![Change::Deactivate(id.to_owned())], provisioner)
    }

    fn delete(&mut self, ask: &Ask, id: &str, provisioner: &mut Provisioner) -> Vec<Change> {
        self.turned(ask, id, Status::Deprovisioned, "delete");
        self.users.retain(|user| user.id != id);
        for group in &mut self.groups {
            group.members.remove(id);
        }
        self.allowed(vec![Change::Purge(id.to_owned())], provisioner)
    }

    /// They have another status, and the log says so.
    fn turned(&mut self, ask: &Ask, id: &str, status: Status, verb: &str) {
        let now = instant(ask.at);
        let user = self.user_mut(id);
        user.become_of(status, &now);
        let target = user.target();
        let (kind, message) = match verb {
            "activate" => ("user.lifecycle.activate", "Activate Okta user"),
            "deactivate" => ("user.lifecycle.deactivate", "Deactivate Okta user"),
            "suspend" => ("user.lifecycle.suspend", "Suspend Okta user"),
            "unsuspend" => ("user.lifecycle.unsuspend", "Unsuspend Okta user"),
            _ => ("user.lifecycle.delete.completed", "Delete Okta user"),
        };
        self.log(Event::new(kind, message, &now).at([target]));
    }

    /// What an activation answers: a link, if no e-mail is wanted.
    fn invitation(&mut self, ask: &Ask) -> Result<Reply, Refusal> {
        if flag(ask, "sendEmail", true)? {
            return Ok(Reply::json(200, json!({})));
        }
        let token = self.ids.okta("");
        Ok(Reply::json(
            200,
            json!({
                "activationUrl": format!("{}/welcome/{token}", ask.base),
                "activationToken": token,
            }),
        ))
    }
}
