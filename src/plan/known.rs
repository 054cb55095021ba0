//! What is known of the target before a scenario begins: what it advertises, declares and lists.

use std::collections::{BTreeMap, BTreeSet};

use crate::scenario::declaration::{attribute_of, grants, is_declared_at_all};
use crate::scim::urn;

/// What is known of the target before a scenario begins.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Known {
    /// What the target advertises, by the words of `needs`: `patch` is `false` where it says that it has no PATCH.
    pub capabilities: BTreeMap<String, bool>,
    /// The features that it declares in `scimulate.toml`, if it declares any.
    pub features: Option<BTreeSet<String>>,
    /// What it does not declare is asked for, too.
    pub tries_undeclared: bool,
    /// The published integration that it is.
    pub preset: Option<String>,
    /// Targets of the provider's attribute mapping that its administrator keeps; `None`: all.
    pub kept: Option<Vec<String>>,
    /// The attributes that its `/Schemas` list, as lower-case paths with the schema URN in front; `None`: not known.
    pub attributes: Option<BTreeSet<String>>,
    /// The tenants that it has beside the first.
    pub tenants: BTreeSet<String>,
}

impl Known {
    /// Whether the target's declaration covers this; a target that declares nothing is asked for everything.
    pub fn is_declared(&self, need: &str) -> bool {
        let Some(declared) = &self.features else {
            return true;
        };
        !is_declared_at_all(need) || declared.iter().any(|word| grants(word, need))
    }

    /// Why this cannot be tested here, if it cannot.
    pub fn lacks(&self, need: &str) -> Option<String> {
        if self.capabilities.get(need) == Some(&false) {
            return Some(match need {
                "groups" => "the target's `/Schemas` do not list groups".to_owned(),
                "enterprise" => {
                    "the target's `/Schemas` do not list the enterprise extension".to_owned()
                }
                "entitlements" => {
                    "the target's `/ResourceTypes` name no roles or entitlements".to_owned()
                }
                "credential" => {
                    "the target is asked without a token or password, or with a header of its own, so what it does without cannot be seen".to_owned()
                }
                "disposable" => {
                    "only what the run created is ever changed, unless the target is the embedded server".to_owned()
                }
                need => format!("the target says that it does not support `{need}`"),
            });
        }
        if let Some((schema, path)) = attribute_of(need)
            && !self.declares(schema, &path)
        {
            let name = path.rsplit(':').next().unwrap_or_default();
            return Some(format!("the target's `/Schemas` do not list `{name}`"));
        }
        let of_groups = need.starts_with("group-") || need == "import-groups";
        if of_groups && let Some(reason) = self.lacks("groups") {
            return Some(reason);
        }
        let has = self.tries_undeclared || self.is_declared(need);
        (!has).then(|| format!("the target does not declare `{need}`"))
    }

    /// Whether the target's own schemas list an attribute, as far as they are known. `schema` is the URN of the resource's
    /// own schema; paths of extensions carry theirs.
    pub fn declares(&self, schema: &str, path: &str) -> bool {
        let Some(attributes) = &self.attributes else {
            return true;
        };
        let path = path.to_ascii_lowercase();
        let (own, path) = match urn::is_urn(&path) {
            true => (false, path),
            false => (true, format!("{schema}:{path}").to_ascii_lowercase()),
        };
        let prefix = format!("{}:", schema.to_ascii_lowercase());
        // A target that serves a resource type and does not list its schema says nothing about attributes, and the common
        // attributes need not be listed (RFC 7643 3.1).
        let unsaid = own && !attributes.iter().any(|known| known.starts_with(&prefix));
        let common = ["id", "externalid", "meta", "schemas"];
        if unsaid
            || path
                .strip_prefix(&prefix)
                .is_some_and(|name| common.contains(&name))
        {
            return true;
        }
        // A complex attribute without its parts says nothing about these.
        let whole = path[path.rfind(':').unwrap_or_default()..]
            .find('.')
            .map(|dot| {
                let dot = path.rfind(':').unwrap_or_default() + dot;
                (&path[..dot], format!("{}.", &path[..dot]))
            });
        attributes.contains(&path)
            || whole.is_some_and(|(whole, parts)| {
                attributes.contains(whole)
                    && !attributes.iter().any(|known| known.starts_with(&parts))
            })
    }
}

#[cfg(test)]
mod tests {
    use super::Known;
    use crate::scim::urn;

    #[test]
    fn what_the_targets_schemas_list() {
        let enterprise = urn::ENTERPRISE_USER;
        let known = Known {
            attributes: Some(
                [
                    format!("{}:username", urn::USER),
                    format!("{}:emails", urn::USER),
                    format!("{}:name", urn::USER),
                    format!("{}:name.givenname", urn::USER),
                    format!("{enterprise}:department"),
                ]
                .map(|path| path.to_ascii_lowercase())
                .into(),
            ),
            ..Known::default()
        };
        for (path, declared) in [
            ("userName", true),
            ("externalId", true),
            ("title", false),
            ("emails.value", true),
            ("name.givenName", true),
            ("name.familyName", false),
            (&format!("{enterprise}:department"), true),
            (&format!("{enterprise}:costCenter"), false),
        ] {
            assert_eq!(known.declares(urn::USER, path), declared, "{path}");
        }
        let reason = "the target's `/Schemas` do not list `costCenter`".to_owned();
        assert_eq!(known.lacks("EnterpriseUser.costCenter"), Some(reason));
        assert_eq!(known.lacks("User.emails.value"), None);
        assert!(known.declares(urn::GROUP, "displayName"));
        assert!(Known::default().declares(urn::USER, "title"));
    }
}
