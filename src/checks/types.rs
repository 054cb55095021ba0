//! Checks of JSON types: what is a text, a number, a boolean, an object or an array in the schema is one in answers.

use serde_json::Value;

use crate::checks::lists::kind_of;
use crate::checks::seen::{Seen, differs};
use crate::checks::wrong::{Should, Wrong};
use crate::checks::{Check, Fault, Judged, Stake, texts};
use crate::finding::Strength;

/// Entra cannot read an answer with values of other types.
const PARSES: Stake = Stake::entra(Strength::Must, "entra.md 8.1 [recorded]");

pub(super) const CHECKS: &[Check] = &[
    Check {
        id: "booleans-are-booleans",
        rule: "booleans are true or false, not texts or numbers",
        stakes: &[Stake::must("RFC 7643 2.3.2"), PARSES],
        requirements: &["rfc7643-2.3.2-boolean-type"],
        texts: texts!("booleans-are-booleans"),
        judge: booleans_are_booleans,
    },
    Check {
        id: "numbers-are-numbers",
        rule: "integers and decimals are JSON numbers, integers without a fraction",
        stakes: &[Stake::must("RFC 7643 2.3.3, 2.3.4"), PARSES],
        requirements: &["rfc7643-2.3.4-integer-type"],
        texts: texts!("numbers-are-numbers"),
        judge: numbers_are_numbers,
    },
    Check {
        id: "texts-are-texts",
        rule: "strings, references and binary values are JSON strings",
        stakes: &[Stake::must("RFC 7643 2.3.1, 2.3.6, 2.3.7"), PARSES],
        requirements: &[],
        texts: texts!("texts-are-texts"),
        judge: texts_are_texts,
    },
    Check {
        id: "complex-values-are-objects",
        rule: "complex values are JSON objects, each element of a list as well",
        stakes: &[Stake::must("RFC 7643 2.3.8, 2.4"), PARSES],
        requirements: &["rfc7644-3.8-singular-vs-array"],
        texts: texts!("complex-values-are-objects"),
        judge: complex_values_are_objects,
    },
    Check {
        id: "multi-valued-are-arrays",
        rule: "multi-valued attributes are arrays, also with one value",
        stakes: &[
            Stake::must("RFC 7643 2.4; RFC 7644 3.8"),
            PARSES,
            Stake::okta(Strength::Must, "okta.md 5.2 [doc]"),
        ],
        requirements: &["rfc7644-3.8-singular-vs-array"],
        texts: texts!("multi-valued-are-arrays"),
        judge: multi_valued_are_arrays,
    },
    Check {
        id: "single-values-are-no-arrays",
        rule: "attributes with one value are no arrays",
        stakes: &[Stake::must("RFC 7643 2.2; RFC 7644 3.8"), PARSES],
        requirements: &["rfc7644-3.8-singular-vs-array"],
        texts: texts!("single-values-are-no-arrays"),
        judge: single_values_are_no_arrays,
    },
    Check {
        id: "no-empty-elements",
        rule: "every element of a multi-valued attribute says something",
        stakes: &[Stake::should("RFC 7643 2.4, 2.5")],
        requirements: &[],
        texts: texts!("no-empty-elements"),
        judge: no_empty_elements,
    },
    Check {
        id: "resource-has-id",
        rule: "every resource has an `id`, a text that is not empty",
        stakes: &[
            Stake::must("RFC 7643 3.1"),
            Stake::okta(Strength::Must, "okta.md 2.4 [doc]"),
            Stake::entra(Strength::Must, "entra.md 13 ENT-11 [doc]"),
        ],
        requirements: &["rfc7643-3.1-id-present"],
        texts: texts!("resource-has-id"),
        judge: resource_has_id,
    },
];

/// Judges the values that should be of one type; each attribute is one fault, however often it occurs.
fn judge(seen: &Seen<'_>, should: Should) -> Judged {
    if !seen.succeeded() || seen.response.body.is_empty() {
        return Judged::Silent;
    }
    let mut wrong = seen.wrong().iter().filter(|wrong| wrong.should == should);
    let Some(first) = wrong.next() else {
        let names_resources = seen.address.holds_resources() || seen.address.is_search();
        return match names_resources && seen.object().is_some() {
            true => Judged::Holds,
            false => Judged::Silent,
        };
    };
    let mut faults: Vec<Fault> = Vec::new();
    for one in std::iter::once(first).chain(wrong) {
        // `id` has a check of its own.
        if one.attribute == "id" {
            continue;
        }
        let message = message(one);
        let difference = differs(one.path.as_str(), should.words(), Some(&one.value));
        match faults.iter_mut().find(|fault| fault.message == message) {
            Some(fault) if fault.differences.len() < 5 => fault.differences.push(difference),
            Some(_) => {}
            None => faults.push(Fault {
                message,
                differences: vec![difference],
            }),
        }
    }
    Judged::of(faults)
}

fn message(wrong: &Wrong) -> String {
    match wrong.should {
        Should::Element => format!("`{}` has an element that says nothing", wrong.attribute),
        should => format!(
            "`{}` is {}, not {}",
            wrong.attribute,
            wrong.is,
            should.words()
        ),
    }
}

fn booleans_are_booleans(seen: &Seen<'_>) -> Judged {
    judge(seen, Should::Boolean)
}

fn numbers_are_numbers(seen: &Seen<'_>) -> Judged {
    judge(seen, Should::Number)
}

fn texts_are_texts(seen: &Seen<'_>) -> Judged {
    judge(seen, Should::Text)
}

fn complex_values_are_objects(seen: &Seen<'_>) -> Judged {
    judge(seen, Should::Object)
}

fn multi_valued_are_arrays(seen: &Seen<'_>) -> Judged {
    judge(seen, Should::Array)
}

fn single_values_are_no_arrays(seen: &Seen<'_>) -> Judged {
    judge(seen, Should::Single)
}

fn no_empty_elements(seen: &Seen<'_>) -> Judged {
    judge(seen, Should::Element)
}

fn resource_has_id(seen: &Seen<'_>) -> Judged {
    let mut judged = Judged::Silent;
    // What a projection does to it is judged with projections.
    if !seen.succeeded() || seen.is_projected() {
        return judged;
    }
    for resource in seen.resources() {
        // An empty object is no resource at all, which is said elsewhere.
        if resource.body.is_empty() {
            continue;
        }
        let id = resource.get("id");
        let message = match id {
            Some(Value::String(id)) if !id.trim().is_empty() => {
                judged = Judged::Holds;
                continue;
            }
            Some(Value::String(_)) => "the `id` of a resource is empty".to_owned(),
            None | Some(Value::Null) => "a resource has no `id`".to_owned(),
            Some(other) => format!("the `id` of a resource is {}, not a text", kind_of(other)),
        };
        return Judged::broken(
            message,
            differs(resource.path("id"), "a text that is not empty", id),
        );
    }
    judged
}
