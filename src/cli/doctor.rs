//! `scimulate doctor`: why a target cannot be tested, and what to do about it.

use std::env;
use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;
use std::time::Duration;

use clap::Args;

use crate::cli::github::harmless;
use crate::cli::playing::duration;
use crate::cli::target::TargetArguments;
use crate::cli::{Complaint, FINE, UNTESTABLE};
use crate::report::clean;
use crate::report::paint::Paint;
use crate::run::Bounds;
use crate::run::doctor::{Diagnosis, State, examine};

/// Options of `scimulate doctor`.
#[derive(Debug, Clone, Args)]
pub(crate) struct DoctorArguments {
    /// Base URL of the SCIM endpoint, or a name in scimulate.toml
    #[arg(value_name = "URL|NAME", conflicts_with = "target")]
    url: Option<String>,
    #[command(flatten)]
    target: TargetArguments,
    /// Longest time for an answer, such as 500ms or 10s
    #[arg(long, env = "SCIMULATE_TIMEOUT", value_name = "TIME", default_value = "10s", value_parser = duration)]
    timeout: Duration,
    /// Print the checks as JSON
    #[arg(long)]
    json: bool,
}

/// Variables that name a proxy, as other programs read them.
const PROXIES: [&str; 6] = [
    "HTTPS_PROXY",
    "https_proxy",
    "HTTP_PROXY",
    "http_proxy",
    "ALL_PROXY",
    "all_proxy",
];

/// Looks at a target, and says with the exit code whether a run makes sense.
pub(crate) fn doctor(arguments: &DoctorArguments) -> Result<ExitCode, Complaint> {
    let mut named = arguments.target.clone();
    named.target = arguments.url.clone().or(named.target);
    let Some(chosen) = named.chosen()? else {
        return Err(Complaint::new("there is no target to look at")
            .hint("write `scimulate doctor URL`, or the name of a target in scimulate.toml"));
    };
    let bounds = Bounds {
        timeout: arguments.timeout,
        ..Bounds::default()
    };
    let proxy = PROXIES
        .into_iter()
        .find(|name| env::var(name).is_ok_and(|value| !value.is_empty()))
        .filter(|_| !chosen.target.base.is_loopback());
    let diagnosis = crate::cli::runtime()?
        .block_on(examine(&chosen.target, bounds, proxy))
        .map_err(Complaint::new)?;
    let text = if arguments.json {
        serde_json::to_string_pretty(&diagnosis)
            .map_err(|problem| Complaint::new(format!("cannot write JSON: {problem}")))?
    } else {
        told(&diagnosis)
    };
    // A closed pipe is no error.
    let _ = writeln!(anstream::stdout().lock(), "{}", harmless(text));
    Ok(ExitCode::from(if diagnosis.testable {
        FINE
    } else {
        UNTESTABLE
    }))
}

/// Longest text of a target in one line.
const LONGEST: usize = 400;

fn told(diagnosis: &Diagnosis) -> String {
    let coloured = io::stdout().is_terminal()
        && anstream::AutoStream::choice(&io::stdout()) != anstream::ColorChoice::Never;
    let paint = if coloured {
        Paint::COLOURED
    } else {
        Paint::PLAIN
    };
    let mut text = String::new();
    for check in &diagnosis.checks {
        let mark = match check.state {
            State::Fine => paint.good("✓"),
            State::Odd => paint.odd("!"),
            State::Wrong => paint.bad("✗"),
            State::Skipped => paint.faint("–"),
        };
        let told = clean::one_line(&clean::shortened(&check.told, LONGEST));
        text.push_str(&format!("{mark} {:12}  {told}\n", check.check));
    }
    let advice = clean::one_line(&diagnosis.advice);
    let mut letters = advice.chars();
    let first = letters
        .next()
        .map(|letter| letter.to_uppercase().to_string());
    let end = if advice.ends_with('?') { "" } else { "." };
    text.push_str(&format!(
        "\n{}{}{end}",
        first.unwrap_or_default(),
        letters.as_str()
    ));
    text
}
