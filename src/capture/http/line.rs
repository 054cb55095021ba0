//! Lines of text, and what they begin: a request, an answer, a header, a body.

use std::sync::LazyLock;

use regex::Regex;

/// A line, without what a tool put before it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Line {
    /// From 1, in the text as it was given.
    pub(super) number: u64,
    pub(super) text: String,
    /// When, if the line says so.
    pub(super) time: Option<String>,
}

/// What a line begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Begins {
    /// `###`: the next request of a `.http` file.
    Part,
    /// A command line of curl; bytes before it in the line.
    Curl(usize),
    /// A request.
    Request {
        method: String,
        url: String,
        /// The line also tells how it was answered.
        status: Option<u16>,
    },
    /// An answer.
    Answer {
        /// `None`: only that one follows.
        status: Option<u16>,
        /// It is written as HTTP writes it.
        is_http: bool,
    },
    /// A label: the body or the headers of the request or the answer follow, or stand behind it.
    Label { answers: bool, rest: String },
}

macro_rules! pattern {
    ($name:ident, $pattern:literal) => {
        static $name: LazyLock<Regex> =
            LazyLock::new(|| Regex::new($pattern).expect("the pattern is a constant"));
    };
}

pattern!(
    TIME,
    r"^[\[(]?(\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d+)?(?:Z|[+-]\d\d:?\d\d)?)[\])]?[ \t]*"
);
pattern!(WIRE, r#"^.*?(?:>>|<<) "(.*?)(?:\[\\r\])?(?:\[\\n\])?"$"#);
pattern!(
    CURL,
    r"^\s*(?:[$#%>]\s+|PS [^>]*>\s*)?(?:[A-Za-z_]\w*=\S+\s+)*(curl(?:\.exe)?\s)"
);
pattern!(
    REQUEST,
    r"^\s*(?:-->|→|>>)?\s*(GET|POST|PUT|PATCH|DELETE|HEAD|OPTIONS)\s+(\S.*?)\s*$"
);
pattern!(
    INSIDE,
    r#"[\s"'`\]:]["'`]?(GET|POST|PUT|PATCH|DELETE|HEAD|OPTIONS)\s+(https?://[^\s"'`]+|/[^\s"'`]*)(?:\s+HTTP/\d(?:\.\d)?)?["'`]?(?:\s+(\d{3})\b.*|[.,:]?\s*)$"#
);
pattern!(
    ANSWER,
    r"^\s*(?:<--|←|<<)?\s*(?:HTTP/\d(?:\.\d)?)\s+(\d{3})(?:\s.*)?$"
);
pattern!(
    ARROW,
    r"(?:(?:^|\s)<--|^\s*(?:->|=>|→|⇒|←|<-))\s*(?:HTTP\s*)?([1-5]\d\d)\b.*$"
);
pattern!(
    PHRASE,
    r"^\s*([1-5]\d\d)\s+[A-Z][A-Za-z-]*(?: [A-Z][A-Za-z-]*){0,3}\s*$"
);
pattern!(
    TOLD,
    r"(?i)^\W{0,4}(?:(?:the )?(?:response|answer|result|reply|server)|http|status|it|we|i|and|then|which|this)\b[^{}\d]{0,60}?\b([1-5]\d\d)\b[^{}]{0,60}$"
);
pattern!(
    FOLLOWS,
    r"(?i)^\W{0,4}(?:(?:the |its )?(?:response|answer|reply|result|output)|(?:it |server |which |this )?(?:returns|answers|responds|replies)|we (?:get|got|receive|received|see))\b[^{}]{0,40}:?\W*$"
);
pattern!(
    LABEL,
    r"(?i)^\W{0,4}(?:(request|req|response|resp|res|reply|answer)s?[ -]*)?(body|payload|json|data|content|headers?)\s*[:=]?\W{0,4}?\s*([\[{].*)?$"
);
pattern!(
    SIDE,
    r"(?i)^\W{0,4}(request|response|answer|reply)\s*[:=]\s*([\[{].*)$"
);
pattern!(HEADER, r"^\s{0,3}([A-Za-z][A-Za-z0-9_-]*)\s?:(?:\s+(.*)|)$");
pattern!(
    NOISE,
    r"^(?:\*|[{}] \[\d+ bytes data\]|\s*% Total|\s+Dload|\s*\d+\s+\S+\s+.*--:--:--)"
);
pattern!(STATUS, r"\b([1-5]\d\d)\b");

/// The lines of a text, without prefixes of `curl -v`, of loggers and of mail.
pub(super) fn lines_of(text: &str) -> Vec<Line> {
    // `curl -v` marks what goes and what comes; so does mail what it quotes, but in every line.
    let verbose = text.lines().any(|line| {
        line.starts_with("< HTTP/")
            || (line.starts_with("> ")
                && begins(&line[2..])
                    .is_some_and(|begins| matches!(begins, Begins::Request { .. })))
    });
    let is_quoted = text
        .lines()
        .filter(|line| !line.trim().is_empty())
        .all(|line| line.starts_with('>'));
    let mut lines = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        let mut rest = line;
        if is_quoted {
            rest = rest
                .trim_start_matches('>')
                .strip_prefix(' ')
                .unwrap_or(rest.trim_start_matches('>'));
        } else if verbose {
            if NOISE.is_match(rest) {
                continue;
            }
            if rest == ">" || rest == "<" {
                rest = "";
            }
            rest = rest
                .strip_prefix("> ")
                .or_else(|| rest.strip_prefix("< "))
                .unwrap_or(rest);
        }
        let mut time = None;
        if let Some(found) = TIME.captures(rest) {
            time = Some(found[1].replace(' ', "T").replace(',', "."));
            rest = &rest[found[0].len()..];
        }
        if let Some(found) = WIRE.captures(rest).and_then(|found| found.get(1)) {
            rest = found.as_str();
        }
        lines.push(Line {
            number,
            text: rest.to_owned(),
            time,
        });
    }
    lines
}

/// What a line begins, if it begins anything.
pub(super) fn begins(line: &str) -> Option<Begins> {
    if line.starts_with("###") {
        return Some(Begins::Part);
    }
    if let Some(found) = CURL.captures(line).and_then(|found| found.get(1)) {
        return Some(Begins::Curl(found.start()));
    }
    if let Some(found) = ANSWER.captures(line) {
        return Some(Begins::Answer {
            status: found[1].parse().ok(),
            is_http: true,
        });
    }
    if let Some(found) = REQUEST.captures(line)
        && let Some((url, status)) = url_of(&found[2])
    {
        return Some(Begins::Request {
            method: found[1].to_owned(),
            url,
            status,
        });
    }
    if let Some(found) = INSIDE.captures(line) {
        return Some(Begins::Request {
            method: found[1].to_owned(),
            url: found[2].to_owned(),
            status: found.get(3).and_then(|status| status.as_str().parse().ok()),
        });
    }
    if let Some(found) = LABEL.captures(line) {
        let side = found.get(1).map(|side| side.as_str().to_ascii_lowercase());
        return Some(Begins::Label {
            answers: side.is_some_and(|side| !side.starts_with("req")),
            rest: found
                .get(3)
                .map_or_else(String::new, |rest| rest.as_str().to_owned()),
        });
    }
    if let Some(found) = SIDE.captures(line) {
        return Some(Begins::Label {
            answers: !found[1].eq_ignore_ascii_case("request"),
            rest: found[2].to_owned(),
        });
    }
    let told = [&ARROW, &PHRASE, &TOLD]
        .into_iter()
        .find_map(|pattern| pattern.captures(line));
    if let Some(found) = told {
        return Some(Begins::Answer {
            status: found[1].parse().ok(),
            is_http: false,
        });
    }
    FOLLOWS.is_match(line).then_some(Begins::Answer {
        status: None,
        is_http: false,
    })
}

/// Whether a line begins something as HTTP or a tool writes it: no line of a body looks like this.
pub(super) fn is_hard(line: &str) -> bool {
    matches!(
        begins(line),
        Some(Begins::Part | Begins::Curl(_) | Begins::Answer { is_http: true, .. })
    ) || (REQUEST.is_match(line) && matches!(begins(line), Some(Begins::Request { .. })))
}

/// A header's name and value.
pub(super) fn header(line: &str) -> Option<(String, String)> {
    let found = HEADER.captures(line)?;
    let value = found.get(2).map_or("", |value| value.as_str());
    Some((found[1].to_owned(), value.trim_end().to_owned()))
}

/// The URL behind a method; people write on behind it, and leave a query unencoded.
fn url_of(rest: &str) -> Option<(String, Option<u16>)> {
    let rest = rest.trim_start_matches(['"', '\'', '`', '<']);
    let starts = ["http://", "https://", "/", "{{", "$"];
    if !starts.iter().any(|start| rest.starts_with(start)) {
        return None;
    }
    if let Some((url, _)) = rest.rsplit_once(" HTTP/") {
        return Some((url.trim_end().to_owned(), None));
    }
    let (first, behind) = rest.split_once(' ').unwrap_or((rest, ""));
    // A filter has blanks; what follows a path without a query is prose.
    if first.contains('?') && !behind.is_empty() && !behind.starts_with(['-', '=', '(']) {
        return Some((rest.trim_end_matches(['`', '\'', '>']).to_owned(), None));
    }
    let url = first.trim_end_matches(['"', '\'', '`', '>', ',', ':']);
    let status = STATUS
        .captures(behind)
        .and_then(|found| found[1].parse().ok());
    Some((url.to_owned(), status))
}
