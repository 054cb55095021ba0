//! Defects of how resources are taken in.

use serde_json::{Map, Value, json};

use super::query::quoted;
use super::visit::{Visit, change_body, operations, resources};
use super::{Answer, Defect};
use crate::scim::filter::{Dialect, Filter, Limits, Node};
use crate::scim::locate::{matches, member};
use crate::scim::path::Path;
use crate::scim::schema::{Attribute, Schemas, common_attributes};
use crate::scim::urn;
use crate::server::error::Refusal;

pub(super) const DEFECTS: &[Defect] = &[
    Defect {
        id: "D080",
        names: &["meta"],
        act: meta_is_refused,
    },
    Defect {
        id: "D086",
        names: &["PUT"],
        act: empty_list_is_passed_over,
    },
    Defect {
        id: "D095",
        names: &["emails"],
        act: last_of_a_type_is_changed,
    },
    Defect {
        id: "D110",
        names: &["groups"],
        act: groups_and_password_are_refused,
    },
    Defect {
        id: "D125",
        names: &["primary"],
        act: added_is_primary,
    },
    Defect {
        id: "D188",
        names: &["primary"],
        act: many_are_primary,
    },
    Defect {
        id: "D200",
        names: &["PUT"],
        act: own_answer_is_refused,
    },
    Defect {
        id: "D202",
        names: &["externalId"],
        act: external_id_is_dropped,
    },
    Defect {
        id: "D223",
        names: &["userName"],
        act: letter_case_of_names_counts,
    },
];

/// Attributes of users of which one value may be the primary one.
const PLURAL: [&str; 8] = [
    "emails",
    "phoneNumbers",
    "ims",
    "photos",
    "addresses",
    "entitlements",
    "roles",
    "x509Certificates",
];

/// Whether it creates (`POST`) or replaces (`PUT`) a user or a group.
fn writes(visit: &Visit<'_>, method: &str) -> bool {
    let is_kind = matches!(visit.endpoint, "Users" | "Groups");
    let is_whole = visit.id.is_none() == (method == "POST");
    visit.request.method == method && is_kind && is_whole
}

/// The first of some attributes that the request's body has.
fn sent(visit: &Visit<'_>, names: &'static [&str]) -> Option<&'static str> {
    let body = visit.json()?;
    let body = body.as_object()?;
    names
        .iter()
        .copied()
        .find(|name| member(body, name).is_some())
}

fn read_only(name: &str) -> Refusal {
    Refusal::mutability(format!("`{name}` is readOnly"))
}

fn meta_is_refused(visit: &Visit<'_>) -> Answer {
    match sent(visit, &["meta"]).filter(|_| writes(visit, "POST")) {
        Some(name) => visit.refuse(read_only(name)),
        None => visit.sound(),
    }
}

fn groups_and_password_are_refused(visit: &Visit<'_>) -> Answer {
    let refused = sent(visit, &["groups", "password"]);
    match refused.filter(|_| visit.is("POST", "Users")) {
        Some("password") => visit.refuse(Refusal::value("`password` is not supported")),
        Some(name) => visit.refuse(read_only(name)),
        None => visit.sound(),
    }
}

fn own_answer_is_refused(visit: &Visit<'_>) -> Answer {
    let refused = sent(visit, &["id", "meta", "groups"]);
    match refused.filter(|_| writes(visit, "PUT")) {
        Some(name) => visit.refuse(read_only(name)),
        None => visit.sound(),
    }
}

/// The store keeps what an empty list should take away; the answer shows what was sent.
fn empty_list_is_passed_over(visit: &Visit<'_>) -> Answer {
    if !writes(visit, "PUT") {
        return visit.sound();
    }
    let Some(before) = visit.resource() else {
        return visit.sound();
    };
    let mut kept = Vec::new();
    let mut answer = visit.with_body(|body| {
        for (name, value) in body.as_object_mut().into_iter().flatten() {
            let stored = before.as_object().and_then(|before| member(before, name));
            if let Some(stored) = stored.filter(|_| *value == json!([])) {
                *value = stored.clone();
                kept.push(name.to_owned());
            }
        }
    });
    change_body(&mut answer, |body| {
        for resource in resources(body) {
            resource.retain(|name, _| !kept.iter().any(|kept| kept.eq_ignore_ascii_case(name)));
        }
    });
    answer
}

/// Of several elements that a value path chooses, the last one is changed; adding by one that chooses an element makes
/// another of the same type.
fn last_of_a_type_is_changed(visit: &Visit<'_>) -> Answer {
    let Some(user) = visit.resource().filter(|_| visit.is_one("PATCH", "Users")) else {
        return visit.sound();
    };
    visit.with_operations(|operation| {
        let text = operation.get("path").and_then(Value::as_str);
        let path = text.and_then(|path| Path::parse(path, Dialect::LENIENT).ok());
        let Some(path) = path.filter(|path| path.filter.is_some()) else {
            return;
        };
        let chosen = chosen(&user, &path);
        let verb = operation
            .get("op")
            .and_then(Value::as_str)
            .unwrap_or_default();
        let is_value = path.sub.as_deref() == Some("value");
        if verb.eq_ignore_ascii_case("add") && is_value && !chosen.is_empty() {
            let kind = chosen[0].get("type").cloned();
            let value = operation.get("value").cloned();
            operation.insert("path".to_owned(), json!(path.name));
            operation.insert("value".to_owned(), json!([{"type": kind, "value": value}]));
        } else if let (Some(last), true) = (chosen.last(), chosen.len() > 1)
            && let Some(narrow) = narrowed(path, last)
        {
            operation.insert("path".to_owned(), json!(narrow));
        }
    })
}

/// The elements that a value path chooses.
fn chosen<'u>(user: &'u Value, path: &Path) -> Vec<&'u Value> {
    let elements = user
        .as_object()
        .and_then(|user| member(user, &path.name)?.as_array());
    let filter = path.filter.as_deref();
    elements
        .into_iter()
        .flatten()
        .filter(|element| filter.is_some_and(|filter| matches(element, filter)))
        .collect()
}

/// A value path that chooses only one of the elements that it chose.
fn narrowed(mut path: Path, element: &Value) -> Option<String> {
    let value = quoted(element.get("value")?.as_str()?);
    let this = Filter::parse(
        &format!("value eq {value}"),
        Dialect::STRICT,
        Limits::default(),
    );
    let filter = path.filter.take()?;
    let span = filter.span.clone();
    let node = Node::And(vec![*filter, this.ok()?.filter]);
    path.filter = Some(Box::new(Filter { node, span }));
    Some(path.to_string())
}

/// A value that a PATCH added, and that is not marked, takes the mark.
fn added_is_primary(visit: &Visit<'_>) -> Answer {
    let adds = |operation: &mut Map<String, Value>| {
        let verb = operation.get("op").and_then(Value::as_str);
        verb.is_some_and(|verb| verb.eq_ignore_ascii_case("add"))
    };
    let before = visit
        .resource()
        .filter(|_| visit.is_one("PATCH", "Users") && visit.has_operation(adds));
    let answer = visit.sound();
    let Some(before) = before.filter(|_| answer.status < 300) else {
        return answer;
    };
    let after = visit.resource().unwrap_or_default();
    let values = |user: &Value, name: &str| -> Vec<Value> {
        let elements = user.get(name).and_then(Value::as_array);
        let elements = elements.into_iter().flatten();
        elements
            .filter(|element| !is_primary(element))
            .filter_map(|element| element.get("value").cloned())
            .collect()
    };
    let marks: Vec<Value> = PLURAL
        .iter()
        .filter_map(|name| {
            let known = values(&before, name);
            let added = values(&after, name)
                .into_iter()
                .find(|value| !known.contains(value))?;
            let path = format!("{name}[value eq {added}].primary");
            Some(json!({"op": "replace", "path": path, "value": true}))
        })
        .collect();
    match marks.is_empty() {
        true => answer,
        false => visit.patch(json!(marks)),
    }
}

fn is_primary(element: &Value) -> bool {
    element.get("primary") == Some(&json!(true))
}

/// Which values were sent as primary ones is remembered until the user is changed.
fn many_are_primary(visit: &Visit<'_>) -> Answer {
    let mut several = Map::new();
    let mut answer = if visit.is("POST", "Users") {
        visit.with_body(|body| {
            for (name, value) in body.as_object_mut().into_iter().flatten() {
                let Some(elements) = value.as_array_mut() else {
                    continue;
                };
                let primaries = elements.iter().filter(|element| is_primary(element));
                let values: Vec<Value> = primaries
                    .filter_map(|element| element.get("value").cloned())
                    .collect();
                if values.len() > 1 {
                    let primaries = elements.iter_mut().filter(|element| is_primary(element));
                    for element in primaries.skip(1) {
                        element["primary"] = json!(false);
                    }
                    several.insert(name.clone(), json!(values));
                }
            }
        })
    } else {
        visit.sound()
    };
    let mut memory = visit.memory();
    let is_change = visit.is_one("PUT", "Users") || visit.is_one("PATCH", "Users");
    if let Some(id) = visit.id.filter(|_| is_change && answer.status < 300) {
        memory.shift_remove(id);
    }
    change_body(&mut answer, |body| {
        for user in resources(body) {
            let Some(id) = user.get("id").and_then(Value::as_str).map(str::to_owned) else {
                continue;
            };
            if !several.is_empty() {
                memory.insert(id.clone(), Value::Object(several.clone()));
            }
            let known = memory.get(&id).and_then(Value::as_object);
            for (name, values) in known.into_iter().flatten() {
                let elements = user.get_mut(name).and_then(Value::as_array_mut);
                for element in elements.into_iter().flatten() {
                    let value = element.get("value");
                    let values = values.as_array();
                    if values.is_some_and(|values| values.iter().any(|one| Some(one) == value)) {
                        element["primary"] = json!(true);
                    }
                }
            }
        }
    });
    answer
}

fn external_id_is_dropped(visit: &Visit<'_>) -> Answer {
    let is_external = |name: &str| name.eq_ignore_ascii_case("externalId");
    let drop_from = |value: &mut Value| {
        if let Some(members) = value.as_object_mut() {
            members.retain(|name, _| !is_external(name));
        }
    };
    if writes(visit, "POST") || writes(visit, "PUT") {
        return visit.with_body(drop_from);
    }
    if visit.request.method != "PATCH" {
        return visit.sound();
    }
    visit.with_body(|body| {
        for operation in operations(body) {
            if let Some(value) = operation.get_mut("value") {
                drop_from(value);
            }
        }
        let lists = body.as_object_mut().into_iter().flatten();
        for (_, list) in lists.filter(|(name, _)| name.eq_ignore_ascii_case("operations")) {
            let Some(list) = list.as_array_mut() else {
                continue;
            };
            list.retain(|operation| {
                let path = operation.get("path").and_then(Value::as_str);
                !path.is_some_and(is_external)
            });
        }
    })
}

/// Names in bodies that differ from the schema in letter case alone are unknown.
fn letter_case_of_names_counts(visit: &Visit<'_>) -> Answer {
    fn keep(value: &mut Value, known: &[&[Attribute]]) {
        match value {
            Value::Array(elements) => elements.iter_mut().for_each(|one| keep(one, known)),
            Value::Object(members) => {
                let all = || known.iter().copied().flatten();
                members.retain(|name, value| {
                    let alike = all().find(|attribute| attribute.name.eq_ignore_ascii_case(name));
                    if let Some(attribute) = alike {
                        keep(value, &[&attribute.sub_attributes]);
                    }
                    alike.is_none_or(|attribute| attribute.name == *name)
                });
            }
            _ => {}
        }
    }
    if !writes(visit, "POST") && !writes(visit, "PUT") {
        return visit.sound();
    }
    let core = match visit.endpoint {
        "Users" => urn::USER,
        _ => urn::GROUP,
    };
    let attributes = |urn: &str| {
        Schemas::core()
            .schema(urn)
            .map(|schema| &*schema.attributes)
    };
    visit.with_body(|body| {
        let common = common_attributes();
        keep(body, &[common, attributes(core).unwrap_or_default()]);
        if let Some(container) = body.get_mut(urn::ENTERPRISE_USER) {
            keep(
                container,
                &[attributes(urn::ENTERPRISE_USER).unwrap_or_default()],
            );
        }
    })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::bench::{Bench, tell_apart, user};

    fn status(bench: &Bench, attributes: Value) -> Value {
        json!(bench.create(attributes).status)
    }

    fn emails(bench: &Bench) -> String {
        let emails = json!([
            {"value": "a@x.example", "type": "work", "primary": true},
            {"value": "b@x.example", "type": "work"},
        ]);
        let id = bench
            .create(json!({"userName": "ada", "emails": emails}))
            .id();
        format!("/Users/{id}")
    }

    #[test]
    fn what_is_sent_is_taken_wrongly() {
        tell_apart(vec![
            (
                "D080",
                |bench| {
                    status(
                        bench,
                        json!({"userName": "ada", "meta": {"resourceType": "User"}}),
                    )
                },
                json!(201),
                json!(400),
            ),
            (
                "D086",
                |bench| {
                    let path = emails(bench);
                    let sent = user(json!({"userName": "ada", "emails": []}));
                    let shown = bench.send(&format!("PUT {path}"), sent).at("/emails");
                    json!([shown, bench.get(&path).at("/emails/0/value")])
                },
                json!([null, null]),
                json!([null, "a@x.example"]),
            ),
            (
                "D095",
                |bench| {
                    let path = emails(bench);
                    let at = r#"emails[type eq "work"].display"#;
                    let change = json!([{"op": "replace", "path": at, "value": "new"}]);
                    bench.patch(&path, change);
                    let seen = bench.get(&path);
                    let added = json!([{
                        "op": "add", "path": r#"emails[type eq "work"].value"#, "value": "c@x",
                    }]);
                    let id = bench.create(json!({
                        "userName": "bob",
                        "emails": [{"value": "a@x", "type": "work"}],
                    }));
                    let grown = bench.patch(&format!("/Users/{}", id.id()), added);
                    json!([
                        seen.at("/emails/0/display"),
                        seen.at("/emails/1/display"),
                        grown.at("/emails/1/value"),
                    ])
                },
                json!(["new", "new", null]),
                json!([null, "new", "c@x"]),
            ),
            (
                "D110",
                |bench| {
                    let groups = status(bench, json!({"userName": "ada", "groups": []}));
                    json!([
                        groups,
                        status(bench, json!({"userName": "bob", "password": "secret1"}))
                    ])
                },
                json!([201, 201]),
                json!([400, 400]),
            ),
            (
                "D125",
                |bench| {
                    let path = emails(bench);
                    let home = json!([{"value": "c@x.example", "type": "home"}]);
                    bench.patch(
                        &path,
                        json!([{"op": "add", "path": "emails", "value": home}]),
                    );
                    json!(bench.get(&path).at("/emails/2/primary") == true)
                },
                json!(false),
                json!(true),
            ),
            (
                "D188",
                |bench| {
                    let emails = json!([
                        {"value": "a@x.example", "primary": true},
                        {"value": "b@x.example", "primary": true},
                    ]);
                    let made = bench.create(json!({"userName": "ada", "emails": emails}));
                    let seen = bench
                        .get(&format!("/Users/{}", made.id()))
                        .at("/emails/1/primary");
                    json!([made.status, seen])
                },
                json!([400, null]),
                json!([201, true]),
            ),
            (
                "D200",
                |bench| {
                    let path = emails(bench);
                    let whole = bench.get(&path).body;
                    json!(bench.send(&format!("PUT {path}"), whole).status)
                },
                json!(200),
                json!(400),
            ),
            (
                "D202",
                |bench| {
                    let made = bench.create(json!({"userName": "ada", "externalId": "a1"}));
                    let path = format!("/Users/{}", made.id());
                    let change = json!([
                        {"op": "replace", "path": "externalId", "value": "b2"},
                        {"op": "replace", "value": {"externalId": "b2", "title": "Lead"}},
                    ]);
                    let changed = bench.patch(&path, change);
                    json!([
                        made.at("/externalId"),
                        changed.at("/externalId"),
                        changed.at("/title")
                    ])
                },
                json!(["a1", "b2", "Lead"]),
                json!([null, null, "Lead"]),
            ),
            (
                "D223",
                |bench| {
                    let sent = json!({"userName": "ada", "DisplayName": "Ada", "title": "Lead"});
                    let made = bench.create(sent);
                    json!([made.at("/displayName"), made.at("/title")])
                },
                json!(["Ada", "Lead"]),
                json!([null, "Lead"]),
            ),
        ]);
    }
}
