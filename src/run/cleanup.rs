//! Cleaning up what was created, bounded also where the target is slow or gone.

use std::io;
use std::time::Duration;

use tokio::time::{Instant, sleep};

use crate::exchange::Exchange;
use crate::plan::Outgoing;
use crate::run::client::Client;
use crate::run::journal::Journal;
use crate::run::ledger::Ledger;
use crate::target::BaseUrl;

/// The longest that cleaning up may take.
const LONGEST: Duration = Duration::from_secs(60);

/// So many requests of a cleanup without any answer end it: the target is gone.
const UNANSWERED: usize = 3;

/// Removes what the ledger says was created. Returns what was exchanged for it, and the URLs of what is left; `noted`
/// hears of every line of the journal.
pub(crate) async fn clean(
    ledger: &mut Ledger,
    client: &Client,
    base: &BaseUrl,
    journal: Option<&Journal>,
    mut noted: impl FnMut(io::Result<()>),
) -> (Vec<Exchange>, Vec<String>) {
    let mut cleanup = Cleanup::new();
    for (request, search) in ledger.searches() {
        let exchange = cleanup.send(client, request).await;
        noted(ledger.found(&search, exchange, journal));
    }
    // A second time for what depended on something else, or was refused for being too much at once.
    for pass in 0..2 {
        let left = ledger.left();
        if pass > 0 && !left.is_empty() && !cleanup.is_over() {
            sleep(cleanup.wanted_pause()).await;
        }
        for address in left {
            if cleanup.is_over() {
                break;
            }
            let request = Outgoing::harness("DELETE", address.path.clone(), address.tenant.clone());
            let exchange = cleanup.send(client, request.clone()).await;
            noted(ledger.after(&request, exchange, journal));
        }
    }
    let left = ledger
        .left()
        .into_iter()
        .map(|address| format!("{}{}", base.origin(), base.target(&address.path)))
        .chain(ledger.unsearched().iter().cloned());
    (cleanup.exchanges, left.collect())
}

/// A cleanup under way.
struct Cleanup {
    deadline: Instant,
    /// Requests without an answer, in a row.
    unanswered: usize,
    exchanges: Vec<Exchange>,
}

impl Cleanup {
    /// One that begins now.
    fn new() -> Self {
        Self {
            deadline: Instant::now() + LONGEST,
            unanswered: 0,
            exchanges: Vec::new(),
        }
    }

    /// There is no time left, or nobody who answers.
    fn is_over(&self) -> bool {
        Instant::now() >= self.deadline || self.unanswered >= UNANSWERED
    }

    /// Sends a request of the cleanup and keeps what comes of it.
    async fn send(&mut self, client: &Client, mut request: Outgoing) -> &Exchange {
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
    fn wanted_pause(&self) -> Duration {
        let seconds = self
            .exchanges
            .last()
            .and_then(Exchange::response)
            .and_then(|response| response.header("retry-after")?.trim().parse().ok());
        Duration::from_secs(seconds.unwrap_or(0).min(5)).max(Duration::from_millis(100))
    }
}
