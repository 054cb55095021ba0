//! Defects of time: requests that meet each other, that wait, that take too long.

use std::time::Duration;

use serde_json::{Value, json};

use super::members::{joining, members_now};
use super::operation::ids_in;
use super::visit::{Visit, change_resources};
use super::{Answer, Defect};
use crate::server::error::Refusal;

pub(super) const DEFECTS: &[Defect] = &[
    Defect {
        id: "D017",
        names: &["429"],
        act: throttles_in_its_own_words,
    },
    Defect {
        id: "D062",
        names: &["no answer"],
        act: group_writes_hang,
    },
    Defect {
        id: "D076",
        names: &["500"],
        act: second_create_crashes,
    },
    Defect {
        id: "D137",
        names: &["members"],
        act: adds_to_old_state,
    },
    Defect {
        id: "D178",
        names: &["ms"],
        act: slower_with_members,
    },
    Defect {
        id: "D199",
        names: &["took"],
        act: loads_what_is_excluded,
    },
];

/// How long a search takes, and how many may run at once.
const SEARCH: Duration = Duration::from_millis(10);
const MOST_SEARCHES: usize = 8;

fn throttles_in_its_own_words(visit: &Visit<'_>) -> Answer {
    if visit.request.method != "GET" || visit.parameter("filter").is_none() {
        return visit.sound();
    }
    let now = visit.milliseconds();
    let end = visit.end_of(SEARCH);
    let mut memory = visit.memory();
    let running = memory.entry("ends").or_insert_with(|| json!([]));
    if let Some(running) = running.as_array_mut() {
        running.retain(|end| end.as_i64().is_some_and(|end| now < end));
        if running.len() >= MOST_SEARCHES {
            let mut answer = Answer::bytes(429, b"wait for 0s".to_vec());
            answer
                .headers
                .push(("content-type", "text/plain".to_owned()));
            return answer;
        }
        running.push(json!(end));
    }
    drop(memory);
    let mut answer = visit.sound();
    answer.wait += SEARCH;
    answer
}

/// Longer than any client waits.
const FOR_EVER: Duration = Duration::from_secs(3600);

fn group_writes_hang(visit: &Visit<'_>) -> Answer {
    let is_write = !["GET", "HEAD", "OPTIONS"].contains(&visit.request.method);
    let mut memory = visit.memory();
    let is_stuck = memory.contains_key(visit.prefix);
    if !is_write || (visit.endpoint != "Groups" && !is_stuck) {
        drop(memory);
        return visit.sound();
    }
    memory.insert(visit.prefix.to_owned(), json!(true));
    let mut answer = Refusal::new(503, "the account is locked").into_answer();
    answer.wait = FOR_EVER;
    answer
}

/// How long a create takes between the look for one of that name and its end.
const CREATE: Duration = Duration::from_millis(50);

fn second_create_crashes(visit: &Visit<'_>) -> Answer {
    let name = match visit.endpoint {
        "Users" => "userName",
        _ => "displayName",
    };
    let body = visit.json().unwrap_or_default();
    let name = body.get(name).and_then(Value::as_str);
    let Some(name) = name.filter(|_| visit.request.method == "POST" && visit.id.is_none()) else {
        return visit.sound();
    };
    let key = format!(
        "{}/{}/{}",
        visit.prefix,
        visit.endpoint,
        name.to_lowercase()
    );
    let now = visit.milliseconds();
    let mut memory = visit.memory();
    let mut answer = visit.sound();
    let end = memory.get(&key).and_then(Value::as_i64);
    match answer.status {
        201 => {
            memory.insert(key, json!(visit.end_of(CREATE)));
            answer.wait += CREATE;
        }
        409 if end.is_some_and(|end| now < end) => {
            let detail = "duplicate key value violates unique constraint";
            answer = Refusal::new(500, detail).into_answer();
        }
        _ => {}
    }
    answer
}

/// How far what is read lags behind what was written.
const LAG: Duration = Duration::from_millis(500);

fn adds_to_old_state(visit: &Visit<'_>) -> Answer {
    let Some(group) = visit.id.filter(|_| visit.is_one("PATCH", "Groups")) else {
        return visit.sound();
    };
    let now = visit.milliseconds();
    let mut memory = visit.memory();
    let present = members_now(visit);
    // Each earlier write, with the members before it and the time at which the replica has it.
    let writes = memory.entry(group).or_insert_with(|| json!([]));
    let mut recent: Vec<Value> = writes.as_array().cloned().unwrap_or_default();
    recent.retain(|write| write["seen"].as_i64().is_some_and(|seen| now < seen));
    let stale = recent.first().map(|write| ids_in(&write["before"]));
    let adds = visit
        .json()
        .is_some_and(|mut body| !joining(&mut body).is_empty());
    if let Some(stale) = stale.filter(|_| adds) {
        let absent: Vec<Value> = present
            .iter()
            .filter(|id| !stale.contains(id))
            .map(|id| json!({"value": id}))
            .collect();
        if !absent.is_empty() {
            visit.patch(json!([{"op": "remove", "path": "members", "value": absent}]));
        }
    }
    let answer = visit.sound();
    if answer.status < 300 {
        recent.push(json!({"before": present, "seen": visit.end_of(LAG)}));
    }
    *writes = json!(recent);
    answer
}

/// 22 s at 1300 members and 80 s at 2000, as in the reports.
fn slower_with_members(visit: &Visit<'_>) -> Answer {
    let mut answer = visit.sound();
    if visit.is_one("PATCH", "Groups") && answer.status < 300 {
        let members = u64::try_from(members_now(visit).len()).unwrap_or(u64::MAX);
        answer.wait += Duration::from_nanos(members.saturating_pow(3).saturating_mul(10));
    }
    answer
}

/// What loading one member takes: 22 s at 1300, as in the reports.
const LOAD: Duration = Duration::from_millis(17);

fn loads_what_is_excluded(visit: &Visit<'_>) -> Answer {
    if visit.request.method != "GET" || visit.endpoint != "Groups" {
        return visit.sound();
    }
    let mut whole = visit.with_parameter("excludedAttributes", "displayName");
    let mut members = 0;
    change_resources(visit, &mut whole, "Groups", |group| {
        let listed = group.get("members").and_then(Value::as_array);
        members += listed.map_or(0, Vec::len);
    });
    let mut answer = visit.sound();
    answer.wait += LOAD * u32::try_from(members).unwrap_or(u32::MAX);
    answer
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::scim::urn;
    use crate::server::defects::sides::{Side, differs};

    #[test]
    fn many_searches_at_once_are_refused_in_plain_text() {
        let search = |pause: i64| {
            move |side: &Side| {
                let mut last = json!(null);
                for _ in 0..9 {
                    let path = "/Users?filter=userName eq \"ada\"";
                    let answer = side.send("GET", path, &[], &Value::Null);
                    last = json!([answer.status, answer.header("content-type")]);
                    side.pass(pause);
                }
                last
            }
        };
        differs(
            "D017",
            search(0),
            json!([200, null]),
            json!([429, "text/plain"]),
        );
        differs("D017", search(10), json!([200, null]), json!([200, null]));
    }

    #[test]
    fn writes_hang_after_one_of_a_group() {
        let story = |side: &Side| {
            let wait = |method: &str, path: &str, body: Value| {
                side.send(method, path, &[], &body).wait.as_secs() > 600
            };
            let user = |name: &str| json!({"schemas": [urn::USER], "userName": name});
            let group = json!({"schemas": [urn::GROUP], "displayName": "Team"});
            json!([
                wait("POST", "/Users", user("ada")),
                wait("POST", "/Groups", group),
                wait("POST", "/Users", user("bob")),
                wait("GET", "/Users", Value::Null),
            ])
        };
        differs(
            "D062",
            story,
            json!([false, false, false, false]),
            json!([false, true, true, false]),
        );
    }

    #[test]
    fn the_loser_of_two_creates_crashes() {
        let create = |pause: i64| {
            move |side: &Side| {
                let body = json!({"schemas": [urn::USER], "userName": "ada"});
                let first = side.call("POST", "/Users", &body).0;
                side.pass(pause);
                json!([first, side.call("POST", "/Users", &body).0])
            }
        };
        differs("D076", create(5), json!([201, 409]), json!([201, 500]));
        differs("D076", create(60), json!([201, 409]), json!([201, 409]));
    }

    #[test]
    fn rapid_adds_lose_members() {
        let add = |pause: i64| {
            move |side: &Side| {
                let group = side.group(&["ada"]);
                for name in ["bob", "cyd"] {
                    let listed = json!([{"value": side.id(name)}]);
                    side.patch(
                        &group,
                        json!([{"op": "add", "path": "members", "value": listed}]),
                    );
                    side.pass(pause);
                }
                side.members(&group)
            }
        };
        let all = json!(["ada", "bob", "cyd"]);
        differs("D137", add(10), all.clone(), json!(["ada", "cyd"]));
        differs("D137", add(600), all.clone(), all);
    }

    #[test]
    fn large_groups_take_long() {
        let names: Vec<String> = (0..200).map(|number| format!("u{number}")).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let join = |side: &Side| {
            let group = side.group(&names);
            let operation =
                json!({"op": "add", "path": "members", "value": [{"value": side.id("late")}]});
            let body = json!({"schemas": [urn::PATCH_OP], "Operations": [operation]});
            json!(side.send("PATCH", &group, &[], &body).wait.as_millis() >= 80)
        };
        differs("D178", join, json!(false), json!(true));
        let find = |side: &Side| {
            side.group(&names);
            let path = "/Groups?filter=displayName eq \"Team\"&excludedAttributes=members";
            let answer = side.send("GET", path, &[], &Value::Null);
            json!([answer.status, answer.wait.as_millis()])
        };
        differs("D199", find, json!([200, 0]), json!([200, 3400]));
    }
}
