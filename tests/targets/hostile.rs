//! Broken and hostile targets: each ends in one clear message and the right exit code, in bounded time and memory, and
//! with nothing lost of what was seen before.

use std::fs;
use std::io::Write;
use std::net::{TcpListener, TcpStream};
use std::thread::sleep;
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;
use insta::{Settings, assert_snapshot};
use tempfile::TempDir;

use crate::outcome::{Outcome, Run, scenario};
use crate::server::{Reply, Server};

/// A way to answer wrongly.
type Fault = fn() -> Reply;

const JSON: &str = "Content-Type: application/scim+json";
const HEAD: &str = "HTTP/1.1 200 OK\r\nContent-Type: application/scim+json\r\n";

const FAULTS: &[(&str, Fault)] = &[
    ("a wrong token", || {
        Reply::error(401, "the token is not known")
    }),
    ("a web page", || {
        Reply::with(
            200,
            &["Content-Type: text/html"],
            b"<!doctype html><title>Sign in</title>",
        )
    }),
    ("an error for everything", || {
        Reply::error(500, "the database is gone")
    }),
    ("an error page of a proxy", || {
        Reply::with(502, &["Content-Type: text/html"], b"<h1>Bad Gateway</h1>")
    }),
    ("no body", || Reply::with(200, &[JSON], b"")),
    ("a body of 1 GiB", || {
        Reply::written(|stream| {
            let head = format!("{HEAD}Content-Length: {}\r\n\r\n", 1 << 30);
            endless(stream, head.as_bytes(), &[b' '; 64 * 1024], 16 * 1024);
        })
    }),
    ("an endless body", || {
        Reply::written(|stream| {
            let head = format!("{HEAD}Transfer-Encoding: chunked\r\n\r\n");
            let mut chunk = b"10000\r\n".to_vec();
            chunk.extend_from_slice(&[b'['; 0x10000]);
            chunk.extend_from_slice(b"\r\n");
            endless(stream, head.as_bytes(), &chunk, usize::MAX);
        })
    }),
    ("a compressed body of 1 GiB", || {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        let _ = encoder.write_all(&vec![0; 1 << 20]);
        let member = encoder.finish().unwrap_or_default();
        Reply::with(200, &[JSON, "Content-Encoding: gzip"], &member.repeat(1024))
    }),
    ("compression that is none", || {
        Reply::with(200, &[JSON, "Content-Encoding: gzip"], br#"{"id":"42"}"#)
    }),
    ("an encoding that nobody asked for", || {
        Reply::with(200, &[JSON, "Content-Encoding: br"], br#"{"id":"42"}"#)
    }),
    ("a body that stops half way", || {
        Reply::Bytes(format!("{HEAD}Content-Length: 400\r\n\r\n{{\"id\":").into_bytes())
    }),
    ("a chunked body that stops half way", || {
        Reply::Bytes(
            format!("{HEAD}Transfer-Encoding: chunked\r\n\r\n20\r\n{{\"id\":").into_bytes(),
        )
    }),
    ("a length that is too small", || {
        Reply::Bytes(format!("{HEAD}Content-Length: 7\r\n\r\n{{\"id\":\"42\"}}").into_bytes())
    }),
    ("two different lengths", || {
        Reply::Bytes(
            format!("{HEAD}Content-Length: 7\r\nContent-Length: 11\r\n\r\n{{\"id\":\"42\"}}")
                .into_bytes(),
        )
    }),
    ("slow bytes", || {
        Reply::written(|stream| {
            let head = format!("{HEAD}Content-Length: 400\r\n\r\n");
            let _ = stream.write_all(head.as_bytes());
            while stream.write_all(b" ").is_ok() {
                sleep(Duration::from_millis(50));
            }
        })
    }),
    ("no answer", || {
        Reply::written(|_| sleep(Duration::from_secs(4)))
    }),
    ("100 Continue without end", || {
        Reply::written(|stream| {
            while stream.write_all(b"HTTP/1.1 100 Continue\r\n\r\n").is_ok() {
                sleep(Duration::from_millis(2));
            }
        })
    }),
    ("a connection that is closed", || Reply::Bytes(Vec::new())),
    ("no HTTP", || {
        Reply::Bytes(b"SSH-2.0-OpenSSH_9.6\r\n".to_vec())
    }),
    ("headers without end", || {
        Reply::written(|stream| {
            endless(
                stream,
                b"HTTP/1.1 200 OK\r\n",
                b"X-More: and more\r\n",
                usize::MAX,
            );
        })
    }),
    ("a header with odd bytes", || {
        Reply::with(
            200,
            &[JSON, "X-Odd: \u{fc}\u{1F980}\t\"", "X-Empty:"],
            br#"{"id":"42"}"#,
        )
    }),
    ("a header that is none", || {
        Reply::Bytes(format!("{HEAD}no colon here\r\n\r\n{{}}").into_bytes())
    }),
    ("invalid UTF-8", || {
        Reply::with(200, &[JSON], b"{\"id\":\"\xff\xfe\"}")
    }),
    ("JSON 10,000 levels deep", || {
        Reply::json(200, format!("{}{}", "[".repeat(10_000), "]".repeat(10_000)))
    }),
    ("a list without `Resources`", || {
        Reply::json(
            200,
            r#"{"schemas":["urn:ietf:params:scim:api:messages:2.0:ListResponse"],"totalResults":1}"#,
        )
    }),
    ("a name twice", || {
        Reply::json(200, r#"{"id":"42","id":"43"}"#)
    }),
];

fn endless(stream: &mut TcpStream, head: &[u8], piece: &[u8], times: usize) {
    let _ = stream.write_all(head);
    for _ in 0..times {
        if stream.write_all(piece).is_err() {
            return;
        }
    }
}

/// What is told of each fault, side by side with the others; the file stands beside the scenario.
fn assert_told(name: &str, told: &str) {
    let mut settings = Settings::new();
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.set_snapshot_path(scenario("hostile"));
    settings.bind(|| assert_snapshot!(name, told));
}

fn bounded(fault: &str, outcome: &Outcome) {
    assert!(
        outcome.elapsed < Duration::from_secs(20),
        "{fault} took {:?}",
        outcome.elapsed
    );
    // The binary alone has about 20 MiB, and a body may have 16 MiB.
    assert!(
        outcome.peak < 100 * 1024,
        "{fault} needed {} KiB",
        outcome.peak
    );
}

fn run(fault: &str, url: &str) -> Outcome {
    let limit = match fault {
        "slow bytes" | "no answer" | "100 Continue without end" => "1s",
        _ => "15s",
    };
    Run::new("hostile/create.yaml", url)
        .variable("TOKEN", "canary-token")
        .arguments(&["--token-env", "TOKEN", "--timeout", limit])
        .finish()
}

/// The text without what differs from run to run.
fn steady(text: &str, port: u16) -> String {
    let names = regex::Regex::new(r"\bada\.[0-9a-z]{8}\b").expect("it is one");
    let times = regex::Regex::new(r"\b\d+ ms\b").expect("it is one");
    let text = text
        .replace("(os error 104)", "(os error)")
        .replace(&port.to_string(), "[port]");
    let text = names.replace_all(&text, "ada.[run]");
    times.replace_all(&text, "[time]").into_owned()
}

#[test]
fn a_target_that_is_broken_from_the_start() {
    let mut told = String::new();
    for (fault, answer) in FAULTS {
        let server = Server::start(move |_, _| answer());
        let outcome = run(fault, &server.url());
        bounded(fault, &outcome);
        let lines: Vec<String> = outcome
            .shown(server.port())
            .lines()
            .filter(|line| {
                ["stopped:", "hint:", "exit", "error:"]
                    .iter()
                    .any(|start| line.starts_with(start))
            })
            .map(|line| steady(line, server.port()))
            .collect();
        told.push_str(&format!("# {fault}\n{}\n\n", lines.join("\n")));
        let events = outcome.events();
        assert_eq!(events[0]["event"], "run-started", "{fault}");
        assert_eq!(events[1]["event"], "preflight", "{fault}");
        let last = events.last().expect("there are events");
        assert_eq!(last["event"], "run-finished", "{fault}");
        assert!(outcome.journals().is_empty() || outcome.code == Some(1));
    }
    assert_told("from_the_start", &told);
}

#[test]
fn a_target_that_breaks_when_a_user_is_created() {
    let mut told = String::new();
    for (fault, answer) in FAULTS {
        let server = Server::after_preflight(move |received, _| match received.method.as_str() {
            "POST" => answer(),
            "DELETE" => Reply::with(204, &[], b""),
            _ => Reply::empty_list(),
        });
        let outcome = run(fault, &server.url());
        bounded(fault, &outcome);
        told.push_str(&format!("# {fault}\nexit {:?}\n", outcome.code));
        for failure in outcome.failures() {
            told.push_str(&format!("{}\n", steady(&failure, server.port())));
        }
        told.push('\n');
        // What was seen before the fault, and the fault itself, is in the log.
        let exchanges = outcome.exchanges();
        assert!(exchanges.len() >= 2, "{fault}: {}", outcome.said());
        assert_eq!(
            exchanges[0]["outcome"]["response"]["status"], 200,
            "{fault}"
        );
        assert_eq!(exchanges[1]["request"]["method"], "POST", "{fault}");
        assert!(exchanges[1]["outcome"].is_object(), "{fault}");
    }
    assert_told("when_a_user_is_created", &told);
}

#[test]
fn no_server_at_the_port() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = listener.local_addr().expect("it is bound").port();
    drop(listener);
    let outcome = run("", &format!("http://127.0.0.1:{port}/scim/v2"));
    assert_eq!(outcome.code, Some(3), "{}", outcome.said());
    assert_told("no_server", &outcome.shown(port));
}

/// A server that speaks plain HTTP where TLS is wanted, and the other way round.
#[test]
fn https_and_http_mixed_up() {
    let server = Server::start(|_, _| Reply::empty_list());
    let outcome = run("", &format!("https://127.0.0.1:{}/scim/v2", server.port()));
    assert_eq!(outcome.code, Some(3), "{}", outcome.said());
    // The socket above waits for a request that never ends; this one answers at once, as web servers do.
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = listener.local_addr().expect("it is bound").port();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
        }
    });
    let outcome = run("", &format!("https://127.0.0.1:{port}/scim/v2"));
    assert_eq!(outcome.code, Some(3), "{}", outcome.said());
    assert_told("http_where_https_is_wanted", &outcome.shown(port));
}

/// Credentials never leave for another host.
#[test]
fn a_redirect_to_another_host() {
    let other = Server::start(|_, _| Reply::empty_list());
    let to = format!("Location: {}/Users", other.url());
    let at_once = to.clone();
    let server = Server::start(move |_, _| Reply::with(307, &[&at_once], b""));
    let outcome = run("", &server.url());
    assert_eq!(outcome.code, Some(3), "{}", outcome.said());
    let told = outcome
        .shown(server.port())
        .replace(&other.port().to_string(), "[other]");
    assert_told("redirect_from_the_start", &told);

    let server = Server::after_preflight(move |received, _| match received.method.as_str() {
        "GET" => Reply::empty_list(),
        _ => Reply::with(308, &[&to], b""),
    });
    let outcome = run("", &server.url());
    assert_eq!(outcome.code, Some(1), "{}", outcome.said());
    assert!(
        outcome.failures()[0].contains("which no provider is known to follow"),
        "{:?}",
        outcome.failures()
    );
    assert_eq!(other.connections(), 0);
}

/// What is left over on a connection must not be taken for the next answer.
#[test]
fn an_answer_that_smuggles_a_second_one() {
    let server = Server::after_preflight(|received, _| {
        match received.method.as_str() {
        "POST" => Reply::Whole(
            b"HTTP/1.1 201 Created\r\nContent-Length: 11\r\n\r\n{\"id\":\"42\"}HTTP/1.1 200 OK\r\nContent-Length: 17\r\n\r\n{\"smuggled\":true}"
                .to_vec(),
        ),
        "DELETE" => Reply::with(204, &[], b""),
        "PATCH" => Reply::with(204, &[], b""),
        _ => Reply::empty_list(),
    }
    });
    let outcome = run("", &server.url());
    let log = fs::read_to_string(outcome.folder().join("events.jsonl")).expect("there is a log");
    assert!(!log.contains("smuggled"), "{}", outcome.said());
    assert!(
        server
            .lines()
            .contains(&"DELETE /scim/v2/Users/42".to_owned())
    );
}

/// Numbers are read as ids; what cannot be an id is never put into a path.
#[test]
fn odd_ids() {
    let mut told = String::new();
    for id in [
        "42",
        "\"\"",
        "null",
        "\"..\"",
        "\".\"",
        "\"a/b\"",
        "\"a?b#c\"",
        "\" \"",
        "{}",
        "\"%2e%2e\"",
    ] {
        let server = Server::after_preflight(move |received, _| match received.method.as_str() {
            "POST" => Reply::json(201, format!(r#"{{"id":{id}}}"#)),
            "PATCH" | "DELETE" => Reply::with(204, &[], b""),
            _ => Reply::empty_list(),
        });
        let outcome = run("", &server.url());
        assert_eq!(outcome.code, Some(1), "{id}: {}", outcome.said());
        let writes: Vec<String> = server
            .lines()
            .into_iter()
            .filter(|line| line.starts_with("PATCH") || line.starts_with("DELETE"))
            .collect();
        told.push_str(&format!("# {id}\n{}\n", writes.join("\n")));
        for failure in outcome.failures() {
            told.push_str(&format!("- {}\n", steady(&failure, server.port())));
        }
    }
    assert_told("odd_ids", &told);
}

/// A target that goes away in the middle of a long run, or no longer knows the token, is said to be so once.
#[test]
fn a_target_that_goes_away() {
    let folder = TempDir::new().expect("a folder");
    for number in 0..8 {
        let copy = folder.path().join(format!("{number}.yaml"));
        fs::copy(scenario("hostile/create.yaml"), copy).expect("it can be copied");
    }
    let path = folder.path().display().to_string();
    let mut told = String::new();
    let ways: [(&str, Fault); 3] = [
        ("the connection is closed", || Reply::Bytes(Vec::new())),
        ("an error for everything", || {
            Reply::error(503, "the database is gone")
        }),
        ("the token has expired", || {
            Reply::error(401, "who are you?")
        }),
    ];
    for (way, answer) in ways {
        let server = Server::start(move |received, all| {
            if all.len() > 9 {
                answer()
            } else if received.is_preflight() {
                Reply::preflight(received)
            } else if received.method == "POST" {
                Reply::json(201, r#"{"id":"42"}"#)
            } else {
                Reply::empty_list()
            }
        });
        let outcome = Run::new(&path, &server.url())
            .variable("SCIMULATE_TOKEN", "canary-token")
            .finish();
        assert_eq!(outcome.code, Some(1), "{}", outcome.said());
        told.push_str(&format!("# {way}\n"));
        for line in outcome.stdout.lines() {
            if ["stopped:", "hint:"]
                .iter()
                .any(|start| line.starts_with(start))
            {
                told.push_str(&format!("{line}\n"));
            }
        }
        let events = outcome.events();
        let finished = events
            .iter()
            .filter(|event| event["event"] == "scenario-finished")
            .count();
        assert_eq!(finished, 4, "{}", outcome.said());
    }
    assert_told("goes_away", &told);
}

/// Answers that are large, but allowed, are neither shown nor kept in full.
#[test]
fn large_answers_that_are_allowed() {
    let server = Server::after_preflight(|received, _| match received.method.as_str() {
        "POST" => Reply::json(201, r#"{"id":"42"}"#),
        "GET" => {
            let user = format!(r#"{{"id":"7","nickName":"{}"}}"#, "x".repeat(4 << 20));
            Reply::list(&user)
        }
        _ => Reply::with(204, &[], b""),
    });
    let outcome = run("", &server.url());
    assert_eq!(outcome.code, Some(1));
    assert!(outcome.stdout.len() < 200_000, "{}", outcome.stdout.len());
    let junit = fs::read_to_string(outcome.folder().join("junit.xml")).expect("there is a report");
    assert!(junit.len() < 200_000, "{}", junit.len());
    bounded("large answers", &outcome);
}
