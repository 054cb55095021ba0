//! Checks: rules that hold for any exchange, whoever sent it and why. They look at what was exchanged and send nothing, so
//! they judge live runs, recordings and imports alike.
//!
//! A [`Check`] is a row of a table and one function. [`Watch`] shows it every exchange in order, together with what the
//! earlier ones said ([`History`]).

mod access;
mod addresses;
mod discovery;
mod errors;
mod filters;
mod headers;
mod history;
mod identity;
mod kept;
mod lists;
mod media;
mod meta;
mod methods;
mod names;
mod ordering;
mod paging;
mod projection;
mod query;
mod reasons;
mod schemas;
mod seen;
mod types;
mod versions;
mod watch;
mod writes;
mod wrong;

pub(crate) use history::History;
pub(crate) use seen::Seen;
pub use watch::Watch;

use serde_json::Value;

use crate::checks::seen::differs;
use crate::finding::{Authority, Difference, Strength};

/// A rule for any exchange.
pub struct Check {
    /// Names the rule for good: lower case with hyphens.
    pub id: &'static str,
    /// The rule in one line, as a claim about a sound service provider.
    pub rule: &'static str,
    /// On whose authority it holds. The first is the one that the rule comes from.
    pub stakes: &'static [Stake],
    /// Ids in `fixtures/rfc-requirements.jsonl` that a failure breaks.
    pub requirements: &'static [&'static str],
    /// What is shown by `explain`.
    pub texts: Texts,
    judge: fn(&Seen<'_>) -> Judged,
}

/// On whose authority a check holds, and how much it binds.
pub struct Stake {
    /// Who requires it. A provider's stake counts only for what was sent as this provider.
    pub authority: Authority,
    /// How much it binds.
    pub strength: Strength,
    /// Where it is documented: `RFC 7644 3.3`, `okta.md 2.4 [recorded]`.
    pub source: &'static str,
}

impl Stake {
    /// A duty of the RFC.
    const fn must(source: &'static str) -> Self {
        Self {
            authority: Authority::Rfc,
            strength: Strength::Must,
            source,
        }
    }

    /// A recommendation of the RFC.
    const fn should(source: &'static str) -> Self {
        Self {
            authority: Authority::Rfc,
            strength: Strength::Should,
            source,
        }
    }

    /// What Okta needs of the answers that it gets.
    const fn okta(strength: Strength, source: &'static str) -> Self {
        Self {
            authority: Authority::Okta,
            strength,
            source,
        }
    }

    /// What Entra needs of the answers that it gets.
    const fn entra(strength: Strength, source: &'static str) -> Self {
        Self {
            authority: Authority::Entra,
            strength,
            source,
        }
    }
}

/// The texts of a check.
pub struct Texts {
    /// What it requires, why it matters, what a failure looks like, how to fix it: Markdown with these four headings.
    pub page: &'static str,
    /// Exchanges that keep the rule, as HTTP.
    pub good: &'static str,
    /// Exchanges that break it, as HTTP.
    pub bad: &'static str,
}

/// The page and the two fixtures of a check, by its id.
macro_rules! texts {
    ($id:literal) => {
        $crate::checks::Texts {
            page: include_str!(concat!("pages/", $id, ".md")),
            good: include_str!(concat!("../../fixtures/exchanges/", $id, ".pass.http")),
            bad: include_str!(concat!("../../fixtures/exchanges/", $id, ".fail.http")),
        }
    };
}
use texts;

/// What a check says of an exchange.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Judged {
    /// The rule does not speak about it.
    Silent,
    /// It keeps the rule.
    Holds,
    /// It breaks the rule, in these ways.
    Broken(Vec<Fault>),
}

/// One way in which an exchange breaks a rule.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Fault {
    /// One sentence without the request: what is wrong.
    pub(crate) message: String,
    /// Where exactly.
    pub(crate) differences: Vec<Difference>,
}

impl Fault {
    /// Something else than expected at a path.
    fn at(
        message: impl Into<String>,
        path: impl Into<String>,
        expected: impl Into<Value>,
        received: Option<&Value>,
    ) -> Self {
        Self {
            message: message.into(),
            differences: vec![differs(path, expected, received)],
        }
    }
}

impl Judged {
    /// Broken where there are faults.
    fn of(faults: Vec<Fault>) -> Self {
        match faults.is_empty() {
            true => Self::Holds,
            false => Self::Broken(faults),
        }
    }

    /// Silent where there was nothing to judge, else broken where there are faults.
    fn among(judged: bool, faults: Vec<Fault>) -> Self {
        match judged {
            true => Self::of(faults),
            false => Self::Silent,
        }
    }

    /// Broken in one way.
    fn broken(message: impl Into<String>, difference: Difference) -> Self {
        Self::Broken(vec![Fault {
            message: message.into(),
            differences: vec![difference],
        }])
    }
}

/// The checks, by what they are about.
const AREAS: &[&[Check]] = &[
    methods::CHECKS,
    headers::CHECKS,
    access::CHECKS,
    media::CHECKS,
    errors::CHECKS,
    reasons::CHECKS,
    lists::CHECKS,
    paging::CHECKS,
    filters::CHECKS,
    types::CHECKS,
    names::CHECKS,
    addresses::CHECKS,
    identity::CHECKS,
    meta::CHECKS,
    versions::CHECKS,
    schemas::CHECKS,
    projection::CHECKS,
    writes::CHECKS,
    discovery::CHECKS,
];

impl Check {
    /// All checks, in the order in which they judge.
    pub fn all() -> impl Iterator<Item = &'static Check> {
        AREAS.iter().copied().flatten()
    }

    /// The check of an id.
    pub fn find(id: &str) -> Option<&'static Check> {
        Self::all().find(|check| check.id == id)
    }
}

#[cfg(test)]
mod tests;
