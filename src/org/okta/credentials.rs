//! Credentials in the bodies of users.

use serde_json::{Map, Value};

use crate::org::okta::body::{inner, text};
use crate::org::okta::errors::Refusal;

/// What a body says of credentials. The password itself is needed only to be pushed.
pub(crate) struct Credentials {
    /// The new one.
    pub(crate) password: Option<String>,
    /// The recovery question; its answer is forgotten at once.
    pub(crate) question: Option<String>,
}

impl Credentials {
    /// Reads them.
    pub(crate) fn of(body: &Map<String, Value>) -> Result<Self, Refusal> {
        let empty = Map::new();
        let credentials = inner(body, "credentials")?.unwrap_or(&empty);
        let password = match inner(credentials, "password")? {
            Some(password) => text(password, "value")?.map(str::to_owned),
            None => None,
        };
        if password.as_deref() == Some("") {
            return Err(Refusal::invalid(
                "password",
                "The field cannot be left blank",
            ));
        }
        let question = match inner(credentials, "recovery_question")? {
            Some(question) => text(question, "question")?.map(str::to_owned),
            None => None,
        };
        Ok(Self { password, question })
    }
}
