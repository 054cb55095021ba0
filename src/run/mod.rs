//! Running: the only place that sends. Plays plans against a target, scenario by scenario, and tells what happens.

mod cleanup;
pub(crate) mod client;
pub(crate) mod created;
mod declared;
pub(crate) mod doctor;
pub(crate) mod drive;
mod dry;
pub(crate) mod journal;
pub(crate) mod journal_file;
mod ledger;
mod masking;
mod naming;
mod outage;
mod play;
pub(crate) mod preflight;
pub(crate) mod received;
mod secrets;
pub(crate) mod state_file;
pub(crate) mod sweep;
pub(crate) mod sync;
mod token;
mod token_fault;
mod trouble;
pub(crate) mod wire;

pub use wire::Bounds;

use std::collections::{BTreeMap, VecDeque};
use std::path::PathBuf;
use std::sync::Arc;

use jiff::Timestamp;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::JoinSet;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::checks::Watch;
use crate::event::{Event, FORMAT, run_id};
use crate::finding::Verdict;
use crate::finding::weighing::Weighing;
use crate::plan::{Known, Script, Settings as ScriptSettings, Sources};
use crate::profile::ProfileId;
use crate::run::client::Client;
use crate::run::declared::Declared;
use crate::run::journal::Journal;
use crate::run::outage::{Heard, Outage};
use crate::run::play::Play;
use crate::scenario::Scenario;
use crate::snapshot::Session;
use crate::target::Target;

/// What to run, and how.
pub struct Settings {
    /// Against what.
    pub target: Target,
    /// Targets for the scenarios that are about a preset that the target is not, by the preset's name, and for those that
    /// have one for themselves, by their path.
    pub imitations: BTreeMap<String, Target>,
    /// What to play, as whom, in this order.
    pub scenarios: Vec<(Arc<Scenario>, ProfileId)>,
    /// What the target does not declare is asked for, too, and told at the end; it fails nothing.
    pub undeclared: bool,
    /// How many at once.
    pub jobs: usize,
    /// What fails.
    pub weighing: Weighing,
    /// Stop after the first scenario that fails.
    pub fail_fast: bool,
    /// Limits where a scenario gives none.
    pub bounds: Bounds,
    /// The run's id: 8 lower-case letters and digits.
    pub run: String,
    /// `--var` values.
    pub variables: BTreeMap<String, String>,
    /// Environment variables that scenarios may read; their values are masked.
    pub environment: BTreeMap<String, String>,
    /// What the target answered last time.
    pub snapshots: Option<Session>,
    /// All scenarios were selected that there are, so a snapshot that no step has is one too many.
    pub everything: bool,
    /// What is said of the run before it begins.
    pub notices: Vec<String>,
    /// Where the journal is kept; `None` where nothing can be left behind.
    pub journal: Option<PathBuf>,
}

impl Settings {
    /// These scenarios, one after the other, judged as usual: without snapshots, a journal, or anything beside the target.
    pub fn of(target: Target, scenarios: Vec<(Arc<Scenario>, ProfileId)>) -> Self {
        Self {
            target,
            imitations: BTreeMap::new(),
            scenarios,
            undeclared: false,
            jobs: 1,
            weighing: Weighing::default(),
            fail_fast: false,
            bounds: Bounds::default(),
            run: fresh_run_id(),
            variables: BTreeMap::new(),
            environment: BTreeMap::new(),
            snapshots: None,
            everything: false,
            notices: Vec::new(),
            journal: None,
        }
    }
}

/// How a run ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ending {
    /// Everything was played.
    Finished,
    /// A signal ended it.
    Interrupted,
    /// The target could not be tested.
    Untestable,
}

/// What all scenarios of a run share.
pub(crate) struct Context {
    pub(crate) journal: Option<Journal>,
    pub(crate) snapshots: Option<Session>,
    pub(crate) weighing: Weighing,
    pub(crate) events: UnboundedSender<Event>,
}

/// A target, how it is reached, and what it says of itself.
pub(crate) struct Endpoint {
    pub(crate) target: Target,
    pub(crate) client: Arc<Client>,
    pub(crate) known: Arc<Known>,
    /// Knows what the target said of itself.
    pub(crate) watch: Watch,
}

/// The target, and what stands for presets that it is not.
struct Endpoints {
    own: Arc<Endpoint>,
    imitations: BTreeMap<String, Arc<Endpoint>>,
}

impl Endpoints {
    fn of(&self, scenario: &Scenario) -> &Arc<Endpoint> {
        let preset = scenario.preset.as_ref();
        let imitation = preset.and_then(|preset| self.imitations.get(preset));
        let own = || self.imitations.get(&scenario.path);
        imitation.or_else(own).unwrap_or(&self.own)
    }
}

/// A fresh run id.
pub fn fresh_run_id() -> String {
    run_id::digits(Uuid::new_v4().as_u128(), 8)
}

/// Runs, and gives every event to `tell` as it happens.
///
/// # Errors
/// In words, why the run could not even begin: the HTTP client or the journal cannot be set up, or a variable is missing.
pub async fn run(
    mut settings: Settings,
    cancel: CancellationToken,
    mut tell: impl FnMut(Event),
) -> Result<Ending, String> {
    let clock = Instant::now();
    let client = connected(&settings, &settings.target)?;
    let journal = match &settings.journal {
        Some(directory) => Some(
            Journal::open(
                directory,
                &settings.run,
                &settings.target.base.to_string(),
                Arc::clone(client.secrets()),
            )
            .map_err(|problem| {
                format!(
                    "the journal in `{}` cannot be written: {problem}",
                    directory.display()
                )
            })?,
        ),
        None => None,
    };
    tell(Event::RunStarted {
        format: FORMAT,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        run: settings.run.clone(),
        started: Timestamp::now().to_string(),
        target: settings.target.base.to_string(),
        target_name: settings.target.name.clone(),
        scenarios: settings.scenarios.len(),
    });
    for message in settings.notices.drain(..) {
        tell(Event::Notice { message });
    }
    let examined = tokio::select! {
        examined = preflight::examine(&client, &settings.target, &settings.scenarios) => Some(examined),
        () = cancel.cancelled() => None,
    };
    let Some(examined) = examined else {
        if let Some(journal) = journal {
            journal.discard();
        }
        tell(Event::RunFinished {
            elapsed: clock.elapsed(),
            interrupted: true,
        });
        return Ok(Ending::Interrupted);
    };
    let (watch, known) = examined.told(&mut tell);
    let known = match known {
        Ok(known) => Arc::new(Known {
            tries_undeclared: settings.undeclared,
            ..known
        }),
        Err(untestable) => {
            tell(Event::Stopped {
                message: untestable.message,
                hint: untestable.hint,
            });
            tell(Event::RunFinished {
                elapsed: clock.elapsed(),
                interrupted: false,
            });
            if let Some(journal) = journal {
                journal.discard();
            }
            return Ok(Ending::Untestable);
        }
    };
    let own = Endpoint {
        target: settings.target.clone(),
        client,
        known,
        watch,
    };
    let mut endpoints = Endpoints {
        own: Arc::new(own),
        imitations: BTreeMap::new(),
    };
    for (preset, target) in &settings.imitations {
        let client = connected(&settings, target)?;
        let (watch, known) = preflight::examine(&client, target, &settings.scenarios)
            .await
            .told(&mut tell);
        let known = known.map_err(|problem| format!("`{preset}`: {}", problem.message))?;
        let endpoint = Endpoint {
            target: target.clone(),
            client,
            known: Arc::new(known),
            watch,
        };
        endpoints
            .imitations
            .insert(preset.clone(), Arc::new(endpoint));
    }
    let (events, mut received) = unbounded_channel();
    let context = Arc::new(Context {
        journal,
        snapshots: settings.snapshots.take(),
        weighing: std::mem::take(&mut settings.weighing),
        events,
    });
    let mut declared = Declared::default();
    let mut heard = |event: Event| {
        declared.on(&event);
        tell(event);
    };
    let Played {
        left,
        played,
        is_shut_out,
    } = play_all(
        &settings,
        &context,
        &endpoints,
        &cancel,
        &mut received,
        &mut heard,
    )
    .await?;
    // What stands for other targets says nothing of this one.
    if endpoints.imitations.is_empty() {
        for message in declared.notices(&endpoints.own.known) {
            tell(Event::Notice { message });
        }
    }
    let Some(context) = Arc::into_inner(context) else {
        return Err("a scenario still runs although all have ended".to_owned());
    };
    if let Some(snapshots) = &context.snapshots
        && played == settings.scenarios.len()
        && !cancel.is_cancelled()
    {
        let ran = settings
            .scenarios
            .iter()
            .map(|(scenario, client)| (scenario.path.as_str(), client.name()))
            .collect::<Vec<_>>();
        let snapshots = snapshots.unreferenced(&ran, settings.everything);
        if !snapshots.is_empty() {
            tell(Event::Unreferenced {
                snapshots: snapshots
                    .iter()
                    .map(|path| path.display().to_string())
                    .collect(),
            });
        }
    }
    if let Some(journal) = context.journal {
        match left {
            0 => journal.discard(),
            _ => tell(Event::Notice {
                message: format!(
                    "{left} of the resources that were created may still be there; the journal `{}` names them, and `scimulate sweep` removes them",
                    journal.path().display()
                ),
            }),
        }
    }
    let interrupted = cancel.is_cancelled();
    tell(Event::RunFinished {
        elapsed: clock.elapsed(),
        interrupted,
    });
    Ok(match (interrupted, is_shut_out) {
        (true, _) => Ending::Interrupted,
        (false, true) => Ending::Untestable,
        (false, false) => Ending::Finished,
    })
}

/// What came of the scenarios.
#[derive(Default)]
struct Played {
    /// Resources that may still be there.
    left: usize,
    /// Scenarios that were played to their end.
    played: usize,
    /// There was no access token any more.
    is_shut_out: bool,
}

/// Plays all scenarios, at most `jobs` at once; one that must be alone waits until the others are done, and they for it.
async fn play_all(
    settings: &Settings,
    context: &Arc<Context>,
    endpoints: &Endpoints,
    cancel: &CancellationToken,
    received: &mut UnboundedReceiver<Event>,
    tell: &mut impl FnMut(Event),
) -> Result<Played, String> {
    let mut waiting: VecDeque<_> = settings.scenarios.iter().cloned().enumerate().collect();
    let mut playing: JoinSet<(bool, Verdict, Heard)> = JoinSet::new();
    let mut outage = Outage::default();
    let mut alone = false;
    let mut sum = Played::default();
    let mut stop = false;
    loop {
        while let Some((_, (scenario, _))) = waiting.front() {
            let fits = playing.len() < settings.jobs.max(1)
                && !alone
                && (!scenario.alone || playing.is_empty());
            if !fits || stop || cancel.is_cancelled() {
                break;
            }
            let Some((number, (scenario, client))) = waiting.pop_front() else {
                break;
            };
            alone = scenario.alone;
            let run = run_id::of_scenario(&settings.run, number);
            let endpoint = endpoints.of(&scenario);
            let script = Script::new(
                Arc::clone(&scenario),
                ScriptSettings {
                    client,
                    known: Arc::clone(&endpoint.known),
                    sources: sources(settings, run.clone()),
                },
            )
            .map_err(|problem| format!("{}: {problem}", scenario.path))?;
            let was_alone = scenario.alone;
            let play = Play {
                context: Arc::clone(context),
                endpoint: Arc::clone(endpoint),
                number,
                run,
                scenario,
                client,
                cancel: cancel.clone(),
            };
            playing.spawn(async move {
                let (verdict, heard) = play.play(script).await;
                (was_alone, verdict, heard)
            });
        }
        tokio::select! {
            biased;
            Some(event) = received.recv() => pass_on(event, &mut sum.left, tell),
            joined = playing.join_next() => match joined {
                None => break,
                Some(Ok((was_alone, verdict, heard))) => {
                    alone &= !was_alone;
                    sum.played += 1;
                    tell_aside(&endpoints.own.client, tell);
                    let silence = outage.heard(heard);
                    if let (Some(message), false, false) = (silence, stop, waiting.is_empty()) {
                        stop = true;
                        while let Ok(event) = received.try_recv() {
                            pass_on(event, &mut sum.left, tell);
                        }
                        tell(Event::Stopped {
                            message: format!("{message}; {} more were not played", waiting.len()),
                            hint: Some("look whether the target is still running, and into its log".to_owned()),
                        });
                    }
                    if let (Some(fault), false) = (endpoints.own.client.token_fault(), stop) {
                        stop = true;
                        sum.is_shut_out = true;
                        while let Ok(event) = received.try_recv() {
                            pass_on(event, &mut sum.left, tell);
                        }
                        tell(Event::Stopped {
                            message: format!("the access token has ended, and there is no new one: {fault}; {} more were not played", waiting.len()),
                            hint: Some(fault.hint()),
                        });
                    }
                    stop |= settings.fail_fast && matches!(verdict, Verdict::Fail | Verdict::Error);
                }
                Some(Err(problem)) => return Err(format!("a scenario could not be played to its end: {problem}")),
            },
        }
    }
    while let Ok(event) = received.try_recv() {
        pass_on(event, &mut sum.left, tell);
    }
    Ok(sum)
}

/// Tells of access tokens that were fetched on the way.
fn tell_aside(client: &Client, tell: &mut impl FnMut(Event)) {
    let exchanges = client.take_aside();
    if !exchanges.is_empty() {
        tell(Event::Preflight {
            exchanges,
            authentication: None,
        });
    }
}

/// A client for a target, which masks what is secret.
fn connected(settings: &Settings, target: &Target) -> Result<Arc<Client>, String> {
    let mut mask = target.mask();
    settings
        .environment
        .values()
        .for_each(|secret| mask.add(secret));
    Ok(Arc::new(Client::new(target, mask, settings.bounds)?))
}

fn pass_on(event: Event, left: &mut usize, tell: &mut impl FnMut(Event)) {
    if let Event::ScenarioFinished {
        left: resources, ..
    } = &event
    {
        *left += resources.len();
    }
    tell(event);
}

fn sources(settings: &Settings, run: String) -> Sources {
    Sources {
        run,
        given: settings.variables.clone(),
        environment: settings.environment.clone(),
        now: Box::new(|| Timestamp::now().to_string()),
        uuid: Box::new(|| Uuid::new_v4().to_string()),
    }
}
