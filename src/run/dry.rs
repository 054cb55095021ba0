//! Dry runs: writes are not sent but taken for done, so that what would follow can be shown, too.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::Value;

use crate::exchange::{Api, Body, Exchange, Request, Response};
use crate::plan::Outgoing;

/// What would be there by now.
#[derive(Debug, Default)]
pub(crate) struct Assumed {
    /// Resources that were not really created, by their path.
    created: BTreeMap<String, Value>,
}

impl Assumed {
    /// The answer that a provider hopes for; `None` for what can be sent because it only reads what is really there.
    pub(crate) fn answer(&mut self, outgoing: &Outgoing) -> Option<Exchange> {
        let path = outgoing.target.split('?').next().unwrap_or_default();
        let sent = || -> Option<Value> { serde_json::from_slice(outgoing.body.as_deref()?).ok() };
        let (status, body) = match outgoing.method.as_str() {
            "GET" | "HEAD" | "OPTIONS" => match self.created.get(path) {
                Some(resource) => (200, Some(resource.clone())),
                None => return None,
            },
            "POST" => {
                let mut resource = sent().unwrap_or_default();
                let id = format!("dry-run-{}", self.created.len() + 1);
                if let Value::Object(members) = &mut resource {
                    members.insert("id".to_owned(), Value::from(id.as_str()));
                }
                self.created
                    .insert(format!("{path}/{id}"), resource.clone());
                (201, Some(resource))
            }
            "PUT" => (200, sent()),
            "DELETE" => {
                self.created.remove(path);
                (204, None)
            }
            _ => (204, None),
        };
        let body = body.map(|body| body.to_string().into_bytes());
        Some(Exchange {
            sender: outgoing.sender.clone(),
            request: Request {
                api: Api::Scim,
                method: outgoing.method.clone(),
                origin: String::new(),
                target: outgoing.target.clone(),
                headers: outgoing.headers.clone(),
                body: Body::new(outgoing.body.clone().unwrap_or_default()),
            },
            outcome: Ok(Response::new(
                status,
                vec![(
                    "content-type".to_owned(),
                    "application/scim+json".to_owned(),
                )],
                Body::new(body.unwrap_or_default()),
                None,
            )),
            started: String::new(),
            elapsed: Duration::ZERO,
        })
    }
}
