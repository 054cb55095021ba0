//! Which target a command is about: a URL or a name of `scimulate.toml`, and where its secrets come from.

use std::io::Read;
use std::path::{Path, PathBuf};

use clap::Args;
use secrecy::SecretString;

use crate::cli::Complaint;
use crate::cli::oauth::OauthArguments;
use crate::target::{BaseUrl, Config, ConfigError, Credential, Preset, Target, TargetConfig};

/// Options that name a target and say how to authenticate there.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Target")]
pub(crate) struct TargetArguments {
    /// Base URL of the SCIM endpoint, or a name in scimulate.toml [default: the embedded reference server]
    #[arg(long, short, env = "SCIMULATE_TARGET", value_name = "URL|NAME")]
    pub(crate) target: Option<String>,
    /// Read the bearer token from this environment variable
    #[arg(long, env = "SCIMULATE_TOKEN_ENV", value_name = "NAME")]
    token_env: Option<String>,
    /// Read the bearer token from this file
    #[arg(
        long,
        env = "SCIMULATE_TOKEN_FILE",
        value_name = "FILE",
        conflicts_with = "token_env"
    )]
    token_file: Option<PathBuf>,
    /// Read the bearer token from stdin; the only value is `-`, since other users can see a command line
    #[arg(long, value_name = "-", conflicts_with_all = ["token_env", "token_file"])]
    token: Option<String>,
    /// User name for Basic authentication
    #[arg(long, env = "SCIMULATE_BASIC_USER", value_name = "USER", conflicts_with_all = ["token_env", "token_file", "token"])]
    basic_user: Option<String>,
    /// Read the password for Basic authentication from this environment variable
    #[arg(
        long,
        env = "SCIMULATE_PASSWORD_ENV",
        value_name = "NAME",
        requires = "basic_user"
    )]
    password_env: Option<String>,
    #[command(flatten)]
    oauth: OauthArguments,
    /// A header of every request, for what is not secret
    #[arg(long, value_name = "NAME: VALUE")]
    header: Vec<String>,
    /// A header of every request, its value from an environment variable
    #[arg(long, value_name = "NAME=VARIABLE")]
    header_env: Vec<String>,
    /// File with named targets
    #[arg(
        long,
        env = "SCIMULATE_CONFIG",
        value_name = "FILE",
        default_value = "scimulate.toml"
    )]
    config: PathBuf,
    /// A published integration that the target is: its declared features and attributes. Without a target, the embedded
    /// reference server imitates it
    #[arg(long, env = "SCIMULATE_PRESET", value_name = "PRESET")]
    preset: Option<String>,
    /// Consent to create, change and remove test users and groups although the target is not on this machine
    #[arg(long, env = "SCIMULATE_YES_WRITE")]
    pub(crate) yes_write: bool,
}

/// A target, and what was agreed on about it.
#[derive(Debug)]
pub(crate) struct Chosen {
    pub(crate) target: Target,
    pub(crate) may_write: bool,
    pub(crate) snapshots: Option<PathBuf>,
}

impl TargetArguments {
    /// The target that is asked for; `None`: the embedded one.
    ///
    /// # Errors
    /// It is not known, or a secret is missing.
    pub(crate) fn chosen(&self) -> Result<Option<Chosen>, Complaint> {
        let Some(wanted) = &self.target else {
            return Ok(None);
        };
        let config = Config::read(&self.config).map_err(complaint)?;
        let (mut target, written): (Target, Option<&TargetConfig>) = if wanted.contains("://") {
            (
                Target::new(BaseUrl::parse(wanted).map_err(|problem| complaint(problem.into()))?),
                None,
            )
        } else {
            let (target, written) = config.target(wanted, &self.config).map_err(complaint)?;
            (target, Some(written))
        };
        if let Some(credential) = self.credential()? {
            target.credential = credential;
        }
        if let Some(preset) = self.preset()? {
            // What is said here comes before what the file declares.
            target.features = None;
            target.set_preset(preset);
        }
        for header in &self.header {
            let (name, value) = header.split_once(':').ok_or_else(|| {
                Complaint::new("a `--header` has no colon").hint("write `--header 'X-Tenant: 7'`")
            })?;
            target.add_header(name.trim(), value.trim());
        }
        for header in &self.header_env {
            let (name, variable) = header.split_once('=').ok_or_else(|| {
                Complaint::new(format!("`--header-env {header}` has no `=`"))
                    .hint("write `--header-env X-Api-Key=API_KEY`")
            })?;
            target.headers.push((
                name.trim().to_owned(),
                from_environment(variable, "--header-env")?,
            ));
        }
        let may_write = self.yes_write
            || written.is_some_and(|written| written.writes)
            || (target.base.is_loopback()
                && target
                    .tenants
                    .values()
                    .all(|tenant| tenant.base.is_loopback()));
        Ok(Some(Chosen {
            target,
            may_write,
            snapshots: written.and_then(|written| written.snapshots.clone()),
        }))
    }

    /// The preset that is asked for.
    ///
    /// # Errors
    /// There is none of that name.
    pub(crate) fn preset(&self) -> Result<Option<&'static Preset>, Complaint> {
        self.preset.as_deref().map(preset_named).transpose()
    }

    fn credential(&self) -> Result<Option<Credential>, Complaint> {
        if let Some(variable) = &self.token_env {
            return Ok(Some(Credential::Bearer(from_environment(
                variable,
                "--token-env",
            )?)));
        }
        if let Some(file) = &self.token_file {
            return Ok(Some(Credential::Bearer(from_file(file, "--token-file")?)));
        }
        if let Some(given) = &self.token {
            if given != "-" {
                return Err(Complaint::new(
                    "`--token` takes only `-`, for stdin: other users can see a command line",
                )
                .hint("give the token with `--token-env NAME`, `--token-file FILE`, or on stdin"));
            }
            let mut token = String::new();
            std::io::stdin()
                .read_to_string(&mut token)
                .map_err(|problem| {
                    Complaint::new(format!("cannot read the token from stdin: {problem}"))
                })?;
            return Ok(Some(Credential::Bearer(usable(token.trim(), "stdin")?)));
        }
        if let Some(user) = &self.basic_user {
            let variable = self.password_env.as_deref().ok_or_else(|| {
                Complaint::new("`--basic-user` needs a password")
                    .hint("name an environment variable: `--password-env NAME`")
            })?;
            let password = from_environment(variable, "--password-env")?;
            return Ok(Some(Credential::Basic {
                user: user.clone(),
                password,
            }));
        }
        if let Some(client) = self.oauth.client()? {
            return Ok(Some(Credential::ClientCredentials(client)));
        }
        // The variable that everybody would try first.
        match std::env::var("SCIMULATE_TOKEN") {
            Ok(token) if !token.trim().is_empty() => Ok(Some(Credential::Bearer(usable(
                token.trim(),
                "environment variable `SCIMULATE_TOKEN`",
            )?))),
            _ => Ok(None),
        }
    }
}

/// A preset by name.
pub(crate) fn preset_named(name: &str) -> Result<&'static Preset, Complaint> {
    Preset::named(name).ok_or_else(|| {
        Complaint::new(format!("there is no preset `{name}`")).hint(Preset::hint(name))
    })
}

/// A secret from a variable; `option` names it.
pub(crate) fn from_environment(variable: &str, option: &str) -> Result<SecretString, Complaint> {
    let value = std::env::var(variable).unwrap_or_default();
    let place = format!("environment variable `{variable}`");
    if value.trim().is_empty() {
        // The value given may be the secret itself, typed in the wrong place: it is not repeated if it cannot be a name.
        let is_name = variable
            .chars()
            .all(|letter| letter.is_ascii_alphanumeric() || letter == '_')
            && variable.len() < 40;
        let shown = if is_name {
            place
        } else {
            "the environment variable that it names".to_owned()
        };
        return Err(Complaint::new(format!("`{option}`: {shown} is not set"))
            .hint("the option takes the NAME of a variable, never the secret itself"));
    }
    usable(value.trim(), &place)
}

pub(super) fn from_file(file: &Path, option: &str) -> Result<SecretString, Complaint> {
    let token = std::fs::read_to_string(file).map_err(|problem| {
        Complaint::new(format!(
            "`{option}`: cannot read `{}`: {problem}",
            file.display()
        ))
    })?;
    usable(token.trim(), &format!("file `{}`", file.display()))
}

/// A secret that can stand in a header.
fn usable(secret: &str, place: &str) -> Result<SecretString, Complaint> {
    if secret.is_empty() {
        return Err(Complaint::new(format!("the secret in {place} is empty")));
    }
    if secret.chars().any(|letter| letter.is_control()) {
        return Err(Complaint::new(format!(
            "the secret in {place} has a line break or another character that no header may have"
        )));
    }
    Ok(secret.to_owned().into())
}

pub(super) fn complaint(problem: ConfigError) -> Complaint {
    let hint = problem.hint();
    let complaint = Complaint::new(problem.to_string());
    match hint {
        Some(hint) => complaint.hint(hint),
        None => complaint,
    }
}
