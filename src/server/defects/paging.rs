//! Defects of lists and their pages.

use serde_json::{Value, json};

use super::visit::Visit;
use super::{Answer, Defect};

pub(super) const DEFECTS: &[Defect] = &[Defect {
    id: "D001",
    names: &["totalResults"],
    act: total_of_the_page,
}];

fn total_of_the_page(visit: &Visit<'_>) -> Answer {
    visit.answered(|body| {
        let size = body
            .get("Resources")
            .and_then(Value::as_array)
            .map_or(0, Vec::len);
        if body.get("totalResults").is_some() {
            body["totalResults"] = json!(size);
        }
    })
}
