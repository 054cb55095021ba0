//! Changing the members of a group by PATCH, without touching those that the operation does not speak of.

use serde_json::Value;

use super::condition::Condition;
use super::error::Refusal;
use super::patch::Patch;
use super::patch_message::Op;
use super::policy::Policy;
use super::store::Draft;
use crate::scim::path::Path;
use crate::scim::schema::Attribute;

pub(crate) fn change_members(
    patch: &Patch<'_>,
    draft: &mut Draft,
    op: Op,
    path: &Path,
    attribute: &Attribute,
    value: Option<Value>,
) -> Result<(), Refusal> {
    if let Some(filter) = &path.filter {
        let condition = Condition::of_elements(attribute, filter, &patch.store.policies)?;
        let chosen = chosen_members(patch, draft, &condition);
        return change_chosen(draft, op, path, &chosen, value);
    }
    if let Some(sub) = &path.sub {
        let is_empty = draft.members.is_empty();
        return if is_empty && op == Op::Remove {
            Ok(())
        } else {
            Err(immutable(sub))
        };
    }
    match op {
        Op::Add => {
            for member in patch.store.read_members(value.unwrap_or(Value::Null))? {
                draft.members.join(member, &mut draft.steps);
            }
        }
        Op::Replace => {
            let members = patch.store.read_members(value.unwrap_or(Value::Null))?;
            draft.members.become_only(members, &mut draft.steps);
        }
        Op::Remove => match value {
            None | Some(Value::Null) => draft.members.clear(&mut draft.steps),
            Some(value) => {
                if !patch.store.policies.first(Policy::RemoveValue) {
                    return Err(Refusal::value(
                        "`remove` has no `value`; choose members by a filter in `path`",
                    ));
                }
                for id in listed_ids(value)? {
                    draft.members.leave(&id, &mut draft.steps);
                }
            }
        },
    }
    Ok(())
}

/// The members that a filter chooses; by id without looking at the others.
fn chosen_members(patch: &Patch<'_>, draft: &Draft, condition: &Condition) -> Vec<String> {
    if let Some(ids) = ids_of(condition) {
        return ids
            .into_iter()
            .filter(|id| draft.members.contains(id))
            .map(str::to_owned)
            .collect();
    }
    let matching = draft.members.iter().filter(|member| {
        let element = patch.store.member_element(member, "");
        condition.holds_in(&element, &patch.store.policies)
    });
    matching.map(|member| member.value.clone()).collect()
}

fn ids_of(condition: &Condition) -> Option<Vec<&str>> {
    match condition {
        Condition::Any(parts) => parts.iter().map(Condition::only_id).collect(),
        other => other.only_id().map(|id| vec![id]),
    }
}

fn change_chosen(
    draft: &mut Draft,
    op: Op,
    path: &Path,
    chosen: &[String],
    value: Option<Value>,
) -> Result<(), Refusal> {
    match (op, path.sub.as_deref()) {
        (Op::Remove, None) => {
            for id in chosen {
                draft.members.leave(id, &mut draft.steps);
            }
            Ok(())
        }
        // Nobody to remove is no failure for members (RFC 7644 3.5.2.2).
        (Op::Remove, Some(_)) if chosen.is_empty() => Ok(()),
        (_, _) if chosen.is_empty() => Err(Refusal::no_target(format!(
            "path `{path}` matches no member"
        ))),
        (Op::Remove, Some(sub)) => Err(immutable(sub)),
        (_, sub) => {
            let wanted = match sub {
                Some(sub) if sub.eq_ignore_ascii_case("value") => {
                    value.as_ref().and_then(Value::as_str)
                }
                Some(sub) => return Err(immutable(sub)),
                None => value
                    .as_ref()
                    .and_then(|value| value.get("value")?.as_str()),
            };
            let same = chosen.iter().all(|id| wanted == Some(id.as_str()));
            if same {
                Ok(())
            } else {
                Err(immutable("value"))
            }
        }
    }
}

fn listed_ids(value: Value) -> Result<Vec<String>, Refusal> {
    let items = match value {
        Value::Array(items) => items,
        single => vec![single],
    };
    let id_of = |item: Value| match item {
        Value::String(id) => Some(id),
        Value::Object(members) => {
            let value = members
                .into_iter()
                .find(|(name, _)| name.eq_ignore_ascii_case("value"));
            value.and_then(|(_, value)| value.as_str().map(str::to_owned))
        }
        _ => None,
    };
    items
        .into_iter()
        .map(|item| id_of(item).ok_or_else(|| Refusal::value("each listed member needs a `value`")))
        .collect()
}

fn immutable(sub: &str) -> Refusal {
    Refusal::mutability(format!(
        "`members.{sub}` cannot change; remove the member and add another"
    ))
}
