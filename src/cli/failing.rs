//! Options that say what fails a run, and which failures are accepted.

use std::io;
use std::path::{Path, PathBuf};

use clap::Args;

use crate::cli::Complaint;
use crate::finding::baseline::Baseline;
use crate::finding::fail_on::FailOn;
use crate::finding::weighing::Weighing;
use crate::report::baseline::Beside;

/// Options of `run` and `report`.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Failures")]
pub(crate) struct FailureArguments {
    /// What fails the run: must, should or may, of anybody or of one authority (rfc, okta, entra, snapshot), such as
    /// `rfc:should,entra`; or none [default: must]
    #[arg(long, env = "SCIMULATE_FAIL_ON", value_name = "WHAT")]
    fail_on: Option<FailOn>,
    /// Failures that are accepted: they are told as known, and only others fail the run
    #[arg(long, env = "SCIMULATE_BASELINE", value_name = "FILE")]
    baseline: Option<PathBuf>,
    /// Accept what fails now: add it to the baseline
    #[arg(long, requires = "baseline")]
    baseline_update: bool,
    /// Take out of the baseline what does not fail any more
    #[arg(long, requires = "baseline")]
    baseline_prune: bool,
}

/// What fails the run, and the baseline beside which it stands.
#[derive(Debug, Clone, Default)]
pub(crate) struct Failing {
    pub(crate) weighing: Weighing,
    pub(crate) beside: Option<Beside>,
    file: Option<PathBuf>,
}

impl FailureArguments {
    /// Reads the baseline.
    ///
    /// # Errors
    /// It is not there and not to be written, or it has mistakes.
    pub(crate) fn failing(&self) -> Result<Failing, Complaint> {
        let mut failing = Failing::default();
        failing.weighing.fail_on.clone_from(&self.fail_on);
        let Some(file) = &self.baseline else {
            return Ok(failing);
        };
        let baseline = self.read(file)?;
        failing.weighing.baseline = Some(baseline.clone());
        failing.weighing.accepts_all = self.baseline_update;
        let shown = file.display().to_string();
        let (updates, prunes) = (self.baseline_update, self.baseline_prune);
        failing.beside = Some(Beside::new(shown, baseline, updates, prunes));
        failing.file = (updates || prunes).then(|| file.clone());
        Ok(failing)
    }

    fn read(&self, file: &Path) -> Result<Baseline, Complaint> {
        let shown = file.display();
        let text = match std::fs::read_to_string(file) {
            Ok(text) => text,
            Err(problem) if problem.kind() == io::ErrorKind::NotFound => {
                if self.baseline_update {
                    return Ok(Baseline::default());
                }
                return Err(Complaint::new(format!("there is no baseline `{shown}`"))
                    .hint("add `--baseline-update` to write what fails now to it"));
            }
            Err(problem) => {
                return Err(Complaint::new(format!("cannot read `{shown}`: {problem}")));
            }
        };
        Baseline::parse(&text).map_err(|mistakes| {
            let lines: Vec<String> = mistakes
                .iter()
                .map(|mistake| format!("{shown}:{mistake}"))
                .collect();
            Complaint::new(lines.join("\nerror: "))
                .hint("each `[[known]]` has scenario, client, step, finding and authority, once, and may have since and reason")
        })
    }
}

impl Failing {
    /// Writes the baseline as it is after the run, if that was asked for.
    ///
    /// # Errors
    /// It cannot be written.
    pub(crate) fn write(&self, after: Option<Baseline>) -> Result<(), Complaint> {
        let (Some(file), Some(after)) = (&self.file, after) else {
            return Ok(());
        };
        if let Some(folder) = file.parent() {
            // What is wrong shows when the file is written.
            let _ = std::fs::create_dir_all(folder);
        }
        std::fs::write(file, after.to_text()).map_err(|problem| {
            Complaint::new(format!("cannot write `{}`: {problem}", file.display()))
        })
    }
}
