//! What to fix first, as text.

use std::collections::BTreeMap;

use super::clean::one_line;
use super::paint::Paint;
use super::summary::counted;
use crate::event::{Cause, GridCell, StepPlace};

/// Cells are named up to this many.
const MOST_CELLS: usize = 8;
/// Other places of a cause are named up to this many.
const MOST_PLACES: usize = 5;

/// All causes in short, the first to fix at the top.
pub(super) fn overview(causes: &[Cause], failed: usize, paint: Paint) -> String {
    let heading = format!(
        "What to fix first: {}",
        format_args!(
            "{} of {}",
            counted(causes.len(), "cause"),
            counted(failed, "failed step")
        )
    );
    let mut lines = vec![paint.bold(heading)];
    for (position, cause) in causes.iter().enumerate() {
        let number = position + 1;
        lines.push(format!(
            "  {}",
            paint.bad(format!("{number}. {}", one_line(&cause.title)))
        ));
        lines.push(format!("     {}", effect(position, cause)));
    }
    lines.join("\n")
}

/// In one line or two: how many causes there are, and what mending the first one brings.
pub(super) fn in_short(causes: &[Cause], failed: usize) -> Option<String> {
    let first = causes.first()?;
    let explains = if causes.len() == 1 {
        "explains"
    } else {
        "explain"
    };
    let unlocks = match first.unlocks.is_empty() {
        true => String::new(),
        false => format!("; that unlocks {}", named(&first.unlocks)),
    };
    Some(format!(
        "{} {explains} {}; fix first: {}{unlocks}",
        counted(causes.len(), "cause"),
        counted(failed, "failed step"),
        one_line(&first.title),
    ))
}

/// The causes of what the baseline accepts, each with the reason that people gave.
pub(super) fn known(causes: &[Cause], paint: Paint) -> String {
    let mut lines = vec![paint.bold("Known failures, which the baseline accepts")];
    for cause in causes {
        lines.push(format!("  {}", one_line(&cause.title)));
        let first = cause.places.first().map(place).unwrap_or_default();
        let count = match cause.places.len() {
            1 => first,
            steps => format!("{first} and {} more", steps - 1),
        };
        lines.push(format!("    {}", paint.faint(count)));
        for reason in &cause.reasons {
            lines.push(format!(
                "    {}",
                paint.faint(one_line(&format!("reason: {reason}")))
            ));
        }
    }
    lines.join("\n")
}

/// How much fails over a cause, on whose authority, and what mending it brings.
pub(super) fn effect(position: usize, cause: &Cause) -> String {
    let mut parts = vec![format!(
        "{} in {}",
        counted(cause.places.len(), "failed step"),
        counted(cause.scenarios, "scenario")
    )];
    let several = cause.authorities.len() > 1;
    let broken: Vec<String> = cause
        .authorities
        .iter()
        .map(|(authority, steps)| match several {
            true => format!("{} in {}", authority.broken(), counted(*steps, "step")),
            false => authority.broken().to_owned(),
        })
        .collect();
    parts.push(broken.join(", "));
    if !cause.skipped.is_empty() {
        parts.push(format!(
            "{} not tested over it",
            counted(cause.skipped.len(), "step")
        ));
    }
    let then = if position == 0 { "" } else { "then " };
    if !cause.unlocks.is_empty() {
        parts.push(format!("{then}unlocks {}", named(&cause.unlocks)));
    } else if !cause.cells.is_empty() {
        parts.push(format!("one of several that lock {}", named(&cause.cells)));
    }
    parts.join("; ")
}

/// `create (okta-oin, okta-aiw), manager and roles (entra-legacy)`.
fn named(cells: &[GridCell]) -> String {
    let mut by_feature: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for cell in cells.iter().take(MOST_CELLS) {
        by_feature
            .entry(&cell.feature)
            .or_default()
            .push(&cell.client);
    }
    let mut by_clients: Vec<(Vec<&str>, Vec<&str>)> = Vec::new();
    for (feature, clients) in by_feature {
        match by_clients.iter_mut().find(|(known, _)| *known == clients) {
            Some((_, features)) => features.push(feature),
            None => by_clients.push((clients, vec![feature])),
        }
    }
    let mut parts: Vec<String> = by_clients
        .into_iter()
        .map(|(clients, features)| format!("{} ({})", features.join(" and "), clients.join(", ")))
        .collect();
    if cells.len() > MOST_CELLS {
        parts.push(format!("{} more", cells.len() - MOST_CELLS));
    }
    one_line(&parts.join(", "))
}

/// The places of a cause but the first, which is told in full.
pub(super) fn others(cause: &Cause) -> Vec<String> {
    let others = cause.places.get(1..).unwrap_or_default();
    let mut lines: Vec<String> = others.iter().take(MOST_PLACES).map(place).collect();
    if others.len() > MOST_PLACES {
        lines.push(format!(
            "… and {} more, which `--verbose` shows in full",
            others.len() - MOST_PLACES
        ));
    }
    lines
}

/// Where a step is.
pub(super) fn place(place: &StepPlace) -> String {
    format!(
        "{}:{}, as {}, step `{}`",
        one_line(&place.file),
        place.line,
        one_line(&place.client),
        one_line(&place.step)
    )
}
