//! Work on one object: what the jobs about an account, its manager, a group and its members have in common.

use super::answer::Fault;
use super::failure;
use crate::exchange::Exchange;
use crate::idp::{Call, Did, Job, Next, Subject, World};
use crate::profile::ProfileId;

/// A job about one object, which waits in escrow when it fails.
pub(super) trait Work: Send {
    /// As which client, which for provisioning on demand is not the provider's own.
    fn client(&self) -> ProfileId;

    /// The object.
    fn about(&self) -> Subject;

    /// What comes first.
    fn start(&mut self, world: &mut World<'_>) -> Next;

    /// What follows from an answer.
    fn hear(&mut self, world: &mut World<'_>, exchange: &Exchange) -> Result<Next, Fault>;

    /// A call about the object.
    fn call(
        &self,
        method: &'static str,
        path: &[&str],
        title: String,
        source: &'static str,
    ) -> Call {
        Call::new(self.client(), method, path, title, source).about(self.about())
    }

    /// The object is as it should be, and waits no more.
    fn done(&self, world: &mut World<'_>, did: Did) -> Next {
        failure::release(world.memory, &self.about());
        Next::Done(did)
    }
}

impl<W: Work> Job for W {
    fn subject(&self) -> Option<Subject> {
        Some(self.about())
    }

    fn next(&mut self, world: &mut World<'_>, answer: Option<&Exchange>) -> Next {
        let Some(exchange) = answer else {
            return self.start(world);
        };
        self.hear(world, exchange)
            .unwrap_or_else(|fault| failure::settle(world, &self.about(), fault))
    }
}
