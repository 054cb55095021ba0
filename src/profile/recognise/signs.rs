//! The signs: what only one provider, or only some of its clients, put on the wire.

use serde_json::Value;

use super::look::{History, Look, Operation};
use crate::finding::Authority;
use crate::profile::ProfileId;
use crate::profile::ProfileId::{
    EntraCompliant, EntraLegacy, OktaAiw, OktaGov, OktaOin, OktaOinUserpatch,
};

/// Against a client that never sends such a thing, by what its provider says or what was recorded.
const NEVER: u32 = 10;
/// Against a client that does so only for a reason of its own.
const SELDOM: u32 = 4;
/// Against a client that could, by a choice that is not known.
const RARELY: u32 = 1;

/// Something that tells clients apart.
pub(super) struct Sign {
    /// What it is and who does so.
    pub(super) words: &'static str,
    /// How much it speaks for Okta; below 0 against.
    pub(super) okta: i32,
    /// How much it speaks for Entra; below 0 against.
    pub(super) entra: i32,
    against: &'static [(ProfileId, u32)],
    pub(super) shows: fn(&Look<'_>, &History) -> bool,
}

impl Sign {
    pub(super) fn weight_against(&self, client: ProfileId) -> u32 {
        let of = self.against.iter().find(|(known, _)| *known == client);
        of.map_or(0, |(_, weight)| *weight)
    }

    pub(super) fn weight_for(&self, provider: Authority) -> i32 {
        match provider {
            Authority::Okta => self.okta,
            Authority::Entra => self.entra,
            Authority::Rfc | Authority::Snapshot => 0,
        }
    }
}

/// Clients of Okta that write groups and `active` with PATCH.
const PATCHING: &[(ProfileId, u32)] = &[
    (OktaOin, NEVER),
    (OktaOinUserpatch, NEVER),
    (OktaGov, NEVER),
];

const NO_AIW: &[(ProfileId, u32)] = &[(OktaAiw, NEVER)];

/// A compliant job that is provisioned on demand sends the legacy bodies in between (entra.md 0).
const LEGACY: &[(ProfileId, u32)] = &[(EntraCompliant, SELDOM)];

const COMPLIANT: &[(ProfileId, u32)] = &[(EntraLegacy, NEVER)];

pub(super) const SIGNS: [Sign; 28] = [
    // okta.md 0.2 [doc][recorded]
    Sign {
        words: "the User-Agent is Okta's",
        okta: 10,
        entra: -10,
        against: &[],
        shows: |look, _| {
            look.request
                .header("user-agent")
                .is_some_and(|agent| agent.starts_with("Okta SCIM Client"))
        },
    },
    Sign {
        words: "a User-Agent that neither Okta nor Entra sends",
        okta: -4,
        entra: -4,
        against: &[],
        shows: |look, _| {
            look.request
                .header("user-agent")
                .is_some_and(|agent| !agent.is_empty() && !agent.starts_with("Okta SCIM Client"))
        },
    },
    Sign {
        words: "`Accept-Charset: utf-8`, which is in Okta's header set",
        okta: 3,
        entra: 0,
        against: &[],
        shows: |look, _| {
            let charset = look.request.header("accept-charset");
            charset.is_some_and(|charset| charset.eq_ignore_ascii_case("utf-8"))
        },
    },
    // entra.md 1.3 [recorded]
    Sign {
        words: "no User-Agent, as Entra",
        okta: -1,
        entra: 1,
        against: &[],
        shows: |look, _| {
            look.request.header("user-agent").is_none()
                && look.request.header("accept") == Some("application/scim+json")
        },
    },
    // okta.md 0.6 [doc][recorded]
    Sign {
        words: "`startIndex=1&count=2`, Okta's test of the credentials",
        okta: 3,
        entra: 0,
        against: &[],
        shows: |look, _| look.is("GET", "Users") && look.raw_query == "startIndex=1&count=2",
    },
    Sign {
        words: "a look-up or page of Okta's: `startIndex` and `count=100`",
        okta: 2,
        entra: -2,
        against: &[],
        shows: |look, _| {
            look.request.method == "GET"
                && look.parameter("startIndex").is_some()
                && look.parameter("count") == Some("100")
        },
    },
    // entra.md 1.2 [recorded]
    Sign {
        words: "filters with `+` for spaces and quotes as `%22`, as Entra writes them",
        okta: -1,
        entra: 2,
        against: &[],
        shows: |look, _| look.raw_query.contains("+eq+%22"),
    },
    Sign {
        words: "a filter alone, without `startIndex` and `count`, as Entra looks things up",
        okta: -2,
        entra: 1,
        against: &[],
        shows: |look, _| {
            look.request.method == "GET"
                && look.parameter("filter").is_some()
                && look.parameter("startIndex").is_none()
                && look.parameter("count").is_none()
        },
    },
    // entra.md 2.1 [doc]
    Sign {
        words: "a look-up of a random GUID, Entra's test of the connection",
        okta: 0,
        entra: 2,
        against: &[],
        shows: |look, _| {
            let filter = look.parameter("filter").unwrap_or_default();
            let value = filter.split('"').nth(1).unwrap_or_default();
            look.is("GET", "Users") && is_guid(value)
        },
    },
    // entra.md 7 [doc]
    Sign {
        words: "groups asked for with `excludedAttributes=members`, as Entra does",
        okta: -3,
        entra: 3,
        against: &[],
        shows: |look, _| {
            look.is("GET", "Groups") && look.parameter("excludedAttributes") == Some("members")
        },
    },
    // okta.md 2.2 [doc][recorded]
    Sign {
        words: "a new user with `groups: []` and a password, as Okta creates one",
        okta: 3,
        entra: -3,
        against: &[],
        shows: |look, _| {
            look.is("POST", "Users")
                && look.member("groups") == Some(&Value::Array(Vec::new()))
                && look.member("password").is_some()
        },
    },
    // entra.md 4.2 [doc]
    Sign {
        words: "a new resource with `meta.resourceType` alone, as Entra creates one",
        okta: -1,
        entra: 2,
        against: &[],
        shows: |look, _| {
            let meta = look.member("meta").and_then(Value::as_object);
            look.request.method == "POST"
                && meta.is_some_and(|meta| meta.len() == 1 && meta.contains_key("resourceType"))
        },
    },
    // No document or recording has one (entra.md 5).
    Sign {
        words: "a PUT, which Entra never sends",
        okta: 0,
        entra: -6,
        against: &[],
        shows: |look, _| look.request.method == "PUT",
    },
    // okta.md 6.3 [doc][recorded]
    Sign {
        words: "a group's name changed with its `id` in the value, as Okta does",
        okta: 3,
        entra: -3,
        against: NO_AIW,
        shows: |look, _| {
            look.is("PATCH", "Groups")
                && any(look, |operation| {
                    let names = operation.names();
                    names.contains(&"id") && names.contains(&"displayName")
                })
        },
    },
    // entra.md 5.1 [doc]
    Sign {
        words: "operations with a capital letter (`Add`, `Replace`, `Remove`): Entra as it is by default",
        okta: -4,
        entra: 4,
        against: LEGACY,
        shows: |look, _| {
            any(look, |operation| {
                ["Add", "Replace", "Remove"].contains(&operation.op)
            })
        },
    },
    Sign {
        words: "booleans as texts (`\"True\"`, `\"False\"`): Entra as it is by default",
        okta: -2,
        entra: 3,
        against: LEGACY,
        shows: |look, _| {
            any(look, |operation| {
                let text = operation.value.and_then(Value::as_str);
                matches!(text, Some("True" | "False"))
            })
        },
    },
    Sign {
        words: "member removal by value list: Entra as it is by default",
        okta: -3,
        entra: 4,
        against: LEGACY,
        shows: |look, _| {
            look.is("PATCH", "Groups")
                && any(look, |operation| {
                    operation.op.eq_ignore_ascii_case("remove")
                        && operation.path == Some("members")
                        && operation.value.is_some_and(Value::is_array)
                })
        },
    },
    Sign {
        words: "attributes merged under dotted names: Entra with `aadOptscim062020`",
        okta: -4,
        entra: 4,
        against: COMPLIANT,
        shows: |look, _| {
            any(look, |operation| {
                operation
                    .names()
                    .iter()
                    .any(|name| name.contains('.') && !is_extension(name))
            })
        },
    },
    Sign {
        words: "operations in lower case: as Entra only with `aadOptscim062020`",
        okta: 0,
        entra: 0,
        against: COMPLIANT,
        shows: |look, _| {
            any(look, |operation| {
                ["add", "replace", "remove"].contains(&operation.op)
                    && !is_spelled_so_by_all(operation)
            })
        },
    },
    // okta.md 0.1 [doc][recorded], also 4.1, 4.2, 6.2 to 6.4
    Sign {
        words: "a user changed with PATCH: not an app of Okta's App Integration Wizard",
        okta: 0,
        entra: 0,
        against: NO_AIW,
        shows: |look, _| look.is("PATCH", "Users"),
    },
    Sign {
        words: "a group changed with PATCH: not an app of Okta's App Integration Wizard",
        okta: 0,
        entra: 0,
        against: NO_AIW,
        shows: |look, _| look.is("PATCH", "Groups"),
    },
    Sign {
        words: "a group written as a whole with PUT: an app of Okta's App Integration Wizard",
        okta: 1,
        entra: 0,
        against: PATCHING,
        shows: |look, _| look.is("PUT", "Groups"),
    },
    Sign {
        words: "`active` changed with PUT: an app of Okta's App Integration Wizard",
        okta: 1,
        entra: 0,
        against: PATCHING,
        shows: |look, history| {
            let now = look.member("active").and_then(Value::as_bool);
            let before = look.id.and_then(|id| history.active(id));
            look.is("PUT", "Users") && now.is_some() && before.is_some() && now != before
        },
    },
    // okta.md 3.3 [doc]
    Sign {
        words: "attributes of a user changed with PATCH: an integration of Okta's with \"Support PATCH for User\"",
        okta: 0,
        entra: 0,
        against: &[(OktaOin, NEVER), (OktaAiw, NEVER), (OktaGov, NEVER)],
        shows: |look, _| {
            look.is("PATCH", "Users")
                && any(look, |operation| {
                    let names = operation.names();
                    names
                        .iter()
                        .any(|name| !["active", "password"].contains(name))
                })
        },
    },
    Sign {
        words: "the profile of a user that it created itself changed with PUT: not an integration with \"Support PATCH for User\"",
        okta: 0,
        entra: 0,
        against: &[(OktaOinUserpatch, SELDOM)],
        shows: |look, history| {
            look.is("PUT", "Users") && look.id.is_some_and(|id| history.is_fresh(id))
        },
    },
    // okta.md 8.1 [doc]
    Sign {
        words: "resource types, schemas or entitlements read: an app of Okta's with entitlements",
        okta: 0,
        entra: 0,
        against: &[
            (OktaOin, NEVER),
            (OktaAiw, NEVER),
            (OktaOinUserpatch, NEVER),
        ],
        shows: |look, _| {
            [
                "ResourceTypes",
                "Schemas",
                "Roles",
                "Entitlements",
                "Licenses",
                "Profiles",
            ]
            .iter()
            .any(|endpoint| look.is("GET", endpoint))
        },
    },
    // okta.md 8.3 [doc]
    Sign {
        words: "users with roles or entitlements: an app of Okta's with entitlements",
        okta: 0,
        entra: 0,
        against: &[
            (OktaOin, SELDOM),
            (OktaAiw, SELDOM),
            (OktaOinUserpatch, SELDOM),
        ],
        shows: |look, _| {
            let given = |name: &str| look.member(name).is_some_and(Value::is_array);
            ["POST", "PUT"]
                .iter()
                .any(|method| look.is(method, "Users"))
                && (given("roles") || given("entitlements"))
        },
    },
    // okta.md 0.1 [doc]
    Sign {
        words: "groups, which apps of Okta's with entitlements have no part in",
        okta: 0,
        entra: 0,
        against: &[(OktaGov, RARELY)],
        shows: |look, _| look.endpoint.eq_ignore_ascii_case("Groups"),
    },
];

fn any(look: &Look<'_>, holds: impl Fn(&Operation<'_>) -> bool) -> bool {
    look.operations().iter().any(holds)
}

/// The URN of an extension has dots of its own.
fn is_extension(name: &str) -> bool {
    name.starts_with("urn:") && (name.ends_with(":User") || name.ends_with(":Group"))
}

/// Operations that the default job writes in lower case, too: a list of roles and a manager's removal (entra.md 5.5, 5.6).
fn is_spelled_so_by_all(operation: &Operation<'_>) -> bool {
    let path = operation.path.unwrap_or_default();
    path == "roles" || path.ends_with(":manager") || path == "manager"
}

fn is_guid(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let lengths: Vec<usize> = parts.iter().map(|part| part.len()).collect();
    lengths == [8, 4, 4, 4, 12]
        && parts
            .iter()
            .all(|part| part.chars().all(|letter| letter.is_ascii_hexdigit()))
}
