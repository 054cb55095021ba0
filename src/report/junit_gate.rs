//! The verdict on a gate as JUnit suites: a suite is a part, a case is a requirement.

use junit_report::{Duration, OffsetDateTime, TestCase, TestCaseBuilder, TestSuite};

use super::clean::{one_line, xml};
use super::junit::test_suite;
use crate::event::{Outcome, PartOutcome, Readiness, RequirementOutcome};

/// One suite for each part, in their order.
pub(super) fn suites(readiness: &Readiness, started: OffsetDateTime) -> Vec<TestSuite> {
    readiness
        .parts
        .iter()
        .filter(|part| !part.requirements.is_empty())
        .map(|part| {
            let name = format!("{}: {}", readiness.title, part.title);
            let cases = part.requirements.iter();
            let cases = cases.map(|one| case(readiness, part, one)).collect();
            test_suite(&xml(&one_line(&name)), started, cases)
        })
        .collect()
}

fn case(readiness: &Readiness, part: &PartOutcome, one: &RequirementOutcome) -> TestCase {
    let name = xml(&one_line(&format!("{}: {}", one.id, one.title)));
    let reasons = xml(&one_line(&one.reasons.join("; ")));
    let mut case = match (one.outcome, one.required) {
        (Outcome::Met, _) => TestCaseBuilder::success(&name, Duration::ZERO),
        (Outcome::NotMet, true) => {
            let first = one.seen.first().map(|sight| &sight.message);
            let message = first.or(one.reasons.first()).unwrap_or(&one.title);
            let message = xml(&one_line(message));
            TestCaseBuilder::failure(&name, Duration::ZERO, "not met", &message)
        }
        // It shuts nothing; readers know a skip with its reason.
        (Outcome::NotMet, false) => {
            let sights: Vec<&str> = one
                .seen
                .iter()
                .map(|sight| sight.message.as_str())
                .collect();
            let message = format!("recommended and not met: {}", sights.join("; "));
            TestCaseBuilder::skipped_with_cause(&name, "recommended", &xml(&one_line(&message)))
        }
        (outcome, _) => TestCaseBuilder::skipped_with_cause(&name, outcome.words(), &reasons),
    };
    case.set_classname(&xml(&format!("{}.{}", readiness.gate, part.id)));
    let mut lines = vec![format!("{} (rule of {})", one.source, one.date)];
    lines.extend(one.emulated.iter().map(|what| format!("emulated: {what}")));
    lines.extend(one.seen.iter().map(|sight| match sight.file.as_str() {
        "" => sight.message.clone(),
        file => format!(
            "{} ({file}:{}, step `{}`)",
            sight.message, sight.line, sight.step
        ),
    }));
    if one.outcome == Outcome::NotMet {
        lines.push(format!("do: {}", one.fix));
    }
    let text = xml(&lines.join("\n"));
    if one.outcome == Outcome::NotMet && one.required {
        case.set_trace(&text);
    } else {
        case.set_system_out(&text);
    }
    case.build()
}
