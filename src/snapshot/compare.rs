//! Compares answers as SCIM does, never as bytes.

use std::sync::LazyLock;

use regex::Regex;
use serde_json::{Value, json};

use super::answer::{Answer, Body};
use crate::finding::Difference;
use crate::scim::equality::{self, Options};

/// Where the new answers are not the old ones. Differences in letter case alone count only where the attribute is
/// `caseExact`.
pub fn differences(old: &[Answer], new: &[Answer]) -> Vec<Difference> {
    if old.len() != new.len() {
        return vec![difference(
            "number of answers",
            Some(json!(old.len())),
            Some(json!(new.len())),
        )];
    }
    let several = new.len() > 1;
    let mut all = Vec::new();
    for (position, (old, new)) in old.iter().zip(new).enumerate() {
        for mut difference in differences_of_one(old, new) {
            if several {
                difference.path = format!("answer {}: {}", position + 1, difference.path);
            }
            all.push(difference);
        }
    }
    all
}

fn differences_of_one(old: &Answer, new: &Answer) -> Vec<Difference> {
    let mut all = Vec::new();
    if old.status != new.status {
        all.push(difference(
            "status",
            Some(json!(old.status)),
            Some(json!(new.status)),
        ));
    }
    let names: std::collections::BTreeSet<&String> =
        old.headers.keys().chain(new.headers.keys()).collect();
    for name in names {
        let (left, right) = (old.headers.get(name), new.headers.get(name));
        if left.map(|text| timeless_text(text)) != right.map(|text| timeless_text(text)) {
            let value = |text: Option<&String>| text.map(|text| json!(text));
            all.push(difference(
                &format!("header {name}"),
                value(left),
                value(right),
            ));
        }
    }
    all.extend(differences_of_bodies(&old.body, &new.body));
    all
}

fn differences_of_bodies(old: &Body, new: &Body) -> Vec<Difference> {
    match (old, new) {
        (Body::Json(old), Body::Json(new)) => {
            equality::differences(&timeless(old), &timeless(new), &Options::default())
                .into_iter()
                .filter(|difference| !difference.only_case)
                .map(Difference::from)
                .collect()
        }
        (Body::Text(old), Body::Text(new)) if timeless_text(old) == timeless_text(new) => {
            Vec::new()
        }
        (old, new) if old == new => Vec::new(),
        (old, new) => vec![difference("", value_of(old), value_of(new))],
    }
}

fn value_of(body: &Body) -> Option<Value> {
    match body {
        Body::Nothing => None,
        Body::Json(value) => Some(value.clone()),
        Body::Text(text) => Some(json!(text)),
    }
}

fn difference(path: &str, expected: Option<Value>, received: Option<Value>) -> Difference {
    Difference {
        path: path.to_owned(),
        expected,
        received,
        only_case: false,
    }
}

/// Which instants are the same one depends on how fast the target is and how fine its clock: two changes within one
/// tick share a `lastModified`. The numbers are for readers; they do not count.
fn timeless(value: &Value) -> Value {
    match value {
        Value::String(text) => Value::String(timeless_text(text)),
        Value::Array(items) => items.iter().map(timeless).collect(),
        Value::Object(members) => members
            .iter()
            .map(|(name, value)| (name.clone(), timeless(value)))
            .collect(),
        other => other.clone(),
    }
}

fn timeless_text(text: &str) -> String {
    static TIME: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r"\[time-[0-9]+\]").expect("the expression is well-formed"));
    if text.contains("[time-") {
        TIME.replace_all(text, "[time]").into_owned()
    } else {
        text.to_owned()
    }
}
