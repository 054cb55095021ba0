//! JUnit XML: a suite is a scenario as one client, a case is a step.
//!
//! The plain form that Jenkins (both plugins), GitLab and the readers for GitHub accept: one `failure` a case with the
//! whole text inside, no `file` attribute (Jenkins' junit-10 schema forbids it), times of at most three decimals.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};

use junit_report::{
    Duration, OffsetDateTime, Report, ReportBuilder, TestCase, TestCaseBuilder, TestSuite,
    TestSuiteBuilder,
};

use super::Reporter;
use super::citation::{citations, level};
use super::clean::{one_line, xml};
use super::failure::FailedStep;
use super::junit_gate;
use super::paint::Paint;
use super::traffic;
use crate::event::{Cause, Event, Readiness};
use crate::finding::{Effect, Finding, Verdict};

/// Writes one document at the end of the run.
#[derive(Debug)]
pub struct Junit<W> {
    out: W,
    attachment: Option<String>,
    started: OffsetDateTime,
    suites: BTreeMap<usize, Suite>,
    /// What concerns the run as a whole.
    run_cases: Vec<TestCase>,
    /// Class and name of all cases, which must be unique.
    names: BTreeSet<(String, String)>,
    causes: Vec<Cause>,
    /// What the run was for, if it was for a gate: then its requirements are the cases.
    readiness: Option<Readiness>,
}

#[derive(Debug)]
struct Suite {
    name: String,
    class: String,
    title: String,
    client: String,
    source: Option<String>,
    started: OffsetDateTime,
    cases: Vec<Case>,
}

/// A step. One that failed is written when its cause is known.
#[derive(Debug)]
enum Case {
    Done(TestCase),
    Failed(FailedCase),
}

/// What is kept of a step that failed.
#[derive(Debug)]
struct FailedCase {
    name: String,
    class: String,
    time: Duration,
    /// Judged and wrong, or not to be judged.
    verdict: Verdict,
    rule: String,
    headline: String,
    text: String,
    traffic: String,
}

impl<W: Write> Junit<W> {
    /// Writes to `out`.
    pub fn new(out: W) -> Self {
        Self {
            out,
            attachment: None,
            started: OffsetDateTime::UNIX_EPOCH,
            suites: BTreeMap::new(),
            run_cases: Vec::new(),
            names: BTreeSet::new(),
            causes: Vec::new(),
            readiness: None,
        }
    }

    /// A file that failed cases refer to, for readers that know `[[ATTACHMENT|…]]`.
    pub fn with_attachment(mut self, path: &str) -> Self {
        self.attachment = Some(path.to_owned());
        self
    }

    fn report(&mut self) -> Report {
        let blamed = blamed(&self.causes);
        let mut suites: Vec<TestSuite> = std::mem::take(&mut self.suites)
            .into_iter()
            .filter(|(_, suite)| !suite.cases.is_empty())
            .map(|(number, suite)| {
                let cases = suite.cases.into_iter().enumerate();
                let cases = cases.map(|(index, case)| match case {
                    Case::Done(case) => case,
                    Case::Failed(case) => case.built(blamed.get(&(number, index))),
                });
                test_suite(&suite.name, suite.started, cases.collect())
            })
            .collect();
        if let Some(readiness) = &self.readiness {
            suites = junit_gate::suites(readiness, self.started);
        }
        let mut cases = std::mem::take(&mut self.run_cases);
        if suites.is_empty() && cases.is_empty() {
            cases.push(run_case(TestCaseBuilder::success(
                "nothing to report",
                Duration::ZERO,
            )));
        }
        if !cases.is_empty() {
            suites.push(test_suite("scimulate", self.started, cases));
        }
        ReportBuilder::new().add_testsuites(suites).build()
    }

    /// The name, numbered if the class already has it.
    fn unique(&mut self, class: &str, name: &str) -> String {
        let mut unique = name.to_owned();
        if unique.is_empty() {
            "step".clone_into(&mut unique);
        }
        let mut number = 2;
        while !self.names.insert((class.to_owned(), unique.clone())) {
            unique = format!("{name} ({number})");
            number += 1;
        }
        unique
    }

    fn add_step(&mut self, event: &Event) {
        let Event::StepFinished {
            scenario,
            step,
            file,
            line,
            source,
            verdict,
            exchanges,
            findings,
            elapsed,
            ..
        } = event
        else {
            return;
        };
        let Some(suite) = self.suites.get(scenario) else {
            return;
        };
        let class = suite.class.clone();
        let source = source.clone().or_else(|| suite.source.clone());
        let failed = FailedStep {
            title: &suite.title,
            client: &suite.client,
            step,
            file,
            line: *line,
            source: source.as_deref(),
            exchanges,
            findings,
        };
        let place = failed.place(Paint::PLAIN);
        let told = matches!(verdict, Verdict::Fail | Verdict::Error).then(|| {
            let text = xml(&format!("{place}\n\n{}", failed.text(Paint::PLAIN)));
            (xml(&failed.rule()), failed.headline(), text)
        });
        let name = self.unique(&class, &xml(&one_line(step)));
        let time = Duration::milliseconds(i64::try_from(elapsed.as_millis()).unwrap_or(i64::MAX));
        if let Some((rule, headline, text)) = told {
            let case = FailedCase {
                name,
                class,
                time,
                verdict: *verdict,
                rule,
                headline,
                text,
                traffic: self.traffic_of(&place, event),
            };
            self.add(*scenario, Case::Failed(case));
            return;
        }
        let mut case = match (verdict, known(findings)) {
            (Verdict::Skip, _) => {
                TestCaseBuilder::skipped_with_cause(&name, "skipped", &reason(findings))
            }
            // It did not pass, and it fails nothing: readers know an expected failure as a skip with its reason.
            (_, Some(known)) => TestCaseBuilder::skipped_with_cause(&name, "known", &known),
            (_, None) => TestCaseBuilder::success(&name, time),
        };
        case.set_classname(&class);
        let warnings = warnings(findings, source.as_deref());
        if !warnings.is_empty() {
            case.set_system_out(&xml(&format!("{place}\n\n{warnings}")));
        }
        self.add(*scenario, Case::Done(case.build()));
    }

    fn add(&mut self, scenario: usize, case: Case) {
        if let Some(suite) = self.suites.get_mut(&scenario) {
            suite.cases.push(case);
        }
    }

    /// All exchanges of a failed step, and what was required.
    fn traffic_of(&self, place: &str, event: &Event) -> String {
        let Event::StepFinished {
            exchanges,
            findings,
            ..
        } = event
        else {
            return String::new();
        };
        let mut blocks = vec![place.to_owned()];
        blocks.extend(
            exchanges
                .iter()
                .map(|exchange| traffic::exchange(exchange, Paint::PLAIN)),
        );
        let requirements: BTreeSet<&str> = findings
            .iter()
            .filter(|finding| finding.failed())
            .flat_map(|finding| finding.requirements.iter().map(String::as_str))
            .collect();
        if !requirements.is_empty() {
            let requirements: Vec<&str> = requirements.into_iter().collect();
            blocks.push(format!("requirements: {}", requirements.join(", ")));
        }
        blocks.extend(
            self.attachment
                .iter()
                .map(|path| format!("[[ATTACHMENT|{path}]]")),
        );
        xml(&blocks.join("\n\n"))
    }
}

impl<W: Write> Reporter for Junit<W> {
    fn on(&mut self, event: &Event) -> io::Result<()> {
        match event {
            Event::RunStarted { started, .. } => self.started = instant(started),
            Event::ScenarioStarted {
                scenario,
                path,
                title,
                client,
                source,
                started,
                ..
            } => {
                let suite = Suite {
                    name: xml(&one_line(&format!("{title}, as {client}"))),
                    class: xml(&class_of(client, path)),
                    title: title.clone(),
                    client: client.clone(),
                    source: source.clone(),
                    started: instant(started),
                    cases: Vec::new(),
                };
                self.suites.insert(*scenario, suite);
            }
            Event::StepFinished { .. } => self.add_step(event),
            Event::Causes { causes, .. } => self.causes.clone_from(causes),
            Event::Readiness(readiness) => self.readiness = Some(readiness.clone()),
            Event::Stopped { message, hint } => {
                let text = match hint {
                    Some(hint) => format!("{message}\nhint: {hint}"),
                    None => message.clone(),
                };
                let mut case = TestCaseBuilder::error(
                    "the target can be tested",
                    Duration::ZERO,
                    "stopped",
                    &xml(&one_line(message)),
                );
                case.set_trace(&xml(&text));
                self.run_cases.push(run_case(case));
            }
            Event::RunFinished { interrupted, .. } => {
                if *interrupted {
                    let message = "the run was interrupted; what is not listed was not tested";
                    let mut case = TestCaseBuilder::error(
                        "the run is complete",
                        Duration::ZERO,
                        "interrupted",
                        message,
                    );
                    case.set_trace(message);
                    self.run_cases.push(run_case(case));
                }
                let mut document = Vec::new();
                let report = self.report();
                report.write_xml(&mut document).map_err(io::Error::other)?;
                document.push(b'\n');
                self.out.write_all(&document)?;
                self.out.flush()?;
            }
            _ => {}
        }
        Ok(())
    }
}

impl FailedCase {
    /// The case; its message names the cause, so that whoever reads one failure knows with which others it goes.
    fn built(self, cause: Option<&String>) -> TestCase {
        let message = match cause {
            Some(cause) => format!("{} ({cause})", self.headline),
            None => self.headline,
        };
        let message = xml(&message);
        let mut case = match self.verdict {
            Verdict::Error => TestCaseBuilder::error(&self.name, self.time, &self.rule, &message),
            _ => TestCaseBuilder::failure(&self.name, self.time, &self.rule, &message),
        };
        case.set_classname(&self.class);
        case.set_trace(&self.text);
        case.set_system_out(&self.traffic);
        case.build()
    }
}

/// The cause of each step that failed, by its scenario and its place in it.
fn blamed(causes: &[Cause]) -> BTreeMap<(usize, usize), String> {
    let mut blamed = BTreeMap::new();
    for (position, cause) in causes.iter().enumerate() {
        let number = position + 1;
        for place in &cause.places {
            let title = one_line(&cause.title);
            blamed
                .entry((place.scenario, place.index))
                .or_insert_with(|| format!("cause {number} of {}: {title}", causes.len()));
        }
    }
    blamed
}

pub(super) fn test_suite(name: &str, started: OffsetDateTime, cases: Vec<TestCase>) -> TestSuite {
    let mut suite = TestSuiteBuilder::new(name);
    suite.set_timestamp(started);
    suite.add_testcases(cases);
    suite.build()
}

fn run_case(mut case: TestCaseBuilder) -> TestCase {
    case.set_classname("scimulate");
    case.build()
}

/// `okta-oin.scenarios.okta.deactivate`: dots are folders to those who read it.
fn class_of(client: &str, path: &str) -> String {
    let path = path.replace('\\', "/");
    let path = path.trim_start_matches(['.', '/']);
    let stem = path.rsplit_once('.').map_or(path, |(stem, _)| stem);
    one_line(&format!(
        "{client}.{}",
        stem.replace('.', "_").replace('/', ".")
    ))
}

fn reason(findings: &[Finding]) -> String {
    let skip = findings
        .iter()
        .find(|finding| finding.verdict == Verdict::Skip);
    xml(&one_line(
        skip.map_or("no reason given", |finding| &finding.message),
    ))
}

/// What is wrong and accepted, and why that is so.
fn known(findings: &[Finding]) -> Option<String> {
    let finding = findings.iter().find(|finding| finding.is_known())?;
    let reason = match &finding.effect {
        Effect::Known(acceptance) => acceptance.reason.as_deref(),
        _ => None,
    };
    let message = match reason {
        Some(reason) => format!("known failure: {} ({reason})", finding.message),
        None => format!("known failure: {}", finding.message),
    };
    Some(xml(&one_line(&message)))
}

fn warnings(findings: &[Finding], source: Option<&str>) -> String {
    let lines: Vec<String> = findings
        .iter()
        .filter(|finding| finding.warns())
        .map(|finding| {
            let citation = citations(&[finding], source);
            format!(
                "warning: {}: {} [{citation}]",
                level(finding.strength),
                finding.message
            )
        })
        .collect();
    lines.join("\n")
}

/// The epoch for what is not an instant.
fn instant(text: &str) -> OffsetDateTime {
    text.parse::<jiff::Timestamp>()
        .ok()
        .and_then(|instant| OffsetDateTime::from_unix_timestamp_nanos(instant.as_nanosecond()).ok())
        .unwrap_or(OffsetDateTime::UNIX_EPOCH)
}
