//! Watching: what was done with files is done again when they change. Times are asked for; nothing has to be installed.

use std::collections::BTreeMap;
use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, SystemTime};

use walkdir::WalkDir;

use crate::cli::{Complaint, INTERRUPTED, interrupt};

/// How often it is looked whether something has changed.
const EVERY: Duration = Duration::from_millis(200);

/// So many files are looked at; whoever watches more wants something else.
const MOST: usize = 20_000;

/// What people write; what a run writes itself, such as reports, is something else.
const WRITTEN: [&str; 3] = ["yaml", "yml", "toml"];

/// What a run may write, and people accept.
const KEPT: [&str; 2] = ["snap", "json"];

/// Files with when they were written, and how large they are.
type Times = BTreeMap<PathBuf, (Option<SystemTime>, u64)>;

/// What is beside scenarios and belongs to them: people, shared steps, targets, snapshots.
const BESIDE: [&str; 4] = ["scenarios", "fixtures", "snapshots", "scimulate.toml"];

/// Does something now and whenever one of these files, or one beside it, has changed, until a signal ends it. What goes
/// wrong does not.
pub(super) fn watched(
    paths: &[PathBuf],
    mut round: impl FnMut() -> Result<ExitCode, Complaint>,
) -> Result<ExitCode, Complaint> {
    let roots = roots(paths);
    let runtime = crate::cli::runtime()?;
    // From the beginning, so that none is missed that comes between two rounds.
    let mut signal = runtime.spawn(interrupt::signal());
    loop {
        if io::stdout().is_terminal() {
            // Clears the screen and goes to its first place.
            let _ = write!(anstream::stdout().lock(), "\u{1b}[2J\u{1b}[3J\u{1b}[H");
        }
        // What people write while the round goes on counts, and what the round writes does not.
        let written = times(&roots, &WRITTEN);
        let code = round().unwrap_or_else(|complaint| complaint.tell());
        if code == ExitCode::from(INTERRUPTED) {
            return Ok(code);
        }
        let kept = times(&roots, &KEPT);
        let files = written.len() + kept.len();
        let count = if files == 1 { "file" } else { "files" };
        // Nobody reads stderr any more: it is watched all the same.
        let _ = writeln!(
            anstream::stderr().lock(),
            "\nwatching {files} {count}; Ctrl-C ends it"
        );
        let changed = async {
            loop {
                tokio::time::sleep(EVERY).await;
                if times(&roots, &WRITTEN) != written || times(&roots, &KEPT) != kept {
                    return;
                }
            }
        };
        let is_over = runtime.block_on(async {
            tokio::select! {
                biased;
                _ = &mut signal => true,
                () = changed => false,
            }
        });
        if is_over {
            return Ok(ExitCode::from(INTERRUPTED));
        }
    }
}

/// The folders and files to look at: those that are named, the folders of named files, and what belongs to all.
fn roots(paths: &[PathBuf]) -> Vec<PathBuf> {
    let named = paths.iter().filter_map(|path| match path.is_dir() {
        true => Some(path.clone()),
        false => {
            let folder = path.parent()?;
            let is_here = folder.as_os_str().is_empty();
            // Fragments of a scenario stand beside it; here, everything may be.
            Some(if is_here {
                path.clone()
            } else {
                folder.to_owned()
            })
        }
    });
    let mut roots: Vec<PathBuf> = named.chain(BESIDE.map(PathBuf::from)).collect();
    roots.sort();
    roots.dedup();
    roots
}

fn times(roots: &[PathBuf], endings: &[&str]) -> Times {
    let is_one = |path: &Path| {
        let ending = path.extension().and_then(|ending| ending.to_str());
        ending.is_some_and(|ending| endings.contains(&ending))
    };
    let is_hidden = |name: &str| name.len() > 1 && name.starts_with('.');
    let mut times = Times::new();
    for root in roots {
        let inside = WalkDir::new(root).into_iter().filter_entry(|entry| {
            let name = entry.file_name().to_string_lossy();
            entry.depth() == 0 || !(is_hidden(&name) || name == "target" || name == "node_modules")
        });
        let files = inside
            .filter_map(Result::ok)
            .filter(|entry| entry.file_type().is_file() && is_one(entry.path()));
        for file in files.take(MOST) {
            let about = file.metadata().ok();
            let time = about.as_ref().and_then(|about| about.modified().ok());
            let size = about.map_or(0, |about| about.len());
            times.insert(file.into_path(), (time, size));
        }
    }
    times
}
