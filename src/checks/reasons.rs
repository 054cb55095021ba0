//! Checks of `scimType`: the word by which a client knows what kind of error it is.

use serde_json::Value;

use crate::checks::seen::{Seen, differs};
use crate::checks::{Check, Judged, Stake, texts};
use crate::scim::locate::member;

/// The words of RFC 7644 3.12 table 9, RFC 7644 7.5.2 (`sensitive`) and RFC 9865 2.1.
const WORDS: [&str; 13] = [
    "invalidFilter",
    "tooMany",
    "uniqueness",
    "mutability",
    "invalidSyntax",
    "invalidPath",
    "noTarget",
    "invalidValue",
    "invalidVers",
    "sensitive",
    "invalidCursor",
    "expiredCursor",
    "invalidCount",
];

pub(super) const CHECKS: &[Check] = &[
    Check {
        id: "scim-type-is-word",
        rule: "`scimType` is written as the RFC writes it",
        stakes: &[Stake::must("RFC 7644 3.12")],
        requirements: &["rfc7644-3.12-scimtype-keyword"],
        texts: texts!("scim-type-is-word"),
        judge: scim_type_is_word,
    },
    Check {
        id: "scim-type-is-registered",
        rule: "`scimType` is one of the words that clients know",
        stakes: &[Stake::should("RFC 7644 3.12")],
        requirements: &[],
        texts: texts!("scim-type-is-registered"),
        judge: scim_type_is_registered,
    },
    Check {
        id: "scim-type-fits-status",
        rule: "`scimType` goes with the status that it explains",
        stakes: &[Stake::should("RFC 7644 3.12")],
        requirements: &[],
        texts: texts!("scim-type-fits-status"),
        judge: scim_type_fits_status,
    },
    Check {
        id: "conflict-names-uniqueness",
        rule: "a create that conflicts with what is there says `uniqueness`",
        stakes: &[Stake::must("RFC 7644 3.3, 3.12")],
        requirements: &[
            "rfc7644-3.3-409-uniqueness",
            "rfc7644-3.12-scimtype-uniqueness",
        ],
        texts: texts!("conflict-names-uniqueness"),
        judge: conflict_names_uniqueness,
    },
];

/// The `scimType` of a SCIM error; null is as good as none (RFC 7643 2.5).
fn word_of<'a>(seen: &Seen<'a>) -> Option<&'a Value> {
    let is_error = seen.status() >= 400 && seen.is_error();
    let body = seen.object().filter(|_| is_error)?;
    member(body, "scimType").filter(|word| !word.is_null())
}

/// The word as the RFC writes it, if this is one of them in any letter case.
fn registered(word: &str) -> Option<&'static str> {
    WORDS
        .into_iter()
        .find(|known| known.eq_ignore_ascii_case(word.trim()))
}

/// What a language makes of nothing when it writes it as a text.
fn says_nothing(word: &str) -> bool {
    matches!(word.trim(), "" | "null" | "none" | "None" | "undefined")
}

/// The only conflict for which RFC 7644 3.3 demands a word.
fn is_conflict_of_create(seen: &Seen<'_>) -> bool {
    seen.is("POST") && seen.address.is_collection() && seen.status() == 409
}

fn scim_type_is_word(seen: &Seen<'_>) -> Judged {
    let Some(said) = word_of(seen) else {
        return Judged::Silent;
    };
    let (message, expected) = match said {
        Value::String(word) => match registered(word) {
            Some(known) if known == word => return Judged::Holds,
            Some(known) => (
                format!("`scimType` is \"{word}\", which the RFC writes \"{known}\""),
                known,
            ),
            None if says_nothing(word) => (
                format!("`scimType` is \"{word}\", which says nothing"),
                "one of the words of RFC 7644 3.12, or no `scimType`",
            ),
            None => return Judged::Silent,
        },
        _ => (
            "`scimType` is not a text".to_owned(),
            "one of the words of RFC 7644 3.12",
        ),
    };
    Judged::broken(message, differs("scimType", expected, Some(said)))
}

fn scim_type_is_registered(seen: &Seen<'_>) -> Judged {
    let Some(Value::String(word)) = word_of(seen).filter(|_| !is_conflict_of_create(seen)) else {
        return Judged::Silent;
    };
    match registered(word) {
        Some(_) => Judged::Holds,
        None if says_nothing(word) => Judged::Silent,
        None => Judged::broken(
            format!("`scimType` is \"{word}\", which no client knows"),
            differs(
                "scimType",
                "one of the words of RFC 7644 3.12, or no `scimType`",
                Some(&word.as_str().into()),
            ),
        ),
    }
}

fn scim_type_fits_status(seen: &Seen<'_>) -> Judged {
    let Some(Value::String(word)) = word_of(seen) else {
        return Judged::Silent;
    };
    let Some(known) = registered(word) else {
        return Judged::Silent;
    };
    // Table 9 is about 400; 3.3 wants 409 for `uniqueness`, 7.5.2 has 403 for `sensitive`, and table 8 lets a version
    // conflict be 409.
    let right: &[u16] = match known {
        "uniqueness" => &[400, 409],
        "sensitive" => &[400, 403],
        "mutability" | "invalidVers" => &[400, 409],
        "tooMany" => &[400, 413],
        _ => &[400],
    };
    match right.contains(&seen.status()) {
        true => Judged::Holds,
        false => Judged::broken(
            format!("`scimType` {known} comes with {}", seen.status()),
            differs("status", right[0], Some(&seen.status().into())),
        ),
    }
}

fn conflict_names_uniqueness(seen: &Seen<'_>) -> Judged {
    if !is_conflict_of_create(seen) {
        return Judged::Silent;
    }
    let Some(body) = seen.object().filter(|_| seen.is_error()) else {
        return Judged::Silent;
    };
    let said = member(body, "scimType").filter(|word| !word.is_null());
    let message = match said {
        Some(Value::String(word)) => match registered(word) {
            Some("uniqueness") => return Judged::Holds,
            // What is no word at all is said elsewhere.
            None if says_nothing(word) => return Judged::Silent,
            _ => format!("the conflict of a create says `scimType` {word}"),
        },
        Some(_) => return Judged::Silent,
        None => "the conflict of a create says no `scimType`".to_owned(),
    };
    Judged::broken(message, differs("scimType", "uniqueness", said))
}
