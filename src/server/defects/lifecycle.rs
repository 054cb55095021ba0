//! Defects of activation and of accounts behind the resources.

use serde_json::{Map, Value, json};

use super::query::quoted;
use super::visit::{Visit, operations};
use super::{Answer, Defect};
use crate::scim::locate::member;
use crate::server::error::{Refusal, ScimType};

pub(super) const DEFECTS: &[Defect] = &[
    Defect {
        id: "D019",
        names: &["409"],
        act: local_accounts_are_hidden,
    },
    Defect {
        id: "D023",
        names: &["active"],
        act: put_activates,
    },
    Defect {
        id: "D058",
        names: &["userName"],
        act: tombstone_name_spreads,
    },
    Defect {
        id: "D166",
        names: &["active"],
        act: inactive_is_refused,
    },
    Defect {
        id: "D218",
        names: &["404"],
        act: deactivated_is_read_again,
    },
    Defect {
        id: "D224",
        names: &["active"],
        act: all_start_active,
    },
    Defect {
        id: "D227",
        names: &["404"],
        act: inactive_is_gone,
    },
    Defect {
        id: "D233",
        names: &["active"],
        act: put_keeps_active,
    },
];

/// Whether a value means that someone is not active.
fn is_false(value: Option<&Value>) -> bool {
    match value {
        Some(Value::Bool(active)) => !active,
        Some(Value::String(text)) => text.eq_ignore_ascii_case("false"),
        _ => false,
    }
}

fn is_inactive(resource: Option<&Value>) -> bool {
    is_false(resource.and_then(|resource| member(resource.as_object()?, "active")))
}

/// Lists leave out accounts that no provider manages: without an externalId, and either not active or not created by a
/// client.
fn local_accounts_are_hidden(visit: &Visit<'_>) -> Answer {
    if visit.is("POST", "Users") || visit.is("POST", "Bulk") {
        return visit.answered(|body| visit.memory().extend(created(body)));
    }
    if !visit.is_query() || visit.endpoint != "Users" {
        return visit.sound();
    }
    let managed = visit.read_all("Users", "externalId pr or not (active eq false)");
    visit.listed(|all| {
        let memory = visit.memory();
        all.retain(|resource| {
            let id = resource.get("id").and_then(Value::as_str);
            let user = managed
                .iter()
                .find(|user| user.get("id") == resource.get("id"));
            user.is_some_and(|user| user.get("externalId").is_some())
                || user.is_some() && id.is_some_and(|id| memory.contains_key(id))
        });
    })
}

/// The id in the answer to a POST, or those in the answer to a bulk request.
fn created(body: &mut Value) -> Vec<(String, Value)> {
    let own = body.get("id").and_then(Value::as_str).map(str::to_owned);
    let made = operations(body).into_iter().filter_map(|operation| {
        let location = operation.get("location")?.as_str()?;
        Some(location.rsplit_once('/')?.1.to_owned())
    });
    let ids = made.chain(own);
    ids.map(|id| (id, Value::Null)).collect()
}

fn put_activates(visit: &Visit<'_>) -> Answer {
    if !visit.is_one("PUT", "Users") {
        return visit.sound();
    }
    visit.with_body(|body| {
        if let Some(body) = body.as_object_mut()
            && member(body, "active").is_none()
        {
            body.insert("active".to_owned(), json!(true));
        }
    })
}

/// The user name that a request sets.
fn new_name(visit: &Visit<'_>) -> Option<String> {
    let mut body = visit.json()?;
    let found = match visit.request.method {
        "POST" | "PUT" => member(body.as_object()?, "userName").cloned(),
        "PATCH" => operations(&mut body)
            .into_iter()
            .filter_map(|operation| {
                let value = member(operation, "value")?;
                match member(operation, "path").and_then(Value::as_str) {
                    Some(path) => path.eq_ignore_ascii_case("userName").then(|| value.clone()),
                    None => member(value.as_object()?, "userName").cloned(),
                }
            })
            .next_back(),
        _ => None,
    };
    Some(found?.as_str()?.to_owned())
}

/// The name that Entra gives to whom it deletes softly goes into the address too, and the account keeps the old name.
fn tombstone_name_spreads(visit: &Visit<'_>) -> Answer {
    let Some(new) = new_name(visit).filter(|_| visit.endpoint == "Users") else {
        return visit.sound();
    };
    let key = |name: &str| format!("{}\n{}", visit.prefix, name.to_lowercase());
    if visit.memory().contains_key(&key(&new)) {
        return Refusal {
            scim_type: Some(ScimType::Uniqueness),
            ..Refusal::new(409, format!("userName `{new}` is taken"))
        }
        .into_answer();
    }
    let before = visit.resource();
    let old = before
        .as_ref()
        .and_then(|user| user.get("userName")?.as_str());
    let is_tombstone = old.is_some_and(|old| {
        new.len() == old.len() + 32
            && new.is_char_boundary(32)
            && new[32..].eq_ignore_ascii_case(old)
            && new[..32].bytes().all(|byte| byte.is_ascii_hexdigit())
    });
    let Some(old) = old.filter(|_| is_tombstone && visit.request.method == "PATCH") else {
        return visit.sound();
    };
    let at_old = format!("emails[value eq {}].value", quoted(old));
    let has_address = before
        .iter()
        .filter_map(|user| user.get("emails")?.as_array())
        .flatten()
        .any(|email| email.get("value") == Some(&json!(old)));
    let answer = visit.with_body(|body| {
        let list = body.as_object_mut().and_then(|body| {
            let operations = body
                .iter_mut()
                .find(|(name, _)| name.eq_ignore_ascii_case("operations"));
            operations?.1.as_array_mut()
        });
        if let Some(list) = list.filter(|_| has_address) {
            list.push(json!({"op": "replace", "path": at_old, "value": new}));
        }
    });
    if answer.status < 300 {
        visit.memory().insert(key(old), Value::Null);
    }
    answer
}

fn inactive_is_refused(visit: &Visit<'_>) -> Answer {
    match visit.is("POST", "Users") && is_inactive(visit.json().as_ref()) {
        true => visit.refuse(Refusal::value("`active` must be true for a new user")),
        false => visit.sound(),
    }
}

/// Who is deactivated is taken out first, and looked up for the answer then.
fn deactivated_is_read_again(visit: &Visit<'_>) -> Answer {
    let changes = visit.is_one("PUT", "Users") || visit.is_one("PATCH", "Users");
    if !changes || is_inactive(visit.resource().as_ref()) {
        return visit.sound();
    }
    let answer = visit.sound();
    match answer.status < 300 && is_inactive(visit.resource().as_ref()) {
        true => Refusal::not_found("user", visit.id.unwrap_or_default()).into_answer(),
        false => answer,
    }
}

fn set_active(body: &mut Value, active: Option<Value>) {
    if let Some(body) = body.as_object_mut() {
        body.retain(|name, _| !name.eq_ignore_ascii_case("active"));
        body.extend(active.map(|active| ("active".to_owned(), active)));
    }
}

fn all_start_active(visit: &Visit<'_>) -> Answer {
    match visit.is("POST", "Users") && is_inactive(visit.json().as_ref()) {
        true => visit.with_body(|body| set_active(body, Some(json!(true)))),
        false => visit.sound(),
    }
}

fn inactive_is_gone(visit: &Visit<'_>) -> Answer {
    let touches = ["GET", "PUT", "PATCH"]
        .into_iter()
        .any(|method| visit.is_one(method, "Users"));
    match touches && is_inactive(visit.resource().as_ref()) {
        true => Refusal::not_found("user", visit.id.unwrap_or_default()).into_answer(),
        false => visit.sound(),
    }
}

fn put_keeps_active(visit: &Visit<'_>) -> Answer {
    if !visit.is_one("PUT", "Users") {
        return visit.sound();
    }
    let before = visit.resource();
    let active = before
        .as_ref()
        .and_then(Value::as_object)
        .and_then(|user: &Map<String, Value>| user.get("active").cloned());
    visit.with_body(|body| set_active(body, active))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::bench::{Bench, tell_apart, user};

    const TOMBSTONE: &str = "283405f5aaaabbbbccccddddeeeeffffada@x.example";

    fn inactive(bench: &Bench) -> String {
        let id = bench.user("ada");
        let off = json!([{"op": "replace", "value": {"active": false}}]);
        bench.patch(&format!("/Users/{id}"), off);
        id
    }

    fn put(bench: &Bench, id: &str, attributes: Value) -> Value {
        bench.send(&format!("PUT /Users/{id}"), user(attributes));
        bench.get(&format!("/Users/{id}")).at("/active")
    }

    fn rename(bench: &Bench, id: &str, name: &str) -> u16 {
        let rename = json!([{"op": "replace", "path": "userName", "value": name}]);
        bench.patch(&format!("/Users/{id}"), rename).status
    }

    #[test]
    fn lives_go_wrong() {
        tell_apart(vec![
            (
                "D023",
                |bench| {
                    let id = inactive(bench);
                    put(bench, &id, json!({"userName": "ada"}))
                },
                json!(false),
                json!(true),
            ),
            (
                "D058",
                |bench| {
                    let emails = json!([{"value": "ada@x.example"}]);
                    let ada = json!({"userName": "ada@x.example", "emails": emails});
                    let id = bench.create(ada).id();
                    rename(bench, &id, TOMBSTONE);
                    let address = bench.get(&format!("/Users/{id}")).at("/emails/0/value");
                    json!([address, rename(bench, &id, "ada@x.example")])
                },
                json!(["ada@x.example", 200]),
                json!([TOMBSTONE, 409]),
            ),
            (
                "D166",
                |bench| {
                    json!(
                        bench
                            .create(json!({"userName": "ada", "active": false}))
                            .status
                    )
                },
                json!(201),
                json!(400),
            ),
            (
                "D218",
                |bench| {
                    let id = bench.user("ada");
                    let off = json!([{"op": "replace", "value": {"active": false}}]);
                    let status = bench.patch(&format!("/Users/{id}"), off).status;
                    json!([status, bench.get(&format!("/Users/{id}")).at("/active")])
                },
                json!([200, false]),
                json!([404, false]),
            ),
            (
                "D224",
                |bench| {
                    bench
                        .create(json!({"userName": "ada", "active": false}))
                        .at("/active")
                },
                json!(false),
                json!(true),
            ),
            (
                "D227",
                |bench| json!(bench.get(&format!("/Users/{}", inactive(bench))).status),
                json!(200),
                json!(404),
            ),
            (
                "D233",
                |bench| {
                    let id = bench.user("ada");
                    let changed = put(bench, &id, json!({"userName": "ada", "active": false}));
                    json!(changed == json!(false))
                },
                json!(true),
                json!(false),
            ),
        ]);
    }

    #[test]
    fn accounts_that_no_client_created_are_hidden() {
        tell_apart(vec![(
            "D019",
            |bench| {
                bench.user("ada");
                bench.create(json!({"userName": "shell", "active": false}));
                bench.insert_local("local");
                let again = bench.create(json!({"userName": "local"})).status;
                json!([bench.get("/Users").at("/totalResults"), again])
            },
            json!([3, 409]),
            json!([1, 409]),
        )]);
    }
}
