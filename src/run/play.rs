//! Plays one scenario as one client: sends what the plan says, judges what comes back, and cleans up after itself.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

use crate::event::Event;
use crate::exchange::{Body, Exchange, Failure, Request};
use crate::finding::{Finding, Verdict};
use crate::judge;
use crate::plan::{Expectation, Head, Move, Outgoing, Plan, Round, Script};
use crate::profile::ProfileId;
use crate::run::Context;
use crate::run::ledger::{Ledger, harness};
use crate::scenario::Scenario;
use crate::snapshot::{Normaliser, Place};

/// The longest that cleaning up after one scenario may take.
const CLEANUP: Duration = Duration::from_secs(60);

/// One scenario under way.
pub(crate) struct Play {
    pub(crate) context: Arc<Context>,
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
    pub(crate) async fn play(self, mut script: Script) -> Verdict {
        let clock = Instant::now();
        let scenario = &self.scenario;
        self.emit(Event::ScenarioStarted {
            scenario: self.number,
            path: scenario.path.clone(),
            title: scenario.title.clone(),
            client: self.client.name().to_owned(),
            feature: scenario.feature.map(|feature| feature.name().to_owned()),
            source: scenario.source.as_ref().map(|source| source.text.clone()),
            tags: scenario.tags.clone(),
            started: Timestamp::now().to_string(),
        });
        let base = self.context.target.base.path();
        let mut ledger = Ledger::new(&self.run, base);
        let mut normaliser = Normaliser::new(&self.run);
        let mut seen: Vec<Exchange> = Vec::new();
        let mut current: Option<Current> = None;
        let mut worst = Verdict::Pass;
        let mut played = false;
        let mut aborted = false;
        loop {
            if self.cancel.is_cancelled() && !aborted {
                aborted = true;
                if let Some(current) = current.take() {
                    let findings = vec![];
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
                    current = Some(Current {
                        head,
                        started: Timestamp::now(),
                        clock: Instant::now(),
                    });
                }
                Move::Send(round) => {
                    let exchanges = self.send(round, &mut ledger, aborted).await;
                    seen.extend(exchanges);
                }
                Move::End(expectations) => {
                    let Some(current) = current.take() else {
                        continue;
                    };
                    let findings =
                        self.judged(&mut normaliser, &current.head, &expectations, &seen);
                    let verdict = verdict_of(&findings, &seen, &expectations);
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
                    let finding = skipped(reason, self.client);
                    self.finished(current, Vec::new(), vec![finding], Verdict::Skip);
                }
            }
        }
        let (cleanup, left) = self.clean(&mut ledger).await;
        let verdict = if played { worst } else { Verdict::Skip };
        self.emit(Event::ScenarioFinished {
            scenario: self.number,
            verdict,
            elapsed: clock.elapsed(),
            cleanup,
            left,
        });
        verdict
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
        judge::findings(expectations, seen, self.client.authority())
            .into_iter()
            .chain(self.compared(normaliser, head, seen))
            .collect()
    }

    /// Compares what a step exchanged with what the target answered last time.
    fn compared(
        &self,
        normaliser: &mut Normaliser,
        head: &Head,
        seen: &[Exchange],
    ) -> Vec<Finding> {
        let Some(snapshots) = &self.context.snapshots else {
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
        self.emit(Event::StepFinished {
            scenario: self.number,
            step: step.head.name,
            file: step.head.place.file,
            line: step.head.place.line,
            source: step.head.source,
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
            if let Some(reason) = self.refusal(request, ledger) {
                exchanges[index] = Some(not_sent(&self.context.target.base, request, reason));
            } else if alone {
                exchanges[index] = Some(self.send_one(request, cleaning).await);
            } else {
                let (client, request) = (Arc::clone(&self.context.client), request.clone());
                together.spawn(async move { (index, client.send(&request).await) });
            }
        }
        while let Some(joined) = together.join_next().await {
            if let Ok((index, exchange)) = joined {
                exchanges[index] = Some(exchange);
            }
        }
        let exchanges: Vec<Exchange> = exchanges.into_iter().flatten().collect();
        for (request, exchange) in round.requests.iter().zip(&exchanges) {
            // A journal that cannot be written any more stops further creates, see `refusal`.
            if let Err(problem) = ledger.after(request, exchange, self.context.journal.as_ref()) {
                self.emit(Event::Notice {
                    message: format!("the journal cannot be written: {problem}"),
                });
            }
        }
        exchanges
    }

    /// Why a request must not go out.
    fn refusal(&self, request: &Outgoing, ledger: &Ledger) -> Option<String> {
        ledger.forbids(request).or_else(|| {
            let problem = ledger
                .before(request, self.context.journal.as_ref())
                .err()?;
            Some(format!(
                "the journal cannot be written, and nothing is created without it: {problem}"
            ))
        })
    }

    async fn send_one(&self, request: &Outgoing, cleaning: bool) -> Exchange {
        tokio::select! {
            exchange = self.context.client.send(request) => exchange,
            () = self.cancel.cancelled(), if !cleaning => {
                let reason = "interrupted; whether the request arrived is not known".to_owned();
                Exchange { outcome: Err(Failure::Protocol(reason.clone())), ..not_sent(&self.context.target.base, request, reason) }
            }
        }
    }

    /// Removes what the scenario created. Returns what was exchanged for it and what is left.
    async fn clean(&self, ledger: &mut Ledger) -> (Vec<Exchange>, Vec<String>) {
        let deadline = Instant::now() + CLEANUP;
        let mut exchanges = Vec::new();
        for (request, search) in ledger.searches() {
            let exchange = self.context.client.send(&request).await;
            ledger.found(&search, &exchange);
            exchanges.push(exchange);
        }
        for address in ledger.left() {
            if Instant::now() >= deadline {
                break;
            }
            let request = harness("DELETE", address.path.clone(), address.tenant.clone());
            let exchange = self.context.client.send(&request).await;
            if let Err(problem) = ledger.after(&request, &exchange, self.context.journal.as_ref()) {
                self.emit(Event::Notice {
                    message: format!("the journal cannot be written: {problem}"),
                });
            }
            exchanges.push(exchange);
        }
        let base = &self.context.target.base;
        let left = ledger
            .left()
            .into_iter()
            .map(|address| format!("{}{}", base.origin(), base.target(&address.path)));
        (exchanges, left.collect())
    }
}

fn verdict_of(findings: &[Finding], seen: &[Exchange], expectations: &[Expectation]) -> Verdict {
    let counted = findings
        .iter()
        .filter(|finding| finding.counts())
        .map(|finding| finding.verdict)
        .max();
    let nothing_done = seen.is_empty()
        && !expectations.is_empty()
        && findings
            .iter()
            .all(|finding| finding.verdict == Verdict::Skip);
    match counted {
        Some(verdict) => verdict,
        None if nothing_done => Verdict::Skip,
        None => Verdict::Pass,
    }
}

fn skipped(reason: String, client: ProfileId) -> Finding {
    Finding {
        id: "skipped".to_owned(),
        verdict: Verdict::Skip,
        strength: crate::finding::Strength::Must,
        authority: client.authority(),
        requirements: Vec::new(),
        message: reason,
        differences: Vec::new(),
        because: None,
        source: None,
        exchange: None,
    }
}

fn not_sent(base: &crate::target::BaseUrl, request: &Outgoing, reason: String) -> Exchange {
    Exchange {
        sender: request.sender.clone(),
        request: Request {
            method: request.method.clone(),
            origin: base.origin().to_owned(),
            target: base.target(&request.target),
            headers: Vec::new(),
            body: Body::default(),
        },
        outcome: Err(Failure::NotSent(reason)),
        started: Timestamp::now().to_string(),
        elapsed: Duration::ZERO,
    }
}
