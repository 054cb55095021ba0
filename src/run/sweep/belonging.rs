//! Whom a name belongs to: a run has its id in each name that it gives.

use serde_json::Value;

/// All names of a run's scenarios begin their id with so many letters of the run's own.
pub(super) const OF_RUN: usize = 5;

/// The domain of every user that a shipped scenario creates; nobody real has it (RFC 2606 2).
pub(super) const DOMAIN: &str = "@example.test";

/// How many letters and digits an id has.
const LENGTH: usize = 8;

/// The name by which a resource is known: a user's `userName`, otherwise its `displayName`.
pub(super) fn name_of(resource: &Value) -> Option<&str> {
    let name = resource.get("userName").or(resource.get("displayName"));
    name?.as_str()
}

/// Whether a name has an id of this run as a word of its own.
pub(super) fn is_of(name: &str, run: &str) -> bool {
    let own = run.get(..OF_RUN).unwrap_or(run);
    words(&name.to_ascii_lowercase())
        .any(|word| word == run || (word.len() == LENGTH && word.starts_with(own)))
}

/// The id in the name of a user that only a run gives: `ada.lovell.k3x9q700@example.test`, `scimulate-k3x9q700-alpha`.
/// Strict, since all else about the run is unknown: `lovelace` has no digit, and scenarios are counted up from `00`, so
/// that the last digit of an id is small.
pub(super) fn run_in(name: &str) -> Option<String> {
    let name = name.to_ascii_lowercase();
    let before_domain = name
        .strip_suffix(DOMAIN)
        .and_then(|local| local.rsplit_once('.'))
        .map(|(_, word)| word);
    let after_prefix = name
        .strip_prefix("scimulate-")
        .and_then(|rest| rest.split('-').next());
    [after_prefix, before_domain]
        .into_iter()
        .flatten()
        .find(|word| is_id(word))
        .map(str::to_owned)
}

fn is_id(word: &str) -> bool {
    let has = |of: fn(&u8) -> bool| word.as_bytes().iter().any(of);
    word.len() == LENGTH
        && word.bytes().all(|byte| byte.is_ascii_alphanumeric())
        && has(u8::is_ascii_digit)
        && has(u8::is_ascii_lowercase)
        && word.ends_with(['0', '1'])
}

fn words(name: &str) -> impl Iterator<Item = &str> {
    name.split(|letter: char| !letter.is_ascii_alphanumeric())
}

#[cfg(test)]
mod tests {
    use super::{is_of, run_in};

    #[test]
    fn a_run_knows_its_own_names() {
        for name in [
            "ada.lovell.k3x9q700@example.test",
            "Ada.Lovell.K3X9Q700@Example.Test",
            "Finance Staff k3x9qm10",
            "upd-7-k3x9q2ab",
        ] {
            assert!(is_of(name, "k3x9q2ab"), "{name}");
        }
        for name in [
            "ada@example.test",
            "ada.xk3x9q700@example.test",
            "k3x9q",
            "k3x9q7000",
            "Finance Staff k3x9p700",
        ] {
            assert!(!is_of(name, "k3x9q2ab"), "{name}");
        }
    }

    #[test]
    fn only_names_that_nobody_else_gives_tell_of_an_unknown_run() {
        for (name, run) in [
            ("ada.lovell.k3x9q700@example.test", Some("k3x9q700")),
            ("Una.K3X9Q700@Example.Test", Some("k3x9q700")),
            ("scimulate-k3x9qm10-alpha@example.test", Some("k3x9qm10")),
            ("ada.lovelace@example.test", None),
            ("ada.lovell.k3x9q700@example.com", None),
            ("k3x9q700@example.test", None),
            ("ada.20250010@example.test", None),
            ("jane.doe12345@example.test", None),
            ("Finance Staff k3x9q700", None),
        ] {
            assert_eq!(run_in(name).as_deref(), run, "{name}");
        }
    }
}
