//! Defects of identifiers and addresses.

use super::visit::Visit;
use super::{Answer, Defect};

pub(super) const DEFECTS: &[Defect] = &[Defect {
    id: "D173",
    names: &["Location"],
    act: created_without_location,
}];

fn created_without_location(visit: &Visit<'_>) -> Answer {
    let mut answer = visit.sound();
    answer
        .headers
        .retain(|(name, _)| answer.status != 201 || *name != "location");
    answer
}
