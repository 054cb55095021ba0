//! The report for people: a line for each scenario as it ends, then the grid, what to fix first, and what was not tested.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::time::Duration;

use super::Reporter;
use super::clean::{one_line, visible};
use super::fixes;
use super::grid::Grid;
use super::paint::Paint;
use super::readiness;
use super::skips::Skips;
use super::story::Story;
use super::summary::{beside_text, counted, grid_text, seconds, totals_text};
use super::totals::Totals;
use super::warnings::Warnings;
use crate::event::{Cause, Comparison, Event, Readiness};
use crate::finding::{Finding, Verdict};

/// Writes for people. Apart from times the same run gives the same text, also when scenarios run side by side: a
/// scenario's line waits until those before it have theirs.
#[derive(Debug)]
pub struct Human<W> {
    out: W,
    paint: Paint,
    grid: Grid,
    totals: Totals,
    /// Scenarios that have no line yet.
    open: BTreeMap<usize, Scenario>,
    /// The scenario whose line is next.
    next: usize,
    /// Every failure is told in full, not one for each cause.
    verbose: bool,
    /// Failed steps, by scenario and place in it.
    failures: BTreeMap<(usize, usize), String>,
    causes: Vec<Cause>,
    /// Causes of what the baseline accepts.
    known: Vec<Cause>,
    comparisons: Vec<Comparison>,
    /// Of a gate, if the run was for one.
    readiness: Option<Readiness>,
    warnings: Warnings,
    skips: Skips,
}

/// What is kept of a scenario until it has its line.
#[derive(Debug, Clone, Default)]
struct Scenario {
    story: Story,
    /// How many of its steps are over.
    steps: usize,
    warned: bool,
    /// Something fails that the baseline accepts.
    known: bool,
    failed: usize,
    reason: Option<String>,
    over: Option<(Verdict, Duration)>,
}

impl<W: Write> Human<W> {
    /// Writes to `out`.
    pub fn new(out: W, paint: Paint) -> Self {
        Self {
            out,
            paint,
            grid: Grid::default(),
            totals: Totals::default(),
            open: BTreeMap::new(),
            next: 0,
            verbose: false,
            failures: BTreeMap::new(),
            causes: Vec::new(),
            known: Vec::new(),
            comparisons: Vec::new(),
            readiness: None,
            warnings: Warnings::default(),
            skips: Skips::default(),
        }
    }

    /// Tells every failure in full.
    pub fn verbose(self, verbose: bool) -> Self {
        Self { verbose, ..self }
    }

    /// Lines of the scenarios whose turn it is; at the end of all that are left.
    fn write_lines(&mut self, at_the_end: bool) -> io::Result<()> {
        while let Some((&number, scenario)) = self.open.first_key_value() {
            let is_next = number == self.next && scenario.over.is_some();
            if !is_next && !at_the_end {
                return Ok(());
            }
            let line = scenario.line(self.paint);
            writeln!(self.out, "{line}")?;
            self.open.remove(&number);
            self.next = number + 1;
        }
        Ok(())
    }

    fn write_end(&mut self) -> io::Result<()> {
        self.write_grid()?;
        self.write_failures()?;
        if !self.known.is_empty() {
            writeln!(self.out, "\n{}", fixes::known(&self.known, self.paint))?;
        }
        self.write_warnings()?;
        self.write_skips()?;
        self.write_totals()
    }

    fn write_grid(&mut self) -> io::Result<()> {
        let table = grid_text(&self.grid, self.paint);
        if table.is_empty() {
            return Ok(());
        }
        writeln!(self.out, "\n{table}")
    }

    fn write_failures(&mut self) -> io::Result<()> {
        if self.failures.is_empty() {
            return Ok(());
        }
        let causes = std::mem::take(&mut self.causes);
        if !causes.is_empty() {
            let overview = fixes::overview(&causes, self.failures.len(), self.paint);
            writeln!(self.out, "\n{overview}")?;
        }
        let mut shown: BTreeMap<(usize, usize), usize> = BTreeMap::new();
        for (position, cause) in causes.iter().enumerate() {
            let head = format!("CAUSE {} of {}: ", position + 1, causes.len());
            let title = one_line(&cause.title);
            // Of a single one all was said above.
            if causes.len() > 1 {
                let (head, title) = (self.paint.bad(head), self.paint.bold(title));
                writeln!(self.out, "\n{head}{title}")?;
            }
            let told = if self.verbose { cause.places.len() } else { 1 };
            for place in cause.places.iter().take(told) {
                let step = (place.scenario, place.index);
                // A step that fails for several reasons is told once.
                match (shown.get(&step), self.failures.get(&step)) {
                    (Some(number), _) => {
                        let place = fixes::place(place);
                        writeln!(self.out, "\n  {place}: in full under cause {number}")?;
                    }
                    (None, Some(failure)) => writeln!(self.out, "\n{}", indented(failure))?,
                    (None, None) => {}
                }
                shown.entry(step).or_insert(position + 1);
            }
            let others = fixes::others(cause);
            if !self.verbose && !others.is_empty() {
                writeln!(self.out, "\n  the same cause:")?;
                for other in others {
                    writeln!(self.out, "    {other}")?;
                }
            }
        }
        self.causes = causes;
        Ok(())
    }

    fn write_warnings(&mut self) -> io::Result<()> {
        let warnings = self.warnings.told();
        if warnings.is_empty() {
            return Ok(());
        }
        writeln!(
            self.out,
            "\n{}",
            self.paint.bold("Warnings, which fail nothing")
        )?;
        for (text, place) in warnings {
            writeln!(self.out, "  {text}\n    {}", self.paint.faint(place))?;
        }
        Ok(())
    }

    fn write_skips(&mut self) -> io::Result<()> {
        let reasons = self.skips.reasons(self.causes.iter().chain(&self.known));
        if reasons.is_empty() {
            return Ok(());
        }
        writeln!(self.out, "\n{}", self.paint.bold("Skipped, so not tested"))?;
        for (reason, steps) in reasons {
            writeln!(self.out, "  {}: {reason}", counted(steps, "step"))?;
        }
        Ok(())
    }

    fn write_totals(&mut self) -> io::Result<()> {
        if let Some(verdict) = &self.readiness {
            let text = readiness::text(verdict, self.paint, self.verbose);
            writeln!(self.out, "\n{text}")?;
        }
        writeln!(self.out, "\n{}", totals_text(&self.totals, self.paint))?;
        for comparison in &self.comparisons {
            writeln!(self.out, "{}", beside_text(comparison))?;
        }
        if let Some(text) = fixes::in_short(&self.causes, self.failures.len()) {
            writeln!(self.out, "{text}")?;
        }
        self.out.flush()
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
        let scenario = self.open.entry(*number).or_default();
        let place = scenario.steps;
        scenario.steps += 1;
        scenario.known |= findings.iter().any(Finding::is_known);
        let skipped = self.skips.on_step((*number, place), *verdict, findings);
        if let Some(reason) = skipped {
            scenario.reason.get_or_insert(reason);
        }
        if let Some(failed) = scenario.story.failed(event) {
            scenario.failed += 1;
            let text = format!(
                "{}\n\n{}",
                failed.place(self.paint),
                failed.text(self.paint)
            );
            self.failures.insert((*number, place), text);
        }
        if let Some(warned) = scenario.story.warned(event) {
            scenario.warned |= self.warnings.on_step(warned, findings);
        }
    }
}

impl<W: Write> Reporter for Human<W> {
    fn on(&mut self, event: &Event) -> io::Result<()> {
        self.totals.on(event);
        self.grid.on(event);
        match event {
            Event::RunStarted {
                version,
                run,
                target,
                target_name,
                scenarios,
                ..
            } => {
                let target = match target_name {
                    Some(name) => format!("{name}, {target}"),
                    None => target.clone(),
                };
                writeln!(
                    self.out,
                    "scimulate {}: {} against {}, run {}\n",
                    one_line(version),
                    counted(*scenarios, "scenario"),
                    one_line(&target),
                    one_line(run),
                )
            }
            Event::Notice { message } => writeln!(self.out, "note: {}", visible(message)),
            Event::Unreferenced { snapshots } => {
                writeln!(
                    self.out,
                    "note: {} no longer belong to any step; delete them if that is meant:",
                    counted(snapshots.len(), "snapshot"),
                )?;
                for snapshot in snapshots {
                    writeln!(self.out, "  {}", one_line(snapshot))?;
                }
                Ok(())
            }
            Event::Stopped { message, hint } => {
                writeln!(
                    self.out,
                    "{} {}",
                    self.paint.bad("stopped:"),
                    visible(message)
                )?;
                match hint {
                    Some(hint) => writeln!(self.out, "hint: {}", visible(hint)),
                    None => Ok(()),
                }
            }
            Event::ScenarioStarted { scenario, .. } => {
                self.open.entry(*scenario).or_default().story.begin(event);
                Ok(())
            }
            Event::StepFinished { .. } => {
                self.keep_step(event);
                Ok(())
            }
            Event::ScenarioFinished {
                scenario,
                verdict,
                elapsed,
                ..
            } => {
                self.open.entry(*scenario).or_default().over = Some((*verdict, *elapsed));
                self.write_lines(false)
            }
            Event::Causes { causes, known } => {
                self.causes.clone_from(causes);
                self.known.clone_from(known);
                Ok(())
            }
            Event::Baseline(comparison) => {
                self.comparisons.push(comparison.clone());
                Ok(())
            }
            Event::RunFinished { .. } => {
                self.write_lines(true)?;
                self.write_end()
            }
            Event::Readiness(verdict) => {
                self.readiness = Some(verdict.clone());
                Ok(())
            }
            Event::Preflight { .. } | Event::StepStarted { .. } => Ok(()),
        }
    }
}

impl Scenario {
    fn line(&self, paint: Paint) -> String {
        let (word, time) = match self.over {
            Some((Verdict::Pass, time)) if self.known => (paint.odd("~ known"), Some(time)),
            Some((Verdict::Pass, time)) if self.warned => (paint.odd("! warn"), Some(time)),
            Some((Verdict::Pass, time)) => (paint.good("✓ pass"), Some(time)),
            Some((Verdict::Fail | Verdict::Error, time)) => (paint.bad("✗ FAIL"), Some(time)),
            Some((Verdict::Skip, _)) => (paint.faint("- skip"), None),
            None => (paint.odd("? part"), None),
        };
        let mut line = format!(
            "{word}  {:18}  {}",
            one_line(&self.story.client),
            one_line(&self.story.title)
        );
        match (self.over, &self.reason) {
            (None, _) => line.push_str(": not finished"),
            (Some((Verdict::Skip, _)), Some(reason)) => line.push_str(&format!(": {reason}")),
            _ => {}
        }
        if let Some(time) = time {
            line.push_str(&paint.faint(format!("  {}", seconds(time))));
        }
        line
    }
}

fn indented(text: &str) -> String {
    let lines: Vec<String> = text
        .lines()
        .map(|line| {
            if line.is_empty() {
                String::new()
            } else {
                format!("  {line}")
            }
        })
        .collect();
    lines.join("\n")
}
