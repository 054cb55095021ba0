//! Variables: people, captures, rows and what the run provides.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::profile::{FilterEscape, QueryEncoding, encode_segment};
use crate::scenario::template::{Piece, Text, Tree};

/// What the run provides from outside: the plan itself has no clock and no chance.
pub struct Sources {
    /// The run's id.
    pub run: String,
    /// `--var` values.
    pub given: BTreeMap<String, String>,
    /// The environment variables that scenarios may read.
    pub environment: BTreeMap<String, String>,
    /// The instant, RFC 3339.
    pub now: Box<dyn FnMut() -> String + Send>,
    /// A fresh UUID.
    pub uuid: Box<dyn FnMut() -> String + Send>,
}

/// Why a variable has no value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Missing {
    #[error("`${{{name}}}` has no value: {reason}")]
    Capture { name: String, reason: String },
    #[error("`${{{0}}}` is not set; give it with `--var {short}=…`", short = .0.trim_start_matches("var."))]
    Given(String),
    #[error("`${{{0}}}` is not set in the environment")]
    Environment(String),
    #[error("`${{{0}}}` is not defined")]
    Unknown(String),
}

/// All variables of a scenario at one moment.
pub(crate) struct Scope {
    sources: Sources,
    values: BTreeMap<String, Value>,
    /// Captures that found nothing, and why.
    missing: BTreeMap<String, String>,
    /// Variables of the row that the current step belongs to.
    row: BTreeMap<String, Value>,
    /// What stands for a value that only an answer can tell, when there are no answers.
    stand_in: Option<fn(&str) -> Value>,
}

impl Scope {
    pub(crate) fn new(sources: Sources) -> Self {
        Self {
            sources,
            values: BTreeMap::new(),
            missing: BTreeMap::new(),
            row: BTreeMap::new(),
            stand_in: None,
        }
    }

    /// A scope without answers: `stand_in` gives a value for each name that has none.
    pub(crate) fn rehearsing(sources: Sources, stand_in: fn(&str) -> Value) -> Self {
        Self {
            stand_in: Some(stand_in),
            ..Self::new(sources)
        }
    }

    pub(crate) fn set(&mut self, name: &str, value: Value) {
        self.missing.remove(name);
        self.values.insert(name.to_owned(), value);
    }

    /// Appends to a list, which begins empty.
    pub(crate) fn append(&mut self, name: &str, values: Vec<Value>) {
        self.missing.remove(name);
        match self
            .values
            .entry(name.to_owned())
            .or_insert_with(|| Value::Array(Vec::new()))
        {
            Value::Array(list) => list.extend(values),
            other => *other = Value::Array(values),
        }
    }

    /// The capture found nothing.
    pub(crate) fn set_missing(&mut self, name: &str, reason: String) {
        self.values.remove(name);
        self.missing.insert(name.to_owned(), reason);
    }

    pub(crate) fn set_row(&mut self, row: BTreeMap<String, Value>) {
        self.row = row;
    }

    /// The value of a variable.
    pub(crate) fn value(&mut self, name: &str, default: Option<&str>) -> Result<Value, Missing> {
        let found = self.known(name, default);
        match (self.stand_in, found) {
            (Some(stand_in), Err(_)) => Ok(stand_in(name)),
            (_, found) => found,
        }
    }

    fn known(&mut self, name: &str, default: Option<&str>) -> Result<Value, Missing> {
        match name {
            "run" => return Ok(Value::String(self.sources.run.clone())),
            "now" => return Ok(Value::String((self.sources.now)())),
            "uuid" => return Ok(Value::String((self.sources.uuid)())),
            _ => {}
        }
        let with_default =
            |found: Option<&String>| found.map(String::as_str).or(default).map(Value::from);
        if let Some(given) = name.strip_prefix("var.") {
            return with_default(self.sources.given.get(given))
                .ok_or_else(|| Missing::Given(name.to_owned()));
        }
        if let Some(variable) = name.strip_prefix("env.") {
            return with_default(self.sources.environment.get(variable))
                .ok_or_else(|| Missing::Environment(name.to_owned()));
        }
        if let Some(reason) = self.missing.get(name) {
            return Err(Missing::Capture {
                name: name.to_owned(),
                reason: reason.clone(),
            });
        }
        lookup(&self.row, name)
            .or_else(|| lookup(&self.values, name))
            .cloned()
            .ok_or_else(|| {
                match self
                    .missing
                    .iter()
                    .find(|(known, _)| name.starts_with(&format!("{known}.")))
                {
                    Some((_, reason)) => Missing::Capture {
                        name: name.to_owned(),
                        reason: reason.clone(),
                    },
                    None => Missing::Unknown(name.to_owned()),
                }
            })
    }

    /// The text with every variable filled in, each passed through `escape` with the literal text before it.
    fn filled(
        &mut self,
        text: &Text,
        mut escape: impl FnMut(&str, &Value) -> String,
    ) -> Result<String, Missing> {
        let mut filled = String::new();
        for piece in &text.pieces {
            match piece {
                Piece::Literal(literal) => filled.push_str(literal),
                Piece::Variable { name, default } => {
                    let value = self.value(name, default.as_deref())?;
                    let escaped = escape(&filled, &value);
                    filled.push_str(&escaped);
                }
            }
        }
        Ok(filled)
    }

    /// The text, variables as they are.
    pub(crate) fn text(&mut self, text: &Text) -> Result<String, Missing> {
        self.filled(text, |_, value| plain(value))
    }

    /// The text as a path segment, encoded.
    pub(crate) fn segment(&mut self, text: &Text) -> Result<String, Missing> {
        Ok(encode_segment(&self.text(text)?))
    }

    /// The text as a query parameter's value, encoded; inside quotes of a filter, variables are escaped first.
    pub(crate) fn parameter(
        &mut self,
        text: &Text,
        is_filter: bool,
        escape: FilterEscape,
        encoding: QueryEncoding,
    ) -> Result<String, Missing> {
        let filled = self.filled(text, |before, value| {
            if is_filter && inside_quotes(before) {
                escape.escape(&plain(value))
            } else {
                plain(value)
            }
        })?;
        Ok(encoding.encode(&filled))
    }

    /// The text as JSON: a variable inside quotes is escaped, outside quotes it becomes a JSON value.
    pub(crate) fn json(&mut self, text: &Text) -> Result<String, Missing> {
        self.filled(text, |before, value| {
            if inside_quotes(before) {
                let quoted = Value::String(plain(value)).to_string();
                quoted[1..quoted.len() - 1].to_owned()
            } else {
                value.to_string()
            }
        })
    }

    /// The tree as a value.
    pub(crate) fn tree(&mut self, tree: &Tree) -> Result<Value, Missing> {
        let scope = std::cell::RefCell::new(self);
        tree.filled(
            &mut |text: &Text| scope.borrow_mut().text(text),
            &mut |name: &str, default: Option<&str>| scope.borrow_mut().value(name, default),
        )
    }
}

/// A value inside a text: texts as they are, all else as JSON.
fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// Whether the text ends inside a double-quoted string with backslash escapes.
fn inside_quotes(text: &str) -> bool {
    let mut inside = false;
    let mut escaped = false;
    for byte in text.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if inside => escaped = true,
            b'"' => inside = !inside,
            _ => {}
        }
    }
    inside
}

/// The longest prefix of the dotted name that is known, and from there down by member names.
fn lookup<'a>(values: &'a BTreeMap<String, Value>, name: &str) -> Option<&'a Value> {
    if let Some(value) = values.get(name) {
        return Some(value);
    }
    name.rmatch_indices('.').find_map(|(at, _)| {
        let mut value = values.get(&name[..at])?;
        for part in name[at + 1..].split('.') {
            value = match value {
                Value::Object(members) => members.get(part)?,
                Value::Array(items) => items.get(part.parse::<usize>().ok()?)?,
                _ => return None,
            };
        }
        Some(value)
    })
}

#[cfg(test)]
pub(crate) mod tests {
    use serde_json::json;

    use super::{Missing, Scope, Sources};
    use crate::profile::{FilterEscape, QueryEncoding};
    use crate::scenario::template::{Piece, Text};

    pub(crate) fn sources() -> Sources {
        Sources {
            run: "k3x9q2ab".into(),
            given: [("color".to_owned(), "blue".to_owned())].into(),
            environment: [("HOME".to_owned(), "/root".to_owned())].into(),
            now: Box::new(|| "2026-11-21T00:00:00Z".into()),
            uuid: Box::new(|| "00000000-0000-4000-8000-000000000000".into()),
        }
    }

    fn text(pieces: &[&str]) -> Text {
        Text {
            pieces: pieces
                .iter()
                .map(|piece| match piece.strip_prefix('$') {
                    Some(name) => Piece::Variable {
                        name: name.into(),
                        default: None,
                    },
                    None => Piece::Literal((*piece).into()),
                })
                .collect(),
        }
    }

    #[test]
    fn values_are_found_by_their_dotted_names() {
        let mut scope = Scope::new(sources());
        scope.set(
            "ada",
            json!({"userName": "ada", "name": {"givenName": "Ada"}, "emails": [{"value": "a@x"}]}),
        );
        scope.set("ada.id", json!("42"));
        for (name, value) in [
            ("ada.id", "42"),
            ("ada.name.givenName", "Ada"),
            ("ada.emails.0.value", "a@x"),
            ("run", "k3x9q2ab"),
            ("var.color", "blue"),
            ("env.HOME", "/root"),
        ] {
            assert_eq!(scope.value(name, None), Ok(json!(value)), "{name}");
        }
        assert_eq!(scope.value("var.size", Some("small")), Ok(json!("small")));
        assert_eq!(
            scope.value("bob.id", None),
            Err(Missing::Unknown("bob.id".into()))
        );
        scope.set_missing("ada.id", "`create ada` answered 500".into());
        assert!(matches!(
            scope.value("ada.id", None),
            Err(Missing::Capture { .. })
        ));
    }

    #[test]
    fn a_variable_cannot_break_out_of_its_place() {
        let mut scope = Scope::new(sources());
        scope.set("x", json!("a\"b&c/d\\"));
        scope.set("n", json!(7));
        assert_eq!(
            scope
                .json(&text(&[
                    "{\"v\":\"",
                    "$x",
                    "\",\"n\":",
                    "$n",
                    ",\"s\":",
                    "$x",
                    "}"
                ]))
                .as_deref(),
            Ok(r#"{"v":"a\"b&c/d\\","n":7,"s":"a\"b&c/d\\"}"#)
        );
        assert_eq!(
            scope.segment(&text(&["$x"])).as_deref(),
            Ok("a%22b%26c%2Fd%5C")
        );
        assert_eq!(
            scope
                .parameter(
                    &text(&["userName eq \"", "$x", "\""]),
                    true,
                    FilterEscape::Json,
                    QueryEncoding::Percent
                )
                .as_deref(),
            Ok("userName%20eq%20%22a%5C%22b%26c%2Fd%5C%5C%22")
        );
    }
}
