//! Checks of authentication: who is let in, and what the others are told.

use serde_json::Value;

use crate::checks::seen::{Seen, differs};
use crate::checks::{Check, Judged, Stake, texts};
use crate::exchange::MASKED;

pub(super) const CHECKS: &[Check] = &[
    Check {
        id: "unauthorized-has-challenge",
        rule: "401 names in `WWW-Authenticate` how to authenticate",
        stakes: &[Stake::must("RFC 7644 2; RFC 9110 15.5.2")],
        requirements: &["rfc7644-2-www-authenticate", "rfc9110-15.5.2-401-challenge"],
        texts: texts!("unauthorized-has-challenge"),
        judge: unauthorized_has_challenge,
    },
    Check {
        id: "bearer-challenge-has-parameters",
        rule: "a `Bearer` challenge has at least one parameter",
        stakes: &[Stake::must("RFC 6750 3")],
        requirements: &["rfc6750-3-bearer-challenge-syntax"],
        texts: texts!("bearer-challenge-has-parameters"),
        judge: bearer_challenge_has_parameters,
    },
    Check {
        id: "anonymous-challenge-names-no-error",
        rule: "a request without credentials is not told that its token is wrong",
        stakes: &[Stake::should("RFC 6750 3.1")],
        requirements: &["rfc6750-3.1-no-error-code-when-no-auth"],
        texts: texts!("anonymous-challenge-names-no-error"),
        judge: anonymous_challenge_names_no_error,
    },
    Check {
        id: "no-open-endpoint",
        rule: "what asks for credentials asks everybody for them",
        stakes: &[Stake::must("RFC 7644 2, 7")],
        requirements: &["rfc7644-2-auth-every-endpoint"],
        texts: texts!("no-open-endpoint"),
        judge: no_open_endpoint,
    },
    Check {
        id: "anonymous-gets-401",
        rule: "a request without credentials is answered with 401, and learns nothing else",
        stakes: &[Stake::should("RFC 7644 2, 3.12")],
        requirements: &["rfc7644-2-401-on-missing"],
        texts: texts!("anonymous-gets-401"),
        judge: anonymous_gets_401,
    },
];

/// The challenges of a 401, all headers in one text.
fn challenges(seen: &Seen<'_>) -> Option<String> {
    let headers = seen.response.headers.iter();
    let values: Vec<&str> = headers
        .filter(|(name, _)| name.eq_ignore_ascii_case("www-authenticate"))
        .map(|(_, value)| value.as_str())
        .collect();
    (!values.is_empty()).then(|| values.join(", "))
}

/// Neither a known way to authenticate nor anything secret went with the request.
fn is_anonymous(seen: &Seen<'_>) -> bool {
    let request = seen.request();
    let telling = ["authorization", "cookie", "proxy-authorization"];
    let shows = |(name, value): &(String, String)| {
        telling.iter().any(|known| name.eq_ignore_ascii_case(known)) || value.contains(MASKED)
    };
    !request.headers.iter().any(shows)
        && !request.target.contains(MASKED)
        && !seen.address.query.contains("access_token=")
}

fn unauthorized_has_challenge(seen: &Seen<'_>) -> Judged {
    if seen.status() != 401 || seen.address.endpoint.is_none() {
        return Judged::Silent;
    }
    match seen.header("www-authenticate") {
        Some(challenge) if !challenge.trim().is_empty() => Judged::Holds,
        _ => Judged::broken(
            "401 without a `WWW-Authenticate` header",
            differs(
                "header WWW-Authenticate",
                "a challenge, such as Bearer realm=\"scim\"",
                None,
            ),
        ),
    }
}

fn bearer_challenge_has_parameters(seen: &Seen<'_>) -> Judged {
    if seen.status() != 401 {
        return Judged::Silent;
    }
    let Some(challenge) = challenges(seen) else {
        return Judged::Silent;
    };
    let mut parts = challenge.split(',').map(str::trim);
    let is_bare = |part: &str| part.eq_ignore_ascii_case("bearer");
    // Parameters of a challenge stand behind its scheme: `Bearer realm="x", error="y"`.
    if !parts.clone().any(|part| {
        let scheme = part.split_whitespace().next().unwrap_or_default();
        is_bare(scheme)
    }) {
        return Judged::Silent;
    }
    match parts.any(is_bare) {
        false => Judged::Holds,
        true => Judged::broken(
            "the `Bearer` challenge has no parameter",
            differs(
                "header WWW-Authenticate",
                "Bearer with a parameter, such as realm=\"scim\"",
                Some(&challenge.as_str().into()),
            ),
        ),
    }
}

fn anonymous_challenge_names_no_error(seen: &Seen<'_>) -> Judged {
    if seen.status() != 401 || !is_anonymous(seen) {
        return Judged::Silent;
    }
    let Some(challenge) = challenges(seen) else {
        return Judged::Silent;
    };
    match challenge.contains("error=") && challenge.to_ascii_lowercase().contains("bearer") {
        false => Judged::Holds,
        true => Judged::broken(
            "the challenge to a request without credentials says that its credentials are wrong",
            differs(
                "header WWW-Authenticate",
                "no error=",
                Some(&challenge.as_str().into()),
            ),
        ),
    }
}

/// A request without credentials for people's data, where others needed credentials.
fn asks_anonymously(seen: &Seen<'_>) -> bool {
    let holds_data = seen.address.holds_resources()
        || seen.address.is_search()
        || seen.address.endpoint == Some("Bulk");
    let methods = ["GET", "POST", "PUT", "PATCH", "DELETE"];
    holds_data
        && seen.history.is_guarded(&seen.request().origin)
        && methods.contains(&seen.request().method.as_str())
        && is_anonymous(seen)
}

fn no_open_endpoint(seen: &Seen<'_>) -> Judged {
    if !asks_anonymously(seen) {
        return Judged::Silent;
    }
    match seen.succeeded() {
        false => Judged::Holds,
        true => Judged::broken(
            format!(
                "{} without credentials is answered with success: anybody can do it",
                seen.request().method
            ),
            differs("status", 401, Some(&Value::from(seen.status()))),
        ),
    }
}

fn anonymous_gets_401(seen: &Seen<'_>) -> Judged {
    if !asks_anonymously(seen) {
        return Judged::Silent;
    }
    match seen.status() {
        401 => Judged::Holds,
        status @ (300..=428 | 431..=499) => Judged::broken(
            format!("a request without credentials is answered with {status}, not with 401"),
            differs("status", 401, Some(&Value::from(status))),
        ),
        _ => Judged::Silent,
    }
}
