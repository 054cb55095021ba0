//! Suites of other testers on the command line: how they are read, and what a run of them needs to know.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use clap::{Args, ValueEnum};

use crate::cli::Complaint;
use crate::exchange::Api;
use crate::finding::Authority;
use crate::scenario::error::{Problem, ScenarioError};
use crate::scenario::load::Loaded;
use crate::scenario::template::{Piece, Text};
use crate::scenario::{Place, Scenario};
use crate::suite::{self, Format, Options, Translation};
use crate::target::{BaseUrl, Target};

/// Options about suites of other testers.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Suites of Runscope and Postman")]
pub(crate) struct SuiteArguments {
    /// On whose authority a suite asserts [default: as its name and its requests say]
    #[arg(long, value_name = "AUTHORITY")]
    by: Option<By>,
    /// Keep the pauses of a suite
    #[arg(long)]
    keep_pauses: bool,
}

/// What `--by` takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum By {
    /// Okta as a client
    Okta,
    /// Microsoft Entra ID as a client
    Entra,
    /// The RFCs
    Rfc,
}

impl SuiteArguments {
    fn options(&self) -> Options {
        Options {
            by: self.by.map(|by| match by {
                By::Okta => Authority::Okta,
                By::Entra => Authority::Entra,
                By::Rfc => Authority::Rfc,
            }),
            keep_pauses: self.keep_pauses,
        }
    }
}

/// Whether a path is that of a suite: scenarios are YAML.
pub(crate) fn is_suite(path: &Path) -> bool {
    path.extension()
        .is_some_and(|extension| extension.eq_ignore_ascii_case("json"))
}

/// A suite as a scenario. `format`: what the user says that it is.
///
/// # Errors
/// Its mistakes.
pub(crate) fn translated(
    path: &Path,
    shown: &str,
    format: Option<Format>,
    arguments: &SuiteArguments,
) -> Result<Translation, Vec<ScenarioError>> {
    let bytes = fs::read(path).map_err(|problem| {
        let reason = problem.to_string();
        let at = Place {
            file: shown.to_owned(),
            line: 1,
            column: 1,
        };
        vec![Problem::Unreadable { reason }.at(at)]
    })?;
    Ok(suite::read(shown, &bytes, format)?.translated(arguments.options()))
}

/// The mistakes of a suite, and what of it is not translated.
pub(crate) fn examine(path: &Path, shown: &str) -> Loaded {
    let translation = match translated(path, shown, None, &SuiteArguments::default()) {
        Ok(translation) => translation,
        Err(errors) => {
            return Loaded {
                errors,
                ..Loaded::default()
            };
        }
    };
    let errors = translation.scenario().err().unwrap_or_default();
    let start = Place {
        file: shown.to_owned(),
        line: 1,
        column: 1,
    };
    let warnings = translation.untranslated.iter().map(|(at, what)| {
        let problem = Problem::Suite {
            message: format!("not translated, and so not tested: {what}"),
            repair: None,
        };
        problem.at(at.clone().unwrap_or_else(|| start.clone()))
    });
    Loaded {
        scenario: None,
        errors,
        warnings: warnings.collect(),
    }
}

/// That a variable of a suite is given in a way that has no effect.
///
/// # Errors
/// It is the target, or its credential.
pub(crate) fn check_given(
    translations: &[Translation],
    given: &BTreeMap<String, String>,
) -> Result<(), Complaint> {
    let named = |names: &dyn Fn(&Translation) -> &Vec<String>| {
        let names: BTreeSet<&String> = translations.iter().flat_map(names).collect();
        names.into_iter().find(|name| given.contains_key(*name))
    };
    if let Some(name) = named(&|translation| &translation.target_variables) {
        let message = format!("`--var {name}=…` has no effect: in the suite it is the target");
        return Err(Complaint::new(message).hint("give the target's base URL with `--target URL`"));
    }
    if let Some(name) = named(&|translation| &translation.credential_variables) {
        let message = format!(
            "`{name}` is not given with `--var`: in the suite it is the target's credential"
        );
        return Err(Complaint::new(message).hint(
            "give the token with `--token-env NAME`, `--token-file FILE` or `--token -`; other users can see a command line",
        ));
    }
    Ok(())
}

/// Variables that the addresses of a scenario's services lack, where no tenant of the target has the service's name.
pub(crate) fn missing_of(
    scenario: &Scenario,
    given: &BTreeMap<String, String>,
    tenants: &BTreeSet<String>,
) -> Vec<String> {
    let others = scenario
        .services
        .iter()
        .filter(|(name, _)| !tenants.contains(name));
    others
        .flat_map(|(service, address)| {
            let variables = address.variables().filter_map(|name| name.strip_prefix("var."));
            variables
                .filter(|name| !given.contains_key(*name))
                .map(move |name| {
                    format!(
                        "{}: the service `{service}` has no address; give it with `--var {name}=URL`, such as that of `scimulate org okta`",
                        scenario.path
                    )
                })
        })
        .collect()
}

/// Adds the services of a scenario to a target, as tenants that speak something else than SCIM.
///
/// # Errors
/// An address is no URL, nobody agreed to writing there, or two scenarios mean two services by one name.
pub(crate) fn add_services(
    scenario: &Scenario,
    given: &BTreeMap<String, String>,
    may_write: bool,
    target: &mut Target,
) -> Result<(), Complaint> {
    for (name, address) in &scenario.services {
        let address = filled(address, given);
        let known = target.tenants.get(name);
        if known.is_some() && address.is_empty() {
            continue;
        }
        let base = BaseUrl::parse(&address).map_err(|problem| {
            Complaint::new(format!(
                "{}: the service `{name}`: {problem}",
                scenario.path
            ))
            .hint("give the address below which its paths are, such as http://127.0.0.1:9000")
        })?;
        if !base.is_loopback() && !may_write {
            let message = format!("writing to {base} needs consent: it is not on this machine");
            return Err(Complaint::new(message)
                .hint("add `--yes-write`; what the scenario creates there is not removed"));
        }
        if let Some(known) = known
            && known.base != base
            && !known.api.is_scim()
        {
            let message = format!(
                "{}: the service `{name}` is at {base}, and at {} already",
                scenario.path, known.base
            );
            return Err(Complaint::new(message).hint("run the scenarios one by one"));
        }
        let service = Target {
            api: Api::Management,
            ..Target::new(base)
        };
        target.tenants.insert(name.clone(), service);
    }
    Ok(())
}

/// The address with the values that are given; empty if one is not.
fn filled(address: &Text, given: &BTreeMap<String, String>) -> String {
    let pieces: Option<Vec<&str>> = address
        .pieces
        .iter()
        .map(|piece| match piece {
            Piece::Literal(text) => Some(text.as_str()),
            Piece::Variable { name, default } => name
                .strip_prefix("var.")
                .and_then(|name| given.get(name).map(String::as_str))
                .or(default.as_deref()),
        })
        .collect();
    pieces.map(|pieces| pieces.concat()).unwrap_or_default()
}
