//! `scimulate run`: plays scenarios against a target and reports.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{self, BufWriter, IsTerminal, Write};
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use clap::{Args, ValueEnum};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::cli::explain::page_of;
use crate::cli::failing::FailureArguments;
use crate::cli::interrupt;
use crate::cli::org::tell;
use crate::cli::selection::{Selection, SelectionArguments};
use crate::cli::serve::{FlawArguments, embedded};
use crate::cli::suite_org::{self, SuiteOrg};
use crate::cli::suites;
use crate::cli::target::{Chosen, TargetArguments};
use crate::cli::variables::{environment, secret_variables, variables};
use crate::cli::{Complaint, FAILED, FINE, INTERRUPTED, UNTESTABLE};
use crate::event::Event;
use crate::gate::Judging;
use crate::report::Reporter;
use crate::report::audience::Audience;
use crate::report::baseline::Beside;
use crate::report::html::Html;
use crate::report::human::Human;
use crate::report::json::JsonLines;
use crate::report::junit::Junit;
use crate::report::paint::Paint;
use crate::report::totals::Totals;
use crate::run::{self, Bounds, Ending, Settings};
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
    /// How many scenarios run at once [default: 1, and 4 against the embedded server]
    #[arg(long, short, env = "SCIMULATE_JOBS", value_name = "N", value_parser = at_least_one)]
    jobs: Option<NonZeroUsize>,
    /// Try what the target does not declare, too: it fails nothing, and what works is said
    #[arg(long, env = "SCIMULATE_UNDECLARED")]
    undeclared: bool,
    /// Stop after the first scenario that fails
    #[arg(long, env = "SCIMULATE_FAIL_FAST")]
    fail_fast: bool,
    /// Longest time for an answer, such as 500ms or 10s
    #[arg(long, env = "SCIMULATE_TIMEOUT", value_name = "TIME", default_value = "30s", value_parser = duration)]
    timeout: Duration,
    /// Most bytes of an answer that are read
    #[arg(long, env = "SCIMULATE_MAX_BODY", value_name = "BYTES", default_value_t = Bounds::default().body)]
    max_body: u64,
    /// Give a variable of the scenarios a value
    #[arg(long = "var", value_name = "NAME=VALUE")]
    variables: Vec<String>,
    /// Give a variable of the scenarios the value of an environment variable, which is a secret
    #[arg(long = "var-env", value_name = "NAME=VARIABLE")]
    secret_variables: Vec<String>,
    /// Where the journal of what was created is kept until it is removed again
    #[arg(
        long,
        env = "SCIMULATE_JOURNAL_DIR",
        value_name = "DIR",
        default_value = ".scimulate/journal"
    )]
    journal_dir: PathBuf,
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

/// Options that say which reports are written.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Reports")]
pub(crate) struct ReportArguments {
    /// Show every failure in full, not one for each cause
    #[arg(long, short, env = "SCIMULATE_VERBOSE")]
    verbose: bool,
    /// Write a JUnit report
    #[arg(long, env = "SCIMULATE_REPORT_JUNIT", value_name = "FILE")]
    report_junit: Option<PathBuf>,
    /// Write a page for browsers that needs no other file
    #[arg(long, env = "SCIMULATE_REPORT_HTML", value_name = "FILE")]
    report_html: Option<PathBuf>,
    /// Write every event as a line of JSON, as it happens; `-` for stdout instead of the report for people
    #[arg(long, env = "SCIMULATE_REPORT_JSON", value_name = "FILE")]
    report_json: Option<PathBuf>,
}

/// The token that a probe puts where it must not be accepted, such as a URL. The embedded server's is put there without
/// being asked for; that of another target would end in its logs.
const OFFERED_TOKEN: &str = "SCIMULATE_OFFERED_TOKEN";

/// Runs, reports, and says with the exit code how it went.
pub(crate) fn run(arguments: &RunArguments) -> Result<ExitCode, Complaint> {
    let selection = arguments.selection.selected()?;
    let translations = arguments.selection.translations()?;
    let mut variables = variables(&arguments.variables)?;
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
        let bounds = Bounds {
            timeout: arguments.timeout,
            body: arguments.max_body,
        };
        let mut servers = Vec::new();
        let mut org = None;
        // One for all, so that it is masked wherever it comes from.
        let token = Uuid::new_v4().to_string();
        let (mut target, journal) = match chosen {
            Some(chosen) => (chosen.target, Some(arguments.journal_dir.clone())),
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
            jobs: arguments.jobs.map_or(
                if !servers.is_empty() {
                    EMBEDDED_JOBS
                } else {
                    1
                },
                NonZeroUsize::get,
            ),
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

/// Plays, and tells the audience; at the end also what it means for a gate, if that is asked. An interruption ends it after
/// cleanup.
///
/// # Errors
/// The run cannot begin, or a report cannot be written.
pub(super) async fn play(
    settings: Settings,
    audience: &mut Audience<'_>,
    mut judging: Option<&mut Judging>,
) -> Result<(Ending, Totals), Complaint> {
    let cancel = CancellationToken::new();
    let signals = tokio::spawn(interrupt::watch(
        cancel.clone(),
        "removing what was created",
    ));
    let mut totals = Totals::default();
    let mut unwritten: Option<io::Error> = None;
    let ending = run::run(settings, cancel.clone(), |event: Event| {
        totals.on(&event);
        let mut told = Ok(());
        if let Some(judging) = &mut judging {
            judging.on(&event);
            // Of a target that could not be tested there is nothing to say.
            if matches!(event, Event::RunFinished { .. }) && totals.stopped.is_none() {
                told = audience.on(&Event::Readiness(judging.readiness()));
            }
        }
        if let Err(problem) = told.and(audience.on(&event)) {
            // Without a report a run is pointless, but what it created must still be removed.
            unwritten.get_or_insert(problem);
            cancel.cancel();
        }
    })
    .await;
    signals.abort();
    let ending = ending.map_err(Complaint::new)?;
    if let Some(problem) = unwritten.filter(|problem| problem.kind() != io::ErrorKind::BrokenPipe) {
        return Err(Complaint::new(format!(
            "a report cannot be written: {problem}"
        )));
    }
    Ok((ending, totals))
}

/// Side by side against the embedded server, which does not mind. A target's answers are easier to follow one by one.
pub(super) const EMBEDDED_JOBS: usize = 4;

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

impl ReportArguments {
    /// Whether a report would go into this file.
    pub(super) fn overwrites(&self, file: &Path) -> bool {
        let same = |report: &PathBuf| match (report.canonicalize(), file.canonicalize()) {
            (Ok(report), Ok(file)) => report == file,
            _ => false,
        };
        [&self.report_junit, &self.report_html, &self.report_json]
            .into_iter()
            .flatten()
            .any(same)
    }

    /// The reporters that were asked for, and for people the report of a run.
    pub(super) fn audience(&self, beside: Option<Beside>) -> Result<Audience<'static>, Complaint> {
        let reporters = self.reporters(|out, paint, verbose| {
            Box::new(Human::new(out, paint).verbose(verbose)) as Box<dyn Reporter>
        })?;
        Ok(Audience::new(reporters, beside))
    }

    /// The reporters that were asked for, and for people the given one.
    pub(super) fn reporters(
        &self,
        for_people: impl FnOnce(anstream::Stdout, Paint, bool) -> Box<dyn Reporter>,
    ) -> Result<Vec<Box<dyn Reporter>>, Complaint> {
        let mut reporters: Vec<Box<dyn Reporter>> = Vec::new();
        let to_stdout = self.report_json.as_deref() == Some(Path::new("-"));
        if !to_stdout {
            let coloured = io::stdout().is_terminal()
                && anstream::AutoStream::choice(&io::stdout()) != anstream::ColorChoice::Never;
            let paint = if coloured {
                Paint::COLOURED
            } else {
                Paint::PLAIN
            };
            reporters.push(for_people(anstream::stdout(), paint, self.verbose));
        }
        match &self.report_json {
            Some(_) if to_stdout => reporters.push(Box::new(JsonLines::new(io::stdout()))),
            Some(path) => reporters.push(Box::new(JsonLines::new(BufWriter::new(created(path)?)))),
            None => {}
        }
        if let Some(path) = &self.report_junit {
            reporters.push(Box::new(Junit::new(BufWriter::new(created(path)?))));
        }
        if let Some(path) = &self.report_html {
            let out = BufWriter::new(created(path)?);
            reporters.push(Box::new(Html::new(out, page_of)));
        }
        Ok(reporters)
    }
}

fn created(path: &Path) -> Result<File, Complaint> {
    if let Some(folder) = path.parent() {
        // What is wrong shows when the file is made.
        let _ = std::fs::create_dir_all(folder);
    }
    File::create(path)
        .map_err(|problem| Complaint::new(format!("cannot write `{}`: {problem}", path.display())))
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

/// A number from 1 on.
pub(super) fn at_least_one(text: &str) -> Result<NonZeroUsize, String> {
    text.parse()
        .map_err(|_| "write a whole number from 1 on".to_owned())
}

/// `500ms`, `10s`, `2m`.
pub(super) fn duration(text: &str) -> Result<Duration, String> {
    let split = text
        .find(|letter: char| !letter.is_ascii_digit() && letter != '.')
        .unwrap_or(text.len());
    let (number, unit) = text.split_at(split);
    let number: f64 = number
        .parse()
        .map_err(|_| "write a time such as 500ms, 10s or 2m".to_owned())?;
    let seconds = match unit.trim() {
        "ms" => number / 1000.0,
        "" | "s" => number,
        "m" | "min" => number * 60.0,
        _ => return Err("the unit is ms, s or m".to_owned()),
    };
    match Duration::try_from_secs_f64(seconds) {
        Ok(duration) if !duration.is_zero() => Ok(duration),
        _ => Err("the time must be more than nothing".to_owned()),
    }
}
