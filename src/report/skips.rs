//! What was not tested, by its reason, as a fold over steps.

use std::collections::{BTreeMap, BTreeSet};

use super::clean::one_line;
use crate::event::Cause;
use crate::finding::{Authority, Finding, Verdict};

/// Steps that were skipped, whole or in part, by the reason; each by its scenario and its place in it.
#[derive(Debug, Default)]
pub(super) struct Skips(BTreeMap<String, BTreeSet<(usize, usize)>>);

impl Skips {
    /// Takes the next step; the reason why it was skipped as a whole.
    pub(super) fn on_step(
        &mut self,
        place: (usize, usize),
        verdict: Verdict,
        findings: &[Finding],
    ) -> Option<String> {
        if verdict == Verdict::Skip {
            let reason = findings
                .iter()
                .find(|finding| finding.verdict == Verdict::Skip)
                .map_or_else(
                    || "no reason given".to_owned(),
                    |finding| one_line(&finding.message),
                );
            self.0.entry(reason.clone()).or_default().insert(place);
            return Some(reason);
        }
        if verdict == Verdict::Pass {
            // Part of a step that was not judged; a missing snapshot is told with the snapshots. Where a step failed,
            // what could not be judged any more follows from that.
            let parts = findings.iter().filter(|finding| {
                finding.verdict == Verdict::Skip && finding.authority != Authority::Snapshot
            });
            for finding in parts {
                let reason = one_line(&finding.message);
                self.0.entry(reason).or_default().insert(place);
            }
        }
        None
    }

    /// Each reason with how many steps it kept from being tested.
    pub(super) fn reasons<'c>(
        &self,
        causes: impl Iterator<Item = &'c Cause>,
    ) -> Vec<(String, usize)> {
        let over_failures: BTreeSet<(usize, usize)> = causes
            .flat_map(|cause| &cause.skipped)
            .map(|place| (place.scenario, place.index))
            .collect();
        let mut reasons: Vec<(String, usize)> = Vec::new();
        let mut branches = 0;
        for (reason, steps) in &self.0 {
            let left = steps.difference(&over_failures).count();
            // A branch that was not taken is what the scenario provides for; where it is one of many, it is only counted.
            if reason.starts_with("its condition does not hold") {
                branches += left;
            } else if left > 0 {
                reasons.push((reason.clone(), left));
            }
        }
        if branches > 0 {
            let reason = "a branch for answers that this target did not give".to_owned();
            reasons.push((reason, branches));
        }
        if !over_failures.is_empty() {
            let reason = "a step that failed was needed; they count under its cause".to_owned();
            reasons.push((reason, over_failures.len()));
        }
        reasons
    }
}
