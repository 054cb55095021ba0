//! Reports of a run, and the same ones from its event log.

use serde_json::Value;

use crate::project::Project;

#[test]
fn a_log_gives_the_report_of_its_run_again() {
    let project = Project::new();
    let run = project.scimulate(
        "run scenarios/wrong.yaml scenarios/create.yaml scenarios/habit.yaml --jobs 1 \
         --report-json logs/run.jsonl --report-junit logs/run.xml",
    );
    let report = project.scimulate("report logs/run.jsonl --report-junit logs/again.xml");
    assert_eq!((run.code, report.code), (Some(1), Some(1)));
    assert_eq!(run.stdout, report.stdout);
    assert_eq!(project.read("logs/run.xml"), project.read("logs/again.xml"));
    let junit = project.read("logs/run.xml");
    let document = roxmltree::Document::parse(&junit).expect("it is XML");
    let count = |name: &str| {
        let is_named = |node: &roxmltree::Node<'_, '_>| node.has_tag_name(name);
        document.descendants().filter(is_named).count()
    };
    // One suite for each scenario and client, one case for each step.
    assert_eq!(
        (count("testsuite"), count("testcase"), count("failure")),
        (4, 6, 1)
    );
}

#[test]
fn events_can_go_to_stdout() {
    let said = Project::new().scimulate("run scenarios/create.yaml --report-json -");
    assert_eq!((said.code, said.stderr.as_str()), (Some(0), ""));
    let events: Vec<Value> = said
        .stdout
        .lines()
        .map(|line| serde_json::from_str(line).expect("every line is an event"))
        .collect();
    let kinds: Vec<&str> = events
        .iter()
        .filter_map(|event| event["event"].as_str())
        .collect();
    assert_eq!(kinds.len(), events.len());
    assert_eq!(kinds[..2], ["run-started", "preflight"]);
    assert_eq!(kinds.last(), Some(&"run-finished"));
    assert_eq!(
        kinds
            .iter()
            .filter(|kind| **kind == "step-finished")
            .count(),
        4
    );
}

#[test]
fn a_report_that_cannot_be_written_is_a_mistake() {
    let project = Project::new();
    let said = project.scimulate("run scenarios/create.yaml --report-junit scenarios");
    assert_eq!((said.code, said.stdout.as_str()), (Some(2), ""));
    assert!(
        said.stderr.starts_with("error: cannot write `scenarios`: "),
        "{}",
        said.stderr
    );
}
