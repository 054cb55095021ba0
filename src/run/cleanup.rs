//! Cleaning up after a scenario, bounded also where the target is slow or gone.

use std::time::Duration;

use tokio::time::Instant;

use crate::exchange::Exchange;
use crate::plan::Outgoing;
use crate::run::client::Client;

/// The longest that cleaning up after one scenario may take.
const LONGEST: Duration = Duration::from_secs(60);

/// So many requests of a cleanup without any answer end it: the target is gone.
const UNANSWERED: usize = 3;

/// A cleanup under way.
pub(crate) struct Cleanup {
    deadline: Instant,
    /// Requests without an answer, in a row.
    unanswered: usize,
    pub(crate) exchanges: Vec<Exchange>,
}

impl Cleanup {
    /// One that begins now.
    pub(crate) fn new() -> Self {
        Self {
            deadline: Instant::now() + LONGEST,
            unanswered: 0,
            exchanges: Vec::new(),
        }
    }

    /// There is no time left, or nobody who answers.
    pub(crate) fn is_over(&self) -> bool {
        Instant::now() >= self.deadline || self.unanswered >= UNANSWERED
    }

    /// Sends a request of the cleanup and keeps what comes of it.
    pub(crate) async fn send(&mut self, client: &Client, mut request: Outgoing) -> &Exchange {
        let rest = self.deadline.saturating_duration_since(Instant::now());
        request.limits.timeout = Some(client.timeout().min(rest));
        let exchange = client.send(&request).await;
        self.unanswered = match exchange.outcome {
            Err(_) => self.unanswered + 1,
            Ok(_) => 0,
        };
        self.exchanges.push(exchange);
        self.exchanges.last().expect("it has just been put there")
    }

    /// What the last answer asks for (RFC 9110 10.2.3), within reason.
    pub(crate) fn wanted_pause(&self) -> Duration {
        let seconds = self
            .exchanges
            .last()
            .and_then(Exchange::response)
            .and_then(|response| response.header("retry-after")?.trim().parse().ok());
        Duration::from_secs(seconds.unwrap_or(0).min(5)).max(Duration::from_millis(100))
    }
}
