//! The page's style and script, and the policy that lets a browser use them and nothing else.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ring::digest::{SHA256, digest};

/// How the page looks.
pub(super) fn style() -> String {
    with_line_feeds(include_str!("style.css"))
}

/// What searches, filters and unfolds; without it everything can be read all the same.
pub(super) fn script() -> String {
    with_line_feeds(include_str!("script.js"))
}

/// A browser reads every line end as a line feed before it takes the hash, and a checkout may have others.
fn with_line_feeds(text: &str) -> String {
    text.replace("\r\n", "\n")
}

/// A picture for the tab, so that no browser asks a server for one. Its colour is our own, nothing of it comes from a run.
pub(super) const ICON: &str = "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E%3Cpath d='M3 2v12M13 2v12' stroke='%23889'/%3E\
%3Cpath d='M3 5h9m-3-2 3 2-3 2M13 11H4m3-2-3 2 3 2' fill='none' stroke='%2336c'/%3E%3C/svg%3E";

/// Content-Security-Policy: our style, our script, pictures that stand in the page itself; nothing is loaded, nothing is
/// sent, and no text can become markup (Trusted Types).
pub(super) fn policy() -> String {
    format!(
        "default-src 'none'; style-src '{}'; script-src '{}'; img-src data:; base-uri 'none'; form-action 'none'; \
         require-trusted-types-for 'script'; trusted-types 'none'",
        source(&style()),
        source(&script())
    )
}

/// A text as a source of the policy: its hash.
fn source(text: &str) -> String {
    format!(
        "sha256-{}",
        STANDARD.encode(digest(&SHA256, text.as_bytes()))
    )
}
