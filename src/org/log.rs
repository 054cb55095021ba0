//! Logs: what the administrator of a provider reads about its work, in the provider's own vocabulary.

use jiff::Timestamp;
use serde_json::Value;

use crate::finding::Authority;
use crate::idp::Provisioner;
use crate::org::ids::Ids;
use crate::org::okta::apps::App;
use crate::org::okta::provisioning::{Known, events};
use crate::org::work::Work;
use crate::profile::ProfileId;

/// The log of one provider at work on one target.
pub(crate) struct Log {
    app: App,
    ids: Ids,
}

impl Log {
    /// A new one. `None`: nothing is known of how this provider writes its log.
    pub(crate) fn of(client: ProfileId, seed: u64, now: Timestamp) -> Option<Self> {
        let mut ids = Ids::new(seed);
        (client.authority() == Authority::Okta).then(|| Self {
            app: App::new(ids.okta("0oa"), client, now),
            ids,
        })
    }

    /// The entries of a piece of work that is over, in the order in which they happened: events of Okta's System Log.
    /// `now` is taken where nothing was sent.
    pub(crate) fn entries(
        &mut self,
        work: &Work,
        provisioner: &Provisioner,
        now: Timestamp,
    ) -> Vec<Value> {
        let known = Known {
            app: &self.app,
            directory: provisioner.directory(),
            memory: provisioner.memory(),
            at: now,
        };
        events(work, known)
            .into_iter()
            .map(|event| event.written(&mut self.ids))
            .collect()
    }
}
