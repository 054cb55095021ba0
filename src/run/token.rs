//! Access tokens: fetched from a token endpoint with client credentials (RFC 6749 4.4), renewed before they end and once
//! when the target does not accept one any more.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use reqwest::Method;
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use tokio::time::Instant;

use crate::exchange::{Api, Body, Exchange, Failure, MASKED, Request, Response, Sender};
use crate::profile::ProfileId;
use crate::run::client::{header_map, target_of};
use crate::run::received::Received;
use crate::run::token_fault::TokenFault;
use crate::run::wire::Wire;
use crate::scim::json::{self, Limits};
use crate::target::ClientCredentials;

/// After a failure the token endpoint is left alone for so long.
const PAUSE: Duration = Duration::from_secs(5);

/// A token is used at least for so long, even if it is said to end sooner.
const SHORTEST: Duration = Duration::from_secs(1);

/// A token is renewed so long before its end, or in the last fifth of a short life.
const MARGIN: Duration = Duration::from_secs(60);

/// Most bytes that are read of a token endpoint's answer.
const LIMIT: u64 = 1024 * 1024;

/// Bytes from which on a text that is called a token is taken for one.
const LONG: usize = 12;

/// An access token.
#[derive(Debug, Clone)]
pub(crate) struct Token {
    /// `Bearer …`.
    pub(crate) header: SecretString,
    /// For how many seconds it is valid, as the token endpoint says.
    pub(crate) expires_in: Option<u64>,
    /// Which one it is, from 1.
    number: u64,
    /// When to fetch the next one.
    renew: Option<Instant>,
    /// When it is over.
    end: Option<Instant>,
}

/// Fetches the tokens of one endpoint, one at a time.
pub(crate) struct Tokens {
    client: ClientCredentials,
    held: tokio::sync::Mutex<Held>,
    /// Why there is none, if there is none.
    fault: Mutex<Option<TokenFault>>,
}

#[derive(Default)]
struct Held {
    token: Option<Arc<Token>>,
    fetched: u64,
    /// When, and why, the last attempt failed.
    failed: Option<(Instant, TokenFault)>,
    /// The number of the token that was fetched after a 401 and met another one: a further one would, too.
    in_vain: Option<u64>,
}

impl Tokens {
    /// None is fetched yet.
    pub(crate) fn new(client: ClientCredentials) -> Self {
        Self {
            client,
            held: tokio::sync::Mutex::default(),
            fault: Mutex::default(),
        }
    }

    /// Why there is none, if there is none.
    pub(crate) fn fault(&self) -> Option<TokenFault> {
        self.known_fault().clone()
    }

    fn known_fault(&self) -> std::sync::MutexGuard<'_, Option<TokenFault>> {
        self.fault.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A token that is good by the clock, and what was exchanged for it.
    pub(crate) async fn current(
        &self,
        wire: &Wire,
    ) -> (Result<Arc<Token>, TokenFault>, Option<Exchange>) {
        let mut held = self.held.lock().await;
        let now = Instant::now();
        let token = held.token.clone();
        if let Some(token) = &token
            && token.renew.is_none_or(|renew| now < renew)
        {
            return (Ok(Arc::clone(token)), None);
        }
        let (fetched, exchange) = self.fetched(&mut held, wire).await;
        let token = match (fetched, token) {
            (Ok(token), _) => Ok(token),
            // The old one is still good.
            (Err(_), Some(token)) if token.end.is_none_or(|end| now < end) => Ok(token),
            (Err(fault), _) => {
                self.known_fault().replace(fault.clone());
                Err(fault)
            }
        };
        (token, exchange)
    }

    /// A token in place of one that the target does not accept, and what was exchanged for it; `None` if there is none, or
    /// if it would be pointless.
    pub(crate) async fn instead_of(
        &self,
        refused: &Token,
        wire: &Wire,
    ) -> (Option<Arc<Token>>, Option<Exchange>) {
        let mut held = self.held.lock().await;
        if held.in_vain == Some(refused.number) {
            return (None, None);
        }
        match &held.token {
            // Somebody else was refused before, and has another one by now.
            Some(token) if token.number != refused.number => (Some(Arc::clone(token)), None),
            _ => {
                let (fetched, exchange) = self.fetched(&mut held, wire).await;
                let token = fetched.map_err(|fault| self.known_fault().replace(fault));
                (token.ok(), exchange)
            }
        }
    }

    /// The target refused this one, too, so it is not the token's age.
    pub(crate) async fn in_vain(&self, fresh: &Token) {
        self.held.lock().await.in_vain = Some(fresh.number);
    }

    async fn fetched(
        &self,
        held: &mut Held,
        wire: &Wire,
    ) -> (Result<Arc<Token>, TokenFault>, Option<Exchange>) {
        if let Some((when, fault)) = &held.failed
            && when.elapsed() < PAUSE
        {
            return (Err(fault.clone()), None);
        }
        let (exchange, answer) = self.asked(wire).await;
        let token = match answer {
            Ok(answer) => {
                held.fetched += 1;
                held.failed = None;
                let token = Arc::new(answer.token(held.fetched));
                held.token = Some(Arc::clone(&token));
                self.known_fault().take();
                Ok(token)
            }
            Err(fault) => {
                held.failed = Some((Instant::now(), fault.clone()));
                Err(fault)
            }
        };
        (token, Some(exchange))
    }

    /// Asks the token endpoint: the exchange without secrets, and what it comes to.
    async fn asked(&self, wire: &Wire) -> (Exchange, Result<Answer, TokenFault>) {
        let url = self.client.token_url.url().clone();
        let (authorization, form) = self.client.request();
        let own = ProfileId::Scimulate.profile();
        let agent = own
            .headers
            .iter()
            .filter(|(name, _)| name.eq_ignore_ascii_case("user-agent"))
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let mut headers: Vec<(String, String)> = agent.collect();
        headers.extend(
            [
                ("Accept", "application/json"),
                ("Content-Type", "application/x-www-form-urlencoded"),
            ]
            .map(|(name, value)| (name.to_owned(), value.to_owned())),
        );
        if let Some(authorization) = &authorization {
            let value = authorization.expose_secret().to_owned();
            headers.push(("Authorization".to_owned(), value));
        }
        let mask = wire.secrets.mask();
        let shown = mask.text(url.as_str());
        let request = Request {
            api: Api::Scim,
            method: "POST".to_owned(),
            origin: url.origin().ascii_serialization(),
            target: mask.text(&target_of(&url)),
            headers: headers
                .iter()
                .map(|(name, value)| (name.clone(), mask.text(value)))
                .collect(),
            body: Body::new(mask.body(form.expose_secret().as_bytes())),
        };
        let started = Timestamp::now().to_string();
        let clock = Instant::now();
        let received = match header_map(&headers) {
            Ok(map) => {
                let mut built = reqwest::Request::new(Method::POST, url);
                *built.headers_mut() = map;
                *built.body_mut() = Some(form.expose_secret().to_owned().into());
                wire.received(built, wire.bounds.timeout, LIMIT).await
            }
            Err(problem) => Err(Failure::NotSent(mask.text(&problem))),
        };
        let (outcome, answer) = match received {
            Ok(received) => {
                let answer = self.answer(&shown, &received);
                let response = without_tokens(received, wire);
                let answer = answer.map_err(|fault| fault.masked(&wire.secrets.mask()));
                (Ok(response), answer)
            }
            Err(failure) => {
                let fault = TokenFault::Silent {
                    url: shown,
                    failure: failure.clone(),
                };
                (Err(failure), Err(fault))
            }
        };
        let exchange = Exchange {
            sender: Sender::Harness,
            request,
            outcome,
            started,
            elapsed: clock.elapsed(),
        };
        (exchange, answer)
    }

    /// Reads an answer (RFC 6749 5.1, 5.2).
    fn answer(&self, url: &str, received: &Received) -> Result<Answer, TokenFault> {
        let (url, status) = (url.to_owned(), received.status);
        if (300..400).contains(&status) {
            let to = received.header("location").unwrap_or("nowhere").to_owned();
            return Err(TokenFault::Redirect { url, status, to });
        }
        let document = json::parse(&received.body, Limits::default());
        let value = document.as_ref().ok().map(|document| &document.value);
        let text = |name: &str| -> Option<String> {
            let text = value?.get(name)?.as_str()?;
            // One line, and not a page of it.
            let words: Vec<&str> = text.split_whitespace().collect();
            let printable = |letter: &char| !letter.is_control();
            Some(
                words
                    .join(" ")
                    .chars()
                    .filter(printable)
                    .take(300)
                    .collect(),
            )
        };
        if !(200..300).contains(&status) {
            return Err(TokenFault::Refused {
                url,
                status,
                error: text("error"),
                description: text("error_description"),
                authentication: self.client.authentication,
            });
        }
        if let Some(broken) = &received.broken {
            let broken = broken.clone();
            return Err(TokenFault::Broken {
                url,
                status,
                broken,
            });
        }
        let members = match &document {
            Ok(document) => document.value.as_object(),
            Err(_) if received.body.is_empty() => {
                let what = "nothing at all".to_owned();
                return Err(TokenFault::NotJson { url, status, what });
            }
            Err(fault) => {
                let what = format!("not JSON: {fault}");
                return Err(TokenFault::NotJson { url, status, what });
            }
        };
        let Some(members) = members else {
            let what = "JSON, but not an object".to_owned();
            return Err(TokenFault::NotJson { url, status, what });
        };
        let token = members.get("access_token").and_then(Value::as_str);
        let Some(token) = token.filter(|token| !token.trim().is_empty()) else {
            return Err(TokenFault::NoToken { url, status });
        };
        // RFC 6749 5.1 demands it, and in any case; servers that leave it out mean this one.
        let kind = text("token_type").unwrap_or_else(|| "Bearer".to_owned());
        if !kind.eq_ignore_ascii_case("bearer") {
            return Err(TokenFault::NotBearer { url, kind });
        }
        if !token.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(TokenFault::Unusable { url });
        }
        let expires_in = members.get("expires_in").and_then(|life| match life {
            // A number, but not everywhere.
            Value::String(text) => text.trim().parse().ok(),
            _ => life.as_u64(),
        });
        Ok(Answer {
            token: token.to_owned().into(),
            expires_in,
        })
    }
}

/// What a token endpoint gives.
struct Answer {
    token: SecretString,
    expires_in: Option<u64>,
}

impl Answer {
    fn token(&self, number: u64) -> Token {
        let now = Instant::now();
        // One that ends at once is used until it is refused.
        let life = self
            .expires_in
            .filter(|life| *life > 0)
            .map(Duration::from_secs);
        let renew = life.map(|life| life.saturating_sub(MARGIN.min(life / 5)).max(SHORTEST));
        Token {
            header: format!("Bearer {}", self.token.expose_secret()).into(),
            expires_in: self.expires_in,
            number,
            renew: renew.and_then(|renew| now.checked_add(renew)),
            end: life.and_then(|life| now.checked_add(life)),
        }
    }
}

/// The answer as it can be shown. Its tokens are secrets from now on; a body that cannot be understood and may hold one
/// is not shown at all.
fn without_tokens(mut received: Received, wire: &Wire) -> Response {
    match json::parse(&received.body, Limits::default()) {
        Ok(document) => tokens_in(&document.value, wire),
        Err(_) if may_hold_token(&received.body) => received.body = MASKED.into(),
        Err(_) => {}
    }
    received.masked(&wire.secrets.mask())
}

fn may_hold_token(body: &[u8]) -> bool {
    String::from_utf8_lossy(body)
        .to_ascii_lowercase()
        .contains("token")
}

/// Makes every text a secret that is called a token. What is short and called otherwise than by RFC 6749 can be anything.
fn tokens_in(value: &Value, wire: &Wire) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| tokens_in(item, wire)),
        Value::Object(members) => {
            for (name, member) in members {
                let lower = name.to_ascii_lowercase();
                match member {
                    Value::String(text)
                        if lower == "access_token"
                            || lower.ends_with("token") && text.len() >= LONG =>
                    {
                        wire.secrets.add(text);
                    }
                    _ => tokens_in(member, wire),
                }
            }
        }
        _ => {}
    }
}
