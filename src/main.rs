//! The `scimulate` command.

fn main() {}
