//! Judges how many requests a second a target has accepted.

use std::time::Duration;

use jiff::Timestamp;

use crate::exchange::Exchange;
use crate::judge::Judgement;

/// All that was sent counts, from the first request to the last answer; only what was accepted counts as done.
pub(super) fn judge(exchanges: &[Exchange], per_second: u32, accepted: u32) -> Judgement {
    let served: Vec<&Exchange> = exchanges.iter().filter(|one| one.is_accepted()).collect();
    let took = span(exchanges);
    let rate = served.len() as f64 / took.as_secs_f64().max(0.001);
    let mut times: Vec<Duration> = served.iter().map(|exchange| exchange.elapsed).collect();
    times.sort_unstable();
    let mut measured = format!(
        "{} requests in {:.2} s, {rate:.0} a second",
        served.len(),
        took.as_secs_f64()
    );
    if let Some(slowest) = times.last() {
        measured.push_str(&format!(
            "; half of the answers within {}, 95 % within {}, 99 % within {}, the slowest after {}",
            milliseconds(percentile(&times, 50)),
            milliseconds(percentile(&times, 95)),
            milliseconds(percentile(&times, 99)),
            milliseconds(*slowest),
        ));
    }
    let refused = exchanges.len() - served.len();
    if refused > 0 {
        measured.push_str(&format!("; {refused} were refused or not answered"));
    }
    if served.len() < accepted as usize {
        let message = format!(
            "only {} of {accepted} requests were accepted: {measured}",
            served.len()
        );
        return Judgement::fail("rate", message);
    }
    if rate < f64::from(per_second) {
        let message =
            format!("fewer than {per_second} requests a second were accepted: {measured}");
        return Judgement::fail("rate", message);
    }
    Judgement {
        message: measured,
        ..Judgement::pass("rate")
    }
}

/// From the first request to the last answer.
fn span(exchanges: &[Exchange]) -> Duration {
    let times = exchanges.iter().filter_map(|exchange| {
        let started: Timestamp = exchange.started.parse().ok()?;
        let started = started.as_nanosecond();
        let ended = started.saturating_add(i128::try_from(exchange.elapsed.as_nanos()).ok()?);
        Some((started, ended))
    });
    let (first, last) = times.fold((i128::MAX, i128::MIN), |(first, last), (start, end)| {
        (first.min(start), last.max(end))
    });
    u64::try_from(last.saturating_sub(first)).map_or(Duration::ZERO, Duration::from_nanos)
}

/// The nearest rank: of a hundred times the 95th is that of 95 %.
fn percentile(sorted: &[Duration], percent: usize) -> Duration {
    let rank = (sorted.len() * percent).div_ceil(100).max(1);
    sorted.get(rank - 1).copied().unwrap_or_default()
}

fn milliseconds(time: Duration) -> String {
    format!("{:.1} ms", time.as_secs_f64() * 1000.0)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{judge, percentile};
    use crate::exchange::{Api, Body, Exchange, Request, Response, Sender};
    use crate::finding::Verdict;

    fn answered(status: u16, started: u64, took: u64) -> Exchange {
        let second = started / 1000;
        Exchange {
            sender: Sender::Client("entra-legacy".to_owned()),
            request: Request {
                api: Api::Scim,
                method: "GET".to_owned(),
                origin: "http://127.0.0.1:1".to_owned(),
                target: "/Users".to_owned(),
                headers: Vec::new(),
                body: Body::default(),
            },
            outcome: Ok(Response::new(status, Vec::new(), Body::default(), None)),
            started: format!("2026-11-22T10:00:{second:02}.{:03}Z", started % 1000),
            elapsed: Duration::from_millis(took),
        }
    }

    #[test]
    fn what_is_refused_does_not_count_and_its_time_does() {
        // 50 at once in a tenth of a second, then a pause of four seconds, and fifty more.
        let mut exchanges: Vec<Exchange> = (0..50).map(|_| answered(200, 0, 100)).collect();
        exchanges.push(answered(429, 100, 1));
        exchanges.extend((0..50).map(|_| answered(200, 4_100, 100)));
        let slow = judge(&exchanges, 25, 100);
        assert_eq!(slow.verdict, Verdict::Fail);
        assert_eq!(
            slow.message,
            "fewer than 25 requests a second were accepted: 100 requests in 4.20 s, 24 a second; half of the answers within \
             100.0 ms, 95 % within 100.0 ms, 99 % within 100.0 ms, the slowest after 100.0 ms; 1 were refused or not answered"
        );
        assert_eq!(judge(&exchanges, 23, 100).verdict, Verdict::Pass);
    }

    #[test]
    fn a_target_that_refuses_all_is_told_so() {
        let refused: Vec<Exchange> = (0..8).map(|_| answered(500, 0, 3)).collect();
        let none = judge(&refused, 25, 250);
        assert_eq!(none.verdict, Verdict::Fail);
        assert!(
            none.message
                .starts_with("only 0 of 250 requests were accepted"),
            "{}",
            none.message
        );
    }

    #[test]
    fn a_percentile_is_a_time_that_was_measured() {
        let times: Vec<Duration> = (1..=200).map(Duration::from_millis).collect();
        assert_eq!(percentile(&times, 50), Duration::from_millis(100));
        assert_eq!(percentile(&times, 99), Duration::from_millis(198));
        assert_eq!(percentile(&times[..1], 95), Duration::from_millis(1));
    }
}
