//! Defects of the walls between tenants, and of what may be shown.

use serde_json::{Map, Value, json};

use super::query::{encoded, quoted, resources_of};
use super::visit::{Draft, Visit, change_body, operations, resources};
use super::{Answer, Defect};
use crate::scim::locate::member;
use crate::scim::urn;

pub(super) const DEFECTS: &[Defect] = &[
    Defect {
        id: "D059",
        names: &["totalResults"],
        act: foreign_groups_are_listed,
    },
    Defect {
        id: "D068",
        names: &["displayName"],
        act: foreign_user_is_renamed,
    },
    Defect {
        id: "D115",
        names: &["404"],
        act: foreign_resource_is_served,
    },
    Defect {
        id: "D136",
        names: &["password"],
        act: password_is_shown,
    },
];

/// Where the credentials of tenants are remembered.
const CREDENTIALS: &str = "credentials of ";

/// The sound answer; the credentials that it was given to are remembered for their tenant.
fn let_in(visit: &Visit<'_>) -> Answer {
    let answer = visit.sound();
    if let Some(given) = visit
        .request
        .header("authorization")
        .filter(|_| answer.status != 401)
    {
        let key = format!("{CREDENTIALS}{}", visit.prefix);
        visit.memory().insert(key, json!(given));
    }
    answer
}

/// What another tenant answers to a request whose path is below its base path, with credentials that it knows.
fn answer_of(visit: &Visit<'_>, prefix: &str, method: &str, path: &str, body: Vec<u8>) -> Answer {
    let known = visit
        .memory()
        .get(&format!("{CREDENTIALS}{prefix}"))
        .cloned();
    let known = known.as_ref().and_then(Value::as_str);
    let others = visit.request.headers.iter().copied();
    let headers = others
        .filter(|(name, _)| known.is_none() || !name.eq_ignore_ascii_case("authorization"))
        .chain(known.map(|known| ("authorization", known)))
        .collect();
    visit.send(&Draft {
        method,
        target: format!("{prefix}{path}"),
        headers,
        body,
    })
}

fn list_of(visit: &Visit<'_>, prefix: &str, path: &str) -> Vec<Value> {
    let answer = answer_of(visit, prefix, "GET", path, Vec::new());
    resources_of(&answer).unwrap_or_default()
}

fn name_of(group: &Value) -> &str {
    let name = group.get("displayName").and_then(Value::as_str);
    name.unwrap_or_default()
}

/// Groups of other tenants whose names differ from one here in letter case alone are taken for it.
fn foreign_groups_are_listed(visit: &Visit<'_>) -> Answer {
    let answer = let_in(visit);
    if answer.status != 200 || !visit.is_query() || visit.endpoint != "Groups" {
        return answer;
    }
    let path = "/Groups?count=1000";
    let own = list_of(visit, visit.prefix, path);
    visit.listed(|all| {
        for other in &visit.others {
            let foreign = list_of(visit, other, path).into_iter().filter(|foreign| {
                own.iter().map(name_of).any(|name| {
                    let other = name_of(foreign);
                    name != other && name.eq_ignore_ascii_case(other)
                })
            });
            all.extend(foreign.filter_map(|group| visit.found(&group)));
        }
    })
}

fn foreign_user_is_renamed(visit: &Visit<'_>) -> Answer {
    let answer = let_in(visit);
    if answer.status != 201 || !visit.is("POST", "Users") {
        return answer;
    }
    let body = visit.json().unwrap_or_default();
    let text = |name: &str| member(body.as_object()?, name)?.as_str();
    if let (Some(user_name), Some(display)) = (text("userName"), text("displayName")) {
        let filter = encoded(&format!("userName eq {}", quoted(user_name)));
        for other in &visit.others {
            for user in list_of(visit, other, &format!("/Users?filter={filter}")) {
                let Some(id) = user.get("id").and_then(Value::as_str) else {
                    continue;
                };
                let rename = json!({"op": "replace", "path": "displayName", "value": display});
                let message = json!({"schemas": [urn::PATCH_OP], "Operations": [rename]});
                let body = message.to_string().into_bytes();
                answer_of(visit, other, "PATCH", &format!("/Users/{id}"), body);
            }
        }
    }
    answer
}

/// Ids are looked up among the resources of all tenants.
fn foreign_resource_is_served(visit: &Visit<'_>) -> Answer {
    let answer = let_in(visit);
    let is_resource = matches!(visit.endpoint, "Users" | "Groups");
    let Some(id) = visit.id.filter(|_| answer.status == 404 && is_resource) else {
        return answer;
    };
    let query = match visit.query {
        "" => String::new(),
        query => format!("?{query}"),
    };
    let path = format!("/{}/{id}{query}", visit.endpoint);
    let foreign = visit.others.iter().map(|other| {
        let body = visit.request.body.to_vec();
        answer_of(visit, other, visit.request.method, &path, body)
    });
    foreign
        .into_iter()
        .find(|foreign| !matches!(foreign.status, 401 | 404))
        .unwrap_or(answer)
}

/// The password that a request sets.
fn new_password(visit: &Visit<'_>) -> Option<Value> {
    let mut body = visit.json()?;
    match visit.request.method {
        "POST" | "PUT" => member(body.as_object()?, "password").cloned(),
        "PATCH" => operations(&mut body).into_iter().find_map(|operation| {
            let value = member(operation, "value")?;
            match member(operation, "path").and_then(Value::as_str) {
                Some(path) => path.eq_ignore_ascii_case("password").then(|| value.clone()),
                None => member(value.as_object()?, "password").cloned(),
            }
        }),
        _ => None,
    }
}

fn password_is_shown(visit: &Visit<'_>) -> Answer {
    let mut answer = visit.sound();
    if answer.status >= 300 {
        return answer;
    }
    let sent = new_password(visit).filter(|_| visit.endpoint == "Users");
    let lists = |name: &str| {
        let names = visit.asked(name)?;
        let mut names = names.split(',').map(str::trim);
        Some(names.any(|name| name.eq_ignore_ascii_case("password")))
    };
    let is_shown =
        lists("attributes").unwrap_or(true) && !lists("excludedAttributes").unwrap_or(false);
    let id = visit.id.filter(|_| !visit.is_search());
    let mut memory = visit.memory();
    change_body(&mut answer, |body| {
        for user in resources(body) {
            let id = user.get("id").and_then(Value::as_str).map(str::to_owned);
            remember(&mut memory, id.as_deref(), sent.as_ref());
            let known = id.and_then(|id| memory.get(&id).cloned());
            if let Some(known) = known.filter(|_| is_shown) {
                user.insert("password".to_owned(), known);
            }
        }
    });
    remember(&mut memory, id, sent.as_ref());
    answer
}

fn remember(memory: &mut Map<String, Value>, id: Option<&str>, password: Option<&Value>) {
    if let (Some(id), Some(password)) = (id, password) {
        memory.insert(id.to_owned(), password.clone());
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::bench::{Bench, tell_apart, user};
    use crate::scim::urn;

    fn second_user(bench: &Bench) -> String {
        let ada = user(json!({"userName": "ada", "displayName": "Ada"}));
        bench.send_second("POST /Users", ada).id()
    }

    fn name_in_second(bench: &Bench, id: &str) -> Value {
        let user = bench.send_second(&format!("GET /Users/{id}"), Value::Null);
        user.at("/displayName")
    }

    #[test]
    fn secrets_get_out() {
        tell_apart(vec![
            (
                "D059",
                |bench| {
                    bench.group("staff", &[]);
                    for name in ["STAFF", "other"] {
                        let group = json!({"schemas": [urn::GROUP], "displayName": name});
                        bench.send_second("POST /Groups", group);
                    }
                    bench.get("/Groups").at("/totalResults")
                },
                json!(1),
                json!(2),
            ),
            (
                "D068",
                |bench| {
                    let id = second_user(bench);
                    bench.create(json!({"userName": "ada", "displayName": "Changed"}));
                    name_in_second(bench, &id)
                },
                json!("Ada"),
                json!("Changed"),
            ),
            (
                "D115",
                |bench| {
                    let id = second_user(bench);
                    let change = json!([{"op": "replace", "path": "displayName", "value": "Eve"}]);
                    let status = bench.patch(&format!("/Users/{id}"), change).status;
                    json!([status, name_in_second(bench, &id)])
                },
                json!([404, "Ada"]),
                json!([200, "Eve"]),
            ),
            (
                "D136",
                |bench| {
                    let made = bench.create(json!({"userName": "ada", "password": "start"}));
                    let path = format!("/Users/{}", made.id());
                    bench.patch(
                        &path,
                        json!([{"op": "replace", "value": {"password": "next"}}]),
                    );
                    let asked = bench.get("/Users?attributes=userName");
                    json!([
                        made.at("/password"),
                        bench.get(&path).at("/password"),
                        asked.at("/Resources/0/password"),
                    ])
                },
                json!([null, null, null]),
                json!(["start", "next", null]),
            ),
        ]);
    }
}
