//! Suites of both formats, right and wrong.

use std::path::Path;

use serde_json::{Value, json};

use super::{Format, Options, Translation, is_meant, read};
use crate::scenario::step::{Action, Step};

const USERS: &str = include_str!("../../tests/cli/suites/users.json");
const COLLECTION: &str = include_str!("../../tests/cli/suites/collection.json");

fn translated(text: &str, options: Options) -> Translation {
    let suite = read("suite.json", text.as_bytes(), None).expect("it is a suite");
    let translation = suite.translated(options);
    translation
        .scenario()
        .unwrap_or_else(|mistakes| panic!("{mistakes:#?}\n{}", translation.text));
    translation
}

/// The first mistake with its place.
fn mistake(text: &str, format: Option<Format>) -> String {
    let mistakes = read("suite.json", text.as_bytes(), format).expect_err("it is no suite");
    format!("{}: {}", mistakes[0].at, mistakes[0])
}

/// A Runscope suite with these steps.
fn runscope(steps: &Value) -> String {
    json!({"version": "1.0", "name": "n", "steps": steps}).to_string()
}

/// What an assertion of Runscope becomes.
fn assertion(assertion: &Value) -> String {
    let steps = json!([{
        "step_type": "request", "method": "GET", "url": "{{SCIMBaseURL}}/Users",
        "assertions": [assertion],
    }]);
    let text = translated(&runscope(&steps), Options::default()).text;
    let expect = text.split("expect:\n      - ").nth(1).unwrap_or_default();
    expect.lines().next().unwrap_or_default().to_owned()
}

#[test]
fn every_comparison_of_runscope_has_its_matcher() {
    let number = "{ $any-of: [$number, { $pattern: \"^ *-?[0-9]+([.][0-9]+)? *$\" }] }";
    let exists = "{ $any-of: [$present, { $exactly: null }, { $exactly: [] }] }";
    for (comparison, value, matcher) in [
        ("equal", json!("401"), "{ $text: \"401\" }"),
        ("equals", json!(true), "{ $text: \"true\" }"),
        (
            "equal_number",
            json!("0"),
            "{ $any-of: [{ $text: \"0\" }, { $at-least: 0, $at-most: 0 }] }",
        ),
        ("not_equal", json!("a"), "{ $not: { $text: \"a\" } }"),
        ("not_empty", json!(null), "$nonempty"),
        ("empty", json!(null), "{ $not: $nonempty }"),
        ("has_value", json!("a"), "{ $contains: [{ $text: \"a\" }] }"),
        ("contains", json!("a"), "{ $contains: [{ $text: \"a\" }] }"),
        (
            "does_not_contain",
            json!("a"),
            "{ $not: { $contains: [{ $text: \"a\" }] } }",
        ),
        ("is_a_number", json!(null), number),
        (
            "is_less_than",
            json!("5"),
            "{ $all-of: [$number, { $not: { $at-least: 5 } }] }",
        ),
        ("is_less_than_or_equals", json!("5"), "{ $at-most: 5 }"),
        (
            "is_greater_than",
            json!(1.5),
            "{ $all-of: [$number, { $not: { $at-most: 1.5 } }] }",
        ),
        (
            "is_greater_than_or_equal",
            json!("{{n}}"),
            "{ $at-least: \"${var.n}\" }",
        ),
        ("is_null", json!(null), "{ $exactly: null }"),
    ] {
        let written = assertion(&json!({
            "source": "response_json", "property": "a.b", "comparison": comparison, "value": value,
        }));
        assert_eq!(
            written,
            format!("body: {{ $at: {{ $.a.b: {matcher} }} }}"),
            "{comparison}"
        );
    }
    let has_key = json!({"source": "response_json", "property": "a", "comparison": "has_key", "value": "b c"});
    assert_eq!(
        assertion(&has_key),
        format!("body: {{ $at: {{ \"$.a['b c']\": {exists} }} }}")
    );
}

#[test]
fn every_source_of_runscope_has_its_key() {
    for (source, property, comparison, value, written) in [
        ("response_status", "", "equal_number", "404", "status: 404"),
        (
            "response_status",
            "",
            "contains",
            "20",
            "status: [120, 200, 201, 202, 203, 204, 205, 206, 207, 208, 209, 220, 320, 420, 520]",
        ),
        ("response_time", "", "is_less_than", "600", "within: 600ms"),
        (
            "response_headers",
            "ETag",
            "not_empty",
            "",
            "headers: { etag: $nonempty }",
        ),
        (
            "response_text",
            "",
            "contains",
            "a",
            "text: { $contains: [{ $text: \"a\" }] }",
        ),
        (
            "response_size",
            "",
            "is_less_than_or_equal",
            "9",
            "size: { $at-most: 9 }",
        ),
        ("response_json", "", "not_empty", "", "body: $nonempty"),
        (
            "response_json",
            "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User.department",
            "not_empty",
            "",
            "body: { $at: { \"$['urn:ietf:params:scim:schemas:extension:enterprise:2.0:User'].department\": $nonempty } }",
        ),
        (
            "response_json",
            "['a.b'][2]",
            "not_empty",
            "",
            "body: { $at: { \"$['a.b'][2]\": $nonempty } }",
        ),
    ] {
        let found = assertion(&json!({
            "source": source, "property": property, "comparison": comparison, "value": value,
        }));
        assert_eq!(found, written, "{source} {property}");
    }
    for (source, comparison, reason) in [
        ("response_xml", "equal", "there is no source `response_xml`"),
        ("response_json", "is_odd", "there is no comparison `is_odd`"),
        (
            "response_time",
            "not_empty",
            "of a time, a scenario can only say",
        ),
        ("response_status", "has_key", "only JSON has keys"),
        ("response_status", "empty", "no status can fulfil it"),
    ] {
        let found = assertion(&json!({"source": source, "comparison": comparison, "value": "1"}));
        let told = found.starts_with("untested: ") && found.contains(reason);
        assert!(told, "{source} {comparison}: {found}");
    }
}

#[test]
fn what_is_wrong_is_said_at_its_place() {
    let postman = |inner: &str| {
        format!("{{\n\"info\": {{\"name\": \"n\", \"schema\": \"collection/v2.1.0/\"}},\n{inner}}}")
    };
    for (text, told) in [
        ("", "suite.json:1:1: the file is empty"),
        ("{\n \"a\": tre\n}", "suite.json:2:9: not JSON: "),
        (
            "[]",
            "suite.json:1:1: the file is no suite: it is not a JSON object",
        ),
        (
            "{\"userName\": \"ada\"}",
            "suite.json:1:1: the file is no suite that is known",
        ),
        (
            "{\"version\": \"2.0\",\n \"exported_at\": 1, \"steps\": []}",
            "suite.json:1:1: `version` is `2.0`, and only `1.0` is known",
        ),
        (
            "{\"exported_at\": 1, \"steps\": []}",
            "suite.json:1:1: `version` is missing",
        ),
        (
            "{\"version\": \"1.0\",\n \"steps\": []}",
            "suite.json:2:11: the suite is empty: `steps` holds no request",
        ),
        (
            "{\"version\": \"1.0\", \"steps\": {}}",
            "suite.json:1:1: `steps` is not a list",
        ),
        (
            "{\"version\": \"1.0\", \"steps\": [\n {\"step_type\": \"request\", \"method\": \"GET\"}]}",
            "suite.json:2:2: `steps[0].url` is missing",
        ),
        (
            "{\"version\": \"1.0\", \"steps\": [\n {\"method\": \"GET\"}]}",
            "suite.json:2:2: `steps[0].step_type` is missing",
        ),
        (
            "{\"version\": \"1.0\", \"steps\": [\n {\"step_type\": \"pause\", \"duration\": -1}]}",
            "suite.json:2:2: `steps[0].duration` is not a number of seconds",
        ),
        (
            "{\"version\": \"1.0\", \"steps\": [\n 7]}",
            "suite.json:1:29: `steps[0]` is not a step",
        ),
        (
            &postman("\"item\": []"),
            "suite.json:3:9: the suite is empty: `item` holds no request",
        ),
        (&postman("\"x\": 1"), "suite.json:1:1: `item` is missing"),
        (
            &postman("\"item\": [\n {\"name\": \"a\"}]"),
            "suite.json:4:2: `item[0]` has neither a `request` nor an `item` list",
        ),
        (
            &postman("\"item\": [\n {\"name\": \"a\", \"request\":\n {\"method\": \"GET\"}}]"),
            "suite.json:5:2: `item[0].request.url` is missing",
        ),
        (
            "{\"info\": {\n\"name\": \"n\", \"schema\": \"collection/v3.0.0/\"}, \"item\": []}",
            "suite.json:1:10: `info.schema` is `collection/v3.0.0/`, and only v2.0.0 and v2.1.0 are known",
        ),
        (
            "{\"name\": \"e\", \"values\": [], \"_postman_variable_scope\": \"environment\"}",
            "suite.json:1:1: the file is a Postman environment, not a collection",
        ),
        (
            "{\"log\": {\"version\": \"1.2\", \"entries\": []}}",
            "suite.json:1:1: the file is a HAR recording, not a suite",
        ),
        (
            "{\"id\": \"1\", \"name\": \"c\", \"order\": [], \"requests\": []}",
            "suite.json:1:1: the file is a Postman collection of version 1",
        ),
        (
            "{\"collection\": {\"info\": {}}}",
            "suite.json:1:1: the file is what Postman's API answers",
        ),
    ] {
        let found = mistake(text, None);
        assert!(found.starts_with(told), "{found}\n{told}");
    }
    assert!(
        mistake(USERS, Some(Format::Postman)).contains("is a suite of Runscope, not of Postman")
    );
}

#[test]
fn a_payload_is_no_suite() {
    assert!(is_meant(USERS.as_bytes()));
    assert!(is_meant(COLLECTION.as_bytes()));
    assert!(!is_meant(b"{\"schemas\": [], \"userName\": \"ada\"}"));
    assert!(!is_meant(b"{\"schemas\": [], \"steps\": []}"));
}

#[test]
fn a_suite_can_be_too_large() {
    let request = json!({"step_type": "request", "method": "GET", "url": "{{SCIMBaseURL}}/Users",
        "assertions": vec![json!({"source": "response_status", "comparison": "equal", "value": 200}); 12]});
    let steps = |count: usize| runscope(&Value::Array(vec![request.clone(); count]));
    let too_many = mistake(&steps(5_001), None);
    assert!(
        too_many.ends_with("the suite has more than 5000 requests"),
        "{too_many}"
    );
    let suite = read("suite.json", steps(1_200).as_bytes(), None).expect("it is a suite");
    let mistakes = suite.translated(Options::default()).scenario();
    let told = mistakes.expect_err("it is too large")[0].to_string();
    assert_eq!(
        told,
        "the suite is too large for one scenario: it has 1200 requests and 14400 assertions"
    );
    let deep = "[".repeat(200) + &"]".repeat(200);
    assert!(mistake(&deep, None).contains("nested"));
}

#[test]
fn steps_stand_where_their_requests_do() {
    let translation = translated(USERS, Options::default());
    let scenario = translation.scenario().expect("it loads");
    let places: Vec<String> = scenario
        .steps
        .iter()
        .map(|step| format!("{} {}", step.place, step.name))
        .collect();
    assert_eq!(
        places,
        [
            "suite.json:8:5 Nobody is there",
            "suite.json:25:5 Create {{somebody}}",
            "suite.json:57:5 GET {{SCIMBaseURL}}/Users/{{userId}}",
        ]
    );
}

#[test]
fn nothing_that_is_asserted_is_lost() {
    for text in [USERS, COLLECTION] {
        let translation = translated(text, Options::default());
        let scenario = translation.scenario().expect("it loads");
        let expects = |step: &Step| match &step.action {
            Action::Request(request) => request.expect.len(),
            _ => 0,
        };
        let expected: usize = scenario.steps.iter().map(expects).sum();
        assert!(expected >= translation.assertions, "{}", translation.text);
        let lost = translation.assertions - translation.kept;
        assert!(translation.untranslated.len() >= lost + translation.scripts);
    }
}

#[test]
fn pauses_are_kept_by_choice() {
    let keep = Options {
        keep_pauses: true,
        ..Options::default()
    };
    let kept = translated(USERS, keep);
    assert!(kept.text.contains("    wait: 3s\n"), "{}", kept.text);
    assert_eq!(kept.dropped, 0);
    let left_out = translated(USERS, Options::default());
    assert!(!left_out.text.contains("wait:"));
    assert_eq!(left_out.dropped, 3);
}

/// Every value of a suite is taken away or replaced by another one: each time there is a message, or a scenario that loads.
#[test]
fn no_damage_to_a_suite_goes_unsaid() {
    for text in [USERS, COLLECTION] {
        let whole: Value = serde_json::from_str(text).expect("it is JSON");
        let mut pointers = Vec::new();
        all_pointers(&whole, String::new(), &mut pointers);
        for pointer in pointers {
            for damage in [json!(null), json!(7), json!("x"), json!([{}])] {
                let mut damaged = whole.clone();
                if let Some(value) = damaged.pointer_mut(&pointer) {
                    *value = damage;
                }
                let damaged = damaged.to_string();
                match read("suite.json", damaged.as_bytes(), None) {
                    Ok(suite) => {
                        let translation = suite.translated(Options::default());
                        if let Err(mistakes) = translation.scenario() {
                            assert!(!mistakes.is_empty(), "{damaged}");
                        }
                    }
                    Err(mistakes) => {
                        assert!(mistakes.iter().all(|mistake| mistake.at.line > 0));
                        assert!(!mistakes.is_empty(), "{damaged}");
                    }
                }
            }
        }
    }
}

fn all_pointers(value: &Value, pointer: String, found: &mut Vec<String>) {
    match value {
        Value::Object(members) => members.iter().for_each(|(name, member)| {
            let name = name.replace('~', "~0").replace('/', "~1");
            all_pointers(member, format!("{pointer}/{name}"), found);
        }),
        Value::Array(items) => items.iter().enumerate().for_each(|(index, item)| {
            all_pointers(item, format!("{pointer}/{index}"), found);
        }),
        _ => {}
    }
    found.push(pointer);
}

/// The official files are not part of the project: the test says nothing where they are not beside it.
#[test]
fn official_suites_have_the_numbers_of_the_references() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/suites");
    for (file, numbers) in [
        ("Okta-SCIM-20-SPEC-Test.json", (12, 52, 52, 1)),
        ("Okta-SCIM-20-CRUD-Test.json", (13, 21, 21, 0)),
        ("Microsoft-SCIM-PostmanCollection.json", (79, 108, 108, 0)),
    ] {
        let Ok(text) = std::fs::read_to_string(folder.join(file)) else {
            continue;
        };
        let found = translated(&text, Options::default());
        let counted = (found.requests, found.assertions, found.kept, found.scripts);
        assert_eq!(counted, numbers, "{file}");
    }
}
