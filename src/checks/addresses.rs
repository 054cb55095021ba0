//! Checks of `Location`, `meta.location` and `$ref`: the addresses that answers give.

use serde_json::{Map, Value};

use crate::checks::seen::{Resource, Seen, decoded_segment, differs};
use crate::checks::{Check, Fault, Judged, Stake, texts};
use crate::scim::locate::member;
use crate::scim::urn;

pub(super) const CHECKS: &[Check] = &[
    Check {
        id: "created-has-location",
        rule: "a created resource comes back with a `Location` header",
        stakes: &[Stake::must("RFC 7644 3.3")],
        requirements: &["rfc7644-3.3-location-header"],
        texts: texts!("created-has-location"),
        judge: created_has_location,
    },
    Check {
        id: "location-agrees",
        rule: "`Location` and `meta.location` of a created resource are the same address",
        stakes: &[Stake::must("RFC 7644 3.3")],
        requirements: &["rfc7644-3.3-meta-location-equals"],
        texts: texts!("location-agrees"),
        judge: location_agrees,
    },
    Check {
        id: "content-location-agrees",
        rule: "`Content-Location` and `meta.location` are the same address",
        stakes: &[Stake::must("RFC 7643 3.1")],
        requirements: &["rfc7643-3.1-content-location-equals"],
        texts: texts!("content-location-agrees"),
        judge: content_location_agrees,
    },
    Check {
        id: "location-names-the-resource",
        rule: "the address of a resource ends with its endpoint and id",
        stakes: &[Stake::must("RFC 7643 3.1")],
        requirements: &["rfc7643-3.1-meta-location-resolvable"],
        texts: texts!("location-names-the-resource"),
        judge: location_names_the_resource,
    },
    Check {
        id: "location-below-the-base",
        rule: "the address of a resource has the scheme, host and base path that the client used",
        stakes: &[Stake::should("RFC 7644 1.3")],
        requirements: &[],
        texts: texts!("location-below-the-base"),
        judge: location_below_the_base,
    },
    Check {
        id: "reference-names-its-value",
        rule: "`$ref` beside `value` is the address of the resource that `value` names",
        stakes: &[Stake::must("RFC 7643 4.1.2, 4.2, 4.3")],
        requirements: &[],
        texts: texts!("reference-names-its-value"),
        judge: reference_names_its_value,
    },
];

fn created_has_location(seen: &Seen<'_>) -> Judged {
    if !seen.is("POST") || !seen.address.is_collection() || seen.status() != 201 {
        return Judged::Silent;
    }
    match seen.header("location") {
        Some(location) if !location.trim().is_empty() => Judged::Holds,
        _ => Judged::broken(
            "201 without a `Location` header",
            differs("header Location", "the address of the new resource", None),
        ),
    }
}

fn location_agrees(seen: &Seen<'_>) -> Judged {
    if !seen.is("POST") || seen.status() != 201 {
        return Judged::Silent;
    }
    header_agrees(seen, "location")
}

fn content_location_agrees(seen: &Seen<'_>) -> Judged {
    header_agrees(seen, "content-location")
}

fn header_agrees(seen: &Seen<'_>, header: &str) -> Judged {
    let (Some(said), Some(resource)) = (seen.header(header), seen.resource()) else {
        return Judged::Silent;
    };
    let Some(location) = location_of(&resource) else {
        return Judged::Silent;
    };
    // A relative address in a header means the same as the absolute one (RFC 9110 10.2.2).
    if said == location || location.ends_with(said) && said.starts_with('/') {
        return Judged::Holds;
    }
    let name = match header {
        "location" => "Location",
        _ => "Content-Location",
    };
    Judged::broken(
        format!("`{name}` and `meta.location` are different addresses"),
        differs(format!("header {name}"), location, Some(&Value::from(said))),
    )
}

fn location_of<'a>(resource: &Resource<'a>) -> Option<&'a str> {
    let meta = member(resource.body, "meta")?;
    let location = member(meta.as_object()?, "location")?;
    location.as_str()
}

/// The addresses that an answer gives for its resources, and where they stand.
fn locations<'a>(seen: &Seen<'a>) -> Vec<(String, &'a str, Resource<'a>)> {
    let mut locations = Vec::new();
    for resource in seen.resources() {
        if let Some(location) = location_of(&resource) {
            locations.push((resource.path("meta.location"), location, resource));
        }
        if resource.index.is_none() && seen.is("POST") {
            let header = seen.header("location");
            locations.extend(header.map(|said| ("header Location".to_owned(), said, resource)));
        }
    }
    locations
}

/// A path without its place in a list, so that one fault of many elements is one message.
fn unplaced(path: &str) -> &str {
    path.rsplit_once("].").map_or(path, |(_, name)| name)
}

fn location_names_the_resource(seen: &Seen<'_>) -> Judged {
    let (Some(endpoint), false) = (seen.address.endpoint, seen.address.is_search()) else {
        return Judged::Silent;
    };
    let mut judged = false;
    let mut faults = Vec::new();
    for (path, location, resource) in locations(seen) {
        let Some(id) = resource.get("id").and_then(Value::as_str) else {
            continue;
        };
        judged = true;
        let mut parts = location.trim_end_matches('/').rsplit('/');
        let last = parts.next().unwrap_or_default();
        let before = parts.next().unwrap_or_default();
        let same_id = last == id || decoded_segment(last) == id;
        // `/Me` may say `/Me` or the resource's own address (RFC 7644 3.11).
        if endpoint == "Me" || same_id && before == endpoint {
            continue;
        }
        let what = match same_id {
            true => "another endpoint",
            false => "another resource, or none",
        };
        let name = unplaced(&path);
        faults.push(Fault {
            message: format!("`{name}` is the address of {what}"),
            differences: vec![differs(
                path.clone(),
                format!("… /{endpoint}/{id}"),
                Some(&Value::from(location)),
            )],
        });
    }
    Judged::among(judged, faults)
}

fn location_below_the_base(seen: &Seen<'_>) -> Judged {
    let base = format!("{}{}", seen.request().origin, seen.address.base);
    let mut judged = false;
    let mut faults = Vec::new();
    for (path, location, _) in locations(seen) {
        judged = true;
        let below = location
            .strip_prefix(base.as_str())
            .is_some_and(|rest| rest.starts_with('/'));
        // A relative `Location` header is resolved by the client itself.
        let relative = path.starts_with("header ") && location.starts_with(seen.address.base);
        if below || relative {
            continue;
        }
        let name = unplaced(&path);
        let what = match location.contains("://") {
            true => "does not begin with the base URL that the client used",
            false => "is not an absolute URL",
        };
        faults.push(Fault {
            message: format!("`{name}` {what}"),
            differences: vec![differs(
                path.clone(),
                format!("{base}/…"),
                Some(&Value::from(location)),
            )],
        });
    }
    Judged::among(judged, faults)
}

/// Attributes whose elements name resources of the target, and the endpoints that these may have.
const REFERENCES: [(&str, &[&str]); 3] = [
    ("members", &["Users", "Groups"]),
    ("groups", &["Groups"]),
    ("manager", &["Users"]),
];

fn reference_names_its_value(seen: &Seen<'_>) -> Judged {
    let mut judged = false;
    let mut faults = Vec::new();
    for resource in seen.resources() {
        for Reference {
            path,
            name,
            endpoints,
            element,
        } in references(&resource)
        {
            let text = |key: &str| element.get(key).and_then(Value::as_str);
            let (Some(value), Some(reference)) = (text("value"), text("$ref")) else {
                continue;
            };
            if value.is_empty() || reference.is_empty() {
                continue;
            }
            judged = true;
            let mut parts = reference.trim_end_matches('/').rsplit('/');
            let last = parts.next().unwrap_or_default();
            let before = parts.next().unwrap_or_default();
            let same = last == value || decoded_segment(last) == value;
            if same && (before.is_empty() || endpoints.contains(&before) || before.contains(':')) {
                continue;
            }
            if !same || ["Users", "Groups"].contains(&before) {
                faults.push(Fault {
                    message: format!(
                        "`$ref` in `{name}` is the address of something else than `value`"
                    ),
                    differences: vec![differs(
                        format!("{path}.$ref"),
                        format!("… /{}/{value}", endpoints[0]),
                        Some(&Value::from(reference)),
                    )],
                });
            }
        }
    }
    Judged::among(judged, faults)
}

/// An element of an attribute that names another resource.
struct Reference<'a> {
    /// From the root of the body.
    path: String,
    /// The attribute.
    name: &'static str,
    /// Where the other resource may be.
    endpoints: &'static [&'static str],
    element: &'a Map<String, Value>,
}

/// Every element of a resource that names another resource.
fn references<'a>(resource: &Resource<'a>) -> Vec<Reference<'a>> {
    let mut found = Vec::new();
    let enterprise = member(resource.body, urn::ENTERPRISE_USER).and_then(Value::as_object);
    for (name, endpoints) in REFERENCES {
        let own = member(resource.body, name);
        let value = own.or_else(|| member(enterprise?, name));
        let reference = |path: String, element| Reference {
            path,
            name,
            endpoints,
            element,
        };
        match value {
            Some(Value::Array(elements)) => {
                for (index, element) in elements.iter().enumerate() {
                    if let Some(element) = element.as_object() {
                        let path = resource.path(&format!("{name}[{index}]"));
                        found.push(reference(path, element));
                    }
                }
            }
            Some(Value::Object(element)) => found.push(reference(resource.path(name), element)),
            _ => {}
        }
    }
    found
}
