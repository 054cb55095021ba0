//! A file that grows while it is recorded: every entry is on disk when it has been told, and a disk that is full costs
//! what could not be written, not what was.

use std::fs::File;
use std::io::{self, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use crate::event::Event;

/// An event log, a line an event.
pub(crate) struct EventLog {
    path: PathBuf,
    file: File,
    /// Bytes up to the last line that is whole.
    good: u64,
    /// Exchanges that could not be written.
    pub(crate) lost: u64,
    /// The last attempt has failed.
    is_failing: bool,
}

/// What changed with an attempt to write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Written {
    /// Nothing: written as before, or failed as before.
    AsBefore,
    /// It fails from now on.
    Fails(String),
    /// It works again.
    Again,
}

impl EventLog {
    /// A new file.
    ///
    /// # Errors
    /// It cannot be written.
    pub(crate) fn create(path: &Path) -> io::Result<Self> {
        Ok(Self {
            file: File::create(path)?,
            path: path.to_owned(),
            good: 0,
            lost: 0,
            is_failing: false,
        })
    }

    /// Its name, for people.
    pub(crate) fn shown(&self) -> String {
        self.path.display().to_string()
    }

    /// Writes an event.
    pub(crate) fn write(&mut self, event: &Event) -> Written {
        let written = self.attempt(event);
        let failed_before = self.is_failing;
        self.is_failing = written.is_err();
        match written {
            Ok(()) if failed_before => Written::Again,
            Ok(()) => Written::AsBefore,
            Err(problem) => {
                if let Event::StepFinished { exchanges, .. } = event {
                    self.lost += exchanges.len() as u64;
                }
                // Half a line would make those behind it unreadable.
                let _ = self.file.set_len(self.good);
                let _ = self.file.seek(SeekFrom::Start(self.good));
                match failed_before {
                    true => Written::AsBefore,
                    false => Written::Fails(problem.to_string()),
                }
            }
        }
    }

    fn attempt(&mut self, event: &Event) -> io::Result<()> {
        let mut line = serde_json::to_vec(event)?;
        line.push(b'\n');
        self.file.write_all(&line)?;
        self.good += line.len() as u64;
        Ok(())
    }
}
