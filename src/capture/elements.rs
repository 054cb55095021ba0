//! The elements of a list somewhere in a JSON document, one by one: only the element that is read is in memory.

use std::io::{self, BufRead};

/// Why the elements cannot be read any further.
#[derive(Debug)]
pub(super) enum Fault {
    /// The bytes cannot be had.
    Io(io::Error),
    /// The document ends in the middle.
    Cut,
    /// It is no JSON.
    Syntax(String),
    /// An element is larger than this many bytes.
    TooLarge(usize),
    /// There is no such list.
    NoList,
}

impl From<io::Error> for Fault {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl std::fmt::Display for Fault {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Io(error) => write!(formatter, "it cannot be read any further: {error}"),
            Self::Cut => write!(formatter, "the file ends in the middle"),
            Self::Syntax(reason) => write!(formatter, "{reason}"),
            Self::TooLarge(limit) => write!(formatter, "it is larger than {} MiB", limit >> 20),
            Self::NoList => write!(formatter, "the list is not there"),
        }
    }
}

/// Gives the bytes of each element to `tell`, of the list at `path`: `["log", "entries"]`, or `[]` for the document itself.
///
/// # Errors
/// Where reading stopped.
pub(super) fn elements(
    input: &mut dyn BufRead,
    path: &[&str],
    largest: usize,
    tell: &mut dyn FnMut(&[u8]),
) -> Result<(), Fault> {
    let mut scanner = Scanner { input, offset: 0 };
    scanner.skip_mark()?;
    for name in path {
        scanner.enter(name)?;
    }
    if scanner.next()? != b'[' {
        return Err(Fault::NoList);
    }
    if scanner.peek()? == b']' {
        return Ok(());
    }
    let mut element = Vec::new();
    loop {
        element.clear();
        scanner.peek()?;
        scanner.value(&mut |bytes| {
            element.extend_from_slice(bytes);
            match element.len() > largest {
                true => Err(Fault::TooLarge(largest)),
                false => Ok(()),
            }
        })?;
        tell(&element);
        match scanner.next()? {
            b',' => {}
            b']' => return Ok(()),
            other => return Err(scanner.unexpected(other, "`,` or `]`")),
        }
    }
}

struct Scanner<'a> {
    input: &'a mut dyn BufRead,
    offset: u64,
}

impl Scanner<'_> {
    /// Goes over a byte order mark.
    fn skip_mark(&mut self) -> Result<(), Fault> {
        if self.input.fill_buf()?.starts_with(b"\xef\xbb\xbf") {
            self.consume(3);
        }
        Ok(())
    }

    /// Goes into an object, up to the value of this member.
    fn enter(&mut self, wanted: &str) -> Result<(), Fault> {
        match self.next()? {
            b'{' => {}
            _ => return Err(Fault::NoList),
        }
        if self.peek()? == b'}' {
            return Err(Fault::NoList);
        }
        loop {
            let first = self.peek()?;
            if first != b'"' {
                return Err(self.unexpected(first, "the name of a member"));
            }
            let mut name = Vec::new();
            self.value(&mut |bytes| {
                // The name of a member that is looked for is short.
                name.extend_from_slice(&bytes[..bytes.len().min(256)]);
                Ok(())
            })?;
            let colon = self.next()?;
            if colon != b':' {
                return Err(self.unexpected(colon, "`:`"));
            }
            self.peek()?;
            if name == format!("\"{wanted}\"").as_bytes() {
                return Ok(());
            }
            self.value(&mut |_| Ok(()))?;
            match self.next()? {
                b',' => {}
                b'}' => return Err(Fault::NoList),
                other => return Err(self.unexpected(other, "`,` or `}`")),
            }
        }
    }

    /// Reads one value, which begins here, and gives its bytes in parts.
    fn value(&mut self, part: &mut dyn FnMut(&[u8]) -> Result<(), Fault>) -> Result<(), Fault> {
        let mut state = Within::default();
        loop {
            let buffer = self.input.fill_buf()?;
            if buffer.is_empty() {
                return match state.is_bare {
                    true => Ok(()),
                    false => Err(Fault::Cut),
                };
            }
            let end = buffer.iter().position(|byte| state.ends_before(*byte));
            let taken = match end {
                Some(end) => end,
                None => buffer.len(),
            };
            part(&buffer[..taken])?;
            self.consume(taken);
            if end.is_none() && state.is_over {
                return Ok(());
            }
            if end.is_some() {
                return match state.read {
                    0 => {
                        let other = self.peek()?;
                        Err(self.unexpected(other, "a value"))
                    }
                    _ => Ok(()),
                };
            }
        }
    }

    /// The next byte that is no white space, taken.
    fn next(&mut self) -> Result<u8, Fault> {
        let byte = self.peek()?;
        self.consume(1);
        Ok(byte)
    }

    /// The next byte that is no white space.
    fn peek(&mut self) -> Result<u8, Fault> {
        loop {
            let buffer = self.input.fill_buf()?;
            let Some(byte) = buffer.first().copied() else {
                return Err(Fault::Cut);
            };
            if !byte.is_ascii_whitespace() {
                return Ok(byte);
            }
            self.consume(1);
        }
    }

    fn consume(&mut self, count: usize) {
        self.input.consume(count);
        self.offset += count as u64;
    }

    fn unexpected(&self, found: u8, wanted: &str) -> Fault {
        Fault::Syntax(format!(
            "`{}` stands at byte {} where {wanted} belongs",
            char::from(found).escape_debug(),
            self.offset
        ))
    }
}

/// How far a value was read.
#[derive(Default)]
struct Within {
    /// Bytes of it.
    read: u64,
    /// Objects and arrays that are open.
    depth: u64,
    in_text: bool,
    escaped: bool,
    /// A number, `true`, `false` or `null`: it ends where something else begins.
    is_bare: bool,
    is_over: bool,
}

impl Within {
    /// Whether the value ended before this byte; if not, the byte belongs to it.
    fn ends_before(&mut self, byte: u8) -> bool {
        if self.is_over {
            return true;
        }
        if self.is_bare {
            return !(byte.is_ascii_alphanumeric() || b"+-.".contains(&byte));
        }
        if self.escaped {
            self.escaped = false;
        } else if self.in_text {
            match byte {
                b'\\' => self.escaped = true,
                b'"' => {
                    self.in_text = false;
                    self.is_over = self.depth == 0;
                }
                _ => {}
            }
        } else {
            match byte {
                b'"' => self.in_text = true,
                b'{' | b'[' => self.depth += 1,
                b'}' | b']' if self.depth == 0 => return true,
                b'}' | b']' => {
                    self.depth -= 1;
                    self.is_over = self.depth == 0;
                }
                _ if self.depth > 0 => {}
                _ if byte.is_ascii_alphanumeric() || byte == b'-' => self.is_bare = true,
                _ => return true,
            }
        }
        self.read += 1;
        false
    }
}
