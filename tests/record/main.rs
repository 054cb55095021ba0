//! `scimulate record` between raw sockets, odd endpoints and real clients: what passes, what is written, and how it ends.

mod ends;
mod outputs;
mod stand;
mod stories;
#[cfg(target_os = "linux")]
mod tls;
mod upstreams;
mod wire;
