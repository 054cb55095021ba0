//! A text that a command writes: to stdout, or to a file that is not written over unasked.

use std::fs::OpenOptions;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use clap::Args;

use crate::cli::Complaint;

/// Options that say where the text goes.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct OutArguments {
    /// File to write to [default: stdout]
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
    /// Write over a file that is there
    #[arg(long, requires = "out")]
    force: bool,
}

impl OutArguments {
    /// That the text can be written, before much is done for it.
    ///
    /// # Errors
    /// The file is there already.
    pub(crate) fn check(&self) -> Result<(), Complaint> {
        match self.out.as_ref().filter(|out| !self.force && out.exists()) {
            Some(out) => Err(is_there(out)),
            None => Ok(()),
        }
    }

    /// Writes the text.
    ///
    /// # Errors
    /// The file is there already, or cannot be written.
    pub(crate) fn write(&self, text: &str) -> Result<(), Complaint> {
        let Some(out) = &self.out else {
            // A closed pipe (`import … | head`) is no error.
            let _ = io::stdout().lock().write_all(text.as_bytes());
            return Ok(());
        };
        let shown = out.display();
        let mut options = OpenOptions::new();
        match self.force {
            true => options.write(true).create(true).truncate(true),
            false => options.write(true).create_new(true),
        };
        options
            .open(out)
            .and_then(|mut file| file.write_all(text.as_bytes()))
            .map_err(|problem| match problem.kind() {
                io::ErrorKind::AlreadyExists => is_there(out),
                _ => Complaint::new(format!("cannot write `{shown}`: {problem}")),
            })
    }
}

fn is_there(out: &Path) -> Complaint {
    Complaint::new(format!("`{}` is there already", out.display())).hint("`--force` writes over it")
}
