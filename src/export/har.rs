//! HTTP Archive 1.2 (w3c.github.io/web-performance/specs/HAR), entry by entry: what is written so far is as much use as
//! the whole, even without its end.

use std::io::{self, Write};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::story::{Options, is_told};
use crate::exchange::{Body, Exchange, Failure, Response};

/// A whole archive; `None` if it would have no entry.
pub fn archive(exchanges: &[Exchange], options: &Options, version: &str) -> Option<String> {
    let mut told = exchanges
        .iter()
        .filter(|exchange| is_told(exchange, options.own))
        .peekable();
    told.peek()?;
    let mut har = Har::begin(Vec::new(), version).ok()?;
    for exchange in told {
        har.entry(exchange).ok()?;
    }
    String::from_utf8(har.finish().ok()?).ok()
}

/// Writes an archive.
#[derive(Debug)]
pub struct Har<W> {
    out: W,
    is_first: bool,
}

impl<W: Write> Har<W> {
    /// Writes the head. `version`: that of scimulate.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn begin(mut out: W, version: &str) -> io::Result<Self> {
        let creator = json!({ "name": "scimulate", "version": version });
        write!(
            out,
            "{{\"log\":{{\"version\":\"1.2\",\"creator\":{creator},\"entries\":["
        )?;
        out.flush()?;
        Ok(Self {
            out,
            is_first: true,
        })
    }

    /// Writes an exchange, and flushes it.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn entry(&mut self, exchange: &Exchange) -> io::Result<()> {
        let comma = if self.is_first { "" } else { "," };
        // In one piece: a killed writer leaves whole entries and at most one that is cut off.
        let text = format!("{comma}\n{}", entry_of(exchange));
        self.is_first = false;
        self.out.write_all(text.as_bytes())?;
        self.out.flush()
    }

    /// Writes the end, and gives back what it was written to.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn finish(mut self) -> io::Result<W> {
        self.out.write_all(b"\n]}}\n")?;
        self.out.flush()?;
        Ok(self.out)
    }
}

/// An entry, for whoever writes what stands around it otherwise.
pub(crate) fn entry_of(exchange: &Exchange) -> Value {
    let request = &exchange.request;
    let time = exchange.elapsed.as_secs_f64() * 1000.0;
    let mut sent = json!({
        "method": request.method,
        "url": request.url(),
        "httpVersion": "HTTP/1.1",
        "cookies": [],
        "headers": headers(&request.headers),
        "queryString": query(&request.target),
        "headersSize": -1,
        "bodySize": request.body.bytes().len(),
    });
    if !request.body.is_empty() {
        let mut data = json!({ "mimeType": request.header("content-type").unwrap_or_default() });
        carry(&mut data, &request.body);
        sent["postData"] = data;
    }
    let (failure, broken) = match &exchange.outcome {
        Ok(response) => (None, response.broken.as_ref()),
        Err(failure) => (Some(failure), None),
    };
    // What the format has no place for; it allows members that begin with an underscore.
    let mut own = json!({ "sender": exchange.sender, "api": request.api });
    if let Some(failure) = failure {
        own["failure"] = json!(failure);
    }
    if let Some(broken) = broken {
        own["broken"] = json!(broken);
    }
    json!({
        "startedDateTime": exchange.started,
        "time": time,
        "request": sent,
        "response": match &exchange.outcome {
            Ok(response) => received(response),
            Err(failure) => unanswered(failure),
        },
        "cache": {},
        "timings": { "send": 0, "wait": time, "receive": 0 },
        "_scimulate": own,
    })
}

fn received(response: &Response) -> Value {
    let mut content = json!({
        "size": response.body.bytes().len(),
        "mimeType": response.header("content-type").unwrap_or_default(),
    });
    if !response.body.is_empty() {
        carry(&mut content, &response.body);
    }
    json!({
        "status": response.status,
        "statusText": "",
        "httpVersion": "HTTP/1.1",
        "cookies": [],
        "headers": headers(&response.headers),
        "content": content,
        "redirectURL": response.header("location").unwrap_or_default(),
        "headersSize": -1,
        "bodySize": -1,
    })
}

/// As browsers write that no answer came.
fn unanswered(failure: &Failure) -> Value {
    json!({
        "status": 0,
        "statusText": "",
        "httpVersion": "",
        "cookies": [],
        "headers": [],
        "content": { "size": 0, "mimeType": "x-unknown" },
        "redirectURL": "",
        "headersSize": -1,
        "bodySize": -1,
        "_error": failure.to_string(),
    })
}

fn carry(into: &mut Value, body: &Body) {
    match std::str::from_utf8(body.bytes()) {
        Ok(text) => into["text"] = text.into(),
        Err(_) => {
            into["text"] = STANDARD.encode(body.bytes()).into();
            into["encoding"] = "base64".into();
        }
    }
}

fn headers(headers: &[(String, String)]) -> Vec<Value> {
    headers
        .iter()
        .map(|(name, value)| json!({ "name": name, "value": value }))
        .collect()
}

fn query(target: &str) -> Vec<Value> {
    let Some((_, query)) = target.split_once('?') else {
        return Vec::new();
    };
    query
        .split('&')
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            json!({ "name": name, "value": value })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use std::io::BufReader;
    use std::time::Duration;

    use proptest::prelude::{Just, Strategy, any, prop_assert_eq, prop_oneof, proptest};

    use super::Har;
    use crate::capture::{Format, read};
    use crate::exchange::{
        Api, Body, Broken, Exchange, Failure, Request, Response, Secrets, Sender,
    };

    fn written(exchanges: &[Exchange], ends: bool) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut har = Har::begin(&mut bytes, "1").expect("memory can be written");
        for exchange in exchanges {
            har.entry(exchange).expect("memory can be written");
        }
        if ends {
            har.finish().expect("memory can be written");
        }
        bytes
    }

    fn read_back(bytes: &[u8]) -> Vec<Exchange> {
        let mut exchanges = Vec::new();
        let mut input = BufReader::with_capacity(11, bytes);
        read(Format::Har, &mut input, &mut |exchange, _| {
            exchanges.push(exchange);
        })
        .expect("it is an archive");
        exchanges
    }

    fn body() -> impl Strategy<Value = Body> {
        prop_oneof![
            Just(Body::default()),
            any::<String>().prop_map(Body::new),
            any::<Vec<u8>>().prop_map(Body::new),
            Just(Body::new(vec![0x1f, 0x8b, 8, 0])),
            "\\{\"[a-z]{1,8}\":\"[a-z\\\\\"]{0,9}\\}".prop_map(Body::new),
        ]
    }

    fn headers() -> impl Strategy<Value = Vec<(String, String)>> {
        proptest::collection::vec(("[A-Za-z][A-Za-z-]{0,9}", "[!-~]([ -~]{0,9}[!-~])?"), 0..4)
    }

    fn broken() -> impl Strategy<Value = Option<Broken>> {
        prop_oneof![
            Just(None),
            Just(Some(Broken::TooLarge(7))),
            any::<String>().prop_map(|reason| Some(Broken::Cut(reason))),
        ]
    }

    fn outcome() -> impl Strategy<Value = Result<Response, Failure>> {
        let answer = (100..600_u16, headers(), body(), broken()).prop_map(
            |(status, headers, body, broken)| Ok(Response::new(status, headers, body, broken)),
        );
        prop_oneof![
            answer,
            any::<u64>().prop_map(|limit| Err(Failure::Timeout(limit))),
            any::<String>().prop_map(|reason| Err(Failure::NotSent(reason))),
        ]
    }

    fn exchange() -> impl Strategy<Value = Exchange> {
        let request = (
            "[A-Z]{1,7}",
            "/[a-zA-Z0-9/%?&=._~-]{0,20}",
            headers(),
            body(),
        );
        let sender = prop_oneof![
            Just(Sender::Harness),
            Just(Sender::Client("okta-oin".to_owned()))
        ];
        let api = prop_oneof![Just(Api::Scim), Just(Api::Management)];
        (request, outcome(), sender, api, 0..10_000_000_u64).prop_map(
            |((method, target, headers, body), outcome, sender, api, elapsed)| Exchange {
                sender,
                request: Request {
                    api,
                    method,
                    origin: "https://scim.example.test:8443".to_owned(),
                    target,
                    headers,
                    body,
                },
                outcome,
                started: "2026-11-22T12:00:00.120Z".to_owned(),
                elapsed: Duration::from_micros(elapsed),
            },
        )
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back_the_same(exchanges in proptest::collection::vec(exchange(), 1..4)) {
            let mut secrets = Secrets::default();
            let exchanges: Vec<Exchange> = exchanges.into_iter().map(|exchange| secrets.masked(exchange)).collect();
            prop_assert_eq!(&read_back(&written(&exchanges, true)), &exchanges);
            // A recorder that was killed wrote no end.
            prop_assert_eq!(&read_back(&written(&exchanges, false)), &exchanges);
        }
    }

    #[test]
    fn an_archive_without_entries_is_whole() {
        let text = String::from_utf8(written(&[], true)).expect("it is text");
        assert_eq!(
            text,
            "{\"log\":{\"version\":\"1.2\",\"creator\":{\"name\":\"scimulate\",\"version\":\"1\"},\"entries\":[\n]}}\n"
        );
    }
}
