//! On whose authority something is wrong, with where that is written.

use crate::finding::{Authority, Finding, Strength};

/// `breaks Entra (entra.md 5.4 [doc]); breaks the RFC (RFC 7644 3.5.2 MUST)`, each authority once.
///
/// `source` is where the step is documented; it stands in for a provider's finding that names no source.
pub(super) fn citations(findings: &[&Finding], source: Option<&str>) -> String {
    let mut parts: Vec<String> = Vec::new();
    for finding in findings {
        let part = citation(finding, source);
        if !parts.contains(&part) {
            parts.push(part);
        }
    }
    parts.join("; ")
}

fn citation(finding: &Finding, source: Option<&str>) -> String {
    let mut cited: Vec<String> = Vec::new();
    cited.extend(finding.source.clone());
    match finding.authority {
        Authority::Rfc => {
            for clause in finding.requirements.iter().filter_map(|id| clause_of(id)) {
                let clause = format!("{clause} {}", level(finding.strength));
                if !cited.contains(&clause) {
                    cited.push(clause);
                }
            }
        }
        Authority::Okta | Authority::Entra if cited.is_empty() => {
            cited.extend(source.map(str::to_owned))
        }
        Authority::Okta | Authority::Entra | Authority::Snapshot => {}
    }
    if cited.is_empty() {
        finding.authority.broken().to_owned()
    } else {
        format!("{} ({})", finding.authority.broken(), cited.join(", "))
    }
}

/// The RFC's word.
pub(super) fn level(strength: Strength) -> &'static str {
    match strength {
        Strength::May => "MAY",
        Strength::Should => "SHOULD",
        Strength::Must => "MUST",
    }
}

/// `rfc7644-3.5.2-200-or-204` is in RFC 7644 section 3.5.2.
fn clause_of(requirement: &str) -> Option<String> {
    let mut parts = requirement.strip_prefix("rfc")?.splitn(3, '-');
    let number = parts
        .next()
        .filter(|number| number.bytes().all(|byte| byte.is_ascii_digit()))?;
    let section = parts
        .next()
        .filter(|section| section.starts_with(|first: char| first.is_ascii_digit()))?;
    Some(format!("RFC {number} {section}"))
}

#[cfg(test)]
mod tests {
    use super::clause_of;

    #[test]
    fn requirement_ids_name_their_clause() {
        assert_eq!(
            clause_of("rfc7644-3.5.2-200-or-204").as_deref(),
            Some("RFC 7644 3.5.2")
        );
        assert_eq!(clause_of("okta-4.1"), None);
    }
}
