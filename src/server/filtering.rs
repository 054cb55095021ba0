//! Matching resources against filters (RFC 7644 3.4.2.2).

use std::cmp::Ordering;
use std::collections::BTreeSet;

use jiff::Timestamp;
use serde_json::Value;

use super::coerce::boolean_of;
use super::error::{Refusal, ScimType};
use super::field::{Field, Scalar, Source};
use super::policy::{Policies, Policy};
use super::store::{Place, Store};
use super::text::comparable;
use crate::scim::filter::{Dialect, Filter, Limits, Literal, Node, Operator};
use crate::scim::path::AttributePath;
use crate::scim::schema::{Attribute, Type};

/// A filter whose attributes were looked up and whose comparisons make sense for them.
#[derive(Debug)]
pub(crate) enum Condition {
    All(Vec<Condition>),
    Any(Vec<Condition>),
    Not(Box<Condition>),
    Present(Field),
    Compare {
        field: Field,
        operator: Operator,
        value: Wanted,
    },
    Element {
        field: Field,
        condition: Box<Condition>,
    },
}

/// The right side of a comparison, read as the attribute's type.
#[derive(Debug)]
pub(crate) enum Wanted {
    Text(String),
    Boolean(bool),
    Number(f64),
    Moment(Timestamp),
    Nothing,
}

/// The quirks that a server reads.
pub(crate) fn dialect(policies: &Policies) -> Dialect {
    Dialect {
        capital_booleans: policies.first(Policy::QuotedBooleans),
        unquoted_strings: policies.first(Policy::UnquotedValues),
        value_path_sub_attributes: policies.first(Policy::ValuePathSubAttribute),
    }
}

/// Reads the text of a filter.
pub(crate) fn parse(text: &str, policies: &Policies) -> Result<Filter, Refusal> {
    Filter::parse(text, dialect(policies), Limits::default())
        .map(|parsed| parsed.filter)
        .map_err(|fault| {
            let hint = fault
                .hint
                .as_ref()
                .map(|hint| format!("; {hint}"))
                .unwrap_or_default();
            invalid(format!("filter: {fault}{hint}"))
        })
}

fn invalid(detail: impl Into<String>) -> Refusal {
    Refusal::bad(ScimType::InvalidFilter, detail)
}

/// What has the elements that a filter in brackets is about.
type ElementOf<'a> = dyn Fn(&AttributePath) -> Result<(Field, &'a Attribute), Refusal> + 'a;

/// Looks up names; whole resources and elements differ only in where a name leads.
struct Compile<'a> {
    policies: &'a Policies,
    field: &'a dyn Fn(&AttributePath) -> Result<Field, Refusal>,
    element: &'a ElementOf<'a>,
}

impl Condition {
    /// A filter over resources of one shelf.
    pub(crate) fn of(
        store: &Store,
        shelf: usize,
        filter: &Filter,
        several_types: bool,
    ) -> Result<Condition, Refusal> {
        let policies = &store.policies;
        let field = |path: &AttributePath| {
            let field = Field::of(store, shelf, path, false);
            let known = field.source != Source::Unknown;
            if known || several_types || policies.first(Policy::UnknownFilterAttribute) {
                return Ok(field);
            }
            Err(invalid(format!(
                "{} has no attribute `{path}`",
                store.shelves[shelf].resource_type.name
            )))
        };
        let element = |path: &AttributePath| {
            let resource_type = &store.shelves[shelf].resource_type;
            let found = store
                .schemas
                .resolve(resource_type, path)
                .and_then(|resolved| resolved.attribute);
            match found.filter(|attribute| {
                path.sub.is_none() && (attribute.multi_valued || attribute.kind == Type::Complex)
            }) {
                Some(attribute) => Ok((Field::of(store, shelf, path, false), attribute)),
                None if several_types => Ok((Field::of(store, shelf, path, false), no_attribute())),
                None => Err(invalid(format!(
                    "`{path}` is not an attribute with elements"
                ))),
            }
        };
        Compile {
            policies,
            field: &field,
            element: &element,
        }
        .condition(filter)
    }

    /// A filter in brackets, over elements of `attribute`.
    pub(crate) fn of_elements(
        attribute: &Attribute,
        filter: &Filter,
        policies: &Policies,
    ) -> Result<Condition, Refusal> {
        let field = |path: &AttributePath| {
            Field::of_element(attribute, path).ok_or_else(|| {
                invalid(format!(
                    "`{}` has no sub-attribute `{path}`",
                    attribute.name
                ))
            })
        };
        let element = |_: &AttributePath| Err(invalid("brackets cannot stand inside brackets"));
        Compile {
            policies,
            field: &field,
            element: &element,
        }
        .condition(filter)
    }

    /// Whether a stored resource meets the condition.
    pub(crate) fn holds(&self, store: &Store, place: Place) -> bool {
        match self {
            Condition::All(parts) => parts.iter().all(|part| part.holds(store, place)),
            Condition::Any(parts) => parts.iter().any(|part| part.holds(store, place)),
            Condition::Not(inner) => !inner.holds(store, place),
            Condition::Present(field) => field.values(store, place).iter().any(is_present),
            Condition::Compare {
                field,
                operator: Operator::Eq,
                value: Wanted::Text(id),
            } if field.source.is_member_id() => store
                .get(place)
                .is_some_and(|group| group.members.contains(id)),
            Condition::Compare {
                field,
                operator,
                value,
            } => compare_all(
                &field.values(store, place),
                field,
                *operator,
                value,
                &store.policies,
            ),
            Condition::Element { field, condition } => match &field.source {
                Source::Members(_) if condition.only_id().is_some() => {
                    let group = store.get(place);
                    group
                        .zip(condition.only_id())
                        .is_some_and(|(group, id)| group.members.contains(id))
                }
                Source::Stored(stored) => {
                    let resource = store.get(place);
                    let elements = resource
                        .map(|resource| stored.values(&resource.attributes))
                        .unwrap_or_default();
                    elements
                        .into_iter()
                        .any(|element| condition.holds_in(element, &store.policies))
                }
                Source::Members(_) | Source::Groups(_) => elements_of(store, place, &field.source)
                    .iter()
                    .any(|element| condition.holds_in(element, &store.policies)),
                _ => false,
            },
        }
    }

    /// Whether one element meets the condition.
    pub(crate) fn holds_in(&self, element: &Value, policies: &Policies) -> bool {
        match self {
            Condition::All(parts) => parts.iter().all(|part| part.holds_in(element, policies)),
            Condition::Any(parts) => parts.iter().any(|part| part.holds_in(element, policies)),
            Condition::Not(inner) => !inner.holds_in(element, policies),
            Condition::Present(field) => field
                .value_in(element)
                .is_some_and(|value| is_present(&value)),
            Condition::Compare {
                field,
                operator,
                value,
            } => {
                let values: Vec<Scalar<'_>> = field.value_in(element).into_iter().collect();
                compare_all(&values, field, *operator, value, policies)
            }
            Condition::Element { .. } => false,
        }
    }

    /// The id, when the condition is only `value eq "id"`.
    pub(crate) fn only_id(&self) -> Option<&str> {
        match self {
            Condition::Compare {
                field,
                operator: Operator::Eq,
                value: Wanted::Text(id),
            } => match &field.source {
                Source::Stored(stored) if stored.extension.is_none() && stored.name == "value" => {
                    Some(id)
                }
                _ => None,
            },
            _ => None,
        }
    }

    /// A small set of resources that holds all matches, when an index knows one.
    pub(crate) fn candidates(&self, store: &Store, shelf: usize) -> Option<BTreeSet<u64>> {
        match self {
            Condition::All(parts) => parts
                .iter()
                .filter_map(|part| part.candidates(store, shelf))
                .min_by_key(BTreeSet::len),
            Condition::Any(parts) => {
                let mut union = BTreeSet::new();
                for part in parts {
                    union.extend(part.candidates(store, shelf)?);
                }
                Some(union)
            }
            Condition::Compare {
                field,
                operator: Operator::Eq,
                value: Wanted::Text(text),
            } => field_candidates(&field.source, text, store, shelf),
            Condition::Element { field, condition } => {
                condition.element_candidates(&field.source, store, shelf)
            }
            _ => None,
        }
    }

    fn element_candidates(
        &self,
        outer: &Source,
        store: &Store,
        shelf: usize,
    ) -> Option<BTreeSet<u64>> {
        match self {
            Condition::All(parts) => parts
                .iter()
                .find_map(|part| part.element_candidates(outer, store, shelf)),
            Condition::Compare {
                field,
                operator: Operator::Eq,
                value: Wanted::Text(text),
            } => {
                let Source::Stored(inner) = &field.source else {
                    return None;
                };
                let source = match outer {
                    Source::Members(_) => Source::Members(Some(inner.name.clone())),
                    Source::Stored(stored) => {
                        let mut stored = stored.clone();
                        stored.sub = Some(inner.name.clone());
                        Source::Stored(stored)
                    }
                    _ => return None,
                };
                field_candidates(&source, text, store, shelf)
            }
            _ => None,
        }
    }
}

fn field_candidates(
    source: &Source,
    text: &str,
    store: &Store,
    shelf: usize,
) -> Option<BTreeSet<u64>> {
    match source {
        Source::Id => Some(
            store
                .place(text)
                .filter(|place| place.shelf == shelf)
                .map(|place| place.row)
                .into_iter()
                .collect(),
        ),
        source if source.is_member_id() => Some(
            store
                .groups_with(text)
                .filter(|place| place.shelf == shelf)
                .map(|place| place.row)
                .collect(),
        ),
        Source::Stored(stored) => {
            let index = store.shelves[shelf]
                .indexes
                .iter()
                .find(|index| index.field == *stored)?;
            Some(
                index
                    .find(text, &store.policies)
                    .cloned()
                    .unwrap_or_default(),
            )
        }
        _ => None,
    }
}

/// Members and groups as elements, for the rare filters that look at more than their ids.
fn elements_of(store: &Store, place: Place, source: &Source) -> Vec<Value> {
    let Some(resource) = store.get(place) else {
        return Vec::new();
    };
    match source {
        Source::Members(_) => resource
            .members
            .iter()
            .map(|member| store.member_element(member, ""))
            .collect(),
        _ => store.group_elements(&resource.id, ""),
    }
}

fn no_attribute() -> &'static Attribute {
    &crate::scim::schema::common_attributes()[0]
}

impl Compile<'_> {
    fn condition(&self, filter: &Filter) -> Result<Condition, Refusal> {
        let all = |parts: &[Filter]| {
            parts
                .iter()
                .map(|part| self.condition(part))
                .collect::<Result<Vec<_>, _>>()
        };
        Ok(match &filter.node {
            Node::And(parts) => Condition::All(all(parts)?),
            Node::Or(parts) => Condition::Any(all(parts)?),
            Node::Not(inner) => Condition::Not(Box::new(self.condition(inner)?)),
            Node::Present(path) => Condition::Present((self.field)(path)?),
            Node::Compare {
                path,
                operator,
                value,
            } => self.comparison(path, *operator, value)?,
            Node::Within { path, filter } => {
                let (field, attribute) = (self.element)(path)?;
                if field.source == Source::Unknown {
                    return Ok(Condition::Any(Vec::new()));
                }
                let condition = Condition::of_elements(attribute, filter, self.policies)?;
                Condition::Element {
                    field,
                    condition: Box::new(condition),
                }
            }
        })
    }

    fn comparison(
        &self,
        path: &AttributePath,
        operator: Operator,
        literal: &Literal,
    ) -> Result<Condition, Refusal> {
        let mut field = (self.field)(path)?;
        if field.whole {
            field = self.whole(path, field)?;
        }
        let name = operator.name();
        if operator.is_ordering() && matches!(field.kind, Type::Boolean | Type::Binary) {
            return Err(invalid(format!(
                "`{path}` is {}; it has no order for `{name}`",
                field.kind.keyword()
            )));
        }
        if operator.is_textual()
            && matches!(
                field.kind,
                Type::Boolean | Type::Integer | Type::Decimal | Type::DateTime
            )
        {
            return Err(invalid(format!(
                "`{path}` is {}; `{name}` compares texts",
                field.kind.keyword()
            )));
        }
        let value = self.wanted(&field, path, literal)?;
        if matches!(value, Wanted::Nothing) {
            if !matches!(operator, Operator::Eq | Operator::Ne)
                || !self.policies.first(Policy::NullComparison)
            {
                return Err(invalid(format!(
                    "`{path} {name} null` has no meaning; use `pr` or `not`"
                )));
            }
            let present = Condition::Present(field);
            return Ok(if operator == Operator::Eq {
                Condition::Not(Box::new(present))
            } else {
                present
            });
        }
        Ok(Condition::Compare {
            field,
            operator,
            value,
        })
    }

    /// A complex attribute as a whole: its `value`, where it has one.
    fn whole(&self, path: &AttributePath, field: Field) -> Result<Field, Refusal> {
        let allowed = self.policies.first(Policy::BareMultiValued)
            || matches!(field.source, Source::Members(_));
        let with_value = AttributePath {
            sub: Some("value".to_owned()),
            ..path.clone()
        };
        let inner = if path.sub.is_none() {
            (self.field)(&with_value).ok()
        } else {
            None
        };
        match inner.filter(|inner| inner.source != Source::Unknown) {
            Some(inner) if allowed => Ok(Field {
                name: field.name,
                ..inner
            }),
            Some(_) => Err(invalid(format!(
                "`{path}` is complex; compare `{path}.value`"
            ))),
            None => Err(invalid(format!(
                "`{path}` is complex; compare one of its sub-attributes"
            ))),
        }
    }

    fn wanted(
        &self,
        field: &Field,
        path: &AttributePath,
        literal: &Literal,
    ) -> Result<Wanted, Refusal> {
        let mismatch = || {
            Err(invalid(format!(
                "`{path}` is {}; it cannot be compared with {literal}",
                field.kind.keyword()
            )))
        };
        if field.source == Source::Unknown {
            return Ok(match literal {
                Literal::Null => Wanted::Nothing,
                other => Wanted::Text(other.to_string()),
            });
        }
        match (field.kind, literal) {
            (_, Literal::Null) => Ok(Wanted::Nothing),
            (Type::Boolean, Literal::Boolean(value)) => Ok(Wanted::Boolean(*value)),
            (Type::Boolean, Literal::String(text))
                if self.policies.first(Policy::QuotedBooleans) =>
            {
                match boolean_of(text) {
                    Some(value) => Ok(Wanted::Boolean(value)),
                    None => mismatch(),
                }
            }
            (Type::Integer | Type::Decimal, Literal::Number(number)) => match number.as_f64() {
                Some(number) => Ok(Wanted::Number(number)),
                None => mismatch(),
            },
            (Type::DateTime, Literal::String(text)) => match text.parse() {
                Ok(moment) => Ok(Wanted::Moment(moment)),
                Err(_) => Err(invalid(format!(
                    "`{path}` is dateTime, and `{text}` is no date with time and zone"
                ))),
            },
            (Type::String | Type::Reference | Type::Binary, Literal::String(text)) => Ok(
                Wanted::Text(comparable(text, field.case_exact, self.policies).into_owned()),
            ),
            // An id that looks like a number, left without quotes.
            (Type::String, Literal::Number(number))
                if self.policies.first(Policy::UnquotedValues) =>
            {
                Ok(Wanted::Text(number.to_string()))
            }
            _ => mismatch(),
        }
    }
}

fn is_present(value: &Scalar<'_>) -> bool {
    !matches!(value, Scalar::Text(text) if text.is_empty())
}

fn compare_all(
    values: &[Scalar<'_>],
    field: &Field,
    operator: Operator,
    wanted: &Wanted,
    policies: &Policies,
) -> bool {
    if field.source == Source::Unknown {
        return false;
    }
    if operator == Operator::Ne {
        // Nothing is not equal to anything. With several values the RFC's general rule is that any one may match.
        let equal = |value: &Scalar<'_>| compares(value, field, Operator::Eq, wanted, policies);
        let all_must_differ = values.is_empty() || !policies.first(Policy::NotEqual);
        return if all_must_differ {
            !values.iter().any(equal)
        } else {
            values.iter().any(|value| !equal(value))
        };
    }
    values
        .iter()
        .any(|value| compares(value, field, operator, wanted, policies))
}

fn compares(
    value: &Scalar<'_>,
    field: &Field,
    operator: Operator,
    wanted: &Wanted,
    policies: &Policies,
) -> bool {
    let order = match (value, wanted) {
        (Scalar::Text(text), Wanted::Text(wanted)) => {
            let text = comparable(text, field.case_exact, policies);
            // References may be written absolute or relative (RFC 7643 2.3.7).
            match operator {
                Operator::Co => return text.contains(wanted),
                Operator::Sw => return text.starts_with(wanted),
                Operator::Ew => return text.ends_with(wanted),
                Operator::Eq if field.is_own_address() => {
                    return wanted == &*text || wanted.ends_with(&*text);
                }
                _ => text.as_ref().cmp(wanted.as_str()),
            }
        }
        (Scalar::Boolean(value), Wanted::Boolean(wanted)) => value.cmp(wanted),
        (Scalar::Number(value), Wanted::Number(wanted)) => match value.partial_cmp(wanted) {
            Some(order) => order,
            None => return false,
        },
        (Scalar::Moment(value), Wanted::Moment(wanted)) => value.cmp(wanted),
        _ => return false,
    };
    match operator {
        Operator::Eq => order == Ordering::Equal,
        Operator::Ne => order != Ordering::Equal,
        Operator::Gt => order == Ordering::Greater,
        Operator::Ge => order != Ordering::Less,
        Operator::Lt => order == Ordering::Less,
        Operator::Le => order != Ordering::Greater,
        Operator::Co | Operator::Sw | Operator::Ew => false,
    }
}
