use super::{Standing, claims_of, entries_of, untestable};
use crate::coverage::{Tally, by_section, by_tier};
use crate::finding::requirement::Requirement;
use crate::scenario::Scenario;
use crate::scenario::load::{Embedded, LoadOptions, load_text};

fn scenario(text: &str) -> Scenario {
    load_text(text, "a.yaml", &Embedded(&[]), &LoadOptions::default()).expect("it has no mistakes")
}

const STORY: &str = "title: A story
steps:
  - name: first
    covers: rfc7644-4-spc-get
    get: /ServiceProviderConfig
    expect:
      - { status: 200, covers: [rfc7644-4-spc-get, rfc7644-4-schemas-list] }
  - name: both
    parallel:
      - { name: left, get: /Users, expect: { status: 200, covers: rfc7644-4-schemas-by-urn } }
      - { name: right, get: /Users, covers: rfc7644-4-schemas-by-urn }
";

#[test]
fn a_claim_stands_at_the_step_at_an_expectation_or_at_one_of_several_sent_at_once() {
    let story = scenario(STORY);
    let claims = claims_of(&story);
    assert_eq!(claims["rfc7644-4-spc-get"], ["first"]);
    assert_eq!(claims["rfc7644-4-schemas-list"], ["first"]);
    assert_eq!(claims["rfc7644-4-schemas-by-urn"], ["left", "right"]);
    assert_eq!(claims.len(), 3);
}

#[test]
fn what_runs_by_itself_is_named_before_what_must_be_named() {
    let story = scenario(STORY);
    let large = Scenario {
        path: "large.yaml".to_owned(),
        ..story.clone()
    };
    let entries = entries_of([(&large, false), (&story, true)]);
    let listed = entries
        .iter()
        .find(|entry| entry.requirement.id == "rfc7644-4-schemas-list")
        .expect("it is in the list");
    let paths: Vec<&str> = listed
        .claims
        .iter()
        .map(|claim| claim.path.as_str())
        .collect();
    assert_eq!(paths, ["a.yaml", "large.yaml"]);
    assert_eq!(listed.standing(), Standing::Tested);
}

#[test]
fn the_groups_add_up_to_all() {
    let entries = entries_of([]);
    let all = Tally::of(&entries);
    assert_eq!(all.count, Requirement::all().len());
    assert_eq!(all.count, all.tested + all.untestable + all.untested);
    assert!(all.tested > 0, "checks alone test something");
    let tiers = by_tier(&entries)
        .iter()
        .map(|(_, tally)| tally.count)
        .sum::<usize>();
    assert_eq!(tiers, all.count);
    let sections = by_section(&entries);
    let counted = sections.iter().map(|(_, tally)| tally.count).sum::<usize>();
    assert_eq!(counted, all.count);
    let mut names: Vec<&String> = sections.iter().map(|(name, _)| name).collect();
    names.sort();
    names.dedup();
    assert_eq!(names.len(), sections.len(), "a group is in one place");
}

#[test]
fn every_reason_is_about_a_requirement_and_they_are_sorted() {
    let wrong: Vec<String> = untestable()
        .into_iter()
        .filter(|(id, reason)| !Requirement::exists(id) || reason.trim().is_empty())
        .map(|(id, _)| id)
        .collect();
    assert!(wrong.is_empty(), "{wrong:?}");
    let lines = super::UNTESTABLE
        .lines()
        .filter(|line| line.starts_with('"'));
    assert!(lines.is_sorted());
}
