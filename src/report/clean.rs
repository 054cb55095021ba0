//! Makes texts of strangers safe to show: in a terminal, in XML, in one line.

pub use crate::exchange::visible;

/// The same in one line: white space of any kind becomes one space.
pub fn one_line(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    visible(&words.join(" "))
}

/// Safe as XML text, attribute or CDATA section: [`visible`], and nothing that ends a CDATA section.
pub fn xml(text: &str) -> String {
    visible(text).replace("]]>", "]] >")
}

/// Safe as HTML text, not as an attribute: [`visible`], and no letter that begins a tag or a character reference.
pub fn html(text: &str) -> String {
    let mut clean = String::with_capacity(text.len());
    for letter in visible(text).chars() {
        match letter {
            '&' => clean.push_str("&amp;"),
            '<' => clean.push_str("&lt;"),
            '>' => clean.push_str("&gt;"),
            _ => clean.push(letter),
        }
    }
    clean
}

/// At most `limit` bytes of a text, the rest counted.
pub fn shortened(text: &str, limit: usize) -> String {
    if text.len() <= limit {
        return text.to_owned();
    }
    let end = (0..=limit)
        .rev()
        .find(|&end| text.is_char_boundary(end))
        .unwrap_or(0);
    format!("{}… ({} bytes in all)", &text[..end], text.len())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, prop_assert, prop_assert_eq, proptest};

    use super::{html, one_line, shortened, visible, xml};

    #[test]
    fn escapes_are_shown_not_obeyed() {
        assert_eq!(
            visible("a\u{1b}[31mred\u{9b}0m"),
            "a\\u{1b}[31mred\\u{9b}0m"
        );
        assert_eq!(visible("a\r\nb\rc\td"), "a\nb\\u{d}c\td");
        assert_eq!(visible("\u{202e}\u{fffe}"), "\\u{202e}\\u{fffe}");
        assert_eq!(one_line(" a\n\t b "), "a b");
        assert_eq!(xml("<![CDATA[x]]>"), "<![CDATA[x]] >");
        assert_eq!(
            html("<a href='x'>\u{7}&\""),
            "&lt;a href='x'&gt;\\u{7}&amp;\""
        );
        assert_eq!(shortened("aäb", 2), "a… (4 bytes in all)");
    }

    proptest! {
        #[test]
        fn cleaned_text_is_xml_text(text in any::<String>()) {
            let clean = xml(&text);
            prop_assert!(!clean.contains("]]>"));
            // XML 1.0, production 2 (Char).
            let allowed = |letter| matches!(
                letter, '\t' | '\n' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..='\u{10ffff}'
            );
            prop_assert!(clean.chars().all(allowed));
            prop_assert_eq!(xml(&clean), clean);
        }

        #[test]
        fn shortening_never_splits_a_character(text in any::<String>(), limit in 0_usize..40) {
            prop_assert!(shortened(&text, limit).len() <= text.len().max(limit + 40));
        }
    }
}
