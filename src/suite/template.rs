//! Texts with `{{name}}` in them, as both formats write variables.

use std::collections::BTreeSet;

/// A part of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Part<'t> {
    Literal(&'t str),
    Variable(&'t str),
}

/// The parts of a text. `{{` without an end, or around what cannot be a name, is literal.
pub(super) fn parts(text: &str) -> Vec<Part<'_>> {
    let mut parts = Vec::new();
    let mut rest = text;
    let mut from = 0;
    while let Some(found) = rest[from..].find("{{") {
        let begin = from + found;
        let Some(length) = rest[begin + 2..].find("}}") else {
            break;
        };
        let name = rest[begin + 2..begin + 2 + length].trim();
        let is_name = !name.is_empty() && !name.contains(['{', '}', '\n', '"']);
        if !is_name {
            from = begin + 2;
            continue;
        }
        if begin > 0 {
            parts.push(Part::Literal(&rest[..begin]));
        }
        parts.push(Part::Variable(name));
        rest = &rest[begin + 2 + length + 2..];
        from = 0;
    }
    if !rest.is_empty() {
        parts.push(Part::Literal(rest));
    }
    parts
}

/// The variable that a text is, and nothing else.
pub(super) fn lone(text: &str) -> Option<&str> {
    match parts(text.trim()).as_slice() {
        [Part::Variable(name)] => Some(name),
        _ => None,
    }
}

/// The names of the variables in a text.
pub(super) fn names(text: &str) -> BTreeSet<&str> {
    parts(text)
        .into_iter()
        .filter_map(|part| match part {
            Part::Variable(name) => Some(name),
            Part::Literal(_) => None,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{Part, lone, parts};

    #[test]
    fn braces_that_are_no_variables_stay() {
        assert_eq!(
            parts("a{{ b }}{\"c\":{}}{{"),
            [
                Part::Literal("a"),
                Part::Variable("b"),
                Part::Literal("{\"c\":{}}{{")
            ]
        );
        assert_eq!(parts("{{{{x}}"), [Part::Literal("{{"), Part::Variable("x")]);
        assert_eq!(lone(" {{auth}} "), Some("auth"));
        assert_eq!(lone("Bearer {{auth}}"), None);
    }
}
