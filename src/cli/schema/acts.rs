//! The part of the JSON Schema that describes acts, and what a file gives of a provider's directory.

use serde_json::{Map, Value, json};

use crate::cli::schema::{choice, described, object, one_or_list, reference, text};
use crate::scenario::act::{Argument, OUTCOMES, Object, Verb};

/// A verb alone, or with whom it is about.
pub(super) fn act() -> Value {
    let words = Verb::words().map(|word| Verb::named(word).expect("it is a verb"));
    let alone: Vec<&str> = words
        .iter()
        .filter(|verb| verb.object() == Object::Nobody)
        .map(|verb| verb.word())
        .collect();
    let mut properties = Map::new();
    let mut kinds = Vec::new();
    for verb in words {
        let who = match verb.object() {
            Object::Nobody => json!({ "type": "null" }),
            _ => one_or_list(text()),
        };
        properties.insert(verb.word().to_owned(), who);
        let mut kind = json!({ "required": [verb.word()] });
        if let Some((key, true)) = verb.argument().key() {
            kind["required"] = json!([verb.word(), key]);
        }
        kinds.push(kind);
    }
    properties.insert(
        "to".to_owned(),
        described("The new name, password or manager.", text()),
    );
    properties.insert(
        "with".to_owned(),
        described(
            "Attributes by name; `null` clears one.",
            json!({ "type": "object" }),
        ),
    );
    for (argument, description) in [
        (Argument::People, "Keys of people."),
        (Argument::Roles, "Keys of roles."),
    ] {
        if let Some((key, _)) = argument.key() {
            properties.insert(key.to_owned(), described(description, one_or_list(text())));
        }
    }
    properties.insert(
        "then".to_owned(),
        described(
            "What becomes of the group at the target.",
            choice(&[("delete", ""), ("leave", "")]),
        ),
    );
    json!({ "anyOf": [
        { "type": "string", "enum": alone },
        {
            "type": "object",
            "additionalProperties": false,
            "properties": properties,
            "oneOf": kinds,
        },
    ] })
}

pub(super) fn act_expectation() -> Value {
    let count = || json!({ "type": "integer", "minimum": 0 });
    object(
        &[],
        [
            (
                "writes",
                described("Exactly so many requests that write.", count()),
            ),
            ("requests", described("Exactly so many requests.", count())),
            (
                "outcome",
                described(
                    "What comes of it.",
                    json!({ "type": "string", "enum": OUTCOMES }),
                ),
            ),
            ("because", described("Why.", text())),
        ],
    )
}

pub(super) fn crowds() -> Value {
    json!({
        "type": "object",
        "additionalProperties": { "type": "integer", "minimum": 1, "maximum": 20_000 },
    })
}

pub(super) fn groups() -> Value {
    json!({
        "type": "object",
        "additionalProperties": {
            "type": "object",
            "required": ["displayName"],
            "properties": {
                "displayName": text(),
                "objectId": text(),
                "members": reference("words"),
            },
        },
    })
}

pub(super) fn roles() -> Value {
    let role = object(
        &["value"],
        [("id", text()), ("value", text()), ("display", text())],
    );
    json!({ "type": "object", "additionalProperties": role })
}

pub(super) fn mapping() -> Value {
    let row = object(
        &["to", "from"],
        [
            (
                "from",
                described(
                    "The provider's expression; `null` takes the row away.",
                    json!({ "type": ["string", "null"], "minLength": 1 }),
                ),
            ),
            ("to", described("The provider's target.", text())),
            (
                "match",
                described(
                    "Precedence in matching.",
                    json!({ "type": "integer", "minimum": 1, "maximum": 9 }),
                ),
            ),
        ],
    );
    let rows = json!({ "type": "array", "items": row });
    object(&[], [("okta", rows.clone()), ("entra", rows)])
}

pub(super) fn switches() -> Value {
    json!({
        "type": "object",
        "additionalProperties": { "type": ["string", "integer"] },
    })
}
