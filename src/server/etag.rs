//! Preconditions (RFC 7644 3.14, RFC 9110 section 13).

use super::error::Refusal;
use super::policy::{Policies, Policy};

/// Whether a list of entity tags, or `*`, holds the present one. Weak comparison, also for If-Match: SCIM's examples use
/// weak tags there, which would never match by the strong comparison of RFC 9110.
fn holds(header: &str, present: &str) -> bool {
    let opaque = |tag: &str| {
        tag.trim()
            .trim_start_matches("W/")
            .trim_matches('"')
            .to_owned()
    };
    let present = opaque(present);
    header.trim() == "*" || header.split(',').any(|tag| opaque(tag) == present)
}

/// Refuses a write whose If-Match does not hold, or whose If-None-Match does.
pub(crate) fn check_write(
    if_match: Option<&str>,
    if_none_match: Option<&str>,
    present: &str,
    policies: &Policies,
) -> Result<(), Refusal> {
    let stale = if_match.is_some_and(|header| !holds(header, present));
    let exists = if_none_match.is_some_and(|header| holds(header, present));
    if !stale && !exists {
        return Ok(());
    }
    let status = if policies.first(Policy::StaleVersion) {
        412
    } else {
        409
    };
    // Without the present version: who wants to go on must read what has changed first.
    let problem = match stale {
        true => "If-Match does not hold: the resource has another version",
        false => "If-None-Match does not hold: the resource has this version",
    };
    Err(Refusal::new(status, problem))
}

/// Whether a read may be answered with 304.
pub(crate) fn is_known(if_none_match: Option<&str>, present: &str) -> bool {
    if_none_match.is_some_and(|header| holds(header, present))
}

#[cfg(test)]
mod tests {
    use super::{check_write, is_known};
    use crate::server::policy::Policies;

    #[test]
    fn tags_are_compared_weakly_and_in_lists() {
        for header in ["W/\"7\"", "\"7\"", "\"1\", W/\"7\"", "*"] {
            assert!(is_known(Some(header), "W/\"7\""), "{header}");
        }
        assert!(!is_known(Some("\"70\""), "W/\"7\"") && !is_known(None, "W/\"7\""));
    }

    #[test]
    fn stale_writes_are_refused() {
        let policies = Policies::default();
        assert_eq!(
            check_write(Some("\"1\""), None, "W/\"2\"", &policies)
                .expect_err("stale")
                .status,
            412
        );
        assert_eq!(
            check_write(None, Some("*"), "W/\"2\"", &policies)
                .expect_err("exists")
                .status,
            412
        );
        assert!(check_write(Some("*"), Some("\"1\""), "W/\"2\"", &policies).is_ok());
    }
}
