//! Plays one scenario as one client: sends what the plan says, judges what comes back, and cleans up after itself.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout};
use tokio_util::sync::CancellationToken;

use crate::event::Event;
use crate::exchange::{Api, Body, Exchange, Failure, Mask, Request};
use crate::finding::weighing::{Weighed, failure};
use crate::finding::{Finding, NOT_SUPPORTED, Strength, Verdict};
use crate::judge;
use crate::plan::{Expectation, Head, Move, Outgoing, Plan, Reason, Round, Script, Wants};
use crate::profile::ProfileId;
use crate::run::cleanup::clean;
use crate::run::ledger::Ledger;
use crate::run::masking;
use crate::run::outage::Heard;
use crate::run::{Context, Endpoint};
use crate::scenario::Scenario;
use crate::snapshot::{Normaliser, Place};

/// How long the answer to a write that is under way is waited for after an interruption: it says what must be removed.
const GRACE: Duration = Duration::from_secs(2);

/// One scenario under way.
#[derive(Clone)]
pub(crate) struct Play {
    pub(crate) context: Arc<Context>,
    pub(crate) endpoint: Arc<Endpoint>,
    pub(crate) number: usize,
    /// What `${run}` is in this scenario.
    pub(crate) run: String,
    pub(crate) scenario: Arc<Scenario>,
    pub(crate) client: ProfileId,
    pub(crate) cancel: CancellationToken,
}

/// The step that is being played.
struct Current {
    head: Head,
    started: Timestamp,
    clock: Instant,
}

impl Play {
    /// Plays it to its end, or until it is cancelled; then its cleanup.
    pub(crate) async fn play(self, mut script: Script) -> (Verdict, Heard) {
        let clock = Instant::now();
        let scenario = &self.scenario;
        self.emit(Event::ScenarioStarted {
            scenario: self.number,
            path: scenario.path.clone(),
            title: scenario.title.clone(),
            client: self.client.name().to_owned(),
            feature: scenario.feature.map(|feature| feature.name().to_owned()),
            source: scenario
                .source
                .as_ref()
                .map(|source| source.of(self.client.authority())),
            tags: scenario.tags.clone(),
            started: Timestamp::now().to_string(),
        });
        let base = self.endpoint.target.base.path();
        let mut ledger = Ledger::new(&self.run, base);
        let mut normaliser = Normaliser::new(&self.run);
        let mut watch = self.endpoint.watch.clone();
        let mut seen: Vec<Exchange> = Vec::new();
        let mut current: Option<Current> = None;
        let mut worst = Verdict::Pass;
        let mut played = false;
        let mut aborted = false;
        let mut heard = Heard::default();
        loop {
            if self.cancel.is_cancelled() && !aborted {
                aborted = true;
                if let Some(current) = current.take() {
                    let findings = vec![skipped("interrupted".to_owned(), self.client)];
                    self.finished(current, std::mem::take(&mut seen), findings, Verdict::Skip);
                }
                script.abort();
            }
            let Some(next) = script.next(&seen) else {
                break;
            };
            match next {
                Move::Begin(head) => {
                    seen.clear();
                    self.emit(Event::StepStarted {
                        scenario: self.number,
                        step: head.name.clone(),
                    });
                    current = Some(Current {
                        head,
                        started: Timestamp::now(),
                        clock: Instant::now(),
                    });
                }
                Move::Send(round) => {
                    let exchanges = self.send(round, &mut ledger, aborted).await;
                    exchanges.iter().for_each(|exchange| heard.hear(exchange));
                    seen.extend(exchanges);
                }
                Move::End(expectations) => {
                    let Some(current) = current.take() else {
                        continue;
                    };
                    // What the step is about comes first, and then what is wrong with any exchange.
                    let mut findings =
                        self.judged(&mut normaliser, &current.head, &expectations, &seen);
                    findings.extend(watch.judge(&seen, current.head.parallel));
                    let of = Weighed {
                        scenario: &self.scenario.path,
                        client: self.client.name(),
                        step: &current.head.name,
                    };
                    let findings = self.context.weighing.weigh(of, findings);
                    let verdict = verdict_of(&findings, &seen, &expectations);
                    let (findings, verdict) = self.excused(&current.head, findings, verdict);
                    played |= verdict != Verdict::Skip;
                    worst = worst.max(if verdict == Verdict::Skip {
                        Verdict::Pass
                    } else {
                        verdict
                    });
                    self.finished(current, std::mem::take(&mut seen), findings, verdict);
                }
                Move::Skip(head, reason) => {
                    let current = Current {
                        head,
                        started: Timestamp::now(),
                        clock: Instant::now(),
                    };
                    // Its snapshot is not forgotten, only not compared.
                    self.compared(&mut normaliser, &current.head, &[]);
                    let finding = match reason {
                        Reason::NotSupported(reason) => not_supported(reason, self.client),
                        Reason::NotTested(reason) => skipped(reason, self.client),
                    };
                    self.finished(current, Vec::new(), vec![finding], Verdict::Skip);
                }
            }
        }
        let (cleanup, left) = clean(
            &mut ledger,
            &self.endpoint.client,
            &self.endpoint.target.base,
            self.context.journal.as_ref(),
            |written| self.noted(written),
        )
        .await;
        // What was interrupted has not passed, whatever its first steps came to.
        let whole = played && !(aborted && worst == Verdict::Pass);
        let verdict = if whole { worst } else { Verdict::Skip };
        self.emit(Event::ScenarioFinished {
            scenario: self.number,
            verdict,
            elapsed: clock.elapsed(),
            checked: watch
                .judged()
                .iter()
                .map(|(&id, &times)| (id.to_owned(), times))
                .collect(),
            cleanup,
            left,
        });
        (verdict, heard)
    }

    fn emit(&self, event: Event) {
        // The receiver lives as long as the run; without it there is nobody to tell.
        let _ = self.context.events.send(event);
    }

    fn judged(
        &self,
        normaliser: &mut Normaliser,
        head: &Head,
        expectations: &[Expectation],
        seen: &[Exchange],
    ) -> Vec<Finding> {
        let mask = self.endpoint.client.mask();
        let expectations: Vec<Expectation> = expectations
            .iter()
            .map(|expectation| masking::expectation(&mask, expectation))
            .collect();
        judge::findings(&expectations, seen, self.client.authority())
            .into_iter()
            .chain(self.compared(normaliser, head, seen))
            .collect()
    }

    /// What fails and is not declared is not supported, as the target says, and no failure.
    fn excused(
        &self,
        head: &Head,
        findings: Vec<Finding>,
        verdict: Verdict,
    ) -> (Vec<Finding>, Verdict) {
        let known = &self.endpoint.known;
        if !known.tries_undeclared || !matches!(verdict, Verdict::Fail | Verdict::Error) {
            return (findings, verdict);
        }
        let features = head.feature.iter().chain(&self.scenario.feature);
        let step = self
            .scenario
            .steps
            .iter()
            .find(|step| step.name == head.name);
        let undeclared = step
            .iter()
            .flat_map(|step| &step.needs)
            .chain(&self.scenario.needs)
            .map(String::as_str)
            .chain(features.map(|feature| feature.name()))
            .find(|need| !known.is_declared(need));
        match undeclared {
            Some(need) => {
                let reason = format!("the target does not declare `{need}`, and it does not work");
                (vec![not_supported(reason, self.client)], Verdict::Skip)
            }
            None => (findings, verdict),
        }
    }

    /// Compares what a step exchanged with what the target answered last time.
    fn compared(
        &self,
        normaliser: &mut Normaliser,
        head: &Head,
        seen: &[Exchange],
    ) -> Vec<Finding> {
        // What another service answers is not what the target did last time.
        let is_elsewhere = seen.iter().any(|exchange| !exchange.request.api.is_scim());
        let is_compared = !head.is_chance && !is_elsewhere;
        let Some(snapshots) = self.context.snapshots.as_ref().filter(|_| is_compared) else {
            return Vec::new();
        };
        let place = Place {
            scenario: &self.scenario.path,
            client: self.client.name(),
            step: &head.name,
            line: head.place.line,
            parallel: head.parallel,
        };
        snapshots.judge(normaliser, &place, seen)
    }

    fn finished(
        &self,
        step: Current,
        exchanges: Vec<Exchange>,
        findings: Vec<Finding>,
        verdict: Verdict,
    ) {
        let mask = self.endpoint.client.mask();
        let findings = findings
            .into_iter()
            .map(|finding| masking::finding(&mask, finding))
            .collect();
        self.emit(Event::StepFinished {
            scenario: self.number,
            step: step.head.name,
            file: step.head.place.file,
            line: step.head.place.line,
            feature: step.head.feature.map(|feature| feature.name().to_owned()),
            source: step.head.source,
            certifies: step.head.certifies,
            verdict,
            exchanges,
            findings,
            started: step.started.to_string(),
            elapsed: step.clock.elapsed(),
        });
    }

    /// Sends one round; several requests go out at once.
    async fn send(&self, round: Round, ledger: &mut Ledger, cleaning: bool) -> Vec<Exchange> {
        if !round.wait.is_zero() {
            tokio::select! {
                () = sleep(round.wait) => {}
                () = self.cancel.cancelled(), if !cleaning => {}
            }
        }
        let mut together = JoinSet::new();
        let mut exchanges: Vec<Option<Exchange>> = round.requests.iter().map(|_| None).collect();
        let alone = round.requests.len() == 1;
        for (index, request) in round.requests.iter().enumerate() {
            if self.is_elsewhere(request) {
                ledger.expect_others();
            } else if let Some(reason) = self.refusal(request, ledger) {
                exchanges[index] = Some(not_sent(
                    &self.endpoint.client.mask(),
                    &self.endpoint.target.base,
                    request,
                    reason,
                ));
                continue;
            }
            if alone {
                exchanges[index] = Some(self.send_one(request, cleaning).await);
            } else {
                let (play, request) = (self.clone(), request.clone());
                together.spawn(async move { (index, play.send_one(&request, cleaning).await) });
            }
        }
        while let Some(joined) = together.join_next().await {
            if let Ok((index, exchange)) = joined {
                exchanges[index] = Some(exchange);
            }
        }
        let exchanges: Vec<Exchange> = exchanges.into_iter().flatten().collect();
        // What was created at the same time as it was listed is ours: creates are learnt from first.
        let mut learnt: Vec<(&Outgoing, &Exchange)> =
            round.requests.iter().zip(&exchanges).collect();
        learnt.retain(|(request, _)| !self.is_elsewhere(request));
        learnt.sort_by_key(|(request, _)| request.method != "POST");
        for (request, exchange) in learnt {
            // A journal that cannot be written any more stops further creates, see `refusal`.
            self.noted(ledger.after(request, exchange, self.context.journal.as_ref()));
        }
        exchanges
    }

    /// Whether it goes to another service than the target: nothing there is ours to judge, to note or to remove.
    fn is_elsewhere(&self, request: &Outgoing) -> bool {
        let tenants = &self.endpoint.target.tenants;
        let tenant = request.tenant.as_ref().and_then(|name| tenants.get(name));
        tenant.is_some_and(|tenant| !tenant.api.is_scim())
    }

    /// Why a request must not go out.
    fn refusal(&self, request: &Outgoing, ledger: &Ledger) -> Option<String> {
        let forbidden = (!self.endpoint.target.disposable)
            .then(|| ledger.forbids(request))
            .flatten();
        forbidden.or_else(|| {
            let problem = ledger
                .before(request, self.context.journal.as_ref())
                .err()?;
            Some(format!(
                "the journal cannot be written, and nothing is created without it: {problem}"
            ))
        })
    }

    async fn send_one(&self, request: &Outgoing, cleaning: bool) -> Exchange {
        let mut sending = pin!(self.endpoint.client.send(request));
        tokio::select! {
            exchange = &mut sending => return exchange,
            () = self.cancel.cancelled(), if !cleaning => {}
        }
        let reads = matches!(request.method.as_str(), "GET" | "HEAD" | "OPTIONS");
        let grace = if reads { Duration::ZERO } else { GRACE };
        match timeout(grace, sending).await {
            Ok(exchange) => exchange,
            Err(_) => {
                let reason = "interrupted; whether the request arrived is not known".to_owned();
                Exchange {
                    outcome: Err(Failure::Protocol(reason.clone())),
                    ..not_sent(
                        &self.endpoint.client.mask(),
                        &self.endpoint.target.base,
                        request,
                        reason,
                    )
                }
            }
        }
    }

    /// Says when the journal cannot be written.
    fn noted(&self, written: std::io::Result<()>) {
        if let Err(problem) = written {
            self.emit(Event::Notice {
                message: format!("the journal cannot be written: {problem}"),
            });
        }
    }
}

fn verdict_of(findings: &[Finding], seen: &[Exchange], expectations: &[Expectation]) -> Verdict {
    let nothing_done = seen.is_empty()
        && !expectations.is_empty()
        && findings
            .iter()
            .all(|finding| finding.verdict == Verdict::Skip);
    // Of what a suite asserts here, nothing could be translated.
    let nothing_judged = !expectations.is_empty()
        && expectations
            .iter()
            .all(|expectation| matches!(expectation.wants, Wants::Untested(_)));
    match failure(findings) {
        Some(verdict) => verdict,
        None if nothing_done || nothing_judged => Verdict::Skip,
        None => Verdict::Pass,
    }
}

fn skipped(reason: String, client: ProfileId) -> Finding {
    Finding::new(
        "skipped",
        Verdict::Skip,
        Strength::Must,
        client.authority(),
        reason,
    )
}

/// Told from what is only not tested by its id.
fn not_supported(reason: String, client: ProfileId) -> Finding {
    Finding {
        id: NOT_SUPPORTED.to_owned(),
        ..skipped(reason, client)
    }
}

fn not_sent(
    mask: &Mask,
    base: &crate::target::BaseUrl,
    request: &Outgoing,
    reason: String,
) -> Exchange {
    Exchange {
        sender: request.sender.clone(),
        request: Request {
            api: Api::Scim,
            method: request.method.clone(),
            origin: base.origin().to_owned(),
            target: mask.text(&base.target(&request.target)),
            headers: Vec::new(),
            body: Body::default(),
        },
        outcome: Err(Failure::NotSent(mask.text(&reason))),
        started: Timestamp::now().to_string(),
        elapsed: Duration::ZERO,
    }
}
