//! `scimulate org entra`: Microsoft Graph on the desk, called as the gallery's validation template calls it (entra.md 9,
//! tests 1 to 14), and called wrongly.

mod command;
mod cycles;
mod desk;
mod failures;
mod groups;
mod refused;
mod sync;
mod users;
