//! Findings in HTML: what is wrong, where exactly, who says so, why, and what to do.

use super::super::citation::citations;
use super::super::clean::{html, one_line};
use super::super::difference::{MOST, ONLY_CASE, place, shown};
use super::super::failure::{Group, reasons};
use super::rule;
use crate::finding::{Difference, Effect};

/// Findings that say the same on several authorities.
pub(super) fn told(group: &Group<'_>, source: Option<&str>) -> String {
    let first = group[0];
    let class = match group.iter().any(|finding| finding.counts()) {
        true => "bad",
        false => "odd",
    };
    let mut text = format!(
        "<div class=\"finding {class}\"><b>{}</b>",
        html(&first.message)
    );
    text.push_str(&differences(&first.differences));
    text.push_str(&html(&one_line(&citations(group, source))));
    if let Some(admin) = group.iter().find_map(|finding| finding.admin.as_deref()) {
        text.push_str(&format!("<br>the administrator reads: {}", html(admin)));
    }
    for reason in reasons(group) {
        text.push_str(&format!("<br>because: {}", html(reason)));
    }
    if let Some(accepted) = group.iter().find_map(|finding| match &finding.effect {
        Effect::Known(acceptance) => {
            Some(acceptance.reason.as_deref().unwrap_or("no reason given"))
        }
        _ => None,
    }) {
        text.push_str(&format!("<br>accepted: {}", html(accepted)));
    }
    text.push_str(&format!(
        "<br><small>rule: <a href=\"#{}\">{}</a></small></div>\n",
        rule::anchor(&first.id),
        html(&one_line(&first.id)),
    ));
    text
}

/// A row for each: where, expected, received.
fn differences(differences: &[Difference]) -> String {
    if differences.is_empty() {
        return String::new();
    }
    let mut table = String::from("<table><tr><th>where<th>expected<th>received");
    for difference in differences.iter().take(MOST) {
        let note = match difference.only_case {
            true => format!("<br><small>{ONLY_CASE}</small>"),
            false => String::new(),
        };
        table.push_str(&format!(
            "<tr><td><code>{}</code>{note}<td><code>{}</code><td><code>{}</code>",
            html(place(difference)),
            html(&shown(difference.expected.as_ref())),
            html(&shown(difference.received.as_ref())),
        ));
    }
    table.push_str("</table>");
    if differences.len() > MOST {
        table.push_str(&format!(
            "and {} more differences<br>",
            differences.len() - MOST
        ));
    }
    table
}
