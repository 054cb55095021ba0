//! Defects of bulk requests.

use serde_json::{Value, json};

use super::operation::named;
use super::visit::{Visit, change_body, operations};
use super::{Answer, Defect};

pub(super) const DEFECTS: &[Defect] = &[
    Defect {
        id: "D035",
        names: &["bulkId"],
        act: references_stay,
    },
    Defect {
        id: "D220",
        names: &["413"],
        act: no_most_operations,
    },
    Defect {
        id: "D232",
        names: &["status"],
        act: results_in_other_types,
    },
];

const REFERENCE: &str = "bulkId:";

/// As the server behind reads it, which takes only the RFC's spelling for a reference.
const NO_REFERENCE: &str = "bulkid:";

fn each_text(value: &mut Value, change: &dyn Fn(&mut String)) {
    match value {
        Value::String(text) => change(text),
        Value::Array(items) => items.iter_mut().for_each(|item| each_text(item, change)),
        Value::Object(members) => members
            .values_mut()
            .for_each(|member| each_text(member, change)),
        _ => {}
    }
}

fn references_stay(visit: &Visit<'_>) -> Answer {
    if !visit.is("POST", "Bulk") {
        return visit.sound();
    }
    let mut answer = visit.with_body(|body| {
        each_text(body, &|text| *text = text.replace(REFERENCE, NO_REFERENCE));
    });
    change_body(&mut answer, |body| {
        each_text(body, &|text| *text = text.replace(NO_REFERENCE, REFERENCE));
    });
    answer
}

/// Sends as many at once as the server behind takes. References to what an earlier part made are resolved here.
fn no_most_operations(visit: &Visit<'_>) -> Answer {
    let most = visit
        .read("/ServiceProviderConfig")
        .and_then(|configuration| configuration["bulk"]["maxOperations"].as_u64());
    let body = visit.json().filter(|_| visit.is("POST", "Bulk"));
    let (Some(most), Some(mut body)) = (most.and_then(|most| usize::try_from(most).ok()), body)
    else {
        return visit.sound();
    };
    let all: Vec<Value> = operations(&mut body)
        .into_iter()
        .map(|operation| Value::Object(operation.clone()))
        .collect();
    if most == 0 || all.len() <= most {
        return visit.sound();
    }
    let mut results: Vec<Value> = Vec::new();
    for part in all.chunks(most) {
        let mut part = json!(part);
        each_text(&mut part, &|text| resolve(text, &results));
        if let Some(list) = body
            .as_object_mut()
            .and_then(|body| named(body, "operations"))
        {
            *list = part;
        }
        let answer = visit.send_body(&body);
        let mut done: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        if answer.status != 200 {
            return answer;
        }
        let done = operations(&mut done).into_iter();
        results.extend(done.map(|result| Value::Object(result.clone())));
    }
    let mut answer = visit.send_body(&json!({"schemas": body["schemas"], "Operations": []}));
    change_body(&mut answer, |body| {
        body["Operations"] = Value::Array(results)
    });
    answer
}

fn resolve(text: &mut String, results: &[Value]) {
    for result in results {
        let (Some(name), Some(location)) = (result["bulkId"].as_str(), result["location"].as_str())
        else {
            continue;
        };
        let id = location.rsplit('/').next().unwrap_or_default();
        *text = text
            .split('/')
            .map(|part| match part.strip_prefix(REFERENCE) == Some(name) {
                true => id,
                false => part,
            })
            .collect::<Vec<_>>()
            .join("/");
    }
}

fn results_in_other_types(visit: &Visit<'_>) -> Answer {
    if !visit.is("POST", "Bulk") {
        return visit.sound();
    }
    visit.answered(|body| {
        for result in operations(body) {
            if let Some(status) = result.get_mut("status") {
                let code = status
                    .as_str()
                    .and_then(|status| status.parse::<u16>().ok());
                *status = json!({"code": code});
            }
            if let Some(response) = result.get_mut("response") {
                *response = json!(response.to_string());
            }
        }
    })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::scim::urn;
    use crate::server::defects::sides::{Side, differs};

    fn user(name: &str, bulk_id: &str) -> Value {
        json!({
            "method": "POST", "path": "/Users", "bulkId": bulk_id,
            "data": {"schemas": [urn::USER], "userName": name},
        })
    }

    fn group(member: &str) -> Value {
        json!({
            "method": "POST", "path": "/Groups", "bulkId": "group",
            "data": {"schemas": [urn::GROUP], "displayName": "Team", "members": [{"value": member}]},
        })
    }

    fn bulk(side: &Side, operations: Vec<Value>) -> (u16, Value) {
        let body = json!({"schemas": [urn::BULK_REQUEST], "Operations": operations});
        side.call("POST", "/Bulk", &body)
    }

    #[test]
    fn references_are_not_resolved() {
        let story = |side: &Side| {
            let (_, body) = bulk(side, vec![user("ada", "one"), group("bulkId:one")]);
            let results = &body["Operations"];
            json!([results[0]["status"], results[1]["status"]])
        };
        differs("D035", story, json!(["201", "201"]), json!(["201", "400"]));
    }

    #[test]
    fn too_many_operations_are_done() {
        let story = |side: &Side| {
            let mut all: Vec<Value> = (0..1000)
                .map(|number| user(&format!("u{number}"), &format!("b{number}")))
                .collect();
            all.push(group("bulkId:b7"));
            let (status, body) = bulk(side, all);
            let groups = side.get("/Groups");
            let member = groups["Resources"][0]["members"][0]["value"].is_string();
            let left = body["Operations"].as_array().map(Vec::len);
            json!([status, left, member])
        };
        differs(
            "D220",
            story,
            json!([413, null, false]),
            json!([200, 1001, true]),
        );
    }

    #[test]
    fn results_have_other_types() {
        let story = |side: &Side| {
            let (_, body) = bulk(side, vec![user("ada", "one"), user("ada", "two")]);
            let results = &body["Operations"];
            json!([
                results[0]["status"],
                results[1]["status"],
                results[1]["response"].is_string()
            ])
        };
        differs(
            "D232",
            story,
            json!(["201", "409", false]),
            json!([{"code": 201}, {"code": 409}, true]),
        );
    }
}
