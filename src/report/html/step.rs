//! A step in HTML: one that failed with all that was exchanged, any other in short.

use std::collections::BTreeSet;
use std::time::Duration;

use super::super::clean::{html, one_line};
use super::super::failure::{exchange_of, grouped};
use super::super::summary::seconds;
use super::exchange::{self, Room, Shorts};
use super::finding::Findings;
use super::prose::prose;
use crate::event::Event;
use crate::exchange::Exchange;
use crate::finding::{Difference, Finding, Verdict};

/// Exchanges of a step that are shown whole.
const MOST_WHOLE: usize = 12;

/// A step that is over.
#[derive(Debug)]
pub(super) struct Step {
    /// Class and word of how it came out.
    pub(super) word: (&'static str, &'static str),
    /// Column of the grid, if not that of the scenario.
    pub(super) feature: Option<String>,
    summary: String,
    /// Where it stands, what is wrong, what was judged.
    about: String,
    exchanges: Shorts,
    /// Its findings, each below the exchange that it is about; only if it failed.
    pub(super) whole: Option<String>,
    /// What it is filtered by: authorities with strengths.
    words: String,
    /// Ids of the rules that its findings name.
    pub(super) rules: BTreeSet<String>,
}

impl Step {
    /// Of a [`Event::StepFinished`]; `source` is that of the scenario.
    pub(super) fn of(event: &Event, id: &str, source: Option<&str>) -> Option<Self> {
        let Event::StepFinished {
            step,
            file,
            line,
            feature,
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
        let judged = Findings {
            id,
            all: findings,
            source,
        };
        let wrong: Vec<&Finding> = findings.iter().filter(|finding| finding.failed()).collect();
        let place = format!(
            "<p class=\"place\">{}:{line}{}\n",
            html(&one_line(file)),
            source.map_or_else(String::new, |source| format!(
                "; {}",
                html(&one_line(source))
            )),
        );
        let told: String = grouped(wrong.iter().copied())
            .iter()
            .map(|group| judged.told(group))
            .collect();
        let whole = matches!(verdict, Verdict::Fail | Verdict::Error).then(|| {
            format!(
                "{place}{}{}",
                whole(exchanges, &wrong, judged),
                judged.held()
            )
        });
        let word = word(*verdict, findings);
        Some(Self {
            word,
            feature: feature.clone(),
            summary: summary(word, step, *elapsed),
            about: format!("{place}{}{told}{}", skipped(findings), judged.held()),
            exchanges: Shorts::of(exchanges),
            whole,
            words: judged.words(),
            rules: wrong.iter().map(|finding| one_line(&finding.id)).collect(),
        })
    }

    /// Bytes of what its exchanges unfold to, where it is shown in short.
    pub(super) fn bytes(&self) -> usize {
        self.exchanges.bytes()
    }

    /// Keeps of its exchanges a line each.
    pub(super) fn forget_content(&mut self) {
        self.exchanges.forget_content();
    }

    /// The step as a part of the page, with what makes it addressable; `feature` is the number of its own column.
    pub(super) fn told(
        &self,
        id: &str,
        feature: Option<usize>,
        is_whole: bool,
        room: &mut Room,
    ) -> String {
        let body = match &self.whole {
            Some(whole) if is_whole => whole.clone(),
            _ => format!("{}{}", self.about, self.exchanges.told(room)),
        };
        let (class, word) = self.word;
        let open = if is_whole && self.whole.is_some() {
            " open"
        } else {
            ""
        };
        let feature = feature.map_or_else(String::new, |number| format!(" data-f=\"{number}\""));
        format!(
            "<details class=\"step {class}\" data-v=\"{}\" data-j=\"{}\"{feature}{open}><summary>{}</summary><div id=\"{id}\">{body}</div></details>\n",
            word.to_ascii_lowercase(),
            self.words,
            self.summary,
        )
    }
}

fn summary((class, word): (&str, &str), step: &str, elapsed: Duration) -> String {
    format!(
        "<b class=\"word {class}\">{word}</b> <span>{}</span> <small>{}</small>",
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
        .map(|finding| prose(&one_line(&finding.message)))
        .collect();
    let told = reasons
        .iter()
        .map(|reason| format!("<p>not tested: {reason}\n"));
    told.collect()
}

/// Exchange by exchange; one that nothing is said about is folded.
fn whole(exchanges: &[Exchange], wrong: &[&Finding], findings: Findings<'_>) -> String {
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
        text.push_str(&Shorts::of(&exchanges[quiet..position]).whole());
        quiet = position + 1;
        shown += 1;
        let differences: Vec<&Difference> = about
            .iter()
            .flat_map(|group| &group[0].differences)
            .collect();
        text.push_str(&format!(
            "<details class=\"x whole\" open><summary>{}</summary>\n",
            exchange::line(exchange)
        ));
        text.extend(about.iter().map(|group| findings.told(group)));
        let id = format!("{}-x{position}", findings.id);
        text.push_str(&exchange::whole(exchange, &id, &differences));
        text.push_str(&exchange::again(exchange));
        text.push_str("</details>\n");
    }
    text.push_str(&Shorts::of(&exchanges[quiet..]).whole());
    text.extend(
        groups
            .iter()
            .filter(|group| {
                exchange_of(group[0], exchanges).is_none_or(|position| position >= quiet)
            })
            .map(|group| findings.told(group)),
    );
    text
}
