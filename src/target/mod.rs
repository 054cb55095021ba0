//! Targets: the SCIM endpoint that is tested, how to authenticate there, and what it declares.

mod config;
mod credential;
mod preset;

pub use config::{CLIENT_SECRET, Config, ConfigError, OauthConfig, TargetConfig};
pub use credential::{
    ClientAuthentication, ClientCredentials, Credential, TokenUrl, TokenUrlError,
};
pub use preset::Preset;

use std::collections::{BTreeMap, BTreeSet};

use secrecy::{ExposeSecret, SecretString};
use url::{Host, Position, Url};

use crate::event::AuthenticationKind;
use crate::exchange::{Api, Mask};

/// An endpoint.
#[derive(Debug, Clone)]
pub struct Target {
    /// Its name in `scimulate.toml`, if it has one.
    pub name: Option<String>,
    /// Where it is.
    pub base: BaseUrl,
    /// What it speaks.
    pub api: Api,
    /// How to authenticate.
    pub credential: Credential,
    /// Further headers of every request, such as an API key; secret.
    pub headers: Vec<(String, SecretString)>,
    /// Further headers of every request that are no secret, such as the number of a tenant.
    pub plain_headers: Vec<(String, String)>,
    /// The features that it declares; `None`: all are tried.
    pub features: Option<BTreeSet<String>>,
    /// The published integration that it is.
    pub preset: Option<&'static Preset>,
    /// Nothing in it is anybody's: scenarios may write to what they did not create.
    pub disposable: bool,
    /// Other tenants of the same endpoint, by name.
    pub tenants: BTreeMap<String, Target>,
}

impl Target {
    /// A target without name, credentials and declared features.
    pub fn new(base: BaseUrl) -> Self {
        Self {
            name: None,
            base,
            api: Api::Scim,
            credential: Credential::None,
            headers: Vec::new(),
            plain_headers: Vec::new(),
            features: None,
            preset: None,
            disposable: false,
            tenants: BTreeMap::new(),
        }
    }

    /// What names it on a command line: its name in `scimulate.toml`, which also says how to authenticate, or its URL.
    pub fn word(&self) -> String {
        let name = self.name.as_ref().filter(|name| !name.contains(' '));
        name.cloned().unwrap_or_else(|| self.base.to_string())
    }

    /// Makes it a published integration. What it declares itself stays.
    pub fn set_preset(&mut self, preset: &'static Preset) {
        self.features.get_or_insert_with(|| preset.features.clone());
        self.preset = Some(preset);
    }

    /// A header of every request. It counts as a secret only if its name says so: masking the `7` of `X-Tenant: 7` would
    /// take every 7 out of every answer.
    pub fn add_header(&mut self, name: &str, value: &str) {
        const SECRET: [&str; 7] = [
            "auth", "cookie", "key", "pass", "secret", "session", "token",
        ];
        let lower = name.to_ascii_lowercase();
        if SECRET.iter().any(|word| lower.contains(word)) {
            self.headers
                .push((name.to_owned(), value.to_owned().into()));
        } else {
            self.plain_headers.push((name.to_owned(), value.to_owned()));
        }
    }

    /// In which way requests are authenticated.
    pub fn authentication(&self) -> AuthenticationKind {
        match &self.credential {
            Credential::None if !self.headers.is_empty() => AuthenticationKind::Header,
            Credential::None => AuthenticationKind::None,
            Credential::Bearer(_) => AuthenticationKind::Bearer,
            Credential::Basic { .. } => AuthenticationKind::Basic,
            Credential::ClientCredentials(_) => AuthenticationKind::ClientCredentials,
        }
    }

    /// Masks all secrets of this target and its tenants that are known from the start.
    pub fn mask(&self) -> Mask {
        let mut mask = Mask::default();
        self.add_secrets(&mut mask);
        mask
    }

    fn add_secrets(&self, mask: &mut Mask) {
        self.credential.add_secrets(mask);
        for (_, value) in &self.headers {
            mask.add(value.expose_secret());
        }
        self.tenants
            .values()
            .for_each(|tenant| tenant.add_secrets(mask));
    }
}

/// The address below which `/Users` and the others are found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BaseUrl {
    origin: String,
    path: String,
    query: Option<String>,
    loopback: bool,
}

/// Why a text is no base URL.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BaseUrlError {
    /// Not a URL at all.
    #[error("`{0}` is not a URL: {1}")]
    Syntax(String, String),
    /// Neither http nor https.
    #[error("`{0}` is neither an http nor an https URL")]
    Scheme(String),
    /// A user or password stands in it.
    #[error("the URL of the target holds a user name or password")]
    Credentials,
    /// A fragment stands in it.
    #[error("`{0}` has a fragment, which is never sent")]
    Fragment(String),
}

impl BaseUrlError {
    /// What to do.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Syntax(..) | Self::Scheme(_) => {
                "give the address below which `/Users` is, such as https://example.com/scim/v2"
            }
            Self::Credentials => {
                "give the user with `--basic-user` and the password with `--password-env NAME`"
            }
            Self::Fragment(_) => "leave out the `#` and what follows it",
        }
    }
}

impl BaseUrl {
    /// Reads a base URL. A slash at the end does not matter.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(text: &str) -> Result<Self, BaseUrlError> {
        let url = Url::parse(text.trim())
            .map_err(|problem| BaseUrlError::Syntax(text.to_owned(), problem.to_string()))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(BaseUrlError::Scheme(text.to_owned()));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(BaseUrlError::Credentials);
        }
        if url.fragment().is_some() {
            return Err(BaseUrlError::Fragment(text.to_owned()));
        }
        let loopback = match url.host() {
            Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
            Some(Host::Ipv4(address)) => address.is_loopback(),
            Some(Host::Ipv6(address)) => address.is_loopback(),
            None => false,
        };
        Ok(Self {
            origin: url.origin().ascii_serialization(),
            path: url.path().trim_end_matches('/').to_owned(),
            query: url
                .query()
                .map(str::to_owned)
                .filter(|query| !query.is_empty()),
            loopback,
        })
    }

    /// Scheme, host and port: `https://example.com:8443`.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// The path in front of `/Users`, without a slash at its end.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Whether it is this very machine.
    pub fn is_loopback(&self) -> bool {
        self.loopback
    }

    /// The path and query of a request. `target` begins with a slash and is below the base URL, or is a reference as
    /// answers give it: a URL of the target itself, or one relative to the base URL (RFC 7643 2.3.7). A query of the base
    /// URL follows that of the request; a compatibility flag of Entra's tenant URLs is not sent (entra.md 1.1).
    pub fn target(&self, target: &str) -> String {
        let own = Url::parse(target)
            .ok()
            .filter(|url| url.origin().ascii_serialization() == self.origin);
        let mut joined = match own {
            Some(url) => url[Position::BeforePath..Position::AfterQuery].to_owned(),
            // RFC 3986 5.2: a reference that begins with a slash is one from the root of the host.
            None if self.is_above(target) => target.to_owned(),
            None if target.starts_with('/') => format!("{}{target}", self.path),
            // Another host's URL, too: nothing is sent there, and here nothing has that name.
            None => format!("{}/{target}", self.path),
        };
        let own = self
            .query
            .iter()
            .flat_map(|query| query.split('&'))
            .filter(|parameter| !is_flag(parameter));
        for parameter in own {
            joined.push(if joined.contains('?') { '&' } else { '?' });
            joined.push_str(parameter);
        }
        joined
    }

    fn is_above(&self, target: &str) -> bool {
        !self.path.is_empty()
            && target
                .strip_prefix(&self.path)
                .is_some_and(|rest| rest.starts_with('/'))
    }
}

/// The switches that an Entra tenant URL may carry (entra.md 0).
fn is_flag(parameter: &str) -> bool {
    let name = parameter.split('=').next().unwrap_or(parameter);
    ["aadOptscim062020", "AzureAdScimPatch2017"]
        .iter()
        .any(|flag| flag.eq_ignore_ascii_case(name))
}

impl std::fmt::Display for BaseUrl {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{}{}", self.origin, self.path)?;
        match &self.query {
            Some(query) => write!(formatter, "?{query}"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{BaseUrl, BaseUrlError};

    #[test]
    fn targets_are_joined_without_double_slashes_and_flags() {
        for (base, target, joined) in [
            (
                "http://127.0.0.1:8080/scim/v2/",
                "/Users?count=1",
                "/scim/v2/Users?count=1",
            ),
            ("http://127.0.0.1:8080", "/Users", "/Users"),
            (
                "https://a.test/scim?aadOptscim062020",
                "/Users",
                "/scim/Users",
            ),
            (
                "https://a.test/scim?connection=7",
                "/Users?count=1",
                "/scim/Users?count=1&connection=7",
            ),
            (
                "https://a.test/scim",
                "https://A.test:443/scim/Users/7?x=y",
                "/scim/Users/7?x=y",
            ),
            ("https://a.test/scim", "Users/7", "/scim/Users/7"),
            ("https://a.test/scim", "/scim/Users/7", "/scim/Users/7"),
            (
                "https://a.test/scim",
                "https://b.test/scim/Users/7",
                "/scim/https://b.test/scim/Users/7",
            ),
        ] {
            assert_eq!(
                BaseUrl::parse(base)
                    .expect("it is a base URL")
                    .target(target),
                joined
            );
        }
    }

    #[test]
    fn what_is_no_base_url() {
        assert!(matches!(
            BaseUrl::parse("example.test/scim"),
            Err(BaseUrlError::Syntax(..))
        ));
        assert!(matches!(
            BaseUrl::parse("ftp://example.test"),
            Err(BaseUrlError::Scheme(_))
        ));
        assert_eq!(
            BaseUrl::parse("https://a:b@example.test"),
            Err(BaseUrlError::Credentials)
        );
        assert!(matches!(
            BaseUrl::parse("https://a.test/#x"),
            Err(BaseUrlError::Fragment(_))
        ));
    }

    #[test]
    fn loopback_is_known_by_its_address() {
        for (url, loopback) in [
            ("http://localhost:1", true),
            ("http://127.9.0.1", true),
            ("http://[::1]:2", true),
            ("http://10.0.0.1", false),
            ("https://localhost.example.test", false),
        ] {
            assert_eq!(
                BaseUrl::parse(url).expect("it is a base URL").is_loopback(),
                loopback,
                "{url}"
            );
        }
    }
}
