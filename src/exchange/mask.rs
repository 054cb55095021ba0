//! The one masking pass: secrets are taken out where an exchange is built.

use std::collections::HashSet;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use regex::bytes::{NoExpand, Regex, RegexBuilder};
use serde_json::Value;

use crate::scim::json::{self, Limits};

/// Bytes of the shortest text that is masked.
const SHORTEST: usize = 4;

/// What URL encoders leave as it is (RFC 3986 2.3).
const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// What stands where a secret stood.
pub const MASKED: &str = "[secret]";

/// Knows the secrets of a run and takes them out of texts and bytes, in every form in which a target could send them
/// back: as they are, escaped in JSON, percent-encoded, or in Base64.
#[derive(Clone, Default)]
pub struct Mask {
    /// Longest first, so that a secret that contains another one goes whole.
    needles: Vec<String>,
    /// Finds any of them in one pass.
    finder: Option<Regex>,
}

impl std::fmt::Debug for Mask {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Mask({} forms)", self.needles.len())
    }
}

impl Mask {
    /// Masks these secrets. Empty ones are ignored.
    pub fn new<'a>(secrets: impl IntoIterator<Item = &'a str>) -> Self {
        let mut mask = Self::default();
        mask.extend(secrets);
        mask
    }

    /// Masks this one, too. One of fewer than four bytes protects nothing, and would be found everywhere.
    pub fn add(&mut self, secret: &str) {
        self.extend([secret]);
    }

    /// Builds the finder once for all of them.
    fn extend<'a>(&mut self, secrets: impl IntoIterator<Item = &'a str>) {
        let before = self.needles.len();
        let mut known: HashSet<String> = self.needles.iter().cloned().collect();
        for secret in secrets
            .into_iter()
            .filter(|secret| secret.len() >= SHORTEST)
        {
            for form in forms_of(secret) {
                if known.insert(form.clone()) {
                    self.needles.push(form);
                }
            }
        }
        if self.needles.len() == before {
            return;
        }
        self.needles
            .sort_by_key(|needle| std::cmp::Reverse(needle.len()));
        let any: Vec<String> = self
            .needles
            .iter()
            .map(|needle| regex::escape(needle))
            .collect();
        self.finder = Some(
            RegexBuilder::new(&any.join("|"))
                .size_limit(usize::MAX)
                .build()
                .expect("escaped texts are a regular expression of any size"),
        );
    }

    /// The text without secrets.
    pub fn text(&self, text: &str) -> String {
        String::from_utf8(self.bytes(text.as_bytes()))
            .expect("whole characters are replaced by whole characters")
    }

    /// The bytes without secrets.
    pub fn bytes(&self, bytes: &[u8]) -> Vec<u8> {
        match &self.finder {
            Some(finder) => finder
                .replace_all(bytes, NoExpand(MASKED.as_bytes()))
                .into_owned(),
            None => bytes.to_vec(),
        }
    }

    /// The body without secrets. JSON can write a letter in many ways (RFC 8259 7); a document that still has a secret once
    /// it is read is written anew.
    pub fn body(&self, bytes: &[u8]) -> Vec<u8> {
        let masked = self.bytes(bytes);
        if self.finder.is_none() || !masked.contains(&b'\\') {
            return masked;
        }
        let Ok(document) = json::parse(&masked, Limits::default()) else {
            return masked;
        };
        match without_secrets(self, &document.value) {
            Some(rewritten) => rewritten.to_string().into_bytes(),
            None => masked,
        }
    }
}

/// All forms in which a target could send it back.
fn forms_of(secret: &str) -> Vec<String> {
    let json = serde_json::Value::from(secret).to_string();
    let json = &json[1..json.len() - 1];
    let percent = utf8_percent_encode(secret, NON_ALPHANUMERIC).to_string();
    let usual = utf8_percent_encode(secret, UNRESERVED).to_string();
    let mut forms = vec![
        secret.to_owned(),
        json.to_owned(),
        json.replace('/', "\\/"),
        escaped(secret, |letter| format!("\\u{:04x}", u32::from(letter))),
        escaped(secret, |letter| format!("\\u{:04X}", u32::from(letter))),
        escaped(secret, |letter| format!("&#{};", u32::from(letter))),
        escaped(secret, |letter| format!("&#x{:X};", u32::from(letter))),
        escaped(secret, |letter| format!("&#x{:x};", u32::from(letter))),
        secret
            .replace('&', "&amp;")
            .replace('<', "&lt;")
            .replace('>', "&gt;")
            .replace('"', "&quot;"),
        percent.to_ascii_lowercase(),
        percent,
        usual.to_ascii_lowercase(),
        usual,
        form_urlencoded(secret),
    ];
    // Base64 of a short text is short, too, and could stand anywhere by chance.
    if secret.len() >= 6 {
        forms.extend([
            STANDARD.encode(secret),
            STANDARD_NO_PAD.encode(secret),
            URL_SAFE.encode(secret),
            URL_SAFE_NO_PAD.encode(secret),
        ]);
    }
    if secret.len() >= 9 {
        forms.extend((0..3).flat_map(|before| inside_base64(secret, before)));
    }
    forms
}

/// The same document without secrets, if it has any.
fn without_secrets(mask: &Mask, value: &Value) -> Option<Value> {
    fn walk(mask: &Mask, value: &Value, found: &mut bool) -> Value {
        match value {
            Value::String(text) => {
                let masked = mask.text(text);
                *found |= masked != *text;
                Value::String(masked)
            }
            Value::Array(items) => items.iter().map(|item| walk(mask, item, found)).collect(),
            Value::Object(members) => members
                .iter()
                .map(|(name, member)| {
                    let masked = mask.text(name);
                    *found |= masked != *name;
                    (masked, walk(mask, member, found))
                })
                .collect(),
            other => other.clone(),
        }
    }
    let mut found = false;
    let masked = walk(mask, value, &mut found);
    found.then_some(masked)
}

/// Some JSON and HTML writers escape everything that could mean something in HTML: .NET `+`, Gson `=`.
fn escaped(secret: &str, escape: impl Fn(char) -> String) -> String {
    secret
        .chars()
        .map(|letter| match letter {
            '"' | '\'' | '&' | '<' | '>' | '+' | '=' | '`' => escape(letter),
            '\\' => "\\\\".to_owned(),
            other => other.to_string(),
        })
        .collect()
}

/// What a Base64 text shows of the secret when it stands inside something longer, such as `Bearer …`, with so many bytes
/// before it (modulo 3): the letters that depend on nothing else.
fn inside_base64(secret: &str, before: usize) -> [String; 2] {
    let mut bytes = vec![0; before];
    bytes.extend_from_slice(secret.as_bytes());
    let first = (before * 8).div_ceil(6);
    let end = bytes.len() * 8 / 6;
    [
        STANDARD_NO_PAD.encode(&bytes)[first..end].to_owned(),
        URL_SAFE_NO_PAD.encode(&bytes)[first..end].to_owned(),
    ]
}

fn form_urlencoded(secret: &str) -> String {
    url::form_urlencoded::byte_serialize(secret.as_bytes()).collect()
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;

    use super::Mask;

    #[test]
    fn every_form_of_a_secret_goes() {
        let mask = Mask::new(["s3cr3t/\"to ken"]);
        for text in [
            "Bearer s3cr3t/\"to ken",
            r#"{"detail":"bad token s3cr3t/\"to ken"}"#,
            r#"{"detail":"bad token s3cr3t\/\"to ken"}"#,
            "?access_token=s3cr3t%2F%22to%20ken",
            "?access_token=s3cr3t%2f%22to%20ken",
            "?access_token=s3cr3t%2F%22to+ken",
            "czNjcjN0LyJ0byBrZW4=",
        ] {
            let masked = mask.text(text);
            assert!(masked.contains("[secret]"), "{text} became {masked}");
            assert!(!masked.contains("s3cr3t"), "{text} became {masked}");
        }
    }

    #[test]
    fn escapes_of_other_writers_go() {
        let mask = Mask::new(["abc+def=='7/xyz"]);
        for text in [
            r"abc\u002Bdef\u003D\u003D\u00277/xyz",
            r"abc\u002bdef\u003d\u003d\u00277/xyz",
            "abc&#43;def&#61;&#61;&#39;7/xyz",
            "abc%2Bdef%3D%3D%277%2Fxyz",
        ] {
            assert_eq!(mask.text(text), "[secret]", "{text}");
        }
    }

    /// A server that quotes the whole header, not only the token.
    #[test]
    fn a_secret_inside_a_longer_base64_text_goes() {
        let mask = Mask::new(["canary-0123456789"]);
        for before in ["", "B", "Be", "Bearer ", "user:"] {
            let text = STANDARD.encode(format!("{before}canary-0123456789 and more"));
            let masked = mask.text(&text);
            assert!(masked.contains("[secret]"), "{text} became {masked}");
            assert!(text.len() - masked.len() > 12, "{text} became {masked}");
        }
    }

    #[test]
    fn a_secret_in_unusual_escapes_goes() {
        let mask = Mask::new(["canary-0123"]);
        let body = mask.body(br#"{"detail":"no \u0063anary-\u00301\u0032\u0033!","id":"1"}"#);
        assert_eq!(
            String::from_utf8(body).expect("it is text"),
            r#"{"detail":"no [secret]!","id":"1"}"#
        );
        let harmless = br#"{ "id" : "\u0031" }"#;
        assert_eq!(mask.body(harmless), harmless);
    }

    /// `--header 'X-Tenant: 7'` must not take every 7 out of every answer.
    #[test]
    fn what_is_too_short_to_be_secret_stays() {
        assert_eq!(Mask::new(["7", "on", "a:b"]).text("17 on a:b"), "17 on a:b");
    }

    #[test]
    fn other_text_stays() {
        assert_eq!(Mask::new(["token"]).text("nothing here"), "nothing here");
        assert_eq!(Mask::new([""]).text("nothing here"), "nothing here");
    }
}
