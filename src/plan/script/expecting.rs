//! What a step demands of its answers, takes from them, and on whose authority.

use serde_json::Value;

use crate::exchange::Exchange;
use crate::finding::requirement::Requirement;
use crate::finding::{Authority, Strength};
use crate::plan::capture::{described, first, found};
use crate::plan::request::Unsendable;
use crate::plan::script::Script;
use crate::plan::variables::Missing;
use crate::plan::{Duty, Expectation, Move, Wants};
use crate::scenario::matcher::Matcher;
use crate::scenario::matching::fits;
use crate::scenario::step::{Expect, RequestStep, RequestTarget, Step};
use crate::scenario::template::Tree;

impl Script {
    /// What the request's `expect` demands of the exchange.
    pub(super) fn judged(
        &mut self,
        step: &Step,
        request: &RequestStep,
        exchange: usize,
    ) -> Vec<Expectation> {
        request
            .expect
            .iter()
            .map(|expect| self.answer(step, expect, exchange))
            .collect()
    }

    pub(super) fn answer(&mut self, step: &Step, expect: &Expect, exchange: usize) -> Expectation {
        if let Some(untested) = &expect.untested {
            return Expectation {
                duties: self.duties(step, &expect.by, expect.strength, &expect.covers),
                ..self.expectation(step, None, Wants::Untested(untested.clone()))
            };
        }
        let resolved = (|| {
            let mut part = |matcher: &Option<Matcher<Tree>>| {
                let matcher = matcher.as_ref();
                matcher.map(|matcher| self.matcher(matcher)).transpose()
            };
            let body = part(&expect.body)?;
            let text = part(&expect.text)?.map(Box::new);
            let size = part(&expect.size)?.map(Box::new);
            let headers = expect
                .headers
                .iter()
                .map(|(name, matcher)| Ok((name.clone(), self.matcher(matcher)?)))
                .collect::<Result<_, Missing>>()?;
            Ok::<_, Missing>(Wants::Answer {
                status: expect.status.clone(),
                headers,
                body,
                text,
                size,
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

    /// What a load must come to.
    pub(super) fn rate(&mut self, step: &Step, accepted: u32, per_second: u32) -> Expectation {
        Expectation {
            exchange: None,
            wants: Wants::Rate {
                per_second,
                accepted,
            },
            duties: self.duties(step, &[], None, &step.covers),
            because: None,
            source: self.source(step),
        }
    }

    /// Whether an answer fits, for `until`.
    pub(super) fn holds(&mut self, until: &Expect, exchange: &Exchange) -> bool {
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
    pub(super) fn kept(
        &mut self,
        step: &Step,
        request: &RequestStep,
        exchange: &Exchange,
        index: usize,
    ) -> Vec<Expectation> {
        let mut expectations = Vec::new();
        for capture in &request.keep {
            self.kept_by.insert(capture.name.clone(), step.name.clone());
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
                    expectations.push(Expectation {
                        duties: self.duties(step, asserting(request), None, &step.covers),
                        ..self.expectation(step, Some(index), wants)
                    });
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
    pub(super) fn note_refusal(&mut self, step: &Step, request: &RequestStep, exchange: &Exchange) {
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

    pub(super) fn unsendable(&mut self, step: &Step, problem: &Unsendable) -> Move {
        self.finish();
        Move::End(vec![self.expectation(
            step,
            None,
            Wants::Sendable(problem.to_string()),
        )])
    }

    pub(super) fn expectation(
        &self,
        step: &Step,
        exchange: Option<usize>,
        wants: Wants,
    ) -> Expectation {
        Expectation {
            exchange,
            wants,
            duties: self.duties(step, &[], None, &step.covers),
            because: None,
            source: self.source(step),
        }
    }

    pub(super) fn source(&self, step: &Step) -> Option<String> {
        let source = step.source.as_ref().or(self.scenario.source.as_ref())?;
        let client = step.client.unwrap_or(self.client);
        Some(source.of(client.authority()))
    }

    /// On whose authority something is demanded: what is named, or the client and, through `covers`, the RFC.
    pub(super) fn duties(
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

    pub(super) fn matcher(&mut self, matcher: &Matcher<Tree>) -> Result<Matcher<Value>, Missing> {
        let scope = &mut self.scope;
        matcher.try_map(&mut |tree| scope.tree(tree))
    }
}

/// On whose authority all that is expected of a request is, where they are the same: a value that it must give is demanded
/// by them, too.
fn asserting(request: &RequestStep) -> &[Authority] {
    match request.expect.as_slice() {
        [first, others @ ..] if others.iter().all(|other| other.by == first.by) => &first.by,
        _ => &[],
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
