//! Groups: pushed, linked, unlinked (okta.md 6.2, 6.5).

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::exchange::Exchange;
use crate::idp::okta::answer::{Listing, PAGE};
use crate::idp::okta::membership::{Membership, Scope, member, name_of, pushable};
use crate::idp::okta::place::quoted;
use crate::idp::okta::{answer, message, needs};
use crate::idp::{Call, Did, GroupLink, Job, Next, Payload, Subject, World};
use crate::profile::ProfileId;
use crate::scim::locate;
use crate::scim::urn;

/// One group's push.
pub(super) struct Push {
    key: String,
    /// Create it if it is not there.
    create: bool,
    stage: Stage,
    did: Did,
}

enum Stage {
    Start,
    LookingUp,
    /// With these members.
    Creating(BTreeMap<String, String>),
    Sending(Membership),
}

impl Push {
    /// Pushes a group, or links it if it is there.
    pub(super) fn new(key: &str) -> Self {
        Self {
            key: key.to_owned(),
            create: true,
            stage: Stage::Start,
            did: Did::Linked,
        }
    }

    /// Links a group that must be there.
    pub(super) fn link(key: &str) -> Self {
        Self {
            create: false,
            ..Self::new(key)
        }
    }

    fn start(&mut self, world: &mut World<'_>) -> Next {
        let Some(group) = world
            .directory
            .group(&self.key)
            .filter(|group| group.pushed)
        else {
            return Next::Done(Did::Nothing);
        };
        if world.memory.group(&self.key).is_some() {
            self.did = Did::Updated;
            return self.send(world, Scope::Changes);
        }
        let Some(name) = group.text("displayName") else {
            return Next::Failed(format!(
                "{} has no displayName to be looked up by",
                self.key
            ));
        };
        let mut call = Call::new(
            world.client,
            "GET",
            &["Groups"],
            format!("look {} up", self.key),
            "okta.md 6.2 [doc][recorded]",
        )
        .about(Subject::Group(self.key.clone()))
        .query("filter", format!("displayName eq {}", quoted(name)))
        .query("startIndex", "1")
        .query("count", PAGE.to_string());
        call.needs = needs::looked_up();
        self.stage = Stage::LookingUp;
        Next::Send(Box::new(call))
    }

    fn found(&mut self, world: &mut World<'_>, exchange: &Exchange) -> Next {
        let name = name_of(&self.key, world);
        let failed = |cause: &str| message::group(&name, "verifying", cause);
        let nobody = Listing {
            total: 0,
            resources: &[],
        };
        let listing = match (exchange.status(), answer::success(exchange)) {
            (Some(404), _) => nobody,
            (_, None) => return message::failed(exchange, failed(&message::cause(exchange))),
            (_, Some(response)) => match Listing::of(response) {
                Ok(listing) => listing,
                Err(unreadable) => return Next::Failed(failed(&message::listing(unreadable))),
            },
        };
        match (listing.total, listing.resources) {
            (0, _) if self.create => self.create(world),
            (0, _) => Next::Failed(failed("there is no such group to link")),
            (1, [Value::Object(hit)]) => match answer::id_of(hit) {
                Some(id) => self.take_over(world, id, hit),
                None => Next::Failed(failed("the group that was found has no id")),
            },
            (1, _) => Next::Failed(failed("No results for groups returned")),
            (several, _) => {
                Next::Failed(failed(&message::several("groups", "displayName", several)))
            }
        }
    }

    /// The group as it is at the target is remembered before anything is sent: its members must stay (okta.md 6.5).
    fn take_over(&mut self, world: &mut World<'_>, id: String, hit: &Map<String, Value>) -> Next {
        let mut pushed = Map::new();
        if let Some(name) = locate::member(hit, "displayName") {
            pushed.insert("displayName".to_owned(), name.clone());
        }
        if let Some(Value::Array(members)) = locate::member(hit, "members") {
            let members: Vec<Value> = members.iter().filter_map(reduced).collect();
            if !members.is_empty() {
                pushed.insert("members".to_owned(), Value::Array(members));
            }
        }
        let link = GroupLink {
            id,
            pushed: Value::Object(pushed),
            members: BTreeMap::new(),
        };
        world.memory.set_group(&self.key, Some(link));
        let scope = match world.client {
            ProfileId::OktaAiw => Scope::Repeat,
            _ => Scope::Link,
        };
        self.send(world, scope)
    }

    /// Apps of the wizard send the members at once; of the others both is documented (okta.md 6.2).
    fn create(&mut self, world: &World<'_>) -> Next {
        let whole =
            world.client == ProfileId::OktaAiw || world.switches.is_on("okta.members-in-create");
        let wanted = if whole {
            pushable(&self.key, world)
        } else {
            BTreeMap::new()
        };
        let members: Vec<Value> = wanted
            .iter()
            .map(|(key, id)| member(key, id, world))
            .collect();
        let name = name_of(&self.key, world);
        let document = json!({"schemas": [urn::GROUP], "displayName": name, "members": members});
        let source = match (world.client, whole) {
            (ProfileId::OktaAiw, _) => "okta.md 6.2 [recorded]",
            _ => "okta.md 6.2 [doc]",
        };
        let mut call = Call::new(
            world.client,
            "POST",
            &["Groups"],
            format!("create {}", self.key),
            source,
        )
        .about(Subject::Group(self.key.clone()))
        .creating()
        .body(Payload::Document(document));
        call.needs = needs::created_group(&name, !wanted.is_empty());
        self.stage = Stage::Creating(wanted);
        Next::Send(Box::new(call))
    }

    fn created(&mut self, world: &mut World<'_>, exchange: &Exchange) -> Next {
        let name = name_of(&self.key, world);
        let failed = |cause: &str| message::group(&name, "creating", cause);
        let Some(response) = answer::success(exchange) else {
            return message::failed(exchange, failed(&message::cause(exchange)));
        };
        let Some(id) = answer::document(response).and_then(answer::id_of) else {
            return Next::Failed(failed("Create new group returned empty group."));
        };
        let Stage::Creating(members) = std::mem::replace(&mut self.stage, Stage::Start) else {
            return Next::Done(Did::Created);
        };
        let link = GroupLink {
            id,
            pushed: json!({"displayName": name}),
            members,
        };
        world.memory.set_group(&self.key, Some(link));
        self.did = Did::Created;
        let scope = match world.client {
            ProfileId::OktaAiw => Scope::Repeat,
            _ => Scope::Changes,
        };
        self.send(world, scope)
    }

    fn send(&mut self, world: &mut World<'_>, scope: Scope) -> Next {
        let mut membership = Membership::new(&self.key, scope);
        let next = membership.next(world, None);
        self.stage = Stage::Sending(membership);
        self.finished(next)
    }

    fn finished(&self, next: Next) -> Next {
        match next {
            Next::Done(Did::Unchanged) if self.did == Did::Updated => Next::Done(Did::Unchanged),
            Next::Done(_) => Next::Done(self.did),
            next => next,
        }
    }
}

impl Job for Push {
    fn subject(&self) -> Option<Subject> {
        Some(Subject::Group(self.key.clone()))
    }

    fn next(&mut self, world: &mut World<'_>, answer: Option<&Exchange>) -> Next {
        let Some(exchange) = answer else {
            return self.start(world);
        };
        match &mut self.stage {
            Stage::Start | Stage::LookingUp => self.found(world, exchange),
            Stage::Creating(_) => self.created(world, exchange),
            Stage::Sending(membership) => {
                let next = membership.next(world, answer);
                self.finished(next)
            }
        }
    }
}

/// A member as Okta sends it: `value` and `display` only (okta.md 6.4).
fn reduced(member: &Value) -> Option<Value> {
    let member = member.as_object()?;
    let mut reduced = Map::new();
    for name in ["value", "display"] {
        if let Some(value) = locate::member(member, name) {
            reduced.insert(name.to_owned(), value.clone());
        }
    }
    reduced
        .contains_key("value")
        .then_some(Value::Object(reduced))
}

/// One group's link is given up; the group is deleted at the target, or left there (okta.md 6.5).
pub(super) struct Unlink {
    key: String,
    delete: bool,
}

impl Unlink {
    /// Unlinks.
    pub(super) fn new(key: &str, delete: bool) -> Self {
        Self {
            key: key.to_owned(),
            delete,
        }
    }
}

impl Job for Unlink {
    fn subject(&self) -> Option<Subject> {
        Some(Subject::Group(self.key.clone()))
    }

    fn next(&mut self, world: &mut World<'_>, answer: Option<&Exchange>) -> Next {
        let name = name_of(&self.key, world);
        match answer {
            None => {
                let Some(link) = world.memory.group(&self.key) else {
                    return Next::Done(Did::Nothing);
                };
                if !self.delete {
                    world.memory.set_group(&self.key, None);
                    return Next::Done(Did::Nothing);
                }
                let call = Call::new(
                    world.client,
                    "DELETE",
                    &["Groups", &link.id],
                    format!("delete {}", self.key),
                    "okta.md 6.5 [doc]",
                )
                .about(Subject::Group(self.key.clone()))
                .covering(&["rfc7644-3.6-204", "rfc7644-3.6-group-204"])
                .needing(needs::deleted());
                Next::Send(Box::new(call))
            }
            Some(exchange) if answer::success(exchange).is_some() => {
                world.memory.set_group(&self.key, None);
                Next::Done(Did::Deleted)
            }
            Some(exchange) => {
                // The administrator hears of it (okta.md 6.5); what is gone has no link that could be kept.
                if exchange.status() == Some(404) {
                    world.memory.set_group(&self.key, None);
                }
                let message = message::group(&name, "deleting", &message::cause(exchange));
                message::failed(exchange, message)
            }
        }
    }
}
