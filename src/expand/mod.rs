//! Expanding: a story that is told with acts, written out as the explicit scenario of one client.
//!
//! The story is played against a target in the same process, with names in place of values: wherever a person's attribute,
//! an id that the target gives, or the run's id would stand, its name stands between two marks, and comes out as a
//! variable of the written file. So the engines' requests are written by the engines themselves.

mod marks;
mod source;
mod text;

pub use marks::Marks;

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::exchange::Exchange;
use crate::expand::marks::marked;
use crate::expand::source::Source;
use crate::expand::text::Writer;
use crate::idp::Call;
use crate::plan::{Known, Move, Outgoing, Plan, Reason, Script, Settings, Sources};
use crate::profile::ProfileId;
use crate::scenario::Scenario;
use crate::scenario::step::{Action, Selector, Step};
use crate::scenario::template::{Text, Tree};
use crate::target::Preset;

/// Why a story cannot be written out.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unexpandable {
    /// It has nothing that a provider decides.
    #[error("it has no `act`, so it is written out already")]
    Explicit,
    /// Nobody decides what is sent.
    #[error("no provider is chosen: `--as PROFILE` does")]
    NoProvider,
    /// The file cannot be taken apart by its lines.
    #[error("its `steps` do not stand one below the other, each behind a `-`")]
    Layout,
    /// An act stands where its lines cannot be replaced.
    #[error(
        "step `{0}` stands in a block, a fragment or `cleanup`; only acts in `steps` are written out"
    )]
    Inside(String),
    /// Something went wrong on the way, which must not be written down as what providers do.
    #[error("step `{step}` does not go well: {problem}")]
    Failed {
        /// The step.
        step: String,
        /// What the administrator reads, or why a request could not be built.
        problem: String,
    },
    /// The scenario cannot be played.
    #[error("{0}")]
    Unplayable(String),
}

/// A call of the story and its answer.
pub(crate) struct Told {
    pub(crate) call: Call,
    pub(crate) exchange: Exchange,
}

/// Writes a story out as one client. `written` is the story's file; `answer` stands for a target and gets requests with
/// real ids in them.
///
/// # Errors
/// The story cannot be written out.
pub fn expand(
    scenario: &Scenario,
    written: &str,
    client: ProfileId,
    answer: &mut dyn FnMut(&Outgoing) -> Exchange,
) -> Result<String, Unexpandable> {
    let is_act = |step: &Step| matches!(step.action, Action::Act(_));
    if !scenario.steps.iter().any(is_act) {
        return Err(Unexpandable::Explicit);
    }
    let is_decided = |step: &Step| {
        let client = step.client.unwrap_or(client);
        is_act(step) && client != ProfileId::Scimulate
    };
    if !scenario.steps.iter().any(is_decided) {
        return Err(Unexpandable::NoProvider);
    }
    let source = Source::read(written);
    if !source.has_steps() {
        return Err(Unexpandable::Layout);
    }
    let symbolic = Arc::new(symbolic(scenario));
    let mut script = Script::new(Arc::clone(&symbolic), settings(&symbolic, client))
        .map_err(Unexpandable::Unplayable)?;
    let mut marks = Marks::default();
    let mut writer = Writer::new(scenario, &source, client);
    let mut seen: Vec<Exchange> = Vec::new();
    let mut told: Vec<Told> = Vec::new();
    let mut current: Option<&Step> = None;
    let steps: BTreeMap<&str, &Step> = symbolic
        .steps
        .iter()
        .chain(&symbolic.cleanup)
        .map(|step| (step.name.as_str(), step))
        .collect();
    while let Some(next) = script.next(&seen) {
        match next {
            Move::Begin(head) => {
                seen.clear();
                told.clear();
                current = steps.get(head.name.as_str()).copied();
            }
            Move::Send(round) => {
                let call = script.call().cloned();
                for request in &round.requests {
                    let name = match (&call, current) {
                        (Some(call), _) => call
                            .subject
                            .as_ref()
                            .filter(|_| call.creates)
                            .map(|subject| format!("{}.id", subject.key())),
                        (None, Some(step)) => kept_id(step).inspect(|name| writer.knows(name)),
                        (None, None) => None,
                    };
                    let exchange = answer(&marks.real(request));
                    let exchange = marks.learn(exchange, name);
                    if let Some(call) = &call {
                        told.push(Told {
                            call: call.clone(),
                            exchange: exchange.clone(),
                        });
                    }
                    seen.push(exchange);
                }
            }
            Move::End(expectations) => {
                let Some(step) = current.take() else { continue };
                match &step.action {
                    Action::Act(act) => {
                        if !source.is_top(&step.place) {
                            return Err(Unexpandable::Inside(step.name.clone()));
                        }
                        if let Some(problem) = text::problem(&expectations) {
                            return Err(Unexpandable::Failed {
                                step: step.name.clone(),
                                problem,
                            });
                        }
                        writer.act(step, &act.0, &told);
                    }
                    Action::VerifyMapped(because) => {
                        writer.mapped(step, because.as_deref(), &expectations);
                    }
                    _ => writer.copied(step),
                }
            }
            Move::Skip(head, reason) => {
                if let Some(step) = steps.get(head.name.as_str()) {
                    let (Reason::NotSupported(reason) | Reason::NotTested(reason)) = &reason;
                    writer.left_out(step, reason);
                }
            }
        }
    }
    Ok(writer.finish())
}

/// The scenario with names in place of what its people and groups have.
fn symbolic(scenario: &Scenario) -> Scenario {
    let mut known = BTreeMap::new();
    let mut named = |(alias, tree): &(String, Tree)| {
        let mut symbols = Symbols {
            alias,
            known: &mut known,
        };
        (alias.clone(), symbols.of("", tree))
    };
    let mut symbolic = scenario.clone();
    symbolic.people = scenario.people.iter().map(&mut named).collect();
    symbolic.directory.groups = scenario.directory.groups.iter().map(named).collect();
    symbolic
}

/// Puts names in place of the values of one person or group.
struct Symbols<'a> {
    alias: &'a str,
    /// By path and value: whose name it is. Who has the same userName as another one must go on having it.
    known: &'a mut BTreeMap<(String, String), String>,
}

impl Symbols<'_> {
    fn of(&mut self, path: &str, tree: &Tree) -> Tree {
        let inner = |part: &str| format!("{path}.{part}");
        match tree {
            Tree::Text(text) => {
                let name = self
                    .known
                    .entry((path.to_owned(), text.to_string()))
                    .or_insert_with(|| format!("{}{path}", self.alias));
                Tree::Text(Text::literal(marked(name)))
            }
            Tree::List(items) => Tree::List(
                items
                    .iter()
                    .enumerate()
                    .map(|(index, item)| self.of(&inner(&index.to_string()), item))
                    .collect(),
            ),
            Tree::Map(members) => Tree::Map(
                members
                    .iter()
                    .map(|(key, member)| (key.clone(), self.of(&inner(&key.to_string()), member)))
                    .collect(),
            ),
            other => other.clone(),
        }
    }
}

fn settings(scenario: &Scenario, client: ProfileId) -> Settings {
    let preset = scenario.preset.as_deref().and_then(Preset::named);
    let mut known = Known {
        features: preset.map(|preset| preset.features.clone()),
        preset: preset.map(|preset| preset.name.to_owned()),
        kept: preset.and_then(|preset| preset.attributes.clone()),
        ..Known::default()
    };
    known
        .tenants
        .extend(scenario.steps.iter().filter_map(|step| step.tenant.clone()));
    Settings {
        client,
        known: Arc::new(known),
        sources: Sources {
            run: marked("run"),
            given: BTreeMap::new(),
            environment: BTreeMap::new(),
            now: Box::new(|| "2026-01-05T09:00:00Z".to_owned()),
            uuid: Box::new(|| marked("uuid")),
        },
    }
}

/// The name under which an explicit step keeps the id of what it creates.
fn kept_id(step: &Step) -> Option<String> {
    let Action::Request(request) = &step.action else {
        return None;
    };
    let is_id = |selector: &Selector| match selector {
        Selector::JsonPath(path) => path == "$.id",
        Selector::ScimPath(path) => path == "id",
        Selector::Header(_) | Selector::OpaqueTag | Selector::Status | Selector::Instant { .. } => {
            false
        }
    };
    request
        .keep
        .iter()
        .find(|capture| request.method == "POST" && is_id(&capture.from))
        .map(|capture| capture.name.clone())
}
