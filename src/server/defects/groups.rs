//! Defects of groups and their members.

use serde_json::json;

use super::visit::Visit;
use super::{Answer, Defect};

pub(super) const DEFECTS: &[Defect] = &[Defect {
    id: "D011",
    names: &["members"],
    act: adding_replaces,
}];

fn adding_replaces(visit: &Visit<'_>) -> Answer {
    if !visit.is_one("PATCH", "Groups") {
        return visit.sound();
    }
    visit.with_operations(|operation| {
        let is_add = operation
            .get("op")
            .and_then(|op| op.as_str())
            .is_some_and(|op| op.eq_ignore_ascii_case("add"));
        if is_add && operation.get("path") == Some(&json!("members")) {
            operation["op"] = json!("replace");
        }
    })
}
