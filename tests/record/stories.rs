//! Shipped scenarios, played through the recorder: they pass as before, the client is named, and what is written can be
//! played again.

use std::process::{Command, Output};

use crate::stand::Recorder;

const TOKEN: &str = "canary-token-4711";

/// Stories that have in them what tells one client from another.
const STORIES: [&str; 6] = [
    "lifecycle/joiner-mover-leaver",
    "lifecycle/leaver-deactivated",
    "lifecycle/rename-user",
    "lifecycle/group-push",
    "lifecycle/roles-assertive",
    "lifecycle/connection-with-entitlements",
];

/// The reference server and a recorder before it.
struct Stand {
    server: Recorder,
    recorder: Recorder,
}

impl Stand {
    fn new(words: &str) -> Self {
        let folder = tempfile::TempDir::new().expect("a folder");
        let mut command = Command::new(assert_cmd::cargo::cargo_bin!("scimulate"));
        command.args(["serve", "--port", "0", "--token", TOKEN]);
        let server = Recorder::spawned(folder, command, &[]);
        let recorder = Recorder::start(&server.base, &format!("--quiet {words}"));
        Self { server, recorder }
    }

    fn run(&self, words: &[&str], base: &str) -> Output {
        Command::new(assert_cmd::cargo::cargo_bin!("scimulate"))
            .env_clear()
            .env("SCIMULATE_TOKEN", TOKEN)
            .env("SCIMULATE_JOURNAL_DIR", self.recorder.path("journal"))
            .args(["run", "--target", base])
            .args(words)
            .output()
            .expect("the binary starts")
    }
}

fn told_again_as(client: &str) {
    let mut stand = Stand::new("--out story.yaml");
    let words = [&STORIES[..], &["--as", client]].concat();
    let played = stand.run(&words, &stand.recorder.base);
    assert_eq!(played.status.code(), Some(0), "{played:?}");
    assert_eq!(stand.recorder.stop(), Some(0));
    let said = stand.recorder.read("stderr");
    assert!(said.contains(&format!("\nclient: {client}\n")), "{said}");
    assert!(said.contains("findings: nothing is wrong"), "{said}");
    for file in ["log.jsonl", "story.yaml", "stderr"] {
        assert!(!stand.recorder.read(file).contains(TOKEN), "{file}");
    }
    let story = stand.recorder.path("story.yaml").display().to_string();
    let again = stand.run(&[&story], &stand.server.base);
    assert_eq!(again.status.code(), Some(0), "{again:?}");
    let summary = String::from_utf8_lossy(&again.stdout);
    assert!(summary.contains(&format!("pass  {client}")), "{summary}");
    assert!(!summary.contains("skipped"), "{summary}");
}

#[test]
fn okta_is_recognised_and_told_again() {
    for client in ["okta-oin", "okta-aiw", "okta-oin-userpatch", "okta-gov"] {
        told_again_as(client);
    }
}

#[test]
fn entra_is_recognised_and_told_again() {
    for client in ["entra-legacy", "entra-compliant"] {
        told_again_as(client);
    }
}

/// What a defect breaks is found in what passes, and counts for the provider that needs it.
#[test]
fn a_defect_is_found_in_what_passes() {
    let folder = tempfile::TempDir::new().expect("a folder");
    let mut command = Command::new(assert_cmd::cargo::cargo_bin!("scimulate"));
    command.args(["serve", "--port", "0", "--defect", "D124"]);
    let server = Recorder::spawned(folder, command, &[]);
    let recorder = Recorder::start(&server.base, "--quiet --fail-on rfc");
    let mut stand = Stand { server, recorder };
    stand.run(
        &["lifecycle/assign-new", "--as", "okta-oin"],
        &stand.recorder.base,
    );
    assert_eq!(stand.recorder.stop(), Some(1));
    let said = stand.recorder.read("stderr");
    assert!(said.contains("\n  location-"), "{said}");
}

/// What differs between two recordings of one story is not asked for by the scenario.
#[test]
fn two_recordings_tell_noise_from_meaning() {
    let mut first = Stand::new("");
    let words = ["lifecycle/assign-new", "--as", "okta-oin"];
    first.run(&words, &first.recorder.base);
    assert_eq!(first.recorder.stop(), Some(0));
    let log = first.recorder.path("log.jsonl").display().to_string();
    let mut second = Stand::new(&format!("--out story.yaml --again {log}"));
    second.run(&words, &second.recorder.base);
    assert_eq!(second.recorder.stop(), Some(0));
    let story = second.recorder.path("story.yaml").display().to_string();
    let again = second.run(&[&story], &second.server.base);
    assert_eq!(
        again.status.code(),
        Some(0),
        "{again:?}\n{}",
        second.recorder.read("story.yaml")
    );
}

/// Scenarios that follow the addresses in answers stay with the recorder.
#[test]
fn addresses_lead_to_the_recorder_where_that_is_asked_for() {
    for words in ["--rewrite-urls", "--keep-host"] {
        let mut stand = Stand::new(words);
        let played = stand.run(&["rfc/create", "rfc/discovery"], &stand.recorder.base);
        assert_eq!(played.status.code(), Some(0), "{words}: {played:?}");
        assert_eq!(stand.recorder.stop(), Some(0));
        let said = stand.recorder.read("stderr");
        assert!(said.contains("findings: nothing is wrong"), "{said}");
    }
}
