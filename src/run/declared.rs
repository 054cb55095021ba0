//! What a target declares against what it does: a fold over events that tells at the end of a run which declared columns of
//! the grid are missing, and which undeclared ones work.

use std::collections::{BTreeMap, BTreeSet};

use crate::event::Event;
use crate::exchange::Exchange;
use crate::finding::{Finding, NOT_SUPPORTED, Verdict};
use crate::plan::Known;
use crate::scenario::declaration::grants;

/// Statuses by which servers say that they do not have something (RFC 7644 3.12).
const MISSING: [u16; 3] = [404, 405, 501];

/// What is known of each column.
#[derive(Debug, Default)]
pub(crate) struct Declared {
    /// The column of each scenario that is not over.
    open: BTreeMap<usize, String>,
    columns: BTreeMap<String, Column>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Column {
    worked: usize,
    refused: usize,
    /// Failed in another way.
    failed: usize,
}

impl Declared {
    /// Takes the next event.
    pub(crate) fn on(&mut self, event: &Event) {
        match event {
            Event::ScenarioStarted {
                scenario,
                feature: Some(feature),
                ..
            } => {
                self.open.insert(*scenario, feature.clone());
            }
            Event::StepFinished {
                scenario,
                feature,
                verdict,
                exchanges,
                findings,
                ..
            } => {
                let feature = feature.as_ref().or_else(|| self.open.get(scenario));
                if let Some(feature) = feature.cloned() {
                    let column = self.columns.entry(feature).or_default();
                    match verdict {
                        Verdict::Pass => column.worked += 1,
                        Verdict::Skip if is_lacking(findings) => column.refused += 1,
                        Verdict::Skip => {}
                        Verdict::Fail | Verdict::Error if is_missing(exchanges) => {
                            column.refused += 1;
                        }
                        Verdict::Fail | Verdict::Error => column.failed += 1,
                    }
                }
            }
            Event::ScenarioFinished { scenario, .. } => {
                self.open.remove(scenario);
            }
            _ => {}
        }
    }

    /// One sentence each; nothing for a target that declares nothing.
    pub(crate) fn notices(&self, known: &Known) -> Vec<String> {
        let Some(features) = &known.features else {
            return Vec::new();
        };
        let mut works = BTreeSet::new();
        let mut notices = Vec::new();
        for (name, column) in &self.columns {
            let nothing_works = column.worked + column.failed == 0;
            if known.is_declared(name) {
                let word = features.iter().find(|word| grants(word, name));
                if let Some(word) = word.filter(|_| nothing_works && column.refused > 0) {
                    notices.push(format!(
                        "the target declares `{word}`, but `{name}` is missing: all that was asked for was refused"
                    ));
                }
            } else if column.worked > 0 && column.failed + column.refused == 0 {
                works.insert(format!("`{name}`"));
            }
        }
        if !works.is_empty() {
            let works: Vec<String> = works.into_iter().collect();
            notices.push(format!(
                "works although the target does not declare it: {}",
                works.join(", ")
            ));
        }
        notices
    }
}

fn is_lacking(findings: &[Finding]) -> bool {
    findings.iter().any(|finding| finding.id == NOT_SUPPORTED)
}

/// The last answer says that there is nothing of the kind.
fn is_missing(exchanges: &[Exchange]) -> bool {
    exchanges
        .last()
        .and_then(Exchange::status)
        .is_some_and(|status| MISSING.contains(&status))
}
