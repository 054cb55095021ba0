//! Reducing, with texts for runs.

use std::ops::ControlFlow;

use super::{reduce, told_as};

const STORY: &str = r#"# head
title: A long story
as: [okta-oin, entra-legacy]
people: [ada, bob]
vars:
  one: x
  two: y
steps:
  # about the first
  - name: first
    get: /Users
  - name: second
    post: /Users
    body: |
      {"schemas":["s"],"userName":"a","name":{"givenName":"b","familyName":"c"},"emails":[{"value":"d"},{"value":"e"}]}
    expect: { status: 201 }
    keep: { ada.id: $.id }

  # about the third
  - parallel:
      - get: /Groups
      - get: /Schemas
  - name: last
    get: /Users/${ada.id}
cleanup:
  - delete: /Users/1
"#;

/// Reduces with a text that must stay, and counts the tries.
fn reduced(needed: &[&str]) -> (String, usize) {
    let mut tries = 0;
    let text = reduce(STORY, &mut |candidate| {
        tries += 1;
        ControlFlow::Continue(needed.iter().all(|part| candidate.contains(part)))
    });
    (text, tries)
}

#[test]
fn only_what_shows_the_failure_is_left() {
    let (text, tries) = reduced(&["givenName", "name: last", "bob"]);
    insta::assert_snapshot!(text, @r#"
    # head
    title: A long story
    as: [okta-oin, entra-legacy]
    people: [bob]
    steps:
      - name: second
        body: |
          {"schemas":["s"],"name":{"givenName":"b"}}
      - name: last
    "#);
    assert!(tries < 60, "{tries}");
}

#[test]
fn one_of_several_side_by_side_is_left() {
    let (text, _) = reduced(&["/Schemas"]);
    insta::assert_snapshot!(text, @r"
    # head
    title: A long story
    as: [okta-oin, entra-legacy]
    steps:
      # about the third
      - parallel:
          - get: /Schemas
    ");
}

#[test]
fn what_needs_everything_stays_as_it_is() {
    assert_eq!(reduce(STORY, &mut |_| ControlFlow::Continue(false)), STORY);
    assert_eq!(reduce(STORY, &mut |_| ControlFlow::Break(())), STORY);
}

#[test]
fn a_story_of_several_clients_becomes_that_of_one() {
    let text = told_as(STORY, "okta-oin");
    assert!(
        text.contains("\nas: okta-oin\n") && !text.contains("entra"),
        "{text}"
    );
}
