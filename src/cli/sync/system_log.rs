//! The log of `sync --system-log`: what the provider's administrator would read, as lines of JSON in a file.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use uuid::Uuid;

use crate::cli::Complaint;
use crate::exchange::Exchange;
use crate::idp::{Outcome, Provisioner, Ticket};
use crate::org::log::Log;
use crate::org::work::Works;
use crate::profile::ProfileId;

/// An open file.
pub(super) struct SystemLog {
    path: PathBuf,
    file: File,
    log: Log,
    works: Works,
    problem: Option<io::Error>,
}

impl SystemLog {
    /// Opens a file, to append to it.
    ///
    /// # Errors
    /// It cannot be written.
    pub(super) fn open(path: &Path, client: ProfileId) -> Result<Self, Complaint> {
        let seed = Uuid::new_v4().as_u64_pair().0;
        let log =
            Log::of(client, seed, Timestamp::now()).expect("only a provider's client can sync");
        let file = OpenOptions::new().create(true).append(true).open(path);
        let file = file.map_err(|problem| unwritable(path, &problem))?;
        Ok(Self {
            path: path.to_owned(),
            file,
            log,
            works: Works::default(),
            problem: None,
        })
    }

    /// A call came back, or did not.
    pub(super) fn answered(&mut self, ticket: Ticket, exchange: &Exchange) {
        self.works.answered(ticket, exchange);
    }

    /// A piece of work is over; what the log says of it is written at once.
    pub(super) fn over(&mut self, outcome: Outcome, provisioner: &Provisioner) {
        let work = self.works.over(outcome);
        let mut lines = String::new();
        for entry in self.log.entries(&work, provisioner, Timestamp::now()) {
            lines.push_str(&format!("{entry}\n"));
        }
        if let Err(problem) = self.file.write_all(lines.as_bytes()) {
            self.problem.get_or_insert(problem);
        }
    }

    /// What could not be written.
    pub(super) fn unwritten(self) -> Option<Complaint> {
        let problem = self.problem?;
        Some(unwritable(&self.path, &problem))
    }
}

fn unwritable(path: &Path, problem: &io::Error) -> Complaint {
    Complaint::new(format!(
        "`--system-log`: cannot write `{}`: {problem}",
        path.display()
    ))
}
