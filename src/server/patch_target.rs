//! Changing one attribute by one PATCH operation: every kind of attribute, with and without sub-attribute and filter.

use serde_json::{Map, Value};

use super::coerce::{is_primary, same_element};
use super::condition::Condition;
use super::error::Refusal;
use super::patch::Patch;
use super::patch_message::Op;
use super::policy::Policy;
use crate::scim::filter::{Filter, Literal, Node, Operator};
use crate::scim::path::Path;
use crate::scim::schema::{Attribute, Mutability, Type};

/// What an operation aims at.
pub(crate) struct Target<'a> {
    pub(crate) attribute: &'a Attribute,
    pub(crate) sub: Option<&'a Attribute>,
    pub(crate) filter: Option<&'a Filter>,
    pub(crate) path: &'a Path,
}

/// Applies one operation to the attributes in `home`, which is the resource or an extension's container.
pub(crate) fn change_target(
    patch: &Patch<'_>,
    home: &mut Map<String, Value>,
    op: Op,
    target: &Target<'_>,
    value: Option<Value>,
) -> Result<(), Refusal> {
    let attribute = target.attribute;
    match (target.filter, target.sub, attribute.multi_valued) {
        (Some(filter), _, true) => change_elements(patch, home, op, target, filter, value),
        (Some(_), _, false) => Err(Refusal::bad(
            super::error::ScimType::InvalidPath,
            format!(
                "`{}` has one value; a filter has nothing to choose from",
                attribute.name
            ),
        )),
        (None, None, false) => change_single(patch, home, op, attribute, value),
        (None, None, true) => change_list(patch, home, op, attribute, value),
        (None, Some(sub), false) => {
            let entry = home
                .entry(attribute.name.clone())
                .or_insert_with(|| Value::Object(Map::new()));
            let inner = entry
                .as_object_mut()
                .ok_or_else(|| Refusal::value(format!("`{}` has no parts", attribute.name)))?;
            let done = change_single(patch, inner, op, sub, value);
            if inner.is_empty() {
                home.shift_remove(&attribute.name);
            }
            done
        }
        (None, Some(sub), true) => change_sub_of_all(patch, home, op, attribute, sub, value),
    }
}

/// Refuses what an immutable or required attribute does not allow.
fn check_mutability(
    attribute: &Attribute,
    before: Option<&Value>,
    after: Option<&Value>,
) -> Result<(), Refusal> {
    if attribute.mutability == Mutability::Immutable && before.is_some() && before != after {
        return Err(Refusal::mutability(format!(
            "`{}` is immutable and has a value",
            attribute.name
        )));
    }
    Ok(())
}

fn change_single(
    patch: &Patch<'_>,
    home: &mut Map<String, Value>,
    op: Op,
    attribute: &Attribute,
    value: Option<Value>,
) -> Result<(), Refusal> {
    let before = home.get(&attribute.name);
    // RFC 7644 3.5.2.3: sub-attributes that are not specified stay, and what is read-only is not specified by clients.
    if op != Op::Remove
        && value
            .as_ref()
            .is_some_and(|value| is_read_only(attribute, value))
    {
        return Ok(());
    }
    let wanted = match op {
        Op::Remove => None,
        Op::Add | Op::Replace => patch
            .coerce()
            .attribute(attribute, value.unwrap_or(Value::Null))?,
    };
    let wanted = match (wanted, before) {
        (Some(Value::Object(new)), Some(Value::Object(old))) if attribute.kind == Type::Complex => {
            let merges = op == Op::Replace || patch.store.policies.first(Policy::AddComplex);
            Some(Value::Object(if merges { merged(old, new) } else { new }))
        }
        (wanted, _) => wanted,
    };
    check_mutability(attribute, before, wanted.as_ref())?;
    match wanted {
        Some(value) => {
            home.insert(attribute.name.clone(), value);
        }
        None if attribute.required && op == Op::Remove => {
            return Err(Refusal::mutability(format!(
                "`{}` is required",
                attribute.name
            )));
        }
        None if attribute.required => {
            return Err(Refusal::value(format!("`{}` is required", attribute.name)));
        }
        None => {
            home.shift_remove(&attribute.name);
        }
    }
    Ok(())
}

/// Whether a complex value has nothing in it that a client may write.
fn is_read_only(attribute: &Attribute, value: &Value) -> bool {
    let members = value.as_object().filter(|members| !members.is_empty());
    members.is_some_and(|members| {
        members.keys().all(|name| {
            let sub = attribute.sub(name);
            sub.is_some_and(|sub| sub.mutability == Mutability::ReadOnly)
        })
    })
}

/// Old sub-attributes with new ones written over them; the reference goes when what it refers to changes.
fn merged(old: &Map<String, Value>, new: Map<String, Value>) -> Map<String, Value> {
    let mut both = old.clone();
    if new
        .get("value")
        .is_some_and(|value| Some(value) != old.get("value"))
    {
        both.shift_remove("$ref");
    }
    both.extend(new);
    both
}

fn change_list(
    patch: &Patch<'_>,
    home: &mut Map<String, Value>,
    op: Op,
    attribute: &Attribute,
    value: Option<Value>,
) -> Result<(), Refusal> {
    let before = home
        .get(&attribute.name)
        .and_then(Value::as_array)
        .cloned()
        .unwrap_or_default();
    let after = match (op, value) {
        (Op::Remove, None | Some(Value::Null)) => Vec::new(),
        (Op::Remove, Some(value)) => {
            let unwanted = listed_for_removal(patch, attribute, value)?;
            let mut kept = before.clone();
            kept.retain(|element| !unwanted.iter().any(|other| is_listed(element, other)));
            kept
        }
        (Op::Replace, value) => read_list(patch, attribute, value)?,
        (Op::Add, value) => {
            let added = read_list(patch, attribute, value)?;
            let mut both = before.clone();
            let mut touched = Vec::new();
            for element in added {
                match both.iter().position(|known| same_element(known, &element)) {
                    Some(index) => {
                        if let (Some(known), Some(new)) =
                            (both[index].as_object(), element.as_object())
                        {
                            both[index] = Value::Object(merged(known, new.clone()));
                        }
                        touched.push(index);
                    }
                    None => {
                        both.push(element);
                        touched.push(both.len() - 1);
                    }
                }
            }
            yield_primary(&mut both, &touched);
            both
        }
    };
    store_list(home, attribute, before, after)
}

fn read_list(
    patch: &Patch<'_>,
    attribute: &Attribute,
    value: Option<Value>,
) -> Result<Vec<Value>, Refusal> {
    match patch
        .coerce()
        .attribute(attribute, value.unwrap_or(Value::Null))?
    {
        Some(Value::Array(items)) => Ok(items),
        Some(single) => Ok(vec![single]),
        None => Ok(Vec::new()),
    }
}

/// The elements that a `remove` lists in its value, as Entra does by default (entra.md 7, ambiguity 10).
fn listed_for_removal(
    patch: &Patch<'_>,
    attribute: &Attribute,
    value: Value,
) -> Result<Vec<Value>, Refusal> {
    if !patch.store.policies.first(Policy::RemoveValue) {
        return Err(Refusal::value(
            "`remove` has no `value`; choose elements by a filter in `path`",
        ));
    }
    let items = match value {
        Value::Array(items) => items,
        single => vec![single],
    };
    let elements = items.into_iter().map(|item| match item {
        Value::String(text) if attribute.kind == Type::Complex => Ok(Some(Value::Object(
            Map::from_iter([("value".to_owned(), Value::String(text))]),
        ))),
        other => patch.coerce().element(attribute, other),
    });
    Ok(elements
        .collect::<Result<Vec<_>, _>>()?
        .into_iter()
        .flatten()
        .collect())
}

/// Whether an element has everything that a listed one names.
fn is_listed(element: &Value, listed: &Value) -> bool {
    match (element, listed) {
        (Value::Object(element), Value::Object(listed)) => match listed.get("value") {
            Some(value) => {
                element.get("value") == Some(value)
                    && listed
                        .get("type")
                        .is_none_or(|kind| element.get("type") == Some(kind))
            }
            None => listed
                .iter()
                .all(|(name, value)| element.get(name) == Some(value)),
        },
        (element, listed) => element == listed,
    }
}

fn store_list(
    home: &mut Map<String, Value>,
    attribute: &Attribute,
    before: Vec<Value>,
    after: Vec<Value>,
) -> Result<(), Refusal> {
    if attribute.mutability == Mutability::Immutable && !before.is_empty() && before != after {
        return Err(Refusal::mutability(format!(
            "`{}` is immutable and has a value",
            attribute.name
        )));
    }
    if !after.is_empty() {
        home.insert(attribute.name.clone(), Value::Array(after));
    } else if attribute.required {
        return Err(Refusal::mutability(format!(
            "`{}` is required",
            attribute.name
        )));
    } else {
        home.shift_remove(&attribute.name);
    }
    Ok(())
}

/// A newly set primary takes the mark from all others (RFC 7644 3.5.2).
fn yield_primary(elements: &mut [Value], touched: &[usize]) {
    let Some(winner) = touched
        .iter()
        .rev()
        .copied()
        .find(|index| is_primary(&elements[*index]))
    else {
        return;
    };
    for (index, element) in elements.iter_mut().enumerate() {
        if index != winner
            && is_primary(element)
            && let Some(members) = element.as_object_mut()
        {
            members.insert("primary".to_owned(), Value::Bool(false));
        }
    }
}

/// `emails.value` without a filter: the sub-attribute of every element.
fn change_sub_of_all(
    patch: &Patch<'_>,
    home: &mut Map<String, Value>,
    op: Op,
    attribute: &Attribute,
    sub: &Attribute,
    value: Option<Value>,
) -> Result<(), Refusal> {
    let before = home
        .get(&attribute.name)
        .and_then(Value::as_array)
        .cloned()
        .unwrap_or_default();
    let mut after = before.clone();
    if after.is_empty() && op != Op::Remove {
        after.push(Value::Object(Map::new()));
    }
    let touched: Vec<usize> = (0..after.len()).collect();
    for element in &mut after {
        if let Some(members) = element.as_object_mut() {
            change_single(patch, members, op, sub, value.clone())?;
        }
    }
    yield_primary(&mut after, &touched);
    after.retain(|element| {
        element
            .as_object()
            .is_none_or(|members| !members.is_empty())
    });
    store_list(home, attribute, before, after)
}

fn change_elements(
    patch: &Patch<'_>,
    home: &mut Map<String, Value>,
    op: Op,
    target: &Target<'_>,
    filter: &Filter,
    value: Option<Value>,
) -> Result<(), Refusal> {
    let attribute = target.attribute;
    let policies = &patch.store.policies;
    let condition = Condition::of_elements(attribute, filter, policies)?;
    let before = home
        .get(&attribute.name)
        .and_then(Value::as_array)
        .cloned()
        .unwrap_or_default();
    let mut after = before.clone();
    let chosen: Vec<usize> = (0..after.len())
        .filter(|index| condition.holds_in(&after[*index], policies))
        .collect();
    let nothing = || Refusal::no_target(format!("path `{}` matches no value", target.path));

    match (op, target.sub) {
        (Op::Remove, _) if chosen.is_empty() => {
            return if policies.first(Policy::RemoveWithoutMatch) {
                Ok(())
            } else {
                Err(nothing())
            };
        }
        (Op::Remove, None) => {
            let mut index = 0;
            after.retain(|_| {
                index += 1;
                !chosen.contains(&(index - 1))
            });
        }
        (_, Some(sub)) if chosen.is_empty() => {
            let mut element = new_element(patch, attribute, filter).ok_or_else(nothing)?;
            change_single(patch, &mut element, op, sub, value)?;
            after.push(Value::Object(element));
            let last = after.len() - 1;
            yield_primary(&mut after, &[last]);
        }
        (Op::Add, None) if chosen.is_empty() => {
            let element = new_element(patch, attribute, filter).ok_or_else(nothing)?;
            let Some(Value::Object(given)) = patch
                .coerce()
                .element(attribute, value.unwrap_or(Value::Null))?
            else {
                return Err(Refusal::value(format!(
                    "`{}` needs an object as element",
                    attribute.name
                )));
            };
            after.push(Value::Object(merged(&element, given)));
            let last = after.len() - 1;
            yield_primary(&mut after, &[last]);
        }
        (Op::Replace, None) if chosen.is_empty() => return Err(nothing()),
        (_, Some(sub)) => {
            for index in &chosen {
                if let Some(members) = after[*index].as_object_mut() {
                    change_single(patch, members, op, sub, value.clone())?;
                }
            }
            yield_primary(&mut after, &chosen);
        }
        (Op::Add | Op::Replace, None) => {
            let value = value.unwrap_or(Value::Null);
            let Some(given) = patch.coerce().element(attribute, value)? else {
                return Err(Refusal::value(format!(
                    "`{}` needs a value for its element",
                    attribute.name
                )));
            };
            for index in &chosen {
                let merges = op == Op::Add || !policies.first(Policy::ReplaceElement);
                after[*index] = match (&after[*index], &given) {
                    (Value::Object(old), Value::Object(new)) if merges => {
                        Value::Object(merged(old, new.clone()))
                    }
                    _ => given.clone(),
                };
            }
            yield_primary(&mut after, &chosen);
        }
    }
    after.retain(|element| {
        element
            .as_object()
            .is_none_or(|members| !members.is_empty())
    });
    let mut distinct: Vec<Value> = Vec::with_capacity(after.len());
    for element in after {
        if !distinct.contains(&element) {
            distinct.push(element);
        }
    }
    store_list(home, attribute, before, distinct)
}

/// The element that a filter without match describes: what it says must be equal. Only values that the schema suggests
/// make an element, so that a mistyped filter is still refused (ambiguity 5, entra.md 5.4).
fn new_element(
    patch: &Patch<'_>,
    attribute: &Attribute,
    filter: &Filter,
) -> Option<Map<String, Value>> {
    if !patch.store.policies.first(Policy::MissingElement) {
        return None;
    }
    let parts = match &filter.node {
        Node::And(parts) => parts.as_slice(),
        _ => std::slice::from_ref(filter),
    };
    let mut element = Map::new();
    for part in parts {
        let Node::Compare {
            path,
            operator: Operator::Eq,
            value,
        } = &part.node
        else {
            return None;
        };
        let sub = attribute
            .sub(&path.name)
            .filter(|sub| path.sub.is_none() && sub.mutability != Mutability::ReadOnly)?;
        let value = match value {
            Literal::String(text) => Value::from(text.as_str()),
            Literal::Boolean(value) => Value::Bool(*value),
            Literal::Number(number) => Value::Number(number.clone()),
            Literal::Null => return None,
        };
        let value = patch.coerce().attribute(sub, value).ok()??;
        let suggested = |text: &str| {
            sub.canonical_values.is_empty()
                || sub.canonical_values.iter().any(|known| known == text)
        };
        if !value.as_str().is_none_or(suggested) {
            return None;
        }
        element.insert(sub.name.clone(), value);
    }
    Some(element)
}
