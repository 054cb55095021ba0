//! A warning for stories that write and never look.

use crate::scenario::act::Verb;
use crate::scenario::error::Problem;
use crate::scenario::load::Loader;
use crate::scenario::step::{Action, Expect, RequestStep, RequestTarget, StatusSet, Step};

impl Loader<'_> {
    /// Warns of a last write that nothing looks at afterwards.
    pub(super) fn check_read_back(&mut self, steps: &[Step]) {
        let mut unread: Option<&Step> = None;
        for step in steps {
            match &step.action {
                Action::Verify(_) | Action::Claim(_) | Action::VerifyMapped(_) => unread = None,
                Action::Act(act) => {
                    if !matches!(act.0.verb, Verb::TestConnection | Verb::Import) {
                        unread = Some(step);
                    }
                }
                Action::Request(request) => match request.method.as_str() {
                    "GET" | "HEAD" => unread = None,
                    "POST" if request.searches() => unread = None,
                    "OPTIONS" => {}
                    _ if request.may_write() => unread = Some(step),
                    _ => {}
                },
                Action::Parallel(inner) => {
                    let writes = inner.iter().any(|step| match &step.action {
                        Action::Request(request) => request.method != "GET" && request.may_write(),
                        _ => false,
                    });
                    if writes {
                        unread = Some(step);
                    }
                }
            }
        }
        if let Some(step) = unread {
            let name = step.name.clone();
            self.warnings
                .push(Problem::WriteWithoutVerify { step: name }.at(step.place.clone()));
        }
    }
}

impl RequestStep {
    /// Whether it is a query by POST (RFC 7644 3.4.3).
    fn searches(&self) -> bool {
        match &self.target {
            RequestTarget::Decoded { path, .. } => path
                .last()
                .is_some_and(|segment| segment.to_string() == ".search"),
            RequestTarget::Raw(_) => false,
        }
    }

    /// Whether it can change something: not if only refusals are expected.
    fn may_write(&self) -> bool {
        let refused = |status: &StatusSet| match status {
            StatusSet::One(status) => *status >= 300,
            StatusSet::Class(class) => *class >= 3,
        };
        let refusals =
            |expect: &Expect| !expect.status.is_empty() && expect.status.iter().all(refused);
        !self.expect.iter().any(refusals)
    }
}
