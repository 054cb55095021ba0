//! Retelling: the shipped scenarios are run, what each client exchanged is retold as a scenario, and that one gets the same
//! answers from a fresh reference server.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::LazyLock;

use assert_cmd::cargo::cargo_bin_cmd;
use regex::Regex;
use scimulate::event::Event;
use scimulate::exchange::{Exchange, Sender};
use scimulate::profile::ProfileId;
use scimulate::retell::{Options, People, Retold, retell};
use scimulate::scenario::load::{LoadOptions, examine, is_fragment, is_person, load};
use scimulate::snapshot::Normaliser;
use scimulate::snapshot::answer::contents_of;
use similar::TextDiff;
use walkdir::WalkDir;

/// Every so many of the files, by their names, is played by every test run; another test plays all of them.
const NTH: usize = 13;

/// Stories that a scenario for one target cannot tell again, and why.
const APART: [(&str, &str); 16] = [
    ("field/d059", "it speaks to two tenants"),
    ("field/d068", "it speaks to two tenants"),
    ("lifecycle/tenants", "it speaks to two tenants"),
    ("rfc/cursor/tenants", "it speaks to two tenants"),
    ("rfc/security/tenants", "it speaks to two tenants"),
    ("field/d076", "chance decides which of two creates wins"),
    (
        "lifecycle/parallel-creates",
        "chance decides which of two creates wins",
    ),
    (
        "rfc/patch/atomic",
        "chance decides what a read beside a write sees",
    ),
    (
        "integrations/hp-insights-token",
        "answers hold tokens, which are masked",
    ),
    (
        "integrations/hpe-greenlake-token",
        "answers hold tokens, which are masked",
    ),
    (
        "integrations/scaleflex-okta",
        "one of the accounts is protected at that target alone",
    ),
    (
        "rfc/cursor/refused",
        "it bends a cursor that the target gave",
    ),
    (
        "rfc/security/prepared",
        "two names are alike to the target alone",
    ),
    (
        "certify/entra/client/refusals",
        "it deserves its refusals on purpose",
    ),
    (
        "certify/entra/requirements/values",
        "it deserves its refusals on purpose",
    ),
    ("field/d185", "it deserves its refusals on purpose"),
];

/// Stories in which a client does not send what it is known by.
const MISLEADING: [&str; 2] = ["requests/entra/update/op-spelling", "lifecycle/null-update"];

/// A scenario as it was played by one client.
struct Played {
    path: String,
    client: String,
    exchanges: Vec<Exchange>,
    failed: Vec<String>,
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Runs scenarios and gives the run's id and what their clients exchanged, preparations of a retold scenario left out.
fn run(arguments: &[&str]) -> (String, Vec<Played>) {
    let folder = tempfile::tempdir().expect("a folder for the log");
    let log = folder.path().join("events.jsonl");
    let output = cargo_bin_cmd!("scimulate")
        .env_clear()
        .current_dir(root())
        .args(["run", "-j", "1", "--snapshots", "off", "--report-json"])
        .arg(&log)
        .args(arguments)
        .output()
        .expect("the binary starts");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(matches!(output.status.code(), Some(0 | 1)), "{said}");
    let mut id = String::new();
    let mut all: BTreeMap<usize, Played> = BTreeMap::new();
    for line in fs::read_to_string(&log).expect("it was written").lines() {
        match serde_json::from_str(line).expect("a line is an event") {
            Event::RunStarted { run, .. } => id = run,
            Event::ScenarioStarted {
                scenario,
                path,
                client,
                ..
            } => {
                let played = Played {
                    path,
                    client,
                    exchanges: Vec::new(),
                    failed: Vec::new(),
                };
                all.insert(scenario, played);
            }
            Event::StepFinished {
                scenario,
                step,
                exchanges,
                findings,
                ..
            } => {
                let Some(played) = all.get_mut(&scenario) else {
                    continue;
                };
                let failed = findings.iter().filter(|finding| finding.failed());
                let failed = failed.map(|finding| format!("{step}: {}", finding.message));
                played.failed.extend(failed);
                if !step.starts_with("prepare ") && step != "look once more" {
                    let sent = exchanges.into_iter();
                    let sent = sent.filter(|exchange| exchange.sender != Sender::Harness);
                    played.exchanges.extend(sent);
                }
            }
            _ => {}
        }
    }
    (id, all.into_values().collect())
}

/// The id that a scenario of this run had: it begins as the run's.
fn id_of(run: &str, exchanges: &[Exchange]) -> Option<String> {
    let expression = Regex::new(&format!("{}[0-9a-z]{{4}}", &run[..4])).expect("it is one");
    exchanges.iter().find_map(|exchange| {
        let request = &exchange.request;
        let text = format!("{} {}", request.target, request.body.text());
        expression
            .find(&text)
            .map(|found| found.as_str().to_owned())
    })
}

/// Cursors, and how many resources were created in the same millisecond.
static CHANCE: LazyLock<Regex> = LazyLock::new(|| {
    let expression = r#"cursor=[^&"]+|\[time-\d+\]|"(next|previous)Cursor": "[^"]+""#;
    Regex::new(expression).expect("it is one")
});

/// What was answered, with names for what differs from run to run.
fn answers(run: &str, exchanges: &[Exchange]) -> Vec<String> {
    let id = id_of(run, exchanges).unwrap_or_else(|| "none".to_owned());
    let mut normaliser = Normaliser::new(&id);
    exchanges
        .iter()
        .map(|exchange| match normaliser.answers(&[exchange]) {
            Some(answers) => CHANCE
                .replace_all(&contents_of(&answers), "[chance]")
                .into_owned(),
            None => "no answer".to_owned(),
        })
        .collect()
}

fn statuses(exchanges: &[Exchange]) -> Vec<Option<u16>> {
    exchanges.iter().map(Exchange::status).collect()
}

/// What the embedded server was told to be like, which no recording knows.
fn server_of(path: &str) -> String {
    let scenario = load(&root().join(path), path, &LoadOptions::default())
        .unwrap_or_else(|mistakes| panic!("{path}: {mistakes:?}"));
    let mut lines = String::new();
    if !scenario.policies.is_empty() {
        lines.push_str(&format!("policies: [{}]\n", scenario.policies.join(", ")));
    }
    if let Some(preset) = scenario.preset {
        lines.push_str(&format!("preset: {preset}\n"));
    }
    if scenario.alone {
        lines.push_str("alone: true\n");
    }
    lines
}

/// Writes the retold scenario, and gives what is wrong with it as a file.
fn write(path: &Path, retold: &Retold, server: &str) -> Vec<String> {
    let text = retold
        .text
        .replacen("steps:\n", &format!("{server}steps:\n"), 1);
    fs::write(path, text).expect("it can be written");
    let loaded = examine(path, &path.to_string_lossy(), &LoadOptions::default());
    let problems = loaded.errors.iter().chain(&loaded.warnings);
    problems
        .map(|problem| format!("line {}: {problem}", problem.at.line))
        .collect()
}

fn round_trip(arguments: &[&str]) {
    let (first_run, first) = run(arguments);
    let folder = tempfile::tempdir().expect("a folder for scenarios");
    let mut wrong: Vec<String> = Vec::new();
    let mut told: BTreeMap<usize, (&Played, People)> = BTreeMap::new();
    let (mut exact, mut named) = (0, 0);
    for (index, played) in first.iter().enumerate() {
        let is_in = |start: &&str| played.path.starts_with(&format!("scenarios/{start}"));
        let apart = APART.iter().any(|(start, _)| is_in(start));
        if played.exchanges.is_empty() || apart {
            continue;
        }
        let title = format!("{} as {}", played.path, played.client);
        let id = id_of(&first_run, &played.exchanges);
        // People who stay get the same answers; invented ones get the same statuses.
        let people = if index % 4 == 3 {
            People::Invent
        } else {
            People::Keep
        };
        for people in [People::Invent, people] {
            let options = Options {
                people,
                run: id.as_deref().filter(|_| people == People::Keep),
                ..Options::default()
            };
            let retold = retell(&played.exchanges, &options);
            let path = folder.path().join(format!("{index}.yaml"));
            let problems = write(&path, &retold, &server_of(&played.path));
            wrong.extend(problems.iter().map(|problem| format!("{title}: {problem}")));
            told.insert(index, (played, people));
        }
        let recognised = retell(&played.exchanges, &Options::default()).recognised;
        let client = ProfileId::named(&played.client).expect("it is a profile");
        // The gates' own requests are not what the services send.
        let is_service = !played.path.contains("/certify/") && !played.path.contains("/rfc/");
        let only = is_service
            && played
                .exchanges
                .iter()
                .all(|exchange| exchange.sender == Sender::Client(played.client.clone()));
        if only {
            named += 1;
            exact += usize::from(recognised.client == Some(client));
            let is_open = recognised.client.is_none() && recognised.possible.is_empty();
            let is_misleading = MISLEADING.iter().any(is_in);
            if !is_open && !is_misleading && !recognised.possible.contains(&client) {
                wrong.push(format!("{title}: recognised as {recognised:?}"));
            }
        }
    }
    let (second_run, second) = run(&[&folder.path().to_string_lossy()]);
    for played in &second {
        let index = Path::new(&played.path)
            .file_stem()
            .and_then(|stem| stem.to_string_lossy().parse::<usize>().ok())
            .expect("its name is a number");
        let (original, people) = told[&index];
        let title = format!("{} as {}", original.path, original.client);
        wrong.extend(
            played
                .failed
                .iter()
                .map(|failed| format!("{title}: {failed}")),
        );
        if statuses(&original.exchanges) != statuses(&played.exchanges) {
            wrong.push(format!(
                "{title}: answered {:?}, and retold {:?}",
                statuses(&original.exchanges),
                statuses(&played.exchanges)
            ));
        } else if people == People::Keep {
            let before = answers(&first_run, &original.exchanges);
            let after = answers(&second_run, &played.exchanges);
            let other = before
                .iter()
                .zip(&after)
                .find(|(before, after)| before != after);
            if let Some((before, after)) = other {
                let difference = TextDiff::from_lines(before, after);
                let difference = difference.unified_diff().context_radius(1).to_string();
                wrong.push(format!("{title}: {difference}"));
            }
        }
    }
    assert_eq!(second.len(), told.len());
    assert!(
        wrong.is_empty(),
        "{} wrong:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
    // Many stories are too short to tell the clients of one provider apart, and say so.
    assert!(
        exact * 4 > named,
        "{exact} of {named} clients are named exactly"
    );
}

/// Every file that `run` plays by itself, by name.
fn shipped() -> Vec<String> {
    WalkDir::new(root().join("scenarios"))
        .sort_by_file_name()
        .into_iter()
        .map(|entry| entry.expect("it can be listed").into_path())
        .filter(|path| path.extension().is_some_and(|kind| kind == "yaml"))
        .map(|path| {
            let shown = path.strip_prefix(root()).expect("it is there");
            shown.to_string_lossy().replace('\\', "/")
        })
        .filter(|path| !is_fragment(path) && !is_person(path))
        .filter(|path| {
            let loaded = load(&root().join(path), path, &LoadOptions::default());
            loaded.is_ok_and(|scenario| {
                scenario.expands.is_none() && !scenario.tags.iter().any(|tag| tag == "large")
            })
        })
        .collect()
}

#[test]
fn what_is_retold_gets_the_same_answers() {
    let shipped = shipped();
    let some: Vec<&str> = shipped.iter().step_by(NTH).map(String::as_str).collect();
    round_trip(&some);
}

#[test]
#[ignore = "plays every scenario twice, which takes minutes"]
fn every_scenario_retold_gets_the_same_answers() {
    let shipped = shipped();
    let all: Vec<&str> = shipped.iter().map(String::as_str).collect();
    round_trip(&all);
}
