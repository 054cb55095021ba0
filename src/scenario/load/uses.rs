//! Fragments: files of steps with parameters, written out where they are used.

use std::rc::Rc;

use crate::scenario::error::Problem;
use crate::scenario::load::fields::{self, Fields};
use crate::scenario::load::scope::{Binding, Definition, Origin, reserved};
use crate::scenario::load::steps::Inherited;
use crate::scenario::load::{Loader, library};
use crate::scenario::nearest::nearest;
use crate::scenario::step::Step;
use crate::scenario::template::{Text, Tree, is_name};
use crate::scenario::yaml::{self, Entry, Kind, Node};

/// Keys of a fragment file.
pub(crate) const FRAGMENT_KEYS: [&str; 3] = ["title", "params", "steps"];

/// A parameter: its name, and its value if none is given.
struct Parameter<'n> {
    name: &'n str,
    default: Option<&'n Entry>,
    node: &'n Node,
}

impl Loader<'_> {
    pub(super) fn use_step(
        &mut self,
        fields: &Fields<'_>,
        inherited: &Inherited,
        steps: &mut Vec<Step>,
    ) {
        let Some(node) = fields.get("use") else {
            return;
        };
        let Some(name) = fields::text("use", node, &mut self.errors) else {
            return;
        };
        let Some((shown, fragment)) = self.fragment(name, node) else {
            return;
        };
        if self.chain.contains(&shown) {
            let chain = [self.chain.as_slice(), std::slice::from_ref(&shown)].concat();
            let chain = chain.join(" uses ");
            self.errors
                .push(Problem::Recursive { chain }.at(node.place.clone()));
            return;
        }
        let what = "a fragment";
        let Some(file) = Fields::read(&fragment, what, &FRAGMENT_KEYS, &mut self.errors) else {
            return;
        };
        let parameters = self.parameters(&file);
        let bindings = self.arguments(name, node, fields.get("with"), &parameters);
        let Some(list) = file.required("steps", &mut self.errors) else {
            return;
        };
        // Inside, only the parameters of this fragment are seen: it means the same wherever it is used.
        let outside = std::mem::replace(&mut self.scope.bindings, bindings);
        self.chain.push(shown);
        self.inner_steps("steps", list, inherited, steps);
        self.chain.pop();
        self.scope.bindings = outside;
    }

    /// Reads a fragment that nothing uses: its parameters can be anything.
    pub(super) fn fragment_alone(&mut self, root: &Node) {
        let what = "a fragment";
        let Some(file) = Fields::read(root, what, &FRAGMENT_KEYS, &mut self.errors) else {
            return;
        };
        file.required("title", &mut self.errors);
        self.scope.bindings = self
            .parameters(&file)
            .iter()
            .map(|parameter| Binding {
                name: parameter.name.to_owned(),
                tree: Tree::Text(Text::literal(parameter.name)),
                matcher: None,
                open: true,
            })
            .collect();
        self.scope.alone = true;
        for binding in self.scope.bindings.clone() {
            let definition = Definition {
                name: binding.name,
                origin: Origin::Parameter,
                place: root.place.clone(),
                tree: None,
                outlives: true,
            };
            self.scope.define(definition, "");
        }
        self.chain.push(self.shown.clone());
        if let Some(list) = file.required("steps", &mut self.errors) {
            self.step_list("steps", list, &mut Vec::new());
        }
    }

    fn fragment(&mut self, name: &str, node: &Node) -> Option<(String, Rc<Node>)> {
        let place = node.place.clone();
        if name.starts_with('/') || name.contains('\\') || name.split('/').any(|part| part == "..")
        {
            let name = name.to_owned();
            self.errors.push(Problem::OutsidePath { name }.at(place));
            return None;
        }
        if !crate::scenario::load::is_fragment(name) {
            let name = name.to_owned();
            self.errors.push(Problem::NotFragment { name }.at(place));
            return None;
        }
        let from = self.chain.last().unwrap_or(&self.shown).clone();
        let Some(found) = library::look_up(self.library, &from, &[name.to_owned()]) else {
            let problem = Problem::FileNotFound {
                what: "fragment",
                name: name.to_owned(),
                near: None,
            };
            self.errors.push(problem.at(place));
            return None;
        };
        if let Some(known) = self.fragments.get(&found.shown) {
            return Some((found.shown, Rc::clone(known)));
        }
        match yaml::parse(&found.shown, &found.bytes) {
            Ok(root) => {
                let root = Rc::new(root);
                self.fragments.insert(found.shown.clone(), Rc::clone(&root));
                Some((found.shown, root))
            }
            Err(errors) => {
                self.errors.extend(errors);
                None
            }
        }
    }

    fn parameters<'n>(&mut self, file: &Fields<'n>) -> Vec<Parameter<'n>> {
        let Some(node) = file.get("params") else {
            return Vec::new();
        };
        let parameters: Vec<Parameter<'n>> = match &node.kind {
            Kind::Map(entries) => entries
                .iter()
                .map(|entry| Parameter {
                    name: &entry.key,
                    default: Some(entry),
                    node: &entry.value,
                })
                .collect(),
            _ => fields::words("params", node, &mut self.errors)
                .into_iter()
                .map(|(name, node)| Parameter {
                    name,
                    default: None,
                    node,
                })
                .collect(),
        };
        for parameter in &parameters {
            if !is_name(parameter.name) || parameter.name.contains('.') || reserved(parameter.name)
            {
                let name = parameter.name.to_owned();
                let place = parameter.node.place.clone();
                self.errors.push(Problem::BadName { name }.at(place));
            }
        }
        parameters
    }

    fn arguments(
        &mut self,
        fragment: &str,
        used: &Node,
        with: Option<&Node>,
        parameters: &[Parameter<'_>],
    ) -> Vec<Binding> {
        let given: &[Entry] = match with.map(|node| (&node.kind, node)) {
            Some((Kind::Map(entries), _)) => entries,
            Some((_, node)) => {
                self.errors
                    .push(fields::wrong_type("with", "a mapping", node));
                &[]
            }
            None => &[],
        };
        let names: Vec<&str> = parameters.iter().map(|parameter| parameter.name).collect();
        for entry in given {
            if !names.contains(&entry.key.as_str()) {
                let problem = Problem::UnknownParameter {
                    fragment: fragment.to_owned(),
                    name: entry.key.clone(),
                    near: nearest(&entry.key, names.iter().copied()),
                    known: if names.is_empty() {
                        "none".to_owned()
                    } else {
                        names.join(", ")
                    },
                };
                self.errors.push(problem.at(entry.place.clone()));
            }
        }
        let mut bindings = Vec::new();
        for parameter in parameters {
            let entry = given
                .iter()
                .find(|entry| entry.key == parameter.name)
                .or(parameter.default);
            match entry {
                Some(entry) => bindings.extend(self.binding(entry)),
                None => {
                    let problem = Problem::MissingParameter {
                        fragment: fragment.to_owned(),
                        name: parameter.name.to_owned(),
                    };
                    self.errors.push(problem.at(used.place.clone()));
                    // One mistake, not one for each use inside.
                    bindings.push(Binding {
                        name: parameter.name.to_owned(),
                        tree: Tree::Text(Text::literal(parameter.name)),
                        matcher: None,
                        open: true,
                    });
                }
            }
        }
        bindings
    }
}
