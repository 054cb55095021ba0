//! What of provisioning is switched on: `/api/v1/apps/{id}/features` and `/api/v1/apps/{id}/connections/default`.

use serde_json::{Map, Value, json};

use crate::idp::{Change, Provisioner};
use crate::org::okta::body::{inner, object, text};
use crate::org::okta::errors::Refusal;
use crate::org::okta::groups::unsent;
use crate::org::okta::{Okta, Pending};
use crate::org::{Ask, Reply, Said};

/// The feature that can be changed.
const PROVISIONING: &str = "USER_PROVISIONING";

/// What an administrator has ticked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Features {
    /// The connection as a whole.
    connected: bool,
    /// "Create Users": accounts are created, linked and activated.
    create: bool,
    /// "Update User Attributes".
    profile: bool,
    /// "Deactivate Users".
    deactivate: bool,
    /// "Sync Password".
    password: bool,
}

impl Default for Features {
    /// Everything but passwords.
    fn default() -> Self {
        Self {
            connected: true,
            create: true,
            profile: true,
            deactivate: true,
            password: false,
        }
    }
}

impl Features {
    fn allows(self, change: &Change) -> bool {
        self.connected
            && match change {
                Change::Assign(_) | Change::Reassign(_) => self.create,
                Change::Update(..) => self.profile,
                Change::Unassign(_) | Change::Deactivate(_) | Change::Purge(_) => self.deactivate,
                Change::SyncPassword(..) => self.password,
                _ => true,
            }
    }

    /// As applications list them.
    pub(crate) fn listed(self) -> Vec<&'static str> {
        let all = [
            (self.create, "PUSH_NEW_USERS"),
            (self.create, "REACTIVATE_USERS"),
            (self.profile, "PUSH_PROFILE_UPDATES"),
            (self.deactivate, "PUSH_USER_DEACTIVATION"),
            (self.password, "PUSH_PASSWORD_UPDATES"),
        ];
        all.into_iter()
            .filter(|(is_on, _)| *is_on && self.connected)
            .map(|(_, name)| name)
            .collect()
    }

    fn shown(self, base: &str, app: &str) -> Value {
        let status = |is_on| json!({"status": word(is_on)});
        let password = json!({"status": word(self.password), "seed": "OKTA", "change": "CHANGE"});
        json!({
            "name": PROVISIONING,
            "status": word(self.connected),
            "description": "User provisioning settings from Okta to a downstream application",
            "capabilities": {
                "create": {"lifecycleCreate": status(self.create)},
                "update": {
                    "profile": status(self.profile),
                    "lifecycleDeactivate": status(self.deactivate),
                    "password": password,
                },
            },
            "_links": {"self": {"href": format!("{base}/api/v1/apps/{app}/features/{PROVISIONING}")}},
        })
    }

    /// With what a body says written over it.
    fn with(mut self, body: &Map<String, Value>) -> Result<Self, Refusal> {
        let places: [(&str, &str, &mut bool); 4] = [
            ("create", "lifecycleCreate", &mut self.create),
            ("update", "profile", &mut self.profile),
            ("update", "lifecycleDeactivate", &mut self.deactivate),
            ("update", "password", &mut self.password),
        ];
        for (outer, name, place) in places {
            let Some(setting) = inner(body, outer)?
                .map(|members| inner(members, name))
                .transpose()?
                .flatten()
            else {
                continue;
            };
            *place = match text(setting, "status")? {
                None => continue,
                Some("ENABLED") => true,
                Some("DISABLED") => false,
                Some(_) => {
                    return Err(Refusal::invalid(
                        name,
                        "The status must be ENABLED or DISABLED",
                    ));
                }
            };
        }
        Ok(self)
    }
}

fn word(is_on: bool) -> &'static str {
    match is_on {
        true => "ENABLED",
        false => "DISABLED",
    }
}

impl Okta {
    /// The changes that are sent. The others are made in the directory, and nobody is told.
    pub(crate) fn allowed(
        &self,
        changes: Vec<Change>,
        provisioner: &mut Provisioner,
    ) -> Vec<Change> {
        let (sent, silent): (Vec<_>, Vec<_>) = changes.into_iter().partition(|change| {
            let is_staged = matches!(change, Change::Assign(key) if self.is_staged(key));
            self.features.allows(change) && !is_staged
        });
        for change in &silent {
            let waits = matches!(change, Change::Assign(key) if self.is_staged(key));
            // Whoever is staged is not provisioned before they are active (okta.md 6.1).
            if !waits {
                unsent(change, provisioner);
            }
        }
        sent
    }

    /// `GET /api/v1/apps/{id}/features`, `GET` and `PUT /api/v1/apps/{id}/features/USER_PROVISIONING`.
    pub(crate) fn feature(&mut self, ask: &Ask, name: Option<&str>) -> Result<Reply, Refusal> {
        let Some(name) = name else {
            let list = vec![self.features.shown(&ask.base, &self.app.id)];
            return Ok(Reply::json(200, Value::Array(list)));
        };
        if name != PROVISIONING {
            return Err(Refusal::Missing(name.to_owned(), "Feature"));
        }
        if ask.method == "PUT" {
            self.features = self.features.with(&object(ask)?)?;
        }
        let shown = self.features.shown(&ask.base, &self.app.id);
        Ok(Reply::json(200, shown))
    }

    /// `GET /api/v1/apps/{id}/connections/default`.
    pub(crate) fn connection(&self, base: &str) -> Reply {
        let own = format!("{base}/api/v1/apps/{}/connections/default", self.app.id);
        Reply::json(
            200,
            json!({
                "authScheme": "TOKEN",
                "status": word(self.features.connected),
                "profile": {"authScheme": "TOKEN"},
                "_links": {"self": {"href": own}},
            }),
        )
    }

    /// `POST /api/v1/apps/{id}/connections/default/lifecycle/{verb}`: an activation tests the connection (okta.md 1.1).
    pub(crate) fn connect(&mut self, verb: &str) -> Result<Said<Pending>, Refusal> {
        match verb {
            "activate" => Ok(Said::Provision(
                vec![Change::TestConnection],
                Pending::Connection,
            )),
            "deactivate" => {
                self.features.connected = false;
                Ok(Said::Reply(Reply::empty(204)))
            }
            _ => Err(Refusal::NoPath),
        }
    }

    /// The connection was tested; only one that works is activated.
    pub(crate) fn connected(&mut self, tested: Result<(), String>) -> Result<Reply, Refusal> {
        match tested {
            Ok(()) => {
                self.features.connected = true;
                Ok(Reply::empty(204))
            }
            Err(reason) => Err(Refusal::precondition("connection", reason)),
        }
    }
}
