//! `scimulate run`: plays scenarios against a target and reports.

use std::collections::BTreeSet;
use std::io::{self, IsTerminal, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, ValueEnum};

use crate::cli::failing::FailureArguments;
use crate::cli::playing::{PlayArguments, play};
use crate::cli::reporting::ReportArguments;
use crate::cli::selection::{Selection, SelectionArguments};
use crate::cli::serve::FlawArguments;
use crate::cli::stage::{Stage, Wanted};
use crate::cli::suite_org::SuiteOrg;
use crate::cli::suites;
use crate::cli::target::{Chosen, TargetArguments};
use crate::cli::variables::{environment, secret_variables};
use crate::cli::watch::watched;
use crate::cli::{Complaint, FAILED, FINE, INTERRUPTED, UNTESTABLE};
use crate::run::{self, Ending, Settings};
use crate::scenario::act::Verb;
use crate::scenario::step::{Action, Body, Step};
use crate::snapshot::{Mode, Session, Store};

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
    /// Run again when a scenario or what belongs to it changes, until Ctrl-C
    #[arg(long, conflicts_with = "token")]
    watch: bool,
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

/// Runs once, or whenever a file changes.
pub(crate) fn run_and_watch(arguments: &RunArguments) -> Result<ExitCode, Complaint> {
    if !arguments.watch {
        return run(arguments);
    }
    let snapshots = arguments.snapshot_dir.iter().cloned();
    let paths: Vec<PathBuf> = arguments.selection.files().chain(snapshots).collect();
    watched(&paths, || run(arguments))
}

/// Runs, reports, and says with the exit code how it went.
fn run(arguments: &RunArguments) -> Result<ExitCode, Complaint> {
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
        let wanted = Wanted {
            target: chosen.map(|chosen| (chosen.target, arguments.play.journal_dir.clone())),
            preset: arguments.target.preset()?,
            defects: &defects,
            selection: &selection,
            suite_org: suite_org.as_ref(),
            bounds,
            may_write: arguments.target.yes_write,
        };
        let mut stage = Stage::set(wanted, &mut variables, &mut environment).await?;
        notices.append(&mut stage.notices);
        let settings = Settings {
            target: stage.target.clone(),
            imitations: std::mem::take(&mut stage.imitations),
            undeclared: arguments.undeclared,
            scenarios: selection,
            jobs: arguments.play.jobs(stage.is_embedded()),
            weighing: std::mem::take(&mut failing.weighing),
            fail_fast: arguments.fail_fast,
            bounds,
            run: run::fresh_run_id(),
            variables,
            environment,
            snapshots,
            everything: arguments.selection.is_everything(),
            notices,
            journal: stage.journal.clone(),
        };
        let played = play(settings, &mut audience, None).await;
        stage.strike().await;
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
