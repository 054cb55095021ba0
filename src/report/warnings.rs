//! Warnings, those that say the same together, as a fold over steps.

use std::collections::BTreeMap;

use super::citation::{citations, level};
use super::clean::{one_line, visible};
use crate::finding::Finding;

/// Warnings by their text.
#[derive(Debug, Default)]
pub(super) struct Warnings(BTreeMap<String, Warning>);

/// Warnings that say the same.
#[derive(Debug, Clone)]
struct Warning {
    first: String,
    /// For an order that does not depend on time.
    order: (usize, usize),
    count: usize,
}

/// The step that is warned about.
#[derive(Debug, Clone, Copy)]
pub(super) struct Warned<'a> {
    pub(super) scenario: usize,
    pub(super) client: &'a str,
    pub(super) file: &'a str,
    pub(super) line: usize,
    pub(super) source: Option<&'a str>,
}

impl Warnings {
    /// Takes the next step; whether it has warnings.
    pub(super) fn on_step(&mut self, step: Warned<'_>, findings: &[Finding]) -> bool {
        let mut warned = false;
        for finding in findings.iter().filter(|finding| finding.warns()) {
            warned = true;
            let text = format!(
                "{}: {} [{}]",
                level(finding.strength),
                one_line(&finding.message),
                visible(&citations(&[finding], step.source)),
            );
            let warning = Warning {
                first: format!(
                    "{}:{}, as {}",
                    one_line(step.file),
                    step.line,
                    one_line(step.client)
                ),
                order: (step.scenario, step.line),
                count: 0,
            };
            let known = self.0.entry(text).or_insert_with(|| warning.clone());
            if warning.order < known.order {
                known.first = warning.first;
                known.order = warning.order;
            }
            known.count += 1;
        }
        warned
    }

    /// Each with where it was met first, and how often besides.
    pub(super) fn told(&self) -> Vec<(&str, String)> {
        let mut warnings: Vec<(&String, &Warning)> = self.0.iter().collect();
        warnings.sort_by_key(|(text, warning)| (warning.order, text.as_str()));
        warnings
            .into_iter()
            .map(|(text, warning)| {
                let more = match warning.count {
                    1 => String::new(),
                    count => format!(" and {} more", count - 1),
                };
                (text.as_str(), format!("{}{more}", warning.first))
            })
            .collect()
    }
}
