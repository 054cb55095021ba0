//! `scimulate report` renders event logs again.

use std::process::Command;

use assert_cmd::cargo::cargo_bin;

fn report(arguments: &[&str]) -> (Option<i32>, String, String) {
    let output = Command::new(cargo_bin!("scimulate"))
        .arg("report")
        .args(arguments)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("scimulate runs and writes text");
    let text = |bytes| String::from_utf8(bytes).expect("scimulate runs and writes text");
    (
        output.status.code(),
        text(output.stdout),
        text(output.stderr),
    )
}

#[test]
fn the_exit_code_is_that_of_the_run() {
    for (logs, code) in [
        (&["passed"][..], 0),
        (&["failed"], 1),
        (&["stopped"], 3),
        (&["interrupted"], 130),
        (&["passed", "failed"], 1),
        (&["empty"], 0),
    ] {
        let paths: Vec<String> = logs
            .iter()
            .map(|log| format!("fixtures/events/{log}.jsonl"))
            .collect();
        let paths: Vec<&str> = paths.iter().map(String::as_str).collect();
        assert_eq!(report(&paths).0, Some(code), "{logs:?}");
    }
}

#[test]
fn several_logs_give_one_report() {
    let folder = tempfile::tempdir().unwrap();
    let junit = folder.path().join("junit.xml");
    let (_, stdout, stderr) = report(&[
        "fixtures/events/passed.jsonl",
        "fixtures/events/passed.jsonl",
        "--report-junit",
        junit.to_str().unwrap(),
    ]);
    insta::assert_snapshot!(format!("{stdout}{stderr}"));
    assert_eq!(
        std::fs::read_to_string(junit)
            .unwrap()
            .matches("<testsuite ")
            .count(),
        6
    );
}

#[test]
fn what_is_no_log_is_said() {
    let (code, stdout, stderr) = report(&["Cargo.toml"]);
    assert_eq!((code, stdout.as_str()), (Some(2), ""));
    insta::assert_snapshot!(stderr);
}
