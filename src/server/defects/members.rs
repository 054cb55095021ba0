//! Defects of the members of groups: who joins, who leaves, who stays.

use serde_json::{Value, json};

use super::operation::{Operation, does, filter_at, ids_in, named, named_without_path, value_for};
use super::visit::{Visit, change_resources, operations};
use super::{Answer, Defect};

pub(super) const DEFECTS: &[Defect] = &[
    Defect {
        id: "D011",
        names: &["members"],
        act: adding_replaces,
    },
    Defect {
        id: "D016",
        names: &["members"],
        act: adding_twice_lists_twice,
    },
    Defect {
        id: "D020",
        names: &["members"],
        act: replacing_adds,
    },
    Defect {
        id: "D055",
        names: &["members"],
        act: removing_one_removes_all,
    },
    Defect {
        id: "D149",
        names: &["members"],
        act: replacing_empties_first,
    },
    Defect {
        id: "D152",
        names: &["members"],
        act: filtered_removal_does_nothing,
    },
    Defect {
        id: "D157",
        names: &["members"],
        act: first_hundred_only,
    },
    Defect {
        id: "D167",
        names: &["members"],
        act: unknown_is_dropped,
    },
    Defect {
        id: "D196",
        names: &["members"],
        act: without_type_is_dropped,
    },
    Defect {
        id: "D241",
        names: &["members"],
        act: unnamed_members_are_removed,
    },
];

/// Members that are read and written at most.
const PAGE: usize = 100;

/// Ids of the members that a group has now.
pub(super) fn members_now(visit: &Visit<'_>) -> Vec<String> {
    let group = visit.resource();
    group
        .as_ref()
        .and_then(|group| group.get("members"))
        .map(ids_in)
        .unwrap_or_default()
}

/// Ids of the members that the operations of a PATCH want added.
pub(super) fn joining(body: &mut Value) -> Vec<String> {
    operations(body)
        .into_iter()
        .filter(|operation| does(operation, "add"))
        .filter_map(|operation| value_for(operation, "members"))
        .flat_map(|listed| ids_in(listed))
        .collect()
}

fn adding_replaces(visit: &Visit<'_>) -> Answer {
    if !visit.is_one("PATCH", "Groups") {
        return visit.sound();
    }
    visit.with_operations(|operation| {
        if does(operation, "add") && value_for(operation, "members").is_some() {
            operation.insert("op".to_owned(), json!("replace"));
        }
    })
}

fn adding_twice_lists_twice(visit: &Visit<'_>) -> Answer {
    let group = visit.id.unwrap_or_default();
    let mut answer = if visit.is_one("PATCH", "Groups") {
        let before = members_now(visit);
        let mut twice = visit.json().map(|mut body| joining(&mut body));
        if let Some(twice) = &mut twice {
            twice.retain(|id| before.contains(id));
            if !twice.is_empty() {
                visit.touch();
            }
        }
        let answer = visit.sound();
        let after = members_now(visit);
        let mut memory = visit.memory();
        let known = memory.entry(group).or_insert_with(|| json!([]));
        let mut all = ids_in(known);
        if let Some(twice) = twice.as_mut().filter(|_| answer.status < 300) {
            all.append(twice);
        }
        all.retain(|id| after.contains(id));
        *known = json!(all);
        answer
    } else {
        let answer = visit.sound();
        if visit.is_one("PUT", "Groups") && answer.status < 300 {
            visit.memory().remove(group);
        }
        answer
    };
    let memory = visit.memory();
    change_resources(visit, &mut answer, "Groups", |group| {
        let known = group.get("id").and_then(Value::as_str);
        let twice = known.and_then(|id| memory.get(id)).map(ids_in);
        let Some(members) = group.get_mut("members").and_then(Value::as_array_mut) else {
            return;
        };
        for id in twice.unwrap_or_default() {
            let found = members.iter().find(|member| member["value"] == id.as_str());
            if let Some(member) = found.cloned() {
                members.push(member);
            }
        }
    });
    answer
}

fn replacing_adds(visit: &Visit<'_>) -> Answer {
    if !visit.is_one("PATCH", "Groups") {
        return visit.sound();
    }
    visit.with_operations(|operation| {
        if does(operation, "replace") && value_for(operation, "members").is_some() {
            operation.insert("op".to_owned(), json!("add"));
        }
    })
}

fn removing_one_removes_all(visit: &Visit<'_>) -> Answer {
    if !visit.is_one("PATCH", "Groups") {
        return visit.sound();
    }
    visit.with_operations(|operation| {
        let is_filtered = filter_at(operation, "members").is_some();
        if does(operation, "remove") && is_filtered && !operation.contains_key("value") {
            operation.insert("path".to_owned(), json!("members"));
        }
    })
}

fn replacing_empties_first(visit: &Visit<'_>) -> Answer {
    let answer = visit.sound();
    let replaces = |mut body: Value| {
        operations(&mut body).into_iter().any(|operation| {
            does(operation, "replace") && value_for(operation, "members").is_some()
        })
    };
    let is_replacement = visit.is_one("PATCH", "Groups") && visit.json().is_some_and(replaces);
    if !is_replacement || answer.status != 400 {
        return answer;
    }
    visit.patch(json!([{"op": "remove", "path": "members"}]))
}

fn filtered_removal_does_nothing(visit: &Visit<'_>) -> Answer {
    if !visit.is_one("PATCH", "Groups") {
        return visit.sound();
    }
    visit.keeping_operations(|operation| {
        !does(operation, "remove") || filter_at(operation, "members").is_none()
    })
}

fn first_hundred_only(visit: &Visit<'_>) -> Answer {
    if visit.is_one("PATCH", "Groups") {
        let unseen: Vec<Value> = members_now(visit)
            .iter()
            .skip(PAGE)
            .map(|id| json!({"value": id}))
            .collect();
        if !unseen.is_empty() {
            visit.patch(json!([{"op": "remove", "path": "members", "value": unseen}]));
        }
    }
    visit.shown("Groups", |group| {
        if let Some(members) = group.get_mut("members").and_then(Value::as_array_mut) {
            members.truncate(PAGE);
        }
    })
}

fn unknown_is_dropped(visit: &Visit<'_>) -> Answer {
    let answer = visit.sound();
    if visit.endpoint != "Groups" || answer.status != 400 {
        return answer;
    }
    let exists = |member: &Value| {
        let mut ids = ids_in(member).into_iter();
        ids.all(|id| {
            let known = ["Users", "Groups"];
            known
                .iter()
                .any(|endpoint| visit.read(&format!("/{endpoint}/{id}")).is_some())
        })
    };
    with_listed_members(visit, &|_| true, &exists)
}

fn without_type_is_dropped(visit: &Visit<'_>) -> Answer {
    if visit.endpoint != "Groups" {
        return visit.sound();
    }
    let is_user = |member: &Value| {
        let kind = member.get("type").and_then(Value::as_str);
        kind.is_some_and(|kind| kind.eq_ignore_ascii_case("User"))
    };
    let writes = |operation: &mut Operation| !does(operation, "remove");
    with_listed_members(visit, &writes, &is_user)
}

/// Sends a write on with only those of its members that are to be kept; of a PATCH in those operations that are `seen`.
fn with_listed_members(
    visit: &Visit<'_>,
    seen: &dyn Fn(&mut Operation) -> bool,
    keep: &dyn Fn(&Value) -> bool,
) -> Answer {
    let reduce = |members: &mut Value| {
        if let Some(members) = members.as_array_mut() {
            members.retain(keep);
        }
    };
    match visit.request.method {
        "PATCH" => visit.with_operations(|operation| {
            if seen(operation)
                && let Some(members) = value_for(operation, "members")
            {
                reduce(members);
            }
        }),
        "POST" | "PUT" => visit.with_body(|body| {
            let members = body.as_object_mut().and_then(|body| named(body, "members"));
            members.into_iter().for_each(reduce);
        }),
        _ => visit.sound(),
    }
}

fn unnamed_members_are_removed(visit: &Visit<'_>) -> Answer {
    if !visit.is_one("PATCH", "Groups") {
        return visit.sound();
    }
    visit.with_operations(|operation| {
        let is_replacement = does(operation, "replace");
        if let Some(value) = named_without_path(operation).filter(|_| is_replacement)
            && named(value, "members").is_none()
        {
            value.insert("members".to_owned(), json!([]));
        }
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::server::defects::sides::{Side, differs};

    #[test]
    fn who_is_a_member_comes_out_wrong() {
        let add = |side: &Side| {
            let group = side.group(&["ada", "bob"]);
            side.patch(
                &group,
                json!([{"op": "add", "value": {"members": [{"value": side.id("cyd")}]}}]),
            );
            side.patch(
                &group,
                json!([{"op": "Add", "path": "members", "value": [{"value": side.id("ada")}]}]),
            );
            side.members(&group)
        };
        differs("D011", add, json!(["ada", "bob", "cyd"]), json!(["ada"]));
        differs(
            "D016",
            add,
            json!(["ada", "bob", "cyd"]),
            json!(["ada", "bob", "cyd", "ada"]),
        );
        differs(
            "D196",
            add,
            json!(["ada", "bob", "cyd"]),
            json!(["ada", "bob"]),
        );
        let replace = |side: &Side| {
            let group = side.group(&["ada", "cyd"]);
            side.patch(
                &group,
                json!([{"op": "replace", "path": "members", "value": [{"value": side.id("bob")}]}]),
            );
            side.members(&group)
        };
        differs(
            "D020",
            replace,
            json!(["bob"]),
            json!(["ada", "cyd", "bob"]),
        );
        let remove = |side: &Side| {
            let group = side.group(&["ada", "bob", "cyd"]);
            let path = format!("members[value eq \"{}\"]", side.id("bob"));
            side.patch(&group, json!([{"op": "remove", "path": path}]));
            side.members(&group)
        };
        differs("D055", remove, json!(["ada", "cyd"]), json!([]));
        differs(
            "D152",
            remove,
            json!(["ada", "cyd"]),
            json!(["ada", "bob", "cyd"]),
        );
        let rename = |side: &Side| {
            let group = side.group(&["ada"]);
            side.patch(
                &group,
                json!([{"op": "replace", "value": {"displayName": "New"}}]),
            );
            side.members(&group)
        };
        differs("D241", rename, json!(["ada"]), json!([]));
    }

    #[test]
    fn unknown_members_are_taken_wrongly() {
        let replace = |side: &Side| {
            let group = side.group(&["ada"]);
            let (status, _) = side.patch(
                &group,
                json!([{"op": "replace", "path": "members", "value": [{"value": "nobody"}]}]),
            );
            json!([status, side.members(&group)])
        };
        differs("D149", replace, json!([400, ["ada"]]), json!([204, []]));
        let add = |side: &Side| {
            let group = side.group(&["ada"]);
            let (status, _) = side.patch(
                &group,
                json!([{"op": "add", "path": "members", "value": [{"value": "nobody"}]}]),
            );
            json!([status, side.members(&group)])
        };
        differs("D167", add, json!([400, ["ada"]]), json!([204, ["ada"]]));
    }

    #[test]
    fn large_groups_are_cut() {
        let grow = |side: &Side| {
            let names: Vec<String> = (0..120).map(|number| format!("u{number}")).collect();
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            let group = side.group(&names);
            side.patch(
                &group,
                json!([{"op": "add", "path": "members", "value": [{"value": side.id("late")}]}]),
            );
            let path = format!("{group}?filter=members.value eq \"{}\"", side.id("u119"));
            let found = side
                .call("GET", &path.replace(&group, "/Groups"), &json!({}))
                .1;
            json!([
                side.members(&group).as_array().map(Vec::len),
                found["totalResults"]
            ])
        };
        differs("D157", grow, json!([121, 1]), json!([100, 0]));
    }
}
