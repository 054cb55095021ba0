//! A lifeline as SVG: arrows from the top down, what went wrong with its words.

use std::fmt::Write;

use super::super::clean::html;
use super::super::summary::counted;
use super::lifeline::{Arrow, Drawn};

/// Where the lifelines are: the client's, the target's with and without a third, and our own.
const CLIENT: usize = 70;
const TARGET: usize = 450;
const TARGET_OF_TWO: usize = 730;
const OURS: usize = 730;
/// Width of the picture.
const WIDTH: usize = 800;
/// Room for a letter.
const LETTER: usize = 7;

/// What is drawn so far, from the top down.
pub(super) struct Picture {
    text: String,
    height: usize,
    has_client: bool,
    has_ours: bool,
    target: usize,
}

impl Picture {
    pub(super) fn new(has_client: bool, has_ours: bool) -> Self {
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

    pub(super) fn gap(&mut self, (steps, exchanges): (usize, usize)) {
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

    pub(super) fn step(&mut self, step: &Drawn) {
        let ((class, word), id) = (step.word, &step.id);
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
    pub(super) fn drawn(&self, client: &str, title: &str, about: &str) -> String {
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
