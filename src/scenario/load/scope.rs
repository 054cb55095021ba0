//! Which variables a step can use: what was defined before it, and in the row or fragment that it stands in.

use std::collections::{BTreeMap, HashSet};
use std::rc::Rc;

use crate::scenario::Place;
use crate::scenario::error::{Problem, ScenarioError};
use crate::scenario::nearest::nearest;
use crate::scenario::template::{Text, Tree};
use crate::scenario::yaml::Node;

/// Variables that are always there.
const ALWAYS: [&str; 3] = ["run", "uuid", "now"];
/// First parts of names that come from outside.
const OUTSIDE: [&str; 2] = ["var", "env"];

/// Whether a file may define a variable of that name.
pub(crate) fn reserved(name: &str) -> bool {
    let head = name.split('.').next().unwrap_or_default();
    ALWAYS.contains(&head) || OUTSIDE.contains(&head)
}

/// What defines a variable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Origin {
    Person,
    Variable,
    Capture,
    Loop,
    /// A parameter of a fragment that is read by itself: it may have any members.
    Parameter,
    /// An id that a provider's link may give, or people without a file.
    Provisioned,
}

/// A variable that steps can use from some point on.
#[derive(Debug, Clone)]
pub(crate) struct Definition {
    pub(crate) name: String,
    pub(crate) origin: Origin,
    pub(crate) place: Place,
    /// Its value, as far as the file says.
    pub(crate) tree: Option<Tree>,
    /// Can still be used after the row that it was defined in.
    pub(crate) outlives: bool,
}

/// A column of a row, or a parameter of a fragment.
#[derive(Debug, Clone)]
pub(crate) struct Binding {
    pub(crate) name: String,
    pub(crate) tree: Tree,
    /// As it was written, where that can be read as a matcher that is more than equality with a plain value.
    pub(crate) matcher: Option<Rc<Node>>,
    /// The fragment is read by itself: any value may come.
    pub(crate) open: bool,
}

/// What a name stands for.
pub(crate) enum Resolved {
    /// The variable of that name, defined earlier or noted as unknown.
    Name(String),
    /// Exactly this column or parameter.
    Bound(Tree),
}

struct Use {
    user: String,
    name: String,
    place: Place,
    branches: Vec<usize>,
    known: Vec<String>,
}

struct Site {
    name: String,
    step: String,
    line: usize,
    branches: Vec<usize>,
    branch: String,
}

/// All variables of a file.
#[derive(Default)]
pub(crate) struct Scope {
    visible: Vec<Definition>,
    /// Innermost last.
    pub(crate) bindings: Vec<Binding>,
    /// Rows and parallel requests around the current step.
    branches: Vec<(usize, String)>,
    branch_count: usize,
    defined: Vec<Definition>,
    sites: Vec<Site>,
    unknown: Vec<Use>,
    used: HashSet<String>,
    /// What must come from outside, and whether every use has a default.
    pub(crate) outside: BTreeMap<String, bool>,
    /// A fragment is read by itself: what it captures is for others.
    pub(crate) alone: bool,
}

impl Scope {
    /// Makes a variable usable from here on.
    pub(crate) fn define(&mut self, definition: Definition, step: &str) {
        let branch = self.branches.last().map(|(_, name)| name.clone());
        self.sites.push(Site {
            name: definition.name.clone(),
            step: step.to_owned(),
            line: definition.place.line,
            branches: self.branches.iter().map(|(id, _)| *id).collect(),
            branch: branch.unwrap_or_default(),
        });
        self.defined.push(definition.clone());
        self.visible.push(definition);
    }

    /// Enters a row or a parallel request; `leave` takes what this gives.
    pub(crate) fn enter(&mut self, branch: String) -> usize {
        self.branch_count += 1;
        self.branches.push((self.branch_count, branch));
        self.visible.len()
    }

    /// Leaves it: only what outlives it stays.
    pub(crate) fn leave(&mut self, mark: usize) {
        self.branches.pop();
        let inside = self.visible.split_off(mark.min(self.visible.len()));
        let kept = inside.into_iter().filter(|definition| definition.outlives);
        self.visible.extend(kept);
    }

    /// Takes out what was defined since `mark`, to put it back later: parallel requests do not see each other's captures.
    pub(crate) fn split_off(&mut self, mark: usize) -> Vec<Definition> {
        self.branches.pop();
        self.visible.split_off(mark.min(self.visible.len()))
    }

    /// Puts back what `split_off` took.
    pub(crate) fn restore(&mut self, definitions: Vec<Definition>) {
        self.visible.extend(definitions);
    }

    /// Forgets the loop variable: it belongs to one request.
    pub(crate) fn forget_loop(&mut self) {
        self.visible
            .retain(|definition| definition.origin != Origin::Loop);
    }

    /// The innermost column or parameter of that name.
    pub(crate) fn bound(&self, name: &str) -> Option<&Binding> {
        self.bindings
            .iter()
            .rev()
            .find(|binding| binding.name == name)
    }

    /// Columns and parameters that a step sees, each once.
    pub(crate) fn row(&self) -> Vec<(String, Tree)> {
        let mut row: Vec<(String, Tree)> = Vec::new();
        for binding in &self.bindings {
            row.retain(|(name, _)| *name != binding.name);
            row.push((binding.name.clone(), binding.tree.clone()));
        }
        row
    }

    /// Whether a variable can be used here; notes the use.
    pub(crate) fn knows(&mut self, name: &str) -> bool {
        let mut parts = name.split('.');
        let head = parts.next().unwrap_or_default();
        if ALWAYS.contains(&head) {
            return parts.next().is_none();
        }
        if OUTSIDE.contains(&head) {
            return parts.next().is_some();
        }
        let mut found = Vec::new();
        for definition in &self.visible {
            let rest = match name.strip_prefix(definition.name.as_str()) {
                Some("") => Some(""),
                Some(rest) => rest.strip_prefix('.'),
                None => None,
            };
            let Some(rest) = rest else { continue };
            let exists = definition
                .tree
                .as_ref()
                .is_none_or(|tree| rest.is_empty() || member(tree, rest).is_some());
            if exists {
                found.push(definition.name.clone());
            }
        }
        // A person is used as soon as anything of theirs is, their id included.
        if self
            .visible
            .iter()
            .any(|definition| definition.name == head)
        {
            self.used.insert(head.to_owned());
        }
        let known = !found.is_empty();
        self.used.extend(found);
        known
    }

    /// What a name stands for; an unknown one is noted and reported at the end, when all captures have been seen.
    pub(crate) fn resolve(&mut self, name: &str, user: &str, place: &Place) -> Resolved {
        let (head, rest) = match name.split_once('.') {
            Some((head, rest)) => (head, Some(rest)),
            None => (name, None),
        };
        if let Some(binding) = self.bound(head) {
            let open = binding.open;
            let tree = binding.tree.clone();
            let Some(rest) = rest else {
                return Resolved::Bound(tree);
            };
            let alias = match &tree {
                Tree::Text(text) => text.as_literal().map(str::to_owned),
                _ => None,
            };
            if open {
                return Resolved::Name(name.to_owned());
            }
            if let Some(alias) = alias {
                return self.resolve_free(&format!("{alias}.{rest}"), user, place);
            }
            if member(&tree, rest).is_some() {
                return Resolved::Name(name.to_owned());
            }
        }
        self.resolve_free(name, user, place)
    }

    fn resolve_free(&mut self, name: &str, user: &str, place: &Place) -> Resolved {
        if !self.knows(name) {
            let bound = self.bindings.iter().map(|binding| binding.name.clone());
            let mut known: Vec<String> = bound.collect();
            known.extend(ALWAYS.iter().map(|&always| always.to_owned()));
            // Names are for hints; after so many mistakes nobody needs another one.
            let hinted = self.unknown.len() < 100;
            for definition in self.visible.iter().filter(|_| hinted) {
                known.push(definition.name.clone());
                if let Some(tree) = &definition.tree {
                    member_names(&definition.name, tree, &mut known);
                }
            }
            self.unknown.push(Use {
                user: user.to_owned(),
                name: name.to_owned(),
                place: place.clone(),
                branches: self.branches.iter().map(|(id, _)| *id).collect(),
                known,
            });
        }
        Resolved::Name(name.to_owned())
    }

    /// Notes a variable that comes from the command line or the environment.
    pub(crate) fn note_outside(&mut self, name: &str, default: Option<&str>) {
        if OUTSIDE.contains(&name.split('.').next().unwrap_or_default()) {
            let optional = self.outside.entry(name.to_owned()).or_insert(true);
            *optional &= default.is_some();
        }
    }

    /// All variables that can be used here, for hints.
    pub(crate) fn visible_names(&self) -> impl Iterator<Item = &str> {
        self.visible
            .iter()
            .map(|definition| definition.name.as_str())
    }

    /// The names of all variables that can be used here.
    pub(crate) fn names(&self) -> HashSet<String> {
        let visible = self.visible.iter();
        visible.map(|definition| definition.name.clone()).collect()
    }

    /// The definition that a name begins with, for duplicates.
    pub(crate) fn defined_as(&self, name: &str) -> Option<&Definition> {
        self.visible
            .iter()
            .find(|definition| definition.name == name)
    }

    /// What can be told only once the whole file was read: unknown variables, and unused ones.
    pub(crate) fn finish(self, errors: &mut Vec<ScenarioError>, warnings: &mut Vec<ScenarioError>) {
        for wanted in &self.unknown {
            if self.alone && !self.is_nearly_a_parameter(&wanted.name) {
                // People and captures come from the scenario that uses the fragment, and are checked there.
                continue;
            }
            errors.push(self.explain(wanted).at(wanted.place.clone()));
        }
        for definition in &self.defined {
            if self.used.contains(&definition.name) {
                continue;
            }
            let what = match definition.origin {
                Origin::Person => "the person",
                Origin::Variable => "the variable",
                Origin::Capture if !self.alone => "the capture",
                _ => continue,
            };
            let name = definition.name.clone();
            warnings.push(Problem::Unused { what, name }.at(definition.place.clone()));
        }
    }

    fn is_nearly_a_parameter(&self, name: &str) -> bool {
        let head = name.split('.').next().unwrap_or_default();
        let parameters = self.bindings.iter().map(|binding| binding.name.as_str());
        nearest(head, parameters).is_some()
    }

    fn explain(&self, wanted: &Use) -> Problem {
        let user = wanted.user.clone();
        let name = wanted.name.clone();
        let sites = self.sites.iter().filter(|site| {
            name.strip_prefix(site.name.as_str())
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
                && site.line != 0
                && !site.step.is_empty()
        });
        let mut inside = None;
        for site in sites {
            let reachable = site.branches.iter().all(|id| wanted.branches.contains(id));
            if reachable {
                return Problem::CapturedLater {
                    user,
                    name,
                    step: site.step.clone(),
                    line: site.line,
                };
            }
            inside = inside.or(Some(site));
        }
        if let Some(site) = inside {
            return Problem::CapturedInside {
                user,
                name,
                branch: site.branch.clone(),
                line: site.line,
            };
        }
        let sites = self.sites.iter().map(|site| site.name.as_str());
        let known = wanted.known.iter().map(String::as_str);
        let near = match wanted.known.is_empty() {
            true => None,
            false => nearest(&name, known.chain(sites)),
        };
        Problem::UnknownVariable { user, name, near }
    }
}

/// The value at a dotted path.
pub(crate) fn member<'t>(tree: &'t Tree, path: &str) -> Option<&'t Tree> {
    let mut tree = tree;
    for part in path.split('.') {
        tree = match tree {
            Tree::Map(members) => members
                .iter()
                .find(|(name, _)| name.as_literal() == Some(part))
                .map(|(_, value)| value)?,
            Tree::List(items) => items.get(part.parse::<usize>().ok()?)?,
            // A variable's value may have any members.
            Tree::Text(text) if text.as_variable().is_some() => return Some(tree),
            _ => return None,
        };
    }
    Some(tree)
}

fn member_names(prefix: &str, tree: &Tree, names: &mut Vec<String>) {
    if let Tree::Map(members) = tree {
        for (name, value) in members {
            if let Some(name) = name.as_literal() {
                let full = format!("{prefix}.{name}");
                member_names(&full, value, names);
                names.push(full);
            }
        }
    }
}

/// The text of a tree, if it stands for one that is known at load.
pub(crate) fn static_value(tree: &Tree) -> Option<String> {
    match tree {
        Tree::Text(text) => text.as_literal().map(str::to_owned),
        Tree::Number(number) => Some(number.to_string()),
        Tree::Bool(flag) => Some(flag.to_string()),
        Tree::Null | Tree::List(_) | Tree::Map(_) => None,
    }
}

/// What a tree adds to a text that it stands in.
pub(crate) fn spliced(tree: &Tree) -> Option<Text> {
    match tree {
        Tree::Text(text) => Some(text.clone()),
        _ => static_value(tree).map(Text::literal),
    }
}
