//! The text of an expanded scenario.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use serde_json::Value;

use crate::expand::Told;
use crate::expand::marks::{named, named_line};
use crate::expand::source::Source;
use crate::finding::{Authority, Strength};
use crate::idp::{Call, Need, Payload};
use crate::plan::{Expectation, Wants};
use crate::profile::ProfileId;
use crate::scenario::act::Act;
use crate::scenario::step::{StatusSet, Step};
use crate::scenario::template::Tree;
use crate::scenario::{Feature, Scenario, flow};

/// Keys at the top that are taken over as they stand.
const KEPT: [&str; 8] = [
    "title", "feature", "source", "covers", "needs", "tags", "alone", "limits",
];

/// Writes an expanded scenario, step by step.
pub(super) struct Writer<'a> {
    source: &'a Source,
    client: ProfileId,
    text: String,
    /// How often each step's name was used.
    names: BTreeMap<String, usize>,
    /// Ids that the file has given a name so far.
    ids: BTreeSet<String>,
    /// Answers that were kept for overlays.
    kept: usize,
    /// First line of the explicit step that was copied last.
    copied: usize,
    /// Whether steps say their column: the story fills several.
    columns: bool,
    /// The column of the last act.
    column: Option<Feature>,
}

/// Answers that later calls of an act are written over, by the numbers of the calls.
#[derive(Default)]
struct Reads {
    /// The name by which an answer is kept, and where in it the document is.
    kept: BTreeMap<usize, (String, &'static str)>,
    /// The name of the answer that a call is written over.
    under: BTreeMap<usize, String>,
}

/// What went wrong in a step, if anything did.
pub(super) fn problem(expectations: &[Expectation]) -> Option<String> {
    expectations
        .iter()
        .find_map(|expectation| match &expectation.wants {
            Wants::Outcome {
                wanted,
                found,
                admin,
                ..
            } if wanted != found => Some(admin.clone().unwrap_or_else(|| found.clone())),
            Wants::Sendable(problem) => Some(problem.clone()),
            _ => None,
        })
}

impl<'a> Writer<'a> {
    /// Begins a file with its head.
    pub(super) fn new(scenario: &Scenario, source: &'a Source, client: ProfileId) -> Self {
        let mut text = format!(
            "# Written by `scimulate expand {} --as {}`. Change the story, not this file.\n",
            scenario.path,
            client.name()
        );
        for key in KEPT {
            match (key, &scenario.source) {
                ("source", Some(source)) => {
                    let _ = writeln!(text, "source: {}", source.of(client.authority()));
                }
                _ => text.push_str(source.key(key).unwrap_or_default()),
            }
            if key == "title" {
                let _ = writeln!(text, "as: {}", client.name());
                let _ = writeln!(text, "expands: {}", scenario.path);
            }
        }
        text.push_str(source.key("people").unwrap_or_default());
        let groups = &scenario.directory.groups;
        let mut variables: Vec<String> = scenario
            .variables
            .iter()
            .map(|(name, tree)| format!("  {name}: {}\n", flow::tree(tree)))
            .collect();
        for (index, (name, tree)) in groups.iter().enumerate() {
            variables.push(format!("  {name}: {}\n", group(tree, index)));
        }
        if !variables.is_empty() {
            text.push_str("vars:\n");
            variables.iter().for_each(|line| text.push_str(line));
        }
        text.push_str("steps:\n");
        Self {
            source,
            client,
            text,
            names: BTreeMap::new(),
            ids: BTreeSet::new(),
            kept: 0,
            copied: 0,
            columns: scenario.feature.is_none(),
            column: None,
        }
    }

    /// What a provider sends for an act.
    pub(super) fn act(&mut self, step: &Step, act: &Act, told: &[Told]) {
        let _ = writeln!(self.text, "  # {}", step.name);
        self.column = act.verb.feature().or(self.column);
        if told.is_empty() {
            self.text.push_str("  # (nothing is sent)\n");
        }
        let reads = self.reads(told);
        for (index, one) in told.iter().enumerate() {
            self.call(step, act, one, &reads, index);
        }
    }

    /// Which answers later calls are written over.
    fn reads(&mut self, told: &[Told]) -> Reads {
        let mut reads = Reads::default();
        for (index, one) in told.iter().enumerate() {
            let Some(Payload::Overlay { over, .. }) = &one.call.payload else {
                continue;
            };
            let earlier = told.iter().enumerate().take(index).rev();
            for (read, before) in earlier {
                let body = before.exchange.response().and_then(|answer| answer.json());
                let Some(body) = body else { continue };
                let place = if body == over {
                    "$"
                } else if body.pointer("/Resources/0") == Some(over) {
                    "$.Resources[0]"
                } else {
                    continue;
                };
                let (name, _) = reads.kept.entry(read).or_insert_with(|| {
                    self.kept += 1;
                    (format!("read{}", self.kept), place)
                });
                reads.under.insert(index, name.clone());
                break;
            }
        }
        reads
    }

    fn call(&mut self, step: &Step, act: &Act, told: &Told, reads: &Reads, index: usize) {
        let call = &told.call;
        let name = self.free_name(&call.title);
        let _ = writeln!(self.text, "  - name: {}", flow::quoted(&name));
        if call.client != self.client {
            let _ = writeln!(self.text, "    as: {}", call.client.name());
        }
        if let Some(tenant) = &step.tenant {
            let _ = writeln!(self.text, "    on: {tenant}");
        }
        if let (true, Some(feature)) = (self.columns, step.feature.or(act.verb.feature())) {
            let _ = writeln!(self.text, "    feature: {}", feature.name());
        }
        let _ = writeln!(self.text, "    source: {}", call.source);
        let method = call.method.to_ascii_lowercase();
        let _ = writeln!(self.text, "    {method}: {}", target(call));
        match &call.payload {
            Some(Payload::Document(document)) => {
                let body = named(&document.to_string());
                let _ = writeln!(self.text, "    body: |\n      {body}");
            }
            Some(Payload::Overlay { over, with, .. }) => {
                let kept = reads.under.get(&index).map(|kept| format!("${{{kept}}}"));
                // Without an answer to write over, the earlier document is written out itself.
                let over = kept.map_or_else(
                    || named_line(&flow::value(over)),
                    |kept| Value::from(kept).to_string(),
                );
                let _ = writeln!(self.text, "    over: {over}\n    with:");
                for (path, value) in with {
                    let value = value.as_ref().map_or("$remove".to_owned(), flow::value);
                    let line = format!("      {}: {value}", flow::name(path));
                    let _ = writeln!(self.text, "{}", named_line(&line));
                }
            }
            None => {}
        }
        self.needs(&call.judged_by());
        let mut keep = Vec::new();
        if let Some(subject) = &call.subject {
            let id = format!("{}.id", subject.key());
            if call.creates {
                keep.push(format!("{id}: $.id"));
                self.ids.insert(id);
            } else if is_hit(told) && !self.ids.contains(&id) {
                keep.push(format!("{id}: {}", flow::quoted("$.Resources[0].id")));
                self.ids.insert(id);
            }
        }
        if let Some((kept, place)) = reads.kept.get(&index) {
            let place = flow::quoted(place);
            keep.push(format!("{kept}: {place}"));
        }
        if !keep.is_empty() {
            let _ = writeln!(self.text, "    keep: {{ {} }}", keep.join(", "));
        }
    }

    fn needs(&mut self, needs: &[Need]) {
        if needs.is_empty() {
            return;
        }
        self.text.push_str("    expect:\n");
        for need in needs {
            let mut lines = Vec::new();
            if !need.status.is_empty() {
                let statuses: Vec<String> = need.status.iter().map(status).collect();
                lines.push(match statuses.as_slice() {
                    [one] => format!("status: {one}"),
                    several => format!("status: [{}]", several.join(", ")),
                });
            }
            if let Some(body) = &need.body {
                lines.push(named_line(&format!("body: {}", flow::matcher(body))));
            }
            if let Some(by) = need.by {
                let word = match by {
                    Authority::Okta => "okta",
                    Authority::Entra => "entra",
                    Authority::Rfc | Authority::Snapshot => "rfc",
                };
                lines.push(format!("by: {word}"));
            }
            match need.strength {
                Strength::Must => {}
                Strength::Should => lines.push("strength: should".to_owned()),
                Strength::May => lines.push("strength: may".to_owned()),
            }
            if !need.covers.is_empty() {
                lines.push(format!("covers: [{}]", need.covers.join(", ")));
            }
            if !need.because.is_empty() {
                lines.push(format!("because: {}", flow::quoted(need.because)));
            }
            let _ = writeln!(self.text, "      - {}", lines.join("\n        "));
        }
    }

    /// Everything that was provisioned, each on its own.
    pub(super) fn mapped(
        &mut self,
        step: &Step,
        because: Option<&str>,
        expectations: &[Expectation],
    ) {
        let mut seen: Vec<(String, Vec<String>)> = Vec::new();
        for expectation in expectations {
            let (subject, line) = match &expectation.wants {
                Wants::Resource(state) => {
                    let Some(sent) = &state.sent else { continue };
                    let mut line = format!("stored: {}", flow::value(&sent.body));
                    if let Some(is) = &state.is {
                        line.push_str(&format!("\n      is: {}", flow::matcher(is)));
                    }
                    // What has been cleared is named nowhere, and may differ.
                    let cleared = state.touched.iter().any(|path| {
                        let name = path.split(['.', '[']).next().unwrap_or_default();
                        sent.body.get(name).is_none()
                            && !path.starts_with("urn:")
                            && !line.contains(name)
                    });
                    if cleared {
                        line.push_str("\n      rest: any");
                    }
                    (state.subject.clone(), line)
                }
                Wants::Found { .. } => {
                    if let Some((_, lines)) = seen.last_mut() {
                        lines.push("by: [id, filter]".to_owned());
                    }
                    continue;
                }
                Wants::GoneById { subject } => (subject.clone(), "gone: true".to_owned()),
                _ => continue,
            };
            seen.push((subject, vec![line]));
        }
        let column = step.feature.or(self.column).filter(|_| self.columns);
        // Whom nothing was asked of, is a neighbour of the first who changed.
        let (changed, others): (Vec<_>, Vec<_>) = seen
            .into_iter()
            .partition(|(_, lines)| lines.iter().any(|line| is_changed(line)));
        let mut neighbours: Vec<String> = others
            .iter()
            .filter_map(|(subject, _)| subject.split_once(' '))
            .map(|(_, key)| key.to_owned())
            .collect();
        for (subject, lines) in changed {
            let Some((kind, key)) = subject.split_once(' ') else {
                continue;
            };
            let name = self.free_name(&format!("{key} is as the directory says"));
            let _ = writeln!(self.text, "  - name: {}", flow::quoted(&name));
            if let Some(tenant) = &step.tenant {
                let _ = writeln!(self.text, "    on: {tenant}");
            }
            if let Some(feature) = column {
                let _ = writeln!(self.text, "    feature: {}", feature.name());
            }
            let _ = writeln!(self.text, "    verify:\n      {kind}: {key}");
            for line in lines.iter().filter(|line| !line.starts_with("by:")) {
                let _ = writeln!(self.text, "      {}", named_line(line));
            }
            if !neighbours.is_empty() {
                let names = std::mem::take(&mut neighbours).join(", ");
                let _ = writeln!(self.text, "      neighbours: [{names}]");
            }
            if let Some(because) = because {
                let _ = writeln!(self.text, "      because: {}", flow::quoted(because));
            }
        }
    }

    /// An explicit step gives an id a name.
    pub(super) fn knows(&mut self, id: &str) {
        self.ids.insert(id.to_owned());
    }

    /// An explicit step, as it stands.
    pub(super) fn copied(&mut self, step: &Step) {
        if let Some((line, text)) = self.source.step(&step.place)
            && line > self.copied
        {
            self.copied = line;
            self.text.push_str(text);
        }
    }

    /// A step that this client leaves out.
    pub(super) fn left_out(&mut self, step: &Step, reason: &str) {
        let _ = writeln!(
            self.text,
            "  # {}: left out, {}",
            step.name,
            named(reason).replace('\n', " ")
        );
    }

    /// The whole file.
    pub(super) fn finish(self) -> String {
        self.text
    }

    fn free_name(&mut self, title: &str) -> String {
        let used = self.names.entry(title.to_owned()).or_default();
        *used += 1;
        match *used {
            1 => title.to_owned(),
            number => format!("{title} ({number})"),
        }
    }
}

/// Whether a look-up found exactly one resource.
fn is_hit(told: &Told) -> bool {
    let body = told.exchange.response().and_then(|answer| answer.json());
    let found = body.and_then(|body| body.get("Resources")?.as_array());
    told.call.method == "GET" && found.is_some_and(|found| found.len() == 1)
}

/// Path and query as scenarios write them.
fn target(call: &Call) -> String {
    let mut target: String = call
        .path
        .iter()
        .map(|segment| format!("/{}", named(segment)))
        .collect();
    for (index, (name, value)) in call.query.iter().enumerate() {
        target.push(if index == 0 { '?' } else { '&' });
        target.push_str(&format!("{name}={}", named(value)));
    }
    target
}

/// A group's attributes as a variable, with the id that it has if the story gives none.
fn group(tree: &Tree, index: usize) -> String {
    let written = flow::tree(tree);
    if written.contains("objectId") {
        return written;
    }
    let id = crate::plan::object_id(index, "${run}");
    format!(
        "{}, objectId: \"{id}\" }}",
        written.trim_end_matches('}').trim_end()
    )
}

/// Whether the line says that the subject was acted on: it is looked for by filter, too, or gone.
fn is_changed(line: &str) -> bool {
    line.starts_with("by:") || line.starts_with("gone:")
}

fn status(set: &StatusSet) -> String {
    match set {
        StatusSet::One(status) => status.to_string(),
        StatusSet::Class(class) => format!("{class}xx"),
    }
}
