//! The verdict on a provider's gate, for people: the answer first, then what shuts the gate and what to do, then what was
//! not tested, and what is left to a person.

use std::io::{self, Write};

use super::Reporter;
use super::clean::{one_line, visible};
use super::paint::Paint;
use super::summary::{counted, left_lines, seconds};
use super::totals::Totals;
use crate::event::{Event, Opens, Outcome, PartOutcome, Readiness, RequirementOutcome, Sight};

/// Faults of one requirement that are shown where not all are asked for.
const FEW: usize = 3;

/// Writes what a run says of a gate, and nothing of its scenarios.
#[derive(Debug)]
pub struct GateReport<W> {
    out: W,
    paint: Paint,
    verbose: bool,
    totals: Totals,
    target: String,
    readiness: Option<Readiness>,
}

impl<W: Write> GateReport<W> {
    /// Writes to `out`; every requirement where it is to be verbose.
    pub fn new(out: W, paint: Paint, verbose: bool) -> Self {
        Self {
            out,
            paint,
            verbose,
            totals: Totals::default(),
            target: String::new(),
            readiness: None,
        }
    }
}

impl<W: Write> Reporter for GateReport<W> {
    fn on(&mut self, event: &Event) -> io::Result<()> {
        self.totals.on(event);
        match event {
            Event::RunStarted {
                target,
                target_name,
                ..
            } => {
                self.target = match target_name {
                    Some(name) => format!("{name}, {target}"),
                    None => target.clone(),
                };
                Ok(())
            }
            Event::Notice { message } => writeln!(self.out, "note: {}", visible(message)),
            Event::Stopped { message, hint } => {
                let stopped = self.paint.bad("stopped:");
                writeln!(self.out, "{stopped} {}", visible(message))?;
                match hint {
                    Some(hint) => writeln!(self.out, "hint: {}", visible(hint)),
                    None => Ok(()),
                }
            }
            Event::Readiness(readiness) => {
                self.readiness = Some(readiness.clone());
                Ok(())
            }
            Event::RunFinished { elapsed, .. } => {
                if let Some(readiness) = &self.readiness {
                    let text = text(readiness, self.paint, self.verbose);
                    writeln!(self.out, "{text}")?;
                    writeln!(
                        self.out,
                        "{} against {}, {} in {}",
                        counted(self.totals.scenarios.all(), "scenario"),
                        one_line(&self.target),
                        counted(self.totals.requests, "request"),
                        seconds(*elapsed),
                    )?;
                }
                for line in left_lines(&self.totals) {
                    writeln!(self.out, "{line}")?;
                }
                if self.totals.interrupted {
                    writeln!(self.out, "interrupted: what is not listed was not tested")?;
                }
                self.out.flush()
            }
            _ => Ok(()),
        }
    }
}

/// The whole verdict.
pub(super) fn text(readiness: &Readiness, paint: Paint, verbose: bool) -> String {
    let mut blocks = vec![heading(readiness, paint), overview(readiness)];
    let of = |outcome: Outcome, required: bool| {
        all(readiness).filter(move |one| one.outcome == outcome && one.required == required)
    };
    let shut: Vec<String> = of(Outcome::NotMet, true)
        .map(|one| told(one, paint, verbose))
        .collect();
    blocks.extend(block("Required and not met", shut, paint));
    let advised: Vec<String> = of(Outcome::NotMet, false)
        .map(|one| told(one, paint, verbose))
        .collect();
    let title = "Recommended and not met, which shuts nothing";
    blocks.extend(block(title, advised, paint));
    let untested = all(readiness).filter(|one| one.outcome == Outcome::NotTested);
    blocks.extend(block("Not tested", untested.map(why).collect(), paint));
    if verbose {
        let manual = all(readiness).filter(|one| one.outcome == Outcome::Manual);
        blocks.extend(block("Left to you", manual.map(why).collect(), paint));
        let absent = all(readiness).filter(|one| one.outcome == Outcome::NotApplicable);
        let absent = absent.map(why).collect();
        blocks.extend(block(
            "Not applicable: the target does without",
            absent,
            paint,
        ));
        let met = all(readiness).filter(|one| one.outcome == Outcome::Met);
        blocks.extend(block(
            "Met",
            met.map(|one| met_line(one, paint)).collect(),
            paint,
        ));
    }
    blocks.extend(closing(readiness, verbose));
    blocks.join("\n\n")
}

fn heading(readiness: &Readiness, paint: Paint) -> String {
    let verdict = readiness.verdict.words().to_uppercase();
    let verdict = match readiness.verdict {
        Opens::Ready => paint.good(verdict),
        Opens::NotReady => paint.bad(verdict),
        Opens::NotPredictable => paint.odd(verdict),
    };
    format!(
        "{}: {verdict} (rules of {}, met as {})",
        paint.bold(one_line(&readiness.title)),
        one_line(&readiness.rules),
        one_line(&readiness.client),
    )
}

/// A line for each part.
fn overview(readiness: &Readiness) -> String {
    let width = |of: fn(&PartOutcome) -> usize| readiness.parts.iter().map(of).max().unwrap_or(0);
    let title = width(|part| part.title.chars().count());
    let lines: Vec<String> = readiness
        .parts
        .iter()
        .map(|part| {
            let mut line = format!("  {:title$}  {}", one_line(&part.title), tally(part));
            if part.requests > 0 {
                line.push_str(&format!(
                    "; {}, {} in {}",
                    counted(part.requests, "request"),
                    counted(part.assertions, "assertion"),
                    seconds(part.elapsed)
                ));
            }
            line
        })
        .collect();
    lines.join("\n")
}

/// `12 met, 1 not met of 13`
fn tally(part: &PartOutcome) -> String {
    let count = |outcome: Outcome| {
        let having = |one: &&RequirementOutcome| one.outcome == outcome;
        part.requirements.iter().filter(having).count()
    };
    let words: Vec<String> = [
        Outcome::NotMet,
        Outcome::Met,
        Outcome::NotTested,
        Outcome::NotApplicable,
        Outcome::Manual,
    ]
    .into_iter()
    .filter(|outcome| count(*outcome) > 0)
    .map(|outcome| format!("{} {}", count(outcome), outcome.words()))
    .collect();
    words.join(", ")
}

fn all(readiness: &Readiness) -> impl Iterator<Item = &RequirementOutcome> {
    readiness.parts.iter().flat_map(|part| &part.requirements)
}

fn block(title: &str, lines: Vec<String>, paint: Paint) -> Option<String> {
    let title = paint.bold(title);
    (!lines.is_empty()).then(|| format!("{title}\n{}", lines.join("\n")))
}

/// A requirement that is not met: what, where it is written, what was seen, what to do.
fn told(one: &RequirementOutcome, paint: Paint, verbose: bool) -> String {
    let mut lines = vec![format!(
        "  {} {}  {}",
        match one.required {
            true => paint.bad("✗"),
            false => paint.odd("!"),
        },
        one_line(&one.id),
        paint.bold(one_line(&one.title)),
    )];
    lines.push(format!("      {}", paint.faint(written(one))));
    let shown = if verbose { one.seen.len() } else { FEW };
    for sight in one.seen.iter().take(shown) {
        lines.push(format!("      {}", seen(sight)));
    }
    if one.seen.len() > shown {
        let more = one.seen.len() - shown;
        lines.push(format!(
            "      and {}; --verbose shows them",
            counted(more, "more fault")
        ));
    }
    for reason in &one.reasons {
        lines.push(format!("      {}", one_line(reason)));
    }
    lines.push(format!("      do: {}", one_line(&one.fix)));
    lines.join("\n")
}

/// Where it is written, and since when.
fn written(one: &RequirementOutcome) -> String {
    let mut written = format!("{}, rule of {}", one_line(&one.source), one_line(&one.date));
    if let Some(emulated) = &one.emulated {
        written.push_str(&format!("; emulated: {}", one_line(emulated)));
    }
    written
}

fn seen(sight: &Sight) -> String {
    let mut text = one_line(&sight.message);
    if !sight.file.is_empty() {
        text.push_str(&format!(
            "\n        {}:{}, step `{}`",
            one_line(&sight.file),
            sight.line,
            one_line(&sight.step)
        ));
    }
    if sight.times > 1 {
        text.push_str(&format!(" and {}", counted(sight.times - 1, "more step")));
    }
    text
}

fn why(one: &RequirementOutcome) -> String {
    let reasons: Vec<String> = one.reasons.iter().map(|reason| one_line(reason)).collect();
    format!(
        "  - {}  {}\n      {}",
        one_line(&one.id),
        one_line(&one.title),
        reasons.join("; ")
    )
}

fn met_line(one: &RequirementOutcome, paint: Paint) -> String {
    let mut line = format!(
        "  {} {}  {}",
        paint.good("✓"),
        one_line(&one.id),
        one_line(&one.title)
    );
    for sight in one.seen.iter().take(FEW) {
        line.push_str(&format!("\n      {}", one_line(&sight.message)));
    }
    line
}

fn closing(readiness: &Readiness, verbose: bool) -> Option<String> {
    let mut lines = Vec::new();
    let manual = all(readiness)
        .filter(|one| one.outcome == Outcome::Manual)
        .count();
    if manual > 0 && !verbose {
        lines.push(format!(
            "{} cannot be seen from here; --verbose lists what to look at",
            counted(manual, "requirement")
        ));
    }
    if readiness.beside > 0 {
        lines.push(format!(
            "{} the RFC where this gate does not look; the event log and `scimulate run` tell them",
            match readiness.beside {
                1 => "1 step breaks".to_owned(),
                steps => format!("{steps} steps break"),
            }
        ));
    }
    (!lines.is_empty()).then(|| lines.join("\n"))
}
