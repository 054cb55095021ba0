//! The event stream as JSON lines: the machine format, and reading it back.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Write};
use std::path::{Path, PathBuf};

use super::Reporter;
use crate::event::{Event, FORMAT};

/// Writes one line an event, at once: a crash loses nothing that was seen.
#[derive(Debug)]
pub struct JsonLines<W> {
    out: W,
}

impl<W: Write> JsonLines<W> {
    /// Writes to `out`.
    pub fn new(out: W) -> Self {
        Self { out }
    }
}

impl<W: Write> Reporter for JsonLines<W> {
    fn on(&mut self, event: &Event) -> io::Result<()> {
        if matches!(event, Event::StepStarted { .. }) {
            return Ok(());
        }
        let mut line = serde_json::to_vec(event)?;
        line.push(b'\n');
        self.out.write_all(&line)?;
        self.out.flush()
    }
}

/// Why a log cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// The file.
    #[error("cannot read {}: {error}", path.display())]
    Unreadable {
        /// Which.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// A line is no event.
    #[error("{}:{line}: not an event: {reason}", path.display())]
    NoEvent {
        /// Which file.
        path: PathBuf,
        /// From 1.
        line: usize,
        /// What is wrong.
        reason: String,
    },
    /// Written by a version with another format.
    #[error("{}: event format {found}, this version reads {FORMAT}", path.display())]
    OtherFormat {
        /// Which file.
        path: PathBuf,
        /// Its format.
        found: u32,
    },
    /// The first event is not `run-started`.
    #[error("{}:1: the log does not begin with `run-started`", path.display())]
    NoBeginning {
        /// Which file.
        path: PathBuf,
    },
}

/// The events of a log, in order; after an error nothing more. A last line that is not whole, as a killed run leaves it,
/// is left out.
///
/// # Errors
/// The file cannot be opened.
pub fn read(path: &Path) -> Result<Log, LogError> {
    let file = File::open(path).map_err(|error| LogError::Unreadable {
        path: path.to_owned(),
        error,
    })?;
    Ok(Log {
        path: path.to_owned(),
        reader: BufReader::new(file),
        line: 0,
        begun: false,
        over: false,
    })
}

/// See [`read`].
#[derive(Debug)]
pub struct Log {
    path: PathBuf,
    reader: BufReader<File>,
    line: usize,
    begun: bool,
    over: bool,
}

impl Log {
    fn next_event(&mut self) -> Result<Option<Event>, LogError> {
        loop {
            let mut bytes = Vec::new();
            let read = self.reader.read_until(b'\n', &mut bytes);
            read.map_err(|error| LogError::Unreadable {
                path: self.path.clone(),
                error,
            })?;
            if bytes.is_empty() {
                return Ok(None);
            }
            self.line += 1;
            let whole = bytes.ends_with(b"\n");
            if bytes.trim_ascii().is_empty() {
                continue;
            }
            return match serde_json::from_slice(&bytes) {
                Ok(event) => self.checked(event).map(Some),
                Err(_) if !whole => Ok(None),
                Err(error) => Err(LogError::NoEvent {
                    path: self.path.clone(),
                    line: self.line,
                    reason: error.to_string(),
                }),
            };
        }
    }

    fn checked(&mut self, event: Event) -> Result<Event, LogError> {
        match event {
            Event::RunStarted { format, .. } if format != FORMAT => Err(LogError::OtherFormat {
                path: self.path.clone(),
                found: format,
            }),
            Event::RunStarted { .. } => {
                self.begun = true;
                Ok(event)
            }
            _ if self.begun => Ok(event),
            _ => Err(LogError::NoBeginning {
                path: self.path.clone(),
            }),
        }
    }
}

impl Iterator for Log {
    type Item = Result<Event, LogError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.over {
            return None;
        }
        let next = self.next_event().transpose();
        self.over = !matches!(next, Some(Ok(_)));
        next
    }
}
