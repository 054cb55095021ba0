//! The connection test (okta.md 1), and what an application with entitlements asks then (okta.md 8.1).

use std::collections::VecDeque;

use serde_json::Value;

use crate::exchange::Exchange;
use crate::idp::okta::answer::{Listing, PAGE};
use crate::idp::okta::{answer, entitlements, groups_are_imported, message, needs};
use crate::idp::{Call, Did, Job, Next, Subject, World};
use crate::profile::ProfileId;

/// One test.
pub(super) struct Connect {
    waiting: VecDeque<Call>,
    /// The resource types are being read.
    discovering: bool,
}

impl Connect {
    /// Tests.
    pub(super) fn new() -> Self {
        Self {
            waiting: VecDeque::new(),
            discovering: false,
        }
    }

    fn start(&mut self, world: &World<'_>) -> Next {
        let mut users = Call::new(
            world.client,
            "GET",
            &["Users"],
            "test the credentials",
            "okta.md 1.1 [doc][recorded]",
        )
        .query("startIndex", "1")
        .query("count", "2")
        .covering(&["rfc7644-3.8-accept-scim-json"]);
        users.needs = needs::listed(
            2,
            "Okta reads the counters as JSON numbers and the users from Resources; else the administrator sees \"No \
             results for users returned\" and cannot save the connection.",
        );
        self.waiting.push_back(users);
        if groups_are_imported(world) {
            let mut groups = Call::new(
                world.client,
                "GET",
                &["Groups"],
                "look for groups",
                "okta.md 1.1 [doc]",
            )
            .query("startIndex", "1")
            .query("count", PAGE.to_string());
            groups.needs = needs::listed(
                PAGE,
                "The import of groups begins with this list, and Okta asks for it already when the connection is tested.",
            );
            self.waiting.push_back(groups);
        }
        if world.client == ProfileId::OktaGov {
            self.waiting.extend(entitlements::discovery(world));
        }
        self.send()
    }

    fn send(&mut self) -> Next {
        match self.waiting.pop_front() {
            Some(call) => {
                self.discovering = call
                    .path
                    .first()
                    .is_some_and(|path| path == "ResourceTypes");
                Next::Send(Box::new(call))
            }
            None => Next::Done(Did::Tested),
        }
    }
}

impl Job for Connect {
    fn subject(&self) -> Option<Subject> {
        None
    }

    fn next(&mut self, world: &mut World<'_>, answer: Option<&Exchange>) -> Next {
        let Some(exchange) = answer else {
            return self.start(world);
        };
        // An application without entitlements: there is nothing to discover (okta.md 8.1).
        if self.discovering && exchange.status() == Some(404) {
            return Next::Done(Did::Tested);
        }
        let Some(response) = answer::success(exchange) else {
            return message::failed(exchange, message::connecting(exchange));
        };
        match Listing::of(response) {
            Ok(listing) => {
                if self.discovering {
                    let types: &[Value] = listing.resources;
                    self.waiting.extend(entitlements::lists(types, world));
                }
                self.send()
            }
            Err(unreadable) => Next::Failed(message::listing(unreadable)),
        }
    }
}
