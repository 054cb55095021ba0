//! Exports: exchanges in the forms of other tools. Exchanges have no secrets, so exports have none; what was covered becomes
//! a variable that whoever uses the export fills in.

pub mod har;
