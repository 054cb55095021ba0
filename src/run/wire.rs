//! The wire: one HTTP client for all that a run asks, and what may come of a request.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use reqwest::redirect::Policy;
use tokio::time::{Instant, timeout_at};

use crate::exchange::Failure;
use crate::run::received::Received;
use crate::run::secrets::Secrets;

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

/// Sends requests of any kind. Redirects are never followed, proxies never used.
pub(crate) struct Wire {
    http: reqwest::Client,
    pub(crate) secrets: Arc<Secrets>,
    pub(crate) bounds: Bounds,
}

impl Wire {
    /// A wire that leads everywhere.
    pub(crate) fn new(secrets: Arc<Secrets>, bounds: Bounds) -> Result<Self, String> {
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
            secrets,
            bounds,
        })
    }

    /// Sends a request and waits for its answer, as it came.
    pub(crate) async fn received(
        &self,
        request: reqwest::Request,
        timeout: Duration,
        limit: u64,
    ) -> Result<Received, Failure> {
        let deadline = Instant::now() + timeout;
        match timeout_at(deadline, self.http.execute(request)).await {
            Err(_) => Err(Failure::Timeout(timeout.as_millis() as u64)),
            Ok(Err(problem)) => Err(self.failure(&problem)),
            Ok(Ok(response)) => Ok(Received::read(response, deadline, timeout, limit).await),
        }
    }

    fn failure(&self, problem: &reqwest::Error) -> Failure {
        let words = self.secrets.mask().text(&chain(problem));
        if is_tls(&words) {
            Failure::Tls(words)
        } else if problem.is_connect() {
            Failure::Connect(words)
        } else {
            Failure::Protocol(words)
        }
    }
}

/// Whether an error is about TLS, by its words.
pub(crate) fn is_tls(words: &str) -> bool {
    let lower = words.to_lowercase();
    [
        "certificate",
        "handshake",
        "tls",
        // What rustls says of a server that answers in plain HTTP.
        "corrupt message",
    ]
    .iter()
    .any(|word| lower.contains(word))
}

/// An error with its causes, each said once.
pub(crate) fn chain(problem: &dyn Error) -> String {
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
