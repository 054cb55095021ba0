//! `scimulate show`: the exact requests of a scenario, nothing sent.
//!
//! What only an answer can tell is shown by its name: `${ada.id}`.

use std::io::Write;
use std::process::ExitCode;

use clap::Args;

use crate::cli::Complaint;
use crate::cli::selection::SelectionArguments;
use crate::plan::rehearsal;

/// Options of `scimulate show`.
#[derive(Debug, Clone, Args)]
pub(crate) struct ShowArguments {
    #[command(flatten)]
    selection: SelectionArguments,
    /// Give a variable of the scenarios a value
    #[arg(long = "var", value_name = "NAME=VALUE")]
    variables: Vec<String>,
}

/// Prints every step with its requests.
pub(crate) fn show(arguments: &ShowArguments) -> Result<ExitCode, Complaint> {
    let selection = arguments.selection.selected()?;
    let variables = crate::cli::run::variables(&arguments.variables)?;
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
        for step in rehearsal::of(scenario, *client, variables.clone()) {
            text.push_str(&format!("\n## {}\n{}\n", step.name, step.text.trim_end()));
        }
        // A closed pipe (`show | head`) is no error.
        let _ = out.write_all(text.as_bytes());
    }
    Ok(ExitCode::SUCCESS)
}
