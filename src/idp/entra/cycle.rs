//! Cycles: which people and groups are due, in which order, and what ends a cycle (entra.md 3.1, 3.3).

use std::collections::BTreeSet;

use super::connect::{ConnectionTest, Purpose};
use super::dialect::Dialect;
use super::failure;
use super::group::{self, GroupJob};
use super::mapped::{self, Standing};
use super::members::{self, MembersJob};
use super::reference::{self, ReferenceJob};
use super::user::UserJob;
use crate::exchange::Exchange;
use crate::idp::{Did, Job, Next, Phase, Subject, World};

/// Ends a cycle.
struct Close {
    /// Whether it was a whole cycle.
    whole: bool,
}

impl Job for Close {
    fn subject(&self) -> Option<Subject> {
        None
    }

    fn next(&mut self, world: &mut World<'_>, _answer: Option<&Exchange>) -> Next {
        if self.whole {
            world.memory.cycles += 1;
        }
        let objects = people(world).len() + groups(world).len();
        match failure::close(world.memory, objects) {
            Ok(()) => Next::Done(Did::Nothing),
            Err(message) => Next::Stop(message),
        }
    }
}

/// Why nothing can be done.
pub(super) struct Disabled(pub(super) String);

impl Job for Disabled {
    fn subject(&self) -> Option<Subject> {
        None
    }

    fn next(&mut self, _world: &mut World<'_>, _answer: Option<&Exchange>) -> Next {
        Next::Stop(self.0.clone())
    }
}

/// Everything, whether it differs from what is remembered or not.
pub(super) fn initial(world: &World<'_>) -> Vec<Phase> {
    let due = Due {
        user: |key, world| is_somebody(key, world),
        reference: |_, _| true,
        group: |key, world| group::is_pushed(key, world) || world.memory.group(key).is_some(),
        members: |key, world| group::is_pushed(key, world) && members::may_be_due(key, world),
    };
    due.cycle(world)
}

/// What differs from what is remembered, and what failed and is due again.
pub(super) fn incremental(world: &World<'_>) -> Vec<Phase> {
    let due = Due {
        user: is_user_due,
        reference: |key, world| !failure::waits(world.memory, &Subject::User(key.to_owned())),
        group: is_group_due,
        members: are_members_due,
    };
    due.cycle(world)
}

/// What a cycle is about, by the key of the object.
struct Due {
    user: fn(&str, &World<'_>) -> bool,
    /// Beside what every cycle asks: that there is a reference to send.
    reference: fn(&str, &World<'_>) -> bool,
    group: fn(&str, &World<'_>) -> bool,
    members: fn(&str, &World<'_>) -> bool,
}

impl Due {
    /// The four phases: users, references, groups, members.
    fn cycle(&self, world: &World<'_>) -> Vec<Phase> {
        let client = world.client;
        let users = people(world)
            .into_iter()
            .filter(|key| (self.user)(key, world))
            .map(|key| Box::new(UserJob::new(&key, client)) as Box<dyn Job>)
            .collect();
        let references = world
            .directory
            .people
            .iter()
            .filter(|(key, person)| {
                (self.reference)(key, world) && reference::may_be_due(key, person, world)
            })
            .map(|(key, _)| Box::new(ReferenceJob::new(key, client)) as Box<dyn Job>)
            .collect();
        let pushed = groups(world)
            .into_iter()
            .filter(|key| (self.group)(key, world))
            .map(|key| Box::new(GroupJob::new(&key, client)) as Box<dyn Job>)
            .collect();
        let members = world
            .directory
            .groups
            .keys()
            .filter(|key| (self.members)(key, world))
            .map(|key| Box::new(MembersJob::new(key, client)) as Box<dyn Job>)
            .collect();
        whole(world, vec![users, references, pushed, members])
    }
}

/// A person with what refers to them: the manager, then memberships of groups.
pub(super) fn of_person(key: &str, forced: bool, world: &World<'_>) -> Vec<Phase> {
    let client = world.client;
    let mut users: Phase = Vec::new();
    if forced || is_user_due(key, world) {
        users.push(Box::new(UserJob::new(key, client)));
    }
    let mut references: Phase = Vec::new();
    let person = world.directory.people.get(key);
    if person.is_some_and(|person| reference::may_be_due(key, person, world)) {
        references.push(Box::new(ReferenceJob::new(key, client)));
    }
    let members = world
        .directory
        .groups
        .iter()
        .filter(|(name, group)| group.members.contains(key) && are_members_due(name, world))
        .map(|(name, _)| Box::new(MembersJob::new(name, client)) as Box<dyn Job>)
        .collect();
    part(world, vec![users, references, members])
}

/// A group, with its members or without.
pub(super) fn of_group(
    key: &str,
    itself: bool,
    its_members: bool,
    world: &World<'_>,
) -> Vec<Phase> {
    let client = world.client;
    let mut groups: Phase = Vec::new();
    if itself || is_group_due(key, world) {
        groups.push(Box::new(GroupJob::new(key, client)));
    }
    let mut members: Phase = Vec::new();
    if its_members && members::may_be_due(key, world) {
        members.push(Box::new(MembersJob::new(key, client)));
    }
    part(world, vec![groups, members])
}

fn whole(world: &World<'_>, mut phases: Vec<Phase>) -> Vec<Phase> {
    phases.push(vec![Box::new(Close { whole: true })]);
    begin(world, phases)
}

fn part(world: &World<'_>, mut phases: Vec<Phase>) -> Vec<Phase> {
    if world.memory.quarantine.is_some() {
        phases.push(vec![Box::new(Close { whole: false })]);
    }
    begin(world, phases)
}

/// In quarantine there is one attempt before anything else.
fn begin(world: &World<'_>, mut phases: Vec<Phase>) -> Vec<Phase> {
    if world.memory.quarantine.is_some() {
        let attempt = ConnectionTest::new(world.client, Purpose::Begin);
        phases.insert(0, vec![Box::new(attempt)]);
    }
    phases.retain(|phase| !phase.is_empty());
    phases
}

/// Everybody of the directory, and everybody who is remembered.
fn people(world: &World<'_>) -> BTreeSet<String> {
    let remembered = world.memory.users().map(|(key, _)| key.to_owned());
    let known = world.directory.people.keys().cloned();
    known.chain(remembered).collect()
}

fn groups(world: &World<'_>) -> BTreeSet<String> {
    let remembered = world.memory.groups().map(|(key, _)| key.to_owned());
    let known = world.directory.groups.keys().cloned();
    known.chain(remembered).collect()
}

/// Somebody who is assigned, or has an account.
fn is_somebody(key: &str, world: &World<'_>) -> bool {
    let standing = mapped::standing(world.directory.people.get(key));
    world.memory.user(key).is_some() || matches!(standing, Standing::InUse | Standing::Blocked)
}

fn is_user_due(key: &str, world: &World<'_>) -> bool {
    let subject = Subject::User(key.to_owned());
    if failure::waits(world.memory, &subject) {
        return false;
    }
    let standing = mapped::standing(world.directory.people.get(key));
    let retried = world.memory.escrow(&subject).is_some();
    let skips = world.switches.is_on("entra.skip-out-of-scope-deletions");
    match (standing, world.memory.user(key)) {
        (Standing::InUse, None) => true,
        (Standing::Blocked, None) => retried,
        (Standing::OutOfScope | Standing::Purged, None) => false,
        (Standing::OutOfScope, Some(link)) => link.active && !skips,
        (Standing::Purged, Some(_)) => !skips,
        (Standing::Blocked, Some(_)) if !mapped::has_active(world.mapping) => true,
        (Standing::InUse | Standing::Blocked, Some(link)) => {
            let entries = mapped::of_person(key, world.mapping, world.directory);
            let dialect = Dialect::of(world.client);
            retried || !mapped::differences(&link.pushed, &entries, dialect).is_empty()
        }
    }
}

fn is_group_due(key: &str, world: &World<'_>) -> bool {
    let subject = Subject::Group(key.to_owned());
    if failure::waits(world.memory, &subject) {
        return false;
    }
    let skips = world.switches.is_on("entra.skip-out-of-scope-deletions");
    match (group::is_pushed(key, world), world.memory.group(key)) {
        (true, None) => true,
        (false, None) => false,
        (false, Some(_)) => !skips,
        (true, Some(link)) => {
            let entries = mapped::of_group(key, world.mapping, world.directory);
            let dialect = Dialect::of(world.client);
            world.memory.escrow(&subject).is_some()
                || !mapped::differences(&link.pushed, &entries, dialect).is_empty()
        }
    }
}

fn are_members_due(key: &str, world: &World<'_>) -> bool {
    group::is_pushed(key, world)
        && !failure::waits(world.memory, &Subject::Group(key.to_owned()))
        && members::may_be_due(key, world)
}
