//! The cast: who and which groups the recording speaks of, and what they are called in the file.

use std::collections::{BTreeSet, HashMap};

use serde_json::Value;

use super::attribute::{Attribute, Owner, owner_of, place};
use super::body::{Leaf, tree};
use super::disguise::Disguise;
use super::fold::Asked;
use super::known::{Known, variable};
use super::naming::{Unique, is_guid};
use super::person::Person;
use super::{Options, People};

/// What a value of a person is called in the file.
const KEYS: [(&str, &str, &str); 8] = [
    ("username", "", "userName"),
    ("externalid", "", "externalId"),
    ("displayname", "", "displayName"),
    ("nickname", "", "nickName"),
    ("emails", "value", "email"),
    ("name", "givenname", "givenName"),
    ("name", "familyname", "familyName"),
    ("name", "formatted", "formatted"),
];
/// Values that no two accounts of a target may share.
const UNIQUE: [&str; 3] = ["userName", "externalId", "email"];
/// Values by which somebody is known to everybody, not only in a body of their own.
const WELL_KNOWN: [&str; 3] = ["userName", "externalId", "email"];
/// Names that files cannot give.
const RESERVED: [&str; 5] = ["run", "uuid", "now", "var", "env"];

/// Everybody.
#[derive(Debug, Default)]
pub(super) struct Cast {
    pub(super) people: Vec<Person>,
    pub(super) groups: Vec<Person>,
    /// What differs between two recordings, under one name.
    pub(super) noise: Vec<Person>,
    /// By id in the recording: a person's number.
    ids: HashMap<String, usize>,
    /// By userName in lower case.
    names: HashMap<String, usize>,
    group_ids: HashMap<String, usize>,
    /// By displayName.
    group_names: HashMap<String, usize>,
    pub(super) disguise: Disguise,
    pub(super) people_stay: bool,
    pub(super) run: Option<String>,
    pub(super) aliases: BTreeSet<String>,
}

impl Cast {
    pub(super) fn of(asked: &[Asked<'_>], options: &Options<'_>) -> Self {
        let mut cast = Self {
            people_stay: options.people == People::Keep,
            run: options.run.map(str::to_owned),
            aliases: RESERVED.map(str::to_owned).into(),
            ..Self::default()
        };
        for one in asked {
            let answer = one.exchange.response().and_then(|answer| answer.json());
            for value in one.body.iter().chain(answer) {
                cast.learn_given(value);
            }
        }
        for one in asked {
            cast.see(one);
        }
        cast.learn_probes(asked);
        cast
    }

    /// Given names first, so that they become given names wherever their words stand.
    fn learn_given(&mut self, value: &Value) {
        match value {
            Value::Object(members) => {
                for (name, member) in members {
                    match member.as_str() {
                        Some(text) if name.to_lowercase().ends_with("givenname") => {
                            self.disguise.learn_given(text);
                        }
                        _ => self.learn_given(member),
                    }
                }
            }
            Value::Array(items) => items.iter().for_each(|item| self.learn_given(item)),
            _ => {}
        }
    }

    /// Random values that are looked up more than once are the same one each time (entra.md 2.1).
    fn learn_probes(&mut self, asked: &[Asked<'_>]) {
        let mut seen = BTreeSet::new();
        for one in asked {
            let filter = one.address.parameter("filter").unwrap_or_default();
            let parts: Vec<&str> = filter.split('"').collect();
            for pair in parts.windows(2).step_by(2) {
                let attribute = pair[0].split_whitespace().rev().nth(1).unwrap_or_default();
                let is_id = ["id", "members", "manager"]
                    .iter()
                    .any(|name| attribute.trim_start_matches('(').starts_with(name));
                if is_guid(pair[1]) && !is_id && !self.knows(pair[1]) && !seen.insert(pair[1]) {
                    self.make_noise(pair[1]);
                }
            }
        }
    }

    fn see(&mut self, asked: &Asked<'_>) {
        let address = &asked.address;
        let owner = owner_of(address.endpoint());
        if let Some((attribute, value)) = address.looked_up() {
            match (owner, attribute.to_ascii_lowercase().as_str()) {
                (Owner::User, "username") if !is_guid(value) => {
                    self.person_named(value);
                }
                (Owner::Group, "displayname") if !is_guid(value) => {
                    self.group_named(value);
                }
                _ => {}
            }
        }
        if let Some(body) = &asked.body {
            match asked.method() {
                "POST" if address.id().is_none() => self.see_created(owner, body),
                _ => {
                    if let Some(id) = address.id() {
                        self.see_changed(owner, id, body);
                    }
                }
            }
            self.see_bulk(body);
        }
        for (_, resource) in asked.resources() {
            self.see_resource(owner, resource);
        }
    }

    fn see_created(&mut self, owner: Owner, body: &Value) {
        match (owner, text(body, "userName"), text(body, "displayName")) {
            (Owner::User, Some(name), _) => {
                let person = self.person_named(name);
                self.learn(person, owner, body);
            }
            (Owner::Group, _, Some(name)) => {
                let group = self.group_named(name);
                self.learn_group(group, body);
            }
            _ => {}
        }
    }

    fn see_changed(&mut self, owner: Owner, id: &str, body: &Value) {
        match owner {
            Owner::User => {
                if let Some(person) = self.person_of(id) {
                    self.learn(person, owner, body);
                } else if let Some(name) = text(body, "userName") {
                    let person = self.person_named(name);
                    self.ids.insert(id.to_owned(), person);
                    self.learn(person, owner, body);
                }
            }
            Owner::Group => {
                if let Some(group) = self.group_of(id) {
                    self.learn_group(group, body);
                }
            }
            Owner::Other => {}
        }
    }

    fn see_bulk(&mut self, body: &Value) {
        for operation in body
            .get("Operations")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
        {
            let path = text(operation, "path").unwrap_or_default();
            let mut parts = path.trim_start_matches('/').split('/');
            let owner = owner_of(parts.next().unwrap_or_default());
            if let (Some(data), true) = (operation.get("data"), operation.get("method").is_some()) {
                match parts.next() {
                    Some(id) => self.see_changed(owner, id, data),
                    None => self.see_created(owner, data),
                }
            }
        }
    }

    /// A resource in an answer: it tells who has which id.
    fn see_resource(&mut self, owner: Owner, resource: &Value) {
        let Some(id) = id_of(resource) else { return };
        let name = text(resource, "userName");
        if let (Owner::User | Owner::Other, Some(name)) = (owner, name) {
            // Lists show everybody; only those are on stage who are spoken of.
            if let Some(person) = self.names.get(&name.to_lowercase()) {
                self.ids.insert(id, *person);
            }
        } else if let (Owner::Group, Some(name)) = (owner, text(resource, "displayName"))
            && let Some(group) = self.group_names.get(name)
        {
            self.group_ids.insert(id, *group);
        }
    }

    /// Takes the values that a body gives a person.
    fn learn(&mut self, person: usize, owner: Owner, body: &Value) {
        let mut found: Vec<(&'static str, String)> = Vec::new();
        each_text(body, &mut |leaf| {
            let (owner, attribute) = attribute_at(owner, body, leaf);
            if owner == Owner::User
                && let Some(key) = key_of(&attribute)
            {
                found.push((key, leaf.value.to_owned()));
            }
        });
        for (key, value) in found {
            self.add(person, key, &value);
        }
    }

    fn learn_group(&mut self, group: usize, body: &Value) {
        let mut found: Vec<(&'static str, String)> = Vec::new();
        each_text(body, &mut |leaf| {
            let (owner, attribute) = attribute_at(Owner::Group, body, leaf);
            if owner == Owner::Group && attribute.is("displayname") {
                found.push(("displayName", leaf.value.to_owned()));
            } else if owner == Owner::Group && attribute.is("externalid") {
                found.push(("externalId", leaf.value.to_owned()));
            }
        });
        for (key, value) in found {
            self.add_to_group(group, key, &value);
        }
    }

    fn add(&mut self, person: usize, key: &'static str, value: &str) {
        if value.is_empty() || self.people[person].variable(value).is_some() {
            return;
        }
        let written = self.written(value, UNIQUE.contains(&key), person);
        self.people[person].add(key, value, written);
        if key == "userName" {
            self.names.entry(value.to_lowercase()).or_insert(person);
        }
    }

    fn add_to_group(&mut self, group: usize, key: &'static str, value: &str) {
        if value.is_empty() || self.groups[group].variable(value).is_some() {
            return;
        }
        let written = match key {
            "displayName" => self.with_run(value, Unique::Title, &mut |part| part.to_owned()),
            _ => self.written(value, true, group),
        };
        self.groups[group].add(key, value, written);
        if key == "displayName" {
            self.group_names.entry(value.to_owned()).or_insert(group);
        }
    }

    /// Somebody with this userName, in any case.
    pub(super) fn person_named(&mut self, name: &str) -> usize {
        if let Some(person) = self.names.get(&name.to_lowercase()).copied() {
            self.add(person, "userName", name);
            return person;
        }
        let shown = match self.people_stay {
            true => name.to_owned(),
            false => self.disguise.of(name),
        };
        let alias = self.alias(&shown, "person", 1);
        self.people.push(Person {
            alias,
            traits: Vec::new(),
        });
        let person = self.people.len() - 1;
        self.add(person, "userName", name);
        person
    }

    /// Somebody of whom only the id is known.
    pub(super) fn person_with(&mut self, id: &str) -> usize {
        if let Some(person) = self.person_of(id) {
            return person;
        }
        let alias = self.alias("", "person", 1);
        let name = format!("{alias}@example.test");
        self.people.push(Person {
            alias,
            traits: Vec::new(),
        });
        let person = self.people.len() - 1;
        let written = self.with_run(&name, Unique::Name, &mut |part| part.to_owned());
        self.people[person].add("userName", &name, written);
        self.ids.insert(id.to_owned(), person);
        person
    }

    pub(super) fn group_named(&mut self, name: &str) -> usize {
        if let Some(group) = self.group_names.get(name) {
            return *group;
        }
        let alias = self.alias(name, "group", 2);
        self.groups.push(Person {
            alias,
            traits: Vec::new(),
        });
        let group = self.groups.len() - 1;
        self.add_to_group(group, "displayName", name);
        self.group_names.insert(name.to_owned(), group);
        group
    }

    pub(super) fn group_with(&mut self, id: &str) -> usize {
        if let Some(group) = self.group_of(id) {
            return group;
        }
        let group = self.group_named(&format!("Group {}", self.groups.len() + 1));
        self.group_ids.insert(id.to_owned(), group);
        group
    }

    pub(super) fn person_of(&self, id: &str) -> Option<usize> {
        self.ids.get(id).copied()
    }

    pub(super) fn group_of(&self, id: &str) -> Option<usize> {
        self.group_ids.get(id).copied()
    }

    /// The id belongs to this person from now on.
    pub(super) fn bind(&mut self, id: &str, person: usize) {
        self.ids.insert(id.to_owned(), person);
    }

    pub(super) fn bind_group(&mut self, id: &str, group: usize) {
        self.group_ids.insert(id.to_owned(), group);
    }

    /// Who has this userName.
    pub(super) fn named(&self, name: &str) -> Option<usize> {
        self.names.get(&name.to_lowercase()).copied()
    }

    pub(super) fn group_called(&self, name: &str) -> Option<usize> {
        self.group_names.get(name).copied()
    }

    /// Whether somebody or a group goes by this value.
    pub(super) fn knows(&self, value: &str) -> bool {
        let everybody = self.people.iter().chain(&self.groups);
        let mut all = everybody.chain(&self.noise);
        all.any(|one| one.variable(value).is_some())
    }

    /// A value that chance made: another one every time.
    pub(super) fn make_noise(&mut self, value: &str) {
        if self.noise.is_empty() {
            let alias = self.alias("noise", "noise", 1);
            self.noise.push(Person {
                alias,
                traits: Vec::new(),
            });
        }
        let written = self.written(value, true, self.noise[0].traits.len());
        self.noise[0].add("value", value, written);
    }

    /// Everything by which people are known everywhere, as variables.
    pub(super) fn known(&self) -> Known {
        let mut known = Known::default();
        for key in WELL_KNOWN {
            for person in &self.people {
                for one in person.traits.iter().filter(|one| one.key.starts_with(key)) {
                    let name = format!("{}.{}", person.alias, one.key);
                    known.insert(&one.value, variable(&name));
                }
            }
        }
        for noise in &self.noise {
            for one in &noise.traits {
                known.insert(
                    &one.value,
                    variable(&format!("{}.{}", noise.alias, one.key)),
                );
            }
        }
        for group in &self.groups {
            for one in group
                .traits
                .iter()
                .filter(|one| one.key.starts_with("externalId"))
            {
                known.insert(
                    &one.value,
                    variable(&format!("{}.{}", group.alias, one.key)),
                );
            }
        }
        known
    }
}

/// The attribute that a text of a body is a value of.
pub(super) fn attribute_at(owner: Owner, body: &Value, leaf: &Leaf<'_>) -> (Owner, Attribute) {
    let (owner, names, path) = place(owner, body, leaf.names);
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    (owner, Attribute::of_place(owner, &names, path))
}

fn key_of(attribute: &Attribute) -> Option<&'static str> {
    KEYS.iter()
        .find(|(name, sub, _)| attribute.name == *name && attribute.sub == *sub)
        .map(|(_, _, key)| *key)
}

pub(super) fn each_text(body: &Value, see: &mut dyn FnMut(&Leaf<'_>)) {
    tree(body, &mut Vec::new(), &mut |leaf| {
        see(leaf);
        None
    });
}

pub(super) fn text<'v>(value: &'v Value, name: &str) -> Option<&'v str> {
    value.get(name).and_then(Value::as_str)
}

/// The id of a resource, as a text.
pub(super) fn id_of(resource: &Value) -> Option<String> {
    match resource.get("id")? {
        Value::String(id) if !id.is_empty() => Some(id.clone()),
        Value::Number(id) => Some(id.to_string()),
        _ => None,
    }
}
