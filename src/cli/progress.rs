//! Progress at a terminal, on stderr: how far a run is, what has failed, and the step under way. It is gone at the end.

use std::collections::BTreeMap;
use std::env;
use std::fmt::Write;
use std::io::{self, IsTerminal};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};

use crate::event::Event;
use crate::finding::Verdict;
use crate::report::Reporter;
use crate::report::clean::one_line;

/// How often it moves where nothing happens.
const TICK: Duration = Duration::from_millis(200);

/// Shown with the next of these, one after the other.
const SPINNER: &str = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏ ";

/// Whether somebody watches at a terminal that can move its cursor. There are no colours in it, so `NO_COLOR` changes
/// nothing.
pub(super) fn is_wanted() -> bool {
    let in_ci = env::var("CI").is_ok_and(|ci| !matches!(ci.as_str(), "" | "0" | "false"));
    let is_dumb = env::var("TERM").is_ok_and(|terminal| terminal == "dumb");
    io::stderr().is_terminal() && !in_ci && !is_dumb
}

/// A line that says how far something is whose end is not known.
pub(super) fn spinner() -> ProgressBar {
    drawn(ProgressBar::no_length(), "{spinner} {elapsed} {wide_msg}")
}

fn drawn(bar: ProgressBar, template: &str) -> ProgressBar {
    bar.set_draw_target(ProgressDrawTarget::stderr());
    let style = ProgressStyle::with_template(template).expect("the template is one of ours");
    bar.set_style(style.tick_chars(SPINNER).with_key("left", left));
    bar.enable_steady_tick(TICK);
    bar
}

/// How long it will take, where that is more than a moment.
fn left(state: &ProgressState, out: &mut dyn Write) {
    let seconds = state.eta().as_secs();
    let words = match seconds {
        0 => String::new(),
        1..=90 => format!(", about {seconds} s left"),
        _ => format!(", about {} min left", seconds.div_ceil(60)),
    };
    // It is a text, which takes everything.
    let _ = out.write_str(&words);
}

/// Shows the progress of a run below what another reporter writes.
pub(super) struct Progress {
    bar: ProgressBar,
    below: Box<dyn Reporter>,
    /// The scenarios under way, by number: what is shown of them.
    running: BTreeMap<usize, Running>,
    failed: usize,
}

struct Running {
    told: String,
    step: String,
}

impl Progress {
    /// Below what this reporter writes.
    pub(super) fn below(reporter: Box<dyn Reporter>) -> Self {
        let template = "{spinner} {pos}/{len} scenarios{prefix}{left}  {wide_msg}";
        Self {
            bar: drawn(ProgressBar::new(0), template),
            below: reporter,
            running: BTreeMap::new(),
            failed: 0,
        }
    }

    fn show(&self) {
        let message = match self.running.first_key_value() {
            Some((_, running)) => running.words(self.running.len() - 1),
            None => String::new(),
        };
        self.bar.set_message(message);
    }
}

impl Running {
    fn words(&self, others: usize) -> String {
        let step = match self.step.as_str() {
            "" => String::new(),
            step => format!(": {step}"),
        };
        match others {
            0 => format!("{}{step}", self.told),
            _ => format!("{}{step} (and {others} more)", self.told),
        }
    }
}

impl Reporter for Progress {
    fn on(&mut self, event: &Event) -> io::Result<()> {
        match event {
            Event::RunStarted { scenarios, .. } => self.bar.set_length(*scenarios as u64),
            Event::ScenarioStarted {
                scenario,
                title,
                client,
                ..
            } => {
                let told = format!("{}, {}", one_line(client), one_line(title));
                let step = String::new();
                self.running.insert(*scenario, Running { told, step });
                self.show();
            }
            Event::StepStarted { scenario, step } => {
                if let Some(running) = self.running.get_mut(scenario) {
                    running.step = one_line(step);
                }
                self.show();
            }
            Event::StepFinished {
                verdict: Verdict::Fail | Verdict::Error,
                ..
            } => {
                self.failed += 1;
                let steps = if self.failed == 1 { "step" } else { "steps" };
                self.bar
                    .set_prefix(format!(", {} {steps} failed", self.failed));
            }
            Event::ScenarioFinished { scenario, .. } => {
                self.running.remove(scenario);
                self.bar.inc(1);
                self.show();
            }
            Event::RunFinished { .. } => self.bar.finish_and_clear(),
            _ => {}
        }
        match event {
            // Nothing is written yet of what is under way.
            Event::StepStarted { .. }
            | Event::StepFinished { .. }
            | Event::ScenarioStarted { .. } => self.below.on(event),
            _ => {
                let Self { bar, below, .. } = self;
                bar.suspend(|| below.on(event))
            }
        }
    }
}
