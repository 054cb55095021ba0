//! Reporters: folds over events. They know events, findings and exchanges, and nothing else.

pub mod audience;
pub mod baseline;
pub mod cause;
pub mod clean;
pub mod evidence;
pub mod github;
pub mod grid;
pub mod html;
pub mod human;
pub mod json;
pub mod junit;
pub mod markdown;
pub mod merge;
pub mod paint;
pub mod readiness;
pub mod reweigh;
pub mod totals;

mod citation;
pub(crate) mod difference;
mod failure;
mod fixes;
mod junit_gate;
mod skips;
mod story;
mod summary;
mod traffic;
mod warnings;

pub(crate) use summary::counted;

use std::io;

use crate::event::Event;

/// Writes something down as a run goes on.
pub trait Reporter {
    /// Takes the next event. A report that can only be written as a whole is written at `run-finished`.
    ///
    /// # Errors
    /// What writing gives.
    fn on(&mut self, event: &Event) -> io::Result<()>;
}

#[cfg(test)]
mod tests;
