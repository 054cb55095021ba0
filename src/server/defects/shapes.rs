//! Defects of how resources are shown.

use serde_json::{Map, Value, json};

use super::visit::{Visit, change_body, resources};
use super::{Answer, Defect};
use crate::scim::filter::Node;
use crate::scim::urn;

pub(super) const DEFECTS: &[Defect] = &[
    Defect {
        id: "D040",
        names: &["emails"],
        act: further_values_are_bare,
    },
    Defect {
        id: "D085",
        names: &["name"],
        act: names_not_imported,
    },
    Defect {
        id: "D097",
        names: &["ListResponse"],
        act: one_is_a_list,
    },
    Defect {
        id: "D104",
        names: &["manager"],
        act: manager_is_a_text,
    },
    Defect {
        id: "D151",
        names: &["lastModified"],
        act: modified_when_created,
    },
    Defect {
        id: "D158",
        names: &["created"],
        act: times_of_a_database,
    },
    Defect {
        id: "D160",
        names: &["201"],
        act: created_without_body,
    },
    Defect {
        id: "D175",
        names: &["schemas"],
        act: extensions_not_listed,
    },
    Defect {
        id: "D184",
        names: &["meta"],
        act: times_after_creation_only,
    },
    Defect {
        id: "D205",
        names: &["phoneNumbers"],
        act: phantom_phone,
    },
    Defect {
        id: "D242",
        names: &["userName"],
        act: name_in_small_letters,
    },
];

/// Changes each user or group in an answer, by the URN of its schema; `None` for both.
fn with_each(
    visit: &Visit<'_>,
    schema: Option<&str>,
    change: impl Fn(&mut Map<String, Value>),
) -> Answer {
    visit.answered(|body| change_each(body, schema, change))
}

fn change_each(body: &mut Value, schema: Option<&str>, change: impl Fn(&mut Map<String, Value>)) {
    let has = |resource: &Map<String, Value>, urn: &str| {
        let schemas = resource.get("schemas").and_then(Value::as_array);
        schemas.is_some_and(|schemas| schemas.contains(&json!(urn)))
    };
    for resource in resources(body) {
        let fits = match schema {
            Some(urn) => has(resource, urn),
            None => has(resource, urn::USER) || has(resource, urn::GROUP),
        };
        if fits {
            change(resource);
        }
    }
}

fn further_values_are_bare(visit: &Visit<'_>) -> Answer {
    with_each(visit, Some(urn::USER), |user| {
        for name in [
            "emails",
            "phoneNumbers",
            "ims",
            "photos",
            "entitlements",
            "roles",
        ] {
            let elements = user.get_mut(name).and_then(Value::as_array_mut);
            for element in elements.into_iter().flatten().skip(1) {
                if let Some(value) = element.get("value").cloned() {
                    *element = value;
                }
            }
        }
    })
}

/// Lists, which imports read, lack the parts of the name.
fn names_not_imported(visit: &Visit<'_>) -> Answer {
    if !visit.is_query() {
        return visit.sound();
    }
    with_each(visit, Some(urn::USER), |user| {
        if let Some(name) = user.get_mut("name").and_then(Value::as_object_mut) {
            name.retain(|part, _| !matches!(part.as_str(), "givenName" | "familyName"));
        }
    })
}

fn one_is_a_list(visit: &Visit<'_>) -> Answer {
    let is_read = visit.is_one("GET", "Users") || visit.is_one("GET", "Groups");
    let mut answer = visit.sound();
    if is_read && answer.status == 200 {
        change_body(&mut answer, |body| {
            *body = json!({
                "schemas": [urn::LIST_RESPONSE],
                "totalResults": 1,
                "startIndex": 1,
                "itemsPerPage": 1,
                "Resources": [body.take()],
            });
        });
    }
    answer
}

fn manager_is_a_text(visit: &Visit<'_>) -> Answer {
    with_each(visit, Some(urn::USER), |user| {
        let manager = user
            .get_mut(urn::ENTERPRISE_USER)
            .and_then(|container| container.get_mut("manager"));
        if let Some(manager) = manager
            && let Some(id) = manager.get("value").cloned()
        {
            *manager = id;
        }
    })
}

fn modified_when_created(visit: &Visit<'_>) -> Answer {
    let mut answer = visit.with_conditions(|node| match node {
        Node::Compare {
            mut path,
            operator,
            value,
        } => {
            if path.to_string().eq_ignore_ascii_case("meta.lastModified") {
                path.sub = Some("created".to_owned());
            }
            Node::Compare {
                path,
                operator,
                value,
            }
        }
        other => other,
    });
    change_body(&mut answer, |body| {
        change_each(body, None, |resource| {
            if let Some(meta) = resource.get_mut("meta")
                && let Some(created) = meta.get("created").cloned()
            {
                meta["lastModified"] = created;
            }
        });
    });
    answer
}

fn times_of_a_database(visit: &Visit<'_>) -> Answer {
    with_each(visit, None, |resource| {
        for name in ["created", "lastModified"] {
            let time = resource.get_mut("meta").and_then(|meta| meta.get_mut(name));
            if let Some(Value::String(time)) = time {
                let seconds = time.split(['.', 'Z']).next().unwrap_or_default();
                *time = seconds.replace('T', " ");
            }
        }
    })
}

fn created_without_body(visit: &Visit<'_>) -> Answer {
    let mut answer = visit.sound();
    if answer.status == 201 {
        answer.body.clear();
    }
    answer
}

fn extensions_not_listed(visit: &Visit<'_>) -> Answer {
    with_each(visit, None, |resource| {
        let schemas = resource.get_mut("schemas").and_then(Value::as_array_mut);
        if let Some(schemas) = schemas {
            schemas.retain(|schema| schema == urn::USER || schema == urn::GROUP);
        }
    })
}

fn times_after_creation_only(visit: &Visit<'_>) -> Answer {
    if visit.is("POST", "Users") || visit.is("POST", "Groups") {
        return visit.sound();
    }
    with_each(visit, None, |resource| {
        if let Some(meta) = resource.get_mut("meta").and_then(Value::as_object_mut) {
            meta.retain(|name, _| !matches!(name.as_str(), "created" | "lastModified"));
        }
    })
}

fn phantom_phone(visit: &Visit<'_>) -> Answer {
    let lists = |name: &str| {
        let names = visit.asked(name)?;
        let mut names = names.split(',').map(str::trim);
        Some(names.any(|name| name.eq_ignore_ascii_case("phoneNumbers")))
    };
    let is_shown =
        lists("attributes").unwrap_or(true) && !lists("excludedAttributes").unwrap_or(false);
    with_each(visit, Some(urn::USER), |user| {
        if is_shown && !user.contains_key("phoneNumbers") {
            let phantom = json!([{"type": "work", "primary": true}]);
            user.insert("phoneNumbers".to_owned(), phantom);
        }
    })
}

fn name_in_small_letters(visit: &Visit<'_>) -> Answer {
    with_each(visit, Some(urn::USER), |user| {
        if let Some(Value::String(name)) = user.get_mut("userName") {
            *name = name.to_lowercase();
        }
    })
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;
    use serde_json::{Value, json};

    use super::super::bench::{Bench, Seen, tell_apart};
    use crate::scim::urn;

    fn ada(bench: &Bench) -> Seen {
        bench.create(json!({
            "userName": "Ada",
            "name": {"givenName": "Ada", "familyName": "Lovell"},
            "emails": [{"value": "a@x.example"}, {"value": "b@x.example", "type": "home"}],
            urn::ENTERPRISE_USER: {"manager": {"value": "26118915"}},
        }))
    }

    fn read(bench: &Bench, pointer: &str) -> Value {
        let id = ada(bench).id();
        bench.get(&format!("/Users/{id}")).at(pointer)
    }

    fn is_null(value: &Value) -> Value {
        json!(value.is_null())
    }

    #[test]
    fn resources_look_wrong() {
        const MANAGER: &str = "/urn:ietf:params:scim:schemas:extension:enterprise:2.0:User/manager";
        tell_apart(vec![
            (
                "D040",
                |bench| read(bench, "/emails/1"),
                json!({"value": "b@x.example", "type": "home"}),
                json!("b@x.example"),
            ),
            (
                "D085",
                |bench| {
                    ada(bench);
                    bench.get("/Users").at("/Resources/0/name/givenName")
                },
                json!("Ada"),
                json!(null),
            ),
            (
                "D097",
                |bench| read(bench, "/totalResults"),
                json!(null),
                json!(1),
            ),
            (
                "D104",
                |bench| read(bench, MANAGER),
                json!({"value": "26118915"}),
                json!("26118915"),
            ),
            (
                "D151",
                |bench| {
                    let path = format!("/Users/{}", ada(bench).id());
                    bench.pass(SignedDuration::from_secs(5));
                    bench.patch(
                        &path,
                        json!([{"op": "replace", "value": {"title": "Lead"}}]),
                    );
                    let meta = bench.get(&path).at("/meta");
                    json!(meta["created"] == meta["lastModified"])
                },
                json!(false),
                json!(true),
            ),
            (
                "D158",
                |bench| ada(bench).at("/meta/created"),
                json!("2026-01-01T00:00:00.000Z"),
                json!("2026-01-01 00:00:00"),
            ),
            (
                "D160",
                |bench| is_null(&ada(bench).body),
                json!(false),
                json!(true),
            ),
            (
                "D175",
                |bench| is_null(&ada(bench).at("/schemas/1")),
                json!(false),
                json!(true),
            ),
            (
                "D184",
                |bench| {
                    let made = ada(bench).at("/meta/created");
                    let list = bench.get("/Users").at("/Resources/0/meta/created");
                    json!([is_null(&made), is_null(&list)])
                },
                json!([false, false]),
                json!([false, true]),
            ),
            (
                "D205",
                |bench| read(bench, "/phoneNumbers"),
                json!(null),
                json!([{"type": "work", "primary": true}]),
            ),
            (
                "D242",
                |bench| read(bench, "/userName"),
                json!("Ada"),
                json!("ada"),
            ),
        ]);
    }
}
