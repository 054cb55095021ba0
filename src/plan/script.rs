//! Plays a scenario file: takes its steps in order, fills in what was captured, and says what to judge.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use crate::exchange::Exchange;
use crate::finding::requirement::Requirement;
use crate::finding::{Authority, Strength};
use crate::plan::Known;
use crate::plan::capture::{described, first, found};
use crate::plan::readback::{Readback, Resources};
use crate::plan::request::{Unsendable, outgoing};
use crate::plan::variables::{Missing, Scope, Sources};
use crate::plan::{Duty, Expectation, Head, Move, Outgoing, Plan, Round, Wants};
use crate::profile::{Profile, ProfileId};
use crate::scenario::matcher::Matcher;
use crate::scenario::matching::fits;
use crate::scenario::step::{Action, Expect, Repeat, RequestStep, RequestTarget, Step};
use crate::scenario::template::Tree;
use crate::scenario::{Limits, Scenario};

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
    bodies: BTreeMap<String, Value>,
    /// Aliases whose last write was refused: which step, and how it was answered.
    refused: BTreeMap<String, (String, String)>,
}

/// How far the current step is.
enum Stage {
    Between,
    Begun,
    Requesting(Requesting),
    Reading(Readback),
}

/// One or more requests of a step under way.
#[derive(Default)]
struct Requesting {
    /// How many went out.
    sent: u32,
    /// The next value of a `repeat: { for: … }`, and its end.
    counter: Option<(i64, i64)>,
    /// Bodies of the requests of the last round.
    bodies: Vec<Option<Vec<u8>>>,
    /// What earlier rounds must fulfil.
    expectations: Vec<Expectation>,
}

impl Script {
    /// Ready to play.
    ///
    /// # Errors
    /// In words, which `--var` or environment variable the scenario's people and variables lack.
    pub fn new(scenario: Arc<Scenario>, settings: Settings) -> Result<Self, String> {
        let mut scope = Scope::new(settings.sources);
        for (name, tree) in scenario.people.iter().chain(&scenario.variables) {
            let value = scope.tree(tree).map_err(|missing| missing.to_string())?;
            scope.set(name, value);
        }
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
        let head = Head {
            name: step.name.clone(),
            place: step.place.clone(),
            source: step.source.as_ref().map(|source| source.text.clone()),
            parallel: matches!(step.action, Action::Parallel(_)),
        };
        Some(match self.reason_to_skip(step) {
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

    fn reason_to_skip(&mut self, step: &Step) -> Option<String> {
        if let Some(reason) = &self.unfit {
            return Some(reason.clone());
        }
        if let Some(reason) = step.needs.iter().find_map(|need| self.known.lacks(need)) {
            return Some(reason);
        }
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
                return Some(format!("its condition does not hold: {that}"));
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
                    Duration::ZERO,
                ),
                Err(problem) => self.unsendable(step, &problem),
            },
            Action::Parallel(_) => self.round(step, Requesting::default(), Duration::ZERO),
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

    /// One round of requests goes out.
    fn round(&mut self, step: &Step, mut state: Requesting, wait: Duration) -> Move {
        let mut requests = Vec::new();
        for (part, request) in parts(step) {
            if let (Some(Repeat::For { variable, by, .. }), Some((value, _))) =
                (&request.repeat, &mut state.counter)
            {
                self.scope.set(variable, Value::from(*value));
                *value = value.saturating_add(*by);
            }
            match self.outgoing(part, request) {
                Ok(request) => requests.push(request),
                Err(problem) => return self.unsendable(step, &problem),
            }
        }
        state.sent += 1;
        state.bodies = requests
            .iter()
            .map(|request| request.body.clone())
            .collect();
        self.stage = Stage::Requesting(state);
        Move::Send(Round { wait, requests })
    }

    fn outgoing(&mut self, step: &Step, request: &RequestStep) -> Result<Outgoing, Unsendable> {
        let profile: Profile = step.client.unwrap_or(self.client).profile();
        let limits = self.limits(step);
        outgoing(
            request,
            &profile,
            step.tenant.as_deref(),
            limits,
            &mut self.scope,
        )
    }

    fn limits(&self, step: &Step) -> Limits {
        Limits {
            timeout: step.limits.timeout.or(self.scenario.limits.timeout),
            body: step.limits.body.or(self.scenario.limits.body),
        }
    }

    fn counter(&mut self, request: &RequestStep) -> Result<Option<(i64, i64)>, Unsendable> {
        let Some(Repeat::For { from, to, .. }) = &request.repeat else {
            return Ok(None);
        };
        let number = |tree: &Tree, scope: &mut Scope| -> Result<i64, Unsendable> {
            let value = scope.tree(tree)?;
            value
                .as_i64()
                .or_else(|| value.as_str().and_then(|text| text.parse().ok()))
                .ok_or_else(|| {
                    Unsendable::Overlay(format!(
                        "`repeat` counts with integers, and {value} is none"
                    ))
                })
        };
        Ok(Some((
            number(from, &mut self.scope)?,
            number(to, &mut self.scope)?,
        )))
    }

    /// After an answer: another request, or the end of the step.
    fn answered(&mut self, step: &Step, mut state: Requesting, seen: &[Exchange]) -> Move {
        let parts = parts(step);
        let first = seen.len().saturating_sub(parts.len());
        let mut judged = Vec::new();
        for (offset, (part, request)) in parts.iter().enumerate() {
            let Some(exchange) = seen.get(first + offset) else {
                continue;
            };
            let sent = state.bodies.get(offset).and_then(Option::as_deref);
            if let Some(sent) = sent.and_then(|sent| serde_json::from_slice(sent).ok()) {
                self.bodies.insert(part.name.clone(), sent);
            }
            judged.extend(self.judged(part, request, first + offset));
            judged.extend(self.kept(part, request, exchange, first + offset));
            self.note_refusal(part, request, exchange);
        }
        let repeat = parts
            .first()
            .and_then(|(_, request)| request.repeat.as_ref());
        match (repeat, seen.last()) {
            (Some(Repeat::For { at_most, .. }), Some(last)) => {
                let accepted = last.status().is_some_and(|status| status < 400);
                let goes_on =
                    state.counter.is_some_and(|(value, to)| value <= to) && state.sent < *at_most;
                state.expectations.append(&mut judged);
                if goes_on && accepted {
                    return self.round(step, state, Duration::ZERO);
                }
            }
            (
                Some(Repeat::Until {
                    until,
                    every,
                    at_most,
                }),
                Some(last),
            ) => {
                let holds = self.holds(until, last);
                if !holds && state.sent < *at_most {
                    return self.round(step, state, *every);
                }
                state.expectations.append(&mut judged);
                if !holds {
                    let expectation = self.answer(step, until, seen.len() - 1);
                    state.expectations.push(expectation);
                }
            }
            _ => state.expectations.append(&mut judged),
        }
        self.finish();
        Move::End(state.expectations)
    }

    /// What the request's `expect` demands of the exchange.
    fn judged(&mut self, step: &Step, request: &RequestStep, exchange: usize) -> Vec<Expectation> {
        request
            .expect
            .iter()
            .map(|expect| self.answer(step, expect, exchange))
            .collect()
    }

    fn answer(&mut self, step: &Step, expect: &Expect, exchange: usize) -> Expectation {
        let resolved = (|| {
            let body = expect
                .body
                .as_ref()
                .map(|body| self.matcher(body))
                .transpose()?;
            let headers = expect
                .headers
                .iter()
                .map(|(name, matcher)| Ok((name.clone(), self.matcher(matcher)?)))
                .collect::<Result<_, Missing>>()?;
            Ok::<_, Missing>(Wants::Answer {
                status: expect.status.clone(),
                headers,
                body,
                within: expect.within,
            })
        })();
        let wants = resolved.unwrap_or_else(|missing| Wants::Sendable(missing.to_string()));
        let covers: Vec<String> = step.covers.iter().chain(&expect.covers).cloned().collect();
        Expectation {
            exchange: Some(exchange),
            wants,
            duties: self.duties(step, &expect.by, expect.strength, &covers),
            because: expect.because.clone(),
            source: self.source(step),
        }
    }

    /// Whether an answer fits, for `until`.
    fn holds(&mut self, until: &Expect, exchange: &Exchange) -> bool {
        let Some(response) = exchange.response() else {
            return false;
        };
        let body = match until
            .body
            .as_ref()
            .map(|body| self.matcher(body))
            .transpose()
        {
            Ok(body) => body,
            Err(_) => return false,
        };
        (until.status.is_empty()
            || until
                .status
                .iter()
                .any(|status| status.has(response.status)))
            && body.is_none_or(|body| fits(&body, response.json()))
    }

    /// Takes captures from the answer; what a later step needs and is not there, is wrong by itself.
    fn kept(
        &mut self,
        step: &Step,
        request: &RequestStep,
        exchange: &Exchange,
        index: usize,
    ) -> Vec<Expectation> {
        let mut expectations = Vec::new();
        for capture in &request.keep {
            match first(exchange, &capture.from) {
                Ok(value) => self.scope.set(&capture.name, value),
                Err(problem) => {
                    self.scope
                        .set_missing(&capture.name, format!("`{}`: {problem}", step.name));
                    let wants = Wants::Capture {
                        name: capture.name.clone(),
                        from: described(&capture.from),
                        problem,
                    };
                    expectations.push(self.expectation(step, Some(index), wants));
                }
            }
        }
        for capture in &request.collect {
            match found(exchange, &capture.from) {
                Ok(values) => self.scope.append(&capture.name, values),
                Err(_) => self.scope.append(&capture.name, Vec::new()),
            }
        }
        expectations
    }

    /// Remembers that a write was refused against what was expected, so that nobody reads back what never happened.
    fn note_refusal(&mut self, step: &Step, request: &RequestStep, exchange: &Exchange) {
        if matches!(request.method.as_str(), "GET" | "HEAD" | "OPTIONS") {
            return;
        }
        let accepted = match exchange.status() {
            Some(status) => {
                let mut sets = request
                    .expect
                    .iter()
                    .filter(|expect| !expect.status.is_empty())
                    .peekable();
                match sets.peek() {
                    None => status < 400,
                    Some(_) => {
                        status < 400
                            || sets.any(|expect| expect.status.iter().any(|set| set.has(status)))
                    }
                }
            }
            None => false,
        };
        let answer = match &exchange.outcome {
            Ok(response) => format!("answered {}", response.status),
            Err(failure) => failure.to_string(),
        };
        self.resources.last_write = Some(step.name.clone());
        for alias in aliases(&request.target) {
            if accepted {
                self.refused.remove(&alias);
            } else {
                self.refused
                    .insert(alias, (step.name.clone(), answer.clone()));
            }
        }
    }

    fn unsendable(&mut self, step: &Step, problem: &Unsendable) -> Move {
        self.finish();
        Move::End(vec![self.expectation(
            step,
            None,
            Wants::Sendable(problem.to_string()),
        )])
    }

    fn finish(&mut self) {
        self.position += 1;
        self.stage = Stage::Between;
    }

    fn expectation(&self, step: &Step, exchange: Option<usize>, wants: Wants) -> Expectation {
        Expectation {
            exchange,
            wants,
            duties: self.duties(step, &[], None, &step.covers),
            because: None,
            source: self.source(step),
        }
    }

    fn source(&self, step: &Step) -> Option<String> {
        step.source
            .as_ref()
            .or(self.scenario.source.as_ref())
            .map(|source| source.text.clone())
    }

    /// On whose authority something is demanded: what is named, or the client and, through `covers`, the RFC.
    fn duties(
        &self,
        step: &Step,
        by: &[Authority],
        strength: Option<Strength>,
        covers: &[String],
    ) -> Vec<Duty> {
        let own = step.client.unwrap_or(self.client).authority();
        let inferred = step
            .source
            .as_ref()
            .or(self.scenario.source.as_ref())
            .is_some_and(|source| source.only_inferred());
        let mut authorities = if by.is_empty() {
            vec![own]
        } else {
            by.to_vec()
        };
        if !covers.is_empty() && by.is_empty() && own != Authority::Rfc {
            authorities.push(Authority::Rfc);
        }
        let level = covers
            .iter()
            .filter_map(|id| Requirement::find(id))
            .map(|requirement| Strength::of_keyword(&requirement.level))
            .max();
        authorities
            .into_iter()
            .map(|authority| match authority {
                Authority::Rfc => Duty {
                    authority,
                    strength: strength.or(level).unwrap_or(Strength::Must),
                    requirements: covers.to_vec(),
                },
                _ => Duty {
                    authority,
                    strength: match strength {
                        Some(strength) => strength,
                        None if inferred => Strength::May,
                        None => Strength::Must,
                    },
                    requirements: Vec::new(),
                },
            })
            .collect()
    }

    fn matcher(&mut self, matcher: &Matcher<Tree>) -> Result<Matcher<Value>, Missing> {
        let scope = &mut self.scope;
        matcher.try_map(&mut |tree| scope.tree(tree))
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
        })
    }
}

/// The requests of a step: itself, or the parts of a `parallel`.
fn parts(step: &Step) -> Vec<(&Step, &RequestStep)> {
    match &step.action {
        Action::Request(request) => vec![(step, request.as_ref())],
        Action::Parallel(steps) => steps.iter().flat_map(parts).collect(),
        Action::Verify(_) | Action::Claim(_) => Vec::new(),
    }
}

/// The aliases whose `${alias.id}` a request addresses.
fn aliases(target: &RequestTarget) -> Vec<String> {
    let texts: Vec<_> = match target {
        RequestTarget::Raw(text) => vec![text],
        RequestTarget::Decoded { path, .. } => path.iter().collect(),
    };
    texts
        .into_iter()
        .flat_map(|text| text.variables())
        .filter_map(|name| name.strip_suffix(".id"))
        .map(str::to_owned)
        .collect()
}
