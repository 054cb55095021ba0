//! Texts of strangers, safe to show and to paste.

use std::fmt::Write;

/// The text with everything that could act on a terminal or break XML 1.0 written out as `\u{1b}`: control characters
/// (ANSI escapes begin with one) except line feed and tab, direction marks, and what is no character. Carriage returns
/// before a line feed are dropped.
pub fn visible(text: &str) -> String {
    let mut clean = String::with_capacity(text.len());
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '\n' | '\t' => clean.push(letter),
            '\r' if letters.peek() == Some(&'\n') => {}
            _ if is_hidden(letter) => {
                write!(clean, "\\u{{{:x}}}", u32::from(letter))
                    .expect("writing to a String cannot fail");
            }
            _ => clean.push(letter),
        }
    }
    clean
}

fn is_hidden(letter: char) -> bool {
    letter.is_control()
        || matches!(letter, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
        || matches!(letter, '\u{2028}' | '\u{2029}' | '\u{feff}')
        || matches!(u32::from(letter) & 0xffff, 0xfffe | 0xffff)
        || matches!(letter, '\u{fdd0}'..='\u{fdef}')
}
