//! Which exchanges of a recording speak to a SCIM endpoint: a browser or a proxy records whatever goes by.

use std::collections::BTreeSet;

use crate::exchange::{Api, Body, Exchange, Request};

/// Endpoints as RFC 7644 3.2 spells them; other services write theirs in lower case (`/api/v1/users`).
const ENDPOINTS: [&str; 8] = [
    "Users",
    "Groups",
    "ServiceProviderConfig",
    "ServiceProviderConfigs",
    "ResourceTypes",
    "Schemas",
    "Bulk",
    ".search",
];
/// Base URLs that are remembered.
const BASES: usize = 64;

/// Remembers where SCIM was spoken, so that an odd path below it is not taken for something else.
#[derive(Debug, Default)]
pub(super) struct Sight {
    bases: BTreeSet<String>,
}

impl Sight {
    /// What an exchange speaks to.
    pub(super) fn api_of(&mut self, exchange: &Exchange) -> Api {
        let request = &exchange.request;
        let path = request.target.split('?').next().unwrap_or_default();
        let url = format!("{}{path}", request.origin);
        if let Some(base) = before_endpoint(&url) {
            // One that is nothing but a host says nothing about other paths there.
            if self.bases.len() < BASES && base.len() > request.origin.len() {
                self.bases.insert(base.to_owned());
            }
            return Api::Scim;
        }
        let is_below = self.bases.iter().any(|base| {
            url.strip_prefix(base.as_str())
                .is_some_and(|rest| rest.starts_with('/'))
        });
        let has_segment = path
            .split('/')
            .any(|segment| segment.eq_ignore_ascii_case("scim"));
        match is_below || has_segment || speaks(exchange) {
            true => Api::Scim,
            false => Api::Management,
        }
    }
}

/// The base URL that a request tells by its endpoint: `https://scim.example.com/v2` of `…/v2/Users/7`.
pub fn base_of(request: &Request) -> Option<String> {
    let path = request.target.split('?').next().unwrap_or_default();
    before_endpoint(&format!("{}{path}", request.origin)).map(str::to_owned)
}

/// What stands before an endpoint of SCIM.
fn before_endpoint(url: &str) -> Option<&str> {
    let (before, last) = url.rsplit_once('/')?;
    let base = match ENDPOINTS.contains(&last) {
        true => before,
        false => {
            let (base, endpoint) = before.rsplit_once('/')?;
            ENDPOINTS.contains(&endpoint).then_some(base)?
        }
    };
    Some(base)
}

fn speaks(exchange: &Exchange) -> bool {
    let media = |value: Option<&str>| value.is_some_and(|value| value.contains("scim+json"));
    let says = |body: &Body| {
        let start = &body.bytes()[..body.bytes().len().min(4096)];
        let start = String::from_utf8_lossy(start);
        start.contains("urn:ietf:params:scim:") || start.contains("urn:scim:schemas:")
    };
    let request = &exchange.request;
    media(request.header("content-type"))
        || media(request.header("accept"))
        || says(&request.body)
        || exchange
            .response()
            .is_some_and(|response| media(response.header("content-type")) || says(&response.body))
}
