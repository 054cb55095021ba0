//! What Entra needs of each answer, in words for whoever maintains the server (entra.md 8.2).

use serde_json::{Value, json};

use crate::idp::Need;
use crate::scenario::matcher::{Kind, Matcher};
use crate::scim::urn;

type Body = Matcher<Value>;

fn members(members: Vec<(&str, Body)>) -> Body {
    Matcher::Members(
        members
            .into_iter()
            .map(|(name, matcher)| (name.to_owned(), matcher))
            .collect(),
    )
}

fn list() -> (&'static str, Body) {
    ("schemas", Matcher::Equals(json!([urn::LIST_RESPONSE])))
}

/// An empty list for what cannot exist.
pub(super) fn nobody(because: &'static str) -> Need {
    Need::status(&[200], because)
        .with_body(members(vec![
            list(),
            ("totalResults", Matcher::Exactly(json!(0))),
            ("Resources", Matcher::Absent),
        ]))
        .covering(&[
            "rfc7644-3.4.2-test-connection-shape",
            "rfc7644-3.4.2-listresponse-schema",
            "rfc7644-3.4.2-totalresults-required",
        ])
}

/// A list of nothing or of resources that can be read.
pub(super) fn matches(because: &'static str) -> Need {
    let resource = members(vec![
        ("id", Matcher::NonEmpty),
        ("schemas", Matcher::NonEmpty),
    ]);
    Need::status(&[200], because).with_body(members(vec![
        list(),
        (
            "totalResults",
            Matcher::AllOf(vec![
                Matcher::Kind(Kind::Integer),
                Matcher::AtMost(json!(1)),
            ]),
        ),
        (
            "Resources",
            Matcher::AnyOf(vec![Matcher::Absent, Matcher::Each(Box::new(resource))]),
        ),
    ]))
}

/// A page of a list.
pub(super) fn page(count: usize, because: &'static str) -> Need {
    let entry = members(vec![
        ("id", Matcher::NonEmpty),
        ("userName", Matcher::NonEmpty),
    ]);
    Need::status(&[200], because).with_body(members(vec![
        list(),
        ("totalResults", Matcher::Kind(Kind::Integer)),
        (
            "Resources",
            Matcher::AnyOf(vec![
                Matcher::Absent,
                Matcher::AllOf(vec![
                    Matcher::Size(json!(1), Some(json!(count))),
                    Matcher::Each(Box::new(entry)),
                ]),
            ]),
        ),
    ]))
}

/// A created resource with its id.
pub(super) fn created(because: &'static str) -> Need {
    Need::status(&[201], because).with_body(members(vec![
        ("id", Matcher::NonEmpty),
        ("schemas", Matcher::NonEmpty),
    ]))
}

/// The resource of that id.
pub(super) fn resource(id: &str, because: &'static str) -> Need {
    Need::status(&[200], because).with_body(members(vec![
        ("id", Matcher::Equals(Value::from(id))),
        ("schemas", Matcher::NonEmpty),
    ]))
}

/// A disabled account is still there, and disabled.
pub(super) fn inactive(id: &str) -> [Need; 2] {
    let entra = Need::status(
        &[200],
        "Entra reads the user by the id that it knows before it restores; 404 makes it match and create instead.",
    )
    .with_body(members(vec![
        ("id", Matcher::Equals(Value::from(id))),
        ("active", Matcher::Exactly(json!(false))),
    ]));
    let rfc = resource(
        id,
        "A disabled account is still there; only a DELETE takes it away.",
    )
    .covering(&["rfc7644-3.4.1-get-inactive"]);
    [entra, rfc]
}

/// A change that was taken.
pub(super) fn changed(because: &'static str) -> Need {
    Need::status(&[200, 204], because)
}

/// A change of a group, best answered without a body.
pub(super) fn without_body() -> Need {
    Need::status(
        &[204],
        "Entra asks for 204 here; it throws the body away, and a large group makes for a large one.",
    )
    .recommended()
}

/// A resource that was removed.
pub(super) fn deleted(because: &'static str) -> Need {
    Need::status(&[204], because)
}
