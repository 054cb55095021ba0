//! What is written, as it happens and at the end: no secrets, nothing lost.

use std::fs;
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

use crate::stand::{Endpoint, FINE, Recorder, events, kill};

/// A request with secrets in every place, and an answer that says them again.
const SECRETS: [&str; 7] = [
    "canary-bearer-1",
    "canary-cookie-12345",
    "canary-key-3",
    "canary-query-4",
    "canary-password-5",
    "canary-answer-cookie-6",
    "canary-answer-token-7",
];

#[test]
fn no_secret_is_written_anywhere() {
    let body = "{\"detail\":\"token canary-bearer-1 is bad\",\"access_token\":\"canary-answer-token-7\",\"password\":\"canary-password-5\"}";
    let endpoint = Endpoint::answering(format!(
        "HTTP/1.1 401 No\r\nSet-Cookie: sid=canary-answer-cookie-6\r\nX-Echo: canary-bearer-1\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    ));
    let mut recorder = Recorder::start(&endpoint.url("/scim"), OUTPUTS);
    let sent = "{\"userName\":\"ada\",\"password\":\"canary-password-5\"}";
    let answer = recorder.ask(&format!(
        "POST /scim/Users?access_token=canary-query-4 HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer canary-bearer-1\r\n\
         Cookie: sid=canary-cookie-12345\r\nX-Api-Key: canary-key-3\r\nContent-Length: {}\r\n\r\n{sent}",
        sent.len()
    ));
    assert!(answer.ends_with(body), "{answer}");
    let arrived = endpoint.next();
    assert!(arrived.contains("canary-bearer-1"), "{arrived}");
    assert_eq!(recorder.stop(), Some(0));
    for file in fs::read_dir(recorder.path("")).expect("the folder is there") {
        let path = file.expect("it can be listed").path();
        let text = fs::read_to_string(&path).expect("it is text");
        for secret in SECRETS {
            assert!(
                !text.contains(secret),
                "{secret} in {}\n{text}",
                path.display()
            );
        }
    }
    assert!(recorder.read("log.jsonl").contains("Bearer [secret]"));
    assert!(recorder.read("log.har").contains("Bearer [secret]"));
    assert!(recorder.read("log.yaml").contains("\nsteps:\n"));
}

/// Every kind of output beside the log.
const OUTPUTS: &str = "--out log.har --out log.yaml";

#[test]
fn the_log_is_a_log_like_that_of_a_run() {
    let endpoint = Endpoint::answering(FINE);
    let mut recorder = Recorder::start(&endpoint.url("/scim"), "");
    recorder.ask("GET /scim/Users HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_eq!(recorder.stop(), Some(0));
    let events = events(&recorder.read("log.jsonl"));
    let names: Vec<&str> = events
        .iter()
        .filter_map(|event| event["event"].as_str())
        .collect();
    assert_eq!(
        names,
        [
            "run-started",
            "scenario-started",
            "step-finished",
            "scenario-finished",
            "run-finished"
        ]
    );
    assert_eq!(events[1]["client"], "unknown");
    assert_eq!(events[2]["step"], "1 GET /scim/Users");
    let found: Vec<&Value> = events[2]["findings"]
        .as_array()
        .expect("it is judged")
        .iter()
        .collect();
    assert!(
        found
            .iter()
            .any(|finding| finding["id"] == "scim-media-type"),
        "{found:?}"
    );
    let report = Command::new(assert_cmd::cargo::cargo_bin!("scimulate"))
        .args(["report", "log.jsonl"])
        .current_dir(recorder.path(""))
        .output()
        .expect("the binary starts");
    assert_eq!(report.status.code(), Some(1), "{report:?}");
}

/// What the client has its answer of is on disk a moment later, whatever becomes of the recorder.
#[test]
fn a_recorder_that_is_killed_has_lost_nothing() {
    let endpoint = Endpoint::answering(FINE);
    let recorder = Recorder::start(&endpoint.url(""), "");
    for number in 0..20 {
        recorder.ask(&format!("GET /Users/{number} HTTP/1.1\r\nHost: a\r\n\r\n"));
    }
    recorder.recorded(20);
    kill("-KILL", &recorder.id());
    let report = Command::new(assert_cmd::cargo::cargo_bin!("scimulate"))
        .args(["report", "log.jsonl"])
        .current_dir(recorder.path(""))
        .output()
        .expect("the binary starts");
    assert_eq!(report.status.code(), Some(130), "{report:?}");
    let said = String::from_utf8_lossy(&report.stdout);
    assert!(said.contains("20 requests"), "{said}");
}

/// The archive is whole whenever somebody looks, and the story is told when it is quiet.
#[test]
fn an_archive_and_a_story_are_there_while_it_goes_on() {
    let endpoint = Endpoint::answering(FINE);
    let recorder = Recorder::start(&endpoint.url("/scim"), OUTPUTS);
    for number in 1..4 {
        recorder.ask(&format!(
            "GET /scim/Users/{number} HTTP/1.1\r\nHost: a\r\n\r\n"
        ));
        recorder.recorded(number);
        let end = Instant::now() + Duration::from_secs(5);
        loop {
            let archive: Value =
                serde_json::from_str(&recorder.read("log.har")).expect("it is whole");
            if archive["log"]["entries"].as_array().map(Vec::len) == Some(number) {
                break;
            }
            assert!(Instant::now() < end, "{archive}");
        }
    }
    let end = Instant::now() + Duration::from_secs(20);
    while recorder.read("log.yaml").matches("get: /Users/").count() < 3 {
        assert!(Instant::now() < end, "{}", recorder.read("log.yaml"));
        std::thread::sleep(Duration::from_millis(100));
    }
    kill("-KILL", &recorder.id());
    let checked = Command::new(assert_cmd::cargo::cargo_bin!("scimulate"))
        .args(["check", "log.yaml"])
        .current_dir(recorder.path(""))
        .output()
        .expect("the binary starts");
    assert_eq!(checked.status.code(), Some(0), "{checked:?}");
}

/// Files may not grow beyond a few blocks, as on a disk that is full.
#[test]
#[cfg(unix)]
fn a_full_disk_stops_the_recording_and_not_the_traffic() {
    let endpoint = Endpoint::answering(FINE);
    let mut command = Command::new("sh");
    let binary = assert_cmd::cargo::cargo_bin!("scimulate")
        .display()
        .to_string();
    let url = endpoint.url("");
    command.args(["-c", &format!(
        "trap '' XFSZ; ulimit -f 16; exec {binary} record --quiet --port 0 --upstream {url} --out log.jsonl"
    )]);
    let folder = TempDir::new().expect("a folder");
    let mut recorder = Recorder::spawned(folder, command, &[]);
    for number in 0..60 {
        let answer = recorder.ask(&format!("GET /Users/{number} HTTP/1.1\r\nHost: a\r\n\r\n"));
        assert_eq!(answer, FINE);
    }
    assert_eq!(recorder.stop(), Some(2));
    let said = recorder.read("stderr");
    assert_eq!(
        said.matches("`log.jsonl` cannot be written").count(),
        1,
        "{said}"
    );
    let kept = recorder.exchanges().len();
    assert!((1..60).contains(&kept), "{kept}");
    assert!(
        said.contains(&format!(
            "error: {} exchanges could not be written to `log.jsonl`",
            60 - kept
        )),
        "{said}"
    );
}

#[test]
fn a_large_body_is_passed_on_whole_and_kept_in_part() {
    let body = "x".repeat(3_000_000);
    let answer = format!(
        "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    let endpoint = Endpoint::answering(answer.clone());
    let recorder = Recorder::start(&endpoint.url(""), "--max-body 100000");
    assert_eq!(recorder.ask("GET / HTTP/1.1\r\nHost: a\r\n\r\n"), answer);
    let response = &recorder.recorded(1)[0]["response"];
    assert_eq!(response["broken"]["too-large"], 100_000);
    assert_eq!(response["body"].as_str().map(str::len), Some(64 * 1024));
}

#[test]
fn an_encoded_body_is_passed_on_as_it_is_and_decoded_for_the_record() {
    use std::io::{Read, Write};
    let plain = "{\"schemas\":[],\"totalResults\":0}";
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(plain.as_bytes()).expect("it is memory");
    let encoded = encoder.finish().expect("it is memory");
    let head = format!(
        "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {}\r\n\r\n",
        encoded.len()
    );
    let answer = [head.as_bytes(), &encoded].concat();
    let endpoint = Endpoint::answering(answer.clone());
    let recorder = Recorder::start(&endpoint.url(""), "");
    let mut client = recorder.connect();
    client
        .write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        .expect("the recorder reads");
    let mut arrived = Vec::new();
    client.read_to_end(&mut arrived).expect("it ends");
    assert_eq!(arrived, answer);
    assert_eq!(recorder.recorded(1)[0]["response"]["body"], plain);
}

/// Exchanges under way are waited for; what has not ended after that is told as it is.
#[test]
fn what_is_under_way_at_the_end_is_recorded() {
    let endpoint = Endpoint::serving(|number, stream, tell| {
        use std::io::Write;
        tell(&crate::stand::read_until(stream, b"\r\n\r\n"));
        let wait = if number == 0 { 300 } else { 60_000 };
        std::thread::sleep(Duration::from_millis(wait));
        // The recorder may be gone.
        let _ = stream.write_all(FINE.as_bytes());
    });
    let mut recorder = Recorder::start(&endpoint.url(""), "");
    let address = recorder.address().to_owned();
    let slow = |path: &'static str| {
        let address = address.clone();
        let request = format!("GET /{path} HTTP/1.1\r\nHost: a\r\n\r\n");
        std::thread::spawn(move || {
            use std::io::{Read, Write};
            let mut stream = std::net::TcpStream::connect(address).expect("it listens");
            stream.write_all(request.as_bytes()).expect("it is sent");
            let mut answer = String::new();
            // It may be cut off.
            let _ = stream.read_to_string(&mut answer);
            answer
        })
    };
    let first = slow("soon");
    endpoint.next();
    let second = slow("never");
    endpoint.next();
    let clock = Instant::now();
    assert_eq!(recorder.stop(), Some(0));
    assert!(clock.elapsed() < Duration::from_secs(20));
    assert_eq!(first.join().expect("it ends"), FINE);
    assert_eq!(second.join().expect("it ends"), "");
    let exchanges = recorder.exchanges();
    assert_eq!(exchanges[0]["response"]["status"], 200);
    assert_eq!(
        exchanges[1]["failure"]["protocol"],
        "the recorder was stopped"
    );
}

#[test]
fn many_connections_at_once_are_all_recorded() {
    let endpoint = Endpoint::answering(FINE);
    let recorder = Recorder::start(&endpoint.url(""), "");
    std::thread::scope(|scope| {
        for thread in 0..20 {
            let recorder = &recorder;
            scope.spawn(move || {
                for number in 0..10 {
                    let answer = recorder.ask(&format!(
                        "GET /{thread}/{number} HTTP/1.1\r\nHost: a\r\n\r\n"
                    ));
                    assert_eq!(answer, FINE);
                }
            });
        }
    });
    let mut targets: Vec<String> = recorder
        .recorded(200)
        .iter()
        .map(|exchange| exchange["request"]["target"].to_string())
        .collect();
    targets.sort();
    targets.dedup();
    assert_eq!(targets.len(), 200);
}
