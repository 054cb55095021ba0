//! The baseline: failures that are accepted, kept in a file that people read and compare.

use std::collections::BTreeMap;
use std::ops::Range;

use serde::{Deserialize, Serialize};
use toml::Spanned;

use super::{Authority, Finding};

/// What stands at the top of the file.
const HEADING: &str = "# Failures that are accepted: `scimulate run --baseline FILE` reports them as known, and fails on others only.\n\
                       # `reason` is yours to write, and is kept; other comments are not.\n";

/// What is accepted: a rule that fails at one place. The message is no part of it, because targets put ids into it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Entry {
    /// Path of the scenario.
    pub scenario: String,
    /// Who is acted.
    pub client: String,
    /// The step's name.
    pub step: String,
    /// Id of the rule.
    pub finding: String,
    /// On whose authority it fails.
    pub authority: Authority,
}

/// What people know of an accepted failure.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Acceptance {
    /// Day on which it came into the baseline: `2026-11-22`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<String>,
    /// Why it is accepted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// All accepted failures, in order.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Baseline {
    entries: BTreeMap<Entry, Acceptance>,
}

/// What is wrong with the text of a baseline.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BaselineError {
    /// It is not TOML, or not what is expected there.
    #[error("{line}:{column}: {reason}")]
    Syntax {
        /// From 1.
        line: usize,
        /// From 1.
        column: usize,
        /// What is wrong.
        reason: String,
    },
    /// One failure stands there twice.
    #[error("{line}:1: step `{step}` of `{scenario}` has the same entry at line {first}")]
    Repeated {
        /// Of the second one, from 1.
        line: usize,
        /// Of the first one, from 1.
        first: usize,
        /// The step.
        step: String,
        /// Its scenario.
        scenario: String,
    },
}

/// The file as it stands.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    known: Vec<Spanned<Known>>,
}

/// One `[[known]]` of the file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Known {
    scenario: String,
    client: String,
    step: String,
    finding: String,
    authority: Authority,
    since: Option<String>,
    reason: Option<String>,
}

impl Baseline {
    /// Reads the text of a baseline.
    ///
    /// # Errors
    /// All its mistakes; of a text that is no TOML the first.
    pub fn parse(text: &str) -> Result<Self, Vec<BaselineError>> {
        let file: File = toml::from_str(text).map_err(|error| {
            let (line, column) = place(text, error.span());
            vec![BaselineError::Syntax {
                line,
                column,
                reason: error.message().to_owned(),
            }]
        })?;
        let mut baseline = Self::default();
        let mut lines: BTreeMap<Entry, usize> = BTreeMap::new();
        let mut mistakes = Vec::new();
        for known in file.known {
            let (line, _) = place(text, Some(known.span()));
            let known = known.into_inner();
            let entry = Entry {
                scenario: known.scenario,
                client: known.client,
                step: known.step,
                finding: known.finding,
                authority: known.authority,
            };
            if let Some(&first) = lines.get(&entry) {
                mistakes.push(BaselineError::Repeated {
                    line,
                    first,
                    step: entry.step,
                    scenario: entry.scenario,
                });
                continue;
            }
            lines.insert(entry.clone(), line);
            let acceptance = Acceptance {
                since: known.since,
                reason: known.reason,
            };
            baseline.entries.insert(entry, acceptance);
        }
        match mistakes.is_empty() {
            true => Ok(baseline),
            false => Err(mistakes),
        }
    }

    /// The text of the file: sorted, one member a line, so that changes show line by line.
    pub fn to_text(&self) -> String {
        let mut text = HEADING.to_owned();
        for (entry, acceptance) in &self.entries {
            text.push_str("\n[[known]]\n");
            let mut member = |name: &str, value: &str| {
                let value = toml::Value::from(value);
                text.push_str(&format!("{name} = {value}\n"));
            };
            member("scenario", &entry.scenario);
            member("client", &entry.client);
            member("step", &entry.step);
            member("finding", &entry.finding);
            member("authority", entry.authority.name());
            if let Some(since) = &acceptance.since {
                member("since", since);
            }
            if let Some(reason) = &acceptance.reason {
                member("reason", reason);
            }
        }
        text
    }

    /// What is known of a failure, if it is accepted.
    pub fn find(&self, entry: &Entry) -> Option<&Acceptance> {
        self.entries.get(entry)
    }

    /// Accepts a failure; what people wrote about it before stays.
    pub fn add(&mut self, entry: Entry, since: Option<&str>) {
        self.entries.entry(entry).or_insert_with(|| Acceptance {
            since: since.map(str::to_owned),
            reason: None,
        });
    }

    /// Accepts a failure no longer.
    pub fn remove(&mut self, entry: &Entry) {
        self.entries.remove(entry);
    }

    /// All accepted failures, in order.
    pub fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.entries.keys()
    }
}

impl Entry {
    /// The entry of a finding of a step.
    pub fn of(scenario: &str, client: &str, step: &str, finding: &Finding) -> Self {
        Self {
            scenario: scenario.to_owned(),
            client: client.to_owned(),
            step: step.to_owned(),
            finding: finding.id.clone(),
            authority: finding.authority,
        }
    }
}

/// Line and column, both from 1, of where something begins; the beginning if that is not known.
fn place(text: &str, span: Option<Range<usize>>) -> (usize, usize) {
    let start = span.map_or(0, |span| span.start.min(text.len()));
    let before = text.get(..start).unwrap_or_default();
    let line = before.matches('\n').count() + 1;
    let column = before
        .chars()
        .rev()
        .take_while(|letter| *letter != '\n')
        .count()
        + 1;
    (line, column)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, prop_assert_eq, proptest};

    use super::{Acceptance, Baseline, Entry};
    use crate::finding::Authority;

    proptest! {
        #[test]
        fn what_is_written_reads_back_the_same(texts in any::<[String; 6]>(), again in any::<bool>()) {
            let [scenario, client, step, finding, since, reason] = texts;
            let entry = Entry { scenario, client, step, finding, authority: Authority::Entra };
            let mut baseline = Baseline::default();
            baseline.entries.insert(entry.clone(), Acceptance { since: Some(since), reason: Some(reason) });
            if again {
                baseline.add(Entry { authority: Authority::Rfc, ..entry }, None);
            }
            prop_assert_eq!(Baseline::parse(&baseline.to_text()), Ok(baseline));
        }
    }

    #[test]
    fn what_is_wrong_has_its_place() {
        let entry = "[[known]]\nscenario = \"a\"\nclient = \"b\"\nstep = \"c\"\nfinding = \"d\"\nauthority = \"rfc\"\n";
        let said = |text: &str| {
            let mistakes = Baseline::parse(text).expect_err("it is wrong");
            let lines: Vec<String> = mistakes.iter().map(ToString::to_string).collect();
            lines.join("\n")
        };
        insta::assert_snapshot!(
            [
                said(&entry.repeat(3)),
                said(&entry.replace("rfc", "google")),
                said(&entry.replace("step", "stp")),
                said("known = 3"),
                said("[[known]\n"),
                said(&format!("{entry}because = \"x\"\n")),
            ]
            .join("\n")
        );
        assert_eq!(Baseline::parse(""), Ok(Baseline::default()));
    }
}
