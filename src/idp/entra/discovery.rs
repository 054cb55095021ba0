//! Account discovery: all users of the target, page by page (entra.md 2.4).

use serde_json::Value;

use super::answer::{self, Fault};
use super::needs;
use crate::exchange::Exchange;
use crate::idp::{Call, Did, Job, Next, Subject, World};

/// Walks through all pages of users.
#[derive(Default)]
pub(super) struct DiscoveryJob {
    seen: usize,
    active: usize,
    pages: usize,
}

impl DiscoveryJob {
    fn page(&mut self, world: &World<'_>) -> Next {
        let count = world.switches.number("entra.page-size");
        self.pages += 1;
        Next::Send(Box::new(
            Call::new(
                world.client,
                "GET",
                &["Users"],
                format!("read page {} of the users", self.pages),
                "entra.md 2.4 [inferred]",
            )
            .query("startIndex", (self.seen + 1).to_string())
            .query("count", count.to_string())
            .needing(
                needs::page(
                    count,
                    "Without totalResults, or with that of the page only, the discovery stops after one page and reports the other accounts as missing.",
                )
                .recommended()
                .covering(&[
                    "rfc7644-3.4.2.4-count-upper-bound",
                    "rfc7644-3.4.2-totalresults-required",
                ]),
            ),
        ))
    }
}

impl Job for DiscoveryJob {
    fn subject(&self) -> Option<Subject> {
        None
    }

    fn next(&mut self, world: &mut World<'_>, answer: Option<&Exchange>) -> Next {
        let Some(exchange) = answer else {
            return self.page(world);
        };
        let (total, found) = match answer::listed(exchange) {
            Ok(page) => page,
            Err(
                Fault::Credentials(message) | Fault::Incompatible(message) | Fault::Object(message),
            ) => return Next::Failed(message),
        };
        self.seen += found.len();
        self.active += found
            .iter()
            .filter(|user| user.get("active") != Some(&Value::Bool(false)))
            .count();
        if found.is_empty() || self.seen as u64 >= total {
            return Next::Done(Did::Imported {
                users: self.active,
                groups: 0,
            });
        }
        self.page(world)
    }
}
