//! What the PATCH of a user is for: its name, where it is documented, and why a server must take it.

use serde_json::Value;

use super::dialect::Dialect;
use super::operations::Operation;

const DISABLED: &str = "Entra sends this on every disable; a server that refuses it, or takes any text for true, leaves people with access who have left the company.";
const ENABLED: &str =
    "Who comes back gets the same account, with the same id and everything that was in it.";
const LEGACY: &str = "This is how Entra writes every change by default: \"Add\" and \"Replace\" with a capital letter, one operation for each attribute. A server that knows only the lower-case words refuses all updates.";
const COMPLIANT: &str = "With the flag aadOptscim062020 Entra merges single values into one operation without a path, whose keys are dotted and URN paths. A server that does not read such keys loses every change of a name or department.";
const RENAMED: &str = "People marry and addresses move; a server whose userName cannot change leaves them with an account that nothing matches.";
const ROLES: &str =
    "Entra writes roles in this form only; a server that refuses it cannot be given roles.";

/// What the PATCH of a user is for.
pub(super) struct Purpose {
    /// The call's name.
    pub(super) title: String,
    /// Where it is documented.
    pub(super) source: &'static str,
    /// What of the RFC it probes. What a legacy job sends is not what the RFC speaks of: words in capitals, booleans as
    /// texts.
    pub(super) covers: &'static [&'static str],
    /// Why it must be taken.
    pub(super) because: &'static str,
}

impl Purpose {
    /// What these operations on somebody are for.
    pub(super) fn of(key: &str, operations: &[Operation], dialect: Dialect) -> Self {
        let only = |path: &str| operations.iter().all(|operation| operation.path == path);
        let roles = operations
            .iter()
            .all(|operation| operation.path.starts_with("roles"));
        let active = operations
            .iter()
            .find(|operation| operation.path == "active")
            .map(|operation| operation.value == Value::Bool(true));
        let (verb, source, because) = match (active, dialect) {
            (Some(false), _) => ("disable", "entra.md 6 [doc][recorded]", DISABLED),
            (Some(true), _) => ("enable", "entra.md 6 [doc][inferred]", ENABLED),
            (None, Dialect::Legacy) if only("userName") => {
                ("rename", "entra.md 5.2 [doc]", RENAMED)
            }
            (None, Dialect::Compliant) if only("userName") => {
                ("rename", "entra.md 10 [recorded]", RENAMED)
            }
            (None, _) if roles => ("change", "entra.md 5.5 [doc][recorded]", ROLES),
            (None, Dialect::Legacy) => ("change", "entra.md 5.2 [doc][recorded]", LEGACY),
            (None, Dialect::Compliant) => ("change", "entra.md 5.3 [doc][recorded]", COMPLIANT),
        };
        let covers: &[&str] = match dialect {
            Dialect::Compliant if only("active") => &["rfc7644-3.5.2.3-active-boolean"],
            Dialect::Compliant if only("userName") => &["rfc7644-3.5.2.3-username"],
            Dialect::Legacy | Dialect::Compliant => &[],
        };
        Self {
            title: match roles {
                true => format!("change {key}'s roles"),
                false => format!("{verb} {key}"),
            },
            source,
            covers,
            because,
        }
    }
}
