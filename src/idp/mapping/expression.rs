//! Expressions: the left side of a mapping, in the provider's own words.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::idp::directory::{Directory, Group, Person};
use crate::idp::mapping::Mapped;

/// Where a value comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Expression {
    /// An attribute of the directory, by the directory's name.
    Attribute(String),
    /// Always the same text.
    Constant(String),
    /// A text, if the attribute has a value: `(user.email != null && user.email != '') ? 'work' : ''`.
    IfPresent(String, String),
    /// Attributes that have a value, joined: `Join(" ", [givenName], [surname])`.
    Join(String, Vec<String>),
    /// Whether the account is in use: `Switch([IsSoftDeleted], , "False", "True", "True", "False")`.
    IsActive,
    /// The manager, as a reference (Entra).
    Manager,
    /// The manager's id in the directory (Okta's `user.managerId`).
    ManagerId,
    /// The manager's name (Okta's `user.manager`).
    ManagerName,
    /// Application roles.
    Roles(RolesForm),
    /// The members of a group.
    Members,
}

/// The three documented forms of Entra's roles (entra.md 4.4, 5.5).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RolesForm {
    /// `SingleAppRoleAssignment`: the first role, as one value.
    Single,
    /// `AppRoleAssignmentsComplex`: all, only ever added.
    Complex,
    /// `AssertiveAppRoleAssignmentsComplex`: exactly these.
    Assertive,
}

/// Why an expression is not understood.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Misread {
    /// A name that the provider has not.
    #[error("`{0}` is no attribute that this provider knows")]
    Attribute(String),
    /// A function that is not among those that are documented for defaults and roles.
    #[error("the function `{0}` is not understood")]
    Function(String),
    /// Anything else, in words.
    #[error("{0}")]
    Form(String),
}

impl Misread {
    /// The name of an attribute that the provider has not.
    pub fn unknown_name(&self) -> Option<&str> {
        match self {
            Self::Attribute(name) => Some(name),
            Self::Function(_) | Self::Form(_) => None,
        }
    }
}

impl Expression {
    /// Reads an expression; `attributes` are the provider's names and what the directory calls them.
    ///
    /// # Errors
    /// What is not understood.
    pub fn parse(text: &str, attributes: &BTreeMap<String, String>) -> Result<Self, Misread> {
        let text = text.trim();
        let named = |name: &str| {
            let name = name.trim();
            let name = name
                .strip_prefix('[')
                .and_then(|name| name.strip_suffix(']'))
                .unwrap_or(name);
            attributes
                .get(name)
                .cloned()
                .ok_or_else(|| Misread::Attribute(name.to_owned()))
        };
        if let Some(quoted) = quoted(text) {
            return Ok(Self::Constant(quoted.to_owned()));
        }
        match text {
            "manager" => return Ok(Self::Manager),
            "user.managerId" => return Ok(Self::ManagerId),
            "user.manager" => return Ok(Self::ManagerName),
            "members" => return Ok(Self::Members),
            "group.name" => return Ok(Self::Attribute("displayName".to_owned())),
            _ => {}
        }
        if let Some((condition, rest)) = text.split_once('?') {
            let (then, otherwise) = rest
                .split_once(':')
                .ok_or_else(|| Misread::Form(format!("`{text}` has `?` without `:`")))?;
            let name = condition
                .trim_start_matches('(')
                .split_whitespace()
                .next()
                .unwrap_or_default();
            return match (quoted(then.trim()), quoted(otherwise.trim())) {
                (Some(then), Some("")) => Ok(Self::IfPresent(named(name)?, then.to_owned())),
                _ => Err(Misread::Form(format!(
                    "only `… ? 'text' : ''` is understood, not `{text}`"
                ))),
            };
        }
        let Some((function, arguments)) =
            text.strip_suffix(')').and_then(|text| text.split_once('('))
        else {
            return named(text).map(Self::Attribute);
        };
        let arguments: Vec<&str> = arguments.split(',').collect();
        match function.trim() {
            "Join" => {
                // The separator may itself hold a comma.
                let inner = text
                    .trim_start_matches("Join(")
                    .trim_end_matches(')')
                    .trim_start();
                let end = inner
                    .get(1..)
                    .and_then(|rest| rest.find('"'))
                    .filter(|_| inner.starts_with('"'))
                    .ok_or_else(|| Misread::Form(format!("`{text}` has no quoted separator")))?;
                let names = inner[end + 2..].trim_start().trim_start_matches(',');
                let names = names.split(',').map(named).collect::<Result<_, _>>()?;
                Ok(Self::Join(inner[1..=end].to_owned(), names))
            }
            "Switch" if arguments[0].trim() == "[IsSoftDeleted]" => Ok(Self::IsActive),
            "SingleAppRoleAssignment" => Ok(Self::Roles(RolesForm::Single)),
            "AppRoleAssignmentsComplex" => Ok(Self::Roles(RolesForm::Complex)),
            "AssertiveAppRoleAssignmentsComplex" => Ok(Self::Roles(RolesForm::Assertive)),
            other => Err(Misread::Function(other.to_owned())),
        }
    }

    /// The value for a person, if there is one.
    pub fn of_person(&self, person: &Person, directory: &Directory) -> Option<Mapped> {
        let manager = || directory.person(person.manager.as_deref()?);
        Some(match self {
            Self::Attribute(name) => Mapped::Value(Value::from(person.text(name)?)),
            Self::Constant(text) => Mapped::Value(Value::from(text.as_str())),
            Self::IfPresent(name, text) => {
                person.text(name)?;
                Mapped::Value(Value::from(text.as_str()))
            }
            Self::Join(separator, names) => {
                let parts: Vec<&str> = names.iter().filter_map(|name| person.text(name)).collect();
                if parts.is_empty() {
                    return None;
                }
                Mapped::Value(Value::from(parts.join(separator)))
            }
            Self::IsActive => Mapped::Value(Value::from(person.is_active())),
            Self::Manager => Mapped::Reference(person.manager.clone()?),
            Self::ManagerId => Mapped::Value(Value::from(manager()?.text("externalId")?)),
            Self::ManagerName => Mapped::Value(Value::from(manager()?.text("displayName")?)),
            Self::Roles(form) => {
                let roles: Vec<_> = person
                    .roles
                    .iter()
                    .filter_map(|role| directory.roles.get(role).cloned())
                    .collect();
                Mapped::Roles(*form, roles)
            }
            Self::Members => return None,
        })
    }

    /// The value for a group, if there is one; members have none here.
    pub fn of_group(&self, group: &Group) -> Option<Value> {
        match self {
            Self::Attribute(name) => group.text(name).map(Value::from),
            Self::Constant(text) => Some(Value::from(text.as_str())),
            _ => None,
        }
    }
}

fn quoted(text: &str) -> Option<&str> {
    ['"', '\''].into_iter().find_map(|quote| {
        let inner = text.strip_prefix(quote)?.strip_suffix(quote)?;
        (!inner.contains(quote)).then_some(inner)
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::{Expression, RolesForm};

    #[test]
    fn expressions_of_both_providers_are_read() {
        let attributes = BTreeMap::from([
            ("user.email".to_owned(), "email".to_owned()),
            ("givenName".to_owned(), "name.givenName".to_owned()),
            ("surname".to_owned(), "name.familyName".to_owned()),
        ]);
        let read = |text: &str| Expression::parse(text, &attributes);
        assert_eq!(
            read("user.email"),
            Ok(Expression::Attribute("email".into()))
        );
        assert_eq!(
            read("(user.email != null && user.email != '') ? 'work' : ''"),
            Ok(Expression::IfPresent("email".into(), "work".into()))
        );
        assert_eq!(
            read(r#"Join(", ", [givenName], [surname])"#),
            Ok(Expression::Join(
                ", ".into(),
                vec!["name.givenName".into(), "name.familyName".into()]
            ))
        );
        assert_eq!(
            read("SingleAppRoleAssignment([appRoleAssignments])"),
            Ok(Expression::Roles(RolesForm::Single))
        );
        assert_eq!(read("'work'"), Ok(Expression::Constant("work".into())));
        assert!(read("Mid([givenName], 1, 2)").is_err());
        assert!(read("shoeSize").is_err());
    }
}
