//! Real cargo-insta reviews our snapshots, with our binary in the place of Cargo.

use std::fs;
use std::io::{self, Write};
use std::process::Command;

use assert_cmd::cargo::cargo_bin;

const PENDING: &str = "---\nsource: \"scenarios/okta/create.yaml\"\nassertion_line: 12\ndescription: \"POST /Users in step `create ada`, as okta-oin\"\n\
    info:\n  scimulate:\n    format: 1\n    scenario: \"scenarios/okta/create.yaml\"\n    client: \"okta-oin\"\n    step: \"create ada\"\n---\n\
    {\n  \"request\": \"POST /Users\",\n  \"status\": 201\n}\n";

#[test]
fn cargo_insta_accepts_our_snapshots_without_cargo() {
    if Command::new("cargo-insta")
        .arg("--version")
        .output()
        .is_err()
    {
        writeln!(io::stderr(), "skipped: cargo-insta is not installed").unwrap();
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let name = "okta.create__okta-oin__create_ada.snap";
    fs::write(folder.path().join(format!("{name}.new")), PENDING).unwrap();
    let status = Command::new("cargo-insta")
        .args(["insta", "accept"])
        .current_dir(folder.path())
        .env("CARGO", cargo_bin!("scimulate"))
        .env("SCIMULATE_AS_CARGO_FOR", folder.path())
        .status()
        .unwrap();
    assert!(status.success());
    let accepted = fs::read_to_string(folder.path().join(name)).unwrap();
    assert!(
        accepted.contains("scenario: scenarios/okta/create.yaml"),
        "{accepted}"
    );
    assert!(
        accepted.ends_with("---\n{\n  \"request\": \"POST /Users\",\n  \"status\": 201\n}\n"),
        "{accepted}"
    );
    assert!(!folder.path().join(format!("{name}.new")).exists());
}

#[test]
fn a_review_without_a_terminal_says_what_else_there_is() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("a__b__c.snap.new"), PENDING).unwrap();
    let run = |command: &str| {
        let output = Command::new(cargo_bin!("scimulate"))
            .args([command, "--snapshot-dir"])
            .arg(folder.path())
            .output()
            .unwrap();
        let text = |bytes: Vec<u8>| {
            String::from_utf8(bytes)
                .unwrap()
                .replace(&folder.path().display().to_string(), "DIR")
        };
        format!(
            "{:?}\n{}{}",
            output.status.code(),
            text(output.stdout),
            text(output.stderr)
        )
    };
    insta::assert_snapshot!(
        [
            run("pending"),
            run("review"),
            run("accept"),
            run("review"),
            run("reject")
        ]
        .join("\n")
    );
}
