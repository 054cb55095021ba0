//! Matchers: plain values, names such as `$nonempty`, and mappings such as `{ $size: 2 }`.

use crate::scenario::error::{Problem, ScenarioError};
use crate::scenario::load::Loader;
use crate::scenario::load::fields::Fields;
use crate::scenario::matcher::{Form, Kind as JsonKind, Matcher};
use crate::scenario::nearest::nearest;
use crate::scenario::template::{Text, Tree};
use crate::scenario::yaml::{Entry, Kind, Node};
use crate::scim::filter::Dialect;
use crate::scim::path::Path;

/// Matchers that need no argument.
pub(crate) const NAMES: [&str; 14] = [
    "$string",
    "$number",
    "$integer",
    "$boolean",
    "$array",
    "$object",
    "$nonempty",
    "$instant",
    "$uri",
    "$uuid",
    "$present",
    "$absent",
    "$any",
    "$unique",
];
/// Matchers that need one.
pub(crate) const WITH_ARGUMENT: [&str; 15] = [
    "$pattern",
    "$any-of",
    "$all-of",
    "$not",
    "$same-as",
    "$exactly",
    "$contains",
    "$each",
    "$size",
    "$at-least",
    "$at-most",
    "$after",
    "$not-before",
    "$at",
    "$text",
];
/// SCIM attributes whose names begin with `$`.
const ATTRIBUTES: [&str; 2] = ["$ref", "$schema"];

impl Loader<'_> {
    pub(super) fn matcher(&mut self, node: &Node) -> Option<Matcher<Tree>> {
        match &node.kind {
            Kind::Text(scalar) => {
                let text = scalar.text.as_str();
                if let Some(matcher) = named(text) {
                    return Some(matcher);
                }
                if let Some(position) = self.matcher_column(text) {
                    return self.matcher_of_column(position);
                }
                if text.starts_with('$') && !text.starts_with("${") && !text.starts_with("$${") {
                    let word: String = text.chars().take(60).collect();
                    self.unknown_matcher(&word, node);
                    return None;
                }
                Some(Matcher::Equals(self.tree(node)))
            }
            // An empty list means the same as nothing at all; an empty `Elements` would ask for a list.
            Kind::List(items) if items.is_empty() => Some(Matcher::Equals(Tree::List(Vec::new()))),
            Kind::List(items) => Some(Matcher::Elements(self.matchers(items))),
            Kind::Map(entries) => self.mapping(entries),
            _ => Some(Matcher::Equals(self.tree(node))),
        }
    }

    /// The column or argument that a text alone stands for, if that was written as a matcher.
    fn matcher_column(&self, text: &str) -> Option<usize> {
        let name = text.strip_prefix("${")?.strip_suffix('}')?;
        let bindings = &self.scope.bindings;
        let position = bindings.iter().rposition(|binding| binding.name == name)?;
        bindings[position].matcher.is_some().then_some(position)
    }

    /// What a row says of an answer is a matcher like any other; it sees what can be seen where it was written.
    fn matcher_of_column(&mut self, position: usize) -> Option<Matcher<Tree>> {
        let inside = self.scope.bindings.split_off(position);
        let was_inline = std::mem::replace(&mut self.inline, true);
        let node = inside.first().and_then(|binding| binding.matcher.clone());
        let matcher = node.and_then(|node| self.matcher(&node));
        self.inline = was_inline;
        self.scope.bindings.extend(inside);
        matcher
    }

    fn matchers(&mut self, items: &[Node]) -> Vec<Matcher<Tree>> {
        items.iter().filter_map(|item| self.matcher(item)).collect()
    }

    fn unknown_matcher(&mut self, word: &str, node: &Node) {
        let known = NAMES.into_iter().chain(WITH_ARGUMENT);
        let problem = Problem::UnknownMatcher {
            word: word.to_owned(),
            near: nearest(word, known),
        };
        self.errors.push(problem.at(node.place.clone()));
    }

    fn mapping(&mut self, entries: &[Entry]) -> Option<Matcher<Tree>> {
        let is_matcher = |entry: &&Entry| {
            let key = entry.key.as_str();
            key.starts_with('$') && !key.starts_with("${") && !ATTRIBUTES.contains(&key)
        };
        let matcher = entries.iter().find(is_matcher);
        let member = entries.iter().find(|entry| !is_matcher(entry));
        if let (Some(matcher), Some(member)) = (matcher, member) {
            let problem = Problem::MixedMatcher {
                matcher: matcher.key.clone(),
                member: member.key.clone(),
            };
            self.errors.push(problem.at(member.place.clone()));
            return None;
        }
        if matcher.is_none() {
            return Some(Matcher::Members(self.members(entries)));
        }
        let mut all: Vec<Matcher<Tree>> = entries
            .iter()
            .filter_map(|entry| self.entry(entry))
            .collect();
        if all.len() > 1 {
            return Some(Matcher::AllOf(all));
        }
        all.pop()
    }

    fn members(&mut self, entries: &[Entry]) -> Vec<(String, Matcher<Tree>)> {
        let mut members = Vec::new();
        for entry in entries {
            let place = entry.place.clone();
            let what = "the name of a member";
            let name = self.known_text_at(what, &entry.key, &mut |_| place.clone());
            let Some(name) = name else { continue };
            if name.contains(['[', '"', ' ']) {
                let at = Node {
                    kind: Kind::Null,
                    place: entry.place.clone(),
                };
                check_scim_path(&name, &at, &mut self.errors);
            }
            if let Some(matcher) = self.matcher(&entry.value) {
                members.push((name, matcher));
            }
        }
        members
    }

    fn entry(&mut self, entry: &Entry) -> Option<Matcher<Tree>> {
        let name = entry.key.as_str();
        let value = &entry.value;
        if let Some(matcher) = named(name) {
            if value.kind != Kind::Bool(true) {
                self.argument(name, "`true`; for the opposite, write `{ $not: … }`", value);
            }
            return Some(matcher);
        }
        Some(match name {
            "$pattern" => Matcher::Pattern(self.pattern(value)?),
            "$any-of" => Matcher::AnyOf(self.alternatives(name, value)?),
            "$all-of" => Matcher::AllOf(self.alternatives(name, value)?),
            "$not" => Matcher::Not(Box::new(self.matcher(value)?)),
            "$each" => Matcher::Each(Box::new(self.matcher(value)?)),
            "$same-as" => Matcher::Equals(self.tree(value)),
            "$exactly" => Matcher::Exactly(self.exact(value)),
            "$contains" => Matcher::Contains(match &value.kind {
                Kind::List(items) => self.matchers(items),
                _ => vec![self.matcher(value)?],
            }),
            "$size" => self.size(value)?,
            "$at-least" => Matcher::AtLeast(self.limit(name, value)?),
            "$at-most" => Matcher::AtMost(self.limit(name, value)?),
            "$after" => Matcher::After(self.instant(name, value)?),
            "$not-before" => Matcher::NotBefore(self.instant(name, value)?),
            "$at" => Matcher::At(self.places(value)?),
            "$text" => Matcher::Text(self.exact(value)),
            _ => {
                let at = Node {
                    kind: Kind::Null,
                    place: entry.place.clone(),
                };
                self.unknown_matcher(name, &at);
                return None;
            }
        })
    }

    fn argument(&mut self, matcher: &str, expected: &'static str, value: &Node) {
        let matcher = matcher.to_owned();
        let problem = Problem::MatcherArgument { matcher, expected };
        self.errors.push(problem.at(value.place.clone()));
    }

    /// A value for `$exactly`: a text that begins with `$` stands for itself.
    fn exact(&mut self, value: &Node) -> Tree {
        match &value.kind {
            Kind::Text(scalar) if scalar.text.starts_with('$') && !scalar.text.contains("${") => {
                Tree::Text(Text::literal(scalar.text.clone()))
            }
            _ => self.tree(value),
        }
    }

    fn alternatives(&mut self, name: &str, value: &Node) -> Option<Vec<Matcher<Tree>>> {
        match &value.kind {
            Kind::List(items) if !items.is_empty() => Some(self.matchers(items)),
            _ => {
                self.argument(name, "a list of matchers", value);
                None
            }
        }
    }

    /// JSONPaths, and what is found there must look like.
    fn places(&mut self, value: &Node) -> Option<Vec<(String, Matcher<Tree>)>> {
        let Kind::Map(entries) = &value.kind else {
            self.argument("$at", "a mapping of JSONPaths", value);
            return None;
        };
        let mut places = Vec::new();
        for entry in entries {
            let at = Node {
                kind: Kind::Null,
                place: entry.place.clone(),
            };
            let path = self.json_path(&entry.key, 0, &at);
            let inner = self.matcher(&entry.value);
            places.extend(path.zip(inner));
        }
        Some(places)
    }

    fn pattern(&mut self, value: &Node) -> Option<String> {
        let Kind::Text(scalar) = &value.kind else {
            self.argument("$pattern", "a regular expression in quotes", value);
            return None;
        };
        let pattern = if scalar.text.contains("${") {
            self.known_text("`$pattern`", value)?
        } else {
            scalar.text.clone()
        };
        // The same limit as at judging: a pattern that is accepted here compiles there.
        match regex::RegexBuilder::new(&pattern)
            .size_limit(1 << 20)
            .build()
        {
            Ok(_) => Some(pattern),
            Err(error) => {
                let whole = error.to_string();
                let message = whole
                    .lines()
                    .last()
                    .unwrap_or_default()
                    .trim_start_matches("error: ")
                    .to_owned();
                self.errors
                    .push(Problem::Pattern { message }.at(value.place.clone()));
                None
            }
        }
    }

    fn size(&mut self, value: &Node) -> Option<Matcher<Tree>> {
        if let Kind::Map(_) = &value.kind {
            let fields = Fields::read(value, "`$size`", &["from", "to"], &mut self.errors)?;
            let from = match fields.get("from") {
                Some(node) => self.limit("$size", node)?,
                None => Tree::Number(0.into()),
            };
            let to = match fields.get("to") {
                Some(node) => Some(self.limit("$size", node)?),
                None => None,
            };
            return Some(Matcher::Size(from, to));
        }
        let size = self.limit("$size", value)?;
        Some(Matcher::Size(size.clone(), Some(size)))
    }

    fn limit(&mut self, name: &str, value: &Node) -> Option<Tree> {
        match &value.kind {
            Kind::Number { value, .. } => Some(Tree::Number(value.clone())),
            Kind::Text(scalar) if scalar.text.starts_with("${") => self.number(name, value),
            _ => {
                let expected = if name == "$size" {
                    "a number, or `{ from: …, to: … }`"
                } else {
                    "a number"
                };
                self.argument(name, expected, value);
                None
            }
        }
    }

    fn instant(&mut self, name: &str, value: &Node) -> Option<Tree> {
        if let Kind::Text(scalar) = &value.kind {
            let is_instant =
                scalar.text.contains("${") || scalar.text.parse::<jiff::Timestamp>().is_ok();
            if is_instant {
                return Some(self.tree(value));
            }
        }
        self.argument(
            name,
            "an instant such as `2026-01-31T09:00:00Z`, or a variable",
            value,
        );
        None
    }
}

/// The matcher that a name alone stands for.
pub(super) fn named(name: &str) -> Option<Matcher<Tree>> {
    Some(match name {
        "$string" => Matcher::Kind(JsonKind::String),
        "$number" => Matcher::Kind(JsonKind::Number),
        "$integer" => Matcher::Kind(JsonKind::Integer),
        "$boolean" => Matcher::Kind(JsonKind::Boolean),
        "$array" => Matcher::Kind(JsonKind::Array),
        "$object" => Matcher::Kind(JsonKind::Object),
        "$nonempty" => Matcher::NonEmpty,
        "$instant" => Matcher::Form(Form::Instant),
        "$uri" => Matcher::Form(Form::Uri),
        "$uuid" => Matcher::Form(Form::Uuid),
        "$present" => Matcher::Present,
        "$absent" => Matcher::Absent,
        "$any" => Matcher::Any,
        "$unique" => Matcher::Unique,
        _ => return None,
    })
}

/// Reports what is wrong with a SCIM path at the beginning of the node.
pub(super) fn check_scim_path(
    path: &str,
    node: &Node,
    errors: &mut Vec<ScenarioError>,
) -> Option<()> {
    let Err(fault) = Path::parse(path, Dialect::LENIENT) else {
        return Some(());
    };
    let place = node.place_at(fault.offset);
    let problem = Problem::ScimPath {
        message: fault.problem,
        repair: fault.hint,
    };
    errors.push(problem.at(place));
    None
}
