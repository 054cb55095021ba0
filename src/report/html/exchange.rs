//! Exchanges in HTML: whole, or folded and in short.

use std::collections::BTreeSet;

use super::super::clean::{html, one_line, shortened};
use super::super::summary::seconds;
use super::super::traffic::{broken_off, telling};
use super::body;
use crate::exchange::curl::curl;
use crate::exchange::{Exchange, Sender};
use crate::finding::Difference;

/// Bytes of a request's first line that are shown.
const LONGEST_LINE: usize = 4096;
/// Bytes of a target that are shown where an exchange has one line.
const LONGEST_TARGET: usize = 240;
/// Exchanges of a step that have a line.
const MOST_LINES: usize = 60;

/// Request and answer with their headers and bodies; `wrong` is what is not as it must be in the answer.
pub(super) fn whole(exchange: &Exchange, id: &str, wrong: &[&Difference]) -> String {
    let request = &exchange.request;
    let line = format!("{} {}", request.method, request.url());
    let mut sent = vec![html(&one_line(&shortened(&line, LONGEST_LINE)))];
    sent.extend(telling(&request.headers).iter().map(|header| html(header)));
    sent.extend(body::whole(&request.body, &[]));
    let by = match &exchange.sender {
        Sender::Client(name) => format!("Sent as {}", html(&one_line(name))),
        Sender::Harness => "Sent by scimulate itself".to_owned(),
    };
    format!(
        "<div class=\"two\" id=\"{id}\"><div><b>{by}</b><pre>{}</pre></div><div><b>Answered after {}</b><pre>{}</pre></div></div>\n",
        sent.join("\n"),
        seconds(exchange.elapsed),
        answer(exchange, wrong),
    )
}

fn answer(exchange: &Exchange, wrong: &[&Difference]) -> String {
    let mut came = Vec::new();
    match &exchange.outcome {
        Ok(response) => {
            let is_wrong = wrong.iter().any(|difference| difference.path == "status");
            let status = response.status.to_string();
            came.push(if is_wrong { marked(&status) } else { status });
            let named: BTreeSet<String> = wrong
                .iter()
                .filter_map(|difference| difference.path.strip_prefix("header "))
                .map(str::to_ascii_lowercase)
                .collect();
            came.extend(telling(&response.headers).iter().map(|header| {
                let name = header.split(':').next().unwrap_or_default();
                let is_wrong = named.contains(&name.to_ascii_lowercase());
                let header = html(header);
                if is_wrong { marked(&header) } else { header }
            }));
            let paths: Vec<&str> = wrong.iter().map(|one| one.path.as_str()).collect();
            came.extend(body::whole(&response.body, &paths));
            if let Some(broken) = &response.broken {
                came.push(failed(&broken_off(broken)));
            }
        }
        Err(failure) => came.push(failed(&failure.to_string())),
    }
    came.join("\n")
}

/// Something in an answer that is not as it must be.
fn marked(text: &str) -> String {
    format!("<mark>{text}</mark>")
}

fn failed(reason: &str) -> String {
    format!("<span class=\"bad\">{}</span>", html(&one_line(reason)))
}

/// A command that sends it again.
pub(super) fn again(exchange: &Exchange) -> String {
    let command = html(&curl(&exchange.request));
    format!(
        "<details class=\"again\"><summary>to see it again</summary><pre class=\"all\">{command}</pre></details>\n"
    )
}

/// An exchange in one line, which unfolds to what was sent and what came, long bodies cut.
#[derive(Debug)]
pub(super) struct Short {
    line: String,
    /// Empty where there is no room for it.
    content: String,
    is_ours: bool,
}

impl Short {
    pub(super) fn of(exchange: &Exchange) -> Self {
        let (request, mut sent, mut came) = (&exchange.request, Vec::new(), Vec::new());
        sent.extend(telling(&request.headers).iter().map(|header| html(header)));
        sent.extend(body::short(&request.body));
        match &exchange.outcome {
            Ok(response) => {
                came.extend(telling(&response.headers).iter().map(|header| html(header)));
                came.extend(body::short(&response.body));
                came.extend(
                    response
                        .broken
                        .iter()
                        .map(|broken| failed(&broken_off(broken))),
                );
            }
            Err(failure) => came.push(failed(&failure.to_string())),
        }
        let answer = match came.is_empty() {
            true => "<i>nothing but the status</i>".to_owned(),
            false => came.join("\n"),
        };
        Self {
            line: line(exchange),
            content: format!("<pre>{}</pre><pre>{answer}</pre>", sent.join("\n")),
            is_ours: exchange.sender == Sender::Harness,
        }
    }

    fn told(&self, with_content: bool) -> String {
        match with_content {
            true => format!(
                "<details class=\"x\"><summary>{}</summary><div class=\"two\">{}</div></details>\n",
                self.line, self.content
            ),
            false => format!("<p class=\"x\">{}\n", self.line),
        }
    }
}

/// How much of what passed has room on the page.
#[derive(Debug, Clone)]
pub(super) struct Room {
    /// Bytes that are left.
    pub(super) bytes: usize,
    /// Also for what scimulate sent itself.
    pub(super) for_ours: bool,
    /// How many exchanges had to do with a line.
    pub(super) lines_only: usize,
}

impl Room {
    fn takes(&mut self, short: &Short) -> bool {
        let has_room = !short.content.is_empty()
            && (self.for_ours || !short.is_ours)
            && short.content.len() <= self.bytes;
        match has_room {
            true => self.bytes -= short.content.len(),
            false => self.lines_only += 1,
        }
        has_room
    }
}

/// The exchanges of a step in short; of too many the first ones.
#[derive(Debug, Default)]
pub(super) struct Shorts {
    shorts: Vec<Short>,
    left_out: usize,
}

impl Shorts {
    pub(super) fn of(exchanges: &[Exchange]) -> Self {
        Self {
            shorts: exchanges.iter().take(MOST_LINES).map(Short::of).collect(),
            left_out: exchanges.len().saturating_sub(MOST_LINES),
        }
    }

    /// Bytes of what they unfold to: all, and those of what the client sent.
    pub(super) fn bytes(&self) -> usize {
        self.shorts.iter().map(|short| short.content.len()).sum()
    }

    /// Keeps the lines only.
    pub(super) fn forget_content(&mut self) {
        for short in &mut self.shorts {
            short.content = String::new();
        }
    }

    pub(super) fn told(&self, room: &mut Room) -> String {
        let mut text: String = self
            .shorts
            .iter()
            .map(|short| short.told(room.takes(short)))
            .collect();
        if self.left_out > 0 {
            text.push_str(&format!("<p class=\"x\">and {} more\n", self.left_out));
        }
        text
    }

    /// All of it, whatever room there is.
    pub(super) fn whole(&self) -> String {
        let mut room = Room {
            bytes: usize::MAX,
            for_ours: true,
            lines_only: 0,
        };
        self.told(&mut room)
    }
}

/// What was asked, and how it was answered.
pub(super) fn line(exchange: &Exchange) -> String {
    let request = &exchange.request;
    let target = html(&one_line(&shortened(&request.target, LONGEST_TARGET)));
    let method = html(&one_line(&request.method));
    let came = match &exchange.outcome {
        Ok(response) => response.status.to_string(),
        Err(failure) => html(&one_line(&failure.to_string())),
    };
    let ours = match &exchange.sender {
        Sender::Client(_) => "",
        Sender::Harness => "by scimulate, ",
    };
    let time = seconds(exchange.elapsed);
    format!("<code>{method} {target}</code> <b>{came}</b> <small>{ours}{time}</small>")
}
