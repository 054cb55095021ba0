//! Who may do what (RFC 7644 section 2, RFC 6750).

use secrecy::{ExposeSecret, SecretString};

use super::error::Refusal;

/// A bearer token of a tenant.
#[derive(Debug, Clone)]
pub struct Token {
    /// The token itself.
    pub secret: SecretString,
    /// The `userName` that `/Me` stands for; without it `/Me` answers 501.
    pub user: Option<String>,
    /// Whether it may only read.
    pub read_only: bool,
}

impl Token {
    /// A token that may do everything and stands for no user.
    pub fn new(secret: impl Into<String>) -> Token {
        Token {
            secret: SecretString::from(secret.into()),
            user: None,
            read_only: false,
        }
    }
}

/// The token that a request carries; `None` when the tenant asks for none.
pub(crate) fn authenticate<'a>(
    tokens: &'a [Token],
    header: Option<&str>,
) -> Result<Option<&'a Token>, Refusal> {
    let challenge = "Bearer realm=\"scim\"";
    let given = header.and_then(|header| {
        let (scheme, token) = header.trim().split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
    });
    let known = given.and_then(|given| {
        tokens
            .iter()
            .find(|token| equal(token.secret.expose_secret(), given))
    });
    match (known, given) {
        (Some(token), _) => Ok(Some(token)),
        (None, _) if tokens.is_empty() => Ok(None),
        (None, None) => Err(Refusal::new(
            401,
            "a bearer token is needed in the Authorization header",
        )
        .with_header("www-authenticate", challenge)),
        (None, Some(_)) => Err(
            Refusal::new(401, "the bearer token is not valid").with_header(
                "www-authenticate",
                format!(
                    "{challenge}, error=\"invalid_token\", error_description=\"unknown or expired\""
                ),
            ),
        ),
    }
}

/// Refuses writes with a token that may only read.
pub(crate) fn check_write(token: Option<&Token>) -> Result<(), Refusal> {
    if token.is_some_and(|token| token.read_only) {
        return Err(Refusal::new(403, "this token may only read").with_header(
            "www-authenticate",
            "Bearer realm=\"scim\", error=\"insufficient_scope\"",
        ));
    }
    Ok(())
}

/// Compares without telling by the time taken how much was right.
fn equal(left: &str, right: &str) -> bool {
    left.len() == right.len()
        && left
            .bytes()
            .zip(right.bytes())
            .fold(0, |sum, (left, right)| sum | (left ^ right))
            == 0
}
