//! HTML: one page that needs no other file, no script and no network; to look at, to attach, to pass on.
//!
//! Steps that failed are shown with all that was exchanged, the others in short, so that a run of twenty thousand
//! exchanges stays a page that browsers open.

mod exchange;
mod finding;
mod gate;
mod page;
mod rule;
mod scenario;
mod step;

use std::collections::BTreeMap;
use std::io::{self, Write};

use super::Reporter;
use super::clean::{html, one_line};
use super::grid::Grid;
use super::skips::Skips;
use super::totals::Totals;
use super::warnings::{Warned, Warnings};
use crate::event::{Authentication, AuthenticationKind, Cause, Comparison, Event, Readiness};
use scenario::Scenario;
use step::Step;

/// Bytes of failed steps that wait for the end of the run; more than are shown, because the causes choose among them.
const MOST_KEPT: usize = 64 * 1024 * 1024;

/// The page of a rule: Markdown with the four headings that each has, if the rule is known.
pub type PageOf = fn(&str) -> Option<&'static str>;

/// Writes one document at the end of the run.
pub struct Html<W> {
    out: W,
    page_of: PageOf,
    /// Name and value of what is known from the start.
    facts: Vec<(&'static str, String)>,
    grid: Grid,
    totals: Totals,
    warnings: Warnings,
    skips: Skips,
    scenarios: BTreeMap<usize, Scenario>,
    /// Bytes of failed steps that are kept whole.
    kept: usize,
    /// Failed steps that are kept in short only.
    dropped: usize,
    /// Exchanges that belong to no scenario, a line for each.
    preflight: String,
    notices: Vec<String>,
    /// Why the run could not go on, with what to do.
    stopped: Option<(String, Option<String>)>,
    causes: Vec<Cause>,
    /// Causes of what the baseline accepts.
    known: Vec<Cause>,
    comparisons: Vec<Comparison>,
    readiness: Option<Readiness>,
}

impl<W: Write> Html<W> {
    /// Writes to `out`; how to mend what breaks a rule is taken from the rule's page.
    pub fn new(out: W, page_of: PageOf) -> Self {
        Self {
            out,
            page_of,
            facts: Vec::new(),
            grid: Grid::default(),
            totals: Totals::default(),
            warnings: Warnings::default(),
            skips: Skips::default(),
            scenarios: BTreeMap::new(),
            kept: 0,
            dropped: 0,
            preflight: String::new(),
            notices: Vec::new(),
            stopped: None,
            causes: Vec::new(),
            known: Vec::new(),
            comparisons: Vec::new(),
            readiness: None,
        }
    }

    fn keep_step(&mut self, event: &Event) {
        let Event::StepFinished {
            scenario: number,
            file,
            line,
            source,
            verdict,
            findings,
            ..
        } = event
        else {
            return;
        };
        let scenario = self.scenarios.entry(*number).or_default();
        let place = (*number, scenario.steps.len());
        self.skips.on_step(place, *verdict, findings);
        let warned = Warned {
            scenario: *number,
            client: &scenario.client,
            file,
            line: *line,
            source: source.as_deref().or(scenario.source.as_deref()),
        };
        self.warnings.on_step(warned, findings);
        scenario.take(*verdict, findings);
        if let Some(mut step) = Step::of(event, scenario.source.as_deref()) {
            self.kept += step.whole.as_ref().map_or(0, String::len);
            if self.kept > MOST_KEPT && step.whole.take().is_some() {
                self.dropped += 1;
            }
            scenario.steps.push(step);
        }
    }

    fn keep_authentication(&mut self, authentication: &Authentication) {
        let words = match authentication.kind {
            AuthenticationKind::None => "none",
            AuthenticationKind::Bearer => "a bearer token that was given",
            AuthenticationKind::Basic => "user name and password",
            AuthenticationKind::Header => "a secret header",
            AuthenticationKind::ClientCredentials => "OAuth 2.0 client credentials",
        };
        let life = authentication.expires_in.map(|seconds| {
            format!("; the access token is valid for {seconds} s, as the token endpoint says")
        });
        let told = format!("{words}{}", life.unwrap_or_default());
        self.facts.push(("authentication", told));
    }
}

impl<W: Write> Reporter for Html<W> {
    fn on(&mut self, event: &Event) -> io::Result<()> {
        self.totals.on(event);
        self.grid.on(event);
        match event {
            Event::RunStarted {
                version,
                run,
                started,
                target,
                target_name,
                ..
            } => {
                let target = match target_name {
                    Some(name) => format!("{name}, {target}"),
                    None => target.clone(),
                };
                self.facts = vec![
                    ("target", html(&one_line(&target))),
                    ("started", html(&one_line(started))),
                    ("run", html(&one_line(run))),
                    ("scimulate", html(&one_line(version))),
                ];
            }
            Event::Preflight {
                exchanges,
                authentication,
            } => {
                self.preflight.push_str(&exchange::lines(exchanges));
                if let Some(authentication) = authentication {
                    self.keep_authentication(authentication);
                }
            }
            Event::Notice { message } => self.notices.push(html(message)),
            Event::Unreferenced { snapshots } => {
                let names: Vec<String> =
                    snapshots.iter().map(|name| html(&one_line(name))).collect();
                let told = format!("snapshots that no step has any more: {}", names.join(", "));
                self.notices.push(told);
            }
            Event::Stopped { message, hint } => {
                let hint = hint.as_ref().map(|hint| html(hint));
                self.stopped = Some((html(message), hint));
            }
            Event::ScenarioStarted { scenario, .. } => {
                self.scenarios.entry(*scenario).or_default().begin(event);
            }
            Event::StepFinished { .. } => self.keep_step(event),
            Event::ScenarioFinished { scenario, .. } => {
                self.scenarios.entry(*scenario).or_default().end(event);
            }
            Event::Baseline(comparison) => self.comparisons.push(comparison.clone()),
            Event::Causes { causes, known } => {
                self.causes.clone_from(causes);
                self.known.clone_from(known);
            }
            Event::Readiness(readiness) => self.readiness = Some(readiness.clone()),
            Event::RunFinished { .. } => {
                self.write()?;
                self.out.flush()?;
            }
        }
        Ok(())
    }
}
