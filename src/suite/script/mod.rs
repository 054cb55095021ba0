//! Scripts of suites. They are never executed: what they say in one of the common ways is read from their text, and the
//! rest is listed.

mod chain;
pub(super) mod expression;
mod token;

use std::collections::BTreeMap;

use serde_json::Value;

use crate::suite::condition::{Claim, Condition, Part};
use crate::suite::script::expression::{Reader, Symbol, truth};
use crate::suite::script::token::{Spelled, Token, tokens};
use crate::suite::{Assertion, Capture, From};

/// What a script says, as far as it is recognised.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Reading {
    /// What it asserts, recognised or not.
    pub(super) assertions: Vec<Assertion>,
    /// What it keeps.
    pub(super) captures: Vec<Capture>,
    /// Values that it gives to variables.
    pub(super) values: Vec<(String, String)>,
    /// What else it does and is not recognised, as it is written.
    pub(super) unread: Vec<String>,
}

/// Calls that give a variable a value.
const SETTERS: [&str; 9] = [
    "pm . environment . set (",
    "pm . globals . set (",
    "pm . collectionVariables . set (",
    "pm . variables . set (",
    "postman . setEnvironmentVariable (",
    "postman . setGlobalVariable (",
    "environment . set (",
    "globals . set (",
    "variables . set (",
];
/// Calls that ask nothing of the answer and keep nothing of it.
const SILENT: [&str; 9] = [
    "pm . environment . get (",
    "pm . globals . get (",
    "pm . variables . get (",
    "pm . environment . unset (",
    "pm . globals . unset (",
    "console . log (",
    "console . warn (",
    "console . info (",
    "log (",
];

/// Reads a script.
pub(super) fn read(script: &str) -> Reading {
    let tokens = tokens(script);
    let mut reading = Reading::default();
    let mut reader = Reader::new(&tokens, BTreeMap::new());
    while reader.at < tokens.len() {
        statement(&mut reader, script, &mut reading);
    }
    reading
}

/// One statement; what is not recognised is skipped to its end and listed.
fn statement(reader: &mut Reader<'_>, script: &str, reading: &mut Reading) {
    if reader.takes(";") {
        return;
    }
    let begin = reader.at;
    let mut found = Reading::default();
    if recognised(reader, script, &mut found).is_some() && ended(reader) {
        reading.assertions.extend(found.assertions);
        reading.captures.extend(found.captures);
        reading.values.extend(found.values);
        return;
    }
    // What was read of it before it went wrong may be wrong, too.
    reader.at = begin;
    let end = end_of(reader.tokens, begin);
    let skipped = &reader.tokens[begin..end];
    reader.at = end;
    forget(reader, skipped);
    let written = text_of(skipped, script);
    let tests = tests_in(skipped);
    let reason = "a script with branches, loops or calls that are not recognised";
    if tests.is_empty() && asserts(skipped) {
        reading.assertions.push(Assertion {
            says: written,
            claims: Vec::new(),
            untranslated: Some(reason.to_owned()),
            is_script: true,
        });
    } else if tests.is_empty() {
        reading.unread.push(written);
    }
    for name in tests {
        reading.assertions.push(Assertion {
            says: format!("test `{name}`"),
            claims: Vec::new(),
            untranslated: Some(reason.to_owned()),
            is_script: false,
        });
    }
}

/// Reads a statement of a kind that is known, and takes over what it says.
fn recognised(reader: &mut Reader<'_>, script: &str, reading: &mut Reading) -> Option<()> {
    if reader.takes_all("pm . test (") {
        return test(reader, script, reading);
    }
    if reader.takes_all("tests [") {
        let name = reader.text()?.to_owned();
        if !(reader.takes("]") && reader.takes("=")) {
            return None;
        }
        let claims = truth(reader.expression()?)?;
        reading
            .assertions
            .push(Assertion::of(format!("test `{name}`"), claims));
        return Some(());
    }
    for words in SETTERS {
        if reader.takes_all(words) {
            return kept(reader, reading);
        }
    }
    for words in SILENT {
        if reader.takes_all(words) {
            reader.at = closing(reader.tokens, reader.at)?;
            return Some(());
        }
    }
    let begin = reader.at;
    if let Some(claims) = asserted(reader) {
        let says = text_of(&reader.tokens[begin..reader.at], script);
        reading.assertions.push(Assertion::of(says, claims));
        return Some(());
    }
    reader.at = begin;
    assigned(reader)
}

/// `var name = …` or `name = …`. A value that is not recognised is none, until something is asserted of it.
fn assigned(reader: &mut Reader<'_>) -> Option<()> {
    let declares = ["var", "let", "const"]
        .into_iter()
        .any(|word| reader.takes_all(word));
    let name = reader.word()?.to_owned();
    if !reader.takes("=") {
        return (declares && (reader.is_sign(";") || reader.peek().is_none())).then_some(());
    }
    let begin = reader.at;
    match reader.expression() {
        Some(symbol) if ends_here(reader) => {
            reader.names.insert(name, symbol);
        }
        _ => {
            reader.names.remove(&name);
            let end = end_of(reader.tokens, begin);
            // A function may hold assertions.
            if asserts(&reader.tokens[begin..end]) {
                return None;
            }
            reader.at = end;
        }
    }
    Some(())
}

/// A claim as a statement: `pm.expect(…)`, `pm.response.to…`, `assert.equal(…)`.
fn asserted(reader: &mut Reader<'_>) -> Option<Vec<Claim>> {
    if reader.takes_all("pm . expect (") || reader.takes_all("expect (") {
        return reader.expectation();
    }
    if reader.takes_all("pm . response . to") {
        return reader.response_chain();
    }
    let equal = [
        "assert . equal (",
        "assert . strictEqual (",
        "assert . deepEqual (",
    ];
    if equal.into_iter().any(|words| reader.takes_all(words)) {
        let left = reader.expression()?;
        if !reader.takes(",") {
            return None;
        }
        let right = reader.expression()?;
        let (part, value) = match (left, right) {
            (Symbol::Part(part), Symbol::Value(value))
            | (Symbol::Value(value), Symbol::Part(part)) => (part, value),
            _ => return None,
        };
        reader.at = closing(reader.tokens, reader.at)?;
        let is = Condition::Exactly(value);
        return Some(vec![Claim::new(part, is)]);
    }
    let truthy = ["assert . ok (", "assert . isTrue (", "assert ("];
    if truthy.into_iter().any(|words| reader.takes_all(words)) {
        let claims = truth(reader.expression()?)?;
        reader.at = closing(reader.tokens, reader.at)?;
        return Some(claims);
    }
    None
}

/// What stands behind `pm.test(`.
fn test(reader: &mut Reader<'_>, script: &str, reading: &mut Reading) -> Option<()> {
    let name = reader.text()?.to_owned();
    if !reader.takes(",") {
        return None;
    }
    let is_function = reader.takes_all("function ( ) {")
        || reader.takes_all("( ) => {")
        || reader.takes_all("function ( done ) {");
    let (begin, end, after) = if is_function {
        let after = closing(reader.tokens, reader.at)?;
        (reader.at, after - 1, after)
    } else {
        if !reader.takes_all("( ) =>") {
            return None;
        }
        let after = closing(reader.tokens, reader.at)? - 1;
        (reader.at, after, after)
    };
    let mut inner = Reader::new(&reader.tokens[begin..end], reader.names.clone());
    let mut found = Reading::default();
    while inner.at < inner.tokens.len() {
        statement(&mut inner, script, &mut found);
    }
    let claims: Vec<Claim> = found
        .assertions
        .iter()
        .flat_map(|assertion| assertion.claims.iter().cloned())
        .collect();
    let unread = found
        .assertions
        .iter()
        .filter(|assertion| assertion.untranslated.is_some())
        .map(|assertion| assertion.says.as_str())
        .chain(found.unread.iter().map(String::as_str));
    let unread: Vec<&str> = unread.collect();
    let untranslated = match (unread.as_slice(), claims.is_empty()) {
        ([], true) => Some("it asserts nothing".to_owned()),
        ([], false) => None,
        (unread, _) => Some(format!("not recognised: {}", unread.join("; "))),
    };
    reading.assertions.push(Assertion {
        says: format!("test `{name}`"),
        claims,
        untranslated,
        is_script: false,
    });
    reading.captures.extend(found.captures);
    reading.values.extend(found.values);
    reader.at = after;
    reader.takes(")").then_some(())
}

/// What stands behind `pm.environment.set(` and the like.
fn kept(reader: &mut Reader<'_>, reading: &mut Reading) -> Option<()> {
    let name = reader.text()?.to_owned();
    if !reader.takes(",") {
        return None;
    }
    let value = reader.expression()?;
    if !reader.takes(")") {
        return None;
    }
    let from = match value {
        Symbol::Part(Part::Json(path)) => From::Json(path),
        Symbol::Part(Part::Header(name)) => From::Header(name),
        Symbol::Part(Part::Status) => From::Status,
        Symbol::Value(Value::String(text)) => {
            reading.values.push((name, text));
            return Some(());
        }
        Symbol::Value(value @ (Value::Number(_) | Value::Bool(_))) => {
            reading.values.push((name, value.to_string()));
            return Some(());
        }
        _ => return None,
    };
    reading.captures.push(Capture { name, from });
    Some(())
}

/// Whether the statement ends here; goes past a semicolon.
fn ended(reader: &mut Reader<'_>) -> bool {
    let ends = ends_here(reader);
    reader.takes(";");
    ends
}

fn ends_here(reader: &Reader<'_>) -> bool {
    match reader.tokens.get(reader.at) {
        None => true,
        Some(next) => next.new_line || matches!(next.token, Token::Sign(";" | "}")),
    }
}

/// Names that a skipped statement may have changed stand for nothing any more.
fn forget(reader: &mut Reader<'_>, skipped: &[Spelled]) {
    for pair in skipped.windows(2) {
        if let (Token::Word(name), Token::Sign("=" | "+=" | "++" | "--")) =
            (&pair[0].token, &pair[1].token)
        {
            reader.names.remove(name);
        }
    }
}

/// Where the bracket closes inside which a position is: the position behind it.
fn closing(tokens: &[Spelled], from: usize) -> Option<usize> {
    let mut depth = 0_usize;
    for (at, spelled) in tokens.iter().enumerate().skip(from) {
        match spelled.token {
            Token::Sign("(" | "[" | "{") => depth += 1,
            Token::Sign(")" | "]" | "}") if depth == 0 => return Some(at + 1),
            Token::Sign(")" | "]" | "}") => depth -= 1,
            _ => {}
        }
    }
    None
}

/// The end of a statement that is not recognised: its semicolon, or the block that ends it, `else` and the like included.
fn end_of(tokens: &[Spelled], begin: usize) -> usize {
    let mut depth = 0_usize;
    let mut at = begin;
    while let Some(spelled) = tokens.get(at) {
        at += 1;
        match spelled.token {
            Token::Sign("(" | "[" | "{") => depth += 1,
            Token::Sign(")" | "]") => depth = depth.saturating_sub(1),
            Token::Sign("}") => {
                depth = depth.saturating_sub(1);
                let goes_on = match tokens.get(at).map(|next| &next.token) {
                    Some(Token::Word(word)) => {
                        matches!(word.as_str(), "else" | "catch" | "finally" | "while")
                    }
                    Some(Token::Sign(sign)) => !matches!(*sign, "}"),
                    _ => false,
                };
                if depth == 0 && !goes_on {
                    return at;
                }
            }
            Token::Sign(";") if depth == 0 => {
                let is_else = matches!(
                    tokens.get(at).map(|next| &next.token),
                    Some(Token::Word(word)) if word == "else"
                );
                if !is_else {
                    return at;
                }
            }
            _ => {}
        }
    }
    at
}

/// The names of the tests in a part of a script.
fn tests_in(tokens: &[Spelled]) -> Vec<String> {
    let mut names = Vec::new();
    let mut reader = Reader::new(tokens, BTreeMap::new());
    while reader.at < tokens.len() {
        if (reader.takes_all("pm . test (") || reader.takes_all("tests ["))
            && let Some(name) = reader.text()
        {
            names.push(name.to_owned());
        } else {
            reader.at += 1;
        }
    }
    names
}

/// Whether a part of a script asserts something.
fn asserts(tokens: &[Spelled]) -> bool {
    tokens.iter().any(|spelled| {
        matches!(&spelled.token, Token::Word(word) if matches!(word.as_str(), "assert" | "expect" | "should"))
    })
}

/// A part of a script as it is written, on one line, cut where it is long.
fn text_of(tokens: &[Spelled], script: &str) -> String {
    let (Some(first), Some(last)) = (tokens.first(), tokens.last()) else {
        return String::new();
    };
    let words: Vec<&str> = script[first.from..last.to].split_whitespace().collect();
    let line = words.join(" ");
    match line.char_indices().nth(160) {
        Some((cut, _)) => format!("{}…", &line[..cut]),
        None => line.trim_end_matches(';').to_owned(),
    }
}

#[cfg(test)]
mod tests;
