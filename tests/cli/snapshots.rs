//! Snapshots of a target, from the first run to a changed answer.

use crate::project::{Project, Said, assert_told};

const SNAPSHOT: &str = "snapshots/create__okta-oin__create_ada.snap";

fn run(project: &Project, mode: &str) -> Said {
    run_in(project, mode, &[])
}

fn run_in(project: &Project, mode: &str, environment: &[(&str, &str)]) -> Said {
    let words = "run scenarios/create.yaml --as okta-oin --snapshot-dir snapshots --snapshots";
    project.scimulate_with(&format!("{words} {mode}"), environment, "")
}

/// A project whose snapshots are accepted.
fn accepted() -> Project {
    let project = Project::new();
    assert_eq!(run(&project, "new").code, Some(0));
    let said = project.scimulate("accept --snapshot-dir snapshots");
    assert_eq!(said.code, Some(0), "{}", said.all());
    project
}

/// As if the target had said something else last time.
fn change(project: &Project) {
    let text = project.read(SNAPSHOT);
    let changed = text.replace("\"active\": true", "\"active\": false");
    assert_ne!(text, changed);
    project.write(SNAPSHOT, &changed);
}

#[test]
fn new_answers_wait_for_a_review() {
    let project = Project::new();
    let said = run(&project, "new");
    assert_eq!(said.code, Some(0));
    assert_told!("new", said.all());
    let names = [
        "create__okta-oin__create_ada.snap",
        "create__okta-oin__look_ada_up.snap",
    ];
    let pending = names.map(|name| format!("{name}.new"));
    assert_eq!(project.files("snapshots"), pending);
    project.scimulate("accept --snapshot-dir snapshots");
    assert_eq!(project.files("snapshots"), names);
    assert_told!("accepted", project.read(SNAPSHOT));
    let said = run(&project, "new");
    assert_eq!(said.code, Some(0));
    assert_told!("as_last_time", said.all());
    assert_eq!(project.files("snapshots"), names);
}

#[test]
fn a_check_and_a_pipeline_write_nothing() {
    let project = Project::new();
    assert_eq!(run(&project, "check").code, Some(0));
    assert_eq!(run(&project, "off").code, Some(0));
    for mode in ["new", "update"] {
        assert_eq!(run_in(&project, mode, &[("CI", "true")]).code, Some(0));
    }
    assert_eq!(project.files("snapshots"), [""; 0]);
    assert_eq!(run_in(&project, "new", &[("CI", "false")]).code, Some(0));
    assert_eq!(project.files("snapshots").len(), 2);
}

#[test]
fn a_changed_answer_fails_with_its_path() {
    let project = accepted();
    change(&project);
    let changed = project.read(SNAPSHOT);
    let said = run(&project, "check");
    assert_eq!(said.code, Some(1));
    assert_told!("changed", said.all());
    assert_eq!(project.files("snapshots").len(), 2);
    assert_eq!(run(&project, "off").code, Some(0));
    assert_eq!(run(&project, "new").code, Some(1));
    assert_eq!(project.files("snapshots").len(), 3);
    assert_eq!(project.read(SNAPSHOT), changed);
    // A person agrees.
    project.scimulate("accept --snapshot-dir snapshots");
    assert_eq!(run(&project, "check").code, Some(0));
}

#[test]
fn an_update_takes_what_is_answered() {
    let project = Project::new();
    assert_eq!(run(&project, "update").code, Some(0));
    let written = project.read(SNAPSHOT);
    change(&project);
    assert_eq!(run(&project, "update").code, Some(0));
    assert_eq!(project.read(SNAPSHOT), written);
    assert_eq!(run(&project, "check").code, Some(0));
}

#[test]
fn a_snapshot_of_no_step_is_named() {
    let project = accepted();
    project.write(
        "snapshots/create__okta-oin__gone.snap",
        &project.read(SNAPSHOT),
    );
    let said = run(&project, "check");
    assert_eq!(said.code, Some(0));
    assert!(
        said.all().contains("create__okta-oin__gone.snap"),
        "{}",
        said.all()
    );
}
