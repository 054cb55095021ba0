//! `scimulate diff`: two runs, two targets or two versions of one side by side.

mod table;

use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

use clap::Args;
use tokio::runtime::Runtime;
use tokio_util::sync::CancellationToken;

use crate::cli::playing::PlayArguments;
use crate::cli::run::consent;
use crate::cli::selection::{Selection, SelectionArguments};
use crate::cli::stage::{Stage, Wanted};
use crate::cli::target::TargetArguments;
use crate::cli::variables::environment;
use crate::cli::{Complaint, FAILED, FINE, INTERRUPTED, UNTESTABLE, interrupt};
use crate::event::Event;
use crate::report::json::read;
use crate::run::{self, Ending, Settings};
use crate::snapshot::answered::Answered;
use crate::snapshot::contrast::Contrast;

/// Options of `scimulate diff`.
#[derive(Debug, Clone, Args)]
#[command(
    mut_arg("target", |argument| argument.hide(true)),
    after_help = "A log is what `scimulate run --report-json FILE` writes. A target is played against; beside a log, what the \
    log has is played. Credentials that are given here are for both; targets of scimulate.toml have their own.\n\n\
    Exit codes: 0 nothing differs, 1 something differs, 3 a target could not be tested."
)]
pub(crate) struct DiffArguments {
    /// An event log, a target's URL, a name in scimulate.toml, or `embedded` for the reference server
    #[arg(value_name = "A")]
    first: String,
    /// The same, held against the first
    #[arg(value_name = "B")]
    second: String,
    #[command(flatten)]
    selection: SelectionArguments,
    /// Show every step, not only one for each difference
    #[arg(long, short, env = "SCIMULATE_VERBOSE")]
    verbose: bool,
    /// Print what differs as JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    target: TargetArguments,
    #[command(flatten)]
    play: PlayArguments,
}

/// What stands on one side.
enum Side {
    /// The run of an event log.
    Log(Answered),
    /// What is played against; `None`: the embedded server.
    Target(Option<String>),
}

/// The word for the reference server.
const EMBEDDED: &str = "embedded";

/// Holds the two against each other, and says what differs.
pub(crate) fn diff(arguments: &DiffArguments) -> Result<ExitCode, Complaint> {
    if arguments.target.target.is_some() && std::env::var_os("SCIMULATE_TARGET").is_none() {
        return Err(Complaint::new("`--target` has no meaning here")
            .hint("name the two targets: `scimulate diff A B`"));
    }
    let sides = [side(&arguments.first)?, side(&arguments.second)?];
    let selection = arguments.selection_for(&sides)?;
    let runtime = crate::cli::runtime()?;
    let cancel = CancellationToken::new();
    let signals = runtime.spawn(interrupt::watch(
        cancel.clone(),
        "removing what was created",
    ));
    let mut runs = Vec::new();
    for side in sides {
        let answered = match side {
            Side::Log(answered) => answered,
            Side::Target(target) => {
                let play = Playing {
                    arguments,
                    runtime: &runtime,
                    cancel: &cancel,
                };
                match play.against(target, &selection)? {
                    (Ending::Interrupted, _) => return Ok(ExitCode::from(INTERRUPTED)),
                    (_, answered) => answered,
                }
            }
        };
        if let Some((message, hint)) = &answered.stopped {
            let complaint = Complaint::new(message.clone()).code(UNTESTABLE);
            return Err(match hint {
                Some(hint) => complaint.hint(hint.clone()),
                None => complaint,
            });
        }
        runs.push(answered);
    }
    signals.abort();
    let [first, second] = &runs[..] else {
        unreachable!("each side gives one run");
    };
    let contrast = Contrast::of(first, second);
    let text = match arguments.json {
        true => table::json(first, second, &contrast),
        false => table::human(first, second, &contrast, arguments.verbose),
    };
    // A closed pipe (`diff … | head`) is no error.
    let _ = anstream::stdout().lock().write_all(text.as_bytes());
    Ok(ExitCode::from(match contrast.is_empty() {
        true => FINE,
        false => FAILED,
    }))
}

/// Reads a log, or takes the word for a target.
fn side(named: &str) -> Result<Side, Complaint> {
    let path = Path::new(named);
    let is_log = path
        .extension()
        .is_some_and(|extension| extension == "jsonl");
    if named == EMBEDDED {
        return Ok(Side::Target(None));
    }
    if !is_log && !path.is_file() {
        return Ok(Side::Target(Some(named.to_owned())));
    }
    let complaint = |problem: crate::report::json::LogError| {
        Complaint::new(problem.to_string())
            .hint("an event log is what `scimulate run --report-json FILE` writes")
    };
    let mut answered = Answered::default();
    for event in read(path).map_err(complaint)? {
        answered.on(&event.map_err(complaint)?);
    }
    Ok(Side::Log(answered))
}

/// Whether this is what a recorder names its scenarios, or the file of an import.
fn is_recording(path: &str) -> bool {
    let path = Path::new(path);
    path.extension()
        .is_none_or(|extension| extension != "yaml" && extension != "yml")
        && crate::cli::selection::text_of(&path.display().to_string()).is_none()
}

impl DiffArguments {
    /// What is played: what is named, or what a log on one side has.
    fn selection_for(&self, sides: &[Side; 2]) -> Result<Selection, Complaint> {
        let logged = sides.iter().find_map(|side| match side {
            Side::Log(answered) => Some(answered),
            Side::Target(_) => None,
        });
        if sides.iter().all(|side| matches!(side, Side::Log(_))) {
            return match self.selection.names_something() {
                true => Err(
                    Complaint::new("nothing is played, so nothing can be selected")
                        .hint("two logs are compared as they are"),
                ),
                false => Ok(Vec::new()),
            };
        }
        match logged {
            Some(log) if log.scenarios().iter().any(|(path, _)| is_recording(path)) => Err(
                Complaint::new("a recording cannot be played again as it is")
                    .hint("`scimulate import LOG --out story.yaml` makes a scenario of it"),
            ),
            Some(log) if !self.selection.names_something() => {
                SelectionArguments::again(&log.scenarios())
            }
            _ => self.selection.selected(),
        }
    }
}

/// Plays scenarios to see what is answered.
struct Playing<'a> {
    arguments: &'a DiffArguments,
    runtime: &'a Runtime,
    cancel: &'a CancellationToken,
}

impl Playing<'_> {
    fn against(
        &self,
        target: Option<String>,
        selection: &Selection,
    ) -> Result<(Ending, Answered), Complaint> {
        let arguments = self.arguments;
        let mut named = arguments.target.clone();
        named.target = target;
        let chosen = named.chosen()?;
        let mut variables = arguments.play.variables()?;
        let tenants = chosen.iter().flat_map(|one| one.target.tenants.keys());
        let mut environment = environment(selection, &variables, &tenants.cloned().collect())?;
        if let Some(chosen) = &chosen {
            consent(chosen, selection)?;
        }
        let wanted = Wanted {
            target: chosen.map(|chosen| (chosen.target, arguments.play.journal_dir.clone())),
            preset: named.preset()?,
            defects: &[],
            selection,
            suite_org: None,
            bounds: arguments.play.bounds(),
            may_write: named.yes_write,
        };
        self.runtime.block_on(async {
            let mut stage = Stage::set(wanted, &mut variables, &mut environment).await?;
            let settings = Settings {
                imitations: std::mem::take(&mut stage.imitations),
                jobs: arguments.play.jobs(stage.is_embedded()),
                bounds: arguments.play.bounds(),
                variables,
                environment,
                journal: stage.journal.clone(),
                ..Settings::of(stage.target.clone(), selection.clone())
            };
            let mut answered = Answered::default();
            let cancel = self.cancel.clone();
            let ending = run::run(settings, cancel, |event: Event| answered.on(&event)).await;
            stage.strike().await;
            Ok((ending.map_err(Complaint::new)?, answered))
        })
    }
}
