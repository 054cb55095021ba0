//! What a check sees: one exchange, and what the earlier ones said.

use std::cell::OnceCell;
use std::ops::Deref;

use serde_json::{Map, Value};

use crate::checks::History;
use crate::checks::history::Remembered;
use crate::checks::query::Query;
use crate::checks::wrong::Wrong;
use crate::exchange::{Exchange, Request, Response, Sender};
use crate::finding::Difference;
use crate::scim::locate::member;
use crate::scim::urn;

/// Endpoints that RFC 7644 3.2 names.
const ENDPOINTS: [&str; 7] = [
    "Users",
    "Groups",
    "Me",
    "Bulk",
    "ServiceProviderConfig",
    "ResourceTypes",
    "Schemas",
];

/// One exchange with what the earlier ones said.
pub(crate) struct Seen<'a> {
    /// The exchange itself.
    pub(crate) reading: Reading<'a>,
    /// What was said before it.
    pub(crate) history: &'a History,
    /// Other requests were under way at the same time.
    pub(crate) crowded: bool,
    /// What it asks for, once a check wanted to know.
    query: OnceCell<Query>,
    /// Which values have the wrong type, once a check wanted to know.
    wrong: OnceCell<Vec<Wrong>>,
}

impl<'a> Seen<'a> {
    /// An exchange after these.
    pub(crate) fn new(reading: Reading<'a>, history: &'a History, crowded: bool) -> Self {
        Self {
            reading,
            history,
            crowded,
            query: OnceCell::new(),
            wrong: OnceCell::new(),
        }
    }

    /// Values of its resources that have another type than the schema says.
    pub(crate) fn wrong(&self) -> &[Wrong] {
        self.wrong.get_or_init(|| Wrong::all_of(self))
    }

    /// What the request asks for as a query.
    pub(crate) fn query(&self) -> &Query {
        self.query.get_or_init(|| Query::of(&self.reading))
    }
}

impl<'a> Deref for Seen<'a> {
    type Target = Reading<'a>;

    fn deref(&self) -> &Reading<'a> {
        &self.reading
    }
}

/// An exchange with a whole answer, read as SCIM. What is asked of it is answered from what went over the wire.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reading<'a> {
    pub(crate) exchange: &'a Exchange,
    pub(crate) response: &'a Response,
    /// Where the request went.
    pub(crate) address: Address<'a>,
    sent: &'a Sent,
}

/// A request's body as JSON, read at most once.
pub(crate) type Sent = OnceCell<Option<Value>>;

/// Where a request went, in parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Address<'a> {
    /// Path before the endpoint, without a slash behind: `/scim/v2`.
    pub(crate) base: &'a str,
    /// `Users`, `Groups`, `ServiceProviderConfig`, `.search`, …; `None` where the path is not one of SCIM.
    pub(crate) endpoint: Option<&'a str>,
    /// What follows the endpoint: an id, `.search`.
    pub(crate) id: Option<&'a str>,
    /// As sent, without the question mark.
    pub(crate) query: &'a str,
}

impl<'a> Address<'a> {
    /// The parts of a target. `known` are endpoints and bases that the target has beside those of the RFC.
    pub(crate) fn of(target: &'a str, known: &History) -> Self {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let elsewhere = Self {
            base: "",
            endpoint: None,
            id: None,
            query,
        };
        let is_endpoint = |name: &str| {
            ENDPOINTS.contains(&name)
                || name == ".search"
                || known.endpoints().any(|own| own == name)
        };
        // The last two segments hold the endpoint, wherever the base path lies.
        let Some((before, last)) = path.trim_end_matches('/').rsplit_once('/') else {
            return elsewhere;
        };
        if let Some((base, endpoint)) = before.rsplit_once('/')
            && is_endpoint(endpoint)
        {
            return Self {
                base,
                endpoint: Some(endpoint),
                id: Some(last),
                query,
            };
        }
        match is_endpoint(last) {
            true => Self {
                base: before,
                endpoint: Some(last),
                id: None,
                query,
            },
            false => elsewhere,
        }
    }

    /// The value of a query parameter, decoded; names have no case (RFC 7644 3.4.2 leaves it open, servers read them so).
    pub(crate) fn parameter(&self, name: &str) -> Option<String> {
        self.query.split('&').find_map(|pair| {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            key.eq_ignore_ascii_case(name).then(|| decoded(value))
        })
    }

    /// Users, groups or resources of another type that can be created: not discovery, bulk or search.
    pub(crate) fn holds_resources(&self) -> bool {
        self.endpoint.is_some_and(|endpoint| {
            ![
                "Bulk",
                "ServiceProviderConfig",
                "ResourceTypes",
                "Schemas",
                ".search",
            ]
            .contains(&endpoint)
        })
    }

    /// One resource, by its id.
    pub(crate) fn is_resource(&self) -> bool {
        self.holds_resources() && self.id.is_some_and(|id| id != ".search") || self.is_me()
    }

    /// All resources of a type.
    pub(crate) fn is_collection(&self) -> bool {
        self.holds_resources() && self.id.is_none() && !self.is_me()
    }

    fn is_me(&self) -> bool {
        self.endpoint == Some("Me")
    }

    /// A query by POST.
    pub(crate) fn is_search(&self) -> bool {
        self.endpoint == Some(".search") || self.id == Some(".search")
    }
}

/// A query value as its reader takes it: `+` is a space, `%41` is `A`.
pub(crate) fn decoded(value: &str) -> String {
    let plain = value.replace('+', " ");
    percent_encoding::percent_decode_str(&plain)
        .decode_utf8_lossy()
        .into_owned()
}

/// A path segment as its reader takes it: `%41` is `A`, `+` is itself.
pub(crate) fn decoded_segment(segment: &str) -> std::borrow::Cow<'_, str> {
    percent_encoding::percent_decode_str(segment).decode_utf8_lossy()
}

/// A resource in an answer, and where it stands there.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Resource<'a> {
    /// Its place in a list; `None` where it is the whole body.
    pub(crate) index: Option<usize>,
    /// Its attributes.
    pub(crate) body: &'a Map<String, Value>,
}

impl<'a> Resource<'a> {
    /// SCIM path of one of its attributes from the root of the body.
    pub(crate) fn path(&self, attribute: &str) -> String {
        match self.index {
            Some(index) => format!("Resources[{index}].{attribute}"),
            None => attribute.to_owned(),
        }
    }

    /// An attribute of it, its name in any letter case.
    pub(crate) fn get(&self, attribute: &str) -> Option<&'a Value> {
        member(self.body, attribute)
    }
}

impl<'a> Seen<'a> {
    /// A resource of the answer as it was known before, at the endpoint of this request.
    pub(crate) fn known(&self, resource: &Resource<'_>) -> Option<&'a Remembered> {
        let id = resource.get("id").and_then(Value::as_str)?;
        self.history
            .resource(self.address.base, self.address.endpoint?, id)
    }

    /// The resource that the request is about, as it was known before.
    pub(crate) fn addressed(&self) -> Option<&'a Remembered> {
        self.history
            .resource(self.address.base, self.address.endpoint?, self.address.id?)
    }
}

impl<'a> Reading<'a> {
    /// Reads an exchange; `None` where there is no whole answer to judge.
    pub(crate) fn of(exchange: &'a Exchange, history: &History, sent: &'a Sent) -> Option<Self> {
        let response = exchange.response()?;
        response.broken.is_none().then(|| Self {
            exchange,
            response,
            address: Address::of(&exchange.request.target, history),
            sent,
        })
    }

    pub(crate) fn request(&self) -> &'a Request {
        &self.exchange.request
    }

    /// Of this method.
    pub(crate) fn is(&self, method: &str) -> bool {
        self.exchange.request.method == method
    }

    /// Meant to change something.
    pub(crate) fn is_write(&self) -> bool {
        match self.exchange.request.method.as_str() {
            "POST" => !self.address.is_search(),
            "PUT" | "PATCH" | "DELETE" => true,
            _ => false,
        }
    }

    pub(crate) fn status(&self) -> u16 {
        self.response.status
    }

    /// Answered with 2xx.
    pub(crate) fn succeeded(&self) -> bool {
        (200..300).contains(&self.response.status)
    }

    /// A header of the answer.
    pub(crate) fn header(&self, name: &str) -> Option<&'a str> {
        self.response.header(name)
    }

    /// The answer's body as JSON, if it is.
    pub(crate) fn json(&self) -> Option<&'a Value> {
        self.response.json()
    }

    /// The answer's body as a JSON object, if it is.
    pub(crate) fn object(&self) -> Option<&'a Map<String, Value>> {
        self.json()?.as_object()
    }

    /// The request's body as JSON, if it is.
    pub(crate) fn sent(&self) -> Option<&'a Value> {
        let read = || serde_json::from_slice(self.exchange.request.body.bytes()).ok();
        self.sent.get_or_init(read).as_ref()
    }

    /// The provider that sent it, if one did; read-back and cleanup are ours.
    pub(crate) fn client(&self) -> Option<&'a str> {
        match &self.exchange.sender {
            Sender::Client(name) => Some(name),
            Sender::Harness => None,
        }
    }

    /// The answer's `schemas`.
    pub(crate) fn schemas(&self) -> impl Iterator<Item = &'a str> {
        let schemas = self.object().and_then(|body| member(body, "schemas"));
        let list = schemas.and_then(Value::as_array).into_iter().flatten();
        list.filter_map(Value::as_str)
    }

    /// The answer says that it is an error.
    pub(crate) fn is_error(&self) -> bool {
        self.schemas().any(|schema| urn::same(schema, urn::ERROR))
    }

    /// The answer says that it is a list, or has what only lists have.
    pub(crate) fn is_list(&self) -> bool {
        let Some(body) = self.object() else {
            return false;
        };
        self.schemas()
            .any(|schema| urn::same(schema, urn::LIST_RESPONSE))
            || (member(body, "Resources").is_some_and(Value::is_array)
                && member(body, "id").is_none())
            || member(body, "totalResults").is_some()
    }

    /// The users, groups and the like that a success answers with: those of a list, or the one that the body is.
    /// Discovery documents, errors and messages are none.
    pub(crate) fn resources(&self) -> Vec<Resource<'a>> {
        let Some(body) = self.object() else {
            return Vec::new();
        };
        if !self.succeeded()
            || self.is_error()
            || !(self.address.holds_resources() || self.address.is_search())
        {
            return Vec::new();
        }
        if self.is_list() {
            let list = member(body, "Resources").and_then(Value::as_array);
            let list = list.into_iter().flatten().enumerate();
            return list
                .filter_map(|(index, resource)| {
                    Some(Resource {
                        index: Some(index),
                        body: resource.as_object()?,
                    })
                })
                .collect();
        }
        match self.address.is_search() {
            true => Vec::new(),
            false => vec![Resource { index: None, body }],
        }
    }

    /// The resource that the whole body is, if it is one.
    pub(crate) fn resource(&self) -> Option<Resource<'a>> {
        self.resources()
            .into_iter()
            .find(|resource| resource.index.is_none())
    }

    /// The request asks for some attributes only, so others may be left out.
    pub(crate) fn is_projected(&self) -> bool {
        let named = |name| self.address.parameter(name).is_some();
        let sent = |name| self.sent().is_some_and(|sent| sent.get(name).is_some());
        named("attributes")
            || named("excludedAttributes")
            || self.address.is_search() && (sent("attributes") || sent("excludedAttributes"))
    }
}

/// A place where something else was expected.
pub(crate) fn differs(
    path: impl Into<String>,
    expected: impl Into<Value>,
    received: Option<&Value>,
) -> Difference {
    Difference {
        path: path.into(),
        expected: Some(expected.into()),
        received: received.cloned(),
        only_case: false,
    }
}
