//! What SCIM is, apart from any one server or client: names, paths, filters, schemas and strict JSON reading.
//!
//! Everything here is pure and shared by the judging side and by the reference server, so it holds only what both must
//! read the same way. How a server stores, matches or changes resources does not belong here.

pub mod equality;
pub mod filter;
pub mod json;
pub mod locate;
pub mod path;
pub mod schema;
pub mod urn;

mod attribute;
mod filter_parser;
