//! A script for a POSIX shell that sends the requests again with curl. Ids are taken out of answers with `grep` and `cut`,
//! which every system has.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::story::{BASE, Call, Options, RUN, Story};
use crate::exchange::Exchange;
use crate::exchange::curl::{body_word, in_one_line, options, plain};
use crate::exchange::visible;

/// Longer bodies do not fit on a command line of every system (128 KiB for one word on Linux).
const LONGEST_WORD: usize = 100 * 1024;

/// Sends a request, says how it was answered, and keeps the answer.
const SEND: &str = r#"# send NUMBER NAME RECORDED-STATUS CURL-ARGUMENTS: the answer stays in $answer
send() {
  number=$1 name=$2 recorded=$3
  shift 3
  answer=$(curl -sS -g --path-as-is -w '\n%{http_code}' "$@")
  status=$(printf '%s\n' "$answer" | tail -n 1)
  answer=$(printf '%s\n' "$answer" | sed '$d')
  if [ "$recorded" = - ] || [ "$status" = "$recorded" ]; then
    printf '# %s %s: %s\n' "$number" "$name" "$status" >&2
  else
    printf '# %s %s: %s, and %s when it was recorded\n' "$number" "$name" "$status" "$recorded" >&2
  fi
  [ -z "$answer" ] || printf '%s\n' "$answer"
}
"#;

/// Takes an id out of the answer.
const ID: &str = r#"# id_of NUMBER: the id of that resource in $answer, counted from 1
id_of() {
  printf '%s' "$answer" | tr '\n' ' ' | grep -o '"id"[[:space:]]*:[[:space:]]*"[^"]*"' | sed -n "$1p" | cut -d '"' -f 4
}
"#;

/// The script; `None` if nothing would be sent.
pub fn script(exchanges: &[Exchange], options: &Options) -> Option<String> {
    let story = Story::of(exchanges, options);
    if story.calls.is_empty() {
        return None;
    }
    let mut text = format!("#!/bin/sh\n# {}\n#\n", visible(&story.title));
    let mut line = |name: &str, what: &str| text.push_str(&format!("# {name:<12}{what}\n"));
    line(BASE, "the base URL");
    if story.has_token {
        line(
            "SCIM_TOKEN",
            "the credential, without the word before it (Bearer)",
        );
    }
    if story.has_secret {
        line(
            "SCIM_SECRET",
            "stands where a body held a password or another secret",
        );
    }
    if story.has_run {
        line(RUN, "makes names unique; another one for each time");
    }
    text.push_str("set -eu\n");
    let base = body_word(&story.base, false);
    text.push_str(&format!("{BASE}=${{{BASE}:-{base}}}\n"));
    if story.has_run {
        text.push_str(&format!("{RUN}=${{{RUN}:-$(date +%s)}}\n"));
    }
    if story.has_token {
        text.push_str(": \"${SCIM_TOKEN:?is not set; it is the credential of the target}\"\n");
    }
    if story.has_secret {
        text.push_str(": \"${SCIM_SECRET:?is not set; it stands for the secrets in bodies}\"\n");
    }
    if story.calls.iter().any(in_file) {
        text.push_str("body=$(mktemp)\ntrap 'rm -f \"$body\"' EXIT\n");
    }
    text.push('\n');
    text.push_str(SEND);
    if story.calls.iter().any(|call| !call.keeps.is_empty()) {
        text.push('\n');
        text.push_str(ID);
    }
    for (number, call) in (1..).zip(&story.calls) {
        text.push('\n');
        text.push_str(&call_of(number, call));
    }
    Some(text)
}

fn in_file(call: &Call) -> bool {
    let bytes = call.request.body.bytes();
    !bytes.is_empty() && (bytes.len() > LONGEST_WORD || plain(bytes).is_none())
}

fn call_of(number: usize, call: &Call) -> String {
    let status = call
        .status
        .map_or("-".to_owned(), |status| status.to_string());
    let mut words = vec![format!(
        "send {number} {} {status}",
        body_word(&call.name, false)
    )];
    words.extend(options(&call.request, true));
    let bytes = call.request.body.bytes();
    let mut text = String::new();
    match plain(bytes) {
        _ if bytes.is_empty() => text.push_str(&format!("{}\n", in_one_line(&words))),
        Some(plain) if !in_file(call) => {
            text.push_str(&format!(
                "{} --data-raw {}\n",
                in_one_line(&words),
                body_word(plain, true)
            ));
        }
        Some(plain) => {
            text.push_str(&format!(
                "printf %s {} > \"$body\"\n",
                body_word(plain, true)
            ));
            text.push_str(&format!(
                "{} --data-binary @\"$body\"\n",
                in_one_line(&words)
            ));
        }
        None => {
            text.push_str(&format!(
                "printf %s {} | base64 -d > \"$body\"\n",
                STANDARD.encode(bytes)
            ));
            text.push_str(&format!(
                "{} --data-binary @\"$body\"\n",
                in_one_line(&words)
            ));
        }
    }
    for keep in &call.keeps {
        let place = keep.listed.unwrap_or(0) + 1;
        text.push_str(&format!(
            "{name}=$(id_of {place})\n[ -n \"${name}\" ] || {{ echo 'the answer has no id, and later requests need it' >&2; exit 1; }}\n",
            name = keep.name
        ));
    }
    text
}
