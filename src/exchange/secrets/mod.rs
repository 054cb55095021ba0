//! Credentials in traffic that we did not send: nobody tells us what they are, so they are told by their places.
//!
//! What stands in such a place is always covered. What is long enough to be a secret is remembered, too, and covered
//! wherever else it turns up, in the forms that [`Mask`] knows: a server that quotes the token in an error, say.

mod names;
mod places;
#[cfg(test)]
mod tests;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::{Body, Broken, Exchange, Failure, MASKED, Mask, Request, Response};
use names::is_secret_header;
use places::Place;

/// Bytes of the shortest text that is looked for elsewhere: `Bearer test` must not take `test` out of every host name.
const SHORTEST: usize = 8;
/// As many are remembered, those that were seen last: in a long recording every person has another password.
const REMEMBERED: usize = 64;

/// Finds credentials in exchanges, and covers them.
#[derive(Default)]
pub struct Secrets {
    /// Those that were seen last stand last.
    known: Vec<String>,
    /// Of all that are known.
    mask: Mask,
}

impl std::fmt::Debug for Secrets {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Secrets({} known)", self.known.len())
    }
}

impl Secrets {
    /// Remembers the credentials of an exchange.
    pub fn learn(&mut self, exchange: &Exchange) {
        let mut sieve = Sieve::default();
        sieve.exchange(exchange.clone());
        self.remember(sieve.found);
    }

    /// What covers all that is known, in texts that belong to no exchange.
    pub fn mask(&self) -> &Mask {
        &self.mask
    }

    /// The exchange without credentials, its own ones included. The word before a credential (`Bearer`) and the names of
    /// cookies stay.
    pub fn masked(&mut self, exchange: Exchange) -> Exchange {
        let mut sieve = Sieve::default();
        let exchange = sieve.exchange(exchange);
        self.remember(sieve.found);
        self.without_known(exchange)
    }

    fn remember(&mut self, found: Vec<String>) {
        let mut news = false;
        for secret in found {
            // `"password": "password"` must not take the name of an attribute out of every document, nor what scimulate
            // sends for a password its name out of all that it creates.
            let is_word = ["password", "scimulate"]
                .iter()
                .any(|word| secret.eq_ignore_ascii_case(word));
            if secret.len() < SHORTEST || secret.contains(MASKED) || is_word {
                continue;
            }
            let before = self.known.len();
            self.known.retain(|known| *known != secret);
            news |= self.known.len() == before;
            self.known.push(secret);
        }
        if news {
            let from = self.known.len().saturating_sub(REMEMBERED);
            self.known.drain(..from);
            self.mask = Mask::new(self.known.iter().map(String::as_str));
        }
    }

    fn without_known(&self, exchange: Exchange) -> Exchange {
        let mask = &self.mask;
        let headers = |headers: Vec<(String, String)>| -> Vec<(String, String)> {
            headers
                .into_iter()
                .map(|(name, value)| (name, mask.text(&value)))
                .collect()
        };
        Exchange {
            request: Request {
                api: exchange.request.api,
                method: exchange.request.method,
                origin: mask.text(&exchange.request.origin),
                target: mask.text(&exchange.request.target),
                headers: headers(exchange.request.headers),
                body: Body::new(mask.body(exchange.request.body.bytes())),
            },
            outcome: match exchange.outcome {
                Ok(response) => Ok(Response::new(
                    response.status,
                    headers(response.headers),
                    Body::new(mask.body(response.body.bytes())),
                    response.broken.map(|broken| reworded(broken, mask)),
                )),
                Err(failure) => Err(retold(failure, mask)),
            },
            sender: exchange.sender,
            started: exchange.started,
            elapsed: exchange.elapsed,
        }
    }
}

fn reworded(broken: Broken, mask: &Mask) -> Broken {
    match broken {
        Broken::Cut(reason) => Broken::Cut(mask.text(&reason)),
        Broken::Encoding(reason) => Broken::Encoding(mask.text(&reason)),
        other @ (Broken::TooLarge(_) | Broken::Slow(_)) => other,
    }
}

fn retold(failure: Failure, mask: &Mask) -> Failure {
    match failure {
        Failure::Connect(reason) => Failure::Connect(mask.text(&reason)),
        Failure::Tls(reason) => Failure::Tls(mask.text(&reason)),
        Failure::Protocol(reason) => Failure::Protocol(mask.text(&reason)),
        Failure::NotSent(reason) => Failure::NotSent(mask.text(&reason)),
        timeout @ Failure::Timeout(_) => timeout,
    }
}

/// Takes out what stands in the places of credentials, and keeps what it was.
#[derive(Default)]
struct Sieve {
    found: Vec<String>,
}

impl Sieve {
    fn exchange(&mut self, exchange: Exchange) -> Exchange {
        let request = exchange.request;
        Exchange {
            request: Request {
                api: request.api,
                method: request.method,
                origin: self.text(&request.origin),
                target: self.text(&request.target),
                body: Body::new(self.body(&request.headers, request.body.bytes())),
                headers: self.headers(request.headers),
            },
            outcome: exchange.outcome.map(|response| {
                let body = Body::new(self.body(&response.headers, response.body.bytes()));
                let headers = self.headers(response.headers);
                Response::new(response.status, headers, body, response.broken)
            }),
            sender: exchange.sender,
            started: exchange.started,
            elapsed: exchange.elapsed,
        }
    }

    fn headers(&mut self, headers: Vec<(String, String)>) -> Vec<(String, String)> {
        headers
            .into_iter()
            .map(|(name, value)| {
                let value = self.header(&name, &value);
                (name, value)
            })
            .collect()
    }

    fn header(&mut self, name: &str, value: &str) -> String {
        if is_secret_header(name) {
            let places: Vec<Place> = places::in_credentials(value).into_iter().collect();
            for place in &places {
                self.found.extend(of_basic(&place.secret));
            }
            return self.covered_text(value, places);
        }
        let sets = name.eq_ignore_ascii_case("set-cookie");
        if !sets && !name.eq_ignore_ascii_case("cookie") {
            return self.text(value);
        }
        // A cookie may as well say `lang=en-US`; only what looks like chance is looked for elsewhere.
        let places = places::in_cookies(value, sets);
        let random = places.iter().map(|place| &place.secret).filter(|secret| {
            secret.len() >= 16 && secret.bytes().any(|byte| byte.is_ascii_digit())
        });
        self.found.extend(random.cloned());
        lossless(places::covered(value.as_bytes(), places))
    }

    fn text(&mut self, text: &str) -> String {
        self.covered_text(text, places::in_text(text.as_bytes()))
    }

    fn covered_text(&mut self, text: &str, places: Vec<Place>) -> String {
        self.found
            .extend(places.iter().map(|place| place.secret.clone()));
        lossless(places::covered(text.as_bytes(), places))
    }

    fn body(&mut self, headers: &[(String, String)], bytes: &[u8]) -> Vec<u8> {
        let is_form = headers.iter().any(|(name, value)| {
            name.eq_ignore_ascii_case("content-type")
                && value
                    .to_ascii_lowercase()
                    .contains("application/x-www-form-urlencoded")
        });
        let mut found = places::in_text(bytes);
        match bytes.iter().find(|byte| !byte.is_ascii_whitespace()) {
            Some(b'{' | b'[') => found.splice(0..0, places::in_json(bytes)).for_each(drop),
            _ if is_form => found.splice(0..0, places::in_form(bytes)).for_each(drop),
            _ => {}
        }
        self.found
            .extend(found.iter().map(|place| place.secret.clone()));
        places::covered(bytes, found)
    }
}

/// The password of `Basic` credentials (RFC 7617 2).
fn of_basic(credentials: &str) -> Option<String> {
    let pair = String::from_utf8(STANDARD.decode(credentials.trim()).ok()?).ok()?;
    pair.split_once(':')
        .map(|(_, password)| password.to_owned())
}

fn lossless(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).expect("whole characters are replaced by whole characters")
}
