//! Which element of one array belongs to which of the other, so that a difference is shown where it is.

use std::collections::HashMap;

use serde_json::Value;

use super::canonical::{folded_key, key};
use super::ignored::member;

/// Names an element, best first. `type` is left to [`by_type`].
const IDENTITIES: [&str; 7] = [
    "value",
    "id",
    "$ref",
    "bulkid",
    "name",
    "username",
    "displayname",
];
/// More pairs than this are not tried one by one.
const MOST_PAIRS: usize = 4096;

/// An expected element is satisfied by a received one although they are not equal.
pub(super) type Fits<'a> = dyn Fn(&Value, &Value) -> bool + 'a;

/// Elements of two arrays by their positions.
#[derive(Debug, Default)]
pub(super) struct Alignment {
    /// Not equal, but the same thing on both sides.
    pub(super) pairs: Vec<(usize, usize)>,
    /// Only expected.
    pub(super) missing: Vec<usize>,
    /// Only received.
    pub(super) extra: Vec<usize>,
}

/// Aligns two arrays; elements that are equal, or fit if that is enough, are left out.
pub(super) fn align(
    attribute: &str,
    expected: &[Value],
    received: &[Value],
    fits: Option<&Fits<'_>>,
) -> Alignment {
    let (mut missing, mut extra) = without_equals(expected, received);
    if let Some(fits) = fits {
        take_fitting(expected, received, &mut missing, &mut extra, fits);
    }
    let mut pairs = Vec::new();
    for name in IDENTITIES {
        pairs.extend(take_same(
            |position| identity(&expected[position], name),
            |position| identity(&received[position], name),
            &mut missing,
            &mut extra,
        ));
        if name == "value" && !refers(attribute) {
            pairs.extend(by_type(expected, received, &mut missing, &mut extra));
        }
    }
    if !refers(attribute) {
        pairs.extend(by_similarity(expected, received, &mut missing, &mut extra));
    }
    pairs.sort_unstable();
    missing.sort_unstable();
    extra.sort_unstable();
    Alignment {
        pairs,
        missing,
        extra,
    }
}

/// Elements are other resources, or resources: two different ones are never the same thing changed.
fn refers(attribute: &str) -> bool {
    ["members", "groups", "resources", "schemas"]
        .iter()
        .any(|name| attribute.eq_ignore_ascii_case(name))
}

fn identity(element: &Value, name: &str) -> Option<String> {
    member(element, name)
        .filter(|value| !value.is_null())
        .map(folded_key)
}

/// Positions of what is left on each side, in an order that does not depend on that of the arrays.
fn without_equals(expected: &[Value], received: &[Value]) -> (Vec<usize>, Vec<usize>) {
    let mut open: HashMap<String, Vec<usize>> = HashMap::with_capacity(received.len());
    for (position, element) in received.iter().enumerate().rev() {
        open.entry(key(element)).or_default().push(position);
    }
    let mut missing = Vec::new();
    for (position, element) in expected.iter().enumerate() {
        let key = key(element);
        if open.get_mut(&key).and_then(Vec::pop).is_none() {
            missing.push((key, position));
        }
    }
    let mut extra: Vec<(String, usize)> = open
        .into_iter()
        .flat_map(|(key, positions)| {
            positions
                .into_iter()
                .map(move |position| (key.clone(), position))
        })
        .collect();
    missing.sort_unstable();
    extra.sort_unstable();
    let positions =
        |keyed: Vec<(String, usize)>| keyed.into_iter().map(|(_, position)| position).collect();
    (positions(missing), positions(extra))
}

/// Takes out as many as possible of what fits without being equal (augmenting paths).
fn take_fitting(
    expected: &[Value],
    received: &[Value],
    missing: &mut Vec<usize>,
    extra: &mut Vec<usize>,
    fits: &Fits<'_>,
) {
    if missing.len() * extra.len() > MOST_PAIRS {
        return;
    }
    let edges: Vec<Vec<usize>> = missing
        .iter()
        .map(|&left| {
            (0..extra.len())
                .filter(|&right| fits(&expected[left], &received[extra[right]]))
                .collect()
        })
        .collect();
    let mut taken_by: Vec<Option<usize>> = vec![None; extra.len()];
    for left in 0..missing.len() {
        let mut tried = vec![false; extra.len()];
        augment(left, &edges, &mut taken_by, &mut tried);
    }
    let satisfied: Vec<usize> = taken_by.iter().flatten().copied().collect();
    let mut position = 0;
    missing.retain(|_| {
        position += 1;
        !satisfied.contains(&(position - 1))
    });
    let mut position = 0;
    extra.retain(|_| {
        position += 1;
        taken_by[position - 1].is_none()
    });
}

fn augment(
    left: usize,
    edges: &[Vec<usize>],
    taken_by: &mut [Option<usize>],
    tried: &mut [bool],
) -> bool {
    for &right in &edges[left] {
        if std::mem::replace(&mut tried[right], true) {
            continue;
        }
        let free = match taken_by[right] {
            None => true,
            Some(other) => augment(other, edges, taken_by, tried),
        };
        if free {
            taken_by[right] = Some(left);
            return true;
        }
    }
    false
}

/// Pairs what has the same key on both sides.
fn take_same(
    expected: impl Fn(usize) -> Option<String>,
    received: impl Fn(usize) -> Option<String>,
    missing: &mut Vec<usize>,
    extra: &mut Vec<usize>,
) -> Vec<(usize, usize)> {
    if missing.is_empty() || extra.is_empty() {
        return Vec::new();
    }
    let mut open: HashMap<String, Vec<usize>> = HashMap::new();
    for &position in extra.iter().rev() {
        if let Some(key) = received(position) {
            open.entry(key).or_default().push(position);
        }
    }
    let mut pairs = Vec::new();
    missing.retain(|&left| {
        let found = expected(left).and_then(|key| open.get_mut(&key).and_then(Vec::pop));
        pairs.extend(found.map(|right| (left, right)));
        found.is_none()
    });
    let taken: std::collections::HashSet<usize> = pairs.iter().map(|(_, right)| *right).collect();
    extra.retain(|position| !taken.contains(position));
    pairs
}

/// Pairs the only element of a type with the only one of that type: "the work address".
fn by_type(
    expected: &[Value],
    received: &[Value],
    missing: &mut Vec<usize>,
    extra: &mut Vec<usize>,
) -> Vec<(usize, usize)> {
    if missing.is_empty() || extra.is_empty() {
        return Vec::new();
    }
    let once = |elements: &[Value]| {
        let mut counts: HashMap<String, usize> = HashMap::new();
        for kind in elements
            .iter()
            .filter_map(|element| identity(element, "type"))
        {
            *counts.entry(kind).or_default() += 1;
        }
        counts
    };
    let (left, right) = (once(expected), once(received));
    let unique = |kind: &String| left.get(kind) == Some(&1) && right.get(kind) == Some(&1);
    take_same(
        |position| identity(&expected[position], "type").filter(unique),
        |position| identity(&received[position], "type").filter(unique),
        missing,
        extra,
    )
}

/// Pairs what has most members in common, and the last one on each side if both are mappings.
fn by_similarity(
    expected: &[Value],
    received: &[Value],
    missing: &mut Vec<usize>,
    extra: &mut Vec<usize>,
) -> Vec<(usize, usize)> {
    if missing.len() * extra.len() > MOST_PAIRS {
        return Vec::new();
    }
    let alone = missing.len() == 1 && extra.len() == 1;
    let mut scored = Vec::new();
    for (left_order, &left) in missing.iter().enumerate() {
        for (right_order, &right) in extra.iter().enumerate() {
            if let Some(common) = in_common(&expected[left], &received[right])
                && (common > 0 || alone)
            {
                scored.push((usize::MAX - common, left_order, right_order, left, right));
            }
        }
    }
    scored.sort_unstable();
    let mut pairs: Vec<(usize, usize)> = Vec::new();
    for (_, _, _, left, right) in scored {
        if missing.contains(&left) && extra.contains(&right) {
            missing.retain(|&position| position != left);
            extra.retain(|&position| position != right);
            pairs.push((left, right));
        }
    }
    pairs
}

/// How many members are equal; `None` if the two cannot be the same thing.
fn in_common(expected: &Value, received: &Value) -> Option<usize> {
    let (Value::Object(left), Value::Object(_)) = (expected, received) else {
        return None;
    };
    let other_id = |name| match (member(expected, name), member(received, name)) {
        (Some(left), Some(right)) => folded_key(left) != folded_key(right),
        _ => false,
    };
    if other_id("id") || other_id("$ref") {
        return None;
    }
    let same = |(name, value): &(&String, &Value)| {
        member(received, name).is_some_and(|other| folded_key(other) == folded_key(value))
    };
    Some(left.iter().filter(same).count())
}
