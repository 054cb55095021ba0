//! A failed step, told whole: where, what was sent, what came back, what is wrong, who says so, and how to see it again.

use super::citation::citations;
use super::clean::{one_line, visible};
use super::difference::differences;
use super::paint::Paint;
use super::traffic;
use crate::exchange::Exchange;
use crate::exchange::curl::curl;
use crate::finding::Finding;

/// What is told of a failed step.
#[derive(Debug, Clone, Copy)]
pub(crate) struct FailedStep<'a> {
    /// Title of the scenario.
    pub(crate) title: &'a str,
    /// Who is acted.
    pub(crate) client: &'a str,
    /// Name of the step.
    pub(crate) step: &'a str,
    /// Where it stands.
    pub(crate) file: &'a str,
    /// Line, from 1.
    pub(crate) line: usize,
    /// Where it is documented.
    pub(crate) source: Option<&'a str>,
    /// In order.
    pub(crate) exchanges: &'a [Exchange],
    /// All, also those that passed.
    pub(crate) findings: &'a [Finding],
}

/// Findings that say the same on several authorities.
pub(super) type Group<'a> = Vec<&'a Finding>;

impl FailedStep<'_> {
    /// The findings that failed and count, those of equal content together.
    fn groups(&self) -> Vec<Group<'_>> {
        grouped(self.findings.iter().filter(|finding| finding.counts()))
    }

    /// The first thing that is wrong, in one line.
    pub(crate) fn headline(&self) -> String {
        self.groups()
            .first()
            .map_or_else(|| "failed".to_owned(), |group| one_line(&group[0].message))
    }

    /// Id of the first rule that is broken.
    pub(crate) fn rule(&self) -> String {
        self.groups()
            .first()
            .map_or_else(|| "failed".to_owned(), |group| one_line(&group[0].id))
    }

    /// Title and place.
    pub(crate) fn place(&self, paint: Paint) -> String {
        format!(
            "{}, as {}\n{}:{}, step `{}`",
            paint.bold(one_line(self.title)),
            one_line(self.client),
            one_line(self.file),
            self.line,
            one_line(self.step),
        )
    }

    /// Everything but the title, exchange by exchange.
    pub(crate) fn text(&self, paint: Paint) -> String {
        let groups = self.groups();
        let mut blocks = Vec::new();
        for (position, exchange) in self.exchanges.iter().enumerate() {
            let about: Vec<&Group<'_>> = groups
                .iter()
                .filter(|group| self.exchange_of(group[0]) == Some(position))
                .collect();
            if about.is_empty() {
                continue;
            }
            blocks.push(traffic::exchange(exchange, paint));
            blocks.extend(about.into_iter().map(|group| self.told(group, paint)));
            blocks.push(format!("to see it again:\n  {}", curl(&exchange.request)));
        }
        blocks.extend(
            groups
                .iter()
                .filter(|group| self.exchange_of(group[0]).is_none())
                .map(|group| self.told(group, paint)),
        );
        blocks.join("\n\n")
    }

    fn exchange_of(&self, finding: &Finding) -> Option<usize> {
        exchange_of(finding, self.exchanges)
    }

    fn told(&self, group: &Group<'_>, paint: Paint) -> String {
        let first = group[0];
        let mut lines = vec![paint.bad(visible(&first.message))];
        lines.extend(
            differences(&first.differences, paint)
                .into_iter()
                .map(|line| format!("  {line}")),
        );
        lines.push(visible(&citations(group, self.source)));
        if let Some(admin) = group.iter().find_map(|finding| finding.admin.as_deref()) {
            lines.push(format!("the administrator reads: {}", visible(admin)));
        }
        let reasons = reasons(group).into_iter();
        lines.extend(reasons.map(|reason| format!("because: {}", visible(reason))));
        lines.push(paint.faint(format!("rule: {}", one_line(&first.id))));
        lines.join("\n")
    }
}

/// Findings of equal content together.
pub(super) fn grouped<'a>(findings: impl Iterator<Item = &'a Finding>) -> Vec<Group<'a>> {
    let mut groups: Vec<Group<'a>> = Vec::new();
    for finding in findings {
        match groups
            .iter_mut()
            .find(|group| same_content(group[0], finding))
        {
            Some(group) => group.push(finding),
            None => groups.push(vec![finding]),
        }
    }
    groups
}

/// The exchange that a finding is about; of a step with only one it goes without saying.
pub(super) fn exchange_of(finding: &Finding, exchanges: &[Exchange]) -> Option<usize> {
    let alone = (exchanges.len() == 1).then_some(0);
    finding
        .exchange
        .filter(|position| *position < exchanges.len())
        .or(alone)
}

/// Why those who say it need it, each reason once.
pub(super) fn reasons<'a>(group: &Group<'a>) -> Vec<&'a str> {
    let mut reasons: Vec<&str> = Vec::new();
    for reason in group
        .iter()
        .filter_map(|finding| finding.because.as_deref())
    {
        if !reasons.contains(&reason) {
            reasons.push(reason);
        }
    }
    reasons
}

fn same_content(left: &Finding, right: &Finding) -> bool {
    left.verdict == right.verdict
        && left.message == right.message
        && left.differences == right.differences
        && left.exchange == right.exchange
}
