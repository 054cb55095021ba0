//! The reference server: a complete SCIM 2.0 service provider in memory.
//!
//! [`Server::handle`] is the whole of it, without sockets, clock or chance; [`start`] puts it on a loopback port. It reads
//! the habits of real clients unless told to be strict; each such habit, and each point that the RFCs leave open, is a
//! [`Policy`]. It shares nothing with the side that judges but `scim`.

use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::SignedDuration;
use serde_json::{Map, Value};

use crate::scim::path::AttributePath;
use crate::scim::schema::{SchemaFault, Schemas};
use crate::scim::urn;

mod auth;
mod bulk;
mod coerce;
mod condition;
mod cursor;
mod defects;
mod discovery;
mod error;
mod etag;
mod field;
mod filtering;
mod handle;
mod index;
mod intake;
mod listen;
mod listing;
mod members;
mod membership;
mod oauth;
mod operations;
mod patch;
mod patch_members;
mod patch_message;
mod patch_target;
mod policy;
mod policy_table;
mod projection;
mod represent;
mod rules;
mod sorting;
mod state;
mod store;
mod text;
mod wire;

pub use auth::Token;
pub use defects::{Defect, DefectFault, Story};
pub use listen::{Running, start};
pub use oauth::OauthClient;
pub use policy::{POLICIES, Policies, Policy, PolicyEntry, PolicyFault};
pub use rules::{Refused, Rules};
pub use state::StateFault;

use auth::Tokens;
use defects::Flaws;
use discovery::{Discovery, Limits};
use listing::PageSizes;
use store::Store;

/// Media type of all bodies (RFC 7644 8.1).
pub const MEDIA_TYPE: &str = "application/scim+json";

/// Where the default tenant is unless told otherwise.
pub const BASE_PATH: &str = "/scim/v2";

/// What a server is told at its start. The default is one open tenant, tolerant, on any free port.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Address to listen on; the loopback address unless given.
    pub address: Option<IpAddr>,
    /// Port to listen on; 0 for any free one.
    pub port: u16,
    /// Path of the default tenant, with a slash before it and none behind; [`BASE_PATH`] unless given.
    pub base_path: String,
    /// Tokens of the default tenant; none means that everyone may do everything.
    pub tokens: Vec<Token>,
    /// Further tenants, each at its name before the base path, with its tokens.
    pub tenants: Vec<(String, Vec<Token>)>,
    /// A client that fetches access tokens at `/oauth/token` beside the base path, and beside that of each tenant. With it
    /// every tenant asks for a token. They are valid for an hour unless `token_life` says otherwise.
    pub oauth: Option<OauthClient>,
    /// How long a token is valid from the start, or from when it was made; `None`: for ever.
    pub token_life: Option<SignedDuration>,
    /// Path below the base path where a POST makes a new token for who has one; `None`: nowhere. With the query
    /// `remove-current=false` the current one stays valid until the new one is used.
    pub rotation: Option<String>,
    /// What is not done, and for whom not.
    pub rules: Rules,
    /// Attributes of users that are kept, and shown in `/Schemas`, as paths; others are read and dropped. Beside them stays
    /// what SCIM cannot do without. `None`: all.
    pub attributes: Option<Vec<AttributePath>>,
    /// What is read and what is refused where the RFCs leave a choice.
    pub policies: Policies,
    /// Documents with further schemas and resource types; see [`Schemas::extend`].
    pub schemas: Vec<Value>,
    /// Resources on a page when the client names no count.
    pub page_size: usize,
    /// Most resources on a page.
    pub page_limit: usize,
    /// Most bytes of a request body.
    pub body_limit: usize,
    /// Most operations of a bulk request.
    pub bulk_operations: usize,
    /// Most bytes of a bulk request.
    pub bulk_bytes: usize,
    /// File to read the resources from at the start and to write them to at the end.
    pub state_file: Option<PathBuf>,
    /// Makes ids the same in every run.
    pub seed: Option<u64>,
    /// Known ways of being wrong that it has, in this order from the client inwards.
    pub defects: Vec<&'static Defect>,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            address: None,
            port: 0,
            base_path: BASE_PATH.to_owned(),
            tokens: Vec::new(),
            tenants: Vec::new(),
            oauth: None,
            token_life: None,
            rotation: None,
            rules: Rules::default(),
            attributes: None,
            policies: Policies::default(),
            schemas: Vec::new(),
            page_size: 100,
            page_limit: 1000,
            body_limit: 16 * 1024 * 1024,
            bulk_operations: 1000,
            bulk_bytes: 1024 * 1024,
            state_file: None,
            seed: None,
            defects: Vec::new(),
        }
    }
}

/// A request as it came.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// Method, such as `GET`.
    pub method: &'a str,
    /// Path and query as they stand in the request line.
    pub target: &'a str,
    /// Header names and values in their order.
    pub headers: &'a [(&'a str, &'a str)],
    /// Body, possibly empty.
    pub body: &'a [u8],
}

impl<'a> Request<'a> {
    /// The first header of a name.
    pub fn header(&self, name: &str) -> Option<&'a str> {
        self.headers
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| *value)
    }
}

/// What goes back. The media type of a body is [`MEDIA_TYPE`] unless a header says otherwise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// Headers in lower case.
    pub headers: Vec<(&'static str, String)>,
    /// Body; empty for none.
    pub body: Vec<u8>,
    /// How long it takes; a sound server takes no time.
    pub wait: Duration,
}

impl Answer {
    pub(crate) fn bytes(status: u16, body: Vec<u8>) -> Answer {
        Answer {
            status,
            headers: Vec::new(),
            body,
            wait: Duration::ZERO,
        }
    }

    pub(crate) fn json(status: u16, body: &Value) -> Answer {
        Answer::bytes(status, body.to_string().into_bytes())
    }

    pub(crate) fn empty(status: u16) -> Answer {
        Answer::bytes(status, Vec::new())
    }

    pub(crate) fn options(allowed: &str) -> Answer {
        let mut answer = Answer::empty(204);
        answer
            .headers
            .push(("allow", format!("{allowed}, HEAD, OPTIONS")));
        if allowed.contains("PATCH") {
            answer
                .headers
                .push(("accept-patch", format!("{MEDIA_TYPE}, application/json")));
        }
        answer
    }

    /// The first header of a name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }
}

/// A server with its tenants.
#[derive(Debug)]
pub struct Server {
    tenants: Vec<Tenant>,
    schemas: Arc<Schemas>,
    policies: Policies,
    rules: Rules,
    oauth: Option<OauthClient>,
    token_life: Option<SignedDuration>,
    rotation: Option<String>,
    limits: Limits,
    body_limit: usize,
    scheme: &'static str,
    defects: Flaws,
}

#[derive(Debug)]
struct Tenant {
    name: Option<String>,
    prefix: String,
    tokens: Mutex<Tokens>,
    needs_token: bool,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    store: Store,
    discovery: Option<Discovery>,
}

impl Server {
    /// A server without resources.
    pub fn new(settings: Settings) -> Result<Server, SchemaFault> {
        let mut schemas = Schemas::core().clone();
        for document in &settings.schemas {
            schemas.extend(document)?;
        }
        if let Some(attributes) = &settings.attributes {
            schemas.keep_attributes("User", attributes);
        }
        if !settings.policies.first(Policy::Sample) {
            // RFC 7643 8.7.1 writes it so, and Microsoft's collection looks for the words.
            schemas.describe(urn::USER, "User Account");
        }
        let schemas = Arc::new(schemas);
        let rules = settings.rules;
        let has_client = settings.oauth.is_some();
        let tenant = |name: Option<String>, tokens: Vec<Token>| {
            let needs_token = has_client || !tokens.is_empty();
            let mut store = Store::new(Arc::clone(&schemas), settings.policies);
            rules.seed(&mut store);
            Tenant {
                prefix: match &name {
                    Some(name) => format!("/{name}{}", settings.base_path),
                    None => settings.base_path.clone(),
                },
                name,
                needs_token,
                tokens: Mutex::new(Tokens::new(tokens, needs_token)),
                state: Mutex::new(State {
                    store,
                    discovery: None,
                }),
            }
        };
        let mut tenants = vec![tenant(None, settings.tokens)];
        tenants.extend(
            settings
                .tenants
                .into_iter()
                .map(|(name, tokens)| tenant(Some(name), tokens)),
        );
        Ok(Server {
            tenants,
            policies: settings.policies,
            oauth: settings.oauth,
            token_life: settings.token_life,
            rotation: settings.rotation,
            limits: Limits {
                pages: PageSizes {
                    usual: settings.page_size.min(settings.page_limit),
                    most: settings.page_limit,
                },
                bulk_operations: settings.bulk_operations,
                bulk_bytes: settings.bulk_bytes,
            },
            body_limit: settings.body_limit,
            scheme: "http",
            defects: Flaws::new(settings.defects),
            rules,
            schemas,
        })
    }

    /// All resources as one document.
    pub fn dump(&self) -> Value {
        let tenants: Map<String, Value> = self
            .tenants
            .iter()
            .map(|tenant| {
                let state = tenant.state.lock().unwrap_or_else(PoisonError::into_inner);
                (tenant.name.clone().unwrap_or_default(), state.store.dump())
            })
            .collect();
        serde_json::json!({"version": 1, "tenants": tenants})
    }

    /// Fills the tenants of a fresh server with what [`Server::dump`] gave.
    pub fn load(&self, document: &Value) -> Result<(), StateFault> {
        for tenant in &self.tenants {
            let name = tenant.name.as_deref().unwrap_or_default();
            if let Some(resources) = document
                .get("tenants")
                .and_then(|tenants| tenants.get(name))
            {
                let mut store = Store::new(Arc::clone(&self.schemas), self.policies);
                store.load(resources)?;
                self.rules.seed(&mut store);
                tenant
                    .state
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .store = store;
            }
        }
        Ok(())
    }
}
