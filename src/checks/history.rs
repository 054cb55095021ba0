//! What earlier exchanges said about the target and its resources.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::{Map, Value};

use crate::checks::seen::Reading;
use crate::scim::locate::member;
use crate::scim::urn;

/// What earlier exchanges said. Grows with the number of resources, not with that of exchanges.
#[derive(Debug, Clone, Default)]
pub(crate) struct History {
    /// Endpoints of `/ResourceTypes`, without the slash.
    endpoints: BTreeSet<String>,
    /// `/ServiceProviderConfig`, as last read.
    configuration: Option<Arc<Value>>,
    /// Schema definitions of `/Schemas`, by their URN in lower case.
    schemas: BTreeMap<String, Arc<Value>>,
    /// Resources by their address: base, endpoint, id.
    resources: BTreeMap<(String, String, String), Remembered>,
}

/// A resource as earlier answers had it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Remembered {
    /// The last whole representation, as it came.
    pub(crate) body: Map<String, Value>,
    /// The first `meta.created` that was read.
    pub(crate) created: Option<String>,
    /// The last one was answered to a DELETE with success, or with 404.
    pub(crate) gone: bool,
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

    /// A resource as it was last seen below a base path.
    pub(crate) fn resource(&self, base: &str, endpoint: &str, id: &str) -> Option<&Remembered> {
        self.resources
            .get(&(base.to_owned(), endpoint.to_owned(), id.to_owned()))
    }

    /// Takes in what an exchange says.
    pub(super) fn learn(&mut self, read: &Reading<'_>) {
        let Some(endpoint) = read.address.endpoint else {
            return;
        };
        match endpoint {
            "ServiceProviderConfig" | "ResourceTypes" | "Schemas" => {
                if read.is("GET") && read.status() == 200 {
                    self.learn_discovery(endpoint, read.json());
                }
            }
            _ => self.learn_resources(endpoint, read),
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
                        self.schemas
                            .insert(id.to_ascii_lowercase(), Arc::new(document.clone()));
                    }
                }
            }
        }
    }

    fn learn_resources(&mut self, endpoint: &str, read: &Reading<'_>) {
        let base = read.address.base;
        let key = |endpoint: &str, id: &str| (base.to_owned(), endpoint.to_owned(), id.to_owned());
        if let Some(id) = read.address.id
            && read.address.is_resource()
        {
            let gone = match read.exchange.request.method.as_str() {
                "DELETE" => read.succeeded(),
                _ => read.status() == 404,
            };
            if gone && let Some(known) = self.resources.get_mut(&key(endpoint, id)) {
                known.gone = true;
            }
        }
        if read.is_projected() {
            return;
        }
        for resource in read.resources() {
            let id = resource.get("id").and_then(Value::as_str);
            let Some(id) = id.filter(|id| !id.is_empty()) else {
                continue;
            };
            // What a search over all types finds belongs to the endpoint of its own type.
            let endpoint = match endpoint {
                ".search" | "Me" => match type_of(resource.body) {
                    Some(endpoint) => endpoint,
                    None => continue,
                },
                endpoint => endpoint,
            };
            let known = self.resources.entry(key(endpoint, id)).or_default();
            known.body.clone_from(resource.body);
            known.gone = false;
            if known.created.is_none() {
                let created = resource.get("meta").and_then(|meta| meta.get("created"));
                known.created = created.and_then(Value::as_str).map(str::to_owned);
            }
        }
    }
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
