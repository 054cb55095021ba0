//! What scenarios are played against: the target that is given, or reference servers of our own, and whatever stands beside
//! it for the time of the play.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use uuid::Uuid;

use crate::cli::Complaint;
use crate::cli::org::tell;
use crate::cli::selection::Selection;
use crate::cli::serve::embedded;
use crate::cli::suite_org::{self, SuiteOrg};
use crate::cli::suites;
use crate::org::listen::Running as RunningOrg;
use crate::org::okta::Okta;
use crate::run::Bounds;
use crate::server::{Defect, Running};
use crate::target::{Preset, Target};

/// The token that a probe puts where it must not be accepted, such as a URL. The embedded server's is put there without
/// being asked for; that of another target would end in its logs.
const OFFERED_TOKEN: &str = "SCIMULATE_OFFERED_TOKEN";

/// What a stage is set for.
pub(crate) struct Wanted<'a> {
    /// The target and where its journal is kept; `None`: the embedded server, which needs no journal, because what is left
    /// in it goes with it.
    pub(crate) target: Option<(Target, PathBuf)>,
    /// What the embedded server imitates.
    pub(crate) preset: Option<&'static Preset>,
    /// What is wrong with the embedded server.
    pub(crate) defects: &'a [&'static Defect],
    /// What will be played.
    pub(crate) selection: &'a Selection,
    /// The org that a suite lacks.
    pub(crate) suite_org: Option<&'a (String, SuiteOrg)>,
    /// Limits of each request of that org.
    pub(crate) bounds: Bounds,
    /// Services of scenarios may be written to wherever they are.
    pub(crate) may_write: bool,
}

/// See [`Wanted`].
pub(crate) struct Stage {
    /// What is played against.
    pub(crate) target: Target,
    /// What stands for it in scenarios that need something else.
    pub(crate) imitations: BTreeMap<String, Target>,
    /// Where the journal is kept.
    pub(crate) journal: Option<PathBuf>,
    /// What is to be said of it.
    pub(crate) notices: Vec<String>,
    servers: Vec<Running>,
    org: Option<RunningOrg<Okta>>,
}

impl Stage {
    /// Starts what is needed, and gives the variables their values.
    ///
    /// # Errors
    /// A server cannot be started, or a service has no usable address.
    pub(crate) async fn set(
        mut wanted: Wanted<'_>,
        variables: &mut BTreeMap<String, String>,
        environment: &mut BTreeMap<String, String>,
    ) -> Result<Self, Complaint> {
        // One for all, so that it is masked wherever it comes from.
        let token = Uuid::new_v4().to_string();
        let mut servers = Vec::new();
        let (target, journal) = match wanted.target.take() {
            Some((target, journal)) => (target, Some(journal)),
            None => {
                let (server, target) = embedded(wanted.preset, wanted.defects, &[], &token).await?;
                servers.push(server);
                environment.insert(OFFERED_TOKEN.to_owned(), token.clone());
                (target, None)
            }
        };
        let mut stage = Self {
            target,
            imitations: BTreeMap::new(),
            journal,
            notices: Vec::new(),
            servers,
            org: None,
        };
        if stage.is_embedded() {
            stage
                .imitate(&wanted, &token, variables, environment)
                .await?;
        } else if let Some((path, org)) = wanted.suite_org {
            let (target, journal) = (stage.target.clone(), stage.journal.clone());
            let opened = org.open(target, wanted.bounds, journal, variables, environment);
            stage.org = Some(opened.await?);
            stage.notices.push(suite_org::notice(path));
            for (scenario, _) in wanted.selection.iter().filter(|(one, _)| one.path == *path) {
                suites::add_services(scenario, variables, true, &mut stage.target)?;
            }
        }
        Ok(stage)
    }

    /// Whether the target is a server of our own.
    pub(crate) fn is_embedded(&self) -> bool {
        !self.servers.is_empty()
    }

    /// Ends what was started.
    pub(crate) async fn strike(self) {
        if let Some(org) = self.org {
            // What it has created at the target goes with it; what is left is told.
            tell(&org.stop().await);
        }
        for server in self.servers {
            // It has no state file, so nothing can go wrong that matters.
            let _ = server.stop().await;
        }
    }

    /// Servers for the scenarios that are about another one than the embedded one is.
    async fn imitate(
        &mut self,
        wanted: &Wanted<'_>,
        token: &str,
        variables: &mut BTreeMap<String, String>,
        environment: &mut BTreeMap<String, String>,
    ) -> Result<(), Complaint> {
        let own = self.target.preset.map(|preset| preset.name);
        for preset in presets_of(wanted.selection) {
            if own != Some(preset.name) {
                let (server, target) = embedded(Some(preset), wanted.defects, &[], token).await?;
                self.servers.push(server);
                self.imitations.insert(preset.name.to_owned(), target);
            }
        }
        for (scenario, _) in wanted.selection {
            if scenario.policies.is_empty() && scenario.services.is_empty() {
                continue;
            }
            let (server, mut target) =
                embedded(None, wanted.defects, &scenario.policies, token).await?;
            self.servers.push(server);
            if let Some((path, org)) = wanted.suite_org
                && *path == scenario.path
            {
                let opened = org.open(target.clone(), wanted.bounds, None, variables, environment);
                self.org = Some(opened.await?);
                self.notices.push(suite_org::notice(path));
            }
            suites::add_services(scenario, variables, wanted.may_write, &mut target)?;
            self.imitations.insert(scenario.path.clone(), target);
            if !scenario.policies.is_empty() {
                self.notices.push(format!(
                    "{} plays against a reference server of its own: `scimulate serve --policy {}`",
                    scenario.path,
                    scenario.policies.join(" --policy ")
                ));
            }
        }
        Ok(())
    }
}

/// The published integrations that scenarios are about.
fn presets_of(selection: &Selection) -> Vec<&'static Preset> {
    let named: BTreeSet<&String> = selection
        .iter()
        .filter_map(|(scenario, _)| scenario.preset.as_ref())
        .collect();
    named
        .into_iter()
        .filter_map(|name| Preset::named(name))
        .collect()
}
