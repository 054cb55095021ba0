//! Reading filters and looking their attributes up (RFC 7644 3.4.2.2).

use super::coerce::boolean_of;
use super::condition::{Condition, Wanted};
use super::error::{Refusal, ScimType};
use super::field::{Field, Source};
use super::policy::{Policies, Policy};
use super::store::Store;
use super::text::comparable;
use crate::scim::filter::{Dialect, Filter, Limits, Literal, Node, Operator};
use crate::scim::path::AttributePath;
use crate::scim::schema::{Attribute, Type};

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

/// What has the elements that a filter in brackets is about; nothing where a type of several lacks the attribute.
type ElementOf<'a> = dyn Fn(&AttributePath) -> Result<Option<(Field, &'a Attribute)>, Refusal> + 'a;

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
                Some(attribute) => Ok(Some((Field::of(store, shelf, path, false), attribute))),
                None if several_types => Ok(None),
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
                let Some((field, attribute)) = (self.element)(path)? else {
                    return Ok(Condition::Any(Vec::new()));
                };
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
