//! Finding one resource among many costs what it costs among few.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::client::{Client, PATCH};

/// A server with users and one group, loaded as from a state file because that is much quicker than by requests.
fn filled(users: u64, members: u64) -> Client {
    let client = Client::tolerant();
    let resource = |row: u64, kind: &str, attributes: Value, members: Vec<Value>| {
        json!({"type": kind, "row": row, "id": format!("id-{row}"), "extensions": [], "attributes": attributes, "members": members,
            "created": "2027-01-15T08:00:00Z", "lastModified": "2027-01-15T08:00:00Z", "version": row})
    };
    let user =
        |row: u64| json!({"userName": format!("user{row}"), "externalId": format!("e{row}")});
    let mut resources: Vec<Value> = (1..=users)
        .map(|row| resource(row, "User", user(row), Vec::new()))
        .collect();
    let members = (1..=members)
        .map(|row| json!([format!("id-{row}"), null, null]))
        .collect();
    resources.push(resource(
        users + 1,
        "Group",
        json!({"displayName": "large"}),
        members,
    ));
    client
        .server
        .load(&json!({"version": 1, "tenants": {"": resources}}))
        .expect("a state");
    client
}

/// The shortest of several rounds, which a busy machine disturbs least.
fn shortest(rounds: usize, work: impl Fn()) -> Duration {
    (0..rounds)
        .map(|_| {
            let begin = Instant::now();
            work();
            begin.elapsed()
        })
        .min()
        .unwrap_or_default()
}

#[test]
fn look_ups_do_not_slow_down_with_the_number_of_resources() {
    let (few, many) = (filled(100, 50), filled(100_000, 50_000));
    let group = |client: &Client| {
        client.get("/Groups?attributes=id")["Resources"][0]["id"]
            .as_str()
            .expect("an id")
            .to_owned()
    };
    let (few_group, many_group) = (group(&few), group(&many));
    type Work<'a> = Box<dyn Fn(&Client, &str) + 'a>;
    let get = |path: &'static str| -> Work<'_> {
        Box::new(move |client, group| drop(client.get(&path.replace("GROUP", group))))
    };
    let patch = |operation: Value| -> Work<'_> {
        let body = json!({"schemas": [PATCH], "Operations": [operation]});
        Box::new(move |client, group| {
            let (status, answer) = client.call("PATCH", &format!("/Groups/{group}"), &body);
            assert_eq!(status, 204, "{answer}");
        })
    };
    let works: Vec<(&str, Work<'_>)> = vec![
        ("by userName", get("/Users?filter=userName eq \"user77\"")),
        (
            "by externalId",
            get("/Users?filter=externalId eq \"e42\"&startIndex=1&count=100"),
        ),
        ("by id", get("/Users/id-20")),
        (
            "by id in a filter",
            get("/Users?filter=id eq \"id-20\"&attributes=id"),
        ),
        (
            "group by name",
            get("/Groups?excludedAttributes=members&filter=displayName eq \"large\""),
        ),
        (
            "group by member",
            get("/Groups?filter=members.value eq \"id-20\"&attributes=id"),
        ),
        (
            "membership",
            get(
                "/Groups?filter=id eq \"GROUP\" and members eq \"id-20\"&excludedAttributes=members",
            ),
        ),
        (
            "group without members",
            get("/Groups/GROUP?excludedAttributes=members"),
        ),
        ("one page", get("/Users?startIndex=1&count=10")),
        (
            "add a member",
            patch(json!({"op": "add", "path": "members", "value": [{"value": "id-60"}]})),
        ),
        (
            "remove a member",
            patch(json!({"op": "remove", "path": "members[value eq \"id-60\"]"})),
        ),
    ];
    for (name, work) in &works {
        let measured = || {
            let repeat = |client: &Client, group: &str| (0..50).for_each(|_| work(client, group));
            let base = shortest(4, || repeat(&few, &few_group)).as_secs_f64();
            shortest(4, || repeat(&many, &many_group)).as_secs_f64() / base
        };
        // Measured again when something else kept the machine busy meanwhile.
        let ratio = (0..5)
            .map(|_| measured())
            .find(|ratio| *ratio < 3.0)
            .unwrap_or_else(measured);
        assert!(
            ratio < 3.0,
            "{name}: {ratio:.1} times slower among 100,000 users than among 100"
        );
    }
}
