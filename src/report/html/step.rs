//! A step in HTML: one that failed with all that was exchanged, any other in short.

use std::collections::BTreeSet;
use std::time::Duration;

use super::super::clean::{html, one_line};
use super::super::failure::{exchange_of, grouped};
use super::super::summary::seconds;
use super::{exchange, finding};
use crate::event::Event;
use crate::exchange::Exchange;
use crate::finding::{Finding, Verdict};

/// Exchanges of a step that are shown whole.
const MOST_WHOLE: usize = 12;

/// A step that is over.
#[derive(Debug)]
pub(super) struct Step {
    summary: String,
    /// Its findings, and a line for each exchange.
    short: String,
    /// Its findings, each below the exchange that it is about; only if it failed.
    pub(super) whole: Option<String>,
    /// Ids of the rules that its findings name.
    pub(super) rules: BTreeSet<String>,
}

impl Step {
    /// Of a [`Event::StepFinished`]; `source` is that of the scenario.
    pub(super) fn of(event: &Event, source: Option<&str>) -> Option<Self> {
        let Event::StepFinished {
            step,
            file,
            line,
            source: own,
            verdict,
            exchanges,
            findings,
            elapsed,
            ..
        } = event
        else {
            return None;
        };
        let source = own.as_deref().or(source);
        let wrong: Vec<&Finding> = findings.iter().filter(|finding| finding.failed()).collect();
        let place = format!(
            "<small>{}:{line}{}</small>\n",
            html(&one_line(file)),
            source.map_or_else(String::new, |source| format!(
                "; {}",
                html(&one_line(source))
            )),
        );
        let groups = grouped(wrong.iter().copied());
        let told: String = groups
            .iter()
            .map(|group| finding::told(group, source))
            .collect();
        let whole = matches!(verdict, Verdict::Fail | Verdict::Error)
            .then(|| format!("{place}{}", whole(exchanges, &wrong, source)));
        Some(Self {
            summary: summary(step, *verdict, findings, *elapsed),
            short: format!(
                "{place}{}{told}{}",
                skipped(findings),
                exchange::lines(exchanges)
            ),
            whole,
            rules: wrong.iter().map(|finding| one_line(&finding.id)).collect(),
        })
    }

    /// The step as a part of the page, with what makes it addressable.
    pub(super) fn told(&self, id: &str, is_whole: bool) -> String {
        let body = match &self.whole {
            Some(whole) if is_whole => whole,
            _ => &self.short,
        };
        format!(
            "<details><summary>{}</summary><div id=\"{id}\">{body}</div></details>\n",
            self.summary
        )
    }
}

fn summary(step: &str, verdict: Verdict, findings: &[Finding], elapsed: Duration) -> String {
    let (class, word) = word(verdict, findings);
    format!(
        "<b class=\"word {class}\">{word}</b> {} <small>{}</small>",
        html(&one_line(step)),
        seconds(elapsed)
    )
}

/// How it came out, with its class.
pub(super) fn word(verdict: Verdict, findings: &[Finding]) -> (&'static str, &'static str) {
    match verdict {
        Verdict::Pass if findings.iter().any(Finding::is_known) => ("odd", "known"),
        Verdict::Pass if findings.iter().any(Finding::warns) => ("odd", "warn"),
        Verdict::Pass => ("good", "pass"),
        Verdict::Fail => ("bad", "FAIL"),
        Verdict::Error => ("bad", "error"),
        Verdict::Skip => ("dim", "skip"),
    }
}

/// What was not judged, and why.
fn skipped(findings: &[Finding]) -> String {
    let reasons: BTreeSet<String> = findings
        .iter()
        .filter(|finding| finding.verdict == Verdict::Skip)
        .map(|finding| html(&one_line(&finding.message)))
        .collect();
    let told = reasons
        .iter()
        .map(|reason| format!("<p>not tested: {reason}\n"));
    told.collect()
}

/// Exchange by exchange; one that nothing is said about has one line.
fn whole(exchanges: &[Exchange], wrong: &[&Finding], source: Option<&str>) -> String {
    let groups = grouped(wrong.iter().copied());
    let mut text = String::new();
    let mut shown = 0;
    let mut quiet = 0;
    for (position, exchange) in exchanges.iter().enumerate() {
        let about: Vec<_> = groups
            .iter()
            .filter(|group| exchange_of(group[0], exchanges) == Some(position))
            .collect();
        if about.is_empty() || shown == MOST_WHOLE {
            continue;
        }
        text.push_str(&exchange::lines(&exchanges[quiet..position]));
        quiet = position + 1;
        shown += 1;
        text.push_str(&exchange::whole(exchange));
        text.extend(about.iter().map(|group| finding::told(group, source)));
        text.push_str(&exchange::again(exchange));
    }
    text.push_str(&exchange::lines(&exchanges[quiet..]));
    text.extend(
        groups
            .iter()
            .filter(|group| {
                exchange_of(group[0], exchanges).is_none_or(|position| position >= quiet)
            })
            .map(|group| finding::told(group, source)),
    );
    text
}
