//! Checks of `attributes` and `excludedAttributes`.

use serde_json::{Map, Value};

use crate::checks::seen::{Seen, differs};
use crate::checks::{Check, Fault, Judged, Stake, texts};
use crate::finding::{Authority, Strength};
use crate::scim::locate::member;
use crate::scim::urn;

pub(super) const CHECKS: &[Check] = &[
    Check {
        id: "excluded-is-left-out",
        rule: "what `excludedAttributes` names is not in the answer",
        stakes: &[
            Stake::must("RFC 7644 3.4.2.5"),
            Stake {
                authority: Authority::Entra,
                strength: Strength::Should,
                source: "entra.md 7 [doc]",
            },
        ],
        requirements: &["rfc7644-3.4.2.5-excluded-supported"],
        texts: texts!("excluded-is-left-out"),
        judge: excluded_is_left_out,
    },
    Check {
        id: "only-what-was-asked",
        rule: "with `attributes`, an answer has these, what is always returned, and nothing else",
        stakes: &[Stake::must("RFC 7644 3.4.2.5, 3.9")],
        requirements: &["rfc7644-3.4.2.5-attributes-supported"],
        texts: texts!("only-what-was-asked"),
        judge: only_what_was_asked,
    },
    Check {
        id: "id-is-always-returned",
        rule: "`id` is in every representation, whatever attributes are asked for",
        stakes: &[Stake::must("RFC 7643 3.1")],
        requirements: &["rfc7643-3.1-id-returned-always"],
        texts: texts!("id-is-always-returned"),
        judge: id_is_always_returned,
    },
];

/// The names in a parameter, in lower case, without the URN of a core schema.
fn names_of(seen: &Seen<'_>, parameter: &str) -> Vec<String> {
    let sent = match seen.address.is_search() {
        true => seen.sent().and_then(|sent| sent.get(parameter)),
        false => None,
    };
    let names: Vec<String> = match sent {
        Some(Value::Array(names)) => names
            .iter()
            .filter_map(Value::as_str)
            .map(str::to_owned)
            .collect(),
        _ => {
            let list = seen.address.parameter(parameter).unwrap_or_default();
            list.split(',').map(str::to_owned).collect()
        }
    };
    let core = [urn::USER, urn::GROUP].map(|urn| format!("{}:", urn.to_ascii_lowercase()));
    names
        .into_iter()
        .map(|name| {
            let name = name.trim().to_ascii_lowercase();
            let own = core
                .iter()
                .find_map(|core| name.strip_prefix(core.as_str()));
            own.map_or(name.clone(), str::to_owned)
        })
        .filter(|name| !name.is_empty())
        .collect()
}

/// Whether the resource's schemas, as far as they are known, say that an attribute is always returned.
fn is_always(seen: &Seen<'_>, name: &str) -> bool {
    ["id", "schemas"].contains(&name)
        || seen.history.schemas().values().any(|schema| {
            let attributes = schema.get("attributes").and_then(Value::as_array);
            attributes.into_iter().flatten().any(|attribute| {
                let text = |key: &str| attribute.get(key).and_then(Value::as_str);
                text("name").is_some_and(|own| own.eq_ignore_ascii_case(name))
                    && text("returned")
                        .is_some_and(|returned| returned.eq_ignore_ascii_case("always"))
            })
        })
}

fn excluded_is_left_out(seen: &Seen<'_>) -> Judged {
    if !seen.succeeded() || !seen.is_projected() {
        return Judged::Silent;
    }
    let names = names_of(seen, "excludedAttributes");
    let resources = seen.resources();
    if names.is_empty() || resources.is_empty() || !names_of(seen, "attributes").is_empty() {
        return Judged::Silent;
    }
    let mut faults = Vec::new();
    for name in names.iter().filter(|name| !is_always(seen, name)) {
        for resource in &resources {
            let Some((shown, value)) = found(resource.body, name) else {
                continue;
            };
            faults.push(Fault {
                message: format!(
                    "`{shown}` is in the answer, although `excludedAttributes` names it"
                ),
                differences: vec![differs(resource.path(&shown), Value::Null, Some(value))],
            });
            break;
        }
    }
    Judged::of(faults)
}

/// An attribute or sub-attribute by its lower-case path, and how the answer spells it.
fn found<'a>(body: &'a Map<String, Value>, path: &str) -> Option<(String, &'a Value)> {
    if let Some((key, value)) = body.iter().find(|(key, _)| key.eq_ignore_ascii_case(path)) {
        return Some((key.clone(), value));
    }
    let (outer, inner) = match urn::is_urn(path) {
        true => path.rsplit_once(':')?,
        false => path.split_once('.')?,
    };
    let (key, value) = body
        .iter()
        .find(|(key, _)| key.eq_ignore_ascii_case(outer))?;
    let one = |object: &'a Map<String, Value>| found(object, inner);
    let (name, value) = match value {
        Value::Object(object) => one(object)?,
        Value::Array(items) => items.iter().filter_map(Value::as_object).find_map(one)?,
        _ => return None,
    };
    Some((format!("{key}.{name}"), value))
}

fn only_what_was_asked(seen: &Seen<'_>) -> Judged {
    if !seen.succeeded() || !seen.is_projected() {
        return Judged::Silent;
    }
    let names = names_of(seen, "attributes");
    let resources = seen.resources();
    let excluded = !names_of(seen, "excludedAttributes").is_empty();
    if names.is_empty() || resources.is_empty() || excluded {
        return Judged::Silent;
    }
    let asked = |shown: &str| {
        names.iter().any(|name| {
            let whole = name.eq_ignore_ascii_case(shown);
            let part = name
                .get(..shown.len())
                .is_some_and(|start| start.eq_ignore_ascii_case(shown))
                && name[shown.len()..].starts_with(['.', ':', '[']);
            whole || part
        })
    };
    for resource in &resources {
        // Some servers give `meta` with every resource; whether it is `always` is in no schema (RFC 7643 3.1).
        let more = resource.body.iter().find(|(name, _)| {
            let name = name.to_ascii_lowercase();
            !asked(&name) && name != "meta" && !is_always(seen, &name)
        });
        if let Some((name, value)) = more {
            return Judged::broken(
                "the answer has attributes that `attributes` does not name",
                differs(resource.path(name), Value::Null, Some(value)),
            );
        }
    }
    Judged::Holds
}

fn id_is_always_returned(seen: &Seen<'_>) -> Judged {
    if !seen.succeeded() || !seen.is_projected() {
        return Judged::Silent;
    }
    let resources = seen.resources();
    if resources.is_empty() {
        return Judged::Silent;
    }
    let without = resources
        .iter()
        .find(|resource| member(resource.body, "id").is_none_or(Value::is_null));
    match without {
        None => Judged::Holds,
        Some(resource) => Judged::broken(
            "a representation with chosen attributes has no `id`",
            differs(resource.path("id"), "a text", None),
        ),
    }
}
