//! A scenario in HTML: the picture of it, then step by step.

use std::time::Duration;

use super::super::clean::{html, one_line};
use super::super::story::Story;
use super::super::summary::{counted, seconds};
use super::exchange::{Room, Shorts};
use super::lifeline::Lifeline;
use super::step::{Step, word};
use super::words::Facets;
use crate::event::Event;
use crate::finding::{Finding, Verdict};

/// Steps without anything wrong that a scenario keeps; a recording can have a million.
const MOST_STEPS: usize = 20_000;

/// A scenario as one client.
#[derive(Debug, Default)]
pub(super) struct Scenario {
    pub(super) story: Story,
    pub(super) feature: Option<String>,
    pub(super) tags: Vec<String>,
    path: String,
    /// Each with its place in the run.
    pub(super) steps: Vec<(usize, Step)>,
    lifeline: Lifeline,
    /// All steps, also those that are not kept.
    count: usize,
    failed: usize,
    warned: bool,
    known: bool,
    over: Option<(Verdict, Duration)>,
    /// What was exchanged to remove what it created.
    cleanup: Shorts,
    left: Vec<String>,
}

/// The parts in which scenarios are listed, the one to look at first at the top.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Part {
    Failed,
    Unfinished,
    Warned,
    Passed,
    Skipped,
}

impl Part {
    /// Its id, and its heading.
    pub(super) fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Failed => ("part-failed", "Failed"),
            Self::Unfinished => ("part-unfinished", "Not finished"),
            Self::Warned => ("part-warned", "Passed with warnings or known failures"),
            Self::Passed => ("part-passed", "Passed"),
            Self::Skipped => ("part-skipped", "Skipped, so not tested"),
        }
    }
}

impl Scenario {
    /// Takes its beginning.
    pub(super) fn begin(&mut self, event: &Event) {
        self.story.begin(event);
        if let Event::ScenarioStarted {
            path,
            feature,
            tags,
            ..
        } = event
        {
            self.path.clone_from(path);
            self.feature.clone_from(feature);
            self.tags.clone_from(tags);
        }
    }

    /// Which of its steps comes next.
    pub(super) fn next(&self) -> usize {
        self.count
    }

    /// Takes how a step came out; `base` is the path of the target's base URL.
    pub(super) fn take(&mut self, event: &Event, id: &str, base: &str, step: Step) {
        if let Event::StepFinished {
            verdict, findings, ..
        } = event
        {
            self.failed += usize::from(matches!(verdict, Verdict::Fail | Verdict::Error));
            self.warned |= findings.iter().any(Finding::warns);
            self.known |= findings.iter().any(Finding::is_known);
            self.lifeline.take(event, id, base);
        }
        if self.steps.len() < MOST_STEPS || step.whole.is_some() {
            self.steps.push((self.count, step));
        }
        self.count += 1;
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
            self.cleanup = Shorts::of(cleanup);
            self.left.clone_from(left);
        }
    }

    /// Where it is listed.
    pub(super) fn part(&self) -> Part {
        match self.over {
            _ if self.failed > 0 => Part::Failed,
            Some((Verdict::Fail | Verdict::Error, _)) => Part::Failed,
            None => Part::Unfinished,
            Some((Verdict::Pass, _)) if self.warned || self.known => Part::Warned,
            Some((Verdict::Pass, _)) => Part::Passed,
            Some((Verdict::Skip, _)) => Part::Skipped,
        }
    }

    /// Bytes of what exchanges unfold to, where steps are shown in short.
    pub(super) fn bytes(&self) -> usize {
        self.steps
            .iter()
            .map(|(_, step)| step.bytes())
            .sum::<usize>()
            + self.cleanup.bytes()
    }

    /// The scenario as a part of the page; of its steps those are whole that `is_whole` says, by their place.
    pub(super) fn told(
        &self,
        number: usize,
        facets: &Facets,
        is_open: bool,
        is_whole: impl Fn(usize) -> bool,
        room: &mut Room,
    ) -> String {
        let (class, _) = self.word();
        let open = if is_open { " open" } else { "" };
        let mut text = format!(
            "<details class=\"scenario {class}\"{}{open}><summary>{}</summary><div id=\"s{number}\">\n{}{}",
            self.data(facets),
            self.summary(),
            self.about(),
            self.lifeline.told(
                &one_line(&self.story.client),
                &html(&one_line(&format!(
                    "{}, as {}",
                    self.story.title, self.story.client
                ))),
            ),
        );
        for (place, step) in &self.steps {
            let feature = step.feature.as_deref();
            let feature = feature.and_then(|feature| facets.features.number(feature));
            text.push_str(&step.told(
                &format!("s{number}-{place}"),
                feature,
                is_whole(*place),
                room,
            ));
        }
        if self.steps.len() < self.count {
            let more = self.count - self.steps.len();
            text.push_str(&format!(
                "<p>and {} in which nothing is wrong; the event stream has them\n",
                counted(more, "step")
            ));
        }
        let cleanup = self.cleanup.told(room);
        if !cleanup.is_empty() {
            text.push_str(&format!(
                "<details class=\"cleanup\"><summary>cleanup</summary><div>{cleanup}</div></details>\n"
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

    /// The numbers of its client, its feature and its tags.
    fn data(&self, facets: &Facets) -> String {
        let mut text = String::new();
        if let Some(client) = facets.clients.number(&self.story.client) {
            text.push_str(&format!(" data-c=\"{client}\""));
        }
        let feature = self.feature.as_deref();
        if let Some(feature) = feature.and_then(|feature| facets.features.number(feature)) {
            text.push_str(&format!(" data-f=\"{feature}\""));
        }
        let tags = self.tags.iter().filter_map(|tag| facets.tags.number(tag));
        let tags: Vec<String> = tags.map(|tag| tag.to_string()).collect();
        if !tags.is_empty() {
            text.push_str(&format!(" data-t=\"{}\"", tags.join(" ")));
        }
        text
    }

    /// Class and word of how it came out.
    fn word(&self) -> (&'static str, &'static str) {
        match self.over {
            None => ("odd", "part"),
            Some((Verdict::Pass, _)) if self.known => ("odd", "known"),
            Some((Verdict::Pass, _)) if self.warned => ("odd", "warn"),
            Some((verdict, _)) => word(verdict, &[]),
        }
    }

    fn summary(&self) -> String {
        let (class, word) = self.word();
        let mut counts = vec![counted(self.count, "step")];
        if self.failed > 0 {
            counts.push(format!("{} failed", self.failed));
        }
        match self.over {
            Some((_, elapsed)) => counts.push(seconds(elapsed)),
            None => counts.push("not finished".to_owned()),
        }
        format!(
            "<b class=\"word {class}\">{word}</b> <span>{}</span> <small>as {}</small> <small>{}</small>",
            html(&one_line(&self.story.title)),
            html(&one_line(&self.story.client)),
            counts.join(", "),
        )
    }

    fn about(&self) -> String {
        let mut parts = vec![html(&one_line(&self.path))];
        parts.extend(
            self.story
                .source
                .iter()
                .map(|source| html(&one_line(source))),
        );
        if !self.tags.is_empty() {
            parts.push(format!("tags: {}", html(&one_line(&self.tags.join(", ")))));
        }
        format!("<p class=\"place\">{}\n", parts.join("; "))
    }
}
