//! Recorded traffic: judged, kept as an event log, written as a scenario.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;

use super::judged::Judged;
use super::log::LogFileArguments;
use super::opening::{Opening, client_named, of_capture, opened, shown, summary};
use crate::capture::{self, At, Format, Found};
use crate::cli::failing::FailureArguments;
use crate::cli::out::OutArguments;
use crate::cli::reporting::ReportArguments;
use crate::cli::selection::{loaded, text_of};
use crate::cli::{Complaint, FAILED, FINE, NOTHING};
use crate::event::Event;
use crate::exchange::{Exchange, Request};
use crate::profile::ProfileId;
use crate::report::Reporter;
use crate::report::json::JsonLines;
use crate::report::totals::Totals;
use crate::retell::{self, People, Retold};

/// Exchanges that a scenario is made of at most; nobody reads a longer one.
const MOST: usize = 20_000;
/// Bytes of bodies that are kept for it.
const LARGEST: usize = 256 * 1024 * 1024;

/// Options of `scimulate import` for traffic.
#[derive(Debug, Clone, Args)]
pub(super) struct TrafficArguments {
    /// The recording; `-` for stdin
    #[arg(value_name = "FILE", required = true)]
    file: Option<PathBuf>,
    #[command(flatten)]
    out: OutArguments,
    /// The scenario's title
    #[arg(long)]
    title: Option<String>,
    /// Who sent the requests [default: as they show it]
    #[arg(long = "as", value_name = "CLIENT")]
    client: Option<String>,
    /// Keep the people that were recorded; else other people stand in for them
    #[arg(long)]
    keep_people: bool,
    /// Propose no read-backs
    #[arg(long)]
    no_verify: bool,
    /// Only requests like this: a method, a path with `*`, or both, such as 'POST /Users*'; repeatable
    #[arg(long, value_name = "REQUEST")]
    only: Vec<String>,
    /// Only from this exchange on, counted from 1
    #[arg(long, value_name = "N", default_value_t = 1)]
    from: u64,
    /// Only up to this exchange
    #[arg(long, value_name = "N")]
    to: Option<u64>,
    /// Report what is wrong in what was recorded; a scenario is then written only with `--out`. Any `--report-…` asks for it,
    /// too
    #[arg(long)]
    judge: bool,
    /// Write the exchanges, judged, as an event log; a scenario is then written only with `--out`
    #[arg(long, value_name = "FILE")]
    as_events: Option<PathBuf>,
    #[command(flatten)]
    failures: FailureArguments,
    #[command(flatten)]
    reports: ReportArguments,
}

/// Which exchanges are wanted.
struct Selection {
    only: Vec<Pattern>,
    from: u64,
    to: u64,
}

/// `POST /Users*`.
struct Pattern {
    method: Option<String>,
    /// Parts between `*`.
    path: Option<Vec<String>>,
}

/// What is kept for the scenario.
#[derive(Default)]
struct Kept {
    exchanges: Vec<Exchange>,
    bytes: usize,
    /// How many found no room.
    more: u64,
}

/// Reads traffic, and does with it what the options say.
pub(super) fn import(
    arguments: &TrafficArguments,
    format: Option<Format>,
) -> Result<ExitCode, Complaint> {
    let client = client_named(arguments.client.as_deref())?;
    let selection = arguments.selection()?;
    let file = arguments.file.as_deref().unwrap_or(Path::new("-"));
    arguments.check_files(file)?;
    arguments.out.check()?;
    let shown = shown(file);
    let wanted = format.map(Found::Traffic);
    let Opening {
        found, mut input, ..
    } = opened(file, wanted, &shown)?;
    let format = match found {
        Found::Traffic(format) => format,
        Found::Log(provider) => return arguments.as_log().written(provider, &mut *input, &shown),
    };
    let mut failing = arguments.failures.failing()?;
    let weighing = std::mem::take(&mut failing.weighing);
    let mut told = Told::new(arguments, failing.beside.take())?;
    let title = arguments
        .title
        .clone()
        .unwrap_or_else(|| format!("Imported from {shown}"));
    let name = client.map(ProfileId::name);
    let mut judged = told
        .is_needed()
        .then(|| Judged::new(&mut told, weighing, &shown, &title, name));
    let wants_scenario = arguments.out.out.is_some() || judged.is_none();
    let (mut kept, mut number, mut selected) = (Kept::default(), 0, 0_u64);
    let mut unwritten = Ok(());
    let mut tell = |exchange: Exchange, at: At| {
        number += 1;
        if !selection.wants(number, &exchange.request) || unwritten.is_err() {
            return;
        }
        selected += 1;
        if let Some(judged) = &mut judged {
            unwritten = judged.take(number, &exchange, at);
        }
        if wants_scenario {
            kept.push(exchange);
        }
    };
    let account = capture::read(format, &mut *input, &mut tell)
        .map_err(|problem| of_capture(&problem, &shown))?;
    if let Some(judged) = judged {
        unwritten = unwritten.and_then(|()| judged.finish());
    }
    let summary = summary(&shown, format, &account, Some(selected));
    // Nobody reads stderr any more: what was asked for is written all the same.
    let _ = anstream::stderr().lock().write_all(summary.as_bytes());
    if selected == 0 {
        let complaint = Complaint::new(format!("no exchange of `{shown}` is selected"));
        let hint = match account.elsewhere == account.exchanges {
            true => {
                "none of its requests speaks SCIM: record the traffic between the provider and the endpoint itself"
            }
            false => "leave `--only`, `--from` and `--to` out to see all of them",
        };
        return Err(complaint.hint(hint).code(NOTHING));
    }
    unwritten.or_else(|problem| match problem.kind() {
        // Nobody reads any more (`import … --judge | head`).
        io::ErrorKind::BrokenPipe => Ok(()),
        _ => Err(Complaint::new(format!(
            "a report cannot be written: {problem}"
        ))),
    })?;
    failing.write(told.baseline())?;
    let failed = arguments.judges() && told.totals.failed_steps() > 0;
    if wants_scenario {
        let retold = arguments.retold(&kept, client, &shown, format);
        if let Err(mistakes) = loaded(&retold.text, &shown) {
            // What is written must be what the loader reads.
            return Err(Complaint::of_mistakes(mistakes.iter(), &text_of, 1));
        }
        arguments.out.write(&retold.text)?;
        tell_of(&retold, kept.more);
    }
    Ok(ExitCode::from(if failed { FAILED } else { FINE }))
}

impl TrafficArguments {
    /// What is wrong is reported.
    fn judges(&self) -> bool {
        self.judge || self.reports.is_asked_for()
    }

    /// That the recording is not written over before it is read.
    fn check_files(&self, file: &Path) -> Result<(), Complaint> {
        let same = |other: &Option<PathBuf>| {
            let other = other.as_ref().and_then(|other| other.canonicalize().ok());
            other.is_some() && other == file.canonicalize().ok()
        };
        if same(&self.as_events) || same(&self.out.out) || self.reports.overwrites(file) {
            let message = format!("`{}` is both read and written", file.display());
            return Err(Complaint::new(message).hint("write to another file"));
        }
        Ok(())
    }

    /// What of it says something about a log.
    fn as_log(&self) -> LogFileArguments {
        LogFileArguments {
            file: self.file.clone().unwrap_or_default(),
            out: self.out.clone(),
            title: self.title.clone(),
            client: self.client.clone(),
            keep_people: self.keep_people,
        }
    }

    fn selection(&self) -> Result<Selection, Complaint> {
        let to = self.to.unwrap_or(u64::MAX);
        if self.from > to {
            return Err(Complaint::new(format!(
                "`--from {}` is behind `--to {to}`",
                self.from
            )));
        }
        Ok(Selection {
            only: self
                .only
                .iter()
                .map(|text| Pattern::of(text))
                .collect::<Result<_, _>>()?,
            from: self.from,
            to,
        })
    }

    fn retold(
        &self,
        kept: &Kept,
        client: Option<ProfileId>,
        shown: &str,
        format: Format,
    ) -> Retold {
        let options = retell::Options {
            people: match self.keep_people {
                true => People::Keep,
                false => People::Invent,
            },
            client,
            title: self.title.as_deref(),
            origin: Some(shown),
            verify: !self.no_verify,
            sparse: format == Format::Http,
            ..retell::Options::default()
        };
        retell::retell(&kept.exchanges, &options)
    }
}

impl Selection {
    fn wants(&self, number: u64, request: &Request) -> bool {
        request.api.is_scim()
            && (self.from..=self.to).contains(&number)
            && (self.only.is_empty() || self.only.iter().any(|pattern| pattern.fits(request)))
    }
}

impl Pattern {
    fn of(text: &str) -> Result<Self, Complaint> {
        let (method, path) = match text.trim().split_once(' ') {
            Some((method, path)) => (Some(method), Some(path.trim())),
            None if text.trim().starts_with(['/', '*']) => (None, Some(text.trim())),
            None => (Some(text.trim()), None),
        };
        let is_method =
            method.is_none_or(|method| method.bytes().all(|byte| byte.is_ascii_alphabetic()));
        if !is_method || text.trim().is_empty() {
            return Err(Complaint::new(format!("`--only '{text}'` is no request"))
                .hint("write a method, a path with `*`, or both: 'POST', '/Users*', 'PATCH /Groups/*'"));
        }
        Ok(Self {
            method: method.map(str::to_ascii_uppercase),
            path: path.map(|path| path.split('*').map(str::to_owned).collect()),
        })
    }

    /// The path may be that below the base URL, wherever it begins.
    fn fits(&self, request: &Request) -> bool {
        let is_method = self
            .method
            .as_ref()
            .is_none_or(|method| *method == request.method);
        let slashes = request.target.match_indices('/');
        is_method
            && self.path.as_ref().is_none_or(|parts| {
                slashes
                    .into_iter()
                    .any(|(at, _)| matches(parts, &request.target[at..]))
            })
    }
}

/// Whether the parts stand in the text in their order, the first at its beginning and the last at its end.
fn matches(parts: &[String], text: &str) -> bool {
    let [first, between @ .., last] = parts else {
        return parts.first().is_some_and(|only| only == text);
    };
    let Some(mut rest) = text.strip_prefix(first.as_str()) else {
        return false;
    };
    for part in between {
        let Some(at) = rest.find(part.as_str()) else {
            return false;
        };
        rest = &rest[at + part.len()..];
    }
    rest.ends_with(last.as_str())
}

impl Kept {
    fn push(&mut self, exchange: Exchange) {
        let answer = exchange
            .response()
            .map_or(0, |response| response.body.bytes().len());
        let bytes = exchange.request.body.bytes().len() + answer;
        if self.exchanges.len() == MOST || self.bytes + bytes > LARGEST {
            self.more += 1;
            return;
        }
        self.bytes += bytes;
        self.exchanges.push(exchange);
    }
}

/// Who is told of the findings.
struct Told {
    audience: Option<crate::report::audience::Audience<'static>>,
    log: Option<JsonLines<BufWriter<File>>>,
    totals: Totals,
}

impl Told {
    fn new(
        arguments: &TrafficArguments,
        beside: Option<crate::report::baseline::Beside>,
    ) -> Result<Self, Complaint> {
        let log = arguments.as_events.as_ref().map(|path| {
            File::create(path)
                .map(|file| JsonLines::new(BufWriter::new(file)))
                .map_err(|problem| {
                    Complaint::new(format!("cannot write `{}`: {problem}", path.display()))
                })
        });
        let audience = arguments
            .judges()
            .then(|| arguments.reports.audience(beside));
        Ok(Self {
            audience: audience.transpose()?,
            log: log.transpose()?,
            totals: Totals::default(),
        })
    }

    fn is_needed(&self) -> bool {
        self.audience.is_some() || self.log.is_some()
    }

    fn baseline(&self) -> Option<crate::finding::baseline::Baseline> {
        self.audience.as_ref()?.baseline()
    }
}

impl Reporter for Told {
    fn on(&mut self, event: &Event) -> io::Result<()> {
        self.totals.on(event);
        if let Some(log) = &mut self.log {
            log.on(event)?;
        }
        match &mut self.audience {
            Some(audience) => audience.on(event),
            None => Ok(()),
        }
    }
}

fn tell_of(retold: &Retold, more: u64) {
    let mut text = match retold.client {
        Some(client) => format!("told as {}\n", client.name()),
        None => {
            "told as scimulate, a plain RFC client: nothing tells who sent it; `--as` says so\n"
                .to_owned()
        }
    };
    for note in &retold.notes {
        text.push_str(&format!("note: {note}\n"));
    }
    if more > 0 {
        text.push_str(&format!(
            "note: {more} more exchanges found no room in a scenario; `--only`, `--from` and `--to` choose which\n"
        ));
    }
    let _ = anstream::stderr().lock().write_all(text.as_bytes());
}
