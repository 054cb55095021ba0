//! Exchanges in HTML: whole, or in one line.

use super::super::clean::{html, one_line, shortened};
use super::super::curl::curl;
use super::super::summary::seconds;
use super::super::traffic::{broken_off, telling, text};
use crate::exchange::{Body, Exchange, Sender};

/// Bytes of a body that are shown.
const LONGEST_BODY: usize = 4096;
/// Bytes of a target that are shown where an exchange has one line.
const LONGEST_TARGET: usize = 240;
/// Exchanges of a step that have a line.
const MOST_LINES: usize = 25;

/// Request and answer with their headers and bodies.
pub(super) fn whole(exchange: &Exchange) -> String {
    let request = &exchange.request;
    let line = format!("{} {}", request.method, request.url());
    let mut sent = vec![html(&one_line(&shortened(&line, LONGEST_BODY)))];
    sent.extend(telling(&request.headers).iter().map(|header| html(header)));
    sent.extend(body(&request.body));
    let mut came = Vec::new();
    match &exchange.outcome {
        Ok(response) => {
            came.push(response.status.to_string());
            came.extend(telling(&response.headers).iter().map(|header| html(header)));
            came.extend(body(&response.body));
            if let Some(broken) = &response.broken {
                let broken = html(&one_line(&broken_off(broken)));
                came.push(format!("<span class=\"bad\">{broken}</span>"));
            }
        }
        Err(failure) => {
            let failure = html(&one_line(&failure.to_string()));
            came.push(format!("<span class=\"bad\">{failure}</span>"));
        }
    }
    let by = match &exchange.sender {
        Sender::Client(name) => format!("sent as {}", html(&one_line(name))),
        Sender::Harness => "sent by scimulate itself".to_owned(),
    };
    format!(
        "<small>{by}</small><pre>{}</pre><small>answered after {}</small><pre>{}</pre>\n",
        sent.join("\n"),
        seconds(exchange.elapsed),
        came.join("\n"),
    )
}

/// A command that sends it again.
pub(super) fn again(exchange: &Exchange) -> String {
    let command = html(&curl(&exchange.request));
    format!(
        "<details><summary>to see it again</summary><div><pre>{command}</pre></div></details>\n"
    )
}

/// A list with a line for each.
pub(super) fn lines(exchanges: &[Exchange]) -> String {
    if exchanges.is_empty() {
        return String::new();
    }
    let mut list = String::from("<ul>");
    for exchange in exchanges.iter().take(MOST_LINES) {
        list.push_str(&format!("<li>{}", line(exchange)));
    }
    if exchanges.len() > MOST_LINES {
        list.push_str(&format!("<li>and {} more", exchanges.len() - MOST_LINES));
    }
    list.push_str("</ul>\n");
    list
}

/// What was asked, and how it was answered.
fn line(exchange: &Exchange) -> String {
    let request = &exchange.request;
    let target = shortened(&request.target, LONGEST_TARGET);
    let what = html(&one_line(&format!("{} {target}", request.method)));
    let came = match &exchange.outcome {
        Ok(response) => response.status.to_string(),
        Err(failure) => html(&one_line(&failure.to_string())),
    };
    let ours = match &exchange.sender {
        Sender::Client(_) => "",
        Sender::Harness => ", by scimulate",
    };
    let time = seconds(exchange.elapsed);
    format!("<code>{what}</code> {came} <small>{time}{ours}</small>")
}

/// A body after an empty line, if there is one; of a long one the beginning and its size.
fn body(body: &Body) -> Option<String> {
    if body.is_empty() {
        return None;
    }
    let text = text(body);
    let end = (0..=LONGEST_BODY.min(text.len()))
        .rev()
        .find(|end| text.is_char_boundary(*end))
        .unwrap_or(0);
    let size = body.bytes().len();
    let rest = match end < text.len() {
        true => format!(
            "\n<span class=\"dim\">… a body of {size} bytes; the event stream has all of it</span>"
        ),
        false => String::new(),
    };
    Some(format!("\n{}{rest}", html(&text[..end])))
}
