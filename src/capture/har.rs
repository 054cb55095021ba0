//! HTTP Archive 1.2, as browsers, proxies and API clients write it. They differ: names of HTTP/2 that begin with a colon,
//! bodies in Base64 or not there at all, members of their own that begin with `_`. What is odd in one entry costs no other.

use std::io::BufRead;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::elements::{Fault, elements};
use super::{At, CaptureError, Kind, LARGEST_ENTRY, Teller};
use crate::exchange::{Body, Broken, Exchange, Failure, Request, Response, Sender, decoded};

/// The instant of entries that tell none.
pub(super) const UNTIMED: &str = "1970-01-01T00:00:00Z";
/// What our own writer adds to an entry.
const OWN: &str = "_scimulate";
/// What a compressed body may become.
const LARGEST_BODY: u64 = 64 * 1024 * 1024;

pub(super) fn read(input: &mut dyn BufRead, teller: &mut Teller<'_>) -> Result<(), CaptureError> {
    let mut entry = 0;
    let walked = elements(input, &["log", "entries"], LARGEST_ENTRY, &mut |bytes| {
        entry += 1;
        let at = At::Entry(entry);
        match serde_json::from_slice::<Value>(bytes) {
            Ok(value) => match exchange_of(&value, at, teller) {
                Some(exchange) if value.get(OWN).is_some() => teller.exchange(exchange, at),
                Some(exchange) => teller.sighted(exchange, at),
                None => teller.remark(Kind::Unread, at, "it has no request with a URL"),
            },
            Err(problem) => teller.remark(Kind::Unread, at, format!("it is no JSON: {problem}")),
        }
    });
    let wrong = |reason: String| CaptureError::Wrong {
        format: "HAR",
        reason,
    };
    match walked {
        Ok(()) if entry == 0 => Err(CaptureError::Nothing {
            looked_for: "its list `log.entries` is empty",
            hint: "record before the first request is sent, and export when the last one is answered",
        }),
        Ok(()) => Ok(()),
        Err(Fault::NoList) => Err(wrong("it has no list `log.entries`".to_owned())),
        Err(Fault::Io(error)) if entry == 0 => Err(CaptureError::Unreadable(error)),
        Err(fault) if entry == 0 => {
            Err(wrong(format!("{fault}, before its first entry was whole")))
        }
        Err(fault) => {
            teller.ends(At::Entry(entry + 1), fault.to_string());
            Ok(())
        }
    }
}

fn exchange_of(entry: &Value, at: At, teller: &mut Teller<'_>) -> Option<Exchange> {
    let request = entry.get("request")?;
    let url = request.get("url")?.as_str()?;
    let headers = headers_of(request);
    let agent = headers
        .iter()
        .find(|(name, _)| name.eq_ignore_ascii_case("user-agent"));
    let (origin, target) = parted(url)?;
    let started = entry.get("startedDateTime").and_then(Value::as_str);
    let started = started.and_then(|started| {
        let instant = started.parse::<Timestamp>().ok()?;
        Some(match started.ends_with('Z') {
            true => started.to_owned(),
            false => instant.to_string(),
        })
    });
    if started.is_none() {
        teller.remark(Kind::Missing, at, "when it was sent");
    }
    let elapsed = entry.get("time").and_then(Value::as_f64).unwrap_or(0.0);
    let elapsed = Duration::try_from_secs_f64(elapsed.max(0.0) / 1000.0).unwrap_or_default();
    Some(Exchange {
        sender: own(entry, "sender")
            .unwrap_or_else(|| sender_of(agent.map(|(_, value)| value.as_str()))),
        request: Request {
            api: own(entry, "api").unwrap_or_default(),
            method: text(request, "method")
                .unwrap_or("GET")
                .to_ascii_uppercase(),
            origin,
            target,
            body: body_sent(request, at, teller),
            headers,
        },
        outcome: outcome_of(entry, elapsed, at, teller),
        started: started.unwrap_or_else(|| UNTIMED.to_owned()),
        elapsed,
    })
}

/// Ourselves, or somebody whom nobody has recognised yet.
pub(super) fn sender_of(agent: Option<&str>) -> Sender {
    match agent {
        Some(agent) if agent.starts_with("scimulate/") => Sender::Harness,
        _ => Sender::Client("unknown".to_owned()),
    }
}

/// Origin and target of a URL, without its fragment, and a slash where it has no path.
pub(super) fn parted(url: &str) -> Option<(String, String)> {
    let url = url.split('#').next().unwrap_or_default();
    let host = url.find("://")? + 3;
    let path = url[host..].find(['/', '?']);
    let (origin, target) = url.split_at(path.map_or(url.len(), |place| host + place));
    let slash = match target.starts_with('/') {
        true => "",
        false => "/",
    };
    Some((origin.to_owned(), format!("{slash}{target}")))
}

fn headers_of(message: &Value) -> Vec<(String, String)> {
    let listed = message.get("headers").and_then(Value::as_array);
    let listed = listed.map(Vec::as_slice).unwrap_or_default();
    let pairs = listed.iter().filter_map(|header| {
        Some((
            text(header, "name")?,
            text(header, "value").unwrap_or_default(),
        ))
    });
    let mut headers: Vec<(String, String)> = Vec::new();
    let mut authority = None;
    for (name, value) in pairs {
        match name {
            ":authority" => authority = Some(value.to_owned()),
            // Pseudo headers of HTTP/2 and HTTP/3 repeat the request line (RFC 9113 8.3).
            _ if name.starts_with(':') => {}
            // Browsers join what stood several times by line breaks.
            _ => headers.extend(
                value
                    .split('\n')
                    .map(|value| (name.to_owned(), value.trim().to_owned())),
            ),
        }
    }
    let has_host = headers
        .iter()
        .any(|(name, _)| name.eq_ignore_ascii_case("host"));
    if let Some(authority) = authority.filter(|_| !has_host) {
        headers.insert(0, ("host".to_owned(), authority));
    }
    headers
}

fn body_sent(request: &Value, at: At, teller: &mut Teller<'_>) -> Body {
    let data = request.get("postData").filter(|data| data.is_object());
    let Some(data) = data else {
        let size = request.get("bodySize").and_then(Value::as_i64);
        if size.is_some_and(|size| size > 0) {
            teller.remark(
                Kind::Missing,
                at,
                "the body of its request was not recorded",
            );
        }
        return Body::default();
    };
    let written = text(data, "text").unwrap_or_default();
    let encoding = text(data, "encoding").or_else(|| text(data, "_encoding"));
    if encoding.is_some_and(|encoding| encoding.eq_ignore_ascii_case("base64")) {
        return match STANDARD.decode(written) {
            Ok(bytes) => Body::new(bytes),
            Err(problem) => {
                let what = format!("the body of its request is no Base64: {problem}");
                teller.remark(Kind::Unread, at, what);
                Body::default()
            }
        };
    }
    let parameters = data.get("params").and_then(Value::as_array);
    match parameters.filter(|parameters| written.is_empty() && !parameters.is_empty()) {
        // A form, told by its members alone.
        Some(parameters) => {
            let mut form = url::form_urlencoded::Serializer::new(String::new());
            for parameter in parameters {
                form.append_pair(
                    text(parameter, "name").unwrap_or_default(),
                    text(parameter, "value").unwrap_or_default(),
                );
            }
            Body::new(form.finish())
        }
        None => Body::new(written),
    }
}

fn outcome_of(
    entry: &Value,
    elapsed: Duration,
    at: At,
    teller: &mut Teller<'_>,
) -> Result<Response, Failure> {
    if let Some(failure) = own(entry, "failure") {
        return Err(failure);
    }
    let Some(response) = entry
        .get("response")
        .filter(|response| response.is_object())
    else {
        return Err(super::unrecorded());
    };
    let status = response.get("status").and_then(Value::as_u64);
    let status = status.and_then(|status| u16::try_from(status).ok());
    // Browsers write 0 where no answer came.
    let Some(status) = status.filter(|status| *status > 0) else {
        let reason = text(response, "_error")
            .or_else(|| text(entry, "_error"))
            .or_else(|| text(response, "statusText").filter(|reason| !reason.is_empty()))
            .unwrap_or("no reason is recorded");
        return Err(failure_of(reason, elapsed));
    };
    let headers = headers_of(response);
    if entry.get(OWN).is_some() {
        let broken = own::<Broken>(entry, "broken");
        let written = response.get("content").and_then(|content| {
            let bytes = text(content, "text")?.as_bytes();
            match text(content, "encoding") {
                Some(_) => STANDARD.decode(bytes).ok(),
                None => Some(bytes.to_vec()),
            }
        });
        let body = Body::new(written.unwrap_or_default());
        return Ok(Response::new(status, headers, body, broken));
    }
    let (body, broken) = body_received(entry, response, status, &headers, at, teller);
    Ok(Response::new(status, headers, body, broken))
}

fn failure_of(reason: &str, elapsed: Duration) -> Failure {
    let upper = reason.to_ascii_uppercase();
    let is = |words: &[&str]| words.iter().any(|word| upper.contains(word));
    let reason = reason.to_owned();
    if is(&["TIMED_OUT", "TIMEOUT"]) {
        Failure::Timeout(u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX))
    } else if is(&["CERT", "SSL", "TLS"]) {
        Failure::Tls(reason)
    } else if is(&[
        "REFUSED",
        "NAME_NOT_RESOLVED",
        "UNREACHABLE",
        "CONNECTION_FAILED",
    ]) {
        Failure::Connect(reason)
    } else {
        Failure::Protocol(reason)
    }
}

fn body_received(
    entry: &Value,
    response: &Value,
    status: u16,
    headers: &[(String, String)],
    at: At,
    teller: &mut Teller<'_>,
) -> (Body, Option<Broken>) {
    let content = response.get("content");
    let written = content.and_then(|content| text(content, "text"));
    let encoding = content.and_then(|content| text(content, "encoding"));
    let Some(written) = written else {
        let has_none = matches!(status, 100..=199 | 204 | 304)
            || entry.pointer("/request/method").and_then(Value::as_str) == Some("HEAD");
        let size = |value: Option<&Value>| value.and_then(|value| value.get("size")?.as_i64());
        let sent = response.get("bodySize").and_then(Value::as_i64);
        let is_empty = size(content) == Some(0) && sent.unwrap_or(0) <= 0;
        if has_none || is_empty {
            return (Body::default(), None);
        }
        teller.remark(Kind::Missing, at, "the body of its answer was not recorded");
        let reason = "the body was not recorded".to_owned();
        return (Body::default(), Some(Broken::Cut(reason)));
    };
    let bytes = match encoding {
        Some(encoding) if encoding.eq_ignore_ascii_case("base64") => match STANDARD.decode(written)
        {
            Ok(bytes) => bytes,
            Err(problem) => {
                let what = format!("the body of its answer is no Base64: {problem}");
                teller.remark(Kind::Unread, at, &what);
                return (Body::default(), Some(Broken::Encoding(what)));
            }
        },
        _ => written.as_bytes().to_vec(),
    };
    undone(bytes, headers, at, teller)
}

/// The body without its content encoding, where the archive left it: it begins as such bytes do.
fn undone(
    bytes: Vec<u8>,
    headers: &[(String, String)],
    at: At,
    teller: &mut Teller<'_>,
) -> (Body, Option<Broken>) {
    // Compressed bytes that were taken for text: what was no UTF-8 is lost.
    if bytes.starts_with("\u{1f}\u{fffd}".as_bytes()) {
        let what = "its body is compressed and was recorded as text, so it is lost";
        teller.remark(Kind::Unread, at, what);
        return (Body::default(), Some(Broken::Encoding(what.to_owned())));
    }
    let named = headers
        .iter()
        .find(|(name, _)| name.eq_ignore_ascii_case("content-encoding"))
        .map(|(_, value)| value.as_str());
    let encoding = match named {
        _ if bytes.starts_with(&[0x1f, 0x8b]) => "gzip",
        Some(named) if std::str::from_utf8(&bytes).is_err() => named,
        _ => return (Body::new(bytes), None),
    };
    match decoded(&bytes, encoding, LARGEST_BODY) {
        Ok((plain, broken)) => {
            if let Some(broken) = &broken {
                teller.remark(Kind::Unread, at, broken.to_string());
            }
            (Body::new(plain), broken)
        }
        Err(problem) => {
            teller.remark(
                Kind::Unread,
                at,
                format!("its body is compressed: {problem}"),
            );
            (Body::new(bytes), Some(Broken::Encoding(problem)))
        }
    }
}

fn text<'a>(value: &'a Value, name: &str) -> Option<&'a str> {
    value.get(name).and_then(Value::as_str)
}

/// What our own writer said beside the format.
fn own<T: DeserializeOwned>(entry: &Value, name: &str) -> Option<T> {
    T::deserialize(entry.get(OWN)?.get(name)?).ok()
}
