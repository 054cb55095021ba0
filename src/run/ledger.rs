//! The ledger of a scenario: what it created, and what it therefore may change and must remove.
//!
//! A server that ignores a filter hands out other people's users as if they were ours. So a write to a resource that the
//! run has only read, and not created, is never sent.

use std::collections::BTreeSet;

use percent_encoding::percent_decode_str;
use serde_json::Value;

use crate::exchange::{Exchange, Sender};
use crate::plan::Outgoing;
use crate::profile::{ProfileId, QueryEncoding, encode_segment};
use crate::run::journal::{Entry, Journal};
use crate::scenario::Limits;

/// A resource by tenant and by its path below the base URL: `/Users/42`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Address {
    pub(crate) tenant: Option<String>,
    pub(crate) path: String,
}

/// A create whose answer does not say what was created.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Unknown {
    tenant: Option<String>,
    endpoint: String,
    attribute: &'static str,
    name: String,
}

/// What a scenario created and saw.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    run: String,
    /// Base path of the target, to read `Location` headers.
    base: String,
    created: Vec<Address>,
    removed: BTreeSet<Address>,
    /// Ids that answers showed, whoever they belong to.
    seen: BTreeSet<String>,
    unknown: Vec<Unknown>,
}

impl Ledger {
    pub(crate) fn new(run: &str, base: &str) -> Self {
        Self {
            run: run.to_owned(),
            base: base.to_owned(),
            ..Self::default()
        }
    }

    /// Why a request must not be sent, if it must not.
    pub(crate) fn forbids(&self, outgoing: &Outgoing) -> Option<String> {
        if matches!(outgoing.method.as_str(), "GET" | "HEAD" | "OPTIONS") {
            return None;
        }
        let paths = match path_of(&outgoing.target).as_str() {
            "/Bulk" => bulk_paths(outgoing.body.as_deref().unwrap_or_default()),
            path => vec![path.to_owned()],
        };
        paths.into_iter().find_map(|path| {
            let id = percent_decode_str(path.rsplit('/').next()?)
                .decode_utf8_lossy()
                .into_owned();
            let foreign = path.matches('/').count() > 1
                && self.seen.contains(&id)
                && !self
                    .created
                    .iter()
                    .any(|ours| ours.tenant == outgoing.tenant && ours.path == path);
            foreign.then(|| {
                format!(
                    "{} {path} would change a resource that this run did not create",
                    outgoing.method
                )
            })
        })
    }

    /// Notes what a request is about to create.
    pub(crate) fn before(
        &self,
        outgoing: &Outgoing,
        journal: Option<&Journal>,
    ) -> std::io::Result<()> {
        let (Some(journal), true) = (journal, creates(outgoing)) else {
            return Ok(());
        };
        let name = naming(outgoing).map(|(_, name)| name);
        journal.note(&Entry::Intent {
            tenant: outgoing.tenant.as_deref(),
            target: &outgoing.target,
            name: name.as_deref(),
        })
    }

    /// Learns from an answer what was created, removed or shown.
    pub(crate) fn after(
        &mut self,
        outgoing: &Outgoing,
        exchange: &Exchange,
        journal: Option<&Journal>,
    ) -> std::io::Result<()> {
        let body = exchange.response().and_then(|response| response.json());
        if let Some(body) = body {
            let listed = body
                .get("Resources")
                .and_then(Value::as_array)
                .into_iter()
                .flatten();
            self.seen.extend(
                listed
                    .chain([body])
                    .filter_map(|resource| text_of(resource.get("id")?)),
            );
        }
        let path = path_of(&outgoing.target);
        let accepted = exchange
            .status()
            .is_some_and(|status| (200..300).contains(&status));
        if outgoing.method == "DELETE" && (accepted || exchange.status() == Some(404)) {
            self.remove(
                Address {
                    tenant: outgoing.tenant.clone(),
                    path,
                },
                journal,
            )?;
            return Ok(());
        }
        if !creates(outgoing) {
            return Ok(());
        }
        let mut found = match path.as_str() {
            "/Bulk" => body.map(|body| self.bulk_created(body)).unwrap_or_default(),
            _ if !accepted => Vec::new(),
            endpoint => {
                let id = body
                    .and_then(|body| text_of(body.get("id")?))
                    .filter(|id| !matches!(id.trim(), "" | "." | ".."));
                let by_id = id.map(|id| format!("{endpoint}/{}", encode_segment(&id)));
                let located = exchange
                    .response()
                    .and_then(|response| response.header("location"));
                by_id
                    .or_else(|| located.and_then(|location| self.located(location)))
                    .into_iter()
                    .collect()
            }
        };
        // No answer may still mean a resource; it can be found by the name that we gave it.
        let lost = exchange.outcome.is_err() || (accepted && found.is_empty() && path != "/Bulk");
        if let (true, Some((attribute, name))) = (lost, naming(outgoing))
            && name.contains(&self.run)
        {
            self.unknown.push(Unknown {
                tenant: outgoing.tenant.clone(),
                endpoint: path,
                attribute,
                name,
            });
        }
        for path in found.drain(..) {
            let address = Address {
                tenant: outgoing.tenant.clone(),
                path,
            };
            if let Some(journal) = journal {
                journal.note(&Entry::Created {
                    tenant: address.tenant.as_deref(),
                    target: &address.path,
                })?;
            }
            self.removed.remove(&address);
            if !self.created.contains(&address) {
                self.created.push(address);
            }
        }
        Ok(())
    }

    /// The paths of what a bulk answer says it created.
    fn bulk_created(&self, body: &Value) -> Vec<String> {
        let operations = body
            .get("Operations")
            .and_then(Value::as_array)
            .into_iter()
            .flatten();
        operations
            .filter(|operation| {
                operation
                    .get("method")
                    .and_then(Value::as_str)
                    .is_some_and(|method| method.eq_ignore_ascii_case("POST"))
            })
            .filter_map(|operation| self.located(operation.get("location")?.as_str()?))
            .collect()
    }

    /// The path below the base URL that a `Location` points to.
    fn located(&self, location: &str) -> Option<String> {
        let path = match location.split_once("://") {
            Some((_, rest)) => &rest[rest.find('/')?..],
            None => location,
        };
        let below = path.strip_prefix(&self.base)?;
        (below.matches('/').count() == 2 && !below.ends_with('/')).then(|| below.to_owned())
    }

    fn remove(&mut self, address: Address, journal: Option<&Journal>) -> std::io::Result<()> {
        if let Some(journal) = journal {
            journal.note(&Entry::Removed {
                tenant: address.tenant.as_deref(),
                target: &address.path,
            })?;
        }
        self.removed.insert(address);
        Ok(())
    }

    /// What is still there, newest first: groups go before their members.
    pub(crate) fn left(&self) -> Vec<Address> {
        self.created
            .iter()
            .rev()
            .filter(|address| !self.removed.contains(address))
            .cloned()
            .collect()
    }

    /// Requests that look for what was perhaps created, each with a test for what it finds.
    pub(crate) fn searches(&mut self) -> Vec<(Outgoing, Search)> {
        self.unknown
            .drain(..)
            .map(|unknown| {
                let filter = format!(
                    "{} eq {}",
                    unknown.attribute,
                    Value::from(unknown.name.as_str())
                );
                let target = format!(
                    "{}?filter={}",
                    unknown.endpoint,
                    QueryEncoding::Percent.encode(&filter)
                );
                (
                    harness("GET", target, unknown.tenant.clone()),
                    Search(unknown),
                )
            })
            .collect()
    }

    /// Takes what a search found into the ledger.
    pub(crate) fn found(&mut self, search: &Search, exchange: &Exchange) {
        let list = exchange
            .response()
            .and_then(|response| response.json())
            .and_then(|body| body.get("Resources"));
        for resource in list.and_then(Value::as_array).into_iter().flatten() {
            let same =
                resource.get(search.0.attribute).and_then(Value::as_str) == Some(&search.0.name);
            if let (true, Some(id)) = (same, resource.get("id").and_then(text_of)) {
                let path = format!("{}/{}", search.0.endpoint, encode_segment(&id));
                self.created.push(Address {
                    tenant: search.0.tenant.clone(),
                    path,
                });
            }
        }
    }
}

/// A search for something that was perhaps created.
pub(crate) struct Search(Unknown);

/// A request of ours.
pub(crate) fn harness(method: &str, target: String, tenant: Option<String>) -> Outgoing {
    let own = ProfileId::Scimulate.profile();
    Outgoing {
        sender: Sender::Harness,
        tenant,
        method: method.to_owned(),
        target,
        headers: own
            .headers
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect(),
        own_authorization: false,
        body: None,
        limits: Limits::default(),
    }
}

fn creates(outgoing: &Outgoing) -> bool {
    outgoing.method == "POST" && !path_of(&outgoing.target).ends_with("/.search")
}

fn path_of(target: &str) -> String {
    target.split(['?', '#']).next().unwrap_or(target).to_owned()
}

/// The attribute and value by which what a create made can be found again.
fn naming(outgoing: &Outgoing) -> Option<(&'static str, String)> {
    let body: Value = serde_json::from_slice(outgoing.body.as_deref()?).ok()?;
    ["userName", "displayName"]
        .into_iter()
        .find_map(|attribute| Some((attribute, body.get(attribute)?.as_str()?.to_owned())))
}

/// The paths that the operations of a bulk request write to.
fn bulk_paths(body: &[u8]) -> Vec<String> {
    let body: Value = serde_json::from_slice(body).unwrap_or_default();
    let operations = body
        .get("Operations")
        .and_then(Value::as_array)
        .into_iter()
        .flatten();
    operations
        .filter_map(|operation| Some(operation.get("path")?.as_str()?.to_owned()))
        .collect()
}

fn text_of(id: &Value) -> Option<String> {
    match id {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}
