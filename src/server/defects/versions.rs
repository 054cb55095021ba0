//! Defects of versions and the conditions on them.

use std::time::Duration;

use serde_json::{Value, json};

use super::visit::Visit;
use super::{Answer, Defect};

pub(super) const DEFECTS: &[Defect] = &[
    Defect {
        id: "D004",
        names: &["412"],
        act: if_match_ignored,
    },
    Defect {
        id: "D146",
        names: &["412"],
        act: checked_before_writing,
    },
    Defect {
        id: "D176",
        names: &["304"],
        act: if_none_match_ignored,
    },
];

/// How long a write takes between the check of its condition and its end.
const WRITE: Duration = Duration::from_millis(50);

fn without_header(visit: &Visit<'_>, header: &str) -> Answer {
    let mut draft = visit.draft();
    draft
        .headers
        .retain(|(name, _)| !name.eq_ignore_ascii_case(header));
    visit.send(&draft)
}

fn is_write(visit: &Visit<'_>) -> bool {
    ["PUT", "PATCH", "DELETE"].contains(&visit.request.method)
}

fn if_match_ignored(visit: &Visit<'_>) -> Answer {
    match is_write(visit) {
        true => without_header(visit, "if-match"),
        false => visit.sound(),
    }
}

fn if_none_match_ignored(visit: &Visit<'_>) -> Answer {
    match visit.request.method {
        "GET" | "HEAD" => without_header(visit, "if-none-match"),
        _ => visit.sound(),
    }
}

/// A write whose version was the present one when another write of it began goes through, too.
fn checked_before_writing(visit: &Visit<'_>) -> Answer {
    let version = visit.request.header("if-match").filter(|_| is_write(visit));
    let (Some(version), Some(id)) = (version, visit.id) else {
        return visit.sound();
    };
    let now = visit.milliseconds();
    let mut memory = visit.memory();
    let passed = memory.get(id).is_some_and(|write| {
        write["version"] == version && write["end"].as_i64().is_some_and(|end| now < end)
    });
    let mut answer = match passed {
        true => without_header(visit, "if-match"),
        false => visit.sound(),
    };
    if answer.status < 300 {
        if !passed {
            let write: Value = json!({"version": version, "end": visit.end_of(WRITE)});
            memory.insert(id.to_owned(), write);
        }
        answer.wait += WRITE;
    }
    answer
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::scim::urn;
    use crate::server::defects::sides::{Side, differs};

    fn rename(side: &Side, user: &str, version: &str, name: &str) -> u16 {
        let operations = json!([{"op": "replace", "path": "displayName", "value": name}]);
        let body = json!({"schemas": [urn::PATCH_OP], "Operations": operations});
        side.send("PATCH", user, &[("if-match", version)], &body)
            .status
    }

    fn version(side: &Side, user: &str) -> String {
        let answer = side.send("GET", user, &[], &Value::Null);
        answer.header("etag").unwrap_or_default().to_owned()
    }

    #[test]
    fn conditions_are_ignored() {
        let write = |side: &Side| {
            let user = side.user(json!({}));
            json!([
                rename(side, &user, "W/\"stale\"", "New"),
                side.get(&user)["displayName"]
            ])
        };
        differs("D004", write, json!([412, null]), json!([200, "New"]));
        let read = |side: &Side| {
            let user = side.user(json!({}));
            let version = version(side, &user);
            let headers = [("if-none-match", version.as_str())];
            json!(side.send("GET", &user, &headers, &Value::Null).status)
        };
        differs("D176", read, json!(304), json!(200));
    }

    #[test]
    fn two_writes_at_once_pass_one_condition() {
        let write = |pause: i64| {
            move |side: &Side| {
                let user = side.user(json!({}));
                let version = version(side, &user);
                let first = rename(side, &user, &version, "A");
                side.pass(pause);
                json!([first, rename(side, &user, &version, "B")])
            }
        };
        differs("D146", write(5), json!([200, 412]), json!([200, 200]));
        differs("D146", write(60), json!([200, 412]), json!([200, 412]));
    }
}
