//! `scimulate explain`: what a rule, a requirement or a defect is about.

use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::process::ExitCode;

use clap::{Args, ValueEnum};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::checks::Check;
use crate::cli::{Complaint, FINE};
use crate::coverage::untestable;
use crate::finding::page::{PAGES, page};
use crate::finding::requirement::Requirement;
use crate::report::html::Rules;
use crate::scenario::nearest::nearest;
use crate::server::{Defect, Story};

/// Options of `scimulate explain`.
#[derive(Debug, Clone, Args)]
pub(crate) struct ExplainArguments {
    /// Id of a rule, as a report names it, of a requirement or of a defect
    #[arg(value_name = "ID", required_unless_present = "list")]
    id: Vec<String>,
    /// List what can be explained
    #[arg(long, value_name = "KIND", num_args = 0..=1, default_missing_value = "all", conflicts_with = "id")]
    list: Option<Kind>,
    /// As one JSON object for each id
    #[arg(long)]
    json: bool,
}

/// What can be listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Kind {
    /// Everything
    All,
    /// Rules for any exchange
    Checks,
    /// What scenarios expect, and what is read back
    Rules,
    /// Requirements of the RFCs
    Requirements,
    /// Defects that were met in real servers
    Defects,
}

/// Explains each id, or lists them.
pub(crate) fn explain(arguments: &ExplainArguments) -> Result<ExitCode, Complaint> {
    let text = match arguments.list {
        Some(kind) => listed(kind),
        None => {
            let explained: Vec<Explained> = arguments
                .id
                .iter()
                .map(|id| find(id).ok_or_else(|| unknown(id)))
                .collect::<Result<_, _>>()?;
            match arguments.json {
                true => explained
                    .iter()
                    .map(|one| format!("{}\n", one.to_json()))
                    .collect(),
                false => explained
                    .iter()
                    .map(Explained::to_text)
                    .collect::<Vec<_>>()
                    .join("\n"),
            }
        }
    };
    // A closed pipe is no error.
    let _ = io::stdout().write_all(text.as_bytes());
    Ok(ExitCode::from(FINE))
}

/// What pages for browsers tell of rules.
pub(super) const RULES: Rules = Rules {
    page_of,
    requirements_of,
    untestable,
};

/// The page of a rule, as reports name it.
fn page_of(id: &str) -> Option<&'static str> {
    match find(id)? {
        Explained::Check(check) => Some(check.texts.page),
        Explained::Rule(_, page) => Some(page),
        Explained::Requirement(_) | Explained::Story(_) => None,
    }
}

/// The requirements that a check judges.
fn requirements_of(id: &str) -> &'static [&'static str] {
    match Check::find(id) {
        Some(check) => check.requirements,
        None => &[],
    }
}

/// What an id stands for.
enum Explained {
    Check(&'static Check),
    Rule(&'static str, &'static str),
    Requirement(Box<Requirement>),
    Story(&'static Story),
}

fn find(id: &str) -> Option<Explained> {
    if let Some(check) = Check::find(id) {
        return Some(Explained::Check(check));
    }
    if let Some((id, page)) = PAGES.iter().find(|(known, _)| *known == id) {
        return Some(Explained::Rule(id, page));
    }
    if let Some(requirement) = Requirement::find(id) {
        return Some(Explained::Requirement(Box::new(requirement)));
    }
    let story = Story::all()
        .iter()
        .find(|story| story.id.eq_ignore_ascii_case(id));
    story.map(Explained::Story)
}

fn unknown(id: &str) -> Complaint {
    let known = Check::all()
        .map(|check| check.id)
        .chain(PAGES.iter().map(|(id, _)| *id))
        .chain(Requirement::ids())
        .chain(Story::all().iter().map(|story| story.id.as_str()));
    let hint = match nearest(id, known) {
        Some(near) => format!("did you mean `{near}`?"),
        None => "`scimulate explain --list` shows all ids".to_owned(),
    };
    Complaint::new(format!("there is no rule, requirement or defect `{id}`")).hint(hint)
}

fn listed(kind: Kind) -> String {
    let wanted = |own| kind == Kind::All || kind == own;
    let mut text = String::new();
    let mut line = |id: &str, about: &str| {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{id}  {about}");
    };
    if wanted(Kind::Checks) {
        Check::all().for_each(|check| line(check.id, check.rule));
    }
    if wanted(Kind::Rules) {
        PAGES
            .iter()
            .for_each(|(id, page)| line(id, first_sentence(page)));
    }
    if wanted(Kind::Requirements) {
        for requirement in Requirement::all() {
            line(&requirement.id, &requirement.requirement);
        }
    }
    if wanted(Kind::Defects) {
        Story::all()
            .iter()
            .for_each(|story| line(&story.id, &story.title));
    }
    text
}

/// What a page begins with, below its heading.
fn first_sentence(page: &'static str) -> &'static str {
    let first = page.lines().nth(1).unwrap_or_default();
    first
        .split_once(". ")
        .map_or(first, |(sentence, _)| sentence)
}

/// A line of `fixtures/noticed.jsonl`: what notices a defect first.
#[derive(Debug, Deserialize)]
struct Noticed {
    defect: String,
    #[serde(default)]
    witness: Option<Witness>,
}

#[derive(Debug, Deserialize)]
struct Witness {
    scenario: String,
    client: String,
    step: String,
    finding: String,
    authority: String,
    message: String,
}

fn noticed() -> Vec<Noticed> {
    include_str!("../../fixtures/noticed.jsonl")
        .lines()
        .map(|line| serde_json::from_str(line).expect("a test reads the whole file"))
        .collect()
}

impl Explained {
    fn to_text(&self) -> String {
        let mut text = String::new();
        let written = match self {
            Self::Check(check) => write_check(&mut text, check),
            Self::Rule(id, page) => write!(text, "{id}\n\n{page}"),
            Self::Requirement(requirement) => write_requirement(&mut text, requirement),
            Self::Story(story) => write_story(&mut text, story),
        };
        written.expect("writing to a string cannot fail");
        text
    }

    fn to_json(&self) -> Value {
        match self {
            Self::Check(check) => json!({
                "id": check.id,
                "kind": "check",
                "rule": check.rule,
                "stakes": check.stakes.iter().map(|stake| json!({
                    "authority": stake.authority,
                    "strength": stake.strength,
                    "source": stake.source,
                })).collect::<Vec<_>>(),
                "requirements": check.requirements,
                "page": check.texts.page,
                "good": check.texts.good,
                "bad": check.texts.bad,
                "defects": defects_of(check.id),
            }),
            Self::Rule(id, page) => json!({ "id": id, "kind": "rule", "page": page }),
            Self::Requirement(requirement) => json!({
                "id": requirement.id,
                "kind": "requirement",
                "rfc": requirement.rfc,
                "section": requirement.section,
                "level": requirement.level,
                "tier": requirement.tier,
                "area": requirement.area,
                "requirement": requirement.requirement,
                "preconditions": requirement.preconditions,
                "probe": requirement.probe,
                "expect": requirement.expect,
                "testable": requirement.testable,
                "providers": requirement.idp_relevance,
                "deviation": requirement.idp_deviation,
                "note": requirement.note,
                "checks": checks_of(&requirement.id),
            }),
            Self::Story(story) => json!({
                "id": story.id,
                "kind": "defect",
                "title": story.title,
                "idp": story.idp,
                "area": story.area,
                "severity": story.severity,
                "trigger": story.trigger,
                "wrong": story.wrong,
                "right": story.right,
                "detect": story.detect,
                "sources": story.sources,
                "reproduced": Defect::named(&story.id).is_ok(),
            }),
        }
    }
}

/// Checks that judge a requirement.
fn checks_of(id: &str) -> Vec<&'static str> {
    Check::all()
        .filter(|check| check.requirements.contains(&id))
        .map(|check| check.id)
        .collect()
}

/// Defects that a rule is the first to notice.
fn defects_of(id: &str) -> Vec<String> {
    let is_first = |line: &Noticed| {
        line.witness
            .as_ref()
            .is_some_and(|witness| witness.finding == id)
    };
    let lines = noticed().into_iter().filter(is_first);
    lines.map(|line| line.defect).collect()
}

fn write_check(text: &mut String, check: &Check) -> std::fmt::Result {
    writeln!(text, "{}: {}\n", check.id, check.rule)?;
    for stake in check.stakes {
        writeln!(
            text,
            "{} for {} ({})",
            format!("{:?}", stake.strength).to_lowercase(),
            stake.authority.name(),
            stake.source
        )?;
    }
    for id in check.requirements {
        writeln!(text, "{id}")?;
    }
    writeln!(text, "\n{}", check.texts.page)?;
    writeln!(
        text,
        "## An exchange that keeps the rule\n{}",
        indented(check.texts.good)
    )?;
    writeln!(
        text,
        "## An exchange that breaks it\n{}",
        indented(check.texts.bad)
    )?;
    let defects = defects_of(check.id);
    if !defects.is_empty() {
        writeln!(
            text,
            "## Defects of real servers that it notices\n{}",
            defects.join(", ")
        )?;
    }
    Ok(())
}

fn indented(text: &str) -> String {
    text.lines()
        .map(|line| match line {
            "" => "\n".to_owned(),
            line => format!("    {line}\n"),
        })
        .collect()
}

fn write_requirement(text: &mut String, requirement: &Requirement) -> std::fmt::Result {
    writeln!(text, "{}\n", requirement.id)?;
    writeln!(
        text,
        "RFC {} {}, {}, tier {}, {}",
        requirement.rfc, requirement.section, requirement.level, requirement.tier, requirement.area
    )?;
    writeln!(text, "{}\n", requirement.requirement)?;
    if !requirement.preconditions.is_empty() {
        writeln!(text, "needs      {}", requirement.preconditions.join(", "))?;
    }
    writeln!(text, "probe      {}", requirement.probe)?;
    writeln!(text, "expected   {}", requirement.expect)?;
    writeln!(text, "testable   {}", requirement.testable)?;
    writeln!(text, "providers  {}", requirement.idp_relevance)?;
    if let Some(deviation) = &requirement.idp_deviation {
        writeln!(text, "deviation  {deviation}")?;
    }
    if let Some(note) = &requirement.note {
        writeln!(text, "note       {note}")?;
    }
    let checks = checks_of(&requirement.id);
    if !checks.is_empty() {
        writeln!(text, "checks     {}", checks.join(", "))?;
    }
    writeln!(text, "\n`scimulate coverage` says which scenario tests it.")
}

fn write_story(text: &mut String, story: &Story) -> std::fmt::Result {
    writeln!(text, "{}: {}\n", story.id, story.title)?;
    writeln!(
        text,
        "client {}, area {}, severity {}, known by: {}\n",
        story.idp, story.area, story.severity, story.basis
    )?;
    writeln!(text, "request    {}", story.trigger)?;
    writeln!(text, "wrong      {}", story.wrong)?;
    writeln!(text, "right      {}", story.right)?;
    writeln!(text, "noticed    {}", story.detect)?;
    for source in &story.sources {
        writeln!(text, "told at    {source}")?;
    }
    let lines = noticed();
    let witness = lines
        .iter()
        .find(|line| line.defect == story.id)
        .and_then(|line| line.witness.as_ref());
    if let Some(witness) = witness {
        writeln!(
            text,
            "\nnoticed by `{}` ({}) in {} as {}, step `{}`:\n    {}",
            witness.finding,
            witness.authority,
            witness.scenario,
            witness.client,
            witness.step,
            witness.message
        )?;
        if page(&witness.finding).is_some() || Check::find(&witness.finding).is_some() {
            writeln!(
                text,
                "`scimulate explain {}` says how to fix it",
                witness.finding
            )?;
        }
    }
    match Defect::named(&story.id) {
        Ok(_) => writeln!(text, "\nto see it: scimulate run --defect {}", story.id),
        Err(_) => writeln!(text, "\nthe reference server does not reproduce it"),
    }
}

#[cfg(test)]
mod tests {
    use super::{Explained, find, noticed};
    use crate::server::{Defect, Story};

    #[test]
    fn every_line_of_what_is_noticed_can_be_read_and_explained() {
        for line in noticed() {
            assert!(Defect::named(&line.defect).is_ok(), "{}", line.defect);
            let witness = line.witness.map(|witness| witness.finding);
            let witness = witness.unwrap_or_else(|| panic!("{} is not noticed", line.defect));
            assert!(find(&witness).is_some(), "{witness} has no page");
        }
    }

    #[test]
    fn every_defect_can_be_explained() {
        for story in Story::all() {
            let text = find(&story.id).map(|explained: Explained| explained.to_text());
            assert!(text.is_some_and(|text| text.contains(&story.wrong)));
        }
    }
}
