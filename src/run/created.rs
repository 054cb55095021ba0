//! What a provider created at a target that is given back as it was: noted before each create, and removed in the end.

use std::io;

use crate::exchange::{Exchange, Failure};
use crate::plan::Outgoing;
use crate::run::cleanup::clean;
use crate::run::client::Client;
use crate::run::journal::Journal;
use crate::run::ledger::Ledger;
use crate::run::naming::{creates, named};
use crate::target::Target;

/// What was created so far.
pub(crate) struct Created {
    ledger: Ledger,
    /// `None` where nothing can be left behind.
    journal: Option<Journal>,
    /// Creates that nobody knows the end of, in words.
    unsure: Vec<String>,
    unwritten: Option<io::Error>,
}

/// What a removal came to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Removed {
    /// How many resources were removed.
    pub(crate) removed: usize,
    /// What may still be there: URLs, and creates without an answer.
    pub(crate) left: Vec<String>,
    /// The journal that names it.
    pub(crate) journal: Option<String>,
}

impl Created {
    /// Nothing yet. `run` tells this journal from others.
    pub(crate) fn new(run: &str, target: &Target, journal: Option<Journal>) -> Self {
        Self {
            ledger: Ledger::new(run, target.base.path()),
            journal,
            unsure: Vec::new(),
            unwritten: None,
        }
    }

    /// Notes what a request is about to create.
    ///
    /// # Errors
    /// The journal cannot be written.
    pub(crate) fn before(&mut self, outgoing: &Outgoing) -> io::Result<()> {
        if let Some(problem) = self.unwritten.take() {
            return Err(problem);
        }
        self.ledger.before(outgoing, self.journal.as_ref())
    }

    /// Learns from an answer what was created or removed. A journal that cannot be written stops the next create.
    pub(crate) fn after(&mut self, outgoing: &Outgoing, exchange: &Exchange) {
        let written = self.ledger.after(outgoing, exchange, self.journal.as_ref());
        self.unwritten = written.err().or(self.unwritten.take());
        let lost = match &exchange.outcome {
            Ok(response) => matches!(response.status, 502 | 504),
            Err(failure) => !matches!(failure, Failure::NotSent(_) | Failure::Connect(_)),
        };
        if lost && creates(outgoing) {
            let names = named(outgoing).into_iter();
            self.unsure
                .extend(names.map(|named| format!("{} of {}", named.endpoint, named.name)));
        }
    }

    /// How many resources there are to be removed.
    pub(crate) fn count(&self) -> usize {
        self.ledger.left().len()
    }

    /// Removes all of it, newest first, as ourselves.
    pub(crate) async fn remove(mut self, client: &Client, target: &Target) -> Removed {
        let before = self.count();
        let journal = self.journal.as_ref();
        // What cannot be noted any more is removed all the same.
        let (_, mut left) = clean(&mut self.ledger, client, &target.base, journal, drop).await;
        let removed = before.saturating_sub(self.ledger.left().len());
        left.append(&mut self.unsure);
        Removed {
            removed,
            journal: self.kept_if(!left.is_empty()),
            left,
        }
    }

    fn kept_if(self, kept: bool) -> Option<String> {
        let journal = self.journal?;
        let path = journal.path().display().to_string();
        if kept {
            return Some(path);
        }
        journal.discard();
        None
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::Created;
    use crate::exchange::{Api, Body, Exchange, Failure, Request, Response, Sender};
    use crate::plan::Outgoing;
    use crate::target::{BaseUrl, Target};

    #[test]
    fn a_create_without_an_answer_is_named_in_the_end() {
        let target = Target::new(BaseUrl::parse("http://127.0.0.1:1/scim/v2").unwrap());
        let mut created = Created::new("run", &target, None);
        let answered = |status| {
            let body = Body::new(br#"{"id": "7", "userName": "ada"}"#.to_vec());
            Ok(Response::new(status, Vec::new(), body, None))
        };
        for (method, outcome) in [
            ("POST", answered(201)),
            ("POST", answered(409)),
            ("POST", answered(504)),
            ("POST", Err(Failure::Timeout(1))),
            // Nothing has arrived.
            ("POST", Err(Failure::Connect("refused".into()))),
            ("POST", Err(Failure::NotSent("no".into()))),
            ("PATCH", Err(Failure::Timeout(1))),
        ] {
            let mut outgoing = Outgoing::harness(method, "/Users".into(), None);
            outgoing.body = Some(br#"{"userName": "ada"}"#.to_vec());
            let exchange = Exchange {
                sender: Sender::Harness,
                request: Request {
                    api: Api::Scim,
                    method: method.into(),
                    origin: String::new(),
                    target: "/Users".into(),
                    headers: Vec::new(),
                    body: Body::default(),
                },
                outcome,
                started: String::new(),
                elapsed: Duration::ZERO,
            };
            created.before(&outgoing).unwrap();
            created.after(&outgoing, &exchange);
        }
        assert_eq!(created.count(), 1);
        assert_eq!(created.unsure, ["/Users of ada", "/Users of ada"]);
    }
}
