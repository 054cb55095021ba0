//! The words and signs of a script.

use serde_json::Number;

/// A word or sign.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Token {
    /// A name or keyword.
    Word(String),
    /// A text in quotes, or a template without `${}`.
    Text(String),
    Number(Number),
    /// A regular expression and its flags.
    Pattern(String, String),
    /// An operator or bracket; also what nobody knows.
    Sign(&'static str),
}

/// A token and the bytes of the script that it was.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Spelled {
    pub(super) token: Token,
    pub(super) from: usize,
    pub(super) to: usize,
    /// A line break stands before it.
    pub(super) new_line: bool,
}

/// Longer ones first.
const SIGNS: [&str; 36] = [
    "===", "!==", "...", "=>", "==", "!=", "<=", ">=", "&&", "||", "??", "?.", "++", "--", "+=",
    "(", ")", "{", "}", "[", "]", ".", ",", ";", ":", "?", "=", "<", ">", "!", "+", "-", "*", "/",
    "%", "&",
];
/// Stands for what no recognised pattern has.
const OTHER: &str = "…";

/// Splits a script. Nothing is an error: what is not known becomes a sign that fits nowhere.
pub(super) fn tokens(script: &str) -> Vec<Spelled> {
    let mut tokens: Vec<Spelled> = Vec::new();
    let mut at = 0;
    let mut new_line = true;
    while let Some(letter) = script[at..].chars().next() {
        let rest = &script[at..];
        if letter.is_whitespace() || letter == '\u{feff}' {
            new_line |= letter == '\n';
            at += letter.len_utf8();
            continue;
        }
        if rest.starts_with("//") {
            at += rest.find('\n').unwrap_or(rest.len());
            continue;
        }
        if rest.starts_with("/*") {
            at += rest.find("*/").map_or(rest.len(), |end| end + 2);
            continue;
        }
        let before = tokens.last().map(|spelled| &spelled.token);
        let (token, length) = match letter {
            '"' | '\'' | '`' => quoted(rest, letter),
            '0'..='9' => number(rest),
            letter if is_word(letter) => {
                let length = rest.find(|letter| !is_word(letter)).unwrap_or(rest.len());
                (Token::Word(rest[..length].to_owned()), length)
            }
            '/' if begins_value(before) => pattern(rest),
            _ => match SIGNS.into_iter().find(|sign| rest.starts_with(sign)) {
                Some(sign) => (Token::Sign(sign), sign.len()),
                None => (Token::Sign(OTHER), letter.len_utf8()),
            },
        };
        tokens.push(Spelled {
            token,
            from: at,
            to: at + length,
            new_line: std::mem::take(&mut new_line),
        });
        at += length;
    }
    tokens
}

fn is_word(letter: char) -> bool {
    letter.is_alphanumeric() || matches!(letter, '_' | '$')
}

/// Whether a slash behind this token begins a regular expression, and is no division.
fn begins_value(before: Option<&Token>) -> bool {
    match before {
        None => true,
        Some(Token::Sign(sign)) => !matches!(*sign, ")" | "]" | "}"),
        Some(_) => false,
    }
}

fn quoted(rest: &str, quote: char) -> (Token, usize) {
    let mut text = String::new();
    let mut letters = rest.char_indices().skip(1);
    while let Some((at, letter)) = letters.next() {
        match letter {
            '\\' => match letters.next().map(|(_, letter)| letter) {
                Some('n') => text.push('\n'),
                Some('r') => text.push('\r'),
                Some('t') => text.push('\t'),
                Some('u' | 'x') => return (Token::Sign(OTHER), rest.len()),
                Some('\n') | None => {}
                Some(other) => text.push(other),
            },
            letter if letter == quote => {
                let length = at + letter.len_utf8();
                return match quote == '`' && text.contains("${") {
                    true => (Token::Sign(OTHER), length),
                    false => (Token::Text(text), length),
                };
            }
            other => text.push(other),
        }
    }
    (Token::Sign(OTHER), rest.len())
}

fn number(rest: &str) -> (Token, usize) {
    let length = rest
        .find(|letter: char| !letter.is_ascii_alphanumeric() && letter != '.')
        .unwrap_or(rest.len());
    match rest[..length].parse() {
        Ok(number) => (Token::Number(number), length),
        Err(_) => (Token::Sign(OTHER), length),
    }
}

fn pattern(rest: &str) -> (Token, usize) {
    let (mut escaped, mut in_class) = (false, false);
    for (at, letter) in rest.char_indices().skip(1) {
        match letter {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '[' => in_class = true,
            ']' => in_class = false,
            '\n' => break,
            '/' if !in_class => {
                let flags = &rest[at + 1..];
                let end = flags
                    .find(|letter: char| !letter.is_ascii_alphabetic())
                    .unwrap_or(flags.len());
                let written = (rest[1..at].to_owned(), flags[..end].to_owned());
                return (Token::Pattern(written.0, written.1), at + 1 + end);
            }
            _ => {}
        }
    }
    (Token::Sign("/"), 1)
}

#[cfg(test)]
mod tests {
    use super::{Token, tokens};

    #[test]
    fn comments_and_escapes_are_read() {
        let script = "// a\nvar x = 'it\\'s'; /* b */ x.y >= 1.5 && /a[/]b/i.test(x) ` ${x}`";
        let words: Vec<Token> = tokens(script)
            .into_iter()
            .map(|spelled| spelled.token)
            .collect();
        assert!(words.contains(&Token::Text("it's".to_owned())));
        assert!(words.contains(&Token::Pattern("a[/]b".to_owned(), "i".to_owned())));
        assert!(words.contains(&Token::Sign(">=")));
        assert_eq!(words.last(), Some(&Token::Sign("…")));
    }

    proptest::proptest! {
        #[test]
        fn nothing_makes_it_panic(script in proptest::prelude::any::<String>()) {
            let _ = tokens(&script);
        }
    }
}
