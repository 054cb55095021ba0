//! What a capture is, told by its first bytes.

use std::io::BufRead;
use std::sync::LazyLock;

use regex::bytes::Regex;

use super::{CaptureError, Format, Provider};

/// What was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Found {
    /// Exchanges.
    Traffic(Format),
    /// What was done, without requests.
    Log(Provider),
}

macro_rules! pattern {
    ($name:ident, $pattern:literal) => {
        static $name: LazyLock<Regex> =
            LazyLock::new(|| Regex::new($pattern).expect("the pattern is a constant"));
    };
}

pattern!(EVENT, r#"^\s*\{\s*"event"\s*:\s*"[a-z-]+""#);
pattern!(ARCHIVE, r#"^\s*\{\s*"(?:log|_[a-z]+)"\s*:\s*\{"#);
pattern!(ENTRIES, r#""entries"\s*:|"startedDateTime"\s*:"#);
pattern!(
    ENTRA,
    r#""(?:provisioningAction|provisioningSteps|provisioningStatusInfo|changeId)"\s*:"#
);
pattern!(
    OKTA,
    r#""(?:eventType|legacyEventType|displayMessage)"\s*:"#
);
pattern!(POSTMAN, r#""_postman_id"\s*:|getpostman\.com"#);
pattern!(
    RUNSCOPE,
    r#""(?:trigger_url|exported_at|initial_variables)"\s*:"#
);
pattern!(FLOW, r"^\d{1,9}:\d{1,9}:[a-z_]+[;,]");
pattern!(
    CURL,
    r"(?m)^\s*(?:[$#%>]\s+|PS [^>\n]*>\s*)?(?:\w+=\S+\s+)*curl(?:\.exe)?\s"
);
pattern!(
    HTTP,
    r"(?m)(?:^|\W)(?:GET|POST|PUT|PATCH|DELETE|HEAD|OPTIONS)\s+\S+"
);

/// Says what a capture is; nothing of it is taken.
///
/// # Errors
/// It is nothing that is read here.
pub fn detect(input: &mut dyn BufRead) -> Result<Found, CaptureError> {
    let start = input.fill_buf()?;
    if let Some(foreign) = foreign(start) {
        return Err(foreign);
    }
    let start = start.strip_prefix(b"\xef\xbb\xbf").unwrap_or(start);
    let first = start.iter().find(|byte| !byte.is_ascii_whitespace());
    match first {
        None => Err(CaptureError::Empty),
        Some(b'{' | b'[') => json(start),
        Some(_) if CURL.is_match(start) => Ok(Found::Traffic(Format::Curl)),
        Some(_) if HTTP.is_match(start) => Ok(Found::Traffic(Format::Http)),
        Some(_) => Err(CaptureError::Unknown {
            reason: "it begins with no JSON, and no line of its beginning is a request or a curl command line"
                .to_owned(),
        }),
    }
}

fn json(start: &[u8]) -> Result<Found, CaptureError> {
    let is = |pattern: &Regex| pattern.is_match(start);
    if is(&EVENT) {
        return Ok(Found::Traffic(Format::Events));
    }
    if is(&ARCHIVE) {
        return Ok(Found::Traffic(Format::Har));
    }
    if is(&ENTRA) {
        return Ok(Found::Log(Provider::Entra));
    }
    if is(&OKTA) {
        return Ok(Found::Log(Provider::Okta));
    }
    if is(&ENTRIES) {
        return Ok(Found::Traffic(Format::Har));
    }
    if is(&POSTMAN) {
        return Err(CaptureError::Foreign {
            what: "a Postman collection, which holds requests and no traffic",
            hint: "`scimulate import postman FILE` writes it as a scenario",
        });
    }
    if is(&RUNSCOPE) {
        return Err(CaptureError::Foreign {
            what: "a Runscope suite, which holds requests and no traffic",
            hint: "`scimulate import runscope FILE` writes it as a scenario",
        });
    }
    if HTTP.is_match(start) {
        // A lone body, or a log line in brackets.
        return Ok(Found::Traffic(Format::Http));
    }
    Err(CaptureError::Unknown {
        reason: "it is JSON, and its beginning has no member of a HAR, an event log or a provisioning log".to_owned(),
    })
}

/// Files of other tools that are often taken for one of these.
fn foreign(start: &[u8]) -> Option<CaptureError> {
    let (what, hint) = match start {
        [0x1f, 0x8b, ..] => ("compressed by gzip", "unpack it first: `gunzip FILE.gz`"),
        [0x28, 0xb5, 0x2f, 0xfd, ..] => {
            ("compressed by zstd", "unpack it first: `unzstd FILE.zst`")
        }
        [b'P', b'K', 3 | 5, ..] => (
            "a ZIP archive",
            "unpack it first; a Fiddler archive (.saz) is exported as HAR by Fiddler: File > Export Sessions",
        ),
        [0xd4, 0xc3, 0xb2, 0xa1, ..]
        | [0xa1, 0xb2, 0xc3, 0xd4, ..]
        | [0x0a, 0x0d, 0x0d, 0x0a, ..] => (
            "a packet capture, and TLS hides what is in it",
            "record the traffic with `scimulate record`, or export HAR from a proxy",
        ),
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => (
            "text in UTF-16, as PowerShell's `>` writes it",
            "save it as UTF-8: `Get-Content FILE | Set-Content -Encoding utf8 NEW`",
        ),
        _ if FLOW.is_match(start) => (
            "a flow file of mitmproxy, whose format changes with its versions",
            "mitmproxy writes it as HAR: `mitmdump -nr FILE --set hardump=traffic.har`",
        ),
        _ if start[..start.len().min(4096)].contains(&0) => (
            "binary",
            "export the traffic as HAR, or paste the requests as text",
        ),
        _ => return None,
    };
    Some(CaptureError::Foreign { what, hint })
}
