//! Throttling: how long Okta waits when the target asks for it (okta.md 7.3).

use std::time::Duration;

use crate::exchange::Exchange;
use crate::idp::Reaction;

/// What is waited when the target does not say it in whole seconds.
const WITHOUT_HEADER: u64 = 300;

/// After so many attempts the task fails.
const ATTEMPTS: u32 = 10;

/// The longest wait that is counted; more only shows that a header makes no sense.
const LONGEST: u64 = u32::MAX as u64;

/// The wait after a 429: exactly `Retry-After`, if that is an integer, and twice as much for every 429 before.
pub(super) fn reaction(attempt: u32, exchange: &Exchange) -> Reaction {
    let Some(response) = exchange.response().filter(|answer| answer.status == 429) else {
        return Reaction::Pass;
    };
    if attempt >= ATTEMPTS {
        return Reaction::Pass;
    }
    let seconds = response
        .header("retry-after")
        .and_then(|value| value.trim().parse::<u64>().ok())
        .unwrap_or(WITHOUT_HEADER);
    let doublings = attempt.saturating_sub(1);
    let seconds = seconds.saturating_mul(1 << doublings).min(LONGEST);
    Reaction::Again(Duration::from_secs(seconds))
}
