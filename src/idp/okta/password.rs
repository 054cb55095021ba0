//! Password sync (okta.md 3.6 [inferred]).

use serde_json::{Value, json};

use crate::exchange::Exchange;
use crate::idp::okta::activity::reading;
use crate::idp::okta::document::overlaid;
use crate::idp::okta::{answer, message, needs};
use crate::idp::{Call, Did, Job, Next, Payload, Subject, World};
use crate::profile::ProfileId;

const SOURCE: &str = "okta.md 3.6 [inferred]";

/// One person's new password.
pub(super) struct Password {
    key: String,
    password: String,
    reading: bool,
}

impl Password {
    /// Pushes it.
    pub(super) fn new(key: &str, password: &str) -> Self {
        Self {
            key: key.to_owned(),
            password: password.to_owned(),
            reading: false,
        }
    }

    fn call(&self, method: &'static str, id: &str, world: &World<'_>) -> Call {
        let title = format!("push {}'s password", self.key);
        Call::new(world.client, method, &["Users", id], title, SOURCE)
            .about(Subject::User(self.key.clone()))
    }

    fn start(&mut self, world: &World<'_>) -> Next {
        let Some(link) = world.memory.user(&self.key).filter(|link| link.active) else {
            return Next::Done(Did::Nothing);
        };
        if world.client == ProfileId::OktaAiw {
            self.reading = true;
            return Next::Send(Box::new(reading(&self.key, &link.id, SOURCE, world)));
        }
        let operation = json!({"op": "replace", "value": {"password": self.password}});
        let call = self
            .call("PATCH", &link.id, world)
            .body(Payload::patch(vec![operation]))
            .covering(&["rfc7644-3.5.2.3-password"])
            .needing(needs::password(&[200, 204]));
        Next::Send(Box::new(call))
    }

    fn put(&mut self, world: &World<'_>, read: &Value) -> Next {
        let Some(link) = world.memory.user(&self.key) else {
            return Next::Done(Did::Nothing);
        };
        let password = Value::from(self.password.as_str());
        let with = vec![("password".to_owned(), Some(password))];
        match overlaid(read, &with) {
            Ok(document) => {
                let payload = Payload::Overlay {
                    over: read.clone(),
                    with,
                    document,
                };
                let call = self
                    .call("PUT", &link.id, world)
                    .body(payload)
                    .covering(&[
                        "rfc7644-3.5.1-200-full-body",
                        "rfc7644-3.5.1-writeonly-replaced",
                    ])
                    .needing(needs::password(&[200]));
                Next::Send(Box::new(call))
            }
            Err(reason) => Next::Failed(reason.to_string()),
        }
    }
}

impl Job for Password {
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
        if !std::mem::take(&mut self.reading) {
            return Next::Done(Did::Updated);
        }
        match response.json() {
            Some(read) if read.is_object() => self.put(world, read),
            _ => Next::Failed(message::cause(exchange)),
        }
    }
}
