//! Texts with `${…}` variables in them, and JSON-like values made of such texts.

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
