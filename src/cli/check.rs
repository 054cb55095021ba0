//! `scimulate check`: finds the mistakes of scenario files without sending anything.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use walkdir::{DirEntry, WalkDir};

use crate::cli::diagnostic::{self, Severity};
use crate::cli::watch::watched;
use crate::cli::{Complaint, payload, suites};
use crate::idp::{self, directory_file, mapping};
use crate::scenario::error::ScenarioError;
use crate::scenario::load::{self, LoadOptions, Loaded};
use crate::scenario::yaml;
use crate::suite;

/// Options of `scimulate check`.
#[derive(Debug, Clone, Args)]
pub struct CheckArguments {
    /// Scenario files, people, directories, mappings, folders of them, suites of Runscope and Postman, and single JSON
    /// payloads to hold against the schemas
    #[arg(default_value = "scenarios", value_name = "PATH")]
    pub paths: Vec<PathBuf>,
    /// Treat warnings as errors
    #[arg(long)]
    pub deny_warnings: bool,
    /// Check again when a file changes, until Ctrl-C
    #[arg(long)]
    pub watch: bool,
}

/// Checks once, or whenever a file changes.
pub(crate) fn check_and_watch(arguments: &CheckArguments) -> Result<ExitCode, Complaint> {
    if arguments.watch {
        return watched(&arguments.paths, || Ok(check(arguments)));
    }
    Ok(check(arguments))
}

/// Checks files and folders, says everything that is wrong with them on stderr, and counts it.
///
/// 0: nothing is wrong; 2: something is, or a path is not there.
pub fn check(arguments: &CheckArguments) -> ExitCode {
    match report(arguments, &mut anstream::stderr().lock()) {
        Ok(true) => ExitCode::SUCCESS,
        // Nobody reads stderr any more: the exit code still tells.
        Ok(false) | Err(_) => ExitCode::from(2),
    }
}

fn report(arguments: &CheckArguments, out: &mut dyn Write) -> io::Result<bool> {
    let mut errors = 0;
    let mut warnings = 0;
    let files = files_of(&arguments.paths);
    if files.is_empty() {
        writeln!(
            out,
            "error: no scenario files in {}",
            listed(&arguments.paths)
        )?;
        writeln!(out, "hint: scenario files end in `.yaml`")?;
        return Ok(false);
    }
    for path in &files {
        let loaded = examine(path);
        errors += loaded.errors.len();
        warnings += loaded.warnings.len();
        let found = loaded.errors.iter().map(|error| (Severity::Error, error));
        let worth = loaded
            .warnings
            .iter()
            .map(|error| (Severity::Warning, error));
        let mut messages: Vec<_> = found.chain(worth).collect();
        messages.sort_by_key(|(_, error)| &error.at);
        out.write_all(diagnostic::render(&messages, &text_of).as_bytes())?;
    }
    writeln!(out, "{}", diagnostic::count(errors, warnings, files.len()))?;
    Ok(errors == 0 && (warnings == 0 || !arguments.deny_warnings))
}

fn examine(path: &Path) -> Loaded {
    let is_payload = path
        .extension()
        .is_some_and(|extension| extension == "json");
    if is_payload && let Ok(bytes) = fs::read(path) {
        return match suite::is_meant(&bytes) {
            true => suites::examine(path, &shown(path)),
            false => payload::examine(&shown(path), &bytes),
        };
    }
    if let Some(errors) = idp_file(path) {
        return Loaded {
            errors,
            ..Loaded::default()
        };
    }
    let mut loaded = load::examine(path, &shown(path), &LoadOptions::default());
    if let Some(scenario) = &loaded.scenario {
        loaded.errors.extend(idp::mistakes_of(scenario));
    }
    loaded
}

/// The mistakes of a file that is meant as a directory or a mapping; `None` for any other file.
fn idp_file(path: &Path) -> Option<Vec<ScenarioError>> {
    let bytes = fs::read(path).ok()?;
    let shown = shown(path);
    let root = yaml::parse_as(yaml::DIRECTORY, &shown, &bytes).ok()?;
    if directory_file::is_meant(&root) {
        return Some(
            directory_file::load(&shown, &bytes)
                .err()
                .unwrap_or_default(),
        );
    }
    mapping::file::is_meant(&root).then(|| {
        mapping::file::load(&shown, &bytes)
            .err()
            .unwrap_or_default()
    })
}

/// A path as messages have it, with `/` between its parts.
fn shown(path: &Path) -> String {
    let text = path.to_string_lossy();
    let text = text.strip_prefix("./").unwrap_or(&text);
    if std::path::MAIN_SEPARATOR == '\\' {
        text.replace('\\', "/")
    } else {
        text.to_owned()
    }
}

fn text_of(shown: &str) -> Option<String> {
    let bytes = fs::read(shown).ok()?;
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

fn listed(paths: &[PathBuf]) -> String {
    let listed: Vec<String> = paths
        .iter()
        .map(|path| format!("`{}`", shown(path)))
        .collect();
    listed.join(", ")
}

/// The files that were named, and all YAML files of the folders that were named, in the order of their names.
fn files_of(paths: &[PathBuf]) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for path in paths {
        if !path.is_dir() {
            files.push(path.clone());
            continue;
        }
        let walk = WalkDir::new(path).sort_by_file_name().into_iter();
        let entries = walk.filter_entry(|entry| entry.depth() == 0 || is_visible(entry));
        for entry in entries.flatten() {
            let name = entry.file_name().to_string_lossy();
            if entry.file_type().is_file() && (name.ends_with(".yaml") || name.ends_with(".yml")) {
                files.push(entry.into_path());
            }
        }
    }
    files
}

fn is_visible(entry: &DirEntry) -> bool {
    let name = entry.file_name().to_string_lossy();
    !name.starts_with('.') && name != "target" && name != "node_modules"
}
