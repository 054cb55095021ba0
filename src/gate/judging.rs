//! Judges a gate by the events of a run.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use jiff::Timestamp;

use super::evidence::{Evidence, Step};
use super::facts::{Fact, Facts};
use super::{Gate, Level, Part, Requirement};
use crate::event::{Event, Opens, Outcome, PartOutcome, Readiness, RequirementOutcome, Sight};
use crate::exchange::{Exchange, Sender};
use crate::finding::{Authority, Finding, Strength, Verdict};

/// Hears the events of a run, and knows at its end whether the gate would open.
#[derive(Debug, Clone)]
pub(crate) struct Judging {
    gate: &'static Gate,
    client: String,
    facts: Facts,
    scenarios: BTreeMap<usize, Scenario>,
    evidence: BTreeMap<&'static str, Evidence>,
    parts: BTreeMap<&'static str, Effort>,
    beside: usize,
}

/// A scenario under way.
#[derive(Debug, Clone)]
struct Scenario {
    path: String,
    feature: Option<String>,
    part: Option<&'static Part>,
}

/// What was sent and judged for a part.
#[derive(Debug, Clone, Default)]
struct Effort {
    requests: usize,
    assertions: usize,
    /// From its first request to its last answer, if anything was sent.
    span: Option<(Timestamp, Timestamp)>,
}

impl Judging {
    /// Of this gate, for a target of which the facts are known, met as the client.
    pub(crate) fn new(gate: &'static Gate, client: impl Into<String>, facts: Facts) -> Self {
        Self {
            gate,
            client: client.into(),
            facts,
            scenarios: BTreeMap::new(),
            evidence: BTreeMap::new(),
            parts: BTreeMap::new(),
            beside: 0,
        }
    }

    /// Hears the next event.
    pub(crate) fn on(&mut self, event: &Event) {
        match event {
            Event::Preflight {
                authentication: Some(authentication),
                ..
            } => {
                self.facts.authentication = Some(authentication.clone());
            }
            Event::ScenarioStarted {
                scenario,
                path,
                feature,
                ..
            } => {
                let started = Scenario {
                    path: path.clone(),
                    feature: feature.clone(),
                    part: self.gate.parts.iter().find(|part| part.plays(path)),
                };
                self.scenarios.insert(*scenario, started);
            }
            Event::StepFinished {
                scenario,
                step,
                file,
                line,
                feature,
                certifies,
                verdict,
                exchanges,
                findings,
                ..
            } => {
                let Some(scenario) = self.scenarios.get(scenario).cloned() else {
                    return;
                };
                let column = feature.as_deref().or(scenario.feature.as_deref());
                let step = Step {
                    name: step,
                    file,
                    line: *line,
                    verdict: *verdict,
                    findings,
                };
                let spoken = self.hear(&scenario.path, column, certifies, &step);
                // What only prepares the ground is no part of a suite.
                if let Some(part) = scenario.part.filter(|part| spoken.contains(&*part.id)) {
                    let assertions = findings.iter().filter(|one| self.gate.asks(one)).count();
                    let effort = self.parts.entry(&part.id).or_default();
                    effort.assertions += assertions;
                    effort.hear(exchanges);
                }
            }
            Event::ScenarioFinished {
                scenario, checked, ..
            } => {
                self.scenarios.remove(scenario);
                for (_, requirement) in self.gate.requirements() {
                    if requirement.checks.iter().any(|id| checked.contains_key(id)) {
                        self.evidence.entry(&requirement.id).or_default().judged += 1;
                    }
                }
            }
            _ => {}
        }
    }

    /// Hears a step; returns the parts of which it speaks.
    fn hear(
        &mut self,
        path: &str,
        column: Option<&str>,
        certifies: &[String],
        step: &Step<'_>,
    ) -> BTreeSet<&'static str> {
        let mut spoken = BTreeSet::new();
        let mut is_asked = false;
        for (part, requirement) in self.gate.requirements() {
            let by_column = column.is_some_and(|column| {
                part.plays(path) && requirement.features.iter().any(|feature| feature == column)
            });
            if by_column || certifies.contains(&requirement.id) {
                spoken.insert(part.id.as_str());
                let least = requirement.level.least();
                let faults = step
                    .findings
                    .iter()
                    .filter(|one| self.gate.faults(one, least));
                let evidence = self.evidence.entry(&requirement.id).or_default();
                evidence.hear(step, faults);
            }
            // A rule may be broken anywhere.
            let broken = step
                .findings
                .iter()
                .filter(|one| one.failed() && requirement.checks.contains(&one.id))
                .filter(|one| one.strength >= requirement.level.least());
            for finding in broken {
                is_asked = true;
                let evidence = self.evidence.entry(&requirement.id).or_default();
                evidence.fault(step, finding);
            }
        }
        let must = Level::Required.least();
        let demanded = step.findings.iter().any(|one| self.gate.faults(one, must));
        let breaks_rfc = step.findings.iter().any(|finding| {
            finding.failed()
                && finding.authority == Authority::Rfc
                && finding.strength == Strength::Must
        });
        self.beside += usize::from(breaks_rfc && !demanded && !is_asked);
        spoken
    }

    /// What it comes to.
    pub(crate) fn readiness(&self) -> Readiness {
        let parts: Vec<PartOutcome> = self.gate.parts.iter().map(|part| self.part(part)).collect();
        Readiness {
            gate: self.gate.id.name().to_owned(),
            title: self.gate.title.clone(),
            rules: self.gate.rules.clone(),
            client: self.client.clone(),
            verdict: verdict_of(&parts),
            parts,
            beside: self.beside,
        }
    }

    fn part(&self, part: &'static Part) -> PartOutcome {
        let effort = self
            .parts
            .get(part.id.as_str())
            .cloned()
            .unwrap_or_default();
        PartOutcome {
            id: part.id.clone(),
            title: part.title.clone(),
            source: part.source.clone(),
            date: part.date.clone(),
            about: part.about.clone(),
            requests: effort.requests,
            assertions: effort.assertions,
            elapsed: effort.elapsed(),
            requirements: part
                .requirements
                .iter()
                .map(|requirement| self.requirement(part, requirement))
                .collect(),
        }
    }

    fn requirement(&self, part: &Part, requirement: &'static Requirement) -> RequirementOutcome {
        let evidence = self.evidence.get(requirement.id.as_str());
        let (outcome, seen, reasons) = match (requirement.address, &requirement.manual, evidence) {
            (Some(address), _, _) => match self.facts.fact(address) {
                Fact::Holds => (Outcome::Met, Vec::new(), Vec::new()),
                Fact::Open(reason) => (Outcome::Manual, Vec::new(), vec![reason]),
                Fact::Unknown(reason) => (Outcome::NotTested, Vec::new(), vec![reason]),
                Fact::Broken(message) => (
                    Outcome::NotMet,
                    vec![Sight {
                        message,
                        finding: "address".to_owned(),
                        step: String::new(),
                        file: String::new(),
                        line: 0,
                        times: 1,
                    }],
                    Vec::new(),
                ),
            },
            (None, Some(manual), None) => (Outcome::Manual, Vec::new(), vec![manual.clone()]),
            (None, _, Some(evidence)) => evidence.outcome(requirement),
            // The table is written for one client of the provider; others do not send all of it.
            (None, None, None) if self.client != self.gate.client => {
                let (own, other) = (&self.client, &self.gate.client);
                let reason = format!("nothing is told as {own} about it; `--as {other}` tests it");
                (Outcome::NotApplicable, Vec::new(), vec![reason])
            }
            (None, None, None) => {
                let reason = "nothing that was played speaks of it".to_owned();
                (Outcome::NotTested, Vec::new(), vec![reason])
            }
        };
        RequirementOutcome {
            id: requirement.id.clone(),
            title: requirement.title.clone(),
            required: requirement.level == Level::Required,
            source: requirement
                .source
                .clone()
                .unwrap_or_else(|| part.source.clone()),
            date: requirement
                .date
                .clone()
                .unwrap_or_else(|| part.date.clone()),
            outcome,
            steps: evidence.map_or(0, |evidence| evidence.judged + evidence.skipped),
            seen,
            reasons,
            fix: requirement.fix.clone(),
            emulated: requirement.emulated.clone(),
            one_of: requirement.one_of.clone(),
        }
    }
}

impl Effort {
    fn hear(&mut self, exchanges: &[Exchange]) {
        for exchange in exchanges {
            self.requests += usize::from(matches!(exchange.sender, Sender::Client(_)));
            let Ok(started) = exchange.started.parse::<Timestamp>() else {
                continue;
            };
            let ended = started.checked_add(exchange.elapsed).unwrap_or(started);
            self.span = Some(match self.span {
                Some((first, last)) => (first.min(started), last.max(ended)),
                None => (started, ended),
            });
        }
    }

    fn elapsed(&self) -> Duration {
        let elapsed = self.span.map(|(first, last)| last.duration_since(first));
        elapsed
            .and_then(|elapsed| Duration::try_from(elapsed).ok())
            .unwrap_or_default()
    }
}

impl Gate {
    /// Whether a finding was judged on this gate's authority.
    fn asks(&self, finding: &Finding) -> bool {
        finding.authority == self.id && finding.verdict != Verdict::Skip
    }

    /// Whether a finding is a fault on this gate's authority, no weaker than this.
    fn faults(&self, finding: &Finding, least: Strength) -> bool {
        finding.authority == self.id && finding.failed() && finding.strength >= least
    }
}

impl Level {
    /// The weakest fault that breaks a requirement of this level.
    fn least(self) -> Strength {
        match self {
            Self::Required => Strength::Must,
            Self::Recommended => Strength::May,
        }
    }
}

impl Part {
    /// Whether a scenario belongs to it.
    fn plays(&self, path: &str) -> bool {
        self.plays.iter().any(|wanted| {
            path.strip_prefix(wanted.as_str())
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        })
    }
}

/// A gate opens where nothing that it requires is unmet, and everything was tested that can be.
fn verdict_of(parts: &[PartOutcome]) -> Opens {
    let required = || {
        parts
            .iter()
            .flat_map(|part| &part.requirements)
            .filter(|one| one.required)
    };
    let relieved = |one: &RequirementOutcome| {
        one.one_of.is_some()
            && required().any(|other| other.one_of == one.one_of && other.outcome == Outcome::Met)
    };
    let any = |outcome: Outcome| required().any(|one| one.outcome == outcome && !relieved(one));
    if any(Outcome::NotMet) {
        Opens::NotReady
    } else if any(Outcome::NotTested) {
        Opens::NotPredictable
    } else {
        Opens::Ready
    }
}
