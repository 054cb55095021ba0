//! Captures: what a step takes from an answer and gives a name.

use jiff::Timestamp;
use serde_json::Value;
use serde_json_path::JsonPath;

use crate::exchange::{Exchange, Response};
use crate::scenario::step::Selector;
use crate::scim::locate::select;
use crate::scim::path::Path;

/// What the selector finds in the answer, all of it.
///
/// # Errors
/// In words, what is wrong with the answer: there is none, it is not JSON, or the selector does not fit it.
pub(crate) fn found(exchange: &Exchange, from: &Selector) -> Result<Vec<Value>, String> {
    let response = exchange.outcome.as_ref().map_err(ToString::to_string)?;
    match from {
        Selector::Status => Ok(vec![Value::from(response.status)]),
        Selector::Header(name) => match response.header(name) {
            Some(value) => Ok(vec![Value::from(value)]),
            None => Err(format!("the answer has no `{name}` header")),
        },
        Selector::OpaqueTag => match response.header("etag") {
            Some(tag) => Ok(vec![Value::from(tag.strip_prefix("W/").unwrap_or(tag))]),
            None => Err("the answer has no `etag` header".to_owned()),
        },
        Selector::JsonPath(path) if path == "$" => Ok(vec![json(response)?.clone()]),
        Selector::JsonPath(path) => Ok(all(path, response)?.into_iter().cloned().collect()),
        Selector::Instant { offset, path } => all(path, response)?
            .into_iter()
            .map(|value| match value.as_str().map(str::parse::<Timestamp>) {
                Some(Ok(instant)) => Ok(instant.display_with_offset(*offset).to_string().into()),
                _ => Err(format!("{} is {value}, no instant", described(from))),
            })
            .collect(),
        Selector::ScimPath(path) => {
            let path: Path = path.parse().map_err(|problem| format!("{problem}"))?;
            Ok(select(json(response)?, &path)
                .into_iter()
                .cloned()
                .collect())
        }
    }
}

/// The one value that a `keep` takes: the first that is found, and usable.
///
/// # Errors
/// In words, why there is none.
pub(crate) fn first(exchange: &Exchange, from: &Selector) -> Result<Value, String> {
    let value = found(exchange, from)?
        .into_iter()
        .find(|value| !value.is_null())
        .ok_or_else(|| format!("the answer has no {}", described(from)))?;
    // An empty or structured id, or dots, would make `/Users/${id}` address something else than one resource.
    let names_one = match &value {
        Value::String(text) => !matches!(text.trim(), "" | "." | ".."),
        other => other.is_number(),
    };
    if is_id(from) && !names_one {
        return Err(format!(
            "{} in the answer is {value}, which names no resource",
            described(from)
        ));
    }
    Ok(value)
}

/// How messages call it.
pub(crate) fn described(from: &Selector) -> String {
    match from {
        Selector::Status => "status".to_owned(),
        Selector::OpaqueTag => "entity tag".to_owned(),
        Selector::Header(name) => format!("`{name}` header"),
        Selector::JsonPath(path) | Selector::Instant { path, .. } => {
            format!("`{}`", path.strip_prefix("$.").unwrap_or(path))
        }
        Selector::ScimPath(path) => format!("`{path}`"),
    }
}

fn is_id(from: &Selector) -> bool {
    match from {
        Selector::JsonPath(path) => path.ends_with(".id"),
        Selector::ScimPath(path) => path.eq_ignore_ascii_case("id"),
        _ => false,
    }
}

fn all<'a>(path: &str, response: &'a Response) -> Result<Vec<&'a Value>, String> {
    let path = JsonPath::parse(path).map_err(|problem| problem.to_string())?;
    Ok(path.query(json(response)?).all())
}

fn json(response: &Response) -> Result<&Value, String> {
    response.json().ok_or_else(|| {
        if response.body.is_empty() {
            "the answer has no body".to_owned()
        } else {
            "the body is not JSON".to_owned()
        }
    })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use jiff::tz::Offset;
    use serde_json::json;

    use super::{first, found};
    use crate::exchange::{Api, Body, Exchange, Request, Response, Sender};
    use crate::scenario::step::Selector;

    fn answer(body: &str) -> Exchange {
        Exchange {
            sender: Sender::Client("scimulate".to_owned()),
            request: Request {
                api: Api::Scim,
                method: "GET".to_owned(),
                origin: "http://127.0.0.1:4711".to_owned(),
                target: "/Users/1".to_owned(),
                headers: Vec::new(),
                body: Body::default(),
            },
            outcome: Ok(Response::new(200, Vec::new(), Body::new(body), None)),
            started: "2026-11-21T10:00:00Z".to_owned(),
            elapsed: Duration::from_millis(1),
        }
    }

    fn at(seconds: i32, path: &str) -> Selector {
        Selector::Instant {
            offset: Offset::from_seconds(seconds).expect("it is an offset"),
            path: path.to_owned(),
        }
    }

    #[test]
    fn an_instant_is_written_as_in_another_zone() {
        let seen = answer(r#"{"id":"1","meta":{"created":"2026-11-21T22:04:05.678Z"}}"#);
        for (seconds, written) in [
            (19_800, "2026-11-22T03:34:05.678+05:30"),
            (-18_000, "2026-11-21T17:04:05.678-05:00"),
            (0, "2026-11-21T22:04:05.678+00:00"),
        ] {
            let there = first(&seen, &at(seconds, "$.meta.created"));
            assert_eq!(there, Ok(json!(written)));
        }
        let problem = found(&seen, &at(0, "$.id")).expect_err("it is no instant");
        assert_eq!(problem, r#"`id` is "1", no instant"#);
        assert!(first(&seen, &at(0, "$.meta.lastModified")).is_err());
    }
}
