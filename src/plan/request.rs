//! Builds the request of a step: target, headers and body, as the client writes them.

use serde_json::Value;

use crate::exchange::Sender;
use crate::idp::overlay;
use crate::plan::Outgoing;
use crate::plan::variables::{Missing, Scope};
use crate::profile::Profile;
use crate::scenario::Limits;
use crate::scenario::step::{Body, RequestStep, RequestTarget};
use crate::scenario::template::Text;

/// Why a request cannot be built.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Unsendable {
    /// A variable has no value.
    #[error(transparent)]
    Missing(#[from] Missing),
    /// A value would change which resource is addressed.
    #[error(
        "`{0}` as a path segment would address another resource than the one that is meant, so the request is not sent"
    )]
    Segment(String),
    /// The overlay does not fit.
    #[error("{0}")]
    Overlay(String),
}

/// The request of a step as this client writes it.
pub(crate) fn outgoing(
    step: &RequestStep,
    profile: &Profile,
    tenant: Option<&str>,
    limits: Limits,
    scope: &mut Scope,
) -> Result<Outgoing, Unsendable> {
    let body = body(&step.body, scope)?;
    let mut headers: Vec<(String, String)> = profile
        .headers
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    if body.is_some() {
        headers.push(("Content-Type".to_owned(), profile.content_type.to_owned()));
    }
    let mut own_authorization = false;
    for (name, value) in &step.headers {
        own_authorization |= name.eq_ignore_ascii_case("authorization");
        let place = headers
            .iter()
            .position(|(known, _)| known.eq_ignore_ascii_case(name));
        let value = value.as_ref().map(|value| scope.text(value)).transpose()?;
        match (place, value) {
            (Some(place), Some(value)) => headers[place].1 = value,
            (Some(place), None) => {
                headers.remove(place);
            }
            (None, Some(value)) => headers.push((name.clone(), value)),
            (None, None) => {}
        }
    }
    Ok(Outgoing {
        sender: Sender::Client(profile.id.name().to_owned()),
        tenant: tenant.map(str::to_owned),
        method: step.method.clone(),
        target: target(&step.target, profile, scope)?,
        headers,
        own_authorization,
        body,
        limits,
    })
}

/// Path and query, encoded as this client does it.
pub(crate) fn target(
    target: &RequestTarget,
    profile: &Profile,
    scope: &mut Scope,
) -> Result<String, Unsendable> {
    let (path, query) = match target {
        RequestTarget::Raw(text) => return Ok(scope.text(text)?),
        RequestTarget::Decoded { path, query } => (path, query),
    };
    let mut encoded = String::new();
    for segment in path {
        encoded.push('/');
        encoded.push_str(&safe_segment(segment, scope)?);
    }
    let rank = |name: &str| {
        profile
            .query_order
            .iter()
            .position(|known| *known == name)
            .unwrap_or(profile.query_order.len())
    };
    let mut parameters: Vec<&(String, Option<Text>)> = query.iter().collect();
    parameters.sort_by_key(|(name, _)| rank(name));
    for (index, (name, value)) in parameters.into_iter().enumerate() {
        encoded.push(if index == 0 { '?' } else { '&' });
        encoded.push_str(&profile.query.encode(name));
        if let Some(value) = value {
            let value = scope.parameter(
                value,
                name == "filter",
                profile.filter_escape,
                profile.query,
            )?;
            encoded.push('=');
            encoded.push_str(&value);
        }
    }
    Ok(encoded)
}

/// One segment. An empty one, `.` or `..` that comes from a variable would turn `/Users/${id}` into another address.
fn safe_segment(segment: &Text, scope: &mut Scope) -> Result<String, Unsendable> {
    let plain = scope.text(segment)?;
    if segment.as_literal().is_none() && matches!(plain.trim(), "" | "." | "..") {
        return Err(Unsendable::Segment(plain));
    }
    Ok(scope.segment(segment)?)
}

fn body(body: &Body, scope: &mut Scope) -> Result<Option<Vec<u8>>, Unsendable> {
    Ok(match body {
        Body::None => None,
        Body::Json(text) => Some(scope.json(text)?.into_bytes()),
        Body::Text(text) => Some(scope.text(text)?.into_bytes()),
        Body::Tree(tree) => Some(scope.tree(tree)?.to_string().into_bytes()),
        Body::Overlay { over, with } => {
            let mut document = scope.tree(over)?;
            for (path, value) in with {
                let path = scope.text(path)?;
                let value: Option<Value> =
                    value.as_ref().map(|value| scope.tree(value)).transpose()?;
                overlay::write(&mut document, &path, value)
                    .map_err(|problem| Unsendable::Overlay(problem.to_string()))?;
            }
            Some(document.to_string().into_bytes())
        }
    })
}
