//! Defects of PATCH on the elements of multi-valued attributes.

use serde_json::{Map, Value, json};

use super::operation::{
    Operation, attribute_at, does, equalities, named_without_path, path_of, path_text,
};
use super::visit::{Visit, change_resources, operations};
use super::{Answer, Defect};
use crate::scim::filter::{Filter, Literal, Node};
use crate::scim::locate::matches;
use crate::scim::path::Path;
use crate::server::error::Refusal;

pub(super) const DEFECTS: &[Defect] = &[
    Defect {
        id: "D014",
        names: &["primary"],
        act: two_primaries,
    },
    Defect {
        id: "D026",
        names: &["type"],
        act: type_not_stored,
    },
    Defect {
        id: "D053",
        names: &["roles"],
        act: roles_are_single,
    },
    Defect {
        id: "D082",
        names: &["addresses"],
        act: an_element_per_operation,
    },
    Defect {
        id: "D121",
        names: &["primary"],
        act: quoted_boolean_matches_nothing,
    },
    Defect {
        id: "D194",
        names: &["addresses"],
        act: filtered_add_beside_others_crashes,
    },
    Defect {
        id: "D244",
        names: &["add"],
        act: adding_replaces,
    },
];

/// Multi-valued attributes of users whose elements have a `type`.
const TYPED: [&str; 8] = [
    "emails",
    "phoneNumbers",
    "addresses",
    "ims",
    "photos",
    "roles",
    "entitlements",
    "x509Certificates",
];

fn elements<'r>(resource: &'r Map<String, Value>, name: &str) -> &'r [Value] {
    let elements = resource.get(name).and_then(Value::as_array);
    elements.map_or(&[], Vec::as_slice)
}

/// An element apart from whether it is the primary one.
fn plain(element: &Value) -> Value {
    let mut plain = element.clone();
    if let Some(plain) = plain.as_object_mut() {
        plain.shift_remove("primary");
    }
    plain
}

fn two_primaries(visit: &Visit<'_>) -> Answer {
    let user = visit.id.unwrap_or_default();
    let shown = |visit: &Visit<'_>| match visit.resource() {
        Some(Value::Object(resource)) => resource,
        _ => Map::new(),
    };
    let mut answer = if visit.is_one("PATCH", "Users") {
        let before = shown(visit);
        let replaced = replaced_wholly(visit);
        let answer = visit.sound();
        let after = shown(visit);
        let mut memory = visit.memory();
        let known = memory.entry(user).or_insert_with(|| json!({}));
        for name in TYPED {
            let mut primaries = elements(known.as_object().unwrap_or(&Map::new()), name).to_vec();
            let had = elements(&before, name).iter();
            primaries.extend(had.filter(|had| had["primary"] == true).map(plain));
            let now = elements(&after, name);
            primaries.retain(|was| {
                now.iter()
                    .any(|now| plain(now) == *was && now["primary"] != true)
            });
            primaries.dedup();
            match replaced
                .iter()
                .any(|other| other.eq_ignore_ascii_case(name))
            {
                true => known[name] = json!([]),
                false => known[name] = json!(primaries),
            }
        }
        answer
    } else {
        let answer = visit.sound();
        if visit.is_one("PUT", "Users") && answer.status < 300 {
            visit.memory().remove(user);
        }
        answer
    };
    let memory = visit.memory();
    change_resources(visit, &mut answer, "Users", |resource| {
        let id = resource.get("id").and_then(Value::as_str);
        let Some(Value::Object(known)) = id.and_then(|id| memory.get(id)) else {
            return;
        };
        for name in TYPED {
            let list = resource.get_mut(name).and_then(Value::as_array_mut);
            for element in list.into_iter().flatten() {
                if elements(known, name).contains(&plain(element)) {
                    element["primary"] = json!(true);
                }
            }
        }
    });
    answer
}

/// Names of the attributes that a PATCH replaces as a whole.
fn replaced_wholly(visit: &Visit<'_>) -> Vec<String> {
    let mut body = visit.json().unwrap_or_default();
    let mut names = Vec::new();
    for operation in operations(&mut body) {
        if !does(operation, "replace") {
            continue;
        }
        match path_of(operation) {
            Some(path) if path.filter.is_none() && path.sub.is_none() => names.push(path.name),
            Some(_) => {}
            None => {
                let value = named_without_path(operation);
                names.extend(value.into_iter().flat_map(|value| value.keys().cloned()));
            }
        }
    }
    names
}

fn type_not_stored(visit: &Visit<'_>) -> Answer {
    if visit.endpoint != "Users" {
        return visit.sound();
    }
    let names_type = |operation: &mut Operation| {
        let filter = path_of(operation).and_then(|path| path.filter);
        filter.is_some_and(|filter| filter.to_string().contains("type "))
    };
    if visit.has_operation(names_type) {
        return Refusal::no_target("no element has this `type`").into_answer();
    }
    let strip = |value: &mut Value| {
        for element in value.as_array_mut().into_iter().flatten() {
            if let Some(element) = element.as_object_mut() {
                element.shift_remove("type");
            }
        }
    };
    let strip_all = |attributes: &mut Map<String, Value>| {
        for (name, value) in attributes {
            if TYPED.iter().any(|typed| name.eq_ignore_ascii_case(typed)) {
                strip(value);
            }
        }
    };
    match visit.request.method {
        "PATCH" => visit.with_operations(|operation| match path_of(operation) {
            Some(path) if TYPED.iter().any(|typed| path.attribute().is(typed)) => {
                operation.get_mut("value").into_iter().for_each(strip);
            }
            Some(_) => {}
            None => named_without_path(operation)
                .into_iter()
                .for_each(strip_all),
        }),
        "POST" | "PUT" => visit.with_body(|body| {
            body.as_object_mut().into_iter().for_each(strip_all);
        }),
        _ => visit.sound(),
    }
}

fn roles_are_single(visit: &Visit<'_>) -> Answer {
    visit.refusing(
        |operation| {
            path_of(operation).is_some_and(|path| {
                path.filter.is_some() && path.name.eq_ignore_ascii_case("roles")
            })
        },
        Refusal::syntax("it is impossible to search on the mono-valued attribute `roles`"),
    )
}

/// The elements that a path's filter chooses now, and all that the attribute has.
fn chosen(resource: &Value, path: &Path, filter: &Filter) -> (usize, usize) {
    let all = resource.get(&path.name).and_then(Value::as_array);
    let all = all.map_or(&[][..], Vec::as_slice);
    let chosen = all.iter().filter(|element| matches(element, filter));
    (chosen.count(), all.len())
}

fn an_element_per_operation(visit: &Visit<'_>) -> Answer {
    let Some(resource) = visit.resource().filter(|_| visit.is_patch()) else {
        return visit.sound();
    };
    visit.with_operations(|operation| {
        let Some(path) = path_of(operation).filter(|_| does(operation, "add")) else {
            return;
        };
        let (Some(filter), Some(sub)) = (&path.filter, &path.sub) else {
            return;
        };
        let new = equalities(filter).filter(|_| chosen(&resource, &path, filter).0 == 0);
        if let Some(mut element) = new {
            element.insert(
                sub.clone(),
                operation.get("value").cloned().unwrap_or_default(),
            );
            operation.insert("path".to_owned(), json!(path.name));
            operation.insert("value".to_owned(), json!([element]));
        }
    })
}

fn quoted_boolean_matches_nothing(visit: &Visit<'_>) -> Answer {
    if !visit.is_patch() {
        return visit.sound();
    }
    let is_quoted = |operation: &Operation| {
        let filter = path_of(operation).and_then(|path| path.filter);
        filter.is_some_and(|filter| has_quoted_boolean(&filter))
    };
    if visit.has_operation(|operation| is_quoted(operation) && !does(operation, "remove")) {
        return Refusal::no_target("no element has this `primary`").into_answer();
    }
    visit.keeping_operations(|operation| !is_quoted(operation))
}

fn has_quoted_boolean(filter: &Filter) -> bool {
    match &filter.node {
        Node::And(parts) | Node::Or(parts) => parts.iter().any(has_quoted_boolean),
        Node::Not(inner) => has_quoted_boolean(inner),
        Node::Compare {
            path,
            value: Literal::String(_),
            ..
        } => path.is("primary"),
        _ => false,
    }
}

fn filtered_add_beside_others_crashes(visit: &Visit<'_>) -> Answer {
    let Some(resource) = visit.resource().filter(|_| visit.is_one("PATCH", "Users")) else {
        return visit.sound();
    };
    visit.refusing(
        |operation| {
            let path = path_of(operation).filter(|_| does(operation, "add"));
            path.is_some_and(|path| {
                let filter = path.filter.as_ref();
                let counts = filter.map(|filter| chosen(&resource, &path, filter));
                counts.is_some_and(|(matching, all)| matching == 0 && all > 0)
            })
        },
        Refusal::new(500, "TypeError: cannot set a property of undefined"),
    )
}

fn adding_replaces(visit: &Visit<'_>) -> Answer {
    if !visit.is_one("PATCH", "Users") {
        return visit.sound();
    }
    visit.with_operations(|operation| {
        let is_whole = match path_of(operation) {
            Some(path) => {
                let is_multi = |path: &Path| {
                    attribute_at("Users", path).is_some_and(|attribute| attribute.multi_valued)
                };
                path.filter.is_none() && path.sub.is_none() && is_multi(&path)
            }
            None => path_text(operation).is_none(),
        };
        if does(operation, "add") && is_whole {
            operation.insert("op".to_owned(), json!("replace"));
        }
    })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::server::defects::sides::{Side, differs};

    /// A status, and an attribute of a user after a PATCH.
    fn patched(operations: Value, name: &'static str) -> impl Fn(&Side) -> Value {
        move |side| {
            let user = side.user(json!({
                "emails": [{"type": "work", "value": "a@x.test", "primary": true}],
                "addresses": [{"type": "home", "locality": "Turin"}],
                "roles": [{"value": "READER", "primary": true}],
            }));
            let (status, _) = side.patch(&user, operations.clone());
            json!([status, side.get(&user)[name]])
        }
    }

    #[test]
    fn elements_are_added_wrongly() {
        let email = json!({"type": "home", "value": "b@x.test", "primary": true});
        let add = |email: &Value| {
            patched(
                json!([{"op": "add", "path": "emails", "value": [email]}]),
                "emails",
            )
        };
        let work = |primary: bool| json!({"type": "work", "value": "a@x.test", "primary": primary});
        differs(
            "D014",
            add(&email),
            json!([200, [work(false), email]]),
            json!([200, [work(true), email]]),
        );
        differs(
            "D244",
            add(&email),
            json!([200, [work(false), email]]),
            json!([200, [email]]),
        );
        let part = |sub: &str, value: &str| json!({"op": "Add", "path": format!("addresses[type eq \"work\"].{sub}"), "value": value});
        let home = json!({"type": "home", "locality": "Turin"});
        let both = || {
            patched(
                json!([part("locality", "Rome"), part("postalCode", "1")]),
                "addresses",
            )
        };
        let whole = json!([200, [home, {"type": "work", "locality": "Rome", "postalCode": "1"}]]);
        differs(
            "D082",
            both(),
            whole.clone(),
            json!([200, [home, {"type": "work", "locality": "Rome"}, {"type": "work", "postalCode": "1"}]]),
        );
        differs("D194", both(), whole, json!([500, [home]]));
    }

    #[test]
    fn elements_are_not_found() {
        let role = || {
            patched(
                json!([{"op": "Replace", "path": "roles[primary eq \"True\"].value", "value": "ADMIN"}]),
                "roles",
            )
        };
        let roles = |value: &str| json!([{"value": value, "primary": true}]);
        differs(
            "D053",
            role(),
            json!([200, roles("ADMIN")]),
            json!([400, roles("READER")]),
        );
        differs(
            "D121",
            role(),
            json!([200, roles("ADMIN")]),
            json!([400, roles("READER")]),
        );
        let email = patched(
            json!([{"op": "Replace", "path": "emails[type eq \"work\"].value", "value": "n@x.test"}]),
            "emails",
        );
        differs(
            "D026",
            email,
            json!([200, [{"type": "work", "value": "n@x.test", "primary": true}]]),
            json!([400, [{"value": "a@x.test", "primary": true}]]),
        );
    }
}
