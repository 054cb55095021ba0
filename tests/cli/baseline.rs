//! What fails a run, and which failures are accepted.

use crate::project::{Project, Said, assert_told};

const WRONG: &str = "run scenarios/wrong.yaml scenarios/create.yaml --jobs 1";

/// The text of a baseline without the day.
fn without_day(text: &str) -> String {
    let lines: Vec<&str> = text
        .lines()
        .map(|line| match line.strip_prefix("since = \"20") {
            Some(_) => "since = \"[day]\"",
            None => line,
        })
        .collect();
    lines.join("\n")
}

fn accept(project: &Project) -> Said {
    project.scimulate(&format!("{WRONG} --baseline known.toml --baseline-update"))
}

#[test]
fn what_fails_now_is_accepted_and_told_as_known_from_then_on() {
    let project = Project::new();
    let said = accept(&project);
    assert_eq!(said.code, Some(0), "{}", said.stdout);
    let text = project.read("known.toml");
    insta::assert_snapshot!("written", without_day(&text));
    project.write(
        "known.toml",
        &text.replace("since", "reason = \"ticket 12\"\nsince"),
    );
    let said = project.scimulate(&format!(
        "{WRONG} --baseline known.toml --report-junit run.xml --report-json run.jsonl"
    ));
    assert_eq!(said.code, Some(0));
    assert_told!("known", said.all());
    let junit = project.read("run.xml");
    assert!(!junit.contains("<failure"), "{junit}");
    assert!(
        junit.contains(
            "type=\"known\" message=\"known failure: POST answered 201, not 200 (ticket 12)\""
        ),
        "{junit}"
    );
    // The log says it, too.
    let again = project.scimulate("report run.jsonl --report-junit again.xml");
    assert_eq!((again.code, again.stdout), (Some(0), said.stdout));
    assert_eq!(project.read("again.xml"), junit);
    // What was told of a failure stays when others are added.
    project.write(
        "scenarios/wrong-too.yaml",
        &project.read("scenarios/wrong.yaml"),
    );
    let more = format!("{WRONG} scenarios/wrong-too.yaml --baseline known.toml");
    let said = project.scimulate(&more);
    assert_eq!(said.code, Some(1));
    assert!(
        said.stdout
            .contains("baseline known.toml: 1 known, 1 new, 0 fixed, 0 not tested"),
        "{}",
        said.stdout
    );
    assert!(
        said.stdout.contains("1 cause explains 1 failed step"),
        "{}",
        said.stdout
    );
    assert_eq!(
        project.scimulate(&format!("{more} --baseline-update")).code,
        Some(0)
    );
    let both = project.read("known.toml");
    assert_eq!(both.matches("[[known]]").count(), 2);
    assert_eq!(both.matches("reason = \"ticket 12\"").count(), 1);
}

#[test]
fn what_is_fixed_is_announced_and_taken_out_only_where_it_was_tested() {
    let project = Project::new();
    project.write(
        "scenarios/wrong-too.yaml",
        &project.read("scenarios/wrong.yaml"),
    );
    let all = format!("{WRONG} scenarios/wrong-too.yaml --baseline known.toml");
    project.scimulate(&format!("{all} --baseline-update"));
    let known = project.read("known.toml");
    assert_eq!(known.matches("[[known]]").count(), 2);
    for name in ["wrong", "wrong-too"] {
        let name = format!("scenarios/{name}.yaml");
        let text = project.read(&name);
        project.write(
            &name,
            &text.replace(
                "{ status: 200, body: { active: false } }",
                "{ status: 201 }",
            ),
        );
    }
    // Of the two only one is played.
    let some = "run scenarios/wrong.yaml --baseline known.toml";
    let said = project.scimulate(some);
    assert_eq!(said.code, Some(0));
    assert_told!("fixed", said.all());
    assert_eq!(project.read("known.toml"), known);
    project.scimulate(&format!("{some} --baseline-prune"));
    let left = project.read("known.toml");
    assert_eq!(left.matches("[[known]]").count(), 1);
    assert!(left.contains("scenarios/wrong-too.yaml"), "{left}");
    // A step that is there no longer.
    let renamed = project
        .read("scenarios/wrong-too.yaml")
        .replace("create ada", "add ada");
    project.write("scenarios/wrong-too.yaml", &renamed);
    let said = project.scimulate(&format!("{all} --baseline-prune"));
    assert!(
        said.stdout
            .contains("0 known, 0 new, 1 fixed, 0 not tested"),
        "{}",
        said.stdout
    );
    assert!(!project.read("known.toml").contains("[[known]]"));
}

#[test]
fn a_log_can_be_held_against_a_baseline() {
    let project = Project::new();
    let run = format!("{WRONG} --report-json run.jsonl");
    assert_eq!(project.scimulate(&run).code, Some(1));
    let updated = project.scimulate("report run.jsonl --baseline known.toml --baseline-update");
    assert_eq!(updated.code, Some(0), "{}", updated.stdout);
    let said = project.scimulate("report run.jsonl --baseline known.toml");
    assert_eq!(said.code, Some(0));
    assert!(
        said.stdout.contains("~ known  scimulate"),
        "{}",
        said.stdout
    );
    let live = project.scimulate(&format!("{WRONG} --baseline known.toml"));
    let summary = |said: &Said| {
        let line = said
            .stdout
            .lines()
            .find(|line| line.starts_with("baseline "));
        line.map(str::to_owned)
    };
    assert_eq!(summary(&said), summary(&live));
    assert!(summary(&said).is_some());
}

#[test]
fn what_fails_a_run_can_be_chosen() {
    let project = Project::new();
    let mut told = String::new();
    for (command, code) in [
        ("run scenarios/habit.yaml", 0),
        ("run scenarios/habit.yaml --fail-on may", 1),
        ("run scenarios/habit.yaml --fail-on rfc:may,okta", 0),
        ("run scenarios/wrong.yaml --fail-on rfc", 1),
        ("run scenarios/wrong.yaml --fail-on okta,entra", 0),
        ("run scenarios/wrong.yaml --fail-on none", 0),
    ] {
        let said = project.scimulate(command);
        let lines = said
            .stdout
            .lines()
            .filter(|line| line.starts_with(['✓', '✗', '!', '~']) || line.starts_with("create "));
        let lines: Vec<&str> = lines
            .map(|line| match line.strip_prefix("create") {
                Some(_) => line,
                // Without the time.
                None => line.rsplit_once("  ").map_or(line, |(line, _)| line),
            })
            .collect();
        told.push_str(&format!("{command}\n  {}\n", lines.join("\n  ")));
        assert_eq!(said.code, Some(code), "{command}: {}", said.stdout);
    }
    insta::assert_snapshot!("chosen", told);
    // A log of such a run says what failed it, and can be asked otherwise.
    let said = project.scimulate_with(
        "run scenarios/wrong.yaml --report-json run.jsonl",
        &[("SCIMULATE_FAIL_ON", "none")],
        "",
    );
    assert_eq!(said.code, Some(0));
    assert_eq!(project.scimulate("report run.jsonl").code, Some(0));
    assert_eq!(
        project.scimulate("report run.jsonl --fail-on must").code,
        Some(1)
    );
}

#[test]
fn mistakes_are_told_before_anything_is_sent() {
    let project = Project::new();
    let entry = "[[known]]\nscenario = \"a\"\nclient = \"b\"\nstep = \"c\"\nfinding = \"d\"\nauthority = \"rfc\"\n";
    project.write("twice.toml", &entry.repeat(2));
    project.write("other.toml", &entry.replace("rfc", "google"));
    let mut told = String::new();
    for options in [
        "--baseline nowhere.toml",
        "--baseline nowhere.toml --baseline-prune",
        "--baseline twice.toml",
        "--baseline other.toml",
        "--baseline scenarios",
        "--baseline-update",
        "--fail-on musst",
        "--fail-on rfc,none",
    ] {
        let said = project.scimulate(&format!("run scenarios/create.yaml {options}"));
        assert_eq!(
            (said.code, said.stdout.as_str()),
            (Some(2), ""),
            "{options}"
        );
        told.push_str(&format!("$ {options}\n{}\n", said.stderr));
    }
    assert_told!("mistakes", told);
}
