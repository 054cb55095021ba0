//! Differences as text.

use serde_json::Value;
use similar::{ChangeTag, TextDiff};

use super::clean::{shortened, visible};
use super::paint::Paint;
use crate::finding::Difference;

/// Values are shown up to this many bytes.
const LONGEST_VALUE: usize = 300;
/// More than these are counted only.
pub(super) const MOST: usize = 20;

/// Three lines for each difference: where, expected, received.
pub(crate) fn differences(differences: &[Difference], paint: Paint) -> Vec<String> {
    let mut lines: Vec<String> = differences
        .iter()
        .take(MOST)
        .flat_map(|difference| lines_of(difference, paint))
        .collect();
    if differences.len() > MOST {
        lines.push(format!("and {} more differences", differences.len() - MOST));
    }
    lines
}

fn lines_of(difference: &Difference, paint: Paint) -> Vec<String> {
    let path = place(difference);
    let note = if difference.only_case {
        format!("   ({ONLY_CASE})")
    } else {
        String::new()
    };
    let (expected, received) = sides(difference, paint);
    vec![
        format!("{}{note}", paint.bold(visible(path))),
        format!("  expected  {expected}"),
        format!("  received  {received}"),
    ]
}

/// What is said where two values differ in letter case only.
pub(super) const ONLY_CASE: &str = "only letter case differs";

/// Where something differs.
pub(super) fn place(difference: &Difference) -> &str {
    match difference.path.as_str() {
        "" => "the whole value",
        path => path,
    }
}

fn sides(difference: &Difference, paint: Paint) -> (String, String) {
    let (expected, received) = (
        shown(difference.expected.as_ref()),
        shown(difference.received.as_ref()),
    );
    let both_texts = matches!(
        (&difference.expected, &difference.received),
        (Some(Value::String(_)), Some(Value::String(_)))
    );
    if !both_texts || !paint.is_coloured() {
        return (expected, received);
    }
    let mut left = String::new();
    let mut right = String::new();
    let diff = TextDiff::from_unicode_words(expected.as_str(), received.as_str());
    for change in diff.iter_all_changes() {
        match change.tag() {
            ChangeTag::Equal => {
                left.push_str(change.value());
                right.push_str(change.value());
            }
            ChangeTag::Delete => left.push_str(&paint.removed(change.value())),
            ChangeTag::Insert => right.push_str(&paint.added(change.value())),
        }
    }
    (left, right)
}

/// A value in short.
pub(crate) fn shown(value: Option<&Value>) -> String {
    match value {
        None => "nothing".to_owned(),
        Some(value) => visible(&shortened(&value.to_string(), LONGEST_VALUE)),
    }
}
