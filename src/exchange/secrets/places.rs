//! Where a credential stands in bytes, told by its place alone: a member of JSON, a parameter, a cookie, its own shape.

use std::ops::Range;
use std::sync::LazyLock;

use regex::bytes::Regex;

use super::names::{is_scheme, is_secret_member, is_secret_parameter};
use crate::exchange::MASKED;

/// Deeper documents are not searched by their members: nobody writes such, and a stack has an end.
const DEEPEST: usize = 1000;

/// A credential and its place.
#[derive(Debug, PartialEq)]
pub(super) struct Place {
    /// The bytes that go.
    pub(super) range: Range<usize>,
    /// What it says, decoded.
    pub(super) secret: String,
    /// It is a value of JSON, with its quotes.
    quoted: bool,
}

/// The bytes with every place covered. Places that overlap are covered once.
pub(super) fn covered(bytes: &[u8], mut places: Vec<Place>) -> Vec<u8> {
    places.sort_by_key(|place| place.range.start);
    let mut text = Vec::with_capacity(bytes.len());
    let mut at = 0;
    for place in places {
        if place.range.start < at {
            continue;
        }
        text.extend_from_slice(&bytes[at..place.range.start]);
        match place.quoted {
            true => text.extend_from_slice(format!("\"{MASKED}\"").as_bytes()),
            false => text.extend_from_slice(MASKED.as_bytes()),
        }
        at = place.range.end;
    }
    text.extend_from_slice(&bytes[at..]);
    text
}

/// Credentials that can stand in any text: parameters of an address, the name and password in one, a JSON Web Token
/// (RFC 7519), and what follows the name of a scheme.
pub(super) fn in_text(bytes: &[u8]) -> Vec<Place> {
    static PARAMETER: LazyLock<Regex> =
        LazyLock::new(|| compiled(r#"[?&]([A-Za-z0-9_.%:-]+)=([^&#\s"'<>\\]+)"#));
    static USER: LazyLock<Regex> = LazyLock::new(|| compiled(r#"://([^/?#@\s"'<>\\]+)@"#));
    static WEB_TOKEN: LazyLock<Regex> = LazyLock::new(|| {
        compiled(r"\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*)*")
    });
    static AFTER_SCHEME: LazyLock<Regex> = LazyLock::new(|| {
        compiled(r"(?i)\b(?:bearer|basic|ssws|dpop)(?: |%20|\+)+([A-Za-z0-9._~+/-]{16,}=*)")
    });
    let mut places: Vec<Place> = parameters(&PARAMETER, bytes);
    places.extend(
        USER.captures_iter(bytes)
            .filter_map(|found| found.get(1))
            .map(|found| plain(found.range(), found.as_bytes())),
    );
    places.extend(
        WEB_TOKEN
            .find_iter(bytes)
            .map(|found| plain(found.range(), found.as_bytes())),
    );
    places.extend(
        AFTER_SCHEME
            .captures_iter(bytes)
            .filter_map(|found| found.get(1))
            // `Bearer authentication-is-required` is no token.
            .filter(|found| found.as_bytes().iter().any(u8::is_ascii_digit))
            .map(|found| plain(found.range(), found.as_bytes())),
    );
    places
}

/// Credentials of a form (`application/x-www-form-urlencoded`).
pub(super) fn in_form(bytes: &[u8]) -> Vec<Place> {
    static MEMBER: LazyLock<Regex> =
        LazyLock::new(|| compiled(r"(?:^|&)\s*([^=&\s]+)=([^&\r\n]+)"));
    parameters(&MEMBER, bytes)
}

/// Values of `Cookie`, or the one value of `Set-Cookie`, whose other parts are its attributes (RFC 6265 4.1).
pub(super) fn in_cookies(value: &str, sets: bool) -> Vec<Place> {
    let mut places = Vec::new();
    let mut at = 0;
    for part in value.split(';') {
        if let Some((name, secret)) = part.split_once('=') {
            let start = at + name.len() + 1;
            let end = start + secret.trim_end().len();
            if end > start {
                places.push(plain(start..end, secret.trim_end().as_bytes()));
            }
        }
        at += part.len() + 1;
        if sets {
            break;
        }
    }
    places
}

/// The credential of `Authorization` and headers like it; the scheme stays.
pub(super) fn in_credentials(value: &str) -> Option<Place> {
    let start = value.len() - value.trim_start().len();
    let trimmed = value.trim();
    let (word, rest) = trimmed.split_once(' ').unwrap_or((trimmed, ""));
    let range = match is_scheme(word) {
        true => start + trimmed.len() - rest.trim_start().len()..start + trimmed.len(),
        false => start..start + trimmed.len(),
    };
    (!range.is_empty()).then(|| plain(range.clone(), &value.as_bytes()[range]))
}

/// Credentials by the names of members of JSON, in a document that need not be whole or right. A PATCH names the
/// attribute beside its value.
pub(super) fn in_json(bytes: &[u8]) -> Vec<Place> {
    let mut places = Vec::new();
    let mut open: Vec<Open> = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        match bytes[at] {
            b'{' | b'[' => {
                if open.len() == DEEPEST {
                    return places;
                }
                let secret = open.last_mut().is_some_and(Open::enters);
                open.push(match bytes[at] {
                    b'{' => Open::Object(Members::default()),
                    _ => Open::Array { secret },
                });
                at += 1;
            }
            b'}' | b']' => {
                if let Some(Open::Object(members)) = open.pop() {
                    places.extend(members.patched());
                }
                at += 1;
            }
            b'"' => {
                let end = end_of_string(bytes, at);
                let is_name = bytes[end..]
                    .iter()
                    .find(|byte| !byte.is_ascii_whitespace())
                    .is_some_and(|byte| *byte == b':');
                let text = decoded(&bytes[at..end]);
                match open.last_mut() {
                    Some(Open::Object(members)) if is_name => members.name = Some(text),
                    Some(within) => places.extend(within.takes(quoted(at..end, text))),
                    None => {}
                }
                at = end;
            }
            b'0'..=b'9' | b'-' => {
                let length = bytes[at..]
                    .iter()
                    .take_while(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(byte))
                    .count();
                let text = String::from_utf8_lossy(&bytes[at..at + length]).into_owned();
                if let Some(within) = open.last_mut() {
                    places.extend(within.takes(quoted(at..at + length, text)));
                }
                at += length;
            }
            b't' | b'f' | b'n' => {
                if let Some(Open::Object(members)) = open.last_mut() {
                    members.name = None;
                }
                at += bytes[at..]
                    .iter()
                    .take_while(|byte| byte.is_ascii_alphabetic())
                    .count();
            }
            _ => at += 1,
        }
    }
    // Cut off: what the open objects have seen counts all the same.
    for within in open {
        if let Open::Object(members) = within {
            places.extend(members.patched());
        }
    }
    places
}

/// What is open around a place.
enum Open {
    Object(Members),
    Array { secret: bool },
}

impl Open {
    /// A value that is an object or an array begins; whether its name is that of a credential.
    fn enters(&mut self) -> bool {
        match self {
            Self::Object(members) => members
                .name
                .take()
                .is_some_and(|name| is_secret_member(&name)),
            Self::Array { secret } => *secret,
        }
    }

    /// A text or number; a place if it is a credential.
    fn takes(&mut self, value: Place) -> Option<Place> {
        match self {
            Self::Array { secret } => (*secret && !value.secret.is_empty()).then_some(value),
            Self::Object(members) => {
                let name = members.name.take()?;
                if is_secret_member(&name) {
                    return (!value.secret.is_empty()).then_some(value);
                }
                match name.to_ascii_lowercase().as_str() {
                    "path" => members.of_secret = is_secret_member(&value.secret),
                    "value" => members.value = Some(value),
                    _ => {}
                }
                None
            }
        }
    }
}

/// An object, as far as it was read.
#[derive(Default)]
struct Members {
    /// The name whose value comes next.
    name: Option<String>,
    /// Its `path` is that of a credential.
    of_secret: bool,
    /// Its `value`.
    value: Option<Place>,
}

impl Members {
    fn patched(self) -> Option<Place> {
        self.value
            .filter(|value| self.of_secret && !value.secret.is_empty())
    }
}

fn parameters(pattern: &Regex, bytes: &[u8]) -> Vec<Place> {
    pattern
        .captures_iter(bytes)
        .filter_map(|found| Some((found.get(1)?, found.get(2)?)))
        .filter(|(name, _)| {
            let name = percent_encoding::percent_decode(name.as_bytes()).decode_utf8_lossy();
            is_secret_parameter(&name)
        })
        .map(|(_, value)| {
            let spaced: Vec<u8> = value
                .as_bytes()
                .iter()
                .map(|byte| if *byte == b'+' { b' ' } else { *byte })
                .collect();
            let secret = percent_encoding::percent_decode(&spaced).decode_utf8_lossy();
            Place {
                range: value.range(),
                secret: secret.into_owned(),
                quoted: false,
            }
        })
        .collect()
}

fn plain(range: Range<usize>, bytes: &[u8]) -> Place {
    Place {
        range,
        secret: String::from_utf8_lossy(bytes).into_owned(),
        quoted: false,
    }
}

fn quoted(range: Range<usize>, secret: String) -> Place {
    Place {
        range,
        secret,
        quoted: true,
    }
}

/// Behind the closing quote, or the end of the bytes.
fn end_of_string(bytes: &[u8], start: usize) -> usize {
    let mut at = start + 1;
    while at < bytes.len() {
        match bytes[at] {
            b'\\' => at += 2,
            b'"' => return at + 1,
            _ => at += 1,
        }
    }
    bytes.len()
}

/// What a text of JSON says; as it stands where it is cut off or wrong.
fn decoded(token: &[u8]) -> String {
    serde_json::from_slice(token)
        .unwrap_or_else(|_| String::from_utf8_lossy(token).trim_matches('"').to_owned())
}

fn compiled(pattern: &str) -> Regex {
    Regex::new(pattern).expect("the pattern is a constant")
}
