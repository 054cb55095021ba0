//! Whether a resource meets a filter, as far as that can be told from the outside.
//!
//! Three answers: it does, it does not, it cannot be told. The last wherever the RFC leaves room, or an attribute may be
//! there and not be shown. This is the judging side's own reading; the server has its own.

use serde_json::{Map, Value};

use crate::checks::ordering::{equal, order};
use crate::scim::filter::{Filter, Literal, Node, Operator};
use crate::scim::locate::member;
use crate::scim::path::AttributePath;
use crate::scim::schema::{Attribute, ResourceType, Returned, Schemas, common_attributes};
use crate::scim::urn;

/// A resource that is held against a filter.
pub(super) struct Candidate<'a> {
    /// Its attributes as they were shown.
    pub(super) body: &'a Map<String, Value>,
    /// Every attribute that has a value is shown, as far as the schema does not hide it.
    pub(super) is_whole: bool,
}

/// What a path finds.
enum Found<'a> {
    Values(Vec<&'a Value>),
    /// It has no value.
    Nothing,
    Unknown,
}

impl<'a> Candidate<'a> {
    /// The core type of the resource, by its schemas.
    fn kind(&self) -> Option<&'static ResourceType> {
        let schemas = member(self.body, "schemas")?.as_array()?;
        let has = |wanted: &str| {
            let mut names = schemas.iter().filter_map(Value::as_str);
            names.any(|schema| urn::same(schema, wanted))
        };
        let mut types = Schemas::core().types().iter();
        types.find(|kind| has(&kind.schema))
    }

    fn definition(&self, path: &AttributePath) -> Option<&'static Attribute> {
        let resolved = Schemas::core().resolve(self.kind()?, path)?;
        resolved.target()
    }

    fn find(&self, path: &AttributePath) -> Found<'a> {
        let home = match &path.urn {
            None => Some(self.body),
            Some(urn) if self.kind().is_some_and(|kind| urn::same(&kind.schema, urn)) => {
                Some(self.body)
            }
            Some(urn) => match member(self.body, urn) {
                Some(container) => container.as_object(),
                // A container that is not there holds nothing.
                None => return self.nothing(path),
            },
        };
        let Some(value) = home.and_then(|home| member(home, &path.name)) else {
            return self.nothing(path);
        };
        let elements = match value {
            Value::Array(items) => items.iter().collect(),
            other => vec![other],
        };
        let values: Vec<&Value> = match &path.sub {
            None => elements,
            Some(sub) => elements
                .into_iter()
                .filter_map(|element| member(element.as_object()?, sub))
                .collect(),
        };
        let values: Vec<&Value> = values
            .into_iter()
            .filter(|value| !value.is_null())
            .collect();
        match values.is_empty() {
            true => self.nothing(path),
            false => Found::Values(values),
        }
    }

    /// What it means that an attribute is not shown.
    fn nothing(&self, path: &AttributePath) -> Found<'a> {
        let is_hidden = |attribute: &Attribute| {
            matches!(attribute.returned, Returned::Never | Returned::Request)
        };
        // Servers leave members and groups out of lists, and show as much of `meta` as they like.
        let may_be_hidden = ["groups", "members", "meta", "schemas", "password"]
            .iter()
            .any(|name| path.name.eq_ignore_ascii_case(name));
        let is_common = common_attributes()
            .iter()
            .any(|attribute| attribute.name.eq_ignore_ascii_case(&path.name));
        match self.definition(path) {
            Some(attribute)
                if self.is_whole && !may_be_hidden && !is_common && !is_hidden(attribute) =>
            {
                Found::Nothing
            }
            _ => Found::Unknown,
        }
    }

    /// Whether it meets the filter; `None` where that cannot be told.
    pub(super) fn meets(&self, filter: &Filter) -> Option<bool> {
        match &filter.node {
            Node::And(parts) => all(parts.iter().map(|part| self.meets(part))),
            Node::Or(parts) => any(parts.iter().map(|part| self.meets(part))),
            Node::Not(inner) => self.meets(inner).map(|meets| !meets),
            Node::Present(path) => match self.find(path) {
                Found::Values(values) => {
                    let empty = |value: &&Value| match value {
                        Value::String(text) => text.is_empty(),
                        Value::Array(items) => items.is_empty(),
                        Value::Object(members) => members.is_empty(),
                        _ => false,
                    };
                    (!values.iter().any(empty)).then_some(true)
                }
                Found::Nothing => Some(false),
                Found::Unknown => None,
            },
            Node::Compare {
                path,
                operator,
                value,
            } => match self.find(path) {
                Found::Values(values) => {
                    let exact = self.definition(path).is_some_and(|known| known.case_exact);
                    compare(&values, *operator, value, exact)
                }
                // RFC 7644 leaves open what `ne` says of an attribute without a value.
                _ => None,
            },
            Node::Within { path, filter } => match self.find(path) {
                Found::Values(elements) => any(elements.into_iter().map(|element| {
                    let inner = Candidate {
                        body: element.as_object()?,
                        is_whole: false,
                    };
                    inner.meets(filter)
                })),
                _ => None,
            },
        }
    }
}

fn all(mut parts: impl Iterator<Item = Option<bool>>) -> Option<bool> {
    let mut told = Some(true);
    match parts.any(|part| {
        if part.is_none() {
            told = None;
        }
        part == Some(false)
    }) {
        true => Some(false),
        false => told,
    }
}

fn any(parts: impl Iterator<Item = Option<bool>>) -> Option<bool> {
    all(parts.map(|part| part.map(|meets| !meets))).map(|none| !none)
}

fn compare(
    values: &[&Value],
    operator: Operator,
    literal: &Literal,
    case_exact: bool,
) -> Option<bool> {
    // `ne` over several values is read in two ways.
    if operator == Operator::Ne && values.len() > 1 {
        return None;
    }
    any(values
        .iter()
        .map(|value| compares(value, operator, literal, case_exact)))
}

fn compares(
    value: &Value,
    operator: Operator,
    literal: &Literal,
    case_exact: bool,
) -> Option<bool> {
    let wanted = match (literal, value) {
        // Entra quotes booleans: `primary eq "True"`.
        (Literal::String(text), Value::Bool(_)) => {
            Value::Bool(text.to_ascii_lowercase().parse().ok()?)
        }
        (Literal::String(text), _) => Value::from(text.as_str()),
        (Literal::Number(number), _) => Value::Number(number.clone()),
        (Literal::Boolean(flag), _) => Value::Bool(*flag),
        (Literal::Null, _) => return None,
    };
    match operator {
        Operator::Eq => equal(value, &wanted),
        Operator::Ne => equal(value, &wanted).map(|same| !same),
        Operator::Co | Operator::Sw | Operator::Ew => {
            let (text, part) = (value.as_str()?, wanted.as_str()?);
            if !text.is_ascii() || !part.is_ascii() || part.is_empty() {
                return None;
            }
            let (text, part) = (text.to_ascii_lowercase(), part.to_ascii_lowercase());
            let met = match operator {
                Operator::Co => text.contains(&part),
                Operator::Sw => text.starts_with(&part),
                _ => text.ends_with(&part),
            };
            // Whether it is there in that case depends on `caseExact`.
            (!met).then_some(false)
        }
        Operator::Gt => order(value, &wanted, case_exact).map(|order| order.is_gt()),
        Operator::Ge => order(value, &wanted, case_exact).map(|order| order.is_ge()),
        Operator::Lt => order(value, &wanted, case_exact).map(|order| order.is_lt()),
        Operator::Le => order(value, &wanted, case_exact).map(|order| order.is_le()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::Candidate;
    use crate::scim::urn;

    #[test]
    fn a_filter_is_met_or_not_or_open() {
        let user = json!({
            "schemas": [urn::USER],
            "id": "1",
            "userName": "Ada",
            "active": true,
            "name": {"familyName": "Lovelace"},
            "emails": [{"type": "work", "value": "ada@example.com"}, {"value": "ada@home.example"}],
        });
        let candidate = Candidate {
            body: user.as_object().expect("an object"),
            is_whole: true,
        };
        for (filter, met) in [
            ("userName eq \"Ada\"", Some(true)),
            ("userName eq \"ada\"", None),
            ("userName eq \"bob\"", Some(false)),
            ("userName eq \"bob\" or active eq true", Some(true)),
            (
                "(userName eq \"bob\" or active eq true) and active eq false",
                Some(false),
            ),
            ("userName eq \"ada\" and active eq false", Some(false)),
            ("not (userName eq \"bob\")", Some(true)),
            ("not (nickName eq \"x\")", None),
            ("title pr", Some(false)),
            ("members pr", None),
            ("externalId eq \"x\"", None),
            ("emails.value eq \"ada@home.example\"", Some(true)),
            ("emails.value ew \"example.org\"", Some(false)),
            ("emails[type eq \"work\" and value co \"home\"]", None),
            ("emails[value eq \"nobody\"]", Some(false)),
            ("name.familyName gt \"Turing\"", Some(false)),
            (
                "urn:ietf:params:scim:schemas:core:2.0:User:userName sw \"b\"",
                Some(false),
            ),
        ] {
            let parsed = filter.parse().expect(filter);
            assert_eq!(candidate.meets(&parsed), met, "{filter}");
        }
    }
}
