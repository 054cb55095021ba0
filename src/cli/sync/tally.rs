//! What came of a sync, counted for people or told as lines of JSON.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::io::{self, Write};
use std::time::Duration;

use indicatif::ProgressBar;
use serde_json::json;

use crate::cli::progress::spinner;
use crate::cli::sync::say;
use crate::exchange::Exchange;
use crate::idp::{Did, Memory, Outcome, Subject};
use crate::plan::{Outgoing, rehearsal};
use crate::report::clean::{one_line, shortened};
use crate::run::drive::{Ending, Finished};

/// Most failures that are listed for people.
const LISTED: usize = 20;
/// Most bytes of a failure in that list; `--json` has all of it.
const FAILURE_BYTES: usize = 1000;

/// A running count.
pub(super) struct Tally {
    json: bool,
    /// Where somebody watches.
    bar: Option<ProgressBar>,
    requests: u64,
    /// Writes that a dry run has not sent.
    unsent: u64,
    done: u64,
    /// The most that was done for each: who is created and then given a manager counts as created.
    most: BTreeMap<Subject, Did>,
    failures: u64,
    listed: Vec<String>,
    waited: bool,
}

/// What the summary is about.
pub(super) struct Told {
    /// Directory, client and target.
    pub(super) what: String,
    /// Nothing was written.
    pub(super) dry: bool,
    /// Where the state is.
    pub(super) state: Option<String>,
}

impl Tally {
    pub(super) fn new(json: bool, live: bool) -> Self {
        Self {
            json,
            bar: (live && !json).then(spinner),
            requests: 0,
            unsent: 0,
            done: 0,
            most: BTreeMap::new(),
            failures: 0,
            listed: Vec::new(),
            waited: false,
        }
    }

    pub(super) fn has_failed(&self) -> bool {
        self.failures > 0
    }

    /// A request is over.
    pub(super) fn answered(&mut self, exchange: &Exchange) {
        self.requests += 1;
        if let Some(bar) = &self.bar {
            let failures = match self.failures {
                0 => String::new(),
                failures => format!(", {failures} failed"),
            };
            let request = &exchange.request;
            bar.set_message(format!(
                "{} done{failures}, {} requests  {} {}",
                self.done,
                self.requests,
                one_line(&request.method),
                one_line(&request.target)
            ));
        }
    }

    /// A request of a dry run.
    pub(super) fn dry(&mut self, title: &str, outgoing: &Outgoing, is_sent: bool) {
        let is_read = outgoing.method == "GET";
        let note = match (is_read, is_sent) {
            (true, true) => " (only reads: sent)",
            (true, false) => " (of what a write before would have created: not sent)",
            (false, _) => "",
        };
        self.unsent += u64::from(!is_read);
        let text = rehearsal::wire(outgoing, None);
        // A closed pipe (`--dry-run | head`) is no error.
        let _ = writeln!(
            anstream::stdout().lock(),
            "## {title}{note}\n{}\n",
            text.trim_end()
        );
    }

    /// A piece of work is over.
    pub(super) fn outcome(&mut self, outcome: Outcome) {
        self.done += 1;
        if self.json {
            let did = outcome.did.as_ref().map(|did| did.word());
            let line = match did {
                Ok(did) => json!({ "subject": outcome.subject, "did": did }),
                Err(admin) => json!({ "subject": outcome.subject, "failed": admin }),
            };
            print(&line.to_string());
        }
        match outcome.did {
            Ok(did) => {
                if let Some(subject) = outcome.subject {
                    let most = self.most.entry(subject).or_insert(did);
                    if rank(did) > rank(*most) {
                        *most = did;
                    }
                }
            }
            Err(admin) => {
                self.failures += 1;
                if self.listed.len() < LISTED {
                    let subject = outcome.subject.map(|subject| format!("{subject}: "));
                    let failure = format!("{}{admin}", subject.unwrap_or_default());
                    // What a target says must not act on a terminal.
                    self.listed
                        .push(shortened(&one_line(&failure), FAILURE_BYTES));
                }
            }
        }
    }

    /// The target asked for a pause.
    pub(super) fn waiting(&mut self, time: Duration) {
        if !std::mem::replace(&mut self.waited, true) {
            let told = format!(
                "waiting {} s, as the target asks for (Retry-After; never more than {} s here, whatever the provider waits)",
                time.as_secs(),
                crate::run::drive::LONGEST_WAIT.as_secs()
            );
            match &self.bar {
                Some(bar) => bar.suspend(|| say(&told)),
                None => say(&told),
            }
        }
    }

    /// The summary.
    pub(super) fn end(&mut self, finished: &Finished, memory: &Memory, told: &Told) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
        if self.json {
            let counts: BTreeMap<_, _> = self
                .counts()
                .into_iter()
                .map(|(did, users, groups)| {
                    (did.word(), json!({ "users": users, "groups": groups }))
                })
                .collect();
            let summary = json!({ "summary": {
                "did": counts,
                "failed": self.failures,
                "in-escrow": memory.escrowed(),
                "quarantine": memory.quarantine,
                "requests": finished.requests,
                "seconds": finished.elapsed.as_secs_f64(),
            }});
            print(&summary.to_string());
            return;
        }
        let text = self.text(finished, memory, told);
        if told.dry {
            // The requests are the data.
            say(&text);
        } else {
            print(&text);
        }
    }

    fn text(&self, finished: &Finished, memory: &Memory, told: &Told) -> String {
        let mut lines = vec![told.what.clone()];
        for (did, users, groups) in self.counts() {
            let users = (users > 0).then(|| counted(users, "user"));
            let groups = (groups > 0).then(|| counted(groups, "group"));
            let parts: Vec<String> = users.into_iter().chain(groups).collect();
            lines.push(format!("  {}: {}", did.word(), parts.join(", ")));
        }
        if self.failures > 0 {
            lines.push(format!(
                "  failed: {}, and this is what the administrator reads:",
                self.failures
            ));
            lines.extend(self.listed.iter().map(|failure| format!("    {failure}")));
            if self.failures > LISTED as u64 {
                let more = self.failures - LISTED as u64;
                lines.push(format!("    … and {more} more, all of them with `--json`"));
            }
        }
        if memory.escrowed() > 0 {
            lines.push(format!(
                "  in escrow, to be tried again later: {}",
                memory.escrowed()
            ));
        }
        if let Some(quarantine) = &memory.quarantine {
            lines.push(format!(
                "  in quarantine ({}): {}",
                quarantine.reason, quarantine.message
            ));
        }
        match finished.ending {
            Ending::Interrupted => {
                lines.push("  interrupted: the next sync goes on from here".to_owned());
            }
            Ending::OutOfRequests => {
                lines.push(
                    "  stopped at `--max-requests`: the next sync goes on from here".to_owned(),
                );
            }
            Ending::Finished | Ending::Untestable { .. } => {}
        }
        lines.push(self.last_line(finished, told));
        lines.join("\n")
    }

    /// How many users and groups each thing was done for, the most first; nothing is not counted.
    fn counts(&self) -> Vec<(Did, u64, u64)> {
        let mut counts: BTreeMap<_, (Did, u64, u64)> = BTreeMap::new();
        for (subject, did) in &self.most {
            let count = counts.entry(Reverse(rank(*did))).or_insert((*did, 0, 0));
            match subject {
                Subject::User(_) => count.1 += 1,
                Subject::Group(_) => count.2 += 1,
            }
        }
        let counts = counts.into_values();
        counts.filter(|(did, ..)| rank(*did) > 0).collect()
    }

    fn last_line(&self, finished: &Finished, told: &Told) -> String {
        let requests = counted(finished.requests, "request");
        if told.dry {
            return format!(
                "dry run: {requests} sent, which only read; {} not sent and taken for done",
                counted(self.unsent, "write")
            );
        }
        let seconds = finished.elapsed.as_secs_f64();
        let rate = match finished.requests > 0 {
            true => format!(" ({:.0}/s)", finished.requests as f64 / seconds.max(0.001)),
            false => String::new(),
        };
        let state = match &told.state {
            Some(state) => format!("; state in {state}"),
            None => String::new(),
        };
        format!("{requests} in {:.2} s{rate}{state}", seconds)
    }
}

fn counted(number: u64, noun: &str) -> String {
    match number {
        1 => format!("1 {noun}"),
        _ => format!("{number} {noun}s"),
    }
}

/// How much it is.
fn rank(did: Did) -> u8 {
    match did {
        Did::Nothing | Did::Tested | Did::Imported { .. } => 0,
        Did::Unchanged => 1,
        Did::Updated => 2,
        Did::Activated => 3,
        Did::Deactivated => 4,
        Did::Deleted => 5,
        Did::Linked => 6,
        Did::Created => 7,
    }
}

fn print(text: &str) {
    // A closed pipe is no error.
    let _ = writeln!(io::stdout().lock(), "{text}");
}
