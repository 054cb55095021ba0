//! What is known of values: those that the target gave, which become captures, and those that have a variable.

use std::collections::{HashMap, HashSet};

use crate::scenario::template::{Piece, Text};

/// Shortest value that is looked for inside of texts. Shorter ones are only looked for where ids belong.
const LONG: usize = 8;

/// Values and the variables that stand for them.
#[derive(Debug, Clone, Default)]
pub(super) struct Known {
    values: HashMap<String, Text>,
    /// Captures by name: how many values had it.
    names: HashMap<String, usize>,
    /// Variables that were written somewhere.
    used: HashSet<String>,
}

impl Known {
    /// A variable for a value. What was known first stays.
    pub(super) fn insert(&mut self, value: &str, text: Text) {
        if !value.is_empty() {
            self.values.entry(value.to_owned()).or_insert(text);
        }
    }

    /// A name for a value that an answer gives, if it has none yet.
    pub(super) fn capture(&mut self, value: &str, name: &str) -> Option<String> {
        if value.trim().is_empty() || value == "." || value == ".." || self.has(value) {
            return None;
        }
        let count = self.names.entry(name.to_owned()).or_default();
        *count += 1;
        let name = match *count {
            1 => name.to_owned(),
            number => format!("{name}{number}"),
        };
        self.values.insert(value.to_owned(), variable(&name));
        Some(name)
    }

    pub(super) fn has(&self, value: &str) -> bool {
        self.values.contains_key(value)
    }

    /// Whether something that was written uses this variable.
    pub(super) fn is_used(&self, name: &str) -> bool {
        self.used.contains(name)
    }

    /// Notes which variables a written text has.
    pub(super) fn note(&mut self, text: &Text) {
        for name in text.variables() {
            self.used.insert(name.to_owned());
        }
    }

    pub(super) fn note_name(&mut self, name: &str) {
        self.used.insert(name.to_owned());
    }

    /// Forgets what was learned from answers, but not what was used: the story is told a second time.
    pub(super) fn again(&self, fresh: &Known) -> Known {
        Known {
            used: self.used.clone(),
            ..fresh.clone()
        }
    }

    /// The value as a whole, where ids may stand (`reference`) or anywhere.
    pub(super) fn whole(&self, value: &str, reference: bool) -> Option<Text> {
        let is_short = value.len() < LONG && !value.contains('@');
        let text = self.values.get(value)?;
        (reference || !is_short).then(|| text.clone())
    }

    /// The text with variables for the values in it: the whole, what stands between quotes, and words.
    pub(super) fn text(&self, value: &str, reference: bool) -> Text {
        if let Some(text) = self.whole(value, reference) {
            return text;
        }
        let mut pieces = Pieces::default();
        let quoted = value.matches('"').count().is_multiple_of(2);
        for (index, part) in value.split('"').enumerate() {
            if index > 0 {
                pieces.literal("\"");
            }
            match self.whole(part, true).filter(|_| quoted && index % 2 == 1) {
                Some(text) => pieces.text(text, part),
                None => self.words(part, &mut pieces),
            }
        }
        pieces.finish()
    }

    fn words(&self, text: &str, pieces: &mut Pieces) {
        let mut rest = text;
        while !rest.is_empty() {
            let begin = rest.find(is_part).unwrap_or(rest.len());
            pieces.literal(&rest[..begin]);
            rest = &rest[begin..];
            let end = rest
                .find(|letter: char| !is_part(letter))
                .unwrap_or(rest.len());
            let word = &rest[..end];
            let trimmed = word.trim_end_matches('.');
            match self.whole(trimmed, false) {
                Some(text) => {
                    pieces.text(text, trimmed);
                    pieces.literal(&word[trimmed.len()..]);
                }
                None => pieces.literal(word),
            }
            rest = &rest[end..];
        }
    }
}

/// What ids and addresses are made of.
fn is_part(letter: char) -> bool {
    letter.is_alphanumeric() || "-_.@+~'#".contains(letter)
}

/// `${name}`.
pub(super) fn variable(name: &str) -> Text {
    Text {
        pieces: vec![Piece::Variable {
            name: name.to_owned(),
            default: None,
        }],
    }
}

/// A text under construction.
#[derive(Debug, Default)]
pub(super) struct Pieces(Vec<Piece>);

impl Pieces {
    pub(super) fn literal(&mut self, text: &str) {
        if text.is_empty() {
            return;
        }
        match self.0.last_mut() {
            Some(Piece::Literal(last)) => last.push_str(text),
            _ => self.0.push(Piece::Literal(text.to_owned())),
        }
    }

    /// The pieces of another text, or the value it stands for where a `$` in front would make them something else.
    pub(super) fn text(&mut self, text: Text, value: &str) {
        let dollar = matches!(self.0.last(), Some(Piece::Literal(last)) if last.ends_with('$'));
        if dollar {
            return self.literal(value);
        }
        for piece in text.pieces {
            match piece {
                Piece::Literal(literal) => self.literal(&literal),
                variable => self.0.push(variable),
            }
        }
    }

    pub(super) fn finish(self) -> Text {
        Text { pieces: self.0 }
    }
}

#[cfg(test)]
mod tests {
    use super::{Known, variable};

    #[test]
    fn values_are_found_where_they_mean_something() {
        let mut known = Known::default();
        known.capture("7", "ada.id");
        known.capture("2f0c9d7e-1111", "bob.id");
        let text = |value, reference| known.text(value, reference).to_string();
        assert_eq!(text("7", true), "${ada.id}");
        assert_eq!(text("7", false), "7");
        assert_eq!(text("room 7", false), "room 7");
        assert_eq!(
            text("members[value eq \"7\"]", false),
            "members[value eq \"${ada.id}\"]"
        );
        assert_eq!(text("/Users/2f0c9d7e-1111.", false), "/Users/${bob.id}.");
        assert_eq!(text("$2f0c9d7e-1111 ${x}", false), "$2f0c9d7e-1111 $${x}");
    }

    #[test]
    fn another_value_of_the_same_kind_has_another_name() {
        let mut known = Known::default();
        assert_eq!(
            known.capture("W/\"1\"", "ada.version").as_deref(),
            Some("ada.version")
        );
        assert_eq!(
            known.capture("W/\"2\"", "ada.version").as_deref(),
            Some("ada.version2")
        );
        assert_eq!(known.capture("W/\"1\"", "ada.version"), None);
        known.note(&variable("ada.version2"));
        assert!(known.is_used("ada.version2") && !known.is_used("ada.version"));
    }
}
