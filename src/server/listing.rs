//! Queries: filter, order, page, projection (RFC 7644 3.4.2, 3.4.3, RFC 9865).

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::condition::Condition;
use super::cursor::{self, Mark};
use super::error::{Refusal, ScimType};
use super::filtering;
use super::policy::{Policies, Policy};
use super::projection::{Asked, Projection};
use super::sorting::{self, SortOrder};
use super::store::{Place, Store};
use crate::scim::urn;

/// A query, from a URL or a search body.
#[derive(Debug, Default)]
pub(crate) struct Query {
    pub(crate) filter: Option<String>,
    pub(crate) order: Option<SortOrder>,
    pub(crate) start: Option<i64>,
    pub(crate) count: Option<i64>,
    pub(crate) cursor: Option<String>,
    pub(crate) asked: Asked,
}

/// How large pages are.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PageSizes {
    pub(crate) usual: usize,
    pub(crate) most: usize,
}

impl Query {
    /// Reads decoded URL parameters; unknown ones are ignored (RFC 7644 3.4.2).
    pub(crate) fn from_parameters(
        parameters: &[(String, String)],
        policies: &Policies,
    ) -> Result<Query, Refusal> {
        let get = |name: &str| {
            parameters
                .iter()
                .find(|(known, _)| known.eq_ignore_ascii_case(name))
                .map(|(_, value)| value.as_str())
        };
        let number = |name: &str| match get(name) {
            None => Ok(None),
            Some(text) => match text.trim().parse::<i64>() {
                Ok(number) => Ok(Some(number)),
                Err(_) => Err(Refusal::value(format!(
                    "`{name}` must be a whole number, not `{text}`"
                ))),
            },
        };
        let names = |name: &str| {
            get(name)
                .filter(|list| !list.trim().is_empty())
                .map(|list| list.split(',').map(|part| part.trim().to_owned()).collect())
        };
        Ok(Query {
            filter: get("filter").map(str::to_owned),
            order: match get("sortBy") {
                Some(by) if !by.is_empty() => Some(SortOrder::of(by, get("sortOrder"))?),
                _ => None,
            },
            start: number("startIndex")?,
            count: number("count")?,
            cursor: get("cursor").map(str::to_owned),
            asked: Asked::of(names("attributes"), names("excludedAttributes"), policies)?,
        })
    }

    /// Reads a SearchRequest, whose `schemas` were checked.
    pub(crate) fn from_search(
        body: &Map<String, Value>,
        policies: &Policies,
    ) -> Result<Query, Refusal> {
        let get = |name: &str| {
            body.iter()
                .find(|(known, value)| known.eq_ignore_ascii_case(name) && !value.is_null())
                .map(|(_, value)| value)
        };
        let text = |name: &str| match get(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.as_str())),
            Some(_) => Err(Refusal::value(format!("`{name}` must be a text"))),
        };
        let number = |name: &str| match get(name) {
            None => Ok(None),
            Some(value) => match value.as_i64() {
                Some(number) => Ok(Some(number)),
                None => Err(Refusal::value(format!("`{name}` must be a whole number"))),
            },
        };
        let names = |name: &str| match get(name) {
            None => Ok(None),
            Some(Value::Array(items)) => Ok(Some(
                items
                    .iter()
                    .filter_map(|item| item.as_str().map(str::to_owned))
                    .collect::<Vec<String>>(),
            )),
            Some(_) => Err(Refusal::value(format!("`{name}` must be a list of names"))),
        };
        Ok(Query {
            filter: text("filter")?.map(str::to_owned),
            order: match text("sortBy")? {
                Some(by) => Some(SortOrder::of(by, text("sortOrder")?)?),
                None => None,
            },
            start: number("startIndex")?,
            count: number("count")?,
            cursor: text("cursor")?.map(str::to_owned),
            asked: Asked::of(names("attributes")?, names("excludedAttributes")?, policies)?,
        })
    }

    /// What makes two queries the same for a cursor.
    fn identity(&self, shelves: &[usize]) -> u64 {
        cursor::checksum(
            format!("{:?}{:?}{:?}", shelves, self.filter, self.order).as_bytes(),
            0,
        )
    }
}

/// One page of an answer.
struct Page {
    places: Vec<Place>,
    total: usize,
    start: Option<usize>,
    previous: Option<Mark>,
    next: Option<Mark>,
}

/// Answers a query over some resource types.
pub(crate) fn answer(
    store: &Store,
    shelves: &[usize],
    query: &Query,
    sizes: PageSizes,
    base: &str,
    now: Timestamp,
) -> Result<Value, Refusal> {
    let requested = query
        .count
        .map_or(sizes.usual, |count| usize::try_from(count).unwrap_or(0));
    let count = requested.min(sizes.most);
    let page = match &query.cursor {
        Some(text) => {
            if query.count.is_some_and(|count| count < 0)
                && !store.policies.first(Policy::NegativeCursorCount)
            {
                return Err(Refusal::bad(
                    ScimType::InvalidCount,
                    "`count` must not be negative",
                ));
            }
            cursor_page(
                store,
                shelves,
                query,
                cursor::read(text, query.identity(shelves), now)?,
                count,
            )?
        }
        None => index_page(store, shelves, query, count)?,
    };
    let projections: Vec<Projection> = (0..store.shelves.len())
        .map(|shelf| Projection::of(&query.asked, store, shelf))
        .collect();
    let resources: Vec<Value> = page
        .places
        .iter()
        .map(|place| store.represent(*place, base, &projections[place.shelf]))
        .collect();

    let shown = if store.policies.first(Policy::ItemsPerPage) {
        resources.len()
    } else {
        requested
    };
    let mut list = json!({"schemas": [urn::LIST_RESPONSE], "totalResults": page.total});
    if let Some(members) = list.as_object_mut() {
        if let Some(start) = page.start {
            members.insert("startIndex".to_owned(), json!(start));
        }
        members.insert("itemsPerPage".to_owned(), json!(shown));
        for (name, mark) in [("previousCursor", page.previous), ("nextCursor", page.next)] {
            if let Some(mark) = mark {
                members.insert(
                    name.to_owned(),
                    Value::String(cursor::write(mark, query.identity(shelves), now)),
                );
            }
        }
        members.insert("Resources".to_owned(), Value::Array(resources));
    }
    Ok(list)
}

fn index_page(
    store: &Store,
    shelves: &[usize],
    query: &Query,
    count: usize,
) -> Result<Page, Refusal> {
    let start = query
        .start
        .map_or(1, |start| usize::try_from(start).unwrap_or(1).max(1));
    let page = |places: Vec<Place>, total: usize| Page {
        places,
        total,
        start: Some(start),
        previous: None,
        next: None,
    };
    if let ([shelf], None, None) = (shelves, &query.filter, &query.order) {
        // Nothing to look at: only the page itself is touched.
        let rows = &store.shelves[*shelf].rows;
        let places = rows
            .keys()
            .skip(start - 1)
            .take(count)
            .map(|row| Place {
                shelf: *shelf,
                row: *row,
            })
            .collect();
        return Ok(page(places, rows.len()));
    }
    let matching = matching(store, shelves, query)?;
    let total = matching.len();
    Ok(page(
        matching.into_iter().skip(start - 1).take(count).collect(),
        total,
    ))
}

fn cursor_page(
    store: &Store,
    shelves: &[usize],
    query: &Query,
    mark: Mark,
    count: usize,
) -> Result<Page, Refusal> {
    let matching = matching(store, shelves, query)?;
    let total = matching.len();
    let position = |row: u64| matching.partition_point(|place| place.row < row);
    let (start, end) = match mark {
        Mark::Start => (0, count),
        Mark::Behind(row) => (position(row + 1), position(row + 1) + count),
        Mark::Before(row) => (position(row).saturating_sub(count), position(row)),
        Mark::Offset(offset) => {
            let offset = usize::try_from(offset).unwrap_or(total);
            (offset, offset.saturating_add(count))
        }
    };
    let (start, end) = (start.min(total), end.min(total));
    let places = matching[start..end].to_vec();
    let by_creation = query.order.is_none();
    let wide = |offset: usize| Mark::Offset(offset as u64);
    let (previous, next) = match (places.first(), places.last()) {
        (Some(first), Some(last)) => {
            let previous = if by_creation {
                Mark::Before(first.row)
            } else {
                wide(start.saturating_sub(count))
            };
            let next = if by_creation {
                Mark::Behind(last.row)
            } else {
                wide(end)
            };
            (
                (start > 0).then_some(previous),
                (end < total).then_some(next),
            )
        }
        _ => (None, None),
    };
    Ok(Page {
        places,
        total,
        start: None,
        previous,
        next,
    })
}

/// All places that match, in the order of the answer. Rows are counted over all types, so creation order is the row's.
fn matching(store: &Store, shelves: &[usize], query: &Query) -> Result<Vec<Place>, Refusal> {
    let filter = match &query.filter {
        Some(text) => Some(filtering::parse(text, &store.policies)?),
        None => None,
    };
    let mut places = Vec::new();
    for shelf in shelves.iter().copied() {
        let rows = &store.shelves[shelf].rows;
        let Some(filter) = &filter else {
            places.extend(rows.keys().map(|row| Place { shelf, row: *row }));
            continue;
        };
        let condition = Condition::of(store, shelf, filter, shelves.len() > 1)?;
        let keep = |row: &u64| condition.holds(store, Place { shelf, row: *row });
        match condition.candidates(store, shelf) {
            Some(candidates) => {
                places.extend(
                    candidates
                        .into_iter()
                        .filter(keep)
                        .map(|row| Place { shelf, row }),
                );
            }
            None => places.extend(
                rows.keys()
                    .copied()
                    .filter(keep)
                    .map(|row| Place { shelf, row }),
            ),
        }
    }
    if shelves.len() > 1 {
        places.sort_by_key(|place| place.row);
    }
    if let Some(order) = &query.order {
        sorting::sort(store, &mut places, order)?;
    }
    Ok(places)
}
