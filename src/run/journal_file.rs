//! Journals that runs have left behind: what they say, read with care. Somebody may have written into them.

use std::collections::BTreeMap;
use std::fs::{File, TryLockError, read_dir, remove_file};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::run::ledger::Address;
use crate::run::naming::segments;

/// More than that no run writes, and nobody wants in memory.
const LARGEST: u64 = 256 * 1024 * 1024;

/// A journal that no run writes any more. As long as this lives, nobody else reads it.
#[derive(Debug)]
pub(crate) struct OldJournal {
    pub(crate) path: PathBuf,
    /// The run's id.
    pub(crate) run: String,
    /// Base URL of the target, as it was written.
    pub(crate) target: String,
    /// What was created and not removed, newest first.
    pub(crate) created: Vec<Address>,
    /// Creates that were about to be sent, whatever came of them.
    pub(crate) intents: Vec<Intent>,
    _lock: File,
}

/// A create that was about to be sent.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Intent {
    pub(crate) tenant: Option<String>,
    /// `/Users`.
    pub(crate) endpoint: String,
    pub(crate) name: String,
}

/// What keeps a journal from being read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum JournalFault {
    #[error("the journals in `{}` cannot be read: {problem}", path.display())]
    Folder { path: PathBuf, problem: io::Error },
    #[error("the journal `{}` cannot be read: {problem}", path.display())]
    File { path: PathBuf, problem: io::Error },
    #[error("the journal `{}` is in use: its run is still going on", path.display())]
    InUse { path: PathBuf },
    #[error("{}:{line}: {what}", path.display())]
    Line {
        path: PathBuf,
        /// From 1.
        line: usize,
        what: String,
    },
}

/// A line, as it is read.
#[derive(Debug, Deserialize)]
#[serde(tag = "what", rename_all = "kebab-case")]
enum Line {
    Run {
        run: String,
        target: String,
    },
    Intent {
        tenant: Option<String>,
        target: String,
        name: Option<String>,
    },
    Created {
        tenant: Option<String>,
        target: String,
    },
    Removed {
        tenant: Option<String>,
        target: String,
    },
}

/// All journals of a directory, by name. A directory that is not there has none.
///
/// # Errors
/// It cannot be read.
pub(crate) fn journals(directory: &Path) -> Result<Vec<PathBuf>, JournalFault> {
    let fault = |problem| JournalFault::Folder {
        path: directory.to_owned(),
        problem,
    };
    let entries = match read_dir(directory) {
        Err(problem) if problem.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.map_err(fault)?,
    };
    let mut paths = Vec::new();
    for entry in entries {
        let path = entry.map_err(fault)?.path();
        if path.extension().is_some_and(|end| end == "jsonl") {
            paths.push(path);
        }
    }
    paths.sort();
    Ok(paths)
}

impl OldJournal {
    /// Reads a journal; `None` if its run was ended before its first line, and so before it sent anything.
    ///
    /// # Errors
    /// It is in use, cannot be read, or has lines that no run writes: all of them.
    pub(crate) fn read(path: &Path) -> Result<Option<Self>, Vec<JournalFault>> {
        let path = path.to_owned();
        let fault = |problem| {
            let path = path.clone();
            vec![JournalFault::File { path, problem }]
        };
        let mut file = File::open(&path).map_err(fault)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(vec![JournalFault::InUse { path }]),
            // Nobody can tell there; its run may be going on only if somebody sweeps while it is.
            Err(TryLockError::Error(problem)) if problem.kind() == io::ErrorKind::Unsupported => {}
            Err(TryLockError::Error(problem)) => return Err(fault(problem)),
        }
        let mut bytes = Vec::new();
        let read = Read::by_ref(&mut file).take(LARGEST + 1);
        { read }.read_to_end(&mut bytes).map_err(fault)?;
        if bytes.len() as u64 > LARGEST {
            return Err(fault(io::Error::other(format!(
                "it is larger than {LARGEST} bytes"
            ))));
        }
        // A process that is killed may leave half a line. Before a create its line is whole, so nothing is missed.
        let whole = bytes.iter().rposition(|&byte| byte == b'\n').unwrap_or(0);
        bytes.truncate(whole);
        let mut journal = Self {
            path: path.clone(),
            run: String::new(),
            target: String::new(),
            created: Vec::new(),
            intents: Vec::new(),
            _lock: file,
        };
        let mut live = BTreeMap::new();
        let mut mistakes = Vec::new();
        for (index, line) in bytes
            .split(|&byte| byte == b'\n')
            .enumerate()
            .filter(|(_, line)| !line.is_empty())
        {
            if let Err(what) = journal.take(line, index, &mut live) {
                let (path, line) = (path.clone(), index + 1);
                mistakes.push(JournalFault::Line { path, line, what });
            }
        }
        if !mistakes.is_empty() {
            return Err(mistakes);
        }
        let mut created: Vec<(Address, usize)> = live.into_iter().collect();
        created.sort_by_key(|(_, line)| std::cmp::Reverse(*line));
        journal.created = created.into_iter().map(|(address, _)| address).collect();
        journal.intents.sort();
        journal.intents.dedup();
        Ok((!journal.run.is_empty()).then_some(journal))
    }

    /// Removes the file: nothing is left of what it names.
    ///
    /// # Errors
    /// It cannot be removed.
    pub(crate) fn discard(self) -> io::Result<()> {
        remove_file(&self.path)
    }

    fn take(
        &mut self,
        line: &[u8],
        index: usize,
        live: &mut BTreeMap<Address, usize>,
    ) -> Result<(), String> {
        let line: Line = serde_json::from_slice(line)
            .map_err(|problem| format!("this is no line of a journal: {problem}"))?;
        match line {
            Line::Run { run, target } if index == 0 => {
                if !is_run(&run) {
                    return Err("the id of a run is 8 lower-case letters and digits".to_owned());
                }
                self.run = run;
                self.target = target;
            }
            Line::Run { .. } => return Err("a journal is of one run only".to_owned()),
            _ if index == 0 => return Err("a journal begins with the run it is of".to_owned()),
            Line::Intent {
                tenant,
                target,
                name: Some(name),
            } => self.intents.push(Intent {
                tenant,
                endpoint: plain(target, 1)?,
                name,
            }),
            // It cannot be found by a name that it does not have; what it made may be noted further down.
            Line::Intent { name: None, .. } => {}
            Line::Created { tenant, target } => {
                let path = plain(target, 2)?;
                live.insert(Address { tenant, path }, index);
            }
            Line::Removed { tenant, target } => {
                let path = plain(target, 2)?;
                live.remove(&Address { tenant, path });
            }
        }
        Ok(())
    }
}

/// Whether this may be a run's id.
pub(crate) fn is_run(text: &str) -> bool {
    text.len() == 8
        && text
            .bytes()
            .all(|byte| byte.is_ascii_digit() || byte.is_ascii_lowercase())
}

/// A path below the base URL with so many segments, and with nothing in it that would lead elsewhere.
fn plain(path: String, wanted: usize) -> Result<String, String> {
    let parts = segments(&path);
    let is_plain = path.starts_with('/')
        && path.len() < 2000
        && path.matches('/').count() == wanted
        && parts.len() == wanted
        && !path.contains(['?', '#', '\\'])
        && !path.contains(|letter: char| letter.is_control() || letter.is_whitespace())
        && !parts
            .iter()
            .any(|part| matches!(part.as_str(), "." | "..") || part.contains('/'))
        && !parts[0].eq_ignore_ascii_case("me");
    if is_plain {
        return Ok(path);
    }
    let shape = if wanted == 1 { "/Users" } else { "/Users/42" };
    Err(format!(
        "`{path}` is not the path of what a run creates, such as `{shape}`"
    ))
}

#[cfg(test)]
mod tests {
    use super::plain;

    #[test]
    fn only_paths_of_resources_are_swept() {
        for path in ["/Users/42", "/Groups/a%20b", "/Users/x@y.test"] {
            assert_eq!(plain(path.to_owned(), 2).as_deref(), Ok(path));
        }
        for path in [
            "/Users",
            "/Users/",
            "/Users/1/2",
            "Users/1",
            "/Users/..",
            "/Users/%2e%2e",
            "/Users/%2F",
            "/Users/1?x=y",
            "//evil.example/1",
            "https://evil.example/Users/1",
            "/Me/1",
            "/Users/a b",
            "/Users/a\u{1b}",
        ] {
            assert!(plain(path.to_owned(), 2).is_err(), "{path}");
        }
    }
}
