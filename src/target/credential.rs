//! How to authenticate at a target.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use secrecy::{ExposeSecret, SecretString};
use url::{Url, form_urlencoded};

use crate::exchange::Mask;

/// How requests are authenticated.
#[derive(Debug, Clone, Default)]
pub enum Credential {
    /// Not at all.
    #[default]
    None,
    /// `Authorization: Bearer …`.
    Bearer(SecretString),
    /// `Authorization: Basic …`.
    Basic {
        /// User name.
        user: String,
        /// Password.
        password: SecretString,
    },
    /// `Authorization: Bearer …` with an access token that is fetched before the first request and again before it ends.
    ClientCredentials(ClientCredentials),
}

/// What an access token is fetched with (RFC 6749 4.4).
#[derive(Debug, Clone)]
pub struct ClientCredentials {
    /// Where. It need not be the target's host.
    pub token_url: TokenUrl,
    /// Who asks.
    pub client_id: String,
    /// The client's secret.
    pub client_secret: SecretString,
    /// What the token is to be good for, in the words of the token endpoint.
    pub scope: Option<String>,
    /// Where the secret stands.
    pub authentication: ClientAuthentication,
}

/// Where a client shows its secret to the token endpoint (RFC 6749 2.3.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ClientAuthentication {
    /// In the header, as Basic authentication (`client_secret_basic`), which every server must accept.
    #[default]
    Basic,
    /// In the body (`client_secret_post`).
    Post,
}

impl ClientAuthentication {
    /// Both, with their names.
    pub const ALL: [(&'static str, Self); 2] = [("basic", Self::Basic), ("post", Self::Post)];

    /// `basic` or `post`.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|(known, _)| *known == name)
            .map(|(_, found)| found)
    }
}

/// The address of a token endpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenUrl(Url);

/// Why a text is no token endpoint's address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TokenUrlError {
    /// Not a URL at all.
    #[error("the token URL `{0}` is not a URL: {1}")]
    Syntax(String, String),
    /// Neither http nor https.
    #[error("the token URL `{0}` is neither an http nor an https URL")]
    Scheme(String),
    /// A user or password stands in it.
    #[error("the token URL holds a user name or password")]
    Credentials,
    /// A fragment stands in it (RFC 6749 3.2).
    #[error("the token URL `{0}` has a fragment, which is never sent")]
    Fragment(String),
}

impl TokenUrlError {
    /// What to do.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Syntax(..) | Self::Scheme(_) => {
                "give the whole address of the token endpoint, such as https://example.com/oauth/token"
            }
            Self::Credentials => {
                "give the client's id and secret apart from the URL; its secret in an environment variable or a file"
            }
            Self::Fragment(_) => "leave out the `#` and what follows it",
        }
    }
}

impl TokenUrl {
    /// Reads the address of a token endpoint.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(text: &str) -> Result<Self, TokenUrlError> {
        let url = Url::parse(text.trim())
            .map_err(|problem| TokenUrlError::Syntax(text.to_owned(), problem.to_string()))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(TokenUrlError::Scheme(text.to_owned()));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(TokenUrlError::Credentials);
        }
        if url.fragment().is_some() {
            return Err(TokenUrlError::Fragment(text.to_owned()));
        }
        Ok(Self(url))
    }

    /// The URL.
    pub fn url(&self) -> &Url {
        &self.0
    }
}

impl Credential {
    /// The value of the `Authorization` header, if it is known without asking anybody.
    pub fn header(&self) -> Option<SecretString> {
        match self {
            Self::None | Self::ClientCredentials(_) => None,
            Self::Bearer(token) => Some(format!("Bearer {}", token.expose_secret()).into()),
            Self::Basic { user, password } => {
                let pair = STANDARD.encode(format!("{user}:{}", password.expose_secret()));
                Some(format!("Basic {pair}").into())
            }
        }
    }

    /// Masks what is secret of it.
    pub(super) fn add_secrets(&self, mask: &mut Mask) {
        match self {
            Self::None => {}
            Self::Bearer(token) => mask.add(token.expose_secret()),
            Self::Basic { user, password } => {
                mask.add(&STANDARD.encode(format!("{user}:{}", password.expose_secret())));
                mask.add(password.expose_secret());
            }
            Self::ClientCredentials(client) => {
                mask.add(&client.pair());
                mask.add(client.client_secret.expose_secret());
            }
        }
    }
}

impl ClientCredentials {
    /// The request for a token: the value of its `Authorization` header, if it has one, and its form.
    pub fn request(&self) -> (Option<SecretString>, SecretString) {
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.append_pair("grant_type", "client_credentials");
        let header = match self.authentication {
            ClientAuthentication::Basic => Some(format!("Basic {}", self.pair()).into()),
            ClientAuthentication::Post => {
                form.append_pair("client_id", &self.client_id)
                    .append_pair("client_secret", self.client_secret.expose_secret());
                None
            }
        };
        if let Some(scope) = &self.scope {
            form.append_pair("scope", scope);
        }
        (header, form.finish().into())
    }

    /// Both are form-encoded before they are put together (RFC 6749 2.3.1), unlike in other Basic authentication.
    fn pair(&self) -> String {
        let encoded =
            |text: &str| -> String { form_urlencoded::byte_serialize(text.as_bytes()).collect() };
        STANDARD.encode(format!(
            "{}:{}",
            encoded(&self.client_id),
            encoded(self.client_secret.expose_secret())
        ))
    }
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::{ClientAuthentication, ClientCredentials, TokenUrl, TokenUrlError};
    use crate::target::{BaseUrl, Credential, Target};

    fn client(authentication: ClientAuthentication) -> ClientCredentials {
        ClientCredentials {
            token_url: TokenUrl::parse("https://a.test/oauth/token?v=1").expect("it is one"),
            client_id: "id:1".to_owned(),
            client_secret: "s3cr3t/ +".to_owned().into(),
            scope: Some("scim read".to_owned()),
            authentication,
        }
    }

    #[test]
    fn the_secret_stands_in_the_header_or_in_the_form() {
        let (header, form) = client(ClientAuthentication::Basic).request();
        // `id%3A1:s3cr3t%2F+%2B`
        assert_eq!(
            header.expect("there is one").expose_secret(),
            "Basic aWQlM0ExOnMzY3IzdCUyRislMkI="
        );
        assert_eq!(
            form.expose_secret(),
            "grant_type=client_credentials&scope=scim+read"
        );
        let (header, form) = client(ClientAuthentication::Post).request();
        assert!(header.is_none());
        assert_eq!(
            form.expose_secret(),
            "grant_type=client_credentials&client_id=id%3A1&client_secret=s3cr3t%2F+%2B&scope=scim+read"
        );
    }

    #[test]
    fn both_forms_of_the_secret_are_masked() {
        for authentication in [ClientAuthentication::Basic, ClientAuthentication::Post] {
            let mut target = Target::new(BaseUrl::parse("https://a.test").expect("it is one"));
            target.credential = Credential::ClientCredentials(client(authentication));
            let (header, form) = client(authentication).request();
            let shown = header.map(|header| target.mask().text(header.expose_secret()));
            assert!(shown.is_none_or(|shown| shown == "Basic [secret]"));
            let form = target.mask().text(form.expose_secret());
            assert!(!form.contains("s3cr3t"), "{form}");
        }
    }

    #[test]
    fn what_is_no_token_url() {
        assert!(matches!(
            TokenUrl::parse("/oauth/token"),
            Err(TokenUrlError::Syntax(..))
        ));
        assert!(matches!(
            TokenUrl::parse("ftp://a.test/token"),
            Err(TokenUrlError::Scheme(_))
        ));
        assert_eq!(
            TokenUrl::parse("https://me:canary@a.test/token"),
            Err(TokenUrlError::Credentials)
        );
        assert!(matches!(
            TokenUrl::parse("https://a.test/token#x"),
            Err(TokenUrlError::Fragment(_))
        ));
    }
}
