//! Checks of preconditions: what `If-Match` and `If-None-Match` do.

use serde_json::Value;

use crate::checks::seen::{Seen, differs};
use crate::checks::{Check, Judged, Stake, texts};

pub(super) const CHECKS: &[Check] = &[
    Check {
        id: "known-version-is-not-sent-again",
        rule: "a read whose `If-None-Match` has the current entity tag is answered with 304",
        stakes: &[Stake::must("RFC 7644 3.14")],
        requirements: &["rfc7644-3.14-if-none-match-304"],
        texts: texts!("known-version-is-not-sent-again"),
        judge: known_version_is_not_sent_again,
    },
    Check {
        id: "stale-version-is-refused",
        rule: "a write whose `If-Match` is not the current entity tag is refused with 412",
        stakes: &[Stake::must("RFC 7644 3.14, RFC 9110 13.1.1")],
        requirements: &[
            "rfc7644-3.14-if-match-stale-412",
            "rfc9110-13.1.1-if-match-not-performed",
        ],
        texts: texts!("stale-version-is-refused"),
        judge: stale_version_is_refused,
    },
];

/// The target says that it has entity tags.
fn has_tags(seen: &Seen<'_>) -> bool {
    let etag = seen.history.configuration().and_then(|own| own.get("etag"));
    etag.and_then(|etag| etag.get("supported")) == Some(&Value::Bool(true))
}

/// Compared as RFC 9110 13.1.2 does: weak or not is the same.
fn opaque(tag: &str) -> &str {
    tag.trim().strip_prefix("W/").unwrap_or(tag.trim())
}

fn known_version_is_not_sent_again(seen: &Seen<'_>) -> Judged {
    let Some(asked) = seen.request().header("if-none-match") else {
        return Judged::Silent;
    };
    if !seen.is("GET") || seen.crowded || !has_tags(seen) || seen.is_projected() {
        return Judged::Silent;
    }
    let Some(known) = seen.addressed() else {
        return Judged::Silent;
    };
    let Some(tag) = known.tag.as_deref() else {
        return Judged::Silent;
    };
    let current =
        seen.history.is_current(known) && asked.split(',').any(|one| opaque(one) == opaque(tag));
    match (current, seen.status()) {
        (true, 200) => Judged::broken(
            "the client has the current version, and it is sent again",
            differs("status", 304, Some(&Value::from(200))),
        ),
        (true, 304) => Judged::Holds,
        _ => Judged::Silent,
    }
}

fn stale_version_is_refused(seen: &Seen<'_>) -> Judged {
    let Some(asked) = seen.request().header("if-match") else {
        return Judged::Silent;
    };
    if !seen.is_write() || seen.crowded || !has_tags(seen) {
        return Judged::Silent;
    }
    let Some(tag) = seen.addressed().and_then(|known| known.tag.as_deref()) else {
        return Judged::Silent;
    };
    let stale = asked.trim() != "*" && asked.split(',').all(|one| opaque(one) != opaque(tag));
    let current = seen
        .addressed()
        .is_some_and(|known| seen.history.is_current(known));
    match (stale && current, seen.succeeded()) {
        (true, true) => Judged::broken(
            "a write with a stale `If-Match` is carried out",
            differs("status", 412, Some(&Value::from(seen.status()))),
        ),
        (true, false) => Judged::Holds,
        _ => Judged::Silent,
    }
}
