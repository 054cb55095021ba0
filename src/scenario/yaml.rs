//! YAML as scenario files use it: a tree in which every key and value knows its place.
//!
//! The tree is built from parser events instead of by deserialising, because only events tell a quoted `"yes"` from a
//! plain `yes`, and show tags, anchors and aliases, all of which scenario files refuse: a story must read the same for
//! everybody, whatever their YAML library makes of `on` or `012`.

use std::collections::{HashMap, HashSet};

use serde_json::Number;
use serde_saphyr::granit_parser::{
    ErrorKind, Event, Parser, ScalarStyle, ScanError, Span, options,
};

use crate::scenario::Place;
use crate::scenario::error::{Problem, ScenarioError};
use crate::scenario::scalar::plain;

/// Deepest nesting of lists and mappings.
const DEPTH: usize = 64;
/// Largest scenario file, in bytes.
pub(crate) const FILE_BYTES: usize = 4 * 1024 * 1024;

/// What a file is written for: how much of it there may be, and what is said about files that are too long or empty.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Form {
    /// Largest file, in bytes.
    bytes: usize,
    /// Most scalars, lists and mappings.
    nodes: usize,
    /// How to have less of it.
    less: &'static str,
    /// How it begins.
    begin: &'static str,
}

/// A scenario, or anything else as long as one.
pub(crate) const SCENARIO: Form = Form {
    bytes: FILE_BYTES,
    nodes: 50_000,
    less: LESS,
    begin: "begin with `title:` and `steps:`",
};
/// A directory: all people of a company.
pub(crate) const DIRECTORY: Form = Form {
    bytes: 64 * 1024 * 1024,
    nodes: 4_000_000,
    less: "let `generate: { people: N }` make the people, or take some away",
    begin: "begin with `people:`",
};
/// An attribute mapping.
pub(crate) const MAPPING: Form = Form {
    less: "a mapping has a row for each attribute",
    begin: "begin with `provider:` and `users:`",
    ..SCENARIO
};

/// What to do about a scenario that is too long.
pub(crate) const LESS: &str = "tell one story a file";

/// A value and where it stands.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Node {
    /// What it is.
    pub(crate) kind: Kind,
    /// Where it begins.
    pub(crate) place: Place,
}

/// What a node can be.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Kind {
    /// `null`, `~` or nothing.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number as JSON writes it.
    Number {
        /// Its value.
        value: Number,
        /// As written.
        text: String,
    },
    /// Any other scalar.
    Text(Scalar),
    /// `[…]` or lines with `-`.
    List(Vec<Node>),
    /// Entries in the order written; no key twice.
    Map(Vec<Entry>),
}

/// A text.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Scalar {
    /// Its content.
    pub(crate) text: String,
    /// How it was written.
    pub(crate) style: Style,
}

/// How a text was written, as far as places inside it can be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Style {
    /// Without quotes.
    Plain {
        /// Stands in the file character for character.
        exact: bool,
    },
    /// In quotes.
    Quoted {
        /// Stands in the file character for character.
        exact: bool,
    },
    /// A literal block, `|`.
    Literal {
        /// Line of its first line of content, counted from 1.
        line: usize,
        /// Spaces before each line.
        indent: usize,
    },
    /// A folded block, `>`.
    Folded,
}

/// A key and its value.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Entry {
    /// The key's text.
    pub(crate) key: String,
    /// Where the key begins.
    pub(crate) place: Place,
    /// The value.
    pub(crate) value: Node,
}

impl Node {
    /// What it is, for messages: `a text`.
    pub(crate) fn describe(&self) -> &'static str {
        match &self.kind {
            Kind::Null => "nothing",
            Kind::Bool(_) => "a boolean",
            Kind::Number { .. } => "a number",
            Kind::Text(_) => "a text",
            Kind::List(_) => "a list",
            Kind::Map(_) => "a mapping",
        }
    }

    /// The place of a byte of the node's text, as exactly as the style allows.
    pub(crate) fn place_at(&self, offset: usize) -> Place {
        let Kind::Text(scalar) = &self.kind else {
            return self.place.clone();
        };
        let mut end = offset.min(scalar.text.len());
        while !scalar.text.is_char_boundary(end) {
            end -= 1;
        }
        let before = &scalar.text[..end];
        let mut place = self.place.clone();
        match scalar.style {
            Style::Plain { exact: true } => place.column += before.chars().count(),
            Style::Quoted { exact: true } => place.column += 1 + before.chars().count(),
            Style::Literal { line, indent } => {
                let last = before.rsplit('\n').next().unwrap_or_default();
                place.line = line + before.matches('\n').count();
                place.column = 1 + indent + last.chars().count();
            }
            Style::Plain { .. } | Style::Quoted { .. } | Style::Folded => {}
        }
        place
    }
}

/// Reads one document.
///
/// # Errors
/// Everything that is wrong with the file as YAML; after a syntax error nothing more is found.
pub(crate) fn parse(shown: &str, bytes: &[u8]) -> Result<Node, Vec<ScenarioError>> {
    parse_as(SCENARIO, shown, bytes)
}

/// Reads a file of another form.
///
/// # Errors
/// As those of [`parse`].
pub(crate) fn parse_as(form: Form, shown: &str, bytes: &[u8]) -> Result<Node, Vec<ScenarioError>> {
    let start = Place {
        file: shown.to_owned(),
        line: 1,
        column: 1,
    };
    if bytes.len() > form.bytes {
        let problem = Problem::FileTooLarge {
            limit: form.bytes,
            less: form.less,
        };
        return Err(vec![problem.at(start)]);
    }
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => return Err(vec![not_utf8(shown, bytes, error.valid_up_to())]),
    };
    // A byte order mark says nothing in UTF-8; editors on Windows still write it.
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut builder = Builder {
        form,
        shown,
        text,
        lines: text.split('\n').collect(),
        nodes: 0,
        errors: Vec::new(),
        aliases: HashSet::new(),
        open: Vec::new(),
        root: None,
    };
    builder.read();
    let Builder {
        mut errors, root, ..
    } = builder;
    match root {
        Some(root) if errors.is_empty() => Ok(root),
        _ => {
            if errors.is_empty() {
                errors.push(Problem::EmptyFile { begin: form.begin }.at(start));
            }
            Err(errors)
        }
    }
}

fn not_utf8(shown: &str, bytes: &[u8], valid_up_to: usize) -> ScenarioError {
    let before = String::from_utf8_lossy(&bytes[..valid_up_to]).into_owned();
    let place = Place {
        file: shown.to_owned(),
        line: 1 + before.matches('\n').count(),
        column: 1 + before
            .rsplit('\n')
            .next()
            .map_or(0, |last| last.chars().count()),
    };
    let utf16 = bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]);
    Problem::NotUtf8 { utf16 }.at(place)
}

/// A list or mapping whose end was not read yet.
enum Open {
    List(Place, Vec<Node>),
    Map {
        place: Place,
        entries: Vec<Entry>,
        /// The key whose value comes next.
        key: Option<Node>,
        /// Line of each key so far.
        lines: HashMap<String, usize>,
    },
}

struct Builder<'a> {
    form: Form,
    shown: &'a str,
    text: &'a str,
    lines: Vec<&'a str>,
    nodes: usize,
    errors: Vec<ScenarioError>,
    /// Aliases that were reported.
    aliases: HashSet<String>,
    open: Vec<Open>,
    root: Option<Node>,
}

impl Builder<'_> {
    fn read(&mut self) {
        let limits = options! {
            emit_anchor_events: true,
            emit_unresolved_aliases: true,
            emit_comments: false,
            flow_nesting_limit: DEPTH,
            block_nesting_limit: DEPTH,
        };
        let mut documents = 0;
        for next in Parser::new_from_str_with_options(self.text, limits) {
            let (event, span) = match next {
                Ok(next) => next,
                Err(error) => {
                    self.scan_error(&error);
                    return;
                }
            };
            let place = self.place(&span);
            if event.is_node() {
                self.nodes += 1;
                if self.nodes > self.form.nodes {
                    let problem = Problem::TooManyNodes {
                        limit: self.form.nodes,
                        less: self.form.less,
                    };
                    self.errors.push(problem.at(place));
                    return;
                }
            }
            if let Some(tag) = span.tag_span() {
                let written = tag.slice(self.text).unwrap_or("!").to_owned();
                let place = self.place(&tag);
                self.errors.push(Problem::Tag { written }.at(place));
            }
            match event {
                Event::DocumentStart(..) => {
                    documents += 1;
                    if documents > 1 {
                        self.errors.push(Problem::SecondDocument.at(place));
                        return;
                    }
                }
                Event::Anchor(_, name) => {
                    let name = name.into_owned();
                    self.errors.push(Problem::Anchor { name }.at(place));
                }
                Event::Alias(_) | Event::UnresolvedAlias(_) => {
                    let written = span.slice(self.text).unwrap_or("*").to_owned();
                    // Once for each name: a bomb consists of nothing else.
                    if self.aliases.insert(written.clone()) {
                        let problem = Problem::Alias { written };
                        self.errors.push(problem.at(place.clone()));
                    }
                    self.add(Node {
                        kind: Kind::Null,
                        place,
                    });
                }
                Event::Scalar(content, style, ..) => {
                    let kind = self.scalar(content.into_owned(), style, &span);
                    self.add(Node { kind, place });
                }
                Event::SequenceStart(..) => self.open.push(Open::List(place, Vec::new())),
                Event::MappingStart(..) => self.open.push(Open::Map {
                    place,
                    entries: Vec::new(),
                    key: None,
                    lines: HashMap::new(),
                }),
                Event::SequenceEnd | Event::MappingEnd => self.close(),
                _ => {}
            }
            if self.open.len() > DEPTH {
                let place = self.place(&span);
                self.errors
                    .push(Problem::TooDeep { limit: DEPTH }.at(place));
                return;
            }
        }
    }

    fn place(&self, span: &Span) -> Place {
        Place {
            file: self.shown.to_owned(),
            line: span.start.line(),
            column: span.start.col() + 1,
        }
    }

    fn close(&mut self) {
        let (place, kind) = match self.open.pop() {
            Some(Open::List(place, items)) => (place, Kind::List(items)),
            Some(Open::Map { place, entries, .. }) => (place, Kind::Map(entries)),
            None => return,
        };
        self.add(Node { kind, place });
    }

    fn add(&mut self, node: Node) {
        match self.open.last_mut() {
            None => self.root = Some(node),
            Some(Open::List(_, items)) => items.push(node),
            Some(Open::Map {
                entries,
                key,
                lines,
                ..
            }) => match key.take() {
                None => *key = Some(node),
                Some(key) => entries.extend(entry(&key, node, lines, &mut self.errors)),
            },
        }
    }

    fn scalar(&self, content: String, style: ScalarStyle, span: &Span) -> Kind {
        let source = span.slice(self.text).unwrap_or_default();
        let style = match style {
            ScalarStyle::Plain => {
                let exact = source == content;
                if let Some(kind) = plain(&content) {
                    return kind;
                }
                Style::Plain { exact }
            }
            ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted => {
                let inner = source
                    .get(1..source.len().saturating_sub(1))
                    .unwrap_or_default();
                let exact = inner == content;
                Style::Quoted { exact }
            }
            ScalarStyle::Literal => self.literal(&content, span),
            ScalarStyle::Folded => Style::Folded,
        };
        Kind::Text(Scalar {
            text: content,
            style,
        })
    }

    /// Finds the first line of a literal block, and by how much its lines are indented: the parser gives neither.
    fn literal(&self, content: &str, span: &Span) -> Style {
        let written = |line: usize| {
            let line = self.lines.get(line.wrapping_sub(1)).copied();
            line.unwrap_or_default().trim_end_matches('\r')
        };
        let blank = content
            .split('\n')
            .position(|line| !line.trim().is_empty())
            .unwrap_or(0);
        let first = content.split('\n').nth(blank).unwrap_or_default();
        // The span begins at the first line that is not empty, which is not always the first line with something in it.
        let start = span.start.line();
        let line = start.saturating_sub(blank);
        let line = if written(line + blank).ends_with(first) {
            line
        } else {
            start
        };
        let indent = written(line + blank).len().saturating_sub(first.len());
        Style::Literal { line, indent }
    }

    fn scan_error(&mut self, error: &ScanError) {
        let marker = error.marker();
        let mut place = Place {
            file: self.shown.to_owned(),
            line: marker.line().max(1),
            column: marker.col() + 1,
        };
        // What is missing at the end is missing behind the last thing that is there.
        while place.line > 1
            && self
                .lines
                .get(place.line - 1)
                .is_none_or(|line| line.is_empty())
        {
            place.line -= 1;
            let last = self.lines.get(place.line - 1).copied();
            place.column = last.unwrap_or_default().chars().count() + 1;
        }
        let line = self.lines.get(place.line - 1).copied().unwrap_or_default();
        let problem = match error.kind() {
            ErrorKind::TabNotAllowed
            | ErrorKind::TabInBlockIndentation
            | ErrorKind::TabAtBlockScalarStart
            | ErrorKind::TabInIndentation => Problem::Tab,
            ErrorKind::RecursionLimitExceeded => Problem::TooDeep { limit: DEPTH },
            ErrorKind::BomInsideDocument => Problem::ByteOrderMark,
            _ if error.info().contains("found a tab") => Problem::Tab,
            _ if line.trim_start_matches([' ', '-']).starts_with('\t') => Problem::Tab,
            _ => Problem::Syntax {
                message: error.info(),
                variable: line.contains("${"),
            },
        };
        self.errors.push(problem.at(place));
    }
}

fn entry(
    key: &Node,
    value: Node,
    lines: &mut HashMap<String, usize>,
    errors: &mut Vec<ScenarioError>,
) -> Option<Entry> {
    let place = key.place.clone();
    let text = match &key.kind {
        Kind::Text(scalar)
            if scalar.text == "<<" && matches!(scalar.style, Style::Plain { .. }) =>
        {
            errors.push(Problem::MergeKey.at(place));
            return None;
        }
        Kind::Text(scalar) => scalar.text.clone(),
        Kind::Number { text, .. } => text.clone(),
        Kind::Bool(flag) => flag.to_string(),
        Kind::Null => "null".to_owned(),
        Kind::List(_) | Kind::Map(_) => {
            errors.push(Problem::KeyNotText.at(place));
            return None;
        }
    };
    if let Some(line) = lines.insert(text.clone(), place.line) {
        errors.push(Problem::DuplicateKey { key: text, line }.at(place));
        return None;
    }
    Some(Entry {
        key: text,
        place,
        value,
    })
}
