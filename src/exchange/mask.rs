//! The one masking pass: secrets are taken out where an exchange is built.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

/// What stands where a secret stood.
pub const MASKED: &str = "[secret]";

/// Knows the secrets of a run and takes them out of texts and bytes, in every form in which a target could send them
/// back: as they are, escaped in JSON, percent-encoded, or in Base64.
#[derive(Clone, Default)]
pub struct Mask {
    /// Longest first, so that a secret that contains another one goes whole.
    needles: Vec<Vec<u8>>,
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
        for secret in secrets {
            mask.add(secret);
        }
        mask
    }

    /// Masks this one, too.
    pub fn add(&mut self, secret: &str) {
        if secret.is_empty() {
            return;
        }
        let json = serde_json::Value::from(secret).to_string();
        let percent = utf8_percent_encode(secret, NON_ALPHANUMERIC).to_string();
        let mut forms = vec![
            secret.to_owned(),
            json[1..json.len() - 1].to_owned(),
            json[1..json.len() - 1].replace('/', "\\/"),
            percent.to_ascii_lowercase(),
            percent,
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
        for form in forms {
            if !self.needles.iter().any(|known| known == form.as_bytes()) {
                self.needles.push(form.into_bytes());
            }
        }
        self.needles
            .sort_by_key(|needle| std::cmp::Reverse(needle.len()));
    }

    /// The text without secrets.
    pub fn text(&self, text: &str) -> String {
        String::from_utf8(self.bytes(text.as_bytes()))
            .expect("whole characters are replaced by whole characters")
    }

    /// The bytes without secrets.
    pub fn bytes(&self, bytes: &[u8]) -> Vec<u8> {
        if self
            .needles
            .iter()
            .all(|needle| find(bytes, needle).is_none())
        {
            return bytes.to_vec();
        }
        let mut masked = Vec::with_capacity(bytes.len());
        let mut rest = bytes;
        while !rest.is_empty() {
            match self.needles.iter().find(|needle| rest.starts_with(needle)) {
                Some(needle) => {
                    masked.extend_from_slice(MASKED.as_bytes());
                    rest = &rest[needle.len()..];
                }
                None => {
                    masked.push(rest[0]);
                    rest = &rest[1..];
                }
            }
        }
        masked
    }
}

fn form_urlencoded(secret: &str) -> String {
    url::form_urlencoded::byte_serialize(secret.as_bytes()).collect()
}

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack
        .windows(needle.len())
        .position(|window| window == needle)
}

#[cfg(test)]
mod tests {
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
    fn other_text_stays() {
        assert_eq!(Mask::new(["token"]).text("nothing here"), "nothing here");
        assert_eq!(Mask::new([""]).text("nothing here"), "nothing here");
    }
}
