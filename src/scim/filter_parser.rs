//! Reads filters and paths from text. One recursive reader for both, because a path may hold a filter and the reverse.

use serde_json::Number;

use super::filter::{
    Dialect, Filter, FilterFault, Limits, Literal, Node, Operator, Quirk, QuirkKind,
};
use super::path::{AttributePath, Path};

pub(super) struct Parser<'a> {
    text: &'a str,
    at: usize,
    dialect: Dialect,
    limits: Limits,
    depth: usize,
    terms: usize,
    in_brackets: bool,
    quirks: Vec<Quirk>,
}

impl<'a> Parser<'a> {
    pub(super) fn new(text: &'a str, dialect: Dialect, limits: Limits) -> Self {
        Parser {
            text,
            at: 0,
            dialect,
            limits,
            depth: 0,
            terms: 0,
            in_brackets: false,
            quirks: Vec::new(),
        }
    }

    pub(super) fn into_quirks(self) -> Vec<Quirk> {
        self.quirks
    }

    /// `filter`: one or more conjunctions joined by `or`.
    pub(super) fn filter(&mut self) -> Result<Filter, FilterFault> {
        if self.text.len() > self.limits.length {
            return Err(fault(
                self.limits.length,
                format!("longer than {} bytes", self.limits.length),
            ));
        }
        self.joined("or", Self::conjunction, Node::Or)
    }

    fn conjunction(&mut self) -> Result<Filter, FilterFault> {
        self.joined("and", Self::term, Node::And)
    }

    fn joined(
        &mut self,
        word: &str,
        part: fn(&mut Self) -> Result<Filter, FilterFault>,
        node: fn(Vec<Filter>) -> Node,
    ) -> Result<Filter, FilterFault> {
        let first = part(self)?;
        let mut parts = vec![first];
        loop {
            let before = self.at;
            self.skip_spaces();
            if !self.take_word(word) {
                self.at = before;
                break;
            }
            parts.push(part(self)?);
        }
        if parts.len() == 1 {
            return parts
                .pop()
                .ok_or_else(|| fault(self.at, "nothing to join".to_owned()));
        }
        let span = parts[0].span.start..parts[parts.len() - 1].span.end;
        Ok(Filter {
            node: node(parts),
            span,
        })
    }

    fn term(&mut self) -> Result<Filter, FilterFault> {
        self.skip_spaces();
        let start = self.at;
        if self.peek() == Some(b'(') {
            return self.group(start);
        }
        if let Some(after) = self.negation() {
            self.at = after;
            let inner = self.group(after)?;
            return Ok(Filter {
                node: Node::Not(Box::new(inner)),
                span: start..self.at,
            });
        }
        self.terms += 1;
        if self.terms > self.limits.terms {
            return Err(fault(
                start,
                format!("more than {} comparisons", self.limits.terms),
            ));
        }
        let path = self.attribute_path()?;
        if self.peek() == Some(b'[') {
            return self.within(path, start);
        }
        let node = self.comparison(path)?;
        Ok(Filter {
            node,
            span: start..self.at,
        })
    }

    /// Where the parenthesis behind a `not` stands; `not` may also be the name of an attribute.
    fn negation(&self) -> Option<usize> {
        let rest = &self.text[self.at..];
        let word = rest.get(..3)?;
        if !word.eq_ignore_ascii_case("not") {
            return None;
        }
        let behind = rest[3..].trim_start_matches([' ', '\t']);
        behind
            .starts_with('(')
            .then(|| self.text.len() - behind.len())
    }

    fn group(&mut self, start: usize) -> Result<Filter, FilterFault> {
        self.at += 1;
        self.enter(start)?;
        let mut inner = self.filter()?;
        self.skip_spaces();
        if self.peek() != Some(b')') {
            return Err(self.unexpected("`)`, `and` or `or`", Some("each `(` needs its `)`")));
        }
        self.at += 1;
        self.depth -= 1;
        inner.span = start..self.at;
        Ok(inner)
    }

    fn within(&mut self, path: AttributePath, start: usize) -> Result<Filter, FilterFault> {
        let inner = self.brackets()?;
        if self.peek() != Some(b'.') || !self.dialect.value_path_sub_attributes {
            return Ok(Filter {
                node: Node::Within {
                    path,
                    filter: Box::new(inner),
                },
                span: start..self.at,
            });
        }
        let dot = self.at;
        self.at += 1;
        let sub_start = self.at;
        let sub = self.attribute_path()?;
        self.quirks.push(Quirk {
            kind: QuirkKind::ValuePathSubAttribute,
            span: dot..self.at,
        });
        let node = self.comparison(sub)?;
        let condition = Filter {
            node,
            span: sub_start..self.at,
        };
        let span = inner.span.start..self.at;
        let both = Filter {
            node: Node::And(vec![inner, condition]),
            span,
        };
        Ok(Filter {
            node: Node::Within {
                path,
                filter: Box::new(both),
            },
            span: start..self.at,
        })
    }

    fn brackets(&mut self) -> Result<Filter, FilterFault> {
        let start = self.at;
        if self.in_brackets {
            let hint = Some("brackets cannot stand inside brackets".to_owned());
            return Err(FilterFault {
                offset: start,
                problem: "unexpected `[`".to_owned(),
                hint,
            });
        }
        self.at += 1;
        self.enter(start)?;
        self.in_brackets = true;
        let inner = self.filter()?;
        self.in_brackets = false;
        self.skip_spaces();
        if self.peek() != Some(b']') {
            return Err(self.unexpected("`]`, `and` or `or`", Some("each `[` needs its `]`")));
        }
        self.at += 1;
        self.depth -= 1;
        Ok(inner)
    }

    fn enter(&mut self, start: usize) -> Result<(), FilterFault> {
        self.depth += 1;
        if self.depth > self.limits.depth {
            return Err(fault(
                start,
                format!("nested deeper than {} levels", self.limits.depth),
            ));
        }
        Ok(())
    }

    fn comparison(&mut self, path: AttributePath) -> Result<Node, FilterFault> {
        if !self.skip_spaces() {
            return Err(self.unexpected("a space and an operator", None));
        }
        let start = self.at;
        let word = self.word();
        if word.eq_ignore_ascii_case("pr") {
            return Ok(Node::Present(path));
        }
        let Some((operator, _)) = Operator::ALL
            .into_iter()
            .find(|(_, name)| word.eq_ignore_ascii_case(name))
        else {
            self.at = start;
            return Err(self.unexpected(
                "one of eq, ne, co, sw, ew, gt, ge, lt, le, pr",
                operator_hint(word),
            ));
        };
        if !self.skip_spaces() {
            return Err(self.unexpected("a space and a value", None));
        }
        let value = self.literal()?;
        Ok(Node::Compare {
            path,
            operator,
            value,
        })
    }

    fn literal(&mut self) -> Result<Literal, FilterFault> {
        let start = self.at;
        if self.peek() == Some(b'"') {
            return self.string();
        }
        let word = self.word();
        match word {
            "true" => return Ok(Literal::Boolean(true)),
            "false" => return Ok(Literal::Boolean(false)),
            "null" => return Ok(Literal::Null),
            _ => {}
        }
        if let Ok(number) = serde_json::from_str::<Number>(word) {
            return Ok(Literal::Number(number));
        }
        let span = start..self.at;
        let boolean = ["true", "false"]
            .into_iter()
            .find(|name| word.eq_ignore_ascii_case(name));
        if let Some(name) = boolean {
            if self.dialect.capital_booleans {
                self.quirks.push(Quirk {
                    kind: QuirkKind::CapitalBoolean,
                    span,
                });
                return Ok(Literal::Boolean(name == "true"));
            }
            self.at = start;
            return Err(self.unexpected(
                "a JSON value",
                Some("booleans are written `true` and `false`"),
            ));
        }
        if self.dialect.unquoted_strings && !word.is_empty() && !word.contains(['"', '\\', '\'']) {
            self.quirks.push(Quirk {
                kind: QuirkKind::UnquotedString,
                span,
            });
            return Ok(Literal::String(word.to_owned()));
        }
        self.at = start;
        let hint = match word.chars().next() {
            Some('\'') => Some("strings stand in double quotes"),
            Some(_) => Some("put the value in double quotes"),
            None => None,
        };
        Err(self.unexpected(
            "a string in double quotes, a number, true, false or null",
            hint,
        ))
    }

    fn string(&mut self) -> Result<Literal, FilterFault> {
        let start = self.at;
        let bytes = self.text.as_bytes();
        let mut end = start + 1;
        while end < bytes.len() && bytes[end] != b'"' {
            end += if bytes[end] == b'\\' { 2 } else { 1 };
        }
        if end >= bytes.len() {
            let hint =
                Some("close the string with `\"`; a quote inside it is written `\\\"`".to_owned());
            return Err(FilterFault {
                offset: start,
                problem: "string without end".to_owned(),
                hint,
            });
        }
        let decoded = serde_json::from_str::<String>(&self.text[start..=end]).map_err(|error| {
            FilterFault {
                offset: start,
                problem: format!("not a JSON string ({error})"),
                hint: Some("a backslash is written `\\\\`, a quote `\\\"`".to_owned()),
            }
        })?;
        self.at = end + 1;
        Ok(Literal::String(decoded))
    }

    /// `path`: an attribute path, with a filter in brackets and a sub-attribute behind them.
    pub(super) fn path(&mut self) -> Result<Path, FilterFault> {
        let attribute = self.attribute_path()?;
        let AttributePath { urn, name, sub } = attribute;
        if self.peek() != Some(b'[') {
            return Ok(Path {
                urn,
                name,
                filter: None,
                sub,
            });
        }
        if sub.is_some() {
            return Err(self.unexpected(
                "the end",
                Some("brackets follow the attribute, not its sub-attribute"),
            ));
        }
        let filter = Some(Box::new(self.brackets()?));
        if self.peek() != Some(b'.') {
            return Ok(Path {
                urn,
                name,
                filter,
                sub: None,
            });
        }
        self.at += 1;
        let start = self.at;
        let sub = self.word();
        if !is_name(sub) {
            self.at = start;
            return Err(self.unexpected("the name of a sub-attribute", None));
        }
        Ok(Path {
            urn,
            name,
            filter,
            sub: Some(sub.to_owned()),
        })
    }

    pub(super) fn attribute_path(&mut self) -> Result<AttributePath, FilterFault> {
        let start = self.at;
        let token = self.word();
        if token.is_empty() {
            return Err(self.unexpected("the name of an attribute", None));
        }
        let wrong = |problem: String, hint: Option<&str>| {
            Err(FilterFault {
                offset: start,
                problem,
                hint: hint.map(str::to_owned),
            })
        };
        let (urn, rest) = match token.rsplit_once(':') {
            Some((urn, rest)) if urn.contains(':') && !rest.is_empty() => {
                (Some(urn.to_owned()), rest)
            }
            Some(_) => {
                return wrong(
                    format!("`{token}` is not an attribute"),
                    Some("a schema in front of it is a whole URN"),
                );
            }
            None => (None, token),
        };
        let (name, sub) = match rest.split_once('.') {
            Some((name, sub)) => (name, Some(sub)),
            None => (rest, None),
        };
        if is_name(name) && sub.is_none_or(is_name) {
            return Ok(AttributePath {
                urn,
                name: name.to_owned(),
                sub: sub.map(str::to_owned),
            });
        }
        // A custom schema may end in its version (`urn:example:ext:1.0`): then the whole token is the schema.
        if urn.is_some()
            && rest
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b".-_".contains(&byte))
            && !is_name(name)
        {
            return Ok(AttributePath {
                urn,
                name: rest.to_owned(),
                sub: None,
            });
        }
        let hint = if sub.is_some_and(|sub| sub.contains('.')) {
            Some("SCIM has one level of sub-attributes")
        } else {
            Some("names start with a letter and go on with letters, digits, `-` and `_`")
        };
        wrong(format!("`{token}` is not an attribute"), hint)
    }

    pub(super) fn end(&mut self) -> Result<(), FilterFault> {
        self.skip_spaces();
        if self.at == self.text.len() {
            return Ok(());
        }
        Err(self.unexpected("the end", Some("join comparisons with `and` or `or`")))
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn skip_spaces(&mut self) -> bool {
        let start = self.at;
        while matches!(self.peek(), Some(b' ' | b'\t')) {
            self.at += 1;
        }
        self.at > start
    }

    /// Everything up to the next space, parenthesis or bracket.
    fn word(&mut self) -> &'a str {
        let rest = &self.text[self.at..];
        let length = rest
            .find([' ', '\t', '\r', '\n', '(', ')', '[', ']'])
            .unwrap_or(rest.len());
        self.at += length;
        &rest[..length]
    }

    fn take_word(&mut self, word: &str) -> bool {
        let before = self.at;
        if self.word().eq_ignore_ascii_case(word) {
            return true;
        }
        self.at = before;
        false
    }

    fn unexpected(&self, expected: &str, hint: Option<&str>) -> FilterFault {
        let mut copy = Parser {
            at: self.at,
            quirks: Vec::new(),
            ..*self
        };
        let word = copy.word();
        let found = match (word.is_empty(), self.text[self.at..].chars().next()) {
            (false, _) => format!("`{word}`"),
            (true, Some(other)) => format!("`{}`", other.escape_debug()),
            (true, None) => "the end".to_owned(),
        };
        FilterFault {
            offset: self.at,
            problem: format!("expected {expected}, found {found}"),
            hint: hint.map(str::to_owned),
        }
    }
}

fn fault(offset: usize, problem: String) -> FilterFault {
    FilterFault {
        offset,
        problem,
        hint: None,
    }
}

fn operator_hint(word: &str) -> Option<&'static str> {
    match word.to_ascii_lowercase().as_str() {
        "=" | "==" | "equals" | "is" => Some("equality is written `eq`"),
        "!=" | "<>" => Some("inequality is written `ne`"),
        "contains" | "like" => Some("a part of a text is found with `co`"),
        ">" => Some("written `gt`"),
        ">=" => Some("written `ge`"),
        "<" => Some("written `lt`"),
        "<=" => Some("written `le`"),
        _ => None,
    }
}

/// `ATTRNAME` of the RFC and `$ref` (erratum 8924).
fn is_name(text: &str) -> bool {
    if text.eq_ignore_ascii_case("$ref") {
        return true;
    }
    let mut bytes = text.bytes();
    bytes
        .next()
        .is_some_and(|first| first.is_ascii_alphabetic())
        && bytes.all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
}

#[cfg(test)]
#[path = "filter_tests.rs"]
mod tests;
