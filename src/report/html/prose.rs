//! Sentences in HTML: what stands between backticks is code.

use super::super::clean::html;

/// A text that is safe to show; where backticks do not come in pairs it has no code.
pub(super) fn prose(text: &str) -> String {
    let parts: Vec<&str> = text.split('`').collect();
    if parts.len().is_multiple_of(2) {
        return html(text);
    }
    let parts = parts.iter().enumerate().map(|(position, part)| {
        let part = html(part);
        match position % 2 {
            1 => format!("<code>{part}</code>"),
            _ => part,
        }
    });
    parts.collect()
}

#[cfg(test)]
mod tests {
    use super::prose;

    #[test]
    fn pairs_of_backticks_are_code() {
        assert_eq!(prose("no `<id>` in it"), "no <code>&lt;id&gt;</code> in it");
        assert_eq!(prose("`a` and `"), "`a` and `");
    }
}
