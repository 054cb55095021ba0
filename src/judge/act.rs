//! Judges what came of an act: what the provider made of the answers, and how much it sent.

use serde_json::Value;

use crate::finding::Difference;
use crate::judge::Judgement;

/// The provider came to where it should.
pub(super) const PROVISIONED: &str = "provisioned";

pub(super) fn judge_outcome(
    subject: &str,
    wanted: &str,
    found: &str,
    admin: Option<&str>,
) -> Judgement {
    if wanted == found {
        return Judgement::pass(PROVISIONED);
    }
    let message = match admin {
        Some(_) => format!("{subject} could not be provisioned"),
        None => format!("{subject} was {found}, not {wanted}"),
    };
    Judgement {
        admin: admin.map(str::to_owned),
        ..Judgement::fail(PROVISIONED, message)
    }
}

pub(super) fn judge_traffic(most: u64, sent: &[String]) -> Judgement {
    if sent.len() as u64 == most {
        return Judgement::pass("traffic");
    }
    let message = format!(
        "the client sent {} of these requests, not {most}",
        sent.len()
    );
    Judgement {
        differences: vec![Difference {
            path: "requests".to_owned(),
            expected: Some(Value::from(most)),
            received: Some(Value::from(sent.to_vec())),
            only_case: false,
        }],
        ..Judgement::fail("traffic", message)
    }
}
