//! `scimulate sync`: what it sends, what it remembers, and that it never creates twice.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use serde_json::Value;

use crate::project::{Project, Said, Serving, assert_told};

/// One of each provider's clients.
const CLIENTS: [&str; 3] = ["okta-oin", "entra-legacy", "entra-compliant"];

const SMALL: &str = include_str!("../../fixtures/directories/small.yaml");
const COMPANY: &str = include_str!("../../fixtures/directories/company.yaml");

/// All resources of a type at a server, by id.
fn all(base: &str, kind: &str) -> BTreeMap<String, Value> {
    let authority = base.split('/').nth(2).expect("it is a URL");
    let mut stream = TcpStream::connect(authority).expect("the server listens");
    let request = format!(
        "GET /scim/v2/{kind}?count=1000 HTTP/1.1\r\nHost: {authority}\r\nAuthorization: Bearer canary-token\r\nConnection: close\r\n\r\n"
    );
    stream
        .write_all(request.as_bytes())
        .expect("the server reads");
    let mut answer = String::new();
    stream
        .read_to_string(&mut answer)
        .expect("the server answers");
    let (_, body) = answer.split_once("\r\n\r\n").expect("it has a body");
    let list: Value = serde_json::from_str(body).expect("it is JSON");
    list["Resources"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|resource| (resource["id"].to_string(), resource.clone()))
        .collect()
}

fn serve(project: &Project) -> (Serving, String) {
    let mut serving = project.serve("");
    let base = serving.line();
    (serving, base)
}

fn assert_fine(said: &Said) {
    assert_eq!(said.code, Some(0), "{}", said.all());
}

#[test]
fn the_first_sync_creates_and_the_second_writes_nothing() {
    for client in CLIENTS {
        let project = Project::new();
        project.write("company.yaml", COMPANY);
        let (_serving, base) = serve(&project);
        let words = format!("sync company.yaml --as {client} --target {base}");
        assert_fine(&project.scimulate(&words));
        let (users, groups) = (all(&base, "Users"), all(&base, "Groups"));
        assert!(users.len() >= 8 && groups.len() == 3, "{client}");
        assert_fine(&project.scimulate(&words));
        assert_eq!(all(&base, "Users"), users, "{client}");
        assert_eq!(all(&base, "Groups"), groups, "{client}");
    }
}

#[test]
fn a_changed_directory_changes_what_is_different_and_nothing_else() {
    for client in CLIENTS {
        let project = Project::new();
        project.write("company.yaml", COMPANY);
        let (_serving, base) = serve(&project);
        let words = format!("sync company.yaml --as {client} --target {base}");
        assert_fine(&project.scimulate(&words));
        let before = all(&base, "Users");
        project.write(
            "company.yaml",
            &COMPANY.replace("title: Support Lead", "title: Head of Support"),
        );
        assert_fine(&project.scimulate(&words));
        let changed: Vec<String> = all(&base, "Users")
            .iter()
            .filter(|(id, user)| before.get(*id) != Some(user))
            .map(|(_, user)| format!("{} {}", user["userName"], user["title"]))
            .collect();
        assert_eq!(
            changed,
            ["\"eve.sorensen@example.test\" \"Head of Support\""],
            "{client}"
        );
    }
}

#[test]
fn what_is_there_already_is_linked() {
    for client in CLIENTS {
        let project = Project::new();
        project.write("small.yaml", SMALL);
        let (_serving, base) = serve(&project);
        let words = format!("sync small.yaml --as {client} --target {base}");
        assert_fine(&project.scimulate(&words));
        let before = all(&base, "Users");
        // Without its state the provider knows nobody.
        assert_fine(&project.scimulate(&format!("{words} --state other.state")));
        let ids = |users: &BTreeMap<String, Value>| users.keys().cloned().collect::<Vec<_>>();
        assert_eq!(ids(&all(&base, "Users")), ids(&before), "{client}");
        assert_eq!(all(&base, "Groups").len(), 1, "{client}");
    }
}

fn start(project: &Project, words: &str) -> Child {
    Command::new(assert_cmd::cargo::cargo_bin!("scimulate"))
        .env_clear()
        .current_dir(project.path(""))
        .args(words.split_whitespace())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("the binary starts")
}

#[test]
fn killed_wherever_it_converges_and_creates_nothing_twice() {
    for client in CLIENTS {
        let project = Project::new();
        project.write(
            "some.yaml",
            "generate: { people: 60, groups: 4, members: 20, managers: true, seed: 1 }\n",
        );
        let (_serving, base) = serve(&project);
        let words = format!("sync some.yaml --as {client} --target {base}");
        // Later and later, so that each gets some way further than the one before.
        for round in 0u64..40 {
            let mut child = start(&project, &words);
            sleep(Duration::from_millis(5 + round * 7 % 90));
            // It may be over already.
            let _ = child.kill();
            child.wait().expect("it ends");
        }
        assert_fine(&project.scimulate(&words));
        let (users, groups) = (all(&base, "Users"), all(&base, "Groups"));
        assert_eq!((users.len(), groups.len()), (60, 4), "{client}");
        for group in groups.values() {
            let members = group["members"].as_array().map_or(0, Vec::len);
            assert_eq!(members, 20, "{client}: {}", group["displayName"]);
        }
        assert_fine(&project.scimulate(&words));
        assert_eq!(all(&base, "Users"), users, "{client}");
        assert_eq!(all(&base, "Groups"), groups, "{client}");
    }
}

#[test]
fn interrupted_it_saves_and_goes_on_later() {
    let project = Project::new();
    project.write(
        "some.yaml",
        "generate: { people: 400, groups: 2, members: 10, seed: 1 }\n",
    );
    let (_serving, base) = serve(&project);
    let words = format!("sync some.yaml --as entra-legacy --target {base}");
    let mut child = start(&project, &words);
    while all(&base, "Users").len() < 20 {
        sleep(Duration::from_millis(5));
    }
    let sent = Command::new("kill")
        .args(["-INT", &child.id().to_string()])
        .status()
        .expect("there is a kill command");
    assert!(sent.success());
    assert_eq!(child.wait().expect("it ends").code(), Some(130));
    let users = all(&base, "Users").len();
    assert!(users < 400);
    let state = project.read("some.entra-legacy.state");
    let linked = state.matches("\"link\":{").count();
    assert_eq!(linked, users, "every answer that was waited for is saved");
    let said = project.scimulate(&format!("{words} --max-requests 10"));
    assert_eq!(said.code, Some(1), "{}", said.all());
    assert!(said.stdout.contains("10 requests in"), "{}", said.all());
    assert_fine(&project.scimulate(&words));
    assert_eq!(all(&base, "Users").len(), 400);
}

#[test]
fn a_dry_run_writes_nothing() {
    for client in CLIENTS {
        let project = Project::new();
        project.write("small.yaml", SMALL);
        let (_serving, base) = serve(&project);
        let words = format!("sync small.yaml --as {client} --target {base} --dry-run");
        let said = project.scimulate(&words);
        assert_told!(format!("dry_run_{client}"), said.all());
        assert!(all(&base, "Users").is_empty() && all(&base, "Groups").is_empty());
        assert_eq!(project.files(""), ["scenarios", "small.yaml"], "no state");
    }
}

#[test]
fn what_came_of_it_is_told() {
    let project = Project::new();
    project.write("small.yaml", SMALL);
    let (_serving, base) = serve(&project);
    let words = format!("sync small.yaml --as entra-legacy --target {base}");
    let mut told = String::new();
    for words in [
        words.clone(),
        words.clone(),
        format!("{words} --state other.state --json"),
        "sync small.yaml --as entra-legacy".to_owned(),
    ] {
        let said = project.scimulate(&words).all();
        let said = said.replace("\"seconds\":0.", "\"seconds\":");
        told.push_str(&format!("$ scimulate {words}\n{said}\n"));
    }
    let rates = regex::Regex::new(r#"\(\d+/s\)|"seconds":\d+"#).expect("it is one");
    assert_told!("told", rates.replace_all(&told, "[rate]"));
}

#[test]
fn wrong_commands_and_files_are_exit_2() {
    let project = Project::new();
    project.write("small.yaml", SMALL);
    project.write(
        "bad.yaml",
        "people:\n  ada: { usrName: ada@example.test, manager: bob }\ngroups:\n  all: { displayName: All, members: [ada, eva] }\n",
    );
    project.write(
        "mapping.yaml",
        "provider: entra\nusers:\n  - { from: mial, to: 'emails[type = \"work\"]' }\n  - { from: mail, to: userName }\n",
    );
    project.write(
        "okta.yaml",
        "provider: okta\ngroups:\n  - { from: group.name, to: displayName, match: 1 }\n",
    );
    let (_serving, base) = serve(&project);
    let to = format!("--target {base}");
    assert_fine(&project.scimulate(&format!(
        "sync small.yaml --as entra-legacy {to} --state a.state"
    )));
    let good = project.read("a.state");
    project.write("b.state", &good.replacen("\"group\"", "\"gruop\"", 1));
    project.write("c.state", &good.replacen(":1,", ":9,", 1));
    project.write("d.state", &good.replacen("/scim/v2", "/scim", 1));
    project.write(
        "e.state",
        &good.replacen("\"tenant\":null", "\"tenant\":\"second\"", 1),
    );
    let mut told = String::new();
    for words in [
        "sync small.yaml".to_owned(),
        "sync small.yaml --as entra".to_owned(),
        "sync nowhere.yaml --as entra-legacy".to_owned(),
        "sync bad.yaml --as entra-legacy".to_owned(),
        "sync small.yaml --as entra-legacy --mapping mapping.yaml".to_owned(),
        "sync small.yaml --as entra-legacy --mapping okta.yaml".to_owned(),
        "sync small.yaml --as entra-legacy --state a.state".to_owned(),
        "sync small.yaml --as entra-legacy --switch size".to_owned(),
        "sync small.yaml --as entra-legacy --jobs 0".to_owned(),
        "sync small.yaml --as entra-legacy --target https://scim.example.test/v2".to_owned(),
        format!("sync small.yaml --as entra-legacy --tenant third {to}"),
        format!("sync small.yaml --as entra-compliant --state a.state {to}"),
        format!("sync small.yaml --as entra-legacy --state b.state {to}"),
        format!("sync small.yaml --as entra-legacy --state c.state {to}"),
        format!("sync small.yaml --as entra-legacy --state d.state {to}"),
        format!("sync small.yaml --as entra-legacy --state e.state {to}"),
        "check bad.yaml mapping.yaml".to_owned(),
    ] {
        let said = project.scimulate(&words);
        assert_eq!(said.code, Some(2), "{words}\n{}", said.all());
        told.push_str(&format!("$ scimulate {words}\n{}\n", said.all()));
    }
    assert_told!("wrong_commands", told);
}

#[test]
fn a_target_that_is_not_there_is_exit_3() {
    let project = Project::new();
    project.write("small.yaml", SMALL);
    let (serving, base) = serve(&project);
    serving.terminate();
    let said = project.scimulate(&format!(
        "sync small.yaml --as entra-legacy --target {base}"
    ));
    assert_eq!(said.code, Some(3), "{}", said.all());
}

#[test]
fn the_token_is_nowhere() {
    let project = Project::new();
    project.write("small.yaml", SMALL);
    let mut serving = project.serve("--token canary-token");
    let base = serving.line();
    for options in ["", "--dry-run", "--state b.state --json"] {
        let words = format!("sync small.yaml --as entra-legacy --target {base} {options}");
        let said = project.scimulate_with(&words, &[("SCIMULATE_TOKEN", "canary-token")], "");
        assert_fine(&said);
        assert!(!said.all().contains("canary-token"), "{}", said.all());
    }
    assert_eq!(all(&base, "Users").len(), 3);
    for file in project.files("") {
        if file != "scenarios" {
            assert!(!project.read(&file).contains("canary-token"), "{file}");
        }
    }
}
