//! `scimulate doctor`: each way in which a target can be out of reach, and the one sentence that helps.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;

use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ServerConfig, ServerConnection, Stream};
use serde_json::{Value, json};
use wiremock::matchers::{any, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::project::{Project, Said, assert_told};

const LIST: &str = r#"{"schemas":["urn:ietf:params:scim:api:messages:2.0:ListResponse"],"totalResults":0,"Resources":[]}"#;

fn certificate(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/cli/certificates")
        .join(name)
}

/// A port where TLS is spoken with this certificate, and every request answered with an empty list.
fn tls(name: &str) -> u16 {
    let bytes =
        |end: &str| std::fs::read(certificate(&format!("{name}{end}"))).expect("it is there");
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("ring has them")
        .with_no_client_auth()
        .with_single_cert(
            vec![CertificateDer::from(bytes(".der"))],
            PrivateKeyDer::from(PrivatePkcs8KeyDer::from(bytes(".key.der"))),
        )
        .expect("the key belongs to the certificate");
    let config = Arc::new(config);
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = listener.local_addr().expect("it is bound").port();
    thread::spawn(move || {
        for mut socket in listener.incoming().flatten() {
            let config = Arc::clone(&config);
            thread::spawn(move || {
                let mut connection =
                    ServerConnection::new(config).expect("the configuration is whole");
                answer(&mut Stream::new(&mut connection, &mut socket));
            });
        }
    });
    port
}

/// Answers requests until the other side has had enough.
fn answer(stream: &mut (impl Read + Write)) {
    let mut buffer = [0; 4096];
    while stream.read(&mut buffer).is_ok_and(|read| read > 0) {
        let answer = format!(
            "HTTP/1.1 200 OK\r\nContent-Type: application/scim+json\r\nContent-Length: {}\r\n\r\n{LIST}",
            LIST.len()
        );
        if stream
            .write_all(answer.as_bytes())
            .and_then(|()| stream.flush())
            .is_err()
        {
            return;
        }
    }
}

/// A plain HTTP port that answers at once, whatever it is sent.
fn hasty() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = listener.local_addr().expect("it is bound").port();
    thread::spawn(move || {
        for mut socket in listener.incoming().flatten() {
            let _ = socket.write_all(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
        }
    });
    port
}

/// What was said; times and ports differ from run to run.
fn told(name: &str, said: &Said) -> String {
    let port = regex::Regex::new(r"127\.0\.0\.1 at port \d+|port \d+").expect("it is one");
    let times = regex::Regex::new(r"answers in [^\n]+").expect("it is one");
    let text = times
        .replace_all(&said.all(), "answers in [times]")
        .into_owned();
    format!("# {name}\n{}\n", port.replace_all(&text, "port [port]"))
}

#[test]
fn a_target_that_can_be_tested() {
    let project = Project::new();
    let mut serving = project.serve("--token canary");
    let base = serving.line();
    let token: &[(&str, &str)] = &[("SCIMULATE_TOKEN", "canary")];
    let mut text = told(
        "fine",
        &project.scimulate_with(&format!("doctor {base}/"), token, ""),
    );
    let origin = base.trim_end_matches("/scim/v2");
    for (name, words, environment) in [
        ("no token", format!("doctor {base}"), &[][..]),
        (
            "a wrong token",
            format!("doctor --target {base}"),
            &[("SCIMULATE_TOKEN", "mistaken")][..],
        ),
        ("another path", format!("doctor {origin}/scim"), token),
        ("no path", format!("doctor {origin}"), token),
        (
            "a path of a request",
            format!("doctor {base}/Users?count=1"),
            token,
        ),
    ] {
        let said = project.scimulate_with(&words, environment, "");
        assert_eq!(said.code, Some(3), "{name}: {}", said.all());
        text.push_str(&told(name, &said));
    }
    assert!(
        !text.contains("canary") && !text.contains("mistaken"),
        "{text}"
    );
    assert_told!("doctor_paths", text);
    let said = project.scimulate_with(&format!("doctor {base} --json"), token, "");
    let diagnosis: Value = serde_json::from_str(&said.stdout).expect("it is JSON");
    assert_eq!(diagnosis["testable"], json!(true));
    assert_eq!(
        diagnosis["checks"][0],
        json!({"check": "URL", "state": "fine", "told": base})
    );
}

#[test]
fn tls_in_all_its_states() {
    let project = Project::new();
    let authority = certificate("authority.pem").display().to_string();
    let trusting: &[(&str, &str)] = &[("SSL_CERT_FILE", &authority)];
    let mut text = String::new();
    for (name, code) in [
        ("good", 0),
        ("expired", 3),
        ("other-host", 3),
        ("self-signed", 3),
    ] {
        let words = format!("doctor https://127.0.0.1:{}/scim/v2", tls(name));
        let said = project.scimulate_with(&words, trusting, "");
        assert_eq!(said.code, Some(code), "{name}: {}", said.all());
        text.push_str(&told(name, &said));
    }
    let unknown = project.scimulate(&format!("doctor https://127.0.0.1:{}/scim/v2", tls("good")));
    text.push_str(&told("an unknown authority", &unknown));
    let http = project.scimulate(&format!("doctor https://127.0.0.1:{}/scim/v2", hasty()));
    text.push_str(&told("http where https is wanted", &http));
    let answering = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = answering.local_addr().expect("it is bound").port();
    thread::spawn(move || {
        for mut socket in answering.incoming().flatten() {
            answer(&mut socket);
        }
    });
    let http = project.scimulate(&format!("doctor https://127.0.0.1:{port}/scim/v2"));
    text.push_str(&told(
        "http where https is wanted, from a patient server",
        &http,
    ));
    let https = project.scimulate(&format!("doctor http://127.0.0.1:{}/scim/v2", tls("good")));
    text.push_str(&told("https where http is wanted", &https));
    let days = regex::Regex::new(r"verification time \d+|\(\d+ seconds ago\)").expect("it is one");
    assert_told!("doctor_tls", days.replace_all(&text, "[time]"));
}

/// A run that ends over it gives the same hint.
#[test]
fn a_run_knows_expired_certificates() {
    let words = format!(
        "run create.yaml --target https://127.0.0.1:{}/scim/v2",
        tls("expired")
    );
    let authority = certificate("authority.pem").display().to_string();
    let project = Project::new();
    std::fs::copy(
        project.path("scenarios/create.yaml"),
        project.path("create.yaml"),
    )
    .expect("it is there");
    let said = project.scimulate_with(&words, &[("SSL_CERT_FILE", &authority)], "");
    assert_eq!(said.code, Some(3), "{}", said.all());
    assert!(
        said.stdout.contains("the certificate has to be renewed"),
        "{}",
        said.stdout
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_that_are_not_scim() {
    let project = Project::new();
    let list = || ResponseTemplate::new(200).set_body_raw(LIST, "application/scim+json");
    let answers = [
        (
            "a page to sign in",
            ResponseTemplate::new(200).set_body_raw("<!doctype html>", "text/html"),
        ),
        (
            "JSON that is no SCIM",
            ResponseTemplate::new(200).set_body_json(json!({"hello": "world"})),
        ),
        ("nothing", ResponseTemplate::new(204)),
        (
            "a page to be sent to",
            ResponseTemplate::new(302).insert_header("location", "/login"),
        ),
        (
            "the same with https",
            ResponseTemplate::new(301).insert_header(
                "location",
                "https://scim.example.test/scim/v2/Users?startIndex=1&count=1",
            ),
        ),
        (
            "a password is wanted",
            ResponseTemplate::new(401).insert_header("www-authenticate", r#"Basic realm="a, b""#),
        ),
        (
            "a token has ended",
            ResponseTemplate::new(401).insert_header(
                "www-authenticate",
                r#"Bearer error="invalid_token", error_description="expired""#,
            ),
        ),
        (
            "the token in a challenge",
            ResponseTemplate::new(401)
                .insert_header("www-authenticate", r#"Bearer error="no canary""#),
        ),
        (
            "the token in an address",
            ResponseTemplate::new(302).insert_header("location", "/login?token=canary"),
        ),
        ("no rights", ResponseTemplate::new(403)),
        (
            "Windows only",
            ResponseTemplate::new(401).insert_header("www-authenticate", "Negotiate"),
        ),
        ("an error for everything", ResponseTemplate::new(503)),
        (
            "SCIM 1.1",
            ResponseTemplate::new(200).set_body_json(
                json!({"schemas": ["urn:scim:schemas:core:1.0"], "totalResults": 0}),
            ),
        ),
        (
            "another clock",
            list().insert_header("date", "Sun, 06 Nov 1994 08:49:37 GMT"),
        ),
        (
            "escapes for a terminal",
            ResponseTemplate::new(401)
                .insert_header("www-authenticate", "Bearer realm=\"\u{9b}31m\""),
        ),
    ];
    let mut text = String::new();
    for (name, answer) in answers {
        let server = MockServer::start().await;
        Mock::given(any()).respond_with(answer).mount(&server).await;
        let words = format!("doctor {}/scim/v2", server.uri());
        let said = project.scimulate_with(&words, &[("SCIMULATE_TOKEN", "canary")], "");
        assert!(!said.all().contains("canary"), "{}", said.all());
        text.push_str(&told(name, &said));
    }
    // Nothing but users.
    let server = MockServer::start().await;
    Mock::given(path("/Users"))
        .respond_with(list())
        .mount(&server)
        .await;
    text.push_str(&told(
        "no discovery",
        &project.scimulate(&format!("doctor {}", server.uri())),
    ));
    let years = regex::Regex::new(r"\d{6,} minutes behind").expect("it is one");
    assert_told!(
        "doctor_answers",
        years.replace_all(&text, "[many] minutes behind")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_written_and_no_other_host_is_asked() {
    let other = MockServer::start().await;
    let server = MockServer::start().await;
    let away =
        ResponseTemplate::new(307).insert_header("location", format!("{}/scim/Users", other.uri()));
    Mock::given(path("/scim/Users"))
        .respond_with(away)
        .mount(&server)
        .await;
    let project = Project::new();
    for base in ["scim", "elsewhere"] {
        let words = format!("doctor {}/{base}", server.uri());
        let said = project.scimulate_with(&words, &[("SCIMULATE_TOKEN", "canary")], "");
        assert_eq!(said.code, Some(3), "{}", said.all());
    }
    assert_eq!(
        other
            .received_requests()
            .await
            .expect("they are kept")
            .len(),
        0
    );
    let requests = server.received_requests().await.expect("they are kept");
    assert!(
        requests.len() > 5 && requests.len() < 30,
        "{}",
        requests.len()
    );
    assert!(
        requests
            .iter()
            .all(|request| request.method.as_str() == "GET")
    );
}

#[test]
fn nobody_listens() {
    let project = Project::new();
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = listener.local_addr().expect("it is bound").port();
    drop(listener);
    let refused = project.scimulate(&format!("doctor http://127.0.0.1:{port}/scim"));
    let mut text = told("a closed port", &refused);
    // What it accepts it never answers.
    let silent = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = silent.local_addr().expect("it is bound").port();
    let kept =
        thread::spawn(move || -> Vec<TcpStream> { silent.incoming().take(2).flatten().collect() });
    let words = format!("doctor http://127.0.0.1:{port}/scim --timeout 300ms");
    text.push_str(&told("no answer", &project.scimulate(&words)));
    drop(kept);
    for words in [
        "doctor",
        "doctor nowhere",
        "doctor https://me:canary@example.test/scim",
        "doctor https://example.test/scim#top",
        "doctor ftp://example.test",
        "doctor http://127.0.0.1:1 --target http://127.0.0.1:2",
    ] {
        let said = project.scimulate(words);
        assert_eq!(said.code, Some(2), "{words}");
        text.push_str(&told(words, &said));
    }
    assert_told!("doctor_nobody", text);
    // In whatever words the system says it.
    let words = "doctor http://nowhere.invalid/scim --timeout 2s";
    let said = project.scimulate(words);
    assert_eq!(said.code, Some(3), "{}", said.all());
    assert!(
        said.stdout.contains("Correct the host `nowhere.invalid`"),
        "{}",
        said.stdout
    );
    let words = "doctor http://192.0.2.1:9/scim --timeout 300ms";
    let said = project.scimulate_with(words, &[("HTTPS_PROXY", "http://proxy.example.test")], "");
    assert_eq!(said.code, Some(3), "{}", said.all());
    assert!(
        said.stdout.contains("`HTTPS_PROXY` is set"),
        "{}",
        said.stdout
    );
    assert!(
        said.stdout.contains("proxies are never used"),
        "{}",
        said.stdout
    );
}
