use std::io::{BufReader, Cursor};

use serde_json::{Value, json};

use super::{Account, At, CaptureError, Format, Found, Kind, Provider, detect, read};
use crate::exchange::{Api, Broken, Exchange, Failure, Sender};

fn captured(format: Format, bytes: &[u8]) -> (Vec<Exchange>, Account) {
    // A small buffer: every value stands across its edges somewhere.
    let mut input = BufReader::with_capacity(7, Cursor::new(bytes));
    let mut exchanges = Vec::new();
    let account = read(format, &mut input, &mut |exchange, _| {
        exchanges.push(exchange)
    });
    let account = account.unwrap_or_else(|problem| panic!("{problem}"));
    (exchanges, account)
}

fn refused(format: Format, bytes: &[u8]) -> String {
    let mut input = Cursor::new(bytes);
    let read = read(format, &mut input, &mut |_, _| {});
    let problem = read.expect_err("nothing of it can be read");
    assert!(problem.hint().is_some() || matches!(problem, CaptureError::Unreadable(_)));
    problem.to_string()
}

fn http(text: &str) -> (Vec<Exchange>, Account) {
    captured(Format::Http, text.as_bytes())
}

/// `METHOD URL -> status body`, one line each.
fn shown(exchanges: &[Exchange]) -> Vec<String> {
    let line = |exchange: &Exchange| {
        let request = &exchange.request;
        let sent = match request.body.is_empty() {
            true => String::new(),
            false => format!(" {}", request.body.text()),
        };
        let outcome = match &exchange.outcome {
            Ok(response) => format!("{} {}", response.status, response.body.text()),
            Err(failure) => failure.to_string(),
        };
        format!("{} {}{sent} -> {outcome}", request.method, request.url())
    };
    exchanges.iter().map(line).collect()
}

fn said(account: &Account) -> Vec<String> {
    account.remarks.iter().map(ToString::to_string).collect()
}

fn entry(request: Value, response: Value) -> Value {
    json!({
        "startedDateTime": "2026-11-22T13:00:00.250+01:00",
        "time": 12.5,
        "request": request,
        "response": response,
        "cache": {},
        "timings": { "send": 1, "wait": 10, "receive": 1 },
    })
}

fn archive(entries: &[Value]) -> Vec<u8> {
    let whole = json!({ "log": {
        "version": "1.2",
        "creator": { "name": "a \"tool\" {[", "version": "1" },
        "pages": [{ "id": "page_1", "entries": [1, 2] }],
        "entries": entries,
    } });
    serde_json::to_vec_pretty(&whole).expect("it can be written")
}

fn get(url: &str) -> Value {
    json!({ "method": "GET", "url": url, "httpVersion": "HTTP/1.1", "headers": [], "queryString": [] })
}

fn answer(status: u16, content: Value) -> Value {
    json!({ "status": status, "statusText": "", "headers": [], "content": content, "bodySize": -1 })
}

#[test]
fn an_archive_is_read_as_browsers_write_it() {
    let request = json!({
        "method": "post",
        "url": "https://scim.example.com/scim/v2/Users?x=%20#part",
        "headers": [
            { "name": ":method", "value": "POST" },
            { "name": ":authority", "value": "scim.example.com" },
            { "name": "authorization", "value": "Bearer canary-4711-bird" },
            { "name": "x-joined", "value": "a\nb" },
        ],
        "postData": { "mimeType": "application/scim+json", "text": "{\"userName\":\"ada\"}" },
    });
    let content = json!({ "size": 13, "mimeType": "application/scim+json", "text": "eyJpZCI6IjciLCJhIjoiw7wifQ==", "encoding": "base64" });
    let mut whole = entry(request, answer(201, content));
    whole["_priority"] = json!("High");
    let (exchanges, account) = captured(Format::Har, &archive(&[whole]));
    assert_eq!(
        shown(&exchanges),
        [
            "POST https://scim.example.com/scim/v2/Users?x=%20 {\"userName\":\"ada\"} -> 201 {\"id\":\"7\",\"a\":\"ü\"}"
        ]
    );
    let headers: Vec<String> = exchanges[0]
        .request
        .headers
        .iter()
        .map(|(name, value)| format!("{name}: {value}"))
        .collect();
    assert_eq!(
        headers,
        [
            "host: scim.example.com",
            "authorization: Bearer [secret]",
            "x-joined: a",
            "x-joined: b"
        ]
    );
    assert_eq!(exchanges[0].started, "2026-11-22T12:00:00.25Z");
    assert_eq!(exchanges[0].elapsed.as_micros(), 12_500);
    assert_eq!(exchanges[0].sender, Sender::Client("unknown".to_owned()));
    assert_eq!(
        account,
        Account {
            exchanges: 1,
            ..Account::default()
        }
    );
}

#[test]
fn what_an_archive_does_not_hold_is_said_and_judged_by_nobody() {
    let users = "https://a.test/scim/v2/Users";
    let mut unsent = get(users);
    unsent["bodySize"] = json!(42);
    let entries = [
        entry(
            get(users),
            answer(200, json!({ "size": 120, "mimeType": "x" })),
        ),
        entry(get(users), answer(204, json!({ "size": 0 }))),
        entry(
            get(users),
            json!({ "status": 0, "_error": "net::ERR_CONNECTION_REFUSED" }),
        ),
        entry(
            get(users),
            json!({ "status": 0, "_error": "net::ERR_CERT_DATE_INVALID" }),
        ),
        entry(unsent, Value::Null),
        json!({ "request": { "method": "GET" } }),
        json!({ "request": get(users), "response": answer(200, json!({ "text": "{}" })) }),
    ];
    let (exchanges, account) = captured(Format::Har, &archive(&entries));
    assert_eq!(
        shown(&exchanges),
        [
            format!("GET {users} -> 200 "),
            format!("GET {users} -> 204 "),
            format!("GET {users} -> no connection: net::ERR_CONNECTION_REFUSED"),
            format!("GET {users} -> no TLS connection: net::ERR_CERT_DATE_INVALID"),
            format!("GET {users} -> not sent: its answer was not recorded"),
            format!("GET {users} -> 200 {{}}"),
        ]
    );
    assert_eq!(
        exchanges[0]
            .response()
            .and_then(|response| response.broken.clone()),
        Some(Broken::Cut("the body was not recorded".to_owned()))
    );
    assert_eq!(
        exchanges[1]
            .response()
            .and_then(|response| response.broken.clone()),
        None
    );
    assert_eq!(
        said(&account),
        [
            "missing: the body of its answer was not recorded (entry 1)",
            "missing: the body of its request was not recorded (entry 5)",
            "not read: it has no request with a URL (entry 6)",
            "missing: when it was sent (entry 7)",
        ]
    );
    assert_eq!((account.exchanges, account.unanswered), (6, 3));
}

#[test]
fn compressed_bodies_of_an_archive_are_undone_or_told() {
    use std::io::Write;

    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;

    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packed
        .write_all(b"{\"id\":\"7\"}")
        .expect("memory can be written");
    let packed = packed.finish().expect("memory can be written");
    let whole = json!({ "text": STANDARD.encode(&packed), "encoding": "base64" });
    let cut = json!({ "text": STANDARD.encode(&packed[..12]), "encoding": "base64" });
    let lost = json!({ "text": String::from_utf8_lossy(&packed) });
    let wrong = json!({ "text": "!", "encoding": "base64" });
    let entries = [whole, cut, lost, wrong]
        .map(|content| entry(get("https://a.test/Users"), answer(200, content)));
    let (exchanges, account) = captured(Format::Har, &archive(&entries));
    assert_eq!(
        exchanges[0]
            .response()
            .map(|response| response.body.text().into_owned()),
        Some("{\"id\":\"7\"}".to_owned())
    );
    for exchange in &exchanges[1..] {
        let broken = exchange
            .response()
            .and_then(|response| response.broken.clone());
        assert!(matches!(broken, Some(Broken::Encoding(_))), "{exchange:?}");
    }
    assert_eq!(account.remarks.len(), 3, "{:?}", said(&account));
}

#[test]
fn of_an_archive_that_breaks_off_the_rest_is_kept() {
    let entries = [1, 2, 3].map(|number| {
        entry(
            get(&format!("https://a.test/Users/{number}")),
            answer(200, json!({ "text": "{}" })),
        )
    });
    let whole = archive(&entries);
    let text = String::from_utf8(whole.clone()).expect("it is text");
    let third = text.find("/Users/3").expect("it is there");
    let (exchanges, account) = captured(Format::Har, &whole[..third]);
    assert_eq!(exchanges.len(), 2);
    assert_eq!(
        account.ended.map(|ended| ended.to_string()),
        Some("not read: the file ends in the middle (entry 3)".to_owned())
    );
    let (exchanges, account) = captured(Format::Har, &[&whole[..third], b"\"}}]}}"].concat());
    assert_eq!((exchanges.len(), account.ended), (3, None));
    // An entry that is no JSON costs no other.
    let odd = text.replacen("\"GET\"", "GET", 1);
    let (exchanges, account) = captured(Format::Har, odd.as_bytes());
    assert_eq!(exchanges.len(), 2);
    assert!(
        said(&account)[0].starts_with("not read: it is no JSON"),
        "{:?}",
        said(&account)
    );
    // A head without a tail is what a recorder leaves that was killed.
    let (_, rest) = text.rsplit_once("\n    ]").expect("it has an end");
    let (exchanges, account) = captured(Format::Har, &whole[..whole.len() - rest.len() - 6]);
    assert_eq!((exchanges.len(), account.ended.is_some()), (3, true));
}

#[test]
fn what_is_no_archive_is_refused() {
    for (text, message) in [
        (
            "",
            "is not HAR: the file ends in the middle, before its first entry was whole",
        ),
        ("{\"log\":{}}", "is not HAR: it has no list `log.entries`"),
        (
            "{\"log\":{\"entries\":[]}}",
            "holds no request: its list `log.entries` is empty",
        ),
        ("[1]", "is not HAR: it has no list `log.entries`"),
        (
            "{\"log\" 1}",
            "is not HAR: `1` stands at byte 8 where `:` belongs, before its first entry was whole",
        ),
        (
            "{\"log\":{\"entries\":[}",
            "is not HAR: `}` stands at byte 19 where a value belongs, before its first entry was whole",
        ),
    ] {
        assert_eq!(refused(Format::Har, text.as_bytes()), message, "{text}");
    }
}

#[test]
fn what_went_by_and_is_no_scim_is_marked() {
    let entries = [
        "https://a.test/logo.png",
        "https://a.test/api/scim/v2/Users",
        "https://a.test/api/scim/v2/odd",
        "https://b.test/v1/users",
        "https://b.test/oauth/token",
        "https://c.test/Groups/7",
        "https://d.test/SCIM/whatever",
    ]
    .map(|url| entry(get(url), answer(200, json!({ "text": "" }))));
    let (exchanges, account) = captured(Format::Har, &archive(&entries));
    let scim: Vec<bool> = exchanges
        .iter()
        .map(|exchange| exchange.request.api == Api::Scim)
        .collect();
    assert_eq!(scim, [false, true, true, false, false, true, true]);
    assert_eq!(account.elsewhere, 3);
}

/// The fixtures of the checks are HTTP as text, in our own form.
#[test]
fn our_own_fixtures_are_read() {
    let mut files = 0;
    for entry in std::fs::read_dir("fixtures/exchanges").expect("they are there") {
        let path = entry.expect("it can be listed").path();
        let text = std::fs::read_to_string(&path).expect("it is text");
        let (exchanges, account) = http(&text);
        let parts: Vec<&str> = text.split("\n###\n").collect();
        assert_eq!(exchanges.len(), parts.len(), "{}", path.display());
        for (exchange, part) in exchanges.iter().zip(parts) {
            let (sent, came) = part.split_once("\nHTTP/1.1 ").expect("there is an answer");
            let body = came
                .trim_end()
                .split_once("\n\n")
                .map_or("", |(_, body)| body);
            let line = sent
                .trim_start()
                .lines()
                .find(|line| !line.starts_with("as: "));
            let request = &exchange.request;
            let known = format!("{} {}", request.method, request.url());
            assert_eq!(Some(known.as_str()), line, "{}", path.display());
            let response = exchange.response().expect("it was answered");
            // A password is one, wherever it stands.
            let body = body.replace("t1meMa$heen", "[secret]");
            assert_eq!(response.body.text(), body, "{}", path.display());
            assert!(
                came.starts_with(&response.status.to_string()),
                "{}",
                path.display()
            );
        }
        assert_eq!(account.unanswered, 0, "{}", path.display());
        files += 1;
    }
    assert!(files > 100, "{files}");
}

#[test]
fn curl_shows_what_it_sends_and_gets() {
    let (exchanges, account) = http(
        "$ curl -v https://scim.example.com/scim/v2/Users/7 -H 'Authorization: Bearer canary-4711-bird'\r\n\
         * Host scim.example.com:443 was resolved.\r\n\
         > GET /scim/v2/Users/7 HTTP/2\r\n\
         > Host: scim.example.com\r\n\
         > authorization: Bearer canary-4711-bird\r\n\
         * Request completely sent off\r\n\
         >\r\n\
         < HTTP/2 404 \r\n\
         < content-type: application/scim+json\r\n\
         < date: Sun, 22 Nov 2026 12:00:00 GMT\r\n\
         < \r\n\
         { [21 bytes data]\r\n\
         {\"status\":\"404\"}* Connection #0 to host scim.example.com left intact\r\n",
    );
    assert_eq!(
        shown(&exchanges[1..]),
        ["GET https://scim.example.com/scim/v2/Users/7 -> 404 {\"status\":\"404\"}"]
    );
    assert_eq!(account.unanswered, 1);
}

#[test]
fn tickets_are_understood() {
    let (exchanges, account) = http(
        "Hi team, since yesterday Okta cannot create users. It sends\n\
         \n\
         POST /scim/v2/Users HTTP/1.1\n\
         Host: scim.example.com\n\
         Content-Type: application/scim+json\n\
         \n\
         {\n  \"userName\": \"ada@example.com\",\n  \"active\": true\n}\n\
         \n\
         and we answer:\n\
         \n\
         HTTP/1.1 201 Created\n\
         Content-Type: application/json\n\
         \n\
         {\"id\": 17,\n \"userName\": \"ada@example.com\"}\n\
         \n\
         Then it asks GET https://scim.example.com/scim/v2/Users/17\n\
         Response: 404 Not Found\n\
         \n\
         {\"status\":\"404\",\"schemas\":[\"urn:ietf:params:scim:api:messages:2.0:Error\"]}\n\
         Any idea? Thanks, {Bob}\n",
    );
    assert_eq!(
        shown(&exchanges),
        [
            "POST https://scim.example.com/scim/v2/Users {\n  \"userName\": \"ada@example.com\",\n  \"active\": true\n} -> 201 {\"id\": 17,\n \"userName\": \"ada@example.com\"}",
            "GET https://scim.example.com/scim/v2/Users/17 -> 404 {\"status\":\"404\",\"schemas\":[\"urn:ietf:params:scim:api:messages:2.0:Error\"]}",
        ]
    );
    assert_eq!(
        said(&account),
        [
            "guessed: the scheme: `https` (line 3)",
            "missing: when it was sent (line 3)",
            "guessed: the headers of the answer; `Content-Type: application/scim+json` stands for them (line 20)",
        ]
    );
}

#[test]
fn what_a_text_does_not_say_is_guessed_and_told() {
    let (exchanges, account) = http(
        "POST /Users\n{\"userName\":\"ada\"}\n{\"id\":\"7\"}\n\
         GET /Users?filter=userName eq \"ada\"\nResponse:\n{\"schemas\":[\"urn:ietf:params:scim:api:messages:2.0:Error\"],\"status\":400}\n\
         DELETE /Users/7\n-> 204\n\
         PATCH /Users/7 returns 400 Bad Request\n\
         PUT /Users/8\n{\"a\": [1,\n",
    );
    assert_eq!(
        shown(&exchanges),
        [
            "POST https://scim.example.test/Users {\"userName\":\"ada\"} -> 201 {\"id\":\"7\"}",
            "GET https://scim.example.test/Users?filter=userName%20eq%20%22ada%22 -> 400 {\"schemas\":[\"urn:ietf:params:scim:api:messages:2.0:Error\"],\"status\":400}",
            "DELETE https://scim.example.test/Users/7 -> 204 ",
            "PATCH https://scim.example.test/Users/7 -> 400 ",
            "PUT https://scim.example.test/Users/8 {\"a\": [1, -> not sent: its answer was not recorded",
        ]
    );
    let kinds: Vec<Kind> = account.remarks.iter().map(|remark| remark.kind).collect();
    assert!(
        kinds.contains(&Kind::Guessed) && kinds.contains(&Kind::Unread),
        "{:?}",
        said(&account)
    );
    assert!(said(&account).contains(&"guessed: the status of the answer: 201 (line 1)".to_owned()));
    assert!(said(&account).contains(&"guessed: the status of the answer: 400 (line 4)".to_owned()));
    assert!(said(&account).contains(
        &"not read: the end of the request's body: its JSON is not whole (line 10)".to_owned()
    ));
}

#[test]
fn logs_are_understood() {
    let (exchanges, account) = http(
        "2026-11-22 12:00:01.500 DEBUG [okhttp] --> POST https://a.test/scim/v2/Users\n\
         2026-11-22 12:00:01.600 DEBUG [okhttp] <-- 409 https://a.test/scim/v2/Users (12ms)\n\
         2026-11-22 12:00:02,000 http-outgoing-0 >> \"GET /scim/v2/Groups HTTP/1.1[\\r][\\n]\"\n\
         2026-11-22 12:00:02,000 http-outgoing-0 >> \"Host: a.test[\\r][\\n]\"\n\
         2026-11-22 12:00:02,000 http-outgoing-0 >> \"[\\r][\\n]\"\n\
         2026-11-22 12:00:02,100 http-outgoing-0 << \"HTTP/1.1 200 OK[\\r][\\n]\"\n\
         2026-11-22 12:00:02,100 http-outgoing-0 << \"[\\r][\\n]\"\n\
         2026-11-22 12:00:02,100 http-outgoing-0 << \"{\"totalResults\":0}\"\n\
         10.0.0.1 - - [22/Nov/2026:12:00:03 +0000] \"GET /scim/v2/Users/9 HTTP/1.1\" 500 17 \"-\"\n",
    );
    assert_eq!(
        shown(&exchanges),
        [
            "POST https://a.test/scim/v2/Users -> 409 ",
            "GET https://a.test/scim/v2/Groups -> 200 {\"totalResults\":0}",
            "GET https://a.test/scim/v2/Users/9 -> 500 ",
        ]
    );
    assert_eq!(exchanges[0].started, "2026-11-22T12:00:01.5Z");
    assert_eq!(account.unanswered, 0);
}

#[test]
fn http_files_of_editors_are_understood() {
    let (exchanges, _) = http(
        "@base = https://a.test/scim/v2\n@name = ada\n\n### look her up\n# @name look\nGET {{base}}/Users\n    ?filter=userName eq \"{{name}}\"\n    &count=1\nAccept: application/scim+json\n\n### make her\nPOST {{base}}/Users\nContent-Type: application/scim+json\n\n{\"userName\":\"{{name}}\"}\n\n###\nDELETE {{other}}/Users/7\n",
    );
    assert_eq!(
        shown(&exchanges),
        [
            "GET https://a.test/scim/v2/Users?filter=userName%20eq%20%22ada%22&count=1 -> not sent: its answer was not recorded",
            "POST https://a.test/scim/v2/Users {\"userName\":\"ada\"} -> not sent: its answer was not recorded",
            "DELETE https://scim.example.test/Users/7 -> not sent: its answer was not recorded",
        ]
    );
}

#[test]
fn command_lines_are_understood() {
    let (exchanges, account) = captured(
        Format::Curl,
        b"# create\nBASE=https://x\n$ curl -X POST \"$BASE/Users\" \\\n  -H 'Content-Type: application/scim+json' \\\n  -u ada:canary-4711-bird -d '{\"a\":1,\n\"b\":2}'\n{\"id\":\"7\"}\n\ncurl -i https://a.test/Users/7\nHTTP/1.1 200 OK\nContent-Type: application/json\n\n{\"id\":\"7\"}\ncurl 'https://a.test/Users\n",
    );
    assert_eq!(
        shown(&exchanges),
        [
            "POST https://scim.example.test/Users {\"a\":1,\n\"b\":2} -> 201 {\"id\":\"7\"}",
            "GET https://a.test/Users/7 -> 200 {\"id\":\"7\"}",
        ]
    );
    let text = serde_json::to_string(&exchanges).expect("it can be written");
    assert!(!text.contains("canary"), "{text}");
    assert_eq!(
        account
            .remarks
            .last()
            .map(|remark| (remark.kind, remark.at)),
        Some((Kind::Unread, At::Line(14)))
    );
}

#[test]
fn an_event_log_is_read_to_where_the_run_was_killed() {
    let log = std::fs::read_to_string("fixtures/events/every-verdict.jsonl");
    let log = log.unwrap_or_else(|_| {
        let folder = std::fs::read_dir("fixtures/events").expect("it is there");
        let first = folder
            .filter_map(Result::ok)
            .map(|entry| entry.path())
            .find(|path| {
                path.extension()
                    .is_some_and(|extension| extension == "jsonl")
            });
        std::fs::read_to_string(first.expect("there is one")).expect("it is text")
    });
    let (exchanges, account) = captured(Format::Events, log.as_bytes());
    assert!(!exchanges.is_empty());
    assert_eq!(account.ended, None);
    let (fewer, account) = captured(Format::Events, &log.as_bytes()[..log.len() * 2 / 3]);
    assert!(fewer.len() <= exchanges.len());
    assert_eq!(
        account.ended.map(|ended| ended.what),
        Some("the last line is cut off".to_owned())
    );
    assert!(
        refused(Format::Events, b"{\"a\":1}\n")
            .starts_with("is not an event log: line 1 is not an event")
    );
}

#[test]
fn formats_are_told_by_their_content() {
    let found = |text: &str| detect(&mut Cursor::new(text.as_bytes()));
    for (text, format) in [
        ("{\"log\": {\"version\": \"1.2\"", Format::Har),
        ("{\"event\":\"run-started\"}", Format::Events),
        ("# a\ncurl https://a.test", Format::Curl),
        ("We see:\n\nGET /Users\n", Format::Http),
        ("as: okta-oin\nGET https://a.test/Users", Format::Http),
    ] {
        assert_eq!(found(text).ok(), Some(Found::Traffic(format)), "{text}");
    }
    assert_eq!(
        found("{\"value\":[{\"provisioningAction\":\"create\"}]}").ok(),
        Some(Found::Log(Provider::Entra))
    );
    assert_eq!(
        found("[{\"actor\":{},\"eventType\":\"x\"}]").ok(),
        Some(Found::Log(Provider::Okta))
    );
    let message = |bytes: &[u8]| {
        let problem = detect(&mut Cursor::new(bytes)).expect_err("it is not read here");
        assert!(problem.hint().is_some(), "{problem}");
        problem.to_string()
    };
    for (bytes, says) in [
        (&b""[..], "is empty"),
        (b"  \n ", "is empty"),
        (b"\x1f\x8b\x08\x00", "is compressed by gzip"),
        (b"PK\x03\x04", "is a ZIP archive"),
        (
            b"\xff\xfeG\x00E\x00",
            "is text in UTF-16, as PowerShell's `>` writes it",
        ),
        (
            b"2145:9:websocket;0:~",
            "is a flow file of mitmproxy, whose format changes with its versions",
        ),
        (b"\x7fELF\x00\x00", "is binary"),
        (
            b"\xd4\xc3\xb2\xa1\x02",
            "is a packet capture, and TLS hides what is in it",
        ),
        (
            b"{\"info\":{\"_postman_id\":\"x\"}}",
            "is a Postman collection, which holds requests and no traffic",
        ),
        (
            b"hello",
            "is none of the formats that are known: it begins with no JSON, and no line of its beginning is a request or a curl command line",
        ),
    ] {
        assert_eq!(message(bytes), says);
    }
}

#[test]
fn a_failure_of_the_reader_keeps_what_was_read() {
    struct Breaks<'a>(&'a [u8]);
    impl std::io::Read for Breaks<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
            match self.0.len() {
                0 => Err(std::io::Error::other("the disk is gone")),
                length => {
                    let count = buffer.len().min(length);
                    buffer[..count].copy_from_slice(&self.0[..count]);
                    self.0 = &self.0[count..];
                    Ok(count)
                }
            }
        }
    }
    let whole = archive(&[entry(
        get("https://a.test/Users"),
        answer(200, json!({ "text": "{}" })),
    )]);
    let mut kept = 0;
    let mut input = BufReader::new(Breaks(&whole[..whole.len() - 12]));
    let account = read(Format::Har, &mut input, &mut |_, _| kept += 1).expect("one was read");
    assert_eq!(kept, 1);
    assert!(
        account
            .ended
            .is_some_and(|ended| ended.what.contains("the disk is gone"))
    );
    let mut input = BufReader::new(Breaks(b""));
    let problem = read(Format::Har, &mut input, &mut |_, _| {}).expect_err("nothing was read");
    assert_eq!(problem.to_string(), "cannot be read: the disk is gone");
    assert!(matches!(
        Failure::NotSent(super::UNRECORDED.to_owned()),
        Failure::NotSent(_)
    ));
}
