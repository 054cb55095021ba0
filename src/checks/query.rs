//! A query, and the list that answers it.

use serde_json::{Map, Value};

use crate::checks::seen::{Reading, Seen};
use crate::scim::filter::{Dialect, Filter, Limits};
use crate::scim::locate::member;
use crate::scim::path::AttributePath;

/// What a query asks for, in its address or in its body (RFC 7644 3.4.2, 3.4.3).
#[derive(Debug, Default)]
pub(crate) struct Query {
    /// A filter is asked for, whether it can be read or not.
    pub(crate) is_filtered: bool,
    /// The filter, where it can be read, with every quirk that clients are known for.
    pub(crate) filter: Option<Filter>,
    /// The first result that is wanted, as asked for.
    pub(crate) start_index: Option<i64>,
    /// The most results that are wanted, as asked for.
    pub(crate) count: Option<i64>,
    /// The attribute to sort by.
    pub(crate) sort_by: Option<AttributePath>,
    /// In descending order.
    pub(crate) descending: bool,
    /// A page by cursor (RFC 9865).
    pub(crate) has_cursor: bool,
    /// A parameter is given twice, or is no number where one belongs: what it means is open.
    pub(crate) is_unclear: bool,
}

impl Query {
    /// The query of a request.
    pub(super) fn of(read: &Reading<'_>) -> Self {
        let mut query = Self::default();
        if read.address.is_search() {
            if let Some(Value::Object(body)) = read.sent() {
                for (name, value) in body {
                    let text = match value {
                        Value::String(text) => text.clone(),
                        Value::Null => continue,
                        other => other.to_string(),
                    };
                    query.take(name, &text);
                }
            }
            return query;
        }
        let mut names: Vec<&str> = Vec::new();
        for pair in read.address.query.split('&') {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            query.is_unclear |= names.iter().any(|known| known.eq_ignore_ascii_case(name));
            names.push(name);
            query.take(name, &crate::checks::seen::decoded(value));
        }
        query
    }

    fn take(&mut self, name: &str, text: &str) {
        let mut number = || {
            let number = text.trim().parse().ok();
            self.is_unclear |= number.is_none();
            number
        };
        match name.to_ascii_lowercase().as_str() {
            "startindex" => self.start_index = number(),
            "count" => self.count = number(),
            "filter" => {
                self.is_filtered = true;
                let parsed = Filter::parse(text, Dialect::LENIENT, Limits::default());
                self.filter = parsed.ok().map(|parsed| parsed.filter);
            }
            "sortby" => self.sort_by = text.parse().ok(),
            "sortorder" => {
                self.descending = text.eq_ignore_ascii_case("descending");
                self.is_unclear |= !self.descending && !text.eq_ignore_ascii_case("ascending");
            }
            "cursor" => self.has_cursor = true,
            _ => {}
        }
    }

    /// The first result that is wanted: 1 where nothing else is said, or something below (RFC 7644 3.4.2.4).
    pub(crate) fn first(&self) -> u64 {
        self.start_index
            .and_then(|index| u64::try_from(index).ok())
            .map_or(1, |index| index.max(1))
    }

    /// The most results that are wanted; what is below zero is zero (RFC 7644 3.4.2.4).
    pub(crate) fn most(&self) -> Option<u64> {
        self.count.map(|count| u64::try_from(count).unwrap_or(0))
    }
}

/// A list of users, groups and the like that answers a query.
#[derive(Debug, Clone, Copy)]
pub(crate) struct List<'a> {
    /// The whole answer.
    pub(crate) body: &'a Map<String, Value>,
    /// What it lists, where that is an array.
    pub(crate) resources: &'a [Value],
}

impl List<'_> {
    /// One of its counters, where it is a whole number.
    pub(crate) fn counter(&self, name: &str) -> Option<u64> {
        let number = member(self.body, name)?;
        let fraction = || number.as_f64().filter(|value| value.fract() == 0.0);
        number
            .as_u64()
            .or_else(|| fraction().and_then(|value| (value >= 0.0).then_some(value as u64)))
    }

    /// How many it lists.
    pub(crate) fn length(&self) -> u64 {
        self.resources.len() as u64
    }
}

impl<'a> Seen<'a> {
    /// The request is a query over users, groups and the like.
    pub(crate) fn is_query(&self) -> bool {
        (self.is("GET") && self.address.is_collection())
            || (self.is("POST") && self.address.is_search())
    }

    /// The list that answers a query.
    pub(crate) fn list(&self) -> Option<List<'a>> {
        if self.status() != 200 || !self.is_query() || !self.is_list() {
            return None;
        }
        let body = self.object()?;
        let resources = member(body, "Resources").and_then(Value::as_array);
        Some(List {
            body,
            resources: resources.map_or(&[], Vec::as_slice),
        })
    }
}
