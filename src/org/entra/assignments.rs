//! Assignments: which users and groups are assigned to the application, and with them in the scope of provisioning. The same
//! assignments are seen from the application, from a user and from a group.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::application::{NO_ROLE, ROLES};
use super::fault::Fault;
use super::query::Options;
use super::users::with_context;
use super::{Answer, Call, Entra};
use crate::idp::{Change, Provisioner, Subject};
use crate::org::{Reply, Said};

/// What a filter over assignments may name.
const FILTERABLE: [&str; 6] = [
    "id",
    "appRoleId",
    "principalId",
    "principalDisplayName",
    "principalType",
    "resourceId",
];
const OTHERS: [&str; 2] = ["createdDateTime", "resourceDisplayName"];

/// An assignment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Assignment {
    pub(super) id: String,
    pub(super) principal: Principal,
    /// The GUID of the role.
    pub(super) role: String,
    created: String,
}

/// A user or a group, by its id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Principal(Subject);

impl Principal {
    pub(super) fn id(&self) -> &str {
        self.0.key()
    }
}

impl Entra {
    /// The user or group that a path names.
    pub(super) fn principal(&self, kind: &str, id: &str) -> Result<Principal, Fault> {
        let subject = match kind {
            "users" => Subject::User(self.users[self.user_place(id)?].id.clone()),
            _ => Subject::Group(self.groups[self.group_place(id)?].id.clone()),
        };
        Ok(Principal(subject))
    }

    /// `…/appRoleAssignedTo` of the application, or `…/appRoleAssignments` of a user or a group.
    pub(super) fn assigned(
        &mut self,
        call: Call<'_>,
        of: Option<&Principal>,
        path: &[&str],
        provisioner: &mut Provisioner,
    ) -> Answer {
        match path {
            [] => match call.method() {
                "GET" => self.assignments_of(call, of),
                "POST" => self.assign(call, of, provisioner),
                _ => Err(call.no_method("GET, POST")),
            },
            [id] => {
                let assignment = self
                    .assignments
                    .iter()
                    .find(|known| known.id == *id && of.is_none_or(|of| known.principal == *of))
                    .cloned()
                    .ok_or_else(|| Fault::missing("assignment", id))?;
                match call.method() {
                    "GET" => {
                        let shown = self.assignment_shown(&assignment);
                        let shown = with_context(call, "appRoleAssignments/$entity", shown);
                        Ok(Said::Reply(Reply::json(200, shown)))
                    }
                    "DELETE" => {
                        self.assignments.retain(|known| known.id != assignment.id);
                        self.provision_assignment(&assignment.principal, provisioner);
                        Ok(self.after(call, Reply::empty(204)))
                    }
                    _ => Err(call.no_method("GET, DELETE")),
                }
            }
            _ => Err(Fault::unknown_path(&call.path())),
        }
    }

    fn assignments_of(&self, call: Call<'_>, of: Option<&Principal>) -> Answer {
        let options = Options::read(call.ask, &FILTERABLE, &OTHERS)?;
        let shown = self
            .assignments
            .iter()
            .filter(|assignment| of.is_none_or(|of| assignment.principal == *of))
            .map(|assignment| self.assignment_shown(assignment))
            .collect();
        let context = call.context("appRoleAssignments");
        let list = options.list(call.ask, &context, shown, None);
        Ok(Said::Reply(Reply::json(200, list)))
    }

    fn assign(
        &mut self,
        call: Call<'_>,
        of: Option<&Principal>,
        provisioner: &mut Provisioner,
    ) -> Answer {
        let body = call.body()?;
        let [principal, resource, role] = ["principalId", "resourceId", "appRoleId"].map(|name| {
            body.get(name)
                .and_then(Value::as_str)
                .map(str::to_ascii_lowercase)
                .ok_or_else(|| {
                    Fault::invalid(name, format!("an assignment needs `{name}`, a GUID"))
                })
        });
        let (principal, resource, role) = (principal?, resource?, role?);
        if of.is_some_and(|of| of.id() != principal) {
            return Err(Fault::invalid(
                "principalId",
                "`principalId` must be the id that the path names",
            ));
        }
        if resource != self.application.principal {
            return Err(Fault::invalid(
                "resourceId",
                format!(
                    "`resourceId` must be the service principal `{}`; there is no other application",
                    self.application.principal
                ),
            ));
        }
        if role != NO_ROLE && !ROLES.iter().any(|(id, _)| *id == role) {
            return Err(Fault::invalid(
                "appRoleId",
                format!("the application has no role `{role}`; its `appRoles` name those it has"),
            ));
        }
        let subject = match (self.user_place(&principal), self.group_place(&principal)) {
            (Ok(place), _) => Subject::User(self.users[place].id.clone()),
            (Err(_), Ok(place)) => Subject::Group(self.groups[place].id.clone()),
            (Err(_), Err(_)) => return Err(Fault::missing("user or group", &principal)),
        };
        let principal = Principal(subject);
        let is_there = self
            .assignments
            .iter()
            .any(|known| known.principal == principal && known.role == role);
        if is_there {
            return Err(Fault::invalid(
                "appRoleId",
                "the permission that is assigned already exists on the object",
            ));
        }
        let assignment = Assignment {
            // Graph's ids are not GUIDs, and have no hyphens that a script could count on.
            id: self.ids.uuid().replace('-', ""),
            principal: principal.clone(),
            role,
            created: call.ask.at.to_string(),
        };
        let shown = self.assignment_shown(&assignment);
        let shown = with_context(call, "appRoleAssignments/$entity", shown);
        self.assignments.push(assignment);
        self.provision_assignment(&principal, provisioner);
        Ok(self.after(call, Reply::json(201, shown)))
    }

    /// What follows from an assignment that has come or gone.
    fn provision_assignment(&mut self, principal: &Principal, provisioner: &mut Provisioner) {
        match &principal.0 {
            Subject::User(id) => self.provision_user(id, provisioner),
            Subject::Group(id) => {
                let members: BTreeSet<String> = self
                    .groups
                    .iter()
                    .filter(|group| group.id == *id)
                    .flat_map(|group| group.members.iter().cloned())
                    .collect();
                let is_assigned = self
                    .assignments
                    .iter()
                    .any(|assignment| assignment.principal.id() == id);
                let change = match is_assigned {
                    true => Change::PushGroup(id.clone()),
                    false => Change::UnlinkGroup {
                        group: id.clone(),
                        delete: true,
                    },
                };
                self.provision_scope(&members, change, provisioner);
            }
        }
    }

    fn assignment_shown(&self, assignment: &Assignment) -> Value {
        let (name, kind) = match &assignment.principal.0 {
            Subject::User(id) => {
                let user = self.users.iter().find(|user| user.id == *id);
                (user.map(|user| user.text("displayName")), "User")
            }
            Subject::Group(id) => {
                let group = self.groups.iter().find(|group| group.id == *id);
                (group.map(|group| group.text("displayName")), "Group")
            }
        };
        let shown: Map<String, Value> = [
            ("id", json!(assignment.id)),
            ("deletedDateTime", Value::Null),
            ("appRoleId", json!(assignment.role)),
            ("createdDateTime", json!(assignment.created)),
            ("principalDisplayName", json!(name)),
            ("principalId", json!(assignment.principal.id())),
            ("principalType", json!(kind)),
            ("resourceDisplayName", json!(self.application.name)),
            ("resourceId", json!(self.application.principal)),
        ]
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect();
        Value::Object(shown)
    }
}
