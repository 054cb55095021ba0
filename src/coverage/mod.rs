//! Coverage: which requirements of the RFCs are tested, and by what.
//!
//! A scenario claims a requirement by naming it in `covers`, a check in its `requirements`; what no client can judge stands in
//! `fixtures/untestable.toml` with the reason.

mod tally;

pub(crate) use tally::{Tally, by_section, by_tier};

use std::collections::{BTreeMap, HashMap};

use crate::checks::Check;
use crate::finding::requirement::Requirement;
use crate::profile::ProfileId;
use crate::scenario::Scenario;
use crate::scenario::step::{Action, Step};

static UNTESTABLE: &str = include_str!("../../fixtures/untestable.toml");

/// How it stands with a requirement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Standing {
    /// A scenario or a check judges it.
    Tested,
    /// No client can judge it from outside.
    Untestable,
    /// Nothing judges it.
    Untested,
}

impl Standing {
    /// The word for it in all outputs.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Tested => "tested",
            Self::Untestable => "untestable",
            Self::Untested => "untested",
        }
    }
}

/// A scenario that claims a requirement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Claim {
    /// Its file.
    pub(crate) path: String,
    /// Its steps that claim it, in order; empty where only the file as a whole does.
    pub(crate) steps: Vec<String>,
    /// It is played where nothing is named.
    pub(crate) by_default: bool,
    /// It is sent as a provider, not as ourselves.
    as_provider: bool,
}

/// A requirement, and what tests it.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    /// The requirement.
    pub(crate) requirement: Requirement,
    /// Ids of the checks that claim it.
    pub(crate) checks: Vec<&'static str>,
    /// The scenarios that claim it. Those that are about the rule and nothing else come first, those that are only played
    /// when they are named last.
    pub(crate) claims: Vec<Claim>,
    /// Why no client can judge it.
    pub(crate) reason: Option<String>,
}

impl Entry {
    /// How it stands with it.
    pub(crate) fn standing(&self) -> Standing {
        if !self.checks.is_empty() || !self.claims.is_empty() {
            Standing::Tested
        } else if self.reason.is_some() {
            Standing::Untestable
        } else {
            Standing::Untested
        }
    }

    /// Nothing tests it but scenarios that are only played when they are named.
    pub(crate) fn only_when_named(&self) -> bool {
        self.checks.is_empty()
            && !self.claims.is_empty()
            && self.claims.iter().all(|claim| !claim.by_default)
    }
}

/// All requirements by RFC and section, and what of these scenarios and of all checks tests them. With each scenario comes
/// whether it is played where nothing is named.
pub(crate) fn entries_of<'s>(
    scenarios: impl IntoIterator<Item = (&'s Scenario, bool)>,
) -> Vec<Entry> {
    let mut reasons = untestable();
    let mut entries: Vec<Entry> = Requirement::all()
        .into_iter()
        .map(|requirement| Entry {
            checks: Vec::new(),
            claims: Vec::new(),
            reason: reasons.remove(&requirement.id),
            requirement,
        })
        .collect();
    entries.sort_by_cached_key(|entry| entry.requirement.order());
    let places: HashMap<String, usize> = entries
        .iter()
        .enumerate()
        .map(|(place, entry)| (entry.requirement.id.clone(), place))
        .collect();
    for check in Check::all() {
        for place in check.requirements.iter().filter_map(|&id| places.get(id)) {
            entries[*place].checks.push(check.id);
        }
    }
    for (scenario, by_default) in scenarios {
        for (id, steps) in claims_of(scenario) {
            let Some(place) = places.get(id) else {
                continue;
            };
            entries[*place].claims.push(Claim {
                path: scenario.path.clone(),
                steps,
                by_default,
                as_provider: scenario.clients != [ProfileId::Scimulate],
            });
        }
    }
    for entry in &mut entries {
        entry
            .claims
            .sort_by_key(|claim| (!claim.by_default, claim.as_provider));
    }
    entries
}

/// The reasons in `fixtures/untestable.toml`, by requirement.
pub(crate) fn untestable() -> BTreeMap<String, String> {
    toml::from_str(UNTESTABLE).expect("a test reads the shipped file")
}

/// What a scenario claims, and the steps that do.
fn claims_of(scenario: &Scenario) -> BTreeMap<&str, Vec<String>> {
    let mut claims: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for id in &scenario.covers {
        claims.entry(id).or_default();
    }
    let mut waiting: Vec<&Step> = scenario
        .steps
        .iter()
        .chain(&scenario.cleanup)
        .rev()
        .collect();
    while let Some(step) = waiting.pop() {
        let expected: &[_] = match &step.action {
            Action::Request(request) => &request.expect,
            Action::Parallel(steps) => {
                waiting.extend(steps.iter().rev());
                &[]
            }
            _ => &[],
        };
        let ids = step
            .covers
            .iter()
            .chain(expected.iter().flat_map(|expect| &expect.covers));
        for id in ids {
            let steps = claims.entry(id).or_default();
            if steps.last() != Some(&step.name) {
                steps.push(step.name.clone());
            }
        }
    }
    claims
}

#[cfg(test)]
mod tests;
