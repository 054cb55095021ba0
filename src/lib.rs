//! scimulate behaves like a SCIM provisioning client (Okta, Microsoft Entra ID) against a target and judges the answers.
//!
//! ```text
//! scenario file ─► Scenario ─► Plan ─► Exchange ─► Findings ─► Event ─► reporters
//! directory + changes ─► idp ──┘          ▲
//! directory file ─► idp ─► sync ──────────┤
//! management API ─► org ─► idp ───────────┘
//! ```
//!
//! Everything before the exchange makes traffic, everything after it judges traffic; `run` alone sends. `idp` holds the
//! providers: what Okta and Entra send next, given all answers so far; `expand` writes that out as explicit scenarios.
//! `server` is the reference service provider: it shares only `scim` and `exchange` with the rest, so that a common mistake
//! cannot hide.

pub mod capture;
pub mod checks;
pub mod cli;
mod coverage;
pub mod event;
pub mod exchange;
pub mod expand;
pub mod export;
pub mod finding;
mod gate;
pub mod idp;
pub mod judge;
mod org;
pub mod plan;
pub mod profile;
mod record;
pub mod reduce;
pub mod report;
pub mod retell;
pub mod run;
pub mod scenario;
pub mod scim;
pub mod server;
pub mod snapshot;
mod suite;
pub mod target;
