//! Assignments: users of the application, `/api/v1/apps/{id}/users`, and what provisioning has made of each.

use serde_json::{Map, Value, json};

use crate::idp::{Change, Did, Provisioner, Subject};
use crate::org::okta::apps::App;
use crate::org::okta::body::{inner, object, required, text};
use crate::org::okta::errors::Refusal;
use crate::org::okta::event::{self, Event, instant};
use crate::org::okta::listing::{Pages, filtered, page};
use crate::org::okta::users::{Status, User};
use crate::org::okta::{Okta, Pending, profile};
use crate::org::work::Work;
use crate::org::{Ask, Reply, Said};

const PAGES: Pages = Pages {
    usual: 50,
    most: 500,
};

/// A user who is assigned to the application.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Assignment {
    /// By itself, and not only by a group.
    pub(crate) by_hand: bool,
    /// What differs at the application from what the user has, by the names of the user's properties; `null`: nothing.
    pub(crate) overrides: Map<String, Value>,
    /// The id that the target gave.
    pub(crate) external_id: Option<String>,
    /// What came of the last attempt.
    pub(crate) sync: Sync,
    /// When that was.
    pub(crate) last_sync: Option<String>,
    created: String,
    updated: String,
    status_changed: String,
}

/// Whether the target has what the org has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sync {
    /// Nothing was provisioned: that is switched off, or the user is staged.
    Disabled,
    /// It has.
    Synchronized,
    /// The last attempt failed; the System Log says why.
    Error,
}

impl Sync {
    fn name(self) -> &'static str {
        match self {
            Self::Disabled => "DISABLED",
            Self::Synchronized => "SYNCHRONIZED",
            Self::Error => "ERROR",
        }
    }
}

impl Assignment {
    /// One that begins now.
    pub(crate) fn new(by_hand: bool, now: &str) -> Self {
        Self {
            by_hand,
            overrides: Map::new(),
            external_id: None,
            sync: Sync::Disabled,
            last_sync: None,
            created: now.to_owned(),
            updated: now.to_owned(),
            status_changed: now.to_owned(),
        }
    }

    fn status(&self, user: &User) -> &'static str {
        match (user.status, self.external_id.is_some()) {
            (Status::Staged, _) => "STAGED",
            (Status::Suspended, _) => "SUSPENDED",
            (_, true) => "PROVISIONED",
            (_, false) => "ACTIVE",
        }
    }

    /// What provisioning has come to.
    pub(crate) fn after(&mut self, work: &Work, id: Option<String>, at: &str) {
        match &work.did {
            // Nothing was to be done, so nothing has changed.
            Ok(Did::Nothing) => return,
            Ok(_) => self.sync = Sync::Synchronized,
            Err(_) => self.sync = Sync::Error,
        }
        if id != self.external_id {
            self.external_id = id;
            self.status_changed = at.to_owned();
        }
        self.last_sync = Some(at.to_owned());
        self.updated = at.to_owned();
    }
}

impl Okta {
    /// What the application gets of a user: their profile, what their group says of it, what is said of them alone.
    pub(crate) fn profile_at_application(&self, user: &User) -> Map<String, Value> {
        let Some(assignment) = self.assignments.get(&user.id) else {
            return user.profile.clone();
        };
        let group = (!assignment.by_hand)
            .then(|| self.group_overrides(&user.id))
            .flatten();
        let overrides: Vec<&Map<String, Value>> =
            group.into_iter().chain([&assignment.overrides]).collect();
        profile::overridden(&user.profile, &overrides)
    }

    fn shown_assignment(&self, base: &str, user: &User, assignment: &Assignment) -> Value {
        let profile = self.profile_at_application(user);
        let App { id: app, .. } = &self.app;
        let scope = if assignment.by_hand { "USER" } else { "GROUP" };
        json!({
            "id": user.id,
            "externalId": assignment.external_id,
            "created": assignment.created,
            "lastUpdated": assignment.updated,
            "scope": scope,
            "status": assignment.status(user),
            "statusChanged": assignment.status_changed,
            "passwordChanged": null,
            "syncState": assignment.sync.name(),
            "lastSync": assignment.last_sync,
            "credentials": {"userName": profile.get("login")},
            "profile": profile::of_application(&profile),
            "_links": {
                "app": {"href": format!("{base}/api/v1/apps/{app}")},
                "user": {"href": format!("{base}/api/v1/users/{}", user.id)},
            },
        })
    }

    /// An assignment by the user's id.
    pub(crate) fn shown_assigned(&self, base: &str, id: &str) -> Result<Value, Refusal> {
        let missing = || Refusal::Missing(id.to_owned(), "AppUser");
        let user = self.user(id).map_err(|_| missing())?;
        let assignment = self.assignments.get(&user.id).ok_or_else(missing)?;
        Ok(self.shown_assignment(base, user, assignment))
    }

    /// `GET /api/v1/apps/{id}/users`.
    pub(crate) fn list_assigned(&self, ask: &Ask) -> Result<Reply, Refusal> {
        let shown = self.users.iter().filter_map(|user| {
            let assignment = self.assignments.get(&user.id)?;
            Some(self.shown_assignment(&ask.base, user, assignment))
        });
        page(ask, filtered(ask, shown.collect())?, PAGES)
    }

    /// `POST /api/v1/apps/{id}/users`: assigns, or changes an assignment that is there.
    pub(crate) fn assign(
        &mut self,
        ask: &Ask,
        provisioner: &mut Provisioner,
    ) -> Result<Said<Pending>, Refusal> {
        let body = object(ask)?;
        let id = self.user(required(&body, "id")?)?.id.clone();
        if !matches!(text(&body, "scope")?, None | Some("USER")) {
            return Err(Refusal::invalid(
                "scope",
                "Only USER can be assigned; GROUP comes of a group that is assigned",
            ));
        }
        self.assigned_to(ask, &id, &body, provisioner)
    }

    /// `POST /api/v1/apps/{id}/users/{user}`: changes an assignment. What failed before is tried again.
    pub(crate) fn update_assigned(
        &mut self,
        ask: &Ask,
        name: &str,
        provisioner: &mut Provisioner,
    ) -> Result<Said<Pending>, Refusal> {
        self.shown_assigned(&ask.base, name)?;
        let id = self.user(name)?.id.clone();
        let body = object(ask)?;
        self.assigned_to(ask, &id, &body, provisioner)
    }

    fn assigned_to(
        &mut self,
        ask: &Ask,
        id: &str,
        body: &Map<String, Value>,
        provisioner: &mut Provisioner,
    ) -> Result<Said<Pending>, Refusal> {
        let user = self.user(id)?;
        if user.status == Status::Deprovisioned {
            return Err(Refusal::precondition(
                "user",
                "A deactivated user cannot be assigned to an application",
            ));
        }
        let empty = Map::new();
        let given = inner(body, "profile")?.unwrap_or(&empty);
        let mut given = given.clone();
        if let Some(name) = inner(body, "credentials")?
            .map(|credentials| text(credentials, "userName"))
            .transpose()?
            .flatten()
        {
            given.insert("userName".to_owned(), Value::from(name));
        }
        let overrides = profile::overrides(&given, &user.profile)?;
        let now = instant(ask.at);
        let is_update = ask.path.len() > 5;
        let is_new = !self.assignments.contains_key(id);
        let assignment = self
            .assignments
            .entry(id.to_owned())
            .or_insert_with(|| Assignment::new(true, &now));
        // What is given and equals what the user has is no override any more.
        for name in profile::sources(&given) {
            assignment.overrides.shift_remove(name);
        }
        assignment.overrides.extend(overrides);
        assignment.by_hand |= !is_update;
        assignment.updated.clone_from(&now);
        self.log_membership(if is_new { "add" } else { "update" }, id, &now);
        self.place(id, provisioner);
        let changes = self.provisioned_anew(id, provisioner);
        Ok(Said::Provision(changes, Pending::Assigned(id.to_owned())))
    }

    /// Creates or links whoever has no account yet, and pushes the profile of the others.
    pub(crate) fn provisioned_anew(
        &mut self,
        id: &str,
        provisioner: &mut Provisioner,
    ) -> Vec<Change> {
        let key = id.to_owned();
        let is_assigned = provisioner
            .directory()
            .people
            .get(id)
            .is_some_and(|person| person.assigned);
        let has_account = provisioner
            .memory()
            .user(id)
            .is_some_and(|link| link.active);
        let change = match is_assigned && has_account {
            true => Change::Update(key, Map::new()),
            false => Change::Assign(key),
        };
        self.allowed(vec![change], provisioner)
    }

    /// `DELETE /api/v1/apps/{id}/users/{user}`.
    pub(crate) fn unassign(
        &mut self,
        ask: &Ask,
        name: &str,
        provisioner: &mut Provisioner,
    ) -> Result<Said<Pending>, Refusal> {
        self.shown_assigned(&ask.base, name)?;
        let id = self.user(name)?.id.clone();
        let by_hand = self.assignments.get(&id).is_some_and(|one| one.by_hand);
        if !by_hand {
            return Err(Refusal::precondition(
                "user",
                "The assignment comes of a group; take the user out of the group, or the group from the application",
            ));
        }
        let now = instant(ask.at);
        self.assignments.remove(&id);
        self.log_membership("remove", &id, &now);
        // A group that is assigned keeps its members assigned.
        let mut changes = self.reassigned(&id, &now);
        if changes.is_empty() {
            changes.push(Change::Unassign(id));
        }
        let changes = self.allowed(changes, provisioner);
        Ok(Said::Provision(changes, Pending::Reply(Reply::empty(204))))
    }

    /// Assigns or unassigns somebody as their groups now say.
    pub(crate) fn reassigned(&mut self, id: &str, now: &str) -> Vec<Change> {
        let Ok(user) = self.user(id) else {
            return Vec::new();
        };
        let by_group = user.status != Status::Deprovisioned && self.is_in_assigned_group(id);
        match (self.assignments.get(id), by_group) {
            (None, true) => {
                self.assignments
                    .insert(id.to_owned(), Assignment::new(false, now));
                self.log_membership("add", id, now);
                vec![Change::Assign(id.to_owned())]
            }
            (Some(assignment), false) if !assignment.by_hand => {
                self.assignments.remove(id);
                self.log_membership("remove", id, now);
                vec![Change::Unassign(id.to_owned())]
            }
            _ => Vec::new(),
        }
    }

    /// The log says that somebody was assigned, changed or unassigned.
    pub(crate) fn log_membership(&mut self, verb: &str, id: &str, now: &str) {
        let Ok(user) = self.user(id) else {
            return;
        };
        let (kind, message) = match verb {
            "add" => (
                "application.user_membership.add",
                "Add user to application membership",
            ),
            "remove" => (
                "application.user_membership.remove",
                "Remove users application membership",
            ),
            _ => (
                "application.user_membership.update",
                "Updated user application property",
            ),
        };
        let app_user = event::app_user(Some(&user.id), user.login(), &user.name());
        let targets = [app_user, event::app(&self.app), user.target()];
        self.log(Event::new(kind, message, now).at(targets));
    }

    /// Notes what provisioning has made of somebody.
    pub(crate) fn note_user(&mut self, work: &Work, provisioner: &Provisioner, at: &str) {
        let Some(Subject::User(key)) = &work.subject else {
            return;
        };
        let id = provisioner.memory().user(key).map(|link| link.id.clone());
        if let Some(assignment) = self.assignments.get_mut(key) {
            assignment.after(work, id, at);
        }
    }
}
