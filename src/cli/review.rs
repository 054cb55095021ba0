//! `scimulate review`, `accept`, `reject` and `pending`: what becomes of new and different snapshots.

use std::io::{self, BufRead, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, ValueEnum};
use similar::{ChangeTag, TextDiff};

use crate::cli::run::SHIPPED_SNAPSHOTS;
use crate::cli::{Complaint, FINE, as_cargo, target};
use crate::report::clean::visible;
use crate::report::difference;
use crate::report::paint::Paint;
use crate::snapshot::answer::answers_of;
use crate::snapshot::compare::differences;
use crate::snapshot::file::SnapshotFile;
use crate::snapshot::{Pending, Store};
use crate::target::Config;

/// Lines shown around a change.
const AROUND: usize = 4;

/// Which pending snapshots.
#[derive(Debug, Clone, Args)]
pub(crate) struct PendingArguments {
    /// Snapshots (`.snap` or `.snap.new`) or folders of them; all if none is given
    #[arg(value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// Directory of snapshots; without it those of the targets in the configuration, and of the reference server
    #[arg(long, env = "SCIMULATE_SNAPSHOT_DIR", value_name = "DIR")]
    snapshot_dir: Option<PathBuf>,
    /// File with named targets
    #[arg(
        long,
        env = "SCIMULATE_CONFIG",
        value_name = "FILE",
        default_value = "scimulate.toml"
    )]
    config: PathBuf,
}

/// Options of `scimulate review`.
#[derive(Debug, Clone, Args)]
pub(crate) struct ReviewArguments {
    #[command(flatten)]
    pending: PendingArguments,
    /// Let another program do the review
    #[arg(long, value_name = "PROGRAM")]
    with: Option<Reviewer>,
}

/// A program that reviews snapshots.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Reviewer {
    /// insta's own; install it with `cargo install cargo-insta`
    CargoInsta,
}

/// What to do with a pending snapshot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Choice {
    Accept,
    Reject,
    Skip,
}

impl PendingArguments {
    /// The directories that a run may have written to.
    fn folders(&self) -> Result<Vec<PathBuf>, Complaint> {
        if let Some(folder) = &self.snapshot_dir {
            return Ok(vec![folder.clone()]);
        }
        let config = Config::read(&self.config).map_err(target::complaint)?;
        let mut folders = vec![PathBuf::from(SHIPPED_SNAPSHOTS)];
        folders.extend(
            config
                .targets
                .into_values()
                .filter_map(|target| target.snapshots),
        );
        folders.sort();
        folders.dedup();
        Ok(folders)
    }

    /// Those that were asked for, in the order of their names.
    fn selected(&self) -> Result<Vec<Pending>, Complaint> {
        let all: Vec<Pending> = self
            .folders()?
            .into_iter()
            .flat_map(|folder| Store::new(folder).pending())
            .collect();
        let wants = |path: &Path, pending: &Pending| {
            pending.new == path || pending.old == path || pending.new.starts_with(path)
        };
        for path in &self.paths {
            if !all.iter().any(|pending| wants(path, pending)) {
                let message = format!("`{}` is no pending snapshot", path.display());
                return Err(Complaint::new(message).hint(
                    "`scimulate pending` lists them; `--snapshot-dir DIR` says where to look",
                ));
            }
        }
        let chosen = |pending: &Pending| {
            self.paths.is_empty() || self.paths.iter().any(|path| wants(path, pending))
        };
        Ok(all.into_iter().filter(chosen).collect())
    }
}

/// Lists pending snapshots, one path a line.
pub(crate) fn pending(arguments: &PendingArguments) -> Result<ExitCode, Complaint> {
    let mut out = anstream::stdout().lock();
    for pending in arguments.selected()? {
        // A closed pipe is no error.
        let _ = writeln!(out, "{}", pending.new.display());
    }
    Ok(ExitCode::from(FINE))
}

/// Accepts pending snapshots.
pub(crate) fn accept(arguments: &PendingArguments) -> Result<ExitCode, Complaint> {
    decide_all(arguments, Choice::Accept)
}

/// Rejects pending snapshots.
pub(crate) fn reject(arguments: &PendingArguments) -> Result<ExitCode, Complaint> {
    decide_all(arguments, Choice::Reject)
}

fn decide_all(arguments: &PendingArguments, choice: Choice) -> Result<ExitCode, Complaint> {
    let all = arguments.selected()?;
    let mut out = anstream::stdout().lock();
    for pending in &all {
        decide(pending, choice)?;
        let word = if choice == Choice::Accept {
            "accepted"
        } else {
            "rejected"
        };
        let _ = writeln!(out, "{word} {}", pending.old.display());
    }
    if all.is_empty() {
        let _ = writeln!(out, "no pending snapshots");
    }
    Ok(ExitCode::from(FINE))
}

fn decide(pending: &Pending, choice: Choice) -> Result<(), Complaint> {
    let done = match choice {
        Choice::Accept => pending.accept(),
        Choice::Reject => pending.reject(),
        Choice::Skip => Ok(()),
    };
    done.map_err(|error| Complaint::new(error.to_string()))
}

/// Shows each pending snapshot and asks what to do with it.
pub(crate) fn review(arguments: &ReviewArguments) -> Result<ExitCode, Complaint> {
    let all = arguments.pending.selected()?;
    if all.is_empty() {
        let _ = writeln!(anstream::stdout(), "nothing to review");
        return Ok(ExitCode::from(FINE));
    }
    if arguments.with == Some(Reviewer::CargoInsta) {
        let waits = |folder: &PathBuf| !Store::new(folder).pending().is_empty();
        let mut folders = arguments.pending.folders()?;
        folders.retain(waits);
        return as_cargo::review(&folders);
    }
    if !io::stdin().is_terminal() || !io::stdout().is_terminal() {
        return Err(Complaint::new("a review needs a terminal").hint(
            "`scimulate pending` lists what waits, `accept` and `reject` decide without asking",
        ));
    }
    let coloured = anstream::AutoStream::choice(&io::stdout()) != anstream::ColorChoice::Never;
    let paint = if coloured {
        Paint::COLOURED
    } else {
        Paint::PLAIN
    };
    let mut input = io::stdin().lock();
    let mut out = anstream::stdout().lock();
    ask_all(&all, &mut input, &mut out, paint)
}

/// The dialogue: a line with one letter for each snapshot; a capital one decides for all that follow.
fn ask_all(
    all: &[Pending],
    input: &mut impl BufRead,
    out: &mut impl Write,
    paint: Paint,
) -> Result<ExitCode, Complaint> {
    let unwritten = |problem: io::Error| Complaint::new(format!("cannot write: {problem}"));
    let mut for_the_rest: Option<Choice> = None;
    let mut counts = [0_usize; 3];
    for (position, pending) in all.iter().enumerate() {
        let choice = match for_the_rest {
            Some(choice) => choice,
            None => {
                let shown = shown(pending, paint)?;
                writeln!(out, "{} of {}: {shown}", position + 1, all.len()).map_err(unwritten)?;
                match asked(input, out).map_err(unwritten)? {
                    Some((choice, is_for_all)) => {
                        for_the_rest = is_for_all.then_some(choice);
                        choice
                    }
                    // The end of the input leaves the rest as it is.
                    None => break,
                }
            }
        };
        decide(pending, choice)?;
        counts[choice as usize] += 1;
    }
    let [accepted, rejected, _] = counts;
    let left = all.len() - accepted - rejected;
    writeln!(out, "{accepted} accepted, {rejected} rejected, {left} left").map_err(unwritten)?;
    Ok(ExitCode::from(FINE))
}

fn asked(input: &mut impl BufRead, out: &mut impl Write) -> io::Result<Option<(Choice, bool)>> {
    loop {
        write!(
            out,
            "a accept, r reject, s skip (A, R, S: this and all that follow), q quit: "
        )?;
        out.flush()?;
        let mut line = String::new();
        if input.read_line(&mut line)? == 0 {
            return Ok(None);
        }
        match line.trim() {
            "a" => return Ok(Some((Choice::Accept, false))),
            "r" => return Ok(Some((Choice::Reject, false))),
            "s" | "" => return Ok(Some((Choice::Skip, false))),
            "A" => return Ok(Some((Choice::Accept, true))),
            "R" => return Ok(Some((Choice::Reject, true))),
            "S" => return Ok(Some((Choice::Skip, true))),
            "q" | "Q" => return Ok(None),
            _ => {}
        }
    }
}

/// Where it comes from, the lines that changed, and what that means in SCIM.
fn shown(pending: &Pending, paint: Paint) -> Result<String, Complaint> {
    let read =
        |path: &Path| SnapshotFile::read(path).map_err(|error| Complaint::new(error.to_string()));
    let new = read(&pending.new)?;
    let old = if pending.old.exists() {
        Some(read(&pending.old)?)
    } else {
        None
    };
    let place = match new.line {
        Some(line) => format!("{}:{line}", new.source),
        None => new.source.clone(),
    };
    let mut lines = vec![
        paint.bold(visible(&new.description)),
        visible(&place),
        paint.faint(pending.old.display()),
        String::new(),
    ];
    lines.extend(changed_lines(
        old.as_ref().map_or("", |old| &old.contents),
        &new.contents,
        paint,
    ));
    lines.push(String::new());
    if let Some(old) = old {
        lines.extend(meaning(&old, &new, paint));
        lines.push(String::new());
    } else {
        lines.push("new: there was no snapshot of this step".to_owned());
    }
    Ok(lines.join("\n"))
}

fn changed_lines(old: &str, new: &str, paint: Paint) -> Vec<String> {
    let diff = TextDiff::from_lines(old, new);
    let mut lines = Vec::new();
    for (position, group) in diff.grouped_ops(AROUND).iter().enumerate() {
        if position > 0 {
            lines.push(paint.faint("  ..."));
        }
        for change in group
            .iter()
            .flat_map(|operation| diff.iter_changes(operation))
        {
            let text = visible(change.value().trim_end_matches('\n'));
            lines.push(match change.tag() {
                ChangeTag::Equal => format!("  {text}"),
                ChangeTag::Delete => paint.bad(format!("- {text}")),
                ChangeTag::Insert => paint.good(format!("+ {text}")),
            });
        }
    }
    lines
}

fn meaning(old: &SnapshotFile, new: &SnapshotFile, paint: Paint) -> Vec<String> {
    let answers = |file: &SnapshotFile| answers_of(&file.contents).ok();
    match (answers(old), answers(new)) {
        (Some(old), Some(new)) => difference::differences(&differences(&old, &new), paint),
        _ => vec!["the snapshot does not hold an answer".to_owned()],
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::{PendingArguments, ask_all, changed_lines, shown};
    use crate::report::paint::Paint;
    use crate::snapshot::Store;

    const OLD: &str = "---\nsource: s.yaml\ndescription: d\n---\n{\n  \"status\": 200,\n  \"body\": {\n    \"active\": true\n  }\n}\n";

    fn folder(names: &[&str]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for name in names {
            let new = OLD
                .replace("true", "false")
                .replace("source: s.yaml", "source: s.yaml\nassertion_line: 7");
            fs::write(folder.path().join(format!("{name}.snap.new")), new).unwrap();
        }
        folder
    }

    fn asked(folder: &tempfile::TempDir, typed: &str) -> String {
        let mut out = Vec::new();
        let all = Store::new(folder.path()).pending();
        ask_all(&all, &mut typed.as_bytes(), &mut out, Paint::PLAIN).unwrap();
        String::from_utf8(out)
            .unwrap()
            .lines()
            .last()
            .unwrap_or_default()
            .to_owned()
    }

    #[test]
    fn letters_decide_and_capital_ones_for_all_that_follow() {
        let names = ["a", "b", "c", "d"];
        let files = |folder: &tempfile::TempDir| {
            let mut names: Vec<String> = fs::read_dir(folder.path())
                .unwrap()
                .map(|entry| entry.unwrap().file_name().into_string().unwrap())
                .collect();
            names.sort();
            names
        };
        let mixed = folder(&names);
        assert_eq!(
            asked(&mixed, "a\n?\nr\ns\nq\n").rsplit(": ").next(),
            Some("1 accepted, 1 rejected, 2 left")
        );
        assert_eq!(files(&mixed), ["a.snap", "c.snap.new", "d.snap.new"]);
        let all = folder(&names);
        assert_eq!(
            asked(&all, "s\nA\n").rsplit(": ").next(),
            Some("3 accepted, 0 rejected, 1 left")
        );
        assert_eq!(files(&all), ["a.snap.new", "b.snap", "c.snap", "d.snap"]);
    }

    #[test]
    fn a_change_is_shown_as_lines_and_in_terms_of_scim() {
        let folder = folder(&["a"]);
        fs::write(folder.path().join("a.snap"), OLD).unwrap();
        let text = shown(&Store::new(folder.path()).pending()[0], Paint::PLAIN).unwrap();
        insta::assert_snapshot!(text.replace(&folder.path().display().to_string(), "DIR"));
        assert_eq!(
            changed_lines("a\n", "a\n", Paint::PLAIN),
            Vec::<String>::new()
        );
    }

    #[test]
    fn a_path_that_waits_for_nothing_is_a_mistake() {
        let folder = folder(&["a", "b"]);
        let named = |name: &str| PendingArguments {
            paths: vec![folder.path().join(name)],
            snapshot_dir: Some(folder.path().to_owned()),
            config: "scimulate.toml".into(),
        };
        assert_eq!(named("a.snap").selected().unwrap().len(), 1);
        assert_eq!(named("a.snap.new").selected().unwrap().len(), 1);
        assert_eq!(named("").selected().unwrap().len(), 2);
        assert!(named("c.snap").selected().is_err());
    }
}
