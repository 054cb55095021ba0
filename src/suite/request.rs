//! Target and body of a request as scenarios write them.

use std::fmt::Write;

use serde_json::Value;

use crate::suite::template::{Part, parts};
use crate::suite::variable::Variables;

/// What follows the base URL, as the key of a request has it.
pub(super) fn target(rest: &str, number: usize, variables: &mut Variables<'_>) -> String {
    let rest = rest.split('#').next().unwrap_or(rest);
    let rest = match rest.is_empty() {
        true => "/",
        false => rest,
    };
    let (path, query) = rest
        .split_once('?')
        .map_or((rest, None), |(path, query)| (path, Some(query)));
    let literal = |text: &str, sign: &str| {
        parts(text)
            .iter()
            .any(|part| matches!(part, Part::Literal(text) if text.contains(sign)))
    };
    // A variable cannot be the name of a parameter, and what is encoded already must not be encoded again.
    let free_names = query.is_some_and(|query| {
        query.split('&').any(|parameter| {
            parameter
                .split('=')
                .next()
                .is_some_and(|name| name.contains("{{"))
        })
    });
    let is_encoded = literal(rest, "%") || query.is_some_and(|query| literal(query, "+"));
    if !path.starts_with('/') || free_names || is_encoded {
        let encoded: String = parts(rest)
            .into_iter()
            .map(|part| match part {
                Part::Literal(text) => encoded(text).replace("${", "$${"),
                Part::Variable(name) => variables.variable(name, number),
            })
            .collect();
        return format!("{{ raw: {} }}", Value::from(encoded));
    }
    variables.quoted(rest, number)
}

/// What runners encode of a URL that is partly encoded: only what cannot stand in one.
fn encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b' '
            | b'"'
            | b'<'
            | b'>'
            | b'`'
            | b'{'
            | b'}'
            | b'|'
            | b'\\'
            | b'^'
            | 0..0x20
            | 0x7f.. => {
                let _ = write!(encoded, "%{byte:02X}");
            }
            other => encoded.push(char::from(other)),
        }
    }
    encoded
}

/// The lines of a body. JSON keeps its shape but for the kind of its line breaks, which mean nothing there.
pub(super) fn body(text: &str, number: usize, variables: &mut Variables<'_>) -> String {
    let plain = text.replace("\r\n", "\n");
    let key = match is_json(&plain) {
        true => "body",
        false => "body-text",
    };
    let filled = variables.text(&plain, number);
    let filled = filled.trim_end_matches('\n');
    let is_block = key == "body"
        && !filled.starts_with([' ', '\n'])
        && !filled
            .chars()
            .any(|letter| letter.is_control() && letter != '\n');
    if !is_block {
        let exact = match key {
            "body" => filled.to_owned(),
            _ => variables.text(text, number),
        };
        return format!("    {key}: {}\n", Value::from(exact));
    }
    let mut lines = format!("    {key}: |\n");
    for line in filled.lines() {
        match line.trim_end() {
            "" => lines.push('\n'),
            line => {
                let _ = writeln!(lines, "      {line}");
            }
        }
    }
    lines
}

/// Whether a text is JSON whose variables all stand inside quotes: anywhere else they would be put in as they are.
fn is_json(text: &str) -> bool {
    let mut before = String::new();
    for part in parts(text) {
        match part {
            Part::Literal(text) => before.push_str(text),
            Part::Variable(_) => {
                if !inside_quotes(&before) {
                    return false;
                }
                before.push('x');
            }
        }
    }
    serde_json::from_str::<serde::de::IgnoredAny>(&before).is_ok()
}

fn inside_quotes(text: &str) -> bool {
    let (mut inside, mut escaped) = (false, false);
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
