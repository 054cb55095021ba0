//! `scimulate run`: plays scenarios against a target and reports.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, IsTerminal, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, ValueEnum};
use uuid::Uuid;

use crate::cli::failing::FailureArguments;
use crate::cli::org::tell;
use crate::cli::playing::{PlayArguments, play};
use crate::cli::reporting::ReportArguments;
use crate::cli::selection::{Selection, SelectionArguments};
use crate::cli::serve::{FlawArguments, embedded};
use crate::cli::suite_org::{self, SuiteOrg};
use crate::cli::suites;
use crate::cli::target::{Chosen, TargetArguments};
use crate::cli::variables::{environment, secret_variables};
use crate::cli::{Complaint, FAILED, FINE, INTERRUPTED, UNTESTABLE};
use crate::run::{self, Ending, Settings};
use crate::scenario::act::Verb;
use crate::scenario::step::{Action, Body, Step};
use crate::snapshot::{Mode, Session, Store};
use crate::target::Preset;

/// Options of `scimulate run`.
#[derive(Debug, Clone, Args)]
pub(crate) struct RunArguments {
    #[command(flatten)]
    selection: SelectionArguments,
    #[command(flatten)]
    target: TargetArguments,
    #[command(flatten)]
    play: PlayArguments,
    /// Try what the target does not declare, too: it fails nothing, and what works is said
    #[arg(long, env = "SCIMULATE_UNDECLARED")]
    undeclared: bool,
    /// Stop after the first scenario that fails
    #[arg(long, env = "SCIMULATE_FAIL_FAST")]
    fail_fast: bool,
    /// Give a variable of the scenarios the value of an environment variable, which is a secret
    #[arg(long = "var-env", value_name = "NAME=VARIABLE")]
    secret_variables: Vec<String>,
    /// Directory of the target's snapshots
    #[arg(long, env = "SCIMULATE_SNAPSHOT_DIR", value_name = "DIR")]
    snapshot_dir: Option<PathBuf>,
    /// What to do with answers that are new or not those of last time: judge only, write them for review, take them all as
    /// right, or no snapshots [default: new, and check in CI]
    #[arg(long, env = "SCIMULATE_SNAPSHOTS", value_name = "MODE")]
    snapshots: Option<SnapshotMode>,
    #[command(flatten)]
    flaws: FlawArguments,
    #[command(flatten)]
    failures: FailureArguments,
    #[command(flatten)]
    reports: ReportArguments,
}

/// What `--snapshots` takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum SnapshotMode {
    /// Judge, write nothing
    Check,
    /// Judge, and write what is new or different beside the snapshot, for review
    New,
    /// Take every answer as right and write it
    Update,
    /// No snapshots
    Off,
}

/// The token that a probe puts where it must not be accepted, such as a URL. The embedded server's is put there without
/// being asked for; that of another target would end in its logs.
const OFFERED_TOKEN: &str = "SCIMULATE_OFFERED_TOKEN";

/// Runs, reports, and says with the exit code how it went.
pub(crate) fn run(arguments: &RunArguments) -> Result<ExitCode, Complaint> {
    let selection = arguments.selection.selected()?;
    let translations = arguments.selection.translations()?;
    let mut variables = arguments.play.variables()?;
    suites::check_given(&translations, &variables)?;
    let mut chosen = arguments.target.chosen()?;
    let secrets = secret_variables(&arguments.secret_variables)?;
    variables.extend(
        secrets
            .iter()
            .map(|secret| (secret.name.clone(), secret.value.clone())),
    );
    let tenants: BTreeSet<String> = chosen
        .iter()
        .flat_map(|chosen| chosen.target.tenants.keys().cloned())
        .collect();
    let scenarios = selection.iter().map(|(scenario, _)| scenario.as_ref());
    let suite_org = SuiteOrg::wanted(scenarios, &variables, &tenants);
    let mut promised = variables.clone();
    if let Some((_, org)) = &suite_org {
        promised.extend(org.promised().map(|name| (name, String::new())));
    }
    let mut environment = environment(&selection, &promised, &tenants)?;
    // All that comes from the environment is masked.
    environment.extend(
        secrets
            .into_iter()
            .map(|secret| (secret.variable, secret.value)),
    );
    let defects = arguments.flaws.defects()?;
    if chosen.is_some() && !arguments.flaws.is_empty() {
        return Err(
            Complaint::new("only the reference server can be given a defect")
                .hint("leave `--target` out, or `--defect`"),
        );
    }
    if let Some(chosen) = &mut chosen {
        let has_org = |path: &str| suite_org.as_ref().is_some_and(|(of, _)| of == path);
        for (scenario, _) in selection.iter().filter(|(one, _)| !has_org(&one.path)) {
            suites::add_services(
                scenario,
                &variables,
                arguments.target.yes_write,
                &mut chosen.target,
            )?;
        }
        consent(chosen, &selection)?;
    }
    let mut notices: Vec<String> = translations
        .iter()
        .flat_map(|translation| &translation.untold)
        .map(|what| format!("not translated, and so not tested: {what}"))
        .collect();
    let mut failing = arguments.failures.failing()?;
    let mut audience = arguments.reports.audience(failing.beside.take())?;
    crate::cli::runtime()?.block_on(async {
        let snapshots = arguments.session(chosen.as_ref(), translations.is_empty());
        let bounds = arguments.play.bounds();
        let mut servers = Vec::new();
        let mut org = None;
        // One for all, so that it is masked wherever it comes from.
        let token = Uuid::new_v4().to_string();
        let (mut target, journal) = match chosen {
            Some(chosen) => (chosen.target, Some(arguments.play.journal_dir.clone())),
            // What is left in the embedded server goes with it, so it needs no journal.
            None => {
                let preset = arguments.target.preset()?;
                let (server, target) = embedded(preset, &defects, &[], &token).await?;
                servers.push(server);
                environment.insert(OFFERED_TOKEN.to_owned(), token.clone());
                (target, None)
            }
        };
        if let (Some((path, wanted)), true) = (&suite_org, servers.is_empty()) {
            let journal = journal.clone();
            let opened =
                wanted.open(target.clone(), bounds, journal, &mut variables, &mut environment);
            org = Some(opened.await?);
            notices.push(suite_org::notice(path));
            for (scenario, _) in selection.iter().filter(|(one, _)| one.path == *path) {
                suites::add_services(scenario, &variables, true, &mut target)?;
            }
        }
        let mut imitations = BTreeMap::new();
        if !servers.is_empty() {
            let own = target.preset.map(|preset| preset.name);
            for preset in presets_of(&selection) {
                if own != Some(preset.name) {
                    let (server, target) = embedded(Some(preset), &defects, &[], &token).await?;
                    servers.push(server);
                    imitations.insert(preset.name.to_owned(), target);
                }
            }
            for (scenario, _) in &selection {
                if scenario.policies.is_empty() && scenario.services.is_empty() {
                    continue;
                }
                let (server, mut target) = embedded(None, &defects, &scenario.policies, &token).await?;
                servers.push(server);
                if let Some((path, wanted)) = &suite_org
                    && *path == scenario.path
                {
                    let (variables, environment) = (&mut variables, &mut environment);
                    let opened = wanted.open(target.clone(), bounds, None, variables, environment);
                    org = Some(opened.await?);
                    notices.push(suite_org::notice(path));
                }
                suites::add_services(scenario, &variables, arguments.target.yes_write, &mut target)?;
                imitations.insert(scenario.path.clone(), target);
                if !scenario.policies.is_empty() {
                    notices.push(format!(
                        "{} plays against a reference server of its own: `scimulate serve --policy {}`",
                        scenario.path,
                        scenario.policies.join(" --policy ")
                    ));
                }
            }
        }
        let settings = Settings {
            target,
            imitations,
            undeclared: arguments.undeclared,
            scenarios: selection,
            jobs: arguments.play.jobs(!servers.is_empty()),
            weighing: std::mem::take(&mut failing.weighing),
            fail_fast: arguments.fail_fast,
            bounds,
            run: run::fresh_run_id(),
            variables,
            environment,
            snapshots,
            everything: arguments.selection.is_everything(),
            notices,
            journal,
        };
        let played = play(settings, &mut audience, None).await;
        if let Some(org) = org {
            // What it has created at the target goes with it; what is left is told.
            tell(&org.stop().await);
        }
        for server in servers {
            // It has no state file, so nothing can go wrong that matters.
            let _ = server.stop().await;
        }
        let (ending, totals) = played?;
        if ending != Ending::Untestable {
            failing.write(audience.baseline())?;
        }
        Ok(ExitCode::from(match ending {
            Ending::Untestable => UNTESTABLE,
            Ending::Interrupted => INTERRUPTED,
            Ending::Finished if totals.failed_steps() > 0 => FAILED,
            Ending::Finished => FINE,
        }))
    })
}

/// The published integrations that scenarios are about.
fn presets_of(selection: &Selection) -> Vec<&'static Preset> {
    let named: BTreeSet<&String> = selection
        .iter()
        .filter_map(|(scenario, _)| scenario.preset.as_ref())
        .collect();
    named
        .into_iter()
        .filter_map(|name| Preset::named(name))
        .collect()
}

/// Where the reference server's snapshots are, in this project.
pub(super) const SHIPPED_SNAPSHOTS: &str = "fixtures/snapshots";

impl RunArguments {
    /// The snapshots of this run: those of the directory that is named here or in `scimulate.toml`, or the shipped ones for
    /// the embedded server.
    /// A suite of another tester has none among the shipped ones.
    fn session(&self, chosen: Option<&Chosen>, is_ours: bool) -> Option<Session> {
        let named = self
            .snapshot_dir
            .clone()
            .or_else(|| chosen.and_then(|chosen| chosen.snapshots.clone()));
        let shipped = || {
            (chosen.is_none() && is_ours)
                .then(|| PathBuf::from(SHIPPED_SNAPSHOTS))
                .filter(|shipped| shipped.is_dir())
        };
        let directory = named.or_else(shipped)?;
        let in_ci = std::env::var("CI").is_ok_and(|ci| !matches!(ci.as_str(), "" | "0" | "false"));
        let mode = match self.snapshots {
            Some(SnapshotMode::Check) => Mode::Check,
            Some(SnapshotMode::New) | None => Mode::New,
            Some(SnapshotMode::Update) => Mode::Update,
            Some(SnapshotMode::Off) => return None,
        };
        Some(Session::new(Store::new(directory), mode, in_ci))
    }
}

/// Writing to a host that is not this machine needs consent, once.
pub(super) fn consent(chosen: &Chosen, selection: &Selection) -> Result<(), Complaint> {
    if chosen.may_write {
        return Ok(());
    }
    let creates: usize = selection
        .iter()
        .flat_map(|(scenario, _)| &scenario.steps)
        .map(posts)
        .sum();
    let base = &chosen.target.base;
    if io::stdin().is_terminal() && io::stderr().is_terminal() {
        let mut out = anstream::stderr().lock();
        let _ = write!(
            out,
            "{base} is not on this machine. The run creates test users and groups there ({creates} requests that create), \
             changes and removes only those, and leaves nothing. Go on? [y/N] "
        );
        let _ = out.flush();
        let mut answer = String::new();
        if io::stdin().read_line(&mut answer).is_ok() && answer.trim().eq_ignore_ascii_case("y") {
            return Ok(());
        }
    }
    Err(Complaint::new(format!("writing to {base} needs consent: it is not on this machine, and the run creates test users and groups there")).hint(
        "add `--yes-write`, or `writes = true` for the target in scimulate.toml; only what the run creates is changed or removed",
    ))
}

fn posts(step: &Step) -> usize {
    match &step.action {
        Action::Request(request) => {
            usize::from(request.method == "POST" && !matches!(request.body, Body::None))
        }
        Action::Parallel(steps) => steps.iter().map(posts).sum(),
        Action::Act(act) => match act.0.verb {
            Verb::Assign | Verb::PushGroup | Verb::OnDemand => act.0.who.len(),
            _ => 0,
        },
        Action::Verify(_) | Action::Claim(_) | Action::VerifyMapped(_) => 0,
    }
}
