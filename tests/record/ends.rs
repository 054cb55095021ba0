//! How it begins and ends: exit codes, what is said, and wrong commands.

use std::fs;
use std::process::Command;

use tempfile::TempDir;

use crate::stand::{Endpoint, FINE, Recorder};

const GET: &str = "GET /scim/Users HTTP/1.1\r\nHost: a\r\n\r\n";

#[test]
fn the_base_url_has_the_path_of_the_endpoint() {
    let endpoint = Endpoint::answering(FINE);
    for (path, expected) in [
        ("/scim/v2/", "/scim/v2"),
        ("", ""),
        ("/scim?aadOptscim062020", "/scim?aadOptscim062020"),
    ] {
        let recorder = Recorder::start(&endpoint.url(path), "");
        let rest = recorder
            .base
            .strip_prefix("http://127.0.0.1:")
            .expect("it is a URL");
        assert_eq!(
            rest.trim_start_matches(|letter: char| letter.is_ascii_digit()),
            expected
        );
    }
}

#[test]
fn findings_end_with_1_where_that_is_asked_for() {
    for (words, code) in [
        ("", 0),
        ("--fail-on must", 1),
        ("--fail-on okta", 0),
        ("--fail-on none", 0),
    ] {
        let endpoint = Endpoint::answering(FINE);
        let mut recorder = Recorder::start(&endpoint.url("/scim"), words);
        recorder.ask(GET);
        assert_eq!(recorder.stop(), Some(code), "{words}");
    }
}

#[test]
fn people_read_a_line_for_each_exchange_and_a_summary() {
    let endpoint = Endpoint::answering(FINE);
    let mut recorder = Recorder::start(&endpoint.url("/scim"), "");
    recorder.ask(GET);
    assert_eq!(recorder.stop(), Some(0));
    let said = recorder.read("stderr");
    let time = regex::Regex::new(r"\d+\.\d ms").expect("it is one");
    insta::assert_snapshot!("told", time.replace_all(&said, "[time]"));
    let mut quiet = Recorder::start(&endpoint.url("/scim"), "--quiet");
    quiet.ask(GET);
    assert_eq!(quiet.stop(), Some(0));
    let said = quiet.read("stderr");
    assert!(said.starts_with("recorded 1 exchange\n"), "{said}");
}

#[test]
fn a_target_of_the_project_can_be_the_upstream() {
    let endpoint = Endpoint::answering(FINE);
    let folder = TempDir::new().expect("a folder");
    // Its token is not asked for: the client has one.
    let text = format!(
        "[targets.staging]\nurl = \"{}\"\ntoken-env = \"NOT_SET\"\n",
        endpoint.url("/scim")
    );
    fs::write(folder.path().join("scimulate.toml"), text).expect("the folder can be written");
    let mut command = Command::new(assert_cmd::cargo::cargo_bin!("scimulate"));
    command.args(["record", "--port", "0", "--upstream", "staging"]);
    let recorder = Recorder::spawned(folder, command, &[]);
    assert_eq!(recorder.ask(GET), FINE);
}

#[test]
fn wrong_commands_are_exit_2() {
    let folder = TempDir::new().expect("a folder");
    fs::write(folder.path().join("there.jsonl"), "{}\n").expect("the folder can be written");
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = taken.local_addr().expect("it is bound").port();
    let mut told = String::new();
    for words in [
        "record",
        "record --upstream staging",
        "record --upstream ftp://a.test/scim",
        "record --upstream https://ada:secret@a.test/scim",
        "record --upstream http://127.0.0.1:1 --out log.txt",
        "record --upstream http://127.0.0.1:1 --out log",
        "record --upstream http://127.0.0.1:1 --out a.jsonl --out b.jsonl",
        "record --upstream http://127.0.0.1:1 --out there.jsonl",
        "record --upstream http://127.0.0.1:1 --out nowhere/a.jsonl",
        "record --upstream http://127.0.0.1:1 --again there.jsonl",
        "record --upstream http://127.0.0.1:1 --out a.yaml --again nowhere.jsonl",
        "record --upstream http://127.0.0.1:1 --out a.yaml --again there.jsonl",
        "record --upstream http://127.0.0.1:1 --out there.jsonl --force --out a.yaml --again there.jsonl",
        "record --upstream http://127.0.0.1:1 --keep-host --rewrite-urls",
        "record --upstream http://127.0.0.1:1 --fail-on musst",
        "record --upstream http://127.0.0.1:1 --port 0 --listen 192.0.2.1",
        &format!("record --upstream http://127.0.0.1:1 --port {port}"),
    ] {
        let output = Command::new(assert_cmd::cargo::cargo_bin!("scimulate"))
            .env_clear()
            .current_dir(folder.path())
            .args(words.split_whitespace())
            .output()
            .expect("the binary starts");
        assert_eq!(output.status.code(), Some(2), "{words}: {output:?}");
        assert!(output.stdout.is_empty(), "{words}");
        told.push_str(&format!(
            "$ scimulate {words}\n{}\n",
            String::from_utf8_lossy(&output.stderr)
        ));
    }
    let told = told.replace(&format!("port {port}"), "port [port]");
    insta::assert_snapshot!("wrong_commands", told);
}
