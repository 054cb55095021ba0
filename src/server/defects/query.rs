//! Queries on their way to the server behind a defect: parameters, filters, whole lists.

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Map, Value, json};

use super::visit::{Visit, change_body};
use crate::scim::filter::{Dialect, Filter, Limits, Node};
use crate::scim::locate::{matches, member};
use crate::server::Answer;
use crate::server::error::Refusal;

/// Endpoints that are no lists of resources.
const OTHERS: [&str; 5] = [
    "ServiceProviderConfig",
    "ResourceTypes",
    "Schemas",
    "Bulk",
    "Me",
];

/// Resources on a page where the client names no count, as the server has it.
const PAGE: usize = 100;

impl Visit<'_> {
    /// Whether it asks for resources, by GET or with a search body.
    pub(super) fn is_query(&self) -> bool {
        if OTHERS.contains(&self.endpoint) {
            return false;
        }
        match self.request.method {
            "GET" => self.id.is_none(),
            "POST" => self.is_search(),
            _ => false,
        }
    }

    /// Whether it is a query by POST (RFC 7644 3.4.3).
    pub(super) fn is_search(&self) -> bool {
        let last = self.id.unwrap_or(self.endpoint);
        self.request.method == "POST" && last == ".search"
    }

    /// A parameter of a query, wherever it stands.
    pub(super) fn asked(&self, name: &str) -> Option<String> {
        if !self.is_search() {
            return self.parameter(name);
        }
        match member(self.json()?.as_object()?, name)? {
            Value::String(text) => Some(text.clone()),
            Value::Array(names) => {
                let names: Vec<&str> = names.iter().filter_map(Value::as_str).collect();
                Some(names.join(","))
            }
            other => Some(other.to_string()),
        }
    }

    /// A number that a query asks for.
    pub(super) fn asked_number(&self, name: &str) -> Option<i64> {
        self.asked(name)?.trim().parse().ok()
    }

    /// What the server behind answers to the query with other parameters; `None` leaves one out.
    pub(super) fn ask(&self, changes: &[(&str, Option<&str>)]) -> Answer {
        let is_changed = |name: &str| {
            changes
                .iter()
                .any(|(other, _)| other.eq_ignore_ascii_case(name))
        };
        let set = changes
            .iter()
            .filter_map(|(name, value)| Some((*name, (*value)?)));
        if self.is_search() {
            return self.with_body(|body| {
                let Some(members) = body.as_object_mut() else {
                    return;
                };
                members.retain(|name, _| !is_changed(name));
                members.extend(set.map(|(name, value)| {
                    let number = value.parse::<i64>().ok().filter(|_| name != "filter");
                    (name.to_owned(), number.map_or(json!(value), Value::from))
                }));
            });
        }
        let kept = self.query.split('&').filter(|pair| {
            let name = pair.split_once('=').map_or(*pair, |(name, _)| name);
            !name.is_empty() && !is_changed(name)
        });
        let pairs: Vec<String> = kept
            .map(str::to_owned)
            .chain(set.map(|(name, value)| format!("{name}={}", encoded(value))))
            .collect();
        let mut draft = self.draft();
        let path = draft.target.split('?').next().unwrap_or_default();
        draft.target = format!("{path}?{}", pairs.join("&"));
        self.send(&draft)
    }

    /// The refusal of a request that the server behind would let in.
    pub(super) fn refuse(&self, refusal: Refusal) -> Answer {
        let mut draft = self.draft();
        draft.method = "GET";
        draft.target = format!("{}/Users?count=0", self.prefix);
        draft.body.clear();
        let answer = self.send(&draft);
        match answer.status {
            401 => answer,
            _ => refusal.into_answer(),
        }
    }

    /// The filter of the query, read with all that clients are known to write.
    pub(super) fn filter(&self) -> Option<Filter> {
        let text = self.asked("filter").filter(|_| self.is_query())?;
        let parsed = Filter::parse(&text, Dialect::LENIENT, Limits::default()).ok()?;
        Some(parsed.filter)
    }

    /// What the server behind answers once the innermost parts of the filter (comparisons, presence) are changed.
    pub(super) fn with_conditions(&self, change: impl Fn(Node) -> Node) -> Answer {
        let Some(filter) = self.filter() else {
            return self.sound();
        };
        let changed = changed(filter.clone(), &change);
        match changed == filter {
            true => self.sound(),
            false => self.ask(&[("filter", Some(&changed.to_string()))]),
        }
    }

    /// How many resources of an endpoint a filter finds.
    pub(super) fn count(&self, endpoint: &str, filter: &str) -> u64 {
        let found = self.read(&format!("/{endpoint}?count=0&filter={}", encoded(filter)));
        found
            .and_then(|list| list.get("totalResults")?.as_u64())
            .unwrap_or_default()
    }

    /// The resources of an endpoint that a filter finds, as the server has them now.
    pub(super) fn read_all(&self, endpoint: &str, filter: &str) -> Vec<Value> {
        let mut all = Vec::new();
        loop {
            let (start, filter) = (all.len() + 1, encoded(filter));
            let path = format!("/{endpoint}?startIndex={start}&count=1000&filter={filter}");
            let page = self.read(&path);
            match page
                .as_ref()
                .and_then(|page| page.get("Resources")?.as_array())
            {
                Some(more) if !more.is_empty() => all.extend(more.iter().cloned()),
                _ => return all,
            }
        }
    }

    /// The answer to the query, its page taken from all resources that match once these are changed. A query with a
    /// cursor is answered soundly.
    pub(super) fn listed(&self, change: impl FnOnce(&mut Vec<Value>)) -> Answer {
        let mut answer = self.sound();
        if answer.status != 200 || self.asked("cursor").is_some() {
            return answer;
        }
        let mut all = Vec::new();
        loop {
            let start = (all.len() + 1).to_string();
            let page = self.ask(&[("startIndex", Some(&start)), ("count", Some("1000"))]);
            match resources_of(&page) {
                Some(more) if !more.is_empty() => all.extend(more),
                _ => break,
            }
        }
        change(&mut all);
        let start = usize::try_from(self.asked_number("startIndex").unwrap_or(1)).unwrap_or(1);
        let count = self
            .asked_number("count")
            .map_or(PAGE, |count| usize::try_from(count).unwrap_or(0));
        let total = all.len();
        let page: Vec<Value> = all.into_iter().skip(start.max(1) - 1).take(count).collect();
        change_body(&mut answer, |body| {
            body["totalResults"] = json!(total);
            body["itemsPerPage"] = json!(page.len());
            body["Resources"] = Value::Array(page);
        });
        answer
    }

    /// A resource that is not in the store as the query would show it, if it meets the filter.
    pub(super) fn found(&self, resource: &Value) -> Option<Value> {
        if self
            .filter()
            .is_some_and(|filter| !matches(resource, &filter))
        {
            return None;
        }
        let mut shown: Map<String, Value> = resource.as_object()?.clone();
        let names = |text: String| -> Vec<String> {
            let first = |name: &str| name.split(['.', '[']).next().unwrap_or_default().to_owned();
            text.split(',').map(|name| first(name.trim())).collect()
        };
        let has = |names: &[String], name: &str| {
            names.iter().any(|known| known.eq_ignore_ascii_case(name))
        };
        let always = |name: &str| matches!(name, "schemas" | "id");
        if let Some(only) = self.asked("attributes").map(names) {
            shown.retain(|name, _| always(name) || has(&only, name));
        }
        if let Some(without) = self.asked("excludedAttributes").map(names) {
            shown.retain(|name, _| always(name) || !has(&without, name));
        }
        Some(Value::Object(shown))
    }
}

/// The resources in the answer to a query.
pub(super) fn resources_of(answer: &Answer) -> Option<Vec<Value>> {
    let mut body: Value = serde_json::from_slice(&answer.body).ok()?;
    match body.get_mut("Resources").map(Value::take)? {
        Value::Array(resources) => Some(resources),
        _ => None,
    }
}

/// A text as it can stand in a query.
pub(super) fn encoded(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
}

/// A text as a filter writes it.
pub(super) fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}

fn changed(filter: Filter, change: &dyn Fn(Node) -> Node) -> Filter {
    let all = |parts: Vec<Filter>| {
        parts
            .into_iter()
            .map(|part| changed(part, change))
            .collect()
    };
    let node = match filter.node {
        Node::And(parts) => Node::And(all(parts)),
        Node::Or(parts) => Node::Or(all(parts)),
        Node::Not(inner) => Node::Not(Box::new(changed(*inner, change))),
        Node::Within { path, filter } => Node::Within {
            path,
            filter: Box::new(changed(*filter, change)),
        },
        leaf => change(leaf),
    };
    Filter { node, ..filter }
}
