//! The application: its service principal, and the roles to which users and groups are assigned.

use serde_json::{Value, json};

use super::fault::Fault;
use super::log::Place;
use super::query::Options;
use super::{Answer, Call, Entra};
use crate::org::{Reply, Said};

/// The two roles that Entra gives to a non-gallery application, by id and name.
pub(super) const ROLES: [(&str, &str); 2] = [
    ("18d14569-c3bd-439b-9a66-3a2aee01d14f", "User"),
    ("b9632174-c057-4f7e-951b-be3adc52bfe6", "msiam_access"),
];
/// The role of who is assigned without one.
pub(super) const NO_ROLE: &str = "00000000-0000-0000-0000-000000000000";

/// What a filter over service principals may name.
const FILTERABLE: [&str; 5] = [
    "id",
    "appId",
    "displayName",
    "accountEnabled",
    "servicePrincipalType",
];
const OTHERS: [&str; 2] = ["appRoles", "appRoleAssignmentRequired"];

/// An application that provisions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Application {
    /// The GUID of its service principal, which Graph's paths name.
    pub(crate) principal: String,
    /// Its own GUID.
    pub(crate) id: String,
    /// Its name.
    pub(crate) name: String,
    /// Base URL of the target, as it is shown.
    pub(crate) target: String,
}

impl Application {
    /// Refuses another service principal.
    pub(super) fn is_ours(&self, id: &str) -> Result<(), Fault> {
        match id == self.principal {
            true => Ok(()),
            false => Err(Fault::missing("service principal", id)),
        }
    }

    /// Refuses another one in the form `servicePrincipals(appId='…')`.
    pub(super) fn is_keyed(&self, segment: &str) -> Result<(), Fault> {
        let id = segment
            .strip_prefix("serviceprincipals(appid='")
            .and_then(|rest| rest.strip_suffix("')"));
        match id {
            Some(id) if id == self.id => Ok(()),
            Some(id) => Err(Fault::missing("service principal with appId", id)),
            None => Err(Fault::query(
                "a service principal is addressed by its id, or as `servicePrincipals(appId='…')`",
            )),
        }
    }

    /// Whose log it is.
    pub(super) fn place(&self, tenant: &str, job: &str) -> Place {
        Place {
            tenant: tenant.to_owned(),
            job: job.to_owned(),
            application: self.id.clone(),
            principal: self.principal.clone(),
            name: self.name.clone(),
        }
    }

    fn shown(&self) -> Value {
        let roles: Vec<Value> = ROLES
            .into_iter()
            .map(|(id, name)| {
                json!({
                    "allowedMemberTypes": ["User"],
                    "description": name,
                    "displayName": name,
                    "id": id,
                    "isEnabled": true,
                    "origin": "Application",
                    "value": null,
                })
            })
            .collect();
        json!({
            "id": self.principal,
            "accountEnabled": true,
            "appId": self.id,
            "displayName": self.name,
            "appRoleAssignmentRequired": true,
            "servicePrincipalType": "Application",
            "appRoles": roles,
        })
    }
}

impl Entra {
    pub(super) fn service_principals(&self, call: Call<'_>) -> Answer {
        let options = Options::read(call.ask, &FILTERABLE, &OTHERS)?;
        if call.method() != "GET" {
            return Err(call.no_method("GET"));
        }
        let context = call.context("servicePrincipals");
        let list = options.list(call.ask, &context, vec![self.application.shown()], None);
        Ok(Said::Reply(Reply::json(200, list)))
    }

    pub(super) fn one_service_principal(&self, call: Call<'_>) -> Answer {
        let options = Options::read(call.ask, &FILTERABLE, &OTHERS)?;
        if call.method() != "GET" {
            return Err(call.no_method("GET"));
        }
        let mut body = json!({ "@odata.context": call.context("servicePrincipals/$entity") });
        if let Value::Object(members) = options.shown(self.application.shown(), None) {
            body.as_object_mut()
                .expect("it was made as an object")
                .extend(members);
        }
        Ok(Said::Reply(Reply::json(200, body)))
    }
}
