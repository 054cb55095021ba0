//! Readiness: whether a provider's gate would open, as a run tells it at its end.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// What a run says of a gate.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Readiness {
    /// Whose gate: `okta` or `entra`.
    pub gate: String,
    /// Its name.
    pub title: String,
    /// The day of the documents that the rules were taken from.
    pub rules: String,
    /// As whom the target was met.
    pub client: String,
    /// Whether it would open.
    pub verdict: Opens,
    /// Its parts, in the order of the rules.
    pub parts: Vec<PartOutcome>,
    /// Steps that break the RFC and nothing that the gate demands.
    pub beside: usize,
}

/// Whether a gate would open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Opens {
    /// All that is required and can be seen from here is met.
    Ready,
    /// Something that is required is not met.
    NotReady,
    /// Nothing that is required is known to be unmet, and something could not be tested.
    NotPredictable,
}

impl Opens {
    /// In words.
    pub fn words(self) -> &'static str {
        match self {
            Self::Ready => "ready",
            Self::NotReady => "not ready",
            Self::NotPredictable => "not predictable here",
        }
    }
}

/// A suite, a test plan or a list of requirements.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PartOutcome {
    /// Short name.
    pub id: String,
    /// As its publisher calls it.
    pub title: String,
    /// Where it is described.
    pub source: String,
    /// The day of its rules.
    pub date: String,
    /// What passing it here says of passing it there.
    pub about: String,
    /// Requests of the client that were sent for it; read-back is not counted.
    pub requests: usize,
    /// What was judged of the answers, on the gate's authority.
    pub assertions: usize,
    /// From its first request to its last answer.
    pub elapsed: Duration,
    /// What it demands.
    pub requirements: Vec<RequirementOutcome>,
}

/// What became of one requirement.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RequirementOutcome {
    /// Names it for good.
    pub id: String,
    /// One line.
    pub title: String,
    /// Without it the gate stays shut; else it is recommended.
    pub required: bool,
    /// Where it is written.
    pub source: String,
    /// The day of the rule.
    pub date: String,
    /// What came out.
    pub outcome: Outcome,
    /// How many steps spoke of it.
    pub steps: usize,
    /// What was seen: a line for each fault, or what was measured.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub seen: Vec<Sight>,
    /// Why it was not tested, or what a person has to look at.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reasons: Vec<String>,
    /// What to do where it is not met.
    pub fix: String,
    /// What of it is only emulated here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub emulated: Option<String>,
    /// One requirement of those with the same word is enough.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub one_of: Option<String>,
}

/// What came out for a requirement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// Judged, and nothing was wrong.
    Met,
    /// The target does not have the feature, and the gate lets it choose.
    NotApplicable,
    /// A person has to look.
    Manual,
    /// Nothing could be judged.
    NotTested,
    /// Judged and wrong.
    NotMet,
}

impl Outcome {
    /// In words.
    pub fn words(self) -> &'static str {
        match self {
            Self::Met => "met",
            Self::NotApplicable => "not applicable",
            Self::Manual => "left to you",
            Self::NotTested => "not tested",
            Self::NotMet => "not met",
        }
    }
}

/// Something that was seen of a requirement.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Sight {
    /// What: the finding's message.
    pub message: String,
    /// The finding's id.
    pub finding: String,
    /// In which step; empty for what is not about an answer.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub step: String,
    /// Where that stands.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub file: String,
    /// Line, from 1.
    #[serde(default)]
    pub line: usize,
    /// How many steps show the same.
    pub times: usize,
}
