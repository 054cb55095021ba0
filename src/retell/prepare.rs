//! Preparations: what must have existed before the recording began, guessed from what was read of it.
//!
//! It is created in front instead of looked up: a scenario changes nothing that it did not create.

use std::collections::{BTreeSet, HashMap, HashSet};

use serde_json::{Map, Value};

use super::attribute::{Owner, owner_of};
use super::body::tree;
use super::fold::Asked;
use super::people::{Cast, attribute_at, id_of, text};
use crate::scim::urn;

/// Members of a resource that only the target gives.
const TARGETS: [&str; 3] = ["id", "meta", "groups"];
/// Hits of one look-up that are worth creating.
const HITS: usize = 5;

/// A resource that existed before.
#[derive(Debug, Clone)]
pub(super) struct Prepared {
    pub(super) owner: Owner,
    /// Its number among the people or groups.
    pub(super) number: usize,
    /// Its id in the recording, if the recording tells one.
    pub(super) id: Option<String>,
    /// What is created, with the values of the recording.
    pub(super) body: Value,
    /// Why it must have been there.
    pub(super) why: &'static str,
}

/// All that existed before, people first.
#[derive(Debug, Default)]
pub(super) struct Preparations {
    pub(super) prepared: Vec<Prepared>,
}

struct Scan<'a, 'c> {
    asked: &'a [Asked<'a>],
    cast: &'c mut Cast,
    is_provider: bool,
    /// Ids that the recording created.
    created: HashSet<String>,
    /// Names that are taken at this point of the story, in lower case.
    taken: HashSet<(IsGroup, String)>,
    done: HashSet<String>,
    /// What was read first of each id: the owner and the resource.
    read: HashMap<String, (Owner, &'a Value)>,
    prepared: Vec<Prepared>,
}

/// Whether a name is that of a group.
type IsGroup = bool;

impl Preparations {
    /// `is_provider`: the client is one of Okta's or Entra's, which make up no ids.
    pub(super) fn of<'a>(asked: &'a [Asked<'a>], cast: &mut Cast, is_provider: bool) -> Self {
        let mut scan = Scan {
            asked,
            cast,
            is_provider,
            created: HashSet::new(),
            taken: HashSet::new(),
            done: HashSet::new(),
            read: HashMap::new(),
            prepared: Vec::new(),
        };
        scan.read_all();
        for one in asked {
            scan.see(one);
        }
        let mut prepared = scan.prepared;
        prepared.sort_by_key(|one| one.owner == Owner::Group);
        Self { prepared }
    }
}

impl<'a> Scan<'a, '_> {
    fn read_all(&mut self) {
        for one in self.asked {
            for (_, resource) in one.resources() {
                let (Some(id), Some(owner)) = (id_of(resource), owner_of_resource(one, resource))
                else {
                    continue;
                };
                self.read.entry(id).or_insert((owner, resource));
            }
        }
    }

    fn see(&mut self, one: &'a Asked<'a>) {
        let owner = owner_of(one.address.endpoint());
        if one.method() == "GET" && one.address.looked_up().is_some() {
            for (_, resource) in one.resources().into_iter().take(HITS) {
                if let Some(id) = id_of(resource) {
                    self.need(&id, owner, "a look-up found it");
                }
            }
        }
        if let Some(id) = one.address.id()
            && owner != Owner::Other
            && (self.is_refused_to_provider(one)
                || one
                    .exchange
                    .status()
                    .is_none_or(|status| !matches!(status, 400 | 401 | 403..=405 | 410)))
        {
            self.need(id, owner, "it is addressed by its id");
        }
        if one.is_accepted() {
            self.need_references(one, owner);
        }
        self.note_created(one, owner);
    }

    /// What is created and deleted, and what stands in the way of it.
    fn note_created(&mut self, one: &'a Asked<'a>, owner: Owner) {
        let is_group = owner == Owner::Group;
        let name = one.body.as_ref().and_then(|body| {
            text(body, if is_group { "displayName" } else { "userName" }).map(str::to_lowercase)
        });
        match one.method() {
            "POST" if owner != Owner::Other && one.address.id().is_none() => {
                if one.is_accepted() {
                    let id = one.accepted().and_then(id_of).or_else(|| location_id(one));
                    if let Some(id) = id {
                        self.own(&id, owner, one.body.as_ref());
                    }
                    self.taken.extend(name.map(|name| (is_group, name)));
                } else if one.exchange.status() == Some(409)
                    && let Some(name) = name
                    && !self.taken.contains(&(is_group, name.clone()))
                {
                    self.need_name(owner, one.body.as_ref(), "a create was answered 409");
                    self.taken.insert((is_group, name));
                }
            }
            "POST" if one.address.is_at("Bulk") => {
                let answer = one.exchange.response().and_then(|answer| answer.json());
                for operation in operations(answer) {
                    let location = text(operation, "location").unwrap_or_default();
                    let id = location.rsplit('/').next().unwrap_or_default();
                    if text(operation, "method").is_some_and(|method| method == "POST") {
                        self.created.insert(id.to_owned());
                    }
                }
            }
            "DELETE" if one.is_accepted() => {
                let id = one.address.id().unwrap_or_default();
                let name = match is_group {
                    true => self.cast.group_of(id).and_then(|group| {
                        self.cast.groups[group]
                            .value("displayName")
                            .map(str::to_lowercase)
                    }),
                    false => self.cast.person_of(id).and_then(|person| {
                        self.cast.people[person]
                            .value("userName")
                            .map(str::to_lowercase)
                    }),
                };
                if let Some(name) = name {
                    self.taken.remove(&(is_group, name));
                }
            }
            _ => {}
        }
    }

    /// The recording creates this resource itself.
    fn own(&mut self, id: &str, owner: Owner, body: Option<&Value>) {
        self.created.insert(id.to_owned());
        let name = |key| body.and_then(|body| text(body, key));
        match owner {
            Owner::User => {
                if let Some(person) = name("userName").and_then(|name| self.cast.named(name)) {
                    self.cast.bind(id, person);
                }
            }
            Owner::Group => {
                if let Some(group) =
                    name("displayName").and_then(|name| self.cast.group_called(name))
                {
                    self.cast.bind_group(id, group);
                }
            }
            Owner::Other => {}
        }
    }

    /// Ids that an accepted request refers to.
    fn need_references(&mut self, one: &Asked<'_>, owner: Owner) {
        let Some(body) = &one.body else { return };
        let mut ids = BTreeSet::new();
        tree(body, &mut Vec::new(), &mut |leaf| {
            let (_, attribute) = attribute_at(owner, body, leaf);
            // A manager may be named by a key that is none of the target's ids.
            let refers = match attribute.name.as_str() {
                "members" => true,
                "manager" => self.read.contains_key(leaf.value),
                _ => false,
            };
            let is_id = !leaf.value.is_empty() && !leaf.value.starts_with("bulkId:");
            if refers && is_id && ["", "value"].contains(&attribute.sub.as_str()) {
                ids.insert(leaf.value.to_owned());
            }
            None
        });
        for id in ids {
            let found = self.read.get(&id).map(|(owner, _)| *owner);
            self.need(
                &id,
                found.unwrap_or(Owner::User),
                "it is referred to by its id",
            );
        }
    }

    /// The resource of this id must have been there already.
    fn need(&mut self, id: &str, owner: Owner, why: &'static str) {
        let known = self.read.get(id).map(|(_, resource)| *resource);
        // An id that no answer ever showed is that of nobody, unless something was done with it.
        if self.created.contains(id) || self.done.contains(id) || !self.exists(id, known) {
            return;
        }
        self.done.insert(id.to_owned());
        let number = match (owner, known) {
            (Owner::User, Some(resource)) => match text(resource, "userName") {
                Some(name) => {
                    let person = self.cast.person_named(name);
                    self.cast.bind(id, person);
                    person
                }
                None => self.cast.person_with(id),
            },
            (Owner::User, None) => self.cast.person_with(id),
            (Owner::Group, Some(resource)) => match text(resource, "displayName") {
                Some(name) => {
                    let group = self.cast.group_named(name);
                    self.cast.bind_group(id, group);
                    group
                }
                None => self.cast.group_with(id),
            },
            (Owner::Group, None) => self.cast.group_with(id),
            (Owner::Other, _) => return,
        };
        let body = self.body_of(owner, number, known);
        let name = text(
            &body,
            if owner == Owner::Group {
                "displayName"
            } else {
                "userName"
            },
        );
        self.taken
            .extend(name.map(|name| (owner == Owner::Group, name.to_lowercase())));
        self.prepared.push(Prepared {
            owner,
            number,
            id: Some(id.to_owned()),
            body,
            why,
        });
    }

    /// A provider's write that was refused for what it says, not because nobody is there: a ticket often has nothing else.
    fn is_refused_to_provider(&self, one: &Asked<'_>) -> bool {
        let is_write = matches!(one.method(), "PUT" | "PATCH" | "DELETE");
        let status = one.exchange.status();
        self.is_provider
            && is_write
            && status.is_some_and(|status| {
                matches!(status, 400 | 405 | 406 | 415 | 422) || status >= 500
            })
    }

    fn exists(&self, id: &str, known: Option<&Value>) -> bool {
        let addressed = |one: &&Asked<'_>| one.address.id() == Some(id);
        known.is_some()
            || self.asked.iter().filter(addressed).any(|one| {
                let shows = |status: u16| status / 100 == 2 || matches!(status, 304 | 409 | 412);
                one.exchange.status().is_none_or(shows) || self.is_refused_to_provider(one)
            })
            || self.asked.iter().any(|one| {
                one.is_accepted()
                    && one.address.id() != Some(id)
                    && String::from_utf8_lossy(one.exchange.request.body.bytes())
                        .contains(&format!("\"{id}\""))
            })
    }

    /// Somebody must have had the name that could not be given once more.
    fn need_name(&mut self, owner: Owner, body: Option<&Value>, why: &'static str) {
        let name = |key| body.and_then(|body| text(body, key));
        let number = match owner {
            Owner::Group => name("displayName").and_then(|name| self.cast.group_called(name)),
            _ => name("userName").and_then(|name| self.cast.named(name)),
        };
        if let Some(number) = number {
            let body = self.body_of(owner, number, None);
            self.prepared.push(Prepared {
                owner,
                number,
                id: None,
                body,
                why,
            });
        }
    }

    /// What was read of it, without what only the target gives and what refers to others.
    fn body_of(&self, owner: Owner, number: usize, known: Option<&Value>) -> Value {
        let mut body = Map::new();
        let (key, schema, named) = match owner {
            Owner::Group => ("displayName", urn::GROUP, &self.cast.groups[number]),
            _ => ("userName", urn::USER, &self.cast.people[number]),
        };
        body.insert("schemas".to_owned(), Value::from(vec![schema]));
        if let Some(Value::Object(members)) = known {
            for (name, member) in members {
                if !TARGETS.contains(&name.as_str()) && name != "members" && !member.is_null() {
                    body.insert(name.clone(), without_manager(member));
                }
            }
        }
        if !body.contains_key(key) {
            let name = named.value(key).unwrap_or(&named.alias).to_owned();
            body.insert(key.to_owned(), Value::from(name));
        }
        Value::Object(body)
    }
}

fn without_manager(member: &Value) -> Value {
    let mut member = member.clone();
    if let Some(extension) = member.as_object_mut() {
        extension.remove("manager");
    }
    member
}

fn owner_of_resource(one: &Asked<'_>, resource: &Value) -> Option<Owner> {
    match owner_of(one.address.endpoint()) {
        Owner::Other if resource.get("userName").is_some() => Some(Owner::User),
        Owner::Other => None,
        owner => Some(owner),
    }
}

/// The id at the end of a create's `Location`.
pub(super) fn location_id(one: &Asked<'_>) -> Option<String> {
    let location = one.exchange.response()?.header("location")?;
    let id = location.trim_end_matches('/').rsplit('/').next()?;
    (!id.is_empty()).then(|| id.to_owned())
}

pub(super) fn operations(body: Option<&Value>) -> impl Iterator<Item = &Value> {
    body.and_then(|body| body.get("Operations"))
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
}
