//! Targets: path and query as scenarios write them.

use percent_encoding::percent_decode_str;

use super::address::Address;
use super::attribute::{Attribute, Owner};
use super::known::Pieces;
use super::text;
use crate::profile::{FilterEscape, Profile, encode_segment};
use crate::scenario::flow;
use crate::scenario::template::{Piece, Text};

/// How the values of a target are written.
pub(super) trait Values {
    /// An id in the path, or a cursor in the query.
    fn reference(&mut self, value: &str) -> Text;
    /// A value in a filter, of this attribute.
    fn filtered(&mut self, attribute: &Attribute, value: &str) -> Text;
    /// Any other text.
    fn other(&mut self, value: &str) -> Text;
    /// What a variable stands for, where it is no capture.
    fn inlined(&self, name: &str) -> Option<Text>;
}

/// The target behind the method's key.
pub(super) fn written(
    address: &Address,
    owner: Owner,
    profile: &Profile,
    values: &mut dyn Values,
) -> (String, Vec<Text>) {
    let mut used = Vec::new();
    if is_plain(address, profile) {
        let mut line = String::new();
        for (index, segment) in address.path.iter().enumerate() {
            let written = match index {
                0 => values.other(segment),
                _ => values.reference(segment),
            };
            line.push('/');
            line.push_str(&written.to_string());
            used.push(written);
        }
        for (index, (name, value)) in address.query.iter().enumerate() {
            let written = parameter(name, value, owner, profile.filter_escape, values);
            line.push(if index == 0 { '?' } else { '&' });
            line.push_str(&format!("{}={written}", Text::literal(name.clone())));
            used.push(written);
        }
        return (text::scalar(&line), used);
    }
    let raw = raw(address, owner, profile, values);
    let line = format!("{{ raw: {} }}", flow::in_quotes(&raw.to_string()));
    used.push(raw);
    (line, used)
}

/// Whether the client writes these bytes, once the target is taken apart and put together again.
fn is_plain(address: &Address, profile: &Profile) -> bool {
    let separates = |segment: &String| segment.is_empty() || segment.contains(['/', '?', '\n']);
    let splits = |(name, value): &(String, String)| {
        let quotes = value.matches('"').count();
        let outside: String = value.split('"').step_by(2).collect();
        name.contains(['&', '=', '?', '\n', '$'])
            || value.contains('\n')
            || (value.contains('&') && (quotes % 2 == 1 || outside.contains('&')))
    };
    // A name with an upper-case letter sorts as it is written.
    !address.path.is_empty()
        && !address.path.iter().any(separates)
        && !address.query.iter().any(splits)
        && encoded(address, profile) == address.raw
}

fn encoded(address: &Address, profile: &Profile) -> String {
    let rank = |name: &str| {
        profile
            .query_order
            .iter()
            .position(|known| *known == name)
            .unwrap_or(profile.query_order.len())
    };
    let mut query: Vec<&(String, String)> = address.query.iter().collect();
    query.sort_by_key(|(name, _)| rank(name));
    let mut target = String::new();
    for segment in &address.path {
        target.push('/');
        target.push_str(&encode_segment(segment));
    }
    for (index, (name, value)) in query.into_iter().enumerate() {
        target.push(if index == 0 { '?' } else { '&' });
        target.push_str(&profile.query.encode(name));
        target.push('=');
        target.push_str(&profile.query.encode(value));
    }
    target
}

fn parameter(
    name: &str,
    value: &str,
    owner: Owner,
    escape: FilterEscape,
    values: &mut dyn Values,
) -> Text {
    match name.to_ascii_lowercase().as_str() {
        "filter" => filter(value, owner, escape, values),
        "cursor" => values.reference(value),
        _ => values.other(value),
    }
}

/// A filter with its quoted values replaced.
pub(super) fn filter(
    filter: &str,
    owner: Owner,
    escape: FilterEscape,
    values: &mut dyn Values,
) -> Text {
    let mut pieces = Pieces::default();
    let mut rest = filter;
    while let Some(begin) = rest.find('"') {
        let before = &rest[..begin];
        let inner = &rest[begin + 1..];
        let Some(end) = end_of_quotes(inner, escape) else {
            break;
        };
        let value = &inner[..end];
        let attribute = before
            .split([' ', '(', '['])
            .rfind(|word| !word.is_empty() && !OPERATORS.contains(&word.to_lowercase().as_str()))
            .unwrap_or_default();
        let attribute = match before.rfind('[') {
            // `emails[value eq "x"]`: a part of the attribute in front of the bracket.
            Some(open) if !before[open..].contains(']') => {
                let outer = before[..open]
                    .split([' ', '('])
                    .next_back()
                    .unwrap_or_default();
                Attribute::of_path(owner, &format!("{outer}.{attribute}"))
            }
            _ => Attribute::of_path(owner, attribute),
        };
        pieces.literal(before);
        pieces.literal("\"");
        let unescaped = match escape {
            FilterEscape::Json => value.replace("\\\"", "\"").replace("\\\\", "\\"),
            FilterEscape::None => value.to_owned(),
        };
        // Other escapes than the client's own stay as they are.
        let usual = escape.escape(&unescaped) == value;
        let text = values.filtered(&attribute, if usual { &unescaped } else { value });
        for piece in text.pieces {
            match piece {
                Piece::Literal(literal) if usual => pieces.literal(&escape.escape(&literal)),
                Piece::Literal(literal) => pieces.literal(&literal),
                variable => pieces.text(
                    Text {
                        pieces: vec![variable],
                    },
                    value,
                ),
            }
        }
        pieces.literal("\"");
        rest = &inner[end + 1..];
    }
    pieces.text(values.other(rest), rest);
    pieces.finish()
}

const OPERATORS: [&str; 13] = [
    "eq", "ne", "co", "sw", "ew", "gt", "ge", "lt", "le", "pr", "and", "or", "not",
];

fn end_of_quotes(text: &str, escape: FilterEscape) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'\\' if escape == FilterEscape::Json => at += 1,
            b'"' => {
                // A client that escapes nothing: the quotes that end the value are followed by something else.
                let goes_on = escape == FilterEscape::None
                    && !matches!(bytes.get(at + 1), None | Some(b' ' | b')' | b']'));
                if !goes_on {
                    return Some(at);
                }
            }
            _ => {}
        }
        at += 1;
    }
    None
}

/// The target as it was sent, values replaced where that leaves everything else as it is.
fn raw(address: &Address, owner: Owner, profile: &Profile, values: &mut dyn Values) -> Text {
    let (path, query) = match address.raw.split_once('?') {
        Some((path, query)) => (path, Some(query)),
        None => (address.raw.as_str(), None),
    };
    let mut pieces = Pieces::default();
    for (index, segment) in path.split('/').enumerate() {
        if index > 0 {
            pieces.literal("/");
        }
        let decoded = percent_decode_str(segment).decode_utf8_lossy();
        match index {
            // Only what needs no encoding can stand there as a variable.
            2 if decoded == segment => pieces.text(values.reference(segment), segment),
            _ => pieces.literal(segment),
        }
    }
    for (index, parameter) in query
        .into_iter()
        .flat_map(|query| query.split('&'))
        .enumerate()
    {
        pieces.literal(if index == 0 { "?" } else { "&" });
        let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
        pieces.literal(name);
        if parameter.contains('=') {
            pieces.literal("=");
        }
        pieces.text(raw_value(name, value, owner, profile, values), value);
    }
    pieces.finish()
}

fn raw_value(
    name: &str,
    value: &str,
    owner: Owner,
    profile: &Profile,
    values: &mut dyn Values,
) -> Text {
    use crate::profile::QueryEncoding::{FormLowerHex, Percent};
    let decoded = percent_decode_str(&value.replace('+', " "))
        .decode_utf8_lossy()
        .into_owned();
    let encoding = [Percent, FormLowerHex]
        .into_iter()
        .find(|encoding| encoding.encode(&decoded) == value);
    let new = self::parameter(name, &decoded, owner, profile.filter_escape, values);
    if new.as_literal() == Some(decoded.as_str()) {
        return Text::literal(value);
    }
    let mut pieces = Pieces::default();
    if let Some(sent) = Sent::of(value)
        && aligned(&new, &sent.whole(), values, &mut pieces)
    {
        return pieces.finish();
    }
    let encode = |text: &str| {
        let encoded = match encoding {
            Some(encoding) => encoding.encode(text),
            None if value.contains('+') => FormLowerHex.encode(text),
            None => Percent.encode(text),
        };
        match value.contains('@') {
            true => encoded.replace("%40", "@"),
            false => encoded,
        }
    };
    let mut pieces = Pieces::default();
    encode_into(&new, &encode, values, &mut pieces);
    pieces.finish()
}

/// A value as it was sent, and what each of its letters means.
struct Sent<'s> {
    letters: Vec<(char, &'s str)>,
}

impl<'s> Sent<'s> {
    /// `None` where letters outside ASCII are encoded: several escapes are one letter.
    fn of(value: &'s str) -> Option<Self> {
        let mut letters = Vec::new();
        let mut rest = value;
        while let Some(first) = rest.chars().next() {
            let hex = rest
                .get(1..3)
                .and_then(|hex| u8::from_str_radix(hex, 16).ok());
            let (letter, length) = match (first, hex) {
                ('%', Some(byte)) if byte.is_ascii() => (char::from(byte), 3),
                ('%', Some(_)) => return None,
                ('+', _) => (' ', 1),
                (letter, _) => (letter, letter.len_utf8()),
            };
            letters.push((letter, &rest[..length]));
            rest = &rest[length..];
        }
        Some(Self { letters })
    }

    fn whole(&self) -> Vec<(char, &'s str)> {
        self.letters.clone()
    }
}

/// Writes the text with the letters as they were sent, if its literal parts are what was sent.
fn aligned(
    text: &Text,
    sent: &[(char, &str)],
    values: &mut dyn Values,
    pieces: &mut Pieces,
) -> bool {
    let starts = |sent: &[(char, &str)], literal: &str| {
        let mut letters = sent.iter();
        literal
            .chars()
            .all(|letter| letters.next().is_some_and(|(sent, _)| *sent == letter))
    };
    let mut rest = sent;
    for (index, piece) in text.pieces.iter().enumerate() {
        match piece {
            Piece::Literal(literal) => {
                if !starts(rest, literal) {
                    return false;
                }
                let (these, others) = rest.split_at(literal.chars().count());
                these.iter().for_each(|(_, raw)| pieces.literal(raw));
                rest = others;
            }
            Piece::Variable { name, .. } => {
                let end = match text.pieces.get(index + 1) {
                    None => Some(rest.len()),
                    Some(Piece::Literal(next)) => {
                        (0..rest.len()).find(|at| starts(&rest[*at..], next))
                    }
                    Some(Piece::Variable { .. }) => None,
                };
                let Some(end) = end else { return false };
                let (these, others) = rest.split_at(end);
                match values.inlined(name) {
                    Some(inner) if !aligned(&inner, these, values, pieces) => return false,
                    Some(_) => {}
                    None => {
                        let variable = Text {
                            pieces: vec![piece.clone()],
                        };
                        let raw: String = these.iter().map(|(_, raw)| *raw).collect();
                        pieces.text(variable, &raw);
                    }
                }
                rest = others;
            }
        }
    }
    rest.is_empty()
}

/// A variable in a raw target stands there as it is, so what has to be encoded is written out.
fn encode_into(
    text: &Text,
    encode: &dyn Fn(&str) -> String,
    values: &mut dyn Values,
    pieces: &mut Pieces,
) {
    for piece in &text.pieces {
        match piece {
            Piece::Literal(literal) => pieces.literal(&encode(literal)),
            Piece::Variable { name, .. } => match values.inlined(name) {
                Some(inner) => encode_into(&inner, encode, values, pieces),
                None => pieces.text(
                    Text {
                        pieces: vec![piece.clone()],
                    },
                    "",
                ),
            },
        }
    }
}
