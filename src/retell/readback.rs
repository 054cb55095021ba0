//! Read-backs: the `verify` that is proposed after a write.

use serde_json::Value;

use super::answer::person_or_group;
use super::attribute::Owner;
use super::fold::Asked;
use super::people::id_of;
use super::person::Person;
use super::proposal::told;
use super::telling::Telling;
use crate::scenario::flow;
use crate::scenario::template::Tree;

/// Whether a target may store something else than these bytes, and be right: a manager's id as a bare text.
fn is_rewritten(body: &Value) -> bool {
    let is_text = |name: &str, member: &Value| name == "manager" && member.is_string();
    body.as_object().is_some_and(|members| {
        members.iter().any(|(name, member)| {
            is_text(name, member)
                || member
                    .as_object()
                    .is_some_and(|inner| inner.iter().any(|(name, member)| is_text(name, member)))
        })
    })
}

/// Single values of a whole document that must be there after it was written.
fn whole(body: &Value) -> Option<serde_json::Map<String, Value>> {
    let told: serde_json::Map<String, Value> = ["userName", "displayName", "active", "externalId"]
        .into_iter()
        .filter_map(|name| Some((name.to_owned(), body.get(name)?.clone())))
        .filter(|(_, value)| {
            value.is_boolean() || value.as_str().is_some_and(|text| !text.is_empty())
        })
        .collect();
    (!told.is_empty()).then_some(told)
}

/// Whether a write gives somebody another name than the first one.
fn is_renamed(owner: Owner, person: &Person, body: Option<&Value>) -> bool {
    let key = if owner == Owner::Group {
        "displayName"
    } else {
        "userName"
    };
    let Some(body) = body else { return false };
    let patched = told(owner, body).unwrap_or_default();
    // Names of attributes have no letter case (RFC 7643 2.1).
    let members = body.as_object().into_iter().flatten();
    let new = patched
        .iter()
        .chain(members)
        .find(|(name, _)| name.eq_ignore_ascii_case(key))
        .and_then(|(_, value)| value.as_str());
    let is_unclear = body.get("Operations").is_some() && patched.is_empty();
    new.is_some_and(|new| person.value(key) != Some(new))
        || (is_unclear
            && body
                .to_string()
                .to_lowercase()
                .contains(&key.to_lowercase()))
}

/// A `verify` for a write, if the file knows the resource.
pub(super) fn read_back(
    telling: &mut Telling<'_, '_>,
    asked: &Asked<'_>,
    owner: Owner,
    step: &str,
) -> Option<String> {
    let created = asked.method() == "POST";
    if created && asked.address.path.len() != 1 {
        return None;
    }
    let id = match created {
        true => asked.accepted().and_then(id_of),
        false => asked.address.id().map(str::to_owned),
    };
    let gone = asked.method() == "DELETE";
    let known = id.as_deref().and_then(|id| telling.known.whole(id, true));
    let subject = match (&known, owner) {
        (Some(known), Owner::User | Owner::Group) => {
            let name = known.as_variable()?.0.to_owned();
            telling.known.note(known);
            match (name.strip_suffix(".id"), owner) {
                (Some(alias), Owner::User)
                    if telling.cast.people.iter().any(|one| one.alias == alias) =>
                {
                    format!("user: {alias}")
                }
                (Some(alias), Owner::Group)
                    if telling.cast.groups.iter().any(|one| one.alias == alias) =>
                {
                    format!("group: {alias}")
                }
                _ => format!("at: \"/{}/${{{name}}}\"", asked.address.endpoint()),
            }
        }
        (Some(known), Owner::Other) if !gone || created => {
            telling.known.note(known);
            format!("at: \"/{}/{known}\"", asked.address.endpoint())
        }
        (None, _) if created && !asked.is_accepted() && owner != Owner::Other => {
            let alias = person_or_group(telling, owner, asked, "")?;
            telling.known.note_name(&format!("{alias}.id"));
            match owner {
                Owner::User => format!("user: {alias}"),
                _ => format!("group: {alias}"),
            }
        }
        _ => return None,
    };
    let mut members = vec![subject];
    if gone {
        members.push("gone: true".to_owned());
    } else if asked.method() != "POST" || asked.body.as_ref().is_some_and(is_rewritten) {
        let told = asked.body.as_ref().and_then(|body| match asked.method() {
            "PATCH" => told(owner, body),
            _ => whole(body),
        });
        if let Some(told) = told {
            let person = id.as_deref().and_then(|id| telling.cast.person_of(id));
            let whole = Value::Object(told);
            let written = super::body::tree(&whole, &mut Vec::new(), &mut |leaf| {
                telling.leaf(owner, &whole, person, leaf)
            });
            let written: Tree = telling.finished_tree(written);
            members.push(format!("is: {}", flow::tree(&written)));
        }
        members.push("rest: any".to_owned());
    } else if asked.body.is_some() {
        members.push(format!("sent: {}", flow::quoted(step)));
    }
    // Who has got another name is not found by the old one.
    let alias = members[0]
        .split_once(": ")
        .map_or("", |(_, alias)| alias)
        .to_owned();
    let mut all = match owner {
        Owner::Group => telling.cast.groups.iter(),
        _ => telling.cast.people.iter(),
    };
    let person = all.find(|one| one.alias == alias);
    let key = match owner {
        Owner::Group => "displayName",
        _ => "userName",
    };
    // A name that was never told, or an empty one, finds nobody.
    let is_nameless = person.is_some_and(|person| person.value(key).is_none());
    if let Some(person) = person
        && is_renamed(owner, person, asked.body.as_ref().filter(|_| !gone))
    {
        telling.renamed.insert(person.alias.clone());
    }
    if is_nameless || telling.renamed.contains(&alias) {
        members.push("by: id".to_owned());
    } else if let Some(person) = person {
        telling.known.note_name(&format!("{}.{key}", person.alias));
    }
    Some(format!("{{ {} }}", members.join(", ")))
}
