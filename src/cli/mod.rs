//! The command line: the only place where results become text and exit codes.

pub mod check;
pub mod diagnostic;
pub mod expand;
mod explain;
mod export;
pub mod schema;

mod as_cargo;
mod certify;
mod completions;
mod consent;
mod coverage;
mod diff;
mod doctor;
mod failing;
mod github;
mod import;
mod interrupt;
mod list;
mod oauth;
mod org;
mod out;
mod payload;
mod playing;
mod progress;
mod record;
mod recording;
mod reduce;
mod report;
mod reporting;
mod review;
mod run;
mod selection;
mod serve;
mod show;
mod stage;
mod suite_org;
mod suites;
mod sweep;
mod sync;
mod target;
mod variables;
mod watch;

use std::io::Write;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use tokio::runtime::Runtime;

use crate::cli::diagnostic::Severity;
use crate::scenario::error::ScenarioError;

/// Nothing failed.
const FINE: u8 = 0;
/// Something failed.
const FAILED: u8 = 1;
/// The command or a scenario is wrong.
const USAGE: u8 = 2;
/// The target could not be tested.
const UNTESTABLE: u8 = 3;
/// Nothing was selected.
const NOTHING: u8 = 4;
/// Interrupted, after cleanup.
const INTERRUPTED: u8 = 130;

/// Behaves like Okta or Microsoft Entra ID against a SCIM 2.0 endpoint, request for request, and says what each of them
/// would have made of the answers.
#[derive(Debug, Parser)]
#[command(name = "scimulate", version, propagate_version = true)]
#[command(
    after_help = "Exit codes: 0 nothing failed, 1 something failed, 2 the command or a scenario is wrong, \
    3 the target could not be tested, 4 nothing was selected, 130 interrupted."
)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run scenarios against a target, or against the embedded reference server
    Run(Box<run::RunArguments>),
    /// List scenarios, sending nothing
    List(list::ListArguments),
    /// Show the exact requests of scenarios, sending nothing
    Show(show::ShowArguments),
    /// Write stories with acts out as the explicit scenarios of each client, sending nothing
    Expand(expand::ExpandArguments),
    /// Write what others recorded or wrote as a scenario, and say what is wrong in it, sending nothing
    Import(Box<import::ImportArguments>),
    /// Write requests as a curl script, HAR, a Postman collection or a `.http` file
    Export(export::ExportArguments),
    /// Hold two runs, two targets or two versions of one against each other
    Diff(Box<diff::DiffArguments>),
    /// Find the shortest scenario that still shows a failure
    Reduce(Box<reduce::ReduceArguments>),
    /// Find the mistakes of scenario files, sending nothing
    Check(check::CheckArguments),
    /// Say what a rule, a requirement of the RFCs or a defect is about
    Explain(explain::ExplainArguments),
    /// Tell which requirements of the RFCs are tested, and by what, sending nothing
    Coverage(coverage::CoverageArguments),
    /// Print the JSON Schema of scenario files, for editors
    Schema,
    /// Start the reference server, a complete SCIM 2.0 service provider in memory
    Serve(Box<serve::ServeArguments>),
    /// Provision the people and groups of a directory file, as a provider does cycle by cycle
    Sync(Box<sync::SyncArguments>),
    /// Serve the part of a provider's management API that scripts call, and provision a target as it does
    Org(Box<org::OrgArguments>),
    /// Stand between a client and an endpoint, pass everything on, judge it, and write it down
    Record(Box<record::RecordArguments>),
    /// Render event logs again, several as one run
    Report(Box<report::LogArguments>),
    /// Say whether Okta or Entra would list the integration, and write the evidence down
    Certify(Box<certify::CertifyArguments>),
    /// Say why a target cannot be tested, and what to do about it
    Doctor(Box<doctor::DoctorArguments>),
    /// Print the script that completes the command line in a shell
    Completions(completions::CompletionsArguments),
    /// Print the manual's page, or write those of all subcommands
    Man(completions::ManArguments),
    /// Find and remove what killed runs have left at a target
    Sweep(Box<sweep::SweepArguments>),
    /// Look at pending snapshots and accept or reject them one by one
    Review(review::ReviewArguments),
    /// Accept pending snapshots
    Accept(review::PendingArguments),
    /// Reject pending snapshots
    Reject(review::PendingArguments),
    /// List pending snapshots
    Pending(review::PendingArguments),
}

/// A message for stderr: what is wrong, and what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Complaint {
    message: String,
    hint: Option<String>,
    code: u8,
}

impl Complaint {
    fn new(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            hint: None,
            code: USAGE,
        }
    }

    fn hint(self, hint: impl Into<String>) -> Self {
        Self {
            hint: Some(hint.into()),
            ..self
        }
    }

    fn code(self, code: u8) -> Self {
        Self { code, ..self }
    }

    /// Shows mistakes of files with their lines, and says that they stopped everything.
    fn of_mistakes<'m>(
        mistakes: impl Iterator<Item = &'m ScenarioError>,
        text_of: &dyn Fn(&str) -> Option<String>,
        files: usize,
    ) -> Self {
        let messages: Vec<(Severity, &ScenarioError)> =
            mistakes.map(|mistake| (Severity::Error, mistake)).collect();
        // Nobody reads stderr any more: the exit code still tells.
        let _ = write!(
            anstream::stderr().lock(),
            "{}",
            diagnostic::render(&messages, text_of)
        );
        Self::new(format!(
            "{}; nothing was sent",
            diagnostic::count(messages.len(), 0, files)
        ))
        .code(USAGE)
    }

    fn tell(&self) -> ExitCode {
        let hint = self.hint.as_ref().map(|hint| format!("hint: {hint}\n"));
        let text = format!("error: {}\n{}", self.message, hint.unwrap_or_default());
        // Nobody reads stderr any more: the exit code still tells.
        let _ = write!(anstream::stderr().lock(), "{}", github::harmless(text));
        ExitCode::from(self.code)
    }
}

/// Where requests are sent: few threads, because a target is waited for most of the time.
fn runtime() -> Result<Runtime, Complaint> {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(|problem| Complaint::new(format!("cannot start: {problem}")))
}

/// Reads the command line and does what it says.
pub fn main() -> ExitCode {
    if let Some(code) = as_cargo::answered_as_cargo() {
        return code;
    }
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(problem) => {
            // Help and version are no errors and go to stdout.
            let _ = problem.print();
            return ExitCode::from(if problem.use_stderr() { USAGE } else { FINE });
        }
    };
    let done = match arguments.command {
        Command::Run(arguments) => run::run_and_watch(&arguments),
        Command::List(arguments) => list::list(&arguments),
        Command::Show(arguments) => show::show(&arguments),
        Command::Expand(arguments) => expand::expand(&arguments),
        Command::Import(arguments) => import::import(&arguments),
        Command::Export(arguments) => export::export(&arguments),
        Command::Diff(arguments) => diff::diff(&arguments),
        Command::Reduce(arguments) => reduce::reduce(&arguments),
        Command::Check(arguments) => check::check_and_watch(&arguments),
        Command::Explain(arguments) => explain::explain(&arguments),
        Command::Coverage(arguments) => coverage::coverage(&arguments),
        Command::Schema => return schema::print(),
        Command::Serve(arguments) => serve::serve(&arguments),
        Command::Sync(arguments) => sync::sync(&arguments),
        Command::Org(arguments) => org::org(&arguments),
        Command::Record(arguments) => record::record(&arguments),
        Command::Report(arguments) => report::report(&arguments),
        Command::Certify(arguments) => certify::certify(&arguments),
        Command::Doctor(arguments) => doctor::doctor(&arguments),
        Command::Completions(arguments) => return completions::completions(&arguments),
        Command::Man(arguments) => completions::man(&arguments),
        Command::Sweep(arguments) => sweep::sweep(&arguments),
        Command::Review(arguments) => review::review(&arguments),
        Command::Accept(arguments) => review::accept(&arguments),
        Command::Reject(arguments) => review::reject(&arguments),
        Command::Pending(arguments) => review::pending(&arguments),
    };
    done.unwrap_or_else(|complaint| complaint.tell())
}
