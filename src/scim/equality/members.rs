//! The members of a mapping, found without case.

use std::collections::HashMap;

use serde_json::{Map, Value};

use super::canonical::key;
use super::is_absent;

/// Members with one name but for case. Nearly always one.
type Group<'a> = Vec<(&'a str, &'a Value)>;

/// The members that are there, grouped by name, in the order of the mapping.
pub(super) struct Members<'a> {
    groups: Vec<(String, Group<'a>)>,
    positions: HashMap<String, usize>,
}

impl<'a> Members<'a> {
    pub(super) fn of(members: &'a Map<String, Value>) -> Self {
        let mut groups: Vec<(String, Group<'a>)> = Vec::with_capacity(members.len());
        let mut positions: HashMap<String, usize> = HashMap::with_capacity(members.len());
        for (name, value) in members {
            if is_absent(value) {
                continue;
            }
            let lower = name.to_lowercase();
            if let Some(&position) = positions.get(&lower) {
                let group: &mut Group<'a> = &mut groups[position].1;
                group.push((name, value));
                group.sort_by_cached_key(|(_, value)| key(value));
            } else {
                positions.insert(lower.clone(), groups.len());
                groups.push((lower, vec![(name, value)]));
            }
        }
        Self { groups, positions }
    }

    /// Lower-case names with their members.
    pub(super) fn groups(&self) -> impl Iterator<Item = (&str, &[(&'a str, &'a Value)])> {
        self.groups
            .iter()
            .map(|(lower, group)| (lower.as_str(), group.as_slice()))
    }

    /// The members of that lower-case name.
    pub(super) fn named(&self, lower: &str) -> &[(&'a str, &'a Value)] {
        self.positions
            .get(lower)
            .map_or(&[], |&position| &self.groups[position].1)
    }
}
