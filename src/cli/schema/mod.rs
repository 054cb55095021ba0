//! `scimulate schema`: the JSON Schema (draft-07) of scenario files, so that editors complete and explain them.
//!
//! It knows keys, types and closed lists. What needs the whole file (variables, step names, other files) only the loader
//! can tell; a test holds the two together over every good and bad file.

mod acts;
mod matchers;
mod steps;

use std::io::{self, Write};
use std::process::ExitCode;

use serde_json::{Map, Value, json};

use crate::profile::ProfileId;
use crate::scenario::declaration::{DECLARABLE, PRESETS};
use crate::scenario::{Feature, NEEDS};

/// Writes the schema to stdout.
pub fn print() -> ExitCode {
    match write(&mut io::stdout().lock()) {
        Ok(()) => ExitCode::SUCCESS,
        // Nobody reads stdout any more.
        Err(_) => ExitCode::from(2),
    }
}

fn write(out: &mut dyn Write) -> io::Result<()> {
    let text = serde_json::to_string_pretty(&schema()).map_err(io::Error::other)?;
    writeln!(out, "{text}")
}

/// The schema. A file with `params` is a fragment.
pub fn schema() -> Value {
    json!({
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "scimulate scenario",
        "description": "One story: what a provisioning client sends, and what must come back.",
        "type": "object",
        "if": { "required": ["params"] },
        "then": { "$ref": "#/definitions/fragment" },
        "else": { "$ref": "#/definitions/scenario" },
        "definitions": {
            "scenario": scenario(),
            "fragment": fragment(),
            "steps": { "type": "array", "minItems": 1, "items": reference("step") },
            "step": steps::step(),
            "target": steps::target(),
            "expectation": steps::expectation(),
            "until": object(&[], [
                ("status", reference("statuses")),
                ("headers", header_matchers("Header name and what its value must look like.")),
                ("body", reference("matcher")),
            ]),
            "captures": {
                "type": "object",
                "additionalProperties": { "type": "string", "minLength": 1 },
            },
            "feature": choice(Feature::ALL.map(|feature| (feature.name(), "")).as_slice()),
            "repeat": steps::repeat(),
            "act": acts::act(),
            "actExpectation": acts::act_expectation(),
            "verify": steps::verify(),
            "condition": object(&["that", "is"], [
                ("that", described("What was captured: `${status}`.", json!({}))),
                ("is", reference("matcher")),
            ]),
            "rows": {
                "type": "array",
                "minItems": 1,
                "items": {
                    "type": "object",
                    "required": ["case"],
                    "properties": {
                        "case": described("Name of the row.", json!({ "type": ["string", "number", "boolean"] })),
                        "covers": covers(),
                        "certifies": certifies(),
                        "needs": described(
                            "What the target must have for this row.",
                            one_or_list(reference("need")),
                        ),
                    },
                },
            },
            "limits": object(&[], [
                ("timeout", described("Longest time for an answer: `10s`.", reference("duration"))),
                ("body", described("Most bytes of an answer: `1MiB`.", reference("size"))),
            ]),
            "statuses": one_or_list(reference("status")),
            "status": {
                "anyOf": [
                    { "type": "integer", "minimum": 100, "maximum": 599 },
                    { "type": "string", "pattern": "^[1-5][xX][xX]$" },
                ],
            },
            "duration": { "type": "string", "pattern": "^[0-9.]+ *(ms|s|m|h)$" },
            "size": { "type": "string", "pattern": "^[0-9.]+ *(B|KiB|MiB|GiB)$" },
            "source": {
                "type": "string",
                "description": "Where the sequence is documented, with how that is known: `okta.md 4.1 [doc][recorded]`.",
                "pattern": "\\[(doc|recorded|inferred)\\]",
            },
            "words": one_or_list(json!({ "type": "string", "minLength": 1 })),
            "number": {
                "anyOf": [
                    { "type": "number" },
                    { "type": "string", "pattern": "^\\$\\{[^}]+\\}$" },
                ],
            },
            "client": choice(ProfileId::ALL.map(|profile| (profile.name(), "")).as_slice()),
            "authority": choice(&[
                ("rfc", "The SCIM RFCs."),
                ("okta", "Okta as a client."),
                ("entra", "Microsoft Entra ID as a client."),
            ]),
            "need": {
                "anyOf": [
                    { "type": "string", "enum": needs() },
                    { "type": "string", "pattern": "^x-[A-Za-z0-9_-]+$" },
                    { "type": "string", "pattern": "^(User|Group|EnterpriseUser)\\.[A-Za-z0-9.]+$" },
                ],
            },
            "matcher": matchers::matcher(),
            "matcherMapping": matchers::mapping(),
        },
    })
}

/// All words of `needs`, each once.
fn needs() -> Vec<&'static str> {
    let declared = DECLARABLE.map(|known| known.word);
    NEEDS
        .into_iter()
        .chain(declared.into_iter().filter(|word| !NEEDS.contains(word)))
        .collect()
}

fn scenario() -> Value {
    object(
        &["title", "steps"],
        [
            ("title", described("One line for people.", text())),
            (
                "as",
                described(
                    "The client, or the clients that the file runs as.",
                    one_or_list(reference("client")),
                ),
            ),
            (
                "feature",
                described(
                    "Column of the provider-by-feature grid.",
                    reference("feature"),
                ),
            ),
            ("source", reference("source")),
            ("covers", covers()),
            ("certifies", certifies()),
            (
                "needs",
                described(
                    "What the target must have, else the scenario is skipped.",
                    one_or_list(reference("need")),
                ),
            ),
            (
                "preset",
                described(
                    "The published integration that it is about.",
                    json!({ "type": "string", "enum": PRESETS }),
                ),
            ),
            (
                "services",
                described(
                    "Other services than the target, by the name that `on` has, with their base URLs.",
                    json!({ "type": "object", "additionalProperties": text() }),
                ),
            ),
            (
                "policies",
                described(
                    "Choices of the embedded server, which the scenario then has for itself.",
                    reference("words"),
                ),
            ),
            (
                "tags",
                described("Free words for `--tag`.", reference("words")),
            ),
            (
                "alone",
                described(
                    "No other scenario runs beside it.",
                    json!({ "type": "boolean" }),
                ),
            ),
            (
                "people",
                described(
                    "Names of people files, or a map from name to attributes.",
                    json!({ "anyOf": [
                        reference("words"),
                        { "type": "object", "additionalProperties": { "type": "object" } },
                    ] }),
                ),
            ),
            (
                "expands",
                described("The story that this file was written from.", text()),
            ),
            (
                "crowds",
                described(
                    "People without a file: a name and how many.",
                    acts::crowds(),
                ),
            ),
            (
                "groups",
                described("Groups of the provider's directory.", acts::groups()),
            ),
            (
                "roles",
                described(
                    "Application roles of the provider's directory.",
                    acts::roles(),
                ),
            ),
            (
                "mapping",
                described(
                    "Rows over a provider's default attribute mapping.",
                    acts::mapping(),
                ),
            ),
            (
                "switches",
                described(
                    "What is not known of a provider, or what its administrator chooses.",
                    acts::switches(),
                ),
            ),
            (
                "vars",
                described("Variables of the file.", json!({ "type": "object" })),
            ),
            ("limits", reference("limits")),
            (
                "steps",
                described("What happens, in order.", reference("steps")),
            ),
            (
                "cleanup",
                described("What happens at the end in any case.", reference("steps")),
            ),
        ],
    )
}

fn fragment() -> Value {
    object(
        &["title", "steps"],
        [
            ("title", described("One line for people.", text())),
            (
                "params",
                described(
                    "Names of the parameters, or a map from name to default.",
                    json!({ "anyOf": [reference("words"), { "type": "object" }] }),
                ),
            ),
            (
                "steps",
                described("What happens, in order.", reference("steps")),
            ),
        ],
    )
}

fn covers() -> Value {
    described("Ids of requirements that it tests.", reference("words"))
}

fn certifies() -> Value {
    described(
        "Ids of requirements of gates that it speaks of: `scimulate certify`.",
        reference("words"),
    )
}

fn header_matchers(description: &str) -> Value {
    described(
        description,
        json!({ "type": "object", "additionalProperties": reference("matcher") }),
    )
}

fn reference(definition: &str) -> Value {
    json!({ "$ref": format!("#/definitions/{definition}") })
}

fn text() -> Value {
    json!({ "type": "string", "minLength": 1 })
}

fn one_or_list(item: Value) -> Value {
    json!({ "anyOf": [item, { "type": "array", "items": item }] })
}

/// A closed list of words; editors show the description of each.
fn choice(words: &[(&str, &str)]) -> Value {
    let words: Vec<Value> = words
        .iter()
        .map(|(word, description)| match *description {
            "" => json!({ "const": word }),
            description => json!({ "const": word, "description": description }),
        })
        .collect();
    json!({ "anyOf": words })
}

/// Draft-07 ignores what stands beside `$ref`, so the reference moves into `allOf`.
fn described(description: &str, mut schema: Value) -> Value {
    if schema.get("$ref").is_some() {
        return json!({ "description": description, "allOf": [schema] });
    }
    schema["description"] = Value::String(description.to_owned());
    schema
}

fn object<const N: usize>(required: &[&str], properties: [(&str, Value); N]) -> Value {
    let properties: Map<String, Value> = properties
        .into_iter()
        .map(|(name, schema)| (name.to_owned(), schema))
        .collect();
    let mut schema = json!({
        "type": "object",
        "additionalProperties": false,
        "properties": properties,
    });
    if !required.is_empty() {
        schema["required"] = json!(required);
    }
    schema
}
