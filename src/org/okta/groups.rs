//! Groups: `/api/v1/groups`, and who is in them.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use crate::idp::{Change, Group as InDirectory, Provisioner};
use crate::org::okta::body::{inner, object, required, text};
use crate::org::okta::errors::Refusal;
use crate::org::okta::event::{self, Event, instant};
use crate::org::okta::listing::{Pages, filtered, page};
use crate::org::okta::{Okta, Pending};
use crate::org::{Ask, Reply, Said};

const PAGES: Pages = Pages {
    usual: 10_000,
    most: 10_000,
};

/// A group of the org.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Group {
    /// 20 characters that begin with `00g`; the key in the engine's directory, too.
    pub(crate) id: String,
    /// What people read.
    pub(crate) name: String,
    description: Option<String>,
    /// Ids of the users in it.
    pub(crate) members: BTreeSet<String>,
    created: String,
    updated: String,
    membership_updated: String,
}

impl Group {
    /// As the API shows it.
    fn shown(&self, base: &str) -> Value {
        let own = format!("{base}/api/v1/groups/{}", self.id);
        json!({
            "id": self.id,
            "created": self.created,
            "lastUpdated": self.updated,
            "lastMembershipUpdated": self.membership_updated,
            "objectClass": ["okta:user_group"],
            "type": "OKTA_GROUP",
            "profile": {"name": self.name, "description": self.description},
            "_links": {
                "users": {"href": format!("{own}/users")},
                "apps": {"href": format!("{own}/apps")},
            },
        })
    }

    /// As the System Log names it.
    pub(crate) fn target(&self) -> Value {
        event::group(&self.id, &self.name)
    }
}

/// Name and description of a body.
fn profile_of(body: &Map<String, Value>) -> Result<(String, Option<String>), Refusal> {
    let profile = inner(body, "profile")?
        .ok_or_else(|| Refusal::invalid("profile", "The field cannot be left blank"))?;
    let name = required(profile, "name")?.to_owned();
    if name.chars().count() > 255 {
        return Err(Refusal::invalid(
            "name",
            "The field must have at most 255 characters",
        ));
    }
    Ok((name, text(profile, "description")?.map(str::to_owned)))
}

impl Okta {
    /// The group of that id.
    pub(crate) fn group(&self, id: &str) -> Result<&Group, Refusal> {
        self.groups
            .iter()
            .find(|group| group.id == id)
            .ok_or_else(|| Refusal::Missing(id.to_owned(), "UserGroup"))
    }

    fn group_mut(&mut self, id: &str) -> &mut Group {
        self.groups
            .iter_mut()
            .find(|group| group.id == id)
            .expect("the group has been looked up")
    }

    /// The groups that a body adds a user to.
    pub(crate) fn groups_of(&self, body: &Map<String, Value>) -> Result<Vec<String>, Refusal> {
        let ids = match body.get("groupIds") {
            None | Some(Value::Null) => return Ok(Vec::new()),
            Some(Value::Array(ids)) => ids,
            Some(_) => return Err(Refusal::invalid("groupIds", "The value must be a list")),
        };
        ids.iter()
            .map(|id| {
                let id = id
                    .as_str()
                    .ok_or_else(|| Refusal::invalid("groupIds", "The value must be a string"))?;
                Ok(self.group(id)?.id.clone())
            })
            .collect()
    }

    /// `GET /api/v1/groups?q=&filter=&search=&limit=`.
    pub(crate) fn list_groups(&self, ask: &Ask) -> Result<Reply, Refusal> {
        let words = ask.parameter("q").unwrap_or_default().to_lowercase();
        let shown = self
            .groups
            .iter()
            .filter(|group| group.name.to_lowercase().starts_with(&words))
            .map(|group| group.shown(&ask.base));
        page(ask, filtered(ask, shown.collect())?, PAGES)
    }

    /// `GET /api/v1/groups/{id}`.
    pub(crate) fn shown_group(&self, base: &str, id: &str) -> Result<Value, Refusal> {
        Ok(self.group(id)?.shown(base))
    }

    /// `POST /api/v1/groups`.
    pub(crate) fn create_group(
        &mut self,
        ask: &Ask,
        provisioner: &mut Provisioner,
    ) -> Result<Said<Pending>, Refusal> {
        let (name, description) = profile_of(&object(ask)?)?;
        self.check_name(&name, None)?;
        let now = instant(ask.at);
        let group = Group {
            id: self.ids.okta("00g"),
            name,
            description,
            members: BTreeSet::new(),
            created: now.clone(),
            updated: now.clone(),
            membership_updated: now.clone(),
        };
        let in_directory = InDirectory {
            attributes: Map::from_iter([(
                "displayName".to_owned(),
                Value::from(group.name.as_str()),
            )]),
            ..InDirectory::default()
        };
        provisioner
            .directory_mut()
            .groups
            .insert(group.id.clone(), in_directory);
        self.log(
            Event::new("group.lifecycle.create", "Create Okta group", &now).at([group.target()]),
        );
        let shown = group.shown(&ask.base);
        self.groups.push(group);
        Ok(Said::Reply(Reply::json(200, shown)))
    }

    /// `PUT /api/v1/groups/{id}`.
    pub(crate) fn update_group(
        &mut self,
        ask: &Ask,
        id: &str,
        provisioner: &mut Provisioner,
    ) -> Result<Said<Pending>, Refusal> {
        let old = self.group(id)?.name.clone();
        let (name, description) = profile_of(&object(ask)?)?;
        self.check_name(&name, Some(id))?;
        let now = instant(ask.at);
        let group = self.group_mut(id);
        group.name.clone_from(&name);
        group.description = description;
        group.updated.clone_from(&now);
        let (target, shown) = (group.target(), group.shown(&ask.base));
        self.log(Event::new("group.profile.update", "Update group profile", &now).at([target]));
        let mut changes = Vec::new();
        if name != old {
            let change = Change::RenameGroup(id.to_owned(), name);
            changes = self.pushed(id, change, provisioner);
        }
        Ok(Said::Provision(
            changes,
            Pending::Reply(Reply::json(200, shown)),
        ))
    }

    /// `DELETE /api/v1/groups/{id}`. Not while it is pushed.
    pub(crate) fn delete_group(
        &mut self,
        ask: &Ask,
        id: &str,
        provisioner: &mut Provisioner,
    ) -> Result<Said<Pending>, Refusal> {
        let group = self.group(id)?.clone();
        if self.mappings.iter().any(|mapping| mapping.source == id) {
            return Err(Refusal::precondition(
                "group",
                "The group has a group push mapping; delete that first",
            ));
        }
        let now = instant(ask.at);
        self.app_groups.retain(|one| one.group != id);
        self.groups.retain(|one| one.id != id);
        provisioner.directory_mut().groups.remove(id);
        self.log(
            Event::new("group.lifecycle.delete", "Delete Okta group", &now).at([group.target()]),
        );
        let mut changes = Vec::new();
        for member in &group.members {
            changes.extend(self.reassigned(member, &now));
        }
        let changes = self.allowed(changes, provisioner);
        Ok(Said::Provision(changes, Pending::Reply(Reply::empty(204))))
    }

    /// `GET /api/v1/groups/{id}/users`.
    pub(crate) fn list_members(&self, ask: &Ask, id: &str) -> Result<Reply, Refusal> {
        let group = self.group(id)?;
        let shown = self
            .users
            .iter()
            .filter(|user| group.members.contains(&user.id))
            .map(|user| user.shown(&ask.base));
        page(ask, shown.collect(), PAGES)
    }

    /// `GET /api/v1/users/{id}/groups`.
    pub(crate) fn groups_of_user(&self, ask: &Ask, name: &str) -> Result<Reply, Refusal> {
        let user = self.user(name)?;
        let shown = self
            .groups
            .iter()
            .filter(|group| group.members.contains(&user.id))
            .map(|group| group.shown(&ask.base));
        page(ask, shown.collect(), PAGES)
    }

    /// `PUT` and `DELETE /api/v1/groups/{id}/users/{user}`.
    pub(crate) fn change_member(
        &mut self,
        ask: &Ask,
        group: &str,
        name: &str,
        provisioner: &mut Provisioner,
    ) -> Result<Said<Pending>, Refusal> {
        self.group(group)?;
        let user = self.user(name)?.id.clone();
        let now = instant(ask.at);
        let changes = match ask.method.as_str() {
            "PUT" => self.add_member(group, &user, &now, provisioner),
            _ => self.remove_member(group, &user, &now, provisioner),
        };
        Ok(Said::Provision(changes, Pending::Reply(Reply::empty(204))))
    }

    /// Whoever comes into a group that is assigned gets an account first; then the group that is pushed has another
    /// member (okta.md 6.1).
    pub(crate) fn add_member(
        &mut self,
        id: &str,
        user: &str,
        now: &str,
        provisioner: &mut Provisioner,
    ) -> Vec<Change> {
        let group = self.group_mut(id);
        if !group.members.insert(user.to_owned()) {
            return Vec::new();
        }
        group.membership_updated = now.to_owned();
        self.log_member("add", id, user, now);
        let assigned = self.reassigned(user, now);
        self.place(user, provisioner);
        let mut changes = self.allowed(assigned, provisioner);
        let change = Change::AddMembers(id.to_owned(), vec![user.to_owned()]);
        changes.extend(self.pushed(id, change, provisioner));
        changes
    }

    /// The other way round: who is inactive already would not be taken out (okta.md 6.1, 9.6 C9333).
    fn remove_member(
        &mut self,
        id: &str,
        user: &str,
        now: &str,
        provisioner: &mut Provisioner,
    ) -> Vec<Change> {
        let group = self.group_mut(id);
        if !group.members.remove(user) {
            return Vec::new();
        }
        group.membership_updated = now.to_owned();
        self.log_member("remove", id, user, now);
        let change = Change::RemoveMembers(id.to_owned(), vec![user.to_owned()]);
        let mut changes = self.pushed(id, change, provisioner);
        let unassigned = self.reassigned(user, now);
        changes.extend(self.allowed(unassigned, provisioner));
        changes
    }

    /// A change of a group, which is sent if the group is pushed now.
    fn pushed(&self, id: &str, change: Change, provisioner: &mut Provisioner) -> Vec<Change> {
        if self.is_pushed(id) {
            return self.allowed(vec![change], provisioner);
        }
        unsent(&change, provisioner);
        Vec::new()
    }

    fn check_name(&self, name: &str, own: Option<&str>) -> Result<(), Refusal> {
        let taken = self
            .groups
            .iter()
            .any(|group| Some(group.id.as_str()) != own && group.name == name);
        match taken {
            true => Err(Refusal::invalid(
                "name",
                "An object with this field already exists in the current organization",
            )),
            false => Ok(()),
        }
    }

    fn log_member(&mut self, verb: &str, id: &str, user: &str, now: &str) {
        let (Ok(group), Ok(user)) = (self.group(id), self.user(user)) else {
            return;
        };
        let (kind, message) = match verb {
            "add" => ("group.user_membership.add", "Add user to group membership"),
            _ => (
                "group.user_membership.remove",
                "Remove user from group membership",
            ),
        };
        let targets = [user.target(), group.target()];
        self.log(Event::new(kind, message, now).at(targets));
    }
}

/// Makes a change in the directory that nobody is told of.
pub(crate) fn unsent(change: &Change, provisioner: &mut Provisioner) {
    // Everybody in the org is in the directory, so that nobody can be missing.
    let _ = change.apply(provisioner.directory_mut());
}
