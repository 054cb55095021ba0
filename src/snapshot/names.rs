//! Numbers for values.

use std::borrow::Borrow;
use std::collections::HashMap;
use std::hash::Hash;

/// Numbers, in the order in which values are seen.
#[derive(Debug, Clone)]
pub(super) struct Names<T>(HashMap<T, usize>);

impl<T: Hash + Eq> Names<T> {
    /// No values yet.
    pub(super) fn new() -> Self {
        Self(HashMap::new())
    }

    /// The number of a value, the next one if it is new.
    pub(super) fn number(&mut self, value: T) -> usize {
        let next = self.0.len() + 1;
        *self.0.entry(value).or_insert(next)
    }

    /// The number of a value that was seen.
    pub(super) fn known<Q: Hash + Eq + ?Sized>(&self, value: &Q) -> Option<usize>
    where
        T: Borrow<Q>,
    {
        self.0.get(value).copied()
    }
}
