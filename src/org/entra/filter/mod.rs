//! Filters: the part of OData's `$filter` that provisioning scripts use, read and matched against a resource.
//!
//! ```text
//! jobId eq '…' and (provisioningAction eq 'Disable') and activityDateTime ge 2026-01-01T00:00:00Z
//!     and modifiedProperties/any(p: p/displayName eq 'members')
//! ```
//!
//! Texts are compared without case, as the directory does. Microsoft's page says that the provisioning log is case-sensitive,
//! but the gallery's template asks it for `Create` and for `create` and expects an answer to both.

mod reader;

use std::cmp::Ordering;

use jiff::Timestamp;
use serde_json::Value;

/// A filter.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Filter {
    /// All of them match.
    And(Vec<Filter>),
    /// One of them matches.
    Or(Vec<Filter>),
    /// It does not match.
    Not(Box<Filter>),
    /// `path eq literal`.
    Compare(Vec<String>, Operator, Value),
    /// `path in (literal, literal)`.
    In(Vec<String>, Vec<Value>),
    /// `contains(path, 'text')`.
    Text(Function, Vec<String>, String),
    /// `path/any(x: …)`, with paths inside relative to the element.
    Any(Vec<String>, Box<Filter>),
}

/// How a value is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operator {
    /// `eq`
    Equal,
    /// `ne`
    Unequal,
    /// `gt`
    Greater,
    /// `ge`
    GreaterOrEqual,
    /// `lt`
    Less,
    /// `le`
    LessOrEqual,
}

/// How a text is searched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Function {
    /// `contains`
    Contains,
    /// `startswith`
    StartsWith,
    /// `endswith`
    EndsWith,
}

impl Filter {
    /// Reads a filter over resources that have these paths, such as `sourceIdentity/id`.
    ///
    /// # Errors
    /// In words, what cannot be read, and where.
    pub(super) fn read(text: &str, known: &[&str]) -> Result<Self, String> {
        reader::read(text, known)
    }

    /// Whether a resource matches.
    pub(super) fn matches(&self, resource: &Value) -> bool {
        match self {
            Self::And(parts) => parts.iter().all(|part| part.matches(resource)),
            Self::Or(parts) => parts.iter().any(|part| part.matches(resource)),
            Self::Not(part) => !part.matches(resource),
            Self::Compare(path, operator, literal) => operator.holds(at(resource, path), literal),
            Self::In(path, literals) => {
                let value = at(resource, path);
                literals
                    .iter()
                    .any(|literal| Operator::Equal.holds(value, literal))
            }
            Self::Text(function, path, wanted) => at(resource, path)
                .as_str()
                .is_some_and(|text| function.holds(text, wanted)),
            Self::Any(path, part) => at(resource, path)
                .as_array()
                .is_some_and(|elements| elements.iter().any(|element| part.matches(element))),
        }
    }
}

impl Operator {
    fn holds(self, value: &Value, literal: &Value) -> bool {
        let ordering = compared(value, literal);
        match self {
            Self::Equal => ordering == Some(Ordering::Equal),
            Self::Unequal => ordering != Some(Ordering::Equal),
            Self::Greater => ordering == Some(Ordering::Greater),
            Self::GreaterOrEqual => matches!(ordering, Some(Ordering::Greater | Ordering::Equal)),
            Self::Less => ordering == Some(Ordering::Less),
            Self::LessOrEqual => matches!(ordering, Some(Ordering::Less | Ordering::Equal)),
        }
    }
}

impl Function {
    fn holds(self, text: &str, wanted: &str) -> bool {
        let (text, wanted) = (text.to_lowercase(), wanted.to_lowercase());
        match self {
            Self::Contains => text.contains(&wanted),
            Self::StartsWith => text.starts_with(&wanted),
            Self::EndsWith => text.ends_with(&wanted),
        }
    }
}

/// The value at a path, names in any case; `null` where there is none.
pub(super) fn at<'a>(resource: &'a Value, path: &[String]) -> &'a Value {
    path.iter().fold(resource, |value, name| {
        value
            .as_object()
            .and_then(|members| {
                members
                    .iter()
                    .find(|(member, _)| member.eq_ignore_ascii_case(name))
            })
            .map_or(&Value::Null, |(_, value)| value)
    })
}

/// Instants as instants, texts without case, numbers as numbers. `None`: they cannot be compared.
pub(super) fn compared(left: &Value, right: &Value) -> Option<Ordering> {
    match (left, right) {
        (Value::String(left), Value::String(right)) => {
            match (left.parse::<Timestamp>(), right.parse::<Timestamp>()) {
                (Ok(left), Ok(right)) => Some(left.cmp(&right)),
                _ => Some(left.to_lowercase().cmp(&right.to_lowercase())),
            }
        }
        (Value::Number(left), Value::Number(right)) => left.as_f64()?.partial_cmp(&right.as_f64()?),
        (Value::Bool(left), Value::Bool(right)) => Some(left.cmp(right)),
        (Value::Null, Value::Null) => Some(Ordering::Equal),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::Filter;

    const KNOWN: [&str; 8] = [
        "jobId",
        "servicePrincipal/id",
        "provisioningAction",
        "activityDateTime",
        "modifiedProperties",
        "modifiedProperties/displayName",
        "accountEnabled",
        "size",
    ];

    fn holds(filter: &str) -> bool {
        let resource = json!({
            "jobId": "scim.1",
            "servicePrincipal": {"id": "s-1"},
            "provisioningAction": "create",
            "activityDateTime": "2026-03-01T10:00:00.5Z",
            "modifiedProperties": [{"displayName": "userName"}, {"displayName": "members"}],
            "accountEnabled": true,
            "size": 3,
        });
        Filter::read(filter, &KNOWN).unwrap().matches(&resource)
    }

    #[test]
    fn what_the_gallerys_template_asks_the_log_is_understood() {
        for filter in [
            "jobId eq 'scim.1' and servicePrincipal/id eq 's-1' and provisioningAction eq 'Create'",
            "jobId eq 'scim.1' and (provisioningAction eq 'create')",
            "activityDateTime ge 2026-03-01T10:00:00.4999999Z",
            "modifiedProperties/any(p: p/displayName eq 'manager' or p/displayName eq 'members')",
        ] {
            assert!(holds(filter), "{filter}");
        }
        for filter in [
            "jobId eq 'scim.2'",
            "activityDateTime ge 2026-03-01T10:00:01Z",
            "modifiedProperties/any(p: p/displayName eq 'manager')",
            "provisioningAction eq 'create' and provisioningAction eq 'update'",
        ] {
            assert!(!holds(filter), "{filter}");
        }
    }

    #[test]
    fn operators_functions_and_literals_are_understood() {
        for filter in [
            "accountEnabled eq true and not (accountEnabled eq false)",
            "size gt 2 and size le 3 and size ne 4",
            "startswith(jobId,'SCIM') and endswith(jobId, '.1') and contains(jobId,'im')",
            "provisioningAction in ('delete', 'create')",
            "jobid eq 'it''s' or jobId eq 'scim.1'",
            "activityDateTime lt 2027-01-01T00:00:00Z",
        ] {
            assert!(holds(filter), "{filter}");
        }
        assert!(!holds("jobId eq null"));
        assert!(!holds("size eq 'three'"));
    }

    #[test]
    fn what_cannot_be_read_is_said_with_its_place() {
        let refused = |filter: &str| Filter::read(filter, &KNOWN).unwrap_err();
        assert_eq!(
            refused("jobId eq scim"),
            "`scim` is no literal; texts are in single quotes (character 10)"
        );
        assert_eq!(
            refused("jobId is 'x'"),
            "`is` is no operator; there is eq, ne, gt, ge, lt, le and in (character 7)"
        );
        assert_eq!(
            refused("jobid eq 'x' and ("),
            "a property is missing at the end"
        );
        assert_eq!(
            refused("colour eq 'x'"),
            "there is no property `colour` (character 1)"
        );
        assert_eq!(
            refused("modifiedProperties/any(p: p/color eq 'x')"),
            "there is no property `modifiedProperties/color` (character 27)"
        );
        assert_eq!(
            refused("jobId eq 'x"),
            "a text begins with a single quote and does not end (character 10)"
        );
        assert_eq!(
            refused("jobId eq 'x' provisioningAction eq 'y'"),
            "`provisioningAction` is left over; parts are joined by `and` or `or` (character 14)"
        );
        assert_eq!(
            refused("modifiedProperties/all(p: p/displayName eq 'x')"),
            "of lambda operators only `any` is understood (character 1)"
        );
        assert_eq!(
            refused(&"(".repeat(200)),
            "it is nested deeper than 32 levels (character 33)"
        );
    }
}
