//! What an expression of a script stands for, found by reading it; nothing is executed.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::suite::condition::{Claim, Condition, Part};
use crate::suite::script::token::{Spelled, Token};

/// What an expression stands for.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Symbol {
    /// A part of the answer.
    Part(Part),
    /// The number of elements or letters of one.
    Length(Part),
    /// A value that is known. Texts of variables are `{{name}}`.
    Value(Value),
    /// True if all of these hold.
    Claims(Vec<Claim>),
}

impl Symbol {
    pub(super) fn json(path: &str) -> Self {
        Self::Part(Part::Json(path.to_owned()))
    }
}

/// Reads tokens one after the other.
pub(super) struct Reader<'t> {
    pub(super) tokens: &'t [Spelled],
    pub(super) at: usize,
    /// What names of the script stand for.
    pub(super) names: BTreeMap<String, Symbol>,
}

/// Most brackets and operators inside each other; a reader of scripts must not exhaust the stack.
const DEPTH: usize = 100;

impl<'t> Reader<'t> {
    pub(super) fn new(tokens: &'t [Spelled], names: BTreeMap<String, Symbol>) -> Self {
        Self {
            tokens,
            at: 0,
            names,
        }
    }

    pub(super) fn peek(&self) -> Option<&'t Token> {
        self.tokens.get(self.at).map(|spelled| &spelled.token)
    }

    pub(super) fn is_sign(&self, sign: &str) -> bool {
        matches!(self.peek(), Some(Token::Sign(found)) if *found == sign)
    }

    /// Goes past a sign, if it is next.
    pub(super) fn takes(&mut self, sign: &str) -> bool {
        let found = self.is_sign(sign);
        self.at += usize::from(found);
        found
    }

    /// Goes past these words and signs, if all of them are next: `pm . test (`.
    pub(super) fn takes_all(&mut self, words: &str) -> bool {
        let mut at = self.at;
        for word in words.split(' ') {
            let fits = match self.tokens.get(at).map(|spelled| &spelled.token) {
                Some(Token::Word(found)) => found == word,
                Some(Token::Sign(found)) => *found == word,
                _ => false,
            };
            if !fits {
                return false;
            }
            at += 1;
        }
        self.at = at;
        true
    }

    pub(super) fn word(&mut self) -> Option<&'t str> {
        match self.peek() {
            Some(Token::Word(word)) => {
                self.at += 1;
                Some(word)
            }
            _ => None,
        }
    }

    pub(super) fn text(&mut self) -> Option<&'t str> {
        match self.peek() {
            Some(Token::Text(text)) => {
                self.at += 1;
                Some(text)
            }
            _ => None,
        }
    }

    /// An expression; nothing if it has something in it that is not recognised.
    pub(super) fn expression(&mut self) -> Option<Symbol> {
        self.both(0)
    }

    fn both(&mut self, depth: usize) -> Option<Symbol> {
        let mut left = self.compared(depth)?;
        while self.takes("&&") {
            let right = self.compared(depth)?;
            let mut claims = truth(left)?;
            claims.extend(truth(right)?);
            left = Symbol::Claims(claims);
        }
        Some(left)
    }

    fn compared(&mut self, depth: usize) -> Option<Symbol> {
        let left = self.value(depth)?;
        let signs = ["===", "==", "!==", "!=", "<=", ">=", "<", ">"];
        let Some(sign) = signs.into_iter().find(|sign| self.takes(sign)) else {
            return Some(left);
        };
        let right = self.value(depth)?;
        // What is known stands right.
        let (left, right, sign) = match (left, right) {
            (left, Symbol::Value(value)) => (left, value, sign),
            (Symbol::Value(value), right) => (right, value, mirrored(sign)),
            _ => return None,
        };
        Some(Symbol::Claims(vec![comparison(left, sign, right)?]))
    }

    fn value(&mut self, depth: usize) -> Option<Symbol> {
        if depth > DEPTH {
            return None;
        }
        if self.takes("!") {
            let inner = truth(self.value(depth + 1)?)?;
            let [claim] = <[Claim; 1]>::try_from(inner).ok()?;
            return Some(Symbol::Claims(vec![Claim::new(claim.of, claim.is.not())]));
        }
        if self.takes("-") {
            return match self.value(depth + 1)? {
                Symbol::Value(Value::Number(number)) => {
                    Some(Symbol::Value(Value::from(-number.as_f64()?)))
                }
                _ => None,
            };
        }
        let mut symbol = self.primary(depth)?;
        loop {
            if self.takes(".") {
                let name = self.word()?;
                symbol = self.member(symbol, name)?;
            } else if self.is_sign("[") {
                self.at += 1;
                let Symbol::Value(key) = self.both(depth + 1)? else {
                    return None;
                };
                if !self.takes("]") {
                    return None;
                }
                symbol = element(&symbol, &key)?;
            } else {
                return Some(symbol);
            }
        }
    }

    fn primary(&mut self, depth: usize) -> Option<Symbol> {
        for (words, symbol) in answers() {
            if self.takes_all(words) {
                return Some(symbol);
            }
        }
        for words in [
            "pm . environment . get (",
            "pm . globals . get (",
            "pm . collectionVariables . get (",
            "pm . variables . get (",
            "postman . getEnvironmentVariable (",
            "postman . getGlobalVariable (",
            "variables . get (",
        ] {
            if self.takes_all(words) {
                let name = self.text()?;
                return self.takes(")").then(|| variable(name));
            }
        }
        for words in ["environment [", "globals ["] {
            if self.takes_all(words) {
                let name = self.text()?;
                return self.takes("]").then(|| variable(name));
            }
        }
        for words in [
            "pm . response . headers . get (",
            "postman . getResponseHeader (",
        ] {
            if self.takes_all(words) {
                let name = self.text()?.to_owned();
                return self.takes(")").then_some(Symbol::Part(Part::Header(name)));
            }
        }
        for words in ["responseHeaders [", "response . headers ["] {
            if self.takes_all(words) {
                let name = self.text()?.to_owned();
                return self.takes("]").then_some(Symbol::Part(Part::Header(name)));
            }
        }
        for words in [
            "JSON . parse (",
            "JSON . stringify (",
            "String (",
            "Number (",
        ] {
            if self.takes_all(words) {
                let inner = self.both(depth + 1)?;
                let whole = matches!(inner, Symbol::Part(Part::Text));
                let parses = words.starts_with("JSON . parse");
                return (self.takes(")") && whole && parses).then(|| Symbol::json("$"));
            }
        }
        if self.takes("(") {
            let inner = self.both(depth + 1)?;
            return self.takes(")").then_some(inner);
        }
        if self.takes("[") {
            let mut items = Vec::new();
            while !self.takes("]") {
                let Symbol::Value(item) = self.both(depth + 1)? else {
                    return None;
                };
                items.push(item);
                if !self.takes(",") && !self.is_sign("]") {
                    return None;
                }
            }
            return Some(Symbol::Value(Value::Array(items)));
        }
        if self.takes("{") {
            let mut members = Map::new();
            while !self.takes("}") {
                let name = self.word().or_else(|| self.text())?.to_owned();
                if !self.takes(":") {
                    return None;
                }
                let Symbol::Value(member) = self.both(depth + 1)? else {
                    return None;
                };
                members.insert(name, member);
                if !self.takes(",") && !self.is_sign("}") {
                    return None;
                }
            }
            return Some(Symbol::Value(Value::Object(members)));
        }
        let token = self.peek()?;
        self.at += 1;
        match token {
            Token::Text(text) => Some(Symbol::Value(Value::from(text.as_str()))),
            Token::Number(number) => Some(Symbol::Value(Value::Number(number.clone()))),
            Token::Word(word) => match word.as_str() {
                "true" => Some(Symbol::Value(Value::Bool(true))),
                "false" => Some(Symbol::Value(Value::Bool(false))),
                "null" | "undefined" => Some(Symbol::Value(Value::Null)),
                name => self.names.get(name).cloned(),
            },
            _ => None,
        }
    }

    fn member(&mut self, symbol: Symbol, name: &str) -> Option<Symbol> {
        let is_call = self.is_sign("(");
        match (symbol, name) {
            (Symbol::Part(part), "has" | "includes" | "contains") if is_call => {
                self.at += 1;
                let Symbol::Value(value) = self.expression()? else {
                    return None;
                };
                let claim = Claim::new(part, Condition::Contains(value));
                self.takes(")").then(|| Symbol::Claims(vec![claim]))
            }
            (Symbol::Part(Part::Json(path)), "hasOwnProperty") if is_call => {
                self.at += 1;
                let name = self.text()?;
                let claim = Claim::new(Part::Json(joined(&path, name)), Condition::Exists);
                self.takes(")").then(|| Symbol::Claims(vec![claim]))
            }
            (_, _) if is_call => None,
            (Symbol::Part(part @ (Part::Json(_) | Part::Text)), "length") => {
                Some(Symbol::Length(part))
            }
            (Symbol::Part(Part::Json(path)), name) => {
                Some(Symbol::Part(Part::Json(joined(&path, name))))
            }
            _ => None,
        }
    }
}

/// How scripts of both formats name what was answered.
fn answers() -> [(&'static str, Symbol); 13] {
    [
        ("pm . response . json ( )", Symbol::json("$")),
        ("pm . response . text ( )", Symbol::Part(Part::Text)),
        ("pm . response . code", Symbol::Part(Part::Status)),
        ("pm . response . responseTime", Symbol::Part(Part::Time)),
        ("pm . response . responseSize", Symbol::Part(Part::Size)),
        ("responseCode . code", Symbol::Part(Part::Status)),
        ("responseBody", Symbol::Part(Part::Text)),
        ("responseTime", Symbol::Part(Part::Time)),
        ("response . status", Symbol::Part(Part::Status)),
        ("response . body", Symbol::Part(Part::Text)),
        ("response . response_time_ms", Symbol::Part(Part::Time)),
        ("response . size_bytes", Symbol::Part(Part::Size)),
        ("response . json", Symbol::json("$")),
    ]
}

/// A variable of the suite, as texts of the suite write it.
fn variable(name: &str) -> Symbol {
    Symbol::Value(Value::from(format!("{{{{{name}}}}}")))
}

/// The JSONPath of a member.
pub(in crate::suite) fn joined(path: &str, name: &str) -> String {
    let plain = name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
        && name
            .chars()
            .all(|letter| letter.is_ascii_alphanumeric() || letter == '_');
    if plain {
        return format!("{path}.{name}");
    }
    let escaped = name.replace('\\', "\\\\").replace('\'', "\\'");
    format!("{path}['{escaped}']")
}

fn element(symbol: &Symbol, key: &Value) -> Option<Symbol> {
    let Symbol::Part(Part::Json(path)) = symbol else {
        return None;
    };
    match key {
        Value::Number(index) => Some(Symbol::json(&format!("{path}[{}]", index.as_u64()?))),
        Value::String(name) if !name.contains("{{") => Some(Symbol::json(&joined(path, name))),
        _ => None,
    }
}

/// What must hold if this is used as a condition.
pub(super) fn truth(symbol: Symbol) -> Option<Vec<Claim>> {
    match symbol {
        Symbol::Claims(claims) => Some(claims),
        Symbol::Part(part) => Some(vec![Claim::new(part, Condition::Truthy)]),
        Symbol::Length(part) => Some(vec![Claim::new(part, Condition::Length(0).not())]),
        Symbol::Value(_) => None,
    }
}

fn mirrored(sign: &'static str) -> &'static str {
    match sign {
        "<" => ">",
        ">" => "<",
        "<=" => ">=",
        ">=" => "<=",
        other => other,
    }
}

fn comparison(left: Symbol, sign: &str, right: Value) -> Option<Claim> {
    let part = match left {
        Symbol::Part(part) => part,
        Symbol::Length(part) => {
            let length = Condition::Length(right.as_u64()?);
            return match sign {
                "===" | "==" => Some(Claim::new(part, length)),
                "!==" | "!=" => Some(Claim::new(part, length.not())),
                ">" if right.as_u64() == Some(0) => {
                    Some(Claim::new(part, Condition::Length(0).not()))
                }
                _ => None,
            };
        }
        Symbol::Value(_) | Symbol::Claims(_) => return None,
    };
    let between = |least: Option<Value>, most: Option<Value>, exclusive| Condition::Between {
        least,
        most,
        exclusive,
    };
    let is = match sign {
        "===" => Condition::Exactly(right),
        "!==" => Condition::Exactly(right).not(),
        // Of null, JavaScript takes a missing member for the same.
        "==" if right.is_null() => Condition::Any(vec![
            Condition::Exactly(Value::Null),
            Condition::Exists.not(),
        ]),
        "!=" if right.is_null() => Condition::Any(vec![
            Condition::Exactly(Value::Null),
            Condition::Exists.not(),
        ])
        .not(),
        "==" => Condition::Text(right),
        "!=" => Condition::Text(right).not(),
        "<" => between(None, Some(right), true),
        "<=" => between(None, Some(right), false),
        ">" => between(Some(right), None, true),
        _ => between(Some(right), None, false),
    };
    Some(Claim::new(part, is))
}
