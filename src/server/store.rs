//! The resources of one tenant, with what is needed to find them quickly.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value};

use super::error::{Refusal, ScimType};
use super::index::Index;
use super::members::{Members, Step};
use super::policy::{Policies, Policy};
use crate::scim::schema::{ResourceType, Schemas};
use crate::scim::urn;

/// A moment, with the text in which it is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Moment {
    pub(crate) at: Timestamp,
    pub(crate) text: String,
}

impl Moment {
    /// Cut to milliseconds, so that what is shown is what is compared.
    pub(crate) fn new(now: Timestamp) -> Moment {
        let at = Timestamp::from_millisecond(now.as_millisecond()).unwrap_or(now);
        Moment {
            at,
            text: format!("{at:.3}"),
        }
    }

    fn after(now: Timestamp, before: &Moment) -> Moment {
        let moment = Moment::new(now);
        // A change within the same millisecond must still be seen to have come later.
        if moment.at > before.at {
            moment
        } else {
            Moment::new(before.at + SignedDuration::from_millis(1))
        }
    }
}

/// One stored resource. Attributes have their canonical names; computed ones (`id`, `meta`, `groups`, `members`, `schemas`)
/// are not among them.
#[derive(Debug, Clone)]
pub(crate) struct Resource {
    pub(crate) id: String,
    /// URNs of extensions in use, in the order of the resource type.
    pub(crate) extensions: Vec<String>,
    pub(crate) attributes: Map<String, Value>,
    pub(crate) members: Members,
    pub(crate) created: Moment,
    pub(crate) modified: Moment,
    pub(crate) version: u64,
}

impl Resource {
    pub(crate) fn etag(&self) -> String {
        format!("W/\"{}\"", self.version)
    }
}

/// All resources of one type.
#[derive(Debug)]
pub(crate) struct Shelf {
    pub(crate) resource_type: ResourceType,
    pub(crate) rows: BTreeMap<u64, Resource>,
    pub(crate) indexes: Vec<Index>,
    /// Whether its resources have members as groups do.
    pub(crate) has_members: bool,
    /// Whether its resources show the groups that they belong to.
    pub(crate) has_groups: bool,
}

/// Where a resource stands: which shelf, which row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    pub(crate) shelf: usize,
    pub(crate) row: u64,
}

#[derive(Debug)]
pub(crate) struct Store {
    pub(crate) schemas: Arc<Schemas>,
    pub(crate) policies: Policies,
    pub(crate) shelves: Vec<Shelf>,
    places: HashMap<String, Place>,
    groups_of: HashMap<String, BTreeSet<Place>>,
    next_row: u64,
    next_version: u64,
}

impl Store {
    pub(crate) fn new(schemas: Arc<Schemas>, policies: Policies) -> Store {
        let shelves = schemas
            .types()
            .iter()
            .map(|resource_type| Shelf {
                resource_type: resource_type.clone(),
                rows: BTreeMap::new(),
                indexes: Index::all_for(resource_type, &schemas),
                has_members: urn::same(&resource_type.schema, urn::GROUP),
                has_groups: urn::same(&resource_type.schema, urn::USER),
            })
            .collect();
        Store {
            schemas,
            policies,
            shelves,
            places: HashMap::new(),
            groups_of: HashMap::new(),
            next_row: 1,
            next_version: 1,
        }
    }

    pub(crate) fn place(&self, id: &str) -> Option<Place> {
        self.places.get(id).copied()
    }

    pub(crate) fn get(&self, place: Place) -> Option<&Resource> {
        self.shelves.get(place.shelf)?.rows.get(&place.row)
    }

    /// Where a resource of a certain type stands.
    pub(crate) fn find(&self, shelf: usize, id: &str) -> Result<Place, Refusal> {
        let found = self.places.get(id).filter(|place| place.shelf == shelf);
        found
            .copied()
            .ok_or_else(|| Refusal::not_found(&self.shelves[shelf].resource_type.name, id))
    }

    /// The groups that directly hold a member, oldest first.
    pub(crate) fn groups_with(&self, member: &str) -> impl Iterator<Item = Place> + '_ {
        self.groups_of.get(member).into_iter().flatten().copied()
    }

    /// Adds a resource under an id that must be new.
    pub(crate) fn insert(
        &mut self,
        shelf: usize,
        id: String,
        draft: Draft,
        now: Timestamp,
    ) -> Result<Place, Refusal> {
        self.check_unique(shelf, None, &draft.attributes, 409)?;
        let place = Place {
            shelf,
            row: self.next_row,
        };
        self.next_row += 1;
        let moment = Moment::new(now);
        let resource = Resource {
            id: id.clone(),
            extensions: draft.extensions,
            attributes: draft.attributes,
            members: draft.members,
            created: moment.clone(),
            modified: moment,
            version: self.next_version,
        };
        self.next_version += 1;
        self.restore(place, resource);
        Ok(place)
    }

    /// Puts a complete resource at a place, for new and for loaded ones.
    pub(crate) fn restore(&mut self, place: Place, resource: Resource) {
        for member in resource.members.iter() {
            self.groups_of
                .entry(member.value.clone())
                .or_default()
                .insert(place);
        }
        for index in &mut self.shelves[place.shelf].indexes {
            index.update(place.row, None, Some(&resource.attributes), &self.policies);
        }
        self.next_row = self.next_row.max(place.row + 1);
        self.next_version = self.next_version.max(resource.version + 1);
        self.places.insert(resource.id.clone(), place);
        self.shelves[place.shelf].rows.insert(place.row, resource);
    }

    /// Takes a resource's members out to be changed; [`Store::commit`] or [`Store::roll_back`] must follow.
    pub(crate) fn begin(&mut self, place: Place) -> Option<Draft> {
        let resource = self.shelves[place.shelf].rows.get_mut(&place.row)?;
        Some(Draft {
            extensions: resource.extensions.clone(),
            attributes: resource.attributes.clone(),
            members: std::mem::take(&mut resource.members),
            steps: Vec::new(),
        })
    }

    /// Undoes what was done to a draft and puts it back.
    pub(crate) fn roll_back(&mut self, place: Place, mut draft: Draft) {
        draft.members.undo(draft.steps);
        if let Some(resource) = self.shelves[place.shelf].rows.get_mut(&place.row) {
            resource.members = draft.members;
        }
    }

    /// Makes a draft the resource. Nothing moves, neither version nor time, when it says what was there before.
    pub(crate) fn commit(
        &mut self,
        place: Place,
        draft: Draft,
        now: Timestamp,
    ) -> Result<(), Refusal> {
        let status = if self.policies.first(Policy::UniquenessStatus) {
            409
        } else {
            400
        };
        if let Err(refusal) =
            self.check_unique(place.shelf, Some(place.row), &draft.attributes, status)
        {
            self.roll_back(place, draft);
            return Err(refusal);
        }
        let Shelf { rows, indexes, .. } = &mut self.shelves[place.shelf];
        let Some(resource) = rows.get_mut(&place.row) else {
            return Ok(());
        };
        let same = resource.attributes == draft.attributes
            && resource.extensions == draft.extensions
            && draft.steps.is_empty();
        resource.members = draft.members;
        if same {
            return Ok(());
        }
        resource.modified = Moment::after(now, &resource.modified);
        resource.version = self.next_version;
        self.next_version += 1;
        resource.extensions = draft.extensions;
        let before = std::mem::replace(&mut resource.attributes, draft.attributes);
        let after = &resource.attributes;
        for index in indexes {
            index.update(place.row, Some(&before), Some(after), &self.policies);
        }
        for step in draft.steps {
            self.follow(place, step);
        }
        Ok(())
    }

    /// Brings the table of memberships in line with a step. Steps are done already, so what counts is the final state.
    fn follow(&mut self, group: Place, step: Step) {
        let touched = match step {
            Step::Joined(value) => vec![value],
            Step::Left(_, member) => vec![member.value],
            Step::All(before) => before.iter().map(|member| member.value.clone()).collect(),
        };
        for value in touched {
            let is_member = self
                .get(group)
                .is_some_and(|resource| resource.members.contains(&value));
            if is_member {
                self.groups_of.entry(value).or_default().insert(group);
            } else if let Some(groups) = self.groups_of.get_mut(&value) {
                groups.remove(&group);
                if groups.is_empty() {
                    self.groups_of.remove(&value);
                }
            }
        }
    }

    /// Removes a resource, and it from all groups, which thereby change.
    pub(crate) fn remove(&mut self, place: Place, now: Timestamp) {
        let Some(resource) = self.shelves[place.shelf].rows.remove(&place.row) else {
            return;
        };
        self.places.remove(&resource.id);
        for index in &mut self.shelves[place.shelf].indexes {
            index.update(place.row, Some(&resource.attributes), None, &self.policies);
        }
        for member in resource.members.iter() {
            if let Some(groups) = self.groups_of.get_mut(&member.value) {
                groups.remove(&place);
            }
        }
        for group in self.groups_of.remove(&resource.id).unwrap_or_default() {
            let version = self.next_version;
            if let Some(group) = self.shelves[group.shelf].rows.get_mut(&group.row) {
                group.members.leave(&resource.id, &mut Vec::new());
                group.modified = Moment::after(now, &group.modified);
                group.version = version;
                self.next_version += 1;
            }
        }
    }

    fn check_unique(
        &self,
        shelf: usize,
        own: Option<u64>,
        attributes: &Map<String, Value>,
        status: u16,
    ) -> Result<(), Refusal> {
        let shelf = &self.shelves[shelf];
        let names_are_unique = shelf.has_members && self.policies.first(Policy::GroupNames);
        for index in &shelf.indexes {
            let applies = index.unique || (names_are_unique && index.field.name == "displayName");
            if applies && index.conflict(attributes, own, &self.policies).is_some() {
                let detail = format!(
                    "another {} has the same `{}`",
                    shelf.resource_type.name, index.field.name
                );
                return Err(Refusal {
                    scim_type: Some(ScimType::Uniqueness),
                    ..Refusal::new(status, detail)
                });
            }
        }
        Ok(())
    }
}

/// A resource while it is being written.
#[derive(Debug, Default)]
pub(crate) struct Draft {
    pub(crate) extensions: Vec<String>,
    pub(crate) attributes: Map<String, Value>,
    pub(crate) members: Members,
    pub(crate) steps: Vec<Step>,
}
