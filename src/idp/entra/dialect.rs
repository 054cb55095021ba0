//! Dialects: how the two kinds of Entra jobs write the same change (entra.md 5.1).

use crate::profile::ProfileId;

/// How PATCH bodies are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Dialect {
    /// One operation for each attribute, words with a capital letter, booleans as texts.
    Legacy,
    /// `aadOptscim062020`: lower case, real booleans, single values merged.
    Compliant,
}

impl Dialect {
    /// The dialect of a client.
    pub(super) fn of(client: ProfileId) -> Self {
        match client {
            ProfileId::EntraCompliant => Self::Compliant,
            _ => Self::Legacy,
        }
    }

    /// `op` for adding.
    pub(super) fn add(self) -> &'static str {
        match self {
            Self::Legacy => "Add",
            Self::Compliant => "add",
        }
    }

    /// `op` for replacing.
    pub(super) fn replace(self) -> &'static str {
        match self {
            Self::Legacy => "Replace",
            Self::Compliant => "replace",
        }
    }

    /// `op` for removing.
    pub(super) fn remove(self) -> &'static str {
        match self {
            Self::Legacy => "Remove",
            Self::Compliant => "remove",
        }
    }
}
