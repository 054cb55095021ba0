//! The provisioning log: what the engine did about one object, as Graph's `provisioningObjectSummary`.
//!
//! The shape, the values of `provisioningAction`, of `status` and of `provisioningStepType` are documented [doc]: Graph v1.0,
//! "List provisioningObjectSummary", and its resource types. Which step names and words go with which action is documented
//! by its examples only; where they show none it is inferred here, and said so beside it. An entry is made of what went over
//! the wire, and of that only bodies and statuses: no header, so no token.
//!
//! `stagedDelete` is never written: when the service uses it is not documented. A soft delete disables the account and is
//! told as `disable`, as the gallery's template expects it.

mod modified;
mod reason;
mod steps;

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::filter;
use crate::exchange::Exchange;
use crate::idp::{Did, Directory, Subject};
use crate::org::ids;
use crate::org::work::Work;
use crate::scim::urn;

/// What Entra calls itself in its logs and schemas [doc].
pub(super) const SOURCE: &str = "Microsoft Entra ID";

/// Whose log it is: one job of one application in one tenant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Place {
    /// The tenant's GUID.
    pub(crate) tenant: String,
    /// The job's id.
    pub(crate) job: String,
    /// The GUID of the application.
    pub(crate) application: String,
    /// The GUID of its service principal.
    pub(crate) principal: String,
    /// Its name.
    pub(crate) name: String,
}

/// The ids of an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Ids {
    /// Of the entry.
    entry: String,
    /// Of the cycle it belongs to.
    cycle: String,
    /// Of the change it tells.
    change: String,
}

/// A piece of work that is over.
#[derive(Debug, Clone, Copy)]
struct Done<'a> {
    /// Whom it was about.
    subject: &'a Subject,
    /// What was done; `Err`: what the administrator reads.
    did: &'a Result<Did, String>,
    /// All that was sent for it, in order.
    exchanges: &'a [Exchange],
    /// The directory at that time.
    directory: &'a Directory,
    /// When it was over, if nothing was sent: RFC 3339 in UTC.
    at: &'a str,
}

/// What was done to the object at the target, in Graph's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Action {
    Create,
    Update,
    Disable,
    Delete,
    Other,
}

/// How it ended, in Graph's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Status {
    Success,
    Failure,
    Skipped,
}

impl Action {
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Update => "update",
            Self::Disable => "disable",
            Self::Delete => "delete",
            Self::Other => "other",
        }
    }
}

impl Status {
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Failure => "failure",
            Self::Skipped => "skipped",
        }
    }
}

impl<'a> Done<'a> {
    /// The request that changed something at the target, or was to.
    fn write(&self) -> Option<&'a Exchange> {
        self.exchanges
            .iter()
            .rev()
            .find(|exchange| exchange.request.method != "GET")
    }

    /// The resource as it was read before the write.
    fn read(&self) -> Option<&'a Value> {
        let answer = self
            .exchanges
            .iter()
            .rfind(|exchange| exchange.request.method == "GET")?
            .response()?
            .json()?;
        match answer.get("Resources") {
            Some(found) => found.get(0),
            None => answer.get("id").map(|_| answer),
        }
    }

    pub(super) fn action(&self) -> Action {
        let Some(write) = self.write() else {
            return match self.did {
                // Who was looked up and not found was to be created; who was read was to be changed [inferred].
                Err(_) if self.looked_up() => Action::Create,
                Err(_) if !self.exchanges.is_empty() => Action::Update,
                _ => Action::Other,
            };
        };
        match write.request.method.as_str() {
            "POST" => Action::Create,
            "DELETE" => Action::Delete,
            _ if modified::disables(write) => Action::Disable,
            // Who comes back is enabled by the same PATCH as any other change; that this is an update is inferred.
            _ => Action::Update,
        }
    }

    fn looked_up(&self) -> bool {
        self.exchanges
            .first()
            .is_some_and(|exchange| exchange.request.target.contains("filter="))
    }

    pub(super) fn status(&self) -> Status {
        match (self.did, self.write()) {
            (Err(_), _) => Status::Failure,
            (Ok(_), Some(_)) => Status::Success,
            (Ok(_), None) => Status::Skipped,
        }
    }

    /// `User` or `Group`.
    pub(super) fn kind(&self) -> &'static str {
        match self.subject {
            Subject::User(_) => "User",
            Subject::Group(_) => "Group",
        }
    }

    /// The name by which the administrator knows the object.
    pub(super) fn name(&self) -> &'a str {
        let name = match self.subject {
            Subject::User(key) => self
                .directory
                .people
                .get(key)
                .and_then(|person| person.text("userName")),
            Subject::Group(key) => self
                .directory
                .groups
                .get(key)
                .and_then(|group| group.text("displayName")),
        };
        name.unwrap_or(self.subject.key())
    }

    /// The object's id in the directory.
    fn id(&self) -> &'a str {
        let id = match self.subject {
            Subject::User(key) => self
                .directory
                .people
                .get(key)
                .and_then(|person| person.text("objectId")),
            Subject::Group(key) => self
                .directory
                .groups
                .get(key)
                .and_then(|group| group.text("objectId")),
        };
        id.unwrap_or(self.subject.key())
    }

    fn display(&self) -> &'a str {
        match self.subject {
            Subject::User(key) => self
                .directory
                .people
                .get(key)
                .and_then(|person| person.text("displayName"))
                .unwrap_or_else(|| self.name()),
            Subject::Group(_) => self.name(),
        }
    }

    /// The id at the target: of what was created, found or addressed; empty if there is none.
    fn target_id(&self) -> String {
        let created = self
            .write()
            .filter(|write| write.request.method == "POST")
            .and_then(|write| write.response()?.json()?.get("id")?.as_str());
        if let Some(id) = created {
            return id.to_owned();
        }
        if let Some(id) = self
            .read()
            .and_then(|resource| resource.get("id")?.as_str())
        {
            return id.to_owned();
        }
        let addressed = self.exchanges.iter().rev().find_map(|exchange| {
            let path = exchange.request.target.split('?').next()?;
            let (before, id) = path.rsplit_once('/')?;
            let is_resource = before.ends_with("/Users") || before.ends_with("/Groups");
            (is_resource && !id.is_empty()).then(|| decoded(id))
        });
        addressed.unwrap_or_default()
    }

    /// When it was over.
    fn end(&self) -> String {
        let end = self.exchanges.last().and_then(|last| {
            let started: Timestamp = last.started.parse().ok()?;
            let elapsed = SignedDuration::try_from(last.elapsed).ok()?;
            started.checked_add(elapsed).ok()
        });
        match end {
            Some(end) => end.to_string(),
            None => self.at.to_owned(),
        }
    }
}

fn decoded(text: &str) -> String {
    percent_encoding::percent_decode_str(text)
        .decode_utf8_lossy()
        .into_owned()
}

/// The entry about a piece of work. What the engine waited is virtual; the duration is the time that answers took.
fn entry(place: &Place, ids: &Ids, work: &Done<'_>) -> Value {
    let elapsed: Duration = work.exchanges.iter().map(|exchange| exchange.elapsed).sum();
    let status = work.status();
    let target_type = match work.subject {
        Subject::User(_) => urn::ENTERPRISE_USER,
        Subject::Group(_) => urn::GROUP,
    };
    let details = match work.subject {
        Subject::User(_) => json!({ "userPrincipalName": work.name() }),
        Subject::Group(_) => json!({}),
    };
    json!({
        "id": ids.entry,
        "activityDateTime": work.end(),
        "tenantId": place.tenant,
        "jobId": place.job,
        "cycleId": ids.cycle,
        "changeId": ids.change,
        "provisioningAction": work.action().word(),
        "durationInMilliseconds": u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX),
        "servicePrincipal": { "id": place.principal, "displayName": place.name },
        "sourceSystem": { "id": place.tenant, "displayName": SOURCE, "details": {} },
        "targetSystem": {
            "id": place.principal,
            "displayName": place.name,
            "details": {
                "ApplicationId": place.application,
                "ServicePrincipalId": place.principal,
                "ServicePrincipalDisplayName": place.name,
            },
        },
        "initiatedBy": {
            "id": "",
            "displayName": "Azure AD Provisioning Service",
            "initiatorType": "system",
        },
        "sourceIdentity": {
            "id": work.id(),
            "displayName": work.display(),
            "identityType": work.kind(),
            "details": details,
        },
        "targetIdentity": {
            "id": work.target_id(),
            "displayName": "",
            "identityType": target_type,
            "details": {},
        },
        "provisioningStatusInfo": {
            "status": status.word(),
            "errorInformation": match work.did {
                Err(message) => reason::information(work, message),
                Ok(_) => Value::Null,
            },
        },
        "provisioningSteps": steps::steps(work),
        "modifiedProperties": modified::properties(work),
    })
}

impl Place {
    /// Of a job that nobody can call.
    pub(crate) fn fresh(ids: &mut ids::Ids) -> Self {
        let tenant = ids.uuid();
        Self {
            job: job_id(&tenant, ids),
            tenant,
            application: ids.uuid(),
            principal: ids.uuid(),
            name: "scimulate".to_owned(),
        }
    }

    /// The entry about a piece of work in a cycle, with fresh ids. `None`: it was about nobody.
    pub(crate) fn entry(
        &self,
        cycle: &str,
        ids: &mut ids::Ids,
        work: &Work,
        directory: &Directory,
        at: &str,
    ) -> Option<Value> {
        let done = Done {
            subject: work.subject.as_ref()?,
            did: &work.did,
            exchanges: &work.exchanges,
            directory,
            at,
        };
        let ids = Ids {
            entry: ids.uuid(),
            cycle: cycle.to_owned(),
            change: ids.uuid(),
        };
        Some(entry(self, &ids, &done))
    }
}

/// A job's id: the template, the tenant, and a GUID (Graph's examples).
pub(super) fn job_id(tenant: &str, ids: &mut ids::Ids) -> String {
    format!("scim.{}.{}", tenant.replace('-', ""), ids.uuid())
}

/// Nobody had to be asked: the log tells that only to who wants to know about this object.
pub(crate) fn is_quiet(work: &Work) -> bool {
    work.exchanges.is_empty() && work.did == Ok(Did::Nothing)
}

/// What a filter over the log may name: what Graph documents for it, and what the gallery's template asks for.
pub(super) const FILTERABLE: [&str; 21] = [
    "id",
    "activityDateTime",
    "tenantId",
    "jobId",
    "changeId",
    "cycleId",
    "provisioningAction",
    "durationInMilliseconds",
    "provisioningStatusInfo/status",
    "sourceSystem/displayName",
    "targetSystem/displayName",
    "sourceIdentity/identityType",
    "sourceIdentity/id",
    "sourceIdentity/displayName",
    "targetIdentity/identityType",
    "targetIdentity/id",
    "targetIdentity/displayName",
    "servicePrincipal/id",
    "servicePrincipal/displayName",
    "modifiedProperties",
    "modifiedProperties/displayName",
];

/// What `$select` may name beside those.
pub(super) const OTHERS: [&str; 2] = ["provisioningSteps", "initiatedBy"];

/// Newest first; of two at the same instant the one that was written later.
pub(super) fn newest_first(entries: &[Value]) -> Vec<&Value> {
    let mut entries: Vec<&Value> = entries.iter().rev().collect();
    entries.sort_by(|left, right| {
        filter::compared(&right["activityDateTime"], &left["activityDateTime"])
            .unwrap_or(std::cmp::Ordering::Equal)
    });
    entries
}

#[cfg(test)]
mod tests;
