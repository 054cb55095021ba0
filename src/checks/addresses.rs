//! Checks of `Location` and `meta.location`: the address that a resource says it has.

use crate::checks::seen::{Seen, differs};
use crate::checks::{Check, Judged, Stake, texts};

pub(super) const CHECKS: &[Check] = &[Check {
    id: "created-has-location",
    rule: "a created resource comes back with a `Location` header",
    stakes: &[Stake::must("RFC 7644 3.3")],
    requirements: &["rfc7644-3.3-location-header"],
    texts: texts!("created-has-location"),
    judge: created_has_location,
}];

fn created_has_location(seen: &Seen<'_>) -> Judged {
    if !seen.is("POST") || !seen.address.is_collection() || seen.status() != 201 {
        return Judged::Silent;
    }
    match seen.header("location") {
        Some(_) => Judged::Holds,
        None => Judged::broken(
            "201 without a `Location` header",
            differs("header Location", "the address of the new resource", None),
        ),
    }
}
