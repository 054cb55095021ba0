//! Notices that a target has stopped answering, so that a run says it once instead of once a step.

use crate::exchange::{Exchange, Failure, MASKED};

/// So many scenarios in a row without a usable answer end a run.
const ENOUGH: usize = 3;

/// What the last scenarios heard from the target.
#[derive(Debug, Default)]
pub(crate) struct Outage {
    silent: usize,
    last: String,
}

/// What one scenario heard: nothing was sent, something usable, or only this.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) enum Heard {
    /// Nothing was sent.
    #[default]
    Nothing,
    /// At least one answer that is not a server error.
    Answers,
    /// Only failures and server errors; the last of them.
    Silence(String),
}

impl Heard {
    /// Takes in one more exchange.
    pub(crate) fn hear(&mut self, exchange: &Exchange) {
        let silence = match &exchange.outcome {
            // That we did not send it says nothing about the target.
            Err(Failure::NotSent(_)) => return,
            Err(failure) => failure.to_string(),
            Ok(response) if response.status >= 500 => format!("status {}", response.status),
            // At the first question they were accepted. A scenario that sends credentials of its own expects a 401.
            Ok(response) if response.status == 401 && has_our_credentials(exchange) => {
                "status 401: it no longer accepts the credentials".to_owned()
            }
            Ok(_) => {
                *self = Self::Answers;
                return;
            }
        };
        if *self != Self::Answers {
            *self = Self::Silence(silence);
        }
    }
}

fn has_our_credentials(exchange: &Exchange) -> bool {
    exchange
        .request
        .header("authorization")
        .is_some_and(|value| value.contains(MASKED))
}

impl Outage {
    /// Takes in what one more scenario heard. `Some` says why it is pointless to go on.
    pub(crate) fn heard(&mut self, heard: Heard) -> Option<String> {
        match heard {
            Heard::Nothing => {}
            Heard::Answers => self.silent = 0,
            Heard::Silence(last) => {
                self.silent += 1;
                self.last = last;
            }
        }
        (self.silent >= ENOUGH).then(|| {
            format!(
                "the target has not given one usable answer to the last {ENOUGH} scenarios ({})",
                self.last
            )
        })
    }
}
