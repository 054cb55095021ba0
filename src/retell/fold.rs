//! Folding: which of the exchanges are told, and which of them are the same request once more.

use serde_json::Value;

use super::address::{Address, Base};
use super::{Options, text};
use crate::exchange::{Api, Exchange, Sender};
use crate::scim::json::{self, Limits};

/// Methods that a scenario can send.
const METHODS: [&str; 7] = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"];
/// Longest pause that is not worth a word.
const PAUSE: f64 = 5.0;

/// A request that is told.
#[derive(Debug)]
pub(super) struct Asked<'a> {
    pub(super) exchange: &'a Exchange,
    pub(super) address: Address,
    /// The body, if it is JSON in which no member occurs twice.
    pub(super) body: Option<Value>,
}

impl Asked<'_> {
    pub(super) fn method(&self) -> &str {
        &self.exchange.request.method
    }

    /// The answer's body, if the request was accepted.
    pub(super) fn accepted(&self) -> Option<&Value> {
        self.exchange
            .response()
            .filter(|response| response.status / 100 == 2)
            .and_then(|response| response.json())
    }

    pub(super) fn is_accepted(&self) -> bool {
        self.exchange
            .status()
            .is_some_and(|status| status / 100 == 2)
    }

    /// The resources that the answer holds: one, or those of a list, with their places as JSONPath.
    pub(super) fn resources(&self) -> Vec<(String, &Value)> {
        let Some(answer) = self.accepted() else {
            return Vec::new();
        };
        match answer.get("Resources").and_then(Value::as_array) {
            Some(list) => list
                .iter()
                .enumerate()
                .map(|(index, resource)| (format!("$.Resources[{index}]"), resource))
                .collect(),
            None => vec![("$".to_owned(), answer)],
        }
    }
}

/// The exchanges of a recording, what does not belong to the story taken out.
#[derive(Debug, Default)]
pub(super) struct Folded<'a> {
    pub(super) asked: Vec<Asked<'a>>,
}

impl<'a> Folded<'a> {
    pub(super) fn of(
        exchanges: &'a [Exchange],
        options: &Options<'_>,
        notes: &mut Vec<String>,
    ) -> Self {
        let harness = |exchange: &&Exchange| exchange.sender == Sender::Harness;
        let scim = exchanges
            .iter()
            .filter(|exchange| exchange.request.api == Api::Scim);
        let only_ours = scim.clone().all(|exchange| harness(&exchange));
        let mut chosen: Vec<&Exchange> = scim
            .filter(|exchange| only_ours || !harness(exchange))
            .collect();
        let ours = exchanges.iter().filter(harness).count();
        if !only_ours && ours > 0 {
            notes.push(format!(
                "{} of scimulate itself (read-backs, removal) left out",
                text::count(ours, "request")
            ));
        }
        if let Some(first) = chosen.get(options.most) {
            notes.push(format!(
                "only the first {} of {} requests are told: the rest begins at {}",
                options.most,
                chosen.len(),
                first.started
            ));
            chosen.truncate(options.most);
        }
        let base = Base::of(chosen.iter().copied(), options.base);
        let mut elsewhere = 0;
        let mut asked: Vec<Asked<'a>> = Vec::new();
        for exchange in chosen {
            let request = &exchange.request;
            if !METHODS.contains(&request.method.as_str()) {
                notes.push(format!(
                    "a `{}` request left out: scenarios send only {}",
                    text::plain(&request.method),
                    METHODS.join(", ")
                ));
                continue;
            }
            let Some(address) = base.address(request) else {
                elsewhere += 1;
                continue;
            };
            let document = json::parse(request.body.bytes(), Limits::default()).ok();
            let body = document
                .filter(|document| document.repeated.is_empty())
                .map(|document| document.value);
            asked.push(Asked {
                exchange,
                address,
                body,
            });
        }
        if elsewhere > 0 {
            notes.push(format!(
                "{} to another place than `{}{}` left out",
                text::count(elsewhere, "request"),
                text::plain(&base.origin),
                text::plain(&base.path)
            ));
        }
        let mut folded = Self { asked };
        folded.fold_repeats(notes);
        folded.note_times(notes);
        folded
    }

    /// What was refused for now and sent again is told once, with the answer that it got in the end.
    fn fold_repeats(&mut self, notes: &mut Vec<String>) {
        let mut repeats = 0;
        let mut index = 0;
        while index < self.asked.len() {
            let asked = &self.asked[index];
            let refused = matches!(asked.exchange.status(), Some(429 | 503));
            let again = self.asked[index + 1..].iter().take(20).any(|later| {
                later.exchange.request.method == asked.exchange.request.method
                    && later.exchange.request.target == asked.exchange.request.target
                    && later.exchange.request.body == asked.exchange.request.body
            });
            if refused && again {
                self.asked.remove(index);
                repeats += 1;
            } else {
                index += 1;
            }
        }
        if repeats > 0 {
            notes.push(format!(
                "{} answered 429 or 503 and sent again later: told once, with the last answer",
                text::count(repeats, "request")
            ));
        }
    }

    /// Pauses and requests at the same time are told one after the other.
    fn note_times(&self, notes: &mut Vec<String>) {
        let mut longest: f64 = 0.0;
        let mut beside = 0;
        let times: Vec<(jiff::Timestamp, jiff::Timestamp)> = self
            .asked
            .iter()
            .filter_map(|asked| {
                let begin: jiff::Timestamp = asked.exchange.started.parse().ok()?;
                let elapsed = jiff::SignedDuration::try_from(asked.exchange.elapsed).ok()?;
                Some((begin, begin.checked_add(elapsed).ok()?))
            })
            .collect();
        for pair in times.windows(2) {
            let pause = pair[1].0.duration_since(pair[0].1).as_secs_f64();
            longest = longest.max(pause);
            beside += usize::from(pause < 0.0);
        }
        if longest > PAUSE {
            notes.push(format!(
                "pauses of up to {longest:.0} s are not waited for; `wait: 5s` at a step does it"
            ));
        }
        if beside > 0 {
            notes.push(format!(
                "{} sent while another one was under way: told one after the other; `parallel:` sends them at once",
                text::count(beside, "request")
            ));
        }
    }
}
