//! The directory of a scenario: its people, crowds, groups and roles, and what its acts change in it.

use serde_json::{Map, Value, json};

use crate::idp::{Change, Directory, Group, Person, Role, Subject};
use crate::plan::variables::{Missing, Scope};
use crate::scenario::Scenario;
use crate::scenario::act::{Act, Verb};

/// The directory that a scenario begins with. Its people and groups must be variables already.
pub(crate) fn directory(scenario: &Scenario, scope: &mut Scope) -> Result<Directory, Missing> {
    let mut directory = Directory::default();
    for (name, _) in &scenario.people {
        if let Value::Object(attributes) = scope.value(name, None)? {
            directory.people.insert(name.clone(), person(attributes));
        }
    }
    let run = match scope.value("run", None)? {
        Value::String(run) => run,
        other => other.to_string(),
    };
    for (crowd, size) in &scenario.directory.crowds {
        for number in 1..=*size {
            let attributes = one_of_a_crowd(crowd, number, &run);
            directory
                .people
                .insert(format!("{crowd}{number}"), person(attributes));
        }
    }
    for (index, (name, _)) in scenario.directory.groups.iter().enumerate() {
        let Value::Object(mut attributes) = scope.value(name, None)? else {
            continue;
        };
        attributes
            .entry("objectId")
            .or_insert_with(|| Value::from(object_id(index, &run)));
        let members = scenario.directory.members.get(name);
        let group = Group {
            attributes,
            members: members.into_iter().flatten().cloned().collect(),
            pushed: false,
        };
        directory.groups.insert(name.clone(), group);
    }
    for (name, tree) in &scenario.directory.roles {
        let role = scope.tree(tree)?;
        let text = |key: &str| role.get(key).and_then(Value::as_str).map(str::to_owned);
        let value = text("value").unwrap_or_default();
        directory.roles.insert(
            name.clone(),
            Role {
                id: text("id").unwrap_or_else(|| format!("role-{value}")),
                display: text("display").unwrap_or_else(|| value.clone()),
                value,
            },
        );
    }
    Ok(directory)
}

/// The directory's id of a scenario's group, by its place among the groups, where the scenario gives none.
pub fn object_id(index: usize, run: &str) -> String {
    format!("5c0f0a34-7d8e-4f5e-{:04x}-2a7b{run}", 0x9a53 + index)
}

fn person(attributes: Map<String, Value>) -> Person {
    Person {
        attributes,
        ..Person::default()
    }
}

fn one_of_a_crowd(crowd: &str, number: usize, run: &str) -> Map<String, Value> {
    let user_name = format!("{crowd}{number}.{run}@example.test");
    let attributes = json!({
        "userName": user_name,
        "externalId": format!("00u{crowd}{number}{run}"),
        "displayName": format!("{crowd} {number} {run}"),
        "name": { "givenName": crowd, "familyName": format!("Number {number}") },
        "email": user_name,
        "mailNickname": format!("{crowd}{number}.{run}"),
        "objectId": format!("22222222-0000-4000-8000-{number:04x}{run}"),
    });
    match attributes {
        Value::Object(attributes) => attributes,
        _ => unreachable!("an object was written above"),
    }
}

/// What an act changes: one change for each whom it is about.
pub(crate) fn changes(
    act: &Act,
    directory: &Directory,
    scope: &mut Scope,
) -> Result<Vec<Change>, Missing> {
    let to = match &act.to {
        Some(tree) => match scope.tree(tree)? {
            Value::String(text) => text,
            other => other.to_string(),
        },
        None => String::new(),
    };
    let with = match &act.with {
        Some(tree) => match scope.tree(tree)? {
            Value::Object(members) => members,
            _ => Map::new(),
        },
        None => Map::new(),
    };
    let alone = match act.verb {
        Verb::TestConnection => Some(Change::TestConnection),
        Verb::Import => Some(Change::Import),
        Verb::InitialCycle => Some(Change::InitialCycle),
        Verb::IncrementalCycle => Some(Change::IncrementalCycle),
        _ => None,
    };
    if let Some(change) = alone {
        return Ok(vec![change]);
    }
    let others = || act.others.clone();
    Ok(act
        .who
        .iter()
        .map(|who| {
            let who = who.clone();
            match act.verb {
                Verb::Assign => Change::Assign(who),
                Verb::Update => Change::Update(who, with.clone()),
                Verb::Rename => Change::Rename(who, to.clone()),
                Verb::Unassign => Change::Unassign(who),
                Verb::Deactivate => Change::Deactivate(who),
                Verb::Reassign => Change::Reassign(who),
                Verb::Suspend => Change::Suspend(who),
                Verb::Delete => Change::Delete(who),
                Verb::Purge => Change::Purge(who),
                Verb::Restore => Change::Restore(who),
                Verb::SyncPassword => Change::SyncPassword(who, to.clone()),
                Verb::SetManager => Change::SetManager(who, act.others.first().cloned()),
                Verb::RemoveManager => Change::SetManager(who, None),
                Verb::AssignRoles => Change::AssignRoles(who, others()),
                Verb::WithdrawRoles => Change::WithdrawRoles(who, others()),
                Verb::PushGroup => Change::PushGroup(who),
                Verb::LinkGroup => Change::LinkGroup(who),
                Verb::RenameGroup => Change::RenameGroup(who, to.clone()),
                Verb::AddMembers => Change::AddMembers(who, others()),
                Verb::RemoveMembers => Change::RemoveMembers(who, others()),
                Verb::PushNow => Change::PushNow(who),
                Verb::UnlinkGroup => Change::UnlinkGroup {
                    group: who,
                    delete: !act.leave,
                },
                Verb::OnDemand if directory.groups.contains_key(&who) => {
                    Change::OnDemand(Subject::Group(who))
                }
                Verb::OnDemand => Change::OnDemand(Subject::User(who)),
                Verb::TestConnection
                | Verb::Import
                | Verb::InitialCycle
                | Verb::IncrementalCycle => unreachable!("handled above"),
            }
        })
        .collect())
}
