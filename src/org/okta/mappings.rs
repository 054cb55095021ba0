//! Group push mappings: `/api/v1/apps/{id}/group-push/mappings`, as Okta's public SDKs document them (okta.md 6).

use serde_json::{Value, json};

use crate::idp::{Change, Provisioner, Subject};
use crate::org::okta::body::{flag, object, required, text};
use crate::org::okta::errors::Refusal;
use crate::org::okta::event::instant;
use crate::org::okta::listing::{Pages, page};
use crate::org::okta::{Okta, Pending};
use crate::org::work::Work;
use crate::org::{Ask, Reply, Said};

const PAGES: Pages = Pages {
    usual: 100,
    most: 1000,
};

/// A group that is pushed.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Mapping {
    id: String,
    /// The group of the org.
    pub(crate) source: String,
    /// Okta's id of the group at the application.
    target: String,
    active: bool,
    /// Why the last push failed.
    error: Option<String>,
    created: String,
    updated: String,
    last_push: Option<String>,
}

impl Mapping {
    fn status(&self) -> &'static str {
        match (self.active, &self.error) {
            (false, _) => "INACTIVE",
            (true, None) => "ACTIVE",
            (true, Some(_)) => "ERROR",
        }
    }
}

fn is_active(status: Option<&str>) -> Result<bool, Refusal> {
    match status {
        None | Some("ACTIVE") => Ok(true),
        Some("INACTIVE") => Ok(false),
        Some(_) => Err(Refusal::invalid(
            "status",
            "The value must be ACTIVE or INACTIVE",
        )),
    }
}

impl Okta {
    /// Whether changes of a group are sent.
    pub(crate) fn is_pushed(&self, group: &str) -> bool {
        self.mappings
            .iter()
            .any(|mapping| mapping.source == group && mapping.active)
    }

    fn mapping(&self, id: &str) -> Result<&Mapping, Refusal> {
        self.mappings
            .iter()
            .find(|mapping| mapping.id == id)
            .ok_or_else(|| Refusal::Missing(id.to_owned(), "GroupPushMapping"))
    }

    /// As the API shows it.
    pub(crate) fn shown_mapping(&self, base: &str, id: &str) -> Result<Value, Refusal> {
        let mapping = self.mapping(id)?;
        let app = format!("{base}/api/v1/apps/{}", self.app.id);
        Ok(json!({
            "id": mapping.id,
            "status": mapping.status(),
            "sourceGroupId": mapping.source,
            "targetGroupId": mapping.target,
            "created": mapping.created,
            "lastUpdated": mapping.updated,
            "lastPush": mapping.last_push,
            "errorSummary": mapping.error,
            "_links": {
                "app": {"href": app},
                "sourceGroup": {"href": format!("{base}/api/v1/groups/{}", mapping.source)},
            },
        }))
    }

    /// `GET /api/v1/apps/{id}/group-push/mappings?sourceGroupId=&status=&limit=`.
    pub(crate) fn list_mappings(&self, ask: &Ask) -> Result<Reply, Refusal> {
        let mut shown = Vec::new();
        for mapping in &self.mappings {
            let wanted =
                |name: &str, value: &str| ask.parameter(name).is_none_or(|given| given == value);
            if wanted("sourceGroupId", &mapping.source) && wanted("status", mapping.status()) {
                shown.push(self.shown_mapping(&ask.base, &mapping.id)?);
            }
        }
        page(ask, shown, PAGES)
    }

    /// `POST /api/v1/apps/{id}/group-push/mappings`: pushes a group, or links one that the target has already.
    pub(crate) fn create_mapping(
        &mut self,
        ask: &Ask,
        provisioner: &mut Provisioner,
    ) -> Result<Said<Pending>, Refusal> {
        if !self.app.has_groups() {
            return Err(Refusal::precondition(
                "app",
                "The application has no group push; applications with entitlements never have it",
            ));
        }
        let body = object(ask)?;
        let group = self.group(required(&body, "sourceGroupId")?)?;
        let (source, name) = (group.id.clone(), group.name.clone());
        if self.mappings.iter().any(|mapping| mapping.source == source) {
            return Err(Refusal::invalid(
                "sourceGroupId",
                "The group has a group push mapping already",
            ));
        }
        let active = is_active(text(&body, "status")?)?;
        let target_name = text(&body, "targetGroupName")?.filter(|name| !name.is_empty());
        let target = match (text(&body, "targetGroupId")?, target_name) {
            (Some(id), _) => {
                // Groups of the target come into an org by an import, which has no API.
                return Err(Refusal::Missing(id.to_owned(), "AppGroup"));
            }
            (None, None) => {
                return Err(Refusal::invalid(
                    "targetGroupName",
                    "Either targetGroupId or targetGroupName is required",
                ));
            }
            (None, Some(name)) => name.to_owned(),
        };
        let now = instant(ask.at);
        let id = self.ids.okta("gPm");
        self.mappings.push(Mapping {
            id: id.clone(),
            source: source.clone(),
            target: self.ids.okta("00g"),
            active,
            error: None,
            created: now.clone(),
            updated: now,
            last_push: None,
        });
        let mut changes = Vec::new();
        if active {
            // It is looked up by the name at the target, and gets the group's own then (okta.md 6.5, 9.6 C9315, C9330).
            let in_directory = provisioner.directory_mut().groups.get_mut(&source);
            if let Some(group) = in_directory {
                group
                    .attributes
                    .insert("displayName".to_owned(), Value::from(target.as_str()));
            }
            changes.push(Change::PushGroup(source.clone()));
            if target != name {
                changes.push(Change::RenameGroup(source, name));
            }
        }
        let changes = self.allowed(changes, provisioner);
        Ok(Said::Provision(changes, Pending::Mapping(id)))
    }

    /// `PATCH /api/v1/apps/{id}/group-push/mappings/{mapping}`: ends the push for now, or begins it again with the whole
    /// membership (okta.md 6.5, 9.6 C9319, C9320).
    pub(crate) fn update_mapping(
        &mut self,
        ask: &Ask,
        id: &str,
        provisioner: &mut Provisioner,
    ) -> Result<Said<Pending>, Refusal> {
        let was = self.mapping(id)?.clone();
        let body = object(ask)?;
        let active = is_active(Some(required(&body, "status")?))?;
        let now = instant(ask.at);
        let name = self.group(&was.source)?.name.clone();
        for mapping in self.mappings.iter_mut().filter(|one| one.id == id) {
            mapping.active = active;
            mapping.updated.clone_from(&now);
        }
        let source = was.source;
        let mut changes = Vec::new();
        if active && !was.active {
            changes.push(match provisioner.memory().group(&source) {
                Some(_) => Change::PushNow(source.clone()),
                None => Change::PushGroup(source.clone()),
            });
            changes.push(Change::RenameGroup(source.clone(), name));
        }
        if let Some(group) = provisioner.directory_mut().groups.get_mut(&source) {
            group.pushed = active;
        }
        let changes = self.allowed(changes, provisioner);
        Ok(Said::Provision(changes, Pending::Mapping(id.to_owned())))
    }

    /// `DELETE /api/v1/apps/{id}/group-push/mappings/{mapping}?deleteTargetGroup=`. Only when it is inactive.
    pub(crate) fn delete_mapping(
        &mut self,
        ask: &Ask,
        id: &str,
        provisioner: &mut Provisioner,
    ) -> Result<Said<Pending>, Refusal> {
        let delete = flag(ask, "deleteTargetGroup", false)?;
        let mapping = self.mapping(id)?.clone();
        if mapping.active {
            return Err(Refusal::precondition(
                "status",
                "Only an INACTIVE group push mapping can be deleted",
            ));
        }
        self.mappings.retain(|mapping| mapping.id != id);
        let change = Change::UnlinkGroup {
            group: mapping.source,
            delete,
        };
        let changes = self.allowed(vec![change], provisioner);
        Ok(Said::Provision(changes, Pending::Reply(Reply::empty(204))))
    }

    /// Notes what a push has come to.
    pub(crate) fn note_group(&mut self, work: &Work, at: &str) {
        let Some(Subject::Group(key)) = &work.subject else {
            return;
        };
        for mapping in self.mappings.iter_mut().filter(|one| one.source == *key) {
            mapping.error = work.did.as_ref().err().cloned();
            if mapping.error.is_none() {
                mapping.last_push = Some(at.to_owned());
            }
        }
    }
}
