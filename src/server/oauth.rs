//! The token endpoint: access tokens for a client that shows its secret (RFC 6749 4.4).

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::{SignedDuration, Timestamp};
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;
use url::form_urlencoded;

use super::auth::{Token, Tokens, end_of, equal};
use super::{Answer, Request, Server};

/// Where the token endpoint is, beside the base path of its tenant.
pub(crate) const PATH: &str = "/oauth/token";

/// How long an access token is valid unless told otherwise.
const LIFE: SignedDuration = SignedDuration::from_hours(1);

/// A client that may fetch access tokens.
#[derive(Debug, Clone)]
pub struct OauthClient {
    /// Its id.
    pub id: String,
    /// Its secret.
    pub secret: SecretString,
}

/// Why there is no token (RFC 6749 5.2).
struct Refused {
    status: u16,
    error: &'static str,
    description: &'static str,
    /// The client has shown its secret as Basic authentication.
    challenge: bool,
}

impl Refused {
    fn new(error: &'static str, description: &'static str) -> Self {
        Self {
            status: 400,
            error,
            description,
            challenge: false,
        }
    }

    fn client(description: &'static str, challenge: bool) -> Self {
        Self {
            status: 401,
            challenge,
            ..Self::new("invalid_client", description)
        }
    }
}

impl Server {
    /// What the token endpoint answers, if it is asked.
    pub(super) fn token_for(
        &self,
        path: &str,
        request: &Request<'_>,
        now: Timestamp,
        fresh: &dyn Fn() -> String,
    ) -> Option<Answer> {
        let client = self.oauth.as_ref()?;
        let before = path.strip_suffix(PATH)?;
        let tenant = self.tenants.iter().find(|tenant| {
            let name = tenant.name.as_deref();
            before.strip_prefix('/').or(before.is_empty().then_some("")) == Some(name.unwrap_or(""))
        })?;
        let mut tokens = tenant.tokens();
        let life = self.token_life;
        Some(answer(client, &mut tokens, life, request, now, fresh))
    }
}

/// Answers a request to the token endpoint; a token that it gives is among the tenant's from then on.
fn answer(
    client: &OauthClient,
    tokens: &mut Tokens,
    life: Option<SignedDuration>,
    request: &Request<'_>,
    now: Timestamp,
    fresh: &dyn Fn() -> String,
) -> Answer {
    let life = life.unwrap_or(LIFE);
    let mut answer = match asked(client, request) {
        Ok(()) => {
            let token = Token {
                expires: end_of(Some(life), now),
                ..Token::new(fresh())
            };
            let body = json!({
                "access_token": token.secret.expose_secret(),
                "token_type": "Bearer",
                "expires_in": life.as_secs(),
            });
            tokens.admit(token, now);
            Answer::json(200, &body)
        }
        Err(refused) => {
            let body = json!({"error": refused.error, "error_description": refused.description});
            let mut answer = Answer::json(refused.status, &body);
            if refused.challenge {
                let realm = "Basic realm=\"oauth\"".to_owned();
                answer.headers.push(("www-authenticate", realm));
            }
            if refused.status == 405 {
                answer.headers.push(("allow", "POST".to_owned()));
            }
            answer
        }
    };
    answer.headers.extend([
        ("content-type", "application/json".to_owned()),
        // RFC 6749 5.1.
        ("cache-control", "no-store".to_owned()),
        ("pragma", "no-cache".to_owned()),
    ]);
    answer
}

/// Whether the request is one for a token by this client.
fn asked(client: &OauthClient, request: &Request<'_>) -> Result<(), Refused> {
    if !request.method.eq_ignore_ascii_case("POST") {
        return Err(Refused {
            status: 405,
            ..Refused::new("invalid_request", "a token is asked for with POST")
        });
    }
    let media_type = request.header("content-type").unwrap_or_default();
    let media_type = media_type.split(';').next().unwrap_or_default().trim();
    if !media_type.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
        let description = "the body must be application/x-www-form-urlencoded";
        return Err(Refused::new("invalid_request", description));
    }
    let form: Vec<(String, String)> = form_urlencoded::parse(request.body).into_owned().collect();
    let repeated = form
        .iter()
        .enumerate()
        .any(|(index, (name, _))| form[..index].iter().any(|(earlier, _)| earlier == name));
    if repeated {
        let description = "a parameter stands twice in the form";
        return Err(Refused::new("invalid_request", description));
    }
    let value = |name: &str| {
        let mut named = form.iter().filter(|(known, _)| known == name);
        // RFC 6749 3.2: a parameter without a value counts as left out.
        named
            .next()
            .map(|(_, value)| value.as_str())
            .filter(|value| !value.is_empty())
    };
    let header = request.header("authorization");
    let given = match (header, value("client_id"), value("client_secret")) {
        (Some(_), _, Some(_)) => {
            let description = "the secret must stand in the header or in the form, not in both";
            return Err(Refused::new("invalid_request", description));
        }
        (Some(header), _, None) => pair(header),
        (None, Some(id), Some(secret)) => Some((id.to_owned(), secret.to_owned())),
        _ => {
            return Err(Refused::client(
                "the client does not show its secret",
                false,
            ));
        }
    };
    let known = given.is_some_and(|(id, secret)| {
        // Both are compared, so that the time taken does not tell which one is wrong.
        let (right_id, right_secret) = (
            equal(&client.id, &id),
            equal(client.secret.expose_secret(), &secret),
        );
        right_id & right_secret
    });
    if !known {
        let description = "no client has this id and this secret";
        return Err(Refused::client(description, header.is_some()));
    }
    match value("grant_type") {
        Some("client_credentials") => Ok(()),
        Some(_) => Err(Refused::new(
            "unsupported_grant_type",
            "there is client_credentials",
        )),
        None => Err(Refused::new("invalid_request", "grant_type is missing")),
    }
}

/// Id and secret of a Basic `Authorization`, each form-encoded (RFC 6749 2.3.1).
fn pair(header: &str) -> Option<(String, String)> {
    let (scheme, encoded) = header.trim().split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let bytes = STANDARD.decode(encoded.trim()).ok()?;
    let text = String::from_utf8(bytes).ok()?;
    let (id, secret) = text.split_once(':')?;
    Some((plain(id)?, plain(secret)?))
}

fn plain(encoded: &str) -> Option<String> {
    let spaced = encoded.replace('+', " ");
    let plain = percent_encoding::percent_decode_str(&spaced).decode_utf8();
    plain.ok().map(std::borrow::Cow::into_owned)
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use serde_json::Value;

    use super::OauthClient;
    use crate::server::{Answer, Request, Server, Settings};

    fn server() -> Server {
        Server::new(Settings {
            oauth: Some(OauthClient {
                id: "me:1".to_owned(),
                secret: "s3cr3t/ +".to_owned().into(),
            }),
            tenants: vec![("second".to_owned(), Vec::new())],
            ..Settings::default()
        })
        .expect("it is a server")
    }

    fn asked(server: &Server, target: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        let method = if body.is_empty() { "GET" } else { "POST" };
        let request = Request {
            method,
            target,
            headers,
            body: body.as_bytes(),
        };
        server.handle(&request, Timestamp::UNIX_EPOCH, &|| "token-1".to_owned())
    }

    const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");
    /// `me%3A1:s3cr3t%2F+%2B`
    const BASIC: (&str, &str) = ("authorization", "Basic bWUlM0ExOnMzY3IzdCUyRislMkI=");

    #[test]
    fn a_token_lets_in_to_its_tenant_for_an_hour() {
        let server = server();
        for (headers, form) in [
            (vec![FORM, BASIC], "grant_type=client_credentials&scope=a+b"),
            (
                vec![FORM],
                "grant_type=client_credentials&client_id=me:1&client_secret=s3cr3t%2F+%2B",
            ),
        ] {
            let answer = asked(&server, "/oauth/token", &headers, form);
            assert_eq!(answer.status, 200);
            assert_eq!(answer.header("cache-control"), Some("no-store"));
            let body: Value = serde_json::from_slice(&answer.body).expect("it is JSON");
            assert_eq!(
                body,
                serde_json::json!({"access_token": "token-1", "token_type": "Bearer", "expires_in": 3600})
            );
        }
        let bearer = [("authorization", "Bearer token-1")];
        let at = |target: &str, now: Timestamp| {
            let request = Request {
                method: "GET",
                target,
                headers: &bearer,
                body: &[],
            };
            server.handle(&request, now, &String::new).status
        };
        let epoch = Timestamp::UNIX_EPOCH;
        assert_eq!(at("/scim/v2/Users", epoch), 200);
        assert_eq!(at("/second/scim/v2/Users", epoch), 401);
        let later = epoch + jiff::SignedDuration::from_secs(3601);
        assert_eq!(at("/scim/v2/Users", later), 401);
        assert_eq!(asked(&server, "/scim/v2/Users", &[], "").status, 401);
    }

    #[test]
    fn what_is_refused_is_said_as_rfc_6749_does() {
        let server = server();
        let wrong = ("authorization", "Basic bWU6d3Jvbmc=");
        let json = ("content-type", "application/json");
        for (headers, form, status, error) in [
            (vec![FORM, BASIC], "scope=a", 400, "invalid_request"),
            (
                vec![FORM, BASIC],
                "grant_type=password",
                400,
                "unsupported_grant_type",
            ),
            (
                vec![FORM, BASIC],
                "grant_type=client_credentials&grant_type=client_credentials",
                400,
                "invalid_request",
            ),
            (
                vec![FORM, BASIC],
                "grant_type=client_credentials&client_secret=s3cr3t",
                400,
                "invalid_request",
            ),
            (vec![json, BASIC], "{}", 400, "invalid_request"),
            (
                vec![FORM, wrong],
                "grant_type=client_credentials",
                401,
                "invalid_client",
            ),
            (
                vec![FORM],
                "grant_type=client_credentials&client_id=me:1",
                401,
                "invalid_client",
            ),
            (vec![FORM, BASIC], "", 405, "invalid_request"),
        ] {
            let answer = asked(&server, "/oauth/token", &headers, form);
            let body: Value = serde_json::from_slice(&answer.body).expect("it is JSON");
            assert_eq!(
                (answer.status, &body["error"]),
                (status, &error.into()),
                "{form}"
            );
            let challenged = answer.header("www-authenticate").is_some();
            assert_eq!(challenged, headers.contains(&wrong), "{form}");
        }
    }

    #[test]
    fn without_a_client_there_is_no_token_endpoint() {
        let server = Server::new(Settings::default()).expect("it is a server");
        let form = "grant_type=client_credentials";
        assert_eq!(
            asked(&server, "/oauth/token", &[FORM, BASIC], form).status,
            404
        );
        assert_eq!(asked(&server, "/scim/v2/Users", &[], "").status, 200);
    }
}
