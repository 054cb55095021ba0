//! The application: the one SCIM integration of the org, as `/api/v1/apps` shows it.

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::org::okta::event::instant;
use crate::org::okta::features::Features;
use crate::profile::ProfileId;

/// The application that users and groups are assigned to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct App {
    /// 20 characters that begin with `0oa`.
    pub(crate) id: String,
    /// As which client it provisions.
    pub(crate) client: ProfileId,
    /// When the org began.
    created: String,
}

impl App {
    /// An application that has just been added.
    pub(crate) fn new(id: String, client: ProfileId, at: Timestamp) -> Self {
        Self {
            id,
            client,
            created: instant(at),
        }
    }

    /// The name that people read, in messages, too.
    pub(crate) fn label(&self) -> String {
        format!("scimulate ({})", self.client.name())
    }

    /// Group push is no part of applications with entitlements (okta.md 0.1).
    pub(crate) fn has_groups(&self) -> bool {
        self.client != ProfileId::OktaGov
    }

    /// As the API shows it.
    pub(crate) fn shown(&self, base: &str, features: Features) -> Value {
        let own = format!("{base}/api/v1/apps/{}", self.id);
        // okta.md 0.1: applications of the wizard are SAML apps with SCIM switched on; the others are of the catalogue.
        let (name, sign_on) = match self.client {
            ProfileId::OktaAiw => ("scimulate_saml_1", "SAML_2_0"),
            _ => ("scim2headerauth", "AUTO_LOGIN"),
        };
        let mut features = features.listed();
        if self.has_groups() {
            features.push("GROUP_PUSH");
        }
        json!({
            "id": self.id,
            "name": name,
            "label": self.label(),
            "status": "ACTIVE",
            "created": self.created,
            "lastUpdated": self.created,
            "accessibility": {"selfService": false, "errorRedirectUrl": null, "loginRedirectUrl": null},
            "visibility": {
                "autoSubmitToolbar": false,
                "hide": {"iOS": false, "web": false},
                "appLinks": {},
            },
            "features": features,
            "signOnMode": sign_on,
            "credentials": {
                "userNameTemplate": {"template": "${source.login}", "type": "BUILT_IN"},
                "signing": {},
            },
            "settings": {"app": {}, "notifications": {}},
            "_links": {
                "self": {"href": own},
                "users": {"href": format!("{own}/users")},
                "groups": {"href": format!("{own}/groups")},
            },
        })
    }
}
