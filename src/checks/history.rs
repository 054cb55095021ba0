//! What earlier exchanges said about the target and its resources.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::{Map, Value};

use crate::checks::seen::{Address, Reading};
use crate::scim::locate::member;
use crate::scim::schema::Schema;
use crate::scim::urn;

/// As many resources are remembered at most. A recording may go on for months; scenarios stay far below.
const MOST: usize = 20_000;

/// What earlier exchanges said. Grows with the number of resources that are read or written one by one up to a limit, not
/// with that of exchanges, nor with what lists hold.
#[derive(Debug, Clone, Default)]
pub(crate) struct History {
    /// Endpoints of `/ResourceTypes`, without the slash.
    endpoints: BTreeSet<String>,
    /// `/ServiceProviderConfig`, as last read.
    configuration: Option<Arc<Value>>,
    /// Schema definitions of `/Schemas`, by their URN in lower case.
    schemas: BTreeMap<String, Arc<Value>>,
    /// The same as far as they can be read.
    definitions: BTreeMap<String, Arc<Schema>>,
    /// Origins that took a request with credentials.
    guarded: BTreeSet<String>,
    /// Endpoints that answered a request with success, by their base path.
    served: BTreeMap<String, BTreeSet<String>>,
    /// Resources by their address: base, endpoint, id.
    resources: BTreeMap<(String, String, String), Remembered>,
    /// How many requests may have changed something.
    writes: u64,
}

/// A resource as earlier answers had it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Remembered {
    /// The last whole representation of it alone, as it came.
    pub(crate) body: Map<String, Value>,
    /// That representation answered a GET.
    pub(crate) was_read: bool,
    /// The `ETag` that came with it.
    pub(crate) tag: Option<String>,
    /// The first `meta.created` that was seen.
    pub(crate) created: Option<String>,
    /// It was created here, so nobody else knows of it.
    pub(crate) is_ours: bool,
    /// A DELETE was answered with success.
    pub(crate) is_deleted: bool,
    /// The write that was refused since, by method and status.
    pub(crate) refused: Option<(String, u16)>,
    /// How many requests may have changed something before that representation.
    writes: u64,
}

impl History {
    /// Endpoints of the target's resource types.
    pub(crate) fn endpoints(&self) -> impl Iterator<Item = &str> {
        self.endpoints.iter().map(String::as_str)
    }

    /// What `/ServiceProviderConfig` said, if it was read.
    pub(crate) fn configuration(&self) -> Option<&Value> {
        self.configuration.as_deref()
    }

    /// Schema definitions that were read, by their URN in lower case.
    pub(crate) fn schemas(&self) -> &BTreeMap<String, Arc<Value>> {
        &self.schemas
    }

    /// A schema definition that was read, by its URN in any case.
    pub(crate) fn definition(&self, urn: &str) -> Option<&Schema> {
        if self.definitions.is_empty() {
            return None;
        }
        self.definitions
            .get(&urn.to_ascii_lowercase())
            .map(Arc::as_ref)
    }

    /// A resource as it was last seen below a base path.
    pub(crate) fn resource(&self, base: &str, endpoint: &str, id: &str) -> Option<&Remembered> {
        self.resources
            .get(&(base.to_owned(), endpoint.to_owned(), id.to_owned()))
    }

    /// Nothing can have changed since that representation came.
    pub(crate) fn is_current(&self, known: &Remembered) -> bool {
        known.writes == self.writes
    }

    /// Something may have changed that cannot be followed: requests at the same time, or a write without a whole answer.
    pub(super) fn lose_track(&mut self) {
        self.writes += 1;
    }

    /// A request with credentials was answered with success there.
    pub(crate) fn is_guarded(&self, origin: &str) -> bool {
        self.guarded.contains(origin)
    }

    /// The endpoint answered a request with success.
    pub(crate) fn is_served(&self, address: &Address<'_>) -> bool {
        let endpoints = self.served.get(address.base);
        endpoints
            .zip(address.endpoint)
            .is_some_and(|(endpoints, endpoint)| endpoints.contains(endpoint))
    }

    /// How many resources of an endpoint were created here and are not deleted.
    pub(crate) fn created(&self, base: &str, endpoint: &str) -> u64 {
        // What the operations of a bulk request delete is not followed.
        let served = self.served.get(base);
        if served.is_some_and(|endpoints| endpoints.contains("Bulk")) {
            return 0;
        }
        let first = (base.to_owned(), endpoint.to_owned(), String::new());
        let here = self
            .resources
            .range(first..)
            .take_while(|((of, at, _), _)| of == base && at == endpoint);
        here.filter(|(_, known)| known.is_ours && !known.is_deleted)
            .count() as u64
    }

    /// Takes in what an exchange says.
    pub(super) fn learn(&mut self, read: &Reading<'_>) {
        let Some(endpoint) = read.address.endpoint else {
            return;
        };
        if read.succeeded() {
            self.learn_success(endpoint, read);
        }
        match endpoint {
            "ServiceProviderConfig" | "ResourceTypes" | "Schemas" => {
                if read.is("GET") && read.status() == 200 {
                    self.learn_discovery(endpoint, read.json());
                }
            }
            _ => self.learn_resource(endpoint, read),
        }
    }

    fn learn_success(&mut self, endpoint: &str, read: &Reading<'_>) {
        let request = read.request();
        if request.header("authorization").is_some() && !self.guarded.contains(&request.origin) {
            self.guarded.insert(request.origin.clone());
        }
        if !self.is_served(&read.address) {
            let endpoints = self.served.entry(read.address.base.to_owned()).or_default();
            endpoints.insert(endpoint.to_owned());
        }
    }

    fn learn_discovery(&mut self, endpoint: &str, body: Option<&Value>) {
        let Some(body) = body else { return };
        if endpoint == "ServiceProviderConfig" {
            self.configuration = Some(Arc::new(body.clone()));
            return;
        }
        let list = body.get("Resources").and_then(Value::as_array);
        let documents = list.map_or(std::slice::from_ref(body), Vec::as_slice);
        for document in documents {
            let text = |name| document.get(name).and_then(Value::as_str);
            match endpoint {
                "ResourceTypes" => {
                    let own = text("endpoint").and_then(|path| path.rsplit('/').next());
                    self.endpoints.extend(own.map(str::to_owned));
                }
                _ => {
                    if let Some(id) = text("id") {
                        if let Ok(schema) = Schema::from_json(document) {
                            self.definitions
                                .insert(id.to_ascii_lowercase(), Arc::new(schema));
                        }
                        self.schemas
                            .insert(id.to_ascii_lowercase(), Arc::new(document.clone()));
                    }
                }
            }
        }
    }

    fn learn_resource(&mut self, endpoint: &str, read: &Reading<'_>) {
        if read.is_write() && !(400..500).contains(&read.status()) {
            self.writes += 1;
        }
        let base = read.address.base;
        if endpoint == "Bulk" && read.is_write() {
            self.forget_what_a_job_deletes(base, read);
        }
        if let Some(id) = read.address.id {
            let key = (base.to_owned(), endpoint.to_owned(), id.to_owned());
            if let Some(known) = self.resources.get_mut(&key) {
                if read.is("DELETE") && read.succeeded() {
                    known.is_deleted = true;
                }
                if read.is_write()
                    && (400..500).contains(&read.status())
                    && known.writes == self.writes
                {
                    known.refused = Some((read.request().method.clone(), read.status()));
                }
            }
        }
        if read.is_projected() {
            return;
        }
        for resource in read.resources() {
            let id = resource.get("id").and_then(Value::as_str);
            let Some(id) = id.filter(|id| !id.is_empty() && resource.index.is_none()) else {
                continue;
            };
            // What is shown under `/Me` has its address elsewhere.
            let endpoint = match endpoint {
                "Me" => match type_of(resource.body) {
                    Some(endpoint) => endpoint,
                    None => continue,
                },
                endpoint => endpoint,
            };
            let key = (base.to_owned(), endpoint.to_owned(), id.to_owned());
            if self.resources.len() == MOST && !self.resources.contains_key(&key) {
                // What is not known is not judged.
                self.resources.clear();
            }
            let known = self.resources.entry(key).or_default();
            known.body.clone_from(resource.body);
            known.was_read = read.is("GET");
            known.tag = read.header("etag").map(str::to_owned);
            known.is_ours |= read.is("POST") && read.status() == 201;
            known.refused = None;
            known.writes = self.writes;
            if known.created.is_none() {
                let created = resource.get("meta").and_then(|meta| meta.get("created"));
                known.created = created.and_then(Value::as_str).map(str::to_owned);
            }
        }
    }

    /// Whether each operation of a bulk job succeeded is told in many ways: what it may have deleted is not known any more.
    fn forget_what_a_job_deletes(&mut self, base: &str, read: &Reading<'_>) {
        let operations = read
            .sent()
            .and_then(|job| member(job.as_object()?, "Operations")?.as_array());
        for (endpoint, id) in operations.into_iter().flatten().filter_map(deleted_by) {
            let key = (base.to_owned(), endpoint.to_owned(), id.to_owned());
            self.resources.remove(&key);
        }
    }
}

/// The endpoint and id of the resource that an operation of a bulk job deletes.
fn deleted_by(operation: &Value) -> Option<(&str, &str)> {
    let text = |name| operation.get(name).and_then(Value::as_str);
    text("method").filter(|method| method.eq_ignore_ascii_case("DELETE"))?;
    text("path")?.trim_start_matches('/').split_once('/')
}

/// The endpoint of a core resource, by its schemas.
fn type_of(resource: &Map<String, Value>) -> Option<&'static str> {
    let schemas = member(resource, "schemas")?.as_array()?;
    let has = |wanted: &str| {
        let mut names = schemas.iter().filter_map(Value::as_str);
        names.any(|schema| urn::same(schema, wanted))
    };
    match () {
        () if has(urn::USER) => Some("Users"),
        () if has(urn::GROUP) => Some("Groups"),
        () => None,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{History, MOST};
    use crate::checks::seen::{Reading, Sent};
    use crate::exchange::{Api, Body, Exchange, Request, Response, Sender};

    #[test]
    fn memory_has_an_end() {
        let mut history = History::default();
        for number in 0..=MOST {
            let body = format!(r#"{{"id":"{number}"}}"#);
            let exchange = Exchange {
                sender: Sender::Harness,
                request: Request {
                    api: Api::Scim,
                    method: "GET".to_owned(),
                    origin: "http://a.test".to_owned(),
                    target: format!("/Users/{number}"),
                    headers: Vec::new(),
                    body: Body::default(),
                },
                outcome: Ok(Response::new(200, Vec::new(), Body::new(body), None)),
                started: String::new(),
                elapsed: Duration::ZERO,
            };
            let sent = Sent::new();
            let reading = Reading::of(&exchange, &history, &sent).unwrap();
            history.learn(&reading);
            assert!(history.resources.len() <= MOST);
        }
        assert!(history.resource("", "Users", "0").is_none());
        assert!(history.resource("", "Users", &MOST.to_string()).is_some());
    }
}
