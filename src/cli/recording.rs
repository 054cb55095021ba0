//! What people read of a recording: a line for each exchange while it goes on, and a summary at its end.

use std::io::Write;
use std::path::PathBuf;

use crate::exchange::Exchange;
use crate::finding::Finding;
use crate::profile::Recognised;
use crate::record::{Seen, Summary};
use crate::report::clean::{one_line, shortened};

/// Bytes of a target that are shown.
const SHOWN: usize = 200;

/// Tells people what happens. `quiet`: only what they must know.
pub(super) fn tell(seen: &Seen<'_>, quiet: bool) {
    match seen {
        Seen::Exchange(..) if quiet => {}
        Seen::Exchange(number, exchange, findings) => say(&line(*number, exchange, findings)),
        Seen::Client(client) if quiet || client.possible.is_empty() => {}
        Seen::Client(client) => say(&format!("      client: {}", named(client))),
        Seen::Notice(words) => say(&format!("notice: {}", one_line(words))),
    }
}

/// An exchange in one line, and a line for each thing that is wrong with it.
fn line(number: u64, exchange: &Exchange, findings: &[Finding]) -> String {
    let request = &exchange.request;
    let target = shortened(&one_line(&request.target), SHOWN);
    let outcome = match &exchange.outcome {
        Ok(response) => match &response.broken {
            Some(broken) => format!("{}, and {}", response.status, one_line(&broken.to_string())),
            None => response.status.to_string(),
        },
        Err(failure) => one_line(&failure.to_string()),
    };
    let milliseconds = exchange.elapsed.as_secs_f64() * 1000.0;
    let mut text = format!(
        "{number:>5} {} {target} -> {outcome}, {milliseconds:.1} ms",
        one_line(&request.method)
    );
    for finding in findings.iter().filter(|finding| finding.failed()) {
        text.push_str(&format!(
            "\n      {} ({}, {}): {}",
            finding.authority.broken(),
            finding.strength.name(),
            finding.id,
            one_line(&finding.message)
        ));
    }
    text
}

fn named(client: &Recognised) -> String {
    let names: Vec<&str> = client.possible.iter().map(|client| client.name()).collect();
    match names.is_empty() {
        true => "unknown".to_owned(),
        false => names.join(" or "),
    }
}

/// What a recording comes to.
pub(super) fn summed_up<'p>(
    summary: &Summary,
    written: impl Iterator<Item = &'p PathBuf>,
) -> String {
    let many = |count: u64, noun: &str| match count {
        1 => format!("1 {noun}"),
        count => format!("{count} {noun}s"),
    };
    let mut text = format!("recorded {}", many(summary.exchanges, "exchange"));
    if summary.unanswered > 0 {
        text.push_str(&format!(
            ", {} of them without an answer",
            summary.unanswered
        ));
    }
    text.push_str(&format!("\nclient: {}", named(&summary.client)));
    for reason in &summary.client.because {
        text.push_str(&format!("\n  {}", one_line(reason)));
    }
    if summary.findings.is_empty() {
        text.push_str("\nfindings: nothing is wrong with what was seen");
    }
    for (authority, (counting, others)) in &summary.findings {
        let mut counts = Vec::new();
        if *counting > 0 {
            counts.push(many(*counting, "failure"));
        }
        if *others > 0 {
            counts.push(many(*others, "warning"));
        }
        text.push_str(&format!("\n{}: {}", authority.broken(), counts.join(", ")));
    }
    for (id, times) in &summary.rules {
        text.push_str(&format!("\n  {id}: {times}"));
    }
    if let Some(retold) = &summary.retold {
        text.push_str(&format!(
            "\nscenario: {}, {} marked as guessed",
            many(retold.requests as u64, "request"),
            many(retold.guesses as u64, "line"),
        ));
        for note in &retold.notes {
            text.push_str(&format!("\n  {}", one_line(note)));
        }
    }
    if summary.leads_past {
        text.push_str(
            "\nanswers name the endpoint: a client that follows such an address leaves the recorder, unless it has \
             `--rewrite-urls`",
        );
    }
    for path in written {
        text.push_str(&format!("\nwritten: {}", path.display()));
    }
    for (path, lost) in &summary.lost {
        text.push_str(&format!(
            "\nerror: {} could not be written to `{path}`, which has the others",
            many(*lost, "exchange")
        ));
    }
    text
}

/// A line on stderr.
pub(super) fn say(text: &str) {
    // Nobody reads stderr any more: what passes is recorded all the same.
    let _ = writeln!(anstream::stderr().lock(), "{text}");
}
