//! The catalogue of defects that were met in the field.

use std::sync::LazyLock;

use serde::Deserialize;

/// An entry of `fixtures/defects.jsonl`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Story {
    /// `D017`.
    pub id: String,
    /// What goes wrong, in a line.
    pub title: String,
    /// Whose traffic meets it: `okta`, `entra` or `any`.
    pub idp: String,
    /// What it is about, in a word.
    pub area: String,
    /// The request that meets it.
    pub trigger: String,
    /// What the server does.
    pub wrong: String,
    /// What it had to do.
    pub right: String,
    /// How a harness notices it.
    pub detect: String,
    /// What it costs: `data-loss`, `security`, `breaks-sync`, `blocks-certification` or `cosmetic`.
    pub severity: String,
    /// Public addresses where it is told.
    pub sources: Vec<String>,
    /// How it is known: `reported`, `idp-doc`, `rfc` or `inferred`.
    pub basis: String,
}

impl Story {
    /// The whole catalogue, in its order.
    pub fn all() -> &'static [Story] {
        static ALL: LazyLock<Vec<Story>> = LazyLock::new(|| {
            include_str!("../../../fixtures/defects.jsonl")
                .lines()
                .map(|line| serde_json::from_str(line).expect("a test reads the whole catalogue"))
                .collect()
        });
        &ALL
    }
}

#[cfg(test)]
mod tests {
    use super::Story;

    #[test]
    fn the_catalogue_can_be_read() {
        assert!(Story::all().len() > 150);
    }
}
