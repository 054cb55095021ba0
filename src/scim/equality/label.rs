//! How an element of an array is named in a path.

use std::collections::HashMap;

use serde_json::Value;

use super::canonical::folded_key;
use super::ignored::member;

/// Best first: a type says more to a reader than a value, which may be the thing that differs.
const NAMES: [&str; 8] = [
    "type",
    "value",
    "id",
    "$ref",
    "bulkId",
    "name",
    "userName",
    "displayName",
];

/// Names elements of two arrays by a member that tells them apart.
pub(super) struct Labels {
    /// How often a value occurs under a name, for each side.
    counts: [HashMap<(usize, String), usize>; 2],
}

impl Labels {
    pub(super) fn of(expected: &[Value], received: &[Value]) -> Self {
        let count = |elements: &[Value]| {
            let mut counts = HashMap::new();
            for element in elements {
                for (order, name) in NAMES.iter().enumerate() {
                    if let Some(value) = text_of(element, name) {
                        *counts.entry((order, folded_key(value))).or_default() += 1;
                    }
                }
            }
            counts
        };
        Self {
            counts: [count(expected), count(received)],
        }
    }

    /// For an element that is on both sides: by what is the same on both.
    pub(super) fn of_pair(&self, position: usize, expected: &Value, received: &Value) -> String {
        for (order, name) in NAMES.iter().enumerate() {
            if let (Some(left), Some(right)) = (text_of(expected, name), text_of(received, name)) {
                let key = folded_key(left);
                if key == folded_key(right)
                    && self
                        .counts
                        .iter()
                        .all(|side| side.get(&(order, key.clone())) == Some(&1))
                {
                    return selector(name, left);
                }
            }
        }
        format!("[{position}]")
    }

    /// For an element that is on one side only.
    pub(super) fn of_one(&self, position: usize, element: &Value) -> String {
        for (order, name) in NAMES.iter().enumerate() {
            if let Some(value) = text_of(element, name) {
                let key = (order, folded_key(value));
                let everywhere: usize = self.counts.iter().filter_map(|side| side.get(&key)).sum();
                if everywhere == 1 {
                    return selector(name, value);
                }
            }
        }
        format!("[{position}]")
    }
}

/// Only a plain value can stand in a filter.
fn text_of<'a>(element: &'a Value, name: &str) -> Option<&'a Value> {
    member(element, name).filter(|value| value.is_string() || value.is_number())
}

fn selector(name: &str, value: &Value) -> String {
    format!("[{name} eq {value}]")
}
