//! What a failed finding does to its run: the one place where that is decided.

use super::baseline::{Baseline, Entry};
use super::fail_on::FailOn;
use super::{Effect, Finding, Verdict};

/// What fails a run, and what is accepted.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Weighing {
    /// What fails the run; `None`: what does by itself, every must.
    pub fail_on: Option<FailOn>,
    /// What is accepted.
    pub baseline: Option<Baseline>,
    /// Whatever fails is accepted, because it goes into the baseline.
    pub accepts_all: bool,
}

/// Of which step findings are.
#[derive(Debug, Clone, Copy)]
pub struct Weighed<'a> {
    /// Path of the scenario.
    pub scenario: &'a str,
    /// Who is acted.
    pub client: &'a str,
    /// The step's name.
    pub step: &'a str,
}

impl Weighing {
    /// The findings of a step, each with what it does to the run. What was weighed before is weighed again.
    pub fn weigh(&self, of: Weighed<'_>, findings: Vec<Finding>) -> Vec<Finding> {
        findings
            .into_iter()
            .map(|finding| Finding {
                effect: self.effect(of, &finding),
                ..finding
            })
            .collect()
    }

    fn effect(&self, of: Weighed<'_>, finding: &Finding) -> Effect {
        if !finding.failed() {
            return Effect::ByStrength;
        }
        let fails = match &self.fail_on {
            Some(fail_on) => fail_on.covers(finding),
            None => finding.counts() || finding.is_known(),
        };
        if !fails {
            return Effect::warns(finding);
        }
        let Some(baseline) = &self.baseline else {
            return match &finding.effect {
                known @ Effect::Known(_) => known.clone(),
                _ => Effect::fails(finding),
            };
        };
        match baseline.find(&Entry::of(of.scenario, of.client, of.step, finding)) {
            Some(acceptance) => Effect::Known(acceptance.clone()),
            None if self.accepts_all => Effect::Known(Default::default()),
            None => Effect::fails(finding),
        }
    }
}

/// The worst of what fails the run among the findings of a step; `None` if nothing does.
pub fn failure(findings: &[Finding]) -> Option<Verdict> {
    let failing = findings.iter().filter(|finding| finding.counts());
    failing.map(|finding| finding.verdict).max()
}

#[cfg(test)]
mod tests {
    use super::{Weighed, Weighing, failure};
    use crate::finding::baseline::{Baseline, Entry};
    use crate::finding::tests::finding;
    use crate::finding::{Authority, Effect, Finding, Strength, Verdict};

    const OF: Weighed<'static> = Weighed {
        scenario: "scenarios/a.yaml",
        client: "okta-oin",
        step: "create ada",
    };

    fn weighed(weighing: &Weighing, finding: &Finding) -> Finding {
        weighing.weigh(OF, vec![finding.clone()]).remove(0)
    }

    #[test]
    fn a_baseline_accepts_what_would_fail_and_nothing_else() {
        let must = finding(Verdict::Fail, Strength::Must, Authority::Okta);
        let should = finding(Verdict::Fail, Strength::Should, Authority::Okta);
        let mut baseline = Baseline::default();
        baseline.add(Entry::of(OF.scenario, OF.client, OF.step, &must), None);
        let weighing = Weighing {
            baseline: Some(baseline),
            ..Weighing::default()
        };
        let known = weighed(&weighing, &must);
        assert!(known.is_known() && !known.counts());
        assert_eq!(failure(std::slice::from_ref(&known)), None);
        assert!(!weighed(&weighing, &should).is_known());
        // Without the entry, and without a baseline at all.
        let empty = Weighing {
            baseline: Some(Baseline::default()),
            ..Weighing::default()
        };
        assert!(weighed(&empty, &known).counts());
        assert!(weighed(&Weighing::default(), &known).is_known());
        let all = Weighing {
            accepts_all: true,
            ..empty
        };
        assert!(weighed(&all, &must).is_known());
        assert!(!weighed(&all, &should).is_known());
    }

    #[test]
    fn what_goes_without_saying_is_not_said() {
        let weighing = Weighing {
            fail_on: Some("rfc:should".parse().unwrap()),
            ..Weighing::default()
        };
        let effect = |strength, authority| {
            weighed(&weighing, &finding(Verdict::Fail, strength, authority)).effect
        };
        assert_eq!(effect(Strength::Must, Authority::Rfc), Effect::ByStrength);
        assert_eq!(effect(Strength::Should, Authority::Rfc), Effect::Fails);
        assert_eq!(effect(Strength::Must, Authority::Okta), Effect::Warns);
        assert_eq!(effect(Strength::May, Authority::Okta), Effect::ByStrength);
    }
}
