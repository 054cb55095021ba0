//! A run beside its baseline, as a fold over events: what is known, what is new, what is fixed.

use std::collections::{BTreeMap, BTreeSet};

use crate::event::{Comparison, Event};
use crate::finding::Verdict;
use crate::finding::baseline::{Baseline, Entry};

/// Compares a run with what is accepted.
#[derive(Debug, Clone)]
pub struct Beside {
    file: String,
    baseline: Baseline,
    updates: bool,
    prunes: bool,
    /// Day of the run.
    day: String,
    open: BTreeMap<usize, Open>,
    failing: BTreeSet<Entry>,
    /// Accepted failures that did not fail where they were tested.
    right: BTreeSet<Entry>,
}

/// A scenario that is not over.
#[derive(Debug, Clone)]
struct Open {
    path: String,
    client: String,
    steps: BTreeSet<String>,
}

impl Beside {
    /// Compares with the baseline of a file; `updates`: what is new goes into it, `prunes`: what is fixed is taken out.
    pub fn new(file: String, baseline: Baseline, updates: bool, prunes: bool) -> Self {
        Self {
            file,
            baseline,
            updates,
            prunes,
            day: String::new(),
            open: BTreeMap::new(),
            failing: BTreeSet::new(),
            right: BTreeSet::new(),
        }
    }

    /// Takes the next event, weighed.
    pub fn on(&mut self, event: &Event) {
        match event {
            Event::RunStarted { started, .. } => self.day = started.chars().take(10).collect(),
            Event::ScenarioStarted {
                scenario,
                path,
                client,
                ..
            } => {
                let open = Open {
                    path: path.clone(),
                    client: client.clone(),
                    steps: BTreeSet::new(),
                };
                self.open.insert(*scenario, open);
            }
            Event::StepFinished { scenario, step, .. } => {
                if let Some(mut open) = self.open.remove(scenario) {
                    self.step(&open, event);
                    open.steps.insert(step.clone());
                    self.open.insert(*scenario, open);
                }
            }
            Event::ScenarioFinished {
                scenario, verdict, ..
            } => {
                if let Some(open) = self.open.remove(scenario)
                    && *verdict != Verdict::Skip
                {
                    // It was played to its end, and has no such step any more.
                    let entries = self.baseline.entries();
                    let gone = entries.filter(|entry| {
                        entry.scenario == open.path
                            && entry.client == open.client
                            && !open.steps.contains(&entry.step)
                    });
                    self.right.extend(gone.cloned());
                }
            }
            _ => {}
        }
    }

    fn step(&mut self, open: &Open, event: &Event) {
        let Event::StepFinished {
            step,
            verdict,
            findings,
            ..
        } = event
        else {
            return;
        };
        if *verdict == Verdict::Skip {
            return;
        }
        let weighed = findings
            .iter()
            .filter(|finding| finding.counts() || finding.is_known());
        self.failing
            .extend(weighed.map(|finding| Entry::of(&open.path, &open.client, step, finding)));
        // What a failure keeps from being judged is neither right nor wrong.
        let all_right = !findings.iter().any(|finding| finding.failed());
        let of_step = self.baseline.entries().filter(|entry| {
            entry.scenario == open.path && entry.client == open.client && entry.step == *step
        });
        let right = of_step.filter(|entry| {
            let of_entry = findings.iter().filter(|finding| {
                finding.id == entry.finding && finding.authority == entry.authority
            });
            let verdicts: BTreeSet<Verdict> = of_entry.map(|finding| finding.verdict).collect();
            all_right || verdicts == BTreeSet::from([Verdict::Pass])
        });
        let right: Vec<Entry> = right.cloned().collect();
        self.right.extend(right);
    }

    /// How the run stands to the baseline.
    pub fn comparison(&self) -> Comparison {
        let is_known = |entry: &&Entry| self.baseline.find(entry).is_some();
        let known = self.failing.iter().filter(is_known).count();
        let fixed: Vec<Entry> = self.right.difference(&self.failing).cloned().collect();
        Comparison {
            file: self.file.clone(),
            known,
            new: self
                .failing
                .iter()
                .filter(|entry| !is_known(entry))
                .cloned()
                .collect(),
            untested: self.baseline.entries().count() - known - fixed.len(),
            fixed,
            updated: self.updates,
            pruned: self.prunes,
        }
    }

    /// The baseline after the run: with what is new, without what is fixed, as far as that was asked for.
    pub fn after(&self) -> Baseline {
        let Comparison { new, fixed, .. } = self.comparison();
        let mut baseline = self.baseline.clone();
        if self.prunes {
            fixed.iter().for_each(|entry| baseline.remove(entry));
        }
        if self.updates {
            let day = (!self.day.is_empty()).then_some(self.day.as_str());
            new.into_iter().for_each(|entry| baseline.add(entry, day));
        }
        baseline
    }
}
