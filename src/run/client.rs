//! Sends requests and keeps what came back, whatever it is: bounded in time and size, secrets masked.

use std::collections::BTreeMap;
use std::error::Error;
use std::io::Read;
use std::time::Duration;

use flate2::read::{DeflateDecoder, MultiGzDecoder, ZlibDecoder};
use jiff::Timestamp;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use reqwest::redirect::Policy;
use reqwest::{Method, Url};
use secrecy::{ExposeSecret, SecretString};
use tokio::time::{Instant, timeout_at};

use crate::exchange::{Body, Broken, Exchange, Failure, Mask, Request, Response};
use crate::plan::Outgoing;
use crate::target::Target;

/// Limits of an exchange where the scenario gives none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// Longest time from sending to the last byte.
    pub timeout: Duration,
    /// Most bytes of a body.
    pub body: u64,
}

impl Default for Bounds {
    /// 30 s, and 16 MiB.
    fn default() -> Self {
        Self {
            timeout: Duration::from_secs(30),
            body: 16 * 1024 * 1024,
        }
    }
}

/// Bytes that are kept of a body over the limit: nothing is judged by them, and every report would carry them.
const EVIDENCE: usize = 64 * 1024;

/// An HTTP client for one target and its tenants. Redirects are never followed, proxies never used.
pub(crate) struct Client {
    http: reqwest::Client,
    main: Endpoint,
    tenants: BTreeMap<String, Endpoint>,
    mask: Mask,
    bounds: Bounds,
}

struct Endpoint {
    target: Target,
    authorization: Option<SecretString>,
}

impl Endpoint {
    fn new(target: Target) -> Self {
        Self {
            authorization: target.credential.header(),
            target,
        }
    }
}

impl Client {
    /// A client for this target.
    pub(crate) fn new(target: &Target, mask: Mask, bounds: Bounds) -> Result<Self, String> {
        // A second call finds the provider installed, which is what is wanted.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = reqwest::Client::builder()
            .http1_only()
            .http1_title_case_headers()
            .redirect(Policy::none())
            .retry(reqwest::retry::never())
            .no_proxy()
            .referer(false)
            // Many servers close an idle connection after 5 s; a request must not meet that moment.
            .pool_idle_timeout(Duration::from_secs(4))
            .build()
            .map_err(|problem| chain(&problem))?;
        Ok(Self {
            http,
            main: Endpoint::new(target.clone()),
            tenants: target
                .tenants
                .iter()
                .map(|(name, tenant)| (name.clone(), Endpoint::new(tenant.clone())))
                .collect(),
            mask,
            bounds,
        })
    }

    /// Longest time for an answer where a request has none of its own.
    pub(crate) fn timeout(&self) -> Duration {
        self.bounds.timeout
    }

    /// Takes secrets out.
    pub(crate) fn mask(&self) -> &Mask {
        &self.mask
    }

    /// Sends a request and waits for its outcome.
    pub(crate) async fn send(&self, outgoing: &Outgoing) -> Exchange {
        let endpoint = match &outgoing.tenant {
            Some(tenant) => self.tenants.get(tenant).unwrap_or(&self.main),
            None => &self.main,
        };
        let target = endpoint.target.base.target(&outgoing.target);
        let mut headers = outgoing.headers.clone();
        if let Some(authorization) = endpoint
            .authorization
            .as_ref()
            .filter(|_| !outgoing.own_authorization)
        {
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
        let mut request = Request {
            method: outgoing.method.clone(),
            origin: endpoint.target.base.origin().to_owned(),
            target: self.mask.text(&target),
            headers: headers
                .iter()
                .map(|(name, value)| (name.clone(), self.mask.text(value)))
                .collect(),
            body: Body::new(self.mask.body(outgoing.body.as_deref().unwrap_or_default())),
        };
        let started = Timestamp::now().to_string();
        let clock = Instant::now();
        let timeout = outgoing.limits.timeout.unwrap_or(self.bounds.timeout);
        let limit = outgoing.limits.body.unwrap_or(self.bounds.body);
        let outcome = match self.built(
            endpoint,
            &target,
            &outgoing.method,
            &headers,
            outgoing.body.clone(),
        ) {
            Ok(built) => {
                let sent = target_of(built.url());
                if sent != target {
                    // The URL library has rewritten it; what is shown is what went out.
                    request.target = self.mask.text(&sent);
                }
                self.exchanged(built, clock + timeout, timeout, limit).await
            }
            Err(problem) => Err(Failure::NotSent(self.mask.text(&problem))),
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

    async fn exchanged(
        &self,
        request: reqwest::Request,
        deadline: Instant,
        timeout: Duration,
        limit: u64,
    ) -> Result<Response, Failure> {
        let milliseconds = timeout.as_millis() as u64;
        let mut response = match timeout_at(deadline, self.http.execute(request)).await {
            Err(_) => return Err(Failure::Timeout(milliseconds)),
            Ok(Err(problem)) => return Err(self.failure(&problem)),
            Ok(Ok(response)) => response,
        };
        let status = response.status().as_u16();
        let headers: Vec<(String, String)> = response
            .headers()
            .iter()
            .map(|(name, value)| {
                (
                    name.to_string(),
                    self.mask.text(&String::from_utf8_lossy(value.as_bytes())),
                )
            })
            .collect();
        let mut bytes = Vec::new();
        let mut broken = None;
        loop {
            match timeout_at(deadline, response.chunk()).await {
                Err(_) => broken = Some(Broken::Slow(milliseconds)),
                Ok(Err(problem)) => broken = Some(Broken::Cut(self.mask.text(&chain(&problem)))),
                Ok(Ok(None)) => {}
                Ok(Ok(Some(chunk))) => {
                    let room = (limit as usize).saturating_sub(bytes.len());
                    bytes.extend_from_slice(&chunk[..chunk.len().min(room)]);
                    if chunk.len() <= room {
                        continue;
                    }
                    broken = Some(Broken::TooLarge(limit));
                }
            }
            break;
        }
        let encoding = headers
            .iter()
            .find(|(name, _)| name == "content-encoding")
            .map(|(_, value)| value.as_str());
        if let Some(encoding) = encoding.filter(|_| !bytes.is_empty()) {
            match decoded(&bytes, encoding, limit) {
                Ok((plain, problem)) => {
                    bytes = plain;
                    broken = broken.or(problem);
                }
                Err(problem) => broken = broken.or(Some(Broken::Encoding(problem))),
            }
        }
        if let Some(Broken::TooLarge(_)) = broken {
            bytes.truncate(EVIDENCE);
            bytes.shrink_to_fit();
        }
        Ok(Response::new(
            status,
            headers,
            Body::new(self.mask.body(&bytes)),
            broken,
        ))
    }

    fn failure(&self, problem: &reqwest::Error) -> Failure {
        let words = self.mask.text(&chain(problem));
        let lower = words.to_lowercase();
        let is_tls = [
            "certificate",
            "handshake",
            "tls",
            // What rustls says of a server that answers in plain HTTP.
            "corrupt message",
        ];
        if is_tls.iter().any(|word| lower.contains(word)) {
            Failure::Tls(words)
        } else if problem.is_connect() {
            Failure::Connect(words)
        } else {
            Failure::Protocol(words)
        }
    }
}

fn header_map(headers: &[(String, String)]) -> Result<HeaderMap, String> {
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
fn target_of(url: &Url) -> String {
    match url.query() {
        Some(query) => format!("{}?{query}", url.path()),
        None => url.path().to_owned(),
    }
}

/// Undoes a content encoding, at most up to the limit: a small answer may hold a very large body. What could be undone of
/// a broken one is kept.
fn decoded(bytes: &[u8], encoding: &str, limit: u64) -> Result<(Vec<u8>, Option<Broken>), String> {
    let most = limit.saturating_add(1);
    let mut plain = Vec::new();
    let read = match encoding.trim().to_ascii_lowercase().as_str() {
        "" | "identity" => return Ok((bytes.to_vec(), None)),
        "gzip" | "x-gzip" => MultiGzDecoder::new(bytes)
            .take(most)
            .read_to_end(&mut plain),
        // RFC 9110 8.4.1.2 means zlib; some servers send it bare.
        "deflate" => ZlibDecoder::new(bytes)
            .take(most)
            .read_to_end(&mut plain)
            .or_else(|_| {
                plain.clear();
                DeflateDecoder::new(bytes)
                    .take(most)
                    .read_to_end(&mut plain)
            }),
        other => return Err(format!("`{other}` was not asked for and is not known")),
    };
    if plain.len() as u64 > limit {
        plain.truncate(limit as usize);
        return Ok((plain, Some(Broken::TooLarge(limit))));
    }
    match read {
        Ok(_) => Ok((plain, None)),
        Err(problem) if plain.is_empty() => Err(problem.to_string()),
        Err(problem) => Ok((plain, Some(Broken::Encoding(problem.to_string())))),
    }
}

/// An error with its causes, each said once.
fn chain(problem: &dyn Error) -> String {
    let mut words: Vec<String> = Vec::new();
    let mut next = Some(problem);
    while let Some(problem) = next {
        let text = problem.to_string();
        if !words.iter().any(|known| known.contains(&text)) {
            words.push(text);
        }
        next = problem.source();
    }
    // The outer errors of the client name its own parts and repeat the URL, which the request shows already.
    let inner = words
        .iter()
        .position(|word| {
            !["error ", "client error (", "tcp connect error", "dns error"]
                .iter()
                .any(|start| word.starts_with(start))
        })
        .unwrap_or(words.len().saturating_sub(1));
    words.split_off(inner).join(": ")
}
