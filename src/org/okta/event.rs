//! Events of the System Log in Okta's LogEvent shape (okta.md 7.6; developer.okta.com/docs/api/openapi/okta-management).

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use crate::idp::Person;
use crate::org::ids::Ids;
use crate::org::okta::apps::App;

/// Something that happened.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Event {
    /// `eventType`.
    pub(crate) kind: &'static str,
    /// `displayMessage`.
    pub(crate) message: &'static str,
    /// `Err`: it failed, for this `reason`; Okta gives none in some cases (okta.md 2.1).
    pub(crate) outcome: Result<(), Option<String>>,
    /// Who did it.
    pub(crate) actor: Actor,
    /// To whom, with what.
    pub(crate) target: Vec<Value>,
    /// When, as [`instant`] writes it.
    pub(crate) published: String,
    /// `debugContext.debugData`.
    pub(crate) debug: Map<String, Value>,
}

/// Who did something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Actor {
    /// Whoever has the token.
    Administrator,
    /// Okta, because something is provisioned.
    System,
}

impl Event {
    /// One that went well.
    pub(crate) fn new(kind: &'static str, message: &'static str, published: &str) -> Self {
        Self {
            kind,
            message,
            outcome: Ok(()),
            actor: Actor::Administrator,
            target: Vec::new(),
            published: published.to_owned(),
            debug: Map::new(),
        }
    }

    /// To whom, with what.
    pub(crate) fn at(mut self, target: impl IntoIterator<Item = Value>) -> Self {
        self.target.extend(target);
        self
    }

    /// As the log holds it.
    pub(crate) fn written(self, ids: &mut Ids) -> Value {
        let (result, reason, severity) = match self.outcome {
            Ok(()) => ("SUCCESS", None, "INFO"),
            Err(reason) => ("FAILURE", reason, "WARN"),
        };
        json!({
            "actor": self.actor.shown(),
            "client": {
                "userAgent": null,
                "zone": null,
                "device": null,
                "id": null,
                "ipAddress": null,
                "geographicalContext": null,
            },
            "device": null,
            "authenticationContext": {
                "authenticationProvider": null,
                "credentialProvider": null,
                "credentialType": null,
                "issuer": null,
                "interface": null,
                "authenticationStep": 0,
                "rootSessionId": null,
                "externalSessionId": null,
            },
            "displayMessage": self.message,
            "eventType": self.kind,
            "outcome": {"result": result, "reason": reason},
            "published": self.published,
            "securityContext": {
                "asNumber": null,
                "asOrg": null,
                "isp": null,
                "domain": null,
                "isProxy": null,
            },
            "severity": severity,
            "debugContext": {"debugData": self.debug},
            "legacyEventType": null,
            "transaction": {"type": "JOB", "id": ids.okta("cpr"), "detail": {}},
            "uuid": ids.uuid(),
            "version": "0",
            "request": {"ipChain": []},
            "target": self.target,
        })
    }
}

impl Actor {
    fn shown(self) -> Value {
        let (id, kind, alternate, name) = match self {
            Self::Administrator => (
                "00uadministrator0001",
                "User",
                "administrator@scimulate.invalid",
                "Administrator",
            ),
            Self::System => (
                "systemprincipal00001",
                "SystemPrincipal",
                "system@okta.com",
                "Okta System",
            ),
        };
        json!({"id": id, "type": kind, "alternateId": alternate, "displayName": name, "detailEntry": null})
    }
}

/// An instant as Okta writes it, in milliseconds.
pub(crate) fn instant(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
}

fn target(id: &str, kind: &str, alternate: &str, name: &str) -> Value {
    json!({"id": id, "type": kind, "alternateId": alternate, "displayName": name, "detailEntry": null})
}

/// A user.
pub(crate) fn user(id: &str, login: &str, name: &str) -> Value {
    target(id, "User", login, name)
}

/// A user of the application; `id` is the target's, if there is one.
pub(crate) fn app_user(id: Option<&str>, user_name: &str, name: &str) -> Value {
    target(id.unwrap_or("unknown"), "AppUser", user_name, name)
}

/// The application.
pub(crate) fn app(app: &App) -> Value {
    target(&app.id, "AppInstance", &app.label(), &app.label())
}

/// A group of the org.
pub(crate) fn group(id: &str, name: &str) -> Value {
    target(id, "UserGroup", "unknown", name)
}

/// A group at the target, by the id that it has there.
pub(crate) fn app_group(id: &str, name: &str) -> Value {
    target(id, "AppGroup", "unknown", name)
}

/// The name of a person of the directory that people read.
pub(crate) fn name_of(person: &Person) -> String {
    let parts = [
        person.text("name.givenName"),
        person.text("name.familyName"),
    ];
    let whole: Vec<&str> = parts.into_iter().flatten().collect();
    match (person.text("displayName"), whole.is_empty()) {
        (Some(name), _) => name.to_owned(),
        (None, false) => whole.join(" "),
        (None, true) => person.text("userName").unwrap_or_default().to_owned(),
    }
}
