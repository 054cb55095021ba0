//! A scenario in HTML.

use std::time::Duration;

use super::super::clean::{html, one_line};
use super::super::summary::{counted, seconds};
use super::exchange;
use super::step::{Step, word};
use crate::event::Event;
use crate::finding::{Finding, Verdict};

/// A scenario as one client.
#[derive(Debug, Default)]
pub(super) struct Scenario {
    pub(super) title: String,
    pub(super) client: String,
    pub(super) source: Option<String>,
    path: String,
    tags: Vec<String>,
    pub(super) steps: Vec<Step>,
    failed: usize,
    warned: bool,
    known: bool,
    over: Option<(Verdict, Duration)>,
    /// What was exchanged to remove what it created, a line for each.
    cleanup: String,
    left: Vec<String>,
}

impl Scenario {
    /// Takes its beginning.
    pub(super) fn begin(&mut self, event: &Event) {
        if let Event::ScenarioStarted {
            path,
            title,
            client,
            source,
            tags,
            ..
        } = event
        {
            self.path.clone_from(path);
            self.title.clone_from(title);
            self.client.clone_from(client);
            self.source.clone_from(source);
            self.tags.clone_from(tags);
        }
    }

    /// Takes how a step came out.
    pub(super) fn take(&mut self, verdict: Verdict, findings: &[Finding]) {
        self.failed += usize::from(matches!(verdict, Verdict::Fail | Verdict::Error));
        self.warned |= findings.iter().any(Finding::warns);
        self.known |= findings.iter().any(Finding::is_known);
    }

    /// Takes its end.
    pub(super) fn end(&mut self, event: &Event) {
        if let Event::ScenarioFinished {
            verdict,
            elapsed,
            cleanup,
            left,
            ..
        } = event
        {
            self.over = Some((*verdict, *elapsed));
            self.cleanup = exchange::lines(cleanup);
            self.left.clone_from(left);
        }
    }

    /// The scenario as a part of the page; of its steps those are whole that `is_whole` says, by their place.
    pub(super) fn told(&self, number: usize, is_whole: impl Fn(usize) -> bool) -> String {
        let open = if self.failed > 0 { " open" } else { "" };
        let mut text = format!(
            "<details{open}><summary>{}</summary><div id=\"s{number}\">\n{}",
            self.summary(),
            self.about()
        );
        for (place, step) in self.steps.iter().enumerate() {
            text.push_str(&step.told(&format!("s{number}-{place}"), is_whole(place)));
        }
        if !self.cleanup.is_empty() {
            text.push_str(&format!(
                "<details><summary>cleanup</summary><div>{}</div></details>\n",
                self.cleanup
            ));
        }
        if !self.left.is_empty() {
            let left: Vec<String> = self.left.iter().map(|url| html(&one_line(url))).collect();
            text.push_str(&format!(
                "<p class=\"bad\">left on the target, because it could not be removed: {}\n",
                left.join(", ")
            ));
        }
        text.push_str("</div></details>\n");
        text
    }

    fn summary(&self) -> String {
        let (class, word) = match self.over {
            None => ("odd", "part"),
            Some((Verdict::Pass, _)) if self.known => ("odd", "known"),
            Some((Verdict::Pass, _)) if self.warned => ("odd", "warn"),
            Some((verdict, _)) => word(verdict, &[]),
        };
        let mut counts = vec![counted(self.steps.len(), "step")];
        if self.failed > 0 {
            counts.push(format!("{} failed", self.failed));
        }
        match self.over {
            Some((_, elapsed)) => counts.push(seconds(elapsed)),
            None => counts.push("not finished".to_owned()),
        }
        format!(
            "<b class=\"word {class}\">{word}</b> {} <small>as {}; {}</small>",
            html(&one_line(&self.title)),
            html(&one_line(&self.client)),
            counts.join(", "),
        )
    }

    fn about(&self) -> String {
        let mut parts = vec![html(&one_line(&self.path))];
        parts.extend(self.source.iter().map(|source| html(&one_line(source))));
        if !self.tags.is_empty() {
            parts.push(html(&one_line(&self.tags.join(", "))));
        }
        format!("<small>{}</small>\n", parts.join("; "))
    }
}
