//! One person: matched, created, changed, disabled or deleted (entra.md 3.2, 4, 5, 6).

use serde_json::{Value, json};

use super::answer::{self, Fault, Match};
use super::dialect::Dialect;
use super::mapped::{self, Entry, Given, Standing};
use super::operations::{self, Operation};
use super::purpose::Purpose;
use super::work::Work;
use super::{document, failure, needs};
use crate::exchange::Exchange;
use crate::idp::{Call, Did, Next, Subject, UserLink, World};
use crate::profile::ProfileId;

/// Brings one person's account up to the directory.
pub(super) struct UserJob {
    key: String,
    client: ProfileId,
    stage: Stage,
    after_conflict: bool,
}

enum Stage {
    Start,
    /// By the matching row of that place.
    Matching(usize),
    Creating(Value),
    Reading,
    Changing {
        operations: Vec<Operation>,
        held: Value,
        did: Did,
    },
    Deleting,
}

impl UserJob {
    /// As that client, which for provisioning on demand is not the job's own.
    pub(super) fn new(key: &str, client: ProfileId) -> Self {
        Self {
            key: key.to_owned(),
            client,
            stage: Stage::Start,
            after_conflict: false,
        }
    }

    fn read(&self, id: &str, active: bool) -> Call {
        let call = self.call(
            "GET",
            &["Users", id],
            format!("read {}", self.key),
            "entra.md 3.2 [doc][recorded]",
        );
        if active {
            return call.needing(
                needs::resource(
                    id,
                    "Entra compares what it reads here with what it wants; what is missing or changed in form is sent again on every cycle.",
                )
                .covering(&["rfc7644-3.4.1-get-200"]),
            );
        }
        let [entra, rfc] = needs::inactive(id);
        call.needing(entra).needing(rfc)
    }

    /// Asks by the first matching row, from this place on, that has a value; creates when there is none left.
    fn look_up(&mut self, world: &mut World<'_>, from: usize) -> Next {
        let rows = world.mapping.matching_users();
        let entries = mapped::of_person(&self.key, world.mapping, world.directory);
        let next = rows.iter().enumerate().skip(from).find_map(|(place, row)| {
            let entry = entries.iter().find(|entry| entry.path == row.to)?;
            match &entry.given {
                Given::Value(value) => Some((place, row.to.as_str(), literal(value))),
                Given::Roles(..) => None,
            }
        });
        if let Some((place, path, value)) = next {
            self.stage = Stage::Matching(place);
            return Next::Send(Box::new(
                self.call(
                    "GET",
                    &["Users"],
                    format!("look {} up", self.key),
                    "entra.md 3.2 [doc]",
                )
                .query("filter", format!("{path} eq {value}"))
                .needing(
                    needs::matches(
                        "Entra creates what its match does not find and links what it finds; anything but an empty list or exactly one resource ends in an error or a duplicate.",
                    )
                    // Only userName is unique by the RFC.
                    .covering(match path {
                        "userName" => &[
                            "rfc7644-3.4.2-no-match-200",
                            "rfc7644-3.4.2-totalresults-required",
                        ],
                        _ => &[],
                    }),
                ),
            ));
        }
        if !was_asked(world, &entries) {
            let reason = "no matching attribute has a value".to_owned();
            return failure::escrow(world.memory, &self.about(), reason);
        }
        if self.after_conflict {
            let reason =
                "POST /Users was answered with 409, but nobody is found by the matching attributes"
                    .to_owned();
            return failure::escrow(world.memory, &self.about(), reason);
        }
        // People who are disabled are never created (entra.md 3.2).
        if mapped::standing(world.directory.people.get(&self.key)) != Standing::InUse {
            return self.done(world, Did::Nothing);
        }
        let document = document::user(&entries, world);
        let payload = document::user_payload(&document, world);
        self.stage = Stage::Creating(document);
        Next::Send(Box::new(
            self.call(
                "POST",
                &["Users"],
                format!("create {}", self.key),
                "entra.md 4.2 [doc][recorded]",
            )
            .body(payload)
            .creating()
            .needing(needs::created(
                "Entra stores the id of this answer and addresses the user by it for ever after.",
            )),
        ))
    }

    fn delete(&mut self, id: &str, source: &'static str) -> Next {
        self.stage = Stage::Deleting;
        Next::Send(Box::new(
            self.call(
                "DELETE",
                &["Users", id],
                format!("delete {}", self.key),
                source,
            )
            .needing(
                needs::deleted("Entra deletes an account for good with this, and wants 204.")
                    .covering(&["rfc7644-3.6-204"]),
            ),
        ))
    }

    /// The account that was found is this person's from now on.
    fn matched(&mut self, world: &mut World<'_>, resource: &Value) -> Next {
        let id = answer::id(resource).unwrap_or_default();
        let blocked = mapped::standing(world.directory.people.get(&self.key)) == Standing::Blocked;
        if blocked && !mapped::has_active(world.mapping) {
            return self.done(world, Did::Nothing);
        }
        world.memory.set_user(
            &self.key,
            Some(UserLink {
                id: id.to_owned(),
                pushed: mapped::taken_over(resource, world.mapping),
                active: resource.get("active") != Some(&Value::Bool(false)),
                unsure: false,
            }),
        );
        self.compare(world, resource, Did::Linked)
    }

    /// Sends what differs between what was read and what the mapping gives.
    fn compare(&mut self, world: &mut World<'_>, resource: &Value, unchanged: Did) -> Next {
        let Some(link) = world.memory.user(&self.key) else {
            return self.done(world, Did::Nothing);
        };
        let id = link.id.clone();
        let mut held = link.pushed.clone();
        if mapped::has_roles(world.mapping) {
            held["roles"] = resource.get("roles").cloned().unwrap_or_else(|| json!([]));
        }
        let dialect = Dialect::of(self.client);
        let operations = mapped::differences(resource, &self.entries(world), dialect);
        if operations.is_empty() {
            self.settle(world, held);
            return self.done(world, unchanged);
        }
        let active = operations
            .iter()
            .find(|operation| operation.path == "active")
            .map(|operation| operation.value == Value::Bool(true));
        let did = match (unchanged, active) {
            (_, Some(false)) => Did::Deactivated,
            (Did::Linked, _) => Did::Linked,
            (_, Some(true)) => Did::Activated,
            _ => Did::Updated,
        };
        let texts = world.switches.get("entra.disable-value") == "string";
        let purpose = Purpose::of(&self.key, &operations, dialect);
        let call = self
            .call("PATCH", &["Users", &id], purpose.title, purpose.source)
            .body(operations::message(dialect, texts, operations.clone()))
            .needing(needs::changed(purpose.because).covering(purpose.covers));
        self.stage = Stage::Changing {
            operations,
            held,
            did,
        };
        Next::Send(Box::new(call))
    }

    /// Out of scope only `active` is of interest.
    fn entries<'a>(&'a self, world: &'a World<'_>) -> Vec<Entry<'a>> {
        let person = world.directory.people.get(&self.key);
        let mut entries = mapped::of_person(&self.key, world.mapping, world.directory);
        if mapped::standing(person) == Standing::OutOfScope {
            entries.clear();
            entries.push(Entry {
                path: "active",
                given: Given::Value(Value::Bool(false)),
            });
        }
        entries
    }

    fn keep(&self, world: &mut World<'_>, id: &str, held: Value) {
        let active = held.get("active") != Some(&Value::Bool(false));
        let link = UserLink {
            id: id.to_owned(),
            pushed: held,
            active,
            unsure: false,
        };
        world.memory.set_user(&self.key, Some(link));
    }

    /// By now the target holds all that the mapping gives.
    fn settle(&self, world: &mut World<'_>, mut held: Value) {
        let rest = mapped::differences(&held, &self.entries(world), Dialect::of(self.client));
        mapped::record(&mut held, &rest);
        if let Some(id) = world.memory.user(&self.key).map(|link| link.id.clone()) {
            self.keep(world, &id, held);
        }
    }
}

impl Work for UserJob {
    fn client(&self) -> ProfileId {
        self.client
    }

    fn about(&self) -> Subject {
        Subject::User(self.key.clone())
    }

    fn start(&mut self, world: &mut World<'_>) -> Next {
        let standing = mapped::standing(world.directory.people.get(&self.key));
        let Some(link) = world.memory.user(&self.key) else {
            return match standing {
                Standing::InUse | Standing::Blocked => self.look_up(world, 0),
                Standing::OutOfScope | Standing::Purged => self.done(world, Did::Nothing),
            };
        };
        let id = link.id.clone();
        let leaves = matches!(standing, Standing::OutOfScope | Standing::Purged);
        if leaves && world.switches.is_on("entra.skip-out-of-scope-deletions") {
            return self.done(world, Did::Nothing);
        }
        match standing {
            Standing::OutOfScope if !link.active => self.done(world, Did::Nothing),
            Standing::Purged => self.delete(&id, "entra.md 6 [doc]"),
            Standing::OutOfScope | Standing::Blocked if !mapped::has_active(world.mapping) => {
                self.delete(&id, "entra.md 6 [doc][recorded]")
            }
            _ => {
                self.stage = Stage::Reading;
                Next::Send(Box::new(self.read(&id, link.active)))
            }
        }
    }

    fn hear(&mut self, world: &mut World<'_>, exchange: &Exchange) -> Result<Next, Fault> {
        match std::mem::replace(&mut self.stage, Stage::Start) {
            Stage::Start => Ok(self.start(world)),
            Stage::Matching(place) => match answer::matched(exchange)? {
                Match::Nobody => Ok(self.look_up(world, place + 1)),
                Match::One(resource) => Ok(self.matched(world, resource)),
                Match::Several(found) => Err(Fault::Object(format!(
                    "{} is not uniquely matched: {found} accounts are found",
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
                let id = answer::created(exchange)?;
                self.keep(world, id, document);
                Ok(self.done(world, Did::Created))
            }
            Stage::Reading => match answer::read(exchange)? {
                Some(resource) => Ok(self.compare(world, resource, Did::Unchanged)),
                None => {
                    // The account is gone; a person who should have one is matched and created anew (entra.md 3.2).
                    world.memory.set_user(&self.key, None);
                    Ok(self.start(world))
                }
            },
            Stage::Changing {
                operations,
                mut held,
                did,
            } => {
                if exchange.status() == Some(404) {
                    world.memory.set_user(&self.key, None);
                }
                answer::changed(exchange)?;
                mapped::record(&mut held, &operations);
                self.settle(world, held);
                Ok(self.done(world, did))
            }
            Stage::Deleting => {
                answer::deleted(exchange)?;
                world.memory.forget_user(&self.key);
                Ok(self.done(world, Did::Deleted))
            }
        }
    }
}

/// Texts are quoted, and nothing inside them is escaped (entra.md 1.2).
pub(super) fn literal(value: &Value) -> String {
    match value {
        Value::String(text) => format!("\"{text}\""),
        other => other.to_string(),
    }
}

/// Whether any matching row has a value, so that somebody was asked for.
fn was_asked(world: &World<'_>, entries: &[Entry<'_>]) -> bool {
    let rows = world.mapping.matching_users();
    rows.iter()
        .any(|row| entries.iter().any(|entry| entry.path == row.to))
}
