//! Findings: what was judged, how it came out, how much it binds, and on whose authority.

pub mod baseline;
pub mod fail_on;
pub mod page;
pub mod requirement;
pub(crate) mod template;
pub mod weighing;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::finding::baseline::Acceptance;
use crate::scim::equality;

/// Id of a skip whose reason is the target: it says that it does not have what is needed, or does not declare it.
pub const NOT_SUPPORTED: &str = "not-supported";

/// What came of judging one thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// Judged and right.
    Pass,
    /// Not judged, on purpose; the message says why.
    Skip,
    /// Judged and wrong.
    Fail,
    /// Could not be judged.
    Error,
}

impl Verdict {
    /// The word used in reports and event logs.
    pub fn name(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Skip => "skip",
            Self::Fail => "fail",
            Self::Error => "error",
        }
    }
}

/// How much a requirement binds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Strength {
    /// Nice to have, or only inferred.
    May,
    /// Recommended.
    Should,
    /// Required.
    Must,
}

impl Strength {
    /// The word used in files and options.
    pub fn name(self) -> &'static str {
        match self {
            Self::May => "may",
            Self::Should => "should",
            Self::Must => "must",
        }
    }

    /// The strength of that name.
    pub fn named(name: &str) -> Option<Self> {
        [Self::May, Self::Should, Self::Must]
            .into_iter()
            .find(|strength| strength.name() == name)
    }

    /// How much a requirement binds by its keyword (RFC 2119): `MUST NOT` as `MUST`.
    pub fn of_keyword(keyword: &str) -> Self {
        match keyword.split(' ').next() {
            Some("MUST") => Self::Must,
            Some("SHOULD") => Self::Should,
            _ => Self::May,
        }
    }
}

/// Who requires it. RFC duty and provider habit never mix: the same answer can be right for one and wrong for the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Authority {
    /// The SCIM RFCs.
    Rfc,
    /// Okta as a client.
    Okta,
    /// Microsoft Entra ID as a client.
    Entra,
    /// What the target answered last time.
    Snapshot,
}

impl Authority {
    /// The word used in files and options.
    pub fn name(self) -> &'static str {
        match self {
            Self::Rfc => "rfc",
            Self::Okta => "okta",
            Self::Entra => "entra",
            Self::Snapshot => "snapshot",
        }
    }

    /// The authority of that name.
    pub fn named(name: &str) -> Option<Self> {
        [Self::Rfc, Self::Okta, Self::Entra, Self::Snapshot]
            .into_iter()
            .find(|authority| authority.name() == name)
    }

    /// What a failure on this authority means, for people: `breaks Entra`.
    pub fn broken(self) -> &'static str {
        match self {
            Self::Rfc => "breaks the RFC",
            Self::Okta => "breaks Okta",
            Self::Entra => "breaks Entra",
            Self::Snapshot => "differs from last time",
        }
    }
}

/// One place where the answer is not what was expected.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Difference {
    /// SCIM path (`emails[type eq "work"].value`), `status`, or `header NAME`; empty for the whole body.
    pub path: String,
    /// What was expected, in words or as JSON; `None`: nothing.
    pub expected: Option<Value>,
    /// What came; `None`: nothing.
    pub received: Option<Value>,
    /// The two values differ in letter case only, which the RFC lets pass for many attributes and providers do not.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub only_case: bool,
}

impl From<equality::Difference> for Difference {
    fn from(difference: equality::Difference) -> Self {
        Self {
            path: difference.path,
            expected: difference.expected,
            received: difference.received,
            only_case: difference.only_case,
        }
    }
}

/// The outcome of one judgement. Stable and public: part of the event format.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Finding {
    /// Names the rule; never changes. Lower case with hyphens.
    pub id: String,
    /// How it came out.
    pub verdict: Verdict,
    /// How much it binds.
    pub strength: Strength,
    /// On whose authority.
    pub authority: Authority,
    /// Ids in `fixtures/rfc-requirements.jsonl`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub requirements: Vec<String>,
    /// One sentence: what is wrong, or why it was not judged.
    pub message: String,
    /// Where exactly.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub differences: Vec<Difference>,
    /// What the provider's administrator reads, where the provider gave up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub admin: Option<String>,
    /// Why the client needs it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub because: Option<String>,
    /// Where the requirement is documented, with its evidence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// The exchange of the step that it is about, counted from 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exchange: Option<usize>,
    /// What it does to the run, if it failed.
    #[serde(default, skip_serializing_if = "Effect::goes_without_saying")]
    pub effect: Effect,
}

/// What a failed finding does to its run.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Effect {
    /// A must fails the run, anything less is a warning.
    #[default]
    ByStrength,
    /// It fails the run, although it is no must.
    Fails,
    /// It is a warning, although it is a must.
    Warns,
    /// It would fail the run, and is accepted.
    Known(Acceptance),
}

impl Effect {
    /// That a finding fails the run.
    fn fails(finding: &Finding) -> Self {
        match finding.strength {
            Strength::Must => Self::ByStrength,
            _ => Self::Fails,
        }
    }

    /// That a finding is a warning.
    fn warns(finding: &Finding) -> Self {
        match finding.strength {
            Strength::Must => Self::Warns,
            _ => Self::ByStrength,
        }
    }

    fn goes_without_saying(&self) -> bool {
        *self == Self::ByStrength
    }
}

impl Finding {
    /// A judgement that says no more than this: without requirements, differences, reason, source or exchange.
    pub fn new(
        id: impl Into<String>,
        verdict: Verdict,
        strength: Strength,
        authority: Authority,
        message: impl Into<String>,
    ) -> Self {
        Self {
            id: id.into(),
            verdict,
            strength,
            authority,
            requirements: Vec::new(),
            message: message.into(),
            differences: Vec::new(),
            admin: None,
            because: None,
            source: None,
            exchange: None,
            effect: Effect::ByStrength,
        }
    }

    /// Judged and wrong, or not to be judged although it had to be.
    pub fn failed(&self) -> bool {
        matches!(self.verdict, Verdict::Fail | Verdict::Error)
    }

    /// Fails the run.
    pub fn counts(&self) -> bool {
        self.failed()
            && match self.effect {
                Effect::ByStrength => self.strength == Strength::Must,
                Effect::Fails => true,
                Effect::Warns | Effect::Known(_) => false,
            }
    }

    /// Would fail the run, and is accepted.
    pub fn is_known(&self) -> bool {
        self.failed() && matches!(self.effect, Effect::Known(_))
    }

    /// Wrong, and only told.
    pub fn warns(&self) -> bool {
        self.failed() && !self.counts() && !self.is_known()
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::{Authority, Finding, Strength, Verdict};

    /// A finding with nothing in it but this.
    pub(crate) fn finding(verdict: Verdict, strength: Strength, authority: Authority) -> Finding {
        Finding::new("rule", verdict, strength, authority, "")
    }
}
