//! Entitlements: the roles in user bodies, and how Okta finds out which there are (okta.md 8).

use serde_json::{Value, json};

use crate::idp::okta::answer::PAGE;
use crate::idp::okta::needs;
use crate::idp::{Call, Need, Role, World};
use crate::profile::ProfileId;
use crate::scim::locate::member;
use crate::scim::urn;

/// Schemas of resource types whose resources can be assigned (okta.md 8.1).
const VALUES: [&str; 2] = [urn::OKTA_ROLE, urn::OKTA_ENTITLEMENT];

/// Roles as the value of an attribute: `[{"value":"role-7","display":"Approver"}]` (okta.md 8.3).
pub(super) fn values(roles: &[Role]) -> Value {
    roles
        .iter()
        .map(|role| json!({"value": role.value, "display": role.display}))
        .collect()
}

/// The `roles` of a person, where the application has entitlements. Who never had one has no such member; who had some
/// and has none any more is sent an empty list, because what is left out of an overlay would stay.
pub(super) fn of(key: &str, world: &World<'_>) -> Option<(String, Value)> {
    if world.client != ProfileId::OktaGov {
        return None;
    }
    let roles: Vec<Role> = world
        .directory
        .people
        .get(key)?
        .roles
        .iter()
        .filter_map(|role| world.directory.roles.get(role).cloned())
        .collect();
    let had = || {
        let link = world.memory.user(key)?;
        link.pushed.get("roles")
    };
    if roles.is_empty() && had().is_none() {
        return None;
    }
    Some(("roles".to_owned(), values(&roles)))
}

/// `GET /ResourceTypes` and `GET /Schemas`; their query parameters are not known (okta.md 8.1, gap G9).
pub(super) fn discovery(world: &World<'_>) -> [Call; 2] {
    let call = |endpoint: &str, title: &str| {
        let mut call = Call::new(world.client, "GET", &[endpoint], title, "okta.md 8.1 [doc]");
        // Who has no entitlements need not have the list either.
        let needs = needs::list("Okta finds the kinds of entitlements in this list.");
        call.needs = needs.into_iter().take(1).map(Need::recommended).collect();
        call
    };
    [
        call("ResourceTypes", "read the resource types"),
        call("Schemas", "read the schemas"),
    ]
}

/// One list for each resource type that is a role or an entitlement, at the endpoint given there (okta.md 8.1).
pub(super) fn lists(types: &[Value], world: &World<'_>) -> Vec<Call> {
    types
        .iter()
        .filter_map(Value::as_object)
        .filter(|kind| {
            let schema = member(kind, "schema").and_then(Value::as_str);
            schema.is_some_and(|schema| VALUES.iter().any(|known| urn::same(known, schema)))
        })
        .filter_map(|kind| {
            let endpoint = member(kind, "endpoint")?.as_str()?;
            let path: Vec<&str> = endpoint
                .split('/')
                .filter(|part| !part.is_empty())
                .collect();
            if path.is_empty() {
                return None;
            }
            let title = format!("list {}", path.join("/"));
            let mut call = Call::new(
                world.client,
                "GET",
                &path,
                title,
                "okta.md 8.1 [doc], query [inferred]",
            )
            .query("startIndex", "1")
            .query("count", PAGE.to_string());
            call.needs = needs::listed(
                PAGE,
                "Okta offers these values to whoever assigns the application.",
            );
            call.needs.push(needs::offered());
            Some(call)
        })
        .collect()
}
