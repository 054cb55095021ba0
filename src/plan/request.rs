//! Builds the request of a step: target, headers and body, as the client writes them.

use serde_json::Value;

use crate::exchange::Sender;
use crate::idp::{Call, Payload, overlay};
use crate::plan::Outgoing;
use crate::plan::variables::{Missing, Scope};
use crate::profile::{Profile, encode_segment};
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
    let mut headers = headers(profile, body.is_some());
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

/// The request of a provider's call as its client writes it.
///
/// Values inside a filter are the engine's to escape: here, nobody can tell any more where one ends.
pub(crate) fn from_call(call: &Call, tenant: Option<&str>) -> Result<Outgoing, Unsendable> {
    let profile = call.client.profile();
    let segments = call
        .path
        .iter()
        .map(|segment| {
            refuse_detour(segment)?;
            Ok(encode_segment(segment))
        })
        .collect::<Result<Vec<String>, Unsendable>>()?;
    let parameters = call
        .query
        .iter()
        .map(|(name, value)| (*name, Some(profile.query.encode(value))))
        .collect();
    let body = call.payload.as_ref().map(Payload::bytes);
    Ok(Outgoing {
        sender: Sender::Client(profile.id.name().to_owned()),
        tenant: tenant.map(str::to_owned),
        method: call.method.to_owned(),
        target: joined(&segments, parameters, &profile),
        headers: headers(&profile, body.is_some()),
        own_authorization: false,
        body,
        limits: Limits::default(),
    })
}

/// The headers of every request of this client, credentials apart.
fn headers(profile: &Profile, with_body: bool) -> Vec<(String, String)> {
    let content_type = with_body.then_some(("Content-Type", profile.content_type));
    profile
        .headers
        .iter()
        .copied()
        .chain(content_type)
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
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
    let segments = path
        .iter()
        .map(|segment| safe_segment(segment, scope))
        .collect::<Result<Vec<String>, Unsendable>>()?;
    let mut parameters = Vec::with_capacity(query.len());
    for (name, value) in query {
        let value = value
            .as_ref()
            .map(|value| {
                scope.parameter(
                    value,
                    name == "filter",
                    profile.filter_escape,
                    profile.query,
                )
            })
            .transpose()?;
        parameters.push((name.as_str(), value));
    }
    Ok(joined(&segments, parameters, profile))
}

/// Encoded segments, and parameters with encoded values in the order of this client.
fn joined(
    segments: &[String],
    mut parameters: Vec<(&str, Option<String>)>,
    profile: &Profile,
) -> String {
    let rank = |name: &str| {
        profile
            .query_order
            .iter()
            .position(|known| *known == name)
            .unwrap_or(profile.query_order.len())
    };
    parameters.sort_by_key(|(name, _)| rank(name));
    let mut target = String::new();
    for segment in segments {
        target.push('/');
        target.push_str(segment);
    }
    for (index, (name, value)) in parameters.into_iter().enumerate() {
        target.push(if index == 0 { '?' } else { '&' });
        target.push_str(&profile.query.encode(name));
        if let Some(value) = value {
            target.push('=');
            target.push_str(&value);
        }
    }
    target
}

/// One segment.
fn safe_segment(segment: &Text, scope: &mut Scope) -> Result<String, Unsendable> {
    if segment.as_literal().is_none() {
        refuse_detour(&scope.text(segment)?)?;
    }
    Ok(scope.segment(segment)?)
}

/// An empty segment, `.` or `..` that comes from an answer would turn `/Users/${id}` into another address.
fn refuse_detour(segment: &str) -> Result<(), Unsendable> {
    if matches!(segment.trim(), "" | "." | "..") {
        return Err(Unsendable::Segment(segment.to_owned()));
    }
    Ok(())
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Unsendable, from_call};
    use crate::idp::{Call, Payload};
    use crate::profile::ProfileId;

    #[test]
    fn a_call_is_written_as_its_client_writes() {
        let call = |client| {
            Call::new(client, "GET", &["Users", "4/2"], "look", "okta.md 1.3")
                .query("count", "100")
                .query("filter", "userName eq \"zoë o'neil@example.test\"")
        };
        let okta = from_call(&call(ProfileId::OktaOin), None).unwrap();
        assert_eq!(
            okta.target,
            "/Users/4%2F2?filter=userName%20eq%20%22zo%C3%AB%20o%27neil%40example.test%22&count=100"
        );
        assert!(okta.body.is_none());
        assert!(okta.headers.iter().all(|(name, _)| name != "Content-Type"));
        let entra = from_call(&call(ProfileId::EntraLegacy), Some("second")).unwrap();
        assert_eq!(
            entra.target,
            "/Users/4%2F2?filter=userName+eq+%22zo%c3%ab+o%27neil%40example.test%22&count=100"
        );
        assert_eq!(entra.tenant.as_deref(), Some("second"));
    }

    #[test]
    fn a_body_brings_its_media_type() {
        let call = Call::new(
            ProfileId::OktaOin,
            "POST",
            &["Users"],
            "create",
            "okta.md 2.1",
        )
        .body(Payload::Document(json!({"b": 1, "a": 2})));
        let sent = from_call(&call, None).unwrap();
        assert_eq!(sent.body.as_deref(), Some(&br#"{"b":1,"a":2}"#[..]));
        assert_eq!(
            sent.headers.last(),
            Some(&(
                "Content-Type".to_owned(),
                "application/scim+json; charset=utf-8".to_owned()
            ))
        );
    }

    #[test]
    fn an_id_cannot_lead_elsewhere() {
        for id in ["", " ", ".", ".."] {
            let call = Call::new(
                ProfileId::OktaOin,
                "DELETE",
                &["Users", id],
                "delete",
                "okta.md",
            );
            assert_eq!(from_call(&call, None), Err(Unsendable::Segment(id.into())));
        }
    }
}
