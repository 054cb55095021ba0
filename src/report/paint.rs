//! Colours, or none. What they say is always said in words, too.

use std::fmt::Display;

use anstyle::{AnsiColor, Style};

/// Colours texts if the output takes colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Paint {
    coloured: bool,
}

impl Paint {
    /// For a file, a pipe, or `NO_COLOR`.
    pub const PLAIN: Self = Self { coloured: false };
    /// For a terminal.
    pub const COLOURED: Self = Self { coloured: true };

    /// Colours are written.
    pub fn is_coloured(self) -> bool {
        self.coloured
    }

    /// Something wrong.
    pub fn bad(self, text: impl Display) -> String {
        self.with(AnsiColor::Red.on_default().bold(), text)
    }

    /// Something right.
    pub fn good(self, text: impl Display) -> String {
        self.with(AnsiColor::Green.on_default(), text)
    }

    /// Something to look at.
    pub fn odd(self, text: impl Display) -> String {
        self.with(AnsiColor::Yellow.on_default(), text)
    }

    /// A heading.
    pub fn bold(self, text: impl Display) -> String {
        self.with(Style::new().bold(), text)
    }

    /// Something beside the point.
    pub fn faint(self, text: impl Display) -> String {
        self.with(Style::new().dimmed(), text)
    }

    /// The part of a text that differs, expected.
    pub fn removed(self, text: impl Display) -> String {
        self.with(AnsiColor::Green.on_default().underline(), text)
    }

    /// The part of a text that differs, received.
    pub fn added(self, text: impl Display) -> String {
        self.with(AnsiColor::Red.on_default().underline(), text)
    }

    fn with(self, style: Style, text: impl Display) -> String {
        if self.coloured {
            format!("{style}{text}{style:#}")
        } else {
            text.to_string()
        }
    }
}
