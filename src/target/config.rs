//! `scimulate.toml`: named targets, how to authenticate there, and what they declare.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use secrecy::SecretString;
use serde::Deserialize;

use crate::exchange::Api;
use crate::scenario::declaration::{DECLARABLE, OWN, is_declarable, nearest_declarable};
use crate::target::{
    BaseUrl, BaseUrlError, ClientAuthentication, ClientCredentials, Credential, Preset, Target,
    TokenUrl, TokenUrlError,
};

/// The file `scimulate.toml`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Targets by name.
    #[serde(default)]
    pub targets: BTreeMap<String, TargetConfig>,
}

/// One target of the file.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct TargetConfig {
    /// Base URL.
    pub url: String,
    /// What it speaks: `management` for a tenant that is another service than SCIM.
    #[serde(default)]
    pub api: Api,
    /// Environment variable that holds the bearer token.
    pub token_env: Option<String>,
    /// File that holds the bearer token.
    pub token_file: Option<PathBuf>,
    /// User name for Basic authentication.
    pub basic_user: Option<String>,
    /// Environment variable that holds the password for Basic authentication.
    pub password_env: Option<String>,
    /// How to fetch access tokens.
    pub oauth: Option<OauthConfig>,
    /// Headers of every request.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// Headers of every request whose value is in an environment variable.
    #[serde(default)]
    pub headers_env: BTreeMap<String, String>,
    /// Features that the target declares, in the words of [`DECLARABLE`].
    pub features: Option<BTreeSet<String>>,
    /// The published integration that it is, which declares features where `features` does not.
    pub preset: Option<String>,
    /// Consent to write although the host is not this machine.
    #[serde(default)]
    pub writes: bool,
    /// Directory of this target's snapshots.
    pub snapshots: Option<PathBuf>,
    /// Other tenants.
    #[serde(default)]
    pub tenants: BTreeMap<String, TargetConfig>,
}

/// OAuth 2.0 client credentials of a target.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct OauthConfig {
    /// Address of the token endpoint.
    pub token_url: String,
    /// The client's id.
    pub client_id: String,
    /// Environment variable that holds the client's secret.
    pub client_secret_env: Option<String>,
    /// File that holds the client's secret.
    pub client_secret_file: Option<PathBuf>,
    /// What the token is to be good for.
    pub scope: Option<String>,
    /// Where the secret stands: `basic` or `post`.
    pub client_auth: Option<String>,
}

/// Where the secret of a client is looked for if nothing else is said.
pub const CLIENT_SECRET: &str = "SCIMULATE_OAUTH_CLIENT_SECRET";

/// What is wrong with the file or with what it names.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// It cannot be read.
    #[error("cannot read `{file}`: {reason}")]
    Unreadable {
        /// The file.
        file: String,
        /// In the system's words.
        reason: String,
    },
    /// It is not TOML, or not what is expected there.
    #[error("`{file}` cannot be understood: {reason}")]
    Syntax {
        /// The file.
        file: String,
        /// With line and column.
        reason: String,
    },
    /// No target of that name.
    #[error("`{name}` is neither a URL nor a target in `{file}`")]
    UnknownTarget {
        /// What was asked for.
        name: String,
        /// The file.
        file: String,
        /// What there is.
        known: Vec<String>,
    },
    /// A feature that nobody can declare.
    #[error("target `{target}` declares `{word}`, which is no feature")]
    UnknownFeature {
        /// The target.
        target: String,
        /// What was written.
        word: String,
    },
    /// A preset that nobody knows.
    #[error("target `{target}` has the preset `{name}`, which does not exist")]
    UnknownPreset {
        /// The target.
        target: String,
        /// What was written.
        name: String,
    },
    /// A URL is wrong.
    #[error(transparent)]
    Url(#[from] BaseUrlError),
    /// A token endpoint's address is wrong.
    #[error(transparent)]
    TokenUrl(#[from] TokenUrlError),
    /// The client's secret cannot be shown that way.
    #[error("target `{target}` has the `client-auth` `{word}`, which does not exist")]
    ClientAuthentication {
        /// The target.
        target: String,
        /// What was written.
        word: String,
    },
    /// Two ways to authenticate.
    #[error("target `{target}` has `oauth` beside another token or user")]
    TwoCredentials {
        /// The target.
        target: String,
    },
    /// A secret is not where it should be.
    #[error("the {what} of target `{target}` is not in {place}")]
    Secret {
        /// Which secret.
        what: &'static str,
        /// The target.
        target: String,
        /// `environment variable X`, `file Y`.
        place: String,
    },
}

impl ConfigError {
    /// What to do.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::UnknownTarget { known, .. } if known.is_empty() => {
                Some("give a URL, such as http://127.0.0.1:8080/scim/v2, or add `[targets.NAME]` with `url = \"…\"`".into())
            }
            Self::UnknownTarget { known, .. } => Some(format!("there is {}", known.join(", "))),
            Self::UnknownFeature { word, .. } => Some(nearest_declarable(word).map_or_else(
                || {
                    let words = DECLARABLE.map(|known| known.word).join(", ");
                    format!("there is {words}; one of your own begins with `{OWN}`")
                },
                |near| format!("did you mean `{near}`?"),
            )),
            Self::UnknownPreset { name, .. } => Some(Preset::hint(name)),
            Self::Url(problem) => Some(problem.hint().to_owned()),
            Self::TokenUrl(problem) => Some(problem.hint().to_owned()),
            Self::ClientAuthentication { .. } => Some(
                "there is `basic`, the secret in a header, and `post`, the secret in the body".into(),
            ),
            Self::TwoCredentials { .. } => Some(
                "leave out `oauth`, or `token-env`, `token-file` and `basic-user`: a request has one `Authorization`".into(),
            ),
            Self::Secret { place, .. } => Some(format!("put it in {place}, or give it another way")),
            Self::Unreadable { .. } | Self::Syntax { .. } => None,
        }
    }
}

impl Config {
    /// Reads the file; a file that is not there is an empty one.
    ///
    /// # Errors
    /// It cannot be read or understood.
    pub fn read(file: &Path) -> Result<Self, ConfigError> {
        let shown = file.display().to_string();
        match std::fs::read_to_string(file) {
            Ok(text) => toml::from_str(&text).map_err(|problem| ConfigError::Syntax {
                file: shown,
                reason: reason(&problem, &text),
            }),
            Err(problem) if problem.kind() == std::io::ErrorKind::NotFound => Ok(Self::default()),
            Err(problem) => Err(ConfigError::Unreadable {
                file: shown,
                reason: problem.to_string(),
            }),
        }
    }

    /// The target of that name, secrets read.
    ///
    /// # Errors
    /// There is none, its URL is wrong, or a secret is missing.
    pub fn target(&self, name: &str, file: &Path) -> Result<(Target, &TargetConfig), ConfigError> {
        let config = self.entry(name, file)?;
        Ok((config.target(name)?, config))
    }

    /// Where the target of that name is; its secrets are not asked for.
    ///
    /// # Errors
    /// There is none.
    pub fn address(&self, name: &str, file: &Path) -> Result<&str, ConfigError> {
        Ok(&self.entry(name, file)?.url)
    }

    fn entry(&self, name: &str, file: &Path) -> Result<&TargetConfig, ConfigError> {
        self.targets
            .get(name)
            .ok_or_else(|| ConfigError::UnknownTarget {
                name: name.to_owned(),
                file: file.display().to_string(),
                known: self
                    .targets
                    .keys()
                    .map(|known| format!("`{known}`"))
                    .collect(),
            })
    }
}

/// Where and what, without the line itself: people write secrets into this file although none belongs there.
fn reason(problem: &toml::de::Error, text: &str) -> String {
    let message = problem.message().trim_end();
    let Some(before) = problem.span().and_then(|span| text.get(..span.start)) else {
        return message.to_owned();
    };
    let line = before.matches('\n').count() + 1;
    let start = before.rfind('\n').map_or(0, |end| end + 1);
    let column = before[start..].chars().count() + 1;
    format!("line {line}, column {column}: {message}")
}

impl TargetConfig {
    fn target(&self, name: &str) -> Result<Target, ConfigError> {
        let mut words = self.features.iter().flatten();
        if let Some(word) = words.find(|word| !is_declarable(word)) {
            return Err(ConfigError::UnknownFeature {
                target: name.to_owned(),
                word: word.clone(),
            });
        }
        let credential = self.credential(name)?;
        let mut headers = Vec::new();
        for (header, variable) in &self.headers_env {
            headers.push((header.clone(), from_environment("header", name, variable)?));
        }
        let mut tenants = BTreeMap::new();
        for (tenant, config) in &self.tenants {
            tenants.insert(tenant.clone(), config.target(&format!("{name}.{tenant}"))?);
        }
        let mut target = Target {
            name: Some(name.to_owned()),
            api: self.api,
            credential,
            headers,
            features: self.features.clone(),
            tenants,
            ..Target::new(BaseUrl::parse(&self.url)?)
        };
        if let Some(preset) = &self.preset {
            let known = Preset::named(preset).ok_or_else(|| ConfigError::UnknownPreset {
                target: name.to_owned(),
                name: preset.clone(),
            })?;
            target.set_preset(known);
        }
        for (header, value) in &self.headers {
            target.add_header(header, value);
        }
        Ok(target)
    }

    fn credential(&self, name: &str) -> Result<Credential, ConfigError> {
        let given =
            self.token_env.is_some() || self.token_file.is_some() || self.basic_user.is_some();
        Ok(
            match (&self.token_env, &self.token_file, &self.basic_user) {
                _ if given && self.oauth.is_some() => {
                    return Err(ConfigError::TwoCredentials {
                        target: name.to_owned(),
                    });
                }
                (Some(variable), _, _) => {
                    Credential::Bearer(from_environment("token", name, variable)?)
                }
                (None, Some(file), _) => Credential::Bearer(from_file("token", name, file)?),
                (None, None, Some(user)) => Credential::Basic {
                    user: user.clone(),
                    password: from_environment(
                        "password",
                        name,
                        self.password_env.as_deref().unwrap_or("SCIMULATE_PASSWORD"),
                    )?,
                },
                (None, None, None) => match &self.oauth {
                    Some(oauth) => Credential::ClientCredentials(oauth.client(name)?),
                    None => Credential::None,
                },
            },
        )
    }
}

impl OauthConfig {
    fn client(&self, name: &str) -> Result<ClientCredentials, ConfigError> {
        let authentication = match &self.client_auth {
            Some(word) => ClientAuthentication::named(word).ok_or_else(|| {
                ConfigError::ClientAuthentication {
                    target: name.to_owned(),
                    word: word.clone(),
                }
            })?,
            None => ClientAuthentication::default(),
        };
        let client_secret = match (&self.client_secret_env, &self.client_secret_file) {
            (None, Some(file)) => from_file("client secret", name, file)?,
            (variable, _) => {
                let variable = variable.as_deref().unwrap_or(CLIENT_SECRET);
                from_environment("client secret", name, variable)?
            }
        };
        Ok(ClientCredentials {
            token_url: TokenUrl::parse(&self.token_url)?,
            client_id: self.client_id.clone(),
            client_secret,
            scope: self.scope.clone(),
            authentication,
        })
    }
}

fn from_environment(
    what: &'static str,
    target: &str,
    variable: &str,
) -> Result<SecretString, ConfigError> {
    let value = std::env::var(variable).unwrap_or_default();
    found(value, what, target, || {
        format!("environment variable `{variable}`")
    })
}

fn from_file(what: &'static str, target: &str, file: &Path) -> Result<SecretString, ConfigError> {
    let text = std::fs::read_to_string(file).unwrap_or_default();
    found(text, what, target, || format!("file `{}`", file.display()))
}

fn found(
    text: String,
    what: &'static str,
    target: &str,
    place: impl Fn() -> String,
) -> Result<SecretString, ConfigError> {
    match text.trim() {
        "" => Err(ConfigError::Secret {
            what,
            target: target.to_owned(),
            place: place(),
        }),
        secret => Ok(secret.to_owned().into()),
    }
}
