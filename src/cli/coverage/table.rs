//! Coverage for people: the counts, then what nothing tests.

use std::fmt::Write;

use crate::cli::coverage::only_when_named;
use crate::coverage::{Entry, Standing, Tally, by_section, by_tier};

/// The counts by tier and by section, and the untested ones; only those with `untested`.
pub(super) fn text(entries: &[Entry], untested: bool) -> String {
    let mut text = String::new();
    if !untested {
        let mut tiers: Vec<(String, Tally)> = by_tier(entries)
            .into_iter()
            .map(|(tier, tally)| (format!("tier {tier}"), tally))
            .collect();
        tiers.push(("all".to_owned(), Tally::of(entries)));
        counts(&mut text, &tiers);
        text.push('\n');
        counts(&mut text, &by_section(entries));
        text.push('\n');
        if let Some(one) = Some(only_when_named(entries)).filter(|count| *count > 0) {
            let _ = writeln!(
                text,
                "{one} tested by nothing but scenarios that run only when they are named\n"
            );
        }
    }
    let missing: Vec<&Entry> = entries
        .iter()
        .filter(|entry| entry.standing() == Standing::Untested)
        .collect();
    if missing.is_empty() {
        text.push_str("Nothing is untested.\n");
        return text;
    }
    text.push_str("Untested\n");
    for Entry { requirement, .. } in missing {
        let _ = writeln!(
            text,
            "  {} ({}, tier {}): {}",
            requirement.id, requirement.level, requirement.tier, requirement.requirement
        );
    }
    text
}

fn counts(text: &mut String, rows: &[(String, Tally)]) {
    let widest = rows.iter().map(|(name, _)| name.len()).max();
    let width = widest.unwrap_or_default();
    let _ = writeln!(text, "{:width$}  count  tested  untestable  untested", "");
    for (name, tally) in rows {
        let [count, tested, untestable, untested] = tally.columns();
        let _ = writeln!(
            text,
            "{name:width$}  {count:>5}  {tested:>6}  {untestable:>10}  {untested:>8}"
        );
    }
}
