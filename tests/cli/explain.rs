//! `scimulate explain`, and the defects that the reference server can be given.

use crate::project::{Project, assert_told};

#[test]
fn what_a_report_names_can_be_explained() {
    let project = Project::new();
    for (id, says) in [
        ("one-primary", "## How to fix it"),
        ("read-back", "## Why it matters"),
        ("rfc7644-3.5.2-200-or-204", "RFC 7644 3.5.2, MUST"),
        ("d055", "scimulate run --defect D055"),
    ] {
        let said = project.scimulate(&format!("explain {id}"));
        assert_eq!(said.code, Some(0), "{}", said.all());
        assert!(said.stdout.contains(says), "{}", said.stdout);
        let json = project.scimulate(&format!("explain {id} --json"));
        let object: serde_json::Value = serde_json::from_str(&json.stdout).expect("it is JSON");
        assert!(object["kind"].is_string(), "{object}");
    }
    for kind in ["checks", "rules", "requirements", "defects"] {
        let said = project.scimulate(&format!("explain --list {kind}"));
        assert!(said.stdout.lines().count() > 25, "{kind}");
    }
}

#[test]
fn ids_that_nobody_knows_are_told_with_the_nearest() {
    let project = Project::new();
    let told: Vec<String> = [
        "explain one-primry",
        "explain",
        "explain one-primary --list",
        "run scenarios/create.yaml --defect D9999",
        "run scenarios/create.yaml --defect D154",
        "run scenarios/create.yaml --defect D001 --target http://127.0.0.1:1/scim/v2",
        "serve --defect D001,D9999",
    ]
    .iter()
    .map(|words| {
        let said = project.scimulate(words);
        assert_eq!(said.code, Some(2), "{words}");
        format!("# {words}\n{}\n", said.all())
    })
    .collect();
    assert_told!("explain_wrong", told.join("\n"));
}

#[test]
fn a_defect_makes_a_run_fail_and_several_can_be_had_at_once() {
    let project = Project::new();
    let sound = project.scimulate("run rfc/create/created.yaml --snapshots off");
    assert_eq!(sound.code, Some(0), "{}", sound.all());
    let wrong = project
        .scimulate("run rfc/create/created.yaml --snapshots off --defect D173 --defect d190");
    assert_eq!(wrong.code, Some(1));
    for cause in ["201 without a `Location` header", "`id`"] {
        assert!(wrong.stdout.contains(cause), "{}", wrong.stdout);
    }
    let listed = project.scimulate("serve --list-defects");
    for story in ["D173  ", "https://", "a report names: Location"] {
        assert!(listed.stdout.contains(story), "{story}");
    }
}
