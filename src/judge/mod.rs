//! Judging: holds what was exchanged against what was expected. Pure; every answer is judged as it came over the wire.

mod act;
mod answer;
mod rate;
mod refusal;
mod resource;
mod soundness;

pub use refusal::refusal;

use crate::exchange::Exchange;
use crate::finding::{Authority, Difference, Effect, Finding, Verdict};
use crate::plan::{Duty, Expectation, Wants};
use crate::scenario::matching::mismatches;

/// What came of a step: every expectation judged on every authority that demands it, and the soundness of every answer.
///
/// `client` is on whose authority an answer must be usable at all.
pub fn findings(
    expectations: &[Expectation],
    exchanges: &[Exchange],
    client: Authority,
) -> Vec<Finding> {
    let mut findings = soundness::findings(exchanges, client);
    // What cannot be read was said once; expectations about it would only repeat that.
    let unusable: Vec<usize> = findings
        .iter()
        .filter(|finding| finding.verdict == Verdict::Error)
        .filter_map(|finding| finding.exchange)
        .collect();
    for expectation in expectations {
        if expectation
            .exchange
            .is_some_and(|index| unusable.contains(&index))
        {
            continue;
        }
        for judgement in judgements(expectation, exchanges) {
            findings.extend(
                expectation
                    .duties
                    .iter()
                    .map(|duty| judgement.on(duty, expectation)),
            );
        }
    }
    with_cause(findings)
}

/// Puts what the administrator reads to the failure that made the provider give up, where that was judged by itself.
fn with_cause(mut findings: Vec<Finding>) -> Vec<Finding> {
    let fails = |finding: &Finding| finding.verdict == Verdict::Fail;
    let gave_up = |finding: &Finding| fails(finding) && finding.id == act::PROVISIONED;
    while let Some(place) = findings
        .iter()
        .position(|finding| gave_up(finding) && finding.admin.is_some())
    {
        let (authority, strength) = (findings[place].authority, findings[place].strength);
        let is_cause = |finding: &&mut Finding| {
            fails(finding)
                && finding.id != act::PROVISIONED
                && finding.authority == authority
                && finding.strength >= strength
        };
        let admin = findings[place].admin.take();
        let Some(cause) = findings[..place].iter_mut().rfind(is_cause) else {
            findings[place].admin = admin;
            break;
        };
        cause.admin = admin;
        findings.remove(place);
    }
    findings
}

fn judgements(expectation: &Expectation, exchanges: &[Exchange]) -> Vec<Judgement> {
    match &expectation.wants {
        Wants::Claim { that, is } => {
            return vec![Judgement::of(
                "claim",
                "what was captured is not as it must be",
                mismatches(is, Some(that)),
            )];
        }
        Wants::Outcome {
            subject,
            wanted,
            found,
            admin,
        } => return vec![act::judge_outcome(subject, wanted, found, admin.as_deref())],
        Wants::Traffic { most, sent } => return vec![act::judge_traffic(*most, sent)],
        Wants::Rate {
            per_second,
            accepted,
        } => return vec![rate::judge(exchanges, *per_second, *accepted)],
        Wants::Nothing(reason) => return vec![Judgement::skip("nothing-sent", reason.clone())],
        Wants::Untested(what) => return vec![Judgement::skip("untested", what.clone())],
        Wants::Sendable(problem) => return vec![Judgement::skip("sendable", problem.clone())],
        _ => {}
    }
    let Some(exchange) = expectation.exchange.and_then(|index| exchanges.get(index)) else {
        return Vec::new();
    };
    match &expectation.wants {
        Wants::Answer {
            status,
            headers,
            body,
            text,
            size,
            within,
        } => answer::judge(
            exchange,
            &answer::Wanted {
                status,
                headers,
                body: body.as_ref(),
                text: text.as_deref(),
                size: size.as_deref(),
                within: *within,
            },
        ),
        Wants::Capture {
            name,
            from,
            problem,
        } => vec![answer::judge_capture(exchange, name, from, problem)],
        Wants::Resource(state) => resource::judge(exchange, state),
        Wants::Found { id, same_as, state } => {
            let by_id = same_as.and_then(|index| exchanges.get(index));
            resource::judge_found(exchange, id, by_id, state.as_deref())
        }
        Wants::GoneById { subject } => resource::judge_gone(exchange, subject),
        Wants::GoneByFilter { id } => resource::judge_not_found(exchange, id),
        Wants::Claim { .. }
        | Wants::Outcome { .. }
        | Wants::Traffic { .. }
        | Wants::Rate { .. }
        | Wants::Nothing(_)
        | Wants::Untested(_)
        | Wants::Sendable(_) => Vec::new(),
    }
}

/// What came of judging one thing, before it is said on whose authority.
#[derive(Debug, Clone, PartialEq)]
struct Judgement {
    id: &'static str,
    verdict: Verdict,
    message: String,
    differences: Vec<Difference>,
    /// What the provider's administrator reads.
    admin: Option<String>,
}

impl Judgement {
    fn new(id: &'static str, verdict: Verdict, message: impl Into<String>) -> Self {
        Self {
            id,
            verdict,
            message: message.into(),
            differences: Vec::new(),
            admin: None,
        }
    }

    fn pass(id: &'static str) -> Self {
        Self::new(id, Verdict::Pass, "")
    }

    fn skip(id: &'static str, message: impl Into<String>) -> Self {
        Self::new(id, Verdict::Skip, message)
    }

    fn fail(id: &'static str, message: impl Into<String>) -> Self {
        Self::new(id, Verdict::Fail, message)
    }

    /// Fails where there are differences.
    fn of(id: &'static str, message: impl Into<String>, differences: Vec<Difference>) -> Self {
        match differences.is_empty() {
            true => Self::pass(id),
            false => Self {
                differences,
                ..Self::fail(id, message)
            },
        }
    }

    fn on(&self, duty: &Duty, expectation: &Expectation) -> Finding {
        let forgivable =
            |difference: &&Difference| is_forgiven(self.id, difference, duty.authority);
        let differences: Vec<Difference> = self
            .differences
            .iter()
            .filter(|difference| !forgivable(difference))
            .cloned()
            .collect();
        let forgiven =
            self.verdict == Verdict::Fail && differences.is_empty() && !self.differences.is_empty();
        Finding {
            id: self.id.to_owned(),
            verdict: if forgiven {
                Verdict::Pass
            } else {
                self.verdict
            },
            strength: duty.strength,
            authority: duty.authority,
            // What `covers` names is the outcome that the scenario speaks of, not what every read-back looks at besides.
            requirements: match self.id {
                "rest-unchanged" if only_unchanged(&expectation.wants) => duty.requirements.clone(),
                "rest-unchanged" | "neighbour-unchanged" | "found-by-filter" | "filter-agrees" => {
                    Vec::new()
                }
                _ => duty.requirements.clone(),
            },
            message: if forgiven {
                String::new()
            } else {
                self.message.clone()
            },
            differences,
            admin: self.admin.clone().filter(|_| self.verdict == Verdict::Fail),
            because: expectation.because.clone(),
            source: match duty.authority {
                Authority::Rfc => None,
                _ => expectation.source.clone(),
            },
            exchange: expectation.exchange,
            effect: Effect::ByStrength,
        }
    }
}

/// Whether a read-back speaks of nothing but that all is as it was: then that is the outcome that `covers` names.
fn only_unchanged(wants: &Wants) -> bool {
    matches!(wants, Wants::Resource(state) if state.is.is_none() && state.sent.is_none())
}

/// What one authority lets pass although it is not what was sent.
fn is_forgiven(id: &str, difference: &Difference, authority: Authority) -> bool {
    match authority {
        // RFC 7644 3.3: the server may alter or ignore what is POSTed; what is wrong then is that it does not fit the client.
        Authority::Rfc if id == "created-as-sent" => true,
        // RFC 7643 lets a server change letter case where an attribute is not `caseExact`; both providers compare values as
        // they sent them (okta.md 2.4, entra.md 4.5).
        Authority::Rfc if difference.only_case => true,
        // RFC 7643 4.1.1: `formatted` should describe the same name as its parts, so a server may keep it in step with them.
        // Okta never writes it and sends back a stale one (okta.md 3.2); Entra writes it itself.
        Authority::Rfc | Authority::Okta => {
            matches!(id, "read-back" | "created-as-sent") && difference.path == "name.formatted"
        }
        Authority::Entra | Authority::Snapshot => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Duty, Expectation, Wants, act, findings, is_forgiven};
    use crate::finding::{Authority, Difference, Finding, Strength, Verdict};

    fn difference(path: &str, only_case: bool) -> Difference {
        Difference {
            path: path.to_owned(),
            expected: Some(json!("Ada")),
            received: Some(json!("ada")),
            only_case,
        }
    }

    /// The findings of a claim of that strength, which fails, and of a provider that gave up over it.
    fn given_up(strength: Strength) -> Vec<Finding> {
        let expectation = |strength, wants| Expectation {
            exchange: None,
            wants,
            duties: vec![Duty {
                authority: Authority::Okta,
                strength,
                requirements: Vec::new(),
            }],
            because: None,
            source: None,
        };
        let wrong = Wants::Traffic {
            most: 0,
            sent: vec!["PUT /Users/1".to_owned()],
        };
        let outcome = Wants::Outcome {
            subject: "user ada".to_owned(),
            wanted: "done".to_owned(),
            found: "failed".to_owned(),
            admin: Some("Conflict.".to_owned()),
        };
        let expectations = [
            expectation(strength, wrong),
            expectation(Strength::Must, outcome),
        ];
        findings(&expectations, &[], Authority::Okta)
    }

    #[test]
    fn what_the_administrator_reads_stands_with_its_cause() {
        let caused = given_up(Strength::Must);
        assert_eq!(caused.len(), 1);
        assert_eq!(caused[0].id, "traffic");
        assert_eq!(caused[0].admin.as_deref(), Some("Conflict."));
        // A warning is not why it fails.
        let alone = given_up(Strength::Should);
        assert_eq!(alone.len(), 2);
        assert_eq!(alone[1].id, act::PROVISIONED);
        assert_eq!(alone[1].verdict, Verdict::Fail);
        assert_eq!(alone[1].admin.as_deref(), Some("Conflict."));
    }

    #[test]
    fn letter_case_is_the_providers_business_alone() {
        let other_case = difference("displayName", true);
        assert!(is_forgiven("read-back", &other_case, Authority::Rfc));
        assert!(!is_forgiven("read-back", &other_case, Authority::Okta));
        assert!(!is_forgiven("read-back", &other_case, Authority::Entra));
        let other_value = difference("displayName", false);
        assert!(is_forgiven("created-as-sent", &other_value, Authority::Rfc));
        assert!(!is_forgiven("read-back", &other_value, Authority::Rfc));
    }

    #[test]
    fn a_formatted_name_may_follow_its_parts_unless_entra_wrote_it() {
        let formatted = difference("name.formatted", false);
        assert!(is_forgiven("read-back", &formatted, Authority::Rfc));
        assert!(is_forgiven("read-back", &formatted, Authority::Okta));
        assert!(!is_forgiven("read-back", &formatted, Authority::Entra));
        assert!(!is_forgiven(
            "neighbour-unchanged",
            &formatted,
            Authority::Rfc
        ));
    }
}
