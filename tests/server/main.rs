//! The reference server, request by request, without a socket unless the test is about sockets.

mod bulk;
mod client;
mod discovery;
mod filters;
mod groups;
mod pages;
mod patches;
mod policies;
mod protocol;
mod resources;
mod robust;
mod rules;
mod socket;
mod speed;
