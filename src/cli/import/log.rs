//! Logs of providers, as stories with acts.

use std::io::{BufRead, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;

use super::opening::{Opening, client_named, count, of_capture, opened, shown};
use crate::capture::{Found, Provider, read_log};
use crate::cli::out::OutArguments;
use crate::cli::selection::{loaded, text_of};
use crate::cli::{Complaint, FINE};
use crate::finding::Authority;
use crate::profile::ProfileId;
use crate::retell::{ActOptions, retell_deeds};

/// Options of `scimulate import` for logs of providers.
#[derive(Debug, Clone, Args)]
pub(super) struct LogFileArguments {
    /// The log; `-` for stdin
    #[arg(value_name = "FILE")]
    pub(super) file: PathBuf,
    #[command(flatten)]
    pub(super) out: OutArguments,
    /// The scenario's title
    #[arg(long)]
    pub(super) title: Option<String>,
    /// The client that acts [default: the usual one of the provider]
    #[arg(long = "as", value_name = "CLIENT")]
    pub(super) client: Option<String>,
    /// Keep the people of the log; else other people stand in for them
    #[arg(long)]
    pub(super) keep_people: bool,
}

/// Writes a log as a story with acts.
pub(super) fn import(
    arguments: &LogFileArguments,
    provider: Provider,
) -> Result<ExitCode, Complaint> {
    let shown = shown(&arguments.file);
    let wanted = Some(Found::Log(provider));
    let Opening { mut input, .. } = opened(&arguments.file, wanted, &shown)?;
    arguments.written(provider, &mut *input, &shown)
}

impl LogFileArguments {
    pub(super) fn written(
        &self,
        provider: Provider,
        input: &mut dyn BufRead,
        shown: &str,
    ) -> Result<ExitCode, Complaint> {
        self.out.check()?;
        let (usual, authority) = match provider {
            Provider::Entra => (ProfileId::EntraLegacy, Authority::Entra),
            Provider::Okta => (ProfileId::OktaOin, Authority::Okta),
        };
        let client = client_named(self.client.as_deref())?.unwrap_or(usual);
        if client.authority() != authority {
            return Err(Complaint::new(format!(
                "`--as {}` is no client of the provider whose log `{shown}` is",
                client.name()
            ))
            .hint(format!("leave it out for `--as {}`", usual.name())));
        }
        let (deeds, account) =
            read_log(provider, input).map_err(|problem| of_capture(&problem, shown))?;
        let options = ActOptions {
            client,
            title: self.title.as_deref(),
            origin: shown,
            keep_people: self.keep_people,
        };
        let acts = retell_deeds(&deeds, &options);
        if let Err(mistakes) = loaded(&acts.text, shown) {
            // What is written must be what the loader reads.
            return Err(Complaint::of_mistakes(mistakes.iter(), &text_of, 1));
        }
        self.out.write(&acts.text)?;
        let mut said = format!(
            "{shown}: {}, {}",
            provider.log(),
            count(account.exchanges, "entry", "entries")
        );
        let failed = deeds.iter().filter(|deed| deed.failed.is_some()).count();
        if failed > 0 {
            said.push_str(&format!(", {failed} failed"));
        }
        if account.elsewhere > 0 {
            said.push_str(&format!(
                ", {} about something else left out",
                account.elsewhere
            ));
        }
        said.push('\n');
        for remark in &account.remarks {
            said.push_str(&format!("{remark}\n"));
        }
        if let Some(ended) = &account.ended {
            said.push_str(&format!(
                "it breaks off at {}: {}; what stands before was read\n",
                ended.at, ended.what
            ));
        }
        said.push_str(&format!(
            "told as {}: what it sends for each act is decided when it runs, and not what was sent\n",
            client.name()
        ));
        for note in &acts.notes {
            said.push_str(&format!("note: {note}\n"));
        }
        // Nobody reads stderr any more: the scenario is written all the same.
        let _ = anstream::stderr().lock().write_all(said.as_bytes());
        Ok(ExitCode::from(FINE))
    }
}
