//! Entra as a provisioning client (entra.md).
//!
//! ```text
//! Directory ─mapping─► Entry ─compared with what was read─► Operation ─dialect─► PATCH body
//! ```
//!
//! A cycle has four phases: users, references, groups, members ([`cycle`]). Whatever fails waits in escrow, or puts the
//! whole job into quarantine ([`failure`]).

mod answer;
pub(crate) mod connect;
mod cycle;
mod dialect;
mod discovery;
mod document;
mod failure;
mod group;
mod mapped;
mod members;
mod needs;
mod on_demand;
mod operations;
mod purpose;
mod reference;
mod roles;
mod switches;
#[cfg(test)]
mod tests;
mod user;
mod work;

pub(crate) use switches::SWITCHES;

use std::time::Duration;

use serde_json::{Value, json};

use crate::exchange::Exchange;
use crate::idp::{Change, Phase, Provider, Reaction, World, overlay};
use crate::scim::urn;

/// How often a request that met 429 is sent, where `Retry-After` is honoured.
const ATTEMPTS: u32 = 5;

/// Entra.
pub(crate) struct Entra;

impl Provider for Entra {
    fn jobs(&self, change: &Change, world: &mut World<'_>) -> Result<Vec<Phase>, String> {
        let roles = |world: &World<'_>| match mapped::has_roles(world.mapping) {
            true => Ok(()),
            false => Err("the mapping has no row for roles, so Entra sends none".to_owned()),
        };
        Ok(match change {
            Change::TestConnection => vec![vec![Box::new(connect::ConnectionTest::new(
                world.client,
                connect::Purpose::Ask,
            ))]],
            Change::Import => vec![vec![Box::new(discovery::DiscoveryJob::default())]],
            Change::Assign(key)
            | Change::Update(key, _)
            | Change::Rename(key, _)
            | Change::Unassign(key)
            | Change::Deactivate(key)
            | Change::Reassign(key)
            | Change::Suspend(key)
            | Change::Delete(key)
            | Change::Purge(key)
            | Change::Restore(key) => cycle::of_person(key, true, world),
            Change::SetManager(key, _) => cycle::of_person(key, false, world),
            Change::AssignRoles(key, _) | Change::WithdrawRoles(key, _) => {
                roles(world)?;
                cycle::of_person(key, true, world)
            }
            Change::PushGroup(key) | Change::LinkGroup(key) => {
                cycle::of_group(key, true, true, world)
            }
            Change::RenameGroup(key, _) => cycle::of_group(key, true, false, world),
            Change::AddMembers(key, _) | Change::RemoveMembers(key, _) => {
                cycle::of_group(key, false, true, world)
            }
            Change::UnlinkGroup { group, delete } => {
                if !delete {
                    return Err(
                        "Entra has no way to leave a group that goes out of scope: it is deleted"
                            .to_owned(),
                    );
                }
                cycle::of_group(group, true, false, world)
            }
            Change::SyncPassword(..) => {
                return Err("Entra does not synchronise passwords over SCIM".to_owned());
            }
            Change::PushNow(_) => {
                return Err("Entra has no way to push a membership as a whole".to_owned());
            }
            Change::OnDemand(subject) => on_demand::phases(subject, world)?,
            Change::InitialCycle => {
                world.memory.restart();
                cycle::initial(world)
            }
            Change::IncrementalCycle => {
                world.memory.now = failure::next_cycle(world.memory)?;
                cycle::incremental(world)
            }
        })
    }

    fn catch_up(&self, world: &mut World<'_>) -> Vec<Phase> {
        match failure::next_cycle(world.memory) {
            // An initial cycle that was broken off keeps its links.
            Ok(_) if world.memory.cycles == 0 => cycle::initial(world),
            Ok(at) => {
                world.memory.now = at;
                cycle::incremental(world)
            }
            Err(why) => vec![vec![Box::new(cycle::Disabled(why))]],
        }
    }

    fn reaction(&self, attempt: u32, exchange: &Exchange, world: &World<'_>) -> Reaction {
        let honours = world.switches.get("entra.retry-after") == "honour";
        if exchange.status() != Some(429) || !honours || attempt >= ATTEMPTS {
            return Reaction::Pass;
        }
        let after = exchange
            .response()
            .and_then(|response| response.header("retry-after"))
            .and_then(|seconds| seconds.trim().parse().ok());
        match after {
            Some(seconds) => Reaction::Again(Duration::from_secs(seconds)),
            None => Reaction::Pass,
        }
    }

    fn mapped_user(&self, key: &str, world: &World<'_>) -> Option<Value> {
        let link = world.memory.user(key)?;
        let mut resource = link.pushed.clone();
        if let Some(path) = mapped::manager_path(world.mapping) {
            reference::strip(&mut resource, path);
        }
        if roles::is_in_text(&resource) {
            resource["roles"] = Value::Null;
        }
        if mapped::has_active(world.mapping) {
            // The path is a plain name.
            let _ = overlay::write(&mut resource, "active", Some(Value::Bool(link.active)));
        }
        Some(held(resource, urn::USER))
    }

    fn mapped_group(&self, key: &str, world: &World<'_>) -> Option<Value> {
        let link = world.memory.group(key)?;
        let mut resource = link.pushed.clone();
        let members: Vec<Value> = link
            .members
            .values()
            .filter(|id| !id.is_empty())
            .map(|id| json!({"value": id}))
            .collect();
        // Of a group that was taken over nobody knows who else is in it: Entra never reads members.
        resource["members"] = match resource.get("schemas") {
            Some(_) => Value::Array(members),
            None => Value::Null,
        };
        Some(held(resource, urn::GROUP))
    }
}

/// A resource as the target must hold it, with the schemas that it uses. `null` is what nothing is known of.
fn held(resource: Value, core: &str) -> Value {
    let Value::Object(members) = resource else {
        return json!({"schemas": [core]});
    };
    let mut schemas = vec![Value::from(core)];
    let extensions = members.keys().filter(|name| urn::is_urn(name));
    schemas.extend(extensions.map(|name| Value::from(name.as_str())));
    let mut kept = serde_json::Map::new();
    kept.insert("schemas".to_owned(), Value::Array(schemas));
    for (name, value) in members {
        if !matches!(name.as_str(), "schemas" | "meta" | "id") {
            kept.insert(name, value);
        }
    }
    Value::Object(kept)
}
