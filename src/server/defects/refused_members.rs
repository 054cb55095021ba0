//! Defects of groups that refuse what clients say of members.

use serde_json::Value;

use super::members::{joining, members_now};
use super::operation::{Operation, does, equalities, filter_at, ids_in, named, value_for};
use super::visit::{Visit, operations};
use super::{Answer, Defect};
use crate::server::error::Refusal;

pub(super) const DEFECTS: &[Defect] = &[
    Defect {
        id: "D107",
        names: &["value"],
        act: removal_with_value,
    },
    Defect {
        id: "D191",
        names: &["members"],
        act: removal_of_nobody,
    },
    Defect {
        id: "D193",
        names: &["members"],
        act: empty_replacement,
    },
    Defect {
        id: "D212",
        names: &["members"],
        act: present_already,
    },
    Defect {
        id: "D221",
        names: &["$ref"],
        act: null_reference,
    },
];

fn removal_with_value(visit: &Visit<'_>) -> Answer {
    visit.refusing(
        |operation| {
            does(operation, "remove")
                && operation.get("value").is_some_and(|value| !value.is_null())
        },
        Refusal::syntax("unrecognised field `value` in an operation `remove`"),
    )
}

fn removal_of_nobody(visit: &Visit<'_>) -> Answer {
    if !visit.is_one("PATCH", "Groups") || visit.resource().is_none() {
        return visit.sound();
    }
    let members = members_now(visit);
    visit.refusing(
        |operation| leaving(operation).iter().any(|id| !members.contains(id)),
        Refusal::new(404, "the user is not among the members of the group"),
    )
}

/// Ids of the members that an operation wants removed, by a list or by a filter.
fn leaving(operation: &mut Operation) -> Vec<String> {
    if !does(operation, "remove") {
        return Vec::new();
    }
    let ids = match filter_at(operation, "members") {
        Some(filter) => equalities(&filter).and_then(|asked| Some(ids_in(asked.get("value")?))),
        None => value_for(operation, "members").map(|listed| ids_in(listed)),
    };
    ids.unwrap_or_default()
}

fn empty_replacement(visit: &Visit<'_>) -> Answer {
    if visit.endpoint != "Groups" {
        return visit.sound();
    }
    visit.refusing(
        |operation| {
            let is_empty = |value: &mut Value| value.as_array().is_some_and(Vec::is_empty);
            does(operation, "replace") && value_for(operation, "members").is_some_and(is_empty)
        },
        Refusal::value("required sub-attribute `members.value` is missing"),
    )
}

fn present_already(visit: &Visit<'_>) -> Answer {
    let mut wanted = Vec::new();
    if visit.is_one("PATCH", "Groups")
        && let Some(mut body) = visit.json()
    {
        wanted = joining(&mut body);
    }
    let members = members_now(visit);
    match wanted.iter().find(|id| members.contains(id)) {
        Some(id) => Refusal::new(409, format!("`{id}` is among the members already")).into_answer(),
        None => visit.sound(),
    }
}

fn null_reference(visit: &Visit<'_>) -> Answer {
    let refusal = || Refusal::syntax("`$ref` of a member must be a text").into_answer();
    let has_null = |members: &mut Value| {
        let listed = members.as_array();
        let mut listed = listed.into_iter().flatten();
        listed.any(|member| member.get("$ref").is_some_and(Value::is_null))
    };
    let Some(mut body) = visit.json().filter(|_| visit.endpoint == "Groups") else {
        return visit.sound();
    };
    let is_refused = match visit.request.method {
        "PATCH" => operations(&mut body)
            .into_iter()
            .filter_map(|operation| value_for(operation, "members"))
            .any(has_null),
        "POST" | "PUT" => {
            let members = body.as_object_mut().and_then(|body| named(body, "members"));
            members.is_some_and(has_null)
        }
        _ => false,
    };
    match is_refused {
        true => refusal(),
        false => visit.sound(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::server::defects::sides::{Side, differs};

    #[test]
    fn changes_of_members_are_refused() {
        let change = |side: &Side, operation: serde_json::Value| {
            let group = side.group(&["ada", "bob"]);
            json!(side.patch(&group, json!([operation])).0)
        };
        let leave = |side: &Side, name: &str| {
            let listed = json!([{"value": side.id(name)}]);
            change(
                side,
                json!({"op": "Remove", "path": "members", "value": listed}),
            )
        };
        let filtered = |side: &Side, name: &str| {
            let path = format!("members[value eq \"{}\"]", side.id(name));
            change(side, json!({"op": "remove", "path": path}))
        };
        let join = |side: &Side, name: &str| {
            let listed = json!([{"$ref": null, "value": side.id(name)}]);
            change(
                side,
                json!({"op": "Add", "path": "members", "value": listed}),
            )
        };
        let story = |side: &Side| leave(side, "ada");
        differs("D107", story, json!(204), json!(400));
        differs("D191", |side| leave(side, "cyd"), json!(204), json!(404));
        differs("D191", |side| filtered(side, "cyd"), json!(204), json!(404));
        differs("D212", |side| join(side, "ada"), json!(204), json!(409));
        differs("D221", |side| join(side, "cyd"), json!(204), json!(400));
        let empty = |side: &Side| {
            change(
                side,
                json!({"op": "replace", "path": "members", "value": []}),
            )
        };
        differs("D193", empty, json!(204), json!(400));
        // What they are not about goes on as before.
        let untouched = |side: &Side| json!([filtered(side, "ada")]);
        for id in ["D107", "D191", "D193", "D212", "D221"] {
            differs(id, untouched, json!([204]), json!([204]));
        }
    }
}
