//! The org that a suite asks for and that nobody has named: one of our own, for the time of the run.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use crate::cli::Complaint;
use crate::cli::org::complaint;
use crate::idp::Switches;
use crate::org::embedded::{OktaSettings, start_embedded};
use crate::org::listen::{Running, Settings};
use crate::org::okta::Okta;
use crate::profile::ProfileId;
use crate::run::Bounds;
use crate::scenario::Scenario;
use crate::target::Target;

/// Masked like whatever comes from the environment.
pub(crate) const TOKEN: &str = "SCIMULATE_SUITE_ORG_TOKEN";

/// The variables by which a suite knows its org.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SuiteOrg {
    url: String,
    app_id: Option<Asked>,
    token: Option<Asked>,
}

/// A variable, and its value if the user gave one: then the org has that.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Asked {
    name: String,
    given: Option<String>,
}

impl SuiteOrg {
    /// The org that one of the scenarios, and only that one, lacks: it calls a service of Okta's, and nothing has a value
    /// that would name another one.
    pub(crate) fn wanted<'s>(
        scenarios: impl Iterator<Item = &'s Scenario>,
        given: &BTreeMap<String, String>,
        tenants: &BTreeSet<String>,
    ) -> Option<(String, Self)> {
        let mut wanting = scenarios.filter_map(|scenario| {
            let org = Self::of(scenario, given, tenants)?;
            Some((scenario.path.clone(), org))
        });
        let first = wanting.next()?;
        wanting.next().is_none().then_some(first)
    }

    fn of(
        scenario: &Scenario,
        given: &BTreeMap<String, String>,
        tenants: &BTreeSet<String>,
    ) -> Option<Self> {
        let [(service, address)] = scenario.services.as_slice() else {
            return None;
        };
        let mut names = address
            .variables()
            .filter_map(|name| name.strip_prefix("var."));
        let (url, None) = (names.next()?, names.next()) else {
            return None;
        };
        let is_okta = url.to_ascii_lowercase().contains("okta");
        if tenants.contains(service) || given.contains_key(url) || !is_okta {
            return None;
        }
        let mut org = Self {
            url: url.to_owned(),
            app_id: None,
            token: None,
        };
        for (name, optional) in &scenario.outside {
            let Some(name) = name.strip_prefix("var.").filter(|_| !optional) else {
                continue;
            };
            if name == url {
                continue;
            }
            let lower = name.to_ascii_lowercase();
            let place = match () {
                () if lower.ends_with("appid") => &mut org.app_id,
                () if lower.ends_with("token") => &mut org.token,
                () if given.contains_key(name) => continue,
                // Whoever must be told something else is told all of it.
                () => return None,
            };
            *place = Some(Asked {
                name: name.to_owned(),
                given: given.get(name).cloned(),
            });
        }
        Some(org)
    }

    /// Whatever the suite lacks of the org has a value once it is [open](Self::open).
    pub(crate) fn promised(&self) -> impl Iterator<Item = String> {
        let asked = [&self.app_id, &self.token].into_iter().flatten();
        let missing = asked.filter(|asked| asked.given.is_none());
        missing
            .map(|asked| asked.name.clone())
            .chain([self.url.clone()])
    }

    /// Starts the org that provisions the target, and gives the suite's variables their values.
    ///
    /// # Errors
    /// It cannot be started.
    pub(crate) async fn open(
        &self,
        target: Target,
        bounds: Bounds,
        journal: Option<PathBuf>,
        variables: &mut BTreeMap<String, String>,
        environment: &mut BTreeMap<String, String>,
    ) -> Result<Running<Okta>, Complaint> {
        let okta = OktaSettings {
            client: ProfileId::OktaOin,
            switches: Switches::default(),
            app_id: self.app_id.as_ref().and_then(|asked| asked.given.clone()),
            token: self.token.as_ref().and_then(|asked| asked.given.clone()),
        };
        let settings = Settings {
            port: 0,
            target,
            tenant: None,
            bounds,
            journal,
            keep: false,
        };
        let (running, access) = start_embedded(okta, settings).await.map_err(complaint)?;
        variables.insert(self.url.clone(), access.base_url);
        if let Some(asked) = &self.app_id {
            variables.insert(asked.name.clone(), access.app_id);
        }
        if let Some(asked) = &self.token {
            variables.insert(asked.name.clone(), access.token.clone());
        }
        environment.insert(TOKEN.to_owned(), access.token);
        Ok(running)
    }
}

/// What a run says of it.
pub(crate) fn notice(path: &str) -> String {
    format!(
        "{path} calls an Okta org, and none is named: `scimulate org okta` plays it for this run, and removes what it creates"
    )
}
