//! What a filter asks of a resource, and whether a resource meets it (RFC 7644 3.4.2.2).

use std::cmp::Ordering;
use std::collections::BTreeSet;

use jiff::Timestamp;
use serde_json::Value;

use super::field::{Field, Scalar, Source};
use super::policy::{Policies, Policy};
use super::store::{Place, Store};
use super::text::comparable;
use crate::scim::filter::Operator;

/// A filter whose attributes were looked up and whose comparisons make sense for them.
#[derive(Debug)]
pub(crate) enum Condition {
    All(Vec<Condition>),
    Any(Vec<Condition>),
    Not(Box<Condition>),
    Present(Field),
    Compare {
        field: Field,
        operator: Operator,
        value: Wanted,
    },
    Element {
        field: Field,
        condition: Box<Condition>,
    },
}

/// The right side of a comparison, read as the attribute's type.
#[derive(Debug)]
pub(crate) enum Wanted {
    Text(String),
    Boolean(bool),
    Number(f64),
    Moment(Timestamp),
    Nothing,
}

impl Condition {
    /// Whether a stored resource meets the condition.
    pub(crate) fn holds(&self, store: &Store, place: Place) -> bool {
        match self {
            Condition::All(parts) => parts.iter().all(|part| part.holds(store, place)),
            Condition::Any(parts) => parts.iter().any(|part| part.holds(store, place)),
            Condition::Not(inner) => !inner.holds(store, place),
            Condition::Present(field) => field.values(store, place).iter().any(is_present),
            Condition::Compare {
                field,
                operator: Operator::Eq,
                value: Wanted::Text(id),
            } if field.source.is_member_id() => store
                .get(place)
                .is_some_and(|group| group.members.contains(id)),
            Condition::Compare {
                field,
                operator,
                value,
            } => compare_all(
                &field.values(store, place),
                field,
                *operator,
                value,
                &store.policies,
            ),
            Condition::Element { field, condition } => match &field.source {
                Source::Members(_) if condition.only_id().is_some() => {
                    let group = store.get(place);
                    group
                        .zip(condition.only_id())
                        .is_some_and(|(group, id)| group.members.contains(id))
                }
                Source::Stored(stored) => {
                    let resource = store.get(place);
                    let elements = resource
                        .map(|resource| stored.values(&resource.attributes))
                        .unwrap_or_default();
                    elements
                        .into_iter()
                        .any(|element| condition.holds_in(element, &store.policies))
                }
                Source::Members(_) | Source::Groups(_) => elements_of(store, place, &field.source)
                    .iter()
                    .any(|element| condition.holds_in(element, &store.policies)),
                _ => false,
            },
        }
    }

    /// Whether one element meets the condition.
    pub(crate) fn holds_in(&self, element: &Value, policies: &Policies) -> bool {
        match self {
            Condition::All(parts) => parts.iter().all(|part| part.holds_in(element, policies)),
            Condition::Any(parts) => parts.iter().any(|part| part.holds_in(element, policies)),
            Condition::Not(inner) => !inner.holds_in(element, policies),
            Condition::Present(field) => field
                .value_in(element)
                .is_some_and(|value| is_present(&value)),
            Condition::Compare {
                field,
                operator,
                value,
            } => {
                let values: Vec<Scalar<'_>> = field.value_in(element).into_iter().collect();
                compare_all(&values, field, *operator, value, policies)
            }
            Condition::Element { .. } => false,
        }
    }

    /// The id, when the condition is only `value eq "id"`.
    pub(crate) fn only_id(&self) -> Option<&str> {
        match self {
            Condition::Compare {
                field,
                operator: Operator::Eq,
                value: Wanted::Text(id),
            } => match &field.source {
                Source::Stored(stored) if stored.extension.is_none() && stored.name == "value" => {
                    Some(id)
                }
                _ => None,
            },
            _ => None,
        }
    }

    /// A small set of resources that holds all matches, when an index knows one.
    pub(crate) fn candidates(&self, store: &Store, shelf: usize) -> Option<BTreeSet<u64>> {
        match self {
            Condition::All(parts) => parts
                .iter()
                .filter_map(|part| part.candidates(store, shelf))
                .min_by_key(BTreeSet::len),
            Condition::Any(parts) => {
                let mut union = BTreeSet::new();
                for part in parts {
                    union.extend(part.candidates(store, shelf)?);
                }
                Some(union)
            }
            Condition::Compare {
                field,
                operator: Operator::Eq,
                value: Wanted::Text(text),
            } => field_candidates(&field.source, text, store, shelf),
            Condition::Element { field, condition } => {
                condition.element_candidates(&field.source, store, shelf)
            }
            _ => None,
        }
    }

    fn element_candidates(
        &self,
        outer: &Source,
        store: &Store,
        shelf: usize,
    ) -> Option<BTreeSet<u64>> {
        match self {
            Condition::All(parts) => parts
                .iter()
                .find_map(|part| part.element_candidates(outer, store, shelf)),
            Condition::Compare {
                field,
                operator: Operator::Eq,
                value: Wanted::Text(text),
            } => {
                let Source::Stored(inner) = &field.source else {
                    return None;
                };
                let source = match outer {
                    Source::Members(_) => Source::Members(Some(inner.name.clone())),
                    Source::Stored(stored) => {
                        let mut stored = stored.clone();
                        stored.sub = Some(inner.name.clone());
                        Source::Stored(stored)
                    }
                    _ => return None,
                };
                field_candidates(&source, text, store, shelf)
            }
            _ => None,
        }
    }
}

fn field_candidates(
    source: &Source,
    text: &str,
    store: &Store,
    shelf: usize,
) -> Option<BTreeSet<u64>> {
    match source {
        Source::Id => Some(
            store
                .place(text)
                .filter(|place| place.shelf == shelf)
                .map(|place| place.row)
                .into_iter()
                .collect(),
        ),
        source if source.is_member_id() => Some(
            store
                .groups_with(text)
                .filter(|place| place.shelf == shelf)
                .map(|place| place.row)
                .collect(),
        ),
        Source::Stored(stored) => {
            let index = store.shelves[shelf]
                .indexes
                .iter()
                .find(|index| index.field == *stored)?;
            Some(
                index
                    .find(text, &store.policies)
                    .cloned()
                    .unwrap_or_default(),
            )
        }
        _ => None,
    }
}

/// Members and groups as elements, for the rare filters that look at more than their ids.
fn elements_of(store: &Store, place: Place, source: &Source) -> Vec<Value> {
    let Some(resource) = store.get(place) else {
        return Vec::new();
    };
    match source {
        Source::Members(_) => resource
            .members
            .iter()
            .map(|member| store.member_element(member, ""))
            .collect(),
        _ => store.group_elements(&resource.id, ""),
    }
}

fn is_present(value: &Scalar<'_>) -> bool {
    !matches!(value, Scalar::Text(text) if text.is_empty())
}

fn compare_all(
    values: &[Scalar<'_>],
    field: &Field,
    operator: Operator,
    wanted: &Wanted,
    policies: &Policies,
) -> bool {
    if field.source == Source::Unknown {
        return false;
    }
    if operator == Operator::Ne {
        // Nothing is not equal to anything. With several values the RFC's general rule is that any one may match.
        let equal = |value: &Scalar<'_>| compares(value, field, Operator::Eq, wanted, policies);
        let all_must_differ = values.is_empty() || !policies.first(Policy::NotEqual);
        return if all_must_differ {
            !values.iter().any(equal)
        } else {
            values.iter().any(|value| !equal(value))
        };
    }
    values
        .iter()
        .any(|value| compares(value, field, operator, wanted, policies))
}

fn compares(
    value: &Scalar<'_>,
    field: &Field,
    operator: Operator,
    wanted: &Wanted,
    policies: &Policies,
) -> bool {
    let order = match (value, wanted) {
        (Scalar::Text(text), Wanted::Text(wanted)) => {
            let text = comparable(text, field.case_exact, policies);
            // References may be written absolute or relative (RFC 7643 2.3.7).
            match operator {
                Operator::Co => return text.contains(wanted),
                Operator::Sw => return text.starts_with(wanted),
                Operator::Ew => return text.ends_with(wanted),
                Operator::Eq if field.is_own_address() => {
                    return wanted == &*text || wanted.ends_with(&*text);
                }
                _ => text.as_ref().cmp(wanted.as_str()),
            }
        }
        (Scalar::Boolean(value), Wanted::Boolean(wanted)) => value.cmp(wanted),
        (Scalar::Number(value), Wanted::Number(wanted)) => match value.partial_cmp(wanted) {
            Some(order) => order,
            None => return false,
        },
        (Scalar::Moment(value), Wanted::Moment(wanted)) => value.cmp(wanted),
        _ => return false,
    };
    match operator {
        Operator::Eq => order == Ordering::Equal,
        Operator::Ne => order != Ordering::Equal,
        Operator::Gt => order == Ordering::Greater,
        Operator::Ge => order != Ordering::Less,
        Operator::Lt => order == Ordering::Less,
        Operator::Le => order != Ordering::Greater,
        Operator::Co | Operator::Sw | Operator::Ew => false,
    }
}
