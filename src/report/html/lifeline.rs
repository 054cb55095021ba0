//! The picture of a scenario: who spoke to whom in which order, and where it went wrong.

use std::fmt::Write;

use percent_encoding::percent_decode_str;

use super::super::clean::{html, one_line, shortened};
use super::super::failure::exchange_of;
use super::super::summary::{counted, seconds};
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

/// Where the lifelines are: the client's, the target's with and without a third, and our own.
const CLIENT: usize = 70;
const TARGET: usize = 450;
const TARGET_OF_TWO: usize = 730;
const OURS: usize = 730;
/// Width of the picture.
const WIDTH: usize = 800;
/// Room for a letter.
const LETTER: usize = 7;

/// What happened in a scenario, step by step.
#[derive(Debug, Default)]
pub(super) struct Lifeline {
    steps: Vec<Drawn>,
    client_spoke: bool,
    we_spoke: bool,
    exchanges: usize,
}

/// A step.
#[derive(Debug)]
struct Drawn {
    name: String,
    /// Class and word of how it came out.
    word: (&'static str, &'static str),
    arrows: Vec<Arrow>,
    /// Exchanges that have no arrow: those of the client, and ours.
    quiet: (usize, usize),
    /// What is wrong with no exchange in particular.
    wrong: Option<(&'static str, String)>,
}

/// A request and its answer.
#[derive(Debug)]
struct Arrow {
    is_ours: bool,
    asked: String,
    came: String,
    /// No answer came.
    is_broken: bool,
    /// Its place on the page, with class and words of what is wrong.
    wrong: Option<(String, &'static str, String)>,
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
    /// Takes a [`Event::StepFinished`], of which the place on the page is given.
    pub(super) fn take(&mut self, event: &Event, id: &str) {
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
                    asked: asked(exchange),
                    came: came(exchange),
                    is_broken: exchange.outcome.is_err(),
                    wrong: finding.map(|finding| {
                        let (class, words) = said(finding);
                        (format!("{id}-x{position}"), class, words)
                    }),
                }),
            }
        }
        self.steps.push(drawn);
    }

    /// The picture; empty where nothing was exchanged. `told` is what the scenario is, in words, safe to show.
    pub(super) fn told(&self, client: &str, told: &str, number: usize) -> String {
        if self.exchanges == 0 {
            return String::new();
        }
        let mut picture = Picture::new(self.client_spoke || !self.we_spoke, self.we_spoke);
        let mut gap = (0, 0);
        let shown = self.shown();
        for (index, step) in self.steps.iter().enumerate() {
            if !shown[index] {
                gap = (gap.0 + 1, gap.1 + step.exchanges());
                continue;
            }
            picture.gap(std::mem::take(&mut gap));
            picture.step(step, &format!("s{number}-{index}"));
        }
        picture.gap(gap);
        let mut about = format!(
            "{} in {}.",
            counted(self.exchanges, "exchange"),
            counted(self.steps.len(), "step")
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
                    true => is_beside && left > 0,
                    false => index < MOST_QUIET,
                };
                left -= usize::from(is_shown && any);
                is_shown
            })
            .collect()
    }
}

/// Method and target, decoded so that filters can be read.
fn asked(exchange: &Exchange) -> String {
    let request = &exchange.request;
    let target = shortened(&request.target, 400).replace('+', " ");
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

/// What is drawn so far, from the top down.
struct Picture {
    text: String,
    height: usize,
    has_client: bool,
    has_ours: bool,
    target: usize,
}

impl Picture {
    fn new(has_client: bool, has_ours: bool) -> Self {
        let three = has_client && has_ours;
        let target = match (three, has_client) {
            (true, _) => TARGET,
            (false, true) => TARGET_OF_TWO,
            // Alone with ourselves, the target is on the left.
            (false, false) => CLIENT,
        };
        Self {
            text: String::new(),
            height: 34,
            has_client,
            has_ours,
            target,
        }
    }

    fn put(&mut self, part: std::fmt::Arguments<'_>) {
        self.text
            .write_fmt(part)
            .expect("writing to a String cannot fail");
    }

    fn gap(&mut self, (steps, exchanges): (usize, usize)) {
        if steps == 0 {
            return;
        }
        self.height += 20;
        let words = format!(
            "… {} with {}, nothing wrong",
            counted(steps, "step"),
            counted(exchanges, "exchange")
        );
        let y = self.height;
        self.put(format_args!(
            "<text class=\"said dim\" x=\"8\" y=\"{y}\">{words}</text>"
        ));
        self.height += 8;
    }

    fn step(&mut self, step: &Drawn, id: &str) {
        let (class, word) = step.word;
        let y = self.height + 4;
        self.put(format_args!(
            "<rect class=\"band\" y=\"{y}\" width=\"{WIDTH}\" height=\"20\"/><text class=\"name\" x=\"8\" y=\"{}\" data-to=\"{id}\">{}</text>\
             <text class=\"{class} end\" x=\"{}\" y=\"{}\">{word}</text>",
            y + 14,
            step.name,
            WIDTH - 8,
            y + 14,
        ));
        self.height = y + 24;
        for arrow in &step.arrows {
            self.arrow(arrow);
        }
        let (client, ours) = step.quiet;
        if client > 0 {
            self.quiet(CLIENT, &format!("{} more", counted(client, "request")));
        }
        if ours > 0 {
            let words = format!("read back, {}", counted(ours, "request"));
            self.quiet(OURS, &words);
        }
        if let Some((class, words)) = &step.wrong {
            self.words(class, words, id);
        }
    }

    /// One line for what is not drawn one by one.
    fn quiet(&mut self, from: usize, words: &str) {
        let y = self.height + 16;
        let to = self.target;
        let middle = (from + to) / 2;
        self.put(format_args!(
            "<path class=\"quiet\" d=\"M{from} {y}H{to}\"/><text class=\"said dim mid\" x=\"{middle}\" y=\"{}\">{words}</text>",
            y - 4,
        ));
        self.height += 22;
    }

    fn arrow(&mut self, arrow: &Arrow) {
        let from = if arrow.is_ours { OURS } else { CLIENT };
        let to = self.target;
        let room = from.abs_diff(to) / LETTER - 2;
        let middle = (from + to) / 2;
        let class = arrow.wrong.as_ref().map_or("", |(_, class, _)| class);
        let lines: Vec<String> = arrow
            .wrong
            .iter()
            .flat_map(|(_, _, words)| wrapped(words))
            .collect();
        let top = self.height;
        if let Some((place, class, _)) = &arrow.wrong {
            let height = 46 + 16 * lines.len();
            self.put(format_args!(
                "<g data-to=\"{place}\"><rect class=\"wrong {class}\" y=\"{top}\" width=\"{WIDTH}\" height=\"{height}\"/>"
            ));
        }
        let (asked, came) = (fitting(&arrow.asked, room), fitting(&arrow.came, room));
        let (y, back) = (top + 18, top + 38);
        // Heads point where it goes.
        let head = if to > from { "-7-4v8z" } else { "7-4v8z" };
        let tail = if to > from { "7-4v8z" } else { "-7-4v8z" };
        self.put(format_args!(
            "<path class=\"arrow\" d=\"M{from} {y}H{to}\"/><path class=\"head\" d=\"M{to} {y}l{head}\"/>\
             <text class=\"mid\" x=\"{middle}\" y=\"{}\">{asked}</text>",
            y - 5,
        ));
        let mark = if arrow.wrong.is_some() { "✗ " } else { "" };
        match arrow.is_broken {
            true => self.put(format_args!(
                "<path class=\"back {class}\" d=\"M{middle} {back}H{from}\"/><text class=\"mid {class}\" x=\"{middle}\" y=\"{}\">✗ {came}</text>",
                back - 5
            )),
            false => self.put(format_args!(
                "<path class=\"back {class}\" d=\"M{to} {back}H{from}\"/><path class=\"head {class}\" d=\"M{from} {back}l{tail}\"/>\
                 <text class=\"mid {class}\" x=\"{middle}\" y=\"{}\">{mark}{came}</text>",
                back - 5
            )),
        }
        self.height = top + 44;
        for line in &lines {
            self.height += 16;
            let y = self.height - 2;
            self.put(format_args!(
                "<text class=\"said {class}\" x=\"16\" y=\"{y}\">{line}</text>"
            ));
        }
        if arrow.wrong.is_some() {
            self.put(format_args!("</g>"));
            self.height += 6;
        }
    }

    fn words(&mut self, class: &str, words: &str, place: &str) {
        let lines = wrapped(words);
        let (top, height) = (self.height, 6 + 16 * lines.len());
        self.put(format_args!(
            "<g data-to=\"{place}\"><rect class=\"wrong {class}\" y=\"{top}\" width=\"{WIDTH}\" height=\"{height}\"/>"
        ));
        for line in lines {
            self.height += 16;
            let y = self.height - 2;
            self.put(format_args!(
                "<text class=\"said {class}\" x=\"16\" y=\"{y}\">{line}</text>"
            ));
        }
        self.put(format_args!("</g>"));
        self.height += 8;
    }

    /// The whole of it, with the lifelines behind.
    fn drawn(&self, client: &str, title: &str, about: &str) -> String {
        let height = self.height + 10;
        let mut lanes = String::new();
        let mut lane = |x: usize, name: &str| {
            let _ = write!(
                lanes,
                "<path class=\"lane\" d=\"M{x} 28V{height}\"/><text class=\"who mid\" x=\"{x}\" y=\"18\">{name}</text>"
            );
        };
        if self.has_client {
            lane(CLIENT, &fitting(client, 20));
        }
        lane(self.target, "target");
        if self.has_ours {
            lane(OURS, "scimulate");
        }
        format!(
            "<svg role=\"img\" viewBox=\"0 0 {WIDTH} {height}\"><title>{title}</title><desc>{about}</desc>{lanes}{}</svg>",
            self.text
        )
    }
}

/// A text that has room on a line, safe to show.
fn fitting(text: &str, letters: usize) -> String {
    if text.chars().count() <= letters {
        return html(text);
    }
    let start: String = text.chars().take(letters.saturating_sub(1)).collect();
    html(&format!("{start}…"))
}

/// Safe text in lines of the picture's width; a character reference is never split, because lines end at spaces.
fn wrapped(text: &str) -> Vec<String> {
    const LETTERS: usize = 108;
    let mut lines: Vec<String> = Vec::new();
    for word in text.split(' ') {
        match lines.last_mut() {
            Some(line) if line.chars().count() + word.chars().count() < LETTERS => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}
