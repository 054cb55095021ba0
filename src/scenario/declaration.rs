//! The words by which a target declares what it can do, in `features` of `scimulate.toml` and in presets, and which of the
//! scenarios' `needs` and columns each of them stands for.

use crate::scenario::nearest::nearest;
use crate::scim::schema::Schemas;
use crate::scim::urn;

/// One word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Declarable {
    /// As it is written.
    pub word: &'static str,
    /// What a vendor means by it.
    pub about: &'static str,
    /// The `needs` and columns of the grid that it stands for.
    pub grants: &'static [&'static str],
}

/// Published integrations whose features, rules and attributes are known (integrations.md); scenarios can be about one.
pub const PRESETS: [&str; 5] = [
    "hpe-greenlake-okta",
    "hpe-greenlake-entra",
    "hp-insights-okta",
    "scaleflex-okta",
    "keepnet-okta",
];

/// Words of vendors' own begin like this: `x-badges`.
pub const OWN: &str = "x-";

/// All words. The names are those of the provisioning switches in the providers' consoles where there is one
/// (okta.md 1.2, integrations.md), else of the grid's columns.
pub const DECLARABLE: [Declarable; 21] = [
    row("create", "users are created", &["create", "match"]),
    row(
        "update",
        "attributes of users are changed",
        &["update", "rename", "manager"],
    ),
    row(
        "deactivate",
        "users are switched off and on",
        &["deactivate", "reactivate"],
    ),
    row("delete", "users are removed for good", &["delete"]),
    row("import-users", "users are read in bulk", &["import"]),
    row(
        "import-groups",
        "groups are read in bulk",
        &["import", "groups"],
    ),
    row(
        "group-push",
        "groups and their members are written",
        &[
            "groups",
            "group-create",
            "group-rename",
            "group-members",
            "group-delete",
        ],
    ),
    row(
        "password",
        "passwords are set",
        &["password", "change-password"],
    ),
    row("manager", "the enterprise manager is kept", &["manager"]),
    row("roles", "roles and entitlements are kept", &["roles"]),
    row("connect", "always tested, need not be said", &["connect"]),
    row(
        "import",
        "users and groups are read in bulk",
        &["import", "import-users", "import-groups", "groups"],
    ),
    row("match", "existing users are found", &["match"]),
    row("rename", "the userName can change", &["rename"]),
    row("reactivate", "users are switched on again", &["reactivate"]),
    row(
        "change-password",
        "passwords are changed",
        &["password", "change-password"],
    ),
    row("groups", "there are groups", &["groups"]),
    row(
        "group-create",
        "groups are created",
        &["groups", "group-create"],
    ),
    row(
        "group-rename",
        "groups are renamed",
        &["groups", "group-rename"],
    ),
    row(
        "group-members",
        "members are added and removed",
        &["groups", "group-members"],
    ),
    row(
        "group-delete",
        "groups are removed",
        &["groups", "group-delete"],
    ),
];

const fn row(
    word: &'static str,
    about: &'static str,
    grants: &'static [&'static str],
) -> Declarable {
    Declarable {
        word,
        about,
        grants,
    }
}

/// Whether a word can be declared.
pub fn is_declarable(word: &str) -> bool {
    is_own(word) || DECLARABLE.iter().any(|known| known.word == word)
}

/// The word that was probably meant.
pub fn nearest_declarable(word: &str) -> Option<String> {
    nearest(word, DECLARABLE.map(|known| known.word))
}

/// The attribute that a need such as `User.nickName`, `EnterpriseUser.manager` or `Group.externalId` is about: the URN of
/// the resource type's own schema, and the attribute's path, for an extension with its URN. `None` if the RFCs define no
/// such attribute.
pub fn attribute_of(need: &str) -> Option<(&'static str, String)> {
    let (schema, path) = need.split_once('.')?;
    let (resource_type, urn, path) = match schema {
        "User" => ("User", urn::USER, path.to_owned()),
        "Group" => ("Group", urn::GROUP, path.to_owned()),
        "EnterpriseUser" => {
            let path = format!("{}:{path}", urn::ENTERPRISE_USER);
            ("User", urn::USER, path)
        }
        _ => return None,
    };
    let core = Schemas::core();
    let resource_type = core.resource_type(resource_type)?;
    core.resolve(resource_type, &path.parse().ok()?)?.target()?;
    Some((urn, path))
}

/// Whether a word is one of a vendor's own.
pub fn is_own(word: &str) -> bool {
    word.strip_prefix(OWN).is_some_and(|rest| {
        !rest.is_empty()
            && rest
                .chars()
                .all(|letter| letter.is_ascii_alphanumeric() || letter == '-' || letter == '_')
    })
}

/// Whether one declared word says that the target has what is needed.
pub fn grants(declared: &str, need: &str) -> bool {
    declared == need
        || DECLARABLE
            .iter()
            .any(|known| known.word == declared && known.grants.contains(&need))
}

/// Whether a declaration can say anything about what is needed. Of the rest, every endpoint has it, or the target itself
/// tells in its discovery documents.
pub fn is_declared_at_all(need: &str) -> bool {
    need != "connect" && is_declarable(need)
}

#[cfg(test)]
mod tests {
    use super::{
        DECLARABLE, attribute_of, grants, is_declarable, is_declared_at_all, nearest_declarable,
    };
    use crate::scenario::{Feature, NEEDS};
    use crate::scim::urn;

    #[test]
    fn every_column_can_be_declared_and_every_grant_is_a_need() {
        for feature in Feature::ALL {
            assert!(is_declarable(feature.name()), "{}", feature.name());
        }
        for known in DECLARABLE {
            for grant in known.grants {
                let is_need = NEEDS.contains(grant)
                    || Feature::named(grant).is_some()
                    || is_declarable(grant);
                assert!(is_need, "{} grants {grant}", known.word);
            }
            assert!(grants(known.word, known.word));
        }
    }

    #[test]
    fn what_vendors_declare_stands_for_what_scenarios_need() {
        for (declared, need, granted) in [
            ("create", "match", true),
            ("create", "update", false),
            ("deactivate", "reactivate", true),
            ("group-push", "group-members", true),
            ("group-push", "groups", true),
            ("group-push", "import-groups", false),
            ("import-users", "import", true),
            ("import-users", "import-groups", false),
            ("import", "import-groups", true),
            ("x-badges", "x-badges", true),
            ("x-badges", "create", false),
        ] {
            assert_eq!(grants(declared, need), granted, "{declared}: {need}");
        }
        for (need, said) in [
            ("patch", false),
            ("enterprise", false),
            ("connect", false),
            ("x-badges", true),
        ] {
            assert_eq!(is_declared_at_all(need), said, "{need}");
        }
    }

    #[test]
    fn attributes_can_be_needed() {
        for (need, schema, path) in [
            ("User.nickName", urn::USER, "nickName"),
            ("User.name.middleName", urn::USER, "name.middleName"),
            ("Group.externalId", urn::GROUP, "externalId"),
        ] {
            assert_eq!(attribute_of(need), Some((schema, path.to_owned())));
        }
        let department = format!("{}:department", urn::ENTERPRISE_USER);
        let enterprise = attribute_of("EnterpriseUser.department");
        assert_eq!(enterprise, Some((urn::USER, department)));
        for unknown in ["User.nickname2", "Device.name", "User", "x-User.title"] {
            assert_eq!(attribute_of(unknown), None, "{unknown}");
        }
    }

    #[test]
    fn what_was_meant_is_found() {
        assert_eq!(
            nearest_declarable("import-user"),
            Some("import-users".to_owned())
        );
        assert_eq!(nearest_declarable("updates"), Some("update".to_owned()));
        assert_eq!(nearest_declarable("badges"), None);
        assert!(!is_declarable("x-"));
        assert!(is_declarable("x-badges"));
    }
}
