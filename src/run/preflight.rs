//! Before the first scenario: whether the target can be tested at all, and what it says about itself. Sent as ourselves.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::Value;

use crate::checks::Watch;
use crate::event::{Authentication, Event};
use crate::exchange::{Exchange, Response};
use crate::plan::{Known, Outgoing};
use crate::profile::ProfileId;
use crate::run::client::Client;
use crate::run::token_fault::TokenFault;
use crate::run::trouble::Trouble;
use crate::scenario::Scenario;
use crate::scim::urn;
use crate::target::{Credential, Target};

/// Why a run would be pointless.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Untestable {
    pub(crate) message: String,
    pub(crate) hint: Option<String>,
}

impl Untestable {
    fn without_token(fault: &TokenFault) -> Self {
        Self {
            message: fault.to_string(),
            hint: Some(fault.hint()),
        }
    }
}

/// What was asked before the first scenario, and what came of it.
pub(crate) struct Examined {
    /// What was exchanged to be let in.
    aside: Vec<Exchange>,
    /// What was exchanged with the target.
    exchanges: Vec<Exchange>,
    authentication: Option<Authentication>,
    known: Result<Known, Untestable>,
}

impl Examined {
    /// Tells what was exchanged; what can be judged by it, and what the target says of itself.
    pub(crate) fn told(self, tell: &mut impl FnMut(Event)) -> (Watch, Result<Known, Untestable>) {
        let watch = Watch::after(&self.exchanges);
        let mut exchanges = self.aside;
        exchanges.extend(self.exchanges);
        tell(Event::Preflight {
            exchanges,
            authentication: self.authentication,
        });
        (watch, self.known)
    }
}

/// Asks the target, or one of its tenants, for one user: whether it is reached, and is SCIM. Without an access token,
/// where one is needed, it is not asked.
pub(crate) async fn first_question(
    client: &Client,
    target: &Target,
    tenant: Option<&str>,
) -> (Option<(Authentication, Exchange)>, Option<Untestable>) {
    let authentication = match client.authorize(tenant).await {
        Ok(authentication) => authentication,
        Err(fault) => return (None, Some(Untestable::without_token(&fault))),
    };
    let request = Outgoing::harness(
        "GET",
        "/Users?startIndex=1&count=1".to_owned(),
        tenant.map(str::to_owned),
    );
    let first = client.send(&request).await;
    let asked = tenant.and_then(|tenant| target.tenants.get(tenant));
    let trouble = Trouble::of(&first);
    let untestable =
        trouble.map(|trouble| trouble.told(&first.request.url(), asked.unwrap_or(target)));
    (Some((authentication, first)), untestable)
}

/// Asks the target a first question, and what it says about itself; for its entitlements only where something needs them.
pub(crate) async fn examine(
    client: &Client,
    target: &Target,
    scenarios: &[(Arc<Scenario>, ProfileId)],
) -> Examined {
    let (answered, untestable) = first_question(client, target, None).await;
    let (authentication, exchanges) = answered.unzip();
    let mut exchanges = Vec::from_iter(exchanges);
    let known = match untestable {
        Some(untestable) => Err(untestable),
        None => asked_about_itself(client, target, scenarios, &mut exchanges).await,
    };
    Examined {
        aside: client.take_aside(),
        exchanges,
        authentication,
        known,
    }
}

async fn asked_about_itself(
    client: &Client,
    target: &Target,
    scenarios: &[(Arc<Scenario>, ProfileId)],
    exchanges: &mut Vec<Exchange>,
) -> Result<Known, Untestable> {
    let mut documents = vec!["/ServiceProviderConfig", "/Schemas"];
    let asks_for_entitlements = scenarios
        .iter()
        .any(|(scenario, _)| needs_entitlements(scenario));
    if asks_for_entitlements {
        documents.push("/ResourceTypes");
    }
    for document in documents {
        exchanges.push(
            client
                .send(&Outgoing::harness("GET", document.to_owned(), None))
                .await,
        );
    }
    if let Some(untestable) = only_errors(exchanges) {
        return Err(untestable);
    }
    let attributes = attributes(body(&exchanges[2]));
    let mut capabilities = capabilities(body(&exchanges[1]));
    capabilities.extend(attributes.iter().flat_map(schemas_missing));
    capabilities.insert("disposable".to_owned(), target.disposable);
    capabilities.insert("credential".to_owned(), has_credential(target));
    if let Some(types) = exchanges.get(3) {
        let has_some = body(types).is_some_and(has_entitlements);
        capabilities.insert("entitlements".to_owned(), has_some);
    }
    let known = Known {
        capabilities,
        features: target.features.clone(),
        tries_undeclared: false,
        preset: target.preset.map(|preset| preset.name.to_owned()),
        kept: target.preset.and_then(|preset| preset.attributes.clone()),
        attributes,
        tenants: target.tenants.keys().cloned().collect(),
    };
    Ok(known)
}

/// Why a run would be pointless where nothing but server errors came back.
pub(crate) fn only_errors(exchanges: &[Exchange]) -> Option<Untestable> {
    let answered = |exchange: &Exchange| exchange.status().is_some_and(|status| status < 500);
    if exchanges.iter().any(answered) {
        return None;
    }
    let statuses: BTreeSet<String> = exchanges
        .iter()
        .filter_map(Exchange::status)
        .map(|status| status.to_string())
        .collect();
    let targets: Vec<&str> = exchanges
        .iter()
        .map(|exchange| exchange.request.target.as_str())
        .collect();
    Some(Untestable {
        message: format!(
            "the target answers every request with {}: {}",
            statuses.into_iter().collect::<Vec<_>>().join(" or "),
            targets.join(", ")
        ),
        hint: Some(
            "look into its log; nothing about provisioning can be said before it answers"
                .to_owned(),
        ),
    })
}

fn needs_entitlements(scenario: &Scenario) -> bool {
    let of_steps = scenario.steps.iter().flat_map(|step| &step.needs);
    let mut needs = scenario.needs.iter().chain(of_steps);
    needs.any(|need| need == "entitlements")
}

/// Whether a resource type is one that Okta assigns (okta.md 8.1).
fn has_entitlements(types: &Value) -> bool {
    let listed = types.get("Resources").and_then(Value::as_array);
    let mut schemas = listed
        .into_iter()
        .flatten()
        .filter_map(|kind| kind.get("schema").and_then(Value::as_str));
    schemas
        .any(|schema| urn::same(schema, urn::OKTA_ROLE) || urn::same(schema, urn::OKTA_ENTITLEMENT))
}

/// Whether a request without `Authorization` is one without credentials.
fn has_credential(target: &Target) -> bool {
    !matches!(target.credential, Credential::None) && target.headers.is_empty()
}

fn body(exchange: &Exchange) -> Option<&Value> {
    exchange
        .response()
        .filter(|response| response.status == 200)
        .and_then(Response::json)
}

/// What the target advertises, by the words that `needs` uses.
fn capabilities(config: Option<&Value>) -> BTreeMap<String, bool> {
    let Some(config) = config else {
        return BTreeMap::new();
    };
    let supported = |member: &str| config.get(member)?.get("supported")?.as_bool();
    [
        ("patch", supported("patch")),
        ("bulk", supported("bulk")),
        ("filter", supported("filter")),
        ("sort", supported("sort")),
        ("etag", supported("etag")),
        ("change-password", supported("changePassword")),
        // RFC 9865 2.4; a target that says nothing of it has no cursors.
        (
            "cursor",
            Some(
                config
                    .get("pagination")
                    .and_then(|paging| paging.get("cursor"))
                    .and_then(Value::as_bool)
                    == Some(true),
            ),
        ),
    ]
    .into_iter()
    .filter_map(|(name, supported)| Some((name.to_owned(), supported?)))
    .collect()
}

/// What a target cannot do whose `/Schemas` list users but not this schema (RFC 7644 4: all supported schemas are listed).
fn schemas_missing(attributes: &BTreeSet<String>) -> Vec<(String, bool)> {
    [("groups", urn::GROUP), ("enterprise", urn::ENTERPRISE_USER)]
        .into_iter()
        .filter(|(_, schema)| {
            let prefix = format!("{}:", schema.to_ascii_lowercase());
            !attributes.iter().any(|path| path.starts_with(&prefix))
        })
        .map(|(need, _)| (need.to_owned(), false))
        .collect()
}

/// The attributes that the target's schemas list, if they list those of users.
fn attributes(schemas: Option<&Value>) -> Option<BTreeSet<String>> {
    let list = schemas?.get("Resources")?.as_array()?;
    let mut paths = BTreeSet::new();
    for schema in list {
        let Some(id) = schema.get("id").and_then(Value::as_str) else {
            continue;
        };
        for attribute in schema
            .get("attributes")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
        {
            let Some(name) = attribute.get("name").and_then(Value::as_str) else {
                continue;
            };
            let path = format!("{id}:{name}").to_ascii_lowercase();
            for sub in attribute
                .get("subAttributes")
                .and_then(Value::as_array)
                .into_iter()
                .flatten()
            {
                if let Some(sub) = sub.get("name").and_then(Value::as_str) {
                    paths.insert(format!("{path}.{sub}").to_ascii_lowercase());
                }
            }
            paths.insert(path);
        }
    }
    let user = format!("{}:username", urn::USER.to_ascii_lowercase());
    paths.contains(&user).then_some(paths)
}
