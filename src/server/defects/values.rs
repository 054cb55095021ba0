//! Defects of PATCH in how paths, keys and values are read.

use serde_json::{Map, Value, json};

use super::operation::{Operation, does, named_without_path, path_of, path_text};
use super::visit::{Visit, change_resources, operations};
use super::{Answer, Defect};
use crate::scim::filter::Dialect;
use crate::scim::path::Path;
use crate::scim::schema::Schemas;
use crate::scim::urn;
use crate::server::error::Refusal;

pub(super) const DEFECTS: &[Defect] = &[
    Defect {
        id: "D034",
        names: &["name.givenName"],
        act: dotted_keys_stored,
    },
    Defect {
        id: "D044",
        names: &["remove"],
        act: removal_with_value_writes,
    },
    Defect {
        id: "D047",
        names: &["manager"],
        act: manager_as_text_refused,
    },
    Defect {
        id: "D098",
        names: &["name.familyName"],
        act: dotted_keys_refused,
    },
    Defect {
        id: "D100",
        names: &["500"],
        act: whole_extension_crashes,
    },
    Defect {
        id: "D103",
        names: &["manager.value"],
        act: part_of_extension_refused,
    },
    Defect {
        id: "D112",
        names: &["active"],
        act: boolean_as_text_refused,
    },
    Defect {
        id: "D214",
        names: &[urn::ENTERPRISE_USER],
        act: extension_cut_short,
    },
    Defect {
        id: "D238",
        names: &[urn::ENTERPRISE_USER],
        act: qualified_keys_refused,
    },
];

fn is_dotted(key: &str) -> bool {
    key.contains('.') && !urn::is_urn(key)
}

/// Whether a text is the whole URN of a schema.
fn is_schema(text: &str) -> bool {
    Schemas::core().schema(text).is_some()
}

fn dotted_keys_stored(visit: &Visit<'_>) -> Answer {
    let mut literal = Map::new();
    if visit.has_operation(|operation| {
        named_without_path(operation).is_some_and(|value| value.keys().any(|key| is_dotted(key)))
    }) {
        visit.touch();
    }
    let answer = match visit.is_patch() {
        true => visit.with_operations(|operation| {
            let stores = does(operation, "replace") || does(operation, "add");
            if let Some(value) = named_without_path(operation).filter(|_| stores) {
                let dotted = value.keys().filter(|key| is_dotted(key)).cloned();
                for key in dotted.collect::<Vec<_>>() {
                    if let Some(stored) = value.shift_remove(&key) {
                        literal.insert(key, stored);
                    }
                }
            }
        }),
        false => visit.sound(),
    };
    with_stored(visit, answer, literal, |resource, key, stored| {
        resource.insert(key.to_owned(), stored);
    })
}

/// Remembers what was stored beside the resource, and shows it wherever the resource is.
fn with_stored(
    visit: &Visit<'_>,
    mut answer: Answer,
    stored: Map<String, Value>,
    show: impl Fn(&mut Map<String, Value>, &str, Value),
) -> Answer {
    let mut memory = visit.memory();
    if answer.status < 300 && !stored.is_empty() {
        let known = memory
            .entry(visit.id.unwrap_or_default())
            .or_insert_with(|| json!({}));
        if let Some(known) = known.as_object_mut() {
            known.extend(stored);
        }
    }
    if visit.parameter("attributes").is_none() {
        change_resources(visit, &mut answer, "Users", |resource| {
            let id = resource.get("id").and_then(Value::as_str);
            let known = id.and_then(|id| memory.get(id)).and_then(Value::as_object);
            for (key, value) in known.into_iter().flatten() {
                show(resource, key, value.clone());
            }
        });
    }
    answer
}

fn removal_with_value_writes(visit: &Visit<'_>) -> Answer {
    if !visit.is_one("PATCH", "Users") {
        return visit.sound();
    }
    visit.with_operations(|operation| {
        let is_filtered = path_of(operation).is_some_and(|path| path.filter.is_some());
        let has_value = operation.get("value").is_some_and(|value| !value.is_null());
        if does(operation, "remove") && is_filtered && has_value {
            operation.insert("op".to_owned(), json!("replace"));
        }
    })
}

fn manager_as_text_refused(visit: &Visit<'_>) -> Answer {
    let is_manager = |key: &str| {
        let last = key.rsplit(':').next().unwrap_or(key);
        last.eq_ignore_ascii_case("manager")
    };
    refusing_values(
        visit,
        &|key, value| is_manager(key) && value.is_string(),
        "manager",
    )
}

fn boolean_as_text_refused(visit: &Visit<'_>) -> Answer {
    let is_boolean = |key: &str| {
        let last = key.rsplit([':', '.']).next().unwrap_or(key);
        ["active", "primary"]
            .iter()
            .any(|name| last.eq_ignore_ascii_case(name))
    };
    refusing_values(
        visit,
        &|key, value| is_boolean(key) && value.is_string(),
        "active",
    )
}

/// Refuses a write in which a value is wrong, in a whole resource or in an operation with or without path.
fn refusing_values(
    visit: &Visit<'_>,
    is_wrong: &dyn Fn(&str, &Value) -> bool,
    name: &str,
) -> Answer {
    let Some(mut body) = visit.json().filter(|_| visit.endpoint == "Users") else {
        return visit.sound();
    };
    let is_refused = match visit.request.method {
        "PATCH" => operations(&mut body).into_iter().any(|operation| {
            let value = operation.get("value").cloned().unwrap_or_default();
            let wrong_here = path_text(operation).is_some_and(|path| is_wrong(path, &value));
            !does(operation, "remove") && (wrong_here || any_within(&value, is_wrong))
        }),
        "POST" | "PUT" => any_within(&body, is_wrong),
        _ => false,
    };
    match is_refused {
        true => Refusal::value(format!("`{name}` has a value of the wrong type")).into_answer(),
        false => visit.sound(),
    }
}

fn any_within(value: &Value, is_so: &dyn Fn(&str, &Value) -> bool) -> bool {
    match value {
        Value::Object(members) => members
            .iter()
            .any(|(key, value)| is_so(key, value) || any_within(value, is_so)),
        Value::Array(items) => items.iter().any(|item| any_within(item, is_so)),
        _ => false,
    }
}

fn dotted_keys_refused(visit: &Visit<'_>) -> Answer {
    let key = |operation: &mut Operation| {
        let value = named_without_path(operation)?;
        value.keys().find(|key| is_dotted(key)).cloned()
    };
    refusing_keys(visit, &key)
}

fn qualified_keys_refused(visit: &Visit<'_>) -> Answer {
    let key = |operation: &mut Operation| {
        let value = named_without_path(operation)?;
        let mut keys = value.keys();
        keys.find(|key| urn::is_urn(key) && !is_schema(key))
            .cloned()
    };
    refusing_keys(visit, &key)
}

/// Refuses a PATCH with an operation in which a key is found.
fn refusing_keys(visit: &Visit<'_>, key: &dyn Fn(&mut Operation) -> Option<String>) -> Answer {
    let Some(mut body) = visit.json().filter(|_| visit.is_patch()) else {
        return visit.sound();
    };
    match operations(&mut body).into_iter().find_map(key) {
        Some(key) => Refusal::value(format!("`{key}` is no attribute")).into_answer(),
        None => visit.sound(),
    }
}

fn whole_extension_crashes(visit: &Visit<'_>) -> Answer {
    visit.refusing(
        |operation| path_text(operation).is_some_and(is_schema),
        Refusal::new(500, "null"),
    )
}

fn part_of_extension_refused(visit: &Visit<'_>) -> Answer {
    visit.refusing(
        |operation| path_of(operation).is_some_and(|path| path.urn.is_some() && path.sub.is_some()),
        Refusal::no_target("only one sub-attribute is allowed in a path"),
    )
}

/// The path is cut at its dots, of which the version in the URN has one.
fn extension_cut_short(visit: &Visit<'_>) -> Answer {
    let mut stored = Map::new();
    if visit.has_operation(|operation| cut(operation).is_some()) {
        visit.touch();
    }
    let answer = match visit.is_patch() {
        true => visit.keeping_operations(|operation| {
            let Some((home, attribute)) = cut(operation) else {
                return true;
            };
            if let Some(value) = operation
                .get("value")
                .filter(|_| !does(operation, "remove"))
            {
                stored.insert(format!("{home}\n{attribute}"), value.clone());
            }
            false
        }),
        false => visit.sound(),
    };
    with_stored(visit, answer, stored, |resource, key, value| {
        let (home, attribute) = key.split_once('\n').unwrap_or((key, ""));
        let (home, child) = home.rsplit_once(':').unwrap_or((home, ""));
        let container = resource.entry(home).or_insert_with(|| json!({}));
        container[child][attribute] = value;
    })
}

/// The URN and attribute that an operation's path names in an extension.
fn cut(operation: &Operation) -> Option<(String, String)> {
    let text = path_text(operation)?;
    let path = Path::parse(text, Dialect::LENIENT).ok()?;
    let home = path.urn.filter(|_| !is_schema(text))?;
    let is_extension = !urn::same(&home, urn::USER) && !urn::same(&home, urn::GROUP);
    is_extension.then_some((home, path.name))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::scim::urn;
    use crate::server::defects::sides::{Side, differs};

    /// A status, and what is at these places of a user after a PATCH.
    fn patched(operation: Value, places: [&'static str; 2]) -> impl Fn(&Side) -> Value {
        move |side| {
            let user = side.user(json!({
                "name": {"givenName": "Ada", "familyName": "King"}, "active": true,
                "emails": [{"type": "work", "value": "old@example.test"}],
            }));
            let (status, _) = side.patch(&user, json!([operation]));
            let after = side.get(&user);
            json!([status, after.pointer(places[0]), after.pointer(places[1])])
        }
    }

    #[test]
    fn keys_without_path_are_read_wrongly() {
        let dotted = || {
            patched(
                json!({"op": "replace", "value": {"name.givenName": "Grace"}}),
                ["/name/givenName", "/name.givenName"],
            )
        };
        differs(
            "D034",
            dotted(),
            json!([200, "Grace", null]),
            json!([200, "Ada", "Grace"]),
        );
        differs(
            "D098",
            dotted(),
            json!([200, "Grace", null]),
            json!([400, "Ada", null]),
        );
        let department = format!("{}:department", urn::ENTERPRISE_USER);
        differs(
            "D238",
            patched(
                json!({"op": "replace", "value": {department: "Sales"}}),
                [
                    "/urn:ietf:params:scim:schemas:extension:enterprise:2.0:User/department",
                    "/x",
                ],
            ),
            json!([200, "Sales", null]),
            json!([400, null, null]),
        );
    }

    #[test]
    fn extensions_are_addressed_wrongly() {
        const DEPARTMENT: &str =
            "/urn:ietf:params:scim:schemas:extension:enterprise:2.0:User/department";
        const MANAGER: &str =
            "/urn:ietf:params:scim:schemas:extension:enterprise:2.0:User/manager/value";
        let at = |rest: &str, value: Value| json!({"op": "add", "path": format!("{}{rest}", urn::ENTERPRISE_USER), "value": value});
        differs(
            "D214",
            patched(
                at(":department", json!("Sales")),
                [
                    DEPARTMENT,
                    "/urn:ietf:params:scim:schemas:extension:enterprise:2.0/User/department",
                ],
            ),
            json!([200, "Sales", null]),
            json!([200, null, "Sales"]),
        );
        differs(
            "D100",
            patched(
                at("", json!({"department": "Sales"})),
                [DEPARTMENT, MANAGER],
            ),
            json!([200, "Sales", null]),
            json!([500, null, null]),
        );
        differs(
            "D103",
            patched(at(":manager.value", json!("m")), [DEPARTMENT, MANAGER]),
            json!([200, null, "m"]),
            json!([400, null, null]),
        );
        differs(
            "D047",
            patched(at(":manager", json!("m")), [DEPARTMENT, MANAGER]),
            json!([200, null, "m"]),
            json!([400, null, null]),
        );
        differs(
            "D047",
            patched(at(":manager", json!({"value": "m"})), [DEPARTMENT, MANAGER]),
            json!([200, null, "m"]),
            json!([200, null, "m"]),
        );
    }

    #[test]
    fn values_are_read_wrongly() {
        let path = "emails[type eq \"work\"].value";
        differs(
            "D044",
            patched(
                json!({"op": "Remove", "path": path, "value": "new@example.test"}),
                ["/emails/0/value", "/active"],
            ),
            json!([200, null, true]),
            json!([200, "new@example.test", true]),
        );
        differs(
            "D112",
            patched(
                json!({"op": "Replace", "path": "active", "value": "False"}),
                ["/active", "/title"],
            ),
            json!([200, false, null]),
            json!([400, true, null]),
        );
    }
}
