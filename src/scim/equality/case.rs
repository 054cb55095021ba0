//! Which attributes are `caseExact`.

/// Letter case counts in texts of this attribute: a lower-case path without filters, relative to the resource.
///
/// RFC 7643 3.1 and 2.3.7: identifiers and references. What is not known is not exact, the default of RFC 7643 2.2.
pub(super) fn is_exact(path: &str) -> bool {
    let last = path.rsplit(['.', ':']).next().unwrap_or(path);
    last == "$ref"
        || matches!(
            path,
            "id" | "externalid"
                | "meta.location"
                | "meta.version"
                | "meta.resourcetype"
                | "members.value"
                | "groups.value"
                | "x509certificates.value"
                | "password"
                | "location"
                | "version"
                | "bulkid"
        )
}
