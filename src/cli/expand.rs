//! `scimulate expand`: writes stories out as the explicit scenarios of each client.
//!
//! The answers come from the reference server in this process; nothing is sent.

use std::cell::Cell;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use clap::Args;
use jiff::Timestamp;

use crate::cli::Complaint;
use crate::cli::selection::SelectionArguments;
use crate::cli::serve::imitate;
use crate::exchange::{Api, Body, Exchange, Request, Response};
use crate::expand::{self, Unexpandable};
use crate::finding::Authority;
use crate::plan::Outgoing;
use crate::profile::ProfileId;
use crate::scenario::Scenario;
use crate::scenario::step::{Action, Step};
use crate::server;
use crate::target::Preset;

/// Options of `scimulate expand`.
#[derive(Debug, Clone, Args)]
pub(crate) struct ExpandArguments {
    #[command(flatten)]
    selection: SelectionArguments,
    /// Write files below this folder, `okta/PROFILE/NAME.yaml` and `entra/PROFILE/NAME.yaml`, instead of one to stdout
    #[arg(long, value_name = "FOLDER")]
    out: Option<PathBuf>,
}

/// Whether a story is written out among many: not if what is sent depends on values rather than names (`reactive`), and
/// not if it would fill a library (`large`).
pub fn is_written_out(scenario: &Scenario) -> bool {
    let is_story = |step: &Step| matches!(step.action, Action::Act(_));
    let apart = |tag: &String| tag == "reactive" || tag == "large";
    scenario.steps.iter().any(is_story) && !scenario.tags.iter().any(apart)
}

/// Writes stories out.
pub(crate) fn expand(arguments: &ExpandArguments) -> Result<ExitCode, Complaint> {
    let selection = arguments.selection.selected()?;
    let mut written = Vec::new();
    for (scenario, client) in &selection {
        if selection.len() > 1 && !is_written_out(scenario) {
            continue;
        }
        match text_of(scenario, *client) {
            Ok(text) => written.push((address(scenario, *client), text)),
            Err(problem) => {
                let path = &scenario.path;
                return Err(Complaint::new(format!(
                    "`{path}` cannot be written out as {}: {problem}",
                    client.name()
                )));
            }
        }
    }
    let Some(folder) = &arguments.out else {
        let [(_, text)] = written.as_slice() else {
            return Err(Complaint::new(format!(
                "{} scenarios would be written, and stdout takes one",
                written.len()
            ))
            .hint("choose one with its path and `--as PROFILE`, or a folder with `--out FOLDER`"));
        };
        // A closed pipe is no error.
        let _ = anstream::stdout().lock().write_all(text.as_bytes());
        return Ok(ExitCode::SUCCESS);
    };
    for (address, text) in &written {
        let path = folder.join(address);
        write(&path, text).map_err(|problem| {
            Complaint::new(format!("cannot write `{}`: {problem}", path.display()))
        })?;
    }
    let _ = writeln!(
        anstream::stderr().lock(),
        "{} scenarios written below {}",
        written.len(),
        folder.display()
    );
    Ok(ExitCode::SUCCESS)
}

fn write(path: &Path, text: &str) -> std::io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::write(path, text)
}

/// Where an expanded scenario belongs below the folder of scenarios.
pub fn address(scenario: &Scenario, client: ProfileId) -> String {
    let provider = match client.authority() {
        Authority::Okta => "okta",
        Authority::Entra => "entra",
        Authority::Rfc | Authority::Snapshot => "scimulate",
    };
    let name = scenario.path.rsplit('/').next().unwrap_or_default();
    format!("{provider}/{}/{name}", client.name())
}

/// A story as the explicit scenario of one client.
///
/// # Errors
/// It cannot be written out, or its file is gone.
pub fn text_of(scenario: &Scenario, client: ProfileId) -> Result<String, Unexpandable> {
    let written = crate::cli::selection::text_of(&scenario.path).ok_or_else(|| {
        Unexpandable::Unplayable(format!("`{}` cannot be read any more", scenario.path))
    })?;
    let target = Target::new(scenario)?;
    expand::expand(scenario, &written, client, &mut |request| {
        target.answer(request)
    })
}

/// A reference server in this process.
struct Target {
    server: server::Server,
    ids: Cell<u64>,
}

impl Target {
    fn new(scenario: &Scenario) -> Result<Self, Unexpandable> {
        let mut tenants: Vec<String> = scenario
            .steps
            .iter()
            .filter_map(|step| step.tenant.clone())
            .collect();
        tenants.sort();
        tenants.dedup();
        let mut settings = server::Settings {
            tenants: tenants.into_iter().map(|name| (name, Vec::new())).collect(),
            ..server::Settings::default()
        };
        if let Some(preset) = scenario.preset.as_deref().and_then(Preset::named) {
            imitate(&mut settings, preset);
            settings.base_path = server::BASE_PATH.to_owned();
        }
        let server = server::Server::new(settings)
            .map_err(|problem| Unexpandable::Unplayable(problem.to_string()))?;
        Ok(Self {
            server,
            ids: Cell::new(0),
        })
    }

    fn answer(&self, request: &Outgoing) -> Exchange {
        let base = match &request.tenant {
            Some(tenant) => format!("/{tenant}/scim/v2"),
            None => "/scim/v2".to_owned(),
        };
        let target = format!("{base}{}", request.target);
        let headers: Vec<(&str, &str)> = request
            .headers
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        let body = request.body.clone().unwrap_or_default();
        let asked = server::Request {
            method: &request.method,
            target: &target,
            headers: &headers,
            body: &body,
        };
        let fresh = || {
            self.ids.set(self.ids.get() + 1);
            format!("00000000-0000-4000-8000-{:012}", self.ids.get())
        };
        let answer = self.server.handle(&asked, Timestamp::UNIX_EPOCH, &fresh);
        let received = answer
            .headers
            .iter()
            .map(|(name, value)| ((*name).to_owned(), value.clone()))
            .chain([("content-type".to_owned(), server::MEDIA_TYPE.to_owned())])
            .collect();
        Exchange {
            sender: request.sender.clone(),
            request: Request {
                api: Api::Scim,
                method: request.method.clone(),
                origin: String::new(),
                target: request.target.clone(),
                headers: request.headers.clone(),
                body: Body::new(body),
            },
            outcome: Ok(Response::new(
                answer.status,
                received,
                Body::new(answer.body),
                None,
            )),
            started: Timestamp::UNIX_EPOCH.to_string(),
            elapsed: Duration::ZERO,
        }
    }
}
