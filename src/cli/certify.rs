//! `scimulate certify`: whether a provider would list the integration, and the evidence for it.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, ValueEnum};
use uuid::Uuid;
use walkdir::WalkDir;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use crate::cli::explain::RULES;
use crate::cli::playing::{PlayArguments, play};
use crate::cli::reporting::ReportArguments;
use crate::cli::run::consent;
use crate::cli::selection::{Selection, SelectionArguments, text_of};
use crate::cli::serve::{FlawArguments, embedded, fetching};
use crate::cli::target::TargetArguments;
use crate::cli::{Complaint, FAILED, FINE, INTERRUPTED, UNTESTABLE};
use crate::event::Opens;
use crate::gate::{Facts, Gate, Judging, Level};
use crate::profile::ProfileId;
use crate::report::Reporter;
use crate::report::audience::Audience;
use crate::report::evidence::Evidence;
use crate::report::readiness::GateReport;
use crate::run::{self, Ending, Settings};

/// Options of `scimulate certify`.
#[derive(Debug, Clone, Args)]
#[command(
    after_help = "Exit codes: 0 ready, 1 not ready, 2 the command is wrong, 3 not predictable: something that is required \
    could not be tested, 130 interrupted."
)]
pub(crate) struct CertifyArguments {
    /// Whose gate
    #[arg(value_enum)]
    provider: Provider,
    /// The profile to act as, of that provider [default: the one that its catalogue uses]
    #[arg(long = "as", env = "SCIMULATE_AS", value_name = "PROFILE")]
    client: Option<String>,
    /// Print what the gate demands, each with its source and date, and send nothing
    #[arg(long)]
    list: bool,
    #[command(flatten)]
    target: TargetArguments,
    /// Where the evidence goes: a folder, or a zip file if the name ends with .zip
    /// [default: .scimulate/evidence/PROVIDER-RUN]
    #[arg(long, env = "SCIMULATE_EVIDENCE", value_name = "PATH")]
    evidence: Option<PathBuf>,
    /// Write no evidence
    #[arg(long, conflicts_with = "evidence")]
    no_evidence: bool,
    #[command(flatten)]
    play: PlayArguments,
    #[command(flatten)]
    flaws: FlawArguments,
    #[command(flatten)]
    reports: ReportArguments,
}

/// Whose catalogue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Provider {
    /// Okta Integration Network
    Okta,
    /// Microsoft Entra application gallery
    Entra,
}

/// Certifies, and says with the exit code how it came out.
pub(crate) fn certify(arguments: &CertifyArguments) -> Result<ExitCode, Complaint> {
    let gate = arguments.gate();
    let client = arguments.client(gate)?;
    if arguments.list {
        return list(gate);
    }
    let plays = gate.parts.iter().flat_map(|part| part.plays.clone());
    let selection = SelectionArguments::shipped(plays.collect(), client)?;
    let variables = arguments.play.variables()?;
    let chosen = arguments.target.chosen()?;
    let defects = arguments.flaws.defects()?;
    if let Some(chosen) = &chosen {
        if !arguments.flaws.is_empty() {
            return Err(
                Complaint::new("only the reference server can be given a defect")
                    .hint("leave `--target` out, or `--defect`"),
            );
        }
        consent(chosen, &selection)?;
    }
    let run = run::fresh_run_id();
    let evidence = arguments.evidence(gate, &run)?;
    let mut reporters = arguments.reports.reporters(|out, paint, verbose| {
        Box::new(GateReport::new(out, paint, verbose)) as Box<dyn Reporter>
    })?;
    if let Some(evidence) = &evidence {
        reporters.push(Box::new(evidence.reporter(&selection)?));
    }
    let mut audience = Audience::new(reporters, None);
    let (ending, opens) = crate::cli::runtime()?.block_on(async {
        let (server, target) = match chosen {
            Some(chosen) => (None, chosen.target),
            None => {
                let token = Uuid::new_v4().to_string();
                let (server, target) =
                    embedded(arguments.target.preset()?, &defects, &[], &token).await?;
                let target = match gate.demands_fetched_tokens() {
                    true => fetching(&server, target, &token)?,
                    false => target,
                };
                (Some(server), target)
            }
        };
        let facts = Facts {
            base: target.base.to_string(),
            is_loopback: target.base.is_loopback(),
            authentication: None,
        };
        let mut judging = Judging::new(gate, client.name(), facts);
        let settings = Settings {
            jobs: arguments.play.jobs(server.is_some()),
            bounds: arguments.play.bounds(),
            run,
            variables,
            // What is left in the embedded server goes with it, so it needs no journal.
            journal: server.is_none().then(|| arguments.play.journal_dir.clone()),
            ..Settings::of(target, selection)
        };
        let played = play(settings, &mut audience, Some(&mut judging)).await;
        if let Some(server) = server {
            // It has no state file, so nothing can go wrong that matters.
            let _ = server.stop().await;
        }
        let (ending, _) = played?;
        Ok::<_, Complaint>((ending, judging.readiness().verdict))
    })?;
    drop(audience);
    if let Some(evidence) = evidence {
        evidence.finish()?;
    }
    Ok(ExitCode::from(match (ending, opens) {
        (Ending::Interrupted, _) => INTERRUPTED,
        (Ending::Untestable, _) | (Ending::Finished, Opens::NotPredictable) => UNTESTABLE,
        (Ending::Finished, Opens::NotReady) => FAILED,
        (Ending::Finished, Opens::Ready) => FINE,
    }))
}

impl CertifyArguments {
    fn gate(&self) -> &'static Gate {
        let name = match self.provider {
            Provider::Okta => "okta",
            Provider::Entra => "entra",
        };
        let mut gates = Gate::all().iter();
        gates
            .find(|gate| gate.id.name() == name)
            .expect("every provider has its table")
    }

    fn client(&self, gate: &Gate) -> Result<ProfileId, Complaint> {
        let wanted = self.client.as_deref().unwrap_or(&gate.client);
        ProfileId::named(wanted)
            .filter(|client| client.authority() == gate.id)
            .ok_or_else(|| {
                let known = ProfileId::ALL
                    .into_iter()
                    .filter(|client| client.authority() == gate.id)
                    .map(ProfileId::name);
                let known: Vec<&str> = known.collect();
                Complaint::new(format!("`{wanted}` is no client of {}", gate.title))
                    .hint(format!("there is {}", known.join(", ")))
            })
    }

    /// Where the evidence goes, if it is wanted.
    fn evidence(&self, gate: &Gate, run: &str) -> Result<Option<Place>, Complaint> {
        if self.no_evidence {
            return Ok(None);
        }
        let place = match &self.evidence {
            Some(path) => path.clone(),
            None => Path::new(".scimulate/evidence").join(format!("{}-{run}", gate.id.name())),
        };
        let is_zip = place
            .extension()
            .is_some_and(|extension| extension.eq_ignore_ascii_case("zip"));
        let folder = match is_zip {
            true => place.with_extension(format!("{run}.part")),
            false => place.clone(),
        };
        // What somebody else has put there must not end up among the hashes.
        let is_taken = |path: &Path| match fs::read_dir(path) {
            Ok(mut entries) => entries.next().is_some(),
            Err(_) => path.exists(),
        };
        if is_taken(&place) {
            let shown = place.display();
            return Err(Complaint::new(format!("`{shown}` is there already"))
                .hint("name another place with `--evidence`, or remove it"));
        }
        Ok(Some(Place {
            folder,
            zip: is_zip.then_some(place),
        }))
    }
}

/// Where evidence goes.
struct Place {
    folder: PathBuf,
    zip: Option<PathBuf>,
}

impl Place {
    fn reporter(&self, selection: &Selection) -> Result<Evidence, Complaint> {
        let texts = selection
            .iter()
            .filter_map(|(scenario, _)| Some((scenario.path.as_str(), text_of(&scenario.path)?)));
        Evidence::new(&self.folder, RULES, texts).map_err(|problem| {
            let shown = self.folder.display();
            Complaint::new(format!(
                "the evidence in `{shown}` cannot be written: {problem}"
            ))
            .hint("name another place with `--evidence`, or write none with `--no-evidence`")
        })
    }

    /// Packs the folder if that was asked for, and says where the evidence is.
    fn finish(self) -> Result<(), Complaint> {
        let shown = match &self.zip {
            Some(zip) => {
                pack(&self.folder, zip).map_err(|problem| {
                    let (zip, folder) = (zip.display(), self.folder.display());
                    Complaint::new(format!("`{zip}` cannot be written: {problem}"))
                        .hint(format!("the evidence is in `{folder}`"))
                })?;
                zip
            }
            None => &self.folder,
        };
        let mut out = anstream::stderr().lock();
        // Nobody reads stderr any more: the evidence is there all the same.
        let _ = writeln!(out, "evidence: {}", shown.display());
        Ok(())
    }
}

/// Makes one file of a folder, and removes the folder.
fn pack(folder: &Path, file: &Path) -> io::Result<()> {
    let mut zip = ZipWriter::new(File::create(file)?);
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
    for entry in WalkDir::new(folder).sort_by_file_name() {
        let entry = entry.map_err(io::Error::other)?;
        if !entry.file_type().is_file() {
            continue;
        }
        let inside = entry
            .path()
            .strip_prefix(folder)
            .map_err(io::Error::other)?;
        let inside = inside.display().to_string().replace('\\', "/");
        zip.start_file(inside, options).map_err(io::Error::other)?;
        zip.write_all(&fs::read(entry.path())?)?;
    }
    zip.finish().map_err(io::Error::other)?.sync_all()?;
    fs::remove_dir_all(folder)
}

/// All requirements of a gate, by part.
fn list(gate: &Gate) -> Result<ExitCode, Complaint> {
    let mut out = anstream::stdout().lock();
    let mut text = format!("{}, rules of {}\n", gate.title, gate.rules);
    for part in &gate.parts {
        text.push_str(&format!(
            "\n{} ({}, rules of {})\n  {}\n",
            part.title, part.source, part.date, part.about
        ));
        for requirement in &part.requirements {
            let level = match (requirement.level, &requirement.manual) {
                (_, Some(_)) => "left to you",
                (Level::Required, None) => "required",
                (Level::Recommended, None) => "recommended",
            };
            text.push_str(&format!(
                "  {:28} {level:12} {}\n",
                requirement.id, requirement.title
            ));
        }
    }
    match out.write_all(text.as_bytes()) {
        Err(problem) if problem.kind() != io::ErrorKind::BrokenPipe => Err(Complaint::new(
            format!("the list cannot be written: {problem}"),
        )),
        _ => Ok(ExitCode::from(FINE)),
    }
}
