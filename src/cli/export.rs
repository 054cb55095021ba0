//! `scimulate export`: requests in the forms of other tools, from scenarios or from what was recorded.
//!
//! What a scenario sends depends on what is answered, so it is played against the embedded reference server, which answers
//! as it should; nothing leaves this machine.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, ValueEnum};
use tokio_util::sync::CancellationToken;

use crate::capture::{self, Format as Captured, Found};
use crate::cli::import::{Opening, count, opened, shown, summary};
use crate::cli::out::OutArguments;
use crate::cli::selection::{Selection, SelectionArguments};
use crate::cli::stage::{Stage, Wanted};
use crate::cli::variables::{environment, variables};
use crate::cli::{Complaint, FINE, NOTHING};
use crate::event::{Event, run_id};
use crate::exchange::Exchange;
use crate::export::{self, Options};
use crate::run::{self, Bounds, Settings};

/// Where `scimulate serve` listens by default.
const SERVED: &str = "http://127.0.0.1:8080/scim/v2";
/// Exchanges that are exported at most.
const MOST: usize = 10_000;

/// Options of `scimulate export`.
#[derive(Debug, Clone, Args)]
pub(crate) struct ExportArguments {
    /// What to write
    format: Format,
    #[command(flatten)]
    selection: SelectionArguments,
    /// Export what was recorded instead: an event log, HAR, curl command lines or HTTP as text; `-` for stdin
    #[arg(long, value_name = "FILE", conflicts_with_all = ["paths", "variables"])]
    events: Option<PathBuf>,
    /// Base URL that the export sends to [default: that of the recording, or of `scimulate serve`]
    #[arg(long, value_name = "URL")]
    target: Option<String>,
    /// Also what scimulate sends as itself: read-backs and removals
    #[arg(long)]
    own: bool,
    /// Give a variable of the scenarios a value
    #[arg(long = "var", value_name = "NAME=VALUE")]
    variables: Vec<String>,
    #[command(flatten)]
    out: OutArguments,
}

/// Forms of other tools.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// A script for a POSIX shell that sends the requests with curl
    Curl,
    /// An HTTP Archive, with the answers
    Har,
    /// A Postman collection v2.1
    Postman,
    /// A `.http` file, for the REST client of Visual Studio Code
    Http,
}

/// What is exported.
#[derive(Default)]
struct Material {
    title: String,
    exchanges: Vec<Exchange>,
    /// Ids of runs, as names have them.
    runs: Vec<String>,
    /// What was read of a recording.
    said: String,
}

/// Writes the export.
pub(crate) fn export(arguments: &ExportArguments) -> Result<ExitCode, Complaint> {
    arguments.out.check()?;
    let material = match &arguments.events {
        Some(file) => recorded(file)?,
        None => arguments.played()?,
    };
    let is_recording = arguments.events.is_some();
    let options = Options {
        title: material.title,
        base: match &arguments.target {
            Some(base) => Some(base.trim_end_matches('/').to_owned()),
            None if is_recording => None,
            None => Some(SERVED.to_owned()),
        },
        runs: material.runs,
        own: arguments.own,
    };
    let exchanges = &material.exchanges;
    let text = match arguments.format {
        Format::Curl => export::curl::script(exchanges, &options),
        Format::Postman => export::postman::collection(exchanges, &options),
        Format::Http => export::http::file(exchanges, &options),
        Format::Har => export::har::archive(exchanges, &options, env!("CARGO_PKG_VERSION")),
    };
    let Some(text) = text else {
        return Err(
            Complaint::new("there is nothing to export: no request of a client is left")
                .hint("`--own` exports what scimulate sends as itself, too")
                .code(NOTHING),
        );
    };
    arguments.out.write(&text)?;
    // Nobody reads stderr any more: the export is written all the same.
    let _ = std::io::Write::write_all(&mut anstream::stderr().lock(), material.said.as_bytes());
    Ok(ExitCode::from(FINE))
}

/// What a file recorded.
fn recorded(file: &std::path::Path) -> Result<Material, Complaint> {
    let name = shown(file);
    let Opening {
        found,
        mut input,
        beginning,
    } = opened(file, None, &name)?;
    let Found::Traffic(format) = found else {
        return Err(Complaint::new(format!(
            "`{name}` is a log of a provider, which holds no requests"
        ))
        .hint("write it as a scenario with `scimulate import`, and export that"));
    };
    let mut material = Material {
        title: format!("Exported from {name}"),
        ..Material::default()
    };
    if format == Captured::Events {
        material.runs = runs_of(&beginning);
    }
    let mut more = 0_u64;
    let account = capture::read(format, &mut *input, &mut |exchange, _| match material
        .exchanges
        .len()
        < MOST
    {
        true => material.exchanges.push(exchange),
        false => more += 1,
    });
    let account = account.map_err(|problem| crate::cli::import::of_capture(&problem, &name))?;
    material.said = summary(&name, format, &account, None);
    if more > 0 {
        material.said.push_str(&format!(
            "{} more found no room\n",
            count(more, "exchange", "exchanges")
        ));
    }
    Ok(material)
}

/// The ids that the names of a run have, from its first event.
fn runs_of(beginning: &[u8]) -> Vec<String> {
    let first = beginning
        .split(|byte| *byte == b'\n')
        .next()
        .unwrap_or_default();
    match serde_json::from_slice(first) {
        Ok(Event::RunStarted { run, scenarios, .. }) => (0..scenarios)
            .map(|scenario| run_id::of_scenario(&run, scenario))
            .collect(),
        _ => Vec::new(),
    }
}

impl ExportArguments {
    /// What scenarios send when all goes well.
    fn played(&self) -> Result<Material, Complaint> {
        let selection = self.selection.selected()?;
        let title = title_of(&selection);
        let mut variables = variables(&self.variables)?;
        let mut environment = environment(&selection, &variables, &BTreeSet::new())?;
        let run = run::fresh_run_id();
        let runs = (0..selection.len())
            .map(|scenario| run_id::of_scenario(&run, scenario))
            .collect();
        let mut exchanges = Vec::new();
        let mut failed = Vec::new();
        crate::cli::runtime()?.block_on(async {
            let wanted = Wanted {
                target: None,
                preset: None,
                defects: &[],
                selection: &selection,
                suite_org: None,
                bounds: Bounds::default(),
                may_write: false,
            };
            let mut stage = Stage::set(wanted, &mut variables, &mut environment).await?;
            let settings = Settings {
                imitations: std::mem::take(&mut stage.imitations),
                run,
                variables,
                environment,
                ..Settings::of(stage.target.clone(), selection.clone())
            };
            let ran = run::run(settings, CancellationToken::new(), |event| match event {
                Event::StepFinished {
                    exchanges: sent,
                    step,
                    findings,
                    ..
                } => {
                    if findings.iter().any(crate::finding::Finding::counts) {
                        failed.push(step);
                    }
                    exchanges.extend(sent);
                }
                Event::ScenarioFinished { cleanup, .. } => exchanges.extend(cleanup),
                _ => {}
            });
            let ran = ran.await;
            stage.strike().await;
            ran.map_err(Complaint::new)
        })?;
        let said = failed.iter().map(|step| {
            format!(
                "note: step `{step}` fails against the reference server; what it sent is exported\n"
            )
        });
        Ok(Material {
            title,
            exchanges,
            runs,
            said: said.collect(),
        })
    }
}

fn title_of(selection: &Selection) -> String {
    let mut clients: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (scenario, client) in selection {
        clients
            .entry(&scenario.title)
            .or_default()
            .push(client.name());
    }
    let titles = clients
        .iter()
        .take(3)
        .map(|(title, clients)| format!("{title} (as {})", clients.join(", ")));
    let mut title = titles.collect::<Vec<_>>().join("; ");
    if clients.len() > 3 {
        title.push_str(&format!("; and {} more", clients.len() - 3));
    }
    title
}
