//! What of a request the signs look at, and what they remember of earlier ones.

use std::collections::HashMap;

use serde_json::{Map, Value};

use crate::exchange::{Exchange, Request};
use crate::profile::encoding::decoded_query;
use crate::scim::locate::member;

/// Accounts that are remembered at most.
const REMEMBERED: usize = 20_000;

/// Endpoints of RFC 7644 3.2, and those of Okta's entitlements (okta.md 8.1).
const ENDPOINTS: [&str; 12] = [
    "Users",
    "Groups",
    "Me",
    "Bulk",
    ".search",
    "ServiceProviderConfig",
    "ResourceTypes",
    "Schemas",
    "Roles",
    "Entitlements",
    "Licenses",
    "Profiles",
];

/// A request, taken apart.
pub(super) struct Look<'a> {
    pub(super) request: &'a Request,
    /// `Users`, `Groups` …; empty for none that is known.
    pub(super) endpoint: &'a str,
    pub(super) id: Option<&'a str>,
    /// As sent.
    pub(super) raw_query: &'a str,
    /// Decoded, in order.
    pub(super) query: Vec<(String, String)>,
    pub(super) body: Map<String, Value>,
}

/// An operation of a PATCH.
#[derive(Clone, Copy)]
pub(super) struct Operation<'a> {
    pub(super) op: &'a str,
    pub(super) path: Option<&'a str>,
    pub(super) value: Option<&'a Value>,
}

impl<'a> Look<'a> {
    pub(super) fn of(request: &'a Request) -> Self {
        let (path, raw_query) = request
            .target
            .split_once('?')
            .unwrap_or((&request.target, ""));
        let segments: Vec<&str> = path.split('/').collect();
        let known = |segment: &&str| {
            ENDPOINTS
                .iter()
                .any(|name| segment.eq_ignore_ascii_case(name))
        };
        let place = segments.iter().rposition(known);
        let body = match serde_json::from_slice(request.body.bytes()) {
            Ok(Value::Object(body)) => body,
            _ => Map::new(),
        };
        Self {
            request,
            endpoint: place.map_or("", |place| segments[place]),
            id: place
                .and_then(|place| segments.get(place + 1))
                .copied()
                .filter(|id| !id.is_empty()),
            raw_query,
            query: decoded_query(raw_query),
            body,
        }
    }

    /// `PATCH /Groups/…`: enough to find the request, without a value in it.
    pub(super) fn title(&self) -> String {
        let rest = if self.id.is_some() { "/…" } else { "" };
        match self.endpoint {
            "" => format!("{} request", self.request.method),
            endpoint => format!("{} /{endpoint}{rest}", self.request.method),
        }
    }

    pub(super) fn is(&self, method: &str, endpoint: &str) -> bool {
        self.request.method == method && self.endpoint.eq_ignore_ascii_case(endpoint)
    }

    pub(super) fn parameter(&self, name: &str) -> Option<&str> {
        self.query
            .iter()
            .find(|(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    pub(super) fn member(&self, name: &str) -> Option<&Value> {
        member(&self.body, name)
    }

    pub(super) fn operations(&self) -> Vec<Operation<'_>> {
        let operations = match (self.request.method.as_str(), self.member("Operations")) {
            ("PATCH", Some(Value::Array(operations))) => operations.as_slice(),
            _ => &[],
        };
        operations
            .iter()
            .filter_map(Value::as_object)
            .map(|operation| Operation {
                op: member(operation, "op")
                    .and_then(Value::as_str)
                    .unwrap_or_default(),
                path: member(operation, "path").and_then(Value::as_str),
                value: member(operation, "value"),
            })
            .collect()
    }
}

impl<'a> Operation<'a> {
    /// Names in a value that stands without a path.
    pub(super) fn names(&self) -> Vec<&'a str> {
        match (self.path, self.value) {
            (None, Some(Value::Object(members))) => members.keys().map(String::as_str).collect(),
            _ => Vec::new(),
        }
    }
}

/// What earlier answers said of accounts.
#[derive(Debug, Clone, Default)]
pub(super) struct History {
    accounts: HashMap<String, Account>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Account {
    /// As last read or written.
    active: Option<bool>,
    /// Created by a request that was seen, and neither found by a look-up nor activated since.
    fresh: bool,
}

impl History {
    /// Whether the account was active when it was seen last.
    pub(super) fn active(&self, id: &str) -> Option<bool> {
        self.accounts.get(id)?.active
    }

    /// Whether the client knows the account only because it created it.
    pub(super) fn is_fresh(&self, id: &str) -> bool {
        self.accounts.get(id).is_some_and(|account| account.fresh)
    }

    pub(super) fn remember(&mut self, look: &Look<'_>, exchange: &Exchange) {
        if !look.endpoint.eq_ignore_ascii_case("Users") || !exchange.is_accepted() {
            return;
        }
        if let Some(id) = look.id
            && look.request.method == "PATCH"
            && let Some(account) = self.accounts.get_mut(id)
        {
            account.fresh = false;
        }
        let Some(answer) = exchange.response().and_then(|response| response.json()) else {
            return;
        };
        let found = answer.get("Resources").and_then(Value::as_array);
        for user in found.into_iter().flatten() {
            self.note(user, Some(false));
        }
        if found.is_none() {
            self.note(answer, (look.request.method == "POST").then_some(true));
        }
    }

    /// `fresh` is known of what was created or found just now.
    fn note(&mut self, user: &Value, fresh: Option<bool>) {
        let Some(id) = user.get("id").and_then(Value::as_str) else {
            return;
        };
        let known = self.accounts.get(id).copied();
        if known.is_none() && self.accounts.len() >= REMEMBERED {
            return;
        }
        let active = user.get("active").and_then(Value::as_bool);
        let known = known.unwrap_or_default();
        let account = Account {
            active: active.or(known.active),
            fresh: fresh.unwrap_or(known.fresh),
        };
        self.accounts.insert(id.to_owned(), account);
    }
}
