//! Okta as a provisioning client (okta.md).
//!
//! ```text
//! mapping ─► document ─► assign ─► activity, profile          group ─► membership
//! ```
//!
//! A job looks at the directory and at what is remembered when it begins, not when it was caused: what was caused before
//! it may have changed both.

mod activity;
mod answer;
mod assign;
mod catch_up;
mod connect;
mod document;
mod entitlements;
mod group;
mod import;
mod membership;
mod message;
mod needs;
mod password;
mod place;
mod profile;
mod quiet;
mod removal;
mod sending;
#[cfg(test)]
mod tests;
mod throttle;

use std::collections::HashSet;

use serde_json::{Map, Value, json};

use crate::exchange::Exchange;
use crate::idp::okta::activity::Activity;
use crate::idp::okta::assign::Assign;
use crate::idp::okta::connect::Connect;
use crate::idp::okta::group::{Push, Unlink};
use crate::idp::okta::import::Import;
use crate::idp::okta::membership::{Membership, Scope};
use crate::idp::okta::password::Password;
use crate::idp::okta::profile::Profile;
use crate::idp::okta::quiet::Quiet;
use crate::idp::okta::removal::Removal;
use crate::idp::{Change, Job, Phase, Provider, Reaction, Subject, Switch, World};
use crate::profile::ProfileId;
use crate::scim::urn;

/// Okta's switches.
pub(crate) const SWITCHES: &[Switch] = &[
    Switch {
        name: "okta.import-groups",
        values: &["by-profile", "on", "off"],
        meaning: "whether groups are imported, and asked for when the connection is tested; by-profile: on for okta-oin \
                  and okta-oin-userpatch, off for okta-aiw as it was recorded, and for okta-gov, which has no groups",
        source: "okta.md 1.1, 5.1 [doc][recorded]",
    },
    Switch {
        name: "okta.user-name",
        values: &["always", "create-only"],
        meaning: "whether a changed userName is pushed to an account that is there already",
        source: "okta.md 3.4 [doc]",
    },
    Switch {
        name: "okta.clear",
        values: &["omit", "null", "empty"],
        meaning: "how an attribute that has lost its value is sent",
        source: "okta.md 3.5 [inferred]",
    },
    Switch {
        name: "okta.granular-deprovisioning",
        values: &["off", "on"],
        meaning: "whether the account of a person who was deleted for good is deleted",
        source: "okta.md 4.5 [inferred]",
    },
    Switch {
        name: "okta.members-in-create",
        values: &["off", "on"],
        meaning: "whether the POST of a group has its members already; apps of the wizard always do so",
        source: "okta.md 6.2 [doc]",
    },
    Switch {
        name: "okta.rename-groups",
        values: &["on", "off"],
        meaning: "whether groups at the target get the name that they have in Okta",
        source: "okta.md 6.3 [doc]",
    },
    Switch {
        name: "okta.membership",
        values: &[
            "delta",
            "replace",
            "replace-without-path",
            "replace-with-id-and-name",
        ],
        meaning: "the shape of a PATCH of members",
        source: "okta.md 6.4 [doc][recorded]",
    },
    Switch {
        name: "okta.batch",
        values: &["100", "N"],
        meaning: "how many members one PATCH adds and removes at most",
        source: "okta.md 6.4 [doc], the default [inferred]",
    },
];

/// Okta.
pub(crate) struct Okta;

impl Provider for Okta {
    fn jobs(&self, change: &Change, world: &mut World<'_>) -> Result<Vec<Phase>, String> {
        let client = world.client.name();
        let job: Box<dyn Job> = match change {
            Change::TestConnection => Box::new(Connect::new()),
            Change::Import => Box::new(Import::new()),
            Change::Assign(key) | Change::Reassign(key) | Change::Restore(key) => {
                return Ok(assignment(key, world));
            }
            Change::Update(key, _) | Change::Rename(key, _) | Change::SetManager(key, _) => {
                Box::new(Profile::changed(key))
            }
            Change::AssignRoles(key, _) | Change::WithdrawRoles(key, _) => {
                if world.client != ProfileId::OktaGov {
                    return Err(format!(
                        "{client} knows no roles; only okta-gov has entitlements (okta.md 8)"
                    ));
                }
                Box::new(Profile::changed(key))
            }
            // Nothing is sent about an account that is deactivated already (okta.md 4.3).
            Change::Unassign(key) | Change::Deactivate(key) | Change::Delete(key) => {
                Box::new(Activity::new(key, false))
            }
            Change::Suspend(key) => Box::new(Quiet(Subject::User(key.clone()))),
            Change::Purge(key) => {
                if world.switches.is_on("okta.granular-deprovisioning") {
                    Box::new(Removal::new(key))
                } else {
                    Box::new(Activity::new(key, false))
                }
            }
            Change::SyncPassword(key, password) => Box::new(Password::new(key, password)),
            Change::PushGroup(_)
            | Change::LinkGroup(_)
            | Change::RenameGroup(..)
            | Change::AddMembers(..)
            | Change::RemoveMembers(..)
            | Change::PushNow(_)
            | Change::UnlinkGroup { .. }
                if !has_groups(world.client) =>
            {
                return Err(format!("{client} pushes no groups (okta.md 0.1)"));
            }
            Change::PushGroup(key) => Box::new(Push::new(key)),
            Change::LinkGroup(key) => Box::new(Push::link(key)),
            Change::RenameGroup(key, _) => Box::new(Membership::new(key, Scope::Name)),
            Change::AddMembers(key, _) | Change::RemoveMembers(key, _) => {
                Box::new(Membership::new(key, Scope::Members))
            }
            Change::PushNow(key) => Box::new(Membership::new(key, Scope::Overwrite)),
            Change::UnlinkGroup { group, delete } => Box::new(Unlink::new(group, *delete)),
            Change::OnDemand(_) => {
                return Err("Okta has no provisioning on demand".to_owned());
            }
            Change::InitialCycle | Change::IncrementalCycle => {
                return Err(
                    "Okta has no provisioning cycles; it sends each change as it comes".to_owned(),
                );
            }
        };
        Ok(vec![vec![job]])
    }

    fn catch_up(&self, world: &mut World<'_>) -> Vec<Phase> {
        catch_up::phases(world)
    }

    fn reaction(&self, attempt: u32, exchange: &Exchange, _world: &World<'_>) -> Reaction {
        throttle::reaction(attempt, exchange)
    }

    /// As it was pushed last. Nothing is known of an account that was linked and never pushed.
    fn mapped_user(&self, key: &str, world: &World<'_>) -> Option<Value> {
        let link = world.memory.user(key)?;
        let mut resource = link.pushed.as_object()?.clone();
        resource.insert("active".to_owned(), Value::Bool(link.active));
        Some(Value::Object(resource))
    }

    fn mapped_group(&self, key: &str, world: &World<'_>) -> Option<Value> {
        let link = world.memory.group(key)?;
        let mut members: Vec<Value> = link
            .members
            .values()
            .map(|id| json!({"value": id}))
            .collect();
        let mut known: HashSet<&str> = link.members.values().map(String::as_str).collect();
        let others = membership::found(link);
        for id in others.iter().filter_map(|found| found.get("value")) {
            if id.as_str().is_none_or(|id| known.insert(id)) {
                members.push(json!({"value": id}));
            }
        }
        let mut resource = Map::new();
        resource.insert("schemas".to_owned(), json!([urn::GROUP]));
        if let Some(name) = link.pushed.get("displayName") {
            resource.insert("displayName".to_owned(), name.clone());
        }
        resource.insert("members".to_owned(), Value::Array(members));
        Some(Value::Object(resource))
    }
}

/// The person, and then the linked groups that were waiting for the id of the account (okta.md 6.1).
fn assignment(key: &str, world: &World<'_>) -> Vec<Phase> {
    let mut phases: Vec<Phase> = vec![vec![Box::new(Assign::new(key))]];
    let groups: Phase = world
        .memory
        .groups()
        .filter(|(group, link)| {
            // A push that is switched off for now waits with its members (okta.md 6.5).
            let pushed = world.directory.group(group).filter(|group| group.pushed);
            pushed
                .is_some_and(|group| group.members.contains(key) || link.members.contains_key(key))
        })
        .map(|(group, _)| Box::new(Membership::new(group, Scope::Members)) as Box<dyn Job>)
        .collect();
    if !groups.is_empty() && has_groups(world.client) {
        phases.push(groups);
    }
    phases
}

/// Group push is no part of applications with entitlements (okta.md 0.1).
fn has_groups(client: ProfileId) -> bool {
    client != ProfileId::OktaGov
}

/// Whether groups are imported (okta.md 1.1, 5.1).
fn groups_are_imported(world: &World<'_>) -> bool {
    match world.switches.get("okta.import-groups") {
        "on" => true,
        "off" => false,
        _ => matches!(
            world.client,
            ProfileId::OktaOin | ProfileId::OktaOinUserpatch
        ),
    }
}
