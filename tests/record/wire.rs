//! Bytes on the wire: what the client sends is what the endpoint gets, and the other way round.

use std::io::Write;

use crate::stand::{Endpoint, FINE, Recorder, read_exactly, read_until};

/// An endpoint that reads requests of this table one after the other, with bodies as long as they are there, and answers
/// each with its answer.
fn conversation(requests: Vec<Vec<u8>>, answers: Vec<Vec<u8>>) -> Endpoint {
    Endpoint::serving(move |_, stream, tell| {
        for (request, answer) in requests.iter().zip(&answers) {
            tell(&read_exactly(stream, request.len()));
            stream.write_all(answer).expect("the recorder reads");
        }
    })
}

/// Requests whose every byte passes, except that the host is the endpoint's.
const REQUESTS: &[&str] = &[
    "GET /scim/Users?filter=userName%20eq%20%22o'neil%22&count=1 HTTP/1.1\r\nHost: ANY\r\n\r\n",
    "GET /scim/Users?filter=userName+eq+%22a%2bb%22 HTTP/1.1\r\nHost: ANY\r\n\r\n",
    "GET /scim/Users?filter=userName eq \"raw spaces\" HTTP/1.1\r\nHost: ANY\r\n\r\n",
    "GET /scim/../a/./b//c/%2e%2E/%2F?x=/../y HTTP/1.1\r\nHost: ANY\r\n\r\n",
    "GET /scim/Users?a='\"`^{}|\\<>[]&b=\u{e4}&%zz&# HTTP/1.1\r\nHost: ANY\r\n\r\n",
    "GET //scim HTTP/1.1\r\nHost: ANY\r\n\r\n",
    "GET * HTTP/1.1\r\nHost: ANY\r\n\r\n",
    "OPTIONS * HTTP/1.1\r\nHost: ANY\r\n\r\n",
    "get /lower HTTP/1.1\r\nhost: ANY\r\n\r\n",
    "PURGE / HTTP/1.1\r\nHOST: ANY\r\nx-Mixed-CASE: 1\r\nX-mixed-case:2\r\nX-MIXED-CASE:\t3 \r\n\r\n",
    "GET / HTTP/1.1\r\nB: 1\r\nA: 2\r\nHost: ANY\r\nB: 3\r\nEmpty:\r\nCookie: a=b\r\nCookie: c=d\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: ANY\r\nX-Latin: caf\u{e9}\r\nX-Folded: a,\r\n b\r\nAccept: x;q=0.1 , y\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: ANY\nBare: line feeds\n\n",
    "GET / HTTP/1.1\r\nHost: ANY\r\nConnection: Keep-Alive\r\nAccept-Encoding: gzip,deflate\r\n\r\n",
    "POST /scim/Users HTTP/1.1\r\nHost: ANY\r\nContent-Length: 24\r\n\r\n{\"userName\" : \"a\\u0062\"}",
    "POST / HTTP/1.1\r\nHost: ANY\r\nTransfer-Encoding: chunked\r\n\r\n3;a=b\r\n{\"a\r\n00004\r\n\":1}\r\n0\r\nX-T: 1\r\n\r\n",
    "POST / HTTP/1.1\r\nHost: ANY\r\nContent-Length: 0\r\n\r\n",
    "DELETE /scim/Users/1 HTTP/1.1\r\nHost: ANY\r\nContent-Length: 2\r\n\r\n{}",
    "PATCH / HTTP/1.1\r\nContent-Type: application/scim+json\r\nHost: ANY\r\nContent-Length: 4\r\n\r\n\u{0}\u{1}\r\n",
];

/// Answers whose every byte passes, each to a request of this method.
const ANSWERS: &[(&str, &str)] = &[
    ("GET", FINE),
    (
        "GET",
        "HTTP/1.1 200 All is Well, Really\r\nserver: x\r\nSERVER: y\r\ncontent-LENGTH: 0\r\n\r\n",
    ),
    ("GET", "HTTP/1.1 404\r\nContent-Length: 0\r\n\r\n"),
    (
        "GET",
        "HTTP/1.1 299 \r\nSet-Cookie: a=1\r\nB: 2\r\nSet-Cookie: c=3\r\nContent-Length: 0\r\n\r\n",
    ),
    ("HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n"),
    ("DELETE", "HTTP/1.1 204 No Content\r\n\r\n"),
    (
        "GET",
        "HTTP/1.1 304 Not Modified\r\nETag: W/\"1\"\r\nContent-Length: 77\r\n\r\n",
    ),
    (
        "GET",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2;x\r\n{}\r\n0\r\nTrailer-Of: sums\r\n\r\n",
    ),
    (
        "GET",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    ),
    (
        "GET",
        "HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]",
    ),
    ("GET", "HTTP/1.1 200 OK\nContent-Length: 3\nX: y\n\n\r\n\0"),
    (
        "GET",
        "HTTP/1.1 200 OK\r\nLocation: ENDPOINT/scim/Users/1\r\nContent-Length: 20\r\n\r\n{\"a\":\"ENDPOINT/b\"}   ",
    ),
];

fn bytes(text: &str) -> Vec<u8> {
    // Latin letters as they stand in headers: one byte each.
    text.chars().map(|letter| letter as u8).collect()
}

#[test]
fn requests_arrive_as_they_were_sent() {
    // What the endpoint gets has its own host in place of the recorder's, as long as that.
    let arriving: Vec<Vec<u8>> = REQUESTS
        .iter()
        .map(|request| bytes(&request.replace("ANY", "127.0.0.1:00000")))
        .collect();
    let endpoint = conversation(arriving, vec![FINE.as_bytes().to_vec(); REQUESTS.len()]);
    let host = format!("127.0.0.1:{:05}", endpoint.port);
    let recorder = Recorder::start(&endpoint.url("/scim"), "");
    let mut client = recorder.connect();
    for request in REQUESTS {
        let sent = bytes(&request.replace("ANY", "scim.recorder.test:4444"));
        client.write_all(&sent).expect("the recorder reads");
        let arrived = endpoint.told.recv().expect("the endpoint was asked");
        let expected = bytes(&request.replace("ANY", &host));
        assert_eq!(
            String::from_utf8_lossy(&arrived),
            String::from_utf8_lossy(&expected),
        );
        assert_eq!(read_exactly(&mut client, FINE.len()), FINE.as_bytes());
    }
    let exchanges = recorder.recorded(REQUESTS.len());
    let target = |index: usize| exchanges[index]["request"]["target"].clone();
    assert_eq!(target(3), "/scim/../a/./b//c/%2e%2E/%2F?x=/../y");
    assert_eq!(exchanges[15]["request"]["body"], "{\"a\":1}");
    assert_eq!(exchanges[9]["request"]["headers"][2][0], "X-mixed-case");
}

#[test]
fn answers_arrive_as_they_were_sent() {
    let requests: Vec<Vec<u8>> = ANSWERS
        .iter()
        .map(|(method, _)| format!("{method} / HTTP/1.1\r\nHost: 127.0.0.1:00000\r\n\r\n").into())
        .collect();
    // Its own port is not known before it is there.
    let answers: Vec<Vec<u8>> = ANSWERS
        .iter()
        .map(|(_, answer)| bytes(&answer.replace("ENDPOINT", "http://127.0.0.1:00000")))
        .collect();
    let endpoint = conversation(requests, answers.clone());
    let recorder = Recorder::start(&endpoint.url("/scim"), "");
    let mut client = recorder.connect();
    for ((method, _), answer) in ANSWERS.iter().zip(&answers) {
        let request = format!("{method} / HTTP/1.1\r\nHost: a\r\n\r\n");
        client
            .write_all(request.as_bytes())
            .expect("the recorder reads");
        let arrived = read_exactly(&mut client, answer.len());
        assert_eq!(
            String::from_utf8_lossy(&arrived),
            String::from_utf8_lossy(answer)
        );
    }
    let exchanges = recorder.recorded(ANSWERS.len());
    assert_eq!(exchanges[7]["response"]["body"], "{}");
    assert_eq!(exchanges[3]["response"]["headers"][2][1], "c=[secret]");
}

/// Requests and answers of any shape, cut into parts at any place, over one connection.
#[test]
fn any_bytes_pass_in_any_parts() {
    const ROUNDS: usize = 150;
    let mut chance = Chance(7);
    let conversation_of = |chance: &mut Chance| {
        let request = message(chance, |chance| {
            let target: String = (0..chance.below(60))
                .map(|_| char::from(b'!' + chance.below(94) as u8))
                .collect();
            format!("POST /{target} HTTP/1.1\r\nHost: 127.0.0.1:00000\r\n")
        });
        let answer = message(chance, |chance| {
            format!(
                "HTTP/1.1 {} Some {}\r\n",
                205 + chance.below(90),
                chance.below(9)
            )
        });
        (request, answer)
    };
    let (requests, answers): (Vec<_>, Vec<_>) =
        (0..ROUNDS).map(|_| conversation_of(&mut chance)).unzip();
    let endpoint = conversation(requests.clone(), answers.clone());
    let recorder = Recorder::start(&endpoint.url(""), "");
    let host = format!("Host: 127.0.0.1:{:05}", endpoint.port);
    let mut client = recorder.connect();
    for (request, answer) in requests.iter().zip(&answers) {
        let mut rest = request.as_slice();
        while !rest.is_empty() {
            let (part, others) = rest.split_at(rest.len().min(1 + chance.below(400)));
            client.write_all(part).expect("the recorder reads");
            rest = others;
        }
        let arrived = endpoint.told.recv().expect("the endpoint was asked");
        let sent = String::from_utf8_lossy(request).replacen("Host: 127.0.0.1:00000", &host, 1);
        assert_eq!(String::from_utf8_lossy(&arrived), sent);
        assert_eq!(read_exactly(&mut client, answer.len()), *answer);
    }
    assert_eq!(recorder.recorded(ROUNDS).len(), ROUNDS);
}

/// A message with headers and a body of any kind.
fn message(chance: &mut Chance, start: impl Fn(&mut Chance) -> String) -> Vec<u8> {
    let mut bytes = start(chance).into_bytes();
    for _ in 0..chance.below(8) {
        let value: String = (0..chance.below(30))
            .map(|_| char::from(b' ' + chance.below(95) as u8))
            .collect();
        let name = ["X-One", "x-one", "Zed", "accept", "ETag", "Date"][chance.below(6)];
        bytes.extend_from_slice(format!("{name}:{value}\r\n").as_bytes());
    }
    let body: Vec<u8> = (0..chance.below(3000))
        .map(|_| chance.below(256) as u8)
        .collect();
    if chance.below(2) == 0 {
        bytes.extend_from_slice(format!("Content-Length: {}\r\n\r\n", body.len()).as_bytes());
        bytes.extend_from_slice(&body);
        return bytes;
    }
    bytes.extend_from_slice(b"Transfer-Encoding: chunked\r\n\r\n");
    for chunk in body.chunks(1 + chance.below(900)) {
        bytes.extend_from_slice(format!("{:X}\r\n", chunk.len()).as_bytes());
        bytes.extend_from_slice(chunk);
        bytes.extend_from_slice(b"\r\n");
    }
    bytes.extend_from_slice(b"0\r\n\r\n");
    bytes
}

/// Numbers that look like chance, the same ones every time.
struct Chance(u64);

impl Chance {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (self.0 >> 33) as usize % limit
    }
}

#[test]
fn what_is_about_a_connection_stays_on_it() {
    let endpoint = Endpoint::answering(
        "HTTP/1.1 200 OK\r\nKeep-Alive: timeout=5\r\nProxy-Authenticate: Basic\r\nX: y\r\nConnection: X, close\r\n\
         Content-Length: 0\r\n\r\n",
    );
    let recorder = Recorder::start(&endpoint.url(""), "");
    let answer = recorder.ask(
        "GET / HTTP/1.1\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMA\r\nHost: a\r\n\
         TE: trailers\r\nProxy-Authorization: Basic abc\r\nAuthorization: Bearer abc\r\n\r\n",
    );
    let host = format!("Host: 127.0.0.1:{}", endpoint.port);
    assert_eq!(
        endpoint.next(),
        format!("GET / HTTP/1.1\r\n{host}\r\nAuthorization: Bearer abc\r\n\r\n")
    );
    assert_eq!(
        answer,
        "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
    );
}

#[test]
fn the_host_is_kept_where_that_is_asked_for() {
    let endpoint = Endpoint::answering(FINE);
    let recorder = Recorder::start(&endpoint.url("/scim"), "--keep-host");
    recorder.ask("GET /scim/Users HTTP/1.1\r\nHost: idp.test:7\r\n\r\n");
    assert_eq!(
        endpoint.next(),
        "GET /scim/Users HTTP/1.1\r\nHost: idp.test:7\r\n\r\n"
    );
    assert_eq!(
        recorder.recorded(1)[0]["request"]["origin"],
        "http://idp.test:7"
    );
}

/// The head is passed on before the body has come, and parts of an answer before the rest of it.
#[test]
fn nothing_waits_for_what_follows() {
    let endpoint = Endpoint::serving(|_, stream, tell| {
        tell(&read_until(stream, b"\r\n\r\n"));
        tell(&read_exactly(stream, 3));
        let part = |stream: &mut std::net::TcpStream, part: &str| {
            stream
                .write_all(part.as_bytes())
                .expect("the recorder reads");
        };
        part(stream, "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\none");
        tell(&read_exactly(stream, 3));
        part(stream, "two");
    });
    let recorder = Recorder::start(&endpoint.url(""), "");
    let mut client = recorder.connect();
    let mut send = |part: &str| {
        client
            .write_all(part.as_bytes())
            .expect("the recorder reads")
    };
    send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\n\r\n");
    assert!(endpoint.next().starts_with("POST / HTTP/1.1\r\n"));
    send("abc");
    assert_eq!(endpoint.next(), "abc");
    let mut client_reads = client.try_clone().expect("it is a socket");
    assert!(read_until(&mut client_reads, b"one").starts_with(b"HTTP/1.1 200"));
    client.write_all(b"def").expect("the recorder reads");
    assert_eq!(endpoint.next(), "def");
    assert_eq!(read_exactly(&mut client_reads, 3), b"two");
    let exchanges = recorder.recorded(1);
    assert_eq!(exchanges[0]["request"]["body"], "abcdef");
    assert_eq!(exchanges[0]["response"]["body"], "onetwo");
}

#[test]
fn a_client_that_asks_before_it_sends_is_told() {
    let endpoint = Endpoint::serving(|number, stream, tell| {
        tell(&read_until(stream, b"\r\n\r\n"));
        let answer = match number {
            0 => "HTTP/1.1 100 Continue\r\n\r\n",
            _ => "HTTP/1.1 401 No\r\nContent-Length: 0\r\n\r\n",
        };
        stream
            .write_all(answer.as_bytes())
            .expect("the recorder reads");
        if number == 0 {
            tell(&read_exactly(stream, 3));
            stream
                .write_all(FINE.as_bytes())
                .expect("the recorder reads");
        }
    });
    let recorder = Recorder::start(&endpoint.url(""), "");
    let request = "PUT / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n";
    let mut client = recorder.connect();
    client
        .write_all(request.as_bytes())
        .expect("the recorder reads");
    read_until(&mut client, b"100 Continue\r\n\r\n");
    assert!(endpoint.next().contains("Expect: 100-continue\r\n"));
    client.write_all(b"abc").expect("the recorder reads");
    assert_eq!(endpoint.next(), "abc");
    assert_eq!(read_exactly(&mut client, FINE.len()), FINE.as_bytes());
    drop(client);
    // Refused before it has sent anything: the connection ends with the answer.
    let refused = recorder.ask(request);
    assert_eq!(refused, "HTTP/1.1 401 No\r\nContent-Length: 0\r\n\r\n");
    let exchanges = recorder.recorded(2);
    assert_eq!(exchanges[0]["request"]["body"], "abc");
    assert_eq!(exchanges[1]["response"]["status"], 401);
}

#[test]
fn addresses_are_rewritten_where_that_is_asked_for() {
    let endpoint = Endpoint::serving(|_, stream, tell| {
        let head = read_until(stream, b"\r\n\r\n");
        let text = String::from_utf8_lossy(&head).into_owned();
        let length = text.split("Content-Length: ").nth(1).map_or(0, |rest| {
            let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
            digits.parse().expect("it is a number")
        });
        tell(&read_exactly(stream, length));
        let host = text
            .split("Host: ")
            .nth(1)
            .and_then(|rest| rest.split("\r\n").next());
        let host = host.expect("there is one");
        let body =
            format!(r#"{{"meta":{{"location":"http://{host}/Users/1"}},"x":"http:\/\/{host}"}}"#);
        let answer = format!(
            "HTTP/1.1 201 C\r\nLocation: http://{host}/Users/1\r\nContent-Type: application/scim+json\r\n\
             Transfer-Encoding: chunked\r\n\r\n{:x}\r\n{body}\r\n0\r\n\r\n",
            body.len()
        );
        stream
            .write_all(answer.as_bytes())
            .expect("the recorder reads");
    });
    let recorder = Recorder::start(&endpoint.url(""), "--rewrite-urls");
    let sent = r#"{"$ref":"http://a.test:1/Users/2"}"#;
    let answer = recorder.ask(&format!(
        "POST /Users HTTP/1.1\r\nHost: a.test:1\r\nConnection: close\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\n\r\n{sent}",
        sent.len()
    ));
    let theirs = format!("127.0.0.1:{}", endpoint.port);
    assert_eq!(endpoint.next(), sent.replace("a.test:1", &theirs));
    let body = r#"{"meta":{"location":"http://a.test:1/Users/1"},"x":"http:\/\/a.test:1"}"#;
    assert_eq!(
        answer,
        format!(
            "HTTP/1.1 201 C\r\nContent-Length: {}\r\nLocation: http://a.test:1/Users/1\r\n\
             Content-Type: application/scim+json\r\n\r\n{body}",
            body.len()
        )
    );
    let exchange = &recorder.recorded(1)[0];
    assert_eq!(
        exchange["request"]["body"],
        sent.replace("a.test:1", &theirs)
    );
    assert_eq!(
        exchange["response"]["body"],
        body.replace("a.test:1", &theirs)
    );
}

/// Requests that are sent before the answers to earlier ones have come are answered in their order.
#[test]
fn requests_ahead_of_answers_are_answered_in_order() {
    let get = |number: usize| format!("GET /{number} HTTP/1.1\r\nHost: 127.0.0.1:00000\r\n\r\n");
    let answer =
        |number: usize| format!("HTTP/1.1 20{number} N\r\nContent-Length: 1\r\n\r\n{number}");
    let endpoint = conversation(
        (0..4).map(|number| get(number).into_bytes()).collect(),
        (0..4).map(|number| answer(number).into_bytes()).collect(),
    );
    let recorder = Recorder::start(&endpoint.url(""), "");
    let mut client = recorder.connect();
    let all: String = (0..4).map(get).collect();
    client
        .write_all(all.as_bytes())
        .expect("the recorder reads");
    let expected: String = (0..4).map(answer).collect();
    let arrived = read_exactly(&mut client, expected.len());
    assert_eq!(String::from_utf8_lossy(&arrived), expected);
    let exchanges = recorder.recorded(4);
    let targets: Vec<&serde_json::Value> = exchanges
        .iter()
        .map(|exchange| &exchange["request"]["target"])
        .collect();
    assert_eq!(targets, ["/0", "/1", "/2", "/3"]);
}
