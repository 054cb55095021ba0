//! Words of a command line, as a shell takes them apart.

/// A command line, taken apart.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Command {
    /// Its words, without quotes.
    pub(super) words: Vec<String>,
    /// Bytes of the text that belong to it, up to the end of its last line.
    pub(super) length: usize,
    /// Byte of a quote that does not end.
    pub(super) open: Option<usize>,
}

/// The command line at the beginning of a text, for whatever shell it was written.
pub(super) fn command(text: &str) -> Command {
    // What Chrome copies for Windows escapes every quote by a caret; who writes by hand continues lines with it.
    let first = text.split('\n').next().unwrap_or_default();
    match first.contains("^\"") || first.trim_end().ends_with('^') {
        true => windows(text),
        false => posix(text),
    }
}

/// For `sh` and its kin. Two mistakes of people who paste are forgiven: lines that go on without a backslash, if an option
/// follows, and `&` in an address without quotes.
fn posix(text: &str) -> Command {
    let letters: Vec<(usize, char)> = text.char_indices().collect();
    let letter = |place: usize| letters.get(place).map(|(_, letter)| *letter);
    let offset = |place: usize| letters.get(place).map_or(text.len(), |(offset, _)| *offset);
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut at = 0;
    let mut is_over = false;
    while let Some(now) = letter(at) {
        if is_over && now != '\n' {
            at += 1;
            continue;
        }
        match now {
            '\n' if !is_over && goes_on(&text[offset(at + 1)..]) => words.extend(word.take()),
            '\n' => break,
            // A backslash with blanks behind it was meant as one at the end.
            '\\' | '`' if ends_line(&text[offset(at + 1)..]) => {
                at += text[offset(at + 1)..]
                    .chars()
                    .take_while(|letter| *letter != '\n')
                    .count()
                    + 1;
                words.extend(word.take());
            }
            '\\' => {
                at += 1;
                word.get_or_insert_default().extend(letter(at));
            }
            '\'' | '\u{2018}' | '"' | '\u{201c}' => {
                let (inside, end) = quoted(&letters, at + 1, now);
                let Some(end) = end else {
                    words.extend(word.take());
                    return Command {
                        words,
                        length: text.len(),
                        open: Some(offset(at)),
                    };
                };
                word.get_or_insert_default().push_str(&inside);
                at = end;
            }
            '$' if letter(at + 1) == Some('\'') => {
                let (inside, end) = ansi(&letters, at + 2);
                let Some(end) = end else {
                    words.extend(word.take());
                    return Command {
                        words,
                        length: text.len(),
                        open: Some(offset(at)),
                    };
                };
                word.get_or_insert_default().push_str(&inside);
                at = end;
            }
            '#' if word.is_none() => is_over = true,
            ';' | '|' | '>' | '<' | ')' => is_over = true,
            '&' if word.is_none()
                || letter(at + 1).is_none_or(|next| next.is_whitespace() || next == '&') =>
            {
                is_over = true;
            }
            _ if now.is_whitespace() => words.extend(word.take()),
            _ => word.get_or_insert_default().push(now),
        }
        at += 1;
    }
    // `2>` names a stream, not an argument.
    if is_over && word.as_deref() == Some("2") {
        word = None;
    }
    words.extend(word);
    Command {
        words,
        length: offset(at),
        open: None,
    }
}

/// For `cmd.exe`, whose caret escapes, and programs of Windows, whose backslash escapes quotes.
fn windows(text: &str) -> Command {
    let letters: Vec<(usize, char)> = text.char_indices().collect();
    let letter = |place: usize| letters.get(place).map(|(_, letter)| *letter);
    let mut line = String::new();
    let mut at = 0;
    let mut in_quotes = false;
    while let Some(now) = letter(at) {
        match now {
            '^' if !in_quotes => {
                at += 1;
                match (letter(at), letter(at + 1)) {
                    // A line break within a word is written as a caret and two of them.
                    (Some('\n'), Some('\n')) => {
                        line.push('\n');
                        at += 1;
                    }
                    (Some('\n'), _) | (None, _) => {}
                    (Some(escaped), _) => line.push(escaped),
                }
            }
            '\n' if !in_quotes => break,
            '"' => {
                // What stands before it tells whether cmd sees it; it does not know the backslash.
                in_quotes = !in_quotes;
                line.push('"');
            }
            _ => line.push(now),
        }
        at += 1;
    }
    let (words, is_open) = arguments(&line);
    Command {
        words,
        length: letters.get(at).map_or(text.len(), |(offset, _)| *offset),
        open: is_open.then_some(0),
    }
}

/// Words as programs of Windows read their command line; whether a quote stays open.
fn arguments(line: &str) -> (Vec<String>, bool) {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut in_quotes = false;
    let mut backslashes = 0;
    let mut letters = line.chars().peekable();
    while let Some(now) = letters.next() {
        if now == '\\' {
            backslashes += 1;
            continue;
        }
        if backslashes > 0 {
            let kept = match now {
                '"' => backslashes / 2,
                _ => backslashes,
            };
            word.get_or_insert_default().push_str(&"\\".repeat(kept));
        }
        let escaped = backslashes % 2 == 1;
        backslashes = 0;
        match now {
            '"' if escaped => word.get_or_insert_default().push('"'),
            '"' if in_quotes && letters.peek() == Some(&'"') => {
                letters.next();
                word.get_or_insert_default().push('"');
            }
            '"' => {
                in_quotes = !in_quotes;
                word.get_or_insert_default();
            }
            _ if now.is_whitespace() && !in_quotes => words.extend(word.take()),
            _ => word.get_or_insert_default().push(now),
        }
    }
    if backslashes > 0 {
        word.get_or_insert_default()
            .push_str(&"\\".repeat(backslashes));
    }
    words.extend(word);
    (words, in_quotes)
}

/// What stands in quotes, and the place of the closing one.
fn quoted(letters: &[(usize, char)], start: usize, quote: char) -> (String, Option<usize>) {
    // Text processors make quotes curly.
    let (closing, escapes) = match quote {
        '\'' => ('\'', false),
        '\u{2018}' => ('\u{2019}', false),
        '"' => ('"', true),
        _ => ('\u{201d}', true),
    };
    let mut inside = String::new();
    let mut at = start;
    while let Some((_, now)) = letters.get(at).copied() {
        match (now, letters.get(at + 1).map(|(_, next)| *next)) {
            (now, _) if now == closing => return (inside, Some(at)),
            ('\\', Some('\n')) if escapes => at += 1,
            ('\\', Some(next)) if escapes && "\"\\$`\u{201d}".contains(next) => {
                inside.push(next);
                at += 1;
            }
            _ => inside.push(now),
        }
        at += 1;
    }
    (inside, None)
}

/// What stands in `$'…'`, and the place of the closing quote.
fn ansi(letters: &[(usize, char)], start: usize) -> (String, Option<usize>) {
    let letter = |place: usize| letters.get(place).map(|(_, letter)| *letter);
    let mut inside = String::new();
    let mut at = start;
    while let Some(now) = letter(at) {
        if now == '\'' {
            return (inside, Some(at));
        }
        if now != '\\' {
            inside.push(now);
            at += 1;
            continue;
        }
        let escape = letter(at + 1).unwrap_or('\\');
        at += 2;
        let digits = match escape {
            'x' => 2,
            'u' => 4,
            'U' => 8,
            _ => 0,
        };
        let hexadecimal: String = letters
            .iter()
            .skip(at)
            .map(|(_, letter)| *letter)
            .take(digits)
            .take_while(char::is_ascii_hexdigit)
            .collect();
        if let Some(named) = u32::from_str_radix(&hexadecimal, 16)
            .ok()
            .and_then(char::from_u32)
        {
            inside.push(named);
            at += hexadecimal.len();
            continue;
        }
        inside.push(match escape {
            'n' => '\n',
            't' => '\t',
            'r' => '\r',
            'a' => '\u{7}',
            'b' => '\u{8}',
            'e' | 'E' => '\u{1b}',
            'f' => '\u{c}',
            'v' => '\u{b}',
            other => other,
        });
    }
    (inside, None)
}

/// Nothing but blanks up to the end of the line, which is not the end of the text.
fn ends_line(rest: &str) -> bool {
    rest.find('\n')
        .is_some_and(|end| rest[..end].trim().is_empty())
}

/// The next line begins with an option: whoever pasted this lost a backslash.
fn goes_on(rest: &str) -> bool {
    let option = rest.trim_start_matches([' ', '\t']).strip_prefix('-');
    option.is_some_and(|option| {
        let mut letters = option.trim_start_matches('-').chars();
        letters
            .next()
            .is_some_and(|letter| letter.is_ascii_alphabetic())
            && letters.next().is_none_or(|letter| {
                letter.is_ascii_alphabetic() || letter.is_whitespace() || letter == '\''
            })
    })
}

#[cfg(test)]
mod tests {
    use super::command;

    fn words(text: &str) -> Vec<String> {
        command(text).words
    }

    #[test]
    fn words_are_those_of_a_posix_shell() {
        assert_eq!(
            words(
                "curl -X 'PO''ST' \"a \\\"b\\\" $c\" \\\n  d\\ e --json $'it\\'s\\n\\u00fc\\x41' # said"
            ),
            [
                "curl",
                "-X",
                "POST",
                "a \"b\" $c",
                "d e",
                "--json",
                "it's\nüA"
            ]
            .map(str::to_owned)
        );
        assert_eq!(words("a '' b 2>/dev/null | jq ."), ["a", "", "b"]);
        assert_eq!(words("a; b"), ["a"]);
        assert_eq!(words("a && b"), ["a"]);
    }

    #[test]
    fn mistakes_of_people_who_paste_are_forgiven() {
        assert_eq!(words("curl u \\  \n-X PUT"), ["curl", "u", "-X", "PUT"]);
        assert_eq!(
            words("curl u\n  -H 'a: b'\n--data x\nand"),
            ["curl", "u", "-H", "a: b", "--data", "x"]
        );
        assert_eq!(words("curl /a?b=1&c=2"), ["curl", "/a?b=1&c=2"]);
        assert_eq!(
            words("curl \u{201c}/a b\u{201d} -X \u{2018}PUT\u{2019}"),
            ["curl", "/a b", "-X", "PUT"]
        );
        assert_eq!(
            words("curl.exe a `\n -X PUT"),
            ["curl.exe", "a", "-X", "PUT"]
        );
    }

    #[test]
    fn words_are_those_of_windows() {
        let text = "curl ^\"https://a.test/Users?a=1^&b=2^\" ^\n  -X ^\"PATCH^\" ^\n  --data-raw ^\"^{^\\^\"a^\\^\":^\\^\"b c^\\^\"^}^\"\nnext";
        assert_eq!(
            words(text),
            [
                "curl",
                "https://a.test/Users?a=1&b=2",
                "-X",
                "PATCH",
                "--data-raw",
                "{\"a\":\"b c\"}"
            ]
        );
        assert_eq!(
            words("curl \"https://a.test/\" ^\n -d \"{\\\"a\\\":1}\" -H \"x: \"\"y\"\"\""),
            [
                "curl",
                "https://a.test/",
                "-d",
                "{\"a\":1}",
                "-H",
                "x: \"y\""
            ]
        );
    }

    #[test]
    fn an_open_quote_has_its_place() {
        assert_eq!(command("curl 'a b").open, Some(5));
        assert_eq!(command("curl $'a b").open, Some(5));
        assert_eq!(command("curl a\nb").open, None);
        assert_eq!(command("curl a\nb").length, 6);
    }
}
