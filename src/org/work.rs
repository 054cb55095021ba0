//! Work: what a provider did about one subject, with all that was exchanged for it.

use std::collections::BTreeMap;

use crate::exchange::Exchange;
use crate::idp::{Change, Did, Outcome, Subject, Ticket};

/// A piece of work that is over.
#[derive(Debug, Clone)]
pub(crate) struct Work {
    /// Whom it was about.
    pub(crate) subject: Option<Subject>,
    /// What was done; `Err`: what the administrator reads.
    pub(crate) did: Result<Did, String>,
    /// In the order in which it was sent; empty: nothing was.
    pub(crate) exchanges: Vec<Exchange>,
}

impl Work {
    /// A change that the provider does not know.
    pub(crate) fn refused(change: &Change, reason: String) -> Self {
        Self {
            subject: change.changes(),
            did: Err(reason),
            exchanges: Vec::new(),
        }
    }
}

/// Puts exchanges to the pieces of work that they belong to.
#[derive(Debug, Default)]
pub(crate) struct Works {
    under_way: BTreeMap<Ticket, Vec<Exchange>>,
}

impl Works {
    /// A call of a piece of work came back, or did not.
    pub(crate) fn answered(&mut self, ticket: Ticket, exchange: &Exchange) {
        self.under_way
            .entry(ticket)
            .or_default()
            .push(exchange.clone());
    }

    /// A piece of work is over.
    pub(crate) fn over(&mut self, outcome: Outcome) -> Work {
        Work {
            exchanges: self.under_way.remove(&outcome.ticket).unwrap_or_default(),
            subject: outcome.subject,
            did: outcome.did,
        }
    }
}
