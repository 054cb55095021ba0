//! The scenario that a step is of, as far as reports speak of it: steps themselves say neither title nor client.

use super::failure::FailedStep;
use super::warnings::Warned;
use crate::event::Event;
use crate::finding::Verdict;

/// What a scenario said of itself when it began.
#[derive(Debug, Clone, Default)]
pub(super) struct Story {
    pub(super) title: String,
    /// Name of the profile.
    pub(super) client: String,
    /// Where it is documented.
    pub(super) source: Option<String>,
}

impl Story {
    /// Takes its beginning.
    pub(super) fn begin(&mut self, event: &Event) {
        if let Event::ScenarioStarted {
            title,
            client,
            source,
            ..
        } = event
        {
            self.title.clone_from(title);
            self.client.clone_from(client);
            self.source.clone_from(source);
        }
    }

    /// The step, if it failed or could not be judged.
    pub(super) fn failed<'a>(&'a self, event: &'a Event) -> Option<FailedStep<'a>> {
        let Event::StepFinished {
            step,
            file,
            line,
            source,
            verdict: Verdict::Fail | Verdict::Error,
            exchanges,
            findings,
            ..
        } = event
        else {
            return None;
        };
        Some(FailedStep {
            title: &self.title,
            client: &self.client,
            step,
            file,
            line: *line,
            source: source.as_deref().or(self.source.as_deref()),
            exchanges,
            findings,
        })
    }

    /// The step, as warnings name it.
    pub(super) fn warned<'a>(&'a self, event: &'a Event) -> Option<Warned<'a>> {
        let Event::StepFinished {
            scenario,
            file,
            line,
            source,
            ..
        } = event
        else {
            return None;
        };
        Some(Warned {
            scenario: *scenario,
            client: &self.client,
            file,
            line: *line,
            source: source.as_deref().or(self.source.as_deref()),
        })
    }
}
