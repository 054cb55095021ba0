//! How long answers took, for each kind of request.

use std::collections::BTreeMap;
use std::time::Duration;

use super::super::cause::request::Kind;
use super::super::clean::{html, one_line};
use crate::exchange::{Api, Exchange};

/// Kinds that are told apart; a target of a recording can have any number.
const MOST_KINDS: usize = 400;
/// Kinds that have a row.
const MOST_ROWS: usize = 20;
/// Steps of a power of ten: what is told of a percentile is right to 4 %.
const STEPS: usize = 32;
/// From a tenth of a millisecond to a hundred seconds.
const DECADES: usize = 6;
/// Bars of a power of ten.
const BARS: usize = 8;
/// Width of a bar.
const WIDTH: usize = 6;
/// Height of the plot.
const HEIGHT: usize = 30;

/// Answers counted by how long they took.
#[derive(Debug, Clone)]
struct Spread {
    counts: Vec<u32>,
    count: usize,
    longest: Duration,
}

impl Default for Spread {
    fn default() -> Self {
        Self {
            counts: vec![0; STEPS * DECADES],
            count: 0,
            longest: Duration::ZERO,
        }
    }
}

impl Spread {
    fn add(&mut self, time: Duration) {
        let tenths = time.as_secs_f64() * 10_000.0;
        let place = (tenths.max(1.0).log10() * STEPS as f64) as usize;
        let last = self.counts.len() - 1;
        self.counts[place.min(last)] += 1;
        self.count += 1;
        self.longest = self.longest.max(time);
    }

    /// The time that this share of the answers did not pass.
    fn percentile(&self, share: f64) -> Duration {
        let wanted = (self.count as f64 * share).ceil() as usize;
        let mut seen = 0;
        for (place, count) in self.counts.iter().enumerate() {
            seen += *count as usize;
            if seen >= wanted.max(1) {
                let tenths = 10_f64.powf((place as f64 + 0.5) / STEPS as f64);
                return Duration::from_secs_f64(tenths / 10_000.0).min(self.longest);
            }
        }
        self.longest
    }

    /// A bar for each stretch of time, as high as its count is beside the largest.
    fn plot(&self) -> String {
        let bars: Vec<u32> = self
            .counts
            .chunks(STEPS / BARS)
            .map(|counts| counts.iter().sum())
            .collect();
        let most = bars.iter().copied().max().unwrap_or(1).max(1) as usize;
        let mut path = String::new();
        for (place, count) in bars.iter().enumerate().filter(|(_, count)| **count > 0) {
            // What was there once can be seen.
            let height = (*count as usize * (HEIGHT - 2) / most).max(2);
            path.push_str(&format!(
                "M{} {HEIGHT}v-{height}h{}v{height}z",
                place * WIDTH,
                WIDTH - 1
            ));
        }
        let width = DECADES * BARS * WIDTH;
        let lines: String = (1..DECADES)
            .map(|decade| format!("M{} 0v{HEIGHT}", decade * BARS * WIDTH))
            .collect();
        format!(
            "<svg role=\"img\" viewBox=\"0 0 {width} {HEIGHT}\"><title>half within {}, the longest {}</title><path class=\"lane\" d=\"{lines}\"/><path class=\"bars\" d=\"{path}\"/></svg>",
            shown(self.percentile(0.5)),
            shown(self.longest),
        )
    }
}

/// The times of all answers of a run.
#[derive(Debug, Default)]
pub(super) struct Latency {
    kinds: BTreeMap<String, Spread>,
}

impl Latency {
    /// Takes what was answered; what was not has no time. `base` is the path of the target's base
    /// URL.
    pub(super) fn take(&mut self, exchanges: &[Exchange], base: &str) {
        for exchange in exchanges.iter().filter(|exchange| exchange.outcome.is_ok()) {
            let kind = match exchange.request.api {
                Api::Scim => Kind::of(&exchange.request, base).to_string(),
                Api::Management => format!("{} of the management API", exchange.request.method),
            };
            let kind = match self.kinds.len() < MOST_KINDS || self.kinds.contains_key(&kind) {
                true => kind,
                false => "others".to_owned(),
            };
            self.kinds.entry(kind).or_default().add(exchange.elapsed);
        }
    }

    /// A row for each kind, the most frequent first; empty where nothing was answered.
    pub(super) fn told(&self) -> String {
        let mut kinds: Vec<(&String, &Spread)> = self.kinds.iter().collect();
        kinds.sort_by_key(|(kind, spread)| (std::cmp::Reverse(spread.count), *kind));
        if kinds.is_empty() {
            return String::new();
        }
        let mut text = String::from(
            "<section aria-labelledby=\"latency\"><h2 id=\"latency\">How long answers took</h2>\n<div class=\"wide\"><table class=\"numbers\">\
             <thead><tr><th scope=\"col\">Request<th scope=\"col\">Answers<th scope=\"col\">Half within<th scope=\"col\">95 % within<th scope=\"col\">99 % within\
             <th scope=\"col\">Longest<th scope=\"col\" class=\"plot\"><div><span>0.1 ms</span><span>1 ms</span><span>10 ms</span><span>0.1 s</span><span>1 s</span><span>10 s</span></div></thead>\n",
        );
        for (kind, spread) in kinds.iter().take(MOST_ROWS) {
            text.push_str(&format!(
                "<tr><th scope=\"row\"><code>{}</code><td>{}<td>{}<td>{}<td>{}<td>{}<td class=\"plot\">{}\n",
                html(&one_line(kind)),
                spread.count,
                shown(spread.percentile(0.5)),
                shown(spread.percentile(0.95)),
                shown(spread.percentile(0.99)),
                shown(spread.longest),
                spread.plot(),
            ));
        }
        text.push_str("</table></div>\n");
        if kinds.len() > MOST_ROWS {
            let more = kinds.len() - MOST_ROWS;
            text.push_str(&format!(
                "<p><small>and {more} kinds of requests that are rarer</small>\n"
            ));
        }
        text.push_str("</section>\n");
        text
    }
}

/// `0.4 ms`, `12 ms`, `1.3 s`.
fn shown(time: Duration) -> String {
    let millis = time.as_secs_f64() * 1000.0;
    match millis {
        0.0..9.95 => format!("{millis:.1} ms"),
        9.95..999.5 => format!("{millis:.0} ms"),
        _ => format!("{:.1} s", millis / 1000.0),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Spread, shown};

    #[test]
    fn percentiles_are_near_and_never_above_the_longest() {
        let mut spread = Spread::default();
        (1..=1000).for_each(|millis| spread.add(Duration::from_millis(millis)));
        for (share, millis) in [(0.5, 500.0), (0.95, 950.0), (0.99, 990.0)] {
            let told = spread.percentile(share).as_secs_f64() * 1000.0;
            assert!((told / millis - 1.0).abs() < 0.05, "{told} for {millis}");
        }
        assert!(spread.percentile(1.0) <= Duration::from_secs(1));
        let mut ends = Spread::default();
        ends.add(Duration::ZERO);
        ends.add(Duration::from_secs(5000));
        assert_eq!(ends.count, 2);
        assert_eq!(ends.longest, Duration::from_secs(5000));
    }

    #[test]
    fn times_have_two_or_three_digits() {
        let told = [400, 9_960, 12_300, 999_600, 1_340_000]
            .map(|micros| shown(Duration::from_micros(micros)));
        assert_eq!(told, ["0.4 ms", "10 ms", "12 ms", "1.0 s", "1.3 s"]);
    }
}
