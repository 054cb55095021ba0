//! Attribute mappings: which attribute of the directory goes where in SCIM, as data.
//!
//! Each provider's default table is in `fixtures/mappings/`, with the provider's own names and expressions on the left
//! and its own way to write targets on the right (okta.md 2.3, entra.md 4.1, 4.4). Custom tables have the same form.

mod expression;
pub mod file;

pub use expression::{Expression, Misread, RolesForm};

use std::collections::BTreeMap;
use std::sync::OnceLock;

use serde_json::Value;

use crate::finding::Authority;
use crate::idp::{Directory, Role};

/// A mapping of users and of groups.
#[derive(Debug, Clone, PartialEq)]
pub struct Mapping {
    /// Whose expressions and targets these are.
    pub provider: Authority,
    /// Rows for users, in the order in which values are sent.
    pub users: Vec<Row>,
    /// Rows for groups.
    pub groups: Vec<Row>,
}

/// One row.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// Where the value comes from.
    pub from: Expression,
    /// Where it goes, as the provider writes it.
    pub to: String,
    /// By which resources are matched, 1 first; `None`: not.
    pub matching: Option<u32>,
}

impl Row {
    /// The attribute that the row writes, without a filter: `emails.value` for `emails[type eq "work"].value` and for
    /// `emails.^[primary==true].value`.
    pub(crate) fn attribute(&self) -> String {
        match (self.to.split_once('['), self.to.rsplit_once(']')) {
            (Some((list, _)), Some((_, sub))) => {
                format!("{}{sub}", list.trim_end_matches(".^"))
            }
            _ => self.to.clone(),
        }
    }
}

/// A provider's default, on which files can build.
struct Standard {
    mapping: Mapping,
    /// The provider's names for attributes, and what the directory calls them.
    attributes: BTreeMap<String, String>,
}

/// What a row gives for somebody.
#[derive(Debug, Clone, PartialEq)]
pub enum Mapped {
    /// A value.
    Value(Value),
    /// Somebody else, by key: what is sent is the target's id.
    Reference(String),
    /// Roles, in one of the documented forms.
    Roles(RolesForm, Vec<Role>),
}

impl Mapping {
    /// The provider's default. `Authority::Rfc` and `Snapshot` are nobody's.
    pub fn default_of(provider: Authority) -> &'static Self {
        &Self::standard_of(provider).mapping
    }

    /// The provider's names for attributes, and what the directory calls them.
    pub(crate) fn attributes_of(provider: Authority) -> &'static BTreeMap<String, String> {
        &Self::standard_of(provider).attributes
    }

    fn standard_of(provider: Authority) -> &'static Standard {
        static OKTA: OnceLock<Standard> = OnceLock::new();
        static ENTRA: OnceLock<Standard> = OnceLock::new();
        let (cell, text) = match provider {
            Authority::Entra => (
                &ENTRA,
                include_str!("../../../fixtures/mappings/entra.yaml"),
            ),
            _ => (&OKTA, include_str!("../../../fixtures/mappings/okta.yaml")),
        };
        cell.get_or_init(|| {
            file::read("the default mapping", text.as_bytes(), None)
                .expect("the shipped mapping is sound")
        })
    }

    /// Only these rows for users, and those by which users are matched.
    pub(crate) fn retaining(mut self, keeps: impl Fn(&Row) -> bool) -> Self {
        self.users
            .retain(|row| row.matching.is_some() || keeps(row));
        self
    }

    /// Every row of the user mapping that has a value for the person, with what it sends.
    pub fn user<'a>(
        &'a self,
        key: &'a str,
        directory: &'a Directory,
    ) -> impl Iterator<Item = (&'a Row, Mapped)> + 'a {
        let person = directory.people.get(key);
        self.users.iter().filter_map(move |row| {
            let value = row.from.of_person(person?, directory)?;
            Some((row, value))
        })
    }

    /// Every row of the group mapping that has a value for the group. Members are left out.
    pub fn group<'a>(
        &'a self,
        key: &'a str,
        directory: &'a Directory,
    ) -> impl Iterator<Item = (&'a Row, Mapped)> + 'a {
        let group = directory.groups.get(key);
        self.groups.iter().filter_map(move |row| {
            let value = row.from.of_group(group?)?;
            Some((row, Mapped::Value(value)))
        })
    }

    /// The rows by which users are matched, in their order of precedence.
    pub fn matching_users(&self) -> Vec<&Row> {
        by_precedence(&self.users)
    }

    /// The rows by which groups are matched, in their order of precedence.
    pub fn matching_groups(&self) -> Vec<&Row> {
        by_precedence(&self.groups)
    }
}

fn by_precedence(rows: &[Row]) -> Vec<&Row> {
    let mut rows: Vec<&Row> = rows.iter().filter(|row| row.matching.is_some()).collect();
    rows.sort_by_key(|row| row.matching);
    rows
}
