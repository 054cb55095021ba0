//! Gives names to the values that change from run to run, by what SCIM says they are. No rules of the user.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::LazyLock;

use jiff::Timestamp;
use regex::{Captures, Regex};
use serde_json::Value;

use super::answer::{Answer, Body};
use super::identity::{blanked, id_of, is_discovery, without_case};
use super::names::Names;
use crate::exchange::{Exchange, Response};
use crate::scim::equality::{instant_of, key};

/// The headers that a SCIM client acts on.
const HEADERS: [&str; 6] = [
    "content-type",
    "location",
    "etag",
    "retry-after",
    "www-authenticate",
    "link",
];
/// Attributes whose values are ids or addresses of resources.
const REFERENCES: [&str; 7] = [
    "id",
    "value",
    "$ref",
    "location",
    "manager",
    "managerid",
    "content-location",
];
/// Attributes whose elements are other resources.
const RESOURCES: [&str; 3] = ["members", "groups", "manager"];
/// An id this long is no accident where it stands; shorter ones are only looked for where ids belong.
const OPAQUE: usize = 8;
/// Instants this near to the exchange are made by it, in seconds. Others are data.
const NEAR: i64 = 86_400;

static TOKEN: LazyLock<Regex> = LazyLock::new(|| expression("[A-Za-z0-9_~-][A-Za-z0-9._~-]*"));
static UUID: LazyLock<Regex> = LazyLock::new(|| {
    expression("(?i)[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
});
static INSTANT: LazyLock<Regex> = LazyLock::new(|| {
    expression(
        r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]+)?(?:[Zz]|[+-][0-9]{2}:[0-9]{2})",
    )
});
static NUMBERED: LazyLock<Regex> = LazyLock::new(|| expression(r"\[([a-z]+)-[0-9]+\]"));

fn expression(pattern: &str) -> Regex {
    Regex::new(pattern).expect("the expression is well-formed")
}

/// Knows the values of one scenario run. The same value has the same name in all its answers, so that a Location that
/// points at the wrong user stays visible.
#[derive(Debug, Clone)]
pub struct Normaliser {
    run: String,
    ids: Names<String>,
    instants: Names<i128>,
    versions: Names<String>,
    uuids: Names<String>,
}

/// Where a text stands.
#[derive(Debug, Clone, Copy)]
struct Spot<'a> {
    /// Name of the attribute or header, in lower case; empty for none.
    name: &'a str,
    origin: &'a str,
    sent: Option<Timestamp>,
}

impl Normaliser {
    /// For a scenario of the run with that id.
    pub fn new(run: &str) -> Self {
        Self {
            run: run.to_lowercase(),
            ids: Names::new(),
            instants: Names::new(),
            versions: Names::new(),
            uuids: Names::new(),
        }
    }

    /// Remembers the ids of an answer that has no snapshot.
    pub fn learn(&mut self, exchange: &Exchange) {
        if let Some(value) = exchange.response().and_then(Response::json) {
            self.learn_value("", value);
        }
    }

    /// The answers with names in place of values; `None` if one of them is missing or broken off. Several are put in an
    /// order that does not depend on which came first.
    pub fn answers(&mut self, exchanges: &[&Exchange]) -> Option<Vec<Answer>> {
        let whole = |exchange: &&&Exchange| {
            exchange
                .response()
                .is_some_and(|response| response.broken.is_none())
        };
        if exchanges.iter().filter(whole).count() < exchanges.len() {
            exchanges.iter().for_each(|exchange| self.learn(exchange));
            return None;
        }
        let mut ordered = exchanges.to_vec();
        if ordered.len() > 1 {
            ordered.sort_by_cached_key(|exchange| self.order_of(exchange));
        }
        ordered
            .into_iter()
            .map(|exchange| self.answer(exchange))
            .collect()
    }

    /// What is asked and answered, apart from the numbers that new values would get.
    fn order_of(&self, exchange: &Exchange) -> (String, String, String) {
        let mut scratch = self.clone();
        let answer = scratch.answer(exchange);
        let request = answer
            .as_ref()
            .map(|answer| answer.request.clone())
            .unwrap_or_default();
        let origin = exchange.request.origin.as_str();
        let sent = self.parts_of_body(origin, exchange);
        let text = answer
            .map(|answer| format!("{answer:?}"))
            .unwrap_or_default();
        (
            request,
            sent,
            NUMBERED.replace_all(&text, "$1").into_owned(),
        )
    }

    fn parts_of_body(&self, origin: &str, exchange: &Exchange) -> String {
        let spot = Spot {
            name: "",
            origin,
            sent: instant_of(&exchange.started),
        };
        self.clone().parts(spot, &exchange.request.body.text())
    }

    fn answer(&mut self, exchange: &Exchange) -> Option<Answer> {
        self.learn(exchange);
        let response = exchange.response()?;
        let origin = exchange.request.origin.as_str();
        let sent = instant_of(&exchange.started);
        let target = Spot {
            name: "location",
            origin,
            sent,
        };
        // Decoded, for readers and so that ids in a filter are found.
        let decoded =
            percent_encoding::percent_decode_str(&exchange.request.target).decode_utf8_lossy();
        let request = format!(
            "{} {}",
            exchange.request.method,
            self.text(target, &decoded)
        );
        let mut headers: BTreeMap<String, String> = BTreeMap::new();
        for (name, value) in &response.headers {
            let name = name.to_lowercase();
            if !HEADERS.contains(&name.as_str()) {
                continue;
            }
            let value = self.header(
                Spot {
                    name: &name,
                    origin,
                    sent,
                },
                value,
            );
            headers
                .entry(name)
                .and_modify(|known| *known = format!("{known}, {value}"))
                .or_insert(value);
        }
        let body = match response.json() {
            _ if response.body.is_empty() => Body::Nothing,
            Some(value) => Body::Json(self.value(
                Spot {
                    name: "",
                    origin,
                    sent,
                },
                value,
            )),
            None => Body::Text(self.text(
                Spot {
                    name: "",
                    origin,
                    sent,
                },
                &response.body.text(),
            )),
        };
        Some(Answer {
            request,
            status: response.status,
            headers,
            body,
        })
    }

    fn header(&mut self, spot: Spot<'_>, value: &str) -> String {
        match spot.name {
            "content-type" => {
                let parts: Vec<&str> = value.split(';').map(str::trim).collect();
                parts.join("; ").to_lowercase()
            }
            "etag" => self.version(value),
            // Either seconds or a date (RFC 9110 10.2.3).
            "retry-after" if !value.trim().bytes().all(|byte| byte.is_ascii_digit()) => {
                "[time]".to_owned()
            }
            _ => self.text(spot, value),
        }
    }

    fn value(&mut self, spot: Spot<'_>, value: &Value) -> Value {
        match value {
            Value::String(text) => Value::String(self.text(spot, text)),
            Value::Number(number) if REFERENCES.contains(&spot.name) => {
                match self.ids.known(number.to_string().as_str()) {
                    Some(id) => Value::String(format!("[id-{id}] as a number")),
                    None => value.clone(),
                }
            }
            Value::Array(items) => items.iter().map(|item| self.value(spot, item)).collect(),
            Value::Object(members) => members
                .iter()
                .map(|(name, value)| {
                    let lower = name.to_lowercase();
                    (
                        name.clone(),
                        self.value(
                            Spot {
                                name: &lower,
                                ..spot
                            },
                            value,
                        ),
                    )
                })
                .collect(),
            other => other.clone(),
        }
    }

    fn text(&mut self, spot: Spot<'_>, text: &str) -> String {
        match spot.name {
            "version" => return self.version(text),
            // Opaque (RFC 9865), and often with an instant in it: no two need to be equal, and equal ones say nothing.
            "nextcursor" | "previouscursor" => return "[cursor]".to_owned(),
            _ => {}
        }
        if (text.len() >= OPAQUE || REFERENCES.contains(&spot.name))
            && let Some(id) = self.ids.known(text)
        {
            return format!("[id-{id}]");
        }
        let is_volatile = matches!(spot.name, "created" | "lastmodified");
        if let Some(instant) =
            instant_of(text).filter(|instant| is_volatile || near(*instant, spot.sent))
        {
            return format!("[time-{}]", self.instants.number(instant.as_nanosecond()));
        }
        self.parts(spot, text)
    }

    /// Names within a longer text.
    fn parts(&mut self, spot: Spot<'_>, text: &str) -> String {
        let mut text = text.replace(spot.origin, "[host]");
        // Without the scheme only where a port makes sure that it is the host: `realm="127.0.0.1:8080"`.
        if let Some((_, authority)) = spot
            .origin
            .split_once("://")
            .filter(|(_, authority)| authority.contains(':'))
        {
            text = text.replace(authority, "[host]");
        }
        let text = without_case(&text, &self.run, "[run]");
        let text = if REFERENCES.contains(&spot.name) || spot.name == "link" {
            self.segments(&text)
        } else {
            Cow::Borrowed(text.as_ref())
        };
        let text = TOKEN.replace_all(&text, |found: &Captures<'_>| {
            let word = &found[0];
            let token = word.trim_end_matches('.');
            match self.ids.known(token).filter(|_| token.len() >= OPAQUE) {
                Some(id) => format!("[id-{id}]{}", &word[token.len()..]),
                None => word.to_owned(),
            }
        });
        let text = UUID.replace_all(&text, |found: &Captures<'_>| {
            format!("[uuid-{}]", self.uuids.number(found[0].to_lowercase()))
        });
        INSTANT
            .replace_all(&text, |found: &Captures<'_>| match instant_of(&found[0]) {
                Some(instant) if near(instant, spot.sent) => {
                    format!("[time-{}]", self.instants.number(instant.as_nanosecond()))
                }
                _ => found[0].to_owned(),
            })
            .into_owned()
    }

    /// Segments of a path that are ids, however short.
    fn segments<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let (path, rest) = text.split_at(text.find(['?', '#', '>']).unwrap_or(text.len()));
        if !path.contains('/') {
            return Cow::Borrowed(text);
        }
        let segments: Vec<Cow<'_, str>> = path
            .split('/')
            .map(|segment| {
                let decoded = percent_encoding::percent_decode_str(segment).decode_utf8_lossy();
                match self.ids.known(decoded.as_ref()) {
                    Some(id) => Cow::Owned(format!("[id-{id}]")),
                    None => Cow::Borrowed(segment),
                }
            })
            .collect();
        Cow::Owned(format!("{}{rest}", segments.join("/")))
    }

    /// `W/"3"` becomes `W/"[version-1]"`: whether it is weak, and quoted, stays visible.
    fn version(&mut self, text: &str) -> String {
        let (mark, opaque) = match text.strip_prefix("W/") {
            Some(opaque) => ("W/", opaque),
            None => ("", text),
        };
        let bare = opaque.trim_matches('"');
        let named = format!("[version-{}]", self.versions.number(bare.to_owned()));
        format!("{mark}{}", opaque.replacen(bare, &named, 1))
    }

    fn learn_value(&mut self, attribute: &str, value: &Value) {
        match value {
            Value::Array(items) => {
                let mut ordered: Vec<&Value> = items.iter().collect();
                if items.len() > 1 {
                    // Lists have no order: what is new in one is numbered by what it is.
                    ordered.sort_by_cached_key(|item| {
                        without_case(&key(&blanked(item)), &self.run, "").into_owned()
                    });
                }
                ordered
                    .into_iter()
                    .for_each(|item| self.learn_value(attribute, item));
            }
            Value::Object(members) if !is_discovery(members) => {
                if let Some(id) = id_of(members, "id") {
                    self.ids.number(id);
                }
                let refers = RESOURCES.contains(&attribute.to_lowercase().as_str());
                if let Some(id) = id_of(members, "value").filter(|_| refers) {
                    self.ids.number(id);
                }
                for (name, value) in members {
                    self.learn_value(name, value);
                }
            }
            _ => {}
        }
    }
}

fn near(instant: Timestamp, sent: Option<Timestamp>) -> bool {
    sent.is_some_and(|sent| (instant.as_second() - sent.as_second()).abs() <= NEAR)
}
