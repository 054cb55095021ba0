//! Every defect that the reference server reproduces is noticed by the shipped packs, in words that name its cause.
//!
//! `fixtures/noticed.jsonl` says which finding of which scenario tells it best; here that scenario is played again.
//! `.ci/defects --update` plays all packs with each defect, and writes the file.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Mutex;
use std::thread;

use assert_cmd::cargo::cargo_bin_cmd;
use scimulate::event::Event;
use scimulate::exchange::Exchange;
use scimulate::finding::{Authority, Finding, Strength};
use scimulate::server::{Defect, Story};
use serde::Deserialize;

/// How many of the catalogue must be reproduced and noticed.
const GOAL: usize = 120;

#[derive(Debug, Deserialize)]
struct Noticed {
    defect: String,
    witness: Witness,
}

#[derive(Debug, Deserialize)]
struct Witness {
    scenario: String,
    client: String,
    step: String,
    finding: String,
    authority: Authority,
    strength: Strength,
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn noticed() -> Vec<Noticed> {
    include_str!("../fixtures/noticed.jsonl")
        .lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|fault| panic!("{fault}: {line}")))
        .collect()
}

/// What failed at a step when the scenario was played against a server with the defect, each with the exchange that a
/// report shows beside it.
fn failed(line: &Noticed) -> Vec<(Finding, Option<Exchange>)> {
    let output = cargo_bin_cmd!("scimulate")
        .current_dir(root())
        .env_clear()
        .args(["run", &line.witness.scenario, "--as", &line.witness.client])
        .args(["--defect", &line.defect, "--snapshots", "off"])
        .args(["--timeout", "3s", "--report-json", "-"])
        .output()
        .expect("it runs");
    let log = String::from_utf8(output.stdout).expect("events are text");
    let events = log
        .lines()
        .map(|event| serde_json::from_str(event).expect("it is an event"));
    events
        .filter_map(|event| match event {
            Event::StepFinished {
                step,
                findings,
                exchanges,
                ..
            } if step == line.witness.step => {
                let shown = |finding: &Finding| exchanges.get(finding.exchange?).cloned();
                let pairs: Vec<_> = findings
                    .into_iter()
                    .map(|finding| (shown(&finding), finding))
                    .collect();
                Some(pairs)
            }
            _ => None,
        })
        .flatten()
        .map(|(shown, finding)| (finding, shown))
        .filter(|(finding, _)| finding.failed())
        .collect()
}

/// What is wrong with how a defect is noticed, if anything is.
fn problem(line: &Noticed) -> Option<String> {
    let findings = failed(line);
    let same = |(finding, _): &&(Finding, Option<Exchange>)| {
        finding.id == line.witness.finding && finding.authority == line.witness.authority
    };
    let mut fitting = findings.iter().filter(same).peekable();
    if fitting.peek().is_none() {
        return Some(format!(
            "{}: `{}` does not fail at `{}` of {}",
            line.defect, line.witness.finding, line.witness.step, line.witness.scenario
        ));
    }
    let defect = Defect::named(&line.defect).expect("it is reproduced");
    let says = |pair: &(Finding, Option<Exchange>)| {
        let text = serde_json::to_string(&(&line.witness.step, pair))
            .expect("findings have a JSON form")
            .to_lowercase();
        let mut words = defect.names.iter();
        // A body stands in the text as a text, so its quotes are escaped.
        words.all(|word| {
            let word = word.to_lowercase();
            text.contains(&word) || text.contains(&word.replace('"', "\\\""))
        })
    };
    match fitting.any(says) {
        true => None,
        false => Some(format!(
            "{}: the finding does not name {:?}",
            line.defect, defect.names
        )),
    }
}

#[test]
fn every_defect_is_noticed_by_a_finding_that_names_its_cause() {
    let lines = Mutex::new(noticed());
    let problems = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                loop {
                    let next = lines.lock().expect("nobody panics with it").pop();
                    let Some(line) = next else { break };
                    let found = problem(&line);
                    problems
                        .lock()
                        .expect("nobody panics with it")
                        .extend(found);
                }
            });
        }
    });
    let problems = problems.into_inner().expect("nobody panics with it");
    assert!(problems.is_empty(), "{problems:#?}");
}

#[test]
fn every_defect_has_its_witness_on_the_authority_that_the_catalogue_implies() {
    let lines = noticed();
    let named: BTreeSet<&str> = lines.iter().map(|line| line.defect.as_str()).collect();
    let reproduced: BTreeSet<&str> = Defect::all().iter().map(|defect| defect.id).collect();
    assert_eq!(named, reproduced, "run `.ci/defects --update`");
    assert!(named.len() >= GOAL, "{} of {GOAL}", named.len());
    let stories: BTreeMap<&str, &Story> = Story::all()
        .iter()
        .map(|story| (story.id.as_str(), story))
        .collect();
    for line in &lines {
        let meets = stories[line.defect.as_str()].idp.as_str();
        let fits = match line.witness.authority {
            Authority::Rfc => true,
            Authority::Okta => meets != "entra",
            Authority::Entra => meets != "okta",
            Authority::Snapshot => false,
        };
        assert!(fits, "{}: {:?}", line.defect, line.witness);
        assert!(line.witness.strength >= Strength::Should, "{}", line.defect);
    }
}
