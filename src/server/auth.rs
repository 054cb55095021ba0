//! Who may do what (RFC 7644 section 2, RFC 6750), and for how long: tokens expire, and are rotated.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use secrecy::{ExposeSecret, SecretString};

use super::error::Refusal;

const CHALLENGE: &str = "Bearer realm=\"scim\"";

/// A bearer token of a tenant.
#[derive(Debug, Clone)]
pub struct Token {
    /// The token itself.
    pub secret: SecretString,
    /// The `userName` that `/Me` stands for; without it `/Me` answers 501.
    pub user: Option<String>,
    /// Whether it may only read.
    pub read_only: bool,
    /// From when on it is not valid any more; `None`: never.
    pub expires: Option<Timestamp>,
}

impl Token {
    /// A token that may do everything for ever, and stands for no user.
    pub fn new(secret: impl Into<String>) -> Token {
        Token {
            secret: SecretString::from(secret.into()),
            user: None,
            read_only: false,
            expires: None,
        }
    }
}

/// The tokens of a tenant.
#[derive(Debug)]
pub(crate) struct Tokens {
    known: Vec<Known>,
    /// Without one nothing is possible; else everyone may do everything.
    needed: bool,
}

#[derive(Debug)]
struct Known {
    token: Arc<Token>,
    /// The token that this one takes the place of at its first use.
    retires: Option<Arc<Token>>,
}

impl Tokens {
    pub(crate) fn new(tokens: Vec<Token>, needed: bool) -> Tokens {
        let known = tokens.into_iter().map(|token| Known {
            token: Arc::new(token),
            retires: None,
        });
        Tokens {
            known: known.collect(),
            needed,
        }
    }

    /// The first token itself, if there is one.
    pub(crate) fn first_secret(&self) -> Option<String> {
        let first = self.known.first()?;
        Some(first.token.secret.expose_secret().to_owned())
    }

    /// The token that a request carries; `None` when the tenant asks for none.
    pub(crate) fn authenticate(
        &mut self,
        header: Option<&str>,
        now: Timestamp,
    ) -> Result<Option<Arc<Token>>, Refusal> {
        let given = header.and_then(|header| {
            let (scheme, token) = header.trim().split_once(' ')?;
            scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
        });
        let Some(given) = given else {
            if !self.needed {
                return Ok(None);
            }
            let refusal = Refusal::new(401, "a bearer token is needed in the Authorization header");
            return Err(refusal.with_header("www-authenticate", CHALLENGE));
        };
        let position = self
            .known
            .iter()
            .position(|known| equal(known.token.secret.expose_secret(), given));
        let Some(position) = position else {
            if !self.needed {
                return Ok(None);
            }
            return Err(invalid(
                "the bearer token is not valid",
                "unknown or expired",
            ));
        };
        let known = &mut self.known[position];
        let token = Arc::clone(&known.token);
        if token.expires.is_some_and(|expires| expires <= now) {
            return Err(invalid("the bearer token has expired", "expired"));
        }
        if let Some(old) = known.retires.take() {
            self.known.retain(|known| !Arc::ptr_eq(&known.token, &old));
        }
        Ok(Some(token))
    }

    /// Adds a token, and forgets those that have expired.
    pub(crate) fn admit(&mut self, token: Token, now: Timestamp) {
        self.known
            .retain(|known| known.token.expires.is_none_or(|expires| expires > now));
        self.known.push(Known {
            token: Arc::new(token),
            retires: None,
        });
    }

    /// Makes a new token for who has the current one. That is removed at once, or as soon as the new one is used
    /// (integrations.md, I2).
    pub(crate) fn rotate(
        &mut self,
        current: &Arc<Token>,
        secret: String,
        expires: Option<Timestamp>,
        remove_current: bool,
    ) -> Arc<Token> {
        let token = Arc::new(Token {
            secret: SecretString::from(secret),
            user: current.user.clone(),
            read_only: current.read_only,
            expires,
        });
        if remove_current {
            self.known
                .retain(|known| !Arc::ptr_eq(&known.token, current));
        }
        self.known.push(Known {
            token: Arc::clone(&token),
            retires: (!remove_current).then(|| Arc::clone(current)),
        });
        token
    }
}

/// When a token ends that is made now.
pub(crate) fn end_of(life: Option<SignedDuration>, now: Timestamp) -> Option<Timestamp> {
    now.checked_add(life?).ok()
}

fn invalid(detail: &str, description: &str) -> Refusal {
    Refusal::new(401, detail).with_header(
        "www-authenticate",
        format!("{CHALLENGE}, error=\"invalid_token\", error_description=\"{description}\""),
    )
}

/// Refuses writes with a token that may only read.
pub(crate) fn check_write(token: Option<&Token>) -> Result<(), Refusal> {
    if token.is_some_and(|token| token.read_only) {
        return Err(Refusal::new(403, "this token may only read").with_header(
            "www-authenticate",
            "Bearer realm=\"scim\", error=\"insufficient_scope\"",
        ));
    }
    Ok(())
}

/// Compares without telling by the time taken how much was right.
pub(crate) fn equal(left: &str, right: &str) -> bool {
    left.len() == right.len()
        && left
            .bytes()
            .zip(right.bytes())
            .fold(0, |sum, (left, right)| sum | (left ^ right))
            == 0
}
