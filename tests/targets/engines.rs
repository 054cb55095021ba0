//! What a listening socket receives from the engines: each row of `engines/shapes.md`, byte for byte, and nothing else.
//!
//! A heading of that table names a story, or two directories that `sync` gets one after the other; its rows are the
//! requests in their order. A row that names several profiles is sent alike by each of them.

mod target;

use std::fs;
use std::process::Command;

use tempfile::TempDir;

use crate::outcome::{Run, scenario};
use crate::server::{Received, Server};
use crate::wire::{entra_headers, headers, okta_headers};

/// The ids of okta.md 2 to 6.
const OKTA_USERS: &[&str] = &[
    "2f0c9d7e-1111-4c1b-8a55-0d7f8c9e0001",
    "2f0c9d7e-1111-4c1b-8a55-0d7f8c9e0002",
];
const OKTA_GROUPS: &[&str] = &["7c1d0f6e-52a4-4a7e-9b0e-3f5b8f1f2a10"];
/// The ids of entra.md 5 to 7.
const ENTRA_USERS: &[&str] = &["u-7001", "u-5000"];
const ENTRA_GROUPS: &[&str] = &["g-3001"];

/// Lengths that okta.md prints beside its samples; the table must not lose them.
const PRINTED: &[(&str, usize)] = &[
    ("okta.md 2.2", 348),
    ("okta.md 2.2", 290),
    ("okta.md 4.1", 118),
    ("okta.md 4.1", 117),
    ("okta.md 6.2", 102),
    ("okta.md 6.3", 176),
    ("okta.md 6.4", 285),
    ("okta.md 6.4", 201),
];

/// One request: where its shape is documented, by what evidence, who sends it, and what goes over the wire.
struct Shape {
    source: String,
    evidence: String,
    profiles: Vec<String>,
    line: String,
    length: usize,
    body: String,
}

/// What is played, and the requests that it must make.
struct Play {
    title: String,
    shapes: Vec<Shape>,
}

impl Play {
    fn profiles(&self) -> Vec<&str> {
        let mut profiles: Vec<&str> = self
            .shapes
            .iter()
            .flat_map(|shape| shape.profiles.iter().map(String::as_str))
            .collect();
        profiles.sort_unstable();
        profiles.dedup();
        profiles
    }
}

/// The table, one play a heading.
fn plays() -> Vec<Play> {
    let table = fs::read_to_string(scenario("engines/shapes.md")).expect("the table is there");
    let mut plays: Vec<Play> = Vec::new();
    for line in table.lines() {
        if let Some(title) = line.strip_prefix("## ") {
            plays.push(Play {
                title: title.replace('`', ""),
                shapes: Vec::new(),
            });
        } else if line.contains(".md ") && line.starts_with('|') {
            let play = plays.last_mut().expect("rows stand under a heading");
            play.shapes.push(shape(line));
        }
    }
    plays
}

fn shape(row: &str) -> Shape {
    let cells: Vec<&str> = row.trim_matches('|').split(" | ").map(str::trim).collect();
    let [source, evidence, profiles, line, length, body] = cells.as_slice() else {
        panic!("a row has six cells: {row}");
    };
    Shape {
        source: (*source).to_owned(),
        evidence: (*evidence).to_owned(),
        profiles: profiles.split(", ").map(str::to_owned).collect(),
        line: line.trim_matches('`').to_owned(),
        length: length.parse().expect("a length is a number"),
        body: body.trim_matches('`').to_owned(),
    }
}

/// A target with the ids of the provider's reference.
fn target_of(profile: &str) -> Server {
    match profile.starts_with("okta") {
        true => target::start(OKTA_USERS, OKTA_GROUPS),
        false => target::start(ENTRA_USERS, ENTRA_GROUPS),
    }
}

/// Plays it as this profile, against this target.
fn play(title: &str, profile: &str, server: &Server) {
    let words: Vec<&str> = title.split(' ').collect();
    let ["sync", before, after, switches @ ..] = words.as_slice() else {
        let outcome = Run::new(&format!("engines/{title}"), &server.url())
            .variable("TOKEN", "6f1c-token")
            .arguments(&["--token-env", "TOKEN", "--as", profile])
            // The target of the tables answers with what a provider reads, and with no more of what the RFC wants.
            .arguments(&["--fail-on", "okta,entra"])
            .finish();
        assert_eq!(outcome.code, Some(0), "{}", outcome.said());
        return;
    };
    let folder = TempDir::new().expect("a folder for the state");
    for directory in [before, after] {
        let output = Command::new(env!("CARGO_BIN_EXE_scimulate"))
            .env_clear()
            .env("TOKEN", "6f1c-token")
            .current_dir(folder.path())
            .arg("sync")
            .arg(scenario(&format!("engines/{directory}")))
            .args(["--as", profile, "--target", &server.url()])
            .args(["--token-env", "TOKEN", "--state", "state"])
            .args(switches)
            .output()
            .expect("the binary starts");
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(
            output.status.code(),
            Some(0),
            "{title} as {profile}: {said}"
        );
    }
}

/// Every request that came is the row that is next, with the provider's header set; no row is left.
fn assert_received(play: &Play, profile: &str, server: &Server) {
    let shapes: Vec<&Shape> = play
        .shapes
        .iter()
        .filter(|shape| shape.profiles.iter().any(|known| known == profile))
        .collect();
    let received = target::of_the_provider(server);
    let about = |index: usize| format!("{} as {profile}, request {}", play.title, index + 1);
    for (index, (received, shape)) in received.iter().zip(&shapes).enumerate() {
        let about = format!("{} ({})", about(index), shape.source);
        assert_eq!(received.line(), shape.line, "{about}");
        assert_eq!(received.text(), shape.body, "{about}");
        assert_eq!(received.body.len(), shape.length, "{about}");
        let expected = match profile.starts_with("okta") {
            true => okta_headers(server, received),
            false => entra_headers(server, received),
        };
        assert_eq!(headers(received), expected, "{about}");
    }
    let lines: Vec<String> = received.iter().map(Received::line).collect();
    assert_eq!(received.len(), shapes.len(), "{}: {lines:#?}", play.title);
}

fn assert_played(provider: &str) {
    for row in plays() {
        for profile in row.profiles() {
            if profile.starts_with(provider) {
                let server = target_of(profile);
                play(&row.title, profile, &server);
                assert_received(&row, profile, &server);
            }
        }
    }
}

#[test]
fn okta_sends_what_the_table_says() {
    assert_played("okta-");
}

#[test]
fn entra_sends_what_the_table_says() {
    assert_played("entra-");
}

/// Lengths are those of the bodies and, where the reference prints one, of the reference; every story has its rows.
#[test]
fn the_table_is_sound() {
    let plays = plays();
    for shape in plays.iter().flat_map(|play| &play.shapes) {
        assert_eq!(shape.body.len(), shape.length, "{}", shape.line);
        let (file, section) = shape.source.split_once(' ').expect("file and section");
        assert!(["okta.md", "entra.md"].contains(&file), "{}", shape.source);
        assert!(section.starts_with(|c: char| c.is_ascii_digit()));
        let marks = ["[doc]", "[recorded]", "[inferred]"];
        assert!(marks.iter().any(|mark| shape.evidence.contains(mark)));
    }
    for (source, length) in PRINTED {
        let mut shapes = plays.iter().flat_map(|play| &play.shapes);
        let found = shapes.any(|shape| shape.source == *source && shape.length == *length);
        assert!(found, "{source} has a body of {length} bytes");
    }
    for entry in fs::read_dir(scenario("engines")).expect("the stories are there") {
        let name = entry.expect("it can be read").file_name();
        let name = name.to_string_lossy().into_owned();
        let told = plays.iter().any(|play| play.title.contains(&name));
        assert!(told || !name.ends_with(".yaml"), "{name} is in no row");
    }
}
