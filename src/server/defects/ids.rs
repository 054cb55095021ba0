//! Defects of identifiers and addresses.

use serde_json::{Map, Value};

use super::alias::{self, Shown};
use super::visit::{Visit, change_body, resources};
use super::{Answer, Defect};

pub(super) const DEFECTS: &[Defect] = &[
    Defect {
        id: "D002",
        names: &["id"],
        act: provisional_id_in_the_answer,
    },
    Defect {
        id: "D028",
        names: &["PUT"],
        act: put_creates,
    },
    Defect {
        id: "D050",
        names: &["id"],
        act: id_of_the_client,
    },
    Defect {
        id: "D118",
        names: &["X-Forwarded-Host"],
        act: host_of_the_client,
    },
    Defect {
        id: "D124",
        names: &["meta.location"],
        act: relative_location,
    },
    Defect {
        id: "D148",
        names: &["location"],
        act: internal_host,
    },
    Defect {
        id: "D173",
        names: &["Location"],
        act: created_without_location,
    },
    Defect {
        id: "D190",
        names: &["id"],
        act: numbers_as_ids,
    },
];

fn provisional_id_in_the_answer(visit: &Visit<'_>) -> Answer {
    let mut answer = visit.sound();
    let id = created_id(&answer).filter(|_| visit.request.method == "POST");
    if let Some(id) = id {
        let mut provisional = Map::new();
        alias::rename(&mut provisional, &id, &(visit.fresh)());
        alias::outwards(&mut answer, &provisional, Shown::Text);
    }
    answer
}

fn created_id(answer: &Answer) -> Option<String> {
    if answer.status != 201 {
        return None;
    }
    let body: Value = serde_json::from_slice(&answer.body).ok()?;
    Some(body.get("id")?.as_str()?.to_owned())
}

/// A PUT to nowhere becomes a POST, and the id in its address the one by which the new resource is known.
fn put_creates(visit: &Visit<'_>) -> Answer {
    let mut answer = alias::inwards(visit);
    if let (404, "PUT", Some(id)) = (answer.status, visit.request.method, visit.id) {
        let mut draft = visit.draft();
        draft.method = "POST";
        draft.target = format!("{}/{}", visit.prefix, visit.endpoint);
        answer = visit.send(&draft);
        if let Some(real) = created_id(&answer) {
            alias::rename(&mut visit.memory(), &real, id);
        }
    }
    alias::outwards(&mut answer, &visit.memory(), Shown::Text);
    answer
}

/// An id in the body of a POST is taken: a resource that has it is overwritten, else the new one is known by it.
fn id_of_the_client(visit: &Visit<'_>) -> Answer {
    let body = visit.json().filter(|_| visit.request.method == "POST");
    let id = body.and_then(|body| Some(body.get("id")?.as_str()?.to_owned()));
    let Some(id) = id.filter(|_| visit.id.is_none() && visit.endpoint != ".search") else {
        let mut answer = alias::inwards(visit);
        alias::outwards(&mut answer, &visit.memory(), Shown::Text);
        return answer;
    };
    let mut answer = if visit.read(&format!("/{}/{id}", visit.endpoint)).is_some() {
        let mut draft = visit.draft();
        draft.method = "PUT";
        draft.target = format!("{}/{}/{id}", visit.prefix, visit.endpoint);
        let mut answer = visit.send(&draft);
        if answer.status == 200 {
            answer.status = 201;
        }
        answer
    } else {
        let answer = visit.sound();
        if let Some(real) = created_id(&answer) {
            alias::rename(&mut visit.memory(), &real, &id);
        }
        answer
    };
    alias::outwards(&mut answer, &visit.memory(), Shown::Text);
    answer
}

/// Rewrites every address that the server gives of itself.
fn readdressed(visit: &Visit<'_>, origin: &str) -> Answer {
    let mut answer = visit.sound();
    let own = format!(
        "http://{}",
        visit.request.header("host").unwrap_or("localhost")
    );
    let own = format!("{own}{}", visit.prefix);
    let other = format!("{origin}{}", visit.prefix);
    let readdress = |text: &str| Some(format!("{other}{}", text.strip_prefix(own.as_str())?));
    for (_, value) in &mut answer.headers {
        if let Some(address) = readdress(value) {
            *value = address;
        }
    }
    change_body(&mut answer, |body| change_texts(body, &readdress));
    answer
}

fn change_texts(value: &mut Value, change: &dyn Fn(&str) -> Option<String>) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| change_texts(item, change)),
        Value::Object(members) => members
            .values_mut()
            .for_each(|member| change_texts(member, change)),
        Value::String(text) => {
            if let Some(other) = change(text) {
                *text = other;
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

fn host_of_the_client(visit: &Visit<'_>) -> Answer {
    match visit.request.header("x-forwarded-host") {
        Some(host) => readdressed(visit, &format!("http://{host}")),
        None => visit.sound(),
    }
}

fn internal_host(visit: &Visit<'_>) -> Answer {
    readdressed(visit, "http://identity.default.svc.cluster.local:8080")
}

fn relative_location(visit: &Visit<'_>) -> Answer {
    visit.answered(|body| {
        for resource in resources(body) {
            if let Some(Value::String(location)) = resource
                .get_mut("meta")
                .and_then(|meta| meta.get_mut("location"))
                && let Some((_, below)) = location.split_once(&format!("{}/", visit.prefix))
            {
                *location = below.to_owned();
            }
        }
    })
}

fn created_without_location(visit: &Visit<'_>) -> Answer {
    let mut answer = visit.sound();
    answer
        .headers
        .retain(|(name, _)| answer.status != 201 || *name != "location");
    answer
}

/// Each id is the number of a row.
fn numbers_as_ids(visit: &Visit<'_>) -> Answer {
    const FIRST: usize = 100_001;
    let is_discovery = matches!(
        visit.endpoint,
        "Schemas" | "ResourceTypes" | "ServiceProviderConfig"
    );
    if is_discovery {
        return visit.sound();
    }
    let mut answer = alias::inwards(visit);
    let mut memory = visit.memory();
    change_body(&mut answer, |body| {
        for resource in resources(body) {
            let ids = ["members", "groups"]
                .into_iter()
                .filter_map(|name| resource.get(name)?.as_array())
                .flatten()
                .filter_map(|element| element.get("value"))
                .chain(resource.get("id"))
                .filter_map(Value::as_str);
            for id in ids {
                if alias::shown_of(&memory, id).is_none() {
                    let known = memory.get("shown").and_then(Value::as_object);
                    let number = FIRST + known.map_or(0, Map::len);
                    alias::rename(&mut memory, id, &number.to_string());
                }
            }
        }
    });
    alias::outwards(&mut answer, &memory, Shown::Number);
    answer
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::bench::{Bench, tell_apart, user};

    fn location(bench: &Bench, headers: &[(&str, &str)]) -> Value {
        let id = bench.user("ada");
        let headers = [
            headers,
            &[("authorization", "Bearer secret"), ("host", "own")],
        ]
        .concat();
        let seen = bench.send_with(&format!("GET /Users/{id}"), Value::Null, &headers);
        let location = seen
            .at("/meta/location")
            .as_str()
            .unwrap_or_default()
            .to_owned();
        json!(location.split("/scim").next())
    }

    #[test]
    fn ids_and_addresses_go_wrong() {
        tell_apart(vec![
            (
                "D002",
                |bench| {
                    let id = bench.user("ada");
                    json!(bench.get(&format!("/Users/{id}")).status)
                },
                json!(200),
                json!(404),
            ),
            (
                "D028",
                |bench| {
                    let sent = user(json!({"userName": "ada"}));
                    let status = bench.send("PUT /Users/mine", sent).status;
                    json!([status, bench.get("/Users/mine").at("/id")])
                },
                json!([404, null]),
                json!([201, "mine"]),
            ),
            (
                "D050",
                |bench| {
                    let id = bench.user("ada");
                    bench.create(json!({"userName": "eve", "id": id}));
                    let chosen = bench.create(json!({"userName": "bob", "id": "mine"})).id();
                    let name = bench.get(&format!("/Users/{id}")).at("/userName");
                    json!([name, chosen == "mine", bench.get("/Users/mine").status])
                },
                json!(["ada", false, 404]),
                json!(["eve", true, 200]),
            ),
            (
                "D118",
                |bench| location(bench, &[("x-forwarded-host", "evil.example")]),
                json!("http://own"),
                json!("http://evil.example"),
            ),
            (
                "D124",
                |bench| {
                    location(bench, &[])
                        .as_str()
                        .is_some_and(|text| text.contains("//"))
                        .into()
                },
                json!(true),
                json!(false),
            ),
            (
                "D148",
                |bench| location(bench, &[]),
                json!("http://own"),
                json!("http://identity.default.svc.cluster.local:8080"),
            ),
            (
                "D173",
                |bench| {
                    json!(
                        bench
                            .create(json!({"userName": "ada"}))
                            .header("location")
                            .is_empty()
                    )
                },
                json!(false),
                json!(true),
            ),
            (
                "D190",
                |bench| {
                    let id = bench.create(json!({"userName": "ada"})).at("/id");
                    let key = id.as_str().map_or(id.to_string(), str::to_owned);
                    let group = bench.group("all", &[&key]);
                    let again = bench.get(&format!("/Users/{key}")).at("/id");
                    json!([id.is_number(), again == id, group.is_empty()])
                },
                json!([false, true, false]),
                json!([true, true, true]),
            ),
        ]);
    }
}
