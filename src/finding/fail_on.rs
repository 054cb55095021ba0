//! What fails a run: `--fail-on rfc:should,entra`.

use std::fmt;
use std::str::FromStr;

use super::{Authority, Finding, Strength, Verdict};

/// Which failed findings fail a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FailOn {
    /// On whose authority (`None`: on any), and from which strength on.
    rules: Vec<(Option<Authority>, Strength)>,
}

/// A word that says nothing of what fails a run.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FailOnError {
    /// It is neither a strength nor an authority.
    #[error(
        "`{0}` says nothing of what fails a run; there is must, should, may, of anybody or of one authority: rfc, okta, \
         entra, snapshot, rfc:should; several with commas between them, or none"
    )]
    Unknown(String),
    /// It contradicts the other words.
    #[error("`none` stands alone: then nothing fails the run")]
    NoneOfSeveral,
}

impl Default for FailOn {
    /// Every must, of the RFC and of each provider.
    fn default() -> Self {
        Self {
            rules: vec![(None, Strength::Must)],
        }
    }
}

impl FailOn {
    /// Whether a finding is among what fails the run.
    pub fn covers(&self, finding: &Finding) -> bool {
        let is_named = self.rules.iter().any(|(authority, strength)| {
            authority.is_none_or(|authority| authority == finding.authority)
                && finding.strength >= *strength
        });
        // What could not be judged is right on nobody's authority.
        let is_unknown = finding.verdict == Verdict::Error && finding.strength == Strength::Must;
        finding.failed() && (is_named || (is_unknown && !self.rules.is_empty()))
    }
}

impl FromStr for FailOn {
    type Err = FailOnError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let words: Vec<&str> = text.split(',').map(str::trim).collect();
        if words == ["none"] {
            return Ok(Self { rules: Vec::new() });
        }
        if words.contains(&"none") {
            return Err(FailOnError::NoneOfSeveral);
        }
        let rules = words
            .into_iter()
            .map(|word| rule(word).ok_or_else(|| FailOnError::Unknown(word.to_owned())));
        Ok(Self {
            rules: rules.collect::<Result<_, _>>()?,
        })
    }
}

/// `should`, `okta`, or `rfc:should`.
fn rule(word: &str) -> Option<(Option<Authority>, Strength)> {
    match word.split_once(':') {
        Some((authority, strength)) => Some((
            Some(Authority::named(authority)?),
            Strength::named(strength)?,
        )),
        None => match Strength::named(word) {
            Some(strength) => Some((None, strength)),
            None => Some((Some(Authority::named(word)?), Strength::Must)),
        },
    }
}

impl fmt::Display for FailOn {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.rules.is_empty() {
            return formatter.write_str("none");
        }
        let words: Vec<String> = self
            .rules
            .iter()
            .map(|(authority, strength)| match authority {
                None => strength.name().to_owned(),
                Some(authority) if *strength == Strength::Must => authority.name().to_owned(),
                Some(authority) => format!("{}:{}", authority.name(), strength.name()),
            })
            .collect();
        formatter.write_str(&words.join(","))
    }
}

#[cfg(test)]
mod tests {
    use super::{FailOn, FailOnError};
    use crate::finding::tests::finding;
    use crate::finding::{Authority, Strength, Verdict};

    #[test]
    fn words_say_what_fails() {
        let fails = |words: &str, strength, authority| {
            let fail_on: FailOn = words.parse().unwrap();
            assert_eq!(fail_on.to_string(), words);
            fail_on.covers(&finding(Verdict::Fail, strength, authority))
        };
        assert!(fails("must", Strength::Must, Authority::Okta));
        assert!(!fails("must", Strength::Should, Authority::Rfc));
        assert!(fails("should", Strength::Should, Authority::Okta));
        assert!(fails("may", Strength::May, Authority::Entra));
        assert!(!fails("rfc", Strength::Must, Authority::Okta));
        assert!(fails("rfc:should,entra", Strength::Should, Authority::Rfc));
        assert!(!fails(
            "rfc:should,entra",
            Strength::Should,
            Authority::Entra
        ));
        assert!(fails("rfc:should,entra", Strength::Must, Authority::Entra));
        assert!(!fails("none", Strength::Must, Authority::Rfc));
    }

    #[test]
    fn what_could_not_be_judged_fails_on_any_authority() {
        let error = finding(Verdict::Error, Strength::Must, Authority::Okta);
        assert!("rfc".parse::<FailOn>().unwrap().covers(&error));
        assert!(!"none".parse::<FailOn>().unwrap().covers(&error));
        let pass = finding(Verdict::Pass, Strength::Must, Authority::Rfc);
        assert!(!FailOn::default().covers(&pass));
    }

    #[test]
    fn other_words_are_mistakes() {
        for wrong in ["", "musst", "rfc:", "rfc:musst", "must:rfc", "rfc,"] {
            let error = wrong.parse::<FailOn>().unwrap_err();
            assert!(matches!(error, FailOnError::Unknown(_)), "{wrong}");
        }
        assert_eq!(
            "rfc,none".parse::<FailOn>(),
            Err(FailOnError::NoneOfSeveral)
        );
    }
}
