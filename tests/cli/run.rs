//! `scimulate run` against the embedded server: what is selected, how it went, and which exit code says so.

use crate::project::{Project, assert_told};

/// The lines of the scenarios, without times.
fn scenarios(stdout: &str) -> Vec<String> {
    stdout
        .lines()
        .filter(|line| line.starts_with(['✓', '✗', '!', '-', '·', '○']))
        .map(|line| {
            let words: Vec<&str> = line.split_whitespace().take(5).collect();
            words.join(" ")
        })
        .collect()
}

#[test]
fn what_works_is_exit_0() {
    let said = Project::new().scimulate("run scenarios/create.yaml");
    assert_eq!(said.code, Some(0));
    assert_told!("pass", said.all());
}

#[test]
fn what_fails_is_exit_1_with_request_answer_and_curl() {
    let said = Project::new().scimulate("run scenarios/wrong.yaml");
    assert_eq!(said.code, Some(1));
    assert_told!("fail", said.all());
}

#[test]
fn what_is_only_a_habit_warns() {
    let said = Project::new().scimulate("run scenarios/habit.yaml");
    assert_eq!(said.code, Some(0));
    assert_told!("warn", said.all());
}

#[test]
fn clients_and_tags_select() {
    let project = Project::new();
    let played = |words: &str| {
        let said = project.scimulate(words);
        (said.code, scenarios(&said.stdout))
    };
    let okta = "✓ pass okta-oin Okta creates";
    let entra = "✓ pass entra-legacy Okta creates";
    let badges = "✓ pass scimulate Badges of";
    let selected = |lines: &[&str]| {
        let lines: Vec<String> = lines.iter().map(|line| (*line).to_owned()).collect();
        (Some(0), lines)
    };
    assert_eq!(
        played("run scenarios/create.yaml --as entra-legacy"),
        selected(&[entra])
    );
    assert_eq!(played("run --tag smoke"), selected(&[badges, okta, entra]));
    // What is told as nobody is told as whoever is asked for.
    assert_eq!(
        played("run --tag smoke --as okta-oin,okta-aiw"),
        selected(&[
            "✓ pass okta-oin Badges of",
            "✓ pass okta-aiw Badges of",
            okta
        ])
    );
    // The same file twice is one scenario.
    assert_eq!(
        played("run ./scenarios/badges.yaml scenarios/badges.yaml"),
        selected(&[badges])
    );
}

#[test]
fn large_scenarios_run_only_when_they_are_named() {
    let project = Project::new();
    let text = project.read("scenarios/create.yaml");
    let text = text
        .replace("title: ", "title: Large ")
        .replace("tags: [smoke]", "tags: [large]");
    project.write("scenarios/large.yaml", &text);
    let large = |words: &str| project.scimulate(words).stdout.contains("Large ");
    assert!(!large("run scenarios"));
    assert!(large("run scenarios/large.yaml"));
    assert!(large("run --tag large"));
    assert!(large("list"));
}

#[test]
fn shipped_scenarios_run_where_there_are_no_files() {
    let said = Project::new().scimulate("run okta/connect entra/connect/connection-test");
    assert_eq!(said.code, Some(0), "{}", said.all());
    assert!(said.stdout.contains("okta-oin"), "{}", said.stdout);
    assert!(said.stdout.contains("entra-legacy"), "{}", said.stdout);
}

#[test]
fn nothing_selected_is_exit_4() {
    let said = Project::new().scimulate("run --tag nowhere");
    assert_eq!(said.code, Some(4));
    assert_told!("nothing_selected", said.all());
}

#[test]
fn wrong_commands_are_exit_2_with_a_hint() {
    let project = Project::new();
    project.write("scenarios/bad.yaml", "title: Bad\nstepps: []\n");
    let commands = [
        "run nowhere.yaml",
        "run scenarios/create.yaml --as okta",
        "run scenarios/department.yaml",
        "run scenarios/create.yaml --var department",
        "run scenarios/create.yaml --timeout 10x",
        "run scenarios/create.yaml --timeout 0s",
        "run scenarios/create.yaml --snapshots always",
        "run scenarios/create.yaml --target ftp://127.0.0.1/scim",
        "run scenarios/create.yaml --target http://127.0.0.1:9/scim --token canary",
        "run scenarios/bad.yaml scenarios/create.yaml",
    ];
    let mut told = String::new();
    for command in commands {
        let said = project.scimulate(command);
        assert_eq!(
            (said.code, said.stdout.as_str()),
            (Some(2), ""),
            "{command}"
        );
        assert!(!said.stderr.contains("canary"), "{}", said.stderr);
        told.push_str(&format!("$ scimulate {command}\n{}\n", said.stderr));
    }
    assert_told!("wrong_commands", told);
}

#[test]
fn variables_fill_in_what_a_scenario_leaves_open() {
    let said = Project::new().scimulate(
        "run scenarios/department.yaml --var department=Physics --var floor=3 --report-json -",
    );
    assert_eq!(said.code, Some(0));
    assert!(said.stdout.contains("Physics%203"), "{}", said.stdout);
}

#[test]
fn a_failure_can_stop_the_run() {
    let project = Project::new();
    let words = "run scenarios/wrong.yaml scenarios/badges.yaml scenarios/habit.yaml";
    let all = project.scimulate(words);
    assert_eq!((all.code, scenarios(&all.stdout).len()), (Some(1), 3));
    let stopped = project.scimulate(&format!("{words} --fail-fast --jobs 1"));
    assert_eq!(stopped.code, Some(1));
    assert_eq!(scenarios(&stopped.stdout), ["✗ FAIL scimulate A create"]);
}

#[test]
fn scenarios_run_side_by_side_with_the_same_outcome() {
    let project = Project::new();
    let played = |words: &str| {
        let said = project.scimulate(&format!("run --var department=Physics {words}"));
        (said.code, scenarios(&said.stdout))
    };
    assert_eq!(played("--jobs 1"), played("-j 8"));
}
