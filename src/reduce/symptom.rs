//! What is seen of a failure: by it, two runs fail alike.

use std::collections::BTreeSet;

use crate::exchange::{Exchange, Response};
use crate::finding::template::template;
use crate::finding::{Authority, Finding};

/// A failed finding, without what is different in every run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Symptom {
    /// The step.
    pub step: String,
    /// The finding's id.
    pub id: String,
    /// On whose authority.
    pub authority: Authority,
    /// The status that was answered; `None` where there was no answer.
    pub status: Option<u16>,
    /// Why the target says that it refuses, without ids and names: an answer can be refused for many reasons.
    pub reason: Option<String>,
    /// Where the answer is wrong.
    pub paths: BTreeSet<String>,
}

impl Symptom {
    /// What is seen of a failed finding of a step.
    pub fn of(step: &str, finding: &Finding, exchanges: &[Exchange]) -> Self {
        let about = match finding.exchange {
            Some(index) => exchanges.get(index),
            None => exchanges.last(),
        };
        let paths = finding.differences.iter();
        Self {
            step: step.to_owned(),
            id: finding.id.clone(),
            authority: finding.authority,
            status: about.and_then(Exchange::status),
            reason: about.and_then(Exchange::response).and_then(reason),
            paths: paths.map(|difference| difference.path.clone()).collect(),
        }
    }

    /// Whether another run shows the same, or less of it, but not nothing.
    pub fn is_shown_by(&self, other: &Self) -> bool {
        let alike = Self {
            step: self.step.clone(),
            paths: self.paths.clone(),
            ..other.clone()
        };
        *self == alike
            && unnumbered(&self.step) == unnumbered(&other.step)
            && other.paths.is_subset(&self.paths)
            && other.paths.is_empty() == self.paths.is_empty()
    }
}

/// The name without the number that a step without a name of its own has: it changes when an earlier one is left out.
fn unnumbered(step: &str) -> &str {
    let name = step.trim_end_matches(|letter: char| letter.is_ascii_digit());
    match name.strip_suffix(' ') {
        Some(name) if name.len() + 1 < step.len() => name,
        _ => step,
    }
}

/// `scimType` and `detail` of a SCIM error (RFC 7644 3.12).
fn reason(response: &Response) -> Option<String> {
    let body = response.json().filter(|_| response.status >= 400)?;
    let text = |name: &str| body.get(name)?.as_str();
    let detail = template(text("detail").unwrap_or_default());
    Some(format!("{} {detail}", text("scimType").unwrap_or_default()))
}
