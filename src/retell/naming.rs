//! Naming: what values are called in the file, and how they differ from run to run.

use super::known::{Pieces, variable};
use super::people::Cast;
use crate::scenario::template::{Piece, Text};

/// Characters of the run's id (scenarios/README.md).
const RUN: usize = 8;

/// Whether a value gets the run's id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unique {
    No,
    /// Behind a dot: `bea.${run}@example.test`.
    Name,
    /// Behind a blank: `Finance ${run}`.
    Title,
}

impl Cast {
    /// A value that may tell who somebody is and has no variable of its own.
    pub(super) fn disguised(&mut self, value: &str) -> Text {
        let stay = self.people_stay;
        let mut disguise = std::mem::take(&mut self.disguise);
        let text = self.with_run(value, Unique::No, &mut |part| match stay {
            true => part.to_owned(),
            false => disguise.of(part),
        });
        self.disguise = disguise;
        text
    }

    /// The text with `${run}` where the id of the recorded run stands.
    pub(super) fn runned(&self, text: Text) -> Text {
        if self.run.is_none() {
            return text;
        }
        let mut pieces = Pieces::default();
        for piece in text.pieces {
            match piece {
                Piece::Literal(literal) => {
                    let inner = self.with_run(&literal, Unique::No, &mut |part| part.to_owned());
                    pieces.text(inner, &literal);
                }
                variable => pieces.text(
                    Text {
                        pieces: vec![variable],
                    },
                    "",
                ),
            }
        }
        pieces.finish()
    }

    /// Somebody else's sentence for a comment, without what tells who somebody is.
    pub(super) fn covered(&self, sentence: &str) -> String {
        match self.people_stay {
            true => sentence.to_owned(),
            false => self.disguise.cover(sentence),
        }
    }

    /// A certificate tells whose it is; another text in Base64 (RFC 7643 4.1.2) tells nothing.
    pub(super) fn certificate(&self, value: &str) -> Text {
        match self.people_stay {
            true => Text::literal(value),
            false => Text::literal("UmV0b2xk"),
        }
    }

    /// The value in the file: somebody else's, and with the run's id where no two accounts may share it.
    pub(super) fn written(&mut self, value: &str, unique: bool, number: usize) -> Text {
        if self.people_stay {
            return self.with_run(value, Unique::No, &mut |part| part.to_owned());
        }
        let has_run = self.run.as_ref().is_some_and(|run| value.contains(run));
        if unique && !has_run && is_guid(value) {
            let mut pieces = Pieces::default();
            pieces.literal(&format!("{:08}-0000-4000-8000-0000", number + 1));
            pieces.text(variable("run"), "");
            return pieces.finish();
        }
        if unique && !has_run && is_opaque(value) {
            let head: String = value.chars().take(3).collect();
            let width = value.chars().count() - 3 - RUN;
            let mut pieces = Pieces::default();
            pieces.literal(&format!("{head}{:0>width$}", number + 1));
            pieces.text(variable("run"), "");
            return pieces.finish();
        }
        let mut disguise = std::mem::take(&mut self.disguise);
        let unique = if unique { Unique::Name } else { Unique::No };
        let text = self.with_run(value, unique, &mut |part| disguise.of(part));
        self.disguise = disguise;
        text
    }

    /// The value with `${run}` where the recorded run's id stands; else, if it must be `unique`, behind its last letter.
    pub(super) fn with_run(
        &self,
        value: &str,
        unique: Unique,
        part: &mut dyn FnMut(&str) -> String,
    ) -> Text {
        let mut pieces = Pieces::default();
        let run = self.run.as_deref().filter(|run| !run.is_empty());
        if let Some(run) = run.filter(|run| value.contains(run)) {
            for (index, piece) in value.split(run).enumerate() {
                if index > 0 {
                    pieces.text(variable("run"), run);
                }
                pieces.literal(&part(piece));
            }
            return pieces.finish();
        }
        let new = part(value);
        if unique == Unique::No {
            pieces.literal(&new);
            return pieces.finish();
        }
        let (begin, separator) = match new.rfind('@') {
            Some(at) => (at, "."),
            None if new.contains(' ') || unique == Unique::Title => (new.len(), " "),
            None => (new.len(), "."),
        };
        // In front of blanks and signs at the end: they may be what the story is about.
        let end = new[..begin]
            .rfind(char::is_alphanumeric)
            .map_or(begin, |last| {
                last + new[last..].chars().next().map_or(0, char::len_utf8)
            });
        pieces.literal(&new[..end]);
        pieces.literal(separator);
        pieces.text(variable("run"), "");
        pieces.literal(&new[end..]);
        pieces.finish()
    }

    pub(super) fn alias(&mut self, shown: &str, otherwise: &str, most: usize) -> String {
        let run = self.run.clone().unwrap_or_default();
        let words: Vec<String> = shown
            .split('@')
            .next()
            .unwrap_or_default()
            .split(|letter: char| !letter.is_ascii_alphanumeric())
            .filter(|word| !word.is_empty() && *word != run)
            .filter(|word| word.starts_with(|first: char| first.is_ascii_alphabetic()))
            .take(most)
            .map(str::to_lowercase)
            .collect();
        let base: String = match words.join("-") {
            word if word.is_empty() || word.len() > 40 => otherwise.to_owned(),
            word => word,
        };
        let mut alias = base.clone();
        let mut number = 1;
        while !self.aliases.insert(alias.clone()) {
            number += 1;
            alias = format!("{base}{number}");
        }
        alias
    }
}

/// 8, 4, 4, 4 and 12 hexadecimal digits.
pub(super) fn is_guid(text: &str) -> bool {
    let lengths: Vec<usize> = text.split('-').map(str::len).collect();
    lengths == [8, 4, 4, 4, 12]
        && text
            .chars()
            .all(|letter| letter == '-' || letter.is_ascii_hexdigit())
}

/// A key of some directory, such as `00u1ada9c2F0kPq4x697`: letters and digits in one piece, both of them.
fn is_opaque(text: &str) -> bool {
    text.len() > RUN + 4
        && text.chars().all(|letter| letter.is_ascii_alphanumeric())
        && text.chars().any(|letter| letter.is_ascii_digit())
        && text.chars().any(|letter| letter.is_ascii_alphabetic())
}
