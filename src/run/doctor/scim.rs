//! What a target that answers says of itself, and how fast.

use std::time::Duration;

use jiff::Timestamp;
use jiff::fmt::rfc2822;
use serde_json::Value;

use super::connection::in_words;
use super::{Advice, Patient, State};
use crate::exchange::Exchange;

/// A clock that is off by more than that spoils the lifetime of tokens.
const SKEW: i64 = 60;

/// Answers that take longer make a run tedious.
const SLOW: Duration = Duration::from_secs(1);

impl Patient<'_> {
    /// Whether a list is one of SCIM 2.0.
    pub(super) fn is_scim(&mut self, first: &Exchange) -> Result<(), Advice> {
        let body = first.response().and_then(|response| response.json());
        let schemas = body.and_then(|body| body.get("schemas")?.as_array());
        let names = |start: &str| {
            let schemas = schemas.into_iter().flatten().filter_map(Value::as_str);
            schemas
                .map(str::to_ascii_lowercase)
                .any(|schema| schema.starts_with(start))
        };
        if names("urn:scim:schemas:core:1") {
            self.check("SCIM", State::Wrong, "the answer is one of SCIM 1.1");
            return Err(
                "look for the address of SCIM 2.0, which may end in /v2: neither Okta nor Entra provisions SCIM 1.1 any more"
                    .to_owned(),
            );
        }
        match (first.status(), names("urn:ietf:params:scim:")) {
            (Some(200), true) => {
                self.check("SCIM", State::Fine, "`/Users` gives a list of SCIM 2.0")
            }
            (Some(200), false) => {
                let told = "`/Users` gives a list, but not the schema of one (RFC 7644 3.4.2)";
                self.check("SCIM", State::Odd, told);
            }
            (status, _) => {
                let status = status.unwrap_or_default();
                self.check(
                    "SCIM",
                    State::Odd,
                    format!("`/Users` answers {status}, not with a list"),
                );
            }
        }
        Ok(())
    }

    /// Whether the target describes itself (RFC 7644 4).
    pub(super) fn described(&mut self, documents: &[Exchange]) {
        let mut told = Vec::new();
        let mut state = State::Fine;
        for exchange in documents {
            let name = exchange
                .request
                .target
                .rsplit('/')
                .next()
                .unwrap_or_default();
            let name = name.split('?').next().unwrap_or_default();
            let answer = exchange.response().filter(|answer| answer.status == 200);
            let body = answer.and_then(|answer| answer.json());
            let is_there = match body {
                Some(body) if name == "ServiceProviderConfig" => body.is_object(),
                Some(body) => body.is_array() || body.get("Resources").is_some(),
                None => false,
            };
            match (is_there, exchange.status()) {
                (true, _) => told.push(name.to_owned()),
                (false, status) => {
                    state = State::Odd;
                    told.push(match status {
                        Some(200) => format!("{name} is not what it should be"),
                        Some(status) => format!("{name} answers {status}"),
                        None => format!("{name} gives no answer"),
                    });
                }
            }
        }
        self.check("discovery", state, told.join(", "));
    }

    /// Its clock, and how long it takes to answer.
    pub(super) fn in_time(&mut self, exchanges: &[Exchange]) {
        let date = exchanges.iter().find_map(|exchange| {
            let date = exchange.response()?.header("date")?;
            let date = rfc2822::parse(date).ok()?.timestamp();
            let asked: Timestamp = exchange.started.parse().ok()?;
            Some(date.duration_since(asked).as_secs())
        });
        match date {
            None => self.check("clock", State::Skipped, "no answer has a Date header"),
            Some(skew) if skew.abs() <= SKEW => {
                self.check("clock", State::Fine, "as here, within a minute");
            }
            Some(skew) => {
                let way = if skew > 0 { "ahead of" } else { "behind" };
                let told = format!(
                    "{} minutes {way} this machine's: tokens may end too early or too late",
                    skew.abs() / 60
                );
                self.check("clock", State::Odd, told);
            }
        }
        let times: Vec<Duration> = exchanges.iter().map(|exchange| exchange.elapsed).collect();
        let state = match times.iter().skip(1).min() {
            Some(best) if *best > SLOW => State::Odd,
            _ => State::Fine,
        };
        let words: Vec<String> = times.iter().copied().map(in_words).collect();
        self.check("speed", state, format!("answers in {}", words.join(", ")));
    }
}
