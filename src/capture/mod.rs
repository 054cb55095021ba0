//! Captures: traffic that others recorded, read into exchanges.
//!
//! Each format is a file here: bytes in, exchanges out, one at a time, so that a log of any length needs the memory of its
//! largest exchange. Nothing is believed that is not there: what is guessed or missing is told in the [`Account`], with its
//! place. Credentials are covered before anybody sees an exchange ([`Secrets`]).

mod curl;
mod detect;
mod elements;
mod events;
mod har;
mod http;
mod log;
mod sight;
mod words;

#[cfg(test)]
mod tests;

pub use detect::{Found, detect};
pub use log::{Deed, Done, Provider, read_log};
pub use sight::base_of;

use std::io::{self, BufRead};

use crate::exchange::{Exchange, Failure, Secrets};
use sight::Sight;

/// Remarks that are kept; of a capture of a million exchanges nobody reads all.
const REMARKS: usize = 40;
/// Largest text that is read at once, for formats that people write.
const LARGEST_TEXT: u64 = 64 * 1024 * 1024;
/// Largest exchange of a recording.
const LARGEST_ENTRY: usize = 256 * 1024 * 1024;
/// How a request without a recorded answer ends.
pub const UNRECORDED: &str = "its answer was not recorded";

/// What exchanges are recorded in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Our own event log, JSON lines.
    Events,
    /// HTTP Archive 1.2.
    Har,
    /// Command lines of curl, for POSIX shells and for Windows.
    Curl,
    /// HTTP as text, as people write it into tickets, and `.http` files.
    Http,
}

impl Format {
    /// What it is called.
    pub fn name(self) -> &'static str {
        match self {
            Self::Events => "an event log",
            Self::Har => "HAR",
            Self::Curl => "curl command lines",
            Self::Http => "HTTP as text",
        }
    }
}

/// A place in a capture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum At {
    /// From 1.
    Line(u64),
    /// An entry of a HAR or a log, from 1.
    Entry(u64),
}

impl std::fmt::Display for At {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Line(line) => write!(formatter, "line {line}"),
            Self::Entry(entry) => write!(formatter, "entry {entry}"),
        }
    }
}

/// What a remark is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// It was not there, and something likely stands for it.
    Guessed,
    /// It was not there, and nothing stands for it.
    Missing,
    /// It was there and could not be read.
    Unread,
}

impl Kind {
    /// One word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Guessed => "guessed",
            Self::Missing => "missing",
            Self::Unread => "not read",
        }
    }
}

/// Something about a capture that a person should know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remark {
    /// Where.
    pub at: At,
    /// What it is about.
    pub kind: Kind,
    /// One sentence without a full stop.
    pub what: String,
    /// In how many other places it is the same.
    pub more: u64,
}

impl Remark {
    /// One that is in no other place.
    fn new(kind: Kind, at: At, what: impl Into<String>) -> Self {
        Self {
            at,
            kind,
            what: what.into(),
            more: 0,
        }
    }
}

impl std::fmt::Display for Remark {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (word, what, at) = (self.kind.word(), &self.what, self.at);
        match self.more {
            0 => write!(formatter, "{word}: {what} ({at})"),
            more => write!(formatter, "{word}: {what} ({at}, and {more} more)"),
        }
    }
}

/// What was read of a capture.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Account {
    /// How many exchanges there were.
    pub exchanges: u64,
    /// How many of them have no answer.
    pub unanswered: u64,
    /// How many speak to something else than a SCIM endpoint.
    pub elsewhere: u64,
    /// What was guessed, missing or not read; the first ones.
    pub remarks: Vec<Remark>,
    /// How many more remarks there were.
    pub unsaid: u64,
    /// Where the capture breaks off, and how; what stood before was read.
    pub ended: Option<Remark>,
}

impl Account {
    fn remark(&mut self, remark: Remark) {
        let same = self
            .remarks
            .iter()
            .position(|known| known.kind == remark.kind && known.what == remark.what);
        match same {
            Some(known) => self.remarks[known].more += 1,
            None if self.remarks.len() < REMARKS => self.remarks.push(remark),
            None => self.unsaid += 1,
        }
    }
}

/// Why nothing of a capture can be read.
#[derive(Debug, thiserror::Error)]
pub enum CaptureError {
    /// The bytes cannot be had.
    #[error("cannot be read: {0}")]
    Unreadable(#[from] io::Error),
    /// Nothing but white space.
    #[error("is empty")]
    Empty,
    /// Something that is known and is not read here.
    #[error("is {what}")]
    Foreign {
        /// What it is.
        what: &'static str,
        /// What to do.
        hint: &'static str,
    },
    /// None of the formats.
    #[error("is none of the formats that are known: {reason}")]
    Unknown {
        /// What was looked for.
        reason: String,
    },
    /// Not the format that it was said to be.
    #[error("is not {format}: {reason}")]
    Wrong {
        /// The format.
        format: &'static str,
        /// What is wrong, with its place.
        reason: String,
    },
    /// It has nothing to read.
    #[error("holds no request: {looked_for}")]
    Nothing {
        /// What was looked for.
        looked_for: &'static str,
        /// What to do.
        hint: &'static str,
    },
}

impl CaptureError {
    /// What to do.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Unreadable(_) => None,
            Self::Empty => Some("export or copy it again; it has not a single byte to read"),
            Self::Foreign { hint, .. } => Some(hint),
            Self::Unknown { .. } => Some(
                "what can be read: HAR, an event log of `--report-json`, curl command lines, HTTP as text, \
                 provisioning logs of Entra, System Logs of Okta",
            ),
            Self::Wrong { .. } => Some(
                "export it again; what it is instead, `scimulate import FILE` tells by its content",
            ),
            Self::Nothing { hint, .. } => Some(hint),
        }
    }
}

/// Reads a capture, and gives every exchange of it, in order and without credentials, to `tell`. Who sent it is not
/// known: `unknown`, or ourselves where the User-Agent says so. With each comes the place where it begins.
///
/// # Errors
/// Nothing can be read. Where something could be, the account says what could not.
pub fn read(
    format: Format,
    input: &mut dyn BufRead,
    tell: &mut dyn FnMut(Exchange, At),
) -> Result<Account, CaptureError> {
    let mut teller = Teller {
        tell,
        secrets: Secrets::default(),
        sight: Sight::default(),
        account: Account::default(),
    };
    match format {
        Format::Events => events::read(input, &mut teller)?,
        Format::Har => har::read(input, &mut teller)?,
        Format::Curl | Format::Http => http::read(&text_of(input, format)?, &mut teller)?,
    }
    Ok(teller.account)
}

/// Passes on what is read.
struct Teller<'a> {
    tell: &'a mut dyn FnMut(Exchange, At),
    secrets: Secrets,
    sight: Sight,
    account: Account,
}

impl Teller<'_> {
    /// An exchange whose [`crate::exchange::Api`] is known.
    fn exchange(&mut self, exchange: Exchange, at: At) {
        self.account.exchanges += 1;
        self.account.unanswered += u64::from(exchange.outcome.is_err());
        self.account.elsewhere += u64::from(!exchange.request.api.is_scim());
        (self.tell)(self.secrets.masked(exchange), at);
    }

    /// An exchange of a recording, which holds whatever went by.
    fn sighted(&mut self, mut exchange: Exchange, at: At) {
        exchange.request.api = self.sight.api_of(&exchange);
        self.exchange(exchange, at);
    }

    fn remark(&mut self, kind: Kind, at: At, what: impl Into<String>) {
        let what = self.secrets.mask().text(&what.into());
        self.account.remark(Remark::new(kind, at, what));
    }

    /// Nothing can be read behind this place.
    fn ends(&mut self, at: At, what: impl Into<String>) {
        self.account.ended = Some(Remark::new(Kind::Unread, at, what));
    }
}

/// No answer is known.
fn unrecorded() -> Failure {
    Failure::NotSent(UNRECORDED.to_owned())
}

/// The whole text, with `\n` between lines.
fn text_of(input: &mut dyn BufRead, format: Format) -> Result<String, CaptureError> {
    let wrong = |reason: String| CaptureError::Wrong {
        format: format.name(),
        reason,
    };
    let mut bytes = Vec::new();
    let mut bounded = io::Read::take(input, LARGEST_TEXT + 1);
    io::Read::read_to_end(&mut bounded, &mut bytes)?;
    if bytes.len() as u64 > LARGEST_TEXT {
        return Err(wrong(format!(
            "it has more than {} MiB, and nobody writes so much text",
            LARGEST_TEXT >> 20
        )));
    }
    if bytes.trim_ascii().is_empty() {
        return Err(CaptureError::Empty);
    }
    let text = match String::from_utf8(bytes) {
        Ok(text) => text,
        // Pastes from Windows are often in its own encoding: what is not ASCII is lost, the rest is not.
        Err(problem) if !problem.as_bytes().contains(&0) => {
            String::from_utf8_lossy(problem.as_bytes()).into_owned()
        }
        Err(problem) => {
            let before = problem.as_bytes().iter().take_while(|byte| **byte != 0);
            return Err(wrong(format!(
                "byte {} is zero, so it is no text",
                before.count()
            )));
        }
    };
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    Ok(text.replace("\r\n", "\n").replace('\r', "\n"))
}
