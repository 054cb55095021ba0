//! Checks of what names a resource: `id`, `externalId`, `userName`.

use serde_json::Value;

use crate::checks::seen::{Seen, decoded_segment, differs};
use crate::checks::{Check, Judged, Stake, texts};
use crate::finding::{Authority, Strength};
use crate::scim::locate::member;

pub(super) const CHECKS: &[Check] = &[
    Check {
        id: "id-of-the-address",
        rule: "what is read or changed at `/Users/x` has the id `x`",
        stakes: &[Stake::must("RFC 7643 3.1")],
        requirements: &["rfc7643-3.1-id-stable"],
        texts: texts!("id-of-the-address"),
        judge: id_of_the_address,
    },
    Check {
        id: "id-is-the-servers",
        rule: "the service provider makes the `id`, whatever the client sends as one",
        stakes: &[Stake::must("RFC 7643 3.1, RFC 7644 3.3")],
        requirements: &["rfc7644-3.3-id-assigned"],
        texts: texts!("id-is-the-servers"),
        judge: id_is_the_servers,
    },
    Check {
        id: "id-is-no-bulk-id",
        rule: "an `id` does not hold the reserved word `bulkId`",
        stakes: &[Stake::must("RFC 7643 3.1")],
        requirements: &["rfc7643-3.1-id-not-bulkid"],
        texts: texts!("id-is-no-bulk-id"),
        judge: id_is_no_bulk_id,
    },
    Check {
        id: "created-stays",
        rule: "what was created is found by its id until it is deleted",
        stakes: &[Stake::must("RFC 7643 3.1, RFC 7644 3.4.1")],
        requirements: &["rfc7644-3.4.1-get-200"],
        texts: texts!("created-stays"),
        judge: created_stays,
    },
    Check {
        id: "deleted-is-gone",
        rule: "what was deleted is not found, changed or listed any more",
        stakes: &[Stake::must("RFC 7644 3.6")],
        requirements: &["rfc7644-3.6-get-404", "rfc7644-3.6-omit-from-queries"],
        texts: texts!("deleted-is-gone"),
        judge: deleted_is_gone,
    },
    Check {
        id: "external-id-as-sent",
        rule: "`externalId` is the client's: it comes back as it was sent, or not at all",
        stakes: &[Stake::must("RFC 7643 3.1")],
        requirements: &["rfc7643-3.1-externalid-client-value"],
        texts: texts!("external-id-as-sent"),
        judge: external_id_as_sent,
    },
    Check {
        id: "user-name-as-sent",
        rule: "`userName` comes back letter by letter as it was sent",
        stakes: &[
            Stake {
                authority: Authority::Okta,
                strength: Strength::Must,
                source: "okta.md 2.4 [recorded]",
            },
            Stake {
                authority: Authority::Rfc,
                strength: Strength::May,
                source: "RFC 7643 4.1.1",
            },
        ],
        requirements: &[],
        texts: texts!("user-name-as-sent"),
        judge: user_name_as_sent,
    },
];

fn id_of_the_address(seen: &Seen<'_>) -> Judged {
    if !seen.address.is_resource() || seen.address.endpoint == Some("Me") || seen.is("DELETE") {
        return Judged::Silent;
    }
    let (Some(resource), Some(asked)) = (seen.resource(), seen.address.id) else {
        return Judged::Silent;
    };
    let Some(id) = resource.get("id") else {
        return Judged::Silent;
    };
    let asked = decoded_segment(asked);
    match id.as_str() {
        Some(id) if id == asked => Judged::Holds,
        // A number, or the wrong letter case of it, is judged by its type and its address.
        None => Judged::Silent,
        Some(_) => Judged::broken(
            "`id` in the answer is not the id that was asked for",
            differs("id", asked, Some(id)),
        ),
    }
}

fn id_is_the_servers(seen: &Seen<'_>) -> Judged {
    if !seen.is("POST") || !seen.address.is_collection() || seen.status() != 201 {
        return Judged::Silent;
    }
    let Some(id) = seen.resource().and_then(|resource| resource.get("id")) else {
        return Judged::Silent;
    };
    let sent = seen.sent();
    let Some(wanted) = sent
        .and_then(|sent| sent.get("id"))
        .filter(|id| !id.is_null())
    else {
        return Judged::Holds;
    };
    match wanted == id {
        false => Judged::Holds,
        true => Judged::broken(
            "the new resource has the `id` that the client sent",
            differs("id", "an id that the server made", Some(id)),
        ),
    }
}

fn id_is_no_bulk_id(seen: &Seen<'_>) -> Judged {
    let mut judged = false;
    for resource in seen.resources() {
        let Some(id) = resource.get("id").and_then(Value::as_str) else {
            continue;
        };
        judged = true;
        if id.to_ascii_lowercase().contains("bulkid") {
            return Judged::broken(
                "`id` holds the reserved word `bulkId`",
                differs(
                    resource.path("id"),
                    "an id without `bulkId`",
                    Some(&Value::from(id)),
                ),
            );
        }
    }
    Judged::among(judged, Vec::new())
}

fn created_stays(seen: &Seen<'_>) -> Judged {
    if !seen.address.is_resource() || seen.crowded {
        return Judged::Silent;
    }
    let Some(known) = seen.addressed() else {
        return Judged::Silent;
    };
    if !known.is_ours || known.is_deleted {
        return Judged::Silent;
    }
    // A write to it may be refused with 404 for what it refers to; a read has no such reason.
    match (seen.is("GET"), seen.status()) {
        (true, 404 | 410) => Judged::broken(
            "a resource that was created and not deleted is not found by its id",
            differs("status", 200, Some(&Value::from(seen.status()))),
        ),
        (true, 200) => Judged::Holds,
        _ => Judged::Silent,
    }
}

fn deleted_is_gone(seen: &Seen<'_>) -> Judged {
    if seen.crowded {
        return Judged::Silent;
    }
    if seen.address.is_resource() {
        let Some(known) = seen.addressed() else {
            return Judged::Silent;
        };
        return match known.is_deleted {
            true if seen.succeeded() => Judged::broken(
                format!(
                    "a deleted resource is still there for {}",
                    seen.request().method
                ),
                differs("status", 404, Some(&Value::from(seen.status()))),
            ),
            true => Judged::Holds,
            false => Judged::Silent,
        };
    }
    if !seen.is_list() {
        return Judged::Silent;
    }
    let found = seen
        .resources()
        .into_iter()
        .find(|resource| seen.known(resource).is_some_and(|known| known.is_deleted));
    match found {
        Some(resource) => Judged::broken(
            "a deleted resource is still in the list",
            differs(
                resource.path("id"),
                "no deleted resource",
                resource.get("id"),
            ),
        ),
        None => Judged::Holds,
    }
}

/// What was sent and what came back under a name, where a create or replacement was answered with the resource.
fn echoed<'a>(seen: &Seen<'a>, name: &str) -> Option<(&'a str, Option<&'a Value>)> {
    let writes = seen.is("POST") && seen.address.is_collection()
        || seen.is("PUT") && seen.address.is_resource();
    if !writes || !seen.succeeded() || seen.is_projected() {
        return None;
    }
    let resource = seen.resource()?;
    let sent = member(seen.sent()?.as_object()?, name)?.as_str()?;
    Some((sent, member(resource.body, name)))
}

fn external_id_as_sent(seen: &Seen<'_>) -> Judged {
    match echoed(seen, "externalId") {
        None | Some((_, None)) => Judged::Silent,
        Some((sent, Some(received))) if received.as_str() == Some(sent) => Judged::Holds,
        Some((sent, received)) => Judged::broken(
            "`externalId` comes back as another value than the client's",
            differs("externalId", sent, received),
        ),
    }
}

fn user_name_as_sent(seen: &Seen<'_>) -> Judged {
    match echoed(seen, "userName") {
        None | Some((_, None)) => Judged::Silent,
        Some((sent, Some(received))) if received.as_str() == Some(sent) => Judged::Holds,
        Some((sent, received)) => {
            let in_case = received
                .and_then(Value::as_str)
                .is_some_and(|received| received.to_lowercase() == sent.to_lowercase());
            let how = match in_case {
                true => "in other letter case than it was sent",
                false => "as another name than it was sent",
            };
            Judged::broken(
                format!("`userName` comes back {how}"),
                differs("userName", sent, received),
            )
        }
    }
}
