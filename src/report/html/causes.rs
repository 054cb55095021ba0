//! Why steps failed, in HTML: what to mend first at the top.

use super::super::clean::{html, one_line};
use super::super::fixes::{effect, place};
use super::prose::prose;
use super::rule;
use crate::event::{Cause, StepPlace};

/// Steps of a cause that are linked.
const MOST_PLACES: usize = 25;

/// Causes in their order, each with links to its steps and rules.
pub(super) fn told(id: &str, title: &str, causes: &[Cause]) -> String {
    if causes.is_empty() {
        return String::new();
    }
    let mut text = format!(
        "<section aria-labelledby=\"{id}\"><h2 id=\"{id}\">{title}</h2>\n<ol class=\"causes\">\n"
    );
    for (position, cause) in causes.iter().enumerate() {
        let places: Vec<String> = cause.places.iter().take(MOST_PLACES).map(link).collect();
        let more = match cause.places.len().saturating_sub(MOST_PLACES) {
            0 => String::new(),
            more => format!("<li>and {more} more"),
        };
        let reasons: Vec<String> = cause
            .reasons
            .iter()
            .map(|reason| format!("<p>reason: {}\n", prose(reason)))
            .collect();
        let rules: Vec<String> = cause
            .rules
            .iter()
            .map(|id| {
                format!(
                    "<a href=\"#{}\">{}</a>",
                    rule::anchor(id),
                    html(&one_line(id))
                )
            })
            .collect();
        text.push_str(&format!(
            "<li><p><b>{}</b>\n<p>{}\n{}<p><i>how to mend it:</i> {}\n<details><summary>where</summary><ul><li>{}{more}</ul></details>\n",
            prose(&one_line(&cause.title)),
            html(&effect(position, cause)),
            reasons.concat(),
            rules.join(", "),
            places.join("<li>"),
        ));
    }
    text.push_str("</ol></section>\n");
    text
}

fn link(at: &StepPlace) -> String {
    format!(
        "<a href=\"#s{}-{}\">{}</a>",
        at.scenario,
        at.index,
        html(&place(at))
    )
}
