//! `scimulate sync --system-log`: Entra's provisioning log, as lines of JSON.

use assert_cmd::Command;
use serde_json::Value;

const PEOPLE: &str = "
people:
  ada: { userName: ada@example.test, displayName: Ada, manager: bob, objectId: 5c0f0a34-7d8e-4f5e-9a53-2a7be2c1d0f1 }
  bob: { userName: bob@example.test, displayName: Bob }
groups:
  team: { displayName: Team, members: [ada] }
";

fn text(value: &Value) -> &str {
    value.as_str().expect("text")
}

#[test]
fn a_sync_writes_the_provisioning_log() {
    let directory = tempfile::tempdir().expect("a directory");
    std::fs::write(directory.path().join("people.yaml"), PEOPLE).expect("it is written");
    let output = Command::new(env!("CARGO_BIN_EXE_scimulate"))
        .args(["sync", "people.yaml", "--as", "entra-legacy", "-j", "1"])
        .args(["--system-log", "log.jsonl"])
        .current_dir(directory.path())
        .output()
        .expect("it starts");
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let log = std::fs::read_to_string(directory.path().join("log.jsonl")).expect("a log");
    let entries: Vec<Value> = log
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect();
    let told: Vec<(&str, &str, &str)> = entries
        .iter()
        .map(|entry| {
            (
                text(&entry["sourceIdentity"]["displayName"]),
                text(&entry["provisioningAction"]),
                text(&entry["provisioningStatusInfo"]["status"]),
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            ("Ada", "create", "success"),
            ("Bob", "create", "success"),
            ("Ada", "update", "success"),
            ("Team", "create", "success"),
            ("Team", "update", "success"),
        ]
    );
    let ada = &entries[0]["sourceIdentity"]["id"];
    assert_eq!(ada, "5c0f0a34-7d8e-4f5e-9a53-2a7be2c1d0f1");
    assert_eq!(entries[1]["sourceIdentity"]["id"], "bob");
    let bob = &entries[1]["targetIdentity"]["id"];
    assert_eq!(entries[2]["modifiedProperties"][0]["newValue"], *bob);
    assert_eq!(entries[0]["cycleId"], entries[4]["cycleId"]);
    assert!(!log.contains("Bearer"));
}
