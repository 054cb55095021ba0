//! Checks of the documents by which a service provider describes itself, and of whether it is as they say.

use serde_json::Value;

use crate::checks::seen::{Seen, differs};
use crate::checks::{Check, Fault, Judged, Stake, texts};
use crate::scim::urn;

pub(super) const CHECKS: &[Check] = &[
    Check {
        id: "configuration-is-complete",
        rule: "`/ServiceProviderConfig` says of each feature whether it is supported, with its limits and the authentication schemes",
        stakes: &[Stake::must("RFC 7643 5")],
        requirements: &[
            "rfc7643-5-spc-patch-supported",
            "rfc7643-5-spc-bulk-supported",
            "rfc7643-5-spc-filter-supported",
            "rfc7643-5-spc-changePassword-supported",
            "rfc7643-5-spc-sort-supported",
            "rfc7643-5-spc-etag-supported",
            "rfc7643-5-spc-bulk-limits",
            "rfc7643-5-spc-filter-maxresults",
            "rfc7643-5-spc-authschemes",
        ],
        texts: texts!("configuration-is-complete"),
        judge: configuration_is_complete,
    },
    Check {
        id: "discovery-is-not-empty",
        rule: "`/Schemas` and `/ResourceTypes` list what the service provider has",
        stakes: &[Stake::must("RFC 7644 4")],
        requirements: &["rfc7644-4-schemas-list", "rfc7644-4-resourcetypes-list"],
        texts: texts!("discovery-is-not-empty"),
        judge: discovery_is_not_empty,
    },
    Check {
        id: "resource-types-are-complete",
        rule: "each resource type has a name, an endpoint, a schema, and extensions that say whether they are required",
        stakes: &[Stake::must("RFC 7643 6")],
        requirements: &["rfc7643-6-rt-name", "rfc7643-6-rt-endpoint"],
        texts: texts!("resource-types-are-complete"),
        judge: resource_types_are_complete,
    },
    Check {
        id: "types-name-known-schemas",
        rule: "the schemas that a resource type names are in `/Schemas`",
        stakes: &[Stake::must("RFC 7643 6")],
        requirements: &[
            "rfc7643-6-rt-schema-exists",
            "rfc7643-6-rt-extension-exists",
        ],
        texts: texts!("types-name-known-schemas"),
        judge: types_name_known_schemas,
    },
    Check {
        id: "definitions-are-complete",
        rule: "each attribute definition has a name, a type of RFC 7643 and says whether it is multi-valued",
        stakes: &[Stake::must("RFC 7643 7")],
        requirements: &[
            "rfc7643-7-schema-id-uri",
            "rfc7643-7-schema-attr-required-members",
        ],
        texts: texts!("definitions-are-complete"),
        judge: definitions_are_complete,
    },
    Check {
        id: "keywords-are-defined",
        rule: "`mutability`, `returned` and `uniqueness` are keywords of RFC 7643, letter by letter, and lists are lists",
        stakes: &[Stake::must("RFC 7643 7")],
        requirements: &["rfc7643-7-schema-keyword-values"],
        texts: texts!("keywords-are-defined"),
        judge: keywords_are_defined,
    },
    Check {
        id: "supported-as-said",
        rule: "what `/ServiceProviderConfig` says is supported works, and what it denies is refused",
        stakes: &[Stake::must("RFC 7643 5, RFC 7644 4")],
        requirements: &["rfc7643-5-spc-truthful-patch"],
        texts: texts!("supported-as-said"),
        judge: supported_as_said,
    },
];

fn is_document(seen: &Seen<'_>, endpoint: &str) -> bool {
    seen.is("GET") && seen.status() == 200 && seen.address.endpoint == Some(endpoint)
}

/// The resource types or schemas of an answer, and the path of each.
fn documents<'a>(seen: &Seen<'a>, endpoint: &str) -> Vec<(String, &'a Value)> {
    if !is_document(seen, endpoint) {
        return Vec::new();
    }
    let Some(body) = seen.json() else {
        return Vec::new();
    };
    match body.get("Resources").and_then(Value::as_array) {
        Some(list) => list
            .iter()
            .enumerate()
            .map(|(index, document)| (format!("Resources[{index}]."), document))
            .collect(),
        None => match seen.address.id {
            Some(_) => vec![(String::new(), body)],
            None => Vec::new(),
        },
    }
}

fn all(seen: &Seen<'_>, endpoint: &str, faults_of: impl Fn(&str, &Value) -> Vec<Fault>) -> Judged {
    let documents = documents(seen, endpoint);
    match documents.is_empty() {
        true => Judged::Silent,
        false => Judged::of(
            documents
                .iter()
                .flat_map(|(path, document)| faults_of(path, document))
                .collect(),
        ),
    }
}

fn configuration_is_complete(seen: &Seen<'_>) -> Judged {
    if !is_document(seen, "ServiceProviderConfig") {
        return Judged::Silent;
    }
    let Some(body) = seen.json() else {
        return Judged::Silent;
    };
    let mut faults = Vec::new();
    let mut want = |path: &str, what: &str, fits: fn(&Value) -> bool| {
        let pointer = format!("/{}", path.replace('.', "/"));
        let received = body.pointer(&pointer);
        if !received.is_some_and(fits) {
            faults.push(Fault::at(
                format!("`{path}` is not {what}"),
                path.to_owned(),
                what,
                received,
            ));
        }
    };
    for feature in ["patch", "bulk", "filter", "changePassword", "sort", "etag"] {
        want(
            &format!("{feature}.supported"),
            "true or false",
            Value::is_boolean,
        );
    }
    for limit in [
        "bulk.maxOperations",
        "bulk.maxPayloadSize",
        "filter.maxResults",
    ] {
        want(limit, "an integer", |value| value.is_u64());
    }
    want(
        "authenticationSchemes",
        "a list of objects with `type`, `name` and `description`",
        |value| {
            value.as_array().is_some_and(|schemes| {
                schemes.iter().all(|scheme| {
                    ["type", "name", "description"]
                        .iter()
                        .all(|name| scheme.get(name).is_some_and(Value::is_string))
                })
            })
        },
    );
    Judged::of(faults)
}

fn discovery_is_not_empty(seen: &Seen<'_>) -> Judged {
    let Some(endpoint @ ("Schemas" | "ResourceTypes")) = seen.address.endpoint else {
        return Judged::Silent;
    };
    if !is_document(seen, endpoint)
        || seen.address.id.is_some()
        || seen.address.parameter("filter").is_some()
    {
        return Judged::Silent;
    }
    let Some(body) = seen.json() else {
        return Judged::Silent;
    };
    match body.get("Resources").and_then(Value::as_array) {
        Some(list) if !list.is_empty() => Judged::Holds,
        // A bare list, or an object of its own, is judged as a list that it is not.
        None if !seen.is_list() => Judged::broken(
            format!("`/{endpoint}` does not answer with a ListResponse"),
            differs("Resources", "a list", None),
        ),
        received => Judged::broken(
            format!("`/{endpoint}` is empty"),
            differs(
                "Resources",
                "at least one element",
                received.map(|list| Value::Array(list.clone())).as_ref(),
            ),
        ),
    }
}

fn resource_types_are_complete(seen: &Seen<'_>) -> Judged {
    all(seen, "ResourceTypes", |path, document| {
        let mut faults = Vec::new();
        for name in ["name", "endpoint", "schema"] {
            let received = document.get(name);
            if received.and_then(Value::as_str).is_none_or(str::is_empty) {
                faults.push(Fault::at(
                    format!("a resource type has no `{name}`"),
                    format!("{path}{name}"),
                    "a text",
                    received,
                ));
            }
        }
        let extensions = document
            .get("schemaExtensions")
            .filter(|value| !value.is_null());
        let sound = |extension: &Value| {
            extension.get("schema").is_some_and(Value::is_string)
                && extension.get("required").is_some_and(Value::is_boolean)
        };
        if let Some(received) = extensions
            && !received
                .as_array()
                .is_some_and(|list| list.iter().all(sound))
        {
            faults.push(Fault::at(
                "`schemaExtensions` is not a list of objects with `schema` and `required`"
                    .to_owned(),
                format!("{path}schemaExtensions"),
                "a list of objects with `schema` and `required`",
                Some(received),
            ));
        }
        faults
    })
}

fn types_name_known_schemas(seen: &Seen<'_>) -> Judged {
    let known = seen.history.schemas();
    if known.is_empty() {
        return Judged::Silent;
    }
    all(seen, "ResourceTypes", |path, document| {
        let extensions = document.get("schemaExtensions").and_then(Value::as_array);
        let extensions = extensions
            .into_iter()
            .flatten()
            .filter_map(|extension| extension.get("schema"));
        let named = document.get("schema").into_iter().chain(extensions);
        named
            .filter_map(Value::as_str)
            .filter(|urn| !known.contains_key(&urn.to_ascii_lowercase()))
            .map(|urn| {
                Fault::at(
                    format!(
                        "a resource type names the schema `{urn}`, which `/Schemas` does not have"
                    ),
                    format!("{path}schema"),
                    "the URN of a schema in `/Schemas`",
                    Some(&Value::from(urn)),
                )
            })
            .collect()
    })
}

/// Types of attributes (RFC 7643 2.3).
const TYPES: [&str; 8] = [
    "string",
    "boolean",
    "decimal",
    "integer",
    "dateTime",
    "binary",
    "reference",
    "complex",
];

/// Keywords of characteristics (RFC 7643 2.2, 7).
const KEYWORDS: [(&str, &[&str]); 3] = [
    (
        "mutability",
        &["readOnly", "readWrite", "immutable", "writeOnly"],
    ),
    ("returned", &["always", "never", "default", "request"]),
    ("uniqueness", &["none", "server", "global"]),
];

/// Every attribute definition of a schema, parts included, by the attribute's path.
fn definitions(document: &Value) -> Vec<(String, &Value)> {
    let mut found = Vec::new();
    let attributes = document.get("attributes").and_then(Value::as_array);
    for attribute in attributes.into_iter().flatten() {
        let name = attribute.get("name").and_then(Value::as_str).unwrap_or("?");
        found.push((name.to_owned(), attribute));
        let parts = attribute.get("subAttributes").and_then(Value::as_array);
        for part in parts.into_iter().flatten() {
            let inner = part.get("name").and_then(Value::as_str).unwrap_or("?");
            found.push((format!("{name}.{inner}"), part));
        }
    }
    found
}

fn definitions_are_complete(seen: &Seen<'_>) -> Judged {
    all(seen, "Schemas", |path, document| {
        let id = document.get("id");
        if !id.and_then(Value::as_str).is_some_and(urn::is_urn) {
            return vec![Fault::at(
                "a schema's `id` is not its URN".to_owned(),
                format!("{path}id"),
                "a URN",
                id,
            )];
        }
        let id = id.and_then(Value::as_str).unwrap_or_default();
        if !document.get("attributes").is_some_and(Value::is_array) {
            return vec![Fault::at(
                format!("the schema `{id}` has no list of `attributes`"),
                format!("{path}attributes"),
                "a list",
                document.get("attributes"),
            )];
        }
        let mut faults = Vec::new();
        for (name, definition) in definitions(document) {
            let mut want = |key: &str, what: &str, fits: &dyn Fn(&Value) -> bool| {
                let received = definition.get(key);
                if !received.is_some_and(fits) {
                    faults.push(Fault::at(
                        format!(
                            "the definition of `{name}` in `{id}` has no `{key}` that is {what}"
                        ),
                        format!("{path}attributes[name eq \"{name}\"].{key}"),
                        what,
                        received,
                    ));
                }
            };
            want("name", "a text", &|value| {
                value.as_str().is_some_and(|text| !text.is_empty())
            });
            want("type", "a type of RFC 7643 2.3", &|value| {
                value.as_str().is_some_and(|text| TYPES.contains(&text))
            });
            want("multiValued", "true or false", &Value::is_boolean);
        }
        faults
    })
}

fn keywords_are_defined(seen: &Seen<'_>) -> Judged {
    all(seen, "Schemas", |path, document| {
        let mut faults = Vec::new();
        for (name, definition) in definitions(document) {
            for (key, words) in KEYWORDS {
                // Not there means the default (RFC 7643 2.2).
                let Some(received) = definition.get(key) else {
                    continue;
                };
                if !received.as_str().is_some_and(|word| words.contains(&word)) {
                    faults.push(Fault::at(
                        format!("`{key}` of `{name}` is not one of {}", words.join(", ")),
                        format!("{path}attributes[name eq \"{name}\"].{key}"),
                        words[0],
                        Some(received),
                    ));
                }
            }
            for key in ["subAttributes", "canonicalValues", "referenceTypes"] {
                if let Some(received) = definition.get(key)
                    && !received.is_array()
                {
                    faults.push(Fault::at(
                        format!(
                            "`{key}` of `{name}` is not a list; leave it out where there is none"
                        ),
                        format!("{path}attributes[name eq \"{name}\"].{key}"),
                        "a list",
                        Some(received),
                    ));
                }
            }
        }
        faults
    })
}

/// What `/ServiceProviderConfig` says of a feature.
fn advertised(seen: &Seen<'_>, feature: &str) -> Option<bool> {
    seen.history
        .configuration()?
        .get(feature)?
        .get("supported")?
        .as_bool()
}

fn supported_as_said(seen: &Seen<'_>) -> Judged {
    let (feature, used) = match seen.address.endpoint {
        Some("Bulk") if seen.is("POST") => ("bulk", "a bulk request"),
        _ if seen.is("PATCH")
            && seen.address.is_resource()
            && seen.address.endpoint != Some("Me") =>
        {
            ("patch", "PATCH")
        }
        _ if seen.is("GET")
            && seen.address.is_collection()
            && seen.address.parameter("sortBy").is_some() =>
        {
            ("sort", "`sortBy`")
        }
        _ if seen.is("GET")
            && seen.address.is_collection()
            && seen.address.parameter("filter").is_some() =>
        {
            ("filter", "a filter")
        }
        _ => return Judged::Silent,
    };
    let Some(supported) = advertised(seen, feature) else {
        return Judged::Silent;
    };
    let refused = matches!(seen.status(), 405 | 501);
    let path = format!("{feature}.supported");
    match (supported, refused, seen.succeeded()) {
        (true, true, _) => Judged::broken(
            format!(
                "`{path}` is true in `/ServiceProviderConfig`, and {used} is answered with {}",
                seen.status()
            ),
            differs("status", "a success", Some(&Value::from(seen.status()))),
        ),
        // Ignoring `sortBy` is no support of it, and some filters work in servers that do not want to promise all of them.
        (false, _, true) if ["patch", "bulk"].contains(&feature) => Judged::broken(
            format!(
                "`{path}` is false in `/ServiceProviderConfig`, and {used} is answered with {}",
                seen.status()
            ),
            differs("status", 501, Some(&Value::from(seen.status()))),
        ),
        _ => Judged::Holds,
    }
}
