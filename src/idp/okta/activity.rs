//! Activity: makes an account active or inactive (okta.md 4.1, 4.2).

use serde_json::{Value, json};

use crate::exchange::Exchange;
use crate::idp::okta::document::overlaid;
use crate::idp::okta::{answer, message, needs};
use crate::idp::{Call, Did, Job, Next, Payload, Subject, UserLink, World};
use crate::profile::ProfileId;

/// One account's `active`: a PATCH without path, or what a GET gave with `active` turned.
pub(super) struct Activity {
    key: String,
    active: bool,
    stage: Stage,
}

enum Stage {
    Start,
    Reading,
    Writing,
}

impl Activity {
    /// Makes it active or inactive.
    pub(super) fn new(key: &str, active: bool) -> Self {
        Self {
            key: key.to_owned(),
            active,
            stage: Stage::Start,
        }
    }

    fn start(&mut self, world: &World<'_>) -> Next {
        let Some(link) = world.memory.user(&self.key) else {
            return Next::Done(Did::Nothing);
        };
        if link.active == self.active && !link.unsure {
            return Next::Done(Did::Nothing);
        }
        if world.client == ProfileId::OktaAiw {
            self.stage = Stage::Reading;
            return Next::Send(Box::new(reading(
                &self.key,
                &link.id,
                "okta.md 4.2 [recorded]",
                world,
            )));
        }
        self.stage = Stage::Writing;
        let payload = Payload::patch(vec![
            json!({"op": "replace", "value": {"active": self.active}}),
        ]);
        let covers: &[&str] = if self.active {
            &["rfc7644-3.5.2-200-or-204", "rfc7644-3.5.2.3-active-boolean"]
        } else {
            &[
                "rfc7644-3.5.2-200-or-204",
                "rfc7644-3.5.2.3-nopath-active-false",
            ]
        };
        let call = Call::new(
            world.client,
            "PATCH",
            &["Users", &link.id],
            self.title(),
            "okta.md 4.1 [doc][recorded]",
        )
        .about(Subject::User(self.key.clone()))
        .body(payload)
        .covering(covers)
        .needing(needs::patched_activity(&link.id, self.active));
        Next::Send(Box::new(call))
    }

    /// The document verbatim, with only `active` turned: no overlay of the profile (okta.md 4.2).
    fn write(&mut self, world: &World<'_>, read: &Value) -> Next {
        let Some(link) = world.memory.user(&self.key) else {
            return Next::Done(Did::Nothing);
        };
        let with = vec![("active".to_owned(), Some(Value::Bool(self.active)))];
        let document = match overlaid(read, &with) {
            Ok(document) => document,
            Err(reason) => return Next::Failed(reason.to_string()),
        };
        let (source, covers): (&str, &[&str]) = if self.active {
            (
                "okta.md 4.4 [recorded]",
                &[
                    "rfc7644-3.5.1-200-full-body",
                    "rfc7644-3.5.1-readwrite-replaced",
                ],
            )
        } else {
            (
                "okta.md 4.2 [recorded]",
                &[
                    "rfc7644-3.5.1-200-full-body",
                    "rfc7644-3.5.1-readonly-ignored",
                    "rfc7644-3.5.1-active-false",
                ],
            )
        };
        self.stage = Stage::Writing;
        let call = Call::new(
            world.client,
            "PUT",
            &["Users", &link.id],
            self.title(),
            source,
        )
        .about(Subject::User(self.key.clone()))
        .body(Payload::Overlay {
            over: read.clone(),
            with,
            document,
        })
        .covering(covers)
        .needing(needs::put_activity(&link.id, self.active));
        Next::Send(Box::new(call))
    }

    fn keep(&self, world: &mut World<'_>, change: impl FnOnce(&mut UserLink)) {
        if let Some(mut link) = world.memory.user(&self.key).cloned() {
            change(&mut link);
            world.memory.set_user(&self.key, Some(link));
        }
    }

    fn title(&self) -> String {
        let verb = if self.active {
            "reactivate"
        } else {
            "deactivate"
        };
        format!("{verb} {}", self.key)
    }
}

impl Job for Activity {
    fn subject(&self) -> Option<Subject> {
        Some(Subject::User(self.key.clone()))
    }

    fn next(&mut self, world: &mut World<'_>, answer: Option<&Exchange>) -> Next {
        let Some(exchange) = answer else {
            return self.start(world);
        };
        let Some(response) = answer::success(exchange) else {
            if exchange.outcome.is_err() && !matches!(self.stage, Stage::Reading) {
                // It may have happened all the same: whoever comes back meanwhile must be looked at, not taken for active.
                self.keep(world, |link| link.unsure = true);
            }
            return message::failed(exchange, message::cause(exchange));
        };
        match self.stage {
            Stage::Reading => match response.json() {
                Some(read) if read.is_object() => self.write(world, read),
                _ => Next::Failed(message::cause(exchange)),
            },
            Stage::Start | Stage::Writing => {
                let active = self.active;
                self.keep(world, |link| {
                    link.active = active;
                    link.unsure = false;
                });
                Next::Done(if self.active {
                    Did::Activated
                } else {
                    Did::Deactivated
                })
            }
        }
    }
}

/// `GET /Users/{id}`, in front of every PUT.
pub(super) fn reading(key: &str, id: &str, source: &'static str, world: &World<'_>) -> Call {
    Call::new(
        world.client,
        "GET",
        &["Users", id],
        format!("read {key}"),
        source,
    )
    .about(Subject::User(key.to_owned()))
    .covering(&["rfc7644-3.4.1-get-200"])
    .needing(needs::read(id))
}
