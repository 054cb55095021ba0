//! Where a body ends (RFC 9112 6.3), found while its bytes pass by untouched.

use crate::record::head::Head;

/// Follows a body to its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Framing {
    /// Nothing more belongs to it.
    Over,
    /// So many bytes are still to come.
    Length(u64),
    /// In chunks.
    Chunked(Chunk),
    /// All that comes until the connection ends.
    UntilClose,
}

/// Where in a chunked body (RFC 9112 7.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Chunk {
    /// In the size: its value, and how many digits it has.
    Size(u64, u32),
    /// Behind the size, before the end of its line.
    Extension(u64),
    /// In the data: so many bytes are still to come.
    Data(u64),
    /// Behind the data, before the end of the line.
    DataEnd,
    /// In a line behind the last chunk that has so many bytes so far.
    Trailer(u64),
}

/// Why the end of a body cannot be found.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum FramingFault {
    #[error("`Content-Length: {0}` is not a number of bytes")]
    Length(String),
    #[error("`Transfer-Encoding: {0}` does not end with `chunked`")]
    Encoding(String),
    #[error("a chunk of the body has no size")]
    Chunk,
}

impl Framing {
    /// How a request's body is framed.
    ///
    /// # Errors
    /// Its headers do not say.
    pub(crate) fn of_request(head: &Head) -> Result<Self, FramingFault> {
        match coding(head) {
            Some((_, true)) => Ok(Self::Chunked(Chunk::Size(0, 0))),
            // A server could not know its end either (RFC 9112 6.3, case 4).
            Some((coding, false)) => Err(FramingFault::Encoding(coding)),
            None => Ok(Self::of_length(length(head)?.unwrap_or(0))),
        }
    }

    /// How the body of an answer to a request of this method is framed.
    ///
    /// # Errors
    /// Its headers contradict each other.
    pub(crate) fn of_answer(head: &Head, status: u16, method: &[u8]) -> Result<Self, FramingFault> {
        if method == b"HEAD" || matches!(status, 100..200 | 204 | 304) {
            return Ok(Self::Over);
        }
        match coding(head) {
            Some((_, true)) => Ok(Self::Chunked(Chunk::Size(0, 0))),
            Some((_, false)) => Ok(Self::UntilClose),
            None => Ok(length(head)?.map_or(Self::UntilClose, Self::of_length)),
        }
    }

    fn of_length(length: u64) -> Self {
        match length {
            0 => Self::Over,
            length => Self::Length(length),
        }
    }

    pub(crate) fn is_over(&self) -> bool {
        *self == Self::Over
    }

    /// Takes what belongs to the body from the beginning of the bytes: how many. `payload` is given what they carry.
    ///
    /// # Errors
    /// The chunks are no chunks; the bytes before that were taken.
    pub(crate) fn take(
        &mut self,
        bytes: &[u8],
        mut payload: impl FnMut(&[u8]),
    ) -> Result<usize, FramingFault> {
        match self {
            Self::Over => Ok(0),
            Self::UntilClose => {
                payload(bytes);
                Ok(bytes.len())
            }
            Self::Length(left) => {
                let taken = within(*left, bytes);
                payload(&bytes[..taken]);
                *left -= taken as u64;
                if *left == 0 {
                    *self = Self::Over;
                }
                Ok(taken)
            }
            Self::Chunked(chunk) => {
                let mut taken = 0;
                while taken < bytes.len() {
                    let rest = &bytes[taken..];
                    match chunk.after(rest, &mut payload)? {
                        (step, Some(next)) => {
                            taken += step;
                            *chunk = next;
                        }
                        (step, None) => {
                            *self = Self::Over;
                            return Ok(taken + step);
                        }
                    }
                }
                Ok(taken)
            }
        }
    }
}

impl Chunk {
    /// Takes a step: how many bytes, and where it leads; `None`: to the end of the body.
    fn after(
        &self,
        bytes: &[u8],
        payload: &mut impl FnMut(&[u8]),
    ) -> Result<(usize, Option<Self>), FramingFault> {
        let byte = bytes[0];
        Ok(match *self {
            Self::Size(size, digits) => match (byte as char).to_digit(16) {
                Some(_) if digits == 15 => return Err(FramingFault::Chunk),
                Some(digit) => (
                    1,
                    Some(Self::Size(size << 4 | u64::from(digit), digits + 1)),
                ),
                None if digits == 0 => return Err(FramingFault::Chunk),
                None => (0, Some(Self::Extension(size))),
            },
            Self::Extension(size) => match bytes.iter().position(|byte| *byte == b'\n') {
                None => (bytes.len(), Some(Self::Extension(size))),
                Some(end) if size == 0 => (end + 1, Some(Self::Trailer(0))),
                Some(end) => (end + 1, Some(Self::Data(size))),
            },
            Self::Data(left) => {
                let taken = within(left, bytes);
                payload(&bytes[..taken]);
                match left - taken as u64 {
                    0 => (taken, Some(Self::DataEnd)),
                    left => (taken, Some(Self::Data(left))),
                }
            }
            Self::DataEnd => match byte {
                b'\r' => (1, Some(Self::DataEnd)),
                b'\n' => (1, Some(Self::Size(0, 0))),
                _ => return Err(FramingFault::Chunk),
            },
            Self::Trailer(length) => match byte {
                b'\n' if length == 0 => (1, None),
                b'\n' => (1, Some(Self::Trailer(0))),
                b'\r' => (1, Some(Self::Trailer(length))),
                _ => (1, Some(Self::Trailer(length + 1))),
            },
        })
    }
}

fn within(left: u64, bytes: &[u8]) -> usize {
    usize::try_from(left).map_or(bytes.len(), |left| left.min(bytes.len()))
}

/// The transfer coding, and whether chunks are the last of it.
fn coding(head: &Head) -> Option<(String, bool)> {
    let codings: Vec<String> = head
        .values("transfer-encoding")
        .flat_map(|value| value.split(|byte| *byte == b','))
        .map(|word| String::from_utf8_lossy(word.trim_ascii()).into_owned())
        .collect();
    let last = codings.last()?.eq_ignore_ascii_case("chunked");
    Some((codings.join(", "), last))
}

/// The length that is said; several times the same is the same (RFC 9110 8.6).
fn length(head: &Head) -> Result<Option<u64>, FramingFault> {
    let said: Vec<&[u8]> = head
        .values("content-length")
        .flat_map(|value| value.split(|byte| *byte == b','))
        .map(<[u8]>::trim_ascii)
        .collect();
    let Some(first) = said.first() else {
        return Ok(None);
    };
    let number = std::str::from_utf8(first)
        .ok()
        .filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()))
        .and_then(|text| text.parse().ok());
    match number.filter(|_| said.iter().all(|other| other == first)) {
        Some(number) => Ok(Some(number)),
        None => {
            let said: Vec<_> = said
                .iter()
                .map(|one| String::from_utf8_lossy(one))
                .collect();
            Err(FramingFault::Length(said.join(", ")))
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{Strategy, any, proptest};

    use super::{Chunk, Framing, FramingFault};
    use crate::record::head::Head;

    fn head(text: &str) -> Head {
        let text = format!("{text}\r\n\r\n")
            .replace('\n', "\r\n")
            .replace("\r\r", "\r");
        Head::read(text.as_bytes()).unwrap().unwrap().0
    }

    fn taken(framing: &mut Framing, bytes: &[u8]) -> (Result<usize, FramingFault>, Vec<u8>) {
        let mut payload = Vec::new();
        let taken = framing.take(bytes, |part| payload.extend_from_slice(part));
        (taken, payload)
    }

    #[test]
    fn headers_say_how_a_body_ends() {
        let chunked = Framing::Chunked(Chunk::Size(0, 0));
        for (text, request, answer) in [
            ("", Ok(Framing::Over), Ok(Framing::UntilClose)),
            ("\nContent-Length: 0", Ok(Framing::Over), Ok(Framing::Over)),
            (
                "\nContent-Length: 7\nContent-Length: 7, 7",
                Ok(Framing::Length(7)),
                Ok(Framing::Length(7)),
            ),
            (
                "\nTransfer-Encoding: gzip, Chunked\nContent-Length: 7",
                Ok(chunked.clone()),
                Ok(chunked.clone()),
            ),
            (
                "\nTransfer-Encoding: gzip",
                Err(FramingFault::Encoding("gzip".to_owned())),
                Ok(Framing::UntilClose),
            ),
            (
                "\nContent-Length: 7, 8",
                Err(FramingFault::Length("7, 8".to_owned())),
                Err(FramingFault::Length("7, 8".to_owned())),
            ),
            (
                "\nContent-Length: +7",
                Err(FramingFault::Length("+7".to_owned())),
                Err(FramingFault::Length("+7".to_owned())),
            ),
        ] {
            let asked = head(&format!("POST / HTTP/1.1{text}"));
            assert_eq!(Framing::of_request(&asked), request, "{text}");
            let answered = head(&format!("HTTP/1.1 200 OK{text}"));
            let of = |status, method| Framing::of_answer(&answered, status, method);
            assert_eq!(of(200, b"GET"), answer, "{text}");
            assert_eq!(of(200, b"HEAD"), Ok(Framing::Over));
            assert_eq!(of(204, b"DELETE"), Ok(Framing::Over));
            assert_eq!(of(304, b"GET"), Ok(Framing::Over));
        }
    }

    #[test]
    fn chunks_end_where_they_say() {
        let body = b"5;x=\"y\"\r\nhello\r\n00A\r\n, world 1!\r\n0\r\nX-Sum: 1\r\n\r\n";
        let mut framing = Framing::Chunked(Chunk::Size(0, 0));
        let mut bytes = body.to_vec();
        bytes.extend_from_slice(b"next");
        let (count, payload) = taken(&mut framing, &bytes);
        assert_eq!((count, framing), (Ok(body.len()), Framing::Over));
        assert_eq!(payload, b"hello, world 1!");
    }

    #[test]
    fn what_is_no_chunk_is_a_fault() {
        for wrong in ["\r\n", "g\r\n", "1\r\nab\r\n", "1000000000000000\r\n"] {
            let mut framing = Framing::Chunked(Chunk::Size(0, 0));
            let (count, _) = taken(&mut framing, wrong.as_bytes());
            assert_eq!(count, Err(FramingFault::Chunk), "{wrong:?}");
        }
    }

    proptest! {
        #[test]
        fn the_parts_in_which_a_body_comes_do_not_matter(
            chunks in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 1..40), 0..6),
            cuts in proptest::collection::vec(1usize..20, 1..40).prop_map(|mut cuts| { cuts.push(usize::MAX); cuts }),
        ) {
            let mut bytes = Vec::new();
            for chunk in &chunks {
                bytes.extend_from_slice(format!("{:x}\r\n", chunk.len()).as_bytes());
                bytes.extend_from_slice(chunk);
                bytes.extend_from_slice(b"\r\n");
            }
            bytes.extend_from_slice(b"0\r\n\r\n");
            let mut framing = Framing::Chunked(Chunk::Size(0, 0));
            let (mut rest, mut carried) = (bytes.as_slice(), Vec::new());
            for cut in cuts {
                let (part, others) = rest.split_at(cut.min(rest.len()));
                let (count, payload) = taken(&mut framing, part);
                assert_eq!(count, Ok(part.len()));
                carried.extend_from_slice(&payload);
                rest = others;
            }
            assert_eq!(framing, Framing::Over);
            assert_eq!(carried, chunks.concat());
        }
    }
}
