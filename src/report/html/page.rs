//! The page: the verdict, the grid, what to fix first, what was not tested, every scenario, then latency, the map of the RFCs and
//! the rules.

use std::collections::BTreeSet;
use std::io::{self, Write};

use super::super::clean::html;
use super::super::summary::{beside_text, counted, in_words, seconds};
use super::super::totals::Counts;
use super::assets::{ICON, policy, script, style};
use super::exchange::Room;
use super::prose::prose;
use super::scenario::Part;
use super::words::{self, Facets, Words};
use super::{Html, causes, gate, grid, rule};

/// Bytes of failed steps that are shown whole; browsers open such a page at once.
const MOST_WHOLE: usize = 8 * 1024 * 1024;
/// Bytes of exchanges in which nothing is wrong that have more than a line.
const MOST_SHORT: usize = 12 * 1024 * 1024;
/// Failed scenarios that are open; of more the reader chooses.
const MOST_OPEN: usize = 5;

/// The control that the script shows: it changes between light, dark, and what the system says. And the keys.
const CONTROLS: &str = "<button type=\"button\" id=\"theme\" hidden>Theme: system</button>\
    <button type=\"button\" id=\"help\" hidden aria-haspopup=\"dialog\">Keys</button>";

/// What the keys do, shown by the script.
const KEYS: &str = "<dialog id=\"keys\" aria-labelledby=\"keys-title\"><h2 id=\"keys-title\">Keys</h2>\n\
    <table><thead><tr><th scope=\"col\">Key<th scope=\"col\">What it does</thead>\n\
    <tr><td><kbd>j</kbd> or <kbd>↓</kbd><td>next line that folds (the arrow where one has the focus)\n\
    <tr><td><kbd>k</kbd> or <kbd>↑</kbd><td>the one before\n\
    <tr><td><kbd>Enter</kbd><td>fold or unfold it\n\
    <tr><td><kbd>→</kbd> <kbd>←</kbd><td>unfold it; fold it, or go to what it is in\n\
    <tr><td><kbd>n</kbd> <kbd>p</kbd><td>next failure, the one before\n\
    <tr><td><kbd>/</kbd><td>search; <kbd>Enter</kbd> there goes to the first that is found\n\
    <tr><td><kbd>t</kbd><td>light, dark, as the system\n\
    <tr><td><kbd>Esc</kbd><td>leave the search; show all again\n\
    <tr><td><kbd>?</kbd><td>this\n</table>\n\
    <p><label><input type=\"checkbox\" id=\"single\" checked> keys of one letter work</label>\n\
    <p><button type=\"button\" id=\"close\">Close</button></dialog>\n";

impl<W: Write> Html<W> {
    /// Writes the document.
    pub(super) fn write(&mut self) -> io::Result<()> {
        let (class, verdict) = self.verdict();
        let target = self.target.as_str();
        write!(
            self.out,
            "<!DOCTYPE html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n\
             <meta http-equiv=\"Content-Security-Policy\" content=\"{}\">\n\
             <meta name=\"viewport\" content=\"width=device-width\">\n<meta name=\"referrer\" content=\"no-referrer\">\n\
             <link rel=\"icon\" href=\"{ICON}\">\n<title>{target}: {verdict}</title>\n<style>{}</style>\n",
            policy(),
            style()
        )?;
        let facets = self.facets();
        let parts = self.parts(&facets);
        let links: String = parts
            .iter()
            .map(|(id, name, _)| format!("<li><a href=\"#{id}\">{name}</a>"))
            .collect();
        write!(
            self.out,
            "<a class=\"skip\" href=\"#content\">To the content</a>\n\
             <nav aria-label=\"Parts of the page\"><ul>{links}</ul><div>{CONTROLS}</div></nav>\n\
             <main id=\"content\" tabindex=\"-1\">\n<header><h1><small>What Okta and Entra would have made of</small> {target}</h1>\n\
             <p class=\"verdict {class}\">{verdict}\n"
        )?;
        if let Some((message, hint)) = &self.stopped {
            writeln!(self.out, "<p class=\"bad\">{message}")?;
            if let Some(hint) = hint {
                writeln!(self.out, "<p>{hint}")?;
            }
        }
        self.write_facts()?;
        for comparison in &self.comparisons {
            let told = html(&beside_text(comparison));
            writeln!(self.out, "<p class=\"note lines\">{told}")?;
        }
        for notice in &self.notices {
            writeln!(self.out, "<p class=\"note\"><i>note:</i> {notice}")?;
        }
        writeln!(self.out, "</header>")?;
        for (_, _, text) in parts {
            self.out.write_all(text.as_bytes())?;
        }
        write!(
            self.out,
            "</main>\n{KEYS}<script>{}</script>\n</html>\n",
            script()
        )
    }

    /// Its class, and the words.
    fn verdict(&self) -> (&'static str, String) {
        let (totals, failed) = (&self.totals, self.totals.failed_steps());
        if self.stopped.is_some() {
            return ("bad", "the target could not be tested".to_owned());
        }
        if let Some(readiness) = &self.readiness {
            return gate::verdict(readiness);
        }
        if failed > 0 {
            let all = counted(totals.steps.all(), "step");
            return ("bad", format!("{failed} of {all} failed"));
        }
        if totals.interrupted {
            return (
                "odd",
                "interrupted; nothing has failed until then".to_owned(),
            );
        }
        match totals.steps.passed + totals.steps.known {
            0 => ("odd", "nothing was tested".to_owned()),
            _ => ("good", "nothing failed".to_owned()),
        }
    }

    fn write_facts(&mut self) -> io::Result<()> {
        let totals = &self.totals;
        let mut facts = vec![
            ("scenarios", tally(totals.scenarios)),
            ("steps", tally(totals.steps)),
            (
                "requests",
                format!("<b>{}</b> in {}", totals.requests, seconds(totals.elapsed)),
            ),
            ("warnings", format!("<b>{}</b>", totals.warnings)),
        ];
        if totals.unfinished > 0 {
            facts.push(("not finished", counted(totals.unfinished, "scenario")));
        }
        if totals.interrupted {
            facts.push((
                "interrupted",
                "what is not listed was not tested".to_owned(),
            ));
        }
        facts.extend(self.facts.iter().cloned());
        write!(self.out, "<dl>")?;
        for (name, value) in facts {
            write!(self.out, "<div><dt>{name}<dd>{value}</div>")?;
        }
        writeln!(self.out, "</dl>")
    }

    /// What there is to filter by.
    fn facets(&self) -> Facets {
        let scenarios = self.scenarios.values();
        let mut tags: Vec<&str> = scenarios
            .clone()
            .flat_map(|scenario| scenario.tags.iter().map(String::as_str))
            .collect();
        tags.sort_unstable();
        let clients = self.grid.clients().into_iter();
        Facets {
            clients: Words::of(
                clients.chain(scenarios.map(|scenario| scenario.story.client.as_str())),
            ),
            features: Words::of(self.grid.features()),
            tags: Words::of(tags),
        }
    }

    /// The parts of the page that are not empty: id, name, text. The grid comes first; where a gate is the question, its answer.
    fn parts(&self, facets: &Facets) -> Vec<(&'static str, &'static str, String)> {
        let accepted = "Known failures, which the baseline accepts";
        let gate = self.readiness.as_ref().map(gate::told).unwrap_or_default();
        let parts = [
            ("gate", "Gate", gate),
            (
                "grid",
                "Grid",
                grid::told(&self.grid, &self.scenarios, facets),
            ),
            (
                "fix",
                "Fix first",
                causes::told("fix", "What to fix first", &self.causes),
            ),
            (
                "known",
                "Known",
                causes::told("known", accepted, &self.known),
            ),
            ("warnings", "Warnings", self.warned()),
            ("skipped", "Skipped", self.skipped()),
            ("scenarios", "Scenarios", self.played(facets)),
            ("latency", "Latency", self.latency.told()),
            ("coverage", "RFC coverage", self.coverage.told(&self.rules)),
            ("rules", "Rules", self.explained()),
            ("preflight", "Preflight", self.asked_first()),
        ];
        let parts = parts.into_iter();
        parts.filter(|(_, _, text)| !text.is_empty()).collect()
    }

    fn warned(&self) -> String {
        let warnings =
            self.warnings.told().into_iter().map(|(text, place)| {
                format!("<li>{} <small>{}</small>\n", prose(text), html(&place))
            });
        listed(
            "warnings",
            "Warnings, which fail nothing",
            warnings.collect(),
        )
    }

    /// What was not tested.
    fn skipped(&self) -> String {
        let reasons = self.skips.reasons(self.causes.iter().chain(&self.known));
        let reasons = reasons
            .into_iter()
            .map(|(reason, steps)| format!("<li>{}: {}\n", counted(steps, "step"), prose(&reason)));
        listed("skipped", "Skipped, so not tested", reasons.collect())
    }

    /// All scenarios, those that failed first.
    fn played(&self, facets: &Facets) -> String {
        if self.scenarios.is_empty() {
            return String::new();
        }
        let (whole, left_out) = self.whole();
        let mut room = Room {
            bytes: MOST_SHORT,
            for_ours: self
                .scenarios
                .values()
                .map(super::Scenario::bytes)
                .sum::<usize>()
                <= MOST_SHORT,
            lines_only: 0,
        };
        let mut text = String::new();
        for part in [
            Part::Failed,
            Part::Unfinished,
            Part::Warned,
            Part::Passed,
            Part::Skipped,
        ] {
            let of_part: Vec<_> = self
                .scenarios
                .iter()
                .filter(|(_, scenario)| scenario.part() == part)
                .collect();
            if of_part.is_empty() {
                continue;
            }
            let is_open = part == Part::Failed && of_part.len() <= MOST_OPEN;
            let (id, heading) = part.words();
            text.push_str(&format!(
                "<section class=\"part\" aria-labelledby=\"{id}\"><h3 id=\"{id}\">{heading} <small>{}</small></h3>\n",
                of_part.len()
            ));
            for (number, scenario) in of_part {
                let is_whole = |place| whole.contains(&(*number, place));
                text.push_str(&scenario.told(*number, facets, is_open, is_whole, &mut room));
            }
            text.push_str("</section>\n");
        }
        let mut notes = String::new();
        if left_out > 0 {
            notes.push_str(&format!(
                "<p class=\"note\">{} that failed are shown in short, or this page would be larger than browsers like; the event stream has all of them\n",
                counted(left_out, "step")
            ));
        }
        if room.lines_only > 0 {
            notes.push_str(&format!(
                "<p class=\"note\">{} in which nothing is wrong have one line only, or this page would be larger than browsers like; the event stream has all of them\n",
                counted(room.lines_only, "exchange")
            ));
        }
        format!(
            "<section aria-labelledby=\"scenarios\"><h2 id=\"scenarios\">Scenarios</h2>\n{}{notes}{text}</section>\n",
            words::bar(facets)
        )
    }

    /// The failed steps that are shown whole, those first that stand for a cause; and how many there is no room for.
    fn whole(&self) -> (BTreeSet<(usize, usize)>, usize) {
        let examples = self.causes.iter().filter_map(|cause| cause.places.first());
        let examples = examples.map(|place| (place.scenario, place.index));
        let sizes: std::collections::BTreeMap<(usize, usize), usize> = self
            .scenarios
            .iter()
            .flat_map(|(number, scenario)| {
                scenario.steps.iter().filter_map(|(place, step)| {
                    Some(((*number, *place), step.whole.as_ref()?.len()))
                })
            })
            .collect();
        let mut whole = BTreeSet::new();
        let mut left_out = BTreeSet::new();
        let mut bytes = 0;
        for place in examples.chain(sizes.keys().copied()) {
            match sizes.get(&place) {
                None => {}
                Some(_) if whole.contains(&place) => {}
                Some(size) if bytes + size > MOST_WHOLE => {
                    left_out.insert(place);
                }
                Some(size) => {
                    bytes += size;
                    whole.insert(place);
                }
            }
        }
        (whole, left_out.len() + self.dropped)
    }

    /// The pages of all rules that judged something, the broken ones first.
    fn explained(&self) -> String {
        let mut rules = self.coverage.rules();
        // What the page links to is there, also where nothing but a name is known of it.
        let linked: BTreeSet<&String> = self
            .scenarios
            .values()
            .flat_map(|scenario| &scenario.steps)
            .flat_map(|(_, step)| &step.rules)
            .chain(
                self.causes
                    .iter()
                    .chain(&self.known)
                    .flat_map(|cause| &cause.rules),
            )
            .collect();
        let mut anchors: BTreeSet<String> = rules.iter().map(|(id, ..)| rule::anchor(id)).collect();
        rules.extend(
            linked
                .into_iter()
                .filter(|id| anchors.insert(rule::anchor(id)))
                .map(|id| (id.as_str(), 1, 1)),
        );
        if rules.is_empty() {
            return String::new();
        }
        rules.sort_by_key(|(id, broken, _)| (*broken == 0, *id));
        let mut seen = BTreeSet::new();
        let told: String = rules
            .into_iter()
            .filter(|(id, ..)| seen.insert(rule::anchor(id)))
            .map(|(id, broken, spoke)| rule::told(id, (self.rules.page_of)(id), (broken, spoke)))
            .collect();
        format!(
            "<section aria-labelledby=\"rules\"><h2 id=\"rules\">The rules that judged</h2>\n{told}</section>\n"
        )
    }

    fn asked_first(&self) -> String {
        let mut room = Room {
            bytes: MOST_SHORT,
            for_ours: true,
            lines_only: 0,
        };
        let told: String = self
            .preflight
            .iter()
            .map(|shorts| shorts.told(&mut room))
            .collect();
        if told.is_empty() {
            return String::new();
        }
        format!(
            "<section aria-labelledby=\"preflight\"><h2 id=\"preflight\">What scimulate asked for itself</h2>\n\
             <details><summary>exchanges that belong to no scenario</summary><div>{told}</div></details></section>\n"
        )
    }
}

/// How many there are, and how they came out.
fn tally(counts: Counts) -> String {
    let words = in_words(counts, "");
    let parts = match words.split_once(": ") {
        Some(_) if counts.passed == counts.all() => "all passed",
        Some((_, parts)) => parts,
        None => "",
    };
    format!("<b>{}</b> {parts}", counts.all())
}

/// A part with a list.
fn listed(id: &str, title: &str, items: String) -> String {
    match items.is_empty() {
        true => items,
        false => format!(
            "<section aria-labelledby=\"{id}\"><h2 id=\"{id}\">{title}</h2>\n<ul>{items}</ul></section>\n"
        ),
    }
}
