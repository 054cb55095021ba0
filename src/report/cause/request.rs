//! What kind of request something is: method, resource, and what it asks for, free of ids and names.

use std::collections::BTreeSet;
use std::fmt;

use percent_encoding::percent_decode_str;
use serde_json::{Map, Value};

use crate::exchange::Request;
use crate::finding::template::unquoted;

/// Method and resource: `PATCH /Users/{id}`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::report) struct Kind {
    pub(super) method: String,
    pub(super) resource: String,
}

impl fmt::Display for Kind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {}", self.method, self.resource)
    }
}

impl Kind {
    /// The kind of a request, below the path of the target's base URL.
    pub(in crate::report) fn of(request: &Request, base: &str) -> Self {
        let path = path_of(request);
        let path = path
            .strip_prefix(base.trim_end_matches('/'))
            .unwrap_or(path);
        let mut segments = path.split('/').filter(|segment| !segment.is_empty());
        let mut resource = match segments.next() {
            Some(first) => format!("/{first}"),
            None => "/".to_owned(),
        };
        match segments.next() {
            Some(search @ ".search") => resource = format!("{resource}/{search}"),
            Some(_) => resource.push_str("/{id}"),
            None => {}
        }
        Self {
            method: request.method.clone(),
            resource,
        }
    }
}

impl Kind {
    /// The resource without what is below it: `/Users`.
    pub(super) fn root(&self) -> &str {
        let end = self.resource[1..].find('/');
        end.map_or(&self.resource, |end| &self.resource[..=end])
    }
}

/// The path as sent, without the query.
pub(super) fn path_of(request: &Request) -> &str {
    request.target.split('?').next().unwrap_or_default()
}

/// What the request asks for, one text a thing: an operation, an attribute, a parameter.
pub(super) fn traits_of(request: &Request) -> BTreeSet<String> {
    let (_, query) = request.target.split_once('?').unwrap_or_default();
    let mut traits: BTreeSet<String> = query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(parameter)
        .collect();
    if request.body.is_empty() {
        return traits;
    }
    if let Ok(Value::Object(body)) = serde_json::from_slice(request.body.bytes()) {
        match operations(&body) {
            Some(operations) => traits.extend(operations.iter().flat_map(operation)),
            None => traits.extend(
                body.iter()
                    .filter(|(name, _)| *name != "schemas")
                    .map(|(name, value)| with_value(name, value)),
            ),
        }
    }
    traits
}

fn parameter(pair: &str) -> String {
    let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
    if !name.eq_ignore_ascii_case("filter") {
        return name.to_owned();
    }
    let value = value.replace('+', " ");
    let filter = percent_decode_str(&value).decode_utf8_lossy();
    format!("filter {}", unquoted(&filter))
}

fn operations(body: &Map<String, Value>) -> Option<&Vec<Value>> {
    body.iter()
        .find(|(name, _)| name.eq_ignore_ascii_case("operations"))
        .and_then(|(_, operations)| operations.as_array())
}

/// `replace active "False"`; without a path one text for each attribute.
fn operation(operation: &Value) -> Vec<String> {
    let text = |name: &str| operation.get(name).and_then(Value::as_str);
    let op = text("op").or(text("method")).unwrap_or("no op");
    let value = operation.get("value");
    match (text("path"), value) {
        (Some(path), Some(value)) => vec![with_value(&format!("{op} {}", unquoted(path)), value)],
        (Some(path), None) => vec![format!("{op} {}", unquoted(path))],
        (None, Some(Value::Object(members))) => members
            .iter()
            .map(|(name, value)| with_value(&format!("path-less {op} {name}"), value))
            .collect(),
        (None, _) => vec![format!("path-less {op}")],
    }
}

/// A name with what its value is; never a value that could be a person's.
fn with_value(name: &str, value: &Value) -> String {
    let value = match value {
        Value::Null => "null",
        Value::Bool(true) => "true",
        Value::Bool(false) => "false",
        Value::Number(_) => "(a number)",
        Value::String(text) if text.is_empty() => "\"\"",
        // Entra sends booleans as texts.
        Value::String(text) if matches!(text.as_str(), "True" | "False" | "true" | "false") => {
            return format!("{name} \"{text}\"");
        }
        Value::String(_) => "(a text)",
        Value::Array(items) if items.is_empty() => "[]",
        Value::Array(_) => "(a list)",
        Value::Object(_) => "(an object)",
    };
    format!("{name} {value}")
}

#[cfg(test)]
mod tests {
    use super::{Kind, traits_of};
    use crate::exchange::{Api, Body, Request};

    fn request(method: &str, target: &str, body: &str) -> Request {
        Request {
            api: Api::Scim,
            method: method.to_owned(),
            origin: "http://scim.test".to_owned(),
            target: target.to_owned(),
            headers: Vec::new(),
            body: Body::new(body),
        }
    }

    fn told(method: &str, target: &str, body: &str) -> String {
        let request = request(method, target, body);
        let traits: Vec<String> = traits_of(&request).into_iter().collect();
        format!("{}: {}", Kind::of(&request, "/v2"), traits.join("; "))
    }

    #[test]
    fn a_request_is_told_without_ids_and_names() {
        assert_eq!(
            told("GET", "/v2/Users?filter=userName+eq+%22ada%22&count=2", ""),
            "GET /Users: count; filter userName eq …"
        );
        assert_eq!(
            told(
                "PATCH",
                "/v2/Users/2819c223",
                r#"{"Operations":[{"op":"Add","path":"emails[type eq \"work\"].value","value":"a@b"},{"op":"replace","value":{"active":"False","title":null}}]}"#
            ),
            "PATCH /Users/{id}: Add emails[type eq …].value (a text); path-less replace active \"False\"; path-less replace title null"
        );
        assert_eq!(
            told(
                "POST",
                "/v2/Groups",
                r#"{"schemas":[],"displayName":"x","members":[]}"#
            ),
            "POST /Groups: displayName (a text); members []"
        );
        assert_eq!(told("GET", "/v2", ""), "GET /: ");
        assert_eq!(
            told("POST", "/v2/Users/.search", "no json"),
            "POST /Users/.search: "
        );
    }
}
