//! Which client can use which feature, as a fold over events.

use std::collections::BTreeMap;

use crate::event::Event;
use crate::finding::{Authority, Finding, NOT_SUPPORTED, Strength, Verdict};

/// Features in the order in which a provisioning client comes to them; others follow by name.
const FEATURES: [&str; 16] = [
    "connect",
    "import",
    "match",
    "create",
    "update",
    "rename",
    "deactivate",
    "reactivate",
    "delete",
    "password",
    "manager",
    "roles",
    "group-create",
    "group-rename",
    "group-members",
    "group-delete",
];

/// Clients in the order in which reports show them.
const CLIENTS: [&str; 7] = [
    "okta-oin",
    "okta-aiw",
    "okta-oin-userpatch",
    "okta-gov",
    "entra-legacy",
    "entra-compliant",
    "scimulate",
];

/// What is known of a feature for a client. A feature that was not tested has no cell, and is never shown as passed. From
/// best to worst; the worst of its steps counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Cell {
    /// The target says that it does not have it, or does not declare it.
    NotSupported,
    /// Judged and right.
    Pass,
    /// Right, but for what is recommended.
    Warn,
    /// Does not work, as the baseline accepts.
    Known,
    /// Works for the client and breaks a MUST of the RFC.
    BreaksRfc,
    /// Does not work for the client, or is not what it was.
    Fail,
}

impl Cell {
    /// The word that reports show.
    pub fn word(self) -> &'static str {
        match self {
            Self::NotSupported => "no",
            Self::Pass => "pass",
            Self::Warn => "warn",
            Self::Known => "known",
            Self::BreaksRfc => "rfc",
            Self::Fail => "FAIL",
        }
    }

    /// What the word means.
    pub fn meaning(self) -> &'static str {
        match self {
            Self::NotSupported => "not supported, as the target says",
            Self::Pass => "works",
            Self::Warn => "works, with warnings",
            Self::Known => "fails, as the baseline accepts",
            Self::BreaksRfc => "works for this client, breaks a MUST of the RFC",
            Self::Fail => "fails",
        }
    }
}

/// The provider-by-feature grid.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Grid {
    /// The scenarios that are not over, by number.
    open: BTreeMap<usize, Open>,
    /// First scenario of each client, for an order that does not depend on which one ends first.
    clients: BTreeMap<String, usize>,
    /// By client and feature; `None`: not tested.
    cells: BTreeMap<(String, String), Option<Cell>>,
}

/// A scenario that is not over.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Open {
    client: String,
    /// What its steps fill that say nothing themselves.
    feature: Option<String>,
    /// The worst seen so far of each feature.
    worst: BTreeMap<String, Option<Cell>>,
}

impl Grid {
    /// Takes the next event.
    pub fn on(&mut self, event: &Event) {
        match event {
            Event::ScenarioStarted {
                scenario,
                client,
                feature,
                ..
            } => {
                if feature.is_some() {
                    self.meet(client, *scenario);
                }
                let open = Open {
                    client: client.clone(),
                    feature: feature.clone(),
                    worst: BTreeMap::new(),
                };
                self.open.insert(*scenario, open);
            }
            Event::StepFinished {
                scenario,
                feature,
                verdict,
                findings,
                ..
            } => {
                if let Some(open) = self.open.get_mut(scenario)
                    && let Some(feature) = feature.as_ref().or(open.feature.as_ref())
                {
                    let cell = cell_of(*verdict, findings, open.client == "scimulate");
                    let worst = open.worst.entry(feature.clone()).or_default();
                    *worst = (*worst).max(cell);
                }
            }
            Event::ScenarioFinished {
                scenario, verdict, ..
            } => {
                if let Some(mut open) = self.open.remove(scenario) {
                    if open.worst.is_empty()
                        && let Some(feature) = open.feature.take()
                    {
                        open.worst.insert(feature, cell_of(*verdict, &[], true));
                    }
                    self.fill(*scenario, open);
                }
            }
            // What was interrupted is not tested, unless it already failed.
            Event::RunFinished { .. } => {
                for (scenario, mut open) in std::mem::take(&mut self.open) {
                    open.worst
                        .retain(|_, worst| worst.is_some_and(|cell| cell >= Cell::BreaksRfc));
                    self.fill(scenario, open);
                }
            }
            _ => {}
        }
    }

    fn meet(&mut self, client: &str, scenario: usize) {
        let first = self.clients.entry(client.to_owned()).or_insert(scenario);
        *first = (*first).min(scenario);
    }

    fn fill(&mut self, scenario: usize, open: Open) {
        for (feature, worst) in open.worst {
            self.meet(&open.client, scenario);
            let cell = self.cells.entry((open.client.clone(), feature));
            let known = cell.or_default();
            *known = (*known).max(worst);
        }
    }

    /// Clients, providers first; unknown ones by their first scenario.
    pub fn clients(&self) -> Vec<&str> {
        let place = |client: &str| {
            let known = CLIENTS.iter().position(|known| *known == client);
            known.unwrap_or(CLIENTS.len())
        };
        let mut clients: Vec<(usize, usize, &str)> = self
            .clients
            .iter()
            .map(|(client, first)| (place(client), *first, client.as_str()))
            .collect();
        clients.sort_unstable();
        clients.into_iter().map(|(.., client)| client).collect()
    }

    /// The features that any client was asked for.
    pub fn features(&self) -> Vec<&str> {
        let mut features: Vec<&str> = self
            .cells
            .keys()
            .map(|(_, feature)| feature.as_str())
            .collect();
        features.sort_by_key(|feature| {
            (
                FEATURES
                    .iter()
                    .position(|known| known == feature)
                    .unwrap_or(FEATURES.len()),
                *feature,
            )
        });
        features.dedup();
        features
    }

    /// `None`: not tested.
    pub fn cell(&self, client: &str, feature: &str) -> Option<Cell> {
        self.cells
            .get(&(client.to_owned(), feature.to_owned()))
            .copied()
            .flatten()
    }
}

/// A step that is not judged says nothing, unless the target itself says something. What a finding is decides, not whether
/// it fails this run: what breaks a provider breaks it under any `--fail-on`.
fn cell_of(verdict: Verdict, findings: &[Finding], is_ours: bool) -> Option<Cell> {
    if verdict == Verdict::Skip {
        let said = findings.iter().any(|finding| finding.id == NOT_SUPPORTED);
        return said.then_some(Cell::NotSupported);
    }
    let failed = findings.iter().filter(|finding| finding.failed());
    let cells = failed.map(|finding| cell_of_failure(finding, is_ours));
    // A step that fails says why; a scenario without steps has only its verdict.
    let silent = match verdict {
        Verdict::Fail | Verdict::Error => Cell::Fail,
        Verdict::Pass | Verdict::Skip => Cell::Pass,
    };
    Some(cells.max().unwrap_or(silent))
}

fn cell_of_failure(finding: &Finding, is_ours: bool) -> Cell {
    let breaks_only_rfc =
        finding.authority == Authority::Rfc && finding.verdict == Verdict::Fail && !is_ours;
    match finding.strength {
        Strength::May | Strength::Should => Cell::Warn,
        Strength::Must if finding.is_known() => Cell::Known,
        Strength::Must if breaks_only_rfc => Cell::BreaksRfc,
        Strength::Must => Cell::Fail,
    }
}
