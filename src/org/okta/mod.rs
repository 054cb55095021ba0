//! An Okta org: users, groups, one application, and what its administrators do by the management API (okta.md 4, 6, 9).
//!
//! ```text
//! Ask ─► token, path ─► users, groups, apps … ─► Change ─► Provisioner
//!                                          Work ─► assignments, System Log
//! ```

pub(crate) mod apps;
pub(crate) mod errors;

use serde_json::Value;

use crate::idp::Provisioner;
use crate::org::ids::Ids;
use crate::org::listen::LARGEST_BODY;
use crate::org::okta::apps::App;
use crate::org::okta::errors::Refusal;
use crate::org::work::Work;
use crate::org::{Ask, Org, Reply, Said};

/// An Okta org.
pub(crate) struct Okta {
    ids: Ids,
    token: String,
    app: App,
}

/// What is answered when provisioning is over.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Pending {
    /// This.
    Reply(Reply),
}

impl Okta {
    /// A new org with this application, for whoever has the token.
    pub(crate) fn new(app: App, token: String, ids: Ids) -> Self {
        Self { ids, token, app }
    }

    fn decided(&mut self, ask: &Ask) -> Result<Said<Pending>, Refusal> {
        self.admit(ask)?;
        let path: Vec<&str> = ask.path.iter().map(String::as_str).collect();
        match path.as_slice() {
            ["api", "v1", "apps"] => {
                only(ask, &["GET"])?;
                let list = vec![self.app.shown(&ask.base)];
                Ok(Said::Reply(Reply::json(200, Value::Array(list))))
            }
            ["api", "v1", "apps", id] => {
                only(ask, &["GET"])?;
                self.is_ours(id)?;
                Ok(Said::Reply(Reply::json(200, self.app.shown(&ask.base))))
            }
            _ => Err(Refusal::NoPath),
        }
    }

    /// `Authorization: SSWS <token>`; the scheme is read without case, as that of any other (RFC 9110 11.1).
    fn admit(&self, ask: &Ask) -> Result<(), Refusal> {
        let given = ask
            .header("authorization")
            .and_then(|value| value.split_once(' '))
            .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("SSWS"))
            .map(|(_, token)| token.trim());
        match given == Some(self.token.as_str()) {
            true => Ok(()),
            false => Err(Refusal::Token),
        }
    }

    fn is_ours(&self, id: &str) -> Result<(), Refusal> {
        match id == self.app.id {
            true => Ok(()),
            false => Err(Refusal::Missing(id.to_owned(), "AppInstance")),
        }
    }
}

/// Refuses other methods.
fn only(ask: &Ask, methods: &[&str]) -> Result<(), Refusal> {
    match methods.contains(&ask.method.as_str()) {
        true => Ok(()),
        false => Err(Refusal::Method),
    }
}

impl Org for Okta {
    type Pending = Pending;

    fn asked(&mut self, ask: &Ask, _provisioner: &mut Provisioner) -> Said<Pending> {
        if ask.body.is_none() {
            return Said::Reply(Refusal::Large(LARGEST_BODY).reply(&mut self.ids));
        }
        match self.decided(ask) {
            Ok(said) => said,
            Err(refusal) => Said::Reply(refusal.reply(&mut self.ids)),
        }
    }

    fn provisioned(
        &mut self,
        pending: Pending,
        _works: &[Work],
        _provisioner: &Provisioner,
    ) -> Reply {
        match pending {
            Pending::Reply(reply) => reply,
        }
    }
}
