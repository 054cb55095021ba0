//! `scimulate diff`: two runs, two targets, or a log and a target.

use serde_json::Value;

use crate::project::{Project, Said, assert_told};

/// All but the addresses and the times of the two sides.
fn told(said: &Said) -> String {
    let lines = said.stdout.lines().skip(2);
    let id = regex::Regex::new("[0-9a-f]{8}-[0-9a-f-]{27}").expect("it is well-formed");
    let text = lines.collect::<Vec<_>>().join("\n");
    id.replace_all(&text, "[id]").into_owned()
}

#[test]
fn a_target_is_the_same_as_itself() {
    let said = Project::new().scimulate("diff embedded embedded scenarios/create.yaml");
    assert_eq!(said.code, Some(0), "{}", said.stderr);
    assert!(
        said.stdout.starts_with("A  http://127.0.0.1:"),
        "{}",
        said.stdout
    );
    assert!(
        said.stdout.ends_with("compared: all the same\n"),
        "{}",
        said.stdout
    );
}

#[test]
fn what_a_log_has_is_played_against_a_target() {
    let project = Project::new();
    let play = "run lifecycle/joiner-mover-leaver --as okta-oin --defect D227 --snapshots off";
    let run = project.scimulate(&format!("{play} --report-json old.jsonl"));
    assert_eq!(run.code, Some(1), "{}", run.stderr);
    let said = project.scimulate("diff old.jsonl embedded");
    assert_eq!(said.code, Some(1), "{}", said.stderr);
    assert_told!("log_and_target", told(&said));
    let said = project.scimulate("diff old.jsonl embedded --json");
    let json: Value = serde_json::from_str(&said.stdout).expect("it is JSON");
    assert_eq!(json["compared"], 8);
    assert_eq!(
        json["steps"][0]["verdicts"],
        serde_json::json!(["fail", "pass"])
    );
    // The other way round, and with itself.
    assert_eq!(project.scimulate("diff old.jsonl old.jsonl").code, Some(0));
}

#[test]
fn the_path_of_a_base_url_is_no_difference() {
    let project = Project::new();
    let mut one = project.serve("--base-path /scim --token a");
    let mut other = project.serve("--base-path /api/v2 --token a");
    let (one_url, other_url) = (one.line(), other.line());
    project.write("token", "a");
    let said = project.scimulate(&format!(
        "diff {one_url} {other_url} lifecycle/joiner-mover-leaver --as okta-oin --token-file token"
    ));
    assert_eq!(said.code, Some(0), "{}{}", said.stdout, said.stderr);
    one.terminate();
    other.terminate();
}

#[test]
fn what_cannot_be_compared_is_said() {
    let project = Project::new();
    project.write("no.jsonl", "{}\n");
    let run = project.scimulate("run scenarios/create.yaml --report-json old.jsonl");
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    let mut told = String::new();
    for words in [
        "diff none.jsonl embedded",
        "diff no.jsonl embedded",
        "diff old.jsonl old.jsonl scenarios/create.yaml",
        "diff embedded staging scenarios/create.yaml",
        "diff embedded embedded --target http://127.0.0.1:9/",
        "diff embedded http://127.0.0.1:9/ scenarios/create.yaml",
        "diff embedded",
    ] {
        told.push_str(&format!(
            "$ scimulate {words}\n{}\n",
            project.scimulate(words).all()
        ));
    }
    assert_told!("not_compared", told);
}
