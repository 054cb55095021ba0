//! Traffic and logs that others recorded: judged, kept, and written as scenarios.

use std::fs;
use std::path::Path;

use crate::project::{Project, assert_told};

fn project() -> Project {
    let project = Project::new();
    let here = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/captures");
    for entry in fs::read_dir(here).expect("the folder is there") {
        let entry = entry.expect("it can be listed");
        let copy = project.path(&entry.file_name().to_string_lossy());
        fs::copy(entry.path(), copy).expect("it can be copied");
    }
    project
}

#[test]
fn what_is_wrong_in_a_recording_is_reported() {
    let said = project().scimulate("import browser.har --judge");
    assert_told!("import_judged", said.all());
}

#[test]
fn a_recording_becomes_a_scenario_that_runs() {
    let project = project();
    let said = project.scimulate("import browser.har --out story.yaml");
    assert_eq!(said.code, Some(0), "{}", said.all());
    assert_eq!(said.stdout, "");
    let told: Vec<&str> = said.stderr.lines().take(3).collect();
    assert_eq!(
        told,
        [
            "browser.har: HAR, 4 exchanges, 1 of other services left out",
            "missing: the body of its answer was not recorded (entry 4)",
            "told as okta-oin",
        ]
    );
    let text = project.read("story.yaml");
    assert!(
        !text.contains("customer.example") && !text.contains("canary"),
        "{text}"
    );
    let said = project.scimulate("run story.yaml --snapshots off");
    assert_eq!(said.code, Some(0), "{}", said.all());
    // Any report asks for the judgement.
    let said = project.scimulate("import browser.har --report-junit report.xml");
    assert_eq!(said.code, Some(1), "{}", said.all());
    assert!(
        project
            .read("report.xml")
            .contains("list-counters-are-numbers")
    );
    // Both at once: what is wrong, and the scenario.
    let said = project.scimulate("import browser.har --judge --out story.yaml --force");
    assert_eq!(said.code, Some(1), "{}", said.all());
    assert!(
        said.stdout.contains("list-counters-are-numbers"),
        "{}",
        said.stdout
    );
}

#[test]
fn a_recording_becomes_an_event_log_that_is_reported() {
    let project = project();
    let said = project.scimulate("import ticket.txt --as-events ticket.jsonl --as entra-legacy");
    assert_eq!(said.code, Some(0), "{}", said.all());
    assert_told!("import_ticket", said.all());
    let said = project.scimulate("report ticket.jsonl");
    assert_eq!(said.code, Some(1), "{}", said.all());
    for words in [
        "ticket.txt:5, step `1 PATCH /scim/v2/Users/7`",
        "error-is-scim-error",
    ] {
        assert!(said.stdout.contains(words), "{}", said.stdout);
    }
    // An event log is a recording, too, also when its last line is cut off.
    let log = project.read("ticket.jsonl");
    project.write("cut.jsonl", &log[..log.len() - 30]);
    let said = project.scimulate("import cut.jsonl --as-events again.jsonl");
    assert_eq!(said.code, Some(0), "{}", said.all());
    assert_eq!(
        said.stderr,
        "cut.jsonl: an event log, 2 exchanges\nit breaks off at line 6: the last line is cut off; what stands before was read\n"
    );
}

#[test]
fn of_a_recording_that_breaks_off_the_rest_is_told() {
    let said = project().scimulate("import cut.har --as-events cut.jsonl");
    assert_told!("import_cut", said.all());
}

#[test]
fn some_exchanges_can_be_chosen() {
    let project = project();
    let chosen = |words: &str| -> Vec<String> {
        let said = project.scimulate(&format!(
            "import browser.har --as-events some.jsonl {words}"
        ));
        assert_eq!(said.code, Some(0), "{}", said.all());
        let log = project.read("some.jsonl");
        let events = log.lines().map(|line| {
            let event: serde_json::Value = serde_json::from_str(line).expect("it is an event");
            event
        });
        events
            .filter_map(|event| Some(event["step"].as_str()?.to_owned()))
            .collect()
    };
    let all = [
        "2 GET /scim/v2/Users",
        "3 POST /scim/v2/Users",
        "4 PATCH /scim/v2/Users/2819c223-7f76-453a-919d-413861904646",
    ];
    assert_eq!(chosen(""), all);
    assert_eq!(chosen("--from 3"), all[1..]);
    assert_eq!(chosen("--to 3"), all[..2]);
    assert_eq!(chosen("--only post"), all[1..2]);
    assert_eq!(chosen("--only /Users/*"), all[2..]);
    assert_eq!(chosen("--only /Users --only GET"), all[..2]);
}

#[test]
fn command_lines_and_stdin_are_read() {
    let project = project();
    let said = project.scimulate("import curl commands.txt --as-events commands.jsonl");
    assert_told!("import_commands", said.all());
    assert!(!project.read("commands.jsonl").contains("canary"));
    let said = project.scimulate("import commands.txt --out commands.yaml");
    assert_eq!(said.code, Some(0), "{}", said.all());
    let said = project.scimulate("check commands.yaml");
    assert_eq!(said.code, Some(0), "{}", said.all());
    let said = project.scimulate_with(
        "import - --judge",
        &[],
        "GET https://a.test/scim/v2/Users\n\nHTTP/1.1 200 OK\nContent-Type: text/html\n\n<p>hello</p>\n",
    );
    assert_eq!(said.code, Some(1), "{}", said.all());
    assert!(
        said.stdout.contains("stdin:1, step `1 GET /scim/v2/Users`"),
        "{}",
        said.stdout
    );
}

#[test]
fn a_log_of_entra_becomes_a_story_with_acts() {
    let project = project();
    let said = project.scimulate("import entra-log.json");
    assert_told!("import_entra_log", said.all());
    let said = project
        .scimulate("import entra-log entra-log.json --keep-people --out kept.yaml --title Kept");
    assert_eq!(said.code, Some(0), "{}", said.all());
    assert!(
        project
            .read("kept.yaml")
            .contains("bob.stone.${run}@customer.example")
    );
    for file in [
        "entra-log.json --out told.yaml",
        "okta-log.json --out okta.yaml",
    ] {
        let said = project.scimulate(&format!("import {file}"));
        assert_eq!(said.code, Some(0), "{}", said.all());
    }
    for file in ["kept.yaml", "told.yaml", "okta.yaml"] {
        let said = project.scimulate(&format!("run {file} --snapshots off"));
        assert_eq!(said.code, Some(0), "{}", said.all());
    }
}

#[test]
fn a_log_of_okta_becomes_a_story_with_acts() {
    let said = project().scimulate("import okta-log okta-log.json");
    assert_told!("import_okta_log", said.all());
    assert!(!said.all().contains("customer.example"), "{}", said.all());
}

#[test]
fn mistakes_are_told() {
    let project = project();
    for (name, text) in [
        ("empty.har", ""),
        ("flows", "2145:9:websocket;0:~8:response;"),
        ("letter.txt", "Dear support, it does not work."),
        ("other.json", "{\"some\": 1}"),
        ("collection.json", "{\"info\":{\"_postman_id\":\"x\"}}"),
        ("no-entries.har", "{\"log\":{\"entries\":[]}}"),
        ("browser.txt", "{\"log\":{\"entries\":"),
        (
            "pictures.har",
            "{\"log\":{\"entries\":[{\"request\":{\"method\":\"GET\",\"url\":\"https://a.test/a.png\"}}]}}",
        ),
        (
            "idle.json",
            "{\"value\":[{\"provisioningAction\":\"other\"}]}",
        ),
        (
            "cut-log.json",
            "[{\"eventType\":\"application.provision.user.push\"",
        ),
    ] {
        project.write(name, text);
    }
    fs::write(project.path("packed.har.gz"), [0x1f, 0x8b, 8, 0])
        .expect("the folder can be written");
    fs::write(project.path("utf16.txt"), b"\xff\xfeG\0E\0T\0").expect("the folder can be written");
    fs::write(project.path("binary.txt"), b"GET /Users\n\0\0\0")
        .expect("the folder can be written");
    let mut told = String::new();
    for words in [
        "none.har",
        "empty.har",
        "flows",
        "letter.txt",
        "other.json",
        "collection.json",
        "no-entries.har",
        "har browser.txt",
        "har letter.txt",
        "events browser.har",
        "http letter.txt",
        "pictures.har",
        "idle.json",
        "cut-log.json",
        "packed.har.gz",
        "utf16.txt",
        "binary.txt",
        "browser.har --as nobody",
        "okta-log okta-log.json --as entra-legacy",
        "browser.har --from 3 --to 2",
        "browser.har --only P0ST",
        "browser.har --only DELETE",
        "browser.har --as-events none/a.jsonl",
        "browser.har --as-events browser.har",
        "browser.har --out browser.har --force",
        "browser.har --report-html browser.har",
        "",
    ] {
        let said = project.scimulate(&format!("import {words}"));
        assert!(
            said.code.is_some_and(|code| code == 2 || code == 4),
            "{words}: {}",
            said.all()
        );
        assert_eq!(said.stdout, "", "{words}");
        told.push_str(&format!(
            "import {words}\nexit {}\n{}\n",
            said.code.unwrap_or(-1),
            said.stderr
        ));
    }
    assert_told!("import_mistakes", told);
}
