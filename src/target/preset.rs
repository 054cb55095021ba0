//! Presets: what published integrations declare, keep and refuse (integrations.md). A target can be one of them, and the
//! reference server can imitate it.

use std::collections::BTreeSet;
use std::sync::OnceLock;

use serde::Deserialize;

use crate::profile::ProfileId;
use crate::scenario::declaration::PRESETS;
use crate::scenario::nearest::nearest;

/// The files, in the order of [`PRESETS`].
const FILES: [&str; 5] = [
    include_str!("../../fixtures/presets/hpe-greenlake-okta.toml"),
    include_str!("../../fixtures/presets/hpe-greenlake-entra.toml"),
    include_str!("../../fixtures/presets/hp-insights-okta.toml"),
    include_str!("../../fixtures/presets/scaleflex-okta.toml"),
    include_str!("../../fixtures/presets/keepnet-okta.toml"),
];

/// A published integration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Preset {
    /// Its name in options and files.
    pub name: &'static str,
    /// The vendor's product and the provider.
    pub title: String,
    /// The client that its guide sets up.
    pub client: ProfileId,
    /// Path of the SCIM endpoint, with a slash before it and none behind.
    pub base_path: String,
    /// What it declares.
    pub features: BTreeSet<String>,
    /// What it answers with a refusal, in the words of the reference server.
    pub refuses: Vec<String>,
    /// Targets of the attribute mapping that are kept, as the provider writes them; `None`: the default mapping.
    pub attributes: Option<Vec<String>>,
    /// User names of accounts that it refuses to change.
    pub protected: Vec<String>,
    /// For how many days a token is valid; `None`: for ever.
    pub token_days: Option<u32>,
    /// Path below the base path where a new token is made.
    pub rotation: Option<String>,
    /// What its guide says beside that.
    pub notes: Vec<String>,
}

impl Preset {
    /// All of them.
    pub fn all() -> &'static [Self] {
        static ALL: OnceLock<Vec<Preset>> = OnceLock::new();
        ALL.get_or_init(|| {
            PRESETS
                .into_iter()
                .zip(FILES)
                .map(|(name, text)| {
                    let written: Written =
                        toml::from_str(text).expect("the shipped preset is TOML");
                    written.preset(name)
                })
                .collect()
        })
    }

    /// The one of that name.
    pub fn named(name: &str) -> Option<&'static Self> {
        Self::all().iter().find(|preset| preset.name == name)
    }

    /// What to do about a name that no preset has.
    pub fn hint(name: &str) -> String {
        match nearest(name, PRESETS) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("there is {}", PRESETS.join(", ")),
        }
    }

    /// The attributes that are kept, as SCIM paths without the provider's choice of an element.
    pub fn kept_paths(&self) -> Option<Vec<&str>> {
        let attributes = self.attributes.as_ref()?;
        let mut paths: Vec<&str> = attributes
            .iter()
            .map(|target| {
                let end = target.find(".^[").or_else(|| target.find('['));
                &target[..end.unwrap_or(target.len())]
            })
            .collect();
        paths.dedup();
        Some(paths)
    }
}

/// A preset as it stands in its file.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Written {
    title: String,
    client: String,
    base_path: String,
    features: BTreeSet<String>,
    #[serde(default)]
    refuses: Vec<String>,
    attributes: Option<Vec<String>>,
    #[serde(default)]
    protected: Vec<String>,
    token_days: Option<u32>,
    rotation: Option<String>,
    #[serde(default)]
    notes: Vec<String>,
}

impl Written {
    fn preset(self, name: &'static str) -> Preset {
        Preset {
            name,
            title: self.title,
            client: ProfileId::named(&self.client).expect("the shipped preset names a client"),
            base_path: self.base_path,
            features: self.features,
            refuses: self.refuses,
            attributes: self.attributes,
            protected: self.protected,
            token_days: self.token_days,
            rotation: self.rotation,
            notes: self.notes,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Preset;
    use crate::scenario::declaration::{PRESETS, is_declarable};

    #[test]
    fn shipped_presets_are_sound() {
        assert_eq!(Preset::all().len(), PRESETS.len());
        for preset in Preset::all() {
            assert!(preset.name.ends_with(preset.client.authority().name()));
            assert!(preset.base_path.starts_with('/') && !preset.base_path.ends_with('/'));
            assert!(preset.features.iter().all(|word| is_declarable(word)));
            assert!(
                preset
                    .refuses
                    .iter()
                    .all(|word| !preset.features.contains(word))
            );
            assert!(!preset.notes.is_empty(), "{}", preset.title);
        }
    }

    #[test]
    fn six_attributes_are_five_paths() {
        let preset = Preset::named("hpe-greenlake-okta").expect("it is shipped");
        let kept = preset.kept_paths().expect("a subset");
        assert_eq!(preset.attributes.as_ref().map(Vec::len), Some(6));
        assert_eq!(
            kept,
            [
                "userName",
                "name.givenName",
                "name.familyName",
                "emails",
                "displayName"
            ]
        );
    }

    #[test]
    fn a_name_that_is_nearly_right_is_found() {
        assert_eq!(Preset::hint("keepnet-octa"), "did you mean `keepnet-okta`?");
        assert!(Preset::hint("x").starts_with("there is hpe-greenlake-okta, "));
    }
}
