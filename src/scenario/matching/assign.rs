//! Gives matchers elements of their own: lists have no order.

use serde_json::Value;

use super::fits;
use crate::scenario::matcher::Matcher;

/// Gives each matcher an element of its own where possible. Returns the matchers without one and the elements left.
pub(super) fn assigned(expected: &[Matcher<Value>], items: &[Value]) -> (Vec<usize>, Vec<usize>) {
    let mut owner: Vec<Option<usize>> = vec![None; items.len()];
    let mut unmatched = Vec::new();
    for index in 0..expected.len() {
        let mut tried = vec![false; items.len()];
        if !give(index, expected, items, &mut owner, &mut tried) {
            unmatched.push(index);
        }
    }
    let spare = (0..items.len())
        .filter(|item| owner[*item].is_none())
        .collect();
    (unmatched, spare)
}

/// One step of Kuhn's matching: a free element first, then one whose owner can move.
fn give(
    index: usize,
    expected: &[Matcher<Value>],
    items: &[Value],
    owner: &mut [Option<usize>],
    tried: &mut [bool],
) -> bool {
    for item in 0..items.len() {
        if owner[item].is_none() && fits(&expected[index], Some(&items[item])) {
            owner[item] = Some(index);
            return true;
        }
    }
    for item in 0..items.len() {
        let Some(other) = owner[item] else { continue };
        if !tried[item] && fits(&expected[index], Some(&items[item])) {
            tried[item] = true;
            if give(other, expected, items, owner, tried) {
                owner[item] = Some(index);
                return true;
            }
        }
    }
    false
}
