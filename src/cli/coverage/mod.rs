//! `scimulate coverage`: which requirements of the RFCs are tested and by what, which cannot be, and which are not.

mod html;
mod json;
mod markdown;
mod table;

use std::io::Write;
use std::process::ExitCode;

use clap::Args;

use crate::cli::selection::SelectionArguments;
use crate::cli::{Complaint, NOTHING};
use crate::coverage::{Claim, Entry, Standing, entries_of};
use crate::finding::requirement::Requirement;

/// Options of `scimulate coverage`.
#[derive(Debug, Clone, Args)]
pub(crate) struct CoverageArguments {
    #[command(flatten)]
    selection: SelectionArguments,
    /// Only requirements of this RFC, such as 7644
    #[arg(long, value_name = "NUMBER", value_delimiter = ',')]
    rfc: Vec<String>,
    /// Only requirements of this part of SCIM, such as `patch-add` or `filter`
    #[arg(long, value_name = "AREA", value_delimiter = ',')]
    area: Vec<String>,
    /// Only requirements of this tier; 1 is what every provider needs
    #[arg(long, value_name = "TIER", value_delimiter = ',')]
    tier: Vec<u8>,
    /// Only requirements that nothing tests, without counting the others
    #[arg(long)]
    untested: bool,
    /// As a page in Markdown, with the first test of each requirement
    #[arg(long, group = "form")]
    md: bool,
    /// As a page in HTML that needs no other file
    #[arg(long, group = "form")]
    html: bool,
    /// As one JSON object, with every test
    #[arg(long, group = "form")]
    json: bool,
}

/// Prints how it stands with the requirements.
pub(crate) fn coverage(arguments: &CoverageArguments) -> Result<ExitCode, Complaint> {
    let scenarios = arguments.selection.claiming()?;
    let mut entries = entries_of(
        scenarios
            .iter()
            .map(|(scenario, by_default)| (scenario.as_ref(), *by_default)),
    );
    entries.retain(|entry| arguments.wants(&entry.requirement));
    if entries.is_empty() {
        return Err(Complaint::new("no requirement is selected")
            .hint(words())
            .code(NOTHING));
    }
    if arguments.untested {
        entries.retain(|entry| entry.standing() == Standing::Untested);
    }
    let text = if arguments.md {
        markdown::page(&entries)
    } else if arguments.html {
        html::page(&entries)
    } else if arguments.json {
        json::object(&entries)
    } else {
        table::text(&entries, arguments.untested)
    };
    // A closed pipe (`coverage | head`) is no error.
    let _ = write!(anstream::stdout().lock(), "{text}");
    Ok(ExitCode::SUCCESS)
}

impl CoverageArguments {
    fn wants(&self, requirement: &Requirement) -> bool {
        (self.rfc.is_empty() || self.rfc.contains(&requirement.rfc))
            && (self.area.is_empty() || self.area.contains(&requirement.area))
            && (self.tier.is_empty() || self.tier.contains(&requirement.tier))
    }
}

/// What `--rfc`, `--area` and `--tier` can name.
fn words() -> String {
    let all = Requirement::all();
    let named = |of: fn(&Requirement) -> String| {
        let mut words: Vec<String> = all.iter().map(of).collect();
        words.sort();
        words.dedup();
        words.join(", ")
    };
    format!(
        "the RFCs are {}; the areas {}; the tiers {}",
        named(|one| one.rfc.clone()),
        named(|one| one.area.clone()),
        named(|one| one.tier.to_string())
    )
}

/// A scenario as `run` takes it: `rfc/patch/add`.
fn short(claim: &Claim) -> &str {
    let path = claim.path.as_str();
    let path = path.strip_prefix("scenarios/").unwrap_or(path);
    path.strip_suffix(".yaml").unwrap_or(path)
}

/// How many requirements nothing tests but scenarios that must be named.
fn only_when_named(entries: &[Entry]) -> usize {
    entries
        .iter()
        .filter(|entry| entry.only_when_named())
        .count()
}
