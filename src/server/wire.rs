//! The parts of a request as they come over the wire: JSON bodies, media ranges, targets.

use percent_encoding::percent_decode_str;
use serde_json::Value;

use super::MEDIA_TYPE;
use super::error::Refusal;
use super::policy::{Policies, Policy};
use crate::scim::json;

pub(super) fn read_json(bytes: &[u8], limit: usize, policies: &Policies) -> Result<Value, Refusal> {
    let limits = json::Limits {
        bytes: limit,
        ..json::Limits::default()
    };
    let document = json::parse(bytes, limits).map_err(|fault| match fault {
        json::JsonFault::TooLarge { .. } => Refusal::new(413, fault.to_string()),
        _ => Refusal::syntax(format!("the body is not JSON: {fault}")),
    })?;
    match document.repeated.first() {
        Some(name) if policies.first(Policy::RepeatedNames) => {
            let detail = if name.is_exact() {
                format!("`{}` stands twice in one object", name.name)
            } else {
                format!(
                    "`{}` and `{}` in one object are the same attribute",
                    name.earlier, name.name
                )
            };
            Err(Refusal::syntax(detail))
        }
        _ => Ok(document.value),
    }
}

pub(super) fn check_accept(header: Option<&str>) -> Result<(), Refusal> {
    let Some(header) = header else { return Ok(()) };
    let fits = header.split(',').any(|range| {
        let range = range.split(';').next().unwrap_or_default().trim();
        ["*/*", "application/*", "application/json", MEDIA_TYPE]
            .iter()
            .any(|known| range.eq_ignore_ascii_case(known))
    });
    if fits {
        Ok(())
    } else {
        Err(Refusal::new(406, format!("answers are {MEDIA_TYPE}")))
    }
}

/// A target in absolute form without its scheme and host.
pub(super) fn without_origin(target: &str) -> &str {
    match target.split_once("://") {
        Some((scheme, rest)) if !scheme.contains(['/', '?']) => {
            rest.find('/').map_or("/", |at| &rest[at..])
        }
        _ => target,
    }
}

pub(super) fn segments(path: &str) -> Result<Vec<String>, Refusal> {
    path.split('/')
        .filter(|part| !part.is_empty())
        .map(decoded)
        .collect()
}

pub(super) fn decoded(text: &str) -> Result<String, Refusal> {
    match percent_decode_str(text).decode_utf8() {
        Ok(text) => Ok(text.into_owned()),
        Err(_) => Err(Refusal::value(
            "the address is not UTF-8 in percent encoding",
        )),
    }
}
