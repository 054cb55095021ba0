//! Which attributes are `caseExact`.

use crate::scim::schema::{Attribute, Schemas, common_attributes};

/// Letter case counts in texts of this attribute: names in any case from the resource down.
///
/// What no schema declares is not exact, the default of RFC 7643 2.2, except `$ref`, which is a reference everywhere.
pub(super) fn is_exact(names: &[&str]) -> bool {
    if names
        .last()
        .is_some_and(|name| name.eq_ignore_ascii_case("$ref"))
    {
        return true;
    }
    let schemas = Schemas::core();
    match names {
        [urn, names @ ..] if urn.starts_with("urn:") => schemas
            .schema(urn)
            .and_then(|schema| declared(&schema.attributes, names))
            .is_some_and(|attribute| attribute.case_exact),
        names => std::iter::once(common_attributes())
            .chain(
                schemas
                    .schemas()
                    .iter()
                    .map(|schema| schema.attributes.as_slice()),
            )
            .find_map(|attributes| declared(attributes, names))
            .is_some_and(|attribute| attribute.case_exact),
    }
}

fn declared<'a>(attributes: &'a [Attribute], names: &[&str]) -> Option<&'a Attribute> {
    let (first, rest) = names.split_first()?;
    let attribute = attributes
        .iter()
        .find(|attribute| attribute.name.eq_ignore_ascii_case(first))?;
    if rest.is_empty() {
        Some(attribute)
    } else {
        declared(&attribute.sub_attributes, rest)
    }
}
