//! Switches for everything that the RFCs leave open and for every habit of real clients that departs from them.
//!
//! Each switch has two choices. The first is the default, chosen so that Okta and Entra ID can work with the server; `strict`
//! takes the reading that follows the RFC to the letter. "Ambiguity N" counts the list in the requirements catalogue.

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
}

/// One row of the table of policies.
#[derive(Debug, Clone, Copy)]
pub struct PolicyEntry {
    /// Which policy.
    pub policy: Policy,
    /// Its name on the command line.
    pub name: &'static str,
    /// The words for its two choices; the first is the default.
    pub choices: [&'static str; 2],
    /// Which of them `strict` takes.
    pub strict: usize,
    /// What it decides.
    pub about: &'static str,
    /// Where the question comes from.
    pub source: &'static str,
}

const fn entry(
    policy: Policy,
    name: &'static str,
    choices: [&'static str; 2],
    strict: usize,
    about: &'static str,
    source: &'static str,
) -> PolicyEntry {
    PolicyEntry {
        policy,
        name,
        choices,
        strict,
        about,
        source,
    }
}

/// All policies, in the order of [`Policy`].
pub const POLICIES: &[PolicyEntry] = &[
    entry(
        Policy::OperationCase,
        "operation-case",
        ["any", "exact"],
        1,
        "`Add`, `Replace`, `Remove` in PATCH: read in any case, or only as the RFC writes them",
        "ambiguity 9; entra.md 5.1",
    ),
    entry(
        Policy::StringBooleans,
        "string-booleans",
        ["accept", "refuse"],
        1,
        "`\"True\"` and `\"False\"` where a boolean belongs",
        "entra.md 5.1, 4.3",
    ),
    entry(
        Policy::RemoveValue,
        "remove-value",
        ["listed", "refuse"],
        1,
        "`remove` with a `value` list: remove exactly the listed elements, or refuse a value that the RFC gives no meaning",
        "ambiguity 10; entra.md 7",
    ),
    entry(
        Policy::MissingElement,
        "missing-element",
        ["create", "no-target"],
        1,
        "`add` or `replace` of a sub-attribute behind a value filter that matches nothing",
        "ambiguity 5; entra.md 5.4",
    ),
    entry(
        Policy::DottedKeys,
        "dotted-keys",
        ["apply", "refuse"],
        1,
        "`name.givenName` as a key of a path-less PATCH value",
        "ambiguity 11; entra.md 5.3",
    ),
    entry(
        Policy::QualifiedKeys,
        "qualified-keys",
        ["apply", "refuse"],
        1,
        "`urn:…:User:department` as a key of a path-less PATCH value or of a resource",
        "ambiguity 11; entra.md 5.3",
    ),
    entry(
        Policy::QuotedBooleans,
        "quoted-booleans",
        ["accept", "refuse"],
        1,
        "`primary eq \"True\"` in a filter",
        "entra.md 5.4",
    ),
    entry(
        Policy::JsonInStrings,
        "json-in-strings",
        ["read", "keep"],
        1,
        "an element whose `value` is a JSON object in a string",
        "entra.md 5.5",
    ),
    entry(
        Policy::ScalarForComplex,
        "scalar-for-complex",
        ["wrap", "refuse"],
        1,
        "a bare text where a complex attribute with a `value` belongs, as in `manager`; the empty text removes it",
        "entra.md 5.6",
    ),
    entry(
        Policy::ListForSingle,
        "list-for-single",
        ["first", "refuse"],
        1,
        "a list with one element where a single complex value belongs",
        "entra.md 5.6",
    ),
    entry(
        Policy::SingleForList,
        "single-for-list",
        ["wrap", "refuse"],
        1,
        "one value where a list belongs",
        "rfc7644-3.5.2.1-path-mv-single-object",
    ),
    entry(
        Policy::UnchangedReadOnly,
        "unchanged-read-only",
        ["accept", "refuse"],
        1,
        "a readOnly attribute with its present value in a path-less PATCH",
        "ambiguity 8; okta.md 6.3",
    ),
    entry(
        Policy::UnknownSchemas,
        "unknown-schemas",
        ["ignore", "refuse"],
        1,
        "URNs in `schemas` that the resource type does not have",
        "entra.md 7",
    ),
    entry(
        Policy::UnknownAttributes,
        "unknown-attributes",
        ["ignore", "refuse"],
        1,
        "attributes in a resource that no schema defines",
        "okta.md 3.2",
    ),
    entry(
        Policy::UnlistedExtension,
        "unlisted-extension",
        ["accept", "refuse"],
        1,
        "an extension's container whose URN is missing from `schemas`",
        "entra.md 4.3",
    ),
    entry(
        Policy::ExtensionAtTop,
        "extension-at-top",
        ["apply", "ignore"],
        1,
        "an extension's attribute named without its URN",
        "entra.md 5.6",
    ),
    entry(
        Policy::MissingSchemas,
        "missing-schemas",
        ["refuse", "infer"],
        0,
        "a body without `schemas`",
        "RFC 7643 section 3",
    ),
    entry(
        Policy::EmptyOperations,
        "empty-operations",
        ["accept", "refuse"],
        1,
        "a PATCH with an empty list of operations",
        "rfc7644-3.5.2-operations-required",
    ),
    entry(
        Policy::EmptyTexts,
        "empty-texts",
        ["clear", "keep"],
        1,
        "an empty text as value: unassigned, or a value like others",
        "ambiguity 14; okta.md 3.5",
    ),
    entry(
        Policy::RemoveWithoutMatch,
        "remove-without-match",
        ["accept", "no-target"],
        1,
        "`remove` with a filter that matches nothing (never refused for members)",
        "ambiguity 4",
    ),
    entry(
        Policy::UniquenessStatus,
        "uniqueness-on-change",
        ["409", "400"],
        0,
        "status of a uniqueness conflict by PUT or PATCH",
        "ambiguity 2",
    ),
    entry(
        Policy::StaleVersion,
        "stale-version",
        ["412", "409"],
        0,
        "status of a failed If-Match",
        "ambiguity 3",
    ),
    entry(
        Policy::UnknownMembers,
        "unknown-members",
        ["refuse", "store"],
        0,
        "a group member that does not exist",
        "rfc7644-3.5.2.1-members-add-unknown",
    ),
    entry(
        Policy::GroupNames,
        "group-names",
        ["any", "unique"],
        0,
        "two groups with one `displayName`",
        "entra.md 7",
    ),
    entry(
        Policy::OmittedOnPut,
        "omitted-on-put",
        ["clear", "keep"],
        0,
        "attributes that a PUT leaves out",
        "ambiguity 19",
    ),
    entry(
        Policy::ReplaceElement,
        "replace-element",
        ["replace", "merge"],
        0,
        "`replace` of `a[filter]` with an object",
        "ambiguity 7",
    ),
    entry(
        Policy::AddComplex,
        "add-complex",
        ["merge", "replace"],
        0,
        "`add` of an object to a complex attribute that has a value",
        "ambiguity 6",
    ),
    entry(
        Policy::NotEqual,
        "not-equal",
        ["any-value", "no-value"],
        0,
        "`ne` on a multi-valued attribute: true when any value differs, or when no value is equal",
        "ambiguity 12",
    ),
    entry(
        Policy::BareMultiValued,
        "bare-multi-valued",
        ["value", "refuse"],
        1,
        "`emails co \"x\"` without sub-attribute: compares `value`, or is refused",
        "ambiguity 13",
    ),
    entry(
        Policy::NullComparison,
        "null-comparison",
        ["unassigned", "refuse"],
        1,
        "`title eq null`",
        "ambiguity 14",
    ),
    entry(
        Policy::UnquotedValues,
        "unquoted-values",
        ["accept", "refuse"],
        1,
        "a filter value without quotes",
        "rfc7644-3.4.2.2-unquoted-string",
    ),
    entry(
        Policy::ValuePathSubAttribute,
        "value-path-sub-attribute",
        ["accept", "refuse"],
        1,
        "`emails[type eq \"work\"].value eq \"x\"` as a filter",
        "entra.md 2.1",
    ),
    entry(
        Policy::UnknownFilterAttribute,
        "unknown-filter-attribute",
        ["no-match", "refuse"],
        1,
        "a filter on an attribute that no schema defines",
        "rfc7644-3.4.2.2-unknown-attribute",
    ),
    entry(
        Policy::BothProjections,
        "both-projections",
        ["refuse", "attributes"],
        0,
        "`attributes` together with `excludedAttributes`",
        "ambiguity 17",
    ),
    entry(
        Policy::DiscoveryFilter,
        "discovery-filter",
        ["refuse", "ignore"],
        0,
        "`filter` on a discovery endpoint: 403, or without effect",
        "ambiguity 18",
    ),
    entry(
        Policy::BulkStatus,
        "bulk-status",
        ["text", "object"],
        0,
        "form of `status` in bulk answers",
        "ambiguity 20",
    ),
    entry(
        Policy::NegativeCursorCount,
        "negative-cursor-count",
        ["zero", "refuse"],
        0,
        "a negative `count` with a cursor",
        "ambiguity 21",
    ),
    entry(
        Policy::ItemsPerPage,
        "items-per-page",
        ["actual", "requested"],
        0,
        "meaning of `itemsPerPage`",
        "ambiguity 22",
    ),
    entry(
        Policy::NamePreparation,
        "name-preparation",
        ["prepared", "case-only"],
        0,
        "how unique names are compared: after Unicode preparation (width, composition, case), or only without case",
        "ambiguity 23",
    ),
    entry(
        Policy::PatchAnswer,
        "patch-answer",
        ["resource", "empty"],
        0,
        "answer to a PATCH: 200 with the resource, or 204",
        "RFC 7644 3.5.2",
    ),
    entry(
        Policy::UnacceptableAccept,
        "unacceptable-accept",
        ["ignore", "406"],
        1,
        "an Accept header that no answer can meet",
        "RFC 9110 15.5.7",
    ),
    entry(
        Policy::RepeatedNames,
        "repeated-names",
        ["refuse", "last"],
        0,
        "a name twice in one object",
        "RFC 8259 section 4",
    ),
    entry(
        Policy::ValueSyntax,
        "value-syntax",
        ["store", "refuse"],
        1,
        "texts that are no URI, country code or base64 where one belongs",
        "RFC 7643 4.1",
    ),
];

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
    }
}
