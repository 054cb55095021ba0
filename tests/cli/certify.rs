//! Gates: what is said of an endpoint, what is written down, and what is refused.

use std::fs;
use std::process::Command;

use serde_json::Value;
use zip::ZipArchive;

use crate::project::{Project, assert_told};

/// A file of the evidence as JSON.
fn json(project: &Project, name: &str) -> Value {
    serde_json::from_str(&project.read(name)).unwrap_or_else(|problem| panic!("{name}: {problem}"))
}

#[test]
fn okta_opens_its_gate_to_the_reference_server_and_the_evidence_proves_it() {
    let project = Project::new();
    let said = project.scimulate("certify okta --evidence proof");
    assert_eq!(said.code, Some(0), "{}{}", said.stdout, said.stderr);
    assert!(
        said.stdout
            .starts_with("Okta Integration Network: READY (rules of "),
        "{}",
        said.stdout
    );
    assert!(
        said.stdout.contains("12 met; 12 requests, "),
        "{}",
        said.stdout
    );
    assert_eq!(said.stderr, "evidence: proof\n");

    let readiness = json(&project, "proof/readiness.json");
    assert_eq!(readiness["verdict"], "ready");
    let manifest = json(&project, "proof/manifest.json");
    assert_eq!(manifest["gate"], "okta");
    assert_eq!(manifest["version"], env!("CARGO_PKG_VERSION"));
    let packs = manifest["scenarios"].as_array().unwrap();
    assert!(
        packs
            .iter()
            .any(|pack| pack["name"] == "scenarios/certify/okta/spec.yaml")
    );
    assert!(
        packs
            .iter()
            .all(|pack| pack["sha256"].as_str().unwrap().len() == 64)
    );

    // Whatever is in the folder is in the list, as it is.
    let mut names = project.files("proof");
    names.extend(
        project
            .files("proof/exchanges")
            .iter()
            .map(|name| format!("exchanges/{name}")),
    );
    let sums = project.read("proof/SHA256SUMS");
    for name in names
        .iter()
        .filter(|name| !["SHA256SUMS", "exchanges"].contains(&name.as_str()))
    {
        assert!(
            sums.lines()
                .any(|line| line.ends_with(&format!("  {name}"))),
            "{name}"
        );
    }
    let check = Command::new("sha256sum")
        .args(["--check", "--quiet", "SHA256SUMS"])
        .current_dir(project.path("proof"))
        .output();
    // Not every machine has it.
    if let Ok(check) = check {
        assert!(
            check.status.success(),
            "{}",
            String::from_utf8_lossy(&check.stdout)
        );
    }
    let page = project.read("proof/report.html");
    assert!(
        page.contains("Okta Integration Network"),
        "{}",
        &page[..2000]
    );
    let junit = project.read("proof/junit.xml");
    assert!(junit.contains("okta-spec-r1: "), "{junit}");
    assert!(!junit.contains("<failure"), "{junit}");

    let again = project.scimulate("certify okta --evidence proof");
    assert_told!("evidence_is_there_already", again.all());
}

#[test]
fn entra_shuts_its_gate_to_a_server_that_refuses_its_booleans_and_says_why() {
    let project = Project::new();
    let said = project
        .scimulate("certify entra --defect D112 --evidence proof.zip --report-json events.jsonl");
    assert_eq!(said.code, Some(1), "{}{}", said.stdout, said.stderr);
    assert!(
        said.stdout
            .starts_with("Microsoft Entra application gallery: NOT READY"),
        "{}",
        said.stdout
    );
    assert!(
        said.stdout
            .contains("`active` has a value of the wrong type"),
        "{}",
        said.stdout
    );

    let mut zip = ZipArchive::new(fs::File::open(project.path("proof.zip")).unwrap()).unwrap();
    let names: Vec<String> = zip
        .file_names()
        .map(|name| name.unwrap().into_owned())
        .collect();
    for name in [
        "SHA256SUMS",
        "events.jsonl",
        "junit.xml",
        "manifest.json",
        "report.html",
        "readiness.json",
        "verdict.txt",
    ] {
        assert!(names.iter().any(|known| known == name), "{names:?}");
    }
    let verdict: Value = serde_json::from_reader(zip.by_name("readiness.json").unwrap()).unwrap();
    assert_eq!(verdict["verdict"], "not-ready");
    // Nothing is left of the folder that was packed.
    let left: Vec<String> = project
        .files(".")
        .into_iter()
        .filter(|name| name.contains("part"))
        .collect();
    assert_eq!(left, Vec::<String>::new());

    let report = project.scimulate("report events.jsonl");
    assert!(
        report
            .stdout
            .contains("Microsoft Entra application gallery: NOT READY"),
        "{}",
        report.stdout
    );
}

#[test]
fn what_a_gate_demands_can_be_read_without_a_target() {
    let project = Project::new();
    for gate in ["okta", "entra"] {
        let said = project.scimulate(&format!("certify {gate} --list"));
        assert_eq!((said.code, said.stderr.as_str()), (Some(0), ""), "{gate}");
        assert!(
            said.stdout.lines().any(|line| line.contains("left to you")),
            "{gate}"
        );
        assert!(
            said.stdout.lines().any(|line| line.contains("required")),
            "{gate}"
        );
    }
    assert_eq!(project.files(".scimulate"), Vec::<String>::new());
}

#[test]
fn wrong_commands_are_told() {
    let project = Project::new();
    assert_told!(
        "certify_as_the_other",
        project.scimulate("certify okta --as entra-legacy").all()
    );
    assert_told!(
        "certify_a_target_with_a_defect",
        project
            .scimulate("certify okta --target http://127.0.0.1:9 --defect D112")
            .all()
    );
    assert_told!(
        "certify_nobody",
        project.scimulate("certify --no-evidence sailpoint").all()
    );
    let deaf = project.scimulate("certify entra --target http://127.0.0.1:9/scim --no-evidence");
    assert_eq!(deaf.code, Some(3), "{}", deaf.stdout);
    assert!(deaf.stdout.contains("stopped: "), "{}", deaf.stdout);
    assert!(!deaf.stdout.contains("READY"), "{}", deaf.stdout);
}
