//! Checks of the status that a method answers with, and of what comes with it.

use serde_json::Value;

use crate::checks::seen::{Seen, differs};
use crate::checks::{Check, Judged, Stake, texts};
use crate::finding::Strength;
use crate::scim::locate::member;

pub(super) const CHECKS: &[Check] = &[
    Check {
        id: "no-server-error",
        rule: "whatever a client sends, the server itself does not fail over it",
        stakes: &[
            Stake::must("RFC 9110 15.6"),
            Stake::okta(Strength::Must, "okta.md 7.2 [recorded]"),
            Stake::entra(Strength::Must, "entra.md 8.1 [doc]"),
        ],
        requirements: &[],
        texts: texts!("no-server-error"),
        judge: no_server_error,
    },
    Check {
        id: "create-answers-201",
        rule: "a successful create answers 201",
        stakes: &[
            Stake::must("RFC 7644 3.3"),
            Stake::okta(Strength::Should, "okta.md 9.1 [doc]"),
            Stake::entra(Strength::Should, "entra.md 4.5 [doc]"),
        ],
        requirements: &["rfc7644-3.3-201-created"],
        texts: texts!("create-answers-201"),
        judge: create_answers_201,
    },
    Check {
        id: "created-comes-back",
        rule: "a created resource comes back in the answer",
        stakes: &[
            Stake::should("RFC 7644 3.3"),
            Stake::okta(Strength::Must, "okta.md 2.4 [doc]"),
            Stake::entra(Strength::Must, "entra.md 4.5 [doc]"),
        ],
        requirements: &["rfc7644-3.3-201-body"],
        texts: texts!("created-comes-back"),
        judge: created_comes_back,
    },
    Check {
        id: "put-answers-200",
        rule: "a successful replacement answers 200",
        stakes: &[
            Stake::must("RFC 7644 3.5.1"),
            Stake::okta(Strength::Should, "okta.md 3.2 [doc]"),
        ],
        requirements: &["rfc7644-3.5.1-200-full-body"],
        texts: texts!("put-answers-200"),
        judge: put_answers_200,
    },
    Check {
        id: "patch-answers-200-or-204",
        rule: "a successful PATCH answers 200 with the resource, or 204",
        stakes: &[
            Stake::must("RFC 7644 3.5.2"),
            Stake::okta(Strength::Must, "okta.md 4.1 [doc]"),
            Stake::entra(Strength::Must, "entra.md 5.7 [doc]"),
        ],
        requirements: &["rfc7644-3.5.2-200-or-204"],
        texts: texts!("patch-answers-200-or-204"),
        judge: patch_answers_200_or_204,
    },
    Check {
        id: "delete-answers-204",
        rule: "a successful delete answers 204",
        stakes: &[
            Stake::must("RFC 7644 3.6"),
            Stake::okta(Strength::Must, "okta.md 6.5 [doc]"),
            Stake::entra(Strength::Must, "entra.md 6 [doc]"),
        ],
        requirements: &["rfc7644-3.6-204"],
        texts: texts!("delete-answers-204"),
        judge: delete_answers_204,
    },
    Check {
        id: "read-answers-200",
        rule: "what is read or found comes with 200",
        stakes: &[Stake::must("RFC 7644 3.4.1, 3.4.2")],
        requirements: &["rfc7644-3.4.1-get-200"],
        texts: texts!("read-answers-200"),
        judge: read_answers_200,
    },
    Check {
        id: "ok-has-body",
        rule: "200 to a read, a replacement or a PATCH comes with a body",
        stakes: &[
            Stake::must("RFC 7644 3.4.1, 3.5.1, 3.5.2"),
            Stake::okta(Strength::Must, "okta.md 1.3, 3.2, 4.1 [doc]"),
        ],
        requirements: &[],
        texts: texts!("ok-has-body"),
        judge: ok_has_body,
    },
    Check {
        id: "one-resource-is-one-object",
        rule: "one resource comes as one object, not as a list",
        stakes: &[
            Stake::must("RFC 7644 3.4.1"),
            Stake::okta(Strength::Must, "okta.md 2.4, 9.1 [doc]"),
            Stake::entra(Strength::Must, "entra.md 8.2 [doc]"),
        ],
        requirements: &["rfc7644-3.4.1-get-200"],
        texts: texts!("one-resource-is-one-object"),
        judge: one_resource_is_one_object,
    },
    Check {
        id: "success-is-no-error",
        rule: "an error has a status of its own, not 2xx",
        stakes: &[Stake::must("RFC 7644 3.12")],
        requirements: &[],
        texts: texts!("success-is-no-error"),
        judge: success_is_no_error,
    },
    Check {
        id: "put-is-supported",
        rule: "a resource that is there can be replaced by PUT",
        stakes: &[Stake::must("RFC 7644 3.5")],
        requirements: &["rfc7644-3.5-put-supported"],
        texts: texts!("put-is-supported"),
        judge: put_is_supported,
    },
    Check {
        id: "unknown-id-is-404",
        rule: "an id that the server does not know is not found, whatever it looks like",
        stakes: &[
            Stake::should("RFC 7644 3.4.1, 3.12"),
            Stake::okta(Strength::Must, "okta.md 9.1 [doc]"),
            Stake::entra(Strength::Must, "entra.md 13 ENT-27 [doc]"),
        ],
        requirements: &["rfc7644-3.4.1-get-404-malformed-id"],
        texts: texts!("unknown-id-is-404"),
        judge: unknown_id_is_404,
    },
    Check {
        id: "no-match-is-200",
        rule: "a query that finds nothing answers 200 with an empty list",
        stakes: &[
            Stake::must("RFC 7644 3.4.2"),
            Stake::okta(Strength::Should, "okta.md 9.1 [doc]"),
            Stake::entra(Strength::Must, "entra.md 2.1 [doc]"),
        ],
        requirements: &["rfc7644-3.4.2-no-match-200"],
        texts: texts!("no-match-is-200"),
        judge: no_match_is_200,
    },
];

/// 202 to a client that asked for an asynchronous answer (RFC 9967 2.5.1.1).
fn is_asynchronous(seen: &Seen<'_>) -> bool {
    let prefers = || seen.request().header("prefer");
    seen.status() == 202 && prefers().is_some_and(|prefer| prefer.contains("respond-async"))
}

/// Judges the status of a success; `None` where another one is right.
fn status_among(seen: &Seen<'_>, method: &str, right: &[u16]) -> Judged {
    if !seen.succeeded() || is_asynchronous(seen) {
        return Judged::Silent;
    }
    let status = seen.status();
    if right.contains(&status) {
        return Judged::Holds;
    }
    let wanted: Vec<String> = right.iter().map(u16::to_string).collect();
    let wanted = wanted.join(" or ");
    Judged::broken(
        format!("{method} answered {status}, not {wanted}"),
        differs("status", wanted, Some(&Value::from(status))),
    )
}

fn no_server_error(seen: &Seen<'_>) -> Judged {
    if seen.address.endpoint.is_none() {
        return Judged::Silent;
    }
    match seen.status() {
        // 501 says that something is not offered, 503 that it is too much now.
        501 | 503 => Judged::Holds,
        status @ 500.. => Judged::broken(
            format!(
                "{} answered {status}: the server failed over a request that it should serve or refuse",
                seen.request().method
            ),
            differs("status", "2xx or 4xx", Some(&Value::from(status))),
        ),
        _ => Judged::Holds,
    }
}

fn create_answers_201(seen: &Seen<'_>) -> Judged {
    match seen.is("POST") && seen.address.is_collection() {
        true => status_among(seen, "POST", &[201]),
        false => Judged::Silent,
    }
}

fn created_comes_back(seen: &Seen<'_>) -> Judged {
    if !seen.is("POST") || !seen.address.is_collection() || seen.status() != 201 {
        return Judged::Silent;
    }
    match seen.json() {
        None if seen.response.body.is_empty() => Judged::broken(
            "201 without the resource that was created",
            differs("", "the new resource with its `id`", None),
        ),
        // What is no JSON is said elsewhere.
        None => Judged::Silent,
        Some(Value::Object(body)) if !body.is_empty() => Judged::Holds,
        // A list is said elsewhere.
        Some(Value::Array(items)) if !items.is_empty() => Judged::Silent,
        Some(other) => Judged::broken(
            "201 without the resource that was created",
            differs("", "the new resource with its `id`", Some(other)),
        ),
    }
}

fn put_answers_200(seen: &Seen<'_>) -> Judged {
    // 201 says that it has created something, which is another rule.
    match seen.is("PUT") && seen.address.is_resource() && seen.status() != 201 {
        true => status_among(seen, "PUT", &[200]),
        false => Judged::Silent,
    }
}

fn patch_answers_200_or_204(seen: &Seen<'_>) -> Judged {
    match seen.is("PATCH") && seen.address.is_resource() {
        true => status_among(seen, "PATCH", &[200, 204]),
        false => Judged::Silent,
    }
}

fn delete_answers_204(seen: &Seen<'_>) -> Judged {
    match seen.is("DELETE") && seen.address.is_resource() {
        true => status_among(seen, "DELETE", &[204]),
        false => Judged::Silent,
    }
}

fn read_answers_200(seen: &Seen<'_>) -> Judged {
    let reads = seen.is("GET") && seen.address.endpoint.is_some();
    match reads || seen.is_query() {
        // 203 is 200 that a proxy has changed (RFC 9110 15.3.4).
        true => status_among(seen, &seen.request().method, &[200, 203]),
        false => Judged::Silent,
    }
}

fn ok_has_body(seen: &Seen<'_>) -> Judged {
    let speaks = match seen.request().method.as_str() {
        "GET" => seen.address.endpoint.is_some(),
        "PUT" | "PATCH" => seen.address.is_resource(),
        "POST" => seen.address.is_search(),
        _ => false,
    };
    if !speaks || seen.status() != 200 {
        return Judged::Silent;
    }
    match seen.response.body.is_empty() {
        false => Judged::Holds,
        true => Judged::broken(
            format!("{} answered 200 without a body", seen.request().method),
            differs("", "a JSON object", None),
        ),
    }
}

fn one_resource_is_one_object(seen: &Seen<'_>) -> Judged {
    let speaks = match seen.request().method.as_str() {
        "GET" | "PUT" | "PATCH" => seen.address.is_resource(),
        "POST" => seen.address.is_collection(),
        _ => false,
    };
    let Some(body) = seen.json().filter(|_| speaks && seen.succeeded()) else {
        return Judged::Silent;
    };
    let method = &seen.request().method;
    let what = match body {
        Value::Array(_) => "an array",
        Value::Object(_) if seen.is_list() => "a list",
        _ => return Judged::Holds,
    };
    Judged::broken(
        format!("{method} of one resource is answered with {what}, not with the resource itself"),
        differs("", "the resource itself, one JSON object", Some(body)),
    )
}

fn success_is_no_error(seen: &Seen<'_>) -> Judged {
    let Some(body) = seen.object().filter(|_| seen.succeeded()) else {
        return Judged::Silent;
    };
    if !seen.is_error() {
        return Judged::Holds;
    }
    let said = member(body, "status");
    Judged::broken(
        format!(
            "{} answered {} although the body says that it is an error",
            seen.request().method,
            seen.status()
        ),
        differs(
            "status",
            said.cloned().unwrap_or_else(|| "4xx".into()),
            Some(&Value::from(seen.status())),
        ),
    )
}

fn put_is_supported(seen: &Seen<'_>) -> Judged {
    let known = seen.addressed().filter(|_| seen.is("PUT"));
    if known.is_none_or(|known| known.is_deleted) {
        return Judged::Silent;
    }
    match seen.status() {
        status @ (405 | 501) => Judged::broken(
            format!("PUT answered {status}: replacing a resource is not supported"),
            differs("status", 200, Some(&Value::from(status))),
        ),
        _ => Judged::Holds,
    }
}

fn unknown_id_is_404(seen: &Seen<'_>) -> Judged {
    let Some(id) = seen.address.id.filter(|_| seen.is("GET")) else {
        return Judged::Silent;
    };
    // With a query, a condition or an odd address something else may be what the server refuses.
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    let headers = &seen.request().headers;
    let conditional = |name: &str| name.len() > 3 && name[..3].eq_ignore_ascii_case("if-");
    if !seen.address.holds_resources()
        || !seen.address.query.is_empty()
        || !id.bytes().all(is_plain)
        || headers.iter().any(|(name, _)| conditional(name))
        || !seen.history.is_served(&seen.address)
    {
        return Judged::Silent;
    }
    match seen.status() {
        400 | 422 => Judged::broken(
            format!(
                "an id that is not known is answered with {}, not with 404",
                seen.status()
            ),
            differs("status", 404, Some(&Value::from(seen.status()))),
        ),
        404 => Judged::Holds,
        _ => Judged::Silent,
    }
}

fn no_match_is_200(seen: &Seen<'_>) -> Judged {
    if !seen.is("GET") || !seen.address.is_collection() || !seen.query().is_filtered {
        return Judged::Silent;
    }
    match seen.status() {
        200 => Judged::Holds,
        404 if seen.history.is_served(&seen.address) => Judged::broken(
            "a filter that finds nothing is answered with 404, not with 200 and an empty list",
            differs("status", 200, Some(&Value::from(404))),
        ),
        _ => Judged::Silent,
    }
}
