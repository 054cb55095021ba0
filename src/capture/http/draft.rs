//! An exchange as far as a text tells it, and what stands for the rest.

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::fmt::rfc2822::DateTimeParser;
use jiff::tz::TimeZone;
use serde_json::Value;

use crate::capture::har::{UNTIMED, parted, sender_of};
use crate::capture::{At, Kind, Teller, unrecorded};
use crate::exchange::{Api, Body, Broken, Exchange, Request, Response, Sender};

/// Stands for the host where a text names none; nobody can own it (RFC 6761 6.4).
const NO_HOST: &str = "https://scim.example.test";
/// What SCIM is said to be where a text shows no headers.
const MEDIA_TYPE: &str = "application/scim+json";

/// One side of an exchange.
#[derive(Debug, Default)]
pub(super) struct Message {
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Option<String>,
    /// Its body does not end.
    pub(super) is_cut: bool,
}

/// An exchange, as far as it was read.
#[derive(Debug)]
pub(super) struct Draft {
    /// Where it begins.
    pub(super) line: u64,
    pub(super) sender: Option<String>,
    pub(super) method: String,
    pub(super) url: String,
    pub(super) time: Option<String>,
    pub(super) request: Message,
    /// `Some`: the text says that there was an answer.
    pub(super) answer: Option<Answer>,
}

/// An answer, as far as it was read.
#[derive(Debug, Default)]
pub(super) struct Answer {
    pub(super) status: Option<u16>,
    pub(super) message: Message,
}

/// What was said once, and is not said for every exchange.
#[derive(Debug, Default)]
pub(super) struct Said {
    keys: BTreeSet<&'static str>,
    /// The origin that was named last: who leaves it out means the same one.
    origin: Option<String>,
}

impl Said {
    fn once(
        &mut self,
        teller: &mut Teller<'_>,
        line: u64,
        kind: Kind,
        key: &'static str,
        what: &str,
    ) {
        if self.keys.insert(key) {
            teller.remark(kind, At::Line(line), what);
        }
    }
}

impl Message {
    fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    /// Only what frames it is known, or not even that.
    fn needs_type(&self) -> bool {
        self.body.is_some() && self.header("content-type").is_none()
    }
}

impl Draft {
    /// The exchange, with what is likely where the text is silent.
    pub(super) fn told(mut self, teller: &mut Teller<'_>, said: &mut Said) {
        let line = self.line;
        let (origin, target) = self.address(teller, said);
        if origin != NO_HOST {
            said.origin = Some(origin.clone());
        }
        if self.request.needs_type() && self.request.headers.is_empty() {
            let what =
                format!("the headers of the request; `Content-Type: {MEDIA_TYPE}` stands for them");
            said.once(teller, line, Kind::Guessed, "request headers", &what);
            self.request
                .headers
                .push(("Content-Type".to_owned(), MEDIA_TYPE.to_owned()));
        }
        if self.request.is_cut {
            teller.remark(
                Kind::Unread,
                At::Line(line),
                "the end of the request's body: its JSON is not whole",
            );
        }
        let sender = match self.sender.take() {
            Some(name) if name == "harness" => Sender::Harness,
            Some(name) => Sender::Client(name),
            None => sender_of(self.request.header("user-agent")),
        };
        let started = self.started(teller, said);
        let outcome = match self.answer.take() {
            Some(answer) => Ok(answered(answer, &self.method, line, teller, said)),
            None => Err(unrecorded()),
        };
        let body = Body::new(self.request.body.unwrap_or_default());
        let is_token = String::from_utf8_lossy(body.bytes()).starts_with("grant_type=");
        let exchange = Exchange {
            sender,
            request: Request {
                api: match is_token {
                    true => Api::Management,
                    false => Api::Scim,
                },
                method: self.method,
                origin,
                target,
                headers: self.request.headers,
                body,
            },
            outcome,
            started,
            elapsed: Duration::ZERO,
        };
        teller.exchange(exchange, At::Line(line));
    }

    /// Origin and target.
    fn address(&self, teller: &mut Teller<'_>, said: &mut Said) -> (String, String) {
        let line = self.line;
        let url = encoded(&self.url);
        if url != self.url {
            let what = "the encoding of the query: it is written with blanks or quotes";
            said.once(teller, line, Kind::Guessed, "encoding", what);
        }
        if let Some((origin, target)) = parted(&url).filter(|_| !url.starts_with(['{', '$', '/'])) {
            return (origin, target);
        }
        // `{{base}}/Users`, `$BASE/Users`, `%BASE%/Users`: what a variable stands for, the text does not say.
        if !url.starts_with('/')
            && let Some(slash) = url.find('/')
        {
            let (variable, target) = url.split_at(slash);
            let looks_like_host = variable.contains('.') || variable.contains(':');
            if looks_like_host && !variable.contains(['{', '$', '%']) {
                let what = "the scheme: `http`, as curl takes it";
                said.once(teller, line, Kind::Guessed, "scheme", what);
                return (format!("http://{variable}"), target.to_owned());
            }
            let what = format!(
                "the base URL: nothing says what `{variable}` is; `{NO_HOST}` stands for it"
            );
            said.once(teller, line, Kind::Guessed, "host", &what);
            return (NO_HOST.to_owned(), target.to_owned());
        }
        let target = match url.starts_with('/') {
            true => url,
            false => "/".to_owned(),
        };
        match self.request.header("host").map(str::trim) {
            Some(host) if !host.is_empty() => {
                let is_local = ["localhost", "127.", "[::1]", "10.", "192.168."]
                    .iter()
                    .any(|start| host.starts_with(start));
                let has_port = host
                    .rsplit(':')
                    .next()
                    .is_some_and(|port| port.parse::<u16>().is_ok_and(|port| port != 443));
                let scheme = match is_local || has_port {
                    true => "http",
                    false => "https",
                };
                let what = format!("the scheme: `{scheme}`");
                said.once(teller, line, Kind::Guessed, "scheme", &what);
                (format!("{scheme}://{host}"), target)
            }
            _ => {
                let origin = said.origin.clone().unwrap_or_else(|| NO_HOST.to_owned());
                let what = format!("the host: none is named; `{origin}` stands for it");
                said.once(teller, line, Kind::Guessed, "host", &what);
                (origin, target)
            }
        }
    }

    /// From the line, or from the answer's `Date`.
    fn started(&self, teller: &mut Teller<'_>, said: &mut Said) -> String {
        let of_line = self.time.as_ref().and_then(|time| {
            let zoned = time.parse::<Timestamp>().ok();
            let plain = || time.parse::<DateTime>().ok()?.to_zoned(TimeZone::UTC).ok();
            zoned.or_else(|| plain().map(|zoned| zoned.timestamp()))
        });
        let of_date = || {
            let date = self.answer.as_ref()?.message.header("date")?;
            DateTimeParser::new().parse_timestamp(date).ok()
        };
        match of_line.or_else(of_date) {
            Some(started) => started.to_string(),
            None => {
                said.once(teller, self.line, Kind::Missing, "time", "when it was sent");
                UNTIMED.to_owned()
            }
        }
    }
}

fn answered(
    answer: Answer,
    method: &str,
    line: u64,
    teller: &mut Teller<'_>,
    said: &mut Said,
) -> Response {
    let Answer {
        status,
        mut message,
    } = answer;
    let status = status.unwrap_or_else(|| {
        let status = likely_status(method, message.body.as_deref());
        let what = format!("the status of the answer: {status}");
        teller.remark(Kind::Guessed, At::Line(line), what);
        status
    });
    let has_none = matches!(status, 100..=199 | 204 | 304) || method == "HEAD";
    let length = message
        .header("content-length")
        .and_then(|length| length.trim().parse::<u64>().ok());
    let names_body =
        message.header("content-type").is_some() || length.is_some_and(|length| length > 0);
    let is_silent = message.headers.is_empty() || names_body;
    let mut broken = None;
    if message.body.is_none() && !has_none && is_silent && length != Some(0) {
        teller.remark(Kind::Missing, At::Line(line), "the body of the answer");
        broken = Some(Broken::Cut("the body was not recorded".to_owned()));
    }
    if message.is_cut {
        teller.remark(
            Kind::Unread,
            At::Line(line),
            "the end of the answer's body: its JSON is not whole",
        );
        broken = Some(Broken::Cut(
            "the body was not recorded to its end".to_owned(),
        ));
    }
    if message.needs_type() && message.headers.is_empty() {
        let what =
            format!("the headers of the answer; `Content-Type: {MEDIA_TYPE}` stands for them");
        said.once(teller, line, Kind::Guessed, "answer headers", &what);
        message
            .headers
            .push(("Content-Type".to_owned(), MEDIA_TYPE.to_owned()));
    }
    let body = Body::new(message.body.unwrap_or_default());
    Response::new(status, message.headers, body, broken)
}

/// What the body says itself (RFC 7644 3.12), or what a request is answered with when all is well.
fn likely_status(method: &str, body: Option<&str>) -> u16 {
    let parsed: Option<Value> = body.and_then(|body| serde_json::from_str(body).ok());
    let said = parsed.as_ref().and_then(|body| {
        let is_error = body
            .get("schemas")?
            .to_string()
            .contains("messages:2.0:Error");
        let status = body.get("status").filter(|_| is_error)?;
        match status {
            Value::String(text) => text.parse().ok(),
            other => u16::try_from(other.as_u64()?).ok(),
        }
    });
    said.unwrap_or(match method {
        "POST" => 201,
        "DELETE" => 204,
        "PATCH" if body.is_none() => 204,
        _ => 200,
    })
}

/// A target as it must go over the wire, whatever people wrote.
fn encoded(url: &str) -> String {
    let mut text = String::with_capacity(url.len());
    for letter in url.chars() {
        match letter {
            ' ' | '"' | '<' | '>' | '`' => text.push_str(&format!("%{:02X}", u32::from(letter))),
            other if other.is_ascii() => text.push(other),
            other => text.extend(percent_encoding::utf8_percent_encode(
                other.encode_utf8(&mut [0; 4]),
                percent_encoding::NON_ALPHANUMERIC,
            )),
        }
    }
    text
}
