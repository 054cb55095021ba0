//! Recognising: which client sent these requests, from what it puts on the wire, and on what evidence.
//!
//! A sign speaks for a provider, or against some of its clients. The provider whose signs weigh more is taken, and of its
//! clients those that least speaks against; where several are left, nobody can tell them apart from these requests.

mod look;
mod signs;

use std::collections::BTreeMap;

use crate::exchange::{Api, Exchange, Sender};
use crate::finding::Authority;
use crate::profile::ProfileId;

use self::look::{History, Look};
use self::signs::{SIGNS, Sign};

/// What a provider's signs must weigh before it is named.
const ENOUGH: i32 = 3;

/// Sees request after request, and gets surer who sends them. What it remembers is bounded.
#[derive(Debug, Clone, Default)]
pub struct Recogniser {
    /// By the place in the table: the request that showed the sign first.
    seen: BTreeMap<usize, String>,
    history: History,
    requests: u64,
    /// Requests of a scenario that plays the plain RFC client.
    own: u64,
}

/// Who sent what was seen.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Recognised {
    /// The client, if these requests tell.
    pub client: Option<ProfileId>,
    /// Every client that may have sent them, the most usual one first; none if it is none that we know.
    pub possible: Vec<ProfileId>,
    /// What tells it, in words, each with the request that showed it first.
    pub because: Vec<String>,
}

impl Recognised {
    /// The client's name, or `unknown` where it is none that we know or one cannot tell which.
    pub fn name(&self) -> &'static str {
        self.client.map_or("unknown", ProfileId::name)
    }

    /// The client, or the most usual one of those that are possible.
    pub fn likely(&self) -> Option<ProfileId> {
        self.client.or(self.possible.first().copied())
    }
}

impl Recogniser {
    /// Nothing seen yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// How many requests of the client were seen. What scimulate sends besides, and other services, does not count.
    pub fn requests(&self) -> u64 {
        self.requests
    }

    /// Looks at one more request and its answer.
    pub fn see(&mut self, exchange: &Exchange) {
        if exchange.sender == Sender::Harness || exchange.request.api == Api::Management {
            return;
        }
        self.requests += 1;
        let agent = exchange.request.header("user-agent");
        if agent.is_some_and(|agent| agent.starts_with("scimulate/")) {
            self.own += 1;
            return;
        }
        let look = Look::of(&exchange.request);
        for (index, sign) in SIGNS.iter().enumerate() {
            if !self.seen.contains_key(&index) && (sign.shows)(&look, &self.history) {
                self.seen.insert(index, look.title());
            }
        }
        self.history.remember(&look, exchange);
    }

    /// Who it is, as far as can be told by now.
    pub fn recognised(&self) -> Recognised {
        if self.own > 0 && self.own == self.requests {
            return Recognised {
                client: Some(ProfileId::Scimulate),
                possible: vec![ProfileId::Scimulate],
                because: vec!["the User-Agent is our own: a plain RFC client".to_owned()],
            };
        }
        let weight = |of: fn(&Sign) -> i32| self.signs().map(|(sign, _)| of(sign)).sum::<i32>();
        let (okta, entra) = (weight(|sign| sign.okta), weight(|sign| sign.entra));
        let provider = if okta > entra {
            Authority::Okta
        } else {
            Authority::Entra
        };
        if okta.max(entra) < ENOUGH || okta == entra {
            return Recognised {
                because: self.unknown(),
                ..Recognised::default()
            };
        }
        let against = |client: ProfileId| -> u32 {
            self.signs()
                .map(|(sign, _)| sign.weight_against(client))
                .sum()
        };
        let clients: Vec<ProfileId> = ProfileId::ALL
            .into_iter()
            .filter(|client| client.authority() == provider)
            .collect();
        let least = clients.iter().copied().map(against).min();
        let possible: Vec<ProfileId> = clients
            .iter()
            .copied()
            .filter(|client| Some(against(*client)) == least)
            .collect();
        let client = match possible[..] {
            [client] => Some(client),
            _ => None,
        };
        Recognised {
            client,
            because: self.because(provider, &clients, &possible),
            possible,
        }
    }

    fn signs(&self) -> impl Iterator<Item = (&'static Sign, &str)> {
        self.seen
            .iter()
            .filter_map(|(index, title)| Some((SIGNS.get(*index)?, title.as_str())))
    }

    fn because(
        &self,
        provider: Authority,
        clients: &[ProfileId],
        possible: &[ProfileId],
    ) -> Vec<String> {
        let speaks_against = |sign: &Sign, of: &[ProfileId]| {
            of.iter().any(|client| sign.weight_against(*client) > 0)
        };
        let mut because = Vec::new();
        let mut contrary = Vec::new();
        for (sign, title) in self.signs() {
            let words = format!("{} ({title})", sign.words);
            if speaks_against(sign, possible) || sign.weight_for(provider) < 0 {
                contrary.push(format!("although: {words}"));
            } else if sign.weight_for(provider) > 0 || speaks_against(sign, clients) {
                because.push(words);
            }
        }
        because.append(&mut contrary);
        if possible.len() > 1 {
            let names: Vec<&str> = possible.iter().map(|client| client.name()).collect();
            because.push(format!(
                "cannot tell which of {}: {}",
                names.join(", "),
                match provider {
                    Authority::Entra =>
                        "what tells them apart is a PATCH with more in it than these requests have",
                    _ =>
                        "what tells them apart is how a user is deactivated, how a profile is changed, and how groups are written",
                }
            ));
        }
        because
    }

    fn unknown(&self) -> Vec<String> {
        if self.requests == 0 {
            return vec!["no request of a client was seen".to_owned()];
        }
        let mut because: Vec<String> = self
            .signs()
            .filter(|(sign, _)| sign.okta != 0 || sign.entra != 0)
            .map(|(sign, title)| format!("{} ({title})", sign.words))
            .collect();
        because.push("that is not enough to name Okta or Entra".to_owned());
        because
    }
}

#[cfg(test)]
mod tests;
