//! Addresses: where a request went, relative to the target's base URL.

use percent_encoding::percent_decode_str;

use crate::exchange::{Exchange, Request};
use crate::profile::decoded_query;

/// Endpoints of RFC 7644 3.2, by which a base URL is found.
const ENDPOINTS: [&str; 8] = [
    "Users",
    "Groups",
    "Me",
    "Bulk",
    ".search",
    "ServiceProviderConfig",
    "ResourceTypes",
    "Schemas",
];

/// Where the target is: scheme and authority, and the path of its base URL without a slash at the end.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Base {
    pub(super) origin: String,
    pub(super) path: String,
}

impl Base {
    /// The base URL that most requests have in common, if one of them goes to an endpoint that SCIM knows.
    pub(super) fn of<'a>(
        exchanges: impl Iterator<Item = &'a Exchange>,
        given: Option<&str>,
    ) -> Self {
        let mut counted: Vec<(Base, usize)> = Vec::new();
        for exchange in exchanges {
            let request = &exchange.request;
            let Some(path) = given
                .map(|given| given.trim_end_matches('/').to_owned())
                .or_else(|| before_endpoint(&request.target))
            else {
                continue;
            };
            let base = Base {
                origin: request.origin.clone(),
                path,
            };
            match counted.iter_mut().find(|(known, _)| *known == base) {
                Some((_, count)) => *count += 1,
                None => counted.push((base, 1)),
            }
        }
        // The first of those that occur most often.
        let most = counted.iter().map(|(_, count)| *count).max();
        counted
            .into_iter()
            .find(|(_, count)| Some(*count) == most)
            .map(|(base, _)| base)
            .unwrap_or_default()
    }

    /// The request's address, if it is below this base URL.
    pub(super) fn address(&self, request: &Request) -> Option<Address> {
        if request.origin != self.origin {
            return None;
        }
        let relative = request.target.strip_prefix(self.path.as_str())?;
        if !relative.is_empty() && !relative.starts_with(['/', '?']) {
            return None;
        }
        let (path, query) = match relative.split_once('?') {
            Some((path, query)) => (path, Some(query)),
            None => (relative, None),
        };
        let decoded = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
        Some(Address {
            path: path.split('/').skip(1).map(decoded).collect(),
            query: query.map(decoded_query).unwrap_or_default(),
            raw: relative.to_owned(),
        })
    }
}

/// The path in front of the last endpoint that SCIM knows.
fn before_endpoint(target: &str) -> Option<String> {
    let path = target.split('?').next().unwrap_or_default();
    let segments: Vec<&str> = path.split('/').collect();
    let place = segments.iter().rposition(|segment| {
        ENDPOINTS
            .iter()
            .any(|endpoint| segment.eq_ignore_ascii_case(endpoint))
    })?;
    // `/Users/.search`: the endpoint is the first of both.
    let place = match place.checked_sub(1) {
        Some(before) if ENDPOINTS.contains(&segments[before]) => before,
        _ => place,
    };
    Some(segments[..place].join("/"))
}

/// A request's path and query below the base URL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Address {
    /// Decoded segments.
    pub(super) path: Vec<String>,
    /// Decoded parameters, in order.
    pub(super) query: Vec<(String, String)>,
    /// As sent.
    pub(super) raw: String,
}

impl Address {
    /// `Users`, `Groups` …, as it was written.
    pub(super) fn endpoint(&self) -> &str {
        self.path.first().map_or("", String::as_str)
    }

    pub(super) fn is_at(&self, endpoint: &str) -> bool {
        self.endpoint().eq_ignore_ascii_case(endpoint)
    }

    /// The id of one resource.
    pub(super) fn id(&self) -> Option<&str> {
        match self.path.as_slice() {
            [_, id] if !id.is_empty() && !id.starts_with('.') => Some(id),
            _ => None,
        }
    }

    pub(super) fn parameter(&self, name: &str) -> Option<&str> {
        self.query
            .iter()
            .find(|(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    /// The one attribute and value that `filter` asks for: `userName eq "ada"`.
    pub(super) fn looked_up(&self) -> Option<(&str, &str)> {
        let (attribute, value) = self.parameter("filter")?.split_once(" eq \"")?;
        let value = value.strip_suffix('"')?;
        let plain = !value.contains('"') && !attribute.contains(['"', ' ']);
        plain.then_some((attribute, value))
    }
}
