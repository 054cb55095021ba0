//! Checks of list answers: their envelope and what they say of themselves.

use serde_json::Value;

use crate::checks::seen::{Seen, differs};
use crate::checks::{Check, Fault, Judged, Stake, texts};
use crate::finding::Strength;
use crate::scim::locate::member;
use crate::scim::urn;

pub(super) const CHECKS: &[Check] = &[
    Check {
        id: "query-answers-list",
        rule: "a query is answered with a list, whatever it finds",
        stakes: &[
            Stake::must("RFC 7644 3.4.2"),
            Stake::okta(Strength::Must, "okta.md 1.2, 1.3 [doc]"),
            Stake::entra(Strength::Must, "entra.md 8.1 [doc]"),
        ],
        requirements: &["rfc7644-3.4.2-listresponse-schema"],
        texts: texts!("query-answers-list"),
        judge: query_answers_list,
    },
    Check {
        id: "list-names-its-schema",
        rule: "a list says by its `schemas` that it is a list",
        stakes: &[
            Stake::must("RFC 7644 3.4.2"),
            Stake::okta(Strength::Must, "okta.md 1.2 [doc]"),
            Stake::entra(Strength::Must, "entra.md 8.2 [doc]"),
        ],
        requirements: &["rfc7644-3.4.2-listresponse-schema"],
        texts: texts!("list-names-its-schema"),
        judge: list_names_its_schema,
    },
    Check {
        id: "list-has-total",
        rule: "a list says in `totalResults` how many results there are",
        stakes: &[
            Stake::must("RFC 7644 3.4.2"),
            Stake::okta(Strength::Must, "okta.md 5.1 [doc]"),
            Stake::entra(Strength::Must, "entra.md 8.2 [doc]"),
        ],
        requirements: &["rfc7644-3.4.2-totalresults-required"],
        texts: texts!("list-has-total"),
        judge: list_has_total,
    },
    Check {
        id: "list-counters-are-numbers",
        rule: "the counters of a list are whole numbers, not texts",
        stakes: &[
            Stake::must("RFC 7644 3.4.2, 3.4.2.4"),
            Stake::okta(Strength::Must, "okta.md 1.2 [doc]"),
            Stake::entra(Strength::Must, "entra.md 8.2 [doc]"),
        ],
        requirements: &["rfc7644-3.4.2.4-integers-not-strings"],
        texts: texts!("list-counters-are-numbers"),
        judge: list_counters_are_numbers,
    },
    Check {
        id: "list-holds-resources",
        rule: "`Resources` is an array of resources, and is there where there are results",
        stakes: &[
            Stake::must("RFC 7644 3.4.2"),
            Stake::okta(Strength::Must, "okta.md 1.2 [doc]"),
            Stake::entra(Strength::Must, "entra.md 8.2 [doc]"),
        ],
        requirements: &["rfc7644-3.4.2-resources-required"],
        texts: texts!("list-holds-resources"),
        judge: list_holds_resources,
    },
    Check {
        id: "list-members-as-written",
        rule: "the members of a list are written as the RFC writes them",
        stakes: &[
            Stake::should("RFC 7644 3.4.2"),
            Stake::okta(Strength::Should, "okta.md 1.2 [doc]"),
        ],
        requirements: &[],
        texts: texts!("list-members-as-written"),
        judge: list_members_as_written,
    },
    Check {
        id: "listed-once",
        rule: "a page lists a resource once",
        stakes: &[
            Stake::must("RFC 7644 3.4.2"),
            Stake::okta(Strength::Must, "okta.md 2.1 [doc]"),
            Stake::entra(Strength::Must, "entra.md 3.2 [doc]"),
        ],
        requirements: &[],
        texts: texts!("listed-once"),
        judge: listed_once,
    },
];

/// The members of a list as RFC 7644 3.4.2 and RFC 9865 write them.
const MEMBERS: [&str; 7] = [
    "schemas",
    "totalResults",
    "Resources",
    "startIndex",
    "itemsPerPage",
    "nextCursor",
    "previousCursor",
];

/// What a value is, for people.
pub(super) fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}

fn query_answers_list(seen: &Seen<'_>) -> Judged {
    if seen.status() != 200 || !seen.is_query() || seen.is_error() {
        return Judged::Silent;
    }
    let Some(body) = seen.json() else {
        return Judged::Silent;
    };
    let what = match body {
        Value::Object(_) if seen.is_list() => return Judged::Holds,
        Value::Object(object) if member(object, "id").is_some() => "with one resource",
        Value::Object(_) => "with an object that is no list",
        Value::Array(_) => "with a bare array",
        Value::Null => "with null",
        _ => "with a bare value",
    };
    Judged::broken(
        format!("a query is answered {what}, not with a list"),
        differs(
            "",
            "a ListResponse with `totalResults` and `Resources`",
            Some(body),
        ),
    )
}

fn list_names_its_schema(seen: &Seen<'_>) -> Judged {
    let Some(list) = seen.list() else {
        return Judged::Silent;
    };
    let mut schemas = seen.schemas();
    match schemas.any(|schema| urn::same(schema, urn::LIST_RESPONSE)) {
        true => Judged::Holds,
        false => Judged::broken(
            "the list does not say in `schemas` that it is one",
            differs(
                "schemas",
                vec![urn::LIST_RESPONSE],
                member(list.body, "schemas"),
            ),
        ),
    }
}

fn list_has_total(seen: &Seen<'_>) -> Judged {
    let Some(list) = seen.list() else {
        return Judged::Silent;
    };
    match member(list.body, "totalResults") {
        Some(total) if !total.is_null() => Judged::Holds,
        // RFC 9865 2: with cursors the server need not know.
        _ if seen.query().has_cursor || member(list.body, "nextCursor").is_some() => Judged::Silent,
        total => Judged::broken(
            "the list has no `totalResults`",
            differs("totalResults", "the number of all results", total),
        ),
    }
}

fn list_counters_are_numbers(seen: &Seen<'_>) -> Judged {
    let Some(list) = seen.list() else {
        return Judged::Silent;
    };
    let mut faults = Vec::new();
    for name in ["totalResults", "startIndex", "itemsPerPage"] {
        let Some(value) = member(list.body, name).filter(|value| !value.is_null()) else {
            continue;
        };
        let what = match value {
            Value::Number(number) if number.is_u64() => continue,
            // RFC 7643 2.3.4: no fraction, no exponent.
            Value::Number(number) if number.is_f64() => "a number with a fraction",
            Value::Number(_) => "below zero",
            other => kind_of(other),
        };
        faults.push(Fault {
            message: format!("`{name}` is {what}, not a whole number"),
            differences: vec![differs(name, "a whole number", Some(value))],
        });
    }
    Judged::of(faults)
}

fn list_holds_resources(seen: &Seen<'_>) -> Judged {
    let Some(list) = seen.list() else {
        return Judged::Silent;
    };
    let array = "an array of resources";
    match member(list.body, "Resources") {
        Some(Value::Array(items)) => match items.iter().position(|item| !item.is_object()) {
            None => Judged::Holds,
            Some(index) => Judged::broken(
                format!("`Resources` lists {}, not objects", kind_of(&items[index])),
                differs(
                    format!("Resources[{index}]"),
                    "a resource",
                    Some(&items[index]),
                ),
            ),
        },
        None | Some(Value::Null) => {
            let query = seen.query();
            let total = list.counter("totalResults").unwrap_or(0);
            let in_range = query.first() <= total && query.most() != Some(0);
            match total > 0 && in_range && !query.is_unclear && !query.has_cursor {
                false => Judged::Holds,
                true => Judged::broken(
                    "there are results, but no `Resources`",
                    differs("Resources", array, member(list.body, "Resources")),
                ),
            }
        }
        other => Judged::broken(
            format!("`Resources` is {}, not an array", other.map_or("", kind_of)),
            differs("Resources", array, other),
        ),
    }
}

fn list_members_as_written(seen: &Seen<'_>) -> Judged {
    let Some(list) = seen.list() else {
        return Judged::Silent;
    };
    let faults = list.body.keys().filter_map(|key| {
        let known = MEMBERS
            .into_iter()
            .find(|known| known.eq_ignore_ascii_case(key))?;
        (known != key).then(|| Fault {
            message: format!("the list has `{key}`, which the RFC writes `{known}`"),
            differences: vec![differs(known, known, Some(&key.as_str().into()))],
        })
    });
    Judged::of(faults.collect())
}

fn listed_once(seen: &Seen<'_>) -> Judged {
    let Some(list) = seen.list().filter(|list| list.resources.len() > 1) else {
        return Judged::Silent;
    };
    let mut ids: Vec<(&str, usize)> = list
        .resources
        .iter()
        .enumerate()
        .filter_map(|(index, resource)| {
            let id = member(resource.as_object()?, "id")?.as_str()?;
            Some((id, index))
        })
        .collect();
    ids.sort_unstable();
    let twice: Vec<_> = ids
        .windows(2)
        .filter(|pair| pair[0].0 == pair[1].0)
        .take(5)
        .map(|pair| {
            differs(
                format!("Resources[{}].id", pair[1].1),
                "another resource",
                Some(&pair[1].0.into()),
            )
        })
        .collect();
    match twice.is_empty() {
        true => Judged::Holds,
        false => Judged::Broken(vec![Fault {
            message: "a page lists the same resource more than once".to_owned(),
            differences: twice,
        }]),
    }
}
