//! Defects of credentials and media types.

use serde_json::{Value, json};

use super::visit::{Draft, Visit};
use super::{Answer, Defect};
use crate::scim::urn;
use crate::server::error::Refusal;

pub(super) const DEFECTS: &[Defect] = &[
    Defect {
        id: "D022",
        names: &["415"],
        act: plain_json_refused,
    },
    Defect {
        id: "D046",
        names: &["401"],
        act: open_to_all,
    },
    Defect {
        id: "D064",
        names: &["userName"],
        act: body_not_read,
    },
    Defect {
        id: "D130",
        names: &["WWW-Authenticate"],
        act: no_challenge,
    },
    Defect {
        id: "D134",
        names: &["406"],
        act: other_media_refused,
    },
    Defect {
        id: "D170",
        names: &["401"],
        act: other_error_body,
    },
];

/// Media type of the request's body, without parameters.
fn content_type<'a>(visit: &Visit<'a>) -> &'a str {
    let header = visit.request.header("content-type").unwrap_or_default();
    header.split(';').next().unwrap_or_default().trim()
}

fn plain_json_refused(visit: &Visit<'_>) -> Answer {
    match content_type(visit).eq_ignore_ascii_case("application/json") {
        true => visit.refuse(Refusal::new(415, "bodies are application/scim+json")),
        false => visit.sound(),
    }
}

/// A request without credentials has those of who came last.
fn open_to_all(visit: &Visit<'_>) -> Answer {
    let answer = visit.sound();
    let given = visit.request.header("authorization");
    if answer.status != 401 {
        if let Some(given) = given {
            visit.memory().insert(visit.prefix.to_owned(), json!(given));
        }
        return answer;
    }
    let last = visit.memory().get(visit.prefix).cloned();
    match last.as_ref().and_then(Value::as_str) {
        Some(last) if given.is_none() => {
            let mut draft = visit.draft();
            let mut headers = std::mem::take(&mut draft.headers);
            headers.push(("authorization", last));
            visit.send(&Draft { headers, ..draft })
        }
        _ => answer,
    }
}

/// Only what is called JSON is taken for an object.
fn body_not_read(visit: &Visit<'_>) -> Answer {
    if !content_type(visit).eq_ignore_ascii_case("application/scim+json") {
        return visit.sound();
    }
    visit.with_body(|body| {
        *body = match (visit.request.method, visit.endpoint) {
            ("POST" | "PUT", "Users") => json!({"schemas": [urn::USER]}),
            ("POST" | "PUT", "Groups") => json!({"schemas": [urn::GROUP]}),
            _ => json!({}),
        };
    })
}

fn no_challenge(visit: &Visit<'_>) -> Answer {
    let mut answer = visit.sound();
    answer
        .headers
        .retain(|(name, _)| answer.status != 401 || *name != "www-authenticate");
    answer
}

fn other_media_refused(visit: &Visit<'_>) -> Answer {
    let is_known = |range: &str| {
        let range = range.split(';').next().unwrap_or_default().trim();
        ["application/scim+json", "application/json"]
            .iter()
            .any(|known| range.eq_ignore_ascii_case(known))
    };
    match visit.request.header("accept") {
        Some(accept) if !accept.split(',').any(is_known) => {
            visit.refuse(Refusal::new(406, "answers are application/scim+json"))
        }
        _ => visit.sound(),
    }
}

fn other_error_body(visit: &Visit<'_>) -> Answer {
    let mut answer = visit.sound();
    if answer.status == 401 {
        let detail = json!({"detail": "Authentication credentials were not provided."});
        answer.body = detail.to_string().into_bytes();
        answer
            .headers
            .push(("content-type", "application/json".to_owned()));
    }
    answer
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::bench::{Bench, tell_apart, user};

    fn create(bench: &Bench, header: (&str, &str)) -> Value {
        let headers = [("authorization", "Bearer secret"), header];
        let sent = user(json!({"userName": "ada"}));
        json!(bench.send_with("POST /Users", sent, &headers).status)
    }

    fn with_token(bench: &Bench, token: &str) -> super::super::bench::Seen {
        bench.user("ada");
        bench.send_with("GET /Users", Value::Null, &[("authorization", token)])
    }

    #[test]
    fn doors_go_wrong() {
        tell_apart(vec![
            (
                "D022",
                |bench| {
                    let plain = create(bench, ("content-type", "application/json"));
                    json!([plain, bench.found("userName pr")])
                },
                json!([201, 1]),
                json!([415, 0]),
            ),
            (
                "D046",
                |bench| {
                    let wrong = with_token(bench, "Bearer wrong").status;
                    json!([
                        wrong,
                        bench.send_with("GET /Users", Value::Null, &[]).status
                    ])
                },
                json!([401, 401]),
                json!([401, 200]),
            ),
            (
                "D064",
                |bench| {
                    let scim = "application/scim+json; charset=utf-8";
                    let refused = create(bench, ("content-type", scim));
                    json!([refused, create(bench, ("content-type", "application/json"))])
                },
                json!([201, 409]),
                json!([400, 201]),
            ),
            (
                "D130",
                |bench| {
                    json!(
                        with_token(bench, "Bearer wrong")
                            .header("www-authenticate")
                            .is_empty()
                    )
                },
                json!(false),
                json!(true),
            ),
            (
                "D134",
                |bench| create(bench, ("accept", "*/*;q=0.8, text/html")),
                json!(201),
                json!(406),
            ),
            (
                "D170",
                |bench| with_token(bench, "Bearer wrong").at("/status"),
                json!("401"),
                json!(null),
            ),
        ]);
    }
}
