//! Bodies: literal JSON with variables, mappings, files, overlays and plain texts.

use std::collections::HashSet;

use crate::scenario::Place;
use crate::scenario::error::Problem;
use crate::scenario::load::fields::{self, Fields};
use crate::scenario::load::matchers::check_scim_path;
use crate::scenario::load::{Loader, library};
use crate::scenario::step::Body;
use crate::scenario::template::{Text, Tree};
use crate::scenario::yaml::{Kind, Node, Style};
use crate::scim::json;

/// Keys that give a request a body.
const BODIES: [&str; 4] = ["body", "body-file", "body-text", "over"];

impl Loader<'_> {
    pub(super) fn body(&mut self, method: &str, fields: &Fields<'_>) -> Option<Body> {
        let given: Vec<&str> = BODIES.into_iter().filter(|key| fields.has(key)).collect();
        if let [first, second, ..] = given.as_slice()
            && let Some(entry) = fields.entry(second)
        {
            let found = format!("`{first}` and `{second}`");
            self.errors
                .push(Problem::TwoBodies { found }.at(entry.place.clone()));
        }
        if let Some(entry) = fields.entry("with")
            && !fields.has("over")
        {
            let problem = Problem::Lonely {
                key: "with".to_owned(),
                needed: "over".to_owned(),
            };
            self.errors.push(problem.at(entry.place.clone()));
        }
        let key = given.first()?;
        let node = fields.get(key)?;
        let body = match *key {
            "body" => self.json_body(node)?,
            "body-file" => self.body_file(node)?,
            "body-text" => {
                let text = self.block_text("body-text", node)?;
                let text = self.text_at(&text, &mut |offset| node.place_at(offset));
                Body::Text(text)
            }
            _ => self.overlay(node, fields.get("with")),
        };
        if method == "post" {
            self.check_names(&body, node);
        }
        Some(body)
    }

    fn json_body(&mut self, node: &Node) -> Option<Body> {
        match &node.kind {
            Kind::Text(_) => {
                let text = self.block_text("body", node)?;
                self.json_text(&text, &mut |offset| node.place_at(offset))
            }
            Kind::Map(_) | Kind::List(_) => Some(Body::Tree(self.tree(node))),
            _ => {
                let expected = "a mapping, a list or JSON text";
                self.errors.push(fields::wrong_type("body", expected, node));
                None
            }
        }
    }

    /// A text; of a block, without the last line break.
    fn block_text(&mut self, key: &str, node: &Node) -> Option<String> {
        let Kind::Text(scalar) = &node.kind else {
            self.errors.push(fields::wrong_type(key, "a text", node));
            return None;
        };
        let text = scalar.text.as_str();
        Some(match scalar.style {
            Style::Literal { .. } | Style::Folded => {
                text.strip_suffix('\n').unwrap_or(text).to_owned()
            }
            Style::Plain { .. } | Style::Quoted { .. } => text.to_owned(),
        })
    }

    fn json_text(
        &mut self,
        written: &str,
        place_at: &mut dyn FnMut(usize) -> Place,
    ) -> Option<Body> {
        let known = self.errors.len();
        let text = self.text_at(written, place_at);
        if self.errors.len() > known {
            // A `${` that is not closed would be reported a second time, as bad JSON.
            return Some(Body::Json(text));
        }
        let filled = without_variables(written);
        if let Err(fault) = json::parse(filled.as_bytes(), json::Limits::default()) {
            let offset = fault.position().map_or(0, |position| position.offset);
            let whole = fault.to_string();
            // The place is shown with the line; a second one, counted from the body's start, would confuse.
            let message = match whole.rsplit_once(" at line ") {
                Some((message, _)) => message.to_owned(),
                None => whole,
            };
            self.errors
                .push(Problem::BodyNotJson { message }.at(place_at(offset)));
            return None;
        }
        for (name, offset) in duplicate_members(&filled) {
            let problem = Problem::DuplicateMember { name };
            self.warnings.push(problem.at(place_at(offset)));
        }
        Some(Body::Json(text))
    }

    fn body_file(&mut self, node: &Node) -> Option<Body> {
        let name = self.known_text("body-file", node)?;
        let outside = name.starts_with('/')
            || name.contains('\\')
            || name.split('/').any(|part| part == "..");
        if outside {
            self.errors
                .push(Problem::OutsidePath { name }.at(node.place.clone()));
            return None;
        }
        let from = self.chain.last().unwrap_or(&self.shown).clone();
        let Some(found) = library::look_up(self.library, &from, std::slice::from_ref(&name)) else {
            let problem = Problem::FileNotFound {
                what: "file",
                name,
                near: None,
            };
            self.errors.push(problem.at(node.place.clone()));
            return None;
        };
        let Ok(text) = String::from_utf8(found.bytes) else {
            let place = crate::scenario::load::start_of(&found.shown);
            self.errors
                .push(Problem::NotUtf8 { utf16: false }.at(place));
            return None;
        };
        let text = text.strip_suffix('\n').unwrap_or(&text);
        let text = text.strip_suffix('\r').unwrap_or(text);
        let shown = found.shown.clone();
        self.json_text(text, &mut |offset| {
            let before = &text[..offset.min(text.len())];
            Place {
                file: shown.clone(),
                line: 1 + before.matches('\n').count(),
                column: 1 + before
                    .rsplit('\n')
                    .next()
                    .map_or(0, |last| last.chars().count()),
            }
        })
    }

    fn overlay(&mut self, over: &Node, with: Option<&Node>) -> Body {
        let over = self.tree(over);
        let mut members = Vec::new();
        let entries = match with.map(|node| (&node.kind, node)) {
            Some((Kind::Map(entries), _)) => entries.as_slice(),
            Some((_, node)) => {
                self.errors
                    .push(fields::wrong_type("with", "a mapping", node));
                &[]
            }
            None => &[],
        };
        for entry in entries {
            let name = self.text_at(&entry.key, &mut |_| entry.place.clone());
            if entry.key.contains(['[', '"', ' ']) && !entry.key.contains("${") {
                let node = Node {
                    kind: Kind::Null,
                    place: entry.place.clone(),
                };
                check_scim_path(&entry.key, &node, &mut self.errors);
            }
            let removed =
                matches!(&entry.value.kind, Kind::Text(scalar) if scalar.text == "$remove");
            let value = (!removed).then(|| self.tree(&entry.value));
            members.push((name, value));
        }
        Body::Overlay {
            over,
            with: members,
        }
    }

    /// Warns of a created user or group whose name would be the same in every run.
    fn check_names(&mut self, body: &Body, node: &Node) {
        for attribute in ["userName", "displayName"] {
            let fixed = match body {
                Body::Tree(Tree::Map(members)) => members
                    .iter()
                    .find(|(name, _)| name.as_literal() == Some(attribute))
                    .is_some_and(|(_, value)| match value {
                        Tree::Text(text) => text.variables().next().is_none(),
                        _ => false,
                    }),
                Body::Json(text) => fixed_member(text, attribute),
                _ => false,
            };
            // A displayName beside a userName is free: the userName already tells runs apart.
            if fixed {
                let attribute = attribute.to_owned();
                self.warnings
                    .push(Problem::NameWithoutRun { attribute }.at(node.place.clone()));
                return;
            }
            if attribute == "userName" && mentions(body, attribute) {
                return;
            }
        }
    }
}

fn mentions(body: &Body, attribute: &str) -> bool {
    match body {
        Body::Tree(Tree::Map(members)) => members
            .iter()
            .any(|(name, _)| name.as_literal() == Some(attribute)),
        Body::Json(text) => text.to_string().contains(&format!("\"{attribute}\"")),
        _ => false,
    }
}

fn fixed_member(text: &Text, attribute: &str) -> bool {
    let filled = without_variables(&text.to_string());
    let Ok(value) = serde_json::from_str::<serde_json::Value>(&filled) else {
        return false;
    };
    value
        .get(attribute)
        .and_then(serde_json::Value::as_str)
        .is_some_and(|name| !name.contains("${"))
}

/// The JSON text with every variable made harmless, byte for byte as long as before, so that places stay right: inside
/// quotes it stays as it is, outside it becomes a number.
fn without_variables(written: &str) -> String {
    let mut filled = String::with_capacity(written.len());
    let mut quoted = false;
    let mut rest = written;
    while let Some(letter) = rest.chars().next() {
        if rest.starts_with("${")
            && let Some(end) = rest.find('}')
        {
            let variable = &rest[..=end];
            if quoted {
                filled.push_str(&variable.replace(['"', '\\'], "x"));
            } else {
                filled.push('1');
                filled.extend(std::iter::repeat_n(' ', variable.len() - 1));
            }
            rest = &rest[end + 1..];
            continue;
        }
        let mut length = letter.len_utf8();
        if rest.starts_with("$${") {
            length = 3;
        } else if quoted && letter == '\\' {
            length += rest[1..].chars().next().map_or(0, char::len_utf8);
        } else if letter == '"' {
            quoted = !quoted;
        }
        filled.push_str(&rest[..length]);
        rest = &rest[length..];
    }
    filled
}

/// Members that occur twice in one object, whatever their letter case, with the byte offset of the later one. The text
/// must be JSON.
fn duplicate_members(json: &str) -> Vec<(String, usize)> {
    let mut found = Vec::new();
    let mut objects: Vec<Option<HashSet<String>>> = Vec::new();
    let bytes = json.as_bytes();
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'{' => objects.push(Some(HashSet::new())),
            b'[' => objects.push(None),
            b'}' | b']' => {
                objects.pop();
            }
            b'"' => {
                let start = at + 1;
                at = start;
                while bytes.get(at).is_some_and(|byte| *byte != b'"') {
                    at += if bytes[at] == b'\\' { 2 } else { 1 };
                }
                let name = json.get(start..at).unwrap_or_default();
                let is_name = json
                    .get(at + 1..)
                    .is_some_and(|rest| rest.trim_start().starts_with(':'));
                if is_name
                    && let Some(Some(members)) = objects.last_mut()
                    && !members.insert(name.to_ascii_lowercase())
                {
                    found.push((name.to_owned(), start - 1));
                }
            }
            _ => {}
        }
        at += 1;
    }
    found
}
