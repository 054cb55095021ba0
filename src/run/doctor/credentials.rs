//! Whether the target lets us in.

use super::{Advice, Patient, State};
use crate::event::AuthenticationKind;
use crate::exchange::Exchange;
use crate::run::trouble::Trouble;

/// Schemes that servers ask for (RFC 9110 11.1); other words in the header belong to their parameters.
const SCHEMES: [&str; 8] = [
    "Basic",
    "Bearer",
    "Digest",
    "DPoP",
    "Negotiate",
    "NTLM",
    "OAuth",
    "Token",
];

const GIVE_TOKEN: &str =
    "give the token with `--token-env NAME`, `--token-file FILE` or `--token -`";
const GIVE_PASSWORD: &str =
    "give a user and a password with `--basic-user USER --password-env NAME`";

impl Patient<'_> {
    pub(super) fn let_in(
        &mut self,
        first: &Exchange,
        trouble: Option<&Trouble>,
    ) -> Result<(), Advice> {
        let sent = self.target.authentication();
        let Some(Trouble::Refused(status)) = trouble else {
            let is_accepted = first.is_accepted() && trouble.is_none();
            match sent {
                _ if !is_accepted => {
                    let told = "the answer says nothing of them";
                    self.check("credentials", State::Skipped, told);
                }
                AuthenticationKind::None => {
                    let told = "none were sent, and none were asked for";
                    self.check("credentials", State::Fine, told);
                }
                _ => {
                    let told = format!("{} accepted", name_of(sent));
                    self.check("credentials", State::Fine, told);
                }
            }
            return Ok(());
        };
        let asked = first
            .response()
            .map(|response| challenges(&response.headers))
            .unwrap_or_default();
        let mut told = match sent {
            AuthenticationKind::None => format!("none were sent, and the answer is {status}"),
            _ => format!("{} sent, and the answer is {status}", name_of(sent)),
        };
        match asked.as_slice() {
            [] => told.push_str(", without a WWW-Authenticate header"),
            asked => told.push_str(&format!("; WWW-Authenticate: {}", asked.join(", "))),
        }
        self.check("credentials", State::Wrong, told);
        Err(advice(sent, *status, &schemes(&asked)))
    }
}

fn advice(sent: AuthenticationKind, status: u16, asked: &[&'static str]) -> Advice {
    let wants = |scheme: &str| asked.contains(&scheme);
    let is_other = match sent {
        AuthenticationKind::Basic => !wants("Basic"),
        AuthenticationKind::Bearer | AuthenticationKind::ClientCredentials => !wants("Bearer"),
        AuthenticationKind::None => true,
        AuthenticationKind::Header => false,
    };
    if is_other && !asked.is_empty() && status == 401 {
        return if wants("Bearer") || wants("OAuth") || wants("Token") {
            GIVE_TOKEN.to_owned()
        } else if wants("Basic") {
            GIVE_PASSWORD.to_owned()
        } else {
            format!(
                "let the target accept a bearer token or a password: it asks for {}, which no provisioning service sends",
                asked.join(" or ")
            )
        };
    }
    match (sent, status) {
        (AuthenticationKind::None, _) => GIVE_TOKEN,
        (_, 403) => "give the credentials the right to read users: they are known, and may not",
        (AuthenticationKind::ClientCredentials, _) => {
            "let the target trust the token endpoint, or correct the scope: the fetched access token is not accepted"
        }
        (AuthenticationKind::Basic, _) => {
            "give the right user and password: those that were sent are not accepted"
        }
        _ => "give a token that is valid here and has not ended: the one that was sent is not accepted",
    }
    .to_owned()
}

fn name_of(sent: AuthenticationKind) -> &'static str {
    match sent {
        AuthenticationKind::None => "none were",
        AuthenticationKind::Bearer => "a bearer token was",
        AuthenticationKind::Basic => "user and password were",
        AuthenticationKind::Header => "a header of its own was",
        AuthenticationKind::ClientCredentials => "a fetched access token was",
    }
}

/// What the headers of an answer ask for.
fn challenges(headers: &[(String, String)]) -> Vec<&str> {
    headers
        .iter()
        .filter(|(name, _)| name.eq_ignore_ascii_case("www-authenticate"))
        .map(|(_, value)| value.as_str())
        .collect()
}

fn schemes(challenges: &[&str]) -> Vec<&'static str> {
    let parts = challenges.iter().flat_map(|value| value.split(','));
    parts
        .filter_map(|part| {
            let word = part.split_whitespace().next()?;
            SCHEMES
                .into_iter()
                .find(|scheme| scheme.eq_ignore_ascii_case(word))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::schemes;

    #[test]
    fn schemes_are_told_from_their_parameters() {
        for (value, found) in [
            ("Bearer", vec!["Bearer"]),
            (
                r#"bearer realm="a, b", error="invalid_token""#,
                vec!["Bearer"],
            ),
            (
                r#"Basic realm="x", Bearer realm="y""#,
                vec!["Basic", "Bearer"],
            ),
            ("Negotiate, NTLM", vec!["Negotiate", "NTLM"]),
            ("SSWS", vec![]),
        ] {
            assert_eq!(schemes(&[value]), found, "{value}");
        }
    }
}
