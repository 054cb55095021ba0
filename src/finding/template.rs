//! Texts without what is different each time: one message template is one place in somebody's code.

use std::iter::Peekable;
use std::str::Chars;

/// Stands for what was taken out.
const GAP: &str = "…";
/// So many words must be left of a text for it to tell one reason from another: `Internal Server Error` fits any.
const TELLING: usize = 4;

/// The text without ids, names, numbers, paths and quoted parts, in one line.
pub(crate) fn template(text: &str) -> String {
    let mut words: Vec<String> = Vec::new();
    for word in unquoted(text).split_whitespace() {
        let word = match is_variable(word) {
            true => GAP.to_owned() + &end_of(word),
            false => word.to_owned(),
        };
        let repeats =
            word.starts_with(GAP) && words.last().is_some_and(|last| last.starts_with(GAP));
        if repeats {
            words.pop();
        }
        words.push(word);
    }
    words.join(" ")
}

/// What several texts of one template have in common, word by word. Ids are left out, so that the next run says the same.
pub(crate) fn common<'a>(texts: impl IntoIterator<Item = &'a str>) -> String {
    let mut texts = texts.into_iter();
    let Some(first) = texts.next() else {
        return String::new();
    };
    let mut words: Vec<&str> = first.split_whitespace().collect();
    let mut goes_on = false;
    for text in texts {
        let others: Vec<&str> = text.split_whitespace().collect();
        goes_on |= others.len() != words.len();
        words.truncate(others.len());
        for (word, other) in words.iter_mut().zip(others) {
            if *word != other {
                *word = GAP;
            }
        }
    }
    words
        .iter_mut()
        .filter(|word| is_id(word))
        .for_each(|word| *word = GAP);
    // Words that do not stand below each other have little in common.
    if words.iter().filter(|word| **word == GAP).count() * 2 > words.len() {
        return template(first);
    }
    words.extend(goes_on.then_some(GAP));
    words.dedup_by(|next, last| *next == GAP && *last == GAP);
    words.join(" ")
}

/// A SCIM path, filter or query without the values in it: `emails[type eq …].value`.
pub(crate) fn unquoted(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut letters = text.chars().peekable();
    let mut before = ' ';
    while let Some(letter) = letters.next() {
        let opens = match letter {
            '"' | '`' => true,
            // An apostrophe stands within a word.
            '\'' => !before.is_alphanumeric(),
            _ => false,
        };
        if opens && skip_quoted(&mut letters, letter) {
            plain.push_str(GAP);
        } else {
            plain.push(letter);
        }
        before = letter;
    }
    plain
}

/// Takes what follows up to the closing quote; nothing if there is none.
fn skip_quoted(letters: &mut Peekable<Chars<'_>>, quote: char) -> bool {
    let mut ahead = letters.clone();
    let mut escaped = false;
    while let Some(letter) = ahead.next() {
        let ends_word = ahead.peek().is_none_or(|next| !next.is_alphanumeric());
        if letter == quote && !escaped && (quote != '\'' || ends_word) {
            *letters = ahead;
            return true;
        }
        escaped = letter == '\\' && !escaped;
    }
    false
}

/// Whether enough words are left to tell one reason from another, after those that were `said` besides.
pub(crate) fn is_telling(template: &str, said: usize) -> bool {
    let words = template.split_whitespace().filter(|word| {
        let letters = word.chars().filter(|letter| letter.is_alphabetic());
        letters.count() >= 2
    });
    words.count() + said >= TELLING
}

/// An id, a number, an address, a path, or a name in camel case.
fn is_variable(word: &str) -> bool {
    let core = word.trim_end_matches(['.', ',', ':', ';', ')', '!', '?']);
    let mut letters = core.chars();
    let begins_small = letters.next().is_some_and(char::is_lowercase);
    core.contains(|letter: char| letter.is_ascii_digit() || "/@[]{}=…_.".contains(letter))
        || core.starts_with("urn:")
        || (begins_small && letters.any(char::is_uppercase))
}

/// A number in a long word of letters and digits, as ids and the names of test users have them.
fn is_id(word: &str) -> bool {
    word.len() >= 8 && word.chars().filter(char::is_ascii_digit).count() >= 2
}

/// The punctuation at the end of a word.
fn end_of(word: &str) -> String {
    let core = word.trim_end_matches(['.', ',', ':', ';', ')', '!', '?']);
    word[core.len()..].to_owned()
}

#[cfg(test)]
mod tests {
    use super::{common, is_telling, template, unquoted};

    #[test]
    fn what_differs_each_time_is_left_out() {
        for (text, expected) in [
            (
                "no value of 'phone_numbers' matches the path filter",
                "no value of … matches the path filter",
            ),
            (
                "Filter 'emails[type eq \"work\"].value' does not match any values for 'add' op of operation 3",
                "Filter … does not match any values for … op of operation …",
            ),
            (
                "Extra inputs are not permitted: roles[0].displayName",
                "Extra inputs are not permitted: …",
            ),
            (
                "User 2819c223-7f76-453a-919d-413861904646 can't be found",
                "User … can't be found",
            ),
            ("attribute nickName, userName", "attribute …"),
            ("an 'open quote", "an 'open quote"),
            ("", ""),
        ] {
            assert_eq!(template(text), expected);
        }
        assert_eq!(
            unquoted("emails[type eq \"a \\\" b\"].value"),
            "emails[type eq …].value"
        );
    }

    #[test]
    fn what_texts_have_in_common_is_told() {
        let of = |attribute: &str, number: u8| {
            format!("Attribute '{attribute}' must be a boolean in operation {number}")
        };
        let (one, two) = (of("active", 1), of("active", 2));
        assert_eq!(
            common([one.as_str(), two.as_str()]),
            "Attribute 'active' must be a boolean in operation …"
        );
        assert_eq!(common(["is 'a' right", "is 'b' right now"]), "is … right …");
        assert_eq!(
            common(["user 2819c223-7f76 is not there"]),
            "user … is not there"
        );
        assert_eq!(common([]), "");
    }

    #[test]
    fn a_text_that_fits_anything_tells_nothing() {
        assert!(!is_telling("Internal Server Error", 0));
        assert!(!is_telling("Invalid value: … … …", 1));
        assert!(is_telling("… already in use", 1));
        assert!(is_telling("no value of … matches the path filter", 0));
    }
}
