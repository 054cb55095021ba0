//! Checks of member names in answers.

use crate::checks::seen::{Seen, differs};
use crate::checks::{Check, Fault, Judged, Stake, texts};
use crate::scim::json::RepeatedName;

pub(super) const CHECKS: &[Check] = &[Check {
    id: "unique-members",
    rule: "no object has a member twice, in any letter case",
    stakes: &[Stake::should("RFC 8259 4; RFC 7643 2.1")],
    requirements: &[],
    texts: texts!("unique-members"),
    judge: unique_members,
}];

fn unique_members(seen: &Seen<'_>) -> Judged {
    let Ok(document) = seen.response.document() else {
        return Judged::Silent;
    };
    Judged::of(document.repeated.iter().map(repeated).collect())
}

/// RFC 8259 4 leaves open which of two equal names counts, so clients differ in what they read.
fn repeated(name: &RepeatedName) -> Fault {
    let place = match name.within.as_str() {
        "" => "the body".to_owned(),
        within => format!("`{within}`"),
    };
    let message = match name.is_exact() {
        true => format!(
            "{place} has the member `{}` more than once, and clients differ in which one they take",
            name.name
        ),
        false => format!(
            "{place} has `{}` and `{}`, which are the same attribute",
            name.earlier, name.name
        ),
    };
    Fault {
        message,
        differences: vec![differs(
            name.within.as_str(),
            format!("`{}` once", name.earlier),
            Some(&name.name.as_str().into()),
        )],
    }
}
