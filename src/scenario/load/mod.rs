//! From files to [`Scenario`]s: reads strictly, writes fragments and rows out as steps, and reports every mistake.

mod acts;
mod body;
mod directory;
mod expect;
pub(crate) mod fields;
mod library;
pub(crate) mod matchers;
mod read_back;
mod request;
mod rows;
mod scope;
mod steps;
mod story;
mod uses;
mod values;
mod verify;

use std::collections::HashMap;
use std::fs;
use std::path::Path;
use std::rc::Rc;

use crate::scenario::error::{Problem, ScenarioError};
use crate::scenario::load::scope::Scope;
use crate::scenario::yaml::Node;
use crate::scenario::{Place, Scenario, yaml};

#[cfg(test)]
mod tests;

pub use library::{Disk, Embedded, Library};

/// Keys of a scenario file, in the order of the language reference.
pub(crate) const SCENARIO_KEYS: [&str; 23] = [
    "title",
    "as",
    "feature",
    "source",
    "covers",
    "certifies",
    "needs",
    "preset",
    "services",
    "policies",
    "tags",
    "alone",
    "expands",
    "people",
    "crowds",
    "groups",
    "roles",
    "mapping",
    "switches",
    "vars",
    "limits",
    "steps",
    "cleanup",
];

/// What the loader cannot know from the file.
#[derive(Debug, Clone, Default)]
pub struct LoadOptions {
    /// Features of their own that targets declare (`x-…`). Given: any other one in `needs` is a mistake.
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
        people: Vec::new(),
        groups: Vec::new(),
        roles: Vec::new(),
        crowds: Vec::new(),
        unsent: Vec::new(),
        suffix: String::new(),
        row_covers: None,
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
        let less = yaml::LESS;
        return Err(vec![
            Problem::FileTooLarge { limit, less }.at(start_of(shown)),
        ]);
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
    /// Where each step is, by its name.
    names: HashMap<String, Place>,
    /// Names of the request steps so far.
    requests: Vec<String>,
    /// Aliases that were verified so far, and whether each is a group.
    verified: Vec<(String, bool)>,
    /// Aliases of the people.
    people: Vec<String>,
    /// Aliases of the groups that a provider knows.
    groups: Vec<String>,
    /// Keys of the roles.
    roles: Vec<String>,
    /// Crowds and their sizes.
    crowds: Vec<(String, usize)>,
    /// What `sent` named and was not there yet.
    unsent: Vec<(String, Place)>,
    /// What the rows around the current step append to its name.
    suffix: String,
    /// Requirement ids of the row around the current step, if it stands in one.
    row_covers: Option<Vec<String>>,
    /// Fragments around the current step.
    chain: Vec<String>,
    fragments: HashMap<String, Rc<Node>>,
    /// Number of steps so far, for the limit.
    steps: usize,
}
