//! Two runs side by side, with the equality of snapshots.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use regex::{Captures, Regex};
use serde::Serialize;
use serde_json::{Value, json};

use super::answer::{Answer, Body, answers_of};
use super::answered::{Answered, StepAnswers, StepKey};
use super::compare::differences;
use crate::finding::{Difference, Verdict};

/// What two runs say differently.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Contrast {
    /// Steps that both have.
    pub compared: usize,
    /// Steps that came out otherwise, or were answered otherwise, in the order of their names.
    pub steps: Vec<StepContrast>,
    /// Steps that only the first run has.
    pub only_first: Vec<StepName>,
    /// Steps that only the second run has.
    pub only_second: Vec<StepName>,
}

/// A step, for people and machines.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StepName {
    /// File and line.
    pub place: String,
    /// Its name.
    pub step: String,
    /// The client that it was played as.
    pub client: String,
}

/// One step in two runs.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct StepContrast {
    /// Which.
    #[serde(flatten)]
    pub name: StepName,
    /// What came of it in each run.
    pub verdicts: (Verdict, Verdict),
    /// What is wrong with it in each run.
    pub failed: (Vec<String>, Vec<String>),
    /// Where the answers differ.
    pub differences: Vec<Difference>,
}

impl Contrast {
    /// Holds the second run against the first one.
    pub fn of(first: &Answered, second: &Answered) -> Self {
        let mut contrast = Self {
            compared: 0,
            steps: Vec::new(),
            only_first: only(&first.steps, &second.steps),
            only_second: only(&second.steps, &first.steps),
        };
        let both = first.steps.iter().filter_map(|(key, left)| {
            let right = second.steps.get(key)?;
            Some((key, left, right))
        });
        // Where a whole scenario was answered alike, nothing has to be read.
        let mut names: BTreeMap<(&str, &str), IdNames> = both
            .clone()
            .filter(|(_, left, right)| left.answers != right.answers)
            .map(|(key, _, _)| ((&*key.scenario, &*key.client), IdNames::default()))
            .collect();
        for (key, left, right) in both.clone() {
            if let Some(of_scenario) = names.get_mut(&(&*key.scenario, &*key.client)) {
                of_scenario.learn(left, right);
            }
        }
        let none = IdNames::default();
        for (key, left, right) in both {
            contrast.compared += 1;
            let known = names.get(&(&*key.scenario, &*key.client)).unwrap_or(&none);
            let differences = step(left, right, known);
            if differences.is_empty() && left.verdict == right.verdict {
                continue;
            }
            contrast.steps.push(StepContrast {
                name: name(key, right),
                verdicts: (left.verdict, right.verdict),
                failed: (left.failed.clone(), right.failed.clone()),
                differences,
            });
        }
        contrast
    }

    /// Whether the runs say the same.
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty() && self.only_first.is_empty() && self.only_second.is_empty()
    }
}

fn name(key: &StepKey, answers: &StepAnswers) -> StepName {
    StepName {
        place: format!("{}:{}", answers.file, answers.line),
        step: key.step.clone(),
        client: key.client.clone(),
    }
}

fn only(
    these: &BTreeMap<StepKey, StepAnswers>,
    those: &BTreeMap<StepKey, StepAnswers>,
) -> Vec<StepName> {
    these
        .iter()
        .filter(|(key, _)| !those.contains_key(key))
        .map(|(key, answers)| name(key, answers))
        .collect()
}

/// Where the answers of a step differ. Once the requests differ, the rest is another story.
fn step(left: &StepAnswers, right: &StepAnswers, names: &IdNames) -> Vec<Difference> {
    let several = left.answers.len().max(right.answers.len()) > 1;
    let mut all = Vec::new();
    for (index, pair) in left.answers.iter().zip(&right.answers).enumerate() {
        // The usual case costs no reading.
        if pair.0 == pair.1 {
            continue;
        }
        let (old, new) = match pair {
            (Ok(old), Ok(new)) => (read(&names.translated(old)), read(new)),
            (old, new) => {
                all.push(difference("answer", told(old), told(new)));
                continue;
            }
        };
        let requests = |answers: &[Answer]| -> Vec<String> {
            answers
                .iter()
                .map(|answer| answer.request.clone())
                .collect()
        };
        if requests(&old) != requests(&new) {
            let path = format!("request {}", index + 1);
            all.push(difference(
                &path,
                json!(requests(&old)),
                json!(requests(&new)),
            ));
            return all;
        }
        if let ([old], [new]) = (&old[..], &new[..])
            && old.status / 100 != new.status / 100
        {
            // Of a resource and an error no member is the same, and all of them say one thing.
            let path = format!("{}: status", new.request);
            all.push(difference(&path, outcome(old), outcome(new)));
            continue;
        }
        for mut found in differences(&old, &new) {
            if several {
                found.path = format!("{}: {}", requests(&new).join(", "), found.path);
            }
            all.push(found);
        }
    }
    if left.answers.len() != right.answers.len() {
        let counted = |answers: &StepAnswers| json!(answers.answers.len());
        all.push(difference(
            "number of requests",
            counted(left),
            counted(right),
        ));
    }
    all
}

/// What the first run's ids are called in the second one. A target that shows one resource more numbers all that follow
/// otherwise, which is no difference.
#[derive(Debug, Default)]
struct IdNames {
    names: BTreeMap<String, String>,
    taken: BTreeSet<String>,
}

impl IdNames {
    /// Takes the ids that stand where there is one only: in the address that is asked for, and in a resource.
    fn learn(&mut self, left: &StepAnswers, right: &StepAnswers) {
        for pair in left.answers.iter().zip(&right.answers) {
            let (Ok(old), Ok(new)) = pair else { continue };
            for (old, new) in read(old).iter().zip(&read(new)) {
                for place in [in_request, in_body] {
                    if let (Some(old), Some(new)) = (place(old), place(new))
                        && !self.names.contains_key(&old)
                        && self.taken.insert(new.clone())
                    {
                        self.names.insert(old, new);
                    }
                }
            }
        }
    }

    /// The contents in the second run's names.
    fn translated<'a>(&self, contents: &'a str) -> Cow<'a, str> {
        NAME.replace_all(contents, |found: &Captures<'_>| {
            let known = self.names.get(&found[0]);
            known.cloned().unwrap_or_else(|| found[0].to_owned())
        })
    }
}

static NAME: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"\[id-[0-9]+\]").expect("the expression is well-formed"));

static VERSION: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"\[version-[0-9]+\]").expect("the expression is well-formed"));

fn in_request(answer: &Answer) -> Option<String> {
    let path = answer.request.split('?').next()?;
    NAME.find(path).map(|found| found.as_str().to_owned())
}

fn in_body(answer: &Answer) -> Option<String> {
    let Body::Json(body) = &answer.body else {
        return None;
    };
    let one = match body.get("Resources").and_then(Value::as_array) {
        Some(listed) => match listed.as_slice() {
            [one] => one,
            _ => return None,
        },
        None => body,
    };
    let id = one.get("id")?.as_str()?;
    NAME.is_match(id).then(|| id.to_owned())
}

fn read(contents: &str) -> Vec<Answer> {
    // Versions are opaque (RFC 7644 3.14): how many there were before one says nothing.
    let contents = VERSION.replace_all(contents, "[version]");
    answers_of(&contents).expect("they were written as answers")
}

fn told(answer: &Result<String, String>) -> Value {
    match answer {
        Ok(contents) => {
            let answers = read(contents);
            json!(
                answers
                    .iter()
                    .map(|answer| answer.status)
                    .collect::<Vec<_>>()
            )
        }
        Err(why) => json!(why),
    }
}

/// The status, and of an error what it says.
fn outcome(answer: &Answer) -> Value {
    let detail = match &answer.body {
        Body::Json(body) if answer.status >= 400 => body.get("detail").and_then(Value::as_str),
        _ => None,
    };
    match detail {
        Some(detail) => json!(format!("{}: {detail}", answer.status)),
        None => json!(answer.status),
    }
}

fn difference(path: &str, expected: Value, received: Value) -> Difference {
    Difference {
        path: path.to_owned(),
        expected: Some(expected),
        received: Some(received),
        only_case: false,
    }
}

#[cfg(test)]
mod tests {
    use super::{Answered, Contrast, StepAnswers, StepKey};
    use crate::finding::Verdict;

    /// A run with a step for each answer: request, status and body.
    fn run(answers: &[(&str, u16, &str)]) -> Answered {
        let mut run = Answered::default();
        for (index, (request, status, body)) in answers.iter().enumerate() {
            let key = StepKey {
                scenario: "story.yaml".to_owned(),
                client: "okta-oin".to_owned(),
                step: format!("step {index}"),
            };
            let contents = format!(r#"{{"request":"{request}","status":{status},"body":{body}}}"#);
            let step = StepAnswers {
                file: "story.yaml".to_owned(),
                line: index + 1,
                verdict: Verdict::Pass,
                failed: Vec::new(),
                answers: vec![Ok(contents)],
            };
            run.steps.insert(key, step);
        }
        run
    }

    fn paths(first: &[(&str, u16, &str)], second: &[(&str, u16, &str)]) -> Vec<String> {
        let contrast = Contrast::of(&run(first), &run(second));
        let differences = contrast.steps.iter().flat_map(|step| &step.differences);
        differences.map(|one| one.path.clone()).collect()
    }

    #[test]
    fn other_numbers_for_the_same_resources_are_no_difference() {
        let first = [
            ("POST /Users", 201, r#"{"id":"[id-1]","active":true}"#),
            ("GET /Users/[id-1]", 200, r#"{"id":"[id-1]"}"#),
        ];
        let second = [
            ("POST /Users", 201, r#"{"id":"[id-4]","active":true}"#),
            ("GET /Users/[id-4]", 200, r#"{"id":"[id-4]"}"#),
        ];
        assert_eq!(paths(&first, &second), Vec::<String>::new());
    }

    #[test]
    fn another_resource_is_a_difference() {
        let first = [
            ("POST /Users", 201, r#"{"id":"[id-1]"}"#),
            ("POST /Users", 201, r#"{"id":"[id-2]"}"#),
            ("GET /Users/[id-1]", 200, r#"{"id":"[id-1]"}"#),
        ];
        let mut second = first;
        second[2] = ("GET /Users/[id-1]", 200, r#"{"id":"[id-2]"}"#);
        assert_eq!(paths(&first, &second), ["id"]);
        second[2] = ("GET /Users/[id-2]", 200, r#"{"id":"[id-2]"}"#);
        assert_eq!(paths(&first, &second), ["request 1"]);
    }

    #[test]
    fn an_error_instead_of_a_resource_is_one_difference() {
        let first = [("GET /Users/[id-1]", 200, r#"{"id":"[id-1]","active":true}"#)];
        let second = [(
            "GET /Users/[id-1]",
            404,
            r#"{"detail":"gone","status":"404"}"#,
        )];
        assert_eq!(paths(&first, &second), ["GET /Users/[id-1]: status"]);
    }

    #[test]
    fn steps_that_one_run_alone_has_are_told() {
        let first = [("GET /Users", 200, "{}"), ("GET /Groups", 200, "{}")];
        let contrast = Contrast::of(&run(&first), &run(&first[..1]));
        assert_eq!(contrast.only_first[0].place, "story.yaml:2");
        assert!(contrast.only_second.is_empty() && !contrast.is_empty());
    }
}
