//! Checks of media types: what answers are, and what requests may be.

use crate::checks::seen::{Seen, differs};
use crate::checks::{Check, Judged, Stake, texts};
use crate::finding::Strength;

pub(super) const CHECKS: &[Check] = &[
    Check {
        id: "scim-media-type",
        rule: "an answer is `application/scim+json` unless the client asks for something else",
        stakes: &[
            Stake::must("RFC 7644 3.8"),
            Stake::entra(Strength::Must, "entra.md 13 ENT-19 [doc]"),
        ],
        requirements: &["rfc7644-3.8-accept-scim-json", "rfc7644-3.8-default-format"],
        texts: texts!("scim-media-type"),
        judge: scim_media_type,
    },
    Check {
        id: "error-media-type",
        rule: "an error is `application/scim+json`, too",
        stakes: &[Stake::must("RFC 7644 3.8, 3.12")],
        requirements: &["rfc7644-3.8-error-content-type"],
        texts: texts!("error-media-type"),
        judge: error_media_type,
    },
    Check {
        id: "answers-are-utf-8",
        rule: "no answer says that it is in another character set than UTF-8",
        stakes: &[Stake::must("RFC 7644 3.8")],
        requirements: &["rfc7644-3.8-utf8-response"],
        texts: texts!("answers-are-utf-8"),
        judge: answers_are_utf_8,
    },
    Check {
        id: "scim-json-is-accepted",
        rule: "`application/scim+json` is understood in requests and given when asked for",
        stakes: &[
            Stake::must("RFC 7644 3.8, 8.1"),
            Stake::okta(Strength::Must, "okta.md 0.2 [doc]"),
            Stake::entra(Strength::Must, "entra.md 1.3 [recorded]"),
        ],
        requirements: &["rfc7644-8.1-request-scim-json"],
        texts: texts!("scim-json-is-accepted"),
        judge: scim_json_is_accepted,
    },
    Check {
        id: "json-is-accepted",
        rule: "`application/json` is understood in requests and given when asked for",
        stakes: &[
            Stake::should("RFC 7644 3.8"),
            Stake::okta(Strength::Must, "okta.md 9.1 [doc]"),
        ],
        requirements: &["rfc7644-3.8-request-plain-json", "rfc7644-3.8-accept-json"],
        texts: texts!("json-is-accepted"),
        judge: json_is_accepted,
    },
];

/// A media type without its parameters, in lower case.
fn essence(text: &str) -> String {
    let essence = text.split(';').next().unwrap_or_default();
    essence.trim().to_ascii_lowercase()
}

/// `charset` of a media type, in lower case.
fn charset(text: &str) -> Option<String> {
    text.split(';').skip(1).find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        let value = value.trim().trim_matches('"').to_ascii_lowercase();
        name.trim().eq_ignore_ascii_case("charset").then_some(value)
    })
}

/// Whether the client lets `application/json` pass as well as the SCIM type.
fn asks_for_plain(seen: &Seen<'_>) -> bool {
    let Some(accept) = seen.request().header("accept") else {
        return false;
    };
    let names: Vec<String> = accept.split(',').map(essence).collect();
    let has = |name: &str| names.iter().any(|known| known == name);
    // Something else that the server cannot give: whatever it gives then is its own choice (RFC 9110 15.5.7).
    !has("application/scim+json") && !has("*/*") && !has("application/*") || has("application/json")
}

fn scim_media_type(seen: &Seen<'_>) -> Judged {
    if !seen.succeeded() || seen.address.endpoint.is_none() || seen.response.body.is_empty() {
        return Judged::Silent;
    }
    media_type_of("answer", seen)
}

fn error_media_type(seen: &Seen<'_>) -> Judged {
    // What is no JSON at all is no SCIM error in the first place, which is said there.
    if seen.status() < 400 || seen.address.endpoint.is_none() || seen.object().is_none() {
        return Judged::Silent;
    }
    media_type_of("error", seen)
}

/// Whether a body has the media type of SCIM, or that of plain JSON where the client asked for it.
fn media_type_of(what: &str, seen: &Seen<'_>) -> Judged {
    let kind = seen.header("content-type");
    let wrong = match kind.map(essence).as_deref() {
        None => "has no `Content-Type`".to_owned(),
        Some("application/scim+json") => return Judged::Holds,
        Some("application/json") if asks_for_plain(seen) => return Judged::Holds,
        Some(other) => format!("is `{other}`, not `application/scim+json`"),
    };
    Judged::broken(
        format!("the {what} {wrong}"),
        differs(
            "header Content-Type",
            "application/scim+json",
            kind.map(Into::into).as_ref(),
        ),
    )
}

fn answers_are_utf_8(seen: &Seen<'_>) -> Judged {
    let Some(kind) = seen.header("content-type") else {
        return Judged::Silent;
    };
    if seen.address.endpoint.is_none() || !essence(kind).ends_with("json") {
        return Judged::Silent;
    }
    match charset(kind) {
        None => Judged::Holds,
        Some(charset) if matches!(charset.as_str(), "utf-8" | "utf8" | "us-ascii") => Judged::Holds,
        Some(charset) => Judged::broken(
            format!("the answer says that it is in `{charset}`"),
            differs("header Content-Type", "charset=utf-8", Some(&kind.into())),
        ),
    }
}

/// Judges the refusal of one media type, which the request has or asks for.
fn accepted(seen: &Seen<'_>, media_type: &str) -> Judged {
    if seen.address.endpoint.is_none() {
        return Judged::Silent;
    }
    let request = seen.request();
    let sent = request.header("content-type").filter(|kind| {
        // Another character set may be refused.
        essence(kind) == media_type && charset(kind).is_none_or(|charset| charset == "utf-8")
    });
    let asked = request.header("accept").filter(|kinds| {
        let mut kinds = kinds.split(',');
        kinds.any(|kind| essence(kind) == media_type)
    });
    let (message, path, kind) = match (seen.status(), sent, asked) {
        (415, Some(kind), _) => (
            format!("a request in `{media_type}` is refused with 415"),
            "header Content-Type",
            kind,
        ),
        (406, _, Some(kind)) => (
            format!("a request for `{media_type}` is refused with 406"),
            "header Accept",
            kind,
        ),
        (_, None, None) => return Judged::Silent,
        _ => return Judged::Holds,
    };
    Judged::broken(
        message,
        differs(
            path,
            format!("{kind} is understood"),
            Some(&seen.status().into()),
        ),
    )
}

fn scim_json_is_accepted(seen: &Seen<'_>) -> Judged {
    accepted(seen, "application/scim+json")
}

fn json_is_accepted(seen: &Seen<'_>) -> Judged {
    accepted(seen, "application/json")
}
