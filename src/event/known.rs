//! What a run comes to beside a baseline.

use serde::{Deserialize, Serialize};

use crate::finding::baseline::Entry;

/// How the failures of a run stand to those that are accepted.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Comparison {
    /// The baseline's file.
    pub file: String,
    /// How many accepted failures have failed again.
    pub known: usize,
    /// Failures that are not accepted; with `updated` they are from now on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub new: Vec<Entry>,
    /// Accepted failures that did not fail; with `pruned` they are accepted no longer.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fixed: Vec<Entry>,
    /// How many accepted failures were not tested.
    pub untested: usize,
    /// The new ones go into the baseline.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub updated: bool,
    /// The fixed ones are taken out of it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub pruned: bool,
}
