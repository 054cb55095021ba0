//! The members of one group, added and removed after users and groups (entra.md 7).

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::answer::{self, Fault};
use super::dialect::Dialect;
use super::group::is_pushed;
use super::needs;
use super::work::Work;
use crate::exchange::Exchange;
use crate::idp::mapping::{Expression, Mapping};
use crate::idp::{Call, Did, Need, Next, Payload, Subject, World};
use crate::profile::ProfileId;

/// Remembered instead of an id of whoever had no account when it was their turn: they are out of scope and are not sent
/// until a restart (entra.md 7).
const LEFT_OUT: &str = "";

/// Adds and removes the members that differ from what was sent before.
pub(super) struct MembersJob {
    key: String,
    client: ProfileId,
    stage: Stage,
    /// Who is known to be a member or not: `entra.check-reference`.
    asked: BTreeSet<String>,
    changed: bool,
}

enum Stage {
    Start,
    Checking(String, String),
    Adding(Vec<(String, String)>),
    Removing(Vec<String>),
}

/// What differs, from what is remembered.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Due {
    /// Keys and ids to add.
    add: Vec<(String, String)>,
    /// Keys and ids to remove.
    remove: Vec<(String, String)>,
    /// Keys of those who have no account.
    leave_out: Vec<String>,
    /// Somebody could not be created yet, and joins with a later cycle.
    waits: bool,
    /// Keys of those who were left out and are not members any more.
    forget: Vec<String>,
}

/// Whether members are mapped.
pub(super) fn are_mapped(mapping: &Mapping) -> bool {
    mapping
        .groups
        .iter()
        .any(|row| row.from == Expression::Members)
}

/// Whether there may be something to do: somebody is to be added, removed, or to be left out.
pub(super) fn may_be_due(key: &str, world: &World<'_>) -> bool {
    match world.memory.group(key) {
        None => world
            .directory
            .group(key)
            .is_some_and(|group| !group.members.is_empty()),
        Some(_) => due(key, world) != Due::default(),
    }
}

fn due(key: &str, world: &World<'_>) -> Due {
    let mut due = Due::default();
    let (Some(group), Some(link)) = (world.directory.group(key), world.memory.group(key)) else {
        return due;
    };
    if !are_mapped(world.mapping) || !is_pushed(key, world) {
        return due;
    }
    let late = world.switches.get("entra.late-references") == "repair";
    for member in &group.members {
        let known = link.members.get(member).map(String::as_str);
        match world.memory.user(member) {
            Some(_) if known == Some(LEFT_OUT) && !late => {}
            Some(account) if known != Some(&account.id) => {
                due.add.push((member.clone(), account.id.clone()));
            }
            Some(_) => {}
            None if known.is_some() => {}
            // Whoever could not be created yet is not out of scope.
            None if world
                .memory
                .escrow(&Subject::User(member.clone()))
                .is_some() =>
            {
                due.waits = true;
            }
            None => due.leave_out.push(member.clone()),
        }
    }
    for (member, id) in &link.members {
        if !group.members.contains(member) {
            match id.as_str() {
                LEFT_OUT => due.forget.push(member.clone()),
                id => due.remove.push((member.clone(), id.to_owned())),
            }
        }
    }
    due
}

impl MembersJob {
    /// As that client.
    pub(super) fn new(key: &str, client: ProfileId) -> Self {
        Self {
            key: key.to_owned(),
            client,
            stage: Stage::Start,
            asked: BTreeSet::new(),
            changed: false,
        }
    }

    fn proceed(&mut self, world: &mut World<'_>) -> Next {
        let mut due = due(&self.key, world);
        let Some(id) = world.memory.group(&self.key).map(|link| link.id.clone()) else {
            return Next::Done(Did::Nothing);
        };
        if !due.leave_out.is_empty() || !due.forget.is_empty() {
            self.remember(world, |members| {
                for member in &due.leave_out {
                    members.insert(member.clone(), LEFT_OUT.to_owned());
                }
                for member in &due.forget {
                    members.remove(member);
                }
            });
        }
        if world.switches.is_on("entra.check-reference")
            && let Some((member, account)) = due
                .add
                .iter()
                .find(|(member, _)| !self.asked.contains(member))
        {
            let call = self.check(&id, member, account);
            self.stage = Stage::Checking(member.clone(), account.clone());
            return Next::Send(Box::new(call));
        }
        let batch = match world.switches.get("entra.member-batch") {
            "all" => usize::MAX,
            _ => world.switches.number("entra.member-batch"),
        };
        if !due.add.is_empty() {
            due.add.truncate(batch);
            let call = self.add(world, &id, &due.add);
            self.stage = Stage::Adding(due.add);
            return Next::Send(Box::new(call));
        }
        if !due.remove.is_empty() {
            due.remove.truncate(batch);
            let call = self.remove(world, &id, &due.remove);
            self.stage = Stage::Removing(due.remove.into_iter().map(|(key, _)| key).collect());
            return Next::Send(Box::new(call));
        }
        let did = match self.changed {
            true => Did::Updated,
            false => Did::Nothing,
        };
        self.done(world, did)
    }

    fn check(&self, id: &str, member: &str, account: &str) -> Call {
        self.call(
            "GET",
            &["Groups"],
            format!("ask whether {member} is in {}", self.key),
            "entra.md 7 [inferred]",
        )
        .query(
            "filter",
            format!("id eq \"{id}\" and members eq \"{account}\""),
        )
        .needing(
            needs::matches(
                "Microsoft's documentation describes this check of a membership by two filters; no recent recording shows it.",
            )
            .recommended(),
        )
    }

    fn add(&self, world: &World<'_>, id: &str, members: &[(String, String)]) -> Call {
        let dialect = Dialect::of(self.client);
        let word = dialect.add();
        let operation = json!({"op": word, "path": "members", "value": values(world, members)});
        self.patch(
            id,
            format!("add members to {}", self.key),
            "entra.md 7 [doc][recorded]",
            vec![operation],
            needs::changed(
                "The changes of a cycle come in one operation; a server that takes only the first member loses the others.",
            )
            .covering(match dialect {
                // The RFC writes its words in lower case.
                Dialect::Legacy => &[],
                Dialect::Compliant => &["rfc7644-3.5.2.1-members-add"],
            }),
        )
    }

    fn remove(&self, world: &World<'_>, id: &str, members: &[(String, String)]) -> Call {
        let dialect = Dialect::of(self.client);
        let title = format!("remove members from {}", self.key);
        let word = dialect.remove();
        if dialect == Dialect::Legacy {
            let operation = json!({"op": word, "path": "members", "value": values(world, members)});
            return self.patch(
                id,
                title,
                "entra.md 7 [doc][recorded]",
                vec![operation],
                needs::changed(
                    "Exactly the members that `value` lists must go; a server that ignores it empties the group, and one that refuses it leaves people with access.",
                ),
            );
        }
        let operations = members
            .iter()
            .map(|(_, id)| json!({"op": word, "path": format!("members[value eq \"{id}\"]")}))
            .collect();
        let need = needs::changed("Exactly the member that the filter selects must go.")
            .covering(&["rfc7644-3.5.2.2-members-by-filter"]);
        // The documentation shows a single operation; one for each member is inferred.
        let (source, need) = match members {
            [_] => ("entra.md 7 [doc]", need),
            _ => ("entra.md 7 [inferred]", need.recommended()),
        };
        self.patch(id, title, source, operations, need)
    }

    fn patch(
        &self,
        id: &str,
        title: String,
        source: &'static str,
        operations: Vec<Value>,
        need: Need,
    ) -> Call {
        self.call("PATCH", &["Groups", id], title, source)
            .body(Payload::patch(operations))
            .needing(need)
            .needing(needs::without_body())
    }

    fn changed(&mut self, world: &mut World<'_>, exchange: &Exchange) -> Result<(), Fault> {
        if exchange.status() == Some(404) {
            // The next cycle matches the group, or creates it anew.
            world.memory.set_group(&self.key, None);
        }
        answer::changed(exchange)?;
        self.changed = true;
        Ok(())
    }

    fn remember(
        &self,
        world: &mut World<'_>,
        change: impl FnOnce(&mut std::collections::BTreeMap<String, String>),
    ) {
        if let Some(mut link) = world.memory.group(&self.key).cloned() {
            change(&mut link.members);
            world.memory.set_group(&self.key, Some(link));
        }
    }
}

impl Work for MembersJob {
    fn client(&self) -> ProfileId {
        self.client
    }

    fn about(&self) -> Subject {
        Subject::Group(self.key.clone())
    }

    fn start(&mut self, world: &mut World<'_>) -> Next {
        self.proceed(world)
    }

    fn hear(&mut self, world: &mut World<'_>, exchange: &Exchange) -> Result<Next, Fault> {
        let members = |fault| match fault {
            Fault::Object(message) => Fault::Object(format!("members: {message}")),
            other => other,
        };
        match std::mem::replace(&mut self.stage, Stage::Start) {
            Stage::Start => {}
            Stage::Checking(member, account) => {
                let (total, _) = answer::listed(exchange)?;
                if total > 0 {
                    self.remember(world, |members| {
                        members.insert(member.clone(), account);
                    });
                }
                self.asked.insert(member);
            }
            Stage::Adding(added) => {
                self.changed(world, exchange).map_err(members)?;
                self.remember(world, |members| members.extend(added));
            }
            Stage::Removing(removed) => {
                self.changed(world, exchange).map_err(members)?;
                self.remember(world, |members| {
                    for member in &removed {
                        members.remove(member);
                    }
                });
            }
        }
        Ok(self.proceed(world))
    }
}

fn values(world: &World<'_>, members: &[(String, String)]) -> Value {
    let null = world.switches.is_on("entra.null-ref");
    members
        .iter()
        .map(|(_, id)| match null {
            true => json!({"$ref": null, "value": id}),
            false => json!({"value": id}),
        })
        .collect()
}
