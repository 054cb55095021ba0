//! Judges what was read back: the resource itself, how a filter finds it, and what nobody touched.

use serde_json::Value;

use crate::exchange::{Exchange, Response};
use crate::finding::Difference;
use crate::judge::Judgement;
use crate::judge::answer::with_reason;
use crate::plan::State;
use crate::scenario::matching::mismatches;
use crate::scim::equality::{Options, differences};
use crate::scim::path::Path;
use crate::scim::schema::Schemas;

/// What a server may change by itself in a resource that nobody touched: its own bookkeeping, the groups of a user,
/// which follow the members of groups, and which schemas are in use.
const SERVERS_OWN: [&str; 4] = ["meta", "groups", "schemas", "password"];

pub(super) fn judge(exchange: &Exchange, state: &State) -> Vec<Judgement> {
    let id = if state.neighbour {
        "neighbour-unchanged"
    } else {
        "read-back"
    };
    let Some(response) = exchange.response() else {
        return Vec::new();
    };
    if response.status != 200 {
        let message = format!(
            "{} cannot be read back: GET answered {}",
            state.subject, response.status
        );
        return vec![wrong_status(id, message, response)];
    }
    match response.json().filter(|value| value.is_object()) {
        Some(resource) => compare(resource, state),
        None => {
            let message = format!(
                "{} cannot be read back: the answer is not a JSON object",
                state.subject
            );
            vec![Judgement::fail(id, message)]
        }
    }
}

fn compare(resource: &Value, state: &State) -> Vec<Judgement> {
    let subject = &state.subject;
    let after = match &state.after {
        Some(step) => format!("after `{step}`"),
        None => "now".to_owned(),
    };
    let mut judgements = Vec::new();
    if let Some(is) = &state.is {
        let message = format!("{subject} is not as it must be {after}");
        judgements.push(Judgement::of(
            "read-back",
            message,
            mismatches(is, Some(resource)),
        ));
    }
    if let Some(sent) = &state.sent {
        let options = Options {
            subset: true,
            ..Options::default()
        };
        let mut lost = differences(&sent.body, resource, &options);
        if let (Some(sent_before), Some(before)) = (&state.sent_before, &state.before) {
            let known = differences(sent_before, before, &options);
            lost.retain(|difference| !known.contains(difference));
        }
        let message = format!("{subject} was not stored as `{}` sent it", sent.step);
        let id = match sent.method.as_str() {
            "POST" => "created-as-sent",
            _ => "read-back",
        };
        judgements.push(Judgement::of(
            id,
            message,
            lost.into_iter().map(Difference::from).collect(),
        ));
    }
    if !state.undeclared.is_empty() {
        let paths = state.undeclared.join(", ");
        let message =
            format!("not looked for, since the target's own schemas do not list it: {paths}");
        judgements.push(Judgement::skip("read-back-declared", message));
    }
    if let Some(before) = &state.before {
        let (id, message) = if state.neighbour {
            (
                "neighbour-unchanged",
                format!("{subject}, of which nothing was asked, has changed {after}"),
            )
        } else {
            (
                "rest-unchanged",
                format!("attributes of {subject} that nobody asked to change have changed {after}"),
            )
        };
        judgements.push(Judgement::of(
            id,
            message,
            changes(before, resource, &state.touched),
        ));
    }
    if judgements.is_empty() {
        judgements.push(Judgement::pass("read-back"));
    }
    judgements
}

/// What has changed between two readings of a resource and may not have.
fn changes(before: &Value, now: &Value, touched: &[String]) -> Vec<Difference> {
    let ignored = SERVERS_OWN.iter().map(|name| (*name).to_owned()).collect();
    differences(
        before,
        now,
        &Options {
            subset: false,
            ignored,
        },
    )
    .into_iter()
    .filter(|difference| !is_touched(&difference.path, touched) && is_declared(&difference.path))
    .map(Difference::from)
    .collect()
}

/// Whether the scenario speaks of the path, or a server may derive it from what the scenario speaks of.
fn is_touched(path: &str, touched: &[String]) -> bool {
    let path = path.to_ascii_lowercase();
    // Labels and addresses that servers fill themselves follow the resource that they point to.
    if [".display", ".$ref", "manager.displayname"]
        .iter()
        .any(|end| path.ends_with(end))
    {
        return true;
    }
    touched.iter().any(|touched| {
        let touched = touched.to_ascii_lowercase();
        let derived = match path.as_str() {
            "name.formatted" => touched.starts_with("name") || touched == "displayname",
            "displayname" | "nickname" => {
                touched.starts_with("name.") || touched == "name" || touched == "username"
            }
            _ => false,
        };
        derived
            || covers(&touched, &path)
            || covers(&path, &touched)
            || perhaps_same_element(&touched, &path)
    })
}

/// `emails` covers `emails[type eq "work"].value`, and `name` covers `name.givenName`.
fn covers(outer: &str, path: &str) -> bool {
    path.strip_prefix(outer)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[', ':']))
}

/// Two value paths into one attribute may mean the same element by different filters; that cannot be told from the
/// paths, so only filters on the same sub-attribute are known to be different elements.
fn perhaps_same_element(touched: &str, path: &str) -> bool {
    match (touched.split_once('['), path.split_once('[')) {
        (Some((left, left_filter)), Some((right, right_filter))) if left == right => {
            left_filter.split_whitespace().next() != right_filter.split_whitespace().next()
        }
        _ => false,
    }
}

/// Whether a core schema declares the attribute. What a vendor adds (last login, …) may change by itself.
fn is_declared(path: &str) -> bool {
    let Ok(path) = path.parse::<Path>() else {
        return false;
    };
    let attribute = path.attribute();
    let core = Schemas::core();
    core.types()
        .iter()
        .any(|kind| core.resolve(kind, &attribute).is_some())
}

pub(super) fn judge_found(
    exchange: &Exchange,
    id: &str,
    by_id: Option<&Exchange>,
    state: Option<&State>,
) -> Vec<Judgement> {
    let Some(response) = exchange.response() else {
        return Vec::new();
    };
    let filter = filter_of(exchange);
    if response.status != 200 {
        let message = format!("the filter `{filter}` answered {}", response.status);
        return vec![wrong_status("found-by-filter", message, response)];
    }
    let resources = listed(response);
    let total = response
        .json()
        .and_then(|body| body.get("totalResults"))
        // `1.0` is judged where list answers are expected; here it is the same number.
        .and_then(Value::as_f64)
        .map(|total| total as u64);
    let resource = match resources {
        [resource] if id_of(resource) == Some(id) && total == Some(1) => resource,
        _ => return vec![not_found(&filter, resources, id, total)],
    };
    let mut judgements = vec![Judgement::pass("found-by-filter")];
    if let Some(state) = state {
        judgements.extend(compare(resource, state));
    }
    let by_id = by_id
        .and_then(Exchange::response)
        .filter(|direct| direct.status == 200);
    if let Some(direct) = by_id.and_then(Response::json) {
        let differing = differences(
            direct,
            resource,
            &Options {
                subset: false,
                // A user's groups follow from the groups' members, and many servers look them up for one user only.
                ignored: vec!["meta".to_owned(), "groups".to_owned()],
            },
        );
        let message =
            format!("the filter `{filter}` shows the resource otherwise than its own address does");
        judgements.push(Judgement::of(
            "filter-agrees",
            message,
            // What a vendor adds may change between two answers (last login, counters).
            differing
                .into_iter()
                .filter(|difference| is_declared(&difference.path))
                .map(Difference::from)
                .collect(),
        ));
    }
    judgements
}

fn not_found(filter: &str, resources: &[Value], id: &str, total: Option<u64>) -> Judgement {
    let ids: Vec<&str> = resources.iter().filter_map(id_of).take(5).collect();
    let said = total.map_or_else(
        || "no totalResults".to_owned(),
        |total| format!("totalResults {total}"),
    );
    let message = format!(
        "the filter `{filter}` must find exactly this one resource; the answer lists {} and says {said}",
        resources.len()
    );
    Judgement {
        differences: vec![Difference {
            path: "Resources.id".to_owned(),
            expected: Some(Value::from(vec![id])),
            received: Some(Value::from(ids)),
            only_case: false,
        }],
        ..Judgement::fail("found-by-filter", message)
    }
}

pub(super) fn judge_gone(exchange: &Exchange, subject: &str) -> Vec<Judgement> {
    let Some(response) = exchange.response() else {
        return Vec::new();
    };
    // 410 says the same, and more.
    vec![match response.status {
        404 | 410 => Judgement::pass("gone"),
        other => wrong_status(
            "gone",
            format!("{subject} is still there: GET answered {other}, not 404"),
            response,
        ),
    }]
}

pub(super) fn judge_not_found(exchange: &Exchange, id: &str) -> Vec<Judgement> {
    let Some(response) = exchange.response() else {
        return Vec::new();
    };
    let filter = filter_of(exchange);
    if response.status != 200 {
        let message = format!(
            "the filter `{filter}` answered {}, not 200 with an empty list",
            response.status
        );
        return vec![wrong_status("gone-by-filter", message, response)];
    }
    vec![match listed(response)
        .iter()
        .any(|resource| id_of(resource) == Some(id))
    {
        false => Judgement::pass("gone-by-filter"),
        true => Judgement::fail(
            "gone-by-filter",
            format!("the filter `{filter}` still finds the resource `{id}`"),
        ),
    }]
}

fn wrong_status(id: &'static str, message: String, response: &Response) -> Judgement {
    let wanted = if id == "gone" { 404 } else { 200 };
    Judgement {
        differences: vec![Difference {
            path: "status".to_owned(),
            expected: Some(Value::from(wanted)),
            received: Some(Value::from(response.status)),
            only_case: false,
        }],
        ..Judgement::fail(id, with_reason(message, response))
    }
}

fn listed(response: &Response) -> &[Value] {
    let list = response.json().and_then(|body| body.get("Resources"));
    list.and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

fn id_of(resource: &Value) -> Option<&str> {
    resource.get("id").and_then(Value::as_str)
}

/// The filter of a read-back in its decoded form, for messages.
fn filter_of(exchange: &Exchange) -> String {
    let query = exchange
        .request
        .target
        .split_once("filter=")
        .map_or("", |(_, filter)| filter);
    percent_encoding::percent_decode_str(query)
        .decode_utf8_lossy()
        .into_owned()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::compare;
    use crate::finding::Verdict;
    use crate::plan::{Sent, State};

    fn verdicts(resource: &Value, state: &State) -> Vec<(&'static str, Verdict)> {
        let judgements = compare(resource, state);
        judgements
            .iter()
            .map(|judgement| (judgement.id, judgement.verdict))
            .collect()
    }

    #[test]
    fn what_was_wrong_before_is_said_once() {
        let sent = json!({ "title": "Lead", "nickName": "Ada" });
        let state = State {
            sent: Some(Sent {
                step: "update ada".to_owned(),
                method: "PUT".to_owned(),
                body: sent.clone(),
            }),
            sent_before: Some(json!({ "title": "Engineer", "nickName": "Ada" })),
            before: Some(json!({ "title": "Engineer", "nickName": "ada" })),
            touched: vec!["title".to_owned(), "nickName".to_owned()],
            ..State::default()
        };
        let still = json!({ "title": "Lead", "nickName": "ada" });
        let pass = [
            ("read-back", Verdict::Pass),
            ("rest-unchanged", Verdict::Pass),
        ];
        assert_eq!(verdicts(&still, &state), pass);
        let another = json!({ "title": "Lead", "nickName": "a" });
        assert_eq!(verdicts(&another, &state)[0], ("read-back", Verdict::Fail));
        let ignored = json!({ "title": "Engineer", "nickName": "ada" });
        assert_eq!(verdicts(&ignored, &state)[0], ("read-back", Verdict::Fail));
    }
}
