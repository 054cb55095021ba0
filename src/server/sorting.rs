//! The order of answers (RFC 7644 3.4.2.3).

use std::cmp::Ordering;

use jiff::Timestamp;
use serde_json::Value;

use super::coerce::is_primary;
use super::error::Refusal;
use super::field::{Field, Scalar, Source};
use super::store::{Place, Store};
use super::text::comparable;
use crate::scim::path::AttributePath;

/// By what and in which direction.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct SortOrder {
    pub(crate) by: AttributePath,
    pub(crate) descending: bool,
}

#[derive(Debug, Clone, PartialEq, PartialOrd)]
enum Key {
    Boolean(bool),
    Number(f64),
    Moment(Timestamp),
    Text(String),
}

impl SortOrder {
    /// Reads the two parameters.
    pub(crate) fn of(by: &str, order: Option<&str>) -> Result<SortOrder, Refusal> {
        let by = by
            .parse()
            .map_err(|fault| Refusal::value(format!("sortBy: {fault}")))?;
        let descending = match order {
            None => false,
            Some(word) if word.eq_ignore_ascii_case("ascending") => false,
            Some(word) if word.eq_ignore_ascii_case("descending") => true,
            Some(word) => {
                return Err(Refusal::value(format!(
                    "sortOrder is ascending or descending, not `{word}`"
                )));
            }
        };
        Ok(SortOrder { by, descending })
    }
}

/// Sorts places; equal ones stay as they are. Without a value: last when ascending, first when descending.
pub(crate) fn sort(
    store: &Store,
    places: &mut Vec<Place>,
    order: &SortOrder,
) -> Result<(), Refusal> {
    let fields: Vec<Field> = (0..store.shelves.len())
        .map(|shelf| Field::of(store, shelf, &order.by, true))
        .collect();
    if fields
        .iter()
        .any(|field| field.whole && field.source != Source::Unknown)
    {
        return Err(Refusal::value(format!(
            "sortBy: `{}` is complex; sort by one of its sub-attributes",
            order.by
        )));
    }
    let mut keyed: Vec<(Option<Key>, Place)> = places
        .iter()
        .map(|place| (key_of(store, *place, &fields[place.shelf]), *place))
        .collect();
    keyed.sort_by(|(left, _), (right, _)| {
        let ascending = match (left, right) {
            (Some(left), Some(right)) => left.partial_cmp(right).unwrap_or(Ordering::Equal),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (None, None) => Ordering::Equal,
        };
        if order.descending {
            ascending.reverse()
        } else {
            ascending
        }
    });
    *places = keyed.into_iter().map(|(_, place)| place).collect();
    Ok(())
}

/// The value to sort by; of several the primary one, else the first.
fn key_of(store: &Store, place: Place, field: &Field) -> Option<Key> {
    let primary = match &field.source {
        Source::Stored(stored) if field.many => {
            let whole = super::index::Stored {
                sub: None,
                ..stored.clone()
            };
            let attributes = store.get(place).map(|resource| &resource.attributes);
            let elements: Vec<&Value> = attributes
                .map(|attributes| whole.values(attributes))
                .unwrap_or_default();
            let chosen = elements
                .iter()
                .find(|element| is_primary(element))
                .or(elements.first())
                .copied();
            let sub = super::index::Stored {
                sub: None,
                extension: None,
                name: stored.sub.clone().unwrap_or_else(|| "value".to_owned()),
            };
            chosen.and_then(|element| {
                Field {
                    source: Source::Stored(sub),
                    ..field.clone()
                }
                .value_in(element)
            })
        }
        _ => field.values(store, place).into_iter().next(),
    };
    Some(match primary? {
        Scalar::Text(text) => {
            Key::Text(comparable(&text, field.case_exact, &store.policies).into_owned())
        }
        Scalar::Boolean(value) => Key::Boolean(value),
        Scalar::Number(number) => Key::Number(number),
        Scalar::Moment(moment) => Key::Moment(moment),
        Scalar::Whole(_) => return None,
    })
}
