//! Counts of requirements by how it stands with them, and the groups that they are counted in.

use serde::Serialize;

use crate::coverage::{Entry, Standing};

/// How many requirements there are, and how it stands with them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub(crate) struct Tally {
    /// All.
    pub(crate) count: usize,
    /// Judged by a scenario or a check.
    pub(crate) tested: usize,
    /// Not to be judged by any client.
    pub(crate) untestable: usize,
    /// The rest.
    pub(crate) untested: usize,
}

impl Tally {
    /// Of these.
    pub(crate) fn of<'e>(entries: impl IntoIterator<Item = &'e Entry>) -> Self {
        let mut tally = Self::default();
        for entry in entries {
            tally.add(entry.standing());
        }
        tally
    }

    fn add(&mut self, standing: Standing) {
        self.count += 1;
        match standing {
            Standing::Tested => self.tested += 1,
            Standing::Untestable => self.untestable += 1,
            Standing::Untested => self.untested += 1,
        }
    }

    /// The four numbers in the order in which they are shown.
    pub(crate) fn columns(self) -> [usize; 4] {
        [self.count, self.tested, self.untestable, self.untested]
    }
}

/// The tiers that there are, lowest first.
pub(crate) fn by_tier(entries: &[Entry]) -> Vec<(u8, Tally)> {
    let mut tiers: Vec<u8> = entries.iter().map(|entry| entry.requirement.tier).collect();
    tiers.sort_unstable();
    tiers.dedup();
    tiers
        .into_iter()
        .map(|tier| {
            let of_tier = entries
                .iter()
                .filter(|entry| entry.requirement.tier == tier);
            (tier, Tally::of(of_tier))
        })
        .collect()
}

/// The groups of sections that there are, in the order of the entries.
pub(crate) fn by_section(entries: &[Entry]) -> Vec<(String, Tally)> {
    let mut groups: Vec<(String, Tally)> = Vec::new();
    for entry in entries {
        let section = entry.requirement.group();
        if groups.last().is_none_or(|(last, _)| *last != section) {
            groups.push((section, Tally::default()));
        }
        if let Some((_, tally)) = groups.last_mut() {
            tally.add(entry.standing());
        }
    }
    groups
}
