//! What is not known of Entra for certain, or differs between recordings.

use crate::idp::Switch;

/// Entra's switches.
pub(crate) const SWITCHES: &[Switch] = &[
    Switch {
        name: "entra.probe-groups",
        values: &["on", "off"],
        meaning: "the connection test looks for a random group, too",
        source: "entra.md 2.1 [doc][inferred]",
    },
    Switch {
        name: "entra.page-size",
        values: &["100", "N"],
        meaning: "how many accounts a page of the account discovery asks for",
        source: "entra.md 2.4 [unknown]",
    },
    Switch {
        name: "entra.empty-values",
        values: &["omit", "null"],
        meaning: "what a create says of mapped attributes that have no value",
        source: "entra.md 4.3 [doc][recorded]",
    },
    Switch {
        name: "entra.active-in-create",
        values: &["boolean", "string"],
        meaning: "how a create writes `active`",
        source: "entra.md 4.3 [doc]",
    },
    Switch {
        name: "entra.primary",
        values: &["all", "emails"],
        meaning: "which multi-valued attributes of a create carry `primary`",
        source: "entra.md 4.2, 16 [inferred]",
    },
    Switch {
        name: "entra.disable-value",
        values: &["string", "boolean"],
        meaning: "how a legacy PATCH writes booleans",
        source: "entra.md 5.1 [doc][recorded]",
    },
    Switch {
        name: "entra.skip-out-of-scope-deletions",
        values: &["off", "on"],
        meaning: "nothing is sent for people and groups that leave the scope or are deleted",
        source: "entra.md 6 [doc]",
    },
    Switch {
        name: "entra.manager-removal",
        values: &["empty", "remove"],
        meaning: "a manager is cleared by an empty text, or by `remove` on the path",
        source: "entra.md 5.6 [unknown]",
    },
    Switch {
        name: "entra.check-reference",
        values: &["off", "on"],
        meaning: "a manager or a member is asked for by two filters before it is sent",
        source: "entra.md 5.6, 7 [doc]",
    },
    Switch {
        name: "entra.late-references",
        values: &["restart", "repair"],
        meaning: "when a manager or a member who was out of scope is sent after they came into scope",
        source: "entra.md 5.6, 7 [doc]",
    },
    Switch {
        name: "entra.group-urn",
        values: &["core", "adscim"],
        meaning: "the schemas of a group in a create",
        source: "entra.md 7 [doc]",
    },
    Switch {
        name: "entra.members-in-create",
        values: &["off", "on"],
        meaning: "a group's create has an empty list of members",
        source: "entra.md 7 [doc]",
    },
    Switch {
        name: "entra.null-ref",
        values: &["off", "on"],
        meaning: "members that are added or removed have `$ref: null`",
        source: "entra.md 7 [doc]",
    },
    Switch {
        name: "entra.member-batch",
        values: &["all", "N"],
        meaning: "how many members go into one PATCH",
        source: "entra.md 7, 16 [unknown]",
    },
    Switch {
        name: "entra.after-conflict",
        values: &["retry", "patch"],
        meaning: "a create that met 409 waits for the next cycle, or is matched and patched at once",
        source: "entra.md 8.1 [doc][recorded]",
    },
    Switch {
        name: "entra.retry-after",
        values: &["ignore", "honour"],
        meaning: "what a 429 does: the object fails until the next cycle, or is sent again after `Retry-After`",
        source: "entra.md 8.1 [unknown]",
    },
];
