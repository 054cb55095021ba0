//! Profiles: everything that differs on the wire between the clients that we act as.

mod encoding;
mod recognise;

pub(crate) use encoding::decoded_query;
pub use encoding::{FilterEscape, QueryEncoding, encode_segment};
pub use recognise::{Recognised, Recogniser};

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
    /// Okta, integrations submitted with "Support PATCH for User" (okta.md 0.1).
    OktaOinUserpatch,
    /// Okta, "Governance with SCIM 2.0" apps, whose users have entitlements (okta.md 0.1, 8).
    OktaGov,
    /// Microsoft Entra ID as it is by default (entra.md 0).
    EntraLegacy,
    /// Microsoft Entra ID with `aadOptscim062020` (entra.md 0).
    EntraCompliant,
}

impl ProfileId {
    /// All of them, in the order in which reports show them.
    pub const ALL: [ProfileId; 7] = [
        Self::OktaOin,
        Self::OktaAiw,
        Self::OktaOinUserpatch,
        Self::OktaGov,
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
            Self::OktaOinUserpatch => "okta-oin-userpatch",
            Self::OktaGov => "okta-gov",
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
            Self::OktaOin | Self::OktaAiw | Self::OktaOinUserpatch | Self::OktaGov => {
                Authority::Okta
            }
            Self::EntraLegacy | Self::EntraCompliant => Authority::Entra,
        }
    }
}

/// What a client puts on the wire around the bodies that a scenario writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Profile {
    /// Which client.
    pub id: ProfileId,
    /// Headers of every request, credentials apart.
    pub headers: &'static [(&'static str, &'static str)],
    /// `Content-Type` of a request with a body.
    pub content_type: &'static str,
    /// Query strings.
    pub query: QueryEncoding,
    /// The order of query parameters; others follow as written.
    pub query_order: &'static [&'static str],
    /// Values inside filters.
    pub filter_escape: FilterEscape,
}

/// Okta's header set, in the order of its own captures (okta.md 0.2).
const OKTA_HEADERS: &[(&str, &str)] = &[
    ("Accept", "application/scim+json"),
    ("Accept-Charset", "utf-8"),
    ("User-Agent", "Okta SCIM Client 1.0.0"),
    ("Connection", "Keep-Alive"),
    ("Accept-Encoding", "gzip,deflate"),
];

/// Entra's header set: no `User-Agent` at all (entra.md 1.3).
const ENTRA_HEADERS: &[(&str, &str)] = &[("Accept", "application/scim+json")];

/// Our own header set.
const OWN_HEADERS: &[(&str, &str)] = &[
    ("Accept", "application/scim+json"),
    (
        "User-Agent",
        concat!("scimulate/", env!("CARGO_PKG_VERSION")),
    ),
];

impl ProfileId {
    /// What this client puts on the wire.
    pub fn profile(self) -> Profile {
        match self {
            Self::OktaOin | Self::OktaAiw | Self::OktaOinUserpatch | Self::OktaGov => Profile {
                id: self,
                headers: OKTA_HEADERS,
                content_type: "application/scim+json; charset=utf-8",
                query: QueryEncoding::Percent,
                query_order: &["filter", "startIndex", "count"],
                filter_escape: FilterEscape::Json,
            },
            Self::EntraLegacy | Self::EntraCompliant => Profile {
                id: self,
                headers: ENTRA_HEADERS,
                content_type: "application/scim+json; charset=utf-8",
                query: QueryEncoding::FormLowerHex,
                query_order: &[
                    "attributes",
                    "excludedAttributes",
                    "filter",
                    "startIndex",
                    "count",
                ],
                filter_escape: FilterEscape::None,
            },
            Self::Scimulate => Profile {
                id: self,
                headers: OWN_HEADERS,
                content_type: "application/scim+json",
                query: QueryEncoding::Percent,
                query_order: &[],
                filter_escape: FilterEscape::Json,
            },
        }
    }
}
