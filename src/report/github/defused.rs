//! Text that GitHub's runner takes for no command.
//!
//! The runner obeys each line of the output that begins with `::` after white space, and `##[` anywhere in a line
//! (actions/runner, ActionCommand.cs). What a target answers must not be obeyed.

use std::io::{self, Write};

/// Where in a line the last byte was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum At {
    /// Only white space so far.
    Start,
    /// A colon after white space.
    Colon,
    /// A number sign, or several.
    Sign(usize),
    Inside,
}

/// Writes on what it is given, with a space in what would be a command.
#[derive(Debug)]
pub struct Defused<W> {
    out: W,
    at: At,
}

impl<W: Write> Defused<W> {
    /// Writes to `out`, from the beginning of a line.
    pub fn new(out: W) -> Self {
        Self { out, at: At::Start }
    }
}

impl<W: Write> Write for Defused<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut safe = Vec::with_capacity(bytes.len());
        for &byte in bytes {
            let would_be_command = match self.at {
                At::Colon => byte == b':',
                At::Sign(signs) => signs > 1 && byte == b'[',
                At::Start | At::Inside => false,
            };
            if would_be_command {
                safe.push(b' ');
            }
            self.at = match (byte, self.at) {
                (b'\n' | b'\r', _) => At::Start,
                (b'#', At::Sign(signs)) => At::Sign(signs + 1),
                (b'#', _) => At::Sign(1),
                (b':', At::Start) => At::Colon,
                // White space beyond ASCII is trimmed, too; that other letters count as such only adds a space.
                (byte, At::Start)
                    if byte.is_ascii_whitespace() || byte < b' ' || !byte.is_ascii() =>
                {
                    At::Start
                }
                _ => At::Inside,
            };
            safe.push(byte);
        }
        self.out.write_all(&safe)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

/// A whole text, defused.
pub fn defused(text: &str) -> String {
    let mut out = Vec::with_capacity(text.len());
    let written = Defused::new(&mut out).write_all(text.as_bytes());
    written.expect("a Vec takes everything");
    String::from_utf8(out).expect("only ASCII was added to a text")
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use proptest::prelude::{any, prop_assert, prop_assert_eq, proptest};

    use super::{Defused, defused};

    #[test]
    fn no_line_is_a_command() {
        for (text, safe) in [
            ("::error::x", ": :error::x"),
            ("a ::error::x", "a ::error::x"),
            ("a\n \t::stop-commands::x", "a\n \t: :stop-commands::x"),
            ("a\r::x", "a\r: :x"),
            ("\u{3000}::x", "\u{3000}: :x"),
            ("x ##[error]y", "x ## [error]y"),
            ("###[group]", "### [group]"),
            ("# [a](b) #[c]", "# [a](b) #[c]"),
        ] {
            assert_eq!(defused(text), safe);
        }
    }

    proptest! {
        #[test]
        fn it_does_not_matter_how_a_text_is_cut(text in any::<String>(), at in any::<usize>()) {
            let mut out = Vec::new();
            let mut pieces = Defused::new(&mut out);
            let (first, rest) = text.as_bytes().split_at(at % (text.len() + 1));
            pieces.write_all(first).unwrap();
            pieces.write_all(rest).unwrap();
            let whole = defused(&text);
            prop_assert_eq!(out, whole.as_bytes());
            let is_command = |line: &str| line.trim_start().starts_with("::") || line.contains("##[");
            prop_assert!(!whole.split(['\n', '\r']).any(is_command));
        }
    }
}
