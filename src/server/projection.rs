//! Which attributes an answer shows (RFC 7644 3.9, RFC 7643 section 7 `returned`).

use super::error::Refusal;
use super::field::resolve;
use super::policy::{Policies, Policy};
use super::store::Store;
use crate::scim::path::AttributePath;
use crate::scim::schema::{Attribute, Returned};
use crate::scim::urn;

/// What the client asked to see.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) enum Asked {
    #[default]
    Default,
    Only(Vec<String>),
    Without(Vec<String>),
}

/// What was asked for, for the resources of one type.
#[derive(Debug, Clone)]
pub(crate) struct Projection {
    mode: Mode,
    picks: Vec<Pick>,
    /// Attributes that the client wrote: those with `returned=request` are shown to it (RFC 7643 section 7).
    pub(crate) written: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    Default,
    Only,
    Without,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Pick {
    extension: Option<String>,
    /// `None` stands for all attributes of the schema.
    name: Option<String>,
    sub: Option<String>,
}

impl Asked {
    /// Reads the two parameters, which exclude each other.
    pub(crate) fn of(
        only: Option<Vec<String>>,
        without: Option<Vec<String>>,
        policies: &Policies,
    ) -> Result<Asked, Refusal> {
        match (only, without) {
            (Some(_), Some(_)) if policies.first(Policy::BothProjections) => Err(Refusal::value(
                "`attributes` and `excludedAttributes` exclude each other",
            )),
            (Some(only), _) => Ok(Asked::Only(only)),
            (None, Some(without)) => Ok(Asked::Without(without)),
            (None, None) => Ok(Asked::Default),
        }
    }

    /// Whether the client asked for anything; then a PATCH answers with a body (RFC 7644 3.5.2).
    pub(crate) fn is_default(&self) -> bool {
        *self == Asked::Default
    }
}

impl Projection {
    pub(crate) fn of(asked: &Asked, store: &Store, shelf: usize) -> Projection {
        let (mode, names) = match asked {
            Asked::Default => (Mode::Default, [].as_slice()),
            Asked::Only(names) => (Mode::Only, names.as_slice()),
            Asked::Without(names) => (Mode::Without, names.as_slice()),
        };
        let resource_type = &store.shelves[shelf].resource_type;
        let picks = names
            .iter()
            .filter_map(|name| {
                // Unknown names are ignored; they never widen what is shown.
                let name = match store.policies.first(Policy::Sample) {
                    true => name.as_str(),
                    false => name.split('[').next().unwrap_or_default(),
                };
                let path: AttributePath = name.trim().parse().ok()?;
                let resolved = resolve(&store.schemas, resource_type, &path)?;
                Some(Pick {
                    extension: resolved.extension.map(|schema| schema.id.clone()),
                    name: resolved.attribute.map(|attribute| attribute.name.clone()),
                    sub: resolved.sub.map(|sub| sub.name.clone()),
                })
            })
            .collect();
        Projection {
            mode,
            picks,
            written: Vec::new(),
        }
    }

    /// Whether an attribute is shown at all, with whichever sub-attributes.
    pub(crate) fn shows(&self, extension: Option<&str>, attribute: &Attribute) -> bool {
        let picked = |whole: bool| {
            self.picks.iter().any(|pick| {
                same_schema(pick.extension.as_deref(), extension)
                    && pick
                        .name
                        .as_ref()
                        .is_none_or(|name| *name == attribute.name)
                    && (!whole || pick.sub.is_none())
            })
        };
        match (attribute.returned, self.mode) {
            (Returned::Never, _) => false,
            (Returned::Always, _) => true,
            (_, Mode::Only) => {
                picked(false)
                    || attribute
                        .sub_attributes
                        .iter()
                        .any(|sub| sub.returned == Returned::Always)
            }
            (Returned::Default, Mode::Default) => true,
            (Returned::Default, Mode::Without) => !picked(true),
            (Returned::Request, _) => self
                .written
                .iter()
                .any(|name| name.eq_ignore_ascii_case(&attribute.name)),
        }
    }

    /// Whether a sub-attribute of a shown attribute is shown.
    pub(crate) fn shows_sub(
        &self,
        extension: Option<&str>,
        attribute: &Attribute,
        sub: &Attribute,
    ) -> bool {
        let mut picks = self
            .picks
            .iter()
            .filter(|pick| same_schema(pick.extension.as_deref(), extension))
            .filter(|pick| {
                pick.name
                    .as_ref()
                    .is_none_or(|name| *name == attribute.name)
            });
        match (sub.returned, self.mode) {
            (Returned::Never, _) => false,
            (Returned::Always, _) => true,
            (Returned::Default, Mode::Default) => true,
            (Returned::Default, Mode::Only) => {
                attribute.returned == Returned::Always
                    || picks.any(|pick| pick.sub.as_ref().is_none_or(|name| *name == sub.name))
            }
            (Returned::Request, Mode::Only) => {
                picks.any(|pick| pick.sub.as_ref() == Some(&sub.name))
            }
            (Returned::Default, Mode::Without) => {
                !picks.any(|pick| pick.sub.as_ref() == Some(&sub.name))
            }
            (Returned::Request, _) => false,
        }
    }

    /// Whether every part of an attribute is shown, so that it can be taken as it is stored.
    pub(crate) fn shows_whole(&self, attribute: &Attribute) -> bool {
        self.mode == Mode::Default
            && attribute
                .sub_attributes
                .iter()
                .all(|sub| matches!(sub.returned, Returned::Always | Returned::Default))
    }
}

fn same_schema(left: Option<&str>, right: Option<&str>) -> bool {
    match (left, right) {
        (None, None) => true,
        (Some(left), Some(right)) => urn::same(left, right),
        _ => false,
    }
}
