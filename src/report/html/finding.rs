//! Findings in HTML: what is wrong, where exactly, who says so, why, and what to do.

use std::collections::BTreeMap;

use super::super::citation::{citations, level};
use super::super::clean::{html, one_line};
use super::super::failure::{Group, reasons};
use super::prose::prose;
use super::{differences, rule};
use crate::finding::{Authority, Effect, Finding, Verdict};

/// Findings of one step, which knows their places: `s12-3` is the fourth step of the thirteenth scenario, and `s12-3-f0` its
/// first finding in the event stream.
#[derive(Debug, Clone, Copy)]
pub(super) struct Findings<'a> {
    /// The step's place on the page.
    pub(super) id: &'a str,
    /// All of the step.
    pub(super) all: &'a [Finding],
    /// Where the step is documented.
    pub(super) source: Option<&'a str>,
}

impl Findings<'_> {
    /// Findings that say the same on several authorities.
    pub(super) fn told(&self, group: &Group<'_>) -> String {
        let first = group[0];
        let class = match group.iter().any(|finding| finding.counts()) {
            true => "bad",
            false => "odd",
        };
        let mut places = group.iter().filter_map(|finding| self.place(finding));
        let place = places.next().unwrap_or_default();
        let others: String = places
            .map(|place| format!("<span id=\"{}-f{place}\"></span>", self.id))
            .collect();
        let mut text = format!(
            "<div class=\"finding {class}\" id=\"{id}-f{place}\">{others}<p class=\"say\"><b>{}</b> <a class=\"here\" href=\"#{id}-f{place}\">link</a>\n",
            prose(&first.message),
            id = self.id,
        );
        text.push_str(&differences::table(&first.differences));
        text.push_str(&format!(
            "<p>{}\n",
            html(&one_line(&citations(group, self.source)))
        ));
        if let Some(admin) = group.iter().find_map(|finding| finding.admin.as_deref()) {
            text.push_str(&format!(
                "<p><i>the administrator reads:</i> {}\n",
                prose(admin)
            ));
        }
        for reason in reasons(group) {
            text.push_str(&format!("<p><i>because:</i> {}\n", prose(reason)));
        }
        if let Some(accepted) = group.iter().find_map(|finding| match &finding.effect {
            Effect::Known(acceptance) => {
                Some(acceptance.reason.as_deref().unwrap_or("no reason given"))
            }
            _ => None,
        }) {
            text.push_str(&format!("<p><i>accepted:</i> {}\n", prose(accepted)));
        }
        text.push_str(&format!(
            "<p><i>rule:</i> <a href=\"#{}\">{}</a></div>\n",
            rule::anchor(&first.id),
            html(&one_line(&first.id)),
        ));
        text
    }

    /// Which of the step's findings it is.
    fn place(&self, finding: &Finding) -> Option<usize> {
        self.all.iter().position(|one| std::ptr::eq(one, finding))
    }

    /// What was judged and is as it must be: the rules, each with those who ask for it.
    pub(super) fn held(&self) -> String {
        let mut rules: BTreeMap<&str, Vec<String>> = BTreeMap::new();
        for finding in self
            .all
            .iter()
            .filter(|finding| finding.verdict == Verdict::Pass)
        {
            let asks = format!("{} {}", named(finding.authority), level(finding.strength));
            let known = rules.entry(&finding.id).or_default();
            if !known.contains(&asks) {
                known.push(asks);
            }
        }
        if rules.is_empty() {
            return String::new();
        }
        let rules: Vec<String> = rules
            .into_iter()
            .map(|(id, asks)| format!("{} ({})", html(&one_line(id)), asks.join(", ")))
            .collect();
        format!("<p class=\"held\">as it must be: {}\n", rules.join("; "))
    }

    /// The words that the step is found by: authority and strength of what is wrong, else of what was judged.
    pub(super) fn words(&self) -> String {
        let is_wrong = self.all.iter().any(Finding::failed);
        let mut words: Vec<String> = self
            .all
            .iter()
            .filter(|finding| finding.failed() || !is_wrong)
            .map(|finding| format!("{}-{}", finding.authority.name(), finding.strength.name()))
            .collect();
        words.sort_unstable();
        words.dedup();
        words.join(" ")
    }
}

/// An authority's name, for people.
fn named(authority: Authority) -> &'static str {
    match authority {
        Authority::Rfc => "RFC",
        Authority::Okta => "Okta",
        Authority::Entra => "Entra",
        Authority::Snapshot => "snapshot",
    }
}
