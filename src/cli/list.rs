//! `scimulate list`: the scenarios that a run would play.

use std::io::Write;
use std::process::ExitCode;

use clap::Args;
use comfy_table::{Table, presets::NOTHING as PLAIN};

use crate::cli::Complaint;
use crate::cli::selection::SelectionArguments;

/// Options of `scimulate list`.
#[derive(Debug, Clone, Args)]
pub(crate) struct ListArguments {
    #[command(flatten)]
    selection: SelectionArguments,
}

/// Prints one line for each scenario and client: file, client, feature, title.
pub(crate) fn list(arguments: &ListArguments) -> Result<ExitCode, Complaint> {
    let selection = arguments.selection.listed()?;
    let mut table = Table::new();
    table.load_style(PLAIN);
    for (scenario, client) in &selection {
        let feature = scenario.feature.map_or("-", |feature| feature.name());
        table.add_row([
            scenario.path.as_str(),
            client.name(),
            feature,
            scenario.title.as_str(),
        ]);
    }
    // A closed pipe (`list | head`) is no error.
    let _ = writeln!(anstream::stdout().lock(), "{}", table.trim_fmt());
    Ok(ExitCode::SUCCESS)
}
