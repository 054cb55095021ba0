//! Heads of HTTP/1 messages, kept as they came: every line with its bytes, its letter case and its place. HTTP libraries
//! order, fold and rewrite them, and what they tidy away is what tells one client from another.

/// Most bytes of a head.
pub(crate) const LARGEST: usize = 256 * 1024;

/// Headers that are about one connection only (RFC 9110 7.6.1). `Upgrade` goes with them: Java's client offers h2c on
/// every first request, and an endpoint that takes the offer speaks something that nobody here records. `Connection`
/// stays as far as it says whether the connection ends, which holds on both sides alike.
const HOP_BY_HOP: [&str; 6] = [
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "upgrade",
];

/// What frames and routes a message: no `Connection` header can take it away.
const KEPT: [&str; 5] = [
    "host",
    "content-length",
    "transfer-encoding",
    "authorization",
    "connection",
];

/// The start line and the headers of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Head {
    /// With its line end.
    start: Vec<u8>,
    headers: Vec<Line>,
    /// The empty line.
    end: Vec<u8>,
}

/// A header as it came.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Line {
    /// With its line end, and with the lines that continue it.
    raw: Vec<u8>,
    /// Bytes of the name.
    name: usize,
}

/// Why bytes are no head.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum HeadFault {
    #[error("the head is larger than {LARGEST} bytes")]
    TooLarge,
    #[error("`{0}` is not the first line of an HTTP/1 message")]
    Start(String),
    #[error("`{0}` is not a header")]
    Header(String),
}

/// The first line of a request, in its parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RequestLine<'a> {
    pub(crate) method: &'a [u8],
    pub(crate) target: &'a [u8],
    pub(crate) version: &'a [u8],
}

impl Line {
    fn name(&self) -> &[u8] {
        &self.raw[..self.name]
    }

    fn is(&self, name: &str) -> bool {
        self.name().eq_ignore_ascii_case(name.as_bytes())
    }

    fn value(&self) -> &[u8] {
        self.raw[self.name + 1..].trim_ascii()
    }
}

impl Head {
    /// Reads a head at the beginning of the bytes, and says how many it takes. `None`: it is not whole yet.
    ///
    /// # Errors
    /// There is none.
    pub(crate) fn read(bytes: &[u8]) -> Result<Option<(Self, usize)>, HeadFault> {
        let mut lines = bytes.split_inclusive(|byte| *byte == b'\n');
        let mut length = 0;
        let mut start = Vec::new();
        let mut headers: Vec<Line> = Vec::new();
        loop {
            if length > LARGEST {
                return Err(HeadFault::TooLarge);
            }
            let Some(line) = lines.next().filter(|line| line.ends_with(b"\n")) else {
                if bytes.len() > LARGEST {
                    return Err(HeadFault::TooLarge);
                }
                return match start.is_empty() && !may_start(bytes) {
                    true => Err(HeadFault::Start(shown(bytes))),
                    false => Ok(None),
                };
            };
            length += line.len();
            let is_empty = matches!(line, b"\r\n" | b"\n");
            if start.is_empty() {
                // A line end before the start is left over from a body (RFC 9112 2.2).
                if !is_empty {
                    start = line.to_vec();
                }
            } else if is_empty {
                let end = line.to_vec();
                return Ok(Some((
                    Self {
                        start,
                        headers,
                        end,
                    },
                    length,
                )));
            } else if matches!(line[0], b' ' | b'\t') {
                let before = headers.last_mut();
                let before = before.ok_or_else(|| HeadFault::Header(shown(line)))?;
                before.raw.extend_from_slice(line);
            } else {
                let name = line.iter().position(|byte| *byte == b':');
                let name = name.filter(|name| *name > 0);
                headers.push(Line {
                    raw: line.to_vec(),
                    name: name.ok_or_else(|| HeadFault::Header(shown(line)))?,
                });
            }
        }
    }

    /// Its bytes.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let mut bytes = self.start.clone();
        for line in &self.headers {
            bytes.extend_from_slice(&line.raw);
        }
        bytes.extend_from_slice(&self.end);
        bytes
    }

    /// Method, target and version. Whatever stands between the first and the last space is the target: some clients do
    /// not encode theirs.
    ///
    /// # Errors
    /// It is no request.
    pub(crate) fn request_line(&self) -> Result<RequestLine<'_>, HeadFault> {
        let line = self.start.trim_ascii_end();
        let fault = || HeadFault::Start(shown(line));
        let first = line.iter().position(|byte| *byte == b' ');
        let last = line.iter().rposition(|byte| *byte == b' ');
        let (Some(first), Some(last)) = (first, last) else {
            return Err(fault());
        };
        let (method, version) = (&line[..first], &line[last + 1..]);
        if first + 1 >= last
            || method.is_empty()
            || !method.iter().all(u8::is_ascii_graphic)
            || !version.starts_with(b"HTTP/1.")
        {
            return Err(fault());
        }
        Ok(RequestLine {
            method,
            target: &line[first + 1..last],
            version,
        })
    }

    /// The status of an answer.
    ///
    /// # Errors
    /// It is none.
    pub(crate) fn status(&self) -> Result<u16, HeadFault> {
        let line = self.start.trim_ascii_end();
        let status = line
            .strip_prefix(b"HTTP/1.")
            .and_then(|rest| rest.get(2..5).filter(|_| rest[1] == b' '))
            .filter(|_| line.get(12).is_none_or(|byte| *byte == b' '))
            .and_then(|digits| std::str::from_utf8(digits).ok()?.parse().ok())
            .filter(|status| (100..1000).contains(status));
        status.ok_or_else(|| HeadFault::Start(shown(line)))
    }

    /// Of HTTP/1.0, where connections end after an answer unless they say otherwise.
    pub(crate) fn is_old(&self) -> bool {
        let line = self.start.trim_ascii_end();
        line.ends_with(b"HTTP/1.0") || line.starts_with(b"HTTP/1.0")
    }

    /// Values of the headers of this name.
    pub(crate) fn values(&self, name: &str) -> impl Iterator<Item = &[u8]> {
        let lines = self.headers.iter().filter(move |line| line.is(name));
        lines.map(Line::value)
    }

    /// A header of this name lists this word.
    pub(crate) fn lists(&self, name: &str, word: &str) -> bool {
        self.values(name)
            .flat_map(|value| value.split(|byte| *byte == b','))
            .any(|listed| listed.trim_ascii().eq_ignore_ascii_case(word.as_bytes()))
    }

    /// Whether the connection can be used again after this message and its body.
    pub(crate) fn goes_on(&self) -> bool {
        match self.is_old() {
            true => self.lists("connection", "keep-alive"),
            false => !self.lists("connection", "close"),
        }
    }

    /// Names and values in order, as text; bytes that are no text are replaced by U+FFFD.
    pub(crate) fn headers(&self) -> Vec<(String, String)> {
        let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
        let lines = self.headers.iter();
        lines
            .map(|line| (text(line.name().trim_ascii_end()), text(line.value())))
            .collect()
    }

    /// Gives the first header of this name another value, and takes further ones out. Where there is none, it becomes
    /// the first header.
    pub(crate) fn set(&mut self, name: &str, value: &[u8]) {
        let place = self.headers.iter().position(|line| line.is(name));
        let (mut raw, end) = match place.map(|place| &self.headers[place]) {
            Some(line) if !line.raw.ends_with(b"\r\n") => (line.name().to_vec(), &b"\n"[..]),
            Some(line) => (line.name().to_vec(), &b"\r\n"[..]),
            None => (name.as_bytes().to_vec(), &b"\r\n"[..]),
        };
        let length = raw.len();
        raw.extend_from_slice(b": ");
        raw.extend_from_slice(value);
        raw.extend_from_slice(end);
        let line = Line { raw, name: length };
        let Some(place) = place else {
            return self.headers.insert(0, line);
        };
        self.headers[place] = line;
        let mut at = 0..;
        self.headers
            .retain(|line| at.next() <= Some(place) || !line.is(name));
    }

    /// Takes out the headers of this name.
    pub(crate) fn remove(&mut self, name: &str) {
        self.headers.retain(|line| !line.is(name));
    }

    /// Puts another target into the first line of a request.
    pub(crate) fn set_target(&mut self, target: &[u8]) {
        if let Ok(line) = self.request_line() {
            let mut start = line.method.to_vec();
            start.push(b' ');
            start.extend_from_slice(target);
            start.push(b' ');
            start.extend_from_slice(line.version);
            start.extend_from_slice(b"\r\n");
            self.start = start;
        }
    }

    /// Takes out what is about the connection that it came on (RFC 9110 7.6.1).
    pub(crate) fn strip_hop_by_hop(&mut self) {
        let listed: Vec<Vec<u8>> = self
            .values("connection")
            .flat_map(|value| value.split(|byte| *byte == b','))
            .map(|word| word.trim_ascii().to_ascii_lowercase())
            .collect();
        let is_own = |name: &[u8]| KEPT.iter().any(|kept| name == kept.as_bytes());
        self.headers.retain(|line| {
            let name = line.name().trim_ascii_end().to_ascii_lowercase();
            let is_hop = HOP_BY_HOP.iter().any(|hop| name == hop.as_bytes());
            !is_hop && (is_own(&name) || !listed.contains(&name))
        });
        let is_said = |word: &Vec<u8>| matches!(word.as_slice(), b"close" | b"keep-alive");
        if listed.iter().all(is_said) {
            // Nothing but whether it ends: as it came, also its letter case.
            return;
        }
        match listed.iter().find(|word| is_said(word)) {
            Some(word) => self.set("Connection", word),
            None => self.remove("Connection"),
        }
    }
}

/// Whether more bytes could make this the first line of a message.
fn may_start(bytes: &[u8]) -> bool {
    let first = bytes.iter().find(|byte| !matches!(byte, b'\r' | b'\n'));
    first.is_none_or(|byte| byte.is_ascii_graphic())
}

/// The beginning of bytes, for people.
fn shown(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(&bytes[..bytes.len().min(60)]);
    text.trim_end().escape_debug().to_string()
}

#[cfg(test)]
mod tests {
    use super::{Head, HeadFault, LARGEST};

    fn head(text: &str) -> Head {
        let (head, length) = Head::read(text.as_bytes()).unwrap().unwrap();
        assert_eq!(length, text.len());
        head
    }

    #[test]
    fn what_is_read_is_written_the_same() {
        for text in [
            "GET /Users?filter=a%20eq%20'b' HTTP/1.1\r\nHost: a\r\nX-b:1\r\nx-B:  2 \r\n\r\n",
            "GET /a/../b//c?x=\"y\"|{z}^`<> HTTP/1.1\r\nhost:a\r\nACCEPT: x,\r\n y\r\n\r\n",
            "GET /Users?filter=userName eq \"a b\" HTTP/1.0\nHost: a\n\n",
            "HTTP/1.1 200 All right\r\nSet-Cookie: a\r\nX: y\r\nSet-Cookie: b\r\n\r\n",
            "HTTP/1.1 204 \r\n\r\n",
        ] {
            assert_eq!(String::from_utf8(head(text).bytes()).unwrap(), text);
        }
    }

    #[test]
    fn parts_are_found() {
        let request = head("GET /a b?c HTTP/1.0\r\nX: y\r\nConnection: Keep-Alive\r\n\r\n");
        let line = request.request_line().unwrap();
        assert_eq!(
            (line.method, line.target, line.version),
            (&b"GET"[..], &b"/a b?c"[..], &b"HTTP/1.0"[..])
        );
        assert!(request.is_old() && request.goes_on());
        assert!(request.status().is_err());
        let answer = head("HTTP/1.1 404\r\nConnection: x, CLOSE\r\n\r\n");
        assert_eq!(answer.status(), Ok(404));
        assert!(!answer.goes_on());
        assert!(answer.request_line().is_err());
    }

    #[test]
    fn a_head_that_is_not_whole_waits() {
        let whole = "\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n";
        for end in 0..whole.len() {
            assert_eq!(Head::read(&whole.as_bytes()[..end]), Ok(None), "{end}");
        }
        let (_, length) = Head::read(b"\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\nrest")
            .unwrap()
            .unwrap();
        assert_eq!(length, whole.len());
    }

    #[test]
    fn other_bytes_are_no_head() {
        let endless = vec![b'a'; LARGEST + 1];
        assert_eq!(Head::read(&endless), Err(HeadFault::TooLarge));
        assert!(matches!(
            Head::read(b"\x16\x03\x01"),
            Err(HeadFault::Start(_))
        ));
        assert!(matches!(
            Head::read(b"GET / HTTP/1.1\r\nno colon\r\n\r\n"),
            Err(HeadFault::Header(_))
        ));
        assert!(matches!(
            Head::read(b"GET / HTTP/1.1\r\n folded: first\r\n\r\n"),
            Err(HeadFault::Header(_))
        ));
        for line in [
            "GET /",
            "GET HTTP/1.1",
            "PRI * HTTP/2.0",
            "HTTP/2 200",
            "HTTP/1.1 20",
            "HTTP/1.1 2000",
        ] {
            let head = head(&format!("{line}\r\n\r\n"));
            assert!(
                head.request_line().is_err() && head.status().is_err(),
                "{line}"
            );
        }
    }

    #[test]
    fn what_is_about_the_connection_stays_behind() {
        let mut head = head(
            "GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, HTTP2-Settings, close, host\r\nUpgrade: h2c\r\n\
             HTTP2-Settings: AAMAAABkAAQCAAAAAAIAAAAA\r\nTE: trailers\r\nKeep-Alive: 5\r\nProxy-Connection: x\r\nX: y\r\n\r\n",
        );
        head.strip_hop_by_hop();
        assert_eq!(
            String::from_utf8(head.bytes()).unwrap(),
            "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nX: y\r\n\r\n"
        );
    }

    #[test]
    fn whether_the_connection_ends_is_said_in_its_own_case() {
        let text = "GET / HTTP/1.1\r\nHost: a\r\nConnection: Keep-Alive\r\n\r\n";
        let mut head = head(text);
        head.strip_hop_by_hop();
        assert_eq!(String::from_utf8(head.bytes()).unwrap(), text);
    }

    #[test]
    fn a_header_is_changed_in_its_place() {
        let mut head = head("GET /x HTTP/1.1\r\nA: 1\r\nhOst: old\r\nB: 2\r\nHost: other\r\n\r\n");
        head.set("Host", b"new");
        head.set_target(b"/y");
        assert_eq!(
            String::from_utf8(head.bytes()).unwrap(),
            "GET /y HTTP/1.1\r\nA: 1\r\nhOst: new\r\nB: 2\r\n\r\n"
        );
        head.remove("HOST");
        head.set("Host", b"new");
        assert!(
            head.bytes()
                .starts_with(b"GET /y HTTP/1.1\r\nHost: new\r\nA")
        );
    }
}
