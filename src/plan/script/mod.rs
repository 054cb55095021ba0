//! Plays a scenario file: takes its steps in order, fills in what was captured, and says what to judge.

mod acting;
mod expecting;
mod mapped;
mod requesting;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use crate::exchange::Exchange;
use crate::finding::Authority;
use crate::idp::mapping::Mapping;
use crate::idp::{Directory, Memory, ProviderSettings, Provisioner, Subject, settings_of};
use crate::plan::people;
use crate::plan::readback::{Readback, Resources};
use crate::plan::request::Unsendable;
use crate::plan::script::acting::Acting;
use crate::plan::script::mapped::Mapped;
use crate::plan::script::requesting::Requesting;
use crate::plan::variables::{Scope, Sources};
use crate::plan::{Expectation, Head, Known, Move, Plan, Reason, Round, Sent, Wants};
use crate::profile::ProfileId;
use crate::scenario::matching::fits;
use crate::scenario::step::{Action, Repeat, Step};
use crate::scenario::template::Tree;
use crate::scenario::{Feature, Scenario};
use crate::scim::urn;

/// With what a scenario is played.
pub struct Settings {
    /// As whom.
    pub client: ProfileId,
    /// What is known of the target.
    pub known: Arc<Known>,
    /// Clock, chance and what the user gave.
    pub sources: Sources,
}

/// A scenario being played as one client.
pub struct Script {
    scenario: Arc<Scenario>,
    client: ProfileId,
    known: Arc<Known>,
    scope: Scope,
    /// The step that comes next; counts on through `cleanup`.
    position: usize,
    stage: Stage,
    /// Why the whole scenario is skipped.
    unfit: Option<String>,
    /// What read-backs have seen.
    resources: Resources,
    /// What named steps sent.
    bodies: BTreeMap<String, Sent>,
    /// Aliases whose last write was refused: which step, and how it was answered.
    refused: BTreeMap<String, (String, String)>,
    /// Which step kept each variable: what is skipped over its value names it.
    kept_by: BTreeMap<String, String>,
    /// With what providers begin.
    setting: Setting,
    /// That the provider writes as it did last is only concluded.
    inferred: bool,
    /// The column that the last act fills: what is read back after it belongs there, too.
    column: Option<Feature>,
    /// The providers of its acts.
    provisioners: BTreeMap<Provided, Provisioner>,
    /// What acts of each have done so far.
    deeds: BTreeMap<Provided, Deeds>,
}

/// A provider that acts: as whom, in which tenant.
type Provided = (ProfileId, Option<String>);

/// What the acts of one provider have done: another client or tenant knows other accounts by other ids.
#[derive(Default)]
struct Deeds {
    /// Whom acts have linked, ever, with the id by which the provider knew them last.
    provisioned: BTreeMap<Subject, String>,
    /// Who was there before the provider linked them, with values that are not the provider's.
    taken_over: BTreeSet<Subject>,
    /// What each was mapped to when everything was read back last.
    mapped_before: BTreeMap<Subject, Value>,
    /// Whom acts were about since everything was read back, and which act.
    acted: BTreeMap<Subject, String>,
}

/// With what each provider of a scenario begins.
struct Setting {
    directory: Directory,
    settings: ProviderSettings,
    known: Arc<Known>,
}

/// Switches by which an administrator leaves groups out, where the target has none.
const WITHOUT_GROUPS: [(&str, &str); 2] =
    [("okta.import-groups", "off"), ("entra.probe-groups", "off")];

impl Setting {
    /// A provider's mapping: as the file says, or as the target's guide does, and in any case without what the target's own
    /// schemas do not list, which an administrator would not map.
    fn mapping(&self, provider: Authority) -> Mapping {
        let written = self.settings.mappings.get(&provider);
        let kept = self.known.kept.as_ref().filter(|_| written.is_none());
        let mapping = written.unwrap_or_else(|| Mapping::default_of(provider));
        mapping.clone().retaining(|row| {
            kept.is_none_or(|kept| kept.contains(&row.to))
                && self.known.declares(urn::USER, &row.attribute())
        })
    }

    fn provisioner(&self, client: ProfileId) -> Option<Provisioner> {
        let mut switches = self.settings.switches.clone();
        if self.known.lacks("groups").is_some() {
            for (name, value) in WITHOUT_GROUPS {
                switches.set_default(name, value);
            }
        }
        Provisioner::new(
            client,
            self.directory.clone(),
            Some(self.mapping(client.authority())),
            switches,
            Memory::default(),
        )
    }
}

/// How far the current step is.
enum Stage {
    Between,
    Begun,
    Requesting(Requesting),
    Reading(Readback),
    Acting(Box<Acting>),
    Mapped(Box<Mapped>),
}

impl Script {
    /// Ready to play.
    ///
    /// # Errors
    /// In words, which `--var` or environment variable the scenario's people and variables lack.
    pub fn new(scenario: Arc<Scenario>, settings: Settings) -> Result<Self, String> {
        let mut scope = Scope::new(settings.sources);
        let groups = &scenario.directory.groups;
        let given = scenario.people.iter().chain(groups);
        for (name, tree) in given.chain(&scenario.variables) {
            let value = scope.tree(tree).map_err(|missing| missing.to_string())?;
            scope.set(name, value);
        }
        let directory = people::directory(&scenario, &mut scope);
        let setting = Setting {
            directory: directory.map_err(|missing| missing.to_string())?,
            settings: settings_of(&scenario.directory).map_err(|mistakes| {
                let first = mistakes
                    .first()
                    .map(|first| format!("{}: {first}", first.at));
                first.unwrap_or_default()
            })?,
            known: Arc::clone(&settings.known),
        };
        let feature = scenario.feature.map(|feature| feature.name().to_owned());
        let unfit = scenario
            .needs
            .iter()
            .chain(&feature)
            .find_map(|need| settings.known.lacks(need));
        Ok(Self {
            scenario,
            client: settings.client,
            known: settings.known,
            scope,
            position: 0,
            stage: Stage::Between,
            unfit,
            resources: Resources::default(),
            bodies: BTreeMap::new(),
            refused: BTreeMap::new(),
            kept_by: BTreeMap::new(),
            setting,
            inferred: false,
            column: None,
            provisioners: BTreeMap::new(),
            deeds: BTreeMap::new(),
        })
    }

    /// Leaves out what is left of the steps; the scenario's own `cleanup` still comes.
    pub fn abort(&mut self) {
        self.position = self.position.max(self.scenario.steps.len());
        self.stage = Stage::Between;
    }

    /// Why the whole scenario does not fit this target, if it does not.
    pub fn unfit(&self) -> Option<&str> {
        self.unfit.as_deref()
    }

    fn begin(&mut self) -> Option<Move> {
        let scenario = Arc::clone(&self.scenario);
        let step = match self.position.checked_sub(scenario.steps.len()) {
            None => &scenario.steps[self.position],
            Some(position) => scenario.cleanup.get(position)?,
        };
        if let Action::Act(act) = &step.action {
            self.column = act.0.verb.feature().or(self.column);
        }
        let head = Head {
            name: step.name.clone(),
            place: step.place.clone(),
            feature: step.feature.or(self.column),
            source: step.source.as_ref().map(|source| source.text.clone()),
            certifies: [scenario.certifies.as_slice(), &step.certifies].concat(),
            parallel: matches!(step.action, Action::Parallel(_)) || is_load(step),
            is_chance: step.is_chance || is_load(step),
        };
        let elsewhere = self.elsewhere().map(Reason::NotTested);
        let lacking = elsewhere.or_else(|| self.lacking(step).map(Reason::NotSupported));
        let reason = lacking.or_else(|| {
            let reason = self.reason_to_skip(step).or_else(|| match &step.action {
                Action::Act(act) => self.cause(step, &act.0).err(),
                _ => None,
            });
            reason.map(Reason::NotTested)
        });
        Some(match reason {
            Some(reason) => {
                self.position += 1;
                Move::Skip(head, reason)
            }
            None => {
                self.stage = Stage::Begun;
                Move::Begin(head)
            }
        })
    }

    /// Why the scenario is about another target, if it is.
    fn elsewhere(&self) -> Option<String> {
        let preset = self.scenario.preset.as_ref()?;
        (self.known.preset.as_ref() != Some(preset))
            .then(|| format!("it is about the preset `{preset}`, which the target is not"))
    }

    /// What the target does not have of what a step needs.
    fn lacking(&self, step: &Step) -> Option<String> {
        let by_act = match &step.action {
            Action::Act(act) => step.feature.or(act.0.verb.feature()),
            _ => None,
        };
        let mut needs = step.needs.iter().map(String::as_str);
        let lacking = |need: &str| self.known.lacks(need);
        self.unfit
            .clone()
            .or_else(|| needs.find_map(lacking))
            .or_else(|| by_act.and_then(|feature| lacking(feature.name())))
    }

    fn reason_to_skip(&mut self, step: &Step) -> Option<String> {
        if let Some(tenant) = step
            .tenant
            .as_ref()
            .filter(|tenant| !self.known.tenants.contains(*tenant))
        {
            return Some(format!("the target has no tenant `{tenant}`"));
        }
        let mut row = BTreeMap::new();
        self.scope.set_row(BTreeMap::new());
        for (name, tree) in &step.row {
            match self.scope.tree(tree) {
                Ok(value) => row.insert(name.clone(), value),
                Err(missing) => return Some(missing.to_string()),
            };
        }
        self.scope.set_row(row);
        for condition in &step.when {
            let (that, is) = match (
                self.scope.tree(&condition.that),
                self.matcher(&condition.is),
            ) {
                (Ok(that), Ok(is)) => (that, is),
                (Err(missing), _) | (_, Err(missing)) => return Some(missing.to_string()),
            };
            if !fits(&is, Some(&that)) {
                return Some(self.unmet(&condition.that, &that));
            }
        }
        if let Action::Verify(verify) = &step.action
            && let Some((write, answer)) = verify
                .subject
                .alias()
                .and_then(|alias| self.refused.get(alias))
        {
            return Some(format!(
                "`{write}`, which it reads back, was not accepted ({answer})"
            ));
        }
        None
    }

    /// That a condition does not hold, with the step on whose answer it depends.
    fn unmet(&self, written: &Tree, that: &Value) -> String {
        let variable = match written {
            Tree::Text(text) => text.as_variable(),
            _ => None,
        };
        let kept = variable.and_then(|(name, _)| Some((name, self.kept_by.get(name)?)));
        match kept {
            Some((name, step)) => {
                format!("its condition does not hold: `${{{name}}}` of `{step}` is {that}")
            }
            None => format!("its condition does not hold: {that}"),
        }
    }

    /// The first move of a step that has begun.
    fn requests(&mut self, step: &Step) -> Move {
        match &step.action {
            Action::Claim(condition) => {
                self.finish();
                let wants = match (
                    self.scope.tree(&condition.that),
                    self.matcher(&condition.is),
                ) {
                    (Ok(that), Ok(is)) => Wants::Claim { that, is },
                    (Err(missing), _) | (_, Err(missing)) => Wants::Sendable(missing.to_string()),
                };
                Move::End(vec![self.expectation(step, None, wants)])
            }
            Action::Verify(verify) => {
                let matcher = verify.is.as_ref().map(|is| self.matcher(is)).transpose();
                let readback = matcher.map_err(Unsendable::from).and_then(|is| {
                    let limits = self.limits(step);
                    Readback::new(
                        verify,
                        is,
                        None,
                        step.tenant.as_deref(),
                        limits,
                        &mut self.scope,
                        &self.resources,
                    )
                });
                match readback {
                    Ok(readback) => self.reading(step, readback, &[]),
                    Err(problem) => self.unsendable(step, &problem),
                }
            }
            Action::Request(request) => match self.counter(request) {
                Ok(Some((from, to))) if from > to => {
                    self.finish();
                    Move::End(Vec::new())
                }
                Ok(counter) => self.round(
                    step,
                    Requesting {
                        counter,
                        ..Requesting::default()
                    },
                    request.wait,
                ),
                Err(problem) => self.unsendable(step, &problem),
            },
            Action::Parallel(_) => self.round(step, Requesting::default(), Duration::ZERO),
            Action::Act(act) => self.act(step, &act.0, &act.1),
            Action::VerifyMapped(because) => self.verify_mapped(step, because.as_deref()),
        }
    }

    /// The next request of a read-back, or its end.
    fn reading(&mut self, step: &Step, mut readback: Readback, seen: &[Exchange]) -> Move {
        if let Some(request) = readback.next_request() {
            self.stage = Stage::Reading(readback);
            return Move::Send(Round {
                wait: Duration::ZERO,
                requests: vec![request],
            });
        }
        let Action::Verify(verify) = &step.action else {
            unreachable!("only a `verify` reads back")
        };
        let wants = readback.wants(verify, seen, &self.resources, &self.bodies, &self.known);
        self.resources.note(&readback, seen);
        self.finish();
        let duties = self.duties(step, &verify.authority, None, &step.covers);
        let source = self.source(step);
        Move::End(
            wants
                .into_iter()
                .map(|(exchange, wants)| Expectation {
                    exchange: Some(exchange),
                    wants,
                    duties: duties.clone(),
                    because: verify.because.clone(),
                    source: source.clone(),
                })
                .collect(),
        )
    }

    fn finish(&mut self) {
        self.position += 1;
        self.stage = Stage::Between;
    }
}

impl Plan for Script {
    fn next(&mut self, seen: &[Exchange]) -> Option<Move> {
        let scenario = Arc::clone(&self.scenario);
        let stage = std::mem::replace(&mut self.stage, Stage::Between);
        if matches!(stage, Stage::Between) {
            return self.begin();
        }
        let steps = scenario.steps.iter().chain(&scenario.cleanup);
        let step = steps.into_iter().nth(self.position)?;
        Some(match stage {
            Stage::Between => unreachable!("handled above"),
            Stage::Begun => self.requests(step),
            Stage::Requesting(state) => self.answered(step, state, seen),
            Stage::Reading(readback) => self.reading(step, readback, seen),
            Stage::Mapped(mapped) => self.read_mapped(step, *mapped, seen),
            Stage::Acting(acting) => match &step.action {
                Action::Act(act) => self.act_answered(step, &act.0, &act.1, *acting, seen),
                _ => unreachable!("only an `act` acts"),
            },
        })
    }
}

/// Whether a step asks how fast the target is: then nothing of its answers is compared with last time.
fn is_load(step: &Step) -> bool {
    let Action::Request(request) = &step.action else {
        return false;
    };
    matches!(request.repeat, Some(Repeat::Load { .. }))
}
