//! The System Log: what happened, as `GET /api/v1/logs` gives it.

use std::collections::VecDeque;

use jiff::Timestamp;
use serde_json::Value;

use crate::org::okta::errors::Refusal;
use crate::org::okta::event::instant;
use crate::org::okta::listing::{Pages, filtered, page};
use crate::org::{Ask, Reply};

/// Most events that are kept; the oldest go first.
const KEPT: usize = 20_000;

const PAGES: Pages = Pages {
    usual: 100,
    most: 1000,
};

/// Events, the oldest first.
#[derive(Debug, Default)]
pub(crate) struct SystemLog {
    events: VecDeque<Value>,
}

impl SystemLog {
    /// Something happened.
    pub(crate) fn push(&mut self, event: Value) {
        if self.events.len() == KEPT {
            self.events.pop_front();
        }
        self.events.push_back(event);
    }

    /// `GET /api/v1/logs?since=&until=&filter=&q=&limit=&sortOrder=`.
    pub(crate) fn reply(&self, ask: &Ask) -> Result<Reply, Refusal> {
        let (since, until) = (moment(ask, "since")?, moment(ask, "until")?);
        let published = |event: &Value| event["published"].as_str().unwrap_or_default().to_owned();
        // All instants are written alike, so that their texts are ordered as they are.
        let mut events: Vec<Value> = self
            .events
            .iter()
            .filter(|event| {
                since
                    .as_ref()
                    .is_none_or(|since| published(event) >= *since)
            })
            .filter(|event| until.as_ref().is_none_or(|until| published(event) < *until))
            .cloned()
            .collect();
        if let Some(words) = ask.parameter("q") {
            let words: Vec<String> = words.split_whitespace().map(str::to_lowercase).collect();
            events.retain(|event| {
                let text = event.to_string().to_lowercase();
                words.iter().all(|word| text.contains(word))
            });
        }
        let mut events = filtered(ask, events)?;
        match ask.parameter("sortOrder") {
            None | Some("ASCENDING") => {}
            Some("DESCENDING") => events.reverse(),
            Some(_) => {
                return Err(Refusal::invalid(
                    "sortOrder",
                    "The value must be ASCENDING or DESCENDING",
                ));
            }
        }
        page(ask, events, PAGES)
    }
}

fn moment(ask: &Ask, name: &str) -> Result<Option<String>, Refusal> {
    let Some(text) = ask.parameter(name) else {
        return Ok(None);
    };
    match text.parse::<Timestamp>() {
        Ok(at) => Ok(Some(instant(at))),
        Err(_) => Err(Refusal::invalid(
            name,
            "The value must be an instant such as 2026-11-22T10:00:00.000Z",
        )),
    }
}
