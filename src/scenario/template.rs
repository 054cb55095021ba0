//! Texts with `${…}` variables in them, and JSON-like values made of such texts.

use std::fmt;

use serde_json::{Map, Number, Value};

/// A text with variables.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Text {
    /// Literal pieces and variables in order; neighbouring literals are merged.
    pub pieces: Vec<Piece>,
}

/// A part of a [`Text`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    /// Stands as it is.
    Literal(String),
    /// `${name}` or `${name:-default}`.
    Variable {
        /// Dotted name, without `${` and `}`; parameters of fragments are already filled in.
        name: String,
        /// What stands behind `:-`; only for `var.` and `env.` names.
        default: Option<String>,
    },
}

impl Text {
    /// A text without variables.
    pub fn literal(text: impl Into<String>) -> Self {
        Self {
            pieces: vec![Piece::Literal(text.into())],
        }
    }

    /// The text, if it has no variables.
    pub fn as_literal(&self) -> Option<&str> {
        match self.pieces.as_slice() {
            [] => Some(""),
            [Piece::Literal(text)] => Some(text),
            _ => None,
        }
    }

    /// The variable's name and default, if the text is exactly one variable: then it keeps the value's JSON type.
    pub fn as_variable(&self) -> Option<(&str, Option<&str>)> {
        match self.pieces.as_slice() {
            [Piece::Variable { name, default }] => Some((name, default.as_deref())),
            _ => None,
        }
    }

    /// The names of all variables, in order, repeats included.
    pub fn variables(&self) -> impl Iterator<Item = &str> {
        self.pieces.iter().filter_map(|piece| match piece {
            Piece::Variable { name, .. } => Some(name.as_str()),
            Piece::Literal(_) => None,
        })
    }
}

/// What is wrong with a text's `${…}`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct TemplateError {
    /// Byte offset in the text.
    pub offset: usize,
    /// What is wrong there.
    pub message: String,
}

impl Text {
    /// Reads `${name}`, `${name:-default}` and `$${`.
    ///
    /// # Errors
    /// The first `${` that is not closed or whose name is not a name.
    pub fn parse(written: &str) -> Result<Self, TemplateError> {
        Ok(parse_with_offsets(written)?.0)
    }
}

/// The text, and the byte offset in `written` of each of its variables in order.
pub(crate) fn parse_with_offsets(written: &str) -> Result<(Text, Vec<usize>), TemplateError> {
    let mut pieces = Vec::new();
    let mut offsets = Vec::new();
    let mut literal = String::new();
    let mut rest = written;
    while let Some(dollar) = rest.find('$') {
        let offset = written.len() - rest.len() + dollar;
        literal.push_str(&rest[..dollar]);
        rest = &rest[dollar..];
        if let Some(after) = rest.strip_prefix("$${") {
            literal.push_str("${");
            rest = after;
        } else if let Some(after) = rest.strip_prefix("${") {
            let inner = after.split(['}', '\n']).next().unwrap_or_default();
            if after.as_bytes().get(inner.len()) != Some(&b'}') {
                let message = "`${` without a `}`".to_owned();
                return Err(TemplateError { offset, message });
            }
            if !literal.is_empty() {
                pieces.push(Piece::Literal(std::mem::take(&mut literal)));
            }
            pieces.push(variable(inner).map_err(|message| TemplateError { offset, message })?);
            offsets.push(offset);
            rest = &after[inner.len() + 1..];
        } else {
            literal.push('$');
            rest = &rest[1..];
        }
    }
    literal.push_str(rest);
    if !literal.is_empty() {
        pieces.push(Piece::Literal(literal));
    }
    Ok((Text { pieces }, offsets))
}

fn variable(inner: &str) -> Result<Piece, String> {
    let (name, default) = match inner.split_once(":-") {
        Some((name, default)) => (name, Some(default.to_owned())),
        None => (inner, None),
    };
    if name.is_empty() {
        return Err("`${}` has no name in it".to_owned());
    }
    if !is_name(name) {
        return Err(format!("`{name}` is not the name of a variable"));
    }
    let outside = name.starts_with("var.") || name.starts_with("env.");
    if default.is_some() && !outside {
        return Err(format!(
            "`${{{name}}}` cannot have a default: only `var.` and `env.` variables can"
        ));
    }
    Ok(Piece::Variable {
        name: name.to_owned(),
        default,
    })
}

/// Dotted parts of letters, digits, `_`, `-` and `$` (members such as `$ref`).
pub(crate) fn is_name(name: &str) -> bool {
    name.split('.').all(|part| {
        !part.is_empty()
            && part
                .chars()
                .all(|letter| letter.is_alphanumeric() || matches!(letter, '_' | '-' | '$'))
    })
}

impl fmt::Display for Text {
    /// As written in a file: reading it again gives the same text.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for piece in &self.pieces {
            match piece {
                Piece::Literal(text) => formatter.write_str(&text.replace("${", "$${"))?,
                Piece::Variable { name, default } => match default {
                    Some(default) => write!(formatter, "${{{name}:-{default}}}")?,
                    None => write!(formatter, "${{{name}}}")?,
                },
            }
        }
        Ok(())
    }
}

/// A JSON value whose texts may hold variables. Members keep the order written.
#[derive(Debug, Clone, PartialEq)]
pub enum Tree {
    /// `null`.
    Null,
    /// `true`, `false`.
    Bool(bool),
    /// A number as JSON has it.
    Number(Number),
    /// A text; exactly one variable stands for that variable's whole value.
    Text(Text),
    /// A list.
    List(Vec<Tree>),
    /// Members in order; names may hold variables, too.
    Map(Vec<(Text, Tree)>),
}

impl From<&Value> for Tree {
    /// A value without variables: `${` in its texts means itself.
    fn from(value: &Value) -> Self {
        match value {
            Value::Null => Self::Null,
            Value::Bool(flag) => Self::Bool(*flag),
            Value::Number(number) => Self::Number(number.clone()),
            Value::String(text) => Self::Text(Text::literal(text.clone())),
            Value::Array(items) => Self::List(items.iter().map(Self::from).collect()),
            Value::Object(members) => Self::Map(
                members
                    .iter()
                    .map(|(name, member)| (Text::literal(name.clone()), Self::from(member)))
                    .collect(),
            ),
        }
    }
}

impl Tree {
    /// The value with every text filled in by `text` and every lone variable by `variable`.
    ///
    /// # Errors
    /// The first error that one of the two functions gives.
    pub fn filled<E>(
        &self,
        text: &mut impl FnMut(&Text) -> Result<String, E>,
        variable: &mut impl FnMut(&str, Option<&str>) -> Result<Value, E>,
    ) -> Result<Value, E> {
        Ok(match self {
            Self::Null => Value::Null,
            Self::Bool(flag) => Value::Bool(*flag),
            Self::Number(number) => Value::Number(number.clone()),
            Self::Text(piece) => match piece.as_variable() {
                Some((name, default)) => variable(name, default)?,
                None => Value::String(text(piece)?),
            },
            Self::List(items) => Value::Array(
                items
                    .iter()
                    .map(|item| item.filled(text, variable))
                    .collect::<Result<_, _>>()?,
            ),
            Self::Map(members) => {
                let mut filled = Map::with_capacity(members.len());
                for (name, member) in members {
                    filled.insert(text(name)?, member.filled(text, variable)?);
                }
                Value::Object(filled)
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn reads_variables_defaults_and_escapes() {
        let text = Text::parse("a${b.c}$${d}${var.e:-f:-g}$ $5").expect("it is a text");
        let variable = |name: &str, default: Option<&str>| Piece::Variable {
            name: name.to_owned(),
            default: default.map(str::to_owned),
        };
        let literal = |text: &str| Piece::Literal(text.to_owned());
        let expected = [
            literal("a"),
            variable("b.c", None),
            literal("${d}"),
            variable("var.e", Some("f:-g")),
            literal("$ $5"),
        ];
        assert_eq!(text.pieces, expected);
    }

    #[test]
    fn refuses_what_is_not_a_variable() {
        for (written, offset) in [
            ("a${", 1),
            ("${}", 0),
            ("x${a b}", 1),
            ("${a..b}", 0),
            ("${a:-b}", 0),
        ] {
            let error = Text::parse(written).expect_err("it is not a text");
            assert_eq!(error.offset, offset, "{written}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back_the_same(written in r"(\$|\{|\}|[a-c. ]|\$\{[a-z]{1,3}(\.[a-z0-9]{1,3})?\}|\$\$\{|\$\{env\.X:-[a-z:-]{0,4}\}){0,12}") {
            if let Ok(text) = Text::parse(&written) {
                prop_assert_eq!(Text::parse(&text.to_string()), Ok(text));
            }
        }

        #[test]
        fn nothing_makes_it_panic(written in any::<String>()) {
            let _ = Text::parse(&written);
        }
    }
}
