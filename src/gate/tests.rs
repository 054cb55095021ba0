//! A small gate, and what runs make of it.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::{Facts, Gate, Judging, ids};
use crate::event::{
    Authentication, AuthenticationKind, Event, Opens, Outcome, Readiness, RequirementOutcome,
};
use crate::finding::{Authority, Finding, NOT_SUPPORTED, Strength, Verdict};
use crate::profile::ProfileId;
use crate::scenario::Feature;

const TABLE: &str = r#"
id = "okta"
title = "A catalogue"
client = "okta-oin"
rules = "2026-08-21"

[[parts]]
id = "suite"
title = "The suite"
source = "okta.md 9.1 [doc]"
date = "2024-05-13"
about = "What the suite asks."
plays = ["scenarios/suite"]

[[parts.requirements]]
id = "okta-named"
title = "named by a step"
level = "required"
fix = "Mend it."

[[parts.requirements]]
id = "okta-column"
title = "spoken of by a column"
level = "required"
fix = "Mend it."
features = ["group-create"]
if-declared = true

[[parts.requirements]]
id = "okta-rule"
title = "held by a rule"
level = "recommended"
fix = "Mend it."
checks = ["password-never-shown"]

[[parts.requirements]]
id = "okta-wish"
title = "recommended, and named by a step"
level = "recommended"
fix = "Mend it."

[[parts.requirements]]
id = "okta-look"
title = "looked at by a person"
level = "required"
fix = "Mend it."
manual = "Look at it."

[[parts.requirements]]
id = "okta-grant"
title = "one way in"
level = "required"
fix = "Mend it."
address = "client-credentials"
one-of = "authentication"

[[parts.requirements]]
id = "okta-federation"
title = "another way in"
level = "required"
fix = "Mend it."
address = "workload-identity"
one-of = "authentication"
"#;

/// A step of a run: the requirements that it names, its column, and what came of it.
struct Told(
    &'static [&'static str],
    Option<&'static str>,
    Verdict,
    Vec<Finding>,
);

fn finding(verdict: Verdict, strength: Strength, authority: Authority) -> Finding {
    Finding::new(
        "expected-status",
        verdict,
        strength,
        authority,
        "what came of it",
    )
}

fn judged(authentication: Authentication, steps: Vec<Told>, checked: &[&str]) -> Readiness {
    judged_as("okta-oin", authentication, steps, checked)
}

fn judged_as(
    client: &str,
    authentication: Authentication,
    steps: Vec<Told>,
    checked: &[&str],
) -> Readiness {
    let gate: Gate = toml::from_str(TABLE).unwrap();
    let facts = Facts {
        base: "https://scim.example.test/v2".to_owned(),
        is_loopback: false,
        authentication: None,
    };
    let mut judging = Judging::new(Box::leak(Box::new(gate)), client, facts);
    judging.on(&Event::Preflight {
        exchanges: Vec::new(),
        authentication: Some(authentication),
    });
    judging.on(&Event::ScenarioStarted {
        scenario: 0,
        path: "scenarios/suite/one.yaml".to_owned(),
        title: "one".to_owned(),
        client: "okta-oin".to_owned(),
        feature: None,
        source: None,
        tags: Vec::new(),
        started: String::new(),
    });
    for Told(certifies, feature, verdict, findings) in steps {
        judging.on(&Event::StepFinished {
            scenario: 0,
            step: "ask".to_owned(),
            file: "scenarios/suite/one.yaml".to_owned(),
            line: 7,
            feature: feature.map(str::to_owned),
            source: None,
            certifies: certifies.iter().map(|id| (*id).to_owned()).collect(),
            verdict,
            exchanges: Vec::new(),
            findings,
            started: String::new(),
            elapsed: Duration::ZERO,
        });
    }
    let checked: BTreeMap<String, u64> = checked.iter().map(|id| ((*id).to_owned(), 1)).collect();
    judging.on(&Event::ScenarioFinished {
        scenario: 0,
        verdict: Verdict::Pass,
        elapsed: Duration::ZERO,
        checked,
        cleanup: Vec::new(),
        left: Vec::new(),
    });
    judging.readiness()
}

const FETCHED: Authentication = Authentication {
    kind: AuthenticationKind::ClientCredentials,
    expires_in: Some(3_600),
};

fn given(kind: AuthenticationKind) -> Authentication {
    Authentication {
        kind,
        expires_in: None,
    }
}

fn named(verdict: Verdict, authority: Authority) -> Told {
    let finding = finding(verdict, Strength::Must, authority);
    Told(&["okta-named"], None, verdict, vec![finding])
}

fn group(verdict: Verdict, id: &str) -> Told {
    let finding = Finding::new(id, verdict, Strength::May, Authority::Okta, "no groups");
    Told(&[], Some("group-create"), verdict, vec![finding])
}

fn of<'r>(readiness: &'r Readiness, id: &str) -> &'r RequirementOutcome {
    let all = readiness.parts.iter().flat_map(|part| &part.requirements);
    all.into_iter().find(|one| one.id == id).unwrap()
}

#[test]
fn a_gate_opens_where_all_that_can_be_seen_is_met() {
    let steps = vec![
        named(Verdict::Pass, Authority::Okta),
        group(Verdict::Pass, "expected-status"),
    ];
    let readiness = judged(FETCHED, steps, &["password-never-shown"]);
    assert_eq!(readiness.verdict, Opens::Ready);
    assert_eq!(of(&readiness, "okta-named").outcome, Outcome::Met);
    assert_eq!(of(&readiness, "okta-rule").outcome, Outcome::Met);
    assert_eq!(of(&readiness, "okta-look").outcome, Outcome::Manual);
    assert_eq!(of(&readiness, "okta-grant").outcome, Outcome::Met);
    assert_eq!(readiness.parts[0].assertions, 2);
}

#[test]
fn a_requirement_that_is_broken_shuts_it() {
    let steps = vec![
        named(Verdict::Fail, Authority::Okta),
        named(Verdict::Fail, Authority::Okta),
        group(Verdict::Pass, "expected-status"),
    ];
    let readiness = judged(FETCHED, steps, &[]);
    assert_eq!(readiness.verdict, Opens::NotReady);
    let broken = of(&readiness, "okta-named");
    assert_eq!(broken.outcome, Outcome::NotMet);
    assert_eq!((broken.seen.len(), broken.seen[0].times), (1, 2));
    assert_eq!(broken.seen[0].line, 7);
}

#[test]
fn one_fault_that_is_met_with_two_ids_is_told_once() {
    let gone = |id: &str| {
        let mut finding = finding(Verdict::Fail, Strength::Must, Authority::Okta);
        finding.message = format!("GET answered 404, not 200: user `{id}` does not exist");
        Told(&["okta-named"], None, Verdict::Fail, vec![finding])
    };
    let steps = vec![
        gone("b6ed3071-e873-4f31-bfae-84eac0207650"),
        gone("4f82a664-f50b-4826-a61a-cf0d8f2d0b66"),
    ];
    let readiness = judged(FETCHED, steps, &[]);
    let broken = of(&readiness, "okta-named");
    assert_eq!((broken.seen.len(), broken.seen[0].times), (1, 2));
    assert!(
        broken.seen[0].message.contains("b6ed3071"),
        "{}",
        broken.seen[0].message
    );
}

#[test]
fn what_only_the_rfc_demands_is_told_beside_and_shuts_nothing() {
    let steps = vec![
        named(Verdict::Fail, Authority::Rfc),
        group(Verdict::Pass, "expected-status"),
    ];
    let readiness = judged(FETCHED, steps, &[]);
    assert_eq!(readiness.verdict, Opens::Ready);
    assert_eq!(of(&readiness, "okta-named").outcome, Outcome::Met);
    assert_eq!(readiness.beside, 1);
}

#[test]
fn a_broken_rule_counts_wherever_it_is_broken() {
    let mut fault = finding(Verdict::Fail, Strength::Should, Authority::Rfc);
    fault.id = "password-never-shown".to_owned();
    let steps = vec![
        Told(&["okta-named"], None, Verdict::Pass, vec![fault]),
        group(Verdict::Pass, "expected-status"),
    ];
    let readiness = judged(FETCHED, steps, &["password-never-shown"]);
    // It is only recommended.
    assert_eq!(readiness.verdict, Opens::Ready);
    assert_eq!(of(&readiness, "okta-rule").outcome, Outcome::NotMet);
}

#[test]
fn what_is_only_recommended_can_be_unmet_and_shuts_nothing() {
    for strength in [Strength::Must, Strength::Should, Strength::May] {
        let fault = finding(Verdict::Fail, strength, Authority::Okta);
        let steps = vec![
            Told(&["okta-wish"], None, Verdict::Pass, vec![fault]),
            named(Verdict::Pass, Authority::Okta),
            group(Verdict::Pass, "expected-status"),
        ];
        let readiness = judged(FETCHED, steps, &["password-never-shown"]);
        assert_eq!(readiness.verdict, Opens::Ready);
        assert_eq!(of(&readiness, "okta-wish").outcome, Outcome::NotMet);
        assert_eq!(of(&readiness, "okta-named").outcome, Outcome::Met);
    }
}

#[test]
fn what_was_not_tested_is_not_met_and_not_unmet() {
    let steps = vec![
        named(Verdict::Skip, Authority::Okta),
        group(Verdict::Pass, "expected-status"),
    ];
    let readiness = judged(FETCHED, steps, &[]);
    assert_eq!(readiness.verdict, Opens::NotPredictable);
    let untested = of(&readiness, "okta-named");
    assert_eq!(untested.outcome, Outcome::NotTested);
    assert_eq!(untested.reasons, ["what came of it"]);
}

#[test]
fn what_another_client_never_sends_does_not_apply_to_it() {
    let steps = || vec![named(Verdict::Pass, Authority::Okta)];
    let oin = judged(FETCHED, steps(), &[]);
    assert_eq!(of(&oin, "okta-column").outcome, Outcome::NotTested);
    let gov = judged_as("okta-gov", FETCHED, steps(), &[]);
    let column = of(&gov, "okta-column");
    assert_eq!(column.outcome, Outcome::NotApplicable);
    let reason = "nothing is told as okta-gov about it; `--as okta-oin` tests it";
    assert_eq!(column.reasons, [reason]);
}

#[test]
fn a_feature_that_the_target_lacks_matters_where_the_gate_demands_it() {
    let lacking = |id: &'static [&'static str]| {
        let finding = Finding::new(
            NOT_SUPPORTED,
            Verdict::Skip,
            Strength::May,
            Authority::Okta,
            "the target does not declare it",
        );
        Told(id, None, Verdict::Skip, vec![finding])
    };
    let steps = vec![
        named(Verdict::Pass, Authority::Okta),
        group(Verdict::Skip, NOT_SUPPORTED),
    ];
    let readiness = judged(FETCHED, steps, &[]);
    assert_eq!(
        of(&readiness, "okta-column").outcome,
        Outcome::NotApplicable
    );
    assert_eq!(readiness.verdict, Opens::Ready);
    let readiness = judged(FETCHED, vec![lacking(&["okta-named"])], &[]);
    assert_eq!(of(&readiness, "okta-named").outcome, Outcome::NotMet);
    assert_eq!(readiness.verdict, Opens::NotReady);
}

#[test]
fn one_way_in_is_enough_and_none_is_not() {
    let steps = || {
        vec![
            named(Verdict::Pass, Authority::Okta),
            group(Verdict::Pass, "expected-status"),
        ]
    };
    assert_eq!(
        judged(given(AuthenticationKind::Bearer), steps(), &[]).verdict,
        Opens::NotPredictable
    );
    assert_eq!(
        judged(given(AuthenticationKind::Basic), steps(), &[]).verdict,
        Opens::NotReady
    );
    assert_eq!(judged(FETCHED, steps(), &[]).verdict, Opens::Ready);
}

#[test]
fn every_table_can_be_read_and_names_what_there_is() {
    for gate in Gate::all() {
        assert!(ProfileId::named(&gate.client).is_some(), "{}", gate.client);
        for (part, requirement) in gate.requirements() {
            let id = &requirement.id;
            assert!(id.starts_with(gate.id.name()), "{id}");
            for feature in &requirement.features {
                assert!(Feature::named(feature).is_some(), "{id}: {feature}");
            }
            assert!(
                !part.source.is_empty() && !requirement.fix.is_empty(),
                "{id}"
            );
        }
    }
}

#[test]
fn no_id_is_given_twice() {
    let all: Vec<&str> = ids().collect();
    assert_eq!(all.iter().collect::<BTreeSet<_>>().len(), all.len());
}
