//! A second recording of the same story: what differs between both is noise, what is equal is meaning.

use std::collections::BTreeMap;

use serde_json::Value;
use similar::{Algorithm, DiffOp, capture_diff_slices};

use super::attribute::owner_of;
use super::body::tree;
use super::fold::Asked;
use super::naming::is_guid;
use super::people::{Cast, attribute_at};
use super::text::plain;

/// Places that are told where both recordings part.
const PLACES: usize = 10;

/// The second recording beside the first one.
#[derive(Debug, Default)]
pub(super) struct Again<'a> {
    /// For each request of the first: the same one in the second.
    pairs: Vec<Option<&'a Asked<'a>>>,
    /// Values of requests that are others in the second, and neither somebody's nor the target's.
    pub(super) noise: Vec<String>,
}

impl<'a> Again<'a> {
    /// Holds both next to each other.
    pub(super) fn of(
        first: &[Asked<'_>],
        second: &'a [Asked<'a>],
        cast: &Cast,
        notes: &mut Vec<String>,
    ) -> Self {
        let keys = |all: &[Asked<'_>]| all.iter().map(shape).collect::<Vec<String>>();
        let (one, other) = (keys(first), keys(second));
        let mut pairs: Vec<Option<&Asked<'_>>> = vec![None; first.len()];
        let mut parted = Vec::new();
        for operation in capture_diff_slices(Algorithm::Myers, &one, &other) {
            match operation {
                DiffOp::Equal {
                    old_index,
                    new_index,
                    len,
                } => {
                    for step in 0..len {
                        pairs[old_index + step] = second.get(new_index + step);
                    }
                }
                DiffOp::Delete { old_index, .. } | DiffOp::Replace { old_index, .. } => {
                    parted.push(format!(
                        "`{}` is not in the second recording at this place",
                        plain(&one[old_index])
                    ));
                }
                DiffOp::Insert { new_index, .. } => parted.push(format!(
                    "`{}` is in the second recording only",
                    plain(&other[new_index])
                )),
            }
        }
        let more = parted.len().saturating_sub(PLACES);
        parted.truncate(PLACES);
        notes.append(&mut parted);
        if more > 0 {
            notes.push(format!("the recordings part at {more} more places"));
        }
        let mut again = Self {
            pairs,
            noise: Vec::new(),
        };
        for (asked, pair) in first.iter().zip(&again.pairs) {
            if let Some(pair) = pair
                && asked.exchange.status() != pair.exchange.status()
            {
                notes.push(format!(
                    "`{}` was answered {} the first time and {} the second",
                    plain(&shape(asked)),
                    status(asked),
                    status(pair)
                ));
            }
        }
        again.find_noise(first, cast);
        again
    }

    /// The same request in the second recording.
    pub(super) fn pair(&self, index: usize) -> Option<&'a Asked<'a>> {
        self.pairs.get(index).copied().flatten()
    }

    fn find_noise(&mut self, first: &[Asked<'_>], cast: &Cast) {
        let mut given: Vec<&Value> = Vec::new();
        let mut noise: Vec<String> = Vec::new();
        for (asked, pair) in first.iter().zip(&self.pairs) {
            if let (Some(pair), Some(one)) = (pair, &asked.body)
                && let Some(other) = &pair.body
            {
                let owner = owner_of(asked.address.endpoint());
                let (one_texts, other_texts) = (texts(one), texts(other));
                for (place, value) in &one_texts {
                    let differs = other_texts.get(place).is_some_and(|other| other != value);
                    let names: Vec<String> = place.split('\n').map(str::to_owned).collect();
                    let leaf = super::body::Leaf {
                        names: &names,
                        value,
                    };
                    let (_, attribute) = attribute_at(owner, one, &leaf);
                    let told = given.iter().any(|answer| holds(answer, value));
                    let is_somebody = attribute.is_personal() || cast.knows(value);
                    if differs && !told && !is_somebody && !noise.contains(value) {
                        noise.push(value.clone());
                    }
                }
            }
            if let (Some((_, one)), Some(pair)) = (asked.address.looked_up(), pair)
                && let Some((_, other)) = pair.address.looked_up()
                && one != other
                && !cast.knows(one)
                && !is_guid(one)
            {
                noise.push(one.to_owned());
            }
            given.extend(asked.accepted());
        }
        self.noise = noise;
    }
}

/// The texts of a body by their places, the names joined by line breaks.
fn texts(body: &Value) -> BTreeMap<String, String> {
    let mut texts = BTreeMap::new();
    tree(body, &mut Vec::new(), &mut |leaf| {
        texts.insert(leaf.names.join("\n"), leaf.value.to_owned());
        None
    });
    texts
}

fn holds(value: &Value, wanted: &str) -> bool {
    match value {
        Value::String(text) => text.contains(wanted),
        Value::Array(items) => items.iter().any(|item| holds(item, wanted)),
        Value::Object(members) => members.values().any(|member| holds(member, wanted)),
        _ => false,
    }
}

/// What both recordings must have in common: method, path without ids, names of parameters.
fn shape(asked: &Asked<'_>) -> String {
    let mut shape = asked.method().to_owned();
    for (index, segment) in asked.address.path.iter().enumerate() {
        shape.push('/');
        shape.push_str(match index == 1 && asked.address.id().is_some() {
            true => "…",
            false => segment,
        });
    }
    let shape = shape.replacen('/', " /", 1);
    let names: Vec<&str> = asked
        .address
        .query
        .iter()
        .map(|(name, _)| name.as_str())
        .collect();
    match names.is_empty() {
        true => shape,
        false => format!("{shape}?{}", names.join("&")),
    }
}

fn status(asked: &Asked<'_>) -> String {
    asked
        .exchange
        .status()
        .map_or("not at all".to_owned(), |status| status.to_string())
}
