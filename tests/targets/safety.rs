//! Nothing is changed or removed that the run did not create, and everything that it created is removed: also when
//! answers are lost, and when the run is ended by a signal.

use std::thread::sleep;
use std::time::Duration;

use serde_json::Value;

use crate::outcome::Run;
use crate::server::{Received, Reply, Server};

const STRANGER: &str = r#"{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"id":"boss","userName":"boss@example.test","active":true}"#;

/// The user that the run has created, with the name that it sent.
fn created(all: &[Received], id: &str) -> String {
    let post = all
        .iter()
        .find(|received| received.method == "POST" && received.target.ends_with("/Users"))
        .expect("it was created");
    let name = post.json()["userName"]
        .as_str()
        .expect("it has a name")
        .to_owned();
    format!(
        r#"{{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"id":"{id}","userName":"{name}","active":false}}"#
    )
}

/// Writes that a server received, but for creates.
fn writes(server: &Server) -> Vec<String> {
    server
        .lines()
        .into_iter()
        .filter(|line| {
            ["PUT", "PATCH", "DELETE"]
                .iter()
                .any(|verb| line.starts_with(verb))
        })
        .collect()
}

const REMOVED: [&str; 1] = ["DELETE /scim/v2/Users/42"];

/// A server that ignores filters shows somebody else's user as the one that was looked for.
#[test]
fn a_stranger_that_a_search_finds_is_never_written_to() {
    let server = Server::after_preflight(|received, _| match received.method.as_str() {
        "GET" => Reply::list(STRANGER),
        _ => Reply::json(200, STRANGER),
    });
    let outcome = Run::new("safety/link.yaml", &server.url()).finish();
    assert_eq!(outcome.code, Some(1), "{}", outcome.said());
    assert_eq!(writes(&server), [""; 0]);
    let told = outcome.failures().join("\n");
    assert!(
        told.contains("PUT /Users/boss would change a resource that this run did not create"),
        "{told}"
    );
}

/// A server that hands out an existing user for a new one, shown before or not.
#[test]
fn a_stranger_that_a_create_hands_out_is_never_written_to() {
    for shown_before in [true, false] {
        let server = Server::after_preflight(move |received, _| match received.method.as_str() {
            "GET" if shown_before => Reply::list(STRANGER),
            "GET" => Reply::empty_list(),
            "POST" if shown_before => Reply::json(201, r#"{"id":"boss"}"#),
            "POST" => Reply::json(201, STRANGER),
            _ => Reply::with(204, &[], b""),
        });
        let outcome = Run::new("safety/create.yaml", &server.url()).finish();
        assert_eq!(outcome.code, Some(1), "{}", outcome.said());
        assert_eq!(writes(&server), [""; 0], "{}", outcome.said());
    }
}

/// Whoever the credentials belong to is not ours to change (RFC 7644 3.11).
#[test]
fn the_own_account_is_never_written_to() {
    let server = Server::after_preflight(|_, _| Reply::with(204, &[], b""));
    let outcome = Run::new("safety/me.yaml", &server.url()).finish();
    assert_eq!(outcome.code, Some(1), "{}", outcome.said());
    assert_eq!(server.lines(), [""; 0]);
}

#[test]
fn what_was_created_is_removed_when_a_step_fails() {
    let server = Server::after_preflight(|received, _| match received.method.as_str() {
        "GET" => Reply::empty_list(),
        "POST" => Reply::json(201, r#"{"id":"42"}"#),
        "DELETE" => Reply::with(204, &[], b""),
        _ => Reply::error(500, "no"),
    });
    let outcome = Run::new("safety/create.yaml", &server.url()).finish();
    assert_eq!(outcome.code, Some(1), "{}", outcome.said());
    assert_eq!(writes(&server).last().expect("there is one"), REMOVED[0]);
    assert_eq!(outcome.journals(), [""; 0]);
}

/// The server creates the user, and the connection is cut before the answer; or a proxy answers for it; or the answer
/// says nothing of what was created.
#[test]
fn what_was_created_is_removed_when_the_answer_is_lost() {
    let answers: [fn() -> Reply; 4] = [
        || Reply::Bytes(Vec::new()),
        || {
            Reply::with(
                504,
                &["Content-Type: text/html"],
                b"<h1>Gateway Timeout</h1>",
            )
        },
        || Reply::with(201, &[], b""),
        || {
            Reply::Bytes(
                b"HTTP/1.1 201 Created\r\nContent-Length: 90\r\n\r\n{\"schemas\":[\"urn:".to_vec(),
            )
        },
    ];
    for answer in answers {
        let server = Server::after_preflight(move |received, all| match received.method.as_str() {
            "GET" if all.iter().any(|earlier| earlier.method == "POST") => {
                Reply::list(&created(all, "42"))
            }
            "GET" => Reply::empty_list(),
            "POST" => answer(),
            _ => Reply::with(204, &[], b""),
        });
        let outcome = Run::new("safety/create.yaml", &server.url()).finish();
        assert_eq!(outcome.code, Some(1), "{}", outcome.said());
        assert_eq!(writes(&server), REMOVED, "{}", outcome.said());
        assert_eq!(outcome.journals(), [""; 0]);
    }
}

/// A user whose create got no answer is ours all the same: a client that finds it again may go on with it.
#[test]
fn what_a_search_finds_by_our_own_name_is_ours() {
    let server = Server::after_preflight(|received, all| match received.method.as_str() {
        "POST" => Reply::Bytes(Vec::new()),
        "GET" => Reply::list(&created(all, "42")),
        _ => Reply::with(204, &[], b""),
    });
    let outcome = Run::new("safety/again.yaml", &server.url()).finish();
    assert_eq!(
        writes(&server),
        ["PATCH /scim/v2/Users/42", REMOVED[0]],
        "{}",
        outcome.said()
    );
}

#[test]
fn a_location_without_a_body_is_enough_for_the_cleanup() {
    let server = Server::after_preflight(|received, _| match received.method.as_str() {
        "GET" => Reply::empty_list(),
        "POST" => Reply::with(
            201,
            &["Location: https://public.example.test/scim/v2/Users/42"],
            b"",
        ),
        _ => Reply::with(204, &[], b""),
    });
    let outcome = Run::new("safety/create.yaml", &server.url()).finish();
    assert_eq!(outcome.code, Some(1), "{}", outcome.said());
    assert_eq!(writes(&server), REMOVED, "{}", outcome.said());
}

#[test]
fn what_a_bulk_request_created_is_removed() {
    let answered = Server::after_preflight(|received, _| match received.method.as_str() {
        "POST" => Reply::json(
            200,
            r#"{"schemas":["urn:ietf:params:scim:api:messages:2.0:BulkResponse"],"Operations":[{"method":"POST","bulkId":"a","location":"/scim/v2/Users/42","status":"201"},{"method":"POST","bulkId":"b","location":"https://other.example.test/scim/v2/Users/43","status":"201"}]}"#,
        ),
        _ => Reply::with(204, &[], b""),
    });
    let outcome = Run::new("safety/bulk.yaml", &answered.url()).finish();
    let removed = ["DELETE /scim/v2/Users/43", "DELETE /scim/v2/Users/42"];
    assert_eq!(writes(&answered), removed, "{}", outcome.said());

    let lost = Server::after_preflight(|received, all| match received.method.as_str() {
        "POST" => Reply::Bytes(Vec::new()),
        "GET" => {
            let bulk = &all
                .iter()
                .find(|earlier| earlier.method == "POST")
                .expect("it was sent")
                .json();
            let number = usize::from(received.target.contains("bob"));
            let name = &bulk["Operations"][number]["data"]["userName"];
            Reply::list(&format!(r#"{{"id":"4{}","userName":{name}}}"#, number + 2))
        }
        _ => Reply::with(204, &[], b""),
    });
    let outcome = Run::new("safety/bulk.yaml", &lost.url()).finish();
    assert_eq!(writes(&lost), removed, "{}", outcome.said());
}

/// The target is gone before anything can be removed: the report and the journal say what may be left.
#[test]
fn what_cannot_be_removed_is_named() {
    for lost in [true, false] {
        let server = Server::after_preflight(move |received, all| {
            let is_created = all
                .iter()
                .filter(|earlier| earlier.method == "POST")
                .count()
                > 0;
            match received.method.as_str() {
                "POST" if !lost => Reply::json(201, r#"{"id":"42"}"#),
                "GET" if !is_created => Reply::empty_list(),
                _ => Reply::Bytes(Vec::new()),
            }
        });
        let outcome = Run::new("safety/create.yaml", &server.url()).finish();
        assert_eq!(outcome.code, Some(1), "{}", outcome.said());
        let address = if lost {
            "/scim/v2/Users?filter=userName"
        } else {
            "/scim/v2/Users/42"
        };
        assert!(
            outcome.stdout.contains("left on the target"),
            "{}",
            outcome.said()
        );
        assert!(outcome.stdout.contains(address), "{}", outcome.said());
        let [journal] = outcome.journals().try_into().expect("one journal is left");
        let journal: String = journal;
        assert!(journal.contains(r#""what":"intent""#), "{journal}");
        assert!(journal.contains("ada."), "{journal}");
    }
}

/// A cleanup that is told to wait waits, and tries again.
#[test]
fn a_throttled_cleanup_tries_again() {
    let server = Server::after_preflight(|received, all| {
        let deletes = all
            .iter()
            .filter(|earlier| earlier.method == "DELETE")
            .count();
        match received.method.as_str() {
            "GET" => Reply::empty_list(),
            "POST" => Reply::json(201, r#"{"id":"42"}"#),
            "DELETE" if deletes == 1 => Reply::with(429, &["Retry-After: 1"], b""),
            _ => Reply::with(204, &[], b""),
        }
    });
    let outcome = Run::new("safety/create.yaml", &server.url()).finish();
    let deletes = writes(&server)
        .iter()
        .filter(|line| *line == REMOVED[0])
        .count();
    assert_eq!(deletes, 2, "{}", outcome.said());
    assert!(outcome.elapsed >= Duration::from_secs(1));
    assert_eq!(outcome.journals(), [""; 0]);
}

/// Without a journal nothing is created.
#[test]
fn no_journal_no_request() {
    let server = Server::after_preflight(|_, _| Reply::empty_list());
    let outcome = Run::new("safety/create.yaml", &server.url())
        .arguments(&["--journal-dir", "/dev/null/journal"])
        .finish();
    assert_eq!(outcome.code, Some(2), "{}", outcome.said());
    assert!(
        outcome.stderr.contains("the journal in"),
        "{}",
        outcome.said()
    );
    assert_eq!(server.connections(), 0);
}

/// A report that cannot be written ends the run, but not before everything is removed again.
#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_does_not_keep_the_cleanup_from_its_work() {
    let server = Server::after_preflight(|received, _| match received.method.as_str() {
        "GET" => Reply::empty_list(),
        "POST" => Reply::json(201, r#"{"id":"42"}"#),
        _ => Reply::with(204, &[], b""),
    });
    for option in ["--report-json", "--report-junit"] {
        let outcome = Run::new("safety/create.yaml", &server.url())
            .arguments(&[option, "/dev/full"])
            .finish();
        assert_eq!(outcome.code, Some(2), "{}", outcome.said());
        assert!(
            outcome.stderr.contains("error: a report cannot be written"),
            "{}",
            outcome.said()
        );
        assert_eq!(outcome.journals(), [""; 0]);
    }
    let removed = writes(&server)
        .iter()
        .filter(|line| *line == REMOVED[0])
        .count();
    let created = server
        .lines()
        .iter()
        .filter(|line| line.starts_with("POST"))
        .count();
    assert_eq!(removed, created);
}

/// A host that is not this machine gets nothing without consent.
#[test]
fn no_consent_no_request() {
    for url in [
        "https://scim.example.test/scim/v2",
        "http://192.0.2.1/scim/v2",
    ] {
        let outcome = Run::new("safety/create.yaml", url).finish();
        assert_eq!(outcome.code, Some(2), "{}", outcome.said());
        assert_eq!(outcome.stdout, "");
        assert_eq!(
            outcome.stderr,
            format!(
                "error: writing to {url} needs consent: it is not on this machine, and the run creates test users and groups there\n\
                 hint: add `--yes-write`, or `writes = true` for the target in scimulate.toml; only what the run creates is changed or removed\n"
            )
        );
        assert!(outcome.events().is_empty());
        assert!(outcome.elapsed < Duration::from_secs(5));
    }
}

/// The second tenant of a target may be elsewhere.
#[test]
fn consent_is_for_every_tenant() {
    let server = Server::after_preflight(|_, _| Reply::empty_list());
    let config = tempfile::NamedTempFile::new().expect("a file");
    let text = format!(
        "[targets.here]\nurl = \"{}\"\n[targets.here.tenants.second]\nurl = \"http://192.0.2.1/scim\"\n",
        server.url()
    );
    std::fs::write(config.path(), text).expect("it can be written");
    let config = config.path().display().to_string();
    let outcome = Run::new("safety/create.yaml", "here")
        .arguments(&["--config", &config])
        .finish();
    assert_eq!(outcome.code, Some(2), "{}", outcome.said());
    assert_eq!(server.connections(), 0);
}

fn last_event(events: &[Value]) -> &Value {
    events.last().expect("there are events")
}

/// Ctrl-C and SIGTERM between create and the next answer: cleanup, exit 130, a whole log.
#[test]
fn signals_end_a_run_after_cleanup() {
    for signal in ["INT", "TERM"] {
        let server = Server::after_preflight(|received, _| match received.method.as_str() {
            "GET" => Reply::empty_list(),
            "POST" => Reply::json(201, r#"{"id":"42"}"#),
            "PATCH" => Reply::written(|_| sleep(Duration::from_secs(8))),
            _ => Reply::with(204, &[], b""),
        });
        let running = Run::new("safety/create.yaml", &server.url()).start();
        running.until(|| server.lines().iter().any(|line| line.starts_with("PATCH")));
        running.signal(signal);
        let outcome = running.finish();
        assert_eq!(outcome.code, Some(130), "{}", outcome.said());
        assert_eq!(writes(&server).last().expect("there is one"), REMOVED[0]);
        assert_eq!(
            outcome.stderr,
            "\ninterrupted: removing what was created (once more to stop at once)\n"
        );
        let events = outcome.events();
        assert_eq!(last_event(&events)["event"], "run-finished");
        assert_eq!(last_event(&events)["interrupted"], true);
        assert!(
            events
                .iter()
                .any(|event| event["event"] == "scenario-finished")
        );
        let requests = outcome.exchanges();
        assert!(
            requests
                .iter()
                .any(|exchange| exchange["request"]["method"] == "PATCH"),
            "{requests:?}"
        );
        assert_eq!(outcome.journals(), [""; 0]);
    }
}

/// Whoever cannot wait for the cleanup presses Ctrl-C again; the journal then names what is left.
#[test]
fn a_second_signal_ends_a_run_at_once() {
    let server = Server::after_preflight(|received, _| match received.method.as_str() {
        "GET" => Reply::empty_list(),
        "POST" => Reply::json(201, r#"{"id":"42"}"#),
        "PATCH" => Reply::with(204, &[], b""),
        _ => Reply::written(|_| sleep(Duration::from_secs(20))),
    });
    let running = Run::new("safety/create.yaml", &server.url()).start();
    running.until(|| server.lines().iter().any(|line| line.starts_with("DELETE")));
    running.signal("INT");
    sleep(Duration::from_millis(300));
    running.signal("INT");
    let outcome = running.finish();
    assert_eq!(outcome.code, Some(130), "{}", outcome.said());
    assert!(outcome.elapsed < Duration::from_secs(10));
    let [journal] = outcome.journals().try_into().expect("one journal is left");
    let journal: String = journal;
    assert!(journal.contains(r#""target":"/Users/42""#), "{journal}");
}

/// The signal comes while a create is under way: its answer is waited for, or it is searched by its name.
#[test]
fn a_create_under_way_is_removed_too() {
    for answered in [true, false] {
        let server = Server::after_preflight(move |received, all| match received.method.as_str() {
            "GET" if all.iter().any(|earlier| earlier.method == "POST") => {
                Reply::list(&created(all, "42"))
            }
            "GET" => Reply::empty_list(),
            "POST" => {
                sleep(Duration::from_secs(if answered { 1 } else { 8 }));
                Reply::json(201, r#"{"id":"42"}"#)
            }
            _ => Reply::with(204, &[], b""),
        });
        let running = Run::new("safety/create.yaml", &server.url()).start();
        running.until(|| server.lines().iter().any(|line| line.starts_with("POST")));
        running.signal("INT");
        let outcome = running.finish();
        assert_eq!(outcome.code, Some(130), "{}", outcome.said());
        assert_eq!(writes(&server), REMOVED, "{}", outcome.said());
        assert!(outcome.elapsed < Duration::from_secs(7));
    }
}

/// During discovery nothing has been created yet.
#[test]
fn a_signal_during_discovery() {
    let server = Server::start(|_, _| Reply::written(|_| sleep(Duration::from_secs(8))));
    let running = Run::new("safety/create.yaml", &server.url()).start();
    running.until(|| !server.all().is_empty());
    running.signal("INT");
    let outcome = running.finish();
    assert_eq!(outcome.code, Some(130), "{}", outcome.said());
    assert_eq!(outcome.journals(), [""; 0]);
    assert!(outcome.elapsed < Duration::from_secs(5));
}

/// A killed process removes nothing; its journal names what it created, and its log what it saw.
#[test]
fn a_killed_run_leaves_a_journal() {
    let server = Server::after_preflight(|received, _| match received.method.as_str() {
        "GET" => Reply::empty_list(),
        "POST" => Reply::json(201, r#"{"id":"42"}"#),
        _ => Reply::written(|_| sleep(Duration::from_secs(8))),
    });
    let running = Run::new("safety/create.yaml", &server.url()).start();
    running.until(|| server.lines().iter().any(|line| line.starts_with("PATCH")));
    running.signal("KILL");
    let outcome = running.finish();
    assert_eq!(outcome.code, None);
    let [journal] = outcome.journals().try_into().expect("one journal is left");
    let journal: String = journal;
    assert!(journal.contains(r#""target":"/Users/42""#), "{journal}");
    let steps = outcome
        .events()
        .iter()
        .filter(|event| event["event"] == "step-finished")
        .count();
    assert_eq!(steps, 2);
}
