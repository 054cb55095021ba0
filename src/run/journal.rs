//! The journal: before each create a line on disk, so that even a killed run leaves a trace of what it may have left.

use std::fs::{File, OpenOptions, create_dir_all, remove_file};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use serde::Serialize;

use crate::run::secrets::Secrets;

/// An open journal. It removes itself when all that was created is gone again.
pub(crate) struct Journal {
    file: Mutex<File>,
    path: PathBuf,
    secrets: Arc<Secrets>,
}

/// One line of the journal.
#[derive(Debug, Serialize)]
#[serde(tag = "what", rename_all = "kebab-case")]
pub(crate) enum Entry<'a> {
    /// The first line.
    Run { run: &'a str, target: &'a str },
    /// A create is about to be sent; it may have happened even if nothing more follows.
    Intent {
        tenant: Option<&'a str>,
        target: &'a str,
        name: Option<&'a str>,
    },
    Created {
        tenant: Option<&'a str>,
        target: &'a str,
    },
    Removed {
        tenant: Option<&'a str>,
        target: &'a str,
    },
}

impl Journal {
    /// Opens `RUN.jsonl` in the directory, which is made if it is not there.
    ///
    /// # Errors
    /// The file cannot be written.
    pub(crate) fn open(
        directory: &Path,
        run: &str,
        target: &str,
        secrets: Arc<Secrets>,
    ) -> io::Result<Self> {
        create_dir_all(directory)?;
        let path = directory.join(format!("{run}.jsonl"));
        let file = OpenOptions::new()
            .create_new(true)
            .append(true)
            .open(&path)?;
        // As long as this process lives, nobody sweeps up what it creates. Where the file system has no locks, a sweep
        // leaves the journal alone.
        let _ = file.try_lock();
        let journal = Self {
            file: Mutex::new(file),
            path,
            secrets,
        };
        journal.note(&Entry::Run { run, target })?;
        Ok(journal)
    }

    /// Writes a line; when this returns, a killed process has it on disk.
    ///
    /// # Errors
    /// The file cannot be written.
    pub(crate) fn note(&self, entry: &Entry<'_>) -> io::Result<()> {
        let mut line = self.secrets.mask().text(&serde_json::to_string(entry)?);
        line.push('\n');
        let mut file = self
            .file
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        file.write_all(line.as_bytes())
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Nothing is left: the journal has done its duty.
    pub(crate) fn discard(self) {
        // A journal that stays is only untidy.
        let _ = remove_file(&self.path);
    }
}
