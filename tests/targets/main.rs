//! Runs of the binary against targets that are no SCIM server at all: what exactly goes over the wire, what broken and
//! hostile targets do to a run, that no secret gets out, and that nothing is touched that the run did not create.

mod engines;
mod hostile;
mod outcome;
mod safety;
mod secrets;
mod server;
mod wire;
