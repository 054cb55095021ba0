//! Syncs: looks whether the target can be reached, and then lets a provider do all that waits.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::idp::Provisioner;
use crate::run::client::Client;
use crate::run::drive::{Ending, Finished, Kept, Route, Told, drive};
use crate::run::preflight::{self, Untestable};
use crate::run::state_file::StateFile;
use crate::run::wire::Bounds;
use crate::target::Target;

/// What a sync is about.
pub(crate) struct Settings {
    /// Where to.
    pub(crate) target: Target,
    /// Which of its tenants.
    pub(crate) tenant: Option<String>,
    /// How many calls at once.
    pub(crate) jobs: usize,
    /// Limits of each.
    pub(crate) bounds: Bounds,
    /// Most requests.
    pub(crate) at_most: Option<u64>,
    /// Reads are sent; writes are only told, and taken for done.
    pub(crate) dry: bool,
}

/// Why a sync broke off.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Broken {
    /// No HTTP client can be made.
    #[error("{0}")]
    Client(String),
    /// Without its state a provider would create twice.
    #[error("the state cannot be written: {0}")]
    State(#[from] io::Error),
}

/// Does all work that waits in the provisioner.
///
/// # Errors
/// It cannot begin, or the state cannot be written; what is on disk is then still right.
pub(crate) async fn sync(
    settings: Settings,
    provisioner: &mut Provisioner,
    mut state: Option<StateFile>,
    cancel: &CancellationToken,
    tell: impl FnMut(Told<'_>),
) -> Result<Finished, Broken> {
    let client = Client::new(&settings.target, settings.target.mask(), settings.bounds);
    let client = Arc::new(client.map_err(Broken::Client)?);
    let question = preflight::first_question(&client, &settings.target, settings.tenant.as_deref());
    let untestable = tokio::select! {
        (_, untestable) = question => untestable,
        () = cancel.cancelled() => None,
    };
    if let Some(Untestable { message, hint }) = untestable {
        return Ok(Finished {
            ending: Ending::Untestable { message, hint },
            requests: 0,
            elapsed: Duration::ZERO,
        });
    }
    let route = Route {
        client,
        tenant: settings.tenant,
        jobs: settings.jobs,
        at_most: settings.at_most,
        dry: settings.dry,
    };
    let kept = Kept {
        state: state.as_mut(),
        created: None,
    };
    Ok(drive(&route, provisioner, kept, cancel, tell).await?)
}
