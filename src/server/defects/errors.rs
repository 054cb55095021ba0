//! Defects of error answers.

use serde_json::{Value, json};

use super::query::quoted;
use super::visit::{Visit, change_body};
use super::{Answer, Defect};
use crate::server::error::{Refusal, ScimType};

pub(super) const DEFECTS: &[Defect] = &[
    Defect {
        id: "D008",
        names: &["409"],
        act: conflict_is_500,
    },
    Defect {
        id: "D025",
        names: &["uniqueness"],
        act: conflict_without_type,
    },
    Defect {
        id: "D037",
        names: &["scimType"],
        act: type_is_the_text_null,
    },
    Defect {
        id: "D041",
        names: &["409"],
        act: conflict_of_addresses,
    },
    Defect {
        id: "D101",
        names: &["500"],
        act: group_mistakes_are_500,
    },
    Defect {
        id: "D127",
        names: &["detail"],
        act: conflict_without_detail,
    },
    Defect {
        id: "D140",
        names: &["404"],
        act: unknown_id_is_500,
    },
    Defect {
        id: "D181",
        names: &["status"],
        act: status_is_a_number,
    },
    Defect {
        id: "D182",
        names: &["404"],
        act: strange_id_is_400,
    },
    Defect {
        id: "D208",
        names: &["409"],
        act: two_conflicts_are_400,
    },
    Defect {
        id: "D235",
        names: &["schemas"],
        act: error_in_an_envelope,
    },
];

fn is_resource(visit: &Visit<'_>) -> bool {
    matches!(visit.endpoint, "Users" | "Groups")
}

/// Changes the bodies of answers with an error.
fn with_errors(visit: &Visit<'_>, change: impl FnOnce(&mut Value, u16)) -> Answer {
    let mut answer = visit.sound();
    let status = answer.status;
    if status >= 400 {
        change_body(&mut answer, |body| change(body, status));
    }
    answer
}

fn conflict_is_500(visit: &Visit<'_>) -> Answer {
    let answer = visit.sound();
    match answer.status == 409 && visit.request.method == "POST" {
        true => Refusal::new(500, "duplicate key value violates a unique constraint").into_answer(),
        false => answer,
    }
}

fn conflict_without_type(visit: &Visit<'_>) -> Answer {
    with_errors(visit, |body, status| {
        if let Some(body) = body.as_object_mut().filter(|_| status == 409) {
            body.retain(|name, _| !matches!(name.as_str(), "scimType" | "status"));
        }
    })
}

fn type_is_the_text_null(visit: &Visit<'_>) -> Answer {
    with_errors(visit, |body, _| {
        if body.get("scimType").is_none() {
            body["scimType"] = json!("null");
        }
    })
}

/// Whether an e-mail address in the body is that of a user.
fn has_known_address(visit: &Visit<'_>) -> bool {
    let body = visit.json().unwrap_or_default();
    let addresses = body.get("emails").and_then(Value::as_array);
    addresses
        .into_iter()
        .flatten()
        .filter_map(|email| email.get("value")?.as_str())
        .any(|address| visit.count("Users", &format!("emails.value eq {}", quoted(address))) > 0)
}

fn conflict_of_addresses(visit: &Visit<'_>) -> Answer {
    if visit.is("POST", "Users") && has_known_address(visit) {
        return Refusal {
            scim_type: Some(ScimType::Uniqueness),
            ..Refusal::new(409, "the e-mail address is taken")
        }
        .into_answer();
    }
    visit.sound()
}

fn group_mistakes_are_500(visit: &Visit<'_>) -> Answer {
    let answer = visit.sound();
    match answer.status == 400 && visit.is_one("PATCH", "Groups") {
        true => Refusal::new(500, "unexpected error").into_answer(),
        false => answer,
    }
}

fn conflict_without_detail(visit: &Visit<'_>) -> Answer {
    with_errors(visit, |body, status| {
        if status == 409 {
            *body = json!({"error": "unknown_error"});
        }
    })
}

fn unknown_id_is_500(visit: &Visit<'_>) -> Answer {
    let answer = visit.sound();
    let is_read = visit.request.method == "GET" && visit.id.is_some() && is_resource(visit);
    match answer.status == 404 && is_read {
        true => Refusal::new(500, "error in getting the resource's information").into_answer(),
        false => answer,
    }
}

fn status_is_a_number(visit: &Visit<'_>) -> Answer {
    with_errors(visit, |body, status| body["status"] = json!(status))
}

fn strange_id_is_400(visit: &Visit<'_>) -> Answer {
    let answer = visit.sound();
    let is_strange = visit
        .id
        .is_some_and(|id| id != ".search" && uuid::Uuid::try_parse(id).is_err());
    match answer.status == 404 && is_strange && is_resource(visit) {
        true => Refusal::value("invalid resource id format").into_answer(),
        false => answer,
    }
}

fn two_conflicts_are_400(visit: &Visit<'_>) -> Answer {
    let answer = visit.sound();
    match answer.status == 409 && visit.is("POST", "Users") && has_known_address(visit) {
        true => Refusal::value("several values are taken").into_answer(),
        false => answer,
    }
}

fn error_in_an_envelope(visit: &Visit<'_>) -> Answer {
    with_errors(visit, |body, status| {
        *body = json!({"status": status.to_string(), "response": body.take()});
    })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::bench::{Bench, Seen, tell_apart};

    fn twice(bench: &Bench) -> Seen {
        let ada = json!({"userName": "ada", "emails": [{"value": "ada@x.example"}]});
        bench.create(ada.clone());
        bench.create(ada)
    }

    fn unknown(bench: &Bench, member: &str) -> Value {
        bench
            .get("/Users/2819c223-7f76-453a-919d-413861904646")
            .at(member)
    }

    #[test]
    fn errors_go_wrong() {
        tell_apart(vec![
            (
                "D008",
                |bench| json!(twice(bench).status),
                json!(409),
                json!(500),
            ),
            (
                "D025",
                |bench| {
                    let seen = twice(bench);
                    json!([seen.at("/scimType"), seen.at("/status")])
                },
                json!(["uniqueness", "409"]),
                json!([null, null]),
            ),
            (
                "D037",
                |bench| unknown(bench, "/scimType"),
                json!(null),
                json!("null"),
            ),
            (
                "D041",
                |bench| {
                    twice(bench);
                    let eve = json!({"userName": "eve", "emails": [{"value": "ada@x.example"}]});
                    json!(bench.create(eve).status)
                },
                json!(201),
                json!(409),
            ),
            (
                "D101",
                |bench| {
                    let group = bench.group("all", &[]);
                    let add = json!([{"op": "add", "path": "members", "value": [{"value": "x"}]}]);
                    json!(bench.patch(&format!("/Groups/{group}"), add).status)
                },
                json!(400),
                json!(500),
            ),
            (
                "D127",
                |bench| json!(twice(bench).at("/detail").is_string()),
                json!(true),
                json!(false),
            ),
            (
                "D140",
                |bench| unknown(bench, "/status"),
                json!("404"),
                json!("500"),
            ),
            (
                "D181",
                |bench| unknown(bench, "/status"),
                json!("404"),
                json!(404),
            ),
            (
                "D182",
                |bench| json!(bench.get("/Users/9876543210123456").status),
                json!(404),
                json!(400),
            ),
            (
                "D208",
                |bench| json!(twice(bench).status),
                json!(409),
                json!(400),
            ),
            (
                "D235",
                |bench| json!(unknown(bench, "/response").is_object()),
                json!(false),
                json!(true),
            ),
        ]);
    }
}
