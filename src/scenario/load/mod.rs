//! From files to [`Scenario`]s: reads strictly, writes fragments and rows out as steps, and reports every mistake.

mod body;
mod expect;
mod fields;
mod library;
pub(crate) mod matchers;
mod request;
mod scope;
mod steps;
mod uses;
mod values;
mod verify;

use std::collections::HashMap;
use std::fs;
use std::path::Path;
use std::rc::Rc;

use crate::finding::requirement::Requirement;
use crate::profile::ProfileId;
use crate::scenario::error::{Problem, ScenarioError, nearest};
use crate::scenario::load::fields::Fields;
use crate::scenario::load::scope::{Definition, Origin, Scope, reserved};
use crate::scenario::template::{Tree, is_name};
use crate::scenario::yaml::{Kind, Node};
use crate::scenario::{Evidence, Feature, Limits, NEEDS, Place, Scenario, Source, yaml};

#[cfg(test)]
mod tests;

pub use library::{Disk, Embedded, Library};

/// Keys of a scenario file, in the order of the language reference.
pub(crate) const SCENARIO_KEYS: [&str; 13] = [
    "title", "as", "feature", "source", "covers", "needs", "tags", "alone", "people", "vars",
    "limits", "steps", "cleanup",
];

/// What the loader cannot know from the file.
#[derive(Debug, Clone, Default)]
pub struct LoadOptions {
    /// Features that targets declare. Given: any other word in `needs` is a mistake. Not given: only near misses are.
    pub features: Option<Vec<String>>,
}

/// A file as read: what it means, and what there is to say about it.
#[derive(Debug, Clone, Default)]
pub struct Loaded {
    /// The scenario; missing if there are errors, or if the file is a fragment.
    pub scenario: Option<Scenario>,
    /// Mistakes, by place.
    pub errors: Vec<ScenarioError>,
    /// What works and should still be looked at, by place.
    pub warnings: Vec<ScenarioError>,
}

/// Reads a scenario from disk. `shown` is its name in messages and reports, with `/` between its parts.
///
/// # Errors
/// Every mistake of the file and of those it uses, by place.
pub fn load(
    path: &Path,
    shown: &str,
    options: &LoadOptions,
) -> Result<Scenario, Vec<ScenarioError>> {
    match read_file(path, shown) {
        Ok(bytes) => load_text(&bytes, shown, &Disk::around(path, shown), options),
        Err(errors) => Err(errors),
    }
}

/// Reads a scenario from its text; other files come from the library.
///
/// # Errors
/// Every mistake of the file and of those it uses, by place.
pub fn load_text(
    text: impl AsRef<[u8]>,
    shown: &str,
    library: &dyn Library,
    options: &LoadOptions,
) -> Result<Scenario, Vec<ScenarioError>> {
    let mut loaded = examine_text(text, shown, library, options);
    if loaded.errors.is_empty() && loaded.scenario.is_none() {
        let problem = if is_person(shown) {
            Problem::IsPerson
        } else {
            Problem::IsFragment
        };
        loaded.errors.push(problem.at(start_of(shown)));
    }
    match loaded.scenario {
        Some(scenario) if loaded.errors.is_empty() => Ok(scenario),
        _ => Err(loaded.errors),
    }
}

/// Reads a scenario or a fragment from disk, warnings included.
pub fn examine(path: &Path, shown: &str, options: &LoadOptions) -> Loaded {
    match read_file(path, shown) {
        Ok(bytes) => examine_text(&bytes, shown, &Disk::around(path, shown), options),
        Err(errors) => Loaded {
            errors,
            ..Loaded::default()
        },
    }
}

/// Reads a scenario or a fragment from its text, warnings included.
pub fn examine_text(
    text: impl AsRef<[u8]>,
    shown: &str,
    library: &dyn Library,
    options: &LoadOptions,
) -> Loaded {
    let root = match yaml::parse(shown, text.as_ref()) {
        Ok(root) => root,
        Err(errors) => {
            return Loaded {
                errors,
                ..Loaded::default()
            };
        }
    };
    let mut loader = Loader {
        library,
        options,
        shown: shown.to_owned(),
        errors: Vec::new(),
        warnings: Vec::new(),
        scope: Scope::default(),
        user: String::new(),
        inline: false,
        names: HashMap::new(),
        requests: Vec::new(),
        verified: Vec::new(),
        unsent: Vec::new(),
        suffix: String::new(),
        chain: Vec::new(),
        fragments: HashMap::new(),
        steps: 0,
    };
    let scenario = if is_fragment(shown) {
        loader.fragment_alone(&root);
        None
    } else if is_person(shown) {
        loader.person("person", &root);
        None
    } else {
        loader.scenario(&root)
    };
    loader.report_unsent();
    let Loader {
        scope,
        mut errors,
        mut warnings,
        ..
    } = loader;
    scope.finish(&mut errors, &mut warnings);
    // A fragment that is used twice has its mistakes once.
    errors.sort();
    errors.dedup();
    warnings.sort();
    warnings.dedup();
    Loaded {
        scenario: scenario.filter(|_| errors.is_empty()),
        errors,
        warnings,
    }
}

/// Files for `use`, which do not run by themselves.
pub fn is_fragment(shown: &str) -> bool {
    shown
        .rsplit('/')
        .next()
        .is_some_and(|name| name.starts_with('_'))
}

/// Files in a folder `people`, which `people` of a scenario names.
pub fn is_person(shown: &str) -> bool {
    shown
        .rsplit_once('/')
        .is_some_and(|(folder, _)| folder == "people" || folder.ends_with("/people"))
}

fn read_file(path: &Path, shown: &str) -> Result<Vec<u8>, Vec<ScenarioError>> {
    let unreadable = |error: std::io::Error| {
        let reason = error.to_string();
        vec![Problem::Unreadable { reason }.at(start_of(shown))]
    };
    let about = fs::metadata(path).map_err(unreadable)?;
    if about.len() > yaml::FILE_BYTES as u64 {
        let limit = yaml::FILE_BYTES;
        return Err(vec![Problem::FileTooLarge { limit }.at(start_of(shown))]);
    }
    fs::read(path).map_err(unreadable)
}

fn start_of(shown: &str) -> Place {
    Place {
        file: shown.to_owned(),
        line: 1,
        column: 1,
    }
}

/// Lowers one file. Everything it finds wrong goes to `errors`; what cannot be lowered is left out.
struct Loader<'l> {
    library: &'l dyn Library,
    options: &'l LoadOptions,
    /// The scenario's file.
    shown: String,
    errors: Vec<ScenarioError>,
    warnings: Vec<ScenarioError>,
    scope: Scope,
    /// Who uses the variables that are read now, for messages: "step `create ada`".
    user: String,
    /// Columns and parameters are written out where they are used.
    inline: bool,
    /// Line of each step by its name.
    names: HashMap<String, usize>,
    /// Names of the request steps so far.
    requests: Vec<String>,
    /// Aliases that were verified so far, and whether each is a group.
    verified: Vec<(String, bool)>,
    /// What `sent` named and was not there yet.
    unsent: Vec<(String, Place)>,
    /// What the rows around the current step append to its name.
    suffix: String,
    /// Fragments around the current step.
    chain: Vec<String>,
    fragments: HashMap<String, Rc<Node>>,
    /// Number of steps so far, for the limit.
    steps: usize,
}

impl Loader<'_> {
    fn scenario(&mut self, root: &Node) -> Option<Scenario> {
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
        let needs = self.needs(fields.get("needs"));
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
        let limits = self.limits(fields.get("limits"));
        let people = fields
            .get("people")
            .map(|node| self.people(node))
            .unwrap_or_default();
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
            needs,
            tags,
            alone,
            people,
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

    fn client(&mut self, written: &str, node: &Node) -> Option<ProfileId> {
        let known = ProfileId::ALL.map(ProfileId::name);
        let named = ProfileId::named;
        fields::word("client", written, node, &known, named, &mut self.errors)
    }

    fn feature(&mut self, node: &Node) -> Option<Feature> {
        let written = fields::text("feature", node, &mut self.errors)?;
        let known = Feature::ALL.map(Feature::name);
        let named = Feature::named;
        fields::word("feature", written, node, &known, named, &mut self.errors)
    }

    fn source(&mut self, node: &Node) -> Option<Source> {
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

    fn covers(&mut self, node: Option<&Node>) -> Vec<String> {
        let Some(node) = node else { return Vec::new() };
        let mut covers = Vec::new();
        for (id, node) in fields::words("covers", node, &mut self.errors) {
            if Requirement::exists(id) {
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

    fn needs(&mut self, node: Option<&Node>) -> Vec<String> {
        let Some(node) = node else { return Vec::new() };
        let mut needs = Vec::new();
        let declared = self.options.features.clone();
        let known: Vec<&str> = NEEDS
            .into_iter()
            .chain(declared.iter().flatten().map(String::as_str))
            .collect();
        for (need, node) in fields::words("needs", node, &mut self.errors) {
            let near = nearest(need, known.iter().copied());
            let is_word = is_name(need) && !need.contains('.');
            if known.contains(&need) || (is_word && declared.is_none() && near.is_none()) {
                needs.push(need.to_owned());
                continue;
            }
            let problem = Problem::UnknownWord {
                what: "need",
                word: need.to_owned(),
                near,
                known: known.join(", "),
            };
            self.errors.push(problem.at(node.place.clone()));
        }
        needs
    }

    fn limits(&mut self, node: Option<&Node>) -> Limits {
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

    fn people(&mut self, node: &Node) -> Vec<(String, Tree)> {
        let mut people = Vec::new();
        match &node.kind {
            Kind::Map(entries) => {
                for entry in entries {
                    let tree = self.person(&entry.key, &entry.value);
                    if self.define(&entry.key, Origin::Person, &entry.place, &tree) {
                        people.push((entry.key.clone(), tree));
                    }
                }
            }
            _ => {
                for (name, node) in fields::words("people", node, &mut self.errors) {
                    let tree = self.person_file(name, node);
                    if self.define(name, Origin::Person, &node.place, &tree) {
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

    fn person(&mut self, name: &str, node: &Node) -> Tree {
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

    fn define(&mut self, name: &str, origin: Origin, place: &Place, tree: &Tree) -> bool {
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
