//! Imports: every user, and every group, page by page (okta.md 5).

use serde_json::Value;

use crate::exchange::Exchange;
use crate::idp::okta::answer::{Listing, PAGE};
use crate::idp::okta::{answer, groups_are_imported, message, needs};
use crate::idp::{Call, Did, Job, Next, Subject, World};

/// A full read: the client knows no other (okta.md 5.1).
pub(super) struct Import {
    groups: bool,
    start: u64,
    users_seen: usize,
    groups_seen: usize,
}

impl Import {
    /// From the first user.
    pub(super) fn new() -> Self {
        Self {
            groups: false,
            start: 1,
            users_seen: 0,
            groups_seen: 0,
        }
    }

    fn page(&self, world: &World<'_>) -> Call {
        let (endpoint, name) = match self.groups {
            true => ("Groups", "displayName"),
            false => ("Users", "userName"),
        };
        let mut call = Call::new(
            world.client,
            "GET",
            &[endpoint],
            format!("read {} from {}", endpoint.to_lowercase(), self.start),
            "okta.md 5.1 [doc]",
        )
        .query("startIndex", self.start.to_string())
        .query("count", PAGE.to_string())
        .covering(&["rfc7644-3.4.2.4-startindex-one-based"]);
        call.needs = needs::listed(
            PAGE,
            "Okta reads the counters as JSON numbers, and walks on by 100 until totalResults is reached.",
        );
        call.needs.extend(needs::each_has(name));
        call.needs.push(needs::filled(self.start));
        call
    }

    fn read(&mut self, world: &World<'_>, listing: &Listing<'_>) -> Next {
        if self.groups {
            self.groups_seen += listing.resources.len();
        } else {
            // okta.md 5.2: who is inactive is skipped.
            self.users_seen += listing
                .resources
                .iter()
                .filter_map(Value::as_object)
                .filter(|user| !answer::is_inactive(user))
                .count();
        }
        self.start = self.start.saturating_add(PAGE);
        // The walk is driven by totalResults (okta.md 5.1). That an empty page ends it, too, is ours: a total that grows
        // with every page would never end.
        let more = self.start <= listing.total && !listing.resources.is_empty();
        if more {
            return Next::Send(Box::new(self.page(world)));
        }
        if !self.groups && groups_are_imported(world) {
            self.groups = true;
            self.start = 1;
            return Next::Send(Box::new(self.page(world)));
        }
        Next::Done(Did::Imported {
            users: self.users_seen,
            groups: self.groups_seen,
        })
    }
}

impl Job for Import {
    fn subject(&self) -> Option<Subject> {
        None
    }

    fn next(&mut self, world: &mut World<'_>, answer: Option<&Exchange>) -> Next {
        let Some(exchange) = answer else {
            return Next::Send(Box::new(self.page(world)));
        };
        let Some(response) = answer::success(exchange) else {
            return message::failed(exchange, message::cause(exchange));
        };
        match Listing::of(response) {
            Ok(listing) => self.read(world, &listing),
            Err(unreadable) => Next::Failed(message::listing(unreadable)),
        }
    }
}
