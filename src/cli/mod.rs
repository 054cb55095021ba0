//! The command line: the only place where results become text and exit codes.

pub mod check;
pub mod diagnostic;
