//! Access: who may call Graph. Tokens come from the token endpoint of the Microsoft identity platform, by client credentials
//! (OAuth 2.0, RFC 6749 4.4); its error codes are Microsoft's (AADSTS…), the words are ours.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use super::fault::Fault;
use crate::org::ids::Ids;
use crate::org::{Ask, Reply};

/// How long a token lives: about an hour, as Microsoft's do by default.
const LIFE: SignedDuration = SignedDuration::from_secs(3599);

/// The tenant, its one client, and the tokens that were given out.
pub(super) struct Access {
    tenant: String,
    client: String,
    secret: String,
    /// Apart from the ids of everything else, as those can be seen by everybody.
    fresh: Ids,
    /// Until when each is good.
    tokens: BTreeMap<String, Timestamp>,
}

/// Why no token is given.
struct Refusal {
    status: u16,
    /// RFC 6749 5.2.
    error: &'static str,
    /// Microsoft's number.
    code: u32,
    message: String,
}

impl Access {
    /// For this client of this tenant; tokens are drawn from `fresh`.
    pub(super) fn new(tenant: String, client: String, secret: String, fresh: Ids) -> Self {
        Self {
            tenant,
            client,
            secret,
            fresh,
            tokens: BTreeMap::new(),
        }
    }

    /// The tenant's GUID.
    pub(super) fn tenant(&self) -> &str {
        &self.tenant
    }

    /// Lets in who has a token that is still good.
    ///
    /// # Errors
    /// 401, and why.
    pub(super) fn admit(&mut self, ask: &Ask) -> Result<(), Fault> {
        let Some(value) = ask.header("authorization") else {
            return Err(Fault::token(
                "no `Authorization` header; get a token from the token endpoint and send it as `Bearer`",
            ));
        };
        let token = value
            .split_once(' ')
            .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("Bearer"))
            .map(|(_, token)| token.trim())
            .ok_or_else(|| Fault::token("the `Authorization` header must be `Bearer <token>`"))?;
        match self.tokens.get(token) {
            Some(until) if *until > ask.at => Ok(()),
            Some(_) => Err(Fault::token("the token has expired; get another one")),
            None => Err(Fault::token(
                "the token is none of this org's; get one from its token endpoint",
            )),
        }
    }

    /// `POST /{tenant}/oauth2/v2.0/token`.
    pub(super) fn token(&mut self, tenant: &str, ask: &Ask, ids: &mut Ids) -> Reply {
        let granted = self.granted(tenant, ask);
        let correlation = ids.uuid();
        match granted {
            Ok(()) => {
                let token = format!("{}{}", self.fresh.uuid(), self.fresh.uuid()).replace('-', "");
                self.tokens.retain(|_, until| *until > ask.at);
                self.tokens.insert(token.clone(), ask.at + LIFE);
                Reply::json(
                    200,
                    json!({
                        "token_type": "Bearer",
                        "expires_in": LIFE.as_secs(),
                        "ext_expires_in": LIFE.as_secs(),
                        "access_token": token,
                    }),
                )
            }
            Err(refusal) => Reply::json(
                refusal.status,
                json!({
                    "error": refusal.error,
                    "error_description": format!("AADSTS{}: {}", refusal.code, refusal.message),
                    "error_codes": [refusal.code],
                    "timestamp": ask.at.to_string(),
                    "trace_id": ids.uuid(),
                    "correlation_id": correlation,
                }),
            ),
        }
    }

    fn granted(&self, tenant: &str, ask: &Ask) -> Result<(), Refusal> {
        let refuse = |status, error, code, message: String| {
            Err(Refusal {
                status,
                error,
                code,
                message,
            })
        };
        if ask.method != "POST" {
            let message = "the token endpoint takes POST only".to_owned();
            return refuse(400, "invalid_request", 900_561, message);
        }
        if !tenant.eq_ignore_ascii_case(&self.tenant) {
            let message = format!(
                "there is no tenant `{tenant}` here; it is `{}`",
                self.tenant
            );
            return refuse(400, "invalid_request", 90_002, message);
        }
        let form: BTreeMap<String, String> =
            url::form_urlencoded::parse(ask.body.as_deref().unwrap_or_default())
                .into_owned()
                .collect();
        let field = |name: &str| {
            form.get(name)
                .map(String::as_str)
                .filter(|value| !value.is_empty())
        };
        let missing = |name: &str| {
            let message = format!("the form must contain `{name}`");
            refuse(400, "invalid_request", 900_144, message)
        };
        match field("grant_type") {
            None => return missing("grant_type"),
            Some("client_credentials") => {}
            Some(other) => {
                let message = format!("the grant `{other}` is not emulated; client_credentials is");
                return refuse(400, "unsupported_grant_type", 70_003, message);
            }
        }
        let basic = basic(ask);
        let client = field("client_id").or(basic.as_ref().map(|(client, _)| client.as_str()));
        let secret = field("client_secret").or(basic.as_ref().map(|(_, secret)| secret.as_str()));
        let Some(client) = client else {
            return missing("client_id");
        };
        if !client.eq_ignore_ascii_case(&self.client) {
            let message = format!("there is no client `{client}` in tenant `{}`", self.tenant);
            return refuse(400, "unauthorized_client", 700_016, message);
        }
        if field("scope").is_none() {
            return missing("scope");
        }
        match secret {
            None => {
                let message = "the form must contain `client_secret`".to_owned();
                refuse(401, "invalid_client", 7_000_218, message)
            }
            Some(secret) if secret == self.secret => Ok(()),
            Some(_) => {
                let message = format!("the secret of client `{client}` is another one");
                refuse(401, "invalid_client", 7_000_215, message)
            }
        }
    }
}

/// Credentials in the header, which RFC 6749 2.3.1 allows, too.
fn basic(ask: &Ask) -> Option<(String, String)> {
    let (scheme, credentials) = ask.header("authorization")?.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("Basic") {
        return None;
    }
    let bytes = STANDARD.decode(credentials.trim()).ok()?;
    let text = String::from_utf8(bytes).ok()?;
    let (client, secret) = text.split_once(':')?;
    let decoded = |text: &str| {
        percent_encoding::percent_decode_str(text)
            .decode_utf8_lossy()
            .into_owned()
    };
    Some((decoded(client), decoded(secret)))
}

#[cfg(test)]
mod tests {
    use jiff::{SignedDuration, Timestamp};

    use super::Access;
    use crate::org::Ask;
    use crate::org::ids::Ids;

    fn ask(method: &str, seconds: i64, authorization: Option<&str>, body: &str) -> Ask {
        Ask {
            method: method.to_owned(),
            path: Vec::new(),
            query: Vec::new(),
            headers: authorization
                .map(|value| ("authorization".to_owned(), value.to_owned()))
                .into_iter()
                .collect(),
            body: Some(body.as_bytes().to_vec()),
            at: Timestamp::UNIX_EPOCH + SignedDuration::from_secs(seconds),
            base: String::new(),
        }
    }

    #[test]
    fn a_token_is_good_for_an_hour() {
        let [tenant, client, secret] = ["t-1", "c-1", "a b+c"].map(str::to_owned);
        let mut access = Access::new(tenant, client, secret, Ids::new(1));
        let form = "grant_type=client_credentials&scope=x";
        // `c-1:a b+c`, each part form-encoded (RFC 6749 2.3.1).
        let basic = Some("Basic Yy0xOmElMjBiJTJCYw==");
        let reply = access.token("T-1", &ask("POST", 0, basic, form), &mut Ids::new(2));
        assert_eq!(reply.status, 200, "{reply:?}");
        let token = reply.body.unwrap()["access_token"].clone();
        let bearer = format!("bearer {}", token.as_str().unwrap());
        assert!(access.admit(&ask("GET", 3598, Some(&bearer), "")).is_ok());
        let fault = access.admit(&ask("GET", 3599, Some(&bearer), ""));
        assert_eq!(
            fault.unwrap_err().message,
            "the token has expired; get another one"
        );
    }
}
