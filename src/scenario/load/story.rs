//! The keys at the top of a scenario file.

use std::collections::BTreeSet;

use crate::finding::requirement::Requirement;
use crate::gate;
use crate::profile::ProfileId;
use crate::scenario::declaration::{DECLARABLE, PRESETS, attribute_of, is_own};
use crate::scenario::error::Problem;
use crate::scenario::load::fields::{self, Fields};
use crate::scenario::load::scope::{Definition, Origin, reserved};
use crate::scenario::load::{Loader, SCENARIO_KEYS, library, start_of, values};
use crate::scenario::nearest::nearest;
use crate::scenario::template::{Text, Tree, is_name};
use crate::scenario::yaml::{self, Kind, Node};
use crate::scenario::{Evidence, Feature, Limits, NEEDS, Place, Scenario, Source};

/// In `covers`: the requirement ids of the row of `cases` that the step stands in.
const ROW: &str = "row";

impl Loader<'_> {
    pub(super) fn scenario(&mut self, root: &Node) -> Option<Scenario> {
        let fields = Fields::read(root, "a scenario", &SCENARIO_KEYS, &mut self.errors)?;
        let title = fields
            .required("title", &mut self.errors)
            .and_then(|node| self.line("title", node));
        let mut clients = Vec::new();
        if let Some(node) = fields.get("as") {
            for (written, node) in fields::words("as", node, &mut self.errors) {
                clients.extend(self.client(written, node));
            }
        }
        if clients.is_empty() {
            clients.push(ProfileId::Scimulate);
        }
        let feature = fields.get("feature").and_then(|node| self.feature(node));
        let source = fields.get("source").and_then(|node| self.source(node));
        if !fields.has("source") {
            self.warnings
                .push(Problem::NoSource.at(start_of(&self.shown)));
        }
        let covers = self.covers(fields.get("covers"));
        let certifies = self.certifies(fields.get("certifies"));
        let needs = self.needs(fields.get("needs"));
        let preset = fields.get("preset").and_then(|node| self.preset(node));
        let services = fields
            .get("services")
            .map(|node| self.services(node))
            .unwrap_or_default();
        let policies = match fields.get("policies") {
            Some(node) => fields::words("policies", node, &mut self.errors)
                .into_iter()
                .map(|(policy, _)| policy.to_owned())
                .collect(),
            None => Vec::new(),
        };
        let tags = match fields.get("tags") {
            Some(node) => fields::words("tags", node, &mut self.errors)
                .into_iter()
                .map(|(tag, _)| tag.to_owned())
                .collect(),
            None => Vec::new(),
        };
        let alone = fields
            .get("alone")
            .and_then(|node| fields::boolean("alone", node, &mut self.errors))
            .unwrap_or_default();
        let expands = fields
            .get("expands")
            .and_then(|node| self.line("expands", node));
        let limits = self.limits(fields.get("limits"));
        let people = fields
            .get("people")
            .map(|node| self.people(node))
            .unwrap_or_default();
        let directory = self.directory(&fields);
        let variables = fields
            .get("vars")
            .map(|node| self.variables(node))
            .unwrap_or_default();
        let mut steps = Vec::new();
        if let Some(node) = fields.required("steps", &mut self.errors) {
            self.step_list("steps", node, &mut steps);
        }
        self.check_read_back(&steps);
        let mut cleanup = Vec::new();
        if let Some(node) = fields.get("cleanup") {
            self.step_list("cleanup", node, &mut cleanup);
        }
        Some(Scenario {
            path: self.shown.clone(),
            title: title?,
            clients,
            feature,
            source,
            covers,
            certifies,
            needs,
            preset,
            services,
            policies,
            expands,
            tags,
            alone,
            people,
            directory,
            variables,
            limits,
            outside: std::mem::take(&mut self.scope.outside),
            steps,
            cleanup,
        })
    }

    fn line(&mut self, key: &str, node: &Node) -> Option<String> {
        let text = fields::text(key, node, &mut self.errors)?.trim();
        if text.contains('\n') {
            self.errors
                .push(fields::wrong_type(key, "one line of text", node));
        }
        Some(text.to_owned())
    }

    pub(super) fn client(&mut self, written: &str, node: &Node) -> Option<ProfileId> {
        let known = ProfileId::ALL.map(ProfileId::name);
        let named = ProfileId::named;
        fields::word("client", written, node, &known, named, &mut self.errors)
    }

    pub(super) fn feature(&mut self, node: &Node) -> Option<Feature> {
        let written = fields::text("feature", node, &mut self.errors)?;
        let known = Feature::ALL.map(Feature::name);
        let named = Feature::named;
        fields::word("feature", written, node, &known, named, &mut self.errors)
    }

    fn preset(&mut self, node: &Node) -> Option<String> {
        let written = fields::text("preset", node, &mut self.errors)?;
        let named = |name: &str| PRESETS.contains(&name).then(|| name.to_owned());
        fields::word("preset", written, node, &PRESETS, named, &mut self.errors)
    }

    pub(super) fn source(&mut self, node: &Node) -> Option<Source> {
        let text = fields::text("source", node, &mut self.errors)?.trim();
        let marks = [
            ("[doc]", Evidence::Doc),
            ("[recorded]", Evidence::Recorded),
            ("[inferred]", Evidence::Inferred),
        ];
        let mut found: Vec<(usize, Evidence)> = marks
            .into_iter()
            .flat_map(|(mark, evidence)| {
                text.match_indices(mark).map(move |(at, _)| (at, evidence))
            })
            .collect();
        found.sort_by_key(|(at, _)| *at);
        if found.is_empty() {
            self.errors
                .push(Problem::SourceWithoutMark.at(node.place.clone()));
            return None;
        }
        Some(Source {
            text: text.to_owned(),
            evidence: found.into_iter().map(|(_, evidence)| evidence).collect(),
        })
    }

    pub(super) fn covers(&mut self, node: Option<&Node>) -> Vec<String> {
        let Some(node) = node else { return Vec::new() };
        let mut covers = Vec::new();
        for (id, node) in fields::words("covers", node, &mut self.errors) {
            if id == ROW
                && let Some(row) = &self.row_covers
            {
                covers.extend(row.iter().cloned());
            } else if Requirement::exists(id) {
                covers.push(id.to_owned());
            } else {
                let problem = Problem::UnknownRequirement {
                    id: id.to_owned(),
                    // Somebody with more mistakes than that has another problem than a typing error.
                    near: if self.errors.len() < 100 {
                        nearest(id, Requirement::ids())
                    } else {
                        None
                    },
                };
                self.errors.push(problem.at(node.place.clone()));
            }
        }
        covers
    }

    pub(super) fn certifies(&mut self, node: Option<&Node>) -> Vec<String> {
        let Some(node) = node else { return Vec::new() };
        let mut certifies = Vec::new();
        for (id, node) in fields::words("certifies", node, &mut self.errors) {
            if gate::ids().any(|known| known == id) {
                certifies.push(id.to_owned());
            } else {
                let id = id.to_owned();
                let near = nearest(&id, gate::ids());
                let problem = Problem::UnknownGateRequirement { id, near };
                self.errors.push(problem.at(node.place.clone()));
            }
        }
        certifies
    }

    pub(super) fn needs(&mut self, node: Option<&Node>) -> Vec<String> {
        let Some(node) = node else { return Vec::new() };
        let mut needs = Vec::new();
        let declared = self.options.features.clone();
        let mut known: Vec<&str> = NEEDS
            .into_iter()
            .chain(DECLARABLE.map(|known| known.word))
            .chain(declared.iter().flatten().map(String::as_str))
            .collect();
        let mut told = BTreeSet::new();
        known.retain(|word| told.insert(*word));
        for (need, node) in fields::words("needs", node, &mut self.errors) {
            let own = declared.is_none() && is_own(need);
            if own || known.contains(&need) || attribute_of(need).is_some() {
                needs.push(need.to_owned());
                continue;
            }
            let problem = Problem::UnknownWord {
                what: "need",
                word: need.to_owned(),
                near: nearest(need, known.iter().copied()),
                known: known.join(", "),
            };
            self.errors.push(problem.at(node.place.clone()));
        }
        needs
    }

    pub(super) fn limits(&mut self, node: Option<&Node>) -> Limits {
        let errors = &mut self.errors;
        let known = ["timeout", "body"];
        let Some(fields) = node.and_then(|node| Fields::read(node, "`limits`", &known, errors))
        else {
            return Limits::default();
        };
        Limits {
            timeout: fields
                .get("timeout")
                .and_then(|node| fields::duration("timeout", node, errors)),
            body: fields
                .get("body")
                .and_then(|node| fields::size("body", node, errors)),
        }
    }

    /// Names of services and their base URLs. Who runs the scenario may name a tenant of the target instead, so that their
    /// variables are not asked for here.
    fn services(&mut self, node: &Node) -> Vec<(String, Text)> {
        let Kind::Map(entries) = &node.kind else {
            self.errors
                .push(fields::wrong_type("services", "a mapping", node));
            return Vec::new();
        };
        let mut services = Vec::new();
        for entry in entries {
            let Some(written) = fields::text(&entry.key, &entry.value, &mut self.errors) else {
                continue;
            };
            let place = entry.value.place.clone();
            match Text::parse(written) {
                Ok(text) if text.variables().all(|name| name.starts_with("var.")) => {
                    services.push((entry.key.clone(), text));
                }
                Ok(_) => {
                    let message = "the address of a service knows only `var.` variables".to_owned();
                    self.errors.push(Problem::Template { message }.at(place));
                }
                Err(error) => {
                    let message = error.message;
                    self.errors.push(Problem::Template { message }.at(place));
                }
            }
        }
        services
    }

    fn people(&mut self, node: &Node) -> Vec<(String, Tree)> {
        let mut people = Vec::new();
        match &node.kind {
            Kind::Map(entries) => {
                for entry in entries {
                    let tree = self.person(&entry.key, &entry.value);
                    if self.define(&entry.key, Origin::Person, &entry.place, &tree) {
                        self.people.push(entry.key.clone());
                        people.push((entry.key.clone(), tree));
                    }
                }
            }
            _ => {
                for (name, node) in fields::words("people", node, &mut self.errors) {
                    let tree = self.person_file(name, node);
                    if self.define(name, Origin::Person, &node.place, &tree) {
                        self.people.push(name.to_owned());
                        people.push((name.to_owned(), tree));
                    }
                }
            }
        }
        people
    }

    fn person_file(&mut self, name: &str, node: &Node) -> Tree {
        let found = if is_name(name) {
            library::person(self.library, &self.shown, name)
        } else {
            None
        };
        let Some(found) = found else {
            let problem = Problem::FileNotFound {
                what: "person",
                name: name.to_owned(),
                near: nearest(name, library::people()),
            };
            self.errors.push(problem.at(node.place.clone()));
            // Whatever is asked of somebody unknown is a mistake that was already reported.
            return Tree::Text(values::anything());
        };
        match yaml::parse(&found.shown, &found.bytes) {
            Ok(root) => self.person(name, &root),
            Err(errors) => {
                self.errors.extend(errors);
                Tree::Text(values::anything())
            }
        }
    }

    pub(super) fn person(&mut self, name: &str, node: &Node) -> Tree {
        if !matches!(node.kind, Kind::Map(_)) {
            self.errors
                .push(fields::wrong_type(name, "a mapping", node));
            return Tree::Text(values::anything());
        }
        self.user = format!("the person `{name}`");
        self.tree(node)
    }

    fn variables(&mut self, node: &Node) -> Vec<(String, Tree)> {
        let Kind::Map(entries) = &node.kind else {
            self.errors
                .push(fields::wrong_type("vars", "a mapping", node));
            return Vec::new();
        };
        let mut variables = Vec::new();
        for entry in entries {
            self.user = format!("the variable `{}`", entry.key);
            let tree = self.tree(&entry.value);
            if self.define(&entry.key, Origin::Variable, &entry.place, &tree) {
                variables.push((entry.key.clone(), tree));
            }
        }
        variables
    }

    pub(super) fn define(
        &mut self,
        name: &str,
        origin: Origin,
        place: &Place,
        tree: &Tree,
    ) -> bool {
        let problem = if !is_name(name) || name.contains('.') || reserved(name) {
            Problem::BadName {
                name: name.to_owned(),
            }
        } else if let Some(other) = self.scope.defined_as(name) {
            let what = match other.origin {
                Origin::Person => "a person",
                _ => "a variable",
            };
            Problem::DuplicateName {
                name: name.to_owned(),
                what: what.to_owned(),
            }
        } else {
            let definition = Definition {
                name: name.to_owned(),
                origin,
                place: place.clone(),
                tree: Some(tree.clone()),
                outlives: true,
            };
            self.scope.define(definition, "");
            return true;
        };
        self.errors.push(problem.at(place.clone()));
        false
    }
}
