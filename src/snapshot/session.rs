//! The snapshots of one run: judges answers by them, and writes what is asked for.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use super::answer::{Answer, answers_of, contents_of};
use super::compare::differences;
use super::file::{FORMAT, Info, SnapshotFile};
use super::normalise::Normaliser;
use super::store::{Store, prefix_of};
use crate::exchange::{Exchange, Sender};
use crate::finding::{Authority, Finding, Strength, Verdict};

/// What is done with answers that have no snapshot or another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Mode {
    /// Judge only; write nothing.
    Check,
    /// Judge, and write what is new or different beside the snapshot, for review.
    #[default]
    New,
    /// Take every answer as right and write it.
    Update,
    /// No snapshots.
    Off,
}

/// The step whose answer is judged.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    /// Path of the scenario, as events have it.
    pub scenario: &'a str,
    /// Name of the profile.
    pub client: &'a str,
    /// Name of the step.
    pub step: &'a str,
    /// Its line, from 1.
    pub line: usize,
    /// Its exchanges ran side by side: all of them count. Else only the last one does, which is the one that `repeat` judges.
    pub parallel: bool,
}

/// The snapshots of a run. Scenarios that run side by side share it.
#[derive(Debug)]
pub struct Session {
    store: Store,
    mode: Mode,
    touched: Mutex<BTreeSet<PathBuf>>,
}

impl Session {
    /// With `read_only` (in CI) nothing is written, whatever the mode.
    pub fn new(store: Store, mode: Mode, read_only: bool) -> Self {
        let mode = match mode {
            Mode::New | Mode::Update if read_only => Mode::Check,
            mode => mode,
        };
        Self {
            store,
            mode,
            touched: Mutex::default(),
        }
    }

    /// Compares the answers of a step with its snapshot. To be called for the steps of a scenario in order, with the
    /// scenario's normaliser, for skipped steps with no exchanges: their snapshots are then not unreferenced.
    pub fn judge(
        &self,
        normaliser: &mut Normaliser,
        place: &Place<'_>,
        exchanges: &[Exchange],
    ) -> Vec<Finding> {
        if self.mode == Mode::Off {
            return Vec::new();
        }
        let path = self.store.path_of(place.scenario, place.client, place.step);
        self.touched
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(path.clone());
        let clients: Vec<&Exchange> = exchanges
            .iter()
            .filter(|exchange| exchange.sender != Sender::Harness)
            .collect();
        let judged = match clients.split_last() {
            Some((last, earlier)) if !place.parallel => {
                earlier
                    .iter()
                    .for_each(|exchange| normaliser.learn(exchange));
                vec![*last]
            }
            _ => clients,
        };
        match normaliser.answers(&judged) {
            Some(answers) if !answers.is_empty() => {
                let mut finding = self.finding(place, &path, &answers);
                let is_judged = |exchange: &Exchange| exchange.sender != Sender::Harness;
                finding.exchange = exchanges
                    .iter()
                    .rposition(is_judged)
                    .filter(|_| !place.parallel);
                vec![finding]
            }
            // A broken or missing answer is a finding of its own.
            _ => Vec::new(),
        }
    }

    fn finding(&self, place: &Place<'_>, path: &Path, answers: &[Answer]) -> Finding {
        let new = new_file(place, answers);
        let pending = Store::pending_of(path);
        if !path.exists() {
            return match self.mode {
                Mode::Update => written(
                    new.write(path),
                    path,
                    finding("snapshot-new", Verdict::Pass, "snapshot written"),
                ),
                Mode::New => {
                    let new = SnapshotFile {
                        line: Some(place.line),
                        ..new
                    };
                    let mut finding = finding(
                        "snapshot-new",
                        Verdict::Skip,
                        "no snapshot yet; the answer waits for a review",
                    );
                    finding.source = Some(pending.display().to_string());
                    written(new.write(&pending), &pending, finding)
                }
                Mode::Check | Mode::Off => {
                    finding("snapshot-new", Verdict::Skip, "no snapshot yet")
                }
            };
        }
        // The usual case: nothing to be parsed and compared if the file is what would be written.
        let same = std::fs::read(path).is_ok_and(|bytes| bytes == new.text().as_bytes());
        let known = if same {
            Ok(None)
        } else {
            known(path).map(Some)
        };
        let found = match known {
            Ok(None) => Vec::new(),
            Ok(Some(known)) => differences(&known, answers),
            // To be replaced or repaired by a person; an update replaces it.
            Err(reason) if self.mode != Mode::Update => {
                return finding("snapshot-readable", Verdict::Error, &reason);
            }
            Err(_) => {
                let updated = finding("snapshot-differs", Verdict::Pass, "snapshot updated");
                return written(new.write(path), path, updated);
            }
        };
        if found.is_empty() {
            // The answer is right again: what waited is out of date.
            if self.mode != Mode::Check && pending.exists() {
                let removed = std::fs::remove_file(&pending);
                return written(
                    removed,
                    &pending,
                    finding("snapshot-differs", Verdict::Pass, "as last time"),
                );
            }
            return finding("snapshot-differs", Verdict::Pass, "as last time");
        }
        let mut failed = finding(
            "snapshot-differs",
            Verdict::Fail,
            "the answer is not that of the snapshot",
        );
        failed.differences = found;
        match self.mode {
            Mode::Update => written(
                new.write(path),
                path,
                finding("snapshot-differs", Verdict::Pass, "snapshot updated"),
            ),
            Mode::New => {
                let new = SnapshotFile {
                    line: Some(place.line),
                    ..new
                };
                failed.source = Some(pending.display().to_string());
                written(new.write(&pending), &pending, failed)
            }
            Mode::Check | Mode::Off => failed,
        }
    }

    /// Snapshots that no step has: those of the scenarios (path and client) that ran to their end, or of the whole
    /// directory if `all` of the scenarios ran.
    pub fn unreferenced(&self, ran: &[(&str, &str)], all: bool) -> Vec<PathBuf> {
        if self.mode == Mode::Off {
            return Vec::new();
        }
        let touched = self.touched.lock().unwrap_or_else(PoisonError::into_inner);
        let prefixes: Vec<String> = ran
            .iter()
            .map(|(scenario, client)| prefix_of(scenario, client))
            .collect();
        let belongs = |path: &Path| {
            let name = path
                .file_name()
                .map(|name| name.to_string_lossy().into_owned())
                .unwrap_or_default();
            all || prefixes.iter().any(|prefix| name.starts_with(prefix))
        };
        let mut snapshots = self.store.snapshots();
        snapshots.retain(|path| !touched.contains(path) && belongs(path));
        snapshots
    }
}

fn known(path: &Path) -> Result<Vec<Answer>, String> {
    let file = SnapshotFile::read(path).map_err(|error| error.to_string())?;
    answers_of(&file.contents).map_err(|error| format!("{}: {error}", path.display()))
}

fn new_file(place: &Place<'_>, answers: &[Answer]) -> SnapshotFile {
    let requests: Vec<&str> = answers
        .iter()
        .map(|answer| answer.request.as_str())
        .collect();
    SnapshotFile {
        source: printable(place.scenario),
        line: None,
        description: printable(&format!(
            "{} in step `{}`, as {}",
            requests.join(", "),
            place.step,
            place.client
        )),
        info: Some(Info {
            format: FORMAT,
            scenario: printable(place.scenario),
            client: printable(place.client),
            step: printable(place.step),
        }),
        contents: contents_of(answers),
    }
}

/// Without characters that YAML forbids and insta writes as they are when it accepts a snapshot.
pub(super) fn printable(text: &str) -> String {
    let hidden = |letter: char| {
        letter.is_control()
            || matches!(
                letter,
                '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}'
            )
    };
    text.replace(hidden, "\u{fffd}")
}

fn finding(id: &str, verdict: Verdict, message: &str) -> Finding {
    Finding::new(id, verdict, Strength::Must, Authority::Snapshot, message)
}

/// The finding, or that its file could not be written.
fn written(result: std::io::Result<()>, path: &Path, otherwise: Finding) -> Finding {
    match result {
        Ok(()) => otherwise,
        Err(error) => finding(
            "snapshot-written",
            Verdict::Error,
            &format!("cannot write {}: {error}", path.display()),
        ),
    }
}
