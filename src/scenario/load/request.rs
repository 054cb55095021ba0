//! Requests: where they go, what they carry, what is kept of their answers, how often they are sent.

use std::time::Duration;

use jiff::tz::Offset;
use serde_json_path::JsonPath;

use crate::scenario::error::Problem;
use crate::scenario::load::Loader;
use crate::scenario::load::fields::{self, Fields};
use crate::scenario::load::matchers::check_scim_path;
use crate::scenario::load::scope::{Definition, Origin, reserved};
use crate::scenario::step::{Body, Capture, Repeat, RequestStep, RequestTarget, Selector};
use crate::scenario::template::{Piece, Text, Tree, is_name};
use crate::scenario::yaml::{Entry, Kind, Node};

/// Keys that say which request a step is.
pub(crate) const METHODS: [&str; 7] = ["get", "post", "put", "patch", "delete", "head", "options"];
/// Keys of a request beside its method and those of every step.
pub(crate) const REQUEST_KEYS: [&str; 11] = [
    "headers",
    "body",
    "body-file",
    "body-text",
    "over",
    "with",
    "expect",
    "keep",
    "collect",
    "repeat",
    "wait",
];

impl Loader<'_> {
    pub(super) fn request(
        &mut self,
        name: &str,
        fields: &Fields<'_>,
        beside: bool,
    ) -> Option<RequestStep> {
        let method = METHODS.into_iter().find(|method| fields.has(method))?;
        if beside && let Some(entry) = fields.entry("repeat") {
            let key = "repeat".to_owned();
            self.errors
                .push(Problem::InParallel { key }.at(entry.place.clone()));
        }
        let repeat = fields.get("repeat").and_then(|node| self.repeat(node));
        let wait = fields
            .get("wait")
            .and_then(|node| fields::duration("wait", node, &mut self.errors));
        let target = fields
            .get(method)
            .and_then(|node| self.target(method, node));
        let headers = fields
            .get("headers")
            .map(|node| self.headers(node))
            .unwrap_or_default();
        let body = self.body(method, fields);
        let expect = fields
            .get("expect")
            .map(|node| self.expectations(node))
            .unwrap_or_default();
        self.scope.forget_loop();
        let keep = self.captures("keep", fields.get("keep"), name);
        let collect = self.captures("collect", fields.get("collect"), name);
        Some(RequestStep {
            method: method.to_ascii_uppercase(),
            target: target?,
            headers,
            body: body.unwrap_or(Body::None),
            expect,
            keep,
            collect,
            repeat,
            wait: wait.unwrap_or_default(),
        })
    }

    pub(super) fn target(&mut self, key: &str, node: &Node) -> Option<RequestTarget> {
        if let Kind::Map(_) = &node.kind {
            let fields = Fields::read(node, "a request's target", &["raw"], &mut self.errors)?;
            let raw = fields.required("raw", &mut self.errors)?;
            return self.scalar_text("raw", raw).map(RequestTarget::Raw);
        }
        let written = fields::text(key, node, &mut self.errors)?;
        if !written.starts_with('/') {
            let path: String = written.chars().take(60).collect();
            self.errors
                .push(Problem::RelativePath { path }.at(node.place.clone()));
            // Its variables are still checked.
            self.scalar_text(key, node);
            return None;
        }
        let text = self.scalar_text(key, node)?;
        let (path, query) = match split(&text, '?', false, true).as_slice() {
            [path] => (path.clone(), None),
            [path, query] => (path.clone(), Some(query.clone())),
            _ => return None,
        };
        let mut segments = split(&path, '/', false, false);
        segments.remove(0);
        let mut parameters = Vec::new();
        if let Some(query) = query {
            for parameter in split(&query, '&', true, false) {
                let mut parts = split(&parameter, '=', false, true).into_iter();
                let name = parts.next().unwrap_or_default();
                let Some(name) = name.as_literal() else {
                    let problem = Problem::VariableParameter;
                    self.errors.push(problem.at(node.place.clone()));
                    continue;
                };
                parameters.push((name.to_owned(), parts.next()));
            }
        }
        Some(RequestTarget::Decoded {
            path: segments,
            query: parameters,
        })
    }

    /// Notes a header name that no header can have.
    pub(super) fn check_header_name(&mut self, entry: &Entry) {
        if !is_token(&entry.key) {
            let problem = Problem::UnknownWord {
                what: "header",
                word: entry.key.clone(),
                near: None,
                known: "letters, digits and hyphens".to_owned(),
            };
            self.errors.push(problem.at(entry.place.clone()));
        }
    }

    fn headers(&mut self, node: &Node) -> Vec<(String, Option<Text>)> {
        let Kind::Map(entries) = &node.kind else {
            self.errors
                .push(fields::wrong_type("headers", "a mapping", node));
            return Vec::new();
        };
        let mut headers = Vec::new();
        for entry in entries {
            self.check_header_name(entry);
            if entry.value.kind == Kind::Null {
                headers.push((entry.key.clone(), None));
            } else if let Some(text) = self.scalar_text(&entry.key, &entry.value) {
                headers.push((entry.key.clone(), Some(text)));
            }
        }
        headers
    }

    fn captures(&mut self, key: &str, node: Option<&Node>, step: &str) -> Vec<Capture> {
        let Some(node) = node else { return Vec::new() };
        let Kind::Map(entries) = &node.kind else {
            self.errors.push(fields::wrong_type(key, "a mapping", node));
            return Vec::new();
        };
        let mut captures = Vec::new();
        for entry in entries {
            let place = entry.place.clone();
            let Some(name) = self.known_name(&entry.key, &place) else {
                continue;
            };
            let is_person = self
                .scope
                .defined_as(&name)
                .is_some_and(|definition| definition.origin != Origin::Capture);
            if !is_name(&name) || reserved(&name) {
                self.errors.push(Problem::BadName { name }.at(place));
                continue;
            }
            if is_person {
                let what = "a person or variable".to_owned();
                self.errors
                    .push(Problem::DuplicateName { name, what }.at(place));
                continue;
            }
            let from = self.selector(&entry.key, &entry.value);
            let definition = Definition {
                name: name.clone(),
                origin: Origin::Capture,
                place,
                tree: None,
                outlives: key == "collect" || entry.key.contains("${"),
            };
            self.scope.define(definition, step);
            if let Some(from) = from {
                captures.push(Capture { name, from });
            }
        }
        captures
    }

    fn selector(&mut self, key: &str, node: &Node) -> Option<Selector> {
        let written = fields::text(key, node, &mut self.errors)?.trim();
        if written.starts_with('$') {
            let path = self.json_path(written, 0, node)?;
            return Some(Selector::JsonPath(path));
        }
        let elsewhere = written.strip_prefix("at ").map(str::trim_start);
        if let Some((zone, path)) = elsewhere.and_then(|rest| rest.split_once(' '))
            && let Some(offset) = offset(zone)
        {
            let path = path.trim_start();
            let path = self.json_path(path, written.len() - path.len(), node)?;
            return Some(Selector::Instant { offset, path });
        }
        if written == "status" {
            return Some(Selector::Status);
        }
        if written == "opaque-tag" {
            return Some(Selector::OpaqueTag);
        }
        if let Some((word, header)) = written.split_once(' ')
            && word == "header"
        {
            let header = header.trim().to_ascii_lowercase();
            if is_token(&header) {
                return Some(Selector::Header(header));
            }
        }
        let is_selector = !written.contains(' ') || written.contains('[');
        if !is_selector {
            let word = written.to_owned();
            self.errors
                .push(Problem::Selector { word }.at(node.place.clone()));
            return None;
        }
        check_scim_path(written, node, &mut self.errors)?;
        Some(Selector::ScimPath(written.to_owned()))
    }

    /// A JSONPath that begins so many bytes behind the beginning of its node.
    pub(super) fn json_path(&mut self, written: &str, begin: usize, node: &Node) -> Option<String> {
        if let Err(error) = JsonPath::parse(written) {
            let message = match error.message() {
                "parser error" => "this part cannot be read".to_owned(),
                message => message.to_owned(),
            };
            let place = node.place_at(begin + error.position());
            self.errors.push(Problem::JsonPath { message }.at(place));
            return None;
        }
        Some(written.to_owned())
    }

    fn repeat(&mut self, node: &Node) -> Option<Repeat> {
        let known = [
            "for",
            "from",
            "by",
            "to",
            "until",
            "every",
            "at-most",
            "load",
            "at-once",
            "per-second",
        ];
        let fields = Fields::read(node, "`repeat`", &known, &mut self.errors)?;
        for key in ["for", "from", "by", "to", "until", "every", "at-most"] {
            fields.exclusive("load", key, &mut self.errors);
        }
        if let Some(load) = fields.get("load") {
            let mut number = |key: &str, most: i64| {
                let node = fields.required(key, &mut self.errors)?;
                let number = fields::integer(key, node, 1..=most, &mut self.errors)?;
                u32::try_from(number).ok()
            };
            let (at_once, per_second) = (number("at-once", 100), number("per-second", 10_000));
            let accepted = fields::integer("load", load, 1..=100_000, &mut self.errors)?;
            return Some(Repeat::Load {
                accepted: u32::try_from(accepted).ok()?,
                at_once: at_once?,
                per_second: per_second?,
            });
        }
        for key in ["for", "from", "by", "to"] {
            fields.exclusive("until", key, &mut self.errors);
        }
        fields.exclusive("for", "every", &mut self.errors);
        let at_most = match fields.get("at-most") {
            Some(node) => fields::integer("at-most", node, 1..=100_000, &mut self.errors),
            None => Some(1000),
        };
        let at_most = at_most.and_then(|number| u32::try_from(number).ok());
        if let Some(until) = fields.get("until") {
            let every = match fields.get("every") {
                Some(node) => fields::duration("every", node, &mut self.errors),
                None => Some(Duration::from_millis(200)),
            };
            let until = self.until(until);
            return Some(Repeat::Until {
                until: Box::new(until?),
                every: every?,
                at_most: at_most?,
            });
        }
        let from = match fields.get("from") {
            Some(node) => self.number("from", node),
            None => Some(Tree::Number(1.into())),
        };
        let by = match fields.get("by") {
            Some(node) => self.stride(node),
            None => Some(1),
        };
        let to = fields
            .required("to", &mut self.errors)
            .and_then(|node| self.number("to", node));
        // Defined last, because the bounds cannot use it, and whatever is wrong with them.
        let variable = fields.required("for", &mut self.errors)?;
        let variable = self.loop_variable(variable)?;
        Some(Repeat::For {
            variable,
            from: from?,
            by: by?,
            to: to?,
            at_most: at_most?,
        })
    }

    fn stride(&mut self, node: &Node) -> Option<i64> {
        let by = fields::integer("by", node, -1_000_000..=1_000_000, &mut self.errors)?;
        if by == 0 {
            let problem = Problem::Range {
                key: "by".to_owned(),
                expected: "a number other than 0".to_owned(),
                found: "0".to_owned(),
            };
            self.errors.push(problem.at(node.place.clone()));
            return None;
        }
        Some(by)
    }

    fn loop_variable(&mut self, node: &Node) -> Option<String> {
        let name = fields::text("for", node, &mut self.errors)?.to_owned();
        if !is_name(&name) || name.contains('.') || reserved(&name) {
            self.errors
                .push(Problem::BadName { name }.at(node.place.clone()));
            return None;
        }
        let definition = Definition {
            name: name.clone(),
            origin: Origin::Loop,
            place: node.place.clone(),
            tree: None,
            outlives: false,
        };
        self.scope.define(definition, "");
        Some(name)
    }

    /// A number, or a variable that will be one.
    pub(super) fn number(&mut self, key: &str, node: &Node) -> Option<Tree> {
        let tree = self.tree(node);
        match &tree {
            Tree::Number(_) => Some(tree),
            Tree::Text(text) if text.as_variable().is_some() => Some(tree),
            _ => {
                self.errors
                    .push(fields::wrong_type(key, "a number or a variable", node));
                None
            }
        }
    }
}

/// A header's name (RFC 9110 section 5.6.2).
/// `+05:30`, as RFC 3339 writes it.
fn offset(written: &str) -> Option<Offset> {
    let (hours, minutes) = written.split_once(':')?;
    let (sign, hours) = match hours.as_bytes().first()? {
        b'+' => (1, &hours[1..]),
        b'-' => (-1, &hours[1..]),
        _ => return None,
    };
    let two_digits = |text: &str| match text.len() {
        2 => text.parse::<u8>().ok().map(i32::from),
        _ => None,
    };
    let (hours, minutes) = (two_digits(hours)?, two_digits(minutes)?);
    if hours > 23 || minutes > 59 {
        return None;
    }
    Offset::from_seconds(sign * (hours * 60 + minutes) * 60).ok()
}

fn is_token(name: &str) -> bool {
    !name.is_empty()
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte))
}

/// Splits the literal pieces of a text; variables stay whole. With `quotes`, not inside `"…"`: a filter may hold `&`.
fn split(text: &Text, separator: char, quotes: bool, once: bool) -> Vec<Text> {
    let literal_quotes: usize = text
        .pieces
        .iter()
        .map(|piece| match piece {
            Piece::Literal(literal) => literal.matches('"').count(),
            Piece::Variable { .. } => 0,
        })
        .sum();
    // Quotes that do not pair up cannot protect anything: somebody tests a broken filter.
    let quotes = quotes && literal_quotes.is_multiple_of(2);
    let mut parts = vec![Text::default()];
    let mut quoted = false;
    for piece in &text.pieces {
        let Piece::Literal(literal) = piece else {
            push(&mut parts, piece.clone());
            continue;
        };
        let mut run = String::new();
        for letter in literal.chars() {
            if letter == '"' && quotes {
                quoted = !quoted;
            }
            if letter == separator && !quoted && !(once && parts.len() > 1) {
                push(&mut parts, Piece::Literal(std::mem::take(&mut run)));
                parts.push(Text::default());
            } else {
                run.push(letter);
            }
        }
        push(&mut parts, Piece::Literal(run));
    }
    parts
}

fn push(parts: &mut [Text], piece: Piece) {
    if piece == Piece::Literal(String::new()) {
        return;
    }
    if let Some(part) = parts.last_mut() {
        part.pieces.push(piece);
    }
}
