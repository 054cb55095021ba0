//! `scimulate sync`: a provider on your desk. The first call is the initial cycle; later ones send what has changed in the
//! directory since.

mod system_log;
mod tally;

use std::fs;
use std::io::Write;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use clap::Args;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::cli::consent::Consent;
use crate::cli::interrupt;
use crate::cli::playing::{at_least_one, duration};
use crate::cli::progress;
use crate::cli::serve::embedded;
use crate::cli::sync::system_log::SystemLog;
use crate::cli::sync::tally::Tally;
use crate::cli::target::TargetArguments;
use crate::cli::{Complaint, FAILED, FINE, INTERRUPTED, UNTESTABLE};
use crate::idp::mapping::Mapping;
use crate::idp::state::Header;
use crate::idp::{Memory, Provisioner, Switches, directory_file, mapping};
use crate::profile::ProfileId;
use crate::run::Bounds;
use crate::run::drive::{Ending, Finished, Told};
use crate::run::state_file::{Found, StateFault, StateFile, look};
use crate::run::sync::{self, Settings};
use crate::scenario::error::ScenarioError;
use crate::target::Target;

/// Options of `scimulate sync`.
#[derive(Debug, Clone, Args)]
pub(crate) struct SyncArguments {
    /// Directory file: people, groups, managers and roles
    #[arg(value_name = "DIRECTORY")]
    directory: PathBuf,
    /// The provider to act as: okta-oin, okta-aiw, okta-oin-userpatch, okta-gov, entra-legacy or entra-compliant
    #[arg(long = "as", env = "SCIMULATE_AS", value_name = "PROFILE")]
    client: String,
    #[command(flatten)]
    target: TargetArguments,
    /// Tenant of the target, as scimulate.toml names it
    #[arg(long, env = "SCIMULATE_TENANT", value_name = "NAME")]
    tenant: Option<String>,
    /// Where links are remembered until the next call; the embedded server is gone by then, so it has none
    /// [default: the directory file's name with .PROFILE.state for .yaml]
    #[arg(long, env = "SCIMULATE_STATE", value_name = "FILE")]
    state: Option<PathBuf>,
    /// Attribute mapping [default: the provider's own]
    #[arg(long, env = "SCIMULATE_MAPPING", value_name = "FILE")]
    mapping: Option<PathBuf>,
    /// Change what is not known for certain of the provider, or what its administrators choose
    #[arg(long = "switch", value_name = "NAME=VALUE")]
    switches: Vec<String>,
    /// Print the requests; reads are sent, writes are taken for done
    #[arg(long)]
    dry_run: bool,
    /// How many calls at once [default: 1, and 4 against the embedded server]
    #[arg(long, short, env = "SCIMULATE_JOBS", value_name = "N", value_parser = at_least_one)]
    jobs: Option<NonZeroUsize>,
    /// Stop after so many requests; the next call goes on
    #[arg(long, env = "SCIMULATE_MAX_REQUESTS", value_name = "N")]
    max_requests: Option<u64>,
    /// Longest time for an answer, such as 500ms or 10s
    #[arg(long, env = "SCIMULATE_TIMEOUT", value_name = "TIME", default_value = "30s", value_parser = duration)]
    timeout: Duration,
    /// Print what came of everybody as lines of JSON instead of a summary
    #[arg(long, conflicts_with = "dry_run")]
    json: bool,
    /// Append what the provider's administrator would read in its log to this file, as lines of JSON
    #[arg(
        long,
        env = "SCIMULATE_SYSTEM_LOG",
        value_name = "FILE",
        conflicts_with = "dry_run"
    )]
    system_log: Option<PathBuf>,
}

/// As the embedded server does not mind.
const EMBEDDED_JOBS: usize = 4;

/// Provisions, and says with the exit code how it went.
pub(crate) fn sync(arguments: &SyncArguments) -> Result<ExitCode, Complaint> {
    let client = arguments.client()?;
    let switches = switches_of(&arguments.switches)?;
    let directory = loaded(&arguments.directory, directory_file::load)?;
    let mapping = match &arguments.mapping {
        Some(file) => Some(mapping_of(file, client)?),
        None => None,
    };
    let chosen = arguments.target.chosen()?;
    if let Some(chosen) = &chosen {
        let consent = Consent {
            doing: "A sync",
            client: &arguments.client,
            after: "Nothing is cleaned up",
            instead: "`--dry-run` shows the requests first",
        };
        if !arguments.dry_run {
            consent.asked(chosen)?;
        }
    } else if let Some(state) = &arguments.state {
        return Err(Complaint::new(format!(
            "`--state {}` needs a target: the embedded server ends with the command, and what would be remembered with it",
            state.display()
        ))
        .hint("start `scimulate serve`, and name its URL with `--target`"));
    }
    crate::cli::runtime()?.block_on(async {
        let is_embedded = chosen.is_none();
        let (server, target) = match chosen {
            Some(chosen) => (None, chosen.target),
            None => {
                let token = Uuid::new_v4().to_string();
                let (server, target) =
                    embedded(arguments.target.preset()?, &[], &[], &token).await?;
                (Some(server), target)
            }
        };
        check_tenant(arguments.tenant.as_deref(), &target)?;
        let (state, memory) = if is_embedded {
            (None, Memory::default())
        } else {
            arguments.remembered(client, &target)?
        };
        let mut provisioner = Provisioner::new(client, directory, mapping, switches, memory)
            .ok_or_else(|| no_provider(client.name()))?;
        provisioner.catch_up();
        let place = state.as_ref().map(|_| arguments.state_path(client));
        let code = arguments
            .drive(&target, &mut provisioner, state, place, is_embedded)
            .await;
        if let Some(server) = server {
            // It has no state file, so nothing can go wrong that matters.
            let _ = server.stop().await;
        }
        code
    })
}

impl SyncArguments {
    fn client(&self) -> Result<ProfileId, Complaint> {
        ProfileId::named(&self.client)
            .filter(|client| *client != ProfileId::Scimulate)
            .ok_or_else(|| no_provider(&self.client))
    }

    /// The state file: the one that is named, or one beside the directory.
    fn state_path(&self, client: ProfileId) -> PathBuf {
        self.state.clone().unwrap_or_else(|| {
            let stem = self.directory.file_stem().unwrap_or_default();
            let mut name = format!("{}.{}", stem.to_string_lossy(), client.name());
            if let Some(tenant) = &self.tenant {
                name = format!("{name}.{tenant}");
            }
            self.directory.with_file_name(format!("{name}.state"))
        })
    }

    /// What is remembered; the file is opened only if something will be written into it.
    fn remembered(
        &self,
        client: ProfileId,
        target: &Target,
    ) -> Result<(Option<StateFile>, Memory), Complaint> {
        let path = self.state_path(client);
        let mask = target.mask();
        let base = mask.text(&target.base.to_string());
        let header = Header::new(client, base, self.tenant.clone());
        let opened = if self.dry_run {
            look(&path, &header).map(|found| (None, found))
        } else {
            StateFile::open(&path, header, mask).map(|(file, found)| (Some(file), found))
        };
        let (file, Found { memory, torn }) = opened.map_err(|fault| refused(&fault, &path))?;
        if torn {
            say(&format!(
                "notice: the last line of `{}` breaks off and is left out; what it said is found out again",
                path.display()
            ));
        }
        Ok((file, memory))
    }

    async fn drive(
        &self,
        target: &Target,
        provisioner: &mut Provisioner,
        state: Option<StateFile>,
        place: Option<PathBuf>,
        is_embedded: bool,
    ) -> Result<ExitCode, Complaint> {
        let settings = Settings {
            target: target.clone(),
            tenant: self.tenant.clone(),
            jobs: self.jobs.map_or(
                match is_embedded && !self.dry_run {
                    true => EMBEDDED_JOBS,
                    false => 1,
                },
                NonZeroUsize::get,
            ),
            bounds: Bounds {
                timeout: self.timeout,
                ..Bounds::default()
            },
            at_most: self.max_requests,
            dry: self.dry_run,
        };
        let cancel = CancellationToken::new();
        let watch = interrupt::watch(cancel.clone(), "finishing what is under way");
        let signals = tokio::spawn(watch);
        let mut tally = Tally::new(self.json, progress::is_wanted() && !self.dry_run);
        let mut log = match &self.system_log {
            Some(file) => Some(SystemLog::open(file, provisioner.client())?),
            None => None,
        };
        let tell = |told: Told<'_>| match told {
            Told::Answered(ticket, exchange) => {
                tally.answered(exchange);
                if let Some(log) = &mut log {
                    log.answered(ticket, exchange);
                }
            }
            Told::Dry {
                title,
                outgoing,
                is_sent,
            } => tally.dry(&title, &outgoing, is_sent),
            Told::Outcome(outcome, provisioner) => {
                if let Some(log) = &mut log {
                    log.over(outcome.clone(), provisioner);
                }
                tally.outcome(outcome);
            }
            Told::Waiting(time) => tally.waiting(time),
        };
        let done = sync::sync(settings, provisioner, state, &cancel, tell).await;
        signals.abort();
        let finished = done.map_err(|broken| Complaint::new(broken.to_string()))?;
        let unwritten = log.and_then(SystemLog::unwritten);
        if let Ending::Untestable { message, hint } = &finished.ending {
            tally.end(&finished, provisioner.memory(), &self.told_of(target, None));
            let complaint = Complaint::new(message).code(UNTESTABLE);
            return Err(match hint {
                Some(hint) => complaint.hint(hint),
                None => complaint,
            });
        }
        let place = place.as_deref();
        tally.end(
            &finished,
            provisioner.memory(),
            &self.told_of(target, place),
        );
        match unwritten {
            Some(complaint) => Err(complaint),
            None => Ok(ExitCode::from(code(&finished, &tally, provisioner))),
        }
    }

    /// What was synchronised, and what is kept of it.
    fn told_of(&self, target: &Target, state: Option<&Path>) -> tally::Told {
        let base = match self
            .tenant
            .as_ref()
            .and_then(|name| target.tenants.get(name))
        {
            Some(tenant) => &tenant.base,
            None => &target.base,
        };
        tally::Told {
            what: format!(
                "{} as {} at {}",
                self.directory.display(),
                self.client,
                target.mask().text(&base.to_string())
            ),
            dry: self.dry_run,
            state: state.map(|path| path.display().to_string()),
        }
    }
}

/// `NAME=VALUE` each.
pub(crate) fn switches_of(written: &[String]) -> Result<Switches, Complaint> {
    let mut switches = Switches::default();
    for switch in written {
        let (name, value) = switch.split_once('=').ok_or_else(|| {
            Complaint::new(format!("`--switch {switch}` has no `=`"))
                .hint("write `--switch NAME=VALUE`")
        })?;
        switches
            .set(name.trim(), value.trim())
            .map_err(Complaint::new)?;
    }
    Ok(switches)
}

/// Whether the target has that tenant.
pub(crate) fn check_tenant(tenant: Option<&str>, target: &Target) -> Result<(), Complaint> {
    match tenant {
        Some(tenant) if !target.tenants.contains_key(tenant) => {
            let known: Vec<&str> = target.tenants.keys().map(String::as_str).collect();
            let complaint = Complaint::new(format!("the target has no tenant `{tenant}`"));
            Err(match known.is_empty() {
                true => complaint.hint("name its tenants in scimulate.toml"),
                false => complaint.hint(format!("it has {}", known.join(", "))),
            })
        }
        _ => Ok(()),
    }
}

fn code(finished: &Finished, tally: &Tally, provisioner: &Provisioner) -> u8 {
    match finished.ending {
        Ending::Interrupted => INTERRUPTED,
        Ending::OutOfRequests => FAILED,
        _ if tally.has_failed() || provisioner.memory().quarantine.is_some() => FAILED,
        _ => FINE,
    }
}

fn no_provider(name: &str) -> Complaint {
    let known: Vec<&str> = ProfileId::ALL
        .into_iter()
        .filter(|client| *client != ProfileId::Scimulate)
        .map(ProfileId::name)
        .collect();
    Complaint::new(format!("there is no provider `{name}`"))
        .hint(format!("there is {}", known.join(", ")))
}

fn mapping_of(file: &Path, client: ProfileId) -> Result<Mapping, Complaint> {
    let mapping = loaded(file, mapping::file::load)?;
    if mapping.provider != client.authority() {
        return Err(Complaint::new(format!(
            "the mapping `{}` is for another provider than {}",
            file.display(),
            client.name()
        ))
        .hint("`provider:` in the file says for which"));
    }
    Ok(mapping)
}

/// Reads a file with one of the strict loaders; shows every mistake.
fn loaded<T>(
    path: &Path,
    load: impl Fn(&str, &[u8]) -> Result<T, Vec<ScenarioError>>,
) -> Result<T, Complaint> {
    let bytes = fs::read(path).map_err(|problem| {
        Complaint::new(format!("cannot read `{}`: {problem}", path.display()))
    })?;
    let shown = path.display().to_string();
    load(&shown, &bytes).map_err(|mistakes| {
        let text_of = |_: &str| Some(String::from_utf8_lossy(&bytes).into_owned());
        Complaint::of_mistakes(mistakes.iter(), &text_of, 1)
    })
}

fn refused(fault: &StateFault, path: &Path) -> Complaint {
    let message = match fault {
        StateFault::Unreadable(at) => {
            format!("{at}\n  --> {}:{}:{}", path.display(), at.line, at.column)
        }
        _ => fault.to_string(),
    };
    Complaint::new(message).hint(fault.hint())
}

fn say(text: &str) {
    // Nobody reads stderr any more: the exit code still tells.
    let _ = writeln!(anstream::stderr().lock(), "{text}");
}
