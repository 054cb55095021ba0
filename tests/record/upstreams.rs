//! Endpoints that break, are not there, or speak something else; clients that hang up.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpListener;
use std::time::Duration;

use crate::stand::{Endpoint, FINE, Recorder, read_exactly, read_until};

const GET: &str = "GET /Users HTTP/1.1\r\nHost: a\r\n\r\n";

#[test]
fn an_endpoint_that_is_not_there_is_said_by_the_recorder() {
    let free = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = free.local_addr().expect("it is bound").port();
    drop(free);
    let mut recorder = Recorder::start(&format!("http://127.0.0.1:{port}/scim"), "");
    let mut client = recorder.connect();
    let post = "POST /Users HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc";
    for request in [post, GET] {
        client
            .write_all(request.as_bytes())
            .expect("the recorder reads");
        let head = String::from_utf8(read_until(&mut client, b"\r\n\r\n")).expect("it is text");
        assert!(head.starts_with("HTTP/1.1 502 Bad Gateway\r\n"), "{head}");
        let body = read_until(&mut client, b"}");
        let body: serde_json::Value = serde_json::from_slice(&body).expect("it is JSON");
        assert_eq!(
            body["schemas"][0],
            "urn:ietf:params:scim:api:messages:2.0:Error"
        );
        let detail = body["detail"].as_str().expect("it is text");
        assert!(
            detail.starts_with(
                "answered by scimulate record, not by the endpoint: http://127.0.0.1:"
            ),
            "{detail}"
        );
    }
    let exchanges = recorder.recorded(2);
    assert_eq!(exchanges[0]["request"]["body"], "abc");
    assert!(
        exchanges[0]["failure"]["connect"].is_string(),
        "{exchanges:?}"
    );
    assert_eq!(recorder.stop(), Some(0));
    let said = recorder.read("stderr");
    assert!(
        said.contains("recorded 2 exchanges, 2 of them without an answer"),
        "{said}"
    );
}

#[test]
fn an_answer_that_breaks_off_breaks_off_for_the_client() {
    for (sent, recorded) in [
        (
            "HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n{\"a\":",
            "{\"a\":",
        ),
        (
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\n{\"a\":",
            "{\"a\":",
        ),
    ] {
        let endpoint = Endpoint::answering(sent);
        let mut recorder = Recorder::start(&endpoint.url(""), "");
        assert_eq!(recorder.ask(GET), sent);
        let exchange = &recorder.recorded(1)[0];
        assert_eq!(exchange["response"]["body"], recorded);
        assert_eq!(
            exchange["response"]["broken"]["cut"],
            "the endpoint closed the connection before the end"
        );
        assert_eq!(recorder.stop(), Some(0));
    }
}

#[test]
fn an_endpoint_that_closes_without_an_answer_is_no_502() {
    for sent in ["", "HTTP/1.1 200 OK\r\nContent-"] {
        let endpoint = Endpoint::answering(sent);
        let recorder = Recorder::start(&endpoint.url(""), "");
        assert_eq!(recorder.ask(GET), sent);
        let exchange = &recorder.recorded(1)[0];
        let failure = exchange["failure"]["protocol"].as_str().expect("it failed");
        assert!(
            failure.starts_with("the endpoint closed the connection"),
            "{failure}"
        );
    }
}

/// A body without a length ends with the connection: only a reset tells that it is not whole.
#[test]
fn a_reset_is_passed_on() {
    let endpoint = Endpoint::serving(|_, stream, tell| {
        tell(&read_until(stream, b"\r\n"));
        stream
            .write_all(b"HTTP/1.1 200 OK\r\n\r\n{\"a\":")
            .expect("the recorder reads");
        std::thread::sleep(Duration::from_millis(100));
        // Closed with bytes that were not read, a connection is reset.
    });
    let recorder = Recorder::start(&endpoint.url(""), "");
    let mut client = recorder.connect();
    client
        .write_all(GET.as_bytes())
        .expect("the recorder reads");
    let mut answer = Vec::new();
    let ended = client.read_to_end(&mut answer);
    assert_eq!(
        ended.expect_err("it is reset").kind(),
        ErrorKind::ConnectionReset
    );
    let exchange = &recorder.recorded(1)[0];
    let cut = exchange["response"]["broken"]["cut"]
        .as_str()
        .expect("it is cut");
    assert!(
        cut.starts_with("the connection to the endpoint broke"),
        "{cut}"
    );
}

#[test]
fn a_body_without_a_length_ends_with_the_connection() {
    let sent = "HTTP/1.0 200 OK\r\nContent-Type: application/scim+json\r\n\r\n{\"a\": 1}";
    let endpoint = Endpoint::answering(sent);
    let recorder = Recorder::start(&endpoint.url(""), "");
    assert_eq!(recorder.ask(GET), sent);
    let exchange = &recorder.recorded(1)[0];
    assert_eq!(exchange["response"]["body"], "{\"a\": 1}");
    assert!(exchange["response"].get("broken").is_none(), "{exchange}");
}

#[test]
fn what_is_not_http_passes_as_it_is() {
    for sent in [
        "SSH-2.0-OpenSSH_9.6\r\nhello\r\n",
        "\x15\x03\x03\x00\x02\x02\x46",
        "HTTP/1.1 200 OK\r\nContent-Length: 1, 2\r\n\r\nab",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nhello",
    ] {
        let endpoint = Endpoint::answering(sent);
        let recorder = Recorder::start(&endpoint.url(""), "");
        assert_eq!(recorder.ask(GET), sent);
        let exchange = recorder.recorded(1)[0].to_string();
        assert!(exchange.contains("what came is not HTTP/1"), "{exchange}");
    }
}

#[test]
fn requests_that_cannot_be_passed_on_are_refused() {
    let endpoint = Endpoint::answering(FINE);
    let mut recorder = Recorder::start(&endpoint.url(""), "");
    for (request, status, word) in [
        (
            "CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n",
            400,
            "proxy setting",
        ),
        (
            "GET http://other.test/ HTTP/1.1\r\nHost: other.test\r\n\r\n",
            421,
            "other.test",
        ),
        ("PRI * HTTP/2.0\r\n\r\n", 400, "PRI * HTTP/2.0"),
        ("GET / HTTP/1.1\r\nno colon\r\n\r\n", 400, "no colon"),
        (
            "POST / HTTP/1.1\r\nContent-Length: x\r\n\r\n",
            400,
            "Content-Length: x",
        ),
        ("\x16\x03\x01\x02", 400, "first line"),
    ] {
        let answer = recorder.ask(request);
        assert!(
            answer.starts_with(&format!("HTTP/1.1 {status} ")),
            "{request}: {answer}"
        );
        assert!(
            answer.contains(word) && answer.contains("not by the endpoint"),
            "{answer}"
        );
    }
    assert!(endpoint.told.try_recv().is_err());
    assert_eq!(recorder.stop(), Some(0));
    assert_eq!(
        recorder
            .read("stderr")
            .matches("a request is refused")
            .count(),
        6
    );
}

/// The endpoint has closed an idle connection: the next request meets a new one, not an error.
#[test]
fn a_connection_that_the_endpoint_ends_ends_for_the_client_too() {
    let endpoint = Endpoint::answering(FINE);
    let recorder = Recorder::start(&endpoint.url(""), "");
    let mut client = recorder.connect();
    client
        .write_all(GET.as_bytes())
        .expect("the recorder reads");
    assert_eq!(read_exactly(&mut client, FINE.len()), FINE.as_bytes());
    let mut rest = Vec::new();
    client
        .read_to_end(&mut rest)
        .expect("it ends in good order");
    assert!(rest.is_empty());
    assert!(
        recorder
            .ask("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            .starts_with("HTTP/1.1 200")
    );
}

#[test]
fn a_client_that_hangs_up_is_seen_by_the_endpoint() {
    let endpoint = Endpoint::serving(|_, stream, tell| {
        tell(&read_until(stream, b"\r\n\r\n"));
        let mut rest = Vec::new();
        let ended = stream.read_to_end(&mut rest);
        tell(format!("ended: {}", ended.is_ok()).as_bytes());
    });
    let recorder = Recorder::start(&endpoint.url(""), "");
    let mut client = recorder.connect();
    client
        .write_all(GET.as_bytes())
        .expect("the recorder reads");
    endpoint.next();
    drop(client);
    assert_eq!(endpoint.next(), "ended: true");
    let exchange = &recorder.recorded(1)[0];
    assert_eq!(exchange["request"]["target"], "/Users");
    assert!(exchange["failure"]["protocol"].is_string(), "{exchange}");
}

/// Half of what clients do when they have sent all: the answer is still for them.
#[test]
fn a_client_that_says_no_more_still_gets_its_answer() {
    let endpoint = Endpoint::serving(|_, stream, tell| {
        tell(&read_until(stream, b"\r\n\r\n"));
        let mut rest = Vec::new();
        // Answered once the client has ended its side.
        let _ = stream.read_to_end(&mut rest);
        stream
            .write_all(FINE.as_bytes())
            .expect("the recorder reads");
    });
    let recorder = Recorder::start(&endpoint.url(""), "");
    let mut client = recorder.connect();
    client
        .write_all(GET.as_bytes())
        .expect("the recorder reads");
    client
        .shutdown(std::net::Shutdown::Write)
        .expect("it is open");
    assert_eq!(read_exactly(&mut client, FINE.len()), FINE.as_bytes());
    assert_eq!(recorder.recorded(1)[0]["response"]["status"], 200);
}

/// Answered before the request was whole: the client is heard to the end, or it would lose the answer.
#[test]
fn an_early_answer_passes_and_the_rest_of_the_request_too() {
    let endpoint = Endpoint::serving(|_, stream, tell| {
        read_until(stream, b"\r\n\r\n");
        stream
            .write_all(FINE.as_bytes())
            .expect("the recorder reads");
        tell(&read_exactly(stream, 2_000_000));
        read_until(stream, b"\r\n\r\n");
        stream
            .write_all(FINE.as_bytes())
            .expect("the recorder reads");
    });
    let recorder = Recorder::start(&endpoint.url(""), "--max-body 1000");
    let mut client = recorder.connect();
    let head = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2000000\r\n\r\n";
    client
        .write_all(head.as_bytes())
        .expect("the recorder reads");
    assert_eq!(read_exactly(&mut client, FINE.len()), FINE.as_bytes());
    client
        .write_all(&vec![b'x'; 2_000_000])
        .expect("the recorder reads");
    assert_eq!(endpoint.next().len(), 2_000_000);
    client
        .write_all(GET.as_bytes())
        .expect("the recorder reads");
    assert_eq!(read_exactly(&mut client, FINE.len()), FINE.as_bytes());
    let exchanges = recorder.recorded(2);
    let body = exchanges[0]["request"]["body"]
        .as_str()
        .expect("it is text");
    assert_eq!(body.len(), 1000);
}
