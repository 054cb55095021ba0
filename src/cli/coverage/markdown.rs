//! Coverage as a page in Markdown: the one that is committed as `scenarios/rfc/COVERAGE.md`.

use std::fmt::Write;

use crate::cli::coverage::{only_when_named, short};
use crate::coverage::{Claim, Entry, Standing, Tally, by_section, by_tier};

/// The counts, and a table for each group of sections.
pub(super) fn page(entries: &[Entry]) -> String {
    let mut page = "# What of the RFCs is tested\n\n\
        Written by `scimulate coverage --md`; do not edit. The requirements are those of `fixtures/rfc-requirements.jsonl`, the\n\
        reasons why some cannot be tested those of `fixtures/untestable.toml`. Of the scenarios that judge a requirement\n\
        one step is named; `scimulate coverage --json` has them all.\n\n"
        .to_owned();
    let mut tiers: Vec<(String, Tally)> = by_tier(entries)
        .into_iter()
        .map(|(tier, tally)| (tier.to_string(), tally))
        .collect();
    tiers.push(("all".to_owned(), Tally::of(entries)));
    counts(&mut page, "tier", &tiers);
    counts(&mut page, "section", &by_section(entries));
    if only_when_named(entries) > 0 {
        page.push_str("Marked *: tested only by scenarios that run when they are named.\n\n");
    }
    let mut group = String::new();
    for entry in entries {
        let section = entry.requirement.group();
        if section != group {
            let _ = write!(
                page,
                "{}## {section}\n\n| requirement | level | tier | tested by |\n|---|---|---|---|\n",
                if group.is_empty() { "" } else { "\n" }
            );
            group = section;
        }
        let _ = writeln!(
            page,
            "| `{}`: {} | {} | {} | {} |",
            entry.requirement.id,
            cell(&entry.requirement.requirement),
            entry.requirement.level,
            entry.requirement.tier,
            cell(&tested_by(entry))
        );
    }
    page
}

fn counts(page: &mut String, name: &str, rows: &[(String, Tally)]) {
    let _ = writeln!(
        page,
        "| {name} | count | tested | untestable | untested |\n|---|--:|--:|--:|--:|"
    );
    for (name, tally) in rows {
        let [count, tested, untestable, untested] = tally.columns();
        let _ = writeln!(
            page,
            "| {name} | {count} | {tested} | {untestable} | {untested} |"
        );
    }
    page.push('\n');
}

fn tested_by(entry: &Entry) -> String {
    match (entry.standing(), &entry.reason) {
        (Standing::Untestable, Some(reason)) => return format!("untestable: {reason}"),
        (Standing::Tested, _) => {}
        _ => return "**untested**".to_owned(),
    }
    let mut tests: Vec<String> = entry
        .checks
        .iter()
        .map(|check| format!("check `{check}`"))
        .collect();
    tests.extend(entry.claims.first().map(|claim| first(claim, entry)));
    tests.join(", ")
}

fn first(claim: &Claim, entry: &Entry) -> String {
    let mark = if entry.only_when_named() { "*" } else { "" };
    let step = claim.steps.first();
    let step = step.map_or(String::new(), |step| format!(", {step}"));
    let steps = entry.claims.iter().flat_map(|claim| &claim.steps);
    // A count would change with every scenario that is added anywhere.
    let more = match steps.count() {
        0 | 1 => "",
        _ => "; more",
    };
    format!("`{}`{mark}{step}{more}", short(claim))
}

/// What would end a cell, or be read as a tag, is escaped.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('<', "&lt;")
}
