//! Gates: what a provider demands of an endpoint before it lists the integration, as dated tables in `fixtures/gates`.
//!
//! A requirement of a gate is met or not by what scenarios showed: their steps name it in `certifies`, or it says itself
//! which scenarios, columns of the grid or rules speak of it.

mod evidence;
mod facts;
mod judging;

pub(crate) use facts::Facts;
pub(crate) use judging::Judging;

use std::sync::LazyLock;

use serde::Deserialize;

use crate::finding::Authority;

static TABLES: [&str; 2] = [
    include_str!("../../fixtures/gates/okta.toml"),
    include_str!("../../fixtures/gates/entra.toml"),
];

static GATES: LazyLock<Vec<Gate>> = LazyLock::new(|| {
    TABLES
        .iter()
        .map(|table| toml::from_str(table).expect("the tables of gates are well-formed"))
        .collect()
});

/// What stands between an integration and a provider's catalogue.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Gate {
    /// Whose: `okta` or `entra`.
    pub id: Authority,
    /// Its name: `Okta Integration Network`.
    pub title: String,
    /// As whom the scenarios are played if nothing else is said: a profile's name.
    pub client: String,
    /// The day of the documents that the rules were taken from: `2026-08-21`.
    pub rules: String,
    /// What it consists of, in the order of a report.
    pub parts: Vec<Part>,
}

/// A suite, a test plan or a list of requirements.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Part {
    /// Short name, unique in its gate: `spec`.
    pub id: String,
    /// As its publisher calls it.
    pub title: String,
    /// Where it is described: `okta.md 9.1 [doc]`.
    pub source: String,
    /// The day of this part's rules.
    pub date: String,
    /// One sentence on what passing it here says of passing it there.
    pub about: String,
    /// Scenario files or folders that belong to it.
    #[serde(default)]
    pub plays: Vec<String>,
    /// What it demands.
    pub requirements: Vec<Requirement>,
}

/// One demand of a gate.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Requirement {
    /// Names it for good: `okta-spec-r1`.
    pub id: String,
    /// One line, as a vendor would say it.
    pub title: String,
    /// How much depends on it.
    pub level: Level,
    /// Where it is written, if not where its part is.
    pub source: Option<String>,
    /// The day of the rule, if not that of its part.
    pub date: Option<String>,
    /// What to do where it is not met.
    pub fix: String,
    /// Columns of the grid: every step of the part's scenarios that fills one of them speaks of this requirement.
    #[serde(default)]
    pub features: Vec<String>,
    /// Ids of rules: whatever the gate plays, a failure of one of them breaks this requirement.
    #[serde(default)]
    pub checks: Vec<String>,
    /// It is about the target's address or credential, not about an answer.
    pub address: Option<Address>,
    /// A target may do without the feature: then the requirement does not apply. Else a feature that the target says it
    /// lacks is a requirement that is not met.
    #[serde(default)]
    pub if_declared: bool,
    /// It cannot be seen from here: what a person has to look at.
    pub manual: Option<String>,
    /// What is only emulated here.
    pub emulated: Option<String>,
    /// Of all requirements of the gate with the same word, one must be met.
    pub one_of: Option<String>,
}

/// How much depends on a requirement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Level {
    /// Without it the gate stays shut.
    Required,
    /// The provider recommends it, or lets a failure pass with a warning.
    Recommended,
}

/// What of the target's address or credential a requirement is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Address {
    /// `https`.
    Https,
    /// No `_` in the base URL (okta.md 0.5).
    NoUnderscore,
    /// At most 1024 characters (okta.md 0.5).
    Length,
    /// No basic authentication (okta.md 9.7).
    NotBasic,
    /// OAuth client credentials (entra.md 9, test 21).
    ClientCredentials,
    /// Federated workload identity (entra.md 9, test 22).
    WorkloadIdentity,
}

impl Gate {
    /// All gates.
    pub fn all() -> &'static [Self] {
        &GATES
    }

    /// Whether the provider takes no token that somebody typed.
    pub fn demands_fetched_tokens(&self) -> bool {
        self.requirements()
            .any(|(_, requirement)| requirement.address == Some(Address::ClientCredentials))
    }

    /// Its requirements, each with its part.
    pub fn requirements(&self) -> impl Iterator<Item = (&Part, &Requirement)> {
        self.parts
            .iter()
            .flat_map(|part| part.requirements.iter().map(move |one| (part, one)))
    }
}

/// The ids of all requirements of all gates.
pub fn ids() -> impl Iterator<Item = &'static str> {
    Gate::all()
        .iter()
        .flat_map(Gate::requirements)
        .map(|(_, requirement)| requirement.id.as_str())
}

#[cfg(test)]
mod tests;
