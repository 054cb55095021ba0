//! A command that sends a request again.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::clean::visible;
use crate::exchange::{MASKED, Request};

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

/// A command line for a POSIX shell that sends the same request; what was masked is taken from `$SCIM_TOKEN`.
pub fn curl(request: &Request) -> String {
    // -g: brackets in a filter are no globs; --path-as-is: dot segments are sent as they stand.
    let mut words = vec!["curl -sS -i -g --path-as-is".to_owned()];
    match request.method.as_str() {
        "GET" => {}
        "HEAD" => words.push("--head".to_owned()),
        method => words.push(format!("-X {}", quoted(method))),
    }
    words.push(quoted(&request.url()));
    for (name, value) in &request.headers {
        if BY_CURL.iter().any(|known| name.eq_ignore_ascii_case(known)) {
            continue;
        }
        let header = if value.is_empty() {
            format!("{name};")
        } else {
            format!("{name}: {value}")
        };
        words.push(format!("-H {}", quoted(&header)));
    }
    if request.header("accept").is_none() {
        words.push("-H 'accept:'".to_owned());
    }
    let bytes = request.body.bytes();
    if bytes.is_empty() {
        return in_one_line(&words);
    }
    if request.header("content-type").is_none() {
        words.push("-H 'content-type:'".to_owned());
    }
    let command = in_one_line(&words);
    if bytes.len() > LONGEST_BODY {
        return format!(
            "{command} --data-binary @FILE  # FILE: the body of {} bytes, in the event log",
            bytes.len()
        );
    }
    match std::str::from_utf8(bytes) {
        Ok(text) if visible(text) == text => format!("{command} --data-raw {}", quoted(text)),
        _ => format!(
            "printf %s {} | base64 -d | {command} --data-binary @-",
            STANDARD.encode(bytes)
        ),
    }
}

fn in_one_line(words: &[String]) -> String {
    visible(&words.join(" "))
}

/// One word for a POSIX shell.
fn quoted(text: &str) -> String {
    let mut word = String::new();
    for (position, part) in text.split(MASKED).enumerate() {
        if position > 0 {
            word.push_str("\"$SCIM_TOKEN\"");
        }
        if !part.is_empty() || (position == 0 && text.is_empty()) {
            word.push('\'');
            word.push_str(&part.replace('\'', "'\\''"));
            word.push('\'');
        }
    }
    word
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
            let output = Command::new("sh").args(["-c", &format!("printf %s {}", quoted(&text))]).output().unwrap();
            prop_assert_eq!(String::from_utf8(output.stdout).unwrap(), text);
        }
    }
}
