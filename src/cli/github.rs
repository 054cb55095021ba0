//! GitHub Actions: whether we run there, where the repository is, and where a step's summary goes.

use std::env;
use std::fs::{File, OpenOptions};
use std::path::{Path, PathBuf};

use clap::ValueEnum;

use crate::cli::Complaint;
use crate::report::github::defused;

/// When annotations and a step's summary are written for GitHub.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(super) enum ForGithub {
    /// By a run in GitHub Actions
    #[default]
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

/// Whether what we print is read by GitHub's runner.
pub(super) fn in_actions() -> bool {
    env::var("GITHUB_ACTIONS").is_ok_and(|value| value == "true")
}

/// A text for a log that GitHub's runner may read: there it holds no command.
pub(super) fn harmless(text: String) -> String {
    if in_actions() { defused(&text) } else { text }
}

/// The path of a file in the repository, with `/`; `None` if it is not there.
pub(super) fn in_repository(file: &str) -> Option<String> {
    let file = Path::new(file).canonicalize().ok()?;
    let workspace = env::var_os("GITHUB_WORKSPACE").map(PathBuf::from);
    let root = match workspace {
        Some(workspace) => workspace.canonicalize().ok()?,
        None => file
            .ancestors()
            .find(|folder| folder.join(".git").exists())?
            .to_owned(),
    };
    let names: Vec<String> = file
        .strip_prefix(root)
        .ok()?
        .iter()
        .map(|name| name.to_string_lossy().into_owned())
        .collect();
    Some(names.join("/"))
}

/// The file for the summary of this step, if there is one, to be appended to; and how much is in it.
///
/// # Errors
/// It cannot be opened.
pub(super) fn step_summary() -> Result<Option<(File, usize)>, Complaint> {
    let Some(path) = env::var_os("GITHUB_STEP_SUMMARY").filter(|path| !path.is_empty()) else {
        return Ok(None);
    };
    let opened = OpenOptions::new()
        .create(true)
        .append(true)
        .open(&path)
        .and_then(|file| Ok((file.metadata()?.len(), file)));
    let (size, file) = opened.map_err(|problem| {
        Complaint::new(format!(
            "cannot write the summary of this step, `{}`: {problem}",
            Path::new(&path).display()
        ))
        .hint("`GITHUB_STEP_SUMMARY` names it; `--report-github never` does without")
    })?;
    Ok(Some((file, usize::try_from(size).unwrap_or(usize::MAX))))
}
