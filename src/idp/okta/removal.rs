//! Removal: deletes the account of a person who was deleted for good (okta.md 4.5 [inferred]).

use crate::exchange::Exchange;
use crate::idp::okta::activity::Activity;
use crate::idp::okta::{answer, message, needs};
use crate::idp::{Call, Did, Job, Next, Subject, World};

/// One account's end: inactive first, then gone.
pub(super) struct Removal {
    key: String,
    stage: Stage,
}

enum Stage {
    Start,
    Deactivating(Activity),
    Deleting,
}

impl Removal {
    /// Removes.
    pub(super) fn new(key: &str) -> Self {
        Self {
            key: key.to_owned(),
            stage: Stage::Start,
        }
    }

    fn delete(&mut self, world: &World<'_>) -> Next {
        let Some(link) = world.memory.user(&self.key) else {
            return Next::Done(Did::Nothing);
        };
        self.stage = Stage::Deleting;
        let call = Call::new(
            world.client,
            "DELETE",
            &["Users", &link.id],
            format!("delete {}", self.key),
            "okta.md 4.5 [inferred]",
        )
        .about(Subject::User(self.key.clone()))
        .covering(&["rfc7644-3.6-204"])
        .needing(needs::deleted().recommended());
        Next::Send(Box::new(call))
    }
}

impl Job for Removal {
    fn subject(&self) -> Option<Subject> {
        Some(Subject::User(self.key.clone()))
    }

    fn next(&mut self, world: &mut World<'_>, answer: Option<&Exchange>) -> Next {
        match (&mut self.stage, answer) {
            (Stage::Start, _) => {
                let mut activity = Activity::new(&self.key, false);
                match activity.next(world, None) {
                    Next::Done(_) => self.delete(world),
                    next => {
                        self.stage = Stage::Deactivating(activity);
                        next
                    }
                }
            }
            (Stage::Deactivating(activity), _) => match activity.next(world, answer) {
                Next::Done(_) => self.delete(world),
                next => next,
            },
            (Stage::Deleting, Some(exchange)) => {
                // Gone already is gone: the answer to an earlier attempt may have been lost.
                if answer::success(exchange).is_none() && exchange.status() != Some(404) {
                    return message::failed(exchange, message::cause(exchange));
                }
                // Nothing runs after the delete (okta.md 4.5).
                world.memory.forget_user(&self.key);
                Next::Done(Did::Deleted)
            }
            (Stage::Deleting, None) => Next::Done(Did::Nothing),
        }
    }
}
