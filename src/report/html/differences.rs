//! What was expected beside what was received, with marks at what differs.

use serde_json::Value;
use similar::{ChangeTag, TextDiff};

use super::super::clean::{html, shortened, visible};
use super::super::difference::{MOST, ONLY_CASE, place};
use crate::finding::Difference;

/// Bytes of a value that are shown.
const LONGEST: usize = 4096;
/// Bytes of a value that stands in one line.
const LONGEST_LINE: usize = 48;

/// A row for each: where, expected, received.
pub(super) fn table(differences: &[Difference]) -> String {
    if differences.is_empty() {
        return String::new();
    }
    let mut table = String::from(
        "<table class=\"diff\"><thead><tr><th scope=\"col\">Where<th scope=\"col\">Expected<th scope=\"col\">Received</thead>\n",
    );
    for difference in differences.iter().take(MOST) {
        let note = match difference.only_case {
            true => format!("<br><small>{ONLY_CASE}</small>"),
            false => String::new(),
        };
        let (expected, received) = sides(difference);
        table.push_str(&format!(
            "<tr><th scope=\"row\"><code>{}</code>{note}<td><b>expected </b>{expected}<td><b>received </b>{received}\n",
            html(place(difference)),
        ));
    }
    table.push_str("</table>\n");
    if differences.len() > MOST {
        table.push_str(&format!(
            "<p>and {} more differences\n",
            differences.len() - MOST
        ));
    }
    table
}

/// Both values, marked where they differ if they are of one kind.
fn sides(difference: &Difference) -> (String, String) {
    match (&difference.expected, &difference.received) {
        (Some(expected), Some(received)) => {
            let (left, right) = (text(expected), text(received));
            let (left, right) = match (expected, received) {
                (Value::String(_), Value::String(_)) => {
                    marked(&TextDiff::from_unicode_words(left.as_str(), right.as_str()))
                }
                _ if left.contains('\n') && right.contains('\n') => {
                    marked(&TextDiff::from_lines(left.as_str(), right.as_str()))
                }
                _ => (html(&left), html(&right)),
            };
            (code(&left), code(&right))
        }
        (expected, received) => (alone(expected.as_ref()), alone(received.as_ref())),
    }
}

fn alone(value: Option<&Value>) -> String {
    match value {
        None => "<i>nothing</i>".to_owned(),
        Some(value) => code(&html(&text(value))),
    }
}

fn code(html: &str) -> String {
    match html.contains('\n') {
        true => format!("<pre>{html}</pre>"),
        false => format!("<code>{html}</code>"),
    }
}

fn is_large(value: &Value) -> bool {
    matches!(value, Value::Object(_) | Value::Array(_))
}

/// A value as JSON, indented if its parts need several lines.
fn text(value: &Value) -> String {
    let line = value.to_string();
    let text = match is_large(value) && line.len() > LONGEST_LINE {
        true => serde_json::to_string_pretty(value).unwrap_or(line),
        false => line,
    };
    visible(&shortened(&text, LONGEST))
}

/// Both sides; what only one of them has is marked.
fn marked(diff: &TextDiff<'_, '_, str>) -> (String, String) {
    let (mut left, mut right) = (String::new(), String::new());
    for change in diff.iter_all_changes() {
        let text = html(change.value());
        match change.tag() {
            ChangeTag::Equal => {
                left.push_str(&text);
                right.push_str(&text);
            }
            ChangeTag::Delete => left.push_str(&format!("<mark>{text}</mark>")),
            ChangeTag::Insert => right.push_str(&format!("<mark>{text}</mark>")),
        }
    }
    (left, right)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::sides;
    use crate::finding::Difference;

    fn told(expected: serde_json::Value, received: serde_json::Value) -> (String, String) {
        sides(&Difference {
            path: String::new(),
            expected: Some(expected),
            received: Some(received),
            only_case: false,
        })
    }

    #[test]
    fn what_differs_is_marked_in_texts_and_in_structures() {
        let (left, right) = told(json!("Ada <King>"), json!("Ada <Byron>"));
        assert_eq!(left, "<code>\"Ada &lt;<mark>King</mark>&gt;\"</code>");
        assert_eq!(right, "<code>\"Ada &lt;<mark>Byron</mark>&gt;\"</code>");
        let (left, right) = told(
            json!({"a": "x".repeat(48), "b": 2}),
            json!({"a": "x".repeat(48), "b": 3}),
        );
        assert!(
            left.starts_with("<pre>{\n") && left.ends_with("<mark>  \"b\": 2\n</mark>}</pre>"),
            "{left}"
        );
        assert!(right.contains("<mark>  \"b\": 3\n</mark>"), "{right}");
        let (left, right) = told(json!([200, 204]), json!([400]));
        assert_eq!(
            (left.as_str(), right.as_str()),
            ("<code>[200,204]</code>", "<code>[400]</code>")
        );
        let (left, right) = told(json!("1"), json!(1));
        assert_eq!(
            (left.as_str(), right.as_str()),
            ("<code>\"1\"</code>", "<code>1</code>")
        );
    }
}
