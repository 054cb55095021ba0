//! The connection test (entra.md 2.1).

use super::answer::{self, Fault};
use super::needs;
use crate::exchange::Exchange;
use crate::idp::{Call, Did, Job, Next, Subject, World};
use crate::profile::ProfileId;

/// What stands for Entra's fresh random GUID: a value that no target has.
pub(crate) const RANDOM_GUID: &str = "9c0c7f0e-5b0f-4d0e-9f53-2f6b5a0f4c11";

/// Asks for a user and a group that cannot exist.
pub(super) struct ConnectionTest {
    client: ProfileId,
    asked: usize,
    purpose: Purpose,
}

/// Why the connection is tested.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    /// The administrator wants to know.
    Ask,
    /// Everything that follows depends on it: before provisioning on demand, and when a job in quarantine tries again.
    Begin,
}

impl ConnectionTest {
    /// As that client.
    pub(super) fn new(client: ProfileId, purpose: Purpose) -> Self {
        Self {
            client,
            asked: 0,
            purpose,
        }
    }

    fn proceed(&mut self, world: &World<'_>) -> Next {
        let users = world.mapping.matching_users();
        let groups = world.mapping.matching_groups();
        let has_groups = world.switches.is_on("entra.probe-groups");
        let (what, row, path) = match self.asked {
            0 => ("user", users.first(), "Users"),
            1 if has_groups => ("group", groups.first(), "Groups"),
            _ => return Next::Done(Did::Tested),
        };
        self.asked += 1;
        let Some(row) = row else {
            return self.proceed(world);
        };
        let filter = format!("{} eq \"{RANDOM_GUID}\"", row.to);
        let call = Call::new(
            self.client,
            "GET",
            &[path],
            format!("look for a random {what}"),
            "entra.md 2.1 [doc][recorded]",
        );
        let call = match what {
            "group" => call.query("excludedAttributes", "members"),
            _ => call,
        };
        let need = needs::nobody(
            "\"Test Connection\" asks for a user and a group that cannot exist and wants 200 with an empty list. With 404 or 400 the administrator cannot save the credentials, and a running job goes into quarantine. Entra sends no User-Agent here; an edge that blocks such requests fails the test, too.",
        );
        // `emails[type eq "work"].value` is not in the grammar of filters (RFC 7644 3.4.2.2): only Entra asks for so much.
        let need = match row.to.contains('[') {
            true => need.covering(&[]),
            false => need,
        };
        Next::Send(Box::new(call.query("filter", filter).needing(need)))
    }

    fn fail(&self, message: String) -> Next {
        match self.purpose {
            Purpose::Ask => Next::Failed(message),
            Purpose::Begin => Next::Stop(message),
        }
    }
}

impl Job for ConnectionTest {
    fn subject(&self) -> Option<Subject> {
        None
    }

    fn next(&mut self, world: &mut World<'_>, answer: Option<&Exchange>) -> Next {
        let Some(exchange) = answer else {
            return self.proceed(world);
        };
        match answer::listed(exchange) {
            Ok((0, [])) => self.proceed(world),
            Ok(_) => self.fail("a filter for a value that cannot exist found something".to_owned()),
            Err(
                Fault::Credentials(message) | Fault::Incompatible(message) | Fault::Object(message),
            ) => self.fail(message),
        }
    }
}
