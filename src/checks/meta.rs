//! Checks of `meta` and of the entity tag.

use jiff::Timestamp;
use serde_json::{Map, Value};

use crate::checks::seen::{Resource, Seen, differs};
use crate::checks::writes::computed;
use crate::checks::{Check, Fault, Judged, Stake, texts};
use crate::scim::equality::{differences, instant_of};
use crate::scim::locate::member;

pub(super) const CHECKS: &[Check] = &[
    Check {
        id: "meta-is-there",
        rule: "every whole resource has `meta` with its type, its two instants and its address",
        stakes: &[Stake::must("RFC 7643 3.1")],
        requirements: &["rfc7643-3.1-meta-assigned"],
        texts: texts!("meta-is-there"),
        judge: meta_is_there,
    },
    Check {
        id: "resource-type-of-the-endpoint",
        rule: "`meta.resourceType` is the type of the endpoint: `User` at `/Users`, `Group` at `/Groups`",
        stakes: &[Stake::must("RFC 7644 3.3.1, RFC 7643 3.1")],
        requirements: &["rfc7644-3.3.1-resourcetype-set"],
        texts: texts!("resource-type-of-the-endpoint"),
        judge: resource_type_of_the_endpoint,
    },
    Check {
        id: "instants-are-date-times",
        rule: "`meta.created` and `meta.lastModified` are texts in xsd:dateTime form",
        stakes: &[Stake::must("RFC 7643 2.3.5")],
        requirements: &["rfc7643-2.3.5-datetime-format"],
        texts: texts!("instants-are-date-times"),
        judge: instants_are_date_times,
    },
    Check {
        id: "created-is-kept",
        rule: "`meta.created` never changes",
        stakes: &[Stake::must("RFC 7643 3.1")],
        requirements: &["rfc7643-3.1-created-stable"],
        texts: texts!("created-is-kept"),
        judge: created_is_kept,
    },
    Check {
        id: "created-is-when-it-was",
        rule: "`meta.created` of a new resource is the time of its creation",
        stakes: &[Stake::should("RFC 7643 3.1")],
        requirements: &[],
        texts: texts!("created-is-when-it-was"),
        judge: created_is_when_it_was,
    },
    Check {
        id: "modified-moves-forward",
        rule: "`meta.lastModified` is not before `meta.created`, and never goes back",
        stakes: &[Stake::must("RFC 7643 3.1")],
        requirements: &[],
        texts: texts!("modified-moves-forward"),
        judge: modified_moves_forward,
    },
    Check {
        id: "version-is-the-tag",
        rule: "`meta.version` and the `ETag` header are the same entity tag",
        stakes: &[Stake::must("RFC 7643 3.1")],
        requirements: &["rfc7643-3.1-meta-version-equals-etag"],
        texts: texts!("version-is-the-tag"),
        judge: version_is_the_tag,
    },
    Check {
        id: "tag-is-well-formed",
        rule: "an `ETag` is a quoted text, with `W/` before it if it is weak",
        stakes: &[Stake::must("RFC 9110 8.8.3")],
        requirements: &["rfc7643-3.1-weak-prefix"],
        texts: texts!("tag-is-well-formed"),
        judge: tag_is_well_formed,
    },
    Check {
        id: "tag-moves-with-the-resource",
        rule: "the entity tag of a changed resource is another one",
        stakes: &[Stake::must("RFC 7644 3.14")],
        requirements: &["rfc7644-3.14-changes-on-write"],
        texts: texts!("tag-moves-with-the-resource"),
        judge: tag_moves_with_the_resource,
    },
];

fn meta_of<'a>(resource: &Resource<'a>) -> Option<&'a Map<String, Value>> {
    resource.get("meta")?.as_object()
}

fn text_of<'a>(resource: &Resource<'a>, name: &str) -> Option<&'a str> {
    member(meta_of(resource)?, name)?.as_str()
}

/// Judges every resource of an answer that has something to say.
fn each(seen: &Seen<'_>, fault: impl Fn(&Resource<'_>) -> Option<Result<(), Fault>>) -> Judged {
    let mut judged = false;
    let mut faults = Vec::new();
    for resource in seen.resources() {
        match fault(&resource) {
            None => {}
            Some(Ok(())) => judged = true,
            Some(Err(fault)) => {
                judged = true;
                faults.push(fault);
            }
        }
    }
    Judged::among(judged, faults)
}

fn meta_is_there(seen: &Seen<'_>) -> Judged {
    if seen.is_projected() {
        return Judged::Silent;
    }
    each(seen, |resource| {
        let Some(meta) = meta_of(resource) else {
            return Some(Err(Fault::at(
                "`meta` is missing",
                resource.path("meta"),
                "an object",
                resource.get("meta"),
            )));
        };
        let missing = ["resourceType", "created", "lastModified", "location"]
            .into_iter()
            .find(|name| member(meta, name).is_none_or(Value::is_null));
        Some(match missing {
            None => Ok(()),
            Some(name) => Err(Fault::at(
                format!("`meta.{name}` is missing"),
                resource.path(&format!("meta.{name}")),
                "a text",
                member(meta, name),
            )),
        })
    })
}

fn resource_type_of_the_endpoint(seen: &Seen<'_>) -> Judged {
    let wanted = match seen.address.endpoint {
        Some("Users") => "User",
        Some("Groups") => "Group",
        _ => return Judged::Silent,
    };
    each(seen, |resource| {
        let found = member(meta_of(resource)?, "resourceType")?;
        Some(match found.as_str() == Some(wanted) {
            true => Ok(()),
            false => Err(Fault::at(
                format!("`meta.resourceType` is not `{wanted}`"),
                resource.path("meta.resourceType"),
                wanted,
                Some(found),
            )),
        })
    })
}

fn instants_are_date_times(seen: &Seen<'_>) -> Judged {
    each(seen, |resource| {
        let meta = meta_of(resource)?;
        let mut judged = None;
        for name in ["created", "lastModified"] {
            let Some(value) = member(meta, name).filter(|value| !value.is_null()) else {
                continue;
            };
            let what = match value.as_str() {
                Some(text) if instant_of(text).is_some() => {
                    judged = Some(Ok(()));
                    continue;
                }
                Some(_) => "is not a date and time with `T` and a zone",
                None => "is not a text",
            };
            return Some(Err(Fault::at(
                format!("`meta.{name}` {what}"),
                resource.path(&format!("meta.{name}")),
                "2026-03-01T10:00:00Z",
                Some(value),
            )));
        }
        judged
    })
}

fn created_is_kept(seen: &Seen<'_>) -> Judged {
    each(seen, |resource| {
        let known = seen.known(resource)?;
        let (first, now) = (known.created.as_deref()?, text_of(resource, "created")?);
        let same = match (instant_of(first), instant_of(now)) {
            // Fractions may be cut off when it is stored.
            (Some(first), Some(now)) => (now.as_second() - first.as_second()).abs() <= 1,
            _ => first == now,
        };
        Some(match same {
            true => Ok(()),
            false => Err(Fault::at(
                "`meta.created` is not what it was before",
                resource.path("meta.created"),
                first,
                Some(&Value::from(now)),
            )),
        })
    })
}

/// How far a server's clock may be from ours, in seconds, before its own instants say something else than the time.
const CLOCK: i64 = 24 * 60 * 60;

fn created_is_when_it_was(seen: &Seen<'_>) -> Judged {
    if !seen.is("POST") || seen.status() != 201 || !seen.address.is_collection() {
        return Judged::Silent;
    }
    let Ok(now) = seen.exchange.started.parse::<Timestamp>() else {
        return Judged::Silent;
    };
    each(seen, |resource| {
        let text = text_of(resource, "created")?;
        let created = instant_of(text)?;
        let apart = (created.as_second() - now.as_second()).abs();
        Some(match apart <= CLOCK {
            true => Ok(()),
            false => Err(Fault::at(
                "`meta.created` of a new resource is more than a day away from now",
                resource.path("meta.created"),
                seen.exchange.started.as_str(),
                Some(&Value::from(text)),
            )),
        })
    })
}

fn modified_moves_forward(seen: &Seen<'_>) -> Judged {
    each(seen, |resource| {
        let text = text_of(resource, "lastModified")?;
        let modified = instant_of(text)?;
        let path = || resource.path("meta.lastModified");
        if let Some(created) = text_of(resource, "created")
            && let Some(instant) = instant_of(created)
            // Fractions may be cut off in one of the two.
            && modified.as_second() + 1 < instant.as_second()
        {
            return Some(Err(Fault::at(
                "`meta.lastModified` is before `meta.created`",
                path(),
                format!("not before {created}"),
                Some(&Value::from(text)),
            )));
        }
        let known = seen.known(resource).filter(|_| !seen.crowded);
        let before = known.and_then(|known| known.body.get("meta")?.get("lastModified")?.as_str());
        let earlier = before.and_then(|before| Some((before, instant_of(before)?)));
        Some(match earlier {
            Some((before, earlier)) if modified.as_second() + 1 < earlier.as_second() => {
                Err(Fault::at(
                    "`meta.lastModified` goes back",
                    path(),
                    format!("not before {before}"),
                    Some(&Value::from(text)),
                ))
            }
            _ => Ok(()),
        })
    })
}

fn version_is_the_tag(seen: &Seen<'_>) -> Judged {
    let (Some(tag), Some(resource)) = (seen.header("etag"), seen.resource()) else {
        return Judged::Silent;
    };
    match text_of(&resource, "version") {
        None => Judged::Silent,
        Some(version) if version == tag => Judged::Holds,
        Some(version) => Judged::broken(
            "`meta.version` and the `ETag` header are different entity tags",
            differs("meta.version", tag, Some(&Value::from(version))),
        ),
    }
}

fn tag_is_well_formed(seen: &Seen<'_>) -> Judged {
    let Some(tag) = seen.header("etag") else {
        return Judged::Silent;
    };
    if !seen.address.holds_resources() {
        return Judged::Silent;
    }
    let opaque = tag.strip_prefix("W/").unwrap_or(tag);
    let inner = opaque
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'));
    match inner {
        Some(inner) if !inner.contains('"') => Judged::Holds,
        _ => Judged::broken(
            "the `ETag` header is not a quoted text",
            differs("header ETag", "W/\"1\"", Some(&Value::from(tag))),
        ),
    }
}

fn tag_moves_with_the_resource(seen: &Seen<'_>) -> Judged {
    let (Some(tag), Some(resource)) = (seen.header("etag"), seen.resource()) else {
        return Judged::Silent;
    };
    if seen.is_projected() || seen.crowded {
        return Judged::Silent;
    }
    let Some(known) = seen.known(&resource) else {
        return Judged::Silent;
    };
    if known.tag.as_deref() != Some(tag) {
        return match known.tag {
            Some(_) => Judged::Holds,
            None => Judged::Silent,
        };
    }
    let before = Value::Object(known.body.clone());
    let now = Value::Object(resource.body.clone());
    match differences(&before, &now, &computed()).into_iter().next() {
        None => Judged::Holds,
        Some(first) => {
            let name = first.path.clone();
            let mut difference = differs(
                "header ETag",
                "another tag than before",
                Some(&Value::from(tag)),
            );
            difference.only_case = false;
            Judged::Broken(vec![Fault {
                message: "the resource has changed and its `ETag` has not".to_owned(),
                differences: vec![
                    difference,
                    crate::finding::Difference {
                        path: name,
                        ..first.into()
                    },
                ],
            }])
        }
    }
}
