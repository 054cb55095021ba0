//! Logs: what the administrator of a provider reads about its work, in the provider's own vocabulary.

use jiff::Timestamp;
use serde_json::Value;

use crate::finding::Authority;
use crate::idp::Provisioner;
use crate::org::entra::log::{Place, is_quiet};
use crate::org::ids::Ids;
use crate::org::okta::apps::App;
use crate::org::okta::provisioning::{Known, events};
use crate::org::work::Work;
use crate::profile::ProfileId;

/// The log of one provider at work on one target.
pub(crate) struct Log {
    whose: Whose,
    ids: Ids,
}

enum Whose {
    /// Okta's System Log.
    Okta(App),
    /// Entra's provisioning log; all that is written belongs to one cycle.
    Entra {
        /// One job of one application.
        place: Place,
        /// The cycle's id.
        cycle: String,
    },
}

impl Log {
    /// A new one. `None`: nothing is known of how this provider writes its log.
    pub(crate) fn of(client: ProfileId, seed: u64, now: Timestamp) -> Option<Self> {
        let mut ids = Ids::new(seed);
        let whose = match client.authority() {
            Authority::Okta => Whose::Okta(App::new(ids.okta("0oa"), client, now)),
            Authority::Entra => Whose::Entra {
                place: Place::fresh(&mut ids),
                cycle: ids.uuid(),
            },
            Authority::Rfc | Authority::Snapshot => return None,
        };
        Some(Self { whose, ids })
    }

    /// The entries of a piece of work that is over, in the order in which they happened: events of Okta's System Log, or the
    /// summary that Entra writes of an object. `now` is taken where nothing was sent.
    pub(crate) fn entries(
        &mut self,
        work: &Work,
        provisioner: &Provisioner,
        now: Timestamp,
    ) -> Vec<Value> {
        match &self.whose {
            Whose::Okta(app) => {
                let known = Known {
                    app,
                    directory: provisioner.directory(),
                    memory: provisioner.memory(),
                    at: now,
                };
                events(work, known)
                    .into_iter()
                    .map(|event| event.written(&mut self.ids))
                    .collect()
            }
            Whose::Entra { .. } if is_quiet(work) => Vec::new(),
            Whose::Entra { place, cycle } => {
                let directory = provisioner.directory();
                let entry = place.entry(cycle, &mut self.ids, work, directory, &now.to_string());
                entry.into_iter().collect()
            }
        }
    }
}
