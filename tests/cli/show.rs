//! `scimulate list` and `show`: what would be sent, with nothing sent.

use crate::project::{Project, assert_told};

#[test]
fn scenarios_are_listed_with_client_and_feature() {
    let project = Project::new();
    let said = project.scimulate("list");
    assert_eq!(said.code, Some(0));
    assert_told!("list", said.all());
    let shipped = project.scimulate("list entra/connect --as entra-legacy");
    assert_eq!(shipped.code, Some(0));
    assert!(shipped.stdout.contains(" connect "), "{}", shipped.stdout);
    assert_eq!(project.scimulate("list --tag nowhere").code, Some(4));
}

#[test]
fn requests_are_shown_as_each_client_sends_them() {
    let said = Project::new().scimulate("show scenarios/create.yaml");
    assert_eq!(said.code, Some(0));
    assert_told!("show_clients", said.all());
}

#[test]
fn what_an_answer_decides_is_shown_by_its_name() {
    let said = Project::new().scimulate("show scenarios/merge.yaml");
    assert_eq!(said.code, Some(0));
    assert_told!("show_overlay", said.all());
}
