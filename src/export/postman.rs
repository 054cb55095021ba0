//! A Postman collection v2.1 (schema.getpostman.com): base URL, credential and ids as variables, the recorded status as test.

use serde_json::{Value, json};

use super::story::{Call, FIRST_RUN, Keep, Options, Story, braced};
use crate::exchange::Exchange;

/// The collection; `None` if nothing would be sent. It has the same bytes for the same exchanges, so it has no id.
pub fn collection(exchanges: &[Exchange], options: &Options) -> Option<String> {
    let story = Story::of(exchanges, options);
    if story.calls.is_empty() {
        return None;
    }
    let variable =
        |name: &str, value: &str| json!({ "key": name, "value": value, "type": "string" });
    let mut variables = vec![variable("base", &story.base)];
    if story.has_token {
        variables.push(variable("token", ""));
    }
    if story.has_secret {
        variables.push(variable("secret", ""));
    }
    if story.has_run {
        variables.push(variable("run", FIRST_RUN));
    }
    let keeps = story.calls.iter().flat_map(|call| &call.keeps);
    variables.extend(keeps.map(|keep| variable(&keep.name, "")));
    let items: Vec<Value> = (1..)
        .zip(&story.calls)
        .map(|(number, call)| item(number, call))
        .collect();
    let whole = json!({
        "info": {
            "name": story.title,
            "description": "Exported by scimulate. Give `base` and `token` their values before you run it.",
            "schema": "https://schema.getpostman.com/json/collection/v2.1.0/collection.json",
        },
        "item": items,
        "variable": variables,
    });
    let mut text = serde_json::to_string_pretty(&whole).expect("a value can be written");
    text.push('\n');
    Some(text)
}

fn item(number: usize, call: &Call) -> Value {
    let request = &call.request;
    let headers: Vec<Value> = request
        .headers
        .iter()
        .map(|(name, value)| json!({ "key": name, "value": braced(value, "token") }))
        .collect();
    let mut sent = json!({
        "method": request.method,
        "header": headers,
        "url": braced(&request.target, "token"),
    });
    if !request.body.is_empty() {
        sent["body"] = json!({
            "mode": "raw",
            "raw": braced(&request.body.text(), "secret"),
            "options": { "raw": { "language": "json" } },
        });
    }
    let mut script = Vec::new();
    if let Some(status) = call.status {
        script.push(format!(
            "pm.test(\"answers {status}\", function () {{ pm.response.to.have.status({status}); }});"
        ));
    }
    script.extend(call.keeps.iter().map(|keep| {
        format!(
            "pm.collectionVariables.set(\"{}\", pm.response.json().{});",
            keep.name,
            path(keep)
        )
    }));
    json!({
        "name": format!("{number} {}", call.name),
        "event": [{ "listen": "test", "script": { "type": "text/javascript", "exec": script } }],
        "request": sent,
        "response": [],
    })
}

/// Where the id stands in the answer.
pub(super) fn path(keep: &Keep) -> String {
    match keep.listed {
        Some(place) => format!("Resources[{place}].id"),
        None => "id".to_owned(),
    }
}
