//! Equality as SCIM has it (RFC 7643 2.1, 2.2, 2.4, 2.5; RFC 7644 3.5.2): member names without case, absent = `null` =
//! `[]`, arrays without order, instants as instants, letter case as `caseExact` says.

mod align;
mod canonical;
mod case;
mod ignored;
mod label;
mod members;
mod walk;

pub use canonical::{instant_of, key};

use serde_json::Value;

/// One place where two JSON values are not equal.
#[derive(Debug, Clone, PartialEq)]
pub struct Difference {
    /// SCIM path (`emails[type eq "work"].value`, `urn:…:User:department`); empty for the whole value.
    pub path: String,
    /// What was expected; `None`: nothing.
    pub expected: Option<Value>,
    /// What came; `None`: nothing.
    pub received: Option<Value>,
    /// Two texts that differ in letter case only, in an attribute that is not `caseExact`.
    pub only_case: bool,
}

/// How to compare.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// The received value may have members that the expected one does not name; arrays must still have as many elements.
    pub subset: bool,
    /// SCIM paths that do not matter, with all that is below them: `meta.lastModified`, `members[value eq "x"].display`.
    pub ignored: Vec<String>,
}

/// Where the two values differ, in the order of `expected`, then what only `received` has. Empty: equal.
pub fn differences(expected: &Value, received: &Value, options: &Options) -> Vec<Difference> {
    walk::differences(expected, received, options)
}

/// Equal as SCIM has it; letter case counts only where the attribute is `caseExact`.
pub fn equal(left: &Value, right: &Value) -> bool {
    differences(left, right, &Options::default())
        .iter()
        .all(|difference| difference.only_case)
}

/// Counts as not there: `null` or `[]` (RFC 7643 2.5).
pub fn is_absent(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(items) => items.is_empty(),
        _ => false,
    }
}

#[cfg(test)]
mod tests;
