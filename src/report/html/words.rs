//! What scenarios can be filtered by: clients, features and tags, each with a number, so that no text of a stranger stands in an
//! attribute of the page.

use std::collections::BTreeSet;

use super::super::clean::{html, one_line};

/// Words in their order; the place is the number.
#[derive(Debug, Default)]
pub(super) struct Words(Vec<String>);

impl Words {
    /// In the given order, each once.
    pub(super) fn of<'w>(words: impl IntoIterator<Item = &'w str>) -> Self {
        let mut known = BTreeSet::new();
        let words = words.into_iter().filter(|word| known.insert(*word));
        Self(words.map(str::to_owned).collect())
    }

    /// A word's number.
    pub(super) fn number(&self, word: &str) -> Option<usize> {
        self.0.iter().position(|known| known == word)
    }

    /// `<option>` after `<option>`.
    pub(super) fn options(&self) -> String {
        let options = self.0.iter().enumerate().map(|(number, word)| {
            format!(
                "<option value=\"{number}\">{}</option>",
                html(&one_line(word))
            )
        });
        options.collect()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// All that there is to filter by.
#[derive(Debug, Default)]
pub(super) struct Facets {
    pub(super) clients: Words,
    pub(super) features: Words,
    pub(super) tags: Words,
}

/// What the script shows when it runs: search, filters, and how much they leave.
pub(super) fn bar(facets: &Facets) -> String {
    let authorities = [
        ("rfc", "RFC"),
        ("okta", "Okta"),
        ("entra", "Entra"),
        ("snapshot", "snapshot"),
    ];
    let strengths = [("must", "MUST"), ("should", "SHOULD"), ("may", "MAY")];
    let verdicts = [
        ("fail", "failed"),
        ("error", "not judged, by an error"),
        ("warn", "with warnings"),
        ("known", "known to fail"),
        ("pass", "passed"),
        ("skip", "skipped"),
    ];
    let mut text = String::from(
        "<search id=\"bar\" aria-label=\"Search and filter\" hidden>\n\
         <p><label for=\"search\">Search</label><input id=\"search\" type=\"search\" autocomplete=\"off\" spellcheck=\"false\" \
         placeholder=\"steps, requests, answers, rules  ( / )\">\n",
    );
    text.push_str(&select("verdict", "Outcome", &fixed(&verdicts)));
    text.push_str(&select("authority", "Authority", &fixed(&authorities)));
    text.push_str(&select("strength", "Strength", &fixed(&strengths)));
    for (id, label, words) in [
        ("client", "Client", &facets.clients),
        ("feature", "Feature", &facets.features),
        ("tag", "Tag", &facets.tags),
    ] {
        if !words.is_empty() {
            text.push_str(&select(id, label, &words.options()));
        }
    }
    text.push_str(
        "<p class=\"told\"><output id=\"count\" aria-live=\"polite\"></output>\
         <button type=\"button\" id=\"reset\">Show all</button>\
         <button type=\"button\" id=\"unfold\">Unfold</button>\
         <button type=\"button\" id=\"fold\">Fold</button>\n</search>\n",
    );
    text
}

fn fixed(options: &[(&str, &str)]) -> String {
    let options = options
        .iter()
        .map(|(value, word)| format!("<option value=\"{value}\">{word}</option>"));
    options.collect()
}

fn select(id: &str, label: &str, options: &str) -> String {
    format!(
        "<p><label for=\"{id}\">{label}</label><select id=\"{id}\"><option value=\"\">any</option>{options}</select>\n"
    )
}
