//! Values, matchers and trees written as YAML in flow style, one line each: the opposite of `load`.

use serde_json::Value;

use crate::scenario::matcher::{Form, Kind, Matcher};
use crate::scenario::template::Tree;

/// A value. Texts are always quoted; a literal `${` is written `$${`.
pub(crate) fn value(value: &Value) -> String {
    match value {
        Value::String(text) => quoted(text),
        Value::Array(items) => list(items.iter().map(self::value)),
        Value::Object(members) => map(members
            .iter()
            .map(|(name, member)| (name.as_str(), self::value(member)))),
        other => other.to_string(),
    }
}

/// A tree, variables as they were written.
pub(crate) fn tree(tree: &Tree) -> String {
    match tree {
        Tree::Null => "null".to_owned(),
        Tree::Bool(flag) => flag.to_string(),
        Tree::Number(number) => number.to_string(),
        // `Display` of a text writes it as it stands in a file.
        Tree::Text(text) => in_quotes(&text.to_string()),
        Tree::List(items) => list(items.iter().map(self::tree)),
        Tree::Map(members) => {
            let members: Vec<(String, String)> = members
                .iter()
                .map(|(name, member)| (name.to_string(), self::tree(member)))
                .collect();
            map(members
                .iter()
                .map(|(name, member)| (name.as_str(), member.clone())))
        }
    }
}

/// A matcher.
pub(crate) fn matcher(matcher: &Matcher<Value>) -> String {
    let with = |name: &str, argument: String| format!("{{ {name}: {argument} }}");
    let all = |matchers: &[Matcher<Value>]| list(matchers.iter().map(self::matcher));
    match matcher {
        Matcher::Equals(Value::String(text)) if text.starts_with('$') => {
            with("$exactly", quoted(text))
        }
        Matcher::Equals(concrete) => value(concrete),
        Matcher::Members(members) => map(members
            .iter()
            .map(|(name, member)| (name.as_str(), self::matcher(member)))),
        Matcher::Elements(elements) => all(elements),
        Matcher::Kind(kind) => match kind {
            Kind::String => "$string",
            Kind::Number => "$number",
            Kind::Integer => "$integer",
            Kind::Boolean => "$boolean",
            Kind::Array => "$array",
            Kind::Object => "$object",
        }
        .to_owned(),
        Matcher::NonEmpty => "$nonempty".to_owned(),
        Matcher::Form(form) => match form {
            Form::Instant => "$instant",
            Form::Uri => "$uri",
            Form::Uuid => "$uuid",
        }
        .to_owned(),
        Matcher::Present => "$present".to_owned(),
        Matcher::Absent => "$absent".to_owned(),
        Matcher::Any => "$any".to_owned(),
        Matcher::Pattern(pattern) => with("$pattern", quoted(pattern)),
        Matcher::AnyOf(matchers) => with("$any-of", all(matchers)),
        Matcher::AllOf(matchers) => with("$all-of", all(matchers)),
        Matcher::Not(inner) => with("$not", self::matcher(inner)),
        Matcher::Exactly(concrete) => with("$exactly", value(concrete)),
        Matcher::Contains(matchers) => with("$contains", all(matchers)),
        Matcher::Each(inner) => with("$each", self::matcher(inner)),
        Matcher::Size(from, None) => with("$size", value(from)),
        Matcher::Size(from, Some(to)) => with(
            "$size",
            format!("{{ from: {}, to: {} }}", value(from), value(to)),
        ),
        Matcher::Unique => with("$unique", "true".to_owned()),
        Matcher::AtLeast(least) => with("$at-least", value(least)),
        Matcher::AtMost(most) => with("$at-most", value(most)),
        Matcher::After(instant) => with("$after", value(instant)),
        Matcher::NotBefore(instant) => with("$not-before", value(instant)),
        Matcher::At(places) => with(
            "$at",
            map(places
                .iter()
                .map(|(path, inner)| (path.as_str(), self::matcher(inner)))),
        ),
        Matcher::Text(concrete) => with("$text", value(concrete)),
    }
}

/// A name, quoted unless it is a plain word.
pub(crate) fn name(name: &str) -> String {
    let plain = name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '$')
        && name.chars().all(|letter| {
            letter.is_ascii_alphanumeric() || matches!(letter, '_' | '-' | '.' | '$')
        });
    if plain { name.to_owned() } else { quoted(name) }
}

/// A quoted text.
pub(crate) fn quoted(text: &str) -> String {
    in_quotes(&text.replace("${", "$${"))
}

/// A text in double quotes, variables as they were written.
pub(crate) fn in_quotes(written: &str) -> String {
    let mut quoted = String::with_capacity(written.len() + 2);
    quoted.push('"');
    for letter in written.chars() {
        match letter {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\t' => quoted.push_str("\\t"),
            '\r' => quoted.push_str("\\r"),
            letter if is_printable(letter) => quoted.push(letter),
            letter => quoted.push_str(&format!("\\u{:04x}", u32::from(letter))),
        }
    }
    quoted.push('"');
    quoted
}

/// What may stand in a YAML file as it is (YAML 1.2, 5.1) and shows, line breaks and tabs apart.
pub(crate) fn is_printable(letter: char) -> bool {
    let is_hidden = matches!(
        letter,
        '\u{feff}' | '\u{2028}' | '\u{2029}' | '\u{fffe}' | '\u{ffff}'
    );
    !letter.is_control() && !is_hidden
}

fn list(items: impl Iterator<Item = String>) -> String {
    let items: Vec<String> = items.collect();
    format!("[{}]", items.join(", "))
}

fn map<'a>(members: impl Iterator<Item = (&'a str, String)>) -> String {
    let members: Vec<String> = members
        .map(|(key, member)| format!("{}: {member}", name(key)))
        .collect();
    if members.is_empty() {
        return "{}".to_owned();
    }
    format!("{{ {} }}", members.join(", "))
}
