//! `scimulate import`: what others recorded or wrote, as a scenario. Nothing is sent, and no script is executed.

mod judged;
mod log;
mod opening;
mod suite;
mod traffic;

use std::process::ExitCode;

use clap::{Args, Subcommand};

use crate::capture::{Format, Provider};
use crate::cli::Complaint;
use crate::suite::Format as Suite;
use log::LogFileArguments;
use suite::SuiteFileArguments;
use traffic::TrafficArguments;

pub(crate) use opening::{Opening, count, of_capture, opened, shown, summary};

/// Options of `scimulate import`.
#[derive(Debug, Clone, Args)]
#[command(
    args_conflicts_with_subcommands = true,
    subcommand_negates_reqs = true,
    after_help = "Without a format, it is told by the content: `scimulate import traffic.har`."
)]
pub(crate) struct ImportArguments {
    #[command(subcommand)]
    from: Option<From>,
    #[command(flatten)]
    traffic: TrafficArguments,
}

#[derive(Debug, Clone, Subcommand)]
enum From {
    /// A suite that Runscope exports, such as Okta's SPEC and CRUD suites
    Runscope(SuiteFileArguments),
    /// A collection that Postman exports, v2.0 or v2.1
    Postman(SuiteFileArguments),
    /// An HTTP Archive (HAR), as browsers, proxies and API clients write it
    Har(TrafficArguments),
    /// An event log of ours, as `--report-json` and `record` write it, also of a run that was killed
    Events(TrafficArguments),
    /// Command lines of curl, for a POSIX shell or for Windows, with answers between them or without
    Curl(TrafficArguments),
    /// HTTP as people paste it into tickets, output of `curl -v`, logs, `.http` files
    Http(TrafficArguments),
    /// A provisioning log of Entra (JSON of Graph or of the portal): what was done, as a story with acts
    EntraLog(LogFileArguments),
    /// A System Log of Okta (JSON): what was done, as a story with acts
    OktaLog(LogFileArguments),
}

/// Writes the scenario, and says what became of what was read.
pub(crate) fn import(arguments: &ImportArguments) -> Result<ExitCode, Complaint> {
    match &arguments.from {
        Some(From::Runscope(suite)) => suite::import(suite, Suite::Runscope),
        Some(From::Postman(suite)) => suite::import(suite, Suite::Postman),
        Some(From::Har(traffic)) => traffic::import(traffic, Some(Format::Har)),
        Some(From::Events(traffic)) => traffic::import(traffic, Some(Format::Events)),
        Some(From::Curl(traffic)) => traffic::import(traffic, Some(Format::Curl)),
        Some(From::Http(traffic)) => traffic::import(traffic, Some(Format::Http)),
        Some(From::EntraLog(log)) => log::import(log, Provider::Entra),
        Some(From::OktaLog(log)) => log::import(log, Provider::Okta),
        None => traffic::import(&arguments.traffic, None),
    }
}
