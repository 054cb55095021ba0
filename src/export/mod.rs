//! Exports: exchanges in the forms of other tools. Exchanges have no secrets, so exports have none; what was covered becomes
//! a variable that whoever uses the export fills in.

pub mod curl;
pub mod har;
pub mod http;
pub mod postman;
mod story;

#[cfg(test)]
mod tests;

pub use story::Options;
