//! What happens in the directory and is sent to nobody (okta.md 4.3, 6.5).

use crate::exchange::Exchange;
use crate::idp::{Did, Job, Next, Subject, World};

/// No traffic about somebody.
pub(super) struct Quiet(pub(super) Subject);

impl Job for Quiet {
    fn subject(&self) -> Option<Subject> {
        Some(self.0.clone())
    }

    fn next(&mut self, _world: &mut World<'_>, _answer: Option<&Exchange>) -> Next {
        Next::Done(Did::Nothing)
    }
}
