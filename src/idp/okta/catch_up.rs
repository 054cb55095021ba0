//! Catching up: what has to be sent so that the target follows the directory again, told from what is remembered.

use std::collections::BTreeSet;

use crate::idp::okta::activity::Activity;
use crate::idp::okta::assign::Assign;
use crate::idp::okta::document::{Document, ours};
use crate::idp::okta::group::{Push, Unlink};
use crate::idp::okta::has_groups;
use crate::idp::okta::profile::Profile;
use crate::idp::okta::removal::Removal;
use crate::idp::{Job, Phase, Status, World};

/// People first, then groups, because members are sent by their ids (okta.md 6.1).
pub(super) fn phases(world: &World<'_>) -> Vec<Phase> {
    let mut phases = vec![people(world)];
    if has_groups(world.client) {
        phases.push(groups(world));
    }
    phases
}

fn people(world: &World<'_>) -> Phase {
    let linked = world.memory.users().map(|(key, _)| key);
    let keys: BTreeSet<&str> = world
        .directory
        .people
        .keys()
        .map(String::as_str)
        .chain(linked)
        .collect();
    keys.into_iter()
        .filter_map(|key| person(key, world))
        .collect()
}

fn person(key: &str, world: &World<'_>) -> Option<Box<dyn Job>> {
    let person = world.directory.people.get(key);
    let active = person.is_some_and(|person| person.is_active());
    let Some(link) = world.memory.user(key) else {
        return active.then(|| Box::new(Assign::new(key)) as Box<dyn Job>);
    };
    let purged = person.is_some_and(|person| person.status == Status::Purged);
    Some(match (active, link.active) {
        (false, _) if purged && world.switches.is_on("okta.granular-deprovisioning") => {
            Box::new(Removal::new(key))
        }
        (false, true) => Box::new(Activity::new(key, false)),
        (false, false) if link.unsure => Box::new(Activity::new(key, false)),
        (false, false) => return None,
        (true, true) if link.unsure => Box::new(Assign::new(key)),
        (true, false) => Box::new(Assign::new(key)),
        (true, true) => {
            let document = Document::of(key, world)?;
            if document.pushed() == ours(&link.pushed, world.mapping) {
                return None;
            }
            Box::new(Profile::changed(key))
        }
    })
}

/// Who the members are is only known when people are done, so each group looks for itself.
fn groups(world: &World<'_>) -> Phase {
    let pushed = |key: &str| world.directory.group(key).is_some_and(|group| group.pushed);
    let gone = world
        .memory
        .groups()
        .map(|(key, _)| key)
        .filter(|key| !pushed(key))
        .map(|key| Box::new(Unlink::new(key, true)) as Box<dyn Job>);
    let kept = world
        .directory
        .groups
        .keys()
        .filter(|key| pushed(key))
        .map(|key| Box::new(Push::new(key)) as Box<dyn Job>);
    gone.chain(kept).collect()
}
