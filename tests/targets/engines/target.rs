//! A target that keeps what it gets as the text that it got, so that a story decides what a provider reads back.

use std::collections::BTreeMap;
use std::sync::Mutex;

use crate::server::{Received, Reply, Server};

/// What is stored: path to document, in the order of paths.
#[derive(Default)]
struct Store {
    documents: BTreeMap<String, String>,
    created: BTreeMap<String, usize>,
}

/// Starts it; users and groups get these ids in the order of their creation, and numbered ones after that.
pub fn start(users: &'static [&'static str], groups: &'static [&'static str]) -> Server {
    let store = Mutex::new(Store::default());
    Server::after_preflight(move |received, _| {
        let mut store = store.lock().expect("no one panics");
        let target = received.target.trim_start_matches("/scim/v2");
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        match received.method.as_str() {
            "POST" => {
                let ids = if path == "/Users" { users } else { groups };
                store.create(path, ids, &received.text())
            }
            "PUT" => {
                store.documents.insert(path.to_owned(), received.text());
                Reply::json(200, received.text())
            }
            "DELETE" => {
                store.documents.remove(path);
                Reply::with(204, &[], b"")
            }
            "GET" if ["/Users", "/Groups"].contains(&path) => store.list(path, query),
            "GET" => match store.documents.get(path) {
                Some(document) => Reply::json(200, document),
                None => Reply::error(404, "nobody"),
            },
            _ => {
                store.patch(path, &received.text());
                Reply::with(204, &[], b"")
            }
        }
    })
}

impl Store {
    /// Keeps the document with an `id` right behind its `schemas`, as the sample of okta.md 3.2 has it, and without
    /// Okta's placeholder of a password.
    fn create(&mut self, path: &str, ids: &[&str], text: &str) -> Reply {
        let created = self.created.entry(path.to_owned()).or_default();
        *created += 1;
        let id = match ids.get(*created - 1) {
            Some(id) => (*id).to_owned(),
            None => format!("n-{:04}", *created),
        };
        let document = text
            .replacen("],", &format!(r#"],"id":"{id}","#), 1)
            .replace(r#""password":"Zq7rT2mK","#, "");
        self.documents
            .insert(format!("{path}/{id}"), document.clone());
        Reply::json(201, document)
    }

    /// Understands Okta's activation alone; what another PATCH should have changed is for the story to say.
    fn patch(&mut self, path: &str, text: &str) {
        let (before, after) = (r#""active":false"#, r#""active":true"#);
        if let Some(document) = self.documents.get_mut(path)
            && text.ends_with(r#""value":{"active":true}}]}"#)
        {
            *document = document.replace(before, after);
        }
    }

    fn list(&self, path: &str, query: &str) -> Reply {
        let parameter = |name: &str| {
            query
                .split('&')
                .filter_map(|pair| pair.split_once('='))
                .find(|(known, _)| *known == name)
                .map(|(_, value)| value)
        };
        let number = |name: &str| parameter(name).and_then(|value| value.parse::<usize>().ok());
        let sought = parameter("filter").and_then(|filter| filter.rsplit("%22").nth(1));
        let sought = sought.map(|value| format!("\"{}\"", decoded(value)));
        let hits: Vec<&str> = self
            .documents
            .iter()
            .filter(|(known, _)| {
                known
                    .rsplit_once('/')
                    .is_some_and(|(parent, _)| parent == path)
            })
            .map(|(_, document)| document.as_str())
            .filter(|document| {
                sought
                    .as_ref()
                    .is_none_or(|sought| document.contains(sought))
            })
            .collect();
        let start = number("startIndex").unwrap_or(1);
        let page: Vec<&str> = hits
            .iter()
            .skip(start - 1)
            .take(number("count").unwrap_or(100))
            .copied()
            .collect();
        Reply::json(
            200,
            format!(
                r#"{{"schemas":["urn:ietf:params:scim:api:messages:2.0:ListResponse"],"totalResults":{},"startIndex":{start},"itemsPerPage":{},"Resources":[{}]}}"#,
                hits.len(),
                page.len(),
                page.join(",")
            ),
        )
    }
}

/// The few escapes that values of these stories need.
fn decoded(value: &str) -> String {
    value
        .replace("%20", " ")
        .replace('+', " ")
        .replace("%40", "@")
}

/// Requests that are the provider's: what a story sets up, and cleanup, say that they are ours.
pub fn of_the_provider(server: &Server) -> Vec<Received> {
    let own = concat!("scimulate/", env!("CARGO_PKG_VERSION"));
    server
        .received()
        .into_iter()
        .filter(|received| received.header("user-agent") != Some(own))
        .collect()
}
