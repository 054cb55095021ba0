//! Defects of how filters are read.

use super::query::quoted;
use super::visit::Visit;
use super::{Answer, Defect};
use crate::scim::filter::{Filter, Literal, Node, Operator};
use crate::server::error::{Refusal, ScimType};

pub(super) const DEFECTS: &[Defect] = &[
    Defect {
        id: "D029",
        names: &["+"],
        act: decoded_twice,
    },
    Defect {
        id: "D056",
        names: &["filter"],
        act: only_ascii,
    },
    Defect {
        id: "D073",
        names: &["500"],
        act: other_operators_are_500,
    },
    Defect {
        id: "D074",
        names: &["externalId"],
        act: external_id_is_500,
    },
    Defect {
        id: "D109",
        names: &["filter"],
        act: split_at_keywords,
    },
    Defect {
        id: "D133",
        names: &["filter"],
        act: unmapped_is_ignored,
    },
    Defect {
        id: "D139",
        names: &["400"],
        act: unreadable_is_ignored,
    },
    Defect {
        id: "D169",
        names: &["filter"],
        act: split_at_spaces,
    },
    Defect {
        id: "D179",
        names: &["and"],
        act: first_clause_only,
    },
    Defect {
        id: "D206",
        names: &["filter"],
        act: quotes_refused,
    },
    Defect {
        id: "D209",
        names: &["filter"],
        act: brackets_refused,
    },
    Defect {
        id: "D226",
        names: &["or"],
        act: without_parentheses,
    },
];

fn refusal(detail: &str) -> Answer {
    Refusal::bad(ScimType::InvalidFilter, detail).into_answer()
}

/// Gives another answer where the filter is one that the defect fails over, and the server behind serves it.
fn fails_where(is_so: bool, visit: &Visit<'_>, answer: Answer) -> Answer {
    let sound = visit.sound();
    let filters = visit.is_query() && visit.asked("filter").is_some();
    match is_so && filters && sound.status == 200 {
        true => answer,
        false => sound,
    }
}

/// The comparisons and presence tests of a filter.
fn conditions(filter: &Filter) -> Vec<&Node> {
    match &filter.node {
        Node::And(parts) | Node::Or(parts) => parts.iter().flat_map(conditions).collect(),
        Node::Not(inner) | Node::Within { filter: inner, .. } => conditions(inner),
        leaf => vec![leaf],
    }
}

/// Whether a condition of the query's filter is as described.
fn has_condition(visit: &Visit<'_>, is_so: impl Fn(&Node) -> bool) -> bool {
    let filter = visit.filter();
    filter.is_some_and(|filter| conditions(&filter).into_iter().any(is_so))
}

/// Whether a text in the query's filter is as described.
fn has_text(visit: &Visit<'_>, is_so: impl Fn(&str) -> bool) -> bool {
    has_condition(visit, |node| match node {
        Node::Compare {
            value: Literal::String(text),
            ..
        } => is_so(text),
        _ => false,
    })
}

fn decoded_twice(visit: &Visit<'_>) -> Answer {
    let filter = visit
        .parameter("filter")
        .filter(|filter| visit.is_query() && filter.contains(['+', '%']));
    let Some(filter) = filter.map(|filter| filter.replace('+', " ")) else {
        return visit.sound();
    };
    let again = percent_encoding::percent_decode_str(&filter).decode_utf8_lossy();
    visit.ask(&[("filter", Some(&again))])
}

fn only_ascii(visit: &Visit<'_>) -> Answer {
    let strange = |filter: String| !filter.is_ascii();
    let is_strange = visit.asked("filter").is_some_and(strange);
    fails_where(is_strange, visit, refusal("unexpected character"))
}

fn other_operators_are_500(visit: &Visit<'_>) -> Answer {
    let known = [Operator::Eq, Operator::Co, Operator::Sw];
    let is_other = has_condition(visit, |node| match node {
        Node::Compare { operator, .. } => !known.contains(operator),
        _ => false,
    });
    fails_where(
        is_other,
        visit,
        Refusal::new(500, "internal server error").into_answer(),
    )
}

fn external_id_is_500(visit: &Visit<'_>) -> Answer {
    let is_external = has_condition(visit, |node| match node {
        Node::Present(path) | Node::Compare { path, .. } => path.is("externalId"),
        _ => false,
    });
    fails_where(
        is_external,
        visit,
        Refusal::new(500, "no column `externalId`").into_answer(),
    )
}

fn split_at_keywords(visit: &Visit<'_>) -> Answer {
    let is_keyword = |word: &str| {
        ["and", "or", "not"]
            .iter()
            .any(|keyword| word.eq_ignore_ascii_case(keyword))
    };
    let has_keyword = has_text(visit, |text| text.split(' ').any(is_keyword));
    fails_where(has_keyword, visit, refusal("a clause is not complete"))
}

/// Only attributes without sub-attributes have a column to look in; a clause about others has no effect.
fn unmapped_is_ignored(visit: &Visit<'_>) -> Answer {
    fn mapped(filter: Filter) -> Option<Filter> {
        let all = |parts: Vec<Filter>| {
            let parts: Vec<Filter> = parts.into_iter().filter_map(mapped).collect();
            (parts.len() > 1).then(|| parts.clone()).ok_or(parts)
        };
        let node = match filter.node {
            Node::And(parts) => match all(parts) {
                Ok(parts) => Node::And(parts),
                Err(mut rest) => return rest.pop(),
            },
            Node::Or(parts) => match all(parts) {
                Ok(parts) => Node::Or(parts),
                Err(mut rest) => return rest.pop(),
            },
            Node::Not(inner) => Node::Not(Box::new(mapped(*inner)?)),
            Node::Within { .. } => return None,
            Node::Present(path) | Node::Compare { path, .. }
                if path.sub.is_some() || path.urn.is_some() =>
            {
                return None;
            }
            known => known,
        };
        Some(Filter { node, ..filter })
    }
    let Some(filter) = visit.filter() else {
        return visit.sound();
    };
    match mapped(filter.clone()) {
        Some(rest) if rest == filter => visit.sound(),
        Some(rest) => visit.ask(&[("filter", Some(&rest.to_string()))]),
        None => visit.ask(&[("filter", None)]),
    }
}

fn unreadable_is_ignored(visit: &Visit<'_>) -> Answer {
    let is_unreadable =
        visit.is_query() && visit.asked("filter").is_some() && visit.filter().is_none();
    match is_unreadable {
        true => visit.ask(&[("filter", None)]),
        false => visit.sound(),
    }
}

fn split_at_spaces(visit: &Visit<'_>) -> Answer {
    let has_space = has_text(visit, |text| text.contains(' '));
    fails_where(has_space, visit, refusal("too many words"))
}

fn first_clause_only(visit: &Visit<'_>) -> Answer {
    fn first(filter: Filter) -> Filter {
        match filter.node {
            Node::And(mut parts) | Node::Or(mut parts) => first(parts.swap_remove(0)),
            _ => filter,
        }
    }
    let Some(filter) = visit.filter() else {
        return visit.sound();
    };
    let is_compound = matches!(filter.node, Node::And(_) | Node::Or(_));
    match is_compound {
        true => visit.ask(&[("filter", Some(&first(filter).to_string()))]),
        false => visit.sound(),
    }
}

fn quotes_refused(visit: &Visit<'_>) -> Answer {
    let is_quoted = |filter: String| filter.contains('"');
    let has_quotes = visit.asked("filter").is_some_and(is_quoted);
    fails_where(
        has_quotes,
        visit,
        refusal("the filter operator is not supported"),
    )
}

fn brackets_refused(visit: &Visit<'_>) -> Answer {
    fn has_brackets(filter: &Filter) -> bool {
        match &filter.node {
            Node::And(parts) | Node::Or(parts) => parts.iter().any(has_brackets),
            Node::Not(inner) => has_brackets(inner),
            Node::Within { .. } => true,
            Node::Present(_) | Node::Compare { .. } => false,
        }
    }
    let is_so = visit.filter().is_some_and(|filter| has_brackets(&filter));
    fails_where(is_so, visit, refusal("unexpected character `[`"))
}

fn without_parentheses(visit: &Visit<'_>) -> Answer {
    fn flat(filter: &Filter) -> String {
        let joined = |parts: &[Filter], word: &str| {
            let parts: Vec<String> = parts.iter().map(flat).collect();
            parts.join(word)
        };
        match &filter.node {
            Node::And(parts) => joined(parts, " and "),
            Node::Or(parts) => joined(parts, " or "),
            Node::Not(inner) => format!("not ({})", flat(inner)),
            Node::Within { path, filter } => format!("{path}[{}]", flat(filter)),
            Node::Compare {
                path,
                operator,
                value: Literal::String(text),
            } => format!("{path} {} {}", operator.name(), quoted(text)),
            Node::Present(_) | Node::Compare { .. } => filter.to_string(),
        }
    }
    let Some(filter) = visit.filter() else {
        return visit.sound();
    };
    let text = flat(&filter);
    match text == filter.to_string() {
        true => visit.sound(),
        false => visit.ask(&[("filter", Some(&text))]),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::bench::{Bench, encoded, tell_apart};

    fn people(bench: &Bench) {
        for (name, family, active) in [
            ("ada", "OR", true),
            ("bob", "Zo\u{eb}", false),
            ("a+b", "de Vries", true),
        ] {
            let emails = json!([{"type": "work", "value": format!("{name}@x.example")}]);
            bench.create(json!({
                "userName": name,
                "externalId": name,
                "active": active,
                "name": {"familyName": family},
                "emails": emails,
            }));
        }
    }

    /// How many of three people the filter finds, or the status where it is refused.
    fn found(bench: &Bench, filter: &str) -> Value {
        people(bench);
        let list = bench.get(&format!("/Users?filter={}", encoded(filter)));
        match list.status {
            200 => list.at("/totalResults"),
            status => json!(status),
        }
    }

    #[test]
    fn filters_are_read_wrongly() {
        tell_apart(vec![
            (
                "D029",
                |bench| found(bench, r#"userName eq "a+b""#),
                json!(1),
                json!(0),
            ),
            (
                "D056",
                |bench| found(bench, "name.familyName eq \"Zo\u{eb}\""),
                json!(1),
                json!(400),
            ),
            (
                "D073",
                |bench| found(bench, r#"userName ne "ada""#),
                json!(2),
                json!(500),
            ),
            (
                "D074",
                |bench| found(bench, r#"externalId eq "ada""#),
                json!(1),
                json!(500),
            ),
            (
                "D109",
                |bench| found(bench, r#"name.familyName eq "OR""#),
                json!(1),
                json!(400),
            ),
            (
                "D133",
                |bench| found(bench, r#"emails.value eq "ada@x.example""#),
                json!(1),
                json!(3),
            ),
            (
                "D139",
                |bench| found(bench, r#"userName eqq "ada""#),
                json!(400),
                json!(3),
            ),
            (
                "D169",
                |bench| found(bench, r#"name.familyName eq "de Vries""#),
                json!(1),
                json!(400),
            ),
            (
                "D179",
                |bench| found(bench, r#"userName eq "ada" and active eq false"#),
                json!(0),
                json!(1),
            ),
            (
                "D206",
                |bench| found(bench, r#"userName eq "ada""#),
                json!(1),
                json!(400),
            ),
            (
                "D209",
                |bench| found(bench, r#"emails[type eq "work"].value eq "ada@x.example""#),
                json!(1),
                json!(400),
            ),
            (
                "D226",
                |bench| {
                    found(
                        bench,
                        r#"(userName eq "ada" or userName eq "bob") and active eq false"#,
                    )
                },
                json!(1),
                json!(2),
            ),
        ]);
    }
}
