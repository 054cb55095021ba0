//! Switches for everything that the RFCs leave open and for every habit of real clients that departs from them.
//!
//! Each switch has two choices. The first is the default, chosen so that Okta and Entra ID can work with the server; `strict`
//! takes the reading that follows the RFC to the letter. "Ambiguity N" counts the list in the requirements catalogue.

pub use super::policy_table::{POLICIES, PolicyEntry};

/// What can be switched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Policy {
    /// `operation-case`.
    OperationCase,
    /// `string-booleans`.
    StringBooleans,
    /// `remove-value`.
    RemoveValue,
    /// `missing-element`.
    MissingElement,
    /// `dotted-keys`.
    DottedKeys,
    /// `qualified-keys`.
    QualifiedKeys,
    /// `quoted-booleans`.
    QuotedBooleans,
    /// `json-in-strings`.
    JsonInStrings,
    /// `scalar-for-complex`.
    ScalarForComplex,
    /// `list-for-single`.
    ListForSingle,
    /// `single-for-list`.
    SingleForList,
    /// `unchanged-read-only`.
    UnchangedReadOnly,
    /// `unknown-schemas`.
    UnknownSchemas,
    /// `unknown-attributes`.
    UnknownAttributes,
    /// `unlisted-extension`.
    UnlistedExtension,
    /// `extension-at-top`.
    ExtensionAtTop,
    /// `missing-schemas`.
    MissingSchemas,
    /// `empty-operations`.
    EmptyOperations,
    /// `empty-texts`.
    EmptyTexts,
    /// `remove-without-match`.
    RemoveWithoutMatch,
    /// `uniqueness-on-change`.
    UniquenessStatus,
    /// `stale-version`.
    StaleVersion,
    /// `unknown-members`.
    UnknownMembers,
    /// `group-names`.
    GroupNames,
    /// `omitted-on-put`.
    OmittedOnPut,
    /// `replace-element`.
    ReplaceElement,
    /// `add-complex`.
    AddComplex,
    /// `not-equal`.
    NotEqual,
    /// `bare-multi-valued`.
    BareMultiValued,
    /// `null-comparison`.
    NullComparison,
    /// `unquoted-values`.
    UnquotedValues,
    /// `value-path-sub-attribute`.
    ValuePathSubAttribute,
    /// `unknown-filter-attribute`.
    UnknownFilterAttribute,
    /// `both-projections`.
    BothProjections,
    /// `discovery-filter`.
    DiscoveryFilter,
    /// `bulk-status`.
    BulkStatus,
    /// `negative-cursor-count`.
    NegativeCursorCount,
    /// `items-per-page`.
    ItemsPerPage,
    /// `name-preparation`.
    NamePreparation,
    /// `patch-answer`.
    PatchAnswer,
    /// `unacceptable-accept`.
    UnacceptableAccept,
    /// `repeated-names`.
    RepeatedNames,
    /// `value-syntax`.
    ValueSyntax,
    /// `first-user`.
    FirstUser,
    /// `sample`.
    Sample,
}

/// The choices that a server follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Policies {
    second: [bool; POLICIES.len()],
}

/// Why a choice could not be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PolicyFault {
    /// The text has no `=`.
    #[error("`{text}` is not of the form NAME=CHOICE")]
    NoChoice {
        /// What was given.
        text: String,
    },
    /// No such policy.
    #[error("there is no policy `{name}`")]
    UnknownName {
        /// What was given.
        name: String,
    },
    /// No such choice.
    #[error("policy `{name}` has no choice `{choice}`; it has `{first}` and `{second}`")]
    UnknownChoice {
        /// The policy.
        name: &'static str,
        /// What was given.
        choice: String,
        /// Its first choice.
        first: &'static str,
        /// Its second choice.
        second: &'static str,
    },
}

impl Default for Policies {
    fn default() -> Self {
        Policies {
            second: [false; POLICIES.len()],
        }
    }
}

impl Policies {
    /// The RFC to the letter: every habit that departs from it is refused.
    pub fn strict() -> Self {
        let mut policies = Policies::default();
        for (chosen, entry) in policies.second.iter_mut().zip(POLICIES) {
            *chosen = entry.strict == 1;
        }
        policies
    }

    /// Makes one choice, written `name=choice`.
    pub fn choose(&mut self, text: &str) -> Result<(), PolicyFault> {
        let (name, choice) = text.split_once('=').ok_or_else(|| PolicyFault::NoChoice {
            text: text.to_owned(),
        })?;
        let (index, entry) = POLICIES
            .iter()
            .enumerate()
            .find(|(_, entry)| entry.name == name.trim())
            .ok_or_else(|| PolicyFault::UnknownName {
                name: name.to_owned(),
            })?;
        let [first, second] = entry.choices;
        self.second[index] = match choice.trim() {
            chosen if chosen == first => false,
            chosen if chosen == second => true,
            other => {
                return Err(PolicyFault::UnknownChoice {
                    name: entry.name,
                    choice: other.to_owned(),
                    first,
                    second,
                });
            }
        };
        if entry.policy == Policy::Sample && self.second[index] {
            for implied in [Policy::PatchAnswer, Policy::UnknownMembers] {
                self.second[implied as usize] = true;
            }
        }
        Ok(())
    }

    /// Whether the first choice, the default, is taken.
    pub(crate) fn first(&self, policy: Policy) -> bool {
        !self.second[policy as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::{POLICIES, Policies, Policy, PolicyFault};

    #[test]
    fn the_table_follows_the_enumeration() {
        for (index, entry) in POLICIES.iter().enumerate() {
            assert_eq!(entry.policy as usize, index, "{}", entry.name);
            assert!(entry.strict < 2);
        }
    }

    #[test]
    fn choices_are_made_by_name() {
        let mut policies = Policies::default();
        assert!(policies.first(Policy::UniquenessStatus));
        policies.choose("uniqueness-on-change=400").expect("known");
        assert!(!policies.first(Policy::UniquenessStatus));
        assert!(matches!(
            policies.choose("nope=1"),
            Err(PolicyFault::UnknownName { .. })
        ));
        assert!(matches!(
            policies.choose("group-names=both"),
            Err(PolicyFault::UnknownChoice { .. })
        ));
        assert!(matches!(
            policies.choose("group-names"),
            Err(PolicyFault::NoChoice { .. })
        ));
        assert!(!Policies::strict().first(Policy::StringBooleans));
        policies.choose("sample=microsoft").expect("known");
        assert!(!policies.first(Policy::PatchAnswer));
        assert!(!policies.first(Policy::UnknownMembers));
    }
}
