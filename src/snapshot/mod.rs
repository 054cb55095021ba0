//! Snapshots: what the target answered last time, normalised by what SCIM is, so that only what matters differs.
//!
//! The files are insta's `.snap` and `.snap.new`; our own data stands under `info.scimulate`.

pub mod answer;
pub mod answered;
pub mod compare;
pub mod contrast;
pub mod file;
pub mod normalise;
pub mod session;
pub mod store;

mod identity;
mod names;

pub use normalise::Normaliser;
pub use session::{Mode, Place, Session};
pub use store::{Pending, Store};

#[cfg(test)]
mod tests;
