//! HTML: one page that needs no other file and no network; to look at, to attach, to pass on.
//!
//! All of it is plain markup that can be read, folded and printed without a script. The script in it searches, filters and
//! unfolds what is there: it makes nothing of data, and the page's policy allows no other one. Steps that failed are shown with
//! all that was exchanged, the others in short, so that a run of twenty thousand exchanges stays a page that browsers open.

mod assets;
mod body;
mod causes;
mod coverage;
mod differences;
mod exchange;
mod finding;
mod gate;
mod grid;
mod latency;
mod lifeline;
mod page;
mod picture;
mod prose;
mod rule;
mod scenario;
mod step;
mod words;

use std::collections::BTreeMap;
use std::io::{self, Write};

use super::Reporter;
use super::clean::{html, one_line};
use super::grid::Grid;
use super::skips::Skips;
use super::totals::Totals;
use super::warnings::Warnings;
use crate::event::{Authentication, AuthenticationKind, Cause, Comparison, Event, Readiness};
use coverage::Coverage;
use exchange::Shorts;
use latency::Latency;
use prose::prose;
use scenario::Scenario;
use step::Step;

/// Bytes of failed steps that wait for the end of the run; more than are shown, because the causes choose among them.
const MOST_KEPT: usize = 64 * 1024 * 1024;

/// Bytes of other exchanges that do so; beyond them a line of each is kept.
const MOST_KEPT_SHORT: usize = 32 * 1024 * 1024;
/// Preflights that are shown; a long run fetches many tokens.
const MOST_PREFLIGHTS: usize = 50;

/// What is known of rules, which events do not tell.
#[derive(Debug, Clone, Copy)]
pub struct Rules {
    /// The page of a rule: Markdown with the four headings that each has, if the rule is known.
    pub page_of: fn(&str) -> Option<&'static str>,
    /// Ids of the requirements that a check judges; none for what is no check.
    pub requirements_of: fn(&str) -> &'static [&'static str],
    /// Requirements that no client can judge from outside, by their ids, and why.
    pub untestable: fn() -> BTreeMap<String, String>,
}

/// Writes one document at the end of the run.
pub struct Html<W> {
    out: W,
    rules: Rules,
    /// What was tested, in a few words.
    target: String,
    /// Path of the target's base URL.
    base: String,
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
    /// Exchanges that belong to no scenario.
    preflight: Vec<Shorts>,
    latency: Latency,
    coverage: Coverage,
    /// Bytes of exchanges that are kept in short.
    kept_short: usize,
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
    /// Writes to `out`, with what is known of rules.
    pub fn new(out: W, rules: Rules) -> Self {
        Self {
            out,
            rules,
            target: String::new(),
            base: String::new(),
            facts: Vec::new(),
            grid: Grid::default(),
            totals: Totals::default(),
            warnings: Warnings::default(),
            skips: Skips::default(),
            scenarios: BTreeMap::new(),
            kept: 0,
            dropped: 0,
            preflight: Vec::new(),
            latency: Latency::default(),
            coverage: Coverage::default(),
            kept_short: 0,
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
            verdict,
            exchanges,
            findings,
            ..
        } = event
        else {
            return;
        };
        self.latency.take(exchanges, &self.base);
        let scenario = self.scenarios.entry(*number).or_default();
        let place = (*number, scenario.next());
        self.skips.on_step(place, *verdict, findings);
        if let Some(warned) = scenario.story.warned(event) {
            self.warnings.on_step(warned, findings);
        }
        let id = format!("s{number}-{}", scenario.next());
        if let Some(mut step) = Step::of(event, &id, scenario.story.source.as_deref()) {
            self.kept += step.whole.as_ref().map_or(0, String::len);
            if self.kept > MOST_KEPT && step.whole.take().is_some() {
                self.dropped += 1;
            }
            self.kept_short += step.bytes();
            if self.kept_short > MOST_KEPT_SHORT {
                step.forget_content();
            }
            scenario.take(event, &id, &self.base, step);
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
        // Every service of an emulated provider asks for itself.
        if !self.facts.iter().any(|(_, known)| *known == told) {
            self.facts.push(("authentication", told));
        }
    }
}

/// The path of a URL, without the slash at its end.
fn path_of(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let path = rest.find('/').map_or("", |start| &rest[start..]);
    path.trim_end_matches('/')
}

/// An instant without the parts of its second.
fn to_the_second(instant: &str) -> String {
    match instant
        .strip_suffix('Z')
        .and_then(|rest| rest.split_once('.'))
    {
        Some((start, _)) => format!("{start}Z"),
        None => instant.to_owned(),
    }
}

impl<W: Write> Reporter for Html<W> {
    fn on(&mut self, event: &Event) -> io::Result<()> {
        self.totals.on(event);
        self.grid.on(event);
        self.coverage.on(event);
        match event {
            Event::RunStarted {
                version,
                run,
                started,
                target,
                target_name,
                ..
            } => {
                self.base = path_of(target).to_owned();
                self.target = html(&one_line(target_name.as_ref().unwrap_or(target)));
                self.facts = vec![
                    ("target", html(&one_line(target))),
                    ("started", html(&one_line(&to_the_second(started)))),
                    ("run", html(&one_line(run))),
                    ("scimulate", html(&one_line(version))),
                ];
            }
            Event::Preflight {
                exchanges,
                authentication,
            } => {
                self.latency.take(exchanges, &self.base);
                if self.preflight.len() < MOST_PREFLIGHTS {
                    self.preflight.push(Shorts::of(exchanges));
                }
                if let Some(authentication) = authentication {
                    self.keep_authentication(authentication);
                }
            }
            Event::Notice { message } => self.notices.push(prose(message)),
            Event::Unreferenced { snapshots } => {
                let names: Vec<String> =
                    snapshots.iter().map(|name| html(&one_line(name))).collect();
                let told = format!("snapshots that no step has any more: {}", names.join(", "));
                self.notices.push(told);
            }
            Event::Stopped { message, hint } => {
                let hint = hint.as_ref().map(|hint| prose(hint));
                self.stopped = Some((prose(message), hint));
            }
            Event::ScenarioStarted { scenario, .. } => {
                self.scenarios.entry(*scenario).or_default().begin(event);
            }
            Event::StepStarted { .. } => {}
            Event::StepFinished { .. } => self.keep_step(event),
            Event::ScenarioFinished {
                scenario, cleanup, ..
            } => {
                self.latency.take(cleanup, &self.base);
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
