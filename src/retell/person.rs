//! A person or group of the story: its name in the file, and the values that it goes by.

use crate::scenario::template::Text;

/// One attribute of somebody.
#[derive(Debug, Clone)]
pub(super) struct Trait {
    /// `userName`, `userName2` …
    pub(super) key: String,
    /// The value in the recording.
    pub(super) value: String,
    /// What it is in the file.
    pub(super) written: Text,
}

/// Somebody whom the recording speaks of.
#[derive(Debug, Clone, Default)]
pub(super) struct Person {
    /// The name in the file: `bea`, `finance`.
    pub(super) alias: String,
    pub(super) traits: Vec<Trait>,
}

impl Person {
    /// The variable of a value that the person has.
    pub(super) fn variable(&self, value: &str) -> Option<String> {
        let known = self.traits.iter().find(|known| known.value == value)?;
        Some(format!("{}.{}", self.alias, known.key))
    }

    /// The first value of that kind.
    pub(super) fn value(&self, key: &str) -> Option<&str> {
        let known = self.traits.iter().find(|known| known.key == key)?;
        Some(&known.value)
    }

    /// A new value; the second of a kind gets a number.
    pub(super) fn add(&mut self, key: &str, value: &str, written: Text) {
        let same = |known: &&Trait| known.key.trim_end_matches(|c: char| c.is_ascii_digit()) == key;
        let key = match self.traits.iter().filter(same).count() {
            0 => key.to_owned(),
            count => format!("{key}{}", count + 1),
        };
        self.traits.push(Trait {
            key,
            value: value.to_owned(),
            written,
        });
    }
}
