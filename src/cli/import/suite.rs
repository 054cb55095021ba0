//! Suites of other testers, as scenarios.

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;

use crate::cli::out::OutArguments;
use crate::cli::selection::text_of;
use crate::cli::suites::{SuiteArguments, translated};
use crate::cli::{Complaint, FINE};
use crate::suite::{Format, Translation};

/// Which file, and where to.
#[derive(Debug, Clone, Args)]
pub(super) struct SuiteFileArguments {
    /// The exported file
    #[arg(value_name = "FILE")]
    file: PathBuf,
    #[command(flatten)]
    out: OutArguments,
    #[command(flatten)]
    suites: SuiteArguments,
}

/// Writes the scenario, and says what became of the suite.
pub(super) fn import(
    arguments: &SuiteFileArguments,
    format: Format,
) -> Result<ExitCode, Complaint> {
    let shown = arguments.file.display().to_string().replace('\\', "/");
    let shown = shown.strip_prefix("./").unwrap_or(&shown);
    let of_mistakes = |mistakes: Vec<_>| Complaint::of_mistakes(mistakes.iter(), &text_of, 1);
    let translation =
        translated(&arguments.file, shown, Some(format), &arguments.suites).map_err(of_mistakes)?;
    // What is written must be what the loader reads.
    translation.scenario().map_err(of_mistakes)?;
    arguments.out.write(&translation.text)?;
    // Nobody reads stderr any more: the scenario is written all the same.
    let _ = anstream::stderr()
        .lock()
        .write_all(summary(&translation).as_bytes());
    Ok(ExitCode::from(FINE))
}

/// How much of the suite the scenario has, and what it has not.
fn summary(translation: &Translation) -> String {
    let kept = match translation.assertions == translation.kept {
        true => "all of them kept".to_owned(),
        false => format!("{} of them kept", translation.kept),
    };
    let mut text = format!(
        "{} requests, {} assertions, {kept}\n",
        translation.requests, translation.assertions
    );
    if translation.scripts > 0 {
        let scripts = match translation.scripts {
            1 => "1 script asserts".to_owned(),
            scripts => format!("{scripts} scripts assert"),
        };
        text.push_str(&format!(
            "{scripts} something beside them; scripts are never executed\n"
        ));
    }
    if translation.dropped > 0 {
        text.push_str(&format!(
            "pauses of {} s in all are left out; `--keep-pauses` keeps them\n",
            translation.dropped
        ));
    }
    for (at, what) in &translation.untranslated {
        let at = at.as_ref().map(|at| format!(" ({at})")).unwrap_or_default();
        text.push_str(&format!("not translated: {what}{at}\n"));
    }
    text
}
