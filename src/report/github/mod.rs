//! GitHub: annotations at the lines of scenarios, one for each cause, and text that its runner takes for no command.

mod defused;

pub use defused::{Defused, defused};

use std::collections::BTreeMap;
use std::io::{self, Write};

use super::Reporter;
use super::clean::{one_line, shortened, visible};
use super::fixes;
use super::paint::Paint;
use super::story::Story;
use super::summary::{counted, left_lines};
use super::totals::Totals;
use crate::event::{Cause, Event, StepPlace};

/// GitHub keeps ten errors and ten warnings of a step, and fifty of a job; one is for what has no room.
const MOST: usize = 9;

/// Bytes of a message; longer ones are cut by GitHub (64 KiB), and read by nobody.
const LONGEST: usize = 4000;

/// The path of a scenario's file in the repository, if it is there: what is shipped with scimulate is not.
pub type InRepository = fn(&str) -> Option<String>;

/// Writes annotations at the end of the run.
#[derive(Debug)]
pub struct Annotations<W> {
    out: W,
    in_repository: InRepository,
    scenarios: BTreeMap<usize, Scenario>,
    /// What is wrong with failed steps, by scenario and place in it.
    failures: BTreeMap<(usize, usize), String>,
    totals: Totals,
    stopped: Option<(String, Option<String>)>,
    causes: Vec<Cause>,
}

#[derive(Debug, Clone, Default)]
struct Scenario {
    story: Story,
    steps: usize,
}

/// How GitHub shows it.
#[derive(Debug, Clone, Copy)]
enum Level {
    Error,
    Warning,
}

impl<W: Write> Annotations<W> {
    /// Writes to `out`.
    pub fn new(out: W, in_repository: InRepository) -> Self {
        Self {
            out,
            in_repository,
            scenarios: BTreeMap::new(),
            failures: BTreeMap::new(),
            totals: Totals::default(),
            stopped: None,
            causes: Vec::new(),
        }
    }

    fn keep_step(&mut self, event: &Event) {
        let Event::StepFinished {
            scenario: number, ..
        } = event
        else {
            return;
        };
        let scenario = self.scenarios.entry(*number).or_default();
        let place = (*number, scenario.steps);
        scenario.steps += 1;
        if let Some(failed) = scenario.story.failed(event) {
            let text = format!("{}\n{}", failed.place(Paint::PLAIN), failed.headline());
            self.failures.insert(place, text);
        }
    }

    fn write(&mut self) -> io::Result<()> {
        if let Some((message, hint)) = &self.stopped {
            let hint = hint.as_ref().map(|hint| format!("\nhint: {hint}"));
            let text = format!("{message}{}", hint.unwrap_or_default());
            annotation(
                &mut self.out,
                Level::Error,
                None,
                "the target could not be tested",
                &text,
            )?;
        }
        for (position, cause) in self.causes.iter().enumerate().take(MOST) {
            let (place, text) = self.told(position, cause);
            annotation(&mut self.out, Level::Error, place, &cause.title, &text)?;
        }
        if self.causes.len() > MOST {
            let titles: Vec<String> = self.causes[MOST..]
                .iter()
                .map(|cause| {
                    format!(
                        "{}: {}",
                        one_line(&cause.title),
                        counted(cause.places.len(), "failed step")
                    )
                })
                .collect();
            let title = format!("{} more", counted(titles.len(), "cause"));
            annotation(
                &mut self.out,
                Level::Error,
                None,
                &title,
                &titles.join("\n"),
            )?;
        }
        if self.totals.interrupted {
            let text = "what the report does not list was not tested";
            annotation(&mut self.out, Level::Warning, None, "interrupted", text)?;
        }
        let left = left_lines(&self.totals);
        if !left.is_empty() {
            let title = "not all that was created could be removed";
            annotation(&mut self.out, Level::Warning, None, title, &left.join("\n"))?;
        }
        self.out.flush()
    }

    /// Where a cause is shown, and what is said of it: the first of its places that is in the repository.
    fn told(&self, position: usize, cause: &Cause) -> (Option<(String, usize)>, String) {
        let in_repository =
            |place: &StepPlace| Some(((self.in_repository)(&place.file)?, place.line));
        let shown = cause
            .places
            .iter()
            .find_map(|place| Some((place, in_repository(place)?)));
        let first = shown
            .as_ref()
            .map(|(place, _)| *place)
            .or(cause.places.first());
        let failure = first.and_then(|place| self.failures.get(&(place.scenario, place.index)));
        let mut lines = vec![fixes::effect(position, cause)];
        lines.extend(failure.cloned());
        let rules: Vec<String> = cause.rules.iter().map(|rule| one_line(rule)).collect();
        if !rules.is_empty() {
            lines.push(format!("scimulate explain {}", rules.join(" ")));
        }
        (shown.map(|(_, place)| place), lines.join("\n"))
    }
}

impl<W: Write> Reporter for Annotations<W> {
    fn on(&mut self, event: &Event) -> io::Result<()> {
        self.totals.on(event);
        match event {
            Event::Stopped { message, hint } => {
                self.stopped = Some((message.clone(), hint.clone()))
            }
            Event::ScenarioStarted { scenario, .. } => {
                let known = self.scenarios.entry(*scenario).or_default();
                known.story.begin(event);
            }
            Event::StepFinished { .. } => self.keep_step(event),
            Event::Causes { causes, .. } => self.causes.clone_from(causes),
            Event::RunFinished { .. } => self.write()?,
            _ => {}
        }
        Ok(())
    }
}

fn annotation(
    out: &mut impl Write,
    level: Level,
    place: Option<(String, usize)>,
    title: &str,
    text: &str,
) -> io::Result<()> {
    let level = match level {
        Level::Error => "error",
        Level::Warning => "warning",
    };
    let place = place.map_or(String::new(), |(file, line)| {
        format!("file={},line={line},", property(&file))
    });
    let title = property(&one_line(&shortened(&format!("scimulate: {title}"), 200)));
    // Older runners look for their commands anywhere in a line.
    let text = data(&visible(&shortened(text, LONGEST))).replace("##[", "## [");
    writeln!(out, "::{level} {place}title={title}::{text}")
}

/// As GitHub's own toolkit escapes what follows the second `::`.
fn data(text: &str) -> String {
    text.replace('%', "%25")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
}

/// As it escapes a property.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::{Level, annotation};

    #[test]
    fn what_is_annotated_cannot_be_a_command() {
        let mut out = Vec::new();
        let place = Some(("a:b,c.yaml".to_owned(), 7));
        let text = "50%\n::set-env name=A::b\r::x\u{1b}[31m";
        annotation(&mut out, Level::Error, place, "one: two, 3\n::stop", text).unwrap();
        assert_eq!(
            String::from_utf8(out).unwrap(),
            "::error file=a%3Ab%2Cc.yaml,line=7,title=scimulate%3A one%3A two%2C 3 %3A%3Astop\
             ::50%25%0A::set-env name=A::b\\u{d}::x\\u{1b}[31m\n"
        );
    }
}
