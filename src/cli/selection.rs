//! Which scenarios a command is about.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;
use walkdir::WalkDir;

use crate::cli::suites::{self, SuiteArguments};
use crate::cli::{Complaint, NOTHING};
use crate::idp;
use crate::profile::ProfileId;
use crate::scenario::Scenario;
use crate::scenario::error::ScenarioError;
use crate::scenario::load::{Disk, Embedded, LoadOptions, is_fragment, is_person, load, load_text};
use crate::suite::Translation;

/// The shipped scenarios, by name.
const BUILT_IN: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/built_in_scenarios.rs"));

/// The tag of scenarios that take so long that they run only when they are asked for.
const LARGE: &str = "large";

/// Where the packs of the gates are.
const GATES: &str = "scenarios/certify/";

/// Options that choose scenarios.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Selection")]
pub(crate) struct SelectionArguments {
    /// Scenario files, suites of Runscope and Postman (`.json`), folders, or names of shipped ones such as `lifecycle` or `entra/deactivate`
    /// [default: the folder `scenarios`, or all shipped ones where there is none]
    #[arg(value_name = "PATH")]
    paths: Vec<String>,
    /// Only scenarios of this client; those told as no provider are told as it
    #[arg(long = "as", env = "SCIMULATE_AS", value_name = "PROFILE")]
    client: Vec<String>,
    /// Only scenarios with one of these tags
    #[arg(long, env = "SCIMULATE_TAG", value_name = "TAG", value_delimiter = ',')]
    tag: Vec<String>,
    #[command(flatten)]
    suites: SuiteArguments,
}

/// Scenarios in the order in which they run, each with the client it is told as.
pub(crate) type Selection = Vec<(Arc<Scenario>, ProfileId)>;

impl SelectionArguments {
    /// Loads what is asked for; large scenarios only where they are asked for by name. Mistakes in files are shown here, all
    /// of them.
    ///
    /// # Errors
    /// A path is not there, a file has mistakes, or nothing is left.
    pub(crate) fn selected(&self) -> Result<Selection, Complaint> {
        self.chosen(|scenario| {
            self.is_told(scenario) && (!is_large(scenario) || self.names(scenario))
        })
    }

    /// The files and folders that are named.
    pub(crate) fn files(&self) -> impl Iterator<Item = PathBuf> {
        self.paths.iter().map(PathBuf::from)
    }

    /// The suites of other testers among the paths.
    ///
    /// # Errors
    /// A file has mistakes.
    pub(crate) fn translations(&self) -> Result<Vec<Translation>, Complaint> {
        let named = self.paths.iter().map(Path::new);
        named
            .filter(|path| path.is_file() && suites::is_suite(path))
            .map(|path| {
                let shown = Source::File(path.to_owned()).shown();
                suites::translated(path, &shown, None, &self.suites)
                    .map_err(|mistakes| Complaint::of_mistakes(mistakes.iter(), &text_of, 1))
            })
            .collect()
    }

    /// Loads what is asked for, large scenarios like others.
    ///
    /// # Errors
    /// As [`selected`](Self::selected).
    pub(crate) fn listed(&self) -> Result<Selection, Complaint> {
        self.chosen(|scenario| self.is_told(scenario))
    }

    /// Loads what is asked for, and beside it what no run plays unless it is named, each once, with whether a run plays it
    /// where nothing is named.
    ///
    /// # Errors
    /// As [`selected`](Self::selected).
    pub(crate) fn claiming(&self) -> Result<Vec<(Arc<Scenario>, bool)>, Complaint> {
        let mut selection = self.chosen(|_| true)?;
        selection.dedup_by(|next, last| Arc::ptr_eq(&next.0, &last.0));
        Ok(selection
            .into_iter()
            .map(|(scenario, _)| {
                let by_default = scenario.expands.is_none() && !is_large(&scenario);
                (scenario, by_default)
            })
            .collect())
    }

    /// Shipped scenarios at these names, as this client, whatever is on disk; large ones only where their file is named.
    /// What a gate demands itself it demands of every client of its provider, whomever its scenarios are told as.
    ///
    /// # Errors
    /// Only if a shipped scenario has mistakes.
    pub(crate) fn shipped(paths: Vec<String>, client: ProfileId) -> Result<Selection, Complaint> {
        let named = Self {
            paths,
            client: Vec::new(),
            tag: Vec::new(),
            suites: SuiteArguments::default(),
        };
        let sources = named.paths.iter().flat_map(|path| built_in(path));
        let mut known = BTreeSet::new();
        let sources = sources
            .filter(|source| known.insert(source.shown()))
            .collect();
        let mut selection = named.narrowed(sources, &[], |scenario| {
            !is_large(scenario) || named.names(scenario)
        })?;
        selection.dedup_by(|next, last| Arc::ptr_eq(&next.0, &last.0));
        selection.retain(|(scenario, _)| {
            let told = &scenario.clients;
            let of_provider = |one: &ProfileId| one.authority() == client.authority();
            told == &[ProfileId::Scimulate]
                || told.contains(&client)
                || (scenario.path.starts_with(GATES) && told.iter().any(of_provider))
        });
        Ok(selection
            .into_iter()
            .map(|(one, _)| (one, client))
            .collect())
    }

    /// Whether anything is asked for: else everything is.
    pub(crate) fn names_something(&self) -> bool {
        !(self.paths.is_empty() && self.client.is_empty() && self.tag.is_empty())
    }

    /// These scenarios, each as the client beside it, as they are now.
    ///
    /// # Errors
    /// One is not there any more, or has mistakes.
    pub(crate) fn again(played: &[(&str, &str)]) -> Result<Selection, Complaint> {
        let paths: BTreeSet<&str> = played.iter().map(|(path, _)| *path).collect();
        let named = Self {
            paths: paths.into_iter().map(str::to_owned).collect(),
            client: Vec::new(),
            tag: Vec::new(),
            suites: SuiteArguments::default(),
        };
        let clients = ProfileId::ALL.to_vec();
        let mut selection = named.narrowed(named.sources()?, &clients, |_| true)?;
        selection.retain(|(scenario, client)| {
            let is_played = |one: &&(&str, &str)| **one == (&*scenario.path, client.name());
            played.iter().any(|one| is_played(&one))
        });
        Ok(selection)
    }

    fn chosen(&self, wanted: impl Fn(&Scenario) -> bool) -> Result<Selection, Complaint> {
        let clients = self.clients()?;
        self.narrowed(self.sources()?, &clients, wanted)
    }

    fn narrowed(
        &self,
        sources: Vec<Source>,
        clients: &[ProfileId],
        wanted: impl Fn(&Scenario) -> bool,
    ) -> Result<Selection, Complaint> {
        let mut scenarios = Vec::new();
        let mut mistakes = Vec::new();
        let mut files = 0;
        for source in sources {
            files += 1;
            match source.load(&self.suites) {
                Ok(scenario) => scenarios.push(Arc::new(scenario)),
                Err(found) => mistakes.push((source, found)),
            }
        }
        if !mistakes.is_empty() {
            let found = mistakes.iter().flat_map(|(_, found)| found);
            return Err(Complaint::of_mistakes(found, &text_of, files));
        }
        let selection: Selection = scenarios
            .into_iter()
            .filter(|scenario| wanted(scenario))
            .filter(|scenario| {
                self.tag.is_empty() || self.tag.iter().any(|tag| scenario.tags.contains(tag))
            })
            .flat_map(|scenario| {
                let told: Vec<ProfileId> = match clients {
                    [] => scenario.clients.clone(),
                    wanted if scenario.clients == [ProfileId::Scimulate] => wanted.to_vec(),
                    wanted => scenario
                        .clients
                        .iter()
                        .copied()
                        .filter(|client| wanted.contains(client))
                        .collect(),
                };
                told.into_iter()
                    .map(move |client| (Arc::clone(&scenario), client))
            })
            .collect();
        if selection.is_empty() {
            return Err(Complaint::new("no scenario is selected")
                .hint("`scimulate list` shows all of them with their clients and tags")
                .code(NOTHING));
        }
        Ok(selection)
    }

    /// Nothing narrows the selection: it is all that there is.
    pub(crate) fn is_everything(&self) -> bool {
        self.paths.is_empty() && self.client.is_empty() && self.tag.is_empty()
    }

    /// What a story was written out to sends the same as the story.
    fn is_told(&self, scenario: &Scenario) -> bool {
        !self.paths.is_empty() || scenario.expands.is_none()
    }

    /// Whether the file itself is among the paths, or the tag of large ones among the tags.
    fn names(&self, scenario: &Scenario) -> bool {
        let plain = |path: &str| {
            path.trim_start_matches("./")
                .trim_start_matches("scenarios/")
                .trim_end_matches(".yaml")
                .to_owned()
        };
        self.tag.iter().any(|tag| tag == LARGE)
            || self
                .paths
                .iter()
                .any(|path| plain(path) == plain(&scenario.path))
    }

    fn clients(&self) -> Result<Vec<ProfileId>, Complaint> {
        let known = |name: &String| {
            ProfileId::named(name).ok_or_else(|| {
                let names: Vec<&str> = ProfileId::ALL.into_iter().map(ProfileId::name).collect();
                Complaint::new(format!("there is no client `{name}`"))
                    .hint(format!("there is {}", names.join(", ")))
            })
        };
        self.client
            .iter()
            .flat_map(|names| names.split(','))
            .map(|name| known(&name.trim().to_owned()))
            .collect()
    }

    fn sources(&self) -> Result<Vec<Source>, Complaint> {
        if self.paths.is_empty() {
            let here = Path::new("scenarios");
            return Ok(if here.is_dir() {
                on_disk(here)
            } else {
                built_in("").collect()
            });
        }
        let mut sources = Vec::new();
        for path in &self.paths {
            let on_disk: Vec<Source> = match Path::new(path) {
                path if path.is_dir() => on_disk(path),
                path if path.exists() => vec![Source::File(path.to_owned())],
                _ => built_in(path).collect(),
            };
            if on_disk.is_empty() {
                let complaint = Complaint::new(format!(
                    "`{path}` is no file or folder with scenarios, and no shipped scenario"
                ));
                let packs: BTreeSet<&str> = BUILT_IN
                    .iter()
                    .filter_map(|(name, _)| name.split('/').nth(1))
                    .filter(|name| !name.contains('.'))
                    .collect();
                let packs = packs.into_iter().collect::<Vec<_>>().join(", ");
                return Err(complaint.hint(format!(
                    "shipped ones begin with {packs}; `scimulate list` shows them"
                )));
            }
            sources.extend(on_disk);
        }
        let mut known = BTreeSet::new();
        sources.retain(|source| known.insert(source.shown()));
        Ok(sources)
    }
}

/// Where one scenario is.
enum Source {
    File(PathBuf),
    BuiltIn(&'static str, &'static str),
}

impl Source {
    fn shown(&self) -> String {
        match self {
            Self::File(path) => {
                let shown = path.display().to_string().replace('\\', "/");
                shown.strip_prefix("./").unwrap_or(&shown).to_owned()
            }
            Self::BuiltIn(name, _) => (*name).to_owned(),
        }
    }

    fn load(&self, suites: &SuiteArguments) -> Result<Scenario, Vec<ScenarioError>> {
        let options = LoadOptions::default();
        let scenario = match self {
            Self::File(path) if suites::is_suite(path) => {
                suites::translated(path, &self.shown(), None, suites)?.scenario()
            }
            Self::File(path) => load(path, &self.shown(), &options),
            Self::BuiltIn(name, text) => load_text(text, name, &Embedded(BUILT_IN), &options),
        }?;
        match idp::mistakes_of(&scenario) {
            mistakes if mistakes.is_empty() => Ok(scenario),
            mistakes => Err(mistakes),
        }
    }
}

fn on_disk(folder: &Path) -> Vec<Source> {
    WalkDir::new(folder)
        .sort_by_file_name()
        .into_iter()
        .filter_map(Result::ok)
        .filter(|entry| entry.file_type().is_file())
        .map(walkdir::DirEntry::into_path)
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "yaml" || extension == "yml")
        })
        .filter(|path| is_scenario(&path.display().to_string().replace('\\', "/")))
        .map(Source::File)
        .collect()
}

/// Shipped scenarios whose name begins like this, with or without `scenarios/` and `.yaml`; if there is none, those in
/// whose name a folder begins so.
fn built_in(wanted: &str) -> impl Iterator<Item = Source> {
    let wanted = wanted
        .trim_start_matches("scenarios/")
        .trim_end_matches('/')
        .trim_end_matches(".yaml")
        .to_owned();
    let begins = |name: &str, wanted: &str| {
        wanted.is_empty()
            || name
                .strip_prefix(wanted)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    let plain = |name: &'static str| {
        name.trim_start_matches("scenarios/")
            .trim_end_matches(".yaml")
    };
    let inside = !BUILT_IN
        .iter()
        .any(|(name, _)| is_scenario(name) && begins(plain(name), &wanted));
    BUILT_IN
        .iter()
        .filter(move |(name, _)| {
            let name = plain(name);
            let mut folders = name.match_indices('/').filter(|_| inside);
            begins(name, &wanted) || folders.any(|(at, _)| begins(&name[at + 1..], &wanted))
        })
        .filter(|(name, _)| is_scenario(name))
        .map(|(name, text)| Source::BuiltIn(name, text))
}

fn is_large(scenario: &Scenario) -> bool {
    scenario.tags.iter().any(|tag| tag == LARGE)
}

fn is_scenario(shown: &str) -> bool {
    !is_fragment(shown) && !is_person(shown)
}

/// A scenario from its text, with the files around `shown`.
///
/// # Errors
/// Its mistakes.
pub(crate) fn loaded(text: &str, shown: &str) -> Result<Scenario, Vec<ScenarioError>> {
    let options = LoadOptions::default();
    let path = Path::new(shown);
    if path.exists() {
        load_text(text, shown, &Disk::around(path, shown), &options)
    } else {
        load_text(text, shown, &Embedded(BUILT_IN), &options)
    }
}

/// The text of a scenario file, from disk or as shipped.
pub(crate) fn text_of(name: &str) -> Option<String> {
    let built_in = BUILT_IN
        .iter()
        .find(|(known, _)| *known == name)
        .map(|(_, text)| (*text).to_owned());
    std::fs::read_to_string(name).ok().or(built_in)
}
