//! `scimulate reduce`: what is left of a scenario that fails.

use crate::project::{Project, assert_told};

/// Told as every client; of its eight steps three show that a deactivated account is forgotten (defect D227).
const STORY: &str = "reduce lifecycle/joiner-mover-leaver --defect D227";

#[test]
fn a_story_is_reduced_to_what_still_fails() {
    let project = Project::new();
    let said = project.scimulate(&format!("{STORY} --as okta-oin --out short.yaml"));
    assert_eq!(said.code, Some(0), "{}", said.stderr);
    assert_eq!(said.stdout, "");
    let short = project.read("short.yaml");
    insta::assert_snapshot!("reduced", short);
    let plays = said.stderr.lines().next().unwrap_or_default();
    assert!(
        plays.starts_with("3 steps, 8 before; 5 requests, 20 before; "),
        "{plays}"
    );
    // It fails as the story does, and passes where nothing is wrong.
    let again = project.scimulate("run short.yaml --defect D227");
    assert_eq!(again.code, Some(1), "{}", again.stdout);
    assert!(again.stdout.contains("read-back"), "{}", again.stdout);
    assert_eq!(project.scimulate("run short.yaml").code, Some(0));
    assert_eq!(
        project.scimulate("check --deny-warnings short.yaml").code,
        Some(0)
    );
}

#[test]
fn another_failure_is_kept_to_if_it_is_named() {
    let project = Project::new();
    let two = "title: Two wrong expectations\nsteps:\n  - name: one\n    get: /Users\n    expect: { status: 201 }\n  \
               - name: two\n    get: /Groups\n    headers: { X-Not-Needed: a }\n    expect: { status: 202 }\n";
    project.write("two.yaml", two);
    let said = project.scimulate("reduce two.yaml --step two");
    assert_eq!(said.code, Some(0), "{}", said.stderr);
    insta::assert_snapshot!(said.stdout, @r"
    # Reduced from two.yaml: step `two` fails with `expected-status`
    title: Two wrong expectations
    steps:
      - name: two
        get: /Groups
        expect: { status: 202 }
    ");
}

#[test]
fn what_cannot_be_reduced_is_said() {
    let project = Project::new();
    project.write("there.yaml", "kept");
    let mut told = String::new();
    for words in [
        "reduce scenarios/create.yaml",
        "reduce scenarios/wrong.yaml --step nowhere",
        "reduce lifecycle",
        "reduce scenarios/wrong.yaml --out there.yaml",
        "reduce scenarios/wrong.yaml --target http://127.0.0.1:9/ --defect D227",
        "reduce scenarios/wrong.yaml --target http://127.0.0.1:9/",
    ] {
        told.push_str(&format!(
            "$ scimulate {words}\n{}\n",
            project.scimulate(words).all()
        ));
    }
    assert_told!("not_reduced", told);
    assert_eq!(project.read("there.yaml"), "kept");
}

#[test]
fn the_number_of_plays_has_a_limit() {
    let said = Project::new().scimulate(&format!("{STORY} --as okta-oin --at-most 2"));
    assert_eq!(said.code, Some(0));
    let told = "ended by `--at-most`: this is the shortest so far\n";
    assert!(said.stderr.ends_with(told), "{}", said.stderr);
}
