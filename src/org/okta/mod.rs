//! An Okta org: users, groups, one application, and what its administrators do by the management API (okta.md 4, 6, 9).
//!
//! ```text
//! Ask ─► token, path ─► users, groups, assignments … ─► Change ─► Provisioner
//!                                                Work ─► assignments, mappings, System Log
//! ```
//!
//! The engine's directory has every user and group of the org under the id that Okta gave. What nobody is told of, because
//! it is switched off or never leaves Okta, is changed there without a [`Change`](crate::idp::Change) being caused.

mod app_groups;
pub(crate) mod apps;
mod assignments;
mod body;
mod credentials;
mod errors;
mod event;
mod features;
mod filtering;
mod grants;
mod groups;
mod lifecycle;
mod listing;
mod mappings;
mod profile;
pub(crate) mod provisioning;
mod system_log;
#[cfg(test)]
mod tests;
mod users;

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::idp::{Change, Did, Provisioner};
use crate::org::ids::Ids;
use crate::org::listen::LARGEST_BODY;
use crate::org::okta::app_groups::AppGroup;
use crate::org::okta::apps::App;
use crate::org::okta::assignments::Assignment;
use crate::org::okta::errors::Refusal;
use crate::org::okta::event::{Event, instant};
use crate::org::okta::features::Features;
use crate::org::okta::grants::{Entitlement, Grant};
use crate::org::okta::groups::Group;
use crate::org::okta::mappings::Mapping;
use crate::org::okta::provisioning::{Known, events};
use crate::org::okta::system_log::SystemLog;
use crate::org::okta::users::{Status, User};
use crate::org::work::Work;
use crate::org::{Ask, Org, Reply, Said};

/// An Okta org.
pub(crate) struct Okta {
    ids: Ids,
    token: String,
    app: App,
    features: Features,
    /// In the order in which they came.
    users: Vec<User>,
    /// The same.
    groups: Vec<Group>,
    /// By the user's id.
    assignments: BTreeMap<String, Assignment>,
    app_groups: Vec<AppGroup>,
    mappings: Vec<Mapping>,
    entitlements: Vec<Entitlement>,
    grants: Vec<Grant>,
    system_log: SystemLog,
    /// When the last call came.
    now: Timestamp,
}

/// What is answered when provisioning is over.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Pending {
    /// This, whatever came of it: a target that refuses fails no call of the management API.
    Reply(Reply),
    /// The assignment of this user.
    Assigned(String),
    /// This group push mapping.
    Mapping(String),
    /// Whether the connection works.
    Connection,
}

impl Okta {
    /// A new org with this application, for whoever has the token.
    pub(crate) fn new(app: App, token: String, ids: Ids) -> Self {
        Self {
            ids,
            token,
            app,
            features: Features::default(),
            users: Vec::new(),
            groups: Vec::new(),
            assignments: BTreeMap::new(),
            app_groups: Vec::new(),
            mappings: Vec::new(),
            entitlements: Vec::new(),
            grants: Vec::new(),
            system_log: SystemLog::default(),
            now: Timestamp::UNIX_EPOCH,
        }
    }

    fn decided(
        &mut self,
        ask: &Ask,
        provisioner: &mut Provisioner,
    ) -> Result<Said<Pending>, Refusal> {
        self.admit(ask)?;
        let path: Vec<&str> = ask.path.iter().map(String::as_str).collect();
        match path.as_slice() {
            ["api", "v1", "apps", rest @ ..] => self.of_apps(ask, rest, provisioner),
            ["api", "v1", "users", rest @ ..] => self.of_users(ask, rest, provisioner),
            ["api", "v1", "groups", rest @ ..] => self.of_groups(ask, rest, provisioner),
            ["api", "v1", "logs"] => {
                only(ask, &["GET"])?;
                self.system_log.reply(ask).map(Said::Reply)
            }
            ["governance", "api", "v1", rest @ ..] => self.governance(ask, rest, provisioner),
            _ => Err(Refusal::NoPath),
        }
    }

    fn of_apps(
        &mut self,
        ask: &Ask,
        rest: &[&str],
        provisioner: &mut Provisioner,
    ) -> Result<Said<Pending>, Refusal> {
        let shown = |okta: &Self| okta.app.shown(&ask.base, okta.features);
        if let [id, ..] = rest {
            self.is_ours(id)?;
        }
        let reply = match rest {
            [] => {
                only(ask, &["GET"])?;
                Reply::json(200, json!([shown(self)]))
            }
            [_] => {
                only(ask, &["GET"])?;
                Reply::json(200, shown(self))
            }
            [_, "users"] => match only(ask, &["GET", "POST"])? {
                "POST" => return self.assign(ask, provisioner),
                _ => self.list_assigned(ask)?,
            },
            [_, "users", user] => match only(ask, &["GET", "POST", "DELETE"])? {
                "POST" => return self.update_assigned(ask, user, provisioner),
                "DELETE" => return self.unassign(ask, user, provisioner),
                _ => Reply::json(200, self.shown_assigned(&ask.base, user)?),
            },
            [_, "groups"] => {
                only(ask, &["GET"])?;
                self.list_app_groups(ask)?
            }
            [_, "groups", group] => {
                only(ask, &["GET", "PUT", "DELETE"])?;
                return self.app_group(ask, group, provisioner);
            }
            [_, "group-push", "mappings"] => match only(ask, &["GET", "POST"])? {
                "POST" => return self.create_mapping(ask, provisioner),
                _ => self.list_mappings(ask)?,
            },
            [_, "group-push", "mappings", id] => match only(ask, &["GET", "PATCH", "DELETE"])? {
                "PATCH" => return self.update_mapping(ask, id, provisioner),
                "DELETE" => return self.delete_mapping(ask, id, provisioner),
                _ => Reply::json(200, self.shown_mapping(&ask.base, id)?),
            },
            [_, "features"] => {
                only(ask, &["GET"])?;
                self.feature(ask, None)?
            }
            [_, "features", name] => {
                only(ask, &["GET", "PUT"])?;
                self.feature(ask, Some(name))?
            }
            [_, "connections", "default"] => {
                only(ask, &["GET"])?;
                self.connection(&ask.base)
            }
            [_, "connections", "default", "lifecycle", verb] => {
                only(ask, &["POST"])?;
                return self.connect(verb);
            }
            _ => return Err(Refusal::NoPath),
        };
        Ok(Said::Reply(reply))
    }

    fn of_users(
        &mut self,
        ask: &Ask,
        rest: &[&str],
        provisioner: &mut Provisioner,
    ) -> Result<Said<Pending>, Refusal> {
        let reply = match rest {
            [] => match only(ask, &["GET", "POST"])? {
                "POST" => return self.create_user(ask, provisioner),
                _ => self.list_users(ask)?,
            },
            [name] => match only(ask, &["GET", "PUT", "POST", "DELETE"])? {
                "GET" => Reply::json(200, self.user(name)?.shown(&ask.base)),
                "DELETE" => return self.delete_user(ask, name, provisioner),
                _ => return self.update_user(ask, name, provisioner),
            },
            [name, "groups"] => {
                only(ask, &["GET"])?;
                self.groups_of_user(ask, name)?
            }
            [name, "lifecycle", verb] => {
                only(ask, &["POST"])?;
                return self.lifecycle(ask, name, verb, provisioner);
            }
            _ => return Err(Refusal::NoPath),
        };
        Ok(Said::Reply(reply))
    }

    fn of_groups(
        &mut self,
        ask: &Ask,
        rest: &[&str],
        provisioner: &mut Provisioner,
    ) -> Result<Said<Pending>, Refusal> {
        let reply = match rest {
            [] => match only(ask, &["GET", "POST"])? {
                "POST" => return self.create_group(ask, provisioner),
                _ => self.list_groups(ask)?,
            },
            [id] => match only(ask, &["GET", "PUT", "DELETE"])? {
                "PUT" => return self.update_group(ask, id, provisioner),
                "DELETE" => return self.delete_group(ask, id, provisioner),
                _ => Reply::json(200, self.shown_group(&ask.base, id)?),
            },
            [id, "users"] => {
                only(ask, &["GET"])?;
                self.list_members(ask, id)?
            }
            [id, "users", user] => {
                only(ask, &["PUT", "DELETE"])?;
                return self.change_member(ask, id, user, provisioner);
            }
            _ => return Err(Refusal::NoPath),
        };
        Ok(Said::Reply(reply))
    }

    /// `Authorization: SSWS <token>`; the scheme is read without case, as that of any other (RFC 9110 11.1).
    fn admit(&self, ask: &Ask) -> Result<(), Refusal> {
        let given = ask
            .header("authorization")
            .and_then(|value| value.split_once(' '))
            .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("SSWS"))
            .map(|(_, token)| token.trim());
        match given == Some(self.token.as_str()) {
            true => Ok(()),
            false => Err(Refusal::Token),
        }
    }

    fn is_ours(&self, id: &str) -> Result<(), Refusal> {
        match id == self.app.id {
            true => Ok(()),
            false => Err(Refusal::Missing(id.to_owned(), "AppInstance")),
        }
    }

    fn is_staged(&self, id: &str) -> bool {
        self.user(id)
            .is_ok_and(|user| user.status == Status::Staged)
    }

    fn log(&mut self, event: Event) {
        let event = event.written(&mut self.ids);
        self.system_log.push(event);
    }

    /// Notes what came of a piece of work, and the log says it.
    fn note(&mut self, work: &Work, provisioner: &Provisioner) {
        let known = Known {
            app: &self.app,
            directory: provisioner.directory(),
            memory: provisioner.memory(),
            at: self.now,
        };
        for event in events(work, known) {
            self.log(event);
        }
        let started = work.exchanges.last();
        let started = started.and_then(|exchange| exchange.started.parse().ok());
        let at = instant(started.unwrap_or(self.now));
        self.note_user(work, provisioner, &at);
        self.note_group(work, &at);
        if work.subject.is_none() {
            self.discovered(work);
        }
    }
}

/// The method, if it is one of these.
fn only<'a>(ask: &'a Ask, methods: &[&str]) -> Result<&'a str, Refusal> {
    match methods.contains(&ask.method.as_str()) {
        true => Ok(&ask.method),
        false => Err(Refusal::Method),
    }
}

impl Org for Okta {
    type Pending = Pending;

    /// The API settings were saved: the connection is tested, and entitlements are discovered (okta.md 1.1, 8.1).
    fn opened(&mut self, at: Timestamp) -> (Vec<Change>, Option<Pending>) {
        self.now = at;
        (vec![Change::TestConnection], Some(Pending::Connection))
    }

    fn asked(&mut self, ask: &Ask, provisioner: &mut Provisioner) -> Said<Pending> {
        self.now = ask.at;
        if ask.body.is_none() {
            return Said::Reply(Refusal::Large(LARGEST_BODY).reply(&mut self.ids));
        }
        match self.decided(ask, provisioner) {
            Ok(said) => said,
            Err(refusal) => Said::Reply(refusal.reply(&mut self.ids)),
        }
    }

    fn provisioned(
        &mut self,
        base: &str,
        pending: Pending,
        works: &[Work],
        provisioner: &Provisioner,
    ) -> Reply {
        for work in works {
            self.note(work, provisioner);
        }
        let shown = |value: Value| Reply::json(200, value);
        let reply = match pending {
            Pending::Reply(reply) => Ok(reply),
            Pending::Assigned(id) => self.shown_assigned(base, &id).map(shown),
            Pending::Mapping(id) => self.shown_mapping(base, &id).map(shown),
            Pending::Connection => {
                let tested = works.last().map(|work| work.did.clone());
                self.connected(tested.unwrap_or(Ok(Did::Tested)).map(drop))
            }
        };
        reply.unwrap_or_else(|refusal| refusal.reply(&mut self.ids))
    }
}
