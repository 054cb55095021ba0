//! Lists of the management API: `limit`, `after`, `filter`, and `Link` headers to the next page.

use serde_json::Value;
use url::form_urlencoded::Serializer;

use crate::org::okta::errors::Refusal;
use crate::org::okta::filtering::{meets, read};
use crate::org::{Ask, Reply};

/// How long pages are.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pages {
    /// Without `limit`.
    pub(crate) usual: usize,
    /// With it.
    pub(crate) most: usize,
}

/// Those that the `filter` or the `search` of a call wants.
pub(crate) fn filtered(ask: &Ask, mut objects: Vec<Value>) -> Result<Vec<Value>, Refusal> {
    for name in ["filter", "search"] {
        if let Some(text) = ask.parameter(name).filter(|text| !text.trim().is_empty()) {
            let filter = read(text).ok_or(Refusal::Filter)?;
            objects.retain(|object| meets(object, &filter));
        }
    }
    Ok(objects)
}

/// The page that a call wants. `after` is the number of objects before it.
pub(crate) fn page(ask: &Ask, objects: Vec<Value>, pages: Pages) -> Result<Reply, Refusal> {
    let number = |name: &str| match ask.parameter(name) {
        None => Ok(None),
        Some(text) => match text.parse::<usize>() {
            Ok(number) => Ok(Some(number)),
            Err(_) => Err(Refusal::invalid(name, "The value must be a number")),
        },
    };
    let limit = match number("limit")? {
        Some(0) => return Err(Refusal::invalid("limit", "The value must be at least 1")),
        limit => limit.unwrap_or(pages.usual).min(pages.most),
    };
    let after = number("after")?.unwrap_or(0);
    let total = objects.len();
    let shown: Vec<Value> = objects.into_iter().skip(after).take(limit).collect();
    let reached = after + shown.len();
    let mut reply = Reply::json(200, Value::Array(shown));
    reply.headers.push(link(ask, after, limit, "self"));
    if reached < total {
        reply.headers.push(link(ask, reached, limit, "next"));
    }
    Ok(reply)
}

fn link(ask: &Ask, after: usize, limit: usize, relation: &str) -> (String, String) {
    let mut query = Serializer::new(String::new());
    for (name, value) in &ask.query {
        if !matches!(name.as_str(), "after" | "limit") {
            query.append_pair(name, value);
        }
    }
    if after > 0 {
        query.append_pair("after", &after.to_string());
    }
    query.append_pair("limit", &limit.to_string());
    let target = format!(
        "<{}/{}?{}>; rel=\"{relation}\"",
        ask.base,
        ask.path.join("/"),
        query.finish()
    );
    ("link".to_owned(), target)
}
