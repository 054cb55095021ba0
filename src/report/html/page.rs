//! The page: the verdict, the grid, what to fix first, what was not tested, then every scenario.

use std::collections::BTreeSet;
use std::io::{self, Write};

use super::super::clean::{html, one_line};
use super::super::fixes::{effect, place};
use super::super::grid::Cell;
use super::super::summary::{beside_text, counted, in_words, seconds};
use super::{Html, gate, rule};
use crate::event::{Cause, StepPlace};

const STYLE: &str = include_str!("style.css");

/// Bytes of failed steps that are shown whole; browsers open such a page at once.
const MOST_WHOLE: usize = 8 * 1024 * 1024;

/// Steps of a cause that are linked.
const MOST_PLACES: usize = 25;

impl<W: Write> Html<W> {
    /// Writes the document.
    pub(super) fn write(&mut self) -> io::Result<()> {
        let (class, verdict) = self.verdict();
        let target = self.facts.first().map_or("", |(_, target)| target.as_str());
        // The policy lets the page load nothing, whatever stands in it.
        write!(
            self.out,
            "<!DOCTYPE html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n\
             <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n\
             <meta name=\"viewport\" content=\"width=device-width\">\n<title>{target}: {verdict}</title>\n\
             <style>\n{STYLE}</style>\n<h1>What Okta and Entra would have made of {target}</h1>\n\
             <p class=\"verdict {class}\">{verdict}\n"
        )?;
        if let Some((message, hint)) = &self.stopped {
            writeln!(self.out, "<p class=\"bad\">{message}")?;
            if let Some(hint) = hint {
                writeln!(self.out, "<p>{hint}")?;
            }
        }
        self.write_facts()?;
        for notice in &self.notices {
            writeln!(self.out, "<p>note: {notice}")?;
        }
        if let Some(readiness) = &self.readiness {
            self.out.write_all(gate::told(readiness).as_bytes())?;
        }
        self.write_grid()?;
        let first = causes_told("fix", "What to fix first", &self.causes);
        let accepted = "Known failures, which the baseline accepts";
        let known = causes_told("known", accepted, &self.known);
        write!(self.out, "{first}{known}")?;
        self.write_lists()?;
        let rules = self.write_scenarios()?;
        self.write_rules(&rules)?;
        writeln!(self.out, "</html>")
    }

    /// Its class, and the words.
    fn verdict(&self) -> (&'static str, String) {
        let (totals, failed) = (&self.totals, self.totals.failed_steps());
        if self.stopped.is_some() {
            return ("bad", "the target could not be tested".to_owned());
        }
        if let Some(readiness) = &self.readiness {
            return gate::verdict(readiness);
        }
        if failed > 0 {
            let all = counted(totals.steps.all(), "step");
            return ("bad", format!("{failed} of {all} failed"));
        }
        if totals.interrupted {
            return (
                "odd",
                "interrupted; nothing has failed until then".to_owned(),
            );
        }
        match totals.steps.passed + totals.steps.known {
            0 => ("odd", "nothing was tested".to_owned()),
            _ => ("good", "nothing failed".to_owned()),
        }
    }

    fn write_facts(&mut self) -> io::Result<()> {
        let totals = &self.totals;
        let mut facts = self.facts.clone();
        facts.extend([
            ("scenarios", in_words(totals.scenarios, "scenario")),
            ("steps", in_words(totals.steps, "step")),
            ("warnings", totals.warnings.to_string()),
            (
                "requests",
                format!("{} in {}", totals.requests, seconds(totals.elapsed)),
            ),
        ]);
        if totals.unfinished > 0 {
            facts.push(("not finished", counted(totals.unfinished, "scenario")));
        }
        if totals.interrupted {
            facts.push((
                "interrupted",
                "what is not listed was not tested".to_owned(),
            ));
        }
        for comparison in &self.comparisons {
            facts.push(("baseline", html(&beside_text(comparison))));
        }
        write!(self.out, "<dl>")?;
        for (name, value) in facts {
            write!(self.out, "<dt>{name}<dd>{value}")?;
        }
        writeln!(self.out, "</dl>")
    }

    fn write_grid(&mut self) -> io::Result<()> {
        let (clients, features) = (self.grid.clients(), self.grid.features());
        if features.is_empty() {
            return Ok(());
        }
        write!(
            self.out,
            "<h2 id=\"grid\">Which client can use what</h2>\n<table><tr><th>"
        )?;
        for client in &clients {
            write!(self.out, "<th>{}", html(&one_line(client)))?;
        }
        let mut met: BTreeSet<Option<Cell>> = BTreeSet::new();
        for feature in &features {
            write!(self.out, "\n<tr><th>{}", html(&one_line(feature)))?;
            for client in &clients {
                let cell = self.grid.cell(client, feature);
                met.insert(cell);
                let class = match cell {
                    Some(Cell::Pass) => "good",
                    Some(Cell::Fail) => "bad",
                    Some(Cell::Warn | Cell::Known | Cell::BreaksRfc) => "odd",
                    Some(Cell::NotSupported) | None => "dim",
                };
                let word = cell.map_or("-", Cell::word);
                write!(self.out, "<td class=\"{class}\">{word}")?;
            }
        }
        let legend: Vec<String> = met
            .iter()
            .rev()
            .map(|cell| match cell {
                Some(cell) => format!("{}: {}", cell.word(), cell.meaning()),
                None => "-: not tested".to_owned(),
            })
            .collect();
        writeln!(
            self.out,
            "</table>\n<p><small>{}</small>",
            legend.join("; ")
        )
    }

    /// Warnings, and what was not tested.
    fn write_lists(&mut self) -> io::Result<()> {
        let warnings = self.warnings.told();
        if !warnings.is_empty() {
            writeln!(
                self.out,
                "<h2 id=\"warnings\">Warnings, which fail nothing</h2>\n<ul>"
            )?;
            for (text, place) in warnings {
                writeln!(
                    self.out,
                    "<li>{} <small>{}</small>",
                    html(text),
                    html(&place)
                )?;
            }
            writeln!(self.out, "</ul>")?;
        }
        let reasons = self.skips.reasons(self.causes.iter().chain(&self.known));
        if !reasons.is_empty() {
            writeln!(
                self.out,
                "<h2 id=\"skipped\">Skipped, so not tested</h2>\n<ul>"
            )?;
            for (reason, steps) in reasons {
                writeln!(
                    self.out,
                    "<li>{}: {}",
                    counted(steps, "step"),
                    html(&reason)
                )?;
            }
            writeln!(self.out, "</ul>")?;
        }
        Ok(())
    }

    /// All scenarios; the rules that they name.
    fn write_scenarios(&mut self) -> io::Result<BTreeSet<String>> {
        if !self.preflight.is_empty() {
            writeln!(
                self.out,
                "<h2 id=\"preflight\">What scimulate asked for itself</h2>\n<details><summary>exchanges that belong to no scenario</summary>\
                 <div>{}</div></details>",
                self.preflight
            )?;
        }
        let (whole, left_out) = self.whole();
        let mut rules = BTreeSet::new();
        if self.scenarios.is_empty() {
            return Ok(rules);
        }
        writeln!(self.out, "<h2 id=\"scenarios\">Scenarios</h2>")?;
        if left_out > 0 {
            writeln!(
                self.out,
                "<p>{} that failed are shown in short, or this page would be larger than browsers like; the event stream has all of them",
                counted(left_out, "step")
            )?;
        }
        for (number, scenario) in std::mem::take(&mut self.scenarios) {
            let told = scenario.told(number, |place| whole.contains(&(number, place)));
            self.out.write_all(told.as_bytes())?;
            rules.extend(scenario.steps.into_iter().flat_map(|step| step.rules));
        }
        Ok(rules)
    }

    /// The failed steps that are shown whole, those first that stand for a cause; and how many there is no room for.
    fn whole(&self) -> (BTreeSet<(usize, usize)>, usize) {
        let examples = self.causes.iter().filter_map(|cause| cause.places.first());
        let examples = examples.map(|place| (place.scenario, place.index));
        let all = self.scenarios.iter().flat_map(|(number, scenario)| {
            let places = 0..scenario.steps.len();
            places.map(move |place| (*number, place))
        });
        let mut whole = BTreeSet::new();
        let mut left_out = BTreeSet::new();
        let mut bytes = 0;
        for (number, place) in examples.chain(all) {
            let step = self
                .scenarios
                .get(&number)
                .and_then(|scenario| scenario.steps.get(place));
            let size = step.and_then(|step| step.whole.as_ref()).map(String::len);
            match size {
                None => {}
                Some(_) if whole.contains(&(number, place)) => {}
                Some(size) if bytes + size > MOST_WHOLE => {
                    left_out.insert((number, place));
                }
                Some(size) => {
                    bytes += size;
                    whole.insert((number, place));
                }
            }
        }
        (whole, left_out.len() + self.dropped)
    }

    fn write_rules(&mut self, rules: &BTreeSet<String>) -> io::Result<()> {
        if rules.is_empty() {
            return Ok(());
        }
        writeln!(self.out, "<h2 id=\"rules\">The rules that were broken</h2>")?;
        for id in rules {
            let told = rule::told(id, (self.page_of)(id));
            self.out.write_all(told.as_bytes())?;
        }
        Ok(())
    }
}

/// Causes in their order, each with links to its steps.
fn causes_told(id: &str, title: &str, causes: &[Cause]) -> String {
    if causes.is_empty() {
        return String::new();
    }
    let mut text = format!("<h2 id=\"{id}\">{title}</h2>\n<ol>\n");
    for (position, cause) in causes.iter().enumerate() {
        let places: Vec<String> = cause.places.iter().take(MOST_PLACES).map(link).collect();
        let more = match cause.places.len().saturating_sub(MOST_PLACES) {
            0 => String::new(),
            more => format!("<li>and {more} more"),
        };
        let reasons: Vec<String> = cause
            .reasons
            .iter()
            .map(|reason| format!("<br>reason: {}", html(reason)))
            .collect();
        text.push_str(&format!(
            "<li><b>{}</b><br>{}{}<br><details><summary>where</summary><ul><li>{}{more}</ul></details>\n",
            html(&one_line(&cause.title)),
            html(&effect(position, cause)),
            reasons.concat(),
            places.join("<li>"),
        ));
    }
    text.push_str("</ol>\n");
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
