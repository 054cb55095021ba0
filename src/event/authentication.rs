//! How a run authenticates, as gates ask for it; never the secret itself.

use serde::{Deserialize, Serialize};

/// How requests of a run are authenticated at the target.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Authentication {
    /// In which way.
    pub kind: AuthenticationKind,
    /// Seconds for which an access token is valid, as the token endpoint says (`expires_in`, RFC 6749 5.1); `None`: it
    /// does not say, or there is no token endpoint.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_in: Option<u64>,
}

/// A way to authenticate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AuthenticationKind {
    /// Not at all.
    None,
    /// A bearer token that was given.
    Bearer,
    /// User name and password in each request.
    Basic,
    /// A secret in a header of its own.
    Header,
    /// An access token, fetched with OAuth 2.0 client credentials (RFC 6749 4.4).
    ClientCredentials,
}
