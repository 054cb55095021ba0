//! Addresses in messages: the endpoint's for the recorder's and back, so that a client that follows one stays with the
//! recorder. Only where it is asked for, since then bytes are no longer those that were sent.

use crate::record::head::Head;

/// Puts one origin where another one stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Rewriting {
    /// What is looked for: as it is, and as JSON may escape it, each with what stands in its place.
    forms: [(Vec<u8>, Vec<u8>); 2],
}

/// Headers that hold an address.
const ADDRESSES: [&str; 2] = ["Location", "Content-Location"];

impl Rewriting {
    /// From an origin (`https://example.com`) to another one.
    pub(crate) fn new(from: &str, to: &str) -> Self {
        let escaped = |origin: &str| origin.replace('/', "\\/").into_bytes();
        Self {
            forms: [
                (from.as_bytes().to_vec(), to.as_bytes().to_vec()),
                (escaped(from), escaped(to)),
            ],
        }
    }

    /// Whether a body with these headers can be rewritten: JSON or text that is not encoded.
    pub(crate) fn reads(head: &Head) -> bool {
        let is_text = head.values("content-type").any(|value| {
            let value = value.to_ascii_lowercase();
            value.windows(4).any(|part| part == b"json") || value.starts_with(b"text/")
        });
        let is_plain = head
            .values("content-encoding")
            .all(|value| value.is_empty() || value.eq_ignore_ascii_case(b"identity"));
        is_text && is_plain
    }

    /// Addresses in the headers.
    pub(crate) fn rewrite_head(&self, head: &mut Head) {
        for name in ADDRESSES {
            let Some(value) = head.values(name).next() else {
                continue;
            };
            let rewritten = self.rewritten(value);
            if rewritten != value {
                head.set(name, &rewritten);
            }
        }
    }

    /// The bytes with the other origin.
    pub(crate) fn rewritten(&self, bytes: &[u8]) -> Vec<u8> {
        let mut out = Vec::with_capacity(bytes.len());
        let mut rest = bytes;
        while let Some((at, length, with)) = self.next(rest) {
            out.extend_from_slice(&rest[..at]);
            out.extend_from_slice(with);
            rest = &rest[at + length..];
        }
        out.extend_from_slice(rest);
        out
    }

    /// Whether the origin stands there.
    pub(crate) fn finds(&self, bytes: &[u8]) -> bool {
        self.next(bytes).is_some()
    }

    /// The next place: where, how long, and what to put there.
    fn next(&self, bytes: &[u8]) -> Option<(usize, usize, &[u8])> {
        (0..bytes.len())
            .filter(|at| bytes[*at] == b'h')
            .find_map(|at| {
                let here = &bytes[at..];
                let (from, to) = self.forms.iter().find(|(from, _)| here.starts_with(from))?;
                // `http://a.test:8080` is not `http://a.test:80`, and `http://a.test.evil` is not `http://a.test`.
                let ends = here.get(from.len()).is_none_or(|next| {
                    !(next.is_ascii_alphanumeric() || matches!(next, b'.' | b'-' | b':' | b'@'))
                });
                ends.then_some((at, from.len(), to.as_slice()))
            })
    }
}

#[cfg(test)]
mod tests {
    use super::Rewriting;
    use crate::record::head::Head;

    #[test]
    fn only_the_origin_itself_is_found() {
        let rewriting = Rewriting::new("https://a.test:84", "http://127.0.0.1:9");
        for (text, rewritten) in [
            (
                r#"{"location":"https://a.test:84/scim/Users/1"}"#,
                r#"{"location":"http://127.0.0.1:9/scim/Users/1"}"#,
            ),
            (
                r#"{"a":"https:\/\/a.test:84\/x","b":"https://a.test:84"}"#,
                r#"{"a":"http:\/\/127.0.0.1:9\/x","b":"http://127.0.0.1:9"}"#,
            ),
            ("https://a.test:8443/x", "https://a.test:8443/x"),
            ("http://a.test:84/x h", "http://a.test:84/x h"),
            (
                "hhttps://a.test:84?https://a.test:84.evil",
                "hhttp://127.0.0.1:9?https://a.test:84.evil",
            ),
        ] {
            let bytes = rewriting.rewritten(text.as_bytes());
            assert_eq!(String::from_utf8(bytes).unwrap(), rewritten);
            assert_eq!(rewriting.finds(text.as_bytes()), text != rewritten);
        }
    }

    #[test]
    fn headers_with_addresses_are_rewritten() {
        let text = b"HTTP/1.1 201 C\r\nlocation: https://a.test/1\r\nX: https://a.test/1\r\n\r\n";
        let (mut head, _) = Head::read(text).unwrap().unwrap();
        Rewriting::new("https://a.test", "http://b.test").rewrite_head(&mut head);
        assert_eq!(
            String::from_utf8(head.bytes()).unwrap(),
            "HTTP/1.1 201 C\r\nlocation: http://b.test/1\r\nX: https://a.test/1\r\n\r\n"
        );
    }
}
