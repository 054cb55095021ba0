//! Defects of deleting.

use serde_json::{Value, json};

use super::visit::Visit;
use super::{Answer, Defect};
use crate::server::error::{Refusal, ScimType};

pub(super) const DEFECTS: &[Defect] = &[
    Defect {
        id: "D089",
        names: &["totalResults"],
        act: deleted_is_listed,
    },
    Defect {
        id: "D119",
        names: &["409"],
        act: deleted_keeps_its_name,
    },
    Defect {
        id: "D187",
        names: &["500"],
        act: references_block,
    },
    Defect {
        id: "D215",
        names: &["204"],
        act: deleting_shows,
    },
];

fn deleted_is_listed(visit: &Visit<'_>) -> Answer {
    if visit.is_one("DELETE", "Users") {
        let user = visit.resource();
        let answer = visit.sound();
        if let (204, Some(user)) = (answer.status, user) {
            let mut memory = visit.memory();
            let ghosts = memory.entry(visit.prefix).or_insert_with(|| json!([]));
            if let Some(ghosts) = ghosts.as_array_mut() {
                ghosts.push(user);
            }
        }
        return answer;
    }
    if !visit.is_query() || visit.endpoint != "Users" {
        return visit.sound();
    }
    visit.listed(|all| {
        let memory = visit.memory();
        let ghosts = memory.get(visit.prefix).and_then(Value::as_array);
        all.extend(
            ghosts
                .into_iter()
                .flatten()
                .filter_map(|ghost| visit.found(ghost)),
        );
    })
}

fn deleted_keeps_its_name(visit: &Visit<'_>) -> Answer {
    if visit.endpoint != "Users" {
        return visit.sound();
    }
    let name_of = |user: Option<Value>| Some(user?.get("userName")?.as_str()?.to_lowercase());
    let key = |name: String| format!("{}\n{name}", visit.prefix);
    match visit.request.method {
        "DELETE" => {
            let name = name_of(visit.resource());
            let answer = visit.sound();
            if let (204, Some(name)) = (answer.status, name) {
                visit.memory().insert(key(name), Value::Null);
            }
            answer
        }
        "POST" | "PUT" => {
            let name = name_of(visit.json());
            let is_taken = name.is_some_and(|name| visit.memory().contains_key(&key(name)));
            match is_taken {
                true => visit.refuse(Refusal {
                    scim_type: Some(ScimType::Uniqueness),
                    ..Refusal::new(409, "another user has this userName")
                }),
                false => visit.sound(),
            }
        }
        _ => visit.sound(),
    }
}

fn references_block(visit: &Visit<'_>) -> Answer {
    let is_member = || {
        let groups = visit
            .resource()
            .and_then(|user| user.get("groups").cloned());
        groups.is_some_and(|groups| groups != json!([]))
    };
    match visit.is_one("DELETE", "Users") && is_member() {
        true => {
            Refusal::new(500, "update or delete violates a foreign key constraint").into_answer()
        }
        false => visit.sound(),
    }
}

fn deleting_shows(visit: &Visit<'_>) -> Answer {
    if visit.request.method != "DELETE" {
        return visit.sound();
    }
    let resource = visit.resource();
    let answer = visit.sound();
    match resource {
        Some(resource) if answer.status == 204 => Answer::json(200, &resource),
        _ => answer,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::bench::{Bench, tell_apart};

    fn delete(bench: &Bench, id: &str) -> u16 {
        bench
            .send(&format!("DELETE /Users/{id}"), Value::Null)
            .status
    }

    #[test]
    fn deleting_goes_wrong() {
        tell_apart(vec![
            (
                "D089",
                |bench| {
                    let id = bench.user("ada");
                    delete(bench, &id);
                    let listed = bench
                        .get("/Users?attributes=userName")
                        .at("/Resources/0/userName");
                    let filtered = bench.found(r#"userName eq "ada""#);
                    let other = bench.found(r#"userName eq "eve""#);
                    json!([
                        listed,
                        filtered,
                        other,
                        bench.get(&format!("/Users/{id}")).status
                    ])
                },
                json!([null, 0, 0, 404]),
                json!(["ada", 1, 0, 404]),
            ),
            (
                "D119",
                |bench| {
                    let id = bench.user("ada");
                    delete(bench, &id);
                    json!([
                        bench.create(json!({"userName": "Ada"})).status,
                        bench.found("userName pr")
                    ])
                },
                json!([201, 1]),
                json!([409, 0]),
            ),
            (
                "D187",
                |bench| {
                    let (ada, bob) = (bench.user("ada"), bench.user("bob"));
                    bench.group("all", &[&ada]);
                    json!([delete(bench, &ada), delete(bench, &bob)])
                },
                json!([204, 204]),
                json!([500, 204]),
            ),
            (
                "D215",
                |bench| {
                    let id = bench.user("ada");
                    json!(delete(bench, &id))
                },
                json!(204),
                json!(200),
            ),
        ]);
    }
}
