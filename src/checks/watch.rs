//! Shows every exchange to every check, in order.

use std::collections::{BTreeMap, BTreeSet};

use crate::checks::seen::{Reading, Seen, Sent};
use crate::checks::{Check, Fault, History, Judged, Stake};
use crate::exchange::Exchange;
use crate::finding::{Authority, Finding, Verdict};
use crate::profile::ProfileId;

/// Judges exchanges one after the other, and remembers what they said of the target and its resources.
#[derive(Debug, Clone, Default)]
pub struct Watch {
    history: History,
    judged: BTreeMap<&'static str, u64>,
}

impl Watch {
    /// One that knows what these exchanges say, without having judged them.
    pub fn after(exchanges: &[Exchange]) -> Self {
        let mut watch = Self::default();
        for exchange in exchanges {
            if let Some(reading) = Reading::of(exchange, &watch.history, &Sent::new()) {
                watch.history.learn(&reading);
            }
        }
        watch
    }

    /// What is wrong with these exchanges, in the order in which they were sent; findings carry their index. `crowded`:
    /// they went out at once.
    pub fn judge(&mut self, exchanges: &[Exchange], crowded: bool) -> Vec<Finding> {
        let mut findings = Vec::new();
        // The same fault in every page of a walk, or in every repetition, is one finding.
        let mut said = BTreeSet::new();
        let spoken = exchanges.iter().enumerate();
        for (index, exchange) in spoken.filter(|(_, exchange)| exchange.request.api.is_scim()) {
            let sent = Sent::new();
            let Some(reading) = Reading::of(exchange, &self.history, &sent) else {
                self.history.lose_track();
                continue;
            };
            if crowded {
                self.history.lose_track();
            }
            let seen = Seen::new(reading, &self.history, crowded);
            for check in Check::all() {
                let faults = match (check.judge)(&seen) {
                    Judged::Silent => continue,
                    Judged::Holds => Vec::new(),
                    Judged::Broken(faults) => faults,
                };
                *self.judged.entry(check.id).or_default() += 1;
                for fault in faults {
                    if said.insert((check.id, fault.message.clone())) {
                        let stakes = check.stakes.iter().filter(|stake| binds(stake, &seen));
                        findings.extend(stakes.map(|stake| finding(check, stake, &fault, index)));
                    }
                }
            }
            self.history.learn(&reading);
        }
        if crowded {
            // Which of them came last, nobody knows.
            self.history.lose_track();
        }
        findings
    }

    /// How often each check had something to judge, by its id. What is not here was not tested.
    pub fn judged(&self) -> &BTreeMap<&'static str, u64> {
        &self.judged
    }
}

/// What a provider needs, it needs of the answers that it gets itself.
fn binds(stake: &Stake, seen: &Seen<'_>) -> bool {
    match stake.authority {
        Authority::Rfc | Authority::Snapshot => true,
        provider => seen
            .client()
            .and_then(ProfileId::named)
            .is_some_and(|client| client.authority() == provider),
    }
}

fn finding(check: &Check, stake: &Stake, fault: &Fault, exchange: usize) -> Finding {
    Finding {
        requirements: match stake.authority {
            Authority::Rfc => check.requirements.iter().map(|&id| id.to_owned()).collect(),
            _ => Vec::new(),
        },
        differences: fault.differences.clone(),
        // The requirement itself says where it stands.
        source: (stake.authority != Authority::Rfc || check.requirements.is_empty())
            .then(|| stake.source.to_owned()),
        exchange: Some(exchange),
        ..Finding::new(
            check.id,
            Verdict::Fail,
            stake.strength,
            stake.authority,
            &fault.message,
        )
    }
}
