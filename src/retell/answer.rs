//! Answers: what is kept of them, what is expected in them, and what a read-back after them looks at.

use serde_json::Value;

use super::attribute::{Owner, owner_of};
use super::body::tree;
use super::fold::Asked;
use super::people::{id_of, text};
use super::prepare::{location_id, operations};
use super::telling::{Read, Telling};
use crate::scenario::flow;
use crate::scenario::template::Tree;

/// Resources of one list whose ids may be used later.
const LISTED: usize = 500;
/// Members that only the target gives, in a resource or its `meta`.
const GIVEN: [&str; 4] = ["location", "version", "created", "lastModified"];
/// Members of a list that lead to another page (RFC 9865 3.3).
const CURSORS: [&str; 2] = ["nextCursor", "previousCursor"];

/// What later requests may use of the answer: name and where it is found.
pub(super) fn captures<'a>(
    telling: &mut Telling<'_, 'a>,
    index: usize,
    asked: &'a Asked<'a>,
    expected: &[u16],
) -> Vec<(String, String)> {
    let owner = owner_of(asked.address.endpoint());
    let mut keep = Vec::new();
    let Some(response) = asked.exchange.response() else {
        return keep;
    };
    if asked.is_accepted() {
        for (place, resource) in asked.resources().into_iter().take(LISTED) {
            let Some(id) = id_of(resource) else { continue };
            let alias = alias_of(telling, owner, asked, &id);
            capture(
                telling,
                &mut keep,
                &id,
                &format!("{alias}.id"),
                format!("{place}.id"),
            );
            for name in GIVEN {
                let value = resource.get("meta").and_then(|meta| text(meta, name));
                if let Some(value) = value {
                    let from = format!("{place}.meta.{name}");
                    capture(telling, &mut keep, value, &format!("{alias}.{name}"), from);
                }
            }
            references(telling, &mut keep, resource, &place, &alias);
            let name = format!("read{}", index + 1);
            let is_one = place == "$" || asked.address.looked_up().is_some();
            if asked.method() == "GET" && is_one {
                keep.push((name.clone(), place));
                telling.reads.insert(
                    id,
                    Read {
                        name,
                        document: resource,
                    },
                );
            }
        }
        if asked.accepted().is_none() && asked.method() == "POST" {
            created_elsewhere(telling, &mut keep, asked, owner);
        }
        for name in CURSORS {
            if let Some(cursor) = asked.accepted().and_then(|answer| text(answer, name)) {
                capture(telling, &mut keep, cursor, name, format!("$.{name}"));
            }
        }
        for (place, operation) in operations(asked.accepted()).enumerate() {
            if let Some(location) = text(operation, "location") {
                let from = format!("$.Operations[{place}].location");
                let name = capture(telling, &mut keep, location, "bulk.location", from);
                let id = location.rsplit('/').next().unwrap_or_default().to_owned();
                if let Some(name) = name {
                    telling.addresses.insert(id, name);
                }
            }
        }
    } else if asked.method() == "POST" && expected.iter().any(|status| *status < 300) {
        // It should have been created, and what comes next wants to know how it is called.
        if let Some(alias) = person_or_group(telling, owner, asked, "") {
            keep.push((format!("{alias}.id"), "$.id".to_owned()));
        }
    }
    if let Some(tag) = response.header("etag") {
        let id = asked.address.id().map(str::to_owned);
        let id = id
            .or_else(|| asked.accepted().and_then(id_of))
            .unwrap_or_default();
        let alias = alias_of(telling, owner, asked, &id);
        capture(
            telling,
            &mut keep,
            tag,
            &format!("{alias}.etag"),
            "header etag".to_owned(),
        );
        if let Some(opaque) = tag.strip_prefix("W/") {
            let name = format!("{alias}.tag");
            capture(telling, &mut keep, opaque, &name, "opaque-tag".to_owned());
        }
    }
    keep
}

/// A create without a body: what it made is known by its address alone.
fn created_elsewhere(
    telling: &mut Telling<'_, '_>,
    keep: &mut Vec<(String, String)>,
    asked: &Asked<'_>,
    owner: Owner,
) {
    let location = asked
        .exchange
        .response()
        .and_then(|response| response.header("location"));
    if let (Some(location), Some(id)) = (location, location_id(asked)) {
        let alias = alias_of(telling, owner, asked, &id);
        let name = format!("{alias}.location");
        let from = "header location".to_owned();
        if let Some(name) = capture(telling, keep, location, &name, from) {
            telling.addresses.insert(id, name);
        }
    }
}

fn capture(
    telling: &mut Telling<'_, '_>,
    keep: &mut Vec<(String, String)>,
    value: &str,
    name: &str,
    from: String,
) -> Option<String> {
    let name = telling.known.capture(value, name)?;
    keep.push((name.clone(), from));
    Some(name)
}

/// Addresses of other resources, and ids of what is no user and no group.
fn references(
    telling: &mut Telling<'_, '_>,
    keep: &mut Vec<(String, String)>,
    resource: &Value,
    place: &str,
    alias: &str,
) {
    for list in ["members", "groups"] {
        let elements = resource.get(list).and_then(Value::as_array);
        for (index, element) in elements.into_iter().flatten().take(LISTED).enumerate() {
            for part in ["value", "$ref"] {
                let Some(value) = text(element, part) else {
                    continue;
                };
                let from = match part {
                    "$ref" => format!("{place}.{list}[{index}]['$ref']"),
                    part => format!("{place}.{list}[{index}].{part}"),
                };
                let name = format!("{alias}.{list}.{}", part.trim_start_matches('$'));
                capture(telling, keep, value, &name, from);
            }
        }
    }
}

/// What the resource of that id is called.
fn alias_of(telling: &Telling<'_, '_>, owner: Owner, asked: &Asked<'_>, id: &str) -> String {
    if let Some(alias) = person_or_group(telling, owner, asked, id) {
        return alias;
    }
    let endpoint: String = asked
        .address
        .endpoint()
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .take(30)
        .collect();
    let endpoint = endpoint.to_lowercase();
    match endpoint.strip_suffix('s').unwrap_or(&endpoint) {
        "" => "resource".to_owned(),
        // A person may be called so, too.
        endpoint => format!("{endpoint}-found"),
    }
}

pub(super) fn person_or_group(
    telling: &Telling<'_, '_>,
    owner: Owner,
    asked: &Asked<'_>,
    id: &str,
) -> Option<String> {
    let cast = &telling.cast;
    let created = asked.method() == "POST" && asked.address.id().is_none();
    let name = |key| {
        asked
            .body
            .as_ref()
            .filter(|_| created)
            .and_then(|body| text(body, key))
    };
    match owner {
        Owner::User => cast
            .person_of(id)
            .or_else(|| cast.named(name("userName")?))
            .map(|person| cast.people[person].alias.clone()),
        Owner::Group => cast
            .group_of(id)
            .or_else(|| cast.group_called(name("displayName")?))
            .map(|group| cast.groups[group].alias.clone()),
        Owner::Other => None,
    }
}

/// Members of the answer that carry the story: what was found, who it is and whether it is active.
pub(super) fn body(
    telling: &mut Telling<'_, '_>,
    asked: &Asked<'_>,
    pair: Option<&Asked<'_>>,
) -> Option<String> {
    let answer = asked.exchange.response()?.json()?;
    let mut members: Vec<(String, String)> = Vec::new();
    if !asked.is_accepted() {
        if let Some(kind) = text(answer, "scimType") {
            members.push(("scimType".to_owned(), flow::quoted(kind)));
        }
        return mapping(members);
    }
    if answer.get("Resources").is_some() || answer.get("totalResults").is_some() {
        let total = answer.get("totalResults").and_then(Value::as_u64);
        // How many there are besides is the business of the target.
        let twice = pair.and_then(|pair| pair.accepted()?.get("totalResults")?.as_u64());
        let is_story = asked.address.looked_up().is_some() || (twice.is_some() && twice == total);
        if let (Some(total), true) = (total, is_story) {
            members.push(("totalResults".to_owned(), total.to_string()));
        }
        return mapping(members);
    }
    if asked.method() == "POST" && asked.address.id().is_none() && answer.get("id").is_some() {
        members.push(("id".to_owned(), "$nonempty".to_owned()));
    } else if let Some(id) = id_of(answer)
        && let Some(known) = telling.known.whole(&id, true)
    {
        telling.known.note(&known);
        members.push(("id".to_owned(), flow::in_quotes(&known.to_string())));
    }
    let sent = asked.body.as_ref();
    if let Some(active) = answer.get("active").and_then(Value::as_bool) {
        let wanted = sent
            .and_then(|body| body.get("active"))
            .and_then(Value::as_bool)
            .or_else(|| asked.address.id().and_then(|id| telling.world.intended(id)));
        members.push(("active".to_owned(), wanted.unwrap_or(active).to_string()));
    }
    if let Some(twice) = pair.and_then(Asked::accepted) {
        both(telling, asked, answer, twice, &mut members);
    }
    mapping(members)
}

/// Single values that both recordings have, beside those that are expected already.
fn both(
    telling: &mut Telling<'_, '_>,
    asked: &Asked<'_>,
    answer: &Value,
    twice: &Value,
    members: &mut Vec<(String, String)>,
) {
    let owner = owner_of(asked.address.endpoint());
    let person = id_of(answer).and_then(|id| telling.cast.person_of(&id));
    for (name, value) in answer.as_object().into_iter().flatten() {
        let is_single = value.is_string() || value.is_boolean() || value.is_number();
        let is_new = name != "id" && !members.iter().any(|(known, _)| known == name);
        if !is_single || !is_new || twice.get(name) != Some(value) {
            continue;
        }
        let written = tree(value, &mut vec![name.clone()], &mut |leaf| {
            telling.leaf(owner, answer, person, leaf)
        });
        let written = telling.finished_tree(written);
        members.push((flow::name(name), expected(&written)));
    }
}

/// A value where a matcher belongs: a text that begins with `$` would be one.
fn expected(tree: &Tree) -> String {
    match tree {
        Tree::Text(text) if text.as_literal().is_some_and(|text| text.starts_with('$')) => {
            format!("{{ $exactly: {} }}", flow::tree(tree))
        }
        _ => flow::tree(tree),
    }
}

fn mapping(members: Vec<(String, String)>) -> Option<String> {
    let members: Vec<String> = members
        .into_iter()
        .map(|(name, value)| format!("{name}: {value}"))
        .collect();
    (!members.is_empty()).then(|| format!("{{ {} }}", members.join(", ")))
}
