//! `scimulate sweep`: what a killed run has left is shown and removed, and nothing else.

use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::org::send;
use crate::project::{Project, Said, Serving, assert_told};

/// Creates two users and a group, one of the users in another tenant, and then waits.
const LONG: &str = r#"title: A long story
people:
  ada: { userName: "ada.${run}@example.test" }
steps:
  - name: create ada
    post: /Users
    body: { schemas: ["urn:ietf:params:scim:schemas:core:2.0:User"], userName: "${ada.userName}" }
  - name: create staff
    post: /Groups
    body: { schemas: ["urn:ietf:params:scim:schemas:core:2.0:Group"], displayName: "Staff ${run}" }
  - name: create ada elsewhere
    on: second
    post: /Users
    body: { schemas: ["urn:ietf:params:scim:schemas:core:2.0:User"], userName: "${ada.userName}" }
  - name: wait
    get: /Users?filter=userName eq "${ada.userName}"
    repeat: { until: { body: { totalResults: 7 } }, every: 200ms, at-most: 200 }
"#;

/// A target with two tenants, a user that is nobody's of ours, and a project that knows it as `mine`.
fn project(options: &str) -> (Project, Serving, String, String) {
    let project = Project::new();
    let mut serving = project.serve(&format!("--tenant second {options}"));
    let (base, second) = (serving.line(), serving.line());
    project.write(
        "scimulate.toml",
        &format!(
            "[targets.mine]\nurl = \"{base}\"\n[targets.mine.tenants.second]\nurl = \"{second}\"\n"
        ),
    );
    project.write("long.yaml", LONG);
    create(&base, "grace@example.com");
    (project, serving, base, second)
}

fn create(base: &str, name: &str) -> String {
    let user = json!({"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": name});
    let (status, body) = send(base, "POST", "/Users", "", Some(&user));
    assert_eq!(status, 201, "{body}");
    body["id"].as_str().expect("it has an id").to_owned()
}

/// The names of what is there.
fn names(base: &str) -> Vec<String> {
    let mut names = Vec::new();
    for (kind, name) in [("Users", "userName"), ("Groups", "displayName")] {
        let (_, list) = send(base, "GET", &format!("/{kind}"), "", None);
        let listed = list["Resources"].as_array().cloned().unwrap_or_default();
        names.extend(
            listed
                .iter()
                .map(|one: &Value| one[name].as_str().expect("it has one").to_owned()),
        );
    }
    names
}

/// Plays the long story until all is created; then `then`, and then it is killed.
fn killed<T>(project: &Project, then: impl FnOnce(&str) -> T) -> T {
    let mut child = Command::new(assert_cmd::cargo::cargo_bin!("scimulate"))
        .env_clear()
        .current_dir(project.path(""))
        .args(["run", "long.yaml", "--target", "mine"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("the binary starts");
    let deadline = Instant::now() + Duration::from_secs(20);
    let journal = loop {
        assert!(Instant::now() < deadline, "nothing is created");
        if let [journal] = project.files(".scimulate/journal").as_slice() {
            let text = project.read(&format!(".scimulate/journal/{journal}"));
            if text.matches(r#""what":"created""#).count() == 3 {
                break journal.clone();
            }
        }
        sleep(Duration::from_millis(10));
    };
    let told = then(journal.trim_end_matches(".jsonl"));
    // SIGKILL: it can clean nothing up.
    child.kill().expect("it still runs");
    child.wait().expect("it has ended");
    told
}

/// What was said, without the run's id.
fn told(said: &Said, run: &str) -> String {
    let own = regex::Regex::new(&format!("{}[0-9a-z]{{3}}", &run[..5])).expect("it is one");
    own.replace_all(&said.all(), "[run]").into_owned()
}

#[test]
fn what_a_killed_run_left_is_shown_and_then_removed() {
    let (project, _serving, base, second) = project("");
    let (run, during) = killed(&project, |run| {
        (
            run.to_owned(),
            project.scimulate("sweep --target mine --yes"),
        )
    });
    // The run was still going on.
    assert_eq!(during.code, Some(0), "{}", during.all());
    assert_eq!((names(&base).len(), names(&second).len()), (3, 1));
    let shown = project.scimulate("sweep --target mine");
    assert_eq!((names(&base).len(), names(&second).len()), (3, 1));
    let removed = project.scimulate("sweep --target mine --yes");
    assert_eq!(names(&base), ["grace@example.com"]);
    assert_eq!(names(&second), [""; 0]);
    assert_eq!(project.files(".scimulate/journal"), [""; 0]);
    let again = project.scimulate("sweep --target mine --yes");
    let all = [&during, &shown, &removed, &again];
    assert_told!("sweep", all.map(|said| told(said, &run)).join("\n"));
}

/// Also where filters are refused.
#[test]
fn a_create_without_an_answer_is_found_by_its_name() {
    for options in ["", "--defect D206"] {
        let (project, _serving, base, second) = project(options);
        let run = killed(&project, str::to_owned);
        // As if it had been killed before any answer.
        let path = format!(".scimulate/journal/{run}.jsonl");
        let text = project.read(&path);
        let lines: Vec<&str> = text
            .lines()
            .filter(|line| !line.contains("created"))
            .collect();
        let torn = format!("{}\n{{\"what\":\"intent\",\"ten", lines.join("\n"));
        project.write(&path, &torn);
        let said = project.scimulate("sweep --target mine --yes");
        assert_eq!(said.code, Some(0), "{}", said.all());
        assert_eq!(names(&base), ["grace@example.com"]);
        assert_eq!(names(&second), [""; 0]);
    }
}

/// Only equality is searched for there.
#[test]
fn names_are_found_page_by_page_where_filters_are_of_no_use() {
    let (project, _serving, base, second) = project("--defect D073");
    let run = killed(&project, str::to_owned);
    std::fs::remove_dir_all(project.path(".scimulate")).expect("it is there");
    (0..120).for_each(|number| drop(create(&base, &format!("user{number}@example.com"))));
    create(&base, &format!("zoe.{}0t0@example.test", &run[..5]));
    let said = project.scimulate(&format!("sweep --target mine --run {run} --yes"));
    assert_eq!(said.code, Some(0), "{}", said.all());
    assert!(
        said.stderr.contains("removed 4 resources"),
        "{}",
        said.all()
    );
    assert_eq!(names(&second), [""; 0]);
}

#[test]
fn what_somebody_has_renamed_since_is_left_alone() {
    let (project, _serving, base, _) = project("");
    let run = killed(&project, str::to_owned);
    let (_, list) = send(&base, "GET", "/Users", "", None);
    let users = list["Resources"].as_array().expect("it lists them");
    let ours = users
        .iter()
        .find(|user| user["userName"] != "grace@example.com");
    let id = ours.expect("it is there")["id"]
        .as_str()
        .expect("it has one");
    let rename = json!({
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
        "Operations": [{"op": "replace", "path": "userName", "value": "countess@example.com"}]
    });
    let (status, _) = send(&base, "PATCH", &format!("/Users/{id}"), "", Some(&rename));
    assert!(status < 300);
    let said = project.scimulate("sweep --target mine --yes");
    assert_eq!(names(&base), ["grace@example.com", "countess@example.com"]);
    assert_told!("sweep_renamed", told(&said, &run));
    assert_eq!(project.files(".scimulate/journal").len(), 1);
}

#[test]
fn without_a_journal_names_tell() {
    let (project, _serving, base, second) = project("");
    let run = killed(&project, str::to_owned);
    std::fs::remove_dir_all(project.path(".scimulate")).expect("it is there");
    // Looks alike, and is nobody's of ours.
    create(&base, "ada.lovelace@example.test");
    let new = project.scimulate("sweep --target mine --by-name --yes");
    assert_eq!((names(&base).len(), names(&second).len()), (4, 1));
    let other = project.scimulate("sweep --target mine --run zzzzz000 --yes");
    assert_eq!((names(&base).len(), names(&second).len()), (4, 1));
    let by_run = project.scimulate(&format!("sweep --target mine --run {run}"));
    assert_eq!(names(&base).len(), 4);
    sleep(Duration::from_millis(1100));
    let by_name = project.scimulate("sweep --target mine --by-name --older-than 1s --yes");
    assert_eq!(
        names(&base),
        ["grace@example.com", "ada.lovelace@example.test"]
    );
    assert_eq!(names(&second), [""; 0]);
    let all = [&new, &other, &by_run, &by_name];
    assert_told!("sweep_by_name", all.map(|said| told(said, &run)).join("\n"));
}

#[test]
fn what_cannot_be_removed_is_said() {
    let project = Project::new();
    let mut serving = project.serve("");
    let base = serving.line();
    let id = create(&base, "ada.k3x9q000@example.test");
    std::fs::create_dir_all(project.path("journal")).expect("the folder can be written");
    let head = |target: &str| {
        format!("{{\"what\":\"run\",\"run\":\"k3x9q2ab\",\"target\":\"{target}\"}}\n")
    };
    let created =
        format!("{{\"what\":\"created\",\"tenant\":\"third\",\"target\":\"/Users/{id}\"}}\n");
    project.write("journal/a.jsonl", &format!("{}{created}", head(&base)));
    project.write("journal/b.jsonl", &head("https://other.example.test/scim"));
    project.write("journal/c.jsonl", "{\"what\":\"run\",\"run");
    let words = format!("sweep --journal-dir journal --target {base} --yes");
    let mut text = project.scimulate(&words).all();
    assert_eq!(project.files("journal"), ["a.jsonl", "b.jsonl"]);
    assert_eq!(names(&base).len(), 1);
    text.push_str(&project.scimulate("sweep --journal-dir journal").all());
    assert_eq!(serving.terminate(), Some(0));
    text.push_str(&project.scimulate(&words).all());
    assert_told!("sweep_left", text);
}

#[test]
fn what_no_run_writes_stops_it() {
    let project = Project::new();
    let mut serving = project.serve("");
    let base = serving.line();
    std::fs::create_dir_all(project.path("journal")).expect("the folder can be written");
    let lines = [
        r#"{"what":"created","tenant":null,"target":"/Users/1"}"#,
        r#"{"what":"run","run":"../../x","target":"x"}"#,
        r#"{"what":"created","tenant":null,"target":"/Users/../Groups/1"}"#,
        r#"{"what":"created","tenant":null,"target":"https://evil.example/Users/1"}"#,
        "{\"what\":\"created\",\"tenant\":null,\"target\":\"/Users/\\u001b[2J\"}",
        r#"{"what":"intent","tenant":null,"target":"/Users?x=y","name":"a"}"#,
        r#"{"what":"deleted"}"#,
        "nothing",
    ];
    project.write("journal/a.jsonl", &format!("{}\n", lines.join("\n")));
    project.write("journal/b.jsonl", &format!("{}\n", lines[1]));
    let said = project.scimulate(&format!(
        "sweep --journal-dir journal --target {base} --yes"
    ));
    let mut text = said.all();
    for words in [
        "sweep --run short",
        "sweep --older-than 1h",
        "sweep --by-name --run k3x9q2ab",
        "sweep --journal-dir scimulate.toml/x",
        "sweep --target https://scim.example.test --by-name --yes",
    ] {
        let said = project.scimulate(words);
        text.push_str(&format!("$ scimulate {words}\n{}\n", said.all()));
    }
    assert_told!("sweep_wrong", text);
    // In whatever words the system says that nobody is there (RFC 5737 3).
    let words = "sweep --target http://192.0.2.1:9/scim --by-name --timeout 200ms";
    assert_eq!(project.scimulate(words).code, Some(3));
}
