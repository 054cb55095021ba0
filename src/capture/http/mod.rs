//! HTTP as people write it down: pasted into tickets, from `curl -v`, from logs, in `.http` files, with words around it.
//!
//! A request begins with its method and address, an answer with its status; JSON between them is the body of the one that
//! was begun last. What the text does not say is guessed where something is likely, and each guess is told.

mod draft;
mod line;

use std::collections::BTreeMap;

use super::words::command;
use super::{At, CaptureError, Kind, Teller, curl};
use draft::{Answer, Draft, Message, Said};
use line::{Begins, Line, begins, header, is_hard, lines_of};

pub(super) fn read(text: &str, teller: &mut Teller<'_>) -> Result<(), CaptureError> {
    let mut reader = Reader {
        lines: lines_of(text),
        at: 0,
        draft: None,
        part: Part::Prose,
        sender: None,
        variables: BTreeMap::new(),
        said: Said::default(),
        teller,
    };
    reader.read();
    match reader.teller.account.exchanges {
        0 => Err(CaptureError::Nothing {
            looked_for: "no line begins one",
            hint: "a request is `GET https://host/scim/v2/Users`, a curl command line, or `> GET /Users HTTP/1.1` as \
                   `curl -v` shows it",
        }),
        _ => Ok(()),
    }
}

/// Which part of a message comes next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    /// Right behind the first line.
    Headers,
    /// Behind the headers.
    Body,
    /// Words of people.
    Prose,
}

struct Reader<'a, 'b> {
    lines: Vec<Line>,
    at: usize,
    draft: Option<Draft>,
    part: Part,
    /// `as: okta-oin` stands before a request.
    sender: Option<String>,
    /// `@name = value` of `.http` files.
    variables: BTreeMap<String, String>,
    said: Said,
    teller: &'a mut Teller<'b>,
}

impl Reader<'_, '_> {
    fn read(&mut self) {
        while let Some(line) = self.lines.get(self.at).cloned() {
            self.at += 1;
            self.line(&line);
        }
        self.finish();
    }

    fn line(&mut self, line: &Line) {
        let text = line.text.as_str();
        if self.part == Part::Headers {
            if text.trim().is_empty() {
                self.part = Part::Body;
                return;
            }
            // A query may go on in the next lines of a `.http` file.
            let more = self.filled(text.trim());
            if let Some(draft) = self.draft.as_mut().filter(|draft| draft.answer.is_none())
                && draft.request.headers.is_empty()
                && text.starts_with([' ', '\t'])
                && more.starts_with(['?', '&'])
            {
                draft.url.push_str(&more);
                return;
            }
            if let Some((name, value)) = header(text).filter(|(name, _)| !is_word(name, text)) {
                let value = self.filled(&value);
                if let Some(message) = self.message() {
                    message.headers.push((name, value));
                }
                return;
            }
        }
        let is_comment =
            text.starts_with('#') && !text.starts_with("###") || text.starts_with("//");
        if text.trim().is_empty() || is_comment {
            return;
        }
        if self.is_json(text) {
            self.body(text);
            return;
        }
        match begins(text) {
            Some(begun) => self.begin(begun, line),
            None if self.part == Part::Body && self.takes_text(text) => self.text_body(),
            None if self.draft.is_none() || self.part == Part::Prose => self.setting(text),
            None => self.part = Part::Prose,
        }
    }

    fn begin(&mut self, begun: Begins, line: &Line) {
        match begun {
            Begins::Part => {
                self.finish();
                self.part = Part::Prose;
            }
            Begins::Curl(start) => self.curl(start, line),
            Begins::Request {
                method,
                url,
                status,
            } => {
                self.finish();
                self.part = Part::Headers;
                let answer = status.map(|status| Answer {
                    status: Some(status),
                    ..Answer::default()
                });
                self.draft = Some(Draft {
                    line: line.number,
                    sender: self.sender.take(),
                    method,
                    url: self.filled(&url),
                    time: line.time.clone(),
                    request: Message::default(),
                    answer: None,
                });
                if let Some(draft) = self.draft.as_mut() {
                    draft.answer = answer;
                }
            }
            Begins::Answer { status, is_http } => self.answer(status, is_http, line),
            Begins::Label { answers, rest } => {
                self.part = Part::Body;
                if let Some(draft) = self.draft.as_mut().filter(|_| answers) {
                    draft.answer.get_or_insert_default();
                }
                // Headers under their own heading.
                if rest.is_empty() && line.text.to_ascii_lowercase().contains("header") {
                    self.part = Part::Headers;
                }
                if !rest.is_empty() {
                    self.body(&rest);
                }
            }
        }
    }

    fn answer(&mut self, status: Option<u16>, is_http: bool, line: &Line) {
        let Some(draft) = self.draft.as_mut() else {
            if is_http {
                let what = "an answer: no request stands before it";
                self.teller
                    .remark(Kind::Unread, At::Line(line.number), what);
            }
            return;
        };
        let is_interim = |status: Option<u16>| status.is_some_and(|status| status < 200);
        // A proxy's own answer, and the ones before the last of a redirect that was followed.
        let is_tunnel = line.text.contains("onnection established");
        if is_tunnel {
            return;
        }
        match &mut draft.answer {
            Some(answer) if answer.status.is_none() => answer.status = status,
            // Only HTTP itself says a second status; people repeat the first in words.
            Some(answer) if is_http && answer.message.body.is_none() && !is_interim(status) => {
                *answer = Answer {
                    status,
                    ..Answer::default()
                };
            }
            Some(_) if is_http => {
                let what = "a second answer: no request stands before it";
                self.teller
                    .remark(Kind::Unread, At::Line(line.number), what);
                return;
            }
            Some(_) => return,
            None => {
                draft.answer = Some(Answer {
                    status,
                    ..Answer::default()
                });
            }
        }
        self.part = match is_http {
            true => Part::Headers,
            false => Part::Body,
        };
    }

    /// Words that set something: who sends, and variables.
    fn setting(&mut self, text: &str) {
        if let Some(name) = text.strip_prefix("as: ") {
            self.finish();
            self.sender = Some(name.trim().to_owned());
        } else if let Some((name, value)) =
            text.strip_prefix('@').and_then(|rest| rest.split_once('='))
        {
            let value = self.filled(value.trim());
            self.variables.insert(name.trim().to_owned(), value);
        }
    }

    fn curl(&mut self, start: usize, line: &Line) {
        self.finish();
        let lines: Vec<&str> = self.lines[self.at - 1..]
            .iter()
            .map(|line| line.text.as_str())
            .collect();
        let text = lines.join("\n");
        let command = command(&text[start..]);
        let at = At::Line(line.number);
        if command.open.is_some() {
            let what = "a command line: one of its quotes does not end";
            self.teller.remark(Kind::Unread, at, what);
            // Not all that follows belongs to it.
            return;
        }
        self.at += text[start..start + command.length].matches('\n').count();
        let requests = curl::requests(&command.words);
        if requests.is_empty() {
            self.teller
                .remark(Kind::Unread, at, "a command line: it names no URL");
        }
        for sent in requests {
            self.finish();
            for (kind, what) in sent.remarks {
                self.teller.remark(kind, at, what);
            }
            self.part = Part::Prose;
            self.draft = Some(Draft {
                line: line.number,
                sender: self.sender.take(),
                method: sent.method,
                url: sent.url,
                time: line.time.clone(),
                request: Message {
                    headers: sent.headers,
                    // A request without a body has none; what follows answers it.
                    body: Some(sent.body.unwrap_or_default()),
                    is_cut: false,
                },
                answer: None,
            });
        }
    }

    /// The side that is being read.
    fn message(&mut self) -> Option<&mut Message> {
        let draft = self.draft.as_mut()?;
        Some(match &mut draft.answer {
            Some(answer) => &mut answer.message,
            None => &mut draft.request,
        })
    }

    /// A line that begins JSON, where a body may stand.
    fn is_json(&self, text: &str) -> bool {
        let mut letters = text.trim_start().chars();
        let Some(first) = letters.next().filter(|first| "{[".contains(*first)) else {
            return false;
        };
        // `{{host}}` and `[2026-…]` are no JSON.
        let next = letters.find(|letter| !letter.is_whitespace());
        self.draft.is_some()
            && match (first, next) {
                (_, None) => true,
                ('{', Some(next)) => "\"}".contains(next),
                (_, Some(next)) => "\"{[]".contains(next) || next.is_ascii_digit(),
            }
    }

    /// Reads JSON that begins in this line; its other lines follow.
    fn body(&mut self, first: &str) {
        let mut depth = 0_u32;
        let (mut in_text, mut escaped) = (false, false);
        let mut body = String::new();
        let mut next = self.at;
        let mut line = first.to_owned();
        let mut is_cut = false;
        loop {
            for letter in line.chars() {
                body.push(letter);
                if escaped {
                    escaped = false;
                    continue;
                }
                match letter {
                    '\\' if in_text => escaped = true,
                    '"' => in_text = !in_text,
                    '{' | '[' if !in_text => depth += 1,
                    '}' | ']' if !in_text => depth = depth.saturating_sub(1),
                    _ => {}
                }
                if depth == 0 {
                    break;
                }
            }
            if depth == 0 {
                break;
            }
            match self.lines.get(next).filter(|line| !is_hard(&line.text)) {
                Some(more) => line = more.text.clone(),
                None => {
                    is_cut = true;
                    break;
                }
            }
            body.push('\n');
            next += 1;
        }
        self.at = next;
        self.part = Part::Prose;
        let body = self.filled(body.trim());
        let Some(draft) = self.draft.as_mut() else {
            return;
        };
        // A second document answers the first, even if nothing says so; so does one behind a request that has none.
        let sends = matches!(draft.method.as_str(), "POST" | "PUT" | "PATCH")
            && draft.request.body.is_none();
        if draft.answer.is_none() && sends {
            draft.request.body = Some(body);
            draft.request.is_cut = is_cut;
            return;
        }
        let answer = draft.answer.get_or_insert_default();
        if answer.message.body.is_none() {
            answer.message.body = Some(body);
            answer.message.is_cut = is_cut;
        }
    }

    /// Whether text that is no JSON may be the body here.
    fn takes_text(&self, text: &str) -> bool {
        let Some(draft) = &self.draft else {
            return false;
        };
        let message = draft
            .answer
            .as_ref()
            .map_or(&draft.request, |answer| &answer.message);
        let has_type = message
            .headers
            .iter()
            .any(|(name, _)| name.eq_ignore_ascii_case("content-type"));
        message.body.is_none() && (has_type || text.starts_with('<'))
    }

    /// Text up to what begins something else.
    fn text_body(&mut self) {
        let start = self.at - 1;
        while self
            .lines
            .get(self.at)
            .is_some_and(|line| !is_hard(&line.text))
        {
            self.at += 1;
        }
        let lines: Vec<&str> = self.lines[start..self.at]
            .iter()
            .map(|line| line.text.as_str())
            .collect();
        let body = self.filled(lines.join("\n").trim_end());
        self.part = Part::Prose;
        if let Some(message) = self.message() {
            message.body = Some(body);
        }
    }

    /// The text with the variables of a `.http` file.
    fn filled(&self, text: &str) -> String {
        self.variables
            .iter()
            .fold(text.to_owned(), |text, (name, value)| {
                text.replace(&format!("{{{{{name}}}}}"), value)
            })
    }

    fn finish(&mut self) {
        if let Some(mut draft) = self.draft.take() {
            if draft.request.body.as_deref() == Some("") {
                draft.request.body = None;
            }
            draft.told(self.teller, &mut self.said);
        }
    }
}

/// Whether what looks like a header is the word of a person: `Response: 404 Not Found`.
fn is_word(name: &str, text: &str) -> bool {
    match begins(text) {
        Some(Begins::Label { .. }) => true,
        Some(Begins::Answer { .. }) => ["response", "status", "answer", "result", "reply"]
            .iter()
            .any(|word| name.eq_ignore_ascii_case(word)),
        _ => false,
    }
}
