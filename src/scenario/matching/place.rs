//! Places inside a resource, and equality there.

use serde_json::Value;

use crate::finding::Difference;
use crate::scim::equality::{self, Options};

/// Equality at a place inside a resource: whether letter case counts depends on the attribute, so both values are
/// compared inside the attributes that lead to them.
pub(super) fn equal(expected: &Value, value: Option<&Value>, path: &str) -> Vec<Difference> {
    let names = attributes_of(path);
    let wrapped = |value: &Value| {
        names.iter().rev().fold(value.clone(), |inner, name| {
            Value::Object([(name.clone(), inner)].into_iter().collect())
        })
    };
    let stem = names
        .iter()
        .fold(String::new(), |stem, name| join(&stem, name));
    let received = value.unwrap_or(&Value::Null);
    equality::differences(&wrapped(expected), &wrapped(received), &Options::default())
        .into_iter()
        .map(|difference| Difference {
            path: format!(
                "{path}{}",
                difference
                    .path
                    .strip_prefix(&stem)
                    .unwrap_or(&difference.path)
            ),
            ..Difference::from(difference)
        })
        .collect()
}

/// The attribute names on the way to a place: `emails[0].value` is `emails`, `value`.
fn attributes_of(path: &str) -> Vec<String> {
    let mut depth = 0_usize;
    let plain: String = path
        .chars()
        .filter(|character| {
            match character {
                '[' => depth += 1,
                ']' => depth = depth.saturating_sub(1),
                _ => return depth == 0,
            }
            false
        })
        .collect();
    let (schema, rest) = match plain.rfind(':') {
        Some(at) if plain.starts_with("urn:") && !is_schema(&plain) => {
            (Some(&plain[..at]), &plain[at + 1..])
        }
        _ if plain.starts_with("urn:") => (Some(plain.as_str()), ""),
        _ => (None, plain.as_str()),
    };
    schema
        .into_iter()
        .chain(rest.split('.'))
        .filter(|name| !name.is_empty())
        .map(str::to_owned)
        .collect()
}

/// Path of a member for messages: `name.givenName`, `urn:…:User:department`.
pub(crate) fn join(path: &str, name: &str) -> String {
    match path {
        "" => name.to_owned(),
        urn if urn.starts_with("urn:")
            && !urn.contains('[')
            && !urn.ends_with('.')
            && is_schema(urn) =>
        {
            format!("{urn}:{name}")
        }
        path => format!("{path}.{name}"),
    }
}

/// A container named by a schema URN, as opposed to an attribute qualified by one.
fn is_schema(urn: &str) -> bool {
    urn.rsplit(':')
        .next()
        .is_some_and(|last| last.starts_with(|first: char| first.is_ascii_uppercase()))
}
