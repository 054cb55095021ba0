//! Orgs: a provider's management API on the desk. Somebody calls it as they would call Okta or Microsoft Graph, and the
//! provider's engine provisions the target before the answer.
//!
//! ```text
//! HTTP ─► Ask ─► Org (pure) ─► Reply                      listen
//!                 └─► changes ─► Provisioner ─► target ─► Work ─► Org ─► Reply, log
//! ```
//!
//! What an org knows and answers is decided without sockets, clock or chance; [`listen`] alone has those, and sends through
//! [`run::drive`](crate::run::drive).

pub(crate) mod embedded;
pub(crate) mod entra;
pub(crate) mod ids;
pub(crate) mod listen;
pub(crate) mod log;
pub(crate) mod okta;
pub(crate) mod tenant;
pub(crate) mod work;

use jiff::Timestamp;
use serde_json::Value;

use crate::idp::{Change, Provisioner};
use crate::org::work::Work;

/// What somebody asks of the management API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Ask {
    /// Upper case.
    pub(crate) method: String,
    /// Decoded segments: `["api", "v1", "users"]`.
    pub(crate) path: Vec<String>,
    /// Decoded parameters in the order in which they came.
    pub(crate) query: Vec<(String, String)>,
    /// Names in lower case.
    pub(crate) headers: Vec<(String, String)>,
    /// `None`: it was larger than [`listen::LARGEST_BODY`].
    pub(crate) body: Option<Vec<u8>>,
    /// When it came.
    pub(crate) at: Timestamp,
    /// Where the org is: `http://127.0.0.1:9100`.
    pub(crate) base: String,
}

impl Ask {
    /// The first query parameter of that name.
    pub(crate) fn parameter(&self, name: &str) -> Option<&str> {
        self.query
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
    }

    /// The first header of that name, in lower case.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
    }
}

/// What the org answers.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Reply {
    /// HTTP status.
    pub(crate) status: u16,
    /// Beside `Content-Type`, which comes with the body.
    pub(crate) headers: Vec<(String, String)>,
    /// JSON; `None`: no body.
    pub(crate) body: Option<Value>,
}

impl Reply {
    /// An answer with a body.
    pub(crate) fn json(status: u16, body: Value) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: Some(body),
        }
    }

    /// An answer without a body.
    pub(crate) fn empty(status: u16) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: None,
        }
    }
}

/// What an org says to an [`Ask`].
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Said<P> {
    /// This, at once.
    Reply(Reply),
    /// These changes are caused first, each when what follows from the one before is over.
    Provision(Vec<Change>, P),
}

/// A provider's management API: its state, and what it makes of calls.
pub(crate) trait Org: Send + 'static {
    /// What it needs to answer when provisioning is over.
    type Pending: Send;

    /// What happens before the first call: changes, and what is pending until they are over.
    fn opened(&mut self, _at: Timestamp) -> (Vec<Change>, Option<Self::Pending>) {
        (Vec::new(), None)
    }

    /// Decides about a call. It may put somebody into the provisioner's directory; whatever can be sent about is a change.
    fn asked(&mut self, ask: &Ask, provisioner: &mut Provisioner) -> Said<Self::Pending>;

    /// What a call has caused is over. `base` is where the org is.
    fn provisioned(
        &mut self,
        base: &str,
        pending: Self::Pending,
        works: &[Work],
        provisioner: &Provisioner,
    ) -> Reply;
}
