//! `scimulate report`: renders event logs again, several as one run.

use std::io;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;

use crate::cli::failing::FailureArguments;
use crate::cli::reporting::ReportArguments;
use crate::cli::{Complaint, FAILED, FINE, INTERRUPTED, UNTESTABLE};
use crate::finding::weighing::Weighing;
use crate::report::Reporter;
use crate::report::json::{LogError, read};
use crate::report::merge::merged;
use crate::report::reweigh::Reweighing;
use crate::report::totals::Totals;

/// Options of `scimulate report`.
#[derive(Debug, Clone, Args)]
#[command(
    after_help = "The exit code is that of the run: 1 if something failed, 3 if the target could not be tested, \
    130 if a run was interrupted or killed."
)]
pub(crate) struct LogArguments {
    /// Event logs, as `run --report-json FILE` writes them; several become one run
    #[arg(required = true, value_name = "EVENTS")]
    logs: Vec<PathBuf>,
    #[command(flatten)]
    failures: FailureArguments,
    #[command(flatten)]
    reports: ReportArguments,
}

/// What ends a report early.
enum Ended {
    Log(LogError),
    Unwritten(io::Error),
}

impl From<LogError> for Ended {
    fn from(error: LogError) -> Self {
        Self::Log(error)
    }
}

/// Renders the logs, and says with the exit code how their run went.
pub(crate) fn report(arguments: &LogArguments) -> Result<ExitCode, Complaint> {
    if let Some(log) = arguments
        .logs
        .iter()
        .find(|log| arguments.reports.overwrites(log))
    {
        let message = format!("`{}` is both read and written", log.display());
        return Err(Complaint::new(message).hint("write the report to another file"));
    }
    let logs = arguments
        .logs
        .iter()
        .map(|path| read(path))
        .collect::<Result<Vec<_>, LogError>>()
        .map_err(|error| Complaint::new(error.to_string()))?;
    let mut failing = arguments.failures.failing()?;
    let mut audience = arguments
        .reports
        .clone()
        .again()
        .audience(failing.beside.take())?;
    let weighing = std::mem::take(&mut failing.weighing);
    // Without such options the log says what failed.
    let mut reweighing = (weighing != Weighing::default()).then(|| Reweighing::new(weighing));
    let mut totals = Totals::default();
    let ended = merged(logs, |event| {
        let weighed = reweighing
            .as_mut()
            .map(|reweighing| reweighing.weighed(event.clone()));
        let event = weighed.as_ref().unwrap_or(event);
        totals.on(event);
        audience.on(event).map_err(Ended::Unwritten)
    });
    match ended {
        Ok(()) => {}
        Err(Ended::Log(error)) => {
            return Err(Complaint::new(error.to_string())
                .hint("an event log is what `scimulate run --report-json FILE` writes"));
        }
        // Nobody reads any more (`report | head`).
        Err(Ended::Unwritten(problem)) if problem.kind() == io::ErrorKind::BrokenPipe => {}
        Err(Ended::Unwritten(problem)) => {
            return Err(Complaint::new(format!(
                "a report cannot be written: {problem}"
            )));
        }
    }
    if totals.stopped.is_none() {
        failing.write(audience.baseline())?;
    }
    Ok(ExitCode::from(match totals {
        Totals {
            interrupted: true, ..
        } => INTERRUPTED,
        Totals {
            stopped: Some(_), ..
        } => UNTESTABLE,
        totals if totals.failed_steps() > 0 => FAILED,
        _ => FINE,
    }))
}
