//! What keeps a target from being tested, as the first answer shows it: for a run that ends there, and for `doctor`.

use serde_json::Value;

use crate::exchange::{Broken, Exchange, Failure, Response};
use crate::run::preflight::Untestable;
use crate::target::{Credential, Target};

/// What is wrong with the first answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// There is none.
    Unreached(Failure),
    /// 401 or 403.
    Refused(u16),
    /// It points to this address, or to none.
    Redirected(u16, Option<String>),
    /// A page for browsers.
    WebPage(u16),
    /// 404.
    Missing,
    /// It breaks off.
    Broken(u16, Broken),
    /// JSON without anything of a list (RFC 7644 3.4.2).
    Foreign(u16),
    /// Nothing but a status.
    Empty(u16),
    /// Something else than JSON, and why.
    NotJson(u16, String),
}

/// Where the base URL is looked for.
const BELOW: &str = "the base URL is the address below which `/Users` is, often ending in /scim/v2";

impl Trouble {
    /// What keeps a target from being tested that answers this to a question for one user.
    pub(crate) fn of(first: &Exchange) -> Option<Self> {
        let response = match &first.outcome {
            Ok(response) => response,
            Err(failure) => return Some(Self::Unreached(failure.clone())),
        };
        let status = response.status;
        match status {
            401 | 403 => Some(Self::Refused(status)),
            300..=399 => {
                let to = response.header("location").map(str::to_owned);
                Some(Self::Redirected(status, to))
            }
            _ if is_page(response) && status < 500 => Some(Self::WebPage(status)),
            404 => Some(Self::Missing),
            _ if status < 300 => unusable(response),
            _ => None,
        }
    }

    /// Whether another base URL at the same host may be the right one.
    pub(crate) fn is_of_path(&self) -> bool {
        matches!(
            self,
            Self::WebPage(_)
                | Self::Missing
                | Self::Foreign(_)
                | Self::Empty(_)
                | Self::NotJson(..)
        )
    }

    /// Why a run would be pointless, in words. `url`: what was asked for.
    pub(crate) fn told(&self, url: &str, target: &Target) -> Untestable {
        let hint = self.hint(target);
        let joint = if hint.ends_with('?') { "" } else { ";" };
        Untestable {
            message: self.message(url),
            hint: Some(format!(
                "{hint}{joint} `scimulate doctor {}` tells more",
                target.word()
            )),
        }
    }

    /// What is wrong, in words.
    pub(crate) fn message(&self, url: &str) -> String {
        match self {
            Self::Unreached(failure @ Failure::Protocol(_)) => format!("{url} gives {failure}"),
            Self::Unreached(failure) => format!("{url} cannot be reached: {failure}"),
            Self::Refused(status) => {
                format!("{url} answers {status}: the target does not accept the credentials")
            }
            Self::Redirected(status, to) => {
                let to = to.as_deref().unwrap_or("nowhere");
                format!(
                    "{url} answers {status} and points to {to}; redirects are never followed with credentials"
                )
            }
            Self::WebPage(status) => {
                format!("{url} answers {status} with a web page, not with SCIM")
            }
            Self::Missing => {
                format!("{url} answers 404: there is no SCIM endpoint at this base URL")
            }
            Self::Broken(status, broken) => format!("{url} answers {status}, but {broken}"),
            Self::Foreign(status) => {
                format!("{url} answers {status} with JSON that is not SCIM")
            }
            Self::Empty(status) => format!("{url} answers {status} without a body"),
            Self::NotJson(status, fault) => {
                format!("{url} answers {status}, but what it sends cannot be read as JSON: {fault}")
            }
        }
    }

    /// What to do.
    pub(crate) fn hint(&self, target: &Target) -> &'static str {
        match self {
            Self::Unreached(failure) => hint_of(failure),
            Self::Refused(_) => match target.credential {
                Credential::None => {
                    "give the token with `--token-env NAME`, `--token-file FILE` or `--token -`"
                }
                Credential::ClientCredentials(_) => {
                    "the access token was sent, and is not accepted: does the target trust this token endpoint, and is the scope right?"
                }
                _ => {
                    "the token or password was sent, and is not accepted: is it the right one, and is it still valid?"
                }
            },
            Self::Redirected(..) => "if that address is the endpoint, give it as the target",
            Self::Broken(..) => {
                "it was asked for one user only; look into its log, and at what stands between here and there"
            }
            Self::WebPage(_)
            | Self::Missing
            | Self::Foreign(_)
            | Self::Empty(_)
            | Self::NotJson(..) => BELOW,
        }
    }
}

fn hint_of(failure: &Failure) -> &'static str {
    match failure {
        Failure::Connect(_) => "is the server running, and are host and port right?",
        // In the words of the TLS library.
        Failure::Tls(words) if words.contains("corrupt message") => {
            "the server there does not speak TLS: is it http, not https?"
        }
        Failure::Tls(words) if words.contains("expired") => {
            "the certificate has to be renewed; or is the clock of this machine wrong?"
        }
        Failure::Tls(words) if words.contains("not valid for name") => {
            "the certificate is one of another host: is the host of the URL right?"
        }
        Failure::Tls(words)
            if words.contains("UnknownIssuer") || words.contains("CaUsedAsEndEntity") =>
        {
            "this machine does not trust whoever issued the certificate; if it is an authority of your own, name its PEM file in the environment variable `SSL_CERT_FILE`"
        }
        Failure::Tls(_) => {
            "the certificate must be valid for this host and issued by an authority that this machine trusts"
        }
        Failure::Timeout(_) => "is the address right? `--timeout` allows more time",
        Failure::Protocol(_) => "does an HTTP server listen there, and is it http or https?",
        Failure::NotSent(_) => "look at the URL and the headers of the target",
    }
}

fn is_page(response: &Response) -> bool {
    response.body.text().trim_start().starts_with('<')
        || response
            .header("content-type")
            .is_some_and(|kind| kind.starts_with("text/html"))
}

fn unusable(response: &Response) -> Option<Trouble> {
    let status = response.status;
    if let Some(broken) = &response.broken {
        return Some(Trouble::Broken(status, broken.clone()));
    }
    match response.document() {
        Ok(document) => is_foreign(&document.value).then_some(Trouble::Foreign(status)),
        Err(_) if response.body.is_empty() => Some(Trouble::Empty(status)),
        Err(fault) => Some(Trouble::NotJson(status, fault.to_string())),
    }
}

/// An object without anything of a list (RFC 7644 3.4.2). A list that is merely wrong is for the scenarios to judge.
fn is_foreign(document: &Value) -> bool {
    let listed = |name: &String| {
        ["schemas", "totalresults", "resources"].contains(&name.to_ascii_lowercase().as_str())
    };
    document
        .as_object()
        .is_some_and(|members| !members.keys().any(listed))
}
