//! Checks of `schemas`, and of which attributes a representation has.

use serde_json::{Map, Value};

use crate::checks::seen::{Resource, Seen};
use crate::checks::{Check, Fault, Judged, Stake, texts};
use crate::scim::locate::member;
use crate::scim::urn;

pub(super) const CHECKS: &[Check] = &[
    Check {
        id: "schemas-are-listed",
        rule: "every resource has `schemas`, a list of URNs without repetitions, with the one of its type",
        stakes: &[Stake::must("RFC 7643 3, 3.3")],
        requirements: &[
            "rfc7643-3-schemas-present",
            "rfc7643-3.3-schemas-base",
            "rfc7643-3-schemas-no-duplicates",
        ],
        texts: texts!("schemas-are-listed"),
        judge: schemas_are_listed,
    },
    Check {
        id: "extensions-are-listed",
        rule: "the URN of each extension whose data a resource has is in its `schemas`",
        stakes: &[Stake::must("RFC 7643 3, 3.3")],
        requirements: &["rfc7643-3.3-extension-urn-listed"],
        texts: texts!("extensions-are-listed"),
        judge: extensions_are_listed,
    },
    Check {
        id: "schemas-are-of-the-type",
        rule: "`schemas` of a resource holds no URN of messages, of another type, or that `/Schemas` does not have",
        stakes: &[Stake::must("RFC 7643 3")],
        requirements: &["rfc7643-3-schemas-only-declared"],
        texts: texts!("schemas-are-of-the-type"),
        judge: schemas_are_of_the_type,
    },
    Check {
        id: "names-are-attribute-names",
        rule: "members of a resource have attribute names, not paths: no dots, brackets or pieces of a URN",
        stakes: &[Stake::must("RFC 7643 2.1, 3.3")],
        requirements: &["rfc7643-3.3-extension-container"],
        texts: texts!("names-are-attribute-names"),
        judge: names_are_attribute_names,
    },
    Check {
        id: "secrets-are-not-returned",
        rule: "`password`, and whatever the schemas say is never returned, is in no answer",
        stakes: &[Stake::must("RFC 7643 4.1.1, 7")],
        requirements: &["rfc7643-8.7.1-schema-password-never"],
        texts: texts!("secrets-are-not-returned"),
        judge: secrets_are_not_returned,
    },
    Check {
        id: "attributes-are-declared",
        rule: "a resource has only attributes that `/Schemas` declares",
        stakes: &[Stake::should("RFC 7643 7")],
        requirements: &[],
        texts: texts!("attributes-are-declared"),
        judge: attributes_are_declared,
    },
    Check {
        id: "one-primary",
        rule: "at most one element of an attribute is `primary`",
        stakes: &[Stake::must("RFC 7643 2.4")],
        requirements: &["rfc7643-2.4-primary-once"],
        texts: texts!("one-primary"),
        judge: one_primary,
    },
    Check {
        id: "elements-are-not-repeated",
        rule: "no element of an attribute comes twice with the same `type` and `value`",
        stakes: &[Stake::should("RFC 7643 2.4")],
        requirements: &["rfc7643-2.4-type-value-unique"],
        texts: texts!("elements-are-not-repeated"),
        judge: elements_are_not_repeated,
    },
];

/// The first fault of any resource of the answer.
fn first_of(seen: &Seen<'_>, fault: impl Fn(&Resource<'_>) -> Option<Fault>) -> Judged {
    let resources = seen.resources();
    if resources.is_empty() {
        return Judged::Silent;
    }
    Judged::of(resources.iter().find_map(fault).into_iter().collect())
}

/// The URN of the type that an endpoint of the RFC holds.
fn core_of(seen: &Seen<'_>) -> Option<&'static str> {
    match seen.address.endpoint {
        Some("Users") => Some(urn::USER),
        Some("Groups") => Some(urn::GROUP),
        _ => None,
    }
}

fn listed<'a>(resource: &Resource<'a>) -> Vec<&'a str> {
    let schemas = resource.get("schemas").and_then(Value::as_array);
    schemas
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect()
}

fn schemas_are_listed(seen: &Seen<'_>) -> Judged {
    first_of(seen, |resource| {
        let path = resource.path("schemas");
        let received = resource.get("schemas");
        let urns = listed(resource);
        let all = received.and_then(Value::as_array).map_or(0, Vec::len);
        if urns.is_empty() || urns.len() < all {
            let what = match received {
                None | Some(Value::Null) => "`schemas` is missing",
                Some(Value::Array(items)) if items.is_empty() => "`schemas` is empty",
                Some(_) => "`schemas` is not a list of URNs",
            };
            return Some(Fault::at(what, path, "a list of URNs", received));
        }
        for (index, urn) in urns.iter().enumerate() {
            if urns[..index].iter().any(|other| urn::same(other, urn)) {
                return Some(Fault::at(
                    "`schemas` has a URN twice",
                    path,
                    "each URN once",
                    received,
                ));
            }
        }
        let core = core_of(seen)?;
        match urns.iter().any(|listed| urn::same(listed, core)) {
            true => None,
            false => Some(Fault::at(
                format!("`schemas` does not have `{core}`"),
                path,
                core,
                received,
            )),
        }
    })
}

/// Members whose name is a URN.
fn extensions<'a>(resource: &Resource<'a>) -> impl Iterator<Item = (&'a String, &'a Value)> {
    let body: &'a Map<String, Value> = resource.body;
    body.iter().filter(|(name, _)| urn::is_urn(name))
}

fn extensions_are_listed(seen: &Seen<'_>) -> Judged {
    let has_any = |resource: &Resource<'_>| extensions(resource).next().is_some();
    if !seen.resources().iter().any(has_any) {
        return Judged::Silent;
    }
    first_of(seen, |resource| {
        let urns = listed(resource);
        let unlisted = extensions(resource).find(|(name, value)| {
            let is_empty = value.is_null() || value.as_object().is_some_and(Map::is_empty);
            !is_empty && !urns.iter().any(|listed| urn::same(listed, name))
        });
        let (name, _) = unlisted?;
        Some(Fault::at(
            format!("the resource has data of `{name}`, and its `schemas` does not list it"),
            resource.path("schemas"),
            name.as_str(),
            resource.get("schemas"),
        ))
    })
}

fn schemas_are_of_the_type(seen: &Seen<'_>) -> Judged {
    let Some(core) = core_of(seen) else {
        return Judged::Silent;
    };
    let known = seen.history.schemas();
    first_of(seen, |resource| {
        let is_wrong = |listed: &&str| {
            let lower = listed.to_ascii_lowercase();
            let message = lower.starts_with(urn::MESSAGE_PREFIX);
            let other = [urn::USER, urn::GROUP]
                .iter()
                .any(|type_| urn::same(type_, listed) && !urn::same(type_, core));
            // A server without schema definitions, or with the core ones left out, says nothing about the others.
            let unknown =
                known.contains_key(&core.to_ascii_lowercase()) && !known.contains_key(&lower);
            message || other || unknown
        };
        let urns = listed(resource);
        let wrong = urns.iter().find(|urn| is_wrong(urn))?;
        let why = match wrong.to_ascii_lowercase().starts_with(urn::MESSAGE_PREFIX) {
            true => "is the URN of a message",
            false => "is not one of its type",
        };
        Some(Fault::at(
            format!("`schemas` has `{wrong}`, which {why}"),
            resource.path("schemas"),
            core,
            resource.get("schemas"),
        ))
    })
}

fn names_are_attribute_names(seen: &Seen<'_>) -> Judged {
    first_of(seen, |resource| {
        let urns = listed(resource);
        for (name, value) in resource.body {
            let path = resource.path(name);
            if urn::is_urn(name) {
                let is_schema = urns.iter().any(|listed| urn::same(listed, name))
                    || seen
                        .history
                        .schemas()
                        .contains_key(&name.to_ascii_lowercase());
                // `urn:…:enterprise:2` with a member `0:User`: a path parser has split the URN at a dot.
                let cut = !is_schema
                    && urns
                        .iter()
                        .copied()
                        .chain([urn::ENTERPRISE_USER])
                        .any(|listed| {
                            let (listed, name) =
                                (listed.to_ascii_lowercase(), name.to_ascii_lowercase());
                            listed != name
                                && (listed.starts_with(&name) || name.starts_with(&listed))
                        });
                if cut {
                    return Some(Fault::at(
                        format!(
                            "the member `{name}` is a piece of a URN, or a URN with a path behind it"
                        ),
                        path,
                        "an object under the whole URN of the extension",
                        Some(value),
                    ));
                }
                if is_schema && !(value.is_object() || value.is_null()) {
                    return Some(Fault::at(
                        format!("the data of the extension `{name}` is not an object"),
                        path,
                        "an object",
                        Some(value),
                    ));
                }
            } else if name.contains(['.', '[', ':', ' ']) {
                return Some(Fault::at(
                    format!("the member `{name}` is a path, stored as if it were a name"),
                    path,
                    "the attribute that the path names",
                    Some(value),
                ));
            }
        }
        None
    })
}

/// Definitions of the attributes that a schema has, if it was read.
fn attributes_of<'a>(seen: &Seen<'a>, urn: &str) -> Option<&'a Vec<Value>> {
    let schema = seen.history.schemas().get(&urn.to_ascii_lowercase())?;
    schema.get("attributes")?.as_array()
}

fn definition<'a>(attributes: &'a [Value], name: &str) -> Option<&'a Value> {
    attributes.iter().find(|attribute| {
        let own = attribute.get("name").and_then(Value::as_str);
        own.is_some_and(|own| own.eq_ignore_ascii_case(name))
    })
}

fn is_secret(definition: &Value) -> bool {
    let says = |key: &str, word: &str| {
        let value = definition.get(key).and_then(Value::as_str);
        value.is_some_and(|value| value.eq_ignore_ascii_case(word))
    };
    says("returned", "never") || says("mutability", "writeOnly")
}

fn secrets_are_not_returned(seen: &Seen<'_>) -> Judged {
    first_of(seen, |resource| {
        let urns = listed(resource);
        for (name, value) in resource.body {
            if value.is_null() {
                continue;
            }
            let secret = name.eq_ignore_ascii_case("password")
                || urns
                    .iter()
                    .filter_map(|urn| attributes_of(seen, urn))
                    .filter_map(|attributes| definition(attributes, name))
                    .any(is_secret);
            if secret {
                // The value itself is nobody's business.
                return Some(Fault::at(
                    format!("`{name}` is in the answer, and is never to be returned"),
                    resource.path(name),
                    Value::Null,
                    Some(&Value::from("(a value)")),
                ));
            }
        }
        None
    })
}

/// Attributes that every resource may have, listed in a schema or not (RFC 7643 3.1).
const COMMON: [&str; 4] = ["id", "externalid", "meta", "schemas"];

fn attributes_are_declared(seen: &Seen<'_>) -> Judged {
    let Some(core) = core_of(seen) else {
        return Judged::Silent;
    };
    let Some(own) = attributes_of(seen, core) else {
        return Judged::Silent;
    };
    first_of(seen, |resource| {
        for (name, value) in resource.body {
            if COMMON.contains(&name.to_ascii_lowercase().as_str()) {
                continue;
            }
            let undeclared = match urn::is_urn(name) {
                true => {
                    let Some(attributes) = attributes_of(seen, name) else {
                        continue;
                    };
                    let members = value.as_object().into_iter().flatten();
                    undeclared_in(
                        attributes,
                        members.map(|(name, value)| (name.as_str(), value)),
                    )
                    .map(|inner| format!("{name}:{inner}"))
                }
                false => undeclared_in(own, [(name.as_str(), value)].into_iter()),
            };
            if let Some(path) = undeclared {
                return Some(Fault::at(
                    format!("`{path}` is in the answer, and `/Schemas` does not declare it"),
                    resource.path(&path),
                    Value::Null,
                    Some(value),
                ));
            }
        }
        None
    })
}

/// The first member, or part of a complex one, that is not defined.
fn undeclared_in<'a>(
    attributes: &[Value],
    mut members: impl Iterator<Item = (&'a str, &'a Value)>,
) -> Option<String> {
    members.find_map(|(name, value)| {
        let Some(definition) = self::definition(attributes, name) else {
            return Some(name.to_owned());
        };
        let parts = definition.get("subAttributes").and_then(Value::as_array);
        // A complex attribute without its parts says nothing about these.
        let parts = parts.filter(|parts| !parts.is_empty())?;
        let objects: Vec<&Map<String, Value>> = match value {
            Value::Object(object) => vec![object],
            Value::Array(items) => items.iter().filter_map(Value::as_object).collect(),
            _ => Vec::new(),
        };
        // `value`, `display`, `type`, `primary` and `$ref` are the usual ones of any multi-valued attribute (RFC 7643 2.4).
        let usual = ["value", "display", "type", "primary", "$ref"];
        objects.into_iter().flatten().find_map(|(part, _)| {
            let declared =
                self::definition(parts, part).is_some() || usual.contains(&part.as_str());
            (!declared).then(|| format!("{name}.{part}"))
        })
    })
}

/// Every multi-valued attribute of a resource, extensions included, by its path.
fn multi_valued<'a>(resource: &Resource<'a>) -> Vec<(String, &'a Vec<Value>)> {
    let mut found = Vec::new();
    for (name, value) in resource.body {
        match value {
            Value::Array(items) if !name.eq_ignore_ascii_case("schemas") => {
                found.push((name.clone(), items));
            }
            Value::Object(inner) if urn::is_urn(name) => {
                for (part, value) in inner {
                    if let Value::Array(items) = value {
                        found.push((format!("{name}:{part}"), items));
                    }
                }
            }
            _ => {}
        }
    }
    found
}

fn one_primary(seen: &Seen<'_>) -> Judged {
    first_of(seen, |resource| {
        multi_valued(resource)
            .into_iter()
            .find_map(|(name, items)| {
                let primary = items.iter().filter(|item| {
                    let primary = item.as_object().and_then(|item| member(item, "primary"));
                    primary == Some(&Value::Bool(true))
                });
                match primary.count() {
                    0 | 1 => None,
                    _ => Some(Fault::at(
                        format!("several elements of `{name}` are `primary`"),
                        resource.path(&name),
                        "at most one element with `primary` true",
                        resource.get(&name),
                    )),
                }
            })
    })
}

fn elements_are_not_repeated(seen: &Seen<'_>) -> Judged {
    first_of(seen, |resource| {
        multi_valued(resource)
            .into_iter()
            .find_map(|(name, items)| {
                let mut known = std::collections::HashSet::with_capacity(items.len());
                let twice = items.iter().find(|item| {
                    let Some(element) = item.as_object() else {
                        return false;
                    };
                    let text = |key: &str| member(element, key).and_then(Value::as_str);
                    match text("value") {
                        Some(value) if !value.is_empty() => !known.insert((text("type"), value)),
                        _ => false,
                    }
                })?;
                Some(Fault::at(
                    format!("`{name}` has the same element twice"),
                    resource.path(&name),
                    "each `type` and `value` once",
                    Some(twice),
                ))
            })
    })
}
