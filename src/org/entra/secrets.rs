//! Secrets: the address and the credentials of the target, which Graph takes for a job. Here they come from the command
//! line: an org sends nothing to anywhere else. What is given is checked, and a secret is not even kept.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::fault::Fault;
use super::{Answer, Call, Entra, Then};
use crate::idp::{Change, Provisioner};
use crate::org::work::Work;
use crate::org::{Reply, Said};
use crate::profile::ProfileId;

/// The flag of the tenant URL that asks for the compliant dialect (entra.md 0).
const COMPLIANT: &str = "aadOptscim062020";
/// Keys of secrets that Graph documents.
const SECRETS: [&str; 6] = [
    "BaseAddress",
    "SecretToken",
    "SyncNotificationSettings",
    "SyncAll",
    "UserName",
    "Password",
];
impl Entra {
    /// `PUT /…/synchronization/secrets`.
    pub(super) fn secrets(&self, call: Call<'_>, provisioner: &Provisioner) -> Answer {
        if call.method() != "PUT" {
            return Err(call.no_method("PUT"));
        }
        let body = call.body()?;
        self.check_secrets(body.get("value"), provisioner.client())?;
        Ok(Said::Reply(Reply::empty(204)))
    }

    /// `GET /…/synchronization/connectivityParameters`, which the gallery's template asks for the address.
    pub(super) fn connectivity_parameters(&self, call: Call<'_>) -> Answer {
        if call.method() != "GET" {
            return Err(call.no_method("GET"));
        }
        let body = json!({
            "@odata.context": call.context("synchronization/connectivityParameters"),
            "value": [{ "key": "BaseAddress", "value": self.application.target }],
        });
        Ok(Said::Reply(Reply::json(200, body)))
    }

    /// Tests the connection with the credentials that the org was started with; others cannot be given.
    pub(super) fn validate(&mut self, call: Call<'_>, provisioner: &mut Provisioner) -> Answer {
        if call.method() != "POST" {
            return Err(call.no_method("POST"));
        }
        let body = call.body()?;
        if let Some(credentials) = body.get("credentials").filter(|given| !given.is_null()) {
            self.check_secrets(Some(credentials), provisioner.client())?;
        }
        self.changes.push(Change::TestConnection);
        Ok(self.then(call, Then::Validated))
    }

    /// Each is a pair of texts with a key that there is, and the address is that of the target.
    fn check_secrets(&self, secrets: Option<&Value>, client: ProfileId) -> Result<(), Fault> {
        let wrong = || {
            Fault::query("`value` must be a list of objects with a `key` and a `value`, both texts")
        };
        for secret in secrets.and_then(Value::as_array).ok_or_else(wrong)? {
            let text = |name: &str| secret.get(name).and_then(Value::as_str);
            let (key, value) = text("key").zip(text("value")).ok_or_else(wrong)?;
            if !SECRETS.contains(&key) {
                return Err(Fault::query(format!(
                    "there is no secret `{key}`; there is {}",
                    SECRETS.join(", ")
                )));
            }
            if key == "BaseAddress" {
                self.check_address(value, client)?;
            }
        }
        Ok(())
    }

    fn check_address(&self, address: &str, client: ProfileId) -> Result<(), Fault> {
        let (base, flags) = address.split_once('?').unwrap_or((address, ""));
        let target = &self.application.target;
        if base.trim_end_matches('/') != target.trim_end_matches('/') {
            return Err(Fault::query(format!(
                "this org provisions `{target}` only; start another one with `--target {base}`"
            )));
        }
        let wants = flags.split('&').any(|flag| flag == COMPLIANT);
        let is = client == ProfileId::EntraCompliant;
        match (wants, is) {
            (true, false) => Err(Fault::query(format!(
                "this org provisions as {}; the flag `{COMPLIANT}` needs `--as entra-compliant`",
                client.name()
            ))),
            _ => Ok(()),
        }
    }
}

/// Whether the connection test went well.
pub(super) fn validated(works: &[Work], request: &str, at: Timestamp) -> Reply {
    let failed = works.iter().find_map(|work| work.did.as_ref().err());
    match failed {
        None => Reply::empty(204),
        Some(message) => {
            let fault = Fault {
                code: "CredentialsValidationFailed",
                ..Fault::bad(format!("the connection test failed: {message}"))
            };
            Reply::json(400, fault.body(request, &at.to_string()))
        }
    }
}
