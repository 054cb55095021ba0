//! The picture of a scenario: who spoke to whom in which order, and where it went wrong.

use std::fmt::Write;

use percent_encoding::percent_decode_str;

use super::super::clean::{html, one_line, shortened};
use super::super::failure::exchange_of;
use super::super::summary::{counted, seconds};
use super::picture::Picture;
use super::step::word;
use crate::event::Event;
use crate::exchange::{Exchange, Sender};
use crate::finding::Finding;

/// Steps of a scenario in which nothing is wrong that are drawn.
const MOST_QUIET: usize = 12;
/// Arrows of a step that are drawn; those that went wrong always are.
const MOST_ARROWS: usize = 6;
/// Steps that are drawn at most.
const MOST_STEPS: usize = 60;
/// Of this many steps the arrows are remembered, so that those beside a wrong one can be drawn.
const MOST_KEPT: usize = 400;

/// What happened in a scenario, step by step.
#[derive(Debug, Default)]
pub(super) struct Lifeline {
    steps: Vec<Drawn>,
    client_spoke: bool,
    we_spoke: bool,
    exchanges: usize,
    /// The last step is not to be drawn, and more of its kind may join it.
    is_far: bool,
}

/// A step, or many in a row that are not drawn.
#[derive(Debug)]
pub(super) struct Drawn {
    /// Its place on the page.
    pub(super) id: String,
    /// How many steps it stands for.
    steps: usize,
    pub(super) name: String,
    /// Class and word of how it came out.
    pub(super) word: (&'static str, &'static str),
    pub(super) arrows: Vec<Arrow>,
    /// Exchanges that have no arrow: those of the client, and ours.
    pub(super) quiet: (usize, usize),
    /// What is wrong with no exchange in particular: class and words.
    pub(super) wrong: Option<(&'static str, String)>,
}

/// A request and its answer.
#[derive(Debug)]
pub(super) struct Arrow {
    pub(super) is_ours: bool,
    pub(super) asked: String,
    pub(super) came: String,
    /// No answer came.
    pub(super) is_broken: bool,
    /// Its place on the page, with class and words of what is wrong.
    pub(super) wrong: Option<(String, &'static str, String)>,
}

impl Drawn {
    fn is_wrong(&self) -> bool {
        matches!(self.word.0, "bad" | "odd")
    }

    fn exchanges(&self) -> usize {
        self.arrows.len() + self.quiet.0 + self.quiet.1
    }
}

impl Lifeline {
    /// Takes a [`Event::StepFinished`], of which the place on the page is given; `base` is the path of the target's base URL, which
    /// goes without saying.
    pub(super) fn take(&mut self, event: &Event, id: &str, base: &str) {
        let Event::StepFinished {
            step,
            verdict,
            exchanges,
            findings,
            ..
        } = event
        else {
            return;
        };
        let wrong: Vec<&Finding> = findings.iter().filter(|finding| finding.failed()).collect();
        let mut drawn = Drawn {
            id: id.to_owned(),
            steps: 1,
            name: html(&one_line(&shortened(step, 100))),
            word: word(*verdict, findings),
            arrows: Vec::new(),
            quiet: (0, 0),
            wrong: wrong
                .iter()
                .find(|finding| exchange_of(finding, exchanges).is_none())
                .map(|finding| said(finding)),
        };
        self.exchanges += exchanges.len();
        let is_far = self.steps.len() >= MOST_KEPT && !drawn.is_wrong();
        for (position, exchange) in exchanges.iter().enumerate() {
            let is_ours = exchange.sender == Sender::Harness;
            self.client_spoke |= !is_ours;
            self.we_spoke |= is_ours;
            let finding = wrong
                .iter()
                .find(|finding| exchange_of(finding, exchanges) == Some(position));
            match finding {
                None if is_far || is_ours || drawn.arrows.len() >= MOST_ARROWS => {
                    let quiet = &mut drawn.quiet;
                    *(if is_ours { &mut quiet.1 } else { &mut quiet.0 }) += 1;
                }
                _ => drawn.arrows.push(Arrow {
                    is_ours,
                    asked: asked(exchange, base),
                    came: came(exchange),
                    is_broken: exchange.outcome.is_err(),
                    wrong: finding.map(|finding| {
                        let (class, words) = said(finding);
                        (format!("{id}-x{position}"), class, words)
                    }),
                }),
            }
        }
        match self.steps.last_mut() {
            Some(last) if is_far && self.is_far => {
                last.steps += 1;
                last.quiet.0 += drawn.quiet.0;
                last.quiet.1 += drawn.quiet.1;
            }
            _ => self.steps.push(drawn),
        }
        self.is_far = is_far;
    }

    /// The picture; empty where nothing was exchanged. `told` is what the scenario is, in words, safe to show.
    pub(super) fn told(&self, client: &str, told: &str) -> String {
        if self.exchanges == 0 {
            return String::new();
        }
        let mut picture = Picture::new(self.client_spoke || !self.we_spoke, self.we_spoke);
        let mut gap = (0, 0);
        let shown = self.shown();
        for (index, step) in self.steps.iter().enumerate() {
            if !shown[index] {
                gap = (gap.0 + step.steps, gap.1 + step.exchanges());
                continue;
            }
            picture.gap(std::mem::take(&mut gap));
            picture.step(step);
        }
        picture.gap(gap);
        let mut about = format!(
            "{} in {}.",
            counted(self.exchanges, "exchange"),
            counted(self.steps.iter().map(|step| step.steps).sum(), "step")
        );
        for step in self.steps.iter().filter(|step| step.is_wrong()).take(5) {
            let arrows = step.arrows.iter().filter_map(|arrow| arrow.wrong.as_ref());
            let words = arrows
                .map(|(_, _, words)| words)
                .chain(step.wrong.as_ref().map(|(_, words)| words));
            let words: Vec<&str> = words.take(1).map(String::as_str).collect();
            let _ = write!(about, " {}: {} {}.", step.word.1, step.name, words.concat());
        }
        format!(
            "<figure>{}</figure>\n",
            picture.drawn(client, &format!("Who spoke to whom: {told}"), &about)
        )
    }

    /// The steps that are drawn: what went wrong and what is beside it, or of what went well the beginning.
    fn shown(&self) -> Vec<bool> {
        let wrong: Vec<bool> = self.steps.iter().map(Drawn::is_wrong).collect();
        let any = wrong.contains(&true);
        let at = |index: Option<usize>| {
            index
                .and_then(|index| wrong.get(index))
                .copied()
                .unwrap_or(false)
        };
        let mut left = MOST_STEPS;
        (0..wrong.len())
            .map(|index| {
                let is_beside = at(Some(index)) || at(Some(index + 1)) || at(index.checked_sub(1));
                let is_shown = match any {
                    true => is_beside && left > 0 && self.steps[index].steps == 1,
                    false => index < MOST_QUIET,
                };
                left -= usize::from(is_shown && any);
                is_shown
            })
            .collect()
    }
}

/// Method and target, decoded so that filters can be read.
fn asked(exchange: &Exchange, base: &str) -> String {
    let request = &exchange.request;
    let target = request.target.strip_prefix(base);
    let target = target.filter(|rest| rest.starts_with('/'));
    let target = shortened(target.unwrap_or(&request.target), 400).replace('+', " ");
    let target = percent_decode_str(&target).decode_utf8_lossy();
    one_line(&format!("{} {target}", request.method))
}

fn came(exchange: &Exchange) -> String {
    let time = seconds(exchange.elapsed);
    match &exchange.outcome {
        Ok(response) => format!("{}, {time}", response.status),
        Err(failure) => one_line(&format!("{failure}, {time}")),
    }
}

fn said(finding: &Finding) -> (&'static str, String) {
    let class = if finding.counts() { "bad" } else { "odd" };
    (class, html(&one_line(&shortened(&finding.message, 190))))
}
