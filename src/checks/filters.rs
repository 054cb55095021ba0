//! Checks of what a query selects and how it sorts.

use serde_json::{Map, Value};

use crate::checks::kept::Candidate;
use crate::checks::ordering::order;
use crate::checks::seen::{Resource, Seen, differs};
use crate::checks::{Check, Fault, Judged, Stake, texts};
use crate::finding::{Difference, Strength};
use crate::scim::filter::{Filter, Node};
use crate::scim::locate::member;
use crate::scim::path::AttributePath;
use crate::scim::schema::{ResourceType, Schemas};
use crate::scim::urn;

pub(super) const CHECKS: &[Check] = &[
    Check {
        id: "filter-is-kept",
        rule: "a query lists only resources that meet its filter",
        stakes: &[
            Stake::must("RFC 7644 3.4.2.2"),
            Stake::okta(Strength::Must, "okta.md 2.1 [doc]"),
            Stake::entra(Strength::Must, "entra.md 3.2 [doc]"),
        ],
        requirements: &["rfc7644-3.4.2.2-only-matching-returned"],
        texts: texts!("filter-is-kept"),
        judge: filter_is_kept,
    },
    Check {
        id: "sorting-is-kept",
        rule: "a server that says it sorts lists resources in the order that was asked for",
        stakes: &[Stake::must("RFC 7644 3.4.2.3")],
        requirements: &[
            "rfc7644-3.4.2.3-ascending-default",
            "rfc7644-3.4.2.3-descending",
        ],
        texts: texts!("sorting-is-kept"),
        judge: sorting_is_kept,
    },
];

/// The resources of a list that answers a query.
fn listed<'a>(seen: &Seen<'a>) -> Vec<Resource<'a>> {
    match seen.list() {
        Some(_) => seen.resources(),
        None => Vec::new(),
    }
}

fn filter_is_kept(seen: &Seen<'_>) -> Judged {
    if !seen.is_query() || seen.status() != 200 || seen.query().is_unclear {
        return Judged::Silent;
    }
    let Some(filter) = &seen.query().filter else {
        return Judged::Silent;
    };
    let is_whole = !seen.is_projected();
    let mut told = seen.list().is_some_and(|list| list.resources.is_empty());
    let mut strangers: Vec<Difference> = Vec::new();
    for resource in listed(seen) {
        let candidate = Candidate {
            body: resource.body,
            is_whole,
        };
        match candidate.meets(filter) {
            None => {}
            Some(true) => told = true,
            Some(false) => {
                told = true;
                if strangers.len() < 5 {
                    strangers.push(stranger(&resource, filter));
                }
            }
        }
    }
    match (strangers.is_empty(), told) {
        (true, true) => Judged::Holds,
        (true, false) => Judged::Silent,
        (false, _) => Judged::Broken(vec![Fault {
            message: "the query lists resources that do not meet its filter".to_owned(),
            differences: strangers,
        }]),
    }
}

/// Shows by which attribute a resource does not belong into the list.
fn stranger(resource: &Resource<'_>, filter: &Filter) -> Difference {
    let path = first_path(filter);
    let received = path
        .filter(|path| path.urn.is_none())
        .and_then(|path| resource.get(&path.name));
    let name = path.map_or_else(|| "id".to_owned(), |path| path.name.clone());
    differs(resource.path(&name), filter.to_string(), received)
}

fn first_path(filter: &Filter) -> Option<&AttributePath> {
    match &filter.node {
        Node::And(parts) | Node::Or(parts) => parts.first().and_then(first_path),
        Node::Not(inner) => first_path(inner),
        Node::Present(path) | Node::Compare { path, .. } | Node::Within { path, .. } => Some(path),
    }
}

/// Whether the configuration says that the server sorts. Without it a server may list in its own order.
fn sorts(seen: &Seen<'_>) -> bool {
    let configuration = seen.history.configuration();
    let supported = configuration.and_then(|body| body.get("sort")?.get("supported"));
    supported == Some(&Value::Bool(true))
}

fn sorting_is_kept(seen: &Seen<'_>) -> Judged {
    if !seen.is_query() || seen.status() != 200 || seen.query().is_unclear || !sorts(seen) {
        return Judged::Silent;
    }
    let query = seen.query();
    let kind = match seen.address.endpoint {
        Some("Users") => urn::USER,
        Some("Groups") => urn::GROUP,
        _ => return Judged::Silent,
    };
    let mut types = Schemas::core().types().iter();
    let (Some(path), Some(kind)) = (&query.sort_by, types.find(|known| known.schema == kind))
    else {
        return Judged::Silent;
    };
    let Some(attribute) = Schemas::core()
        .resolve(kind, path)
        .and_then(|found| found.target())
    else {
        return Judged::Silent;
    };
    let resources = listed(seen);
    let keys: Vec<Option<&Value>> = resources
        .iter()
        .map(|resource| key_of(resource.body, path, kind))
        .collect();
    let mut told = false;
    for (index, pair) in keys.windows(2).enumerate() {
        let (Some(left), Some(right)) = (pair[0], pair[1]) else {
            continue;
        };
        let Some(order) = order(left, right, attribute.case_exact) else {
            continue;
        };
        told = true;
        let wrong = match query.descending {
            true => order.is_lt(),
            false => order.is_gt(),
        };
        if wrong {
            let way = match query.descending {
                true => "descending",
                false => "ascending",
            };
            let before = match query.descending {
                true => "at most",
                false => "at least",
            };
            return Judged::broken(
                format!("the list is not sorted by `{path}`, {way}"),
                differs(
                    resources[index + 1].path(&path.to_string()),
                    format!("{before} {left}"),
                    Some(right),
                ),
            );
        }
    }
    match told {
        true => Judged::Holds,
        false => Judged::Silent,
    }
}

/// The value by which a resource is sorted: of several the primary one, else the first (RFC 7644 3.4.2.3).
fn key_of<'a>(
    body: &'a Map<String, Value>,
    path: &AttributePath,
    kind: &ResourceType,
) -> Option<&'a Value> {
    let home = match &path.urn {
        Some(schema) if !urn::same(schema, &kind.schema) => member(body, schema)?.as_object()?,
        _ => body,
    };
    let value = member(home, &path.name)?;
    let one = match value {
        Value::Array(items) => {
            let is_primary = |item: &&Value| item.get("primary") == Some(&Value::Bool(true));
            items.iter().find(is_primary).or_else(|| items.first())?
        }
        other => other,
    };
    match (&path.sub, one) {
        (Some(sub), Value::Object(members)) => member(members, sub),
        (None, Value::Object(members)) => member(members, "value"),
        (_, simple) => Some(simple),
    }
}
