//! Matchers in words, for messages.

use serde_json::Value;

use crate::scenario::matcher::{Form, Kind, Matcher};

/// The matcher in words, for messages.
pub(super) fn described(matcher: &Matcher<Value>) -> String {
    let list =
        |items: &[Matcher<Value>]| items.iter().map(described).collect::<Vec<_>>().join(", ");
    match matcher {
        Matcher::Equals(value) | Matcher::Exactly(value) => value.to_string(),
        Matcher::Members(members) => {
            let members = members
                .iter()
                .map(|(name, member)| format!("{name}: {}", described(member)))
                .collect::<Vec<_>>();
            format!("{{{}}}", members.join(", "))
        }
        Matcher::Elements(items) => format!("[{}]", list(items)),
        Matcher::Kind(kind) => kind_name(*kind).to_owned(),
        Matcher::NonEmpty => "something that is not empty".to_owned(),
        Matcher::Form(form) => form_name(*form).to_owned(),
        Matcher::Present => "any value".to_owned(),
        Matcher::Absent => "nothing".to_owned(),
        Matcher::Any => "anything".to_owned(),
        Matcher::Pattern(pattern) => format!("a text that matches `{pattern}`"),
        Matcher::AnyOf(items) => items.iter().map(described).collect::<Vec<_>>().join(" or "),
        Matcher::AllOf(items) => items
            .iter()
            .map(described)
            .collect::<Vec<_>>()
            .join(" and "),
        Matcher::Not(inner) => format!("not {}", described(inner)),
        Matcher::Contains(items) => format!("a list with {}", list(items)),
        Matcher::Each(inner) => format!("a list of {}", described(inner)),
        Matcher::Size(from, Some(to)) if from == to => format!("{from} elements"),
        Matcher::Size(from, Some(to)) => format!("{from} to {to} elements"),
        Matcher::Size(from, None) => format!("at least {from} elements"),
        Matcher::Unique => "no element twice".to_owned(),
        Matcher::AtLeast(value) => format!("at least {value}"),
        Matcher::AtMost(value) => format!("at most {value}"),
        Matcher::After(value) => format!("an instant after {value}"),
        Matcher::NotBefore(value) => format!("an instant not before {value}"),
        Matcher::At(places) => places
            .iter()
            .map(|(path, inner)| format!("{} at `{path}`", described(inner)))
            .collect::<Vec<_>>()
            .join(" and "),
        Matcher::Text(value) => value.to_string(),
    }
}

pub(super) fn kind_name(kind: Kind) -> &'static str {
    match kind {
        Kind::String => "a string",
        Kind::Number => "a number",
        Kind::Integer => "an integer",
        Kind::Boolean => "a boolean",
        Kind::Array => "a list",
        Kind::Object => "an object",
    }
}

pub(super) fn form_name(form: Form) -> &'static str {
    match form {
        Form::Instant => "an instant such as 2026-01-31T12:00:00Z",
        Form::Uri => "an absolute URI",
        Form::Uuid => "a UUID",
    }
}
