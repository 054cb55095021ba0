//! Checks of what writes do: what the answer shows, and what is there afterwards.

use serde_json::{Map, Value};

use crate::checks::seen::{Resource, Seen, differs};
use crate::checks::{Check, Fault, Judged, Stake, texts};
use crate::scim::equality::{Options, differences, equal, is_absent};
use crate::scim::locate::member;
use crate::scim::schema::Mutability;
use crate::scim::urn;

pub(super) const CHECKS: &[Check] = &[
    Check {
        id: "refused-changes-nothing",
        rule: "a refused write leaves the resource as it was",
        stakes: &[Stake::must("RFC 7644 3.5.2, 3.12")],
        requirements: &[],
        texts: texts!("refused-changes-nothing"),
        judge: refused_changes_nothing,
    },
    Check {
        id: "reading-changes-nothing",
        rule: "two readings of a resource with nothing written between them are equal",
        stakes: &[Stake::must("RFC 9110 9.2.1, RFC 7644 3.4")],
        requirements: &[],
        texts: texts!("reading-changes-nothing"),
        judge: reading_changes_nothing,
    },
    Check {
        id: "answer-shows-the-change",
        rule: "the resource that a PUT or PATCH answers with has the values that it was given",
        stakes: &[Stake::must("RFC 7644 3.5.1, 3.5.2")],
        requirements: &[],
        texts: texts!("answer-shows-the-change"),
        judge: answer_shows_the_change,
    },
    Check {
        id: "immutable-is-kept",
        rule: "an attribute that the schemas declare `immutable` keeps the value that it was given first",
        stakes: &[Stake::must("RFC 7643 7, RFC 7644 3.5.1")],
        requirements: &["rfc7644-3.5.1-immutable-same"],
        texts: texts!("immutable-is-kept"),
        judge: immutable_is_kept,
    },
    Check {
        id: "put-creates-nothing",
        rule: "PUT does not create resources",
        stakes: &[Stake::must("RFC 7644 3.2, 3.5.1")],
        requirements: &["rfc7644-3.2-put-no-create"],
        texts: texts!("put-creates-nothing"),
        judge: put_creates_nothing,
    },
    Check {
        id: "lists-show-the-whole",
        rule: "a list shows a resource with the attributes that reading it by its id shows",
        stakes: &[Stake::must("RFC 7644 3.4.2, 3.9")],
        requirements: &["rfc7644-3.4-default-returned-set"],
        texts: texts!("lists-show-the-whole"),
        judge: lists_show_the_whole,
    },
];

/// What may change although nobody writes to the resource: what the server computes from others.
pub(super) fn computed() -> Options {
    let mut ignored: Vec<String> = ["meta", "groups", "members.display", "members.$ref"]
        .map(str::to_owned)
        .into();
    for manager in [
        "manager".to_owned(),
        format!("{}:manager", urn::ENTERPRISE_USER),
    ] {
        ignored.push(format!("{manager}.displayName"));
        ignored.push(format!("{manager}.$ref"));
    }
    Options {
        ignored,
        ..Options::default()
    }
}

fn changes(
    before: &Map<String, Value>,
    now: &Map<String, Value>,
) -> Vec<crate::finding::Difference> {
    let (before, now) = (Value::Object(before.clone()), Value::Object(now.clone()));
    differences(&before, &now, &computed())
        .into_iter()
        .map(Into::into)
        .collect()
}

fn refused_changes_nothing(seen: &Seen<'_>) -> Judged {
    if !seen.is("GET") || !seen.address.is_resource() || seen.is_projected() || seen.crowded {
        return Judged::Silent;
    }
    let (Some(resource), Some(known)) = (seen.resource(), seen.addressed()) else {
        return Judged::Silent;
    };
    let Some((method, status)) = &known.refused else {
        return Judged::Silent;
    };
    if !seen.history.is_current(known) {
        return Judged::Silent;
    }
    let changed = changes(&known.body, resource.body);
    match changed.is_empty() {
        true => Judged::Holds,
        false => Judged::Broken(vec![Fault {
            message: format!(
                "a {method} that was refused with {status} has changed the resource all the same"
            ),
            differences: changed,
        }]),
    }
}

fn reading_changes_nothing(seen: &Seen<'_>) -> Judged {
    if !seen.is("GET") || !seen.address.is_resource() || seen.is_projected() || seen.crowded {
        return Judged::Silent;
    }
    let (Some(resource), Some(known)) = (seen.resource(), seen.addressed()) else {
        return Judged::Silent;
    };
    // Only of our own resources is it sure that nobody else wrote to them.
    if !known.was_read
        || !known.is_ours
        || known.refused.is_some()
        || !seen.history.is_current(known)
    {
        return Judged::Silent;
    }
    let changed = changes(&known.body, resource.body);
    match changed.is_empty() {
        true => Judged::Holds,
        false => Judged::Broken(vec![Fault {
            message: "the resource has changed between two readings, and nothing was written"
                .to_owned(),
            differences: changed,
        }]),
    }
}

/// Attributes that a write cannot be expected to set.
const NOT_WRITTEN: [&str; 5] = ["id", "meta", "schemas", "groups", "password"];

fn answer_shows_the_change(seen: &Seen<'_>) -> Judged {
    let is_put = seen.is("PUT");
    if !(is_put || seen.is("PATCH")) || seen.status() != 200 || seen.is_projected() || seen.crowded
    {
        return Judged::Silent;
    }
    if !seen.address.is_resource() || seen.address.endpoint == Some("Me") {
        return Judged::Silent;
    }
    let (Some(resource), Some(sent)) = (seen.resource(), seen.sent().and_then(Value::as_object))
    else {
        return Judged::Silent;
    };
    let given = match is_put {
        true => plain_values(sent),
        false => given_by_patch(sent),
    };
    let mut judged = false;
    let mut faults = Vec::new();
    for (name, value) in given {
        // An attribute that the server does not have at all may be left out; one that it shows must show this.
        let shown = match value_at(resource, &name) {
            Some(shown) => shown,
            None => continue,
        };
        judged = true;
        let same = equal(value, shown) || same_as_text(value, shown);
        if !same {
            faults.push(Fault {
                message: format!(
                    "the answer does not show the `{name}` that the {} gave",
                    seen.request().method
                ),
                differences: vec![differs(name, value.clone(), Some(shown))],
            });
        }
    }
    Judged::among(judged, faults)
}

/// `"True"` that was sent and `true` that is shown are the same value, read tolerantly (entra.md 5).
fn same_as_text(sent: &Value, shown: &Value) -> bool {
    match (sent, shown) {
        (Value::String(sent), Value::Bool(shown)) => sent.eq_ignore_ascii_case(&shown.to_string()),
        (Value::String(sent), Value::Number(shown)) => *sent == shown.to_string(),
        _ => false,
    }
}

/// Members of an object whose value is a text, a number or a boolean: their meaning does not depend on anything else.
fn plain_values(object: &Map<String, Value>) -> Vec<(String, &Value)> {
    let mut values = Vec::new();
    for (name, value) in object {
        let written = !NOT_WRITTEN.iter().any(|own| own.eq_ignore_ascii_case(name));
        let plain = matches!(value, Value::Bool(_) | Value::Number(_))
            || value.as_str().is_some_and(|text| !text.is_empty());
        if written && plain && !urn::is_urn(name) && !name.contains(['.', '[']) {
            values.push((name.clone(), value));
        }
    }
    values
}

/// The plain values that the operations of a PATCH leave behind: the last one of each attribute counts.
fn given_by_patch(message: &Map<String, Value>) -> Vec<(String, &Value)> {
    let operations = member(message, "Operations").and_then(Value::as_array);
    let mut given: Vec<(String, &Value)> = Vec::new();
    for operation in operations
        .into_iter()
        .flatten()
        .filter_map(Value::as_object)
    {
        let text = |key: &str| member(operation, key).and_then(Value::as_str);
        let op = text("op").unwrap_or_default().to_ascii_lowercase();
        let path = text("path").map(|path| path.rsplit(':').next().unwrap_or_default());
        let value = member(operation, "value");
        let new: Vec<(String, &Value)> = match (op.as_str(), path, value) {
            ("add" | "replace", None, Some(Value::Object(object))) => plain_values(object),
            ("add" | "replace", Some(path), Some(value))
                if path.chars().all(|letter| letter.is_ascii_alphanumeric())
                    && !text("path").is_some_and(urn::is_urn)
                    && !NOT_WRITTEN.iter().any(|own| own.eq_ignore_ascii_case(path))
                    && (value.is_boolean()
                        || value.is_number()
                        || value.as_str().is_some_and(|text| !text.is_empty())) =>
            {
                vec![(path.to_owned(), value)]
            }
            // Whatever else it does may touch what was given before.
            _ => {
                given.clear();
                continue;
            }
        };
        for (name, value) in new {
            given.retain(|(earlier, _)| !earlier.eq_ignore_ascii_case(&name));
            given.push((name, value));
        }
    }
    given
}

fn value_at<'a>(resource: Resource<'a>, name: &str) -> Option<&'a Value> {
    let value = resource.get(name)?;
    matches!(value, Value::Bool(_) | Value::Number(_) | Value::String(_)).then_some(value)
}

fn immutable_is_kept(seen: &Seen<'_>) -> Judged {
    if !seen.address.is_resource() || seen.is_projected() {
        return Judged::Silent;
    }
    let (Some(resource), Some(known)) = (seen.resource(), seen.addressed()) else {
        return Judged::Silent;
    };
    let schemas = resource.get("schemas").and_then(Value::as_array);
    let immutable = schemas
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .filter_map(|schema| seen.history.definition(schema))
        .flat_map(|schema| &schema.attributes)
        // The elements of `members` may come and go although their parts are immutable; a whole attribute may not.
        .filter(|attribute| {
            attribute.mutability == Mutability::Immutable && !attribute.multi_valued
        });
    let mut judged = false;
    for attribute in immutable {
        let before = member(&known.body, &attribute.name).filter(|value| !is_absent(value));
        let (Some(before), Some(now)) = (before, resource.get(&attribute.name)) else {
            continue;
        };
        judged = true;
        if !equal(before, now) {
            return Judged::broken(
                format!(
                    "`{}` is declared immutable, and its value has changed",
                    attribute.name
                ),
                differs(attribute.name.as_str(), before.clone(), Some(now)),
            );
        }
    }
    Judged::among(judged, Vec::new())
}

fn put_creates_nothing(seen: &Seen<'_>) -> Judged {
    if !seen.is("PUT") || !seen.address.is_resource() {
        return Judged::Silent;
    }
    match seen.status() {
        201 => Judged::broken(
            "PUT has created a resource",
            differs("status", 404, Some(&Value::from(201))),
        ),
        _ => Judged::Holds,
    }
}

fn lists_show_the_whole(seen: &Seen<'_>) -> Judged {
    if !seen.succeeded() || seen.is_projected() || seen.crowded || !seen.is_list() {
        return Judged::Silent;
    }
    let mut judged = false;
    for resource in seen.resources() {
        let Some(known) = seen.known(&resource) else {
            continue;
        };
        if !known.was_read || !known.is_ours || !seen.history.is_current(known) {
            continue;
        }
        judged = true;
        let missing = known.body.iter().find(|(name, value)| {
            let computed = ["meta", "groups"]
                .iter()
                .any(|own| own.eq_ignore_ascii_case(name));
            !computed && !is_absent(value) && resource.get(name).is_none_or(is_absent)
        });
        if let Some((name, value)) = missing {
            return Judged::broken(
                format!("the list leaves out `{name}`, which reading by id shows"),
                differs(resource.path(name), value.clone(), resource.get(name)),
            );
        }
    }
    Judged::among(judged, Vec::new())
}
