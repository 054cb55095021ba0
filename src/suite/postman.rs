//! Collections that Postman exports, v2.0 and v2.1 (entra.md 11 describes one of them).

use serde_json::Value;

use crate::scenario::error::ScenarioError;
use crate::suite::document::Spot;
use crate::suite::runscope::plain;
use crate::suite::script::{self, Reading};
use crate::suite::{Authorization, Body, Format, Item, REQUESTS, Suite, one_line, too_many};

/// Deepest nesting of folders.
const DEPTH: usize = 32;

pub(super) fn read(shown: &str, root: &Spot<'_>, mistakes: &mut Vec<ScenarioError>) -> Suite {
    let info = root.get("info");
    let text = |name: &str| info.as_ref().and_then(|info| info.text(name));
    // `description` is a text, or an object with a text in it.
    let description = info
        .as_ref()
        .and_then(|info| match info.get("description") {
            Some(inner) if inner.value.is_object() => inner.text("content"),
            _ => info.text("description"),
        });
    let mut suite = Suite {
        format: Format::Postman,
        shown: shown.to_owned(),
        title: one_line(text("name").unwrap_or("Postman collection")),
        description: one_line(description.unwrap_or_default()),
        items: Vec::new(),
        initial: Vec::new(),
        remarks: Vec::new(),
    };
    if let Some(info) = &info {
        let schema = info.text("schema").unwrap_or_default();
        let is_known = ["v2.0.0", "v2.1.0"]
            .iter()
            .any(|known| schema.contains(known));
        if !is_known {
            let what = match schema {
                "" => "is missing, and tells the version of the format".to_owned(),
                other => format!(
                    "is `{}`, and only v2.0.0 and v2.1.0 are known",
                    one_line(other)
                ),
            };
            let repair = "open it in Postman and export it as Collection v2.1";
            mistakes.push(info.wrong("schema", &what, Some(repair)));
        }
    }
    for variable in root.list("variable") {
        if variable.flag("disabled") {
            continue;
        }
        let name = variable.text("key").or_else(|| variable.text("id"));
        if let Some(name) = name.filter(|name| !name.is_empty()) {
            let value = variable.value.get("value").map(plain).unwrap_or_default();
            suite.initial.push((name.to_owned(), value));
        }
    }
    let above = Above {
        folders: Vec::new(),
        authorization: authorization(root).unwrap_or(Authorization::None),
        before: Vec::new(),
        after: Vec::new(),
    };
    match root.get("item") {
        Some(items) if items.value.is_array() => {
            let above = above.with_events(root);
            folder(&items, &above, &mut suite, mistakes);
        }
        Some(_) => mistakes.push(root.wrong("item", "is not a list", None)),
        None => mistakes.push(root.wrong(
            "item",
            "is missing",
            Some("export the collection again from Postman"),
        )),
    }
    suite
}

/// What a folder gives to the requests inside.
#[derive(Clone)]
struct Above {
    folders: Vec<String>,
    authorization: Authorization,
    before: Vec<String>,
    after: Vec<String>,
}

impl Above {
    fn with_events(&self, spot: &Spot<'_>) -> Self {
        let mut below = self.clone();
        for event in spot.list("event") {
            if event.flag("disabled") {
                continue;
            }
            let text = script_of(&event);
            if text.trim().is_empty() {
                continue;
            }
            match event.text("listen") {
                Some("prerequest") => below.before.push(text),
                Some("test") => below.after.push(text),
                _ => {}
            }
        }
        below
    }
}

/// The text of an event's script: lines, or one text.
fn script_of(event: &Spot<'_>) -> String {
    let written = event.get("script").and_then(|script| {
        let exec = script.get("exec");
        exec.or(Some(script))
    });
    let Some(written) = written else {
        return String::new();
    };
    match written.value {
        Value::String(text) => text.clone(),
        Value::Array(lines) => {
            let lines: Vec<&str> = lines.iter().filter_map(Value::as_str).collect();
            lines.join("\n")
        }
        _ => String::new(),
    }
}

fn folder(items: &Spot<'_>, above: &Above, suite: &mut Suite, mistakes: &mut Vec<ScenarioError>) {
    for item in items.items() {
        if suite.items.len() >= REQUESTS {
            // Said once, whatever number of folders there is around it.
            let is_said = mistakes
                .last()
                .is_some_and(|last| last.to_string().contains("more than"));
            if !is_said {
                mistakes.push(too_many(&item));
            }
            return;
        }
        let name = one_line(item.text("name").unwrap_or_default());
        if let Some(inner) = item.get("item") {
            if above.folders.len() >= DEPTH {
                let what = format!("is nested more than {DEPTH} folders deep");
                mistakes.push(item.wrong("", &what, None));
                return;
            }
            let mut below = above.with_events(&item);
            below.folders.push(name);
            if let Some(own) = authorization(&item) {
                below.authorization = own;
            }
            folder(&inner, &below, suite, mistakes);
            continue;
        }
        match item.get("request") {
            Some(written) => {
                let found = request(&item, &written, name, above, mistakes);
                if let Some(found) = found {
                    suite.take(found);
                }
            }
            None => {
                let what = "has neither a `request` nor an `item` list";
                mistakes.push(item.wrong("", what, None));
            }
        }
    }
}

fn request(
    item: &Spot<'_>,
    written: &Spot<'_>,
    name: String,
    above: &Above,
    mistakes: &mut Vec<ScenarioError>,
) -> Option<Item> {
    let url = match (written.value, written.get("url")) {
        // A request may be nothing but its URL.
        (Value::String(url), _) => url.clone(),
        (_, Some(url)) => match url.value {
            Value::String(url) => url.clone(),
            _ => url_of(&url),
        },
        (_, None) => String::new(),
    };
    if url.trim().is_empty() {
        mistakes.push(written.wrong("url", "is missing: a request needs a URL", None));
        return None;
    }
    let method = written.text("method").unwrap_or("GET").to_ascii_uppercase();
    let events = Above {
        before: above.before.clone(),
        ..above.clone()
    }
    .with_events(item);
    let headers = headers(written);
    let mut body = body(written);
    // Postman sends no body with these methods, unless it is told to.
    let keeps = item
        .get("protocolProfileBehavior")
        .is_some_and(|behaviour| behaviour.flag("disableBodyPruning"));
    let mut remarks = Vec::new();
    if matches!(method.as_str(), "GET" | "HEAD") && !keeps && body != Body::None {
        body = Body::None;
        remarks.push(format!("its body: Postman sends none with {method}"));
    }
    let mut found = Item {
        name: match above.folders.last() {
            Some(folder) => format!("{folder}: {name}"),
            None => name,
        },
        place: item.place(),
        authorization: authorization(written).unwrap_or_else(|| above.authorization.clone()),
        headers: with_content_type(headers, written, &body),
        method,
        url,
        body,
        pause: 0,
        assertions: Vec::new(),
        captures: Vec::new(),
        values: Vec::new(),
        remarks,
    };
    for text in &events.before {
        let Reading {
            assertions,
            captures,
            values,
            unread,
        } = script::read(text);
        let says = assertions
            .into_iter()
            .map(|assertion| assertion.says)
            .chain(unread);
        let kept = captures
            .into_iter()
            .map(|capture| format!("it sets `{}`", capture.name));
        found.values.extend(values);
        found.remarks.extend(
            says.chain(kept)
                .map(|what| format!("script before the request: {what}")),
        );
    }
    for text in &events.after {
        let reading = script::read(text);
        found.assertions.extend(reading.assertions);
        found.captures.extend(reading.captures);
        found.values.extend(reading.values);
        let unread = reading.unread.into_iter();
        found
            .remarks
            .extend(unread.map(|what| format!("script after the request: {what}")));
    }
    Some(found)
}

/// The URL that Postman sends: made of its parts where there are any, as Postman does it, else the text. Of the sample
/// collection, one request has `/Users` in the text and `users` in its parts.
fn url_of(url: &Spot<'_>) -> String {
    let joined = |name: &str, by: &str| match url.value.get(name) {
        Some(Value::String(text)) => Some(text.clone()),
        Some(Value::Array(parts)) => {
            let parts: Vec<String> = parts
                .iter()
                .map(|part| match part.get("value") {
                    Some(value) => plain(value),
                    None => plain(part),
                })
                .collect();
            Some(parts.join(by))
        }
        _ => None,
    };
    let Some(host) = joined("host", ".") else {
        return url.text("raw").unwrap_or_default().to_owned();
    };
    let mut text = match url.text("protocol") {
        Some(protocol) => format!("{}://{host}", protocol.trim_end_matches("://")),
        None => host,
    };
    if let Some(port) = url.value.get("port") {
        text.push_str(&format!(":{}", plain(port)));
    }
    if let Some(path) = joined("path", "/") {
        text.push_str(&format!("/{}", path.trim_start_matches('/')));
    }
    for variable in url.list("variable") {
        let name = variable.text("key").or_else(|| variable.text("id"));
        if let Some(name) = name {
            let value = variable.value.get("value").map(plain).unwrap_or_default();
            text = text
                .split('/')
                .map(|segment| match segment.strip_prefix(':') == Some(name) {
                    true => value.as_str(),
                    false => segment,
                })
                .collect::<Vec<_>>()
                .join("/");
        }
    }
    let query: Vec<String> = url
        .list("query")
        .iter()
        .filter(|parameter| !parameter.flag("disabled"))
        .map(|parameter| {
            let key = parameter.value.get("key").map(plain).unwrap_or_default();
            match parameter.get("value") {
                Some(value) => format!("{key}={}", plain(value.value)),
                None => key,
            }
        })
        .collect();
    if !query.is_empty() {
        text.push_str(&format!("?{}", query.join("&")));
    }
    text
}

/// A list of names and values, or, in v2.0, a text with a header a line.
fn headers(written: &Spot<'_>) -> Vec<(String, String)> {
    match written.value.get("header") {
        Some(Value::String(text)) => text
            .lines()
            .filter_map(|line| line.split_once(':'))
            .map(|(name, value)| (name.trim().to_owned(), value.trim().to_owned()))
            .filter(|(name, _)| !name.is_empty())
            .collect(),
        _ => written
            .list("header")
            .iter()
            .filter(|header| !header.flag("disabled"))
            .filter_map(|header| {
                let name = header.text("key")?.trim();
                let value = header.value.get("value").map(plain).unwrap_or_default();
                (!name.is_empty()).then(|| (name.to_owned(), value))
            })
            .collect(),
    }
}

/// Postman adds the media type of a raw body that is said to be JSON.
fn with_content_type(
    mut headers: Vec<(String, String)>,
    written: &Spot<'_>,
    body: &Body,
) -> Vec<(String, String)> {
    let is_there = headers
        .iter()
        .any(|(name, _)| name.eq_ignore_ascii_case("content-type"));
    let language = written
        .get("body")
        .and_then(|body| body.get("options"))
        .and_then(|options| options.get("raw"))
        .and_then(|raw| raw.text("language"));
    if !is_there && matches!(body, Body::Text(_)) {
        let kind = match language {
            Some("json") => "application/json",
            Some("xml") => "application/xml",
            _ => "text/plain",
        };
        headers.push(("Content-Type".to_owned(), kind.to_owned()));
    }
    headers
}

fn body(written: &Spot<'_>) -> Body {
    let Some(body) = written.get("body").filter(|body| !body.flag("disabled")) else {
        return Body::None;
    };
    match body.text("mode") {
        Some("raw") => match body.text("raw") {
            Some(text) if !text.is_empty() => Body::Text(text.to_owned()),
            _ => Body::None,
        },
        Some("urlencoded" | "formdata")
            if body.list("urlencoded").is_empty() && body.list("formdata").is_empty() =>
        {
            Body::None
        }
        Some("urlencoded") => Body::Other("a form"),
        Some("formdata") => Body::Other("a multipart form"),
        Some("graphql") => Body::Other("a GraphQL query"),
        Some("file") => Body::Other("a file"),
        _ => Body::None,
    }
}

/// What `auth` says; nothing where it is left to the folder above.
fn authorization(spot: &Spot<'_>) -> Option<Authorization> {
    let auth = spot.get("auth")?;
    let kind = auth.text("type").unwrap_or_default();
    // v2.1 has a list of names and values, v2.0 an object.
    let value = |name: &str| {
        let values = auth.get(kind)?;
        match values.value {
            Value::Object(_) => values.value.get(name).map(plain),
            _ => values
                .items()
                .iter()
                .find(|item| item.text("key") == Some(name))
                .and_then(|item| item.value.get("value").map(plain)),
        }
    };
    Some(match kind {
        "" | "noauth" => Authorization::None,
        "bearer" => match value("token").filter(|token| !token.is_empty()) {
            Some(token) => Authorization::Header(format!("Bearer {token}")),
            None => Authorization::None,
        },
        _ => Authorization::Own,
    })
}
