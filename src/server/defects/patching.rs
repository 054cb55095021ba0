//! Defects of PATCH as a whole: which operations are done, in which order, and what is answered.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::operation::{
    Operation, attribute_at, does, is_at, named, named_without_path, path_of, path_text, value_for,
};
use super::visit::{Visit, operations};
use super::{Answer, Defect};
use crate::scim::filter::Dialect;
use crate::scim::path::Path;
use crate::scim::urn;
use crate::server::error::Refusal;

pub(super) const DEFECTS: &[Defect] = &[
    Defect {
        id: "D038",
        names: &["400"],
        act: no_change_refused,
    },
    Defect {
        id: "D065",
        names: &["204"],
        act: removal_of_nothing_accepted,
    },
    Defect {
        id: "D067",
        names: &["404"],
        act: body_before_resource,
    },
    Defect {
        id: "D092",
        names: &["PATCH"],
        act: one_by_one,
    },
    Defect {
        id: "D116",
        names: &["405"],
        act: no_patch,
    },
    Defect {
        id: "D142",
        names: &["replace"],
        act: first_replacement_stands,
    },
    Defect {
        id: "D185",
        names: &["400"],
        act: unknown_attribute_aborts,
    },
    Defect {
        id: "D211",
        names: &["op"],
        act: capitals_do_nothing,
    },
    Defect {
        id: "D229",
        names: &["replace"],
        act: pathless_replacement_is_whole,
    },
    Defect {
        id: "D245",
        names: &["active"],
        act: deactivation_does_nothing,
    },
];

fn no_change_refused(visit: &Visit<'_>) -> Answer {
    if !visit.is_one("PATCH", "Users") {
        return visit.sound();
    }
    let state = || {
        let mut user = visit.resource().unwrap_or_default();
        if let Some(user) = user.as_object_mut() {
            user.shift_remove("meta");
        }
        user
    };
    let before = state();
    let answer = visit.sound();
    if answer.status < 300 && state() == before {
        return Refusal::new(400, "no valid fields to update").into_answer();
    }
    answer
}

fn removal_of_nothing_accepted(visit: &Visit<'_>) -> Answer {
    if !visit.is_patch() {
        return visit.sound();
    }
    let mut left = 0;
    let answer = visit.keeping_operations(|operation| {
        let keep = !does(operation, "remove") || path_text(operation).is_some();
        left += usize::from(keep);
        keep
    });
    match left == 0 && answer.status == 200 {
        true => Answer::empty(204),
        false => answer,
    }
}

/// Tries the operations on a resource made for that, which is gone again before anyone sees it.
fn body_before_resource(visit: &Visit<'_>) -> Answer {
    let answer = visit.sound();
    if !visit.is_patch() || answer.status != 404 {
        return answer;
    }
    let name = (visit.fresh)();
    let body = match visit.endpoint {
        "Users" => json!({"schemas": [urn::USER], "userName": name}),
        "Groups" => json!({"schemas": [urn::GROUP], "displayName": name}),
        _ => return answer,
    };
    let mut draft = visit.draft();
    draft.method = "POST";
    draft.target = format!("{}/{}", visit.prefix, visit.endpoint);
    draft.body = body.to_string().into_bytes();
    let made: Value = serde_json::from_slice(&visit.send(&draft).body).unwrap_or_default();
    let Some(id) = made["id"].as_str() else {
        return answer;
    };
    let mut draft = visit.draft();
    draft.target = format!("{}/{}/{id}", visit.prefix, visit.endpoint);
    let tried = visit.send(&draft);
    draft.method = "DELETE";
    draft.body.clear();
    visit.send(&draft);
    match tried.status {
        400 => tried,
        _ => answer,
    }
}

fn one_by_one(visit: &Visit<'_>) -> Answer {
    let Some(mut body) = visit.json().filter(|_| visit.is_patch()) else {
        return visit.sound();
    };
    let each: Vec<Operation> = operations(&mut body)
        .into_iter()
        .map(|operation| operation.clone())
        .collect();
    let mut answer = None;
    for (index, operation) in each.into_iter().enumerate() {
        if let Some(list) = body
            .as_object_mut()
            .and_then(|body| named(body, "operations"))
        {
            *list = json!([operation]);
        }
        let mut draft = visit.draft();
        draft.body = body.to_string().into_bytes();
        if index > 0 {
            draft
                .headers
                .retain(|(name, _)| !name.eq_ignore_ascii_case("if-match"));
        }
        let one = visit.send(&draft);
        let is_done = one.status < 300;
        answer = Some(one);
        if !is_done {
            break;
        }
    }
    answer.unwrap_or_else(|| visit.sound())
}

fn no_patch(visit: &Visit<'_>) -> Answer {
    match visit.is_patch() {
        true => Refusal::method("PATCH", "GET, PUT, DELETE").into_answer(),
        false => visit.sound(),
    }
}

fn first_replacement_stands(visit: &Visit<'_>) -> Answer {
    if !visit.is_patch() {
        return visit.sound();
    }
    let mut seen = BTreeSet::new();
    visit.keeping_operations(|operation| {
        if !does(operation, "replace") {
            return true;
        }
        if let Some(value) = named_without_path(operation) {
            value.retain(|name, _| seen.insert(name.to_lowercase()));
            return true;
        }
        path_of(operation).is_none_or(|path| seen.insert(path.to_string().to_lowercase()))
    })
}

fn unknown_attribute_aborts(visit: &Visit<'_>) -> Answer {
    let is_known = |path: &Path| {
        let whole = path.whole_urn();
        whole.is_some_and(|whole| urn::same(&whole, urn::ENTERPRISE_USER))
            || attribute_at(visit.endpoint, path).is_some()
    };
    visit.refusing(
        |operation| {
            if let Some(value) = named_without_path(operation) {
                let mut names = value.keys();
                return names.any(|name| {
                    Path::parse(name, Dialect::LENIENT).is_ok_and(|path| !is_known(&path))
                });
            }
            path_of(operation).is_some_and(|path| !is_known(&path))
        },
        Refusal::new(400, "the request could not be processed"),
    )
}

fn capitals_do_nothing(visit: &Visit<'_>) -> Answer {
    if !visit.is_patch() {
        return visit.sound();
    }
    visit.keeping_operations(|operation| {
        let op = operation.get("op").and_then(Value::as_str);
        let known = ["add", "replace", "remove"];
        op.is_none_or(|op| {
            known.contains(&op) || known.iter().all(|known| !op.eq_ignore_ascii_case(known))
        })
    })
}

/// Removes, before each such operation, all that it does not name and that may be missing.
fn pathless_replacement_is_whole(visit: &Visit<'_>) -> Answer {
    let current = visit.resource().filter(|_| visit.is_patch());
    let Some(Value::Object(current)) = current else {
        return visit.sound();
    };
    visit.with_body(|body| {
        let mut all = Vec::new();
        for operation in operations(body) {
            let is_replacement = does(operation, "replace");
            if let Some(value) = named_without_path(operation).filter(|_| is_replacement) {
                all.extend(removals(&current, value));
            }
            all.push(Value::Object(operation.clone()));
        }
        let list = body
            .as_object_mut()
            .and_then(|body| named(body, "operations"));
        if let Some(list) = list.filter(|_| !all.is_empty()) {
            *list = Value::Array(all);
        }
    })
}

fn removals(current: &Map<String, Value>, value: &Map<String, Value>) -> Vec<Value> {
    const STAYING: [&str; 6] = ["schemas", "id", "meta", "groups", "userName", "displayName"];
    let is_named = |name: &str| {
        value.keys().any(|key| {
            let begins = key.get(..name.len());
            begins.is_some_and(|begin| begin.eq_ignore_ascii_case(name))
        })
    };
    let is_group = current
        .get("schemas")
        .is_some_and(|schemas| schemas.to_string().contains(urn::GROUP));
    current
        .keys()
        .filter(|name| {
            let stays = STAYING.contains(&name.as_str()) && (is_group || *name != "displayName");
            !stays && !is_named(name)
        })
        .map(|name| json!({"op": "remove", "path": name}))
        .collect()
}

fn deactivation_does_nothing(visit: &Visit<'_>) -> Answer {
    let is_false = |value: &Value| match value {
        Value::Bool(active) => !active,
        Value::String(text) => text.eq_ignore_ascii_case("false"),
        _ => false,
    };
    if visit.is_one("PUT", "Users") {
        let kept = visit
            .resource()
            .and_then(|user| user.get("active").cloned());
        return visit.with_body(|body| {
            let active = body.as_object_mut().and_then(|body| named(body, "active"));
            if let (Some(active), Some(kept)) = (active, kept)
                && is_false(active)
            {
                *active = kept;
            }
        });
    }
    if !visit.is_one("PATCH", "Users") {
        return visit.sound();
    }
    visit.keeping_operations(|operation| {
        let stays = value_for(operation, "active").is_some_and(|active| is_false(active));
        if let Some(value) = named_without_path(operation).filter(|_| stays) {
            value.retain(|name, _| !name.eq_ignore_ascii_case("active"));
        }
        !(stays && is_at(operation, "active"))
    })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::server::defects::sides::{Side, differs};

    /// A status, and what two attributes of a user are after a PATCH.
    fn patched(operations: Value) -> impl Fn(&Side) -> Value {
        move |side| {
            side.user(json!({"userName": "taken"}));
            let user = side.user(json!({"displayName": "Ada", "title": "Eng", "active": true}));
            let (status, _) = side.patch(&user, operations.clone());
            let after = side.get(&user);
            json!([
                status,
                after["displayName"],
                after["title"],
                after["active"]
            ])
        }
    }

    #[test]
    fn operations_are_done_wrongly() {
        let title = |op: &str, value: &str| json!({"op": op, "path": "title", "value": value});
        differs(
            "D038",
            patched(json!([title("replace", "Eng")])),
            json!([200, "Ada", "Eng", true]),
            json!([400, "Ada", "Eng", true]),
        );
        differs(
            "D065",
            patched(json!([{"op": "remove"}])),
            json!([400, "Ada", "Eng", true]),
            json!([204, "Ada", "Eng", true]),
        );
        differs(
            "D092",
            patched(
                json!([title("replace", "New"), {"op": "replace", "path": "userName", "value": "taken"}]),
            ),
            json!([409, "Ada", "Eng", true]),
            json!([409, "Ada", "New", true]),
        );
        differs(
            "D116",
            patched(json!([title("add", "New")])),
            json!([200, "Ada", "New", true]),
            json!([405, "Ada", "Eng", true]),
        );
        differs(
            "D142",
            patched(json!([title("replace", "A"), title("replace", "B")])),
            json!([200, "Ada", "B", true]),
            json!([200, "Ada", "A", true]),
        );
        differs(
            "D185",
            patched(
                json!([title("replace", "New"), {"op": "replace", "path": "department", "value": "x"}]),
            ),
            json!([200, "Ada", "New", true]),
            json!([400, "Ada", "Eng", true]),
        );
        differs(
            "D211",
            patched(json!([title("Replace", "New")])),
            json!([200, "Ada", "New", true]),
            json!([200, "Ada", "Eng", true]),
        );
        differs(
            "D229",
            patched(json!([{"op": "replace", "value": {"active": false}}])),
            json!([200, "Ada", "Eng", false]),
            json!([200, null, null, false]),
        );
        for operation in [
            json!({"op": "replace", "value": {"active": false, "title": "New"}}),
            json!({"op": "Replace", "path": "active", "value": "False"}),
        ] {
            let title = operation["value"].get("title").map_or("Eng", |_| "New");
            differs(
                "D245",
                patched(json!([operation])),
                json!([200, "Ada", title, false]),
                json!([200, "Ada", title, true]),
            );
        }
    }

    #[test]
    fn an_unknown_resource_is_looked_up_late() {
        let story = |side: &Side| {
            let bad = json!([{"op": "remove", "path": "displayName"}]);
            let good = json!([{"op": "replace", "path": "displayName", "value": "New"}]);
            let left = side.get("/Groups")["totalResults"].clone();
            json!([
                side.patch("/Groups/none", bad).0,
                side.patch("/Groups/none", good).0,
                left
            ])
        };
        differs("D067", story, json!([404, 404, 0]), json!([400, 404, 0]));
    }
}
