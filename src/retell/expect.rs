//! Expectations: what was answered, if that was right, and else what is right.

use std::collections::{HashMap, HashSet};

use serde_json::Value;

use super::attribute::{Owner, owner_of};
use super::fold::Asked;
use super::people::{attribute_at, each_text, id_of, text};
use super::prepare::location_id;
use super::proposal::told;
use crate::exchange::MASKED;
use crate::finding::Authority;
use crate::profile::ProfileId;
use crate::scenario::flow;

/// What is expected of an answer.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Expected {
    /// Accepted statuses; none for no expectation.
    pub(super) status: Vec<u16>,
    /// Whether the recorded answer has one of them.
    pub(super) recorded: bool,
    /// Why something else is expected than what was answered.
    pub(super) because: Option<&'static str>,
}

/// What the story has done so far to the resources of the target.
#[derive(Debug, Default)]
pub(super) struct World {
    /// Ids of what exists.
    alive: HashMap<String, Owner>,
    /// What `active` was set to, by id.
    active: HashMap<String, bool>,
    deleted: HashSet<String>,
    /// Names that are taken, in lower case, with whether they are those of groups and who has them.
    names: Vec<(bool, String, String)>,
    /// How requests are authorised usually.
    authorization: Option<String>,
}

impl World {
    pub(super) fn new(asked: &[Asked<'_>]) -> Self {
        let first = asked
            .iter()
            .filter(|one| one.is_accepted())
            .find_map(|one| one.exchange.request.header("authorization"));
        Self {
            authorization: first.map(str::to_owned),
            ..Self::default()
        }
    }

    /// How the request is authorised, as the value of a header, if in another way than most: not at all, or with what was
    /// certainly no secret.
    pub(super) fn other_authorization(&self, asked: &Asked<'_>) -> Option<String> {
        let usual = self.authorization.as_deref();
        let is_refused = asked.exchange.status() == Some(401);
        if usual.is_none() && !is_refused || asked.exchange.request.headers.is_empty() {
            return None;
        }
        match asked.exchange.request.header("authorization") {
            Some(value) if Some(value) == usual && !is_refused => None,
            Some(value) if !value.contains(MASKED) => Some(flow::quoted(value)),
            Some(value) => {
                let scheme = value.split(' ').next().unwrap_or_default();
                let scheme = if scheme.contains(MASKED) {
                    "Bearer"
                } else {
                    scheme
                };
                Some(flow::in_quotes(&format!("{scheme} not-the-token-${{run}}")))
            }
            None => Some("null".to_owned()),
        }
    }

    /// A resource that exists.
    pub(super) fn born(&mut self, owner: Owner, id: Option<&str>, body: Option<&Value>) {
        let id = id.unwrap_or_default();
        if !id.is_empty() {
            self.alive.insert(id.to_owned(), owner);
            self.deleted.remove(id);
        }
        let (is_group, key) = match owner {
            Owner::User => (false, "userName"),
            Owner::Group => (true, "displayName"),
            Owner::Other => return,
        };
        if let Some(name) = body.and_then(|body| text(body, key)) {
            self.names
                .push((is_group, name.to_lowercase(), id.to_owned()));
        }
    }

    fn is_alive(&self, endpoint: &str, id: &str) -> bool {
        self.alive.get(id) == Some(&owner_of(endpoint))
    }

    /// What a request that is expected to be accepted makes of `active`.
    pub(super) fn intend(&mut self, asked: &Asked<'_>) {
        let Some(body) = asked.body.as_ref() else {
            return;
        };
        let id = asked.address.id().map(str::to_owned);
        let Some(id) = id.or_else(|| asked.accepted().and_then(id_of)) else {
            return;
        };
        let patched = told(owner_of(asked.address.endpoint()), body);
        let active = patched.as_ref().and_then(|told| told.get("active"));
        match active
            .or_else(|| body.get("active"))
            .and_then(Value::as_bool)
        {
            Some(active) => self.active.insert(id, active),
            // An operation that is not understood may change it, too.
            None if patched.is_none() => self.active.remove(&id),
            None => None,
        };
    }

    /// Whether the resource should be active, if the story has said so.
    pub(super) fn intended(&self, id: &str) -> Option<bool> {
        self.active.get(id).copied()
    }

    /// Takes note of what a request did.
    pub(super) fn see(&mut self, asked: &Asked<'_>) {
        if !asked.is_accepted() {
            return;
        }
        let owner = owner_of(asked.address.endpoint());
        match (asked.method(), asked.address.id()) {
            ("POST", None) => {
                let id = asked
                    .accepted()
                    .and_then(id_of)
                    .or_else(|| location_id(asked));
                self.born(owner, id.as_deref(), asked.body.as_ref());
            }
            ("DELETE", Some(id)) => {
                self.alive.remove(id);
                self.deleted.insert(id.to_owned());
                self.names.retain(|(_, _, holder)| holder != id);
            }
            ("PUT" | "PATCH", Some(id)) => {
                // A new name frees the old one.
                let key = if owner == Owner::Group {
                    "displayName"
                } else {
                    "userName"
                };
                if let Some(name) = asked.accepted().and_then(|answer| text(answer, key)) {
                    self.names.retain(|(_, _, holder)| holder != id);
                    let is_group = owner == Owner::Group;
                    self.names
                        .push((is_group, name.to_lowercase(), id.to_owned()));
                }
            }
            _ => {}
        }
    }

    /// The refusal that the story explains, if it explains one.
    fn refusal(&self, asked: &Asked<'_>) -> Option<u16> {
        let owner = owner_of(asked.address.endpoint());
        if let Some(id) = asked.address.id().filter(|_| owner != Owner::Other) {
            return self.deleted.contains(id).then_some(404);
        }
        let (is_group, key) = match owner {
            Owner::User => (false, "userName"),
            _ => return None,
        };
        let name = asked.body.as_ref().and_then(|body| text(body, key))?;
        let name = name.to_lowercase();
        let taken = self
            .names
            .iter()
            .any(|(group, known, _)| *group == is_group && *known == name);
        (asked.method() == "POST" && taken).then_some(409)
    }

    /// Whether a body holds a name that somebody else has.
    fn takes_a_name(&self, asked: &Asked<'_>) -> bool {
        let mut taken = false;
        let id = asked.address.id();
        if let Some(body) = &asked.body {
            each_text(body, &mut |leaf| {
                let value = leaf.value.to_lowercase();
                taken |= self
                    .names
                    .iter()
                    .any(|(_, name, holder)| *name == value && Some(holder.as_str()) != id);
            });
        }
        taken
    }

    /// Whether a request has not what every target asks for: a name, or references to what exists.
    fn is_incomplete(&self, asked: &Asked<'_>) -> bool {
        let Some(body) = &asked.body else {
            return false;
        };
        let owner = owner_of(asked.address.endpoint());
        let nameless = asked.method() == "POST"
            && asked.address.path.len() == 1
            && match owner {
                Owner::User => text(body, "userName").is_none(),
                Owner::Group => text(body, "displayName").is_none(),
                Owner::Other => false,
            };
        let mut dangling = false;
        each_text(body, &mut |leaf| {
            let (_, attribute) = attribute_at(owner, body, leaf);
            dangling |= attribute.name == "members"
                && ["", "value"].contains(&attribute.sub.as_str())
                && !self.alive.contains_key(leaf.value);
        });
        nameless || dangling
    }

    /// What is expected of the answer to a request.
    pub(super) fn expected(&self, asked: &Asked<'_>, client: ProfileId) -> Expected {
        let Some(status) = asked.exchange.status() else {
            return Expected::default();
        };
        let mut right = success(asked);
        // What a service of somebody's own answers is its own business.
        if owner_of(asked.address.endpoint()) == Owner::Other && status / 100 == 2 {
            right = vec![status];
        }
        let as_recorded = Expected {
            status: match right.contains(&status) {
                true => right.clone(),
                false => vec![status],
            },
            recorded: true,
            because: None,
        };
        let instead = |status: Vec<u16>, because| Expected {
            status,
            recorded: false,
            because: Some(because),
        };
        if let Some(refusal) = self.refusal(asked) {
            return match status == refusal || (refusal == 404 && status == 410) {
                true => as_recorded,
                false if refusal == 404 => instead(vec![404], "it has been deleted before"),
                false => instead(vec![409], "the name is taken"),
            };
        }
        if right.contains(&status) || (status == 304 && asked.method() == "GET") {
            return as_recorded;
        }
        if status < 400 {
            return instead(right, "that is the status of a success");
        }
        if status < 500 && self.is_deserved(asked, status, client) {
            return as_recorded;
        }
        // A server that does not have something may say so to those who can do without it.
        if status == 501 && client == ProfileId::Scimulate {
            return as_recorded;
        }
        let because = match status {
            501.. => "no request deserves that",
            500 => "no request deserves a server error",
            _ => "nothing in the recording explains the refusal",
        };
        instead(right, because)
    }

    /// Whether a refusal may be right for all that can be told from the recording.
    fn is_deserved(&self, asked: &Asked<'_>, status: u16, client: ProfileId) -> bool {
        let request = &asked.exchange.request;
        match status {
            401 => true,
            403 => {
                client.authority() == Authority::Rfc
                    || request.header("authorization") != self.authorization.as_deref()
            }
            404 => {
                let id = asked.address.id();
                owner_of(asked.address.endpoint()) == Owner::Other
                    || id.is_some_and(|id| !self.is_alive(asked.address.endpoint(), id))
            }
            412 | 428 => ["if-match", "if-none-match"]
                .iter()
                .any(|name| request.header(name).is_some()),
            409 => {
                asked.method() == "POST"
                    || client.authority() == Authority::Rfc
                    || self.takes_a_name(asked)
            }
            // A plain client may send what deserves it; providers send what they always send.
            _ => {
                client.authority() == Authority::Rfc
                    || (asked.body.is_none() && !request.body.is_empty())
                    || self.is_incomplete(asked)
            }
        }
    }
}

/// The statuses of a success.
fn success(asked: &Asked<'_>) -> Vec<u16> {
    let is_search = asked
        .address
        .path
        .last()
        .is_some_and(|last| last == ".search");
    match asked.method() {
        "POST" if is_search || asked.address.is_at("Bulk") => vec![200],
        "POST" => vec![201],
        "PATCH" => vec![200, 204],
        "DELETE" => vec![204],
        "OPTIONS" => vec![200, 204],
        _ => vec![200],
    }
}
