//! Provisioning on demand: one person, or one group with a few members, always in the legacy dialect (entra.md 0, 2.1, 3.3).

use super::connect::{ConnectionTest, Purpose};
use super::group::GroupJob;
use super::members::MembersJob;
use super::reference::ReferenceJob;
use super::user::UserJob;
use crate::idp::{Phase, Status, Subject, World};
use crate::profile::ProfileId;

/// Members that a group may have.
const MEMBERS: usize = 5;

/// The connection test, then the object.
pub(super) fn phases(subject: &Subject, world: &World<'_>) -> Result<Vec<Phase>, String> {
    // The flag of the tenant URL does not work on demand (entra.md 0).
    let client = ProfileId::EntraLegacy;
    let mut phases: Vec<Phase> = vec![vec![Box::new(ConnectionTest::new(client, Purpose::Begin))]];
    match subject {
        Subject::User(key) => {
            let person = world.directory.person(key);
            if person.is_none_or(|person| person.status == Status::Deleted) {
                return Err(format!(
                    "`{key}` is deleted, and who is deleted cannot be provisioned on demand"
                ));
            }
            phases.push(vec![Box::new(UserJob::new(key, client))]);
            phases.push(vec![Box::new(ReferenceJob::new(key, client))]);
        }
        Subject::Group(key) => {
            let group = world
                .directory
                .group(key)
                .ok_or_else(|| format!("the directory has no group `{key}`"))?;
            if group.members.len() > MEMBERS {
                return Err(format!(
                    "`{key}` has {} members; on demand Entra takes at most {MEMBERS}",
                    group.members.len()
                ));
            }
            phases.push(vec![Box::new(GroupJob::new(key, client))]);
            phases.push(vec![Box::new(MembersJob::new(key, client))]);
        }
    }
    Ok(phases)
}
