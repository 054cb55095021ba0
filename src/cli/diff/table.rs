//! What two runs say differently, as text and as JSON.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::io::{self, IsTerminal};

use serde_json::json;

use crate::finding::template::{template, unquoted};
use crate::finding::{Difference, Verdict};
use crate::report::clean::one_line;
use crate::report::counted;
use crate::report::difference::shown;
use crate::report::paint::Paint;
use crate::snapshot::answered::Answered;
use crate::snapshot::contrast::{Contrast, StepContrast, StepName};

/// Steps that are named for one difference.
const MOST: usize = 3;

/// One difference, and where it is: what differs in many steps in the same way has one reason.
type Groups<'a> = Vec<(&'a Difference, Vec<&'a StepName>)>;

/// For people: what came out otherwise first, then what was answered otherwise, the most frequent first.
pub(super) fn human(
    first: &Answered,
    second: &Answered,
    contrast: &Contrast,
    verbose: bool,
) -> String {
    let coloured = io::stdout().is_terminal()
        && anstream::AutoStream::choice(&io::stdout()) != anstream::ColorChoice::Never;
    let paint = match coloured {
        true => Paint::COLOURED,
        false => Paint::PLAIN,
    };
    let most = |usual: usize| if verbose { usize::MAX } else { usual };
    let mut text = format!(
        "A  {}, {}\nB  {}, {}\n",
        one_line(&first.target),
        one_line(&first.started),
        one_line(&second.target),
        one_line(&second.started)
    );
    let turned = turned(contrast);
    let count: usize = turned.iter().map(Vec::len).sum();
    if count > 0 {
        let _ = writeln!(
            text,
            "\n{}",
            paint.bold(format!("{} out otherwise", come(count)))
        );
    }
    for steps in turned {
        let (left, right) = steps[0].verdicts;
        let _ = writeln!(
            text,
            "  {} in A, {} in B",
            painted(left, paint),
            painted(right, paint)
        );
        for reason in reasons(steps[0]).into_values() {
            let _ = writeln!(text, "    {reason}");
        }
        for step in steps.iter().take(most(MOST)) {
            let _ = writeln!(text, "    {}", named(&step.name));
        }
        rest(&mut text, steps.len(), most(MOST));
    }
    let groups = groups(contrast);
    if !groups.is_empty() {
        let _ = writeln!(
            text,
            "\n{}",
            paint.bold(format!(
                "{} in what is answered",
                counted(groups.len(), "difference")
            ))
        );
    }
    for (difference, steps) in groups {
        let path = match difference.path.as_str() {
            "" => "the whole body",
            path => path,
        };
        let _ = writeln!(
            text,
            "  {}\n    A  {}\n    B  {}",
            paint.bold(one_line(path)),
            paint.removed(shown(difference.expected.as_ref())),
            paint.added(shown(difference.received.as_ref()))
        );
        for step in steps.iter().take(most(MOST)) {
            let _ = writeln!(text, "    {}", named(step));
        }
        rest(&mut text, steps.len(), most(MOST));
    }
    for (side, steps) in [("A", &contrast.only_first), ("B", &contrast.only_second)] {
        if !steps.is_empty() {
            let told = format!("{} only in {side}", counted(steps.len(), "step"));
            let _ = writeln!(text, "\n{}", paint.bold(told));
        }
        for step in steps.iter().take(most(MOST)) {
            let _ = writeln!(text, "  {}", named(step));
        }
        rest(&mut text, steps.len(), most(MOST));
    }
    let _ = writeln!(
        text,
        "\n{} compared: {}",
        counted(contrast.compared, "step"),
        match contrast.steps.len() {
            0 => "all the same".to_owned(),
            1 => "1 differs".to_owned(),
            steps => format!("{steps} differ"),
        }
    );
    text
}

/// For machines: everything.
pub(super) fn json(first: &Answered, second: &Answered, contrast: &Contrast) -> String {
    let side = |run: &Answered| json!({ "target": run.target, "started": run.started });
    let whole = json!({
        "first": side(first),
        "second": side(second),
        "compared": contrast.compared,
        "steps": contrast.steps,
        "onlyFirst": contrast.only_first,
        "onlySecond": contrast.only_second,
    });
    format!("{whole:#}\n")
}

fn come(steps: usize) -> String {
    match steps {
        1 => "1 step comes".to_owned(),
        steps => format!("{steps} steps come"),
    }
}

fn painted(verdict: Verdict, paint: Paint) -> String {
    match verdict {
        Verdict::Pass => paint.good(verdict.name()),
        Verdict::Fail | Verdict::Error => paint.bad(verdict.name()),
        Verdict::Skip => paint.odd(verdict.name()),
    }
}

/// Steps that came out otherwise, those with the same reasons together, the most frequent first.
fn turned(contrast: &Contrast) -> Vec<Vec<&StepContrast>> {
    let mut groups: BTreeMap<(&str, Vec<String>), Vec<&StepContrast>> = BTreeMap::new();
    let is_turned = |step: &&StepContrast| step.verdicts.0 != step.verdicts.1;
    for step in contrast.steps.iter().filter(is_turned) {
        let key = (step.verdicts.1.name(), reasons(step).into_keys().collect());
        groups.entry(key).or_default().push(step);
    }
    let mut groups: Vec<_> = groups.into_values().collect();
    groups.sort_by_key(|steps| std::cmp::Reverse(steps.len()));
    groups
}

/// What is wrong on each side, by the text without what differs each time.
fn reasons(step: &StepContrast) -> BTreeMap<String, String> {
    let sides = [("A", &step.failed.0), ("B", &step.failed.1)];
    let said = sides.into_iter().flat_map(|(side, failed)| {
        failed.iter().map(move |message| {
            let message = one_line(message);
            (
                format!("{side}  {}", template(&message)),
                format!("{side}  {message}"),
            )
        })
    });
    said.collect()
}

fn groups(contrast: &Contrast) -> Groups<'_> {
    let mut groups: BTreeMap<String, (&Difference, Vec<&StepName>)> = BTreeMap::new();
    for step in &contrast.steps {
        for difference in &step.differences {
            // Who it is about is different in every step.
            let key = json!([
                unquoted(&difference.path),
                difference.expected,
                difference.received
            ]);
            let key = unnumbered(&key.to_string());
            let (_, steps) = groups.entry(key).or_insert((difference, Vec::new()));
            if steps.last() != Some(&&step.name) {
                steps.push(&step.name);
            }
        }
    }
    let mut groups: Groups<'_> = groups.into_values().collect();
    groups.sort_by_key(|(_, steps)| std::cmp::Reverse(steps.len()));
    groups
}

/// The text with all ids alike.
fn unnumbered(text: &str) -> String {
    let mut parts = text.split("[id-");
    let mut plain = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        plain.push_str("[id-");
        plain.push_str(part.trim_start_matches(|letter: char| letter.is_ascii_digit()));
    }
    plain
}

fn named(step: &StepName) -> String {
    format!(
        "{}, step `{}`, as {}",
        one_line(&step.place),
        one_line(&step.step),
        step.client
    )
}

fn rest(text: &mut String, all: usize, most: usize) {
    if all > most {
        let _ = writeln!(
            text,
            "    and {} (`--verbose` names them)",
            counted(all - most, "more step")
        );
    }
}
