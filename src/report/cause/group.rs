//! Puts failures with one cause together.

use std::collections::{BTreeMap, BTreeSet};

use super::request::Kind;
use super::symptom::{Joining, Symptom};

/// What requests had that were accepted: it is not why others were refused.
pub(super) type Accepted = BTreeMap<Kind, BTreeSet<String>>;

/// Failures with one cause, by their place in the list that was given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Group {
    pub(super) members: Vec<usize>,
    pub(super) signs: BTreeSet<String>,
    /// Other requests of this kind were accepted, and the signs are what those did not have.
    pub(super) are_suspects: bool,
    /// What was never accepted, for whatever reasons: `POST /Groups`.
    pub(super) never_worked: Option<String>,
}

/// A failure's signs, and its place in the list.
type Member = (BTreeSet<String>, usize);

/// Groups of the symptoms, in no order that means anything.
pub(super) fn groups(symptoms: &[&Symptom], accepted: &Accepted) -> Vec<Group> {
    let mut alike: BTreeMap<(&[String], Joining), Vec<Member>> = BTreeMap::new();
    for (place, symptom) in symptoms.iter().enumerate() {
        let (signs, joining) = suspects(symptom, accepted);
        alike
            .entry((&symptom.about, joining))
            .or_default()
            .push((signs, place));
    }
    let mut groups = Vec::new();
    for ((_, joining), mut members) in alike {
        // The plainest first: what it shows is in the others, too.
        members.sort_by(|left, right| (left.0.len(), left).cmp(&(right.0.len(), right)));
        let mut of_these: Vec<Group> = Vec::new();
        for (signs, place) in members {
            join(&mut of_these, joining, signs, place);
        }
        for group in &mut of_these {
            let kind = symptoms[group.members[0]].kind.as_ref();
            group.are_suspects = joining == Joining::Suspects
                && kind.is_some_and(|kind| accepted.contains_key(kind));
        }
        groups.extend(of_these);
    }
    never_worked(groups, symptoms, accepted)
}

/// What a refused request has that no accepted one of its kind has; all, if that leaves nothing.
fn suspects(symptom: &Symptom, accepted: &Accepted) -> (BTreeSet<String>, Joining) {
    if symptom.joining != Joining::Suspects {
        return (symptom.signs.clone(), symptom.joining);
    }
    let innocent = symptom.kind.as_ref().and_then(|kind| accepted.get(kind));
    let suspects: BTreeSet<String> = symptom
        .signs
        .iter()
        .filter(|sign| !innocent.is_some_and(|innocent| innocent.contains(*sign)))
        .cloned()
        .collect();
    match suspects.is_empty() {
        true => (symptom.signs.clone(), Joining::Same),
        false => (suspects, Joining::Suspects),
    }
}

fn join(groups: &mut Vec<Group>, joining: Joining, signs: BTreeSet<String>, place: usize) {
    let fits = |group: &Group| match joining {
        Joining::Same => group.signs == signs,
        Joining::Suspects => !group.signs.is_disjoint(&signs),
        Joining::Within => {
            group.signs.is_subset(&signs) && group.signs.is_empty() == signs.is_empty()
        }
        Joining::Words => true,
        Joining::Begins => group
            .signs
            .iter()
            .any(|known| signs.iter().any(|sign| begins(sign, known))),
    };
    let mut fitting: Vec<usize> = (0..groups.len()).filter(|&at| fits(&groups[at])).collect();
    let Some(first) = (!fitting.is_empty()).then(|| fitting.remove(0)) else {
        groups.push(Group {
            members: vec![place],
            signs,
            are_suspects: false,
            never_worked: None,
        });
        return;
    };
    groups[first].members.push(place);
    if !matches!(joining, Joining::Suspects | Joining::Words) {
        return;
    }
    groups[first].signs.extend(signs);
    // It has something in common with several: they are one.
    for other in fitting.into_iter().rev() {
        let other = groups.remove(other);
        groups[first].members.extend(other.members);
        groups[first].signs.extend(other.signs);
    }
}

/// Whether one message is the beginning of the other.
fn begins(one: &str, other: &str) -> bool {
    let plain = |text: &str| text.trim_end_matches(['.', '…', ' ']).to_owned();
    let (one, other) = (plain(one), plain(other));
    one.starts_with(&other) || other.starts_with(&one)
}

/// Where no request of a kind, or to a resource, was ever accepted, that is the cause, whatever was wrong with each.
fn never_worked(groups: Vec<Group>, symptoms: &[&Symptom], accepted: &Accepted) -> Vec<Group> {
    let roots: BTreeSet<&str> = accepted.keys().map(Kind::root).collect();
    let mut missing: BTreeMap<String, Group> = BTreeMap::new();
    let mut others = Vec::new();
    for group in groups {
        let whole = whole_of(&group, symptoms);
        let label = whole.and_then(|kind| match roots.contains(kind.root()) {
            false => Some(format!("request to {}", kind.root())),
            true => (!accepted.contains_key(kind)).then(|| kind.to_string()),
        });
        let Some(label) = label else {
            others.push(group);
            continue;
        };
        match missing.get_mut(&label) {
            None => {
                missing.insert(label, group);
            }
            Some(known) => {
                known.members.extend(group.members);
                known.never_worked = Some(label);
            }
        }
    }
    others.extend(missing.into_values());
    others
}

/// The one kind of request that all of a group are, if all were answered with a wrong status.
fn whole_of<'s>(group: &Group, symptoms: &[&'s Symptom]) -> Option<&'s Kind> {
    let mut members = group.members.iter().map(|&member| symptoms[member]);
    let kind = members.next()?.kind.as_ref()?;
    let all = group.members.iter().all(|&member| {
        let symptom = symptoms[member];
        symptom.is_status() && symptom.kind.as_ref() == Some(kind)
    });
    all.then_some(kind)
}
