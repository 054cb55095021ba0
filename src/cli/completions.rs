//! `scimulate completions` and `scimulate man`: what shells and manuals need to know of the command line.

use std::fs;
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, CommandFactory};
use clap_complete::Shell;
use clap_mangen::Man;

use crate::cli::{Arguments, Complaint};

/// Options of `scimulate completions`.
#[derive(Debug, Clone, Args)]
pub(crate) struct CompletionsArguments {
    /// For which shell
    #[arg(value_name = "SHELL")]
    shell: Shell,
}

/// Options of `scimulate man`.
#[derive(Debug, Clone, Args)]
pub(crate) struct ManArguments {
    /// Write the page of every subcommand into this directory, too
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
}

/// Prints the script that completes what is typed.
pub(crate) fn completions(arguments: &CompletionsArguments) -> ExitCode {
    let mut script = Vec::new();
    clap_complete::generate(
        arguments.shell,
        &mut Arguments::command(),
        "scimulate",
        &mut script,
    );
    // A closed pipe is no error.
    let _ = io::stdout().lock().write_all(&script);
    ExitCode::SUCCESS
}

/// Prints the manual's page, or writes the pages of all subcommands.
pub(crate) fn man(arguments: &ManArguments) -> Result<ExitCode, Complaint> {
    let Some(folder) = &arguments.dir else {
        let mut page = Vec::new();
        let rendered = Man::new(Arguments::command()).render(&mut page);
        rendered.map_err(|problem| Complaint::new(format!("cannot write the page: {problem}")))?;
        // A closed pipe is no error.
        let _ = io::stdout().lock().write_all(&page);
        return Ok(ExitCode::SUCCESS);
    };
    fs::create_dir_all(folder)
        .and_then(|()| clap_mangen::generate_to(Arguments::command(), folder))
        .map_err(|problem| {
            Complaint::new(format!(
                "cannot write into `{}`: {problem}",
                folder.display()
            ))
            .hint("name a directory that can be written, such as ~/.local/share/man/man1")
        })?;
    Ok(ExitCode::SUCCESS)
}
