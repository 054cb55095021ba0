//! `scimulate org`: a provider's management API on a loopback port, which provisions a target as the provider does.

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::{Args, ValueEnum};
use secrecy::ExposeSecret;
use uuid::Uuid;

use crate::cli::consent::Consent;
use crate::cli::interrupt::signal;
use crate::cli::playing::duration;
use crate::cli::serve::{FlawArguments, embedded};
use crate::cli::sync::{check_tenant, switches_of};
use crate::cli::target::{TargetArguments, from_environment};
use crate::cli::{Complaint, FAILED, FINE, INTERRUPTED};
use crate::org::Org;
use crate::org::embedded::{OktaSettings, start_embedded};
use crate::org::listen::{Fault, Running, Settings};
use crate::org::tenant::{TenantSettings, start_tenant};
use crate::profile::ProfileId;
use crate::run::Bounds;
use crate::run::created::Removed;
use crate::target::Target;

/// Options of `scimulate org`.
#[derive(Debug, Clone, Args)]
pub(crate) struct OrgArguments {
    /// Whose management API
    #[arg(value_enum)]
    provider: Provider,
    /// Port to listen on; 0 for any free one
    #[arg(
        long,
        short,
        env = "SCIMULATE_PORT",
        value_name = "PORT",
        default_value_t = 8090
    )]
    port: u16,
    /// The client to provision as [default: okta-oin, entra-legacy]
    #[arg(long = "as", env = "SCIMULATE_AS", value_name = "PROFILE")]
    client: Option<String>,
    #[command(flatten)]
    target: TargetArguments,
    /// Tenant of the target, as scimulate.toml names it
    #[arg(long, env = "SCIMULATE_TENANT", value_name = "NAME")]
    tenant: Option<String>,
    /// Read the token of the management API (Entra: the client secret) from this environment variable
    /// [default: a fresh one, which is printed]
    #[arg(long, env = "SCIMULATE_ORG_TOKEN_ENV", value_name = "NAME")]
    org_token_env: Option<String>,
    /// Id of the application that provisions (Entra: of its service principal) [default: a fresh one, which is printed]
    #[arg(long, env = "SCIMULATE_APP_ID", value_name = "ID", value_parser = app_id)]
    app_id: Option<String>,
    /// Change what is not known for certain of the provider, or what its administrators choose
    #[arg(long = "switch", value_name = "NAME=VALUE")]
    switches: Vec<String>,
    /// Longest time for an answer of the target, such as 500ms or 10s
    #[arg(long, env = "SCIMULATE_TIMEOUT", value_name = "TIME", default_value = "30s", value_parser = duration)]
    timeout: Duration,
    /// Entra: whether changes are provisioned at once, or with the next start of the job
    #[arg(
        long,
        env = "SCIMULATE_EAGER",
        value_name = "WHETHER",
        value_enum,
        default_value = "on"
    )]
    eager: Eager,
    /// Leave what was created at the target there
    #[arg(long, env = "SCIMULATE_KEEP")]
    keep: bool,
    /// Where the journal of what is created is kept
    #[arg(
        long,
        env = "SCIMULATE_JOURNAL_DIR",
        value_name = "DIR",
        default_value = ".scimulate/journal"
    )]
    journal_dir: PathBuf,
    #[command(flatten)]
    flaws: FlawArguments,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Provider {
    /// Okta's management API: users, groups, one application, its System Log
    Okta,
    /// Microsoft Graph: users, groups, one application with a provisioning job, its provisioning log
    Entra,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Eager {
    /// At once, while the job runs
    On,
    /// With the next start of the job
    Off,
}

/// Listens until it is stopped. The first line on stdout is the base URL.
pub(crate) fn org(arguments: &OrgArguments) -> Result<ExitCode, Complaint> {
    let client = arguments.client()?;
    arguments.check_app_id()?;
    let switches = switches_of(&arguments.switches)?;
    let chosen = arguments.target.chosen()?;
    let defects = arguments.flaws.defects()?;
    if chosen.is_some() && !arguments.flaws.is_empty() {
        return Err(
            Complaint::new("only the reference server can be given a defect")
                .hint("leave `--target` out, or `--defect`"),
        );
    }
    if let Some(chosen) = &chosen {
        let consent = Consent {
            doing: "An org",
            client: client.name(),
            after: match arguments.keep {
                true => "Nothing is cleaned up",
                false => "What it has created is removed in the end, and nothing else is undone",
            },
            instead: "without `--target` it provisions the embedded reference server",
        };
        consent.asked(chosen)?;
    }
    let org_token = match &arguments.org_token_env {
        Some(variable) => Some(from_environment(variable, "--org-token-env")?),
        None => None,
    };
    crate::cli::runtime()?.block_on(async {
        let (server, target, target_token) = match chosen {
            Some(chosen) => (None, chosen.target, None),
            None => {
                let token = Uuid::new_v4().simple().to_string();
                let (server, target) =
                    embedded(arguments.target.preset()?, &defects, &[], &token).await?;
                (Some(server), target, Some(token))
            }
        };
        check_tenant(arguments.tenant.as_deref(), &target)?;
        let mut of_target = vec![("target", target.mask().text(&target.base.to_string()))];
        of_target.extend(target_token.map(|token| ("target-token", token)));
        let settings = arguments.settings(target);
        let given = org_token
            .as_ref()
            .map(|token| token.expose_secret().to_owned());
        let is_fresh = given.is_none();
        let code = match arguments.provider {
            Provider::Okta => {
                let okta = OktaSettings {
                    client,
                    switches,
                    app_id: arguments.app_id.clone(),
                    token: given,
                };
                let started = start_embedded(okta, settings).await;
                let (running, access) = started.map_err(complaint)?;
                let mut shown = vec![("app-id", access.app_id)];
                shown.extend(is_fresh.then_some(("token", access.token)));
                listened(
                    running,
                    &access.base_url,
                    shown.into_iter().chain(of_target),
                )
                .await
            }
            Provider::Entra => {
                let wanted = TenantSettings {
                    client,
                    switches,
                    principal: arguments.app_id.clone(),
                    secret: given,
                    eager: arguments.eager == Eager::On,
                };
                let started = start_tenant(wanted, settings).await;
                let (running, access) = started.map_err(complaint)?;
                let mut shown = vec![
                    ("tenant-id", access.tenant),
                    ("client-id", access.client),
                    ("service-principal-id", access.principal),
                    ("job-id", access.job),
                ];
                shown.extend(is_fresh.then_some(("client-secret", access.secret)));
                listened(
                    running,
                    &access.base_url,
                    shown.into_iter().chain(of_target),
                )
                .await
            }
        };
        if let Some(server) = server {
            // It has no state file, so nothing can go wrong that matters.
            let _ = server.stop().await;
        }
        Ok(code)
    })
}

/// Says how the org is called, waits for a signal, and ends it.
async fn listened<O: Org>(
    running: Running<O>,
    base: &str,
    shown: impl Iterator<Item = (&'static str, String)>,
) -> ExitCode {
    if let Some(problem) = running.untestable() {
        say(&format!(
            "notice: provisioning will fail: {}",
            problem.message
        ));
    }
    let mut lines = format!("{base}\n");
    for (name, value) in shown {
        lines.push_str(&format!("{name} {value}\n"));
    }
    // Whoever started it may not read its output.
    let _ = io::stdout()
        .write_all(lines.as_bytes())
        .and_then(|()| io::stdout().flush());
    ended(running).await
}

/// Waits for a signal, and ends the org in good order.
async fn ended<O: Org>(running: Running<O>) -> ExitCode {
    signal().await;
    let again = tokio::spawn(async {
        signal().await;
        std::process::exit(i32::from(INTERRUPTED));
    });
    let removed = running.stop().await;
    again.abort();
    tell(&removed)
}

pub(super) fn tell(removed: &Removed) -> ExitCode {
    if removed.removed > 0 {
        let noun = if removed.removed == 1 { "" } else { "s" };
        say(&format!(
            "removed {} resource{noun} that the org had created",
            removed.removed
        ));
    }
    for left in &removed.left {
        say(&format!("notice: may still be there: {left}"));
    }
    if let Some(journal) = &removed.journal {
        say(&format!(
            "notice: the journal `{journal}` names them, and `scimulate sweep` removes them"
        ));
    }
    ExitCode::from(if removed.left.is_empty() {
        FINE
    } else {
        FAILED
    })
}

fn say(text: &str) {
    // Nobody reads stderr any more: the exit code still tells.
    let _ = writeln!(anstream::stderr().lock(), "{text}");
}

impl OrgArguments {
    fn client(&self) -> Result<ProfileId, Complaint> {
        let (clients, whose): (&[ProfileId], _) = match self.provider {
            Provider::Okta => (
                &[
                    ProfileId::OktaOin,
                    ProfileId::OktaAiw,
                    ProfileId::OktaOinUserpatch,
                    ProfileId::OktaGov,
                ],
                "an Okta org",
            ),
            Provider::Entra => (
                &[ProfileId::EntraLegacy, ProfileId::EntraCompliant],
                "a tenant of Entra",
            ),
        };
        let Some(name) = &self.client else {
            return Ok(clients[0]);
        };
        ProfileId::named(name)
            .filter(|client| clients.contains(client))
            .ok_or_else(|| {
                let known: Vec<&str> = clients.iter().copied().map(ProfileId::name).collect();
                Complaint::new(format!("`{name}` is no client of {whose}"))
                    .hint(format!("there is {}", known.join(", ")))
            })
    }

    /// What Graph calls by a GUID must be one.
    fn check_app_id(&self) -> Result<(), Complaint> {
        match (&self.app_id, self.provider) {
            (Some(id), Provider::Entra) if Uuid::parse_str(id).is_err() => {
                Err(Complaint::new(format!(
                    "`--app-id {id}` is no GUID, and Microsoft Graph knows its objects by GUIDs"
                ))
                .hint("leave it out for a fresh one"))
            }
            _ => Ok(()),
        }
    }

    fn settings(&self, target: Target) -> Settings {
        Settings {
            port: self.port,
            target,
            tenant: self.tenant.clone(),
            bounds: Bounds {
                timeout: self.timeout,
                ..Bounds::default()
            },
            journal: Some(self.journal_dir.clone()),
            keep: self.keep,
        }
    }
}

pub(super) fn complaint(fault: Fault) -> Complaint {
    let complaint = Complaint::new(fault.to_string());
    match fault {
        Fault::Taken(_) => complaint.hint("take another one, or `--port 0` for any free one"),
        Fault::Journal { .. } => {
            complaint.hint("name a directory that can be written with `--journal-dir DIR`")
        }
        Fault::Socket(_) | Fault::Client(_) | Fault::NoProvider => complaint,
    }
}

fn app_id(text: &str) -> Result<String, String> {
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || letter == '_' || letter == '-';
    match !text.is_empty() && text.len() <= 64 && text.chars().all(is_plain) {
        true => Ok(text.to_owned()),
        false => Err("an id has letters and digits, such as 0oa1gjh63g214q0Hq0g4".to_owned()),
    }
}
