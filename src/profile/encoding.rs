//! How a client writes a request target: path segments, query parameters, and values inside filters.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

/// Unreserved characters of RFC 3986 stay; all else is encoded.
const RFC3986: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// What .NET's form encoder leaves alone (entra.md 1.2, rule 2).
const DOTNET: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'!')
    .remove(b'*')
    .remove(b'(')
    .remove(b')');

/// How a client encodes query strings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum QueryEncoding {
    /// Space as `%20`, hex digits in upper case (okta.md 0.6).
    Percent,
    /// Space as `+`, hex digits in lower case (entra.md 1.2).
    FormLowerHex,
}

impl QueryEncoding {
    /// One parameter value, encoded.
    pub fn encode(self, value: &str) -> String {
        match self {
            Self::Percent => utf8_percent_encode(value, RFC3986).to_string(),
            Self::FormLowerHex => utf8_percent_encode(value, DOTNET)
                .map(|piece| match piece {
                    "%20" => "+".to_owned(),
                    piece if piece.starts_with('%') => piece.to_ascii_lowercase(),
                    piece => piece.to_owned(),
                })
                .collect(),
        }
    }
}

/// One path segment, encoded: a `/` in it cannot become a separator.
///
/// `.` and `..` cannot be encoded so that every URL library leaves them alone; the caller must refuse them.
pub fn encode_segment(segment: &str) -> String {
    // Colons stay: `/Schemas/urn:ietf:…` is how everybody writes them (RFC 3986 3.3 allows them in a segment).
    const SEGMENT: &AsciiSet = &RFC3986.remove(b':').remove(b'@');
    utf8_percent_encode(segment, SEGMENT).to_string()
}

/// The parameters of a query string, decoded, in order. `+` is a space, as both providers mean it; what is not UTF-8 is
/// replaced by U+FFFD.
pub(crate) fn decoded_query(query: &str) -> Vec<(String, String)> {
    let decoded = |text: &str| {
        percent_decode_str(&text.replace('+', " "))
            .decode_utf8_lossy()
            .into_owned()
    };
    query
        .split('&')
        .filter(|parameter| !parameter.is_empty())
        .map(|parameter| {
            let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
            (decoded(name), decoded(value))
        })
        .collect()
}

/// How a client treats `"` and `\` of a value inside a quoted filter string.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FilterEscape {
    /// As in a JSON string (RFC 7644 3.4.2.2; for Okta inferred, okta.md 0.6).
    Json,
    /// Not at all (entra.md 1.2, rule 5).
    None,
}

impl FilterEscape {
    /// The value as it stands between the quotes.
    pub fn escape(self, value: &str) -> String {
        match self {
            Self::Json => value.replace('\\', "\\\\").replace('"', "\\\""),
            Self::None => value.to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{FilterEscape, QueryEncoding, encode_segment};

    /// entra.md 1.2, table "Decoded / On the wire".
    #[test]
    fn entra_queries() {
        for (decoded, wire) in [
            (
                r#"userName eq "ava.lindqvist@corp.example""#,
                "userName+eq+%22ava.lindqvist%40corp.example%22",
            ),
            (
                r#"externalId eq "ava.lindqvist""#,
                "externalId+eq+%22ava.lindqvist%22",
            ),
            (
                r#"emails[type eq "work"].value eq "a@corp.example""#,
                "emails%5btype+eq+%22work%22%5d.value+eq+%22a%40corp.example%22",
            ),
            (
                r#"displayName eq "Platform Engineering""#,
                "displayName+eq+%22Platform+Engineering%22",
            ),
            ("(a+b&c#d'e!*)", "(a%2bb%26c%23d%27e!*)"),
        ] {
            assert_eq!(QueryEncoding::FormLowerHex.encode(decoded), wire);
        }
    }

    /// okta.md 0.6.
    #[test]
    fn okta_queries() {
        assert_eq!(
            QueryEncoding::Percent.encode(r#"userName eq "ada.lovell@example.test""#),
            "userName%20eq%20%22ada.lovell%40example.test%22"
        );
        assert_eq!(QueryEncoding::Percent.encode("Zoë"), "Zo%C3%AB");
    }

    #[test]
    fn a_slash_stays_inside_its_segment() {
        assert_eq!(encode_segment("a/b c?"), "a%2Fb%20c%3F");
    }

    #[test]
    fn quotes_inside_filters() {
        assert_eq!(FilterEscape::Json.escape(r#"O"Neil\"#), r#"O\"Neil\\"#);
        assert_eq!(FilterEscape::None.escape(r#"O"Neil"#), r#"O"Neil"#);
    }
}
