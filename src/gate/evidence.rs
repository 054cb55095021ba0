//! What the steps that speak of a requirement of a gate showed.

use std::collections::{BTreeMap, BTreeSet};

use super::Requirement;
use crate::event::{Outcome, Sight};
use crate::finding::{Finding, NOT_SUPPORTED, Verdict};

/// Paths of one fault that are named.
const FEW: usize = 3;

/// What the steps that speak of a requirement showed.
#[derive(Debug, Clone, Default)]
pub(super) struct Evidence {
    /// How many steps were judged, or scenarios in which a rule was.
    pub(super) judged: usize,
    /// How many steps were skipped.
    pub(super) skipped: usize,
    faults: BTreeMap<(String, String), Sight>,
    measured: Vec<Sight>,
    /// Why steps were skipped, and whether the target says that it lacks the feature.
    reasons: BTreeSet<(bool, String)>,
}

/// The part of a step that matters here.
pub(super) struct Step<'a> {
    pub(super) name: &'a str,
    pub(super) file: &'a str,
    pub(super) line: usize,
    pub(super) verdict: Verdict,
    pub(super) findings: &'a [Finding],
}

impl Evidence {
    /// Hears a step that speaks of the requirement, with what it found wrong.
    pub(super) fn hear<'a>(&mut self, step: &Step<'_>, faults: impl Iterator<Item = &'a Finding>) {
        if step.verdict == Verdict::Skip {
            self.skipped += 1;
            for finding in step.findings {
                let lacks = finding.id == NOT_SUPPORTED;
                self.reasons.insert((lacks, finding.message.clone()));
            }
            return;
        }
        self.judged += 1;
        for finding in faults {
            self.fault(step, finding);
        }
        for finding in step.findings {
            if finding.verdict == Verdict::Pass && !finding.message.is_empty() {
                self.measured.push(sight(step, finding));
            }
        }
    }

    /// Keeps a fault.
    pub(super) fn fault(&mut self, step: &Step<'_>, finding: &Finding) {
        self.faults
            .entry((finding.id.clone(), without_ids(&finding.message)))
            .and_modify(|sight| sight.times += 1)
            .or_insert_with(|| sight(step, finding));
    }

    /// What came out, what was seen, and why it was not judged.
    pub(super) fn outcome(&self, requirement: &Requirement) -> (Outcome, Vec<Sight>, Vec<String>) {
        let reasons: Vec<String> = self
            .reasons
            .iter()
            .map(|(_, reason)| reason.clone())
            .collect();
        if !self.faults.is_empty() {
            return (
                Outcome::NotMet,
                self.faults.values().cloned().collect(),
                Vec::new(),
            );
        }
        if self.judged > 0 {
            return (Outcome::Met, self.measured.clone(), reasons);
        }
        let lacks = !self.reasons.is_empty() && self.reasons.iter().all(|(lacks, _)| *lacks);
        let outcome = match (lacks, requirement.if_declared) {
            (true, true) => Outcome::NotApplicable,
            (true, false) => Outcome::NotMet,
            (false, _) => Outcome::NotTested,
        };
        (outcome, Vec::new(), reasons)
    }
}

/// The same fault is met with one id here and another one there: words that may be one count as one.
fn without_ids(message: &str) -> String {
    let is_id =
        |word: &&str| word.len() >= 8 && word.contains(|letter: char| letter.is_ascii_digit());
    let words = message.split_whitespace();
    let words: Vec<&str> = words
        .map(|word| if is_id(&word) { "…" } else { word })
        .collect();
    words.join(" ")
}

fn sight(step: &Step<'_>, finding: &Finding) -> Sight {
    let mut message = finding.message.clone();
    // That something is not as it must be says little without where.
    let paths = finding.differences.iter().map(|one| one.path.as_str());
    // What is wrong with a status stands in the message.
    let mut paths: Vec<&str> = paths
        .filter(|path| !["", "status"].contains(path))
        .collect();
    paths.dedup();
    if !paths.is_empty() && !paths.iter().any(|path| message.contains(path)) {
        paths.truncate(FEW);
        message.push_str(&format!(": `{}`", paths.join("`, `")));
    }
    Sight {
        message,
        finding: finding.id.clone(),
        step: step.name.to_owned(),
        file: step.file.to_owned(),
        line: step.line,
        times: 1,
    }
}
