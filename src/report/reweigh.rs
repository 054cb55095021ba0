//! Weighs the findings of an event log again, by what fails a run now.

use std::collections::BTreeMap;

use crate::event::Event;
use crate::finding::Verdict;
use crate::finding::weighing::{Weighed, Weighing, failure};

/// Turns the events of a run into those of the same run with other rules of what fails.
#[derive(Debug, Clone)]
pub struct Reweighing {
    weighing: Weighing,
    open: BTreeMap<usize, Open>,
}

/// A scenario that is not over.
#[derive(Debug, Clone)]
struct Open {
    path: String,
    client: String,
    worst: Verdict,
}

impl Reweighing {
    /// By these rules.
    pub fn new(weighing: Weighing) -> Self {
        Self {
            weighing,
            open: BTreeMap::new(),
        }
    }

    /// The event as it would have been.
    pub fn weighed(&mut self, mut event: Event) -> Event {
        match &mut event {
            Event::ScenarioStarted {
                scenario,
                path,
                client,
                ..
            } => {
                let open = Open {
                    path: path.clone(),
                    client: client.clone(),
                    worst: Verdict::Pass,
                };
                self.open.insert(*scenario, open);
            }
            Event::StepFinished {
                scenario,
                step,
                verdict,
                findings,
                ..
            } => {
                if let Some(open) = self.open.get_mut(scenario)
                    && *verdict != Verdict::Skip
                {
                    let of = Weighed {
                        scenario: &open.path,
                        client: &open.client,
                        step,
                    };
                    *findings = self.weighing.weigh(of, std::mem::take(findings));
                    *verdict = failure(findings).unwrap_or(Verdict::Pass);
                    open.worst = open.worst.max(*verdict);
                }
            }
            Event::ScenarioFinished {
                scenario, verdict, ..
            } => {
                if let Some(open) = self.open.remove(scenario)
                    && *verdict != Verdict::Skip
                {
                    *verdict = open.worst;
                }
            }
            _ => {}
        }
        event
    }
}
