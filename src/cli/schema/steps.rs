//! The part of the JSON Schema that describes steps.

use serde_json::{Value, json};

use crate::cli::schema::{
    certifies, choice, covers, described, header_matchers, object, one_or_list, reference, text,
};

pub(super) fn step() -> Value {
    let method = |verb: &str| described(&format!("Sends {verb}."), reference("target"));
    let mut step = object(
        &[],
        [
            ("name", described("Unique in the file.", text())),
            ("as", described("Another client for this step.", text())),
            ("on", described("A tenant of the target by name.", text())),
            (
                "feature",
                described(
                    "Column of the grid, if not the scenario's.",
                    reference("feature"),
                ),
            ),
            ("source", reference("source")),
            ("covers", covers()),
            ("certifies", certifies()),
            (
                "needs",
                described(
                    "What the target must have, else the step is skipped.",
                    one_or_list(reference("need")),
                ),
            ),
            ("limits", reference("limits")),
            (
                "when",
                described("Else the step is skipped.", reference("condition")),
            ),
            (
                "snapshot",
                described(
                    "`false`: chance decides what is answered, so it is not compared with last time.",
                    json!({ "type": "boolean" }),
                ),
            ),
            (
                "cases",
                described("One test case a row.", reference("rows")),
            ),
            ("get", method("GET")),
            ("post", method("POST")),
            ("put", method("PUT")),
            ("patch", method("PATCH")),
            ("delete", method("DELETE")),
            ("head", method("HEAD")),
            ("options", method("OPTIONS")),
            (
                "headers",
                described(
                    "Headers to set; `null` takes one of the client away.",
                    json!({
                        "type": "object",
                        "additionalProperties": { "type": ["string", "number", "null"] },
                    }),
                ),
            ),
            (
                "body",
                described(
                    "JSON: a literal block sent byte for byte, a mapping or a list.",
                    json!({ "type": ["string", "object", "array"] }),
                ),
            ),
            (
                "body-file",
                described("A file beside the scenario.", text()),
            ),
            (
                "body-text",
                described(
                    "Any text, not required to be JSON.",
                    json!({ "type": "string" }),
                ),
            ),
            (
                "over",
                described("An earlier body: `${read.body}`.", json!({})),
            ),
            (
                "with",
                described(
                    "Members written over `over`, or parameters of `use`.",
                    json!({ "type": "object" }),
                ),
            ),
            (
                "expect",
                described(
                    "What must come back, or come of an act.",
                    json!({ "anyOf": [
                        reference("expectation"),
                        reference("actExpectation"),
                        { "type": "array", "minItems": 1, "items": reference("expectation") },
                    ] }),
                ),
            ),
            (
                "keep",
                described(
                    "Captures: name to JSONPath, SCIM path, `header NAME`, `status`, `opaque-tag` or `at +05:00 JSONPATH`.",
                    reference("captures"),
                ),
            ),
            (
                "collect",
                described("Captures that append to a list.", reference("captures")),
            ),
            (
                "repeat",
                described("Sends it several times.", reference("repeat")),
            ),
            (
                "wait",
                described("Wait before it is sent.", reference("duration")),
            ),
            (
                "verify",
                described("Reads a resource back, as ourselves.", reference("verify")),
            ),
            (
                "parallel",
                described("Requests sent at once.", reference("steps")),
            ),
            (
                "act",
                described(
                    "What an administrator does; the provider decides what to send.",
                    reference("act"),
                ),
            ),
            ("use", described("A fragment, `_name.yaml`.", text())),
            (
                "that",
                described("A claim about what was captured.", json!({})),
            ),
            (
                "is",
                described("What it must look like.", reference("matcher")),
            ),
            ("steps", described("Steps of each row.", reference("steps"))),
        ],
    );
    let kinds = [
        "get", "post", "put", "patch", "delete", "head", "options", "verify", "act", "parallel",
        "use", "that", "steps",
    ];
    step["oneOf"] = kinds
        .iter()
        .map(|kind| json!({ "required": [kind] }))
        .collect();
    step["dependencies"] = json!({
        "steps": ["cases"],
        "that": ["is"],
        "is": ["that"],
        "with": { "anyOf": [{ "required": ["over"] }, { "required": ["use"] }] },
    });
    step
}

pub(super) fn target() -> Value {
    json!({ "anyOf": [
        { "type": "string", "pattern": "^/" },
        object(&["raw"], [("raw", described("Sent as it stands.", text()))]),
    ] })
}

pub(super) fn expectation() -> Value {
    object(
        &[],
        [
            (
                "status",
                described("Accepted statuses.", reference("statuses")),
            ),
            (
                "headers",
                header_matchers("Header name and what its value must look like."),
            ),
            (
                "body",
                described("A mapping is a subset.", reference("matcher")),
            ),
            ("text", described("The body as text.", reference("matcher"))),
            (
                "size",
                described("The number of bytes of the body.", reference("matcher")),
            ),
            (
                "within",
                described("Longest time for the answer.", reference("duration")),
            ),
            (
                "untested",
                described("What is to be judged here and is not, in words.", text()),
            ),
            (
                "by",
                described("On whose authority.", one_or_list(reference("authority"))),
            ),
            (
                "strength",
                described(
                    "Only what is a must fails a run.",
                    choice(&[("must", ""), ("should", ""), ("may", "")]),
                ),
            ),
            ("covers", covers()),
            ("because", described("Why the client needs it.", text())),
        ],
    )
}

pub(super) fn repeat() -> Value {
    let mut repeat = object(
        &[],
        [
            ("for", described("Name of the variable.", text())),
            (
                "from",
                described("First value, 1 if not given.", reference("number")),
            ),
            (
                "by",
                described(
                    "Added each time, 1 if not given.",
                    json!({ "type": "integer", "not": { "const": 0 } }),
                ),
            ),
            (
                "to",
                described("Not beyond this value.", reference("number")),
            ),
            (
                "until",
                described(
                    "What the answer must look like in the end.",
                    reference("until"),
                ),
            ),
            (
                "every",
                described("Wait between requests.", reference("duration")),
            ),
            (
                "load",
                described(
                    "Sends it until so many are accepted, as fast as they are answered.",
                    json!({ "type": "integer", "minimum": 1, "maximum": 100_000 }),
                ),
            ),
            (
                "at-once",
                described(
                    "How many of a load are under way at once.",
                    json!({ "type": "integer", "minimum": 1, "maximum": 100 }),
                ),
            ),
            (
                "per-second",
                described(
                    "How many of a load must be accepted each second.",
                    json!({ "type": "integer", "minimum": 1, "maximum": 10_000 }),
                ),
            ),
            (
                "at-most",
                described(
                    "Most requests.",
                    json!({ "type": "integer", "minimum": 1, "maximum": 100_000 }),
                ),
            ),
        ],
    );
    repeat["oneOf"] = json!([
        { "required": ["for", "to"] },
        { "required": ["until"] },
        { "required": ["load", "at-once", "per-second"] },
    ]);
    repeat
}

pub(super) fn verify() -> Value {
    let ways = choice(&[("id", "Read by id."), ("filter", "Find by name.")]);
    let mut one = object(
        &[],
        [
            ("user", described("A person's alias.", text())),
            ("group", described("A group's alias.", text())),
            ("at", described("Any address.", reference("target"))),
            (
                "is",
                described("What the resource must look like.", reference("matcher")),
            ),
            (
                "sent",
                described("Name of the step whose body must have been stored.", text()),
            ),
            (
                "stored",
                described(
                    "What must have been stored, as far as the target's schemas have it.",
                    json!({ "type": "object" }),
                ),
            ),
            (
                "gone",
                described(
                    "The resource must not be there.",
                    json!({ "type": "boolean" }),
                ),
            ),
            (
                "rest",
                described(
                    "Attributes that are not named.",
                    choice(&[
                        ("unchanged", "They are as they were."),
                        ("any", "They are not compared."),
                    ]),
                ),
            ),
            (
                "neighbours",
                described("Others that must be untouched.", reference("words")),
            ),
            ("by", described("How it is read.", one_or_list(ways))),
            (
                "authority",
                described("On whose authority.", one_or_list(reference("authority"))),
            ),
            ("because", described("Why the client needs it.", text())),
        ],
    );
    one["oneOf"] =
        json!([{ "required": ["user"] }, { "required": ["group"] }, { "required": ["at"] }]);
    let everything = object(
        &["mapped"],
        [
            ("mapped", json!({ "const": true })),
            ("because", described("Why the client needs it.", text())),
        ],
    );
    json!({ "anyOf": [one, everything, { "const": "mapped" }] })
}
