use std::time::Instant;

use proptest::collection::vec;
use proptest::prelude::{Just, Strategy, any, prop_assert, prop_assert_eq, prop_oneof, proptest};
use serde_json::{Map, Value, json};

use super::{Difference, Options, differences, equal};

fn plain(expected: &Value, received: &Value) -> Vec<Difference> {
    differences(expected, received, &Options::default())
}

fn subset(expected: &Value, received: &Value) -> Vec<Difference> {
    let options = Options {
        subset: true,
        ..Options::default()
    };
    differences(expected, received, &options)
}

fn paths(found: &[Difference]) -> Vec<&str> {
    found
        .iter()
        .map(|difference| difference.path.as_str())
        .collect()
}

#[test]
fn equal_values_in_other_clothes() {
    for (left, right) in [
        (
            json!({"userName": "a"}),
            json!({"USERNAME": "a", "nickName": null, "emails": []}),
        ),
        (json!({"a": 1}), json!({"a": 1.0})),
        (json!({"a": -0.0}), json!({"a": 0})),
        (json!(null), json!([])),
        (
            json!({"roles": ["a", "b", "a"]}),
            json!({"roles": ["a", "a", "b"]}),
        ),
        (
            json!({"meta": {"created": "2026-01-02T03:04:05Z"}}),
            json!({"meta": {"created": "2026-01-02T04:04:05.000+01:00"}}),
        ),
        (
            json!({"emails": [{"value": "a", "type": "work"}, {"value": "b"}]}),
            json!({"emails": [{"VALUE": "b", "type": null}, {"type": "work", "value": "a"}]}),
        ),
    ] {
        assert_eq!(plain(&left, &right), [], "{left} {right}");
        assert_eq!(plain(&right, &left), [], "{right} {left}");
    }
}

#[test]
fn different_values_with_their_paths() {
    let enterprise = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
    for (left, right, expected) in [
        (
            json!({"active": true}),
            json!({"active": "true"}),
            vec!["active"],
        ),
        (
            json!({"roles": ["a", "a"]}),
            json!({"roles": ["a"]}),
            vec!["roles[1]"],
        ),
        (
            json!({"name": {"givenName": "A"}}),
            json!({"name": {"givenName": "B"}}),
            vec!["name.givenName"],
        ),
        (json!({"name": {}}), json!({}), vec!["name"]),
        (
            json!({"emails": [{"value": "a", "type": "work"}, {"value": "b", "type": "home"}]}),
            json!({"emails": [{"value": "b", "type": "home"}, {"value": "c", "type": "work"}]}),
            vec!["emails[type eq \"work\"].value"],
        ),
        (
            json!({"members": [{"value": "x", "display": "X"}, {"value": "y"}]}),
            json!({"members": [{"value": "y"}, {"value": "x", "display": "Y"}]}),
            vec!["members[value eq \"x\"].display"],
        ),
        (
            json!({"members": [{"value": "x", "type": "User"}]}),
            json!({"members": [{"value": "y", "type": "User"}]}),
            vec!["members[value eq \"x\"]", "members[value eq \"y\"]"],
        ),
        (
            json!({enterprise: {"department": "A", "manager": {"value": "1"}}}),
            json!({enterprise: {"department": "B", "manager": {"value": "2"}}}),
            vec![
                "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department",
                "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager.value",
            ],
        ),
        (
            json!({"Resources": [{"id": "1", "userName": "a"}, {"id": "2", "userName": "b"}]}),
            json!({"Resources": [{"id": "2", "userName": "c"}, {"id": "1", "userName": "a"}]}),
            vec!["Resources[id eq \"2\"].userName"],
        ),
        (
            json!({"Operations": [{"status": "200"}, {"status": "201"}]}),
            json!({"Operations": [{"status": "201"}, {"status": "200"}]}),
            vec!["Operations[0].status", "Operations[1].status"],
        ),
        (
            json!({"a": 9_007_199_254_740_993_i64}),
            json!({"a": 9_007_199_254_740_992_i64}),
            vec!["a"],
        ),
        (
            json!({"roles": ["admin"]}),
            json!({"roles": "admin"}),
            vec!["roles"],
        ),
        (json!("a"), json!("b"), vec![""]),
    ] {
        assert_eq!(paths(&plain(&left, &right)), expected, "{left} {right}");
    }
}

#[test]
fn letter_case_counts_where_the_schema_says_so() {
    let user_name = plain(&json!({"userName": "Ada"}), &json!({"userName": "ada"}));
    assert!(user_name[0].only_case);
    assert!(equal(
        &json!({"userName": "Ada"}),
        &json!({"userName": "ada"})
    ));
    let id = plain(
        &json!({"Resources": [{"id": "A"}]}),
        &json!({"Resources": [{"id": "a"}]}),
    );
    assert_eq!(paths(&id), ["Resources[id eq \"A\"].id"]);
    assert!(!id[0].only_case);
    assert!(!equal(
        &json!({"meta": {"version": "W/\"A\""}}),
        &json!({"meta": {"version": "W/\"a\""}})
    ));
}

#[test]
fn a_subset_lets_more_members_through_but_not_more_elements() {
    assert_eq!(subset(&json!({"a": 1}), &json!({"a": 1, "b": 2})), []);
    assert_eq!(
        paths(&subset(&json!({"b": null}), &json!({"a": 1, "b": 2}))),
        ["b"]
    );
    assert_eq!(
        subset(
            &json!({"emails": [{"type": "work"}, {"value": "a"}]}),
            &json!({"emails": [{"type": "work", "value": "a"}, {"type": "work", "value": "b"}]}),
        ),
        []
    );
    let more = subset(
        &json!({"emails": [{"value": "a"}]}),
        &json!({"emails": [{"value": "a"}, {"value": "b"}]}),
    );
    assert_eq!(paths(&more), ["emails[value eq \"b\"]"]);
}

#[test]
fn ignored_paths_take_what_is_below_with_them() {
    let left = json!({"meta": {"created": "a"}, "members": [{"value": "x", "display": "1"}, {"value": "y", "display": "1"}]});
    let right = json!({"meta": {"version": "b"}, "members": [{"value": "x", "display": "2"}, {"value": "y", "display": "2"}]});
    let ignoring = |ignored: &[&str]| {
        let ignored = ignored.iter().map(|path| (*path).to_owned()).collect();
        differences(
            &left,
            &right,
            &Options {
                subset: false,
                ignored,
            },
        )
    };
    assert_eq!(ignoring(&["META", "members.display"]), []);
    assert_eq!(
        paths(&ignoring(&[
            "meta.created",
            "members[value eq \"x\"].display"
        ])),
        ["meta.version", "members[value eq \"y\"].display"],
    );
    let urn = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
    for path in [
        urn.to_owned(),
        format!("{urn}:department"),
        format!("{urn}:manager.value"),
    ] {
        let left = json!({urn: {"department": "1", "manager": {"value": "2"}}});
        let right = json!({urn: {"department": "2", "manager": {"value": "3"}}});
        let options = Options {
            subset: false,
            ignored: vec![path.clone()],
        };
        let left_over = differences(&left, &right, &options).len();
        assert_eq!(left_over, usize::from(path != urn), "{path}");
    }
    let list = |value: &str| json!({"Resources": [{"id": "1", "meta": {"version": value}}]});
    let options = Options {
        subset: false,
        ignored: vec!["meta.version".to_owned()],
    };
    assert_eq!(differences(&list("1"), &list("2"), &options), []);
}

#[test]
fn five_thousand_members_take_no_time() {
    let member = |number: usize, display: &str| json!({"value": format!("id-{number}"), "display": display, "type": "User", "$ref": format!("https://x/Users/id-{number}")});
    let left = json!({"members": (0..5000).map(|number| member(number, "a")).collect::<Vec<_>>()});
    let same =
        json!({"members": (0..5000).rev().map(|number| member(number, "a")).collect::<Vec<_>>()});
    let other =
        json!({"members": (0..5000).rev().map(|number| member(number, "b")).collect::<Vec<_>>()});
    let started = Instant::now();
    assert_eq!(plain(&left, &same), []);
    assert_eq!(plain(&left, &other).len(), 5000);
    // Generous: the debug build on a busy machine. What must not come back is a quadratic comparison (minutes).
    assert!(started.elapsed().as_secs() < 5, "{:?}", started.elapsed());
}

fn values() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (-2_i64..3).prop_map(Value::from),
        prop_oneof![Just(0.5), Just(1.0), Just(-0.0)].prop_map(Value::from),
        "[aAb]{0,2}".prop_map(Value::from),
        Just(json!("2026-01-02T03:04:05Z")),
        Just(json!("2026-01-02T05:04:05+02:00")),
    ];
    leaf.prop_recursive(4, 40, 4, |inner| {
        let names = prop_oneof![
            Just("value"),
            Just("VALUE"),
            Just("type"),
            Just("id"),
            Just("display"),
            Just("members"),
            Just("emails"),
            Just("Resources"),
            Just("Operations"),
            Just("name"),
        ];
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Value::from),
            vec((names, inner), 0..4).prop_map(|members| {
                let members: Map<String, Value> = members
                    .into_iter()
                    .map(|(name, value)| (name.to_owned(), value))
                    .collect();
                Value::from(members)
            }),
        ]
    })
}

/// Turns every array whose order has no meaning, and every mapping.
fn turned(value: &Value, ordered: bool) -> Value {
    match value {
        Value::Array(items) => {
            let items = items.iter().map(|item| turned(item, false));
            if ordered {
                items.collect()
            } else {
                items.rev().collect()
            }
        }
        Value::Object(members) => members
            .iter()
            .rev()
            .map(|(name, value)| (name.clone(), turned(value, name == "Operations")))
            .collect(),
        other => other.clone(),
    }
}

proptest! {
    #[test]
    fn everything_equals_itself_in_any_order(value in values()) {
        prop_assert_eq!(plain(&value, &turned(&value, false)), vec![]);
        prop_assert_eq!(subset(&value, &turned(&value, false)), vec![]);
    }

    #[test]
    fn equality_is_symmetric_and_is_the_key(left in values(), right in values()) {
        let there = plain(&left, &right);
        let back = plain(&right, &left);
        prop_assert_eq!(there.is_empty(), back.is_empty());
        prop_assert_eq!(equal(&left, &right), equal(&right, &left));
        prop_assert_eq!(there.is_empty(), super::key(&left) == super::key(&right));
    }

    #[test]
    fn what_is_equal_is_a_subset(left in values(), right in values()) {
        if plain(&left, &right).is_empty() {
            prop_assert!(subset(&left, &right).is_empty());
        }
    }
}
