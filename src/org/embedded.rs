//! An Okta org in this process: what it needs of clock and chance, and how it is called then.

use jiff::Timestamp;
use uuid::Uuid;

use crate::idp::{Directory, Memory, Provisioner, Switches};
use crate::org::ids::Ids;
use crate::org::listen::{self, Fault, Running, Settings};
use crate::org::okta::Okta;
use crate::org::okta::apps::App;
use crate::profile::ProfileId;

/// What an Okta org is to be like.
pub(crate) struct OktaSettings {
    /// As which of Okta's clients it provisions.
    pub(crate) client: ProfileId,
    /// What is not known for certain of the provider, and what its administrators choose.
    pub(crate) switches: Switches,
    /// Id of the application; `None`: a fresh one.
    pub(crate) app_id: Option<String>,
    /// Token of the management API; `None`: a fresh one.
    pub(crate) token: Option<String>,
}

/// How to call an org: `oktaOrgUrl`, `oktaAppId` and `oktaToken` of Okta's suites (okta.md 9.2).
pub(crate) struct Access {
    /// Without a slash at its end.
    pub(crate) base_url: String,
    /// Id of the application.
    pub(crate) app_id: String,
    /// For `Authorization: SSWS …`.
    pub(crate) token: String,
}

/// Starts an Okta org that provisions the target of the settings. It must be [stopped](Running::stop), so that what it has
/// created is removed.
///
/// # Errors
/// It cannot listen, or what it needs is not there.
pub(crate) async fn start_embedded(
    okta: OktaSettings,
    settings: Settings,
) -> Result<(Running<Okta>, Access), Fault> {
    let mut ids = Ids::new(Uuid::new_v4().as_u64_pair().0);
    let app_id = okta.app_id.unwrap_or_else(|| ids.okta("0oa"));
    let app = App::new(app_id.clone(), okta.client, Timestamp::now());
    // Okta's own tokens have 42 characters and begin with 00.
    let token = okta
        .token
        .unwrap_or_else(|| format!("00{}{}", fresh(), fresh()));
    let provisioner = Provisioner::new(
        okta.client,
        Directory::default(),
        None,
        okta.switches,
        Memory::default(),
    )
    .ok_or(Fault::NoProvider)?;
    let running = listen::start(settings, Okta::new(app, token.clone(), ids), provisioner).await?;
    let access = Access {
        base_url: running.base_url(),
        app_id,
        token,
    };
    Ok((running, access))
}

/// 20 letters and digits that nobody can guess.
fn fresh() -> String {
    let mut text = Uuid::new_v4().simple().to_string();
    text.truncate(20);
    text
}
