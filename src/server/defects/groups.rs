//! Defects of groups apart from their members: names, schemas, answers.

use serde_json::{Value, json};

use super::operation::{does, is_at, named, named_without_path};
use super::visit::{Visit, change_body};
use super::{Answer, Defect};
use crate::scim::filter::{Filter, Literal, Node, Operator};
use crate::scim::path::AttributePath;
use crate::scim::urn;
use crate::server::error::Refusal;

pub(super) const DEFECTS: &[Defect] = &[
    Defect {
        id: "D007",
        names: &["members"],
        act: put_keeps_what_is_blank,
    },
    Defect {
        id: "D013",
        names: &["displayName"],
        act: declared_immutable,
    },
    Defect {
        id: "D031",
        names: &["externalId"],
        act: external_id_stays,
    },
    Defect {
        id: "D049",
        names: &["id"],
        act: rename_with_id_refused,
    },
    Defect {
        id: "D052",
        names: &["schemas"],
        act: unknown_schema_refused,
    },
    Defect {
        id: "D077",
        names: &["409"],
        act: same_name_accepted,
    },
    Defect {
        id: "D161",
        names: &["displayName"],
        act: names_trimmed_in_filters_only,
    },
    Defect {
        id: "D172",
        names: &["members"],
        act: lists_without_members,
    },
    Defect {
        id: "D230",
        names: &["members"],
        act: answers_with_state_before,
    },
];

/// Stands between a group's name and what makes it another one inside the server.
const SEAM: char = '\u{e000}';

fn put_keeps_what_is_blank(visit: &Visit<'_>) -> Answer {
    let current = visit.resource().filter(|_| visit.request.method == "PUT");
    let Some(Value::Object(current)) = current else {
        return visit.sound();
    };
    visit.with_body(|body| {
        let Some(body) = body.as_object_mut() else {
            return;
        };
        for (name, kept) in current {
            if ["schemas", "id", "meta", "groups"].contains(&name.as_str()) {
                continue;
            }
            match named(body, &name) {
                Some(value) if is_blank(value) => *value = kept,
                Some(_) => {}
                None => {
                    body.insert(name, kept);
                }
            }
        }
    })
}

fn is_blank(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.trim().is_empty(),
        Value::Array(items) => items.is_empty(),
        _ => false,
    }
}

fn declared_immutable(visit: &Visit<'_>) -> Answer {
    if visit.endpoint != "Schemas" {
        return visit.sound();
    }
    visit.answered(|body| {
        let list = body.get_mut("Resources").and_then(Value::as_array_mut);
        let schemas: Vec<&mut Value> = match list {
            Some(list) => list.iter_mut().collect(),
            None => vec![body],
        };
        let groups = schemas
            .into_iter()
            .find(|schema| schema["id"] == urn::GROUP);
        let attributes = groups.and_then(|schema| schema["attributes"].as_array_mut());
        for attribute in attributes.into_iter().flatten() {
            if attribute["name"] == "displayName" {
                attribute["mutability"] = json!("immutable");
            }
        }
    })
}

fn external_id_stays(visit: &Visit<'_>) -> Answer {
    if visit.is_one("PUT", "Groups") {
        let current = visit.resource().unwrap_or_default();
        return visit.with_body(
            |body| match (body.as_object_mut(), current.get("externalId")) {
                (Some(body), Some(kept)) => {
                    body.insert("externalId".to_owned(), kept.clone());
                }
                (Some(body), None) => {
                    body.shift_remove("externalId");
                }
                (None, _) => {}
            },
        );
    }
    if !visit.is_one("PATCH", "Groups") {
        return visit.sound();
    }
    visit.keeping_operations(|operation| {
        if let Some(value) = named_without_path(operation) {
            value.retain(|name, _| !name.eq_ignore_ascii_case("externalId"));
        }
        !is_at(operation, "externalId")
    })
}

fn rename_with_id_refused(visit: &Visit<'_>) -> Answer {
    if visit.endpoint != "Groups" {
        return visit.sound();
    }
    visit.refusing(
        |operation| {
            does(operation, "replace")
                && named_without_path(operation).is_some_and(|value| named(value, "id").is_some())
        },
        Refusal::mutability("`id` is readOnly"),
    )
}

fn unknown_schema_refused(visit: &Visit<'_>) -> Answer {
    if visit.request.method != "POST" || visit.id.is_some() || visit.endpoint == "Bulk" {
        return visit.sound();
    }
    let named = visit.json().and_then(|body| body.get("schemas").cloned());
    let known = visit.read("/Schemas").unwrap_or_default();
    let known = known["Resources"].as_array().cloned().unwrap_or_default();
    let is_known = |urn: &&Value| {
        let urn = urn.as_str().unwrap_or_default();
        urn.starts_with(urn::MESSAGE_PREFIX)
            || known
                .iter()
                .filter_map(|schema| schema["id"].as_str())
                .any(|id| urn::same(id, urn))
    };
    let named = named.as_ref().and_then(Value::as_array);
    match named.into_iter().flatten().find(|urn| !is_known(urn)) {
        Some(urn) => {
            Refusal::value(format!("`schemas` names {urn}, which is unknown")).into_answer()
        }
        None => visit.sound(),
    }
}

/// Inside the server the second group has another name, which nobody outside sees.
fn same_name_accepted(visit: &Visit<'_>) -> Answer {
    let mut answer = visit.with_filter(|filter| {
        each_comparison(filter, &mut |part| {
            let Node::Compare {
                path,
                operator: Operator::Eq,
                value: Literal::String(name),
            } = &part.node
            else {
                return;
            };
            if path.is("displayName") && visit.endpoint == "Groups" {
                let mut inside = part.clone();
                inside.node = Node::Compare {
                    path: AttributePath::named("displayName"),
                    operator: Operator::Sw,
                    value: Literal::String(format!("{name}{SEAM}")),
                };
                part.node = Node::Or(vec![part.clone(), inside]);
            }
        });
    });
    if visit.endpoint == "Groups" && answer.status == 409 {
        let another = |value: &mut Value| {
            if let Some(name) = value.as_str() {
                *value = json!(format!("{name}{SEAM}{}", (visit.fresh)()));
            }
        };
        answer = visit.with_body(|body| {
            if visit.request.method == "PATCH" {
                let operations = super::visit::operations(body).into_iter();
                operations
                    .filter_map(|operation| super::operation::value_for(operation, "displayName"))
                    .for_each(another);
            } else if let Some(body) = body.as_object_mut() {
                named(body, "displayName").into_iter().for_each(another);
            }
        });
    }
    change_body(&mut answer, without_seams);
    answer
}

fn without_seams(value: &mut Value) {
    match value {
        Value::String(text) => {
            if let Some(seam) = text.find(SEAM) {
                text.truncate(seam);
            }
        }
        Value::Array(items) => items.iter_mut().for_each(without_seams),
        Value::Object(members) => members.values_mut().for_each(without_seams),
        _ => {}
    }
}

fn each_comparison(filter: &mut Filter, change: &mut dyn FnMut(&mut Filter)) {
    match &mut filter.node {
        Node::And(parts) | Node::Or(parts) => {
            for part in parts {
                each_comparison(part, change);
            }
        }
        Node::Not(inner) => each_comparison(inner, change),
        Node::Compare { .. } => change(filter),
        Node::Present(_) | Node::Within { .. } => {}
    }
}

fn names_trimmed_in_filters_only(visit: &Visit<'_>) -> Answer {
    if visit.endpoint != "Groups" {
        return visit.sound();
    }
    visit.with_filter(|filter| {
        each_comparison(filter, &mut |part| {
            if let Node::Compare {
                path,
                value: Literal::String(name),
                ..
            } = &mut part.node
                && path.is("displayName")
            {
                *name = name.trim().to_owned();
            }
        });
    })
}

fn lists_without_members(visit: &Visit<'_>) -> Answer {
    if visit.id.is_some_and(|id| id != ".search") {
        return visit.sound();
    }
    let is_list = visit.request.method == "GET" || visit.id.is_some();
    visit.shown("Groups", |group| {
        if is_list {
            group.shift_remove("members");
        }
    })
}

fn answers_with_state_before(visit: &Visit<'_>) -> Answer {
    if !visit.is_one("PATCH", "Groups") {
        return visit.sound();
    }
    let before = visit.resource();
    let mut answer = visit.sound();
    if let Some(mut before) = before.filter(|_| answer.status < 300) {
        before["meta"] = visit.resource().unwrap_or_default()["meta"].take();
        answer.status = 200;
        answer.body = before.to_string().into_bytes();
    }
    answer
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::scim::urn;
    use crate::server::defects::sides::{Side, differs};

    fn put(side: &Side, group: &str, attributes: Value) -> u16 {
        let mut body = json!({"schemas": [urn::GROUP]});
        if let (Some(body), Some(attributes)) = (body.as_object_mut(), attributes.as_object()) {
            body.extend(attributes.clone());
        }
        side.call("PUT", group, &body).0
    }

    #[test]
    fn writes_of_groups_come_out_wrong() {
        let clear = |side: &Side| {
            let group = side.group(&["ada"]);
            put(side, &group, json!({"displayName": "Team", "members": []}));
            side.members(&group)
        };
        differs("D007", clear, json!([]), json!(["ada"]));
        let identify = |side: &Side| {
            let group = side.group(&[]);
            side.patch(
                &group,
                json!([{"op": "replace", "path": "externalId", "value": "a"}]),
            );
            let once = side.get(&group)["externalId"].clone();
            put(
                side,
                &group,
                json!({"displayName": "Team", "externalId": "b"}),
            );
            json!([once, side.get(&group)["externalId"]])
        };
        differs("D031", identify, json!(["a", "b"]), json!([null, null]));
        let rename = |side: &Side| {
            let group = side.group(&[]);
            let value = json!({"id": &group[8..], "displayName": "New"});
            json!(
                side.patch(&group, json!([{"op": "replace", "value": value}]))
                    .0
            )
        };
        differs("D049", rename, json!(204), json!(400));
        let create = |side: &Side| {
            let body = json!({"schemas": [urn::GROUP, "http://vendor.example/Group"], "displayName": "Team"});
            json!(side.call("POST", "/Groups", &body).0)
        };
        differs("D052", create, json!(201), json!(400));
    }

    #[test]
    fn an_attribute_is_declared_immutable_and_changes() {
        let story = |side: &Side| {
            let group = side.group(&[]);
            let schema = side.get(&format!("/Schemas/{}", urn::GROUP));
            let attributes = schema["attributes"].as_array().cloned().unwrap_or_default();
            let name = attributes
                .iter()
                .find(|attribute| attribute["name"] == "displayName");
            let mutability = name.map(|name| name["mutability"].clone());
            put(side, &group, json!({"displayName": "New"}));
            json!([mutability, side.get(&group)["displayName"]])
        };
        differs(
            "D013",
            story,
            json!(["readWrite", "New"]),
            json!(["immutable", "New"]),
        );
    }

    #[test]
    fn names_of_groups_are_taken_wrongly() {
        let twice = |side: &Side| {
            let body = json!({"schemas": [urn::GROUP], "displayName": "Team"});
            let first = side.call("POST", "/Groups", &body).0;
            let (second, made) = side.call("POST", "/Groups", &body);
            let found = side.get("/Groups?filter=displayName eq \"Team\"");
            json!([first, second, made["displayName"], found["totalResults"]])
        };
        differs(
            "D077",
            twice,
            json!([201, 409, null, 1]),
            json!([201, 201, "Team", 2]),
        );
        let spaced = |side: &Side| {
            let names = ["Team", "Team "];
            let found = names.map(|name| {
                let body = json!({"schemas": [urn::GROUP], "displayName": name});
                let status = side.call("POST", "/Groups", &body).0;
                let found = side.get(&format!("/Groups?filter=displayName eq \"{name}\""));
                json!([status, found["Resources"][0]["displayName"]])
            });
            json!(found)
        };
        differs(
            "D161",
            spaced,
            json!([[201, "Team"], [201, "Team "]]),
            json!([[201, "Team"], [201, "Team"]]),
        );
    }

    #[test]
    fn answers_about_groups_are_wrong() {
        let list = |side: &Side| {
            let group = side.group(&["ada"]);
            let listed = side.get("/Groups")["Resources"][0]["members"].is_array();
            json!([listed, side.get(&group)["members"].is_array()])
        };
        differs("D172", list, json!([true, true]), json!([false, true]));
        let rename = |side: &Side| {
            let group = side.group(&[]);
            let change = json!([{"op": "replace", "path": "displayName", "value": "New"}]);
            let (status, body) = side.patch(&group, change);
            json!([status, body["displayName"], side.get(&group)["displayName"]])
        };
        differs(
            "D230",
            rename,
            json!([204, null, "New"]),
            json!([200, "Team", "New"]),
        );
    }
}
