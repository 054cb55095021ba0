//! Sends requests and keeps what came back, whatever it is: bounded in time and size, secrets masked.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use reqwest::{Method, Url};
use secrecy::{ExposeSecret, SecretString};
use tokio::time::Instant;

use crate::event::Authentication;
use crate::exchange::{Body, Exchange, Failure, Mask, Request};
use crate::plan::Outgoing;
use crate::run::secrets::Secrets;
use crate::run::token::{Token, Tokens};
use crate::run::token_fault::TokenFault;
use crate::run::wire::{Bounds, Wire};
use crate::target::{Credential, Target};

/// An HTTP client for one target and its tenants.
pub(crate) struct Client {
    wire: Wire,
    main: Endpoint,
    tenants: BTreeMap<String, Endpoint>,
    /// What was exchanged to be let in, and is told of no scenario.
    aside: Mutex<Vec<Exchange>>,
}

struct Endpoint {
    target: Target,
    authorization: Option<SecretString>,
    /// Where access tokens come from, if the target asks for them.
    tokens: Option<Tokens>,
}

impl Endpoint {
    fn new(target: Target) -> Self {
        let tokens = match &target.credential {
            Credential::ClientCredentials(client) => Some(Tokens::new(client.clone())),
            _ => None,
        };
        Self {
            authorization: target.credential.header(),
            tokens,
            target,
        }
    }
}

impl Client {
    /// A client for this target.
    pub(crate) fn new(target: &Target, mask: Mask, bounds: Bounds) -> Result<Self, String> {
        Ok(Self {
            wire: Wire::new(Arc::new(Secrets::new(mask)), bounds)?,
            main: Endpoint::new(target.clone()),
            tenants: target
                .tenants
                .iter()
                .map(|(name, tenant)| (name.clone(), Endpoint::new(tenant.clone())))
                .collect(),
            aside: Mutex::default(),
        })
    }

    /// Longest time for an answer where a request has none of its own.
    pub(crate) fn timeout(&self) -> Duration {
        self.wire.bounds.timeout
    }

    /// Takes out all secrets that are known by now.
    pub(crate) fn mask(&self) -> Arc<Mask> {
        self.wire.secrets.mask()
    }

    /// All secrets, also those that are not known yet.
    pub(crate) fn secrets(&self) -> &Arc<Secrets> {
        &self.wire.secrets
    }

    /// What was exchanged to be let in since this was asked last.
    pub(crate) fn take_aside(&self) -> Vec<Exchange> {
        std::mem::take(&mut *self.aside.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Why there is no access token, for whichever tenant.
    pub(crate) fn token_fault(&self) -> Option<TokenFault> {
        let endpoints = self.tenants.values().chain([&self.main]);
        endpoints
            .filter_map(|endpoint| endpoint.tokens.as_ref()?.fault())
            .next()
    }

    /// Has all that the first request needs.
    pub(crate) async fn authorize(
        &self,
        tenant: Option<&str>,
    ) -> Result<Authentication, TokenFault> {
        let endpoint = self.endpoint(tenant);
        let expires_in = match &endpoint.tokens {
            Some(tokens) => self.token(tokens).await?.expires_in,
            None => None,
        };
        Ok(Authentication {
            kind: endpoint.target.authentication(),
            expires_in,
        })
    }

    fn endpoint(&self, tenant: Option<&str>) -> &Endpoint {
        tenant
            .and_then(|tenant| self.tenants.get(tenant))
            .unwrap_or(&self.main)
    }

    /// Sends a request and waits for its outcome. An access token that the target refuses is replaced once.
    pub(crate) async fn send(&self, outgoing: &Outgoing) -> Exchange {
        let endpoint = self.endpoint(outgoing.tenant.as_deref());
        if outgoing.own_authorization {
            return self.sent(endpoint, outgoing, Ok(None)).await;
        }
        let Some(tokens) = &endpoint.tokens else {
            let authorization = endpoint.authorization.as_ref();
            return self.sent(endpoint, outgoing, Ok(authorization)).await;
        };
        let token = match self.token(tokens).await {
            Ok(token) => token,
            Err(fault) => {
                return self.sent(endpoint, outgoing, Err(fault.to_string())).await;
            }
        };
        let exchange = self.sent(endpoint, outgoing, Ok(Some(&token.header))).await;
        if exchange.status() != Some(401) {
            return exchange;
        }
        let (fresh, fetching) = tokens.instead_of(&token, &self.wire).await;
        let Some(fresh) = fresh else {
            self.put_aside(fetching);
            return exchange;
        };
        self.put_aside([exchange].into_iter().chain(fetching));
        let again = self.sent(endpoint, outgoing, Ok(Some(&fresh.header))).await;
        if again.status() == Some(401) {
            tokens.in_vain(&fresh).await;
        }
        again
    }

    async fn token(&self, tokens: &Tokens) -> Result<Arc<Token>, TokenFault> {
        let (token, fetching) = tokens.current(&self.wire).await;
        self.put_aside(fetching);
        token
    }

    fn put_aside(&self, exchanges: impl IntoIterator<Item = Exchange>) {
        let mut aside = self.aside.lock().unwrap_or_else(PoisonError::into_inner);
        aside.extend(exchanges);
    }

    /// Sends a request with this authorization, or says why it is not sent.
    async fn sent(
        &self,
        endpoint: &Endpoint,
        outgoing: &Outgoing,
        authorization: Result<Option<&SecretString>, String>,
    ) -> Exchange {
        let target = endpoint.target.base.target(&outgoing.target);
        let mut headers = outgoing.headers.clone();
        if let Ok(Some(authorization)) = &authorization {
            headers.push((
                "Authorization".to_owned(),
                authorization.expose_secret().to_owned(),
            ));
        }
        for (name, value) in &endpoint.target.headers {
            headers.push((name.clone(), value.expose_secret().to_owned()));
        }
        headers.extend(endpoint.target.plain_headers.iter().cloned());
        if !headers
            .iter()
            .any(|(name, _)| name.eq_ignore_ascii_case("accept"))
        {
            // The HTTP library sends this one if there is no other, so it is told.
            headers.push(("Accept".to_owned(), "*/*".to_owned()));
        }
        let mask = self.mask();
        let mut request = Request {
            api: endpoint.target.api,
            method: outgoing.method.clone(),
            origin: endpoint.target.base.origin().to_owned(),
            target: mask.text(&target),
            headers: headers
                .iter()
                .map(|(name, value)| (name.clone(), mask.text(value)))
                .collect(),
            body: Body::new(mask.body(outgoing.body.as_deref().unwrap_or_default())),
        };
        let started = Timestamp::now().to_string();
        let clock = Instant::now();
        let timeout = outgoing.limits.timeout.unwrap_or(self.wire.bounds.timeout);
        let limit = outgoing.limits.body.unwrap_or(self.wire.bounds.body);
        let built = authorization.and_then(|_| {
            self.built(
                endpoint,
                &target,
                &outgoing.method,
                &headers,
                outgoing.body.clone(),
            )
        });
        let outcome = match built {
            Ok(built) => {
                let sent = target_of(built.url());
                if sent != target {
                    // The URL library has rewritten it; what is shown is what went out.
                    request.target = mask.text(&sent);
                }
                let received = self.wire.received(built, timeout, limit).await;
                // A token that was fetched meanwhile is masked, too.
                received.map(|received| received.masked(&self.mask()))
            }
            Err(problem) => Err(Failure::NotSent(mask.text(&problem))),
        };
        Exchange {
            sender: outgoing.sender.clone(),
            request,
            outcome,
            started,
            elapsed: clock.elapsed(),
        }
    }

    fn built(
        &self,
        endpoint: &Endpoint,
        target: &str,
        method: &str,
        headers: &[(String, String)],
        body: Option<Vec<u8>>,
    ) -> Result<reqwest::Request, String> {
        if let Some(segment) = dot_segment(target) {
            return Err(format!(
                "`{segment}` in a path would address another resource than the one that is written"
            ));
        }
        let url = format!("{}{target}", endpoint.target.base.origin());
        let url = Url::parse(&url).map_err(|problem| format!("{url}: {problem}"))?;
        if url.origin().ascii_serialization() != endpoint.target.base.origin() {
            return Err(format!("{url} is not at the target"));
        }
        let method = Method::from_bytes(method.as_bytes())
            .map_err(|_| format!("`{method}` is not an HTTP method"))?;
        let mut request = reqwest::Request::new(method, url);
        *request.headers_mut() = header_map(headers)?;
        if let Some(body) = body {
            *request.body_mut() = Some(body.into());
        }
        Ok(request)
    }
}

pub(crate) fn header_map(headers: &[(String, String)]) -> Result<HeaderMap, String> {
    let mut map = HeaderMap::with_capacity(headers.len());
    for (name, value) in headers {
        let known = HeaderName::from_bytes(name.as_bytes())
            .map_err(|_| format!("`{name}` is not a header name"))?;
        let value =
            HeaderValue::from_str(value).or_else(|_| HeaderValue::from_bytes(value.as_bytes()));
        let mut value = value.map_err(|_| {
            format!("the value of header `{name}` has characters that no header may have")
        })?;
        value.set_sensitive(known == reqwest::header::AUTHORIZATION);
        map.append(known, value);
    }
    Ok(map)
}

/// A segment that URL libraries resolve (RFC 3986 5.2.4), in any of its spellings.
fn dot_segment(target: &str) -> Option<&str> {
    let path = target.split(['?', '#']).next().unwrap_or(target);
    path.split(['/', '\\']).find(|segment| {
        let plain = segment.to_ascii_lowercase().replace("%2e", ".");
        matches!(plain.as_str(), "." | "..")
    })
}

/// Path and query of a URL.
pub(crate) fn target_of(url: &Url) -> String {
    match url.query() {
        Some(query) => format!("{}?{query}", url.path()),
        None => url.path().to_owned(),
    }
}
