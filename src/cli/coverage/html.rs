//! Coverage as a page in HTML that needs no other file and no script.

use std::fmt::Write;

use crate::cli::coverage::short;
use crate::coverage::{Claim, Entry, Standing, Tally, by_section, by_tier};

/// Most scenarios that are named for one requirement; the providers' stories repeat some of them by the hundred.
const MOST: usize = 8;

const STYLE: &str = "body{font:15px/1.5 system-ui,sans-serif;max-width:72rem;margin:2rem auto;padding:0 1rem}\
table{border-collapse:collapse;margin:1rem 0}td,th{padding:.2rem .7rem;border-bottom:1px solid #ccc;text-align:left;\
vertical-align:top}td.n{text-align:right}.untested{background:#fbdcdc}.untestable{background:#eee}code{font-size:.9em}\
@media(prefers-color-scheme:dark){body{background:#181818;color:#ddd}.untested{background:#5a2222}.untestable{background:#333}}";

/// The counts, and a table for each group of sections.
pub(super) fn page(entries: &[Entry]) -> String {
    let mut page = format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n\
         <title>What of the RFCs is tested</title>\n<style>{STYLE}</style>\n<h1>What of the RFCs is tested</h1>\n"
    );
    let mut tiers: Vec<(String, Tally)> = by_tier(entries)
        .into_iter()
        .map(|(tier, tally)| (format!("tier {tier}"), tally))
        .collect();
    tiers.push(("all".to_owned(), Tally::of(entries)));
    counts(&mut page, &tiers);
    counts(&mut page, &by_section(entries));
    let mut group = String::new();
    for entry in entries {
        let section = entry.requirement.group();
        if section != group {
            if !group.is_empty() {
                page.push_str("</table>\n");
            }
            let _ = writeln!(
                page,
                "<h2>{section}</h2>\n<table>\n<tr><th>requirement<th>level<th>tier<th>tested by"
            );
            group = section;
        }
        row(&mut page, entry);
    }
    if !group.is_empty() {
        page.push_str("</table>\n");
    }
    page
}

fn counts(page: &mut String, rows: &[(String, Tally)]) {
    page.push_str("<table>\n<tr><th><th>count<th>tested<th>untestable<th>untested\n");
    for (name, tally) in rows {
        let _ = write!(page, "<tr><td>{}", escaped(name));
        for number in tally.columns() {
            let _ = write!(page, "<td class=\"n\">{number}");
        }
        page.push('\n');
    }
    page.push_str("</table>\n");
}

fn row(page: &mut String, entry: &Entry) {
    let requirement = &entry.requirement;
    let _ = write!(
        page,
        "<tr class=\"{}\" id=\"{id}\"><td><code>{id}</code><br>{}<td>{}<td>{}<td>",
        entry.standing().name(),
        escaped(&requirement.requirement),
        escaped(&requirement.level),
        requirement.tier,
        id = escaped(&requirement.id),
    );
    match (entry.standing(), &entry.reason) {
        (Standing::Tested, _) => tests(page, entry),
        (Standing::Untestable, Some(reason)) => {
            let _ = write!(page, "untestable: {}", escaped(reason));
        }
        _ => page.push_str("<b>untested</b>"),
    }
    page.push('\n');
}

fn tests(page: &mut String, entry: &Entry) {
    for check in &entry.checks {
        let _ = write!(page, "check <code>{check}</code><br>");
    }
    for claim in entry.claims.iter().take(MOST) {
        let _ = write!(page, "{}", scenario(claim));
    }
    match entry.claims.len().saturating_sub(MOST) {
        0 => {}
        1 => page.push_str("and 1 more scenario"),
        more => {
            let _ = write!(page, "and {more} more scenarios");
        }
    }
}

fn scenario(claim: &Claim) -> String {
    let steps: Vec<String> = claim.steps.iter().map(|step| escaped(step)).collect();
    let named = match claim.by_default {
        true => "",
        false => " (runs only when it is named)",
    };
    format!(
        "<details><summary><code>{}</code>{named}</summary>{}</details>",
        escaped(short(claim)),
        steps.join("<br>")
    )
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}
