//! Reports of a run, and the same ones from its event log.

use serde_json::Value;

use crate::project::{Project, assert_told};

#[test]
fn a_log_gives_the_report_of_its_run_again() {
    let project = Project::new();
    let run = project.scimulate(
        "run scenarios/wrong.yaml scenarios/create.yaml scenarios/habit.yaml --jobs 1 \
         --report-json logs/run.jsonl --report-junit logs/run.xml --report-html logs/run.html",
    );
    let report = project.scimulate(
        "report logs/run.jsonl --report-junit logs/again.xml --report-html logs/again.html",
    );
    assert_eq!((run.code, report.code), (Some(1), Some(1)));
    assert_eq!(run.stdout, report.stdout);
    assert_eq!(project.read("logs/run.xml"), project.read("logs/again.xml"));
    let page = project.read("logs/run.html");
    assert_eq!(page, project.read("logs/again.html"));
    // What is wrong, and what the rule's page says of mending it.
    for told in [
        "1 of 6 steps failed",
        "What to fix first",
        "<h4>How to fix it</h4>",
        "Bearer [secret]",
    ] {
        assert!(page.contains(told), "{told}");
    }
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
    for report in ["--report-junit", "--report-html"] {
        let said = project.scimulate(&format!("run scenarios/create.yaml {report} scenarios"));
        assert_eq!((said.code, said.stdout.as_str()), (Some(2), ""));
        assert!(
            said.stderr.starts_with("error: cannot write `scenarios`: "),
            "{}",
            said.stderr
        );
    }
    project.scimulate("run scenarios/create.yaml --report-json run.jsonl");
    let said = project.scimulate("report run.jsonl --report-html run.jsonl");
    assert_eq!(said.code, Some(2), "{}", said.all());
    assert!(
        said.stderr.contains("is both read and written"),
        "{}",
        said.stderr
    );
}

/// Two people who are created, each wanted to be a 200 by mistake, and a step that only follows a 200.
const TWICE: &str = r#"title: Two creates that are wanted to be a 200
as: [okta-oin, entra-legacy]
feature: create
people:
  ada: { userName: "ada.${run}@example.test" }
  bob: { userName: "ada.${run}@second.test" }
steps:
  - name: create ada
    post: /Users
    body: { schemas: ["urn:ietf:params:scim:schemas:core:2.0:User"], userName: "${ada.userName}" }
    expect: { status: 200 }
    keep: { answer: status }
  - name: create bob
    post: /Users
    body: { schemas: ["urn:ietf:params:scim:schemas:core:2.0:User"], userName: "${bob.userName}" }
    expect: { status: 200 }
  - name: read ada
    when: { that: "${answer}", is: 200 }
    get: /Users?filter=userName eq "${ada.userName}"
    expect: { status: 200 }
"#;

#[test]
fn failures_with_one_cause_are_told_once() {
    let project = Project::new();
    project.write("scenarios/twice.yaml", TWICE);
    let run = "run scenarios/twice.yaml --jobs 1 --report-json run.jsonl --report-junit run.xml";
    let said = project.scimulate(run);
    assert_eq!(said.code, Some(1));
    assert_told!("causes", said.all());
    let junit = project.read("run.xml");
    assert_eq!(
        junit
            .matches("(cause 1 of 1: POST /Users is answered 201, not 200)")
            .count(),
        4
    );
    let log = project.read("run.jsonl");
    let told: Vec<Value> = log
        .lines()
        .map(|line| serde_json::from_str(line).expect("every line is an event"))
        .collect();
    let causes = &told[told.len() - 2];
    assert_eq!(causes["event"], "causes");
    assert_eq!(
        causes["causes"][0]["places"].as_array().map(Vec::len),
        Some(4)
    );
    assert_eq!(causes["causes"][0]["skipped"][0]["step"], "read ada");
    let skip = "its condition does not hold: `${answer}` of `create ada` is 201";
    assert_eq!(junit.matches(skip).count(), 2);
    // Everything at full length.
    let whole = project.scimulate("report run.jsonl --verbose");
    assert_eq!(said.stdout.matches("to see it again").count(), 1);
    assert_eq!(whole.stdout.matches("to see it again").count(), 4);
}

/// As GitHub's runner starts a step.
#[test]
fn in_github_actions_failures_stand_at_their_lines() {
    let project = Project::new();
    std::fs::create_dir(project.path("api")).expect("the folder is empty");
    std::fs::rename(project.path("scenarios"), project.path("api/scenarios")).expect("it is there");
    let workspace = project.path("").display().to_string();
    let summary = project.path("summary.md").display().to_string();
    let environment: &[(&str, &str)] = &[
        ("GITHUB_ACTIONS", "true"),
        ("GITHUB_WORKSPACE", &workspace),
        ("GITHUB_STEP_SUMMARY", &summary),
    ];
    project.write("summary.md", "# Before\n");
    let words = "run api/scenarios/create.yaml --defect D064 --report-json log.jsonl";
    let said = project.scimulate_with(words, environment, "");
    assert_eq!(said.code, Some(1), "{}", said.all());
    let commands = |text: &str| -> Vec<String> {
        let lines = text.lines().filter(|line| line.starts_with("::"));
        lines.map(str::to_owned).collect()
    };
    assert_told!("github", commands(&said.stdout).join("\n"));
    let text = project.read("summary.md");
    assert!(text.starts_with("# Before\n## scimulate: ❌"), "{text}");

    let silent = project.scimulate_with(&format!("{words} --report-github never"), environment, "");
    assert_eq!(commands(&silent.stdout), [""; 0]);
    // The stream of events stays whole.
    let words = "run api/scenarios/create.yaml --defect D064 --report-json - --report-md all.md";
    let stream = project.scimulate_with(words, environment, "");
    assert!(
        stream.stdout.lines().all(|line| line.starts_with('{')),
        "{}",
        stream.stdout
    );
    assert_eq!(commands(&stream.stderr).len(), commands(&said.stdout).len());
    assert!(project.read("all.md").starts_with("## scimulate: ❌"));
    // What was reported before is not told twice.
    let again = project.scimulate_with("report log.jsonl", environment, "");
    assert_eq!((again.code, commands(&again.stdout).len()), (Some(1), 0));
    let asked = project.scimulate_with("report log.jsonl --report-github always", environment, "");
    assert_eq!(commands(&asked.stdout), commands(&said.stdout));
    // Shipped scenarios are in nobody's repository, and elsewhere nothing is for GitHub.
    let shipped = project.scimulate_with("run okta/okta-oin --defect D064", environment, "");
    let told = commands(&shipped.stdout);
    assert!(!told.is_empty() && told.len() <= 11, "{}", shipped.stdout);
    assert!(told.iter().all(|line| !line.contains("file=")), "{told:?}");
    let elsewhere = project.scimulate("run okta/okta-oin --defect D064");
    assert_eq!(commands(&elsewhere.stdout), [""; 0]);

    let nowhere = project.path("nowhere/summary.md").display().to_string();
    let environment: &[(&str, &str)] = &[
        ("GITHUB_ACTIONS", "true"),
        ("GITHUB_STEP_SUMMARY", &nowhere),
    ];
    let said = project.scimulate_with("run api/scenarios/create.yaml", environment, "");
    assert_eq!(said.code, Some(2));
    let folder = project.path("").display().to_string();
    assert_told!(
        "github_no_summary",
        said.all().replace(&folder, "[folder]/")
    );
}
