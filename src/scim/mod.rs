//! SCIM itself (RFC 7643, RFC 7644): what both the judging side and the reference server build on. Pure.

pub mod json;
