//! `scimulate record`: a reverse proxy between a client and an endpoint that writes down what passes.

use std::fs::{self, File};
use std::io::{self, BufReader, Write};
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;

use crate::capture::{CaptureError, Found, detect, read};
use crate::cli::interrupt::signal;
use crate::cli::recording::{say, summed_up, tell};
use crate::cli::target::complaint as of_config;
use crate::cli::{Complaint, FAILED, FINE, INTERRUPTED, USAGE};
use crate::exchange::Exchange;
use crate::finding::fail_on::FailOn;
use crate::finding::weighing::Weighing;
use crate::record::{Desk, Fault, Outputs, Settings, Upstream, start};
use crate::run::Bounds;
use crate::target::{BaseUrl, BaseUrlError, Config};

/// Options of `scimulate record`.
#[derive(Debug, Clone, Args)]
#[command(
    after_help = "Point the client at the URL that is printed instead of the endpoint's; the path is the same. Ctrl-C ends \
    the recording in good order, and nothing is lost if the recorder is killed.\n\n\
    Exit codes: 0 the recording is whole, 1 something failed that `--fail-on` names, 2 the command is wrong, or something \
    could not be written."
)]
pub(crate) struct RecordArguments {
    /// Base URL of the endpoint behind the recorder, or a name in scimulate.toml; the client authenticates itself
    #[arg(long, env = "SCIMULATE_UPSTREAM", value_name = "URL|NAME")]
    upstream: String,
    /// File to record to, by its extension: .jsonl an event log, .har an archive, .yaml a scenario that sends the same
    /// again. Repeat it for several. Without one, exchanges are only judged
    #[arg(long, short, value_name = "FILE")]
    out: Vec<PathBuf>,
    /// An earlier recording of the same story, an event log or an archive: what differs between both is noise, and the
    /// scenario does not ask for it
    #[arg(long, value_name = "FILE")]
    again: Option<PathBuf>,
    /// Port to listen on; 0 for any free one
    #[arg(
        long,
        short,
        env = "SCIMULATE_PORT",
        value_name = "PORT",
        default_value_t = 8070
    )]
    port: u16,
    /// Address to listen on
    #[arg(
        long,
        env = "SCIMULATE_LISTEN",
        value_name = "ADDRESS",
        default_value = "127.0.0.1"
    )]
    listen: IpAddr,
    /// Tell the endpoint the host that the client asked for, instead of the endpoint's own: addresses in its answers then
    /// lead to the recorder
    #[arg(long)]
    keep_host: bool,
    /// Put the recorder's address where the endpoint's stands in answers, and the other way round in requests; they then
    /// are no longer passed on byte for byte
    #[arg(long, conflicts_with = "keep_host")]
    rewrite_urls: bool,
    /// Most bytes of a body that are kept; all are passed on
    #[arg(long, env = "SCIMULATE_MAX_BODY", value_name = "BYTES", default_value_t = Bounds::default().body)]
    max_body: u64,
    /// Write over recordings that are there
    #[arg(long)]
    force: bool,
    /// End with exit code 1 if something fails: must, should or may, of anybody or of one authority (rfc, okta, entra),
    /// such as `rfc:should,entra` [default: none]
    #[arg(long, env = "SCIMULATE_FAIL_ON", value_name = "WHAT")]
    fail_on: Option<FailOn>,
    /// No line for each exchange
    #[arg(long, short)]
    quiet: bool,
    /// File with named targets
    #[arg(
        long,
        env = "SCIMULATE_CONFIG",
        value_name = "FILE",
        default_value = "scimulate.toml"
    )]
    config: PathBuf,
}

/// Records until it is stopped. The first line on stdout is the base URL for the client.
pub(crate) fn record(arguments: &RecordArguments) -> Result<ExitCode, Complaint> {
    let base = arguments.base()?;
    let files = arguments.files()?;
    let again = arguments.again(&files)?;
    let upstream = Upstream::new(base).map_err(Complaint::new)?;
    let quiet = arguments.quiet;
    let desk = Desk::new(
        &upstream,
        arguments.max_body,
        Weighing {
            fail_on: arguments.fail_on.clone(),
            ..Weighing::default()
        },
        arguments.keep_host || arguments.rewrite_urls,
        files.created(&upstream.base, again)?,
        Box::new(move |seen| tell(&seen, quiet)),
    );
    let settings = Settings {
        address: arguments.listen,
        port: arguments.port,
        upstream,
        keep_host: arguments.keep_host,
        rewrite: arguments.rewrite_urls,
        limit: arguments.max_body,
    };
    let summary = crate::cli::runtime()?.block_on(async {
        let running = start(settings, desk).await.map_err(complaint)?;
        // Whoever started it may not read its output.
        let _ =
            writeln!(io::stdout(), "{}", running.base_url()).and_then(|()| io::stdout().flush());
        signal().await;
        let again = tokio::spawn(async {
            signal().await;
            std::process::exit(i32::from(INTERRUPTED));
        });
        let summary = running.stop().await;
        again.abort();
        Ok(summary)
    })?;
    say(&summed_up(&summary, files.paths()));
    Ok(ExitCode::from(if !summary.lost.is_empty() {
        USAGE
    } else if arguments.fail_on.is_some() && summary.failed() {
        FAILED
    } else {
        FINE
    }))
}

/// The files of a recording.
#[derive(Debug, Default)]
struct Files {
    log: Option<PathBuf>,
    har: Option<PathBuf>,
    story: Option<PathBuf>,
}

impl Files {
    fn created(&self, base: &BaseUrl, again: Option<Vec<Exchange>>) -> Result<Outputs, Complaint> {
        let mut outputs = Outputs::default();
        if let Some(path) = &self.log {
            outputs
                .add_log(path)
                .map_err(|problem| unwritable(path, &problem))?;
        }
        if let Some(path) = &self.har {
            outputs
                .add_har(path)
                .map_err(|problem| unwritable(path, &problem))?;
        }
        if let Some(path) = &self.story {
            let added = outputs.add_story(path, base.path(), again);
            added.map_err(|problem| unwritable(path, &problem))?;
        }
        Ok(outputs)
    }

    fn paths(&self) -> impl Iterator<Item = &PathBuf> {
        self.log.iter().chain(&self.har).chain(&self.story)
    }
}

fn unwritable(path: &Path, problem: &io::Error) -> Complaint {
    Complaint::new(format!("cannot write `{}`: {problem}", path.display()))
        .hint("nothing is recorded yet; name a file in a folder that is there and can be written")
}

impl RecordArguments {
    fn base(&self) -> Result<BaseUrl, Complaint> {
        let written = &self.upstream;
        let url = match written.contains("://") {
            true => written.clone(),
            false => {
                let config = Config::read(&self.config).map_err(of_config)?;
                // Only where it is: the client brings its own credentials.
                config
                    .address(written, &self.config)
                    .map_err(of_config)?
                    .to_owned()
            }
        };
        BaseUrl::parse(&url).map_err(|problem| match problem {
            BaseUrlError::Credentials => {
                Complaint::new("the URL of the upstream holds a user name or password")
                    .hint("leave it out: the client authenticates itself")
            }
            problem => of_config(problem.into()),
        })
    }

    fn again(&self, files: &Files) -> Result<Option<Vec<Exchange>>, Complaint> {
        let Some(path) = &self.again else {
            return Ok(None);
        };
        if files.story.is_none() {
            return Err(
                Complaint::new("`--again` is about a scenario, and none is written")
                    .hint("add `--out FILE.yaml`"),
            );
        }
        let read = read_again(path).map(Some);
        read.map_err(|problem| {
            Complaint::new(format!("`{}` {problem}", path.display()))
                .hint("name an event log or an archive of the same story")
        })
    }

    fn files(&self) -> Result<Files, Complaint> {
        let mut files = Files::default();
        for path in &self.out {
            let extension = path.extension().and_then(|extension| extension.to_str());
            let place = match extension.unwrap_or_default().to_ascii_lowercase().as_str() {
                "jsonl" => &mut files.log,
                "har" => &mut files.har,
                "yaml" | "yml" => &mut files.story,
                _ => {
                    return Err(Complaint::new(format!(
                        "`--out {}` does not say what to write",
                        path.display()
                    ))
                    .hint("end the name with .jsonl for an event log, .har for an archive, or .yaml for a scenario"));
                }
            };
            if let Some(other) = place.replace(path.clone()) {
                return Err(Complaint::new(format!(
                    "`{}` and `{}` would be the same recording twice",
                    other.display(),
                    path.display()
                ))
                .hint("leave one of them out"));
            }
        }
        let same = |path: &&PathBuf| {
            let again = self
                .again
                .as_ref()
                .and_then(|again| again.canonicalize().ok());
            again.is_some() && path.canonicalize().ok() == again
        };
        if let Some(path) = files.paths().find(same) {
            let message = format!("`{}` is both read and written", path.display());
            return Err(Complaint::new(message).hint("record to another file"));
        }
        let is_there = |path: &&PathBuf| {
            fs::metadata(path).is_ok_and(|found| found.is_file() && found.len() > 0)
        };
        if let Some(path) = files.paths().find(is_there).filter(|_| !self.force) {
            return Err(
                Complaint::new(format!("`{}` is there already", path.display()))
                    .hint("name another file, or write over it with `--force`"),
            );
        }
        Ok(files)
    }
}

/// The exchanges of an earlier recording.
fn read_again(path: &Path) -> Result<Vec<Exchange>, CaptureError> {
    let mut input = BufReader::new(File::open(path)?);
    let Found::Traffic(format) = detect(&mut input)? else {
        return Err(CaptureError::Unknown {
            reason: "it holds no requests with their answers".to_owned(),
        });
    };
    let mut exchanges = Vec::new();
    read(format, &mut input, &mut |exchange, _| {
        exchanges.push(exchange)
    })?;
    Ok(exchanges)
}

fn complaint(fault: Fault) -> Complaint {
    let complaint = Complaint::new(fault.to_string());
    match fault {
        Fault::Taken(_) => complaint.hint("take another one, or `--port 0` for any free one"),
        Fault::Socket(..) => {
            complaint.hint("name an address of this machine with `--listen ADDRESS`")
        }
        Fault::Thread(_) => complaint,
    }
}
