//! `scimulate reduce`: the shortest scenario that still shows a failure.

use std::io::Write;
use std::ops::ControlFlow;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Instant;

use clap::Args;
use tokio_util::sync::CancellationToken;

use crate::cli::out::OutArguments;
use crate::cli::playing::PlayArguments;
use crate::cli::run::consent;
use crate::cli::selection::{Selection, SelectionArguments, loaded, text_of};
use crate::cli::serve::FlawArguments;
use crate::cli::stage::{Stage, Wanted};
use crate::cli::target::TargetArguments;
use crate::cli::variables::environment;
use crate::cli::{Complaint, FINE, INTERRUPTED, NOTHING, UNTESTABLE, interrupt};
use crate::event::Event;
use crate::profile::ProfileId;
use crate::reduce::{self, Symptom};
use crate::report::counted;
use crate::run::{self, Ending, Settings};

/// Options of `scimulate reduce`.
#[derive(Debug, Clone, Args)]
#[command(
    after_help = "The scenario is played again and again, each time with less in it; what each play creates is removed. \
    The first failure is kept to; `--step` and `--finding` choose another one."
)]
pub(crate) struct ReduceArguments {
    #[command(flatten)]
    selection: SelectionArguments,
    /// The step that must go on failing
    #[arg(long, value_name = "NAME")]
    step: Option<String>,
    /// The id of the finding that must stay, such as `expected-status` or `created-has-location`
    #[arg(long, value_name = "ID")]
    finding: Option<String>,
    /// End after so many plays, with what is the shortest then
    #[arg(long, value_name = "N", default_value_t = 1000)]
    at_most: usize,
    #[command(flatten)]
    out: OutArguments,
    #[command(flatten)]
    target: TargetArguments,
    #[command(flatten)]
    play: PlayArguments,
    #[command(flatten)]
    flaws: FlawArguments,
}

/// How a file begins that was written from a story.
const EXPANDED: &str = "# Written by `scimulate expand ";

/// What a play shows.
#[derive(Debug, Default)]
struct Shown {
    /// What fails, in order.
    symptoms: Vec<Symptom>,
    /// Steps that were played.
    steps: usize,
    requests: usize,
    /// Why the target could not be tested.
    stopped: Option<Complaint>,
}

/// Reduces, and says how short it has become.
pub(crate) fn reduce(arguments: &ReduceArguments) -> Result<ExitCode, Complaint> {
    let selection = arguments.selection.selected()?;
    let path = one_file(&selection)?;
    let text = text_of(&path)
        .ok_or_else(|| Complaint::new(format!("`{path}` cannot be read any more")))?;
    if !path.ends_with(".yaml") && !path.ends_with(".yml") {
        return Err(Complaint::new(format!("`{path}` is no scenario"))
            .hint("write it as one with `scimulate import`, and reduce that"));
    }
    arguments.out.check()?;
    let variables = arguments.play.variables()?;
    let chosen = arguments.target.chosen()?;
    let tenants = chosen.iter().flat_map(|one| one.target.tenants.keys());
    let environment = environment(&selection, &variables, &tenants.cloned().collect())?;
    let defects = arguments.flaws.defects()?;
    if let Some(chosen) = &chosen {
        if !arguments.flaws.is_empty() {
            return Err(
                Complaint::new("only the reference server can be given a defect")
                    .hint("leave `--target` out, or `--defect`"),
            );
        }
        consent(chosen, &selection)?;
    }
    let wanted = Wanted {
        target: chosen.map(|chosen| (chosen.target, arguments.play.journal_dir.clone())),
        preset: arguments.target.preset()?,
        defects: &defects,
        selection: &selection,
        suite_org: None,
        bounds: arguments.play.bounds(),
        may_write: arguments.target.yes_write,
    };
    let cancel = CancellationToken::new();
    let runtime = crate::cli::runtime()?;
    let signals = runtime.spawn(interrupt::watch(
        cancel.clone(),
        "removing what was created",
    ));
    let (mut given, mut surroundings) = (variables, environment);
    let stage = runtime.block_on(Stage::set(wanted, &mut given, &mut surroundings))?;
    let play = |selection: Selection| {
        let settings = Settings {
            imitations: stage.imitations.clone(),
            bounds: arguments.play.bounds(),
            variables: given.clone(),
            environment: surroundings.clone(),
            journal: stage.journal.clone(),
            ..Settings::of(stage.target.clone(), selection)
        };
        runtime.block_on(played(settings, cancel.clone()))
    };
    let reduced = Reducing {
        arguments,
        path: &path,
        text: &text,
        cancel: &cancel,
        play: &play,
    }
    .reduced(&selection);
    signals.abort();
    runtime.block_on(stage.strike());
    reduced
}

/// The file that the selection is about.
fn one_file(selection: &Selection) -> Result<String, Complaint> {
    let mut paths: Vec<&str> = selection.iter().map(|(one, _)| one.path.as_str()).collect();
    paths.dedup();
    match paths.as_slice() {
        [path] => Ok((*path).to_owned()),
        paths => Err(Complaint::new(format!(
            "{} scenarios are selected, and one can be reduced",
            paths.len()
        ))
        .hint("name the file that fails")),
    }
}

async fn played(
    settings: Settings,
    cancel: CancellationToken,
) -> Result<(Ending, Shown), Complaint> {
    let mut shown = Shown::default();
    let ending = run::run(settings, cancel, |event| shown.take(&event));
    let ending = ending.await.map_err(Complaint::new)?;
    Ok((ending, shown))
}

impl Shown {
    fn take(&mut self, event: &Event) {
        match event {
            Event::StepFinished {
                step,
                exchanges,
                findings,
                ..
            } => {
                self.steps += 1;
                self.requests += exchanges.len();
                let failed = findings.iter().filter(|finding| finding.counts());
                self.symptoms
                    .extend(failed.map(|finding| Symptom::of(step, finding, exchanges)));
            }
            Event::Stopped { message, hint } => {
                let complaint = Complaint::new(message.clone()).code(UNTESTABLE);
                self.stopped = Some(match hint {
                    Some(hint) => complaint.hint(hint.clone()),
                    None => complaint,
                });
            }
            _ => {}
        }
    }
}

/// One reduction.
struct Reducing<'a> {
    arguments: &'a ReduceArguments,
    path: &'a str,
    text: &'a str,
    cancel: &'a CancellationToken,
    play: &'a dyn Fn(Selection) -> Result<(Ending, Shown), Complaint>,
}

impl Reducing<'_> {
    fn reduced(&self, selection: &Selection) -> Result<ExitCode, Complaint> {
        let clock = Instant::now();
        let (client, symptom, before) = self.failing(selection)?;
        let name = client.name();
        let mut least = (before.steps, before.requests);
        let mut plays = 0;
        let mut problem = None;
        let mut shows = |candidate: &str| {
            if self.cancel.is_cancelled() || plays >= self.arguments.at_most {
                return ControlFlow::Break(());
            }
            // A text with a mistake in it shows nothing.
            let Ok(scenario) = loaded(candidate, self.path) else {
                return ControlFlow::Continue(false);
            };
            plays += 1;
            match (self.play)(vec![(Arc::new(scenario), client)]) {
                Ok((Ending::Finished, shown)) => {
                    // Another failure, which the whole scenario did not show, would only lead astray.
                    let is_new =
                        |one: &Symptom| !before.symptoms.iter().any(|was| was.is_shown_by(one));
                    let strays = shown.symptoms.iter().any(is_new);
                    let shows = shown.symptoms.iter().any(|one| symptom.is_shown_by(one));
                    if shows && !strays {
                        least = (shown.steps, shown.requests);
                    }
                    ControlFlow::Continue(shows && !strays)
                }
                Ok(_) => ControlFlow::Break(()),
                Err(complaint) => {
                    problem = Some(complaint);
                    ControlFlow::Break(())
                }
            }
        };
        let start = match selection.iter().all(|(told, _)| told.clients.len() == 1) {
            true => self.text.to_owned(),
            false => reduce::told_as(self.text, name),
        };
        let start = start.strip_prefix(EXPANDED).map_or(start.as_str(), |rest| {
            // From now on it is a file of its own.
            rest.split_once('\n').map_or("", |(_, rest)| rest)
        });
        let text = reduce::reduce(start, &mut shows);
        if let Some(problem) = problem {
            return Err(problem);
        }
        let head = format!(
            "# Reduced from {}: step `{}` fails with `{}`\n",
            self.path, symptom.step, symptom.id
        );
        self.arguments.out.write(&(head + &text))?;
        let said = format!(
            "{}, {} before; {}, {} before; {} in {:.1} s\nkept: step `{}` fails with `{}` as {name}\n",
            counted(least.0, "step"),
            before.steps,
            counted(least.1, "request"),
            before.requests,
            counted(plays, "play"),
            clock.elapsed().as_secs_f64(),
            symptom.step,
            symptom.id,
        );
        let early = match () {
            () if self.cancel.is_cancelled() => "interrupted: this is the shortest so far\n",
            () if plays >= self.arguments.at_most => {
                "ended by `--at-most`: this is the shortest so far\n"
            }
            () => "",
        };
        // Nobody reads stderr any more: the scenario is written all the same.
        let _ = write!(anstream::stderr().lock(), "{said}{early}");
        Ok(ExitCode::from(match self.cancel.is_cancelled() {
            true => INTERRUPTED,
            false => FINE,
        }))
    }

    /// The failure that is kept to, the client that has it, and all that this client's play shows.
    fn failing(&self, selection: &Selection) -> Result<(ProfileId, Symptom, Shown), Complaint> {
        let mut other = None;
        for (scenario, client) in selection {
            let (_, shown) = (self.play)(vec![(Arc::clone(scenario), *client)])?;
            if let Some(stopped) = shown.stopped {
                return Err(stopped);
            }
            let is_asked = |one: &&Symptom| {
                let is =
                    |asked: &Option<String>, of: &str| asked.as_ref().is_none_or(|it| it == of);
                is(&self.arguments.step, &one.step) && is(&self.arguments.finding, &one.id)
            };
            match shown.symptoms.iter().find(is_asked).cloned() {
                Some(symptom) => return Ok((*client, symptom, shown)),
                None => other = other.or(shown.symptoms.into_iter().next()),
            }
        }
        Err(match other {
            Some(other) => Complaint::new(format!("`{}` does not fail so", self.path)).hint(
                format!("what fails is step `{}`, with `{}`", other.step, other.id),
            ),
            None => Complaint::new(format!("nothing fails in `{}`", self.path))
                .hint("only a failure can be reduced; warnings are none"),
        }
        .code(NOTHING))
    }
}
