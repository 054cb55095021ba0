//! The reports that a command writes.

use std::fs::File;
use std::io::{self, BufWriter, IsTerminal, Write};
use std::path::{Path, PathBuf};

use clap::Args;

use crate::cli::Complaint;
use crate::cli::explain::RULES;
use crate::cli::github::{ForGithub, in_actions, in_repository, step_summary};
use crate::cli::progress::{self, Progress};
use crate::report::Reporter;
use crate::report::audience::Audience;
use crate::report::baseline::Beside;
use crate::report::github::{Annotations, Defused};
use crate::report::html::Html;
use crate::report::human::Human;
use crate::report::json::JsonLines;
use crate::report::junit::Junit;
use crate::report::markdown::{MOST, Markdown};
use crate::report::paint::Paint;

/// Options that say which reports are written.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Reports")]
pub(crate) struct ReportArguments {
    /// Show every failure in full, not one for each cause
    #[arg(long, short, env = "SCIMULATE_VERBOSE")]
    verbose: bool,
    /// Write a JUnit report
    #[arg(long, env = "SCIMULATE_REPORT_JUNIT", value_name = "FILE")]
    report_junit: Option<PathBuf>,
    /// Write a page for browsers that needs no other file
    #[arg(long, env = "SCIMULATE_REPORT_HTML", value_name = "FILE")]
    report_html: Option<PathBuf>,
    /// Write every event as a line of JSON, as it happens; `-` for stdout instead of the report for people
    #[arg(long, env = "SCIMULATE_REPORT_JSON", value_name = "FILE")]
    report_json: Option<PathBuf>,
    /// Write a report in Markdown, at most 1 MB
    #[arg(long, env = "SCIMULATE_REPORT_MD", value_name = "FILE")]
    report_md: Option<PathBuf>,
    /// Annotate the lines of scenarios for GitHub, and append the Markdown to the summary of the step
    #[arg(
        long,
        env = "SCIMULATE_REPORT_GITHUB",
        value_name = "WHEN",
        default_value = "auto"
    )]
    report_github: ForGithub,
    /// It is over, and nothing is under way.
    #[arg(skip)]
    is_over: bool,
}

impl ReportArguments {
    /// Whether a report is asked for beside the one for people.
    pub(super) fn is_asked_for(&self) -> bool {
        [
            &self.report_junit,
            &self.report_html,
            &self.report_json,
            &self.report_md,
        ]
        .into_iter()
        .any(Option::is_some)
    }

    /// Whether a report would go into this file.
    pub(super) fn overwrites(&self, file: &Path) -> bool {
        let same = |report: &PathBuf| match (report.canonicalize(), file.canonicalize()) {
            (Ok(report), Ok(file)) => report == file,
            _ => false,
        };
        [
            &self.report_junit,
            &self.report_html,
            &self.report_json,
            &self.report_md,
        ]
        .into_iter()
        .flatten()
        .any(same)
    }

    /// Of a run that has been reported before: GitHub is told of it again only if that is said.
    pub(super) fn again(mut self) -> Self {
        self.is_over = true;
        if self.report_github == ForGithub::Auto {
            self.report_github = ForGithub::Never;
        }
        self
    }

    /// The reporters that were asked for, and for people the report of a run.
    pub(super) fn audience(&self, beside: Option<Beside>) -> Result<Audience<'static>, Complaint> {
        let reporters = self.reporters(|out, paint, verbose| {
            Box::new(Human::new(out, paint).verbose(verbose)) as Box<dyn Reporter>
        })?;
        Ok(Audience::new(reporters, beside))
    }

    /// The reporters that were asked for, and for people the given one.
    pub(super) fn reporters(
        &self,
        for_people: impl FnOnce(Box<dyn Write>, Paint, bool) -> Box<dyn Reporter>,
    ) -> Result<Vec<Box<dyn Reporter>>, Complaint> {
        let mut reporters: Vec<Box<dyn Reporter>> = Vec::new();
        let to_stdout = self.report_json.as_deref() == Some(Path::new("-"));
        if !to_stdout {
            let coloured = io::stdout().is_terminal()
                && anstream::AutoStream::choice(&io::stdout()) != anstream::ColorChoice::Never;
            let paint = if coloured {
                Paint::COLOURED
            } else {
                Paint::PLAIN
            };
            let out: Box<dyn Write> = if in_actions() {
                Box::new(Defused::new(anstream::stdout()))
            } else {
                Box::new(anstream::stdout())
            };
            let reporter = for_people(out, paint, self.verbose);
            reporters.push(match progress::is_wanted() && !self.is_over {
                true => Box::new(Progress::below(reporter)),
                false => reporter,
            });
        }
        match &self.report_json {
            Some(_) if to_stdout => reporters.push(Box::new(JsonLines::new(io::stdout()))),
            Some(path) => reporters.push(Box::new(JsonLines::new(BufWriter::new(created(path)?)))),
            None => {}
        }
        if let Some(path) = &self.report_junit {
            reporters.push(Box::new(Junit::new(BufWriter::new(created(path)?))));
        }
        if let Some(path) = &self.report_html {
            let out = BufWriter::new(created(path)?);
            reporters.push(Box::new(Html::new(out, RULES)));
        }
        if let Some(path) = &self.report_md {
            let out = BufWriter::new(created(path)?);
            reporters.push(Box::new(Markdown::new(out, MOST)));
        }
        let is_for_github = match self.report_github {
            ForGithub::Auto => in_actions(),
            ForGithub::Always => true,
            ForGithub::Never => false,
        };
        if is_for_github {
            // The runner reads both; the event stream is not to be mixed with anything.
            let out: Box<dyn Write> = match to_stdout {
                true => Box::new(io::stderr()),
                false => Box::new(io::stdout()),
            };
            reporters.push(Box::new(Annotations::new(out, in_repository)));
            if let Some((file, size)) = step_summary()? {
                let room = MOST.saturating_sub(size);
                reporters.push(Box::new(Markdown::new(BufWriter::new(file), room)));
            }
        }
        Ok(reporters)
    }
}

fn created(path: &Path) -> Result<File, Complaint> {
    if let Some(folder) = path.parent() {
        // What is wrong shows when the file is made.
        let _ = std::fs::create_dir_all(folder);
    }
    File::create(path)
        .map_err(|problem| Complaint::new(format!("cannot write `{}`: {problem}", path.display())))
}
