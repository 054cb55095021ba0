//! What is known of a target without asking it: its address, and how requests to it are authenticated.

use super::Address;
use crate::event::{Authentication, AuthenticationKind};

/// The longest base URL that the OIN Wizard takes, in characters (okta.md 0.5).
const LONGEST: usize = 1024;
/// Shortest and longest life of a token that Entra's gallery allows, in seconds (entra.md 9, test 21; 12, GAL-11).
const LIFE: std::ops::RangeInclusive<u64> = 3_600..=21_600;

/// A target from outside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Facts {
    /// Its base URL.
    pub(crate) base: String,
    /// It is this very machine, so its address is not the one that will be submitted.
    pub(crate) is_loopback: bool,
    /// How requests are authenticated, once that is known.
    pub(crate) authentication: Option<Authentication>,
}

/// Whether a requirement on a target's address or credential holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Fact {
    /// It does.
    Holds,
    /// It does not, and why.
    Broken(String),
    /// It cannot be said of this target; what to look at.
    Open(String),
    /// It could be said, with another command.
    Unknown(String),
}

impl Facts {
    fn kind(&self) -> AuthenticationKind {
        let known = self.authentication.as_ref();
        known.map_or(AuthenticationKind::None, |known| known.kind)
    }

    fn life(&self) -> Option<u64> {
        self.authentication.as_ref()?.expires_in
    }

    pub(crate) fn fact(&self, address: Address) -> Fact {
        let base = &self.base;
        match address {
            Address::Https if base.starts_with("https:") => Fact::Holds,
            Address::Https if self.is_loopback => Fact::Open(
                "the target is on this machine; the address that is submitted must begin with https:// and have a certificate that everybody trusts".to_owned(),
            ),
            Address::Https => Fact::Broken(format!("{base} is not https")),
            Address::NoUnderscore if base.contains('_') => {
                Fact::Broken(format!("{base} has a `_`"))
            }
            Address::Length if base.chars().count() > LONGEST => {
                Fact::Broken(format!("the base URL is longer than {LONGEST} characters"))
            }
            Address::NoUnderscore | Address::Length if self.is_loopback => Fact::Open(
                "the target is on this machine; look at the address that is submitted".to_owned(),
            ),
            Address::NoUnderscore | Address::Length => Fact::Holds,
            Address::NotBasic => match self.kind() {
                AuthenticationKind::Basic => {
                    Fact::Broken("requests are authenticated with user and password".to_owned())
                }
                AuthenticationKind::None => Fact::Unknown(
                    "no credential was given; give the one that the provider will have".to_owned(),
                ),
                AuthenticationKind::Bearer
                | AuthenticationKind::Header
                | AuthenticationKind::ClientCredentials => Fact::Holds,
            },
            Address::ClientCredentials => match (self.kind(), self.life()) {
                (AuthenticationKind::ClientCredentials, Some(life)) if LIFE.contains(&life) => {
                    Fact::Holds
                }
                (AuthenticationKind::ClientCredentials, Some(life)) => Fact::Broken(format!(
                    "the token lives {life} seconds; it must be 3600 to 21600, which is one to six hours"
                )),
                (AuthenticationKind::ClientCredentials, None) => Fact::Broken(
                    "the token endpoint does not say with `expires_in` how long the token lives".to_owned(),
                ),
                (AuthenticationKind::Basic, _) => {
                    Fact::Broken("requests are authenticated with user and password".to_owned())
                }
                _ => Fact::Unknown(
                    "the token was not fetched with client credentials; give `--oauth-token-url` and `--oauth-client-id`".to_owned(),
                ),
            },
            Address::WorkloadIdentity => Fact::Unknown(
                "needs a token of a Microsoft tenant, which cannot be had here".to_owned(),
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Fact, Facts};
    use crate::event::{Authentication, AuthenticationKind};
    use crate::gate::Address;

    fn facts(base: &str, kind: AuthenticationKind) -> Facts {
        living(base, kind, None)
    }

    fn living(base: &str, kind: AuthenticationKind, expires_in: Option<u64>) -> Facts {
        Facts {
            base: base.to_owned(),
            is_loopback: base.contains("127.0.0.1"),
            authentication: Some(Authentication { kind, expires_in }),
        }
    }

    #[test]
    fn an_address_is_judged_where_it_is_the_one_that_is_submitted() {
        let public = facts("https://scim.example.test/v2", AuthenticationKind::Bearer);
        assert_eq!(public.fact(Address::Https), Fact::Holds);
        assert_eq!(public.fact(Address::NoUnderscore), Fact::Holds);
        let plain = facts("http://scim.example.test/my_app", AuthenticationKind::Basic);
        for address in [Address::Https, Address::NoUnderscore, Address::NotBasic] {
            assert!(
                matches!(plain.fact(address), Fact::Broken(_)),
                "{address:?}"
            );
        }
        let here = facts("http://127.0.0.1:8080/scim", AuthenticationKind::None);
        assert!(matches!(here.fact(Address::Https), Fact::Open(_)));
        assert!(matches!(here.fact(Address::NotBasic), Fact::Unknown(_)));
        let long = facts(
            &format!("https://{}.test", "a".repeat(1025)),
            AuthenticationKind::None,
        );
        assert!(matches!(long.fact(Address::Length), Fact::Broken(_)));
    }

    #[test]
    fn a_token_lives_one_to_six_hours() {
        let of = |life| {
            living(
                "https://scim.example.test",
                AuthenticationKind::ClientCredentials,
                life,
            )
            .fact(Address::ClientCredentials)
        };
        assert_eq!(of(Some(3_600)), Fact::Holds);
        assert_eq!(of(Some(21_600)), Fact::Holds);
        for life in [Some(3_599), Some(21_601), None] {
            assert!(matches!(of(life), Fact::Broken(_)), "{life:?}");
        }
        let given = facts("https://scim.example.test", AuthenticationKind::Bearer);
        assert!(matches!(
            given.fact(Address::ClientCredentials),
            Fact::Unknown(_)
        ));
        assert!(matches!(
            given.fact(Address::WorkloadIdentity),
            Fact::Unknown(_)
        ));
    }
}
