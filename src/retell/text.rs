//! The text of a retold scenario: YAML that reads the same for every reader.

use crate::scenario::flow::{in_quotes, is_printable};
use crate::scenario::template::Text;

/// `1 request`, `2 requests`.
pub(super) fn count(number: usize, what: &str) -> String {
    match number {
        1 => format!("1 {what}"),
        _ => format!("{number} {what}s"),
    }
}

/// Somebody else's words on one line, without what a terminal or YAML would take for a command.
pub(super) fn plain(words: &str) -> String {
    const MOST: usize = 160;
    let mut plain: String = words
        .chars()
        .map(|letter| if is_printable(letter) { letter } else { ' ' })
        .take(MOST)
        .collect();
    if words.chars().count() > MOST {
        plain.push('…');
    }
    plain
}

/// A target or name: plain where everybody reads it as a text.
pub(super) fn scalar(written: &str) -> String {
    let first = written.chars().next().unwrap_or(' ');
    let plain = (first == '/' || first.is_ascii_alphabetic())
        && !written.contains(": ")
        && !written.contains(" #")
        && !written.ends_with([':', ' '])
        && written.chars().all(is_printable)
        && !is_word(written);
    if plain {
        written.to_owned()
    } else {
        in_quotes(written)
    }
}

/// What some reader takes for a boolean, a number or nothing.
fn is_word(written: &str) -> bool {
    const WORDS: [&str; 9] = ["true", "false", "yes", "no", "on", "off", "null", "y", "n"];
    WORDS.contains(&written.to_ascii_lowercase().as_str()) || written.parse::<f64>().is_ok()
}

/// A body behind its key, in a step: a block where lines show it as it is, else quotes.
pub(super) fn block(key: &str, text: &Text) -> String {
    let written = text.to_string();
    let shown = written
        .chars()
        .all(|letter| is_printable(letter) || letter == '\n')
        && !written.starts_with([' ', '\n'])
        && !written.ends_with('\n')
        && !written
            .lines()
            .any(|line| line.trim().is_empty() || line.ends_with(' '));
    if !shown || written.is_empty() {
        return format!("{key}: {}", in_quotes(&written));
    }
    let lines: Vec<String> = written
        .lines()
        .map(|line| format!("      {line}"))
        .collect();
    format!("{key}: |\n{}", lines.join("\n"))
}

#[cfg(test)]
mod tests {
    use super::{block, scalar};
    use crate::scenario::template::Text;

    #[test]
    fn a_body_is_a_block_where_that_shows_it_as_it_is() {
        let shown = |text: &str| block("body", &Text::literal(text));
        assert_eq!(shown("{\"a\":1}"), "body: |\n      {\"a\":1}");
        assert_eq!(
            shown("{\n  \"a\": 1\n}"),
            "body: |\n      {\n        \"a\": 1\n      }"
        );
        assert_eq!(shown("{}\n"), "body: \"{}\\n\"");
        assert_eq!(shown("\t\u{0}"), "body: \"\\t\\u0000\"");
    }

    #[test]
    fn hostile_texts_are_quoted() {
        assert_eq!(
            scalar("/Users?filter=a eq \"b\""),
            "/Users?filter=a eq \"b\""
        );
        assert_eq!(scalar("/a #b"), "\"/a #b\"");
        assert_eq!(scalar("no"), "\"no\"");
    }
}
