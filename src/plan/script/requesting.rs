//! The requests of a step: one, several at once, or one again and again.

use std::time::Duration;

use serde_json::Value;

use crate::exchange::Exchange;
use crate::plan::request::{Unsendable, outgoing};
use crate::plan::script::{Script, Stage};
use crate::plan::variables::Scope;
use crate::plan::{Expectation, Move, Outgoing, Round, Sent};
use crate::profile::Profile;
use crate::scenario::Limits;
use crate::scenario::step::{Action, Repeat, RequestStep, Step};
use crate::scenario::template::Tree;

/// One or more requests of a step under way.
#[derive(Default)]
pub(super) struct Requesting {
    /// How many went out.
    pub(super) sent: u32,
    /// The next value of a `repeat: { for: … }`, and its end.
    pub(super) counter: Option<(i64, i64)>,
    /// Bodies of the requests of the last round.
    pub(super) bodies: Vec<Option<Vec<u8>>>,
    /// What earlier rounds must fulfil.
    pub(super) expectations: Vec<Expectation>,
}

impl Script {
    /// One round of requests goes out.
    pub(super) fn round(&mut self, step: &Step, mut state: Requesting, wait: Duration) -> Move {
        let mut requests = Vec::new();
        for (part, request) in parts(step) {
            if let (Some(Repeat::For { variable, by, .. }), Some((value, _))) =
                (&request.repeat, &mut state.counter)
            {
                self.scope.set(variable, Value::from(*value));
                *value = value.saturating_add(*by);
            }
            let times = match request.repeat {
                Some(Repeat::Load { at_once, .. }) => at_once,
                _ => 1,
            };
            for _ in 0..times {
                match self.outgoing(part, request) {
                    Ok(request) => requests.push(request),
                    Err(problem) => return self.unsendable(step, &problem),
                }
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

    pub(super) fn limits(&self, step: &Step) -> Limits {
        Limits {
            timeout: step.limits.timeout.or(self.scenario.limits.timeout),
            body: step.limits.body.or(self.scenario.limits.body),
        }
    }

    pub(super) fn counter(
        &mut self,
        request: &RequestStep,
    ) -> Result<Option<(i64, i64)>, Unsendable> {
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
    pub(super) fn answered(
        &mut self,
        step: &Step,
        mut state: Requesting,
        seen: &[Exchange],
    ) -> Move {
        let parts = parts(step);
        if let [(part, request)] = parts.as_slice()
            && let Some(Repeat::Load {
                accepted,
                at_once,
                per_second,
            }) = request.repeat
        {
            let (wanted, sent) = (accepted as usize, seen.len());
            let served = seen
                .iter()
                .filter(|exchange| exchange.is_accepted())
                .count();
            let refused = seen[sent.saturating_sub(at_once as usize)..]
                .iter()
                .filter_map(pause)
                .max();
            // Who refuses for now is asked again, but not for ever; who fails is not asked on and on.
            let failed = sent - served - seen.iter().filter(|one| pause(one).is_some()).count();
            if served < wanted && failed < at_once as usize && sent < wanted * PATIENCE {
                return self.round(step, state, refused.unwrap_or_default());
            }
            state.expectations = self.judged(part, request, 0);
            state
                .expectations
                .push(self.rate(part, accepted, per_second));
            self.finish();
            return Move::End(state.expectations);
        }
        let first = seen.len().saturating_sub(parts.len());
        let mut judged = Vec::new();
        for (offset, (part, request)) in parts.iter().enumerate() {
            let Some(exchange) = seen.get(first + offset) else {
                continue;
            };
            let sent = state.bodies.get(offset).and_then(Option::as_deref);
            if let Some(body) = sent.and_then(|sent| serde_json::from_slice(sent).ok()) {
                let sent = Sent {
                    step: part.name.clone(),
                    method: request.method.clone(),
                    body,
                };
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
}

/// A load ends after so many times the requests that had to be accepted.
const PATIENCE: usize = 4;
/// Longest time that is waited because a target asks for a pause.
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// The pause that a target asks for (RFC 6585 4, RFC 9110 10.2.3), if it refuses for now.
fn pause(exchange: &Exchange) -> Option<Duration> {
    let response = exchange.response()?;
    (response.status == 429).then(|| {
        let seconds = response
            .header("retry-after")
            .and_then(|text| text.trim().parse().ok());
        Duration::from_secs(seconds.unwrap_or(1)).min(LONGEST_PAUSE)
    })
}

/// The requests of a step: itself, or the parts of a `parallel`.
fn parts(step: &Step) -> Vec<(&Step, &RequestStep)> {
    match &step.action {
        Action::Request(request) => vec![(step, request.as_ref())],
        Action::Parallel(steps) => steps.iter().flat_map(parts).collect(),
        Action::Verify(_) | Action::Claim(_) | Action::Act(_) | Action::VerifyMapped(_) => {
            Vec::new()
        }
    }
}
