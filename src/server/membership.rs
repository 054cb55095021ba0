//! What follows from membership: a user's groups, and how members and groups are called.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::members::Member;
use super::policy::Policy;
use super::store::{Place, Store};

impl Store {
    /// The groups of a member, direct ones first, each with whether the membership is direct (RFC 7643 4.1.2).
    pub(crate) fn groups_of(&self, id: &str) -> Vec<(Place, bool)> {
        let mut found: Vec<(Place, bool)> =
            self.groups_with(id).map(|group| (group, true)).collect();
        let mut seen: BTreeSet<Place> = found.iter().map(|(group, _)| *group).collect();
        let mut next = 0;
        while let Some((group, _)) = found.get(next).copied() {
            next += 1;
            let Some(group) = self.get(group) else {
                continue;
            };
            for parent in self.groups_with(&group.id) {
                if seen.insert(parent) {
                    found.push((parent, false));
                }
            }
        }
        found
    }

    /// The `displayName` of a resource. Nothing else stands in for it: a client that gave no name is not told one.
    pub(crate) fn display_of(&self, id: &str) -> Option<&str> {
        self.get(self.place(id)?)?
            .attributes
            .get("displayName")?
            .as_str()
    }

    /// The name of a resource's type.
    pub(crate) fn type_of(&self, id: &str) -> Option<&str> {
        Some(&self.shelves[self.place(id)?.shelf].resource_type.name)
    }

    /// The path of a resource below the base address.
    pub(crate) fn relative_location(&self, place: Place, id: &str) -> String {
        format!("{}/{id}", self.shelves[place.shelf].resource_type.endpoint)
    }

    /// A member as it is shown; what the server knows about it goes before what the client said.
    pub(crate) fn member_element(&self, member: &Member, base: &str) -> Value {
        let known = self.place(&member.value);
        let mut element = Map::new();
        element.insert("value".to_owned(), Value::from(member.value.as_str()));
        if let Some(place) = known {
            element.insert(
                "$ref".to_owned(),
                Value::from(format!(
                    "{base}{}",
                    self.relative_location(place, &member.value)
                )),
            );
        }
        if let Some(kind) = self.type_of(&member.value).or(member.kind.as_deref()) {
            element.insert("type".to_owned(), Value::from(kind));
        }
        let own = member.display.as_deref();
        let known = || self.display_of(&member.value);
        let display = match self.policies.first(Policy::Sample) {
            true => known().or(own),
            false => own.or_else(known),
        };
        if let Some(display) = display {
            element.insert("display".to_owned(), Value::from(display));
        }
        Value::Object(element)
    }

    /// The groups of a member as they are shown.
    pub(crate) fn group_elements(&self, id: &str, base: &str) -> Vec<Value> {
        let groups = self.groups_of(id).into_iter();
        groups
            .filter_map(|(place, direct)| {
                let group = self.get(place)?;
                let mut element = Map::new();
                element.insert("value".to_owned(), Value::from(group.id.as_str()));
                element.insert(
                    "$ref".to_owned(),
                    Value::from(format!(
                        "{base}{}",
                        self.relative_location(place, &group.id)
                    )),
                );
                if let Some(display) = self.display_of(&group.id) {
                    element.insert("display".to_owned(), Value::from(display));
                }
                element.insert(
                    "type".to_owned(),
                    Value::from(if direct { "direct" } else { "indirect" }),
                );
                Some(Value::Object(element))
            })
            .collect()
    }
}
