//! Recorded exchanges as a run that was judged: what every report can be made of.

use std::io;
use std::slice::from_ref;
use std::time::Duration;

use crate::capture::{At, base_of};
use crate::checks::Watch;
use crate::event::{Event, FORMAT};
use crate::exchange::{Exchange, Sender};
use crate::finding::weighing::{Weighed, Weighing};
use crate::finding::{Finding, Verdict};
use crate::judge::refusal;
use crate::profile::Recogniser;
use crate::report::Reporter;

/// So many exchanges are held back until the client is known: what a provider needs is judged for its own requests only.
const HELD: usize = 200;

/// Judges exchanges as they are read, and tells reporters.
pub(super) struct Judged<'a> {
    reporter: &'a mut dyn Reporter,
    weighing: Weighing,
    /// The file as the user named it.
    shown: String,
    title: String,
    /// The client, if the user says it.
    client: Option<&'static str>,
    recogniser: Recogniser,
    held: Vec<(u64, Exchange, At)>,
    watch: Watch,
    /// What was told of the run: whom it is of.
    begun: Option<String>,
    worst: Verdict,
    elapsed: Duration,
}

impl<'a> Judged<'a> {
    pub(super) fn new(
        reporter: &'a mut dyn Reporter,
        weighing: Weighing,
        shown: &str,
        title: &str,
        client: Option<&'static str>,
    ) -> Self {
        Self {
            reporter,
            weighing,
            shown: shown.to_owned(),
            title: title.to_owned(),
            client,
            recogniser: Recogniser::new(),
            held: Vec::new(),
            watch: Watch::default(),
            begun: None,
            worst: Verdict::Skip,
            elapsed: Duration::ZERO,
        }
    }

    /// One more exchange; `number`: which of the capture, from 1.
    pub(super) fn take(&mut self, number: u64, exchange: &Exchange, at: At) -> io::Result<()> {
        if self.begun.is_some() {
            return self.judge(number, exchange.clone(), at);
        }
        self.recogniser.see(exchange);
        self.held.push((number, exchange.clone(), at));
        match self.client.is_some() || self.held.len() >= HELD {
            true => self.begin(),
            false => Ok(()),
        }
    }

    fn begin(&mut self) -> io::Result<()> {
        let recognised = self.recogniser.recognised();
        let likely = recognised.likely().map(|client| client.name());
        let client = self.client.or(likely).unwrap_or("unknown").to_owned();
        let held = std::mem::take(&mut self.held);
        let first = held.first().map(|(_, exchange, _)| exchange);
        let started = first.map_or_else(String::new, |exchange| exchange.started.clone());
        let target = held
            .iter()
            .find_map(|(_, exchange, _)| base_of(&exchange.request))
            .or(first.map(|exchange| exchange.request.origin.clone()));
        self.reporter.on(&Event::RunStarted {
            format: FORMAT,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            run: "imported".to_owned(),
            started: started.clone(),
            target: target.unwrap_or_default(),
            target_name: None,
            scenarios: 1,
        })?;
        self.reporter.on(&Event::ScenarioStarted {
            scenario: 0,
            path: self.shown.clone(),
            title: self.title.clone(),
            client: client.clone(),
            feature: None,
            source: None,
            tags: Vec::new(),
            started,
        })?;
        self.begun = Some(client);
        for (number, exchange, at) in held {
            self.judge(number, exchange, at)?;
        }
        Ok(())
    }

    fn judge(&mut self, number: u64, mut exchange: Exchange, at: At) -> io::Result<()> {
        let client = self.begun.clone().unwrap_or_default();
        if matches!(&exchange.sender, Sender::Client(name) if name == "unknown") {
            exchange.sender = Sender::Client(client.clone());
        }
        let path = exchange
            .request
            .target
            .split('?')
            .next()
            .unwrap_or_default();
        let step = format!("{number} {} {path}", exchange.request.method);
        let mut findings = self.watch.judge(from_ref(&exchange), false);
        findings.extend(refusal(&exchange));
        let of = Weighed {
            scenario: &self.shown,
            client: &client,
            step: &step,
        };
        let findings = self.weighing.weigh(of, findings);
        let verdict = match &exchange.outcome {
            _ if findings.iter().any(Finding::counts) => Verdict::Fail,
            Ok(_) => Verdict::Pass,
            // Nobody recorded an answer, so there is nothing to judge.
            Err(_) => Verdict::Skip,
        };
        self.worst = match (self.worst, verdict) {
            (Verdict::Skip, verdict) => verdict,
            (worst, Verdict::Skip) => worst,
            (worst, verdict) => worst.max(verdict),
        };
        self.elapsed += exchange.elapsed;
        let (At::Line(line) | At::Entry(line)) = at;
        self.reporter.on(&Event::StepFinished {
            scenario: 0,
            step,
            file: self.shown.clone(),
            line: usize::try_from(line).unwrap_or(usize::MAX),
            feature: None,
            source: None,
            certifies: Vec::new(),
            verdict,
            started: exchange.started.clone(),
            elapsed: exchange.elapsed,
            exchanges: vec![exchange],
            findings,
        })
    }

    /// Nothing more follows.
    pub(super) fn finish(mut self) -> io::Result<()> {
        if self.begun.is_none() {
            self.begin()?;
        }
        let judged = self.watch.judged().iter();
        let checked = judged.map(|(id, times)| ((*id).to_owned(), *times));
        self.reporter.on(&Event::ScenarioFinished {
            scenario: 0,
            verdict: self.worst,
            elapsed: self.elapsed,
            checked: checked.collect(),
            cleanup: Vec::new(),
            left: Vec::new(),
        })?;
        self.reporter.on(&Event::RunFinished {
            elapsed: self.elapsed,
            interrupted: false,
        })
    }
}
