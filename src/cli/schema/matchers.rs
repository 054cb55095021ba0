//! The part of the JSON Schema that describes matchers.

use serde_json::{Map, Value, json};

use crate::cli::schema::{choice, described, reference};

/// Matchers that need no argument, and what they mean.
const NAMES: [(&str, &str); 14] = [
    ("$string", "A text."),
    ("$number", "A number."),
    ("$integer", "A number without a fraction."),
    ("$boolean", "`true` or `false`."),
    ("$array", "A list."),
    ("$object", "A mapping."),
    ("$nonempty", "A text, list or mapping that is not empty."),
    ("$instant", "An RFC 3339 date and time."),
    ("$uri", "An absolute URI."),
    ("$uuid", "A UUID."),
    ("$present", "There: not null, not an empty list."),
    ("$absent", "Not there, null or an empty list."),
    ("$any", "Anything, also nothing."),
    ("$unique", "No element twice."),
];

/// A condition on a value.
pub(super) fn matcher() -> Value {
    let plain = json!({
        "type": "string",
        // A text that begins with `$` is a matcher or a variable.
        "pattern": "^([^$]|\\$\\{|\\$\\$\\{|$)",
    });
    json!({
        "description": "A value (equal as SCIM has it), a list, a mapping of members, or a matcher.",
        "anyOf": [
            choice(&NAMES),
            plain,
            { "type": ["number", "boolean", "null"] },
            { "type": "array", "items": reference("matcher") },
            reference("matcherMapping"),
            {
                "type": "object",
                "propertyNames": { "pattern": "^([^$]|\\$\\{|\\$ref$|\\$schema$|$)" },
                "additionalProperties": reference("matcher"),
            },
        ],
    })
}

/// A mapping of matchers, all of which must hold.
pub(super) fn mapping() -> Value {
    let list = json!({ "type": "array", "minItems": 1, "items": reference("matcher") });
    let size = json!({ "anyOf": [
        reference("number"),
        {
            "type": "object",
            "additionalProperties": false,
            "properties": { "from": reference("number"), "to": reference("number") },
        },
    ] });
    let instant = json!({ "type": "string", "pattern": "^([0-9]{4}-|.*\\$\\{)" });
    let mut properties = Map::new();
    for (name, description) in NAMES {
        properties.insert(
            name.to_owned(),
            described(description, json!({ "const": true })),
        );
    }
    let arguments = [
        (
            "$pattern",
            "A regular expression, unanchored.",
            json!({ "type": "string" }),
        ),
        ("$any-of", "At least one holds.", list.clone()),
        ("$all-of", "All hold.", list),
        ("$not", "Does not hold.", reference("matcher")),
        ("$same-as", "Equal to a captured value.", json!({})),
        (
            "$exactly",
            "JSON equality: letter case and order count.",
            json!({}),
        ),
        (
            "$contains",
            "A list with at least these; a text with this part.",
            reference("matcher"),
        ),
        ("$each", "Every element.", reference("matcher")),
        ("$size", "Number of elements or characters.", size),
        ("$at-least", "A number not below.", reference("number")),
        ("$at-most", "A number not above.", reference("number")),
        ("$after", "An instant later than this one.", instant.clone()),
        (
            "$not-before",
            "An instant not earlier than this one.",
            instant,
        ),
        (
            "$at",
            "JSONPaths, and what is found there must look like.",
            json!({ "type": "object", "additionalProperties": reference("matcher") }),
        ),
        (
            "$text",
            "The same when written as text: `401` and `\"401\"`.",
            json!({}),
        ),
    ];
    for (name, description, argument) in arguments {
        properties.insert(name.to_owned(), described(description, argument));
    }
    json!({
        "type": "object",
        "minProperties": 1,
        "additionalProperties": false,
        "properties": properties,
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn knows_the_matchers_of_the_loader() {
        use crate::scenario::load::matchers::{NAMES, WITH_ARGUMENT};
        let loader: BTreeSet<&str> = NAMES.into_iter().chain(WITH_ARGUMENT).collect();
        let schema = mapping();
        let schema = schema["properties"].as_object().expect("it is an object");
        let schema: BTreeSet<&str> = schema.keys().map(String::as_str).collect();
        assert_eq!(loader, schema);
    }
}
