//! What a suite became: the text of a scenario, how much of the suite it holds, and where its steps come from.

use crate::scenario::error::{Problem, ScenarioError};
use crate::scenario::load::{Embedded, LoadOptions, load_text};
use crate::scenario::step::Step;
use crate::scenario::{Place, Scenario};
use crate::suite::problem;

/// A suite as a scenario.
#[derive(Debug)]
pub(crate) struct Translation {
    /// The YAML.
    pub(crate) text: String,
    /// How many requests the suite has.
    pub(crate) requests: usize,
    /// How many assertions it has, and how many of them are expectations now.
    pub(crate) assertions: usize,
    pub(crate) kept: usize,
    /// How many scripts assert something under no name.
    pub(crate) scripts: usize,
    /// What is not translated: where, what, and why. Of the file as a whole first.
    pub(crate) untranslated: Vec<(Option<Place>, String)>,
    /// What of it no step of the scenario tells.
    pub(crate) untold: Vec<String>,
    /// Variables that are the target, and that are its credential.
    pub(crate) target_variables: Vec<String>,
    pub(crate) credential_variables: Vec<String>,
    /// Seconds of pauses that are left out.
    pub(crate) dropped: u64,
    pub(super) shown: String,
    /// Lines at which steps begin, and the places of their requests.
    pub(super) places: Vec<(usize, Place)>,
}

impl Translation {
    /// The scenario that it is; its steps stand where the requests of the suite do.
    ///
    /// # Errors
    /// What the loader of scenarios refuses, at the requests that it comes from.
    pub(crate) fn scenario(&self) -> Result<Scenario, Vec<ScenarioError>> {
        let loaded = load_text(
            &self.text,
            &self.shown,
            &Embedded(&[]),
            &LoadOptions::default(),
        );
        let mut scenario = loaded.map_err(|mistakes| self.placed(mistakes))?;
        for step in &mut scenario.steps {
            self.place(step);
        }
        Ok(scenario)
    }

    fn place(&self, step: &mut Step) {
        step.place = self.at(step.place.line);
    }

    /// The place in the suite of a line of the scenario.
    fn at(&self, line: usize) -> Place {
        let before = self.places.partition_point(|(begin, _)| *begin <= line);
        let place = before
            .checked_sub(1)
            .and_then(|index| self.places.get(index));
        place.map_or_else(
            || Place {
                file: self.shown.clone(),
                line: 1,
                column: 1,
            },
            |(_, place)| place.clone(),
        )
    }

    fn placed(&self, mistakes: Vec<ScenarioError>) -> Vec<ScenarioError> {
        let is_too_much = |mistake: &ScenarioError| {
            matches!(
                mistake.problem,
                Problem::TooManyNodes { .. }
                    | Problem::FileTooLarge { .. }
                    | Problem::TooManySteps { .. }
            )
        };
        if mistakes.iter().any(is_too_much) {
            let message = format!(
                "the suite is too large for one scenario: it has {} requests and {} assertions",
                self.requests, self.assertions
            );
            let repair = "export it in parts, a folder or some steps each".to_owned();
            return vec![problem(message, Some(repair)).at(self.at(0))];
        }
        mistakes
            .into_iter()
            .map(|mistake| {
                let message = format!("the request cannot be written as a step: {mistake}");
                problem(message, mistake.hint()).at(self.at(mistake.at.line))
            })
            .collect()
    }
}
