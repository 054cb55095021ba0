//! Why a run fails: its failures put together by what they have in common, as a fold over events.
//!
//! A missing feature fails in a hundred places. Failures are one cause if they look the same once ids, names and numbers
//! are taken out: the same message template of a target, the same attribute lost by the same kind of write, the same thing
//! asked that is in no accepted request. What a provider does after a failure, and what cannot be read back after one,
//! counts under the failure.

mod group;
mod order;
pub(super) mod request;
mod symptom;

use std::collections::{BTreeMap, BTreeSet};

use self::group::{Accepted, Group, groups};
use self::order::{Weight, order};
use self::request::{Kind, path_of, traits_of};
use self::symptom::{Asked, Follows, Symptom, title};
use crate::event::{Cause, Event, GridCell, StepPlace};
use crate::exchange::{Exchange, Sender};
use crate::finding::{Authority, Effect, Finding, Strength, Verdict};

/// Collects failures while a run goes on, and says at its end what they come from.
#[derive(Debug, Clone, Default)]
pub struct Causes {
    /// Path of the target's base URL.
    base: String,
    open: BTreeMap<usize, Open>,
    failures: Vec<Failure>,
    accepted: Accepted,
    /// Steps that were skipped over a failure, with the failure.
    skipped: BTreeMap<StepPlace, usize>,
    /// Which failures make a cell FAIL; `None`: something that fails nothing in this run.
    cells: BTreeMap<GridCell, BTreeSet<Option<usize>>>,
}

/// A scenario that is not over.
#[derive(Debug, Clone, Default)]
struct Open {
    client: String,
    feature: Option<String>,
    /// How many of its steps are over.
    steps: usize,
    /// The last write to each address, and to anything.
    writes: BTreeMap<String, Asked>,
    latest: Option<Asked>,
    /// The last failure that does not follow from another one.
    primary: Option<usize>,
    /// The failure of each step that failed, or was skipped over one.
    failed: BTreeMap<String, usize>,
}

/// A finding that fails its step.
#[derive(Debug, Clone)]
struct Failure {
    place: StepPlace,
    rule: String,
    authority: Authority,
    symptom: Symptom,
    /// It is accepted.
    is_known: bool,
    /// Why it is accepted.
    reason: Option<String>,
    /// The failure that it follows from.
    after: Option<usize>,
    /// How much there is in its step besides: the less, the better it shows the cause.
    clutter: usize,
}

impl Causes {
    /// Takes the next event.
    pub fn on(&mut self, event: &Event) {
        match event {
            Event::RunStarted { target, .. } => {
                let rest = target.split_once("://").map_or("", |(_, rest)| rest);
                self.base = rest.find('/').map_or("", |slash| &rest[slash..]).to_owned();
            }
            Event::ScenarioStarted {
                scenario,
                client,
                feature,
                ..
            } => {
                let open = Open {
                    client: client.clone(),
                    feature: feature.clone(),
                    ..Open::default()
                };
                self.open.insert(*scenario, open);
            }
            Event::StepFinished { scenario, .. } => {
                if let Some(mut open) = self.open.remove(scenario) {
                    self.step(&mut open, event);
                    open.steps += 1;
                    self.open.insert(*scenario, open);
                }
            }
            Event::ScenarioFinished { scenario, .. } => {
                self.open.remove(scenario);
            }
            _ => {}
        }
    }

    fn step(&mut self, open: &mut Open, event: &Event) {
        let Event::StepFinished {
            scenario,
            step,
            file,
            line,
            feature,
            verdict,
            exchanges,
            findings,
            ..
        } = event
        else {
            return;
        };
        let place = StepPlace {
            scenario: *scenario,
            index: open.steps,
            step: step.clone(),
            file: file.clone(),
            line: *line,
            client: open.client.clone(),
        };
        if *verdict == Verdict::Skip {
            let named = findings
                .iter()
                .find_map(|finding| open.named_in(&finding.message));
            if let Some(failure) = named {
                self.skipped.insert(place, failure);
                open.failed.insert(step.clone(), failure);
            }
            return;
        }
        let asked: Vec<Asked> = exchanges
            .iter()
            .map(|exchange| Asked {
                kind: Kind::of(&exchange.request, &self.base),
                traits: traits_of(&exchange.request),
            })
            .collect();
        let feature = feature.as_ref().or(open.feature.as_ref());
        let cell = feature.map(|feature| GridCell {
            client: open.client.clone(),
            feature: feature.clone(),
        });
        let counting = findings.iter().filter(|finding| is_told(finding)).count();
        let mut of_step: Vec<(&Finding, usize)> = Vec::new();
        // The failure of each exchange.
        let mut wrong: BTreeMap<usize, usize> = BTreeMap::new();
        for finding in findings.iter().filter(|finding| finding.failed()) {
            let failure = is_told(finding).then(|| {
                let about = exchange_of(finding, exchanges);
                let exchange = about.map(|at| (&exchanges[at], &asked[at]));
                let write = exchange.and_then(|(exchange, _)| open.write_before(exchange));
                let symptom = Symptom::of(finding, exchange, write);
                let twin = of_step.iter().find(|(twin, _)| is_same(twin, finding));
                let after = match symptom.follows {
                    Follows::Nothing => twin.map(|(_, failure)| *failure),
                    Follows::Scenario => open.primary,
                    Follows::Answer => about.and_then(|at| wrong.get(&at).copied()),
                };
                if symptom.follows == Follows::Nothing && after.is_none() {
                    open.primary = Some(self.failures.len());
                    wrong.extend(about.map(|at| (at, self.failures.len())));
                }
                let clutter = counting + exchanges.len() + symptom.signs.len();
                self.failures.push(Failure {
                    place: place.clone(),
                    rule: finding.id.clone(),
                    authority: finding.authority,
                    symptom,
                    is_known: finding.is_known(),
                    reason: match &finding.effect {
                        Effect::Known(acceptance) => acceptance.reason.clone(),
                        _ => None,
                    },
                    after,
                    clutter,
                });
                let failure = self.failures.len() - 1;
                of_step.push((finding, failure));
                open.failed.entry(step.clone()).or_insert(failure);
                failure
            });
            if let Some(cell) = cell.as_ref().filter(|_| fails_cell(finding, &open.client)) {
                self.cells.entry(cell.clone()).or_default().insert(failure);
            }
        }
        for (at, (exchange, asked)) in exchanges.iter().zip(asked).enumerate() {
            let is_accepted = exchange.status().is_some_and(|status| status < 300);
            let is_wrong = || {
                findings
                    .iter()
                    .any(|finding| finding.failed() && exchange_of(finding, exchanges) == Some(at))
            };
            if is_accepted {
                open.note(exchange, &asked);
                if !is_wrong() {
                    let known = self.accepted.entry(asked.kind).or_default();
                    known.extend(asked.traits);
                }
            }
        }
    }

    /// What fails the run comes from these, what to mend first at the top; empty if nothing does.
    pub fn causes(&self) -> Vec<Cause> {
        self.causes_of(false)
    }

    /// What is accepted comes from these.
    pub fn known(&self) -> Vec<Cause> {
        self.causes_of(true)
    }

    fn causes_of(&self, known: bool) -> Vec<Cause> {
        let is_of = |at: usize| self.failures[at].is_known == known;
        // What follows from a failure of the other kind stands for itself.
        let after = |at: usize| self.failures[at].after.filter(|&first| is_of(first));
        let own: Vec<usize> = (0..self.failures.len())
            .filter(|&at| is_of(at) && after(at).is_none())
            .collect();
        let symptoms: Vec<&Symptom> = own.iter().map(|&at| &self.failures[at].symptom).collect();
        let groups = groups(&symptoms, &self.accepted);
        let mut cause_of: Vec<usize> = vec![usize::MAX; self.failures.len()];
        for (cause, group) in groups.iter().enumerate() {
            for &member in &group.members {
                cause_of[own[member]] = cause;
            }
        }
        // What a failure follows from comes before it.
        for at in (0..self.failures.len()).filter(|&at| is_of(at)) {
            if let Some(first) = after(at) {
                cause_of[at] = cause_of[first];
            }
        }
        let mut cells: BTreeMap<GridCell, BTreeSet<usize>> = BTreeMap::new();
        for (cell, failures) in &self.cells {
            let causes = failures
                .iter()
                .map(|failure| failure.map_or(usize::MAX, |failure| cause_of[failure]))
                .collect();
            cells.insert(cell.clone(), causes);
        }
        let told: Vec<Cause> = groups
            .iter()
            .enumerate()
            .map(|(cause, group)| self.told(cause, group, &own, &cause_of, &cells))
            .collect();
        let weights: Vec<Weight> = told
            .iter()
            .zip(&groups)
            .map(|(cause, group)| Weight {
                scenarios: cause.scenarios,
                steps: cause.places.len(),
                first: cause
                    .places
                    .iter()
                    .map(|place| (place.scenario, place.index))
                    .min()
                    .unwrap_or_default(),
                // Within one step, failures stand in the order in which they were judged.
                judged: group.members.iter().copied().min().unwrap_or_default(),
            })
            .collect();
        order(&weights, &cells)
            .into_iter()
            .map(|(cause, unlocks)| Cause {
                unlocks,
                ..told[cause].clone()
            })
            .collect()
    }

    fn told(
        &self,
        cause: usize,
        group: &Group,
        own: &[usize],
        cause_of: &[usize],
        cells: &BTreeMap<GridCell, BTreeSet<usize>>,
    ) -> Cause {
        let failures = || {
            let of_all = self.failures.iter().zip(cause_of);
            of_all
                .filter(move |(_, of)| **of == cause)
                .map(|(failure, _)| failure)
        };
        let mut on: BTreeMap<Authority, BTreeSet<&StepPlace>> = BTreeMap::new();
        let mut rules = BTreeSet::new();
        let mut places = BTreeSet::new();
        let mut scenarios = BTreeSet::new();
        let mut reasons = BTreeSet::new();
        for failure in failures() {
            on.entry(failure.authority)
                .or_default()
                .insert(&failure.place);
            if failure.after.is_none() {
                rules.insert(failure.rule.clone());
            }
            places.insert(failure.place.clone());
            scenarios.insert(failure.place.scenario);
            reasons.extend(failure.reason.clone());
        }
        let shown = group
            .members
            .iter()
            .map(|&member| &self.failures[own[member]])
            .min_by_key(|failure| (failure.clutter, &failure.place));
        let mut places: Vec<StepPlace> = places.into_iter().collect();
        if let Some(shown) = shown
            && let Some(at) = places.iter().position(|place| *place == shown.place)
        {
            places[..=at].rotate_right(1);
        }
        let title = match (&group.never_worked, shown) {
            (Some(kind), _) => format!("no {kind} is accepted"),
            (None, Some(shown)) => {
                let of_group = group
                    .members
                    .iter()
                    .map(|&member| &self.failures[own[member]]);
                let mut all: Vec<&Failure> = of_group.collect();
                // Scenarios end in any order.
                all.sort_by_key(|failure| &failure.place);
                let all: Vec<&Symptom> = all.iter().map(|failure| &failure.symptom).collect();
                title(&shown.symptom, &all, group)
            }
            (None, None) => String::new(),
        };
        let skipped = self.skipped.iter();
        let skipped = skipped.filter(|(_, failure)| cause_of[**failure] == cause);
        Cause {
            title,
            rules: rules.into_iter().collect(),
            authorities: on
                .into_iter()
                .map(|(authority, steps)| (authority, steps.len()))
                .collect(),
            scenarios: scenarios.len(),
            reasons: reasons.into_iter().collect(),
            places,
            skipped: skipped.map(|(place, _)| place.clone()).collect(),
            cells: cells
                .iter()
                .filter(|(_, causes)| causes.contains(&cause))
                .map(|(cell, _)| cell.clone())
                .collect(),
            unlocks: Vec::new(),
        }
    }
}

impl Open {
    /// The failure of a step that a text names in backticks.
    fn named_in(&self, text: &str) -> Option<usize> {
        let mut parts = text.split('`');
        parts.next();
        parts
            .step_by(2)
            .find_map(|name| self.failed.get(name).copied())
    }

    /// The write that a reading shows the effect of.
    fn write_before(&self, exchange: &Exchange) -> Option<&Asked> {
        if exchange.request.method != "GET" || exchange.sender != Sender::Harness {
            return None;
        }
        self.writes
            .get(path_of(&exchange.request))
            .or(self.latest.as_ref())
    }

    /// Remembers an accepted write.
    fn note(&mut self, exchange: &Exchange, asked: &Asked) {
        if matches!(asked.kind.method.as_str(), "GET" | "HEAD" | "OPTIONS") {
            return;
        }
        let path = path_of(&exchange.request);
        let created = exchange
            .response()
            .filter(|_| asked.kind.method == "POST")
            .and_then(|response| response.json()?.get("id")?.as_str())
            .map(|id| format!("{path}/{id}"));
        self.writes
            .insert(created.unwrap_or_else(|| path.to_owned()), asked.clone());
        self.latest = Some(asked.clone());
    }
}

/// Whether a finding fails the run, or would if it were not accepted.
fn is_told(finding: &Finding) -> bool {
    finding.counts() || finding.is_known()
}

/// Whether two findings say the same on different authorities.
fn is_same(left: &Finding, right: &Finding) -> bool {
    left.id == right.id && left.exchange == right.exchange && left.message == right.message
}

/// The exchange that a finding is about; of a step with only one it goes without saying.
fn exchange_of(finding: &Finding, exchanges: &[Exchange]) -> Option<usize> {
    let alone = (exchanges.len() == 1).then_some(0);
    finding
        .exchange
        .filter(|at| *at < exchanges.len())
        .or(alone)
}

/// Whether a cell of this client is FAIL over it; what only breaks the RFC leaves a provider working.
fn fails_cell(finding: &Finding, client: &str) -> bool {
    finding.strength == Strength::Must
        && !finding.is_known()
        && (finding.authority != Authority::Rfc
            || finding.verdict == Verdict::Error
            || client == "scimulate")
}
