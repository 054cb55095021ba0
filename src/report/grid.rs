//! Which client can use which feature, as a fold over events.

use std::collections::BTreeMap;

use super::totals::warns;
use crate::event::Event;
use crate::finding::{Authority, Finding, Verdict};

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

/// What is known of a feature for a client. A feature that no scenario touched has no cell: it is not tested, which is
/// never shown as passed. From best to worst; the worst of its scenarios counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Cell {
    /// All scenarios were skipped.
    Skip,
    /// Judged and right.
    Pass,
    /// Right, but for what is recommended.
    Warn,
    /// Works for the client and breaks a MUST of the RFC.
    BreaksRfc,
    /// Does not work for the client, or is not what it was.
    Fail,
}

impl Cell {
    /// The word that reports show.
    pub fn word(self) -> &'static str {
        match self {
            Self::Skip => "skip",
            Self::Pass => "pass",
            Self::Warn => "warn",
            Self::BreaksRfc => "rfc",
            Self::Fail => "FAIL",
        }
    }

    /// What the word means.
    pub fn meaning(self) -> &'static str {
        match self {
            Self::Skip => "skipped, see the reasons below",
            Self::Pass => "works",
            Self::Warn => "works, with warnings",
            Self::BreaksRfc => "works for this client, breaks a MUST of the RFC",
            Self::Fail => "fails",
        }
    }
}

/// The provider-by-feature grid.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Grid {
    /// Client and feature of the scenarios that are not over, by number, with the worst seen so far.
    open: BTreeMap<usize, (String, String, Option<Cell>)>,
    /// First scenario of each client, for an order that does not depend on which one ends first.
    clients: BTreeMap<String, usize>,
    cells: BTreeMap<(String, String), Cell>,
}

impl Grid {
    /// Takes the next event.
    pub fn on(&mut self, event: &Event) {
        match event {
            Event::ScenarioStarted {
                scenario,
                client,
                feature: Some(feature),
                ..
            } => {
                let first = self.clients.entry(client.clone()).or_insert(*scenario);
                *first = (*first).min(*scenario);
                self.open
                    .insert(*scenario, (client.clone(), feature.clone(), None));
            }
            Event::StepFinished {
                scenario,
                verdict,
                findings,
                ..
            } => {
                if let Some((client, _, worst)) = self.open.get_mut(scenario) {
                    let is_ours = client == "scimulate";
                    *worst = (*worst).max(Some(cell_of(*verdict, findings, is_ours)));
                }
            }
            Event::ScenarioFinished {
                scenario, verdict, ..
            } => {
                if let Some((client, feature, worst)) = self.open.remove(scenario) {
                    let cell = worst.unwrap_or_else(|| cell_of(*verdict, &[], true));
                    let known = self.cells.entry((client, feature)).or_insert(cell);
                    *known = (*known).max(cell);
                }
            }
            // What was interrupted is not tested, unless it already failed.
            Event::RunFinished { .. } => {
                for (_, (client, feature, worst)) in std::mem::take(&mut self.open) {
                    if let Some(cell) = worst.filter(|cell| *cell >= Cell::BreaksRfc) {
                        let known = self.cells.entry((client, feature)).or_insert(cell);
                        *known = (*known).max(cell);
                    }
                }
            }
            _ => {}
        }
    }

    /// Clients by their first scenario.
    pub fn clients(&self) -> Vec<&str> {
        let mut clients: Vec<(usize, &str)> = self
            .clients
            .iter()
            .map(|(client, first)| (*first, client.as_str()))
            .collect();
        clients.sort_unstable();
        clients.into_iter().map(|(_, client)| client).collect()
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
    }
}

/// A step that is not judged says nothing as long as another one is.
fn cell_of(verdict: Verdict, findings: &[Finding], is_ours: bool) -> Cell {
    match verdict {
        Verdict::Skip => Cell::Skip,
        Verdict::Pass if findings.iter().any(warns) => Cell::Warn,
        Verdict::Pass => Cell::Pass,
        Verdict::Error => Cell::Fail,
        Verdict::Fail => {
            let mut wrong = findings
                .iter()
                .filter(|finding| finding.counts())
                .peekable();
            let only_rfc =
                wrong.peek().is_some() && wrong.all(|finding| finding.authority == Authority::Rfc);
            if only_rfc && !is_ours {
                Cell::BreaksRfc
            } else {
                Cell::Fail
            }
        }
    }
}
