//! Profile pushes: a person's attributes, written over what the target has (okta.md 3.2), or only those that have changed
//! (okta.md 3.3).

use serde_json::{Value, json};

use crate::exchange::Exchange;
use crate::idp::okta::activity::reading;
use crate::idp::okta::document::{Clearing, Document, held, ours, overlaid};
use crate::idp::okta::{answer, message, needs};
use crate::idp::{Call, Did, Job, Next, Payload, Subject, UserLink, World};
use crate::profile::ProfileId;

/// One person's profile.
pub(super) struct Profile {
    key: String,
    /// Also when nothing has changed, and as a whole: what follows a look-up (okta.md 2.1).
    whole: bool,
    stage: Stage,
    /// What the target will hold when the answer is a success.
    pushed: Value,
}

enum Stage {
    Start,
    Reading,
    Writing,
}

impl Profile {
    /// Pushes what has changed.
    pub(super) fn changed(key: &str) -> Self {
        Self {
            key: key.to_owned(),
            whole: false,
            stage: Stage::Start,
            pushed: Value::Null,
        }
    }

    /// Pushes everything, changed or not.
    pub(super) fn whole(key: &str) -> Self {
        Self {
            whole: true,
            ..Self::changed(key)
        }
    }

    fn start(&mut self, world: &World<'_>) -> Next {
        let (Some(link), Some(document)) = (
            world.memory.user(&self.key).filter(|link| link.active),
            Document::of(&self.key, world),
        ) else {
            return Next::Done(Did::Nothing);
        };
        let assigned = world
            .directory
            .person(&self.key)
            .is_some_and(|person| person.is_active());
        if !assigned {
            return Next::Done(Did::Nothing);
        }
        if !self.whole && document.pushed() == ours(&link.pushed, world.mapping) {
            return Next::Done(Did::Unchanged);
        }
        // What was linked and never pushed has to be read first: nobody knows what has changed.
        let partial = world.client == ProfileId::OktaOinUserpatch && !link.pushed.is_null();
        if partial && !self.whole {
            return self.patch(link, &document, world);
        }
        self.stage = Stage::Reading;
        let call = reading(&self.key, &link.id, "okta.md 3.2 [doc][recorded]", world);
        Next::Send(Box::new(call))
    }

    fn patch(&mut self, link: &UserLink, document: &Document, world: &World<'_>) -> Next {
        let changes = document.changes(&link.pushed, world.mapping, Clearing::of(world));
        let pushed = document.pushed();
        self.pushed = held(&pushed, &link.pushed, &link.pushed, world.mapping);
        self.stage = Stage::Writing;
        let payload = Payload::patch(vec![json!({"op": "replace", "value": changes})]);
        let need = needs::patched(
            "An integration that says it supports PATCH for users gets only the attributes that have changed.",
        );
        let call = self
            .call("PATCH", &link.id, "okta.md 3.3 [inferred]", world)
            .body(payload)
            .needing(need.recommended());
        Next::Send(Box::new(call))
    }

    fn put(&mut self, world: &World<'_>, read: &Value) -> Next {
        let (Some(link), Some(document)) =
            (world.memory.user(&self.key), Document::of(&self.key, world))
        else {
            return Next::Done(Did::Nothing);
        };
        let before = ours(&link.pushed, world.mapping);
        let with = document.over(read, &before, Clearing::of(world));
        let overlay = match overlaid(read, &with) {
            Ok(overlay) => overlay,
            Err(reason) => return Next::Failed(reason.to_string()),
        };
        self.pushed = held(&document.pushed(), &link.pushed, &overlay, world.mapping);
        self.stage = Stage::Writing;
        let call = self
            .call("PUT", &link.id, "okta.md 3.2 [doc][recorded]", world)
            .body(Payload::Overlay {
                over: read.clone(),
                with,
                document: overlay,
            })
            .covering(&[
                "rfc7644-3.5.1-200-full-body",
                "rfc7644-3.5.1-readonly-ignored",
            ])
            .needing(needs::put(&link.id));
        Next::Send(Box::new(call))
    }

    fn call(
        &self,
        method: &'static str,
        id: &str,
        source: &'static str,
        world: &World<'_>,
    ) -> Call {
        let title = format!("push {}'s profile", self.key);
        Call::new(world.client, method, &["Users", id], title, source)
            .about(Subject::User(self.key.clone()))
    }
}

impl Job for Profile {
    fn subject(&self) -> Option<Subject> {
        Some(Subject::User(self.key.clone()))
    }

    fn next(&mut self, world: &mut World<'_>, answer: Option<&Exchange>) -> Next {
        let Some(exchange) = answer else {
            return self.start(world);
        };
        let Some(response) = answer::success(exchange) else {
            return message::failed(exchange, message::cause(exchange));
        };
        match self.stage {
            Stage::Reading => match response.json() {
                Some(read) if read.is_object() => self.put(world, read),
                _ => Next::Failed(message::cause(exchange)),
            },
            Stage::Start | Stage::Writing => {
                if let Some(link) = world.memory.user(&self.key).cloned() {
                    let link = UserLink {
                        pushed: std::mem::take(&mut self.pushed),
                        ..link
                    };
                    world.memory.set_user(&self.key, Some(link));
                }
                Next::Done(Did::Updated)
            }
        }
    }
}
