//! The filter language of RFC 7644 3.4.2.2 as a tree, with the place of each part in its text.
//!
//! The grammar is read with errata 7319 (`not(` and `not (`), 4690 and 7322 (parentheses inside brackets); `and` binds
//! more than `or`. Matching resources against a filter is not done here: the server and the judging side each have their
//! own, so that a shared mistake cannot hide.

use std::fmt;
use std::ops::Range;
use std::str::FromStr;

use serde_json::Number;

use super::filter_parser::Parser;
use super::path::AttributePath;

/// A filter, or a part of one. Two filters are equal when they mean the same tree, wherever they stood in their text.
#[derive(Debug, Clone)]
pub struct Filter {
    /// What it says.
    pub node: Node,
    /// The bytes of the text that it was read from.
    pub span: Range<usize>,
}

impl PartialEq for Filter {
    fn eq(&self, other: &Self) -> bool {
        self.node == other.node
    }
}

/// One kind of filter.
#[derive(Debug, Clone, PartialEq)]
pub enum Node {
    /// All of two or more.
    And(Vec<Filter>),
    /// Any of two or more.
    Or(Vec<Filter>),
    /// The opposite.
    Not(Box<Filter>),
    /// The attribute has a value.
    Present(AttributePath),
    /// The attribute compared with a literal.
    Compare {
        /// Left side.
        path: AttributePath,
        /// How they are compared.
        operator: Operator,
        /// Right side.
        value: Literal,
    },
    /// `path[filter]`: one element of the attribute meets the whole filter.
    Within {
        /// The multi-valued attribute.
        path: AttributePath,
        /// What its element must meet; names in it are sub-attributes.
        filter: Box<Filter>,
    },
}

/// How a comparison compares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operator {
    /// Equal.
    Eq,
    /// Not equal.
    Ne,
    /// Contains.
    Co,
    /// Starts with.
    Sw,
    /// Ends with.
    Ew,
    /// Greater than.
    Gt,
    /// Greater than or equal.
    Ge,
    /// Less than.
    Lt,
    /// Less than or equal.
    Le,
}

impl Operator {
    /// All operators with their names.
    pub const ALL: [(Operator, &'static str); 9] = [
        (Operator::Eq, "eq"),
        (Operator::Ne, "ne"),
        (Operator::Co, "co"),
        (Operator::Sw, "sw"),
        (Operator::Ew, "ew"),
        (Operator::Gt, "gt"),
        (Operator::Ge, "ge"),
        (Operator::Lt, "lt"),
        (Operator::Le, "le"),
    ];

    /// The name as the RFC writes it.
    pub fn name(self) -> &'static str {
        match self {
            Operator::Eq => "eq",
            Operator::Ne => "ne",
            Operator::Co => "co",
            Operator::Sw => "sw",
            Operator::Ew => "ew",
            Operator::Gt => "gt",
            Operator::Ge => "ge",
            Operator::Lt => "lt",
            Operator::Le => "le",
        }
    }

    /// Whether it asks for an order: `gt`, `ge`, `lt`, `le`.
    pub fn is_ordering(self) -> bool {
        matches!(
            self,
            Operator::Gt | Operator::Ge | Operator::Lt | Operator::Le
        )
    }

    /// Whether it looks inside a text: `co`, `sw`, `ew`.
    pub fn is_textual(self) -> bool {
        matches!(self, Operator::Co | Operator::Sw | Operator::Ew)
    }
}

/// The right side of a comparison.
#[derive(Debug, Clone, PartialEq)]
pub enum Literal {
    /// A JSON string, decoded.
    String(String),
    /// A JSON number.
    Number(Number),
    /// `true` or `false`.
    Boolean(bool),
    /// `null`.
    Null,
}

/// Which departures from the grammar are read instead of refused. Each one that occurs is reported as a [`Quirk`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dialect {
    /// `True` and `False` as booleans.
    pub capital_booleans: bool,
    /// A value without quotes as a string, as in an example of the Entra documentation (`externalId eq 123-abc`).
    pub unquoted_strings: bool,
    /// `emails[type eq "work"].value eq "x"`, which Entra sends and figure 1 of the RFC does not allow.
    pub value_path_sub_attributes: bool,
}

impl Dialect {
    /// The grammar and nothing else.
    pub const STRICT: Dialect = Dialect {
        capital_booleans: false,
        unquoted_strings: false,
        value_path_sub_attributes: false,
    };
    /// Every quirk that real clients are known for.
    pub const LENIENT: Dialect = Dialect {
        capital_booleans: true,
        unquoted_strings: true,
        value_path_sub_attributes: true,
    };
}

/// A departure from the grammar that the dialect allowed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quirk {
    /// Which one.
    pub kind: QuirkKind,
    /// Where it stands.
    pub span: Range<usize>,
}

/// Kinds of departure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum QuirkKind {
    /// `True`, `FALSE` and the like.
    CapitalBoolean,
    /// A string without quotes.
    UnquotedString,
    /// A sub-attribute behind the brackets of a value path.
    ValuePathSubAttribute,
}

/// How large a filter may be.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Bytes of text.
    pub length: usize,
    /// Nested parentheses, brackets and negations.
    pub depth: usize,
    /// Comparisons.
    pub terms: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            length: 64 * 1024,
            depth: 40,
            terms: 2000,
        }
    }
}

/// Why a text is not a filter or a path.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{problem} at character {}", offset + 1)]
pub struct FilterFault {
    /// Bytes before the place.
    pub offset: usize,
    /// What is wrong there and what could stand there instead.
    pub problem: String,
    /// What would probably repair it.
    pub hint: Option<String>,
}

/// A filter together with what was overlooked in it.
#[derive(Debug, Clone, PartialEq)]
pub struct Parsed {
    /// The filter.
    pub filter: Filter,
    /// Departures from the grammar, in the order of the text.
    pub quirks: Vec<Quirk>,
}

impl Filter {
    /// Reads a whole text.
    pub fn parse(text: &str, dialect: Dialect, limits: Limits) -> Result<Parsed, FilterFault> {
        let mut parser = Parser::new(text, dialect, limits);
        let filter = parser.filter()?;
        parser.end()?;
        Ok(Parsed {
            filter,
            quirks: parser.into_quirks(),
        })
    }
}

impl FromStr for Filter {
    type Err = FilterFault;

    fn from_str(text: &str) -> Result<Self, FilterFault> {
        Filter::parse(text, Dialect::STRICT, Limits::default()).map(|parsed| parsed.filter)
    }
}

impl fmt::Display for Literal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Literal::String(text) => {
                f.write_str(&serde_json::Value::from(text.as_str()).to_string())
            }
            Literal::Number(number) => write!(f, "{number}"),
            Literal::Boolean(value) => write!(f, "{value}"),
            Literal::Null => f.write_str("null"),
        }
    }
}

impl fmt::Display for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let joined = |f: &mut fmt::Formatter<'_>,
                      parts: &[Filter],
                      word: &str,
                      groups: fn(&Node) -> bool| {
            for (index, part) in parts.iter().enumerate() {
                if index > 0 {
                    write!(f, " {word} ")?;
                }
                if groups(&part.node) {
                    write!(f, "({part})")?
                } else {
                    write!(f, "{part}")?
                }
            }
            Ok(())
        };
        match &self.node {
            Node::And(parts) => joined(f, parts, "and", |node| {
                matches!(node, Node::And(_) | Node::Or(_))
            }),
            Node::Or(parts) => joined(f, parts, "or", |node| matches!(node, Node::Or(_))),
            Node::Not(inner) => write!(f, "not ({inner})"),
            Node::Present(path) => write!(f, "{path} pr"),
            Node::Compare {
                path,
                operator,
                value,
            } => write!(f, "{path} {} {value}", operator.name()),
            Node::Within { path, filter } => write!(f, "{path}[{filter}]"),
        }
    }
}
