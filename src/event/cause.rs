//! Causes: failures that have one reason, as a run tells them at its end.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::finding::Authority;

/// What several failures have in common: whoever mends it mends all of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cause {
    /// One line: the kind of request, and what is wrong with what came back.
    pub title: String,
    /// Ids of the rules that are broken.
    pub rules: Vec<String>,
    /// How many steps fail on each authority.
    pub authorities: BTreeMap<Authority, usize>,
    /// How many scenarios fail, each client counted.
    pub scenarios: usize,
    /// The steps that fail, the most telling one first.
    pub places: Vec<StepPlace>,
    /// The steps that were not tested because one of these failed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub skipped: Vec<StepPlace>,
    /// Why they are accepted, if they are.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reasons: Vec<String>,
    /// Cells of the grid that are FAIL over it, perhaps over others, too.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cells: Vec<GridCell>,
    /// Of these the ones that are FAIL no longer once this cause and those before it are mended.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unlocks: Vec<GridCell>,
}

/// A step of a run.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct StepPlace {
    /// The scenario's number.
    pub scenario: usize,
    /// Which of its steps, from 0.
    pub index: usize,
    /// The step's name.
    pub step: String,
    /// Where it stands.
    pub file: String,
    /// Line, from 1.
    pub line: usize,
    /// Who is acted.
    pub client: String,
}

/// A cell of the grid.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct GridCell {
    /// The column.
    pub client: String,
    /// The row.
    pub feature: String,
}
