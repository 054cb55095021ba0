//! Markdown: the summary of a job, or a comment. The grid first, then what failed, by its cause.
//!
//! All that comes from a target or a file stands in code: there nothing is a tag, a link or a mention of somebody.

mod page;

use std::collections::BTreeMap;
use std::io::{self, Write};

use super::Reporter;
use super::clean::{html, one_line, shortened, visible};
use super::fixes;
use super::grid::{Cell, Grid};
use super::paint::Paint;
use super::readiness;
use super::skips::Skips;
use super::story::Story;
use super::summary::{beside_text, counted, totals_text};
use super::totals::Totals;
use super::warnings::Warnings;
use crate::event::{Cause, Comparison, Event, Readiness};
use page::{Page, code, fenced, folded};

/// GitHub takes a step's summary up to 1 MiB, and shows nothing of one that is larger.
pub const MOST: usize = 1_000_000;

/// Bytes of one failed step.
const LONGEST_FAILURE: usize = 48 * 1024;

/// Bytes of failed steps that wait for the end of the run, where the causes choose among them.
const MOST_KEPT: usize = 64 * 1024 * 1024;

/// Writes one document at the end of the run.
#[derive(Debug)]
pub struct Markdown<W> {
    out: W,
    /// Bytes that it may have.
    most: usize,
    target: String,
    run: String,
    /// Title, client and source of each scenario.
    scenarios: BTreeMap<usize, Scenario>,
    grid: Grid,
    totals: Totals,
    /// Failed steps, by scenario and place in it.
    failures: BTreeMap<(usize, usize), String>,
    kept: usize,
    stopped: Option<(String, Option<String>)>,
    notices: Vec<String>,
    causes: Vec<Cause>,
    known: Vec<Cause>,
    comparisons: Vec<Comparison>,
    readiness: Option<Readiness>,
    warnings: Warnings,
    skips: Skips,
}

#[derive(Debug, Clone, Default)]
struct Scenario {
    story: Story,
    steps: usize,
}

impl<W: Write> Markdown<W> {
    /// Writes to `out`, at most so many bytes.
    pub fn new(out: W, most: usize) -> Self {
        Self {
            out,
            most: most.min(MOST),
            target: String::new(),
            run: String::new(),
            scenarios: BTreeMap::new(),
            grid: Grid::default(),
            totals: Totals::default(),
            failures: BTreeMap::new(),
            kept: 0,
            stopped: None,
            notices: Vec::new(),
            causes: Vec::new(),
            known: Vec::new(),
            comparisons: Vec::new(),
            readiness: None,
            warnings: Warnings::default(),
            skips: Skips::default(),
        }
    }

    fn keep_step(&mut self, event: &Event) {
        let Event::StepFinished {
            scenario: number,
            verdict,
            findings,
            ..
        } = event
        else {
            return;
        };
        let scenario = self.scenarios.entry(*number).or_default();
        let place = (*number, scenario.steps);
        scenario.steps += 1;
        self.skips.on_step(place, *verdict, findings);
        if let Some(warned) = scenario.story.warned(event) {
            self.warnings.on_step(warned, findings);
        }
        let Some(failed) = scenario.story.failed(event) else {
            return;
        };
        let text = format!(
            "{}\n\n{}",
            failed.place(Paint::PLAIN),
            failed.text(Paint::PLAIN)
        );
        let text = shortened(&text, LONGEST_FAILURE);
        self.kept += text.len();
        if self.kept <= MOST_KEPT {
            self.failures.insert(place, text);
        }
    }

    fn write(&mut self) -> io::Result<()> {
        let mut page = Page::new(self.most);
        page.add(&self.head());
        page.add(&self.table());
        if let Some((message, hint)) = &self.stopped {
            let hint = hint.as_ref().map(|hint| format!("\nhint: {hint}"));
            let text = format!("stopped: {message}{}", hint.unwrap_or_default());
            page.add(&fenced(&visible(&text)));
        }
        if let Some(readiness) = &self.readiness {
            page.add(&fenced(&readiness::text(readiness, Paint::PLAIN, false)));
        }
        page.add(&fenced(&totals_text(&self.totals, Paint::PLAIN)));
        for comparison in &self.comparisons {
            page.add(&fenced(&beside_text(comparison)));
        }
        for (position, cause) in self.causes.iter().enumerate() {
            if position == 0 {
                page.add("### What to fix first\n\n");
            }
            if !page.add(&self.cause(position, cause)) {
                let left = self.causes.len() - position;
                page.end(&format!(
                    "\n**{} more had no room here**; the other reports have them.\n",
                    counted(left, "cause")
                ));
                break;
            }
        }
        if !self.known.is_empty() {
            let text = fixes::known(&self.known, Paint::PLAIN);
            page.add(&folded("Known failures, which the baseline accepts", &text));
        }
        let warnings: Vec<String> = self
            .warnings
            .told()
            .into_iter()
            .map(|(text, place)| format!("{text}\n  {place}"))
            .collect();
        page.add_list("Warnings, which fail nothing", &warnings);
        let causes = self.causes.iter().chain(&self.known);
        let skips: Vec<String> = self
            .skips
            .reasons(causes)
            .into_iter()
            .map(|(reason, steps)| format!("{}: {reason}", counted(steps, "step")))
            .collect();
        page.add_list("Skipped, so not tested", &skips);
        page.add_list("Notes", &self.notices);
        self.out.write_all(page.text.as_bytes())?;
        self.out.flush()
    }

    fn head(&self) -> String {
        let steps = self.totals.steps;
        let failed = self.totals.failed_steps();
        let verdict = if self.stopped.is_some() {
            "⛔ the target could not be tested".to_owned()
        } else if failed > 0 {
            format!("❌ {} of {} failed", failed, counted(steps.all(), "step"))
        } else if self.totals.interrupted {
            "⚠️ interrupted".to_owned()
        } else if steps.passed + steps.known == 0 {
            "⚠️ nothing was tested".to_owned()
        } else {
            format!("✅ nothing failed in {}", counted(steps.all(), "step"))
        };
        format!(
            "## scimulate: {verdict}\n\n{} · run {}\n\n",
            code(&self.target),
            code(&self.run)
        )
    }

    fn table(&self) -> String {
        let (clients, features) = (self.grid.clients(), self.grid.features());
        if features.is_empty() {
            return String::new();
        }
        let mut text = "| |".to_owned();
        clients
            .iter()
            .for_each(|client| text.push_str(&format!(" {} |", code(client))));
        text.push_str(&format!("\n|---|{}\n", "---|".repeat(clients.len())));
        let mut cells = Vec::new();
        for feature in features {
            text.push_str(&format!("| {} |", code(feature)));
            for client in &clients {
                let cell = self.grid.cell(client, feature);
                text.push_str(&format!(" {} |", word(cell)));
                cells.push(cell);
            }
            text.push('\n');
        }
        // The worst first, what is not tested last.
        cells.sort_unstable_by(|left, right| right.cmp(left));
        cells.dedup();
        let legend: Vec<String> = cells
            .into_iter()
            .map(|cell| {
                let meaning = cell.map_or("not tested", Cell::meaning);
                format!("{}: {meaning}", word(cell))
            })
            .collect();
        format!("{text}\n<sub>{}</sub>\n\n", legend.join("; "))
    }

    fn cause(&self, position: usize, cause: &Cause) -> String {
        let title = html(&one_line(&shortened(&cause.title, 400)));
        let effect = html(&fixes::effect(position, cause));
        let told = cause
            .places
            .iter()
            .find_map(|place| self.failures.get(&(place.scenario, place.index)));
        let mut text = told.cloned().unwrap_or_default();
        let others = fixes::others(cause);
        if !others.is_empty() {
            text.push_str(&format!("\n\nthe same cause:\n  {}", others.join("\n  ")));
        }
        let rules: Vec<String> = cause.rules.iter().map(|rule| code(rule)).collect();
        format!(
            "<details><summary>{}. <code>{title}</code><br><sub><code>{effect}</code></sub></summary>\n\n\
             Rules: {}; `scimulate explain RULE` says what each requires and how to fix it.\n\n{}</details>\n\n",
            position + 1,
            rules.join(", "),
            fenced(&text)
        )
    }
}

impl<W: Write> Reporter for Markdown<W> {
    fn on(&mut self, event: &Event) -> io::Result<()> {
        self.totals.on(event);
        self.grid.on(event);
        match event {
            Event::RunStarted {
                target,
                target_name,
                run,
                ..
            } => {
                self.target = match target_name {
                    Some(name) => format!("{name}, {target}"),
                    None => target.clone(),
                };
                self.run.clone_from(run);
            }
            Event::Notice { message } => self.notices.push(visible(message)),
            Event::Unreferenced { snapshots } => {
                let names: Vec<String> = snapshots.iter().map(|name| one_line(name)).collect();
                let told = format!("snapshots that no step has any more: {}", names.join(", "));
                self.notices.push(told);
            }
            Event::Stopped { message, hint } => {
                self.stopped = Some((message.clone(), hint.clone()))
            }
            Event::ScenarioStarted { scenario, .. } => {
                let known = self.scenarios.entry(*scenario).or_default();
                known.story.begin(event);
            }
            Event::StepFinished { .. } => self.keep_step(event),
            Event::Causes { causes, known } => {
                self.causes.clone_from(causes);
                self.known.clone_from(known);
            }
            Event::Baseline(comparison) => self.comparisons.push(comparison.clone()),
            Event::Readiness(readiness) => self.readiness = Some(readiness.clone()),
            Event::RunFinished { .. } => self.write()?,
            Event::Preflight { .. }
            | Event::StepStarted { .. }
            | Event::ScenarioFinished { .. } => {}
        }
        Ok(())
    }
}

fn word(cell: Option<Cell>) -> &'static str {
    match cell {
        Some(Cell::Pass) => "✅",
        Some(Cell::Warn) => "⚠️ warn",
        Some(Cell::Known) => "☑️ known",
        Some(Cell::BreaksRfc) => "🟧 rfc",
        Some(Cell::Fail) => "❌ FAIL",
        Some(Cell::NotSupported) => "no",
        None => "–",
    }
}
