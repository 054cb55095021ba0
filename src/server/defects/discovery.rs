//! Defects of the documents by which a server describes itself.

use serde_json::{Value, json};

use super::visit::{Visit, resources};
use super::{Answer, Defect};
use crate::scim::urn;
use crate::server::error::Refusal;

pub(super) const DEFECTS: &[Defect] = &[
    Defect {
        id: "D010",
        names: &["location"],
        act: location_without_base_path,
    },
    Defect {
        id: "D032",
        names: &["mutability"],
        act: strange_keywords,
    },
    Defect {
        id: "D043",
        names: &["emails"],
        act: schema_of_another_release,
    },
    Defect {
        id: "D083",
        names: &["sort"],
        act: sorting_is_only_advertised,
    },
    Defect {
        id: "D094",
        names: &["schemas"],
        act: schemas_without_schemas,
    },
    Defect {
        id: "D122",
        names: &["404"],
        act: lists_only,
    },
    Defect {
        id: "D203",
        names: &["totalResults"],
        act: empty_lists,
    },
];

fn is_discovery(visit: &Visit<'_>) -> bool {
    visit.request.method == "GET" && matches!(visit.endpoint, "Schemas" | "ResourceTypes")
}

fn location_without_base_path(visit: &Visit<'_>) -> Answer {
    if visit.endpoint != "ResourceTypes" {
        return visit.sound();
    }
    let short = visit.prefix.rsplit_once('/').map_or("", |(front, _)| front);
    visit.answered(|body| {
        let own = format!("{}/ResourceTypes", visit.prefix);
        let other = format!("{short}/ResourceTypes");
        let entries = match body.get_mut("Resources").and_then(Value::as_array_mut) {
            Some(entries) => entries.iter_mut().collect(),
            None => vec![body],
        };
        for entry in entries {
            if let Some(Value::String(location)) = entry.pointer_mut("/meta/location") {
                *location = location.replace(&own, &other);
            }
        }
    })
}

fn each_attribute(attributes: &mut Value, change: &dyn Fn(&mut Value)) {
    for attribute in attributes.as_array_mut().into_iter().flatten() {
        if let Some(inner) = attribute.get_mut("subAttributes") {
            each_attribute(inner, change);
        }
        change(attribute);
    }
}

fn strange_keywords(visit: &Visit<'_>) -> Answer {
    if visit.endpoint != "Schemas" {
        return visit.sound();
    }
    visit.answered(|body| {
        for schema in resources(body) {
            let Some(attributes) = schema.get_mut("attributes") else {
                continue;
            };
            each_attribute(attributes, &|attribute| {
                if let Some(Value::String(mutability)) = attribute.get_mut("mutability") {
                    mutability.make_ascii_lowercase();
                }
                if attribute.get("subAttributes").is_none() {
                    attribute["subAttributes"] = Value::Null;
                }
            });
        }
    })
}

/// E-mail addresses are described as texts, and what came later is not described.
fn schema_of_another_release(visit: &Visit<'_>) -> Answer {
    if visit.endpoint != "Schemas" {
        return visit.sound();
    }
    visit.answered(|body| {
        for schema in resources(body) {
            let id = schema.get("id").and_then(Value::as_str).unwrap_or_default();
            let missing: &[&str] = match id {
                urn::USER => &["password", "timezone"],
                urn::ENTERPRISE_USER => &["department", "manager"],
                _ => continue,
            };
            let attributes = schema.get_mut("attributes").and_then(Value::as_array_mut);
            let Some(attributes) = attributes else {
                continue;
            };
            attributes.retain(|attribute| {
                let name = attribute.get("name").and_then(Value::as_str);
                name.is_none_or(|name| !missing.contains(&name))
            });
            for attribute in attributes {
                if attribute.get("name") == Some(&json!("emails"))
                    && let Some(attribute) = attribute.as_object_mut()
                {
                    attribute.insert("type".to_owned(), json!("string"));
                    attribute.insert("multiValued".to_owned(), json!(false));
                    attribute.shift_remove("subAttributes");
                }
            }
        }
    })
}

fn sorting_is_only_advertised(visit: &Visit<'_>) -> Answer {
    let answer = visit.sound();
    match answer.status == 200 && visit.is_query() && visit.asked("sortBy").is_some() {
        true => Refusal::new(501, "sorting is not implemented").into_answer(),
        false => answer,
    }
}

fn schemas_without_schemas(visit: &Visit<'_>) -> Answer {
    if visit.endpoint != "Schemas" {
        return visit.sound();
    }
    visit.answered(|body| {
        for schema in resources(body) {
            schema.shift_remove("schemas");
        }
    })
}

fn lists_only(visit: &Visit<'_>) -> Answer {
    let answer = visit.sound();
    match (answer.status, visit.id) {
        (200, Some(id)) if is_discovery(visit) => {
            Refusal::not_found("path", &format!("/{}/{id}", visit.endpoint)).into_answer()
        }
        _ => answer,
    }
}

fn empty_lists(visit: &Visit<'_>) -> Answer {
    if !is_discovery(visit) || visit.id.is_some() {
        return visit.sound();
    }
    visit.answered(|body| {
        if body.get("Resources").is_some() {
            body["totalResults"] = json!(0);
            body["itemsPerPage"] = json!(0);
            body["Resources"] = json!([]);
        }
    })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::bench::{Bench, tell_apart};
    use crate::scim::urn;

    fn attribute(bench: &Bench, schema: &str, name: &str) -> Value {
        let attributes = bench.get(&format!("/Schemas/{schema}")).at("/attributes");
        let mut attributes = attributes.as_array().into_iter().flatten();
        let found = attributes.find(|attribute| attribute["name"] == name);
        found.cloned().unwrap_or_default()
    }

    #[test]
    fn discovery_goes_wrong() {
        tell_apart(vec![
            (
                "D010",
                |bench| bench.get("/ResourceTypes").at("/Resources/0/meta/location"),
                json!("http://localhost/scim/v2/ResourceTypes/User"),
                json!("http://localhost/scim/ResourceTypes/User"),
            ),
            (
                "D032",
                |bench| attribute(bench, urn::USER, "userName")["mutability"].clone(),
                json!("readWrite"),
                json!("readwrite"),
            ),
            (
                "D043",
                |bench| {
                    let manager = attribute(bench, urn::ENTERPRISE_USER, "manager");
                    json!([
                        attribute(bench, urn::USER, "emails")["type"],
                        manager.is_null()
                    ])
                },
                json!(["complex", false]),
                json!(["string", true]),
            ),
            (
                "D083",
                |bench| {
                    let told = bench.get("/ServiceProviderConfig").at("/sort/supported");
                    json!([told, bench.get("/Users?sortBy=userName").status])
                },
                json!([true, 200]),
                json!([true, 501]),
            ),
            (
                "D094",
                |bench| json!(bench.get("/Schemas").at("/Resources/0/schemas").is_null()),
                json!(false),
                json!(true),
            ),
            (
                "D122",
                |bench| json!(bench.get(&format!("/Schemas/{}", urn::USER)).status),
                json!(200),
                json!(404),
            ),
            (
                "D203",
                |bench| json!(bench.get("/ResourceTypes").at("/totalResults") == 0),
                json!(false),
                json!(true),
            ),
        ]);
    }
}
