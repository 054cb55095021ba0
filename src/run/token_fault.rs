//! Why there is no access token, and what to do about it.

use crate::exchange::{Broken, Failure, Mask};
use crate::target::ClientAuthentication;

/// Why there is no access token.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum TokenFault {
    /// No answer.
    #[error("the token endpoint {url} cannot be asked: {failure}")]
    Silent { url: String, failure: Failure },
    /// Another status than 2xx.
    #[error("the token endpoint {url} answers {status}{}{}", said(error.as_ref()), because(description.as_ref()))]
    Refused {
        url: String,
        status: u16,
        /// RFC 6749 5.2.
        error: Option<String>,
        description: Option<String>,
        authentication: ClientAuthentication,
    },
    /// It points elsewhere.
    #[error(
        "the token endpoint {url} answers {status} and points to {to}; a secret is never sent on"
    )]
    Redirect {
        url: String,
        status: u16,
        to: String,
    },
    /// The body broke off.
    #[error("the token endpoint {url} answers {status}, but {broken}")]
    Broken {
        url: String,
        status: u16,
        broken: Broken,
    },
    /// No JSON object.
    #[error("the token endpoint {url} answers {status}, but what it sends is {what}")]
    NotJson {
        url: String,
        status: u16,
        what: String,
    },
    /// Without a token.
    #[error("the token endpoint {url} answers {status} without an `access_token`")]
    NoToken { url: String, status: u16 },
    /// A token that is shown in another way.
    #[error("the token endpoint {url} gives a token of the type `{kind}`, not `Bearer`")]
    NotBearer { url: String, kind: String },
    /// A token that no header can carry.
    #[error(
        "the token endpoint {url} gives an `access_token` with characters that no header may have"
    )]
    Unusable { url: String },
}

fn said(error: Option<&String>) -> String {
    error.map(|error| format!(" `{error}`")).unwrap_or_default()
}

fn because(description: Option<&String>) -> String {
    description
        .map(|description| format!(": {description}"))
        .unwrap_or_default()
}

impl TokenFault {
    /// What to do.
    pub(crate) fn hint(&self) -> String {
        match self {
            Self::Silent { failure, .. } => match failure {
                Failure::Connect(_) => "is the token URL right, and does somebody listen there?",
                Failure::Tls(_) => {
                    "the certificate must be valid for this host and issued by an authority that this machine trusts; is it https?"
                }
                Failure::Timeout(_) => "is the token URL right? `--timeout` allows more time",
                Failure::Protocol(_) | Failure::NotSent(_) => {
                    "does an HTTP server listen there, and is it http or https?"
                }
            },
            Self::Refused {
                error,
                status,
                authentication,
                ..
            } => match (error.as_deref(), status) {
                (Some("invalid_client"), _) | (None, 401 | 403) => {
                    return wrong_client(*authentication);
                }
                (Some("invalid_scope"), _) => {
                    "the scope is not one that this client may have: look at `--oauth-scope`"
                }
                (Some("unauthorized_client" | "unsupported_grant_type"), _) => {
                    "the client must be allowed the grant type `client_credentials` there"
                }
                (_, 404 | 405) => "is it the token endpoint's address? it takes a form with POST",
                _ => "look at the token URL, the scope, and into the log of the token endpoint",
            },
            Self::Redirect { .. } => "if that address is the token endpoint, give it as the token URL",
            Self::Broken { .. } => "look at what stands between here and the token endpoint",
            Self::NotJson { .. } | Self::NoToken { .. } => {
                "a token endpoint answers with a JSON object that has `access_token`, `token_type` and `expires_in` (RFC 6749 5.1)"
            }
            Self::NotBearer { .. } => {
                "SCIM clients of Okta and Entra send bearer tokens only; the token endpoint must give one"
            }
            Self::Unusable { .. } => "a bearer token is made of letters, digits and `-._~+/=` (RFC 6750 2.1)",
        }
        .to_owned()
    }

    /// Texts of the token endpoint may hold what it was sent.
    pub(crate) fn masked(self, mask: &Mask) -> Self {
        match self {
            Self::Refused {
                url,
                status,
                error,
                description,
                authentication,
            } => Self::Refused {
                url,
                status,
                error: error.map(|error| mask.text(&error)),
                description: description.map(|description| mask.text(&description)),
                authentication,
            },
            Self::Redirect { url, status, to } => Self::Redirect {
                url,
                status,
                to: mask.text(&to),
            },
            Self::NotBearer { url, kind } => Self::NotBearer {
                url,
                kind: mask.text(&kind),
            },
            Self::NotJson { url, status, what } => Self::NotJson {
                url,
                status,
                what: mask.text(&what),
            },
            Self::Broken {
                url,
                status,
                broken,
            } => Self::Broken {
                url,
                status,
                broken: match broken {
                    Broken::Cut(reason) => Broken::Cut(mask.text(&reason)),
                    other => other,
                },
            },
            other @ (Self::Silent { .. } | Self::NoToken { .. } | Self::Unusable { .. }) => other,
        }
    }
}

fn wrong_client(authentication: ClientAuthentication) -> String {
    let (here, other) = match authentication {
        ClientAuthentication::Basic => ("in the header", "post"),
        ClientAuthentication::Post => ("in the body", "basic"),
    };
    format!(
        "are the client's id and secret right? they were sent {here}; `--oauth-client-auth {other}` sends them the other way"
    )
}
