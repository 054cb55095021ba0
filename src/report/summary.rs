//! The grid and the totals as text.

use std::time::Duration;

use super::clean::one_line;
use super::grid::{Cell, Grid};
use super::paint::Paint;
use super::totals::{Counts, Totals};
use crate::event::Comparison;
use crate::finding::baseline::Entry;

/// Fixed failures are named up to this many.
const MOST_FIXED: usize = 20;

/// Features down, clients across, then what the words mean; empty without a feature.
pub(super) fn grid_text(grid: &Grid, paint: Paint) -> String {
    let clients = grid.clients();
    let features = grid.features();
    if features.is_empty() {
        return String::new();
    }
    let first = features
        .iter()
        .map(|feature| feature.chars().count())
        .max()
        .unwrap_or(0);
    let mut lines = vec![format!("{:first$}", "")];
    for client in &clients {
        lines[0].push_str(&format!("   {}", paint.bold(one_line(client))));
    }
    for feature in &features {
        let mut line = format!("{feature:first$}");
        for (position, client) in clients.iter().enumerate() {
            let is_last = position + 1 == clients.len();
            let width = if is_last {
                0
            } else {
                one_line(client).chars().count()
            };
            let cell = grid.cell(client, feature);
            let word = format!("{:width$}", cell.map_or("-", Cell::word));
            line.push_str(&format!("   {}", painted(paint, cell, &word)));
        }
        lines.push(line);
    }
    let mut cells: Vec<Option<Cell>> = features
        .iter()
        .flat_map(|feature| clients.iter().map(|client| grid.cell(client, feature)))
        .collect();
    // The worst first, what is not tested last.
    cells.sort_unstable_by(|left, right| right.cmp(left));
    cells.dedup();
    let legend: Vec<String> = cells
        .iter()
        .map(|cell| match cell {
            Some(cell) => format!("{}: {}", cell.word(), cell.meaning()),
            None => "-: not tested".to_owned(),
        })
        .collect();
    lines.push(paint.faint(legend.join("; ")));
    lines.join("\n")
}

/// One line of counts, then what is left to do.
pub(super) fn totals_text(totals: &Totals, paint: Paint) -> String {
    let mut parts = vec![
        in_words(totals.scenarios, "scenario"),
        in_words(totals.steps, "step"),
        counted(totals.warnings, "warning"),
        counted(totals.requests, "request"),
    ];
    if totals.unfinished > 0 {
        parts.insert(1, format!("{} not finished", totals.unfinished));
    }
    let counts = format!("{} in {}", parts.join("; "), seconds(totals.elapsed));
    let is_bad = totals.failed_steps() > 0 || totals.stopped.is_some();
    let mut lines = vec![if is_bad {
        paint.bad(counts)
    } else {
        paint.good(counts)
    }];
    if totals.interrupted {
        lines.push("interrupted: what is not listed was not tested".to_owned());
    }
    lines.extend(left_lines(totals));
    if totals.snapshots_new + totals.snapshots_different > 0 {
        let what_now = if totals.snapshots_pending > 0 {
            "`scimulate review` shows them"
        } else {
            "nothing was written; `--snapshots new` writes them down for a review"
        };
        lines.push(format!(
            "snapshots: {} new, {} different: {what_now}",
            totals.snapshots_new, totals.snapshots_different,
        ));
    }
    if totals.failed_steps() > 0 {
        let rules = "`scimulate explain RULE` says what a rule requires and how to fix it";
        lines.push(format!(
            "{rules}; `scimulate show FILE` prints what a scenario sends"
        ));
    }
    lines.join("\n")
}

/// How a run stands to its baseline, and what to do with what is new and what is fixed.
pub(super) fn beside_text(comparison: &Comparison) -> String {
    let Comparison {
        known,
        new,
        fixed,
        untested,
        ..
    } = comparison;
    let mut lines = vec![format!(
        "baseline {}: {known} known, {} new, {} fixed, {untested} not tested",
        one_line(&comparison.file),
        new.len(),
        fixed.len(),
    )];
    if !new.is_empty() {
        lines.push(match comparison.updated {
            true => "  what is new was added".to_owned(),
            false => "  what is new fails the run; `--baseline-update` accepts it".to_owned(),
        });
    }
    if !fixed.is_empty() {
        lines.push(match comparison.pruned {
            true => "  fixed, and taken out:".to_owned(),
            false => "  fixed; `--baseline-prune` takes them out:".to_owned(),
        });
        lines.extend(fixed.iter().take(MOST_FIXED).map(entry));
        if fixed.len() > MOST_FIXED {
            lines.push(format!("    … and {} more", fixed.len() - MOST_FIXED));
        }
    }
    lines.join("\n")
}

fn entry(entry: &Entry) -> String {
    format!(
        "    {}, as {}, step `{}`: {} ({})",
        one_line(&entry.scenario),
        one_line(&entry.client),
        one_line(&entry.step),
        one_line(&entry.finding),
        entry.authority.name(),
    )
}

fn painted(paint: Paint, cell: Option<Cell>, word: &str) -> String {
    match cell {
        Some(Cell::Pass) => paint.good(word),
        Some(Cell::Fail) => paint.bad(word),
        Some(Cell::Warn | Cell::Known | Cell::BreaksRfc) => paint.odd(word),
        Some(Cell::NotSupported) | None => paint.faint(word),
    }
}

/// `3 scenarios: 2 passed, 1 failed`.
pub(super) fn in_words(counts: Counts, noun: &str) -> String {
    let parts: Vec<String> = [
        (counts.passed, "passed"),
        (counts.failed, "failed"),
        (counts.errors, "could not be judged"),
        (counts.known, "known to fail"),
        (counts.skipped, "skipped"),
    ]
    .into_iter()
    .filter(|(count, _)| *count > 0)
    .map(|(count, word)| format!("{count} {word}"))
    .collect();
    let all = counted(counts.all(), noun);
    if parts.is_empty() {
        all
    } else {
        format!("{all}: {}", parts.join(", "))
    }
}

/// `1 step`, `2 steps`.
pub(crate) fn counted(count: usize, noun: &str) -> String {
    match count {
        1 => format!("1 {noun}"),
        _ => format!("{count} {noun}s"),
    }
}

/// What could not be removed.
pub(super) fn left_lines(totals: &Totals) -> Vec<String> {
    let mut lines = Vec::new();
    if !totals.left.is_empty() {
        lines.push("left on the target, because it could not be removed:".to_owned());
        lines.extend(totals.left.iter().map(|url| format!("  {}", one_line(url))));
        lines.push("  `scimulate sweep` removes what the journal names".to_owned());
    }
    lines
}

/// `34 ms`, `65.4 s`.
pub(super) fn seconds(time: Duration) -> String {
    match time.as_millis() {
        millis @ 0..1000 => format!("{millis} ms"),
        _ => format!("{:.1} s", time.as_secs_f64()),
    }
}
