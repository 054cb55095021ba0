//! Groups that are assigned to the application: `/api/v1/apps/{id}/groups`.

use serde_json::{Map, Value, json};

use crate::idp::{Change, Provisioner};
use crate::org::okta::body::{inner, object_if_any};
use crate::org::okta::errors::Refusal;
use crate::org::okta::event::{self, Event, instant};
use crate::org::okta::listing::{Pages, page};
use crate::org::okta::{Okta, Pending, profile};
use crate::org::{Ask, Reply, Said};

const PAGES: Pages = Pages {
    usual: 20,
    most: 200,
};

/// A group that is assigned.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct AppGroup {
    /// Its id.
    pub(crate) group: String,
    /// The smallest number counts most.
    priority: u64,
    /// What its members get instead of what they have (okta.md 3.1), by the names of the user's properties.
    overrides: Map<String, Value>,
    /// The same as it was given.
    profile: Map<String, Value>,
    updated: String,
}

impl Okta {
    /// Whether any group of theirs is assigned.
    pub(crate) fn is_in_assigned_group(&self, user: &str) -> bool {
        self.app_groups
            .iter()
            .any(|assigned| self.has_member(&assigned.group, user))
    }

    /// What the first group of theirs says of them.
    pub(crate) fn group_overrides(&self, user: &str) -> Option<&Map<String, Value>> {
        self.app_groups
            .iter()
            .filter(|assigned| self.has_member(&assigned.group, user))
            .min_by_key(|assigned| assigned.priority)
            .map(|assigned| &assigned.overrides)
    }

    fn has_member(&self, group: &str, user: &str) -> bool {
        self.group(group)
            .is_ok_and(|group| group.members.contains(user))
    }

    fn shown_app_group(&self, base: &str, assigned: &AppGroup) -> Value {
        let app = &self.app.id;
        let group = &assigned.group;
        json!({
            "id": group,
            "lastUpdated": assigned.updated,
            "priority": assigned.priority,
            "profile": assigned.profile,
            "_links": {
                "app": {"href": format!("{base}/api/v1/apps/{app}")},
                "self": {"href": format!("{base}/api/v1/apps/{app}/groups/{group}")},
                "group": {"href": format!("{base}/api/v1/groups/{group}")},
            },
        })
    }

    /// `GET /api/v1/apps/{id}/groups`.
    pub(crate) fn list_app_groups(&self, ask: &Ask) -> Result<Reply, Refusal> {
        let shown = self
            .app_groups
            .iter()
            .map(|assigned| self.shown_app_group(&ask.base, assigned));
        page(ask, shown.collect(), PAGES)
    }

    /// `GET`, `PUT` and `DELETE /api/v1/apps/{id}/groups/{group}`.
    pub(crate) fn app_group(
        &mut self,
        ask: &Ask,
        id: &str,
        provisioner: &mut Provisioner,
    ) -> Result<Said<Pending>, Refusal> {
        if ask.method == "PUT" {
            return self.assign_group(ask, id, provisioner);
        }
        let assigned = self
            .app_groups
            .iter()
            .find(|assigned| assigned.group == id)
            .ok_or_else(|| Refusal::Missing(id.to_owned(), "ApplicationGroupAssignment"))?;
        if ask.method == "GET" {
            let shown = self.shown_app_group(&ask.base, assigned);
            return Ok(Said::Reply(Reply::json(200, shown)));
        }
        let now = instant(ask.at);
        self.app_groups.retain(|assigned| assigned.group != id);
        self.log_app_group("remove", id, &now);
        let mut changes = Vec::new();
        for member in self.group(id)?.members.clone() {
            changes.extend(self.reassigned(&member, &now));
        }
        let changes = self.allowed(changes, provisioner);
        Ok(Said::Provision(changes, Pending::Reply(Reply::empty(204))))
    }

    /// Every member who is not assigned gets an account; of the others what the group says of them is pushed.
    fn assign_group(
        &mut self,
        ask: &Ask,
        id: &str,
        provisioner: &mut Provisioner,
    ) -> Result<Said<Pending>, Refusal> {
        let members = self.group(id)?.members.clone();
        let body = object_if_any(ask)?;
        let known = self.app_groups.iter().find(|assigned| assigned.group == id);
        let priority = match body.get("priority") {
            None | Some(Value::Null) => {
                let last = self.app_groups.iter().map(|assigned| assigned.priority);
                known.map_or(last.max().map_or(0, |last| last + 1), |known| {
                    known.priority
                })
            }
            Some(value) => value
                .as_u64()
                .ok_or_else(|| Refusal::invalid("priority", "The value must be a number"))?,
        };
        let profile = inner(&body, "profile")?.cloned().unwrap_or_default();
        let overrides = profile::overrides(&profile, &Map::new())?;
        let now = instant(ask.at);
        let is_new = known.is_none();
        self.app_groups.retain(|assigned| assigned.group != id);
        self.app_groups.push(AppGroup {
            group: id.to_owned(),
            priority,
            overrides,
            profile,
            updated: now.clone(),
        });
        if is_new {
            self.log_app_group("add", id, &now);
        }
        let mut changes = Vec::new();
        for member in members {
            let assigned = self.reassigned(&member, &now);
            self.place(&member, provisioner);
            match assigned.is_empty() {
                true => changes.push(Change::Update(member, Map::new())),
                false => changes.extend(assigned),
            }
        }
        let changes = self.allowed(changes, provisioner);
        let assigned = self.app_groups.last().expect("it has just been put there");
        let shown = self.shown_app_group(&ask.base, assigned);
        Ok(Said::Provision(
            changes,
            Pending::Reply(Reply::json(200, shown)),
        ))
    }

    fn log_app_group(&mut self, verb: &str, id: &str, now: &str) {
        let Ok(group) = self.group(id) else {
            return;
        };
        let (kind, message) = match verb {
            "add" => (
                "group.application_assignment.add",
                "Add assigned application to group",
            ),
            _ => (
                "group.application_assignment.remove",
                "Remove assigned application from group",
            ),
        };
        let targets = [group.target(), event::app(&self.app)];
        self.log(Event::new(kind, message, now).at(targets));
    }
}
