//! Options for OAuth 2.0 client credentials: where access tokens are fetched, and as whom.

use std::path::PathBuf;

use clap::Args;

use crate::cli::Complaint;
use crate::cli::target::{from_environment, from_file};
use crate::target::{CLIENT_SECRET, ClientAuthentication, ClientCredentials, TokenUrl};

/// Options that say how to fetch access tokens.
#[derive(Debug, Clone, Args)]
pub(crate) struct OauthArguments {
    /// Fetch access tokens from this token endpoint, with OAuth 2.0 client credentials
    #[arg(
        long,
        env = "SCIMULATE_OAUTH_TOKEN_URL",
        value_name = "URL",
        requires = "oauth_client_id",
        conflicts_with_all = ["token_env", "token_file", "token", "basic_user"]
    )]
    oauth_token_url: Option<String>,
    /// The client's id there
    #[arg(
        long,
        env = "SCIMULATE_OAUTH_CLIENT_ID",
        value_name = "ID",
        requires = "oauth_token_url"
    )]
    oauth_client_id: Option<String>,
    /// Read the client's secret from this environment variable [default: SCIMULATE_OAUTH_CLIENT_SECRET]
    #[arg(
        long,
        env = "SCIMULATE_OAUTH_CLIENT_SECRET_ENV",
        value_name = "NAME",
        requires = "oauth_token_url"
    )]
    oauth_client_secret_env: Option<String>,
    /// Read the client's secret from this file
    #[arg(
        long,
        env = "SCIMULATE_OAUTH_CLIENT_SECRET_FILE",
        value_name = "FILE",
        requires = "oauth_token_url",
        conflicts_with = "oauth_client_secret_env"
    )]
    oauth_client_secret_file: Option<PathBuf>,
    /// What the token is to be good for, as the token endpoint calls it
    #[arg(
        long,
        env = "SCIMULATE_OAUTH_SCOPE",
        value_name = "SCOPE",
        requires = "oauth_token_url"
    )]
    oauth_scope: Option<String>,
    /// Where the client's secret stands: `basic`, in the header, or `post`, in the body [default: basic]
    #[arg(
        long,
        env = "SCIMULATE_OAUTH_CLIENT_AUTH",
        value_name = "WAY",
        requires = "oauth_token_url",
        value_parser = authentication
    )]
    oauth_client_auth: Option<ClientAuthentication>,
}

fn authentication(text: &str) -> Result<ClientAuthentication, String> {
    ClientAuthentication::named(text).ok_or_else(|| {
        let known = ClientAuthentication::ALL.map(|(name, _)| name);
        format!("there is {}", known.join(" and "))
    })
}

impl OauthArguments {
    /// The client that is asked for.
    ///
    /// # Errors
    /// The token URL is none, or the secret is missing.
    pub(crate) fn client(&self) -> Result<Option<ClientCredentials>, Complaint> {
        let (Some(url), Some(client_id)) = (&self.oauth_token_url, &self.oauth_client_id) else {
            return Ok(None);
        };
        let token_url = TokenUrl::parse(url)
            .map_err(|problem| Complaint::new(problem.to_string()).hint(problem.hint()))?;
        let client_secret = match &self.oauth_client_secret_file {
            Some(file) => from_file(file, "--oauth-client-secret-file")?,
            None => {
                let named = self.oauth_client_secret_env.as_deref();
                from_environment(named.unwrap_or(CLIENT_SECRET), "--oauth-client-secret-env")?
            }
        };
        Ok(Some(ClientCredentials {
            token_url,
            client_id: client_id.clone(),
            client_secret,
            scope: self.oauth_scope.clone(),
            authentication: self.oauth_client_auth.unwrap_or_default(),
        }))
    }
}
