//! Events: all that a reporter needs, as it happens. As JSON lines they are the machine format, version [`FORMAT`].

mod authentication;
mod cause;
mod known;
mod readiness;
pub mod run_id;

pub use authentication::{Authentication, AuthenticationKind};
pub use cause::{Cause, GridCell, StepPlace};
pub use known::Comparison;
pub use readiness::{Opens, Outcome, PartOutcome, Readiness, RequirementOutcome, Sight};

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::exchange::Exchange;
use crate::finding::{Finding, Verdict};

/// Version of the event format. Members may be added within a version; a reader ignores what it does not know.
pub const FORMAT: u32 = 1;

/// One thing that happened in a run. The order within a scenario is the order of time; scenarios that run side by side
/// are told apart by their number.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum Event {
    /// Always the first.
    RunStarted {
        /// [`FORMAT`].
        format: u32,
        /// Version of scimulate.
        version: String,
        /// The run's id: part of every name that it creates.
        run: String,
        /// RFC 3339, UTC.
        started: String,
        /// Base URL of the target.
        target: String,
        /// Its name, if it has one (`reference server` for the embedded one).
        #[serde(default, skip_serializing_if = "Option::is_none")]
        target_name: Option<String>,
        /// How many scenarios were selected, each client counted.
        scenarios: usize,
    },
    /// Something that a person should know about the run as a whole.
    Notice {
        /// One sentence.
        message: String,
    },
    /// Snapshots that no step has any more.
    Unreferenced {
        /// Their files.
        snapshots: Vec<String>,
    },
    /// The target could not be tested, or the run could not go on; nothing more follows but `run-finished`.
    Stopped {
        /// What is wrong.
        message: String,
        /// What to do.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        hint: Option<String>,
    },
    /// Traffic of ours that belongs to no scenario: preflight, discovery, and access tokens, also those that are fetched later.
    Preflight {
        /// What was exchanged.
        exchanges: Vec<Exchange>,
        /// How requests are authenticated; not said again later.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        authentication: Option<Authentication>,
    },
    /// A scenario begins, as one client.
    ScenarioStarted {
        /// Its number in this run, from 0.
        scenario: usize,
        /// The file.
        path: String,
        /// One line.
        title: String,
        /// Name of the profile.
        client: String,
        /// Column of the grid.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        feature: Option<String>,
        /// Where the sequence is documented, with evidence.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        source: Option<String>,
        /// Words for selection.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        tags: Vec<String>,
        /// RFC 3339, UTC.
        started: String,
    },
    /// A step begins. Only for those who watch: event logs are without it, since each step that ends says when it began.
    StepStarted {
        /// The scenario's number.
        scenario: usize,
        /// Unique in the scenario.
        step: String,
    },
    /// A step is over.
    StepFinished {
        /// The scenario's number.
        scenario: usize,
        /// Unique in the scenario.
        step: String,
        /// Where it stands.
        file: String,
        /// Line, from 1.
        line: usize,
        /// Column of the grid, if not that of the scenario.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        feature: Option<String>,
        /// Where it is documented, if not where the scenario is.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        source: Option<String>,
        /// Requirements of gates that it speaks of.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        certifies: Vec<String>,
        /// What came of it: fail if a finding that counts failed.
        verdict: Verdict,
        /// What was exchanged, in order.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        exchanges: Vec<Exchange>,
        /// What was judged.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        findings: Vec<Finding>,
        /// RFC 3339, UTC.
        started: String,
        /// From the first byte to the last.
        elapsed: Duration,
    },
    /// A scenario is over, cleanup included.
    ScenarioFinished {
        /// Its number.
        scenario: usize,
        /// The worst verdict of its steps; skip only if all were skipped.
        verdict: Verdict,
        /// Wall time.
        elapsed: Duration,
        /// How many exchanges each check had something to say about, by its id. What is not here was not tested.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        checked: BTreeMap<String, u64>,
        /// What was exchanged to remove what it created.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        cleanup: Vec<Exchange>,
        /// Resources that it created and could not remove, as URLs.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        left: Vec<String>,
    },
    /// How the run stands to its baseline, if it has one. Told before `run-finished`; it follows from the events before it.
    Baseline(Comparison),
    /// Why steps failed, what to mend first at the top. Told before `run-finished` if something failed; it follows from
    /// the events before it.
    Causes {
        /// In the order in which mending them helps most.
        causes: Vec<Cause>,
        /// Of what is accepted.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        known: Vec<Cause>,
    },
    /// Whether a provider's gate would open. Told before `run-finished` of a run that was to find out; it follows from the
    /// events before it.
    Readiness(Readiness),
    /// Always the last.
    RunFinished {
        /// Wall time.
        elapsed: Duration,
        /// It was ended by a signal.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        interrupted: bool,
    },
}
