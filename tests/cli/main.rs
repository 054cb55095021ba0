//! The binary as people and pipelines use it: exit codes, what is said, and which files are left.

mod acts;
mod baseline;
mod certify;
mod config;
mod diff;
mod doctor;
mod entitlements;
mod explain;
mod export;
mod import;
mod oauth;
mod org;
mod project;
mod reduce;
mod reports;
mod run;
mod serve;
mod show;
mod snapshots;
mod suites;
mod sweep;
mod sync;
mod targets;
mod terminal;
