//! What a whole run was answered: a fold over its events, small enough to hold beside another run.

use std::collections::{BTreeMap, HashMap};

use serde_json::Value;

use super::answer::{Answer, Body, contents_of};
use super::normalise::Normaliser;
use crate::event::{Event, run_id};
use crate::exchange::Exchange;
use crate::finding::{Finding, Verdict};
use crate::scim::equality::instant_of;

/// Where a step is: two runs are held against each other by it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct StepKey {
    /// Path of the scenario.
    pub scenario: String,
    /// Name of the profile.
    pub client: String,
    /// Name of the step.
    pub step: String,
}

/// What a step was answered.
#[derive(Debug, Clone, PartialEq)]
pub struct StepAnswers {
    /// Where it stands.
    pub file: String,
    /// Line, from 1.
    pub line: usize,
    /// What came of it.
    pub verdict: Verdict,
    /// What is wrong with it, one sentence each.
    pub failed: Vec<String>,
    /// Its answers as [`contents_of`] writes them, each for itself, or why there is none; together where they were
    /// exchanged side by side.
    pub(super) answers: Vec<Result<String, String>>,
}

/// What a run was answered, step by step.
#[derive(Debug, Default)]
pub struct Answered {
    /// The target's base URL.
    pub target: String,
    /// When the run began, RFC 3339.
    pub started: String,
    /// Why the target could not be tested, and what to do.
    pub stopped: Option<(String, Option<String>)>,
    /// All steps that are over, skipped ones included.
    pub steps: BTreeMap<StepKey, StepAnswers>,
    run: String,
    /// Scenarios that are not over, by their number.
    open: HashMap<usize, Open>,
}

#[derive(Debug)]
struct Open {
    path: String,
    client: String,
    normaliser: Normaliser,
}

impl Answered {
    /// Takes the next event.
    pub fn on(&mut self, event: &Event) {
        match event {
            Event::RunStarted {
                run,
                target,
                started,
                ..
            } => {
                self.run.clone_from(run);
                self.target = target.trim_end_matches('/').to_owned();
                self.started.clone_from(started);
            }
            Event::Stopped { message, hint } => {
                self.stopped = Some((message.clone(), hint.clone()));
            }
            Event::ScenarioStarted {
                scenario,
                path,
                client,
                ..
            } => {
                let open = Open {
                    path: path.clone(),
                    client: client.clone(),
                    normaliser: Normaliser::new(&run_id::of_scenario(&self.run, *scenario)),
                };
                self.open.insert(*scenario, open);
            }
            Event::StepFinished {
                scenario,
                step,
                file,
                line,
                verdict,
                exchanges,
                findings,
                ..
            } => {
                let Some(open) = self.open.get_mut(scenario) else {
                    return;
                };
                let key = StepKey {
                    scenario: open.path.clone(),
                    client: open.client.clone(),
                    step: step.clone(),
                };
                let failed = findings.iter().filter(|finding| finding.counts());
                let answers = StepAnswers {
                    file: file.clone(),
                    line: *line,
                    verdict: *verdict,
                    failed: failed
                        .map(|finding: &Finding| finding.message.clone())
                        .collect(),
                    answers: answers(&mut open.normaliser, exchanges, &self.target),
                };
                self.steps.insert(key, answers);
            }
            Event::ScenarioFinished { scenario, .. } => {
                self.open.remove(scenario);
            }
            _ => {}
        }
    }

    /// Scenarios with the clients that they were played as, in the order of their names.
    pub fn scenarios(&self) -> Vec<(&str, &str)> {
        let mut scenarios: Vec<(&str, &str)> = self
            .steps
            .keys()
            .map(|key| (key.scenario.as_str(), key.client.as_str()))
            .collect();
        scenarios.dedup();
        scenarios
    }
}

fn answers(
    normaliser: &mut Normaliser,
    exchanges: &[Exchange],
    base: &str,
) -> Vec<Result<String, String>> {
    if is_crowded(exchanges) {
        let all: Vec<&Exchange> = exchanges.iter().collect();
        if let Some(answers) = normaliser.answers(&all) {
            return vec![Ok(written(answers, exchanges, base))];
        }
    }
    let one = |exchange: &Exchange| match normaliser.answers(&[exchange]) {
        Some(answers) => Ok(written(answers, std::slice::from_ref(exchange), base)),
        None => Err(why(exchange)),
    };
    exchanges.iter().map(one).collect()
}

/// Whether a request was sent before the one before it was answered.
fn is_crowded(exchanges: &[Exchange]) -> bool {
    exchanges.windows(2).any(|pair| {
        let (Some(first), Some(second)) =
            (instant_of(&pair[0].started), instant_of(&pair[1].started))
        else {
            return false;
        };
        let over = first.as_nanosecond() + i128::try_from(pair[0].elapsed.as_nanos()).unwrap_or(0);
        second.as_nanosecond() < over
    })
}

fn why(exchange: &Exchange) -> String {
    match &exchange.outcome {
        Err(failure) => failure.to_string(),
        Ok(response) => match &response.broken {
            Some(broken) => broken.to_string(),
            None => "no answer".to_owned(),
        },
    }
}

/// Two targets rarely have the same path in their base URL, and it says nothing.
fn written(answers: Vec<Answer>, exchanges: &[Exchange], base: &str) -> String {
    let origin = exchanges
        .first()
        .map_or("", |first| first.request.origin.as_str());
    let path = base.strip_prefix(origin).unwrap_or_default();
    let based = |text: &str| {
        let text = text.replace(&format!("[host]{path}/"), "[base]/");
        match text.strip_prefix(path) {
            Some(rest) if rest.starts_with('/') && !path.is_empty() => format!("[base]{rest}"),
            _ => text,
        }
    };
    let answers: Vec<Answer> = answers
        .into_iter()
        .map(|answer| {
            let (method, target) = answer.request.split_once(' ').unwrap_or_default();
            let target = target.strip_prefix(path).unwrap_or(target);
            let headers = answer.headers.iter();
            Answer {
                request: format!("{method} {target}"),
                status: answer.status,
                headers: headers
                    .map(|(name, value)| (name.clone(), based(value)))
                    .collect(),
                body: match &answer.body {
                    Body::Json(value) => Body::Json(texts(value, &based)),
                    other => other.clone(),
                },
            }
        })
        .collect();
    contents_of(&answers)
}

fn texts(value: &Value, change: &impl Fn(&str) -> String) -> Value {
    match value {
        Value::String(text) => Value::String(change(text)),
        Value::Array(items) => items.iter().map(|item| texts(item, change)).collect(),
        Value::Object(members) => members
            .iter()
            .map(|(name, member)| (name.clone(), texts(member, change)))
            .collect(),
        other => other.clone(),
    }
}
