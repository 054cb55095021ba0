//! Known ways of being wrong, each seen in a server of the field.
//!
//! A [`Defect`] stands between the client and the sound server: it may change the request before the server sees it, the
//! answer before the client does, or send other requests instead. So the server itself has no flags, a defect is read as
//! one function, and several can be had at once. What each one is about, and who met it, stands in
//! `fixtures/defects.jsonl`.

mod access;
mod alias;
#[cfg(test)]
mod bench;
mod bulk;
mod deletion;
mod discovery;
mod elements;
mod errors;
mod filters;
mod groups;
mod ids;
mod lifecycle;
mod matching;
mod members;
mod operation;
mod paging;
mod patching;
mod query;
mod refused_members;
mod shapes;
#[cfg(test)]
mod sides;
mod story;
mod tenants;
mod timing;
mod values;
mod versions;
mod visit;
mod writing;

pub use story::Story;

use std::fmt;
use std::sync::Mutex;

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::{Answer, Request};
use visit::Visit;

/// One known way of being wrong.
pub struct Defect {
    /// As in the catalogue: `D017`.
    pub id: &'static str,
    /// Words that a report must hold for its reader to find the cause: an attribute, a header, a status.
    pub names: &'static [&'static str],
    act: fn(&Visit<'_>) -> Answer,
}

impl fmt::Debug for Defect {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.id)
    }
}

/// The defects, by what they are about.
const AREAS: &[&[Defect]] = &[
    access::DEFECTS,
    bulk::DEFECTS,
    deletion::DEFECTS,
    discovery::DEFECTS,
    elements::DEFECTS,
    errors::DEFECTS,
    filters::DEFECTS,
    groups::DEFECTS,
    ids::DEFECTS,
    lifecycle::DEFECTS,
    matching::DEFECTS,
    members::DEFECTS,
    paging::DEFECTS,
    patching::DEFECTS,
    refused_members::DEFECTS,
    shapes::DEFECTS,
    tenants::DEFECTS,
    timing::DEFECTS,
    values::DEFECTS,
    versions::DEFECTS,
    writing::DEFECTS,
];

/// A defect that cannot be had.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DefectFault {
    /// The catalogue has it, and the server cannot reproduce it.
    #[error("the reference server does not reproduce `{0}`")]
    NotReproduced(String),
    /// The catalogue does not have it.
    #[error("there is no defect `{0}`")]
    Unknown(String),
}

impl Defect {
    /// All that the server reproduces, by their ids.
    pub fn all() -> Vec<&'static Defect> {
        let mut all: Vec<&Defect> = AREAS.iter().copied().flatten().collect();
        all.sort_by_key(|defect| defect.id);
        all
    }

    /// The defect of an id, in any letter case.
    ///
    /// # Errors
    /// There is none, or the server does not reproduce it.
    pub fn named(id: &str) -> Result<&'static Defect, DefectFault> {
        let same = |known: &str| known.eq_ignore_ascii_case(id);
        let found = AREAS
            .iter()
            .copied()
            .flatten()
            .find(|defect| same(defect.id));
        found.ok_or_else(|| match Story::all().iter().find(|story| same(&story.id)) {
            Some(story) => DefectFault::NotReproduced(story.id.clone()),
            None => DefectFault::Unknown(id.to_owned()),
        })
    }

    /// What it is about, and who met it.
    pub fn story(&self) -> &'static Story {
        Story::all()
            .iter()
            .find(|story| story.id == self.id)
            .expect("a test holds that the catalogue has every defect")
    }
}

/// The defects of one server, and what each of them remembers.
#[derive(Debug)]
pub(super) struct Flaws(Vec<(&'static Defect, Mutex<Map<String, Value>>)>);

impl Flaws {
    pub(super) fn new(defects: Vec<&'static Defect>) -> Self {
        Self(
            defects
                .into_iter()
                .map(|defect| (defect, Mutex::default()))
                .collect(),
        )
    }

    /// The answer through all defects. `prefixes` are the paths of the tenants, `sound` is the server behind.
    pub(super) fn answer<'p>(
        &self,
        prefixes: impl Iterator<Item = &'p str>,
        request: &Request<'_>,
        now: Timestamp,
        fresh: &dyn Fn() -> String,
        sound: &dyn Fn(&Request<'_>) -> Answer,
    ) -> Answer {
        if self.0.is_empty() {
            return sound(request);
        }
        let prefixes: Vec<&str> = prefixes.collect();
        through(&self.0, &prefixes, request, now, fresh, sound)
    }
}

fn through(
    flaws: &[(&'static Defect, Mutex<Map<String, Value>>)],
    prefixes: &[&str],
    request: &Request<'_>,
    now: Timestamp,
    fresh: &dyn Fn() -> String,
    sound: &dyn Fn(&Request<'_>) -> Answer,
) -> Answer {
    let Some(((defect, memory), behind)) = flaws.split_first() else {
        return sound(request);
    };
    let inner = |request: &Request<'_>| through(behind, prefixes, request, now, fresh, sound);
    (defect.act)(&Visit::new(prefixes, *request, now, fresh, memory, &inner))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{Defect, DefectFault, Story};

    #[test]
    fn every_defect_has_its_story_once() {
        let mut seen = BTreeSet::new();
        for defect in Defect::all() {
            assert!(seen.insert(defect.id), "{} stands here twice", defect.id);
            assert!(
                Story::all().iter().any(|story| story.id == defect.id),
                "{} is not in the catalogue",
                defect.id
            );
            assert!(!defect.names.is_empty(), "{}", defect.id);
        }
    }

    #[test]
    fn a_defect_is_named_in_any_letter_case() {
        assert_eq!(Defect::named("d001").map(|defect| defect.id), Ok("D001"));
        let unknown = DefectFault::Unknown("D999".to_owned());
        assert_eq!(Defect::named("D999").map(|defect| defect.id), Err(unknown));
    }
}
