//! What a defect sees of a request, and what it can do with it.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use percent_encoding::NON_ALPHANUMERIC;
use serde_json::{Map, Value, json};

use super::operation::{Operation, named};
use crate::scim::filter::{Dialect, Filter, Limits};
use crate::scim::urn;
use crate::server::error::Refusal;
use crate::server::wire::without_origin;
use crate::server::{Answer, Request};

/// A request on its way to the server behind a defect.
pub(super) struct Visit<'a> {
    /// As it came.
    pub(super) request: Request<'a>,
    /// The server's time.
    pub(super) now: Timestamp,
    /// Gives a new id at each call.
    pub(super) fresh: &'a dyn Fn() -> String,
    /// Path of the tenant, as it stands before `/Users`.
    pub(super) prefix: &'a str,
    /// Paths of the other tenants.
    pub(super) others: Vec<&'a str>,
    /// First path segment behind the prefix: `Users`.
    pub(super) endpoint: &'a str,
    /// What follows the endpoint: an id, `.search`; `None` for the collection.
    pub(super) id: Option<&'a str>,
    /// As it stands, without the question mark.
    pub(super) query: &'a str,
    memory: &'a Mutex<Map<String, Value>>,
    behind: &'a dyn Fn(&Request<'_>) -> Answer,
}

/// A request to be sent on in place of the one that came.
pub(super) struct Draft<'a> {
    pub(super) method: &'a str,
    pub(super) target: String,
    pub(super) headers: Vec<(&'a str, &'a str)>,
    pub(super) body: Vec<u8>,
}

impl<'a> Visit<'a> {
    pub(super) fn new(
        prefixes: &[&'a str],
        request: Request<'a>,
        now: Timestamp,
        fresh: &'a dyn Fn() -> String,
        memory: &'a Mutex<Map<String, Value>>,
        behind: &'a dyn Fn(&Request<'_>) -> Answer,
    ) -> Self {
        let target = without_origin(request.target);
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let below = |prefix: &&'a str| {
            let rest = path.strip_prefix(*prefix)?;
            (rest.is_empty() || rest.starts_with('/')).then_some((*prefix, rest))
        };
        let (prefix, rest) = prefixes.iter().find_map(below).unwrap_or(("", path));
        let rest = rest.trim_start_matches('/');
        let (endpoint, id) = match rest.split_once('/') {
            Some((endpoint, id)) => (endpoint, Some(id)),
            None => (rest, None),
        };
        Self {
            request,
            now,
            fresh,
            prefix,
            others: prefixes
                .iter()
                .copied()
                .filter(|other| *other != prefix)
                .collect(),
            endpoint,
            id,
            query,
            memory,
            behind,
        }
    }

    /// Of this method, to the collection of an endpoint.
    pub(super) fn is(&self, method: &str, endpoint: &str) -> bool {
        self.request.method == method && self.endpoint == endpoint && self.id.is_none()
    }

    /// Of this method, to one resource of an endpoint.
    pub(super) fn is_one(&self, method: &str, endpoint: &str) -> bool {
        self.request.method == method && self.endpoint == endpoint && self.id.is_some()
    }

    /// A PATCH of one resource.
    pub(super) fn is_patch(&self) -> bool {
        self.request.method == "PATCH" && self.id.is_some()
    }

    /// The body as JSON, if it is.
    pub(super) fn json(&self) -> Option<Value> {
        serde_json::from_slice(self.request.body).ok()
    }

    /// The value of a query parameter, decoded.
    pub(super) fn parameter(&self, name: &str) -> Option<String> {
        self.query.split('&').find_map(|pair| {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            let same = key.eq_ignore_ascii_case(name);
            same.then(|| {
                let plain = value.replace('+', " ");
                percent_encoding::percent_decode_str(&plain)
                    .decode_utf8_lossy()
                    .into_owned()
            })
        })
    }

    /// The server's time in milliseconds.
    pub(super) fn milliseconds(&self) -> i64 {
        self.now.as_millisecond()
    }

    /// When something ends that begins now and takes this long, in milliseconds.
    pub(super) fn end_of(&self, time: Duration) -> i64 {
        let time = i64::try_from(time.as_millis()).unwrap_or(i64::MAX);
        self.milliseconds().saturating_add(time)
    }

    /// What the defect remembers from one request to the next.
    pub(super) fn memory(&self) -> MutexGuard<'a, Map<String, Value>> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What the server behind answers.
    pub(super) fn sound(&self) -> Answer {
        (self.behind)(&self.request)
    }

    /// A request like this one.
    pub(super) fn draft(&self) -> Draft<'a> {
        Draft {
            method: self.request.method,
            target: self.request.target.to_owned(),
            headers: self.request.headers.to_vec(),
            body: self.request.body.to_vec(),
        }
    }

    /// What the server behind answers to another request.
    pub(super) fn send(&self, draft: &Draft<'_>) -> Answer {
        (self.behind)(&Request {
            method: draft.method,
            target: &draft.target,
            headers: &draft.headers,
            body: &draft.body,
        })
    }

    /// What the server behind answers when the body is another one.
    pub(super) fn send_body(&self, body: &Value) -> Answer {
        let mut draft = self.draft();
        draft.body = body.to_string().into_bytes();
        self.send(&draft)
    }

    /// What the server behind answers once the body is changed; a body that is not JSON goes on as it is.
    pub(super) fn with_body(&self, change: impl FnOnce(&mut Value)) -> Answer {
        let Some(mut body) = self.json() else {
            return self.sound();
        };
        change(&mut body);
        self.send_body(&body)
    }

    /// What the server behind answers once every operation of a PATCH is changed.
    pub(super) fn with_operations(&self, change: impl FnMut(&mut Operation)) -> Answer {
        self.with_body(|body| operations(body).into_iter().for_each(change))
    }

    /// What the server behind answers once only some operations of a PATCH are left, and those changed.
    pub(super) fn keeping_operations(
        &self,
        mut keep: impl FnMut(&mut Operation) -> bool,
    ) -> Answer {
        self.with_body(|body| {
            if let Some(all) = operation_list(body) {
                all.retain_mut(|operation| operation.as_object_mut().is_none_or(&mut keep));
            }
        })
    }

    /// Whether any operation of the PATCH is so.
    pub(super) fn has_operation(&self, is_so: impl FnMut(&mut Operation) -> bool) -> bool {
        let Some(mut body) = self.json() else {
            return false;
        };
        self.is_patch() && operations(&mut body).into_iter().any(is_so)
    }

    /// Refuses a PATCH when any operation of it is so.
    pub(super) fn refusing(
        &self,
        is_so: impl FnMut(&mut Operation) -> bool,
        refusal: Refusal,
    ) -> Answer {
        match self.has_operation(is_so) {
            true => refusal.into_answer(),
            false => self.sound(),
        }
    }

    /// What the server behind answers to another PATCH of the same resource, under no condition.
    pub(super) fn patch(&self, operations: Value) -> Answer {
        let body = json!({"schemas": [urn::PATCH_OP], "Operations": operations});
        let mut draft = self.draft();
        draft.method = "PATCH";
        draft
            .headers
            .retain(|(name, _)| !name.eq_ignore_ascii_case("if-match"));
        draft.body = body.to_string().into_bytes();
        self.send(&draft)
    }

    /// What the server behind answers once the filter of a list is changed, in the query or in a search message; without
    /// one, or with one that cannot be read, the request goes on as it is.
    pub(super) fn with_filter(&self, change: impl FnOnce(&mut Filter)) -> Answer {
        let changed = |text: &str| {
            let parsed = Filter::parse(text, Dialect::LENIENT, Limits::default());
            let mut filter = parsed.ok()?.filter;
            change(&mut filter);
            Some(filter.to_string())
        };
        if self.request.method == "POST" && self.id == Some(".search") {
            return self.with_body(|body| {
                let filter = body.as_object_mut().and_then(|body| named(body, "filter"));
                if let Some(filter) = filter
                    && let Some(text) = filter.as_str().and_then(changed)
                {
                    *filter = json!(text);
                }
            });
        }
        match self.parameter("filter").as_deref().and_then(changed) {
            Some(text) => self.with_parameter("filter", &text),
            None => self.sound(),
        }
    }

    /// What the server behind answers when a query parameter has another value.
    pub(super) fn with_parameter(&self, name: &str, value: &str) -> Answer {
        let is_other = |pair: &&str| {
            let key = pair.split_once('=').map_or(*pair, |(key, _)| key);
            !key.eq_ignore_ascii_case(name)
        };
        let mut pairs: Vec<String> = self
            .query
            .split('&')
            .filter(|pair| !pair.is_empty())
            .filter(is_other)
            .map(str::to_owned)
            .collect();
        let value = percent_encoding::utf8_percent_encode(value, NON_ALPHANUMERIC);
        pairs.push(format!("{name}={value}"));
        let path = self.request.target.split('?').next().unwrap_or_default();
        let mut draft = self.draft();
        draft.target = format!("{path}?{}", pairs.join("&"));
        self.send(&draft)
    }

    /// Gives the resource a new version before a write that changes only what the defect remembers. Under a condition on
    /// the present version it keeps that one.
    pub(super) fn touch(&self) {
        if self.request.header("if-match").is_some() {
            return;
        }
        let resource = self.resource().unwrap_or_default();
        let name = json!((self.fresh)());
        self.patch(json!([{"op": "replace", "path": "displayName", "value": name}]));
        self.patch(match resource.get("displayName") {
            Some(name) => json!([{"op": "replace", "path": "displayName", "value": name}]),
            None => json!([{"op": "remove", "path": "displayName"}]),
        });
    }

    /// The sound answer, every resource of an endpoint in it changed.
    pub(super) fn shown(
        &self,
        endpoint: &str,
        change: impl FnMut(&mut Map<String, Value>),
    ) -> Answer {
        let mut answer = self.sound();
        change_resources(self, &mut answer, endpoint, change);
        answer
    }

    /// The sound answer, its JSON body changed; an answer without one goes back as it is.
    pub(super) fn answered(&self, change: impl FnOnce(&mut Value)) -> Answer {
        let mut answer = self.sound();
        change_body(&mut answer, change);
        answer
    }

    /// A resource or list as the server has it now, asked for by who sent this request. `path` begins below the base
    /// path, with a slash.
    pub(super) fn read(&self, path: &str) -> Option<Value> {
        let known = ["authorization", "host", "accept"];
        let headers = self.request.headers.iter().copied();
        let answer = self.send(&Draft {
            method: "GET",
            target: format!("{}{path}", self.prefix),
            headers: headers
                .filter(|(name, _)| known.iter().any(|known| known.eq_ignore_ascii_case(name)))
                .collect(),
            body: Vec::new(),
        });
        let body = (answer.status == 200).then_some(answer.body)?;
        serde_json::from_slice(&body).ok()
    }

    /// The resource that the request is about, as the server has it now.
    pub(super) fn resource(&self) -> Option<Value> {
        let id = self.id?;
        self.read(&format!("/{}/{id}", self.endpoint))
    }
}

/// Changes an answer's JSON body, if it has one.
pub(super) fn change_body(answer: &mut Answer, change: impl FnOnce(&mut Value)) {
    if let Ok(mut body) = serde_json::from_slice::<Value>(&answer.body) {
        change(&mut body);
        answer.body = body.to_string().into_bytes();
    }
}

/// Changes every resource of an endpoint in an answer, be it one or a list.
pub(super) fn change_resources(
    visit: &Visit<'_>,
    answer: &mut Answer,
    endpoint: &str,
    mut change: impl FnMut(&mut Map<String, Value>),
) {
    let is_meant = |resource: &Map<String, Value>| {
        let kind = resource
            .get("meta")
            .and_then(|meta| meta.get("resourceType"));
        visit.endpoint == endpoint
            || kind
                .and_then(Value::as_str)
                .map(|kind| format!("{kind}s"))
                .as_deref()
                == Some(endpoint)
    };
    if answer.status < 300 {
        change_body(answer, |body| {
            for resource in resources(body) {
                if is_meant(resource) {
                    change(resource);
                }
            }
        });
    }
}

/// The operations of a PATCH message or bulk request.
pub(super) fn operations(body: &mut Value) -> Vec<&mut Map<String, Value>> {
    operation_list(body)
        .into_iter()
        .flatten()
        .filter_map(Value::as_object_mut)
        .collect()
}

fn operation_list(body: &mut Value) -> Option<&mut Vec<Value>> {
    named(body.as_object_mut()?, "operations")?.as_array_mut()
}

/// Every resource in a body: those of a list, or the one that it is. Errors and other messages are none.
pub(super) fn resources(body: &mut Value) -> Vec<&mut Map<String, Value>> {
    let Some(body) = body.as_object_mut() else {
        return Vec::new();
    };
    if body.contains_key("Resources") {
        let list = body.get_mut("Resources").and_then(Value::as_array_mut);
        return list
            .into_iter()
            .flatten()
            .filter_map(Value::as_object_mut)
            .collect();
    }
    match body.contains_key("id") {
        true => vec![body],
        false => Vec::new(),
    }
}
