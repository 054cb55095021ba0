//! The shipped scenarios against the reference server, and what they promise: every client has every feature, every
//! sequence has its source, and no answer has changed.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use assert_cmd::cargo::cargo_bin_cmd;
use scimulate::cli::expand;
use scimulate::event::Event;
use scimulate::finding::{Strength, Verdict};
use scimulate::profile::ProfileId;
use scimulate::scenario::Scenario;
use scimulate::scenario::load::{LoadOptions, is_fragment, is_person, load};
use scimulate::scenario::step::Action;
use walkdir::WalkDir;

/// What each provider is tested for, whatever else its scenarios hold.
const FEATURES: [&str; 13] = [
    "connect",
    "import",
    "match",
    "create",
    "update",
    "rename",
    "deactivate",
    "reactivate",
    "delete",
    "group-create",
    "group-rename",
    "group-members",
    "group-delete",
];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn scenarios() -> Vec<Scenario> {
    let scenarios: Vec<Scenario> = WalkDir::new(root().join("scenarios"))
        .sort_by_file_name()
        .into_iter()
        .map(|entry| entry.expect("it can be listed").into_path())
        .filter(|path| path.extension().is_some_and(|kind| kind == "yaml"))
        .filter_map(|path| {
            let shown = path.strip_prefix(root()).expect("it is there");
            let shown = shown.to_string_lossy().replace('\\', "/");
            if is_fragment(&shown) || is_person(&shown) {
                return None;
            }
            let loaded = load(&path, &shown, &LoadOptions::default());
            Some(loaded.unwrap_or_else(|mistakes| panic!("{shown}: {mistakes:?}")))
        })
        .collect();
    assert!(!scenarios.is_empty());
    scenarios
}

#[test]
fn the_reference_server_passes_and_answers_as_last_time() {
    let folder = tempfile::tempdir().expect("a folder for the log");
    let log = folder.path().join("events.jsonl");
    let output = cargo_bin_cmd!("scimulate")
        .env_clear()
        .current_dir(root())
        .args(["run", "--snapshots", "check", "--report-json"])
        .arg(&log)
        .output()
        .expect("the binary starts");
    let said = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{said}");
    let (mut played, mut wrong) = (0, Vec::new());
    for line in fs::read_to_string(&log).expect("it was written").lines() {
        match serde_json::from_str(line).expect("a line is an event") {
            Event::ScenarioFinished { verdict, left, .. } => {
                played += 1;
                wrong.extend(left.into_iter().map(|url| format!("left: {url}")));
                if verdict != Verdict::Pass {
                    wrong.push(format!("a scenario is not passed: {line}"));
                }
            }
            Event::StepFinished {
                file,
                line,
                findings,
                ..
            } => {
                let is_wrong = |verdict| matches!(verdict, Verdict::Fail | Verdict::Error);
                wrong.extend(
                    findings
                        .iter()
                        .filter(|found| is_wrong(found.verdict) || found.id == "snapshot-new")
                        .map(|found| {
                            let warning = found.strength != Strength::Must;
                            let kind = if warning { "warning" } else { "wrong" };
                            format!("{file}:{line}: {kind}: {}", found.message)
                        }),
                );
            }
            Event::Unreferenced { snapshots } => {
                wrong.extend(
                    snapshots
                        .iter()
                        .map(|path| format!("no step has this snapshot: {path}")),
                );
            }
            Event::Notice { message } | Event::Stopped { message, .. } => wrong.push(message),
            _ => {}
        }
    }
    assert!(
        wrong.is_empty(),
        "{}\n`cargo run -- run` writes answers that are new or different for `cargo run -- review`",
        wrong.join("\n")
    );
    let clients = |scenario: &Scenario| scenario.clients.len();
    let mut all = scenarios();
    all.retain(|scenario| {
        scenario.expands.is_none() && !scenario.tags.iter().any(|tag| tag == "large")
    });
    assert_eq!(played, all.iter().map(clients).sum::<usize>());
}

#[test]
fn every_provider_is_tested_for_every_feature() {
    let mut filled = BTreeSet::new();
    for scenario in scenarios() {
        let acted = scenario.steps.iter().filter_map(|step| match &step.action {
            Action::Act(act) => step.feature.or(act.0.verb.feature()),
            _ => step.feature,
        });
        let features: Vec<_> = scenario.feature.into_iter().chain(acted).collect();
        for client in &scenario.clients {
            filled.extend(features.iter().map(|feature| (*client, feature.name())));
        }
    }
    // Governance apps push no groups (okta.md 0.1).
    let wanted = |client: ProfileId, feature: &str| {
        client != ProfileId::Scimulate
            && !(client == ProfileId::OktaGov && feature.starts_with("group-"))
    };
    let missing: Vec<String> = ProfileId::ALL
        .into_iter()
        .flat_map(|client| FEATURES.map(|feature| (client, feature)))
        .filter(|(client, feature)| wanted(*client, feature))
        .filter(|cell| !filled.contains(cell))
        .map(|(client, feature)| format!("{feature} as {}", client.name()))
        .collect();
    assert!(missing.is_empty(), "no scenario: {missing:#?}");
}

#[test]
fn every_sequence_says_where_it_is_documented() {
    for scenario in scenarios() {
        let source = scenario.source.unwrap_or_else(|| {
            panic!("{} has no `source`", scenario.path);
        });
        assert!(!source.evidence.is_empty(), "{}", scenario.path);
    }
}

#[test]
fn the_schema_for_editors_is_up_to_date() {
    let printed = cargo_bin_cmd!("scimulate")
        .arg("schema")
        .output()
        .expect("the binary starts");
    let committed = fs::read(root().join("scenarios/scenario.schema.json")).expect("it is there");
    assert!(
        printed.stdout == committed,
        "write it again: cargo run -- schema > scenarios/scenario.schema.json"
    );
}

/// What `scimulate expand` writes for every story, by its address below `scenarios`.
fn written_out() -> Vec<(String, String)> {
    let mut written = Vec::new();
    for scenario in scenarios() {
        if !scenario.path.starts_with("scenarios/lifecycle/") || !expand::is_written_out(&scenario)
        {
            continue;
        }
        for client in &scenario.clients {
            let address = expand::address(&scenario, *client);
            let text = expand::text_of(&scenario, *client)
                .unwrap_or_else(|problem| panic!("{address}: {problem}"));
            written.push((address, text));
        }
    }
    assert!(!written.is_empty());
    written
}

#[test]
fn the_written_out_stories_are_what_the_engines_write() {
    let written = written_out();
    let folder = root().join("scenarios");
    let mut wrong = Vec::new();
    for (address, text) in &written {
        let committed = fs::read_to_string(folder.join(address)).unwrap_or_default();
        if committed != *text {
            wrong.push(format!("scenarios/{address} is not what its story gives"));
        }
    }
    for scenario in scenarios() {
        let address = scenario.path.trim_start_matches("scenarios/");
        let is_generated = address.starts_with("okta/") || address.starts_with("entra/");
        if is_generated && !written.iter().any(|(known, _)| known == address) {
            wrong.push(format!("{} belongs to no story", scenario.path));
        }
    }
    assert!(
        wrong.is_empty(),
        "{}\n`cargo run -- expand scenarios/lifecycle --out scenarios` writes them",
        wrong.join("\n")
    );
}
