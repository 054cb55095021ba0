//! One request in, one answer out: routing, media types, preconditions, errors.

use std::sync::{Arc, MutexGuard, PoisonError};

use jiff::Timestamp;
use secrecy::ExposeSecret;
use serde_json::{Value, json};

use super::auth::{Token, Tokens, check_write, end_of};
use super::bulk;
use super::discovery::Discovery;
use super::error::{Refusal, ScimType};
use super::listing::{self, Query};
use super::operations::{Conditions, Outcome, Session};
use super::patch_message::check_message;
use super::policy::Policy;
use super::wire::{check_accept, decoded, read_json, segments, without_origin};
use super::{Answer, MEDIA_TYPE, Request, Server, State, Tenant};
use crate::scim::urn;

const RESOURCE_METHODS: &str = "GET, PUT, PATCH, DELETE";
const COLLECTION_METHODS: &str = "GET, POST";

impl Server {
    /// Answers a request. `now` is the server's time, `fresh` gives a new id at each call.
    pub fn handle(
        &self,
        request: &Request<'_>,
        now: Timestamp,
        fresh: &dyn Fn() -> String,
    ) -> Answer {
        self.defects
            .answer(self.prefixes(), request, now, fresh, &|request| {
                self.sound(request, now, fresh)
            })
    }

    /// Paths of the tenants.
    fn prefixes(&self) -> impl Iterator<Item = &str> {
        self.tenants.iter().map(|tenant| tenant.prefix.as_str())
    }

    /// Answers as a server without any defect.
    fn sound(&self, request: &Request<'_>, now: Timestamp, fresh: &dyn Fn() -> String) -> Answer {
        let is_head = request.method.eq_ignore_ascii_case("HEAD");
        let method = if is_head {
            "GET".to_owned()
        } else {
            request.method.to_ascii_uppercase()
        };
        let mut answer = self
            .routed(&method, request, now, fresh)
            .unwrap_or_else(Refusal::into_answer);
        if is_head {
            answer.body.clear();
        }
        answer
    }

    fn routed(
        &self,
        method: &str,
        request: &Request<'_>,
        now: Timestamp,
        fresh: &dyn Fn() -> String,
    ) -> Result<Answer, Refusal> {
        let target = without_origin(request.target);
        let (path, query) = target
            .split_once('?')
            .map_or((target, ""), |(path, query)| (path, query));
        if let Some(answer) = self.token_for(path, request, now, fresh) {
            return Ok(answer);
        }
        let (tenant, rest) = self.tenant_at(path)?;
        let parts = segments(rest)?;
        let base = format!(
            "{}://{}{}",
            self.scheme,
            request.header("host").unwrap_or("localhost"),
            tenant.prefix
        );
        let parts: Vec<&str> = parts.iter().map(String::as_str).collect();

        let is_sample = !self.policies.first(Policy::Sample);
        let parts = match is_sample {
            true => sample_names(parts),
            false => parts,
        };
        if is_sample && parts == ["Token"] {
            return Ok(tenant.given_token());
        }
        let is_public =
            method == "OPTIONS" || (method == "GET" && parts == ["ServiceProviderConfig"]);
        let authenticated = tenant
            .tokens()
            .authenticate(request.header("authorization"), now);
        let token = match authenticated {
            Err(_) if is_public => None,
            other => other?,
        };
        let call = Call {
            server: self,
            tenant,
            request,
            method,
            query,
            base,
            token,
            now,
            fresh,
        };
        call.route(&parts)
    }

    /// The tenant whose base address a path begins with, and what follows.
    fn tenant_at<'a>(&self, path: &'a str) -> Result<(&Tenant, &'a str), Refusal> {
        for tenant in &self.tenants {
            if let Some(rest) = path.strip_prefix(tenant.prefix.as_str())
                && (rest.is_empty() || rest.starts_with('/'))
            {
                return Ok((tenant, rest));
            }
        }
        // `…/scim/v3/Users`: the place is right, the version is not (RFC 7644 3.13).
        let other_version = self.tenants.iter().any(|tenant| {
            let root = tenant.prefix.strip_suffix("v2");
            root.and_then(|root| path.strip_prefix(root))
                .and_then(|rest| rest.split('/').next())
                .is_some_and(|part| {
                    part.strip_prefix('v').is_some_and(|number| {
                        !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit())
                    })
                })
        });
        if other_version {
            return Err(Refusal::bad(
                ScimType::InvalidVers,
                "this server speaks version 2 only",
            ));
        }
        Err(Refusal::not_found("path", path))
    }
}

/// Names of endpoints as Microsoft's sample server reads them: without letter case, and one of its own (entra.md 11).
fn sample_names(mut parts: Vec<&str>) -> Vec<&str> {
    const NAMES: [(&str, &str); 7] = [
        ("Users", "Users"),
        ("Groups", "Groups"),
        ("Schemas", "Schemas"),
        ("ResourceTypes", "ResourceTypes"),
        ("ServiceProviderConfig", "ServiceProviderConfig"),
        ("serviceConfiguration", "ServiceProviderConfig"),
        ("Token", "Token"),
    ];
    if let Some(first) = parts.first_mut()
        && let Some((_, name)) = NAMES
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(first))
    {
        *first = name;
    }
    parts
}

impl Tenant {
    /// The token, for everyone who asks: so Microsoft's sample server does it.
    fn given_token(&self) -> Answer {
        let secret = self.tokens().first_secret();
        Answer::json(200, &json!({"token": secret.unwrap_or_default()}))
    }

    pub(super) fn tokens(&self) -> MutexGuard<'_, Tokens> {
        // As with the resources: what another request left is whole.
        self.tokens.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One request with everything that serving it needs.
struct Call<'a> {
    server: &'a Server,
    tenant: &'a Tenant,
    request: &'a Request<'a>,
    method: &'a str,
    query: &'a str,
    base: String,
    token: Option<Arc<Token>>,
    now: Timestamp,
    fresh: &'a dyn Fn() -> String,
}

impl Call<'_> {
    fn route(&self, parts: &[&str]) -> Result<Answer, Refusal> {
        if !self.server.policies.first(Policy::UnacceptableAccept) {
            check_accept(self.request.header("accept"))?;
        }
        let renews = self.server.rotation.as_ref();
        if renews.is_some_and(|path| path.trim_matches('/') == parts.join("/")) {
            return self.rotate();
        }
        match parts {
            ["ServiceProviderConfig"]
            | ["ResourceTypes" | "Schemas"]
            | ["ResourceTypes" | "Schemas", _] => self.discovery(parts),
            [] => self.query(None),
            [".search"] => self.search(None),
            ["Bulk"] => self.bulk(),
            ["Me", rest @ ..] => self.me(rest),
            [endpoint] => self.collection(self.shelf(endpoint)?),
            [endpoint, ".search"] => self.search(Some(self.shelf(endpoint)?)),
            [endpoint, id] => self.resource(self.shelf(endpoint)?, id),
            _ => Err(Refusal::not_found("path", &format!("/{}", parts.join("/")))),
        }
    }

    fn shelf(&self, endpoint: &str) -> Result<usize, Refusal> {
        let types = self.server.schemas.types();
        let found = types
            .iter()
            .position(|known| known.endpoint.strip_prefix('/') == Some(endpoint));
        found.ok_or_else(|| Refusal::not_found("endpoint", &format!("/{endpoint}")))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // A panic elsewhere leaves the resources as they were before its request or after it; both can be served.
        self.tenant
            .state
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn parameters(&self) -> Result<Vec<(String, String)>, Refusal> {
        self.query
            .split('&')
            .filter(|part| !part.is_empty())
            .map(|part| {
                let (name, value) = part.split_once('=').unwrap_or((part, ""));
                Ok((
                    decoded(&name.replace('+', " "))?,
                    decoded(&value.replace('+', " "))?,
                ))
            })
            .collect()
    }

    fn read_query(&self) -> Result<Query, Refusal> {
        Query::from_parameters(&self.parameters()?, &self.server.policies)
    }

    fn session<'a>(&'a self, state: &'a mut State) -> Session<'a> {
        Session {
            store: &mut state.store,
            base: &self.base,
            rules: &self.server.rules,
            now: self.now,
            fresh: self.fresh,
        }
    }

    /// A new token for who has one.
    fn rotate(&self) -> Result<Answer, Refusal> {
        match self.method {
            "POST" => {}
            "OPTIONS" => return Ok(Answer::options("POST")),
            other => return Err(Refusal::method(other, "POST")),
        }
        check_write(self.token.as_deref())?;
        let Some(current) = &self.token else {
            return Err(Refusal::new(403, "this server asks for no token"));
        };
        let parameters = self.parameters()?;
        let remove = parameters
            .iter()
            .find(|(name, _)| name == "remove-current")
            .map_or("true", |(_, value)| value.as_str());
        let remove = match remove {
            "true" => true,
            "false" => false,
            other => {
                return Err(Refusal::value(format!(
                    "`remove-current` is true or false, not `{other}`"
                )));
            }
        };
        let end = end_of(self.server.token_life, self.now);
        let token = self
            .tenant
            .tokens()
            .rotate(current, (self.fresh)(), end, remove);
        let mut body = json!({"token": token.secret.expose_secret()});
        if let Some(life) = self.server.token_life {
            body["expiresIn"] = json!(life.as_secs());
        }
        Ok(Answer::json(200, &body))
    }

    fn conditions(&self) -> Conditions<'_> {
        Conditions {
            if_match: self.request.header("if-match"),
            if_none_match: self.request.header("if-none-match"),
        }
    }

    fn discovery(&self, parts: &[&str]) -> Result<Answer, Refusal> {
        match self.method {
            "GET" => {}
            "OPTIONS" => return Ok(Answer::options("GET")),
            other => return Err(Refusal::method(other, "GET")),
        }
        let filtered = self
            .parameters()?
            .iter()
            .any(|(name, _)| name.eq_ignore_ascii_case("filter"));
        if filtered && self.server.policies.first(Policy::DiscoveryFilter) {
            return Err(Refusal::new(
                403,
                "discovery documents cannot be filtered (RFC 7644 section 4)",
            ));
        }
        let mut state = self.state();
        if state
            .discovery
            .as_ref()
            .is_none_or(|known| known.base != self.base)
        {
            let needs_token = self.tenant.needs_token;
            state.discovery = Some(Discovery::new(
                &self.base,
                &self.server.schemas,
                self.server.limits,
                needs_token,
            ));
        }
        let Some(documents) = &state.discovery else {
            return Err(Refusal::new(500, "no discovery documents"));
        };
        let found = match parts {
            ["Schemas", id @ ..] => documents.schemas(id.first().copied()),
            ["ResourceTypes", name @ ..] => documents.types(name.first().copied()),
            _ => Some(documents.configuration.as_slice()),
        };
        let body = found.ok_or_else(|| {
            Refusal::not_found(
                parts[0].trim_end_matches('s'),
                parts.get(1).copied().unwrap_or_default(),
            )
        })?;
        Ok(Answer::bytes(200, body.to_vec()))
    }

    fn query(&self, shelf: Option<usize>) -> Result<Answer, Refusal> {
        match self.method {
            "GET" => self.list(shelf, &self.read_query()?),
            "OPTIONS" => Ok(Answer::options("GET")),
            other => Err(Refusal::method(other, "GET")),
        }
    }

    fn list(&self, shelf: Option<usize>, query: &Query) -> Result<Answer, Refusal> {
        let state = self.state();
        let shelves: Vec<usize> = match shelf {
            Some(shelf) => vec![shelf],
            None => (0..state.store.shelves.len()).collect(),
        };
        let list = listing::answer(
            &state.store,
            &shelves,
            query,
            self.server.limits.pages,
            &self.base,
            self.now,
        )?;
        drop(state);
        Ok(Answer::json(200, &list))
    }

    fn search(&self, shelf: Option<usize>) -> Result<Answer, Refusal> {
        match self.method {
            "POST" => {}
            "OPTIONS" => return Ok(Answer::options("POST")),
            other => return Err(Refusal::method(other, "POST")),
        }
        let Value::Object(body) = self.body()? else {
            return Err(Refusal::syntax("the body must be a JSON object"));
        };
        let schemas = body
            .iter()
            .find(|(name, _)| name.eq_ignore_ascii_case("schemas"))
            .map(|(_, value)| value);
        check_message(&self.state().store, schemas, urn::SEARCH_REQUEST)?;
        self.list(shelf, &Query::from_search(&body, &self.server.policies)?)
    }

    fn bulk(&self) -> Result<Answer, Refusal> {
        match self.method {
            "POST" => {}
            "OPTIONS" => return Ok(Answer::options("POST")),
            other => return Err(Refusal::method(other, "POST")),
        }
        check_write(self.token.as_deref())?;
        let most = self.server.limits.bulk_bytes;
        if self.request.body.len() > most {
            let detail = format!(
                "the request has {} bytes, more than the maxPayloadSize of {most}",
                self.request.body.len()
            );
            return Err(Refusal::new(413, detail));
        }
        let body = self.body()?;
        let mut state = self.state();
        let answer = bulk::process(
            &mut self.session(&mut state),
            body,
            self.server.limits.bulk_operations,
        )?;
        drop(state);
        Ok(Answer::json(200, &answer))
    }

    /// The user that the token stands for (RFC 7644 3.11).
    fn me(&self, rest: &[&str]) -> Result<Answer, Refusal> {
        let user = self
            .token
            .as_ref()
            .and_then(|token| token.user.as_deref())
            .filter(|_| rest.is_empty());
        let user = user.ok_or_else(|| {
            Refusal::new(501, "the credential stands for no user, so there is no /Me")
        })?;
        let shelf = self.shelf("Users")?;
        let id = {
            let state = self.state();
            let index = state.store.shelves[shelf]
                .indexes
                .iter()
                .find(|index| index.field.name == "userName");
            let row =
                index.and_then(|index| index.find(user, &self.server.policies)?.first().copied());
            row.and_then(|row| Some(state.store.shelves[shelf].rows.get(&row)?.id.clone()))
        };
        match id {
            Some(id) => self.resource(shelf, &id),
            None => Err(Refusal::not_found("user", user)),
        }
    }

    fn collection(&self, shelf: usize) -> Result<Answer, Refusal> {
        match self.method {
            "GET" => self.list(Some(shelf), &self.read_query()?),
            "POST" => {
                check_write(self.token.as_deref())?;
                let body = self.body()?;
                let query = self.read_query()?;
                let mut state = self.state();
                let outcome = self.session(&mut state).create(shelf, body, &query.asked)?;
                Ok(self.answer(&state, outcome))
            }
            "OPTIONS" => Ok(Answer::options(COLLECTION_METHODS)),
            other => Err(Refusal::method(other, COLLECTION_METHODS)),
        }
    }

    fn resource(&self, shelf: usize, id: &str) -> Result<Answer, Refusal> {
        let writes = match self.method {
            "GET" => false,
            "PUT" | "PATCH" | "DELETE" => true,
            "OPTIONS" => return Ok(Answer::options(RESOURCE_METHODS)),
            other => return Err(Refusal::method(other, RESOURCE_METHODS)),
        };
        if writes {
            check_write(self.token.as_deref())?;
        }
        let asked = self.read_query()?.asked;
        let mut state = self.state();
        let place = state.store.find(shelf, id)?;
        let body = if matches!(self.method, "PUT" | "PATCH") {
            self.body()?
        } else {
            Value::Null
        };
        let conditions = self.conditions();
        let mut session = self.session(&mut state);
        let outcome = match self.method {
            "GET" => session.read(place, &asked, conditions),
            "PUT" => session.replace(place, body, &asked, conditions)?,
            "PATCH" => session.patch(place, body, &asked, conditions)?,
            _ => session.delete(place, conditions)?,
        };
        Ok(self.answer(&state, outcome))
    }

    fn answer(&self, state: &State, outcome: Outcome) -> Answer {
        let mut answer = match &outcome.body {
            Some(body) => Answer::json(outcome.status, body),
            None => Answer::empty(outcome.status),
        };
        if let Some((place, resource)) = outcome
            .place
            .and_then(|place| Some((place, state.store.get(place)?)))
        {
            let location = state.store.location(place, &self.base);
            answer.headers.push(("etag", resource.etag()));
            if outcome.status != 304 {
                if outcome.body.is_some() {
                    answer.headers.push(("content-location", location.clone()));
                }
                answer.headers.push(("location", location));
            }
        }
        answer
    }

    /// The body as JSON, when its media type is one that SCIM knows.
    fn body(&self) -> Result<Value, Refusal> {
        if let Some(kind) = self.request.header("content-type") {
            let kind = kind.split(';').next().unwrap_or_default().trim();
            if !kind.eq_ignore_ascii_case(MEDIA_TYPE)
                && !kind.eq_ignore_ascii_case("application/json")
            {
                let refusal = Refusal::new(
                    415,
                    format!("bodies are {MEDIA_TYPE} or application/json, not `{kind}`"),
                );
                let header = if self.method == "PATCH" {
                    "accept-patch"
                } else {
                    "accept-post"
                };
                return Err(refusal.with_header(header, format!("{MEDIA_TYPE}, application/json")));
            }
        }
        read_json(
            self.request.body,
            self.server.body_limit,
            &self.server.policies,
        )
    }
}
