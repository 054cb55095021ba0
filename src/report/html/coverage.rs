//! The map of the RFCs: what of them this run tested, section by section.

use std::collections::{BTreeMap, BTreeSet};

use super::super::clean::html;
use super::super::summary::counted;
use super::Rules;
use crate::event::Event;
use crate::finding::requirement::Requirement;
use crate::finding::{Authority, Finding, Verdict};

/// Squares in a row of the map.
const ACROSS: usize = 20;
/// Width of a square with its margin.
const SQUARE: usize = 12;

/// What a run said of requirements.
#[derive(Debug, Default)]
pub(super) struct Coverage {
    /// How many findings hold each requirement for kept.
    held: BTreeMap<String, u64>,
    /// How many hold it for broken.
    broken: BTreeMap<String, u64>,
    /// How many exchanges each check spoke about.
    checked: BTreeMap<String, u64>,
    /// How many times each rule was broken.
    faults: BTreeMap<String, u64>,
    /// How many times a rule that is no check was kept.
    kept: BTreeMap<String, u64>,
}

/// How a run left a requirement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Broken(u64),
    Tested(u64),
    Untestable,
    Untested,
}

impl State {
    fn class(self) -> &'static str {
        match self {
            Self::Broken(_) => "bad",
            Self::Tested(_) => "good",
            Self::Untestable => "dim",
            Self::Untested => "none",
        }
    }

    fn words(self) -> String {
        match self {
            Self::Broken(times) => format!("broken {times}×"),
            Self::Tested(times) => format!("tested {times}×"),
            Self::Untestable => "not to be seen".to_owned(),
            Self::Untested => "not tested".to_owned(),
        }
    }
}

impl Coverage {
    /// Takes the next event.
    pub(super) fn on(&mut self, event: &Event) {
        match event {
            Event::StepFinished { findings, .. } => {
                findings.iter().for_each(|finding| self.take(finding));
            }
            Event::ScenarioFinished { checked, .. } => {
                for (check, count) in checked {
                    *self.checked.entry(check.clone()).or_default() += count;
                }
            }
            _ => {}
        }
    }

    fn take(&mut self, finding: &Finding) {
        let (rules, requirements) = match finding.verdict {
            Verdict::Pass => (&mut self.kept, &mut self.held),
            // What a provider needs beyond the RFC does not break the RFC.
            Verdict::Fail if finding.authority == Authority::Rfc => {
                (&mut self.faults, &mut self.broken)
            }
            Verdict::Fail | Verdict::Error => {
                *self.faults.entry(finding.id.clone()).or_default() += 1;
                return;
            }
            Verdict::Skip => return,
        };
        *rules.entry(finding.id.clone()).or_default() += 1;
        for requirement in &finding.requirements {
            *requirements.entry(requirement.clone()).or_default() += 1;
        }
    }

    /// Every rule that judged something, with how often it was broken and how often it spoke.
    pub(super) fn rules(&self) -> Vec<(&str, u64, u64)> {
        let ids: BTreeSet<&String> = self
            .faults
            .keys()
            .chain(self.kept.keys())
            .chain(self.checked.keys())
            .collect();
        ids.into_iter()
            .map(|id| {
                let count = |counts: &BTreeMap<String, u64>| counts.get(id).copied().unwrap_or(0);
                let faults = count(&self.faults);
                let spoke = match self.checked.get(id) {
                    Some(exchanges) => *exchanges,
                    None => count(&self.kept) + faults,
                };
                (id.as_str(), faults, spoke)
            })
            .collect()
    }

    fn states(&self, rules: &Rules) -> Vec<(Requirement, State)> {
        let untestable = (rules.untestable)();
        let mut tested: BTreeMap<&str, u64> = BTreeMap::new();
        for (check, count) in &self.checked {
            for requirement in (rules.requirements_of)(check) {
                *tested.entry(requirement).or_default() += count;
            }
        }
        let mut all = Requirement::all();
        all.sort_by_cached_key(Requirement::order);
        all.into_iter()
            .map(|requirement| {
                let id = requirement.id.as_str();
                let times =
                    tested.get(id).copied().unwrap_or(0) + self.held.get(id).copied().unwrap_or(0);
                let state = match (self.broken.get(id), times) {
                    (Some(times), _) => State::Broken(*times),
                    (None, 1..) => State::Tested(times),
                    (None, 0) if untestable.contains_key(id) => State::Untestable,
                    (None, 0) => State::Untested,
                };
                (requirement, state)
            })
            .collect()
    }

    /// The map; empty where nothing of the RFCs was tested.
    pub(super) fn told(&self, rules: &Rules) -> String {
        let states = self.states(rules);
        let count = |of: fn(&State) -> bool| states.iter().filter(|(_, state)| of(state)).count();
        let broken = count(|state| matches!(state, State::Broken(_)));
        let tested = count(|state| matches!(state, State::Tested(_)));
        if broken + tested == 0 {
            return String::new();
        }
        let untestable = count(|state| *state == State::Untestable);
        let mut text = format!(
            "<section aria-labelledby=\"coverage\"><h2 id=\"coverage\">What of the RFCs was tested</h2>\n<p>{}: <b class=\"good\">{tested} tested and kept</b>, \
             <b class=\"bad\">{broken} broken</b>, <b class=\"none\">{} not tested in this run</b>, \
             <b class=\"dim\">{untestable} not to be seen from outside</b>.\n<div class=\"map\">\n",
            counted(states.len(), "requirement"),
            states.len() - tested - broken - untestable,
        );
        let mut rest = states.as_slice();
        while let Some((first, _)) = rest.first() {
            let group = first.group();
            let end = rest
                .iter()
                .position(|(requirement, _)| requirement.group() != group)
                .unwrap_or(rest.len());
            let (section, others) = rest.split_at(end);
            text.push_str(&told(&group, section));
            rest = others;
        }
        text.push_str("</div>\n</section>\n");
        text
    }
}

/// A group of sections: a square for each requirement, and below them what they say.
fn told(group: &str, section: &[(Requirement, State)]) -> String {
    let seen = section
        .iter()
        .filter(|(_, state)| matches!(state, State::Tested(_) | State::Broken(_)))
        .count();
    let broken = section
        .iter()
        .filter(|(_, state)| matches!(state, State::Broken(_)))
        .count();
    let of_them = match broken {
        0 => String::new(),
        _ => format!(", <b class=\"bad\">{broken} broken</b>"),
    };
    let mut text = format!(
        "<details><summary><span>{}</span> {} <small>{seen} of {}{of_them}</small></summary>\n\
         <div class=\"wide\"><table><thead><tr><th scope=\"col\">Section<th scope=\"col\">Requirement<th scope=\"col\">Level<th scope=\"col\">In this run</thead>\n",
        html(group),
        squares(section),
        section.len(),
    );
    for (requirement, state) in section {
        text.push_str(&format!(
            "<tr><td>{}<td>{}<br><small>{}</small><td>{}<td><b class=\"{}\">{}</b>\n",
            html(&requirement.section),
            html(&requirement.requirement),
            html(&requirement.id),
            html(&requirement.level),
            state.class(),
            state.words(),
        ));
    }
    text.push_str("</table></div></details>\n");
    text
}

/// Full: tested; crossed: broken; hollow: not tested; a point: not to be seen from outside.
fn squares(section: &[(Requirement, State)]) -> String {
    let mut paths: BTreeMap<&str, String> = BTreeMap::new();
    for (place, (_, state)) in section.iter().enumerate() {
        let (x, y) = (place % ACROSS * SQUARE + 1, place / ACROSS * SQUARE + 1);
        let shape = match state {
            State::Tested(_) => format!("M{x} {y}h9v9h-9z"),
            State::Broken(_) => format!("M{x} {y}h9v9h-9zm1 1l7 7m0-7l-7 7"),
            State::Untested => format!("M{x} {y}h9v9h-9z"),
            State::Untestable => format!("M{} {}h2v2h-2z", x + 4, y + 4),
        };
        paths.entry(state.class()).or_default().push_str(&shape);
    }
    let paths: String = paths
        .into_iter()
        .map(|(class, path)| format!("<path class=\"{class}\" d=\"{path}\"/>"))
        .collect();
    let height = section.len().div_ceil(ACROSS) * SQUARE;
    format!(
        "<svg aria-hidden=\"true\" viewBox=\"0 0 {} {height}\">{paths}</svg>",
        ACROSS * SQUARE
    )
}
