//! Defects of lists and their pages.

use serde_json::{Value, json};

use super::visit::{Visit, change_body};
use super::{Answer, Defect};
use crate::server::error::Refusal;

pub(super) const DEFECTS: &[Defect] = &[
    Defect {
        id: "D001",
        names: &["totalResults"],
        act: total_of_the_page,
    },
    Defect {
        id: "D005",
        names: &["startIndex"],
        act: start_at_zero,
    },
    Defect {
        id: "D061",
        names: &["startIndex"],
        act: last_page_past_the_end,
    },
    Defect {
        id: "D071",
        names: &["startIndex"],
        act: start_counts_pages,
    },
    Defect {
        id: "D079",
        names: &["count"],
        act: no_count_is_no_limit,
    },
    Defect {
        id: "D091",
        names: &["totalResults"],
        act: numbers_as_texts,
    },
    Defect {
        id: "D113",
        names: &["page"],
        act: each_page_ordered_by_itself,
    },
    Defect {
        id: "D145",
        names: &["totalResults"],
        act: total_of_the_directory,
    },
    Defect {
        id: "D164",
        names: &["400"],
        act: negative_numbers_refused,
    },
    Defect {
        id: "D236",
        names: &["totalResults"],
        act: total_of_a_filtered_page,
    },
];

fn is_list(body: &Value) -> bool {
    body.get("totalResults").is_some()
}

fn set_total_to_size(body: &mut Value) {
    let resources = body.get("Resources").and_then(Value::as_array);
    let size = resources.map_or(0, Vec::len);
    if is_list(body) {
        body["totalResults"] = json!(size);
    }
}

fn total_of_the_page(visit: &Visit<'_>) -> Answer {
    visit.answered(set_total_to_size)
}

fn start_at_zero(visit: &Visit<'_>) -> Answer {
    if !visit.is_query() || visit.asked("startIndex").is_some() {
        return visit.sound();
    }
    visit.answered(|body| {
        if is_list(body) {
            body["startIndex"] = json!(0);
        }
    })
}

fn last_page_past_the_end(visit: &Visit<'_>) -> Answer {
    let answer = visit.sound();
    let total = serde_json::from_slice::<Value>(&answer.body)
        .ok()
        .and_then(|body| body.get("totalResults")?.as_i64());
    match (visit.asked_number("startIndex"), total) {
        (Some(start), Some(total)) if visit.is_query() && total > 0 && start > total => {
            visit.ask(&[
                ("startIndex", Some(&total.to_string())),
                ("count", Some("1")),
            ])
        }
        _ => answer,
    }
}

/// The number of the page, instead of the place of its first resource, is what so many rows are passed over for.
fn start_counts_pages(visit: &Visit<'_>) -> Answer {
    let (start, count) = (
        visit.asked_number("startIndex"),
        visit.asked_number("count"),
    );
    let (Some(start), Some(count)) = (start, count.filter(|count| *count > 0)) else {
        return visit.sound();
    };
    if !visit.is_query() || start < 2 {
        return visit.sound();
    }
    let mut answer = visit.ask(&[("startIndex", Some(&((start - 1) / count + 1).to_string()))]);
    change_body(&mut answer, |body| {
        if is_list(body) {
            body["startIndex"] = json!(start);
        }
    });
    answer
}

fn no_count_is_no_limit(visit: &Visit<'_>) -> Answer {
    match visit.is_query() && visit.asked_number("count") == Some(0) {
        true => visit.ask(&[("count", Some("1000"))]),
        false => visit.sound(),
    }
}

fn numbers_as_texts(visit: &Visit<'_>) -> Answer {
    visit.answered(|body| {
        for name in ["totalResults", "startIndex", "itemsPerPage"] {
            if let Some(number) = body.get_mut(name).filter(|number| number.is_i64()) {
                *number = json!(number.to_string());
            }
        }
    })
}

/// Without a wish for an order, the store walks further pages by another index than the first one.
fn each_page_ordered_by_itself(visit: &Visit<'_>) -> Answer {
    let is_further = visit
        .asked_number("startIndex")
        .is_some_and(|start| start > 1);
    if !visit.is_query() || !is_further || visit.asked("sortBy").is_some() {
        return visit.sound();
    }
    visit.ask(&[
        ("sortBy", Some("meta.lastModified")),
        ("sortOrder", Some("descending")),
    ])
}

fn total_of_the_directory(visit: &Visit<'_>) -> Answer {
    if !visit.is_query() || visit.asked("filter").is_none() {
        return visit.sound();
    }
    let all = visit.ask(&[("filter", None), ("startIndex", None), ("count", Some("0"))]);
    let total = serde_json::from_slice::<Value>(&all.body)
        .ok()
        .and_then(|body| body.get("totalResults").cloned());
    visit.answered(|body| {
        if let Some(total) = total.filter(|_| is_list(body)) {
            body["totalResults"] = total;
        }
    })
}

fn negative_numbers_refused(visit: &Visit<'_>) -> Answer {
    let is_negative = |name| visit.asked_number(name).is_some_and(|number| number < 0);
    let answer = visit.sound();
    if answer.status == 200
        && visit.is_query()
        && (is_negative("startIndex") || is_negative("count"))
    {
        return Refusal::value("OFFSET and LIMIT must not be negative").into_answer();
    }
    answer
}

fn total_of_a_filtered_page(visit: &Visit<'_>) -> Answer {
    let is_paged = visit.asked("startIndex").is_some() || visit.asked("count").is_some();
    match visit.is_query() && is_paged && visit.asked("filter").is_some() {
        true => visit.answered(set_total_to_size),
        false => visit.sound(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::bench::{Bench, tell_apart};

    fn five(bench: &Bench) -> Vec<String> {
        ["ada", "bob", "carol", "dan", "eve"]
            .map(|name| bench.user(name))
            .to_vec()
    }

    fn names(bench: &Bench, query: &str) -> Value {
        let list = bench.get(&format!("/Users?{query}")).at("/Resources");
        let names = list.as_array().into_iter().flatten();
        names.map(|user| user["userName"].clone()).collect()
    }

    fn shown(bench: &Bench, query: &str, member: &str) -> Value {
        five(bench);
        bench.get(&format!("/Users?{query}")).at(member)
    }

    #[test]
    fn lists_go_wrong() {
        tell_apart(vec![
            (
                "D001",
                |bench| shown(bench, "count=2", "/totalResults"),
                json!(5),
                json!(2),
            ),
            (
                "D005",
                |bench| shown(bench, "", "/startIndex"),
                json!(1),
                json!(0),
            ),
            (
                "D061",
                |bench| {
                    five(bench);
                    names(bench, "startIndex=9&count=3")
                },
                json!([]),
                json!(["eve"]),
            ),
            (
                "D071",
                |bench| {
                    five(bench);
                    names(bench, "startIndex=4&count=3")
                },
                json!(["dan", "eve"]),
                json!(["bob", "carol", "dan"]),
            ),
            (
                "D079",
                |bench| {
                    five(bench);
                    json!(names(bench, "count=0").as_array().map(Vec::len))
                },
                json!(0),
                json!(5),
            ),
            (
                "D091",
                |bench| shown(bench, "", "/itemsPerPage"),
                json!(5),
                json!("5"),
            ),
            (
                "D113",
                |bench| {
                    five(bench);
                    names(bench, "startIndex=3&count=2")
                },
                json!(["carol", "dan"]),
                json!(["carol", "bob"]),
            ),
            (
                "D145",
                |bench| shown(bench, "filter=userName%20eq%20%22ada%22", "/totalResults"),
                json!(1),
                json!(5),
            ),
            (
                "D164",
                |bench| json!(bench.get("/Users?count=-1").status),
                json!(200),
                json!(400),
            ),
            (
                "D236",
                |bench| shown(bench, "count=1&filter=userName%20pr", "/totalResults"),
                json!(5),
                json!(1),
            ),
        ]);
    }
}
