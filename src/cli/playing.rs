//! Playing scenarios from the command line: the options of whatever does it, and the run itself.

use std::collections::BTreeMap;
use std::io;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use tokio_util::sync::CancellationToken;

use crate::cli::variables::variables;
use crate::cli::{Complaint, interrupt};
use crate::event::Event;
use crate::gate::Judging;
use crate::report::Reporter;
use crate::report::audience::Audience;
use crate::report::totals::Totals;
use crate::run::{self, Bounds, Ending, Settings};

/// Options of whatever plays scenarios.
#[derive(Debug, Clone, Args)]
pub(crate) struct PlayArguments {
    /// How many scenarios run at once [default: 1, and 4 against the embedded server]
    #[arg(long, short, env = "SCIMULATE_JOBS", value_name = "N", value_parser = at_least_one)]
    jobs: Option<NonZeroUsize>,
    /// Longest time for an answer, such as 500ms or 10s
    #[arg(long, env = "SCIMULATE_TIMEOUT", value_name = "TIME", default_value = "30s", value_parser = duration)]
    timeout: Duration,
    /// Most bytes of an answer that are read
    #[arg(long, env = "SCIMULATE_MAX_BODY", value_name = "BYTES", default_value_t = Bounds::default().body)]
    max_body: u64,
    /// Give a variable of the scenarios a value
    #[arg(long = "var", value_name = "NAME=VALUE")]
    variables: Vec<String>,
    /// Where the journal of what was created is kept until it is removed again
    #[arg(
        long,
        env = "SCIMULATE_JOURNAL_DIR",
        value_name = "DIR",
        default_value = ".scimulate/journal"
    )]
    pub(super) journal_dir: PathBuf,
}

/// Side by side against the embedded server, which does not mind. A target's answers are easier to follow one by one.
const EMBEDDED_JOBS: usize = 4;

impl PlayArguments {
    /// Limits of each request.
    pub(super) fn bounds(&self) -> Bounds {
        Bounds {
            timeout: self.timeout,
            body: self.max_body,
        }
    }

    /// How many scenarios at once.
    pub(super) fn jobs(&self, is_embedded: bool) -> usize {
        let most = if is_embedded { EMBEDDED_JOBS } else { 1 };
        self.jobs.map_or(most, NonZeroUsize::get)
    }

    /// What `--var` gives.
    ///
    /// # Errors
    /// A pair has no `=`.
    pub(super) fn variables(&self) -> Result<BTreeMap<String, String>, Complaint> {
        variables(&self.variables)
    }
}

/// Plays, and tells the audience; at the end also what it means for a gate, if that is asked. An interruption ends it after
/// cleanup.
///
/// # Errors
/// The run cannot begin, or a report cannot be written.
pub(super) async fn play(
    settings: Settings,
    audience: &mut Audience<'_>,
    mut judging: Option<&mut Judging>,
) -> Result<(Ending, Totals), Complaint> {
    let cancel = CancellationToken::new();
    let signals = tokio::spawn(interrupt::watch(
        cancel.clone(),
        "removing what was created",
    ));
    let mut totals = Totals::default();
    let mut unwritten: Option<io::Error> = None;
    let ending = run::run(settings, cancel.clone(), |event: Event| {
        totals.on(&event);
        let mut told = Ok(());
        if let Some(judging) = &mut judging {
            judging.on(&event);
            // Of a target that could not be tested there is nothing to say.
            if matches!(event, Event::RunFinished { .. }) && totals.stopped.is_none() {
                told = audience.on(&Event::Readiness(judging.readiness()));
            }
        }
        if let Err(problem) = told.and(audience.on(&event)) {
            // Without a report a run is pointless, but what it created must still be removed.
            unwritten.get_or_insert(problem);
            cancel.cancel();
        }
    })
    .await;
    signals.abort();
    let ending = ending.map_err(Complaint::new)?;
    if let Some(problem) = unwritten.filter(|problem| problem.kind() != io::ErrorKind::BrokenPipe) {
        return Err(Complaint::new(format!(
            "a report cannot be written: {problem}"
        )));
    }
    Ok((ending, totals))
}

/// A number from 1 on.
pub(super) fn at_least_one(text: &str) -> Result<NonZeroUsize, String> {
    text.parse()
        .map_err(|_| "write a whole number from 1 on".to_owned())
}

/// `500ms`, `10s`, `2m`.
pub(super) fn duration(text: &str) -> Result<Duration, String> {
    let split = text
        .find(|letter: char| !letter.is_ascii_digit() && letter != '.')
        .unwrap_or(text.len());
    let (number, unit) = text.split_at(split);
    let number: f64 = number
        .parse()
        .map_err(|_| "write a time such as 500ms, 10s or 2m".to_owned())?;
    let seconds = match unit.trim() {
        "ms" => number / 1000.0,
        "" | "s" => number,
        "m" | "min" => number * 60.0,
        _ => return Err("the unit is ms, s or m".to_owned()),
    };
    match Duration::try_from_secs_f64(seconds) {
        Ok(duration) if !duration.is_zero() => Ok(duration),
        _ => Err("the time must be more than nothing".to_owned()),
    }
}
