//! Needs: what Okta needs of the answers, in the words in which a server's maintainer reads it.

use serde_json::Value;

use crate::finding::Authority;
use crate::idp::Need;
use crate::idp::okta::answer::PAGE;
use crate::scenario::matcher::{Kind, Matcher};
use crate::scim::urn;

type Expected = Matcher<Value>;

fn members<const N: usize>(members: [(&str, Expected); N]) -> Expected {
    Matcher::Members(
        members
            .into_iter()
            .map(|(name, matcher)| (name.to_owned(), matcher))
            .collect(),
    )
}

fn is(value: impl Into<Value>) -> Expected {
    Matcher::Equals(value.into())
}

fn schema(urn: &str) -> Expected {
    Matcher::Contains(vec![is(urn)])
}

fn integer() -> Expected {
    Matcher::Kind(Kind::Integer)
}

fn if_there(matcher: Expected) -> Expected {
    Matcher::AnyOf(vec![matcher, Matcher::Absent])
}

/// On the RFC's authority; any status if none is given.
fn by_rfc(accepted: &[u16], because: &'static str) -> Need {
    Need {
        by: Some(Authority::Rfc),
        ..Need::status(accepted, because)
    }
}

/// The answer of a look-up, whether it finds somebody or not (okta.md 2.1).
pub(super) fn looked_up() -> Vec<Need> {
    let counters = members([
        (
            "totalResults",
            Matcher::AllOf(vec![integer(), Matcher::AtMost(1.into())]),
        ),
        ("startIndex", if_there(integer())),
        ("itemsPerPage", if_there(integer())),
        ("Resources", if_there(Matcher::Kind(Kind::Array))),
    ]);
    let error = members([("schemas", schema(urn::ERROR))]);
    vec![
        Need::status(
            &[200, 404],
            "Okta creates after an empty list, and after a 404; any other status ends the job.",
        ),
        Need::status(
            &[],
            "Okta reads the counters as JSON numbers and links to the one hit; with texts it stops and gives no reason, \
             and with more than one hit it gives up (\"Multiple users found by userName\").",
        )
        .with_body(Matcher::AnyOf(vec![counters, error])),
        Need::status(
            &[200],
            "Okta's submission suite asks for 200 with a list, also when nothing was found.",
        )
        .with_body(members([("schemas", schema(urn::LIST_RESPONSE))]))
        .recommended(),
        by_rfc(&[200], "A query that matches nothing is a success with totalResults 0 (RFC 7644 3.4.2).")
            .with_body(members([("totalResults", integer())]))
            .covering(&[
                "rfc7644-3.4.2-no-match-200",
                "rfc7644-3.4.2-totalresults-required",
                "rfc7644-3.4.2.4-integers-not-strings",
            ]),
    ]
}

/// An account that Okta has deactivated must be found again (okta.md 2.1).
pub(super) fn found_inactive(id: &str) -> Need {
    Need::status(
        &[200],
        "An inactive user that is not found is created a second time and meets a 409.",
    )
    .with_body(members([
        ("totalResults", is(1)),
        (
            "Resources",
            Matcher::Elements(vec![members([("id", is(id)), ("active", is(false))])]),
        ),
    ]))
    .covering(&["rfc7644-3.4.2.2-inactive-included"])
}

/// A list that a connection test or an import reads (okta.md 1.2, 5.1). `most`: how many were asked for.
pub(super) fn listed(most: u64, because: &'static str) -> Vec<Need> {
    let mut needs = list(because);
    let bound = Matcher::Size(0.into(), Some(most.into()));
    needs.push(
        by_rfc(
            &[],
            "A page has no more resources than were asked for (RFC 7644 3.4.2.4).",
        )
        .with_body(members([("Resources", if_there(bound))]))
        .covering(&["rfc7644-3.4.2.4-count-upper-bound"]),
    );
    needs
}

/// A list that was asked for as a whole.
pub(super) fn list(because: &'static str) -> Vec<Need> {
    vec![
        Need::status(&[200], because).with_body(members([
            ("schemas", schema(urn::LIST_RESPONSE)),
            ("totalResults", integer()),
            ("startIndex", if_there(integer())),
            ("itemsPerPage", if_there(integer())),
            ("Resources", Matcher::Kind(Kind::Array)),
        ])),
        by_rfc(&[200], "The answer to a query is a ListResponse, and its counters are integers (RFC 7644 3.4.2, 3.4.2.4).")
            .with_body(members([
                ("schemas", schema(urn::LIST_RESPONSE)),
                ("totalResults", integer()),
                ("startIndex", if_there(integer())),
                ("itemsPerPage", if_there(integer())),
            ]))
            .covering(&[
                "rfc7644-3.4.2-listresponse-schema",
                "rfc7644-3.4.2.4-integers-not-strings",
            ]),
    ]
}

/// A page that must be full because more follow (okta.md 5.1 [inferred]); `start`: its first index.
pub(super) fn filled(start: u64) -> Need {
    let full = members([("Resources", Matcher::Size(PAGE.into(), None))]);
    let last = members([("totalResults", Matcher::AtMost((start + PAGE - 2).into()))]);
    Need::status(
        &[],
        "Okta adds 100 to startIndex whatever itemsPerPage says; from a page that is cut to fewer it never sees the rest.",
    )
    .with_body(Matcher::AnyOf(vec![full, last]))
    .recommended()
}

/// What every listed resource must have (okta.md 5.2).
pub(super) fn each_has(name: &str) -> Vec<Need> {
    let covers: &[&str] = match name {
        "userName" => &[
            "rfc7644-3.4.2-list-items-complete",
            "rfc7643-4.1.1-username-required",
        ],
        _ => &[
            "rfc7644-3.4.2-list-items-complete",
            "rfc7643-4.2-group-displayname-required",
        ],
    };
    let complete = || {
        let each = members([("id", Matcher::NonEmpty), (name, Matcher::NonEmpty)]);
        members([("Resources", Matcher::Each(Box::new(each)))])
    };
    vec![
        Need::status(
            &[],
            "Okta makes a user or a group of its own from each, by id and name.",
        )
        .with_body(complete()),
        by_rfc(
            &[],
            "Each resource of a list has what its schema requires (RFC 7644 3.4.2).",
        )
        .with_body(complete())
        .covering(covers),
    ]
}

/// The answer to a created user (okta.md 2.4).
pub(super) fn created_user(document: &Value) -> Vec<Need> {
    let id = || {
        Matcher::AllOf(vec![
            Matcher::NonEmpty,
            Matcher::Not(Box::new(Matcher::Contains(vec![is("bulkId")]))),
        ])
    };
    let name = document.get("userName").cloned();
    vec![
        Need::status(
            &[201],
            "Okta keeps the id of this answer for ever as its link to the user, and compares the userName with the one \
             that it sent.",
        )
        .with_body(members([
            ("id", id()),
            ("userName", name.map_or(Matcher::Any, Matcher::Exactly)),
            ("active", is(true)),
        ])),
        by_rfc(&[201], "A created resource is answered with 201 and its id (RFC 7644 3.3, RFC 7643 3.1).")
            .with_body(members([("id", id())]))
            .covering(&[
                "rfc7644-3.3-201-created",
                "rfc7643-3.1-id-present",
                "rfc7643-3.1-id-not-bulkid",
            ]),
    ]
}

/// The answer to a created group (okta.md 6.2).
pub(super) fn created_group(name: &str, with_members: bool) -> Vec<Need> {
    let body = || members([("id", Matcher::NonEmpty), ("displayName", is(name))]);
    let covers: &[&str] = if with_members {
        &["rfc7644-3.3-201-created", "rfc7644-3.3-group-with-members"]
    } else {
        &["rfc7644-3.3-201-created", "rfc7644-3.3-group-empty-members"]
    };
    vec![
        Need::status(
            &[201],
            "Okta keeps the id of this answer as its link to the group.",
        )
        .with_body(body()),
        by_rfc(
            &[201],
            "A created resource is answered with 201 and what was created (RFC 7644 3.3).",
        )
        .with_body(body())
        .covering(covers),
    ]
}

/// A resource that is read before it is written over.
pub(super) fn read(id: &str) -> Need {
    Need::status(
        &[200],
        "Okta writes its attributes over this document and sends it back; an inactive resource must be readable, too.",
    )
    .with_body(members([("id", is(id))]))
}

/// The answer to a PUT (okta.md 3.2).
pub(super) fn put(id: &str) -> Need {
    Need::status(
        &[200],
        "Okta sends back the server's own document, with id and meta, and its attributes written over it; read-only \
         members must be ignored, not refused.",
    )
    .with_body(members([("id", is(id))]))
}

/// The answer to a document that was sent back with `active` turned (okta.md 4.2).
pub(super) fn put_activity(id: &str, active: bool) -> Need {
    Need::status(&[200], activity(active))
        .with_body(members([("id", is(id)), ("active", is(active))]))
}

/// The answer to a PATCH of `active` (okta.md 4.1).
pub(super) fn patched_activity(id: &str, active: bool) -> Need {
    Need::status(&[200, 204], activity(active))
        .with_body(if_there(members([("id", is(id)), ("active", is(active))])))
}

fn activity(active: bool) -> &'static str {
    if active {
        "Okta sends this when the person comes back; refused, the account stays unusable."
    } else {
        "Okta sends exactly this when somebody loses the application; refused, the person keeps the access."
    }
}

/// The answer to any other PATCH.
pub(super) fn patched(because: &'static str) -> Need {
    Need::status(&[200, 204], because)
}

/// The answer to a new password; it must not show (okta.md 3.6 [inferred]).
pub(super) fn password(accepted: &[u16]) -> Need {
    Need::status(
        accepted,
        "The old password must stop working, and the new one work.",
    )
    .with_body(if_there(members([("password", Matcher::Absent)])))
    .recommended()
}

/// The answer to a DELETE.
pub(super) fn deleted() -> Need {
    Need::status(&[204], "Okta reads nothing but the status.")
}

/// The answer to a PUT of a group (okta.md 6.4).
pub(super) fn put_group(id: &str) -> Need {
    Need::status(
        &[200],
        "Okta sends the complete list of members; who is not in it has left the group.",
    )
    .with_body(members([("id", is(id))]))
}

/// What every role and entitlement must have (okta.md 8.2).
pub(super) fn offered() -> Need {
    let each = members([
        ("id", Matcher::NonEmpty),
        ("displayName", Matcher::NonEmpty),
    ]);
    Need::status(
        &[],
        "Okta shows the displayName and sends the id when access is assigned.",
    )
    .with_body(members([("Resources", Matcher::Each(Box::new(each)))]))
}
