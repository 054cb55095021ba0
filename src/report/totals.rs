//! Counts of a run, as a fold over its events.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::event::Event;
use crate::finding::{Authority, Finding, Verdict};

/// How many came out how.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Judged and right.
    pub passed: usize,
    /// Judged and wrong.
    pub failed: usize,
    /// Could not be judged.
    pub errors: usize,
    /// Not judged.
    pub skipped: usize,
    /// Judged and wrong, and accepted.
    pub known: usize,
}

impl Counts {
    fn add(&mut self, verdict: Verdict, is_known: bool) {
        match verdict {
            Verdict::Pass if is_known => self.known += 1,
            Verdict::Pass => self.passed += 1,
            Verdict::Fail => self.failed += 1,
            Verdict::Error => self.errors += 1,
            Verdict::Skip => self.skipped += 1,
        }
    }

    /// All of them.
    pub fn all(&self) -> usize {
        self.passed + self.failed + self.errors + self.skipped + self.known
    }
}

/// What a run comes to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Totals {
    /// Scenarios that are over, each client counted.
    pub scenarios: Counts,
    /// Steps that are over.
    pub steps: Counts,
    /// Scenarios that began and did not end.
    pub unfinished: usize,
    /// Findings that are wrong but fail nothing: what is only recommended, or not asked for.
    pub warnings: usize,
    /// Steps whose answer has no snapshot yet.
    pub snapshots_new: usize,
    /// Steps whose answer is not that of the snapshot.
    pub snapshots_different: usize,
    /// Of both, those written down for a review.
    pub snapshots_pending: usize,
    /// Requests sent.
    pub requests: usize,
    /// What could not be removed, as URLs.
    pub left: Vec<String>,
    /// Why the run could not go on, if it could not.
    pub stopped: Option<String>,
    /// Ended by a signal.
    pub interrupted: bool,
    /// Wall time; zero while it runs.
    pub elapsed: Duration,
    /// Scenarios that are not over and have accepted failures.
    with_known: BTreeSet<usize>,
}

impl Totals {
    /// Takes the next event.
    pub fn on(&mut self, event: &Event) {
        match event {
            Event::Preflight { exchanges, .. } => self.requests += exchanges.len(),
            Event::Stopped { message, .. } => self.stopped = Some(message.clone()),
            Event::ScenarioStarted { .. } => self.unfinished += 1,
            Event::StepFinished {
                scenario,
                verdict,
                exchanges,
                findings,
                ..
            } => {
                let is_known = findings.iter().any(Finding::is_known);
                self.steps.add(*verdict, is_known);
                if is_known {
                    self.with_known.insert(*scenario);
                }
                self.requests += exchanges.len();
                self.warnings += findings.iter().filter(|finding| finding.warns()).count();
                for finding in findings
                    .iter()
                    .filter(|finding| finding.authority == Authority::Snapshot)
                {
                    let is_new = finding.id == "snapshot-new" && finding.verdict == Verdict::Skip;
                    let is_different = finding.id == "snapshot-differs" && finding.failed();
                    self.snapshots_new += usize::from(is_new);
                    self.snapshots_different += usize::from(is_different);
                    // The source of such a finding is the file that waits.
                    let waits = (is_new || is_different) && finding.source.is_some();
                    self.snapshots_pending += usize::from(waits);
                }
            }
            Event::ScenarioFinished {
                scenario,
                verdict,
                cleanup,
                left,
                ..
            } => {
                self.requests += cleanup.len();
                self.unfinished = self.unfinished.saturating_sub(1);
                let is_known = self.with_known.remove(scenario);
                self.scenarios.add(*verdict, is_known);
                self.left.extend(left.iter().cloned());
            }
            Event::RunFinished {
                elapsed,
                interrupted,
            } => {
                self.elapsed = *elapsed;
                self.interrupted = *interrupted;
            }
            _ => {}
        }
    }

    /// Steps that are wrong or could not be judged: what the exit code 1 stands for.
    pub fn failed_steps(&self) -> usize {
        self.steps.failed + self.steps.errors
    }
}
