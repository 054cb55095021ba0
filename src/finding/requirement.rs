//! The requirements of the SCIM RFCs, as listed in `fixtures/rfc-requirements.jsonl`.

use std::collections::HashMap;
use std::sync::OnceLock;

use serde::Deserialize;

static LIST: &str = include_str!("../../fixtures/rfc-requirements.jsonl");

/// The two RFCs that define SCIM; the others are named by them, or add to them.
const CORE: [&str; 2] = ["7643", "7644"];

/// One requirement. The list has more columns; these are the ones that judging, reports and explanations use.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Requirement {
    /// Names it for good: `rfc7644-3.5.2-200-or-204`.
    pub id: String,
    /// Number of the RFC: `7644`.
    pub rfc: String,
    /// Section: `3.5.2`.
    pub section: String,
    /// `MUST`, `SHOULD`, `MAY` and the like, as the list has it.
    pub level: String,
    /// Whom it binds: `server` or `client`.
    pub subject: String,
    /// One sentence in our words.
    pub requirement: String,
    /// Part of SCIM: `discovery`, `patch`, …
    pub area: String,
    /// Whether it can be tested: `yes`, `no`, or under which circumstances.
    pub testable: String,
    /// 1 is what every provider needs.
    pub tier: u8,
    /// What must hold, else it is skipped.
    pub preconditions: Vec<String>,
    /// How it is tested, in words.
    pub probe: String,
    /// What must come of that.
    pub expect: String,
    /// Which provider depends on it, and where.
    pub idp_relevance: String,
    /// How real traffic of providers departs from it.
    pub idp_deviation: Option<String>,
    /// An ambiguity or erratum.
    pub note: Option<String>,
}

impl Requirement {
    /// The requirement of that id.
    pub fn find(id: &str) -> Option<Self> {
        lines().get(id).and_then(|line| parse(line))
    }

    /// Whether there is one of that id. Cheap: reads ids only.
    pub fn exists(id: &str) -> bool {
        lines().contains_key(id)
    }

    /// All ids, in no particular order.
    pub fn ids() -> impl Iterator<Item = &'static str> {
        lines().keys().copied()
    }

    /// All of them in the order of the list. Parses the whole list: not for start-up.
    pub fn all() -> Vec<Self> {
        LIST.lines().filter_map(parse).collect()
    }

    /// The group of sections that it is counted in: `RFC 7644 3.5.2`. As deep as the sections are long: chapter 3 of RFC 7644 is
    /// the protocol itself, and its 3.4 and 3.5 hold every query and every change.
    pub fn group(&self) -> String {
        let parts: Vec<&str> = self.section.split('.').collect();
        let depth = match (self.rfc.as_str(), parts.as_slice()) {
            ("7644", ["3", "4" | "5", ..]) => 3,
            ("7644", ["3", ..]) => 2,
            ("7643" | "7644", _) => 1,
            _ => 0,
        };
        let section = parts[..depth.min(parts.len())].join(".");
        format!("RFC {} {section}", self.rfc).trim_end().to_owned()
    }

    /// Sorts by RFC, the core ones first, and by section as numbers.
    pub fn order(&self) -> (bool, String, Vec<u32>) {
        let section = self.section.split('.');
        let section = section.map(|part| part.parse().unwrap_or_default());
        (
            !CORE.contains(&self.rfc.as_str()),
            self.rfc.clone(),
            section.collect(),
        )
    }
}

fn parse(line: &str) -> Option<Requirement> {
    serde_json::from_str(line).ok()
}

/// Each line by its id, found without parsing the line: the id always comes first.
fn lines() -> &'static HashMap<&'static str, &'static str> {
    static LINES: OnceLock<HashMap<&'static str, &'static str>> = OnceLock::new();
    LINES.get_or_init(|| {
        LIST.lines()
            .filter_map(|line| {
                let id = line.strip_prefix("{\"id\": \"")?.split('"').next()?;
                Some((id, line))
            })
            .collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_has_an_id_and_can_be_parsed() {
        let lines = LIST.lines().count();
        assert_eq!(lines, Requirement::ids().count());
        assert_eq!(lines, Requirement::all().len());
        for requirement in Requirement::all() {
            assert!(!requirement.rfc.is_empty(), "{}", requirement.id);
        }
    }

    #[test]
    fn finds_one_by_its_id() {
        let found = Requirement::find("rfc7644-4-spc-get").expect("it is in the list");
        assert_eq!(found.section, "4");
        assert!(!Requirement::exists("rfc7644-4-spc"));
    }
}
