//! The desk: masks what has passed, says who sent it, judges it and writes it down, one after the other in the order in
//! which exchanges end.

use std::collections::BTreeMap;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use jiff::Timestamp;

use crate::checks::Watch;
use crate::event::{Event, FORMAT};
use crate::exchange::{Exchange, Secrets, Sender};
use crate::finding::weighing::{Weighed, Weighing, failure};
use crate::finding::{Authority, Finding, Verdict};
use crate::judge::refusal;
use crate::profile::{Recognised, Recogniser};
use crate::record::outputs::Outputs;
use crate::record::passed::Passed;
use crate::record::rewriting::Rewriting;
use crate::record::{Message, Upstream};
use crate::retell::Retold;
use crate::run::fresh_run_id;

/// Where a step of a recording stands.
const PLACE: &str = "recording";

/// The story is told when it has been quiet for so long.
const QUIET: Duration = Duration::from_secs(2);

/// Something for people, as it happens.
pub(crate) enum Seen<'a> {
    /// An exchange, with its number from 1 and what was found.
    Exchange(u64, &'a Exchange, &'a [Finding]),
    /// Another client than so far, or surer.
    Client(&'a Recognised),
    /// One sentence.
    Notice(&'a str),
}

/// Receives what has passed.
pub(crate) struct Desk {
    upstream: String,
    /// The endpoint's origin: answers that name it lead clients past the recorder.
    names: Rewriting,
    /// Such answers lead to the recorder all the same.
    stays: bool,
    limit: u64,
    secrets: Secrets,
    recogniser: Recogniser,
    watch: Watch,
    weighing: Weighing,
    outputs: Outputs,
    part: Option<Part>,
    parts: usize,
    clock: Instant,
    tell: Box<dyn FnMut(Seen<'_>) + Send>,
    summary: Summary,
}

/// What one client did, which is a scenario of the event log.
struct Part {
    client: String,
    clock: Instant,
    verdict: Verdict,
    /// How often each check had judged before it.
    judged: BTreeMap<&'static str, u64>,
}

/// What a recording comes to.
#[derive(Debug, Default)]
pub(crate) struct Summary {
    pub(crate) exchanges: u64,
    /// Of these the ones without an answer.
    pub(crate) unanswered: u64,
    /// Who sent them.
    pub(crate) client: Recognised,
    /// Failed findings by authority: those that count, and the others.
    pub(crate) findings: BTreeMap<Authority, (u64, u64)>,
    /// How often each rule was broken.
    pub(crate) rules: BTreeMap<String, u64>,
    /// Answers named the endpoint itself.
    pub(crate) leads_past: bool,
    /// The story, as it was told last.
    pub(crate) retold: Option<Retold>,
    /// Files that are not whole, and how many exchanges are missing.
    pub(crate) lost: Vec<(String, u64)>,
}

impl Summary {
    /// Something failed that counts.
    pub(crate) fn failed(&self) -> bool {
        self.findings.values().any(|(counting, _)| *counting > 0)
    }
}

impl Desk {
    /// A desk for what passes to this endpoint.
    pub(crate) fn new(
        upstream: &Upstream,
        limit: u64,
        weighing: Weighing,
        stays: bool,
        outputs: Outputs,
        tell: Box<dyn FnMut(Seen<'_>) + Send>,
    ) -> Self {
        let base = &upstream.base;
        Self {
            // A query may hold a secret.
            upstream: format!("{}{}", base.origin(), base.path()),
            names: Rewriting::new(base.origin(), ""),
            stays,
            limit,
            secrets: Secrets::default(),
            recogniser: Recogniser::new(),
            watch: Watch::default(),
            weighing,
            outputs,
            part: None,
            parts: 0,
            clock: Instant::now(),
            tell,
            summary: Summary {
                client: Recogniser::new().recognised(),
                ..Summary::default()
            },
        }
    }

    /// Takes messages until it is told that nothing more comes.
    pub(crate) fn run(mut self, messages: &Receiver<Message>) -> Summary {
        self.write(&Event::RunStarted {
            format: FORMAT,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            run: fresh_run_id(),
            started: Timestamp::now().to_string(),
            target: self.upstream.clone(),
            target_name: None,
            scenarios: 1,
        });
        loop {
            match messages.recv_timeout(QUIET) {
                // The place among those that wait is free once it has been dealt with.
                Ok(Message::Passed(passed, _place)) => self.passed(*passed),
                Ok(Message::Notice(words)) => self.notice(&words),
                Ok(Message::End) | Err(RecvTimeoutError::Disconnected) => break,
                Err(RecvTimeoutError::Timeout) => self.retell(),
            }
        }
        self.end_part();
        self.write(&Event::RunFinished {
            elapsed: self.clock.elapsed(),
            interrupted: false,
        });
        self.retell();
        self.summary.lost = self.outputs.lost();
        self.summary
    }

    fn passed(&mut self, mut passed: Passed) {
        let (began, crowded) = (passed.number, passed.crowded);
        let notices = std::mem::take(&mut passed.notices);
        let is_ours = passed.is_ours();
        let mut exchange = self.secrets.masked(passed.exchange(self.limit));
        if !is_ours {
            self.recognise(&mut exchange);
        }
        self.begin_part(&exchange);
        self.summary.exchanges += 1;
        self.summary.unanswered += u64::from(exchange.outcome.is_err());
        let number = self.summary.exchanges;
        let path = exchange
            .request
            .target
            .split('?')
            .next()
            .unwrap_or_default();
        let step = format!("{number} {} {path}", exchange.request.method);
        let findings = self.findings(&exchange, &step, crowded);
        (self.tell)(Seen::Exchange(number, &exchange, &findings));
        for words in notices {
            let words = self.secrets.mask().text(&words);
            self.notice(&format!("exchange {number}: {words}"));
        }
        if !self.stays && !self.summary.leads_past {
            self.summary.leads_past = names(&exchange, &self.names);
        }
        for words in self.outputs.exchange(began, &exchange) {
            (self.tell)(Seen::Notice(&words));
        }
        let verdict = failure(&findings).unwrap_or(Verdict::Pass);
        if let Some(part) = &mut self.part {
            part.verdict = part.verdict.max(verdict);
        }
        let event = Event::StepFinished {
            scenario: self.parts,
            step,
            file: PLACE.to_owned(),
            line: usize::try_from(number).unwrap_or(usize::MAX),
            feature: None,
            source: None,
            certifies: Vec::new(),
            verdict,
            started: exchange.started.clone(),
            elapsed: exchange.elapsed,
            exchanges: vec![exchange],
            findings,
        };
        self.write(&event);
    }

    /// Says who sent it, as far as can be told by now: the likeliest of those who could have.
    fn recognise(&mut self, exchange: &mut Exchange) {
        exchange.sender = Sender::Client("unknown".to_owned());
        self.recogniser.see(exchange);
        let now = self.recogniser.recognised();
        if now.possible != self.summary.client.possible {
            (self.tell)(Seen::Client(&now));
        }
        if let Some(client) = now.likely() {
            exchange.sender = Sender::Client(client.name().to_owned());
        }
        self.summary.client = now;
    }

    fn findings(&mut self, exchange: &Exchange, step: &str, crowded: bool) -> Vec<Finding> {
        let mut judged = self.watch.judge(std::slice::from_ref(exchange), crowded);
        judged.extend(refusal(exchange));
        let client = match &exchange.sender {
            Sender::Client(name) => name,
            Sender::Harness => "scimulate",
        };
        let of = Weighed {
            scenario: PLACE,
            client,
            step,
        };
        let findings = self.weighing.weigh(of, judged);
        for finding in findings.iter().filter(|finding| finding.failed()) {
            let counts = self.summary.findings.entry(finding.authority).or_default();
            match finding.counts() {
                true => counts.0 += 1,
                false => counts.1 += 1,
            }
            *self.summary.rules.entry(finding.id.clone()).or_default() += 1;
        }
        findings
    }

    /// A new scenario of the log where another client speaks.
    fn begin_part(&mut self, exchange: &Exchange) {
        let name = match (&exchange.sender, &self.part) {
            (Sender::Client(name), Some(part)) if *name == part.client => return,
            (Sender::Client(name), _) => name.clone(),
            (Sender::Harness, Some(_)) => return,
            (Sender::Harness, None) => "unknown".to_owned(),
        };
        if self.part.is_some() {
            self.end_part();
            self.parts += 1;
        }
        self.write(&Event::ScenarioStarted {
            scenario: self.parts,
            path: PLACE.to_owned(),
            title: format!("Recorded at {}", self.upstream),
            client: name.clone(),
            feature: None,
            source: None,
            tags: Vec::new(),
            started: exchange.started.clone(),
        });
        self.part = Some(Part {
            client: name,
            clock: Instant::now(),
            verdict: Verdict::Pass,
            judged: self.watch.judged().clone(),
        });
    }

    fn end_part(&mut self) {
        let Some(part) = self.part.take() else {
            return;
        };
        let judged = self.watch.judged().iter().map(|(id, times)| {
            let before = part.judged.get(id).copied().unwrap_or_default();
            ((*id).to_owned(), times - before)
        });
        let checked = judged.filter(|(_, times)| *times > 0).collect();
        self.write(&Event::ScenarioFinished {
            scenario: self.parts,
            verdict: part.verdict,
            elapsed: part.clock.elapsed(),
            checked,
            cleanup: Vec::new(),
            left: Vec::new(),
        });
    }

    fn notice(&mut self, words: &str) {
        let words = self.secrets.mask().text(words);
        (self.tell)(Seen::Notice(&words));
        self.write(&Event::Notice { message: words });
    }

    fn write(&mut self, event: &Event) {
        if let Some(words) = self.outputs.event(event) {
            (self.tell)(Seen::Notice(&words));
        }
    }

    /// Writes the story so far.
    fn retell(&mut self) {
        let (retold, words) = self.outputs.tell();
        if let Some(words) = words {
            (self.tell)(Seen::Notice(&words));
        }
        if retold.is_some() {
            self.summary.retold = retold;
        }
    }
}

/// Whether an answer names the endpoint where a client could follow it.
fn names(exchange: &Exchange, endpoint: &Rewriting) -> bool {
    exchange.response().is_some_and(|response| {
        let location = response.header("location");
        location.is_some_and(|location| endpoint.finds(location.as_bytes()))
            || endpoint.finds(response.body.bytes())
    })
}
