//! The doctor: why a target cannot be tested, check by check, and what to do about it. Only reads, and only at the target.

mod base_path;
mod connection;
mod credentials;
mod scim;

use serde::Serialize;

use crate::exchange::{Exchange, Failure};
use crate::plan::Outgoing;
use crate::run::Bounds;
use crate::run::client::Client;
use crate::run::preflight::{first_question, only_errors};
use crate::run::trouble::Trouble;
use crate::target::Target;

/// How a check came out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum State {
    /// As it should be.
    Fine,
    /// Works, and is worth a look.
    Odd,
    /// Keeps the target from being tested.
    Wrong,
    /// There was nothing to look at, or no point in it.
    Skipped,
}

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Check {
    pub(crate) check: &'static str,
    pub(crate) state: State,
    /// What was seen.
    pub(crate) told: String,
}

/// What all checks come to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Diagnosis {
    /// Base URL.
    pub(crate) target: String,
    pub(crate) checks: Vec<Check>,
    /// A run would say something about the target.
    pub(crate) testable: bool,
    /// One sentence: what to do.
    pub(crate) advice: String,
}

/// An examination under way.
struct Patient<'a> {
    target: &'a Target,
    client: &'a Client,
    checks: Vec<Check>,
}

/// What is wrong, and so ends the examination: what to do.
type Advice = String;

/// Looks at everything between here and the endpoint. `proxy`: the variable that names a proxy, which is never used.
///
/// # Errors
/// In words, why there is no HTTP client.
pub(crate) async fn examine(
    target: &Target,
    bounds: Bounds,
    proxy: Option<&str>,
) -> Result<Diagnosis, String> {
    let client = Client::new(target, target.mask(), bounds)?;
    let mut patient = Patient {
        target,
        client: &client,
        checks: Vec::new(),
    };
    let examined = patient.examined(bounds, proxy).await;
    let testable = examined.is_ok();
    let is_odd = patient.checks.iter().any(|check| check.state == State::Odd);
    let command = || {
        let look = if is_odd {
            "; what is marked `!` is worth a look first"
        } else {
            ""
        };
        format!(
            "it can be tested, with `scimulate run --target {}`{look}",
            target.word()
        )
    };
    Ok(Diagnosis {
        target: client.mask().text(&target.base.to_string()),
        checks: patient.checks,
        testable,
        advice: examined.err().unwrap_or_else(command),
    })
}

impl Patient<'_> {
    fn check(&mut self, check: &'static str, state: State, told: impl Into<String>) {
        let told = told.into();
        self.checks.push(Check { check, state, told });
    }

    async fn examined(&mut self, bounds: Bounds, proxy: Option<&str>) -> Result<(), Advice> {
        self.address()?;
        if let Some(variable) = proxy {
            let told = format!("`{variable}` is set; scimulate goes to the target without a proxy");
            self.check("proxy", State::Odd, told);
        }
        self.connected(bounds.timeout, proxy).await?;
        let (answered, untestable) = first_question(self.client, self.target, None).await;
        let Some((_, first)) = answered else {
            // There was no access token, and nothing was asked.
            let untestable = untestable.map(|untestable| (untestable.message, untestable.hint));
            let (message, hint) = untestable.unwrap_or_default();
            self.check("access token", State::Wrong, message.clone());
            return Err(hint.unwrap_or(message));
        };
        let trouble = Trouble::of(&first);
        self.encrypted(&first, trouble.as_ref()).await?;
        self.answered(&first, trouble.as_ref())?;
        self.let_in(&first, trouble.as_ref())?;
        if let Some(trouble) = &trouble {
            if trouble.is_of_path() {
                return Err(self.guessed(&first, trouble).await);
            }
            self.check("SCIM", State::Wrong, trouble.message(&first.request.target));
            return Err(trouble.hint(self.target).to_owned());
        }
        self.is_scim(&first)?;
        let mut exchanges = vec![first];
        for document in ["/ServiceProviderConfig", "/ResourceTypes", "/Schemas"] {
            exchanges.push(self.get(document).await);
        }
        if let Some(untestable) = only_errors(&exchanges) {
            self.check("answers", State::Wrong, untestable.message);
            return Err(untestable.hint.unwrap_or_default());
        }
        self.described(&exchanges[1..]);
        self.in_time(&exchanges);
        Ok(())
    }

    /// Whether the URL can be a base URL.
    fn address(&mut self) -> Result<(), Advice> {
        let base = &self.target.base;
        if let Some((above, end)) = base_path::resource_end(base.path()) {
            let told = format!("{base} ends with `{end}`, which belongs to a request");
            self.check("URL", State::Wrong, told);
            return Err(format!(
                "give `{}{above}` as the target: the address below which `{end}` is",
                base.origin()
            ));
        }
        if base.to_string().contains('?') {
            let told = format!("{base}: what follows the `?` goes out with every request");
            self.check("URL", State::Odd, told);
        } else {
            self.check("URL", State::Fine, base.to_string());
        }
        Ok(())
    }

    /// Whether what comes back is an answer.
    fn answered(&mut self, first: &Exchange, trouble: Option<&Trouble>) -> Result<(), Advice> {
        match (trouble, first.response()) {
            (Some(trouble @ Trouble::Unreached(failure)), _) => {
                self.check("HTTP", State::Wrong, failure.to_string());
                Err(trouble.hint(self.target).to_owned())
            }
            (Some(Trouble::Redirected(status, to)), _) => {
                let place = to.as_deref().unwrap_or("nowhere");
                let told = format!(
                    "{} answers {status} and points to {place}",
                    first.request.target
                );
                self.check("HTTP", State::Wrong, told);
                Err(self.redirected(to.as_deref(), first))
            }
            (_, response) => {
                let status = response.map_or(0, |response| response.status);
                let told = format!("GET {} answers {status}", first.request.target);
                let state = if status == 429 || status >= 500 {
                    State::Odd
                } else {
                    State::Fine
                };
                self.check("HTTP", state, told);
                Ok(())
            }
        }
    }

    /// What to do about a redirect: the address that it points to, without what belongs to the request.
    fn redirected(&self, to: Option<&str>, first: &Exchange) -> Advice {
        let here = url::Url::parse(&first.request.url()).ok();
        let there = here.zip(to).and_then(|(here, to)| here.join(to).ok());
        let Some(there) = there else {
            return "look into the configuration of the server: it redirects to no address"
                .to_owned();
        };
        let origin = there.origin().ascii_serialization();
        match base_path::resource_end(there.path()) {
            Some((above, _)) => format!(
                "give `{origin}{above}` as the target if that is the endpoint; with credentials no redirect is followed"
            ),
            None => "look at the path of the URL, and whether a login page stands in front of the endpoint: it redirects to another page".to_owned(),
        }
    }

    async fn get(&self, path: &str) -> Exchange {
        self.client
            .send(&Outgoing::harness("GET", path.to_owned(), None))
            .await
    }
}

/// What kept a request from being answered.
fn failure_of(exchange: &Exchange) -> Option<&Failure> {
    exchange.outcome.as_ref().err()
}
