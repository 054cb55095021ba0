//! A tenant of Entra in this process: what it needs of clock and chance, and how it is called then.

use uuid::Uuid;

use crate::idp::{Memory, Provisioner, Switches};
use crate::org::entra::{Application, Beginning, Entra};
use crate::org::ids::Ids;
use crate::org::listen::{self, Fault, Running, Settings};
use crate::profile::ProfileId;

/// What a tenant of Entra is to be like.
pub(crate) struct TenantSettings {
    /// As which of Entra's clients it provisions.
    pub(crate) client: ProfileId,
    /// What is not known for certain of the provider, and what its administrators choose.
    pub(crate) switches: Switches,
    /// Id of the service principal, a GUID; `None`: a fresh one.
    pub(crate) principal: Option<String>,
    /// Secret of the client that calls Graph; `None`: a fresh one.
    pub(crate) secret: Option<String>,
    /// Changes are provisioned at once while the job runs; else with its next start.
    pub(crate) eager: bool,
}

/// How to call Graph.
pub(crate) struct TenantAccess {
    /// Without a slash at its end; Graph is below `/v1.0` and `/beta`.
    pub(crate) base_url: String,
    /// The tenant, which the path of the token endpoint names.
    pub(crate) tenant: String,
    /// The client.
    pub(crate) client: String,
    /// Its secret.
    pub(crate) secret: String,
    /// The service principal.
    pub(crate) principal: String,
    /// Its job.
    pub(crate) job: String,
}

/// Starts a tenant of Entra that provisions the target of the settings. It must be [stopped](Running::stop), so that what it
/// has created is removed.
///
/// # Errors
/// It cannot listen, or what it needs is not there.
pub(crate) async fn start_tenant(
    wanted: TenantSettings,
    settings: Settings,
) -> Result<(Running<Entra>, TenantAccess), Fault> {
    let target = &settings.target;
    let named = settings.tenant.as_ref();
    let base = match named.and_then(|name| target.tenants.get(name)) {
        Some(tenant) => &tenant.base,
        None => &target.base,
    };
    let mut ids = Ids::new(seed());
    let beginning = Beginning {
        tenant: ids.uuid(),
        client: ids.uuid(),
        secret: wanted.secret.unwrap_or_else(|| Uuid::new_v4().to_string()),
        tokens: Ids::new(seed()),
        eager: wanted.eager,
        application: Application {
            principal: match wanted.principal {
                Some(id) => id.to_ascii_lowercase(),
                None => ids.uuid(),
            },
            id: ids.uuid(),
            name: "scimulate".to_owned(),
            target: target.mask().text(&base.to_string()),
        },
    };
    let mut access = TenantAccess {
        base_url: String::new(),
        tenant: beginning.tenant.clone(),
        client: beginning.client.clone(),
        secret: beginning.secret.clone(),
        principal: beginning.application.principal.clone(),
        job: String::new(),
    };
    let org = Entra::new(beginning, ids);
    access.job = org.job_id().unwrap_or_default().to_owned();
    let provisioner = Provisioner::new(
        wanted.client,
        Entra::directory(),
        None,
        wanted.switches,
        Memory::default(),
    )
    .ok_or(Fault::NoProvider)?;
    let running = listen::start(settings, org, provisioner).await?;
    access.base_url = running.base_url();
    Ok((running, access))
}

fn seed() -> u64 {
    Uuid::new_v4().as_u64_pair().0
}
