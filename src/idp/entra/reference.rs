//! The second pass: a person's manager, always in a PATCH of its own (entra.md 5.6).

use serde_json::{Value, json};

use super::answer::{self, Fault};
use super::dialect::Dialect;
use super::mapped::{self, Standing};
use super::needs;
use super::work::Work;
use crate::exchange::Exchange;
use crate::idp::overlay;
use crate::idp::{Did, Memory, Next, Payload, Person, Subject, World};
use crate::profile::ProfileId;

/// Member of the remembered manager that names somebody who was left out: he had no account when it was his turn, and is
/// not sent until a restart (entra.md 5.6). It is never part of what the target must hold.
const LEFT_OUT: &str = "leftOut";

/// Sets, changes or removes one person's manager.
pub(super) struct ReferenceJob {
    key: String,
    client: ProfileId,
    stage: Stage,
}

enum Stage {
    Start,
    Checking,
    Reading,
    Changing(Option<String>),
}

/// What is to be done about a manager.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Due {
    /// Nothing.
    Nothing,
    /// The manager could not be created yet.
    Wait,
    /// The manager has no account; that is remembered.
    LeaveOut(String),
    /// The target has another manager, or none.
    Set(String),
    /// The target has a manager, and there is none any more.
    Remove,
}

/// What is to be done about a person's manager, from what is remembered.
pub(super) fn due(key: &str, world: &World<'_>) -> Due {
    let Some(path) = mapped::manager_path(world.mapping) else {
        return Due::Nothing;
    };
    let (Some(person), Some(link)) = (world.directory.people.get(key), world.memory.user(key))
    else {
        return Due::Nothing;
    };
    if !matches!(
        mapped::standing(Some(person)),
        Standing::InUse | Standing::Blocked
    ) {
        return Due::Nothing;
    }
    let known = mapped::value_at(&link.pushed, path);
    let Some(manager) = &person.manager else {
        return match known.and_then(|known| known.get("value")) {
            Some(_) => Due::Remove,
            None => Due::Nothing,
        };
    };
    let left_out = known.and_then(|known| known.get(LEFT_OUT)?.as_str()) == Some(manager.as_str());
    let late = world.switches.get("entra.late-references") == "repair";
    match world.memory.user(manager) {
        Some(_) if left_out && !late => Due::Nothing,
        Some(manager) if known == Some(&json!({"value": manager.id})) => Due::Nothing,
        Some(manager) => Due::Set(manager.id.clone()),
        None if left_out => Due::Nothing,
        None if fails(manager, world.memory) => Due::Wait,
        None => Due::LeaveOut(manager.clone()),
    }
}

/// Whether something may be due that is not known yet, as the manager or the person is still to be created.
pub(super) fn may_be_due(key: &str, person: &Person, world: &World<'_>) -> bool {
    match world.memory.user(key) {
        None => person.manager.is_some() && mapped::manager_path(world.mapping).is_some(),
        Some(_) => due(key, world) != Due::Nothing,
    }
}

/// A manager who could not be created yet is not out of scope: the reference is tried again with the next cycle.
fn fails(manager: &str, memory: &Memory) -> bool {
    memory.escrow(&Subject::User(manager.to_owned())).is_some()
}

/// Takes away what is only remembered. The manager is then `null`: nothing that the target must hold.
pub(super) fn strip(resource: &mut Value, path: &str) {
    let is_marked =
        mapped::value_at(resource, path).is_some_and(|known| known.get(LEFT_OUT).is_some());
    if is_marked {
        // The path was written by `remember`, so it can be written again.
        let _ = overlay::write(resource, path, None);
        let _ = overlay::write(resource, path, Some(Value::Null));
    }
}

impl ReferenceJob {
    /// As that client.
    pub(super) fn new(key: &str, client: ProfileId) -> Self {
        Self {
            key: key.to_owned(),
            client,
            stage: Stage::Start,
        }
    }

    fn id(&self, world: &World<'_>) -> Option<String> {
        world.memory.user(&self.key).map(|link| link.id.clone())
    }

    fn read(&mut self, world: &World<'_>) -> Next {
        let Some(id) = self.id(world) else {
            return Next::Done(Did::Nothing);
        };
        self.stage = Stage::Reading;
        Next::Send(Box::new(
            self.call(
                "GET",
                &["Users", &id],
                format!("read {}", self.key),
                "entra.md 3.2 [doc][recorded]",
            )
            .needing(needs::resource(
                &id,
                "Entra reads an object with `value` where it sends a text; a manager that comes back as a text breaks its parser.",
            )
            .covering(&["rfc7644-3.4.1-get-200"])),
        ))
    }

    fn compare(&mut self, world: &mut World<'_>, resource: &Value) -> Next {
        let path = mapped::manager_path(world.mapping).unwrap_or_default();
        let found = mapped::value_at(resource, path)
            .and_then(|manager| manager.get("value"))
            .filter(|value| value.as_str() != Some(""));
        match (due(&self.key, world), found) {
            (Due::Set(wanted), Some(found)) if *found == wanted => {
                remember(world, &self.key, Some(json!({"value": wanted})));
                self.done(world, Did::Unchanged)
            }
            (Due::Set(wanted), found) => self.change(world, path, Some(wanted), found.is_none()),
            (Due::Remove, Some(_)) => self.change(world, path, None, false),
            (Due::Remove, None) => {
                remember(world, &self.key, None);
                self.done(world, Did::Unchanged)
            }
            (Due::Nothing | Due::Wait | Due::LeaveOut(_), _) => self.done(world, Did::Nothing),
        }
    }

    fn change(
        &mut self,
        world: &World<'_>,
        path: &str,
        manager: Option<String>,
        missing: bool,
    ) -> Next {
        let Some(id) = self.id(world) else {
            return Next::Done(Did::Nothing);
        };
        let dialect = Dialect::of(self.client);
        let (title, source, operation, need) = match &manager {
            Some(manager) => {
                let word = if missing { dialect.add() } else { dialect.replace() };
                (
                    format!("set {}'s manager", self.key),
                    "entra.md 5.6 [doc][recorded]",
                    json!({"op": word, "path": path, "value": manager}),
                    needs::changed(
                        "Entra sends the manager's id as a bare text, where RFC 7643 has an object. It does so for every reference of this kind, so a server that insists on the object never gets a manager.",
                    ),
                )
            }
            None => (
                format!("remove {}'s manager", self.key),
                "entra.md 5.6 [inferred]",
                match world.switches.get("entra.manager-removal") {
                    "remove" => json!({"op": dialect.remove(), "path": path}),
                    _ => json!({"op": dialect.replace(), "path": path, "value": ""}),
                },
                needs::changed(
                    "The gallery's test and the SCIM Validator clear a manager with an empty text; how the service does it is not known.",
                )
                .recommended(),
            ),
        };
        self.stage = Stage::Changing(manager);
        Next::Send(Box::new(
            self.call("PATCH", &["Users", &id], title, source)
                .body(Payload::patch(vec![operation]))
                .needing(need),
        ))
    }
}

impl Work for ReferenceJob {
    fn client(&self) -> ProfileId {
        self.client
    }

    fn about(&self) -> Subject {
        Subject::User(self.key.clone())
    }

    fn start(&mut self, world: &mut World<'_>) -> Next {
        match due(&self.key, world) {
            Due::Nothing | Due::Wait => Next::Done(Did::Nothing),
            Due::LeaveOut(manager) => {
                remember(world, &self.key, Some(json!({ LEFT_OUT: manager })));
                Next::Done(Did::Nothing)
            }
            Due::Set(manager) if world.switches.is_on("entra.check-reference") => {
                let Some(id) = self.id(world) else {
                    return Next::Done(Did::Nothing);
                };
                self.stage = Stage::Checking;
                // The filter names the attribute without its URN (entra.md 5.6).
                Next::Send(Box::new(
                    self.call(
                        "GET",
                        &["Users"],
                        format!("ask for {}'s manager", self.key),
                        "entra.md 5.6 [inferred]",
                    )
                    .query("attributes", "id")
                    .query(
                        "filter",
                        format!("id eq \"{id}\" and manager eq \"{manager}\""),
                    )
                    .needing(
                        needs::matches(
                            "Microsoft's documentation describes this check of a reference by two filters; no recent recording shows it.",
                        )
                        .recommended(),
                    ),
                ))
            }
            Due::Set(_) | Due::Remove => self.read(world),
        }
    }

    fn hear(&mut self, world: &mut World<'_>, exchange: &Exchange) -> Result<Next, Fault> {
        match std::mem::replace(&mut self.stage, Stage::Start) {
            Stage::Start => Ok(self.start(world)),
            Stage::Checking => match (answer::listed(exchange)?, due(&self.key, world)) {
                ((1.., _), Due::Set(manager)) => {
                    remember(world, &self.key, Some(json!({"value": manager})));
                    Ok(self.done(world, Did::Unchanged))
                }
                _ => Ok(self.read(world)),
            },
            Stage::Reading => {
                let Some(resource) = answer::read(exchange)? else {
                    world.memory.set_user(&self.key, None);
                    return Err(Fault::Object(format!(
                        "manager: {} is gone at the target",
                        self.key
                    )));
                };
                Ok(self.compare(world, resource))
            }
            Stage::Changing(manager) => {
                if exchange.status() == Some(404) {
                    world.memory.set_user(&self.key, None);
                }
                answer::changed(exchange).map_err(|fault| match fault {
                    Fault::Object(message) => Fault::Object(format!("manager: {message}")),
                    other => other,
                })?;
                remember(world, &self.key, manager.map(|id| json!({"value": id})));
                Ok(self.done(world, Did::Updated))
            }
        }
    }
}

/// Remembers who is the manager at the target.
fn remember(world: &mut World<'_>, key: &str, manager: Option<Value>) {
    let (Some(path), Some(mut link)) = (
        mapped::manager_path(world.mapping),
        world.memory.user(key).cloned(),
    ) else {
        return;
    };
    // What is there is taken away first: objects are merged. `null` says that there was one.
    let had_one = mapped::value_at(&link.pushed, path).is_some();
    let _ = overlay::write(&mut link.pushed, path, None);
    if manager.is_some() || had_one {
        let _ = overlay::write(&mut link.pushed, path, Some(manager.unwrap_or_default()));
    }
    world.memory.set_user(key, Some(link));
}
