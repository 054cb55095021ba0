//! Variables of scenarios that come from the command line and the environment.

use std::collections::{BTreeMap, BTreeSet};

use secrecy::ExposeSecret;

use crate::cli::Complaint;
use crate::cli::selection::Selection;
use crate::cli::suites;
use crate::cli::target::from_environment;

/// A variable whose value is a secret.
pub(crate) struct SecretVariable {
    /// Its name in scenarios.
    pub(crate) name: String,
    /// The environment variable that it comes from.
    pub(crate) variable: String,
    pub(crate) value: String,
}

/// `NAME=VALUE` pairs.
pub(crate) fn variables(pairs: &[String]) -> Result<BTreeMap<String, String>, Complaint> {
    pairs
        .iter()
        .map(|pair| {
            let (name, value) = pair.split_once('=').ok_or_else(|| {
                Complaint::new(format!("`--var {pair}` has no `=`"))
                    .hint("write `--var NAME=VALUE`")
            })?;
            Ok((name.trim().to_owned(), value.to_owned()))
        })
        .collect()
}

/// The environment variables that the scenarios read, and whether all that they need is there.
pub(crate) fn environment(
    selection: &Selection,
    given: &BTreeMap<String, String>,
    tenants: &BTreeSet<String>,
) -> Result<BTreeMap<String, String>, Complaint> {
    let mut environment = BTreeMap::new();
    let mut missing = BTreeSet::new();
    for (scenario, _) in selection {
        missing.extend(suites::missing_of(scenario, given, tenants));
        for (name, optional) in &scenario.outside {
            if let Some(variable) = name.strip_prefix("env.") {
                match std::env::var(variable) {
                    Ok(value) => {
                        environment.insert(variable.to_owned(), value);
                    }
                    Err(_) if !optional => {
                        missing.insert(format!(
                            "{}: `${{{name}}}` is not set in the environment",
                            scenario.path
                        ));
                    }
                    Err(_) => {}
                }
            } else if let Some(variable) = name.strip_prefix("var.")
                && !optional
                && !given.contains_key(variable)
            {
                missing.insert(format!(
                    "{}: `${{{name}}}` has no value; give it with `--var {variable}=…`",
                    scenario.path
                ));
            }
        }
    }
    match missing.is_empty() {
        true => Ok(environment),
        false => Err(Complaint::new(
            missing.into_iter().collect::<Vec<_>>().join("\nerror: "),
        )),
    }
}

/// What `--var-env` gives.
pub(crate) fn secret_variables(pairs: &[String]) -> Result<Vec<SecretVariable>, Complaint> {
    pairs
        .iter()
        .map(|pair| {
            let (name, variable) = pair.split_once('=').ok_or_else(|| {
                Complaint::new(format!("`--var-env {pair}` has no `=`")).hint(
                    "write `--var-env NAME=VARIABLE`, with the name of an environment variable",
                )
            })?;
            let value = from_environment(variable.trim(), "--var-env")?;
            Ok(SecretVariable {
                name: name.trim().to_owned(),
                variable: variable.trim().to_owned(),
                value: value.expose_secret().to_owned(),
            })
        })
        .collect()
}
