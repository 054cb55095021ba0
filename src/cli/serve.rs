//! `scimulate serve`: the reference server on a loopback port, and the embedded one of `run`.

use std::io::{self, Read, Write};
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use clap::{ArgGroup, Args};
use jiff::SignedDuration;
use serde_json::Value;
use uuid::Uuid;

use crate::cli::Complaint;
use crate::cli::interrupt::signal;
use crate::cli::playing::duration;
use crate::cli::target::preset_named;
use crate::server::{self, Defect, OauthClient, POLICIES, Policies, Refused, Running, Token};
use crate::target::{
    BaseUrl, ClientAuthentication, ClientCredentials, Credential, Preset, Target, TokenUrl,
};

/// Options of `scimulate serve`.
#[derive(Debug, Clone, Args)]
#[command(group(ArgGroup::new("credentials").args(["token", "oauth_client"]).multiple(true)))]
pub(crate) struct ServeArguments {
    /// Port to listen on; 0 for any free one
    #[arg(
        long,
        short,
        env = "SCIMULATE_PORT",
        value_name = "PORT",
        default_value_t = 8080
    )]
    port: u16,
    /// Address to listen on
    #[arg(
        long,
        env = "SCIMULATE_ADDRESS",
        value_name = "ADDRESS",
        default_value = "127.0.0.1"
    )]
    address: IpAddr,
    /// Bearer token that clients must send; `-` reads it from stdin, where other users cannot see it. Without one,
    /// everyone may do everything
    #[arg(
        long,
        env = "SCIMULATE_SERVE_TOKEN",
        hide_env_values = true,
        value_name = "TOKEN|-"
    )]
    token: Option<String>,
    /// Give access tokens to the OAuth client of this id, at /oauth/token, with client credentials; its secret is in
    /// `SCIMULATE_SERVE_OAUTH_SECRET`, or is made up and printed
    #[arg(long, env = "SCIMULATE_SERVE_OAUTH_CLIENT", value_name = "ID")]
    oauth_client: Option<String>,
    /// A further tenant at /NAME/scim/v2, with the same token
    #[arg(long, value_name = "NAME")]
    tenant: Vec<String>,
    /// Refuse every habit of real clients that departs from the RFCs
    #[arg(long, env = "SCIMULATE_STRICT")]
    strict: bool,
    /// Decide a point that the RFCs leave open; see `--list-policies`
    #[arg(long, value_name = "NAME=CHOICE")]
    policy: Vec<String>,
    /// List the policies with their choices and end
    #[arg(long)]
    list_policies: bool,
    /// Imitate a published integration: its base path, what it refuses and keeps, whom it protects, and its tokens
    #[arg(long, env = "SCIMULATE_PRESET", value_name = "PRESET")]
    preset: Option<String>,
    /// Path of the default tenant [default: /scim/v2, or the preset's]
    #[arg(long, value_name = "PATH", value_parser = base_path)]
    base_path: Option<String>,
    /// Refuse with 501 what a vendor does not offer: create, update, deactivate, delete or group-push
    #[arg(long, value_name = "FEATURE", value_parser = refused)]
    refuse: Vec<Refused>,
    /// User name of an account that is there and cannot be changed
    #[arg(long, value_name = "USERNAME")]
    protect: Vec<String>,
    /// How long tokens are valid, such as 60s or 10m [default: for ever, or as the preset says; access tokens 1 h]
    #[arg(long, value_name = "TIME", value_parser = duration, requires = "credentials")]
    token_life: Option<Duration>,
    /// JSON file with further schemas and resource types
    #[arg(long, value_name = "FILE")]
    schema: Vec<PathBuf>,
    /// Most resources on a page
    #[arg(long, value_name = "N", default_value_t = server::Settings::default().page_limit)]
    page_limit: usize,
    /// The `userName` that `/Me` stands for
    #[arg(long, value_name = "USERNAME", requires = "token")]
    me: Option<String>,
    /// File to read the resources from at the start and to write them to at the end
    #[arg(long, value_name = "FILE")]
    state: Option<PathBuf>,
    #[command(flatten)]
    flaws: FlawArguments,
    /// List the defects with their stories and public links and end
    #[arg(long)]
    list_defects: bool,
}

/// What the reference server is to do wrong.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct FlawArguments {
    /// Make the reference server wrong in this known way; repeat it for several. See `scimulate serve --list-defects`
    #[arg(
        long,
        env = "SCIMULATE_DEFECT",
        value_name = "ID",
        value_delimiter = ','
    )]
    defect: Vec<String>,
}

impl FlawArguments {
    /// No defect is asked for.
    pub(crate) fn is_empty(&self) -> bool {
        self.defect.is_empty()
    }

    /// The defects that are asked for.
    pub(crate) fn defects(&self) -> Result<Vec<&'static Defect>, Complaint> {
        let named = self.defect.iter().map(|id| {
            Defect::named(id).map_err(|problem| {
                Complaint::new(problem.to_string())
                    .hint("`scimulate serve --list-defects` shows all of them")
            })
        });
        named.collect()
    }
}

/// Serves until it is stopped. The first line on stdout is the base URL.
pub(crate) fn serve(arguments: &ServeArguments) -> Result<ExitCode, Complaint> {
    if arguments.list_policies {
        list_policies();
        return Ok(ExitCode::SUCCESS);
    }
    if arguments.list_defects {
        list_defects();
        return Ok(ExitCode::SUCCESS);
    }
    let mut settings = arguments.settings()?;
    let mut made_up = None;
    if let Some(id) = &arguments.oauth_client {
        let secret = oauth_secret(&mut made_up)?;
        settings.oauth = Some(OauthClient {
            id: id.clone(),
            secret: secret.into(),
        });
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|problem| Complaint::new(format!("cannot start: {problem}")))?;
    runtime.block_on(async {
        let running = started(settings).await?;
        let mut lines = format!("{}\n", running.base_url());
        for tenant in &arguments.tenant {
            lines.push_str(&format!("{}\n", running.tenant_url(tenant)));
        }
        if let Some(url) = running.token_url() {
            lines.push_str(&format!("token endpoint: {url}\n"));
        }
        if let Some(secret) = made_up {
            lines.push_str(&format!("client secret: {secret}\n"));
        }
        // Whoever started it may not read its output.
        let _ = io::stdout()
            .write_all(lines.as_bytes())
            .and_then(|()| io::stdout().flush());
        signal().await;
        running
            .stop()
            .await
            .map_err(|problem| Complaint::new(format!("the state cannot be written: {problem}")))?;
        Ok(ExitCode::SUCCESS)
    })
}

impl ServeArguments {
    fn settings(&self) -> Result<server::Settings, Complaint> {
        let policies = match self.strict {
            true => Policies::strict(),
            false => Policies::default(),
        };
        let policies = chosen(policies, &self.policy)?;
        let tokens: Vec<Token> = self
            .token()?
            .map(|token| Token {
                user: self.me.clone(),
                ..Token::new(token)
            })
            .into_iter()
            .collect();
        let mut settings = server::Settings {
            address: Some(self.address),
            port: self.port,
            tenants: self
                .tenant
                .iter()
                .map(|name| (name.clone(), tokens.clone()))
                .collect(),
            tokens,
            policies,
            schemas: self
                .schema
                .iter()
                .map(|file| schema(file))
                .collect::<Result<_, _>>()?,
            page_size: server::Settings::default().page_size.min(self.page_limit),
            page_limit: self.page_limit,
            state_file: self.state.clone(),
            defects: self.flaws.defects()?,
            ..server::Settings::default()
        };
        if let Some(preset) = &self.preset {
            imitate(&mut settings, preset_named(preset)?);
        }
        if let Some(path) = &self.base_path {
            settings.base_path.clone_from(path);
        }
        settings.rules.refused.extend(&self.refuse);
        settings
            .rules
            .protected
            .extend(self.protect.iter().cloned());
        if let Some(life) = self.token_life {
            settings.token_life = SignedDuration::try_from(life).ok();
        }
        Ok(settings)
    }

    fn token(&self) -> Result<Option<String>, Complaint> {
        let Some(token) = &self.token else {
            return Ok(None);
        };
        let mut token = token.clone();
        if token == "-" {
            token.clear();
            io::stdin().read_to_string(&mut token).map_err(|problem| {
                Complaint::new(format!("cannot read the token from stdin: {problem}"))
            })?;
        }
        match token.trim() {
            "" => Err(Complaint::new("the token is empty")
                .hint("leave `--token` out for a server that is open to everyone")),
            token => Ok(Some(token.to_owned())),
        }
    }
}

/// Where the secret of the client of `--oauth-client` is.
const OAUTH_SECRET: &str = "SCIMULATE_SERVE_OAUTH_SECRET";

/// The secret from the environment, or a new one.
fn oauth_secret(made_up: &mut Option<String>) -> Result<String, Complaint> {
    match std::env::var(OAUTH_SECRET) {
        Ok(secret) if secret.trim().is_empty() => {
            Err(Complaint::new(format!("`{OAUTH_SECRET}` is empty"))
                .hint("unset it to have a secret made up, or put one into it"))
        }
        Ok(secret) => Ok(secret.trim().to_owned()),
        Err(_) => Ok(made_up.insert(Uuid::new_v4().to_string()).clone()),
    }
}

/// Policies with these choices made, each `NAME=CHOICE`.
fn chosen(mut policies: Policies, choices: &[String]) -> Result<Policies, Complaint> {
    for choice in choices {
        policies.choose(choice).map_err(|problem| {
            Complaint::new(problem.to_string())
                .hint("`scimulate serve --list-policies` shows all of them")
        })?;
    }
    Ok(policies)
}

/// A path with a slash before it and none behind.
fn base_path(text: &str) -> Result<String, String> {
    let path = text.trim_matches('/');
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "/-._~".contains(letter);
    match !path.is_empty() && !path.contains("//") && path.chars().all(is_plain) {
        true => Ok(format!("/{path}")),
        false => Err("write a path such as /scim/v2".to_owned()),
    }
}

fn refused(text: &str) -> Result<Refused, String> {
    Refused::named(text).ok_or_else(|| {
        let known = Refused::ALL.map(Refused::name).join(", ");
        format!("there is {known}")
    })
}

fn schema(file: &Path) -> Result<Value, Complaint> {
    let text = std::fs::read_to_string(file).map_err(|problem| {
        Complaint::new(format!("cannot read `{}`: {problem}", file.display()))
    })?;
    serde_json::from_str(&text)
        .map_err(|problem| Complaint::new(format!("`{}` is not JSON: {problem}", file.display())))
}

fn list_policies() {
    let mut text = String::from("NAME=CHOICE, the default first; * is what --strict takes\n");
    for entry in POLICIES {
        let [first, second] = entry.choices;
        let mark = |index: usize| if entry.strict == index { "*" } else { "" };
        text.push_str(&format!(
            "\n{}={first}{} | {second}{}\n    {}\n    {}\n",
            entry.name,
            mark(0),
            mark(1),
            entry.about,
            entry.source
        ));
    }
    // A closed pipe is no error.
    let _ = io::stdout().write_all(text.as_bytes());
}

fn list_defects() {
    let mut text = String::new();
    for defect in Defect::all() {
        let story = defect.story();
        text.push_str(&format!(
            "{}  {}\n    client: {}; area: {}; severity: {}\n    wrong: {}\n    right: {}\n",
            defect.id, story.title, story.idp, story.area, story.severity, story.wrong, story.right
        ));
        text.push_str(&format!(
            "    a report names: {}\n",
            defect.names.join(", ")
        ));
        for source in &story.sources {
            text.push_str(&format!("    {source}\n"));
        }
        text.push('\n');
    }
    // A closed pipe is no error.
    let _ = io::stdout().write_all(text.as_bytes());
}

async fn started(settings: server::Settings) -> Result<Running, Complaint> {
    let port = settings.port;
    server::start(settings)
        .await
        .map_err(|problem| match problem.kind() {
            io::ErrorKind::AddrInUse => Complaint::new(format!("port {port} is taken"))
                .hint("take another one, or `--port 0` for any free one"),
            _ => Complaint::new(format!("the reference server cannot start: {problem}")),
        })
}

/// The OAuth client that fetches tokens of the embedded server.
const EMBEDDED_CLIENT: &str = "scimulate";

/// A target of the embedded server with a token that is fetched, as Entra's gallery demands it (entra.md 12, GAL-10).
///
/// # Errors
/// The server has no token endpoint.
pub(crate) fn fetching(
    server: &Running,
    target: Target,
    secret: &str,
) -> Result<Target, Complaint> {
    let url = server.token_url().unwrap_or_default();
    let token_url = TokenUrl::parse(&url).map_err(|problem| Complaint::new(problem.to_string()))?;
    Ok(Target {
        credential: Credential::ClientCredentials(ClientCredentials {
            token_url,
            client_id: EMBEDDED_CLIENT.to_owned(),
            client_secret: secret.to_owned().into(),
            scope: None,
            authentication: ClientAuthentication::default(),
        }),
        ..target
    })
}

/// A reference server of our own on a free loopback port, with a second tenant, and the target that it is. It imitates
/// a preset if one is given. Its token is also the secret of a client that may fetch tokens.
pub(crate) async fn embedded(
    preset: Option<&'static Preset>,
    defects: &[&'static Defect],
    policies: &[String],
    token: &str,
) -> Result<(Running, Target), Complaint> {
    let tokens = vec![Token::new(token)];
    let mut settings = server::Settings {
        policies: chosen(Policies::default(), policies)?,
        tenants: vec![("second".to_owned(), tokens.clone())],
        tokens,
        defects: defects.to_vec(),
        oauth: Some(OauthClient {
            id: EMBEDDED_CLIENT.to_owned(),
            secret: token.to_owned().into(),
        }),
        ..server::Settings::default()
    };
    if let Some(preset) = preset {
        imitate(&mut settings, preset);
    }
    let running = started(settings).await?;
    let target = |url: &str| {
        let base = BaseUrl::parse(url).map_err(|problem| Complaint::new(problem.to_string()))?;
        let mut target = Target {
            credential: Credential::Bearer(token.to_owned().into()),
            disposable: true,
            ..Target::new(base)
        };
        if let Some(preset) = preset {
            target.set_preset(preset);
        }
        Ok(target)
    };
    let mut embedded: Target = target(&running.base_url())?;
    embedded.name = Some(match preset {
        Some(preset) => format!("reference server as {}", preset.name),
        None => "reference server".to_owned(),
    });
    embedded
        .tenants
        .insert("second".to_owned(), target(&running.tenant_url("second"))?);
    Ok((running, embedded))
}

/// Makes the server behave as a preset says.
pub(super) fn imitate(settings: &mut server::Settings, preset: &Preset) {
    settings.base_path.clone_from(&preset.base_path);
    let refused = preset.refuses.iter().map(|word| {
        Refused::named(word).expect("a test holds presets and what the server can refuse together")
    });
    settings.rules.refused.extend(refused);
    settings
        .rules
        .protected
        .extend(preset.protected.iter().cloned());
    settings.attributes = preset.kept_paths().map(|paths| {
        paths
            .iter()
            .map(|path| path.parse().expect("a test holds that they are paths"))
            .collect()
    });
    settings.token_life = preset
        .token_days
        .map(|days| SignedDuration::from_hours(24 * i64::from(days)));
    settings.rotation.clone_from(&preset.rotation);
}

#[cfg(test)]
mod tests {
    use super::imitate;
    use crate::server::{Server, Settings};
    use crate::target::Preset;

    #[test]
    fn every_preset_can_be_imitated() {
        for preset in Preset::all() {
            let mut settings = Settings::default();
            imitate(&mut settings, preset);
            assert_eq!(settings.rules.refused.len(), preset.refuses.len());
            assert!(Server::new(settings).is_ok(), "{}", preset.name);
        }
    }
}
