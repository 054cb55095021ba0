//! The provider-by-feature grid in HTML, each cell with the step that made it what it is.

use std::collections::{BTreeMap, BTreeSet};

use super::super::clean::{html, one_line};
use super::super::grid::{Cell, Grid};
use super::scenario::Scenario;
use super::words::Facets;

/// The grid with what its words mean; empty without a feature.
pub(super) fn told(grid: &Grid, scenarios: &BTreeMap<usize, Scenario>, facets: &Facets) -> String {
    let (clients, features) = (grid.clients(), grid.features());
    if features.is_empty() {
        return String::new();
    }
    let steps = worst(scenarios);
    let mut text = String::from(
        "<section aria-labelledby=\"grid\"><h2 id=\"grid\">Which client can use what</h2>\n<div class=\"wide\"><table class=\"grid\">\
         <thead><tr><th scope=\"col\"><span class=\"unseen\">Feature</span>",
    );
    for client in &clients {
        text.push_str(&format!("<th scope=\"col\">{}", html(&one_line(client))));
    }
    text.push_str("</thead>");
    let mut met: BTreeSet<Option<Cell>> = BTreeSet::new();
    for feature in &features {
        text.push_str(&format!(
            "\n<tr><th scope=\"row\">{}",
            html(&one_line(feature))
        ));
        for client in &clients {
            let cell = grid.cell(client, feature);
            met.insert(cell);
            let word = word(cell);
            let numbers = (
                facets.clients.number(client),
                facets.features.number(feature),
            );
            let place = steps.get(&(*client, *feature));
            text.push_str(&match (cell, place, numbers) {
                (Some(_), Some((_, place)), (Some(client), Some(feature))) => format!(
                    "<td><a class=\"cell {}\" href=\"#{place}\" data-c=\"{client}\" data-f=\"{feature}\">{word}</a>",
                    class(cell)
                ),
                _ => format!("<td><span class=\"cell {}\">{word}</span>", class(cell)),
            });
        }
    }
    let legend: String = met
        .iter()
        .rev()
        .map(|cell| {
            let meaning = cell.map_or("not tested", Cell::meaning);
            format!(
                "<li><span class=\"cell {}\">{}</span> {meaning}",
                class(*cell),
                word(*cell)
            )
        })
        .collect();
    text.push_str(&format!(
        "\n</table></div>\n<ul class=\"legend\">{legend}</ul></section>\n"
    ));
    text
}

fn word(cell: Option<Cell>) -> &'static str {
    cell.map_or("–", Cell::word)
}

fn class(cell: Option<Cell>) -> &'static str {
    match cell {
        Some(Cell::Pass) => "good",
        Some(Cell::Fail) => "bad",
        Some(Cell::Warn | Cell::Known | Cell::BreaksRfc) => "odd",
        Some(Cell::NotSupported) | None => "dim",
    }
}

/// For each client and feature how bad its worst step is, and the first one that is so.
fn worst(scenarios: &BTreeMap<usize, Scenario>) -> BTreeMap<(&str, &str), (usize, String)> {
    let mut worst: BTreeMap<(&str, &str), (usize, String)> = BTreeMap::new();
    for (number, scenario) in scenarios {
        for (place, step) in &scenario.steps {
            let feature = step.feature.as_ref().or(scenario.feature.as_ref());
            let Some(feature) = feature else {
                continue;
            };
            let severity = match step.word.0 {
                "bad" => 3,
                "odd" => 2,
                "good" => 1,
                _ => 0,
            };
            let known = worst.get(&(scenario.story.client.as_str(), feature.as_str()));
            if known.is_none_or(|(known, _)| *known < severity) {
                let place = format!("s{number}-{place}");
                worst.insert((&scenario.story.client, feature), (severity, place));
            }
        }
    }
    worst
}
