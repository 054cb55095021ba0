//! One group: matched, created without members, renamed or deleted (entra.md 7).

use serde_json::{Value, json};

use super::answer::{self, Fault, Match};
use super::dialect::Dialect;
use super::mapped::{self, Given};
use super::operations::{self, Operation};
use super::user::literal;
use super::work::Work;
use super::{document, failure, needs};
use crate::exchange::Exchange;
use crate::idp::{Did, GroupLink, Next, Subject, World};
use crate::profile::ProfileId;

/// Brings one group up to the directory, but for its members.
pub(super) struct GroupJob {
    key: String,
    client: ProfileId,
    stage: Stage,
    after_conflict: bool,
}

enum Stage {
    Start,
    Matching(usize),
    Creating(Value),
    Reading,
    Changing(Vec<Operation>, Did),
    Deleting,
}

/// Whether the group is assigned to the application.
pub(super) fn is_pushed(key: &str, world: &World<'_>) -> bool {
    world.directory.group(key).is_some_and(|group| group.pushed)
}

impl GroupJob {
    /// As that client.
    pub(super) fn new(key: &str, client: ProfileId) -> Self {
        Self {
            key: key.to_owned(),
            client,
            stage: Stage::Start,
            after_conflict: false,
        }
    }

    fn look_up(&mut self, world: &mut World<'_>, from: usize) -> Next {
        let rows = world.mapping.matching_groups();
        let entries = mapped::of_group(&self.key, world.mapping, world.directory);
        let valued = |place: usize, path: &str| {
            let entry = entries.iter().find(|entry| entry.path == path)?;
            match &entry.given {
                Given::Value(value) => Some((place, path.to_owned(), literal(value))),
                Given::Roles(..) => None,
            }
        };
        let mut asked = rows
            .iter()
            .enumerate()
            .filter_map(|(place, row)| valued(place, &row.to))
            .peekable();
        if asked.peek().is_none() {
            let reason = "no matching attribute has a value".to_owned();
            return failure::escrow(world.memory, &self.about(), reason);
        }
        if let Some((place, path, value)) = asked.find(|(place, ..)| *place >= from) {
            self.stage = Stage::Matching(place);
            return Next::Send(Box::new(
                self.call(
                    "GET",
                    &["Groups"],
                    format!("look {} up", self.key),
                    "entra.md 7 [doc]",
                )
                .query("excludedAttributes", "members")
                .query("filter", format!("{path} eq {value}"))
                .needing(needs::matches(
                    "A server that does not filter groups by displayName lets Entra create a new group on every attempt.",
                )),
            ));
        }
        if self.after_conflict {
            let reason = "POST /Groups was answered with 409, but no group is found by the matching attributes".to_owned();
            return failure::escrow(world.memory, &self.about(), reason);
        }
        let document = document::group(&entries, world);
        let need = needs::created(
            "Entra creates every group without members and adds them afterwards; a group that needs members from the start can never be provisioned.",
        );
        // A schema that it does not know, a server may refuse by the RFC.
        let need = match world.switches.get("entra.group-urn") {
            "core" => need.covering(&["rfc7644-3.3-group-empty-members"]),
            _ => need,
        };
        self.stage = Stage::Creating(document.clone());
        Next::Send(Box::new(
            self.call(
                "POST",
                &["Groups"],
                format!("create {}", self.key),
                "entra.md 7 [doc]",
            )
            .body(crate::idp::Payload::Document(document))
            .creating()
            .needing(need),
        ))
    }

    fn compare(&mut self, world: &mut World<'_>, resource: &Value, unchanged: Did) -> Next {
        let Some(id) = world.memory.group(&self.key).map(|link| link.id.clone()) else {
            return self.done(world, Did::Nothing);
        };
        let dialect = Dialect::of(self.client);
        let entries = mapped::of_group(&self.key, world.mapping, world.directory);
        let operations = mapped::differences(resource, &entries, dialect);
        if operations.is_empty() {
            self.settle(world, &[]);
            return self.done(world, unchanged);
        }
        let renames = operations
            .iter()
            .all(|operation| operation.path == "displayName");
        let verb = if renames { "rename" } else { "change" };
        let (source, covers): (_, &'static [&'static str]) = match dialect {
            Dialect::Legacy => ("entra.md 7 [doc]", &[]),
            Dialect::Compliant if renames => (
                "entra.md 7 [recorded]",
                &["rfc7644-3.5.2.3-nopath-simple-present"],
            ),
            Dialect::Compliant => ("entra.md 7 [recorded]", &[]),
        };
        let texts = world.switches.get("entra.disable-value") == "string";
        let call = self
            .call(
                "PATCH",
                &["Groups", &id],
                format!("{verb} {}", self.key),
                source,
            )
            .body(operations::message(dialect, texts, operations.clone()))
            .needing(
                needs::changed(
                    "Only the attributes change; the members are not sent again, and whoever is lost here stays lost.",
                )
                .covering(covers),
            )
            .needing(needs::without_body());
        let did = match unchanged {
            Did::Linked => Did::Linked,
            _ => Did::Updated,
        };
        self.stage = Stage::Changing(operations, did);
        Next::Send(Box::new(call))
    }

    /// By now the target holds all that the mapping gives.
    fn settle(&self, world: &mut World<'_>, sent: &[Operation]) {
        let Some(mut link) = world.memory.group(&self.key).cloned() else {
            return;
        };
        mapped::record(&mut link.pushed, sent);
        let entries = mapped::of_group(&self.key, world.mapping, world.directory);
        let rest = mapped::differences(&link.pushed, &entries, Dialect::of(self.client));
        mapped::record(&mut link.pushed, &rest);
        world.memory.set_group(&self.key, Some(link));
    }
}

impl Work for GroupJob {
    fn client(&self) -> ProfileId {
        self.client
    }

    fn about(&self) -> Subject {
        Subject::Group(self.key.clone())
    }

    fn start(&mut self, world: &mut World<'_>) -> Next {
        let id = world.memory.group(&self.key).map(|link| link.id.clone());
        match (is_pushed(&self.key, world), id) {
            (true, None) => self.look_up(world, 0),
            (true, Some(id)) => {
                self.stage = Stage::Reading;
                Next::Send(Box::new(
                    self.call(
                        "GET",
                        &["Groups", &id],
                        format!("read {}", self.key),
                        "entra.md 7 [doc]",
                    )
                    .query("excludedAttributes", "members")
                    .needing(needs::resource(
                        &id,
                        "Entra reads the group by the id that it knows, without its members, and compares the rest.",
                    )),
                ))
            }
            (false, Some(id)) if !world.switches.is_on("entra.skip-out-of-scope-deletions") => {
                self.stage = Stage::Deleting;
                Next::Send(Box::new(
                    self.call(
                        "DELETE",
                        &["Groups", &id],
                        format!("delete {}", self.key),
                        "entra.md 7 [doc]",
                    )
                    .needing(needs::deleted(
                        "A group that is not assigned any more is deleted; its members stay, as they are assigned elsewhere.",
                    )
                    .covering(&["rfc7644-3.6-group-204"])),
                ))
            }
            (false, _) => self.done(world, Did::Nothing),
        }
    }

    fn hear(&mut self, world: &mut World<'_>, exchange: &Exchange) -> Result<Next, Fault> {
        match std::mem::replace(&mut self.stage, Stage::Start) {
            Stage::Start => Ok(self.start(world)),
            Stage::Matching(place) => match answer::matched(exchange)? {
                Match::Nobody => Ok(self.look_up(world, place + 1)),
                Match::One(resource) => {
                    let id = answer::id(resource).unwrap_or_default();
                    let link = GroupLink {
                        id: id.to_owned(),
                        pushed: json!({}),
                        ..GroupLink::default()
                    };
                    world.memory.set_group(&self.key, Some(link));
                    Ok(self.compare(world, resource, Did::Linked))
                }
                Match::Several(found) => Err(Fault::Object(format!(
                    "{} is not uniquely matched: {found} groups are found",
                    self.key
                ))),
            },
            Stage::Creating(_)
                if exchange.status() == Some(409)
                    && !self.after_conflict
                    && world.switches.get("entra.after-conflict") == "patch" =>
            {
                self.after_conflict = true;
                Ok(self.look_up(world, 0))
            }
            Stage::Creating(document) => {
                let link = GroupLink {
                    id: answer::created(exchange)?.to_owned(),
                    pushed: document,
                    ..GroupLink::default()
                };
                world.memory.set_group(&self.key, Some(link));
                Ok(self.done(world, Did::Created))
            }
            Stage::Reading => match answer::read(exchange)? {
                Some(resource) => Ok(self.compare(world, resource, Did::Unchanged)),
                None => {
                    world.memory.set_group(&self.key, None);
                    Ok(self.start(world))
                }
            },
            Stage::Changing(operations, did) => {
                if exchange.status() == Some(404) {
                    world.memory.set_group(&self.key, None);
                }
                answer::changed(exchange)?;
                self.settle(world, &operations);
                Ok(self.done(world, did))
            }
            Stage::Deleting => {
                answer::deleted(exchange)?;
                world.memory.set_group(&self.key, None);
                Ok(self.done(world, Did::Deleted))
            }
        }
    }
}
