//! A command that sends a request again.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::{MASKED, Request, visible};

/// Longer bodies are not put on a command line.
const LONGEST_BODY: usize = 16 * 1024;
/// curl says these itself.
const BY_CURL: [&str; 5] = [
    "host",
    "content-length",
    "connection",
    "accept-encoding",
    "transfer-encoding",
];
/// What a covered credential of a request's head is called in a shell.
const TOKEN: &str = "SCIM_TOKEN";
/// The same for its body: a password must not become the token, nor the other way round.
const SECRET: &str = "SCIM_SECRET";

/// Begins and ends the name of a shell variable in a request; only who puts them there may ask for them.
pub(crate) const MARKS: (char, char) = ('\u{e000}', '\u{e001}');

/// A command line for a POSIX shell that sends the same request; what was masked is taken from `$SCIM_TOKEN`, in a body
/// from `$SCIM_SECRET`.
pub fn curl(request: &Request) -> String {
    // -g: brackets in a filter are no globs; --path-as-is: dot segments are sent as they stand.
    let mut words = vec!["curl -sS -i -g --path-as-is".to_owned()];
    words.extend(options(request, false));
    let command = in_one_line(&words);
    let bytes = request.body.bytes();
    if bytes.is_empty() {
        return command;
    }
    if bytes.len() > LONGEST_BODY {
        return format!(
            "{command} --data-binary @FILE  # FILE: the body of {} bytes, in the event log",
            bytes.len()
        );
    }
    match plain(bytes) {
        Some(text) => format!("{command} --data-raw {}", body_word(text, false)),
        None => format!(
            "printf %s {} | base64 -d | {command} --data-binary @-",
            STANDARD.encode(bytes)
        ),
    }
}

/// The words for everything but the body. `marked`: variables stand between [`MARKS`].
pub(crate) fn options(request: &Request, marked: bool) -> Vec<String> {
    let word = |text: &str| quoted(text, TOKEN, marked);
    let mut words = Vec::new();
    match request.method.as_str() {
        "GET" => {}
        "HEAD" => words.push("--head".to_owned()),
        method => words.push(format!("-X {}", word(method))),
    }
    words.push(word(&request.url()));
    for (name, value) in &request.headers {
        if BY_CURL.iter().any(|known| name.eq_ignore_ascii_case(known)) {
            continue;
        }
        let header = if value.is_empty() {
            format!("{name};")
        } else {
            format!("{name}: {value}")
        };
        words.push(format!("-H {}", word(&header)));
    }
    if request.header("accept").is_none() {
        words.push("-H 'accept:'".to_owned());
    }
    if !request.body.is_empty() && request.header("content-type").is_none() {
        words.push("-H 'content-type:'".to_owned());
    }
    words
}

/// The text of a body, if it can stand on a command line as it is.
pub(crate) fn plain(bytes: &[u8]) -> Option<&str> {
    std::str::from_utf8(bytes)
        .ok()
        .filter(|text| visible(text) == *text)
}

/// A body as one word.
pub(crate) fn body_word(text: &str, marked: bool) -> String {
    quoted(text, SECRET, marked)
}

/// Words as one line that holds nothing hidden.
pub(crate) fn in_one_line(words: &[String]) -> String {
    visible(&words.join(" "))
}

/// One word for a POSIX shell.
fn quoted(text: &str, covered: &str, marked: bool) -> String {
    let mut word = String::new();
    let mut literal = String::new();
    let mut rest = text;
    while let Some(letter) = rest.chars().next() {
        let variable = rest
            .strip_prefix(MASKED)
            .map(|rest| (covered, rest))
            .or_else(|| {
                let inside = rest.strip_prefix(MARKS.0).filter(|_| marked)?;
                inside.split_once(MARKS.1)
            });
        match variable {
            Some((name, behind)) => {
                word.push_str(&single(&std::mem::take(&mut literal)));
                word.push_str(&format!("\"${name}\""));
                rest = behind;
            }
            None => {
                literal.push(letter);
                rest = &rest[letter.len_utf8()..];
            }
        }
    }
    word.push_str(&single(&literal));
    match word.is_empty() {
        true => "''".to_owned(),
        false => word,
    }
}

/// In single quotes; nothing for nothing.
fn single(text: &str) -> String {
    match text.is_empty() {
        true => String::new(),
        false => format!("'{}'", text.replace('\'', "'\\''")),
    }
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use proptest::prelude::{any, prop_assert_eq, proptest};

    use super::{curl, quoted};
    use crate::exchange::{Api, Body, Request};

    fn request(body: &[u8]) -> Request {
        Request {
            api: Api::Scim,
            method: "PATCH".to_owned(),
            origin: "https://scim.example.test".to_owned(),
            target: "/Users?filter=emails[type%20eq%20'work']".to_owned(),
            headers: vec![
                ("host".to_owned(), "scim.example.test".to_owned()),
                ("authorization".to_owned(), "Bearer [secret]".to_owned()),
                (
                    "content-type".to_owned(),
                    "application/scim+json".to_owned(),
                ),
                ("accept".to_owned(), "application/scim+json".to_owned()),
            ],
            body: Body::new(body),
        }
    }

    #[test]
    fn the_token_is_a_variable_and_quotes_are_safe() {
        insta::assert_snapshot!(curl(&request(b"{\"a\":\"it's $HOME\"}")), @r#"curl -sS -i -g --path-as-is -X 'PATCH' 'https://scim.example.test/Users?filter=emails[type%20eq%20'\''work'\'']' -H 'authorization: Bearer '"$SCIM_TOKEN" -H 'content-type: application/scim+json' -H 'accept: application/scim+json' --data-raw '{"a":"it'\''s $HOME"}'"#);
    }

    #[test]
    fn bytes_that_are_no_text_go_through_base64() {
        let line = curl(&request(b"\xff\x1b[31m"));
        assert!(
            line.starts_with("printf %s /xtbMzFt | base64 -d | curl"),
            "{line}"
        );
        assert!(line.ends_with("--data-binary @-"), "{line}");
    }

    proptest! {
        #[test]
        fn the_shell_reads_back_what_was_quoted(text in any::<String>()) {
            let text = text.replace('\0', "");
            let output = Command::new("sh").args(["-c", &format!("printf %s {}", quoted(&text, "X", false))]).output().unwrap();
            prop_assert_eq!(String::from_utf8(output.stdout).unwrap(), text);
        }
    }
}
