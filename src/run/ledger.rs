//! The ledger of a scenario: what it created, and what it therefore may change and must remove.
//!
//! A server that ignores a filter hands out other people's users as if they were ours. So a write to a resource that the
//! run has only read, and not created, is never sent.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::exchange::{Exchange, Failure};
use crate::plan::Outgoing;
use crate::profile::{QueryEncoding, encode_segment};
use crate::run::journal::{Entry, Journal};
use crate::run::naming::{
    creates, is_post, named, operations, path_of, segments, shown, text_of, writes,
};

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
    /// There was no answer; an error that the server gave is most often true.
    likely: bool,
}

/// What a scenario created and saw.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    run: String,
    /// Base path of the target, to read `Location` headers.
    base: String,
    /// In the order in which it came.
    created: Vec<Address>,
    /// The same by tenant and segments: among ten thousand, one must be found at once.
    places: BTreeSet<(Option<String>, Vec<String>)>,
    removed: BTreeSet<Address>,
    /// Ids that answers showed, whomever they belong to.
    seen: BTreeSet<String>,
    unknown: Vec<Unknown>,
    /// Searches for what was perhaps created that came to nothing, because the target did not answer them.
    unsearched: Vec<String>,
    /// Another service was asked for something, which may have made it create here.
    others: bool,
}

impl Ledger {
    pub(crate) fn new(run: &str, base: &str) -> Self {
        Self {
            run: run.to_owned(),
            base: base.to_owned(),
            ..Self::default()
        }
    }

    /// One that says that this was created, in this order.
    pub(crate) fn of_created(base: &str, created: impl Iterator<Item = Address>) -> Self {
        Self {
            base: base.to_owned(),
            created: created.collect(),
            ..Self::default()
        }
    }

    /// From here on, what answers show under a name of this run was created for it by another service.
    pub(crate) fn expect_others(&mut self) {
        self.others = true;
    }

    /// Takes what an answer shows and has a name with this run's id in it: a service that the run spoke to created it.
    fn take_made_elsewhere(
        &mut self,
        outgoing: &Outgoing,
        exchange: &Exchange,
        journal: Option<&Journal>,
    ) -> std::io::Result<()> {
        let Some(body) = exchange.response().and_then(|response| response.json()) else {
            return Ok(());
        };
        let endpoint = segments(&path_of(&outgoing.target)).into_iter().next();
        let Some(endpoint) = endpoint.map(|name| format!("/{}", encode_segment(&name))) else {
            return Ok(());
        };
        let listed = body.get("Resources").and_then(Value::as_array);
        let shown = listed.map_or(std::slice::from_ref(body), Vec::as_slice);
        let is_ours = |resource: &&Value| {
            ["userName", "displayName"].iter().any(|attribute| {
                let name = resource.get(attribute).and_then(Value::as_str);
                name.is_some_and(|name| name.to_ascii_lowercase().contains(&self.run))
            })
        };
        let paths: Vec<String> = shown
            .iter()
            .filter(is_ours)
            .filter_map(|resource| text_of(resource.get("id")?))
            .map(|id| format!("{endpoint}/{}", encode_segment(&id)))
            .collect();
        paths.into_iter().try_for_each(|path| {
            let tenant = outgoing.tenant.clone();
            self.take(Address { tenant, path }, journal)
        })
    }

    /// Why a request must not be sent, if it must not.
    pub(crate) fn forbids(&self, outgoing: &Outgoing) -> Option<String> {
        if matches!(outgoing.method.as_str(), "GET" | "HEAD" | "OPTIONS") {
            return None;
        }
        writes(outgoing).into_iter().find_map(|(method, path)| {
            let segments = segments(&path);
            // RFC 7644 3.11: whoever the credentials belong to, and surely not a user of this run.
            let own_account = method != "POST"
                && segments
                    .first()
                    .is_some_and(|first| first.eq_ignore_ascii_case("me"));
            let foreign = segments.len() > 1
                && self.seen.contains(segments.last()?)
                && !self.is_created(outgoing.tenant.as_deref(), &segments);
            (foreign || own_account).then(|| {
                format!("{method} {path} would change a resource that this run did not create")
            })
        })
    }

    fn is_created(&self, tenant: Option<&str>, path: &[String]) -> bool {
        self.places
            .contains(&(tenant.map(str::to_owned), path.to_vec()))
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
        let names = named(outgoing);
        if names.is_empty() {
            return journal.note(&Entry::Intent {
                tenant: outgoing.tenant.as_deref(),
                target: &outgoing.target,
                name: None,
            });
        }
        names.iter().try_for_each(|named| {
            journal.note(&Entry::Intent {
                tenant: outgoing.tenant.as_deref(),
                target: &named.endpoint,
                name: Some(&named.name),
            })
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
        let path = path_of(&outgoing.target);
        let accepted = exchange
            .status()
            .is_some_and(|status| (200..300).contains(&status));
        let names = if creates(outgoing) {
            named(outgoing)
        } else {
            Vec::new()
        };
        let claimed: Vec<String> = match path.as_str() {
            _ if !creates(outgoing) => Vec::new(),
            "/Bulk" => body.map(|body| self.bulk_created(body)).unwrap_or_default(),
            _ if !accepted => Vec::new(),
            endpoint => self
                .resource_created(endpoint, exchange)
                .into_iter()
                .collect(),
        };
        // A server that hands out what it showed before as new, or something of another name, hands out a stranger.
        let (ours, strange): (Vec<_>, Vec<_>) = claimed.into_iter().partition(|path| {
            let segments = segments(path);
            let shown_before = segments.last().is_some_and(|id| self.seen.contains(id));
            let other_name = body.zip(names.first()).is_some_and(|(body, named)| {
                body.get(named.attribute)
                    .and_then(Value::as_str)
                    .is_some_and(|name| {
                        !name.eq_ignore_ascii_case(&named.name)
                            && !name.to_ascii_lowercase().contains(&self.run)
                    })
            });
            self.is_created(outgoing.tenant.as_deref(), &segments) || !(shown_before || other_name)
        });
        if let Some(body) = body {
            shown(body, 0, &mut self.seen);
        }
        self.seen
            .extend(strange.iter().filter_map(|path| segments(path).pop()));
        if outgoing.method == "DELETE" && (accepted || exchange.status() == Some(404)) {
            let tenant = outgoing.tenant.clone();
            return self.remove(Address { tenant, path }, journal);
        }
        if outgoing.method == "GET" && self.others {
            self.take_made_elsewhere(outgoing, exchange, journal)?;
        }
        if outgoing.method == "GET" && !self.unknown.is_empty() {
            self.recognise(outgoing, exchange, journal)?;
        }
        if !creates(outgoing) {
            return Ok(());
        }
        // No answer may still mean a resource; it can be found by the name that we gave it.
        let lost = match exchange.status() {
            None => !matches!(exchange.outcome, Err(Failure::NotSent(_))),
            Some(status) => status >= 500 || (accepted && ours.len() < names.len()),
        };
        if lost {
            let likely = exchange
                .status()
                .is_none_or(|status| matches!(status, 200..300 | 502 | 504));
            let unknown = names
                .into_iter()
                .filter(|named| named.name.contains(&self.run))
                .map(|named| Unknown {
                    tenant: outgoing.tenant.clone(),
                    endpoint: named.endpoint,
                    attribute: named.attribute,
                    name: named.name,
                    likely,
                });
            self.unknown.extend(unknown);
        }
        ours.into_iter().try_for_each(|path| {
            let tenant = outgoing.tenant.clone();
            self.take(Address { tenant, path }, journal)
        })
    }

    /// The path of what the answer to a create says it created.
    fn resource_created(&self, endpoint: &str, exchange: &Exchange) -> Option<String> {
        let response = exchange.response()?;
        let id = response
            .json()
            .and_then(|body| text_of(body.get("id")?))
            .filter(|id| !matches!(id.trim(), "" | "." | ".."));
        match id {
            Some(id) => Some(format!("{endpoint}/{}", encode_segment(&id))),
            None => self.located(response.header("location")?),
        }
    }

    fn take(&mut self, address: Address, journal: Option<&Journal>) -> std::io::Result<()> {
        if let Some(journal) = journal {
            journal.note(&Entry::Created {
                tenant: address.tenant.as_deref(),
                target: &address.path,
            })?;
        }
        self.removed.remove(&address);
        let place = (address.tenant.clone(), segments(&address.path));
        if self.places.insert(place) {
            self.created.push(address);
        }
        Ok(())
    }

    /// Takes what an answer shows and has the very name that a lost create gave it.
    fn recognise(
        &mut self,
        outgoing: &Outgoing,
        exchange: &Exchange,
        journal: Option<&Journal>,
    ) -> std::io::Result<()> {
        let endpoint = path_of(&outgoing.target);
        let (same, other): (Vec<_>, Vec<_>) = std::mem::take(&mut self.unknown)
            .into_iter()
            .partition(|unknown| unknown.tenant == outgoing.tenant && unknown.endpoint == endpoint);
        self.unknown = other;
        for unknown in same {
            let found = unknown.among(exchange);
            if found.is_empty() {
                self.unknown.push(unknown);
                continue;
            }
            for path in found {
                let tenant = unknown.tenant.clone();
                self.take(Address { tenant, path }, journal)?;
            }
        }
        Ok(())
    }

    /// The paths of what a bulk answer says it created.
    fn bulk_created(&self, body: &Value) -> Vec<String> {
        operations(body)
            .filter(|operation| is_post(operation))
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
                    Outgoing::harness("GET", target, unknown.tenant.clone()),
                    Search(unknown),
                )
            })
            .collect()
    }

    /// Takes what a search found into the ledger.
    pub(crate) fn found(
        &mut self,
        search: &Search,
        exchange: &Exchange,
        journal: Option<&Journal>,
    ) -> std::io::Result<()> {
        if search.0.likely && exchange.status() != Some(200) {
            self.unsearched.push(exchange.request.url());
        }
        search.0.among(exchange).into_iter().try_for_each(|path| {
            let tenant = search.0.tenant.clone();
            self.take(Address { tenant, path }, journal)
        })
    }

    /// URLs that would find what was perhaps created, but were not answered.
    pub(crate) fn unsearched(&self) -> &[String] {
        &self.unsearched
    }
}

impl Unknown {
    /// The paths of the resources in an answer that have this very name.
    fn among(&self, exchange: &Exchange) -> Vec<String> {
        let list = exchange
            .response()
            .and_then(|response| response.json())
            .and_then(|body| body.get("Resources"))
            .and_then(Value::as_array);
        list.into_iter()
            .flatten()
            .filter(|resource| {
                resource.get(self.attribute).and_then(Value::as_str) == Some(&self.name)
            })
            .filter_map(|resource| text_of(resource.get("id")?))
            .map(|id| format!("{}/{}", self.endpoint, encode_segment(&id)))
            .collect()
    }
}

/// A search for something that was perhaps created.
pub(crate) struct Search(Unknown);
