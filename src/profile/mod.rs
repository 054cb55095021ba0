//! Profiles: everything that differs on the wire between the clients that we act as.

use serde::{Deserialize, Serialize};

use crate::finding::Authority;

/// A client that we act as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ProfileId {
    /// Ourselves: a plain RFC client.
    Scimulate,
    /// Okta, apps of the integration network and the SCIM 2.0 test apps (okta.md 0.1).
    OktaOin,
    /// Okta, apps built in the App Integration Wizard (okta.md 0.1).
    OktaAiw,
    /// Microsoft Entra ID as it is by default (entra.md 0).
    EntraLegacy,
    /// Microsoft Entra ID with `aadOptscim062020` (entra.md 0).
    EntraCompliant,
}

impl ProfileId {
    /// All of them, in the order in which reports show them.
    pub const ALL: [ProfileId; 5] = [
        Self::OktaOin,
        Self::OktaAiw,
        Self::EntraLegacy,
        Self::EntraCompliant,
        Self::Scimulate,
    ];

    /// The name used in files, options and reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Scimulate => "scimulate",
            Self::OktaOin => "okta-oin",
            Self::OktaAiw => "okta-aiw",
            Self::EntraLegacy => "entra-legacy",
            Self::EntraCompliant => "entra-compliant",
        }
    }

    /// The profile of that name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|profile| profile.name() == name)
    }

    /// On whose authority this client's needs are judged.
    pub fn authority(self) -> Authority {
        match self {
            Self::Scimulate => Authority::Rfc,
            Self::OktaOin | Self::OktaAiw => Authority::Okta,
            Self::EntraLegacy | Self::EntraCompliant => Authority::Entra,
        }
    }
}
