//! Names and members of a group that is linked: what is due, and what the target holds afterwards (okta.md 6.1, 6.3 to
//! 6.5).

use std::collections::{BTreeMap, HashSet, VecDeque};

use serde_json::{Map, Value, json};

use crate::exchange::Exchange;
use crate::idp::okta::sending::{Effect, Sending};
use crate::idp::okta::{answer, message};
use crate::idp::{Call, Did, GroupLink, Job, Next, Status, Subject, World};
use crate::profile::ProfileId;

/// What is to be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scope {
    /// The name, if it has changed.
    Name,
    /// The members, if they have changed, and the name with them.
    Members,
    /// Whatever has changed.
    Changes,
    /// Whatever has changed, so that the members of a group that was there before stay (okta.md 6.5).
    Link,
    /// What the POST has said already, once more (okta.md 6.2).
    Repeat,
    /// The whole membership, which overwrites what is there (okta.md 6.5).
    Overwrite,
}

/// One group's name and members.
pub(super) struct Membership {
    key: String,
    scope: Scope,
    waiting: VecDeque<(Call, Effect)>,
    under_way: Option<Effect>,
    reading: bool,
}

impl Membership {
    /// Sends what the scope says.
    pub(super) fn new(key: &str, scope: Scope) -> Self {
        Self {
            key: key.to_owned(),
            scope,
            waiting: VecDeque::new(),
            under_way: None,
            reading: false,
        }
    }

    fn start(&mut self, world: &World<'_>) -> Next {
        let Some(link) = world.memory.group(&self.key) else {
            return Next::Done(Did::Nothing);
        };
        let Some(sending) = Sending::of(&self.key, link, world) else {
            return Next::Done(Did::Nothing);
        };
        if !sending.is_due(self.scope) {
            return Next::Done(Did::Unchanged);
        }
        if world.client == ProfileId::OktaAiw {
            self.reading = true;
            return Next::Send(Box::new(sending.read(world)));
        }
        self.waiting = sending.patches(self.scope, world).into();
        self.send()
    }

    fn put(&mut self, world: &World<'_>) -> Next {
        let Some(link) = world.memory.group(&self.key) else {
            return Next::Done(Did::Nothing);
        };
        if let Some(sending) = Sending::of(&self.key, link, world) {
            self.waiting
                .push_back(sending.put(self.scope == Scope::Overwrite, world));
        }
        self.send()
    }

    fn send(&mut self) -> Next {
        let Some((call, effect)) = self.waiting.pop_front() else {
            return Next::Done(Did::Updated);
        };
        self.under_way = Some(effect);
        Next::Send(Box::new(call))
    }

    fn remember(&mut self, world: &mut World<'_>) {
        let (Some(effect), Some(mut link)) = (
            self.under_way.take(),
            world.memory.group(&self.key).cloned(),
        ) else {
            return;
        };
        let named = |name: String| ("displayName".to_owned(), Value::from(name));
        match effect {
            Effect::Name(name) => {
                if let Value::Object(pushed) = &mut link.pushed {
                    pushed.extend([named(name)]);
                }
            }
            Effect::Delta { added, removed } => {
                let ids = removed.iter().filter_map(|key| link.members.remove(key));
                forget_found(&mut link.pushed, &ids.collect());
                link.members.extend(added);
            }
            Effect::Exactly(members) => {
                link.members = members;
                if let Value::Object(pushed) = &mut link.pushed {
                    pushed.shift_remove("members");
                }
            }
            Effect::All {
                name,
                members,
                keeps_found,
            } => {
                let found = found(&link);
                link.members = members;
                let mut pushed = Map::from_iter([named(name)]);
                if keeps_found && !found.is_empty() {
                    pushed.insert("members".to_owned(), found.into());
                }
                link.pushed = Value::Object(pushed);
            }
        }
        world.memory.set_group(&self.key, Some(link));
    }
}

impl Job for Membership {
    fn subject(&self) -> Option<Subject> {
        Some(Subject::Group(self.key.clone()))
    }

    fn next(&mut self, world: &mut World<'_>, answer: Option<&Exchange>) -> Next {
        let Some(exchange) = answer else {
            return self.start(world);
        };
        if answer::success(exchange).is_none() {
            let name = name_of(&self.key, world);
            let message = message::group(&name, "updating", &message::cause(exchange));
            return message::failed(exchange, message);
        }
        if std::mem::take(&mut self.reading) {
            return self.put(world);
        }
        self.remember(world);
        self.send()
    }
}

/// `{"value":id,"display":userName}`: no `type`, no `$ref` (okta.md 6.4). `display` is the userName at the application.
pub(super) fn member(key: &str, id: &str, world: &World<'_>) -> Value {
    let link = world.memory.user(key);
    let display = link
        .and_then(|link| link.pushed.get("userName"))
        .cloned()
        .unwrap_or(Value::Null);
    json!({"value": id, "display": display})
}

/// Who of the group can be pushed: those whose id Okta holds and who are active (okta.md 6.1).
pub(super) fn pushable(key: &str, world: &World<'_>) -> BTreeMap<String, String> {
    let Some(group) = world.directory.group(key) else {
        return BTreeMap::new();
    };
    group
        .members
        .iter()
        .filter(|key| is_pushable(key, world))
        .filter_map(|key| Some((key.clone(), world.memory.user(key)?.id.clone())))
        .collect()
}

/// Staged and deactivated people are left out of pushes and of removals until they are active (okta.md 6.1).
pub(super) fn is_pushable(key: &str, world: &World<'_>) -> bool {
    let active = world
        .directory
        .person(key)
        .is_some_and(|person| person.is_active() && person.status != Status::Staged);
    active && world.memory.user(key).is_some_and(|link| link.active)
}

/// The name that a group has at the target from now on. Without "rename app groups" the target's own stays (okta.md 6.3).
pub(super) fn name_of(key: &str, world: &World<'_>) -> String {
    let own = world
        .directory
        .group(key)
        .and_then(|group| group.text("displayName"));
    let pushed = world
        .memory
        .group(key)
        .and_then(|link| link.pushed.get("displayName"))
        .and_then(Value::as_str);
    let name = if world.switches.is_on("okta.rename-groups") {
        own.or(pushed)
    } else {
        pushed.or(own)
    };
    name.unwrap_or(key).to_owned()
}

/// Members that were there when the group was linked; they stay (okta.md 6.5).
pub(super) fn found(link: &GroupLink) -> Vec<Value> {
    link.pushed
        .get("members")
        .and_then(Value::as_array)
        .cloned()
        .unwrap_or_default()
}

fn forget_found(pushed: &mut Value, ids: &HashSet<String>) {
    if let Some(Value::Array(members)) = pushed.get_mut("members") {
        members.retain(|member| {
            let id = member.get("value").and_then(Value::as_str);
            !id.is_some_and(|id| ids.contains(id))
        });
    }
}
