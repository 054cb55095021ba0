//! Exports: scripts that run, archives and collections that can be imported again.

use std::process::Command;

use crate::project::{Project, assert_told};

const STORY: &str = "title: A user comes and goes\nas: okta-oin\npeople: [ada]\nsteps:\n  - name: look\n    get: /Users?filter=userName eq \"${ada.userName}\"\n    expect: { status: 200 }\n  - name: create\n    post: /Users\n    body: |\n      {\"schemas\":[\"urn:ietf:params:scim:schemas:core:2.0:User\"],\"userName\":\"${ada.userName}\",\"displayName\":\"it's \\\"ada\\\"\",\"active\":true}\n    expect: { status: 201 }\n    keep: { ada.id: $.id }\n  - name: leave\n    patch: /Users/${ada.id}\n    body: |\n      {\"schemas\":[\"urn:ietf:params:scim:api:messages:2.0:PatchOp\"],\"Operations\":[{\"op\":\"replace\",\"value\":{\"active\":false}}]}\n    expect: { status: [200, 204] }\n  - verify: { user: ada, is: { active: false } }\n";

fn project() -> Project {
    let project = Project::new();
    project.write("story.yaml", STORY);
    project
}

#[test]
fn a_script_of_a_scenario_runs() {
    let project = project();
    let mut server = project.serve("");
    let base = server.line();
    let said = project.scimulate("export curl story.yaml --out story.sh");
    assert_eq!(said.code, Some(0), "{}", said.all());
    // Twice: names are unique each time.
    for run in ["one", "two"] {
        let output = Command::new("sh")
            .arg(project.path("story.sh"))
            .env("SCIM_BASE", &base)
            .env("SCIM_TOKEN", "any")
            .env("SCIM_RUN", run)
            .output()
            .expect("there is a shell");
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{told}");
        assert_eq!(
            told,
            "# 1 GET /Users by filter (200): 200\n# 2 POST /Users (201): 201\n# 3 PATCH /Users/{id} (200): 200\n"
        );
        let answers = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(
            answers.contains(&format!("ada.lovell.{run}@example.test")),
            "{answers}"
        );
    }
    let unset = Command::new("sh")
        .arg(project.path("story.sh"))
        .env_remove("SCIM_TOKEN")
        .output()
        .expect("there is a shell");
    assert!(!unset.status.success());
    let told = String::from_utf8_lossy(&unset.stderr).into_owned();
    assert!(
        told.contains("SCIM_TOKEN: is not set; it is the credential of the target"),
        "{told}"
    );
}

#[test]
fn an_archive_of_a_run_is_imported_again() {
    let project = project();
    let said = project.scimulate("run story.yaml --report-json run.jsonl --snapshots off");
    assert_eq!(said.code, Some(0), "{}", said.all());
    let said = project.scimulate("export har --events run.jsonl --own --out run.har");
    assert_eq!(said.code, Some(0), "{}", said.all());
    let said = project.scimulate("import run.har --as-events again.jsonl");
    assert_eq!(said.code, Some(0), "{}", said.all());
    let exchanges = |file: &str| -> Vec<serde_json::Value> {
        let log = project.read(file);
        let events = log.lines().map(|line| {
            let event: serde_json::Value = serde_json::from_str(line).expect("it is an event");
            event
        });
        events
            .flat_map(|event| {
                let of_step = event["exchanges"].as_array().cloned().unwrap_or_default();
                let cleanup = event["cleanup"].as_array().cloned().unwrap_or_default();
                [of_step, cleanup].concat()
            })
            .collect()
    };
    let (before, after) = (exchanges("run.jsonl"), exchanges("again.jsonl"));
    assert!(before.len() > 5, "{before:?}");
    assert_eq!(before, after);
}

#[test]
fn a_collection_of_a_scenario_is_imported_again_and_runs() {
    let project = project();
    let said = project.scimulate("export postman story.yaml --out story.json");
    assert_eq!(said.code, Some(0), "{}", said.all());
    let said = project.scimulate("import postman story.json --out again.yaml");
    assert_eq!(said.code, Some(0), "{}", said.all());
    assert!(
        said.stderr
            .starts_with("3 requests, 3 assertions, all of them kept"),
        "{}",
        said.stderr
    );
    let said = project.scimulate("run again.yaml --snapshots off");
    assert_eq!(said.code, Some(0), "{}", said.all());
}

#[test]
fn a_file_for_editors_is_imported_again() {
    let project = project();
    let said = project.scimulate("export http story.yaml --target https://scim.example.com/v2/");
    assert_eq!(said.code, Some(0), "{}", said.all());
    assert_told!("exported_http", said.all());
    let again = project.scimulate_with("import - --as-events again.jsonl", &[], &said.stdout);
    assert_eq!(again.code, Some(0), "{}", again.all());
    assert!(
        again
            .stderr
            .starts_with("stdin: HTTP as text, 3 exchanges, 3 without an answer"),
        "{}",
        again.stderr
    );
}

#[test]
fn no_export_has_a_secret() {
    let project = project();
    let said = project.scimulate_with(
        "export har --events - --out all.har",
        &[],
        "POST https://scim.example.com/v2/Users\nAuthorization: Bearer canary-4711-bird\nContent-Type: application/scim+json\n\n{\"userName\":\"ada\",\"password\":\"canary-4712-bird\"}\n\nHTTP/1.1 400 Bad Request\nContent-Type: application/json\n\n{\"detail\":\"canary-4712-bird is too weak\"}\n",
    );
    assert_eq!(said.code, Some(0), "{}", said.all());
    for format in ["curl", "postman", "http", "har"] {
        let said = project.scimulate(&format!("export {format} --events all.har"));
        assert_eq!(said.code, Some(0), "{}", said.all());
        assert!(!said.all().contains("canary"), "{}", said.all());
    }
}

#[test]
fn mistakes_are_told() {
    let project = project();
    project.write(
        "own.yaml",
        "title: Nothing of a client\nsteps:\n  - name: look\n    get: /Users\n",
    );
    let run = project.scimulate("run own.yaml --report-json run.jsonl --snapshots off");
    assert_eq!(run.code, Some(0), "{}", run.all());
    let log: String = project
        .read("run.jsonl")
        .lines()
        .filter(|line| !line.contains("step-finished"))
        .map(|line| format!("{line}\n"))
        .collect();
    project.write("idle.jsonl", &log);
    project.write("there.sh", "");
    for (name, words) in [
        ("export_nothing", "export curl --events idle.jsonl"),
        ("export_both", "export curl story.yaml --events run.jsonl"),
        ("export_form", "export soap story.yaml"),
        ("export_over", "export curl story.yaml --out there.sh"),
        ("export_missing", "export curl --events none.har"),
        ("export_unknown_scenario", "export curl none.yaml"),
    ] {
        let said = project.scimulate(words);
        assert_ne!(said.code, Some(0), "{}", said.all());
        assert_told!(name, said.all());
    }
}
