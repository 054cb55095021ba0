//! Reading the keys of a mapping, and the small values behind them.

use std::time::Duration;

use crate::scenario::Place;
use crate::scenario::error::{Problem, ScenarioError};
use crate::scenario::nearest::nearest;
use crate::scenario::scalar::ambiguous;
use crate::scenario::yaml::{Entry, Kind, Node, Style};

/// A mapping whose keys are known.
pub(crate) struct Fields<'n> {
    /// What it is, for messages: `a request`.
    what: &'static str,
    place: Place,
    entries: &'n [Entry],
}

impl<'n> Fields<'n> {
    /// The mapping's entries; keys that are not in `known` are mistakes.
    pub(crate) fn read(
        node: &'n Node,
        what: &'static str,
        known: &[&str],
        errors: &mut Vec<ScenarioError>,
    ) -> Option<Self> {
        let Kind::Map(entries) = &node.kind else {
            errors.push(wrong_type(what, "a mapping", node));
            return None;
        };
        for entry in entries {
            if !known.contains(&entry.key.as_str()) {
                let problem = Problem::UnknownKey {
                    key: entry.key.clone(),
                    place: what,
                    near: nearest(&entry.key, known.iter().copied()),
                    known: known.join(", "),
                };
                errors.push(problem.at(entry.place.clone()));
            }
        }
        Some(Self {
            what,
            place: node.place.clone(),
            entries,
        })
    }

    /// Where the mapping begins.
    pub(crate) fn place(&self) -> &Place {
        &self.place
    }

    /// The value of a key.
    pub(crate) fn get(&self, key: &str) -> Option<&'n Node> {
        self.entry(key).map(|entry| &entry.value)
    }

    /// A key with its place and value.
    pub(crate) fn entry(&self, key: &str) -> Option<&'n Entry> {
        self.entries.iter().find(|entry| entry.key == key)
    }

    /// Whether the key is there.
    pub(crate) fn has(&self, key: &str) -> bool {
        self.entry(key).is_some()
    }

    /// The value of a key that must be there.
    pub(crate) fn required(&self, key: &str, errors: &mut Vec<ScenarioError>) -> Option<&'n Node> {
        let found = self.get(key);
        if found.is_none() {
            let problem = Problem::MissingKey {
                key: key.to_owned(),
                place: self.what,
            };
            errors.push(problem.at(self.place.clone()));
        }
        found
    }

    /// Reports a key that excludes another one.
    pub(crate) fn exclusive(&self, first: &str, second: &str, errors: &mut Vec<ScenarioError>) {
        if let (Some(_), Some(entry)) = (self.entry(first), self.entry(second)) {
            let problem = Problem::Exclusive {
                first: first.to_owned(),
                second: second.to_owned(),
                place: self.what,
            };
            errors.push(problem.at(entry.place.clone()));
        }
    }
}

/// A value of another type than its key wants.
pub(crate) fn wrong_type(key: &str, expected: &'static str, node: &Node) -> ScenarioError {
    let mut plain = None;
    let mut found = node.describe().to_owned();
    match &node.kind {
        Kind::Text(scalar) => {
            let short: String = scalar.text.chars().take(40).collect();
            found = format!("the text `{}`", short.trim_end());
            let is_plain = matches!(scalar.style, Style::Plain { .. });
            let wants_text = expected.contains("text") || expected.contains("mapping");
            if !wants_text && is_plain {
                plain = ambiguous(&scalar.text);
            }
        }
        Kind::Number { text, .. } => {
            found = format!("the number `{text}`");
            if expected.contains("text") {
                plain = Some(format!("\"{text}\""));
            }
        }
        Kind::Bool(flag) => {
            found = format!("the boolean `{flag}`");
            if expected.contains("text") {
                plain = Some(format!("\"{flag}\""));
            }
        }
        Kind::Null | Kind::List(_) | Kind::Map(_) => {}
    }
    let is_key = !key.contains([' ', '`']);
    let problem = Problem::WrongType {
        subject: if is_key {
            format!("`{key}`")
        } else {
            key.to_owned()
        },
        expected,
        found,
        plain,
    };
    problem.at(node.place.clone())
}

/// A text that is not empty.
pub(crate) fn text<'n>(
    key: &str,
    node: &'n Node,
    errors: &mut Vec<ScenarioError>,
) -> Option<&'n str> {
    match &node.kind {
        Kind::Text(scalar) if scalar.text.trim().is_empty() => {
            let key = key.to_owned();
            errors.push(Problem::Empty { key }.at(node.place.clone()));
            None
        }
        Kind::Text(scalar) => Some(&scalar.text),
        _ => {
            errors.push(wrong_type(key, "a text", node));
            None
        }
    }
}

/// `true` or `false`.
pub(crate) fn boolean(key: &str, node: &Node, errors: &mut Vec<ScenarioError>) -> Option<bool> {
    if let Kind::Bool(flag) = node.kind {
        return Some(flag);
    }
    errors.push(wrong_type(key, "`true` or `false`", node));
    None
}

/// A whole number in a range.
pub(crate) fn integer(
    key: &str,
    node: &Node,
    range: std::ops::RangeInclusive<i64>,
    errors: &mut Vec<ScenarioError>,
) -> Option<i64> {
    let Kind::Number { value, text } = &node.kind else {
        errors.push(wrong_type(key, "a whole number", node));
        return None;
    };
    match value.as_i64() {
        Some(number) if range.contains(&number) => Some(number),
        _ => {
            let problem = Problem::Range {
                key: key.to_owned(),
                expected: format!("a whole number from {} to {}", range.start(), range.end()),
                found: text.clone(),
            };
            errors.push(problem.at(node.place.clone()));
            None
        }
    }
}

/// One text, or a list of texts, each with its place.
pub(crate) fn words<'n>(
    key: &str,
    node: &'n Node,
    errors: &mut Vec<ScenarioError>,
) -> Vec<(&'n str, &'n Node)> {
    let items = match &node.kind {
        Kind::List(items) => items.as_slice(),
        Kind::Text(_) => std::slice::from_ref(node),
        _ => {
            errors.push(wrong_type(key, "a text or a list of texts", node));
            return Vec::new();
        }
    };
    items
        .iter()
        .filter_map(|item| Some((text(key, item, errors)?, item)))
        .collect()
}

/// One of a closed list of names, as the value that `named` gives for it.
pub(crate) fn word<T>(
    what: &'static str,
    written: &str,
    node: &Node,
    known: &[&str],
    named: impl Fn(&str) -> Option<T>,
    errors: &mut Vec<ScenarioError>,
) -> Option<T> {
    let found = named(written);
    if found.is_none() {
        let problem = Problem::UnknownWord {
            what,
            word: written.to_owned(),
            near: nearest(written, known.iter().copied()),
            known: known.join(", "),
        };
        errors.push(problem.at(node.place.clone()));
    }
    found
}

/// `600ms`, `10s`, `2m`, `1h`; whole or with a fraction.
pub(crate) fn duration(
    key: &str,
    node: &Node,
    errors: &mut Vec<ScenarioError>,
) -> Option<Duration> {
    let word = match &node.kind {
        Kind::Text(scalar) => scalar.text.as_str(),
        Kind::Number { text, .. } => text.as_str(),
        _ => {
            errors.push(wrong_type(key, "a duration such as `10s`", node));
            return None;
        }
    };
    let found = parse_duration(word);
    if found.is_none() {
        let word = word.to_owned();
        errors.push(Problem::Duration { word }.at(node.place.clone()));
    }
    found
}

fn parse_duration(word: &str) -> Option<Duration> {
    let (number, unit) = split_unit(word)?;
    let seconds = match unit {
        "ms" => number / 1000.0,
        "s" => number,
        "m" => number * 60.0,
        "h" => number * 3600.0,
        _ => return None,
    };
    // A day is longer than any answer takes, and far from what `Duration` and timers can hold.
    (seconds <= 86_400.0).then(|| Duration::from_secs_f64(seconds))
}

/// `512B`, `64KiB`, `1MiB`, in bytes.
pub(crate) fn size(key: &str, node: &Node, errors: &mut Vec<ScenarioError>) -> Option<u64> {
    let word = match &node.kind {
        Kind::Text(scalar) => scalar.text.as_str(),
        Kind::Number { text, .. } => text.as_str(),
        _ => {
            errors.push(wrong_type(key, "a size such as `1MiB`", node));
            return None;
        }
    };
    let found = parse_size(word);
    if found.is_none() {
        let word = word.to_owned();
        errors.push(Problem::Size { word }.at(node.place.clone()));
    }
    found
}

fn parse_size(word: &str) -> Option<u64> {
    let (number, unit) = split_unit(word)?;
    let factor: u64 = match unit {
        "B" => 1,
        "KiB" => 1 << 10,
        "MiB" => 1 << 20,
        "GiB" => 1 << 30,
        _ => return None,
    };
    let whole: u64 = number.to_string().parse().ok()?;
    whole.checked_mul(factor)
}

fn split_unit(word: &str) -> Option<(f64, &str)> {
    let end = word.find(|letter: char| letter != '.' && !letter.is_ascii_digit())?;
    let number: f64 = word[..end].parse().ok()?;
    (number.is_finite()).then(|| (number, word[end..].trim_start()))
}
