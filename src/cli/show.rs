//! `scimulate show`: the exact requests of a scenario, nothing sent.
//!
//! What only an answer can tell is shown by its name: `${ada.id}`.

use std::io::Write;
use std::process::ExitCode;
use std::sync::Arc;

use clap::Args;

use crate::cli::selection::{self, SelectionArguments};
use crate::cli::variables::variables;
use crate::cli::{Complaint, expand};
use crate::expand::Unexpandable;
use crate::plan::rehearsal;
use crate::profile::ProfileId;
use crate::scenario::Scenario;

/// Options of `scimulate show`.
#[derive(Debug, Clone, Args)]
pub(crate) struct ShowArguments {
    #[command(flatten)]
    selection: SelectionArguments,
    /// Give a variable of the scenarios a value
    #[arg(long = "var", value_name = "NAME=VALUE")]
    variables: Vec<String>,
}

/// A story with acts as the explicit scenario that shows its requests; `None` for one that is explicit already.
fn written_out(
    scenario: &Arc<Scenario>,
    client: ProfileId,
) -> Result<Option<Arc<Scenario>>, Complaint> {
    let path = &scenario.path;
    let complaint = |problem: String| {
        Complaint::new(format!(
            "`{path}` cannot be shown as {}: {problem}",
            client.name()
        ))
    };
    match expand::text_of(scenario, client) {
        Ok(text) => selection::loaded(&text, path)
            .map(|explicit| Some(Arc::new(explicit)))
            .map_err(|mistakes| {
                let first = mistakes
                    .first()
                    .map(ToString::to_string)
                    .unwrap_or_default();
                complaint(first)
            }),
        Err(Unexpandable::Explicit) => Ok(None),
        Err(problem) => Err(complaint(problem.to_string())),
    }
}

/// Prints every step with its requests.
pub(crate) fn show(arguments: &ShowArguments) -> Result<ExitCode, Complaint> {
    let selection = arguments.selection.selected()?;
    let variables = variables(&arguments.variables)?;
    let mut out = anstream::stdout().lock();
    for (index, (scenario, client)) in selection.iter().enumerate() {
        let mut text = format!(
            "{}# {} (as {}, {})\n",
            if index > 0 { "\n" } else { "" },
            scenario.title,
            client.name(),
            scenario.path
        );
        if let Some(source) = &scenario.source {
            text.push_str(&format!("# {}\n", source.text));
        }
        let written_out = written_out(scenario, *client)?;
        let shown = written_out.as_ref().unwrap_or(scenario);
        for step in rehearsal::of(shown, *client, variables.clone()) {
            text.push_str(&format!("\n## {}\n{}\n", step.name, step.text.trim_end()));
        }
        // A closed pipe (`show | head`) is no error.
        let _ = out.write_all(text.as_bytes());
    }
    Ok(ExitCode::SUCCESS)
}
