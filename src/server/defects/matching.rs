//! Defects of what filters and queries find, and in which form.

use serde_json::{Value, json};

use super::query::{encoded, quoted, resources_of};
use super::visit::Visit;
use super::{Answer, Defect};
use crate::scim::filter::{Literal, Node, Operator};
use crate::scim::path::AttributePath;
use crate::server::error::Refusal;

pub(super) const DEFECTS: &[Defect] = &[
    Defect {
        id: "D070",
        names: &["totalResults"],
        act: found_after_a_minute,
    },
    Defect {
        id: "D088",
        names: &["ListResponse"],
        act: one_match_is_bare,
    },
    Defect {
        id: "D106",
        names: &["userName"],
        act: letter_case_counts,
    },
    Defect {
        id: "D128",
        names: &["displayName"],
        act: escapes_are_kept,
    },
    Defect {
        id: "D131",
        names: &["500"],
        act: search_without_order,
    },
    Defect {
        id: "D143",
        names: &["eq"],
        act: equal_is_contained,
    },
    Defect {
        id: "D197",
        names: &["sortOrder"],
        act: order_breaks_the_route,
    },
    Defect {
        id: "D217",
        names: &["sortBy"],
        act: unmapped_order_is_500,
    },
];

/// How long it takes until a new user is found, in seconds.
const DELAY: i64 = 60;

fn found_after_a_minute(visit: &Visit<'_>) -> Answer {
    let now = visit.now.as_second();
    if visit.is("POST", "Users") {
        return visit.answered(|body| {
            if let Some(id) = body.get("id").and_then(Value::as_str) {
                visit.memory().insert(id.to_owned(), json!(now));
            }
        });
    }
    if !visit.is_query() {
        return visit.sound();
    }
    visit.listed(|all| {
        let memory = visit.memory();
        all.retain(|resource| {
            let id = resource.get("id").and_then(Value::as_str);
            let since = id.and_then(|id| memory.get(id)?.as_i64());
            since.is_none_or(|since| now - since > DELAY)
        });
    })
}

fn one_match_is_bare(visit: &Visit<'_>) -> Answer {
    let mut answer = visit.sound();
    if answer.status != 200 || !visit.is_query() || visit.asked("filter").is_none() {
        return answer;
    }
    if let Some([only]) = resources_of(&answer).as_deref() {
        answer.body = only.to_string().into_bytes();
    }
    answer
}

/// A comparison that nothing meets.
fn never() -> Node {
    Node::Compare {
        path: AttributePath::named("id"),
        operator: Operator::Eq,
        value: Literal::String("-".to_owned()),
    }
}

fn letter_case_counts(visit: &Visit<'_>) -> Answer {
    visit.with_conditions(|node| match &node {
        Node::Compare {
            path,
            operator: Operator::Eq,
            value: Literal::String(text),
        } if path.is("userName") => {
            let filter = format!("userName eq {}", quoted(text));
            let list = visit.read(&format!("/Users?filter={}", encoded(&filter)));
            let name = list.and_then(|list| {
                let first = list.pointer("/Resources/0/userName")?;
                Some(first.as_str()?.to_owned())
            });
            match name {
                Some(name) if name == *text => node,
                _ => never(),
            }
        }
        _ => node,
    })
}

fn inside_of(quoted: &str) -> String {
    let inside = quoted
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'));
    inside.unwrap_or(quoted).to_owned()
}

fn escapes_are_kept(visit: &Visit<'_>) -> Answer {
    visit.with_conditions(|node| match node {
        Node::Compare {
            path,
            operator,
            value: Literal::String(text),
        } => Node::Compare {
            path,
            operator,
            value: Literal::String(inside_of(&quoted(&text))),
        },
        other => other,
    })
}

/// The reader of search bodies was written before sorting was.
fn search_without_order(visit: &Visit<'_>) -> Answer {
    let answer = visit.sound();
    let is_sorted = visit.asked("sortBy").is_some() || visit.asked("sortOrder").is_some();
    match visit.is_search() && answer.status == 200 && is_sorted {
        true => Refusal::new(500, "unexpected member `sortBy`").into_answer(),
        false => answer,
    }
}

fn equal_is_contained(visit: &Visit<'_>) -> Answer {
    visit.with_conditions(|node| match node {
        Node::Compare {
            path,
            operator: Operator::Eq,
            value: Literal::String(text),
        } if !path.name.eq_ignore_ascii_case("meta") => Node::Compare {
            path,
            operator: Operator::Co,
            value: Literal::String(text),
        },
        other => other,
    })
}

fn order_breaks_the_route(visit: &Visit<'_>) -> Answer {
    let answer = visit.sound();
    let order = visit.asked("sortOrder").filter(|_| visit.is_query());
    match order.as_deref() {
        None | Some("Ascending" | "Descending") => answer,
        Some(_) if answer.status != 200 => answer,
        Some(_) => Refusal::not_found("path", &format!("/{}", visit.endpoint)).into_answer(),
    }
}

fn unmapped_order_is_500(visit: &Visit<'_>) -> Answer {
    let mapped = [
        "id",
        "userName",
        "displayName",
        "externalId",
        "name.familyName",
        "name.givenName",
        "meta.created",
        "meta.lastModified",
    ];
    let answer = visit.sound();
    let by = visit.asked("sortBy").filter(|_| visit.is_query());
    match by {
        Some(_) if answer.status != 200 => answer,
        Some(by) if !mapped.iter().any(|known| known.eq_ignore_ascii_case(&by)) => {
            Refusal::new(500, "no column to sort by").into_answer()
        }
        _ => answer,
    }
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;
    use serde_json::{Value, json};

    use super::super::bench::{Bench, encoded, tell_apart};

    fn totals(bench: &Bench, filter: &str) -> Value {
        bench.user("ada");
        bench.user("adalbert");
        bench.found(filter)
    }

    #[test]
    fn the_wrong_is_found() {
        tell_apart(vec![
            (
                "D070",
                |bench| {
                    let first = totals(bench, r#"userName eq "ada""#);
                    bench.pass(SignedDuration::from_secs(70));
                    json!([first, bench.found(r#"userName eq "ada""#)])
                },
                json!([1, 1]),
                json!([0, 1]),
            ),
            (
                "D088",
                |bench| {
                    bench.user("ada");
                    let list = bench.get("/Users?filter=userName%20pr");
                    json!([list.at("/userName"), list.at("/totalResults")])
                },
                json!([null, 1]),
                json!(["ada", null]),
            ),
            (
                "D106",
                |bench| {
                    json!([
                        totals(bench, r#"userName eq "ADA""#),
                        bench.found(r#"userName eq "ada""#)
                    ])
                },
                json!([1, 1]),
                json!([0, 1]),
            ),
            (
                "D128",
                |bench| {
                    bench.user(r#"the "a" team"#);
                    bench.found(r#"userName eq "the \"a\" team""#)
                },
                json!(1),
                json!(0),
            ),
            (
                "D131",
                |bench| {
                    let schemas = ["urn:ietf:params:scim:api:messages:2.0:SearchRequest"];
                    let plain = json!({"schemas": schemas});
                    let sorted = json!({"schemas": schemas, "sortBy": "userName"});
                    let status = |body| bench.send("POST /Users/.search", body).status;
                    json!([status(plain), status(sorted)])
                },
                json!([200, 200]),
                json!([200, 500]),
            ),
            (
                "D143",
                |bench| totals(bench, r#"userName eq "ada""#),
                json!(1),
                json!(2),
            ),
            (
                "D197",
                |bench| {
                    json!(
                        bench
                            .get("/Users?sortBy=userName&sortOrder=ascending")
                            .status
                    )
                },
                json!(200),
                json!(404),
            ),
            (
                "D217",
                |bench| {
                    json!(
                        bench
                            .get(&format!("/Users?sortBy={}", encoded("addresses.locality")))
                            .status
                    )
                },
                json!(200),
                json!(500),
            ),
        ]);
    }
}
