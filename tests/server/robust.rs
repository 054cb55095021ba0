//! No request makes the server fail: each one is answered, errors in SCIM's form, and refused writes change nothing.

use proptest::prelude::{Just, Strategy, any, prop, prop_oneof, proptest};
use proptest::test_runner::Config;
use serde_json::{Value, json};

use crate::client::{Client, ENTERPRISE, PATCH, parsed};

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(json!(null)),
        any::<bool>().prop_map(Value::from),
        any::<i32>().prop_map(Value::from),
        prop::sample::select(vec!["", "True", "work", "id-1", "x", "{\"value\":1}", "é"])
            .prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        let names = prop::sample::select(vec![
            "value",
            "type",
            "primary",
            "$ref",
            "display",
            "familyName",
            "emails",
            "members",
            "id",
            "name.givenName",
        ]);
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
            prop::collection::vec((names, inner), 0..3).prop_map(|members| {
                Value::Object(
                    members
                        .into_iter()
                        .map(|(name, value)| (name.to_owned(), value))
                        .collect(),
                )
            }),
        ]
    })
}

fn path() -> impl Strategy<Value = Value> {
    let parts = vec![
        "userName",
        "displayName",
        "title",
        "active",
        "emails",
        "members",
        "groups",
        "schemas",
        "meta",
        "id",
        "name",
        "roles",
        "password",
        ENTERPRISE,
        "manager",
        "urn:",
        "nope",
        "x509Certificates",
    ];
    let filters = vec![
        "",
        "[type eq \"work\"]",
        "[value eq \"id-1\"]",
        "[primary eq true]",
        "[",
        "[0]",
        "[value pr or type pr]",
        "[nope eq 1]",
    ];
    let subs = vec![
        "",
        ".value",
        ".type",
        ".primary",
        ".familyName",
        ".display",
        ".nope",
        ":manager",
        ":department",
        ".a.b",
    ];
    let text = (
        prop::sample::select(parts),
        prop::sample::select(filters),
        prop::sample::select(subs),
    )
        .prop_map(|(part, filter, sub)| Value::from(format!("{part}{filter}{sub}")));
    prop_oneof![8 => text, 1 => Just(Value::Null), 1 => value()]
}

fn operations() -> impl Strategy<Value = Value> {
    let op = prop::sample::select(vec!["add", "Replace", "remove", "move"]);
    let operation = (op, path(), prop::option::of(value())).prop_map(|(op, path, value)| {
        let mut operation = json!({"op": op, "path": path});
        if let Some(value) = value {
            operation["value"] = value;
        }
        operation
    });
    prop::collection::vec(operation, 1..4).prop_map(Value::from)
}

proptest! {
    #![proptest_config(Config { cases: 300, ..Config::default() })]

    #[test]
    fn any_patch_is_applied_or_refused_whole(operations in operations(), on_group in any::<bool>()) {
        let client = Client::tolerant();
        client.user("ada", json!({"emails": [{"type": "work", "value": "a@x", "primary": true}], ENTERPRISE: {"department": "D"}}));
        client.user("bob", json!({}));
        client.group("g", &["id-1", "id-2"]);
        let path = if on_group { "/Groups/id-3" } else { "/Users/id-1" };
        let before = client.get(path);
        let (status, answer) = client.call("PATCH", path, &json!({"schemas": [PATCH], "Operations": operations}));
        match status {
            200 => assert_eq!(answer, client.get(path)),
            204 => {}
            _ => {
                assert!((400..500).contains(&status), "{operations}: {answer}");
                assert_eq!(answer["status"], json!(status.to_string()));
                assert_eq!(client.get(path), before, "{operations}");
            }
        }
        // What is stored can be stored again as it is shown.
        let shown = client.get(path);
        let (status, answer) = client.call("PUT", path, &shown);
        assert_eq!(status, 200, "{operations}: {answer}");
        assert_eq!(answer, shown, "{operations}");
    }

    #[test]
    fn any_target_is_answered(text in any::<String>(), wild in "(/|Users|Groups|Me|Schemas|\\.search|Bulk|id-1|\\?|filter=|%|&|sortBy=|cursor=|count=|-|9|attributes=|name|\\[|\\]|\"| |eq|urn:){0,8}") {
        let client = Client::tolerant();
        client.user("ada", json!({}));
        for target in [format!("/scim/v2/{text}"), format!("/scim/v2/{wild}"), text] {
            for method in ["GET", "POST", "PATCH"] {
                let answer = client.raw(method, &target, &[], b"{}");
                assert!(answer.status < 500 || answer.status == 501, "{method} {target}: {}", parsed(&answer));
            }
        }
    }
}
