//! `scimulate sweep`: shows what killed runs have left at a target, and removes it.

use std::collections::BTreeSet;
use std::fs;
use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use clap::Args;
use comfy_table::{Table, presets::NOTHING as PLAIN};

use crate::cli::github::harmless;
use crate::cli::playing::duration;
use crate::cli::target::{Chosen, TargetArguments};
use crate::cli::{Complaint, FAILED, FINE, UNTESTABLE};
use crate::report::{clean, counted};
use crate::run::Bounds;
use crate::run::client::Client;
use crate::run::journal_file::{JournalFault, OldJournal, is_run, journals};
use crate::run::preflight::first_question;
use crate::run::sweep::{ByName, Found, LeftAlone, Leftover, find, remove};
use crate::target::BaseUrl;

/// Options of `scimulate sweep`.
#[derive(Debug, Clone, Args)]
pub(crate) struct SweepArguments {
    #[command(flatten)]
    target: TargetArguments,
    /// Where journals of runs are
    #[arg(
        long,
        env = "SCIMULATE_JOURNAL_DIR",
        value_name = "DIR",
        default_value = ".scimulate/journal"
    )]
    journal_dir: PathBuf,
    /// Remove what was found, without asking
    #[arg(long, short)]
    yes: bool,
    /// Look also for users and groups with names of this run, whose journal is not here
    #[arg(long, value_name = "ID", value_parser = run_id, conflicts_with = "by_name")]
    run: Option<String>,
    /// Look also for users and groups with names of any run, whose journal is not here
    #[arg(long)]
    by_name: bool,
    /// With `--by-name`, leave alone what is younger than this: its run may be going on elsewhere
    #[arg(long, value_name = "TIME", default_value = "60m", value_parser = duration, requires = "by_name")]
    older_than: Duration,
    /// Longest time for an answer, such as 500ms or 10s
    #[arg(long, env = "SCIMULATE_TIMEOUT", value_name = "TIME", default_value = "30s", value_parser = duration)]
    timeout: Duration,
}

fn run_id(text: &str) -> Result<String, String> {
    if is_run(text) {
        return Ok(text.to_owned());
    }
    Err(
        "a run's id is 8 lower-case letters and digits; its report and its names have it"
            .to_owned(),
    )
}

/// Shows what is left, and removes it if that is wanted.
pub(crate) fn sweep(arguments: &SweepArguments) -> Result<ExitCode, Complaint> {
    let paths = journals(&arguments.journal_dir).map_err(|fault| complaint(&[fault]))?;
    let read = Journals::read(&paths)?;
    let Some(chosen) = arguments.target.chosen()? else {
        return Err(read.without_target());
    };
    arguments.consent(&chosen)?;
    let journals = read.of(&chosen);
    crate::cli::runtime()?.block_on(arguments.swept(&chosen, journals))
}

impl SweepArguments {
    fn by_name(&self) -> Option<ByName> {
        match &self.run {
            Some(run) => Some(ByName::Run(run.clone())),
            None => self.by_name.then_some(ByName::Any(self.older_than)),
        }
    }

    async fn swept(
        &self,
        chosen: &Chosen,
        journals: Vec<OldJournal>,
    ) -> Result<ExitCode, Complaint> {
        let by_name = self.by_name();
        if journals.is_empty() && by_name.is_none() {
            say(&format!(
                "no journal of a run against {} is left in `{}`",
                chosen.target.base,
                self.journal_dir.display()
            ));
            say("hint: `--by-name` looks for what runs elsewhere have left, by its name");
            return Ok(ExitCode::from(FINE));
        }
        let bounds = Bounds {
            timeout: self.timeout,
            ..Bounds::default()
        };
        let target = &chosen.target;
        let client = Client::new(target, target.mask(), bounds).map_err(Complaint::new)?;
        if let (_, Some(untestable)) = first_question(&client, target, None).await {
            let complaint = Complaint::new(untestable.message).code(UNTESTABLE);
            return Err(match untestable.hint {
                Some(hint) => complaint.hint(hint),
                None => complaint,
            });
        }
        let found = find(&client, target, &journals, by_name.as_ref()).await;
        show(&found, &journals);
        let left = if found.leftovers.is_empty() {
            Vec::new()
        } else if self.may_remove(chosen, &found) {
            let left = remove(&client, target, &found.leftovers).await;
            let removed = found.leftovers.len() - left.len();
            say(&format!("removed {}", counted(removed, "resource")));
            for (leftover, reason) in &left {
                let (path, name) = (&leftover.address.path, &leftover.name);
                say(&format!(
                    "still there: {} ({}): {reason}",
                    clean::one_line(path),
                    clean::one_line(name)
                ));
            }
            left.into_iter().map(|(leftover, _)| leftover).collect()
        } else {
            say("nothing was removed; `--yes` removes what is listed");
            found.leftovers.clone()
        };
        let is_left = !left.is_empty() || !found.left_alone.is_empty();
        discard(journals, &left, &found.left_alone);
        Ok(ExitCode::from(if is_left { FAILED } else { FINE }))
    }

    /// Removing from a host that is not this machine needs consent.
    fn consent(&self, chosen: &Chosen) -> Result<(), Complaint> {
        if !self.yes || chosen.may_write {
            return Ok(());
        }
        let base = &chosen.target.base;
        Err(Complaint::new(format!(
            "removing needs consent: {base} is not on this machine"
        ))
        .hint("add `--yes-write`, or `writes = true` for the target in scimulate.toml; without `--yes` it is only shown what would be removed"))
    }

    /// Whether to remove what is listed: it was said so, or somebody at a terminal says so now.
    fn may_remove(&self, chosen: &Chosen, found: &Found) -> bool {
        if self.yes {
            return true;
        }
        if !io::stdin().is_terminal() || !io::stderr().is_terminal() {
            return false;
        }
        let mut out = anstream::stderr().lock();
        let count = counted(found.leftovers.len(), "resource");
        let _ = write!(out, "Remove {count} from {}? [y/N] ", chosen.target.base);
        let _ = out.flush();
        let mut answer = String::new();
        let read = io::stdin().read_line(&mut answer);
        read.is_ok() && answer.trim().eq_ignore_ascii_case("y")
    }
}

/// What is in the directory of journals.
struct Journals {
    old: Vec<OldJournal>,
    in_use: Vec<JournalFault>,
}

impl Journals {
    /// Reads all. One that has no line yet is removed: its run has sent nothing.
    fn read(paths: &[PathBuf]) -> Result<Self, Complaint> {
        let mut read = Self {
            old: Vec::new(),
            in_use: Vec::new(),
        };
        let mut faults = Vec::new();
        for path in paths {
            match OldJournal::read(path) {
                Ok(Some(journal)) => read.old.push(journal),
                Ok(None) => untidy(path, fs::remove_file(path)),
                Err(mut found) => match found.as_slice() {
                    [JournalFault::InUse { .. }] => read.in_use.append(&mut found),
                    _ => faults.append(&mut found),
                },
            }
        }
        if faults.is_empty() {
            Ok(read)
        } else {
            Err(complaint(&faults))
        }
    }

    /// Those of this target; of the others it is said that they stay.
    fn of(self, chosen: &Chosen) -> Vec<OldJournal> {
        for fault in &self.in_use {
            say(&format!("notice: {fault}; what it names is left alone"));
        }
        let mask = chosen.target.mask();
        let base = mask.text(&chosen.target.base.to_string());
        let is_same = |target: &str| {
            target == base || BaseUrl::parse(target).is_ok_and(|known| known == chosen.target.base)
        };
        let (ours, others): (Vec<_>, Vec<_>) = self
            .old
            .into_iter()
            .partition(|journal| is_same(&journal.target));
        for other in others {
            let target = clean::one_line(&other.target);
            say(&format!(
                "notice: the journal `{}` is of another target, {target}; it stays",
                other.path.display()
            ));
        }
        ours
    }

    fn without_target(&self) -> Complaint {
        let complaint = Complaint::new("there is no target to sweep");
        let targets: BTreeSet<String> = self
            .old
            .iter()
            .map(|journal| clean::one_line(&journal.target))
            .collect();
        if targets.is_empty() {
            return complaint
                .hint("name it with `--target`; no journal of a killed run is left here");
        }
        let targets: Vec<String> = targets.into_iter().collect();
        complaint.hint(format!(
            "name it with `--target`; journals of killed runs are left for {}",
            targets.join(", ")
        ))
    }
}

/// Removes the journals of which nothing is left.
fn discard(journals: Vec<OldJournal>, left: &[Leftover], alone: &[LeftAlone]) {
    let left = left.iter().map(|leftover| leftover.journal);
    let alone = alone.iter().map(|alone| alone.journal);
    let needed: BTreeSet<usize> = left.chain(alone).flatten().collect();
    for (number, journal) in journals.into_iter().enumerate() {
        let path = journal.path.clone();
        if needed.contains(&number) {
            say(&format!("the journal `{}` stays", path.display()));
        } else {
            untidy(&path, journal.discard());
        }
    }
}

fn untidy(path: &Path, removed: io::Result<()>) {
    if let Err(problem) = removed {
        let path = path.display();
        say(&format!(
            "notice: the journal `{path}` names nothing any more, but cannot be removed: {problem}"
        ));
    }
}

fn show(found: &Found, journals: &[OldJournal]) {
    if found.leftovers.is_empty() {
        say("nothing is left that can be removed");
    } else {
        let mut table = Table::new();
        table.load_style(PLAIN);
        table.set_header(["what", "tenant", "name", "known from"]);
        for leftover in &found.leftovers {
            let journal = leftover.journal.and_then(|number| journals.get(number));
            let known_from = match journal {
                Some(journal) => format!("journal {}", journal.path.display()),
                None => format!("its name, of run {}", leftover.run),
            };
            table.add_row([
                clean::one_line(&leftover.address.path),
                leftover
                    .address
                    .tenant
                    .clone()
                    .unwrap_or_else(|| "-".to_owned()),
                clean::one_line(&leftover.name),
                known_from,
            ]);
        }
        // A closed pipe (`sweep | head`) is no error.
        let text = harmless(table.trim_fmt());
        let _ = writeln!(anstream::stdout().lock(), "{text}");
    }
    for alone in &found.left_alone {
        let tenant = alone.tenant.as_ref();
        let tenant = tenant.map_or(String::new(), |tenant| format!(" of tenant `{tenant}`"));
        let line = format!("left alone: {}{tenant}: {}", alone.path, alone.reason);
        say(&clean::one_line(&line));
    }
}

fn complaint(faults: &[JournalFault]) -> Complaint {
    let messages: Vec<String> = faults
        .iter()
        .map(|fault| clean::visible(&fault.to_string()))
        .collect();
    Complaint::new(messages.join("\nerror: ")).hint(
        "nothing was sent; mend the journal, or move it away and look for what it names with `--by-name`",
    )
}

fn say(line: &str) {
    // Nobody reads stderr any more: the exit code still tells.
    let _ = writeln!(anstream::stderr().lock(), "{}", harmless(line.to_owned()));
}
