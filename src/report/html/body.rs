//! Bodies in HTML: indented, with a mark at each line that is not as it must be, or short and as they came.

use serde_json::Value;

use super::super::clean::html;
use super::super::traffic::text;
use crate::exchange::Body;

/// Bytes of a body that are shown.
const LONGEST: usize = 4096;
/// Bytes of a body that are shown where an exchange is in short.
const LONGEST_SHORT: usize = 1024;

/// A body after an empty line, if there is one; of a long one the beginning and its size. Lines that hold one of these paths
/// are marked.
pub(super) fn whole(body: &Body, paths: &[&str]) -> Option<String> {
    if body.is_empty() {
        return None;
    }
    let text = text(body);
    let (start, rest) = cut(&text, LONGEST, body);
    let marks = marks(body, &text, paths);
    let lines: Vec<String> = start
        .lines()
        .enumerate()
        .map(|(number, line)| match marks.contains(&number) {
            true => {
                let (indent, rest) = line.split_at(line.len() - line.trim_start().len());
                format!("{indent}<mark>{}</mark>", html(rest))
            }
            false => html(line),
        })
        .collect();
    Some(format!("\n{}{rest}", lines.join("\n")))
}

/// A body as it came, if there is one.
pub(super) fn short(body: &Body) -> Option<String> {
    if body.is_empty() {
        return None;
    }
    let text = body.text();
    let (start, rest) = cut(&text, LONGEST_SHORT, body);
    Some(format!("\n{}{rest}", html(start)))
}

/// The beginning, and what is said of the rest.
fn cut<'t>(text: &'t str, limit: usize, body: &Body) -> (&'t str, String) {
    let end = (0..=limit.min(text.len()))
        .rev()
        .find(|end| text.is_char_boundary(*end))
        .unwrap_or(0);
    let rest = match end < text.len() {
        true => format!(
            "\n<i>… a body of {} bytes; the event stream has all of it</i>",
            body.bytes().len()
        ),
        false => String::new(),
    };
    (&text[..end], rest)
}

/// The lines of an indented body at which these attributes stand. What is told by its name alone is found by its name alone: an
/// element of a list is not told apart from its neighbours.
fn marks(body: &Body, text: &str, paths: &[&str]) -> Vec<usize> {
    let is_indented = serde_json::from_slice::<Value>(body.bytes())
        .is_ok_and(|value| value.is_object() || value.is_array());
    let names: Vec<Vec<&str>> = paths.iter().map(|path| names(path)).collect();
    if !is_indented || names.iter().all(Vec::is_empty) {
        return Vec::new();
    }
    let mut above: Vec<(usize, String)> = Vec::new();
    let mut found = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let indent = line.len() - line.trim_start().len();
        above.retain(|(depth, _)| *depth < indent);
        let Some(name) = line
            .trim_start()
            .strip_prefix('"')
            .and_then(|rest| rest.split_once("\":"))
            .map(|(name, _)| name.to_owned())
        else {
            continue;
        };
        above.push((indent, name));
        let here = |names: &Vec<&str>| {
            names.len() == above.len()
                && names
                    .iter()
                    .zip(&above)
                    .all(|(name, (_, known))| name.eq_ignore_ascii_case(known))
        };
        if names.iter().any(here) {
            found.push(number);
        }
    }
    found
}

/// The names in a path from the outermost in: `emails[type eq "work"].value` is `emails`, `value`. Nothing for what is no
/// path of an attribute.
fn names(path: &str) -> Vec<&str> {
    if path.is_empty() || path == "status" || path.starts_with("header ") {
        return Vec::new();
    }
    let mut names = Vec::new();
    let (mut rest, mut filters) = (path, 0_usize);
    if let Some((urn, attribute)) = path
        .starts_with("urn:")
        .then(|| path.rsplit_once(':'))
        .flatten()
    {
        // An extension's attributes stand in the extension's object.
        names.push(urn);
        rest = attribute;
    }
    let mut start = 0;
    for (place, letter) in rest.char_indices() {
        match letter {
            '[' => filters += 1,
            ']' => filters = filters.saturating_sub(1),
            '.' if filters == 0 => {
                names.push(&rest[start..place]);
                start = place + 1;
            }
            _ => {}
        }
    }
    names.push(&rest[start..]);
    names
        .into_iter()
        .map(|name| name.split('[').next().unwrap_or(name))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{names, whole};
    use crate::exchange::Body;

    #[test]
    fn the_line_that_is_wrong_is_marked() {
        let body = Body::new(
            r#"{"active":"True","emails":[{"value":"a","active":1}],"urn:x:2.0:User":{"manager":{"value":"b"}}}"#,
        );
        let told = whole(
            &body,
            &[
                "active",
                "emails[type eq \"a.b\"].value",
                "urn:x:2.0:User:manager.value",
                "missing",
            ],
        )
        .unwrap();
        let marked: Vec<&str> = told
            .lines()
            .filter(|line| line.contains("<mark>"))
            .collect();
        assert_eq!(
            marked,
            [
                "  <mark>\"active\": \"True\",</mark>",
                "      <mark>\"value\": \"a\",</mark>",
                "      <mark>\"value\": \"b\"</mark>",
            ]
        );
        assert_eq!(names("status"), Vec::<&str>::new());
        assert_eq!(whole(&Body::new("<b>"), &["b"]).unwrap(), "\n&lt;b&gt;");
    }
}
