//! `scimulate check` from outside: exit codes, what is said, and where.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use insta::{Settings, assert_snapshot};

fn check(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_scimulate"))
        .arg("check")
        .args(arguments)
        .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests"))
        .output()
        .expect("it can be started")
}

fn said(output: &Output) -> String {
    assert!(output.stdout.is_empty(), "messages belong on stderr");
    String::from_utf8(output.stderr.clone()).expect("it is UTF-8")
}

fn payloads(prefix: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/payloads");
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder)
        .expect("the folder is there")
        .map(|entry| entry.expect("it can be listed").path())
        .filter(|path| {
            let name = path.file_name().expect("it has a name").to_string_lossy();
            name.starts_with(prefix) && name.ends_with(".json")
        })
        .collect();
    files.sort();
    assert!(!files.is_empty());
    files
}

#[test]
fn good_files_are_counted() {
    let output = check(&["scenarios/good", "scenarios/good/smallest.yaml"]);
    assert_eq!(output.status.code(), Some(0));
    assert!(said(&output).starts_with("no mistakes in "));
}

#[test]
fn warnings_fail_only_when_they_are_denied() {
    let path = "scenarios/questionable/no_source.yaml";
    assert_eq!(check(&[path]).status.code(), Some(0));
    assert_eq!(check(&[path, "--deny-warnings"]).status.code(), Some(2));
}

#[test]
fn mistakes_of_several_files_are_said_in_one_go() {
    let output = check(&[
        "scenarios/bad/unknown_feature.yaml",
        "./scenarios/questionable/no_source.yaml",
    ]);
    assert_eq!(output.status.code(), Some(2));
    assert_snapshot!("several_files", said(&output));
}

#[test]
fn a_folder_without_scenarios_is_a_mistake() {
    let output = check(&["payloads"]);
    assert_eq!(output.status.code(), Some(2));
    assert_snapshot!("no_scenarios", said(&output));
}

#[test]
fn a_path_that_is_not_there_is_a_mistake() {
    let output = check(&["nowhere.yaml"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(said(&output).contains("--> nowhere.yaml:1:1"));
}

#[test]
fn payloads_are_held_against_the_schemas() {
    for path in payloads("good") {
        let output = check(&[&path.to_string_lossy()]);
        assert_eq!(output.status.code(), Some(0), "{}", said(&output));
        assert_eq!(said(&output), "no mistakes in 1 file\n");
    }
    let mut settings = Settings::new();
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.set_snapshot_path(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/payloads"));
    settings.bind(|| {
        for path in payloads("bad") {
            let stem = path.file_stem().expect("it has a name").to_string_lossy();
            let output = check(&[&format!("payloads/{stem}.json")]);
            assert_eq!(output.status.code(), Some(2));
            assert_snapshot!(stem.into_owned(), said(&output));
        }
    });
}
